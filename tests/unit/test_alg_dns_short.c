/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS answers of an inside server that grow, because names of addresses do, past what who asked takes: he is told to ask by TCP. */
#include <check.h>
#include "alg/alg.h"
#include "enginelab.h"
#include "nat/session.h"
#include "suite.h"

#define REASON(r)  REASON_##r
#define IS(got, r) ck_assert_msg((got) == REASON(r), "%s, wanted " #r, reason_name(got))
#define DNS	   53
#define LOCAL	   "\0019\0010\0010\00210\007in-addr\004arpa"	      /* HOST(9), and a zero byte */
#define GLOBAL	   "\003200\003113\0010\003203\007in-addr\004arpa" /* POOL(200): five more */
#define GROWTH	   5u
#define ASKED	   (12 + sizeof(LOCAL) + 4)

static struct lab lab;
static uint8_t message[1500];

static void setup(void)
{
	lab_open(&lab, 64);
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(200), 0);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
}

static void teardown(void)
{
	lab_close(&lab);
}

static struct pkt dns(ip4 source, uint16_t sport, ip4 destination, uint16_t dport, uint32_t length)
{
	uint8_t l4[1508] = {0};

	pk16(l4, sport);
	pk16(l4 + 2, dport);
	pk16(l4 + 4, 8 + length);
	memcpy(l4 + 8, message, length);
	return pkt_ip(P_UDP, source, destination, l4, 8 + length);
}

/* One question, one text that makes the message so long, and an OPT. */
static void write(uint16_t flags, uint32_t length, bool opt)
{
	static const uint8_t numbers[8] = {0, 1, 0, 1, 0, 0, 0, 0}, ptr[4] = {0, 12, 0, 1};
	static const uint8_t text[10] = {0xc0, 12, 0, 16, 0, 1}, extended[11] = {0, 0, 41, 4, 0xd0};
	uint32_t at = ASKED;

	memset(message, 0, sizeof(message));
	message[1] = 7;
	pk16(message + 2, flags);
	memcpy(message + 4, numbers, sizeof(numbers));
	message[11] = opt;
	memcpy(message + 12, LOCAL, sizeof(LOCAL));
	memcpy(message + 12 + sizeof(LOCAL), ptr, sizeof(ptr));
	memcpy(message + at, text, sizeof(text));
	pk16(message + at + 10, length - at - 12 - (opt ? sizeof(extended) : 0));
	if (opt)
		memcpy(message + length - sizeof(extended), extended, sizeof(extended));
}

/* What of a message of that length reaches who asked. */
static struct pkt answered(uint16_t flags, uint32_t length, bool opt)
{
	struct pkt p;

	memcpy(message, "\0\7\1\0\0\1\0\0\0\0\0\0", 12);
	memcpy(message + 12, GLOBAL "\0\0\14\0\1", sizeof(GLOBAL) + 4);
	p = dns(PEER(1), 4000, POOL(200), DNS, 12 + sizeof(GLOBAL) + 4);
	lab_in(&lab, &p);
	ck_assert_mem_eq(l4_of(&p) + 8 + 12, LOCAL, sizeof(LOCAL)); /* the server is asked so */
	write(flags, length, opt);
	p = dns(HOST(9), DNS, PEER(1), 4000, length);
	IS(lab_out(&lab, &p), TRANSLATED);
	ck_assert(pkt_is_good(&p));
	ck_assert_mem_eq(l4_of(&p) + 8 + 12, GLOBAL, sizeof(GLOBAL));
	ck_assert_uint_eq(up16(l4_of(&p) + 4), p.length - 20);
	return p;
}

static void is_whole(struct pkt p, uint16_t flags, uint32_t length)
{
	ck_assert_uint_eq(p.length - 28, length + GROWTH);
	ck_assert_uint_eq(up16(l4_of(&p) + 8 + 2), flags);
}

START_TEST(an_answer_that_grows_too_long_is_cut)
{
	struct pkt p = answered(0x8580, 508, false);

	ck_assert_uint_eq(p.length - 28, ASKED + GROWTH);
	ck_assert_uint_eq(up16(l4_of(&p) + 8 + 2), 0x8780);
	ck_assert_mem_eq(l4_of(&p) + 8 + 4, "\0\1\0\0\0\0\0\0", 8);
	ck_assert_mem_eq(l4_of(&p) + 8 + 12 + sizeof(GLOBAL), "\0\14\0\1", 4);
}
END_TEST

START_TEST(control_one_that_still_fits_is_not)
{
	is_whole(answered(0x8580, 507, false), 0x8580, 507);
}
END_TEST

/* Who says how much he takes has the server see to it; nor was a limit of 512 kept by who sends more. */
START_TEST(nor_where_the_limit_is_another)
{
	is_whole(answered(0x8580, 508, true), 0x8580, 508);
	is_whole(answered(0x8580, 513, false), 0x8580, 513);
	is_whole(answered(0x8580, 1200, true), 0x8580, 1200);
}
END_TEST

/* An update is no question. */
START_TEST(nor_what_is_no_answer)
{
	is_whole(answered(0x2800, 508, false), 0x2800, 508);
	is_whole(answered(0x0100, 508, false), 0x0100, 508);
}
END_TEST

/* Asked directly, about what no server sends: stays as it is, and nothing behind it is read. */
START_TEST(damaged_ones_stay)
{
	const struct gateway *gateway = alg_gateway(ALG_DNS);

	for (uint32_t n = 513; n < 700; n += 9) {
		for (uint32_t k = 0; k < 200; k++) {
			uint8_t *copy;
			uint32_t got;

			write(0x8580, 513, false);
			message[4 + k % 8] ^= (uint8_t)(1 + k); /* counts */
			message[12 + k % 40] ^= (uint8_t)(k * 7);
			copy = malloc(n);
			memcpy(copy, message, n);
			got = gateway->shorten(copy, n, 500);
			ck_assert(got == n ? memcmp(copy, message, n) == 0 : got < n && (copy[2] & 2) != 0);
			free(copy);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alg_dns_short");
	TCase *tests = tcase_create("all");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, an_answer_that_grows_too_long_is_cut);
	tcase_add_test(tests, control_one_that_still_fits_is_not);
	tcase_add_test(tests, nor_where_the_limit_is_another);
	tcase_add_test(tests, nor_what_is_no_answer);
	tcase_add_test(tests, damaged_ones_stay);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
