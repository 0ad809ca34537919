/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/clock.h"

#include <time.h>

static int64_t clock_read(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

uint64_t clock_now(void)
{
	return (uint64_t)clock_read(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(uint64_t then)
{
	int64_t ago = (int64_t)clock_now() - (int64_t)then;

	return clock_read(CLOCK_REALTIME) - ago;
}

int64_t clock_wall(uint64_t then)
{
	return clock_wall_ms(then) / 1000;
}
