/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole text for a session: written to a stream, then handed over a page at a time, so that a slow terminal holds up
 * nobody. Control bytes are escaped on the way out (show/text.h).
 */
#ifndef ALGATE_CLI_OUTPUT_H
#define ALGATE_CLI_OUTPUT_H

#include <stdio.h>
#include "cli/session.h"

struct output {
	FILE *file;
	char *text;
	size_t size;
};

/* Returns the stream to write to. */
FILE *output_open(struct output *output);
/* Takes the text and leaves output empty. */
void output_send(struct session *session, struct output *output);
/* The lines of a text that is there already (at most a page of them), at once. */
void output_lines(struct session *session, const char *text, size_t length);

#endif
