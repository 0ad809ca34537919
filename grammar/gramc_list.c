/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grammar.lst: for each command its mode, level, properties and every form it can take (when these are many:
 * one form for each leaf, so that nothing goes unlisted). commands.mdoc: the man page's command reference.
 */
#include <stdlib.h>
#include <string.h>
#include "gramc.h"

#define MAX_FORMS 48
#define FORM_SIZE 1024

/* ---- forms ---- */

struct forms {
	const struct cmd *cmd;
	int path[MAX_LEAVES], length;
	bool visited[MAX_LEAVES];
	char *texts[MAX_FORMS + 1];
	int count;
	bool any_order; /* false: options only in the order of the line */
};

static const char *spelled(const struct node *leaf)
{
	if (leaf->type == T_KEYWORD || leaf->type == T_NUMBER || leaf->type == T_NUMBER_TEXT)
		return leaf->word;
	return type_rows[leaf->type].spelling;
}

static char *form_text(const struct cmd *cmd, const int *path, int length)
{
	char *text = take(FORM_SIZE);

	for (int i = 0; i < length; i++) {
		const struct node *leaf = cmd->leaves[path[i]];
		size_t used = strlen(text);

		snprintf(text + used, FORM_SIZE - used, "%s%s%s%s%s", i ? " " : "", spelled(leaf),
			 leaf->repeat ? "..." : "", leaf->value ? ":" : "",
			 leaf->value ? leaf->value->name : "");
	}
	return text;
}

static bool witness_taken(const struct forms *forms, const struct node *leaf)
{
	for (int i = 0; leaf->witness && i < forms->length; i++)
		if (forms->cmd->leaves[forms->path[i]]->witness == leaf->witness)
			return true;
	return false;
}

static void walk_forms(struct forms *forms, int at)
{
	const struct cmd *cmd = forms->cmd;

	if (forms->count > MAX_FORMS)
		return;
	if (cmd->leaves[at]->accept)
		forms->texts[forms->count++] = form_text(cmd, forms->path, forms->length);
	for (int i = forms->any_order ? 1 : at + 1; i < cmd->n_leaves; i++) {
		if (!cmd->follow[at][i] || forms->visited[i] || i == at ||
		    witness_taken(forms, cmd->leaves[i]))
			continue;
		forms->visited[i] = true;
		forms->path[forms->length++] = i;
		walk_forms(forms, i);
		forms->length--;
		forms->visited[i] = false;
		if (forms->count > MAX_FORMS)
			return;
	}
}

/* A shortest way from one position to any accepting one (or to `goal`, when not 0). Returns its length. */
static int shortest(const struct cmd *cmd, int from, int goal, int *path)
{
	int before[MAX_LEAVES], queue[MAX_LEAVES], head = 0, tail = 0, length = 0, at = from;

	memset(before, -1, sizeof(before));
	for (queue[tail++] = from; head < tail; head++) {
		at = queue[head];
		if (at != from ? goal ? at == goal : cmd->leaves[at]->accept
			       : !goal && cmd->leaves[at]->accept)
			break;
		for (int i = 1; i < cmd->n_leaves; i++)
			if (cmd->follow[at][i] && before[i] < 0 && i != from) {
				before[i] = at;
				queue[tail++] = i;
			}
	}
	for (int i = at; i != from; i = before[i])
		length++;
	for (int i = at, n = length; i != from; i = before[i])
		path[--n] = i;
	return length;
}

static void form_for_each_leaf(FILE *out, const struct cmd *cmd)
{
	bool listed[MAX_LEAVES] = {false};

	for (int i = cmd->n_leaves - 1; i > 0; i--) {
		int path[2 * MAX_LEAVES], length;

		if (listed[i])
			continue;
		length = shortest(cmd, 0, i, path);
		length += shortest(cmd, i, 0, path + length);
		for (int k = 0; k < length; k++)
			listed[path[k]] = true;
		fprintf(out, "    %s%s\n", cmd->no_only ? "no " : "",
			form_text(cmd, path, length));
	}
}

static void emit_forms(FILE *out, const struct cmd *cmd)
{
	struct forms *forms = take(sizeof(*forms));

	forms->cmd = cmd;
	forms->any_order = true;
	walk_forms(forms, 0);
	if (forms->count > MAX_FORMS) {
		forms->count = 0;
		forms->any_order = false;
		walk_forms(forms, 0);
	}
	if (forms->count > MAX_FORMS) {
		form_for_each_leaf(out, cmd);
		return;
	}
	for (int i = 0; i < forms->count; i++)
		fprintf(out, "    %s%s\n", cmd->no_only ? "no " : "", forms->texts[i]);
}

/* Where a `no` line may end early: after these words. */
static void emit_no(FILE *out, const struct cmd *cmd)
{
	for (int i = 1; i < cmd->n_leaves; i++) {
		int path[MAX_LEAVES], length;

		if (!cmd->has_no || cmd->no_only || !cmd->leaves[i]->no_accept ||
		    cmd->leaves[i]->accept)
			continue;
		length = shortest(cmd, 0, i, path);
		fprintf(out, "    no %s\n", form_text(cmd, path, length));
	}
}

void emit_list(FILE *out)
{
	static const char *const kinds[] = {"exec", "conf", "context"};

	for (int i = 0; i < grammar.n_cmds; i++) {
		const struct cmd *cmd = grammar.cmds[i];

		fprintf(out, "%s %s mode %s level %d%s", cmd->name, kinds[cmd->kind],
			cmd->mode->name, cmd->level, cmd->has_no ? " no" : "");
		if (cmd->opens)
			fprintf(out, " opens %s", cmd->opens);
		if (cmd->class)
			fprintf(out, " class %s", cmd->class);
		for (int k = 0; k < cmd->n_key; k++)
			fprintf(out, "%s%s", k ? " " : " key ", cmd->key[k]);
		fputs(cmd->hidden ? " hidden\n" : "\n", out);
		emit_forms(out, cmd);
		emit_no(out, cmd);
	}
}

/* ---- the manual ---- */

/* One macro argument in quotes: no macro name, no escape is seen in it. */
static void emit_roff(FILE *out, const char *text)
{
	fputs("\"\\&", out);
	for (; *text; text++) {
		if (*text == '"')
			fputs("\\(dq", out);
		else if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static const struct node *only_alt(const struct node *node)
{
	while (node->kind == N_SEQ && node->n_kids == 1)
		node = node->kids[0];
	return node->kind == N_ALT ? node : NULL;
}

static void plain(const struct node *node, FILE *out);

static void plain_choice(const struct node *alt, FILE *out)
{
	for (int i = 0; i < alt->n_kids; i++) {
		fputs(i ? " | " : "", out);
		plain(alt->kids[i], out);
	}
}

/* The line as the manual prints it: without field names and the mark for `no`. */
static void plain(const struct node *node, FILE *out)
{
	static const char *const open[] = {"", "", "{", "[", "["};
	static const char *const close[] = {"", "", "}", "]", "]..."};
	/* [{a | b}] is [a | b] */
	bool bare = node->kind == N_OPT && only_alt(node->kids[0]);

	if (node->kind == N_LEAF) {
		fprintf(out, "%s%s", spelled(node), node->repeat ? "..." : "");
		return;
	}
	fputs(open[node->kind], out);
	for (int i = 0; i < node->n_kids; i++) {
		if (node->kids[i]->kind == N_SLASH)
			continue;
		if (i)
			fputs(node->kind == N_SEQ ? " " : " | ", out);
		if (bare && i == 0) {
			plain_choice(only_alt(node->kids[0]), out);
			continue;
		}
		plain(node->kids[i], out);
	}
	fputs(close[node->kind], out);
}

static char *plain_text(const struct cmd *cmd)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		fail(cmd->at, "out of memory");
	if (cmd->no_only)
		fputs("no ", memory);
	plain(cmd->tree, memory);
	fclose(memory);
	return text;
}

/* The words that every line of the command begins with say what it is about: the help of the last of them. */
static const char *subject(const struct cmd *cmd)
{
	const char *help = NULL;
	int at = 0;

	for (;;) {
		int next = 0, count = 0;

		for (int i = 1; i < cmd->n_leaves; i++)
			if (cmd->follow[at][i]) {
				next = i;
				count++;
			}
		if (count != 1 || cmd->leaves[next]->type != T_KEYWORD || cmd->leaves[next]->witness)
			return help;
		at = next;
		help = cmd->leaves[at]->help;
	}
}

static bool described(const struct cmd *cmd, int index)
{
	const struct node *leaf = cmd->leaves[index];

	for (int i = 1; i < index; i++)
		if (!strcmp(spelled(cmd->leaves[i]), spelled(leaf)) && !strcmp(cmd->leaves[i]->help, leaf->help))
			return true;
	return false;
}

/* Arguments and whatever else is not in every line. */
static void emit_words(FILE *out, const struct cmd *cmd)
{
	bool any = false;

	for (int i = 1; i < cmd->n_leaves; i++) {
		const struct node *leaf = cmd->leaves[i];

		if ((!leaf->field && !leaf->witness) || described(cmd, i))
			continue;
		if (!any)
			fputs(".Bl -tag -width A.B.C.D -compact\n", out);
		any = true;
		fputs(".It Ar ", out);
		emit_roff(out, spelled(leaf));
		fprintf(out, "\n%s.\n", leaf->help);
	}
	if (any)
		fputs(".El\n", out);
}

static void emit_reference(FILE *out, const struct cmd *cmd)
{
	const char *help = subject(cmd);

	fputs(".It Ic ", out);
	emit_roff(out, plain_text(cmd));
	fputc('\n', out);
	if (help)
		fprintf(out, "%s.\n", help);
	fprintf(out, "Privilege level %d%s.\n", cmd->level,
		cmd->has_no && !cmd->no_only ? "; has a no form" : "");
	emit_words(out, cmd);
}

void emit_mdoc(FILE *out)
{
	for (int i = 0; i < grammar.n_modes; i++) {
		const struct mode *mode = grammar.modes[i];
		bool any = false;

		for (int k = 0; k < grammar.n_cmds; k++) {
			const struct cmd *cmd = grammar.cmds[k];

			if (cmd->mode != mode || cmd->hidden)
				continue;
			if (!any)
				fprintf(out, ".Ss Mode %s\n.Bl -tag -width Ds\n", mode->name);
			any = true;
			emit_reference(out, cmd);
		}
		if (any)
			fputs(".El\n", out);
	}
}
