/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What calls do to the engine: whom their ports let in, which flows they keep, and when all of it ends.
 *
 * Promises: media of a call end with it, unless another call has the same endpoint; who floods loses his own unanswered calls
 * first, and no call that is up; a port that the configuration does not have any more lets nobody in. May not read messages.
 */
#include "nat/call_life.h"

#include <string.h>
#include "nat/resolve.h"
#include "nat/session.h"

#define CLEAR_MAX 256 /* calls, while packets wait */
#define BEGUN_S	180
#define IDLE_S	3600
#define OPEN_S	32 /* RFC 3261 17: so long an answer is repeated */

/* ---- whom ports let in ---- */

bool call_port_fits(const struct snapshot *snapshot, const struct call_port *port)
{
	return mapping_fits(snapshot, port->rule, port->kind & PORT_STATIC, port->il, port->ig) &&
	       unclaimed(snapshot, port->vrf, port->protocol, call_port_global(port), call_port_local(port));
}

/* What is said there may be behind a translation of its own, so that it does not say where packets come from. */
static bool is_private(ip4 addr)
{
	return addr >> 24 == 10 || addr >> 20 == 0xac1 || addr >> 16 == 0xc0a8 || addr >> 16 == 0xa9fe ||
	       addr >> 22 == 0x191;
}

enum announced { ANNOUNCED_NOBODY, ANNOUNCED_OTHERS, ANNOUNCED };

/* Has the other side said that it is at this address? */
static enum announced announced(const struct call_record *call, const struct call_port *port, ip4 addr)
{
	enum announced said = ANNOUNCED_NOBODY;

	for (unsigned i = 0; i < CALL_REMOTES; i++) {
		const struct call_remote *remote = &call->remotes[i];

		if (remote->at.addr == 0 || remote->host != port->host || (remote->medium & ~CALL_REMOTE_RTCP) != port->medium)
			continue;
		if (remote->at.addr == addr)
			return ANNOUNCED;
		if (!is_private(remote->at.addr))
			said = ANNOUNCED_OTHERS;
	}
	return said;
}

static bool is_peer(const struct call_record *call, ip4 addr)
{
	for (unsigned i = 0; i < CALL_PEERS; i++) {
		if (call->peers[i] == addr)
			return true;
	}
	return false;
}

/* Nobody has come to this party yet: *came false; else is this who came? */
static bool has_come(const struct engine *engine, const struct call_port *to, ip4 addr, bool *came)
{
	const struct call_port *port = NULL;

	*came = false;
	while ((port = call_port_of_call(engine->calls, to->call, port)) != NULL) {
		if (port->host != to->host || port->first == 0)
			continue;
		*came = true;
		if (port->first == addr)
			return true;
	}
	return false;
}

/*
 * The other side has not said, in a way that can be believed, where its media come from: before its answer, or because it is
 * behind a translation of its own. Then it is whom signalling goes to or who is named there; and, if it did describe its media
 * and its signalling does not come from private addresses, too, the first stranger, once for a party of the call and for a
 * limited time (CALL_OPEN). Before an answer strangers stay out: who tries all ports would be the first one.
 */
static bool admits_unnamed(const struct engine *engine, const struct call_record *call, const struct call_port *port, ip4 from)
{
	bool came;

	if (is_peer(call, from) || has_come(engine, port, from, &came))
		return true;
	return !came && (call->flags & CALL_OPEN) && !is_private(call->peers[0]);
}

static bool admits(const struct engine *engine, const struct call_port *port, ip4 from)
{
	const struct call_record *call;
	enum announced said;

	if (port->kind & PORT_SIGNAL)
		return call_port_admits(engine->calls, port, from);
	call = call_at(engine->calls, port->call);
	said = call == NULL ? ANNOUNCED_OTHERS : announced(call, port, from);
	return said == ANNOUNCED || (said == ANNOUNCED_NOBODY && admits_unnamed(engine, call, port, from));
}

/* From inside it leaves so only to whom it was announced: elsewhere other rules may hold. */
static bool sends_to(const struct engine *engine, const struct call_port *port, ip4 to)
{
	const struct call_record *call;
	enum announced said;
	bool came;

	if (port->kind & PORT_SIGNAL)
		return call_port_admits(engine->calls, port, to);
	call = call_at(engine->calls, port->call);
	said = call == NULL ? ANNOUNCED_OTHERS : announced(call, port, to);
	return said == ANNOUNCED ||
	       (said == ANNOUNCED_NOBODY && (is_peer(call, to) || has_come(engine, port, to, &came)));
}

static const struct call_port *port_for(const struct ask *ask, enum flow_side side, struct endpoint source,
					struct endpoint destination)
{
	struct call_table *calls = ask->engine->calls;
	const uint8_t protocol = ask->view->protocol;
	const struct call_port *port = NULL;

	if (side == SIDE_OUTSIDE) {
		do {
			port = call_port_of_global(calls, ask->vrf, protocol, destination, port);
		} while (port != NULL && (!admits(ask->engine, port, source.addr) || !call_port_fits(ask->snapshot, port)));
	} else {
		do {
			port = call_port_of_local(calls, ask->vrf, protocol, source, port);
		} while (port != NULL &&
			 (!sends_to(ask->engine, port, destination.addr) || !call_port_fits(ask->snapshot, port)));
	}
	return port;
}

bool call_leg(const struct ask *ask, enum flow_side side, struct endpoint source, struct endpoint destination, struct leg *leg)
{
	const struct call_port *port;

	if (call_port_count(ask->engine->calls) == 0)
		return false;
	port = port_for(ask, side, source, destination);
	if (port == NULL)
		return false;
	leg->kind = LEG_EXPECTED;
	leg->enters = side == SIDE_OUTSIDE;
	leg->expectation = EXPECT_MAX + call_port_index(ask->engine->calls, port);
	leg->child = port->kind & PORT_SIGNAL ? port->alg : port->child;
	leg->id = port->rule;
	leg->binding = port->binding;
	leg->is_static = port->kind & PORT_STATIC;
	leg->fixed = port->binding == RECORD_NONE;
	leg->il = call_port_local(port);
	leg->ig = call_port_global(port);
	leg->og = side == SIDE_OUTSIDE ? source : destination;
	return true;
}

struct call_port *call_port_of_leg(const struct engine *engine, const struct leg *leg)
{
	return call_port_at(engine->calls, leg->expectation - EXPECT_MAX);
}

/* ---- flows ---- */

/* The medium's that this flow is of, the newest one. */
static struct call_port *medium_of(const struct engine *engine, const struct flow_record *flow)
{
	const struct endpoint local = {flow->il, flow->il_port};
	struct call_port *port = NULL;

	do {
		port = call_port_of_local(engine->calls, flow->vrf, flow->protocol, local, port);
	} while (port != NULL &&
		 ((port->kind & PORT_SIGNAL) || port->ig != flow->ig || port->ig_port != flow->ig_port));
	return port;
}

void call_port_note(struct engine *engine, uint64_t now, const struct call_port *port, uint8_t kind,
		    const struct findings *message)
{
	const struct call_record *call = call_at(engine->calls, port->call);
	struct expect_counts *counts = &engine->expect_counts[port->alg < ALG_COUNT ? port->alg : ALG_NONE];
	struct alg_trace trace = {
		.now = now,
		.alg = port->alg,
		.kind = kind,
		.side = SIDE_OUTSIDE,
		.il = call_port_local(port),
		.before = call_port_global(port),
		.after = call_port_local(port),
	};

	if (message != NULL) {
		memcpy(trace.message, message->message, sizeof(trace.message));
		session_call_text(message->key, message->key_length, trace.call);
	} else if (call != NULL) {
		session_call_text(call->key, call->key_length, trace.call);
	}
	if (kind == TRACE_EXPECTED)
		counts->expected++;
	else if (kind == TRACE_CAME)
		counts->used++;
	else
		counts->cancelled++;
	if (kind != TRACE_CANCELLED)
		session_trace(engine, &trace);
}

static void note_used(struct engine *engine, uint64_t now, struct call_port *port)
{
	if (port->flags & PORT_USED)
		return;
	port->flags |= PORT_USED;
	engine->ports_waiting[port->alg]--;
	call_port_note(engine, now, port, TRACE_CAME, NULL);
}

void call_link(struct engine *engine, uint32_t index)
{
	struct call_port *port = medium_of(engine, flow_at(engine->flows, index));

	if (port != NULL)
		call_port_link(engine->calls, port, index);
}

/* Whom the other side has named needs not be remembered. */
static void note_first(struct engine *engine, const struct leg *leg)
{
	struct call_port *port = call_port_of_leg(engine, leg);
	const struct call_record *call = port != NULL ? call_at(engine->calls, port->call) : NULL;

	if (!leg->enters || call == NULL || port->first != 0 || announced(call, port, leg->og.addr) == ANNOUNCED)
		return;
	port->first = leg->og.addr;
	STORE_POINT();
}

void call_flow_made(struct engine *engine, uint64_t now, const struct leg *leg, uint32_t index)
{
	const struct flow_record *flow = flow_at(engine->flows, index);
	struct call_port *port;

	if (call_port_count(engine->calls) == 0 || (flow->flags & FLOW_IDENTITY))
		return;
	call_link(engine, index);
	port = call_port_at(engine->calls, call_port_of_flow(engine->calls, index));
	if (leg->kind == LEG_EXPECTED && leg->expectation >= EXPECT_MAX) {
		note_first(engine, leg);
		port = port != NULL ? port : call_port_of_leg(engine, leg);
	}
	if (port != NULL)
		note_used(engine, now, port);
}

static void account(struct engine *engine, struct call_port *port, uint32_t index)
{
	const struct flow_record *flow = flow_at(engine->flows, index);

	port->heard_from = (struct endpoint){flow->og, flow->og_port};
	for (int side = 0; side < 2; side++) {
		const struct flow_slot *slot = flow_slot_of(engine->flows, index, (enum flow_side)side);
		uint64_t packets = flow_packets(engine->flows, index, (enum flow_side)side);

		port->packets[side] += packets;
		port->bytes[side] += slot->bytes;
		if (packets > 0 && slot->last_used_s > port->heard_s[side])
			port->heard_s[side] = slot->last_used_s;
	}
}

void call_flow_ends(struct engine *engine, uint32_t flow)
{
	uint32_t index;

	if (call_next_of_flow(engine->calls, flow, RECORD_NONE) != RECORD_NONE)
		call_forget_flow(engine->calls, flow);
	if (call_port_count(engine->calls) == 0)
		return;
	index = call_port_of_flow(engine->calls, flow);
	if (index == RECORD_NONE)
		return;
	account(engine, call_port_at(engine->calls, index), flow);
	call_port_unlink(engine->calls, flow);
}

static void expel(struct engine *engine, uint64_t now, const struct call_port *port)
{
	uint32_t flow = call_port_next_flow(engine->calls, port, RECORD_NONE), next;

	for (; flow != RECORD_NONE; flow = next) {
		next = call_port_next_flow(engine->calls, port, flow);
		if (flow_at(engine->flows, flow)->og == port->first)
			flow_end(engine, now, flow, EVENT_REMOVED);
	}
}

void call_open(struct engine *engine, uint64_t now, struct call_record *call)
{
	const struct call_port *port = NULL;

	call->opened_s = seconds(now);
	call->flags |= CALL_OPEN;
	STORE_POINT();
	while ((port = call_port_of_call(engine->calls, call_index(engine->calls, call), port)) != NULL) {
		if (port->first != 0 && !is_peer(call, port->first) &&
		    announced(call, port, port->first) == ANNOUNCED_OTHERS)
			expel(engine, now, port);
	}
}

bool call_keeps(const struct engine *engine, uint32_t flow)
{
	uint32_t index = call_next_of_flow(engine->calls, flow, RECORD_NONE);

	while (index != RECORD_NONE) {
		if (call_at(engine->calls, index)->state != CALL_OVER)
			return true;
		index = call_next_of_flow(engine->calls, flow, index);
	}
	return false;
}

/* ---- when ---- */

uint32_t call_heard(const struct engine *engine, uint32_t index)
{
	const struct call_port *port = NULL;
	uint32_t last_s = 0;

	while ((port = call_port_of_call(engine->calls, index, port)) != NULL) {
		uint32_t flow = RECORD_NONE;

		for (int side = 0; side < 2; side++)
			last_s = port->heard_s[side] > last_s ? port->heard_s[side] : last_s;
		while ((flow = call_port_next_flow(engine->calls, port, flow)) != RECORD_NONE) {
			uint32_t used_s = flow_last_used(engine, flow);

			last_s = used_s > last_s ? used_s : last_s;
		}
	}
	return last_s;
}

/* Second at which it is given up, as far as is known without looking at its media. */
static uint32_t ends_s(const struct call_record *call, uint32_t heard_s)
{
	uint32_t last_s = call->said_s > heard_s ? call->said_s : heard_s;

	if (call->state == CALL_BEGUN)
		return last_s + BEGUN_S;
	if (call->state != CALL_UP)
		return call->until_s;
	return last_s + (call->lifetime_s == 0 || call->lifetime_s > IDLE_S * 12 ? IDLE_S : call->lifetime_s * 2);
}

uint32_t call_ends(const struct engine *engine, const struct call_record *call)
{
	bool lasts = call->state == CALL_BEGUN || call->state == CALL_UP;

	return ends_s(call, lasts ? call_heard(engine, call_index(engine->calls, call)) : 0);
}

static uint32_t node_of(const struct engine *engine, uint32_t index)
{
	return engine->records->max_flows * 2 + EXPECT_MAX + index;
}

static void arm_at(struct engine *engine, uint64_t now, struct call_record *call, uint32_t when_s)
{
	uint32_t index = call_index(engine->calls, call);
	const struct call_port *port = NULL;
	uint64_t when;

	if ((call->flags & CALL_OPEN) && call->opened_s + OPEN_S < when_s)
		when_s = call->opened_s + OPEN_S;
	while ((port = call_port_of_call(engine->calls, index, port)) != NULL) {
		if (port->closes_s != 0 && port->closes_s < when_s)
			when_s = port->closes_s;
	}
	when = (uint64_t)when_s * 1000;
	wheel_arm(engine->wheel, node_of(engine, index), when > now ? when : now + 1);
}

void call_arm(struct engine *engine, uint64_t now, struct call_record *call)
{
	arm_at(engine, now, call, ends_s(call, 0));
}

static void close_ports(struct engine *engine, uint64_t now, uint32_t index)
{
	struct call_port *port = call_port_of_call(engine->calls, index, NULL), *next;

	for (; port != NULL; port = next) {
		next = call_port_of_call(engine->calls, index, port);
		if (port->closes_s != 0 && port->closes_s <= seconds(now))
			call_port_end(engine, now, port);
	}
}

void call_due(struct engine *engine, uint64_t now, uint32_t index)
{
	struct call_record *call = call_at(engine->calls, index);
	uint32_t when_s;

	if (call == NULL)
		return;
	close_ports(engine, now, index);
	if ((call->flags & CALL_OPEN) && call->opened_s + OPEN_S <= seconds(now))
		call->flags &= (uint8_t)~CALL_OPEN;
	when_s = call_ends(engine, call);
	if (when_s > seconds(now)) {
		arm_at(engine, now, call, when_s);
		return;
	}
	if (call->state == CALL_BEGUN || call->state == CALL_UP)
		engine->call_totals.expired++;
	call_end(engine, now, call);
}

/* ---- ends ---- */

/* Another port of the same endpoint has its flows from now on. */
static struct call_port *heir_of(struct engine *engine, const struct call_port *gone)
{
	const struct endpoint local = call_port_local(gone);
	struct call_port *port = NULL;

	do {
		port = call_port_of_local(engine->calls, gone->vrf, gone->protocol, local, port);
	} while (port != NULL && (port == gone || (port->kind & PORT_SIGNAL) || port->ig != gone->ig ||
				  port->ig_port != gone->ig_port));
	return port;
}

/* What another gateway reads is signalling, whatever was announced. */
static bool is_medium(const struct engine *engine, const struct call_port *port, uint32_t flow)
{
	return !(flow_at(engine->flows, flow)->flags & FLOW_ALG) || session_alg(engine, flow) == port->child;
}

static void leave_flows(struct engine *engine, uint64_t now, struct call_port *port)
{
	struct call_port *heir = heir_of(engine, port);
	uint32_t flow;

	while ((flow = call_port_next_flow(engine->calls, port, RECORD_NONE)) != RECORD_NONE) {
		if (heir == NULL && is_medium(engine, port, flow)) {
			flow_end(engine, now, flow, EVENT_REMOVED);
			continue;
		}
		call_port_unlink(engine->calls, flow);
		if (heir != NULL)
			call_port_link(engine->calls, heir, flow);
	}
}

void call_port_end(struct engine *engine, uint64_t now, struct call_port *port)
{
	uint32_t binding = port->binding;

	leave_flows(engine, now, port);
	if (!(port->flags & PORT_USED)) {
		engine->ports_waiting[port->alg]--;
		call_port_note(engine, now, port, TRACE_CANCELLED, NULL);
	}
	call_port_remove(engine->calls, port);
	if (binding != RECORD_NONE)
		binding_leave(engine, now, binding, seconds(now));
}

void call_port_undo(struct engine *engine, uint64_t now, struct call_port *port)
{
	if (!(port->flags & PORT_USED))
		engine->ports_waiting[port->alg]--;
	port->flags |= PORT_USED;
	call_port_end(engine, now, port);
}

static void leave_contacts(struct engine *engine, uint64_t now, struct call_record *call)
{
	for (unsigned i = 0; i < CALL_CONTACTS; i++) {
		struct call_port *port = call_drop_contact(engine->calls, call, i);

		if (port != NULL)
			call_port_end(engine, now, port);
	}
}

void call_end(struct engine *engine, uint64_t now, struct call_record *call)
{
	uint32_t index = call_index(engine->calls, call);
	struct call_port *port;

	while ((port = call_port_of_call(engine->calls, index, NULL)) != NULL)
		call_port_end(engine, now, port);
	leave_contacts(engine, now, call);
	wheel_disarm(engine->wheel, node_of(engine, index));
	call_remove(engine->calls, call);
}

bool call_is_call(const struct call_record *call)
{
	return !(call->flags & CALL_OTHER) && call->state != CALL_REGISTERING && call->state != CALL_REGISTERED;
}

bool call_clear(struct engine *engine, uint64_t now, uint32_t flow)
{
	const struct call_port *medium = call_port_at(engine->calls, call_port_of_flow(engine->calls, flow));
	uint32_t index = RECORD_NONE, kept = RECORD_NONE;

	if (medium != NULL)
		call_end(engine, now, call_at(engine->calls, medium->call));
	for (int i = 0; i < CLEAR_MAX; i++) {
		index = call_next_of_flow(engine->calls, flow, kept);
		if (index == RECORD_NONE)
			return true;
		if (call_is_call(call_at(engine->calls, index)))
			call_end(engine, now, call_at(engine->calls, index));
		else
			kept = index;
	}
	return false;
}

/* ---- room ---- */

/* Not the call that is being told of. */
static bool may_go(const struct engine *engine, const struct call_record *call)
{
	return call != NULL && call_index(engine->calls, call) != engine->call_in_hand;
}

static bool evict(struct engine *engine, uint64_t now, struct call_record *call)
{
	if (!may_go(engine, call))
		return false;
	engine->call_totals.evicted++;
	call_end(engine, now, call);
	return true;
}

bool call_give_way(struct engine *engine, uint64_t now)
{
	struct call_record *call = call_oldest_begun(engine->calls, CALL_OVER, true);

	if (!may_go(engine, call))
		call = call_oldest_begun(engine->calls, CALL_OVER, false);
	if (!may_go(engine, call))
		return false;
	call_end(engine, now, call);
	return true;
}

/* The oldest that the same source began and nobody answered; registrations where it only registers. */
static bool source_gives_way(struct engine *engine, uint64_t now, const struct call_record *body)
{
	enum call_state state = (enum call_state)body->state;

	if (evict(engine, now, call_oldest(engine->calls, state, body->vrf, body->source)))
		return true;
	state = state == CALL_BEGUN ? CALL_REGISTERING : CALL_BEGUN;
	return evict(engine, now, call_oldest(engine->calls, state, body->vrf, body->source));
}

/* First what was begun outside, where whoever wants may be the source: when somebody inside answers, all that is needed is made
 * anew. One from inside has told already where it receives. */
static bool anybody_gives_way(struct engine *engine, uint64_t now)
{
	static const enum call_state states[] = {CALL_REGISTERING, CALL_BEGUN};

	if (call_give_way(engine, now))
		return true;
	for (unsigned i = 0; i < 4; i++) {
		if (evict(engine, now, call_oldest_begun(engine->calls, states[i % 2], i < 2)))
			return true;
	}
	return false;
}

struct call_record *call_begin(struct engine *engine, uint64_t now, const struct call_record *body)
{
	struct call_table *calls = engine->calls;
	struct call_record *call;

	if (call_of_source(calls, body->vrf, body->source) >= CALL_SOURCE_MAX &&
	    !evict(engine, now, call_oldest(calls, CALL_OVER, body->vrf, body->source)) &&
	    !source_gives_way(engine, now, body))
		return NULL;
	if (call_unanswered(calls, body->vrf, body->source) >= CALL_SOURCE_UNANSWERED)
		source_gives_way(engine, now, body);
	call = call_add(calls, body);
	if (call == NULL && anybody_gives_way(engine, now))
		call = call_add(calls, body);
	if (call != NULL)
		call_arm(engine, now, call);
	return call;
}

struct call_port *call_port_begin(struct engine *engine, uint64_t now, const struct call_port *body)
{
	struct binding_record *binding = binding_at(engine->bindings, body->binding);
	struct call_port *port;

	if (binding != NULL)
		binding->flows++; /* whoever gives way may have held it alone */
	port = call_port_add(engine->calls, body);
	if (port == NULL && call_give_way(engine, now))
		port = call_port_add(engine->calls, body);
	if (port == NULL && binding != NULL)
		binding->flows--;
	if (port != NULL)
		engine->ports_waiting[port->alg]++;
	return port;
}
