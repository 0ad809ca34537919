/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of addresses as ranges, for owned globals. Host byte order, both ends included. */
#ifndef ALGATE_CONFIG_RANGES_H
#define ALGATE_CONFIG_RANGES_H

#include <stddef.h>
#include "lib/addr.h"
#include "nat/snapshot.h"

struct ranges {
	struct snapshot_pool_range *list;
	size_t n, size;
};

void ranges_add(struct ranges *ranges, ip4 first, ip4 last);
/* Sorts, and joins what overlaps. Neighbours stay apart, so that one can go without touching the
 * other. */
void ranges_join(struct ranges *ranges);
/* Takes single addresses (sorted ascending) out of joined ranges. */
void ranges_subtract(struct ranges *ranges, const ip4 *addresses, size_t n);
void ranges_clear(struct ranges *ranges);

#endif
