/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pools. For each pool and class a bitmap of exhausted addresses, with summaries above it (a bit there: 64 below are all
 * set), so that the first address with something left is found in a few steps, also when there is none. An address
 * is found in all pools that hold it through the sorted ranges.
 *
 * Promises O(1) for a candidate and O(log ranges + pools that hold the address) for marking. May not look at
 * bindings or ports: who finds an address exhausted says so here.
 */
#include "nat/pool.h"

#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/sorted.h"
#include "nat/decode.h"

#define LEVELS 4 /* 64^4 = POOL_ADDRESSES_MAX */

struct bitmap {
	uint64_t *level[LEVELS];
	uint64_t *memory;
};

struct pool_state {
	uint32_t size;
	uint32_t allocated;
	uint32_t given[POOL_CLASSES];
	uint64_t misses;
	struct bitmap exhausted[POOL_CLASSES];
};

struct pool_span {
	ip4 first, last;
	ip4 reach;       /* largest `last` up to here: how far back a search must look */
	uint32_t pool;
	uint32_t offset; /* of `first` in its pool */
};

struct pool_set {
	const struct snapshot *snapshot;
	struct pool_state *pools;
	uint32_t n_spans;
	struct pool_span *spans;
};

/* ---- bitmaps ---- */

static void bitmap_set(struct bitmap *map, int level, uint32_t bit)
{
	for (int i = level; i < LEVELS; i++, bit /= 64) {
		map->level[i][bit / 64] |= 1ULL << bit % 64;
		if (map->level[i][bit / 64] != UINT64_MAX)
			return;
	}
}

static void bitmap_clear(struct bitmap *map, uint32_t bit)
{
	for (int i = 0; i < LEVELS; i++, bit /= 64) {
		bool was_full = map->level[i][bit / 64] == UINT64_MAX;

		map->level[i][bit / 64] &= ~(1ULL << bit % 64);
		if (!was_full)
			return;
	}
}

static void bitmap_new(struct bitmap *map, uint32_t size)
{
	uint32_t words[LEVELS], total = 0;

	for (int i = 0; i < LEVELS; i++) {
		words[i] = (i == 0 ? size : words[i - 1]) / 64 + 1;
		total += words[i];
	}
	map->memory = mem_alloc(total * sizeof(uint64_t));
	map->level[0] = map->memory;
	for (int i = 1; i < LEVELS; i++)
		map->level[i] = map->level[i - 1] + words[i - 1];
	/* What lies behind the end is never free, neither here nor in a summary. */
	for (int i = 0; i < LEVELS; i++) {
		for (uint32_t bit = i == 0 ? size : words[i - 1]; bit < words[i] * 64; bit++)
			bitmap_set(map, i, bit);
	}
}

static uint32_t bitmap_first_clear(const struct bitmap *map)
{
	uint32_t word = 0;

	for (int i = LEVELS - 1; i >= 0; i--) {
		uint64_t clear = ~map->level[i][word];

		if (clear == 0)
			return SNAPSHOT_NONE;
		word = word * 64 + (uint32_t)__builtin_ctzll(clear);
	}
	return word;
}

/* ---- the set ---- */

static int span_order(const void *a, const void *b)
{
	const struct pool_span *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static void make_spans(struct pool_set *set)
{
	const struct snapshot *snapshot = set->snapshot;
	ip4 reach = 0;

	set->spans = mem_alloc(snapshot->n_pool_ranges * sizeof(*set->spans));
	for (uint32_t p = 0; p < snapshot->n_pools; p++) {
		const struct snapshot_pool *pool = &snapshot->pools[p];
		uint64_t offset = 0;

		for (uint32_t i = 0; i < pool->count && offset < POOL_ADDRESSES_MAX; i++) {
			const struct snapshot_pool_range *range =
				&snapshot->pool_ranges[pool->first + i];

			set->spans = mem_grow(set->spans, set->n_spans + 1, sizeof(*set->spans));
			set->spans[set->n_spans++] = (struct pool_span){
				range->first, range->last, 0, p, (uint32_t)offset};
			offset += (uint64_t)range->last - range->first + 1;
		}
		set->pools[p].size =
			offset < POOL_ADDRESSES_MAX ? (uint32_t)offset : POOL_ADDRESSES_MAX - 1;
	}
	qsort(set->spans, set->n_spans, sizeof(*set->spans), span_order);
	for (uint32_t i = 0; i < set->n_spans; i++) {
		if (set->spans[i].last > reach)
			reach = set->spans[i].last;
		set->spans[i].reach = reach;
	}
}

/* Mostly in the place where it was before; `from` is where to look first. */
static uint64_t old_misses(const struct pool_set *old, const char *name, uint32_t *from)
{
	uint32_t n = old->snapshot->n_pools;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = (*from + i) % n;

		if (strcmp(old->snapshot->pools[at].name, name) != 0)
			continue;
		*from = at + 1;
		return old->pools[at].misses;
	}
	return 0;
}

void pool_inherit(struct pool_set *set, const struct pool_set *old)
{
	uint32_t from = 0;

	for (uint32_t p = 0; p < set->snapshot->n_pools; p++)
		set->pools[p].misses = old_misses(old, set->snapshot->pools[p].name, &from);
}

struct pool_set *pool_set_new(const struct snapshot *snapshot)
{
	struct pool_set *set = mem_alloc(sizeof(*set));

	set->snapshot = snapshot;
	set->pools = mem_alloc(snapshot->n_pools * sizeof(*set->pools));
	make_spans(set);
	for (uint32_t p = 0; p < snapshot->n_pools; p++) {
		for (int class = 0; class < POOL_CLASSES; class ++)
			bitmap_new(&set->pools[p].exhausted[class], set->pools[p].size);
	}
	return set;
}

void pool_set_free(struct pool_set *set)
{
	if (set == NULL)
		return;
	for (uint32_t p = 0; p < set->snapshot->n_pools; p++) {
		for (int class = 0; class < POOL_CLASSES; class ++)
			free(set->pools[p].exhausted[class].memory);
	}
	free(set->pools);
	free(set->spans);
	free(set);
}

static bool same_pools(const struct snapshot *a, const struct snapshot *b)
{
	for (uint32_t i = 0; i < a->n_pools; i++) {
		if (strcmp(a->pools[i].name, b->pools[i].name) != 0 ||
		    a->pools[i].first != b->pools[i].first || a->pools[i].count != b->pools[i].count)
			return false;
	}
	for (uint32_t i = 0; i < a->n_pool_ranges; i++) {
		if (a->pool_ranges[i].first != b->pool_ranges[i].first ||
		    a->pool_ranges[i].last != b->pool_ranges[i].last)
			return false;
	}
	return true;
}

bool pool_set_same(const struct snapshot *a, const struct snapshot *b)
{
	if (a->n_pools != b->n_pools || a->n_pool_ranges != b->n_pool_ranges ||
	    a->n_statics != b->n_statics || a->n_own != b->n_own || !same_pools(a, b))
		return false;
	for (uint32_t i = 0; i < a->n_statics; i++) {
		if (a->statics[i].id != b->statics[i].id ||
		    a->statics[i].global != b->statics[i].global)
			return false;
	}
	for (uint32_t i = 0; i < a->n_own; i++) {
		if (a->own[i].addr != b->own[i].addr)
			return false;
	}
	return true;
}

void pool_set_move(struct pool_set *set, const struct snapshot *snapshot)
{
	set->snapshot = snapshot;
}

enum pool_class pool_class_of(uint8_t protocol, uint16_t port)
{
	int group = port == 0 || port > 1023 ? 2 : port > 511;

	if (protocol == PROTOCOL_ICMP)
		return CLASS_ICMP;
	return (enum pool_class)((protocol == PROTOCOL_TCP ? CLASS_TCP : CLASS_UDP) + group);
}

ip4 pool_candidate(const struct pool_set *set, uint32_t pool, enum pool_class class)
{
	uint32_t index = bitmap_first_clear(&set->pools[pool].exhausted[class]);
	const struct snapshot_pool *ranges = &set->snapshot->pools[pool];

	for (uint32_t i = 0; i < ranges->count && index != SNAPSHOT_NONE; i++) {
		const struct snapshot_pool_range *range =
			&set->snapshot->pool_ranges[ranges->first + i];

		if (index <= range->last - range->first)
			return range->first + index;
		index -= range->last - range->first + 1;
	}
	return 0;
}

/* Steps through the spans that hold the address; start with *i == n_spans. */
static const struct pool_span *next_span(const struct pool_set *set, ip4 addr, uint32_t *i)
{
	while (*i > 0 && set->spans[*i - 1].reach >= addr) {
		const struct pool_span *span = &set->spans[--*i];

		if (span->first <= addr && span->last >= addr)
			return span;
	}
	return NULL;
}

static int addr_order(const void *key, const void *element)
{
	return *(const ip4 *)key >= ((const struct pool_span *)element)->first ? 1 : -1;
}

/* One behind the last span that begins at or before the address. */
static uint32_t spans_end(const struct pool_set *set, ip4 addr)
{
	return sorted_place(&addr, set->spans, set->n_spans, sizeof(*set->spans), addr_order);
}

static void mark(struct pool_set *set, ip4 addr, enum pool_class class, bool exhausted)
{
	const struct pool_span *span;
	uint32_t i = spans_end(set, addr);

	while ((span = next_span(set, addr, &i)) != NULL) {
		struct pool_state *pool = &set->pools[span->pool];
		uint32_t bit = span->offset + (addr - span->first);

		if (bit >= pool->size)
			continue;
		if (exhausted)
			bitmap_set(&pool->exhausted[class], 0, bit);
		else
			bitmap_clear(&pool->exhausted[class], bit);
	}
}

void pool_exhaust(struct pool_set *set, ip4 addr, enum pool_class class)
{
	mark(set, addr, class, true);
}

void pool_recover(struct pool_set *set, ip4 addr, enum pool_class class)
{
	mark(set, addr, class, false);
}

bool pool_exhausted(const struct pool_set *set, ip4 addr, enum pool_class class)
{
	const struct pool_span *span;
	uint32_t i = spans_end(set, addr);

	while ((span = next_span(set, addr, &i)) != NULL) {
		const struct bitmap *map = &set->pools[span->pool].exhausted[class];
		uint32_t bit = span->offset + (addr - span->first);

		if (bit < set->pools[span->pool].size && (map->level[0][bit / 64] >> bit % 64 & 1))
			return true;
	}
	return false;
}

void pool_count(struct pool_set *set, ip4 addr, int change)
{
	const struct pool_span *span;
	uint32_t i = spans_end(set, addr);

	while ((span = next_span(set, addr, &i)) != NULL)
		set->pools[span->pool].allocated += (uint32_t)change;
}

void pool_give(struct pool_set *set, ip4 addr, enum pool_class class, int change)
{
	const struct pool_span *span;
	uint32_t i = spans_end(set, addr);

	while ((span = next_span(set, addr, &i)) != NULL)
		set->pools[span->pool].given[class] += (uint32_t)change;
}

uint32_t pool_given(const struct pool_set *set, uint32_t pool, enum pool_class class)
{
	return set->pools[pool].given[class];
}

void pool_miss(struct pool_set *set, uint32_t pool)
{
	set->pools[pool].misses++;
}

uint32_t pool_allocated(const struct pool_set *set, uint32_t pool)
{
	return set->pools[pool].allocated;
}

uint64_t pool_misses(const struct pool_set *set, uint32_t pool)
{
	return set->pools[pool].misses;
}

void pool_clear_misses(struct pool_set *set)
{
	for (uint32_t p = 0; p < set->snapshot->n_pools; p++)
		set->pools[p].misses = 0;
}
