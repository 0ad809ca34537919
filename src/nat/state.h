/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's inside, shared by its own files only; engine.c says what each is for. The tables (flow, binding, port, pool,
 * use, frag, ident, snapshot) do not know it.
 */
#ifndef ALGATE_NAT_STATE_H
#define ALGATE_NAT_STATE_H

#include "alg/alg.h"
#include "nat/binding.h"
#include "nat/call.h"
#include "nat/decide.h"
#include "nat/engine.h"
#include "nat/expect.h"
#include "nat/flow.h"
#include "nat/frag.h"
#include "nat/ident.h"
#include "nat/limit.h"
#include "nat/pool.h"
#include "nat/port.h"
#include "nat/rewrite.h"
#include "nat/syn.h"
#include "nat/turn.h"
#include "nat/use.h"
#include "lib/wheel.h"

/* Of a gateway. */
struct expect_counts {
	uint64_t expected, used, expired, cancelled;
};

/* Of calls, ever. */
struct call_totals {
	uint64_t calls, answered, failed, ended, expired, registrations, evicted, aware, third_party;
};

#define AWARE_MAX 4096 /* endpoints that show their global address by themselves; power of two */
#define EMIT_LARGE (256 * 1024)
/* Most flows of the router itself; of a small table an eighth, so that no outside packet takes the room of inside hosts. */
#define OWN_FLOWS_MAX 4096u

enum sweep { SWEEP_NONE, SWEEP_FLOWS, SWEEP_BINDINGS };

struct engine {
	struct records *records;
	struct snapshot *snapshot; /* NULL before the first swap */
	struct flow_table *flows;
	struct binding_table *bindings;
	struct port_table *ports;
	struct pool_set *pools;    /* of the snapshot */
	struct pool_set *next_pools; /* being made for this snapshot, with the bindings below next_held; NULL: none */
	const struct snapshot *next_snapshot;
	uint32_t next_held;
	enum sweep sweep;          /* what the last swap made unfit is being ended; next record */
	uint32_t sweep_next;
	struct use_table *uses;
	struct limit_set *limits;
	struct turn_table *turns;  /* flows that make hairpins */
	struct frag_set *frags;
	struct ident_table *idents;
	struct syn_set *syns;      /* unsolicited, waiting for their answer */
	struct expect_table *expects;
	struct call_table *calls;
	struct call_totals call_totals;
	uint32_t ports_waiting[ALG_COUNT]; /* of calls, that no flow came of yet */
	uint32_t aware[2][AWARE_MAX]; /* call_party() of them: in names, in contacts (resolve_aware.c) */
	uint32_t call_in_hand;     /* that a message is about; RECORD_NONE */
	struct session_set *sessions;
	struct wheel *wheel;       /* node: flow index, max_flows + index of an address binding, or 2 max_flows + index of an
				    * expectation, behind these a call's */
	uint32_t identities;       /* flows that are none of the operator's */
	uint32_t address_bindings;
	uint32_t refusals;         /* ICMP answers that may still be sent, */
	uint64_t refusals_at;      /* counted at this time (ms) */
	uint16_t ip_id;            /* of emitted packets */
	uint32_t reopened;         /* flow whose ports the packet in hand uses again; RECORD_NONE */
	uint32_t spare[LIMIT_SPARE]; /* flows that the packet in hand needs (a hairpin's two, a child's parent): no limit may end
				      * them */
	bool packet_events;
	const struct snapshot *event_list; /* the caller's; NULL: all packets */
	struct engine_counts counts;
	struct expect_counts expect_counts[ALG_COUNT];
	struct event_ring events;
	struct emitted emitted[OUT_EMIT_MAX]; /* of the call in hand */
	uint32_t large_used;
	uint8_t large[EMIT_LARGE]; /* packets that are too long for their place there */
};

static inline uint32_t seconds(uint64_t now)
{
	return (uint32_t)(now / 1000);
}

/* Dynamic and extended entries together, as max-entries counts them. */
static inline uint32_t entries(const struct engine *engine)
{
	return flow_count(engine->flows) - engine->identities + engine->address_bindings;
}

/* What this call has the caller send. */
static inline void emit_none(struct engine *engine, struct out *out)
{
	out->emitted = engine->emitted;
	out->n_emitted = 0;
	engine->large_used = 0;
}

/* record.c */

/* Makes or touches what the decision asks for, and says what the packet becomes. May change the reason to a refusal;
 * then nothing was made. */
void engine_record(struct engine *engine, uint64_t now, const struct packet *packet,
		   const struct decoded *view, struct decision *decision, struct rewrite *rewrite);
/* Counts the flow with its rule and binding (RECORD_NONE: none). */
void flow_count_in(struct engine *engine, uint32_t index, uint32_t binding);

/* bind.c */

/* The global endpoint for a new flow, in leg->ig and leg->binding; TRANSLATED_NEW, or why there is none. */
enum reason leg_bind(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol, struct leg *leg);
/* On the very address that leg->ig says: the binding that leg->id made for this inside endpoint, or a port of that address. */
enum reason bind_on(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol, struct leg *leg);
/* Two neighbouring inside ports, the first even, get two such ports on that address; false: one has a binding, or there are
 * none. */
bool bind_pair_on(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol, struct leg legs[2]);
/* Gives back a binding that was made for a flow which then could not be made. */
void leg_unbind(struct engine *engine, uint64_t now, uint32_t index);
/* A binding without flows: ends it and gives back what it holds. */
void binding_end(struct engine *engine, uint64_t now, struct binding_record *binding);
/* Counts an address binding with its rule and host. */
void binding_count_in(struct engine *engine, const struct binding_record *binding);
/* Enters a binding into a set of pools that holds nothing but such bindings. */
void binding_hold(struct pool_set *pools, const struct binding_record *binding);
/* Some port of this global address is in use. */
bool address_has_ports(const struct engine *engine, uint16_t vrf, ip4 addr);

/* room.c */

/* Is there room for so many entries, a new flow of this leg's and what it needs? At its host's limit, a flow that only one side
 * was heard on may end for it. */
bool room_for(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol, struct leg *leg, uint32_t need);
/* Of the router's own flows, the one that was not used for longest ends when there are as many as may be. */
void room_for_own(struct engine *engine, uint64_t now, struct leg *leg);
/* Counts an address binding, a flow, with host and lists. */
void entry_binding(struct engine *engine, const struct binding_record *binding);
void entry_flow(struct engine *engine, uint32_t index);
/* Its flags say now which sides were heard. */
void entry_heard(struct engine *engine, uint32_t index);
/* Counts it as the present configuration would. */
void entry_review(struct engine *engine, uint32_t index);

/* age.c */

/* Seconds without traffic after which the flow ends; TIMEOUT_NEVER. */
uint32_t flow_timeout(const struct snapshot *snapshot, const struct flow_record *flow);
/* Second of the last packet of either side. */
uint32_t flow_last_used(const struct engine *engine, uint32_t index);
/* Flow, its counts, its binding if that was the last one. kind: EVENT_EXPIRED or EVENT_REMOVED. */
void flow_end(struct engine *engine, uint64_t now, uint32_t index, enum event_kind kind);
/* One use less of a binding. A port binding ends with its last one. */
void binding_leave(struct engine *engine, uint64_t now, uint32_t index, uint32_t last_used_s);
void flow_arm(struct engine *engine, uint64_t now, uint32_t index);
/* The same where the second of the last packet is known, so that no slot is read. */
void flow_arm_from(struct engine *engine, uint64_t now, uint32_t index, uint32_t last_used_s);
uint32_t binding_node(const struct engine *engine, const struct binding_record *binding);
void binding_arm(struct engine *engine, uint64_t now, struct binding_record *binding);
void binding_disarm(struct engine *engine, const struct binding_record *binding);
/* A wheel node is due: ends what it stands for, or arms it again. */
void node_due(struct engine *engine, uint64_t now, uint32_t node);
struct event event_of_flow(uint64_t now, enum event_kind kind, const struct flow_record *flow);
void flow_event(struct engine *engine, uint64_t now, enum event_kind kind, const struct flow_record *flow);
/* A half entry: no outside pair. */
void binding_event(struct engine *engine, uint64_t now, enum event_kind kind,
		   const struct binding_record *binding);

/* whole.c */

/* A fragment that matters is held until its datagram is whole; then packet and view are the whole one, and *largest the total
 * length of the largest piece it came in. So it is for one that came whole from an earlier visit. True: *decision says
 * what becomes of the packet. False: it is to be decided about. */
bool whole_look(struct engine *engine, uint64_t now, struct packet *packet, struct decoded *view,
		uint32_t *largest, struct decision *decision);
/* Sends on what came in pieces of at most `largest`, as far as out has it accepted or translated: before routing whole, to be
 * cut at visit 3; there in pieces. */
void whole_send(struct engine *engine, const struct packet *packet, const struct decoded *view,
		const struct decision *decision, uint32_t largest, struct out *out);
/* Gives up what stayed incomplete. */
void whole_tick(struct engine *engine, uint64_t now);

/* refuse.c: answers the sender of a refused packet with ICMP 3/13, at a limited rate (RFC 5508 REQ-8, RFC 1812 4.3.2.7-8). */
void refuse_emit(struct engine *engine, uint64_t now, const struct packet *packet,
		 const struct decoded *view, struct out *out);
/* Answers an unsolicited SYN with ICMP 3/3, but not before 6 s, and not if the inside has opened the connection by then (RFC
 * 5382 REQ-4): keeps it, sends what is due. The decision (recorded) says as whom the other side would have seen the sender. What
 * is no SYN gets no answer. */
void refuse_later(struct engine *engine, uint64_t now, const struct packet *packet, const struct decoded *view,
		  const struct decision *decision);
void refuse_due(struct engine *engine, uint64_t now, struct out *out);

#endif
