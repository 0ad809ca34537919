/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ordinary calls and registrations through the engine, one after the other: none is worse than without a gateway. */
#include "phonelab.h"
#include "suite.h"

#define THERE "m=audio 6000 RTP/AVP 0\r\n"

static bool comes_in(int peer, uint16_t port)
{
	struct pkt p;
	enum reason reason = rtp_in(peer, 6000, FACE, port, &p);

	return reason == REASON_TRANSLATED || reason == REASON_TRANSLATED_NEW;
}

/* ---- forks */

/* Each of four that ring shows a film of its own. */
START_TEST(early_media_of_all_that_ring)
{
	static const char *const tags[] = {"p", "q", "r", "s"};
	char addr[20];

	masquerade();
	invite_out(1, "m=audio 4000 RTP/AVP 0\r\nm=video 4010 RTP/AVP 31\r\n");
	for (int i = 0; i < 4; i++) {
		snprintf(addr, sizeof(addr), "198.51.100.%d", 20 + i);
		SAY_IN(.method = "INVITE", .status = "183 Session Progress", .tag = tags[i], .addr = addr,
		       .media = "m=audio 6000 RTP/AVP 0\r\nm=video 6010 RTP/AVP 31\r\n", .contact = "198.51.100.2:5060");
	}
	for (int i = 0; i < 4; i++)
		ck_assert(comes_in(20 + i, 4000) && comes_in(20 + i, 4010));
	SAY_IN(.method = "INVITE", .status = "200 OK", .tag = "q", .addr = "198.51.100.21",
	       .media = "m=audio 6000 RTP/AVP 0\r\nm=video 6010 RTP/AVP 31\r\n");
	lab_wait(&lab, 301);
	ck_assert(comes_in(21, 4000) && comes_in(21, 4010));
	ck_assert(!comes_in(20, 4000) && !comes_in(22, 4010) && !comes_in(23, 4000));
}
END_TEST

/* The same phone says first what it plays, then where it is. */
START_TEST(another_18x_moves_early_media)
{
	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "180 Ringing");
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .addr = "198.51.100.20", .media = THERE);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .addr = "198.51.100.21", .media = THERE);
	ck_assert(comes_in(21, 4000));
	SAY_IN(.method = "INVITE", .status = "200 OK", .media = THERE);
	ck_assert(comes_in(2, 4000));
	ck_assert_uint_eq(calls_now().up, 1);
}
END_TEST

/* The one that was too late is hung up, and its answer to that gets lost. */
START_TEST(hanging_up_a_second_answer_twice)
{
	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "200 OK", .tag = "one", .media = THERE);
	SAY_IN(.method = "INVITE", .status = "200 OK", .tag = "two", .addr = "198.51.100.3", .media = THERE);
	for (int i = 0; i < 3; i++)
		SAY_OUT(.method = "BYE", .cseq = 2, .tag = "two");
	ck_assert_uint_eq(calls_now().up, 1);
	lab_wait(&lab, 40);
	ck_assert(comes_in(2, 4000));
	ck_assert(!comes_in(3, 4000));
	SAY_OUT(.method = "BYE", .cseq = 2, .tag = "one");
	ck_assert_uint_eq(calls_now().over, 1);
}
END_TEST

/* ---- asked elsewhere, asked again, crossed */

START_TEST(redirected)
{
	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "302 Moved Temporarily", .tag = "x", .contact = "198.51.100.30:5060");
	HAS("Contact: <sip:u@198.51.100.30:5060>");
	ck_assert_uint_eq(calls_now().over, 1);
	SAY_OUT(.method = "INVITE", .cseq = 2, .media = AUDIO);
	HAS("m=audio 4000");
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 2, .media = THERE);
	lab_wait(&lab, 40);
	ck_assert(comes_in(2, 4000));
	ck_assert_uint_eq(calls_now().up, 1);
	/* One of ours sends a caller on to another port of its own. */
	SAY_OUT(.call = 2, .method = "INVITE", .status = "302 Moved", .theirs = true, .contact = "10.0.0.5:5070");
	HAS_NOT("10.0.0.5");
}
END_TEST

START_TEST(challenged_within_the_call)
{
	masquerade();
	call_up(1);
	SAY_OUT(.method = "INVITE", .cseq = 2, .media = AUDIO "a=sendonly\r\n");
	SAY_IN(.method = "INVITE", .status = "401 Unauthorized", .cseq = 2);
	SAY_OUT(.method = "INVITE", .cseq = 3, .media = "m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n");
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 3, .media = THERE "a=recvonly\r\n");
	struct call_medium_row rows[CALL_PORTS_MAX];
	ck_assert_uint_eq(media_rows(rows), 2);
	ck_assert(rows[0].held);
	lab_wait(&lab, 200);
	SAY_OUT(.method = "INVITE", .cseq = 4, .media = "m=audio 4000 RTP/AVP 9\r\n");
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 4, .media = "m=audio 6000 RTP/AVP 9\r\n");
	ck_assert_uint_eq(media_rows(rows), 2);
	ck_assert(!rows[0].held);
	ck_assert(comes_in(2, 4000));
}
END_TEST

START_TEST(cancelled_when_it_was_answered_already)
{
	masquerade();
	invite_out(1, AUDIO);
	SAY_OUT(.method = "CANCEL", .tag = "");
	ck_assert_uint_eq(calls_now().over, 1);
	SAY_IN(.method = "INVITE", .status = "200 OK", .media = THERE);
	SAY_IN(.method = "CANCEL", .status = "481 Too late");
	ck_assert_uint_eq(calls_now().up, 1);
	ck_assert(comes_in(2, 4000));
	SAY_OUT(.method = "ACK");
	SAY_OUT(.method = "BYE", .cseq = 2);
	ck_assert_uint_eq(calls_now().over, 1);
	lab_wait(&lab, 40);
	ck_assert_uint_eq(calls_now().ports + calls_now().over, 0);
}
END_TEST

START_TEST(hung_up_while_asked_for_a_change)
{
	masquerade();
	call_up(1);
	SAY_IN(.method = "BYE", .theirs = true, .cseq = 9);
	SAY_OUT(.method = "INVITE", .cseq = 2, .media = "m=audio 4100 RTP/AVP 0\r\n");
	HAS("m=audio 4100");
	SAY_OUT(.method = "BYE", .status = "200 OK", .theirs = true, .cseq = 9);
	/* Its answer gets lost. */
	ck_assert_uint_eq(calls_now().over, 1);
	lab_wait(&lab, 40);
	ck_assert_uint_eq(calls_now().ports + calls_now().over + calls_now().begun, 0);
	ck_assert_uint_eq(calls_now().ended, 1);
	ck_assert_uint_eq(calls_now().failed, 0);
}
END_TEST

START_TEST(a_session_timer_is_refreshed_without_media)
{
	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "200 OK", .media = THERE, .more = "Session-Expires: 90\r\n");
	lab_wait(&lab, 170);
	SAY_OUT(.method = "INVITE", .cseq = 2, .more = "Session-Expires: 90\r\n");
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 2, .more = "Session-Expires: 90\r\n");
	lab_wait(&lab, 170);
	ck_assert_uint_eq(calls_now().up, 1);
	/* From now on the other end wants it less often. */
	SAY_OUT(.method = "UPDATE", .cseq = 3, .more = "Session-Expires: 600\r\n");
	SAY_IN(.method = "UPDATE", .status = "200 OK", .cseq = 3, .more = "Session-Expires: 600\r\n");
	lab_wait(&lab, 1100);
	ck_assert_uint_eq(calls_now().up, 1);
	ck_assert(comes_in(2, 4000));
	lab_wait(&lab, 1300);
	ck_assert_uint_eq(calls_now().up, 0);
	ck_assert_uint_eq(calls_now().expired, 1);
}
END_TEST

START_TEST(fax_is_refused_and_talk_goes_on)
{
	struct pkt p;

	masquerade();
	call_up(1);
	IS(rtp_out(5, 4000, 2, 6000, &p), TRANSLATED_NEW);
	SAY_IN(.method = "INVITE", .theirs = true, .cseq = 5, .media = "m=audio 0 RTP/AVP 0\r\nm=image 6002 udptl t38\r\n");
	SAY_OUT(.method = "INVITE", .status = "488 Not Acceptable Here", .theirs = true, .cseq = 5);
	lab_wait(&lab, 100);
	IS(rtp_out(5, 4000, 2, 6000, &p), TRANSLATED);
	ck_assert(comes_in(2, 4000));
	ck_assert(comes_in(2, 4001));
}
END_TEST

/* ---- names, routes */

START_TEST(names_with_received_and_rport)
{
	struct says invite = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 1,
			      .via = "phone.example.net:5060", .contact = "phone.example.net:5060",
			      .sdp = sdp_of("10.0.0.5", AUDIO)};
	char reply[1024], *via;
	struct pkt p;

	masquerade();
	/* The port is another one outside. */
	IS(rtp_out(6, 5060, 9, 9, &p), TRANSLATED_NEW);
	p = sip_out(HOST(5), 5060, PROXY, 5060, &invite);
	HAS("Via: SIP/2.0/UDP phone.example.net:5060;branch=z9hG4bK1;rport\r\n");
	HAS("Contact: <sip:u@phone.example.net:5060>");
	HAS_NOT("10.0.0.5");
	uint16_t port = sport_of(&p);
	ck_assert_uint_ne(port, 5060);
	snprintf(reply, sizeof(reply), "phone.example.net:5060;received=203.0.113.1;rport=%u", port);
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .to = "t", .via = reply,
			  .sdp = sdp_of("198.51.100.2", THERE)};
	p = sip_in(PROXY, 5060, FACE, port, &ok);
	via = strstr(got, "Via: ");
	ck_assert_ptr_nonnull(via);
	HAS("Via: SIP/2.0/UDP phone.example.net:5060;received=10.0.0.5;rport=5060;");
	ck_assert_uint_eq(calls_now().up, 1);
	ck_assert(comes_in(2, 4000));
}
END_TEST

START_TEST(routes_that_stand_twice)
{
	masquerade();
	SAY_OUT(.method = "INVITE", .media = AUDIO,
		.more = "Record-Route: <sip:10.0.0.5:5060;lr;i=1>, <sip:10.0.0.5:5060;lr;i=2>\r\n"
			"Record-Route: <sip:198.51.100.8;lr>\r\nPath: <sip:10.0.0.5;lr>,\r\n <sip:10.0.0.5;ob>\r\n"
			"Service-Route: <sip:10.0.0.5:5060;lr>\r\nRoute: <sip:198.51.100.1;lr>, <sip:10.0.0.5;lr>\r\n");
	HAS("Record-Route: <sip:203.0.113.1:5060;lr;i=1>, <sip:203.0.113.1:5060;lr;i=2>\r\nRecord-Route: <sip:198.51.100.8;lr>");
	HAS("Path: <sip:203.0.113.1;lr>,\r\n <sip:203.0.113.1;ob>\r\n");
	HAS_NOT("10.0.0.5");
	SAY_IN(.method = "INVITE", .status = "200 OK", .media = THERE,
	       .more = "Record-Route: <sip:203.0.113.1:5060;lr;i=1>, <sip:203.0.113.1:5060;lr;i=2>\r\n");
	HAS("Record-Route: <sip:10.0.0.5:5060;lr;i=1>, <sip:10.0.0.5:5060;lr;i=2>\r\n");
}
END_TEST

START_TEST(pictures_and_warnings)
{
	masquerade();
	SAY_OUT(.method = "INVITE", .media = AUDIO,
		.more = "Call-Info: <http://10.0.0.5:8080/me.jpg>;purpose=icon, <sip:10.0.0.5:5060>;purpose=card\r\n"
			"Alert-Info: <https://10.0.0.5/bell.wav>\r\nError-Info: <sip:a@10.0.0.5>, <tel:5>\r\n"
			"Warning: 399 10.0.0.5:5060 \"see 10.0.0.5, please\", 307 example.com \"no\", 370 10.0.0.5 \"no\"\r\n");
	HAS("Call-Info: <http://203.0.113.1:8080/me.jpg>;purpose=icon, <sip:203.0.113.1:5060>;purpose=card\r\n");
	HAS("Alert-Info: <https://203.0.113.1/bell.wav>\r\nError-Info: <sip:a@203.0.113.1>, <tel:5>\r\n");
	HAS("Warning: 399 203.0.113.1:5060 \"see 10.0.0.5, please\", 307 example.com \"no\", 370 203.0.113.1 \"no\"\r\n");
	/* Nobody is let in to look at the picture. */
	ck_assert_uint_eq(calls_now().ports, 3);
}
END_TEST

/* ---- many */

static void register_from(int call, ip4 host, uint16_t port, int peer, const char *contact, const char *expires)
{
	struct says ask = {.first = "REGISTER sip:example.com SIP/2.0", .method = "REGISTER", .call = call, .contact = contact,
			   .more = expires};
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "REGISTER", .call = call, .to = "r", .more = expires};
	char at[40] = "";
	struct pkt p = sip_out(host, port, PEER(peer), 5060, &ask);
	const char *there = strstr(got, "Contact: <sip:u@");

	ck_assert_ptr_nonnull(there);
	ck_assert_int_eq(sscanf(there, "Contact: <sip:u@%39[^>]", at), 1);
	ok.contact = at;
	sip_in(PEER(peer), 5060, FACE, sport_of(&p), &ok);
}

static bool is_called(int peer, uint16_t port, const char *to)
{
	struct says invite = {.first = "OPTIONS sip:u@203.0.113.1 SIP/2.0", .method = "OPTIONS", .call = 900};
	struct pkt p = sip_in(PEER(peer), 5099, FACE, port, &invite);
	char at[40];

	if (lab.out.reason != REASON_TRANSLATED && lab.out.reason != REASON_TRANSLATED_NEW)
		return false;
	snprintf(at, sizeof(at), "10.0.0.%u:%u", dst_of(&p) & 255, dport_of(&p));
	ck_assert_str_eq(at, to);
	return true;
}

START_TEST(a_phone_comes_back_after_a_restart)
{
	masquerade();
	register_from(1, HOST(5), 5060, 1, "10.0.0.5:5060", ";expires=600");
	/* Another source port, the same place; then another place, too. */
	register_from(2, HOST(5), 40001, 1, "10.0.0.5:5060", ";expires=600");
	ck_assert(is_called(1, 5060, "10.0.0.5:5060"));
	register_from(3, HOST(5), 40002, 1, "10.0.0.5:40002", ";expires=600");
	ck_assert(is_called(1, 40002, "10.0.0.5:40002"));
	ck_assert(is_called(1, 5060, "10.0.0.5:5060"));
	ck_assert_uint_eq(calls_now().registered, 3);
	/* It takes back its first life: the other stays. */
	struct says ask = {.first = "REGISTER sip:example.com SIP/2.0", .method = "REGISTER", .call = 1,
			   .contact = "10.0.0.5:5060", .more = ";expires=0"};
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "REGISTER", .call = 1, .to = "r"};
	sip_out(HOST(5), 5060, PROXY, 5060, &ask);
	sip_in(PROXY, 5060, FACE, 5060, &ok);
	lab_wait(&lab, 40);
	ck_assert(is_called(1, 5060, "10.0.0.5:5060"));
	ck_assert_uint_eq(calls_now().registered, 2);
}
END_TEST

START_TEST(two_phones_on_one_host)
{
	masquerade();
	register_from(1, HOST(5), 5060, 1, "10.0.0.5:5060", ";expires=600");
	register_from(2, HOST(5), 5062, 1, "10.0.0.5:5062", ";expires=600");
	ck_assert(is_called(1, 5060, "10.0.0.5:5060"));
	ck_assert(is_called(1, 5062, "10.0.0.5:5062"));
	invite_out(3, AUDIO);
	struct says second = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 4,
			      .via = "10.0.0.5:5062", .contact = "10.0.0.5:5062",
			      .sdp = sdp_of("10.0.0.5", "m=audio 4020 RTP/AVP 0\r\n")};
	sip_out(HOST(5), 5062, PROXY, 5060, &second);
	HAS("Contact: <sip:u@203.0.113.1:5062>");
	answer_in(3, "SIP/2.0 200 OK", "t");
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 4, .to = "t", .via = "203.0.113.1:5062",
			  .contact = "198.51.100.3:5060", .sdp = sdp_of("198.51.100.3", THERE)};
	sip_in(PROXY, 5060, FACE, 5062, &ok);
	HAS("Via: SIP/2.0/UDP 10.0.0.5:5062;");
	ck_assert(comes_in(2, 4000) && comes_in(3, 4020));
	ck_assert(!comes_in(3, 4000) && !comes_in(2, 4020));
	request_out(3, "BYE", "t");
	lab_wait(&lab, 40);
	ck_assert(!comes_in(2, 4000) && comes_in(3, 4020));
}
END_TEST

/* An exchange inside that registers each of its users by itself. */
START_TEST(hundred_registrations_on_one_flow)
{
	char contact[40];

	masquerade();
	for (int i = 0; i < 100; i++) {
		snprintf(contact, sizeof(contact), "10.0.0.5:%d", i % 2 == 0 ? 5060 : 6000 + i);
		register_from(100 + i, HOST(5), 5060, 1, contact, i < 50 ? ";expires=600" : ";expires=1200");
		HAS(contact);
	}
	ck_assert_uint_eq(calls_now().registered, 100);
	ck_assert_uint_eq(calls_now().ports, 51);
	lab_wait(&lab, 700);
	ck_assert_uint_eq(calls_now().registered, 50);
	ck_assert(!is_called(1, 6001, ""));
	ck_assert(is_called(1, 6099, "10.0.0.5:6099"));
	ck_assert(is_called(1, 5060, "10.0.0.5:5060"));
}
END_TEST

START_TEST(a_phone_known_to_twenty_registrars)
{
	masquerade();
	for (int i = 0; i < 20; i++)
		register_from(100 + i, HOST(5), 5060, 20 + i, "10.0.0.5:5060", ";expires=600");
	for (int i = 0; i < 20; i++)
		ck_assert(is_called(20 + i, 5060, "10.0.0.5:5060"));
	ck_assert(!is_called(60, 5060, ""));
	ck_assert_uint_eq(calls_now().ports, 1);
	lab_wait(&lab, 1000);
	ck_assert(!is_called(20, 5060, ""));
	ck_assert_uint_eq(binding_count(lab.engine->bindings), 0);
}
END_TEST

/* A trunk whose proxy leaves the two ends to themselves: each wants to be asked at a place of its own. */
START_TEST(a_trunk_with_many_contacts)
{
	char contact[40], media[40];

	masquerade();
	for (int i = 0; i < 100; i++) {
		snprintf(contact, sizeof(contact), "198.51.100.%d:%d", 50 + i, 7000 + i);
		snprintf(media, sizeof(media), "m=audio %d RTP/AVP 0\r\n", 10000 + 2 * i);
		invite_out(1 + i, media);
		SAY_IN(.call = 1 + i, .method = "INVITE", .status = "200 OK", .media = THERE, .contact = contact);
	}
	for (int i = 0; i < 100; i++) {
		struct says ack = {.first = "ACK sip:u@there SIP/2.0", .method = "ACK", .call = 1 + i, .to = "t",
				   .via = "10.0.0.5:5060", .contact = "10.0.0.5:5060"};

		sip_out(HOST(5), 49000, PEER(50 + i), (uint16_t)(7000 + i), &ack);
		HAS_NOT("10.0.0.5");
	}
	struct alg_counts counts;
	engine_alg_counts(lab.engine, ALG_SIP, &counts);
	ck_assert_uint_eq(counts.notes[NOTE_LIMIT_FLOW], 0);
	/* Long after, each hangs up by itself, from its own place. */
	for (int n = 0; n < 4; n++) {
		struct pkt p;

		lab_wait(&lab, 280);
		for (int i = 0; i < 100; i++)
			rtp_out(5, (uint16_t)(10000 + 2 * i), 2, 6000, &p);
	}
	for (int i = 0; i < 100; i++) {
		struct says bye = {.first = "BYE sip:u@203.0.113.1:5060 SIP/2.0", .method = "BYE", .call = 1 + i,
				   .from = "t", .to = "f"};

		sip_in(PEER(50 + i), 7500, FACE, 5060, &bye);
		HAS("BYE sip:u@10.0.0.5:5060 SIP/2.0");
	}
	ck_assert_uint_eq(calls_now().over, 100);
}
END_TEST

/* A phone with one port for all its calls: when one ends, the other's media go on, whichever of them they were counted for. */
START_TEST(two_calls_on_one_port)
{
	struct pkt p;

	masquerade();
	call_up(1);
	invite_out(2, AUDIO);
	HAS("m=audio 4000");
	answer_in_as(2, "SIP/2.0 200 OK", "t", "198.51.100.3:5060", "198.51.100.3", THERE);
	IS(rtp_in(2, 6000, FACE, 4000, &p), TRANSLATED_NEW);
	IS(rtp_in(3, 6000, FACE, 4000, &p), TRANSLATED_NEW);
	SAY_OUT(.call = 2, .method = "BYE", .cseq = 2);
	lab_wait(&lab, 40);
	ck_assert_uint_eq(calls_now().up, 1);
	IS(rtp_in(2, 6000, FACE, 4000, &p), TRANSLATED);
	SAY_OUT(.method = "BYE", .cseq = 2);
	lab_wait(&lab, 40);
	ck_assert(!comes_in(2, 4000) && !comes_in(3, 4000));
}
END_TEST

/* Two inside ring by one call, and each is told of another place: neither hears the other's. */
START_TEST(what_one_party_is_told_is_not_the_others)
{
	static const int hosts[] = {5, 6};
	uint16_t ports[2];
	struct pkt p;

	lab_static(&lab, 1, P_UDP, HOST(5), 5060, FACE, 5060);
	lab_static(&lab, 2, P_UDP, HOST(6), 5060, FACE, 5062);
	masquerade();
	for (int i = 0; i < 2; i++) {
		struct says invite = {.first = "INVITE sip:u@203.0.113.1 SIP/2.0", .method = "INVITE", .call = 1,
				      .via = "198.51.100.1:5060", .contact = "198.51.100.1:5060",
				      .sdp = sdp_of(i == 0 ? "198.51.100.20" : "198.51.100.21", THERE)};

		sip_in(PROXY, 5060, FACE, (uint16_t)(5060 + 2 * i), &invite);
	}
	for (int i = 0; i < 2; i++) {
		struct says ringing = {.first = "SIP/2.0 183 Session Progress", .method = "INVITE", .call = 1,
				       .to = i == 0 ? "x" : "y", .via = "198.51.100.1:5060",
				       .sdp = sdp_of(i == 0 ? "10.0.0.5" : "10.0.0.6", AUDIO)};

		sip_out(HOST(hosts[i]), 5060, PROXY, 5060, &ringing);
		ports[i] = (uint16_t)atoi(strstr(got, "m=audio ") + 8);
	}
	for (int i = 0; i < 2; i++) {
		ck_assert(!comes_in(21 - i, ports[i]));
		IS(rtp_in(20 + i, 6000, FACE, ports[i], &p), TRANSLATED_NEW);
		ck_assert_uint_eq(dst_of(&p), HOST(hosts[i]));
	}
}
END_TEST

/* ---- told */

START_TEST(every_trace_of_a_call_names_it)
{
	const struct trace_ring *ring = engine_traces(lab.engine);
	bool kinds[TRACE_NOTE + 1] = {false};
	bool places[3] = {false}, port_announced = false;
	unsigned port_used = 0;
	struct pkt p;

	masquerade();
	invite_out(1, AUDIO "a=candidate:1 1 UDP 9 203.0.113.1 4000 typ srflx raddr 10.0.0.5 rport 4000\r\n");
	HAS_NOT("10.0.0.5");
	SAY_IN(.method = "INVITE", .status = "200 OK", .media = THERE, .contact = "198.51.100.4:7070");
	SAY_OUT(.method = "UPDATE", .cseq = 2, .media = "m=audio x RTP/AVP 0\r\n");
	SAY_OUT(.method = "UPDATE", .cseq = 2, .media = "m=audio 80 RTP/AVP 0\r\n");
	rtp_in(2, 6000, FACE, 4000, &p);
	rtp_in(2, 6002, FACE, 4000, &p);
	struct says ack = {.first = "ACK sip:u@there SIP/2.0", .method = "ACK", .call = 1, .to = "t", .via = "10.0.0.5:5060"};
	sip_out(HOST(5), 49000, PEER(4), 7070, &ack);
	ck_assert_uint_gt(ring->head, 10);
	for (uint64_t i = 0; i < ring->head; i++) {
		const struct alg_trace *trace = &ring->ring[i];

		kinds[trace->kind] = true;
		ck_assert_msg(strcmp(trace->call, "call1") == 0, "row %u of %.16s: kind %u, call '%s'", (unsigned)i,
			      trace->message, trace->kind, trace->call);
		port_announced |= trace->kind == TRACE_EXPECTED && trace->before.port == 4000;
		port_used += trace->kind == TRACE_CAME && trace->before.port == 4000;
		if (trace->kind != TRACE_CHANGED)
			continue;
		ck_assert_ptr_nonnull(trace->place);
		places[0] |= strcmp(trace->place, "Via") == 0;
		places[1] |= strcmp(trace->place, "m=") == 0;
		places[2] |= strcmp(trace->place, "a=candidate") == 0;
	}
	ck_assert(kinds[TRACE_CHANGED] && kinds[TRACE_EXPECTED] && kinds[TRACE_CAME] && kinds[TRACE_NOTE]);
	ck_assert(places[0] && places[1] && places[2]);
	ck_assert(port_announced);
	/* Once, whoever else comes. */
	ck_assert_uint_eq(port_used, 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ordinary calls");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 300);
	tcase_add_test(t, early_media_of_all_that_ring);
	tcase_add_test(t, another_18x_moves_early_media);
	tcase_add_test(t, hanging_up_a_second_answer_twice);
	tcase_add_test(t, redirected);
	tcase_add_test(t, challenged_within_the_call);
	tcase_add_test(t, cancelled_when_it_was_answered_already);
	tcase_add_test(t, hung_up_while_asked_for_a_change);
	tcase_add_test(t, a_session_timer_is_refreshed_without_media);
	tcase_add_test(t, fax_is_refused_and_talk_goes_on);
	tcase_add_test(t, names_with_received_and_rport);
	tcase_add_test(t, routes_that_stand_twice);
	tcase_add_test(t, pictures_and_warnings);
	tcase_add_test(t, a_phone_comes_back_after_a_restart);
	tcase_add_test(t, two_phones_on_one_host);
	tcase_add_test(t, hundred_registrations_on_one_flow);
	tcase_add_test(t, a_phone_known_to_twenty_registrars);
	tcase_add_test(t, a_trunk_with_many_contacts);
	tcase_add_test(t, two_calls_on_one_port);
	tcase_add_test(t, what_one_party_is_told_is_not_the_others);
	tcase_add_test(t, every_trace_of_a_call_names_it);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_main(suite());
}
