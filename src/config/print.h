/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running-config as text, from the store and the grammar alone. What it prints it reads back to the same store.
 */
#ifndef ALGATE_CONFIG_PRINT_H
#define ALGATE_CONFIG_PRINT_H

#include <stdbool.h>
#include "config/store.h"

/* A resumable printer: one line per call. If the store changes between calls, the text ends early, without its
 * "end". */
struct config_print;
struct config_print *config_print_new(const struct store *store);
/* The next line without newline, valid until the next call; NULL at the end (after "end"). */
const char *config_print_next(struct config_print *print);
void config_print_free(struct config_print *print);

/* A line that frames a configuration text and is no command: empty, a comment, `version ...`, `end`, `Building
 * configuration...`, `Current configuration : ...`, `Using N out of M bytes`. Whoever loads a text skips these. */
bool config_print_frame(const char *line);

/* The whole text, from "version" to "end", malloc'ed. */
char *config_text(const struct store *store);

#endif
