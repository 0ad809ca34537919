/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bindings: found by both sides, never double (RFC 4787 REQ-3), paired (REQ-2), adopted. */
#include "nat/binding.h"
#include "suite.h"
#include "tables.h"

#define HOST 0x0a000001
#define GLOBAL 0xcb007101
#define UDP 17

static struct records *records;
static struct binding_table *table;

static void setup(void)
{
	records = test_records(NULL, 1000);
	table = binding_table_new(records);
}

static void teardown(void)
{
	binding_table_free(table);
	records_close(records);
}

static struct binding_record body(ip4 local, uint16_t local_port, ip4 global, uint16_t global_port)
{
	struct binding_record binding = {
		.protocol = UDP, .local = local, .global = global, .local_port = local_port,
		.global_port = global_port, .rule = 5, .created_s = 10, .flows = 77,
	};

	return binding;
}

static struct binding_record *add(ip4 local, uint16_t local_port, ip4 global, uint16_t global_port)
{
	struct binding_record binding = body(local, local_port, global, global_port);

	return binding_add(table, &binding);
}

static struct binding_record *by_local(ip4 addr, uint16_t port)
{
	return binding_by_local(table, 0, UDP, (struct endpoint){ addr, port });
}

static struct binding_record *by_global(ip4 addr, uint16_t port)
{
	return binding_by_global(table, 0, UDP, (struct endpoint){ addr, port });
}

START_TEST(found_by_both_sides)
{
	struct binding_record *binding = add(HOST, 1000, GLOBAL, 2000);

	ck_assert_ptr_nonnull(binding);
	ck_assert_uint_eq(binding->flows, 0);
	ck_assert_ptr_eq(by_local(HOST, 1000), binding);
	ck_assert_ptr_eq(by_global(GLOBAL, 2000), binding);
	ck_assert_ptr_null(by_local(HOST, 2000));
	ck_assert_ptr_null(by_global(HOST, 1000));
	ck_assert_ptr_null(binding_by_local(table, 1, UDP, (struct endpoint){ HOST, 1000 }));
	ck_assert_ptr_null(binding_by_local(table, 0, 6, (struct endpoint){ HOST, 1000 }));
	ck_assert_ptr_eq(binding_at(table, binding_index(table, binding)), binding);
	binding_remove(table, binding);
	ck_assert_ptr_null(by_local(HOST, 1000));
	ck_assert_ptr_null(by_global(GLOBAL, 2000));
	ck_assert_ptr_null(binding_at(table, 0));
	ck_assert_uint_eq(binding_count(table), 0);
}
END_TEST

START_TEST(no_endpoint_twice)
{
	ck_assert_ptr_nonnull(add(HOST, 1000, GLOBAL, 2000));
	ck_assert_ptr_null(add(HOST, 1000, GLOBAL, 2001));
	ck_assert_ptr_null(add(HOST, 1001, GLOBAL, 2000));
	ck_assert_uint_eq(binding_count(table), 1);
	ck_assert_ptr_nonnull(add(HOST, 1001, GLOBAL, 2001));
}
END_TEST

START_TEST(pairing_follows_the_bindings)
{
	struct binding_record *a = add(HOST, 1, GLOBAL, 1), *b = add(HOST, 2, GLOBAL, 2);
	struct binding_record *c = add(HOST, 3, GLOBAL + 1, 3), address = body(HOST, 0, GLOBAL + 9, 0);

	ck_assert_uint_eq(binding_paired(table, 0, HOST, 5), GLOBAL);
	ck_assert_uint_eq(binding_paired(table, 0, HOST, 6), 0);
	ck_assert_uint_eq(binding_paired(table, 1, HOST, 5), 0);
	ck_assert_uint_eq(binding_paired(table, 0, HOST + 1, 5), 0);
	binding_remove(table, a);
	ck_assert_uint_eq(binding_paired(table, 0, HOST, 5), GLOBAL);
	binding_remove(table, b);
	ck_assert_uint_eq(binding_paired(table, 0, HOST, 5), GLOBAL + 1);
	binding_remove(table, c);
	ck_assert_uint_eq(binding_paired(table, 0, HOST, 5), 0);
	address.protocol = 0;
	address.flags = BINDING_ADDRESS;
	ck_assert_ptr_nonnull(binding_add(table, &address));
	ck_assert_uint_eq(binding_paired(table, 0, HOST, 5), 0);
}
END_TEST

START_TEST(full_to_the_last)
{
	for (uint32_t i = 0; i < 1000; i++)
		ck_assert_ptr_nonnull(add(HOST + i, 1, GLOBAL, (uint16_t)i));
	ck_assert_ptr_null(add(HOST, 2, GLOBAL, 5000));
	binding_remove(table, by_local(HOST + 500, 1));
	ck_assert_ptr_nonnull(add(HOST, 2, GLOBAL, 5000));
}
END_TEST

START_TEST(model)
{
	enum { LOCALS = 2000 };
	static uint16_t port[LOCALS];
	uint64_t seed = test_seed();
	uint32_t count = 0;

	memset(port, 0, sizeof(port));
	for (int round = 0; round < 200000; round++) {
		uint32_t n = test_random(&seed) % LOCALS;
		struct binding_record *binding = by_local(HOST + n % 50, (uint16_t)(n / 50));

		if ((binding != NULL) != (port[n] != 0))
			ck_abort_msg("binding %u: wrong lookup", n);
		if (binding != NULL) {
			ck_assert_ptr_eq(by_global(GLOBAL, port[n]), binding);
			binding_remove(table, binding);
			port[n] = 0;
			count--;
			continue;
		}
		port[n] = (uint16_t)(1 + test_random(&seed) % 65535);
		if (by_global(GLOBAL, port[n]) != NULL || count == 1000) {
			ck_assert_ptr_null(add(HOST + n % 50, (uint16_t)(n / 50), GLOBAL, port[n]));
			port[n] = 0;
			continue;
		}
		ck_assert_ptr_nonnull(add(HOST + n % 50, (uint16_t)(n / 50), GLOBAL, port[n]));
		count++;
	}
	ck_assert_uint_eq(binding_count(table), count);
	for (uint32_t host = 0; host < 50; host++) {
		bool any = false;

		for (uint32_t n = host; n < LOCALS; n += 50)
			any = any || port[n] != 0;
		ck_assert_uint_eq(binding_paired(table, 0, HOST + host, 5), any ? GLOBAL : 0);
	}
}
END_TEST

START_TEST(adopted)
{
	uint32_t cursor = 0, n = 0, index;

	for (uint32_t i = 0; i < 300; i++)
		add(HOST + i % 7, (uint16_t)i, GLOBAL, (uint16_t)i)->flows = 3;
	for (uint32_t i = 0; i < 300; i += 3)
		binding_remove(table, by_global(GLOBAL, (uint16_t)i));
	binding_table_free(table);
	table = binding_table_new(records);
	ck_assert_uint_eq(binding_table_adopt(table), 200);
	while ((index = binding_next(table, &cursor, UINT32_MAX)) != RECORD_NONE) {
		struct binding_record *binding = binding_at(table, index);

		ck_assert_uint_eq(binding->flows, 0);
		ck_assert_ptr_eq(by_local(binding->local, binding->local_port), binding);
		ck_assert_ptr_eq(by_global(GLOBAL, binding->global_port), binding);
		n++;
	}
	ck_assert_uint_eq(n, 200);
	ck_assert_uint_eq(binding_paired(table, 0, HOST, 5), GLOBAL);
	for (uint32_t i = 0; i < 800; i++)
		ck_assert_ptr_nonnull(add(HOST + 100 + i, 1, GLOBAL, (uint16_t)(1000 + i)));
	ck_assert_ptr_null(add(HOST + 99, 1, GLOBAL, 60000));
}
END_TEST

START_TEST(damage_is_discarded_alone)
{
	struct binding_record *a = add(HOST, 1, GLOBAL, 1), *b = add(HOST, 2, GLOBAL, 2), *c, copy;

	a->global_port = 9;
	c = add(HOST, 3, GLOBAL, 3);
	copy = *b;
	*c = copy; /* the same twice */
	binding_table_free(table);
	table = binding_table_new(records);
	ck_assert_uint_eq(binding_table_adopt(table), 1);
	ck_assert_ptr_eq(by_local(HOST, 2), b);
	ck_assert_ptr_null(by_global(GLOBAL, 9));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("binding");
	TCase *tests = tcase_create("binding");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, found_by_both_sides);
	tcase_add_test(tests, no_endpoint_twice);
	tcase_add_test(tests, pairing_follows_the_bindings);
	tcase_add_test(tests, full_to_the_last);
	tcase_add_test(tests, model);
	tcase_add_test(tests, adopted);
	tcase_add_test(tests, damage_is_discarded_alone);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
