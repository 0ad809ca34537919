/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a command line to its effect. Configuration changes are described by value (struct change),
 * so that they can be made again when a question was answered meanwhile, whatever others did to the
 * store.
 *
 * Promises: a line that fails changes neither mode nor configuration; inside a file load only the
 * candidate changes.
 */
#include "cli/exec.h"

#include <stdlib.h>
#include <string.h>

#include "cli/filter.h"
#include "cli/match.h"
#include "cli/session_internal.h"
#include "config/check.h"
#include "gram_tables.h"
#include "lib/mem.h"

struct change {
	bool remove, forced; /* forced: what uses it ends, unasked */
	const struct gram_cmd *context_cmd; /* NULL: global */
	const struct gram_cmd *cmd;
	const struct gram_mode *mode; /* to be in afterwards; NULL: stay */
	bool opens;		      /* and the entry is that mode's context */
	_Alignas(8) unsigned char context_args[GRAM_ARGS_SIZE];
	_Alignas(8) unsigned char args[GRAM_ARGS_SIZE];
};

static void set_context(struct change *change, const struct gram_cmd *cmd, const void *args)
{
	change->context_cmd = cmd;
	if (cmd != NULL)
		memcpy(change->context_args, args, cmd->args_size);
}

static void set_entry(struct change *change, const struct gram_cmd *cmd, const void *args)
{
	change->cmd = cmd;
	memcpy(change->args, args, cmd->args_size);
}

/* ---- one change of the store */

static bool make_removal(struct store *store, struct entry *context, struct change *change,
			 struct err *err)
{
	struct entry *entry = config_check_find(store, context, change->cmd, change->args);

	/* Removing what is not there is what the operator wants already. */
	if (entry == NULL)
		return true;
	if (!config_check_remove(store, entry, err))
		return false;
	store_remove(store, entry);
	return true;
}

static bool make_entry(struct store *store, struct entry *context, struct change *change,
		       struct err *err)
{
	if (!config_check_set(store, context, change->cmd, change->args, err))
		return false;
	store_set(store, context, change->cmd, change->args, NULL);
	return true;
}

/* Into the store as it is now, a context that is missing included. What it left half done is the
 * caller's to undo, except in a file load: there it takes back the context it made. */
static bool change_make(struct store *store, struct change *change, struct err *err)
{
	struct entry *context = NULL;
	bool made = false, ok;

	if (change->context_cmd != NULL) {
		context = store_find(store, NULL, change->context_cmd, change->context_args);
		if (context == NULL && change->remove)
			return true;
		if (context == NULL) {
			if (!config_check_set(store, NULL, change->context_cmd,
					      change->context_args, err))
				return false;
			context =
			    store_set(store, NULL, change->context_cmd, change->context_args, NULL);
			made = true;
		}
	}
	ok = change->remove ? make_removal(store, context, change, err)
			    : make_entry(store, context, change, err);
	if (!ok && made)
		store_remove(store, context);
	return ok;
}

static enum apply_result change_apply(struct session *session, const struct change *change,
				      bool kill, struct err *err)
{
	struct apply *apply = session->router->apply;
	struct store *store = session->router->store;
	struct change copy = *change; /* checks bring arguments into canonical form */

	apply_begin(apply);
	if (!change_make(store, &copy, err)) {
		apply_abort(apply);
		return APPLY_REFUSED;
	}
	if (!store_changed(store)) {
		apply_abort(apply);
		return APPLY_OK;
	}
	return apply_commit(apply, kill, err);
}

static void change_done(struct session *session, const struct change *change)
{
	if (change->mode == NULL)
		return;
	if (change->opens)
		session_enter(session, change->mode, change->cmd, change->args);
	else if (change->mode != session->mode)
		session_enter(session, change->mode, NULL, NULL);
}

/* ---- rules in use */

static bool is_static(const struct err *err)
{
	static const char start[] = "ip nat inside source static "; /* an access list may be called static */

	return strncmp(err->text, start, sizeof(start) - 1) == 0;
}

struct pending {
	struct change change;
	bool is_static;
};

static void refuse_in_use(struct session *session, bool of_static)
{
	session_error(session, "%%%s in use, cannot remove",
		      of_static ? "Static entry" : "Dynamic mapping");
}

static void in_use_answer(struct session *session, const char *text, void *arg)
{
	struct pending *pending = arg;
	struct err err = {{0}};

	if (text == NULL || (*text != 'y' && *text != 'Y'))
		refuse_in_use(session, pending->is_static);
	else if (change_apply(session, &pending->change, true, &err) != APPLY_OK)
		session_error(session, "%s", err.text);
	else
		change_done(session, &pending->change);
	free(pending);
}

static void in_use_ask(struct session *session, const struct change *change, const struct err *err)
{
	struct pending *pending = mem_alloc(sizeof(*pending));

	pending->change = *change;
	pending->is_static = is_static(err);
	session_print(session, "\n");
	session_ask(session, QUESTION_TEXT,
		    pending->is_static
			? "Static entry in use, do you want to delete child entries? [no]: "
			: "Dynamic mapping in use, do you want to delete all entries? [no]: ",
		    in_use_answer, pending);
}

/* ---- changes of a session */

static bool change_candidate(struct session *session, struct change *change)
{
	struct err err = {{0}};

	if (!change_make(session->router->store, change, &err)) {
		session_error(session, "%s", err.text);
		return false;
	}
	change_done(session, change);
	return true;
}

static bool change_run(struct session *session, struct change *change)
{
	struct err err = {{0}};

	if (session->origin == ORIGIN_FILE)
		return change_candidate(session, change);
	switch (change_apply(session, change, change->forced, &err)) {
	case APPLY_OK:
		change_done(session, change);
		return true;
	case APPLY_IN_USE:
		in_use_ask(session, change, &err);
		return true;
	case APPLY_REFUSED:
		break;
	}
	session_error(session, "%s", err.text);
	return false;
}

static struct change *change_new(const struct entry *context, const struct gram_cmd *cmd,
				 const void *args)
{
	struct change *change = mem_alloc(sizeof(*change));

	if (context != NULL)
		set_context(change, context->cmd, context->args);
	set_entry(change, cmd, args);
	return change;
}

bool exec_set(struct session *session, struct entry *context, const struct gram_cmd *cmd,
	      const void *args)
{
	struct change *change = change_new(context, cmd, args);
	bool ok = change_run(session, change);

	free(change);
	return ok;
}

static bool exec_take_away(struct session *session, struct entry *entry, bool forced)
{
	struct change *change = change_new(entry->context, entry->cmd, entry->args);
	bool ok;

	change->remove = true;
	change->forced = forced;
	ok = change_run(session, change);
	free(change);
	return ok;
}

bool exec_remove(struct session *session, struct entry *entry)
{
	return exec_take_away(session, entry, false);
}

bool exec_remove_forced(struct session *session, struct entry *entry)
{
	return exec_take_away(session, entry, true);
}

/* ---- lines */

/* A configuration command without a handler of its own: its entry is set or removed. */
static void run_conf(struct session *session, const struct match *match)
{
	const struct gram_cmd *cmd = match->cmd;
	struct change *change = mem_alloc(sizeof(*change));

	change->remove = match->no != gram_by_default(cmd, match->args);
	if (cmd->context != NULL) {
		set_context(change, cmd->context, match->parent_args);
		cmd = cmd->stores_as;
	} else if (match->mode == session->mode && session->context_cmd != NULL) {
		set_context(change, session->context_cmd, session->context_args);
	}
	set_entry(change, cmd, match->args);
	change->mode = match->mode == session->mode ? NULL : match->mode;
	if (cmd->kind == GRAM_CONTEXT && !match->no) {
		change->mode = cmd->opens;
		change->opens = true;
	}
	change_run(session, change);
	free(change);
}

/* A handler of a mode further up runs there, and a line that succeeds leaves the session there. */
static void run_handler(struct session *session, const struct match *match)
{
	const struct gram_mode *before = session->mode;

	match->cmd->run(session, match->args, match->no);
	if (!match->exec && !session->refused && session->mode == before && match->mode != before)
		session_enter(session, match->mode, NULL, NULL);
}

static const enum filter_kind filter_kinds[] = {
    [OUTPUT_FILTER_WHICH_BEGIN] = FILTER_BEGIN,
    [OUTPUT_FILTER_WHICH_COUNT] = FILTER_COUNT,
    [OUTPUT_FILTER_WHICH_EXCLUDE] = FILTER_EXCLUDE,
    [OUTPUT_FILTER_WHICH_INCLUDE] = FILTER_INCLUDE,
};

static bool set_filter(struct session *session, const struct match *match)
{
	const struct args_output_filter *filter = (const void *)match->modifier_args;
	const struct args_output_section *section = (const void *)match->modifier_args;
	struct err err = {{0}};

	if (match->modifier->id == CMD_OUTPUT_FILTER)
		session->filter = filter_new(filter_kinds[filter->which], filter->pattern, &err);
	else
		session->filter = filter_new(section->which == OUTPUT_SECTION_WHICH_EXCLUDE
						 ? FILTER_SECTION_EXCLUDE
						 : FILTER_SECTION,
					     section->pattern, &err);
	if (session->filter == NULL)
		session_error(session, "%s", err.text);
	return session->filter != NULL;
}

/* Does the command take a secret, so that its line is not to be remembered? */
static bool holds_secret(const struct gram_cmd *cmd)
{
	for (unsigned i = 0; i < cmd->n_fields; i++)
		if (strcmp(cmd->fields[i].name, "secret") == 0 ||
		    strcmp(cmd->fields[i].name, "password") == 0)
			return true;
	return false;
}

static void run_match(struct session *session, const struct match *match)
{
	if (session->origin == ORIGIN_FILE && match->exec) {
		session_error(session, "Not a configuration command");
		return;
	}
	session->forget = holds_secret(match->cmd);
	if (match->modifier != NULL && !set_filter(session, match))
		return;
	if (match->cmd->run != NULL)
		run_handler(session, match);
	else
		run_conf(session, match);
}

static void refuse_invalid(struct session *session, const char *line, unsigned caret)
{
	char text[SESSION_PROMPT_SIZE + WIRE_LINE_MAX + 2];
	size_t column = session->prompt_length + caret;

	if (session->origin == ORIGIN_FILE) {
		session_error(session, "Invalid input detected at column %u: %.200s", caret + 1,
			      line);
		return;
	}
	if (column > sizeof(text) - 3)
		column = sizeof(text) - 3;
	memset(text, ' ', column);
	memcpy(text + column, "^\n", 3);
	session_raw(session, text);
	session_error(session, "Invalid input detected at '^' marker.");
	session_raw(session, "\n");
}

static void refuse_ambiguous(struct session *session, const char *line)
{
	size_t length = strlen(line);

	while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		length--;
	session_error(session, "Ambiguous command:  \"%.*s\"", (int)length, line);
	session_raw(session, "\n");
}

static void refuse_incomplete(struct session *session)
{
	session_error(session, "Incomplete command.");
	session_raw(session, "\n");
}

/* Offset of the first byte that belongs in no command; the line's length if there is none. */
static size_t control_byte(const char *line)
{
	size_t i = 0;

	while (line[i] != '\0' && line[i] != 0x7f &&
	       ((unsigned char)line[i] >= 0x20 || line[i] == '\t'))
		i++;
	return i;
}

void exec_line(struct session *session, const char *line)
{
	struct match *match;
	size_t bad;

	if (strlen(line) > WIRE_LINE_MAX) {
		session_error(session, "Line too long");
		return;
	}
	bad = control_byte(line);
	if (line[bad] != '\0') {
		refuse_invalid(session, line, (unsigned)bad);
		return;
	}
	match = mem_alloc(sizeof(*match));
	match_line(session->mode, session->level, line, match);
	switch (match->kind) {
	case MATCH_OK:
		run_match(session, match);
		break;
	case MATCH_EMPTY:
		break;
	case MATCH_INVALID:
		refuse_invalid(session, line, match->caret);
		break;
	case MATCH_INCOMPLETE:
		refuse_incomplete(session);
		break;
	case MATCH_AMBIGUOUS:
		refuse_ambiguous(session, line);
		break;
	}
	free(match);
}
