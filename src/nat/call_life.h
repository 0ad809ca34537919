/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls in the engine: what is let in and out for them, what they hold, when they end. For the engine's own files.
 */
#ifndef ALGATE_NAT_CALL_LIFE_H
#define ALGATE_NAT_CALL_LIFE_H

#include "nat/call.h"
#include "nat/state.h"

#define REGISTERED_MAX 86400 /* s; whatever is granted */

/* The leg of a flow's first packet that belongs to a port of a call: kind LEG_EXPECTED, expectation EXPECT_MAX and more. Endpoints
 * as resolve_expected has them. No effect. */
bool call_leg(const struct ask *ask, enum flow_side side, struct endpoint source, struct endpoint destination, struct leg *leg);
/* The port of such a leg; NULL: it is gone. */
struct call_port *call_port_of_leg(const struct engine *engine, const struct leg *leg);
/* Any flow was made, by this leg; is about to end; is it to live on although nobody uses it? */
void call_flow_made(struct engine *engine, uint64_t now, const struct leg *leg, uint32_t flow);
/* Enters a flow with the medium that it is of, if any, whose first remote it may be. */
void call_link(struct engine *engine, uint32_t flow);
void call_flow_ends(struct engine *engine, uint32_t flow);
bool call_keeps(const struct engine *engine, uint32_t flow);

/* Media were described: for a while somebody may come whose address the description does not say. Who had come so, and is not where
 * the other side says that it is, goes. */
void call_open(struct engine *engine, uint64_t now, struct call_record *call);

/* An operator wants this flow gone: the calls go whose medium or signalling it is. False: so many that some are left. */
bool call_clear(struct engine *engine, uint64_t now, uint32_t flow);
/* Neither registration nor anything else. */
bool call_is_call(const struct call_record *call);

/* Makes room by what is over or was not answered, if need be. NULL: none. */
struct call_record *call_begin(struct engine *engine, uint64_t now, const struct call_record *body);
/* With its binding, which is held from now on. NULL: no room. */
struct call_port *call_port_begin(struct engine *engine, uint64_t now, const struct call_port *body);
/* Counts and traces as expect_note does; message: that announced it, of this call; NULL: none is in hand. */
void call_port_note(struct engine *engine, uint64_t now, const struct call_port *port, uint8_t kind,
		    const struct findings *message);
/* With its flows. */
void call_port_end(struct engine *engine, uint64_t now, struct call_port *port);
/* It was never announced. */
void call_port_undo(struct engine *engine, uint64_t now, struct call_port *port);
/* With its media, and contacts that nobody else has. */
void call_end(struct engine *engine, uint64_t now, struct call_record *call);
/* The oldest call that is over gives up what it holds. False: there is none. */
bool call_give_way(struct engine *engine, uint64_t now);
/* When anything of it is due has changed. */
void call_arm(struct engine *engine, uint64_t now, struct call_record *call);
void call_due(struct engine *engine, uint64_t now, uint32_t index);
/* Second of the last packet of any of its media. */
uint32_t call_heard(const struct engine *engine, uint32_t index);
/* Second at which it is given up if nothing more is heard of it. */
uint32_t call_ends(const struct engine *engine, const struct call_record *call);
/* Rule and global endpoint are still there, and nobody else's. */
bool call_port_fits(const struct snapshot *snapshot, const struct call_port *port);

/* A gateway may have been switched off: its calls are forgotten, their flows live on as others do. */
void call_follow(struct engine *engine, uint64_t now);
/* What an earlier daemon left, after bindings and flows. */
void call_adopt(struct engine *engine, uint64_t now);

static inline struct endpoint call_port_local(const struct call_port *port)
{
	return (struct endpoint){port->il, port->il_port};
}
static inline struct endpoint call_port_global(const struct call_port *port)
{
	return (struct endpoint){port->ig, port->ig_port};
}

#endif
