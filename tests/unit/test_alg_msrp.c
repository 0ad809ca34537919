/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MSRP gateway as a function of bytes: which bytes change, that all others stay, and that no cut changes it (the laws). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "alg_laws.h"
#include "suite.h"

static uint8_t state[ALG_STATE_MAX];
static uint8_t out[200000];
static char text[200000];

static void setup(void)
{
	memset(state, 0, sizeof(state));
}

static const char *through(enum alg_from from, const char *bytes)
{
	uint32_t n = laws_stream_edited(ALG_MSRP, state, from, (const uint8_t *)bytes, (uint32_t)strlen(bytes), out);

	out[n] = 0;
	return (const char *)out;
}

static uint32_t messages(const char *bytes)
{
	setup();
	return laws_stream(ALG_MSRP, state, FROM_CLIENT, (const uint8_t *)bytes, (uint32_t)strlen(bytes));
}

#define BECOMES(was, is)                                             \
	do {                                                         \
		setup();                                             \
		ck_assert_str_eq(through(FROM_CLIENT, was), is);     \
		setup();                                             \
		ck_assert_str_eq(through(FROM_SERVER, was), is);     \
	} while (0)
#define STAYS(bytes) BECOMES(bytes, bytes)

/* As RFC 4975 4 has them, the sender's endpoint and the receiver's in between. */
#define PATHS(to, from)	     "To-Path: msrp://" to "/kjhd37s2s20w2a;tcp\r\nFrom-Path: msrp://" from "/jshA7weztas;tcp\r\n"
#define WAS		     PATHS("192.0.2.1:8493", "10.0.0.9:5001")
#define IS		     PATHS("192.0.2.1:8493", "203.0.113.9:18140")
#define SEND(tid, p, body)   "MSRP " tid " SEND\r\n" p "Message-ID: 87652491\r\nByte-Range: 1-25/25\r\n" \
			     "Content-Type: text/plain\r\n\r\n" body "\r\n-------" tid "$\r\n"
#define ANSWER(tid, p)	     "MSRP " tid " 200 OK\r\n" p "-------" tid "$\r\n"
#define REPORT(tid, p)	     "MSRP " tid " REPORT\r\n" p "Message-ID: 87652491\r\nByte-Range: 1-25/25\r\n" \
			     "Status: 000 200 OK\r\n-------" tid "$\r\n"

START_TEST(paths_and_nothing_else)
{
	const struct mention *mention = &laws_findings()->mentions[1];

	BECOMES(SEND("a786hjs2", WAS, "From 10.0.0.9:5001, To-Path: msrp://10.0.0.9:5001/x;tcp"),
		SEND("a786hjs2", IS, "From 10.0.0.9:5001, To-Path: msrp://10.0.0.9:5001/x;tcp"));
	setup();
	laws_message(ALG_MSRP, state, FROM_CLIENT, (const uint8_t *)ANSWER("t234", WAS), strlen(ANSWER("t234", WAS)), true);
	ck_assert_uint_eq(laws_findings()->n_mentions, 2);
	ck_assert_uint_eq(mention->at.addr, 0x0a000009);
	ck_assert_uint_eq(mention->at.port, 5001);
	ck_assert_uint_eq(mention->protocol, 6);
	ck_assert_uint_eq(mention->role, ROLE_NAME);
	ck_assert_uint_eq(mention->flags, MENTION_TOLD);
	ck_assert_uint_eq(mention->medium, MEDIUM_NONE);
	ck_assert_str_eq(mention->place, "From-Path");
	ck_assert_str_eq(laws_findings()->message, "200");
}
END_TEST

START_TEST(without_bodies)
{
	BECOMES(ANSWER("a786hjs2", WAS), ANSWER("a786hjs2", IS));
	BECOMES("MSRP a786hjs2 200\r\n" WAS "-------a786hjs2$\r\n", "MSRP a786hjs2 200\r\n" IS "-------a786hjs2$\r\n");
	BECOMES(REPORT("dkei38sd", WAS), REPORT("dkei38sd", IS));
	/* An empty line, and no body even so. */
	BECOMES("MSRP a786hjs2 SEND\r\n" WAS "\r\n-------a786hjs2$\r\n" ANSWER("b", WAS),
		"MSRP a786hjs2 SEND\r\n" IS "\r\n-------a786hjs2$\r\n" ANSWER("b", IS));
	BECOMES(SEND("a786hjs2", WAS, "") ANSWER("b", WAS), SEND("a786hjs2", IS, "") ANSWER("b", IS));
}
END_TEST

START_TEST(one_behind_the_other)
{
#define FIVE(p) SEND("a786hjs2", p, "one") ANSWER("t2.-+%=x", p) SEND("c000", p, "three") REPORT("d000", p) SEND("e000", p, "four")
	BECOMES(FIVE(WAS), FIVE(IS));
	/* Head and end of three, and two without a body. */
	ck_assert_uint_eq(messages(FIVE(WAS)), 8);
}
END_TEST

/* Each has its own identifier or the same one again; an interrupted one ends with #, or + where more follows. */
START_TEST(chunks)
{
#define CHUNK(p, body, end) "MSRP dsdfoe38sd SEND\r\n" p "Byte-Range: 1-*/*\r\n\r\n" body "\r\n-------dsdfoe38sd" end "\r\n"
	BECOMES(CHUNK(WAS, "abcd", "+") CHUNK(WAS, "EFGH", "#") CHUNK(WAS, "", "$"),
		CHUNK(IS, "abcd", "+") CHUNK(IS, "EFGH", "#") CHUNK(IS, "", "$"));
	/* No flag that there is: its body goes on. */
	BECOMES(CHUNK(WAS, "abcd", "!") CHUNK(WAS, "EFGH", "$"), CHUNK(IS, "abcd", "!") CHUNK(WAS, "EFGH", "$"));
}
END_TEST

/* RFC 4975 7.1: only its own end-line ends a body. */
START_TEST(bodies_that_look_like_ends)
{
#define INNER "\r\n-------b000$\r\nMSRP b000 SEND\r\n" WAS "-------b000$\r\n-------a00$\r\n-------a0000$\r\n------a000$\r\n" \
	      "-------a000\r\n-------a000$ \r\n-------A000$\r\nx-------a000$\r\n\r\n\r\n\r-------a000$\n-------a000$\r\r\n"
	BECOMES(SEND("a000", WAS, INNER) ANSWER("c000", WAS), SEND("a000", IS, INNER) ANSWER("c000", IS));
	BECOMES("MSRP a000 SEND\r\n" WAS "\r\n-------b000$\r\n-------a00\r\n-------a000+\r\n" ANSWER("c000", WAS),
		"MSRP a000 SEND\r\n" IS "\r\n-------b000$\r\n-------a00\r\n-------a000+\r\n" ANSWER("c000", IS));
}
END_TEST

/* Nothing of it is waited for: what is there goes on, but for the beginning of an end-line. */
START_TEST(bodies_are_passed_as_they_come)
{
	const struct gateway *gateway = alg_gateway(ALG_MSRP);
	const char *head = "MSRP a000 SEND\r\n" WAS "\r\n";
	uint32_t size = 0;

	laws_message(ALG_MSRP, state, FROM_CLIENT, (const uint8_t *)head, (uint32_t)strlen(head), true);
	ck_assert_int_eq(gateway->frame(state, FROM_CLIENT, (const uint8_t *)"body", 4, &size), FRAME_PASS);
	ck_assert_uint_eq(size, 4);
	ck_assert_int_eq(gateway->frame(state, FROM_CLIENT, (const uint8_t *)"body\r\n-------a00", 16, &size), FRAME_PASS);
	ck_assert_uint_eq(size, 4);
	ck_assert_int_eq(gateway->frame(state, FROM_CLIENT, (const uint8_t *)"\r\n-------a000", 13, &size), FRAME_MORE);
	ck_assert_int_eq(gateway->frame(state, FROM_CLIENT, (const uint8_t *)"\r\n-------a001", 13, &size), FRAME_PASS);
	ck_assert_uint_eq(size, 13);
	/* The other direction has a state of its own. */
	ck_assert_int_eq(gateway->frame(state, FROM_SERVER, (const uint8_t *)"body", 4, &size), FRAME_FOREIGN);
}
END_TEST

START_TEST(a_long_body)
{
	char *at = text;

	at = stpcpy(at, "MSRP a000 SEND\r\n" WAS "\r\n");
	for (int i = 0; i < 12000; i++)
		at = stpcpy(at, "10.0.0.9:5001\r");
	at = stpcpy(at, "\r\n-------a000$\r\n" ANSWER("b", WAS));
	laws_cuts(16);
	through(FROM_CLIENT, text);
	laws_cuts(0);
	ck_assert_uint_eq(strlen((char *)out), strlen(text) + 2 * (strlen(IS) - strlen(WAS)));
	ck_assert_ptr_nonnull(strstr((char *)out, ANSWER("b", IS)));
}
END_TEST

START_TEST(several_uris)
{
#define PATH(one, two, three)                                                                                   \
	"MSRP a 200 OK\r\nTo-Path: msrp://" one "/x;tcp  msrps://bob@10.0.0.8|y;tcp msrp://" two "/y;tcp\r\n"    \
	"From-Path: msrps://u@" three "/z;tcp msrp://relay.example.com:5001/a;tcp msrp://[::1]:1/b;tcp\r\n-------a$\r\n"
	BECOMES(PATH("10.0.0.9:5001", "10.0.0.8", "10.0.0.8:5001"),
		PATH("203.0.113.9:18140", "203.0.113.8:24178", "203.0.113.8:18140"));
	ck_assert_uint_eq(laws_findings()->n_mentions, 3);
}
END_TEST

/* Names of header fields and schemes have no case (RFC 4975 9); more blanks than one are no harm. */
START_TEST(case_and_blanks)
{
#define ODD(at) "MSRP a 200 OK\r\nTO-PATH:MSRP://" at ";tcp\r\nfrom-path: \t Msrps://" at "/x;tcp \r\n-------a$\r\n"
	BECOMES(ODD("10.0.0.9:5001"), ODD("203.0.113.9:18140"));
	/* Not these. */
	STAYS("MSRP a 200 OK\r\nTo-Path2: msrp://10.0.0.9:5001/x;tcp\r\nFrom: msrp://10.0.0.9:5001/x;tcp\r\n"
	      "From-Path2: msrp://10.0.0.9:5001/x;tcp\r\nUse-Path: msrp://10.0.0.9:5001/x;tcp\r\n"
	      "To-Path: http://10.0.0.9:5001/ msrp:10.0.0.9 msrp://10.0.0.9:0/ msrp://10.0.0.9:65536/ msrp://010.0.0.9:5001/\r\n"
	      "-------a$\r\n");
	ck_assert_uint_eq(laws_findings()->n_mentions, 0);
}
END_TEST

START_TEST(left_alone)
{
	/* A line that is none; what follows is read. */
	BECOMES("MSRP a 200 OK\r\n" WAS "nothing\r\n-------a$\r\n" ANSWER("b", WAS),
		"MSRP a 200 OK\r\n" WAS "nothing\r\n-------a$\r\n" ANSWER("b", IS));
	ck_assert_uint_eq(laws_findings()->note, NOTE_NONE);
	BECOMES("\r\n\r\n" ANSWER("b", WAS) "\r\n" ANSWER("b", WAS), "\r\n\r\n" ANSWER("b", IS) "\r\n" ANSWER("b", IS));
	/* The end of another one is a header field that is none: this one goes on. */
	STAYS("MSRP a 200 OK\r\n" WAS "-------b$\r\n" ANSWER("b", WAS));
}
END_TEST

static void is_foreign(const char *bytes)
{
	uint32_t size = 0;

	setup();
	ck_assert_msg(alg_gateway(ALG_MSRP)->frame(state, FROM_CLIENT, (const uint8_t *)bytes, (uint32_t)strlen(bytes), &size) ==
			      FRAME_FOREIGN,
		      "%.40s", bytes);
	STAYS(bytes);
}

START_TEST(not_msrp)
{
	is_foreign("GET / HTTP/1.1\r\n" WAS "\r\n");
	is_foreign("msrp a786hjs2 SEND\r\n" WAS "-------a786hjs2$\r\n");
	is_foreign("MSRP  a786hjs2 SEND\r\n" WAS "-------a786hjs2$\r\n");
	is_foreign("MSRP a786/hjs2 SEND\r\n" WAS "-------a786hjs2$\r\n");
	is_foreign("MSRP a2345678901234567890123456789012x SEND\r\n" WAS "-------a2345678901234567890123456789012x$\r\n");
	is_foreign("MSRP a786hjs2 send\r\n" WAS "-------a786hjs2$\r\n");
	is_foreign("MSRP a786hjs2 20 OK\r\n" WAS "-------a786hjs2$\r\n");
	is_foreign("MSRP a786hjs2 20X\r\n" WAS "-------a786hjs2$\r\n");
	is_foreign("MSRP a786hjs2 \r\n" WAS "-------a786hjs2$\r\n");
	is_foreign("MSRP a786hjs2\r\n" WAS "-------a786hjs2$\r\n");
	is_foreign("MSRP a786hjs2 SEND\n" WAS "-------a786hjs2$\r\n");
	is_foreign("MSRP a786hjs2 SEND\r\nTo-Path: msrp://10.0.0.9:5001/x;tcp\n-------a786hjs2$\r\n");
	is_foreign("\x16\x03\x01\x02");
	/* No end within any head. */
	char *at = stpcpy(text, "MSRP a786hjs2 SEND\r\n");

	for (int i = 0; i < 1000; i++)
		at = stpcpy(at, "X-Header: 012345678\r\n");
	is_foreign(text);
}
END_TEST

static enum frame frame(const char *bytes, uint32_t length, uint32_t *size)
{
	return alg_gateway(ALG_MSRP)->frame(state, FROM_CLIENT, (const uint8_t *)bytes, length, size);
}

START_TEST(what_is_not_there_yet_is_waited_for)
{
	const char *whole = ANSWER("a786hjs2", WAS);
	uint32_t size = 0;

	for (uint32_t there = 1; there < strlen(whole); there++)
		ck_assert_int_eq(frame(whole, there, &size), FRAME_MORE);
	ck_assert_int_eq(frame(whole, (uint32_t)strlen(whole), &size), FRAME_WHOLE);
	ck_assert_uint_eq(size, strlen(whole));
	/* Never by a datagram. */
	ck_assert_int_eq(laws_message(ALG_MSRP, state, FROM_CLIENT, (const uint8_t *)whole, (uint32_t)strlen(whole), false),
			 SCAN_FOREIGN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alg_msrp");
	TCase *tc = tcase_create("msrp");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, paths_and_nothing_else);
	tcase_add_test(tc, without_bodies);
	tcase_add_test(tc, one_behind_the_other);
	tcase_add_test(tc, chunks);
	tcase_add_test(tc, bodies_that_look_like_ends);
	tcase_add_test(tc, bodies_are_passed_as_they_come);
	tcase_add_test(tc, a_long_body);
	tcase_add_test(tc, several_uris);
	tcase_add_test(tc, case_and_blanks);
	tcase_add_test(tc, left_alone);
	tcase_add_test(tc, not_msrp);
	tcase_add_test(tc, what_is_not_there_yet_is_waited_for);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
