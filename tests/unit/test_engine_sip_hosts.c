/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is reached, who is left alone, who floods: registrations, contacts, limits, configuration. */
#include "phonelab.h"
#include "suite.h"

/* ---- registrations */

static void register_out(int host, uint16_t port, const char *contact, const char *more)
{
	char at[40];
	struct says says = {.first = "REGISTER sip:example.com SIP/2.0", .method = "REGISTER", .call = 100 + host, .via = at,
			    .contact = contact, .more = more};

	snprintf(at, sizeof(at), "10.0.0.%d:5060", host);
	sip_out(HOST(host), port, PROXY, 5060, &says);
}

static void registered_in(int host, uint16_t port, const char *contact, const char *more)
{
	struct says says = {.first = "SIP/2.0 200 OK", .method = "REGISTER", .call = 100 + host, .to = "r",
			    .via = "203.0.113.1:5060", .contact = contact, .more = more};

	sip_in(PROXY, 5060, FACE, port, &says);
}

START_TEST(a_registered_phone_is_reached_for_the_granted_time)
{
	masquerade();
	register_out(5, 5060, "10.0.0.5:5060", ";expires=7200");
	HAS("Contact: <sip:u@203.0.113.1:5060>;expires=7200");
	registered_in(5, 5060, "203.0.113.1:5060", ";expires=1800");
	HAS("Contact: <sip:u@10.0.0.5:5060>;expires=1800");
	ck_assert_uint_eq(calls_now().registered, 1);
	lab_wait(&lab, 1700);
	struct says invite = {.first = "INVITE sip:u@203.0.113.1:5060 SIP/2.0", .method = "INVITE", .call = 7,
			      .via = "198.51.100.1:5060", .contact = "198.51.100.1:5060",
			      .sdp = sdp_of("198.51.100.2", "m=audio 6000 RTP/AVP 0\r\n")};
	/* From another port of the proxy, too. */
	sip_in(PROXY, 5070, FACE, 5060, &invite);
	HAS("INVITE sip:u@10.0.0.5:5060 SIP/2.0");
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 7, .to = "t", .via = "198.51.100.1:5060",
			  .contact = "10.0.0.5:5060", .sdp = sdp_of("10.0.0.5", AUDIO)};
	sip_out(HOST(5), 5060, PROXY, 5070, &ok);
	HAS("m=audio 4000");
	HAS("c=IN IP4 203.0.113.1");
	/* No stranger. */
	sip_in(PEER(9), 5060, FACE, 5060, &invite);
	ck_assert_str_eq(got + 7, strstr(got, "sip:u@203.0.113.1:5060"));
	IS(lab.out.reason, TO_ROUTER);
	lab_wait(&lab, 110);
	ck_assert_uint_eq(calls_now().registered, 0);
}
END_TEST

START_TEST(it_is_not_reached_when_it_is_over)
{
	masquerade();
	register_out(5, 5060, "10.0.0.5:5060", ";expires=600");
	registered_in(5, 5060, "203.0.113.1:5060", ";expires=600");
	lab_wait(&lab, 1000);
	struct says options = {.first = "OPTIONS sip:u@203.0.113.1:5060 SIP/2.0", .method = "OPTIONS", .call = 7};
	sip_in(PROXY, 5060, FACE, 5060, &options);
	IS(lab.out.reason, TO_ROUTER);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), 0);
}
END_TEST

START_TEST(expires_0_removes)
{
	masquerade();
	register_out(5, 5060, "10.0.0.5:5060", ";expires=600");
	registered_in(5, 5060, "203.0.113.1:5060", ";expires=600");
	register_out(5, 5060, "10.0.0.5:5060", ";expires=0");
	HAS("Contact: <sip:u@203.0.113.1:5060>;expires=0");
	registered_in(5, 5060, NULL, NULL);
	ck_assert_uint_eq(calls_now().registered, 0);
	lab_wait(&lab, 40);
	ck_assert_uint_eq(calls_now().ports, 0);
}
END_TEST

/* A call that was sent to it just before is repeated for so long. */
START_TEST(one_that_was_taken_back_is_reached_for_a_while)
{
	struct says invite = {.first = "INVITE sip:u@203.0.113.1:5060 SIP/2.0", .method = "INVITE", .call = 7,
			      .contact = "198.51.100.1:5060"};

	masquerade();
	register_out(5, 5060, "10.0.0.5:5060", ";expires=600");
	registered_in(5, 5060, "203.0.113.1:5060", ";expires=600");
	register_out(5, 5060, "10.0.0.5:5060", ";expires=0");
	registered_in(5, 5060, NULL, NULL);
	lab_wait(&lab, 28);
	sip_in(PROXY, 5070, FACE, 5060, &invite);
	HAS("INVITE sip:u@10.0.0.5:5060 SIP/2.0");
	sip_in(PEER(9), 5060, FACE, 5060, &invite);
	IS(lab.out.reason, TO_ROUTER);
	lab_wait(&lab, 8);
	sip_in(PROXY, 5071, FACE, 5060, &invite);
	IS(lab.out.reason, TO_ROUTER);
}
END_TEST

START_TEST(a_phone_that_sends_from_another_port_is_reached_on_its_own)
{
	struct pkt p;

	masquerade();
	register_out(5, 51000, "10.0.0.5:5060", ";expires=600");
	HAS("Via: SIP/2.0/UDP 203.0.113.1:5060;");
	HAS("Contact: <sip:u@203.0.113.1:5060>");
	/* The answer comes to what Via says. */
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "REGISTER", .call = 105, .to = "r", .via = "203.0.113.1:5060",
			  .contact = "203.0.113.1:5060", .more = ";expires=600"};
	p = sip_in(PROXY, 5060, FACE, 5060, &ok);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(dport_of(&p), 5060);
	HAS("Contact: <sip:u@10.0.0.5:5060>;expires=600");
	HAS("Via: SIP/2.0/UDP 10.0.0.5:5060;");
	ck_assert_uint_eq(calls_now().registered, 1);
}
END_TEST

START_TEST(a_subscription_is_reached_while_it_lasts)
{
	struct pkt p;

	masquerade();
	struct says subscribe = {.first = "SUBSCRIBE sip:b@example.com SIP/2.0", .method = "SUBSCRIBE", .call = 3,
				 .via = "10.0.0.5:5060", .contact = "10.0.0.5:5090", .more = "Expires: 600\r\n"};
	sip_out(HOST(5), 5060, PROXY, 5060, &subscribe);
	HAS("Contact: <sip:u@203.0.113.1:5090>");
	ck_assert_uint_eq(calls_now().ports, 1);
	lab_wait(&lab, 550);
	struct says notify = {.first = "NOTIFY sip:u@203.0.113.1:5090 SIP/2.0", .method = "NOTIFY", .call = 3, .from = "t",
			      .to = "f"};
	p = sip_in(PROXY, 5060, FACE, 5090, &notify);
	HAS("NOTIFY sip:u@10.0.0.5:5090 SIP/2.0");
	ck_assert_uint_eq(dport_of(&p), 5090);
	lab_wait(&lab, 100);
	ck_assert_uint_eq(calls_now().ports, 0);
	/* Neither a call nor a registration. */
	ck_assert_uint_eq(calls_now().calls, 0);
}
END_TEST

START_TEST(a_request_that_stands_alone_makes_nothing)
{
	masquerade();
	struct says options = {.first = "OPTIONS sip:b@example.com SIP/2.0", .method = "OPTIONS", .call = 3,
			       .via = "10.0.0.5:5060", .contact = "10.0.0.5:5060"};
	sip_out(HOST(5), 5060, PROXY, 5060, &options);
	HAS("Contact: <sip:u@203.0.113.1:5060>");
	HAS("Via: SIP/2.0/UDP 203.0.113.1:5060;");
	ck_assert_uint_eq(calls_now().ports, 0);
	ck_assert_uint_eq(calls_now().registering, 0);
}
END_TEST

/* ---- who is left alone */

START_TEST(a_phone_that_shows_its_global_address_is_left_alone)
{
	struct pkt p;
	struct call_cursor cursor = {0};
	struct call_row row;

	masquerade();
	IS(rtp_out(5, 4000, 8, 3478, &p), TRANSLATED_NEW);
	struct says invite = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 1,
			      .via = "203.0.113.1:5060", .contact = "203.0.113.1:5060", .sdp = sdp_of("203.0.113.1", AUDIO)};
	char before[sizeof(got)];
	snprintf(before, sizeof(before), "%s", sip_text(&invite));
	sip_out(HOST(5), 5060, PROXY, 5060, &invite);
	ck_assert_str_eq(got, before);
	ck_assert_uint_eq(engine_calls(lab.engine, lab.now, &cursor, &row, 1), 1);
	ck_assert(row.aware);
	/* Its port is let in all the same. */
	answer_in(1, "SIP/2.0 200 OK", "t");
	IS(rtp_in(2, 6000, FACE, 4000, &p), TRANSLATED_NEW);
}
END_TEST

/* It has no port of its own there: its media's are those of the address. */
START_TEST(so_is_one_with_an_address_of_a_pool)
{
	struct pkt p;

	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "P", POOL(10), POOL(11)), 0, false);
	ck_assert(lab_commit(&lab));
	IS(rtp_out(5, 4000, 8, 3478, &p), TRANSLATED_NEW);
	const ip4 global = src_of(&p);
	char shown[IP4_TEXT_SIZE], via[IP4_TEXT_SIZE + 8], before[sizeof(got)];
	snprintf(via, sizeof(via), "%s:5060", ip4_text(global, shown));
	struct says invite = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 1,
			      .via = via, .contact = via, .sdp = sdp_of(shown, AUDIO)};
	snprintf(before, sizeof(before), "%s", sip_text(&invite));
	sip_out(HOST(5), 5060, PROXY, 5060, &invite);
	ck_assert_str_eq(got, before);
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .to = "t", .via = via,
			  .contact = "198.51.100.2:5060", .sdp = sdp_of("198.51.100.2", "m=audio 6000 RTP/AVP 0\r\n")};
	sip_in(PROXY, 5060, global, 5060, &ok);
	IS(rtp_in(2, 6000, global, 4000, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_ne(rtp_in(3, 6000, global, 4000, &p), REASON_TRANSLATED_NEW);
}
END_TEST

START_TEST(what_it_wrote_comes_back_as_it_wrote_it)
{
	masquerade();
	struct says ask = {.first = "REGISTER sip:example.com SIP/2.0", .method = "REGISTER", .call = 1,
			   .via = "203.0.113.1:5060", .contact = "203.0.113.1:5060", .more = ";expires=600"};
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "REGISTER", .call = 1, .to = "r", .via = "203.0.113.1:5060",
			  .contact = "203.0.113.1:5060", .more = ";expires=600"};
	char before[sizeof(got)];

	sip_out(HOST(5), 5060, PROXY, 5060, &ask);
	snprintf(before, sizeof(before), "%s", sip_text(&ok));
	sip_in(PROXY, 5060, FACE, 5060, &ok);
	ck_assert_str_eq(got, before);
	/* Its contact alone: then the names are local again. */
	ask.via = "10.0.0.5:5060";
	sip_out(HOST(5), 5060, PROXY, 5060, &ask);
	HAS("Via: SIP/2.0/UDP 203.0.113.1:5060;");
	sip_in(PROXY, 5060, FACE, 5060, &ok);
	HAS("Via: SIP/2.0/UDP 10.0.0.5:5060;");
	HAS("Contact: <sip:u@203.0.113.1:5060>");
	/* And when it shows neither, all is as ever. */
	ask.contact = "10.0.0.5:5060";
	sip_out(HOST(5), 5060, PROXY, 5060, &ask);
	HAS("Contact: <sip:u@203.0.113.1:5060>");
	sip_in(PROXY, 5060, FACE, 5060, &ok);
	HAS("Contact: <sip:u@10.0.0.5:5060>");
}
END_TEST

START_TEST(another_host_is_not_announced_unless_it_is_known)
{
	masquerade();
	struct says invite = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 1,
			      .via = "10.0.0.5:5060", .contact = "10.0.0.5:5060", .sdp = sdp_of("10.0.0.6", AUDIO)};
	sip_out(HOST(5), 5060, PROXY, 5060, &invite);
	HAS("c=IN IP4 10.0.0.6");
	HAS("Contact: <sip:u@203.0.113.1:5060>");
	ck_assert_uint_eq(calls_now().third_party, 2);
	register_out(6, 5060, "10.0.0.6:5060", ";expires=600");
	invite.call = 2;
	invite.sdp = sdp_of("10.0.0.6", AUDIO);
	sip_out(HOST(5), 5060, PROXY, 5060, &invite);
	HAS("c=IN IP4 203.0.113.1");
}
END_TEST

START_TEST(a_proxy_inside_announces_its_phones)
{
	struct pkt p;

	lab_static(&lab, 1, 0, HOST(9), 0, POOL(9), 0);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	/* A phone that nobody outside has heard of answers through it. */
	struct says invite = {.first = "INVITE sip:u@203.0.113.9 SIP/2.0", .method = "INVITE", .call = 1,
			      .via = "198.51.100.1:5060", .contact = "198.51.100.1:5060",
			      .sdp = sdp_of("198.51.100.2", "m=audio 6000 RTP/AVP 0\r\n")};
	sip_in(PROXY, 5060, POOL(9), 5060, &invite);
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .to = "t", .via = "198.51.100.1:5060",
			  .contact = "10.0.0.5:5060", .sdp = sdp_of("10.0.0.5", AUDIO)};
	sip_out(HOST(9), 5060, PROXY, 5060, &ok);
	HAS_NOT("10.0.0.5");
	HAS("Contact: <sip:u@203.0.113.1:5060>");
	HAS("c=IN IP4 203.0.113.1");
	HAS("m=audio 4000");
	HAS_NOT("a=rtcp");
	IS(rtp_in(2, 6000, FACE, 4000, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	IS(rtp_out(5, 4001, 2, 6001, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&p), FACE);
	ck_assert_uint_eq(sport_of(&p), 4001);
	/* It is called back where its contact says. */
	struct says bye = {.first = "BYE sip:u@203.0.113.1:5060 SIP/2.0", .method = "BYE", .call = 1, .from = "f", .to = "t"};
	p = sip_in(PROXY, 5060, FACE, 5060, &bye);
	HAS("BYE sip:u@10.0.0.5:5060 SIP/2.0");
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(calls_now().over, 1);
}
END_TEST

START_TEST(nobody_registers_for_another_host)
{
	masquerade();
	register_out(5, 5060, "10.0.0.6:5060", ";expires=600");
	HAS("Contact: <sip:u@10.0.0.6:5060>");
	ck_assert_uint_eq(calls_now().third_party, 1);
	ck_assert_uint_eq(calls_now().ports, 0);
}
END_TEST

/* ---- both inside */

START_TEST(two_phones_inside_are_told_each_others_own_address)
{
	struct pkt p;

	masquerade();
	register_out(6, 5060, "10.0.0.6:5060", ";expires=600");
	HAS("Contact: <sip:u@203.0.113.1:5060>");
	invite_out(1, AUDIO);
	HAS_NOT("Contact: <sip:u@203.0.113.1:5060>");
	HAS("m=audio 4000");
	/* The proxy sends it on to the other. */
	struct says invite = {.first = "INVITE sip:u@203.0.113.1:5060 SIP/2.0", .method = "INVITE", .call = 1,
			      .sdp = sdp_of("203.0.113.1", AUDIO)};
	sip_in(PROXY, 5060, FACE, 5060, &invite);
	HAS("c=IN IP4 10.0.0.5");
	HAS("m=audio 4000");
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .to = "t",
			  .contact = "10.0.0.6:5060", .sdp = sdp_of("10.0.0.6", AUDIO)};
	sip_out(HOST(6), 5060, PROXY, 5060, &ok);
	HAS("c=IN IP4 203.0.113.1");
	HAS_NOT("m=audio 4000");
	ck_assert_uint_eq(calls_now().up, 1);
	/* And if they use the global ones, that works, too. */
	struct call_medium_row rows[CALL_PORTS_MAX];
	uint32_t n = media_rows(rows);
	ck_assert_uint_eq(n, 4);
	struct endpoint a = rows[0].il.addr == HOST(5) ? rows[0].ig : rows[1].ig;
	struct endpoint b = rows[0].il.addr == HOST(5) ? rows[1].ig : rows[0].ig;
	p = pkt_udp(HOST(6), 4000, a.addr, a.port);
	IS(lab_turn(&lab, &p), HAIRPIN);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(src_of(&p), FACE);
	ck_assert_uint_eq(sport_of(&p), b.port);
}
END_TEST

/* ---- limits, room, configuration */

START_TEST(a_flood_costs_its_sender_only)
{
	masquerade();
	call_up(1);
	struct says mine = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 2, .via = "10.0.0.6:5060",
			    .contact = "10.0.0.6:5060", .sdp = sdp_of("10.0.0.6", AUDIO)};
	sip_out(HOST(6), 5060, PROXY, 5060, &mine);
	for (int i = 10; i < 4000; i++)
		invite_out(i, AUDIO);
	ck_assert_uint_eq(calls_now().begun, CALL_SOURCE_UNANSWERED + 1);
	ck_assert_uint_eq(calls_now().up, 1);
	ck_assert_uint_gt(calls_now().evicted, 2000);
	struct says found = {.first = "SIP/2.0 180 Ringing", .method = "INVITE", .call = 2, .to = "t"};
	sip_in(PROXY, 5060, FACE, 5060, &found);
	lab_wait(&lab, 400);
	ck_assert_uint_eq(calls_now().up, 1);
}
END_TEST

START_TEST(without_a_port_the_message_does_not_go_on)
{
	struct pkt p;

	masquerade();
	invite_out(1, AUDIO);
	/* All that is left is taken. */
	for (uint32_t port = 1024; port < 65536; port++)
		port_take_exact(lab.engine->ports, 0, P_UDP, (struct endpoint){FACE, (uint16_t)port});
	invite_out(2, "m=audio 4002 RTP/AVP 0\r\n");
	IS(lab.out.reason, ALG_REFUSED);
	ck_assert_uint_eq(calls_now().ports, 3);
	ck_assert_uint_eq(calls_now().begun, 1);
	/* What has a port already goes on. */
	invite_out(1, AUDIO);
	HAS("m=audio 4000");
	answer_in(1, "SIP/2.0 200 OK", "t");
	IS(rtp_in(2, 6000, FACE, 4000, &p), TRANSLATED_NEW);
}
END_TEST

START_TEST(switched_off_calls_are_forgotten_and_media_go_on)
{
	struct pkt p;

	masquerade();
	call_up(1);
	IS(rtp_out(5, 4000, 2, 6000, &p), TRANSLATED_NEW);
	lab_conf(&lab, 2);
	lab_masquerade(&lab);
	lab.conf->n_services = 0;
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(calls_now().up + calls_now().ports, 0);
	IS(rtp_in(2, 6000, FACE, 4000, &p), TRANSLATED);
	IS(rtp_in(2, 6001, FACE, 4001, &p), TO_ROUTER);
	invite_out(1, AUDIO);
	HAS("c=IN IP4 10.0.0.5");
}
END_TEST

START_TEST(where_the_rule_is_gone_nobody_comes_in)
{
	struct pkt p;
	uint64_t gone = 100;
	struct swap swap = {.n_kill = 1, .kill = &gone};

	masquerade();
	call_up(1);
	lab_conf(&lab, 2);
	ck_assert(lab_swap(&lab, &swap));
	IS(rtp_in(2, 6000, FACE, 4000, &p), TO_ROUTER);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("SIP hosts through the engine");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 300);
	tcase_add_test(t, a_registered_phone_is_reached_for_the_granted_time);
	tcase_add_test(t, it_is_not_reached_when_it_is_over);
	tcase_add_test(t, expires_0_removes);
	tcase_add_test(t, one_that_was_taken_back_is_reached_for_a_while);
	tcase_add_test(t, a_phone_that_sends_from_another_port_is_reached_on_its_own);
	tcase_add_test(t, a_subscription_is_reached_while_it_lasts);
	tcase_add_test(t, a_request_that_stands_alone_makes_nothing);
	tcase_add_test(t, a_phone_that_shows_its_global_address_is_left_alone);
	tcase_add_test(t, so_is_one_with_an_address_of_a_pool);
	tcase_add_test(t, what_it_wrote_comes_back_as_it_wrote_it);
	tcase_add_test(t, another_host_is_not_announced_unless_it_is_known);
	tcase_add_test(t, a_proxy_inside_announces_its_phones);
	tcase_add_test(t, nobody_registers_for_another_host);
	tcase_add_test(t, two_phones_inside_are_told_each_others_own_address);
	tcase_add_test(t, a_flood_costs_its_sender_only);
	tcase_add_test(t, without_a_port_the_message_does_not_go_on);
	tcase_add_test(t, switched_off_calls_are_forgotten_and_media_go_on);
	tcase_add_test(t, where_the_rule_is_gone_nobody_comes_in);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_main(suite());
}
