/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/ranges.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

void ranges_add(struct ranges *ranges, ip4 first, ip4 last)
{
	if (ranges->n == ranges->size) {
		ranges->size = ranges->size ? 2 * ranges->size : 16;
		ranges->list = mem_grow(ranges->list, ranges->size, sizeof(*ranges->list));
	}
	ranges->list[ranges->n++] = (struct snapshot_pool_range){first, last};
}

static int compare_ranges(const void *pa, const void *pb)
{
	const struct snapshot_pool_range *a = pa, *b = pb;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->last < b->last ? -1 : a->last > b->last;
}

void ranges_join(struct ranges *ranges)
{
	size_t kept = 0;

	if (ranges->n == 0)
		return;
	qsort(ranges->list, ranges->n, sizeof(*ranges->list), compare_ranges);
	for (size_t i = 1; i < ranges->n; i++) {
		struct snapshot_pool_range *last = &ranges->list[kept], *next = &ranges->list[i];

		if (next->first > last->last)
			ranges->list[++kept] = *next;
		else if (next->last > last->last)
			last->last = next->last;
	}
	ranges->n = kept + 1;
}

void ranges_subtract(struct ranges *ranges, const ip4 *addresses, size_t n)
{
	struct ranges result = {0};
	size_t at = 0;

	for (size_t i = 0; i < ranges->n; i++) {
		ip4 first = ranges->list[i].first, last = ranges->list[i].last;
		bool left = true;

		while (at < n && addresses[at] < first)
			at++;
		for (; left && at < n && addresses[at] <= last; at++) {
			if (addresses[at] > first)
				ranges_add(&result, first, addresses[at] - 1);
			left = addresses[at] < last;
			first = addresses[at] + 1;
		}
		if (left)
			ranges_add(&result, first, last);
	}
	free(ranges->list);
	*ranges = result;
}

void ranges_clear(struct ranges *ranges)
{
	free(ranges->list);
	memset(ranges, 0, sizeof(*ranges));
}
