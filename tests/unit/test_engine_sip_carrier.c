/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What carriers, exchanges and their phones do beside ordinary calls: queues before the answer, several proxies, offers in
 * responses, registrars of all sorts. */
#include "phonelab.h"
#include "suite.h"

#define THERE "m=audio 6000 RTP/AVP 0\r\n"

static bool comes_in(int peer, uint16_t port)
{
	struct pkt p;
	enum reason reason = rtp_in(peer, 6000, FACE, port, &p);

	return reason == REASON_TRANSLATED || reason == REASON_TRANSLATED_NEW;
}

static bool reads_in(int peer, uint16_t from, const char *method, int call)
{
	char first[80], inside[80];
	struct says says = {.first = first, .method = method, .call = call, .cseq = 77, .from = "t", .to = "f"};

	snprintf(first, sizeof(first), "%s sip:u@203.0.113.1:5060 SIP/2.0", method);
	snprintf(inside, sizeof(inside), "%s sip:u@10.0.0.5:5060 SIP/2.0", method);
	sip_in(PEER(peer), from, FACE, 5060, &says);
	return strstr(got, inside) != NULL;
}

/* ---- before the answer */

/* A queue that plays for as long as it likes, and answers when somebody has time. */
START_TEST(early_media_for_ten_minutes)
{
	struct pkt p;

	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .media = THERE);
	for (int i = 0; i < 120; i++) {
		lab_wait(&lab, 5);
		ck_assert(comes_in(2, 4000));
		rtp_out(5, 4000, 2, 6000, &p);
	}
	ck_assert_uint_eq(calls_now().begun, 1);
	SAY_IN(.method = "INVITE", .status = "200 OK", .media = THERE);
	ck_assert_uint_eq(calls_now().up, 1);
	ck_assert(comes_in(2, 4000) && comes_in(2, 4001));
}
END_TEST

/* And when it falls silent, it is forgotten. */
START_TEST(a_queue_that_hangs_is_given_up)
{
	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .media = THERE);
	lab_wait(&lab, 170);
	ck_assert(comes_in(2, 4000));
	lab_wait(&lab, 170);
	ck_assert_uint_eq(calls_now().begun, 1);
	lab_wait(&lab, 20);
	ck_assert_uint_eq(calls_now().begun, 0);
	ck_assert_uint_eq(calls_now().ports, 0);
}
END_TEST

/* ---- several proxies */

/* The first one hands on and stays in the way no longer: its core is reached by Record-Route alone. */
START_TEST(a_core_behind_an_edge_calls)
{
	static const char *const route = "Record-Route: <sip:198.51.100.40:5080;lr>, <sip:198.51.100.41;lr>\r\n";

	masquerade();
	struct says ask = {.first = "REGISTER sip:example.com SIP/2.0", .method = "REGISTER", .call = 9, .via = "10.0.0.5:5060",
			   .contact = "10.0.0.5:5060", .more = ";expires=600"};
	struct says granted = {.first = "SIP/2.0 200 OK", .method = "REGISTER", .call = 9, .to = "r", .via = "203.0.113.1:5060",
			       .contact = "203.0.113.1:5060", .more = ";expires=600"};
	sip_out(HOST(5), 5060, PROXY, 5060, &ask);
	sip_in(PROXY, 5060, FACE, 5060, &granted);
	SAY_IN(.method = "INVITE", .theirs = true, .contact = "198.51.100.42:5060", .media = THERE, .more = route);
	SAY_OUT(.method = "INVITE", .status = "200 OK", .theirs = true, .media = AUDIO, .more = route);
	ck_assert(reads_in(40, 5080, "ACK", 1));
	lab_wait(&lab, 400);
	/* What the phone says to it is read, too. */
	struct says bye = {.first = "BYE sip:u@198.51.100.42 SIP/2.0", .method = "BYE", .call = 1, .from = "f", .to = "t",
			   .via = "10.0.0.5:5060"};
	sip_out(HOST(5), 5060, PEER(40), 5080, &bye);
	HAS("Via: SIP/2.0/UDP 203.0.113.1:5060;");
	ck_assert_uint_eq(calls_now().over, 1);
	/* Not the one behind it. */
	ck_assert(!reads_in(41, 5060, "BYE", 1));
}
END_TEST

START_TEST(a_core_behind_an_edge_is_called)
{
	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "200 OK", .contact = "198.51.100.42:5060", .media = THERE,
	       .more = "Record-Route: <sip:198.51.100.41;lr>\r\nRecord-Route: <sip:198.51.100.40:5080;lr>\r\n");
	struct says ack = {.first = "ACK sip:u@198.51.100.42 SIP/2.0", .method = "ACK", .call = 1, .to = "t",
			   .via = "10.0.0.5:5060"};
	sip_out(HOST(5), 5060, PEER(40), 5080, &ack);
	HAS("Via: SIP/2.0/UDP 203.0.113.1:5060;");
	ck_assert(!reads_in(41, 5060, "BYE", 1));
	ck_assert(reads_in(40, 5080, "BYE", 1));
	ck_assert_uint_eq(calls_now().over, 1);
}
END_TEST

/* ---- registrars */

static void register_out(const char *contacts, const char *more)
{
	char all[600];
	struct says ask = {.first = "REGISTER sip:example.com SIP/2.0", .method = "REGISTER", .call = 9, .via = "10.0.0.5:5060",
			   .more = all};

	snprintf(all, sizeof(all), "%s%s", contacts, more);
	sip_out(HOST(5), 5060, PROXY, 5060, &ask);
}

static void registered_in(const char *more)
{
	struct says granted = {.first = "SIP/2.0 200 OK", .method = "REGISTER", .call = 9, .to = "r", .via = "203.0.113.1:5060",
			       .more = more};

	sip_in(PROXY, 5060, FACE, 5060, &granted);
}

/* It lists no contact, or one as it would rather see it: what was asked for counts, if no less is said. */
START_TEST(a_registrar_that_does_not_list_the_contact)
{
	static const char *const answers[] = {"Expires: 1200\r\n", "Contact: <sip:u@192.0.2.77:5060>;expires=1200\r\n"};

	masquerade();
	register_out("Contact: <sip:u@10.0.0.5:5060>\r\n", "Expires: 3600\r\n");
	registered_in(answers[_i]);
	ck_assert_uint_eq(calls_now().registered, 1);
	lab_wait(&lab, 1100);
	ck_assert(reads_in(1, 5070, "OPTIONS", 20));
	lab_wait(&lab, 110);
	ck_assert_uint_eq(calls_now().registered, 0);
}
END_TEST

/* Another device's contact is all that is left: ours is not registered. */
START_TEST(taken_back_while_others_stay)
{
	masquerade();
	register_out("Contact: <sip:u@10.0.0.5:5060>\r\n", "Expires: 3600\r\n");
	registered_in("Contact: <sip:u@203.0.113.1:5060>;expires=3600, <sip:u@192.0.2.77:5060>;expires=1200\r\n");
	ck_assert_uint_eq(calls_now().registered, 1);
	register_out("Contact: <sip:u@10.0.0.5:5060>;expires=0\r\n", "");
	registered_in("Contact: <sip:u@192.0.2.77:5060>;expires=1200\r\nExpires: 1200\r\n");
	ck_assert_uint_eq(calls_now().registered, 0);
	/* All of them, by a star. */
	register_out("Contact: <sip:u@10.0.0.5:5060>\r\n", "Expires: 3600\r\n");
	registered_in("Contact: <sip:u@203.0.113.1:5060>;expires=3600\r\n");
	ck_assert_uint_eq(calls_now().registered, 1);
	register_out("Contact: *\r\n", "Expires: 0\r\n");
	HAS("Contact: *\r\n");
	registered_in("");
	ck_assert_uint_eq(calls_now().registered, 0);
	lab_wait(&lab, 40);
	ck_assert_uint_eq(calls_now().ports, 0);
}
END_TEST

/* Contacts with instance, flow and names that go with them (RFC 5626, RFC 5627), and one more of the same phone. */
START_TEST(contacts_with_names_of_their_own)
{
	masquerade();
	register_out("Contact: <sip:u@10.0.0.5:5060;transport=udp;ob>;reg-id=1;+sip.instance=\"<urn:uuid:1,2>\";expires=600,\r\n"
		     " \"a <b>, c\" <sip:u@10.0.0.5:5070>;q=0.1;expires=600\r\n",
		     "Supported: path, outbound, gruu\r\nPath: <sip:10.0.0.5:5060;lr;ob>\r\n");
	HAS("Contact: <sip:u@203.0.113.1:5060;transport=udp;ob>;reg-id=1;+sip.instance=\"<urn:uuid:1,2>\";expires=600,\r\n"
	    " \"a <b>, c\" <sip:u@203.0.113.1:5070>;q=0.1;expires=600\r\n");
	HAS("Path: <sip:203.0.113.1:5060;lr;ob>\r\n");
	registered_in("Contact: <sip:u@203.0.113.1:5060;transport=udp;ob>;reg-id=1;+sip.instance=\"<urn:uuid:1,2>\";"
		      "pub-gruu=\"sip:u@example.com;gr=urn:uuid:1,2\";temp-gruu=\"sip:x,y@example.com;gr\";expires=300\r\n"
		      "Contact: <sip:u@203.0.113.1:5070>;q=0.1;expires=600\r\nService-Route: <sip:198.51.100.40;lr>\r\n"
		      "Path: <sip:203.0.113.1:5060;lr;ob>\r\n");
	HAS("Contact: <sip:u@10.0.0.5:5060;transport=udp;ob>;reg-id=1;+sip.instance=\"<urn:uuid:1,2>\";"
	    "pub-gruu=\"sip:u@example.com;gr=urn:uuid:1,2\";temp-gruu=\"sip:x,y@example.com;gr\";expires=300\r\n"
	    "Contact: <sip:u@10.0.0.5:5070>;q=0.1;expires=600\r\nService-Route: <sip:198.51.100.40;lr>\r\n"
	    "Path: <sip:10.0.0.5:5060;lr;ob>\r\n");
	lab_wait(&lab, 590);
	struct says options = {.first = "OPTIONS sip:u@203.0.113.1:5070 SIP/2.0", .method = "OPTIONS", .call = 20};
	sip_in(PROXY, 5066, FACE, 5070, &options);
	HAS("OPTIONS sip:u@10.0.0.5:5070 SIP/2.0");
}
END_TEST

/* ---- what is not a call */

/* Without Expires it lasts as long as its kind of event does. */
START_TEST(a_subscription_that_does_not_say_how_long)
{
	masquerade();
	struct says subscribe = {.first = "SUBSCRIBE sip:b@example.com SIP/2.0", .method = "SUBSCRIBE", .call = 3,
				 .via = "10.0.0.5:5060", .contact = "10.0.0.5:5060", .more = "Event: dialog\r\n"};
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "SUBSCRIBE", .call = 3, .to = "t", .via = "203.0.113.1:5060",
			  .contact = "198.51.100.1:5060", .more = "Expires: 1800\r\n"};
	sip_out(HOST(5), 5060, PROXY, 5060, &subscribe);
	sip_in(PROXY, 5060, FACE, 5060, &ok);
	lab_wait(&lab, 1700);
	ck_assert(reads_in(1, 5060, "NOTIFY", 3));
	SAY_OUT(.call = 3, .method = "NOTIFY", .status = "200 OK", .theirs = true, .cseq = 77);
	ck_assert_uint_eq(calls_now().calls, 0);
}
END_TEST

/* The subscriber is outside; the exchange inside tells it of calls and messages, and gives the body as it is. */
START_TEST(an_exchange_inside_notifies)
{
	lab_static(&lab, 1, P_UDP, HOST(5), 5060, FACE, 5060);
	ck_assert(lab_commit(&lab));
	struct says subscribe = {.first = "SUBSCRIBE sip:b@203.0.113.1 SIP/2.0", .method = "SUBSCRIBE", .call = 3,
				 .via = "198.51.100.1:5060", .contact = "198.51.100.1:5060",
				 .more = "Event: message-summary\r\nExpires: 600\r\n"};
	sip_in(PROXY, 5060, FACE, 5060, &subscribe);
	HAS("SUBSCRIBE sip:b@10.0.0.5 SIP/2.0");
	SAY_OUT(.call = 3, .method = "SUBSCRIBE", .status = "200 OK", .theirs = true, .more = "Expires: 600\r\n");
	HAS("Contact: <sip:u@203.0.113.1:5060>");
	struct says notify = {.first = "NOTIFY sip:u@198.51.100.1:5060 SIP/2.0", .method = "NOTIFY", .call = 3, .from = "t",
			      .to = "f", .via = "10.0.0.5:5060", .contact = "10.0.0.5:5060",
			      .more = "Event: message-summary\r\nSubscription-State: active;expires=600\r\n"
				      "Content-Type: application/simple-message-summary\r\nX-Here: 10.0.0.5\r\n"};
	sip_out(HOST(5), 5060, PROXY, 5060, &notify);
	HAS("Contact: <sip:u@203.0.113.1:5060>");
	HAS("Subscription-State: active;expires=600\r\n");
	ck_assert_uint_eq(calls_now().calls, 0);
}
END_TEST

/* ---- within calls */

/* Held and resumed by offers that the other side makes in its answers, as exchanges do. */
START_TEST(late_offers_within_the_call)
{
	struct call_medium_row rows[CALL_PORTS_MAX];

	masquerade();
	call_up(1);
	for (unsigned i = 0; i < 6; i++) {
		bool held = i % 2 == 0;

		SAY_OUT(.method = "INVITE", .cseq = 2 + i);
		SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 2 + i, .media = THERE);
		SAY_OUT(.method = "ACK", .cseq = 2 + i, .media = held ? AUDIO "a=inactive\r\n" : AUDIO);
		HAS("m=audio 4000");
		ck_assert_uint_eq(media_rows(rows), 2);
		ck_assert(rows[0].held == held);
		lab_wait(&lab, 40);
		ck_assert(comes_in(2, 4000) && comes_in(2, 4001));
	}
	ck_assert_uint_eq(calls_now().up, 1);
}
END_TEST

/* What was asked without credentials is asked again with them, under another number; the refusal is repeated because its ACK got
 * lost, and the phone that is called rings for long. */
START_TEST(a_repeated_challenge_does_not_end_the_call)
{
	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "407 Proxy Authentication Required", .cseq = 1, .contact = "198.51.100.1:5060");
	SAY_OUT(.method = "INVITE", .cseq = 2, .tag = "", .media = AUDIO,
		.more = "Proxy-Authorization: Digest username=\"a\", realm=\"r\", uri=\"sip:10.0.0.5\", response=\"0\"\r\n");
	HAS("uri=\"sip:10.0.0.5\"");
	SAY_IN(.method = "INVITE", .status = "100 Trying", .cseq = 2);
	SAY_IN(.method = "INVITE", .status = "407 Proxy Authentication Required", .cseq = 1);
	ck_assert_uint_eq(calls_now().begun, 1);
	lab_wait(&lab, 60);
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 2, .media = THERE);
	ck_assert_uint_eq(calls_now().up, 1);
	lab_wait(&lab, 60);
	ck_assert(comes_in(2, 4000) && comes_in(2, 4001));
}
END_TEST

/* As some write it: names where addresses could be, lines in another order, empty ones at the end, lines nobody knows. */
START_TEST(descriptions_that_are_odd)
{
	struct says says = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 1, .via = "10.0.0.5:5060",
			    .contact = "10.0.0.5:5060",
			    .sdp = "v=0\r\no=Cisco-SIPUA 1 0 IN IP4 pbx.example.com\r\ns= \r\nb=AS:80\r\nc=IN IP4 10.0.0.5 \r\n"
				   "t=0 0\r\nX=?\r\nm=audio 4000 RTP/AVP 0 101\r\nb=TIAS:64000\r\nc=IN IP4 10.0.0.5\r\n"
				   "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n\r\n\r\n"};

	masquerade();
	sip_out(HOST(5), 5060, PROXY, 5060, &says);
	HAS("o=Cisco-SIPUA 1 0 IN IP4 pbx.example.com\r\n");
	HAS_NOT("10.0.0.5");
	HAS("m=audio 4000");
	ck_assert(comes_in(1, 4000));
}
END_TEST

/* RTCP is offered on the port of the medium, and the answer does not know of that: it comes on the next one, as ever (RFC 5761
 * 5.1.1). All media on one port. */
START_TEST(one_port_for_all_is_declined)
{
	struct call_medium_row rows[CALL_PORTS_MAX];
	struct pkt p;
	uint16_t port;

	masquerade();
	/* The ports that it would like are another host's. */
	for (uint16_t taken = 4000; taken < 4002; taken++)
		IS(rtp_out(6, taken, 9, 9, &p), TRANSLATED_NEW);
	invite_out(1, "m=audio 4000 RTP/AVP 0\r\na=rtcp-mux\r\nm=video 4000 RTP/AVP 96\r\na=rtcp-mux\r\n");
	port = (uint16_t)atoi(strstr(got, "m=audio ") + 8);
	ck_assert_uint_ne(port, 4000);
	ck_assert_uint_eq(atoi(strstr(got, "m=video ") + 8), port);
	HAS_NOT("a=rtcp:");
	SAY_IN(.method = "INVITE", .status = "200 OK", .media = THERE "m=video 0 RTP/AVP 96\r\n");
	ck_assert(comes_in(2, port));
	ck_assert_uint_ge(media_rows(rows), 2);
	ck_assert(!rows[0].spare && rows[1].spare);
	IS(rtp_in(2, 6001, FACE, port + 1, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(dport_of(&p), 4001);
}
END_TEST

/* The other side has no camera: the ports for that go, and shows do not wait for a picture. Later it finds one. */
START_TEST(a_picture_is_declined)
{
	static const char both[] = "m=audio 4000 RTP/AVP 0\r\nm=video 4010 RTP/AVP 96\r\n";
	struct call_medium_row rows[CALL_PORTS_MAX];

	masquerade();
	invite_out(1, both);
	SAY_IN(.method = "INVITE", .status = "183 Session Progress", .media = THERE "m=video 0 RTP/AVP 96\r\n");
	ck_assert(media_rows(rows) == 4 && !rows[2].closing);
	SAY_IN(.method = "INVITE", .status = "200 OK", .media = THERE "m=video 0 RTP/AVP 96\r\n");
	ck_assert_uint_eq(media_rows(rows), 4);
	ck_assert(!rows[0].closing && !rows[1].closing && rows[2].closing && rows[3].closing);
	lab_wait(&lab, 34);
	ck_assert_uint_eq(media_rows(rows), 2);
	ck_assert(comes_in(2, 4000) && !comes_in(1, 4010));
	SAY_OUT(.method = "INVITE", .cseq = 2, .media = both);
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 2, .media = THERE "m=video 6010 RTP/AVP 96\r\n");
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4000) && comes_in(2, 4010));
	SAY_OUT(.method = "INVITE", .cseq = 3, .media = both);
	SAY_IN(.method = "INVITE", .status = "200 OK", .cseq = 3, .media = THERE "m=video 0 RTP/AVP 96\r\n");
	lab_wait(&lab, 34);
	ck_assert(comes_in(2, 4000) && !comes_in(2, 4010));
	ck_assert_uint_eq(media_rows(rows), 2);
	/* Of two that answer one has a camera: they stay. */
	invite_out(2, both);
	SAY_IN(.call = 2, .method = "INVITE", .status = "200 OK", .media = THERE "m=video 6010 RTP/AVP 96\r\n");
	SAY_IN(.call = 2, .method = "INVITE", .status = "200 OK", .tag = "other", .addr = "198.51.100.3",
	       .media = THERE "m=video 0 RTP/AVP 96\r\n");
	lab_wait(&lab, 34);
	ck_assert_uint_eq(calls_now().ports, 7);
}
END_TEST

/* TCP candidates that only connect say port 9 (RFC 6544 4.5). */
START_TEST(candidates_that_connect)
{
	masquerade();
	invite_out(1, AUDIO "a=candidate:1 1 UDP 9 10.0.0.5 4000 typ host\r\n"
			    "a=candidate:2 1 TCP 8 10.0.0.5 9 typ host tcptype active\r\n");
	HAS_NOT("10.0.0.5");
	HAS("a=candidate:2 1 TCP 8 203.0.113.1 9 typ host tcptype active\r\n");
}
END_TEST

/* ---- sent elsewhere */

/* By a redirection, and by a REFER: to a port that is not one of SIP's. */
START_TEST(sent_on_to_another_port)
{
	struct says invite = {.first = "INVITE sip:u@198.51.100.30:5080 SIP/2.0", .method = "INVITE", .call = 1, .cseq = 2,
			      .via = "10.0.0.5:5060", .contact = "10.0.0.5:5060", .sdp = sdp_of("10.0.0.5", AUDIO)};

	masquerade();
	invite_out(1, AUDIO);
	SAY_IN(.method = "INVITE", .status = "302 Moved Temporarily", .tag = "x", .contact = "198.51.100.30:5080");
	sip_out(HOST(5), 5060, PEER(30), 5080, &invite);
	HAS_NOT("10.0.0.5");
	HAS("m=audio 4000");
	call_up(2);
	SAY_IN(.call = 2, .method = "REFER", .theirs = true, .cseq = 7, .more = "Refer-To: <sip:u@198.51.100.31:5090>\r\n");
	invite.call = 3;
	sip_out(HOST(5), 5060, PEER(31), 5090, &invite);
	HAS_NOT("10.0.0.5");
	/* Where nobody sent it, it is not read. */
	sip_out(HOST(5), 5060, PEER(32), 5090, &invite);
	HAS("10.0.0.5");
}
END_TEST

/* Long after, what the phone says to the other one's own port is read, though a proxy was between them. */
START_TEST(a_request_long_after_to_an_unusual_port)
{
	masquerade();
	registers(5);
	SAY_IN(.method = "INVITE", .theirs = true, .contact = "198.51.100.42:7070", .media = THERE);
	SAY_OUT(.method = "INVITE", .status = "200 OK", .theirs = true, .media = AUDIO);
	ck_assert(reads_in(42, 49999, "ACK", 1));
	for (int i = 0; i < 20; i++) {
		lab_wait(&lab, 60);
		ck_assert(comes_in(2, 4000));
	}
	struct says again = {.first = "INVITE sip:u@198.51.100.42:7070 SIP/2.0", .method = "INVITE", .call = 1, .cseq = 5,
			     .from = "f", .to = "t", .via = "10.0.0.5:5060", .contact = "10.0.0.5:5060",
			     .sdp = sdp_of("10.0.0.5", AUDIO)};
	sip_out(HOST(5), 5060, PEER(42), 7070, &again);
	HAS_NOT("10.0.0.5");
	HAS("m=audio 4000");
}
END_TEST

/* A request without a contact is answered where its Via says, which is read though no such port is configured. */
START_TEST(an_answer_to_an_unusual_port)
{
	struct says options = {.first = "OPTIONS sip:b@203.0.113.1 SIP/2.0", .method = "OPTIONS", .call = 4,
			       .via = "198.51.100.1:5065"};
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "OPTIONS", .call = 4, .to = "t", .via = "198.51.100.1:5065",
			  .contact = "10.0.0.5:5060"};

	lab_static(&lab, 1, P_UDP, HOST(5), 5060, FACE, 5060);
	masquerade();
	/* Where nobody waits for it, it is not. */
	sip_out(HOST(5), 5060, PROXY, 5065, &ok);
	HAS("10.0.0.5");
	lab_wait(&lab, 400);
	sip_in(PROXY, 50591, FACE, 5060, &options);
	HAS("OPTIONS sip:b@10.0.0.5 SIP/2.0");
	sip_out(HOST(5), 5060, PROXY, 5065, &ok);
	HAS_NOT("10.0.0.5");
	HAS("Contact: <sip:u@203.0.113.1:5060>");
}
END_TEST

/* ---- both inside */

/* An exchange outside makes two calls of one, and lets media go from phone to phone. */
START_TEST(an_exchange_outside_between_two_inside)
{
	uint16_t other;
	struct pkt p;

	masquerade();
	other = registers(6);
	invite_out(1, AUDIO);
	HAS("c=IN IP4 203.0.113.1");
	struct says invite = {.first = "INVITE sip:u@203.0.113.1 SIP/2.0", .method = "INVITE", .call = 2, .from = "x",
			      .via = "198.51.100.1:5060", .contact = "198.51.100.1:5060", .sdp = sdp_of("203.0.113.1", AUDIO)};
	sip_in(PROXY, 5060, FACE, other, &invite);
	HAS("c=IN IP4 10.0.0.5");
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 2, .from = "x", .to = "y",
			  .via = "198.51.100.1:5060", .contact = "10.0.0.6:5060", .sdp = sdp_of("10.0.0.6", AUDIO)};
	sip_out(HOST(6), 5060, PROXY, 5060, &ok);
	const char *there = strstr(got, "m=audio ");
	unsigned port = (unsigned)atoi(there + 8);
	char media[60];
	snprintf(media, sizeof(media), "m=audio %u RTP/AVP 0\r\n", port);
	SAY_IN(.method = "INVITE", .status = "200 OK", .addr = "203.0.113.1", .media = media, .contact = "198.51.100.1:5060");
	HAS("c=IN IP4 10.0.0.6");
	HAS("m=audio 4000");
	ck_assert_uint_eq(calls_now().up, 2);
	/* Those that go by the router reach each other, too. */
	p = pkt_udp(HOST(5), 4000, FACE, (uint16_t)port);
	IS(lab_turn(&lab, &p), HAIRPIN);
	ck_assert_uint_eq(dst_of(&p), HOST(6));
}
END_TEST

/* One calls the other by its global address, with no server at all. */
START_TEST(one_inside_calls_the_other_by_its_global_address)
{
	struct says invite = {.first = "INVITE sip:u@203.0.113.1 SIP/2.0", .method = "INVITE", .call = 1, .via = "10.0.0.5:5060",
			      .contact = "10.0.0.5:5060", .sdp = sdp_of("10.0.0.5", AUDIO)};
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .to = "t", .via = "203.0.113.1:5060",
			  .contact = "10.0.0.6:5060"};
	char via[40];
	struct pkt p;
	char *at;

	lab_static(&lab, 1, P_UDP, HOST(6), 5060, FACE, 5060);
	masquerade();
	p = udp_text(HOST(5), 5060, FACE, 5060, sip_text(&invite));
	IS(lab_turn(&lab, &p), HAIRPIN);
	take(&p);
	ck_assert_uint_eq(dst_of(&p), HOST(6));
	HAS("INVITE sip:u@10.0.0.6 SIP/2.0");
	HAS("c=IN IP4 203.0.113.1");
	HAS_NOT("10.0.0.5");
	at = strstr(got, "Via: SIP/2.0/UDP ") + 17;
	snprintf(via, sizeof(via), "%.*s", (int)strcspn(at, ";"), at);
	ok.via = via;
	ok.sdp = sdp_of("10.0.0.6", AUDIO);
	uint16_t to = (uint16_t)sport_of(&p), media = (uint16_t)atoi(strstr(got, "m=audio ") + 8);
	p = udp_text(HOST(6), 5060, FACE, to, sip_text(&ok));
	IS(lab_turn(&lab, &p), HAIRPIN);
	take(&p);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	HAS("Via: SIP/2.0/UDP 10.0.0.5:5060;");
	HAS_NOT("10.0.0.6");
	ck_assert_uint_eq(calls_now().up, 1);
	p = pkt_udp(HOST(6), 4000, FACE, media);
	IS(lab_turn(&lab, &p), HAIRPIN);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("carriers");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 300);
	tcase_add_test(t, early_media_for_ten_minutes);
	tcase_add_test(t, a_queue_that_hangs_is_given_up);
	tcase_add_test(t, a_core_behind_an_edge_calls);
	tcase_add_test(t, a_core_behind_an_edge_is_called);
	tcase_add_loop_test(t, a_registrar_that_does_not_list_the_contact, 0, 2);
	tcase_add_test(t, taken_back_while_others_stay);
	tcase_add_test(t, contacts_with_names_of_their_own);
	tcase_add_test(t, a_subscription_that_does_not_say_how_long);
	tcase_add_test(t, an_exchange_inside_notifies);
	tcase_add_test(t, late_offers_within_the_call);
	tcase_add_test(t, a_repeated_challenge_does_not_end_the_call);
	tcase_add_test(t, descriptions_that_are_odd);
	tcase_add_test(t, one_port_for_all_is_declined);
	tcase_add_test(t, a_picture_is_declined);
	tcase_add_test(t, candidates_that_connect);
	tcase_add_test(t, sent_on_to_another_port);
	tcase_add_test(t, a_request_long_after_to_an_unusual_port);
	tcase_add_test(t, an_answer_to_an_unusual_port);
	tcase_add_test(t, an_exchange_outside_between_two_inside);
	tcase_add_test(t, one_inside_calls_the_other_by_its_global_address);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_main(suite());
}
