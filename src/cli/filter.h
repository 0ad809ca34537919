/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output modifiers: what stands behind `|`. One line goes in, at most that line comes out.
 *
 * Patterns are extended regular expressions (POSIX) as IOS users write them: case-sensitive, braces
 * are literal, back references are refused, so that no pattern costs more than its length times the
 * line's.
 */
#ifndef ALGATE_CLI_FILTER_H
#define ALGATE_CLI_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/err.h"

enum filter_kind {
	FILTER_BEGIN,
	FILTER_INCLUDE,
	FILTER_EXCLUDE,
	FILTER_SECTION,
	FILTER_SECTION_EXCLUDE,
	FILTER_COUNT,
};

struct filter;

/* NULL with err when the pattern is no regular expression. */
struct filter *filter_new(enum filter_kind kind, const char *pattern, struct err *err);
void filter_free(struct filter *filter);
/* Is this line (without newline) to be printed? */
bool filter_line(struct filter *filter, const char *line);
/* The line that ends the output (`count`), or NULL. Good until the filter is freed. */
const char *filter_end(struct filter *filter);

#endif
