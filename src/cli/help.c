/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "cli/match.h"
#include "lib/gram_names.h"

#define ROWS_MAX 1024

struct row {
	const char *word, *help;
	unsigned number; /* shown behind the help of a named value */
	bool numbered;
};

struct rows {
	unsigned n;
	struct row row[ROWS_MAX];
};

static void add(struct rows *rows, struct row row)
{
	for (unsigned i = 0; i < rows->n; i++)
		if (!strcmp(rows->row[i].word, row.word))
			return;
	if (rows->n < ROWS_MAX)
		rows->row[rows->n++] = row;
}

static int by_word(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->word, ((const struct row *)b)->word);
}

/* The names that a port, protocol or message may have. ICMP names carry no number: it would be a pair. */
static void add_names(struct rows *rows, const struct gram_leaf *leaf)
{
	const struct gram_name *name;

	for (unsigned i = 0; (name = gram_name_at((enum gram_type)leaf->type, i)); i++)
		add(rows, (struct row){name->name, name->help, name->value, leaf->type != GRAM_ICMP_TYPE});
}

static void add_leaves(struct rows *rows, const struct match_next *next)
{
	for (unsigned i = 0; i < next->n; i++) {
		add(rows, (struct row){.word = next->leaves[i]->word, .help = next->leaves[i]->help});
		add_names(rows, next->leaves[i]);
	}
	if (next->first && next->may_no)
		add(rows, (struct row){.word = "no", .help = "Negate a command or set its defaults"});
	if (next->first && next->may_do)
		add(rows, (struct row){.word = "do", .help = "To run exec commands in config mode"});
}

struct out {
	char *buf;
	size_t size, used;
};

static void put(struct out *out, const char *text, size_t pad)
{
	int length = snprintf(out->buf + out->used, out->size - out->used, "%-*s", (int)pad, text);

	if (length > 0)
		out->used += (size_t)length;
	if (out->used >= out->size)
		out->used = out->size - 1;
}

static size_t widest(const struct rows *rows)
{
	size_t width = 0;

	for (unsigned i = 0; i < rows->n; i++) {
		size_t length = strlen(rows->row[i].word);

		width = length > width ? length : width;
	}
	return width;
}

static void put_row(struct out *out, const struct row *row, size_t width)
{
	char number[24];

	put(out, "", 2);
	put(out, row->word, *row->help ? width : 0);
	if (*row->help) {
		put(out, "", 2);
		put(out, row->help, 0);
	}
	if (row->numbered) {
		snprintf(number, sizeof(number), " (%u)", row->number);
		put(out, number, 0);
	}
	put(out, "\n", 0);
}

/* Behind a blank: what may come next. */
static void list_next(const struct match_next *next, struct rows *rows, struct out *out)
{
	add_leaves(rows, next);
	if (next->pipe)
		add(rows, (struct row){.word = "|", .help = "Output modifiers"});
	qsort(rows->row, rows->n, sizeof(*rows->row), by_word);
	if (next->accept)
		add(rows, (struct row){.word = "<cr>", .help = ""});
	for (unsigned i = 0; i < rows->n; i++)
		put_row(out, &rows->row[i], widest(rows));
}

/* Could a value that begins so be one of this type? */
static bool may_begin(const struct gram_leaf *leaf, const char *partial)
{
	size_t length = strlen(partial);

	switch (leaf->type) {
	case GRAM_KEYWORD:
		return false;
	case GRAM_WORD:
	case GRAM_LINE:
	case GRAM_IFNAME:
		return true;
	case GRAM_IP4:
	case GRAM_MASK:
		return strspn(partial, "0123456789.") == length;
	default:
		return strspn(partial, "/0123456789") == length;
	}
}

static void keep_prefixed(struct rows *rows, const char *partial)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < rows->n; i++)
		if (!strncasecmp(rows->row[i].word, partial, strlen(partial)))
			rows->row[kept++] = rows->row[i];
	rows->n = kept;
}

/* Inside a word: what begins so. */
static void list_words(const struct match_next *next, const char *partial, struct rows *rows, struct out *out)
{
	size_t width;

	add_leaves(rows, next);
	keep_prefixed(rows, partial);
	for (unsigned i = 0; !rows->n && i < next->n; i++)
		if (may_begin(next->leaves[i], partial))
			add(rows, (struct row){.word = next->leaves[i]->word, .help = ""});
	qsort(rows->row, rows->n, sizeof(*rows->row), by_word);
	width = widest(rows);
	for (unsigned i = 0; i < rows->n; i++)
		put(out, rows->row[i].word, i + 1 < rows->n ? width + 2 : 0);
	if (rows->n)
		put(out, "\n", 0);
}

bool help_text(const struct gram_mode *mode, int level, const char *line, char *buf, size_t size)
{
	struct out out = {buf, size, 0};
	struct match_next next;
	struct rows rows;

	rows.n = 0;
	buf[0] = '\0';
	match_next(mode, level, line, &next);
	if (next.kind == MATCH_AMBIGUOUS) {
		snprintf(buf, size, "%% Ambiguous command:  \"%s\"\n", line);
		return false;
	}
	if (next.kind == MATCH_OK && line[next.partial])
		list_words(&next, line + next.partial, &rows, &out);
	else if (next.kind == MATCH_OK)
		list_next(&next, &rows, &out);
	if (!out.used)
		snprintf(buf, size, "%% Unrecognized command\n");
	return out.used != 0;
}
