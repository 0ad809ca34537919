/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Store + mirror -> snapshot for the engine and plan for Linux. Pure: reads its arguments, allocates its results.
 */
#ifndef ALGATE_CONFIG_COMPILE_H
#define ALGATE_CONFIG_COMPILE_H

#include "config/store.h"
#include "config/mirror.h"
#include "config/plan.h"
#include "nat/snapshot.h"

/* What one compilation leaves for the next. Rows of entries that no transaction has touched are taken over instead of being
 * made anew; the result is the same. */
struct compile_memory;
struct compile_memory *compile_memory_new(void);
void compile_memory_free(struct compile_memory *memory);

/* *snapshot and *plan are the caller's (snapshot_free, plan_free). epoch numbers the snapshot. memory: NULL, or to be called
 * inside the transaction that changed the store since the compilation that was kept, or between two. What was kept stays as it
 * is: a transaction that is undone leaves no trace. */
void compile(const struct store *store, const struct mirror *mirror, uint32_t epoch, struct compile_memory *memory,
	     struct snapshot **snapshot, struct plan **plan);
/* The last compile() holds, and its transaction is committed. snapshot: it or its equal, which has to live until
 * the next call. */
void compile_keep(struct compile_memory *memory, const struct store *store, const struct snapshot *snapshot);

/* One access list alone, as the first of a snapshot that can be asked nothing else; without it when there is no such list. The
 * caller's. */
struct snapshot *compile_list(const struct store *store, const char *name);

#endif
