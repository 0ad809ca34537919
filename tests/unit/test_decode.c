/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder and the rewriter by themselves: what is read, what is refused, what is left alone. */
#include <check.h>
#include "nat/decode.h"
#include "nat/rewrite.h"
#include "packets.h"
#include "suite.h"

static struct decoded view;

static bool decode(struct pkt *p)
{
	return decode_packet(p->data, p->length, &view);
}

START_TEST(fields_are_read)
{
	struct pkt p = pkt_tcp(IP(10, 0, 0, 5), 4000, IP(198, 51, 100, 1), 80, F_SYN);

	ck_assert(decode(&p));
	ck_assert_uint_eq(view.source, IP(10, 0, 0, 5));
	ck_assert_uint_eq(view.destination, IP(198, 51, 100, 1));
	ck_assert_uint_eq(view.source_port, 4000);
	ck_assert_uint_eq(view.destination_port, 80);
	ck_assert_uint_eq(view.tcp_flags, TCP_SYN);
	ck_assert_int_eq(view.kind, L4_PORTS);
	ck_assert(!view.broken && !view.fragment && !view.routing_option);
	p = pkt_ping(1, 2, 77);
	ck_assert(decode(&p));
	ck_assert_int_eq(view.kind, L4_QUERY);
	ck_assert_uint_eq(view.source_port, 77);
	p = pkt_ip(P_GRE, 1, 2, "\0\0\0\0", 4);
	ck_assert(decode(&p));
	ck_assert_int_eq(view.kind, L4_OTHER);
}
END_TEST

START_TEST(what_is_no_ipv4_header_is_refused)
{
	struct pkt good = pkt_udp(1, 2, 3, 4), p;

	for (uint32_t length = 0; length < 20; length++)
		ck_assert(!decode_packet(good.data, length, &view));
	p = good;
	p.data[0] = 0x65;
	ck_assert(!decode(&p));
	p.data[0] = 0x44;
	ck_assert(!decode(&p));
	ck_assert(decode(&good));
}
END_TEST

START_TEST(lying_lengths_are_told)
{
	struct pkt good = pkt_udp(1, 2, 3, 4), p = good;

	p.data[0] = 0x4f; /* 60 bytes of header */
	ck_assert(decode(&p) && view.broken && view.kind == L4_UNREAD);
	p = good;
	pk16(p.data + 2, p.length + 1);
	ck_assert(decode(&p) && view.broken);
	p = good;
	pk16(p.data + 2, 19);
	ck_assert(decode(&p) && view.broken);
	p = good;
	pk16(p.data + 24, 7);
	ck_assert(decode(&p) && view.broken);
	pk16(p.data + 24, 20);
	ck_assert(decode(&p) && view.broken);
	p = pkt_tcp(1, 2, 3, 4, F_ACK);
	p.data[32] = 4 << 4;
	ck_assert(decode(&p) && view.broken);
	p.data[32] = 15 << 4;
	ck_assert(decode(&p) && view.broken);
	ck_assert(decode(&good) && !view.broken);
}
END_TEST

START_TEST(options_are_walked)
{
	static const uint8_t good[] = {1, 148, 4, 0, 0, 1, 1, 0}, end[] = {0, 200, 200, 200};
	static const uint8_t zero[] = {148, 0, 0, 0}, over[] = {148, 5, 0, 0}, last[] = {1, 1, 1, 148};
	static const uint8_t routing[] = {7, 68, 131, 137};
	struct pkt p = pkt_udp(1, 2, 3, 4);

	pkt_options(&p, good, 8);
	ck_assert(decode(&p) && !view.broken && !view.routing_option);
	ck_assert_uint_eq(view.source_port, 2);
	p = pkt_udp(1, 2, 3, 4);
	pkt_options(&p, end, 4);
	ck_assert(decode(&p) && !view.broken);
	p = pkt_udp(1, 2, 3, 4);
	pkt_options(&p, zero, 4);
	ck_assert(decode(&p) && view.broken);
	p = pkt_udp(1, 2, 3, 4);
	pkt_options(&p, over, 4);
	ck_assert(decode(&p) && view.broken);
	p = pkt_udp(1, 2, 3, 4);
	pkt_options(&p, last, 4);
	ck_assert(decode(&p) && view.broken);
	for (uint32_t i = 0; i < 4; i++) {
		uint8_t option[4] = {routing[i], 4, 0, 0};

		p = pkt_udp(1, 2, 3, 4);
		pkt_options(&p, option, 4);
		ck_assert(decode(&p) && view.routing_option);
	}
}
END_TEST

START_TEST(fragments_are_told)
{
	struct pkt p = pkt_udp(1, 2, 3, 4);

	pkt_fragment(&p, 0x4000); /* DF is none */
	ck_assert(decode(&p) && !view.fragment);
	pkt_fragment(&p, 0x2000);
	ck_assert(decode(&p) && view.fragment && !view.later_fragment && view.kind == L4_PORTS);
	pkt_fragment(&p, 0x0001);
	ck_assert(decode(&p) && view.later_fragment && view.kind == L4_UNREAD);
}
END_TEST

START_TEST(checksums_are_judged)
{
	struct pkt all[] = {pkt_udp(1, 2, 3, 4), pkt_tcp(1, 2, 3, 4, F_ACK), pkt_ping(1, 2, 3)};

	for (uint32_t k = 0; k < 3; k++) {
		struct pkt good = all[k];

		ck_assert(decode(&good) && decode_verify(&view, true));
		for (uint32_t i = 28; i < good.length; i++) {
			struct pkt bad = good;

			bad.data[i] ^= 0x10;
			if (!decode(&bad) || view.broken)
				continue;
			ck_assert(!decode_verify(&view, true));
			ck_assert(decode_verify(&view, false));
		}
	}
	struct pkt none = pkt_udp(1, 2, 3, 4);

	pk16(none.data + 26, 0);
	ck_assert(decode(&none) && decode_verify(&view, true));
	none.data[8]++;
	ck_assert(decode(&none) && !decode_verify(&view, true));
}
END_TEST

START_TEST(quotes_end_where_extensions_begin)
{
	static uint8_t long_l4[300];
	struct decoded quote;

	pk16(long_l4 + 4, sizeof(long_l4));
	struct pkt p = pkt_ip(P_UDP, 1, 2, long_l4, sizeof(long_l4));
	struct pkt e = pkt_error(3, 1, 11, 0, 32 << 16, &p, 128, 12);

	ck_assert(decode(&e) && view.kind == L4_ERROR);
	ck_assert(decode_quote(&view, &quote));
	ck_assert_uint_eq(quote.length, 128);
	e = pkt_error(3, 1, 11, 0, 0, &p, 128, 12);
	ck_assert(decode(&e) && decode_quote(&view, &quote));
	ck_assert_uint_eq(quote.length, 140);
	/* A length that goes beyond the message is none. */
	e = pkt_error(3, 1, 11, 0, 200 << 16, &p, 128, 0);
	ck_assert(decode(&e) && decode_quote(&view, &quote));
	ck_assert_uint_eq(quote.length, 128);
	e = pkt_error(3, 1, 11, 0, 6 << 16, &p, 128, 0);
	ck_assert(decode(&e) && !decode_quote(&view, &quote));
}
END_TEST

START_TEST(rewriting_is_exact)
{
	struct pkt all[] = {pkt_udp(IP(10, 0, 0, 5), 4000, 3, 53), pkt_tcp(IP(10, 0, 0, 5), 4000, 3, 80, F_ACK),
			    pkt_ping(IP(10, 0, 0, 5), 3, 4000)};

	for (uint32_t k = 0; k < 3; k++) {
		for (uint32_t port = 0; port < 65536; port += 13) {
			struct pkt p = all[k];
			struct rewrite rewrite;

			ck_assert(decode(&p));
			rewrite = rewrite_to(&view, (struct endpoint){port * 77777u, (uint16_t)port},
					     (struct endpoint){port * 31u, 99});
			rewrite_apply(&view, &rewrite);
			ck_assert(pkt_is_good(&p));
			ck_assert_uint_eq(src_of(&p), port * 77777u);
			ck_assert_uint_eq(dst_of(&p), port * 31u);
			ck_assert_uint_eq(k == 2 ? id_of(&p) : sport_of(&p), port);
		}
	}
}
END_TEST

/* UDP-Lite and DCCP have ports we do not touch, and a pseudo header that we must follow. */
START_TEST(address_only_follows_pseudo_headers)
{
	uint8_t l4[16] = {0, 1, 0, 2};
	struct pkt p = pkt_ip(PROTOCOL_UDPLITE, IP(10, 0, 0, 5), 3, l4, sizeof(l4));

	pk16(p.data + 26, ~judge_sum(judge_pseudo(p.data, 16), p.data + 20, 16));
	ck_assert_uint_eq(judge_sum(judge_pseudo(p.data, 16), p.data + 20, 16), 0xffff);
	ck_assert(decode(&p) && view.kind == L4_OTHER);
	struct rewrite rewrite =
		rewrite_to(&view, (struct endpoint){IP(203, 0, 113, 9), 0}, (struct endpoint){3, 0});

	rewrite_apply(&view, &rewrite);
	ck_assert_uint_eq(judge_sum(judge_pseudo(p.data, 16), p.data + 20, 16), 0xffff);
	ck_assert(ip_is_good(p.data));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("decode");
	TCase *tc = tcase_create("decode");

	tcase_add_test(tc, fields_are_read);
	tcase_add_test(tc, what_is_no_ipv4_header_is_refused);
	tcase_add_test(tc, lying_lengths_are_told);
	tcase_add_test(tc, options_are_walked);
	tcase_add_test(tc, fragments_are_told);
	tcase_add_test(tc, checksums_are_judged);
	tcase_add_test(tc, quotes_end_where_extensions_begin);
	tcase_add_test(tc, rewriting_is_exact);
	tcase_add_test(tc, address_only_follows_pseudo_headers);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
