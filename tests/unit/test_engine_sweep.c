/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New configurations with many flows: how much one call does, and what packets get between the
 * calls. */
#include <check.h>
#include "enginelab.h"
#include "suite.h"

#define IS(reason, want) ck_assert_str_eq(reason_name(reason), reason_name(REASON_##want))

static struct lab lab;

static void setup(void)
{
	lab_open(&lab, 4096);
}

static void teardown(void)
{
	lab_close(&lab);
}

/* ---- bounded work: what is counted is what one call does, not how long it takes ---- */

#define MANY 9000
#define STEP 1024 /* records that one call may look at */

static void conf_many(uint32_t epoch, ip4 face, ip4 last)
{
	lab_conf(&lab, epoch);
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(5), 0xffffffff),
		 lab_pool(&lab, "A", POOL(20), last), 0, false);
	lab_rule(&lab, 100, lab_list(&lab, 0, HOST(0), 0xff000000), SNAPSHOT_NONE, face, true);
}

static struct pkt nth(uint32_t i)
{
	return pkt_udp(IP(10, 1, i / 250, i % 250), 4000, PEER(1), 9000);
}

static void open_many(void)
{
	lab_close(&lab);
	lab_open(&lab, 4 * MANY);
	snapshot_free(lab.conf);
	conf_many(1, FACE, POOL(29));
	ck_assert(lab_commit(&lab));
	for (uint32_t i = 0; i < MANY; i++) {
		struct pkt p = nth(i);

		IS(lab_out(&lab, &p), TRANSLATED_NEW);
	}
}

/* The swap alone, with nothing before or after. */
static void swap_only(struct swap *swap)
{
	snapshot_index(lab.conf);
	swap->snapshot = lab.conf;
	lab.conf = NULL;
	ck_assert(engine_swap(lab.engine, lab.now, swap));
	snapshot_free(swap->old);
}

START_TEST(a_swap_ends_no_flow_and_a_sweep_few)
{
	struct swap swap = {.gone = true};
	uint32_t calls = 1, before;

	open_many();
	conf_many(2, IP(203, 0, 113, 2), POOL(29));
	swap_only(&swap);
	ck_assert_uint_eq(lab_counts(&lab).flows, MANY);
	for (before = MANY; !engine_sweep(lab.engine, lab.now); calls++) {
		ck_assert_uint_le(before - lab_counts(&lab).flows, STEP);
		before = lab_counts(&lab).flows;
	}
	ck_assert_uint_ge(calls, MANY / STEP);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(engine_rule_uses(lab.engine, 100), 0);
	/* Nothing to do: no call does anything. */
	ck_assert(engine_sweep(lab.engine, lab.now));
}
END_TEST

/* The binding of an endpoint with several flows is not free when the first of them meets the new
 * configuration. */
START_TEST(nothing_stale_is_used_before_it_is_swept)
{
	struct swap swap = {.gone = true};
	struct pkt a, b, in;
	uint16_t port;

	open_many();
	a = pkt_udp(HOST(6), 4000, PEER(1), 1);
	b = pkt_udp(HOST(6), 4000, PEER(1), 2);
	lab_out(&lab, &a);
	IS(lab_out(&lab, &b), TRANSLATED_NEW);
	port = (uint16_t)sport_of(&b);
	conf_many(2, IP(203, 0, 113, 2), POOL(29));
	swap_only(&swap);
	a = pkt_udp(HOST(6), 4000, PEER(1), 1);
	IS(lab_out(&lab, &a), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&a), IP(203, 0, 113, 2));
	/* The other flow is there still, but lets nobody in. */
	in = pkt_udp(PEER(1), 2, FACE, port);
	ck_assert_int_ne(lab_in(&lab, &in), REASON_TRANSLATED);
	b = pkt_udp(HOST(6), 4000, PEER(1), 2);
	IS(lab_out(&lab, &b), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&b), src_of(&a));
	ck_assert_uint_eq(sport_of(&b), sport_of(&a)); /* RFC 4787 REQ-1 */
	while (!engine_sweep(lab.engine, lab.now))
		;
	ck_assert_uint_eq(lab_counts(&lab).flows, 2);
	ck_assert_uint_eq(engine_rule_uses(lab.engine, 100), 2);
	b = pkt_udp(HOST(6), 4000, PEER(1), 2);
	IS(lab_out(&lab, &b), TRANSLATED);
	lab_wait(&lab, 301);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
}
END_TEST

START_TEST(a_whole_address_that_is_gone_is_used_no_more)
{
	struct swap swap = {0};
	struct pkt p[3];

	snapshot_free(lab.conf);
	conf_many(1, FACE, POOL(29));
	ck_assert(lab_commit(&lab));
	for (uint16_t i = 0; i < 3; i++) {
		p[i] = pkt_udp(HOST(5), 4000, PEER(1), i);
		IS(lab_out(&lab, &p[i]), TRANSLATED_NEW);
	}
	lab_conf(&lab, 2);
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(5), 0xffffffff),
		 lab_pool(&lab, "A", POOL(40), POOL(49)), 0, false);
	swap_only(&swap);
	for (uint16_t i = 0; i < 3; i++) {
		p[i] = pkt_udp(HOST(5), 4000, PEER(1), i);
		IS(lab_out(&lab, &p[i]), TRANSLATED_NEW);
		ck_assert_uint_eq(src_of(&p[i]), POOL(40));
	}
	while (!engine_sweep(lab.engine, lab.now))
		;
	ck_assert_uint_eq(lab_counts(&lab).address_bindings, 1);
	ck_assert_uint_eq(engine_rule_uses(lab.engine, 7), 4);
	lab_wait(&lab, 2 * 86400);
	ck_assert_uint_eq(engine_rule_uses(lab.engine, 7), 0);
}
END_TEST

/* A rule removed with its flows and typed again at once is a new one. */
START_TEST(the_next_swap_waits_for_no_sweep)
{
	static const uint64_t rule[] = {100};
	struct swap kill = {.n_kill = 1, .kill = rule}, back = {0},
		    idle = {.n_must_be_idle = 1, .must_be_idle = rule};

	open_many();
	lab_conf(&lab, 2);
	swap_only(&kill);
	ck_assert(!engine_sweep(lab.engine, lab.now));
	conf_many(3, FACE, POOL(29));
	swap_only(&back);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	struct pkt p = nth(MANY - 1);

	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	lab_wait(&lab, 301);
	lab_conf(&lab, 4);
	swap_only(&idle);
}
END_TEST

static void same_given(const struct pool_given *a, const struct pool_given *b)
{
	ck_assert_uint_eq(a->addresses, b->addresses);
	ck_assert_uint_eq(a->whole, b->whole);
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(a->tcp[i], b->tcp[i]);
		ck_assert_uint_eq(a->udp[i], b->udp[i]);
	}
}

static void conf_prepared(uint32_t epoch, int pools)
{
	lab_conf(&lab, epoch);
	lab_rule(&lab, 7, lab_list(&lab, 0, IP(10, 2, 0, 0), 0xffff0000),
		 lab_pool(&lab, "A", POOL(20), POOL(59)), 0, false);
	lab_rule(&lab, 8, lab_list(&lab, 0, HOST(0), 0xff000000),
		 lab_pool(&lab, "B", POOL(60), POOL(69)), 0, true);
	for (int i = 2; i < pools; i++)
		lab_pool(&lab, "C", IP(192, 0, 2, 0), IP(192, 0, 2, 255));
}

static void random_traffic(uint32_t n)
{
	static uint32_t seed = 1;

	for (uint32_t i = 0; i < n; i++) {
		seed = seed * 1103515245 + 12345;
		ip4 host = IP(10, 1 + (seed >> 30), 0, 0) + (seed >> 16) % 40;
		struct pkt p = pkt_udp(host, (uint16_t)(400 + (seed >> 8) % 4000), PEER(1), 9000);

		lab_out(&lab, &p);
		if (seed % 64 == 0)
			lab_wait(&lab, 1);
	}
}

/* Bindings that come and go while the pools of the next configuration are being got ready are in
 * them, or not, as if that had happened at once. */
START_TEST(pools_are_got_ready_under_traffic)
{
	static const char *const names[] = {"A", "B"};
	struct pool_given slowly[2], at_once;
	uint32_t calls = 0;

	lab_close(&lab);
	lab_open(&lab, 4 * MANY);
	snapshot_free(lab.conf);
	conf_prepared(1, 2);
	ck_assert(lab_commit(&lab));
	random_traffic(3 * MANY);
	conf_prepared(2, 3);
	snapshot_index(lab.conf);
	for (; !engine_swap_prepare(lab.engine, lab.conf); calls++)
		random_traffic(MANY / 2);
	ck_assert_uint_gt(calls, 2);
	random_traffic(MANY / 2);
	struct swap swap = {.snapshot = lab.conf}, next = {0};

	lab.conf = NULL;
	ck_assert(engine_swap(lab.engine, lab.now, &swap));
	snapshot_free(swap.old);
	for (int pool = 0; pool < 2; pool++)
		ck_assert(engine_pool_given(lab.engine, names[pool], &slowly[pool]));
	ck_assert_uint_gt(slowly[0].whole, 5);
	ck_assert_uint_gt(slowly[1].udp[2], 5000);
	conf_prepared(3, 4);
	swap_only(&next);
	for (int pool = 0; pool < 2; pool++) {
		ck_assert(engine_pool_given(lab.engine, names[pool], &at_once));
		same_given(&slowly[pool], &at_once);
	}
	lab_wait(&lab, 2 * 86400);
	for (int pool = 0; pool < 2; pool++) {
		ck_assert(engine_pool_given(lab.engine, names[pool], &at_once));
		ck_assert_uint_eq(at_once.addresses + at_once.whole + at_once.udp[0] +
				      at_once.udp[1] + at_once.udp[2],
				  0);
	}
}
END_TEST

/* All that had been entered ends before the swap: an address that lost its last port, or its host,
 * is free. */
START_TEST(what_ends_meanwhile_is_not_in_use)
{
	struct pool_given given;

	snapshot_free(lab.conf);
	conf_prepared(1, 2);
	ck_assert(lab_commit(&lab));
	random_traffic(1000);
	conf_prepared(2, 3);
	snapshot_index(lab.conf);
	while (!engine_swap_prepare(lab.engine, lab.conf))
		;
	lab_wait(&lab, 2 * 86400);
	struct swap swap = {.snapshot = lab.conf};

	lab.conf = NULL;
	ck_assert(engine_swap(lab.engine, lab.now, &swap));
	snapshot_free(swap.old);
	ck_assert(engine_pool_given(lab.engine, "A", &given));
	ck_assert_uint_eq(given.addresses + given.whole, 0);
	ck_assert(engine_pool_given(lab.engine, "B", &given));
	ck_assert_uint_eq(given.addresses + given.udp[0] + given.udp[1] + given.udp[2], 0);
	struct pkt p = pkt_udp(IP(10, 2, 0, 1), 4000, PEER(1), 9000);

	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&p), POOL(20));
}
END_TEST

START_TEST(a_refused_swap_forgets_what_was_ready)
{
	static const uint64_t rule[] = {7};
	struct swap swap = {.n_must_be_idle = 1, .must_be_idle = rule};
	struct pool_given given;

	snapshot_free(lab.conf);
	conf_prepared(1, 2);
	ck_assert(lab_commit(&lab));
	random_traffic(100);
	for (int i = 0; i < 2; i++) {
		conf_prepared(2, 3);
		snapshot_index(lab.conf);
		while (!engine_swap_prepare(lab.engine, lab.conf))
			;
		swap.snapshot = lab.conf;
		lab.conf = NULL;
		ck_assert(!engine_swap(lab.engine, lab.now, &swap));
		snapshot_free(swap.snapshot);
		random_traffic(100);
	}
	lab_wait(&lab, 2 * 86400);
	ck_assert(engine_pool_given(lab.engine, "A", &given));
	ck_assert_uint_eq(given.addresses, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_sweep");
	TCase *tc = tcase_create("engine_sweep");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, a_swap_ends_no_flow_and_a_sweep_few);
	tcase_add_test(tc, nothing_stale_is_used_before_it_is_swept);
	tcase_add_test(tc, a_whole_address_that_is_gone_is_used_no_more);
	tcase_add_test(tc, the_next_swap_waits_for_no_sweep);
	tcase_add_test(tc, pools_are_got_ready_under_traffic);
	tcase_add_test(tc, what_ends_meanwhile_is_not_in_use);
	tcase_add_test(tc, a_refused_swap_forgets_what_was_ready);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
