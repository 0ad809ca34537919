/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bindings: records in the mapping, found through two hash tables of chains that live beside it,
 * and the pairing of inside hosts with global addresses, counted from the bindings.
 *
 * Promises: every operation O(1) expected, whoever chooses the addresses (keyed hashing); no two
 * bindings share a global endpoint, and no two of one rule a local one. May not choose an address
 * or a port.
 */
#include "nat/binding.h"

#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/sparse.h"

#define EMPTY UINT32_MAX
#define BATCH 16

/* Chains of indexes 0..capacity-1. Arrays hold index + 1: what was never touched
 * is empty. */
struct chains {
	uint32_t mask, capacity;
	uint32_t *heads, *next;
};

/* How many overload bindings of one host under one rule use this global address. */
struct pair {
	uint64_t rule;
	ip4 local, global;
	uint32_t count;
	uint16_t vrf;
};

struct binding_table {
	struct records *records;
	uint32_t count;
	uint32_t free; /* first of the freed records, linked through flows */
	struct chains by_local, by_global, by_host;
	bool *retired; /* by index: in by_global only */
	struct pair *pairs;
	uint32_t pairs_high, free_pair; /* freed pairs are linked through count */
};

/* ---- chains */

static void chains_init(struct chains *chains, uint32_t capacity)
{
	uint64_t n = 16;

	while (n < capacity)
		n *= 2;
	chains->mask = (uint32_t)(n - 1);
	chains->capacity = capacity;
	chains->heads = sparse_new(n * sizeof(uint32_t));
	chains->next = sparse_new((size_t)capacity * sizeof(uint32_t));
}

static size_t heads_size(const struct chains *chains)
{
	return ((size_t)chains->mask + 1) * sizeof(uint32_t);
}

static void chains_free(struct chains *chains)
{
	sparse_free(chains->heads, heads_size(chains));
	sparse_free(chains->next, (size_t)chains->capacity * sizeof(uint32_t));
}

static void chains_clear(struct chains *chains)
{
	sparse_clear(chains->heads, heads_size(chains));
}

/* Most of it is in use, or about to be. */
static void chains_many(struct chains *chains)
{
	sparse_huge(chains->heads, heads_size(chains));
	sparse_huge(chains->next, (size_t)chains->capacity * sizeof(uint32_t));
}

static inline uint32_t chain_first(const struct chains *chains, uint64_t hash)
{
	return chains->heads[hash & chains->mask] - 1;
}

static inline uint32_t chain_next(const struct chains *chains, uint32_t index)
{
	return chains->next[index] - 1;
}

static void chain_add(struct chains *chains, uint64_t hash, uint32_t index)
{
	uint32_t *head = &chains->heads[hash & chains->mask];

	chains->next[index] = *head;
	*head = index + 1;
}

/* Behind those that are there. */
static void chain_append(struct chains *chains, uint64_t hash, uint32_t index)
{
	uint32_t *link = &chains->heads[hash & chains->mask];

	while (*link != 0)
		link = &chains->next[*link - 1];
	*link = index + 1;
	chains->next[index] = 0;
}

static void chain_remove(struct chains *chains, uint64_t hash, uint32_t index)
{
	uint32_t *link = &chains->heads[hash & chains->mask];

	while (*link != index + 1)
		link = &chains->next[*link - 1];
	*link = chains->next[index];
}

/* ---- the table */

static size_t pairs_size(const struct records *records)
{
	return (size_t)records->max_flows * sizeof(struct pair);
}

struct binding_table *binding_table_new(struct records *records)
{
	struct binding_table *table = mem_alloc(sizeof(*table));

	table->records = records;
	table->free = RECORD_NONE;
	table->free_pair = EMPTY;
	chains_init(&table->by_local, records->max_flows);
	chains_init(&table->by_global, records->max_flows);
	chains_init(&table->by_host, records->max_flows);
	table->pairs = sparse_new(pairs_size(records));
	table->retired = sparse_new(records->max_flows * sizeof(*table->retired));
	return table;
}

void binding_table_free(struct binding_table *table)
{
	if (table == NULL)
		return;
	chains_free(&table->by_local);
	chains_free(&table->by_global);
	chains_free(&table->by_host);
	sparse_free(table->pairs, pairs_size(table->records));
	sparse_free(table->retired, table->records->max_flows * sizeof(*table->retired));
	free(table);
}

static uint64_t hash_endpoint(const struct binding_table *table, uint16_t vrf, uint8_t protocol,
			      struct endpoint endpoint)
{
	uint32_t words[3] = {endpoint.addr, (uint32_t)endpoint.port << 16 | vrf, protocol};

	return siphash13(&table->records->secret, words, sizeof(words));
}

static uint64_t hash_host(const struct binding_table *table, uint16_t vrf, ip4 local, uint64_t rule)
{
	uint64_t words[2] = {(uint64_t)vrf << 32 | local, rule};

	return siphash13(&table->records->secret, words, sizeof(words));
}

static struct endpoint local_of(const struct binding_record *binding)
{
	return (struct endpoint){binding->local, binding->local_port};
}

static struct endpoint global_of(const struct binding_record *binding)
{
	return (struct endpoint){binding->global, binding->global_port};
}

/* Where a binding is found. */
struct places {
	uint64_t local, global;
};

static struct places places_of(const struct binding_table *table, const struct binding_record *b)
{
	struct places places = {
	    hash_endpoint(table, b->vrf, b->protocol, local_of(b)),
	    hash_endpoint(table, b->vrf, b->protocol, global_of(b)),
	};

	return places;
}

/* rule NULL: whichever made it. */
static struct binding_record *find_local(const struct binding_table *table, uint64_t hash,
					 uint16_t vrf, uint8_t protocol, struct endpoint local,
					 const uint64_t *rule)
{
	uint32_t i = chain_first(&table->by_local, hash);

	for (; i != EMPTY; i = chain_next(&table->by_local, i)) {
		struct binding_record *b = &table->records->bindings[i];

		if (b->local == local.addr && b->local_port == local.port &&
		    b->protocol == protocol && b->vrf == vrf && (rule == NULL || b->rule == *rule))
			return b;
	}
	return NULL;
}

static struct binding_record *find_global(const struct binding_table *table, uint64_t hash,
					  uint16_t vrf, uint8_t protocol, struct endpoint global)
{
	uint32_t i = chain_first(&table->by_global, hash);

	for (; i != EMPTY; i = chain_next(&table->by_global, i)) {
		struct binding_record *b = &table->records->bindings[i];

		if (b->global == global.addr && b->global_port == global.port &&
		    b->protocol == protocol && b->vrf == vrf)
			return b;
	}
	return NULL;
}

struct binding_record *binding_by_local(struct binding_table *table, uint16_t vrf, uint8_t protocol,
					struct endpoint local)
{
	return find_local(table, hash_endpoint(table, vrf, protocol, local), vrf, protocol, local,
			  NULL);
}

struct binding_record *binding_by_rule(struct binding_table *table, uint16_t vrf, uint8_t protocol,
				       struct endpoint local, uint64_t rule)
{
	return find_local(table, hash_endpoint(table, vrf, protocol, local), vrf, protocol, local,
			  &rule);
}

struct binding_record *binding_by_global(struct binding_table *table, uint16_t vrf,
					 uint8_t protocol, struct endpoint global)
{
	return find_global(table, hash_endpoint(table, vrf, protocol, global), vrf, protocol,
			   global);
}

/* ---- pairing */

static bool is_paired(const struct binding_record *binding)
{
	return (binding->flags & (BINDING_ADDRESS | BINDING_IDENTITY)) == 0;
}

/* The pair of this host and rule; with global 0 the oldest whatever its address. */
static uint32_t pair_find(const struct binding_table *table, uint64_t hash, uint16_t vrf, ip4 local,
			  uint64_t rule, ip4 global)
{
	uint32_t i = chain_first(&table->by_host, hash);

	for (; i != EMPTY; i = chain_next(&table->by_host, i)) {
		const struct pair *pair = &table->pairs[i];

		if (pair->local == local && pair->rule == rule && pair->vrf == vrf &&
		    (global == 0 || pair->global == global))
			return i;
	}
	return EMPTY;
}

/* There are at most as many pairs as bindings, so this cannot run out. */
static uint32_t pair_new(struct binding_table *table)
{
	uint32_t i = table->free_pair;

	if (i == EMPTY)
		return table->pairs_high++;
	table->free_pair = table->pairs[i].count;
	return i;
}

static void pair_add(struct binding_table *table, const struct binding_record *b)
{
	uint64_t hash = hash_host(table, b->vrf, b->local, b->rule);
	uint32_t i = pair_find(table, hash, b->vrf, b->local, b->rule, b->global);

	if (i == EMPTY) {
		i = pair_new(table);
		table->pairs[i] = (struct pair){
		    .rule = b->rule, .local = b->local, .global = b->global, .vrf = b->vrf};
		chain_append(&table->by_host, hash, i);
	}
	table->pairs[i].count++;
}

static void pair_remove(struct binding_table *table, const struct binding_record *b)
{
	uint64_t hash = hash_host(table, b->vrf, b->local, b->rule);
	uint32_t i = pair_find(table, hash, b->vrf, b->local, b->rule, b->global);

	if (--table->pairs[i].count > 0)
		return;
	chain_remove(&table->by_host, hash, i);
	table->pairs[i].count = table->free_pair;
	table->free_pair = i;
}

ip4 binding_paired(const struct binding_table *table, uint16_t vrf, ip4 local, uint64_t rule)
{
	uint32_t i = pair_find(table, hash_host(table, vrf, local, rule), vrf, local, rule, 0);

	return i != EMPTY ? table->pairs[i].global : 0;
}

/* ---- adding and removing */

static void push_free(struct binding_table *table, uint32_t index)
{
	table->records->bindings[index].flows = table->free;
	STORE_POINT();
	table->free = index;
}

static uint32_t pop_free(struct binding_table *table)
{
	struct records *records = table->records;
	uint32_t index = table->free, high;

	if (index != RECORD_NONE) {
		table->free = records->bindings[index].flows;
		return index;
	}
	high = records_high(records, REGION_BINDINGS);
	if (high == records->max_flows ||
	    !records_reserve(records, &records->bindings[high], sizeof(records->bindings[high])))
		return RECORD_NONE;
	records_set_high(records, REGION_BINDINGS, high + 1);
	return high;
}

static bool is_double(const struct binding_table *table, const struct binding_record *b,
		      struct places at)
{
	return find_local(table, at.local, b->vrf, b->protocol, local_of(b), &b->rule) != NULL ||
	       find_global(table, at.global, b->vrf, b->protocol, global_of(b)) != NULL;
}

static void index_binding(struct binding_table *table, uint32_t index, struct places at)
{
	const struct binding_record *binding = &table->records->bindings[index];

	chain_add(&table->by_local, at.local, index);
	chain_add(&table->by_global, at.global, index);
	if (is_paired(binding))
		pair_add(table, binding);
	table->count++;
}

struct binding_record *binding_add(struct binding_table *table, const struct binding_record *body)
{
	struct binding_record binding = *body, *place;
	struct places at = places_of(table, body);
	uint32_t index;

	if (is_double(table, body, at))
		return NULL;
	index = pop_free(table);
	if (index == RECORD_NONE)
		return NULL;
	place = &table->records->bindings[index];
	record_set_state(&place->state, RECORD_WRITING);
	binding.state = RECORD_WRITING;
	binding.flows = 0;
	record_copy(place, &binding, sizeof(binding));
	record_set_state(&place->state, binding_seal(&binding));
	index_binding(table, index, at);
	return place;
}

static void leave_local(struct binding_table *table, const struct binding_record *binding, uint64_t hash)
{
	chain_remove(&table->by_local, hash, binding_index(table, binding));
	if (is_paired(binding))
		pair_remove(table, binding);
}

void binding_retire(struct binding_table *table, struct binding_record *binding)
{
	leave_local(table, binding, places_of(table, binding).local);
	table->retired[binding_index(table, binding)] = true;
}

void binding_remove(struct binding_table *table, struct binding_record *binding)
{
	uint32_t index = binding_index(table, binding);
	struct places at = places_of(table, binding);

	record_set_state(&binding->state, 0);
	chain_remove(&table->by_global, at.global, index);
	if (table->retired[index])
		table->retired[index] = false;
	else
		leave_local(table, binding, at.local);
	push_free(table, index);
	table->count--;
}

uint32_t binding_index(const struct binding_table *table, const struct binding_record *binding)
{
	return (uint32_t)(binding - table->records->bindings);
}

struct binding_record *binding_at(struct binding_table *table, uint32_t index)
{
	if (index >= table->records->max_flows ||
	    !record_live(table->records->bindings[index].state))
		return NULL;
	return &table->records->bindings[index];
}

uint32_t binding_count(const struct binding_table *table)
{
	return table->count;
}

uint32_t binding_next(struct binding_table *table, uint32_t *from, uint32_t budget)
{
	uint32_t high = records_high(table->records, REGION_BINDINGS), index;

	while (*from < high) {
		if (budget-- == 0)
			return RECORD_NONE;
		index = (*from)++;
		if (record_live(table->records->bindings[index].state))
			return index;
	}
	*from = RECORD_NONE;
	return RECORD_NONE;
}

/* ---- adoption */

static bool possible(const struct binding_record *binding)
{
	if (!record_live(binding->state) || binding->state != binding_seal(binding))
		return false;
	return (binding->flags & ~BINDING_FLAGS) == 0;
}

static void forget_derived(struct binding_table *table)
{
	table->count = table->pairs_high = 0;
	table->free = RECORD_NONE;
	table->free_pair = EMPTY;
	chains_clear(&table->by_local);
	chains_clear(&table->by_global);
	chains_clear(&table->by_host);
	sparse_clear(table->retired, table->records->max_flows * sizeof(*table->retired));
}

/* A few records at a time, so that the memory of their chains is under way while the others are
 * looked at. */
struct batch {
	uint32_t n;
	uint32_t index[BATCH];
	struct places at[BATCH];
};

static void batch_add(struct binding_table *table, struct batch *batch, uint32_t index)
{
	struct places at = places_of(table, &table->records->bindings[index]);

	__builtin_prefetch(&table->by_local.heads[at.local & table->by_local.mask]);
	__builtin_prefetch(&table->by_global.heads[at.global & table->by_global.mask]);
	batch->at[batch->n] = at;
	batch->index[batch->n++] = index;
}

/* Bindings in places that are taken have to be looked at, whether they are the same. */
static void prefetch_chains(const struct binding_table *table, const struct batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		uint32_t local = chain_first(&table->by_local, batch->at[i].local);
		uint32_t global = chain_first(&table->by_global, batch->at[i].global);

		if (local != EMPTY) {
			__builtin_prefetch(&table->records->bindings[local].local);
			__builtin_prefetch(&table->by_local.next[local]);
		}
		if (global != EMPTY) {
			__builtin_prefetch(&table->records->bindings[global].global);
			__builtin_prefetch(&table->by_global.next[global]);
		}
	}
}

static void batch_flush(struct binding_table *table, struct batch *batch)
{
	prefetch_chains(table, batch);
	for (uint32_t i = 0; i < batch->n; i++) {
		struct binding_record *binding = &table->records->bindings[batch->index[i]];

		if (is_double(table, binding, batch->at[i])) {
			record_set_state(&binding->state, 0);
			continue;
		}
		binding->flows = 0;
		STORE_POINT();
		index_binding(table, batch->index[i], batch->at[i]);
	}
	batch->n = 0;
}

static void rebuild_free(struct binding_table *table, uint32_t high)
{
	while (high > 0 && table->records->bindings[high - 1].state == 0)
		high--;
	records_set_high(table->records, REGION_BINDINGS, high);
	for (uint32_t i = high; i-- > 0;) {
		if (table->records->bindings[i].state == 0)
			push_free(table, i);
	}
}

uint32_t binding_table_adopt(struct binding_table *table)
{
	uint32_t high = records_high(table->records, REGION_BINDINGS);
	struct batch batch = {.n = 0};

	forget_derived(table);
	if (high >= table->records->max_flows / 16) {
		chains_many(&table->by_local);
		chains_many(&table->by_global);
	}
	for (uint32_t i = 0; i < high; i++) {
		struct binding_record *binding = &table->records->bindings[i];

		if (binding->state == 0)
			continue;
		if (possible(binding))
			batch_add(table, &batch, i);
		else
			record_set_state(&binding->state, 0);
		if (batch.n == BATCH)
			batch_flush(table, &batch);
	}
	batch_flush(table, &batch);
	rebuild_free(table, high);
	return table->count;
}
