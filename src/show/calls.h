/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show ip nat alg sip calls [detail], show ip nat alg sip registrations. Rows come from the engine page by page, through its
 * mailbox: packets wait for one page at most. Calls made or gone between two pages may or may not show.
 */
#ifndef ALGATE_SHOW_CALLS_H
#define ALGATE_SHOW_CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "lib/mailbox.h"
#include "nat/call_show.h"

#define CALLS_PAGE 16

enum calls_form { CALLS_BRIEF, CALLS_DETAIL, CALLS_REGISTRATIONS };

struct calls_show;

struct calls_show *calls_new(struct mailbox *box, struct engine *engine, enum calls_form form);
void calls_free(struct calls_show *show);
/* Writes at most a page, perhaps nothing; false when the line with the total was the last. now: ms. */
bool calls_next(struct calls_show *show, uint64_t now, FILE *out);

#endif
