/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Store and mirror into snapshot and plan. */
#include <stdio.h>

#include "config/compile.h"
#include "config/ranges.h"
#include "lines.h"
#include "mirrors.h"
#include "suite.h"

/* eth0 (2) outside 192.0.2.1/24, eth1 (3) inside, eth2 (4) without a role. */
static struct mirror mirror;
static struct store *store;
static struct snapshot *snapshot;
static struct plan *plan;

static void setup(void)
{
	memset(&mirror, 0, sizeof(mirror));
	mirror_add(&mirror, 2, "eth0");
	mirror_add(&mirror, 3, "eth1");
	mirror_add(&mirror, 4, "eth2");
	store = store_new();
	lines_load(store, "interface eth0\n ip address 192.0.2.1 255.255.255.0\n ip nat outside\n"
			  "interface eth1\n ip address 10.0.0.1 255.255.255.0\n ip nat inside\n");
	snapshot = NULL;
	plan = NULL;
}

static void compile_now(void)
{

	snapshot_free(snapshot);
	plan_free(plan);
	compile(store, &mirror, 7, NULL, &snapshot, &plan);
}

static void teardown(void)
{
	snapshot_free(snapshot);
	plan_free(plan);
	store_free(store);
	mirror_clear(&mirror);
}

static struct endpoint at(const char *address, uint16_t port)
{
	return (struct endpoint){ addr(address), port };
}

START_TEST(an_empty_configuration_plans_nothing)
{
	lines_load(store, "no interface eth0\nno interface eth1");
	compile_now();
	ck_assert_uint_eq(snapshot->epoch, 7);
	ck_assert_uint_eq(snapshot->n_statics + snapshot->n_rules + snapshot->n_globals, 0);
	ck_assert_uint_eq(plan->n_addresses + plan->n_links + plan->n_routes + plan->n_owned, 0);
	ck_assert(!plan->hooks.active);
	ck_assert_uint_eq(plan->hooks.n_known, 3);
	ck_assert_uint_eq(snapshot->timeouts[TIMEOUT_TCP], 86400);
}
END_TEST

START_TEST(interfaces_and_own_addresses)
{
	mirror_add_address(&mirror, 3, "10.0.0.77", 24, false); /* Linux's own: kept */
	mirror_add_address(&mirror, 3, "10.0.0.88", 24, true);  /* left by us, not configured: going */
	mirror_add_address(&mirror, 4, "172.16.0.1", 16, false);
	lines_load(store, "interface eth0\n ip address 192.0.2.2 255.255.255.0 secondary\n");
	compile_now();
	ck_assert_uint_eq(snapshot->n_interfaces, 3);
	ck_assert_uint_eq(snapshot_interface(snapshot, 2)->role, ROLE_OUTSIDE);
	ck_assert_uint_eq(snapshot_interface(snapshot, 2)->primary, addr("192.0.2.1"));
	ck_assert_uint_eq(snapshot_interface(snapshot, 4)->role, ROLE_NONE);
	ck_assert_uint_eq(snapshot_interface(snapshot, 4)->primary, addr("172.16.0.1"));
	ck_assert_ptr_nonnull(snapshot_own(snapshot, addr("192.0.2.2")));
	ck_assert_ptr_nonnull(snapshot_own(snapshot, addr("10.0.0.77")));
	ck_assert_ptr_null(snapshot_own(snapshot, addr("10.0.0.88")));
	ck_assert_uint_eq(plan->n_addresses, 3);
	ck_assert_uint_eq(plan->hooks.n_own, 2);
	ck_assert_uint_eq(plan->hooks.own[0], addr("192.0.2.1"));
	ck_assert_uint_eq(plan->hooks.n_inside, 1);
	ck_assert_uint_eq(plan->hooks.inside[0], 3);
	ck_assert_uint_eq(plan->hooks.outside[0], 2);
	ck_assert(plan->hooks.active);
}
END_TEST

START_TEST(shutdown_is_a_link_down)
{
	lines_load(store, "interface eth1\n shutdown\n");
	compile_now();
	ck_assert_uint_eq(plan->n_links, 2);
	ck_assert_uint_eq(plan->links[0].ifindex, 2);
	ck_assert(plan->links[0].up);
	ck_assert(!plan->links[1].up);
}
END_TEST

START_TEST(static_entries)
{
	const struct snapshot_static *row;

	lines_load(store, "ip nat inside source static 10.0.0.9 192.0.2.9 no-alias\n"
			  "ip nat inside source static tcp 10.0.0.8 80 192.0.2.8 8080 no-payload\n"
			  "ip nat inside source static udp 10.0.0.8 53 interface eth0 5353\n"
			  "ip nat inside source static tcp 10.0.0.8 22 interface gone 22\n"
			  "ip nat inside source static tcp 10.0.0.7 25 192.0.2.1 25\n");
	compile_now();
	ck_assert_uint_eq(snapshot->n_statics, 5);
	row = snapshot_static_local(snapshot, 0, 6, at("10.0.0.8", 80));
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->global, addr("192.0.2.8"));
	ck_assert_uint_eq(row->global_port, 8080);
	ck_assert(row->no_payload);
	ck_assert(!snapshot_static_local(snapshot, 0, 6, at("10.0.0.9", 0))->no_payload);
	row = snapshot_static_global(snapshot, 0, 17, at("192.0.2.1", 5353));
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->ifindex, 2);
	row = snapshot_static_local(snapshot, 0, 6, at("10.0.0.8", 22));
	ck_assert(!row || (row->global == 0 && row->ifindex == 0));
	/* globals: both explicit ones, not the interface's own address; owned: without no-alias */
	ck_assert(snapshot_is_global(snapshot, addr("192.0.2.9")));
	ck_assert(snapshot_is_global(snapshot, addr("192.0.2.8")));
	ck_assert(!snapshot_is_global(snapshot, addr("192.0.2.1")));
	ck_assert_uint_eq(plan->n_owned, 1);
	ck_assert_uint_eq(plan->owned[0].first, addr("192.0.2.8"));
	ck_assert_uint_eq(plan->owned[0].ifindex, 2);
	ck_assert_uint_eq(plan->hooks.n_globals, 2);
	/* ports of the own address: the interface form and the explicit one */
	ck_assert_uint_eq(plan->hooks.n_static_ports, 2);
	ck_assert_uint_eq(plan->hooks.static_ports[0].protocol, 6);
	ck_assert_uint_eq(plan->hooks.static_ports[0].port, 25);
	ck_assert_uint_eq(plan->hooks.static_ports[1].port, 5353);
}
END_TEST

static uint64_t first_id(void)
{
	compile_now();
	return snapshot->statics[0].id;
}

START_TEST(rule_ids_are_of_the_rule_alone)
{
	uint64_t plain, other;

	lines_load(store, "ip nat inside source static 10.0.0.9 192.0.2.9\n");
	plain = first_id();
	lines_load(store, "ip nat inside source static 10.0.0.9 192.0.2.9 extendable no-alias no-payload\nhostname x\n");
	ck_assert_uint_eq(first_id(), plain);
	lines_load(store, "no ip nat inside source static 10.0.0.9 192.0.2.9\n"
			  "ip nat inside source static 10.0.0.9 192.0.2.10\n");
	other = first_id();
	ck_assert_uint_ne(other, plain);
	ck_assert(snapshot_has_rule(snapshot, other));
	ck_assert(!snapshot_has_rule(snapshot, plain));
}
END_TEST

START_TEST(pools_leave_edges_and_own_addresses_out)
{
	lines_load(store, "ip nat pool P 192.0.2.0 192.0.2.255 prefix-length 24\n"
			  "ip nat pool Q netmask 255.255.255.252\n address 198.51.100.0 198.51.100.1\n"
			  " address 198.51.100.4 198.51.100.7\n"
			  "ip nat pool E 203.0.113.0 203.0.113.0 prefix-length 24\n");
	compile_now();
	ck_assert_uint_eq(snapshot->n_pools, 3);
	for (uint32_t i = 0; i < 3; i++) {
		const struct snapshot_pool *pool = &snapshot->pools[i];

		ck_assert_uint_eq(pool->id, i + 1);
		if (!strcmp(pool->name, "P")) {
			ck_assert_uint_eq(pool->size, 254);
			ck_assert_uint_eq(snapshot->pool_ranges[pool->first].first, addr("192.0.2.1"));
			ck_assert_uint_eq(snapshot->pool_ranges[pool->first].last, addr("192.0.2.254"));
		} else if (!strcmp(pool->name, "Q")) {
			ck_assert_uint_eq(pool->count, 2);
			ck_assert_uint_eq(pool->size, 3);
		} else {
			ck_assert_uint_eq(pool->size, 0);
		}
	}
	ck_assert(snapshot_is_global(snapshot, addr("192.0.2.2")));
	ck_assert(!snapshot_is_global(snapshot, addr("192.0.2.1")));
	ck_assert(!snapshot_is_global(snapshot, addr("192.0.2.255")));
	ck_assert_uint_eq(plan->n_owned, 3);
	ck_assert_uint_eq(plan->owned[0].first, addr("192.0.2.2"));
	ck_assert_uint_eq(plan->owned[0].ifindex, 2);
	ck_assert_uint_eq(plan->owned[1].ifindex, 0); /* on no outside subnet */
}
END_TEST

START_TEST(globals_are_cut_at_subnet_borders)
{
	lines_load(store, "ip nat pool P 192.0.2.200 192.0.3.20 prefix-length 23\n");
	compile_now();
	ck_assert_uint_eq(plan->n_owned, 2);
	ck_assert_uint_eq(plan->owned[0].last, addr("192.0.2.255"));
	ck_assert_uint_eq(plan->owned[0].ifindex, 2);
	ck_assert_uint_eq(plan->owned[1].first, addr("192.0.3.0"));
	ck_assert_uint_eq(plan->owned[1].ifindex, 0);
}
END_TEST

START_TEST(rules_in_order_of_entry)
{
	lines_load(store, "ip nat pool P 192.0.2.5 192.0.2.9 prefix-length 24\n"
			  "access-list 2 permit any\n"
			  "ip nat inside source list 2 interface eth0\n"
			  "ip nat inside source list 1 pool P overload\n"
			  "ip nat inside source list 3 interface gone\n"
			  "ip nat inside source list 2 pool MISSING\n");
	compile_now();
	ck_assert_uint_eq(snapshot->n_rules, 3);
	/* list 2 was entered first and redefined: it keeps its place */
	ck_assert_str_eq(snapshot->rules[0].acl_name, "2");
	ck_assert_uint_eq(snapshot->rules[0].pool, SNAPSHOT_NONE);
	ck_assert(!snapshot->rules[0].is_interface);
	ck_assert_uint_ne(snapshot->rules[0].acl, SNAPSHOT_NONE);
	ck_assert_str_eq(snapshot->rules[1].target_name, "P");
	ck_assert_uint_eq(snapshot->rules[1].acl, SNAPSHOT_NONE);
	ck_assert(snapshot->rules[1].overload);
	ck_assert_uint_eq(snapshot->rules[1].number, 2);
	ck_assert_uint_eq(snapshot->rules[2].address, 0);
	ck_assert(snapshot->rules[2].is_interface);
}
END_TEST

START_TEST(interface_rule_follows_the_address)
{
	lines_load(store, "ip nat inside source list 1 interface eth0\n");
	compile_now();
	ck_assert_uint_eq(snapshot->rules[0].address, addr("192.0.2.1"));
	lines_load(store, "interface eth0\n no ip address\n");
	compile_now();
	ck_assert_uint_eq(snapshot->rules[0].address, 0);
	mirror_add_address(&mirror, 2, "192.0.2.77", 24, false); /* DHCP */
	compile_now();
	ck_assert_uint_eq(snapshot->rules[0].address, addr("192.0.2.77"));
}
END_TEST

START_TEST(timeouts_and_limits)
{
	lines_load(store, "ip nat translation tcp-timeout 99\nip nat translation dns-timeout never\n"
			  "ip nat translation timeout 5\nip nat translation port-timeout udp 53 7\n"
			  "ip nat translation max-entries 1000\n");
	compile_now();
	ck_assert_uint_eq(snapshot->timeouts[TIMEOUT_TCP], 99);
	ck_assert_uint_eq(snapshot->timeouts[TIMEOUT_DNS], TIMEOUT_NEVER);
	ck_assert_uint_eq(snapshot->timeouts[TIMEOUT_ADDRESS], 5);
	ck_assert_uint_eq(snapshot->timeouts[TIMEOUT_UDP], 300);
	ck_assert_uint_eq(snapshot->n_port_timeouts, 1);
	ck_assert_uint_eq(snapshot->port_timeouts[0].protocol, 17);
	ck_assert_uint_eq(snapshot->port_timeouts[0].seconds, 7);
	ck_assert_uint_eq(snapshot->max_entries, 1000);
}
END_TEST

struct acl_case {
	const char *entries;
	uint8_t protocol, tcp_flags, icmp_type, icmp_code;
	const char *source;
	uint16_t source_port;
	const char *destination;
	uint16_t destination_port;
	bool permitted;
};

static const struct acl_case acl_cases[] = {
	{ " permit ip 10.0.0.0 0.0.0.255 any", 17, 0, 0, 0, "10.0.0.9", 1, "8.8.8.8", 53, true },
	{ " permit ip 10.0.0.0 0.0.0.255 any", 17, 0, 0, 0, "10.0.1.9", 1, "8.8.8.8", 53, false },
	{ " permit ip 10.0.0.1 0.255.0.0 any", 17, 0, 0, 0, "10.77.0.1", 1, "8.8.8.8", 53, true },
	{ " deny tcp any any eq 80 443\n permit tcp any any", 6, 0, 0, 0, "10.0.0.1", 9, "8.8.8.8", 443, false },
	{ " deny tcp any any eq 80 443\n permit tcp any any", 6, 0, 0, 0, "10.0.0.1", 9, "8.8.8.8", 444, true },
	{ " permit udp any any neq 53 10", 17, 0, 0, 0, "10.0.0.1", 9, "8.8.8.8", 53, false },
	{ " permit udp any any neq 53 10", 17, 0, 0, 0, "10.0.0.1", 9, "8.8.8.8", 10, false },
	{ " permit udp any any neq 53 10", 17, 0, 0, 0, "10.0.0.1", 9, "8.8.8.8", 11, true },
	{ " permit udp any any neq 53 10", 17, 0, 0, 0, "10.0.0.1", 9, "8.8.8.8", 0, true },
	{ " permit tcp any gt 1023 any", 6, 0, 0, 0, "10.0.0.1", 1023, "8.8.8.8", 1, false },
	{ " permit tcp any gt 1023 any", 6, 0, 0, 0, "10.0.0.1", 1024, "8.8.8.8", 1, true },
	{ " permit tcp any lt 1024 any", 6, 0, 0, 0, "10.0.0.1", 1023, "8.8.8.8", 1, true },
	{ " permit tcp any lt 1024 any", 6, 0, 0, 0, "10.0.0.1", 1024, "8.8.8.8", 1, false },
	{ " permit tcp any any range 20 30", 6, 0, 0, 0, "10.0.0.1", 1, "8.8.8.8", 30, true },
	{ " permit tcp any any range 20 30", 6, 0, 0, 0, "10.0.0.1", 1, "8.8.8.8", 31, false },
	{ " permit tcp any any established", 6, 0x02, 0, 0, "10.0.0.1", 1, "8.8.8.8", 1, false },
	{ " permit tcp any any established", 6, 0x10, 0, 0, "10.0.0.1", 1, "8.8.8.8", 1, true },
	{ " permit icmp any any echo", 1, 0, 8, 0, "10.0.0.1", 0, "8.8.8.8", 0, true },
	{ " permit icmp any any echo", 1, 0, 0, 0, "10.0.0.1", 0, "8.8.8.8", 0, false },
	{ " permit icmp any any 3 1", 1, 0, 3, 1, "10.0.0.1", 0, "8.8.8.8", 0, true },
	{ " permit icmp any any 3 1", 1, 0, 3, 2, "10.0.0.1", 0, "8.8.8.8", 0, false },
	{ " permit gre any any", 47, 0, 0, 0, "10.0.0.1", 0, "8.8.8.8", 0, true },
	{ " permit gre any any", 6, 0, 0, 0, "10.0.0.1", 0, "8.8.8.8", 0, false },
	{ " permit ip host 10.0.0.1 host 8.8.8.8", 6, 0, 0, 0, "10.0.0.1", 0, "8.8.4.4", 0, false },
	{ " remark permit all\n", 6, 0, 0, 0, "10.0.0.1", 0, "8.8.4.4", 0, false },
	/* a later entry with a lower number comes first */
	{ " 20 permit ip any any\n 10 deny udp any any", 17, 0, 0, 0, "10.0.0.1", 1, "8.8.8.8", 1, false },
};

START_TEST(access_lists_match)
{
	const struct acl_case *row = &acl_cases[_i];
	struct acl_subject subject = { .source = addr(row->source), .destination = addr(row->destination),
				       .source_port = row->source_port, .destination_port = row->destination_port,
				       .protocol = row->protocol, .tcp_flags = row->tcp_flags,
				       .icmp_type = row->icmp_type, .icmp_code = row->icmp_code, .ports_known = true };
	char text[300];

	snprintf(text, sizeof(text), "ip access-list extended A\n%s\nip nat inside source list A interface eth0\n",
		 row->entries);
	lines_load(store, text);
	compile_now();
	ck_assert_uint_eq(snapshot->n_acls, 1);
	ck_assert_msg(snapshot_acl_permits(snapshot, 0, &subject) == row->permitted, "%s", text);
}
END_TEST

START_TEST(standard_lists_match)
{
	struct acl_subject subject = { .source = addr("10.0.0.5"), .destination = addr("8.8.8.8"), .protocol = 17,
				       .ports_known = true };

	lines_load(store, "access-list 1 deny 10.0.0.5\naccess-list 1 permit 10.0.0.0 0.0.0.255\n"
			  "ip nat inside source list 1 interface eth0\n");
	compile_now();
	ck_assert(!snapshot_acl_permits(snapshot, 0, &subject));
	subject.source++;
	ck_assert(snapshot_acl_permits(snapshot, 0, &subject));
	subject.source = addr("10.0.1.5");
	ck_assert(!snapshot_acl_permits(snapshot, 0, &subject));
}
END_TEST

START_TEST(routes)
{
	lines_load(store, "ip route 0.0.0.0 0.0.0.0 192.0.2.254\nip route 10.9.0.0 255.255.0.0 eth1 50\n"
			  "ip route 10.8.0.0 255.255.0.0 gone\nip route 10.7.0.0 255.255.0.0 eth1 10.0.0.7\n");
	compile_now();
	ck_assert_uint_eq(plan->n_routes, 3);
	ck_assert_uint_eq(plan->routes[0].via, addr("192.0.2.254"));
	ck_assert_uint_eq(plan->routes[0].distance, 1);
	ck_assert_uint_eq(plan->routes[1].ifindex, 3);
	ck_assert_uint_eq(plan->routes[1].distance, 50);
	ck_assert_uint_eq(plan->routes[2].via, addr("10.0.0.7"));
	ck_assert_uint_eq(plan->routes[2].ifindex, 3);
}
END_TEST

/* An interface that is away leaves the guard standing and its rules waiting. */
START_TEST(a_missing_interface_is_no_error)
{
	lines_load(store, "no interface eth0\nno interface eth1\ninterface ppp0\n ip nat outside\n");
	compile_now();
	ck_assert(plan->hooks.active);
	ck_assert_uint_eq(plan->hooks.n_outside, 0);
	mirror_add(&mirror, 9, "ppp0");
	compile_now();
	ck_assert_uint_eq(plan->hooks.n_outside, 1);
	ck_assert_uint_eq(plan->hooks.outside[0], 9);
}
END_TEST

START_TEST(ranges)
{
	struct ranges set = { 0 };
	const ip4 out[] = { 1, 5, 10, 30 };

	ranges_add(&set, 20, 30);
	ranges_add(&set, 1, 10);
	ranges_add(&set, 8, 12);
	ranges_add(&set, 13, 13);
	ranges_join(&set);
	ck_assert_uint_eq(set.n, 3); /* 1-12, 13, 20-30: neighbours stay apart */
	ranges_subtract(&set, out, 4);
	ck_assert_uint_eq(set.n, 5); /* 2-4 6-9 11-12 13 20-29 */
	ck_assert_uint_eq(set.list[0].first, 2);
	ck_assert_uint_eq(set.list[1].last, 9);
	ck_assert_uint_eq(set.list[4].last, 29);
	ranges_clear(&set);
	ranges_add(&set, UINT32_MAX, UINT32_MAX);
	ranges_subtract(&set, &(ip4){ UINT32_MAX }, 1);
	ck_assert_uint_eq(set.n, 0);
	ranges_clear(&set);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compile");
	TCase *tests = tcase_create("compile");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, an_empty_configuration_plans_nothing);
	tcase_add_test(tests, interfaces_and_own_addresses);
	tcase_add_test(tests, shutdown_is_a_link_down);
	tcase_add_test(tests, static_entries);
	tcase_add_test(tests, rule_ids_are_of_the_rule_alone);
	tcase_add_test(tests, pools_leave_edges_and_own_addresses_out);
	tcase_add_test(tests, globals_are_cut_at_subnet_borders);
	tcase_add_test(tests, rules_in_order_of_entry);
	tcase_add_test(tests, interface_rule_follows_the_address);
	tcase_add_test(tests, timeouts_and_limits);
	tcase_add_loop_test(tests, access_lists_match, 0, sizeof(acl_cases) / sizeof(*acl_cases));
	tcase_add_test(tests, standard_lists_match);
	tcase_add_test(tests, routes);
	tcase_add_test(tests, a_missing_interface_is_no_error);
	tcase_add_test(tests, ranges);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
