/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The login of vty lines. Promises: no line is ever open without a password. */
#include "cli/login.h"

#include "cli/auth.h"
#include "cli/session_internal.h"
#include "gram_tables.h"

static bool covers(const struct args_line_vty *line, unsigned number)
{
	return number >= line->first && number <= (line->has_last ? line->last : line->first);
}

static const struct args_line_password *password_of(const struct store *store,
						    const struct entry *line)
{
	const struct args_line_password none = {0};
	const struct entry *entry = store_find(store, line, gram_cmds[CMD_LINE_PASSWORD], &none);

	return entry != NULL ? entry->args : NULL;
}

static const struct args_line_password *find_password(const struct store *store, unsigned number)
{
	struct entry *line = NULL;

	while ((line = store_next(store, NULL, gram_cmds[CMD_LINE_VTY], line)) != NULL)
		if (covers(line->args, number) && password_of(store, line) != NULL)
			return password_of(store, line);
	return NULL;
}

bool login_possible(const struct store *store)
{
	struct entry *line = NULL;

	while ((line = store_next(store, NULL, gram_cmds[CMD_LINE_VTY], line)) != NULL)
		if (password_of(store, line) != NULL)
			return true;
	return false;
}

unsigned login_lines(const struct store *store)
{
	struct entry *entry = NULL;
	unsigned lines = LOGIN_LINES;

	while ((entry = store_next(store, NULL, gram_cmds[CMD_LINE_VTY], entry)) != NULL) {
		const struct args_line_vty *line = entry->args;
		unsigned last = line->has_last ? line->last : line->first;

		if (last + 1 > lines)
			lines = last + 1;
	}
	return lines < LOGIN_LINES_MAX ? lines : LOGIN_LINES_MAX;
}

static void judged(struct session *session, bool ok)
{
	session->logged_in = ok;
	if (ok)
		return;
	session_error(session, "Bad passwords");
	session_close(session);
}

void login_begin(struct session *session)
{
	const struct args_line_password *line = find_password(session->router->store, session->vty);

	if (line == NULL) {
		session_print(session, "\n\nPassword required, but none set\n");
		session_close(session);
		return;
	}
	session_print(session, "\n\nUser Access Verification\n\n");
	auth_ask(session, line->type == LINE_PASSWORD_TYPE_7 ? 7 : 0, line->password, judged);
}
