/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random traffic of every kind through every kind of rule. Whatever happens: no inside address outside, answers find their way
 * back, nobody shares a global endpoint, good checksums stay good. By chance: seed.h.
 */
#include <check.h>
#include "enginelab.h"
#include "seed.h"
#include "suite.h"

#define STEPS 60000

static struct lab lab;
static uint64_t state;

static uint32_t draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % below;
}

static bool is_inside(uint32_t addr)
{
	return addr >> 24 == 10;
}

/* An inside address in the IP header or in a quoted one. */
static bool leaks(const struct pkt *p)
{
	if (is_inside(src_of(p)) || is_inside(dst_of(p)))
		return true;
	if (!is_error(p->data) || p->length < ip_header(p->data) + 28)
		return false;
	const uint8_t *quote = p->data + ip_header(p->data) + 8;

	return is_inside(up32(quote + 12)) || is_inside(up32(quote + 16));
}

static void configure(uint32_t epoch, bool more)
{
	lab_conf(&lab, epoch);
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(9), 0);
	lab.conf->n_services = 0; /* gateways have tests of their own: here everything that fits goes on */
	lab_static(&lab, 2, P_TCP, HOST(8), 8080, FACE, 80);
	lab_static(&lab, 3, P_UDP, HOST(8), 53, POOL(30), 53);
	lab_rule(&lab, 7, lab_list(&lab, 0, IP(10, 0, 1, 0), 0xffffff00), lab_pool(&lab, "A", POOL(20), POOL(24)),
		 0, false);
	lab_rule(&lab, 8, lab_list(&lab, 0, IP(10, 0, 2, 0), 0xffffff00), lab_pool(&lab, "B", POOL(30), POOL(31)),
		 0, true);
	if (more)
		lab_rule(&lab, 9, lab_list(&lab, 0, IP(10, 0, 3, 0), 0xffffff00),
			 lab_pool(&lab, "C", POOL(22), POOL(31)), 0, true);
	lab_rule(&lab, 100, lab_list(&lab, 0, HOST(0), 0xff000000), SNAPSHOT_NONE, FACE, true);
}

static void setup(void)
{
	state = test_seed() * 2654435761u | 1;
	lab_open(&lab, 2048);
	snapshot_free(lab.conf);
	configure(1, true);
	ck_assert(lab_commit(&lab));
}

static void teardown(void)
{
	lab_close(&lab);
}

static uint32_t some_host(void)
{
	return IP(10, 0, draw(4), draw(3) == 0 ? draw(200) + 1 : draw(12) + 1);
}

static uint32_t some_global(void)
{
	return draw(4) == 0 ? FACE : POOL(9 + draw(24));
}

static uint16_t some_port(void)
{
	static const uint16_t known[] = {53, 80, 8080, 400, 600, 4000, 4001, 65535};

	return draw(2) ? known[draw(8)] : (uint16_t)draw(65536);
}

static struct pkt some_packet(uint32_t src, uint32_t dst)
{
	uint16_t from = some_port(), to = some_port();

	switch (draw(8)) {
	case 0:
		return pkt_ping(src, dst, from);
	case 1:
		return pkt_ip(P_GRE, src, dst, "\0\0\10\0data", 8);
	case 2:
	case 3:
		return pkt_udp(src, from, dst, to);
	default:
		return pkt_tcp(src, from, dst, to, (uint8_t)draw(32));
	}
}

/* What can happen to bytes. Returns whether it is still a good packet. */
static bool mishap(struct pkt *p)
{
	uint8_t options[8] = {7, 7, 4};

	switch (draw(24)) {
	case 0:
		p->data[draw(p->length)] ^= (uint8_t)(1 << draw(8));
		finish_ip(p->data);
		return false;
	case 1:
		pkt_fragment(p, (uint16_t)(draw(2) ? 0x2000 : draw(0x2000)));
		return false;
	case 2:
		pkt_options(p, options, 8);
		return false;
	case 3:
		p->length = draw(p->length + 1);
		return false;
	default:
		return true;
	}
}

static void check_outside(const struct pkt *p, bool good)
{
	if (lab_gone(&lab))
		return;
	ck_assert_msg(!leaks(p), "inside address outside: %s", reason_name(lab.out.reason));
	if (good && lab.out.verdict == VERDICT_REPLACE)
		ck_assert(pkt_is_good(p));
}

static struct pkt answer(struct pkt *p)
{
	uint32_t src = src_of(p), dst = dst_of(p);

	switch (p->data[9]) {
	case P_ICMP:
		return pkt_icmp(dst, src, 0, (uint16_t)id_of(p));
	case P_TCP:
		return pkt_tcp(dst, (uint16_t)dport_of(p), src, (uint16_t)sport_of(p), F_ACK);
	case P_UDP:
		return pkt_udp(dst, (uint16_t)dport_of(p), src, (uint16_t)sport_of(p));
	default:
		return pkt_ip(P_GRE, dst, src, "\0\0\10\0data", 8);
	}
}

/* Out, back, and the errors that both sides may send about it. */
static void step_out(void)
{
	struct pkt sent = some_packet(some_host(), PEER(1 + draw(4))), p = sent;

	lab_out(&lab, &p);
	check_outside(&p, true);
	if (lab.out.verdict != VERDICT_REPLACE)
		return;
	struct pkt wire = p, back = answer(&p), quoted;

	/* One that fits no connection is translated too. */
	enum reason reason = lab_in(&lab, &back);

	ck_assert(reason == REASON_TRANSLATED || (reason == REASON_TCP_UNFIT && sent.data[9] == P_TCP));
	ck_assert(pkt_is_good(&back));
	ck_assert_uint_eq(dst_of(&back), src_of(&sent));
	if (sent.data[9] == P_TCP || sent.data[9] == P_UDP)
		ck_assert_uint_eq(dport_of(&back), sport_of(&sent));
	quoted = back;
	struct pkt e = pkt_error(draw(2) ? src_of(&sent) : some_host(), PEER(1), 3, 3, 0, &quoted,
				 28 + 4 * draw(25), 0);

	ck_assert_int_eq(lab_out(&lab, &e), REASON_TRANSLATED_ICMP_ERROR);
	check_outside(&e, true);
	/* Whole words: half a checksum cannot be updated. */
	e = pkt_error(PEER(9), src_of(&wire), 11, 0, 0, &wire, 28 + 4 * draw(25), 0);
	ck_assert_int_eq(lab_in(&lab, &e), REASON_TRANSLATED_ICMP_ERROR);
	ck_assert_uint_eq(dst_of(&e), src_of(&sent));
	ck_assert(memcmp(quote_of(&e), sent.data, e.length - 28) == 0);
}

static void step_damaged(void)
{
	struct pkt p = some_packet(some_host(), PEER(1 + draw(4))), e;
	bool good = mishap(&p);

	if (draw(3) == 0) {
		e = pkt_error(some_host(), PEER(1), (uint8_t)draw(13), 0, 0, &p, draw(100), draw(20));
		good = mishap(&e) && good;
		p = e;
	}
	/* A flipped bit may have turned the source into somebody that no rule covers: then it is not ours to hide. */
	uint32_t src = src_of(&p);

	if (draw(4) == 0)
		lab_own(&lab, &p);
	else
		lab_out(&lab, &p);
	if (is_inside(src) && !lab_gone(&lab))
		ck_assert_msg(p.length < 20 || !leaks(&p), "inside address outside: %s",
			      reason_name(lab.out.reason));
}

static void step_in(void)
{
	struct pkt p = some_packet(PEER(1 + draw(4)), some_global());
	bool good = mishap(&p);

	lab_in(&lab, &p);
	if (good && lab.out.verdict == VERDICT_REPLACE)
		ck_assert(pkt_is_good(&p));
}

static void step_turn(void)
{
	struct pkt sent = some_packet(some_host(), some_global()), p = sent;
	uint32_t asked = dst_of(&sent);

	lab_turn(&lab, &p);
	if (lab.out.verdict != VERDICT_REPLACE)
		return;
	ck_assert(pkt_is_good(&p));
	ck_assert(is_inside(dst_of(&p)));
	ck_assert(!is_inside(src_of(&p)));
	struct pkt back = answer(&p);

	ck_assert_int_eq(lab_turn(&lab, &back), REASON_HAIRPIN);
	ck_assert(pkt_is_good(&back));
	ck_assert_uint_eq(dst_of(&back), src_of(&sent));
	ck_assert_uint_eq(src_of(&back), asked);
}

/* Protocol and global endpoint of each flow belong to one inside endpoint. */
static void check_unique(void)
{
	static struct translation rows[4096];
	struct translation_cursor cursor = {0};
	uint32_t n = 0;

	while (!cursor.end)
		n += engine_translations(lab.engine, lab.now, &cursor, rows + n, 4096 - n);
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t j = i + 1; j < n; j++) {
			const struct translation *a = &rows[i], *b = &rows[j];

			if (a->half || b->half || a->protocol != b->protocol || a->ig.addr != b->ig.addr ||
			    a->ig.port != b->ig.port)
				continue;
			ck_assert_uint_eq(a->il.addr, b->il.addr);
			ck_assert_uint_eq(a->il.port, b->il.port);
		}
	}
}

START_TEST(random_traffic)
{
	uint32_t epoch = 1;

	for (uint32_t i = 0; i < STEPS; i++) {
		switch (draw(8)) {
		case 0:
		case 1:
		case 2:
			step_out();
			break;
		case 3:
		case 4:
			step_damaged();
			break;
		case 5:
		case 6:
			step_in();
			break;
		default:
			step_turn();
		}
		if (draw(100) == 0)
			lab_wait(&lab, draw(400));
		if (draw(2000) == 0) {
			configure(++epoch, draw(2));
			ck_assert(lab_commit(&lab));
		}
		if (draw(3000) == 0)
			check_unique();
	}
	check_unique();
	ck_assert_uint_gt(lab_counts(&lab).reasons[REASON_TRANSLATED], STEPS / 20);
	ck_assert_uint_gt(lab_counts(&lab).reasons[REASON_HAIRPIN], 10);
	lab_wait(&lab, 4 * 86400);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(lab_counts(&lab).address_bindings, 0);
	ck_assert_uint_eq(engine_rule_uses(lab.engine, 100), 0);
}
END_TEST

/* The judges themselves: each sees what it is there to see. */
START_TEST(judges_are_awake)
{
	struct pkt p = pkt_udp(HOST(5), 1, PEER(1), 2), q = pkt_udp(PEER(1), 2, PEER(2), 1), e;

	ck_assert(leaks(&p));
	ck_assert(!leaks(&q));
	e = pkt_error(PEER(1), PEER(2), 3, 3, 0, &p, 548, 0);
	ck_assert(leaks(&e));
	e = pkt_error(PEER(1), PEER(2), 3, 3, 0, &q, 548, 0);
	ck_assert(!leaks(&e) && pkt_is_good(&e));
	for (uint32_t i = 0; i < e.length; i++) {
		struct pkt bad = e;

		bad.data[i] ^= 4;
		/* Lengths and versions aside, every byte is under a checksum. */
		ck_assert(!pkt_is_good(&bad));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_property");
	TCase *tc = tcase_create("engine_property");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, random_traffic);
	tcase_add_test(tc, judges_are_awake);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
