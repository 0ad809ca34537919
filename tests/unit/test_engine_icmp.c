/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP errors in all four visits (RFC 5508, RFC 4884), and hairpin (RFC 4787 REQ-9). */
#include <check.h>
#include "enginelab.h"
#include "suite.h"

static struct lab lab;

static void setup(void)
{
	lab_open(&lab, 4096);
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(9), 0);
	lab_static(&lab, 2, P_TCP, HOST(8), 8080, FACE, 80);
	lab_rule(&lab, 100, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "P", POOL(10), POOL(12)), 0,
		 true);
	lab_rule(&lab, 101, lab_list(&lab, 0, IP(192, 168, 0, 0), 0xffff0000), SNAPSHOT_NONE, FACE, true);
	ck_assert(lab_commit(&lab));
}

static void teardown(void)
{
	lab_close(&lab);
}

#define GOOD(p)          ck_assert(pkt_is_good(&(p)))
#define IS(reason, want) ck_assert_str_eq(reason_name(reason), reason_name(REASON_##want))

static const uint8_t types[] = {3, 4, 5, 11, 12};

/* A packet of one of the four kinds from this host, twice taken so that the port or identifier changes. */
static struct pkt outbound(int kind, uint32_t host)
{
	switch (kind) {
	case 0:
		return pkt_udp(host, 4000, PEER(1), 9000);
	case 1:
		return pkt_tcp(host, 4000, PEER(1), 80, F_ACK);
	case 2:
		return pkt_ping(host, PEER(1), 4000);
	default:
		return pkt_ip(P_GRE, host, PEER(1), "\0\0\10\0data", 8);
	}
}

static uint32_t port_of(int kind, uint8_t *l4)
{
	return kind == 2 ? up16(l4 + 4) : up16(l4);
}

START_TEST(inbound_error_reaches_the_host_with_its_own_packet)
{
	for (int kind = 0; kind < 4; kind++) {
		uint32_t host = kind == 3 ? HOST(9) : HOST(5);
		struct pkt first = outbound(kind, HOST(4)), sent = outbound(kind, host), wire = sent;

		if (kind < 3)
			lab_out(&lab, &first);
		IS(lab_out(&lab, &wire), TRANSLATED_NEW);
		for (uint32_t t = 0; t < 5; t++) {
			for (uint32_t room = 28; room <= wire.length; room += 4) {
				struct pkt e = pkt_error(PEER(7), src_of(&wire), types[t], 0, 0, &wire, room, 0);

				IS(lab_in(&lab, &e), TRANSLATED_ICMP_ERROR);
				GOOD(e);
				ck_assert_uint_eq(src_of(&e), PEER(7));
				ck_assert_uint_eq(dst_of(&e), host);
				/* Byte for byte what the host sent. */
				ck_assert(memcmp(quote_of(&e), sent.data, e.length - 28) == 0);
			}
		}
	}
}
END_TEST

START_TEST(outbound_error_hides_the_host)
{
	for (int kind = 0; kind < 3; kind++) {
		struct pkt first = outbound(kind, HOST(4)), out = outbound(kind, HOST(5));

		lab_out(&lab, &first);
		lab_out(&lab, &out);
		uint32_t global = src_of(&out), port = port_of(kind, l4_of(&out));
		struct pkt in = kind == 0   ? pkt_udp(PEER(1), 9000, global, (uint16_t)port)
				: kind == 1 ? pkt_tcp(PEER(1), 80, global, (uint16_t)port, F_ACK)
					    : pkt_icmp(PEER(1), global, 0, (uint16_t)port);
		struct pkt wire = in;

		IS(lab_in(&lab, &in), TRANSLATED);
		/* By the host itself, and by a router on the way (RFC 5508 REQ-5). Redirects stay inside. */
		for (uint32_t t = 0; t < 2 * sizeof(types); t++) {
			uint8_t type = types[t / 2];
			struct pkt e = pkt_error(HOST(5 + t % 2), PEER(1), type, 1, 0, &in, 548, 0);

			if (type == 5) {
				IS(lab_out(&lab, &e), REDIRECT);
				continue;
			}
			IS(lab_out(&lab, &e), TRANSLATED_ICMP_ERROR);
			GOOD(e);
			ck_assert_uint_eq(l4_of(&e)[0], type);
			ck_assert_uint_eq(src_of(&e), global);
			ck_assert_uint_eq(dst_of(&e), PEER(1));
			ck_assert(memcmp(quote_of(&e), wire.data, wire.length) == 0);
		}
	}
}
END_TEST

START_TEST(extensions_and_mtu_stay)
{
	struct pkt wire = pkt_udp(HOST(5), 4000, PEER(1), 9000), sent;
	static uint8_t big[400];

	pk16(big, 4000);
	pk16(big + 2, 9000);
	pk16(big + 4, sizeof(big));
	sent = wire = pkt_ip(P_UDP, HOST(5), PEER(1), big, sizeof(big));
	lab_out(&lab, &wire);
	/* 128 bytes of quote = 32 words, then 16 bytes of extension; the MTU in the low half of the word. */
	struct pkt e = pkt_error(PEER(7), src_of(&wire), 3, 4, 32 << 16 | 1400, &wire, 128, 16);

	IS(lab_in(&lab, &e), TRANSLATED_ICMP_ERROR);
	ck_assert_uint_eq(judge_sum(0, l4_of(&e), e.length - 20), 0xffff);
	ck_assert(memcmp(quote_of(&e), sent.data, 128) == 0);
	ck_assert_uint_eq(up32(l4_of(&e) + 4), 32 << 16 | 1400);
	for (uint32_t i = 0; i < 16; i++)
		ck_assert_uint_eq(quote_of(&e)[128 + i], 0xa0 + i);
}
END_TEST

START_TEST(truncated_and_lying_quotes_are_dropped)
{
	struct pkt wire = pkt_udp(HOST(5), 4000, PEER(1), 9000), bad = wire;

	lab_out(&lab, &wire);
	static const uint32_t rooms[] = {0, 4, 19, 20, 24, 27};

	for (uint32_t i = 0; i < 6; i++) {
		struct pkt e = pkt_error(PEER(7), src_of(&wire), 3, 3, 0, &wire, rooms[i], 0);
		struct pkt o = pkt_error(HOST(5), PEER(1), 3, 3, 0, &wire, rooms[i], 0);

		IS(lab_in(&lab, &e), QUOTED_MALFORMED);
		IS(lab_out(&lab, &o), QUOTED_MALFORMED);
	}
	for (uint32_t ihl = 0; ihl < 16; ihl += ihl == 4 ? 11 : 4) {
		bad = wire;
		bad.data[0] = (uint8_t)(0x40 | ihl);
		struct pkt e = pkt_error(PEER(7), src_of(&wire), 3, 3, 0, &bad, 548, 0);

		IS(lab_in(&lab, &e), QUOTED_MALFORMED);
	}
	/* RFC 5508 REQ-3 a: the quoted header's checksum must be right. */
	bad = wire;
	bad.data[8]--;
	struct pkt e = pkt_error(PEER(7), src_of(&wire), 3, 3, 0, &bad, 548, 0);

	IS(lab_in(&lab, &e), QUOTED_MALFORMED);
	/* And that of the message. */
	e = pkt_error(PEER(7), src_of(&wire), 3, 3, 0, &wire, 548, 0);
	e.data[e.length - 1] ^= 1;
	IS(lab_in(&lab, &e), BAD_CHECKSUM);
	e.data[e.length - 1] ^= 1;
	IS(lab_in(&lab, &e), TRANSLATED_ICMP_ERROR);
}
END_TEST

START_TEST(unknown_quotes_never_leave)
{
	struct pkt strange = pkt_udp(PEER(1), 9000, HOST(5), 4000), e;

	/* From a covered host. */
	e = pkt_error(HOST(5), PEER(1), 3, 3, 0, &strange, 548, 0);
	IS(lab_out(&lab, &e), QUOTED_UNKNOWN);
	/* From an uncovered router, about a covered host, also where ports can't be read. */
	e = pkt_error(IP(172, 20, 0, 1), PEER(1), 3, 3, 0, &strange, 548, 0);
	IS(lab_out(&lab, &e), QUOTED_UNKNOWN);
	pkt_fragment(&strange, 0x0010);
	e = pkt_error(IP(172, 20, 0, 1), PEER(1), 3, 3, 0, &strange, 548, 0);
	IS(lab_out(&lab, &e), QUOTED_UNKNOWN);
	strange = pkt_udp(HOST(5), 4000, PEER(1), 9000);
	e = pkt_error(IP(172, 20, 0, 1), PEER(1), 3, 3, 0, &strange, 548, 0);
	IS(lab_out(&lab, &e), QUOTED_UNKNOWN);
	/* Neither is covered: not ours. */
	strange = pkt_udp(PEER(1), 9000, IP(172, 20, 0, 7), 4000);
	e = pkt_error(IP(172, 20, 0, 1), PEER(1), 3, 3, 0, &strange, 548, 0);
	IS(lab_out(&lab, &e), NOT_COVERED);
	/* Inwards. */
	strange = pkt_udp(POOL(10), 4000, PEER(1), 9000);
	e = pkt_error(PEER(7), POOL(10), 3, 3, 0, &strange, 548, 0);
	IS(lab_in(&lab, &e), QUOTED_UNKNOWN);
	strange = pkt_udp(FACE, 4000, PEER(1), 9000);
	e = pkt_error(PEER(7), FACE, 3, 3, 0, &strange, 548, 0);
	IS(lab_in(&lab, &e), TO_ROUTER);
	e = pkt_error(PEER(7), IP(192, 0, 2, 1), 3, 3, 0, &strange, 548, 0);
	IS(lab_in(&lab, &e), NO_TRANSLATION_NEEDED);
	/* A quote of one host's flow told to another address. */
	strange = pkt_udp(HOST(5), 4000, PEER(1), 9000);
	lab_out(&lab, &strange);
	e = pkt_error(PEER(7), POOL(12), 3, 3, 0, &strange, 548, 0);
	IS(lab_in(&lab, &e), QUOTED_UNKNOWN);
}
END_TEST

/* The router's flows hide nothing, but who talks about them may have something to hide. */
START_TEST(errors_about_the_routers_flows_do_not_show_their_sender)
{
	struct pkt own = pkt_udp(FACE, 4000, PEER(1), 9000), e;
	struct pkt answer = pkt_udp(PEER(1), 9000, FACE, 4000);

	IS(lab_own(&lab, &own), FROM_ROUTER);
	e = pkt_error(HOST(5), PEER(1), 3, 3, 0, &answer, 548, 0);
	IS(lab_out(&lab, &e), QUOTED_UNKNOWN);
	e = pkt_error(IP(172, 20, 0, 1), PEER(1), 3, 3, 0, &answer, 548, 0);
	IS(lab_out(&lab, &e), NOT_COVERED);
	e = pkt_error(FACE, PEER(1), 3, 3, 0, &answer, 548, 0);
	IS(lab_visit(&lab, VISIT_OWN_ERROR, 0, OUT, &e), FROM_ROUTER);
}
END_TEST

START_TEST(options_of_a_quote_show_no_way)
{
	static const uint8_t record[12] = {7, 11, 8, 10, 0, 0, 1, 10, 0, 0, 5, 0};
	static const uint8_t alert[4] = {148, 4, 0, 0};
	struct pkt out = pkt_udp(HOST(5), 4000, PEER(1), 9000), e;

	lab_out(&lab, &out);
	struct pkt in = pkt_udp(PEER(1), 9000, src_of(&out), (uint16_t)sport_of(&out));

	lab_in(&lab, &in);
	struct pkt recorded = in, alerted = in;

	pkt_options(&recorded, record, sizeof(record));
	pkt_options(&alerted, alert, sizeof(alert));
	e = pkt_error(HOST(5), PEER(1), 3, 3, 0, &recorded, 548, 0);
	IS(lab_out(&lab, &e), IP_OPTION);
	e = pkt_error(HOST(5), PEER(1), 3, 3, 0, &alerted, 548, 0);
	IS(lab_out(&lab, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
}
END_TEST

/* Whatever else may be right about it: the gateway that a redirect names is where the inside is. */
START_TEST(redirects_do_not_show_a_gateway)
{
	struct pkt out = pkt_udp(HOST(5), 4000, PEER(1), 9000), e;
	struct pkt free = pkt_udp(PEER(1), 9000, IP(172, 20, 0, 1), 4000);

	lab_out(&lab, &out);
	struct pkt in = pkt_udp(PEER(1), 9000, src_of(&out), (uint16_t)sport_of(&out));

	lab_in(&lab, &in);
	e = pkt_error(HOST(5), PEER(1), 5, 1, HOST(254), &in, 548, 0);
	IS(lab_out(&lab, &e), REDIRECT);
	e = pkt_error(HOST(5), PEER(1), 3, 1, 0, &in, 548, 0); /* control */
	IS(lab_out(&lab, &e), TRANSLATED_ICMP_ERROR);
	e = pkt_error(IP(172, 20, 0, 1), PEER(1), 5, 1, HOST(254), &free, 548, 0);
	IS(lab_out(&lab, &e), REDIRECT);
	e = pkt_error(IP(172, 20, 0, 1), PEER(1), 5, 1, GATE, &free, 548, 0);
	IS(lab_out(&lab, &e), REDIRECT);
	e = pkt_error(IP(172, 20, 0, 1), PEER(1), 5, 1, IP(172, 20, 0, 2), &free, 548, 0);
	IS(lab_out(&lab, &e), NOT_COVERED);
	/* From outside it names somebody who is no secret. */
	e = pkt_error(PEER(7), src_of(&out), 5, 1, PEER(8), &out, 548, 0);
	IS(lab_in(&lab, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
}
END_TEST

START_TEST(errors_make_and_end_nothing)
{
	struct pkt wire = pkt_tcp(HOST(5), 4000, PEER(1), 80, F_SYN);

	lab_out(&lab, &wire);
	struct engine_counts before = lab_counts(&lab);
	struct pkt e = pkt_error(PEER(7), src_of(&wire), 3, 3, 0, &wire, 548, 0);

	IS(lab_in(&lab, &e), TRANSLATED_ICMP_ERROR);
	ck_assert_uint_eq(lab_counts(&lab).flows, before.flows);
	wire = pkt_tcp(HOST(5), 4000, PEER(1), 80, F_SYN);
	IS(lab_out(&lab, &wire), TRANSLATED);
}
END_TEST

START_TEST(router_speaks_each_readers_language)
{
	struct pkt out = pkt_udp(HOST(5), 4000, PEER(1), 9000), sent = out;

	lab_out(&lab, &out);
	struct pkt in = pkt_udp(PEER(1), 9000, src_of(&out), (uint16_t)sport_of(&out)), wire = in;

	lab_in(&lab, &in);
	/* To the outside, about a packet that was translated inwards already. */
	struct pkt e = pkt_error(FACE, PEER(1), 3, 1, 0, &in, 548, 0);

	IS(lab_visit(&lab, VISIT_OWN_ERROR, 0, OUT, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
	ck_assert_uint_eq(src_of(&e), FACE);
	ck_assert(memcmp(quote_of(&e), wire.data, wire.length) == 0);
	lab.mark = lab.out.mark;
	IS(lab_own(&lab, &e), FROM_ROUTER);
	/* To the inside, about a packet that was not translated yet. */
	e = pkt_error(GATE, HOST(5), 11, 0, 0, &sent, 548, 0);
	struct pkt before = e;

	IS(lab_visit(&lab, VISIT_OWN_ERROR, 0, IN, &e), FROM_ROUTER);
	ck_assert(memcmp(&e, &before, sizeof(e)) == 0);
	/* About a packet that was translated outwards: the kernel tells the global address, which is the host. */
	e = pkt_error(FACE, src_of(&out), 3, 1, 0, &out, 548, 0);
	IS(lab_visit(&lab, VISIT_OWN_ERROR, 0, OUT, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
	ck_assert_uint_eq(dst_of(&e), HOST(5));
	ck_assert(memcmp(quote_of(&e), sent.data, sent.length) == 0);
	/* Unknown and covered. */
	in = pkt_udp(PEER(1), 1, HOST(77), 2);
	e = pkt_error(FACE, PEER(1), 11, 0, 0, &in, 548, 0);
	IS(lab_visit(&lab, VISIT_OWN_ERROR, 0, OUT, &e), QUOTED_UNKNOWN);
	in = pkt_udp(PEER(1), 1, IP(192, 0, 2, 77), 2);
	e = pkt_error(FACE, PEER(1), 11, 0, 0, &in, 548, 0);
	IS(lab_visit(&lab, VISIT_OWN_ERROR, 0, OUT, &e), FROM_ROUTER);
}
END_TEST

/* ---- hairpin ---- */

/* What a host sends to a global address arrives as if from outside; the answer comes back the same way. */
static void turn_pair(struct pkt there, uint32_t seen_from, uint32_t to, struct pkt (*answer)(struct pkt *))
{
	uint32_t asked = dst_of(&there), sender = src_of(&there);
	struct pkt sent = there;

	IS(lab_turn(&lab, &there), HAIRPIN);
	GOOD(there);
	ck_assert_uint_eq(dst_of(&there), to);
	ck_assert_uint_eq(src_of(&there), seen_from);
	ck_assert_uint_eq(lab.out.mark & MARK_MASK, MARK_DONE);
	struct pkt back = answer(&there);

	IS(lab_turn(&lab, &back), HAIRPIN);
	GOOD(back);
	ck_assert_uint_eq(src_of(&back), asked);
	ck_assert_uint_eq(dst_of(&back), sender);
	struct pkt expected = answer(&sent);

	ck_assert(memcmp(back.data + 20, expected.data + 20, 8) == 0 || back.data[9] == P_ICMP);
	ck_assert_uint_eq(id_of(&back), id_of(&expected));
}

static struct pkt answer_udp(struct pkt *p)
{
	return pkt_udp(dst_of(p), (uint16_t)dport_of(p), src_of(p), (uint16_t)sport_of(p));
}

static struct pkt answer_tcp(struct pkt *p)
{
	return pkt_tcp(dst_of(p), (uint16_t)dport_of(p), src_of(p), (uint16_t)sport_of(p), F_ACK);
}

static struct pkt answer_ping(struct pkt *p)
{
	return pkt_icmp(dst_of(p), src_of(p), 0, (uint16_t)id_of(p));
}

START_TEST(hairpin_has_an_external_source)
{
	struct pkt first = pkt_udp(HOST(4), 4000, PEER(1), 9), other = pkt_ping(HOST(4), PEER(1), 33);

	lab_out(&lab, &first);
	lab_out(&lab, &other);
	turn_pair(pkt_udp(HOST(5), 4000, POOL(9), 7000), POOL(10), HOST(9), answer_udp);
	turn_pair(pkt_tcp(HOST(5), 4000, FACE, 80, F_SYN), POOL(10), HOST(8), answer_tcp);
	turn_pair(pkt_ping(HOST(5), POOL(9), 33), POOL(10), HOST(9), answer_ping);
	turn_pair(pkt_udp(HOST(9), 4000, POOL(9), 7000), POOL(9), HOST(9), answer_udp);
	turn_pair(pkt_tcp(HOST(9), 4000, FACE, 80, F_SYN), POOL(9), HOST(8), answer_tcp);
	/* Both lie in one state for later packets. */
	uint64_t misses = lab_counts(&lab).misses;

	turn_pair(pkt_udp(HOST(5), 4000, POOL(9), 7000), POOL(10), HOST(9), answer_udp);
	ck_assert_uint_eq(lab_counts(&lab).misses, misses);
}
END_TEST

START_TEST(hairpin_to_itself)
{
	struct pkt p = pkt_ping(HOST(9), POOL(9), 5);

	IS(lab_turn(&lab, &p), HAIRPIN);
	GOOD(p);
	ck_assert_uint_eq(src_of(&p), POOL(9));
	ck_assert_uint_eq(dst_of(&p), HOST(9));
}
END_TEST

START_TEST(hairpin_needs_somebody)
{
	struct pkt p = pkt_udp(HOST(5), 4000, POOL(11), 7000), own = pkt_udp(HOST(5), 4000, FACE, 53), piece = p;
	struct pkt uncovered = pkt_udp(IP(172, 20, 0, 9), 4000, POOL(9), 7000);

	IS(lab_turn(&lab, &p), NO_FLOW);
	IS(lab_turn(&lab, &own), TO_ROUTER);
	pkt_fragment(&piece, 0x2000);
	IS(lab_turn(&lab, &piece), FRAGMENT_LENGTH);
	IS(lab_turn(&lab, &uncovered), NO_FLOW);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	struct pkt bad = pkt_udp(HOST(5), 4000, POOL(9), 7000);

	bad.data[30] ^= 1;
	IS(lab_turn(&lab, &bad), BAD_CHECKSUM);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	/* The mark alone opens nothing. */
	p = pkt_udp(HOST(5), 4000, HOST(9), 7000);
	lab.mark = MARK_HAIRPIN;
	IS(lab_visit(&lab, VISIT_TO_OUTSIDE, IN, IN, &p), NO_FLOW);
}
END_TEST

/* The guard lets done packets outside: that is for visit 3 to say. */
START_TEST(what_is_not_turned_back_is_not_done)
{
	struct pkt p = pkt_udp(HOST(5), 4000, FACE, 53), q = pkt_udp(HOST(5), 4000, PEER(1), 53);
	struct pkt in = pkt_udp(PEER(1), 53, FACE, 53);

	IS(lab_visit(&lab, VISIT_TURN_BACK, IN, 0, &p), TO_ROUTER);
	ck_assert_uint_eq(lab.out.mark & MARK_MASK, 0);
	IS(lab_visit(&lab, VISIT_TURN_BACK, IN, 0, &q), NO_TRANSLATION_NEEDED);
	ck_assert_uint_eq(lab.out.mark & MARK_MASK, 0);
	IS(lab_in(&lab, &in), TO_ROUTER);
	ck_assert_uint_eq(lab.out.mark & MARK_MASK, MARK_DONE);
}
END_TEST

START_TEST(hairpin_errors_reach_the_sender)
{
	struct pkt first = pkt_udp(HOST(4), 4000, PEER(1), 9), sent = pkt_udp(HOST(5), 4000, POOL(9), 7000);
	struct pkt there = sent;

	lab_out(&lab, &first);
	IS(lab_turn(&lab, &there), HAIRPIN);
	struct pkt e = pkt_error(HOST(9), src_of(&there), 3, 3, 0, &there, 548, 0);

	IS(lab_turn(&lab, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
	ck_assert_uint_eq(src_of(&e), POOL(9));
	ck_assert_uint_eq(dst_of(&e), HOST(5));
	ck_assert(memcmp(quote_of(&e), sent.data, sent.length) == 0);
	/* The router's own, between the two visits. */
	struct pkt half = sent;

	IS(lab_visit(&lab, VISIT_TURN_BACK, IN, 0, &half), HAIRPIN);
	e = pkt_error(GATE, HOST(5), 11, 0, 0, &half, 548, 0);
	IS(lab_visit(&lab, VISIT_OWN_ERROR, 0, IN, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
	ck_assert(memcmp(quote_of(&e), sent.data, sent.length) == 0);
	/* And after them, told to the sender's global address. */
	e = pkt_error(GATE, src_of(&there), 3, 1, 0, &there, 548, 0);
	IS(lab_visit(&lab, VISIT_OWN_ERROR, 0, IN, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
	ck_assert_uint_eq(dst_of(&e), HOST(5));
	ck_assert(memcmp(quote_of(&e), sent.data, sent.length) == 0);
	/* Nobody's. */
	there = pkt_udp(POOL(12), 1, HOST(9), 7000);
	e = pkt_error(HOST(9), POOL(12), 3, 3, 0, &there, 548, 0);
	IS(lab_turn(&lab, &e), QUOTED_UNKNOWN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_icmp");
	TCase *tc = tcase_create("engine_icmp");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, inbound_error_reaches_the_host_with_its_own_packet);
	tcase_add_test(tc, outbound_error_hides_the_host);
	tcase_add_test(tc, extensions_and_mtu_stay);
	tcase_add_test(tc, truncated_and_lying_quotes_are_dropped);
	tcase_add_test(tc, unknown_quotes_never_leave);
	tcase_add_test(tc, errors_about_the_routers_flows_do_not_show_their_sender);
	tcase_add_test(tc, options_of_a_quote_show_no_way);
	tcase_add_test(tc, redirects_do_not_show_a_gateway);
	tcase_add_test(tc, errors_make_and_end_nothing);
	tcase_add_test(tc, router_speaks_each_readers_language);
	tcase_add_test(tc, hairpin_has_an_external_source);
	tcase_add_test(tc, hairpin_to_itself);
	tcase_add_test(tc, hairpin_needs_somebody);
	tcase_add_test(tc, what_is_not_turned_back_is_not_done);
	tcase_add_test(tc, hairpin_errors_reach_the_sender);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
