/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session for tests of command handlers: what is printed is kept as one string, and a producer runs to its end at once
 * (or is stopped after `stop_after` calls, as ^C does). Defines the functions of cli/session.h that handlers use;
 * include it in one file of a test.
 */
#ifndef ALGATE_TESTS_FAKE_SESSION_H
#define ALGATE_TESTS_FAKE_SESSION_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/session.h"

struct session {
	struct router router;
	FILE *out;
	char *text;
	size_t size;
	unsigned calls, stop_after; /* of the producer */
	unsigned errors, done;
	size_t largest_step;        /* bytes that one call printed */
};

static void fake_open(struct session *session)
{
	memset(session, 0, sizeof(*session));
	session->out = open_memstream(&session->text, &session->size);
}

/* What was printed so far; valid until the next output. */
__attribute__((unused)) static const char *fake_text(struct session *session)
{
	fflush(session->out);
	return session->text;
}

__attribute__((unused)) static void fake_reset(struct session *session)
{
	fclose(session->out);
	free(session->text);
	session->out = open_memstream(&session->text, &session->size);
	session->calls = session->done = session->errors = 0;
	session->largest_step = 0;
}

static void fake_close(struct session *session)
{
	fclose(session->out);
	free(session->text);
}

struct router *session_router(struct session *session)
{
	return &session->router;
}

const char *router_hostname(const struct router *router)
{
	(void)router;
	return "Router";
}

void session_print(struct session *session, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(session->out, format, args);
	va_end(args);
}

void session_error(struct session *session, const char *format, ...)
{
	va_list args;

	session->errors++;
	va_start(args, format);
	fputs("% ", session->out);
	vfprintf(session->out, format, args);
	fputc('\n', session->out);
	va_end(args);
}

void session_produce(struct session *session, bool (*next)(struct session *session, void *state), void *state,
		     void (*done)(void *state))
{
	bool more = true;

	while (more && (session->stop_after == 0 || session->calls < session->stop_after)) {
		long before = ftell(session->out);

		more = next(session, state);
		session->calls++;
		if ((size_t)(ftell(session->out) - before) > session->largest_step)
			session->largest_step = (size_t)(ftell(session->out) - before);
	}
	done(state);
	session->done++;
}

#endif
