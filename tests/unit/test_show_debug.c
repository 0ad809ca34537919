/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * debug ip nat through its handlers, with a fake engine: the lines of every event, switching, floods, refusals in the log.
 */
#include <check.h>
#include <netinet/in.h>

#include "fake_engine.h"
#include "suite.h"
#include "gram_tables.h"

/* ---- debug */

static struct snapshot_rule rules[] = {
	{.id = 2, .number = 1, .pool = 0, .acl_name = "1", .target_name = "P1"},
	{.id = 3, .number = 2, .pool = SNAPSHOT_NONE, .is_interface = true, .overload = true, .acl_name = "LAN",
	 .target_name = "GigabitEthernet0/1"},
	{.id = 4, .number = 5, .pool = SNAPSHOT_NONE, .acl_name = "7", .target_name = "NOPOOL"},
};

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

START_TEST(details_are_a_line_of_their_own)
{
	struct event in_ping = {.kind = EVENT_DROPPED, .protocol = IPPROTO_ICMP, .side = 1, .ip_id = 9,
				.il = {A(198, 51, 100, 1), 0}, .ol = {A(203, 0, 113, 1), 77}};
	char buf[DEBUG_TEXT_SIZE];

	ck_assert_str_eq(debug_detail(&out_new, buf), "NAT: i: tcp (10.0.0.5, 1029) -> (198.51.100.1, 80) [4711]\n");
	ck_assert_str_eq(debug_detail(&ping, buf), "NAT*: i: icmp (10.0.0.5, 3) -> (198.51.100.1, 3) [65535]\n");
	ck_assert_str_eq(debug_detail(&in_ping, buf), "NAT: o: icmp (198.51.100.1, 77) -> (203.0.113.1, 77) [9]\n");
	ck_assert_str_eq(debug_detail(&expired, buf), "");
	cmd_debug_ip_nat(&session, &(struct args_debug_ip_nat){.detailed = true}, false);
	event_put(&engine.events, &hairpin);
	event_put(&engine.events, &expired);
	debug_poll(&session.router);
	cmd_debug_ip_nat(&session, &(struct args_debug_ip_nat){.detailed = true}, true);
	event_put(&engine.events, &expired);
	debug_poll(&session.router);
	ck_assert_str_eq(log_text, "7 NAT*: i: tcp (10.0.0.5, 9) -> (203.0.113.8, 80) [7]\n"
				   "7 NAT*: s=10.0.0.5->203.0.113.1, d=203.0.113.8->10.0.0.8 [7]\n"
				   "7 NAT: expiring 203.0.113.1 (10.0.0.5) tcp 1024 (1029)\n"
				   "7 NAT: expiring 203.0.113.1 (10.0.0.5) tcp 1024 (1029)\n");
	cmd_undebug_all(&session, &(struct args_undebug_all){0}, false);
}
END_TEST

START_TEST(a_list_chooses_flow_events)
{
	struct snapshot_ace ace = {.permit = true, .source = A(10, 0, 0, 5), .source_care = UINT32_MAX,
				   .icmp_type = -1, .icmp_code = -1};
	struct snapshot_acl acl = {.first = 0, .count = 1};
	const struct snapshot list = {.n_aces = 1, .aces = &ace, .n_acls = 1, .acls = &acl}, none = {0};
	struct debug_feed feed = {.cursor = engine.events.head};
	struct event other = expired;

	other.il.addr = A(10, 0, 0, 6);
	event_put(&engine.events, &expired);
	event_put(&engine.events, &other);
	debug_drain(&feed, session.router.box, &engine, &(struct debug_options){true, false, &list});
	ck_assert_str_eq(log_text, "7 NAT: expiring 203.0.113.1 (10.0.0.5) tcp 1024 (1029)\n");
	event_put(&engine.events, &expired);
	debug_drain(&feed, session.router.box, &engine, &(struct debug_options){true, false, &none});
	ck_assert_str_eq(log_text, "7 NAT: expiring 203.0.113.1 (10.0.0.5) tcp 1024 (1029)\n");
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
	debug_drain(&feed, session.router.box, &engine, &(struct debug_options){.on = false});
	refuse(1000 + DEBUG_REFUSED_S * 1000, 2, REASON_NO_PORT);
	debug_drain(&feed, session.router.box, &engine, &(struct debug_options){.on = false});
	ck_assert_str_eq(
		log_text,
		"4 %IPNAT-4-ADDR_ALLOC_FAILURE: Address allocation failed for 10.0.0.5, pool P1 might be exhausted\n"
		"4 %IPNAT-4-ADDR_ALLOC_FAILURE: Address allocation failed for 10.0.0.5, interface "
		"GigabitEthernet0/1 might be exhausted\n"
		"4 %IPNAT-4-ADDR_ALLOC_FAILURE: Address allocation failed for 10.0.0.5, interface "
		"GigabitEthernet0/1 has no address\n"
		"4 %IPNAT-4-MAX_ENTRIES: Translation refused for 10.0.0.5, limit of entries reached\n"
		"4 %IPNAT-4-ADDR_ALLOC_FAILURE: Address allocation failed for 10.0.0.5, pool P1 might be exhausted "
		"(29 more not logged)\n");
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("show debug");
	TCase *tc = tcase_create("show debug");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, event_lines, 0, sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(tc, debug_is_switched);
	tcase_add_test(tc, debug_lines_only_while_on);
	tcase_add_test(tc, a_flood_is_cut_and_counted);
	tcase_add_test(tc, details_are_a_line_of_their_own);
	tcase_add_test(tc, a_list_chooses_flow_events);
	tcase_add_test(tc, refusals_are_logged_at_a_limited_rate);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return suite_main(make_suite());
}
