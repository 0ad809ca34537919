/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mentioned endpoints become, mapping by mapping, and what is refused. */
#include <check.h>
#include "alglab.h"
#include "suite.h"

static struct lab lab;

static void setup(void)
{
	lab_open(&lab, 8192);
}

static void teardown(void)
{
	lab_close(&lab);
}

#define SAYS(said, what) ck_assert_int_eq((said).outcome, what)
#define NOTED(said, what) ck_assert_int_eq((said).note, NOTE_##what)

static void is_at(const struct told *said, unsigned i, ip4 addr, unsigned port)
{
	SAYS(*said, RESOLVED);
	ck_assert(said->to[i].changed);
	ck_assert_uint_eq(said->to[i].to.addr, addr);
	ck_assert_uint_eq(said->to[i].to.port, port);
}

static uint32_t control(int host, uint16_t port, int peer)
{
	return lab_control(&lab, host, port, peer);
}

static uint32_t served(ip4 global, uint16_t port, int host, uint16_t local)
{
	return lab_served(&lab, global, port, host, local);
}

static void masquerade(void)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
}

static struct told port_of(uint32_t flow, int host, uint16_t port)
{
	return lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, listens(HOST(host), port));
}

/* ---- mappings */

START_TEST(overload_keeps_the_port_if_it_is_free)
{
	masquerade();
	uint32_t flow = control(5, 1025, 1);
	struct told said = port_of(flow, 5, 40000);
	const struct expect_record *record;

	is_at(&said, 0, FACE, 40000);
	ck_assert_uint_eq(lab_expected(&lab), 1);
	record = expect_at(lab.engine->expects, 0);
	ck_assert_uint_eq(record->remote, PEER(1));
	ck_assert_uint_eq(record->remote_port, 0);
	ck_assert_uint_eq(record->parent, flow);
	ck_assert_uint_eq(binding_at(lab.engine->bindings, record->binding)->flows, 1);
}
END_TEST

START_TEST(overload_gives_another_of_the_group_if_not)
{
	masquerade();
	struct told first = port_of(control(5, 1025, 1), 5, 40001);
	struct told second = port_of(control(6, 1025, 1), 6, 40001);

	is_at(&first, 0, FACE, 40001);
	SAYS(second, RESOLVED);
	ck_assert_uint_ne(second.to[0].to.port, 40001);
	ck_assert_uint_ge(second.to[0].to.port, 1024);
	ck_assert_uint_eq(second.to[0].to.port % 2, 1);
}
END_TEST

START_TEST(a_pool_gives_the_address_of_the_control_session)
{
	lab_rule(&lab, 8, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "B", POOL(30), POOL(33)), 0, true);
	ck_assert(lab_commit(&lab));
	uint32_t flow = control(5, 1025, 1);
	/* The first address has no room for others of this port now; the child's has to be there all the same. */
	struct told other = port_of(control(6, 1025, 1), 6, 40000);
	struct told said = port_of(flow, 5, 40000);

	SAYS(other, RESOLVED);
	SAYS(said, RESOLVED);
	ck_assert_uint_eq(said.to[0].to.addr, lab_flow_at(&lab, flow)->ig);
	ck_assert_uint_ne(said.to[0].to.port, other.to[0].to.port);
}
END_TEST

START_TEST(a_whole_address_keeps_all_ports)
{
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "A", POOL(20), POOL(29)), 0, false);
	ck_assert(lab_commit(&lab));
	struct told said = port_of(control(5, 1025, 1), 5, 40000);

	is_at(&said, 0, POOL(20), 40000);
	ck_assert_uint_eq(port_used(lab.engine->ports, 0, P_TCP, POOL(20)), 0);
}
END_TEST

START_TEST(a_host_entry_keeps_all_ports)
{
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(9), 0);
	ck_assert(lab_commit(&lab));
	struct told said = lab_say(&lab, ALG_FTP, served(POOL(9), 21, 9, 21), SIDE_INSIDE, listens(HOST(9), 40000));

	is_at(&said, 0, POOL(9), 40000);
	ck_assert(expect_at(lab.engine->expects, 0)->flags & EXPECT_STATIC);
	ck_assert_uint_eq(expect_at(lab.engine->expects, 0)->binding, RECORD_NONE);
}
END_TEST

START_TEST(where_only_port_21_is_mapped_a_port_is_found)
{
	const struct binding_record *binding;

	lab_static(&lab, 1, P_TCP, HOST(9), 21, POOL(9), 2121);
	ck_assert(lab_commit(&lab));
	struct told said = lab_say(&lab, ALG_FTP, served(POOL(9), 2121, 9, 21), SIDE_INSIDE, listens(HOST(9), 40000));

	is_at(&said, 0, POOL(9), 40000);
	binding = binding_by_global(lab.engine->bindings, 0, P_TCP, (struct endpoint){POOL(9), 40000});
	ck_assert_ptr_nonnull(binding);
	ck_assert_uint_eq(binding->rule, 1);
	ck_assert(binding_fits(lab.engine->snapshot, binding));
}
END_TEST

START_TEST(a_mapped_data_port_is_used)
{
	lab_static(&lab, 1, P_TCP, HOST(9), 21, POOL(9), 21);
	lab_static(&lab, 2, P_TCP, HOST(9), 40000, POOL(9), 50000);
	ck_assert(lab_commit(&lab));
	uint32_t flow = served(POOL(9), 21, 9, 21);
	struct told said = lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, listens(HOST(9), 40000));

	is_at(&said, 0, POOL(9), 50000);
	ck_assert_uint_eq(expect_at(lab.engine->expects, 0)->rule, 2);
	ck_assert_uint_eq(port_used(lab.engine->ports, 0, P_TCP, POOL(9)), 0);
}
END_TEST

START_TEST(a_server_may_announce_its_global_address_itself)
{
	lab_static(&lab, 1, P_TCP, HOST(9), 21, POOL(9), 21);
	lab_static(&lab, 2, P_TCP, HOST(9), 40000, POOL(9), 50000);
	ck_assert(lab_commit(&lab));
	uint32_t flow = served(POOL(9), 21, 9, 21);
	struct told moved = lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, listens(POOL(9), 40000));
	struct told kept = lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, listens(POOL(9), 40002));

	is_at(&moved, 0, POOL(9), 50000);
	SAYS(kept, RESOLVED);
	ck_assert(!kept.to[0].changed);
	ck_assert_uint_eq(lab_expected(&lab), 2);
}
END_TEST

START_TEST(a_port_alone_means_the_sender)
{
	struct mention mention = listens(0, 40000);

	masquerade();
	port_of(control(6, 1025, 1), 6, 40000);
	mention.flags = MENTION_HERE;
	struct told said = lab_say(&lab, ALG_FTP, control(5, 1025, 1), SIDE_INSIDE, mention);

	SAYS(said, RESOLVED);
	ck_assert(said.to[0].changed);
	ck_assert_uint_eq(said.to[0].to.addr, 0);
	ck_assert_uint_ne(said.to[0].to.port, 40000);
	ck_assert_uint_eq(lab_expected(&lab), 2);
}
END_TEST

START_TEST(the_senders_own_endpoint)
{
	struct pkt p = pkt_udp(HOST(5), 2000, PEER(1), 69);
	struct mention mention = {.protocol = P_UDP, .role = ROLE_LISTEN, .flags = MENTION_OWN};

	masquerade();
	lab_out(&lab, &p);
	uint32_t flow = lab_flow(&lab, HOST(5), 2000, PEER(1), 69);
	struct told said = lab_say(&lab, ALG_TFTP, flow, SIDE_INSIDE, mention);

	SAYS(said, RESOLVED);
	ck_assert(!said.to[0].changed);
	ck_assert_uint_eq(expect_at(lab.engine->expects, 0)->ig_port, sport_of(&p));
	ck_assert_uint_eq(expect_at(lab.engine->expects, 0)->il_port, 2000);
}
END_TEST

START_TEST(who_is_outside_is_gone_to_from_inside)
{
	lab_static(&lab, 1, P_TCP, HOST(9), 21, POOL(9), 21);
	ck_assert(lab_commit(&lab));
	uint32_t flow = served(POOL(9), 21, 9, 21);
	struct told said = lab_say(&lab, ALG_FTP, flow, SIDE_OUTSIDE, listens(PEER(1), 6000));
	const struct expect_record *record = expect_at(lab.engine->expects, 0);

	SAYS(said, RESOLVED);
	ck_assert(!said.to[0].changed);
	ck_assert_uint_eq(record->side, SIDE_INSIDE);
	ck_assert_uint_eq(record->remote, PEER(1));
	ck_assert_uint_eq(record->remote_port, 6000);
	ck_assert_uint_eq(record->ig, POOL(9));
	ck_assert_uint_eq(record->il_port, 0);
}
END_TEST

/* From a local port that another destination knows by a mapping already: by that one. */
START_TEST(to_who_is_outside_by_the_mapping_there_is)
{
	struct pkt p;
	uint32_t flow;

	masquerade();
	lab_tcp_out(&lab, 6, 40000, 2, 80, F_SYN, &p); /* has the port */
	lab_tcp_out(&lab, 5, 40000, 2, 80, F_SYN, &p);
	uint16_t port = (uint16_t)sport_of(&p);

	ck_assert_uint_ne(port, 40000);
	flow = control(5, 1025, 1);
	SAYS(lab_say(&lab, ALG_FTP, flow, SIDE_OUTSIDE, listens(PEER(1), 6000)), RESOLVED);
	ck_assert_uint_eq(lab_expected(&lab), 1);
	ck_assert_int_eq(lab_tcp_out(&lab, 5, 40000, 1, 6000, F_SYN, &p), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(lab_expected(&lab), 0);
	ck_assert_uint_eq(src_of(&p), FACE);
	ck_assert_uint_eq(sport_of(&p), port);
}
END_TEST

/* ---- pairs */

static struct mention pair_at(int host, uint16_t port)
{
	struct mention mention = listens(HOST(host), port);

	mention.protocol = P_UDP;
	mention.flags = MENTION_PAIR;
	return mention;
}

START_TEST(a_pair_stays_neighbours)
{
	masquerade();
	uint32_t flow = control(5, 1025, 1);
	struct told first = lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, pair_at(5, 5004));
	struct told second = lab_say(&lab, ALG_FTP, control(6, 1025, 1), SIDE_INSIDE, pair_at(6, 5004));
	const struct binding_record *binding;
	uint16_t port = second.to[0].to.port;

	is_at(&first, 0, FACE, 5004);
	SAYS(second, RESOLVED);
	ck_assert_uint_eq(port % 2, 0);
	ck_assert_uint_ne(port, 5004);
	binding = binding_by_local(lab.engine->bindings, 0, P_UDP, (struct endpoint){HOST(6), 5005});
	ck_assert_ptr_nonnull(binding);
	ck_assert_uint_eq(binding->global_port, port + 1);
	ck_assert_uint_eq(lab_expected(&lab), 4);
	first = lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, pair_at(5, 5004));
	is_at(&first, 0, FACE, 5004);
	ck_assert_uint_eq(lab_expected(&lab), 4);
	resolve_cancel(lab.engine, lab.now, flow, false);
	ck_assert_ptr_null(binding_by_local(lab.engine->bindings, 0, P_UDP, (struct endpoint){HOST(5), 5005}));
}
END_TEST

START_TEST(half_a_pair_is_none)
{
	masquerade();
	uint32_t flow = control(5, 1025, 1), bindings;

	for (uint16_t i = 0; i < EXPECT_FLOW_MAX - 1; i++)
		SAYS(port_of(flow, 5, (uint16_t)(2000 + i)), RESOLVED);
	bindings = binding_count(lab.engine->bindings);
	struct told said = lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, pair_at(5, 5004));

	SAYS(said, RESOLVE_REFUSED);
	NOTED(said, LIMIT_FLOW);
	ck_assert_uint_eq(lab_expected(&lab), EXPECT_FLOW_MAX - 1);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), bindings);
	SAYS(port_of(flow, 5, 3000), RESOLVED);
	said = lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, pair_at(5, 5004));
	SAYS(said, RESOLVE_REFUSED);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), bindings + 1);
}
END_TEST

/* ---- the same again */

START_TEST(the_same_again_is_the_same_and_lives_longer)
{
	masquerade();
	uint32_t flow = control(5, 1025, 1);

	port_of(control(6, 1025, 1), 6, 40000);
	struct told first = port_of(flow, 5, 40000);

	lab_wait(&lab, 40);
	struct told second = port_of(flow, 5, 40000);

	ck_assert_uint_eq(first.to[0].to.port, second.to[0].to.port);
	lab_wait(&lab, 40);
	ck_assert_uint_eq(lab_expected(&lab), 1);
	lab_wait(&lab, 21);
	ck_assert_uint_eq(lab_expected(&lab), 0);
}
END_TEST

START_TEST(all_of_a_message_or_nothing)
{
	masquerade();
	uint32_t flow = control(5, 1025, 1), bindings = binding_count(lab.engine->bindings);
	const struct mention bad[] = {listens(HOST(5), 40000), listens(HOST(6), 40001)};
	const struct mention good[] = {listens(HOST(5), 40000), listens(HOST(5), 40001)};
	struct told said = lab_say_all(&lab, ALG_FTP, flow, RECORD_NONE, SIDE_INSIDE, bad, 2);

	SAYS(said, RESOLVE_LEFT);
	ck_assert_uint_eq(lab_expected(&lab), 0);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), bindings);
	ck_assert_uint_eq(lab.engine->expect_counts[ALG_FTP].expected, 0);
	said = lab_say_all(&lab, ALG_FTP, flow, RECORD_NONE, SIDE_INSIDE, good, 2);
	SAYS(said, RESOLVED);
	ck_assert_uint_eq(lab_expected(&lab), 2);
	ck_assert_uint_eq(lab.engine->expect_counts[ALG_FTP].expected, 2);
}
END_TEST

/* ---- refusals (reliability A3, A4, A17), each with its control */

START_TEST(another_host_is_not_announced)
{
	masquerade();
	uint32_t flow = control(5, 1025, 1);

	control(6, 1026, 1);
	struct told said = port_of(flow, 6, 40000);

	SAYS(said, RESOLVE_LEFT);
	NOTED(said, THIRD_PARTY);
	said = port_of(flow, 77, 40000);
	NOTED(said, THIRD_PARTY);
	ck_assert_uint_eq(lab_expected(&lab), 0);
	said = port_of(flow, 5, 40000);
	SAYS(said, RESOLVED);
	ck_assert_uint_eq(lab_expected(&lab), 1);
}
END_TEST

START_TEST(nobody_outside_names_a_host_inside)
{
	masquerade();
	uint32_t flow = control(5, 1025, 1);
	const ip4 foreign[] = {HOST(6), HOST(5), FACE, PEER(2)};

	for (unsigned i = 0; i < 4; i++) {
		struct told said = lab_say(&lab, ALG_FTP, flow, SIDE_OUTSIDE, listens(foreign[i], 40000));

		SAYS(said, RESOLVE_LEFT);
		NOTED(said, THIRD_PARTY);
	}
	ck_assert_uint_eq(lab_expected(&lab), 0);
	struct told said = lab_say(&lab, ALG_FTP, flow, SIDE_OUTSIDE, listens(PEER(1), 40000));

	SAYS(said, RESOLVED);
	ck_assert_uint_eq(lab_expected(&lab), 1);
}
END_TEST

START_TEST(low_ports_are_not_announced)
{
	masquerade();
	uint32_t flow = control(5, 1025, 1);
	const uint16_t low[] = {1, 22, 1023};

	for (unsigned i = 0; i < 3; i++) {
		struct told in = port_of(flow, 5, low[i]);
		struct told out = lab_say(&lab, ALG_FTP, flow, SIDE_OUTSIDE, listens(PEER(1), low[i]));

		NOTED(in, BAD_PORT);
		NOTED(out, BAD_PORT);
	}
	ck_assert_uint_eq(lab_expected(&lab), 0);
	struct told said = port_of(flow, 5, 1024);

	SAYS(said, RESOLVED);
}
END_TEST

START_TEST(reserved_ports_stay_reserved)
{
	struct mention mention = listens(0, 1022);
	struct told first, second;

	mention.flags = MENTION_HERE | MENTION_RESERVED;
	mention.remote_least = 512;
	masquerade();
	first = lab_say(&lab, ALG_SHELL, control(5, 1021, 1), SIDE_INSIDE, mention);
	second = lab_say(&lab, ALG_SHELL, control(6, 1021, 1), SIDE_INSIDE, mention);
	SAYS(first, RESOLVED);
	ck_assert(!first.to[0].changed);
	SAYS(second, RESOLVED);
	ck_assert_uint_ge(second.to[0].to.port, 512);
	ck_assert_uint_le(second.to[0].to.port, 1023);
	ck_assert_uint_ne(second.to[0].to.port, 1022);
	ck_assert(expect_at(lab.engine->expects, 0)->flags & EXPECT_REMOTE_RESERVED);
	mention.at.port = 22;
	first = lab_say(&lab, ALG_SHELL, control(5, 1021, 1), SIDE_INSIDE, mention);
	NOTED(first, BAD_PORT);
	mention.at.port = 5000;
	first = lab_say(&lab, ALG_SHELL, control(5, 1021, 1), SIDE_INSIDE, mention);
	NOTED(first, BAD_PORT);
}
END_TEST

START_TEST(a_port_of_a_static_entry_is_not_taken)
{
	lab_static(&lab, 1, P_TCP, HOST(9), 80, FACE, 40000);
	masquerade();
	struct told said = port_of(control(5, 1025, 1), 5, 40000);

	SAYS(said, RESOLVED);
	ck_assert_uint_ne(said.to[0].to.port, 40000);
	said = port_of(control(5, 1026, 1), 5, 40002);
	is_at(&said, 0, FACE, 40002);
}
END_TEST

START_TEST(a_port_that_another_host_owns_is_refused)
{
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(9), 0);
	lab_static(&lab, 2, P_TCP, HOST(8), 5001, POOL(9), 5001);
	ck_assert(lab_commit(&lab));
	uint32_t flow = served(POOL(9), 21, 9, 21);
	struct told said = lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, listens(HOST(9), 5001));

	SAYS(said, RESOLVE_REFUSED);
	NOTED(said, CLAIMED);
	ck_assert_uint_eq(lab_expected(&lab), 0);
	said = lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, listens(HOST(9), 5002));
	SAYS(said, RESOLVED);
}
END_TEST

START_TEST(nobodys_addresses_are_not_touched)
{
	const ip4 nobody[] = {0, IP(127, 0, 0, 1), IP(224, 0, 0, 1), IP(239, 1, 2, 3), 0xffffffff};

	masquerade();
	uint32_t flow = control(5, 1025, 1);

	for (unsigned i = 0; i < 5; i++) {
		struct told said = lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, listens(nobody[i], 40000));
		struct mention name = {.at = {nobody[i], 0}, .role = ROLE_ADDRESS};

		SAYS(said, RESOLVED);
		ck_assert(!said.to[0].changed);
		said = lab_say(&lab, ALG_DNS, flow, SIDE_INSIDE, name);
		ck_assert(!said.to[0].changed);
	}
	ck_assert_uint_eq(lab_expected(&lab), 0);
}
END_TEST

START_TEST(a_flow_has_few_and_a_host_not_too_many)
{
	masquerade();
	uint32_t flow = control(5, 1025, 1);
	struct told said;

	for (uint16_t i = 0; i < EXPECT_FLOW_MAX; i++)
		SAYS(port_of(flow, 5, (uint16_t)(2000 + i)), RESOLVED);
	said = port_of(flow, 5, 3000);
	SAYS(said, RESOLVE_REFUSED);
	NOTED(said, LIMIT_FLOW);
	for (uint16_t i = EXPECT_FLOW_MAX; i < EXPECT_HOST_MAX; i++) {
		if (i % EXPECT_FLOW_MAX == 0)
			flow = control(5, (uint16_t)(40000 + i), 1);
		SAYS(port_of(flow, 5, (uint16_t)(2000 + i)), RESOLVED);
	}
	uint32_t bindings = binding_count(lab.engine->bindings);

	flow = control(5, 60000, 1);
	said = port_of(flow, 5, 30000);
	SAYS(said, RESOLVE_REFUSED);
	NOTED(said, LIMIT_HOST);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), bindings + 1);
	said = lab_say(&lab, ALG_FTP, flow, SIDE_OUTSIDE, listens(PEER(1), 6000));
	SAYS(said, RESOLVE_LEFT);
	SAYS(port_of(control(6, 1025, 1), 6, 30000), RESOLVED);
}
END_TEST

START_TEST(no_port_no_message)
{
	struct mention mention = listens(HOST(5), 0);
	struct told said;
	uint32_t flow = RECORD_NONE;

	masquerade();
	mention.flags = MENTION_RESERVED;
	for (unsigned i = 0; i < 512; i++) {
		if (i % EXPECT_FLOW_MAX == 0)
			flow = control(5, (uint16_t)(40000 + i), 1);
		mention.at.port = (uint16_t)(512 + i);
		said = lab_say(&lab, ALG_SHELL, flow, SIDE_INSIDE, mention);
		SAYS(said, RESOLVED);
	}
	mention.at = (struct endpoint){HOST(6), 1000};
	flow = control(6, 2000, 1);
	said = lab_say(&lab, ALG_SHELL, flow, SIDE_INSIDE, mention);
	SAYS(said, RESOLVE_REFUSED);
	NOTED(said, NO_PORT);
	lab_wait(&lab, 61);
	said = lab_say(&lab, ALG_SHELL, flow, SIDE_INSIDE, mention);
	SAYS(said, RESOLVED);
}
END_TEST

/* ---- names */

static struct told named(uint32_t flow, enum flow_side from, uint8_t role, ip4 addr, uint16_t port)
{
	return lab_say(&lab, ALG_DNS, flow, from,
		       (struct mention){.at = {addr, port},
					.protocol = P_TCP,
					.role = role,
					.medium = MEDIUM_NONE});
}

START_TEST(addresses_by_whole_mappings_only)
{
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(9), 0);
	lab_static(&lab, 2, P_TCP, HOST(8), 80, POOL(8), 80);
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(7), 0xffffffff), lab_pool(&lab, "A", POOL(20), POOL(29)), 0, false);
	masquerade();
	uint32_t flow = control(5, 1025, 1);
	struct told said;

	control(7, 1025, 1);
	said = named(flow, SIDE_INSIDE, ROLE_ADDRESS, HOST(9), 0);
	is_at(&said, 0, POOL(9), 0);
	said = named(flow, SIDE_INSIDE, ROLE_ADDRESS, HOST(7), 0);
	is_at(&said, 0, POOL(20), 0);
	said = named(flow, SIDE_OUTSIDE, ROLE_ADDRESS, POOL(9), 0);
	is_at(&said, 0, HOST(9), 0);
	said = named(flow, SIDE_OUTSIDE, ROLE_ADDRESS, POOL(20), 0);
	is_at(&said, 0, HOST(7), 0);
	const ip4 out[] = {HOST(8), HOST(5), HOST(6), PEER(1), POOL(9)}, in[] = {POOL(8), FACE, HOST(9), PEER(1)};

	for (unsigned i = 0; i < 5; i++)
		ck_assert(!named(flow, SIDE_INSIDE, ROLE_ADDRESS, out[i], 0).to[0].changed);
	for (unsigned i = 0; i < 4; i++)
		ck_assert(!named(flow, SIDE_OUTSIDE, ROLE_ADDRESS, in[i], 0).to[0].changed);
	ck_assert_uint_eq(lab_expected(&lab), 0);
}
END_TEST

/* Nor does such an entry's host get another name. */
START_TEST(no_payload_entries_name_nobody)
{
	const uint8_t roles[] = {ROLE_ADDRESS, ROLE_NAME};

	lab_static(&lab, 1, 0, HOST(9), 0, POOL(9), 0);
	lab_static(&lab, 2, P_TCP, HOST(8), 80, POOL(8), 8080);
	lab.conf->statics[0].no_payload = lab.conf->statics[1].no_payload = true;
	masquerade();
	uint32_t flow = control(5, 1025, 1);

	control(9, 1025, 1);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert(!named(flow, SIDE_INSIDE, roles[i], HOST(9), 0).to[0].changed);
		ck_assert(!named(flow, SIDE_OUTSIDE, roles[i], POOL(9), 0).to[0].changed);
		ck_assert(!named(flow, SIDE_INSIDE, roles[i], HOST(8), 80).to[0].changed);
		ck_assert(!named(flow, SIDE_OUTSIDE, roles[i], POOL(8), 8080).to[0].changed);
	}
	ck_assert(named(flow, SIDE_INSIDE, ROLE_NAME, HOST(5), 0).to[0].changed);
}
END_TEST

START_TEST(names_by_whatever_mapping_there_is)
{
	lab_static(&lab, 2, P_TCP, HOST(8), 80, POOL(8), 8080);
	masquerade();
	uint32_t flow = control(5, 1025, 1);
	uint16_t port = lab_flow_at(&lab, flow)->ig_port;
	struct told said = named(flow, SIDE_INSIDE, ROLE_NAME, HOST(8), 80);

	is_at(&said, 0, POOL(8), 8080);
	said = named(flow, SIDE_INSIDE, ROLE_NAME, HOST(5), 1025);
	is_at(&said, 0, FACE, port);
	said = named(flow, SIDE_INSIDE, ROLE_NAME, HOST(5), 0);
	is_at(&said, 0, FACE, 0);
	said = named(flow, SIDE_OUTSIDE, ROLE_NAME, POOL(8), 8080);
	is_at(&said, 0, HOST(8), 80);
	said = named(flow, SIDE_OUTSIDE, ROLE_NAME, FACE, port);
	is_at(&said, 0, HOST(5), 1025);
	said = named(flow, SIDE_OUTSIDE, ROLE_NAME, FACE, 0);
	is_at(&said, 0, HOST(5), 0);
	ck_assert(!named(flow, SIDE_INSIDE, ROLE_NAME, HOST(5), 1026).to[0].changed);
	ck_assert(!named(flow, SIDE_INSIDE, ROLE_NAME, HOST(8), 81).to[0].changed);
	ck_assert(!named(flow, SIDE_OUTSIDE, ROLE_NAME, POOL(8), 80).to[0].changed);
}
END_TEST

/* A port whose mapping another rule made than the control session's. */
START_TEST(names_by_the_mapping_of_another_rule)
{
	struct pkt p;

	lab_rule(&lab, 50, lab_list(&lab, P_TCP, HOST(0), 0xff000000), lab_pool(&lab, "B", POOL(30), POOL(33)), 0, true);
	masquerade();
	uint32_t flow = control(5, 1025, 1);

	ck_assert_uint_eq(lab_flow_at(&lab, flow)->rule, 50);
	p = pkt_udp(HOST(5), 7000, PEER(1), 7001);
	ck_assert_int_eq(lab_out(&lab, &p), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&p), FACE);
	struct mention mention = {.at = {HOST(5), 7000}, .protocol = P_UDP, .role = ROLE_NAME, .medium = MEDIUM_NONE};
	struct told said = lab_say(&lab, ALG_FTP, flow, SIDE_INSIDE, mention);

	is_at(&said, 0, FACE, sport_of(&p));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resolve");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, overload_keeps_the_port_if_it_is_free);
	tcase_add_test(tc, overload_gives_another_of_the_group_if_not);
	tcase_add_test(tc, a_pool_gives_the_address_of_the_control_session);
	tcase_add_test(tc, a_whole_address_keeps_all_ports);
	tcase_add_test(tc, a_host_entry_keeps_all_ports);
	tcase_add_test(tc, where_only_port_21_is_mapped_a_port_is_found);
	tcase_add_test(tc, a_mapped_data_port_is_used);
	tcase_add_test(tc, a_server_may_announce_its_global_address_itself);
	tcase_add_test(tc, a_port_alone_means_the_sender);
	tcase_add_test(tc, the_senders_own_endpoint);
	tcase_add_test(tc, who_is_outside_is_gone_to_from_inside);
	tcase_add_test(tc, to_who_is_outside_by_the_mapping_there_is);
	tcase_add_test(tc, a_pair_stays_neighbours);
	tcase_add_test(tc, half_a_pair_is_none);
	tcase_add_test(tc, the_same_again_is_the_same_and_lives_longer);
	tcase_add_test(tc, all_of_a_message_or_nothing);
	tcase_add_test(tc, another_host_is_not_announced);
	tcase_add_test(tc, nobody_outside_names_a_host_inside);
	tcase_add_test(tc, low_ports_are_not_announced);
	tcase_add_test(tc, reserved_ports_stay_reserved);
	tcase_add_test(tc, a_port_of_a_static_entry_is_not_taken);
	tcase_add_test(tc, a_port_that_another_host_owns_is_refused);
	tcase_add_test(tc, nobodys_addresses_are_not_touched);
	tcase_add_test(tc, a_flow_has_few_and_a_host_not_too_many);
	tcase_add_test(tc, no_port_no_message);
	tcase_add_test(tc, addresses_by_whole_mappings_only);
	tcase_add_test(tc, no_payload_entries_name_nobody);
	tcase_add_test(tc, names_by_whatever_mapping_there_is);
	tcase_add_test(tc, names_by_the_mapping_of_another_rule);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
