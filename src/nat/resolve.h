/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an endpoint that a message mentions becomes: all NAT policy of the gateways, written once.
 *
 * The sender is inside (its own addresses become global ones) or the receiver is (global ones that name hosts inside become local
 * ones again), or both (hairpin). Never touched: 0.0.0.0, 127/8, 224/4, 255.255.255.255, an address that no mapping has.
 *
 *   ROLE_LISTEN  sender inside: must be the sender's own address (or its global one; other hosts': for calls); port
 *                not below 1024 (unless the gateway needs low ports), not one that a static entry owns for somebody else. It gets
 *                a binding and an expectation from the receiver's address. Sender outside: an expectation from inside, so that
 *                the child is known and leaves by the address of its parent; nothing is written.
 *   ROLE_NAME    whatever mapping there is: static entry (not a `no-payload` one), binding, pair of addresses; else unchanged.
 *                MENTION_TOLD: as the description had it, see resolve_told.c.
 *   ROLE_ADDRESS static entries of whole addresses (not `no-payload` ones), and address bindings; else unchanged.
 *   ROLE_SIGNAL, ROLE_MEDIA, ROLE_RTCP: resolve_call.c.
 *
 * Promises: the same mention of the same flow gets the same answer while its expectation or child lives (retransmissions come
 * out identical). All or nothing for one message: if one mention cannot be resolved, what was made for the others is undone.
 * O(1) for each mention. May not read messages.
 */
#ifndef ALGATE_NAT_RESOLVE_H
#define ALGATE_NAT_RESOLVE_H

#include "alg/edit.h"
#include "nat/state.h"

struct resolve_ask {
	uint32_t flow;       /* control session: its flow (hairpin: the opener's) */
	uint32_t other;      /* hairpin: the answerer's flow; else RECORD_NONE */
	uint8_t alg;
	uint8_t from;        /* enum flow_side of `flow`: where the message comes from */
};

enum resolve_outcome {
	RESOLVED,      /* results hold */
	RESOLVE_REFUSED, /* a mention cannot be mapped (note says why), and unchanged it would show an inside address: the message
			    must not pass */
	RESOLVE_LEFT,  /* policy leaves the whole message as it is (note): third party, bad port, limits that leak nothing */
};

enum resolve_outcome resolve_all(struct engine *engine, uint64_t now, const struct resolve_ask *ask,
				 const struct findings *findings, struct resolved *out, enum alg_note *note);
/* HAPPENED_CANCEL: what waits for children of this flow waits no more; parent_gone: nor are its children its own any longer. */
void resolve_cancel(struct engine *engine, uint64_t now, uint32_t flow, bool parent_gone);

/* expected.c: what becomes of expectations. A record is counted, and traced, where it begins and where it ends. */

/* The leg of a flow's first packet that an expectation waits for: kind LEG_EXPECTED. Endpoints as the packet of that side has them
 * (side outside: as it arrives at the global address). False: none does. No effect. */
bool resolve_expected(const struct ask *ask, enum flow_side side, struct endpoint source,
		      struct endpoint destination, struct leg *leg);
/* The control session of such a leg; RECORD_NONE: it has none. */
uint32_t expected_parent(const struct engine *engine, const struct leg *leg);
/* A flow came of it: linked to its parent; one-shot expectations end. */
void resolve_came(struct engine *engine, uint64_t now, uint32_t expectation, uint32_t flow);

/* The binding, if any, is held as long as the record waits. NULL: no room. */
struct expect_record *expected_add(struct engine *engine, uint64_t now, const struct expect_record *body);
void expected_undo(struct engine *engine, uint64_t now, struct expect_record *record);
/* One that waits is given up: the same, and counted. */
void expected_end(struct engine *engine, uint64_t now, struct expect_record *record);
/* The timer of an expectation, by its index, is due. */
void expected_due(struct engine *engine, uint64_t now, uint32_t index);
/* The flow is about to end: as a child its use is its parent's; as a parent its expectations end. */
void expected_ends(struct engine *engine, uint64_t now, uint32_t flow);
/* A control session is in use while its children are. */
void expected_use(struct engine *engine, uint32_t flow);
/* A new configuration: what does not fit it ends. */
void expected_follow(struct engine *engine, uint64_t now);
/* What an earlier daemon left, after bindings and flows: kept if rule, global address and parent are still there. */
void expected_adopt(struct engine *engine, uint64_t now);
/* The entry that maps this local endpoint to this global address, or NULL. */
const struct snapshot_static *static_between(const struct snapshot *snapshot, uint16_t vrf, uint8_t protocol,
					     struct endpoint local, ip4 global);
/* No static entry gives this global endpoint to anybody but `local`. */
bool unclaimed(const struct snapshot *snapshot, uint16_t vrf, uint8_t protocol, struct endpoint global,
	       struct endpoint local);
/* Counts and traces: kind is an enum trace_kind. */
void expect_note(struct engine *engine, uint64_t now, uint8_t kind, const struct expect_record *record);

#endif
