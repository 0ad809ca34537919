/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bringing Linux from one plan to the next: only differences are told to the system, what is
 * untouched never flaps, what failed or vanished under us is tried again at the next call.
 */
#ifndef ALGATE_CONFIG_RECONCILE_H
#define ALGATE_CONFIG_RECONCILE_H

#include "config/plan.h"
#include "config/system.h"

struct reconcile;

/* system NULL: there is no Linux to configure (a check of a file). */
struct reconcile *reconcile_new(const struct system *system);
void reconcile_free(struct reconcile *reconcile);
/* Takes the plan over. Guard and queue rules first, links before what is routed through them.
 * Failures are logged, once for each thing. */
void reconcile_run(struct reconcile *reconcile, struct plan *plan);

#endif
