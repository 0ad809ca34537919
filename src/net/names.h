/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interface names: what the operator types, what IOS configurations call it, what Linux calls it. */
#ifndef ALGATE_NET_NAMES_H
#define ALGATE_NET_NAMES_H

#include <stdbool.h>
#include "config/mirror.h"
#include "lib/err.h"

/* maps: "IOSNAME=LINUXNAME". Replaces what was set before; there is one set in a process. */
bool names_set(const char *const *maps, unsigned n, struct err *err);
/* The IOS name mapped to this Linux name, else the Linux name itself. */
const char *names_of(const char *linux_name);
/* Tells the interfaces there are now, for exact Linux names. The mirror stays the caller's and must live until the
 * next call; NULL: none. */
void names_mirror(const struct mirror *mirror);

#endif
