/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of the tables: seeded random numbers, a state directory that goes away, and flows to put in. */
#ifndef ALGATE_TEST_TABLES_H
#define ALGATE_TEST_TABLES_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "nat/records.h"
#include "seed.h"

/* xorshift64* */
static inline uint32_t test_random(uint64_t *state)
{
	uint64_t x = *state != 0 ? *state : 1;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return (uint32_t)((x * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

static inline void test_directory(char path[64])
{
	snprintf(path, 64, "%s/algate-test-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(path));
}

static inline void test_directory_remove(const char *path)
{
	static const char *const names[] = { "records", "alg" };
	char file[128];

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]);
		unlink(file);
	}
	rmdir(path);
}

static inline struct records *test_records(const char *directory, uint32_t max_flows)
{
	struct err err = { "" };
	struct records *records = records_open(directory, max_flows, &err);

	ck_assert_msg(records != NULL, "%s", err.text);
	return records;
}

/* The nth of many different UDP flows of 10.0.0.0/8 through 203.0.113.x. */
static inline struct flow_record test_flow(uint32_t n)
{
	struct flow_record flow = {
		.protocol = 17,
		.il = 0x0a000000 + n / 60000,
		.ig = 0xcb007100 + n / 60000,
		.ol = 0xc6336401,
		.og = 0xc6336401,
		.il_port = (uint16_t)(1024 + n % 60000),
		.ig_port = (uint16_t)(1024 + n % 60000),
		.ol_port = 53,
		.og_port = 53,
		.rule = 7,
		.created_s = 100,
		.binding = RECORD_NONE,
		.flags = FLOW_SEEN_IN,
	};

	return flow;
}

#endif
