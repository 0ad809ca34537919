/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refusals and canonical forms: what stands, what is entered, what the operator reads. */
#include <stdio.h>

#include "lib/secret.h"
#include "lines.h"
#include "suite.h"

struct refusal {
	const char *before; /* stands already */
	const char *line;
	const char *text;   /* "": taken */
};

#define STATIC "ip nat inside source static "

static const struct refusal refusals[] = {
	{ "", "hostname bad!name", "Hostname contains one or more illegal characters." },
	{ "", "hostname -a", "Hostname contains one or more illegal characters." },
	{ "", "hostname edge-1.lab", "" },
	/* static entries: same local, same global, with and without extendable */
	{ STATIC "10.0.0.1 192.0.2.1", STATIC "10.0.0.1 192.0.2.2",
	  "10.0.0.1 already mapped (10.0.0.1 -> 192.0.2.1)" },
	{ STATIC "10.0.0.1 192.0.2.1", STATIC "10.0.0.2 192.0.2.1",
	  "similar static entry (10.0.0.1 -> 192.0.2.1) already exists" },
	{ STATIC "10.0.0.1 192.0.2.1 extendable", STATIC "10.0.0.1 192.0.2.2 extendable", "" },
	{ STATIC "10.0.0.1 192.0.2.1 extendable", STATIC "10.0.0.1 192.0.2.2",
	  "10.0.0.1 already mapped (10.0.0.1 -> 192.0.2.1)" },
	{ STATIC "10.0.0.1 192.0.2.1", STATIC "10.0.0.1 192.0.2.1", "" },
	{ STATIC "10.0.0.1 192.0.2.1", STATIC "10.0.0.1 192.0.2.1 extendable", "" },
	{ STATIC "tcp 10.0.0.1 80 192.0.2.1 80", STATIC "tcp 10.0.0.2 80 192.0.2.1 80",
	  "similar static entry (10.0.0.1 -> 192.0.2.1) already exists" },
	{ STATIC "tcp 10.0.0.1 80 192.0.2.1 80", STATIC "udp 10.0.0.2 80 192.0.2.1 80", "" },
	{ STATIC "tcp 10.0.0.1 80 192.0.2.1 80", STATIC "tcp 10.0.0.1 80 192.0.2.1 81", "" },
	{ STATIC "10.0.0.1 192.0.2.1", STATIC "tcp 10.0.0.1 80 192.0.2.2 80",
	  "10.0.0.1 already mapped (10.0.0.1 -> 192.0.2.1)" },
	{ STATIC "10.0.0.1 192.0.2.1 extendable", STATIC "tcp 10.0.0.1 80 192.0.2.2 80", "" },
	{ STATIC "tcp 10.0.0.1 80 192.0.2.1 80", STATIC "10.0.0.2 192.0.2.1",
	  "similar static entry (10.0.0.1 -> 192.0.2.1) already exists" },
	{ STATIC "tcp 10.0.0.1 80 interface eth0 80", STATIC "tcp 10.0.0.2 80 interface eth0 80",
	  "similar static entry (10.0.0.1 -> eth0) already exists" },
	{ STATIC "tcp 10.0.0.1 80 interface eth0 80", STATIC "tcp 10.0.0.2 80 interface eth1 80", "" },
	{ "", STATIC "10.0.0.1 224.0.0.1", "Invalid global address 224.0.0.1" },
	/* pools */
	{ "", "ip nat pool P 192.0.2.9 192.0.2.1 prefix-length 24", "%End address less than start address" },
	{ "", "ip nat pool P 192.0.2.1 192.0.3.1 netmask 255.255.255.0",
	  "%Start and end addresses on different subnets" },
	{ "ip nat pool P 192.0.2.1 192.0.2.2 prefix-length 24\nip nat inside source list 1 pool P",
	  "no ip nat pool P 192.0.2.1 192.0.2.2 prefix-length 24", "%Pool P in use, cannot destroy" },
	{ "ip nat pool P 192.0.2.1 192.0.2.2 prefix-length 24\nip nat inside source list 1 pool P",
	  "ip nat pool P 192.0.2.1 192.0.2.5 prefix-length 24", "%Pool P in use, cannot redefine" },
	{ "ip nat pool P 192.0.2.1 192.0.2.2 prefix-length 24\nip nat inside source list 1 pool P",
	  "ip nat pool P 192.0.2.1 192.0.2.2 prefix-length 24", "" },
	{ "ip nat pool P 192.0.2.1 192.0.2.2 prefix-length 24", "no ip nat pool P", "" },
	{ "ip nat pool P prefix-length 24\n address 192.0.2.1 192.0.2.9",
	  "ip nat pool P prefix-length 24\n address 192.0.2.9 192.0.2.12",
	  "%Address range overlaps with one of the pool" },
	{ "ip nat pool P prefix-length 24", "ip nat pool P prefix-length 24\n address 192.0.2.9 192.0.3.12",
	  "%Start and end addresses on different subnets" },
	/* access lists */
	{ "", "ip access-list standard 1x", "Invalid access list name." },
	{ "ip access-list standard A", "ip access-list extended A", "Access list A is a standard one" },
	{ "ip access-list standard A\n 10 permit any", "ip access-list standard A\n 10 deny any",
	  "%Duplicate sequence number" },
	{ "ip access-list standard A\n 10 permit any", "ip access-list standard A\n 10 permit any", "" },
	{ "", "access-list 101 permit tcp any any gt 65535", "Invalid port range" },
	/* interfaces and routes */
	{ "", "interface eth0\n ip address 192.0.2.0 255.255.255.0", "Bad mask /24 for address 192.0.2.0" },
	{ "", "interface eth0\n ip address 192.0.2.255 255.255.255.0", "Bad mask /24 for address 192.0.2.255" },
	{ "", "interface eth0\n ip address 192.0.2.0 255.255.255.254", "" },
	{ "", "interface eth0\n ip address 240.0.0.1 255.255.255.0", "Not a valid host address - 240.0.0.1" },
	{ "interface eth0\n ip address 192.0.2.1 255.255.255.0",
	  "interface eth1\n ip address 192.0.2.200 255.255.255.128", "192.0.2.128 overlaps with eth0" },
	{ "interface eth0\n ip address 10.1.0.1 255.0.0.0", "interface eth1\n ip address 10.9.2.1 255.255.255.0",
	  "10.9.2.0 overlaps with eth0" },
	{ "interface eth0\n ip address 10.9.2.1 255.255.255.0", "interface eth1\n ip address 10.1.0.1 255.0.0.0",
	  "10.0.0.0 overlaps with eth0" },
	{ "interface eth0\n ip address 192.0.2.1 255.255.255.0",
	  "interface eth0\n ip address 192.0.2.9 255.255.255.0", "" },
	{ "interface eth0\n ip address 192.0.2.1 255.255.255.0",
	  "interface eth0\n ip address 192.0.2.1 255.255.255.0 secondary", "Secondary can't be same as primary" },
	{ "interface eth0\n ip address 192.0.2.1 255.255.255.0\n ip address 192.0.2.2 255.255.255.0 secondary",
	  "interface eth0\n no ip address", "Must delete secondary before deleting primary" },
	{ "", "ip route 10.0.0.1 255.255.255.0 192.0.2.1", "%Inconsistent address and mask" },
	{ "interface eth0\n ip address 192.0.2.1 255.255.255.0", "ip route 10.0.0.0 255.0.0.0 192.0.2.1",
	  "%Invalid next hop address (it's this router)" },
	{ "interface eth0\n ip address 192.0.2.1 255.255.255.0", "ip route 10.0.0.0 255.0.0.0 192.0.2.2", "" },
	/* lines and passwords */
	{ "", "line vty 9 4", "Bad line range" },
	{ "line vty 0 4", "line vty 3 9", "Overlaps with line vty 0 4" },
	{ "line vty 0 4", "line vty 5 9", "" },
	{ "", "enable secret 9 nonsense", "%ERROR: The secret you entered is not a valid encrypted secret." },
	{ "", "enable password 7 zz", "Invalid encrypted password: zz" },
};

START_TEST(refused_or_taken)
{
	const struct refusal *row = &refusals[_i];
	struct store *store = store_new();
	char *before, *after;

	lines_load(store, row->before);
	before = config_text(store);
	store_begin(store);
	ck_assert_msg(strcmp(lines_refusal(store, row->line), row->text) == 0, "%s\n%s: \"%s\"", row->before,
		      row->line, lines_refusal(store, row->line));
	store_rollback(store);
	after = config_text(store);
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	store_free(store);
}
END_TEST

struct canonical {
	const char *lines;
	const char *printed; /* must be a part of the text */
};

static const struct canonical canonicals[] = {
	{ STATIC "tcp 10.0.0.1 80 192.0.2.1 80", STATIC "tcp 10.0.0.1 80 192.0.2.1 80 extendable\n" },
	{ STATIC "tcp 10.0.0.1 80 interface eth0 80", STATIC "tcp 10.0.0.1 80 interface eth0 80\n" },
	{ "ip nat inside source list 1 interface eth0", "list 1 interface eth0 overload\n" },
	{ "ip nat inside source list 1 pool P", "list 1 pool P\n" },
	{ "ip access-list standard A\n permit 10.1.2.3 0.0.0.255\n permit host 10.5.5.5\n",
	  " 10 permit 10.1.2.0 0.0.0.255\n 20 permit 10.5.5.5\n" },
	{ "ip access-list standard A\n 15 permit any\n deny 10.1.1.1", " 15 permit any\n 20 deny 10.1.1.1\n!" },
	{ "ip access-list standard A\n permit any\n permit any\n", " 10 permit any\n!" },
	{ "ip access-list extended A\n permit udp any range 20 10 any range 5 5\n",
	  " 10 permit udp any range 10 20 any eq 5\n" },
	{ "enable password 0 x y", "enable password x y\n" },
	{ "enable password 0 7 y", "enable password 0 7 y\n" },
};

START_TEST(canonical_forms)
{
	struct store *store = store_new();
	char *text;

	lines_load(store, canonicals[_i].lines);
	text = config_text(store);
	ck_assert_msg(strstr(text, canonicals[_i].printed) != NULL, "%s\n%s", canonicals[_i].printed, text);
	free(text);
	store_free(store);
}
END_TEST

START_TEST(secrets_are_hashed_once)
{
	struct store *store = store_new();
	struct entry *entry;
	const struct args_enable_secret *secret;
	char first[GRAM_LINE_SIZE];

	lines_load(store, "enable secret open sesame");
	entry = store_find(store, NULL, gram_cmds[CMD_ENABLE_SECRET], NULL);
	secret = entry->args;
	ck_assert_int_eq(secret->type, ENABLE_SECRET_TYPE_9);
	ck_assert(secret_matches(9, secret->secret, "open sesame"));
	ck_assert(!secret_matches(9, secret->secret, "open"));
	memcpy(first, secret->secret, sizeof(first));
	lines_load(store, "enable secret 0 open sesame");
	ck_assert_str_eq(((struct args_enable_secret *)entry->args)->secret, first);
	lines_load(store, "enable secret other");
	ck_assert_str_ne(((struct args_enable_secret *)entry->args)->secret, first);
	lines_load(store, "no enable secret");
	ck_assert_uint_eq(store_count(store), 0);
	store_free(store);
}
END_TEST

/* A `no` line removes what it names and nothing else. */
START_TEST(no_finds_what_is_meant)
{
	struct store *store = store_new();
	static const char *const others[] = {
		"interface eth0\n no ip nat outside",
		"interface eth0\n no ip address 192.0.2.2 255.255.255.0",
		"no ip nat inside source list 1 pool Q",
		"no ip nat inside source list 1 interface eth0",
		"no ip access-list extended A",
		"no ip route 10.0.0.0 255.0.0.0 192.0.2.9 7",
		"ip access-list standard A\n no permit 10.0.0.2",
	};
	static const char *const meant[] = {
		"interface eth0\n no ip nat inside",
		"interface eth0\n no ip address",
		"no ip nat inside source list 1 pool P",
		"ip access-list standard A\n no permit host 10.0.0.1",
		"ip access-list standard A\n no 30",
		"no ip access-list standard A",
		"no ip route 10.0.0.0 255.0.0.0 192.0.2.9",
		"no interface eth0",
	};
	size_t count;

	lines_load(store, "interface eth0\n ip nat inside\n ip address 192.0.2.1 255.255.255.0\n"
			  "ip nat inside source list 1 pool P\nip access-list standard A\n permit 10.0.0.1\n"
			  " 30 permit any\nip route 10.0.0.0 255.0.0.0 192.0.2.9 9");
	count = store_count(store);
	for (unsigned i = 0; i < sizeof(others) / sizeof(*others); i++) {
		lines_refusal(store, others[i]);
		ck_assert_msg(store_count(store) == count, "%s", others[i]);
	}
	for (unsigned i = 0; i < sizeof(meant) / sizeof(*meant); i++, count = store_count(store)) {
		ck_assert_str_eq(lines_refusal(store, meant[i]), "");
		ck_assert_msg(store_count(store) == count - 1, "%s", meant[i]);
	}
	ck_assert_uint_eq(count, 0);
	store_free(store);
}
END_TEST

START_TEST(host_name)
{
	struct store *store = store_new();

	ck_assert_ptr_null(config_hostname(store));
	lines_load(store, "hostname edge");
	ck_assert_str_eq(config_hostname(store), "edge");
	store_free(store);
}
END_TEST

/* 100 000 entries that are all checked against each other: quadratic work would not end within the test's time limit. */
START_TEST(checks_do_not_walk)
{
	struct store *store = store_new();
	struct err err;

	store_begin(store);
	for (uint32_t i = 0; i < 100000; i++) {
		struct args_nat_static_port args = { .local = 0x0a000001 + i / 60000, .local_port = 1 + i % 60000,
						     .global = 0xc0000201 + i / 60000, .global_port = 1 + i % 60000,
						     .protocol = NAT_STATIC_PORT_PROTOCOL_TCP };

		ck_assert(config_check_set(store, NULL, gram_cmds[CMD_NAT_STATIC_PORT], &args, &err));
		store_set(store, NULL, gram_cmds[CMD_NAT_STATIC_PORT], &args, NULL);
	}
	store_commit(store);
	ck_assert_uint_eq(store_count(store), 100000);
	store_free(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("check");
	TCase *tests = tcase_create("check");

	tcase_set_timeout(tests, 300);
	tcase_add_loop_test(tests, refused_or_taken, 0, sizeof(refusals) / sizeof(*refusals));
	tcase_add_loop_test(tests, canonical_forms, 0, sizeof(canonicals) / sizeof(*canonicals));
	tcase_add_test(tests, secrets_are_hashed_once);
	tcase_add_test(tests, no_finds_what_is_meant);
	tcase_add_test(tests, host_name);
	tcase_add_test(tests, checks_do_not_walk);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
