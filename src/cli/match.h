/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command line means: a pure function of mode, privilege level and line.
 *
 * Every command of the mode is tried as a whole (its automaton walked over all words), then the best way is taken:
 * the one that gets furthest; word by word from the left exact keyword before abbreviated keyword before typed argument
 * before WORD before the rest of the line; a complete one before one that would need more. Two ways that are equally
 * good but mean different keywords are ambiguous. Commands above the level do not exist. A mode's own commands come
 * first; those of the modes it falls to count only if its own give no complete command.
 */
#ifndef ALGATE_CLI_MATCH_H
#define ALGATE_CLI_MATCH_H

#include <stdbool.h>
#include "cli/split.h"
#include "lib/gram.h"

enum match_kind {
	MATCH_OK,
	MATCH_EMPTY,      /* blank line or comment */
	MATCH_INVALID,    /* caret says where */
	MATCH_INCOMPLETE,
	MATCH_AMBIGUOUS,
};

/* Filled only as far as `kind` says: on MATCH_OK everything, else kind and caret. */
struct match {
	enum match_kind kind;
	unsigned caret;                /* MATCH_INVALID: offset in the line of the first character that cannot be */
	bool no;                       /* the line began with `no` */
	bool exec;                     /* the line began with `do`: the command is the root mode's */
	const struct gram_mode *mode;  /* whose command it is: the given one, one it falls to, or the root */
	const struct gram_cmd *cmd;
	const struct gram_cmd *modifier; /* of `| ...`, or NULL: OUTPUT_FILTER or OUTPUT_SECTION */
	/* Argument structs, to be cast: of cmd (one-line forms: of cmd->stores_as), of cmd->context (one-line forms), of
	 * the modifier. */
	_Alignas(8) unsigned char args[GRAM_ARGS_SIZE];
	_Alignas(8) unsigned char parent_args[GRAM_ARGS_SIZE];
	_Alignas(8) unsigned char modifier_args[GRAM_ARGS_SIZE];
};

void match_line(const struct gram_mode *mode, int level, const char *line, struct match *out);

/* ---- what may come next, for help.c and complete.c ---- */

#define MATCH_NEXT_MAX 512

struct match_next {
	enum match_kind kind;  /* OK, INVALID (no command goes like this), AMBIGUOUS */
	unsigned partial;      /* offset of the unfinished last word; the line's length if there is none */
	bool accept;           /* without that word the line could end */
	bool first;            /* the next word is the command's first: `no` and `do` may be, as they apply */
	bool may_no, may_do;
	bool pipe;             /* an output modifier may follow */
	unsigned n;
	const struct gram_leaf *leaves[MATCH_NEXT_MAX];
};

/* line: what is typed so far. */
void match_next(const struct gram_mode *mode, int level, const char *line, struct match_next *out);

#endif
