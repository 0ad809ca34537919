/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announced flows and their parents: who lives how long, through new configurations and crashes. */
#include <check.h>
#include "alglab.h"
#include "seed.h"
#include "suite.h"
#include "nat/session.h"

static struct lab lab;

static void setup(void)
{
	lab_open(&lab, 4096);
}

static void teardown(void)
{
	lab_close(&lab);
}

#define IS(reason, want) ck_assert_str_eq(reason_name(reason), reason_name(REASON_##want))
#define GOOD(p)		 ck_assert(pkt_is_good(&(p)))

static void masquerade(void)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
}

static enum reason tcp_in(int peer, uint16_t sport, ip4 global, uint16_t port, uint8_t flags, struct pkt *p)
{
	return lab_tcp_in(&lab, peer, sport, global, port, flags, p);
}

static enum reason tcp_out(int host, uint16_t sport, int peer, uint16_t port, uint8_t flags, struct pkt *p)
{
	return lab_tcp_out(&lab, host, sport, peer, port, flags, p);
}

static uint32_t control(int host, uint16_t port, int peer)
{
	return lab_control(&lab, host, port, peer);
}

static uint32_t served(ip4 global, uint16_t port, int host, uint16_t local)
{
	return lab_served(&lab, global, port, host, local);
}

static uint16_t announce(uint32_t flow, struct mention mention)
{
	struct told said = lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, mention);

	ck_assert_int_eq(said.outcome, RESOLVED);
	return said.to[0].to.port;
}

/* ---- parents and children */

START_TEST(the_end_of_the_parent_ends_what_waits_and_no_child)
{
	struct pkt p;

	masquerade();
	uint32_t parent = control(5, 1025, 1);
	uint16_t child = announce(parent, listens(HOST(5), 40000));

	tcp_in(1, 20, FACE, child, F_SYN, &p);
	uint16_t waiting = announce(parent, listens(HOST(5), 40002));

	flow_end(lab.engine, lab.now, parent, EVENT_REMOVED);
	ck_assert_uint_eq(lab_expected(&lab), 0);
	ck_assert_uint_eq(expect_links(lab.engine->expects), 0);
	IS(tcp_in(1, 20, FACE, waiting, F_SYN, &p), UNSOLICITED_SYN);
	IS(tcp_out(5, 40000, 1, 20, F_SYN | F_ACK, &p), TRANSLATED);
	ck_assert_uint_eq(sport_of(&p), child);
}
END_TEST

static void establish(uint16_t port)
{
	struct pkt p;

	IS(tcp_in(1, 20, FACE, port, F_SYN, &p), TRANSLATED_NEW);
	IS(tcp_out(5, 40000, 1, 20, F_SYN | F_ACK, &p), TRANSLATED);
	IS(tcp_in(1, 20, FACE, port, F_ACK, &p), TRANSLATED);
}

START_TEST(a_control_session_lives_while_its_child_moves_data)
{
	struct pkt p;
	uint16_t port;

	lab.conf->timeouts[TIMEOUT_TCP] = 100;
	masquerade();
	uint32_t parent = control(5, 1025, 1), idle = control(6, 1025, 1);

	port = announce(parent, listens(HOST(5), 40000));
	establish(port);
	for (int i = 0; i < 10; i++) {
		lab_wait(&lab, 80);
		IS(tcp_in(1, 20, FACE, port, F_ACK, &p), TRANSLATED);
	}
	ck_assert_ptr_nonnull(lab_flow_at(&lab, parent));
	ck_assert_ptr_null(lab_flow_at(&lab, idle));
	flow_end(lab.engine, lab.now, lab_flow(&lab, HOST(5), 40000, PEER(1), 20), EVENT_REMOVED);
	lab_wait(&lab, 90);
	ck_assert_ptr_nonnull(lab_flow_at(&lab, parent));
	lab_wait(&lab, 11);
	ck_assert_ptr_null(lab_flow_at(&lab, parent));
}
END_TEST

START_TEST(a_closed_control_session_goes_though_its_child_stays)
{
	struct pkt p;

	masquerade();
	uint32_t parent = control(5, 1025, 1);
	uint16_t port = announce(parent, listens(HOST(5), 40000));

	establish(port);
	tcp_out(5, 1025, 1, 21, F_RST | F_ACK, &p);
	for (int i = 0; i < 4; i++) {
		lab_wait(&lab, 30);
		IS(tcp_in(1, 20, FACE, port, F_ACK, &p), TRANSLATED);
	}
	ck_assert_ptr_null(lab_flow_at(&lab, parent));
}
END_TEST

START_TEST(a_childs_port_cools_but_not_for_its_owner)
{
	struct pkt p;

	masquerade();
	uint32_t parent = control(5, 1025, 1), other = control(6, 1026, 1);
	uint16_t port = announce(parent, listens(HOST(5), 40000));

	tcp_in(1, 20, FACE, port, F_SYN, &p);
	flow_end(lab.engine, lab.now, lab_flow(&lab, HOST(5), 40000, PEER(1), 20), EVENT_REMOVED);
	ck_assert_uint_ne(announce(other, listens(HOST(6), 40000)), port);
	ck_assert_uint_eq(announce(parent, listens(HOST(5), 40000)), port);
	resolve_cancel(lab.engine, lab.now, parent, false);
	resolve_cancel(lab.engine, lab.now, other, false);
	lab_wait(&lab, 121);
	ck_assert_uint_eq(announce(other, listens(HOST(6), 40000)), 40000);
}
END_TEST

/* ---- configuration and restart */

static void conf(uint32_t epoch, bool with_entry, ip4 face)
{
	snapshot_free(lab.conf);
	lab_conf(&lab, epoch);
	if (with_entry)
		lab_static(&lab, 1, P_TCP, HOST(9), 21, POOL(9), 21);
	lab_rule(&lab, 100, lab_list(&lab, 0, HOST(0), 0xff000000), SNAPSHOT_NONE, face, true);
	ck_assert(lab_commit(&lab));
}

START_TEST(a_new_configuration_ends_what_does_not_fit)
{
	struct pkt p;

	conf(1, true, FACE);
	uint16_t a = announce(served(POOL(9), 21, 9, 21), listens(HOST(9), 45000));
	uint16_t b = announce(control(5, 1025, 1), listens(HOST(5), 40000));

	conf(2, true, FACE);
	ck_assert_uint_eq(lab_expected(&lab), 2);
	conf(3, false, FACE);
	ck_assert_uint_eq(lab_expected(&lab), 1);
	IS(tcp_in(1, 3000, POOL(9), a, F_SYN, &p), NO_TRANSLATION_NEEDED);
	IS(tcp_in(1, 20, FACE, b, F_SYN, &p), TRANSLATED_NEW);
	b = announce(control(5, 1027, 1), listens(HOST(5), 40002));
	conf(4, false, POOL(77));
	ck_assert_uint_eq(lab_expected(&lab), 0);
	ck_assert(tcp_in(1, 20, FACE, b, F_SYN, &p) != REASON_TRANSLATED_NEW);
}
END_TEST

START_TEST(a_new_static_entry_owns_its_port)
{
	struct pkt p;

	conf(1, false, FACE);
	uint16_t port = announce(control(5, 1025, 1), listens(HOST(5), 40000));

	lab_conf(&lab, 2);
	lab_static(&lab, 9, P_TCP, HOST(7), 80, FACE, port);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	IS(tcp_in(1, 20, FACE, port, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(dst_of(&p), HOST(7));
}
END_TEST

/* The daemon was killed: records and expectations are what it left. */
static void crash(void)
{
	engine_free(lab.engine);
	lab.records->fresh = false;
	lab.engine = engine_new(lab.records, 43, lab.now);
	lab_conf(&lab, 1);
}

static uint32_t waiting(void)
{
	struct alg_counts counts;

	engine_alg_counts(lab.engine, ALG_FTP, &counts);
	return counts.waiting;
}

/* So many of a kind; each names what announced it. */
static uint32_t traced(uint8_t kind)
{
	static struct alg_trace traces[256];
	uint64_t cursor = 0, lost;
	uint32_t n = trace_take(engine_traces(lab.engine), &cursor, traces, 256, &lost), found = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (traces[i].kind != kind)
			continue;
		found++;
		ck_assert_str_eq(traces[i].message, "ANNOUNCED");
	}
	return found;
}

START_TEST(all_of_it_survives_a_crash)
{
	struct pkt p;

	lab_static(&lab, 1, P_TCP, HOST(9), 21, POOL(9), 21);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	uint32_t parent = served(POOL(9), 21, 9, 21), other = control(5, 1025, 1);
	uint16_t came = announce(parent, listens(HOST(9), 45000)), waits, mine;

	tcp_in(1, 3000, POOL(9), came, F_SYN, &p);
	waits = announce(parent, listens(HOST(9), 45002));
	mine = announce(other, listens(HOST(5), 40000));
	lab_say(&lab, ALG_FTP, parent, SIDE_OUTSIDE, listens(PEER(1), 6000));
	crash();
	lab_static(&lab, 1, P_TCP, HOST(9), 21, POOL(9), 21);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(lab_expected(&lab), 3);
	ck_assert_uint_eq(expect_links(lab.engine->expects), 1);
	IS(tcp_out(9, 45000, 1, 3000, F_SYN | F_ACK, &p), TRANSLATED);
	ck_assert_uint_eq(sport_of(&p), came);
	ck_assert_uint_eq(waiting(), 3);
	IS(tcp_in(1, 20, FACE, mine, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(waiting(), 2);
	ck_assert_uint_eq(traced(TRACE_CAME), 1);
	IS(tcp_in(1, 3001, POOL(9), waits, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(dport_of(&p), 45002);
	IS(tcp_out(9, 20, 1, 6000, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&p), POOL(9));
	/* Timers too. */
	waits = announce(other, listens(HOST(5), 40008));
	lab_wait(&lab, 61);
	IS(tcp_in(1, 20, FACE, waits, F_SYN, &p), UNSOLICITED_SYN);
	ck_assert_uint_eq(traced(TRACE_CANCELLED), 1);
	ck_assert_uint_eq(traced(TRACE_EXPECTED), 1);
	ck_assert_uint_eq(waiting(), 0);
}
END_TEST

static void whole_addresses(void)
{
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "A", POOL(20), POOL(29)), 0, false);
	ck_assert(lab_commit(&lab));
}

/* Under an address that is all the host's there is no port to hold, but the address is. */
START_TEST(announced_under_a_whole_address_it_survives_a_crash)
{
	struct pkt p;

	whole_addresses();
	uint16_t port = announce(control(5, 1025, 1), listens(HOST(5), 40000));

	crash();
	whole_addresses();
	ck_assert_uint_eq(lab_expected(&lab), 1);
	IS(tcp_in(1, 20, POOL(20), port, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(dport_of(&p), 40000);
}
END_TEST

START_TEST(what_ended_while_the_daemon_was_down_lets_nobody_in)
{
	struct pkt p;

	masquerade();
	uint16_t port = announce(control(5, 1025, 1), listens(HOST(5), 40000));

	lab.now += 61000;
	crash();
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(lab_expected(&lab), 0);
	IS(tcp_in(1, 20, FACE, port, F_SYN, &p), UNSOLICITED_SYN);
}
END_TEST

START_TEST(after_a_crash_nothing_that_does_not_fit_is_kept)
{
	lab_static(&lab, 1, P_TCP, HOST(9), 21, POOL(9), 21);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	announce(served(POOL(9), 21, 9, 21), listens(HOST(9), 45000));
	announce(control(5, 1025, 1), listens(HOST(5), 40000));
	crash();
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(lab_expected(&lab), 1);
	ck_assert_uint_eq(expect_of_host(lab.engine->expects, 0, HOST(9)), 0);
	ck_assert_uint_eq(port_used(lab.engine->ports, 0, P_TCP, POOL(9)), 0);
	crash();
	lab.records->fresh = true; /* their flows are gone */
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(lab_expected(&lab), 0);
}
END_TEST

/* Whatever happens in whatever order: in the end everything is given back. */
START_TEST(random_lives_leave_nothing_behind)
{
	unsigned seed = (unsigned)test_seed();
	struct pkt p;

	srandom(seed);
	lab.conf->timeouts[TIMEOUT_TCP] = 100;
	lab_static(&lab, 1, P_TCP, HOST(9), 21, POOL(9), 21);
	masquerade();
	for (int i = 0; i < 3000; i++) {
		int host = 1 + (int)random() % 4;
		uint16_t port = (uint16_t)(40000 + random() % 8);
		uint32_t parent = control(host, (uint16_t)(1025 + random() % 3), 1);
		struct mention mention = listens(HOST(host), port);

		mention.flags = random() % 3 == 0 ? MENTION_MANY : 0;
		lab_say(&lab, ALG_FTP, parent, random() % 4 == 0 ? SIDE_OUTSIDE : SIDE_INSIDE, mention);
		tcp_in(1, (uint16_t)(20 + random() % 3), FACE, (uint16_t)(40000 + random() % 8), F_SYN, &p);
		if (random() % 4 == 0 && lab_flow_at(&lab, parent) != NULL)
			flow_end(lab.engine, lab.now, parent, EVENT_REMOVED);
		if (random() % 5 == 0)
			resolve_cancel(lab.engine, lab.now, parent, false);
		lab_wait(&lab, (uint32_t)random() % 40);
	}
	lab_wait(&lab, 100000);
	ck_assert_uint_eq(flow_count(lab.engine->flows), 0);
	ck_assert_uint_eq(lab_expected(&lab), 0);
	ck_assert_uint_eq(expect_links(lab.engine->expects), 0);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), 0);
	ck_assert_uint_eq(port_used(lab.engine->ports, 0, P_TCP, FACE), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("expect_life");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_end_of_the_parent_ends_what_waits_and_no_child);
	tcase_add_test(tc, a_control_session_lives_while_its_child_moves_data);
	tcase_add_test(tc, a_closed_control_session_goes_though_its_child_stays);
	tcase_add_test(tc, a_childs_port_cools_but_not_for_its_owner);
	tcase_add_test(tc, a_new_configuration_ends_what_does_not_fit);
	tcase_add_test(tc, a_new_static_entry_owns_its_port);
	tcase_add_test(tc, all_of_it_survives_a_crash);
	tcase_add_test(tc, announced_under_a_whole_address_it_survives_a_crash);
	tcase_add_test(tc, what_ended_while_the_daemon_was_down_lets_nobody_in);
	tcase_add_test(tc, after_a_crash_nothing_that_does_not_fit_is_kept);
	tcase_add_test(tc, random_lives_leave_nothing_behind);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
