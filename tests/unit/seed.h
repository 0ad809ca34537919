/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The seed of tests that go by chance. The same in each run, so that what fails has been changed; ALGATE_TEST_SEED is another one,
 * "new" one that nobody has tried. */
#ifndef ALGATE_TEST_SEED_H
#define ALGATE_TEST_SEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEST_SEED 20260701

static inline uint64_t test_seed(void)
{
	const char *given = getenv("ALGATE_TEST_SEED");
	uint64_t seed = TEST_SEED;
	struct timespec now;

	if (given != NULL && strcmp(given, "new") == 0) {
		clock_gettime(CLOCK_REALTIME, &now);
		seed = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	} else if (given != NULL) {
		seed = strtoull(given, NULL, 0);
	}
	printf("ALGATE_TEST_SEED=%llu\n", (unsigned long long)seed);
	fflush(stdout);
	return seed;
}

#endif
