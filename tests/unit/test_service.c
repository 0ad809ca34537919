/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ip nat service: which ports are read by which gateway, as the snapshot then answers. */
#include <stdio.h>

#include "config/compile.h"
#include "lines.h"
#include "mirrors.h"
#include "suite.h"

#define TCP 6
#define UDP 17

static struct mirror mirror;
static struct store *store;
static struct snapshot *snapshot;

static void setup(void)
{
	memset(&mirror, 0, sizeof(mirror));
	mirror_add(&mirror, 2, "eth0");
	store = store_new();
	snapshot = NULL;
}

static void teardown(void)
{
	snapshot_free(snapshot);
	store_free(store);
	mirror_clear(&mirror);
}

static void compile_now(void)
{
	struct plan *plan;

	snapshot_free(snapshot);
	compile(store, &mirror, 7, NULL, &snapshot, &plan);
	plan_free(plan);
}

static void load(const char *text)
{
	lines_load(store, text);
	compile_now();
}

static enum alg at(uint8_t protocol, uint16_t port)
{
	return snapshot_service(snapshot, protocol, port, addr("198.51.100.1"));
}

/* The gateways, as typed, and what they read. */
static const struct {
	const char *word;
	uint8_t protocol;
	uint16_t port;
	enum alg alg;
} services[] = {
	{"dns tcp", TCP, 53, ALG_DNS},	 {"dns udp", UDP, 53, ALG_DNS},	 {"ftp", TCP, 21, ALG_FTP},
	{"rcmd", TCP, 512, ALG_EXEC},	 {"rcmd", TCP, 513, ALG_LOGIN}, {"rcmd", TCP, 514, ALG_SHELL},
	{"tftp", UDP, 69, ALG_TFTP},	 {"sip tcp port 5060", TCP, 5060, ALG_SIP},
	{"sip udp port 5060", UDP, 5060, ALG_SIP},
};
#define SERVICES ((int)(sizeof(services) / sizeof(*services)))

/* Only those of the named gateway are off. */
static void check_off(const char *word)
{
	for (int i = 0; i < SERVICES; i++)
		ck_assert_int_eq(at(services[i].protocol, services[i].port),
				 strcmp(services[i].word, word) == 0 ? ALG_NONE : services[i].alg);
}

START_TEST(all_are_on)
{
	compile_now();
	check_off("");
	ck_assert_int_eq(at(UDP, 21), ALG_NONE);
	ck_assert_int_eq(at(TCP, 2121), ALG_NONE);
	ck_assert(snapshot->dns_reset_ttl && snapshot->dns_v6 && !snapshot->allow_multipart);
}
END_TEST

START_TEST(each_can_be_switched_off_and_on)
{
	char line[80];

	snprintf(line, sizeof(line), "no ip nat service %s", services[_i].word);
	load(line);
	check_off(services[_i].word);
	load(line + 3);
	check_off("");
}
END_TEST

START_TEST(options_of_dns)
{
	load("no ip nat service dns-reset-ttl");
	ck_assert(!snapshot->dns_reset_ttl && snapshot->dns_v6);
	load("no ip nat service DNS-V6\nip nat service dns-reset-ttl");
	ck_assert(snapshot->dns_reset_ttl && !snapshot->dns_v6);
	check_off("");
}
END_TEST

START_TEST(options_of_sip)
{
	compile_now();
	ck_assert(snapshot->sip_ice && !snapshot->allow_multipart);
	load("no ip nat service sip-ice\nip nat service allow-multipart");
	ck_assert(!snapshot->sip_ice && snapshot->allow_multipart);
	check_off("");
	load("ip nat service sip-ice\nno ip nat service allow-multipart");
	ck_assert(snapshot->sip_ice && !snapshot->allow_multipart);
}
END_TEST

/* 5060 by default, others when asked for. */
START_TEST(ports_of_sip)
{
	load("ip nat service sip udp port 5070\nip nat service sip udp port 5080\nip nat service sip tcp port 53");
	ck_assert_int_eq(at(UDP, 5070), ALG_SIP);
	ck_assert_int_eq(at(UDP, 5080), ALG_SIP);
	ck_assert_int_eq(at(TCP, 5070), ALG_NONE);
	ck_assert_int_eq(at(UDP, 5060), ALG_SIP);
	ck_assert_int_eq(at(TCP, 53), ALG_SIP);
	load("no ip nat service sip udp port 5060\nno ip nat service sip udp port 5070\n"
	     "no ip nat service sip tcp port 53\nno ip nat service sip tcp port 5999");
	ck_assert_int_eq(at(UDP, 5060), ALG_NONE);
	ck_assert_int_eq(at(UDP, 5070), ALG_NONE);
	ck_assert_int_eq(at(UDP, 5080), ALG_SIP);
	ck_assert_int_eq(at(TCP, 5060), ALG_SIP);
	ck_assert_int_eq(at(TCP, 53), ALG_DNS);
	load("ip nat service sip udp port 5060\nno ip nat service all-algs");
	ck_assert_int_eq(at(UDP, 5060), ALG_NONE);
	ck_assert_int_eq(at(UDP, 5080), ALG_SIP);
}
END_TEST

START_TEST(the_master_spares_ports_that_were_added)
{
	load("access-list 10 permit 198.51.100.0 0.0.0.255\n"
	     "no ip nat service all-algs\n"
	     "ip nat service list 10 ftp tcp port 2121");
	for (int i = 0; i < SERVICES; i++)
		ck_assert_int_eq(at(services[i].protocol, services[i].port), ALG_NONE);
	ck_assert_int_eq(at(TCP, 2121), ALG_FTP);
	load("ip nat service all-algs");
	check_off("");
	ck_assert_int_eq(at(TCP, 2121), ALG_FTP);
}
END_TEST

START_TEST(ports_are_those_of_a_list)
{
	load("access-list 10 permit 198.51.100.1\n"
	     "access-list 11 deny 198.51.100.1\n"
	     "access-list 11 permit any\n"
	     "ip nat service list 10 ftp tcp port 2121\n"
	     "ip nat service list 10 FTP tcp port 2122\n"
	     "ip nat service list 11 ftp tcp port 2121");
	ck_assert_int_eq(at(TCP, 2121), ALG_FTP);
	ck_assert_int_eq(at(TCP, 2122), ALG_FTP);
	ck_assert_int_eq(at(UDP, 2121), ALG_NONE);
	ck_assert_int_eq(snapshot_service(snapshot, TCP, 2122, addr("198.51.100.2")), ALG_NONE);
	ck_assert_int_eq(snapshot_service(snapshot, TCP, 2121, addr("198.51.100.2")), ALG_FTP);
	load("no ip nat service list 10 ftp tcp port 2121");
	ck_assert_int_eq(at(TCP, 2121), ALG_NONE);
	ck_assert_int_eq(at(TCP, 2122), ALG_FTP);
	ck_assert_int_eq(snapshot_service(snapshot, TCP, 2121, addr("198.51.100.2")), ALG_FTP);
	check_off("");
}
END_TEST

/* Not everybody: nobody. */
START_TEST(an_undefined_list_matches_nothing)
{
	load("ip nat service list 10 ftp tcp port 2121\nip nat service list NOBODY ftp tcp port 2122");
	ck_assert_int_eq(at(TCP, 2121), ALG_NONE);
	ck_assert_int_eq(at(TCP, 2122), ALG_NONE);
	load("access-list 10 permit any");
	ck_assert_int_eq(at(TCP, 2121), ALG_FTP);
	ck_assert_int_eq(at(TCP, 2122), ALG_NONE);
}
END_TEST

START_TEST(what_is_switched_off_leaves_room_for_more)
{
	char line[80];

	load("access-list 10 permit any\nno ip nat service dns tcp\nno ip nat service rcmd\nno ip nat service tftp");
	for (unsigned port = 3000; port < 3040; port++) {
		snprintf(line, sizeof(line), "ip nat service list 10 ftp tcp port %u", port);
		lines_load(store, line);
	}
	compile_now();
	for (uint16_t port = 3000; port < 3040; port++)
		ck_assert_int_eq(at(TCP, port), ALG_FTP);
	ck_assert_uint_eq(snapshot->n_services, 44);
	ck_assert_int_eq(at(TCP, 3040), ALG_NONE);
	ck_assert_int_eq(at(TCP, 21), ALG_FTP);
	ck_assert_int_eq(at(UDP, 53), ALG_DNS);
}
END_TEST

/* What is not built has no word. */
START_TEST(refused)
{
	static const char *const lines[] = {
		"ip nat service skinny tcp port 2000", "ip nat service H225", "ip nat service sip udp",
		"ip nat service sip tcp port 0", "ip nat service allow-multipart yes",  "ip nat service list 10 ftp tcp port 0",
		"ip nat service dns",		    "ip nat service smtp",  "ip nat service list 10 ftp udp port 2121",
		"ip nat service list 10 ftp tcp port 65536",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		ck_assert_str_eq(lines_refusal(store, lines[i]), "grammar");
	ck_assert_str_eq(lines_refusal(store, "ip nat service list 200 ftp tcp port 2121"), "Invalid access list name.");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service");
	TCase *tests = tcase_create("service");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, all_are_on);
	tcase_add_loop_test(tests, each_can_be_switched_off_and_on, 0, SERVICES);
	tcase_add_test(tests, options_of_dns);
	tcase_add_test(tests, options_of_sip);
	tcase_add_test(tests, ports_of_sip);
	tcase_add_test(tests, the_master_spares_ports_that_were_added);
	tcase_add_test(tests, ports_are_those_of_a_list);
	tcase_add_test(tests, an_undefined_list_matches_nothing);
	tcase_add_test(tests, what_is_switched_off_leaves_room_for_more);
	tcase_add_test(tests, refused);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
