/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: pieces of datagrams, against a model that knows only what a byte's first owner
 * wrote. Input: records of five bytes {who, offset, length, flags, seed}. A whole is only ever made
 * of bytes of its own datagram; the arena's counts add up; when time has passed nothing is left. So
 * one set serves many inputs, which is much faster than a new one (4 MB) for each; what it has
 * grown old with (free lists, hash chains) is a test, too. An input that fails only after others:
 * run with RENEW 1.
 */
#include <stdlib.h>
#include <string.h>
#include "lib/csum.h"
#include "nat/cut.h"
#include "nat/frag.h"

#define DATAGRAMS 8
#define UNIT_MAX  256
#define ROOM	  8192
#define RENEW	  4096 /* inputs that share one set */
#define MODEL_MAX (UNIT_MAX * 8 * 2)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the model does for each byte is none of the fuzzer's business; tracing it would take most of
 * the time. */
#ifdef __clang__
#define UNTRACED __attribute__((no_sanitize("coverage", "address", "undefined"), noinline))
#else
#define UNTRACED
#endif

/* Every piece offered since the datagram's last whole or end of time. */
struct model {
	uint32_t end;		    /* nothing was offered from here on */
	uint8_t offered[MODEL_MAX]; /* bit n: this byte was offered in filling n */
};

static struct model models[DATAGRAMS * 2]; /* by who and protocol */

static void must(bool truth)
{
	if (!truth)
		abort();
}

static inline uint8_t filling(uint32_t who, uint32_t at, uint32_t seed)
{
	return (uint8_t)(at * 13 + who * 71 + seed * 5);
}

UNTRACED static void fill(uint8_t *out, uint32_t length, uint32_t who, uint32_t at, uint32_t seed)
{
	uint8_t value = filling(who, at, seed);

	for (uint32_t i = 0; i < length; i++, value += 13)
		out[i] = value;
}

static uint32_t make_piece(uint8_t *out, const uint8_t *record)
{
	uint32_t who = record[0] % DATAGRAMS, offset = record[1], length = 1 + record[2];
	uint16_t sum, field = (uint16_t)(offset | (record[3] & 1 ? 0x2000 : 0));
	uint32_t total;

	length = record[3] & 2 ? length : length * 8;
	total = 20 + length;
	memset(out, 0, 20);
	out[0] = 0x45;
	out[1] = record[3] >> 6;
	out[2] = (uint8_t)(total >> 8);
	out[3] = (uint8_t)total;
	out[5] = (uint8_t)who;
	out[6] = (uint8_t)(field >> 8);
	out[7] = (uint8_t)field;
	out[8] = 64;
	out[9] = record[3] & 4 ? 6 : 47;
	out[12] = 10;
	out[15] = (uint8_t)(who / 2);
	out[16] = 198;
	sum = csum_finish(csum_add(0, out, 20));
	memcpy(out + 10, &sum, 2);
	fill(out + 20, length, who, offset * 8, record[4] & 3);
	return total;
}

static void forget(struct model *model)
{
	memset(model->offered, 0, model->end);
	model->end = 0;
}

UNTRACED static void offer(struct model *model, uint32_t at, uint32_t length, uint32_t seed)
{
	for (uint32_t i = 0; i < length; i++)
		model->offered[at + i] |= (uint8_t)(1 << seed);
	if (model->end < at + length)
		model->end = at + length;
}

UNTRACED static bool all_known(const struct model *model, uint32_t who, const uint8_t *data,
			       uint32_t length)
{
	for (uint32_t i = 0; i < length; i++) {
		/* Fillings differ by 5: the seed that gives this byte, if any does. */
		uint8_t seed =
		    (uint8_t)((data[i] - filling(who, i, 0)) * 205); /* 5 * 205 = 1 mod 256 */

		if (seed > 3 || !(model->offered[i] >> seed & 1))
			return false;
	}
	return true;
}

/* No byte comes from nowhere. */
static void check_whole(uint32_t who, struct model *model, const struct frag_whole *whole,
			uint32_t largest)
{
	must(whole->length > 20 && whole->length <= ROOM && whole->largest <= largest);
	must(whole->length - 20 <= model->end && csum_finish(csum_add(0, whole->data, 20)) == 0);
	must(all_known(model, who, whole->data + 20, whole->length - 20));
	forget(model);
}

static void check_cut(const struct frag_whole *whole)
{
	struct cut_piece piece;
	uint32_t done = 0;
	struct cut cut;

	must(cut_start(&cut, whole->data, whole->length, whole->largest, 1));
	while (cut_next(&cut, &piece)) {
		must(piece.header_length + piece.length <= whole->largest);
		must(memcmp(piece.data, whole->data + 20 + done, piece.length) == 0);
		done += piece.length;
	}
	must(done == whole->length - 20);
}

static void one(struct frag_set *set, uint64_t now, const struct frag_place *place,
		const uint8_t *record)
{
	static uint8_t bytes[20 + 2048], room[ROOM];
	struct frag_whole whole = {.data = room, .room = ROOM};
	uint32_t length = make_piece(bytes, record), who = record[0] % DATAGRAMS;
	struct model *model = &models[who * 2 + (record[3] >> 2 & 1)];
	struct decoded view;

	if (!decode_packet(bytes, length, &view) || !view.fragment)
		return;
	offer(model, record[1] * 8, length - 20, record[4] & 3);
	if (frag_add(set, now, place, &view, &whole) != REASON_REASSEMBLED)
		return;
	check_whole(who, model, &whole, 20 + 2048);
	check_cut(&whole);
}

/* From one deadline to the next, none later than the timeout and a tick of the wheel; says when the
 * last one was. */
static uint64_t drain(struct frag_set *set, uint64_t now)
{
	uint64_t end = now + FRAG_TIMEOUT + 64;
	struct frag_counts counts;

	while (frag_held(set) != 0) {
		must(frag_next(set) <= end);
		now = frag_next(set) > now ? frag_next(set) : now;
		frag_tick(set, now);
	}
	counts = frag_counts(set, 1, false);
	must(counts.datagrams == 0 && counts.pieces == 0);
	return now;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frag_set *set;
	static uint64_t now = 5000;
	static uint32_t inputs;
	struct frag_limits limits = {
	    .datagrams = size % 3 ? 0 : 3, .pieces = size % 2 ? 256 : 6, .timeout = 3000};
	struct frag_place place = {.visit = 2, .ifindex = 1, .limits = &limits};

	if (inputs++ % RENEW == 0) {
		frag_free(set);
		set = frag_new(7, now);
	}
	for (; size >= 5; data += 5, size -= 5) {
		one(set, now, &place, data);
		now += data[3] & 8 ? 200 : 1;
		frag_tick(set, now);
	}
	now = drain(set, now);
	for (uint32_t i = 0; i < DATAGRAMS * 2; i++)
		forget(&models[i]);
	return 0;
}
