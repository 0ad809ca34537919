/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a command's tree to its position automaton (Glushkov): every leaf is a position; first, last and
 * follow sets come from one walk. On the way each argument gets its field, and each optional or alternative
 * part its witness: the byte that says that the part is there.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "gramc.h"

struct set {
	bool has[MAX_LEAVES];
};

struct shape {
	bool nullable;
	struct set first, last;
};

/* ---- fields ---- */

struct field *field_find(const struct cmd *cmd, const char *name)
{
	for (int i = 0; i < cmd->n_fields; i++)
		if (!strcmp(cmd->fields[i]->name, name))
			return cmd->fields[i];
	return NULL;
}

static bool is_number(enum type type)
{
	return type == T_NUMBER || type == T_NUMBER_TEXT;
}

static enum type merge_types(const struct cmd *cmd, const char *name, enum type a, enum type b)
{
	if (a == b)
		return a;
	if (is_number(a) && is_number(b))
		return T_NUMBER_TEXT;
	if ((a == T_WORD && is_number(b)) || (is_number(a) && b == T_WORD))
		return T_WORD;
	fail(cmd->at, "field %s has two types", name);
}

static struct field *field_add(struct cmd *cmd, const char *name, enum type type)
{
	struct field *field = field_find(cmd, name);

	if (field && (type == T_BOOL || type == T_ENUM))
		fail(cmd->at, "field %s is made twice", name);
	if (field) {
		field->type = merge_types(cmd, name, field->type, type);
		return field;
	}
	if (cmd->n_fields == MAX_FIELDS)
		fail(cmd->at, "too many fields");
	field = take(sizeof(*field));
	field->name = text_lower(name, '_');
	field->type = type;
	cmd->fields[cmd->n_fields++] = field;
	return field;
}

/* Numbers leaves and makes argument fields, in the order of the line. */
static void number_leaves(struct cmd *cmd, struct node *node)
{
	for (int i = 0; i < node->n_kids; i++)
		number_leaves(cmd, node->kids[i]);
	if (node->kind != N_LEAF)
		return;
	if (cmd->n_leaves == MAX_LEAVES)
		fail(cmd->at, "too many words");
	node->index = cmd->n_leaves;
	cmd->leaves[cmd->n_leaves++] = node;
	if (node->type == T_KEYWORD)
		return;
	node->value = field_add(cmd, node->field, node->type);
	node->value->repeat |= node->repeat;
}

/* ---- witnesses ---- */

/* Calls each for every leaf that the node can begin with; false if the node can be empty. */
static bool each_first(struct node *node, void (*each)(struct node *leaf, void *arg), void *arg)
{
	bool solid;

	switch (node->kind) {
	case N_LEAF:
		each(node, arg);
		return true;
	case N_SLASH:
		return false;
	case N_SEQ:
		for (int i = 0; i < node->n_kids; i++)
			if (each_first(node->kids[i], each, arg))
				return true;
		return false;
	default:
		solid = node->kind == N_ALT;
		for (int i = 0; i < node->n_kids; i++)
			solid &= each_first(node->kids[i], each, arg);
		return solid;
	}
}

struct firsts {
	int count, witnessed;
	const char *field; /* of the argument, "" when they differ or are keywords */
};

static void count_first(struct node *leaf, void *arg)
{
	struct firsts *firsts = arg;
	const char *field = leaf->field ? leaf->field : "";

	if (!firsts->count++)
		firsts->field = field;
	else if (strcmp(firsts->field, field))
		firsts->field = "";
	firsts->witnessed += leaf->witness != NULL;
}

struct mark {
	struct cmd *cmd;
	struct field *field;
	int value;
};

static void mark_first(struct node *leaf, void *arg)
{
	const struct mark *mark = arg;

	if (leaf->witness)
		fail(mark->cmd->at, "'%s' would need two witnesses (%s and %s)", leaf->word,
		     leaf->witness->name, mark->field->name);
	leaf->witness = mark->field;
	leaf->witness_value = mark->value;
}

static const struct node *first_argument(const struct node *node)
{
	if (node->kind == N_LEAF)
		return node->type == T_KEYWORD ? NULL : node;
	for (int i = 0; i < node->n_kids; i++) {
		const struct node *found = first_argument(node->kids[i]);

		if (found)
			return found;
	}
	return NULL;
}

static const char *first_word(struct cmd *cmd, const struct node *node)
{
	while (node->kind != N_LEAF)
		node = node->kids[0];
	if (node->type != T_KEYWORD || !isalpha((unsigned char)*node->word))
		fail(cmd->at, "an optional part without a witness (no name can be made of '%s')",
		     node->word);
	return node->word;
}

static void make_witness(struct cmd *cmd, struct node *node)
{
	const struct node *argument = first_argument(node);
	const char *name = argument ? text_print("has_%s", argument->field) : first_word(cmd, node);
	struct mark mark = {cmd, field_add(cmd, text_lower(name, '_'), T_BOOL), 1};

	if (!each_first(node, mark_first, &mark))
		fail(cmd->at, "an optional part without a witness: all of it can be absent (%s)",
		     mark.field->name);
}

static struct firsts firsts_of(struct node *node)
{
	struct firsts firsts = {0, 0, ""};

	each_first(node, count_first, &firsts);
	return firsts;
}

static void enum_witness(struct cmd *cmd, struct node *alt)
{
	struct field *field = field_add(cmd, alt->field, T_ENUM);

	for (int i = 0; i < alt->n_kids; i++) {
		struct mark mark = {cmd, field, i + 1};
		const struct node *leaf = alt->kids[i];

		if (!each_first(alt->kids[i], mark_first, &mark))
			fail(cmd->at, "an alternative of %s can be empty", field->name);
		while (leaf->kind != N_LEAF)
			leaf = leaf->kids[0];
		field->values[field->n_values++] =
			text_upper(leaf->field ? leaf->field : leaf->word);
	}
}

static void alt_witness(struct cmd *cmd, struct node *alt)
{
	struct firsts all;

	if (alt->field) {
		enum_witness(cmd, alt);
		return;
	}
	all = firsts_of(alt);
	if (*all.field && !all.witnessed)
		return; /* one field, spelled in several ways */
	for (int i = 0; i < alt->n_kids; i++) {
		struct firsts firsts = firsts_of(alt->kids[i]);

		if (firsts.witnessed != firsts.count)
			make_witness(cmd, alt->kids[i]);
	}
}

static void make_witnesses(struct cmd *cmd, struct node *node)
{
	struct firsts firsts;

	for (int i = 0; i < node->n_kids; i++)
		make_witnesses(cmd, node->kids[i]);
	if (node->kind == N_ALT) {
		alt_witness(cmd, node);
	} else if (node->kind == N_OPT || node->kind == N_ANY) {
		for (int i = 0; i < node->n_kids; i++) {
			firsts = firsts_of(node->kids[i]);
			if (firsts.witnessed != firsts.count)
				make_witness(cmd, node->kids[i]);
		}
	}
}

/* ---- first, last, follow ---- */

static void merge(struct set *into, const struct set *from)
{
	for (int i = 0; i < MAX_LEAVES; i++)
		into->has[i] |= from->has[i];
}

static void connect(struct cmd *cmd, const struct set *from, const struct set *to)
{
	for (int i = 0; i < cmd->n_leaves; i++)
		for (int k = 0; from->has[i] && k < cmd->n_leaves; k++)
			cmd->follow[i][k] |= to->has[k];
}

static struct shape *walk(struct cmd *cmd, struct node *node);

static struct shape *walk_leaf(struct cmd *cmd, struct node *leaf)
{
	struct shape *shape = take(sizeof(*shape));

	shape->first.has[leaf->index] = shape->last.has[leaf->index] = true;
	cmd->follow[leaf->index][leaf->index] |= leaf->repeat;
	return shape;
}

/* From here on a `no` line may end: after what can stand last so far, and after every later leaf. */
static void mark_slash(struct cmd *cmd, const struct set *last, int seen)
{
	for (int i = 0; i < cmd->n_leaves; i++)
		cmd->leaves[i]->no_accept |= last->has[i] || i > seen;
}

static int last_index(const struct node *node)
{
	int last = node->index;

	for (int i = 0; i < node->n_kids; i++) {
		int kid = last_index(node->kids[i]);

		last = kid > last ? kid : last;
	}
	return last;
}

static struct shape *walk_seq(struct cmd *cmd, struct node *seq, struct shape *before)
{
	struct shape *shape = before;
	int seen = 0;

	for (int i = 0; i < seq->n_kids; i++) {
		struct shape *kid;

		if (seq->kids[i]->kind == N_SLASH) {
			if (seq != cmd->tree)
				fail(cmd->at, "'/' inside a group");
			mark_slash(cmd, &shape->last, seen);
			continue;
		}
		kid = walk(cmd, seq->kids[i]);
		seen = last_index(seq->kids[i]);
		connect(cmd, &shape->last, &kid->first);
		if (shape->nullable)
			merge(&shape->first, &kid->first);
		if (!kid->nullable)
			memset(&shape->last, 0, sizeof(shape->last));
		merge(&shape->last, &kid->last);
		shape->nullable &= kid->nullable;
	}
	return shape;
}

static struct shape *walk_group(struct cmd *cmd, struct node *group)
{
	struct shape *kids[MAX_KIDS], *shape = take(sizeof(*shape));

	for (int i = 0; i < group->n_kids; i++) {
		kids[i] = walk(cmd, group->kids[i]);
		merge(&shape->first, &kids[i]->first);
		merge(&shape->last, &kids[i]->last);
		shape->nullable |= kids[i]->nullable;
	}
	shape->nullable |= group->kind != N_ALT;
	for (int i = 0; group->kind == N_ANY && i < group->n_kids; i++)
		for (int k = 0; k < group->n_kids; k++)
			if (i != k)
				connect(cmd, &kids[i]->last, &kids[k]->first);
	return shape;
}

static struct shape *walk(struct cmd *cmd, struct node *node)
{
	struct shape *empty;

	if (node->kind == N_LEAF)
		return walk_leaf(cmd, node);
	if (node->kind != N_SEQ)
		return walk_group(cmd, node);
	empty = take(sizeof(*empty));
	empty->nullable = true;
	return walk_seq(cmd, node, empty);
}

static bool has_slash(const struct node *tree)
{
	for (int i = 0; i < tree->n_kids; i++)
		if (tree->kids[i]->kind == N_SLASH)
			return true;
	return false;
}

static void mark_accept(struct cmd *cmd, const struct set *last)
{
	bool slash = has_slash(cmd->tree);

	if (last->has[0])
		fail(cmd->at, "the whole line is optional");
	for (int i = 0; i < cmd->n_leaves; i++) {
		cmd->leaves[i]->accept = last->has[i];
		if (!slash)
			cmd->leaves[i]->no_accept = last->has[i];
	}
}

/* ---- types that depend on the neighbours ---- */

/* A number beside WORD in one field is kept as text, and WORD beside a number is never all digits. */
static void settle_types(struct cmd *cmd)
{
	for (int i = 1; i < cmd->n_leaves; i++) {
		struct node *leaf = cmd->leaves[i];

		if (leaf->type == T_NUMBER && leaf->value->type != T_NUMBER)
			leaf->type = T_NUMBER_TEXT;
	}
	for (int i = 0; i < cmd->n_leaves; i++)
		for (int a = 1; a < cmd->n_leaves; a++)
			for (int b = 1; cmd->follow[i][a] && b < cmd->n_leaves; b++)
				if (cmd->follow[i][b] && is_number(cmd->leaves[a]->type) &&
				    cmd->leaves[b]->type == T_WORD)
					cmd->leaves[b]->lo = 1;
}

/* The leaves of a one-line form write into the structs of its context and its child: their types count. */
static void settle_oneline(struct cmd *cmd)
{
	for (int i = 1; cmd->stores_as && i < cmd->n_leaves; i++) {
		struct node *leaf = cmd->leaves[i];
		const struct cmd *owner = leaf->child ? cmd->stores_as : cmd->context;
		const struct field *field;

		if (!leaf->value)
			continue;
		field = field_find(owner, leaf->value->name);
		if (!field)
			fail(cmd->at, "field %s is not one of %s", leaf->value->name, owner->name);
		if (is_number(leaf->type) && field->type == T_WORD)
			leaf->type = T_NUMBER_TEXT;
		else if (field->type != leaf->value->type)
			fail(cmd->at, "field %s has another type in %s", field->name, owner->name);
	}
}

void build_cmd(struct cmd *cmd)
{
	struct shape *start = take(sizeof(*start)), *all;

	cmd->leaves[0] = node_new(N_LEAF);
	cmd->leaves[0]->word = text_print("start");
	cmd->n_leaves = 1;
	cmd->follow = take(sizeof(*cmd->follow) * MAX_LEAVES);
	number_leaves(cmd, cmd->tree);
	make_witnesses(cmd, cmd->tree);
	start->last.has[0] = true;
	start->nullable = false;
	all = walk_seq(cmd, cmd->tree, start);
	mark_accept(cmd, &all->last);
	settle_types(cmd);
	settle_oneline(cmd);
}
