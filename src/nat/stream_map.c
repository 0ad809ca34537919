/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two ways of counting one stream. The changes that the receiver has not acknowledged are kept in
 * order; between them positions differ by a constant.
 *
 * Promises: both translations never step back where their argument goes on, and map_out(map_in(x))
 * <= x, so a sender that is told map_in(x) sends again all that the receiver lacks. What was sent
 * once is rendered the same for ever: a change is extended only while nothing of it was sent.
 */
#include "nat/stream_map.h"

#include <string.h>

#define FLOOR_BEHIND (1u << 30)

static uint32_t in_end(const struct stream_edit *edit)
{
	return edit->in + edit->removed;
}

static uint32_t out_end(const struct stream_edit *edit)
{
	return edit->out + edit->added;
}

/* out minus in, in front of all changes. */
static uint32_t first_delta(const struct lane *lane)
{
	return lane->n_edits > 0 ? lane->edits[0].out - lane->edits[0].in
				 : lane->out_nxt - lane->in_read;
}

uint32_t map_out(const struct lane *lane, uint32_t in)
{
	const struct stream_edit *edit = NULL;

	for (uint32_t i = 0; i < lane->n_edits && !before(in, lane->edits[i].in); i++)
		edit = &lane->edits[i];
	if (edit == NULL)
		return in + first_delta(lane);
	if (!before(in, in_end(edit)))
		return in - in_end(edit) + out_end(edit);
	return edit->out + (in - edit->in < edit->added ? in - edit->in : edit->added);
}

static const struct stream_edit *edit_at(const struct lane *lane, uint32_t out)
{
	const struct stream_edit *edit = NULL;

	for (uint32_t i = 0; i < lane->n_edits && !before(out, lane->edits[i].out); i++)
		edit = &lane->edits[i];
	return edit;
}

uint32_t map_in(const struct lane *lane, uint32_t out)
{
	const struct stream_edit *edit = edit_at(lane, out);

	if (edit == NULL)
		return out - first_delta(lane);
	if (!before(out, out_end(edit)))
		return out - out_end(edit) + in_end(edit);
	return edit->in + (out - edit->out < edit->removed ? out - edit->out : edit->removed - 1);
}

uint32_t map_in_up(const struct lane *lane, uint32_t out)
{
	uint32_t in = map_in(lane, out);

	return before(map_out(lane, in), out) ? in + 1 : in;
}

/* ---- changes ---- */

static uint32_t text_used(const struct lane *lane)
{
	return lane->text_end - lane->text.base;
}

/* Nothing of the last change was sent, so it can still be made longer. */
static bool last_is_open(const struct lane *lane)
{
	return lane->n_edits > 0 && !before(lane->edits[lane->n_edits - 1].out, lane->out_high);
}

bool map_room(const struct stream_set *set, const struct lane *lane, uint32_t length)
{
	uint32_t chunks = (2 * length + 1024) / CHUNK + 2;

	if (chunks > ALG_MESSAGE_MAX / CHUNK + 2)
		chunks = ALG_MESSAGE_MAX / CHUNK + 2;
	return lane->n_edits < STREAM_EDITS &&
	       text_used(lane) < TAPE_SIZE - 2 * CHUNK - ALG_MESSAGE_MAX &&
	       set->n_free_chunks >= chunks;
}

static bool text_add(struct stream_set *set, struct lane *lane, const uint8_t *bytes,
		     uint32_t length)
{
	if (!tape_write(set, &lane->text, lane->text_end, bytes, length))
		return false;
	lane->text_end += length;
	return true;
}

/* The change goes into the last one, and so do the bytes between them. */
static bool extend(struct stream_set *set, struct lane *lane, const struct stream_edit *edit,
		   const uint8_t *bytes)
{
	struct stream_edit *last = &lane->edits[lane->n_edits - 1];
	uint32_t between = edit->in - in_end(last);

	if (between > CHUNK || text_used(lane) + between + edit->added > TAPE_SIZE - CHUNK)
		return false;
	tape_read(set, &lane->bytes, in_end(last), set->segment, between);
	if (!text_add(set, lane, set->segment, between) || !text_add(set, lane, bytes, edit->added))
		return false;
	last->removed += between + edit->removed;
	last->added += between + edit->added;
	return true;
}

/* From the first byte that changes to the last. At least one byte is removed, so that positions can
 * be told apart. */
static struct stream_edit span_of(const struct lane *lane, uint32_t length,
				  const struct splices *splices)
{
	const struct splice *first = &splices->at[0], *last = &splices->at[splices->n - 1];
	uint32_t from = first->offset, to = last->offset + last->removed;

	if (from == to && to < length)
		to++;
	else if (from == to)
		from--;
	return (struct stream_edit){
	    .in = lane->in_read + from,
	    .removed = to - from,
	    .out = lane->out_nxt + from,
	    .added = splices->length - (length - (to - from)),
	    .text = lane->text_end,
	};
}

bool map_add(struct stream_set *set, struct lane *lane, const uint8_t *message, uint32_t length,
	     const struct splices *splices)
{
	struct stream_edit edit;
	const uint8_t *bytes;

	if (splices->length > ALG_MESSAGE_MAX)
		return false;
	edit = span_of(lane, length, splices);
	bytes = set->message + (edit.in - lane->in_read);
	splice_apply(message, length, splices, set->message);
	if (lane->n_edits < STREAM_EDITS / 2 || !last_is_open(lane) ||
	    !extend(set, lane, &edit, bytes)) {
		if (lane->n_edits == STREAM_EDITS || !text_add(set, lane, bytes, edit.added))
			return false;
		lane->edits[lane->n_edits++] = edit;
	}
	lane->in_read += length;
	lane->out_nxt += splices->length;
	return true;
}

void map_skip(struct lane *lane, uint32_t in)
{
	lane->out_nxt += in - lane->in_read;
	lane->in_read = in;
}

/* A floor that stays behind would be in front again after half of the numbers. */
static void raise_floor(struct lane *lane, uint32_t out)
{
	if (out - lane->out_floor > FLOOR_BEHIND)
		lane->out_floor = out - FLOOR_BEHIND;
}

void map_acknowledged(struct stream_set *set, struct lane *lane, uint32_t out)
{
	uint32_t done = 0, in;

	while (done < lane->n_edits && !before(out, out_end(&lane->edits[done])))
		done++;
	if (done > 0) {
		lane->out_floor = out_end(&lane->edits[done - 1]);
		lane->n_edits = (uint8_t)(lane->n_edits - done);
		memmove(lane->edits, lane->edits + done, lane->n_edits * sizeof(lane->edits[0]));
		tape_trim(set, &lane->text,
			  lane->n_edits > 0 ? lane->edits[0].text : lane->text_end);
	}
	raise_floor(lane, out);
	in = map_in(lane, out);
	tape_trim(set, &lane->bytes, earlier(in, lane->in_nxt));
	lane->kept = later(lane->kept, lane->bytes.base);
}

/* Unchanged bytes: from the tape as far as it goes. */
static void copy_in(const struct stream_set *set, const struct lane *lane, uint32_t in, uint8_t *to,
		    uint32_t length, const uint8_t *rest, uint32_t rest_in)
{
	uint32_t there = before(in, lane->kept) ? lane->kept - in : 0;

	there = there < length ? there : length;
	tape_read(set, &lane->bytes, in, to, there);
	if (there < length)
		memcpy(to + there, rest + (in + there - rest_in), length - there);
}

void map_render(const struct stream_set *set, const struct lane *lane, uint32_t out, uint8_t *to,
		uint32_t length, const uint8_t *rest, uint32_t rest_in)
{
	while (length > 0) {
		const struct stream_edit *edit = edit_at(lane, out);
		uint32_t piece = length;

		if (edit != NULL && before(out, out_end(edit))) {
			uint32_t done = out - edit->out;

			piece = edit->added - done < piece ? edit->added - done : piece;
			tape_read(set, &lane->text, edit->text + done, to, piece);
		} else {
			const struct stream_edit *next = edit != NULL ? edit + 1 : lane->edits;

			if (next < lane->edits + lane->n_edits && next->out - out < piece)
				piece = next->out - out;
			copy_in(set, lane, map_in(lane, out), to, piece, rest, rest_in);
		}
		to += piece;
		out += piece;
		length -= piece;
	}
}
