/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show running-config: exact text of a full configuration, and that what is printed reads back to the same store. */
#include <stdio.h>

#include "lines.h"
#include "seed.h"
#include "suite.h"

static const char full[] = "!\n"
			   "version 1.0\n"
			   "!\n"
			   "hostname edge\n"
			   "!\n"
			   "enable password letmein\n"
			   "!\n"
			   "interface eth0\n"
			   " description uplink to the provider\n"
			   " ip address 192.0.2.129 255.255.255.128 secondary\n"
			   " ip address 192.0.2.1 255.255.255.128\n"
			   " ip nat outside\n"
			   "!\n"
			   "interface eth1\n"
			   " ip address 10.0.0.1 255.255.255.0\n"
			   " ip nat inside\n"
			   " shutdown\n"
			   "!\n"
			   "ip nat translation tcp-timeout 3600\n"
			   "ip nat translation udp-timeout never\n"
			   "ip nat translation port-timeout tcp 80 120\n"
			   "ip nat translation max-entries 5000\n"
			   "ip nat pool ONE 192.0.2.10 192.0.2.20 netmask 255.255.255.128\n"
			   "!\n"
			   "ip nat pool TWO prefix-length 25\n"
			   " address 192.0.2.30 192.0.2.31\n"
			   " address 192.0.2.40 192.0.2.41\n"
			   "!\n"
			   "no ip nat service all-algs\n"
			   "no ip nat service dns tcp\n"
			   "no ip nat service dns udp\n"
			   "no ip nat service dns-reset-ttl\n"
			   "no ip nat service dns-v6\n"
			   "no ip nat service ftp\n"
			   "no ip nat service rcmd\n"
			   "no ip nat service tftp\n"
			   "ip nat service list WEB ftp tcp port 2121\n"
			   "ip nat service list 7 ftp tcp port 2121\n"
			   "ip nat service list 12 ftp tcp port 21\n"
			   "no ip nat create flow-entries\n"
			   "ip nat inside source list 7 pool ONE overload\n"
			   "ip nat inside source list WEB interface eth0 overload\n"
			   "ip nat inside source list 3 pool TWO\n"
			   "ip nat inside source static 10.0.0.9 192.0.2.50 no-alias\n"
			   "ip nat inside source static tcp 10.0.0.8 80 192.0.2.51 8080 extendable\n"
			   "ip nat inside source static udp 10.0.0.8 53 interface eth0 53\n"
			   "!\n"
			   "ip route 0.0.0.0 0.0.0.0 192.0.2.126\n"
			   "ip route 198.51.100.0 255.255.255.0 eth0 192.0.2.125 200\n"
			   "!\n"
			   "ip access-list extended WEB\n"
			   " 10 permit tcp 10.0.0.0 0.0.0.255 any eq www 443\n"
			   " 20 deny udp any range 1000 2000 host 192.0.2.7 neq domain\n"
			   " 25 remark the rest\n"
			   " 30 permit icmp any any echo\n"
			   " 40 permit ip host 10.0.0.5 any\n"
			   "!\n"
			   "access-list 7 permit 10.0.1.0 0.0.0.255\n"
			   "access-list 7 15 deny 10.0.2.1\n"
			   "access-list 7 permit any\n"
			   "access-list 101 permit tcp any any established\n"
			   "!\n"
			   "line con 0\n"
			   " password secret\n"
			   "!\n"
			   "line vty 0 4\n"
			   " password secret\n"
			   " login\n"
			   "!\n"
			   "end\n";

static void check_text(const struct store *store, const char *expected)
{
	char *text = config_text(store);

	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(full_configuration_is_a_fixed_point)
{
	struct store *store = store_new();

	lines_load(store, full);
	check_text(store, full);
	store_free(store);
}
END_TEST

START_TEST(an_empty_store)
{
	struct store *store = store_new();

	check_text(store, "!\nversion 1.0\n!\nend\n");
	store_free(store);
}
END_TEST

/* The canonical form is what is printed; numbered lists stand behind the named ones however they came. */
START_TEST(entries_are_printed_canonically)
{
	struct store *store = store_new();

	lines_load(store, "access-list 5 permit 10.1.2.3 0.0.0.255\n"
			  "access-list 5 permit host 10.9.9.9\n"
			  "access-list 5 permit 1.2.3.4 255.255.255.255\n"
			  "ip access-list standard 6\n"
			  "ip access-list extended A\n"
			  " permit tcp 10.0.0.1 0.0.0.0 0.0.0.0 255.255.255.255 range 80 80\n"
			  "ip nat inside source list A interface eth0\n"
			  "ip nat inside source static tcp 10.0.0.1 80 192.0.2.1 80\n"
			  "ip route 10.5.0.0 255.255.0.0 192.0.2.9 1\n"
			  "line vty 3 3\n");
	check_text(store, "!\nversion 1.0\n!\n"
			  "ip nat inside source list A interface eth0 overload\n"
			  "ip nat inside source static tcp 10.0.0.1 80 192.0.2.1 80 extendable\n!\n"
			  "ip route 10.5.0.0 255.255.0.0 192.0.2.9\n!\n"
			  "ip access-list extended A\n 10 permit tcp host 10.0.0.1 any eq www\n!\n"
			  "access-list 5 permit 10.1.2.0 0.0.0.255\n"
			  "access-list 5 permit 10.9.9.9\n"
			  "access-list 5 permit any\n!\n"
			  "ip access-list standard 6\n!\n"
			  "line vty 3\n!\nend\n");
	store_free(store);
}
END_TEST

START_TEST(a_change_tears_the_printer)
{
	struct store *store = store_new();
	struct config_print *print;
	const char *line;

	lines_load(store, full);
	print = config_print_new(store);
	for (unsigned i = 0; i < 10; i++)
		ck_assert_ptr_nonnull(config_print_next(print));
	lines_load(store, "hostname other\n");
	ck_assert_ptr_null(config_print_next(print));
	config_print_free(print);
	print = config_print_new(store);
	bool ended = false;

	while ((line = config_print_next(print))) {
		ck_assert_ptr_null(strchr(line, '\n'));
		ended = strcmp(line, "end") == 0;
	}
	ck_assert(ended);
	config_print_free(print);
	store_free(store);
}
END_TEST

START_TEST(frames_are_no_commands)
{
	static const char *const frames[] = { "", "   ", "!", "! a comment", "version 15.4", "end", " end ",
					      "Building configuration...", "Current configuration : 12 bytes",
					      "Using 12 out of 99 bytes", "\r" };
	static const char *const commands[] = { "endless", "end now", "hostname end", "versions", "interface eth0" };

	for (unsigned i = 0; i < sizeof(frames) / sizeof(*frames); i++)
		ck_assert_msg(config_print_frame(frames[i]), "%s", frames[i]);
	for (unsigned i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		ck_assert_msg(!config_print_frame(commands[i]), "%s", commands[i]);
}
END_TEST

/* ---- properties */

static uint32_t random_state;

static unsigned pick(unsigned n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

static const char *one_of(const char *const *list, unsigned n)
{
	return list[pick(n)];
}
#define ONE_OF(...)                                                                    \
	one_of((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static char *random_place(char *out, size_t size)
{
	switch (pick(3)) {
	case 0:
		snprintf(out, size, "any");
		break;
	case 1:
		snprintf(out, size, "host 10.0.%u.%u", pick(3), pick(3));
		break;
	default:
		snprintf(out, size, "10.0.%u.%u %s", pick(3), pick(256),
			 ONE_OF("0.0.0.255", "0.0.255.255", "0.255.0.255", "0.0.0.0", "255.255.255.255"));
	}
	return out;
}

static char *random_ports(char *out, size_t size)
{
	switch (pick(4)) {
	case 0:
		out[0] = '\0';
		break;
	case 1:
		snprintf(out, size, " range %u %u", 1 + pick(100), 1 + pick(100));
		break;
	case 2:
		snprintf(out, size, " %s %u %u", ONE_OF("eq", "neq"), 1 + pick(600), 1 + pick(600));
		break;
	default:
		snprintf(out, size, " %s %u", ONE_OF("gt", "lt"), 2 + pick(600));
	}
	return out;
}

static void random_ace(char *line, size_t size)
{
	char from[80], to[80], from_ports[40], to_ports[40], seq[16] = "";
	const char *action = ONE_OF("permit", "deny");

	random_place(from, sizeof(from));
	random_place(to, sizeof(to));
	random_ports(from_ports, sizeof(from_ports));
	random_ports(to_ports, sizeof(to_ports));
	if (pick(3) == 0)
		snprintf(seq, sizeof(seq), "%u ", 1 + pick(60));
	switch (pick(5)) {
	case 0:
		snprintf(line, size, "%s%s tcp %s%s %s%s%s", seq, action, from, from_ports, to, to_ports,
			 ONE_OF("", " established", " fragments"));
		break;
	case 1:
		snprintf(line, size, "%s%s udp %s%s %s%s", seq, action, from, from_ports, to, to_ports);
		break;
	case 2:
		snprintf(line, size, "%s%s icmp %s %s%s", seq, action, from, to,
			 ONE_OF("", " echo", " 3 1", " unreachable", " port-unreachable", " 40"));
		break;
	case 3:
		snprintf(line, size, "%s%s %s %s %s", seq, action, ONE_OF("ip", "gre", "esp", "99", "ospf"), from, to);
		break;
	default:
		snprintf(line, size, "%sremark %s", seq, ONE_OF("one", "two words", "--"));
	}
}

static void random_service(char *line, size_t size)
{
	const char *no = ONE_OF("no ", "");

	if (pick(3) == 0)
		snprintf(line, size, "%sip nat service list %s ftp tcp port %u", no, ONE_OF("1", "A", "101"),
			 2100 + pick(3));
	else
		snprintf(line, size, "%sip nat service %s", no,
			 ONE_OF("all-algs", "dns udp", "dns tcp", "dns-reset-ttl", "dns-v6", "FTP", "rcmd", "tftp"));
}

static void random_line(char *line, size_t size)
{
	char ace[300], place[80];
	unsigned a = pick(4), b = 1 + pick(5);

	switch (pick(18)) {
	case 0:
		snprintf(line, size, "hostname h%u", a);
		break;
	case 1:
		snprintf(line, size, "interface eth%u\n ip address 10.%u.0.%u 255.255.255.0%s", a, a, b,
			 ONE_OF("", " secondary"));
		break;
	case 2:
		snprintf(line, size, "interface eth%u\n %s", a,
			 ONE_OF("shutdown", "no shutdown", "ip nat inside", "ip nat outside", "no ip nat inside",
				"description  a  b ", "no description", "no ip address"));
		break;
	case 3:
		snprintf(line, size, "ip nat inside source static 10.0.0.%u 192.0.2.%u%s", a + 1, b,
			 ONE_OF("", " extendable", " no-alias", " no-alias extendable", " no-payload",
				" no-payload extendable no-alias"));
		break;
	case 4:
		snprintf(line, size, "ip nat inside source static %s 10.0.0.%u %u 192.0.2.%u %u", ONE_OF("tcp", "udp"),
			 a + 1, b, a + 1, b);
		break;
	case 5:
		snprintf(line, size, "ip nat inside source static tcp 10.0.0.%u %u interface eth%u %u", b, a + 1, a, b);
		break;
	case 6:
		snprintf(line, size, "ip nat inside source static 10.0.1.%u interface eth%u", b, a);
		break;
	case 7:
		snprintf(line, size, "ip nat pool P%u 192.0.2.%u 192.0.2.%u %s", a, b, b + pick(9),
			 ONE_OF("prefix-length 24", "netmask 255.255.255.0"));
		break;
	case 8:
		snprintf(line, size, "ip nat pool P%u prefix-length 24\n address 192.0.2.%u 192.0.2.%u", a, b, b);
		break;
	case 9:
		snprintf(line, size, "ip nat inside source list %s pool P%u%s", ONE_OF("1", "A", "B", "101"), a,
			 ONE_OF("", " overload"));
		break;
	case 10:
		snprintf(line, size, "ip nat inside source list %s interface eth%u", ONE_OF("1", "A", "B", "101"), a);
		break;
	case 11:
		snprintf(line, size, "ip nat translation %s-timeout %s", ONE_OF("tcp", "udp", "icmp", "syn"),
			 ONE_OF("0", "77", "never"));
		break;
	case 12:
		snprintf(line, size, "ip route 10.%u.0.0 255.255.0.0 %s", a, ONE_OF("192.0.2.9", "eth0", "eth1 192.0.2.8 9"));
		break;
	case 13:
		snprintf(line, size, "access-list %u %s %s", 1 + a, ONE_OF("permit", "deny"),
			 random_place(place, sizeof(place)));
		break;
	case 14:
		random_ace(ace, sizeof(ace));
		snprintf(line, size, "access-list %u %s", 100 + a, ace);
		break;
	case 15:
		random_ace(ace, sizeof(ace));
		snprintf(line, size, "ip access-list extended %s\n %s", ONE_OF("A", "B", "150"), ace);
		break;
	case 16:
		random_service(line, size);
		break;
	default:
		snprintf(line, size, "line %s\n %s", ONE_OF("vty 0 4", "vty 5 9", "con 0", "vty 15"),
			 ONE_OF("login", "password abc", "password 0 x y", "no login"));
	}
}

START_TEST(print_then_load_gives_the_same)
{
	char line[512];

	random_state = (uint32_t)test_seed();
	for (unsigned round = 0; round < 150; round++) {
		struct store *store = store_new(), *again = store_new();
		char *text, *second;

		for (unsigned i = pick(60); i > 0; i--) {
			random_line(line, sizeof(line));
			lines_refusal(store, line);
		}
		text = config_text(store);
		lines_load(again, text);
		second = config_text(again);
		ck_assert_str_eq(text, second);
		ck_assert_uint_eq(store_count(store), store_count(again));
		free(text);
		free(second);
		store_free(store);
		store_free(again);
	}
}
END_TEST

/* Removes what the line made; false: refused, because something else must go first. */
static bool remove_line(struct store *store, const char *parent, const char *line)
{
	size_t before = store_count(store);
	char command[600];

	if (line[0] == ' ')
		snprintf(command, sizeof(command), "%s\n no%s", parent, line);
	else if (strncmp(line, "no ", 3) == 0) /* holds by default */
		snprintf(command, sizeof(command), "%s", line + 3);
	else
		snprintf(command, sizeof(command), "no %s", line);
	if (lines_refusal(store, command)[0])
		return false;
	/* the first `no access-list N ...` takes the whole list */
	if (strncmp(line, "access-list", 11) != 0)
		ck_assert_msg(store_count(store) < before, "%s", command);
	return true;
}

/* Every printed line, with `no` in front, children before their parents: nothing is left. */
START_TEST(no_of_what_is_printed_leaves_nothing)
{
	struct store *store = store_new();
	char *copy = strdup(full), *rest = copy, *line, parent[200] = "";
	struct {
		char parent[200];
		const char *line;
	} *list = calloc(100, sizeof(*list));
	unsigned n = 0;

	lines_load(store, full);
	while ((line = strsep(&rest, "\n"))) {
		if (config_print_frame(line))
			continue;
		if (line[0] != ' ')
			snprintf(parent, sizeof(parent), "%s", line);
		memcpy(list[n].parent, parent, sizeof(parent));
		list[n++].line = line;
	}
	for (unsigned pass = 0; pass < 3; pass++) {
		const char *waiting = ""; /* a parent that still has a child */

		for (unsigned i = n; i-- > 0;)
			if (list[i].line && strcmp(list[i].line, waiting) != 0 &&
			    remove_line(store, list[i].parent, list[i].line))
				list[i].line = NULL;
			else if (list[i].line)
				waiting = list[i].parent;
	}
	check_text(store, "!\nversion 1.0\n!\nend\n");
	free(copy);
	free(list);
	store_free(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("print");
	TCase *tests = tcase_create("print");

	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, full_configuration_is_a_fixed_point);
	tcase_add_test(tests, an_empty_store);
	tcase_add_test(tests, entries_are_printed_canonically);
	tcase_add_test(tests, a_change_tears_the_printer);
	tcase_add_test(tests, frames_are_no_commands);
	tcase_add_test(tests, print_then_load_gives_the_same);
	tcase_add_test(tests, no_of_what_is_printed_leaves_nothing);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
