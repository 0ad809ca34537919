/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show ip nat statistics in the IOS XE 17 form, then a block of our own: every packet counter that is not zero, by
 * the reason's text, and what the kernel dropped before the queue.
 */
#ifndef ALGATE_SHOW_STATISTICS_H
#define ALGATE_SHOW_STATISTICS_H

#include <stdint.h>
#include <stdio.h>
#include "lib/mailbox.h"
#include "nat/engine.h"

/* Management thread: the snapshot is read there, only counts are fetched through the mailbox. */
void statistics_print(FILE *out, struct mailbox *box, struct engine *engine, uint64_t kernel_drops,
		      uint64_t guard_drops);

#endif
