/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine and what the kernel offloads: several packets in one, unfinished checksums. */
#include <check.h>
#include "enginelab.h"
#include "suite.h"

static struct lab lab;

static void setup(void)
{
	lab_open(&lab, 4096);
	lab_masquerade(&lab);
	lab_static(&lab, 1, 0, HOST(7), 0, POOL(7), 0);
	ck_assert(lab_commit(&lab));
}

static void teardown(void)
{
	lab_close(&lab);
}

#define IS(reason, want) ck_assert_str_eq(reason_name(reason), reason_name(REASON_##want))

START_TEST(what_is_too_large_for_a_verdict_is_dropped)
{
	static uint8_t big[65535];
	struct packet packet = {.data = big, .length = 65535, .in_ifindex = IN, .out_ifindex = OUT,
				.visit = VISIT_TO_OUTSIDE, .checksum_partial = true, .gso = true};
	struct pkt p = pkt_tcp(HOST(5), 4000, PEER(1), 80, F_ACK);

	memcpy(big, p.data, p.length);
	pk16(big + 2, 65535);
	finish_ip(big);
	engine_packet(lab.engine, lab.now, &packet, &lab.out);
	IS(lab.out.reason, TOO_BIG);
	pk16(big + 2, 65531);
	finish_ip(big);
	packet.length = 65531;
	engine_packet(lab.engine, lab.now, &packet, &lab.out);
	IS(lab.out.reason, TRANSLATED_NEW);
}
END_TEST

/* Each piece's is made by the kernel, from the sum of the pseudo header (linux/net/ipv4/udp_offload.c). */
START_TEST(datagrams_in_one_piece_keep_an_unfinished_checksum)
{
	for (int gso = 0; gso <= 1; gso++) {
		struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 443);
		struct packet packet = {.data = p.data, .length = p.length, .in_ifindex = IN, .out_ifindex = OUT,
					.visit = VISIT_TO_OUTSIDE, .checksum_partial = true, .gso = gso};

		engine_packet(lab.engine, lab.now, &packet, &lab.out);
		ck_assert_int_eq(lab.out.verdict, VERDICT_REPLACE);
		ck_assert_msg(pkt_is_good(&p) != gso, "control: else it is finished");
		if (gso)
			ck_assert_uint_eq(up16(l4_of(&p) + 6), judge_pseudo(p.data, p.length - 20));
	}
}
END_TEST

/* Where one ends and the next begins only the kernel knows. */
START_TEST(messages_in_one_piece_are_cut_before_they_are_read)
{
	struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 53), came = p;
	struct packet packet = {.data = p.data, .length = p.length, .in_ifindex = IN, .out_ifindex = OUT,
				.visit = VISIT_TO_OUTSIDE, .checksum_partial = true, .gso = true};

	engine_packet(lab.engine, lab.now, &packet, &lab.out);
	IS(lab.out.reason, CUT);
	ck_assert_mem_eq(p.data, came.data, p.length);
	packet.gso = false;
	engine_packet(lab.engine, lab.now, &packet, &lab.out);
	ck_assert_msg(lab.out.verdict == VERDICT_REPLACE, "control: one by one they pass");
}
END_TEST

START_TEST(what_else_is_in_one_piece_is_cut)
{
	uint8_t l4[40] = {0};
	struct pkt p = pkt_ip(P_GRE, HOST(7), PEER(1), l4, sizeof(l4)), came = p;
	struct packet packet = {.data = p.data, .length = p.length, .in_ifindex = IN, .out_ifindex = OUT,
				.visit = VISIT_TO_OUTSIDE, .gso = true};

	engine_packet(lab.engine, lab.now, &packet, &lab.out);
	IS(lab.out.reason, CUT);
	ck_assert_mem_eq(p.data, came.data, p.length);
}
END_TEST

/* Ports, tag, checksum and one chunk; the checksum is the whole packet's and of nothing else (RFC 9260 6.8). */
START_TEST(sctp_is_finished)
{
	static const uint8_t l4[] = {0x13, 0x88, 0x13, 0x89, 1, 2, 3, 4, 0xde, 0xad, 0xbe, 0xef, 0, 3, 0, 8, 5, 6, 7, 8};
	static const uint8_t good[] = {0x90, 0x44, 0xa8, 0x0c};

	for (int partial = 0; partial <= 1; partial++) {
		struct pkt p = pkt_ip(132, HOST(7), PEER(1), l4, sizeof(l4));
		struct packet packet = {.data = p.data, .length = p.length, .in_ifindex = IN, .out_ifindex = OUT,
					.visit = VISIT_TO_OUTSIDE, .checksum_partial = partial};

		engine_packet(lab.engine, lab.now, &packet, &lab.out);
		ck_assert_int_eq(lab.out.verdict, VERDICT_REPLACE);
		ck_assert_uint_eq(src_of(&p), POOL(7));
		ck_assert_mem_eq(p.data + 28, partial ? good : l4 + 8, 4);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine and offload");
	TCase *tc = tcase_create("engine and offload");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_too_large_for_a_verdict_is_dropped);
	tcase_add_test(tc, datagrams_in_one_piece_keep_an_unfinished_checksum);
	tcase_add_test(tc, messages_in_one_piece_are_cut_before_they_are_read);
	tcase_add_test(tc, what_else_is_in_one_piece_is_cut);
	tcase_add_test(tc, sctp_is_finished);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
