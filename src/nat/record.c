/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a decision changes: flows made and touched, with the bindings they need.
 *
 * Promises: O(1), no malloc; either everything that a packet needs is made, or nothing and the reason says why. A
 * refusal never costs a live flow. May not decide what is to be translated.
 */
#include "nat/state.h"

/* ---- making flows ---- */

static uint8_t first_phase(const struct decoded *view, const struct leg *leg)
{
	if (view->protocol != PROTOCOL_TCP)
		return PHASE_DATAGRAM;
	if (view->tcp_flags & (TCP_FIN | TCP_RST))
		return PHASE_CLOSING;
	/* Answers to the router's own connections find its socket and do not come by here. */
	if (leg->kind == LEG_IDENTITY && !(view->tcp_flags & TCP_SYN))
		return PHASE_ESTABLISHED;
	return PHASE_SYN;
}

static struct flow_record flow_body(const struct engine *engine, uint64_t now, uint16_t vrf,
				    const struct decoded *view, const struct leg *leg)
{
	struct flow_record body = {
		.vrf = vrf,
		.protocol = view->protocol,
		.phase = first_phase(view, leg),
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
		.epoch = engine->snapshot->epoch,
		.binding = leg->binding,
	};

	if (view->protocol == PROTOCOL_ICMP) {
		body.ol_port = leg->il.port;
		body.og_port = leg->ig.port;
	}
	if (leg->kind == LEG_STATIC)
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
	if (flow->flags & FLOW_IDENTITY)
		engine->identities++;
	else
		use_add(engine->uses, flow->rule);
}

static void note_peak(struct engine *engine, uint64_t now)
{
	uint32_t total = entries(engine) + engine->snapshot->n_statics;

	if (total <= engine->counts.peak)
		return;
	engine->counts.peak = total;
	engine->counts.peak_at = now;
}

static bool has_room(struct engine *engine, const struct leg *leg)
{
	uint32_t max = engine->snapshot->max_entries;

	if (leg->kind == LEG_IDENTITY || max == 0 || entries(engine) < max)
		return true;
	engine->counts.limit_missed++;
	return false;
}

static enum reason make_flow(struct engine *engine, uint64_t now, uint16_t vrf, const struct decoded *view,
			     struct leg *leg, uint32_t *made)
{
	struct flow_record body;
	enum reason reason;
	uint32_t index;

	if (!has_room(engine, leg))
		return REASON_NO_ENTRY;
	reason = leg_bind(engine, now, vrf, view->protocol, leg);
	if (reason != REASON_TRANSLATED_NEW)
		return reason;
	body = flow_body(engine, now, vrf, view, leg);
	index = flow_add(engine->flows, &body, seconds(now));
	if (index == RECORD_NONE) {
		leg_unbind(engine, now, leg->binding);
		return REASON_NO_ENTRY;
	}
	flow_count_in(engine, index, leg->binding);
	flow_arm(engine, now, index);
	note_peak(engine, now);
	if (leg->kind != LEG_IDENTITY)
		flow_event(engine, now, EVENT_CREATED, flow_at(engine->flows, index));
	engine->counts.misses++;
	*made = index;
	return REASON_TRANSLATED_NEW;
}

/* ---- touching ---- */

static uint8_t next_phase(const struct flow_record *flow, const struct decoded *view, uint8_t heard)
{
	if (view->tcp_flags & (TCP_FIN | TCP_RST))
		return PHASE_CLOSING;
	if (flow->phase == PHASE_CLOSING)
		/* The same ports again for a new connection. */
		return (view->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN ? PHASE_SYN : PHASE_CLOSING;
	if (flow->phase == PHASE_ESTABLISHED)
		return PHASE_ESTABLISHED;
	if (heard == (FLOW_SEEN_IN | FLOW_SEEN_OUT))
		return PHASE_ESTABLISHED;
	return (flow->flags & FLOW_IDENTITY) && !(view->tcp_flags & TCP_SYN) ? PHASE_ESTABLISHED : PHASE_SYN;
}

static void hear(struct engine *engine, uint64_t now, const struct flow_slot *slot,
		 const struct decoded *view)
{
	uint8_t side = slot->key.side == SIDE_INSIDE ? FLOW_SEEN_IN : FLOW_SEEN_OUT;
	struct flow_record *flow = flow_at(engine->flows, slot->flow);
	uint8_t heard = (flow->flags | side) & (FLOW_SEEN_IN | FLOW_SEEN_OUT), phase;

	if (!(flow->flags & side))
		flow->flags |= side;
	if (flow->protocol != PROTOCOL_TCP)
		return;
	phase = next_phase(flow, view, heard);
	if (phase == flow->phase)
		return;
	if (flow->phase == PHASE_CLOSING)
		flow->flags = (uint8_t)((flow->flags & ~(FLOW_SEEN_IN | FLOW_SEEN_OUT)) | side);
	flow->phase = phase;
	flow_arm(engine, now, slot->flow);
}

static void recheck(struct engine *engine, uint64_t now, uint32_t index)
{
	uint32_t epoch = engine->snapshot->epoch;

	flow_at(engine->flows, index)->epoch = epoch;
	flow_slot_of(engine->flows, index, SIDE_INSIDE)->epoch = epoch;
	flow_slot_of(engine->flows, index, SIDE_OUTSIDE)->epoch = epoch;
	flow_arm(engine, now, index); /* timeouts may have changed too */
}

/* The cold record is left alone while nothing can change there: established packets cost one cache line. */
static void touch(struct engine *engine, uint64_t now, struct flow_slot *slot, const struct decoded *view)
{
	bool first = slot->packets++ == 0;

	slot->bytes += view->length;
	slot->last_used_s = seconds(now);
	if (first || (view->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		hear(engine, now, slot, view);
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

/* The packet's only translation. */
static enum reason do_one(struct engine *engine, uint64_t now, struct decision *decision,
			  const struct decoded *view, struct leg *leg, struct rewrite *rewrite)
{
	enum reason reason = decision->reason;
	uint32_t made;

	if (leg->kind == LEG_FLOW) {
		if (leg->recheck)
			recheck(engine, now, leg->flow);
		engine->counts.hits++;
	} else {
		enum reason outcome = make_flow(engine, now, decision->vrf, view, leg, &made);

		/* The router's own packet holds nothing to hide: no room for its record does not stop it. */
		if (leg->kind == LEG_IDENTITY && outcome == REASON_NO_ENTRY)
			return REASON_FROM_ROUTER;
		if (outcome != REASON_TRANSLATED_NEW)
			return outcome;
		leg->slot = flow_slot_of(engine->flows, made, (enum flow_side)decision->side);
	}
	touch(engine, now, leg->slot, view);
	*rewrite = rewrite_of_slot(view, leg->slot);
	return reason;
}

/* A leg of a hairpin as a flow index: making the one may move the slot of the other. */
static enum reason turn_leg(struct engine *engine, uint64_t now, struct decision *decision,
			    const struct decoded *view, struct leg *leg, uint32_t *index)
{
	if (leg->kind != LEG_FLOW)
		return make_flow(engine, now, decision->vrf, view, leg, index);
	if (leg->recheck)
		recheck(engine, now, *index);
	engine->counts.hits++;
	return REASON_HAIRPIN;
}

/* The receiver's flow is made to what the sender's flow turned out to be. A host that talks to its own global address has
 * the flow already: it is its own receiver. */
static void meet(struct engine *engine, const struct decision *decision, const struct decoded *view,
		 uint32_t sender, struct leg *in, uint32_t *receiver)
{
	const struct flow_record *flow = flow_at(engine->flows, sender);
	struct flow_slot *slot;

	in->og = (struct endpoint){flow->ig, flow->ig_port};
	if (view->kind == L4_QUERY)
		in->ig.port = in->il.port = flow->ig_port;
	struct flow_key key = {in->og.addr, in->ig.addr,
			       view->kind == L4_QUERY ? 0 : in->og.port, in->ig.port,
			       view->protocol, SIDE_OUTSIDE, decision->vrf};

	slot = flow_lookup(engine->flows, &key);
	if (slot == NULL)
		return;
	in->kind = LEG_FLOW;
	*receiver = slot->flow;
}

/* Visit 2 changes the destination, visit 3 the source. Of a query's identifier each visit changes what its side translates;
 * one of the two always keeps it, because one side is static. */
static enum reason turned(struct engine *engine, uint64_t now, const struct decoded *view, uint32_t sender,
			  uint32_t receiver, struct rewrite *rewrite)
{
	const struct flow_record *out = flow_at(engine->flows, sender);
	const struct flow_record *in = flow_at(engine->flows, receiver);
	struct endpoint source = {view->source, view->source_port};

	if (view->kind == L4_QUERY && out->il_port != out->ig_port && in->il_port != in->ig_port)
		return REASON_NO_FLOW;
	if (view->kind == L4_QUERY && out->il_port == out->ig_port)
		source.port = in->il_port;
	*rewrite = rewrite_to(view, source, (struct endpoint){in->il, in->il_port});
	touch(engine, now, flow_slot_of(engine->flows, sender, SIDE_INSIDE), view);
	touch(engine, now, flow_slot_of(engine->flows, receiver, SIDE_OUTSIDE), view);
	return REASON_HAIRPIN;
}

static enum reason do_turn(struct engine *engine, uint64_t now, struct decision *decision,
			   const struct decoded *view, struct rewrite *rewrite)
{
	struct leg *out = &decision->out, *in = &decision->in;
	uint32_t sender = out->kind == LEG_FLOW ? out->flow : RECORD_NONE;
	uint32_t receiver = in->kind == LEG_FLOW ? in->flow : RECORD_NONE;
	bool made = sender == RECORD_NONE;
	enum reason reason = turn_leg(engine, now, decision, view, out, &sender);

	if (reason_verdict(reason) == VERDICT_DROP)
		return reason;
	if (receiver == RECORD_NONE)
		meet(engine, decision, view, sender, in, &receiver);
	reason = turn_leg(engine, now, decision, view, in, &receiver);
	if (reason_verdict(reason) == VERDICT_DROP) {
		if (made)
			flow_end(engine, now, sender, EVENT_REMOVED);
		return reason;
	}
	return turned(engine, now, view, sender, receiver, rewrite);
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

	count_matches(engine->snapshot, out);
	end_stale(engine, now, out);
	end_stale(engine, now, in);
	if (packet->visit == VISIT_TURN_BACK && out->kind != LEG_NONE && in->kind != LEG_NONE)
		decision->reason = do_turn(engine, now, decision, view, rewrite);
	else if (out->kind != LEG_NONE)
		decision->reason = do_one(engine, now, decision, view, out, rewrite);
	else if (in->kind != LEG_NONE)
		decision->reason = do_one(engine, now, decision, view, in, rewrite);
	else if (decision->reason == REASON_HAIRPIN)
		*rewrite = rewrite_to(view, decision->turned,
				      (struct endpoint){view->destination, view->destination_port});
}
