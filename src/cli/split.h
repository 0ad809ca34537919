/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command line into words. Nothing is copied and nothing quoted: a word is what stands between blanks, an argument
 * that takes the rest of the line is found again by its offset.
 */
#ifndef ALGATE_CLI_SPLIT_H
#define ALGATE_CLI_SPLIT_H

#include <stdbool.h>

/* The last word of a line with more words than this holds all the rest (no command is that long). */
#define SPLIT_WORDS 64

struct split_word {
	unsigned off, len; /* in the line */
};

struct split {
	const char *line; /* the caller's */
	unsigned end;     /* where the command ends: trailing blanks and the output modifier left out */
	int pipe;         /* offset of the `|` of an output modifier, or -1 */
	unsigned n;
	struct split_word words[SPLIT_WORDS];
};

/* Splits line. A line that begins with `!` is a comment and has no words. An output modifier begins at the first `|` that
 * stands between blanks (or ends the line), and only if the command begins with `show`, abbreviated or behind `do`. */
void split_line(const char *line, struct split *out);
/* The part of the line from offset `from` on, never with an output modifier; offsets still count from the line's start. */
void split_from(const char *line, unsigned from, struct split *out);
/* Is the word this text (case-insensitive)? */
bool split_is(const struct split *split, unsigned word, const char *text);

#endif
