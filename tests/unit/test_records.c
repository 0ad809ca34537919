/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mapping and adoption: what a daemon left is there for the next, a file that does not fit is started anew, damage
 * costs what it hits (reliability 4.1, 4.2), and a full file system is a full table.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "nat/binding.h"
#include "nat/flow.h"
#include "suite.h"
#include "tables.h"

#define NOW 1000

static char directory[64], path[96];
static long pages_left = -1;

/* Stands before the library's: a file system that is full after pages_left more pages. */
int fallocate(int fd, int mode, off_t offset, off_t length)
{
	if (mode == 0 && pages_left >= 0 && pages_left-- == 0) {
		pages_left = 0;
		errno = ENOSPC;
		return -1;
	}
	return (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

static void setup(void)
{
	test_directory(directory);
	snprintf(path, sizeof(path), "%s/records", directory);
	pages_left = -1;
}

static void teardown(void)
{
	test_directory_remove(directory);
}

static void overwrite(long offset, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, n, offset), (ssize_t)n);
	close(fd);
}

static void read_at(long offset, void *bytes, size_t n)
{
	int fd = open(path, O_RDONLY);

	ck_assert_int_eq(pread(fd, bytes, n, offset), (ssize_t)n);
	close(fd);
}

static bool found(struct flow_table *table, const struct flow_record *body)
{
	struct flow_key in = flow_key_of(body, SIDE_INSIDE), out = flow_key_of(body, SIDE_OUTSIDE);
	struct flow_slot *a = flow_lookup(table, &in), *b = flow_lookup(table, &out);

	ck_assert_int_eq(a != NULL, b != NULL);
	ck_assert(a == NULL || a->flow == b->flow);
	return a != NULL;
}

/* Makes `n` flows in a file for `max` and closes it as a killed daemon would: nothing is written at the end. */
static void leave(uint32_t max, uint32_t n)
{
	struct records *records = test_records(directory, max);
	struct flow_table *table = flow_table_new(records);

	ck_assert(records->fresh);
	for (uint32_t i = 0; i < n; i++) {
		struct flow_record body = test_flow(i);

		ck_assert_uint_eq(flow_add(table, &body, NOW), i);
	}
	flow_table_free(table);
	records_close(records);
}

START_TEST(adopted_in_the_next_life)
{
	struct records *records;
	struct flow_table *table;

	leave(200, 150);
	records = test_records(directory, 200);
	ck_assert(!records->fresh);
	table = flow_table_new(records);
	ck_assert_uint_eq(flow_table_adopt(table, NOW, 0), 150);
	for (uint32_t i = 0; i < 151; i++) {
		struct flow_record body = test_flow(i);

		ck_assert_int_eq(found(table, &body), i < 150);
	}
	ck_assert_uint_eq(flow_at(table, 7)->created_s, 100);
	ck_assert_uint_eq(flow_at(table, 7)->binding, RECORD_NONE);
	/* It goes on as any other table. */
	flow_remove(table, 20);
	for (uint32_t i = 150; i < 201; i++) {
		struct flow_record body = test_flow(i);

		ck_assert_uint_ne(flow_add(table, &body, NOW), RECORD_NONE);
	}
	ck_assert_uint_eq(flow_count(table), 200);
	flow_table_free(table);
	records_close(records);
}
END_TEST

START_TEST(adopted_again_in_the_same_life)
{
	struct records *records = test_records(NULL, 200);
	struct flow_table *table = flow_table_new(records);

	for (uint32_t i = 0; i < 200; i++) {
		struct flow_record body = test_flow(i);

		flow_add(table, &body, NOW);
	}
	for (uint32_t i = 0; i < 200; i += 2)
		flow_remove(table, i);
	ck_assert_uint_eq(flow_table_adopt(table, NOW, 0), 100);
	flow_table_free(table);
	table = flow_table_new(records);
	ck_assert_uint_eq(flow_count(table), 0);
	ck_assert_uint_eq(flow_table_adopt(table, NOW, 0), 100);
	ck_assert_ptr_nonnull(flow_at(table, 1));
	flow_table_free(table);
	records_close(records);
}
END_TEST

START_TEST(high_water_goes_down)
{
	struct records *records;
	struct flow_table *table;

	leave(200, 150);
	records = test_records(directory, 200);
	table = flow_table_new(records);
	flow_table_adopt(table, NOW, 0);
	ck_assert_uint_eq(records_high(records, REGION_FLOWS), 150);
	for (uint32_t i = 10; i < 150; i++)
		flow_remove(table, i);
	flow_table_adopt(table, NOW, 0);
	ck_assert_uint_eq(records_high(records, REGION_FLOWS), 10);
	ck_assert_uint_eq(flow_count(table), 10);
	flow_table_free(table);
	records_close(records);
}
END_TEST

START_TEST(private_and_locked)
{
	struct records *records = test_records(directory, 10), *second;
	struct err err = { "" };
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_lt(st.st_blocks * 512, 65536); /* sparse */
	second = records_open(directory, 10, &err);
	ck_assert_ptr_null(second);
	ck_assert_ptr_nonnull(strstr(err.text, "in use"));
	records_close(records);
	records_close(test_records(directory, 10));
}
END_TEST

START_TEST(what_is_not_a_file_is_refused)
{
	struct err err = { "" };

	ck_assert_ptr_null(records_open("/nonexistent", 10, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "cannot open"));
	ck_assert_int_eq(symlink("/tmp/elsewhere", path), 0);
	err.text[0] = '\0';
	ck_assert_ptr_null(records_open(directory, 10, &err));
	ck_assert_str_ne(err.text, "");
	ck_assert_ptr_null(records_open(NULL, 0, &err));
}
END_TEST

/* Each makes the file not fit; without a change it does (adopted_in_the_next_life). */
static const struct misfit {
	const char *what;
	long offset;
	uint32_t max_flows;
	off_t size;
} misfits[] = {
	{ "magic", 0, 50, 0 },
	{ "layout", 8, 50, 0 },
	{ "boot id", 20, 50, 0 },
	{ "header check", 64, 50, 0 },
	{ "other number of flows", -1, 51, 0 },
	{ "cut short", -1, 50, 6000 },
	{ "cut within the header", -1, 50, 10 },
};

START_TEST(misfit_is_started_anew)
{
	const struct misfit *misfit = &misfits[_i];
	struct records *records;
	struct flow_table *table;
	uint8_t byte;

	leave(50, 40);
	if (misfit->offset >= 0) {
		read_at(misfit->offset, &byte, 1);
		byte ^= 0x10;
		overwrite(misfit->offset, &byte, 1);
	}
	if (misfit->size > 0)
		ck_assert_int_eq(truncate(path, misfit->size), 0);
	records = test_records(directory, misfit->max_flows);
	ck_assert_msg(records->fresh, "%s", misfit->what);
	table = flow_table_new(records);
	ck_assert_uint_eq(flow_table_adopt(table, NOW, 0), 0);
	for (uint32_t i = 0; i < 40; i++)
		ck_assert_uint_eq(records->flows[i].state, 0);
	flow_table_free(table);
	records_close(records);
}
END_TEST

START_TEST(high_water_damage_costs_nothing)
{
	static const uint8_t junk[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	struct records *records;
	struct flow_table *table;

	leave(50, 40);
	overwrite(88, junk, sizeof(junk)); /* after the secret: the two marks */
	records = test_records(directory, 50);
	ck_assert(!records->fresh);
	ck_assert_uint_eq(records_high(records, REGION_FLOWS), 50);
	table = flow_table_new(records);
	ck_assert_uint_eq(flow_table_adopt(table, NOW, 0), 40);
	ck_assert_uint_eq(records_high(records, REGION_FLOWS), 40);
	flow_table_free(table);
	records_close(records);
}
END_TEST

static const struct flow_damage {
	const char *what;
	size_t offset;
	uint8_t value;
} flow_damages[] = {
	{ "being written", offsetof(struct flow_record, state), 1 },
	{ "an address", offsetof(struct flow_record, ig), 99 },
	{ "a port", offsetof(struct flow_record, og_port), 99 },
	{ "a rule", offsetof(struct flow_record, rule), 99 },
	{ "a phase that is none", offsetof(struct flow_record, phase), 77 },
	{ "a flag that is none", offsetof(struct flow_record, flags), 0x80 },
	{ "born tomorrow", offsetof(struct flow_record, created_s) + 3, 1 },
};

START_TEST(damaged_flow_is_discarded_alone)
{
	const struct flow_damage *damage = &flow_damages[_i];
	struct records *records = test_records(NULL, 50);
	struct flow_table *table = flow_table_new(records);

	for (uint32_t i = 0; i < 20; i++) {
		struct flow_record body = test_flow(i);

		flow_add(table, &body, NOW);
	}
	((uint8_t *)&records->flows[5])[damage->offset] = damage->value;
	if (damage->offset == 0) /* the rest of the state word */
		records->flows[5].state = RECORD_WRITING;
	flow_table_free(table);
	table = flow_table_new(records);
	ck_assert_msg(flow_table_adopt(table, NOW, 0) == 19, "%s", damage->what);
	for (uint32_t i = 0; i < 20; i++) {
		struct flow_record body = test_flow(i);

		ck_assert_int_eq(found(table, &body), i != 5);
	}
	ck_assert_uint_eq(records->flows[5].state, 0);
	flow_table_free(table);
	records_close(records);
}
END_TEST

START_TEST(double_flow_is_discarded)
{
	struct records *records = test_records(NULL, 50);
	struct flow_table *table = flow_table_new(records);
	struct flow_record body = test_flow(1), other = test_flow(2);

	flow_add(table, &body, NOW);
	flow_add(table, &other, NOW);
	records->flows[1] = records->flows[0];
	ck_assert_uint_eq(flow_table_adopt(table, NOW, 0), 1);
	ck_assert(found(table, &body));
	ck_assert_ptr_nonnull(flow_at(table, 0));
	ck_assert_ptr_null(flow_at(table, 1));
	flow_table_free(table);
	records_close(records);
}
END_TEST

/* reliability 4.2: random bytes, a thousand times. What was not hit survives; what was hit in its identity is gone. */
START_TEST(random_bytes)
{
	enum { FLOWS = 64 };
	uint64_t seed = test_seed();
	struct records *records = test_records(NULL, FLOWS);
	struct flow_table *table = flow_table_new(records);
	static struct flow_record good[FLOWS];
	uint32_t lost = 0;

	for (uint32_t i = 0; i < FLOWS; i++) {
		struct flow_record body = test_flow(i);

		flow_add(table, &body, NOW);
	}
	memcpy(good, records->flows, sizeof(good));
	for (int round = 0; round < 1000; round++) {
		bool hit[FLOWS] = { false };
		uint32_t count;

		memcpy(records->flows, good, sizeof(good));
		records_set_high(records, REGION_FLOWS, FLOWS);
		for (uint32_t n = test_random(&seed) % 200; n > 0; n--) {
			uint32_t at = test_random(&seed) % sizeof(good);
			uint8_t byte = (uint8_t)test_random(&seed);
			uint8_t *to = (uint8_t *)records->flows + at;

			hit[at / sizeof(struct flow_record)] |= *to != byte;
			*to = byte;
		}
		count = flow_table_adopt(table, NOW, 0);
		ck_assert_uint_le(count, FLOWS);
		lost += FLOWS - count;
		for (uint32_t i = 0; i < FLOWS; i++) {
			if (!hit[i] && !found(table, &good[i]))
				ck_abort_msg("flow %u was not hit and is lost", i);
		}
	}
	ck_assert_uint_gt(lost, 0);
	flow_table_free(table);
	records_close(records);
}
END_TEST

START_TEST(full_file_system_is_a_full_table)
{
	struct records *records = test_records(directory, 5000);
	struct flow_table *flows = flow_table_new(records);
	struct binding_table *bindings = binding_table_new(records);
	struct binding_record binding = { .protocol = 17, .local = 1, .global = 2, .local_port = 1 };
	uint32_t n = 0;

	pages_left = 3;
	for (struct flow_record body = test_flow(0); flow_add(flows, &body, NOW) != RECORD_NONE;)
		body = test_flow(++n);
	ck_assert_uint_eq(n, 3 * 4096 / sizeof(struct flow_record));
	ck_assert_uint_eq(flow_count(flows), n);
	for (uint32_t i = 0; i < n; i++) {
		struct flow_record body = test_flow(i);

		ck_assert(found(flows, &body));
	}
	ck_assert_ptr_null(binding_add(bindings, &binding));
	pages_left = -1; /* room again */
	ck_assert_ptr_nonnull(binding_add(bindings, &binding));
	for (uint32_t i = n; i < 5000; i++) {
		struct flow_record body = test_flow(i);

		ck_assert_uint_ne(flow_add(flows, &body, NOW), RECORD_NONE);
	}
	flow_table_free(flows);
	binding_table_free(bindings);
	records_close(records);
}
END_TEST

/* The budget: mapped bytes for each flow at the configured capacity. */
START_TEST(bytes_for_each_flow)
{
	struct records *records = test_records(NULL, 1048576);

	uint64_t slots = records->slot_buckets * UINT64_C(4) + records->stash_slots;

	ck_assert_uint_le((records->map.size + slots * sizeof(struct flow_slot)) / 1048576, 256);
	ck_assert_uint_ge((uint64_t)records->slot_buckets * 4 * 85, (uint64_t)1048576 * 2 * 100);
	records_close(records);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("records");
	TCase *tests = tcase_create("records");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, adopted_in_the_next_life);
	tcase_add_test(tests, adopted_again_in_the_same_life);
	tcase_add_test(tests, high_water_goes_down);
	tcase_add_test(tests, private_and_locked);
	tcase_add_test(tests, what_is_not_a_file_is_refused);
	tcase_add_loop_test(tests, misfit_is_started_anew, 0, sizeof(misfits) / sizeof(*misfits));
	tcase_add_test(tests, high_water_damage_costs_nothing);
	tcase_add_loop_test(tests, damaged_flow_is_discarded_alone, 0,
			    sizeof(flow_damages) / sizeof(*flow_damages));
	tcase_add_test(tests, double_flow_is_discarded);
	tcase_add_test(tests, random_bytes);
	tcase_add_test(tests, full_file_system_is_a_full_table);
	tcase_add_test(tests, bytes_for_each_flow);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
