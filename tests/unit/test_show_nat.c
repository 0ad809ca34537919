/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NAT shows, clear and debug through their handlers, with a fake engine: whole outputs against goldens computed
 * from the IOS XE layout (stops 0/5/27/49/71), pages that stay small and can be stopped, and the events' lines.
 */
#include <check.h>
#include <netinet/in.h>
#include <time.h>

#include "fake_session.h"
#include "gram_tables.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "nat/engine.h"
#include "show/debug.h"

#define A(a, b, c, d) ((ip4)(a) << 24 | (ip4)(b) << 16 | (ip4)(c) << 8 | (ip4)(d))
#define HEADER "Pro  Inside global         Inside local          Outside local         Outside global\n"

/* ---- an engine with whatever the test puts into it */

struct engine {
	const struct snapshot *snapshot;
	const struct translation *rows;
	uint32_t n_rows;
	uint64_t many; /* instead of rows: this many alike */
	struct engine_counts counts;
	struct event_ring events;
	bool packet_events;
	uint32_t largest_page, clear_calls, counts_cleared;
	struct filter cleared;
	bool spared;
	uint32_t ended, kept; /* what clear is told */
};

static struct engine engine;

/* As the engine does it, with the same filter. */
static bool wanted(const struct translation *row, const struct filter *filter)
{
	const struct filter_subject subject = {
		.protocol = row->protocol, .half = row->half, .at = {row->il, row->ig, row->ol, row->og}};

	return !(row->flags & FLOW_IDENTITY) && filter_matches(filter, &subject);
}

uint32_t engine_translations(struct engine *self, uint64_t now, struct translation_cursor *cursor,
			     struct translation *rows, uint32_t max)
{
	uint64_t total = self->many > 0 ? self->many : self->n_rows;
	uint32_t n = 0;

	(void)now;
	if (max > self->largest_page)
		self->largest_page = max;
	for (; n < max && cursor->next < total; cursor->next++) {
		const struct translation *row = &self->rows[self->many > 0 ? 0 : cursor->next];

		if (!wanted(row, cursor->filter))
			continue;
		if (rows != NULL)
			rows[n] = *row;
		n++;
	}
	cursor->end = cursor->next >= total;
	return n;
}

const struct snapshot *engine_snapshot(const struct engine *self)
{
	return self->snapshot;
}

void engine_counts(const struct engine *self, struct engine_counts *out)
{
	*out = self->counts;
}

void engine_clear_counts(struct engine *self)
{
	self->counts_cleared++;
}

uint32_t engine_rule_uses(const struct engine *self, uint64_t rule)
{
	(void)self;
	return (uint32_t)rule * 10;
}

void engine_pool_use(const struct engine *self, const char *pool, uint32_t *allocated, uint64_t *misses)
{
	(void)self;
	*allocated = strcmp(pool, "P1") == 0 ? 2 : 0;
	*misses = 4;
}

bool engine_clear_translations(struct engine *self, uint64_t now, struct translation_cursor *cursor)
{
	(void)now;
	self->cleared = cursor->filter != NULL ? *cursor->filter : (struct filter){0};
	self->spared = cursor->spare_children;
	cursor->ended = self->ended;
	cursor->kept = self->kept;
	return ++self->clear_calls == 40;
}

void engine_packet_events(struct engine *self, bool on)
{
	self->packet_events = on;
}

const struct event_ring *engine_events(const struct engine *self)
{
	return &self->events;
}

/* ---- fixture */

static struct session session;
static char log_text[65536];
static size_t log_length;

static void note_line(void *arg, enum log_severity severity, const char *line)
{
	(void)arg;
	log_length += (size_t)snprintf(log_text + log_length, sizeof(log_text) - log_length, "%d %s\n", (int)severity,
				       line);
	ck_assert_uint_lt(log_length, sizeof(log_text));
}

static void drop_log(void)
{
	log_length = 0;
	log_text[0] = '\0';
}

static void setup(void)
{
	/* The poller of the daemon has a place in the ring of its own: let it go on from there. */
	uint64_t head = engine.events.head;

	memset(&engine, 0, offsetof(struct engine, events));
	engine.packet_events = false;
	engine.largest_page = engine.clear_calls = engine.counts_cleared = 0;
	engine.ended = engine.kept = 0;
	engine.events.head = head;
	fake_open(&session);
	session.router.box = mailbox_new();
	mailbox_direct(session.router.box, 1);
	session.router.engine = &engine;
	log_sink(note_line, NULL);
	debug_poll(&session.router);
	drop_log();
}

static void teardown(void)
{
	mailbox_free(session.router.box);
	fake_close(&session);
}

/* Check cannot carry messages as long as these texts. */
static void expect(const char *golden)
{
	const char *text = fake_text(&session);

	if (strcmp(text, golden) == 0)
		return;
	fprintf(stderr, "--- expected\n%s--- got\n%s", golden, text);
	ck_abort_msg("the output differs");
}

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
			 "Kernel queue drops: 12\n");
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
			 "Kernel queue drops: 0\n");
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

/* ---- debug */

static const struct event out_new = {
	.kind = EVENT_TRANSLATED, .protocol = IPPROTO_TCP, .first = true, .ip_id = 4711, .il = {A(10, 0, 0, 5), 1029},
	.ig = {A(203, 0, 113, 1), 1024}, .ol = {A(198, 51, 100, 1), 80}, .og = {A(198, 51, 100, 1), 80},
};
static const struct event in_known = {
	.kind = EVENT_TRANSLATED, .protocol = IPPROTO_UDP, .ip_id = 1, .il = {A(198, 51, 100, 1), 53},
	.ig = {A(198, 51, 100, 1), 53}, .ol = {A(203, 0, 113, 1), 1024}, .og = {A(10, 0, 0, 5), 1029},
};
static const struct event ping = {
	.kind = EVENT_TRANSLATED, .protocol = IPPROTO_ICMP, .ip_id = 65535, .il = {A(10, 0, 0, 5), 3},
	.ig = {A(203, 0, 113, 1), 1024}, .ol = {A(198, 51, 100, 1), 0}, .og = {A(198, 51, 100, 1), 0},
};
static const struct event hairpin = {
	.kind = EVENT_TRANSLATED, .protocol = IPPROTO_TCP, .ip_id = 7, .il = {A(10, 0, 0, 5), 9},
	.ig = {A(203, 0, 113, 1), 9}, .ol = {A(203, 0, 113, 8), 80}, .og = {A(10, 0, 0, 8), 80},
};
static const struct event expired = {
	.kind = EVENT_EXPIRED, .protocol = IPPROTO_TCP, .il = {A(10, 0, 0, 5), 1029}, .ig = {A(203, 0, 113, 1), 1024},
};
static const struct event half = {.kind = EVENT_EXPIRED, .il = {A(10, 0, 0, 5), 0}, .ig = {A(203, 0, 113, 1), 0}};
static const struct event cleared = {
	.kind = EVENT_REMOVED, .protocol = IPPROTO_ICMP, .il = {A(10, 0, 0, 5), 1}, .ig = {A(203, 0, 113, 1), 1},
};
static const struct event dropped = {
	.kind = EVENT_DROPPED, .reason = REASON_NO_FLOW, .il = {A(198, 51, 100, 1), 1}, .ol = {A(203, 0, 113, 1), 2},
};
static const struct event refused = {
	.kind = EVENT_REFUSED, .reason = REASON_NO_PORT, .now = 5000, .il = {A(10, 0, 0, 5), 1029}, .rule = 2,
};

static const struct {
	const struct event *event;
	const char *text;
} lines[] = {
	{&out_new, "NAT: TCP s=1029->1024, d=80\nNAT: s=10.0.0.5->203.0.113.1, d=198.51.100.1 [4711]\n"},
	{&in_known, "NAT*: UDP s=53, d=1024->1029\nNAT*: s=198.51.100.1, d=203.0.113.1->10.0.0.5 [1]\n"},
	{&ping, "NAT*: ICMP id=3->1024\nNAT*: s=10.0.0.5->203.0.113.1, d=198.51.100.1 [65535]\n"},
	{&hairpin, "NAT*: s=10.0.0.5->203.0.113.1, d=203.0.113.8->10.0.0.8 [7]\n"},
	{&expired, "NAT: expiring 203.0.113.1 (10.0.0.5) tcp 1024 (1029)\n"},
	{&half, "NAT: expiring 203.0.113.1 (10.0.0.5)\n"},
	{&cleared, "NAT: removing 203.0.113.1 (10.0.0.5) icmp 1 (1)\n"},
	{&dropped, "NAT: translation failed (NO_FLOW), dropping packet s=198.51.100.1 d=203.0.113.1\n"},
	{&refused, "NAT: failed to allocate address for 10.0.0.5, list/map 1\n"},
};

START_TEST(event_lines)
{
	static const struct snapshot snapshot = {.n_rules = 3, .rules = rules};
	char buf[DEBUG_TEXT_SIZE];

	ck_assert_str_eq(debug_text(lines[_i].event, &snapshot, buf), lines[_i].text);
}
END_TEST

START_TEST(debug_is_switched)
{
	cmd_show_debugging(&session, &(struct args_show_debugging){0}, false);
	cmd_debug_ip_nat(&session, &(struct args_debug_ip_nat){0}, false);
	ck_assert(engine.packet_events && session.router.debug_nat);
	cmd_show_debugging(&session, &(struct args_show_debugging){0}, false);
	cmd_debug_ip_nat(&session, &(struct args_debug_ip_nat){0}, true);
	ck_assert(!engine.packet_events && !session.router.debug_nat);
	cmd_debug_ip_nat(&session, &(struct args_debug_ip_nat){0}, false);
	cmd_undebug_ip_nat(&session, &(struct args_undebug_ip_nat){0}, false);
	cmd_debug_ip_nat(&session, &(struct args_debug_ip_nat){0}, false);
	cmd_undebug_all(&session, &(struct args_undebug_all){0}, false);
	ck_assert(!engine.packet_events && !session.router.debug_nat);
	expect("IP NAT debugging is on\n"
					      "Generic IP:\n  IP NAT debugging is on\n"
					      "IP NAT debugging is off\n"
					      "IP NAT debugging is on\nIP NAT debugging is off\n"
					      "IP NAT debugging is on\nAll possible debugging has been turned off\n");
}
END_TEST

START_TEST(debug_lines_only_while_on)
{
	event_put(&engine.events, &out_new);
	debug_poll(&session.router);
	ck_assert_str_eq(log_text, "");
	event_put(&engine.events, &expired);
	cmd_debug_ip_nat(&session, &(struct args_debug_ip_nat){0}, false);
	ck_assert_str_eq(log_text, ""); /* what came before the switch */
	event_put(&engine.events, &out_new);
	debug_poll(&session.router);
	debug_poll(&session.router);
	ck_assert_str_eq(log_text, "7 NAT: TCP s=1029->1024, d=80\n"
				   "7 NAT: s=10.0.0.5->203.0.113.1, d=198.51.100.1 [4711]\n");
	cmd_undebug_all(&session, &(struct args_undebug_all){0}, false);
}
END_TEST

START_TEST(a_flood_is_cut_and_counted)
{
	unsigned n = 0;

	cmd_debug_ip_nat(&session, &(struct args_debug_ip_nat){0}, false);
	for (int i = 0; i < DEBUG_LINES_MAX + 100; i++)
		event_put(&engine.events, &hairpin);
	debug_poll(&session.router);
	for (const char *at = log_text; (at = strchr(at, '\n')) != NULL; at++)
		n++;
	ck_assert_uint_eq(n, DEBUG_LINES_MAX + 1);
	ck_assert_ptr_nonnull(strstr(log_text, "7 NAT: 100 events not shown\n"));
	cmd_undebug_all(&session, &(struct args_undebug_all){0}, false);
}
END_TEST

static void refuse(uint64_t now, uint64_t rule, enum reason reason)
{
	struct event event = refused;

	event.now = now;
	event.rule = rule;
	event.reason = (uint8_t)reason;
	event_put(&engine.events, &event);
}

START_TEST(refusals_are_logged_at_a_limited_rate)
{
	static const struct snapshot snapshot = {.n_rules = 3, .rules = rules};
	static struct debug_feed feed;

	memset(&feed, 0, sizeof(feed));
	feed.cursor = engine.events.head;
	engine.snapshot = &snapshot;
	for (uint64_t now = 1000; now < 1000 + DEBUG_REFUSED_S * 1000; now += 1000)
		refuse(now, 2, REASON_NO_PORT);
	refuse(1500, 3, REASON_NO_PORT);
	refuse(1500, 3, REASON_NO_ADDRESS);
	refuse(1500, 0, REASON_NO_ENTRY);
	refuse(1500, 3, REASON_QUOTED_UNKNOWN); /* not a matter of resources */
	debug_drain(&feed, session.router.box, &engine, false);
	refuse(1000 + DEBUG_REFUSED_S * 1000, 2, REASON_NO_PORT);
	debug_drain(&feed, session.router.box, &engine, false);
	ck_assert_str_eq(
		log_text,
		"4 %IPNAT-4-ADDR_ALLOC_FAILURE: Address allocation failed for 10.0.0.5, pool P1 might be exhausted\n"
		"4 %IPNAT-4-ADDR_ALLOC_FAILURE: Address allocation failed for 10.0.0.5, interface "
		"GigabitEthernet0/1 might be exhausted\n"
		"4 %IPNAT-4-ADDR_ALLOC_FAILURE: Address allocation failed for 10.0.0.5, interface "
		"GigabitEthernet0/1 has no address\n"
		"4 %IPNAT-4-MAX_ENTRIES: Translation refused for 10.0.0.5, table is full\n"
		"4 %IPNAT-4-ADDR_ALLOC_FAILURE: Address allocation failed for 10.0.0.5, pool P1 might be exhausted "
		"(29 more not logged)\n");
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("show nat");
	TCase *tc = tcase_create("show nat");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, plain);
	tcase_add_test(tc, empty_table_has_no_header);
	tcase_add_test(tc, by_protocol);
	tcase_add_test(tc, by_address);
	tcase_add_test(tc, by_range);
	tcase_add_test(tc, verbose);
	tcase_add_test(tc, a_million_rows_stream);
	tcase_add_test(tc, a_long_show_can_be_stopped);
	tcase_add_test(tc, statistics);
	tcase_add_test(tc, statistics_without_configuration);
	tcase_add_test(tc, clear_is_silent_and_complete);
	tcase_add_test(tc, clear_one_says_what_became_of_it);
	tcase_add_loop_test(tc, event_lines, 0, sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(tc, debug_is_switched);
	tcase_add_test(tc, debug_lines_only_while_on);
	tcase_add_test(tc, a_flood_is_cut_and_counted);
	tcase_add_test(tc, refusals_are_logged_at_a_limited_rate);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
