/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flow table: keys, rewrites, model test, filling to the last record, moves and stash. */
#include "nat/flow.h"
#include "suite.h"
#include "tables.h"

#define NOW 1000

static void check_found(struct flow_table *table, uint32_t index)
{
	const struct flow_record *flow = flow_at(table, index);

	ck_assert_ptr_nonnull(flow);
	for (int side = 0; side < 2; side++) {
		struct flow_key key = flow_key_of(flow, (enum flow_side)side);
		struct flow_slot *slot = flow_lookup(table, &key);

		if (slot == NULL || slot->flow != index ||
		    slot != flow_slot_of(table, index, (enum flow_side)side))
			ck_abort_msg("flow %u is not found from side %d", index, side);
	}
}

START_TEST(keys_and_rewrites)
{
	struct records *records = test_records(NULL, 16);
	struct flow_table *table = flow_table_new(records);
	struct flow_record body = {
		.protocol = 6, .vrf = 3, .il = 1, .ig = 2, .ol = 3, .og = 4,
		.il_port = 11, .ig_port = 12, .ol_port = 13, .og_port = 14,
	};
	uint32_t index = flow_add(table, &body, NOW);
	struct flow_key in = { 1, 3, 11, 13, 6, 0, 3 }, out = { 4, 2, 14, 12, 6, 1, 3 };
	struct flow_slot *slot = flow_lookup(table, &in);

	ck_assert_ptr_nonnull(slot);
	ck_assert_uint_eq(slot->flow, index);
	ck_assert_uint_eq(slot->new_source, 2);
	ck_assert_uint_eq(slot->new_destination, 4);
	ck_assert_uint_eq(slot->new_source_port, 12);
	ck_assert_uint_eq(slot->new_destination_port, 14);
	ck_assert_uint_eq(slot->epoch, 0);
	ck_assert_uint_eq(slot->window, 0);
	ck_assert_uint_eq(slot->last_used_s, NOW);
	slot = flow_lookup(table, &out);
	ck_assert_ptr_nonnull(slot);
	ck_assert_uint_eq(slot->new_source, 3);
	ck_assert_uint_eq(slot->new_destination, 1);
	ck_assert_uint_eq(slot->new_source_port, 13);
	ck_assert_uint_eq(slot->new_destination_port, 11);
	in.vrf = 0;
	ck_assert_ptr_null(flow_lookup(table, &in));
	flow_table_free(table);
	records_close(records);
}
END_TEST

START_TEST(icmp_keys)
{
	struct records *records = test_records(NULL, 16);
	struct flow_table *table = flow_table_new(records);
	struct flow_record body = {
		.protocol = 1, .il = 1, .ig = 2, .ol = 3, .og = 3,
		.il_port = 700, .ig_port = 800, .ol_port = 700, .og_port = 800,
	};
	struct flow_key in = { 1, 3, 700, 0, 1, 0, 0 }, out = { 3, 2, 0, 800, 1, 1, 0 };
	struct flow_slot *slot;

	ck_assert_uint_ne(flow_add(table, &body, NOW), RECORD_NONE);
	slot = flow_lookup(table, &in);
	ck_assert_ptr_nonnull(slot);
	ck_assert_uint_eq(slot->new_source_port, 800);
	ck_assert_uint_eq(slot->new_destination_port, 0);
	slot = flow_lookup(table, &out);
	ck_assert_ptr_nonnull(slot);
	ck_assert_uint_eq(slot->new_source_port, 0);
	ck_assert_uint_eq(slot->new_destination_port, 700);
	flow_table_free(table);
	records_close(records);
}
END_TEST

START_TEST(packets_are_counted_beyond_32_bits)
{
	struct records *records = test_records(NULL, 16);
	struct flow_table *table = flow_table_new(records);
	struct flow_record body = test_flow(5);
	uint32_t index = flow_add(table, &body, NOW), seal = records->flows[index].state;

	flow_slot_of(table, index, SIDE_OUTSIDE)->packets = 7;
	flow_carry(table, index, SIDE_OUTSIDE);
	flow_carry(table, index, SIDE_OUTSIDE);
	flow_carry(table, index, SIDE_INSIDE);
	ck_assert_uint_eq(flow_packets(table, index, SIDE_OUTSIDE), (2ULL << 32) + 7);
	ck_assert_uint_eq(flow_packets(table, index, SIDE_INSIDE), 1ULL << 32);
	for (int i = 0; i < 14; i++)
		flow_carry(table, index, SIDE_OUTSIDE);
	ck_assert_uint_eq(flow_packets(table, index, SIDE_OUTSIDE), 7);
	ck_assert_uint_eq(flow_packets(table, index, SIDE_INSIDE), 1ULL << 32);
	ck_assert_uint_eq(flow_seal(&records->flows[index]), seal);
	flow_table_free(table);
	records_close(records);
}
END_TEST

START_TEST(no_translation_twice)
{
	struct records *records = test_records(NULL, 16);
	struct flow_table *table = flow_table_new(records);
	struct flow_record body = test_flow(1);
	uint32_t index = flow_add(table, &body, NOW);

	ck_assert_uint_ne(index, RECORD_NONE);
	ck_assert_uint_eq(flow_add(table, &body, NOW), RECORD_NONE);
	body.il_port++; /* now only the outside key is taken */
	ck_assert_uint_eq(flow_add(table, &body, NOW), RECORD_NONE);
	body = test_flow(1);
	body.ig_port++; /* only the inside key */
	ck_assert_uint_eq(flow_add(table, &body, NOW), RECORD_NONE);
	ck_assert_uint_eq(flow_count(table), 1);
	check_found(table, index);
	flow_remove(table, index);
	ck_assert_uint_ne(flow_add(table, &body, NOW), RECORD_NONE);
	flow_table_free(table);
	records_close(records);
}
END_TEST

/* Adds until the table says full; every flow is found, then all are removed. */
static void fill(uint32_t capacity, uint32_t flows)
{
	struct records *records = test_records(NULL, capacity);
	struct flow_table *table = flow_table_new(records);
	struct flow_record body;
	uint32_t cursor = 0, index, n = 0;

	for (uint32_t i = 0; i < flows; i++) {
		body = test_flow(i);
		if (flow_add(table, &body, NOW) == RECORD_NONE)
			ck_abort_msg("flow %u of %u refused", i, capacity);
	}
	ck_assert_uint_eq(flow_count(table), flows);
	if (flows == capacity) {
		body = test_flow(flows);
		ck_assert_uint_eq(flow_add(table, &body, NOW), RECORD_NONE);
	}
	printf("%u flows in a table for %u: %llu slots moved, %u in the stash\n", flows, capacity,
	       (unsigned long long)flow_displaced(table), flow_stashed(table));
	while ((index = flow_next(table, &cursor, UINT32_MAX)) != RECORD_NONE) {
		check_found(table, index);
		n++;
	}
	ck_assert_uint_eq(n, flows);
	for (uint32_t i = 0; i < flows; i++)
		flow_remove(table, i);
	ck_assert_uint_eq(flow_count(table), 0);
	ck_assert_uint_eq(flow_stashed(table), 0);
	for (uint32_t i = 0; i < records->slot_buckets * 4 + records->stash_slots; i++)
		ck_assert_msg(records->slots[i].state == 0, "slot %u left behind", i);
	flow_table_free(table);
	records_close(records);
}

START_TEST(fill_small)
{
	static const uint32_t sizes[] = { 1, 2, 3, 7, 10, 64, 100, 1000, 4096 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		fill(sizes[i], sizes[i]);
}
END_TEST

START_TEST(fill_medium)
{
	fill(65536, 65536);
}
END_TEST

/* reliability: a million flows in the default table, no refusal. */
START_TEST(fill_a_million)
{
	struct records *records = test_records(NULL, 1048576);
	struct flow_table *table = flow_table_new(records);

	for (uint32_t i = 0; i < 1000000; i++) {
		struct flow_record body = test_flow(i);

		if (flow_add(table, &body, NOW) == RECORD_NONE)
			ck_abort_msg("flow %u refused", i);
	}
	for (uint32_t i = 0; i < 1000000; i += 997)
		check_found(table, i);
	flow_table_free(table);
	records_close(records);
}
END_TEST

/* At a load above what the table is made for the stash comes into use, and empties again. */
START_TEST(stash)
{
	struct records *records = test_records(NULL, 400);
	struct flow_table *table;
	uint32_t most = 0, n = 0;

	records->slot_buckets = records->slot_buckets * 84 / 100; /* 101 % of the buckets' slots */
	table = flow_table_new(records);
	for (uint32_t i = 0; i < 400; i++) {
		struct flow_record body = test_flow(i);

		if (flow_add(table, &body, NOW) == RECORD_NONE)
			break;
		n++;
		most = flow_stashed(table) > most ? flow_stashed(table) : most;
	}
	ck_assert_uint_gt(most, 0);
	ck_assert_uint_eq(flow_count(table), n);
	for (uint32_t i = 0; i < n; i++)
		check_found(table, i);
	for (uint32_t i = 0; i < n; i++) {
		if (i == n * 15 / 16) /* each had 8 slots to come home to: all of them still full, 1 in 2^32 */
			ck_assert_uint_eq(flow_stashed(table), 0);
		flow_remove(table, i);
		if (i % 16 == 0) {
			for (uint32_t j = i + 1; j < n; j++)
				check_found(table, j);
		}
	}
	ck_assert_uint_eq(flow_stashed(table), 0);
	flow_table_free(table);
	records_close(records);
}
END_TEST

START_TEST(model)
{
	enum { FLOWS = 3000, CAPACITY = 1000 };
	static uint32_t at[FLOWS];
	uint64_t seed = test_seed();
	struct records *records = test_records(NULL, CAPACITY);
	struct flow_table *table = flow_table_new(records);
	uint32_t count = 0;

	memset(at, 0xff, sizeof(at));
	for (int round = 0; round < 200000; round++) {
		uint32_t n = test_random(&seed) % FLOWS;
		struct flow_record body = test_flow(n);
		struct flow_key key = flow_key_of(&body, (enum flow_side)(test_random(&seed) % 2));
		struct flow_slot *slot = flow_lookup(table, &key);

		if ((slot != NULL) != (at[n] != RECORD_NONE) || (slot != NULL && slot->flow != at[n]))
			ck_abort_msg("flow %u: wrong lookup in round %d", n, round);
		if (slot != NULL) {
			flow_remove(table, at[n]);
			at[n] = RECORD_NONE;
			count--;
		} else {
			at[n] = flow_add(table, &body, NOW);
			if ((at[n] == RECORD_NONE) != (count == CAPACITY))
				ck_abort_msg("refused at %u", count);
			count += at[n] != RECORD_NONE;
		}
	}
	ck_assert_uint_eq(flow_count(table), count);
	for (uint32_t n = 0; n < FLOWS; n++) {
		if (at[n] != RECORD_NONE)
			check_found(table, at[n]);
	}
	flow_table_free(table);
	records_close(records);
}
END_TEST

START_TEST(next_in_portions)
{
	struct records *records = test_records(NULL, 100);
	struct flow_table *table = flow_table_new(records);
	uint32_t cursor = 0, seen = 0, portions = 0;

	for (uint32_t i = 0; i < 50; i++) {
		struct flow_record body = test_flow(i);

		flow_add(table, &body, NOW);
	}
	for (uint32_t i = 0; i < 50; i++) {
		if (i % 5 != 0)
			flow_remove(table, i);
	}
	while (cursor != RECORD_NONE) {
		uint32_t index = flow_next(table, &cursor, 3);

		portions++;
		if (index == RECORD_NONE)
			continue;
		ck_assert_uint_eq(index % 5, 0);
		seen++;
	}
	ck_assert_uint_eq(seen, 10);
	ck_assert_uint_gt(portions, 15);
	ck_assert_ptr_null(flow_at(table, 1));
	ck_assert_ptr_null(flow_at(table, RECORD_NONE));
	ck_assert_ptr_nonnull(flow_at(table, 0));
	flow_table_free(table);
	records_close(records);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("flow");
	TCase *tests = tcase_create("flow");

	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, keys_and_rewrites);
	tcase_add_test(tests, icmp_keys);
	tcase_add_test(tests, packets_are_counted_beyond_32_bits);
	tcase_add_test(tests, no_translation_twice);
	tcase_add_test(tests, fill_small);
	tcase_add_test(tests, fill_medium);
	tcase_add_test(tests, fill_a_million);
	tcase_add_test(tests, stash);
	tcase_add_test(tests, model);
	tcase_add_test(tests, next_in_portions);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
