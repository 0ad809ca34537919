/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From findings and what they were resolved to, to the bytes that replace others: splices, which a datagram takes at once
 * and a stream by position. Renders fields, then mends dependents until nothing moves.
 */
#ifndef ALGATE_ALG_EDIT_H
#define ALGATE_ALG_EDIT_H

#include "alg/alg.h"

/* What a mention became. changed false: its fields stay as they are. */
struct resolved {
	struct endpoint to;
	bool changed;
};

/* `removed` bytes at `offset` of the message give way to `added` bytes at text + `from`. */
struct splice {
	uint32_t offset, removed;
	uint32_t from, added;
};

#define SPLICE_MAX  (FINDING_FIELDS + FINDING_DEPENDENTS)
#define SPLICE_TEXT (256 * 1024)

struct splices {
	uint32_t n;
	uint32_t length; /* of the whole message afterwards */
	uint32_t used;   /* of text */
	struct splice at[SPLICE_MAX]; /* in order, disjoint; none that changes nothing */
	uint8_t text[SPLICE_TEXT];
	/* edit's own, while it works: what follows from lengths, and how far what stands behind each place has moved. */
	uint16_t dependent[SPLICE_MAX];
	int32_t moved[SPLICE_MAX + 1];
};

/* resolved: as many as findings has mentions. False: the result cannot be written (a number too large for its place, more than
 * ALG_MESSAGE_MAX bytes); then *out is unset. */
bool edit(const uint8_t *message, uint32_t length, const struct findings *findings,
	  const struct resolved *resolved, struct splices *out);
/* The message as it becomes, in `to` (room for splices->length bytes; not overlapping). */
void splice_apply(const uint8_t *message, uint32_t length, const struct splices *splices, uint8_t *to);

#endif
