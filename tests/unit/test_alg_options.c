/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the configuration says of gateways reaches them: DNS answers of a server inside through the engine, with `ip nat service
 * dns-reset-ttl` and `dns-v6` and without.
 */
#include <check.h>
#include <unistd.h>
#include "alg/alg.h"
#include "enginelab.h"
#include "nat/session.h"
#include "nat/state.h"
#include "suite.h"
#include "tables.h"

#define REASON(r)  REASON_##r
#define IS(got, r) ck_assert_msg((got) == REASON(r), "%s, wanted " #r, reason_name(got))
#define DNS	   53
#define TTL	   300u

static struct lab lab;

struct answer {
	uint32_t ttl;
	ip4 address;
	bool changed;
};

static void configure(uint32_t epoch, bool reset_ttl, bool v6)
{
	snapshot_free(lab.conf); /* the one that lab_open began */
	lab_conf(&lab, epoch);
	lab.conf->dns_reset_ttl = reset_ttl;
	lab.conf->dns_v6 = v6;
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(200), 0);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
}

static void setup(void)
{
	lab_open(&lab, 64);
	configure(1, true, true);
}

static void teardown(void)
{
	lab_close(&lab);
}

static struct pkt dns(ip4 source, uint16_t sport, ip4 destination, uint16_t dport, const uint8_t *message, uint32_t length)
{
	uint8_t l4[512] = {0};

	pk16(l4, sport);
	pk16(l4 + 2, dport);
	pk16(l4 + 4, 8 + length);
	memcpy(l4 + 8, message, length);
	return pkt_ip(P_UDP, source, destination, l4, 8 + length);
}

/* Who is a.b? 10.0.0.9 for five minutes; with v6, at ::1 as well. */
static struct answer ask(bool v6)
{
	static const uint8_t question[] = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 1, 'b', 0, 0, 1, 0, 1};
	static const uint8_t v4_record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 10, 0, 0, 9};
	static const uint8_t v6_record[28] = {0xc0, 12, 0, 28, 0, 1, 0, 0, 1, 44, 0, 16, [27] = 1};
	uint8_t message[128], *record;
	uint32_t length = sizeof(question);
	struct pkt p = dns(PEER(1), 4000, POOL(200), DNS, question, length), before;

	lab_in(&lab, &p);
	ck_assert(pkt_is_good(&p));
	memcpy(message, question, length);
	message[2] = 0x81;
	message[7] = v6 ? 2 : 1;
	memcpy(message + length, v4_record, sizeof(v4_record));
	length += sizeof(v4_record);
	if (v6)
		memcpy(message + length, v6_record, sizeof(v6_record));
	length += v6 ? sizeof(v6_record) : 0;
	before = p = dns(HOST(9), DNS, PEER(1), 4000, message, length);
	IS(lab_out(&lab, &p), TRANSLATED);
	ck_assert(pkt_is_good(&p));
	ck_assert_uint_eq(src_of(&p), POOL(200));
	ck_assert_uint_eq(p.length, before.length);
	record = l4_of(&p) + 8 + sizeof(question);
	return (struct answer){up32(record + 6), up32(record + 12),
			       memcmp(l4_of(&p) + 8, message, length) != 0};
}

START_TEST(a_translated_record_is_not_kept_by_caches)
{
	struct answer got = ask(false);

	ck_assert_uint_eq(got.address, POOL(200));
	ck_assert_uint_eq(got.ttl, 0);
}
END_TEST

START_TEST(without_dns_reset_ttl_it_is)
{
	struct answer got;

	configure(2, false, true);
	got = ask(false);
	ck_assert_uint_eq(got.address, POOL(200));
	ck_assert_uint_eq(got.ttl, TTL);
	configure(3, true, true);
	ck_assert_uint_eq(ask(false).ttl, 0);
}
END_TEST

START_TEST(a_message_with_v6_addresses_is_changed)
{
	ck_assert_uint_eq(ask(true).address, POOL(200));
}
END_TEST

START_TEST(without_dns_v6_it_is_left_alone)
{
	struct answer got;

	configure(2, true, false);
	got = ask(true);
	ck_assert(!got.changed);
	ck_assert_uint_eq(got.ttl, TTL);
	/* Others are none of its business. */
	ck_assert_uint_eq(ask(false).address, POOL(200));
	configure(3, true, true);
	ck_assert(ask(true).changed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alg_options");
	TCase *tests = tcase_create("alg_options");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_translated_record_is_not_kept_by_caches);
	tcase_add_test(tests, without_dns_reset_ttl_it_is);
	tcase_add_test(tests, a_message_with_v6_addresses_is_changed);
	tcase_add_test(tests, without_dns_v6_it_is_left_alone);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
