/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/walk.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Words that IOS writes apart from the number that follows. A Linux interface name in letters only is left alone. */
static const char *const families[] = {
	"ethernet",        "fastethernet", "gigabitethernet", "tengigabitethernet", "twentyfivegige",
	"fortygigabitethernet", "hundredgige", "loopback",    "tunnel",             "vlan",
	"serial",          "dialer",       "port-channel",    "bdi",                "multilink",
	"cellular",        "atm",          "null",            "virtual-template",   "virtualportgroup",
};

static bool is_family(const char *word, unsigned length)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (length >= 2 && length <= strlen(families[i]) && !strncasecmp(word, families[i], length))
			return true;
	return false;
}

/* 0/0, 1/0/1, 0/0.100, 12 */
static bool is_unit(const char *word, unsigned length)
{
	unsigned i = 0, dots = 0;

	for (; i < length; i++) {
		if (word[i] == '.')
			dots++;
		else if (word[i] != '/' && !isdigit((unsigned char)word[i]))
			return false;
	}
	return length && isdigit((unsigned char)word[0]) && dots <= 1;
}

/* May these two words be one interface name? */
static bool joinable(const struct split *split, unsigned word)
{
	const struct split_word *a = &split->words[word], *b = a + 1;

	return word + 1 < split->n && is_family(split->line + a->off, a->len) && is_unit(split->line + b->off, b->len);
}

/* The step's words as one text without blanks between; the rest of the line for LINE. False: too long. */
static bool step_text(const struct split *split, const struct gram_leaf *leaf, const struct walk_step *step,
		      char text[GRAM_LINE_SIZE])
{
	unsigned used = 0;

	for (unsigned i = 0; i < step->words; i++) {
		const struct split_word *word = &split->words[step->word + i];
		unsigned length = leaf->type == GRAM_LINE ? split->end - word->off : word->len;

		if (used + length >= GRAM_LINE_SIZE)
			return false;
		memcpy(text + used, split->line + word->off, length);
		used += length;
		if (leaf->type == GRAM_LINE)
			break;
	}
	text[used] = '\0';
	return true;
}

static enum walk_rank keyword_rank(const struct split *split, const struct gram_leaf *leaf, unsigned word)
{
	const char *text = split->line + split->words[word].off;
	unsigned length = split->words[word].len;

	if (strncasecmp(text, leaf->word, length))
		return RANK_NONE;
	/* `con` for `console`: the short form is as good as the word. */
	return leaf->word[length] && length != leaf->lo ? RANK_PREFIX : RANK_EXACT;
}

static enum walk_rank value_rank(const struct split *split, const struct gram_leaf *leaf, const struct walk_step *step)
{
	char text[GRAM_LINE_SIZE];
	_Alignas(8) unsigned char value[GRAM_LINE_SIZE];

	if (!step_text(split, leaf, step, text) || !gram_value_parse(leaf, text, value))
		return RANK_NONE;
	switch (leaf->type) {
	case GRAM_LINE:
		return RANK_LINE;
	case GRAM_WORD:
		return RANK_WORD;
	case GRAM_IFNAME:
		return RANK_IFNAME;
	default:
		return RANK_TYPED;
	}
}

bool walk_may_follow(const struct walk_end *end, unsigned next)
{
	const struct gram_cmd *cmd = end->cmd;
	unsigned at = end->n_steps ? end->steps[end->n_steps - 1].leaf : 0, values = 0;
	const struct gram_leaf *leaf = &cmd->leaves[next], *from = &cmd->leaves[at];
	bool found = false;

	for (unsigned i = 0; i < from->n_follow && !found; i++)
		found = cmd->follow[from->follow + i] == next;
	if (!found)
		return false;
	for (unsigned i = 0; i < end->n_steps; i++) {
		const struct gram_leaf *seen = &cmd->leaves[end->steps[i].leaf];

		if (leaf->set_off != GRAM_NO_OFFSET && seen->set_off == leaf->set_off && seen->owner == leaf->owner &&
		    seen != leaf)
			return false;
		if (seen == leaf && !leaf->repeat)
			return false;
		values += leaf->count_off != GRAM_NO_OFFSET && seen->count_off == leaf->count_off &&
			  seen->owner == leaf->owner;
	}
	return values < GRAM_REPEAT_MAX;
}

/* For the caret: how far into the word some keyword still goes along. */
static void note_failure(struct walk *walk, const struct gram_leaf *leaf, unsigned word)
{
	const struct split_word *w = &walk->split->words[word];
	unsigned same = 0;

	if (leaf->type != GRAM_KEYWORD)
		return;
	while (same < w->len && leaf->word[same] &&
	       tolower((unsigned char)leaf->word[same]) == tolower((unsigned char)walk->split->line[w->off + same]))
		same++;
	if (same > walk->fail_prefix)
		walk->fail_prefix = same;
}

static void report(struct walk *walk, unsigned word, bool accept)
{
	walk->now.words = word;
	walk->now.complete = accept && word == walk->split->n;
	walk->end(walk->arg, &walk->now);
}

static void step_from(struct walk *walk, unsigned word);

static bool try_step(struct walk *walk, unsigned leaf_index, unsigned word, unsigned words)
{
	struct walk_end *now = &walk->now;
	const struct gram_leaf *leaf = &now->cmd->leaves[leaf_index];
	struct walk_step step = {(uint8_t)leaf_index, (uint8_t)word, (uint8_t)words};
	enum walk_rank rank = leaf->type == GRAM_KEYWORD ? keyword_rank(walk->split, leaf, word)
							 : value_rank(walk->split, leaf, &step);

	if (rank == RANK_NONE || now->n_steps == SPLIT_WORDS)
		return false;
	for (unsigned i = word; i < word + words; i++) {
		now->rank[i] = (uint8_t)(i > word && rank == RANK_IFNAME ? RANK_TYPED : rank);
		now->by_word[i] = leaf->type == GRAM_KEYWORD ? leaf->word : NULL;
	}
	now->steps[now->n_steps++] = step;
	step_from(walk, word + words);
	now->n_steps--;
	return true;
}

static bool try_leaf(struct walk *walk, unsigned leaf_index, unsigned word)
{
	const struct gram_leaf *leaf = &walk->now.cmd->leaves[leaf_index];
	bool joined = false;

	if (leaf->type == GRAM_LINE)
		return try_step(walk, leaf_index, word, walk->split->n - word);
	if (leaf->type == GRAM_IFNAME && joinable(walk->split, word))
		joined = try_step(walk, leaf_index, word, 2);
	return try_step(walk, leaf_index, word, 1) || joined;
}

static void dead_end(struct walk *walk, unsigned word)
{
	const struct gram_cmd *cmd = walk->now.cmd;
	unsigned at = walk->now.n_steps ? walk->now.steps[walk->now.n_steps - 1].leaf : 0;
	const struct gram_leaf *from = &cmd->leaves[at];

	if (word < walk->fail_word)
		return;
	if (word > walk->fail_word) {
		walk->fail_word = word;
		walk->fail_prefix = 0;
	}
	for (unsigned i = 0; i < from->n_follow; i++) {
		unsigned next = cmd->follow[from->follow + i];

		if (walk_may_follow(&walk->now, next))
			note_failure(walk, &cmd->leaves[next], word);
	}
	report(walk, word, false);
}

static void step_from(struct walk *walk, unsigned word)
{
	const struct gram_cmd *cmd = walk->now.cmd;
	unsigned at = walk->now.n_steps ? walk->now.steps[walk->now.n_steps - 1].leaf : 0;
	const struct gram_leaf *from = &cmd->leaves[at];
	bool moved = false;

	if (word == walk->split->n) {
		report(walk, word, walk->no ? from->no_accept : from->accept);
		return;
	}
	for (unsigned i = 0; i < from->n_follow; i++) {
		unsigned next = cmd->follow[from->follow + i];

		if (walk_may_follow(&walk->now, next))
			moved |= try_leaf(walk, next, word);
	}
	if (!moved)
		dead_end(walk, word);
}

static uint32_t first_letter(const struct walk *walk)
{
	int c;

	if (walk->from >= walk->split->n)
		return UINT32_MAX;
	c = tolower((unsigned char)walk->split->line[walk->split->words[walk->from].off]);
	return c >= 'a' && c <= 'z' ? 1u << 31 | 1u << (c - 'a') : 1u << 31;
}

void walk_mode(struct walk *walk)
{
	uint32_t letter = first_letter(walk);

	walk->fail_word = walk->from;
	walk->fail_prefix = 0;
	memset(walk->now.rank, 0, sizeof(walk->now.rank));
	memset(walk->now.by_word, 0, sizeof(walk->now.by_word));
	for (unsigned i = 0; i < walk->mode->n_cmds; i++) {
		const struct gram_cmd *cmd = walk->mode->cmds[i];

		if (!(cmd->first & letter) || cmd->level > walk->level || (walk->no && !cmd->has_no) ||
		    (!walk->no && cmd->no_only) || (walk->visible_only && cmd->hidden))
			continue;
		walk->now.cmd = cmd;
		walk->now.n_steps = 0;
		step_from(walk, walk->from);
	}
}

unsigned walk_caret(const struct walk *walk)
{
	const struct split *split = walk->split;

	if (walk->fail_word >= split->n)
		return split->end;
	return split->words[walk->fail_word].off + walk->fail_prefix;
}

int walk_compare(const struct walk_end *a, const struct walk_end *b)
{
	if (a->words != b->words)
		return a->words > b->words ? -1 : 1;
	return memcmp(a->rank, b->rank, a->words);
}

void walk_store(const struct walk *walk, const struct gram_leaf *leaf, const struct walk_step *step, void *args)
{
	unsigned char *base = args;
	char text[GRAM_LINE_SIZE];
	size_t index = 0;

	if (leaf->set_off != GRAM_NO_OFFSET)
		base[leaf->set_off] = leaf->set_value;
	if (leaf->type == GRAM_KEYWORD || !step_text(walk->split, leaf, step, text))
		return;
	if (leaf->count_off != GRAM_NO_OFFSET)
		index = base[leaf->count_off]++;
	gram_value_parse(leaf, text, base + leaf->field_off + index * gram_value_size(leaf->type));
}
