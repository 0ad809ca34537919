/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show access-lists, from the store: standard lists before extended ones, numbers before names. Matches come from the
 * snapshot, which holds the lists that NAT asks; their entries are those of the store in the same order.
 */
#ifndef ALGATE_SHOW_ACCESS_LISTS_H
#define ALGATE_SHOW_ACCESS_LISTS_H

#include <stdio.h>
#include "config/store.h"
#include "nat/snapshot.h"

/* name NULL: all lists. A list that does not exist prints nothing. snapshot NULL: no matches. */
void access_lists_print(FILE *out, const struct store *store, const struct snapshot *snapshot, const char *name);
/* Index of the list in the snapshot; SNAPSHOT_NONE: NAT does not ask it. */
uint32_t access_list_index(const struct snapshot *snapshot, const char *name);

#endif
