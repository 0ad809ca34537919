/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show ip nat pool name P: addresses and ports, given out and left. */
#ifndef ALGATE_SHOW_POOL_H
#define ALGATE_SHOW_POOL_H

#include <stdbool.h>
#include <stdio.h>
#include "lib/mailbox.h"
#include "nat/engine.h"

/* false, and nothing is printed: there is no such pool. */
bool pool_print(FILE *out, struct mailbox *box, struct engine *engine, const char *name);

#endif
