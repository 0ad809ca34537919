/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hairpin between hosts behind dynamic mappings, and mixed with static ones: RFC 4787 REQ-9
 * (external source address and port), REQ-8 (what the receiver's filtering lets in), RFC 5382 REQ-2
 * and REQ-8 (TCP, also opened from both sides), RFC 5508 REQ-7 (queries of whole addresses;
 * errors); what collides; errors about messages that are no queries.
 */
#include <check.h>
#include "enginelab.h"
#include "suite.h"
#include "nat/turn.h"

#define GOOD(p)		 ck_assert(pkt_is_good(&(p)))
#define IS(reason, want) ck_assert_str_eq(reason_name(reason), reason_name(REASON_##want))

static struct lab lab;

enum kind { INTERFACE, SHARED_POOL, WHOLE_ADDRESS, STATIC, KINDS };

static void rules(uint32_t epoch)
{
	lab_conf(&lab, epoch);
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(9), 0);
	lab_static(&lab, 2, 0, HOST(8), 0, POOL(8), 0);
	lab_rule(&lab, 10, lab_list(&lab, 0, IP(10, 0, 1, 0), 0xffffff00),
		 lab_pool(&lab, "W", POOL(20), POOL(29)), 0, false);
	lab_rule(&lab, 11, lab_list(&lab, 0, IP(10, 0, 2, 0), 0xffffff00),
		 lab_pool(&lab, "S", POOL(30), POOL(31)), 0, true);
	lab_rule(&lab, 12, lab_list(&lab, 0, IP(10, 0, 0, 0), 0xffff0000), SNAPSHOT_NONE, FACE,
		 true);
}

static void setup(void)
{
	lab_open(&lab, 4096);
	snapshot_free(lab.conf);
	rules(1);
	ck_assert(lab_commit(&lab));
}

static void teardown(void)
{
	lab_close(&lab);
}

/* ---- two hosts that know each other's global endpoint, as a server outside has told them ---- */

struct host {
	ip4 addr, global;
	uint16_t port, global_port; /* identifier */
};

static const ip4 addresses[KINDS][2] = {
    {HOST(5), HOST(6)},
    {IP(10, 0, 2, 5), IP(10, 0, 2, 6)},
    {IP(10, 0, 1, 5), IP(10, 0, 1, 6)},
    {HOST(9), HOST(8)},
};

static struct pkt datagram(uint8_t protocol, struct host *from, ip4 to, uint16_t port,
			   uint8_t flags)
{
	if (protocol == P_ICMP)
		return pkt_ping(from->addr, to, from->port);
	return protocol == P_UDP ? pkt_udp(from->addr, from->port, to, port)
				 : pkt_tcp(from->addr, from->port, to, port, flags);
}

static struct host host_of(uint8_t protocol, enum kind kind, int which, uint16_t port)
{
	struct host host = {.addr = addresses[kind][which], .port = port};
	struct pkt p = datagram(protocol, &host, PEER(1), 3478, F_SYN);

	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	host.global = src_of(&p);
	host.global_port = (uint16_t)(protocol == P_ICMP ? id_of(&p) : sport_of(&p));
	return host;
}

/* One packet from a to b's global endpoint; what arrives comes from a's. */
static void arrives(uint8_t protocol, struct host *a, struct host *b, uint8_t flags)
{
	struct pkt p = datagram(protocol, a, b->global, b->global_port, flags);

	IS(lab_turn(&lab, &p), HAIRPIN);
	GOOD(p);
	ck_assert_uint_eq(lab.out.mark & MARK_MASK, MARK_DONE);
	ck_assert_uint_eq(src_of(&p), a->global);
	ck_assert_uint_eq(dst_of(&p), b->addr);
	if (protocol == P_ICMP) {
		ck_assert_uint_eq(id_of(&p), b->port);
		return;
	}
	ck_assert_uint_eq(sport_of(&p), a->global_port);
	ck_assert_uint_eq(dport_of(&p), b->port);
}

static void filtered(uint8_t protocol, struct host *a, struct host *b, uint8_t flags)
{
	struct pkt p = datagram(protocol, a, b->global, b->global_port, flags), sent = p;

	IS(lab_turn(&lab, &p), FILTERED);
	ck_assert_int_eq(lab.out.verdict, VERDICT_DROP);
	ck_assert_uint_eq(lab.out.n_emitted, 0);
	ck_assert(memcmp(p.data, sent.data, p.length) == 0);
}

static bool is_static(const struct host *host)
{
	return host->addr == HOST(9) || host->addr == HOST(8);
}

/* 16 pairs of kinds. */
static void two(int _i, uint8_t protocol, struct host *a, struct host *b)
{
	*a = host_of(protocol, (enum kind)(_i / KINDS), 0, 4000);
	*b = host_of(protocol, (enum kind)(_i % KINDS), 1, 5000);
}

/* What the engine says of itself within that time, the last of it in *sent. */
static uint32_t said_within(uint32_t ms, struct pkt *sent)
{
	uint64_t end = lab.now + ms;
	uint32_t n = 0;

	while (engine_next(lab.engine) <= end) {
		lab.now = engine_next(lab.engine) > lab.now ? engine_next(lab.engine) : lab.now;
		engine_tick(lab.engine, lab.now, &lab.out);
		for (uint32_t i = 0; i < lab.out.n_emitted; i++, n++) {
			ck_assert(lab.out.emitted[i].inward);
			sent->length = lab.out.emitted[i].length;
			memcpy(sent->data, lab.out.emitted[i].data, sent->length);
		}
	}
	lab.now = end;
	return n;
}

static void is_refused(struct pkt *sent, const struct host *sender, const struct pkt *syn)
{
	GOOD(*sent);
	ck_assert_uint_eq(dst_of(sent), sender->addr);
	ck_assert_uint_eq(l4_of(sent)[0], 3);
	ck_assert_uint_eq(l4_of(sent)[1], 3);
	ck_assert_mem_eq(quote_of(sent) + 12, syn->data + 12, 16); /* as its reader sent it */
}

START_TEST(rfc5382_req4_a_filtered_syn_is_refused_in_the_end)
{
	struct host a, b;
	struct pkt sent, syn;

	two(_i, P_TCP, &a, &b);
	if (is_static(&b))
		return;
	syn = datagram(P_TCP, &a, b.global, b.global_port, F_SYN); /* the same but for its identification */
	filtered(P_TCP, &a, &b, F_SYN);
	filtered(P_TCP, &a, &b, F_ACK); /* only a SYN is answered */
	ck_assert_uint_eq(said_within(5999, &sent), 0);
	ck_assert_uint_eq(said_within(1, &sent), 1);
	is_refused(&sent, &a, &syn);
	ck_assert_uint_eq(said_within(20000, &sent), 0);
}
END_TEST

START_TEST(rfc5382_req4_not_if_the_receivers_syn_crosses)
{
	struct host a, b;
	struct pkt sent;

	two(_i, P_TCP, &a, &b);
	if (is_static(&b))
		return;
	filtered(P_TCP, &a, &b, F_SYN);
	ck_assert_uint_eq(said_within(3000, &sent), 0);
	arrives(P_TCP, &b, &a, F_SYN);
	ck_assert_uint_eq(said_within(20000, &sent), 0);
}
END_TEST

START_TEST(rfc5382_req4_a_syn_to_a_global_that_nobody_has)
{
	struct host a = host_of(P_TCP, INTERFACE, 0, 4000);
	struct pkt syn = pkt_tcp(a.addr, a.port, POOL(25), 80, F_SYN), before = syn, sent;
	struct pkt own = pkt_tcp(a.addr, a.port, FACE, 23, F_SYN);
	uint32_t flows = lab_counts(&lab).flows;

	IS(lab_turn(&lab, &syn), UNSOLICITED_SYN);
	IS(lab_turn(&lab, &own), TO_ROUTER); /* control: which has somebody */
	ck_assert_uint_eq(lab_counts(&lab).flows, flows);
	ck_assert_uint_eq(said_within(5999, &sent), 0);
	ck_assert_uint_eq(said_within(1, &sent), 1);
	is_refused(&sent, &a, &before);
}
END_TEST

START_TEST(req9_both_send_and_the_second_goes_through)
{
	struct host a, b;
	uint32_t flows;

	two(_i, P_UDP, &a, &b);
	flows = lab_counts(&lab).flows;
	if (is_static(&b)) {
		arrives(P_UDP, &a, &b, 0);
	} else {
		filtered(P_UDP, &a, &b, 0);
		/* Only the sender's own: the receiver is not let in on by a stranger. */
		ck_assert_uint_eq(lab_counts(&lab).flows, flows + 1);
		filtered(P_UDP, &a, &b, 0);
		ck_assert_uint_eq(lab_counts(&lab).flows, flows + 1);
	}
	arrives(P_UDP, &b, &a, 0);
	arrives(P_UDP, &a, &b, 0);
	arrives(P_UDP, &b, &a, 0);
	ck_assert_uint_eq(lab_counts(&lab).flows, flows + 2);
}
END_TEST

static uint8_t phase_of(struct host *host, ip4 to)
{
	static struct translation rows[64];
	struct translation_cursor cursor = {0};
	uint32_t n = 0;

	while (!cursor.end)
		n += engine_translations(lab.engine, lab.now, &cursor, rows + n, 64 - n);
	for (uint32_t i = 0; i < n; i++) {
		if (!rows[i].half && rows[i].il.addr == host->addr && rows[i].og.addr == to)
			return rows[i].phase;
	}
	return 255;
}

/* RFC 5382 REQ-2: SYNs that cross. */
START_TEST(req8_tcp_opens_from_both_sides)
{
	struct host a, b;

	two(_i, P_TCP, &a, &b);
	if (is_static(&b))
		arrives(P_TCP, &a, &b, F_SYN);
	else
		filtered(P_TCP, &a, &b, F_SYN);
	arrives(P_TCP, &b, &a, F_SYN);
	ck_assert_int_eq(phase_of(&a, b.global), PHASE_SYN);
	arrives(P_TCP, &a, &b, F_SYN | F_ACK);
	arrives(P_TCP, &b, &a, F_SYN | F_ACK);
	arrives(P_TCP, &a, &b, F_ACK);
	arrives(P_TCP, &b, &a, F_ACK);
	ck_assert_int_eq(phase_of(&a, b.global), PHASE_ESTABLISHED);
	ck_assert_int_eq(phase_of(&b, a.global), PHASE_ESTABLISHED);
}
END_TEST

/* And the ordinary way, once the receiver's first SYN has been spent. */
START_TEST(req8_tcp_opens_one_after_the_other)
{
	struct host a, b;

	two(_i, P_TCP, &a, &b);
	if (is_static(&b)) {
		struct host swap = a;

		a = b;
		b = swap;
	}
	if (!is_static(&b))
		filtered(P_TCP, &a, &b, F_SYN);
	else
		arrives(P_TCP, &a, &b, F_SYN);
	arrives(P_TCP, &b, &a, F_SYN);
	arrives(P_TCP, &a, &b, F_SYN | F_ACK);
	arrives(P_TCP, &b, &a, F_ACK);
	ck_assert_int_eq(phase_of(&a, b.global), PHASE_ESTABLISHED);
	ck_assert_int_eq(phase_of(&b, a.global), PHASE_ESTABLISHED);
}
END_TEST

START_TEST(filtering_depends_on_address_and_port)
{
	struct host a = host_of(P_UDP, (enum kind)_i, 0, 4000),
		    b = host_of(P_UDP, (enum kind)_i, 1, 5000);
	struct host other = a, third = {.addr = HOST(7), .port = 4000};

	other.port = 4001;
	filtered(P_UDP, &b, &a, 0);
	arrives(P_UDP, &a, &b, 0);
	/* The same host from another port, another host from the same. */
	filtered(P_UDP, &other, &b, 0);
	filtered(P_UDP, &third, &b, 0);
	arrives(P_UDP, &a, &b, 0);
	/* Control: the receiver opens for it. */
	other.global = a.global;
	struct pkt p = pkt_udp(other.addr, other.port, PEER(1), 3478);

	lab_out(&lab, &p);
	other.global_port = (uint16_t)sport_of(&p);
	arrives(P_UDP, &b, &other, 0);
	arrives(P_UDP, &other, &b, 0);
}
END_TEST

/* Nothing is made where there is nobody, for whom there is no rule, or of damage. */
START_TEST(strangers_make_no_state)
{
	struct host b = host_of(P_UDP, (enum kind)_i, 0, 5000);
	uint32_t flows = lab_counts(&lab).flows;
	struct pkt p = pkt_udp(HOST(7), 4000, b.global, 6000);

	ck_assert_int_eq(lab_turn(&lab, &p), _i == INTERFACE ? REASON_TO_ROUTER : REASON_NO_FLOW);
	p = pkt_udp(IP(172, 20, 0, 9), 4000, b.global, b.global_port);
	IS(lab_turn(&lab, &p), NO_FLOW);
	p = pkt_udp(HOST(7), 4000, b.global, b.global_port);
	p.data[30] ^= 1;
	IS(lab_turn(&lab, &p), BAD_CHECKSUM);
	ck_assert_uint_eq(lab_counts(&lab).flows, flows);
	/* Control: whole, it makes its sender's. */
	p = pkt_udp(HOST(7), 4000, b.global, b.global_port);
	IS(lab_turn(&lab, &p), FILTERED);
	ck_assert_uint_eq(lab_counts(&lab).flows, flows + 1);
	lab_wait(&lab, 301);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
}
END_TEST

START_TEST(the_routers_own_ports_stay_its_own)
{
	struct host a = host_of(P_UDP, INTERFACE, 0, 4000),
		    ping = host_of(P_ICMP, INTERFACE, 0, 4000);
	struct pkt p = pkt_udp(a.addr, a.port, FACE, 53),
		   echo = pkt_ping(ping.addr, FACE, ping.port);
	struct pkt own = pkt_udp(FACE, 123, PEER(1), 123), q = pkt_udp(a.addr, a.port, FACE, 123);

	IS(lab_turn(&lab, &p), TO_ROUTER);
	IS(lab_turn(&lab, &echo), TO_ROUTER);
	IS(lab_own(&lab, &own), FROM_ROUTER);
	IS(lab_turn(&lab, &q), TO_ROUTER);
}
END_TEST

/* By interface and shared pool both hosts have one address, on which they cannot have one
 * identifier. */
START_TEST(req7_queries_of_whole_addresses)
{
	static const struct {
		enum kind a, b;
	} pairs[] = {{WHOLE_ADDRESS, WHOLE_ADDRESS}, {WHOLE_ADDRESS, STATIC},
		     {STATIC, WHOLE_ADDRESS},	     {SHARED_POOL, WHOLE_ADDRESS},
		     {SHARED_POOL, STATIC},	     {INTERFACE, WHOLE_ADDRESS}};
	struct pkt taken = pkt_ping(HOST(7), PEER(1), 33),
		   also = pkt_ping(IP(10, 0, 2, 7), PEER(1), 33);

	/* So identifiers of overload change. */
	lab_out(&lab, &taken);
	lab_out(&lab, &also);
	struct host a = host_of(P_ICMP, pairs[_i].a, 0, 33),
		    b = host_of(P_ICMP, pairs[_i].b, 1, a.global_port);

	if (is_static(&b))
		arrives(P_ICMP, &a, &b, 0);
	else
		filtered(P_ICMP, &a, &b, 0);
	/* The receiver answers, or asks itself. */
	for (int type = 8; type >= 0; type -= 8) {
		struct pkt p = pkt_icmp(b.addr, a.global, (uint8_t)type, b.port);

		if (a.addr == HOST(5))
			break; /* the router's own address: pings to it are for the router */
		IS(lab_turn(&lab, &p), HAIRPIN);
		GOOD(p);
		ck_assert_uint_eq(src_of(&p), b.global);
		ck_assert_uint_eq(dst_of(&p), a.addr);
		ck_assert_uint_eq(id_of(&p), a.port);
		arrives(P_ICMP, &a, &b, 0);
	}
}
END_TEST

/* ---- errors ---- */

/* About what `sent` became on its way from a to b. */
static void error_comes_back(struct pkt sent, struct host *a, struct host *b)
{
	struct pkt there = sent, half = sent, e;

	IS(lab_turn(&lab, &there), HAIRPIN);
	/* From the receiver, and from a router on its way. */
	for (int i = 0; i < 2; i++) {
		e = pkt_error(i == 0 ? b->addr : HOST(200), src_of(&there), 3, 3, 0, &there, 548,
			      0);
		IS(lab_turn(&lab, &e), TRANSLATED_ICMP_ERROR);
		GOOD(e);
		ck_assert_uint_eq(src_of(&e), b->global);
		ck_assert_uint_eq(dst_of(&e), a->addr);
		ck_assert(memcmp(quote_of(&e), sent.data, sent.length) == 0);
	}
	/* Our own: between the two visits, and after them. */
	IS(lab_visit(&lab, VISIT_TURN_BACK, IN, 0, &half), HAIRPIN);
	e = pkt_error(GATE, a->addr, 11, 0, 0, &half, 548, 0);
	IS(lab_visit(&lab, VISIT_OWN_ERROR, 0, IN, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
	ck_assert(memcmp(quote_of(&e), sent.data, sent.length) == 0);
	e = pkt_error(GATE, src_of(&there), 3, 1, 0, &there, 548, 0);
	IS(lab_visit(&lab, VISIT_OWN_ERROR, 0, IN, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
	ck_assert_uint_eq(dst_of(&e), a->addr);
	ck_assert(memcmp(quote_of(&e), sent.data, sent.length) == 0);
}

/* RFC 5508 REQ-7: errors about hairpinned packets, in both directions. */
START_TEST(req7_errors_both_ways)
{
	struct host a, b;

	two(_i, P_UDP, &a, &b);
	if (is_static(&b))
		arrives(P_UDP, &a, &b, 0);
	else
		filtered(P_UDP, &a, &b, 0);
	arrives(P_UDP, &b, &a, 0);
	error_comes_back(pkt_udp(a.addr, a.port, b.global, b.global_port), &a, &b);
	error_comes_back(pkt_udp(b.addr, b.port, a.global, a.global_port), &b, &a);
	/* Nobody has sent this. */
	struct pkt never = pkt_udp(a.global, 1, b.addr, b.port),
		   e = pkt_error(b.addr, a.global, 3, 3, 0, &never, 548, 0);

	ck_assert(lab_turn(&lab, &e) != REASON_TRANSLATED_ICMP_ERROR);
	ck_assert_int_ne(lab.out.verdict, VERDICT_REPLACE);
}
END_TEST

/* RFC 5508 REQ-4 and 5 ask for the session, and a message without an identifier has one by a whole
 * address. An error about an error does not exist (RFC 1122 3.2.2). */
START_TEST(errors_about_messages_that_are_no_queries)
{
	struct pkt sent = pkt_icmp(HOST(9), PEER(1), 42, 7), wire = sent, e;

	IS(lab_out(&lab, &wire), TRANSLATED_NEW);
	e = pkt_error(PEER(7), POOL(9), 11, 0, 0, &wire, 548, 0);
	IS(lab_in(&lab, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
	ck_assert_uint_eq(dst_of(&e), HOST(9));
	ck_assert(memcmp(quote_of(&e), sent.data, sent.length) == 0);
	struct pkt in = pkt_icmp(PEER(1), POOL(9), 43, 7), arrived = in;

	IS(lab_in(&lab, &arrived), TRANSLATED);
	e = pkt_error(HOST(9), PEER(1), 3, 2, 0, &arrived, 548, 0);
	IS(lab_out(&lab, &e), TRANSLATED_ICMP_ERROR);
	GOOD(e);
	ck_assert_uint_eq(src_of(&e), POOL(9));
	ck_assert(memcmp(quote_of(&e), in.data, in.length) == 0);
	/* Controls: to somebody else, and about an error. */
	in = pkt_icmp(POOL(9), PEER(2), 42, 7);
	e = pkt_error(PEER(7), POOL(9), 11, 0, 0, &in, 548, 0);
	IS(lab_in(&lab, &e), QUOTED_UNKNOWN);
	wire = pkt_error(POOL(9), PEER(1), 3, 3, 0, &wire, 548, 0);
	e = pkt_error(PEER(7), POOL(9), 11, 0, 0, &wire, 548, 0);
	IS(lab_in(&lab, &e), QUOTED_UNKNOWN);
}
END_TEST

/* ---- half entries, collisions, configuration ---- */

/* no ip nat create flow-entries: the half entry of a whole address lets everybody in, so the first
 * packet goes through. */
START_TEST(half_entries_filter_nobody)
{
	rules(2);
	lab.conf->half_only = true;
	ck_assert(lab_commit(&lab));
	struct pkt mine = pkt_udp(IP(10, 0, 1, 6), 5000, PEER(1), 9);

	IS(lab_out(&lab, &mine), TRANSLATED_NEW);
	struct host a = host_of(P_UDP, INTERFACE, 0, 4000), c = host_of(P_UDP, INTERFACE, 1, 4100);
	struct host b = {IP(10, 0, 1, 6), src_of(&mine), 5000, 5000};

	arrives(P_UDP, &a, &b, 0);
	arrives(P_UDP, &b, &a, 0);
	filtered(P_UDP, &b, &c, 0);
	arrives(P_UDP, &c, &b, 0);
}
END_TEST

static uint32_t refusals(enum reason reason)
{
	return (uint32_t)lab_counts(&lab).reasons[reason];
}

/* Two extendable entries of one host, and one remote: both flows would be one for what the host
 * sends. */
START_TEST(a_collision_is_not_a_full_table)
{
	rules(2);
	lab_static(&lab, 3, 0, HOST(8), 0, POOL(7), 0);
	ck_assert(lab_commit(&lab));
	struct pkt one = pkt_udp(PEER(1), 9000, POOL(8), 7000),
		   two = pkt_udp(PEER(1), 9000, POOL(7), 7000);
	struct pkt other = pkt_udp(PEER(1), 9001, POOL(7), 7000);

	IS(lab_in(&lab, &one), TRANSLATED_NEW);
	IS(lab_in(&lab, &two), FLOW_COLLISION);
	IS(lab_in(&lab, &other), TRANSLATED_NEW);
	ck_assert_uint_eq(lab_counts(&lab).flows, 2);
	ck_assert_uint_eq(refusals(REASON_NO_ENTRY), 0);
	/* In a hairpin nothing is left of the half that could be made. */
	struct pkt first = pkt_udp(HOST(5), 4000, POOL(8), 7000),
		   second = pkt_udp(HOST(5), 4000, POOL(7), 7000);

	IS(lab_turn(&lab, &first), HAIRPIN);
	IS(lab_turn(&lab, &second), FLOW_COLLISION);
	ck_assert_uint_eq(lab_counts(&lab).flows, 4);
}
END_TEST

/* The sender has two addresses, by destination, and the receiver, too: between the visits the
 * packets are the same, so that the second would get the first's source. */
START_TEST(a_turned_packet_has_one_source)
{
	lab_conf(&lab, 2);
	lab_static(&lab, 1, 0, HOST(8), 0, POOL(8), 0);
	lab_static(&lab, 2, 0, HOST(8), 0, POOL(7), 0);
	uint32_t to_seven = lab_list(&lab, 0, HOST(5), 0xffffffff);

	lab.conf->aces[to_seven].destination = POOL(7);
	lab.conf->aces[to_seven].destination_care = 0xffffffff;
	lab_rule(&lab, 10, to_seven, lab_pool(&lab, "P", POOL(40), POOL(40)), 0, true);
	lab_rule(&lab, 12, lab_list(&lab, 0, IP(10, 0, 0, 0), 0xffff0000), SNAPSHOT_NONE, FACE,
		 true);
	ck_assert(lab_commit(&lab));
	struct pkt first = pkt_udp(HOST(5), 4000, POOL(8), 7000),
		   second = pkt_udp(HOST(5), 4000, POOL(7), 7000);
	struct pkt again = first, alone = pkt_udp(HOST(5), 4001, POOL(7), 7000);

	IS(lab_turn(&lab, &first), HAIRPIN);
	IS(lab_turn(&lab, &second), FLOW_COLLISION);
	ck_assert_uint_eq(lab_counts(&lab).flows, 2);
	IS(lab_turn(&lab, &again), HAIRPIN);
	ck_assert_uint_eq(src_of(&again), FACE);
	IS(lab_turn(&lab, &alone), HAIRPIN);
	ck_assert_uint_eq(src_of(&alone), POOL(40));
	/* When the first has ended, the other may. */
	lab_wait(&lab, 301);
	second = pkt_udp(HOST(5), 4000, POOL(7), 7000);
	IS(lab_turn(&lab, &second), HAIRPIN);
	ck_assert_uint_eq(src_of(&second), POOL(40));
}
END_TEST

START_TEST(the_mark_alone_opens_nothing)
{
	struct host a = host_of(P_UDP, INTERFACE, 0, 4000), b = host_of(P_UDP, INTERFACE, 1, 5000);
	struct pkt p = pkt_udp(a.addr, a.port, b.addr, b.port), q = p;

	lab.mark = MARK_HAIRPIN;
	IS(lab_visit(&lab, VISIT_TO_OUTSIDE, IN, IN, &p), NO_FLOW);
	filtered(P_UDP, &a, &b, 0);
	arrives(P_UDP, &b, &a, 0);
	lab.mark = MARK_HAIRPIN;
	IS(lab_visit(&lab, VISIT_TO_OUTSIDE, IN, IN, &q), NO_FLOW);
	/* A flow that has ended turns nothing. */
	struct pkt half = pkt_udp(b.addr, b.port, a.global, a.global_port);

	IS(lab_visit(&lab, VISIT_TURN_BACK, IN, 0, &half), HAIRPIN);
	lab_wait(&lab, 301);
	lab.mark = MARK_HAIRPIN;
	IS(lab_visit(&lab, VISIT_TO_OUTSIDE, IN, IN, &half), NO_FLOW);
}
END_TEST

/* The rule goes between the two visits, and the interface's address with the receiver's flow. */
START_TEST(a_new_configuration_between_the_visits)
{
	struct host a = host_of(P_UDP, SHARED_POOL, 0, 4000),
		    b = host_of(P_UDP, INTERFACE, 1, 5000);
	struct pkt half = pkt_udp(a.addr, a.port, b.global, b.global_port), same;

	filtered(P_UDP, &b, &a, 0);
	arrives(P_UDP, &a, &b, 0);
	same = half;
	IS(lab_visit(&lab, VISIT_TURN_BACK, IN, 0, &half), HAIRPIN);
	IS(lab_visit(&lab, VISIT_TURN_BACK, IN, 0, &same), HAIRPIN);
	rules(2);
	ck_assert(lab_commit(&lab));
	lab.mark = MARK_HAIRPIN;
	IS(lab_visit(&lab, VISIT_TO_OUTSIDE, IN, IN, &half), HAIRPIN);
	lab_conf(&lab, 3);
	lab_rule(&lab, 11, lab_list(&lab, 0, IP(10, 0, 2, 0), 0xffffff00),
		 lab_pool(&lab, "S", POOL(30), POOL(31)), 0, true);
	ck_assert(lab_commit(&lab));
	lab.mark = MARK_HAIRPIN;
	IS(lab_visit(&lab, VISIT_TO_OUTSIDE, IN, IN, &same), NO_FLOW);
}
END_TEST

/* What the receiver's flow was is another flow by now. */
START_TEST(a_place_taken_over_is_no_receiver)
{
	static const uint64_t rule[] = {11};
	struct swap swap = {.n_kill = 1, .kill = rule};
	struct host a = host_of(P_UDP, SHARED_POOL, 0, 4000), b = host_of(P_UDP, INTERFACE, 1, 5000);
	struct pkt half = pkt_udp(b.addr, b.port, a.global, a.global_port), other[4];

	filtered(P_UDP, &a, &b, 0);
	arrives(P_UDP, &b, &a, 0);
	IS(lab_visit(&lab, VISIT_TURN_BACK, IN, 0, &half), HAIRPIN);
	lab_conf(&lab, 2);
	lab_pool(&lab, "S", POOL(30), POOL(31));
	lab_rule(&lab, 12, lab_list(&lab, 0, IP(10, 0, 0, 0), 0xffff0000), SNAPSHOT_NONE, FACE, true);
	uint32_t before = lab_counts(&lab).flows;

	ck_assert(lab_swap(&lab, &swap));
	ck_assert_uint_eq(lab_counts(&lab).flows, before - 2);
	for (uint16_t i = 0; i < 4; i++) {
		other[i] = pkt_udp(a.addr, a.port, PEER(1), i);
		IS(lab_out(&lab, &other[i]), TRANSLATED_NEW);
	}
	lab.mark = MARK_HAIRPIN;
	IS(lab_visit(&lab, VISIT_TO_OUTSIDE, IN, IN, &half), NO_FLOW);
}
END_TEST

/* One pair for a sender, one sender for a key; what is forgotten is not found. */
START_TEST(pairs_are_found_by_their_key)
{
	static const struct siphash_key secret = {1, 2};
	struct turn_table *table = turn_new(&secret, 64);
	struct flow_key keys[64] = {0};
	uint32_t receiver = 0;

	for (uint32_t i = 0; i < 64; i++) {
		keys[i].source = i / 2 * 2;
		turn_set(table, i, i + 100, &keys[i]);
	}
	for (uint32_t i = 0; i < 64; i++) {
		ck_assert_uint_eq(turn_find(table, &keys[i], &receiver), i | 1); /* the later one has the key */
		ck_assert_uint_eq(receiver, (i | 1) + 100);
	}
	keys[1].source = 1000;
	turn_set(table, 1, 7, &keys[1]);
	ck_assert_uint_eq(turn_find(table, &keys[1], &receiver), 1);
	ck_assert_uint_eq(receiver, 7);
	ck_assert_uint_eq(turn_find(table, &keys[0], &receiver), RECORD_NONE);
	for (uint32_t i = 0; i < 64; i++)
		turn_forget(table, i);
	for (uint32_t i = 0; i < 64; i++)
		ck_assert_uint_eq(turn_find(table, &keys[i], &receiver), RECORD_NONE);
	turn_free(table);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_hairpin");
	TCase *tc = tcase_create("engine_hairpin");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, rfc5382_req4_a_filtered_syn_is_refused_in_the_end, 0, KINDS * KINDS);
	tcase_add_loop_test(tc, rfc5382_req4_not_if_the_receivers_syn_crosses, 0, KINDS * KINDS);
	tcase_add_test(tc, rfc5382_req4_a_syn_to_a_global_that_nobody_has);
	tcase_add_loop_test(tc, req9_both_send_and_the_second_goes_through, 0, KINDS * KINDS);
	tcase_add_loop_test(tc, req8_tcp_opens_from_both_sides, 0, KINDS * KINDS);
	tcase_add_loop_test(tc, req8_tcp_opens_one_after_the_other, 0, KINDS * KINDS);
	tcase_add_loop_test(tc, filtering_depends_on_address_and_port, 0, STATIC);
	tcase_add_loop_test(tc, strangers_make_no_state, 0, WHOLE_ADDRESS);
	tcase_add_test(tc, the_routers_own_ports_stay_its_own);
	tcase_add_loop_test(tc, req7_queries_of_whole_addresses, 0, 6);
	tcase_add_loop_test(tc, req7_errors_both_ways, 0, KINDS * KINDS);
	tcase_add_test(tc, errors_about_messages_that_are_no_queries);
	tcase_add_test(tc, half_entries_filter_nobody);
	tcase_add_test(tc, a_collision_is_not_a_full_table);
	tcase_add_test(tc, a_turned_packet_has_one_source);
	tcase_add_test(tc, the_mark_alone_opens_nothing);
	tcase_add_test(tc, a_new_configuration_between_the_visits);
	tcase_add_test(tc, a_place_taken_over_is_no_receiver);
	tcase_add_test(tc, pairs_are_found_by_their_key);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
