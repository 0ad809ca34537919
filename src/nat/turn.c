/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pairs of flows that make a hairpin, in hash chains linked by the sender's flow index.
 *
 * Promises: every operation O(1) expected, whoever chooses the addresses (keyed hashing); memory
 * only where hairpins are. May not look at flows: who finds a pair asks whether the receiver still
 * is the one.
 */
#include "nat/turn.h"

#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/sparse.h"

/* Indexes are kept as index + 1, so that memory never touched is an empty place. */
struct pair {
	struct flow_key key;
	uint32_t receiver; /* 0: no pair */
	uint32_t next;
};

struct turn_table {
	struct siphash_key secret;
	uint32_t mask, capacity, count;
	uint32_t *heads;
	struct pair *pairs; /* by sender */
};

static size_t heads_size(const struct turn_table *table)
{
	return ((size_t)table->mask + 1) * sizeof(*table->heads);
}

static size_t pairs_size(const struct turn_table *table)
{
	return (size_t)table->capacity * sizeof(*table->pairs);
}

struct turn_table *turn_new(const struct siphash_key *secret, uint32_t max_flows)
{
	struct turn_table *table = mem_alloc(sizeof(*table));
	uint64_t n = 16;

	while (n < max_flows)
		n *= 2;
	table->secret = *secret;
	table->mask = (uint32_t)(n - 1);
	table->capacity = max_flows;
	table->heads = sparse_new(heads_size(table));
	table->pairs = sparse_new(pairs_size(table));
	return table;
}

void turn_free(struct turn_table *table)
{
	if (table == NULL)
		return;
	sparse_free(table->heads, heads_size(table));
	sparse_free(table->pairs, pairs_size(table));
	free(table);
}

static uint32_t *head_of(const struct turn_table *table, const struct flow_key *key)
{
	return &table->heads[siphash13(&table->secret, key, sizeof(*key)) & table->mask];
}

static bool same_key(const struct flow_key *a, const struct flow_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

uint32_t turn_find(const struct turn_table *table, const struct flow_key *key, uint32_t *receiver)
{
	for (uint32_t at = *head_of(table, key); at != 0; at = table->pairs[at - 1].next) {
		const struct pair *pair = &table->pairs[at - 1];

		if (!same_key(&pair->key, key))
			continue;
		*receiver = pair->receiver - 1;
		return at - 1;
	}
	return RECORD_NONE;
}

void turn_forget(struct turn_table *table, uint32_t sender)
{
	struct pair *pair = &table->pairs[sender];
	uint32_t *link;

	if (table->count == 0 || pair->receiver == 0)
		return;
	for (link = head_of(table, &pair->key); *link != sender + 1;)
		link = &table->pairs[*link - 1].next;
	*link = pair->next;
	pair->receiver = 0;
	table->count--;
}

void turn_set(struct turn_table *table, uint32_t sender, uint32_t receiver,
	      const struct flow_key *key)
{
	struct pair *pair = &table->pairs[sender];
	uint32_t other, ignored, *head;

	if (pair->receiver == receiver + 1 && same_key(&pair->key, key))
		return;
	other = turn_find(table, key, &ignored);
	if (other != RECORD_NONE)
		turn_forget(table, other);
	turn_forget(table, sender);
	head = head_of(table, key);
	*pair = (struct pair){.key = *key, .receiver = receiver + 1, .next = *head};
	*head = sender + 1;
	table->count++;
}
