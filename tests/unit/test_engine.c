/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's core: translation in both directions, covered sources, refusals, the router's own packets. */
#include <check.h>
#include "enginelab.h"
#include "suite.h"

static struct lab lab;

static void setup(void)
{
	lab_open(&lab, 4096);
}

static void teardown(void)
{
	lab_close(&lab);
}

#define GOOD(p)          ck_assert(pkt_is_good(&(p)))
#define IS(reason, want) ck_assert_str_eq(reason_name(reason), reason_name(REASON_##want))

START_TEST(no_configuration_lets_nothing_through)
{
	struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 53);

	IS(lab_out(&lab, &p), NO_CONFIG);
	ck_assert_int_eq(lab.out.verdict, VERDICT_DROP);
}
END_TEST

START_TEST(overload_goes_out_and_comes_back)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 9000);

	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	GOOD(p);
	ck_assert_uint_eq(src_of(&p), FACE);
	ck_assert_uint_eq(sport_of(&p), 4000);
	ck_assert_uint_eq(dst_of(&p), PEER(1));
	ck_assert_uint_eq(lab.out.mark & MARK_MASK, MARK_DONE);
	struct pkt r = pkt_udp(PEER(1), 9000, FACE, 4000);

	IS(lab_in(&lab, &r), TRANSLATED);
	GOOD(r);
	ck_assert_uint_eq(dst_of(&r), HOST(5));
	ck_assert_uint_eq(dport_of(&r), 4000);
	/* Filtering is address and port dependent. */
	struct pkt other = pkt_udp(PEER(1), 9001, FACE, 4000);

	IS(lab_in(&lab, &other), TO_ROUTER);
	ck_assert_uint_eq(dst_of(&other), FACE);
}
END_TEST

START_TEST(mapping_is_endpoint_independent)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct pkt a = pkt_udp(HOST(5), 4000, PEER(1), 9000), b = pkt_udp(HOST(6), 4000, PEER(1), 9000);
	struct pkt c = pkt_udp(HOST(6), 4000, PEER(2), 9000);

	lab_out(&lab, &a);
	IS(lab_out(&lab, &b), TRANSLATED_NEW);
	GOOD(b);
	ck_assert_uint_ne(sport_of(&b), 4000);
	ck_assert_uint_eq(sport_of(&b) % 2, 0);
	ck_assert_uint_gt(sport_of(&b), 1023);
	IS(lab_out(&lab, &c), TRANSLATED_NEW);
	ck_assert_uint_eq(sport_of(&c), sport_of(&b));
}
END_TEST

START_TEST(all_transports_keep_good_checksums)
{
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "P", POOL(10), POOL(12)), 0, true);
	ck_assert(lab_commit(&lab));
	struct pkt udp = pkt_udp(HOST(5), 4000, PEER(1), 53), tcp = pkt_tcp(HOST(5), 4000, PEER(1), 80, F_SYN);
	struct pkt ping = pkt_ping(HOST(5), PEER(1), 77), zero = pkt_udp(HOST(5), 4001, PEER(1), 53);

	pk16(zero.data + 26, 0);
	IS(lab_out(&lab, &udp), TRANSLATED_NEW);
	IS(lab_out(&lab, &tcp), TRANSLATED_NEW);
	IS(lab_out(&lab, &ping), TRANSLATED_NEW);
	IS(lab_out(&lab, &zero), TRANSLATED_NEW);
	GOOD(udp);
	GOOD(tcp);
	GOOD(ping);
	GOOD(zero);
	ck_assert_uint_eq(up16(zero.data + 26), 0); /* RFC 3022 4.1: none stays none */
	ck_assert_uint_eq(src_of(&ping), POOL(10));
	ck_assert_uint_eq(id_of(&ping), 77);
	struct pkt pong = pkt_icmp(PEER(1), POOL(10), 0, 77);

	IS(lab_in(&lab, &pong), TRANSLATED);
	GOOD(pong);
	ck_assert_uint_eq(dst_of(&pong), HOST(5));
}
END_TEST

START_TEST(udp_checksum_that_becomes_zero_is_written_as_ones)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	bool seen = false;

	/* All values of two payload bytes: among them are those whose sum is 0 after translation. */
	for (uint32_t v = 0; v < 65536; v++) {
		struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 53);

		pk16(p.data + 28, v);
		finish_l4(p.data, p.length - 20);
		lab_out(&lab, &p);
		ck_assert(up16(p.data + 26) != 0);
		if (up16(p.data + 26) == 0xffff) {
			seen = true;
			GOOD(p);
		}
	}
	ck_assert(seen);
}
END_TEST

START_TEST(damage_is_never_repaired)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 53), bad = p, later;

	bad.data[30] ^= 1;
	IS(lab_out(&lab, &bad), BAD_CHECKSUM);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	later = pkt_udp(HOST(5), 4000, PEER(1), 53);
	later.data[30] ^= 1;
	IS(lab_out(&lab, &later), TRANSLATED);
	ck_assert(!pkt_is_good(&later));
	later.data[30] ^= 1;
	GOOD(later);
}
END_TEST

START_TEST(offloaded_checksum_is_completed)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct pkt p = pkt_tcp(HOST(5), 4000, PEER(1), 80, F_ACK);

	/* As Linux leaves it: the sum of the pseudo header only. */
	pk16(p.data + 36, judge_pseudo(p.data, p.length - 20));
	struct packet packet = {.data = p.data,
				.length = p.length,
				.in_ifindex = IN,
				.out_ifindex = OUT,
				.visit = VISIT_TO_OUTSIDE,
				.checksum_partial = true};

	engine_packet(lab.engine, lab.now, &packet, &lab.out);
	IS(lab.out.reason, TRANSLATED_NEW);
	GOOD(p);
}
END_TEST

START_TEST(padding_is_cut)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 53);
	uint32_t length = p.length;

	p.length += 7;
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(p.length, length);
}
END_TEST

START_TEST(uncovered_sources_pass_untouched)
{
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(0), 0xffffff00), SNAPSHOT_NONE, FACE, true);
	ck_assert(lab_commit(&lab));
	struct pkt p = pkt_udp(IP(10, 9, 9, 9), 4000, PEER(1), 53), before = p, piece = p, broken = p;

	IS(lab_out(&lab, &p), NOT_COVERED);
	ck_assert(memcmp(&p, &before, sizeof(p)) == 0);
	pkt_fragment(&piece, 0x2000);
	IS(lab_out(&lab, &piece), NOT_COVERED);
	pk16(broken.data + 24, 4);
	IS(lab_out(&lab, &broken), NOT_COVERED);
	/* Positive control. */
	struct pkt c = pkt_udp(HOST(9), 4000, PEER(1), 53);

	IS(lab_out(&lab, &c), TRANSLATED_NEW);
}
END_TEST

START_TEST(covered_sources_are_translated_or_dropped)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct pkt piece = pkt_udp(HOST(5), 4000, PEER(1), 53), rest = piece, broken = piece, short_tcp;
	struct pkt gre = pkt_ip(P_GRE, HOST(5), PEER(1), "\0\0\0\0", 4), router = pkt_icmp(HOST(5), PEER(1), 10, 0);
	uint8_t record[] = {7, 7, 4, 0, 0, 0, 0, 0}, lie[] = {7, 200, 4, 0};
	struct pkt option = pkt_udp(HOST(5), 4000, PEER(1), 53), liar = option, nop = option;

	pkt_fragment(&piece, 0x2000);
	IS(lab_out(&lab, &piece), FRAGMENT_LENGTH);
	pkt_fragment(&rest, 0x0010);
	IS(lab_out(&lab, &rest), FRAGMENT_REFUSED);
	pk16(broken.data + 24, 4);
	IS(lab_out(&lab, &broken), MALFORMED);
	short_tcp = pkt_ip(P_TCP, HOST(5), PEER(1), "\1\2\3\4\5\6\7\10", 8);
	IS(lab_out(&lab, &short_tcp), MALFORMED);
	IS(lab_out(&lab, &gre), UNKNOWN_PROTOCOL);
	IS(lab_out(&lab, &router), UNKNOWN_PROTOCOL);
	pkt_options(&option, record, sizeof(record));
	IS(lab_out(&lab, &option), IP_OPTION);
	pkt_options(&liar, lie, sizeof(lie));
	IS(lab_out(&lab, &liar), MALFORMED);
	pkt_options(&nop, (const uint8_t[]){1, 1, 1, 0}, 4);
	IS(lab_out(&lab, &nop), TRANSLATED_NEW);
	GOOD(nop);
	struct pkt none = {.length = 12, .data = {0x45}};

	IS(lab_out(&lab, &none), MALFORMED);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
}
END_TEST

START_TEST(later_fragments_count_as_covered_by_port_lists)
{
	struct snapshot *s = lab.conf;
	uint32_t list = lab_list(&lab, P_UDP, HOST(0), 0xff000000);

	s->port_ranges = mem_alloc(sizeof(*s->port_ranges));
	s->port_ranges[0] = (struct snapshot_port_range){53, 53};
	s->n_port_ranges = 1;
	s->aces[0].n_destination_ports = 1;
	lab_rule(&lab, 7, list, SNAPSHOT_NONE, FACE, true);
	ck_assert(lab_commit(&lab));
	struct pkt dns = pkt_udp(HOST(5), 4000, PEER(1), 53), web = pkt_udp(HOST(5), 4000, PEER(1), 54), rest = dns;
	struct pkt tcp = pkt_tcp(HOST(5), 1, PEER(1), 53, F_SYN);

	IS(lab_out(&lab, &dns), TRANSLATED_NEW);
	IS(lab_out(&lab, &web), NOT_COVERED);
	IS(lab_out(&lab, &tcp), NOT_COVERED);
	rest = pkt_udp(HOST(5), 4000, PEER(1), 54);
	pkt_fragment(&rest, 0x0010);
	IS(lab_out(&lab, &rest), FRAGMENT_HELD);
}
END_TEST

START_TEST(only_what_crosses_is_translated)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 53);

	IS(lab_visit(&lab, VISIT_TO_OUTSIDE, OTHER, OUT, &p), NOT_OURS);
	IS(lab_visit(&lab, VISIT_TO_OUTSIDE, OUT, OUT, &p), NOT_OURS);
	IS(lab_visit(&lab, VISIT_TO_OUTSIDE, IN, OTHER, &p), NOT_OURS);
	IS(lab_visit(&lab, VISIT_FROM_OUTSIDE, IN, 0, &p), NOT_OURS);
	IS(lab_visit(&lab, VISIT_TURN_BACK, OUT, 0, &p), NOT_OURS);
	struct pkt in = pkt_udp(PEER(1), 53, IP(192, 0, 2, 9), 1);

	IS(lab_in(&lab, &in), NO_TRANSLATION_NEEDED);
	IS(lab_visit(&lab, VISIT_TURN_BACK, IN, 0, &in), NO_TRANSLATION_NEEDED);
}
END_TEST

START_TEST(static_host_works_both_ways)
{
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(9), 0);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct pkt in = pkt_tcp(PEER(1), 5000, POOL(9), 80, F_SYN);

	IS(lab_in(&lab, &in), TRANSLATED_NEW);
	GOOD(in);
	ck_assert_uint_eq(dst_of(&in), HOST(9));
	struct pkt back = pkt_tcp(HOST(9), 80, PEER(1), 5000, F_SYN | F_ACK);

	IS(lab_out(&lab, &back), TRANSLATED);
	GOOD(back);
	ck_assert_uint_eq(src_of(&back), POOL(9));
	/* Static before dynamic, and protocols without ports too. */
	struct pkt own = pkt_udp(HOST(9), 1234, PEER(2), 53), gre = pkt_ip(P_GRE, HOST(9), PEER(1), "\0\0\0\0", 4);

	IS(lab_out(&lab, &own), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&own), POOL(9));
	ck_assert_uint_eq(sport_of(&own), 1234);
	IS(lab_out(&lab, &gre), TRANSLATED_NEW);
	GOOD(gre);
	ck_assert_uint_eq(src_of(&gre), POOL(9));
	gre = pkt_ip(P_GRE, PEER(1), POOL(9), "\0\0\0\0", 4);
	IS(lab_in(&lab, &gre), TRANSLATED);
	ck_assert_uint_eq(dst_of(&gre), HOST(9));
}
END_TEST

START_TEST(static_port_forwards_only_its_port)
{
	lab_static(&lab, 1, P_TCP, HOST(9), 8080, FACE, 80);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct pkt in = pkt_tcp(PEER(1), 5000, FACE, 80, F_SYN), other = pkt_tcp(PEER(1), 5000, FACE, 81, F_SYN);

	IS(lab_in(&lab, &in), TRANSLATED_NEW);
	GOOD(in);
	ck_assert_uint_eq(dst_of(&in), HOST(9));
	ck_assert_uint_eq(dport_of(&in), 8080);
	IS(lab_in(&lab, &other), UNSOLICITED_SYN);
	struct pkt back = pkt_tcp(HOST(9), 8080, PEER(1), 5000, F_SYN | F_ACK);

	IS(lab_out(&lab, &back), TRANSLATED);
	ck_assert_uint_eq(sport_of(&back), 80);
	/* Dynamic never takes what the entry owns: another host that asks for the very port gets a different one. */
	struct pkt same = pkt_tcp(HOST(5), 80, PEER(2), 443, F_SYN);

	IS(lab_out(&lab, &same), TRANSLATED_NEW);
	ck_assert_uint_ne(sport_of(&same), 80);
	ck_assert_uint_lt(sport_of(&same), 512);
}
END_TEST

START_TEST(no_flow_means_no_way_in)
{
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "P", POOL(10), POOL(12)), 0, true);
	ck_assert(lab_commit(&lab));
	struct pkt p = pkt_udp(PEER(1), 53, POOL(11), 4000), piece = p, broken = p;
	struct pkt own = pkt_udp(PEER(1), 53, FACE, 4000), ack = pkt_tcp(PEER(1), 80, FACE, 4000, F_ACK);

	IS(lab_in(&lab, &p), NO_FLOW);
	pkt_fragment(&piece, 0x0010);
	IS(lab_in(&lab, &piece), FRAGMENT_HELD);
	pk16(broken.data + 24, 4);
	IS(lab_in(&lab, &broken), MALFORMED);
	IS(lab_in(&lab, &own), TO_ROUTER);
	IS(lab_in(&lab, &ack), TO_ROUTER);
	pkt_fragment(&own, 0x0010);
	IS(lab_in(&lab, &own), TO_ROUTER);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
}
END_TEST

START_TEST(dynamic_addresses_go_out_in_order)
{
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "P", POOL(10), POOL(11)), 0, false);
	ck_assert(lab_commit(&lab));
	struct pkt a = pkt_udp(HOST(5), 4000, PEER(1), 53), b = pkt_udp(HOST(6), 4000, PEER(1), 53);
	struct pkt c = pkt_udp(HOST(7), 4000, PEER(1), 53), again = pkt_tcp(HOST(5), 9, PEER(2), 80, F_SYN);
	struct pkt gre = pkt_ip(P_GRE, HOST(5), PEER(1), "\0\0\0\0", 4);
	uint32_t allocated;
	uint64_t misses;

	IS(lab_out(&lab, &a), TRANSLATED_NEW);
	IS(lab_out(&lab, &b), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&a), POOL(10));
	ck_assert_uint_eq(src_of(&b), POOL(11));
	IS(lab_out(&lab, &c), NO_PORT);
	ck_assert_uint_eq(lab.out.n_emitted, 1);
	IS(lab_out(&lab, &again), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&again), POOL(10));
	ck_assert_uint_eq(sport_of(&again), 9);
	IS(lab_out(&lab, &gre), TRANSLATED_NEW);
	engine_pool_use(lab.engine, "P", &allocated, &misses);
	ck_assert_uint_eq(allocated, 2);
	ck_assert_uint_eq(misses, 1);
	ck_assert_uint_eq(lab_counts(&lab).address_bindings, 2);
	ck_assert_uint_eq(engine_rule_uses(lab.engine, 7), 6);
	/* The half entry outlives its flows, then gives the address back. */
	lab_wait(&lab, 400);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1); /* GRE lives by the address timeout */
	ck_assert_uint_eq(lab_counts(&lab).address_bindings, 2);
	lab_wait(&lab, 2 * 86400);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(lab_counts(&lab).address_bindings, 0);
	engine_pool_use(lab.engine, "P", &allocated, &misses);
	ck_assert_uint_eq(allocated, 0);
	c = pkt_udp(HOST(7), 4000, PEER(1), 53);
	IS(lab_out(&lab, &c), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&c), POOL(10));
}
END_TEST

START_TEST(refusal_answers_once_in_a_while)
{
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(0), 0xff000000), SNAPSHOT_NONE, 0, true);
	ck_assert(lab_commit(&lab));
	uint32_t answers = 0;

	lab.now += 60000;
	for (int i = 0; i < 200; i++) {
		struct pkt p = pkt_udp(HOST(5), (uint16_t)(4000 + i), PEER(1), 53);

		IS(lab_out(&lab, &p), NO_ADDRESS);
		if (lab.out.n_emitted == 0)
			continue;
		struct pkt e = {.length = lab.out.emitted[0].length};

		memcpy(e.data, lab.out.emitted[0].data, e.length);
		answers++;
		GOOD(e);
		ck_assert_uint_eq(src_of(&e), GATE);
		ck_assert_uint_eq(dst_of(&e), HOST(5));
		ck_assert_uint_eq(l4_of(&e)[0], 3);
		ck_assert_uint_eq(l4_of(&e)[1], 13);
		ck_assert(memcmp(quote_of(&e), p.data, p.length) == 0);
	}
	ck_assert_uint_eq(answers, 20);
	struct pkt group = pkt_udp(HOST(5), 1, IP(224, 0, 0, 251), 5353), own = pkt_udp(HOST(5), 1, PEER(1), 5353);

	lab.now += 60000;
	IS(lab_out(&lab, &group), NO_ADDRESS);
	ck_assert_uint_eq(lab.out.n_emitted, 0);
	IS(lab_own(&lab, &own), NO_ADDRESS);
	ck_assert_uint_eq(lab.out.n_emitted, 0);
}
END_TEST

START_TEST(limit_refuses_new_and_keeps_old)
{
	lab_masquerade(&lab);
	lab.conf->max_entries = 3;
	ck_assert(lab_commit(&lab));
	for (int i = 0; i < 5; i++) {
		struct pkt p = pkt_udp(HOST(5), (uint16_t)(4000 + i), PEER(1), 53);

		ck_assert_int_eq(lab_out(&lab, &p), i < 3 ? REASON_TRANSLATED_NEW : REASON_NO_ENTRY);
	}
	ck_assert_uint_eq(lab_counts(&lab).limit_missed, 2);
	struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 53);

	IS(lab_out(&lab, &p), TRANSLATED);
}
END_TEST

START_TEST(full_table_refuses_new_and_keeps_old)
{
	lab_close(&lab);
	lab_open(&lab, 64);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	for (int i = 0; i < 80; i++) {
		struct pkt p = pkt_udp(HOST(5), (uint16_t)(4000 + i), PEER(1), 53);

		ck_assert_int_eq(lab_out(&lab, &p), i < 64 ? REASON_TRANSLATED_NEW : REASON_NO_ENTRY);
	}
	struct pkt p = pkt_udp(HOST(5), 4063, PEER(1), 53);

	IS(lab_out(&lab, &p), TRANSLATED);
	lab_wait(&lab, 400);
	p = pkt_udp(HOST(5), 5000, PEER(1), 53);
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
}
END_TEST

START_TEST(ports_of_a_group_run_out_and_come_back)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	bool taken[512] = {false};

	for (int i = 0; i < 520; i++) {
		struct pkt p = pkt_udp(HOST(5 + i / 100), (uint16_t)(100 + i % 100), PEER(1), 5353);
		enum reason reason = lab_out(&lab, &p);

		ck_assert_int_eq(reason, i < 511 ? REASON_TRANSLATED_NEW : REASON_NO_PORT);
		if (i >= 511)
			continue;
		ck_assert_uint_lt(sport_of(&p), 512);
		ck_assert(!taken[sport_of(&p)]);
		taken[sport_of(&p)] = true;
	}
	lab_wait(&lab, 301);
	struct pkt p = pkt_udp(HOST(20), 100, PEER(1), 5353);

	IS(lab_out(&lab, &p), TRANSLATED_NEW);
}
END_TEST

START_TEST(pairing_moves_to_the_next_address_with_the_original_port)
{
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "P", POOL(10), POOL(11)), 0, true);
	ck_assert(lab_commit(&lab));
	for (int i = 0; i < 511; i++) {
		struct pkt p = pkt_udp(HOST(5), (uint16_t)(1 + i), PEER(1), 5353);

		IS(lab_out(&lab, &p), TRANSLATED_NEW);
		ck_assert_uint_eq(src_of(&p), POOL(10));
	}
	struct pkt low = pkt_udp(HOST(6), 300, PEER(1), 53), high = pkt_udp(HOST(7), 3000, PEER(1), 53);

	IS(lab_out(&lab, &low), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&low), POOL(11));
	ck_assert_uint_eq(sport_of(&low), 300);
	IS(lab_out(&lab, &high), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&high), POOL(10));
	/* RFC 4787 REQ-2: a host stays with its address. */
	struct pkt pair = pkt_udp(HOST(6), 3000, PEER(1), 53);

	IS(lab_out(&lab, &pair), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&pair), POOL(11));
	uint32_t allocated;
	uint64_t misses;

	engine_pool_use(lab.engine, "P", &allocated, &misses);
	ck_assert_uint_eq(allocated, 2);
	lab_wait(&lab, 301);
	engine_pool_use(lab.engine, "P", &allocated, &misses);
	ck_assert_uint_eq(allocated, 0);
}
END_TEST

START_TEST(first_matching_rule_decides)
{
	uint32_t narrow = lab_list(&lab, 0, HOST(5), 0xffffffff), wide = lab_list(&lab, 0, HOST(0), 0xff000000);

	lab_rule(&lab, 7, narrow, lab_pool(&lab, "A", POOL(10), POOL(10)), 0, false);
	lab_rule(&lab, 8, wide, lab_pool(&lab, "B", POOL(20), POOL(20)), 0, true);
	lab_rule(&lab, 9, SNAPSHOT_NONE, 1, 0, true);
	ck_assert(lab_commit(&lab));
	struct pkt a = pkt_udp(HOST(5), 4000, PEER(1), 53), b = pkt_udp(HOST(6), 4000, PEER(1), 53);

	lab_out(&lab, &a);
	lab_out(&lab, &b);
	ck_assert_uint_eq(src_of(&a), POOL(10));
	ck_assert_uint_eq(src_of(&b), POOL(20));
}
END_TEST

START_TEST(router_reserves_its_ports)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct pkt own = pkt_udp(FACE, 4000, PEER(1), 53), before = own, p = pkt_udp(HOST(5), 4000, PEER(1), 53);
	struct pkt second = pkt_udp(FACE, 4000, PEER(2), 53), collides = pkt_udp(FACE, 5000, PEER(1), 53);
	struct pkt q = pkt_udp(HOST(5), 5000, PEER(1), 53), answer = pkt_udp(PEER(1), 53, FACE, 4000);

	IS(lab_own(&lab, &own), FROM_ROUTER);
	ck_assert(memcmp(&own, &before, sizeof(own)) == 0);
	IS(lab_own(&lab, &second), FROM_ROUTER);
	IS(lab_in(&lab, &answer), TO_ROUTER);
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_ne(sport_of(&p), 4000);
	IS(lab_out(&lab, &q), TRANSLATED_NEW);
	ck_assert_uint_eq(sport_of(&q), 5000);
	IS(lab_own(&lab, &collides), PORT_COLLISION);
	/* It translates nothing, so nobody is shown it. */
	ck_assert_uint_eq(lab_counts(&lab).flows, 2);
	/* Nothing shared, nothing kept; covered, translated like any. */
	struct pkt plain = pkt_udp(IP(172, 16, 0, 1), 99, PEER(1), 53), inside = pkt_udp(GATE, 99, PEER(1), 53);

	IS(lab_own(&lab, &plain), FROM_ROUTER);
	IS(lab_own(&lab, &inside), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&inside), FACE);
	lab_wait(&lab, 700);
	collides = pkt_udp(FACE, 5000, PEER(1), 53);
	IS(lab_own(&lab, &collides), FROM_ROUTER);
}
END_TEST

START_TEST(tcp_phases_have_their_timeouts)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct pkt syn = pkt_tcp(HOST(5), 4000, PEER(1), 80, F_SYN);

	lab_out(&lab, &syn);
	lab_wait(&lab, 61);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(lab_counts(&lab).expired, 1);
	syn = pkt_tcp(HOST(5), 4000, PEER(1), 80, F_SYN);
	struct pkt ack = pkt_tcp(PEER(1), 80, FACE, 4000, F_SYN | F_ACK), third = pkt_tcp(HOST(5), 4000, PEER(1), 80, F_ACK);

	lab_out(&lab, &syn);
	IS(lab_in(&lab, &ack), TRANSLATED);
	IS(lab_out(&lab, &third), TRANSLATED);
	struct pkt fin = pkt_tcp(HOST(5), 4000, PEER(1), 80, F_FIN | F_ACK);
	struct pkt nif = pkt_tcp(PEER(1), 80, FACE, 4000, F_FIN | F_ACK);

	IS(lab_out(&lab, &fin), TRANSLATED);
	lab_wait(&lab, 86000);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	IS(lab_in(&lab, &nif), TRANSLATED);
	lab_wait(&lab, 50);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	lab_wait(&lab, 11);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
}
END_TEST

START_TEST(traffic_keeps_a_flow_and_silence_ends_it)
{
	lab_masquerade(&lab);
	lab.conf->port_timeouts = mem_alloc(sizeof(*lab.conf->port_timeouts));
	lab.conf->port_timeouts[0] = (struct snapshot_port_timeout){P_UDP, 9999, 20};
	lab.conf->n_port_timeouts = 1;
	lab.conf->timeouts[TIMEOUT_ICMP] = TIMEOUT_NEVER;
	ck_assert(lab_commit(&lab));
	struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 5000), dns = pkt_udp(HOST(5), 4001, PEER(1), 53);
	struct pkt mine = pkt_udp(HOST(5), 4002, PEER(1), 9999), ping = pkt_ping(HOST(5), PEER(1), 9);

	lab_out(&lab, &p);
	lab_out(&lab, &dns);
	lab_out(&lab, &mine);
	lab_out(&lab, &ping);
	lab_wait(&lab, 19);
	ck_assert_uint_eq(lab_counts(&lab).flows, 4);
	lab_wait(&lab, 2);
	ck_assert_uint_eq(lab_counts(&lab).flows, 3);
	lab_wait(&lab, 40);
	ck_assert_uint_eq(lab_counts(&lab).flows, 2);
	lab_wait(&lab, 200);
	p = pkt_udp(HOST(5), 4000, PEER(1), 5000);
	IS(lab_out(&lab, &p), TRANSLATED);
	lab_wait(&lab, 290);
	ck_assert_uint_eq(lab_counts(&lab).flows, 2);
	lab_wait(&lab, 20);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	lab_wait(&lab, 1000000);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
}
END_TEST

START_TEST(marks_keep_the_hosts_bits)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 53);

	lab.mark = 0x1234;
	lab_out(&lab, &p);
	ck_assert_uint_eq(lab.out.mark, 0x1234 | MARK_DONE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine");
	TCase *tc = tcase_create("engine");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, no_configuration_lets_nothing_through);
	tcase_add_test(tc, overload_goes_out_and_comes_back);
	tcase_add_test(tc, mapping_is_endpoint_independent);
	tcase_add_test(tc, all_transports_keep_good_checksums);
	tcase_add_test(tc, udp_checksum_that_becomes_zero_is_written_as_ones);
	tcase_add_test(tc, damage_is_never_repaired);
	tcase_add_test(tc, offloaded_checksum_is_completed);
	tcase_add_test(tc, padding_is_cut);
	tcase_add_test(tc, uncovered_sources_pass_untouched);
	tcase_add_test(tc, covered_sources_are_translated_or_dropped);
	tcase_add_test(tc, later_fragments_count_as_covered_by_port_lists);
	tcase_add_test(tc, only_what_crosses_is_translated);
	tcase_add_test(tc, static_host_works_both_ways);
	tcase_add_test(tc, static_port_forwards_only_its_port);
	tcase_add_test(tc, no_flow_means_no_way_in);
	tcase_add_test(tc, dynamic_addresses_go_out_in_order);
	tcase_add_test(tc, refusal_answers_once_in_a_while);
	tcase_add_test(tc, limit_refuses_new_and_keeps_old);
	tcase_add_test(tc, full_table_refuses_new_and_keeps_old);
	tcase_add_test(tc, ports_of_a_group_run_out_and_come_back);
	tcase_add_test(tc, pairing_moves_to_the_next_address_with_the_original_port);
	tcase_add_test(tc, first_matching_rule_decides);
	tcase_add_test(tc, router_reserves_its_ports);
	tcase_add_test(tc, tcp_phases_have_their_timeouts);
	tcase_add_test(tc, traffic_keeps_a_flow_and_silence_ends_it);
	tcase_add_test(tc, marks_keep_the_hosts_bits);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
