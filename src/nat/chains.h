/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doubly linked chains of records by index, beside the records: for hashes whose truth lies elsewhere. Zeroed memory is empty. */
#ifndef ALGATE_NAT_CHAINS_H
#define ALGATE_NAT_CHAINS_H

#include <stdint.h>
#include <stdlib.h>
#include "lib/mem.h"

/* Heads and links hold index + 1, 0 ends. The head's `before` is the last one of its chain. */
struct chains {
	uint32_t *heads, *next, *before;
};

static inline void chains_init(struct chains *chains, uint32_t nodes, uint32_t buckets)
{
	chains->heads = mem_alloc((size_t)buckets * sizeof(uint32_t));
	chains->next = mem_alloc((size_t)nodes * sizeof(uint32_t));
	chains->before = mem_alloc((size_t)nodes * sizeof(uint32_t));
}

static inline void chains_free(struct chains *chains)
{
	free(chains->heads);
	free(chains->next);
	free(chains->before);
}

/* In front of all others. */
static inline void chain_add(struct chains *chains, uint32_t bucket, uint32_t index)
{
	uint32_t first = chains->heads[bucket];

	chains->next[index] = first;
	chains->before[index] = index + 1;
	if (first != 0) {
		chains->before[index] = chains->before[first - 1];
		chains->before[first - 1] = index + 1;
	}
	chains->heads[bucket] = index + 1;
}

static inline void chain_remove(struct chains *chains, uint32_t bucket, uint32_t index)
{
	uint32_t first = chains->heads[bucket], next = chains->next[index], before = chains->before[index];

	if (first == index + 1)
		chains->heads[bucket] = next;
	else
		chains->next[before - 1] = next;
	if (next != 0)
		chains->before[next - 1] = before;
	else if (first != index + 1)
		chains->before[first - 1] = before;
}

/* The oldest of a chain, index + 1; 0: it is empty. */
static inline uint32_t chain_last(const struct chains *chains, uint32_t bucket)
{
	uint32_t first = chains->heads[bucket];

	return first == 0 ? 0 : chains->before[first - 1];
}

/* The one that is newer than this; 0: none is. */
static inline uint32_t chain_before(const struct chains *chains, uint32_t bucket, uint32_t index)
{
	return chains->heads[bucket] == index + 1 ? 0 : chains->before[index];
}

#endif
