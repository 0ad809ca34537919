/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After parsing: one-line forms, help texts, and what would be wrong in the tables. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "gramc.h"

bool mode_uses(const struct mode *mode, const struct mode *shared)
{
	for (int i = 0; i < mode->n_uses; i++)
		if (!strcmp(mode->uses[i], shared->name))
			return true;
	return false;
}

struct cmd *mode_cmd(const struct mode *mode, int n)
{
	for (int i = 0; i < grammar.n_cmds; i++) {
		struct cmd *cmd = grammar.cmds[i];

		if ((cmd->mode == mode || mode_uses(mode, cmd->mode)) && !n--)
			return cmd;
	}
	return NULL;
}

/* ---- one-line forms ---- */

static void mark_child(struct node *node)
{
	node->child = true;
	for (int i = 0; i < node->n_kids; i++)
		mark_child(node->kids[i]);
}

static void expand_oneline(const struct cmd *template, struct cmd *context, struct cmd *child)
{
	struct cmd *cmd = take(sizeof(*cmd));
	struct node *tail = node_clone(child->tree);

	*cmd = *template;
	cmd->name = text_print("%s_%s", template->name, child->name);
	cmd->lower = text_lower(cmd->name, '_');
	cmd->syntax = text_print("%s %s", template->syntax, child->syntax);
	cmd->tree = node_clone(template->tree);
	cmd->context = context;
	cmd->stores_as = child;
	cmd->has_no = false;
	mark_child(tail);
	node_add(cmd->at, cmd->tree, tail);
	if (cmd_find(cmd->name))
		fail(cmd->at, "%s is defined twice", cmd->name);
	grammar.cmds = list_add(grammar.cmds, &grammar.n_cmds, cmd);
}

static void expand_onelines(void)
{
	for (int i = 0; i < grammar.n_onelines; i++) {
		struct cmd *template = grammar.onelines[i], *child;
		struct cmd *context = cmd_find(template->context_name);
		struct mode *mode = mode_find(template->mode_name);

		if (!context || context->kind != K_CONTEXT || !mode)
			fail(template->at, "no such context or mode");
		for (int n = 0; (child = mode_cmd(mode, n)); n++)
			if (child->numbered)
				expand_oneline(template, context, child);
	}
}

/* ---- help ---- */

static bool part_names(const char *part, const struct node *leaf)
{
	if (!strcmp(part, leaf->word))
		return true;
	return leaf->field && !strcmp(part, leaf->field);
}

/* Do the parts, in this order, stand before the leaf? (Others may stand between.) */
static bool path_fits(const struct help *help, const struct cmd *cmd, const struct node *leaf)
{
	int part = 0;

	if (!part_names(help->parts[help->n_parts - 1], leaf))
		return false;
	for (int i = 1; i < leaf->index && part < help->n_parts - 1; i++)
		part += part_names(help->parts[part], cmd->leaves[i]);
	return part == help->n_parts - 1;
}

static bool scope_fits(const struct help *help, const struct cmd *cmd)
{
	return !help->scope || !strcmp(help->scope, cmd->name) ||
	       !strcmp(help->scope, cmd->mode->name) ||
	       (cmd->stores_as && !strcmp(help->scope, cmd->stores_as->name));
}

/* A help for one command beats one for a mode, that beats a general one; then the longer path. */
static int help_weight(const struct help *help)
{
	if (!help->scope)
		return help->n_parts;
	return help->n_parts + (mode_find(help->scope) ? 1 : 2) * MAX_KIDS;
}

static void find_help(struct cmd *cmd, struct node *leaf)
{
	struct help *best = NULL;
	int best_weight = -1;

	for (int i = 0; i < grammar.n_helps; i++) {
		struct help *help = grammar.helps[i];
		int weight = help_weight(help);

		if (weight > best_weight && scope_fits(help, cmd) && path_fits(help, cmd, leaf)) {
			best = help;
			best_weight = weight;
		}
	}
	if (!best)
		fail(cmd->at, "%s: no help text for '%s'%s%s", cmd->name, leaf->word,
		     leaf->field ? ":" : "", leaf->field ? leaf->field : "");
	best->used = true;
	leaf->help = best->text;
}

/* ---- checks ---- */

static void check_follow(const struct cmd *cmd)
{
	for (int i = 0; i < cmd->n_leaves; i++)
		for (int a = 1; a < cmd->n_leaves; a++)
			for (int b = a + 1; cmd->follow[i][a] && b < cmd->n_leaves; b++)
				if (cmd->follow[i][b] && cmd->leaves[a]->type == T_KEYWORD &&
				    cmd->leaves[b]->type == T_KEYWORD &&
				    !strcasecmp(cmd->leaves[a]->word, cmd->leaves[b]->word))
					fail(cmd->at, "'%s' can follow '%s' in two ways",
					     cmd->leaves[a]->word, cmd->leaves[i]->word);
}

/* A stored entry must print in one way: what may stay away, or has an alternative, needs its witness. */
static void check_printable(const struct cmd *cmd, int from)
{
	bool end = cmd->leaves[from]->accept;

	for (int i = 1; i < cmd->n_leaves; i++) {
		const struct node *leaf = cmd->leaves[i];

		if (!cmd->follow[from][i] || i == from)
			continue;
		if (!leaf->witness && end)
			fail(cmd->at, "'%s' may be absent but nothing records it", leaf->word);
	}
}

static bool in_key(const struct cmd *cmd, const char *name)
{
	for (int i = 0; i < cmd->n_key; i++)
		if (!strcmp(cmd->key[i], name))
			return true;
	return false;
}

static void check_class(const struct cmd *a, const struct cmd *b)
{
	if (a->n_key != b->n_key)
		fail(a->at, "class %s: different keys than %s", a->class, b->name);
	for (int i = 0; i < a->n_key; i++)
		if (!in_key(b, a->key[i]) || strcmp(a->key[i], b->key[i]) ||
		    strcmp(type_rows[field_find(a, a->key[i])->type].suffix,
			   type_rows[field_find(b, a->key[i])->type].suffix))
			fail(a->at, "class %s: key field %s differs from %s", a->class, a->key[i],
			     b->name);
}

static void check_key(const struct cmd *cmd)
{
	for (int i = 0; i < cmd->n_key; i++)
		if (!field_find(cmd, cmd->key[i]))
			fail(cmd->at, "key field %s does not exist", cmd->key[i]);
	for (int i = 0; cmd->class && i < grammar.n_cmds; i++) {
		const struct cmd *other = grammar.cmds[i];

		if (other != cmd && other->class && !strcmp(other->class, cmd->class))
			check_class(cmd, other);
	}
}

static void check_alias(struct cmd *cmd)
{
	struct cmd *original = cmd->as ? cmd_find(cmd->as) : NULL;

	if (!cmd->as)
		return;
	if (!original || original->as || original->kind != K_EXEC || cmd->kind != K_EXEC)
		fail(cmd->at, "`as` needs an exec command with a handler of its own");
	for (int i = 0; i < cmd->n_fields; i++) {
		const struct field *field = field_find(original, cmd->fields[i]->name);

		if (!field || field->type != cmd->fields[i]->type)
			fail(cmd->at, "field %s is not one of %s", cmd->fields[i]->name, cmd->as);
	}
}

static void check_default(const struct cmd *cmd)
{
	const struct field *field = cmd->default_for ? field_find(cmd, cmd->default_for) : NULL;

	if (cmd->default_for && (!field || field->type != T_NUMBER || field->repeat || !in_key(cmd, field->name)))
		fail(cmd->at, "default-for needs a number of the key, which %s is not", cmd->default_for);
}

static void check_fields(const struct cmd *cmd)
{
	const struct cmd *parent = cmd->context, *child = cmd->stores_as;

	for (int i = 0; parent && i < cmd->n_fields; i++)
		if (!field_find(parent, cmd->fields[i]->name) &&
		    !field_find(child, cmd->fields[i]->name))
			fail(cmd->at, "field %s is neither of %s nor of %s", cmd->fields[i]->name,
			     parent->name, child->name);
	if (cmd->hook && cmd->kind == K_EXEC)
		fail(cmd->at, "an exec command always has a handler: no `hook`");
	if (cmd->kind == K_CONTEXT && !cmd->opens)
		fail(cmd->at, "a context must open a mode");
}

static void check_cmd(struct cmd *cmd)
{
	for (int i = 1; i < cmd->n_leaves; i++)
		find_help(cmd, cmd->leaves[i]);
	check_follow(cmd);
	for (int i = 0; i < cmd->n_leaves; i++)
		check_printable(cmd, i);
	check_fields(cmd);
	check_key(cmd);
	check_default(cmd);
	check_alias(cmd);
	if (cmd->opens) {
		struct mode *mode = mode_find(cmd->opens);

		if (!mode || !mode->prompt)
			fail(cmd->at, "no mode '%s' with a prompt", cmd->opens);
		mode->opened = true;
	}
}

static bool is_root(const struct mode *mode)
{
	return mode->prompt && !mode->parent;
}

static void check_mode(struct mode *mode)
{
	const struct mode *parent = mode->parent ? mode_find(mode->parent) : NULL;

	if (mode->parent && (!parent || !parent->prompt))
		fail(mode->at, "no parent mode '%s' with a prompt", mode->parent);
	if (mode->falls_to && !mode_find(mode->falls_to))
		fail(mode->at, "no mode '%s'", mode->falls_to);
	for (int i = 0; i < mode->n_uses; i++) {
		struct mode *shared = mode_find(mode->uses[i]);

		if (!shared || shared->prompt)
			fail(mode->at, "no shared mode '%s' (one without a prompt)", mode->uses[i]);
		shared->used = true;
	}
}

/* Handlers enter the modes right above the root; every other one needs a context command. */
static void check_reachable(const struct mode *mode)
{
	const struct mode *parent = mode->parent ? mode_find(mode->parent) : NULL;

	if (mode->prompt ? !is_root(mode) && !is_root(parent) && !mode->opened
			 : !mode->used && !mode->filter)
		fail(mode->at, "mode %s is unreachable", mode->name);
	if (!mode_cmd(mode, 0))
		fail(mode->at, "mode %s has no commands", mode->name);
}

/* ---- numbers ---- */

static uint32_t letter(const struct node *leaf)
{
	int c = tolower((unsigned char)*leaf->word);

	return leaf->type == T_KEYWORD && c >= 'a' && c <= 'z' ? 1u << (c - 'a') : 1u << 31;
}

static int class_of(const struct cmd *cmd)
{
	for (int i = 0; cmd->class && i < cmd->id; i++)
		if (grammar.cmds[i]->class && !strcmp(grammar.cmds[i]->class, cmd->class))
			return grammar.cmds[i]->key_class;
	return cmd->id;
}

static void number_cmd(struct cmd *cmd, int id)
{
	cmd->id = id;
	cmd->key_class = class_of(cmd);
	cmd->filter = cmd->mode->filter;
	if (cmd->order < 0)
		cmd->order = id;
	for (int i = 1; i < cmd->n_leaves; i++)
		if (cmd->follow[0][i])
			cmd->first |= letter(cmd->leaves[i]);
}

void build_all(void)
{
	expand_onelines();
	for (int i = 0; i < grammar.n_cmds; i++)
		build_cmd(grammar.cmds[i]);
	for (int i = 0; i < grammar.n_modes; i++)
		check_mode(grammar.modes[i]);
	for (int i = 0; i < grammar.n_cmds; i++) {
		check_cmd(grammar.cmds[i]);
		number_cmd(grammar.cmds[i], i);
	}
	for (int i = 0; i < grammar.n_modes; i++)
		check_reachable(grammar.modes[i]);
	for (int i = 0; i < grammar.n_helps; i++)
		if (!grammar.helps[i]->used)
			fail(grammar.helps[i]->at, "help for a word that does not exist");
}
