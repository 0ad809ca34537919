/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is compiled from a compilation before is what is compiled from nothing, whatever was edited,
 * undone or changed in Linux between. */
#include "config/compile.h"
#include "edits.h"
#include "mirrors.h"
#include "suite.h"

#define EDITS 3000

static struct mirror mirror;
static struct store *store;
static struct compile_memory *memory;
static struct snapshot *current;
static struct plan *plan;

static void setup(void)
{
	memset(&mirror, 0, sizeof(mirror));
	mirror_add(&mirror, 2, "eth0");
	mirror_add(&mirror, 3, "eth1");
	store = store_new();
	memory = compile_memory_new();
	current = NULL;
	plan = NULL;
	lines_load(store, "interface eth0\n ip address 192.0.2.1 255.255.255.0\n ip nat outside\n"
			  "interface eth1\n ip address 10.0.0.1 255.255.255.0\n ip nat inside\n"
			  "ip nat inside source list A interface eth0 overload\n");
}

static void teardown(void)
{
	snapshot_free(current);
	plan_free(plan);
	compile_memory_free(memory);
	store_free(store);
	mirror_clear(&mirror);
}

#define SAME(n, array)                                                                             \
	(a->n == b->n && (a->n == 0 || memcmp(a->array, b->array, a->n * sizeof(*a->array)) == 0))

static bool same_range(const struct snapshot *a, uint32_t i, const struct snapshot *b, uint32_t j,
		       uint32_t n)
{
	return n == 0 ||
	       memcmp(a->port_ranges + i, b->port_ranges + j, n * sizeof(*a->port_ranges)) == 0;
}

/* Wherever their port ranges lie. */
static bool same_aces(const struct snapshot *a, const struct snapshot *b)
{
	if (a->n_aces != b->n_aces || !SAME(n_acls, acls))
		return false;
	for (uint32_t i = 0; i < a->n_aces; i++) {
		struct snapshot_ace x = a->aces[i], y = b->aces[i];

		if (x.n_source_ports != y.n_source_ports ||
		    x.n_destination_ports != y.n_destination_ports ||
		    !same_range(a, x.source_ports, b, y.source_ports, x.n_source_ports) ||
		    !same_range(a, x.destination_ports, b, y.destination_ports,
				x.n_destination_ports))
			return false;
		x.source_ports = y.source_ports = x.destination_ports = y.destination_ports = 0;
		if (memcmp(&x, &y, sizeof(x)) != 0)
			return false;
	}
	return true;
}

#define SAME_HEADS(mask, array)                                                                    \
	(memcmp(a->array, b->array, ((size_t)a->mask + 1) * sizeof(*a->array)) == 0)

static bool same_indexes(const struct snapshot *a, const struct snapshot *b)
{
	return a->index_mask == b->index_mask && a->rule_mask == b->rule_mask &&
	       SAME_HEADS(index_mask, by_local) && SAME_HEADS(index_mask, by_global) &&
	       SAME_HEADS(index_mask, by_local_addr) && SAME_HEADS(index_mask, by_global_addr) &&
	       SAME_HEADS(index_mask, by_id) && SAME_HEADS(rule_mask, by_rule) &&
	       a->n_static_ports == b->n_static_ports && SAME(n_statics, next_local) &&
	       SAME(n_statics, next_global) && SAME(n_statics, next_local_addr) &&
	       SAME(n_statics, next_global_addr) && SAME(n_statics, next_id);
}

static bool same_snapshot(const struct snapshot *a, const struct snapshot *b)
{
	return SAME(n_statics, statics) && same_aces(a, b) && same_indexes(a, b) &&
	       SAME(n_interfaces, interfaces) && SAME(n_own, own) && SAME(n_pools, pools) &&
	       SAME(n_pool_ranges, pool_ranges) && SAME(n_rules, rules) &&
	       SAME(n_globals, globals) && SAME(n_list_limits, list_limits) &&
	       SAME(n_host_limits, host_limits) && SAME(n_services, services) && a->epoch == b->epoch;
}

static bool same_hooks(const struct plan_hooks *a, const struct plan_hooks *b)
{
	return SAME(n_inside, inside) && SAME(n_outside, outside) && SAME(n_known, known) &&
	       SAME(n_globals, globals) && SAME(n_own, own) && SAME(n_static_ports, static_ports) &&
	       a->active == b->active;
}

static bool same_plan(const struct plan *a, const struct plan *b)
{
	return SAME(n_addresses, addresses) && SAME(n_links, links) && SAME(n_routes, routes) &&
	       SAME(n_owned, owned) && same_hooks(&a->hooks, &b->hooks);
}

/* Compiles both ways, compares, and keeps the result or undoes the transaction. */
static void step(bool keep)
{
	struct snapshot *next, *fresh;
	struct plan *next_plan, *fresh_plan;

	compile(store, &mirror, 5, memory, &next, &next_plan);
	compile(store, &mirror, 5, NULL, &fresh, &fresh_plan);
	ck_assert(same_snapshot(next, fresh));
	ck_assert(same_plan(next_plan, fresh_plan));
	snapshot_free(fresh);
	plan_free(fresh_plan);
	if (keep) {
		store_commit(store);
		snapshot_free(current);
		plan_free(plan);
		compile_keep(memory, store, current = next);
		plan = next_plan;
	} else {
		store_rollback(store);
		snapshot_free(next);
		plan_free(next_plan);
	}
}

START_TEST(random_edits_compile_the_same)
{
	unsigned most_statics = 0, most_aces = 0;

	edit_seed += (uint64_t)_i * 7919;
	for (unsigned i = 0; i < EDITS; i++) {
		store_begin(store);
		edit(store);
		step(edit_random(5) > 0);
		if (edit_random(50) == 0) { /* an address comes that Linux has by itself */
			mirror_add_address(&mirror, 2,
					   edit_random(2) ? "198.51.100.1" : "198.51.100.2", 24,
					   false);
			step(true);
		}
		most_statics = current && current->n_statics > most_statics ? current->n_statics
									    : most_statics;
		most_aces = current && current->n_aces > most_aces ? current->n_aces : most_aces;
	}
	ck_assert_uint_ge(most_statics, 20);
	ck_assert_uint_ge(most_aces, 20);
}
END_TEST

static const char *const base = "ip nat inside source static 10.0.0.9 192.0.2.9\n"
				"ip nat inside source static tcp 10.0.0.8 80 192.0.2.8 80\n"
				"ip access-list extended A\n 10 permit ip any any\n";

static void change(const char *lines)
{
	store_begin(store);
	lines_load(store, lines);
	step(true);
}

START_TEST(what_did_not_change_is_shared)
{
	const struct snapshot_static *statics;
	const struct snapshot_ace *aces;
	const uint64_t *matches;

	change(base);
	statics = current->statics;
	aces = current->aces;
	matches = current->matches;
	change("access-list 99 permit 10.0.0.1\n");
	ck_assert_ptr_eq(current->statics, statics);
	ck_assert_ptr_eq(current->aces, aces);
	ck_assert_ptr_eq(current->matches, matches);
	change("ip access-list extended A\n 20 deny ip any any\n");
	ck_assert_ptr_eq(current->statics, statics);
	ck_assert_ptr_ne(current->aces, aces);
	aces = current->aces;
	change("no ip nat inside source static 10.0.0.9 192.0.2.9\n");
	ck_assert_ptr_ne(current->statics, statics);
	ck_assert_uint_eq(current->n_statics, 1);
	ck_assert_ptr_eq(current->aces, aces);
}
END_TEST

/* Control: the comparison sees each kind of change. */
START_TEST(the_comparison_can_fail)
{
	static const char *const edits[] = {
	    "ip nat inside source static 10.0.0.7 192.0.2.7",
	    "no ip nat inside source static tcp 10.0.0.8 80 192.0.2.8 80",
	    "ip access-list extended A\n 5 permit tcp any eq 7 any",
	    "ip nat pool P 192.0.2.40 192.0.2.41 prefix-length 24",
	    "interface eth0\n ip address 192.0.2.2 255.255.255.0",
	};
	struct snapshot *fresh;
	struct plan *fresh_plan;

	change(base);
	store_begin(store);
	lines_load(store, edits[_i]);
	compile(store, &mirror, 5, NULL, &fresh, &fresh_plan);
	ck_assert(!same_snapshot(current, fresh));
	if (_i != 2)
		ck_assert(!same_plan(plan, fresh_plan));
	snapshot_free(fresh);
	plan_free(fresh_plan);
}
END_TEST

/* A memory of another configuration is not believed. */
START_TEST(changes_outside_of_a_transaction_are_seen)
{
	change(base);
	lines_load(store, "ip nat inside source static 10.0.0.7 192.0.2.7\nip access-list extended "
			  "A\n 7 deny ip any any\n");
	step(true);
	ck_assert_uint_eq(current->n_statics, 3);
	ck_assert_uint_eq(current->n_aces, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("incremental");
	TCase *tests = tcase_create("incremental");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_loop_test(tests, random_edits_compile_the_same, 0, 4);
	tcase_add_test(tests, what_did_not_change_is_shared);
	tcase_add_loop_test(tests, the_comparison_can_fail, 0, 5);
	tcase_add_test(tests, changes_outside_of_a_transaction_are_seen);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
