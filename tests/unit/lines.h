/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of the configuration: lines go into a store as a session would put them there, without
 * a session. Inside a transaction of the caller's, or each line as one of its own.
 */
#ifndef TEST_LINES_H
#define TEST_LINES_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cli/match.h"
#include "config/check.h"
#include "config/print.h"
#include "config/store.h"
#include "gram_tables.h"
#include "lib/err.h"

struct lines {
	struct store *store;
	const struct gram_mode *mode;
	struct entry *context;
	struct match match;
};

static inline const struct gram_mode *lines_mode(const char *name)
{
	for (unsigned i = 0; i < gram_n_modes; i++)
		if (strcmp(gram_modes[i]->name, name) == 0)
			return gram_modes[i];
	ck_abort_msg("no mode %s", name);
	return NULL;
}

static inline void lines_init(struct lines *lines, struct store *store)
{
	memset(lines, 0, sizeof(*lines));
	lines->store = store;
	lines->mode = lines_mode("config");
}

/* `no N` and `no access-list N`, which are handlers of the command line. */
static inline bool lines_no_handler(struct lines *lines)
{
	struct args_acl_standard list = {""};
	struct args_ace_remark ace = {.has_seq = true};
	struct entry *entry;

	if (lines->match.cmd->id == CMD_NO_ACCESS_LIST) {
		snprintf(list.name, sizeof(list.name), "%u",
			 ((struct args_no_access_list *)(void *)lines->match.args)->name);
		entry = store_find(lines->store, NULL, gram_cmds[CMD_ACL_STANDARD], &list);
	} else {
		ace.seq = ((struct args_no_seq *)(void *)lines->match.args)->seq;
		entry = store_find(lines->store, lines->context, gram_cmds[CMD_ACE_REMARK], &ace);
	}
	if (entry)
		store_remove(lines->store, entry);
	return true;
}

static inline bool lines_store(struct lines *lines, struct err *err)
{
	struct match *match = &lines->match;
	const struct gram_cmd *cmd = match->cmd;
	struct entry *context = match->mode == lines->mode ? lines->context : NULL, *entry;
	const bool remove = match->no != gram_by_default(cmd, match->args);

	if (cmd->context) {
		context = store_find(lines->store, NULL, cmd->context, match->parent_args);
		if (!context && remove)
			return true;
		if (!config_check_set(lines->store, NULL, cmd->context, match->parent_args, err))
			return false;
		context = store_set(lines->store, NULL, cmd->context, match->parent_args, NULL);
		cmd = cmd->stores_as;
	}
	if (remove) {
		entry = config_check_find(lines->store, context, cmd, match->args);
		if (entry && !config_check_remove(lines->store, entry, err))
			return false;
		if (entry)
			store_remove(lines->store, entry);
		return true;
	}
	if (!config_check_set(lines->store, context, cmd, match->args, err))
		return false;
	entry = store_set(lines->store, context, cmd, match->args, NULL);
	if (match->mode != lines->mode)
		lines_init(lines, lines->store);
	if (cmd->kind == GRAM_CONTEXT) {
		lines->mode = cmd->opens;
		lines->context = entry;
	}
	return true;
}

/* false: refused by the grammar (err "grammar") or by a check. */
static inline bool lines_run(struct lines *lines, const char *line, struct err *err)
{
	struct err ignored;

	err = err ? err : &ignored;
	err->text[0] = '\0';
	if (config_print_frame(line))
		return true;
	if (line[0] != ' ')
		lines_init(lines, lines->store);
	match_line(lines->mode, 15, line, &lines->match);
	if (lines->match.kind != MATCH_OK)
		return err_set(err, "grammar");
	if (lines->match.cmd->id == CMD_NO_ACCESS_LIST || lines->match.cmd->id == CMD_NO_SEQ)
		return lines_no_handler(lines);
	if (lines->match.cmd->kind == GRAM_EXEC)
		return true;
	return lines_store(lines, err);
}

/* A whole text; every line must be taken. */
static inline void lines_load(struct store *store, const char *text)
{
	struct lines *lines = malloc(sizeof(*lines));
	char *copy = strdup(text), *line, *rest = copy;
	struct err err;

	lines_init(lines, store);
	while ((line = strsep(&rest, "\n")))
		ck_assert_msg(lines_run(lines, line, &err), "%s: %s", line, err.text);
	free(copy);
	free(lines);
}

/* One line at the margin, or several with children; the refusal, or "" */
static inline const char *lines_refusal(struct store *store, const char *text)
{
	static struct err err;
	struct lines *lines = malloc(sizeof(*lines));
	char *copy = strdup(text), *line, *rest = copy;
	bool good = true;

	lines_init(lines, store);
	while (good && (line = strsep(&rest, "\n")))
		good = lines_run(lines, line, &err);
	free(copy);
	free(lines);
	return good ? "" : err.text;
}

#endif
