/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/ranges.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

/* From here on two passes over the digits cost less than comparing. */
#define SORT_MANY 4096

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

/* By 16 bits of where they begin. */
static void sort_digit(const struct snapshot_pool_range *from, struct snapshot_pool_range *to, size_t n,
		       unsigned shift)
{
	size_t *places = mem_alloc(((size_t)UINT16_MAX + 2) * sizeof(*places));

	for (size_t i = 0; i < n; i++)
		places[(from[i].first >> shift & UINT16_MAX) + 1]++;
	for (size_t i = 1; i <= UINT16_MAX; i++)
		places[i] += places[i - 1];
	for (size_t i = 0; i < n; i++)
		to[places[from[i].first >> shift & UINT16_MAX]++] = from[i];
	free(places);
}

/* Of many, only by where they begin: joining does not ask for more. */
static void ranges_sort(struct ranges *ranges)
{
	struct snapshot_pool_range *other;

	if (ranges->n < SORT_MANY) {
		qsort(ranges->list, ranges->n, sizeof(*ranges->list), compare_ranges);
		return;
	}
	other = mem_alloc(ranges->n * sizeof(*other));
	sort_digit(ranges->list, other, ranges->n, 0);
	sort_digit(other, ranges->list, ranges->n, 16);
	free(other);
}

void ranges_join(struct ranges *ranges)
{
	size_t kept = 0;

	if (ranges->n == 0)
		return;
	ranges_sort(ranges);
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
