/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show clock. */
#ifndef ALGATE_SHOW_CLOCK_H
#define ALGATE_SHOW_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The time in UTC, milliseconds since the epoch; a clock that nobody synchronised is marked with '*', as IOS does with one
 * that is not authoritative. */
void clock_print(FILE *out, int64_t wall_ms, bool synchronised);
/* The kernel's wall clock and whether time synchronisation holds it (adjtimex). */
int64_t clock_read(bool *synchronised);

#endif
