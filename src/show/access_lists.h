/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show access-lists, from the store: standard lists before extended ones, numbers before names. */
#ifndef ALGATE_SHOW_ACCESS_LISTS_H
#define ALGATE_SHOW_ACCESS_LISTS_H

#include <stdio.h>
#include "config/store.h"

/* name NULL: all lists. A list that does not exist prints nothing. */
void access_lists_print(FILE *out, const struct store *store, const char *name);

#endif
