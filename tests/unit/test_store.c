/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store: identity, order, transactions that roll back exactly, secondary keys. */
#include <stdio.h>

#include "config/index.h"
#include "config/ordered.h"
#include "lines.h"
#include "seed.h"
#include "suite.h"

static struct entry *set_host(struct store *store, ip4 local, ip4 global, bool *changed)
{
	struct args_nat_static_host args = { .local = local, .global = global };

	return store_set(store, NULL, gram_cmds[CMD_NAT_STATIC_HOST], &args, changed);
}

START_TEST(identity_is_context_class_and_key)
{
	struct store *store = store_new();
	struct args_nat_static_host args = { .local = 1, .global = 2, .extendable = true };
	bool changed;
	struct entry *one = set_host(store, 1, 2, &changed);

	ck_assert(changed);
	ck_assert_ptr_eq(set_host(store, 1, 2, &changed), one);
	ck_assert(!changed);
	ck_assert_ptr_ne(set_host(store, 1, 3, &changed), one);
	ck_assert_uint_eq(store_count(store), 2);
	/* a field outside the key: the same entry, changed */
	ck_assert_ptr_eq(store_set(store, NULL, gram_cmds[CMD_NAT_STATIC_HOST], &args, &changed), one);
	ck_assert(changed);
	ck_assert(((struct args_nat_static_host *)one->args)->extendable);
	args.global = 4;
	ck_assert_ptr_null(store_find(store, NULL, gram_cmds[CMD_NAT_STATIC_HOST], &args));
	store_free(store);
}
END_TEST

START_TEST(a_context_takes_its_children_along)
{
	struct store *store = store_new();

	lines_load(store, "interface eth0\n ip address 192.0.2.1 255.255.255.0\n shutdown\ninterface eth1\n shutdown\n");
	ck_assert_uint_eq(store_count(store), 5);
	store_begin(store);
	store_remove(store, store_next(store, NULL, NULL, NULL));
	ck_assert_uint_eq(store_count(store), 2);
	store_rollback(store);
	ck_assert_uint_eq(store_count(store), 5);
	store_remove(store, store_next(store, NULL, NULL, NULL));
	ck_assert_uint_eq(store_count(store), 2);
	store_free(store);
}
END_TEST

/* A pool in one line replaced by a pool with a mode, and back: one identity, no orphans. */
START_TEST(another_command_of_the_class_replaces)
{
	struct store *store = store_new();
	struct entry *pool;

	lines_load(store, "ip nat pool P prefix-length 24\n address 192.0.2.1 192.0.2.9\n");
	ck_assert_uint_eq(store_count(store), 2);
	pool = store_next(store, NULL, NULL, NULL);
	store_begin(store);
	lines_load(store, "ip nat pool P 192.0.2.1 192.0.2.4 prefix-length 24\n");
	ck_assert_uint_eq(store_count(store), 1);
	ck_assert_ptr_eq(store_next(store, NULL, NULL, NULL), pool);
	ck_assert_uint_eq(pool->cmd->id, CMD_NAT_POOL_RANGE);
	store_rollback(store);
	ck_assert_uint_eq(store_count(store), 2);
	ck_assert_uint_eq(pool->cmd->id, CMD_NAT_POOL);
	store_free(store);
}
END_TEST

START_TEST(order_is_by_order_number_then_entry_or_key)
{
	static const uint16_t expected[] = { CMD_HOSTNAME, CMD_NAT_TIMEOUT, CMD_NAT_TIMEOUT, CMD_NAT_STATIC_HOST,
					     CMD_NAT_STATIC_HOST };
	struct store *store = store_new();
	struct entry *entry = NULL;
	unsigned n = 0;

	set_host(store, 9, 9, NULL);
	set_host(store, 1, 1, NULL);
	lines_load(store, "ip nat translation udp-timeout 5\nip nat translation tcp-timeout 6\nhostname x\n");
	while ((entry = store_next(store, NULL, NULL, entry)))
		ck_assert_uint_eq(entry->cmd->id, expected[n++]);
	ck_assert_uint_eq(n, 5);
	entry = store_next(store, NULL, gram_cmds[CMD_NAT_TIMEOUT], NULL);
	ck_assert_uint_eq(((struct args_nat_timeout *)entry->args)->which, NAT_TIMEOUT_WHICH_TCP_TIMEOUT);
	entry = store_next(store, NULL, gram_cmds[CMD_NAT_STATIC_HOST], NULL);
	ck_assert_uint_eq(((struct args_nat_static_host *)entry->args)->local, 9); /* order of entry */
	ck_assert_ptr_null(store_next(store, NULL, gram_cmds[CMD_IP_ROUTE], NULL));
	store_free(store);
}
END_TEST

START_TEST(version_counts_commits_that_change)
{
	struct store *store = store_new();
	uint64_t version = store_version(store);

	store_begin(store);
	store_commit(store);
	ck_assert_uint_eq(store_version(store), version);
	store_begin(store);
	set_host(store, 1, 1, NULL);
	ck_assert(store_changed(store));
	store_rollback(store);
	ck_assert_uint_eq(store_version(store), version);
	store_begin(store);
	set_host(store, 1, 1, NULL);
	set_host(store, 2, 2, NULL);
	store_commit(store);
	ck_assert_uint_eq(store_version(store), version + 1);
	store_begin(store);
	set_host(store, 1, 1, NULL);
	ck_assert(!store_changed(store));
	store_commit(store);
	ck_assert_uint_eq(store_version(store), version + 1);
	store_free(store);
}
END_TEST

START_TEST(secondary_keys_follow_the_entries)
{
	struct store *store = store_new();
	struct index_key key;
	struct entry *entry, *first = set_host(store, 7, 1, NULL);
	unsigned n = 0;

	set_host(store, 7, 2, NULL);
	set_host(store, 8, 2, NULL);
	index_host_local(&key, 7);
	for (entry = NULL; (entry = store_by(store, &key, entry)); n++)
		ck_assert_uint_eq(((struct args_nat_static_host *)entry->args)->local, 7);
	ck_assert_uint_eq(n, 2);
	store_begin(store);
	store_remove(store, first);
	entry = store_by(store, &key, NULL);
	ck_assert_ptr_nonnull(entry);
	ck_assert_ptr_null(store_by(store, &key, entry));
	store_rollback(store);
	for (n = 0, entry = NULL; (entry = store_by(store, &key, entry)); n++)
		;
	ck_assert_uint_eq(n, 2);
	index_host_local(&key, 9);
	ck_assert_ptr_null(store_by(store, &key, NULL));
	store_free(store);
}
END_TEST

/* ---- properties */

static uint32_t random_state;

static unsigned pick(unsigned n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

/* Everything that can be seen: entries, their order, arguments, serials. */
static char *picture(const struct store *store, const struct entry *context, FILE *out)
{
	struct entry *entry = NULL;

	while ((entry = store_next(store, context, NULL, entry))) {
		char line[1024];

		gram_print(entry->cmd, entry->args, NULL, line, sizeof(line));
		fprintf(out, "%p %lu %s\n", (void *)entry, (unsigned long)entry->serial, line);
		picture(store, entry, out);
	}
	return NULL;
}

static char *picture_text(const struct store *store)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	picture(store, NULL, out);
	fprintf(out, "%zu\n", store_count(store));
	fclose(out);
	return text;
}

static void random_change(struct store *store)
{
	static const char *const forms[] = {
		"%sip nat inside source static 10.0.0.%u 192.0.2.%u extendable", "%sip nat pool P%u prefix-length 2%u",
		"%sip nat pool P%u 192.0.2.1 192.0.2.%u prefix-length 24",       "%sinterface eth%u",
		"%sip route 10.%u.0.0 255.255.0.0 192.0.2.%u",                   "%saccess-list %u permit 10.0.0.%u",
		"%sip nat translation port-timeout tcp %u %u",
	};
	char line[200];
	struct lines *lines = malloc(sizeof(*lines));

	snprintf(line, sizeof(line), forms[pick(sizeof(forms) / sizeof(*forms))], pick(3) ? "" : "no ",
		 1 + pick(6), 1 + pick(6));
	lines_init(lines, store);
	lines_run(lines, line, NULL);
	if (lines->context && pick(2))
		lines_run(lines, lines->context->cmd->id == CMD_INTERFACE ? " ip address 192.0.2.1 255.255.255.0" :
									    " address 192.0.2.1 192.0.2.9", NULL);
	free(lines);
}

START_TEST(rollback_restores_exactly)
{
	struct store *store = store_new();

	random_state = (uint32_t)test_seed();
	for (unsigned round = 0; round < 300; round++) {
		char *before, *after;
		unsigned n = pick(12);

		store_begin(store);
		for (unsigned i = pick(4); i > 0; i--)
			random_change(store);
		store_commit(store);
		before = picture_text(store);
		store_begin(store);
		for (unsigned i = 0; i < n; i++)
			random_change(store);
		store_rollback(store);
		after = picture_text(store);
		ck_assert_str_eq(before, after);
		free(before);
		free(after);
	}
	ck_assert_uint_gt(store_count(store), 0);
	store_free(store);
}
END_TEST

struct number {
	struct ordered_node place;
	unsigned value;
	bool in;
};

static int compare_numbers(const struct ordered_node *a, const struct ordered_node *b)
{
	unsigned x = ((const struct number *)a)->value, y = ((const struct number *)b)->value;

	return x < y ? -1 : x > y;
}

static int place_number(const struct ordered_node *place, const void *arg)
{
	return ((const struct number *)place)->value < *(const unsigned *)arg ? -1 : 1;
}

START_TEST(ordered_set_against_an_array)
{
	static struct number numbers[64];
	struct ordered set = { .compare = compare_numbers };

	random_state = (uint32_t)test_seed() + 1;
	for (unsigned i = 0; i < 64; i++)
		numbers[i] = (struct number){ .value = i };
	for (unsigned round = 0; round < 3000; round++) {
		struct number *number = &numbers[pick(64)];
		struct ordered_node *place = ordered_first(&set), *last = NULL;
		unsigned from = pick(64), next = 64;

		if (number->in)
			ordered_remove(&set, &number->place);
		else
			ordered_add(&set, &number->place);
		number->in = !number->in;
		place = ordered_first(&set);
		for (unsigned i = 0; i < 64; i++) {
			if (!numbers[i].in)
				continue;
			ck_assert_ptr_eq(place, &numbers[i].place);
			last = place;
			place = ordered_next(place);
			if (i >= from && next == 64)
				next = i;
		}
		ck_assert_ptr_null(place);
		ck_assert_ptr_eq(ordered_last(&set), last);
		ck_assert_ptr_eq(ordered_from(&set, place_number, &from), next == 64 ? NULL : &numbers[next].place);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *tests = tcase_create("store");

	tcase_add_test(tests, identity_is_context_class_and_key);
	tcase_add_test(tests, a_context_takes_its_children_along);
	tcase_add_test(tests, another_command_of_the_class_replaces);
	tcase_add_test(tests, order_is_by_order_number_then_entry_or_key);
	tcase_add_test(tests, version_counts_commits_that_change);
	tcase_add_test(tests, secondary_keys_follow_the_entries);
	tcase_add_test(tests, rollback_restores_exactly);
	tcase_add_test(tests, ordered_set_against_an_array);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
