/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP errors about what a gateway has changed: who is told recognizes his own segment, and nobody outside reads what was
 * translated for the inside. And the segments that grow, about which nobody could be told. */
#include "alg_talk.h"
#include "suite.h"

static struct pkt error_in(const struct pkt *wire)
{
	struct pkt e = pkt_error(PEER(7), global.addr, 3, 4, 1000, wire, 548, 0);

	IS(lab_in(&lab, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
	return e;
}

static uint32_t quoted_seq(struct pkt *e)
{
	return up32(quote_of(e) + 24);
}

/* A host that hears "too big" believes it if the number is one of its own that are under way. */
START_TEST(a_sender_is_told_its_own_numbers)
{
	struct pkt wire, e;

	open_connection();
	wire = from_client("hello\n", 0);
	e = error_in(&wire);
	ck_assert_uint_eq(quoted_seq(&e), CLIENT + 1); /* control: nothing has changed yet */
	sent = 6;
	wire = from_client("ADDR 10.0.0.5:9000\n", 0);
	ck_assert_str_eq(tcp_text(&wire), "ADDR 203.0.113.1:9000\n");
	e = error_in(&wire);
	ck_assert_uint_eq(quoted_seq(&e), CLIENT + 1 + 6);
	sent += 19;
	delta = 3;
	wire = from_client("hello\n", 0);
	ck_assert_uint_eq(seq_of(&wire), CLIENT + 1 + sent + delta);
	e = error_in(&wire);
	ck_assert_uint_eq(quoted_seq(&e), CLIENT + 1 + sent);
	ck_assert_uint_eq(up32(quote_of(&e) + 12), HOST(5));
	/* The smallest that a router may quote. */
	e = pkt_error(PEER(7), global.addr, 11, 0, 0, &wire, 28, 0);
	IS(lab_in(&lab, &e), TRANSLATED_ICMP_ERROR);
	ck_assert_uint_eq(quoted_seq(&e), CLIENT + 1 + sent);
	ck_assert_uint_eq(e.length, 20 + 8 + 28);
}
END_TEST

START_TEST(control_a_connection_that_nobody_reads)
{
	struct pkt wire = tcp(HOST(5), 4000, PEER(1), 80, CLIENT, 0, F_SYN, ""), e;

	lab_out(&lab, &wire);
	global = (struct endpoint){src_of(&wire), (uint16_t)sport_of(&wire)};
	e = error_in(&wire);
	ck_assert_uint_eq(quoted_seq(&e), CLIENT);
}
END_TEST

/* Of a hairpin, whoever of the two opened it. */
START_TEST(so_is_one_behind_a_hairpin)
{
	struct pkt p = tcp(HOST(5), 4000, POOL(200), FTP, CLIENT, 0, F_SYN, ""), e;
	struct endpoint mapped;

	IS(lab_turn(&lab, &p), HAIRPIN);
	mapped = (struct endpoint){src_of(&p), (uint16_t)sport_of(&p)};
	p = tcp(HOST(9), FTP, mapped.addr, mapped.port, SERVER, CLIENT + 1, F_SYN | F_ACK, "");
	lab_turn(&lab, &p);
	p = tcp(HOST(5), 4000, POOL(200), FTP, CLIENT + 1, SERVER + 1, F_ACK, "ADDR 10.0.0.5:9000\n");
	lab_turn(&lab, &p);
	p = tcp(HOST(9), FTP, mapped.addr, mapped.port, SERVER + 1, CLIENT + 1 + 22, F_ACK, "ADDR 10.0.0.9:9001\n");
	lab_turn(&lab, &p);
	p = tcp(HOST(5), 4000, POOL(200), FTP, CLIENT + 20, SERVER + 25, F_ACK, "client\n");
	IS(lab_turn(&lab, &p), HAIRPIN);
	ck_assert_uint_eq(seq_of(&p), CLIENT + 23);
	e = pkt_error(HOST(9), mapped.addr, 3, 3, 0, &p, 548, 0);
	IS(lab_turn(&lab, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
	ck_assert_uint_eq(dst_of(&e), HOST(5));
	ck_assert_uint_eq(quoted_seq(&e), CLIENT + 20);
	p = tcp(HOST(9), FTP, mapped.addr, mapped.port, SERVER + 20, CLIENT + 30, F_ACK, "server\n");
	IS(lab_turn(&lab, &p), HAIRPIN);
	ck_assert_uint_eq(seq_of(&p), SERVER + 25);
	e = pkt_error(HOST(5), POOL(200), 3, 3, 0, &p, 548, 0);
	IS(lab_turn(&lab, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
	ck_assert_uint_eq(dst_of(&e), HOST(9));
	ck_assert_uint_eq(quoted_seq(&e), SERVER + 20);
}
END_TEST

/* An answer to this port; what of it a host's or an inside router's error shows to who sent it. */
static struct pkt told_outside(uint16_t port, uint32_t room, uint32_t word, uint32_t extra)
{
	struct pkt p = udp(HOST(5), 4000, PEER(1), port, "question\n"), answer, e;

	lab_out(&lab, &p);
	answer = udp(PEER(1), port, src_of(&p), (uint16_t)sport_of(&p), "what was translated for the inside alone\n");
	IS(lab_in(&lab, &answer), TRANSLATED);
	e = pkt_error(HOST(5), PEER(1), 3, 3, word, &answer, room, extra);
	IS(lab_out(&lab, &e), TRANSLATED_ICMP_ERROR);
	ck_assert_uint_eq(judge_sum(0, l4_of(&e), e.length - 20), 0xffff);
	ck_assert(extra > 0 || pkt_is_good(&e));
	ck_assert_uint_eq(up16(quote_of(&e) + 20), port);
	ck_assert_uint_eq(up32(quote_of(&e) + 16), src_of(&p));
	return e;
}

START_TEST(a_quoted_message_is_blank_outside)
{
	static const uint8_t zeros[64];
	struct pkt e = told_outside(DNS, 548, 0, 0);

	ck_assert_uint_eq(e.length, 20 + 8 + 28 + 41);
	ck_assert_mem_eq(quote_of(&e) + 28, zeros, 41);
	/* What stands behind a quote whose length is said stays (RFC 4884). */
	e = told_outside(DNS, 64, 16 << 16, 12);
	ck_assert_mem_eq(quote_of(&e) + 28, zeros, 36);
	for (uint32_t i = 0; i < 12; i++)
		ck_assert_uint_eq(quote_of(&e)[64 + i], 0xa0 + i);
	e = told_outside(DNS, 28, 0, 0);
	ck_assert_uint_eq(e.length, 20 + 8 + 28);
}
END_TEST

START_TEST(control_one_that_nobody_read_is_not)
{
	struct pkt e = told_outside(9999, 548, 0, 0);

	ck_assert_mem_eq(quote_of(&e) + 28, "what was translated for the inside alone\n", 41);
}
END_TEST

START_TEST(nor_is_the_header_of_a_segment)
{
	struct pkt p, e;

	open_connection();
	p = from_server("translated for the inside\n", F_PSH);
	e = pkt_error(HOST(5), PEER(1), 3, 13, 0, &p, 548, 0);
	IS(lab_out(&lab, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
	ck_assert_uint_eq(quoted_seq(&e), SERVER + 1);
	ck_assert_uint_eq(quote_of(&e)[20 + 13], F_ACK | F_PSH);
	for (uint32_t i = 40; i < e.length - 28; i++)
		ck_assert_uint_eq(quote_of(&e)[i], 0);
	ck_assert_uint_gt(e.length - 28, 60);
}
END_TEST

/* It could be too big for a link that its sender keeps to, for ever: nobody can make it smaller but a router on the way. */
START_TEST(a_segment_that_grew_may_be_fragmented)
{
	struct pkt p;

	open_connection();
	for (int grows = 0; grows < 2; grows++) {
		p = tcp(HOST(5), 4000, PEER(1), FTP, CLIENT + 1 + sent, SERVER + 1, F_ACK,
			grows ? "ADDR 10.0.0.5:9000\n" : "keep it\n");
		pkt_fragment(&p, 0x4000);
		IS(lab_out(&lab, &p), TRANSLATED);
		GOOD(p);
		ck_assert_uint_eq(up16(p.data + 6), grows ? 0 : 0x4000);
		sent += 8;
	}
}
END_TEST

int main(void)
{
	const TTest *all[] = {
		a_sender_is_told_its_own_numbers,
		control_a_connection_that_nobody_reads,
		so_is_one_behind_a_hairpin,
		a_quoted_message_is_blank_outside,
		control_one_that_nobody_read_is_not,
		nor_is_the_header_of_a_segment,
		a_segment_that_grew_may_be_fragmented,
	};
	Suite *suite = suite_create("alg_errors");
	TCase *tests = tcase_create("all");

	tcase_add_checked_fixture(tests, setup, teardown);
	for (uint32_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		tcase_add_test(tests, all[i]);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
