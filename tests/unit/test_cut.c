/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cutting datagrams into pieces (RFC 791 3.2), and identifications behind one global address (RFC 7857, RFC 6864). */
#include <check.h>
#include "nat/cut.h"
#include "nat/ident.h"
#include "packets.h"
#include "suite.h"

#define SENDER   IP(10, 0, 0, 5)
#define RECEIVER IP(198, 51, 100, 7)

/* A payload in which every place looks different. */
static struct pkt packet_of(uint32_t size)
{
	uint8_t payload[4000];

	for (uint32_t i = 0; i < size; i++)
		payload[i] = (uint8_t)(i * 31 + i / 253);
	struct pkt p = pkt_ip(P_GRE, SENDER, RECEIVER, payload, size);

	pkt_fragment(&p, 0);
	return p;
}

/* ---- cutting */

START_TEST(pieces_cover_the_packet_and_keep_the_limit)
{
	struct cut_piece piece;
	struct pkt p = packet_of(3001);
	struct cut cut;
	uint32_t done = 0, n = 0;
	uint8_t back[4096];

	for (uint32_t limit = 28; limit < 3100; limit += 1 + limit / 3, done = n = 0) {
		ck_assert(cut_start(&cut, p.data, p.length, limit, 77));
		for (; cut_next(&cut, &piece); n++) {
			ck_assert_uint_le(piece.header_length + piece.length, limit);
			ck_assert(ip_is_good(piece.header));
			ck_assert_uint_eq(up16(piece.header + 2), 20 + piece.length);
			ck_assert_uint_eq((up16(piece.header + 6) & 0x1fff) * 8, done);
			ck_assert_int_eq((up16(piece.header + 6) & 0x2000) != 0, done + piece.length < 3001);
			ck_assert_uint_eq(up16(piece.header + 4), up16(p.data + 4));
			memcpy(back + done, piece.data, piece.length);
			done += piece.length;
		}
		ck_assert_uint_eq(done, 3001);
		ck_assert_uint_eq(n, (3001 + (limit - 20) / 8 * 8 - 1) / ((limit - 20) / 8 * 8));
		ck_assert_int_eq(memcmp(back, p.data + 20, 3001), 0);
	}
}
END_TEST

START_TEST(what_may_not_be_cut_is_not)
{
	struct pkt p = packet_of(1000);
	struct cut_piece piece;
	struct cut cut;

	ck_assert(!cut_start(&cut, p.data, p.length, 27, 1));
	ck_assert(cut_start(&cut, p.data, p.length, 28, 1));
	pkt_fragment(&p, 0x4000);
	ck_assert(!cut_start(&cut, p.data, p.length, 1019, 1));
	ck_assert(cut_start(&cut, p.data, p.length, 1020, 1));
	ck_assert(cut_next(&cut, &piece));
	ck_assert_uint_eq(piece.length, 1000);
	ck_assert_uint_eq(up16(piece.header + 6), 0x4000);
	ck_assert(!cut_next(&cut, &piece));
	ck_assert(!cut_start(&cut, p.data, 19, 0, 1));
	ck_assert(cut_start(&cut, p.data, 20, 0, 1));
	ck_assert(cut_next(&cut, &piece));
	ck_assert(!cut_next(&cut, &piece));
}
END_TEST

START_TEST(later_pieces_have_no_first_only_options_and_an_identification)
{
	/* Router alert (copied), record route (not), end. */
	static const uint8_t options[12] = {148, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0};
	struct pkt p = packet_of(800);
	struct cut_piece piece;
	struct cut cut;

	pkt_options(&p, options, sizeof(options));
	pk16(p.data + 4, 0);
	finish_ip(p.data);
	ck_assert(cut_start(&cut, p.data, p.length, 400, 4242));
	ck_assert(cut_next(&cut, &piece));
	ck_assert_int_eq(memcmp(piece.header + 20, options, 12), 0);
	ck_assert_uint_eq(up16(piece.header + 4), 4242);
	ck_assert(cut_next(&cut, &piece));
	ck_assert_int_eq(memcmp(piece.header + 20, options, 4), 0);
	ck_assert_uint_eq(piece.header[24], 1);
	ck_assert_uint_eq(piece.header[30], 1);
	ck_assert_uint_eq(up16(piece.header + 4), 4242);
	ck_assert(ip_is_good(piece.header));
}
END_TEST

/* ---- RFC 7857 (IP identification), RFC 6864 4.3 */

START_TEST(identifications_do_not_come_twice)
{
	struct ident_table *table = ident_new(99);
	static bool seen[65536];
	uint16_t first = 0;
	uint32_t same = 0;

	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0; i < 60000; i++) {
		uint16_t id = ident_next(table, SENDER, RECEIVER, P_UDP, 1);

		ck_assert_uint_ne(id, 0);
		ck_assert(!seen[id]);
		seen[id] = true;
	}
	/* Not to be guessed from one's own: different destinations begin at different numbers. */
	for (uint32_t i = 0; i < 100; i++) {
		uint16_t id = ident_next(table, SENDER, RECEIVER + 1 + i, P_UDP, 1);

		same += id == first;
		first = id;
	}
	ck_assert_uint_le(same, 5);
	ident_free(table);
}
END_TEST

START_TEST(a_run_of_identifications_is_left_free)
{
	struct ident_table *table = ident_new(99);

	for (uint32_t i = 0; i < 3000; i++) {
		uint16_t id = ident_next(table, SENDER, RECEIVER, P_TCP, 10);
		uint16_t next = ident_next(table, SENDER, RECEIVER, P_TCP, 1);

		ck_assert_uint_ge((uint16_t)(next - id), 10);
		ck_assert_uint_le((uint16_t)(next - id), 11);
	}
	ident_free(table);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all_tests[] = {
		pieces_cover_the_packet_and_keep_the_limit,
		what_may_not_be_cut_is_not,
		later_pieces_have_no_first_only_options_and_an_identification,
		identifications_do_not_come_twice,
		a_run_of_identifications_is_left_free,
	};
	Suite *all = suite_create("cut");
	TCase *tests = tcase_create("cut");

	tcase_set_timeout(tests, 300);
	for (unsigned i = 0; i < sizeof(all_tests) / sizeof(*all_tests); i++)
		tcase_add_test(tests, all_tests[i]);
	suite_add_tcase(all, tests);
	return all;
}

int main(void)
{
	return suite_main(suite());
}
