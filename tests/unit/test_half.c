/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * no ip nat create flow-entries: half entries translate alone, both ways, queries and ICMP errors included; overload, hairpin
 * and ambiguous static entries make flows all the same.
 */
#include <check.h>

#include "enginelab.h"
#include "suite.h"

static struct lab lab;

static void setup(void)
{
	lab_open(&lab, 256);
}

static void teardown(void)
{
	lab_close(&lab);
}

static bool read; /* do gateways? */

/* Host 5 static, port 80 of host 6 static, host 7 with an address of a pool, the others behind the interface. */
static void conf(uint32_t epoch, bool half_only)
{
	uint32_t seven, others;

	snapshot_free(lab.conf);
	lab_conf(&lab, epoch);
	seven = lab_list(&lab, 0, HOST(7), 0xffffffff);
	others = lab_list(&lab, 0, HOST(0), 0xffffff00);
	lab.conf->half_only = half_only;
	lab.conf->n_services = read ? lab.conf->n_services : 0;
	lab_static(&lab, 1, 0, HOST(5), 0, POOL(50), 0);
	lab_static(&lab, 2, 6, HOST(6), 80, POOL(51), 8080);
	lab_rule(&lab, 3, seven, lab_pool(&lab, "P", POOL(60), POOL(61)), 0, false);
	lab_rule(&lab, 4, others, SNAPSHOT_NONE, FACE, true);
	ck_assert(lab_commit(&lab));
}

static uint32_t flows(void)
{
	return lab_counts(&lab).flows;
}

static void expect_ends(struct pkt *p, ip4 source, uint16_t source_port, ip4 destination,
			uint16_t destination_port)
{
	ck_assert(pkt_is_good(p));
	ck_assert_uint_eq(src_of(p), source);
	ck_assert_uint_eq(dst_of(p), destination);
	ck_assert_uint_eq(sport_of(p), source_port);
	ck_assert_uint_eq(dport_of(p), destination_port);
}

START_TEST(a_static_host_needs_no_flow)
{
	struct pkt out = pkt_udp(HOST(5), 1000, PEER(1), 53), in = pkt_udp(PEER(1), 53, POOL(50), 1000);

	conf(1, true);
	ck_assert_int_eq(lab_out(&lab, &out), REASON_TRANSLATED);
	expect_ends(&out, POOL(50), 1000, PEER(1), 53);
	ck_assert_int_eq(lab_in(&lab, &in), REASON_TRANSLATED);
	expect_ends(&in, PEER(1), 53, HOST(5), 1000);
	ck_assert_uint_eq(flows(), 0);
	ck_assert_uint_eq(lab_counts(&lab).hits, 2);
}
END_TEST

START_TEST(with_flow_entries_there_is_one)
{
	struct pkt out = pkt_udp(HOST(5), 1000, PEER(1), 53);

	conf(1, false);
	ck_assert_int_eq(lab_out(&lab, &out), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(flows(), 1);
}
END_TEST

START_TEST(a_static_port_translates_both_ways)
{
	struct pkt in = pkt_tcp(PEER(1), 999, POOL(51), 8080, F_SYN), out = pkt_tcp(HOST(6), 80, PEER(1), 999, F_ACK);
	struct pkt other = pkt_udp(PEER(1), 999, POOL(51), 8080);

	conf(1, true);
	ck_assert_int_eq(lab_in(&lab, &in), REASON_TRANSLATED);
	expect_ends(&in, PEER(1), 999, HOST(6), 80);
	ck_assert_int_eq(lab_out(&lab, &out), REASON_TRANSLATED);
	expect_ends(&out, POOL(51), 8080, PEER(1), 999);
	ck_assert_int_eq(lab_in(&lab, &other), REASON_NO_FLOW);
	ck_assert_uint_eq(flows(), 0);
}
END_TEST

START_TEST(an_address_is_given_once_and_reached_from_anywhere)
{
	struct pkt first = pkt_tcp(HOST(7), 1000, PEER(1), 80, F_SYN), again = pkt_tcp(HOST(7), 1001, PEER(2), 80, F_SYN);
	struct pkt in = pkt_udp(PEER(9), 7, POOL(60), 5000), nobody = pkt_udp(PEER(9), 7, POOL(61), 5000);

	conf(1, true);
	ck_assert_int_eq(lab_in(&lab, &in), REASON_NO_FLOW); /* not given yet */
	ck_assert_int_eq(lab_out(&lab, &first), REASON_TRANSLATED_NEW);
	expect_ends(&first, POOL(60), 1000, PEER(1), 80);
	ck_assert_int_eq(lab_out(&lab, &again), REASON_TRANSLATED);
	in = pkt_udp(PEER(9), 7, POOL(60), 5000);
	ck_assert_int_eq(lab_in(&lab, &in), REASON_TRANSLATED);
	expect_ends(&in, PEER(9), 7, HOST(7), 5000);
	ck_assert_int_eq(lab_in(&lab, &nobody), REASON_NO_FLOW);
	ck_assert_uint_eq(flows(), 0);
	ck_assert_uint_eq(lab_counts(&lab).address_bindings, 1);
	ck_assert_uint_eq(snapshot_matches(engine_snapshot(lab.engine), 0), 1);
}
END_TEST

START_TEST(use_keeps_an_address)
{
	conf(1, true);
	for (int i = 0; i < 3; i++) {
		struct pkt out = pkt_udp(HOST(7), 1000, PEER(1), 53);

		lab_out(&lab, &out);
		lab_wait(&lab, 80000);
		ck_assert_uint_eq(lab_counts(&lab).address_bindings, 1);
	}
	lab_wait(&lab, 86400);
	ck_assert_uint_eq(lab_counts(&lab).address_bindings, 0);
}
END_TEST

START_TEST(queries_keep_their_identifier)
{
	struct pkt out = pkt_icmp(HOST(5), PEER(1), 8, 77), in = pkt_icmp(PEER(1), POOL(50), 0, 77);

	conf(1, true);
	ck_assert_int_eq(lab_out(&lab, &out), REASON_TRANSLATED);
	ck_assert(pkt_is_good(&out) && src_of(&out) == POOL(50) && id_of(&out) == 77);
	ck_assert_int_eq(lab_in(&lab, &in), REASON_TRANSLATED);
	ck_assert(pkt_is_good(&in) && dst_of(&in) == HOST(5) && id_of(&in) == 77);
}
END_TEST

START_TEST(overload_makes_flows)
{
	struct pkt out = pkt_udp(HOST(9), 1000, PEER(1), 53), in = pkt_udp(PEER(2), 53, FACE, 1000);

	conf(1, true);
	ck_assert_int_eq(lab_out(&lab, &out), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(flows(), 1);
	ck_assert_int_eq(lab_in(&lab, &in), REASON_TO_ROUTER); /* and filters by them */
}
END_TEST

START_TEST(a_hairpin_makes_flows)
{
	struct pkt p = pkt_udp(HOST(7), 1000, POOL(50), 53);

	conf(1, true);
	ck_assert_int_eq(lab_turn(&lab, &p), REASON_HAIRPIN);
	expect_ends(&p, POOL(60), 1000, HOST(5), 53);
	ck_assert_uint_eq(flows(), 2);
}
END_TEST

START_TEST(two_entries_of_one_local_address_make_flows)
{
	struct pkt in = pkt_udp(PEER(1), 53, POOL(53), 7), out = pkt_udp(HOST(5), 7, PEER(1), 53);

	lab.conf->half_only = true;
	lab_static(&lab, 1, 0, HOST(5), 0, POOL(50), 0);
	lab_static(&lab, 2, 0, HOST(5), 0, POOL(53), 0);
	ck_assert(lab_commit(&lab));
	ck_assert_int_eq(lab_in(&lab, &in), REASON_TRANSLATED_NEW);
	ck_assert_int_eq(lab_out(&lab, &out), REASON_TRANSLATED);
	expect_ends(&out, POOL(53), 7, PEER(1), 53); /* the way it came */
}
END_TEST

/* An error about a packet that went out, and one about a packet that came in. */
START_TEST(icmp_errors_find_the_half_entry)
{
	struct pkt went = pkt_udp(HOST(7), 1000, PEER(1), 53), came = pkt_udp(PEER(1), 53, POOL(60), 1000), error;

	conf(1, true);
	lab_out(&lab, &went);
	error = pkt_error(PEER(200), POOL(60), 3, 1, 0, &went, 500, 0);
	ck_assert_int_eq(lab_in(&lab, &error), REASON_TRANSLATED_ICMP_ERROR);
	ck_assert(pkt_is_good(&error));
	ck_assert_uint_eq(dst_of(&error), HOST(7));
	ck_assert_uint_eq(up32(quote_of(&error) + 12), HOST(7));
	lab_in(&lab, &came);
	error = pkt_error(HOST(7), PEER(1), 3, 3, 0, &came, 500, 0);
	ck_assert_int_eq(lab_out(&lab, &error), REASON_TRANSLATED_ICMP_ERROR);
	ck_assert(pkt_is_good(&error));
	ck_assert_uint_eq(src_of(&error), POOL(60));
	ck_assert_uint_eq(up32(quote_of(&error) + 16), POOL(60));
	/* nobody has the other address */
	struct pkt strange = pkt_udp(POOL(61), 1000, PEER(1), 53);

	error = pkt_error(PEER(200), POOL(61), 3, 1, 0, &strange, 500, 0);
	ck_assert_int_eq(lab_in(&lab, &error), REASON_QUOTED_UNKNOWN);
}
END_TEST

START_TEST(flows_that_are_there_go_on)
{
	struct pkt out = pkt_udp(HOST(5), 1000, PEER(1), 53), again = out;

	conf(1, false);
	lab_out(&lab, &out);
	conf(2, true);
	ck_assert_int_eq(lab_out(&lab, &again), REASON_TRANSLATED);
	ck_assert_uint_eq(flows(), 1);
	lab_wait(&lab, 301);
	again = pkt_udp(HOST(5), 1000, PEER(1), 53);
	ck_assert_int_eq(lab_out(&lab, &again), REASON_TRANSLATED);
	ck_assert_uint_eq(flows(), 0);
}
END_TEST

/* Its messages belong to a flow. */
START_TEST(what_a_gateway_reads_has_a_flow)
{
	struct pkt out = pkt_udp(HOST(5), 1000, PEER(1), 53), other = pkt_udp(HOST(5), 1000, PEER(1), 54);

	read = true;
	conf(2, true);
	read = false;
	ck_assert_int_eq(lab_out(&lab, &out), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(flows(), 1);
	ck_assert_int_eq(lab_out(&lab, &other), REASON_TRANSLATED);
	ck_assert_uint_eq(flows(), 1);
}
END_TEST

START_TEST(limits_count_the_address)
{
	struct pkt seven = pkt_udp(HOST(7), 1000, PEER(1), 53);

	conf(1, true);
	snapshot_free(lab.conf);
	lab_conf(&lab, 2);
	lab.conf->half_only = true;
	lab.conf->max_entries = 1;
	lab.conf->n_services = 0;
	lab_rule(&lab, 3, lab_list(&lab, 0, HOST(0), 0xffffff00), lab_pool(&lab, "P", POOL(60), POOL(61)), 0, false);
	ck_assert(lab_commit(&lab));
	ck_assert_int_eq(lab_out(&lab, &seven), REASON_TRANSLATED_NEW);
	seven = pkt_udp(HOST(8), 1000, PEER(1), 53);
	ck_assert_int_eq(lab_out(&lab, &seven), REASON_NO_ENTRY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("half");
	TCase *tc = tcase_create("half");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_static_host_needs_no_flow);
	tcase_add_test(tc, with_flow_entries_there_is_one);
	tcase_add_test(tc, a_static_port_translates_both_ways);
	tcase_add_test(tc, an_address_is_given_once_and_reached_from_anywhere);
	tcase_add_test(tc, use_keeps_an_address);
	tcase_add_test(tc, queries_keep_their_identifier);
	tcase_add_test(tc, overload_makes_flows);
	tcase_add_test(tc, a_hairpin_makes_flows);
	tcase_add_test(tc, two_entries_of_one_local_address_make_flows);
	tcase_add_test(tc, icmp_errors_find_the_half_entry);
	tcase_add_test(tc, flows_that_are_there_go_on);
	tcase_add_test(tc, what_a_gateway_reads_has_a_flow);
	tcase_add_test(tc, limits_count_the_address);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
