/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about the session itself: privilege, modes, terminal, history, the help screen. */
#include <string.h>
#include <strings.h>

#include "cli/auth.h"
#include "cli/session_internal.h"
#include "gram_tables.h"

/* ---- privilege */

static const int secret_types[] = {
    [0] = 0,
    [ENABLE_SECRET_TYPE_0] = 0,
    [ENABLE_SECRET_TYPE_5] = 5,
    [ENABLE_SECRET_TYPE_8] = 8,
    [ENABLE_SECRET_TYPE_9] = 9,
};

/* The stored password that guards higher levels, a secret before a password; NULL: none. */
static const char *enable_password(const struct store *store, int *type)
{
	static const struct args_enable_secret no_secret;
	static const struct args_enable_password no_password;
	const struct entry *entry =
	    store_find(store, NULL, gram_cmds[CMD_ENABLE_SECRET], &no_secret);

	if (entry != NULL) {
		const struct args_enable_secret *args = entry->args;

		*type = secret_types[args->type];
		return args->secret;
	}
	entry = store_find(store, NULL, gram_cmds[CMD_ENABLE_PASSWORD], &no_password);
	if (entry != NULL) {
		const struct args_enable_password *args = entry->args;

		*type = args->type == ENABLE_PASSWORD_TYPE_7 ? 7 : 0;
		return args->password;
	}
	return NULL;
}

static void enable_judged(struct session *session, bool ok)
{
	if (ok)
		session_set_level(session, session->wanted_level);
	else
		session_error(session, "Bad secrets");
}

void cmd_enable(struct session *session, const struct args_enable *args, bool no)
{
	int level = args->has_to_level ? (int)args->to_level : 15;
	int type = 0;
	const char *stored;

	(void)no;
	if (level <= session_level(session)) {
		session_set_level(session, level);
		return;
	}
	stored = enable_password(session->router->store, &type);
	if (session->local_root && (stored == NULL || !session->terminal_attached)) {
		session_set_level(session, level);
	} else if (stored == NULL) {
		session_error(session, "No password set");
	} else {
		session->wanted_level = level;
		auth_ask(session, type, stored, enable_judged);
	}
}

void cmd_disable(struct session *session, const struct args_disable *args, bool no)
{
	int level = args->has_to_level ? (int)args->to_level : 1;

	(void)no;
	if (level > session_level(session)) {
		session_error(session,
			      "New privilege level must be less than current privilege level");
		return;
	}
	/* `do disable`: configuration mode is not for the unprivileged */
	session_end_config(session);
	session_set_level(session, level);
}

void cmd_show_privilege(struct session *session, const struct args_show_privilege *args, bool no)
{
	(void)args;
	(void)no;
	session_print(session, "Current privilege level is %d\n", session_level(session));
}

/* ---- modes */

void cmd_exit_session(struct session *session, const struct args_exit_session *args, bool no)
{
	(void)args;
	(void)no;
	session_close(session);
}

static void enter_config(struct session *session)
{
	session_print(session, "Enter configuration commands, one per line.  End with CNTL/Z.\n");
	session_enter(session, session_mode_named("config"), NULL, NULL);
}

static void configure_answer(struct session *session, const char *text, void *arg)
{
	(void)arg;
	if (text == NULL)
		return;
	text += strspn(text, " \t");
	if (strncasecmp(text, "terminal", strlen(text)) == 0)
		enter_config(session);
	else
		session_error(session, "Configuration comes from the terminal only");
}

void cmd_configure(struct session *session, const struct args_configure *args, bool no)
{
	(void)no;
	if (args->terminal)
		enter_config(session);
	else
		session_ask(session, QUESTION_TEXT,
			    "Configuring from terminal, memory, or network [terminal]? ",
			    configure_answer, NULL);
}

void cmd_end(struct session *session, const struct args_end *args, bool no)
{
	(void)args;
	(void)no;
	session_end_config(session);
}

void cmd_exit_mode(struct session *session, const struct args_exit_mode *args, bool no)
{
	(void)args;
	(void)no;
	if (session->mode->parent != NULL)
		session_enter(session, session->mode->parent, NULL, NULL);
}

/* ---- terminal */

void cmd_terminal_length(struct session *session, const struct args_terminal_length *args, bool no)
{
	(void)no;
	session->terminal.length = args->lines;
	session->length_set = true;
	session_settings(session);
}

void cmd_terminal_width(struct session *session, const struct args_terminal_width *args, bool no)
{
	(void)no;
	session->terminal.width = args->columns;
	session->width_set = true;
	session_settings(session);
}

void cmd_terminal_monitor(struct session *session, const struct args_terminal_monitor *args,
			  bool no)
{
	(void)args;
	session->terminal.monitor = !no;
}

void cmd_terminal_no_monitor(struct session *session, const struct args_terminal_no_monitor *args,
			     bool no)
{
	(void)args;
	(void)no;
	session->terminal.monitor = false;
}

void cmd_show_history(struct session *session, const struct args_show_history *args, bool no)
{
	const char *line;

	(void)args;
	(void)no;
	for (unsigned i = 0; (line = session_history(session, i)) != NULL; i++)
		session_print(session, "  %s\n", line);
}

void cmd_help(struct session *session, const struct args_help *args, bool no)
{
	(void)args;
	(void)no;
	session_print(
	    session,
	    "A question mark asks for help at any point of a command. If nothing can stand\n"
	    "there, go back until it shows what can.\n"
	    "There are two kinds of help:\n"
	    "1. Full help: behind a blank ('show ?') it lists every keyword and argument that\n"
	    "   may come next, each with a description.\n"
	    "2. Partial help: right behind some letters ('show pr?') it lists the words that\n"
	    "   begin with them.\n\n");
}
