/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole connections over bad links: whatever happens, the receiver gets exactly the edited stream.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "streamlab.h"
#include "seed.h"
#include "suite.h"

static uint32_t rounds(void)
{
	const char *given = getenv("STREAM_ROUNDS");

	return given != NULL ? (uint32_t)strtoul(given, NULL, 0) : 150;
}

static void one(uint32_t seed)
{
	struct lab_options options = lab_wild(seed);
	struct lab *lab = lab_new(&options);

	lab_lines(lab, 0, lab_random(lab, lab_random(lab, 4) == 0 ? 120000 : 6000));
	lab_lines(lab, 1, lab_random(lab, lab_random(lab, 4) == 0 ? 120000 : 6000));
	if (!lab_run(lab))
		ck_abort_msg("seed %u: not finished: %u of %u, %u of %u", seed, lab->end[1].have,
			     lab->end[0].length, lab->end[0].have, lab->end[1].length);
	lab_check(lab);
	lab_free(lab);
}

START_TEST(connections)
{
	uint32_t seed = (uint32_t)test_seed();

	for (uint32_t i = 0; i < rounds(); i++)
		one(seed + i);
}
END_TEST

START_TEST(split_at_every_byte)
{
	static const char text[] = "gAzz\nkeep it\nmabcdefghijklmnopq\nsabcdefgh\ndgone\nrabcdef\n";
	uint32_t size = sizeof(text) - 1, expected;
	uint8_t *whole = toy_stream((const uint8_t *)text, size, &expected);

	for (uint32_t cut = 1; cut < size; cut++) {
		struct lab_options options = lab_defaults(cut);
		struct lab *one = lab_new(&options);

		options.writes[0] = 0;
		lab_data(one, 0, text, size);
		one->options.nodelay[0] = true;
		one->end[0].written = cut; /* the rest a little later */
		one->end[0].write_at = one->now + 150;
		ck_assert(lab_run(one));
		ck_assert_uint_eq(one->end[1].have, expected);
		ck_assert_mem_eq(one->end[1].got, whole, expected);
		ck_assert_uint_eq(one->messages, 6);
		lab_free(one);
	}
	free(whole);
}
END_TEST

/* A line of 65537 bytes (the longest message of DNS, with its length) is a message, a longer one is none: it goes on as it is,
 * and so does all that follows. */
static void long_line(uint32_t size, bool changed)
{
	struct lab_options options = lab_defaults(size);
	uint8_t *text = malloc(size + 6);
	struct lab *lab = lab_new(&options);

	memset(text, 'r', size);
	text[size - 1] = '\n';
	memcpy(text + size, "rabcd\n", 6);
	lab_data(lab, 0, text, size + 6);
	ck_assert(lab_run(lab));
	ck_assert_uint_eq(lab->end[1].have, size + 6);
	ck_assert_uint_eq(lab->notes[NOTE_TOO_LONG], changed ? 0 : 1);
	ck_assert((memcmp(lab->end[1].got, text, size + 6) == 0) == !changed);
	ck_assert((memcmp(lab->end[1].got + size, "raQRd\n", 6) == 0) == changed);
	lab_free(lab);
	free(text);
}

START_TEST(longest_message)
{
	long_line(18 * 1024 + 1, true);
	long_line(65537, true);
	long_line(65538, false);
}
END_TEST

START_TEST(memory_comes_back)
{
	struct lab_options options = lab_defaults(77);
	struct lab *lab;

	options.loss = 50;
	lab = lab_new(&options);
	lab_lines(lab, 0, 200000);
	lab_lines(lab, 1, 200000);
	ck_assert(lab_run(lab));
	ck_assert_uint_gt(lab->most_chunks, 2);
	ck_assert_uint_le(lab->most_chunks, 4 * 65);
	stream_close(lab->set, lab->stream);
	ck_assert_uint_eq(stream_chunks_used(lab->set), 0);
	ck_assert_uint_eq(stream_count(lab->set), 0);
	lab_free(lab);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream_property");
	TCase *tcase = tcase_create("all");

	tcase_add_test(tcase, connections);
	tcase_add_test(tcase, split_at_every_byte);
	tcase_add_test(tcase, longest_message);
	tcase_add_test(tcase, memory_comes_back);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
