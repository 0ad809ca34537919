/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The FTP gateway as a function of bytes: what it finds, what it leaves alone, and that no cut changes it (the laws). */
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

static const char *through(enum alg_from from, const char *text)
{
	uint32_t n = laws_stream_edited(ALG_FTP, state, from, (const uint8_t *)text, (uint32_t)strlen(text), out);

	out[n] = 0;
	return (const char *)out;
}

static const char *client(const char *text)
{
	return through(FROM_CLIENT, text);
}

static const char *server(const char *text)
{
	return through(FROM_SERVER, text);
}

static void greet(void)
{
	server("220 ready\r\n");
}

static const struct mention *only_mention(void)
{
	ck_assert_uint_eq(laws_findings()->n_mentions, 1);
	return &laws_findings()->mentions[0];
}

START_TEST(four_commands)
{
	greet();
	ck_assert_str_eq(client("PORT 10,0,0,9,19,137\r\n"), "PORT 203,0,113,9,70,220\r\n");
	ck_assert_uint_eq(only_mention()->at.port, 5001);
	ck_assert_str_eq(client("EPRT |1|10.0.0.9|5001|\r\n"), "EPRT |1|203.0.113.9|18140|\r\n");
	ck_assert_str_eq(client("EPRT !1!10.0.0.9!5001!\r\n"), "EPRT !1!203.0.113.9!18140!\r\n");
	ck_assert_str_eq(client("LPRT 4,4,10,0,0,9,2,19,137\r\n"), "LPRT 4,4,203,0,113,9,2,70,220\r\n");
	ck_assert_str_eq(client("port  10,0,0,009,19,137\n"), "port  203,0,113,9,70,220\n");
	ck_assert_str_eq(client("EPRT |2|::1|5001|\r\n"), "EPRT |2|::1|5001|\r\n");
	ck_assert_uint_eq(laws_findings()->n_mentions, 0);
}
END_TEST

START_TEST(four_replies)
{
	greet();
	client("PASV\r\nEPSV\r\nLPSV\r\nPASV\r\n");
	ck_assert_str_eq(server("227 Entering Passive Mode (10,0,0,9,19,137).\r\n"),
			 "227 Entering Passive Mode (203,0,113,9,70,220).\r\n");
	ck_assert_str_eq(server("229 Extended (|||5001|)\r\n"), "229 Extended (|||18140|)\r\n");
	ck_assert_str_eq(server("228 Long (4,4,10,0,0,9,2,19,137)\r\n"), "228 Long (4,4,203,0,113,9,2,70,220)\r\n");
	/* RFC 1123 4.1.2.6 */
	ck_assert_str_eq(server("227 =10,0,0,9,19,137\r\n"), "227 =203,0,113,9,70,220\r\n");
}
END_TEST

/* In first or last line of a long reply, never in between, and never in another command's reply. */
START_TEST(long_replies)
{
	greet();
	client("PASV\r\n");
	ck_assert_str_eq(server("227-hello\r\n 10,0,0,9,19,137\r\n227 (10,0,0,9,19,137)\r\n"),
			 "227-hello\r\n 10,0,0,9,19,137\r\n227 (203,0,113,9,70,220)\r\n");
	client("PASV\r\n");
	ck_assert_str_eq(server("227-(10,0,0,9,19,137)\r\n227 so\r\n"), "227-(203,0,113,9,70,220)\r\n227 so\r\n");
	ck_assert_uint_eq(laws_findings()->note, NOTE_NONE);
	client("HELP\r\nPASV\r\n");
	ck_assert_str_eq(server("214-help\r\n227 (10,0,0,9,19,137)\r\n214 end\r\n"),
			 "214-help\r\n227 (10,0,0,9,19,137)\r\n214 end\r\n");
	ck_assert_str_eq(server("227 (10,0,0,9,19,137)\r\n"), "227 (203,0,113,9,70,220)\r\n");
}
END_TEST

/* Reply i answers command i; a preliminary reply answers none. */
START_TEST(pipelined)
{
	greet();
	client("USER a\r\nPASS b\r\nTYPE I\r\nRETR x\r\nPASV\r\n");
	server("331 a\r\n230 b\r\n");
	ck_assert_str_eq(server("227 (10,0,0,9,19,137)\r\n"), "227 (10,0,0,9,19,137)\r\n");
	server("150 opening\r\n226 done\r\n");
	ck_assert_str_eq(server("227 (10,0,0,9,19,137)\r\n"), "227 (203,0,113,9,70,220)\r\n");
}
END_TEST

START_TEST(unsolicited_reply)
{
	greet();
	ck_assert_str_eq(server("227 (10,0,0,9,19,137)\r\n"), "227 (10,0,0,9,19,137)\r\n");
	ck_assert_uint_eq(laws_findings()->note, NOTE_UNSOLICITED);
	client("PASV\r\n");
	ck_assert_str_eq(server("227 (10,0,0,9,19,137)\r\n"), "227 (203,0,113,9,70,220)\r\n");
}
END_TEST

/* reliability A5: no number wraps; the line is the server's to refuse. */
START_TEST(overflowing_numbers)
{
	static const char *const lines[] = {
		"PORT 10,0,0,256,19,137\r\n", "PORT 10,0,0,9,19,256\r\n", "PORT 10,0,0,9,19,4294967297\r\n",
		"PORT 10,0,0,-9,19,137\r\n",  "PORT 10,0,0,9,19\r\n",     "PORT 10,0,0,9,19,137,1\r\n",
		"PORT 266,0,0,9,19,137\r\n",  "EPRT |1|10.0.0.9|65536|\r\n", "EPRT |1|10.0.0.9|4294967297|\r\n",
		"EPRT |1|10.0.0|5001|\r\n",   "EPRT |1|10.0.0.9|5001\r\n",  "EPRT |1|10.0.0.9|-1|\r\n",
		"LPRT 4,4,10,0,0,9,3,1,2,3\r\n", "LPRT 4,5,10,0,0,9,2,19,137\r\n", "PORT\r\n", "EPRT\r\n",
	};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		setup();
		greet();
		ck_assert_str_eq(client(lines[i]), lines[i]);
		ck_assert_uint_eq(laws_findings()->n_mentions, 0);
		ck_assert_uint_eq(laws_findings()->note, NOTE_MALFORMED);
		/* It was a line of FTP all the same. */
		server("501 no\r\n");
		ck_assert_str_ne(client("PORT 10,0,0,9,19,137\r\n"), "PORT 10,0,0,9,19,137\r\n");
	}
}
END_TEST

/* reliability A1: what a browser can be made to send opens nothing, wherever it is cut; nor what comes before the greeting. */
START_TEST(slipstreaming)
{
	static const char *const texts[] = {
		"POST / HTTP/1.1\r\nHost: a\r\n\r\nPORT 10,0,0,9,19,137\r\n",
		"GET /\r\nPORT 10,0,0,9,19,137\r\n",
		"XYZZY / HTTP/1.1\r\nHost: a\r\nPORT 10,0,0,9,19,137\r\n",
		"\x16\x03\x01\r\nPORT 10,0,0,9,19,137\r\n",
		"EHLO a\r\nPORT 10,0,0,9,19,137\r\n",
	};

	ck_assert_str_eq(client("PORT 10,0,0,9,19,137\r\n"), "PORT 10,0,0,9,19,137\r\n");
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		setup();
		greet();
		ck_assert_str_eq(client(texts[i]), texts[i]);
	}
}
END_TEST

START_TEST(not_ftp)
{
	const char *ssh = "SSH-2.0-x\r\n227 (10,0,0,9,19,137)\r\n";

	ck_assert_str_eq(server(ssh), ssh);
	setup();
	greet();
	ck_assert_str_eq(server("\x15\x03\x03\x02\x02"), "\x15\x03\x03\x02\x02");
	uint32_t size;

	/* It is seen from the first byte on: nothing is held that is none of ours. */
	ck_assert_int_eq(alg_gateway(ALG_FTP)->frame(state, FROM_SERVER, (const uint8_t *)"S", 1, &size),
			 FRAME_FOREIGN);
}
END_TEST

START_TEST(encrypted)
{
	greet();
	client("AUTH TLS\r\n");
	server("234 go\r\n");
	ck_assert(laws_findings()->happened & HAPPENED_ENCRYPTED);
	setup();
	greet();
	client("AUTH TLS\r\n");
	server("500 no\r\n");
	ck_assert(!(laws_findings()->happened & HAPPENED_ENCRYPTED));
}
END_TEST

/* RFC 959 ABOR as clients send it: Telnet IP and Synch in front. */
START_TEST(abort_transfer)
{
	greet();
	client("RETR a\r\n");
	server("150 opening\r\n");
	ck_assert_str_eq(client("\xff\xf4\xff\xf2"
				"ABOR\r\n"),
			 "\xff\xf4\xff\xf2"
			 "ABOR\r\n");
	ck_assert_str_eq(laws_findings()->message, "ABOR");
	client("PASV\r\n");
	server("426 aborted\r\n226 abort done\r\n");
	ck_assert_str_eq(server("227 (10,0,0,9,19,137)\r\n"), "227 (203,0,113,9,70,220)\r\n");
}
END_TEST

/* RFC 2428 4: after EPSV ALL the server refuses the others, so they are nothing to us. */
START_TEST(extended_only)
{
	greet();
	client("EPSV ALL\r\n");
	server("200 ok\r\n");
	ck_assert_str_eq(client("PORT 10,0,0,9,19,137\r\n"), "PORT 10,0,0,9,19,137\r\n");
	server("501 no\r\n");
	client("EPSV\r\n");
	ck_assert_str_eq(server("229 (|||5001|)\r\n"), "229 (|||18140|)\r\n");
}
END_TEST

/* A server that does not know EPSV has agreed to nothing: its client goes on with the others. */
START_TEST(extended_only_refused)
{
	greet();
	client("EPSV ALL\r\n");
	server("500 unknown\r\n");
	ck_assert_str_ne(client("PORT 10,0,0,9,19,137\r\n"), "PORT 10,0,0,9,19,137\r\n");
}
END_TEST

START_TEST(commands_with_digits)
{
	greet();
	client("XMD5 file\r\n");
	ck_assert_uint_eq(laws_findings()->note, NOTE_NONE);
	server("250 0123\r\n");
	ck_assert_str_ne(client("PORT 10,0,0,9,19,137\r\n"), "PORT 10,0,0,9,19,137\r\n");
	/* digits alone are no command, nor is one of two letters with them */
	setup();
	greet();
	ck_assert_str_eq(client("X25 x\r\nPORT 10,0,0,9,19,137\r\n"), "X25 x\r\nPORT 10,0,0,9,19,137\r\n");
}
END_TEST

/* The same of replies: a port that is none is not read. */
START_TEST(overflowing_replies)
{
	static const char *const lines[] = {"229 (|||65536|)\r\n", "229 (|||123456|)\r\n", "229 (|||5001)\r\n",
					    "229 (||5001|)\r\n", "229 5001\r\n"};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		setup();
		greet();
		client("EPSV\r\n");
		ck_assert_str_eq(server(lines[i]), lines[i]);
		ck_assert_uint_eq(laws_findings()->n_mentions, 0);
		ck_assert_uint_eq(laws_findings()->note, NOTE_MALFORMED);
	}
}
END_TEST

START_TEST(cancelled)
{
	greet();
	client("PORT 10,0,0,9,19,137\r\n");
	server("200 ok\r\n");
	ck_assert(!(laws_findings()->happened & HAPPENED_CANCEL));
	client("RETR x\r\n");
	server("550 no\r\n");
	ck_assert(laws_findings()->happened & HAPPENED_CANCEL);
	client("QUIT\r\n");
	ck_assert(laws_findings()->happened & HAPPENED_CANCEL);
	/* With another announced already, a failure is that of an earlier transfer. */
	setup();
	greet();
	client("RETR x\r\nPORT 10,0,0,9,19,137\r\n");
	ck_assert(!(laws_findings()->happened & HAPPENED_CANCEL));
	server("550 no\r\n");
	ck_assert(!(laws_findings()->happened & HAPPENED_CANCEL));
}
END_TEST

/* More commands on their way than can be matched: the reading ends, nothing else. */
START_TEST(too_many_commands)
{
	static char text[16384];

	greet();
	for (int i = 0; i < 200; i++)
		memcpy(text + 6 * i, "NOOP\r\n", 6);
	memcpy(text + 6 * 200, "PORT 10,0,0,9,19,137\r\n", sizeof("PORT 10,0,0,9,19,137\r\n"));
	ck_assert_str_eq(client(text), text);
}
END_TEST

START_TEST(endless_line)
{
	static char text[16384];

	greet();
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "STOR ", 5);
	ck_assert_str_eq(client(text), text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alg_ftp");
	TCase *tc = tcase_create("ftp");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, four_commands);
	tcase_add_test(tc, four_replies);
	tcase_add_test(tc, long_replies);
	tcase_add_test(tc, pipelined);
	tcase_add_test(tc, unsolicited_reply);
	tcase_add_test(tc, overflowing_numbers);
	tcase_add_test(tc, slipstreaming);
	tcase_add_test(tc, not_ftp);
	tcase_add_test(tc, encrypted);
	tcase_add_test(tc, abort_transfer);
	tcase_add_test(tc, extended_only);
	tcase_add_test(tc, extended_only_refused);
	tcase_add_test(tc, commands_with_digits);
	tcase_add_test(tc, overflowing_replies);
	tcase_add_test(tc, cancelled);
	tcase_add_test(tc, too_many_commands);
	tcase_add_test(tc, endless_line);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
