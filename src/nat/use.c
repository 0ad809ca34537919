/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Use counts: open addressing with linear probing, removal closes the gap. Rule ids are hashes already. There is always an empty
 * place, because each place in use stands for at least one counted flow or binding. The memory is touched only where
 * rules are.
 */
#include "nat/use.h"

#include <stdbool.h>
#include <stdlib.h>
#include "lib/mem.h"

struct use {
	uint64_t rule;
	uint32_t count; /* 0: empty */
};

struct use_table {
	uint32_t mask;
	struct use *places;
};

struct use_table *use_table_new(uint32_t entries)
{
	struct use_table *table = mem_alloc(sizeof(*table));
	uint64_t size = 16;

	while (size <= entries)
		size *= 2;
	table->mask = (uint32_t)(size - 1);
	table->places = mem_alloc(size * sizeof(*table->places));
	return table;
}

void use_table_free(struct use_table *table)
{
	if (table == NULL)
		return;
	free(table->places);
	free(table);
}

static uint32_t home_of(const struct use_table *table, uint64_t rule)
{
	return (uint32_t)(rule ^ rule >> 32) & table->mask;
}

/* Where the rule is, or the empty place where it would be. */
static uint32_t place_of(const struct use_table *table, uint64_t rule)
{
	uint32_t i = home_of(table, rule);

	while (table->places[i].count != 0 && table->places[i].rule != rule)
		i = (i + 1) & table->mask;
	return i;
}

void use_add(struct use_table *table, uint64_t rule)
{
	struct use *use = &table->places[place_of(table, rule)];

	use->rule = rule;
	use->count++;
}

/* Moves back whatever could no longer be found past the gap. */
static void close_gap(struct use_table *table, uint32_t gap)
{
	for (uint32_t i = (gap + 1) & table->mask; table->places[i].count != 0;
	     i = (i + 1) & table->mask) {
		uint32_t home = home_of(table, table->places[i].rule);

		if (((i - home) & table->mask) < ((i - gap) & table->mask))
			continue;
		table->places[gap] = table->places[i];
		table->places[i].count = 0;
		gap = i;
	}
}

void use_remove(struct use_table *table, uint64_t rule)
{
	uint32_t i = place_of(table, rule);

	if (table->places[i].count == 0 || --table->places[i].count > 0)
		return;
	close_gap(table, i);
}

uint32_t use_count(const struct use_table *table, uint64_t rule)
{
	return table->places[place_of(table, rule)].count;
}
