/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/aliases.h"

#include <stdlib.h>
#include "config/ranges.h"
#include "lib/mem.h"
#include "show/table.h"

#define PAGE 256
#define LOOPBACK 127u /* first byte: addresses that no ARP asks for */

enum { COLUMN_TYPE, COLUMN_ADDRESS, COLUMN_PORT, COLUMNS };

static const struct column columns[COLUMNS] = {
	[COLUMN_TYPE] = {"type", "Address Type", 0, FIELD_TEXT},
	[COLUMN_ADDRESS] = {"ip_address", "IP Address", 25, FIELD_IP4},
	[COLUMN_PORT] = {"port", "Port", 41, FIELD_TEXT},
};

struct aliases_show {
	uint32_t n_own, own; /* and the next of them */
	ip4 *addresses;
	struct ranges globals;
	size_t range;        /* the next of them, */
	uint64_t offset;     /* so far into it */
	bool begun;
};

static void copy_own(struct aliases_show *show, const struct snapshot *snapshot)
{
	show->addresses = mem_grow(NULL, snapshot->n_own + 1, sizeof(*show->addresses));
	for (uint32_t i = 0; i < snapshot->n_own; i++) {
		if (snapshot->own[i].addr >> 24 != LOOPBACK)
			show->addresses[show->n_own++] = snapshot->own[i].addr;
	}
}

struct aliases_show *aliases_new(const struct snapshot *snapshot)
{
	struct aliases_show *show = mem_alloc(sizeof(*show));

	if (snapshot == NULL)
		return show;
	copy_own(show, snapshot);
	for (uint32_t i = 0; i < snapshot->n_pool_ranges; i++)
		ranges_add(&show->globals, snapshot->pool_ranges[i].first, snapshot->pool_ranges[i].last);
	for (uint32_t i = 0; i < snapshot->n_statics; i++) {
		if (snapshot->statics[i].global != 0 && !snapshot->statics[i].no_alias)
			ranges_add(&show->globals, snapshot->statics[i].global, snapshot->statics[i].global);
	}
	ranges_join(&show->globals);
	ranges_subtract(&show->globals, show->addresses, show->n_own);
	return show;
}

void aliases_free(struct aliases_show *show)
{
	if (show == NULL)
		return;
	free(show->addresses);
	ranges_clear(&show->globals);
	free(show);
}

static void print_row(FILE *out, const char *type, ip4 addr)
{
	char line[128];
	struct cell fields[COLUMNS] = {
		[COLUMN_TYPE] = {.text = type},
		[COLUMN_ADDRESS] = {.endpoint = {addr, 0}},
	};

	fwrite(line, 1, table_row(columns, COLUMN_PORT, fields, line, sizeof(line)), out);
}

static void print_global(struct aliases_show *show, FILE *out)
{
	const struct snapshot_pool_range *range = &show->globals.list[show->range];

	print_row(out, "Dynamic", (ip4)(range->first + show->offset));
	if (range->first + show->offset++ < range->last)
		return;
	show->offset = 0;
	show->range++;
}

bool aliases_next(struct aliases_show *show, FILE *out)
{
	char line[128];

	if (!show->begun) {
		show->begun = true;
		fwrite(line, 1, table_header(columns, COLUMNS, line, sizeof(line)), out);
	}
	for (int i = 0; i < PAGE; i++) {
		if (show->own < show->n_own)
			print_row(out, "Interface", show->addresses[show->own++]);
		else if (show->range < show->globals.n)
			print_global(show, out);
		else
			return false;
	}
	return true;
}
