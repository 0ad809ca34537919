/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SYN that nobody asked for: six seconds of silence, then ICMP (RFC 5382 REQ-4), and no more of that than is good. */
#include <check.h>
#include "enginelab.h"
#include "suite.h"
#include "nat/syn.h"

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

static struct pkt stranger(uint16_t port, ip4 to)
{
	return pkt_tcp(PEER(9), port, to, 9999, F_SYN);
}

/* Until then, collecting what is sent. */
static uint32_t sent_within(uint32_t ms, struct emitted *first)
{
	uint64_t end = lab.now + ms;
	uint32_t n = 0;

	while (engine_next(lab.engine) <= end) {
		lab.now = engine_next(lab.engine) > lab.now ? engine_next(lab.engine) : lab.now;
		engine_tick(lab.engine, lab.now, &lab.out);
		if (n == 0 && lab.out.n_emitted > 0)
			*first = lab.out.emitted[0];
		n += lab.out.n_emitted;
	}
	lab.now = end;
	return n;
}

static void is_port_unreachable(const struct emitted *sent, const struct pkt *about, ip4 from)
{
	struct pkt p = {.length = sent->length};

	memcpy(p.data, sent->data, sent->length);
	ck_assert(pkt_is_good(&p));
	ck_assert_uint_eq(src_of(&p), from);
	ck_assert_uint_eq(dst_of(&p), PEER(9));
	ck_assert_uint_eq(l4_of(&p)[0], 3);
	ck_assert_uint_eq(l4_of(&p)[1], 3);
	ck_assert_mem_eq(quote_of(&p), about->data, 28);
}

START_TEST(rfc5382_req4_silence_for_six_seconds)
{
	struct pkt p = stranger(7000, FACE), before = p;
	struct emitted sent;

	IS(lab_in(&lab, &p), UNSOLICITED_SYN);
	ck_assert_uint_eq(lab.out.n_emitted, 0);
	ck_assert_int_eq(lab.out.verdict, VERDICT_DROP);
	ck_assert_uint_eq(sent_within(1000, &sent), 0);
	p = stranger(7000, FACE); /* again */
	IS(lab_in(&lab, &p), UNSOLICITED_SYN);
	ck_assert_uint_eq(sent_within(4999, &sent), 0);
	ck_assert_uint_eq(sent_within(1, &sent), 1);
	is_port_unreachable(&sent, &before, FACE);
	ck_assert_uint_le(sent.length, before.length + 16); /* no amplification */
	ck_assert_uint_eq(sent_within(60000, &sent), 0);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
}
END_TEST

START_TEST(rfc5382_req4_to_a_global_address)
{
	lab_conf(&lab, 2);
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "P", POOL(10), POOL(12)), 0, true);
	ck_assert(lab_commit(&lab));
	struct pkt p = stranger(7000, POOL(11)), before = p, answer = pkt_tcp(PEER(9), 1, POOL(11), 2, F_SYN | F_ACK);
	struct emitted sent;

	IS(lab_in(&lab, &p), UNSOLICITED_SYN);
	ck_assert_uint_eq(sent_within(6000, &sent), 1);
	is_port_unreachable(&sent, &before, FACE);
	/* Only a SYN is waited for. */
	IS(lab_in(&lab, &answer), NO_FLOW);
	ck_assert_uint_eq(sent_within(60000, &sent), 0);
}
END_TEST

START_TEST(rfc5382_req4_not_if_a_syn_crossed)
{
	struct pkt p = pkt_tcp(PEER(9), 7000, FACE, 4000, F_SYN), mine = pkt_tcp(HOST(5), 4000, PEER(9), 7000, F_SYN);
	struct emitted sent;

	IS(lab_in(&lab, &p), UNSOLICITED_SYN);
	ck_assert_uint_eq(sent_within(3000, &sent), 0);
	IS(lab_out(&lab, &mine), TRANSLATED_NEW);
	/* Also if that has come to nothing by then. */
	struct translation_cursor cursor = {0};

	while (_i && !engine_clear_translations(lab.engine, lab.now, &cursor))
		;
	ck_assert_uint_eq(sent_within(20000, &sent), 0);
	/* And sent again it opens the connection from its side. */
	p = pkt_tcp(PEER(9), 7000, FACE, 4000, F_SYN);
	ck_assert_int_eq(lab_in(&lab, &p), _i ? REASON_UNSOLICITED_SYN : REASON_TRANSLATED);
}
END_TEST

START_TEST(rfc5382_req4_a_flood_is_not_amplified)
{
	struct emitted sent;

	for (uint32_t i = 0; i < 50000; i++) {
		struct pkt p = pkt_tcp(IP(198, 51, i >> 8 & 255, i & 255), (uint16_t)i, FACE, 9999, F_SYN);

		IS(lab_in(&lab, &p), UNSOLICITED_SYN);
		ck_assert_uint_eq(lab.out.n_emitted, 0);
	}
	uint32_t n = sent_within(7000, &sent);

	ck_assert_uint_gt(n, 10);
	ck_assert_uint_le(n, SYN_KEPT);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	struct pkt after = stranger(1, FACE);

	IS(lab_in(&lab, &after), UNSOLICITED_SYN);
	ck_assert_uint_eq(sent_within(7000, &sent), 1);
}
END_TEST

START_TEST(nothing_is_said_about_damaged_or_broadcast_syns)
{
	struct pkt bad = stranger(7000, FACE), from_all = pkt_tcp(0xffffffff, 1, FACE, 9999, F_SYN);
	struct emitted sent;

	bad.data[36] ^= 1;
	lab_in(&lab, &bad);
	lab_in(&lab, &from_all);
	ck_assert_uint_eq(sent_within(60000, &sent), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("syn");
	TCase *tc = tcase_create("syn");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rfc5382_req4_silence_for_six_seconds);
	tcase_add_test(tc, rfc5382_req4_to_a_global_address);
	tcase_add_loop_test(tc, rfc5382_req4_not_if_a_syn_crossed, 0, 2);
	tcase_add_test(tc, rfc5382_req4_a_flood_is_not_amplified);
	tcase_add_test(tc, nothing_is_said_about_damaged_or_broadcast_syns);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
