/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a decision changes: flows made and touched, with the bindings they need.
 *
 * Promises: O(1), no malloc; either everything that a packet needs is made, or nothing and the reason says why. A
 * refusal never costs a live flow. May not decide what is to be translated.
 */
#include "nat/call_life.h"
#include "nat/resolve.h"
#include "nat/state.h"
#include "nat/session.h"
#include "nat/tcp.h"

/* ---- making flows ---- */

static struct flow_record flow_body(uint64_t now, uint16_t vrf, const struct decoded *view, const struct leg *leg)
{
	struct flow_record body = {
		.vrf = vrf,
		.protocol = view->protocol,
		.phase = view->protocol == PROTOCOL_TCP ? PHASE_SYN : PHASE_DATAGRAM,
		.scales = TCP_SCALES_UNSEEN,
		.il = leg->il.addr,
		.ig = leg->ig.addr,
		.ol = leg->og.addr,
		.og = leg->og.addr,
		.il_port = leg->il.port,
		.ig_port = leg->ig.port,
		.ol_port = leg->og.port,
		.og_port = leg->og.port,
		.rule = leg->id,
		.created_s = seconds(now),
		.binding = leg->binding,
	};

	if (view->protocol == PROTOCOL_ICMP) {
		body.ol_port = leg->il.port;
		body.og_port = leg->ig.port;
	}
	if (leg->kind == LEG_STATIC || (leg->kind == LEG_EXPECTED && leg->is_static))
		body.flags |= FLOW_STATIC;
	if (leg->kind == LEG_IDENTITY)
		body.flags |= FLOW_IDENTITY;
	if (view->kind == L4_OTHER)
		body.flags |= FLOW_ADDRESS_ONLY;
	return body;
}

void flow_count_in(struct engine *engine, uint32_t index, uint32_t binding)
{
	struct flow_record *flow = flow_at(engine->flows, index);

	flow->binding = binding;
	if (binding != RECORD_NONE)
		binding_at(engine->bindings, binding)->flows++;
	if (flow->flags & FLOW_IDENTITY) {
		engine->identities++;
		limit_own_use(engine->limits, index);
		return;
	}
	use_add(engine->uses, flow->rule);
	entry_flow(engine, index);
}

static void note_peak(struct engine *engine, uint64_t now)
{
	uint32_t total = entries(engine) + engine->snapshot->n_statics;

	if (total <= engine->counts.peak)
		return;
	engine->counts.peak = total;
	engine->counts.peak_at = now;
}

/* A flow, and the address binding that it makes. The router's own take room from each other only. */
static bool has_room(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol, struct leg *leg)
{
	uint32_t need = leg->kind == LEG_ADDRESS && leg->binding == RECORD_NONE ? 2 : 1;
	bool room;

	if (leg->kind == LEG_IDENTITY) {
		room_for_own(engine, now, leg);
		return true;
	}
	if (leg->kind == LEG_EXPECTED)
		engine->spare[2] = expected_parent(engine, leg);
	room = room_for(engine, now, vrf, protocol, leg, need);
	engine->spare[2] = RECORD_NONE;
	return room;
}

/* The flow fits the present configuration. */
static void recheck(struct engine *engine, uint64_t now, uint32_t index)
{
	flow_slot_of(engine->flows, index, SIDE_INSIDE)->epoch = engine->snapshot->epoch;
	flow_slot_of(engine->flows, index, SIDE_OUTSIDE)->epoch = engine->snapshot->epoch;
	flow_arm(engine, now, index); /* timeouts may have changed too */
}

/* Other limits may hold than when it was made, and another gateway, which there may be no room for. */
static bool recheck_old(struct engine *engine, uint64_t now, uint32_t index)
{
	if (!session_review(engine, now, index))
		return false;
	recheck(engine, now, index);
	entry_review(engine, index);
	return true;
}

/* Is a flow with the same packets there, of either side? */
static bool is_taken(struct engine *engine, const struct flow_record *body)
{
	struct flow_key inside = flow_key_of(body, SIDE_INSIDE), outside = flow_key_of(body, SIDE_OUTSIDE);

	return flow_lookup(engine->flows, &inside) != NULL || flow_lookup(engine->flows, &outside) != NULL;
}

/* An old flow that had to go may have been the parent. */
static bool is_still_expected(const struct engine *engine, const struct leg *leg)
{
	if (leg->kind != LEG_EXPECTED)
		return true;
	return leg->expectation >= EXPECT_MAX ? call_port_of_leg(engine, leg) != NULL
					      : expect_at(engine->expects, leg->expectation) != NULL;
}

static enum reason make_flow(struct engine *engine, uint64_t now, uint16_t vrf, const struct decoded *view,
			     struct leg *leg, uint32_t *made)
{
	struct flow_record body;
	enum reason reason;
	uint32_t index;

	if (!is_still_expected(engine, leg))
		return REASON_NO_FLOW;
	if (!has_room(engine, now, vrf, view->protocol, leg))
		return REASON_NO_ENTRY;
	reason = leg_bind(engine, now, vrf, view->protocol, leg);
	if (reason != REASON_TRANSLATED_NEW)
		return reason;
	body = flow_body(now, vrf, view, leg);
	index = flow_add(engine->flows, &body, seconds(now));
	if (index == RECORD_NONE) {
		leg_unbind(engine, now, leg->binding);
		return is_taken(engine, &body) ? REASON_FLOW_COLLISION : REASON_NO_ENTRY;
	}
	flow_count_in(engine, index, leg->binding);
	if (leg->kind == LEG_EXPECTED && leg->expectation < EXPECT_MAX)
		resolve_came(engine, now, leg->expectation, index);
	call_flow_made(engine, now, leg, index);
	recheck(engine, now, index);
	if (view->protocol == PROTOCOL_TCP)
		syn_forget(engine->syns, vrf, leg->og, leg->ig);
	note_peak(engine, now);
	if (leg->kind != LEG_IDENTITY)
		flow_event(engine, now, EVENT_CREATED, flow_at(engine->flows, index));
	engine->counts.misses++;
	*made = index;
	return REASON_TRANSLATED_NEW;
}

/* ---- touching ---- */

/* Answers to the router's own connections find its socket and do not come by here, so there is nothing to judge by; but the
 * router does not lie to itself. */
static enum tcp_effect follow_own(struct flow_record *flow, const struct decoded *view)
{
	uint8_t phase = PHASE_ESTABLISHED;

	if (view->tcp_flags & (TCP_FIN | TCP_RST) || (flow->phase == PHASE_CLOSING && !(view->tcp_flags & TCP_SYN)))
		phase = PHASE_CLOSING;
	else if (view->tcp_flags & TCP_SYN)
		phase = PHASE_SYN;
	if (flow->phase == phase)
		return TCP_NOTHING;
	flow->phase = phase;
	return TCP_CHANGED;
}

/* Nobody acts on a damaged segment, so it changes nothing here either. */
static bool is_sound(const struct packet *packet, const struct decoded *view)
{
	return packet->checksum_partial || packet->checksum_good || decode_verify(view, true);
}

static enum tcp_effect follow(struct engine *engine, const struct packet *packet, const struct flow_slot *slot,
			      const struct decoded *view)
{
	struct flow_slot *from = flow_slot_of(engine->flows, slot->flow, SIDE_INSIDE);
	struct flow_slot *to = flow_slot_of(engine->flows, slot->flow, SIDE_OUTSIDE);
	struct flow_record *flow = flow_at(engine->flows, slot->flow);
	struct tcp_segment segment;

	if (flow->flags & FLOW_IDENTITY)
		return slot == from ? follow_own(flow, view) : TCP_NOTHING;
	if ((view->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) && !is_sound(packet, view))
		return TCP_UNFIT;
	segment = tcp_read(view);
	if (slot->state & SLOT_ALG)
		session_numbers(engine, slot->flow, slot->key.side, &segment);
	return slot == from ? tcp_track(flow, from, to, &segment) : tcp_track(flow, to, from, &segment);
}

static void hear(struct engine *engine, const struct flow_slot *slot, enum tcp_effect effect)
{
	uint8_t side = slot->key.side == SIDE_INSIDE ? FLOW_SEEN_IN : FLOW_SEEN_OUT;
	struct flow_record *flow = flow_at(engine->flows, slot->flow);

	if (effect == TCP_REOPENED)
		flow->flags &= (uint8_t)~(FLOW_SEEN_IN | FLOW_SEEN_OUT);
	else if (flow->flags & side)
		return;
	flow->flags |= side;
	entry_heard(engine, slot->flow);
}

static void count_packet(struct engine *engine, struct flow_slot *slot, const struct decoded *view)
{
	slot->bytes += view->length;
	if (++slot->packets == 0)
		flow_carry(engine->flows, slot->flow, (enum flow_side)slot->key.side);
}

/* The cold record is left alone while nothing can change there: established packets cost one cache line. False: a TCP segment
 * that is none of this connection's. */
static bool touch(struct engine *engine, uint64_t now, const struct packet *packet, struct flow_slot *slot,
		  const struct decoded *view)
{
	enum tcp_effect effect = TCP_NOTHING;
	bool first = slot->packets == 0;

	count_packet(engine, slot, view);
	if (view->protocol == PROTOCOL_TCP) {
		/* Where a gateway reads, the two sides may count otherwise. */
		first = (slot->state & SLOT_ALG) || !tcp_quick(slot, view);
		if (first)
			effect = follow(engine, packet, slot, view);
	}
	if (effect == TCP_UNFIT)
		return false;
	slot->last_used_s = seconds(now);
	if (first)
		hear(engine, slot, effect);
	if (effect != TCP_NOTHING)
		flow_arm(engine, now, slot->flow);
	if (effect == TCP_REOPENED) {
		session_forget(engine, slot->flow);
		engine->reopened = slot->flow;
	}
	return true;
}

/* ---- carrying out ---- */

/* Old flows in the way. Their end may give back a binding that the leg meant to use. */
static void end_stale(struct engine *engine, uint64_t now, struct leg *leg)
{
	if (leg->stale == RECORD_NONE || flow_at(engine->flows, leg->stale) == NULL)
		return;
	flow_end(engine, now, leg->stale, EVENT_REMOVED);
	if (leg->binding != RECORD_NONE && binding_at(engine->bindings, leg->binding) == NULL)
		leg->binding = RECORD_NONE;
}

/* Translated by its half entry alone, which is made if there is none. */
static enum reason do_half(struct engine *engine, uint64_t now, const struct decoded *view,
			   const struct decision *decision, struct leg *leg, struct rewrite *rewrite)
{
	struct endpoint source = {view->source, view->source_port};
	struct endpoint destination = {view->destination, view->destination_port};
	bool made = leg->kind == LEG_ADDRESS && leg->binding == RECORD_NONE;
	enum reason reason;

	if (made && leg->rule == NULL)
		return REASON_NO_FLOW; /* it ended with an old flow */
	if (made && !room_for(engine, now, decision->vrf, 0, leg, 1))
		return REASON_NO_ENTRY;
	reason = made ? leg_bind(engine, now, decision->vrf, view->protocol, leg) : REASON_TRANSLATED_NEW;
	if (reason != REASON_TRANSLATED_NEW)
		return reason;
	if (made)
		engine->counts.misses++;
	else
		engine->counts.hits++;
	/* Its timer looks there when it fires. */
	if (leg->binding != RECORD_NONE)
		binding_at(engine->bindings, leg->binding)->last_used_s = seconds(now);
	if (decision->side == SIDE_INSIDE)
		source = leg->ig;
	else
		destination = leg->il;
	*rewrite = rewrite_to(view, source, destination);
	note_peak(engine, now);
	return made ? REASON_TRANSLATED_NEW : REASON_TRANSLATED;
}

/* What a gateway has no room to read does not begin: its messages would show inside addresses. */
static enum reason unread(struct engine *engine, uint64_t now, uint32_t flow)
{
	flow_end(engine, now, flow, EVENT_REMOVED);
	return REASON_ALG_NO_ROOM;
}

/* The packet's only translation. */
static enum reason do_one(struct engine *engine, uint64_t now, const struct packet *packet,
			  const struct decoded *view, struct decision *decision, struct leg *leg,
			  struct rewrite *rewrite)
{
	enum reason reason = decision->reason;
	uint32_t made;

	if (leg->kind == LEG_IDENTITY && leg->half) {
		binding_at(engine->bindings, leg->binding)->last_used_s = seconds(now);
		return reason;
	}
	if (leg->half)
		return do_half(engine, now, view, decision, leg, rewrite);
	if (leg->kind == LEG_FLOW) {
		if (leg->recheck && !recheck_old(engine, now, leg->flow))
			return REASON_ALG_NO_ROOM;
		if (leg->recheck) /* others that ended for it may have moved it */
			leg->slot = flow_slot_of(engine->flows, leg->flow, (enum flow_side)decision->side);
		if (reason == REASON_FROM_ROUTER && flow_at(engine->flows, leg->flow)->flags & FLOW_IDENTITY)
			limit_own_use(engine->limits, leg->flow);
		engine->counts.hits++;
	} else {
		enum reason outcome = make_flow(engine, now, decision->vrf, view, leg, &made);

		/* The router's own packet holds nothing to hide: no room for its record does not stop it. */
		if (leg->kind == LEG_IDENTITY && outcome == REASON_NO_ENTRY)
			return REASON_FROM_ROUTER;
		if (outcome != REASON_TRANSLATED_NEW)
			return outcome;
		if (!session_made(engine, now, view, decision->side, made, leg))
			return unread(engine, now, made);
		leg->slot = flow_slot_of(engine->flows, made, (enum flow_side)decision->side);
	}
	if (!touch(engine, now, packet, leg->slot, view) && reason == REASON_TRANSLATED)
		reason = REASON_TCP_UNFIT;
	made = leg->slot->flow;
	if (engine->reopened == made) {
		if (!session_made(engine, now, view, decision->side, made, leg))
			return unread(engine, now, made);
		leg->slot = flow_slot_of(engine->flows, made, (enum flow_side)decision->side);
	}
	if (leg->slot->state & SLOT_ALG)
		decision->read = made;
	*rewrite = rewrite_of_slot(view, leg->slot);
	return reason;
}

/* A leg of a hairpin as a flow index: making the one may move the slot of the other. */
static enum reason turn_leg(struct engine *engine, uint64_t now, struct decision *decision,
			    const struct decoded *view, struct leg *leg, uint32_t *index)
{
	if (leg->kind != LEG_FLOW)
		return make_flow(engine, now, decision->vrf, view, leg, index);
	if (leg->recheck && !recheck_old(engine, now, *index))
		return REASON_ALG_NO_ROOM;
	engine->counts.hits++;
	return REASON_HAIRPIN;
}

/* The receiver's flow is looked for, or made, to what the sender's flow turned out to be. A host that talks to its own global
 * address has the flow already: it is its own receiver. */
static void meet(struct engine *engine, uint64_t now, const struct decision *decision, const struct decoded *view,
		 uint32_t sender, struct leg *in, uint32_t *receiver)
{
	const struct flow_record *flow = flow_at(engine->flows, sender);
	struct flow_slot *slot;

	in->og = (struct endpoint){flow->ig, flow->ig_port};
	if (view->kind == L4_QUERY)
		in->ig.port = in->il.port = flow->ig_port;
	struct flow_key key = {in->og.addr, in->ig.addr,
			       view->protocol != PROTOCOL_ICMP ? in->og.port
			       : view->kind == L4_QUERY        ? 0
							       : KEY_PORTLESS,
			       in->ig.port,
			       view->protocol, SIDE_OUTSIDE, decision->vrf};

	slot = flow_lookup(engine->flows, &key);
	if (slot == NULL)
		return;
	in->recheck = slot->epoch != engine->snapshot->epoch;
	if (in->recheck && !flow_fits(engine->snapshot, flow_at(engine->flows, slot->flow))) {
		flow_end(engine, now, slot->flow, EVENT_REMOVED);
		return;
	}
	in->kind = LEG_FLOW;
	*receiver = slot->flow;
}

/* What a packet of this hairpin looks like between the two visits. */
static struct flow_key between(const struct flow_record *out, const struct flow_record *in)
{
	struct flow_key key = {.source = out->il,
			       .destination = in->il,
			       .source_port = out->il_port,
			       .destination_port = in->il_port,
			       .protocol = out->protocol,
			       .side = SIDE_INSIDE,
			       .vrf = out->vrf};

	if (out->protocol == PROTOCOL_ICMP) {
		key.source_port = in->il_port;
		key.destination_port = in->flags & FLOW_ADDRESS_ONLY ? KEY_PORTLESS : 0;
	}
	return key;
}

/* Writes down which flows visit 3 has to find. False: it would find others that live (one host under two global addresses for
 * one sender, who has two as well), and the packet would get a source that its receiver cannot answer. */
static bool pair(struct engine *engine, uint32_t sender, uint32_t receiver)
{
	struct flow_key key = between(flow_at(engine->flows, sender), flow_at(engine->flows, receiver));
	uint32_t to, from = turn_find(engine->turns, &key, &to);
	const struct flow_record *other;

	if (from != RECORD_NONE && from != sender) {
		other = flow_at(engine->flows, to);
		if (other != NULL && flows_meet(flow_at(engine->flows, from), other))
			return false;
	}
	turn_set(engine->turns, sender, receiver, &key);
	return true;
}

/* Visit 2 changes the destination, with it a query's identifier; visit 3 the source. */
static enum reason turned(struct engine *engine, uint64_t now, const struct packet *packet,
			  const struct decoded *view, const struct decision *decision, uint32_t sender,
			  uint32_t receiver, struct rewrite *rewrite)
{
	const struct flow_record *in = flow_at(engine->flows, receiver);
	struct endpoint source = {view->source, view->source_port};

	if (!pair(engine, sender, receiver))
		return REASON_FLOW_COLLISION;
	if (view->kind == L4_QUERY)
		source.port = in->il_port;
	*rewrite = rewrite_to(view, source, (struct endpoint){in->il, in->il_port});
	touch(engine, now, packet, flow_slot_of(engine->flows, sender, SIDE_INSIDE), view);
	if (engine->reopened == sender && !session_made(engine, now, view, SIDE_INSIDE, sender, &decision->out))
		return unread(engine, now, sender);
	touch(engine, now, packet, flow_slot_of(engine->flows, receiver, SIDE_OUTSIDE), view);
	return REASON_HAIRPIN;
}

/* Whoever reads the connection has the opener's flow. */
static void is_read(const struct engine *engine, struct decision *decision, uint32_t sender, uint32_t receiver)
{
	uint32_t state = flow_slot_of(engine->flows, sender, SIDE_INSIDE)->state |
			 flow_slot_of(engine->flows, receiver, SIDE_OUTSIDE)->state;

	if (!(state & SLOT_ALG) || sender == receiver)
		return;
	decision->read = sender;
	decision->read_other = receiver;
}

static enum reason turn_to(struct engine *engine, uint64_t now, const struct packet *packet,
			   const struct decoded *view, struct decision *decision, uint32_t sender,
			   uint32_t receiver, struct rewrite *rewrite)
{
	struct leg *in = &decision->in;
	bool made = in->kind != LEG_FLOW, opener_made = decision->out.kind != LEG_FLOW;
	enum reason reason = turn_leg(engine, now, decision, view, in, &receiver);

	if (reason_verdict(reason) == VERDICT_DROP)
		return reason;
	if (opener_made && sender != receiver &&
	    !session_made(engine, now, view, SIDE_INSIDE, sender, in->kind == LEG_EXPECTED ? in : &decision->out))
		reason = REASON_ALG_NO_ROOM; /* both were made for it, and end */
	else
		reason = turned(engine, now, packet, view, decision, sender, receiver, rewrite);
	if (made && reason != REASON_HAIRPIN)
		flow_end(engine, now, receiver, EVENT_REMOVED);
	if (reason == REASON_HAIRPIN)
		is_read(engine, decision, sender, receiver);
	return reason;
}

static enum reason turn_both(struct engine *engine, uint64_t now, const struct packet *packet,
			     const struct decoded *view, struct decision *decision, struct rewrite *rewrite)
{
	struct leg *out = &decision->out, *in = &decision->in;
	uint32_t sender = out->kind == LEG_FLOW ? out->flow : RECORD_NONE;
	uint32_t receiver = in->kind == LEG_FLOW ? in->flow : RECORD_NONE;
	bool made = sender == RECORD_NONE;
	enum reason reason;

	/* One host may be at both ends: what makes room for the one must not end the other. */
	engine->spare[1] = receiver;
	reason = turn_leg(engine, now, decision, view, out, &sender);
	engine->spare[0] = sender;
	if (reason_verdict(reason) == VERDICT_DROP)
		return reason;
	if (receiver == RECORD_NONE)
		meet(engine, now, decision, view, sender, in, &receiver);
	if (in->kind == LEG_NONE) {
		touch(engine, now, packet, flow_slot_of(engine->flows, sender, SIDE_INSIDE), view);
		return REASON_FILTERED;
	}
	reason = turn_to(engine, now, packet, view, decision, sender, receiver, rewrite);
	if (made && reason != REASON_HAIRPIN)
		flow_end(engine, now, sender, EVENT_REMOVED);
	return reason;
}

static enum reason do_turn(struct engine *engine, uint64_t now, const struct packet *packet,
			   const struct decoded *view, struct decision *decision, struct rewrite *rewrite)
{
	enum reason reason = turn_both(engine, now, packet, view, decision, rewrite);

	engine->spare[0] = engine->spare[1] = RECORD_NONE;
	return reason;
}

/* The snapshot's counts are this thread's; others may read them. */
static void count_matches(const struct snapshot *snapshot, const struct leg *leg)
{
	for (unsigned i = 0; i < leg->n_aces; i++)
		__atomic_store_n(&snapshot->matches[leg->aces[i]], snapshot->matches[leg->aces[i]] + 1,
				 __ATOMIC_RELAXED);
}

void engine_record(struct engine *engine, uint64_t now, const struct packet *packet,
		   const struct decoded *view, struct decision *decision, struct rewrite *rewrite)
{
	struct leg *out = &decision->out, *in = &decision->in;

	engine->reopened = RECORD_NONE;
	count_matches(engine->snapshot, out);
	end_stale(engine, now, out);
	end_stale(engine, now, in);
	if (packet->visit == VISIT_TURN_BACK && out->kind != LEG_NONE &&
	    (in->kind != LEG_NONE || decision->reason == REASON_FILTERED))
		decision->reason = do_turn(engine, now, packet, view, decision, rewrite);
	else if (out->kind != LEG_NONE)
		decision->reason = do_one(engine, now, packet, view, decision, out, rewrite);
	else if (in->kind != LEG_NONE)
		decision->reason = do_one(engine, now, packet, view, decision, in, rewrite);
	else if (decision->reason == REASON_HAIRPIN)
		*rewrite = rewrite_to(view, decision->turned,
				      (struct endpoint){view->destination, view->destination_port});
}
