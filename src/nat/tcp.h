/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP as the translator follows it: in which phase a connection is, and whether a SYN, FIN or RST
 * is one that its receiver would act on (RFC 5961, RFC 7857 section 2), so that nobody who only
 * guesses can change how long a flow lives.
 *
 *   opening      SYN ... until both have sent a SYN and both have acknowledged the other's (also
 * crossing SYNs, RFC 5382 REQ-2) established  until both have sent a FIN, or one a RST; half-closed
 * is established closing      a new SYN opens it again
 *
 * What does not fit is still translated, because the receiver answers it better than we can
 * (challenge ACK), but it changes nothing, not even the time of last use.
 *
 * A flow that was not seen from its SYN (adopted, or older than its translation) is believed until
 * what its two sides say fits together.
 */
#ifndef ALGATE_NAT_TCP_H
#define ALGATE_NAT_TCP_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/bytes.h"
#include "nat/decode.h"
#include "nat/records.h"

#define TCP_SCALE_NONE	  0xff /* no such option */
#define TCP_SCALES_UNSEEN 0xff /* of a flow record */
#define TCP_QUICK_STEP	  (1u << 17)

/* Sequence numbers; end is behind the last byte, SYN and FIN counted. */
struct tcp_segment {
	uint32_t seq, end, ack;
	uint16_t window; /* as it stands there */
	uint8_t flags;
	uint8_t scale; /* option of a SYN, at most 14; TCP_SCALE_NONE */
};

/* The view must be of a whole TCP header. */
struct tcp_segment tcp_read(const struct decoded *view);

enum tcp_effect {
	TCP_NOTHING,
	TCP_CHANGED,  /* the phase: its timer has to be armed anew */
	TCP_REOPENED, /* likewise; the ports are used again for a new connection */
	TCP_UNFIT, /* a SYN, FIN or RST that its receiver would not act on, or none that opens what
		      is being opened */
};

/* A segment from the side whose slot is `from`; `to` is the flow's other one. Not for flows of the
 * router itself, whose answers do not come by. */
enum tcp_effect tcp_track(struct flow_record *flow, struct flow_slot *from, struct flow_slot *to,
			  const struct tcp_segment *segment);

/* Most segments: a plain one, a little further than the one before it. Needs no more than the slot.
 * False: tcp_track has to look at it. */
static inline bool tcp_quick(struct flow_slot *slot, const struct decoded *view)
{
	uint32_t end, ack;

	if (slot->window == 0 ||
	    (view->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) != TCP_ACK)
		return false;
	end = get_be32(view->l4 + 4) + view->l4_length - (view->l4[12] >> 4) * 4u;
	ack = get_be32(view->l4 + 8);
	if (end - slot->end > TCP_QUICK_STEP || ack - slot->ack > TCP_QUICK_STEP ||
	    (view->l4[14] << 8 | view->l4[15]) > slot->window)
		return false;
	slot->end = end;
	slot->ack = ack;
	return true;
}

#endif
