/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saving and erasing the configuration, and configuration commands that are more than their entry.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/exec.h"
#include "cli/load.h"
#include "cli/session_internal.h"
#include "config/check.h"
#include "config/print.h"
#include "config/save.h"
#include "gram_tables.h"

/* ---- saving */

static void save(struct session *session)
{
	struct router *router = session->router;
	char *text = config_text(router->store);
	struct err err = {{0}};

	session_print(session, "Building configuration...\n");
	if (save_file(router->startup_path, text, strlen(text), &err)) {
		router->saved_version = store_version(router->store);
		session_print(session, "[OK]\n");
	} else {
		session_error(session, "Error writing startup-config: %s", err.text);
	}
	free(text);
}

void cmd_write(struct session *session, const struct args_write *args, bool no)
{
	(void)args;
	(void)no;
	save(session);
}

static void copy_answer(struct session *session, const char *text, void *arg)
{
	(void)arg;
	if (text == NULL)
		return;
	text += strspn(text, " \t");
	if (*text == '\0' || strcmp(text, "startup-config") == 0)
		save(session);
	else
		session_error(session,
			      "Error: the running configuration is copied to startup-config only");
}

void cmd_copy_run_start(struct session *session, const struct args_copy_run_start *args, bool no)
{
	(void)args;
	(void)no;
	session_ask(session, QUESTION_TEXT, "Destination filename [startup-config]? ", copy_answer,
		    NULL);
}

static void merge_report(void *arg, unsigned line, const char *text)
{
	session_error(arg, "startup-config, line %u: %s", line, text);
}

/* All of it takes effect at once, or nothing; bad lines are told and left out, as at start. */
static void merge(struct session *session)
{
	struct router *router = session->router;
	struct err err = {{0}};

	switch (load_config(router, router->startup_path, merge_report, session, NULL, &err)) {
	case LOAD_OK:
		session_print(session, "[OK]\n");
		break;
	case LOAD_NONE:
		session_error(session, "Error opening startup-config (No such file or directory)");
		break;
	case LOAD_FAILED:
		session_error(session, "%s", err.text);
		break;
	}
}

static void merge_answer(struct session *session, const char *text, void *arg)
{
	(void)arg;
	if (text == NULL)
		return;
	text += strspn(text, " \t");
	if (*text == '\0' || strcmp(text, "running-config") == 0)
		merge(session);
	else
		session_error(session,
			      "Error: the startup-config is copied to running-config only");
}

void cmd_copy_start_run(struct session *session, const struct args_copy_start_run *args, bool no)
{
	(void)args;
	(void)no;
	session_ask(session, QUESTION_TEXT, "Destination filename [running-config]? ", merge_answer,
		    NULL);
}

static void erase_answer(struct session *session, const char *text, void *arg)
{
	struct router *router = session->router;

	(void)arg;
	if (text == NULL || *text != 'y')
		return;
	if (unlink(router->startup_path) < 0 && errno != ENOENT) {
		session_error(session, "Error erasing startup-config: %s", strerror(errno));
		return;
	}
	router->saved_version = 0;
	session_print(session, "[OK]\nErase of nvram: complete\n");
}

static void erase(struct session *session)
{
	session_ask(
	    session, QUESTION_CONFIRM,
	    "Erasing the nvram filesystem will remove all configuration files! Continue? [confirm]",
	    erase_answer, NULL);
}

void cmd_write_erase(struct session *session, const struct args_write_erase *args, bool no)
{
	(void)args;
	(void)no;
	erase(session);
}

void cmd_erase_startup(struct session *session, const struct args_erase_startup *args, bool no)
{
	(void)args;
	(void)no;
	erase(session);
}

/* ---- passwords: stored like anything else, but a stored hash is not typed again to remove it */

static void set_or_remove(struct session *session, const struct gram_cmd *cmd, const void *args,
			  bool no)
{
	struct entry *entry;

	if (!no) {
		exec_set(session, NULL, cmd, args);
		return;
	}
	entry = store_find(session->router->store, NULL, cmd, args);
	if (entry != NULL)
		exec_remove(session, entry);
}

void cmd_enable_secret(struct session *session, const struct args_enable_secret *args, bool no)
{
	set_or_remove(session, gram_cmds[CMD_ENABLE_SECRET], args, no);
}

void cmd_enable_password(struct session *session, const struct args_enable_password *args, bool no)
{
	set_or_remove(session, gram_cmds[CMD_ENABLE_PASSWORD], args, no);
}

/* ---- access lists by number */

void cmd_no_access_list(struct session *session, const struct args_no_access_list *args, bool no)
{
	struct args_acl_standard key = {{0}};
	struct entry *list;

	(void)no;
	snprintf(key.name, sizeof(key.name), "%u", args->name);
	list = store_find(session->router->store, NULL, gram_cmds[CMD_ACL_STANDARD], &key);
	if (list != NULL)
		exec_remove(session, list);
}

void cmd_no_seq(struct session *session, const struct args_no_seq *args, bool no)
{
	struct args_ace_remark key = {.seq = args->seq, .has_seq = true};
	struct entry *list = session_context(session);
	struct entry *entry;

	(void)no;
	entry = list != NULL
		    ? store_find(session->router->store, list, gram_cmds[CMD_ACE_REMARK], &key)
		    : NULL;
	if (entry != NULL)
		exec_remove(session, entry);
}
