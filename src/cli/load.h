/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration file as one candidate: every line goes through the same matching and checking as
 * a typed one, changes only the candidate, and one commit at the end makes all of it effective. A
 * bad line is reported with its number and skipped (the IOS way); the rest applies.
 *
 * CR LF, a byte order mark, over-long lines, NUL bytes and binary are survived: an error per line,
 * never more.
 */
#ifndef ALGATE_CLI_LOAD_H
#define ALGATE_CLI_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include "cli/router.h"
#include "lib/err.h"

enum load_result {
	LOAD_OK,     /* committed, bad lines or not */
	LOAD_NONE,   /* there is no such file */
	LOAD_FAILED, /* unreadable, or the commit was refused: err says why, nothing changed */
};

/* line counts from 1; text is what an operator would have read, without "% " and newline. */
typedef void load_report(void *arg, unsigned line, const char *text);

/* report may be NULL. *n_bad (may be NULL): number of bad lines. */
enum load_result load_config(struct router *router, const char *path, load_report *report,
			     void *arg, unsigned *n_bad, struct err *err);
enum load_result load_text(struct router *router, const char *text, size_t length,
			   load_report *report, void *arg, unsigned *n_bad, struct err *err);

#endif
