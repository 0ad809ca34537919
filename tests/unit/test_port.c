/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port maps: RFC 4787 REQ-3 (never twice), REQ-3a (range), REQ-4 (parity), RFC 6056 (not in sequence), cooling, claims of
 * static entries, and every port of the high group usable.
 */
#include "nat/port.h"
#include "suite.h"
#include "tables.h"

#define GLOBAL 0xcb007101
#define OWNER 0x0a000001
#define OTHER 0x0a000002
#define UDP 17
#define ICMP 1

static struct port_table *table;

static void setup(void)
{
	table = port_table_new(42);
}

static void teardown(void)
{
	port_table_free(table);
}

static struct port_ask ask_for(uint16_t wanted, ip4 owner, uint32_t now_s)
{
	struct port_ask ask = { .protocol = UDP, .global = GLOBAL, .wanted = wanted, .owner = owner, .now_s = now_s };

	return ask;
}

/* The port taken, or UINT32_MAX. */
static uint32_t take(uint16_t wanted, ip4 owner, uint32_t now_s)
{
	struct port_ask ask = ask_for(wanted, owner, now_s);
	uint16_t port;

	return port_take(table, &ask, &port) ? port : UINT32_MAX;
}

static void release(uint16_t port, ip4 owner, uint32_t now_s)
{
	port_release(table, 0, UDP, (struct endpoint){ GLOBAL, port }, owner, now_s);
}

START_TEST(preserved_if_free)
{
	static const uint16_t wanted[] = { 1, 2, 511, 512, 513, 1023, 1024, 1025, 40000, 65534, 65535 };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		ck_assert_uint_eq(take(wanted[i], OWNER, 10), wanted[i]);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		ck_assert_uint_ne(take(wanted[i], OTHER, 10), wanted[i]);
	ck_assert_uint_eq(port_used(table, 0, UDP, GLOBAL), 22);
	ck_assert_uint_eq(port_used(table, 0, 6, GLOBAL), 0);
	ck_assert_uint_eq(port_used(table, 1, UDP, GLOBAL), 0);
}
END_TEST

START_TEST(parity_and_group_are_kept)
{
	static const struct {
		uint16_t wanted, first, last;
	} groups[] = { { 100, 1, 511 }, { 101, 1, 511 }, { 600, 512, 1023 }, { 601, 512, 1023 },
		       { 5000, 1024, 65535 }, { 5001, 1024, 65535 } };

	for (size_t g = 0; g < 6; g++) {
		ck_assert_uint_eq(take(groups[g].wanted, OWNER, 10), groups[g].wanted);
		for (int i = 0; i < 200; i++) {
			uint32_t port = take(groups[g].wanted, OWNER, 10);

			ck_assert_uint_eq(port & 1, groups[g].wanted & 1);
			ck_assert_uint_ge(port, groups[g].first);
			ck_assert_uint_le(port, groups[g].last);
		}
	}
}
END_TEST

START_TEST(other_parity_when_one_is_full)
{
	uint32_t odd = 0;

	for (int i = 0; i < 511; i++)
		odd += take(100, OWNER, 10) & 1;
	ck_assert_uint_eq(odd, 256);
	ck_assert_uint_eq(take(100, OWNER, 10), UINT32_MAX);
	/* The groups above are untouched by it. */
	ck_assert_uint_eq(take(600, OWNER, 10), 600);
}
END_TEST

START_TEST(wanted_zero_means_the_high_group)
{
	for (int i = 0; i < 100; i++)
		ck_assert_uint_ge(take(0, OWNER, 10), 1024);
}
END_TEST

START_TEST(all_64512_ports_none_twice)
{
	static uint8_t seen[65536];
	uint64_t seed = test_seed();
	uint32_t n = 0, port;

	memset(seen, 0, sizeof(seen));
	while ((port = take((uint16_t)(1024 + test_random(&seed) % 64512), OWNER, 10)) != UINT32_MAX) {
		ck_assert_uint_ge(port, 1024);
		if (seen[port]++)
			ck_abort_msg("port %u twice", port);
		n++;
	}
	ck_assert_uint_eq(n, 64512);
	ck_assert_uint_eq(port_used(table, 0, UDP, GLOBAL), 64512);
	release(2000, OWNER, 11);
	ck_assert_uint_eq(take(7777, OTHER, 11), 2000); /* still cooling, but nothing else is free */
	ck_assert_uint_eq(take(7777, OTHER, 11), UINT32_MAX);
}
END_TEST

/* RFC 6056: who sees one port must not know the next. */
START_TEST(not_in_sequence)
{
	uint32_t follows = 0, last = take(3000, OWNER, 10);

	for (int i = 0; i < 200; i++) {
		uint32_t port = take(3000, OWNER, 10);

		follows += port > last && port - last <= 8;
		last = port;
	}
	ck_assert_uint_lt(follows, 5);
}
END_TEST

START_TEST(another_seed_another_sequence)
{
	struct port_table *tables[3] = { port_table_new(1), port_table_new(1), port_table_new(2) };
	uint32_t same_seed = 0, other_seed = 0, port[3];

	for (int i = 0; i < 200; i++) {
		for (int t = 0; t < 3; t++) {
			struct port_ask ask = ask_for(3000, OWNER, 10);
			uint16_t got;

			ck_assert(port_take(tables[t], &ask, &got));
			port[t] = got;
		}
		same_seed += port[0] == port[1];
		other_seed += port[0] == port[2];
	}
	ck_assert_uint_eq(same_seed, 200);
	ck_assert_uint_lt(other_seed, 10); /* the first is 3000 in all */
	for (int t = 0; t < 3; t++)
		port_table_free(tables[t]);
}
END_TEST

START_TEST(released_ports_cool)
{
	ck_assert_uint_eq(take(4000, OWNER, 10), 4000);
	release(4000, OWNER, 10);
	ck_assert_uint_eq(port_used(table, 0, UDP, GLOBAL), 0);
	ck_assert_uint_ne(take(4000, OTHER, 10 + PORT_COOL_S - 1), 4000);
	ck_assert_uint_eq(take(4000, OTHER, 10 + PORT_COOL_S), 4000);
}
END_TEST

START_TEST(the_former_owner_need_not_wait)
{
	ck_assert_uint_eq(take(4000, OWNER, 10), 4000);
	release(4000, OWNER, 10);
	ck_assert_uint_eq(take(4000, OWNER, 11), 4000);
	ck_assert_uint_ne(take(4000, OTHER, 11), 4000);
}
END_TEST

START_TEST(the_oldest_cooling_go_first)
{
	for (int i = 0; i < 511; i++)
		ck_assert_uint_ne(take(100, OWNER, 10), UINT32_MAX);
	release(300, OWNER, 20);
	release(200, OWNER, 21);
	release(301, OWNER, 22);
	ck_assert_uint_eq(take(100, OTHER, 30), 300);
	ck_assert_uint_eq(take(100, OTHER, 30), 200);
	ck_assert_uint_eq(take(100, OTHER, 30), 301);
	ck_assert_uint_eq(take(100, OTHER, 30), UINT32_MAX);
}
END_TEST

START_TEST(many_cool_down_together)
{
	for (int i = 0; i < 64512; i++)
		ck_assert_uint_ne(take(2000, OWNER, 10), UINT32_MAX);
	for (uint32_t port = 1024; port < 65536; port++)
		release((uint16_t)port, OWNER, 11);
	ck_assert_uint_eq(take(50000, OTHER, 11 + PORT_COOL_S), 50000);
	for (int i = 1; i < 64512; i++)
		ck_assert_uint_ne(take(2000, OTHER, 11 + PORT_COOL_S), UINT32_MAX);
	ck_assert_uint_eq(take(2000, OTHER, 11 + PORT_COOL_S), UINT32_MAX);
}
END_TEST

START_TEST(released_twice_counts_once)
{
	take(4000, OWNER, 10);
	release(4000, OWNER, 10);
	release(4000, OWNER, 10);
	release(4001, OWNER, 10);
	ck_assert_uint_eq(port_used(table, 0, UDP, GLOBAL), 0);
	ck_assert_uint_eq(take(4000, OWNER, 10), 4000);
	ck_assert_uint_eq(port_used(table, 0, UDP, GLOBAL), 1);
}
END_TEST

struct claims {
	uint8_t port[65536];
	uint32_t asked;
};

static bool is_claimed(const void *arg, uint16_t port)
{
	struct claims *claims = (struct claims *)(uintptr_t)arg;

	claims->asked++;
	return claims->port[port];
}

/* All but a few ports of the high group are claimed: the few are found, no other is given out, and a claim that goes is
 * seen in the next second. */
START_TEST(claimed_ports_are_never_given)
{
	static struct claims claims;
	struct port_ask ask = ask_for(4000, OWNER, 50);
	uint16_t port;

	memset(&claims, 0, sizeof(claims));
	memset(claims.port, 1, sizeof(claims.port));
	claims.port[2222] = claims.port[3333] = claims.port[60000] = 0;
	ask.claimed = is_claimed;
	ask.arg = &claims;
	for (int i = 0; i < 3; i++) {
		ck_assert(port_take(table, &ask, &port));
		ck_assert_uint_eq(claims.port[port], 0);
	}
	ck_assert(!port_take(table, &ask, &port));
	ck_assert_uint_le(claims.asked, 64512 + 10);
	claims.asked = 0;
	ck_assert(!port_take(table, &ask, &port));
	ck_assert_uint_le(claims.asked, 1);
	claims.port[50001] = 0;
	ask.now_s++;
	ck_assert(port_take(table, &ask, &port));
	ck_assert_uint_eq(port, 50001);
	ask.wanted = 5555;
	claims.port[5555] = 0; /* the port itself is asked for even within the second */
	ck_assert(port_take(table, &ask, &port));
	ck_assert_uint_eq(port, 5555);
}
END_TEST

static uint32_t take_pair(uint16_t wanted, ip4 owner, uint32_t now_s)
{
	struct port_ask ask = ask_for(wanted, owner, now_s);
	uint16_t port;

	return port_take_pair(table, &ask, &port) ? port : UINT32_MAX;
}

START_TEST(pairs_are_neighbours)
{
	uint32_t port;

	ck_assert_uint_eq(take_pair(5004, OWNER, 10), 5004);
	ck_assert_uint_eq(port_used(table, 0, UDP, GLOBAL), 2);
	port = take_pair(5004, OTHER, 10);
	ck_assert_uint_ge(port, 1024);
	ck_assert_uint_eq(port % 2, 0);
	ck_assert_uint_ne(take((uint16_t)(port + 1), OTHER, 10), port + 1);
	ck_assert_uint_eq(take_pair(5005, OWNER, 10), UINT32_MAX);
	/* Only the second is taken. */
	take(6001, OTHER, 10);
	ck_assert_uint_ne(take_pair(6000, OWNER, 10), 6000);
	ck_assert_uint_eq(take(6000, OWNER, 10), 6000);
	/* One cools, for others. */
	ck_assert_uint_eq(take(7001, OTHER, 10), 7001);
	release(7001, OTHER, 10);
	ck_assert_uint_ne(take_pair(7000, OWNER, 20), 7000);
	ck_assert_uint_eq(take_pair(7000, OTHER, 20), 7000);
}
END_TEST

START_TEST(pairs_until_there_are_none)
{
	static bool seen[65536];
	uint32_t port;

	/* One port in each pair of the upper half is in use. */
	for (uint32_t i = 32768; i < 65536; i += 2)
		ck_assert_uint_eq(take((uint16_t)(i + i / 2 % 2), OTHER, 10), i + i / 2 % 2);
	for (uint32_t i = 1024; i < 32768; i += 2) {
		port = take_pair(2000, OWNER, 10);
		ck_assert_uint_lt(port, 32768);
		ck_assert(!seen[port] && port % 2 == 0 && port >= 1024);
		seen[port] = true;
	}
	ck_assert_uint_eq(take_pair(2000, OWNER, 10), UINT32_MAX);
	ck_assert_uint_ne(take(2000, OWNER, 10), UINT32_MAX);
}
END_TEST

/* All claim but one pair and many single ports. */
static bool claims_nearly_all(const void *arg, uint16_t port)
{
	(void)arg;
	return port % 4 == 1 ? false : port / 2 != 3333;
}

START_TEST(pairs_of_what_nobody_claims)
{
	struct port_ask ask = ask_for(5000, OWNER, 10);
	uint16_t port;

	ask.claimed = claims_nearly_all;
	ck_assert(port_take_pair(table, &ask, &port));
	ck_assert_uint_eq(port, 6666);
	ck_assert(!port_take_pair(table, &ask, &port));
	ck_assert(port_take(table, &ask, &port));
}
END_TEST

START_TEST(pairs_of_the_oldest_when_the_rest_is_in_use)
{
	static struct claims claims;
	struct port_ask ask = ask_for(2000, OTHER, 30);
	uint16_t port;

	memset(&claims, 0, sizeof(claims));
	for (int i = 1024; i < 65536; i++)
		take((uint16_t)i, OWNER, 10);
	release(40000, OWNER, 11); /* its other is in use */
	release(50000, OWNER, 12);
	release(60001, OWNER, 13);
	release(60000, OWNER, 14);
	release(61000, OWNER, 15);
	release(61001, OWNER, 15);
	release(50001, OWNER, 16); /* as old as its younger */
	ask.claimed = is_claimed;
	ask.arg = &claims;
	ck_assert_uint_eq(take_pair(2000, OTHER, 20), 60000);
	claims.port[61001] = 1;
	ck_assert(port_take_pair(table, &ask, &port));
	ck_assert_uint_eq(port, 50000);
	ck_assert(!port_take_pair(table, &ask, &port));
	ck_assert_uint_eq(take(2000, OTHER, 30), 40000);
	ck_assert_uint_eq(take(2000, OTHER, 30), 61000);
	ck_assert_uint_eq(port_used(table, 0, UDP, GLOBAL), 64511);
}
END_TEST

START_TEST(claimed_while_cooling)
{
	static struct claims claims;
	struct port_ask ask = ask_for(100, OTHER, 20);
	uint16_t port;

	memset(&claims, 0, sizeof(claims));
	for (int i = 0; i < 511; i++)
		take(100, OWNER, 10);
	release(10, OWNER, 11);
	release(20, OWNER, 12);
	claims.port[10] = 1;
	ask.claimed = is_claimed;
	ask.arg = &claims;
	ck_assert(port_take(table, &ask, &port));
	ck_assert_uint_eq(port, 20);
	ck_assert(!port_take(table, &ask, &port));
}
END_TEST

START_TEST(exact)
{
	struct endpoint at = { GLOBAL, 22 };

	ck_assert(port_take_exact(table, 0, 6, at));
	ck_assert(!port_take_exact(table, 0, 6, at));
	ck_assert(port_take_exact(table, 0, UDP, at));
	ck_assert(!port_take_exact(table, 0, UDP, (struct endpoint){ GLOBAL, 0 }));
	ck_assert_uint_ne(take(22, OWNER, 10), 22);
	release(22, OWNER, 10);
	ck_assert(port_take_exact(table, 0, UDP, at)); /* cooling does not matter */
	ck_assert_uint_ne(take(22, OWNER, 10), 22);
}
END_TEST

START_TEST(icmp_identifiers)
{
	static uint8_t seen[65536];
	struct port_ask ask = ask_for(0, OWNER, 10);
	uint16_t id;

	memset(seen, 0, sizeof(seen));
	ask.protocol = ICMP;
	ck_assert(port_take(table, &ask, &id));
	ck_assert_uint_eq(id, 0);
	seen[0] = 1;
	ask.wanted = 77;
	for (int i = 1; i < 65536; i++) {
		ck_assert(port_take(table, &ask, &id));
		ck_assert(i > 1 || id == 77);
		if (seen[id]++)
			ck_abort_msg("identifier %u twice", id);
	}
	ck_assert(!port_take(table, &ask, &id));
}
END_TEST

/* Random use of two addresses against a plain array. */
START_TEST(model)
{
	static uint8_t used[2][65536];
	uint64_t seed = test_seed();
	uint32_t count[2] = { 0, 0 };

	memset(used, 0, sizeof(used));
	for (int round = 0; round < 300000; round++) {
		uint32_t a = test_random(&seed) % 2, now_s = 1000 + (uint32_t)round / 1000;
		uint16_t port = (uint16_t)test_random(&seed);
		struct endpoint at = { GLOBAL + a, port };
		struct port_ask ask = ask_for(port, OWNER + test_random(&seed) % 3, now_s);

		ask.global += a;
		if (test_random(&seed) % 3 == 0) {
			port_release(table, 0, UDP, at, ask.owner, now_s);
			count[a] -= used[a][port];
			used[a][port] = 0;
			continue;
		}
		if (test_random(&seed) % 10 == 0) {
			if (!port_take_exact(table, 0, UDP, at)) {
				ck_assert(used[a][port] || port == 0);
				continue;
			}
		} else if (!port_take(table, &ask, &port)) {
			continue;
		}
		if (used[a][port] || port == 0)
			ck_abort_msg("port %u twice", port);
		used[a][port] = 1;
		count[a]++;
	}
	ck_assert_uint_eq(port_used(table, 0, UDP, GLOBAL), count[0]);
	ck_assert_uint_eq(port_used(table, 0, UDP, GLOBAL + 1), count[1]);
}
END_TEST

/* Addresses that come and go leave nothing behind; those in use or cooling stay. */
START_TEST(idle_maps_are_given_back)
{
	ck_assert_uint_eq(take(4000, OWNER, 10), 4000);
	for (uint32_t i = 1; i < 3000; i++) {
		struct port_ask ask = ask_for(4000, OWNER, 10 + i * 10);
		uint16_t port;

		ask.global = GLOBAL + i;
		ck_assert(port_take(table, &ask, &port));
		ck_assert_uint_eq(port, 4000);
		port_release(table, 0, UDP, (struct endpoint){ ask.global, port }, OWNER, ask.now_s);
	}
	ck_assert_uint_eq(port_used(table, 0, UDP, GLOBAL), 1);
	ck_assert_uint_ne(take(4000, OTHER, 40000), 4000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("port");
	TCase *tests = tcase_create("port");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, preserved_if_free);
	tcase_add_test(tests, parity_and_group_are_kept);
	tcase_add_test(tests, other_parity_when_one_is_full);
	tcase_add_test(tests, wanted_zero_means_the_high_group);
	tcase_add_test(tests, all_64512_ports_none_twice);
	tcase_add_test(tests, not_in_sequence);
	tcase_add_test(tests, another_seed_another_sequence);
	tcase_add_test(tests, released_ports_cool);
	tcase_add_test(tests, the_former_owner_need_not_wait);
	tcase_add_test(tests, the_oldest_cooling_go_first);
	tcase_add_test(tests, many_cool_down_together);
	tcase_add_test(tests, released_twice_counts_once);
	tcase_add_test(tests, claimed_ports_are_never_given);
	tcase_add_test(tests, claimed_while_cooling);
	tcase_add_test(tests, exact);
	tcase_add_test(tests, icmp_identifiers);
	tcase_add_test(tests, pairs_are_neighbours);
	tcase_add_test(tests, pairs_until_there_are_none);
	tcase_add_test(tests, pairs_of_what_nobody_claims);
	tcase_add_test(tests, pairs_of_the_oldest_when_the_rest_is_in_use);
	tcase_add_test(tests, model);
	tcase_add_test(tests, idle_maps_are_given_back);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
