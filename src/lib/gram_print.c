/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An argument struct as its command line: the automaton is walked from the start, always to the first follower
 * whose witness is set and that was not printed yet. gramc has checked that this leads to one line.
 */
#include <string.h>
#include "lib/gram.h"

#define LEAVES_MAX 256

struct print {
	const struct gram_cmd *cmd;
	const unsigned char *args, *parent;
	char *buf;
	size_t size, used;
	bool seen[LEAVES_MAX];
	uint8_t printed[LEAVES_MAX]; /* values of the array that this leaf's count_off names, by leaf */
};

static const unsigned char *args_of(const struct print *print, const struct gram_leaf *leaf)
{
	return leaf->owner ? print->parent : print->args;
}

static void put(struct print *print, const char *text, size_t length)
{
	if (print->used + length >= print->size)
		length = print->size - 1 - print->used;
	memcpy(print->buf + print->used, text, length);
	print->used += length;
	print->buf[print->used] = '\0';
}

/* How many values of this leaf's array are printed already, whichever leaf printed them. */
static unsigned values_printed(const struct print *print, const struct gram_leaf *leaf)
{
	unsigned count = 0;

	for (unsigned i = 0; i < print->cmd->n_leaves && i < LEAVES_MAX; i++)
		if (print->cmd->leaves[i].count_off == leaf->count_off && print->cmd->leaves[i].owner == leaf->owner)
			count += print->printed[i];
	return count;
}

static bool holds(const struct print *print, unsigned index)
{
	const struct gram_leaf *leaf = &print->cmd->leaves[index];
	const unsigned char *args = args_of(print, leaf);

	if (print->seen[index] && !leaf->repeat)
		return false;
	if (leaf->set_off != GRAM_NO_OFFSET && args[leaf->set_off] != leaf->set_value)
		return false;
	if (leaf->count_off == GRAM_NO_OFFSET)
		return true;
	return values_printed(print, leaf) < args[leaf->count_off];
}

static void put_leaf(struct print *print, unsigned index)
{
	const struct gram_leaf *leaf = &print->cmd->leaves[index];
	char text[GRAM_LINE_SIZE];
	size_t offset = leaf->field_off;

	print->seen[index] = true;
	if (print->used)
		put(print, " ", 1);
	if (leaf->type == GRAM_KEYWORD) {
		put(print, leaf->word, leaf->lo ? leaf->lo : strlen(leaf->word));
		return;
	}
	if (leaf->count_off != GRAM_NO_OFFSET) {
		offset += values_printed(print, leaf) * gram_value_size((enum gram_type)leaf->type);
		print->printed[index]++;
	}
	gram_value_text(leaf, args_of(print, leaf) + offset, text);
	put(print, text, strlen(text));
}

size_t gram_print(const struct gram_cmd *cmd, const void *args, const void *parent_args, char *buf, size_t size)
{
	struct print print = {.cmd = cmd, .args = args, .parent = parent_args, .buf = buf, .size = size};
	const struct gram_leaf *at = &cmd->leaves[0];
	unsigned i;

	if (!size)
		return 0;
	buf[0] = '\0';
	do {
		for (i = 0; i < at->n_follow; i++)
			if (holds(&print, cmd->follow[at->follow + i]))
				break;
		if (i == at->n_follow)
			break;
		put_leaf(&print, cmd->follow[at->follow + i]);
		at = &cmd->leaves[cmd->follow[at->follow + i]];
	} while (true);
	return print.used;
}

bool gram_by_default(const struct gram_cmd *cmd, const void *args)
{
	uint32_t value;

	if (!cmd->default_on || !cmd->has_default_value)
		return cmd->default_on;
	memcpy(&value, (const char *)args + cmd->default_offset, sizeof(value));
	return value == cmd->default_value;
}
