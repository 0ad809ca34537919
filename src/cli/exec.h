/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a command line to its effect: do/no/end, mode fall-through, one-line contexts, storing of configuration
 * entries. A failing line changes neither mode nor configuration.
 */
#ifndef ALGATE_CLI_EXEC_H
#define ALGATE_CLI_EXEC_H

#include "cli/session.h"
#include "lib/err.h"

/* Runs one line as if typed; errors go to the session with the caret as if the prompt stood before the line. */
void exec_line(struct session *session, const char *line);

/* For handlers (`hook` and exec commands): check, store, apply; prints the refusal and returns false. Asks
 * "Dynamic mapping in use, do you want to delete all entries? [no]: " where that applies and the session can answer
 * (then it returns true and goes on when answered). Inside a file load it only changes the candidate. */
bool exec_set(struct session *session, struct entry *context, const struct gram_cmd *cmd, const void *args);
bool exec_remove(struct session *session, struct entry *entry);
/* Without that question: what uses a rule ends with it. */
bool exec_remove_forced(struct session *session, struct entry *entry);

#endif
