/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What show and clear see of the engine, and change there: filters, clearing by address and port, bounded work.
 */
#include <check.h>

#include "alglab.h"
#include "suite.h"

static struct lab lab;

static void setup(void)
{
	lab_open(&lab, 8192);
}

static void teardown(void)
{
	lab_close(&lab);
}

static uint32_t count(const struct filter *filter)
{
	struct translation_cursor cursor = {.filter = filter};
	uint32_t n = 0;

	while (!cursor.end)
		n += engine_translations(lab.engine, lab.now, &cursor, NULL, 0);
	return n;
}

/* The rows must be as many as their count. */
static uint32_t rows_of(const struct filter *filter, struct translation *rows, uint32_t max)
{
	struct translation_cursor cursor = {.filter = filter};
	uint32_t n = 0;

	while (!cursor.end) {
		ck_assert_uint_lt(n, max);
		n += engine_translations(lab.engine, lab.now, &cursor, rows + n, 1);
	}
	ck_assert_uint_eq(n, count(filter));
	return n;
}

static struct translation_cursor clear(const struct filter *filter, bool spare)
{
	struct translation_cursor cursor = {.filter = filter, .spare_children = spare};

	while (!engine_clear_translations(lab.engine, lab.now, &cursor))
		;
	return cursor;
}

static void udp_out(ip4 from, uint16_t port, ip4 to, uint16_t to_port)
{
	struct pkt p = pkt_udp(from, port, to, to_port);

	ck_assert_int_eq(lab_out(&lab, &p), REASON_TRANSLATED_NEW);
}

/* Host 5 static, host 6 with an address of a pool, hosts 7 and 8 behind the interface; each to two peers. */
static void populate(void)
{
	uint32_t six = lab_list(&lab, 0, HOST(6), 0xffffffff);
	uint32_t others = lab_list(&lab, 0, HOST(0), 0xffffff00);

	lab_static(&lab, 1, 0, HOST(5), 0, POOL(50), 0);
	lab_rule(&lab, 2, six, lab_pool(&lab, "P", POOL(60), POOL(61)), 0, false);
	lab_rule(&lab, 3, others, SNAPSHOT_NONE, FACE, true);
	ck_assert(lab_commit(&lab));
	for (unsigned host = 5; host <= 8; host++) {
		udp_out(HOST(host), (uint16_t)(1000 + host), PEER(1), 53);
		udp_out(HOST(host), (uint16_t)(1000 + host), PEER(2), 53);
	}
	struct pkt own = pkt_udp(FACE, 123, PEER(1), 123);

	ck_assert_int_eq(lab_own(&lab, &own), REASON_FROM_ROUTER);
}

START_TEST(filters_ask_each_column)
{
	static struct translation rows[32];
	struct filter filter = {0};

	populate();
	ck_assert_uint_eq(rows_of(NULL, rows, 32), 10);
	filter_add(&filter, FILTER_INSIDE, HOST(6), HOST(6));
	ck_assert_uint_eq(rows_of(&filter, rows, 32), 3); /* two flows and their half entry */
	filter = (struct filter){0};
	filter_add(&filter, FILTER_IG, FACE, FACE);
	ck_assert_uint_eq(rows_of(&filter, rows, 32), 4); /* not the router's own flow */
	filter_add(&filter, FILTER_OUTSIDE, PEER(2), PEER(2));
	ck_assert_uint_eq(rows_of(&filter, rows, 32), 2);
	ck_assert_uint_eq(rows[0].og.addr, PEER(2));
	filter = (struct filter){.protocol = 6};
	ck_assert_uint_eq(rows_of(&filter, rows, 32), 0);
	filter = (struct filter){0};
	filter_add(&filter, FILTER_IL, HOST(5), HOST(6));
	filter_add(&filter, FILTER_OL, PEER(1), PEER(1));
	ck_assert_uint_eq(rows_of(&filter, rows, 32), 2); /* half entries have no outside */
	filter = (struct filter){0};
	filter_add_endpoint(&filter, FILTER_IL, (struct endpoint){HOST(7), 1007});
	ck_assert_uint_eq(count(&filter), 2);
	filter.terms[0].port = 1008;
	ck_assert_uint_eq(count(&filter), 0);
}
END_TEST

START_TEST(a_filter_holds_four_terms)
{
	struct filter filter = {0};

	for (int i = 0; i < FILTER_TERMS; i++)
		ck_assert(filter_add(&filter, FILTER_IL, 0, UINT32_MAX));
	ck_assert(!filter_add(&filter, FILTER_IL, 0, 0));
	ck_assert(!filter_add_endpoint(&filter, FILTER_IL, (struct endpoint){0, 0}));
}
END_TEST

START_TEST(a_filter_that_matches_nothing_stays_bounded)
{
	struct filter filter = {.protocol = 132};
	struct translation_cursor cursor = {.filter = &filter};
	uint32_t calls = 0;

	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	for (unsigned i = 0; i < 6000; i++)
		udp_out(HOST(i % 200), (uint16_t)(2000 + i / 200), PEER(i % 100), 53);
	for (; !cursor.end; calls++)
		ck_assert_uint_eq(engine_translations(lab.engine, lab.now, &cursor, NULL, 0), 0);
	/* at most 4096 records a call: flows and bindings need more than one call each */
	ck_assert_uint_ge(calls, 4);
	cursor = (struct translation_cursor){.filter = &filter};
	for (calls = 0; !engine_clear_translations(lab.engine, lab.now, &cursor); calls++)
		;
	ck_assert_uint_ge(calls, 2);
	ck_assert_uint_eq(cursor.ended, 0);
	ck_assert_uint_eq(lab_counts(&lab).flows, 6000);
}
END_TEST

START_TEST(clear_of_a_half_entry_spares_its_children)
{
	struct filter filter = {0};
	struct translation_cursor done;

	populate();
	filter_add(&filter, FILTER_IG, POOL(60), POOL(60));
	filter_add(&filter, FILTER_IL, HOST(6), HOST(6));
	done = clear(&filter, true);
	ck_assert_uint_eq(done.ended, 0);
	ck_assert_uint_eq(done.kept, 3);
	ck_assert_uint_eq(count(&filter), 3);
	done = clear(&filter, false);
	ck_assert_uint_eq(done.ended, 3);
	ck_assert_uint_eq(count(NULL), 7);
	done = clear(&filter, false);
	ck_assert_uint_eq(done.ended + done.kept, 0);
	/* the address is free again */
	udp_out(HOST(6), 1, PEER(1), 1);
	ck_assert_uint_eq(count(&filter), 2);
}
END_TEST

START_TEST(clear_of_a_static_entry_ends_its_flows_only)
{
	struct filter filter = {0};

	populate();
	filter_add(&filter, FILTER_IG, POOL(50), POOL(50));
	filter_add(&filter, FILTER_IL, HOST(5), HOST(5));
	ck_assert_uint_eq(clear(&filter, true).kept, 2);
	ck_assert_uint_eq(clear(&filter, false).ended, 2);
	ck_assert_uint_eq(count(&filter), 1);
}
END_TEST

START_TEST(clear_of_an_overload_pair_needs_no_force)
{
	struct filter filter = {0};

	populate();
	filter_add(&filter, FILTER_IG, FACE, FACE);
	filter_add(&filter, FILTER_IL, HOST(7), HOST(7));
	ck_assert_uint_eq(clear(&filter, true).ended, 2);
	ck_assert_uint_eq(count(NULL), 8);
}
END_TEST

/* ---- announced flows */

/* A control connection of host 5 to peer 1, and what it announced: the global port of its child. */
static uint16_t announced(void)
{
	struct told said;
	uint32_t parent;

	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	parent = lab_control(&lab, 5, 1025, 1);
	said = lab_say(&lab, ALG_FTP, parent, SIDE_INSIDE, listens(HOST(5), 40000));
	ck_assert_int_eq(said.outcome, RESOLVED);
	return said.to[0].to.port;
}

START_TEST(an_announced_flow_is_a_row_until_it_comes)
{
	static struct translation rows[8];
	uint16_t port = announced();
	struct filter filter = {0};
	struct pkt p;

	filter_add_endpoint(&filter, FILTER_IG, (struct endpoint){FACE, port});
	filter_add(&filter, FILTER_OG, PEER(1), PEER(1));
	ck_assert_uint_eq(engine_expected(lab.engine), 1);
	ck_assert_uint_eq(rows_of(NULL, rows, 8), 2);
	ck_assert_int_eq(rows[0].alg, ALG_FTP); /* its parent */
	ck_assert_uint_eq(rows_of(&filter, rows, 8), 1);
	ck_assert(rows[0].expected && !rows[0].half && !rows[0].is_static);
	ck_assert_int_eq(rows[0].alg, ALG_FTP);
	ck_assert_int_eq(rows[0].protocol, P_TCP);
	ck_assert_uint_eq(rows[0].il.addr, HOST(5));
	ck_assert_uint_eq(rows[0].il.port, 40000);
	ck_assert_uint_eq(rows[0].og.port, 0);
	ck_assert_uint_gt(rows[0].left_s, 0);
	ck_assert_uint_le(rows[0].left_s, rows[0].timeout_s);
	/* somebody else's address is none of its */
	filter.n_terms = 0;
	filter_add(&filter, FILTER_OUTSIDE, PEER(2), PEER(2));
	ck_assert_uint_eq(rows_of(&filter, rows, 8), 0);
	/* it comes: a flow as others, its gateway's */
	ck_assert_int_eq(lab_tcp_in(&lab, 1, 20, FACE, port, F_SYN, &p), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(engine_expected(lab.engine), 0);
	filter.n_terms = 0;
	filter_add_endpoint(&filter, FILTER_OG, (struct endpoint){PEER(1), 20});
	ck_assert_uint_eq(rows_of(&filter, rows, 8), 1);
	ck_assert(!rows[0].expected);
	ck_assert_int_eq(rows[0].alg, ALG_FTP);
	ck_assert_uint_eq(count(NULL), 2);
	/* others have none */
	lab_tcp_out(&lab, 5, 1026, 1, 80, F_SYN, &p);
	filter.n_terms = 0;
	filter_add_endpoint(&filter, FILTER_OG, (struct endpoint){PEER(1), 80});
	ck_assert_uint_eq(rows_of(&filter, rows, 8), 1);
	ck_assert_int_eq(rows[0].alg, ALG_NONE);
}
END_TEST

START_TEST(clear_of_an_announced_flow)
{
	uint16_t port = announced();
	struct filter filter = {.protocol = P_TCP};
	struct pkt p;

	filter_add_endpoint(&filter, FILTER_IG, (struct endpoint){FACE, port});
	filter_add_endpoint(&filter, FILTER_IL, (struct endpoint){HOST(5), 40000});
	ck_assert_uint_eq(clear(&filter, true).ended, 1);
	ck_assert_uint_eq(engine_expected(lab.engine), 0);
	ck_assert_uint_eq(count(NULL), 1);
	/* nobody comes any more */
	ck_assert_int_ne(lab_tcp_in(&lab, 1, 20, FACE, port, F_SYN, &p), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(clear(&filter, true).ended, 0);
}
END_TEST

START_TEST(clear_of_all_clears_what_is_announced)
{
	announced();
	ck_assert_uint_eq(clear(NULL, false).ended, 1); /* its parent; with it goes what that announced */
	ck_assert_uint_eq(count(NULL), 0);
	ck_assert_uint_eq(engine_expected(lab.engine), 0);
}
END_TEST

START_TEST(clear_of_one_flow)
{
	struct filter filter = {.protocol = 17};

	populate();
	filter_add_endpoint(&filter, FILTER_IG, (struct endpoint){FACE, 1008});
	filter_add_endpoint(&filter, FILTER_IL, (struct endpoint){HOST(8), 1008});
	filter_add_endpoint(&filter, FILTER_OL, (struct endpoint){PEER(2), 53});
	filter_add_endpoint(&filter, FILTER_OG, (struct endpoint){PEER(2), 53});
	ck_assert_uint_eq(clear(&filter, false).ended, 1);
	ck_assert_uint_eq(count(NULL), 9);
	filter.protocol = 6;
	ck_assert_uint_eq(clear(&filter, false).ended, 0);
}
END_TEST

/* ---- matches of access lists ---- */

static void add_ace(uint64_t id, bool permit, ip4 from, ip4 care)
{
	struct snapshot *s = lab.conf;
	uint32_t list = lab_list(&lab, 0, from, care);

	/* the list before takes it in */
	s->n_acls = list;
	s->acls[list - 1].count++;
	s->aces[s->n_aces - 1].permit = permit;
	s->aces[s->n_aces - 1].id = id;
}

/* 10 denies host 9, 20 permits 5-or-4, 30 permits the rest; behind it a second rule for host 9. */
static void three_aces(uint64_t last)
{
	uint32_t list = lab_list(&lab, 0, HOST(9), 0xffffffff);

	lab.conf->aces[0].permit = false;
	lab.conf->aces[0].id = 10;
	add_ace(20, true, HOST(4), 0xfffffffe);
	add_ace(last, true, HOST(0), 0xff000000);
	lab_rule(&lab, 1, list, SNAPSHOT_NONE, FACE, true);
}

static uint64_t matches(uint32_t ace)
{
	return snapshot_matches(engine_snapshot(lab.engine), ace);
}

static void recommit(uint64_t last)
{
	struct swap swap = {0};

	lab_conf(&lab, 2);
	three_aces(last);
	snapshot_descend(lab.conf, engine_snapshot(lab.engine));
	ck_assert(lab_swap(&lab, &swap));
}

START_TEST(matches_count_flows_not_packets)
{
	three_aces(30);
	ck_assert(lab_commit(&lab));
	udp_out(HOST(5), 1, PEER(1), 1);
	udp_out(HOST(5), 2, PEER(1), 1);
	for (int i = 0; i < 5; i++) {
		struct pkt p = pkt_udp(HOST(5), 1, PEER(1), 1);

		ck_assert_int_eq(lab_out(&lab, &p), REASON_TRANSLATED);
	}
	udp_out(HOST(6), 1, PEER(1), 1);
	struct pkt denied = pkt_udp(HOST(9), 1, PEER(1), 1);

	ck_assert_int_eq(lab_out(&lab, &denied), REASON_NOT_COVERED);
	ck_assert_uint_eq(matches(0), 1);
	ck_assert_uint_eq(matches(1), 2);
	ck_assert_uint_eq(matches(2), 1);
}
END_TEST

START_TEST(matches_survive_a_swap_with_their_entry)
{
	three_aces(30);
	ck_assert(lab_commit(&lab));
	udp_out(HOST(5), 1, PEER(1), 1);
	udp_out(HOST(6), 1, PEER(1), 1);
	recommit(31); /* the last entry says something else now */
	ck_assert_uint_eq(matches(1), 1);
	ck_assert_uint_eq(matches(2), 0);
	udp_out(HOST(5), 2, PEER(1), 1);
	ck_assert_uint_eq(matches(1), 2);
	engine_clear_matches(lab.engine, 7);
	ck_assert_uint_eq(matches(1), 2);
	engine_clear_matches(lab.engine, 0);
	ck_assert_uint_eq(matches(1), 0);
}
END_TEST

START_TEST(a_second_rule_counts_the_denial_before_it)
{
	uint32_t nine;

	three_aces(30);
	nine = lab_list(&lab, 0, HOST(9), 0xffffffff);
	lab_rule(&lab, 2, nine, SNAPSHOT_NONE, FACE, true);
	ck_assert(lab_commit(&lab));
	udp_out(HOST(9), 1, PEER(1), 1);
	ck_assert_uint_eq(matches(0), 1);
	ck_assert_uint_eq(matches(3), 1);
}
END_TEST

/* ---- pools ---- */

START_TEST(pools_tell_what_is_given)
{
	struct pool_given given;
	struct filter filter = {0};
	uint32_t seven = lab_list(&lab, 0, HOST(7), 0xffffffff), others = lab_list(&lab, 0, HOST(0), 0xffffff00);

	lab_rule(&lab, 1, seven, lab_pool(&lab, "WHOLE", POOL(60), POOL(63)), 0, false);
	lab_rule(&lab, 2, others, lab_pool(&lab, "SHARED", POOL(70), POOL(73)), 0, true);
	ck_assert(lab_commit(&lab));
	udp_out(HOST(7), 1, PEER(1), 1);
	udp_out(HOST(5), 5000, PEER(1), 1);
	udp_out(HOST(5), 600, PEER(1), 1);
	udp_out(HOST(6), 601, PEER(1), 1);
	udp_out(HOST(6), 53, PEER(1), 1);
	ck_assert(!engine_pool_given(lab.engine, "NONE", &given));
	ck_assert(engine_pool_given(lab.engine, "WHOLE", &given));
	ck_assert_uint_eq(given.addresses, 1);
	ck_assert_uint_eq(given.whole, 1);
	ck_assert_uint_eq(given.size, 4);
	ck_assert(engine_pool_given(lab.engine, "SHARED", &given));
	ck_assert_uint_eq(given.addresses, 1);
	ck_assert_uint_eq(given.whole, 0);
	ck_assert_uint_eq(given.udp[0], 1);
	ck_assert_uint_eq(given.udp[1], 2);
	ck_assert_uint_eq(given.udp[2], 1);
	ck_assert_uint_eq(given.tcp[2], 0);
	/* other pools, other sets: what was given is counted again */
	lab_conf(&lab, 2);
	seven = lab_list(&lab, 0, HOST(7), 0xffffffff), others = lab_list(&lab, 0, HOST(0), 0xffffff00);
	lab_rule(&lab, 1, seven, lab_pool(&lab, "WHOLE", POOL(60), POOL(63)), 0, false);
	lab_rule(&lab, 2, others, lab_pool(&lab, "SHARED", POOL(70), POOL(73)), 0, true);
	lab_pool(&lab, "MORE", POOL(80), POOL(83));
	ck_assert(lab_commit(&lab));
	ck_assert(engine_pool_given(lab.engine, "SHARED", &given));
	ck_assert_uint_eq(given.udp[1], 2);
	clear(&filter, false);
	ck_assert(engine_pool_given(lab.engine, "SHARED", &given));
	ck_assert_uint_eq(given.udp[0] + given.udp[1] + given.udp[2] + given.addresses, 0);
	ck_assert(engine_pool_given(lab.engine, "WHOLE", &given));
	ck_assert_uint_eq(given.addresses + given.whole, 0);
}
END_TEST

START_TEST(ports_have_timeouts_of_their_own)
{
	static const struct snapshot_port_timeout timeouts[] = {
		{17, 9000, 900}, {17, 53, 10}, {6, 53, 7}, {17, 2000, 20}};
	struct translation rows[8];

	lab_masquerade(&lab);
	lab.conf->n_port_timeouts = 4;
	lab.conf->port_timeouts = mem_alloc(sizeof(timeouts));
	memcpy(lab.conf->port_timeouts, timeouts, sizeof(timeouts));
	ck_assert(lab_commit(&lab));
	udp_out(HOST(5), 2000, PEER(1), 53);   /* the server's port first */
	udp_out(HOST(5), 2000, PEER(1), 1111); /* then the host's */
	udp_out(HOST(5), 3000, PEER(1), 9000);
	udp_out(HOST(5), 3000, PEER(1), 1111);
	ck_assert_uint_eq(rows_of(NULL, rows, 8), 4);
	ck_assert_uint_eq(rows[0].timeout_s, 10);
	ck_assert_uint_eq(rows[1].timeout_s, 20);
	ck_assert_uint_eq(rows[2].timeout_s, 900);
	ck_assert_uint_eq(rows[3].timeout_s, 300);
	lab_wait(&lab, 11);
	ck_assert_uint_eq(count(NULL), 3);
	lab_wait(&lab, 300);
	ck_assert_uint_eq(count(NULL), 1);
}
END_TEST

/* ---- packets that are watched ---- */

static uint32_t packets_of(uint64_t *cursor)
{
	static struct event events[64];
	uint64_t lost = 0;
	uint32_t n = event_take(engine_events(lab.engine), cursor, events, 64, &lost), packets = 0;

	for (uint32_t i = 0; i < n; i++)
		packets += events[i].kind == EVENT_TRANSLATED || events[i].kind == EVENT_DROPPED;
	return packets;
}

START_TEST(a_list_chooses_the_packets_that_are_watched)
{
	struct snapshot_ace ace = {.permit = true, .source = HOST(5), .source_care = UINT32_MAX,
				   .icmp_type = -1, .icmp_code = -1};
	struct snapshot_acl acl = {.first = 0, .count = 1};
	const struct snapshot list = {.n_aces = 1, .aces = &ace, .n_acls = 1, .acls = &acl}, none = {0};
	uint64_t cursor = 0;

	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	udp_out(HOST(5), 1, PEER(1), 1);
	ck_assert_uint_eq(packets_of(&cursor), 0);
	engine_packet_events(lab.engine, true);
	udp_out(HOST(5), 2, PEER(1), 1);
	udp_out(HOST(6), 2, PEER(1), 1);
	ck_assert_uint_eq(packets_of(&cursor), 2);
	engine_event_list(lab.engine, &list);
	udp_out(HOST(5), 3, PEER(1), 1);
	udp_out(HOST(6), 3, PEER(1), 1);
	struct pkt in = pkt_udp(PEER(1), 1, FACE, 3); /* as it comes it is not from host 5 */

	lab_in(&lab, &in);
	ck_assert_uint_eq(packets_of(&cursor), 1);
	engine_event_list(lab.engine, &none);
	udp_out(HOST(5), 4, PEER(1), 1);
	ck_assert_uint_eq(packets_of(&cursor), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("inspect");
	TCase *tc = tcase_create("inspect");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, filters_ask_each_column);
	tcase_add_test(tc, a_filter_holds_four_terms);
	tcase_add_test(tc, a_filter_that_matches_nothing_stays_bounded);
	tcase_add_test(tc, clear_of_a_half_entry_spares_its_children);
	tcase_add_test(tc, clear_of_a_static_entry_ends_its_flows_only);
	tcase_add_test(tc, clear_of_an_overload_pair_needs_no_force);
	tcase_add_test(tc, an_announced_flow_is_a_row_until_it_comes);
	tcase_add_test(tc, clear_of_an_announced_flow);
	tcase_add_test(tc, clear_of_all_clears_what_is_announced);
	tcase_add_test(tc, clear_of_one_flow);
	tcase_add_test(tc, matches_count_flows_not_packets);
	tcase_add_test(tc, matches_survive_a_swap_with_their_entry);
	tcase_add_test(tc, a_second_rule_counts_the_denial_before_it);
	tcase_add_test(tc, pools_tell_what_is_given);
	tcase_add_test(tc, ports_have_timeouts_of_their_own);
	tcase_add_test(tc, a_list_chooses_the_packets_that_are_watched);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
