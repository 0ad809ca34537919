/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hierarchical timer wheel over record numbers. Node i of the wheel belongs to record i of some table; the wheel
 * knows nothing else of it. All operations O(1) amortised. It is derived state: rebuilt on start, never mapped.
 */
#ifndef ALGATE_LIB_WHEEL_H
#define ALGATE_LIB_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

struct wheel;

/* capacity: number of nodes; memory is reserved lazily (sparse mmap), so a large capacity costs little. tick in ms. */
struct wheel *wheel_new(uint32_t capacity, uint32_t tick, uint64_t now);
void wheel_free(struct wheel *wheel);
/* Arms or re-arms node for the time `when` (ms, at least the next tick). */
void wheel_arm(struct wheel *wheel, uint32_t node, uint64_t when);
void wheel_disarm(struct wheel *wheel, uint32_t node);
bool wheel_armed(const struct wheel *wheel, uint32_t node);
/* Takes one node that is due at `now` off the wheel; false when none is. Call until false, or until the caller's
 * budget is used up; the rest stays due. The work of one call is bounded: where thousands of nodes come near at once it
 * may return false while some are still due, and wheel_next() is then not later than `now`. */
bool wheel_due(struct wheel *wheel, uint64_t now, uint32_t *node);
/* When to call again (ms), UINT64_MAX when nothing is armed. May be early, never late. */
uint64_t wheel_next(const struct wheel *wheel);

#endif
