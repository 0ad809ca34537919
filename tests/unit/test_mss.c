/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ip tcp adjust-mss (RFC 9293 3.7.1): from the configuration to the bytes of a SYN, both directions, never raised. */
#include <check.h>
#include "config/compile.h"
#include "enginelab.h"
#include "lines.h"
#include "mirrors.h"
#include "suite.h"
#include "nat/mss.h"

#define IS(reason, want) ck_assert_str_eq(reason_name(reason), reason_name(REASON_##want))
#define LAN2             4

static struct lab lab;

/* Two LANs inside, 10.0.0.0/24 and 10.2.0.0/24. */
static void configure(const char *lines)
{
	struct mirror mirror = {0};
	struct store *store = store_new();
	struct plan *plan;

	mirror_add(&mirror, IN, "in0");
	mirror_add(&mirror, OUT, "out0");
	mirror_add(&mirror, LAN2, "in1");
	lines_load(store, "interface in0\n ip address 10.0.0.1 255.255.255.0\n ip nat inside\n"
			  "interface in1\n ip address 10.2.0.1 255.255.255.0\n ip nat inside\n"
			  "interface out0\n ip address 203.0.113.1 255.255.255.0\n ip nat outside\n"
			  "access-list 1 permit 10.0.0.0 0.255.255.255\n"
			  "ip nat inside source list 1 interface out0 overload\n");
	lines_load(store, lines);
	snapshot_free(lab.conf);
	compile(store, &mirror, 9, NULL, &lab.conf, &plan);
	plan_free(plan);
	store_free(store);
	mirror_clear(&mirror);
	/* compile has made the indexes already, so not lab_commit. */
	struct swap swap = {.snapshot = lab.conf};

	lab.conf = NULL;
	ck_assert(engine_swap(lab.engine, lab.now, &swap));
	snapshot_free(swap.old);
}

static void setup(void)
{
	lab_open(&lab, 64);
}

static void teardown(void)
{
	lab_close(&lab);
}

/* A SYN with this option behind `before` bytes of NOPs. */
static struct pkt syn(ip4 from, uint16_t sport, ip4 to, uint16_t dport, uint8_t flags, uint16_t mss, uint32_t before)
{
	uint8_t l4[28] = {0};

	pk16(l4, sport);
	pk16(l4 + 2, dport);
	pk32(l4 + 4, 77);
	pk32(l4 + 8, flags & F_ACK ? 78 : 0);
	l4[12] = 7 << 4;
	l4[13] = flags;
	memset(l4 + 20, 1, before);
	l4[20 + before] = 2;
	l4[21 + before] = 4;
	pk16(l4 + 22 + before, mss);
	return pkt_ip(P_TCP, from, to, l4, sizeof(l4));
}

static uint32_t offered(struct pkt *p, uint32_t before)
{
	return up16(l4_of(p) + 22 + before);
}

static uint32_t out_with(ip4 from, uint32_t in, uint16_t mss, uint32_t before)
{
	static uint16_t port = 1024;
	struct pkt p = syn(from, ++port, PEER(1), 80, F_SYN, mss, before);

	IS(lab_visit(&lab, VISIT_TO_OUTSIDE, in, OUT, &p), TRANSLATED_NEW);
	ck_assert(pkt_is_good(&p));
	return offered(&p, before);
}

START_TEST(outside_interface_both_directions)
{
	configure("interface out0\n ip tcp adjust-mss 1400\n");
	for (uint32_t before = 0; before < 5; before++) {
		ck_assert_uint_eq(out_with(HOST(5), IN, 1460, before), 1400);
		ck_assert_uint_eq(out_with(HOST(5), IN, 1400, before), 1400);
		ck_assert_uint_eq(out_with(HOST(5), IN, 536, before), 536); /* never raised */
	}
	struct pkt out = syn(HOST(5), 999, PEER(1), 80, F_SYN, 1460, 0), back;

	lab_out(&lab, &out);
	back = syn(PEER(1), 80, FACE, (uint16_t)sport_of(&out), F_SYN | F_ACK, 1460, 0);
	IS(lab_in(&lab, &back), TRANSLATED);
	ck_assert(pkt_is_good(&back));
	ck_assert_uint_eq(offered(&back, 0), 1400);
	ck_assert_uint_eq(dst_of(&back), HOST(5));
}
END_TEST

START_TEST(without_the_command_nothing_changes)
{
	configure("");
	ck_assert_uint_eq(engine_snapshot(lab.engine)->n_mss, 0);
	ck_assert_uint_eq(out_with(HOST(5), IN, 1460, 0), 1460);
	configure("interface out0\n ip tcp adjust-mss 1400\ninterface out0\n no ip tcp adjust-mss\n");
	ck_assert_uint_eq(out_with(HOST(5), IN, 1460, 0), 1460);
}
END_TEST

/* The answer comes in before it is known where it goes out: by the prefix of the host. */
START_TEST(inside_interface_both_directions)
{
	static const struct {
		ip4 host;
		uint32_t in;
		uint16_t there, back;
	} cases[] = {
		{IP(10, 0, 0, 5), IN, 1300, 1300},
		{IP(10, 2, 0, 5), LAN2, 1460, 1460},
		{IP(10, 9, 0, 5), LAN2, 1460, 1300}, /* behind a router on one of the LANs: the least */
	};

	configure("interface in0\n ip tcp adjust-mss 1300\n");
	struct pkt out = syn(cases[_i].host, 999, PEER(1), 80, F_SYN, 1460, 0), back;

	IS(lab_visit(&lab, VISIT_TO_OUTSIDE, cases[_i].in, OUT, &out), TRANSLATED_NEW);
	ck_assert_uint_eq(offered(&out, 0), cases[_i].there);
	back = syn(PEER(1), 80, FACE, (uint16_t)sport_of(&out), F_SYN | F_ACK, 1460, 0);
	IS(lab_in(&lab, &back), TRANSLATED);
	ck_assert(pkt_is_good(&back));
	ck_assert_uint_eq(offered(&back, 0), cases[_i].back);
}
END_TEST

START_TEST(the_least_of_both_interfaces)
{
	configure("interface in0\n ip tcp adjust-mss 1300\ninterface out0\n ip tcp adjust-mss 1200\n");
	ck_assert_uint_eq(out_with(HOST(5), IN, 1460, 0), 1200);
	configure("interface in0\n ip tcp adjust-mss 1100\ninterface out0\n ip tcp adjust-mss 1200\n");
	ck_assert_uint_eq(out_with(HOST(5), IN, 1460, 0), 1100);
}
END_TEST

START_TEST(what_is_not_translated_but_passes)
{
	configure("no access-list 1\nno ip nat inside source list 1 interface out0 overload\n"
		  "interface out0\n ip tcp adjust-mss 1400\n");
	struct pkt p = syn(HOST(5), 999, PEER(1), 80, F_SYN, 1460, 0), own = syn(FACE, 9, PEER(1), 80, F_SYN, 1460, 0);

	IS(lab_out(&lab, &p), NOT_COVERED);
	ck_assert_int_eq(lab.out.verdict, VERDICT_REPLACE);
	ck_assert_uint_eq(offered(&p, 0), 1400);
	ck_assert(pkt_is_good(&p));
	p = syn(HOST(5), 999, PEER(1), 80, F_SYN, 1300, 0);
	IS(lab_out(&lab, &p), NOT_COVERED);
	ck_assert_int_eq(lab.out.verdict, VERDICT_ACCEPT);
	/* The router's own SYNs are not in transit. */
	IS(lab_own(&lab, &own), FROM_ROUTER);
	ck_assert_int_eq(lab.out.verdict, VERDICT_ACCEPT);
	ck_assert_uint_eq(offered(&own, 0), 1460);
}
END_TEST

START_TEST(offloaded_checksum_is_completed)
{
	configure("interface out0\n ip tcp adjust-mss 1400\n");
	struct pkt p = syn(HOST(5), 999, PEER(1), 80, F_SYN, 1460, 0);
	struct packet packet = {.data = p.data, .length = p.length, .in_ifindex = IN, .out_ifindex = OUT,
				.visit = VISIT_TO_OUTSIDE, .checksum_partial = true};

	pk16(p.data + 36, judge_pseudo(p.data, 28));
	engine_packet(lab.engine, lab.now, &packet, &lab.out);
	ck_assert_uint_eq(offered(&p, 0), 1400);
	ck_assert(pkt_is_good(&p));
}
END_TEST

START_TEST(damage_and_lies)
{
	configure("interface out0\n ip tcp adjust-mss 1400\n");
	struct pkt first = syn(HOST(5), 999, PEER(1), 80, F_SYN, 1460, 0), bad = first, lie;

	lab_out(&lab, &first);
	bad.data[30] ^= 4;
	lab_out(&lab, &bad);
	ck_assert_uint_eq(offered(&bad, 0), 1400);
	ck_assert(!pkt_is_good(&bad));
	/* No such option, one of another length, one that ends behind the header: left alone. */
	static const uint8_t options[][8] = {{1, 1, 1, 1, 1, 1, 1, 1}, {2, 3, 5, 0xb4, 1, 1, 1, 1}, {0, 2, 4, 5, 0xb4, 0, 0, 0},
					     {1, 1, 1, 1, 1, 2, 4, 5}, {3, 0, 2, 4, 5, 0xb4, 0, 0}, {3, 9, 2, 4, 5, 0xb4, 0, 0}};

	for (unsigned i = 0; i < sizeof(options) / sizeof(*options); i++) {
		lie = syn(HOST(5), (uint16_t)(2000 + i), PEER(1), 80, F_SYN, 1460, 0);
		memcpy(l4_of(&lie) + 20, options[i], 8);
		finish_l4(lie.data, 28);
		IS(lab_out(&lab, &lie), TRANSLATED_NEW);
		ck_assert(pkt_is_good(&lie));
		ck_assert_mem_eq(l4_of(&lie) + 20, options[i], 8);
	}
	/* Only SYNs speak of it. */
	struct pkt data = syn(HOST(5), 999, PEER(1), 80, F_ACK, 1460, 0);

	lab_out(&lab, &data);
	ck_assert_uint_eq(offered(&data, 0), 1460);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mss");
	TCase *tc = tcase_create("mss");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, outside_interface_both_directions);
	tcase_add_test(tc, without_the_command_nothing_changes);
	tcase_add_loop_test(tc, inside_interface_both_directions, 0, 3);
	tcase_add_test(tc, the_least_of_both_interfaces);
	tcase_add_test(tc, what_is_not_translated_but_passes);
	tcase_add_test(tc, offloaded_checksum_is_completed);
	tcase_add_test(tc, damage_and_lies);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
