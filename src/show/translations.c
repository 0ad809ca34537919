/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/translations.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include "lib/clock.h"
#include "lib/mem.h"
#include "show/names.h"
#include "show/peek.h"
#include "show/table.h"
#include "show/text.h"

enum { COLUMN_PROTOCOL, COLUMN_IG, COLUMN_IL, COLUMN_OL, COLUMN_OG, COLUMNS };

static const struct column columns[COLUMNS] = {
	[COLUMN_PROTOCOL] = {"protocol", "Pro", 0, FIELD_TEXT},
	[COLUMN_IG] = {"inside_global", "Inside global", 5, FIELD_ENDPOINT},
	[COLUMN_IL] = {"inside_local", "Inside local", 27, FIELD_ENDPOINT},
	[COLUMN_OL] = {"outside_local", "Outside local", 49, FIELD_ENDPOINT},
	[COLUMN_OG] = {"outside_global", "Outside global", 71, FIELD_ENDPOINT},
};

/* [Id: N] of a dynamic mapping, by the stable id that flows carry. Sorted by id. */
struct rule_number {
	uint64_t id;
	uint32_t number;
};

struct translations_show {
	struct mailbox *box;
	struct engine *engine;
	struct translations_ask ask;
	struct translation_cursor cursor;
	uint64_t now;
	uint64_t total;
	uint32_t n_rows, n_rules;
	struct rule_number *rules;
	struct translation rows[TRANSLATIONS_PAGE];
};

static int rule_compare(const void *a, const void *b)
{
	const struct rule_number *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void copy_rules(struct translations_show *show)
{
	const struct snapshot *snapshot = peek_snapshot(show->box, show->engine);

	if (snapshot == NULL || snapshot->n_rules == 0)
		return;
	show->n_rules = snapshot->n_rules;
	show->rules = mem_grow(NULL, show->n_rules, sizeof(*show->rules));
	for (uint32_t i = 0; i < show->n_rules; i++)
		show->rules[i] = (struct rule_number){snapshot->rules[i].id, snapshot->rules[i].number};
	qsort(show->rules, show->n_rules, sizeof(*show->rules), rule_compare);
}

struct translations_show *translations_new(struct mailbox *box, struct engine *engine,
					   const struct translations_ask *ask)
{
	struct translations_show *show = mem_alloc(sizeof(*show));

	show->box = box;
	show->engine = engine;
	show->ask = *ask;
	show->cursor.filter = &show->ask.filter;
	if (ask->verbose && !ask->total)
		copy_rules(show);
	return show;
}

void translations_free(struct translations_show *show)
{
	if (show == NULL)
		return;
	free(show->rules);
	free(show);
}

static void take_page(void *arg)
{
	struct translations_show *show = arg;

	/* Eleven lines a row: a page of text stays a page. */
	uint32_t max = show->ask.verbose ? TRANSLATIONS_PAGE / 8 : TRANSLATIONS_PAGE;

	show->n_rows = engine_translations(show->engine, show->now, &show->cursor,
					   show->ask.total ? NULL : show->rows, max);
}

static struct cell endpoint_field(const struct translation *row, struct endpoint endpoint, bool absent)
{
	return (struct cell){
		.absent = absent,
		.has_port = row->protocol != 0 && (row->flags & FLOW_ADDRESS_ONLY) == 0 &&
			    (!row->expected || endpoint.port != 0),
		.endpoint = endpoint,
	};
}

static void print_row(const struct translation *row, FILE *out)
{
	char line[256], protocol[PROTOCOL_NAME_SIZE];
	struct cell fields[COLUMNS] = {
		[COLUMN_PROTOCOL] = {.absent = row->protocol == 0, .text = protocol_name(row->protocol, protocol)},
		[COLUMN_IG] = endpoint_field(row, row->ig, false),
		[COLUMN_IL] = endpoint_field(row, row->il, false),
		[COLUMN_OL] = endpoint_field(row, row->ol, row->half),
		[COLUMN_OG] = endpoint_field(row, row->og, row->half),
	};

	fwrite(line, 1, table_row(columns, COLUMNS, fields, line, sizeof(line)), out);
}

/* A static entry has no times of its own; a date of zeroes keeps the line's form and cannot be mistaken for one. */
static const char *date_text(uint64_t then, char buf[TEXT_TIME_SIZE])
{
	if (then == 0) {
		snprintf(buf, TEXT_TIME_SIZE, "00/00/00 00:00:00");
		return buf;
	}
	return text_date(clock_wall(then), buf);
}

static const struct rule_number *rule_find(const struct translations_show *show, uint64_t id)
{
	struct rule_number key = {.id = id};

	if (show->n_rules == 0)
		return NULL;
	return bsearch(&key, show->rules, show->n_rules, sizeof(key), rule_compare);
}

static void print_verbose(const struct translations_show *show, const struct translation *row, FILE *out)
{
	char created[TEXT_TIME_SIZE], used[TEXT_TIME_SIZE], left[TEXT_TIME_SIZE];
	const struct rule_number *rule = rule_find(show, row->rule);
	bool is_static = row->is_static || (row->flags & FLOW_STATIC) != 0;

	fprintf(out, "  create: %s, use: %s, timeout: %s\n", date_text(row->created, created),
		date_text(row->used, used), text_hms(row->left_s, left));
	if (rule != NULL)
		fprintf(out, "  RuleID : %" PRIu32 "\n", rule->number);
	fprintf(out, "  Flags: %s\n  ALG Application Type: %s\n  WLAN-Flags: unknown\n",
		is_static ? "static" : "unknown", alg_type((enum alg)row->alg));
	/* An entry does not remember link-layer addresses or interfaces. */
	fputs("  Mac-Address: 0000.0000.0000    Input-IDB: unknown\n", out);
	fprintf(out, "  entry-id: 0x%" PRIx32 ", use_count:%" PRIu32 "\n", row->entry_id, row->uses);
	fprintf(out, "  In_pkts: %" PRIu64 " In_bytes: %" PRIu64 ", Out_pkts: %" PRIu64 " Out_bytes: %" PRIu64 "\n",
		row->packets[0], row->bytes[0], row->packets[1], row->bytes[1]);
	fputs("  Output-IDB: unknown\n\n", out);
}

static void print_one(struct translations_show *show, const struct translation *row, FILE *out)
{
	char line[128];

	if (show->total++ == 0)
		fwrite(line, 1, table_header(columns, COLUMNS, line, sizeof(line)), out);
	print_row(row, out);
	if (show->ask.verbose)
		print_verbose(show, row, out);
}

bool translations_next(struct translations_show *show, uint64_t now, FILE *out)
{
	if (!show->cursor.end) {
		show->now = now;
		mailbox_call(show->box, take_page, show);
		for (uint32_t i = 0; !show->ask.total && i < show->n_rows; i++)
			print_one(show, &show->rows[i], out);
		if (show->ask.total)
			show->total += show->n_rows;
	}
	if (!show->cursor.end)
		return true;
	fprintf(out, "Total number of translations: %" PRIu64 "\n", show->total);
	return false;
}
