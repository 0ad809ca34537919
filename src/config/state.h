/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running configuration as it survives the daemon: a whole text, and beside it (PATH.changes)
 * the lines of the commits since. A commit costs what it changed; when the changes have grown as
 * long as the text, the text is written anew.
 *
 * Killed at any point, what is read back is the configuration of the last commit whose record is
 * complete. The changes name the text they belong to by its checksum, and each record carries one
 * over all before it: changes to another text, and a torn record with everything behind it, do not
 * count.
 */
#ifndef ALGATE_CONFIG_STATE_H
#define ALGATE_CONFIG_STATE_H

#include <stddef.h>
#include "config/store.h"
#include "lib/err.h"

struct state;

struct state *state_new(const char *path);
void state_free(struct state *state);

/* Before the commit of a transaction: keeps what it changed. After it: writes that down. What could
 * not be written is written by a later call, whole. */
void state_note(struct state *state, const struct store *store);
bool state_save(struct state *state, const struct store *store, struct err *err);

/* The lines to load: the text, then the changes, malloc'ed, NUL-terminated. NULL: there is none
 * (err->text ""), or it cannot be read or is not whole. Changes that do not count are logged. */
char *state_load(const char *path, size_t *length, struct err *err);
/* Nothing is to be resumed. */
void state_remove(const char *path);

#endif
