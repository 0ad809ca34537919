/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/split.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void split_range(const char *line, unsigned at, unsigned end, struct split *out)
{
	while (end > at && is_blank(line[end - 1]))
		end--;
	out->line = line;
	out->end = end;
	out->pipe = -1;
	out->n = 0;
	for (;;) {
		struct split_word *word;

		while (at < end && is_blank(line[at]))
			at++;
		if (at == end)
			return;
		word = &out->words[out->n++];
		word->off = at;
		if (out->n == SPLIT_WORDS)
			at = end;
		while (at < end && !is_blank(line[at]))
			at++;
		word->len = at - word->off;
		if (at == end)
			return;
	}
}

bool split_is(const struct split *split, unsigned word, const char *text)
{
	size_t length = strlen(text);

	return word < split->n && split->words[word].len == length &&
	       !strncasecmp(split->line + split->words[word].off, text, length);
}

static bool begins_with_show(const struct split *split)
{
	unsigned first = split_is(split, 0, "do");
	const struct split_word *word = &split->words[first];

	return first < split->n && word->len <= 4 &&
	       !strncasecmp(split->line + word->off, "show", word->len);
}

/* The first `|` with a blank before it and a blank or nothing behind it; 0 if there is none. */
static unsigned find_pipe(const char *line, unsigned end)
{
	for (unsigned i = 1; i < end; i++)
		if (line[i] == '|' && is_blank(line[i - 1]) && (i + 1 == end || is_blank(line[i + 1])))
			return i;
	return 0;
}

void split_line(const char *line, struct split *out)
{
	unsigned length = (unsigned)strlen(line), pipe;

	split_range(line, 0, length, out);
	if (out->n && line[out->words[0].off] == '!') {
		out->n = 0;
		return;
	}
	if (!begins_with_show(out))
		return;
	pipe = find_pipe(line, length);
	if (!pipe)
		return;
	split_range(line, 0, pipe, out);
	out->pipe = (int)pipe;
}

void split_from(const char *line, unsigned from, struct split *out)
{
	split_range(line, from, (unsigned)strlen(line), out);
}
