/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/match.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "cli/walk.h"
#include "gram_tables.h"

/* ---- the best of all ways through a mode's commands ---- */

struct best {
	bool any;
	struct walk_end end;
	bool ambiguous;
};

/* The word at which two ways of one rank mean different keywords; -1: nowhere. */
static int differ_at(const struct walk_end *a, const struct walk_end *b)
{
	for (unsigned i = 0; i < a->words; i++)
		if (a->by_word[i] && b->by_word[i] && strcmp(a->by_word[i], b->by_word[i]))
			return (int)i;
	return -1;
}

static void take_if_better(void *arg, const struct walk_end *end)
{
	struct best *best = arg;
	int order = best->any ? walk_compare(end, &best->end) : -1, word;
	bool last;

	if (order > 0)
		return;
	if (order < 0) {
		*best = (struct best){.any = true, .end = *end};
		return;
	}
	word = differ_at(end, &best->end);
	last = word >= 0 && word == (int)end->words - 1;
	if (end->complete != best->end.complete && !last) {
		if (end->complete)
			*best = (struct best){.any = true, .end = *end};
		return;
	}
	best->ambiguous |= word >= 0;
}

static void fill(const struct walk *walk, const struct walk_end *end, void *args, void *parent)
{
	const struct gram_cmd *cmd = end->cmd;

	memset(args, 0, cmd->args_size);
	if (parent && cmd->context)
		memset(parent, 0, cmd->context->args_size);
	for (unsigned i = 0; i < end->n_steps; i++) {
		const struct gram_leaf *leaf = &cmd->leaves[end->steps[i].leaf];

		walk_store(walk, leaf, &end->steps[i], leaf->owner ? parent : args);
	}
}

/* One mode's answer. Returns how many words got through. */
static unsigned match_mode(struct walk *walk, struct match *out, void *args, void *parent)
{
	struct best best = {.any = false};

	walk->end = take_if_better;
	walk->arg = &best;
	walk_mode(walk);
	out->mode = walk->mode;
	out->caret = walk_caret(walk);
	if (!best.any) {
		out->kind = MATCH_INVALID;
		return walk->from;
	}
	if (best.ambiguous)
		out->kind = MATCH_AMBIGUOUS;
	else if (best.end.words < walk->split->n)
		out->kind = MATCH_INVALID;
	else
		out->kind = best.end.complete ? MATCH_OK : MATCH_INCOMPLETE;
	if (out->kind == MATCH_OK) {
		out->cmd = best.end.cmd;
		fill(walk, &best.end, args, parent);
	}
	return best.end.words;
}

static bool any_no(const struct gram_mode *mode, int level)
{
	for (; mode; mode = mode->falls_to)
		for (unsigned i = 0; i < mode->n_cmds; i++)
			if (mode->cmds[i]->has_no && mode->cmds[i]->level <= level)
				return true;
	return false;
}

static const struct gram_mode *root_of(const struct gram_mode *mode)
{
	while (mode->parent)
		mode = mode->parent;
	return mode;
}

/* Takes `do` and `no` off the front. */
static void take_prefixes(struct walk *walk, bool *exec)
{
	*exec = walk->mode->config && split_is(walk->split, walk->from, "do");
	if (*exec) {
		walk->mode = root_of(walk->mode);
		walk->from++;
	}
	walk->no = split_is(walk->split, walk->from, "no") && any_no(walk->mode, walk->level);
	walk->from += walk->no;
}

/* The mode and those it falls to; of several errors the one that got furthest. */
static void match_modes(struct walk *walk, struct match *out)
{
	struct match error = {.kind = MATCH_INVALID};
	unsigned reached = 0, words;

	for (bool first = true; walk->mode; walk->mode = walk->mode->falls_to, first = false) {
		words = match_mode(walk, out, out->args, out->parent_args);
		if (out->kind == MATCH_OK)
			return;
		if (first || words > reached ||
		    (words == reached && error.kind == MATCH_INVALID && out->kind == MATCH_INVALID &&
		     out->caret > error.caret)) {
			error.kind = out->kind;
			error.caret = out->caret;
			reached = words;
		}
	}
	out->kind = error.kind;
	out->caret = error.caret;
}

static void match_modifier(const struct split *split, struct match *out)
{
	const struct gram_cmd *cmd = out->cmd;
	const struct gram_mode *mode = out->mode;
	struct split tail;
	struct walk walk = {.split = &tail, .mode = gram_modes[MODE_OUTPUT_MODIFIER], .level = 15};

	out->cmd = NULL;
	split_from(split->line, (unsigned)split->pipe + 1, &tail);
	if (!tail.n) {
		out->kind = MATCH_INCOMPLETE;
		return;
	}
	match_mode(&walk, out, out->modifier_args, NULL);
	if (out->kind == MATCH_OK) {
		out->modifier = out->cmd;
		out->cmd = cmd;
		out->mode = mode;
	}
}

void match_line(const struct gram_mode *mode, int level, const char *line, struct match *out)
{
	struct split split;
	struct walk walk = {.split = &split, .mode = mode, .level = level};

	out->modifier = NULL;
	out->cmd = NULL;
	out->caret = 0;
	out->no = out->exec = false;
	split_line(line, &split);
	if (!split.n) {
		out->kind = MATCH_EMPTY;
		return;
	}
	take_prefixes(&walk, &out->exec);
	out->no = walk.no;
	if (walk.from == split.n) {
		out->kind = MATCH_INCOMPLETE;
		return;
	}
	match_modes(&walk, out);
	if (out->kind == MATCH_OK && split.pipe >= 0)
		match_modifier(&split, out);
}

/* ---- what may come next ---- */

struct gather {
	struct match_next *next;
	const struct walk *walk;
	bool any;
	struct walk_end best;
};

static void add_leaf(struct match_next *next, const struct gram_leaf *leaf)
{
	for (unsigned i = 0; i < next->n; i++)
		if (!strcasecmp(next->leaves[i]->word, leaf->word))
			return;
	if (next->n < MATCH_NEXT_MAX)
		next->leaves[next->n++] = leaf;
}

static void gather_end(void *arg, const struct walk_end *end)
{
	struct gather *gather = arg;
	struct match_next *next = gather->next;
	int order = gather->any ? walk_compare(end, &gather->best) : -1;

	if (end->words < gather->walk->split->n || order > 0)
		return;
	if (order < 0) {
		next->n = 0;
		next->accept = next->pipe = false;
		next->kind = MATCH_OK;
		gather->best = *end;
		gather->any = true;
	} else if (differ_at(end, &gather->best) >= 0) {
		next->kind = MATCH_AMBIGUOUS;
	}
	next->accept |= end->complete && end->n_steps;
	next->pipe |= end->complete && end->n_steps &&
		      !strcmp(end->cmd->leaves[end->steps[0].leaf].word, "show");
	for (unsigned i = 0; i < end->cmd->n_leaves; i++)
		if (walk_may_follow(end, i))
			add_leaf(next, &end->cmd->leaves[i]);
}

static void gather_modes(struct walk *walk, struct match_next *out)
{
	struct gather gather = {.next = out, .walk = walk};

	walk->end = gather_end;
	walk->arg = &gather;
	walk->visible_only = true;
	for (; walk->mode && !gather.any; walk->mode = walk->mode->falls_to)
		walk_mode(walk);
	if (out->kind == MATCH_OK && !out->n && !out->accept)
		out->kind = MATCH_INVALID;
}

/* Cuts the unfinished word off. */
static void cut_partial(struct split *split, const char *line, unsigned from, struct match_next *out)
{
	unsigned length = (unsigned)strlen(line);

	out->partial = length;
	if (length > from && !isspace((unsigned char)line[length - 1]) && split->n) {
		split->n--;
		out->partial = split->words[split->n].off;
	}
}

void match_next(const struct gram_mode *mode, int level, const char *line, struct match_next *out)
{
	struct split split;
	struct walk walk = {.split = &split, .mode = mode, .level = level};
	bool exec;

	memset(out, 0, offsetof(struct match_next, leaves));
	out->kind = MATCH_INVALID;
	split_line(line, &split);
	if (split.pipe >= 0) {
		unsigned from = (unsigned)split.pipe + 1;

		walk.mode = gram_modes[MODE_OUTPUT_MODIFIER];
		split_from(line, from, &split);
		cut_partial(&split, line, from, out);
		gather_modes(&walk, out);
		return;
	}
	cut_partial(&split, line, 0, out);
	take_prefixes(&walk, &exec);
	out->first = walk.from == split.n;
	out->may_do = walk.mode->config && split.n == 0;
	out->may_no = !walk.no && any_no(walk.mode, level);
	gather_modes(&walk, out);
}
