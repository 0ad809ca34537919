/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expectations as a table: what a first packet finds, counts, links, and what survives in the memory. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "nat/expect.h"
#include "nat/flow.h"
#include "packets.h"
#include "seed.h"
#include "suite.h"

#define SIZE 64

static const struct siphash_key secret = {1, 2};
static struct expect_record memory[SIZE];
static struct expect_table *table;

static void setup(void)
{
	memset(memory, 0, sizeof(memory));
	table = expect_table_new(memory, SIZE, &secret);
}

static void teardown(void)
{
	expect_table_free(table);
}

static void again(void)
{
	expect_table_free(table);
	table = expect_table_new(memory, SIZE, &secret);
}

static struct expect_record from_outside(uint16_t port)
{
	return (struct expect_record){.protocol = P_TCP,
				      .side = SIDE_OUTSIDE,
				      .il = IP(10, 0, 0, 5),
				      .ig = IP(203, 0, 113, 1),
				      .remote = IP(198, 51, 100, 1),
				      .il_port = port,
				      .ig_port = port,
				      .rule = 7,
				      .came = RECORD_NONE,
				      .binding = RECORD_NONE,
				      .parent = 3,
				      .call = RECORD_NONE,
				      .until_s = 100};
}

static struct expect_record *find(uint8_t side, ip4 from, uint16_t from_port, ip4 to, uint16_t to_port)
{
	return expect_find(table, 0, P_TCP, side, (struct endpoint){from, from_port}, (struct endpoint){to, to_port});
}

static struct expect_record *outside(ip4 from, uint16_t from_port, uint16_t to_port)
{
	return find(SIDE_OUTSIDE, from, from_port, IP(203, 0, 113, 1), to_port);
}

START_TEST(only_the_peer_that_was_told_fits)
{
	const struct expect_record body = from_outside(5000);
	const struct expect_record *record = expect_add(table, &body);
	const struct endpoint from = {body.remote, 20}, to = {body.ig, 5000};

	ck_assert_ptr_eq(outside(body.remote, 20, 5000), record);
	ck_assert_ptr_eq(outside(body.remote, 1, 5000), record);
	ck_assert_ptr_null(outside(body.remote + 1, 20, 5000));
	ck_assert_ptr_null(outside(body.remote, 20, 5001));
	ck_assert_ptr_null(find(SIDE_OUTSIDE, body.remote, 20, body.ig + 1, 5000));
	ck_assert_ptr_null(find(SIDE_INSIDE, body.remote, 20, body.ig, 5000));
	ck_assert_ptr_null(expect_find(table, 1, P_TCP, SIDE_OUTSIDE, from, to));
	ck_assert_ptr_null(expect_find(table, 0, P_UDP, SIDE_OUTSIDE, from, to));
}
END_TEST

START_TEST(a_known_remote_port_is_the_only_one)
{
	struct expect_record body = from_outside(5000);

	body.remote_port = 20;
	expect_add(table, &body);
	ck_assert_ptr_nonnull(outside(body.remote, 20, 5000));
	ck_assert_ptr_null(outside(body.remote, 21, 5000));
}
END_TEST

START_TEST(a_reserved_remote_port_is_512_to_1023)
{
	struct expect_record body = from_outside(5000);

	body.flags = EXPECT_REMOTE_RESERVED;
	expect_add(table, &body);
	ck_assert_ptr_nonnull(outside(body.remote, 512, 5000));
	ck_assert_ptr_nonnull(outside(body.remote, 1023, 5000));
	ck_assert_ptr_null(outside(body.remote, 511, 5000));
	ck_assert_ptr_null(outside(body.remote, 1024, 5000));
}
END_TEST

START_TEST(any_remote_where_that_is_said)
{
	struct expect_record body = from_outside(5000), exact = from_outside(5000);
	const struct expect_record *record;

	body.flags = EXPECT_ANY_REMOTE;
	expect_add(table, &body);
	ck_assert_ptr_nonnull(outside(IP(1, 2, 3, 4), 9, 5000));
	record = expect_add(table, &exact);
	ck_assert_ptr_eq(outside(exact.remote, 9, 5000), record);
	ck_assert_ptr_null(outside(IP(1, 2, 3, 4), 9, 5001));
}
END_TEST

START_TEST(from_inside_by_where_it_goes)
{
	struct expect_record body = from_outside(0);

	body.side = SIDE_INSIDE;
	body.remote_port = 6000;
	expect_add(table, &body);
	ck_assert_ptr_nonnull(find(SIDE_INSIDE, body.il, 20, body.remote, 6000));
	ck_assert_ptr_null(find(SIDE_INSIDE, body.il + 1, 20, body.remote, 6000));
	ck_assert_ptr_null(find(SIDE_INSIDE, body.il, 20, body.remote, 6001));
	body.il_port = 20;
	body.remote_port = 6002;
	expect_add(table, &body);
	ck_assert_ptr_nonnull(find(SIDE_INSIDE, body.il, 20, body.remote, 6002));
	ck_assert_ptr_null(find(SIDE_INSIDE, body.il, 21, body.remote, 6002));
}
END_TEST

START_TEST(a_repeated_announcement_is_known)
{
	struct expect_record body = from_outside(5000);
	const struct expect_record *record = expect_add(table, &body);

	body.until_s = 200;
	body.made_s = 9;
	body.flags = EXPECT_MANY;
	ck_assert_ptr_eq(expect_same(table, &body), record);
	body.parent = 4;
	ck_assert_ptr_null(expect_same(table, &body));
	body.parent = 3;
	body.il_port = 5001;
	ck_assert_ptr_null(expect_same(table, &body));
}
END_TEST

START_TEST(counts_and_room)
{
	struct expect_record *last = NULL;

	for (unsigned i = 0; i < SIZE; i++) {
		struct expect_record body = from_outside((uint16_t)(2000 + i));

		body.parent = i % 2;
		last = expect_add(table, &body);
		ck_assert_ptr_nonnull(last);
	}
	struct expect_record more = from_outside(9000);

	ck_assert_ptr_null(expect_add(table, &more));
	ck_assert_uint_eq(expect_count(table), SIZE);
	ck_assert_uint_eq(expect_of_parent(table, 0), SIZE / 2);
	ck_assert_uint_eq(expect_of_parent(table, 2), 0);
	ck_assert_uint_eq(expect_of_host(table, 0, more.il), SIZE);
	ck_assert_uint_eq(expect_of_host(table, 1, more.il), 0);
	expect_remove(table, last);
	ck_assert_uint_eq(expect_of_parent(table, 1), SIZE / 2 - 1);
	ck_assert_uint_eq(expect_of_host(table, 0, more.il), SIZE - 1);
	ck_assert_ptr_nonnull(expect_add(table, &more));
}
END_TEST

START_TEST(who_came_is_a_link_and_waits_no_more)
{
	struct expect_record body = from_outside(5000);
	struct expect_record *record = expect_add(table, &body);

	ck_assert(expect_link(table, record, 77));
	ck_assert_ptr_null(outside(body.remote, 20, 5000));
	ck_assert_ptr_null(expect_same(table, &body));
	ck_assert_uint_eq(expect_count(table), 0);
	ck_assert_uint_eq(expect_links(table), 1);
	ck_assert_uint_eq(expect_of_parent(table, 3), 0);
	ck_assert_uint_eq(expect_of_host(table, 0, body.il), 0);
	ck_assert_ptr_eq(expect_of_child(table, 77), record);
	ck_assert_ptr_null(expect_of_child(table, 78));
	ck_assert_uint_eq(expect_next_of_parent(table, 3, RECORD_NONE), expect_index(table, record));
	expect_remove(table, record);
	ck_assert_uint_eq(expect_links(table), 0);
	ck_assert_ptr_null(expect_of_child(table, 77));
}
END_TEST

START_TEST(links_leave_room_for_what_waits)
{
	unsigned linked = 0;

	for (unsigned i = 0; i < SIZE; i++) {
		struct expect_record body = from_outside((uint16_t)(2000 + i));
		struct expect_record *record = expect_add(table, &body);

		linked += expect_link(table, record, i);
		if (expect_waits(record))
			expect_remove(table, record);
	}
	ck_assert_uint_eq(linked, SIZE / 2);
	ck_assert_uint_eq(expect_links(table), SIZE / 2);
}
END_TEST

START_TEST(all_of_a_parent_one_after_the_other)
{
	unsigned seen = 0;
	uint32_t index, next;

	for (unsigned i = 0; i < 30; i++) {
		struct expect_record body = from_outside((uint16_t)(2000 + i));

		body.parent = i % 3;
		expect_add(table, &body);
	}
	for (index = expect_next_of_parent(table, 1, RECORD_NONE); index != RECORD_NONE; index = next, seen++) {
		next = expect_next_of_parent(table, 1, index);
		ck_assert_uint_eq(expect_at(table, index)->parent, 1);
		expect_remove(table, expect_at(table, index));
	}
	ck_assert_uint_eq(seen, 10);
	ck_assert_uint_eq(expect_count(table), 20);
}
END_TEST

START_TEST(what_was_whole_survives)
{
	struct expect_record one = from_outside(5000), two = from_outside(5001), three = from_outside(5002);
	struct expect_record *link, *torn;

	expect_add(table, &one);
	link = expect_add(table, &two);
	expect_link(table, link, 9);
	torn = expect_add(table, &three);
	torn->state = RECORD_WRITING;
	again();
	ck_assert_ptr_nonnull(outside(one.remote, 20, 5000));
	ck_assert_ptr_null(outside(one.remote, 20, 5001));
	ck_assert_ptr_null(outside(one.remote, 20, 5002));
	ck_assert_uint_eq(expect_count(table), 1);
	ck_assert_uint_eq(expect_links(table), 1);
	ck_assert_ptr_nonnull(expect_of_child(table, 9));
	ck_assert_ptr_nonnull(expect_add(table, &three));
}
END_TEST

/* One flipped bit of what says whom a record admits costs that record and no other. */
START_TEST(damage_admits_nobody)
{
	const struct expect_record one = from_outside(5000), two = from_outside(5001);
	uint8_t *bytes = (uint8_t *)&memory[0];
	struct expect_record kept[SIZE];

	expect_add(table, &one);
	expect_add(table, &two);
	memcpy(kept, memory, sizeof(kept));
	for (size_t bit = 0; bit < offsetof(struct expect_record, came) * 8; bit++) {
		memcpy(memory, kept, sizeof(kept));
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		again();
		ck_assert_uint_eq(expect_count(table), 1);
		ck_assert_ptr_nonnull(outside(two.remote, 20, 5001));
	}
	memcpy(memory, kept, sizeof(kept));
	again();
	ck_assert_uint_eq(expect_count(table), 2);
}
END_TEST

START_TEST(random_bytes_are_survived)
{
	unsigned seed = (unsigned)test_seed();

	srandom(seed);
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof(memory); i++)
			((uint8_t *)memory)[i] = (uint8_t)random();
		again();
		ck_assert_uint_eq(expect_count(table) + expect_links(table), 0);
	}
}
END_TEST

/* Against the plain way: look at every record. */
static struct expect_record *slow_find(uint16_t port)
{
	for (unsigned i = 0; i < SIZE; i++) {
		if (record_live(memory[i].state) && memory[i].came == RECORD_NONE && memory[i].ig_port == port)
			return &memory[i];
	}
	return NULL;
}

static void random_step(void)
{
	struct expect_record body = from_outside((uint16_t)(2000 + random() % 40));
	struct expect_record *record = outside(body.remote, 20, body.ig_port);

	ck_assert_ptr_eq(record, slow_find(body.ig_port));
	body.parent = (uint32_t)random() % 4;
	if (record == NULL)
		expect_add(table, &body);
	else if (random() % 2 == 0)
		expect_remove(table, record);
	else
		expect_link(table, record, (uint32_t)random() % 8);
	if (random() % 50 == 0)
		again();
	for (uint32_t flow = 0; flow < 8; flow++) {
		record = expect_of_child(table, flow);
		if (record != NULL && random() % 3 == 0)
			expect_remove(table, record);
	}
}

START_TEST(random_steps_keep_it_right)
{
	unsigned seed = (unsigned)test_seed(), waiting;

	srandom(seed);
	for (int i = 0; i < 20000; i++) {
		random_step();
		waiting = 0;
		for (uint32_t parent = 0; parent < 4; parent++)
			waiting += expect_of_parent(table, parent);
		ck_assert_uint_eq(waiting, expect_count(table));
		ck_assert_uint_eq(expect_of_host(table, 0, IP(10, 0, 0, 5)), waiting);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("expect");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, only_the_peer_that_was_told_fits);
	tcase_add_test(tc, a_known_remote_port_is_the_only_one);
	tcase_add_test(tc, a_reserved_remote_port_is_512_to_1023);
	tcase_add_test(tc, any_remote_where_that_is_said);
	tcase_add_test(tc, from_inside_by_where_it_goes);
	tcase_add_test(tc, a_repeated_announcement_is_known);
	tcase_add_test(tc, counts_and_room);
	tcase_add_test(tc, who_came_is_a_link_and_waits_no_more);
	tcase_add_test(tc, links_leave_room_for_what_waits);
	tcase_add_test(tc, all_of_a_parent_one_after_the_other);
	tcase_add_test(tc, what_was_whole_survives);
	tcase_add_test(tc, damage_admits_nobody);
	tcase_add_test(tc, random_bytes_are_survived);
	tcase_add_test(tc, random_steps_keep_it_right);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
