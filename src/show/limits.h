/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show ip nat limits all-host: the hosts that have limits of their own, then those under the limit for all hosts that have
 * entries now, page by page through the mailbox.
 */
#ifndef ALGATE_SHOW_LIMITS_H
#define ALGATE_SHOW_LIMITS_H

#include <stdbool.h>
#include <stdio.h>
#include "lib/mailbox.h"
#include "nat/engine.h"

struct limits_show;

struct limits_show *limits_new(struct mailbox *box, struct engine *engine);
void limits_free(struct limits_show *show);
/* Writes at most a page; false when the total line was the last. */
bool limits_next(struct limits_show *show, FILE *out);

#endif
