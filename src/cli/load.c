/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration file as one candidate: a session without an operator runs its lines, then one
 * commit.
 *
 * Indentation decides as in a saved configuration: a line that is not indented is a global one if
 * it can be; an indented line behind a refused one is refused too, because it belonged there and
 * would change something else.
 */
#include "cli/load.h"

#include <stdlib.h>
#include <string.h>

#include "cli/exec.h"
#include "cli/match.h"
#include "cli/session_internal.h"
#include "config/print.h"
#include "config/save.h"
#include "lib/mem.h"

struct load {
	struct router *router;
	struct session *session;
	const struct gram_mode *global;
	load_report *report;
	void *arg;
	unsigned line, bad;
	bool failed;  /* the line that runs now */
	bool orphans; /* indented lines have lost their parent */
	struct match match;
};

static void load_error(void *self, const char *text)
{
	struct load *load = self;

	if (load->failed)
		return; /* one report a line */
	load->failed = true;
	load->bad++;
	text += strspn(text, "% ");
	if (load->report != NULL)
		load->report(load->arg, load->line, text);
}

static const struct session_port load_port = {.error = load_error};

/* A line at the margin that makes sense globally is meant so, even if the current mode knew it too.
 */
static void leave_mode(struct load *load, const char *line)
{
	struct session *session = load->session;

	if (session->mode == load->global)
		return;
	match_line(load->global, session->level, line, &load->match);
	if (load->match.kind == MATCH_OK)
		session_enter(session, load->global, NULL, NULL);
}

static void load_line(struct load *load, const char *line)
{
	bool indented = *line == ' ' || *line == '\t';

	load->failed = false;
	if (config_print_frame(line))
		return;
	if (indented && load->orphans) {
		load_error(load, "belongs to a line that was refused");
		return;
	}
	if (!indented)
		leave_mode(load, line);
	exec_line(load->session, line);
	if (!indented)
		load->orphans = load->failed;
	/* `end` and `exit` in the text lead out of configuration; the file goes on. */
	if (!load->session->mode->config)
		session_enter(load->session, load->global, NULL, NULL);
}

/* One line of the text, ended here for the moment. */
static void take_line(struct load *load, const char *start, size_t length, char *buffer)
{
	load->line++;
	if (length > 0 && start[length - 1] == '\r')
		length--;
	if (length > WIRE_LINE_MAX) {
		load->failed = false;
		load_error(load, "Line too long");
		return;
	}
	if (memchr(start, '\0', length) != NULL) {
		load->failed = false;
		load_error(load, "Not text");
		return;
	}
	memcpy(buffer, start, length);
	buffer[length] = '\0';
	load_line(load, buffer);
}

static void take_lines(struct load *load, const char *text, size_t length)
{
	char buffer[WIRE_LINE_MAX + 1];
	const char *end = text + length;

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline != NULL ? newline : end) - text);

		take_line(load, text, n, buffer);
		text += n + 1;
	}
}

enum load_result load_text(struct router *router, const char *text, size_t length,
			   load_report *report, void *arg, unsigned *n_bad, struct err *err)
{
	struct load *load = mem_alloc(sizeof(*load));
	enum apply_result result;

	load->router = router;
	load->report = report;
	load->arg = arg;
	load->session = session_new(router, NULL, ORIGIN_FILE, "file", &load_port, load);
	load->session->level = 15;
	load->global = session_mode_named("config");
	session_enter(load->session, load->global, NULL, NULL);

	apply_begin(router->apply);
	take_lines(load, text, length);
	/* Nobody can be asked: what a `no` in the file takes away goes with its flows. */
	result = apply_commit(router->apply, true, err);

	if (n_bad != NULL)
		*n_bad = load->bad;
	session_free(load->session);
	free(load);
	return result == APPLY_OK ? LOAD_OK : LOAD_FAILED;
}

enum load_result load_config(struct router *router, const char *path, load_report *report,
			     void *arg, unsigned *n_bad, struct err *err)
{
	struct err why = {{0}};
	size_t length = 0;
	char *text = load_file(path, &length, &why);
	enum load_result result;

	if (text == NULL) {
		if (why.text[0] == '\0')
			return LOAD_NONE;
		err_set(err, "%s", why.text);
		return LOAD_FAILED;
	}
	result = load_text(router, text, length, report, arg, n_bad, err);
	free(text);
	return result;
}
