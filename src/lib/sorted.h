/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Search in sorted arrays, where bsearch does not do: for the place of what is not there, and for the first of equals. */
#ifndef ALGATE_LIB_SORTED_H
#define ALGATE_LIB_SORTED_H

#include <stddef.h>
#include <stdint.h>

/* Index of the first of n elements that is not below the key; n: there is none. `order` as bsearch wants it, the key first.
 * Inline, so that the comparison is, too. */
static inline uint32_t sorted_place(const void *key, const void *elements, uint32_t n, size_t size,
				    int (*order)(const void *key, const void *element))
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (order(key, (const char *)elements + middle * size) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
