/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show ip route, from the mirror of Linux: what Linux forwards by, so of several routes to one prefix only those with
 * the lowest metric. Grouped under classful networks, as IOS prints it.
 */
#ifndef ALGATE_SHOW_ROUTES_H
#define ALGATE_SHOW_ROUTES_H

#include <stdint.h>
#include <stdio.h>
#include "config/mirror.h"

/* ours: the route protocol number (RTPROT_*) of routes that Algate configured; they are the static ones. */
void routes_print(FILE *out, const struct mirror *mirror, uint8_t ours);

#endif
