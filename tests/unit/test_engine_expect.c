/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announced flows come, by packets: who may, and as whom. */
#include <check.h>
#include "alglab.h"
#include "suite.h"

static struct lab lab;

static void setup(void)
{
	lab_open(&lab, 4096);
}

static void teardown(void)
{
	lab_close(&lab);
}

#define IS(reason, want) ck_assert_str_eq(reason_name(reason), reason_name(REASON_##want))
#define GOOD(p)		 ck_assert(pkt_is_good(&(p)))

static void masquerade(void)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
}

static enum reason tcp_in(int peer, uint16_t sport, ip4 global, uint16_t port, uint8_t flags, struct pkt *p)
{
	return lab_tcp_in(&lab, peer, sport, global, port, flags, p);
}

static enum reason tcp_out(int host, uint16_t sport, int peer, uint16_t port, uint8_t flags, struct pkt *p)
{
	return lab_tcp_out(&lab, host, sport, peer, port, flags, p);
}

static uint32_t control(int host, uint16_t port, int peer)
{
	return lab_control(&lab, host, port, peer);
}

static uint32_t served(ip4 global, uint16_t port, int host, uint16_t local)
{
	return lab_served(&lab, global, port, host, local);
}

static uint16_t announce(uint32_t flow, struct mention mention)
{
	struct told said = lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, mention);

	ck_assert_int_eq(said.outcome, RESOLVED);
	return said.to[0].to.port;
}

/* ---- who may come (reliability A4), each with its control */

START_TEST(the_child_comes_to_who_announced_it)
{
	struct pkt p;

	masquerade();
	control(6, 1025, 1);
	uint32_t parent = control(5, 1025, 1);
	uint16_t port = announce(parent, listens(HOST(5), 40000));

	IS(tcp_in(1, 20, FACE, port, F_SYN, &p), TRANSLATED_NEW);
	GOOD(p);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(dport_of(&p), 40000);
	ck_assert_uint_eq(src_of(&p), PEER(1));
	IS(tcp_out(5, 40000, 1, 20, F_SYN | F_ACK, &p), TRANSLATED);
	ck_assert_uint_eq(src_of(&p), FACE);
	ck_assert_uint_eq(sport_of(&p), port);
	ck_assert_uint_eq(lab.engine->expect_counts[ALG_FTP].used, 1);
}
END_TEST

START_TEST(nobody_else_comes)
{
	struct pkt p;

	masquerade();
	uint16_t port = announce(control(5, 1025, 1), listens(HOST(5), 40000));

	IS(tcp_in(2, 20, FACE, port, F_SYN, &p), UNSOLICITED_SYN);
	IS(tcp_in(1, 20, FACE, (uint16_t)(port + 1), F_SYN, &p), UNSOLICITED_SYN);
	IS(tcp_in(1, 20, FACE, port, F_ACK, &p), TO_ROUTER);
	IS(tcp_in(1, 20, FACE, port, F_SYN | F_ACK, &p), TO_ROUTER);
	IS(tcp_in(1, 20, FACE, port, F_RST, &p), TO_ROUTER);
	p = pkt_udp(PEER(1), 20, FACE, port);
	IS(lab_in(&lab, &p), TO_ROUTER);
	ck_assert_uint_eq(lab_expected(&lab), 1);
	IS(tcp_in(1, 20, FACE, port, F_SYN, &p), TRANSLATED_NEW);
}
END_TEST

START_TEST(a_damaged_first_packet_uses_nothing_up)
{
	struct pkt p;

	masquerade();
	uint16_t port = announce(control(5, 1025, 1), listens(HOST(5), 40000));

	p = pkt_tcp(PEER(1), 20, FACE, port, F_SYN);
	p.data[p.length - 1] ^= 1;
	IS(lab_in(&lab, &p), BAD_CHECKSUM);
	IS(tcp_in(1, 20, FACE, port, F_SYN, &p), TRANSLATED_NEW);
}
END_TEST

START_TEST(one_comes_and_no_second)
{
	struct pkt p;

	masquerade();
	uint16_t port = announce(control(5, 1025, 1), listens(HOST(5), 40000));

	IS(tcp_in(1, 20, FACE, port, F_SYN, &p), TRANSLATED_NEW);
	IS(tcp_in(1, 20, FACE, port, F_SYN, &p), TRANSLATED);
	IS(tcp_in(1, 21, FACE, port, F_SYN, &p), UNSOLICITED_SYN);
}
END_TEST

START_TEST(many_come_where_that_is_said)
{
	struct mention mention = listens(HOST(5), 40000);
	struct pkt p;

	mention.flags = MENTION_MANY;
	masquerade();
	uint32_t parent = control(5, 1025, 1);
	uint16_t port = announce(parent, mention);

	IS(tcp_in(1, 2000, FACE, port, F_SYN, &p), TRANSLATED_NEW);
	IS(tcp_in(1, 2001, FACE, port, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(expect_links(lab.engine->expects), 2);
	lab_wait(&lab, 61);
	IS(tcp_in(1, 2002, FACE, port, F_SYN, &p), UNSOLICITED_SYN);
}
END_TEST

START_TEST(announced_again_the_child_that_is_there_stays)
{
	struct pkt p;

	masquerade();
	uint32_t parent = control(5, 1025, 1);
	uint16_t port = announce(parent, listens(HOST(5), 40000));

	tcp_in(1, 20, FACE, port, F_SYN, &p);
	ck_assert_uint_eq(announce(parent, listens(HOST(5), 40000)), port);
	IS(tcp_in(1, 20, FACE, port, F_SYN, &p), TRANSLATED);
	IS(tcp_in(1, 22, FACE, port, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(dport_of(&p), 40000);
}
END_TEST

START_TEST(nobody_comes_when_it_is_over)
{
	struct pkt p;

	masquerade();
	uint32_t parent = control(5, 1025, 1), bindings = binding_count(lab.engine->bindings);
	uint16_t port = announce(parent, listens(HOST(5), 40000));

	ck_assert_uint_eq(binding_count(lab.engine->bindings), bindings + 1);
	lab_wait(&lab, 59);
	ck_assert_uint_eq(lab_expected(&lab), 1);
	lab_wait(&lab, 2);
	ck_assert_uint_eq(lab_expected(&lab), 0);
	IS(tcp_in(1, 20, FACE, port, F_SYN, &p), UNSOLICITED_SYN);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), bindings);
	ck_assert_uint_eq(lab.engine->expect_counts[ALG_FTP].expired, 1);
}
END_TEST

START_TEST(cancelled_is_over)
{
	struct pkt p;

	masquerade();
	uint32_t parent = control(5, 1025, 1);
	uint16_t port = announce(parent, listens(HOST(5), 40000));
	uint16_t other = announce(control(6, 1026, 1), listens(HOST(6), 41000));

	resolve_cancel(lab.engine, lab.now, parent, false);
	IS(tcp_in(1, 20, FACE, port, F_SYN, &p), UNSOLICITED_SYN);
	IS(tcp_in(1, 20, FACE, other, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(lab.engine->expect_counts[ALG_FTP].cancelled, 1);
}
END_TEST

/* ---- as whom */

START_TEST(a_server_behind_one_port_gets_its_data)
{
	struct pkt p;
	const struct flow_record *child;

	lab_static(&lab, 1, P_TCP, HOST(9), 21, POOL(9), 21);
	ck_assert(lab_commit(&lab));
	uint16_t port = announce(served(POOL(9), 21, 9, 21), listens(HOST(9), 45000));

	IS(tcp_in(2, 3000, POOL(9), port, F_SYN, &p), UNSOLICITED_SYN);
	IS(tcp_in(1, 3000, POOL(9), port, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(dst_of(&p), HOST(9));
	ck_assert_uint_eq(dport_of(&p), 45000);
	child = lab_flow_at(&lab, lab_flow(&lab, HOST(9), 45000, PEER(1), 3000));
	ck_assert(child->flags & FLOW_STATIC);
	ck_assert_uint_eq(child->rule, 1);
	ck_assert_uint_ne(child->binding, RECORD_NONE);
	IS(tcp_out(9, 45000, 1, 3000, F_SYN | F_ACK, &p), TRANSLATED);
	ck_assert_uint_eq(src_of(&p), POOL(9));
	ck_assert_uint_eq(sport_of(&p), port);
}
END_TEST

START_TEST(a_server_connects_by_the_address_it_is_known_by)
{
	struct pkt p;

	lab_static(&lab, 1, P_TCP, HOST(9), 21, POOL(9), 21);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	uint32_t parent = served(POOL(9), 21, 9, 21);
	struct told said = lab_say(&lab, ALG_FTP, parent, SIDE_OUTSIDE, listens(PEER(1), 6000));

	ck_assert_int_eq(said.outcome, RESOLVED);
	IS(tcp_out(9, 20, 1, 6001, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&p), FACE);
	IS(tcp_out(9, 20, 1, 6000, F_SYN, &p), TRANSLATED_NEW);
	GOOD(p);
	ck_assert_uint_eq(src_of(&p), POOL(9));
	ck_assert_uint_eq(sport_of(&p), 20);
	IS(tcp_in(1, 6000, POOL(9), 20, F_SYN | F_ACK, &p), TRANSLATED);
	ck_assert_uint_eq(dst_of(&p), HOST(9));
	IS(tcp_out(9, 22, 1, 6000, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&p), FACE);
}
END_TEST

START_TEST(a_mapped_source_port_is_used)
{
	struct pkt p;

	lab_static(&lab, 1, P_TCP, HOST(9), 21, POOL(9), 2121);
	lab_static(&lab, 2, P_TCP, HOST(9), 20, POOL(9), 2020);
	ck_assert(lab_commit(&lab));
	lab_say(&lab, ALG_FTP, served(POOL(9), 2121, 9, 21), SIDE_OUTSIDE, listens(PEER(1), 6000));
	IS(tcp_out(9, 20, 1, 6000, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&p), POOL(9));
	ck_assert_uint_eq(sport_of(&p), 2020);
	ck_assert_uint_eq(lab.engine->expect_counts[ALG_FTP].used, 1);
}
END_TEST

START_TEST(a_reserved_source_stays_reserved)
{
	struct mention mention = listens(PEER(1), 1022);
	struct pkt p;

	mention.flags = MENTION_RESERVED;
	lab_static(&lab, 1, P_TCP, HOST(9), 514, FACE, 514);
	masquerade();
	/* Somebody else has the port that the server will use. */
	IS(tcp_out(5, 1023, 2, 80, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(sport_of(&p), 1023);
	lab_say(&lab, ALG_SHELL, served(FACE, 514, 9, 514), SIDE_OUTSIDE, mention);
	IS(tcp_out(9, 1023, 1, 1022, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_ne(sport_of(&p), 1023);
	ck_assert_uint_ge(sport_of(&p), 512);
	ck_assert_uint_lt(sport_of(&p), 1023);
	ck_assert(lab_flow_at(&lab, lab_flow(&lab, HOST(9), 1023, PEER(1), 1022))->flags & FLOW_STATIC);
}
END_TEST

START_TEST(only_a_reserved_port_comes_to_rsh)
{
	struct mention mention = listens(0, 1022);
	struct told said;
	struct pkt p;

	mention.flags = MENTION_HERE | MENTION_RESERVED;
	mention.remote_least = 512;
	masquerade();
	said = lab_say(&lab, ALG_SHELL, control(5, 1023, 1), SIDE_INSIDE, mention);
	IS(tcp_in(1, 1024, FACE, said.to[0].to.port, F_SYN, &p), UNSOLICITED_SYN);
	IS(tcp_in(1, 1023, FACE, said.to[0].to.port, F_SYN, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(dport_of(&p), 1022);
}
END_TEST

/* ---- TFTP: the answer comes from another port, either way */

static const struct mention answer = {.protocol = P_UDP, .role = ROLE_LISTEN, .flags = MENTION_OWN};

START_TEST(a_tftp_server_answers_from_another_port)
{
	struct pkt p = pkt_udp(HOST(5), 2000, PEER(1), 69);

	masquerade();
	lab_out(&lab, &p);
	uint16_t port = (uint16_t)sport_of(&p);

	p = pkt_udp(PEER(1), 4444, FACE, port);
	IS(lab_in(&lab, &p), TO_ROUTER);
	lab_say(&lab, ALG_TFTP, lab_flow(&lab, HOST(5), 2000, PEER(1), 69), SIDE_INSIDE, answer);
	p = pkt_udp(PEER(2), 4444, FACE, port);
	IS(lab_in(&lab, &p), TO_ROUTER);
	p = pkt_udp(PEER(1), 4444, FACE, port);
	IS(lab_in(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(dport_of(&p), 2000);
	p = pkt_udp(HOST(5), 2000, PEER(1), 4444);
	IS(lab_out(&lab, &p), TRANSLATED);
	ck_assert_uint_eq(sport_of(&p), port);
}
END_TEST

START_TEST(a_tftp_server_inside_answers_as_it_was_asked)
{
	struct pkt p = pkt_udp(PEER(1), 2000, POOL(9), 69);
	uint16_t port;

	lab_static(&lab, 1, P_UDP, HOST(9), 69, POOL(9), 69);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	IS(lab_in(&lab, &p), TRANSLATED_NEW);
	lab_say(&lab, ALG_TFTP, lab_flow(&lab, HOST(9), 69, PEER(1), 2000), SIDE_OUTSIDE, answer);
	p = pkt_udp(HOST(9), 5555, PEER(1), 2000);
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&p), POOL(9));
	port = (uint16_t)sport_of(&p);
	p = pkt_udp(PEER(1), 2000, POOL(9), port);
	IS(lab_in(&lab, &p), TRANSLATED);
	ck_assert_uint_eq(dst_of(&p), HOST(9));
	ck_assert_uint_eq(dport_of(&p), 5555);
}
END_TEST

/* At its limit the host loses one-way flows first, but not the one that the child belongs to. */
START_TEST(the_limit_of_a_host_spares_the_parent)
{
	struct pkt p = pkt_udp(HOST(5), 2000, PEER(1), 69);

	lab.conf->max_all_host = 2;
	masquerade();
	lab_out(&lab, &p);
	lab_say(&lab, ALG_TFTP, lab_flow(&lab, HOST(5), 2000, PEER(1), 69), SIDE_INSIDE, answer);
	uint16_t port = (uint16_t)sport_of(&p);

	p = pkt_udp(HOST(5), 2001, PEER(3), 9);
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	p = pkt_udp(PEER(1), 4444, FACE, port);
	IS(lab_in(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_ne(lab_flow(&lab, HOST(5), 2000, PEER(1), 69), RECORD_NONE);
	ck_assert_uint_eq(lab_flow(&lab, HOST(5), 2001, PEER(3), 9), RECORD_NONE);
}
END_TEST

/* ---- hairpin */

/* Both ends inside: A opens to B's port entry on the router's address. */
static void turned(uint32_t *a, uint32_t *b)
{
	struct pkt p = pkt_tcp(HOST(5), 1025, FACE, 21, F_SYN);
	const struct flow_record *flow;

	IS(lab_turn(&lab, &p), HAIRPIN);
	*a = lab_flow(&lab, HOST(5), 1025, FACE, 21);
	flow = lab_flow_at(&lab, *a);
	*b = lab_flow(&lab, HOST(9), 21, FACE, flow->ig_port);
	ck_assert_uint_ne(*b, RECORD_NONE);
}

START_TEST(a_child_between_two_hosts_inside)
{
	const struct mention active = listens(HOST(5), 40000), passive = listens(HOST(9), 45000);
	struct told said;
	struct pkt p;
	uint32_t a, b;

	lab_static(&lab, 1, P_TCP, HOST(9), 21, FACE, 21);
	masquerade();
	turned(&a, &b);
	p = pkt_tcp(HOST(9), 20, FACE, 40000, F_SYN);
	IS(lab_turn(&lab, &p), TO_ROUTER);
	said = lab_say_all(&lab, ALG_FTP, a, b, SIDE_INSIDE, &active, 1);
	ck_assert_int_eq(said.outcome, RESOLVED);
	ck_assert_uint_eq(said.to[0].to.addr, FACE);
	p = pkt_tcp(HOST(9), 20, FACE, said.to[0].to.port, F_SYN);
	IS(lab_turn(&lab, &p), HAIRPIN);
	GOOD(p);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(dport_of(&p), 40000);
	ck_assert_uint_eq(src_of(&p), FACE);
	said = lab_say_all(&lab, ALG_FTP, a, b, SIDE_OUTSIDE, &passive, 1);
	ck_assert_int_eq(said.outcome, RESOLVED);
	ck_assert_uint_eq(said.to[0].to.addr, FACE);
	p = pkt_tcp(HOST(5), 1026, FACE, said.to[0].to.port, F_SYN);
	IS(lab_turn(&lab, &p), HAIRPIN);
	GOOD(p);
	ck_assert_uint_eq(dst_of(&p), HOST(9));
	ck_assert_uint_eq(dport_of(&p), 45000);
	p = pkt_tcp(HOST(6), 1026, FACE, said.to[0].to.port, F_SYN);
	ck_assert_int_ne(lab_turn(&lab, &p), REASON_HAIRPIN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_expect");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_child_comes_to_who_announced_it);
	tcase_add_test(tc, nobody_else_comes);
	tcase_add_test(tc, a_damaged_first_packet_uses_nothing_up);
	tcase_add_test(tc, one_comes_and_no_second);
	tcase_add_test(tc, many_come_where_that_is_said);
	tcase_add_test(tc, announced_again_the_child_that_is_there_stays);
	tcase_add_test(tc, nobody_comes_when_it_is_over);
	tcase_add_test(tc, cancelled_is_over);
	tcase_add_test(tc, a_server_behind_one_port_gets_its_data);
	tcase_add_test(tc, a_server_connects_by_the_address_it_is_known_by);
	tcase_add_test(tc, a_mapped_source_port_is_used);
	tcase_add_test(tc, a_reserved_source_stays_reserved);
	tcase_add_test(tc, only_a_reserved_port_comes_to_rsh);
	tcase_add_test(tc, a_tftp_server_answers_from_another_port);
	tcase_add_test(tc, a_tftp_server_inside_answers_as_it_was_asked);
	tcase_add_test(tc, the_limit_of_a_host_spares_the_parent);
	tcase_add_test(tc, a_child_between_two_hosts_inside);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
