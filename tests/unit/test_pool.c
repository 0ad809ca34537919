/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools and use counts: candidates in order, marks in overlapping pools, against a plain model. */
#include <check.h>
#include "enginelab.h"
#include "seed.h"
#include "suite.h"
#include "nat/pool.h"
#include "nat/use.h"

static struct lab lab;

static void setup(void)
{
	lab_conf(&lab, 1);
}

static void teardown(void)
{
	snapshot_free(lab.conf);
}

START_TEST(candidates_come_in_order)
{
	uint32_t size = 5000;

	lab_pool(&lab, "P", IP(100, 0, 0, 0), IP(100, 0, 0, 0) + size - 1);
	struct pool_set *set = pool_set_new(lab.conf);

	for (uint32_t i = 0; i < size; i++) {
		ip4 addr = pool_candidate(set, 0, CLASS_ADDRESS);

		ck_assert_uint_eq(addr, IP(100, 0, 0, 0) + i);
		pool_exhaust(set, addr, CLASS_ADDRESS);
	}
	ck_assert_uint_eq(pool_candidate(set, 0, CLASS_ADDRESS), 0);
	ck_assert_uint_eq(pool_candidate(set, 0, CLASS_TCP), IP(100, 0, 0, 0));
	pool_recover(set, IP(100, 0, 0, 0) + 4097, CLASS_ADDRESS);
	ck_assert_uint_eq(pool_candidate(set, 0, CLASS_ADDRESS), IP(100, 0, 0, 0) + 4097);
	pool_set_free(set);
}
END_TEST

START_TEST(every_size_ends_where_it_ends)
{
	static const uint32_t sizes[] = {1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097, 262144, 262145};

	for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		teardown();
		setup();
		lab_pool(&lab, "P", IP(100, 0, 0, 0), IP(100, 0, 0, 0) + sizes[i] - 1);
		struct pool_set *set = pool_set_new(lab.conf);

		for (uint32_t k = 0; k < sizes[i]; k++)
			pool_exhaust(set, IP(100, 0, 0, 0) + k, CLASS_ICMP);
		ck_assert_uint_eq(pool_candidate(set, 0, CLASS_ICMP), 0);
		pool_recover(set, IP(100, 0, 0, 0) + sizes[i] - 1, CLASS_ICMP);
		ck_assert_uint_eq(pool_candidate(set, 0, CLASS_ICMP), IP(100, 0, 0, 0) + sizes[i] - 1);
		pool_set_free(set);
	}
}
END_TEST

START_TEST(marks_reach_every_pool_that_holds_the_address)
{
	lab_pool(&lab, "A", POOL(10), POOL(20));
	lab_pool(&lab, "B", POOL(20), POOL(21));
	lab_pool(&lab, "C", POOL(1), POOL(250));
	struct pool_set *set = pool_set_new(lab.conf);

	pool_exhaust(set, POOL(20), CLASS_UDP);
	pool_count(set, POOL(20), 1);
	ck_assert_uint_eq(pool_candidate(set, 1, CLASS_UDP), POOL(21));
	ck_assert(pool_exhausted(set, POOL(20), CLASS_UDP));
	ck_assert(!pool_exhausted(set, POOL(21), CLASS_UDP));
	for (uint32_t p = 0; p < 3; p++)
		ck_assert_uint_eq(pool_allocated(set, p), 1);
	pool_count(set, POOL(11), 1);
	ck_assert_uint_eq(pool_allocated(set, 0), 2);
	ck_assert_uint_eq(pool_allocated(set, 1), 1);
	pool_exhaust(set, IP(9, 9, 9, 9), CLASS_UDP); /* nobody's: no effect */
	pool_recover(set, POOL(20), CLASS_UDP);
	ck_assert_uint_eq(pool_candidate(set, 1, CLASS_UDP), POOL(20));
	pool_miss(set, 1);
	struct pool_set *next = pool_set_new(lab.conf);

	pool_inherit(next, set);

	ck_assert_uint_eq(pool_misses(next, 1), 1);
	ck_assert_uint_eq(pool_misses(next, 0), 0);
	pool_set_free(next);
	pool_set_free(set);
}
END_TEST

START_TEST(changes_are_seen)
{
	struct snapshot *a, *b;

	lab_pool(&lab, "A", POOL(10), POOL(20));
	a = lab.conf;
	lab_conf(&lab, 2);
	lab_pool(&lab, "A", POOL(10), POOL(20));
	b = lab.conf;
	ck_assert(pool_set_same(a, b));
	b->pool_ranges[0].last++;
	ck_assert(!pool_set_same(a, b));
	b->pool_ranges[0].last--;
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(15), 0);
	ck_assert(!pool_set_same(a, b));
	snapshot_free(a);
}
END_TEST

START_TEST(use_counts_follow_a_model)
{
	struct use_table *table = use_table_new(300);
	uint32_t model[40] = {0}, total = 0;
	uint64_t random = test_seed() | 1;

	for (int i = 0; i < 200000; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		uint32_t k = (uint32_t)(random >> 40) % 40;
		/* Ids that collide in the low bits, to exercise gaps. */
		uint64_t id = (uint64_t)(k + 1) << 32 | (k % 5);

		if (total < 300 && (random >> 33 & 1)) {
			use_add(table, id);
			model[k]++;
			total++;
		} else if (model[k] > 0) {
			use_remove(table, id);
			model[k]--;
			total--;
		}
		ck_assert_uint_eq(use_count(table, id), model[k]);
	}
	for (uint32_t k = 0; k < 40; k++)
		ck_assert_uint_eq(use_count(table, (uint64_t)(k + 1) << 32 | (k % 5)), model[k]);
	use_table_free(table);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pool");
	TCase *tc = tcase_create("pool");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, candidates_come_in_order);
	tcase_add_test(tc, every_size_ends_where_it_ends);
	tcase_add_test(tc, marks_reach_every_pool_that_holds_the_address);
	tcase_add_test(tc, changes_are_seen);
	tcase_add_test(tc, use_counts_follow_a_model);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
