/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stream engine as a sender on behalf of an end: acknowledges for the receiver what is held,
 * delivers it for the sender.
 *
 * Promises: nothing leaves whose state is not committed; within the receiver's window and the
 * congestion window (RFC 5681); sent again until it is acknowledged (RFC 6298, RFC 6582), at most
 * STREAM_TRIES times, then both ends are told that the connection is over. May not read messages.
 */
#include "nat/stream_send.h"

#include <string.h>
#include "lib/bytes.h"
#include "nat/stream_map.h"
#include "nat/tcp.h"

#define MSS_DEFAULT  536u /* RFC 9293 3.7.1 */
#define MSS_LEAST    88u
#define RTO_FIRST    1000u
#define RTO_SLACK    200u /* least part of a timeout on top of the round trip */
#define RTO_GROWN    4u
#define FIRST_FLIGHT 10u /* segments, RFC 6928 */
#define DUPLICATES   3u

static bool stamps(const struct stream_state *s)
{
	return s->lane[0].stamps && s->lane[1].stamps;
}

uint32_t payload_beside(const struct stream_state *s, uint32_t options)
{
	uint32_t most = UINT16_MAX;

	for (int i = 0; i < 2; i++) {
		uint32_t mss = s->lane[i].mss != 0 ? s->lane[i].mss : MSS_DEFAULT;

		most = mss < most ? mss : most;
	}
	most = most > MSS_LEAST ? most : MSS_LEAST;
	return most - options;
}

uint32_t payload_max(const struct stream_state *s)
{
	return payload_beside(s, stamps(s) ? OPTION_STAMPS_SIZE : 0);
}

static uint8_t scale_of(const struct stream_state *s, enum flow_side from)
{
	if (s->lane[0].scale == TCP_SCALE_NONE || s->lane[1].scale == TCP_SCALE_NONE)
		return 0;
	return s->lane[from].scale;
}

uint32_t window_bytes(const struct stream_state *s, enum flow_side from, uint16_t raw)
{
	return (uint32_t)raw << scale_of(s, from);
}

uint32_t lane_ack(const struct lane *lane)
{
	return lane->own ? lane->in_nxt : map_in(lane, lane->out_una);
}

uint16_t lane_window(struct stream_state *s, enum flow_side from)
{
	const struct lane *lane = &s->lane[from];
	uint32_t window = lane->window, room = tape_end(&lane->bytes) - lane->in_nxt;

	if (!lane->plain && room < window)
		window = room;
	window >>= scale_of(s, !from);
	return (uint16_t)(window < UINT16_MAX ? window : UINT16_MAX);
}

void lane_tell(struct stream_state *s, enum flow_side from, uint32_t ack, uint16_t window)
{
	struct lane *lane = &s->lane[from];

	lane->told = later(lane->told, ack);
	lane->edge_told = later(lane->edge_told, ack + window_bytes(s, !from, window));
}

bool lane_fin_ready(const struct lane *lane)
{
	return lane->ended && lane->in_nxt == lane->fin_at && lane->in_read == lane->in_nxt;
}

uint32_t lane_end(const struct lane *lane)
{
	return lane->out_nxt + (lane_fin_ready(lane) ? 1 : 0);
}

/* ---- segments ---- */

static void add_stamps(const struct job *job, struct stream_segment *segment)
{
	static const uint8_t head[4] = {1, 1, 8, 10};
	uint8_t *at = segment->options + segment->options_length;

	if (!stamps(job->s))
		return;
	memcpy(at, head, sizeof(head));
	put_be32(at + 4, job->s->lane[!segment->to].ts_newest);
	put_be32(at + 8, job->s->lane[segment->to].ts_echo);
	segment->options_length = (uint8_t)(segment->options_length + OPTION_STAMPS_SIZE);
}

static uint8_t *add_block(uint8_t *at, const struct stream_range *range)
{
	put_be32(at, range->from);
	put_be32(at + 4, range->to);
	return at + 8;
}

static bool is_recent(const struct job *job, const struct stream_range *range)
{
	return !before(job->recent, range->from) && before(job->recent, range->to);
}

/* What is held behind gaps, the latest first (RFC 2018 4). */
static void add_sack(const struct job *job, struct stream_segment *segment)
{
	const struct lane *lane = &job->s->lane[segment->to];
	uint32_t most = ((uint32_t)sizeof(segment->options) - segment->options_length - 4) / 8,
		 n = 0;
	uint8_t *start = segment->options + segment->options_length, *at = start + 4;

	if (!job->s->lane[0].sack || !job->s->lane[1].sack || lane->n_ranges == 0)
		return;
	for (uint32_t i = 0; i < lane->n_ranges; i++)
		if (is_recent(job, &lane->ranges[i])) {
			at = add_block(at, &lane->ranges[i]);
			n++;
		}
	for (uint32_t i = 0; i < lane->n_ranges && n < most; i++)
		if (!is_recent(job, &lane->ranges[i])) {
			at = add_block(at, &lane->ranges[i]);
			n++;
		}
	start[0] = start[1] = 1;
	start[2] = 5;
	start[3] = (uint8_t)(at - start - 2);
	segment->options_length = (uint8_t)(at - segment->options);
}

/* A segment on behalf of the other end, with what `to` is to be told about its own bytes. */
static struct stream_segment begin_segment(const struct job *job, enum flow_side to, uint8_t flags,
					   uint32_t seq)
{
	struct stream_segment segment = {.to = (uint8_t)to, .flags = flags | TCP_ACK, .seq = seq};

	segment.ack = lane_ack(&job->s->lane[to]);
	segment.window = lane_window(job->s, to);
	add_stamps(job, &segment);
	return segment;
}

static bool emit(struct job *job, const struct stream_segment *segment)
{
	if (!job->sink->send(job->sink->arg, segment))
		return false;
	lane_tell(job->s, segment->to, segment->ack, segment->window);
	return true;
}

void send_ack(struct job *job, enum flow_side to)
{
	struct stream_segment segment = begin_segment(job, to, 0, job->s->lane[!to].out_high);

	add_sack(job, &segment);
	if (emit(job, &segment))
		job->owed[to] = false;
}

static void set_urgent(const struct lane *lane, struct stream_segment *segment)
{
	uint32_t pointer = map_out(lane, lane->urgent) - segment->seq;

	if (!lane->urges || pointer == 0 || pointer > UINT16_MAX)
		return;
	segment->flags |= TCP_URG;
	segment->urgent = (uint16_t)pointer;
}

bool send_bytes(struct job *job, enum flow_side from, uint32_t out, const uint8_t *bytes,
		uint32_t length, bool fin)
{
	struct lane *lane = &job->s->lane[from];
	uint32_t most = payload_max(job->s);

	do {
		uint32_t piece = length < most ? length : most;
		bool last = piece == length;
		struct stream_segment segment =
		    begin_segment(job, !from, last && fin ? TCP_FIN : 0, out);

		if (last && piece > 0)
			segment.flags |= TCP_PSH;
		segment.payload = bytes;
		segment.length = piece;
		set_urgent(lane, &segment);
		if (!emit(job, &segment))
			return false;
		out += piece;
		bytes += piece;
		length -= piece;
		lane->out_high = later(lane->out_high, out + (last && fin ? 1 : 0));
	} while (length > 0);
	return true;
}

void send_reset(struct job *job, enum flow_side to, uint32_t seq)
{
	struct stream_segment segment = {.to = (uint8_t)to, .flags = TCP_RST | TCP_ACK, .seq = seq};

	segment.ack = job->s->lane[to].in_nxt;
	job->sink->send(job->sink->arg, &segment);
}

void send_resets(struct job *job)
{
	for (int side = 0; side < 2; side++)
		send_reset(job, (enum flow_side)side, job->s->lane[!side].out_high);
}

/* ---- how long a round trip takes (RFC 6298 2) ---- */

void lane_timed(struct lane *lane, uint64_t now, bool again, uint32_t end)
{
	if (again) {
		lane->timed_at = 0;
	} else if (lane->timed_at == 0) {
		lane->timed_at = now;
		lane->timed = end;
	}
}

static uint32_t timeout_of(const struct lane *lane)
{
	uint32_t slack = 4 * lane->rttvar > RTO_SLACK ? 4 * lane->rttvar : RTO_SLACK;
	uint32_t rto = lane->srtt != 0 ? lane->srtt + slack : RTO_FIRST;

	return rto < STREAM_RTO_MOST ? rto : STREAM_RTO_MOST;
}

void lane_answered(struct lane *lane, uint64_t now, uint32_t ack)
{
	uint32_t took = (uint32_t)(now - lane->timed_at), off;

	if (lane->timed_at == 0 || before(ack, lane->timed))
		return;
	lane->timed_at = 0;
	took = took < STREAM_RTO_MOST ? took : STREAM_RTO_MOST;
	if (lane->srtt == 0) {
		lane->srtt = took + 1;
		lane->rttvar = took / 2;
	} else {
		off = took > lane->srtt ? took - lane->srtt : lane->srtt - took;
		lane->rttvar = (3 * lane->rttvar + off) / 4;
		lane->srtt = (7 * lane->srtt + took) / 8 + 1;
	}
	lane->rto = timeout_of(lane);
}

/* What it has grown to stays until a round trip says better (RFC 6298 5), for it may be that answers take longer now; but not more
 * than some doublings, or a wire that loses much would be waited for ever longer. */
static void keep_timeout(struct lane *lane)
{
	uint32_t least = timeout_of(lane), most = RTO_GROWN * least;

	lane->rto = lane->rto < least ? least : lane->rto < most ? lane->rto : most;
}

/* ---- delivery ---- */

void lane_own(struct job *job, enum flow_side from)
{
	struct lane *lane = &job->s->lane[from];

	if (lane->own)
		return;
	lane->own = 1;
	lane->out_next = later(lane->out_una, lane->out_high);
	lane->cwnd = FIRST_FLIGHT * payload_max(job->s);
	lane->ssthresh = UINT32_MAX;
	keep_timeout(lane);
	lane->timed_at = lane->due = 0;
	lane->tries = lane->duplicates = lane->recovering = 0;
}

void send_first(struct job *job, enum flow_side from)
{
	struct lane *lane = &job->s->lane[from];
	uint32_t length = lane->out_nxt - lane->out_una, most = payload_max(job->s);
	bool fin;

	if (!before(lane->out_una, lane->out_nxt))
		length = 0;
	length = length < most ? length : most;
	fin = lane_fin_ready(lane) && lane->out_una + length == lane->out_nxt;
	map_render(job->set, lane, lane->out_una, job->set->segment, length, NULL, 0);
	lane->timed_at = 0;
	send_bytes(job, from, lane->out_una, job->set->segment, length, fin);
}

static void halve(const struct job *job, struct lane *lane)
{
	uint32_t flight = lane->out_high - lane->out_una, least = 2 * payload_max(job->s);

	lane->ssthresh = flight / 2 > least ? flight / 2 : least;
}

/* RFC 5681 3.1, RFC 6582 3.2. */
static void congestion(struct job *job, enum flow_side from, uint32_t acked)
{
	struct lane *lane = &job->s->lane[from];
	uint32_t mss = payload_max(job->s);

	lane->duplicates = 0;
	if (lane->recovering && before(lane->out_una, lane->recover)) {
		job->again[from] = true;
		return;
	}
	if (lane->recovering) {
		lane->recovering = 0;
		lane->cwnd = lane->ssthresh;
	} else if (lane->cwnd < lane->ssthresh) {
		lane->cwnd += acked < mss ? acked : mss;
	} else {
		lane->cwnd += mss * mss / lane->cwnd + 1;
	}
	lane->cwnd = lane->cwnd < 2 * TAPE_SIZE ? lane->cwnd : 2 * TAPE_SIZE;
}

static void duplicate(struct job *job, enum flow_side from)
{
	struct lane *lane = &job->s->lane[from];

	if (lane->duplicates < UINT8_MAX)
		lane->duplicates++;
	if (lane->duplicates != DUPLICATES || lane->recovering)
		return;
	halve(job, lane);
	lane->cwnd = lane->ssthresh;
	lane->recovering = 1;
	lane->recover = lane->out_high;
	job->again[from] = true;
}

static void moved_on(struct job *job, enum flow_side from, uint32_t ack)
{
	struct lane *lane = &job->s->lane[from];
	uint32_t acked = ack - lane->out_una;

	lane->out_una = ack;
	lane->out_next = later(lane->out_next, ack);
	map_acknowledged(job->set, lane, ack);
	if (lane->urges && !before(ack, map_out(lane, lane->urgent)))
		lane->urges = 0;
	lane->tries = 0;
	lane->due = 0;
	if (!lane->own)
		return;
	keep_timeout(lane);
	congestion(job, from, acked);
	if (!before(ack, lane->out_nxt) && lane->in_read == lane->in_nxt && lane->n_ranges == 0)
		lane->own = 0;
}

void lane_acknowledged(struct job *job, enum flow_side from, uint32_t ack, uint32_t window,
		       bool plain)
{
	struct lane *lane = &job->s->lane[from];
	bool same = ack == lane->out_una && window == lane->window;

	if (before(ack, lane->out_una))
		return;
	lane_answered(lane, job->now, ack);
	lane->window = window;
	lane->edge_out = later(lane->edge_out, ack + window);
	if (before(lane->out_una, ack))
		moved_on(job, from, ack);
	else if (plain && same && lane->own && before(ack, lane->out_high))
		duplicate(job, from);
}

/* How many bytes may go now; a small segment only where nothing is under way or it is the last (RFC
 * 1122 4.2.3.4). */
static uint32_t may_send(const struct job *job, const struct lane *lane)
{
	uint32_t most = payload_max(job->s), left = lane->out_nxt - lane->out_next;
	uint32_t window = lane->window < lane->cwnd ? lane->window : lane->cwnd;
	uint32_t used = lane->out_next - lane->out_una, room = used < window ? window - used : 0;

	if (!before(lane->out_next, lane->out_nxt))
		return 0;
	left = left < most ? left : most;
	if (room >= left)
		return left;
	return used == 0 ? room : 0;
}

static bool pump_one(struct job *job, enum flow_side from)
{
	struct lane *lane = &job->s->lane[from];
	uint32_t length = may_send(job, lane), out = lane->out_next;
	bool fin = lane_fin_ready(lane) && out + length == lane->out_nxt,
	     again = before(out, lane->out_high);

	if ((length == 0 && !fin) || !before(out, lane_end(lane)))
		return false;
	map_render(job->set, lane, out, job->set->segment, length, NULL, 0);
	if (!send_bytes(job, from, out, job->set->segment, length, fin))
		return false;
	lane->out_next = out + length + (fin ? 1 : 0);
	lane_timed(lane, job->now, again, lane->out_next);
	return true;
}

void lane_pump(struct job *job, enum flow_side from)
{
	struct lane *lane = &job->s->lane[from];

	while (lane->own && pump_one(job, from))
		continue;
	if (!lane->own || !before(lane->out_una, lane_end(lane)))
		lane->due = 0;
	else if (lane->due == 0)
		lane->due = job->now + lane->rto;
}

/* RFC 9293 3.8.6.1: a zero window is asked about by what the receiver has to answer. */
static void probe(struct job *job, enum flow_side from)
{
	struct stream_segment segment =
	    begin_segment(job, !from, 0, job->s->lane[from].out_una - 1);

	emit(job, &segment);
}

void lane_timeout(struct job *job, enum flow_side from)
{
	struct lane *lane = &job->s->lane[from];

	lane->due = 0;
	if (!lane->own || !before(lane->out_una, lane_end(lane)))
		return;
	lane->rto = 2 * lane->rto < STREAM_RTO_MOST ? 2 * lane->rto : STREAM_RTO_MOST;
	if (lane->window == 0 && before(lane->out_una, lane->out_nxt)) {
		probe(job, from);
		return;
	}
	if (++lane->tries > STREAM_TRIES) {
		job->refused = true;
		return;
	}
	halve(job, lane);
	lane->cwnd = payload_max(job->s);
	lane->out_next = lane->out_una;
	lane->timed_at = 0;
	lane->duplicates = lane->recovering = 0;
}
