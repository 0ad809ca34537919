/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session's life between two prompts: a line comes, its handler prints, produces, asks or waits,
 * and when nothing of that is left the next prompt goes out. Modes, privilege, history and the way
 * of the output are here.
 *
 * Promises: exactly one prompt for each line, after all of its output; no control byte of stored or
 * typed text reaches a terminal; whatever a handler left open is closed when the session ends. It
 * may not block, and does not know what a command means.
 */
#include "cli/session_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "cli/auth.h"
#include "cli/exec.h"
#include "cli/login.h"
#include "lib/mem.h"
#include "show/text.h"

/* Pages of one producer before others get their turn. */
#define PAGES_PER_TURN 8

static void settle(struct session *session);

/* ---- what handlers may know */

struct router *session_router(struct session *session)
{
	return session->router;
}

int session_level(const struct session *session)
{
	return session->level;
}

void session_set_level(struct session *session, int level)
{
	session->level = level;
}

/* ---- modes */

const struct gram_mode *session_mode_named(const char *name)
{
	for (unsigned i = 0; i < gram_n_modes; i++)
		if (strcmp(gram_modes[i]->name, name) == 0)
			return gram_modes[i];
	abort();
}

void session_enter(struct session *session, const struct gram_mode *mode,
		   const struct gram_cmd *context, const void *args)
{
	bool leaves = session->mode->config && !mode->config;
	void *copy = NULL;

	if (context != NULL) {
		copy = mem_alloc(context->args_size);
		memcpy(copy, args, context->args_size);
	}
	free(session->context_args);
	session->context_cmd = context;
	session->context_args = copy;
	session->mode = mode;
	if (leaves && session->origin != ORIGIN_FILE && !session->over)
		log_event("SYS", LOG_SEV_NOTICE, "CONFIG_I", "Configured from console by %s",
			  session->where);
}

void session_end_config(struct session *session)
{
	if (session->mode->config)
		session_enter(session, session_mode_named("exec"), NULL, NULL);
}

struct entry *session_context(struct session *session)
{
	if (session->context_cmd == NULL)
		return NULL;
	return store_find(session->router->store, NULL, session->context_cmd,
			  session->context_args);
}

const char *session_prompt_text(const struct session *session, char *buf, size_t size)
{
	const char *tail = session->mode->prompt;

	if (!session->mode->config)
		tail = session->level > 1 ? "#" : ">";
	snprintf(buf, size, "%.*s%s", SESSION_HOSTNAME, router_hostname(session->router), tail);
	return buf;
}

/* ---- output */

static void put(struct session *session, const char *text, size_t length)
{
	if (length > 0 && session->port->output != NULL && !session->over)
		session->port->output(session->self, text, length);
}

static void put_escaped(struct session *session, const char *text, size_t length, const char *tail)
{
	size_t size = TEXT_ESCAPED(length) + 1;
	char small[1024];
	char *buf = size <= sizeof(small) ? small : mem_alloc(size);
	size_t n = text_escape(text, length, buf, size - 1);

	if (*tail)
		buf[n++] = *tail;
	put(session, buf, n);
	if (buf != small)
		free(buf);
}

static void put_line(struct session *session)
{
	session->partial[session->partial_length] = '\0';
	if (session->filter == NULL || filter_line(session->filter, session->partial))
		put_escaped(session, session->partial, session->partial_length, "\n");
	session->partial_length = 0;
}

static void flush_partial(struct session *session)
{
	if (session->partial_length > 0)
		put_escaped(session, session->partial, session->partial_length, "");
	session->partial_length = 0;
}

static void partial_add(struct session *session, const char *text, size_t length)
{
	if (session->partial_size < session->partial_length + length + 1) {
		session->partial_size = (session->partial_length + length + 1) * 2;
		session->partial = mem_grow(session->partial, session->partial_size, 1);
	}
	memcpy(session->partial + session->partial_length, text, length);
	session->partial_length += length;
}

static void print_text(struct session *session, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		partial_add(session, text, length);
		text += length;
		if (*text == '\n') {
			put_line(session);
			text++;
		}
	}
}

void session_print(struct session *session, const char *format, ...)
{
	char *text;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		abort();
	print_text(session, text);
	free(text);
}

void session_raw(struct session *session, const char *text)
{
	struct filter *filter = session->filter;

	session->filter = NULL;
	flush_partial(session);
	print_text(session, text);
	session->filter = filter;
}

void session_error(struct session *session, const char *format, ...)
{
	char text[1024] = "% ";
	const char *line = text;
	va_list args;

	va_start(args, format);
	vsnprintf(text + 2, sizeof(text) - 3, format, args);
	va_end(args);
	if (text[2] == '%')
		line = text + 2;
	session->refused = true;
	if (session->port->error != NULL) {
		session->port->error(session->self, line);
		return;
	}
	session_raw(session, line);
	session_raw(session, "\n");
}

/* "*Nov 22 13:17:00.123: " as IOS stamps its lines. */
static void stamp(char *buf, size_t size)
{
	struct timeval now;
	struct tm tm;
	size_t n;

	gettimeofday(&now, NULL);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(buf, size, "*%b %e %H:%M:%S", &tm);
	snprintf(buf + n, size - n, ".%03ld: ", (long)(now.tv_usec / 1000));
}

void session_log(struct session *session, enum log_severity severity, const char *line)
{
	bool asked = session->terminal.monitor;
	char text[640];

	(void)severity;
	if (session->over || session->port->log == NULL ||
	    (!asked && session->origin != ORIGIN_CONSOLE))
		return;
	stamp(text, sizeof(text));
	strncat(text, line, sizeof(text) - strlen(text) - 1);
	session->port->log(session->self, asked, text);
}

/* ---- producing and asking */

void session_produce(struct session *session, bool (*next)(struct session *session, void *state),
		     void *state, void (*done)(void *state))
{
	struct producer *producer = mem_alloc(sizeof(*producer));

	*producer = (struct producer){.next = next, .state = state, .done = done};
	TAILQ_INSERT_TAIL(&session->producers, producer, link);
}

static void producer_end(struct session *session, struct producer *producer)
{
	TAILQ_REMOVE(&session->producers, producer, link);
	if (producer->done != NULL)
		producer->done(producer->state);
	free(producer);
}

static void producers_end(struct session *session)
{
	struct producer *producer;

	while ((producer = TAILQ_FIRST(&session->producers)) != NULL)
		producer_end(session, producer);
}

static void resume(void *arg)
{
	settle(arg);
}

/* Runs producers while there is room; true when none is left. */
static bool produce(struct session *session)
{
	struct producer *producer;
	unsigned pages = 0;

	while ((producer = TAILQ_FIRST(&session->producers)) != NULL) {
		if (session->port->room != NULL && !session->port->room(session->self))
			return false;
		if (session->loop != NULL && pages++ >= PAGES_PER_TURN) {
			loop_undefer(session->loop, resume, session);
			loop_defer(session->loop, resume, session);
			return false;
		}
		if (!producer->next(session, producer->state))
			producer_end(session, producer);
		if (session->question.open || session->holds > 0)
			return false;
	}
	return true;
}

void session_ask(struct session *session, enum question kind, const char *prompt,
		 void (*answer)(struct session *session, const char *text, void *arg), void *arg)
{
	if (session->over || session->port->question == NULL) {
		answer(session, NULL, arg);
		return;
	}
	flush_partial(session);
	session->question.open = true;
	session->question.kind = kind;
	session->question.answer = answer;
	session->question.arg = arg;
	session->port->question(session->self, kind, prompt);
}

void session_answer(struct session *session, const char *text)
{
	if (!session->question.open)
		return;
	session->question.open = false;
	if (session->question.kind == QUESTION_CONFIRM && text != NULL)
		text = *text == '\0' || *text == 'y' || *text == 'Y' ? "y" : "n";
	session->question.answer(session, text, session->question.arg);
	settle(session);
}

void session_hold(struct session *session)
{
	session->holds++;
}

void session_release(struct session *session)
{
	session->holds--;
	settle(session);
}

void session_interrupt(struct session *session)
{
	if (session->question.open) {
		session_answer(session, NULL);
		return;
	}
	if (TAILQ_EMPTY(&session->producers))
		return;
	producers_end(session);
	session->partial_length = 0;
	settle(session);
}

void session_room(struct session *session)
{
	if (session->busy)
		settle(session);
}

/* ---- lines */

static void filter_finish(struct session *session)
{
	const char *line;

	flush_partial(session);
	if (session->filter == NULL)
		return;
	line = filter_end(session->filter);
	if (line != NULL) {
		put(session, line, strlen(line));
		put(session, "\n", 1);
	}
	filter_free(session->filter);
	session->filter = NULL;
}

static unsigned line_flags(const struct session *session)
{
	return (session->refused ? WIRE_PROMPT_REFUSED : 0u) |
	       (session->forget ? WIRE_PROMPT_FORGET : 0u);
}

static void say_bye(struct session *session)
{
	if (session->over)
		return;
	session_end_config(session);
	session->over = true;
	if (session->port->bye != NULL)
		session->port->bye(session->self, line_flags(session));
}

static void ask_line(struct session *session)
{
	char prompt[SESSION_PROMPT_SIZE];

	session_prompt_text(session, prompt, sizeof(prompt));
	session->prompt_length = strlen(prompt);
	if (session->port->prompt != NULL)
		session->port->prompt(session->self, line_flags(session), prompt);
	session->refused = session->forget = false;
}

/* Goes on with whatever the line still needs; when that is nothing, the line is over. */
static void settle(struct session *session)
{
	if (session->settling || !session->busy || session->over)
		return;
	session->settling = true;
	if (!session->question.open && session->holds == 0 && produce(session)) {
		session->busy = false;
		filter_finish(session);
		if (session->closing)
			say_bye(session);
		else
			ask_line(session);
	}
	session->settling = false;
}

void session_start(struct session *session)
{
	session->busy = true;
	if (session->origin == ORIGIN_VTY)
		login_begin(session);
	else
		session->logged_in = true;
	settle(session);
}

static void remember(struct session *session, const char *line)
{
	char **slot = &session->history[session->history_next % SESSION_HISTORY];

	if (line[strspn(line, " \t")] == '\0')
		return;
	free(*slot);
	*slot = mem_strdup(line);
	session->history_next++;
}

/* The line held a secret: as if it had not been typed. The oldest line it pushed out stays lost. */
static void forget(struct session *session)
{
	char **slot = &session->history[--session->history_next % SESSION_HISTORY];

	explicit_bzero(*slot, strlen(*slot));
	free(*slot);
	*slot = mem_strdup("");
}

const char *session_history(const struct session *session, unsigned index)
{
	unsigned first =
	    session->history_next > SESSION_HISTORY ? session->history_next - SESSION_HISTORY : 0;

	if (first + index >= session->history_next)
		return NULL;
	return session->history[(first + index) % SESSION_HISTORY];
}

bool session_line(struct session *session, enum wire_ending ending, const char *text)
{
	if (session->busy || session->over)
		return false;
	session->busy = session->settling = true;
	if (ending != WIRE_ABORT) {
		remember(session, text);
		exec_line(session, text);
		if (session->forget)
			forget(session);
	}
	session->settling = false;
	if (ending != WIRE_RETURN)
		session_end_config(session);
	settle(session);
	return true;
}

/* ---- terminal */

void session_settings(struct session *session)
{
	if (!session->length_set)
		session->terminal.length = session->rows > 0 ? session->rows : SESSION_LENGTH;
	if (!session->width_set)
		session->terminal.width = session->columns > 0 ? session->columns : SESSION_WIDTH;
	if (session->port->settings != NULL && !session->over)
		session->port->settings(session->self);
}

void session_window(struct session *session, unsigned rows, unsigned columns)
{
	session->rows = rows;
	session->columns = columns;
	session_settings(session);
}

/* ---- birth and death */

struct session *session_new(struct router *router, struct loop *loop, enum session_origin origin,
			    const char *where, const struct session_port *port, void *self)
{
	struct session *session = mem_alloc(sizeof(*session));

	session->router = router;
	session->loop = loop;
	session->origin = origin;
	snprintf(session->where, sizeof(session->where), "%s", where);
	session->level = 1;
	session->mode = session_mode_named("exec");
	session->terminal =
	    (struct session_terminal){.length = SESSION_LENGTH, .width = SESSION_WIDTH};
	session->port = port;
	session->self = self;
	TAILQ_INIT(&session->producers);
	return session;
}

void session_close(struct session *session)
{
	session->closing = true;
	if (!session->busy)
		say_bye(session);
}

void session_free(struct session *session)
{
	say_bye(session);
	session->over = true;
	if (session->question.open) {
		session->question.open = false;
		session->question.answer(session, NULL, session->question.arg);
	}
	auth_forget(session);
	producers_end(session);
	if (session->loop != NULL)
		loop_undefer(session->loop, resume, session);
	filter_free(session->filter);
	for (unsigned i = 0; i < SESSION_HISTORY; i++)
		free(session->history[i]);
	free(session->context_args);
	free(session->partial);
	free(session);
}
