/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New configurations under traffic, adoption after a crash, rows and clear. */
#include <check.h>
#include <pthread.h>
#include "enginelab.h"
#include "suite.h"
#include "lib/aside.h"

static struct lab lab;
static char directory[] = "/tmp/algate-test-XXXXXX";

static void setup(void)
{
	lab_open(&lab, 4096);
}

static void teardown(void)
{
	lab_close(&lab);
}

#define GOOD(p)          ck_assert(pkt_is_good(&(p)))
#define IS(reason, want) ck_assert_str_eq(reason_name(reason), reason_name(REASON_##want))

static void conf_pools(uint32_t epoch)
{
	lab_conf(&lab, epoch);
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(9), 0);
	lab_pool(&lab, "A", POOL(20), POOL(29));
}

static void conf_all(uint32_t epoch, ip4 address)
{
	conf_pools(epoch);
	lab_rule(&lab, 7, lab_list(&lab, 0, HOST(5), 0xffffffff), 0, 0, false);
	lab_rule(&lab, 8, lab_list(&lab, 0, HOST(6), 0xffffffff), lab_pool(&lab, "B", POOL(30), POOL(31)), 0,
		 true);
	lab_rule(&lab, 100, lab_list(&lab, 0, HOST(0), 0xff000000), SNAPSHOT_NONE, address, true);
}

static struct pkt from_host(int n)
{
	return pkt_udp(HOST(n), 4000, PEER(1), 9000);
}

/* One flow of each kind: static, address, pool, interface. */
static void traffic(enum reason want)
{
	static const int hosts[] = {9, 5, 6, 7};

	for (int i = 0; i < 4; i++) {
		struct pkt p = from_host(hosts[i]);

		ck_assert_str_eq(reason_name(lab_out(&lab, &p)), reason_name(want));
	}
}

START_TEST(same_rules_keep_their_flows)
{
	snapshot_free(lab.conf);
	conf_all(1, FACE);
	ck_assert(lab_commit(&lab));
	traffic(REASON_TRANSLATED_NEW);
	conf_all(2, FACE);
	ck_assert(lab_commit(&lab));
	traffic(REASON_TRANSLATED);
	ck_assert_uint_eq(lab_counts(&lab).flows, 4);
}
END_TEST

START_TEST(rules_in_use_are_not_removed)
{
	static const uint64_t rule[] = {8};
	struct swap swap = {.n_must_be_idle = 1, .must_be_idle = rule};

	snapshot_free(lab.conf);
	conf_all(1, FACE);
	ck_assert(lab_commit(&lab));
	traffic(REASON_TRANSLATED_NEW);
	lab_conf(&lab, 2);
	ck_assert(!lab_swap(&lab, &swap));
	ck_assert_uint_eq(swap.busy_rule, 8);
	ck_assert_uint_eq(swap.busy_count, 1);
	traffic(REASON_TRANSLATED);
	lab_wait(&lab, 301);
	lab_conf(&lab, 2);
	ck_assert(lab_swap(&lab, &swap));
}
END_TEST

START_TEST(killed_rules_lose_their_flows)
{
	static const uint64_t rules[] = {100, 7};
	struct swap swap = {.n_kill = 2, .kill = rules};

	snapshot_free(lab.conf);
	conf_all(1, FACE);
	ck_assert(lab_commit(&lab));
	traffic(REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(engine_rule_uses(lab.engine, 7), 2);
	conf_pools(2);
	lab_rule(&lab, 8, lab_list(&lab, 0, HOST(6), 0xffffffff), lab_pool(&lab, "B", POOL(30), POOL(31)), 0, true);
	ck_assert(lab_swap(&lab, &swap));
	ck_assert_uint_eq(lab_counts(&lab).flows, 2);
	ck_assert_uint_eq(lab_counts(&lab).address_bindings, 0);
	ck_assert_uint_eq(engine_rule_uses(lab.engine, 7), 0);
	ck_assert_uint_eq(engine_rule_uses(lab.engine, 8), 1);
}
END_TEST

START_TEST(an_address_that_is_gone_takes_its_flows)
{
	struct swap swap = {.gone = true};

	snapshot_free(lab.conf);
	conf_all(1, FACE);
	ck_assert(lab_commit(&lab));
	traffic(REASON_TRANSLATED_NEW);
	conf_all(2, IP(203, 0, 113, 2));
	ck_assert(lab_swap(&lab, &swap));
	ck_assert_uint_eq(lab_counts(&lab).flows, 3);
	struct pkt p = from_host(7);

	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&p), IP(203, 0, 113, 2));
}
END_TEST

START_TEST(a_vanished_rule_leaves_stale_flows)
{
	snapshot_free(lab.conf);
	conf_all(1, FACE);
	ck_assert(lab_commit(&lab));
	traffic(REASON_TRANSLATED_NEW);
	/* Nothing but the pool stays, for another rule. */
	lab_conf(&lab, 2);
	lab_rule(&lab, 9, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "B", POOL(20), POOL(31)), 0, true);
	ck_assert(lab_commit(&lab));
	struct pkt in = pkt_udp(PEER(1), 9000, POOL(30), 4000), out = from_host(6);

	IS(lab_in(&lab, &in), STALE_RULE);
	IS(lab_in(&lab, &in), NO_FLOW);
	IS(lab_out(&lab, &out), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&out), POOL(21)); /* 20 is a host's whole address still */
	out = from_host(7);
	IS(lab_out(&lab, &out), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&out), POOL(21));
	ck_assert_uint_eq(engine_rule_uses(lab.engine, 9), 2);
	ck_assert_uint_eq(engine_rule_uses(lab.engine, 100), 0);
}
END_TEST

START_TEST(a_rule_with_other_addresses_drops_the_old)
{
	lab_rule(&lab, 8, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "B", POOL(30), POOL(31)), 0, true);
	ck_assert(lab_commit(&lab));
	struct pkt p = from_host(6);

	lab_out(&lab, &p);
	lab_conf(&lab, 2);
	lab_rule(&lab, 8, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "B", POOL(40), POOL(41)), 0, true);
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	p = from_host(6);
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(src_of(&p), POOL(40));
}
END_TEST

START_TEST(editing_a_list_ends_no_flow)
{
	lab_rule(&lab, 8, lab_list(&lab, 0, HOST(0), 0xff000000), SNAPSHOT_NONE, FACE, true);
	ck_assert(lab_commit(&lab));
	struct pkt p = from_host(6), q = p;

	lab_out(&lab, &p);
	lab_conf(&lab, 2);
	lab_rule(&lab, 8, lab_list(&lab, 0, HOST(7), 0xffffffff), SNAPSHOT_NONE, FACE, true);
	ck_assert(lab_commit(&lab));
	IS(lab_out(&lab, &q), TRANSLATED);
	struct pkt other = pkt_udp(HOST(6), 4001, PEER(1), 9000);

	IS(lab_out(&lab, &other), NOT_COVERED);
}
END_TEST

START_TEST(shorter_timeouts_hold_from_the_next_packet)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	struct pkt p = from_host(6);

	lab_out(&lab, &p);
	lab_conf(&lab, 2);
	lab_masquerade(&lab);
	lab.conf->timeouts[TIMEOUT_UDP] = 10;
	ck_assert(lab_commit(&lab));
	p = from_host(6);
	IS(lab_out(&lab, &p), TRANSLATED);
	lab_wait(&lab, 11);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
}
END_TEST

/* ---- adoption ---- */

static void reopen(uint32_t later_s)
{
	struct err err;

	engine_free(lab.engine);
	records_close(lab.records);
	lab.now += later_s * 1000;
	lab.records = records_open(directory, 1024, &err);
	ck_assert_ptr_nonnull(lab.records);
	lab.engine = engine_new(lab.records, 43, lab.now);
}

static void crash_setup(void)
{
	struct err err;

	setup();
	ck_assert_ptr_nonnull(mkdtemp(directory));
	engine_free(lab.engine);
	records_close(lab.records);
	lab.records = records_open(directory, 1024, &err);
	ck_assert_ptr_nonnull(lab.records);
	lab.engine = engine_new(lab.records, 42, lab.now);
	snapshot_free(lab.conf);
	conf_all(1, FACE);
	ck_assert(lab_commit(&lab));
	traffic(REASON_TRANSLATED_NEW);
	struct pkt own = pkt_udp(FACE, 5000, PEER(1), 53);

	IS(lab_own(&lab, &own), FROM_ROUTER);
}

static void crash_teardown(void)
{
	char file[64];

	teardown();
	snprintf(file, sizeof(file), "%s/records", directory);
	remove(file);
	snprintf(file, sizeof(file), "%s/alg", directory);
	remove(file);
	remove(directory);
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
}

START_TEST(everything_survives_a_crash)
{
	struct pkt sent = from_host(6), p;
	uint32_t allocated;
	uint64_t misses;

	lab_out(&lab, &sent);
	reopen(3);
	conf_all(1, FACE);
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(lab_counts(&lab).flows, 4);
	ck_assert_uint_eq(lab_counts(&lab).address_bindings, 1);
	ck_assert_uint_eq(engine_rule_uses(lab.engine, 7), 2);
	engine_pool_use(lab.engine, "B", &allocated, &misses);
	ck_assert_uint_eq(allocated, 1);
	/* Outside speaks first. */
	p = pkt_udp(PEER(1), 9000, src_of(&sent), (uint16_t)sport_of(&sent));
	IS(lab_in(&lab, &p), TRANSLATED);
	GOOD(p);
	ck_assert_uint_eq(dst_of(&p), HOST(6));
	traffic(REASON_TRANSLATED);
	/* Ports and addresses are taken still, the router's too. */
	p = pkt_udp(HOST(8), 5000, PEER(1), 53);
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_ne(sport_of(&p), 5000);
	p = pkt_udp(HOST(8), 4000, PEER(1), 53);
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_ne(sport_of(&p), 4000);
	lab_wait(&lab, 3 * 86400);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(lab_counts(&lab).address_bindings, 0);
	engine_pool_use(lab.engine, "B", &allocated, &misses);
	ck_assert_uint_eq(allocated, 0);
}
END_TEST

START_TEST(adoption_drops_what_the_configuration_lost)
{
	reopen(3);
	lab_conf(&lab, 1);
	lab_rule(&lab, 100, lab_list(&lab, 0, HOST(0), 0xff000000), SNAPSHOT_NONE, FACE, true);
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	ck_assert_uint_eq(lab_counts(&lab).address_bindings, 0);
	struct pkt in = pkt_udp(PEER(1), 9000, POOL(30), 4000);

	IS(lab_in(&lab, &in), NO_TRANSLATION_NEEDED);
}
END_TEST

/* The configuration was edited between crash and start: what a static entry says now is not given to another. */
START_TEST(adoption_leaves_static_entries_what_they_own)
{
	reopen(3);
	conf_all(1, FACE);
	lab_static(&lab, 2, P_UDP, HOST(8), 53, FACE, 4000);      /* a port of the interface rule's */
	lab_static(&lab, 3, P_UDP, HOST(8), 54, POOL(20), 4000);  /* on the address that a host was given */
	lab_static(&lab, 4, 0, HOST(3), 0, POOL(30), 0);          /* with all ports of an address */
	lab_static(&lab, 5, P_UDP, HOST(8), 55, FACE, 5000);      /* the router's own port */
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	ck_assert_uint_eq(lab_counts(&lab).address_bindings, 0);
	struct pkt in = pkt_udp(PEER(1), 9000, FACE, 4000), out = from_host(7);

	IS(lab_in(&lab, &in), TRANSLATED_NEW);
	ck_assert_uint_eq(dst_of(&in), HOST(8));
	IS(lab_out(&lab, &out), TRANSLATED_NEW);
	ck_assert_uint_ne(sport_of(&out), 4000);
}
END_TEST

START_TEST(adopted_flows_keep_their_phase)
{
	struct pkt syn = pkt_tcp(HOST(7), 70, PEER(1), 80, F_SYN), ack = pkt_tcp(PEER(1), 80, FACE, 70, F_SYN | F_ACK);
	struct pkt third = pkt_tcp(HOST(7), 70, PEER(1), 80, F_ACK);

	lab_out(&lab, &syn);
	IS(lab_in(&lab, &ack), TRANSLATED);
	IS(lab_out(&lab, &third), TRANSLATED);
	reopen(3);
	conf_all(1, FACE);
	ck_assert(lab_commit(&lab));
	lab_wait(&lab, 4000);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	struct pkt data = pkt_tcp(PEER(1), 80, FACE, 70, F_ACK);

	IS(lab_in(&lab, &data), TRANSLATED);
	GOOD(data);
}
END_TEST

/* ---- adoption with threads ---- */

#define CROWD 450 /* flows beside those of traffic() */

/* What adoption made, and what it was made from. */
struct outcome {
	void *truth, *slots; /* the records file's contents, the slots */
	struct engine_counts counts;
	uint64_t uses[3];
};

static size_t truth_size(void)
{
	return lab.records->map.size;
}

static size_t slots_size(void)
{
	return (lab.records->slot_buckets * 4 + lab.records->stash_slots) * sizeof(struct flow_slot);
}

static void *copy_of(const void *from, size_t size)
{
	return memcpy(mem_alloc(size), from, size);
}

static void outcome_free(struct outcome *outcome)
{
	free(outcome->truth);
	free(outcome->slots);
}

static bool same_outcome(const struct outcome *a, const struct outcome *b)
{
	return memcmp(a->truth, b->truth, truth_size()) == 0 && memcmp(a->slots, b->slots, slots_size()) == 0 &&
	       a->counts.flows == b->counts.flows && a->counts.address_bindings == b->counts.address_bindings &&
	       memcmp(a->uses, b->uses, sizeof(a->uses)) == 0;
}

/* What a crash left there in one life is the same in the next. */
static struct outcome adopt_left(const void *left, uint32_t many)
{
	static const uint64_t rules[] = {7, 8, 100};
	struct outcome outcome;

	reopen(0);
	memcpy(lab.records->map.at, left, truth_size());
	lab.records->many = many;
	conf_all(1, FACE);
	ck_assert(lab_commit(&lab));
	outcome.truth = copy_of(lab.records->map.at, truth_size());
	outcome.slots = copy_of(lab.records->slots, slots_size());
	outcome.counts = lab_counts(&lab);
	for (int i = 0; i < 3; i++)
		outcome.uses[i] = engine_rule_uses(lab.engine, rules[i]);
	return outcome;
}

static void crowd(void)
{
	for (uint32_t i = 0; i < CROWD; i++) {
		struct pkt p = pkt_udp(HOST(10 + i % 90), (uint16_t)(2000 + i / 90), PEER(1 + i % 3), 9000);

		IS(lab_out(&lab, &p), TRANSLATED_NEW);
	}
}

/* Each kind of record that adoption drops, one way or another. */
static void damage(void)
{
	struct flow_record *flows = lab.records->flows;
	struct binding_record *bindings = lab.records->bindings;

	flows[50].ig++;			     /* torn */
	flows[60].state = RECORD_WRITING;
	flows[70] = flows[71];		     /* double */
	bindings[80].global_port++;	     /* torn: its flows lose it */
	bindings[90] = bindings[91];	     /* double */
	flows[100].binding = RECORD_NONE - 1; /* found by what the flow says */
	flows[110].rule = 99;
	flows[110].state = flow_seal(&flows[110]); /* no such rule */
}

START_TEST(threads_change_nothing_of_adoption)
{
	struct outcome alone, aside, undamaged;
	void *whole, *left;

	crowd();
	whole = copy_of(lab.records->map.at, truth_size());
	damage();
	left = copy_of(lab.records->map.at, truth_size());
	alone = adopt_left(left, UINT32_MAX);
	aside = adopt_left(left, 1);
	undamaged = adopt_left(whole, 1);
	ck_assert(same_outcome(&alone, &aside));
	ck_assert(!same_outcome(&alone, &undamaged));
	ck_assert_uint_eq(undamaged.counts.flows, CROWD + 4);
	ck_assert_uint_lt(alone.counts.flows, CROWD + 4 - 4);
	ck_assert_uint_gt(alone.counts.flows, CROWD - 20);
	outcome_free(&alone);
	outcome_free(&aside);
	outcome_free(&undamaged);
	free(whole);
	free(left);
}
END_TEST

static void note_thread(void *arg)
{
	*(pthread_t *)arg = pthread_self();
}

/* Else the test above has nothing to compare. */
START_TEST(work_aside_is_on_a_thread_of_its_own)
{
	pthread_t thread = pthread_self();
	struct aside *aside = aside_begin(note_thread, &thread);

	ck_assert_ptr_nonnull(aside);
	aside_end(aside);
	ck_assert(!pthread_equal(thread, pthread_self()));
	aside_end(NULL);
}
END_TEST

/* ---- rows, clear, events ---- */

static uint32_t all_rows(struct translation *rows, uint32_t max)
{
	struct translation_cursor cursor = {0};
	uint32_t n = 0;

	while (!cursor.end) {
		ck_assert_uint_lt(n, max);
		n += engine_translations(lab.engine, lab.now, &cursor, rows + n, 1);
	}
	return n;
}

START_TEST(rows_show_flows_halves_and_statics)
{
	static struct translation rows[32];
	uint32_t n;

	snapshot_free(lab.conf);
	conf_all(1, FACE);
	ck_assert(lab_commit(&lab));
	traffic(REASON_TRANSLATED_NEW);
	struct pkt own = pkt_udp(FACE, 5000, PEER(1), 53);

	lab_own(&lab, &own);
	lab.now += 7000;
	n = all_rows(rows, 32);
	ck_assert_uint_eq(n, 6);
	ck_assert(!rows[0].half && rows[0].is_static);
	ck_assert_uint_eq(rows[0].left_s, 293);
	ck_assert_uint_eq(rows[0].packets[0], 1);
	ck_assert_uint_eq(rows[3].il.addr, HOST(7));
	ck_assert_uint_eq(rows[3].ig.addr, FACE);
	ck_assert_uint_eq(rows[3].og.port, 9000);
	ck_assert(rows[4].half && !rows[4].is_static);
	ck_assert_uint_eq(rows[4].uses, 1);
	ck_assert_uint_eq(rows[4].ig.addr, POOL(20));
	ck_assert(rows[5].half && rows[5].is_static);
	ck_assert_uint_eq(rows[5].uses, 1);
	struct engine_counts counts = lab_counts(&lab);

	ck_assert_uint_eq(counts.flows, 4);
	ck_assert_uint_eq(counts.statics, 1);
	ck_assert_uint_eq(counts.misses, 5);
	ck_assert_uint_eq(counts.peak, 6);
	ck_assert_uint_eq(counts.reasons[REASON_TRANSLATED_NEW], 4);
	engine_clear_counts(lab.engine);
	ck_assert_uint_eq(lab_counts(&lab).reasons[REASON_TRANSLATED_NEW], 0);
	ck_assert_uint_eq(lab_counts(&lab).flows, 4);
}
END_TEST

START_TEST(clear_ends_dynamic_entries)
{
	struct translation_cursor cursor = {0};
	static struct translation rows[32];

	snapshot_free(lab.conf);
	conf_all(1, FACE);
	ck_assert(lab_commit(&lab));
	traffic(REASON_TRANSLATED_NEW);
	while (!engine_clear_translations(lab.engine, lab.now, &cursor))
		;
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(lab_counts(&lab).address_bindings, 0);
	ck_assert_uint_eq(all_rows(rows, 32), 1);
	ck_assert(rows[0].is_static);
}
END_TEST

/* One live flow in a thousand records: packets wait for what is looked at, not for what is ended. */
START_TEST(one_call_of_clear_looks_at_few_records)
{
	struct translation_cursor cursor = {0};

	lab_close(&lab);
	lab_open(&lab, 8192);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 6000; i += round == 0 ? 1 : 1000) {
			struct pkt p = pkt_udp(HOST(5), (uint16_t)(1024 + i), PEER(1), 9000);

			lab_out(&lab, &p);
		}
		lab_wait(&lab, 200);
	}
	ck_assert_uint_eq(lab_counts(&lab).flows, 6);
	ck_assert(!engine_clear_translations(lab.engine, lab.now, &cursor));
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	while (!engine_clear_translations(lab.engine, lab.now, &cursor))
		;
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
}
END_TEST

START_TEST(events_tell_what_happened)
{
	struct event events[16];
	uint64_t cursor = 0, lost = 0;

	lab_masquerade(&lab);
	lab.conf->max_entries = 1;
	ck_assert(lab_commit(&lab));
	struct pkt a = from_host(5), b = from_host(6), c = from_host(5);

	lab_out(&lab, &a);
	lab_out(&lab, &b);
	engine_packet_events(lab.engine, true);
	lab_out(&lab, &c);
	lab_wait(&lab, 301);
	uint32_t n = event_take(engine_events(lab.engine), &cursor, events, 16, &lost);

	ck_assert_uint_eq(n, 4);
	ck_assert_uint_eq(events[0].kind, EVENT_CREATED);
	ck_assert_uint_eq(events[0].ig.addr, FACE);
	ck_assert_uint_eq(events[1].kind, EVENT_REFUSED);
	ck_assert_uint_eq(events[1].reason, REASON_NO_ENTRY);
	ck_assert_uint_eq(events[1].il.addr, HOST(6));
	ck_assert_uint_eq(events[1].rule, 100);
	ck_assert_uint_eq(events[2].kind, EVENT_TRANSLATED);
	ck_assert_uint_eq(events[2].il.addr, HOST(5));
	ck_assert_uint_eq(events[2].ig.addr, FACE);
	ck_assert_uint_eq(events[3].kind, EVENT_EXPIRED);
}
END_TEST

/* Whoever logs a refusal says which entry could not serve. */
START_TEST(refusals_name_their_rule)
{
	struct event events[4];
	uint64_t cursor = 0, lost = 0;

	lab_static(&lab, 7, 0, HOST(7), 0, 0, 0);
	lab_rule(&lab, 101, lab_list(&lab, 0, HOST(6), 0xffffffff), SNAPSHOT_NONE, 0, true);
	lab_static(&lab, 9, 0, HOST(9), 0, POOL(9), 0);
	lab.conf->max_entries = 1;
	ck_assert(lab_commit(&lab));
	struct pkt a = from_host(7), b = from_host(6), c = from_host(8);

	IS(lab_out(&lab, &a), NO_ADDRESS);
	IS(lab_out(&lab, &b), NO_ADDRESS);
	IS(lab_out(&lab, &c), NOT_COVERED);
	struct pkt in = pkt_udp(PEER(1), 9000, POOL(9), 53), more = pkt_udp(PEER(2), 9000, POOL(9), 53);

	IS(lab_in(&lab, &in), TRANSLATED_NEW);
	IS(lab_in(&lab, &more), NO_ENTRY);
	ck_assert_uint_eq(event_take(engine_events(lab.engine), &cursor, events, 4, &lost), 4);
	ck_assert_uint_eq(events[0].rule, 7);
	ck_assert_uint_eq(events[1].rule, 101);
	ck_assert_uint_eq(events[2].kind, EVENT_CREATED);
	ck_assert_uint_eq(events[3].kind, EVENT_REFUSED);
	ck_assert_uint_eq(events[3].rule, 9);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_swap");
	TCase *tc = tcase_create("swap"), *crash = tcase_create("crash");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, same_rules_keep_their_flows);
	tcase_add_test(tc, rules_in_use_are_not_removed);
	tcase_add_test(tc, killed_rules_lose_their_flows);
	tcase_add_test(tc, an_address_that_is_gone_takes_its_flows);
	tcase_add_test(tc, a_vanished_rule_leaves_stale_flows);
	tcase_add_test(tc, a_rule_with_other_addresses_drops_the_old);
	tcase_add_test(tc, editing_a_list_ends_no_flow);
	tcase_add_test(tc, shorter_timeouts_hold_from_the_next_packet);
	tcase_add_test(tc, rows_show_flows_halves_and_statics);
	tcase_add_test(tc, clear_ends_dynamic_entries);
	tcase_add_test(tc, events_tell_what_happened);
	tcase_add_test(tc, refusals_name_their_rule);
	tcase_add_test(tc, one_call_of_clear_looks_at_few_records);
	tcase_add_checked_fixture(crash, crash_setup, crash_teardown);
	tcase_add_test(crash, everything_survives_a_crash);
	tcase_add_test(crash, adoption_drops_what_the_configuration_lost);
	tcase_add_test(crash, adoption_leaves_static_entries_what_they_own);
	tcase_add_test(crash, adopted_flows_keep_their_phase);
	tcase_add_test(crash, threads_change_nothing_of_adoption);
	tcase_add_test(tc, work_aside_is_on_a_thread_of_its_own);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, crash);
	return suite_main(suite);
}
