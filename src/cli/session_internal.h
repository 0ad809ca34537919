/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a session, for the files that make sessions work (session, exec, auth, load,
 * server, cmd_session, cmd_config). Command handlers use cli/session.h.
 */
#ifndef ALGATE_CLI_SESSION_INTERNAL_H
#define ALGATE_CLI_SESSION_INTERNAL_H

#include <stdint.h>
#include <sys/queue.h>
#include "cli/filter.h"
#include "cli/session.h"
#include "cli/wire.h"
#include "lib/log.h"
#include "lib/loop.h"

#define SESSION_HISTORY	 20
#define SESSION_LENGTH	 24 /* lines and columns of a terminal whose size nobody knows */
#define SESSION_WIDTH	 80
#define SESSION_HOSTNAME 20 /* characters of the host name in the prompt */

/* How a session reaches its operator: a socket, a file being loaded, a test. Members may be NULL.
 */
struct session_port {
	void (*output)(void *self, const char *text, size_t length);
	void (*prompt)(void *self, unsigned flags, const char *text); /* flags: enum wire_prompt */
	void (*question)(void *self, enum question kind, const char *prompt);
	void (*settings)(void *self);
	void (*log)(void *self, bool asked, const char *line);
	void (*bye)(void *self, unsigned flags);
	/* May a producer go on? NULL: always. */
	bool (*room)(void *self);
	/* In place of output for refusals; text without newline. */
	void (*error)(void *self, const char *text);
};

struct producer {
	bool (*next)(struct session *session, void *state);
	void *state;
	void (*done)(void *state);
	TAILQ_ENTRY(producer) link;
};

struct auth;

struct session {
	struct router *router;
	struct loop *loop; /* NULL in a file load */
	enum session_origin origin;
	char where[80];	/* "console" or "vty0 (192.0.2.7)", for %SYS-5-CONFIG_I */
	unsigned vty;		/* line number of ORIGIN_VTY */
	bool terminal_attached; /* a person's terminal: prompts are seen, `enable` asks */
	bool local_root;	/* the peer is root, or the daemon's own user */
	bool logged_in;		/* no password stands before the first prompt any more */

	int level;
	const struct gram_mode *mode;
	const struct gram_cmd *context_cmd;
	void *context_args;

	struct session_terminal terminal;
	bool length_set, width_set; /* by command: the window no longer decides */
	unsigned rows, columns;	    /* the window; 0: not known */

	const struct session_port *port;
	void *self;

	bool busy;    /* a line is being run */
	bool closing; /* after this line the session is over */
	bool over;    /* bye was said */
	bool settling;
	bool refused, forget;
	int wanted_level; /* of the `enable` whose password is being asked */
	unsigned holds;	  /* work elsewhere that the line waits for */

	struct filter *filter;
	char *partial;
	size_t partial_length, partial_size;
	size_t prompt_length; /* of the prompt the line was typed behind */

	TAILQ_HEAD(, producer) producers;
	struct {
		bool open;
		enum question kind;
		void (*answer)(struct session *session, const char *text, void *arg);
		void *arg;
	} question;
	struct auth *auth;

	char *history[SESSION_HISTORY];
	unsigned history_next; /* lines ever added */
};

/* where is copied. Starts in exec mode at level 1, idle, without a prompt. */
struct session *session_new(struct router *router, struct loop *loop, enum session_origin origin,
			    const char *where, const struct session_port *port, void *self);
void session_free(struct session *session);

/* Prompts for the first line. */
void session_start(struct session *session);
/* From the port: what the operator did. A line that comes while another runs is not taken (false).
 */
bool session_line(struct session *session, enum wire_ending ending, const char *text);
/* text NULL: ^C. Without an open question nothing happens. */
void session_answer(struct session *session, const char *text);
void session_interrupt(struct session *session);
/* The port has room again. */
void session_room(struct session *session);
void session_window(struct session *session, unsigned rows, unsigned columns);

/* The line does not end before every hold is released. */
void session_hold(struct session *session);
void session_release(struct session *session);

/* "Router(config-if)#" into buf; returns buf. */
const char *session_prompt_text(const struct session *session, char *buf, size_t size);
#define SESSION_PROMPT_SIZE 96
/* A line of the log, if this session watches. */
void session_log(struct session *session, enum log_severity severity, const char *line);
/* Lines of `show history`, oldest first; NULL behind the last. */
const char *session_history(const struct session *session, unsigned index);
/* Text past the filter, lines as they are, control bytes escaped. */
void session_raw(struct session *session, const char *text);
/* `terminal length|width`, the window, or NAWS changed something. */
void session_settings(struct session *session);
/* The mode named so in the grammar. It must exist. */
const struct gram_mode *session_mode_named(const char *name);
/* The handler of `end`: leaves configuration mode, if in it. */
void session_end_config(struct session *session);

#endif
