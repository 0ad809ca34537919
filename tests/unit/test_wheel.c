/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer wheel against a plain list of times. */
#include "lib/wheel.h"
#include "suite.h"
#include "tables.h"

#define NODES 1000
#define TICK 10

/* Everything due at `now`; returns how many. Stops only when the wheel says that nothing is due any more. */
static uint32_t drain(struct wheel *wheel, uint64_t now, uint64_t when[NODES])
{
	uint32_t node, n = 0;

	do {
		while (wheel_due(wheel, now, &node)) {
			ck_assert_uint_le(when[node], now);
			ck_assert(!wheel_armed(wheel, node));
			when[node] = 0;
			n++;
		}
	} while (wheel_next(wheel) <= now);
	return n;
}

static uint64_t round_up(uint64_t when)
{
	return (when + TICK - 1) / TICK * TICK;
}

START_TEST(never_early_never_forgotten)
{
	static uint64_t when[NODES];
	uint64_t seed = test_seed(), now = 123456789;
	struct wheel *wheel = wheel_new(NODES, TICK, now);

	memset(when, 0, sizeof(when));
	for (int round = 0; round < 20000; round++) {
		uint32_t node = test_random(&seed) % NODES, due = 0;

		if (test_random(&seed) % 8 == 0) {
			wheel_disarm(wheel, node);
			when[node] = 0;
		} else {
			when[node] = now + TICK + (test_random(&seed) >> (test_random(&seed) % 32));
			wheel_arm(wheel, node, when[node]);
		}
		if (round % 50 != 0)
			continue;
		now += test_random(&seed) >> (8 + test_random(&seed) % 20);
		for (uint32_t i = 0; i < NODES; i++)
			due += when[i] != 0 && round_up(when[i]) <= now;
		ck_assert_uint_eq(drain(wheel, now, when), due);
	}
	for (uint32_t i = 0; i < NODES; i++)
		ck_assert_int_eq(wheel_armed(wheel, i), when[i] != 0);
	wheel_free(wheel);
}
END_TEST

START_TEST(next_is_never_late)
{
	static uint64_t when[NODES];
	uint64_t seed = test_seed(), now = 5000, next;
	struct wheel *wheel = wheel_new(NODES, TICK, now);
	uint32_t left = NODES, steps = 0;

	ck_assert_uint_eq(wheel_next(wheel), UINT64_MAX);
	for (uint32_t i = 0; i < NODES; i++) {
		when[i] = now + TICK + test_random(&seed) % 100000000;
		wheel_arm(wheel, i, when[i]);
	}
	while ((next = wheel_next(wheel)) != UINT64_MAX) {
		for (uint32_t i = 0; i < NODES; i++) {
			if (when[i] != 0 && round_up(when[i]) < next)
				ck_abort_msg("%llu is late", (unsigned long long)next);
		}
		now = next > now ? next : now;
		left -= drain(wheel, now, when);
		ck_assert_uint_lt(++steps, NODES * 12);
	}
	ck_assert_uint_eq(left, 0);
	wheel_free(wheel);
}
END_TEST

START_TEST(past_times_come_with_the_next_tick)
{
	struct wheel *wheel = wheel_new(4, TICK, 1000);
	uint32_t node;

	wheel_arm(wheel, 2, 5);
	ck_assert(!wheel_due(wheel, 1000, &node));
	ck_assert(wheel_due(wheel, 1010, &node));
	ck_assert_uint_eq(node, 2);
	ck_assert(!wheel_due(wheel, 1010, &node));
	wheel_free(wheel);
}
END_TEST

START_TEST(disarmed_and_rearmed)
{
	struct wheel *wheel = wheel_new(4, TICK, 0);
	uint32_t node;

	wheel_arm(wheel, 0, 100);
	wheel_arm(wheel, 1, 100);
	wheel_arm(wheel, 1, 5000);
	wheel_arm(wheel, 3, 100);
	wheel_disarm(wheel, 3);
	wheel_disarm(wheel, 2);
	ck_assert(wheel_due(wheel, 200, &node));
	ck_assert_uint_eq(node, 0);
	ck_assert(!wheel_due(wheel, 4999, &node));
	ck_assert(wheel_due(wheel, 5000, &node));
	ck_assert_uint_eq(node, 1);
	ck_assert_uint_eq(wheel_next(wheel), UINT64_MAX);
	wheel_free(wheel);
}
END_TEST

START_TEST(far_times)
{
	struct wheel *wheel = wheel_new(4, 1000, 0);
	uint32_t node;

	wheel_arm(wheel, 0, UINT64_MAX);
	wheel_arm(wheel, 1, UINT64_C(1) << 50);
	ck_assert(!wheel_due(wheel, (UINT64_C(1) << 50) - 1, &node));
	while (wheel_next(wheel) < UINT64_C(1) << 50)
		ck_assert(!wheel_due(wheel, wheel_next(wheel), &node));
	ck_assert(wheel_due(wheel, (UINT64_C(1) << 50) + 1000, &node));
	ck_assert_uint_eq(node, 1);
	ck_assert(wheel_armed(wheel, 0));
	wheel_free(wheel);
}
END_TEST

/* Nodes of one far tick come down in portions; none is lost, and the budget of the caller holds. */
START_TEST(a_crowd)
{
	enum { CROWD = 100000 };
	struct wheel *wheel = wheel_new(CROWD, TICK, 0);
	uint32_t node, n = 0, calls = 0;

	for (uint32_t i = 0; i < CROWD; i++)
		wheel_arm(wheel, i, 300000);
	while (wheel_next(wheel) <= 300000) {
		for (int budget = 0; budget < 500 && wheel_due(wheel, 300000, &node); budget++)
			n++;
		ck_assert_uint_lt(++calls, 10000);
	}
	ck_assert_uint_eq(n, CROWD);
	ck_assert_uint_ge(calls, CROWD / 500);
	wheel_free(wheel);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wheel");
	TCase *tests = tcase_create("wheel");

	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, never_early_never_forgotten);
	tcase_add_test(tests, next_is_never_late);
	tcase_add_test(tests, past_times_come_with_the_next_tick);
	tcase_add_test(tests, disarmed_and_rearmed);
	tcase_add_test(tests, far_times);
	tcase_add_test(tests, a_crowd);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
