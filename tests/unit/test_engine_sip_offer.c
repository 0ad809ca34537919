/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offers, answers and refusals (RFC 3264, 3311, 3262), and from where media are let in while nobody was named. */
#include "phonelab.h"
#include "suite.h"

#define NEW   "m=audio 4100 RTP/AVP 0\r\n"
#define THERE "m=audio 6000 RTP/AVP 0\r\n"

static uint32_t ports_at(uint16_t local)
{
	struct call_medium_row rows[CALL_PORTS_MAX];
	uint32_t n = media_rows(rows), found = 0;

	for (uint32_t i = 0; i < n; i++)
		found += rows[i].il.port == local && !rows[i].closing;
	return found;
}

static bool is_held(void)
{
	struct call_medium_row rows[CALL_PORTS_MAX];

	ck_assert_uint_gt(media_rows(rows), 0);
	return rows[0].held;
}

static bool comes_in(int peer, uint16_t port)
{
	struct pkt p;
	enum reason reason = rtp_in(peer, 6000, FACE, port, &p);

	return reason == REASON_TRANSLATED || reason == REASON_TRANSLATED_NEW;
}

/* ---- refused */

static const struct {
	const char *method, *status;
} refusals[] = {
	{"INVITE", "488 Not Acceptable Here"}, {"INVITE", "491 Request Pending"},
	{"INVITE", "407 Proxy Authentication Required"},
	{"UPDATE", "491 Request Pending"}, {"UPDATE", "504 Server Time-out"}, {"PRACK", "488 Not Acceptable Here"},
};

START_TEST(our_refused_offer_leaves_what_was_before)
{
	const char *method = refusals[_i].method, *status = refusals[_i].status;

	masquerade();
	call_up(1);
	SAY_OUT(.method = method, .cseq = 7, .media = NEW "a=inactive\r\n");
	HAS("m=audio 4100");
	ck_assert_uint_eq(ports_at(4100), 1);
	ck_assert(comes_in(2, 4000));
	SAY_IN(.method = method, .status = status, .cseq = 7);
	ck_assert(!is_held());
	lab_wait(&lab, 34);
	ck_assert_uint_eq(calls_now().up, 1);
	ck_assert_uint_eq(ports_at(4000), 1);
	ck_assert(!comes_in(2, 4100));
	ck_assert(comes_in(2, 4000));
	/* Signalling, RTP and RTCP: nothing of the offer is left. */
	ck_assert_uint_eq(calls_now().ports, 3);
	/* The same, accepted, does replace. */
	SAY_OUT(.method = method, .cseq = 8, .media = NEW);
	SAY_IN(.method = method, .status = "200 OK", .cseq = 8, .media = THERE);
	lab_wait(&lab, 34);
	ck_assert_uint_eq(ports_at(4100), 1);
	ck_assert(!comes_in(2, 4000));
	ck_assert_uint_eq(calls_now().ports, 3);
}
END_TEST

START_TEST(their_refused_offer_leaves_what_was_before)
{
	const char *method = refusals[_i].method, *status = refusals[_i].status;
	struct call_medium_row rows[CALL_PORTS_MAX];

	masquerade();
	call_up(1);
	SAY_IN(.method = method, .theirs = true, .cseq = 7, .addr = "198.51.100.9", .media = THERE);
	/* Its media may be ahead of the answer; those of before go on. */
	ck_assert(comes_in(9, 4000));
	ck_assert(comes_in(2, 4000));
	SAY_OUT(.method = method, .status = status, .theirs = true, .cseq = 7);
	lab_wait(&lab, 301);
	ck_assert(comes_in(2, 4000));
	ck_assert(!comes_in(9, 4000));
	media_rows(rows);
	ck_assert_uint_eq(rows[0].announced.addr, PEER(2));
	SAY_IN(.method = method, .theirs = true, .cseq = 8, .addr = "198.51.100.9", .media = THERE);
	SAY_OUT(.method = method, .status = "200 OK", .theirs = true, .cseq = 8, .media = AUDIO);
	lab_wait(&lab, 301);
	ck_assert(comes_in(9, 4000));
	ck_assert(!comes_in(2, 4000));
}
END_TEST

/* Whose request an answer refuses is told by its number and method, and by who gives it. */
START_TEST(another_requests_refusal_undoes_nothing)
{
	masquerade();
	call_up(1);
	SAY_OUT(.method = "INVITE", .cseq = 7, .media = NEW);
	SAY_OUT(.method = "PRACK", .cseq = 8);
	SAY_IN(.method = "PRACK", .status = "481 Call Does Not Exist", .cseq = 8);
	SAY_IN(.method = "INFO", .status = "500 No", .cseq = 7);
	SAY_OUT(.method = "INVITE", .status = "491 Request Pending", .theirs = true, .cseq = 7);
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 7, .media = THERE);
	lab_wait(&lab, 34);
	ck_assert_uint_eq(ports_at(4100), 1);
	ck_assert_uint_eq(ports_at(4000), 0);
}
END_TEST

START_TEST(refused_asked_again_and_refused_again)
{
	masquerade();
	call_up(1);
	for (unsigned i = 0; i < 3; i++) {
		SAY_OUT(.method = "INVITE", .cseq = 7 + i, .media = NEW);
		ck_assert_uint_eq(ports_at(4100), 1);
		SAY_IN(.method = "INVITE", .status = "491 Request Pending", .cseq = 7 + i);
		ck_assert_uint_eq(ports_at(4100), 0);
		lab_wait(&lab, 20);
	}
	ck_assert_uint_eq(calls_now().ports, 5);
	lab_wait(&lab, 14);
	ck_assert_uint_eq(calls_now().ports, 3);
	ck_assert(comes_in(2, 4000) && !comes_in(2, 4100));
}
END_TEST

/* It wants another port, then its own again, before the first question is answered. */
START_TEST(back_to_the_port_of_before)
{
	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .media = THERE);
	SAY_OUT(.method = "UPDATE", .cseq = 2, .media = NEW);
	SAY_OUT(.method = "UPDATE", .cseq = 3, .media = AUDIO);
	SAY_IN(.method = "UPDATE", .status = "200 OK", .cseq = 3, .media = THERE);
	SAY_IN(.method = "INVITE", .status = "200 OK", .media = THERE);
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4000) && comes_in(2, 4001));
	ck_assert(!comes_in(2, 4100));
	ck_assert_uint_eq(calls_now().ports, 3);
}
END_TEST

/* What was said of one medium does not push out what was said of another. */
START_TEST(two_media_move_together)
{
	static const char ours[] = "m=audio 4000 RTP/AVP 0\r\nm=video 4010 RTP/AVP 31\r\n";
	static const char theirs[] = "m=audio 6000 RTP/AVP 0\r\nm=video 6010 RTP/AVP 31\r\n";

	masquerade();
	invite_out(1, ours);
	SAY_IN(.method = "INVITE", .status = "200 OK", .media = theirs);
	for (unsigned i = 0; i < 3; i++) {
		const char *addr = i % 2 == 0 ? "198.51.100.9" : "198.51.100.2";
		int now = i % 2 == 0 ? 9 : 2, before = 11 - now;

		SAY_IN(.method = "INVITE", .theirs = true, .cseq = 7 + i, .addr = addr, .media = theirs);
		ck_assert(comes_in(now, 4000) && comes_in(now, 4010));
		SAY_OUT(.method = "INVITE", .status = "200 OK", .theirs = true, .cseq = 7 + i, .media = ours);
		lab_wait(&lab, 301);
		ck_assert(comes_in(now, 4000) && comes_in(now, 4010));
		ck_assert(!comes_in(before, 4000) && !comes_in(before, 4010));
	}
}
END_TEST

/* Both ask at once, both are refused (RFC 3261 14.1), and one asks again. */
START_TEST(glare)
{
	masquerade();
	call_up(1);
	SAY_OUT(.method = "INVITE", .cseq = 2, .media = NEW);
	SAY_IN(.method = "INVITE", .theirs = true, .cseq = 2, .addr = "198.51.100.9", .media = THERE);
	SAY_OUT(.method = "INVITE", .status = "491 Request Pending", .theirs = true, .cseq = 2);
	SAY_IN(.method = "INVITE", .status = "491 Request Pending", .cseq = 2);
	ck_assert(comes_in(2, 4000));
	ck_assert(!comes_in(9, 4000));
	SAY_OUT(.method = "INVITE", .cseq = 3, .media = NEW);
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 3, .media = THERE);
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4100));
	ck_assert(!comes_in(2, 4000));
	ck_assert_uint_eq(calls_now().up, 1);
}
END_TEST

/* RFC 3261 21.4.26: a refusal may say what would do. That is no answer. */
START_TEST(a_refusal_that_describes_media)
{
	masquerade();
	call_up(1);
	SAY_IN(.method = "INVITE", .theirs = true, .cseq = 7, .media = "m=image 6000 udptl t38\r\n");
	SAY_OUT(.method = "INVITE", .status = "488 Not Acceptable Here", .theirs = true, .cseq = 7,
		.media = "m=audio 4200 RTP/AVP 0\r\n");
	HAS_NOT("10.0.0.5");
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4000));
	ck_assert(!comes_in(2, 4200));
	SAY_OUT(.method = "INVITE", .cseq = 8, .media = "m=image 4000 udptl t38\r\n");
	SAY_IN(.method = "INVITE", .status = "488 Not Acceptable Here", .cseq = 8, .addr = "198.51.100.9", .media = THERE);
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4000));
	ck_assert(!comes_in(9, 4000));
	ck_assert_uint_eq(calls_now().ports, 3);
}
END_TEST

START_TEST(what_is_offered_late_is_answered_with_ack)
{
	masquerade();
	SAY_OUT(.method = "INVITE", .tag = "");
	ck_assert_uint_eq(calls_now().ports, 1);
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 1, .media = THERE);
	SAY_OUT(.method = "ACK", .cseq = 1, .media = AUDIO);
	HAS("m=audio 4000");
	ck_assert(comes_in(2, 4000));
	/* And the other way round, within the call. */
	SAY_IN(.method = "INVITE", .theirs = true, .cseq = 5);
	SAY_OUT(.method = "INVITE", .status = "200 OK", .theirs = true, .cseq = 5, .media = NEW);
	SAY_IN(.method = "ACK", .theirs = true, .cseq = 5, .addr = "198.51.100.9", .media = THERE);
	ck_assert(comes_in(9, 4100));
	lab_wait(&lab, 301);
	ck_assert(!comes_in(2, 4100));
	ck_assert(!comes_in(9, 4000));
	ck_assert_uint_eq(ports_at(4100), 1);
}
END_TEST

/* The offer in a reliable 183, its answer in PRACK (RFC 3262 5). */
START_TEST(offered_in_a_response_answered_in_prack)
{
	masquerade();
	SAY_OUT(.method = "INVITE", .cseq = 1);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .cseq = 1, .media = THERE, .more = "RSeq: 1\r\n");
	SAY_OUT(.method = "PRACK", .cseq = 2, .media = AUDIO, .more = "RAck: 1 1 INVITE\r\n");
	HAS("m=audio 4000");
	ck_assert(comes_in(2, 4000));
	SAY_IN(.method = "PRACK", .status = "200 OK", .cseq = 2);
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 1);
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4000));
	ck_assert_uint_eq(ports_at(4000), 1);
	ck_assert_uint_eq(calls_now().up, 1);
}
END_TEST

static const struct {
	const char *method, *status;
} early[] = {{"UPDATE", "491 Request Pending"}, {"UPDATE", "200 OK"}, {"PRACK", "488 Not Acceptable Here"}};

/* What was offered first is answered by then (RFC 3262 5, RFC 3311 5.1): it holds if something else is refused before the call is
 * taken, and goes if not. Whether the answer is said once more does not matter. */
START_TEST(our_second_early_offer)
{
	const bool agreed = strcmp(early[_i / 2].status, "200 OK") == 0;
	const char *method = early[_i / 2].method, *again = _i % 2 == 0 ? THERE : NULL;

	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .media = THERE, .more = "RSeq: 1\r\n");
	SAY_OUT(.method = method, .cseq = 2, .media = NEW);
	SAY_IN(.method = method, .status = early[_i / 2].status, .cseq = 2, .media = agreed ? THERE : NULL);
	SAY_IN(.method = "INVITE", .status = "200 OK", .media = again);
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4000) == !agreed && comes_in(2, 4100) == agreed);
	ck_assert_uint_eq(calls_now().ports, 3);
	ck_assert_uint_eq(calls_now().up, 1);
}
END_TEST

START_TEST(their_second_early_offer)
{
	const bool agreed = strcmp(early[_i / 2].status, "200 OK") == 0;
	const char *method = early[_i / 2].method, *again = _i % 2 == 0 ? AUDIO : NULL;

	lab_static(&lab, 1, P_UDP, HOST(5), 5060, FACE, 5060);
	masquerade();
	SAY_IN(.method = "INVITE", .theirs = true, .media = THERE);
	SAY_OUT(.method = "INVITE", .status = "183 Session Progress", .theirs = true, .media = AUDIO);
	SAY_IN(.method = method, .theirs = true, .cseq = 2, .addr = "198.51.100.9", .media = THERE);
	SAY_OUT(.method = method, .status = early[_i / 2].status, .theirs = true, .cseq = 2, .media = agreed ? AUDIO : NULL);
	SAY_OUT(.method = "INVITE", .status = "200 OK", .theirs = true, .media = again);
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4000) == !agreed && comes_in(9, 4000) == agreed);
	ck_assert_uint_eq(calls_now().up, 1);
}
END_TEST

/* The INVITE's last answer crosses the UPDATE that our side asks meanwhile: that one is still open, whatever comes of it. */
START_TEST(the_last_answer_crosses_our_update)
{
	const bool agreed = strcmp(early[_i / 2].status, "200 OK") == 0;
	const char *method = early[_i / 2].method, *again = _i % 2 == 0 ? THERE : NULL;

	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .media = THERE, .more = "RSeq: 1\r\n");
	SAY_OUT(.method = method, .cseq = 2, .media = NEW);
	for (unsigned i = 0; i < 2; i++)
		SAY_IN(.method = "INVITE", .status = "200 OK", .media = again);
	ck_assert_uint_eq(calls_now().up, 1);
	ck_assert_uint_eq(ports_at(4100), 1);
	SAY_IN(.method = method, .status = early[_i / 2].status, .cseq = 2, .media = agreed ? THERE : NULL);
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4000) == !agreed && comes_in(2, 4100) == agreed);
	ck_assert_uint_eq(calls_now().ports, 3);
}
END_TEST

/* And what the other side asks meanwhile. */
START_TEST(the_last_answer_crosses_their_update)
{
	const bool agreed = strcmp(early[_i / 2].status, "200 OK") == 0;
	const char *method = early[_i / 2].method, *again = _i % 2 == 0 ? THERE : NULL;

	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .media = THERE, .more = "RSeq: 1\r\n");
	SAY_IN(.method = method, .theirs = true, .cseq = 2, .addr = "198.51.100.9", .media = THERE);
	for (unsigned i = 0; i < 2; i++)
		SAY_IN(.method = "INVITE", .status = "200 OK", .media = again);
	SAY_OUT(.method = method, .status = early[_i / 2].status, .theirs = true, .cseq = 2, .media = agreed ? AUDIO : NULL);
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4000) == !agreed && comes_in(9, 4000) == agreed);
	ck_assert_uint_eq(calls_now().ports, 3);
	ck_assert_uint_eq(calls_now().up, 1);
}
END_TEST

START_TEST(early_update_moves_media_before_the_answer)
{
	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .media = THERE);
	SAY_IN(.method = "UPDATE", .theirs = true, .cseq = 9, .addr = "198.51.100.9", .media = THERE);
	SAY_OUT(.method = "UPDATE", .status = "200 OK", .theirs = true, .cseq = 9, .media = NEW);
	ck_assert(comes_in(9, 4100));
	ck_assert_uint_eq(calls_now().begun, 1);
	SAY_IN(.method = "INVITE", .status = "200 OK", .addr = "198.51.100.9", .media = THERE);
	lab_wait(&lab, 34);
	ck_assert(comes_in(9, 4100));
	ck_assert(!comes_in(2, 4100));
	ck_assert_uint_eq(ports_at(4000), 0);
}
END_TEST

/* ---- from where, while nobody is named */

START_TEST(before_an_answer_only_the_signalling_peer)
{
	masquerade();
	invite_out(1, AUDIO);
	ck_assert(!comes_in(7, 4000));
	ck_assert(comes_in(1, 4000));
	/* The one that is named as a contact is no stranger either. */
	SAY_IN(.method = "INVITE", .status = "180 Ringing", .contact = "198.51.100.3:5060");
	ck_assert(comes_in(3, 4000));
	ck_assert(!comes_in(7, 4000));
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .media = THERE);
	ck_assert(comes_in(2, 4000));
	ck_assert(!comes_in(8, 4000));
}
END_TEST

static void private_answer(const char *contact)
{
	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "200 OK", .addr = "192.168.7.7", .media = THERE, .contact = contact);
	SAY_OUT(.method = "ACK");
}

/* Who tries all ports finds nothing before the answer, one place for 32 s after it, and none where the phone came first. */
START_TEST(a_phone_behind_another_translation_is_heard)
{
	struct pkt p;

	masquerade();
	invite_out(1, AUDIO);
	for (int i = 0; i < 200; i++)
		ck_assert(!comes_in(60 + i % 20, (uint16_t)(4000 + i % 4)));
	SAY_IN(.method = "INVITE", .status = "200 OK", .addr = "192.168.7.7", .media = THERE, .contact = "192.168.7.7:5060");
	/* What ours sends to the private address is not what is waited for. */
	p = pkt_udp(HOST(5), 4000, 0xc0a80707, 6000);
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert(comes_in(8, 4000));
	ck_assert(comes_in(8, 4001));
	for (int i = 0; i < 200; i++)
		ck_assert(!comes_in(60 + i % 20, (uint16_t)(4000 + i % 2)));
	/* It was silent, and comes again; others do not. */
	lab_wait(&lab, 400);
	ck_assert(!comes_in(61, 4000));
	ck_assert(comes_in(8, 4000));
	/* Ours answers by what was announced. */
	IS(rtp_out(5, 4001, 8, 6001, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(sport_of(&p), 4001);
}
END_TEST

START_TEST(nobody_came_in_time)
{
	private_answer("192.168.7.7:5060");
	lab_wait(&lab, 34);
	ck_assert(!comes_in(8, 4000));
	/* Whom signalling goes to may come at any time. */
	ck_assert(comes_in(1, 4000));
	/* Described anew, it is waited for again; but somebody has come by now. */
	SAY_IN(.method = "INVITE", .theirs = true, .cseq = 5, .addr = "192.168.7.7", .media = THERE);
	SAY_OUT(.method = "INVITE", .status = "200 OK", .theirs = true, .cseq = 5, .media = AUDIO);
	ck_assert(!comes_in(8, 4000));
}
END_TEST

START_TEST(a_stranger_goes_when_the_place_is_named)
{
	private_answer("192.168.7.7:5060");
	ck_assert(comes_in(8, 4000));
	SAY_IN(.method = "INVITE", .theirs = true, .cseq = 5, .media = THERE);
	ck_assert(!comes_in(8, 4000));
	SAY_OUT(.method = "INVITE", .status = "200 OK", .theirs = true, .cseq = 5, .media = AUDIO);
	ck_assert(!comes_in(8, 4000));
	ck_assert(comes_in(2, 4000));
}
END_TEST

/* Also when it is ours that asked for it. */
START_TEST(a_stranger_goes_when_the_place_is_answered)
{
	private_answer("192.168.7.7:5060");
	ck_assert(comes_in(8, 4000));
	SAY_OUT(.method = "INVITE", .cseq = 2, .media = AUDIO);
	ck_assert(comes_in(8, 4000));
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 2, .addr = "198.51.100.30", .media = THERE);
	ck_assert(!comes_in(8, 4000));
	ck_assert(comes_in(30, 4000));
}
END_TEST

/* On hold, what was replaced just before does not come back. */
START_TEST(held_by_address_after_a_change_of_ports)
{
	masquerade();
	call_up(1);
	SAY_OUT(.method = "INVITE", .cseq = 2, .media = NEW);
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 2, .media = THERE);
	SAY_OUT(.method = "INVITE", .cseq = 3, .addr = "0.0.0.0", .media = NEW);
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 3, .media = THERE);
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4100) && comes_in(2, 4101));
	ck_assert(!comes_in(2, 4000));
	ck_assert(is_held());
	ck_assert_uint_eq(calls_now().ports, 3);
}
END_TEST

/* Where candidates are to tell where RTCP goes it is at no address, and the medium is not on hold for that (RFC 8840 4.1.1). */
START_TEST(no_hold_by_a_place_for_rtcp_that_is_not_known_yet)
{
	masquerade();
	invite_out(1, AUDIO "a=rtcp:9 IN IP4 0.0.0.0\r\n");
	SAY_IN(.method = "INVITE", .status = "200 OK", .media = THERE);
	ck_assert(!is_held());
}
END_TEST

/* It is transferred to another phone, which is behind a translation of its own, too. */
START_TEST(another_stranger_when_another_phone_takes_the_call)
{
	private_answer("192.168.7.7:5060");
	ck_assert(comes_in(8, 4000));
	/* Refused, it stays who it was. */
	SAY_IN(.method = "INVITE", .theirs = true, .cseq = 4, .addr = "192.168.9.9", .media = THERE);
	SAY_OUT(.method = "INVITE", .status = "488 No", .theirs = true, .cseq = 4);
	ck_assert(!comes_in(12, 4000));
	lab_wait(&lab, 400);
	ck_assert(comes_in(8, 4000));
	for (int i = 0; i < 2; i++)
		SAY_IN(.method = "INVITE", .theirs = true, .cseq = 5, .addr = "192.168.9.9", .media = THERE);
	ck_assert(!comes_in(12, 4000));
	for (int i = 0; i < 2; i++) {
		SAY_OUT(.method = "INVITE", .status = "200 OK", .theirs = true, .cseq = 5, .media = AUDIO);
		ck_assert(comes_in(12, 4000));
		ck_assert(!comes_in(13, 4000));
	}
	lab_wait(&lab, 400);
	ck_assert(comes_in(12, 4000) && !comes_in(8, 4000));
}
END_TEST

/* A whole network of private addresses outside: what is announced there is where it comes from. */
START_TEST(private_signalling_is_believed)
{
	struct says invite = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 1, .via = "10.0.0.5:5060",
			      .contact = "10.0.0.5:5060", .sdp = sdp_of("10.0.0.5", AUDIO)};
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .to = "t", .via = "203.0.113.1:5060"};
	const ip4 proxy = 0xc0a80701;
	struct pkt p;

	masquerade();
	sip_out(HOST(5), 5060, proxy, 5060, &invite);
	ok.sdp = sdp_of("192.168.7.7", THERE);
	sip_in(proxy, 5060, FACE, 5060, &ok);
	ck_assert(!comes_in(8, 4000));
	p = pkt_udp(0xc0a80707, 6000, FACE, 4000);
	IS(lab_in(&lab, &p), TRANSLATED_NEW);
	p = pkt_udp(proxy, 6000, FACE, 4000);
	IS(lab_in(&lab, &p), TRANSLATED_NEW);
}
END_TEST

/* A call from outside: the offer is long there when the phone inside answers. */
START_TEST(the_caller_is_behind_another_translation)
{
	lab_static(&lab, 1, P_UDP, HOST(9), 5060, POOL(9), 5060);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct says invite = {.first = "INVITE sip:b@203.0.113.9 SIP/2.0", .method = "INVITE", .call = 1, .via = "192.168.7.7:5060",
			      .contact = "192.168.7.7:5060", .sdp = sdp_of("192.168.7.7", THERE)};
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .to = "t", .via = "192.168.7.7:5060",
			  .contact = "10.0.0.9:5060"};
	struct pkt p;

	sip_in(PROXY, 5060, POOL(9), 5060, &invite);
	lab_wait(&lab, 60);
	ok.sdp = sdp_of("10.0.0.9", AUDIO);
	sip_out(HOST(9), 5060, PROXY, 5060, &ok);
	HAS("m=audio 4000");
	IS(rtp_in(8, 6000, POOL(9), 4000, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(dst_of(&p), HOST(9));
	ck_assert_int_ne(rtp_in(7, 6000, POOL(9), 4000, &p), REASON_TRANSLATED_NEW);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("offers, answers and who comes");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 300);
	tcase_add_loop_test(t, our_refused_offer_leaves_what_was_before, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_loop_test(t, their_refused_offer_leaves_what_was_before, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(t, another_requests_refusal_undoes_nothing);
	tcase_add_test(t, refused_asked_again_and_refused_again);
	tcase_add_test(t, back_to_the_port_of_before);
	tcase_add_test(t, two_media_move_together);
	tcase_add_test(t, glare);
	tcase_add_test(t, a_refusal_that_describes_media);
	tcase_add_test(t, what_is_offered_late_is_answered_with_ack);
	tcase_add_test(t, offered_in_a_response_answered_in_prack);
	tcase_add_loop_test(t, our_second_early_offer, 0, 2 * sizeof(early) / sizeof(early[0]));
	tcase_add_loop_test(t, their_second_early_offer, 0, 2 * sizeof(early) / sizeof(early[0]));
	tcase_add_loop_test(t, the_last_answer_crosses_their_update, 0, 2 * sizeof(early) / sizeof(early[0]));
	tcase_add_loop_test(t, the_last_answer_crosses_our_update, 0, 2 * sizeof(early) / sizeof(early[0]));
	tcase_add_test(t, held_by_address_after_a_change_of_ports);
	tcase_add_test(t, early_update_moves_media_before_the_answer);
	tcase_add_test(t, before_an_answer_only_the_signalling_peer);
	tcase_add_test(t, a_phone_behind_another_translation_is_heard);
	tcase_add_test(t, nobody_came_in_time);
	tcase_add_test(t, a_stranger_goes_when_the_place_is_named);
	tcase_add_test(t, a_stranger_goes_when_the_place_is_answered);
	tcase_add_test(t, no_hold_by_a_place_for_rtcp_that_is_not_known_yet);
	tcase_add_test(t, another_stranger_when_another_phone_takes_the_call);
	tcase_add_test(t, private_signalling_is_believed);
	tcase_add_test(t, the_caller_is_behind_another_translation);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_main(suite());
}
