/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Store + mirror -> snapshot for the engine and plan for Linux. Pure: reads its arguments, allocates its results.
 */
#ifndef ALGATE_CONFIG_COMPILE_H
#define ALGATE_CONFIG_COMPILE_H

#include "config/store.h"
#include "config/mirror.h"
#include "config/plan.h"
#include "lib/err.h"
#include "nat/snapshot.h"

/* On success *snapshot and *plan are the caller's (snapshot_free, plan_free). epoch numbers the snapshot. */
bool compile(const struct store *store, const struct mirror *mirror, uint32_t epoch, struct snapshot **snapshot,
	     struct plan **plan, struct err *err);

/* One access list alone, as the first of a snapshot that can be asked nothing else; without it when there is no such list. The
 * caller's. */
struct snapshot *compile_list(const struct store *store, const char *name);

#endif
