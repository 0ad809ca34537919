/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks the automata of a mode's commands over the words of a line and reports every way's end: out of words, or at
 * the first word that no follower takes. Judges nothing (match.c does) and stores nothing until told to.
 */
#ifndef ALGATE_CLI_WALK_H
#define ALGATE_CLI_WALK_H

#include "cli/split.h"
#include "lib/gram.h"

/* How well a word fits a leaf; less is better. */
enum walk_rank {
	RANK_EXACT,
	RANK_PREFIX,
	RANK_TYPED,
	RANK_IFNAME,
	RANK_WORD,
	RANK_LINE,
	RANK_NONE,
};

struct walk_step {
	uint8_t leaf;
	uint8_t word;  /* the first word it took */
	uint8_t words; /* how many */
};

/* The end of one way. */
struct walk_end {
	const struct gram_cmd *cmd;
	unsigned words;   /* of the line, that got through */
	bool complete;    /* no word is left and the command may end here */
	unsigned n_steps;
	struct walk_step steps[SPLIT_WORDS];
	uint8_t rank[SPLIT_WORDS];          /* by word */
	const char *by_word[SPLIT_WORDS];   /* the keyword a word stands for; NULL: an argument */
};

struct walk {
	const struct split *split;
	const struct gram_mode *mode;
	int level;
	unsigned from;     /* first word of the command */
	bool no;
	bool visible_only; /* leave hidden commands out */
	void (*end)(void *arg, const struct walk_end *end);
	void *arg;
	/* its own */
	struct walk_end now;
	unsigned fail_word, fail_prefix;
};

/* Calls walk->end for every way through every command of walk->mode. */
void walk_mode(struct walk *walk);
/* Offset of the first character that could not be, over all ways of the last walk_mode. */
unsigned walk_caret(const struct walk *walk);
/* Less than 0: a is better (further, or better ranked); 0: equally good. */
int walk_compare(const struct walk_end *a, const struct walk_end *b);
/* May this leaf of end->cmd come next? */
bool walk_may_follow(const struct walk_end *end, unsigned leaf);
/* Stores what the step's words say into the argument struct. */
void walk_store(const struct walk *walk, const struct gram_leaf *leaf, const struct walk_step *step, void *args);

#endif
