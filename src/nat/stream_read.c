/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From segments in any order to messages, each shown to the reader once.
 *
 * Promises: the first copy of a byte is the one that is read and sent; a message is shown only when
 * its change can be kept. May not send.
 */
#include "nat/stream_read.h"

#include <string.h>
#include "nat/stream_map.h"

#define STALLS 15u

void read_note(const struct job *job, enum alg_note note)
{
	if (job->reader != NULL && job->reader->note != NULL)
		job->reader->note(job->reader->arg, note);
}

void read_stop_lane(struct lane *lane)
{
	lane->reads = 0;
	lane->blocked = 0;
	lane->skip = 0;
	map_skip(lane, lane->in_nxt);
}

void read_stop(struct job *job)
{
	read_stop_lane(&job->s->lane[0]);
	read_stop_lane(&job->s->lane[1]);
}

/* ---- bytes ---- */

/* Up to where, from `at` on, it is the same: there, or missing. */
static uint32_t same_until(const struct lane *lane, uint32_t at, uint32_t end, bool *there)
{
	*there = before(at, lane->in_nxt);
	if (*there)
		return earlier(end, lane->in_nxt);
	for (uint32_t i = 0; i < lane->n_ranges; i++) {
		const struct stream_range *range = &lane->ranges[i];

		if (before(at, range->from))
			return earlier(end, range->from);
		*there = before(at, range->to);
		if (*there)
			return earlier(end, range->to);
	}
	return end;
}

static bool store_bytes(struct job *job, struct lane *lane, const struct segment *segment,
			uint32_t at, bool *differs)
{
	while (before(at, segment->end)) {
		const uint8_t *bytes = segment->payload + (at - segment->seq);
		bool there;
		uint32_t end = same_until(lane, at, segment->end, &there);

		if (!there && !tape_write(job->set, &lane->bytes, at, bytes, end - at))
			return false;
		if (there && !tape_equal(job->set, &lane->bytes, at, bytes, end - at))
			*differs = true;
		at = end;
	}
	return true;
}

static void remove_range(struct lane *lane, uint32_t at)
{
	lane->n_ranges--;
	memmove(lane->ranges + at, lane->ranges + at + 1,
		(lane->n_ranges - at) * sizeof(lane->ranges[0]));
}

static bool add_range(struct lane *lane, uint32_t from, uint32_t to)
{
	uint32_t i = 0;

	while (i < lane->n_ranges && before(lane->ranges[i].to, from))
		i++;
	while (i < lane->n_ranges && !before(to, lane->ranges[i].from)) {
		from = earlier(from, lane->ranges[i].from);
		to = later(to, lane->ranges[i].to);
		remove_range(lane, i);
	}
	if (lane->n_ranges == STREAM_RANGES)
		return false;
	memmove(lane->ranges + i + 1, lane->ranges + i,
		(lane->n_ranges - i) * sizeof(lane->ranges[0]));
	lane->ranges[i] = (struct stream_range){from, to};
	lane->n_ranges++;
	return true;
}

static void advance(struct lane *lane, uint32_t end)
{
	lane->in_nxt = end;
	while (lane->n_ranges > 0 && !before(lane->in_nxt, lane->ranges[0].from)) {
		lane->in_nxt = later(lane->in_nxt, lane->ranges[0].to);
		remove_range(lane, 0);
	}
	memset(lane->ranges + lane->n_ranges, 0,
	       (STREAM_RANGES - lane->n_ranges) * sizeof(lane->ranges[0]));
	lane->kept = lane->in_nxt;
}

enum stored read_store(struct job *job, enum flow_side from, const struct segment *segment)
{
	struct lane *lane = &job->s->lane[from];
	uint32_t at = later(segment->seq, lane->bytes.base);
	bool differs = false, gap = before(lane->in_nxt, segment->seq);

	if (!store_bytes(job, lane, segment, at, &differs)) {
		job->starved = !before(tape_end(&lane->bytes), segment->end);
		return STORED_NONE;
	}
	if (gap && segment->length > 0 && !add_range(lane, segment->seq, segment->end))
		return STORED_APART;
	lane->stalls = 0;
	if (differs) {
		read_note(job, NOTE_OVERLAP);
		read_stop(job);
	}
	if (gap)
		return STORED_GAP;
	if (!before(lane->in_nxt, segment->end))
		return STORED_OLD;
	advance(lane, segment->end);
	return STORED_NEW;
}

/* ---- messages ---- */

/* False: it has to wait. */
static bool take_message(struct job *job, enum flow_side from, const uint8_t *bytes, uint32_t size)
{
	struct lane *lane = &job->s->lane[from];
	const struct splices *splices;
	bool stop = false;

	lane->blocked = !map_room(job->set, lane, size);
	if (lane->blocked)
		return false;
	splices = job->reader->message(job->reader->arg, from, bytes, size, &stop, &job->refused);
	if (job->refused)
		return false;
	if (splices == NULL || splices->n == 0) {
		map_skip(lane, lane->in_read + size);
	} else if (!map_add(job->set, lane, bytes, size, splices)) {
		read_note(job, NOTE_NO_ROOM);
		job->refused = true;
		return false;
	}
	if (stop)
		read_stop(job);
	else
		lane->understood = 1;
	return true;
}

static void give_up(struct job *job, enum alg_note note)
{
	read_note(job, note);
	read_stop(job);
}

/* False: no further for now. */
static bool read_one(struct job *job, enum flow_side from, const uint8_t *bytes, uint32_t length)
{
	struct lane *lane = &job->s->lane[from];
	uint32_t size = 0;
	enum frame frame = job->reader->frame(job->reader->arg, from, bytes, length, &size);

	if (frame == FRAME_WHOLE && size != 0 && size <= length && size <= ALG_MESSAGE_MAX)
		return take_message(job, from, bytes, size);
	if (frame == FRAME_PASS && size != 0) {
		lane->skip = size;
		return true;
	}
	if (frame == FRAME_DONE) {
		read_stop_lane(lane);
		return false;
	}
	if (frame != FRAME_MORE)
		give_up(job, frame == FRAME_WHOLE && size > ALG_MESSAGE_MAX ? NOTE_TOO_LONG
									    : NOTE_FOREIGN);
	else if (length > ALG_MESSAGE_MAX)
		give_up(job, NOTE_TOO_LONG);
	return false;
}

bool read_past(struct job *job, enum flow_side from)
{
	struct lane *lane = &job->s->lane[from];
	uint32_t held = lane->in_nxt - lane->in_read, size = 0;

	if (job->reader == NULL || !lane->reads || held == 0 || !(lane->understood || job->s->lane[!from].understood))
		return false;
	tape_read(job->set, &lane->bytes, lane->in_read, job->set->gather, held);
	if (job->reader->frame(job->reader->arg, from, job->set->gather, held, &size) != FRAME_MORE || size <= held)
		return false;
	read_note(job, NOTE_LATE);
	lane->skip = size;
	read_lane(job, from);
	return true;
}

void read_lane(struct job *job, enum flow_side from)
{
	struct lane *lane = &job->s->lane[from];
	uint32_t start = lane->in_read;

	lane->blocked = 0;
	if (!lane->reads || job->reader == NULL)
		read_stop_lane(lane);
	else
		tape_read(job->set, &lane->bytes, start, job->set->gather, lane->in_nxt - start);
	while (before(lane->in_read, lane->in_nxt)) {
		uint32_t left = lane->in_nxt - lane->in_read,
			 piece = lane->skip < left ? lane->skip : left;

		if (piece > 0) {
			lane->skip -= piece;
			map_skip(lane, lane->in_read + piece);
		} else if (!read_one(job, from, job->set->gather + (lane->in_read - start), left)) {
			break;
		}
	}
	/* A message that its sender ends in the middle is none. */
	if (lane->ended && lane->in_nxt == lane->fin_at && !lane->blocked && !job->refused)
		read_stop_lane(lane);
	/* No acknowledgement will make room. */
	if (lane->blocked && lane->n_edits == 0 && ++lane->stalls > STALLS)
		give_up(job, NOTE_NO_ROOM);
}
