/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compiled configuration: static entries by endpoint, access lists, addresses, ids. */
#include <check.h>
#include "enginelab.h"
#include "suite.h"

static struct lab lab;
static struct snapshot *s;

static void setup(void)
{
	lab_conf(&lab, 1);
	s = lab.conf;
}

static void teardown(void)
{
	snapshot_free(lab.conf);
}

static uint64_t local_id(uint8_t protocol, ip4 addr, uint16_t port)
{
	const struct snapshot_static *entry =
		snapshot_static_local(s, 0, protocol, (struct endpoint){addr, port});

	return entry != NULL ? entry->id : 0;
}

static uint64_t global_id(uint8_t protocol, ip4 addr, uint16_t port)
{
	const struct snapshot_static *entry =
		snapshot_static_global(s, 0, protocol, (struct endpoint){addr, port});

	return entry != NULL ? entry->id : 0;
}

START_TEST(port_entries_come_before_host_entries)
{
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(9), 0);
	lab_static(&lab, 2, P_TCP, HOST(9), 80, POOL(10), 8080);
	lab_static(&lab, 3, P_UDP, HOST(8), 53, POOL(9), 53);
	snapshot_index(s);
	ck_assert_uint_eq(local_id(P_TCP, HOST(9), 80), 2);
	ck_assert_uint_eq(local_id(P_UDP, HOST(9), 80), 1);
	ck_assert_uint_eq(local_id(P_TCP, HOST(9), 81), 1);
	ck_assert_uint_eq(local_id(P_GRE, HOST(9), 0), 1);
	ck_assert_uint_eq(local_id(P_TCP, HOST(8), 53), 0);
	ck_assert_uint_eq(global_id(P_TCP, POOL(10), 8080), 2);
	ck_assert_uint_eq(global_id(P_TCP, POOL(10), 80), 0);
	ck_assert_uint_eq(global_id(P_UDP, POOL(9), 53), 3);
	ck_assert_uint_eq(global_id(P_UDP, POOL(9), 54), 1);
	ck_assert(snapshot_static_local(s, 7, P_TCP, (struct endpoint){HOST(9), 80}) == NULL);
	ck_assert_uint_eq(s->n_static_ports, 2);
}
END_TEST

START_TEST(covering_and_owning)
{
	lab_static(&lab, 2, P_TCP, HOST(9), 80, POOL(10), 8080);
	lab_static(&lab, 4, P_UDP, HOST(7), 80, 0, 80); /* an interface without an address */
	snapshot_index(s);
	ck_assert(snapshot_static_covers(s, 0, P_TCP, HOST(9)));
	ck_assert(snapshot_static_covers(s, 0, 0, HOST(9)));
	ck_assert(!snapshot_static_covers(s, 0, P_UDP, HOST(9)));
	ck_assert(!snapshot_static_covers(s, 0, 0, HOST(8)));
	ck_assert(snapshot_static_covers(s, 0, P_UDP, HOST(7)));
	ck_assert(snapshot_static_owns(s, 0, P_TCP, (struct endpoint){POOL(10), 8080}));
	ck_assert(!snapshot_static_owns(s, 0, P_TCP, (struct endpoint){POOL(10), 80}));
	ck_assert(snapshot_static_owns(s, 0, 0, (struct endpoint){POOL(10), 0}));
	ck_assert(!snapshot_static_owns(s, 0, 0, (struct endpoint){0, 0}));
}
END_TEST

START_TEST(entries_of_one_local_are_walked_in_order)
{
	struct endpoint at = {HOST(9), 80};
	const struct snapshot_static *entry;
	uint32_t cursor = 0, n = 0;
	uint64_t ids[8];

	lab_static(&lab, 11, P_TCP, HOST(9), 80, POOL(10), 80);
	lab_static(&lab, 12, 0, HOST(9), 0, POOL(12), 0);
	lab_static(&lab, 13, P_TCP, HOST(9), 80, POOL(11), 80);
	lab_static(&lab, 14, P_TCP, HOST(9), 81, POOL(11), 81);
	snapshot_index(s);
	while (n < 8 && (entry = snapshot_static_local_next(s, 0, P_TCP, at, &cursor)) != NULL)
		ids[n++] = entry->id;
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(ids[0], 11);
	ck_assert_uint_eq(ids[1], 13);
	ck_assert_uint_eq(ids[2], 12);
}
END_TEST

/* Against a plain search, with many entries. */
START_TEST(indexes_find_what_a_search_finds)
{
	for (uint32_t i = 0; i < 3000; i++)
		lab_static(&lab, 1000 + i, i % 3 == 0 ? 0 : i % 3 == 1 ? P_TCP : P_UDP, IP(10, 0, i % 7, i % 250),
			   i % 3 == 0 ? 0 : (uint16_t)(i % 50), IP(100, 0, i % 5, i % 240),
			   i % 3 == 0 ? 0 : (uint16_t)(i % 40));
	snapshot_index(s);
	for (uint32_t i = 0; i < s->n_statics; i++) {
		const struct snapshot_static *e = &s->statics[i];
		uint64_t first = 0;

		for (uint32_t j = 0; j < s->n_statics && first == 0; j++) {
			const struct snapshot_static *o = &s->statics[j];

			if (o->protocol == e->protocol && o->local == e->local && o->local_port == e->local_port)
				first = o->id;
		}
		ck_assert_uint_eq(local_id(e->protocol, e->local, e->local_port), first);
		ck_assert(snapshot_static_by_id(s, e->id) == e);
	}
	ck_assert(!snapshot_has_rule(s, 999));
	ck_assert_uint_eq(local_id(P_TCP, IP(10, 0, 6, 251), 3), 0);
}
END_TEST

START_TEST(addresses)
{
	lab_pool(&lab, "A", POOL(20), POOL(29));
	lab_pool(&lab, "B", POOL(10), POOL(12));
	lab_rule(&lab, 7, 0, 1, 0, true);
	lab_static(&lab, 1, P_TCP, HOST(9), 80, FACE, 80);
	snapshot_index(s);
	ck_assert(snapshot_is_global(s, POOL(10)) && snapshot_is_global(s, POOL(12)));
	ck_assert(snapshot_is_global(s, POOL(20)) && snapshot_is_global(s, POOL(29)));
	ck_assert(!snapshot_is_global(s, POOL(9)) && !snapshot_is_global(s, POOL(13)));
	ck_assert(!snapshot_is_global(s, POOL(30)) && !snapshot_is_global(s, FACE));
	ck_assert(snapshot_own(s, FACE)->shared && !snapshot_own(s, GATE)->shared);
	ck_assert(snapshot_own(s, HOST(2)) == NULL);
	ck_assert_uint_eq(snapshot_interface(s, OUT)->primary, FACE);
	ck_assert(snapshot_interface(s, 9) == NULL && snapshot_interface(s, 0) == NULL);
	ck_assert(snapshot_pool_has(s, 0, POOL(25)) && !snapshot_pool_has(s, 1, POOL(25)));
	ck_assert(snapshot_rule_by_id(s, 7) != NULL && snapshot_rule_by_id(s, 1) == NULL);
	ck_assert(snapshot_has_rule(s, 1));
}
END_TEST

START_TEST(ids_are_stable)
{
	ck_assert_uint_eq(snapshot_rule_id("ip nat inside source list 1 pool P"),
			  snapshot_rule_id("ip nat inside source list 1 pool P"));
	ck_assert_uint_ne(snapshot_rule_id("ip nat inside source list 1 pool P"),
			  snapshot_rule_id("ip nat inside source list 1 pool Q"));
}
END_TEST

/* ---- access lists ---- */

static struct snapshot_ace *ace(bool permit, uint8_t protocol)
{
	uint32_t list = lab_list(&lab, protocol, 0, 0);

	s->acls[0].count = list + 1; /* all entries are of the first list */
	s->aces[list].permit = permit;
	return &s->aces[list];
}

static struct acl_subject tcp_to(uint16_t port)
{
	return (struct acl_subject){.source = HOST(5), .destination = PEER(1), .source_port = 4000,
				    .destination_port = port, .protocol = P_TCP, .ports_known = true};
}

static bool permits(const struct acl_subject *subject)
{
	return snapshot_acl_permits(s, 0, subject);
}

START_TEST(first_match_decides_and_the_end_denies)
{
	struct acl_subject subject = tcp_to(80);

	ace(false, 0)->source = HOST(5);
	s->aces[0].source_care = 0xffffffff;
	ace(true, P_TCP);
	ck_assert(!permits(&subject));
	subject.source = HOST(6);
	ck_assert(permits(&subject));
	subject.protocol = P_UDP;
	ck_assert(!permits(&subject));
	ck_assert(!snapshot_acl_permits(s, SNAPSHOT_NONE, &subject));
}
END_TEST

START_TEST(wildcards_may_have_holes)
{
	struct acl_subject subject = tcp_to(80);
	struct snapshot_ace *even = ace(true, 0);

	even->source = HOST(0);
	even->source_care = 0xff000001;
	ck_assert(!permits(&subject));
	subject.source = HOST(6);
	ck_assert(permits(&subject));
}
END_TEST

START_TEST(ports_flags_and_types)
{
	struct acl_subject subject = tcp_to(80);

	s->port_ranges = mem_alloc(2 * sizeof(*s->port_ranges));
	s->n_port_ranges = 2;
	s->port_ranges[0] = (struct snapshot_port_range){80, 81};
	s->port_ranges[1] = (struct snapshot_port_range){443, 443};
	ace(true, P_TCP)->n_destination_ports = 2;
	ck_assert(permits(&subject));
	subject = tcp_to(82);
	ck_assert(!permits(&subject));
	subject = tcp_to(443);
	ck_assert(permits(&subject));
	s->aces[0].established = true;
	ck_assert(!permits(&subject));
	subject.tcp_flags = F_ACK;
	ck_assert(permits(&subject));
	subject.tcp_flags = F_RST;
	ck_assert(permits(&subject));
	s->aces[0] = (struct snapshot_ace){.permit = true, .protocol = P_ICMP, .icmp_type = 3, .icmp_code = -1};
	subject = (struct acl_subject){.protocol = P_ICMP, .icmp_type = 3, .icmp_code = 9, .ports_known = true};
	ck_assert(permits(&subject));
	s->aces[0].icmp_code = 8;
	ck_assert(!permits(&subject));
	subject.icmp_type = 8;
	ck_assert(!permits(&subject));
}
END_TEST

START_TEST(what_cannot_be_read_counts_as_covered)
{
	struct acl_subject rest = {.source = HOST(5), .protocol = P_TCP, .later_fragment = true};

	s->port_ranges = mem_alloc(sizeof(*s->port_ranges));
	s->n_port_ranges = 1;
	s->port_ranges[0] = (struct snapshot_port_range){80, 80};
	ace(false, P_TCP)->n_destination_ports = 1;
	ace(true, P_TCP)->n_destination_ports = 1;
	ck_assert(permits(&rest));
	s->aces[1].permit = false;
	ck_assert(!permits(&rest));
	/* `fragments` is for later pieces only. */
	s->aces[0] = (struct snapshot_ace){
		.permit = true, .fragments = true, .icmp_type = -1, .icmp_code = -1};
	ck_assert(permits(&rest));
	struct acl_subject whole = tcp_to(81);

	ck_assert(!permits(&whole));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *tc = tcase_create("snapshot");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, port_entries_come_before_host_entries);
	tcase_add_test(tc, covering_and_owning);
	tcase_add_test(tc, entries_of_one_local_are_walked_in_order);
	tcase_add_test(tc, indexes_find_what_a_search_finds);
	tcase_add_test(tc, addresses);
	tcase_add_test(tc, ids_are_stable);
	tcase_add_test(tc, first_match_decides_and_the_end_denies);
	tcase_add_test(tc, wildcards_may_have_holes);
	tcase_add_test(tc, ports_flags_and_types);
	tcase_add_test(tc, what_cannot_be_read_counts_as_covered);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
