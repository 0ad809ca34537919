/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show ip nat alg: what each gateway did and why it left things alone; and the same counters as the platform's shows have them
 * (show platform hardware qfp active feature alg statistics). Shown are the gateways that an operator can switch, with
 * what reads only what these announce (which the platform does not count), then ICMP, whose errors carry addresses, too.
 */
#ifndef ALGATE_SHOW_ALG_H
#define ALGATE_SHOW_ALG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "lib/mailbox.h"
#include "nat/call_show.h"
#include "nat/engine.h"
#include "nat/session.h"

/* The gateways and ICMP in the order of the platform's table. */
#define ALG_ROWS     (ALG_COUNT)
#define ALG_ROW_ICMP ALG_COUNT /* in place of an enum alg */

/* Fills rows, ALG_ROW_ICMP last; returns how many. */
unsigned alg_rows(uint8_t rows[ALG_ROWS]);

/* Everything that these shows need, fetched in one call. Management thread: the snapshot is good until it commits. */
struct alg_view {
	const struct snapshot *snapshot; /* NULL: no configuration yet */
	struct session_use use;
	uint32_t expected;
	struct call_counts calls;
	struct alg_counts counts[ALG_COUNT + 1]; /* by enum alg, then ICMP */
};
void alg_view_take(struct alg_view *view, struct mailbox *box, struct engine *engine);

/* By kind of note: what could not be parsed; what policy or want of room refused; what cannot be read because it is encrypted or
 * signed. */
uint64_t alg_malformed(const struct alg_counts *counts);
uint64_t alg_refused(const struct alg_counts *counts);
uint64_t alg_encrypted(const struct alg_counts *counts);

/* One row each. */
void alg_print(FILE *out, const struct alg_view *view);
/* alg: an enum alg, or ALG_ROW_ICMP. */
void alg_print_one(FILE *out, const struct alg_view *view, uint8_t alg);

/* The platform's table of all, and one gateway's block. */
void alg_platform_print(FILE *out, const struct alg_view *view);
void alg_platform_one(FILE *out, const struct alg_view *view, enum alg alg);
/* False: the platform keeps no block of this gateway, so that there is nothing to clear either. */
bool alg_platform_has(enum alg alg);

#endif
