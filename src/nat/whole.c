/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagrams that come in fragments: which of them have to be whole before anything is decided, and how they leave.
 *
 * Before routing (visits 1 and 2) the whole datagram replaces its last fragment, so that the kernel routes it, counts its TTL
 * and shows it to the host's filters once, like any other. At visit 3 all that is done, and the pieces are emitted, no
 * larger than those that came. A datagram of visit 1 comes there a second time for that: its mark has both bits, done and
 * hairpin.
 *
 * Promises: a fragment of a covered source, or to an address that we give out, or of an ICMP message to the outside, never
 * leaves but as part of its datagram; any other is not touched. May not decide what is translated.
 */
#include "nat/state.h"

/* Could the datagram be translated, whatever its other pieces say? The later ones say nothing of ports, so nobody's ports
 * count, and an entry about later fragments counts for all. */
static bool may_be_covered(const struct ask *ask)
{
	struct acl_subject subject = {.source = ask->view->source,
				      .destination = ask->view->destination,
				      .protocol = ask->view->protocol};

	if (covers(ask, &subject))
		return true;
	subject.later_fragment = true;
	return covers(ask, &subject);
}

/* An address of the router that no rule and no static entry gives out is the router's alone. */
static bool is_given_out(const struct ask *ask)
{
	const struct snapshot_own *own = snapshot_own(ask->snapshot, ask->view->destination);

	return snapshot_is_global(ask->snapshot, ask->view->destination) || (own != NULL && own->shared);
}

/* To the outside: what may be translated, and every ICMP message of somebody inside, whoever it is, because it may be an error
 * that quotes a covered host. */
static bool matters_outside(const struct ask *ask)
{
	if (ask->out_role != ROLE_OUTSIDE)
		return false;
	if (ask->in_role == ROLE_INSIDE && ask->view->protocol == PROTOCOL_ICMP)
		return true;
	return (ask->in_role == ROLE_INSIDE || ask->packet->in_ifindex == 0) && may_be_covered(ask);
}

static bool matters(const struct ask *ask)
{
	switch (ask->packet->visit) {
	case VISIT_FROM_OUTSIDE:
		return ask->in_role == ROLE_OUTSIDE && is_given_out(ask);
	case VISIT_TURN_BACK:
		return ask->in_role == ROLE_INSIDE && is_given_out(ask);
	case VISIT_TO_OUTSIDE:
		return matters_outside(ask);
	default:
		return false;
	}
}

/* The limits of the interface it came in by, else of the one it leaves by, else ours. */
static struct frag_place place_of(const struct ask *ask)
{
	const struct packet *packet = ask->packet;
	const struct snapshot_reassembly *row =
		snapshot_reassembly(ask->snapshot, packet->in_ifindex, false);
	struct frag_place place = {.vrf = ask->vrf,
				   .visit = packet->visit,
				   .ifindex = packet->in_ifindex,
				   .limits = &frag_limits_builtin};

	if (row == NULL && packet->visit == VISIT_TO_OUTSIDE) {
		row = snapshot_reassembly(ask->snapshot, packet->out_ifindex, true);
		place.out = row != NULL;
	}
	if (row != NULL) {
		place.ifindex = row->ifindex;
		place.limits = &row->limits;
	}
	return place;
}

static void count_lost(struct engine *engine)
{
	engine->counts.reasons[REASON_FRAGMENT_LOST] += frag_lost(engine->frags);
}

/* REASSEMBLED: packet and view are the whole datagram now. */
static enum reason collect(struct engine *engine, uint64_t now, const struct ask *ask, struct packet *packet,
			   struct decoded *view, uint32_t *largest)
{
	struct frag_whole whole = {.data = packet->data,
				   .room = packet->room > packet->length ? packet->room : packet->length};
	struct frag_place place = place_of(ask);
	enum reason reason = frag_add(engine->frags, now, &place, view, &whole);

	count_lost(engine);
	if (reason != REASON_REASSEMBLED)
		return reason;
	packet->length = whole.length;
	packet->checksum_partial = packet->checksum_good = packet->gso = false;
	if (!decode_packet(packet->data, packet->length, view))
		return REASON_MALFORMED;
	*largest = whole.largest;
	return reason;
}

static struct frag_name name_of(const struct decoded *view, uint16_t vrf)
{
	return (struct frag_name){.source = view->source,
				  .destination = view->destination,
				  .id = view->ip_id,
				  .vrf = vrf,
				  .protocol = view->protocol};
}

/* One that was put together at an earlier visit. Both marks: nothing is left to be translated. */
static bool look_again(struct engine *engine, const struct ask *ask, uint32_t *largest,
		       struct decision *decision)
{
	struct frag_name name = name_of(ask->view, ask->vrf);

	*largest = frag_noted(engine->frags, &name);
	decision->reason = REASON_PASSED_WHOLE;
	return ask->packet->mark & MARK_DONE;
}

bool whole_look(struct engine *engine, uint64_t now, struct packet *packet, struct decoded *view,
		uint32_t *largest, struct decision *decision)
{
	bool again = packet->visit == VISIT_TO_OUTSIDE && (packet->mark & MARK_HAIRPIN);
	struct ask ask;

	if (!again && (!view->fragment || view->l4 == NULL))
		return false;
	ask = ask_of(engine, engine->snapshot, packet, view);
	*decision = decision_of(REASON_NOT_OURS);
	decision->vrf = ask.vrf;
	decision->side = packet->visit == VISIT_FROM_OUTSIDE ? SIDE_OUTSIDE : SIDE_INSIDE;
	if (again)
		return look_again(engine, &ask, largest, decision);
	if (!matters(&ask))
		return false;
	decision->reason = collect(engine, now, &ask, packet, view, largest);
	return decision->reason != REASON_REASSEMBLED;
}

static void send_pieces(const struct packet *packet, const struct decoded *view, uint16_t vrf, uint32_t largest,
			struct out *out)
{
	struct emitted *emitted = &out->emitted[out->n_emitted++];

	emitted->large = packet->data;
	emitted->length = view->length;
	emitted->piece = largest;
	emitted->vrf = vrf;
	emitted->inward = false; /* the way is chosen already */
	emitted->ifindex = packet->out_ifindex;
}

void whole_send(struct engine *engine, const struct packet *packet, const struct decoded *view,
		const struct decision *decision, uint32_t largest, struct out *out)
{
	struct frag_name name = name_of(view, decision->vrf);

	if (out->verdict != VERDICT_ACCEPT && out->verdict != VERDICT_REPLACE)
		return;
	if (packet->visit == VISIT_TO_OUTSIDE) {
		send_pieces(packet, view, decision->vrf, largest, out);
		out->reason = REASON_REASSEMBLED;
		out->verdict = VERDICT_TAKE;
		engine->counts.reasons[REASON_REASSEMBLED]++;
		return;
	}
	frag_note(engine->frags, &name, largest);
	out->verdict = VERDICT_REPLACE;
	out->mark |= MARK_HAIRPIN;
}

void whole_tick(struct engine *engine, uint64_t now)
{
	frag_tick(engine->frags, now);
	count_lost(engine);
}
