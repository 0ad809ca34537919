/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event ring: what was put is read in order; a late reader is told how many it lost. */
#include "nat/event.h"
#include "suite.h"
#include "tables.h"

static struct event_ring ring;

static void put(uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++)
		event_put(&ring, &(struct event){ .now = i, .kind = EVENT_CREATED });
}

START_TEST(reads_in_order)
{
	struct event out[8];
	uint64_t cursor = 0, lost = 0;

	memset(&ring, 0, sizeof(ring));
	ck_assert_uint_eq(event_take(&ring, &cursor, out, 8, &lost), 0);
	put(0, 11);
	ck_assert_uint_eq(event_take(&ring, &cursor, out, 8, &lost), 8);
	for (uint64_t i = 0; i < 8; i++)
		ck_assert_uint_eq(out[i].now, i);
	ck_assert_uint_eq(event_take(&ring, &cursor, out, 8, &lost), 3);
	ck_assert_uint_eq(out[2].now, 10);
	ck_assert_uint_eq(event_take(&ring, &cursor, out, 8, &lost), 0);
	ck_assert_uint_eq(lost, 0);
}
END_TEST

START_TEST(late_reader_is_told)
{
	struct event out[1];
	uint64_t cursor = 0, lost = 0, total = EVENT_RING_SIZE * 2 + 17, seen = 0, last = 0;

	memset(&ring, 0, sizeof(ring));
	put(0, total);
	while (event_take(&ring, &cursor, out, 1, &lost) == 1) {
		if (seen++ > 0)
			ck_assert_uint_eq(out[0].now, last + 1);
		last = out[0].now;
	}
	ck_assert_uint_eq(last, total - 1);
	ck_assert_uint_eq(seen + lost, total);
	ck_assert_uint_ge(seen, EVENT_RING_SIZE - 1);
}
END_TEST

START_TEST(two_readers_do_not_meet)
{
	struct event out[4];
	uint64_t a = 0, b = 0, lost = 0;

	memset(&ring, 0, sizeof(ring));
	put(0, 3);
	ck_assert_uint_eq(event_take(&ring, &a, out, 4, &lost), 3);
	ck_assert_uint_eq(event_take(&ring, &b, out, 2, &lost), 2);
	ck_assert_uint_eq(b, 2);
	ck_assert_uint_eq(a, 3);
}
END_TEST

START_TEST(cursor_of_an_older_ring_begins_anew)
{
	struct event out[4];
	uint64_t cursor = 99, lost = 0;

	memset(&ring, 0, sizeof(ring));
	put(0, 3);
	ck_assert_uint_eq(event_take(&ring, &cursor, out, 4, &lost), 0);
	put(3, 4);
	ck_assert_uint_eq(event_take(&ring, &cursor, out, 4, &lost), 1);
	ck_assert_uint_eq(out[0].now, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("event");
	TCase *tests = tcase_create("ring");

	tcase_add_test(tests, reads_in_order);
	tcase_add_test(tests, late_reader_is_told);
	tcase_add_test(tests, two_readers_do_not_meet);
	tcase_add_test(tests, cursor_of_an_older_ring_begins_anew);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
