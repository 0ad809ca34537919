/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show ip nat translations in the IOS XE layout. Rows come from the engine page by page, through its mailbox: packets
 * wait for one page at most, however long the table is. Rows made or gone between two pages may or may not show.
 */
#ifndef ALGATE_SHOW_TRANSLATIONS_H
#define ALGATE_SHOW_TRANSLATIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "lib/mailbox.h"
#include "nat/engine.h"

#define TRANSLATIONS_PAGE 256

struct translations_ask {
	struct filter filter;
	bool verbose;
	bool total;       /* nothing but the last line */
};

struct translations_show;

struct translations_show *translations_new(struct mailbox *box, struct engine *engine,
					   const struct translations_ask *ask);
void translations_free(struct translations_show *show);
/* Writes at most a page (often nothing, where a filter matches little); false when the total line was the last. now: ms. */
bool translations_next(struct translations_show *show, uint64_t now, FILE *out);

#endif
