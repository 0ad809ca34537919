/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include "lib/mem.h"
#include "show/peek.h"
#include "show/table.h"

#define PAGE 256
#define RULE "-------------------------------------------------\n\n"

enum { COLUMN_HOST, COLUMN_MAX, COLUMN_USED, COLUMN_MISSED, COLUMNS };

static const struct column columns[COLUMNS] = {
	[COLUMN_HOST] = {"host", "Host", 0, FIELD_IP4},
	[COLUMN_MAX] = {"max_entries", "Max Entries", 16, FIELD_NUMBER},
	[COLUMN_USED] = {"use_count", "Use Count", 28, FIELD_NUMBER},
	[COLUMN_MISSED] = {"miss_count", "Miss Count", 39, FIELD_NUMBER},
};

struct limits_show {
	struct mailbox *box;
	struct engine *engine;
	uint32_t n_own, own; /* hosts with limits of their own, copied; the next of them */
	ip4 *hosts;
	uint32_t from;       /* place in the engine, for the others */
	bool begun;
	uint64_t total;
	uint32_t n_rows;
	struct limit_host rows[PAGE];
};

struct limits_show *limits_new(struct mailbox *box, struct engine *engine)
{
	struct limits_show *show = mem_alloc(sizeof(*show));
	const struct snapshot *snapshot = peek_snapshot(box, engine);

	show->box = box;
	show->engine = engine;
	if (snapshot == NULL || snapshot->n_host_limits == 0)
		return show;
	show->n_own = snapshot->n_host_limits;
	show->hosts = mem_grow(NULL, show->n_own, sizeof(*show->hosts));
	for (uint32_t i = 0; i < show->n_own; i++)
		show->hosts[i] = snapshot->host_limits[i].addr;
	return show;
}

void limits_free(struct limits_show *show)
{
	if (show == NULL)
		return;
	free(show->hosts);
	free(show);
}

static void take_page(void *arg)
{
	struct limits_show *show = arg;

	show->n_rows = 0;
	while (show->n_rows < PAGE && show->own < show->n_own)
		engine_limit_host(show->engine, show->hosts[show->own++], &show->rows[show->n_rows++]);
	if (show->n_rows == 0)
		show->n_rows = engine_limit_hosts(show->engine, &show->from, show->rows, PAGE);
}

static void print_row(const struct limit_host *row, FILE *out)
{
	char line[128];
	struct cell fields[COLUMNS] = {
		[COLUMN_HOST] = {.endpoint = {row->addr, 0}},
		[COLUMN_MAX] = {.number = row->max},
		[COLUMN_USED] = {.number = row->used},
		[COLUMN_MISSED] = {.number = row->missed},
	};

	fwrite(line, 1, table_row(columns, COLUMNS, fields, line, sizeof(line)), out);
}

bool limits_next(struct limits_show *show, FILE *out)
{
	char line[128];

	if (!show->begun) {
		show->begun = true;
		fwrite(line, 1, table_header(columns, COLUMNS, line, sizeof(line)), out);
		fputs(RULE, out);
	}
	mailbox_call(show->box, take_page, show);
	for (uint32_t i = 0; i < show->n_rows; i++) {
		/* A limit of its own that was removed meanwhile. */
		if (show->rows[i].max == 0)
			continue;
		print_row(&show->rows[i], out);
		show->total++;
	}
	if (show->from != UINT32_MAX)
		return true;
	fprintf(out, "\nTotal number of limit entries: %" PRIu64 "\n", show->total);
	return false;
}
