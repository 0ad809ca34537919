/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls through the engine: what messages become, where media go, what is left of it. */
#include "phonelab.h"
#include "suite.h"

START_TEST(a_call_from_inside_has_media_both_ways)
{
	struct pkt p;

	masquerade();
	invite_out(1, AUDIO);
	HAS("Via: SIP/2.0/UDP 203.0.113.1:5060;");
	HAS("Contact: <sip:u@203.0.113.1:5060>");
	HAS("c=IN IP4 203.0.113.1\r\n");
	HAS("m=audio 4000 RTP");
	HAS_NOT("10.0.0");
	answer_in(1, "SIP/2.0 200 OK", "t");
	HAS("Via: SIP/2.0/UDP 10.0.0.5:5060;");
	HAS("c=IN IP4 198.51.100.2");
	ck_assert_uint_eq(calls_now().up, 1);
	IS(rtp_in(2, 6000, FACE, 4000, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(dport_of(&p), 4000);
	IS(rtp_out(5, 4000, 2, 6000, &p), TRANSLATED);
	ck_assert_uint_eq(src_of(&p), FACE);
	ck_assert_uint_eq(sport_of(&p), 4000);
	IS(rtp_in(2, 6001, FACE, 4001, &p), TRANSLATED_NEW);
	IS(rtp_out(5, 4001, 2, 6001, &p), TRANSLATED);
	ck_assert_uint_eq(sport_of(&p), 4001);
}
END_TEST

START_TEST(nobody_else_may_send_media)
{
	struct pkt p;

	masquerade();
	invite_out(1, AUDIO);
	answer_in(1, "SIP/2.0 200 OK", "t");
	IS(rtp_in(3, 6000, FACE, 4000, &p), TO_ROUTER);
	IS(rtp_in(2, 7000, FACE, 4000, &p), TRANSLATED_NEW);
	IS(rtp_in(2, 6000, FACE, 4002, &p), TO_ROUTER);
}
END_TEST

START_TEST(media_from_inside_leave_as_announced)
{
	struct pkt p;

	masquerade();
	/* Another host has the port already. */
	IS(rtp_out(6, 4000, 9, 9, &p), TRANSLATED_NEW);
	invite_out(1, AUDIO);
	HAS_NOT("m=audio 4000 ");
	HAS_NOT("a=rtcp");
	answer_in(1, "SIP/2.0 200 OK", "t");
	struct call_medium_row rows[CALL_PORTS_MAX];
	ck_assert_uint_eq(media_rows(rows), 2);
	ck_assert_uint_eq(rows[0].ig.port % 2, 0);
	ck_assert_uint_eq(rows[1].ig.port, rows[0].ig.port + 1);
	ck_assert(rows[1].rtcp && !rows[0].rtcp);
	IS(rtp_out(5, 4000, 2, 6000, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(sport_of(&p), rows[0].ig.port);
	IS(rtp_in(2, 6000, FACE, rows[0].ig.port, &p), TRANSLATED);
	ck_assert_uint_eq(media_rows(rows), 2);
	ck_assert_uint_eq(rows[0].packets[0], 1);
	ck_assert_uint_eq(rows[0].packets[1], 1);
	ck_assert_uint_eq(rows[0].announced.addr, PEER(2));
	ck_assert_uint_eq(rows[0].heard_from.port, 6000);
	ck_assert_uint_eq(rows[1].packets[0], 0);
	ck_assert_uint_eq(rows[1].announced.port, 6001);
}
END_TEST

START_TEST(hanging_up_ends_media_and_ports)
{
	struct pkt p;

	masquerade();
	call_up(1);
	IS(rtp_out(5, 4000, 2, 6000, &p), TRANSLATED_NEW);
	request_out(1, "BYE", "t");
	ck_assert_uint_eq(calls_now().over, 1);
	lab_wait(&lab, 6);
	IS(rtp_in(2, 6000, FACE, 4000, &p), TO_ROUTER);
	ck_assert_uint_eq(calls_now().ports, 1);
	lab_wait(&lab, 30);
	ck_assert_uint_eq(calls_now().over, 0);
	ck_assert_uint_eq(calls_now().ports, 0);
	ck_assert_uint_eq(calls_now().ended, 1);
	lab_wait(&lab, 301);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), 0);
}
END_TEST

START_TEST(signalling_lives_as_long_as_the_call)
{
	struct pkt p;

	masquerade();
	call_up(1);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(rtp_out(5, 4000, 2, 6000, &p), i == 0 ? REASON_TRANSLATED_NEW : REASON_TRANSLATED);
		lab_wait(&lab, 200);
	}
	struct says bye = {.first = "BYE sip:u@203.0.113.1:5060 SIP/2.0", .method = "BYE", .call = 1, .from = "t", .to = "f"};
	sip_in(PROXY, 5060, FACE, 5060, &bye);
	HAS("BYE sip:u@10.0.0.5:5060 SIP/2.0");
	ck_assert_uint_eq(calls_now().over, 1);
}
END_TEST

START_TEST(a_call_of_which_nothing_is_heard_is_given_up)
{
	masquerade();
	call_up(1);
	lab_wait(&lab, 3500);
	ck_assert_uint_eq(calls_now().up, 1);
	lab_wait(&lab, 200);
	ck_assert_uint_eq(calls_now().up, 0);
	ck_assert_uint_eq(calls_now().expired, 1);
	lab_wait(&lab, 301);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), 0);
}
END_TEST

START_TEST(repeated_messages_come_out_the_same)
{
	char first[sizeof(got)];

	masquerade();
	struct pkt p;
	IS(rtp_out(6, 4000, 9, 9, &p), TRANSLATED_NEW);
	invite_out(1, AUDIO);
	memcpy(first, got, sizeof(got));
	invite_out(1, AUDIO);
	ck_assert_str_eq(first, got);
	answer_in(1, "SIP/2.0 200 OK", "t");
	invite_out(1, AUDIO);
	ck_assert_str_eq(first, got);
	ck_assert_uint_eq(calls_now().ports, 3);
	ck_assert_uint_eq(calls_now().up, 1);
}
END_TEST

START_TEST(a_new_port_takes_the_place_of_the_old_one)
{
	struct call_medium_row rows[CALL_PORTS_MAX];
	struct pkt p;

	masquerade();
	call_up(1);
	IS(rtp_out(5, 4000, 2, 6000, &p), TRANSLATED_NEW);
	invite_out(1, "m=audio 4100 RTP/AVP 0\r\n");
	ck_assert_uint_eq(media_rows(rows), 4);
	IS(rtp_out(5, 4000, 2, 6000, &p), TRANSLATED);
	answer_in(1, "SIP/2.0 200 OK", "t");
	lab_wait(&lab, 40);
	ck_assert_uint_eq(media_rows(rows), 2);
	ck_assert_uint_eq(rows[0].il.port, 4100);
	IS(rtp_in(2, 6000, FACE, 4000, &p), TO_ROUTER);
	IS(rtp_in(2, 6000, FACE, 4100, &p), TRANSLATED_NEW);
}
END_TEST

START_TEST(a_medium_with_port_0_goes)
{
	struct call_medium_row rows[CALL_PORTS_MAX];

	masquerade();
	invite_out(1, "m=audio 4000 RTP/AVP 0\r\nm=video 4010 RTP/AVP 31\r\n");
	answer_in(1, "SIP/2.0 200 OK", "t");
	ck_assert_uint_eq(media_rows(rows), 4);
	invite_out(1, "m=audio 4000 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\n");
	HAS("m=video 0 RTP");
	answer_in(1, "SIP/2.0 200 OK", "t");
	lab_wait(&lab, 40);
	ck_assert_uint_eq(media_rows(rows), 2);
	ck_assert_uint_eq(rows[0].medium, 0);
}
END_TEST

START_TEST(fax_on_the_port_of_audio_keeps_its_mapping)
{
	struct call_medium_row rows[CALL_PORTS_MAX];
	struct pkt p;

	masquerade();
	IS(rtp_out(6, 4000, 9, 9, &p), TRANSLATED_NEW);
	call_up(1);
	media_rows(rows);
	uint16_t port = rows[0].ig.port;
	char line[40];

	invite_out(1, "m=image 4000 udptl t38\r\n");
	snprintf(line, sizeof(line), "m=image %u udptl t38", port);
	HAS(line);
	answer_in_as(1, "SIP/2.0 200 OK", "t", NULL, "198.51.100.2", "m=image 6000 udptl t38\r\n");
	lab_wait(&lab, 40);
	ck_assert_uint_eq(media_rows(rows), 1);
	IS(rtp_in(2, 6000, FACE, port, &p), TRANSLATED_NEW);
}
END_TEST

START_TEST(an_old_style_hold_keeps_the_port)
{
	struct call_medium_row rows[CALL_PORTS_MAX];

	masquerade();
	call_up(1);
	struct says hold = {.first = "INVITE sip:b@198.51.100.2 SIP/2.0", .method = "INVITE", .call = 1, .to = "t",
			    .via = "10.0.0.5:5060", .contact = "10.0.0.5:5060",
			    .sdp = sdp_of("0.0.0.0", "m=audio 4000 RTP/AVP 0\r\n")};
	sip_out(HOST(5), 5060, PROXY, 5060, &hold);
	HAS("c=IN IP4 0.0.0.0");
	answer_in(1, "SIP/2.0 200 OK", "t");
	lab_wait(&lab, 100);
	ck_assert_uint_eq(media_rows(rows), 2);
	ck_assert(rows[0].held);
	invite_out(1, AUDIO);
	ck_assert_uint_eq(media_rows(rows), 2);
	ck_assert(!rows[0].held);
}
END_TEST

START_TEST(refused_and_tried_again)
{
	struct pkt p;

	masquerade();
	invite_out(1, AUDIO);
	answer_in_as(1, "SIP/2.0 407 Proxy Authentication Required", "x", NULL, NULL, NULL);
	ck_assert_uint_eq(calls_now().over, 1);
	invite_out(1, AUDIO);
	HAS("m=audio 4000");
	ck_assert_uint_eq(calls_now().begun, 1);
	answer_in(1, "SIP/2.0 200 OK", "t");
	lab_wait(&lab, 60);
	IS(rtp_in(2, 6000, FACE, 4000, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(calls_now().calls, 1);
}
END_TEST

START_TEST(an_unanswered_call_ends)
{
	masquerade();
	invite_out(1, AUDIO);
	lab_wait(&lab, 181);
	ck_assert_uint_eq(calls_now().begun, 0);
	ck_assert_uint_eq(calls_now().ports, 0);
	lab_wait(&lab, 400);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), 0);
}
END_TEST

START_TEST(each_call_of_a_trunk_ends_alone)
{
	char media[40];
	struct pkt p;

	masquerade();
	for (int i = 0; i < 300; i++) {
		snprintf(media, sizeof(media), "m=audio %d RTP/AVP 0\r\n", 10000 + 2 * i);
		invite_out(i, media);
		answer_in(i, "SIP/2.0 200 OK", "t");
	}
	ck_assert_uint_eq(calls_now().up, 300);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	request_out(150, "BYE", "t");
	lab_wait(&lab, 40);
	ck_assert_uint_eq(calls_now().up, 299);
	IS(rtp_in(2, 6000, FACE, 10300, &p), TO_ROUTER);
	IS(rtp_in(2, 6000, FACE, 10302, &p), TRANSLATED_NEW);
	IS(rtp_in(2, 6000, FACE, 10298, &p), TRANSLATED_NEW);
}
END_TEST

START_TEST(of_two_that_answered_one_hangs_up)
{
	struct pkt p;

	masquerade();
	invite_out(1, AUDIO);
	answer_in(1, "SIP/2.0 180 Ringing", "one");
	answer_in(1, "SIP/2.0 200 OK", "one");
	answer_in_as(1, "SIP/2.0 200 OK", "two", NULL, "198.51.100.3", "m=audio 7000 RTP/AVP 0\r\n");
	request_out(1, "BYE", "one");
	ck_assert_uint_eq(calls_now().up, 1);
	lab_wait(&lab, 40);
	IS(rtp_in(3, 7000, FACE, 4000, &p), TRANSLATED_NEW);
	request_out(1, "BYE", "two");
	ck_assert_uint_eq(calls_now().over, 1);
}
END_TEST

START_TEST(hold_is_known_by_its_direction)
{
	struct call_medium_row rows[CALL_PORTS_MAX];

	masquerade();
	call_up(1);
	invite_out(1, AUDIO "a=sendonly\r\n");
	ck_assert_uint_eq(media_rows(rows), 2);
	ck_assert(rows[0].held);
	invite_out(1, AUDIO "a=sendrecv\r\n");
	media_rows(rows);
	ck_assert(!rows[0].held);
}
END_TEST

START_TEST(candidates_on_other_ports_are_media_too)
{
	struct call_medium_row rows[CALL_PORTS_MAX];
	struct pkt p;

	masquerade();
	IS(rtp_out(6, 4500, 9, 9, &p), TRANSLATED_NEW);
	invite_out(1, AUDIO "a=candidate:1 1 UDP 1 10.0.0.5 4000 typ host\r\n"
			    "a=candidate:1 2 UDP 1 10.0.0.5 4001 typ host\r\n"
			    "a=candidate:2 1 UDP 1 10.0.0.5 4500 typ host\r\n");
	HAS("UDP 1 203.0.113.1 4000 typ host");
	HAS("UDP 1 203.0.113.1 4001 typ host");
	HAS_NOT("10.0.0.5");
	HAS_NOT(" 4500 ");
	HAS("Contact: <sip:u@203.0.113.1:5060>");
	ck_assert_uint_eq(media_rows(rows), 3);
	answer_in(1, "SIP/2.0 200 OK", "t");
	IS(rtp_in(2, 6000, FACE, rows[1].ig.port, &p), TRANSLATED_NEW);
}
END_TEST

START_TEST(the_base_of_a_candidate_is_its_mapping)
{
	struct call_medium_row rows[CALL_PORTS_MAX];

	masquerade();
	invite_out(1, AUDIO "a=rtcp-mux\r\na=candidate:1 1 UDP 1 203.0.113.1 4000 typ srflx raddr 10.0.0.5 rport 4000\r\n");
	HAS("typ srflx raddr 203.0.113.1 rport 4000\r\n");
	HAS_NOT("10.0.0.5");
	ck_assert_uint_eq(media_rows(rows), 1);
}
END_TEST

#define TCP_OFFER "m=message 4000 TCP/MSRP *\r\na=path:msrp://10.0.0.5:4000/s;tcp\r\na=setup:"

static enum reason syn_in(int peer, uint16_t to)
{
	struct pkt p = pkt_tcp(PEER(peer), 5555, FACE, to, F_SYN);

	return lab_in(&lab, &p);
}

START_TEST(who_says_that_it_connects_may_and_nobody_else)
{
	masquerade();
	invite_out(1, TCP_OFFER "actpass\r\n");
	HAS("m=message 4000 TCP/MSRP");
	HAS("msrp://203.0.113.1:4000/s;tcp");
	answer_in_as(1, "SIP/2.0 200 OK", "t", "198.51.100.2:5060", "198.51.100.2", "m=message 9 TCP/MSRP *\r\na=setup:active\r\n");
	IS(syn_in(3, 4000), UNSOLICITED_SYN);
	IS(syn_in(2, 4000), TRANSLATED_NEW);
}
END_TEST

/* Its port 9 is nobody's. */
START_TEST(who_only_connects_needs_no_port)
{
	struct call_medium_row rows[CALL_PORTS_MAX];

	masquerade();
	invite_out(1, "m=image 9 TCP t38\r\na=setup:active\r\n");
	HAS("c=IN IP4 203.0.113.1");
	HAS("m=image 9 TCP");
	ck_assert_uint_eq(media_rows(rows), 0);
	answer_in_as(1, "SIP/2.0 200 OK", "t", "198.51.100.2:5060", "198.51.100.2", "m=image 4000 TCP t38\r\na=setup:passive\r\n");
	struct pkt p = pkt_tcp(HOST(5), 5555, PEER(2), 4000, F_SYN);
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&p), FACE);
}
END_TEST

START_TEST(what_is_sent_to_the_other_sides_contact_is_read)
{
	masquerade();
	invite_out(1, AUDIO);
	answer_in_as(1, "SIP/2.0 200 OK", "t", "198.51.100.4:7070", "198.51.100.2", "m=audio 6000 RTP/AVP 0\r\n");
	struct says ack = {.first = "ACK sip:b@198.51.100.4:7070 SIP/2.0", .method = "ACK", .call = 1, .to = "t",
			   .via = "10.0.0.5:5060"};
	sip_out(HOST(5), 5060, PEER(4), 7070, &ack);
	HAS("Via: SIP/2.0/UDP 203.0.113.1:5060;");
	/* So is what comes from there, from whatever port. */
	struct says bye = {.first = "BYE sip:u@203.0.113.1:5060 SIP/2.0", .method = "BYE", .call = 1, .from = "t", .to = "f"};
	sip_in(PEER(4), 7071, FACE, 5060, &bye);
	HAS("BYE sip:u@10.0.0.5:5060 SIP/2.0");
	ck_assert_uint_eq(calls_now().over, 1);
	/* A stranger's port is nothing of ours. */
	sip_out(HOST(5), 5060, PEER(6), 7070, &ack);
	HAS("Via: SIP/2.0/UDP 10.0.0.5:5060;");
}
END_TEST

START_TEST(a_phone_with_two_ports_is_one_party)
{
	struct pkt p;

	masquerade();
	/* It sends from 49194 and listens at 5060; the offer comes with the answer to a request from outside. */
	struct says invite = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 1,
			      .via = "10.0.0.5:5060", .contact = "10.0.0.5:5060", .sdp = sdp_of("10.0.0.5", AUDIO)};
	sip_out(HOST(5), 49194, PROXY, 5060, &invite);
	HAS("Contact: <sip:u@203.0.113.1:5060>");
	answer_in(1, "SIP/2.0 200 OK", "t");
	struct says again = {.first = "INVITE sip:u@203.0.113.1:5060 SIP/2.0", .method = "INVITE", .call = 1, .from = "t",
			     .to = "f", .via = "198.51.100.1:5060", .contact = "198.51.100.1:5060"};
	sip_in(PROXY, 5060, FACE, 5060, &again);
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .from = "t", .to = "f",
			  .via = "198.51.100.1:5060", .contact = "10.0.0.5:5060", .sdp = sdp_of("10.0.0.5", AUDIO)};
	sip_out(HOST(5), 49194, PROXY, 5060, &ok);
	HAS("m=audio 4000");
	struct says ack = {.first = "ACK sip:u@203.0.113.1:5060 SIP/2.0", .method = "ACK", .call = 1, .from = "t", .to = "f",
			   .sdp = sdp_of("198.51.100.7", "m=audio 7000 RTP/AVP 0\r\n")};
	sip_in(PROXY, 5060, FACE, 5060, &ack);
	IS(rtp_in(7, 7000, FACE, 4000, &p), TRANSLATED_NEW);
}
END_TEST

START_TEST(answers_to_another_port_of_the_sender_are_read)
{
	lab_static(&lab, 1, P_UDP, HOST(9), 5060, POOL(9), 5060);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct says invite = {.first = "INVITE sip:b@203.0.113.9 SIP/2.0", .method = "INVITE", .call = 1,
			      .via = "198.51.100.1:5065", .contact = "198.51.100.1:5065"};
	sip_in(PROXY, 50591, POOL(9), 5060, &invite);
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .to = "t", .via = "198.51.100.1:5065",
			  .contact = "10.0.0.9:5060", .sdp = sdp_of("10.0.0.9", AUDIO)};
	sip_out(HOST(9), 58109, PROXY, 5065, &ok);
	HAS_NOT("10.0.0.9");
	HAS("Contact: <sip:u@203.0.113.9:5060>");
}
END_TEST

/* ---- from outside */

START_TEST(a_call_from_outside_to_a_static_port)
{
	struct pkt p;

	lab_static(&lab, 1, P_UDP, HOST(9), 5060, POOL(9), 5060);
	lab_rule(&lab, 8, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "B", POOL(30), POOL(33)), 0, true);
	ck_assert(lab_commit(&lab));
	struct says invite = {.first = "INVITE sip:b@203.0.113.9 SIP/2.0", .method = "INVITE", .call = 1,
			      .via = "198.51.100.1:5060", .contact = "198.51.100.1:5060",
			      .sdp = sdp_of("198.51.100.2", "m=audio 6000 RTP/AVP 0\r\n")};
	sip_in(PROXY, 5060, POOL(9), 5060, &invite);
	HAS("INVITE sip:b@10.0.0.9 SIP/2.0");
	HAS("Via: SIP/2.0/UDP 198.51.100.1:5060;");
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .to = "t", .via = "198.51.100.1:5060",
			  .contact = "10.0.0.9:5060", .sdp = sdp_of("10.0.0.9", AUDIO)};
	sip_out(HOST(9), 5060, PROXY, 5060, &ok);
	HAS("Contact: <sip:u@203.0.113.9:5060>");
	HAS("c=IN IP4 203.0.113.9");
	HAS("m=audio 4000");
	/* Media leave by the announced address, not by what the rule would give. */
	IS(rtp_out(9, 4000, 2, 6000, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&p), POOL(9));
	IS(rtp_in(2, 6000, POOL(9), 4000, &p), TRANSLATED);
	IS(rtp_in(2, 6001, POOL(9), 4001, &p), TRANSLATED_NEW);
	/* Elsewhere the rule holds. */
	IS(rtp_out(9, 4000, 7, 6000, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&p), POOL(30));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("SIP through the engine");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 300);
	tcase_add_test(t, a_call_from_inside_has_media_both_ways);
	tcase_add_test(t, nobody_else_may_send_media);
	tcase_add_test(t, media_from_inside_leave_as_announced);
	tcase_add_test(t, hanging_up_ends_media_and_ports);
	tcase_add_test(t, signalling_lives_as_long_as_the_call);
	tcase_add_test(t, a_call_of_which_nothing_is_heard_is_given_up);
	tcase_add_test(t, repeated_messages_come_out_the_same);
	tcase_add_test(t, a_new_port_takes_the_place_of_the_old_one);
	tcase_add_test(t, a_medium_with_port_0_goes);
	tcase_add_test(t, fax_on_the_port_of_audio_keeps_its_mapping);
	tcase_add_test(t, an_old_style_hold_keeps_the_port);
	tcase_add_test(t, refused_and_tried_again);
	tcase_add_test(t, hold_is_known_by_its_direction);
	tcase_add_test(t, candidates_on_other_ports_are_media_too);
	tcase_add_test(t, the_base_of_a_candidate_is_its_mapping);
	tcase_add_test(t, who_says_that_it_connects_may_and_nobody_else);
	tcase_add_test(t, who_only_connects_needs_no_port);
	tcase_add_test(t, what_is_sent_to_the_other_sides_contact_is_read);
	tcase_add_test(t, an_unanswered_call_ends);
	tcase_add_test(t, each_call_of_a_trunk_ends_alone);
	tcase_add_test(t, of_two_that_answered_one_hangs_up);
	tcase_add_test(t, a_phone_with_two_ports_is_one_party);
	tcase_add_test(t, answers_to_another_port_of_the_sender_are_read);
	tcase_add_test(t, a_call_from_outside_to_a_static_port);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_main(suite());
}
