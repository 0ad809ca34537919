/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one place that reads a clock. nat and alg never include this: they get `now` as an argument. */
#ifndef ALGATE_LIB_CLOCK_H
#define ALGATE_LIB_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC in milliseconds: unaffected by clock jumps, continues across daemon restarts. */
uint64_t clock_now(void);
/* Wall-clock seconds (CLOCK_REALTIME) that correspond to the monotonic time `then` (ms), for show and logs. */
int64_t clock_wall(uint64_t then);
/* The same in milliseconds. */
int64_t clock_wall_ms(uint64_t then);

#endif
