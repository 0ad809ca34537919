/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gateways for TFTP and the r commands as functions of bytes. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "alg_laws.h"
#include "suite.h"

static uint8_t state[ALG_STATE_MAX];
static uint8_t out[65536];

static void setup(void)
{
	memset(state, 0, sizeof(state));
}

/* ---- TFTP ---- */

#define TFTP(from, text) laws_message(ALG_TFTP, state, from, (const uint8_t *)(text), sizeof(text) - 1, false)

START_TEST(tftp_requests)
{
	static const char *const names[] = {"RRQ", "WRQ"};
	const struct mention *mention = &laws_findings()->mentions[0];

	ck_assert_int_eq(TFTP(FROM_CLIENT, "\0\1file\0octet\0"), SCAN_OK);
	ck_assert_str_eq(laws_findings()->message, names[0]);
	ck_assert_uint_eq(laws_findings()->n_mentions, 1);
	ck_assert_uint_eq(mention->flags, MENTION_OWN);
	ck_assert_uint_eq(mention->protocol, 17);
	ck_assert_int_eq(TFTP(FROM_CLIENT, "\0\2file\0netascii\0blksize\0" "1428\0"), SCAN_OK);
	ck_assert_str_eq(laws_findings()->message, names[1]);
	ck_assert_uint_eq(laws_findings()->n_fields, 0);
	ck_assert_uint_eq(laws_findings()->note, NOTE_NONE);
}
END_TEST

START_TEST(tftp_rest)
{
	ck_assert_int_eq(TFTP(FROM_CLIENT, "\0\3\0\1data"), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->note, NOTE_NONE);
	ck_assert_int_eq(TFTP(FROM_SERVER, "\0\5\0\1no\0"), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_mentions, 0);
}
END_TEST

START_TEST(not_tftp)
{
	ck_assert_int_eq(TFTP(FROM_CLIENT, "\0\7aaaa"), SCAN_FOREIGN);
	ck_assert_uint_eq(laws_findings()->note, NOTE_FOREIGN);
	ck_assert_int_eq(TFTP(FROM_CLIENT, "\0\1file\0octet"), SCAN_FOREIGN);
	ck_assert_int_eq(TFTP(FROM_CLIENT, "\0\1file"), SCAN_FOREIGN);
	ck_assert_int_eq(TFTP(FROM_CLIENT, "\0\1\0octet\0"), SCAN_FOREIGN);
	ck_assert_int_eq(TFTP(FROM_CLIENT, "\0\1fi\1le\0octet\0"), SCAN_FOREIGN);
	ck_assert_int_eq(TFTP(FROM_CLIENT, "\0\1"), SCAN_FOREIGN);
	/* A server asks for nothing. */
	ck_assert_int_eq(TFTP(FROM_SERVER, "\0\1file\0octet\0"), SCAN_FOREIGN);
}
END_TEST

/* ---- rsh, rexec, rlogin ---- */

#define STREAM(alg, from, text) \
	laws_stream_edited(alg, state, from, (const uint8_t *)(text), sizeof(text) - 1, out)
#define BECOMES(alg, text, want)                                                       \
	do {                                                                           \
		setup();                                                               \
		ck_assert_uint_eq(STREAM(alg, FROM_CLIENT, text), sizeof(want) - 1);   \
		ck_assert_mem_eq(out, want, sizeof(want) - 1);                         \
	} while (0)

START_TEST(rsh_port)
{
	/* Fewer digits, and still a reserved port. */
	BECOMES(ALG_SHELL, "1022\0root\0user\0ls\0", "683\0root\0user\0ls\0");
	ck_assert_uint_eq(laws_findings()->mentions[0].flags, MENTION_RESERVED | MENTION_HERE);
	ck_assert_uint_eq(laws_findings()->mentions[0].remote_least, 512);
	ck_assert(laws_findings()->happened & HAPPENED_DONE);
}
END_TEST

START_TEST(rexec_port)
{
	BECOMES(ALG_EXEC, "5001\0user\0secret\0ls\0", "18140\0user\0secret\0ls\0");
	ck_assert_uint_eq(laws_findings()->mentions[0].flags, MENTION_HERE);
	ck_assert_uint_eq(laws_findings()->mentions[0].remote_least, 0);
}
END_TEST

/* No second connection is wanted; what looks like a port further on is none. */
START_TEST(no_port)
{
	BECOMES(ALG_SHELL, "\0a\0b\0" "1022\0", "\0a\0b\0" "1022\0");
	ck_assert_uint_eq(laws_findings()->n_mentions, 0);
	BECOMES(ALG_SHELL, "0\0a\0b\0" "1022\0", "0\0a\0b\0" "1022\0");
	ck_assert_uint_eq(laws_findings()->n_mentions, 0);
}
END_TEST

/* RFC 1282: nothing is announced. */
START_TEST(rlogin)
{
	BECOMES(ALG_LOGIN, "\0" "1022\0b\0xterm/38400\0", "\0" "1022\0b\0xterm/38400\0");
	ck_assert_uint_eq(laws_findings()->n_mentions, 0);
}
END_TEST

START_TEST(not_rcmd)
{
	BECOMES(ALG_SHELL, "65536\0", "65536\0");
	ck_assert_uint_eq(laws_findings()->note, NOTE_BAD_PORT);
	BECOMES(ALG_SHELL, "22\0", "22\0");
	ck_assert_uint_eq(laws_findings()->note, NOTE_BAD_PORT);
	BECOMES(ALG_SHELL, "101022\0", "101022\0");
	BECOMES(ALG_SHELL, "-1\0", "-1\0");
	BECOMES(ALG_EXEC, "GET / HTTP/1.1\r\n1022\0", "GET / HTTP/1.1\r\n1022\0");
	BECOMES(ALG_LOGIN, "hello\0", "hello\0");
}
END_TEST

/* Only the client names a port. */
START_TEST(server_says_nothing)
{
	setup();
	ck_assert_uint_eq(STREAM(ALG_SHELL, FROM_SERVER, "1022\0"), 5);
	ck_assert_mem_eq(out, "1022\0", 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alg_small");
	TCase *tc = tcase_create("small");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, tftp_requests);
	tcase_add_test(tc, tftp_rest);
	tcase_add_test(tc, not_tftp);
	tcase_add_test(tc, rsh_port);
	tcase_add_test(tc, rexec_port);
	tcase_add_test(tc, no_port);
	tcase_add_test(tc, rlogin);
	tcase_add_test(tc, not_rcmd);
	tcase_add_test(tc, server_says_nothing);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
