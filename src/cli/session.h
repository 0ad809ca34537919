/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One operator session in the daemon: mode, privilege, terminal settings, output. Management thread only.
 *
 * A handler prints with session_print and session_error and returns at once. What is long is produced piecewise
 * (session_produce), what needs an answer asks (session_ask); the next command line waits for both. Output goes through
 * the line filter of `| include` and its kin, then to the operator's socket; a slow reader stops only its own producer.
 */
#ifndef ALGATE_CLI_SESSION_H
#define ALGATE_CLI_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include "cli/router.h"
#include "lib/gram.h"

struct session;

enum session_origin { ORIGIN_CONSOLE, ORIGIN_VTY, ORIGIN_FILE };

struct router *session_router(struct session *session);
int session_level(const struct session *session);
void session_set_level(struct session *session, int level);
/* args: the context entry's arguments (copied), NULL for modes without one. */
void session_enter(struct session *session, const struct gram_mode *mode, const struct gram_cmd *context,
		   const void *args);
/* The context entry of the current mode in the store; NULL in global mode, or when someone removed it. */
struct entry *session_context(struct session *session);
void session_close(struct session *session);

/* Output; lines end in \n. */
void session_print(struct session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "% text", or text as it is when it begins with '%'. The line counts as refused. */
void session_error(struct session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* next prints some more (at most a page) and returns false when it is finished; done frees state, also when the operator
 * stops the output. Called again only when the operator's side has taken what was printed. */
void session_produce(struct session *session, bool (*next)(struct session *session, void *state), void *state,
		     void (*done)(void *state));

enum question { QUESTION_TEXT, QUESTION_SECRET, QUESTION_CONFIRM /* one key: Return or y accepts */ };
/* answer gets the line; NULL at end of input or ^C. A CONFIRM answer is "y" or "n". */
void session_ask(struct session *session, enum question kind, const char *prompt,
		 void (*answer)(struct session *session, const char *text, void *arg), void *arg);

struct session_terminal {
	unsigned length, width; /* 0: no limit */
	bool monitor;           /* terminal monitor: log and debug lines appear here */
};
/* Bits of what this session debugs; the daemon's debug state is the union (cli/router.h). */

#endif
