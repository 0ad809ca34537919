/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Death after every single store into the records: the tables are compiled here so that a child process dies after its
 * Nth store, for all N of inserting (with displacement), removing, binding and adopting. The next life must find every
 * flow whose addition had returned by both its keys, none whose removal had returned, and nothing half there or double.
 */
#ifndef ALGATE_ABORT_TEST
#error "compile this test, records.c, flow.c and binding.c with -DALGATE_ABORT_TEST"
#endif
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "nat/binding.h"
#include "nat/flow.h"
#include "suite.h"
#include "tables.h"

#define CAPACITY 120
#define BASE 100 /* flows before the counting begins */
#define NOW 1000

static char directory[64];

/* What the child has done, in memory that outlives it. */
static struct progress {
	uint32_t done;      /* operations that returned */
	bool complete;
	uint64_t displaced;
} *progress;

enum what { ADD, REMOVE, BIND, UNBIND };

static const struct operation {
	enum what what;
	uint32_t n;
} operations[] = {
	{ BIND, 0 }, { ADD, 100 }, { ADD, 101 }, { BIND, 1 }, { ADD, 102 }, { ADD, 103 }, { ADD, 104 },
	{ REMOVE, 3 }, { ADD, 105 }, { ADD, 106 }, { REMOVE, 102 }, { UNBIND, 0 }, { ADD, 107 }, { REMOVE, 50 },
	{ REMOVE, 51 }, { ADD, 108 }, { ADD, 109 }, { ADD, 110 }, { ADD, 111 }, { ADD, 3 }, { BIND, 2 },
	{ ADD, 112 }, { REMOVE, 112 }, { ADD, 113 },
};
#define N_OPERATIONS (sizeof(operations) / sizeof(*operations))

/* A tight table with a known hash, so that insertions displace, and do so the same way in every child. */
static struct records *open_tight(void)
{
	struct records *records = test_records(directory, CAPACITY);

	records->slot_buckets = 58;
	records->secret = (struct siphash_key){ 1, 2 };
	return records;
}

static struct binding_record test_binding(uint32_t n)
{
	struct binding_record binding = {
		.protocol = 17, .local = 0x0a000001, .global = 0xcb007101, .local_port = (uint16_t)(n + 1),
		.global_port = (uint16_t)(n + 1), .rule = 4, .created_s = 3,
	};

	return binding;
}

static uint32_t index_of(struct flow_table *table, uint32_t n)
{
	struct flow_record body = test_flow(n);
	struct flow_key key = flow_key_of(&body, SIDE_INSIDE);
	struct flow_slot *slot = flow_lookup(table, &key);

	return slot != NULL ? slot->flow : RECORD_NONE;
}

static bool operate(struct flow_table *flows, struct binding_table *bindings, struct operation op)
{
	struct flow_record flow = test_flow(op.n);
	struct binding_record binding = test_binding(op.n);
	struct endpoint local = { binding.local, binding.local_port };

	switch (op.what) {
	case ADD:
		return flow_add(flows, &flow, NOW) != RECORD_NONE;
	case REMOVE:
		flow_remove(flows, index_of(flows, op.n));
		return true;
	case BIND:
		return binding_add(bindings, &binding) != NULL;
	case UNBIND:
		binding_remove(bindings, binding_by_local(bindings, 0, 17, local));
		return true;
	}
	return false;
}

static void child(uint64_t stores)
{
	struct records *records = open_tight();
	struct flow_table *flows = flow_table_new(records);
	struct binding_table *bindings = binding_table_new(records);

	for (uint32_t i = 0; i < BASE; i++) {
		if (!operate(flows, bindings, (struct operation){ ADD, i }))
			_exit(1);
	}
	progress->displaced = flow_displaced(flows);
	records_stores_left = stores;
	for (; progress->done < N_OPERATIONS; progress->done++) {
		if (!operate(flows, bindings, operations[progress->done]))
			_exit(1);
	}
	records_stores_left = 0;
	progress->displaced = flow_displaced(flows) - progress->displaced;
	progress->complete = true;
	_exit(0);
}

/* Runs fn(stores) in a process of its own; false if it died at a store. */
static bool survives(void (*fn)(uint64_t stores), uint64_t stores)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		fn(stores);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return false;
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
	return true;
}

/* How often flow or binding n was added less removed by the first `done` operations. */
static bool expected(enum what added, uint32_t n, uint32_t done)
{
	bool there = added == ADD && n < BASE;

	for (uint32_t i = 0; i < done; i++) {
		if (operations[i].n == n && operations[i].what == added)
			there = true;
		if (operations[i].n == n && operations[i].what == added + 1)
			there = false;
	}
	return there;
}

/* Is it there as it was before the operation that was cut off, or as it would be after it? */
static void check_presence(bool there, enum what added, uint32_t n, uint64_t stores)
{
	uint32_t next = progress->done < N_OPERATIONS ? progress->done + 1 : progress->done;

	if (there != expected(added, n, progress->done) && there != expected(added, n, next))
		ck_abort_msg("store %llu, operation %u: %s %u is %s", (unsigned long long)stores,
			     progress->done, added == ADD ? "flow" : "binding", n, there ? "there" : "lost");
}

static bool flow_is_whole(struct flow_table *table, uint32_t n)
{
	struct flow_record body = test_flow(n), *flow;
	uint32_t index = index_of(table, n);
	struct flow_key out = flow_key_of(&body, SIDE_OUTSIDE);
	struct flow_slot *slot = flow_lookup(table, &out);

	ck_assert_int_eq(slot != NULL, index != RECORD_NONE);
	if (slot == NULL)
		return false;
	ck_assert_uint_eq(slot->flow, index);
	flow = flow_at(table, index);
	ck_assert_ptr_nonnull(flow);
	ck_assert_uint_eq(flow_seal(flow), flow->state);
	ck_assert_uint_eq(flow->il_port, body.il_port);
	ck_assert_uint_eq(flow->og, body.og);
	ck_assert_uint_eq(flow->rule, body.rule);
	ck_assert_ptr_eq(flow_slot_of(table, index, SIDE_OUTSIDE), slot);
	return true;
}

static void check_flows(struct records *records, uint64_t stores)
{
	struct flow_table *table = flow_table_new(records);
	uint32_t kept = flow_table_adopt(table, NOW, 0), n = 0, used = 0;

	for (uint32_t i = 0; i < CAPACITY; i++) {
		bool there = flow_is_whole(table, i);

		check_presence(there, ADD, i, stores);
		n += there;
	}
	ck_assert_uint_eq(n, kept);
	for (uint32_t i = 0; i < records->slot_buckets * 4 + records->stash_slots; i++)
		used += records->slots[i].state != 0;
	ck_assert_uint_eq(used, 2 * kept);
	/* No record is lost to the free list. */
	for (uint32_t i = 0; kept < CAPACITY; i++, kept++) {
		struct flow_record body = test_flow(1000 + i);

		ck_assert_uint_ne(flow_add(table, &body, NOW), RECORD_NONE);
	}
	for (uint32_t i = 0; i < CAPACITY; i++)
		flow_remove(table, i);
	ck_assert_uint_eq(flow_count(table), 0);
	flow_table_free(table);
}

static void check_bindings(struct records *records, uint64_t stores)
{
	struct binding_table *table = binding_table_new(records);
	uint32_t kept = binding_table_adopt(table), n = 0;

	for (uint32_t i = 0; i < 3; i++) {
		struct binding_record want = test_binding(i), *got;
		struct endpoint local = { want.local, want.local_port }, global = { want.global, want.global_port };

		got = binding_by_local(table, 0, 17, local);
		ck_assert_ptr_eq(binding_by_global(table, 0, 17, global), got);
		check_presence(got != NULL, BIND, i, stores);
		n += got != NULL;
	}
	ck_assert_uint_eq(n, kept);
	ck_assert_uint_eq(binding_paired(table, 0, 0x0a000001, 4), kept > 0 ? 0xcb007101 : 0);
	binding_table_free(table);
}

static void setup(void)
{
	test_directory(directory);
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(progress, MAP_FAILED);
}

static void teardown(void)
{
	munmap(progress, sizeof(*progress));
	test_directory_remove(directory);
}

static void forget_file(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/records", directory);
	unlink(path);
}

START_TEST(every_store_of_the_tables)
{
	uint64_t stores;

	for (stores = 1;; stores++) {
		struct records *records;
		bool survived;

		forget_file();
		memset(progress, 0, sizeof(*progress));
		survived = survives(child, stores);
		records = test_records(directory, CAPACITY);
		ck_assert(!records->fresh);
		check_bindings(records, stores);
		check_flows(records, stores);
		records_close(records);
		if (survived)
			break;
	}
	printf("%llu stores, %llu slots moved\n", (unsigned long long)stores - 1,
	       (unsigned long long)progress->displaced);
	ck_assert(progress->complete);
	ck_assert_uint_gt(stores, 10 * N_OPERATIONS);
	ck_assert_uint_gt(progress->displaced, 3); /* or displacing was not tested */
}
END_TEST

static void adopting_child(uint64_t stores)
{
	struct records *records = open_tight();
	struct flow_table *flows = flow_table_new(records);
	struct binding_table *bindings = binding_table_new(records);

	records_stores_left = stores;
	binding_table_adopt(bindings);
	flow_table_adopt(flows, NOW, 0);
	records_stores_left = 0;
	_exit(0);
}

/* Adoption that is itself cut off, again and again on the same file, which also holds damage to clean away. */
START_TEST(every_store_of_adoption)
{
	struct records *records;
	struct flow_table *flows;
	uint64_t stores = 1;

	ck_assert(survives(child, 0));
	records = open_tight();
	records->flows[20].ig++;
	records->flows[70].state = RECORD_WRITING;
	records_close(records);
	while (!survives(adopting_child, stores))
		stores++;
	ck_assert_uint_gt(stores, 100);
	records = open_tight();
	check_bindings(records, stores);
	flows = flow_table_new(records);
	flow_table_adopt(flows, NOW, 0);
	ck_assert_uint_eq(records->flows[20].state | records->flows[70].state, 0);
	for (uint32_t i = 0; i < CAPACITY; i++) {
		bool damaged = i == 20 || i == 70;

		ck_assert_int_eq(flow_is_whole(flows, i), !damaged && expected(ADD, i, N_OPERATIONS));
	}
	flow_table_free(flows);
	records_close(records);
}
END_TEST

static void opening_child(uint64_t stores)
{
	records_stores_left = stores;
	test_records(directory, CAPACITY);
	records_stores_left = 0;
	_exit(0);
}

/* A file that was never finished is never taken for a whole one: only the last store, the magic, makes it one. */
START_TEST(every_store_of_the_header)
{
	uint64_t stores = 0, first_whole = 0;
	bool survived = false;

	while (!survived) {
		struct records *records;

		forget_file();
		survived = survives(opening_child, ++stores);
		records = test_records(directory, CAPACITY);
		if (!records->fresh && first_whole == 0)
			first_whole = stores;
		ck_assert_uint_eq(records_high(records, REGION_FLOWS), 0);
		records_close(records);
	}
	ck_assert_uint_gt(stores, 5);
	ck_assert_uint_eq(first_whole, stores - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crash");
	TCase *tests = tcase_create("crash");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, every_store_of_the_tables);
	tcase_add_test(tests, every_store_of_adoption);
	tcase_add_test(tests, every_store_of_the_header);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
