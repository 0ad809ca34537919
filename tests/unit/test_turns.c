/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns between queues: who has much to be served waits for himself; order within a queue; nothing
 * lost, nothing twice. */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "net/turns.h"
#include "suite.h"

static struct turns turns;

static void setup(void)
{
	memset(&turns, 0, sizeof(turns));
}

static void put_many(uint32_t queue, uint16_t from, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		turns_put(&turns, queue, (uint16_t)(from + i));
}

/* How many are served before that one; they are taken by so many. */
static uint32_t before(uint16_t place, uint32_t by)
{
	uint16_t places[TURNS_PLACES];
	uint32_t served = 0, n;

	while ((n = turns_take(&turns, places, by)) > 0)
		for (uint32_t i = 0; i < n; i++, served++)
			if (places[i] == place)
				return served;
	ck_abort_msg("place %u never came", place);
}

START_TEST(one_queue_is_a_fifo)
{
	uint16_t places[64];

	put_many(3, 100, 150);
	ck_assert_uint_eq(turns_take(&turns, places, 64), 64);
	for (uint16_t i = 0; i < 64; i++)
		ck_assert_uint_eq(places[i], 100 + i);
	ck_assert_uint_eq(turns.n, 86);
	ck_assert_uint_eq(before(249, 64), 85);
	ck_assert_uint_eq(turns_take(&turns, places, 64), 0);
}
END_TEST

START_TEST(others_wait_for_one_turn)
{
	put_many(5, 0, 512);
	turns_put(&turns, 9, 1000);
	ck_assert_uint_eq(before(1000, 64), TURN);
}
END_TEST

/* Also in the middle of it, by whatever it is taken. */
START_TEST(who_comes_later_waits_for_one_turn)
{
	uint16_t places[64];

	for (uint32_t by = 1; by <= 64; by++) {
		setup();
		put_many(5, 0, 512);
		turns_take(&turns, places, by);
		turns_put(&turns, 9, 1000);
		ck_assert_msg(before(1000, by) <= TURN, "by %u", by);
	}
}
END_TEST

START_TEST(control_in_its_own_queue_it_waits)
{
	put_many(5, 0, 512);
	turns_put(&turns, 5, 1000);
	ck_assert_uint_eq(before(1000, 64), 512);
}
END_TEST

START_TEST(a_turn_of_each_of_many)
{
	for (uint16_t queue = 0; queue < 33; queue++)
		put_many(queue, (uint16_t)(queue * 30), 30);
	turns_put(&turns, TURNS_QUEUES - 1, 1000);
	ck_assert_uint_eq(before(1000, 64), 33 * TURN);
}
END_TEST

/* Anything: each place comes out once, after those before it in its queue. */
START_TEST(nothing_lost_nothing_twice)
{
	uint32_t put_as[TURNS_PLACES], last[TURNS_QUEUES] = {0}, number = 0, out = 0, n;
	uint16_t queue_of[TURNS_PLACES], spare[TURNS_PLACES], places[TURNS_PLACES];
	uint32_t n_spare = TURNS_PLACES;

	srandom(7);
	for (uint16_t i = 0; i < TURNS_PLACES; i++)
		spare[i] = i;
	for (unsigned round = 0; round < 2000; round++) {
		for (long puts = random() % 40; puts > 0 && n_spare > 0; puts--) {
			uint16_t place = spare[--n_spare];

			/* Some have much, most have little. */
			queue_of[place] =
			    (uint16_t)(random() % 2 ? random() % 2 : random() % TURNS_QUEUES);
			put_as[place] = ++number;
			turns_put(&turns, queue_of[place], place);
		}
		n = turns_take(&turns, places, (uint32_t)(random() % 40));
		for (uint32_t i = 0; i < n; i++, out++) {
			/* 0: it is not in there. */
			if (put_as[places[i]] <= last[queue_of[places[i]]])
				ck_abort_msg("place %u in round %u", places[i], round);
			last[queue_of[places[i]]] = put_as[places[i]];
			put_as[places[i]] = 0;
			spare[n_spare++] = places[i];
		}
		ck_assert_uint_eq(turns.n, TURNS_PLACES - n_spare);
	}
	while ((n = turns_take(&turns, places, TURNS_PLACES)) > 0)
		out += n;
	ck_assert_uint_eq(out, number);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("turns");
	TCase *tcase = tcase_create("turns");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, one_queue_is_a_fifo);
	tcase_add_test(tcase, others_wait_for_one_turn);
	tcase_add_test(tcase, who_comes_later_waits_for_one_turn);
	tcase_add_test(tcase, control_in_its_own_queue_it_waits);
	tcase_add_test(tcase, a_turn_of_each_of_many);
	tcase_add_test(tcase, nothing_lost_nothing_twice);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
