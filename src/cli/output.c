/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/output.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "show/text.h"

#define PAGE_LINES 256
#define LINE_SIZE 1024
/* Of a walk that finds nothing to print, before others have their turn. */
#define STEPS_PER_TURN 16

struct rows {
	bool (*next)(void *state, FILE *out);
	void (*done)(void *state);
	void *state;
};

struct pages {
	char *text;
	size_t length, at;
};

FILE *output_open(struct output *output)
{
	output->text = NULL;
	output->size = 0;
	output->file = open_memstream(&output->text, &output->size);
	if (output->file == NULL)
		abort(); /* out of memory, as lib/mem.h does */
	return output->file;
}

/* One line of any length, escaped piece by piece; a character of UTF-8 is not cut. */
static void print_line(struct session *session, const char *line, size_t length)
{
	char piece[TEXT_ESCAPED(LINE_SIZE)];

	while (length > LINE_SIZE) {
		size_t n = LINE_SIZE;

		while (n > LINE_SIZE - 4 && ((unsigned char)line[n] & 0xc0) == 0x80)
			n--;
		text_escape(line, n, piece, sizeof(piece));
		session_print(session, "%s", piece);
		line += n;
		length -= n;
	}
	text_escape(line, length, piece, sizeof(piece));
	session_print(session, "%s\n", piece);
}

/* Prints up to `lines` lines and returns how many bytes they took. */
static size_t print_lines(struct session *session, const char *text, size_t length, unsigned lines)
{
	size_t at = 0;

	while (at < length && lines-- > 0) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t n = end != NULL ? (size_t)(end - text) - at : length - at;

		print_line(session, text + at, n);
		at += n + (end != NULL);
	}
	return at;
}

static bool pages_next(struct session *session, void *state)
{
	struct pages *pages = state;

	pages->at += print_lines(session, pages->text + pages->at, pages->length - pages->at, PAGE_LINES);
	return pages->at < pages->length;
}

static void pages_done(void *state)
{
	struct pages *pages = state;

	free(pages->text);
	free(pages);
}

void output_send(struct session *session, struct output *output)
{
	struct pages *pages = mem_alloc(sizeof(*pages));

	fclose(output->file);
	*pages = (struct pages){.text = output->text, .length = output->size};
	*output = (struct output){0};
	session_produce(session, pages_next, pages, pages_done);
}

static bool rows_next(struct session *session, void *state)
{
	const struct rows *rows = state;
	struct output page;
	FILE *out = output_open(&page);
	bool more = true;

	for (int i = 0; more && i < STEPS_PER_TURN && ftell(out) == 0; i++)
		more = rows->next(rows->state, out);
	fclose(out);
	print_lines(session, page.text, page.size, UINT_MAX);
	free(page.text);
	return more;
}

static void rows_done(void *state)
{
	struct rows *rows = state;

	rows->done(rows->state);
	free(rows);
}

void output_rows(struct session *session, bool (*next)(void *state, FILE *out), void *state, void (*done)(void *state))
{
	struct rows *rows = mem_alloc(sizeof(*rows));

	*rows = (struct rows){.next = next, .done = done, .state = state};
	session_produce(session, rows_next, rows, rows_done);
}
