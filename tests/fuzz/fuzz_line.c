/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One typed line through split, match, help and completion in every mode and at every level. What must hold: the caret lies
 * in the line; a command that matched prints, and what it prints matches again as the same command; help and
 * completion stay in their buffers and end in a newline or add to the line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/match.h"
#include "gram_tables.h"

#define LINE_MAX_SIZE 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* A `no` line may stand for less than a whole command: then its print is no line of its own. */
static void print_again(const struct match *match, int level)
{
	static struct match again;
	char line[2 * LINE_MAX_SIZE];

	if (match->no)
		return;
	must(gram_print(match->cmd, match->args, match->parent_args, line, sizeof(line)) > 0);
	match_line(match->mode, level, line, &again);
	must(again.kind == MATCH_OK && again.cmd == match->cmd);
	must(!memcmp(again.args, match->args, match->cmd->args_size));
}

static void try_line(const struct gram_mode *mode, int level, const char *line)
{
	static struct match match;
	static char text[HELP_TEXT_SIZE];
	size_t length = strlen(line);

	match_line(mode, level, line, &match);
	must(match.caret <= length);
	must((match.kind == MATCH_OK) == (match.cmd != NULL));
	if (match.kind == MATCH_OK) {
		must(match.cmd->level <= level);
		print_again(&match, level);
	}
	help_text(mode, level, line, text, sizeof(text));
	must(text[0] && text[strlen(text) - 1] == '\n');
	complete_line(mode, level, line, text, sizeof(text));
	must(strlen(text) >= length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int levels[] = {0, 1, 15};
	char line[LINE_MAX_SIZE];

	if (size >= sizeof(line))
		size = sizeof(line) - 1;
	memcpy(line, data, size);
	line[size] = '\0';
	for (unsigned m = 0; m < gram_n_modes; m++)
		for (unsigned i = 0; i < 3; i++)
			try_line(gram_modes[m], levels[i], line);
	return 0;
}
