/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running-config line by line: entries in the store's order, children with one blank in front,
 * `!` between blocks. Numbered access lists are printed in their one-line form, without the
 * sequence numbers that reading them gives anyway.
 */
#include "config/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/ace.h"
#include "lib/mem.h"

#define LINE_SIZE    1024
#define VERSION_LINE "version 1.0"
/* Entries whose order numbers share the hundreds stand together. */
#define BLOCK 100

enum stage { STAGE_TOP, STAGE_VERSION, STAGE_ENTRIES, STAGE_END, STAGE_DONE };

struct config_print {
	const struct store *store;
	uint64_t version;
	enum stage stage;
	bool fresh;		   /* the last line printed was `!` */
	struct entry *entry;	   /* the last global entry that was begun */
	struct entry *waiting;	   /* the next one */
	struct entry *child;	   /* the last child of `entry` that was printed */
	struct entry *passed_over; /* the first numbered list, while the named ones are printed */
	bool numbered;		   /* numbered lists are being printed */
	bool inside;		   /* its children are being printed */
	bool one_line;		   /* in their one-line form */
	uint32_t sequence;	   /* of the child before, one-line form */
	char line[LINE_SIZE];
};

struct config_print *config_print_new(const struct store *store)
{
	struct config_print *print = mem_alloc(sizeof(*print));

	print->store = store;
	print->version = store_version(store);
	return print;
}

void config_print_free(struct config_print *print)
{
	free(print);
}

/* Lists named by a number print as `access-list N ...`, unless they are empty. */
static bool prints_one_line(const struct store *store, const struct entry *context)
{
	return ace_is_number(ace_list_name(context)) && store_next(store, context, NULL, NULL);
}

static const struct gram_cmd *one_line_of(const struct gram_cmd *context,
					  const struct gram_cmd *child)
{
	for (unsigned i = 0; i < gram_n_cmds; i++)
		if (gram_cmds[i] && gram_cmds[i]->context == context &&
		    gram_cmds[i]->stores_as == child)
			return gram_cmds[i];
	return NULL;
}

static const char *print_one_line(struct config_print *print, const struct entry *child)
{
	const struct gram_cmd *cmd = one_line_of(print->entry->cmd, child->cmd);
	uint32_t sequence = ace_sequence(child->cmd, child->args);
	void *args;

	if (!cmd)
		abort(); /* acl.cli has an entry that is not `numbered` */
	args = mem_alloc(child->cmd->args_size);
	memcpy(args, child->args, child->cmd->args_size);
	if (sequence == ace_next_sequence(print->sequence))
		ace_set_sequence(child->cmd, args, 0);
	print->sequence = sequence;
	gram_print(cmd, args, print->entry->args, print->line, sizeof(print->line));
	free(args);
	return print->line;
}

/* The line of an entry; one that holds by default is there for its `no`. */
static void put_entry(const struct entry *entry, char *line, size_t size)
{
	static const char no[] = "no ";
	size_t used = 0;

	if (gram_by_default(entry->cmd, entry->args) && size > sizeof(no)) {
		memcpy(line, no, sizeof(no));
		used = sizeof(no) - 1;
	}
	gram_print(entry->cmd, entry->args, NULL, line + used, size - used);
}

static const char *print_child(struct config_print *print)
{
	print->child = store_next(print->store, print->entry, NULL, print->child);
	if (!print->child) {
		print->inside = false;
		return NULL;
	}
	if (print->one_line)
		return print_one_line(print, print->child);
	print->line[0] = ' ';
	put_entry(print->child, print->line + 1, sizeof(print->line) - 1);
	return print->line;
}

static const char *say(struct config_print *print, const char *text)
{
	print->fresh = text[0] == '!';
	snprintf(print->line, sizeof(print->line), "%s", text);
	return print->line;
}

static bool is_numbered(const struct entry *entry)
{
	return ace_is_number(ace_list_name(entry));
}

/* Among the access lists the named ones come first (ios-reference 5.10), whatever their order in
 * the store: numbered ones are passed over, and gone back to when the access lists end. */
static struct entry *next_entry(struct config_print *print)
{
	struct entry *entry = print->entry;

	while ((entry = store_next(print->store, NULL, NULL, entry)) && ace_list_name(entry)) {
		if (is_numbered(entry) == print->numbered)
			return entry;
		if (!print->numbered && !print->passed_over)
			print->passed_over = entry;
	}
	if (print->passed_over) {
		entry = print->passed_over;
		print->passed_over = NULL;
		print->numbered = true;
		return entry;
	}
	print->numbered = false;
	return entry;
}

static bool is_block(const struct store *store, const struct entry *entry)
{
	return entry->cmd->kind == GRAM_CONTEXT && !prints_one_line(store, entry);
}

/* Is there a `!` between the two? */
static bool needs_break(const struct store *store, const struct entry *before,
			const struct entry *after)
{
	return !before || is_block(store, before) || is_block(store, after) ||
	       before->cmd->order / BLOCK != after->cmd->order / BLOCK;
}

static const char *print_entry(struct config_print *print)
{
	print->entry = print->waiting;
	print->waiting = NULL;
	print->fresh = false;
	print->child = NULL;
	print->sequence = 0;
	print->inside = print->entry->cmd->kind == GRAM_CONTEXT;
	print->one_line = print->inside && prints_one_line(print->store, print->entry);
	if (print->one_line)
		return print_child(print);
	put_entry(print->entry, print->line, sizeof(print->line));
	return print->line;
}

static const char *print_entries(struct config_print *print)
{
	const char *line = print->inside ? print_child(print) : NULL;

	if (line)
		return line;
	if (!print->waiting)
		print->waiting = next_entry(print);
	if (!print->waiting) {
		print->stage = STAGE_END;
		return print->fresh ? config_print_next(print) : say(print, "!");
	}
	if (!print->fresh && needs_break(print->store, print->entry, print->waiting))
		return say(print, "!");
	return print_entry(print);
}

const char *config_print_next(struct config_print *print)
{
	if (print->stage < STAGE_END && store_version(print->store) != print->version)
		print->stage = STAGE_DONE;
	switch (print->stage) {
	case STAGE_TOP:
		print->stage = STAGE_VERSION;
		return say(print, "!");
	case STAGE_VERSION:
		print->stage = STAGE_ENTRIES;
		return say(print, VERSION_LINE);
	case STAGE_ENTRIES:
		return print_entries(print);
	case STAGE_END:
		print->stage = STAGE_DONE;
		return say(print, "end");
	case STAGE_DONE:
		break;
	}
	return NULL;
}

bool config_print_frame(const char *line)
{
	static const char *const frames[] = {"Building configuration...",
					     "Current configuration :", "version ", "Using "};
	size_t length;

	line += strspn(line, " \t");
	length = strcspn(line, " \t\r\n");
	if (length == 0 || line[0] == '!' ||
	    (length == 3 && strncmp(line, "end", 3) == 0 &&
	     line[3 + strspn(line + 3, " \t\r\n")] == '\0'))
		return true;
	for (unsigned i = 0; i < sizeof(frames) / sizeof(*frames); i++)
		if (strncmp(line, frames[i], strlen(frames[i])) == 0)
			return true;
	return false;
}

char *config_text(const struct store *store)
{
	struct config_print *print = config_print_new(store);
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	const char *line;

	if (!out)
		abort();
	while ((line = config_print_next(print))) {
		fputs(line, out);
		fputc('\n', out);
	}
	config_print_free(print);
	if (fclose(out) != 0)
		abort();
	return text;
}
