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
/* What a show walks through while packets wait: `next` looks at a bounded number of entries, prints those that are wanted,
 * perhaps none, and returns false at the end; it is called until then, or until the session wants no more, and other sessions
 * have their turn in between. Then `done`. */
void output_rows(struct session *session, bool (*next)(void *state, FILE *out), void *state, void (*done)(void *state));

#endif
