/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSRP sessions through the engine: each end reads in To-Path what it wrote in its description, whoever connects. */
#include "phonetcp.h"
#include "suite.h"

#define PHONE  "msrp://10.0.0.5:4000/phone;tcp"
#define OTHER_PLACE "198.51.100.2"
#define THERE  "msrp://198.51.100.2:7000/other;tcp"
#define MEDIUM "m=message 4000 TCP/MSRP *\r\na=path:" PHONE "\r\n"
#define THEIRS "m=message 7000 TCP/MSRP *\r\na=path:" THERE "\r\n"

static char told[64]; /* the phone's URI, as the other side reads it */

/* The phone's port outside is somebody else's already. */
static void take_port(void)
{
	struct pkt p = pkt_tcp(HOST(6), 4000, PEER(9), 80, F_SYN);

	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(sport_of(&p), 4000);
}

/* From the description that has just left. */
static uint16_t read_told(void)
{
	const char *at = strstr(got, "a=path:");
	unsigned port = 0;

	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(sscanf(at, "a=path:msrp://203.0.113.%*u:%u/", &port), 1);
	snprintf(told, sizeof(told), "%.*s", (int)strcspn(at + 7, "\r"), at + 7);
	HAS_NOT("10.0.0.5");
	return (uint16_t)port;
}

static const char *chunk(const char *what, const char *to, const char *from)
{
	static char text[600];

	snprintf(text, sizeof(text),
		 "MSRP t1 %s\r\nTo-Path: %s\r\nFrom-Path: %s\r\nMessage-ID: 10.0.0.5:4000\r\n-------t1$\r\n", what, to, from);
	return text;
}

static void expect_text(const char *text)
{
	ck_assert_str_eq(got, text);
}

/* Both speak, both answer. */
static void chat_by(struct connection *c, const char *phone, const char *as)
{
	talk_out(c, chunk("SEND", THERE, phone));
	expect_text(chunk("SEND", THERE, as));
	talk_in(c, chunk("200 OK", as, THERE));
	expect_text(chunk("200 OK", phone, THERE));
	talk_in(c, chunk("SEND", as, THERE));
	expect_text(chunk("SEND", phone, THERE));
	talk_out(c, chunk("200 OK", THERE, phone));
	expect_text(chunk("200 OK", THERE, as));
}

static void chat(struct connection *c)
{
	chat_by(c, PHONE, told);
}

static uint16_t offered(const char *setup)
{
	char media[200];
	uint16_t port;

	snprintf(media, sizeof(media), MEDIUM "%s", setup);
	invite_out(1, media);
	port = read_told();
	return port;
}

static void answered(const char *setup)
{
	char media[200];

	snprintf(media, sizeof(media), THEIRS "%s", setup);
	answer_in_as(1, "SIP/2.0 200 OK", "t", "198.51.100.2:5060", OTHER_PLACE, media);
	HAS(THERE);
	request_out(1, "ACK", "t");
}

static void connect_there(struct connection *c, uint16_t from)
{
	connect_from(c, (struct endpoint){HOST(5), from}, (struct endpoint){PEER(2), 7000});
}

START_TEST(the_other_side_connects)
{
	struct connection c;

	masquerade();
	take_port();
	uint16_t port = offered("a=setup:passive\r\n");
	ck_assert_uint_ne(port, 4000);
	answered("a=setup:active\r\n");
	ck_assert(connect_in(&c, PEER(2), 5555, (struct endpoint){FACE, port}));
	ck_assert_uint_eq(c.inside.own.port, 4000);
	chat(&c);
}
END_TEST

/* What it announced is not the port that it connects from. */
START_TEST(the_phone_connects)
{
	struct alg_counts counts;
	struct connection c;

	masquerade();
	take_port();
	offered("");
	answered("");
	connect_there(&c, 51515);
	chat(&c);
	engine_alg_counts(lab.engine, ALG_MSRP, &counts);
	ck_assert_uint_eq(counts.live, 1);
	ck_assert_uint_eq(counts.messages, 4);
	ck_assert_uint_eq(counts.changed, 4);
	ck_assert_uint_eq(counts.fields, 4);
}
END_TEST

START_TEST(the_phone_connects_from_what_it_announced)
{
	struct connection c;

	masquerade();
	take_port();
	uint16_t port = offered("a=setup:actpass\r\n");
	answered("a=setup:passive\r\n");
	connect_there(&c, 4000);
	ck_assert_uint_eq(c.outside.other.port, port);
	chat(&c);
}
END_TEST

static void called(void)
{
	SAY_IN(.method = "INVITE", .theirs = true, .tag = "", .media = THEIRS);
}

/* The same two endpoints had another connection before, of which nobody knew; its flow is still there. */
START_TEST(ports_that_are_used_again)
{
	struct connection c;

	masquerade();
	connect_there(&c, 4000);
	talk_out(&c, chunk("SEND", THERE, PHONE));
	expect_text(chunk("SEND", THERE, PHONE));
	send_as(&c.inside, &c.outside, true, F_FIN | F_ACK, "");
	c.inside.next++;
	c.outside.wanted++;
	send_as(&c.outside, &c.inside, false, F_FIN | F_ACK, "");
	c.outside.next++;
	c.inside.wanted++;
	send_as(&c.inside, &c.outside, true, F_ACK, "");
	offered("a=setup:actpass\r\n");
	answered("a=setup:passive\r\n");
	struct pkt p = segment(&(struct end){{HOST(5), 4000}, {PEER(2), 7000}, 900000, 0}, F_SYN, "");
	IS(lab_out(&lab, &p), TRANSLATED);
	c.inside.next = 900001;
	c.outside.wanted = 900001;
	c.outside.next = 990000;
	send_as(&c.outside, &c.inside, false, F_SYN | F_ACK, "");
	send_as(&c.inside, &c.outside, true, F_ACK, "");
	chat(&c);
}
END_TEST

START_TEST(the_phone_is_called)
{
	struct connection c;

	masquerade();
	take_port();
	invite_out(9, AUDIO); /* it is reached at its port from now on */
	called();
	SAY_OUT(.method = "INVITE", .status = "200 OK", .theirs = true, .media = MEDIUM);
	uint16_t port = read_told();
	ck_assert(connect_in(&c, PEER(2), 5555, (struct endpoint){FACE, port}));
	chat(&c);
}
END_TEST

/* RFC 4145 4: port 9. The call rings for long first. */
START_TEST(the_phone_is_called_and_only_connects)
{
	struct connection c;

	masquerade();
	take_port();
	invite_out(9, AUDIO);
	called();
	for (int i = 0; i < 4; i++) {
		SAY_OUT(.method = "INVITE", .status = "180 Ringing", .theirs = true);
		lab_wait(&lab, 60);
	}
	SAY_OUT(.method = "INVITE", .status = "200 OK", .theirs = true,
		.media = "m=message 9 TCP/MSRP *\r\na=setup:active\r\na=path:msrp://10.0.0.5:9/phone;tcp\r\n");
	ck_assert_uint_eq(read_told(), 9);
	ck_assert_str_eq(told, "msrp://203.0.113.1:9/phone;tcp");
	connect_there(&c, 51515);
	chat_by(&c, "msrp://10.0.0.5:9/phone;tcp", told);
}
END_TEST

START_TEST(an_address_of_its_own)
{
	struct connection c;

	lab_rule(&lab, 100, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "P", POOL(10), POOL(20)), 0, false);
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(offered(""), 4000);
	ck_assert_str_ne(told, "msrp://203.0.113.1:4000/phone;tcp");
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .to = "t", .via = "there.example.com",
			  .contact = "198.51.100.2:5060", .sdp = sdp_of(OTHER_PLACE, THEIRS)};
	sip_in(PROXY, 5060, POOL(10), 5060, &ok);
	HAS(THERE);
	connect_there(&c, 51515);
	chat(&c);
}
END_TEST

/* It is told its global endpoint by its owner, and writes that by itself. */
START_TEST(who_knows_its_global_endpoint)
{
	const char *own = "msrp://203.0.113.1:5000/phone;tcp";
	struct connection c;

	lab_static(&lab, 7, P_TCP, HOST(5), 4000, FACE, 5000);
	masquerade();
	struct says invite = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 1, .via = "10.0.0.5:5060",
			      .contact = "10.0.0.5:5060",
			      .sdp = sdp_of("203.0.113.1", "m=message 5000 TCP/MSRP *\r\n"
							   "a=path:msrp://203.0.113.1:5000/phone;tcp\r\n")};
	sip_out(HOST(5), 5060, PROXY, 5060, &invite);
	HAS(own);
	answered("");
	ck_assert(connect_in(&c, PEER(2), 5555, (struct endpoint){FACE, 5000}));
	ck_assert_uint_eq(c.inside.own.port, 4000);
	chat_by(&c, own, own);
}
END_TEST

START_TEST(and_who_does_not)
{
	struct connection c;

	lab_static(&lab, 7, P_TCP, HOST(5), 4000, FACE, 5000);
	masquerade();
	ck_assert_uint_eq(offered(""), 5000);
	answered("");
	ck_assert(connect_in(&c, PEER(2), 5555, (struct endpoint){FACE, 5000}));
	chat(&c);
}
END_TEST

START_TEST(who_only_connects_and_knows_its_global_address)
{
	const char *own = "msrp://203.0.113.1:9/phone;tcp";
	struct connection c;

	masquerade();
	struct says invite = {
		.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 1, .via = "10.0.0.5:5060",
		.contact = "10.0.0.5:5060",
		.sdp = sdp_of("203.0.113.1", "m=message 9 TCP/MSRP *\r\na=setup:active\r\n"
					     "a=path:msrp://203.0.113.1:9/phone;tcp\r\n")};
	sip_out(HOST(5), 5060, PROXY, 5060, &invite);
	HAS(own);
	answered("a=setup:passive\r\n");
	connect_there(&c, 51515);
	chat_by(&c, own, own);
}
END_TEST

/* An exchange inside speaks for a phone, which connects by itself. */
START_TEST(another_host_of_the_call_connects)
{
	const char *phone = "msrp://10.0.0.7:4000/x;tcp";
	struct connection c;

	masquerade();
	take_port();
	struct says invite = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 1, .via = "10.0.0.5:5060",
			      .contact = "10.0.0.7:5060",
			      .sdp = sdp_of("10.0.0.7", "m=message 4000 TCP/MSRP *\r\na=path:msrp://10.0.0.7:4000/x;tcp\r\n")};
	sip_out(HOST(5), 5060, PROXY, 5060, &invite);
	HAS_NOT("10.0.0.7");
	read_told();
	answered("");
	connect_from(&c, (struct endpoint){HOST(7), 51515}, (struct endpoint){PEER(2), 7000});
	chat_by(&c, phone, told);
}
END_TEST

/* ---- both inside */

static void turn(struct end *from, struct end *to, uint8_t flags, const char *text)
{
	struct pkt p = segment(from, flags, text);

	got[0] = '\0';
	IS(lab_turn(&lab, &p), HAIRPIN);
	from->next += (uint32_t)strlen(text) + (flags & F_SYN ? 1 : 0);
	ck_assert_uint_eq(dst_of(&p), to->own.addr);
	to->other = (struct endpoint){src_of(&p), (uint16_t)sport_of(&p)};
	comes(to, p.data, p.length);
}

/* One calls the other by its global address: each knows the other by that only. */
START_TEST(both_are_inside)
{
	const char *own = "msrp://10.0.0.6:4000/other;tcp";
	struct end one = {.own = {HOST(6), 51515}, .next = 1000}, other = {.own = {HOST(5), 4000}, .next = 7000};
	char via[40], theirs[64];
	struct pkt p;

	lab_static(&lab, 1, P_UDP, HOST(6), 5060, FACE, 5060);
	masquerade();
	p = pkt_tcp(HOST(7), 4000, PEER(9), 80, F_SYN);
	lab_out(&lab, &p);
	struct says invite = {.first = "INVITE sip:u@203.0.113.1 SIP/2.0", .method = "INVITE", .call = 1, .via = "10.0.0.5:5060",
			      .contact = "10.0.0.5:5060", .sdp = sdp_of("10.0.0.5", MEDIUM)};
	p = udp_text(HOST(5), 5060, FACE, 5060, sip_text(&invite));
	IS(lab_turn(&lab, &p), HAIRPIN);
	take(&p);
	one.other = (struct endpoint){FACE, read_told()};
	ck_assert_uint_ne(one.other.port, 4000);
	snprintf(via, sizeof(via), "%.*s", (int)strcspn(strstr(got, "UDP ") + 4, ";"), strstr(got, "UDP ") + 4);
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .to = "t", .via = via,
			  .contact = "10.0.0.6:5060",
			  .sdp = sdp_of("10.0.0.6", "m=message 4000 TCP/MSRP *\r\na=path:msrp://10.0.0.6:4000/other;tcp\r\n")};
	p = udp_text(HOST(6), 5060, FACE, (uint16_t)sport_of(&p), sip_text(&ok));
	IS(lab_turn(&lab, &p), HAIRPIN);
	take(&p);
	HAS_NOT("10.0.0.6");
	snprintf(theirs, sizeof(theirs), "%.*s", (int)strcspn(strstr(got, "msrp:"), "\r"), strstr(got, "msrp:"));
	turn(&one, &other, F_SYN, "");
	turn(&other, &one, F_SYN | F_ACK, "");
	turn(&one, &other, F_ACK, "");
	turn(&one, &other, F_ACK | F_PUSH, chunk("SEND", told, own));
	expect_text(chunk("SEND", PHONE, theirs));
	turn(&other, &one, F_ACK | F_PUSH, chunk("200 OK", theirs, PHONE));
	expect_text(chunk("200 OK", own, told));
	turn(&other, &one, F_ACK | F_PUSH, chunk("SEND", theirs, PHONE));
	expect_text(chunk("SEND", own, told));
}
END_TEST

/* ---- how long */

START_TEST(a_session_keeps_its_call)
{
	struct connection c;

	masquerade();
	take_port();
	offered("");
	answered("");
	connect_there(&c, 51515);
	for (int i = 0; i < 4; i++) {
		chat(&c);
		lab_wait(&lab, 3000);
	}
	ck_assert_uint_eq(calls_now().up, 1);
	/* Control. */
	lab_wait(&lab, 3700);
	ck_assert_uint_eq(calls_now().up, 0);
}
END_TEST

/* Nothing is said, but the connection lives. */
START_TEST(so_do_its_keepalives)
{
	struct connection c;

	masquerade();
	take_port();
	offered("");
	answered("");
	connect_there(&c, 51515);
	chat(&c);
	for (int i = 0; i < 4; i++) {
		lab_wait(&lab, 3000);
		talk_out(&c, "\r\n");
		expect_text("\r\n");
	}
	ck_assert_uint_eq(calls_now().up, 1);
	chat(&c);
}
END_TEST

START_TEST(it_ends_with_its_call)
{
	struct connection c;
	struct pkt p;

	masquerade();
	uint16_t port = offered("");
	answered("");
	ck_assert(connect_in(&c, PEER(2), 5555, (struct endpoint){FACE, port}));
	chat(&c);
	request_out(1, "BYE", "t");
	lab_wait(&lab, 60);
	p = segment(&c.outside, F_ACK, "");
	IS(lab_in(&lab, &p), TO_ROUTER);
}
END_TEST

/* ---- controls */

static uint32_t msrp_flows(void)
{
	struct alg_counts counts;

	engine_alg_counts(lab.engine, ALG_MSRP, &counts);
	return (uint32_t)counts.flows;
}

/* Nothing reads what is encrypted, or another medium. */
START_TEST(other_transports)
{
	static const char *const transports[] = {"TCP/TLS/MSRP *", "TCP/BFCP *"};

	masquerade();
	take_port();
	for (int i = 0; i < 2; i++) {
		struct connection c;
		char media[200];

		snprintf(media, sizeof(media), "m=message %u %s\r\na=path:" PHONE "\r\n", 4000, transports[i]);
		invite_out(1 + i, media);
		read_told();
		snprintf(media, sizeof(media), "m=message 7000 %s\r\na=path:" THERE "\r\n", transports[i]);
		answer_in_as(1 + i, "SIP/2.0 200 OK", "t", "198.51.100.2:5060", OTHER_PLACE, media);
		connect_there(&c, (uint16_t)(51515 + i));
		talk_out(&c, chunk("SEND", THERE, PHONE));
		expect_text(chunk("SEND", THERE, PHONE));
	}
	ck_assert_uint_eq(msrp_flows(), 0);
}
END_TEST

/* Whoever describes a place that is another gateway's. */
START_TEST(what_another_gateway_reads_stays_its_own)
{
	struct connection c;

	masquerade();
	offered("");
	answer_in_as(1, "SIP/2.0 200 OK", "t", "198.51.100.2:5060", OTHER_PLACE,
		     "m=message 5060 TCP/MSRP *\r\na=path:msrp://198.51.100.2:5060/other;tcp\r\n");
	connect_from(&c, (struct endpoint){HOST(5), 51515}, (struct endpoint){PEER(2), 5060});
	talk_out(&c, "OPTIONS sip:b@198.51.100.2 SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.5:51515;branch=z9hG4bKx\r\n"
		     "Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: o\r\n"
		     "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
	HAS("SIP/2.0/TCP 203.0.113.1:");
	HAS_NOT("10.0.0.5");
	ck_assert_uint_eq(msrp_flows(), 0);
}
END_TEST

START_TEST(a_stranger_is_not_read)
{
	struct connection c;

	masquerade();
	offered("");
	answered("");
	connect_from(&c, (struct endpoint){HOST(5), 51515}, (struct endpoint){PEER(2), 7001});
	talk_out(&c, chunk("SEND", THERE, PHONE));
	expect_text(chunk("SEND", THERE, PHONE));
	connect_from(&c, (struct endpoint){HOST(6), 51515}, (struct endpoint){PEER(2), 7000});
	talk_out(&c, chunk("SEND", THERE, PHONE));
	expect_text(chunk("SEND", THERE, PHONE));
	ck_assert_uint_eq(msrp_flows(), 0);
}
END_TEST

START_TEST(it_is_off_where_sip_is)
{
	struct connection c;

	masquerade();
	take_port();
	offered("");
	answered("");
	connect_there(&c, 51515);
	chat(&c);
	lab_conf(&lab, 2);
	lab.conf->n_services = 0;
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	talk_out(&c, chunk("SEND", THERE, PHONE));
	expect_text(chunk("SEND", THERE, PHONE));
}
END_TEST

START_TEST(what_is_no_msrp_passes)
{
	struct connection c;

	masquerade();
	take_port();
	offered("");
	answered("");
	connect_there(&c, 51515);
	talk_out(&c, "GET / HTTP/1.1\r\nTo-Path: " PHONE "\r\n\r\n");
	expect_text("GET / HTTP/1.1\r\nTo-Path: " PHONE "\r\n\r\n");
	talk_in(&c, "MSRP nothing\r\n");
	expect_text("MSRP nothing\r\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_msrp");
	TCase *tc = tcase_create("msrp");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_other_side_connects);
	tcase_add_test(tc, the_phone_connects);
	tcase_add_test(tc, the_phone_connects_from_what_it_announced);
	tcase_add_test(tc, ports_that_are_used_again);
	tcase_add_test(tc, the_phone_is_called);
	tcase_add_test(tc, the_phone_is_called_and_only_connects);
	tcase_add_test(tc, an_address_of_its_own);
	tcase_add_test(tc, who_knows_its_global_endpoint);
	tcase_add_test(tc, and_who_does_not);
	tcase_add_test(tc, who_only_connects_and_knows_its_global_address);
	tcase_add_test(tc, another_host_of_the_call_connects);
	tcase_add_test(tc, both_are_inside);
	tcase_add_test(tc, a_session_keeps_its_call);
	tcase_add_test(tc, it_ends_with_its_call);
	tcase_add_test(tc, other_transports);
	tcase_add_test(tc, what_another_gateway_reads_stays_its_own);
	tcase_add_test(tc, so_do_its_keepalives);
	tcase_add_test(tc, a_stranger_is_not_read);
	tcase_add_test(tc, it_is_off_where_sip_is);
	tcase_add_test(tc, what_is_no_msrp_passes);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
