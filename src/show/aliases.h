/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show ip aliases: the addresses that the router answers ARP for: its own, then the global ones of NAT but those marked
 * no-alias. A pool can be large, so they come page by page.
 */
#ifndef ALGATE_SHOW_ALIASES_H
#define ALGATE_SHOW_ALIASES_H

#include <stdbool.h>
#include <stdio.h>
#include "nat/snapshot.h"

struct aliases_show;

/* What is shown is copied. snapshot NULL: nothing is. */
struct aliases_show *aliases_new(const struct snapshot *snapshot);
void aliases_free(struct aliases_show *show);
/* Writes at most a page; false at the end. */
bool aliases_next(struct aliases_show *show, FILE *out);

#endif
