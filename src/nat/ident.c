/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters by keyed hash, as Linux has them for its own packets: destinations that share one use it
 * up faster, and are never in each other's way, because each adds an offset of its own. Promises
 * O(1) and one cache line.
 */
#include "nat/ident.h"

#include <stdlib.h>
#include "lib/mem.h"
#include "lib/siphash.h"

#define COUNTERS 8192u /* power of two */

struct ident_table {
	struct siphash_key key;
	uint16_t counters[COUNTERS];
};

struct ident_table *ident_new(uint64_t seed)
{
	struct ident_table *table = mem_alloc(sizeof(*table));

	table->key = (struct siphash_key){seed ^ 0x6964656e74u, seed * 0xd6e8feb86659fd93u};
	return table;
}

void ident_free(struct ident_table *table)
{
	free(table);
}

uint16_t ident_next(struct ident_table *table, ip4 source, ip4 destination, uint8_t protocol,
		    uint32_t count)
{
	uint32_t words[3] = {source, destination, protocol};
	uint64_t hash = siphash13(&table->key, words, sizeof(words));
	uint16_t *counter = &table->counters[hash & (COUNTERS - 1)];
	uint16_t id = (uint16_t)(*counter + (hash >> 48));

	*counter = (uint16_t)(*counter + count);
	if (id != 0)
		return id;
	*counter += 1;
	return 1;
}
