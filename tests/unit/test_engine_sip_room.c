/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables that are full, and calls that an operator ends: who is refused is counted, who has a call keeps it, room comes back. */
#include "phonelab.h"
#include "suite.h"

#define THERE "m=audio 6000 RTP/AVP 0\r\n"

static uint64_t noted(enum alg_note note)
{
	struct alg_counts counts;

	engine_alg_counts(lab.engine, ALG_SIP, &counts);
	return counts.notes[note];
}

/* Each host inside has a whole address outside. */
static void statics(void)
{
	for (int i = 5; i < 10; i++)
		lab_static(&lab, (uint64_t)i, 0, HOST(i), 0, POOL(i), 0);
	ck_assert(lab_commit(&lab));
}

static void invite_from(int host, int call, const char *media)
{
	char addr[20], at[40];
	struct says says = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = call, .via = at,
			    .contact = at};

	snprintf(addr, sizeof(addr), "10.0.0.%d", host);
	snprintf(at, sizeof(at), "10.0.0.%d:5060", host);
	says.sdp = sdp_of(addr, media);
	sip_out(HOST(host), 5060, PROXY, 5060, &says);
}

static void answer_to(int host, int call)
{
	struct says says = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = call, .to = "t",
			    .contact = "198.51.100.2:5060", .sdp = sdp_of("198.51.100.2", THERE)};

	sip_in(PROXY, 5060, POOL(host), 5060, &says);
}

static void bye_from(int host, int call)
{
	struct says says = {.first = "BYE sip:b@example.com SIP/2.0", .method = "BYE", .call = call, .to = "t"};

	sip_out(HOST(host), 5060, PROXY, 5060, &says);
}

/* As a medium of a call: the static entry alone lets in anybody. */
static bool comes_in(int host, uint16_t port)
{
	const struct endpoint local = {HOST(host), port};
	struct pkt p;
	enum reason reason = rtp_in(2, 6000, POOL(host), port, &p);

	return (reason == REASON_TRANSLATED || reason == REASON_TRANSLATED_NEW) && dst_of(&p) == HOST(host) &&
	       call_port_of_local(lab.engine->calls, 0, P_UDP, local, NULL) != NULL;
}

START_TEST(no_more_calls)
{
	statics();
	for (int i = 0; i < CALL_MAX; i++) {
		invite_from(5 + i % 3, i, AUDIO);
		answer_to(5 + i % 3, i);
	}
	ck_assert_uint_eq(calls_now().up, CALL_MAX);
	/* From inside it would show an address that nobody could come to: it does not go on, and says why. */
	invite_from(8, CALL_MAX, AUDIO);
	ck_assert_str_eq(got, "");
	IS(lab.out.reason, ALG_REFUSED);
	ck_assert_uint_eq(noted(NOTE_NO_ROOM), 1);
	/* Nor does a registration; what stands alone does. */
	struct says ask = {.first = "REGISTER sip:example.com SIP/2.0", .method = "REGISTER", .call = CALL_MAX + 1,
			   .via = "10.0.0.8:5060", .contact = "10.0.0.8:5060", .more = ";expires=600"};
	sip_out(HOST(8), 5060, PROXY, 5060, &ask);
	IS(lab.out.reason, ALG_REFUSED);
	ck_assert_uint_eq(noted(NOTE_NO_ROOM), 2);
	ck_assert_uint_eq(noted(NOTE_LIMIT_SOURCE) + noted(NOTE_LIMIT_CALL), 0);
	struct says options = {.first = "OPTIONS sip:example.com SIP/2.0", .method = "OPTIONS", .call = CALL_MAX + 2,
			       .via = "10.0.0.8:5060"};
	sip_out(HOST(8), 5060, PROXY, 5060, &options);
	HAS("Via: SIP/2.0/UDP 203.0.113.8:5060;");
	/* From outside it shows nothing, and goes on. */
	struct says invite = {.first = "INVITE sip:b@203.0.113.8 SIP/2.0", .method = "INVITE", .call = CALL_MAX + 3,
			      .contact = "198.51.100.2:5060", .sdp = sdp_of("198.51.100.2", THERE)};
	sip_in(PROXY, 5060, POOL(8), 5060, &invite);
	HAS("INVITE sip:b@10.0.0.8 SIP/2.0");
	/* All that were there are. */
	ck_assert_uint_eq(calls_now().up, CALL_MAX);
	ck_assert(comes_in(5, 4000));
	/* One that is over gives way at once. */
	bye_from(6, 1);
	invite_from(8, CALL_MAX, AUDIO);
	HAS("c=IN IP4 203.0.113.8");
	answer_to(8, CALL_MAX);
	ck_assert_uint_eq(calls_now().up, CALL_MAX);
	ck_assert(comes_in(8, 4000));
}
END_TEST

START_TEST(no_more_calls_of_one_host)
{
	statics();
	for (int i = 0; i < CALL_SOURCE_MAX; i++) {
		invite_from(5, i, AUDIO);
		answer_to(5, i);
	}
	invite_from(5, CALL_MAX, AUDIO);
	ck_assert_str_eq(got, "");
	ck_assert_uint_eq(noted(NOTE_LIMIT_SOURCE), 1);
	ck_assert_uint_eq(noted(NOTE_LIMIT_CALL) + noted(NOTE_NO_ROOM), 0);
	invite_from(6, CALL_MAX, AUDIO);
	HAS("c=IN IP4 203.0.113.6");
	bye_from(5, 7);
	invite_from(5, CALL_MAX + 1, AUDIO);
	HAS("c=IN IP4 203.0.113.5");
}
END_TEST

/* Each call has as many media as it may; at the same ports, as a bad phone might. */
START_TEST(no_more_ports)
{
	char media[1024];
	size_t n = 0;
	int calls = 0;

	statics();
	for (int i = 0; i < CALL_PORTS_MAX / 2; i++)
		n += (size_t)snprintf(media + n, sizeof(media) - n, "m=audio %d RTP/AVP 0\r\n", 4000 + 2 * i);
	do {
		invite_from(5, calls, media);
		if (got[0] != '\0')
			answer_to(5, calls++);
	} while (noted(NOTE_NO_ROOM) == 0 && calls < CALL_PORTS);
	IS(lab.out.reason, ALG_REFUSED);
	ck_assert_uint_eq(calls_now().up, (uint32_t)calls);
	/* What had been made for it is there for others: two for a smaller call, but none for its contact. */
	ck_assert_uint_gt(calls_now().ports, CALL_PORTS - CALL_PORTS_MAX - 1);
	ck_assert(comes_in(5, 4000) && comes_in(5, 4031));
	bye_from(5, 0);
	invite_from(6, calls, media);
	HAS("m=audio 4030");
	HAS_NOT("10.0.0.6");
	answer_to(6, calls);
	ck_assert(comes_in(6, 4000));
}
END_TEST

START_TEST(too_many_media_in_one_call)
{
	char media[1400];
	size_t n = 0;

	statics();
	invite_from(6, 2, AUDIO);
	for (int i = 0; i < CALL_PORTS_MAX / 2 + 1; i++)
		n += (size_t)snprintf(media + n, sizeof(media) - n, "m=audio %d RTP/AVP 0\r\n", 4000 + 2 * i);
	invite_from(5, 1, media);
	ck_assert_str_eq(got, "");
	ck_assert_uint_eq(noted(NOTE_LIMIT_CALL), 1);
	ck_assert_uint_eq(noted(NOTE_LIMIT_SOURCE) + noted(NOTE_NO_ROOM), 0);
	ck_assert_uint_eq(calls_now().begun, 1);
	ck_assert_uint_eq(calls_now().ports, 3);
}
END_TEST

#define FIXED (CALL_PORTS_MAX / 2 - 2)

/* Call 1 of host 5 is asked for these two media beside as many others as leave them four ports; 0: not any more. */
static void asks_for(unsigned cseq, unsigned one, unsigned other)
{
	static char media[1400];
	struct says says = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 1, .cseq = cseq, .to = "t",
			    .via = "10.0.0.5:5060", .contact = "10.0.0.5:5060"};
	size_t n = 0;

	for (int i = 0; i < FIXED; i++)
		n += (size_t)snprintf(media + n, sizeof(media) - n, "m=audio %d RTP/AVP 0\r\n", 4000 + 2 * i);
	snprintf(media + n, sizeof(media) - n, "m=audio %u RTP/AVP 0\r\nm=audio %u RTP/AVP 0\r\n", one, other);
	says.sdp = sdp_of("10.0.0.5", media);
	sip_out(HOST(5), 5060, PROXY, 5060, &says);
}

static void agrees_to(unsigned cseq, unsigned one, unsigned other)
{
	static char media[1400];
	struct says says = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .cseq = cseq, .to = "t",
			    .via = "203.0.113.5:5060", .contact = "198.51.100.2:5060"};
	size_t n = 0;

	for (int i = 0; i < FIXED; i++)
		n += (size_t)snprintf(media + n, sizeof(media) - n, "m=audio %d RTP/AVP 0\r\n", 6000 + 2 * i);
	snprintf(media + n, sizeof(media) - n, "m=audio %u RTP/AVP 0\r\nm=audio %u RTP/AVP 0\r\n", one, other);
	says.sdp = sdp_of("198.51.100.2", media);
	sip_in(PROXY, 5060, POOL(5), 5060, &says);
}

static const bool first_again[] = {true, false};

/* What is about to go makes room for what comes, unless it is wanted again by the same message. */
START_TEST(room_in_a_call_is_not_made_of_what_is_wanted)
{
	const bool first = first_again[_i];
	const unsigned one = first ? 4100 : 5000, other = first ? 5000 : 4110;

	statics();
	asks_for(1, first ? 0 : 4100, first ? 4110 : 0);
	agrees_to(1, first ? 0 : 6100, first ? 6110 : 0);
	asks_for(2, 4100, 4110);
	agrees_to(2, 6100, 6110);
	ck_assert_uint_eq(calls_now().ports, CALL_PORTS_MAX + 1);
	asks_for(3, 0, 0);
	agrees_to(3, 0, 0);
	ck_assert(comes_in(5, (uint16_t)(first ? 4100 : 4110)));
	asks_for(4, one, other);
	HAS(first ? "m=audio 4100 " : "m=audio 4110 ");
	HAS("m=audio 5000 ");
	ck_assert_uint_eq(noted(NOTE_LIMIT_CALL), 0);
	agrees_to(4, 6100, 6110);
	lab_wait(&lab, 34);
	for (unsigned i = 0; i < 2; i++)
		ck_assert(comes_in(5, (uint16_t)(one + i)) && comes_in(5, (uint16_t)(other + i)));
	ck_assert_uint_eq(calls_now().ports, CALL_PORTS_MAX + 1);
}
END_TEST

/* Nor of what holds until something else is agreed to. */
START_TEST(room_in_a_call_is_not_made_of_what_holds)
{
	statics();
	asks_for(1, 4100, 4110);
	agrees_to(1, 6100, 6110);
	asks_for(2, 4100, 0);
	HAS("m=audio 4100 ");
	asks_for(3, 4100, 5000);
	ck_assert_str_eq(got, "");
	ck_assert_uint_eq(noted(NOTE_LIMIT_CALL), 1);
	struct says no = {.first = "SIP/2.0 488 Not Acceptable Here", .method = "INVITE", .call = 1, .cseq = 2, .to = "t",
			  .via = "203.0.113.5:5060"};
	sip_in(PROXY, 5060, POOL(5), 5060, &no);
	lab_wait(&lab, 34);
	ck_assert(comes_in(5, 4110) && comes_in(5, 4111));
}
END_TEST

/* However often a message names the same place, what else it names stays. */
START_TEST(a_place_that_is_named_again_and_again)
{
	char media[3600];
	size_t n = (size_t)snprintf(media, sizeof(media), "m=audio 4000 RTP/AVP 0\r\na=rtcp-mux\r\n");

	statics();
	for (int i = 0; i < 60; i++)
		n += (size_t)snprintf(media + n, sizeof(media) - n, "a=candidate:1 1 UDP 1 10.0.0.5 4000 typ host\r\n");
	snprintf(media + n, sizeof(media) - n, "m=audio 4010 RTP/AVP 0\r\nm=audio 4020 RTP/AVP 0\r\nm=audio 4030 RTP/AVP 0\r\n");
	invite_from(5, 1, media);
	HAS("m=audio 4030 ");
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 1, .to = "t", .contact = "198.51.100.2:5060"};
	ok.sdp = sdp_of("198.51.100.2", "m=audio 6000 RTP/AVP 0\r\nm=audio 6010 RTP/AVP 0\r\nm=audio 6020 RTP/AVP 0\r\n"
					"m=audio 6030 RTP/AVP 0\r\n");
	sip_in(PROXY, 5060, POOL(5), 5060, &ok);
	lab_wait(&lab, 34);
	ck_assert(comes_in(5, 4000) && comes_in(5, 4010) && comes_in(5, 4020) && comes_in(5, 4030) && comes_in(5, 4031));
}
END_TEST

/* Whoever calls names a place of his own each time, at which nobody will ever be asked. */
START_TEST(no_more_places_to_follow)
{
	char at[40];
	struct says invite = {.first = "INVITE sip:b@203.0.113.5 SIP/2.0", .method = "INVITE", .contact = at};
	uint32_t most;

	statics();
	for (int i = 0; i < 3000; i++) {
		snprintf(at, sizeof(at), "198.51.100.3:%d", 10000 + i);
		invite.call = i;
		sip_in(PEER(3), (uint16_t)(5060 + i % 3), POOL(5), 5060, &invite);
		HAS("INVITE sip:b@10.0.0.5 SIP/2.0");
	}
	most = expect_count(lab.engine->expects);
	ck_assert_uint_le(most, EXPECT_HOST_MAX);
	ck_assert_uint_gt(most, 1000);
	ck_assert_uint_eq(noted(NOTE_LIMIT_FLOW) + noted(NOTE_LIMIT_HOST), 3000 - most);
	/* Another host is not concerned. */
	invite_from(6, 9000, AUDIO);
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 9000, .to = "t", .contact = "198.51.100.4:7070",
			  .sdp = sdp_of("198.51.100.2", THERE)};
	sip_in(PROXY, 5060, POOL(6), 5060, &ok);
	struct says ack = {.first = "ACK sip:b@198.51.100.4 SIP/2.0", .method = "ACK", .call = 9000, .to = "t",
			   .via = "10.0.0.6:5060"};
	sip_out(HOST(6), 49000, PEER(4), 7070, &ack);
	HAS("Via: SIP/2.0/UDP 203.0.113.6:5060;");
	/* Room comes back by itself. */
	lab_wait(&lab, 200);
	ck_assert_uint_le(expect_count(lab.engine->expects), 1);
	snprintf(at, sizeof(at), "198.51.100.3:9999");
	sip_in(PEER(3), 5060, POOL(5), 5060, &invite);
	ck_assert_uint_eq(noted(NOTE_LIMIT_FLOW) + noted(NOTE_LIMIT_HOST), 3000 - most);
}
END_TEST

/* Forty sources, each below its limit; or one that writes forty addresses. */
START_TEST(a_flood_from_outside_harms_no_call_from_inside)
{
	char at[40];
	struct says invite = {.first = "INVITE sip:b@203.0.113.5 SIP/2.0", .method = "INVITE", .contact = at,
			      .sdp = sdp_of("198.51.100.77", THERE)};

	statics();
	invite_from(6, 1, AUDIO);
	struct says ask = {.first = "INVITE sip:b@203.0.113.7 SIP/2.0", .method = "INVITE", .call = 2,
			   .contact = "198.51.100.2:5060", .sdp = sdp_of("198.51.100.2", THERE)};
	sip_in(PROXY, 5060, POOL(7), 5060, &ask);
	for (int i = 0; i < 2 * CALL_MAX + 100; i++) {
		snprintf(at, sizeof(at), "198.51.100.%d:5060", 100 + i % 40);
		invite.call = 10 + i;
		sip_in(PEER(100 + i % 40), 5060, POOL(5), 5060, &invite);
		HAS("INVITE sip:b@10.0.0.5 SIP/2.0");
	}
	ck_assert_uint_eq(calls_now().begun, CALL_MAX);
	/* The call from inside is still there; what rings inside is known again when it is answered. */
	answer_to(6, 1);
	ck_assert(comes_in(6, 4000));
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "INVITE", .call = 2, .to = "t", .contact = "10.0.0.7:5060",
			  .sdp = sdp_of("10.0.0.7", AUDIO)};
	sip_out(HOST(7), 5060, PROXY, 5060, &ok);
	HAS("c=IN IP4 203.0.113.7");
	ck_assert_uint_eq(calls_now().up, 2);
	struct says again = {.first = "ACK sip:b@203.0.113.7 SIP/2.0", .method = "ACK", .call = 2, .from = "f", .to = "t"};
	sip_in(PROXY, 5060, POOL(7), 5060, &again);
	HAS("ACK sip:b@10.0.0.7 SIP/2.0");
	ck_assert(comes_in(7, 4000));
	ck_assert(!comes_in(8, 4000));
}
END_TEST

START_TEST(too_many_registrations_of_one_host)
{
	statics();
	invite_from(6, 1, AUDIO);
	answer_to(6, 1);
	for (int i = 0; i < CALL_SOURCE_UNANSWERED + 100; i++) {
		struct says ask = {.first = "REGISTER sip:example.com SIP/2.0", .method = "REGISTER", .call = 10 + i,
				   .via = "10.0.0.5:5060", .contact = "10.0.0.5:5060", .more = ";expires=600"};

		sip_out(HOST(5), 5060, PROXY, 5060, &ask);
		HAS("Contact: <sip:u@203.0.113.5:5060>");
	}
	ck_assert_uint_eq(calls_now().registering, CALL_SOURCE_UNANSWERED);
	ck_assert_uint_eq(calls_now().evicted, 100);
	ck_assert(comes_in(6, 4000));
	lab_wait(&lab, 40);
	ck_assert_uint_eq(calls_now().registering, 0);
	ck_assert_uint_eq(calls_now().up, 1);
}
END_TEST

/* ---- an operator ends a call */

static void clear(const struct filter *filter)
{
	struct translation_cursor cursor = {.filter = filter};

	for (int i = 0; i < 1000 && !engine_clear_translations(lab.engine, lab.now, &cursor); i++)
		;
	ck_assert(cursor.end);
}

static void registered(void)
{
	struct says ask = {.first = "REGISTER sip:example.com SIP/2.0", .method = "REGISTER", .call = 5000, .via = "10.0.0.5:5060",
			   .contact = "10.0.0.5:5060", .more = ";expires=600"};
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "REGISTER", .call = 5000, .to = "r", .contact = "203.0.113.1:5060",
			  .more = ";expires=600"};

	sip_out(HOST(5), 5060, PROXY, 5060, &ask);
	sip_in(PROXY, 5060, FACE, 5060, &ok);
	ck_assert_uint_eq(calls_now().registered, 1);
}

static bool has_media(uint16_t port)
{
	struct pkt p;
	enum reason reason = rtp_in(2, 6000, FACE, port, &p);

	return reason == REASON_TRANSLATED || reason == REASON_TRANSLATED_NEW;
}

static void trunk(int calls)
{
	char media[40];

	masquerade();
	registered();
	for (int i = 0; i < calls; i++) {
		snprintf(media, sizeof(media), "m=audio %d RTP/AVP 0\r\n", 10000 + 2 * i);
		invite_out(i, media);
		answer_in(i, "SIP/2.0 200 OK", "t");
		ck_assert(has_media((uint16_t)(10000 + 2 * i)));
	}
}

START_TEST(clearing_a_medium_ends_its_call)
{
	struct filter filter = {.protocol = P_UDP};

	trunk(3);
	filter_add_endpoint(&filter, FILTER_IL, (struct endpoint){HOST(5), 10002});
	clear(&filter);
	ck_assert_uint_eq(calls_now().up, 2);
	ck_assert(!has_media(10002) && !has_media(10003));
	ck_assert(has_media(10000) && has_media(10005));
	ck_assert_uint_eq(calls_now().registered, 1);
	/* It can be made again. */
	invite_out(1, "m=audio 10002 RTP/AVP 0\r\n");
	answer_in(1, "SIP/2.0 200 OK", "t");
	ck_assert(has_media(10002));
}
END_TEST

/* More than are ended at once; who is registered stays so, and is called by whom he registered with. */
START_TEST(clearing_signalling_ends_all_its_calls)
{
	struct filter filter = {.protocol = P_UDP};

	trunk(600);
	filter_add_endpoint(&filter, FILTER_IL, (struct endpoint){HOST(5), 5060});
	clear(&filter);
	ck_assert_uint_eq(calls_now().up + calls_now().begun + calls_now().over, 0);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(calls_now().registered, 1);
	ck_assert_uint_eq(calls_now().ports, 1);
	ck_assert(!has_media(10000));
	struct says options = {.first = "OPTIONS sip:u@203.0.113.1:5060 SIP/2.0", .method = "OPTIONS", .call = 7};
	sip_in(PROXY, 5070, FACE, 5060, &options);
	HAS("OPTIONS sip:u@10.0.0.5:5060 SIP/2.0");
}
END_TEST

START_TEST(clearing_all_ends_all_calls)
{
	trunk(20);
	/* One that nobody answered, and of which no flow is left. */
	struct says invite = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = 50,
			      .via = "10.0.0.6:5060", .contact = "10.0.0.6:5060", .sdp = sdp_of("10.0.0.6", AUDIO)};
	sip_out(HOST(6), 5060, PROXY, 5060, &invite);
	ck_assert_uint_eq(calls_now().begun, 1);
	clear(NULL);
	ck_assert_uint_eq(calls_now().up + calls_now().begun + calls_now().over, 0);
	ck_assert_uint_eq(calls_now().registered, 1);
	ck_assert_uint_eq(calls_now().ports, 1);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	lab_wait(&lab, 1300);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("room for calls");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 900);
	tcase_add_test(t, no_more_calls);
	tcase_add_test(t, no_more_calls_of_one_host);
	tcase_add_test(t, no_more_ports);
	tcase_add_test(t, too_many_media_in_one_call);
	tcase_add_loop_test(t, room_in_a_call_is_not_made_of_what_is_wanted, 0, 2);
	tcase_add_test(t, room_in_a_call_is_not_made_of_what_holds);
	tcase_add_test(t, a_place_that_is_named_again_and_again);
	tcase_add_test(t, no_more_places_to_follow);
	tcase_add_test(t, a_flood_from_outside_harms_no_call_from_inside);
	tcase_add_test(t, too_many_registrations_of_one_host);
	tcase_add_test(t, clearing_a_medium_ends_its_call);
	tcase_add_test(t, clearing_signalling_ends_all_its_calls);
	tcase_add_test(t, clearing_all_ends_all_calls);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_main(suite());
}
