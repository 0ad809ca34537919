/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question to several: who was refused, who is still rung, whose media hold when one of them takes the call. */
#include "phonelab.h"
#include "suite.h"

#define THERE "m=audio 6000 RTP/AVP 0\r\n"
#define BOTH  "m=audio 4000 RTP/AVP 0\r\nm=video 4010 RTP/AVP 31\r\n"

static bool comes_in(int peer, uint16_t port)
{
	struct pkt p;
	enum reason reason = rtp_in(peer, 6000, FACE, port, &p);

	return reason == REASON_TRANSLATED || reason == REASON_TRANSLATED_NEW;
}

/* Ports of media that this host has in the call and that are to stay. */
static unsigned ports_of(int host)
{
	struct call_medium_row rows[CALL_PORTS_MAX];
	uint32_t n = media_rows(rows);
	unsigned found = 0;

	for (uint32_t i = 0; i < n; i++)
		found += rows[i].il.addr == HOST(host) && !rows[i].closing;
	return found;
}

/* ---- the phones inside ring */

/* The proxy's message of call 1 to the phone that has this global port, by one of its branches. */
static void rings(uint16_t port, const char *method, const char *way)
{
	char first[80];
	struct says says = {.first = first, .method = method, .call = 1, .via = "198.51.100.1:5060", .contact = "198.51.100.7:5060",
			    .sdp = strcmp(method, "INVITE") == 0 ? sdp_of("198.51.100.2", THERE) : NULL, .way = way};

	snprintf(first, sizeof(first), "%s sip:u@203.0.113.1:%u SIP/2.0", method, (unsigned)port);
	sip_in(PROXY, 5060, FACE, port, &says);
	ck_assert_ptr_nonnull(strstr(got, "sip:u@10.0.0."));
}

/* What the phone says to that. */
static void replies(int host, const char *way, const char *status, const char *sdp)
{
	char first[80], at[40], tag[20], addr[20];
	struct says says = {.first = first, .method = "INVITE", .call = 1, .to = tag, .via = "198.51.100.1:5060", .contact = at,
			    .way = way};

	snprintf(first, sizeof(first), "SIP/2.0 %s", status);
	snprintf(at, sizeof(at), "10.0.0.%d:5060", host);
	snprintf(addr, sizeof(addr), "10.0.0.%d", host);
	snprintf(tag, sizeof(tag), "t%d%s", host, way);
	if (sdp != NULL)
		says.sdp = sdp_of(addr, sdp);
	sip_out(HOST(host), 5060, PROXY, 5060, &says);
	ck_assert_ptr_null(strstr(got, addr));
}

/* A proxy outside rings three phones inside. One is busy, one declines later, the third is picked up after a minute. */
START_TEST(one_of_three_that_ring_is_picked_up)
{
	static const char *const ways[] = {"a", "b", "c"};

	masquerade();
	for (int i = 0; i < 3; i++)
		rings(registers(5 + i), "INVITE", ways[i]);
	replies(5, "a", "180 Ringing", NULL);
	replies(6, "b", "180 Ringing", NULL);
	replies(7, "c", "486 Busy Here", NULL);
	ck_assert_uint_eq(calls_now().begun, 1);
	lab_wait(&lab, 5);
	replies(6, "b", "603 Decline", NULL);
	ck_assert_uint_eq(calls_now().begun, 1);
	lab_wait(&lab, 60);
	replies(5, "a", "200 OK", AUDIO);
	HAS("m=audio 4000");
	ck_assert_uint_eq(calls_now().up, 1);
	/* Heard from where the offer said, before it sends anything itself. */
	ck_assert(comes_in(2, 4000) && comes_in(2, 4001));
	ck_assert(!comes_in(9, 4000));
}
END_TEST

/* And when the last one refuses, or is no longer rung, it is over. */
START_TEST(none_of_two_that_ring_is_picked_up)
{
	static const char *const ways[] = {"a", "b"};

	masquerade();
	for (int i = 0; i < 2; i++)
		rings(registers(5 + i), "INVITE", ways[i]);
	replies(5, "a", "180 Ringing", NULL);
	rings(5060, "CANCEL", "a");
	ck_assert_uint_eq(calls_now().begun, 1);
	replies(5, "a", "487 Request Terminated", NULL);
	ck_assert_uint_eq(calls_now().begun, 1);
	replies(6, "b", "486 Busy Here", NULL);
	ck_assert_uint_eq(calls_now().begun, 0);
	ck_assert_uint_eq(calls_now().over, 1);
	ck_assert_uint_eq(calls_now().failed, 1);
}
END_TEST

/* The same call reaches a phone by two proxies, and it rings once: the other one is told so (RFC 3261 8.2.2.2). */
START_TEST(a_call_that_comes_by_two_ways)
{
	uint16_t port;

	masquerade();
	port = registers(5);
	rings(port, "INVITE", "a");
	replies(5, "a", "183 Session Progress", AUDIO);
	rings(port, "INVITE", "b");
	for (int i = 0; i < 2; i++)
		replies(5, "b", "482 Loop Detected", NULL);
	ck_assert_uint_eq(calls_now().begun, 1);
	lab_wait(&lab, 60);
	ck_assert(comes_in(2, 4000) && comes_in(2, 4001));
	replies(5, "a", "200 OK", AUDIO);
	ck_assert_uint_eq(calls_now().up, 1);
	ck_assert(comes_in(2, 4000) && comes_in(2, 4001));
	ck_assert(!comes_in(9, 4000));
}
END_TEST

/* The second way is refused late: the call is up, and another question is open, of the phone's or to it. */
static uint16_t second_way_waits(void)
{
	masquerade();
	uint16_t port = registers(5);
	rings(port, "INVITE", "a");
	rings(port, "INVITE", "b");
	replies(5, "a", "200 OK", AUDIO);
	ck_assert_uint_eq(calls_now().up, 1);
	return port;
}

START_TEST(a_late_refusal_leaves_our_open_offer)
{
	const bool agreed = _i == 0;
	struct says again = {.first = "INVITE sip:a@example.com SIP/2.0", .method = "INVITE", .call = 1, .cseq = 7, .to = "t5a",
			     .via = "10.0.0.5:5060", .contact = "10.0.0.5:5060", .way = "c"};
	struct says answer = {.first = agreed ? "SIP/2.0 200 OK" : "SIP/2.0 491 Request Pending", .method = "INVITE", .call = 1,
			      .cseq = 7, .to = "t5a", .via = "203.0.113.1:5060", .contact = "198.51.100.7:5060", .way = "c"};

	second_way_waits();
	again.sdp = sdp_of("10.0.0.5", "m=audio 4100 RTP/AVP 0\r\n");
	sip_out(HOST(5), 5060, PROXY, 5060, &again);
	for (int i = 0; i < 2; i++)
		replies(5, "b", "482 Loop Detected", NULL);
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4000) && comes_in(2, 4100));
	if (agreed)
		answer.sdp = sdp_of("198.51.100.2", THERE);
	sip_in(PROXY, 5060, FACE, 5060, &answer);
	lab_wait(&lab, 34);
	ck_assert_uint_eq(ports_of(5), 2);
	ck_assert(comes_in(2, 4100) == agreed && comes_in(2, 4000) == !agreed);
}
END_TEST

START_TEST(a_late_refusal_leaves_their_open_offer)
{
	const bool agreed = _i == 0;
	struct says again = {.first = "INVITE sip:u@203.0.113.1 SIP/2.0", .method = "INVITE", .call = 1, .cseq = 7, .to = "t5a",
			     .via = "198.51.100.1:5060", .contact = "198.51.100.7:5060", .way = "c"};
	struct says answer = {.first = agreed ? "SIP/2.0 200 OK" : "SIP/2.0 488 Not Acceptable Here", .method = "INVITE",
			      .call = 1, .cseq = 7, .to = "t5a", .via = "198.51.100.1:5060", .contact = "10.0.0.5:5060",
			      .way = "c"};
	const uint16_t port = second_way_waits();

	again.sdp = sdp_of("198.51.100.9", THERE);
	sip_in(PROXY, 5060, FACE, port, &again);
	/* What it says early already is of another port. */
	struct says early = answer;
	early.first = "SIP/2.0 183 Session Progress";
	early.sdp = sdp_of("10.0.0.5", "m=audio 4100 RTP/AVP 0\r\n");
	sip_out(HOST(5), 5060, PROXY, 5060, &early);
	replies(5, "b", "482 Loop Detected", NULL);
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4000) && comes_in(2, 4100) && comes_in(9, 4100));
	sip_out(HOST(5), 5060, PROXY, 5060, &answer);
	lab_wait(&lab, 34);
	ck_assert_uint_eq(ports_of(5), 2);
	ck_assert(comes_in(9, 4100) == agreed && comes_in(2, 4000) == !agreed);
}
END_TEST

/* Where it is all that is said to the caller, his question has its last answer (RFC 3261 16.7), whatever it is. */
START_TEST(a_loop_ends_the_call)
{
	uint16_t port;

	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "482 Loop Detected");
	ck_assert_uint_eq(calls_now().over, 1);
	ck_assert_uint_eq(calls_now().failed, 1);
	lab_wait(&lab, 34);
	ck_assert_uint_eq(calls_now().begun + calls_now().over + calls_now().ports, 0);
	/* One that comes back to who sent it. */
	port = registers(5);
	invite_out(1, AUDIO);
	rings(port, "INVITE", "b");
	replies(5, "b", "482 Loop Detected", NULL);
	ck_assert_uint_eq(calls_now().begun, 1);
	SAY_IN(.method = "INVITE", .status = "482 Loop Detected");
	ck_assert_uint_eq(calls_now().begun, 0);
	ck_assert_uint_eq(calls_now().over, 1);
}
END_TEST

/* One inside calls another by a proxy outside, and that one is switched off. */
START_TEST(the_caller_is_told_that_nobody_answers)
{
	masquerade();
	invite_out(1, AUDIO);
	uint16_t port = registers(6);
	rings(port, "INVITE", "b");
	ck_assert_uint_eq(calls_now().begun, 1);
	SAY_IN(.method = "INVITE", .status = "408 Request Timeout");
	ck_assert_uint_eq(calls_now().begun, 0);
	ck_assert_uint_eq(calls_now().over, 1);
	lab_wait(&lab, 34);
	ck_assert_uint_eq(calls_now().over, 0);
	ck_assert_uint_eq(ports_of(5), 0);
}
END_TEST

/* As long as he is told nothing, others may be tried. */
START_TEST(one_that_is_busy_is_not_all_that_are_rung)
{
	masquerade();
	invite_out(1, AUDIO);
	uint16_t port = registers(6);
	rings(port, "INVITE", "b");
	replies(6, "b", "486 Busy Here", NULL);
	ck_assert_uint_eq(calls_now().begun, 1);
	lab_wait(&lab, 100);
	answer_in(1, "SIP/2.0 200 OK", "t");
	ck_assert_uint_eq(calls_now().up, 1);
	ck_assert(comes_in(2, 4000));
}
END_TEST

/* An exchange inside tries two places outside at once. */
START_TEST(one_of_two_outside_is_busy)
{
	masquerade();
	SAY_OUT(.method = "INVITE", .tag = "", .media = AUDIO, .way = "x");
	SAY_OUT(.method = "INVITE", .tag = "", .media = AUDIO, .way = "y");
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .tag = "q", .media = THERE, .way = "y");
	SAY_IN(.method = "INVITE", .status = "486 Busy Here", .tag = "p", .way = "x");
	ck_assert_uint_eq(calls_now().begun, 1);
	lab_wait(&lab, 60);
	ck_assert(comes_in(2, 4000) && comes_in(2, 4001));
	SAY_IN(.method = "INVITE", .status = "486 Busy Here", .tag = "q", .way = "y");
	ck_assert_uint_eq(calls_now().over, 1);
}
END_TEST

/* ---- media of those that lose */

/* Both let hear how it rings, the second one is picked up. */
static uint16_t second_takes(void)
{
	uint16_t first, second, media;

	masquerade();
	first = registers(5);
	second = registers(6);
	rings(first, "INVITE", "a");
	rings(second, "INVITE", "b");
	replies(5, "a", "183 Session Progress", AUDIO);
	replies(6, "b", "183 Session Progress", AUDIO);
	ck_assert_uint_eq(ports_of(5), 2);
	replies(6, "b", "200 OK", AUDIO);
	media = (uint16_t)atoi(strstr(got, "m=audio ") + 8);
	ck_assert_uint_eq(calls_now().up, 1);
	return media;
}

static const char *const losers_say[] = {NULL, "487 Request Terminated", "486 Busy Here", "603 Decline"};

START_TEST(a_loser_keeps_no_port)
{
	uint16_t media = second_takes();

	rings(5060, "CANCEL", "a");
	/* One that was under way comes late. */
	if (losers_say[_i] != NULL) {
		replies(5, "a", "183 Session Progress", AUDIO);
		replies(5, "a", losers_say[_i], NULL);
	}
	for (int i = 0; i < 34; i++) {
		lab_wait(&lab, 1);
		ck_assert(comes_in(2, media));
	}
	ck_assert_uint_eq(ports_of(5), 0);
	ck_assert_uint_eq(ports_of(6), 2);
	ck_assert(!comes_in(2, 4000));
	ck_assert_uint_eq(calls_now().up, 1);
}
END_TEST

START_TEST(a_loser_that_answers_too_is_heard)
{
	uint16_t media = second_takes();

	lab_wait(&lab, 5);
	replies(5, "a", "200 OK", AUDIO);
	lab_wait(&lab, 40);
	ck_assert_uint_eq(ports_of(5), 2);
	ck_assert(comes_in(2, 4000) && comes_in(2, media));
}
END_TEST

/* The caller's own ports, though his answer has not come yet. */
START_TEST(the_caller_inside_is_no_loser)
{
	masquerade();
	invite_out(1, AUDIO);
	uint16_t port = registers(6);
	rings(port, "INVITE", "b");
	replies(6, "b", "200 OK", AUDIO);
	lab_wait(&lab, 20);
	answer_in(1, "SIP/2.0 200 OK", "t");
	lab_wait(&lab, 20);
	ck_assert_uint_eq(ports_of(5), 2);
	ck_assert(comes_in(2, 4000));
}
END_TEST

/* The other has said what it takes in a reliable 183, and says it no more (RFC 3262 5, RFC 3261 13.2.1): it is agreed to all the
 * same, so that nothing goes when something else is refused. */
START_TEST(one_is_busy_and_the_other_has_answered_before)
{
	masquerade();
	rings(registers(5), "INVITE", "a");
	uint16_t port = registers(6);
	rings(port, "INVITE", "b");
	replies(6, "b", "183 Session Progress", AUDIO);
	replies(5, "a", "486 Busy Here", NULL);
	replies(6, "b", "200 OK", NULL);
	struct says again = {.first = "INVITE sip:u@203.0.113.1 SIP/2.0", .method = "INVITE", .call = 1, .cseq = 2, .to = "t6b",
			     .via = "198.51.100.1:5060", .contact = "198.51.100.7:5060", .way = "c"};
	again.sdp = sdp_of("198.51.100.2", "m=audio 6000 RTP/AVP 8\r\n");
	sip_in(PROXY, 5060, FACE, port, &again);
	struct says no = {.first = "SIP/2.0 488 Not Acceptable Here", .method = "INVITE", .call = 1, .cseq = 2, .to = "t6b",
			  .via = "198.51.100.1:5060", .way = "c"};
	sip_out(HOST(6), 5060, PROXY, 5060, &no);
	lab_wait(&lab, 34);
	ck_assert_uint_eq(ports_of(6), 2);
	ck_assert(comes_in(2, 4000));
}
END_TEST

/* ---- several outside */

#define ANSWER(tag_, addr_, media_)                                                                                                \
	SAY_IN(.method = "INVITE", .status = "200 OK", .tag = tag_, .addr = addr_, .media = media_)
#define TAKES_BOTH  "m=audio 6000 RTP/AVP 0\r\nm=video 6010 RTP/AVP 31\r\n"
#define NO_PICTURES "m=audio 6000 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\n"

/* One wanted to show pictures and says no more; who answers has none. */
START_TEST(what_only_a_loser_would_take_goes)
{
	masquerade();
	invite_out(1, BOTH);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .tag = "p", .addr = "198.51.100.20", .media = TAKES_BOTH);
	ck_assert(comes_in(20, 4010));
	ANSWER("q", "198.51.100.21", NO_PICTURES);
	for (int i = 0; i < 34; i++) {
		lab_wait(&lab, 1);
		ck_assert(comes_in(21, 4000));
	}
	ck_assert_uint_eq(ports_of(5), 2);
	ck_assert(!comes_in(20, 4010) && !comes_in(21, 4010));
}
END_TEST

/* Before anybody answers, it is not known who will. */
START_TEST(what_one_declines_early_another_may_take)
{
	masquerade();
	invite_out(1, BOTH);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .tag = "p", .addr = "198.51.100.20", .media = TAKES_BOTH);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .tag = "q", .addr = "198.51.100.21", .media = TAKES_BOTH);
	SAY_OUT(.method = "UPDATE", .cseq = 2, .tag = "q", .media = BOTH);
	SAY_IN(.method = "UPDATE", .status = "200 OK", .cseq = 2, .tag = "q", .addr = "198.51.100.21", .media = NO_PICTURES);
	lab_wait(&lab, 34);
	ck_assert(comes_in(20, 4010));
	ANSWER("p", "198.51.100.20", TAKES_BOTH);
	lab_wait(&lab, 34);
	ck_assert(comes_in(20, 4010) && comes_in(20, 4000));
}
END_TEST

START_TEST(the_second_that_answers_takes_more)
{
	masquerade();
	invite_out(1, BOTH);
	ANSWER("p", "198.51.100.20", NO_PICTURES);
	lab_wait(&lab, 5);
	for (int i = 0; i < 2; i++) {
		ANSWER("q", "198.51.100.21", TAKES_BOTH);
		ANSWER("p", "198.51.100.20", NO_PICTURES);
	}
	SAY_OUT(.method = "BYE", .cseq = 2, .tag = "p");
	lab_wait(&lab, 40);
	ck_assert_uint_eq(ports_of(5), 4);
	ck_assert(comes_in(21, 4000) && comes_in(21, 4010) && comes_in(21, 4011));
}
END_TEST

/* What was taken away by our side does not come back so. */
START_TEST(the_second_that_answers_brings_nothing_back)
{
	masquerade();
	invite_out(1, BOTH);
	ANSWER("p", "198.51.100.20", NO_PICTURES);
	SAY_OUT(.method = "INVITE", .cseq = 2, .tag = "p", .media = "m=audio 4000 RTP/AVP 0\r\nm=video 4110 RTP/AVP 31\r\n");
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 2, .tag = "p", .addr = "198.51.100.20", .media = TAKES_BOTH);
	lab_wait(&lab, 34);
	ck_assert(comes_in(20, 4110));
	ck_assert(!comes_in(20, 4010));
	ck_assert_uint_eq(ports_of(5), 4);
}
END_TEST

/* A caller may hang up one of those that ring alone (RFC 3261 15). */
START_TEST(one_that_rings_is_hung_up)
{
	masquerade();
	invite_out(1, BOTH);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .tag = "p", .addr = "198.51.100.20", .media = TAKES_BOTH);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .tag = "q", .addr = "198.51.100.21", .media = TAKES_BOTH);
	SAY_OUT(.method = "BYE", .cseq = 2, .tag = "p");
	lab_wait(&lab, 40);
	ck_assert(comes_in(21, 4000));
	ck_assert(!comes_in(20, 4010));
	ANSWER("q", "198.51.100.21", TAKES_BOTH);
	ck_assert_uint_eq(calls_now().up, 1);
	ck_assert(comes_in(21, 4000) && comes_in(21, 4010));
	SAY_OUT(.method = "BYE", .cseq = 3, .tag = "q");
	ck_assert_uint_eq(calls_now().ended, 1);
}
END_TEST

/* And where it was the only one, its last answer follows. */
START_TEST(the_only_one_that_rings_is_hung_up)
{
	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .tag = "p", .media = THERE);
	SAY_OUT(.method = "BYE", .cseq = 2, .tag = "p");
	SAY_IN(.method = "INVITE", .status = "487 Request Terminated", .tag = "p");
	ck_assert_uint_eq(calls_now().over, 1);
	lab_wait(&lab, 40);
	ck_assert_uint_eq(calls_now().over + calls_now().ports, 0);
}
END_TEST

/* Under the Call-ID of one that is over: those who took part in that are nobody now. */
START_TEST(called_again_by_the_same_name)
{
	masquerade();
	call_up(1);
	ck_assert(comes_in(2, 4000));
	SAY_OUT(.method = "BYE", .cseq = 2);
	SAY_OUT(.method = "INVITE", .cseq = 3, .tag = "", .media = AUDIO);
	ck_assert(comes_in(1, 4000));
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 3, .tag = "u", .addr = "198.51.100.20", .media = THERE);
	ck_assert_uint_eq(calls_now().up, 1);
	lab_wait(&lab, 301);
	ck_assert(comes_in(20, 4000));
	ck_assert(!comes_in(2, 4000));
}
END_TEST

/* And the other side, which had said where it receives before there was any answer. */
START_TEST(called_again_from_outside_by_the_same_name)
{
	struct says again = {.first = "INVITE sip:u@203.0.113.1 SIP/2.0", .method = "INVITE", .call = 1, .cseq = 3,
			     .via = "198.51.100.1:5060", .contact = "198.51.100.7:5060", .way = "b"};
	struct says bye = {.first = "BYE sip:u@203.0.113.1 SIP/2.0", .method = "BYE", .call = 1, .cseq = 2, .to = "t5a",
			   .via = "198.51.100.1:5060"};
	struct says early = {.first = "SIP/2.0 183 Session Progress", .method = "INVITE", .call = 1, .cseq = 3, .to = "t5b",
			     .via = "198.51.100.1:5060", .contact = "10.0.0.5:5060", .way = "b"};

	masquerade();
	uint16_t port = registers(5);
	rings(port, "INVITE", "a");
	replies(5, "a", "200 OK", AUDIO);
	ck_assert_uint_eq(calls_now().up, 1);
	sip_in(PROXY, 5060, FACE, port, &bye);
	ck_assert_uint_eq(calls_now().over, 1);
	again.sdp = sdp_of("198.51.100.20", THERE);
	sip_in(PROXY, 5060, FACE, port, &again);
	early.sdp = sdp_of("10.0.0.5", AUDIO);
	sip_out(HOST(5), 5060, PROXY, 5060, &early);
	ck_assert_uint_eq(calls_now().begun, 1);
	ck_assert(comes_in(20, 4000));
	ck_assert(!comes_in(2, 4000));
}
END_TEST

static void inside(TCase *t)
{
	tcase_add_test(t, one_of_three_that_ring_is_picked_up);
	tcase_add_test(t, none_of_two_that_ring_is_picked_up);
	tcase_add_test(t, a_call_that_comes_by_two_ways);
	tcase_add_loop_test(t, a_late_refusal_leaves_our_open_offer, 0, 2);
	tcase_add_loop_test(t, a_late_refusal_leaves_their_open_offer, 0, 2);
	tcase_add_test(t, a_loop_ends_the_call);
	tcase_add_test(t, the_caller_is_told_that_nobody_answers);
	tcase_add_test(t, one_that_is_busy_is_not_all_that_are_rung);
	tcase_add_test(t, one_of_two_outside_is_busy);
	tcase_add_loop_test(t, a_loser_keeps_no_port, 0, sizeof(losers_say) / sizeof(losers_say[0]));
	tcase_add_test(t, a_loser_that_answers_too_is_heard);
	tcase_add_test(t, the_caller_inside_is_no_loser);
	tcase_add_test(t, one_is_busy_and_the_other_has_answered_before);
}

static Suite *suite(void)
{
	Suite *s = suite_create("forks");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	inside(t);
	tcase_add_test(t, what_only_a_loser_would_take_goes);
	tcase_add_test(t, what_one_declines_early_another_may_take);
	tcase_add_test(t, the_second_that_answers_takes_more);
	tcase_add_test(t, the_second_that_answers_brings_nothing_back);
	tcase_add_test(t, one_that_rings_is_hung_up);
	tcase_add_test(t, the_only_one_that_rings_is_hung_up);
	tcase_add_test(t, called_again_by_the_same_name);
	tcase_add_test(t, called_again_from_outside_by_the_same_name);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_main(suite());
}
