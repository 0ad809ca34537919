/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports as packets get them: RFC 4787 REQ-3 (one endpoint, one owner), REQ-3 a (ranges), REQ-4 (parity), RFC 6056 and RFC 6888
 * REQ-15 (unpredictable), REQ-8 (cooling), REQ-13 (nearly all usable), REQ-11 (full refuses the new only), and nothing that a
 * static entry or the router has; and packets of a batch. The maps by themselves: test_port.
 */
#include <check.h>
#include "enginelab.h"
#include "suite.h"
#include "nat/state.h"
#include "nat/port.h"

#define IS(reason, want) ck_assert_str_eq(reason_name(reason), reason_name(REASON_##want))
#define HIGH             64512 /* ports from 1024 on */

static struct lab lab;

static void setup(void)
{
	lab_open(&lab, 70000);
	lab_static(&lab, 1, P_TCP, HOST(8), 80, FACE, 8080);
	lab_static(&lab, 2, P_UDP, HOST(8), 5060, FACE, 5060);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
}

static void teardown(void)
{
	lab_close(&lab);
}

/* The global port that this host's port gets to one remote, 0 if refused. */
static uint32_t port_of(ip4 host, uint16_t port)
{
	struct pkt p = pkt_udp(host, port, PEER(1), 5353);
	enum reason reason = lab_out(&lab, &p);

	if (reason == REASON_NO_PORT)
		return 0;
	ck_assert(reason == REASON_TRANSLATED || reason == REASON_TRANSLATED_NEW);
	return sport_of(&p);
}

static ip4 host_of(uint32_t n)
{
	return IP(10, 1, n >> 8, n & 255);
}

/* Fills the high group from hosts that all want the same 500 ports; what each flow got. */
static uint32_t fill(uint16_t got[HIGH + 500])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < HIGH + 500; i++) {
		got[i] = (uint16_t)port_of(host_of(i / 500), (uint16_t)(2000 + i % 500));
		n += got[i] != 0;
	}
	return n;
}

START_TEST(rfc6888_req13_nearly_all_ports_to_one_remote)
{
	static uint16_t got[HIGH + 500];
	static bool seen[65536];
	struct pkt own = pkt_udp(FACE, 4321, PEER(1), 53);

	memset(seen, 0, sizeof(seen));
	IS(lab_own(&lab, &own), FROM_ROUTER);
	/* All but the static entry's and the router's. */
	ck_assert_uint_eq(fill(got), HIGH - 2);
	for (uint32_t i = 0; i < HIGH + 500; i++) {
		if (got[i] == 0)
			continue;
		ck_assert_uint_ge(got[i], 1024);
		ck_assert_uint_ne(got[i], 5060);
		ck_assert_uint_ne(got[i], 4321);
		ck_assert_msg(!seen[got[i]], "RFC 4787 REQ-3: port %u twice", got[i]);
		seen[got[i]] = true;
	}
	/* RFC 6888 REQ-11: who has one keeps it, both ways. */
	for (uint32_t i = 0; i < HIGH; i += 631) {
		struct pkt back;

		if (got[i] == 0)
			continue;
		ck_assert_uint_eq(port_of(host_of(i / 500), (uint16_t)(2000 + i % 500)), got[i]);
		back = pkt_udp(PEER(1), 5353, FACE, got[i]);
		IS(lab_in(&lab, &back), TRANSLATED);
		ck_assert_uint_eq(dst_of(&back), host_of(i / 500));
	}
	/* Other groups and protocols have theirs. */
	ck_assert_uint_eq(port_of(HOST(99), 77), 77);
	struct pkt tcp = pkt_tcp(HOST(99), 5060, PEER(1), 80, F_SYN);

	IS(lab_out(&lab, &tcp), TRANSLATED_NEW);
	ck_assert_uint_eq(sport_of(&tcp), 5060);
}
END_TEST

START_TEST(what_a_static_entry_owns_is_not_given)
{
	ck_assert_uint_ne(port_of(HOST(20), 5060), 5060);
	struct pkt tcp = pkt_tcp(HOST(20), 8080, PEER(1), 80, F_SYN);

	IS(lab_out(&lab, &tcp), TRANSLATED_NEW);
	ck_assert_uint_ne(sport_of(&tcp), 8080);
	ck_assert_uint_eq(port_of(HOST(20), 8080), 8080); /* control: that entry is of TCP */
	struct pkt in = pkt_udp(PEER(2), 5060, FACE, 5060);

	IS(lab_in(&lab, &in), TRANSLATED_NEW);
	ck_assert_uint_eq(dst_of(&in), HOST(8));
}
END_TEST

START_TEST(what_the_router_uses_is_not_given)
{
	struct pkt own = pkt_udp(FACE, 3000, PEER(1), 53), other = pkt_udp(FACE, 4000, PEER(1), 53);

	IS(lab_own(&lab, &own), FROM_ROUTER);
	ck_assert_uint_ne(port_of(HOST(20), 3000), 3000);
	ck_assert_uint_eq(port_of(HOST(20), 4000), 4000);
	IS(lab_own(&lab, &other), PORT_COLLISION); /* and the other way round */
}
END_TEST

static uint32_t own_flows(void)
{
	return lab.engine->identities;
}

static struct pkt own_tcp(uint16_t port, uint32_t peer, uint8_t flags)
{
	return pkt_tcp(FACE, port, IP(198, 51, 100, 0) + peer, 7, flags);
}

/* Spoofed packets to the router: what it answers leaves nothing behind but the reservation of its port. */
START_TEST(answers_of_the_router_make_no_flows)
{
	for (uint32_t i = 0; i < 500; i++) {
		struct pkt echo = pkt_icmp(FACE, PEER(i), 0, (uint16_t)i), reset = own_tcp((uint16_t)(i + 1), i, TCP_RST);
		struct pkt answer = own_tcp(22, i, TCP_SYN | TCP_ACK), served = pkt_udp(FACE, 53, PEER(i), 5000);

		IS(lab_own(&lab, &echo), FROM_ROUTER);
		IS(lab_own(&lab, &reset), FROM_ROUTER);
		ck_assert_uint_le(own_flows(), 2);
		IS(lab_own(&lab, &answer), FROM_ROUTER);
		IS(lab_own(&lab, &served), FROM_ROUTER);
		ck_assert_uint_eq(own_flows(), 2);
	}
	struct pkt wants = pkt_tcp(HOST(20), 22, PEER(1), 80, TCP_SYN);

	ck_assert_uint_ne(port_of(HOST(20), 53), 53);
	lab_out(&lab, &wants);
	ck_assert_uint_ne(sport_of(&wants), 22);
	/* Control: connections are flows of their own. */
	for (uint32_t i = 0; i < 10; i++) {
		struct pkt data = own_tcp(22, i, TCP_ACK), ask = pkt_icmp(FACE, PEER(1), 8, (uint16_t)i);

		IS(lab_own(&lab, &data), FROM_ROUTER);
		IS(lab_own(&lab, &ask), FROM_ROUTER);
	}
	ck_assert_uint_eq(own_flows(), 21);
}
END_TEST

/* An identifier is who asked's: that a host inside has the same refuses no answer. */
START_TEST(the_router_answers_pings_that_have_a_hosts_identifier)
{
	struct pkt ping = pkt_ping(HOST(20), PEER(1), 77), answer = pkt_icmp(FACE, PEER(2), 0, 77);
	struct pkt own = pkt_icmp(FACE, PEER(2), 8, 77);

	IS(lab_out(&lab, &ping), TRANSLATED_NEW);
	ck_assert_uint_eq(id_of(&ping), 77);
	IS(lab_own(&lab, &answer), FROM_ROUTER);
	IS(lab_own(&lab, &own), PORT_COLLISION); /* control */
}
END_TEST

/* A port lives as long as anything leaves from it, whoever it went to first. */
START_TEST(a_shared_reservation_is_kept_by_all_its_packets)
{
	struct pkt first = pkt_udp(FACE, 3000, PEER(1), 53), later = pkt_udp(FACE, 3000, PEER(2), 53);

	IS(lab_own(&lab, &first), FROM_ROUTER);
	for (int i = 0; i < 10; i++) {
		lab_wait(&lab, 200);
		IS(lab_own(&lab, &later), FROM_ROUTER);
		ck_assert_uint_eq(own_flows(), 1);
	}
	ck_assert_uint_ne(port_of(HOST(20), 3000), 3000);
	lab_wait(&lab, 301);
	ck_assert_uint_eq(own_flows(), 0);
}
END_TEST

/* The router's own flows take room from each other, the least used first; never from hosts. */
START_TEST(the_routers_flows_are_few)
{
	uint32_t most = lab.engine->records->max_flows / 8 < OWN_FLOWS_MAX ? lab.engine->records->max_flows / 8
									   : OWN_FLOWS_MAX;
	struct pkt ssh = own_tcp(22, 1, TCP_ACK), data;
	uint32_t flows = lab_counts(&lab).flows;

	for (uint32_t i = 0; i < most * 3; i++) {
		struct pkt p = own_tcp((uint16_t)(10000 + i), 2, TCP_ACK);

		data = ssh;
		IS(lab_own(&lab, &data), FROM_ROUTER);
		IS(lab_own(&lab, &p), FROM_ROUTER);
		ck_assert_uint_le(own_flows(), most);
	}
	ck_assert_uint_eq(own_flows(), most);
	ck_assert_uint_eq(lab_counts(&lab).flows, flows);
	/* The one in use has its port still, the last ones too, the first have not. */
	struct pkt wants = pkt_tcp(HOST(20), 22, PEER(9), 80, TCP_SYN);
	struct pkt last = pkt_tcp(HOST(20), (uint16_t)(10000 + most * 3 - 1), PEER(9), 80, TCP_SYN);

	lab_wait(&lab, 121);
	lab_out(&lab, &wants);
	ck_assert_uint_ne(sport_of(&wants), 22);
	lab_out(&lab, &last);
	ck_assert_uint_ne(sport_of(&last), 10000 + most * 3 - 1);
	struct pkt gone = pkt_tcp(HOST(20), 10000, PEER(9), 80, TCP_SYN);

	lab_out(&lab, &gone);
	ck_assert_uint_eq(sport_of(&gone), 10000);
	lab_wait(&lab, 86401);
	ck_assert_uint_eq(own_flows(), 0);
}
END_TEST

START_TEST(rfc4787_req3a_req4_range_and_parity)
{
	static const struct {
		uint16_t want, first, last;
	} cases[] = {{301, 1, 511}, {300, 1, 511}, {700, 512, 1023}, {701, 512, 1023}, {30000, 1024, 65535}, {30001, 1024, 65535}};

	for (unsigned c = 0; c < 6; c++) {
		for (uint32_t host = 0; host < 100; host++) {
			uint32_t port = port_of(host_of(host), cases[c].want);

			ck_assert_uint_eq(port % 2, cases[c].want % 2);
			ck_assert_uint_ge(port, cases[c].first);
			ck_assert_uint_le(port, cases[c].last);
			ck_assert_msg(host > 0 || port == cases[c].want, "preserved if free");
		}
	}
}
END_TEST

/* RFC 6056 3.3, RFC 6888 REQ-15: two routers with the same traffic give other ports. */
START_TEST(rfc6056_another_router_other_ports)
{
	uint32_t first[200], same = 0;

	for (uint32_t i = 0; i < 200; i++)
		first[i] = port_of(host_of(i), 7777);
	engine_free(lab.engine);
	records_close(lab.records);
	struct err err;

	lab.records = records_open(NULL, 1000, &err);
	lab.engine = engine_new(lab.records, 0x5eed, lab.now);
	lab_conf(&lab, 1);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	for (uint32_t i = 0; i < 200; i++)
		same += port_of(host_of(i), 7777) == first[i];
	ck_assert_uint_lt(same, 8); /* the first is 7777 in both */
}
END_TEST

START_TEST(rfc6888_req8_cooling)
{
	ck_assert_uint_eq(port_of(HOST(20), 6000), 6000);
	lab_wait(&lab, 301); /* the flow is over now */
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_ne(port_of(HOST(21), 6000), 6000);
	ck_assert_uint_eq(port_of(HOST(20), 6000), 6000); /* its owner need not wait */
	lab_wait(&lab, 301);
	lab_wait(&lab, PORT_COOL_S);
	ck_assert_uint_eq(port_of(HOST(22), 6000), 6000);
}
END_TEST

/* O(1) when full: not time is measured but questions. Half of the group belongs to static entries. */
struct questions {
	uint64_t asked;
};

static bool is_claimed(const void *arg, uint16_t port)
{
	struct questions *questions = *(struct questions *const *)arg;

	questions->asked++;
	return port % 4 < 2;
}

START_TEST(full_is_refused_at_once)
{
	struct port_table *table = port_table_new(7);
	struct questions questions = {0}, *arg = &questions;
	struct port_ask ask = {.protocol = P_UDP, .global = FACE, .wanted = 2000, .owner = HOST(1), .now_s = 10,
			       .claimed = is_claimed, .arg = &arg};
	uint32_t n = 0, refused = 0;
	uint16_t port;

	for (uint32_t i = 0; i < HIGH; i++) {
		ask.wanted = (uint16_t)(1024 + i);
		n += port_take(table, &ask, &port);
	}
	ck_assert_uint_eq(n, HIGH / 2);
	ck_assert_uint_le(questions.asked, 3 * HIGH);
	questions.asked = 0;
	for (uint32_t i = 0; i < 100000; i++)
		refused += !port_take(table, &ask, &port);
	ck_assert_uint_eq(refused, 100000);
	ck_assert_uint_le(questions.asked, 200000);
	port_release(table, 0, P_UDP, (struct endpoint){FACE, 2002}, HOST(1), 10);
	ck_assert(port_take(table, &ask, &port)); /* control: it does find the one that is free */
	ck_assert_uint_eq(port, 2002);
	port_table_free(table);
}
END_TEST

/* ---- batches ---- */

static enum reason send_prepared(struct pkt *p, const struct prepared *prepared)
{
	struct packet packet = {.data = p->data,
				.length = p->length,
				.in_ifindex = IN,
				.out_ifindex = OUT,
				.visit = VISIT_TO_OUTSIDE,
				.prepared = prepared};

	engine_packet(lab.engine, lab.now, &packet, &lab.out);
	return lab.out.reason;
}

/* All packets of a batch are prepared before the first is served: what that one makes, the others find. */
START_TEST(packets_of_one_batch_share_the_flow_the_first_makes)
{
	struct pkt p[2] = {pkt_udp(HOST(5), 4000, PEER(1), 53), pkt_udp(HOST(5), 4000, PEER(1), 53)};
	struct prepared prepared[2];

	for (int i = 0; i < 2; i++) {
		struct packet packet = {.data = p[i].data, .length = p[i].length, .in_ifindex = IN,
					.out_ifindex = OUT, .visit = VISIT_TO_OUTSIDE};

		engine_prepare(lab.engine, &packet, &prepared[i]);
		ck_assert(prepared[i].decoded && prepared[i].keyed);
	}
	IS(send_prepared(&p[0], &prepared[0]), TRANSLATED_NEW);
	IS(send_prepared(&p[1], &prepared[1]), TRANSLATED);
	ck_assert_int_eq(memcmp(p[0].data + 12, p[1].data + 12, 12), 0);
}
END_TEST

/* A hash is used for the key it belongs to and for no other. */
START_TEST(the_hash_of_another_key_is_not_believed)
{
	struct pkt p = pkt_udp(HOST(5), 4000, PEER(1), 53), again = p, other = pkt_udp(HOST(6), 4000, PEER(1), 53);
	struct packet packet = {.data = other.data, .length = other.length, .in_ifindex = IN, .out_ifindex = OUT,
				.visit = VISIT_TO_OUTSIDE};
	struct prepared prepared;

	IS(send_prepared(&p, NULL), TRANSLATED_NEW);
	engine_prepare(lab.engine, &packet, &prepared);
	prepared.decoded = false;
	IS(send_prepared(&again, &prepared), TRANSLATED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_port");
	TCase *tc = tcase_create("engine_port");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rfc6888_req13_nearly_all_ports_to_one_remote);
	tcase_add_test(tc, what_a_static_entry_owns_is_not_given);
	tcase_add_test(tc, what_the_router_uses_is_not_given);
	tcase_add_test(tc, answers_of_the_router_make_no_flows);
	tcase_add_test(tc, the_router_answers_pings_that_have_a_hosts_identifier);
	tcase_add_test(tc, a_shared_reservation_is_kept_by_all_its_packets);
	tcase_add_test(tc, the_routers_flows_are_few);
	tcase_add_test(tc, rfc4787_req3a_req4_range_and_parity);
	tcase_add_test(tc, rfc6056_another_router_other_ports);
	tcase_add_test(tc, rfc6888_req8_cooling);
	tcase_add_test(tc, full_is_refused_at_once);
	tcase_add_test(tc, packets_of_one_batch_share_the_flow_the_first_makes);
	tcase_add_test(tc, the_hash_of_another_key_is_not_believed);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
