/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NAT shows, clear and debug through their handlers, with a fake engine: whole outputs against goldens computed
 * from the IOS XE layout (stops 0/5/27/49/71), pages that stay small and can be stopped, and the events' lines.
 */
#include <check.h>
#include <netinet/in.h>
#include <time.h>

#include "fake_engine.h"
#include "suite.h"
#include "gram_tables.h"
#include "lib/clock.h"

#define HEADER "Pro  Inside global         Inside local          Outside local         Outside global\n"

/* ---- translations */

static const struct translation flows[] = {
	{.protocol = IPPROTO_TCP, .il = {A(10, 0, 0, 5), 34100}, .ig = {A(203, 0, 113, 190), 34100},
	 .ol = {A(198, 51, 100, 200), 80}, .og = {A(198, 51, 100, 200), 80}, .rule = 1, .created = 1000, .used = 2000,
	 .timeout_s = 86400, .left_s = 86399, .entry_id = 0x12, .uses = 1, .packets = {5, 4}, .bytes = {400, 300}},
	{.protocol = IPPROTO_ICMP, .il = {A(10, 0, 0, 6), 512}, .ig = {A(203, 0, 113, 190), 513},
	 .ol = {A(198, 51, 100, 1), 512}, .og = {A(198, 51, 100, 1), 513}, .rule = 1, .left_s = 59},
	{.protocol = IPPROTO_UDP, .il = {A(192, 168, 100, 100), 65535}, .ig = {A(203, 100, 113, 190), 65535},
	 .ol = {A(198, 151, 100, 200), 65535}, .og = {A(198, 151, 100, 200), 65535}, .rule = 2},
	{.protocol = IPPROTO_ESP, .flags = FLOW_ADDRESS_ONLY, .il = {A(10, 0, 0, 7), 0}, .ig = {A(203, 0, 113, 7), 0},
	 .ol = {A(198, 51, 100, 9), 0}, .og = {A(198, 51, 100, 9), 0}},
	{.half = true, .il = {A(10, 0, 0, 7), 0}, .ig = {A(203, 0, 113, 7), 0}, .rule = 2},
	{.half = true, .is_static = true, .protocol = IPPROTO_TCP, .il = {A(10, 0, 0, 8), 80},
	 .ig = {A(203, 0, 113, 8), 8080}, .rule = 77, .uses = 2},
	/* the router's own: not shown */
	{.protocol = IPPROTO_UDP, .flags = FLOW_IDENTITY, .il = {A(203, 0, 113, 1), 123},
	 .ig = {A(203, 0, 113, 1), 123}, .ol = {A(198, 51, 100, 1), 123}, .og = {A(198, 51, 100, 1), 123}},
};

static void show(struct args_show_nat_translations args)
{
	engine.rows = flows;
	engine.n_rows = sizeof(flows) / sizeof(flows[0]);
	cmd_show_nat_translations(&session, &args, false);
}

START_TEST(plain)
{
	show((struct args_show_nat_translations){0});
	expect(
		HEADER
		"tcp  203.0.113.190:34100   10.0.0.5:34100        198.51.100.200:80     198.51.100.200:80\n"
		"icmp 203.0.113.190:513     10.0.0.6:512          198.51.100.1:512      198.51.100.1:513\n"
		"udp  203.100.113.190:65535 192.168.100.100:65535 198.151.100.200:65535 198.151.100.200:65535\n"
		"esp  203.0.113.7           10.0.0.7              198.51.100.9          198.51.100.9\n"
		"---  203.0.113.7           10.0.0.7              ---                   ---\n"
		"tcp  203.0.113.8:8080      10.0.0.8:80           ---                   ---\n"
		"Total number of translations: 6\n");
	ck_assert_uint_eq(session.done, 1);
}
END_TEST

START_TEST(empty_table_has_no_header)
{
	engine.n_rows = 0;
	cmd_show_nat_translations(&session, &(struct args_show_nat_translations){0}, false);
	expect("Total number of translations: 0\n");
}
END_TEST

/* Announced, not come: what is not known of it is left out. */
START_TEST(announced_flows)
{
	static const struct translation rows[] = {
		{.expected = true, .alg = ALG_FTP, .protocol = IPPROTO_TCP, .il = {A(10, 0, 0, 5), 4000},
		 .ig = {A(203, 0, 113, 1), 4001}, .ol = {A(198, 51, 100, 2), 0}, .og = {A(198, 51, 100, 2), 0}},
		{.expected = true, .half = true, .alg = ALG_TFTP, .protocol = IPPROTO_UDP, .il = {A(10, 0, 0, 6), 5000},
		 .ig = {A(203, 0, 113, 1), 5000}},
		{.expected = true, .alg = ALG_FTP, .protocol = IPPROTO_TCP, .il = {A(10, 0, 0, 7), 0},
		 .ig = {A(203, 0, 113, 7), 0}, .ol = {A(198, 51, 100, 2), 50000}, .og = {A(198, 51, 100, 2), 50000}},
	};

	engine.rows = rows;
	engine.n_rows = 3;
	cmd_show_nat_translations(&session, &(struct args_show_nat_translations){0}, false);
	expect(HEADER "tcp  203.0.113.1:4001      10.0.0.5:4000         198.51.100.2          198.51.100.2\n"
		      "udp  203.0.113.1:5000      10.0.0.6:5000         ---                   ---\n"
		      "tcp  203.0.113.7           10.0.0.7              198.51.100.2:50000    198.51.100.2:50000\n"
		      "Total number of translations: 3\n");
	fake_reset(&session);
	cmd_show_nat_translations(
		&session,
		&(struct args_show_nat_translations){.verbose = true, .protocol = SHOW_NAT_TRANSLATIONS_PROTOCOL_UDP},
		false);
	ck_assert_ptr_nonnull(strstr(fake_text(&session), "  ALG Application Type: TFTP\n"));
}
END_TEST

START_TEST(by_protocol)
{
	show((struct args_show_nat_translations){.protocol = SHOW_NAT_TRANSLATIONS_PROTOCOL_UDP});
	expect(HEADER
			 "udp  203.100.113.190:65535 192.168.100.100:65535 198.151.100.200:65535 "
			 "198.151.100.200:65535\n"
			 "Total number of translations: 1\n");
	fake_reset(&session);
	show((struct args_show_nat_translations){.protocol = SHOW_NAT_TRANSLATIONS_PROTOCOL_TCP, .total = true});
	expect("Total number of translations: 2\n");
	fake_reset(&session);
	show((struct args_show_nat_translations){.protocol = SHOW_NAT_TRANSLATIONS_PROTOCOL_ICMP, .total = true});
	expect("Total number of translations: 1\n");
	fake_reset(&session);
	show((struct args_show_nat_translations){.total = true, .verbose = true});
	expect("Total number of translations: 6\n");
}
END_TEST

START_TEST(by_address)
{
	show((struct args_show_nat_translations){.has_inside_address = true,
						 .inside_address = A(10, 0, 0, 7)});
	expect(HEADER "esp  203.0.113.7           10.0.0.7              198.51.100.9          198.51.100.9\n"
		      "---  203.0.113.7           10.0.0.7              ---                   ---\n"
		      "Total number of translations: 2\n");
	fake_reset(&session);
	/* the same address as a global one is nobody's */
	show((struct args_show_nat_translations){.has_inside_address = true,
						 .inside_which = SHOW_NAT_TRANSLATIONS_INSIDE_WHICH_GLOBAL,
						 .inside_address = A(10, 0, 0, 7)});
	expect("Total number of translations: 0\n");
	fake_reset(&session);
	/* half entries have no outside; every part must hold */
	show((struct args_show_nat_translations){.has_inside_address = true,
						 .inside_address = A(203, 0, 113, 190),
						 .has_outside_address = true,
						 .outside_which = SHOW_NAT_TRANSLATIONS_OUTSIDE_WHICH_LOCAL,
						 .outside_address = A(198, 51, 100, 1),
						 .total = true});
	expect("Total number of translations: 1\n");
	fake_reset(&session);
	show((struct args_show_nat_translations){.has_outside_address = true,
						 .outside_address = A(198, 51, 100, 9),
						 .protocol = SHOW_NAT_TRANSLATIONS_PROTOCOL_ESP,
						 .total = true});
	expect("Total number of translations: 1\n");
}
END_TEST

START_TEST(by_range)
{
	struct args_show_nat_translations args = {.has_start = true,
						  .range_side = SHOW_NAT_TRANSLATIONS_RANGE_SIDE_INSIDE,
						  .range_which = SHOW_NAT_TRANSLATIONS_RANGE_WHICH_LOCAL,
						  .start = A(10, 0, 0, 6),
						  .end = A(10, 0, 0, 7),
						  .total = true};

	show(args);
	expect("Total number of translations: 3\n");
	fake_reset(&session);
	args.end = args.start - 1;
	show(args);
	expect("% %End address less than start address\n");
	ck_assert_uint_eq(session.errors, 1);
}
END_TEST

/* The wall clock of the golden comes from the same two monotonic times; the rest is fixed. */
START_TEST(verbose)
{
	static struct snapshot_rule rules[] = {{.id = 9, .number = 1}, {.id = 1, .number = 3}};
	static const struct snapshot snapshot = {.n_rules = 2, .rules = rules};
	char created[32], used[32], golden[2048];
	time_t at = (time_t)clock_wall(1000);
	struct tm tm;

	strftime(created, sizeof(created), "%m/%d/%y %H:%M:%S", gmtime_r(&at, &tm));
	at = (time_t)clock_wall(2000);
	strftime(used, sizeof(used), "%m/%d/%y %H:%M:%S", gmtime_r(&at, &tm));
	snprintf(golden, sizeof(golden), HEADER
		 "tcp  203.0.113.190:34100   10.0.0.5:34100        198.51.100.200:80     198.51.100.200:80\n"
		 "  create: %s, use: %s, timeout: 23:59:59\n"
		 "  RuleID : 3\n"
		 "  Flags: unknown\n"
		 "  ALG Application Type: NA\n"
		 "  WLAN-Flags: unknown\n"
		 "  Mac-Address: 0000.0000.0000    Input-IDB: unknown\n"
		 "  entry-id: 0x12, use_count:1\n"
		 "  In_pkts: 5 In_bytes: 400, Out_pkts: 4 Out_bytes: 300\n"
		 "  Output-IDB: unknown\n"
		 "\n"
		 "tcp  203.0.113.8:8080      10.0.0.8:80           ---                   ---\n"
		 "  create: 00/00/00 00:00:00, use: 00/00/00 00:00:00, timeout: 00:00:00\n"
		 "  Flags: static\n"
		 "  ALG Application Type: NA\n"
		 "  WLAN-Flags: unknown\n"
		 "  Mac-Address: 0000.0000.0000    Input-IDB: unknown\n"
		 "  entry-id: 0x0, use_count:2\n"
		 "  In_pkts: 0 In_bytes: 0, Out_pkts: 0 Out_bytes: 0\n"
		 "  Output-IDB: unknown\n"
		 "\n"
		 "Total number of translations: 2\n", created, used);
	engine.snapshot = &snapshot;
	show((struct args_show_nat_translations){.verbose = true,
						 .protocol = SHOW_NAT_TRANSLATIONS_PROTOCOL_TCP});
	expect(golden);
}
END_TEST

START_TEST(a_million_rows_stream)
{
	engine.rows = flows;
	engine.many = 1000000;
	cmd_show_nat_translations(&session, &(struct args_show_nat_translations){.total = true}, false);
	expect("Total number of translations: 1000000\n");
	ck_assert_uint_eq(engine.largest_page, 256);
	/* sixteen pages before other sessions have a turn, as nothing is printed meanwhile */
	ck_assert_uint_eq(session.calls, ((1000000 + 255) / 256 + 15) / 16);
}
END_TEST

START_TEST(a_long_show_can_be_stopped)
{
	const char *text;

	engine.rows = flows;
	engine.many = 1000000;
	session.stop_after = 3;
	cmd_show_nat_translations(&session, &(struct args_show_nat_translations){0}, false);
	text = fake_text(&session);
	ck_assert_uint_eq(session.done, 1);
	ck_assert_ptr_null(strstr(text, "Total"));
	ck_assert_uint_eq(strlen(text), strlen(HEADER) + 3 * 256 * 89u);
	ck_assert_uint_le(session.largest_step, strlen(HEADER) + 256 * 89u);
}
END_TEST

/* ---- statistics */

static struct snapshot_interface interfaces[] = {
	{.role = ROLE_OUTSIDE, .name = "GigabitEthernet0/1"},
	{.role = ROLE_INSIDE, .name = "GigabitEthernet0/0"},
	{.role = ROLE_INSIDE, .name = "GigabitEthernet0/2"},
	{.role = ROLE_INSIDE, .name = "GigabitEthernet0/3"},
	{.role = ROLE_INSIDE, .name = "GigabitEthernet0/4"},
	{.role = ROLE_NONE, .name = "GigabitEthernet0/5"},
};
static struct snapshot_pool_range ranges[] = {{A(203, 0, 113, 66), A(203, 0, 113, 70)},
					      {A(203, 0, 113, 80), A(203, 0, 113, 81)}};
static struct snapshot_pool pools[] = {{.name = "P1", .id = 1, .netmask = A(255, 255, 255, 248), .count = 2, .size = 7}};
static struct snapshot_rule rules[] = {
	{.id = 2, .number = 1, .pool = 0, .acl_name = "1", .target_name = "P1"},
	{.id = 3, .number = 2, .pool = SNAPSHOT_NONE, .is_interface = true, .overload = true, .acl_name = "LAN",
	 .target_name = "GigabitEthernet0/1"},
	{.id = 4, .number = 5, .pool = SNAPSHOT_NONE, .acl_name = "7", .target_name = "NOPOOL"},
};

START_TEST(statistics)
{
	static const struct snapshot snapshot = {
		.max_entries = 1000, .n_interfaces = 6, .interfaces = interfaces, .n_pools = 1, .pools = pools,
		.n_pool_ranges = 2, .pool_ranges = ranges, .n_rules = 3, .rules = rules,
	};
	struct engine_counts counts = {
		.hits = 47, .misses = 3, .expired = 5, .in_to_out_drops = 6, .out_to_in_drops = 1, .limit_missed = 8,
		.flows = 10, .address_bindings = 2, .statics = 4, .extended = 9,
	};

	counts.reasons[REASON_TRANSLATED] = 44;
	counts.reasons[REASON_NO_PORT] = 6;
	counts.reasons[REASON_NO_FLOW] = 1;
	engine.snapshot = &snapshot;
	engine.counts = counts;
	session.router.kernel_drops = 12;
	session.router.guard_drops = 3;
	cmd_show_nat_statistics(&session, &(struct args_show_nat_statistics){0}, false);
	expect(
			 "Total active translations: 16 (4 static, 12 dynamic; 9 extended)\n"
			 "Outside interfaces:\n"
			 "  GigabitEthernet0/1\n"
			 "Inside interfaces: \n"
			 "  GigabitEthernet0/0, GigabitEthernet0/2, GigabitEthernet0/3\n"
			 "  GigabitEthernet0/4\n"
			 "Hits: 47  Misses: 3\n"
			 "Expired translations: 5\n"
			 "Dynamic mappings:\n"
			 "-- Inside Source\n"
			 "[Id: 1] access-list 1 pool P1 refcount 20\n"
			 " pool P1: id 1, netmask 255.255.255.248\n"
			 "    start 203.0.113.66 end 203.0.113.70\n"
			 "    start 203.0.113.80 end 203.0.113.81\n"
			 "    type generic, total addresses 7, allocated 2 (28%), misses 4\n"
			 "[Id: 2] access-list LAN interface GigabitEthernet0/1 refcount 30\n"
			 "[Id: 5] access-list 7 pool NOPOOL refcount 40\n"
			 "nat-limit statistics:\n"
			 " max entry: max allowed 1000, used 12, missed 8\n"
			 "In-to-out drops: 6  Out-to-in drops: 1\n"
			 "Pool stats drop: 6  Mapping stats drop: 0\n"
			 "Port block alloc fail: 0\n"
			 "IP alias add fail: 0\n"
			 "Limit entry add fail: 0\n"
			 "Packets by reason:\n"
			 "  translated                                                44\n"
			 "  global address without a translation                      1\n"
			 "  no free port or address in the pool                       6\n"
			 "Kernel queue drops: 12\n"
			 "Guard drops: 3\n");
}
END_TEST

START_TEST(statistics_of_every_kind_of_limit)
{
	static struct snapshot_host_limit hosts[] = {{A(10, 0, 0, 5), 10}};
	static struct snapshot_list_limit lists[] = {{0, 60, "7"}, {SNAPSHOT_NONE, 70, "GUESTS"}};
	static const struct snapshot snapshot = {.max_all_host = 100, .n_host_limits = 1, .host_limits = hosts,
						 .n_list_limits = 2, .list_limits = lists};

	engine.snapshot = &snapshot;
	engine.counts = (struct engine_counts){.flows = 9, .all_host_missed = 4, .limit_add_failed = 1};
	cmd_show_nat_statistics(&session, &(struct args_show_nat_statistics){0}, false);
	ck_assert_ptr_nonnull(strstr(fake_text(&session),
				     "nat-limit statistics:\n"
				     " max entry: max allowed 0, used 0, missed 0\n"
				     " access-list 7: max allowed 60, used 40, missed 50\n"
				     " access-list GUESTS: max allowed 70, used 41, missed 51\n"
				     " host 10.0.0.5: max allowed 10, used 3, missed 2\n"
				     " all-host: max allowed 100, used 6, missed 4\n"
				     "In-to-out drops: 0"));
	ck_assert_ptr_nonnull(strstr(fake_text(&session), "Limit entry add fail: 1\n"));
}
END_TEST

START_TEST(limits_stream)
{
	static struct snapshot_host_limit hosts[] = {{A(10, 0, 0, 5), 10}};
	static const struct snapshot snapshot = {.max_all_host = 100, .n_host_limits = 1, .host_limits = hosts};
	const char *text;

	engine.snapshot = &snapshot;
	cmd_show_nat_limits(&session, &(struct args_show_nat_limits){0}, false);
	text = fake_text(&session);
	ck_assert_int_eq(strncmp(text,
				 "Host            Max Entries Use Count  Miss Count\n"
				 "-------------------------------------------------\n"
				 "\n"
				 "10.0.0.5        10          3          2\n"
				 "10.1.0.0        100         0          7\n"
				 "10.1.0.1        100         1          7\n",
				 49 + 1 + 49 + 1 + 1 + 41 + 41 + 41),
			 0);
	ck_assert_ptr_nonnull(strstr(text, "7\n\nTotal number of limit entries: 301\n"));
	ck_assert_uint_gt(session.calls, 2);
}
END_TEST

START_TEST(statistics_without_configuration)
{
	cmd_show_nat_statistics(&session, &(struct args_show_nat_statistics){0}, false);
	expect(
			 "Total active translations: 0 (0 static, 0 dynamic; 0 extended)\n"
			 "Outside interfaces:\n"
			 "Inside interfaces: \n"
			 "Hits: 0  Misses: 0\n"
			 "Expired translations: 0\n"
			 "Dynamic mappings:\n"
			 "nat-limit statistics:\n"
			 " max entry: max allowed 0, used 0, missed 0\n"
			 "In-to-out drops: 0  Out-to-in drops: 0\n"
			 "Pool stats drop: 0  Mapping stats drop: 0\n"
			 "Port block alloc fail: 0\n"
			 "IP alias add fail: 0\n"
			 "Limit entry add fail: 0\n"
			 "Packets by reason:\n"
			 "Kernel queue drops: 0\n"
			 "Guard drops: 0\n");
}
END_TEST

/* ---- clear */

static void expect_term(unsigned i, uint8_t columns, ip4 addr, int port)
{
	const struct filter_term *term = &engine.cleared.terms[i];

	ck_assert_uint_lt(i, engine.cleared.n_terms);
	ck_assert_uint_eq(term->columns, columns);
	ck_assert_uint_eq(term->first, addr);
	ck_assert_uint_eq(term->last, addr);
	ck_assert_int_eq(term->has_port ? term->port : -1, port);
}

START_TEST(clear_one_says_what_became_of_it)
{
	struct args_clear_nat_inside inside = {.ig = A(203, 0, 113, 7), .il = A(10, 0, 0, 7)};
	struct args_clear_nat_port port = {.protocol = CLEAR_NAT_PORT_PROTOCOL_UDP,
					   .ig = A(203, 0, 113, 7), .ig_port = 70,
					   .il = A(10, 0, 0, 7), .il_port = 71,
					   .has_ol = true,
					   .ol = A(198, 51, 100, 1), .ol_port = 53,
					   .og = A(198, 51, 100, 2), .og_port = 54};

	cmd_clear_nat_inside(&session, &inside, false);
	ck_assert(engine.spared);
	ck_assert_uint_eq(engine.cleared.n_terms, 2);
	expect_term(0, FILTER_IG, A(203, 0, 113, 7), -1);
	expect_term(1, FILTER_IL, A(10, 0, 0, 7), -1);
	engine.clear_calls = 0;
	engine.kept = 1;
	inside.forced = true;
	cmd_clear_nat_inside(&session, &inside, false);
	ck_assert(!engine.spared);
	engine.clear_calls = 0;
	engine.ended = 1;
	cmd_clear_nat_port(&session, &port, false);
	ck_assert_uint_eq(engine.cleared.protocol, IPPROTO_UDP);
	expect_term(0, FILTER_IG, A(203, 0, 113, 7), 70);
	expect_term(1, FILTER_IL, A(10, 0, 0, 7), 71);
	expect_term(2, FILTER_OL, A(198, 51, 100, 1), 53);
	expect_term(3, FILTER_OG, A(198, 51, 100, 2), 54);
	expect("% %Translation not found\n% %Translation in use, cannot remove\n");
}
END_TEST

START_TEST(clear_is_silent_and_complete)
{
	cmd_clear_nat_translation_all(&session, &(struct args_clear_nat_translation_all){0}, false);
	ck_assert_uint_eq(engine.clear_calls, 40);
	ck_assert_uint_gt(session.calls, 1); /* in turns */
	cmd_clear_nat_statistics(&session, &(struct args_clear_nat_statistics){0}, false);
	ck_assert_uint_eq(engine.counts_cleared, 1);
	expect("");
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("show nat");
	TCase *tc = tcase_create("show nat");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, plain);
	tcase_add_test(tc, empty_table_has_no_header);
	tcase_add_test(tc, announced_flows);
	tcase_add_test(tc, by_protocol);
	tcase_add_test(tc, by_address);
	tcase_add_test(tc, by_range);
	tcase_add_test(tc, verbose);
	tcase_add_test(tc, a_million_rows_stream);
	tcase_add_test(tc, a_long_show_can_be_stopped);
	tcase_add_test(tc, statistics);
	tcase_add_test(tc, statistics_without_configuration);
	tcase_add_test(tc, statistics_of_every_kind_of_limit);
	tcase_add_test(tc, limits_stream);
	tcase_add_test(tc, clear_is_silent_and_complete);
	tcase_add_test(tc, clear_one_says_what_became_of_it);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return suite_main(make_suite());
}
