/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TCP state of a flow. Each side's slot says how far that side has sent and acknowledged, and
 * the largest window it has offered; so the other side's slot says what this side may send now.
 *
 * Promises: O(1), touches the record and its two slots only; numbers move forward only, and only by
 * segments that fit. May not judge addresses, time or checksums, and never drops anything.
 */
#include "nat/tcp.h"

#define SCALE_UNKNOWN 15
#define SCALE_MAX     14 /* RFC 7323 2.3 */
#define WINDOW_LEAST                                                                               \
	0xffffu /* a window that is not known or small: lost and late packets must not look like   \
		   attacks */
#define OPTION_END   0
#define OPTION_NOP   1
#define OPTION_SCALE 3

/* One segment's point of view. */
struct way {
	struct flow_record *flow;
	struct flow_slot *from, *to;
	const struct tcp_segment *segment;
	uint8_t side, other; /* shifts for the flags of two sides */
};

/* ---- reading ---- */

static uint8_t read_scale(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at != OPTION_END) {
		if (*at == OPTION_NOP) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] < 2 || at[1] > end - at)
			break;
		if (at[0] == OPTION_SCALE && at[1] == 3)
			return at[2] > SCALE_MAX ? SCALE_MAX : at[2];
		at += at[1];
	}
	return TCP_SCALE_NONE;
}

struct tcp_segment tcp_read(const struct decoded *view)
{
	const uint8_t *l4 = view->l4;
	uint32_t header = (l4[12] >> 4) * 4u;
	struct tcp_segment segment = {.seq = get_be32(l4 + 4),
				      .ack = get_be32(l4 + 8),
				      .window = (uint16_t)(l4[14] << 8 | l4[15]),
				      .flags = view->tcp_flags,
				      .scale = TCP_SCALE_NONE};

	segment.end = segment.seq + view->l4_length - header;
	if (segment.flags & TCP_SYN) {
		segment.end++;
		segment.scale = read_scale(l4 + 20, l4 + header);
	}
	if (segment.flags & TCP_FIN)
		segment.end++;
	return segment;
}

/* ---- what is known ---- */

static bool has(const struct way *way, uint8_t flag, uint8_t side)
{
	return way->flow->tcp & (flag << side);
}

static void note(const struct way *way, uint8_t flag, uint8_t side)
{
	way->flow->tcp |= (uint8_t)(flag << side);
}

static void forget(const struct way *way, uint8_t flag, uint8_t side)
{
	way->flow->tcp &= (uint8_t) ~(flag << side);
}

static bool is_settled(const struct way *way)
{
	return way->flow->tcp & FLOW_TCP_SETTLED;
}

/* The largest window that this side has offered, in bytes. */
static uint32_t window_of(const struct way *way, const struct flow_slot *slot)
{
	uint8_t scale = way->flow->scales >> slot->key.side * 4 & 15;
	uint32_t window = slot->window != 0 ? slot->window : WINDOW_LEAST;

	window <<= scale == SCALE_UNKNOWN ? SCALE_MAX : scale;
	return window > WINDOW_LEAST ? window : WINDOW_LEAST;
}

/* RFC 7323 2.2: only if both SYNs carry the option. */
static void note_scale(const struct way *way)
{
	uint8_t shift = way->side * 4;

	if (way->segment->scale == TCP_SCALE_NONE)
		way->flow->scales = 0;
	else
		way->flow->scales =
		    (uint8_t)((way->flow->scales & ~(15 << shift)) | way->segment->scale << shift);
}

static enum tcp_effect become(const struct way *way, enum flow_phase phase)
{
	if (way->flow->phase == phase)
		return TCP_NOTHING;
	way->flow->phase = (uint8_t)phase;
	return TCP_CHANGED;
}

/* ---- windows ---- */

/* RFC 9293 3.10.7.4: does it begin where the receiver may be reading? Late ones by a window too. */
static bool in_window(const struct way *way, uint32_t seq)
{
	uint32_t window = window_of(way, way->to);

	return seq - (way->to->ack - window) <= 2 * window;
}

/* RFC 5961 section 5: what it acknowledges has been sent, and not too long ago. */
static bool ack_in_window(const struct way *way)
{
	return way->to->end - way->segment->ack <= window_of(way, way->from);
}

static bool fits(const struct way *way)
{
	return in_window(way, way->segment->seq) && ack_in_window(way);
}

static bool is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static void note_window(const struct way *way)
{
	if (way->segment->window > way->from->window)
		way->from->window = way->segment->window;
}

static void advance(const struct way *way)
{
	if (is_after(way->segment->end, way->from->end))
		way->from->end = way->segment->end;
	if (is_after(way->segment->ack, way->from->ack))
		way->from->ack = way->segment->ack;
	note_window(way);
}

static void hear(const struct way *way)
{
	way->from->end = way->segment->end;
	way->from->ack = way->segment->ack;
	note(way, FLOW_TCP_HEARD, way->side);
}

/* Both are heard and agree. */
static enum tcp_effect settle(const struct way *way)
{
	way->flow->tcp |= FLOW_TCP_SETTLED;
	way->flow->tcp &= (uint8_t) ~(FLOW_TCP_SYN << way->side | FLOW_TCP_SYN << way->other);
	/* The windows in SYNs are not scaled, so they were not taken. */
	if (!(way->segment->flags & TCP_SYN))
		note_window(way);
	if (has(way, FLOW_TCP_FIN, way->side) && has(way, FLOW_TCP_FIN, way->other))
		return TCP_NOTHING;
	return become(way, PHASE_ESTABLISHED);
}

/* ---- SYN ---- */

/* Everything of an earlier connection on these ports is gone. */
static void restart(const struct way *way)
{
	way->flow->tcp = 0;
	way->flow->phase = PHASE_SYN;
	way->flow->scales = TCP_SCALES_UNSEEN;
	way->from->window = way->to->window = 0;
}

/* The first, the same again, another instead of it, or one that crosses the other side's. */
static enum tcp_effect open_by(const struct way *way)
{
	if (!has(way, FLOW_TCP_SYN, way->other))
		restart(way);
	way->flow->syn = way->segment->seq;
	way->from->end = way->segment->end;
	forget(way, FLOW_TCP_HEARD, way->side);
	note(way, FLOW_TCP_SYN, way->side);
	note_scale(way);
	return TCP_NOTHING;
}

/* Data in a SYN may be acknowledged or not (RFC 7413). */
static bool acks_syn(const struct way *way)
{
	uint32_t ack = way->segment->ack;

	return ack == way->to->end ||
	       (!has(way, FLOW_TCP_SYN, way->side) && ack == way->flow->syn + 1);
}

static enum tcp_effect answer_syn(const struct way *way)
{
	if (has(way, FLOW_TCP_SYN, way->other) && !acks_syn(way))
		return TCP_UNFIT;
	hear(way);
	note(way, FLOW_TCP_SYN, way->side);
	note_scale(way);
	if (!has(way, FLOW_TCP_HEARD, way->other)) {
		way->to->ack = way->segment->seq; /* as far as is known */
		return TCP_NOTHING;
	}
	return way->to->ack == way->segment->end ? settle(way) : TCP_NOTHING;
}

/* A host that has forgotten the connection opens it again: its peer has forgotten it too only if it
 * answers with a SYN. Until then the connection is what it was (RFC 5961 section 4). The inside's
 * is kept, whatever comes from outside. */
static enum tcp_effect remember_syn(const struct way *way)
{
	if (has(way, FLOW_TCP_SYN, way->other) && way->other == 0)
		return TCP_UNFIT;
	forget(way, FLOW_TCP_SYN, way->other);
	note(way, FLOW_TCP_SYN, way->side);
	way->flow->syn = way->segment->seq;
	return TCP_UNFIT;
}

static enum tcp_effect answer_remembered(const struct way *way)
{
	uint32_t end = way->flow->syn + 1;

	if (!has(way, FLOW_TCP_SYN, way->other) || way->segment->ack != end)
		return TCP_UNFIT;
	restart(way);
	note(way, FLOW_TCP_SYN, way->other);
	way->to->end = end;
	answer_syn(way);
	return TCP_REOPENED;
}

static enum tcp_effect on_syn(const struct way *way)
{
	bool is_answer = way->segment->flags & TCP_ACK;

	switch (way->flow->phase) {
	case PHASE_SYN:
		return is_answer ? answer_syn(way) : open_by(way);
	case PHASE_ESTABLISHED:
		return is_answer ? answer_remembered(way) : remember_syn(way);
	default:
		if (is_answer)
			return TCP_UNFIT;
		restart(way);
		open_by(way);
		return TCP_REOPENED;
	}
}

/* ---- RST ---- */

/* RFC 5961 section 3: exactly at what the receiver reads next. That is what it acknowledged last,
 * or the end of all that was sent to it, if its acknowledgement is still on its way. */
static bool reset_fits(const struct way *way)
{
	uint32_t seq = way->segment->seq;

	if (is_settled(way))
		return seq == way->to->ack ||
		       (seq == way->from->end && seq - way->to->ack <= window_of(way, way->to));
	/* A refused SYN: RFC 9293 3.10.7.3. */
	if (has(way, FLOW_TCP_SYN, way->other) && (way->segment->flags & TCP_ACK) && acks_syn(way))
		return true;
	if (has(way, FLOW_TCP_SYN, way->side) || has(way, FLOW_TCP_HEARD, way->side))
		return seq == way->from->end;
	if (has(way, FLOW_TCP_SYN, way->other))
		return false;
	return !has(way, FLOW_TCP_HEARD, way->other) || in_window(way, seq);
}

static enum tcp_effect on_reset(const struct way *way)
{
	if (!reset_fits(way))
		return TCP_UNFIT;
	/* One that was believed for want of knowledge is undone if both sides go on. */
	if (!is_settled(way)) {
		forget(way, FLOW_TCP_HEARD, way->side);
		forget(way, FLOW_TCP_HEARD, way->other);
	}
	return become(way, PHASE_CLOSING);
}

/* ---- everything else ---- */

/* The third packet of the handshake: exact, because it makes a short life long. Before it the side
 * that answered the SYN may be sending already (RFC 7413). */
static enum tcp_effect complete(const struct way *way)
{
	if (has(way, FLOW_TCP_HEARD, way->side) && way->segment->seq == way->from->end)
		way->from->end = way->segment->end;
	if (!has(way, FLOW_TCP_HEARD, way->other) || way->segment->ack != way->to->end ||
	    !in_window(way, way->segment->seq))
		return TCP_UNFIT;
	hear(way);
	return settle(way);
}

/* Not seen from the SYN on: what one side says is believed when the other's words agree; of two
 * that do not, the later one counts. */
static enum tcp_effect learn(const struct way *way)
{
	uint32_t window = window_of(way, way->from);

	hear(way);
	if (!has(way, FLOW_TCP_HEARD, way->other))
		return TCP_NOTHING;
	if (!in_window(way, way->segment->end) ||
	    way->segment->ack - (way->to->end - window) > 2 * window) {
		forget(way, FLOW_TCP_HEARD, way->other);
		return TCP_NOTHING;
	}
	/* What is acknowledged has been sent. */
	if (is_after(way->segment->ack, way->to->end))
		way->to->end = way->segment->ack;
	if (is_after(way->to->ack, way->from->end))
		way->from->end = way->to->ack;
	return settle(way);
}

static enum tcp_effect on_ack(const struct way *way)
{
	bool opened = has(way, FLOW_TCP_SYN, way->side),
	     was_opened = has(way, FLOW_TCP_SYN, way->other);

	if (!is_settled(way)) {
		if (opened && was_opened)
			return complete(way);
		/* A peer with an old connection says so (RFC 5961 section 4); that opens nothing.
		 */
		return opened || was_opened ? TCP_UNFIT : learn(way);
	}
	if (!fits(way))
		return TCP_UNFIT;
	advance(way);
	return TCP_NOTHING;
}

static enum tcp_effect on_fin(const struct way *way)
{
	/* An old one says nothing new. */
	if (is_settled(way) && !is_after(way->segment->end, way->to->ack))
		return has(way, FLOW_TCP_FIN, way->side) ? TCP_NOTHING : TCP_UNFIT;
	note(way, FLOW_TCP_FIN, way->side);
	return has(way, FLOW_TCP_FIN, way->other) ? become(way, PHASE_CLOSING) : TCP_NOTHING;
}

enum tcp_effect tcp_track(struct flow_record *flow, struct flow_slot *from, struct flow_slot *to,
			  const struct tcp_segment *segment)
{
	struct way way = {flow, from, to, segment, from->key.side, to->key.side};
	enum tcp_effect effect, closed;

	if (segment->flags & TCP_RST)
		return on_reset(&way);
	if (segment->flags & TCP_SYN)
		return segment->flags & TCP_FIN ? TCP_UNFIT : on_syn(&way);
	effect = segment->flags & TCP_ACK ? on_ack(&way) : TCP_UNFIT;
	/* Of a plain one that is out of the window nothing is learned; that is no reason to let the
	 * connection go. */
	if (!(segment->flags & TCP_FIN))
		return effect == TCP_UNFIT && is_settled(&way) ? TCP_NOTHING : effect;
	if (effect == TCP_UNFIT)
		return TCP_UNFIT;
	closed = on_fin(&way);
	return effect == TCP_NOTHING || closed == TCP_CHANGED ? closed : effect;
}
