/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole outputs of the shows that read Linux and the machine, against goldens computed by hand from the layout rules:
 * the table renderer, show ip interface brief, show ip route, show version, show clock, and escaping.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "show/clock.h"
#include "show/interfaces.h"
#include "show/routes.h"
#include "show/table.h"
#include "show/text.h"
#include "show/version.h"
#include "suite.h"

#define OURS 211
#define A(a, b, c, d) ((ip4)(a) << 24 | (ip4)(b) << 16 | (ip4)(c) << 8 | (ip4)(d))

static char *text;
static size_t size;

static FILE *begin(void)
{
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	return out;
}

static void expect(FILE *out, const char *golden)
{
	fclose(out);
	ck_assert_str_eq(text, golden);
	free(text);
}

/* ---- table */

static const struct column columns[] = {
	{"a", "Pro", 0, FIELD_TEXT},
	{"b", "Address", 5, FIELD_ENDPOINT},
	{"c", "Count", 14, FIELD_NUMBER},
	{"d", "Plain", 20, FIELD_IP4},
};

START_TEST(table_keeps_its_stops)
{
	char line[80];
	struct cell row[] = {{.text = "tcp"}, {.absent = true}, {.number = 7}, {.endpoint = {A(10, 0, 0, 1), 0}}};
	size_t n = table_header(columns, 4, line, sizeof(line));

	ck_assert_str_eq(line, "Pro  Address  Count Plain\n");
	ck_assert_uint_eq(n, strlen(line));
	n = table_row(columns, 4, row, line, sizeof(line));
	ck_assert_str_eq(line, "tcp  ---      7     10.0.0.1\n");
	ck_assert_uint_eq(n, strlen(line));
}
END_TEST

/* An overlong field pushes the next one by one blank; the row is back at its stops as soon as it can be. */
START_TEST(table_overlong_field_pushes)
{
	char line[80];
	struct cell row[] = {{.text = "icmp"},
			      {.has_port = true, .endpoint = {A(192, 168, 100, 100), 65535}},
			      {.number = UINT64_MAX},
			      {.endpoint = {A(1, 2, 3, 4), 0}}};

	table_row(columns, 4, row, line, sizeof(line));
	ck_assert_str_eq(line, "icmp 192.168.100.100:65535 18446744073709551615 1.2.3.4\n");
	row[1].absent = true;
	row[2].number = 123456;
	table_row(columns, 4, row, line, sizeof(line));
	ck_assert_str_eq(line, "icmp ---      123456 1.2.3.4\n");
}
END_TEST

START_TEST(table_cuts_to_size)
{
	char line[12], none[1] = "x";
	struct cell row[] = {{.text = "protocol"}, {.text = "x"}, {.number = 1}, {.absent = true}};

	ck_assert_uint_eq(table_row(columns, 1, row, line, sizeof(line)), 9);
	row[0].text = "a long protocol name";
	ck_assert_uint_eq(table_row(columns, 1, row, line, sizeof(line)), 11);
	ck_assert_str_eq(line, "a long pro\n");
	ck_assert_uint_eq(table_row(columns, 1, row, none, sizeof(none)), 0);
	ck_assert_str_eq(none, "");
}
END_TEST

/* ---- text */

static const struct {
	const char *in, *out;
} escapes[] = {
	{"plain text ~", "plain text ~"},
	{"\x1b[2J", "^[[2J"},
	{"a\tb\rc\x7f", "a^Ib^Mc^?"},
	{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},      /* well-formed UTF-8 stays */
	{"\xc2\x9b" "31m", "\\xc2\\x9b31m"},                /* U+009B is CSI */
	{"\x9b" "31m", "\\x9b31m"},
	{"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},                /* too long */
	{"\xed\xa0\x80", "\\xed\\xa0\\x80"},                /* a surrogate */
	{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},      /* beyond U+10FFFF */
	{"end\xe2\x82", "end\\xe2\\x82"},                   /* cut short */
	{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
};

START_TEST(control_bytes_are_escaped)
{
	char once[80], twice[200];

	text_escape(escapes[_i].in, strlen(escapes[_i].in), once, sizeof(once));
	ck_assert_str_eq(once, escapes[_i].out);
	text_escape(once, strlen(once), twice, sizeof(twice));
	ck_assert_str_eq(twice, once);
}
END_TEST

/* No byte that a terminal could obey; 0x80 to 0x9f only inside a character. */
static bool harmless(const char *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = (unsigned char)out[i];

		if (byte < 0x20 || byte == 0x7f)
			return false;
		if ((byte & 0xe0) == 0x80 && (i == 0 || ((unsigned char)out[i - 1] & 0x80) == 0))
			return false;
	}
	return true;
}

START_TEST(random_bytes_never_reach_a_terminal)
{
	unsigned seed = 20240811, raw = 0;
	char in[64], out[TEXT_ESCAPED(64)];

	printf("seed %u\n", seed);
	for (int round = 0; round < 20000; round++) {
		size_t n = 0, length = (size_t)(rand_r(&seed) % 64);

		for (size_t i = 0; i < length; i++)
			in[i] = (char)(rand_r(&seed) % 3 == 0 ? 0x80 | rand_r(&seed) % 128 : rand_r(&seed) % 256);
		n = text_escape(in, length, out, sizeof(out));
		raw += !harmless(in, length);
		if (n != strlen(out) || !harmless(out, n))
			ck_abort_msg("round %d", round);
	}
	ck_assert_uint_gt(raw, 10000); /* the judge can say no */
}
END_TEST

START_TEST(escape_never_cuts_in_two)
{
	char buf[4];

	ck_assert_uint_eq(text_escape("ab\x01", 3, buf, sizeof(buf)), 2);
	ck_assert_str_eq(buf, "ab");
	ck_assert_uint_eq(text_escape("ab\x01", 3, buf, 0), 0);
}
END_TEST

START_TEST(times)
{
	char buf[TEXT_TIME_SIZE], up[96];

	ck_assert_str_eq(text_hms(0, buf), "00:00:00");
	ck_assert_str_eq(text_hms(59, buf), "00:00:59");
	ck_assert_str_eq(text_hms(86400, buf), "24:00:00");
	ck_assert_str_eq(text_hms(536870, buf), "149:07:50");
	ck_assert_str_eq(text_date(1700000000, buf), "11/14/23 22:13:20");
	ck_assert_str_eq(text_uptime(59, up, sizeof(up)), "0 minutes");
	ck_assert_str_eq(text_uptime(60, up, sizeof(up)), "1 minute");
	ck_assert_str_eq(text_uptime(3600, up, sizeof(up)), "1 hour, 0 minutes");
	ck_assert_str_eq(text_uptime(31536000 + 2 * 604800 + 86400 + 7200 + 300, up, sizeof(up)),
			 "1 year, 2 weeks, 1 day, 2 hours, 5 minutes");
}
END_TEST

/* ---- Linux */

static struct mirror_address inside_addresses[] = {{A(10, 1, 1, 1), 24, false, true}, {A(10, 1, 2, 1), 24, true, true}};
static struct mirror_address outside_addresses[] = {{A(203, 0, 113, 2), 29, false, false}};
static struct mirror_address lo_addresses[] = {{A(127, 0, 0, 1), 8, false, false}, {A(192, 0, 2, 9), 32, false, true}};

static struct mirror_interface interfaces[] = {
	{.index = 1, .linux_name = "lo", .name = "lo", .admin_up = true, .carrier = true, .loopback = true,
	 .n_addresses = 2, .addresses = lo_addresses},
	{.index = 2, .linux_name = "eth0", .name = "GigabitEthernet0/0", .admin_up = true, .carrier = true,
	 .n_addresses = 2, .addresses = inside_addresses},
	{.index = 3, .linux_name = "eth1", .name = "TenGigabitEthernet0/0/4", .admin_up = true,
	 .n_addresses = 1, .addresses = outside_addresses},
	{.index = 4, .linux_name = "eth2", .name = "eth2"},
};

START_TEST(interface_brief)
{
	struct mirror mirror = {.n_interfaces = 4, .interfaces = interfaces};
	FILE *out = begin();

	interfaces_brief(out, &mirror);
	expect(out,
	       "Interface              IP-Address      OK? Method Status                Protocol\n"
	       "lo                     192.0.2.9       YES manual up                    up\n"
	       "GigabitEthernet0/0     10.1.1.1        YES manual up                    up\n"
	       "Te0/0/4                203.0.113.2     YES other  down                  down\n"
	       "eth2                   unassigned      YES unset  administratively down down\n");
}
END_TEST

#define LEGEND                                                                                                      \
	"Codes: L - local, C - connected, S - static, R - RIP, B - BGP\n"                                           \
	"       D - EIGRP, O - OSPF, i - IS-IS, K - another route of the kernel\n"                                  \
	"       * - candidate default\n\n"

START_TEST(routes_grouped_by_class)
{
	struct mirror_route routes[] = {
		{{0, 0}, A(203, 0, 113, 1), 3, OURS, 1},
		{{0, 0}, A(203, 0, 113, 9), 3, 16, 100},       /* worse: Linux does not use it */
		{{A(10, 1, 1, 0), 24}, 0, 2, 2, 0},
		{{A(10, 1, 2, 0), 24}, 0, 2, 2, 0},
		{{A(10, 9, 0, 0), 16}, A(10, 1, 1, 7), 2, OURS, 5},
		{{A(172, 16, 4, 0), 24}, A(10, 1, 1, 7), 2, 16, 20},
		{{A(172, 16, 5, 0), 24}, 0, 2, OURS, 1},
		{{A(192, 168, 0, 0), 16}, A(10, 1, 1, 8), 2, 186, 0},
		{{A(192, 168, 7, 0), 24}, A(10, 1, 1, 8), 2, OURS, 1},
		{{A(192, 168, 7, 0), 24}, A(10, 1, 1, 9), 2, OURS, 1},
		{{A(203, 0, 113, 0), 29}, 0, 3, 2, 0},
	};
	struct mirror mirror = {.n_interfaces = 4, .interfaces = interfaces, .n_routes = 11, .routes = routes};
	FILE *out = begin();

	routes_print(out, &mirror, OURS);
	expect(out, LEGEND
	       "Gateway of last resort is 203.0.113.1 to network 0.0.0.0\n\n"
	       "S*    0.0.0.0/0 [1/0] via 203.0.113.1\n"
	       "      10.0.0.0/8 is variably subnetted, 5 subnets, 3 masks\n"
	       "C        10.1.1.0/24 is directly connected, GigabitEthernet0/0\n"
	       "L        10.1.1.1/32 is directly connected, GigabitEthernet0/0\n"
	       "C        10.1.2.0/24 is directly connected, GigabitEthernet0/0\n"
	       "L        10.1.2.1/32 is directly connected, GigabitEthernet0/0\n"
	       "S        10.9.0.0/16 [5/0] via 10.1.1.7\n"
	       "      172.16.0.0/24 is subnetted, 2 subnets\n"
	       "K        172.16.4.0/24 [0/20] via 10.1.1.7, GigabitEthernet0/0\n"
	       "S        172.16.5.0/24 is directly connected, GigabitEthernet0/0\n"
	       "      192.0.2.0/32 is subnetted, 1 subnets\n"
	       "C        192.0.2.9/32 is directly connected, lo\n"
	       "B     192.168.0.0/16 [0/0] via 10.1.1.8, GigabitEthernet0/0\n"
	       "S     192.168.7.0/24 [1/0] via 10.1.1.8\n"
	       "                     [1/0] via 10.1.1.9\n"
	       "      203.0.113.0/24 is variably subnetted, 2 subnets, 2 masks\n"
	       "C        203.0.113.0/29 is directly connected, TenGigabitEthernet0/0/4\n"
	       "L        203.0.113.2/32 is directly connected, TenGigabitEthernet0/0/4\n");
}
END_TEST

START_TEST(no_routes)
{
	struct mirror mirror = {0};
	FILE *out = begin();

	routes_print(out, &mirror, OURS);
	expect(out, LEGEND "Gateway of last resort is not set\n\n");
}
END_TEST

/* ---- machine */

START_TEST(version_text)
{
	struct version_facts facts = {
		.hostname = "edge1", .uptime_s = 90061, .started_wall = 1700000000, .image = "/usr/sbin/algated",
		.machine = "x86_64", .kernel = "6.1.0", .cpu = "Test CPU @ 2GHz", .memory_kb = 2027520, .n_cpus = 2,
		.board_id = "0123456789ABCDEF", .n_interfaces = 1, .nvram_kb = 65536,
	};
	FILE *out = begin();

	version_print(out, &facts);
	expect(out,
	       "Algate Software (ALGATE), Version " PACKAGE_VERSION ", RELEASE SOFTWARE\n"
	       "Licence GPL-2.0-or-later, without any warranty\n\n"
	       "ROM: Linux 6.1.0\n\n"
	       "edge1 uptime is 1 day, 1 hour, 1 minute\n"
	       "System restarted at 22:13:20 UTC Tue Nov 14 2023\n"
	       "System image file is \"/usr/sbin/algated\"\n\n"
	       "Linux x86_64 (Test CPU @ 2GHz) processor with 2027520K/0K bytes of memory.\n"
	       "Processor board ID 0123456789ABCDEF\n"
	       "2 processors online\n"
	       "1 network interface\n"
	       "65536K bytes of non-volatile configuration memory.\n\n"
	       "Configuration register is 0x2102\n");
}
END_TEST

START_TEST(version_facts_are_of_this_machine)
{
	struct version_facts facts = {0}, again = {0};

	version_read(&facts);
	version_read(&again);
	ck_assert_int_eq(facts.image[0], '/');
	ck_assert_str_ne(facts.machine, "");
	ck_assert_str_ne(facts.cpu, "");
	ck_assert_uint_gt(facts.memory_kb, 1024);
	ck_assert_uint_ge(facts.n_cpus, 1);
	ck_assert_str_eq(facts.board_id, again.board_id);
}
END_TEST

START_TEST(clock_text)
{
	FILE *out = begin();

	clock_print(out, 1754592964554, false);
	clock_print(out, 1754592964004, true);
	expect(out, "*18:56:04.554 UTC Thu Aug 7 2025\n18:56:04.004 UTC Thu Aug 7 2025\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("show");
	TCase *tc = tcase_create("show");

	tcase_add_test(tc, table_keeps_its_stops);
	tcase_add_test(tc, table_overlong_field_pushes);
	tcase_add_test(tc, table_cuts_to_size);
	tcase_add_loop_test(tc, control_bytes_are_escaped, 0, sizeof(escapes) / sizeof(escapes[0]));
	tcase_add_test(tc, random_bytes_never_reach_a_terminal);
	tcase_add_test(tc, escape_never_cuts_in_two);
	tcase_add_test(tc, times);
	tcase_add_test(tc, interface_brief);
	tcase_add_test(tc, routes_grouped_by_class);
	tcase_add_test(tc, no_routes);
	tcase_add_test(tc, version_text);
	tcase_add_test(tc, version_facts_are_of_this_machine);
	tcase_add_test(tc, clock_text);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
