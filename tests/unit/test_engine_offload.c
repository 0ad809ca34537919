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
		struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 53);
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

int main(void)
{
	Suite *suite = suite_create("engine and offload");
	TCase *tc = tcase_create("engine and offload");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_too_large_for_a_verdict_is_dropped);
	tcase_add_test(tc, datagrams_in_one_piece_keep_an_unfinished_checksum);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
