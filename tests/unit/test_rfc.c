/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What docs/requirements.md promises and no other test shows alone: who keeps a mapping and who
 * does not. */
#include <check.h>
#include "enginelab.h"
#include "suite.h"

#define IS(reason, want) ck_assert_str_eq(reason_name(reason), reason_name(REASON_##want))

static struct lab lab;

static void setup(void)
{
	lab_open(&lab, 256);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
}

static void teardown(void)
{
	lab_close(&lab);
}

static struct pkt query(int protocol)
{
	return protocol == P_TCP   ? pkt_tcp(HOST(5), 4000, PEER(1), 80, F_SYN)
	       : protocol == P_UDP ? pkt_udp(HOST(5), 4000, PEER(1), 80)
				   : pkt_ping(HOST(5), PEER(1), 4000);
}

static struct pkt answer(int protocol)
{
	return protocol == P_TCP   ? pkt_tcp(PEER(1), 80, FACE, 4000, F_SYN | F_ACK)
	       : protocol == P_UDP ? pkt_udp(PEER(1), 80, FACE, 4000)
				   : pkt_icmp(PEER(1), FACE, 0, 4000);
}

static const int protocols[] = {P_TCP, P_UDP, P_ICMP};

/* Every unreachable and time exceeded, about a packet of each direction. */
static void errors_of_all_kinds(int protocol)
{
	struct pkt outside = query(protocol), inside = answer(protocol);

	IS(lab_out(&lab, &outside), TRANSLATED_NEW);
	IS(lab_in(&lab, &inside), TRANSLATED);
	lab_wait(&lab, 20);
	for (uint8_t code = 0; code < 16; code++) {
		for (int type = 3; type <= 11; type += 8) {
			struct pkt in =
			    pkt_error(PEER(7), FACE, (uint8_t)type, code, 0, &outside, 548, 0);
			struct pkt out =
			    pkt_error(HOST(5), PEER(1), (uint8_t)type, code, 0, &inside, 548, 0);

			IS(lab_in(&lab, &in), TRANSLATED_ICMP_ERROR);
			IS(lab_out(&lab, &out), TRANSLATED_ICMP_ERROR);
		}
	}
}

START_TEST(rfc4787_req12_errors_end_nothing)
{
	struct pkt late = answer(protocols[_i]);

	errors_of_all_kinds(protocols[_i]);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	IS(lab_in(&lab, &late), TRANSLATED);
}
END_TEST

/* RFC 7857 7.1. The handshake is not complete, so TCP lives as long as a query: 60 s. */
START_TEST(rfc7857_7_errors_prolong_nothing)
{
	uint32_t lives = protocols[_i] == P_UDP ? 300 : 60;

	errors_of_all_kinds(protocols[_i]);
	lab_wait(&lab, lives - 22);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	lab_wait(&lab, 4);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
}
END_TEST

START_TEST(control_a_packet_does_prolong)
{
	uint32_t lives = protocols[_i] == P_UDP ? 300 : 60;
	struct pkt again = query(protocols[_i]);

	errors_of_all_kinds(protocols[_i]);
	IS(lab_out(&lab, &again), TRANSLATED);
	lab_wait(&lab, lives - 18);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
}
END_TEST

START_TEST(rfc5508_req2_queries_live_as_long_as_configured)
{
	struct pkt ping = query(P_ICMP);

	IS(lab_out(&lab, &ping), TRANSLATED_NEW);
	lab_wait(&lab, 59);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	lab_wait(&lab, 3);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	lab_conf(&lab, 2);
	lab_masquerade(&lab);
	lab.conf->timeouts[TIMEOUT_ICMP] = 200;
	ck_assert(lab_commit(&lab));
	ping = query(P_ICMP);
	IS(lab_out(&lab, &ping), TRANSLATED_NEW);
	lab_wait(&lab, 199);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	lab_wait(&lab, 3);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
}
END_TEST

START_TEST(rfc7857_5_protocols_do_not_share_ports)
{
	struct pkt tcp = query(P_TCP), udp = pkt_udp(HOST(6), 4000, PEER(1), 80),
		   ping = pkt_ping(HOST(7), PEER(1), 4000);
	struct pkt second = pkt_udp(HOST(8), 4000, PEER(1), 80);

	lab_out(&lab, &tcp);
	lab_out(&lab, &udp);
	lab_out(&lab, &ping);
	lab_out(&lab, &second);
	ck_assert_uint_eq(sport_of(&tcp), 4000);
	ck_assert_uint_eq(sport_of(&udp), 4000);
	ck_assert_uint_eq(id_of(&ping), 4000);
	ck_assert_uint_ne(sport_of(&second), 4000); /* control: of one protocol they do */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rfc");
	TCase *tc = tcase_create("rfc");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, rfc4787_req12_errors_end_nothing, 0, 3);
	tcase_add_loop_test(tc, rfc7857_7_errors_prolong_nothing, 0, 3);
	tcase_add_loop_test(tc, control_a_packet_does_prolong, 0, 3);
	tcase_add_test(tc, rfc5508_req2_queries_live_as_long_as_configured);
	tcase_add_test(tc, rfc7857_5_protocols_do_not_share_ports);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
