/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual reassembly alone (RFC 791 3.2, RFC 5722, RFC 1858, RFC 3168 5.3). */
#include <check.h>
#include <stdlib.h>
#include "nat/frag.h"
#include "packets.h"
#include "seed.h"
#include "suite.h"

#define SENDER   IP(10, 0, 0, 5)
#define RECEIVER IP(198, 51, 100, 7)

static struct frag_set *set;
static uint64_t now;
static uint8_t datagram[65536], whole_data[65536];
static struct frag_whole whole;
static struct frag_limits limits;
static struct frag_place place;

static void setup(void)
{
	now = 1000000;
	set = frag_new(4711, now);
	limits = frag_limits_builtin;
	place = (struct frag_place){.visit = 2, .ifindex = 1, .limits = &limits};
	for (uint32_t i = 0; i < sizeof(datagram); i++)
		datagram[i] = (uint8_t)(i * 31 + i / 253);
	pk16(datagram + 4, 8000); /* a UDP header that does not lie */
	datagram[12] = 5 << 4;    /* nor a TCP one */
}

static void teardown(void)
{
	frag_free(set);
}

/* A piece of the payload `datagram`. */
static void make_piece(uint8_t *out, uint32_t *length, ip4 source, uint16_t id, uint8_t protocol,
		       uint32_t offset, uint32_t size, bool more)
{
	memset(out, 0, 20);
	out[0] = 0x45;
	pk16(out + 2, 20 + size);
	pk16(out + 4, id);
	pk16(out + 6, (more ? 0x2000 : 0) | offset / 8);
	out[8] = 63;
	out[9] = protocol;
	pk32(out + 12, source);
	pk32(out + 16, RECEIVER);
	memcpy(out + 20, datagram + offset, size);
	finish_ip(out);
	*length = 20 + size;
}

static enum reason add_bytes(uint8_t *bytes, uint32_t length)
{
	struct decoded view;

	ck_assert(decode_packet(bytes, length, &view));
	whole = (struct frag_whole){.data = whole_data, .room = sizeof(whole_data)};
	return frag_add(set, now, &place, &view, &whole);
}

static enum reason add_of(ip4 source, uint16_t id, uint8_t protocol, uint32_t offset, uint32_t size, bool more)
{
	static uint8_t bytes[65536 + 20];
	uint32_t length;

	make_piece(bytes, &length, source, id, protocol, offset, size, more);
	return add_bytes(bytes, length);
}

static enum reason add(uint16_t id, uint32_t offset, uint32_t size, bool more)
{
	return add_of(SENDER, id, P_UDP, offset, size, more);
}

static void expect_whole(uint32_t payload, uint32_t largest)
{
	ck_assert_uint_eq(whole.length, 20 + payload);
	ck_assert_uint_eq(whole.largest, largest);
	ck_assert_uint_eq(up16(whole_data + 2), 20 + payload);
	ck_assert_uint_eq(up16(whole_data + 6), 0);
	ck_assert(ip_is_good(whole_data));
	ck_assert_int_eq(memcmp(whole_data + 20, datagram, payload), 0);
}

static void expect_empty(void)
{
	struct frag_counts counts = frag_counts(set, 1, false);

	ck_assert_uint_eq(counts.datagrams, 0);
	ck_assert_uint_eq(counts.pieces, 0);
}

/* ---- order */

START_TEST(pieces_in_any_order_make_the_whole)
{
	static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	for (uint16_t o = 0; o < 6; o++) {
		for (uint32_t i = 0; i < 3; i++) {
			uint32_t n = orders[o][i];
			enum reason reason = add(o, n * 1480, n == 2 ? 1041 : 1480, n != 2);

			ck_assert_int_eq(reason, i == 2 ? REASON_REASSEMBLED : REASON_FRAGMENT_HELD);
		}
		expect_whole(4001, 1500);
	}
	expect_empty();
	ck_assert_uint_eq(frag_held(set), 0);
	ck_assert_uint_eq(frag_counts(set, 1, false).reassembled, 6);
}
END_TEST

START_TEST(a_missing_piece_makes_no_whole)
{
	ck_assert_int_eq(add(1, 0, 1480, true), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(1, 2960, 1000, false), REASON_FRAGMENT_HELD);
	ck_assert_uint_eq(frag_counts(set, 1, false).pieces, 2);
	ck_assert_uint_eq(frag_counts(set, 1, false).datagrams, 1);
	ck_assert_int_eq(add(1, 1480, 1472, true), REASON_FRAGMENT_HELD); /* 8 bytes short */
	ck_assert_int_eq(add(1, 2952, 8, true), REASON_REASSEMBLED);
	expect_whole(3960, 1500);
}
END_TEST

START_TEST(places_hosts_and_identifications_do_not_mix)
{
	ck_assert_int_eq(add(1, 0, 800, true), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(2, 800, 8, false), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add_of(SENDER + 1, 1, P_UDP, 800, 8, false), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add_of(SENDER, 1, P_GRE, 800, 8, false), REASON_FRAGMENT_HELD);
	place.visit = 1;
	ck_assert_int_eq(add(1, 800, 8, false), REASON_FRAGMENT_HELD);
	place.visit = 2;
	place.vrf = 3;
	ck_assert_int_eq(add(1, 800, 8, false), REASON_FRAGMENT_HELD);
	place.vrf = 0;
	ck_assert_int_eq(add(1, 800, 8, false), REASON_REASSEMBLED);
	expect_whole(808, 820);
}
END_TEST

START_TEST(options_of_the_first_piece_are_kept)
{
	uint8_t first[20 + 8 + 80];
	uint32_t length;

	ck_assert_int_eq(add(9, 80, 24, false), REASON_FRAGMENT_HELD);
	make_piece(first, &length, SENDER, 9, P_UDP, 0, 80, true);
	memmove(first + 28, first + 20, 80);
	memset(first + 20, 1, 8);
	first[0] = 0x47;
	pk16(first + 2, 108);
	finish_ip(first);
	ck_assert_int_eq(add_bytes(first, 108), REASON_REASSEMBLED);
	ck_assert_uint_eq(whole.length, 28 + 104);
	ck_assert_uint_eq(whole.largest, 108);
	ck_assert(ip_is_good(whole_data));
	ck_assert_int_eq(memcmp(whole_data + 28, datagram, 104), 0);
}
END_TEST

/* ---- RFC 5722: duplicates and overlaps */

START_TEST(exact_duplicates_are_ignored)
{
	ck_assert_int_eq(add(1, 0, 1480, true), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(1, 0, 1480, true), REASON_FRAGMENT_DUPLICATE);
	ck_assert_int_eq(add(1, 2960, 13, false), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(1, 2960, 13, false), REASON_FRAGMENT_DUPLICATE);
	ck_assert_uint_eq(frag_counts(set, 1, false).pieces, 2);
	ck_assert_int_eq(add(1, 1480, 1480, true), REASON_REASSEMBLED);
	expect_whole(2973, 1500);
}
END_TEST

START_TEST(same_place_with_other_bytes_costs_the_datagram)
{
	ck_assert_int_eq(add(1, 0, 1480, true), REASON_FRAGMENT_HELD);
	datagram[1479] ^= 1;
	ck_assert_int_eq(add(1, 0, 1480, true), REASON_FRAGMENT_OVERLAP);
	ck_assert_int_eq(add(1, 1480, 8, false), REASON_FRAGMENT_REFUSED);
	ck_assert_int_eq(add(1, 0, 1480, true), REASON_FRAGMENT_REFUSED);
	ck_assert_uint_eq(frag_lost(set), 1);
	expect_empty();
}
END_TEST

START_TEST(overlaps_cost_the_datagram_even_with_the_same_bytes)
{
	static const struct {
		uint32_t offset, size;
		bool more;
	} other[] = {
		{792, 16, true},  /* reaches in from the left, and in from the right */
		{1600, 16, true}, {0, 2400, true}, /* around it */
		{808, 8, true},	  /* within */
		{800, 400, true}, /* same beginning */
		{1200, 408, true}, /* same end */
		{800, 1600, true}, /* same beginning, longer */
	};

	for (uint16_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
		ck_assert_int_eq(add(i, 800, 808, true), REASON_FRAGMENT_HELD);
		ck_assert_int_eq(add(i, other[i].offset, other[i].size, other[i].more), REASON_FRAGMENT_OVERLAP);
		ck_assert_int_eq(add(i, 1608, 8, false), REASON_FRAGMENT_REFUSED);
	}
	expect_empty();
}
END_TEST

START_TEST(two_pieces_under_one_are_no_duplicate)
{
	ck_assert_int_eq(add(1, 800, 8, true), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(1, 808, 8, true), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(1, 808, 8, true), REASON_FRAGMENT_DUPLICATE);
	ck_assert_int_eq(add(1, 800, 8, true), REASON_FRAGMENT_DUPLICATE);
	ck_assert_int_eq(add(1, 800, 16, true), REASON_FRAGMENT_OVERLAP);
}
END_TEST

/* ---- lengths and tiny pieces */

START_TEST(ends_that_contradict_cost_the_datagram)
{
	ck_assert_int_eq(add(1, 800, 80, false), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(1, 1600, 80, true), REASON_FRAGMENT_LENGTH);
	ck_assert_int_eq(add(2, 800, 80, false), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(2, 800, 72, false), REASON_FRAGMENT_LENGTH);
	ck_assert_int_eq(add(3, 800, 80, true), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(3, 400, 80, false), REASON_FRAGMENT_LENGTH);
	ck_assert_int_eq(add(4, 800, 80, false), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(4, 800, 80, true), REASON_FRAGMENT_LENGTH);
	expect_empty();
}
END_TEST

START_TEST(lengths_that_cannot_be_are_refused)
{
	ck_assert_int_eq(add(1, 800, 81, true), REASON_FRAGMENT_LENGTH);
	ck_assert_int_eq(add(2, 800, 0, true), REASON_FRAGMENT_LENGTH);
	ck_assert_int_eq(add(3, 800, 0, false), REASON_FRAGMENT_LENGTH);
	/* The ping of death: beyond 65535. */
	ck_assert_int_eq(add(4, 65512, 8, false), REASON_FRAGMENT_LENGTH);
	ck_assert_int_eq(add(5, 65512, 3, false), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(6, 65512, 4, false), REASON_FRAGMENT_LENGTH);
}
END_TEST

START_TEST(options_that_make_it_too_long_are_found_at_the_end)
{
	uint8_t bytes[20 + 40 + 80];
	uint32_t length;

	make_piece(bytes, &length, SENDER, 2, P_UDP, 0, 80, true);
	memmove(bytes + 60, bytes + 20, 80);
	memset(bytes + 20, 1, 40);
	bytes[0] = 0x4f;
	pk16(bytes + 2, 140);
	finish_ip(bytes);
	ck_assert_int_eq(add_bytes(bytes, 140), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(2, 80, 65432 - 80, true), REASON_FRAGMENT_HELD);
	/* 20 bytes of header here, 60 there: together 65535 is not enough. */
	ck_assert_int_eq(add(2, 65432, 60, false), REASON_FRAGMENT_LENGTH);
}
END_TEST

START_TEST(the_largest_datagram_passes)
{
	ck_assert_int_eq(add(1, 32768, 32747, false), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(1, 0, 32768, true), REASON_REASSEMBLED);
	expect_whole(65515, 32788);
}
END_TEST

START_TEST(tiny_first_pieces_are_refused)
{
	ck_assert_int_eq(add_of(SENDER, 1, P_TCP, 0, 16, true), REASON_FRAGMENT_TINY);
	ck_assert_int_eq(add_of(SENDER, 1, P_TCP, 16, 24, false), REASON_FRAGMENT_REFUSED);
	/* RFC 1858 3.2.2 */
	ck_assert_int_eq(add_of(SENDER, 2, P_TCP, 8, 800, false), REASON_FRAGMENT_TINY);
	/* Options beyond the first piece. */
	datagram[12] = 15 << 4;
	ck_assert_int_eq(add_of(SENDER, 3, P_TCP, 0, 56, true), REASON_FRAGMENT_TINY);
	ck_assert_int_eq(add_of(SENDER, 4, P_TCP, 0, 64, true), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add_of(SENDER, 5, P_UDP, 0, 8, true), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add_of(SENDER, 6, P_GRE, 0, 8, true), REASON_FRAGMENT_HELD);
}
END_TEST

START_TEST(a_header_with_a_bad_checksum_is_no_piece)
{
	uint8_t bytes[100];
	uint32_t length;

	make_piece(bytes, &length, SENDER, 1, P_UDP, 0, 80, true);
	bytes[8]++;
	ck_assert_int_eq(add_bytes(bytes, length), REASON_BAD_CHECKSUM);
	ck_assert_uint_eq(frag_held(set), 0);
}
END_TEST

START_TEST(a_packet_cut_short_is_no_piece)
{
	uint8_t bytes[100];
	uint32_t length;

	make_piece(bytes, &length, SENDER, 1, P_UDP, 0, 80, true);
	ck_assert_int_eq(add_bytes(bytes, length - 1), REASON_MALFORMED);
	ck_assert_uint_eq(frag_held(set), 0);
	ck_assert_int_eq(add_bytes(bytes, length), REASON_FRAGMENT_HELD);
}
END_TEST

/* ---- RFC 3168 5.3 */

static enum reason add_marked(uint16_t id, uint32_t offset, bool more, uint8_t ecn)
{
	uint8_t bytes[100];
	uint32_t length;

	make_piece(bytes, &length, SENDER, id, P_UDP, offset, 80, more);
	bytes[1] = 0xb8 | ecn;
	finish_ip(bytes);
	return add_bytes(bytes, length);
}

START_TEST(congestion_marks_survive)
{
	ck_assert_int_eq(add_marked(1, 0, true, 2), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add_marked(1, 80, false, 3), REASON_REASSEMBLED);
	ck_assert_uint_eq(whole_data[1], 0xb8 | 3);
	ck_assert(ip_is_good(whole_data));
	ck_assert_int_eq(add_marked(2, 0, true, 2), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add_marked(2, 80, false, 2), REASON_REASSEMBLED);
	ck_assert_uint_eq(whole_data[1], 0xb8 | 2);
	ck_assert_int_eq(add_marked(3, 0, true, 0), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add_marked(3, 80, false, 3), REASON_FRAGMENT_MIXED);
}
END_TEST

/* ---- time, limits, floods (RFC 4787 REQ-14) */

static void pass(uint64_t ms)
{
	for (uint64_t end = now + ms; now < end;) {
		now += 64;
		frag_tick(set, now);
	}
}

START_TEST(an_incomplete_datagram_is_given_up)
{
	ck_assert_int_eq(add(1, 0, 80, true), REASON_FRAGMENT_HELD);
	ck_assert_uint_le(frag_next(set), now + 3100);
	pass(2800);
	ck_assert_uint_eq(frag_held(set), 1);
	pass(400);
	ck_assert_uint_eq(frag_held(set), 0);
	ck_assert_uint_eq(frag_counts(set, 1, false).timeouts, 1);
	ck_assert_uint_eq(frag_lost(set), 1);
	ck_assert_uint_eq(frag_next(set), UINT64_MAX);
	expect_empty();
	ck_assert_int_eq(add(1, 80, 80, false), REASON_FRAGMENT_HELD);
}
END_TEST

START_TEST(a_refused_datagram_is_forgotten_in_time)
{
	ck_assert_int_eq(add(1, 800, 81, true), REASON_FRAGMENT_LENGTH);
	ck_assert_int_eq(add(1, 0, 80, true), REASON_FRAGMENT_REFUSED);
	pass(3200);
	ck_assert_int_eq(add(1, 0, 80, true), REASON_FRAGMENT_HELD);
	ck_assert_uint_eq(frag_counts(set, 1, false).timeouts, 0);
}
END_TEST

START_TEST(limits_of_an_interface_hold_there_only)
{
	limits = (struct frag_limits){.datagrams = 2, .pieces = 3, .timeout = 1000};
	ck_assert_int_eq(add(1, 0, 80, true), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(2, 0, 80, true), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(3, 0, 80, true), REASON_FRAGMENT_LIMIT);
	place.ifindex = 7;
	ck_assert_int_eq(add(3, 0, 80, true), REASON_FRAGMENT_HELD);
	place.ifindex = 1;
	place.out = true;
	ck_assert_int_eq(add(4, 0, 80, true), REASON_FRAGMENT_HELD);
	place.out = false;
	ck_assert_int_eq(add(1, 80, 80, true), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(1, 160, 80, true), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(1, 240, 80, true), REASON_FRAGMENT_LIMIT);
	ck_assert_int_eq(add(1, 320, 80, false), REASON_FRAGMENT_REFUSED);
	pass(1100);
	ck_assert_uint_eq(frag_held(set), 0);
	ck_assert_int_eq(add(3, 0, 80, true), REASON_FRAGMENT_HELD);
}
END_TEST

START_TEST(drop_fragments_drops_them)
{
	limits.drop = true;
	ck_assert_int_eq(add(1, 0, 80, true), REASON_FRAGMENT_FORBIDDEN);
	limits.drop = false;
	ck_assert_int_eq(add(1, 0, 80, true), REASON_FRAGMENT_HELD);
}
END_TEST

START_TEST(no_room_for_the_whole_is_said)
{
	struct decoded view;
	uint8_t bytes[200];
	uint32_t length;

	ck_assert_int_eq(add(1, 0, 80, true), REASON_FRAGMENT_HELD);
	make_piece(bytes, &length, SENDER, 1, P_UDP, 80, 80, false);
	ck_assert(decode_packet(bytes, length, &view));
	whole = (struct frag_whole){.data = whole_data, .room = 179};
	ck_assert_int_eq(frag_add(set, now, &place, &view, &whole), REASON_TOO_BIG);
	ck_assert_uint_eq(frag_held(set), 0);
}
END_TEST

/* 25 000 first pieces of one host that never get their rest. Another host's datagrams are whole all the time, one of them
 * begun before the flood. */
START_TEST(one_hosts_flood_stops_nobody_else)
{
	ck_assert_int_eq(add_of(SENDER + 9, 1, P_UDP, 0, 1480, true), REASON_FRAGMENT_HELD);
	for (uint32_t i = 0; i < 25000; i++) {
		ck_assert_int_eq(add((uint16_t)i, 0, 1480, true), REASON_FRAGMENT_HELD);
		if (i % 100 != 0)
			continue;
		ck_assert_int_eq(add_of(SENDER + 1, (uint16_t)i, P_UDP, 0, 1480, true), REASON_FRAGMENT_HELD);
		ck_assert_int_eq(add_of(SENDER + 1, (uint16_t)i, P_UDP, 1480, 1480, false), REASON_REASSEMBLED);
		expect_whole(2960, 1500);
	}
	ck_assert_uint_le(frag_held(set), FRAG_OF_SOURCE + 1);
	ck_assert_uint_ge(frag_held(set), 100); /* control: the flood was held at all */
	ck_assert_int_eq(add_of(SENDER + 9, 1, P_UDP, 1480, 800, false), REASON_REASSEMBLED);
	expect_whole(2280, 1500);
	/* And the flooder's own next one comes through too. */
	ck_assert_int_eq(add(30000, 0, 1480, true), REASON_FRAGMENT_HELD);
	ck_assert_int_eq(add(30000, 1480, 8, false), REASON_REASSEMBLED);
	ck_assert_uint_gt(frag_lost(set), 24000);
}
END_TEST

START_TEST(a_flood_from_everywhere_costs_the_oldest)
{
	for (uint32_t i = 0; i < 25000; i++) {
		ck_assert_int_eq(add_of(SENDER + i, 1, P_UDP, 0, 1480, true), REASON_FRAGMENT_HELD);
		if (i % 100 != 0)
			continue;
		ck_assert_int_eq(add_of(1, 1, P_UDP, 1480, 1480, false), REASON_FRAGMENT_HELD);
		ck_assert_int_eq(add_of(1, 1, P_UDP, 0, 1480, true), REASON_REASSEMBLED);
		expect_whole(2960, 1500);
	}
	ck_assert_uint_le(frag_held(set), FRAG_DATAGRAMS);
	ck_assert_uint_ge(frag_held(set), FRAG_DATAGRAMS / 2);
	pass(6400);
	ck_assert_uint_eq(frag_held(set), 0);
	expect_empty();
}
END_TEST

/* Datagrams of 64 KB that lack one piece: pages run out long before datagrams do. */
START_TEST(large_incomplete_datagrams_share_the_room)
{
	for (uint32_t i = 0; i < 200; i++) {
		ck_assert_int_eq(add_of(SENDER + i, 1, P_UDP, 8, 60000, true), REASON_FRAGMENT_HELD);
		ck_assert_int_eq(add_of(1, 1, P_UDP, 0, 1480, true), REASON_FRAGMENT_HELD);
		ck_assert_int_eq(add_of(1, 1, P_UDP, 1480, 8, false), REASON_REASSEMBLED);
	}
	ck_assert_uint_le(frag_held(set), 3072 / 59);
	ck_assert_uint_ge(frag_held(set), 30);
	/* One source has a quarter. */
	for (uint16_t i = 0; i < 200; i++)
		ck_assert_int_eq(add_of(2, i, P_UDP, 8, 60000, true), REASON_FRAGMENT_HELD);
	ck_assert_uint_ge(frag_held(set), 30);
}
END_TEST

/* ---- against a model */

static uint32_t pick(uint32_t below)
{
	return (uint32_t)random() % below;
}

/* Cuts a random payload at random places, mixes the pieces and some copies of them; with one piece altered or left out there
 * must be no whole, else exactly one and the right one. */
static void random_datagram(uint16_t id)
{
	uint32_t size = 16 + pick(9000), cuts[200], order[400], n = 0, m = 0, wholes = 0, left_out;

	for (uint32_t at = 0; at < size; n++) {
		uint32_t step = (1 + pick(pick(2) ? 8 : 200)) * 8;

		cuts[n] = at;
		at = n == 198 || at + step >= size ? size : at + step;
	}
	if (n == 1)
		return;
	left_out = pick(3) == 0 ? pick(n) : n;
	cuts[n] = size;
	for (uint32_t i = 0; i < n; i++)
		order[m++] = i;
	for (uint32_t i = 0; i < n && pick(2); i++)
		order[m++] = pick(n);
	for (uint32_t i = m - 1; i > 0; i--) {
		uint32_t j = pick(i + 1), swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
	for (uint32_t i = 0; i < m; i++) {
		uint32_t k = order[i];

		if (k == left_out)
			continue;
		enum reason reason = add(id, cuts[k], cuts[k + 1] - cuts[k], k + 1 < n);

		if (reason == REASON_REASSEMBLED) {
			wholes++;
			ck_assert_uint_eq(whole.length, 20 + size);
			ck_assert_int_eq(memcmp(whole_data + 20, datagram, size), 0);
			break;
		}
		ck_assert(reason == REASON_FRAGMENT_HELD || reason == REASON_FRAGMENT_DUPLICATE);
	}
	ck_assert_uint_eq(wholes, left_out == n);
}

START_TEST(random_pieces_in_random_order)
{
	srandom((unsigned)test_seed());
	for (uint16_t id = 0; id < 3000; id++) {
		for (uint32_t i = 8; i < 9100; i += 1 + pick(40))
			datagram[i] = (uint8_t)random();
		random_datagram(id);
		if (pick(10) == 0)
			pass(pick(500));
	}
	pass(6400);
	ck_assert_uint_eq(frag_held(set), 0);
	expect_empty();
}
END_TEST

/* ---- notes */

START_TEST(a_note_is_read_once)
{
	struct frag_name name = {.source = SENDER, .destination = RECEIVER, .id = 5, .protocol = 17};
	struct frag_name other = name;

	other.id = 6;
	ck_assert_uint_eq(frag_noted(set, &name), 0);
	frag_note(set, &name, 576);
	ck_assert_uint_eq(frag_noted(set, &other), 0);
	ck_assert_uint_eq(frag_noted(set, &name), 576);
	ck_assert_uint_eq(frag_noted(set, &name), 0);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all_tests[] = {
		pieces_in_any_order_make_the_whole,
		a_missing_piece_makes_no_whole,
		places_hosts_and_identifications_do_not_mix,
		options_of_the_first_piece_are_kept,
		exact_duplicates_are_ignored,
		same_place_with_other_bytes_costs_the_datagram,
		overlaps_cost_the_datagram_even_with_the_same_bytes,
		two_pieces_under_one_are_no_duplicate,
		ends_that_contradict_cost_the_datagram,
		lengths_that_cannot_be_are_refused,
		options_that_make_it_too_long_are_found_at_the_end,
		the_largest_datagram_passes,
		tiny_first_pieces_are_refused,
		a_header_with_a_bad_checksum_is_no_piece,
		a_packet_cut_short_is_no_piece,
		congestion_marks_survive,
		an_incomplete_datagram_is_given_up,
		a_refused_datagram_is_forgotten_in_time,
		limits_of_an_interface_hold_there_only,
		drop_fragments_drops_them,
		no_room_for_the_whole_is_said,
		one_hosts_flood_stops_nobody_else,
		a_flood_from_everywhere_costs_the_oldest,
		large_incomplete_datagrams_share_the_room,
		random_pieces_in_random_order,
		a_note_is_read_once,
	};
	Suite *all = suite_create("frag");
	TCase *tests = tcase_create("frag");

	tcase_add_checked_fixture(tests, setup, teardown);
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
