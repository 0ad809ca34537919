/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragments through the engine: all four ways of a datagram, what leaves, and what must not (RFC 4787 REQ-14, RFC 3022 6.3). */
#include <check.h>
#include "enginelab.h"
#include "suite.h"
#include "nat/cut.h"

static struct lab lab;
static uint16_t next_id = 100;

#define IS(got, want) ck_assert_str_eq(reason_name(got), reason_name(REASON_##want))

static void setup(void)
{
	lab_open(&lab, 4096);
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(9), 0);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
}

static void teardown(void)
{
	lab_close(&lab);
}

static struct pkt big_udp(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport, uint32_t size)
{
	uint8_t l4[4000];

	for (uint32_t i = 0; i < size; i++)
		l4[i] = (uint8_t)(i * 7 + i / 251);
	pk16(l4, sport);
	pk16(l4 + 2, dport);
	pk16(l4 + 4, size);
	struct pkt p = pkt_ip(P_UDP, src, dst, l4, size);

	pk16(p.data + 4, next_id++);
	pkt_fragment(&p, 0);
	return p;
}

/* Piece number n of at most `step` bytes of payload. */
static struct pkt piece_of(const struct pkt *whole, uint32_t step, uint32_t n)
{
	uint32_t left = whole->length - 20 - n * step, size = left < step ? left : step;
	struct pkt p = {.length = 20 + size};

	memcpy(p.data, whole->data, 20);
	memcpy(p.data + 20, whole->data + 20 + n * step, size);
	pk16(p.data + 2, p.length);
	pkt_fragment(&p, (uint16_t)(n * step / 8 | (size < left ? 0x2000 : 0)));
	return p;
}

static struct pkt emitted(void)
{
	struct pkt p = {.length = lab.out.emitted[0].length};

	ck_assert_uint_eq(lab.out.n_emitted, 1);
	memcpy(p.data, lab.out.emitted[0].large, p.length);
	return p;
}

/* All pieces but the last are held. The last one is in *last. */
static void give(enum visit visit, const struct pkt *whole, uint32_t step, struct pkt *last)
{
	uint32_t n = (whole->length - 20 + step - 1) / step;
	uint32_t in = visit == VISIT_FROM_OUTSIDE ? OUT : IN, out = visit == VISIT_TO_OUTSIDE ? OUT : 0;

	for (uint32_t i = 0; i < n; i++) {
		*last = piece_of(whole, step, n - 1 - i); /* in reverse */
		lab_visit(&lab, visit, in, out, last);
		if (i + 1 == n)
			return;
		IS(lab.out.reason, FRAGMENT_HELD);
		ck_assert_int_eq(lab.out.verdict, VERDICT_TAKE);
		ck_assert_uint_eq(lab.out.n_emitted, 0);
	}
}

static struct pkt sent_out(uint32_t host, uint16_t port, uint32_t size, uint32_t step)
{
	struct pkt whole = big_udp(host, port, PEER(1), 53, size), last, p;

	give(VISIT_TO_OUTSIDE, &whole, step, &last);
	IS(lab.out.reason, REASSEMBLED);
	ck_assert_int_eq(lab.out.verdict, VERDICT_TAKE);
	ck_assert_uint_eq(lab.out.emitted[0].piece, 20 + step);
	ck_assert_uint_eq(lab.out.emitted[0].ifindex, OUT);
	p = emitted();
	ck_assert_uint_eq(p.length, whole.length);
	ck_assert_int_eq(memcmp(p.data + 28, whole.data + 28, size - 8), 0);
	return p;
}

/* ---- outwards */

START_TEST(a_datagram_leaves_translated_and_in_pieces)
{
	struct pkt p = sent_out(HOST(5), 4000, 3000, 1480);

	ck_assert(pkt_is_good(&p));
	ck_assert_uint_eq(src_of(&p), FACE);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	ck_assert_uint_eq(lab_counts(&lab).in_to_out_drops, 0);
	/* A whole packet of the flow has the same mapping. */
	struct pkt small = pkt_udp(HOST(5), 4000, PEER(1), 53);

	IS(lab_out(&lab, &small), TRANSLATED);
	ck_assert_uint_eq(sport_of(&small), sport_of(&p));
}
END_TEST

START_TEST(pieces_are_as_large_as_they_came)
{
	struct pkt p = sent_out(HOST(5), 4000, 3000, 552);
	struct cut_piece piece;
	struct cut cut;
	uint32_t n = 0;

	ck_assert(cut_start(&cut, p.data, p.length, lab.out.emitted[0].piece, 1));
	for (; cut_next(&cut, &piece); n++)
		ck_assert_uint_le(piece.header_length + piece.length, 572);
	ck_assert_uint_eq(n, 6);
}
END_TEST

START_TEST(every_protocol_can_come_in_pieces)
{
	uint8_t l4[2000] = {8};
	struct pkt whole, last, p;

	pk16(l4 + 4, 77);
	whole = pkt_ip(P_ICMP, HOST(5), PEER(1), l4, sizeof(l4));
	pkt_fragment(&whole, 0);
	give(VISIT_TO_OUTSIDE, &whole, 800, &last);
	IS(lab.out.reason, REASSEMBLED);
	p = emitted();
	ck_assert(pkt_is_good(&p));
	ck_assert_uint_eq(src_of(&p), FACE);
	/* TCP, and what has no ports: by the static host entry. */
	memset(l4, 0, sizeof(l4));
	l4[12] = 5 << 4;
	l4[13] = F_SYN;
	whole = pkt_ip(P_TCP, HOST(5), PEER(1), l4, sizeof(l4));
	pkt_fragment(&whole, 0);
	give(VISIT_TO_OUTSIDE, &whole, 800, &last);
	IS(lab.out.reason, REASSEMBLED);
	p = emitted();
	ck_assert(pkt_is_good(&p));
	whole = pkt_ip(P_GRE, HOST(9), PEER(1), l4, sizeof(l4));
	pkt_fragment(&whole, 0);
	give(VISIT_TO_OUTSIDE, &whole, 800, &last);
	IS(lab.out.reason, REASSEMBLED);
	p = emitted();
	ck_assert_uint_eq(src_of(&p), POOL(9));
	/* Control: where no rule can translate it, nothing leaves. */
	whole = pkt_ip(P_GRE, HOST(5), PEER(1), l4, sizeof(l4));
	pkt_fragment(&whole, 0);
	give(VISIT_TO_OUTSIDE, &whole, 800, &last);
	IS(lab.out.reason, UNKNOWN_PROTOCOL);
	ck_assert_uint_eq(lab.out.n_emitted, 0);
}
END_TEST

START_TEST(damage_makes_no_state_and_is_not_repaired)
{
	struct pkt whole = big_udp(HOST(5), 4000, PEER(1), 53, 3000), last, p;

	whole.data[2000] ^= 1;
	give(VISIT_TO_OUTSIDE, &whole, 1480, &last);
	IS(lab.out.reason, BAD_CHECKSUM);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	sent_out(HOST(5), 4000, 3000, 1480);
	whole = big_udp(HOST(5), 4000, PEER(1), 53, 3000);
	whole.data[2000] ^= 1;
	give(VISIT_TO_OUTSIDE, &whole, 1480, &last);
	p = emitted();
	ck_assert(!pkt_is_good(&p));
	ck_assert(ip_is_good(p.data));
}
END_TEST

START_TEST(uncovered_fragments_pass_as_they_are)
{
	struct pkt whole = big_udp(IP(172, 20, 0, 5), 4000, PEER(1), 53, 3000), piece = piece_of(&whole, 1480, 1);
	struct pkt before = piece;

	IS(lab_out(&lab, &piece), NOT_COVERED);
	ck_assert_int_eq(lab.out.verdict, VERDICT_ACCEPT);
	ck_assert_int_eq(memcmp(piece.data, before.data, before.length), 0);
}
END_TEST

/* The list is about ports, so no single piece can tell. */
START_TEST(ports_of_a_list_are_judged_on_the_whole)
{
	struct pkt whole, last, p;
	uint32_t list;

	lab_conf(&lab, 2);
	list = lab_list(&lab, P_UDP, HOST(0), 0xff000000);
	lab.conf->port_ranges = mem_alloc(sizeof(*lab.conf->port_ranges));
	lab.conf->port_ranges[0] = (struct snapshot_port_range){53, 53};
	lab.conf->n_port_ranges = 1;
	lab.conf->aces[0].n_destination_ports = 1;
	lab_rule(&lab, 7, list, SNAPSHOT_NONE, FACE, true);
	ck_assert(lab_commit(&lab));
	p = sent_out(HOST(5), 4000, 2000, 800);
	ck_assert_uint_eq(src_of(&p), FACE);
	whole = big_udp(HOST(5), 4000, PEER(1), 54, 2000);
	give(VISIT_TO_OUTSIDE, &whole, 800, &last);
	IS(lab.out.reason, REASSEMBLED);
	p = emitted();
	ck_assert_int_eq(memcmp(p.data, whole.data, whole.length), 0);
	ck_assert_uint_eq(lab.out.emitted[0].piece, 820);
	ck_assert_uint_eq(lab_counts(&lab).reasons[REASON_NOT_COVERED], 1);
}
END_TEST

/* RFC 7857 (IP identification): two hosts, one address outside, the same identification inside. */
START_TEST(identifications_behind_one_address_differ)
{
	struct pkt a, b;

	next_id = 4711;
	a = sent_out(HOST(5), 4000, 2000, 800);
	next_id = 4711;
	b = sent_out(HOST(6), 4000, 2000, 800);
	ck_assert_uint_eq(src_of(&a), src_of(&b));
	ck_assert_uint_ne(up16(a.data + 4), up16(b.data + 4));
	/* Whole ones that may be fragmented later too, but not those that may not (RFC 6864 4.1). */
	struct pkt small = pkt_udp(HOST(5), 4000, PEER(1), 53);

	pk16(small.data + 4, 4711);
	pkt_fragment(&small, 0);
	lab_out(&lab, &small);
	ck_assert(pkt_is_good(&small));
	ck_assert_uint_ne(up16(small.data + 4), up16(a.data + 4));
	ck_assert_uint_ne(up16(small.data + 4), up16(b.data + 4));
	small = pkt_udp(HOST(5), 4000, PEER(1), 53);
	pk16(small.data + 4, 4711);
	pkt_fragment(&small, 0x4000);
	lab_out(&lab, &small);
	ck_assert_uint_eq(up16(small.data + 4), 4711);
}
END_TEST

/* ---- inwards */

/* Before routing whole, at visit 3 in pieces. */
static struct pkt came_in(struct pkt *last, uint32_t piece)
{
	uint32_t mark = lab.out.mark;

	ck_assert_int_eq(lab.out.verdict, VERDICT_REPLACE);
	ck_assert_uint_eq(lab.out.n_emitted, 0);
	ck_assert_uint_eq(mark & (MARK_DONE | MARK_HAIRPIN), MARK_DONE | MARK_HAIRPIN);
	ck_assert_uint_eq(up16(last->data + 6), 0);
	last->data[8]--; /* the kernel's part */
	finish_ip(last->data);
	lab.mark = mark;
	lab_visit(&lab, VISIT_TO_OUTSIDE, OUT, IN, last);
	IS(lab.out.reason, REASSEMBLED);
	ck_assert_uint_eq(lab.out.emitted[0].piece, piece);
	ck_assert_uint_eq(lab.out.emitted[0].ifindex, IN);
	return emitted();
}

START_TEST(an_answer_in_pieces_comes_in)
{
	struct pkt out = sent_out(HOST(5), 4000, 2000, 800), answer, last, p;

	answer = big_udp(PEER(1), 53, FACE, (uint16_t)sport_of(&out), 3500);
	give(VISIT_FROM_OUTSIDE, &answer, 1480, &last);
	IS(lab.out.reason, TRANSLATED);
	p = came_in(&last, 1500);
	ck_assert(pkt_is_good(&p));
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(dport_of(&p), 4000);
	ck_assert_uint_eq(p.data[8], 63); /* counted once */
	ck_assert_uint_eq(up16(p.data + 4), up16(answer.data + 4));
	ck_assert_int_eq(memcmp(p.data + 28, answer.data + 28, 3500 - 8), 0);
	/* Control: what nobody asked for does not. */
	answer = big_udp(PEER(2), 54, FACE, (uint16_t)sport_of(&out), 3500);
	give(VISIT_FROM_OUTSIDE, &answer, 1480, &last);
	IS(lab.out.reason, TO_ROUTER);
	ck_assert_uint_eq(dst_of(&last), FACE);
}
END_TEST

START_TEST(a_static_host_is_reached_in_pieces)
{
	struct pkt whole = big_udp(PEER(1), 1000, POOL(9), 2000, 3000), last, p;

	give(VISIT_FROM_OUTSIDE, &whole, 1480, &last);
	IS(lab.out.reason, TRANSLATED_NEW);
	p = came_in(&last, 1500);
	ck_assert(pkt_is_good(&p));
	ck_assert_uint_eq(dst_of(&p), HOST(9));
}
END_TEST

START_TEST(what_the_kernel_gets_back_once_is_cut_by_it)
{
	struct pkt whole = big_udp(PEER(1), 1000, POOL(9), 2000, 3000), last;

	give(VISIT_FROM_OUTSIDE, &whole, 1480, &last);
	lab.mark = lab.out.mark;
	/* Somebody else's packet with the same marks: nothing is known of it, it goes as it is. */
	pk16(last.data + 4, 1);
	lab_visit(&lab, VISIT_TO_OUTSIDE, OUT, IN, &last);
	IS(lab.out.reason, PASSED_WHOLE);
	ck_assert_int_eq(lab.out.verdict, VERDICT_ACCEPT);
	ck_assert_uint_eq(lab.out.mark & (MARK_DONE | MARK_HAIRPIN), MARK_DONE);
}
END_TEST

START_TEST(a_router_that_shares_no_address_keeps_its_fragments)
{
	struct pkt whole = big_udp(PEER(1), 1000, FACE, 2000, 3000), piece = piece_of(&whole, 1480, 1);

	lab_conf(&lab, 3);
	ck_assert(lab_commit(&lab));
	IS(lab_in(&lab, &piece), TO_ROUTER);
}
END_TEST

START_TEST(an_error_in_pieces_is_read_whole)
{
	struct pkt out = sent_out(HOST(5), 4000, 2000, 800), quoted, e, last;

	out.data[6] = 0;
	finish_ip(out.data);
	quoted = out;
	e = pkt_error(PEER(3), FACE, 11, 0, 0, &quoted, 1200, 0);
	pkt_fragment(&e, 0);
	give(VISIT_FROM_OUTSIDE, &e, 400, &last);
	IS(lab.out.reason, TRANSLATED_ICMP_ERROR);
	ck_assert_uint_eq(dst_of(&last), HOST(5));
	ck_assert_uint_eq(up32(quote_of(&last) + 12), HOST(5));
}
END_TEST

/* ---- turned back */

/* Who sends it is covered by nothing, what it quotes is. */
START_TEST(an_error_in_pieces_shows_nobody)
{
	struct pkt strange = pkt_udp(PEER(1), 9000, HOST(5), 4000), last;
	struct pkt open = pkt_udp(PEER(1), 9000, IP(172, 20, 0, 7), 4000);
	struct pkt whole = pkt_error(IP(172, 20, 0, 1), PEER(1), 3, 3, 0, &strange, 548, 0);

	pkt_fragment(&whole, 0);
	give(VISIT_TO_OUTSIDE, &whole, 32, &last);
	IS(lab.out.reason, QUOTED_UNKNOWN);
	ck_assert_uint_eq(lab.out.n_emitted, 0);
	whole = pkt_error(IP(172, 20, 0, 1), PEER(1), 3, 3, 0, &open, 548, 0);
	pkt_fragment(&whole, 0);
	give(VISIT_TO_OUTSIDE, &whole, 32, &last);
	IS(lab.out.reason, REASSEMBLED);
	last = emitted();
	ck_assert_int_eq(memcmp(last.data + 20, whole.data + 20, whole.length - 20), 0);
}
END_TEST

START_TEST(a_hairpin_in_pieces)
{
	struct pkt whole = big_udp(HOST(5), 4000, POOL(9), 7000, 3000), last, p;

	give(VISIT_TURN_BACK, &whole, 800, &last);
	IS(lab.out.reason, HAIRPIN);
	ck_assert_uint_eq(lab.out.mark & (MARK_DONE | MARK_HAIRPIN), MARK_HAIRPIN);
	lab.mark = lab.out.mark;
	lab_visit(&lab, VISIT_TO_OUTSIDE, IN, IN, &last);
	IS(lab.out.reason, REASSEMBLED);
	ck_assert_uint_eq(lab.out.emitted[0].piece, 820);
	p = emitted();
	ck_assert(pkt_is_good(&p));
	ck_assert_uint_eq(src_of(&p), FACE);
	ck_assert_uint_eq(dst_of(&p), HOST(9));
}
END_TEST

/* ---- limits */

START_TEST(no_room_is_no_way)
{
	struct pkt whole = big_udp(HOST(5), 4000, PEER(1), 53, 3000), first = piece_of(&whole, 1480, 0);
	struct pkt rest = piece_of(&whole, 1480, 1), last = piece_of(&whole, 1480, 2);
	struct packet packet = {.data = last.data, .length = last.length, .in_ifindex = IN, .out_ifindex = OUT,
				.visit = VISIT_TO_OUTSIDE};

	IS(lab_out(&lab, &first), FRAGMENT_HELD);
	IS(lab_out(&lab, &rest), FRAGMENT_HELD);
	engine_packet(lab.engine, lab.now, &packet, &lab.out);
	IS(lab.out.reason, TOO_BIG);
	ck_assert_uint_eq(lab.out.n_emitted, 0);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
}
END_TEST

START_TEST(time_takes_what_stays_incomplete)
{
	struct pkt whole = big_udp(HOST(5), 4000, PEER(1), 53, 3000), first = piece_of(&whole, 1480, 0);

	IS(lab_out(&lab, &first), FRAGMENT_HELD);
	ck_assert_uint_le(engine_next(lab.engine), lab.now + 3200);
	lab_wait(&lab, 4);
	ck_assert_uint_eq(lab_counts(&lab).reasons[REASON_FRAGMENT_LOST], 1);
	struct pkt rest = piece_of(&whole, 1480, 1), last = piece_of(&whole, 1480, 2);

	IS(lab_out(&lab, &rest), FRAGMENT_HELD);
	IS(lab_out(&lab, &last), FRAGMENT_HELD);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
}
END_TEST

START_TEST(an_interface_has_its_own_limits)
{
	struct pkt whole = big_udp(HOST(5), 4000, PEER(1), 53, 3000), first = piece_of(&whole, 1480, 0);

	lab_conf(&lab, 2);
	lab_masquerade(&lab);
	lab.conf->reassemblies = mem_alloc(2 * sizeof(*lab.conf->reassemblies));
	lab.conf->n_reassemblies = 2;
	lab.conf->reassemblies[0] =
		(struct snapshot_reassembly){IN, false, {.drop = true, .pieces = 32, .timeout = 3000}};
	lab.conf->reassemblies[1] =
		(struct snapshot_reassembly){OUT, false, {.datagrams = 1, .pieces = 32, .timeout = 3000}};
	ck_assert(lab_commit(&lab));
	IS(lab_out(&lab, &first), FRAGMENT_FORBIDDEN);
	whole = big_udp(PEER(1), 1, FACE, 4000, 3000);
	first = piece_of(&whole, 1480, 0);
	IS(lab_in(&lab, &first), FRAGMENT_HELD);
	whole = big_udp(PEER(1), 1, FACE, 4000, 3000);
	first = piece_of(&whole, 1480, 0);
	IS(lab_in(&lab, &first), FRAGMENT_LIMIT);
	ck_assert_uint_eq(lab_counts(&lab).out_to_in_drops, 1);
	ck_assert_uint_eq(lab_counts(&lab).in_to_out_drops, 1);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all_tests[] = {
		a_datagram_leaves_translated_and_in_pieces,
		pieces_are_as_large_as_they_came,
		every_protocol_can_come_in_pieces,
		damage_makes_no_state_and_is_not_repaired,
		uncovered_fragments_pass_as_they_are,
		ports_of_a_list_are_judged_on_the_whole,
		identifications_behind_one_address_differ,
		an_answer_in_pieces_comes_in,
		a_static_host_is_reached_in_pieces,
		what_the_kernel_gets_back_once_is_cut_by_it,
		a_router_that_shares_no_address_keeps_its_fragments,
		an_error_in_pieces_is_read_whole,
		an_error_in_pieces_shows_nobody,
		a_hairpin_in_pieces,
		no_room_is_no_way,
		time_takes_what_stays_incomplete,
		an_interface_has_its_own_limits,
	};
	Suite *all = suite_create("engine_frag");
	TCase *tests = tcase_create("engine_frag");

	tcase_add_checked_fixture(tests, setup, teardown);
	for (unsigned i = 0; i < sizeof(all_tests) / sizeof(*all_tests); i++)
		tcase_add_test(tests, all_tests[i]);
	suite_add_tcase(all, tests);
	return all;
}

int main(void)
{
	return suite_main(suite());
}
