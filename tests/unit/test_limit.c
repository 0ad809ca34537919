/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits of entries: counting by host and by list against a model, and what the engine does when a limit is hit. A flow that
 * both sides were heard on is never ended for a new one.
 */
#include <check.h>

#include "enginelab.h"
#include "seed.h"
#include "suite.h"
#include "nat/limit.h"

static struct lab lab;

static void setup(void)
{
	lab_open(&lab, 1024);
}

static void teardown(void)
{
	lab_close(&lab);
}

static enum reason out_to(ip4 from, uint16_t port, ip4 to)
{
	struct pkt p = pkt_udp(from, port, to, 53);

	return lab_out(&lab, &p);
}

static enum reason answer(ip4 from, uint16_t port)
{
	struct pkt p = pkt_udp(from, 53, FACE, port);

	return lab_in(&lab, &p);
}

static uint32_t used(ip4 host)
{
	struct limit_host row;

	engine_limit_host(lab.engine, host, &row);
	return row.used;
}

static void limit_host_to(ip4 host, uint32_t max)
{
	struct snapshot *s = lab.conf;

	s->host_limits = mem_grow(s->host_limits, s->n_host_limits + 1, sizeof(*s->host_limits));
	s->host_limits[s->n_host_limits++] = (struct snapshot_host_limit){host, max};
}

static void limit_list_to(uint32_t acl, const char *name, uint32_t max)
{
	struct snapshot *s = lab.conf;

	s->list_limits = mem_grow(s->list_limits, s->n_list_limits + 1, sizeof(*s->list_limits));
	s->list_limits[s->n_list_limits] = (struct snapshot_list_limit){acl, max, ""};
	snprintf(s->list_limits[s->n_list_limits++].name, SNAPSHOT_NAME, "%s", name);
}

/* ---- hosts ---- */

START_TEST(one_way_flows_of_a_host_at_its_limit_may_go)
{
	lab_masquerade(&lab);
	lab.conf->max_all_host = 3;
	ck_assert(lab_commit(&lab));
	for (uint16_t port = 1025; port <= 1027; port++)
		ck_assert_int_eq(out_to(HOST(5), port, PEER(1)), REASON_TRANSLATED_NEW);
	ck_assert_int_eq(answer(PEER(1), 1025), REASON_TRANSLATED); /* the oldest is live now */
	ck_assert_int_eq(out_to(HOST(5), 1028, PEER(1)), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(used(HOST(5)), 3);
	ck_assert_int_eq(answer(PEER(1), 1026), REASON_TO_ROUTER); /* went: the oldest of the rest */
	ck_assert_int_eq(answer(PEER(1), 1027), REASON_TRANSLATED);
	ck_assert_int_eq(answer(PEER(1), 1028), REASON_TRANSLATED);
	/* all live: refused, and nobody is ended */
	ck_assert_int_eq(out_to(HOST(5), 1029, PEER(1)), REASON_NO_ENTRY);
	for (uint16_t port = 1025; port <= 1028; port++)
		ck_assert_int_eq(answer(PEER(1), port),
				 port == 1026 ? REASON_TO_ROUTER : REASON_TRANSLATED);
	ck_assert_uint_eq(lab_counts(&lab).all_host_missed, 1);
	/* other hosts have their own */
	ck_assert_int_eq(out_to(HOST(6), 1025, PEER(1)), REASON_TRANSLATED_NEW);
	lab_wait(&lab, 301);
	ck_assert_uint_eq(used(HOST(5)) + used(HOST(6)), 0);
	ck_assert_int_eq(out_to(HOST(5), 1029, PEER(1)), REASON_TRANSLATED_NEW);
}
END_TEST

START_TEST(without_a_limit_nothing_goes)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	for (uint16_t port = 1025; port <= 1124; port++)
		ck_assert_int_eq(out_to(HOST(5), port, PEER(1)), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(used(HOST(5)), 100);
	ck_assert_uint_eq(lab_counts(&lab).flows, 100);
}
END_TEST

START_TEST(a_host_has_its_own_limit_in_place_of_the_common_one)
{
	struct limit_host rows[8];
	uint32_t from = 0;

	lab_masquerade(&lab);
	lab.conf->max_all_host = 2;
	limit_host_to(HOST(5), 4);
	ck_assert(lab_commit(&lab));
	for (uint16_t port = 1025; port <= 1034; port++) {
		out_to(HOST(5), port, PEER(1));
		out_to(HOST(6), port, PEER(1));
	}
	ck_assert_uint_eq(used(HOST(5)), 4);
	ck_assert_uint_eq(used(HOST(6)), 2);
	ck_assert_uint_eq(engine_limit_hosts(lab.engine, &from, rows, 8), 1);
	ck_assert_uint_eq(from, UINT32_MAX);
	ck_assert_uint_eq(rows[0].addr, HOST(6));
	ck_assert_uint_eq(rows[0].max, 2);
}
END_TEST

START_TEST(an_address_counts_with_its_flows)
{
	lab_rule(&lab, 1, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "P", POOL(10), POOL(11)), 0,
		 false);
	lab.conf->max_all_host = 2;
	ck_assert(lab_commit(&lab));
	ck_assert_int_eq(out_to(HOST(5), 1, PEER(1)), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(used(HOST(5)), 2); /* the half entry and the flow */
	ck_assert_int_eq(out_to(HOST(5), 2, PEER(1)), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(used(HOST(5)), 2); /* the first flow went */
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	lab_wait(&lab, 86400 + 400);
	ck_assert_uint_eq(used(HOST(5)), 0);
}
END_TEST

START_TEST(an_address_and_its_flow_need_room_for_both)
{
	lab_rule(&lab, 1, lab_list(&lab, 0, HOST(0), 0xff000000), lab_pool(&lab, "P", POOL(10), POOL(11)), 0,
		 false);
	lab.conf->max_entries = 3;
	ck_assert(lab_commit(&lab));
	ck_assert_int_eq(out_to(HOST(5), 1, PEER(1)), REASON_TRANSLATED_NEW);
	ck_assert_int_eq(out_to(HOST(6), 1, PEER(1)), REASON_NO_ENTRY);
	ck_assert_int_eq(out_to(HOST(5), 2, PEER(1)), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(lab_counts(&lab).limit_missed, 1);
}
END_TEST

/* Sender's and receiver's flow are of one host, and no other is left to go. */
START_TEST(a_host_that_talks_to_itself_keeps_both_its_flows)
{
	lab_static(&lab, 1, 0, HOST(5), 0, POOL(50), 0);
	lab.conf->max_all_host = 2;
	ck_assert(lab_commit(&lab));
	for (uint16_t port = 1; port <= 4; port++) {
		struct pkt p = pkt_udp(HOST(5), port, POOL(50), (uint16_t)(port + 100));

		ck_assert_int_eq(lab_turn(&lab, &p), REASON_HAIRPIN);
		ck_assert_uint_eq(used(HOST(5)), 2);
	}
	snapshot_free(lab.conf);
	lab_conf(&lab, 2);
	lab_static(&lab, 1, 0, HOST(5), 0, POOL(50), 0);
	lab.conf->max_all_host = 1;
	ck_assert(lab_commit(&lab));
	struct pkt p = pkt_udp(HOST(5), 9, POOL(50), 109);

	ck_assert_int_eq(lab_visit(&lab, VISIT_TURN_BACK, IN, 0, &p), REASON_NO_ENTRY);
}
END_TEST

START_TEST(the_flow_that_goes_may_hold_the_binding_that_is_wanted)
{
	lab_masquerade(&lab);
	lab.conf->max_all_host = 1;
	ck_assert(lab_commit(&lab));
	ck_assert_int_eq(out_to(HOST(5), 1025, PEER(1)), REASON_TRANSLATED_NEW);
	ck_assert_int_eq(out_to(HOST(5), 1025, PEER(2)), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
	ck_assert_int_eq(answer(PEER(2), 1025), REASON_TRANSLATED);
	ck_assert_int_eq(out_to(HOST(5), 1025, PEER(3)), REASON_NO_ENTRY);
}
END_TEST

/* ---- lists ---- */

static void conf_lists(uint32_t epoch, uint32_t max, ip4 care)
{
	lab_conf(&lab, epoch);
	lab_masquerade(&lab);
	if (max != 0)
		limit_list_to(lab_list(&lab, 0, HOST(4), care), "GUESTS", max);
}

static uint32_t list_used(uint64_t *missed)
{
	uint64_t dummy;
	uint32_t n;

	engine_limit_list(lab.engine, 0, &n, missed != NULL ? missed : &dummy);
	return n;
}

START_TEST(a_list_counts_its_hosts_together)
{
	uint64_t missed;

	snapshot_free(lab.conf);
	conf_lists(1, 3, 0xfffffffe); /* hosts 4 and 5 */
	ck_assert(lab_commit(&lab));
	ck_assert_int_eq(out_to(HOST(4), 1025, PEER(1)), REASON_TRANSLATED_NEW);
	ck_assert_int_eq(out_to(HOST(5), 1025, PEER(1)), REASON_TRANSLATED_NEW);
	ck_assert_int_eq(out_to(HOST(5), 1026, PEER(1)), REASON_TRANSLATED_NEW);
	ck_assert_int_eq(out_to(HOST(4), 1026, PEER(1)), REASON_NO_ENTRY);
	ck_assert_int_eq(out_to(HOST(6), 1025, PEER(1)), REASON_TRANSLATED_NEW);
	ck_assert_uint_eq(list_used(&missed), 3);
	ck_assert_uint_eq(missed, 1);
	engine_clear_counts(lab.engine);
	list_used(&missed);
	ck_assert_uint_eq(missed, 0);
	lab_wait(&lab, 301);
	ck_assert_uint_eq(list_used(NULL), 0);
	ck_assert_int_eq(out_to(HOST(4), 1026, PEER(1)), REASON_TRANSLATED_NEW);
}
END_TEST

START_TEST(a_list_that_changes_counts_flows_from_their_next_packet)
{
	snapshot_free(lab.conf);
	conf_lists(1, 0, 0);
	ck_assert(lab_commit(&lab));
	out_to(HOST(4), 1025, PEER(1));
	out_to(HOST(5), 1025, PEER(1));
	out_to(HOST(6), 1025, PEER(1));
	conf_lists(2, 10, 0xfffffffe);
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(list_used(NULL), 0);
	for (unsigned i = 4; i <= 6; i++)
		ck_assert_int_eq(out_to(HOST(i), 1025, PEER(1)), REASON_TRANSLATED);
	ck_assert_uint_eq(list_used(NULL), 2);
	conf_lists(3, 10, 0xfffffffc); /* 4 to 7 */
	ck_assert(lab_commit(&lab));
	ck_assert_int_eq(out_to(HOST(6), 1025, PEER(1)), REASON_TRANSLATED);
	ck_assert_uint_eq(list_used(NULL), 3);
	conf_lists(4, 0, 0);
	ck_assert(lab_commit(&lab));
	conf_lists(5, 10, 0xfffffffe);
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(list_used(NULL), 0); /* what was counted for the limit that went does not come back */
	lab_wait(&lab, 301);
	ck_assert_uint_eq(list_used(NULL), 0); /* nor does it go below */
}
END_TEST

START_TEST(adoption_counts_again)
{
	lab_masquerade(&lab);
	lab.conf->max_all_host = 2;
	ck_assert(lab_commit(&lab));
	out_to(HOST(5), 1025, PEER(1));
	out_to(HOST(5), 1026, PEER(1));
	ck_assert_int_eq(answer(PEER(1), 1025), REASON_TRANSLATED);
	engine_free(lab.engine);
	lab.records->fresh = false;
	lab.engine = engine_new(lab.records, 7, lab.now);
	lab_conf(&lab, 1);
	lab_masquerade(&lab);
	lab.conf->max_all_host = 2;
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(used(HOST(5)), 2);
	ck_assert_int_eq(out_to(HOST(5), 1027, PEER(1)), REASON_TRANSLATED_NEW); /* the one-way flow went */
	ck_assert_int_eq(answer(PEER(1), 1025), REASON_TRANSLATED);
	ck_assert_int_eq(answer(PEER(1), 1026), REASON_TO_ROUTER);
}
END_TEST

/* ---- the set against a model ---- */

#define NODES 512
#define HOSTS 24

struct model {
	bool live[NODES], oneway[NODES];
	uint8_t host[NODES];
	uint32_t order[NODES], clock;
};

static uint32_t model_oldest(const struct model *model, uint8_t host)
{
	uint32_t oldest = UINT32_MAX;

	for (uint32_t i = 0; i < NODES; i++) {
		if (model->live[i] && model->oneway[i] && model->host[i] == host &&
		    (oldest == UINT32_MAX || model->order[i] < model->order[oldest]))
			oldest = i;
	}
	return oldest;
}

static uint32_t model_count(const struct model *model, uint8_t host)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < NODES; i++)
		n += model->live[i] && model->host[i] == host;
	return n;
}

static void step(struct limit_set *set, const struct snapshot *snapshot, struct model *model, uint32_t random)
{
	uint32_t node = random % NODES;
	uint8_t host = model->live[node] ? model->host[node] : (uint8_t)((random >> 10) % HOSTS);
	struct acl_subject subject = limit_subject(17, (struct endpoint){HOST(host), 1}, (struct endpoint){1, 1});

	if (!model->live[node]) {
		limit_enter(set, snapshot, node, 0, &subject);
		limit_oneway_add(set, snapshot, node, 0, HOST(host));
		limit_oneway_add(set, snapshot, node, 0, HOST(host)); /* does nothing */
		model->live[node] = model->oneway[node] = true;
		model->host[node] = host;
		model->order[node] = model->clock++;
	} else if ((random >> 20) % 3 == 0) {
		limit_oneway_end(set, node, 0, HOST(host));
		model->oneway[node] = false;
	} else {
		limit_oneway_end(set, node, 0, HOST(host));
		limit_leave(set, node, 0, HOST(host));
		model->live[node] = false;
	}
}

START_TEST(the_set_counts_as_the_model_does)
{
	static const uint32_t spare[LIMIT_SPARE] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
	unsigned seed = (unsigned)test_seed();
	struct siphash_key secret = {seed, 1};
	struct snapshot *snapshot = snapshot_new(1);
	struct limit_set *set = limit_new(&secret, NODES);
	static struct model model;

	srand(seed);
	snapshot->max_all_host = 1;
	limit_follow(set, snapshot);
	for (int i = 0; i < 20000; i++) {
		uint8_t host = (uint8_t)(i % HOSTS);
		struct limit_host row;

		step(set, snapshot, &model, (uint32_t)rand());
		limit_host_get(set, snapshot, 0, HOST(host), &row);
		ck_assert_uint_eq(row.used, model_count(&model, host));
		ck_assert_uint_eq(limit_oneway_oldest(set, 0, HOST(host), spare), model_oldest(&model, host));
	}
	limit_free(set);
	snapshot_free(snapshot);
}
END_TEST

START_TEST(a_full_set_refuses)
{
	struct siphash_key secret = {1, 2};
	struct snapshot *snapshot = snapshot_new(1);
	struct limit_set *set = limit_new(&secret, 64);
	uint32_t n = 0;

	for (; !limit_full(set); n++) {
		struct acl_subject subject =
			limit_subject(17, (struct endpoint){HOST(n), 1}, (struct endpoint){1, 1});

		limit_enter(set, snapshot, n % 128, 0, &subject);
		ck_assert_uint_lt(n, 128);
	}
	ck_assert_uint_ge(n, 64);
	limit_free(set);
	snapshot_free(snapshot);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("limit");
	TCase *tc = tcase_create("engine"), *alone = tcase_create("set");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, one_way_flows_of_a_host_at_its_limit_may_go);
	tcase_add_test(tc, without_a_limit_nothing_goes);
	tcase_add_test(tc, a_host_has_its_own_limit_in_place_of_the_common_one);
	tcase_add_test(tc, an_address_counts_with_its_flows);
	tcase_add_test(tc, an_address_and_its_flow_need_room_for_both);
	tcase_add_test(tc, a_host_that_talks_to_itself_keeps_both_its_flows);
	tcase_add_test(tc, the_flow_that_goes_may_hold_the_binding_that_is_wanted);
	tcase_add_test(tc, a_list_counts_its_hosts_together);
	tcase_add_test(tc, a_list_that_changes_counts_flows_from_their_next_packet);
	tcase_add_test(tc, adoption_counts_again);
	tcase_add_test(alone, the_set_counts_as_the_model_does);
	tcase_add_test(alone, a_full_set_refuses);
	tcase_set_timeout(alone, 300);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, alone);
	return suite_main(suite);
}
