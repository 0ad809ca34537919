/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICMP errors: the packet an error quotes finds the flow, the flow says what outer and quoted addresses become (RFC 5508
 * REQ-3 to REQ-7, RFC 4884).
 *
 * Promises: an error that goes outside never shows an inside address, outer or quoted: it is translated or dropped by
 * name; a quoted text that a gateway may have translated for who quotes it is blanked. An error makes no state and ends none.
 * Trusts a quote only when the message's checksum is right.
 */
#include "lib/bytes.h"
#include "nat/decide.h"
#include "nat/rewrite.h"
#include "nat/session.h"

static struct endpoint source_of(const struct decoded *view)
{
	return (struct endpoint){view->source, view->source_port};
}

static struct endpoint destination_of(const struct decoded *view)
{
	return (struct endpoint){view->destination, view->destination_port};
}

static bool quote_keyed(const struct decoded *quote)
{
	return !quote->later_fragment &&
	       (quote->kind == L4_PORTS || quote->kind == L4_QUERY || quote->kind == L4_OTHER);
}

/* The flow of a quoted packet that came from outside and has been translated: its destination is the inside local. half: room
 * for what a half entry says where there is no flow. */
static const struct flow_record *flow_inbound(const struct ask *ask, const struct decoded *quote,
					      struct flow_record *half)
{
	const struct flow_record *flow;

	if (!quote_keyed(quote))
		return NULL;
	struct flow_key key =
		key_inside(ask, quote, destination_of(quote), source_of(quote));

	flow = flow_good(ask, &key);
	if (flow == NULL && half_inbound(ask, quote->protocol, destination_of(quote), source_of(quote), half))
		flow = half;
	return flow;
}

/* The flow of a quoted packet that went outside: its source is the inside global. */
static const struct flow_record *flow_outbound(const struct ask *ask, const struct decoded *quote,
					       struct flow_record *half)
{
	const struct flow_record *flow;

	if (!quote_keyed(quote))
		return NULL;
	struct flow_key key =
		key_outside(ask, quote, destination_of(quote), source_of(quote));

	flow = flow_good(ask, &key);
	if (flow == NULL && half_outbound(ask, quote->protocol, source_of(quote), destination_of(quote), half))
		flow = half;
	return flow;
}

static bool is_query(const struct flow_record *flow)
{
	return flow->protocol == PROTOCOL_ICMP;
}

/* Seen from outside: what an inbound packet was before its translation. */
static void quote_to_global(const struct flow_record *flow, struct icmp_change *change)
{
	change->quote_source = (struct endpoint){flow->og, flow->og_port};
	change->quote_destination = (struct endpoint){flow->ig, flow->ig_port};
	if (is_query(flow))
		change->quote_source.port = flow->ig_port;
}

/* Seen from inside: what an outbound packet was before its translation. */
static void quote_to_local(const struct flow_record *flow, struct icmp_change *change)
{
	change->quote_source = (struct endpoint){flow->il, flow->il_port};
	change->quote_destination = (struct endpoint){flow->ol, flow->ol_port};
}

/* The quoted packet, which `side` of this flow sent, is as a gateway left it. Who is told knows it by his own number (a TCP heeds
 * no other: RFC 5927 4.1); its text may be what only its receiver should read. */
static void quote_read(const struct ask *ask, const struct flow_record *flow, uint8_t side, const struct decoded *quote,
		       bool hide, struct icmp_change *change)
{
	uint32_t seq;

	if (!(flow->flags & FLOW_ALG))
		return;
	change->blank = hide;
	if (quote->protocol != PROTOCOL_TCP)
		return;
	seq = get_be32(quote->l4 + 4);
	change->numbers = session_sent_as(ask->engine, flow, side, seq) - seq;
}

/* Is the quoted destination (or source) an address that only the inside may see? */
static bool quote_covered(const struct ask *ask, const struct decoded *quote)
{
	struct acl_subject to = {.source = quote->destination,
				 .destination = quote->source,
				 .protocol = quote->protocol};
	struct acl_subject from = {.source = quote->source,
				   .destination = quote->destination,
				   .protocol = quote->protocol};

	return covers(ask, &to) || covers(ask, &from);
}

static bool source_covered(const struct ask *ask)
{
	struct acl_subject subject = subject_of(ask->view);

	return covers(ask, &subject);
}

/* A redirect names a neighbour of its sender, in a place that nobody translates. */
static bool gateway_covered(const struct ask *ask)
{
	const uint8_t *at = ask->view->l4 + 4;
	struct acl_subject subject = {.source = (ip4)at[0] << 24 | (ip4)at[1] << 16 | (ip4)at[2] << 8 | at[3],
				      .destination = ask->view->destination};
	const struct snapshot_own *own = snapshot_own(ask->snapshot, subject.source);

	return covers(ask, &subject) || (own != NULL && own->role == ROLE_INSIDE);
}

static bool to_router(const struct ask *ask)
{
	return snapshot_own(ask->snapshot, ask->view->destination) != NULL;
}

/* Options of either header may list addresses that nobody translates. */
static enum reason checked(const struct ask *ask, const struct decoded *quote)
{
	if (ask->view->routing_option || quote->routing_option)
		return REASON_IP_OPTION;
	return decode_verify(ask->view, true) ? REASON_TRANSLATED_ICMP_ERROR : REASON_BAD_CHECKSUM;
}

/* Visit 3: an inside host or router, or we ourselves, tell the outside about a packet that came in. */
static enum reason error_out(const struct ask *ask, struct icmp_change *change)
{
	bool own = ask->packet->in_ifindex == 0;
	const struct flow_record *flow;
	struct flow_record half;
	struct decoded quote;

	if (!decode_quote(ask->view, &quote))
		return REASON_QUOTED_MALFORMED;
	flow = flow_inbound(ask, &quote, &half);
	/* What somebody inside says about the router's own flow gets no cover from it. */
	if (flow != NULL && (flow->flags & FLOW_IDENTITY) && !own)
		flow = NULL;
	if (ask->view->icmp_type == ICMP_REDIRECT && (flow != NULL || gateway_covered(ask)))
		return REASON_REDIRECT;
	if (flow == NULL) {
		if (source_covered(ask) || quote_covered(ask, &quote))
			return REASON_QUOTED_UNKNOWN;
		return own ? REASON_FROM_ROUTER : REASON_NOT_COVERED;
	}
	if (flow->flags & FLOW_IDENTITY)
		return REASON_FROM_ROUTER;
	change->source = ask->view->source;
	change->destination = ask->view->destination;
	/* A router on the inside path speaks for the host (RFC 5508 REQ-5). */
	if (change->source == flow->il || source_covered(ask))
		change->source = flow->ig;
	quote_to_global(flow, change);
	quote_read(ask, flow, SIDE_OUTSIDE, &quote, true, change);
	return checked(ask, &quote);
}

/* Visit 1: the outside tells an inside host about a packet that it sent. */
static enum reason error_in(const struct ask *ask, struct icmp_change *change)
{
	enum reason unknown = to_router(ask) ? REASON_TO_ROUTER : REASON_QUOTED_UNKNOWN;
	const struct flow_record *flow;
	struct flow_record half;
	struct decoded quote;

	if (!is_ours(ask, ask->view->destination))
		return REASON_NO_TRANSLATION_NEEDED;
	if (!decode_quote(ask->view, &quote))
		return to_router(ask) ? REASON_TO_ROUTER : REASON_QUOTED_MALFORMED;
	flow = flow_outbound(ask, &quote, &half);
	if (flow == NULL || flow->ig != ask->view->destination)
		return unknown;
	if (flow->flags & FLOW_IDENTITY)
		return REASON_TO_ROUTER;
	change->source = ask->view->source;
	change->destination = flow->il;
	quote_to_local(flow, change);
	quote_read(ask, flow, SIDE_INSIDE, &quote, false, change);
	return checked(ask, &quote);
}

/* Visit 2: about a packet that was turned back, told to the sender's global address. Through the receiver's flow to what
 * the sender's flow put out, and through that to what the sender sent. */
static enum reason error_turn(const struct ask *ask, struct icmp_change *change)
{
	enum reason unknown = to_router(ask) ? REASON_TO_ROUTER : REASON_QUOTED_UNKNOWN;
	const struct flow_record *receiver, *sender;
	struct flow_record half;
	struct decoded quote;
	bool read; /* a gateway reads datagrams of a hairpin by the flow of who opened it */

	if (!decode_quote(ask->view, &quote))
		return to_router(ask) ? REASON_TO_ROUTER : REASON_QUOTED_MALFORMED;
	receiver = flow_inbound(ask, &quote, &half);
	if (receiver == NULL)
		return unknown;
	read = (receiver->flags & FLOW_ALG) != 0;
	quote.destination = receiver->ig;
	quote.destination_port = receiver->ig_port;
	if (is_query(receiver))
		quote.source_port = receiver->ig_port;
	sender = flow_outbound(ask, &quote, &half);
	if (sender == NULL || sender->ig != ask->view->destination)
		return unknown;
	change->source = ask->view->source;
	change->destination = sender->il;
	quote_to_local(sender, change);
	quote_read(ask, sender, SIDE_INSIDE, &quote, true, change);
	change->blank |= read;
	return checked(ask, &quote);
}

/* Visit 3 with the hairpin mark: the quote is done, the receiver still has to hide behind its global address. */
static enum reason error_turned(const struct ask *ask, struct icmp_change *change)
{
	const struct flow_record *sender;
	struct decoded quote;
	struct flow_key key;

	if (!decode_quote(ask->view, &quote) || !quote_keyed(&quote))
		return REASON_QUOTED_MALFORMED;
	key = key_inside(ask, &quote, source_of(&quote), destination_of(&quote));
	sender = flow_good(ask, &key);
	if (sender == NULL)
		return REASON_QUOTED_UNKNOWN;
	change->source = sender->ol;
	change->destination = ask->view->destination;
	change->quote_source = source_of(&quote);
	change->quote_destination = destination_of(&quote);
	return checked(ask, &quote);
}

/* Visit 4, to the inside: about a packet of a hairpin between its two translations. */
static enum reason error_own_inside(const struct ask *ask, struct icmp_change *change)
{
	const struct flow_record *sender, *receiver;
	struct decoded quote;

	if (!decode_quote(ask->view, &quote) || !quote_keyed(&quote) ||
	    !turned_flows(ask, &quote, &sender, &receiver))
		return REASON_FROM_ROUTER;
	change->source = ask->view->source;
	change->destination = ask->view->destination;
	quote_to_local(sender, change);
	quote_read(ask, sender, SIDE_INSIDE, &quote, true, change);
	change->blank |= (receiver->flags & FLOW_ALG) != 0;
	return checked(ask, &quote);
}

/* Visit 4: the router's own error. Told to an inside global, it is meant for the host behind it. */
static enum reason error_own(const struct ask *ask, struct icmp_change *change)
{
	enum reason reason;

	if (is_ours(ask, ask->view->destination)) {
		reason = error_in(ask, change);
		if (reason != REASON_TRANSLATED_ICMP_ERROR)
			reason = error_turn(ask, change);
		return reason == REASON_TRANSLATED_ICMP_ERROR ? reason : REASON_FROM_ROUTER;
	}
	if (ask->out_role == ROLE_OUTSIDE)
		return error_out(ask, change);
	return error_own_inside(ask, change);
}

enum reason icmp_decide(const struct ask *ask, struct icmp_change *change)
{
	switch (ask->packet->visit) {
	case VISIT_FROM_OUTSIDE:
		return error_in(ask, change);
	case VISIT_TURN_BACK:
		return error_turn(ask, change);
	case VISIT_TO_OUTSIDE:
		if (ask->packet->mark & MARK_HAIRPIN)
			return error_turned(ask, change);
		return error_out(ask, change);
	default:
		return error_own(ask, change);
	}
}

void icmp_apply(struct decoded *view, const struct icmp_change *change)
{
	struct decoded quote;
	struct rewrite rewrite;

	if (decode_quote(view, &quote)) {
		rewrite = rewrite_to(&quote, change->quote_source, change->quote_destination);
		rewrite_apply(&quote, &rewrite);
		rewrite_read(&quote, change->numbers, change->blank);
	}
	rewrite_icmp_checksum(view);
	rewrite_outer(view, change->source, change->destination);
}
