/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alg_laws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/siphash.h"

#define CUT_LAST 2048 /* what is cut further behind says nothing new */

static struct findings found, again;
static struct splices splices;
static struct resolved results[FINDING_MENTIONS];
static enum scan said_last;
static uint8_t edited[SPLICE_TEXT + ALG_MESSAGE_MAX];
static uint32_t cuts;

void laws_options(uint32_t options)
{
	found.options = options;
}

void laws_cuts(uint32_t number)
{
	cuts = number;
}

const struct findings *laws_findings(void)
{
	return &found;
}

#define LAW(name, holds)                                                                           \
	do {                                                                                       \
		if (!(holds)) {                                                                    \
			fprintf(stderr, "law broken: %s: %s (%s:%d)\n", name, #holds, __FILE__,    \
				__LINE__);                                                         \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct resolved laws_map(const struct mention *mention)
{
	struct resolved resolved = {.to = mention->at};

	if (mention->flags & MENTION_OWN || (mention->at.addr >> 24 != 10 && !(mention->flags & MENTION_HERE)))
		return resolved;
	if (!(mention->flags & MENTION_HERE))
		resolved.to.addr = 0xcb007100 | (mention->at.addr & 0xff);
	if (mention->at.port != 0)
		resolved.to.port = (uint16_t)((mention->at.port ^ 0x5555) | 1024);
	if (mention->flags & MENTION_RESERVED)
		resolved.to.port = 512 | ((mention->at.port ^ 0x155) & 511);
	resolved.changed = true;
	return resolved;
}

/* ---- bounds ---- */

struct place {
	uint32_t from, to;
};

static int by_place(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	if (left->from != right->from)
		return left->from < right->from ? -1 : 1;
	return left->to < right->to ? -1 : left->to > right->to;
}

static void check_places(struct place *places, uint32_t n)
{
	qsort(places, n, sizeof(places[0]), by_place);
	for (uint32_t i = 1; i < n; i++)
		LAW("bounds", places[i - 1].to <= places[i].from);
}

/* Those that lie within the one found before them are left out. */
static uint32_t outer_fields(const struct findings *findings, struct place *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < findings->n_fields; i++) {
		const struct place place = {findings->fields[i].offset,
					    findings->fields[i].offset + findings->fields[i].length};

		if (n == 0 || place.from == place.to || place.from < out[n - 1].from || place.to > out[n - 1].to)
			out[n++] = place;
	}
	return n;
}

/* A dependent may lie within a field, else they are apart. */
static void check_disjoint(const struct findings *findings)
{
	static struct place fields[FINDING_FIELDS], dependents[FINDING_DEPENDENTS];
	uint32_t at = 0, n_fields = outer_fields(findings, fields);

	for (uint32_t i = 0; i < findings->n_dependents; i++)
		dependents[i] = (struct place){findings->dependents[i].offset,
					       findings->dependents[i].offset + findings->dependents[i].length};
	check_places(fields, n_fields);
	check_places(dependents, findings->n_dependents);
	for (uint32_t i = 0; i < findings->n_dependents; i++) {
		while (at < n_fields && fields[at].to <= dependents[i].from)
			at++;
		LAW("bounds", at == n_fields || fields[at].from >= dependents[i].to ||
				      (fields[at].from <= dependents[i].from && dependents[i].to <= fields[at].to));
	}
}

static void check_bounds(const struct findings *findings, uint32_t length)
{
	for (uint32_t i = 0; i < findings->n_fields; i++) {
		const struct field *field = &findings->fields[i];

		LAW("bounds", field->offset <= length && field->length <= length - field->offset);
		LAW("bounds", field->mention < findings->n_mentions);
		LAW("bounds",
		    field->unless == MENTION_NONE || field->unless < findings->n_mentions);
		LAW("bounds", field->encoding != ENCODE_COPY ||
				  (field->from <= field->to && field->to <= length));
	}
	for (uint32_t i = 0; i < findings->n_dependents; i++) {
		const struct dependent *dependent = &findings->dependents[i];

		LAW("bounds", dependent->offset <= length && dependent->length > 0 &&
				  dependent->length <= length - dependent->offset);
		LAW("bounds", dependent->kind == DEPEND_POINTER
				  ? dependent->from < length
				  : dependent->from <= dependent->to && dependent->to <= length);
	}
	LAW("bounds", findings->note < NOTE_COUNT && findings->key_length <= FINDING_KEY);
	LAW("bounds", memchr(findings->message, 0, sizeof(findings->message)) != NULL);
	check_disjoint(findings);
}

/* ---- one message ---- */

/* The same bytes where none of ours follow, so that AddressSanitizer sees one that is read too many. */
static const uint8_t *alone(const uint8_t *bytes, uint32_t length)
{
	static uint8_t room[ALG_MESSAGE_MAX + 1];

	if (length > sizeof(room))
		return bytes;
	return memcpy(room + sizeof(room) - length, bytes, length);
}

static enum scan scan(enum alg alg, void *state, enum alg_from from, const uint8_t *bytes,
		      uint32_t length, bool stream, struct findings *out)
{
	findings_clear(out);
	return alg_gateway(alg)->scan(state, from, alone(bytes, length), length, stream, out);
}

static bool edit_mapped(const uint8_t *bytes, uint32_t length)
{
	for (uint32_t i = 0; i < found.n_mentions; i++)
		results[i] = laws_map(&found.mentions[i]);
	return edit(bytes, length, &found, results, &splices);
}

static void check_identity(const uint8_t *bytes, uint32_t length)
{
	for (uint32_t i = 0; i < found.n_mentions; i++)
		results[i] = (struct resolved){.to = found.mentions[i].at};
	LAW("identity", edit(bytes, length, &found, results, &splices));
	/* An insertion that depends on addresses being different may be due even so. */
	if (splices.n == 0)
		LAW("identity", splices.length == length);
	splice_apply(bytes, length, &splices, edited);
	LAW("identity", splices.n != 0 || memcmp(edited, bytes, length) == 0);
}

static bool is_at(uint32_t i, struct endpoint at)
{
	return again.mentions[i].at.addr == at.addr && again.mentions[i].at.port == at.port;
}

/* A name in place of a pointer to it (DNS) is found once more. */
static bool repeats(uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (is_at(k, again.mentions[i].at))
			return found.n_dependents > 0;
	return false;
}

/* What was written is found again, in the same order. */
static void check_reverse(enum alg alg, const void *before, enum alg_from from,
			  const uint8_t *bytes, uint32_t length, bool stream)
{
	uint8_t state[ALG_STATE_MAX];
	uint32_t n = 0;

	if (!edit_mapped(bytes, length))
		return;
	splice_apply(bytes, length, &splices, edited);
	memcpy(state, before, sizeof(state));
	again.options = found.options;
	LAW("reverse", scan(alg, state, from, edited, splices.length, stream, &again) == SCAN_OK);
	check_bounds(&again, splices.length);
	for (uint32_t i = 0; i < again.n_mentions; i++) {
		if (n < found.n_mentions &&
		    is_at(i, results[n].changed ? results[n].to : found.mentions[n].at))
			n++;
		else
			LAW("reverse", repeats(i));
	}
	LAW("reverse", n == found.n_mentions);
	LAW("reverse", again.happened == found.happened);
}

enum scan laws_message(enum alg alg, void *state, enum alg_from from, const uint8_t *bytes,
		       uint32_t length, bool stream)
{
	uint8_t before[ALG_STATE_MAX];
	enum scan said;

	memcpy(before, state, sizeof(before));
	said = scan(alg, state, from, bytes, length, stream, &found);
	for (unsigned i = alg_gateway(alg)->state_size; i < ALG_STATE_MAX; i++)
		LAW("state", ((uint8_t *)state)[i] == before[i]);
	if (said != SCAN_OK) {
		LAW("foreign", found.note != NOTE_NONE);
		return said;
	}
	check_bounds(&found, length);
	check_identity(bytes, length);
	check_reverse(alg, before, from, bytes, length, stream);
	return said;
}

uint32_t laws_edited(enum alg alg, void *state, enum alg_from from, const uint8_t *bytes,
		     uint32_t length, bool stream, uint8_t *to)
{
	said_last = laws_message(alg, state, from, bytes, length, stream);
	if (said_last != SCAN_OK) {
		memcpy(to, bytes, length);
		return length;
	}
	if (!edit_mapped(bytes, length))
		return 0;
	splice_apply(bytes, length, &splices, to);
	return splices.length;
}

/* ---- streams ---- */

struct split {
	const struct gateway *gateway;
	const void *state;
	enum alg_from from;
	const uint8_t *bytes;
	uint32_t length;
	enum frame whole; /* what is said with all that is there */
	uint32_t size;
};

/* What is passed over may come in parts, if no message is found within it. */
static void check_parts(const struct split *split, uint32_t at)
{
	uint32_t size;

	for (; at < split->size; at += size) {
		size = 0;
		LAW("split", split->gateway->frame(split->state, split->from, split->bytes + at, split->length - at,
						   &size) == FRAME_PASS);
		LAW("split", size > 0);
	}
	LAW("split", at == split->size);
}

/* However many bytes are there already, the answer is the same, or that more are needed. */
static void check_cut(const struct split *split, uint32_t there)
{
	uint32_t early = 0;
	enum frame said = split->gateway->frame(split->state, split->from,
						alone(split->bytes, there), there, &early);

	if (said == FRAME_MORE)
		return;
	LAW("split", said == split->whole);
	if (said == FRAME_PASS && early > 0 && early < split->size && early <= there) {
		check_parts(split, early);
		return;
	}
	LAW("split", said == FRAME_DONE || said == FRAME_FOREIGN || early == split->size);
	LAW("split", said != FRAME_WHOLE || early <= there);
}

static void check_cut_near(const struct split *split, uint32_t there, uint32_t last)
{
	for (uint32_t at = there > 1 ? there - 1 : 1; at <= there + 1 && at < last; at++)
		check_cut(split, at);
}

/* Everywhere; or, for who comes with millions of messages, where a message ends and at a few places that its bytes
 * choose, so that it is cut at the same ones when it comes again. */
static void check_cuts(const struct split *split, uint32_t length)
{
	const uint32_t last = length < CUT_LAST ? length : CUT_LAST;
	const struct siphash_key key = {length, cuts};
	uint64_t places = siphash13(&key, split->bytes, length);

	if (cuts == 0) {
		for (uint32_t there = 1; there < last; there++)
			check_cut(split, there);
		return;
	}
	if (split->whole == FRAME_WHOLE || split->whole == FRAME_PASS)
		check_cut_near(split, split->size, last);
	for (uint32_t i = 0; i < cuts && last > 1; i++) {
		check_cut(split, 1 + (uint32_t)(places >> 32) % (last - 1));
		places = places * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	}
}

static enum frame check_split(const struct gateway *gateway, const void *state, enum alg_from from,
			      const uint8_t *bytes, uint32_t length, uint32_t *size)
{
	struct split split = {gateway, state, from, bytes, length, FRAME_MORE, 0};

	split.whole = gateway->frame(state, from, alone(bytes, length), length, &split.size);
	check_cuts(&split, length);
	LAW("split", split.whole != FRAME_WHOLE || (split.size > 0 && split.size <= length));
	LAW("split", split.whole != FRAME_PASS || split.size > 0);
	LAW("split", split.whole != FRAME_MORE || split.size == 0 || split.size > length);
	*size = split.size;
	return split.whole;
}

static uint32_t walk(enum alg alg, void *state, enum alg_from from, const uint8_t *bytes,
		     uint32_t length, uint8_t *to, uint32_t *written)
{
	const struct gateway *gateway = alg_gateway(alg);
	uint32_t at = 0, messages = 0, size;

	while (at < length) {
		enum frame frame =
		    check_split(gateway, state, from, bytes + at, length - at, &size);

		if (frame == FRAME_WHOLE) {
			uint32_t n = laws_edited(alg, state, from, bytes + at, size, true, edited);

			messages++;
			if (to != NULL)
				memcpy(to + *written, edited, n);
			*written += n;
			at += size;
			if (said_last == SCAN_OK && !(found.happened & (HAPPENED_DONE | HAPPENED_ENCRYPTED)))
				continue;
		} else if (frame == FRAME_PASS && size <= length - at) {
			if (to != NULL)
				memcpy(to + *written, bytes + at, size);
			*written += size;
			at += size;
			continue;
		}
		break;
	}
	if (to != NULL)
		memcpy(to + *written, bytes + at, length - at);
	*written += length - at;
	return messages;
}

uint32_t laws_stream(enum alg alg, void *state, enum alg_from from, const uint8_t *bytes,
		     uint32_t length)
{
	uint32_t written = 0;

	return walk(alg, state, from, bytes, length, NULL, &written);
}

uint32_t laws_stream_edited(enum alg alg, void *state, enum alg_from from, const uint8_t *bytes,
			    uint32_t length, uint8_t *to)
{
	uint32_t written = 0;

	walk(alg, state, from, bytes, length, to, &written);
	return written;
}
