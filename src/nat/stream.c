/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stream engine: what becomes of a segment. Judged first (RFC 9293 3.10.7.4, RFC 5961), then
 * its acknowledgement counts for the other direction, then its bytes are taken in, read, and pass
 * or are held.
 *
 * Promises and limits: stream.h. What a packet changes is committed before it or anything of ours
 * leaves; the acknowledgement is committed before its bytes are taken in, so that memory comes free
 * even when there is none for them.
 */
#include "nat/stream_read.h"

#include <string.h>
#include "nat/stream_map.h"
#include "nat/tcp.h"

#define DROPS	    5u
#define LOOK_AROUND 64u /* streams that one shortage looks at */
#define RETRY_MS    200u
#define OLD_ACK	    65535u

static void begin_job(struct job *job, struct stream_set *set, uint32_t stream, uint64_t now,
		      const struct stream_reader *reader, const struct stream_sink *sink)
{
	memset(job, 0, sizeof(*job));
	job->set = set;
	job->s = &set->work;
	job->stream = stream;
	job->now = now;
	job->reader = reader;
	job->sink = sink;
}

/* ---- the end of a call ---- */

static void give_all(struct stream_set *set, struct lane *lane)
{
	tape_trim(set, &lane->bytes, lane->bytes.base + TAPE_SIZE);
	tape_trim(set, &lane->text, lane->text.base + TAPE_SIZE);
	lane->n_edits = lane->n_ranges = lane->own = lane->reads = lane->blocked = 0;
	lane->due = lane->patient_until = 0;
}

/* The bytes of others that hold most, among the next few: they have to go on unread. */
static void evict(struct stream_set *set, uint32_t except)
{
	uint32_t found = STREAM_NONE, most = 0;

	for (uint32_t i = 0; i < LOOK_AROUND && i < set->high; i++) {
		const struct stream_state *s;
		uint32_t held;

		set->hand = set->hand + 1 < set->high ? set->hand + 1 : 0;
		s = stream_stored(set, set->hand);
		if (s == NULL || s->evict || set->hand == except || !stream_is_rival(set, set->hand, except))
			continue;
		held = s->lane[0].in_nxt - s->lane[0].in_read + s->lane[1].in_nxt -
		       s->lane[1].in_read + s->lane[0].n_ranges + s->lane[1].n_ranges;
		if (held > most) {
			most = held;
			found = set->hand;
		}
	}
	if (found == STREAM_NONE || !stream_begin(set, found))
		return;
	set->work.evict = 1;
	stream_commit(set, found);
	stream_arm(set, found, 1);
}

static void send_cut(struct job *job)
{
	uint8_t *bytes = job->set->segment;

	map_render(job->set, &job->s->lane[job->cut_from], job->cut_out, bytes, job->cut_length,
		   job->cut_rest, job->cut_rest_in);
	send_bytes(job, job->cut_from, job->cut_out, bytes, job->cut_length, job->cut_fin);
}

/* The sender waits for something that we know: an acknowledgement, or a window that has opened. */
static bool has_news(struct stream_state *s, enum flow_side side)
{
	const struct lane *lane = &s->lane[side];
	uint32_t ack = lane_ack(lane), edge = ack + window_bytes(s, !side, lane_window(s, side));
	uint32_t gain = before(lane->edge_told, edge) ? edge - lane->edge_told : 0,
		 most = payload_max(s);

	if (!s->lane[0].syn || !s->lane[1].syn)
		return false;
	if (before(lane->told, ack))
		return true;
	return gain >= 2 * most ||
	       (gain > 0 && lane->edge_told == lane->told && (gain >= most || lane->window < most));
}

/* How far the senders may go once they are told what this state says: known before anybody is told.
 */
static void open_edges(struct stream_state *s)
{
	for (int side = 0; side < 2; side++) {
		struct lane *lane = &s->lane[side];
		uint32_t window = window_bytes(s, !side, lane_window(s, (enum flow_side)side));

		if (lane->syn == 2)
			lane->edge = later(lane->edge, lane_ack(lane) + window);
	}
}

static void send_all(struct job *job)
{
	if (job->cut)
		send_cut(job);
	for (int side = 0; side < 2; side++) {
		if (job->again[side] && job->s->lane[side].own)
			send_first(job, (enum flow_side)side);
		lane_pump(job, (enum flow_side)side);
	}
	for (int side = 0; side < 2; side++)
		if (job->owed[side] || has_news(job->s, (enum flow_side)side))
			send_ack(job, (enum flow_side)side);
}

/* A message has begun, or has got longer: its rest may take as long again. */
static void be_patient(struct job *job, struct lane *lane, bool longer)
{
	if (!lane->reads || lane->blocked || lane->in_read == lane->in_nxt)
		lane->patient_until = 0;
	else if (job->reader != NULL && job->reader->patience != 0 && (longer || lane->patient_until == 0))
		lane->patient_until = job->now + job->reader->patience;
}

/* Until when; 0: no need. While nobody was there to receive, nothing that came late came late by its sender's fault. */
static uint64_t lane_patience(const struct job *job, const struct lane *lane)
{
	uint64_t least = job->set->adopted + (job->reader != NULL ? job->reader->patience : 0);

	return lane->patient_until == 0 || lane->patient_until > least ? lane->patient_until : least;
}

static void set_timer(struct job *job)
{
	uint64_t when = job->s->evict ? job->now : 0;

	for (int i = 0; i < 2; i++) {
		struct lane *lane = &job->s->lane[i];
		uint64_t patience;

		if (lane->blocked && lane->due == 0)
			lane->due = job->now + RETRY_MS;
		be_patient(job, lane, job->longer[i]);
		patience = lane_patience(job, lane);
		if (lane->due != 0 && (when == 0 || lane->due < when))
			when = lane->due;
		if (patience != 0 && (when == 0 || patience < when))
			when = patience;
	}
	stream_arm(job->set, job->stream, when);
}

static void finish(struct job *job)
{
	struct stream_set *set = job->set;

	if (job->refused) {
		job->s->mode = MODE_REFUSED;
		give_all(set, &job->s->lane[0]);
		give_all(set, &job->s->lane[1]);
		job->cut = false;
	}
	if (job->s->mode == MODE_OPEN)
		open_edges(job->s);
	stream_commit(set, job->stream);
	if (job->refused)
		send_resets(job);
	else if (job->s->mode == MODE_OPEN)
		send_all(job);
	set_timer(job);
	stream_commit(set, job->stream);
	if (job->starved)
		evict(set, job->stream);
}

/* ---- numbers ---- */

/* A sender that is ahead of what we have delivered: its receiver would not know the number. */
static uint32_t out_seq(const struct lane *lane, uint32_t seq)
{
	return lane->own && !before(seq, lane->in_read) ? lane->out_high : map_out(lane, seq);
}

static bool ack_fits(const struct lane *lane, uint32_t ack)
{
	/* Killed before it noted that it had sent, it has sent all the same. */
	uint32_t most = later(lane->out_high, lane_end(lane));
	uint32_t old = lane->window > OLD_ACK ? lane->window : OLD_ACK;

	return !before(most, ack) && !before(ack, lane->out_una - old);
}

/* What the segment says about the other direction, and the numbers of its own bytes. */
static enum stream_fate pass_numbers(struct job *job, enum flow_side from, struct segment *segment,
				     uint32_t seq)
{
	struct lane *lane = &job->s->lane[from], *other = &job->s->lane[!from];
	uint32_t urgent = map_out(lane, segment->seq + segment->urgent) - seq,
		 ack = lane_ack(other);

	if ((segment->flags & TCP_URG) != 0)
		segment_set_urgent(segment, urgent != 0 && urgent <= UINT16_MAX, (uint16_t)urgent);
	segment_set_seq(segment, seq);
	if (!ack_fits(other, segment->ack)) {
		segment_set_ack(segment, map_in(other, segment->ack));
		return STREAM_PASS;
	}
	if (!other->own && before(segment->ack, other->out_una) &&
	    !before(segment->ack, other->out_floor))
		ack = map_in(other, segment->ack);
	segment_set_ack(segment, ack);
	segment_map_sack(segment, other, ack);
	segment_set_window(segment, lane_window(job->s, !from));
	lane_tell(job->s, !from, lane_ack(other), lane_window(job->s, !from));
	return STREAM_PASS;
}

static enum stream_fate answer(struct job *job, enum flow_side from)
{
	job->owed[from] = true;
	return STREAM_ANSWERED;
}

/* ---- opening ---- */

/* Nothing of another SYN's is left but what the receiver said. */
static void open_lane(struct job *job, enum flow_side from, const struct segment *segment)
{
	struct lane *lane = &job->s->lane[from];
	uint32_t first = segment->seq + 1, window = lane->window;
	uint8_t reads = lane->reads;

	give_all(job->set, lane);
	memset(lane, 0, sizeof(*lane));
	lane->window = window;
	lane->reads = reads;
	lane->isn = segment->seq;
	lane->in_read = lane->in_nxt = lane->kept = lane->told = first;
	lane->out_una = lane->out_nxt = lane->out_next = lane->out_high = lane->out_floor = first;
	lane->bytes.base = first;
	lane->edge = lane->edge_told = lane->edge_out = first + lane->window;
	lane->mss = segment->mss;
	lane->scale = segment->scale;
	lane->sack = segment->sack_permitted;
	lane->stamps = segment->has_stamps;
	lane->ts_newest = lane->ts_echo = segment->ts_val;
	lane->syn = 1;
}

static void not_readable(struct job *job, enum alg_note note)
{
	if (!job->s->lane[0].reads && !job->s->lane[1].reads)
		return;
	read_note(job, note);
	read_stop(job);
}

/* The window of a SYN is not scaled. Data in it (RFC 7413) is taken off: its sender sends it again
 * behind the handshake. */
static enum stream_fate on_syn(struct job *job, enum flow_side from, struct segment *segment)
{
	struct lane *lane = &job->s->lane[from], *other = &job->s->lane[!from];
	bool established = lane->syn == 2 || other->syn == 2,
	     again = lane->syn != 0 && segment->seq == lane->isn;

	if (segment->length > 0)
		segment_set_payload(segment, segment->payload, 0);
	if (established && (segment->flags & TCP_ACK) != 0)
		segment_set_ack(segment, map_in(other, segment->ack));
	if (established)
		return STREAM_PASS;
	other->window = segment->window;
	if (!again)
		open_lane(job, from, segment);
	lane_timed(lane, job->now, again, segment->seq + 1);
	if ((segment->flags & TCP_ACK) != 0 && segment->ack == other->isn + 1)
		lane_answered(other, job->now, segment->ack);
	if (other->syn != 0)
		other->edge = other->edge_told = other->edge_out = other->isn + 1 + other->window;
	if (segment->authenticated)
		not_readable(job, NOTE_AUTHENTICATED);
	return STREAM_PASS;
}

static enum stream_fate on_reset(struct job *job, enum flow_side from, struct segment *segment)
{
	struct lane *lane = &job->s->lane[from];
	uint32_t seq = segment->seq,
		 last = lane->n_ranges > 0 ? lane->ranges[lane->n_ranges - 1].to : lane->in_nxt;
	bool exact = seq == lane->in_nxt || seq == last || seq == lane->told ||
		     (lane->ended && seq == lane->fin_at + 1);

	segment_set_seq(segment, out_seq(lane, seq));
	if ((segment->flags & TCP_ACK) != 0)
		segment_set_ack(segment, map_in(&job->s->lane[!from], segment->ack));
	if (!exact)
		return STREAM_PASS;
	read_stop(job);
	for (int i = 0; i < 2; i++) {
		job->s->lane[i].own = job->s->lane[i].n_ranges = 0;
		job->s->lane[i].plain = 1;
		job->s->lane[i].due = 0;
	}
	return STREAM_PASS;
}

/* ---- bytes ---- */

static bool fits(const struct job *job, const struct segment *segment, uint32_t length)
{
	uint32_t most = payload_beside(job->s, segment->header_length - 20u);

	return length <= segment->length ||
	       ((length <= most || segment->length > most) &&
		segment->view->header_length + segment->header_length + length <= segment->room);
}

/* In pieces. There may be more of them than leave at once, so what the receiver has is not sent again. */
static enum stream_fate pass_cut(struct job *job, enum flow_side from, const struct segment *segment,
				 uint32_t out, uint32_t length)
{
	const struct lane *lane = &job->s->lane[from];
	uint32_t first = earlier(later(out, lane->out_una), out + length);

	job->cut_fin = (segment->flags & TCP_FIN) != 0;
	job->cut_from = from;
	job->cut_out = first;
	job->cut_length = out + length - first;
	job->cut_rest = segment->payload;
	job->cut_rest_in = segment->seq;
	job->cut = job->cut_length > 0 || job->cut_fin;
	return job->cut ? STREAM_HELD : answer(job, from);
}

/* The segment goes on with its bytes as they are for the receiver. */
static enum stream_fate pass_bytes(struct job *job, enum flow_side from, struct segment *segment)
{
	struct lane *lane = &job->s->lane[from];
	uint32_t start = later(segment->seq, lane->bytes.base), out, length;
	bool fin = (segment->flags & TCP_FIN) != 0;

	start = earlier(start, segment->end);
	out = map_out(lane, start);
	length = map_out(lane, segment->end) - out;
	if (length == 0 && !fin)
		return answer(job, from);
	lane_timed(lane, job->now, before(out, lane->out_high), out + length);
	lane->out_high = later(lane->out_high, out + length + (fin ? 1 : 0));
	if (!fits(job, segment, length))
		return pass_cut(job, from, segment, out, length);
	map_render(job->set, lane, out, job->set->segment, length, segment->payload, segment->seq);
	segment_set_payload(segment, job->set->segment, length);
	return pass_numbers(job, from, segment, out);
}

/* A keep-alive may carry one byte that was received long ago (RFC 1122 4.2.3.6). */
static enum stream_fate on_old(struct job *job, enum flow_side from, struct segment *segment)
{
	const struct lane *lane = &job->s->lane[from];

	if (!lane->own && segment->length == 1 && segment->end == lane->in_nxt &&
	    lane->bytes.base == lane->in_nxt)
		return pass_numbers(job, from, segment, map_out(lane, lane->in_nxt) - 1);
	return answer(job, from);
}

static enum stream_fate pass_plain(struct job *job, enum flow_side from, struct segment *segment)
{
	struct lane *lane = &job->s->lane[from];

	lane->plain = 1;
	if (before(lane->in_nxt, segment->end)) {
		lane->in_nxt = segment->end;
		map_skip(lane, segment->end);
	}
	return pass_bytes(job, from, segment);
}

static enum stream_fate no_room(struct job *job, enum flow_side from, struct segment *segment)
{
	struct lane *lane = &job->s->lane[from];

	stream_rollback(job->set, job->stream);
	if (lane->stalls < DROPS || lane->own || lane->n_ranges > 0) {
		lane->stalls = (uint8_t)(lane->stalls + (lane->stalls < DROPS));
		return STREAM_DROP;
	}
	not_readable(job, NOTE_NO_ROOM);
	return pass_plain(job, from, segment);
}

/* There is memory, so nobody else has to give any. The sender learns what is missing. */
static enum stream_fate too_far_apart(struct job *job, enum flow_side from)
{
	stream_rollback(job->set, job->stream);
	job->owed[from] = true;
	return STREAM_DROP;
}

/* False: it contradicts what came before. */
static bool take_fin(struct lane *lane, const struct segment *segment)
{
	if (lane->ended && before(lane->fin_at, segment->end))
		return false;
	if ((segment->flags & TCP_FIN) == 0)
		return true;
	if (before(segment->end, lane->in_nxt) || (lane->ended && lane->fin_at != segment->end))
		return false;
	lane->ended = 1;
	lane->fin_at = segment->end;
	return true;
}

static bool in_window(const struct lane *lane, const struct segment *segment)
{
	uint32_t end = map_out(lane, segment->end);

	return lane->out_nxt - lane->in_read == 0 || !before(lane->edge_out, end);
}

static enum stream_fate on_new(struct job *job, enum flow_side from, struct segment *segment)
{
	struct lane *lane = &job->s->lane[from];
	bool owned = lane->own, fin = (segment->flags & TCP_FIN) != 0;

	read_lane(job, from);
	if (!owned && lane->in_nxt == segment->end && lane->in_read == lane->in_nxt &&
	    in_window(lane, segment) && lane_fin_ready(lane) == fin)
		return pass_bytes(job, from, segment);
	lane_own(job, from);
	job->owed[from] = true;
	return STREAM_HELD;
}

static enum stream_fate on_bytes(struct job *job, enum flow_side from, struct segment *segment)
{
	struct lane *lane = &job->s->lane[from];
	bool fin = (segment->flags & TCP_FIN) != 0;

	if (!fin && !before(lane->bytes.base, segment->end))
		return on_old(job, from, segment);
	if (!take_fin(lane, segment))
		return answer(job, from);
	if (lane->plain || (!lane->reads && !lane->own && lane->n_ranges == 0))
		return pass_plain(job, from, segment);
	switch (read_store(job, from, segment)) {
	case STORED_NONE:
		return no_room(job, from, segment);
	case STORED_APART:
		return too_far_apart(job, from);
	case STORED_GAP:
		job->recent = segment->seq;
		job->owed[from] = true;
		return STREAM_HELD;
	case STORED_NEW:
		job->longer[from] = true;
		return on_new(job, from, segment);
	case STORED_OLD:
		break;
	}
	if (fin && lane->in_read != lane->in_nxt)
		read_lane(job, from);
	return lane->own ? answer(job, from) : pass_bytes(job, from, segment);
}

/* Nothing but an acknowledgement, or a question whether somebody is there. */
static enum stream_fate on_empty(struct job *job, enum flow_side from, struct segment *segment,
				 bool fits_ack)
{
	const struct lane *lane = &job->s->lane[from], *other = &job->s->lane[!from];
	bool question = before(segment->seq, lane->in_nxt);

	if (question && lane->own)
		return answer(job, from);
	if (other->own && fits_ack && !question)
		return STREAM_ANSWERED;
	return pass_numbers(job, from, segment, out_seq(lane, segment->seq));
}

static void take_stamps(struct lane *lane, const struct segment *segment)
{
	if (!segment->has_stamps)
		return;
	if (!before(segment->ts_val, lane->ts_newest))
		lane->ts_newest = segment->ts_val;
	if (!before(segment->ts_val, lane->ts_echo) && !before(lane->told, segment->seq))
		lane->ts_echo = segment->ts_val;
}

static void take_urgent(struct lane *lane, const struct segment *segment)
{
	uint32_t urgent = segment->seq + segment->urgent;

	if ((segment->flags & TCP_URG) == 0 || (lane->urges && before(urgent, lane->urgent)))
		return;
	lane->urges = 1;
	lane->urgent = urgent;
}

static void take_ack(struct job *job, enum flow_side from, const struct segment *segment)
{
	struct lane *lane = &job->s->lane[from], *other = &job->s->lane[!from];
	bool plain =
	    segment->length == 0 && (segment->flags & TCP_FIN) == 0 && segment->seq == lane->in_nxt;

	lane->syn = other->syn = 2;
	lane_acknowledged(job, !from, segment->ack, window_bytes(job->s, from, segment->window),
			  plain);
	stream_commit(job->set, job->stream);
	if (!other->blocked)
		return;
	read_lane(job, !from);
	stream_commit(job->set, job->stream);
}

/* Bytes count from the segment on whose acknowledgement counts too and ends the handshake: what begins in front of the SYN does
 * not, so that a SYN with another number finds nothing that was taken in. */
static bool is_early(const struct lane *lane, const struct segment *segment)
{
	return lane->syn != 2 && before(segment->seq, lane->isn);
}

static enum stream_fate on_segment(struct job *job, enum flow_side from, struct segment *segment)
{
	struct lane *lane = &job->s->lane[from];
	bool empty = segment->length == 0 && (segment->flags & TCP_FIN) == 0;
	bool fits_ack = ack_fits(&job->s->lane[!from], segment->ack);

	if (before(lane->edge, segment->seq) || !fits_ack || is_early(lane, segment))
		return empty ? pass_numbers(job, from, segment, out_seq(lane, segment->seq))
			     : answer(job, from);
	if (segment->authenticated && lane->n_edits == 0)
		not_readable(job, NOTE_AUTHENTICATED);
	take_stamps(lane, segment);
	take_urgent(lane, segment);
	if (!before(segment->seq, lane->bytes.base - 1))
		take_ack(job, from, segment);
	if (job->refused)
		return STREAM_ANSWERED;
	return empty ? on_empty(job, from, segment, fits_ack) : on_bytes(job, from, segment);
}

static void restart(struct job *job)
{
	struct stream_state *s = job->s;
	uint32_t name = s->name;

	memset(s, 0, sizeof(*s));
	s->live = 1;
	s->name = name;
	s->lane[0].reads = s->lane[1].reads = 1;
}

static enum stream_fate on_refused(struct job *job, enum flow_side from,
				   const struct segment *segment)
{
	if ((segment->flags & (TCP_RST | TCP_ACK)) == TCP_ACK)
		send_reset(job, from, segment->ack);
	return STREAM_ANSWERED;
}

static enum stream_fate take(struct job *job, enum flow_side from, struct segment *segment)
{
	struct stream_state *s = job->s;
	bool syn = (segment->flags & TCP_SYN) != 0,
	     data = segment->length > 0 || (segment->flags & TCP_FIN) != 0;

	if (s->mode == MODE_REFUSED && (segment->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN)
		restart(job);
	if (s->mode == MODE_REFUSED)
		return on_refused(job, from, segment);
	if (s->mode == MODE_OPEN && !syn && !s->lane[0].syn && !s->lane[1].syn) {
		s->mode = MODE_MIDSTREAM;
		not_readable(job, NOTE_MIDSTREAM);
	}
	if (s->mode == MODE_MIDSTREAM)
		return STREAM_PASS_UNCHANGED;
	if (syn && (segment->flags & (TCP_RST | TCP_FIN)) == 0)
		return on_syn(job, from, segment);
	if (!s->lane[0].syn || !s->lane[1].syn)
		return data ? STREAM_DROP : STREAM_PASS_UNCHANGED;
	if ((segment->flags & TCP_RST) != 0)
		return on_reset(job, from, segment);
	return (segment->flags & TCP_ACK) == 0 ? STREAM_DROP : on_segment(job, from, segment);
}

enum stream_fate stream_packet(struct stream_set *set, uint32_t stream, enum flow_side from,
			       uint64_t now, struct decoded *view, uint32_t room,
			       const struct stream_reader *reader, const struct stream_sink *sink)
{
	struct segment segment;
	struct job job;
	enum stream_fate fate;

	begin_job(&job, set, stream, now, reader, sink);
	if (!stream_begin(set, stream) || !segment_read(&segment, view, room))
		return STREAM_PASS_UNCHANGED;
	fate = take(&job, from, &segment);
	finish(&job);
	if (job.refused)
		return STREAM_ANSWERED;
	return fate == STREAM_PASS && !segment.changed ? STREAM_PASS_UNCHANGED : fate;
}

/* ---- without a packet ---- */

static void lane_due(struct job *job, enum flow_side side)
{
	struct lane *lane = &job->s->lane[side];
	uint64_t patience = lane_patience(job, lane);

	if (patience != 0 && patience <= job->now && !read_past(job, side))
		not_readable(job, NOTE_FOREIGN);
	/* No timer runs longer: that no clock of this boot has set. */
	if (lane->due == 0 || (lane->due > job->now && lane->due <= job->now + STREAM_RTO_MOST))
		return;
	if (lane->blocked)
		read_lane(job, side);
	lane_timeout(job, side);
}

void stream_due(struct stream_set *set, uint64_t now, uint32_t stream,
		const struct stream_reader *reader, const struct stream_sink *sink)
{
	struct job job;

	begin_job(&job, set, stream, now, reader, sink);
	if (!stream_begin(set, stream))
		return;
	if (job.s->evict) {
		job.s->evict = 0;
		not_readable(&job, NOTE_NO_ROOM);
	}
	lane_due(&job, SIDE_INSIDE);
	lane_due(&job, SIDE_OUTSIDE);
	finish(&job);
}

void stream_stop(struct stream_set *set, uint32_t stream, uint64_t now,
		 const struct stream_sink *sink)
{
	struct job job;

	begin_job(&job, set, stream, now, NULL, sink);
	if (!stream_begin(set, stream))
		return;
	read_stop(&job);
	finish(&job);
}

uint32_t stream_sent_as(const struct stream_set *set, uint32_t stream, enum flow_side from, uint32_t out)
{
	const struct stream_state *s = stream_stored(set, stream);

	return s != NULL && s->mode == MODE_OPEN ? map_in(&s->lane[from], out) : out;
}

struct stream_look stream_look(const struct stream_set *set, uint32_t stream)
{
	const struct stream_state *s = stream_stored(set, stream);
	struct stream_look look = {0};

	if (s == NULL)
		return look;
	look.midstream = s->mode == MODE_MIDSTREAM;
	look.refused = s->mode == MODE_REFUSED;
	for (int i = 0; i < 2; i++) {
		const struct lane *lane = &s->lane[i];

		look.reads[i] = lane->reads != 0;
		look.held[i] = lane->own ? lane->in_nxt - lane->bytes.base : 0;
		for (uint32_t k = 0; k < lane->n_ranges; k++)
			look.held[i] += lane->ranges[k].to - lane->ranges[k].from;
		look.unacknowledged[i] = lane->out_high - lane->out_una;
		look.delta[i] = (int32_t)(lane->out_nxt - lane->in_read);
	}
	return look;
}
