/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show ip virtual-reassembly: one block for each interface and direction with limits of its own, and for each inside and outside
 * interface without, where reassembly goes on under built-in limits (a larger number of datagrams).
 */
#ifndef ALGATE_SHOW_VFR_H
#define ALGATE_SHOW_VFR_H

#include <stdio.h>
#include "lib/mailbox.h"
#include "nat/engine.h"

/* interface: its name as the configuration has it; NULL: all. */
void vfr_print(FILE *out, struct mailbox *box, struct engine *engine, const char *interface);

#endif
