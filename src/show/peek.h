/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's current snapshot, for shows. Only the management thread replaces and frees snapshots, and shows run there: it
 * stays good until they return to the event loop.
 */
#ifndef ALGATE_SHOW_PEEK_H
#define ALGATE_SHOW_PEEK_H

#include "lib/mailbox.h"
#include "nat/engine.h"

/* NULL: there is none yet, or no engine. */
const struct snapshot *peek_snapshot(struct mailbox *box, struct engine *engine);

#endif
