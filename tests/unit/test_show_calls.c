/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show ip nat alg sip calls and registrations with an engine that says what the test put into it: whole outputs, and what is said
 * of a medium case by case. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mailbox.h"
#include "show/calls.h"
#include "show/hearing.h"
#include "suite.h"

#define A(a, b, c, d) ((ip4)(a) << 24 | (ip4)(b) << 16 | (ip4)(c) << 8 | (ip4)(d))
#define NOW	      UINT64_C(1000000)

static const struct endpoint phone = {A(10, 0, 0, 9), 4000}, global = {A(198, 51, 100, 9), 4002},
			     remote = {A(203, 0, 113, 5), 6000};

/* ---- the engine ---- */

static struct mailbox *box;
static struct call_row calls[40];
static struct call_medium_row media[4];
static uint32_t n_calls, n_media;
static bool asked_registrations;

uint32_t engine_calls(struct engine *engine, uint64_t now, struct call_cursor *cursor, struct call_row *rows, uint32_t max)
{
	uint32_t n = 0;

	(void)engine;
	ck_assert_uint_eq(now, NOW);
	asked_registrations = cursor->registrations;
	while (n < max && cursor->next < n_calls)
		rows[n++] = calls[cursor->next++];
	cursor->end = cursor->next == n_calls;
	return n;
}

uint32_t engine_call_media(struct engine *engine, uint64_t now, uint32_t call, struct call_medium_row *rows, uint32_t max)
{
	(void)engine;
	(void)now;
	ck_assert_uint_ge(max, 4);
	if (call != 7)
		return 0;
	memcpy(rows, media, n_media * sizeof(*rows));
	return n_media;
}

/* Both sides spoke a moment ago, RTP and RTCP. */
static void setup(void)
{
	const struct call_medium_row medium = {
		.protocol = 17,	.il = phone, .ig = global, .announced = remote, .heard_from = remote, .packets = {500, 498},
		.bytes = {80000, 79680}, .heard = {NOW - 20, NOW - 10}, .made = NOW - 60000};

	box = mailbox_new();
	mailbox_direct(box, 1);
	memset(calls, 0, sizeof(calls));
	calls[0] = (struct call_row){.index = 7, .state = CALL_UP, .key = "3848276298@10.0.0.9", .caller = "alice@atlanta.example",
				     .callee = "bob@biloxi.example", .protocol = 17, .il = {phone.addr, 5060},
				     .ig = {global.addr, 5060}, .og = {remote.addr, 5060}, .created = NOW - 62000,
				     .said = NOW - 60000, .left_s = 3540, .n_contacts = 1,
				     .contact_il = {{phone.addr, 5060}}, .contact_ig = {{global.addr, 5060}}};
	n_calls = 1;
	media[0] = media[1] = medium;
	media[1].rtcp = true;
	media[1].il.port++;
	media[1].ig.port++;
	media[1].announced.port++;
	media[1].heard_from.port += 11;
	n_media = 2;
}

static void teardown(void)
{
	mailbox_free(box);
}

static void shows(enum calls_form form, const char *golden)
{
	struct calls_show *show = calls_new(box, NULL, form);
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	while (calls_next(show, NOW, out))
		;
	fclose(out);
	calls_free(show);
	if (strcmp(text, golden) != 0) {
		fprintf(stderr, "--- expected\n%s--- got\n%s", golden, text);
		ck_abort_msg("the output differs");
	}
	free(text);
}

static void says(const char *golden)
{
	char buf[HEARING_TEXT_SIZE];

	ck_assert_str_eq(hearing_text(media, n_media, 0, calls[0].state, NOW, buf), golden);
}

/* ---- verdicts ---- */

START_TEST(both_are_heard)
{
	says("two-way");
	media[0].heard[0] = NOW - HEARING_SILENCE;
	says("two-way");
}
END_TEST

START_TEST(one_is_not_heard)
{
	media[0].heard[1] = NOW - 12500;
	says("one-way: nothing received from outside since 12 s: remote sends to 198.51.100.9:4002");
	media[0].packets[1] = media[0].heard[1] = 0;
	says("one-way: nothing received from outside since 60 s: remote sends to 198.51.100.9:4002");
	media[0].packets[1] = 1;
	media[0].heard[1] = NOW;
	media[0].heard[0] = NOW - 7000;
	says("one-way: nothing received from inside since 7 s: inside sends to 203.0.113.5:6000");
	media[0].announced.addr = 0;
	says("one-way: nothing received from inside since 7 s: remote has not said where it receives");
	/* The one who spoke has stopped, too; still it never was two-way. */
	media[0].packets[0] = 0;
	media[0].heard[1] = NOW - 30000;
	says("one-way: nothing received from inside since 60 s: remote has not said where it receives");
}
END_TEST

START_TEST(nobody_is_heard_any_more)
{
	media[0].heard[0] = NOW - 9000;
	media[0].heard[1] = NOW - 8000;
	says("silent: nothing from either side since 8 s");
}
END_TEST

START_TEST(before_it_begins)
{
	memset(media[0].packets, 0, sizeof(media[0].packets));
	says("not started");
	media[0].packets[0] = 3;
	media[0].made = NOW - 1000;
	says("not started");
	calls[0].state = CALL_BEGUN;
	media[0].made = NOW - 20000;
	says("not answered yet, media from inside only");
	media[0].packets[1] = 3;
	media[0].packets[0] = 0;
	says("not answered yet, media from outside only");
}
END_TEST

START_TEST(held_and_closed)
{
	memset(media[0].packets, 0, sizeof(media[0].packets));
	media[0].held = true;
	says("on hold");
	media[0].closing = true;
	says("closed");
}
END_TEST

START_TEST(rtcp_is_missed_after_a_while)
{
	memset(media[1].packets, 0, sizeof(media[1].packets));
	says("two-way, no RTCP");
	media[1].packets[0] = 1;
	says("two-way, no RTCP from outside");
	media[1].packets[0] = 0;
	media[1].packets[1] = 1;
	says("two-way, no RTCP from inside");
	media[1].made = NOW - HEARING_RTCP;
	says("two-way");
	/* Over the port of the medium (RFC 5761): its own is not needed, or it has none. */
	media[1].made = 0;
	says("two-way, no RTCP from inside");
	media[1].spare = true;
	says("two-way, no RTCP from inside");
	media[1].packets[1] = 0;
	says("two-way");
	n_media = 1;
	says("two-way");
}
END_TEST

/* With both parties inside, each has its own. */
START_TEST(rtcp_is_that_of_the_party)
{
	media[2] = media[0];
	media[3] = media[1];
	media[2].il.addr = media[3].il.addr = A(10, 0, 0, 10);
	n_media = 4;
	ck_assert_ptr_eq(hearing_rtcp(media, n_media, 0), &media[1]);
	ck_assert_ptr_eq(hearing_rtcp(media, n_media, 2), &media[3]);
}
END_TEST

START_TEST(the_worst_is_the_calls)
{
	uint32_t at;

	media[2] = media[0];
	media[2].medium = 1;
	media[2].packets[1] = 0;
	n_media = 3;
	ck_assert_int_eq(hearing_worst(media, 3, CALL_UP, NOW, &at), HEARING_ONE_WAY);
	ck_assert_uint_eq(at, 2);
	ck_assert_int_eq(hearing_worst(media, 2, CALL_UP, NOW, &at), HEARING_TWO_WAY);
	ck_assert_int_eq(hearing_worst(media, 0, CALL_UP, NOW, &at), HEARING_NONE);
	ck_assert_uint_eq(at, 0);
	ck_assert_int_eq(hearing_worst(&media[1], 1, CALL_UP, NOW, &at), HEARING_NONE);
}
END_TEST

/* ---- shows ---- */

START_TEST(brief)
{
	calls[1] = (struct call_row){.index = 8, .state = CALL_BEGUN, .created = NOW - 3000,
				     .key = "a-call-id-that-is-longer-than-its-column@host"};
	n_calls = 2;
	shows(CALLS_BRIEF,
	      "Call-ID                   Caller                    Callee                    State     Age       Media  "
	      "Verdict\n"
	      "3848276298@10.0.0.9       alice@atlanta.example     bob@biloxi.example        answered  00:01:02  1      "
	      "two-way\n"
	      "a-call-id-that-is-long... ---                       ---                       begun     00:00:03  0      "
	      "no media\n"
	      "Total number of calls: 2\n");
	ck_assert(!asked_registrations);
}
END_TEST

START_TEST(detail)
{
	calls[0].session_s = 1800;
	calls[0].aware = true;
	shows(CALLS_DETAIL,
	      "Call-ID 3848276298@10.0.0.9\n"
	      "  From alice@atlanta.example to bob@biloxi.example\n"
	      "  State: answered, age 00:01:02, last message 00:01:00 ago, left 00:59:00\n"
	      "  Session timer: 1800 s\n"
	      "  NAT-aware: a party inside shows its global address by itself, and is left alone\n"
	      "  Signalling: udp, local 10.0.0.9:5060, global 198.51.100.9:5060, remote 203.0.113.5:5060\n"
	      "  Contact: local 10.0.0.9:5060, global 198.51.100.9:5060\n"
	      "  Medium 1: udp, local 10.0.0.9:4000, global 198.51.100.9:4002, remote 203.0.113.5:6000\n"
	      "    Sent 500 packets, 80000 bytes; received 498 packets, 79680 bytes\n"
	      "    RTCP: udp, local 10.0.0.9:4001, global 198.51.100.9:4003, remote 203.0.113.5:6001, really "
	      "203.0.113.5:6011\n"
	      "      Sent 500 packets, 80000 bytes; received 498 packets, 79680 bytes\n"
	      "    Verdict: two-way\n"
	      "\n"
	      "Total number of calls: 1\n");
}
END_TEST

START_TEST(detail_of_little)
{
	calls[0] = (struct call_row){.index = 9, .state = CALL_OVER, .key = "x", .created = NOW, .said = NOW};
	shows(CALLS_DETAIL, "Call-ID x\n"
			    "  From --- to ---\n"
			    "  State: over, age 00:00:00, last message 00:00:00 ago, left 00:00:00\n"
			    "  Signalling: its flow is gone\n"
			    "\n"
			    "Total number of calls: 1\n");
}
END_TEST

START_TEST(registrations)
{
	calls[0].state = CALL_REGISTERED;
	calls[0].n_contacts = 2;
	calls[0].contact_il[1] = (struct endpoint){phone.addr, 5062};
	calls[0].contact_ig[1] = (struct endpoint){global.addr, 1024};
	calls[1] = calls[0];
	calls[1].state = CALL_REGISTERING;
	calls[1].n_contacts = 0;
	calls[1].aware = true;
	n_calls = 2;
	shows(CALLS_REGISTRATIONS,
	      "Registered as             Inside local          Inside global         Registrar             State       "
	      "Left      NAT-aware\n"
	      "alice@atlanta.example     10.0.0.9:5060         198.51.100.9:5060     203.0.113.5:5060      registered  "
	      "00:59:00  no\n"
	      "alice@atlanta.example     10.0.0.9:5062         198.51.100.9:1024     203.0.113.5:5060      registered  "
	      "00:59:00  no\n"
	      "alice@atlanta.example     10.0.0.9:5060         198.51.100.9:5060     203.0.113.5:5060      registering "
	      "00:59:00  yes\n"
	      "Total number of registrations: 2\n");
	ck_assert(asked_registrations);
}
END_TEST

START_TEST(none)
{
	n_calls = 0;
	shows(CALLS_BRIEF, "Total number of calls: 0\n");
	shows(CALLS_REGISTRATIONS, "Total number of registrations: 0\n");
}
END_TEST

/* More than a page: every call once, one header. */
START_TEST(pages)
{
	struct calls_show *show = calls_new(box, NULL, CALLS_BRIEF);
	unsigned steps = 1, lines = 0;
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	n_calls = 40;
	for (uint32_t i = 0; i < n_calls; i++) {
		calls[i] = (struct call_row){.index = i + 100, .state = CALL_UP};
		snprintf(calls[i].key, sizeof(calls[i].key), "call-%02u", i);
	}
	while (calls_next(show, NOW, out))
		steps++;
	fclose(out);
	calls_free(show);
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	ck_assert_uint_eq(steps, 3);
	ck_assert_uint_eq(lines, 42);
	ck_assert_ptr_nonnull(strstr(text, "\ncall-39 "));
	ck_assert_ptr_nonnull(strstr(text, "Total number of calls: 40\n"));
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("show calls");
	TCase *tests = tcase_create("show calls");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, both_are_heard);
	tcase_add_test(tests, one_is_not_heard);
	tcase_add_test(tests, nobody_is_heard_any_more);
	tcase_add_test(tests, before_it_begins);
	tcase_add_test(tests, held_and_closed);
	tcase_add_test(tests, rtcp_is_missed_after_a_while);
	tcase_add_test(tests, rtcp_is_that_of_the_party);
	tcase_add_test(tests, the_worst_is_the_calls);
	tcase_add_test(tests, brief);
	tcase_add_test(tests, detail);
	tcase_add_test(tests, detail_of_little);
	tcase_add_test(tests, registrations);
	tcase_add_test(tests, none);
	tcase_add_test(tests, pages);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
