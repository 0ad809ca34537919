/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Protocols without ports: one-to-one rules translate the addresses and nothing else; overload cannot. Every byte behind the
 * addresses stays, every exit has its name.
 */
#include <check.h>
#include "enginelab.h"
#include "suite.h"

#define IS(reason, want) ck_assert_str_eq(reason_name(reason), reason_name(REASON_##want))

enum { P_ESP = 50, P_AH = 51, P_SCTP = 132, P_DCCP = 33, P_UNKNOWN = 253 };
static const uint8_t protocols[] = {P_GRE, P_ESP, P_AH, P_SCTP, P_UNKNOWN, 4, 41, 89, 0};
/* ICMP: router advertisement and solicitation, traceroute, Photuris, extended echo and its reply, experiments. */
static const uint8_t messages[] = {9, 10, 30, 40, 42, 43, 253};
#define N(array) (int)(sizeof(array) / sizeof(*(array)))

static struct lab lab;

static void setup(void)
{
	lab_open(&lab, 256);
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(9), 0);
	lab_rule(&lab, 7, lab_list(&lab, 0, IP(10, 0, 1, 0), 0xffffff00), lab_pool(&lab, "A", POOL(20), POOL(24)), 0, false);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
}

static void teardown(void)
{
	lab_close(&lab);
}

static struct pkt plain(uint8_t protocol, ip4 from, ip4 to)
{
	return pkt_ip(protocol, from, to, "\x12\x34\x56\x78 anything at all", 20);
}

static struct pkt message(uint8_t type, ip4 from, ip4 to)
{
	return pkt_icmp(from, to, type, 0);
}

/* Out as `global` and back again; nothing but the addresses has changed. */
static void there_and_back(struct pkt out, struct pkt back, ip4 local, ip4 global)
{
	struct pkt sent = out, answer = back;

	IS(lab_out(&lab, &out), TRANSLATED_NEW);
	ck_assert(pkt_is_good(&out));
	ck_assert_uint_eq(src_of(&out), global);
	ck_assert_uint_eq(dst_of(&out), dst_of(&sent));
	ck_assert_mem_eq(out.data + 20, sent.data + 20, sent.length - 20);
	IS(lab_in(&lab, &back), TRANSLATED);
	ck_assert(pkt_is_good(&back));
	ck_assert_uint_eq(dst_of(&back), local);
	ck_assert_mem_eq(back.data + 20, answer.data + 20, answer.length - 20);
	out = sent;
	IS(lab_out(&lab, &out), TRANSLATED);
}

START_TEST(static_host_translates_addresses)
{
	there_and_back(plain(protocols[_i], HOST(9), PEER(1)), plain(protocols[_i], PEER(1), POOL(9)), HOST(9), POOL(9));
	/* From outside first, too. */
	struct pkt in = plain(protocols[_i], PEER(2), POOL(9));

	IS(lab_in(&lab, &in), TRANSLATED_NEW);
	ck_assert_uint_eq(dst_of(&in), HOST(9));
}
END_TEST

START_TEST(dynamic_address_translates_addresses)
{
	there_and_back(plain(protocols[_i], IP(10, 0, 1, 5), PEER(1)), plain(protocols[_i], PEER(1), POOL(20)),
		       IP(10, 0, 1, 5), POOL(20));
	struct pkt stranger = plain(protocols[_i], PEER(2), POOL(20));

	IS(lab_in(&lab, &stranger), NO_FLOW);
}
END_TEST

START_TEST(overload_cannot)
{
	struct pkt p = plain(protocols[_i], HOST(5), PEER(1)), in = plain(protocols[_i], PEER(1), FACE);

	IS(lab_out(&lab, &p), UNKNOWN_PROTOCOL);
	ck_assert_int_eq(lab.out.verdict, VERDICT_DROP);
	IS(lab_in(&lab, &in), TO_ROUTER);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
}
END_TEST

START_TEST(icmp_messages_by_one_to_one_rules)
{
	there_and_back(message(messages[_i], HOST(9), PEER(1)), message(messages[_i], PEER(1), POOL(9)), HOST(9), POOL(9));
	there_and_back(message(messages[_i], IP(10, 0, 1, 5), PEER(1)), message(messages[_i], PEER(1), POOL(20)),
		       IP(10, 0, 1, 5), POOL(20));
	struct pkt p = message(messages[_i], HOST(5), PEER(1));

	IS(lab_out(&lab, &p), UNKNOWN_PROTOCOL);
}
END_TEST

/* A query with identifier 0 looks like a message without one, but is none. */
START_TEST(messages_and_queries_do_not_meet)
{
	struct pkt ping = pkt_ping(HOST(5), PEER(1), 0), other = message(10, HOST(5), PEER(1));

	IS(lab_out(&lab, &ping), TRANSLATED_NEW);
	IS(lab_out(&lab, &other), UNKNOWN_PROTOCOL);
	struct pkt hidden = message(9, PEER(1), FACE), pong = pkt_icmp(PEER(1), FACE, 0, (uint16_t)id_of(&ping));

	IS(lab_in(&lab, &hidden), TO_ROUTER);
	IS(lab_in(&lab, &pong), TRANSLATED);
	ping = pkt_ping(HOST(9), PEER(1), 0);
	other = message(10, HOST(9), PEER(1));
	IS(lab_out(&lab, &ping), TRANSLATED_NEW);
	IS(lab_out(&lab, &other), TRANSLATED_NEW);
	ck_assert_uint_eq(lab_counts(&lab).flows, 3);
}
END_TEST

START_TEST(messages_turn_back)
{
	struct pkt p = message(42, IP(10, 0, 1, 5), POOL(9)), back = message(43, HOST(9), POOL(20));

	IS(lab_turn(&lab, &p), HAIRPIN);
	ck_assert_uint_eq(src_of(&p), POOL(20));
	ck_assert_uint_eq(dst_of(&p), HOST(9));
	IS(lab_turn(&lab, &back), HAIRPIN);
	ck_assert_uint_eq(src_of(&back), POOL(9));
	ck_assert_uint_eq(dst_of(&back), IP(10, 0, 1, 5));
}
END_TEST

/* UDP-Lite and DCCP have the pseudo header in their checksum (RFC 3828 3.1, RFC 4340 9.1). */
START_TEST(pseudo_headers_are_followed)
{
	uint8_t protocol = _i ? 136 : P_DCCP;
	uint8_t l4[24] = "\x10\x01\x20\x02\x00\x18";
	struct pkt p, sent;

	p = pkt_ip(protocol, HOST(9), PEER(1), l4, sizeof(l4));
	pk16(p.data + 26, ~judge_sum(judge_pseudo(p.data, 24), p.data + 20, 24) & 0xffff);
	sent = p;
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(judge_sum(judge_pseudo(p.data, 24), p.data + 20, 24), 0xffff);
	ck_assert_uint_ne(judge_sum(judge_pseudo(p.data, 24), sent.data + 20, 24), 0xffff); /* control */
}
END_TEST

/* RFC 791 options: those that say nothing of addresses pass; those that do, do not; what lies is malformed. */
START_TEST(options)
{
	static const struct {
		uint8_t bytes[12];
		uint32_t length;
		enum reason reason;
	} cases[] = {
		{{1, 1, 1, 0}, 4, REASON_TRANSLATED_NEW},                            /* no operation */
		{{148, 4, 0, 0}, 4, REASON_TRANSLATED_NEW},                          /* router alert */
		{{130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 12, REASON_TRANSLATED_NEW},/* security */
		{{7, 7, 4, 0, 0, 0, 0, 0}, 8, REASON_IP_OPTION},                     /* record route */
		{{68, 8, 5, 1, 0, 0, 0, 0}, 8, REASON_IP_OPTION},                    /* timestamp */
		{{131, 7, 4, 10, 0, 0, 1, 0}, 8, REASON_IP_OPTION},                  /* loose source route */
		{{137, 7, 4, 10, 0, 0, 1, 0}, 8, REASON_IP_OPTION},                  /* strict */
		{{7, 40, 4, 0, 0, 0, 0, 0}, 8, REASON_MALFORMED},                    /* longer than the header */
		{{7, 0, 4, 0}, 4, REASON_MALFORMED},                                 /* a length that never ends */
		{{1, 1, 1, 7}, 4, REASON_MALFORMED},                                 /* a type and no length */
	};
	struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 53);

	pkt_options(&p, cases[_i].bytes, cases[_i].length);
	ck_assert_str_eq(reason_name(lab_out(&lab, &p)), reason_name(cases[_i].reason));
	if (lab.out.verdict == VERDICT_REPLACE)
		ck_assert(pkt_is_good(&p));
	ck_assert_uint_eq(lab_counts(&lab).flows, lab.out.verdict == VERDICT_REPLACE);
}
END_TEST
#define OPTION_CASES 10

/* Headers that say more than there is; the source is covered, so nothing may leave. */
START_TEST(lying_headers)
{
	struct pkt udp = pkt_udp(HOST(5), 4000, PEER(1), 53), tcp = pkt_tcp(HOST(5), 4000, PEER(1), 80, F_SYN), p;

	p = udp;
	pk16(p.data + 2, p.length + 1); /* total length */
	finish_ip(p.data);
	IS(lab_out(&lab, &p), MALFORMED);
	p = udp;
	pk16(p.data + 2, 19);
	finish_ip(p.data);
	IS(lab_out(&lab, &p), MALFORMED);
	p = udp;
	pk16(p.data + 24, 200); /* UDP length */
	finish_l4(p.data, p.length - 20);
	IS(lab_out(&lab, &p), MALFORMED);
	p = udp;
	pk16(p.data + 24, 7);
	IS(lab_out(&lab, &p), MALFORMED);
	p = tcp;
	p.data[32] = 15 << 4; /* TCP data offset */
	finish_l4(p.data, p.length - 20);
	IS(lab_out(&lab, &p), MALFORMED);
	p = tcp;
	p.data[32] = 4 << 4;
	IS(lab_out(&lab, &p), MALFORMED);
	p = tcp;
	p.data[0] = 0x4f; /* header length beyond the packet */
	IS(lab_out(&lab, &p), MALFORMED);
	for (uint32_t cut = 20; cut < 28; cut++) {
		p = udp;
		p.length = cut;
		pk16(p.data + 2, cut);
		finish_ip(p.data);
		IS(lab_out(&lab, &p), MALFORMED);
	}
	for (uint32_t cut = 0; cut < 20; cut++) {
		p = udp;
		p.length = cut;
		IS(lab_out(&lab, &p), MALFORMED);
	}
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	IS(lab_out(&lab, &udp), TRANSLATED_NEW); /* control */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("strange");
	TCase *tc = tcase_create("strange");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, static_host_translates_addresses, 0, N(protocols));
	tcase_add_loop_test(tc, dynamic_address_translates_addresses, 0, N(protocols));
	tcase_add_loop_test(tc, overload_cannot, 0, N(protocols));
	tcase_add_loop_test(tc, icmp_messages_by_one_to_one_rules, 0, N(messages));
	tcase_add_test(tc, messages_and_queries_do_not_meet);
	tcase_add_test(tc, messages_turn_back);
	tcase_add_loop_test(tc, pseudo_headers_are_followed, 0, 2);
	tcase_add_loop_test(tc, options, 0, OPTION_CASES);
	tcase_add_test(tc, lying_headers);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
