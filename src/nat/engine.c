/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine: a packet and the time go in, a verdict and packets to be sent come out. The whole way of a packet is
 * engine_packet() below; each step is a file of its own:
 *
 *   decode.c   bytes -> view
 *   whole.c    fragments -> packet
 *   decide.c   view -> decision       icmp.c     the same for ICMP errors, by the packet they quote
 *   record.c   flows made, touched    bind.c     bindings made, ports and addresses given
 *   session.c  gateways that read and change messages (session_*.c; resolve.c, expected.c, stream.c)
 *   rewrite.c  decision -> bytes      refuse.c   answers to refused packets
 *
 * and beside that way
 *
 *   age.c      timers and ends        swap.c     life, configuration, adoption
 *   inspect.c  what show and clear see
 *
 * They share struct engine (state.h) and stand on tables that know no policy: records, flow, binding, port, pool, use, frag,
 * ident, event, and the compiled configuration (snapshot, acl).
 *
 * Promises: every packet leaves with a reason; a covered source leaves translated or not at all; cost does not depend on how
 * many flows there are. May not open anything, ask the time, or allocate for a packet.
 */
#include "nat/engine.h"

#include "nat/mss.h"
#include "nat/session.h"
#include "nat/state.h"

#define REPLACED_MAX 65531 /* a larger payload wraps in its netlink attribute, and the original would be accepted */
#define TICK_NODES   2048  /* timers that one engine_tick looks at */
#define SEGMENT_MIN  536   /* RFC 9293 3.7.1: of a large packet that the kernel will cut, no smaller ones are expected */

/* ---- leaving ---- */

static void count(struct engine *engine, enum reason reason, uint8_t side)
{
	engine->counts.reasons[reason]++;
	if (reason_verdict(reason) != VERDICT_DROP)
		return;
	if (side == SIDE_OUTSIDE)
		engine->counts.out_to_in_drops++;
	else
		engine->counts.in_to_out_drops++;
}

static bool is_refusal(enum reason reason)
{
	return reason == REASON_NO_PORT || reason == REASON_NO_ADDRESS || reason == REASON_NO_ENTRY ||
	       reason == REASON_FLOW_COLLISION;
}

/* Does anybody debug such packets? */
static bool is_watched(const struct engine *engine, const struct decoded *before)
{
	struct acl_subject subject;

	if (!engine->packet_events)
		return false;
	if (engine->event_list == NULL)
		return true;
	subject = subject_of(before);
	return snapshot_acl_permits(engine->event_list, 0, &subject);
}

static bool wants_event(const struct engine *engine, enum event_kind kind, enum verdict verdict,
			const struct decoded *before)
{
	return kind == EVENT_REFUSED ||
	       ((verdict == VERDICT_REPLACE || verdict == VERDICT_DROP) && is_watched(engine, before));
}

/* Endpoints before (as they came) and after. */
static void put_event(struct engine *engine, uint64_t now, const struct decision *decision,
		      const struct decoded *before, const struct decoded *after, bool made)
{
	enum verdict verdict = reason_verdict(decision->reason);
	enum event_kind kind = is_refusal(decision->reason) ? EVENT_REFUSED
			       : verdict == VERDICT_DROP    ? EVENT_DROPPED
							    : EVENT_TRANSLATED;
	struct event event;

	if (!wants_event(engine, kind, verdict, before))
		return;
	event = (struct event){
		.now = now,
		.kind = kind,
		.reason = (uint8_t)decision->reason,
		.protocol = before->protocol,
		.side = decision->side,
		.first = made,
		.vrf = decision->vrf,
		.ip_id = before->ip_id,
		.il = {before->source, before->source_port},
		.ig = {after->source, after->source_port},
		.ol = {before->destination, before->destination_port},
		.og = {after->destination, after->destination_port},
		.rule = decision->out.id != 0 ? decision->out.id : decision->in.id,
	};
	event_put(&engine->events, &event);
}

static uint32_t mark_of(const struct packet *packet, enum reason reason, uint16_t vrf)
{
	uint32_t mark = (packet->mark & ~MARK_MASK) | (uint32_t)(vrf & 0x7f) << MARK_VRF_SHIFT;

	/* Half of a hairpin: the other half makes it done. What is not turned back has not been asked yet whether it may
	 * go outside. */
	if (packet->visit == VISIT_TURN_BACK)
		return reason_verdict(reason) == VERDICT_REPLACE ? mark | MARK_HAIRPIN : mark;
	if (packet->visit == VISIT_FROM_OUTSIDE && reason_verdict(reason) == VERDICT_REPLACE)
		mark |= MARK_INWARD;
	return mark | MARK_DONE;
}

/* ---- the way of a packet ---- */

void engine_prepare(const struct engine *engine, const struct packet *packet, struct prepared *prepared)
{
	struct ask ask;

	prepared->keyed = false;
	prepared->decoded = engine->snapshot != NULL && decode_packet(packet->data, packet->length, &prepared->view);
	if (!prepared->decoded)
		return;
	ask = ask_of(engine, engine->snapshot, packet, &prepared->view);
	if (!key_first(&ask, &prepared->key))
		return;
	prepared->hash = flow_hash(engine->flows, &prepared->key);
	prepared->keyed = true;
	flow_prefetch(engine->flows, prepared->hash);
}

/* Who may be fragmented on the way needs an identification that no other host behind the same address has (RFC 7857 on
 * IP identification); who may not has no use for one (RFC 6864 4.1). A segment of the kernel's cutting takes the next one. */
static void renumber(struct engine *engine, const struct packet *packet, const struct decoded *before,
		     struct decoded *view)
{
	uint32_t segments = packet->gso ? view->length / SEGMENT_MIN + 1 : 1;
	uint16_t id;

	if (view->source == before->source || view->dont_fragment)
		return;
	id = ident_next(engine->idents, view->source, view->destination, view->protocol, segments);
	rewrite_id(view, id);
}

static void rewrite_bytes(struct packet *packet, struct decoded *view, const struct decision *decision,
			  const struct rewrite *rewrite)
{
	if (view->kind == L4_ERROR)
		icmp_apply(view, &decision->error);
	else
		rewrite_apply(view, rewrite);
	if (packet->gso && view->protocol == PROTOCOL_UDP)
		rewrite_pieces(view);
	else if (packet->checksum_partial)
		rewrite_complete(view);
	packet->length = view->length; /* padding stays behind */
}

/* Of what passes through, translated or not; the router's own connections are its own business. */
static void lower_mss(const struct engine *engine, struct packet *packet, struct decoded *view, struct out *out)
{
	bool passes = out->verdict == VERDICT_REPLACE ||
		      (out->verdict == VERDICT_ACCEPT && out->reason != REASON_TO_ROUTER);

	if (!passes || packet->in_ifindex == 0 || view->kind != L4_PORTS || view->fragment ||
	    !(view->tcp_flags & TCP_SYN) || engine->snapshot->n_mss == 0 ||
	    !mss_lower(view, mss_limit(engine->snapshot, packet, view->destination)))
		return;
	if (out->verdict == VERDICT_ACCEPT && packet->checksum_partial)
		rewrite_complete(view);
	packet->length = view->length;
	out->verdict = VERDICT_REPLACE;
}

static struct decision take_in(struct engine *engine, uint64_t now, struct packet *packet,
			       struct decoded *view, uint32_t *largest)
{
	struct decision decision;

	if (engine->snapshot == NULL)
		return decision_of(REASON_NO_CONFIG);
	if (packet->prepared != NULL && packet->prepared->decoded)
		*view = packet->prepared->view;
	else if (!decode_packet(packet->data, packet->length, view))
		return decision_of(REASON_MALFORMED);
	if (whole_look(engine, now, packet, view, largest, &decision))
		return decision;
	return engine_decide(engine, engine->snapshot, packet, view);
}

/* Does it fit into what carries it back? Pieces do always. */
static bool is_sendable(const struct packet *packet, const struct decoded *view, enum reason reason,
			uint32_t largest)
{
	if (largest != 0 && packet->visit == VISIT_TO_OUTSIDE)
		return true;
	return view->length <= REPLACED_MAX ||
	       (reason_verdict(reason) != VERDICT_REPLACE &&
		(largest == 0 || reason_verdict(reason) != VERDICT_ACCEPT));
}

/* Or several that can be written as one. */
static bool is_one(const struct packet *packet, const struct decoded *view)
{
	return !packet->gso || view->protocol == PROTOCOL_TCP || view->protocol == PROTOCOL_UDP;
}

void engine_packet(struct engine *engine, uint64_t now, struct packet *packet, struct out *out)
{
	struct decoded view = {0}, before;
	struct rewrite rewrite = {0};
	uint32_t largest = 0; /* of the pieces that the packet came in; 0: it is as it was sent */
	struct decision decision = take_in(engine, now, packet, &view, &largest);

	before = view;
	emit_none(engine, out);
	if (!is_sendable(packet, &view, decision.reason, largest))
		decision.reason = REASON_TOO_BIG;
	else
		engine_record(engine, now, packet, &view, &decision, &rewrite);
	if (decision.read != RECORD_NONE)
		session_packet(engine, now, packet, &view, &decision, &rewrite, out);
	if (reason_verdict(decision.reason) == VERDICT_REPLACE && !is_one(packet, &view))
		decision.reason = REASON_CUT;
	if (reason_verdict(decision.reason) == VERDICT_REPLACE) {
		rewrite_bytes(packet, &view, &decision, &rewrite);
		renumber(engine, packet, &before, &view);
	}
	if (is_refusal(decision.reason))
		refuse_emit(engine, now, packet, &view, out);
	if (decision.reason == REASON_UNSOLICITED_SYN || decision.reason == REASON_FILTERED)
		refuse_later(engine, now, packet, &view, &decision);
	out->reason = decision.reason;
	out->verdict = reason_verdict(decision.reason);
	out->mark = mark_of(packet, decision.reason, decision.vrf);
	lower_mss(engine, packet, &view, out);
	if (largest != 0)
		whole_send(engine, packet, &view, &decision, largest, out);
	count(engine, decision.reason, decision.side);
	put_event(engine, now, &decision, &before, &view, decision.reason == REASON_TRANSLATED_NEW);
}

/* ---- time ---- */

void engine_tick(struct engine *engine, uint64_t now, struct out *out)
{
	uint32_t node;

	emit_none(engine, out);
	for (int i = 0; i < TICK_NODES && wheel_due(engine->wheel, now, &node); i++)
		node_due(engine, now, node);
	whole_tick(engine, now);
	refuse_due(engine, now, out);
	session_due(engine, now, out);
}

uint64_t engine_next(const struct engine *engine)
{
	uint64_t next = wheel_next(engine->wheel), fragments = frag_next(engine->frags), syns = syn_next(engine->syns);

	if (fragments < next)
		next = fragments;
	if (session_next(engine) < next)
		next = session_next(engine);
	return syns < next ? syns : next;
}
