/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the slots of many flows will lie, found out before any of them is written: a model of the
 * slot buckets that takes 8 bytes for a slot instead of 64, so that looking for room among a
 * million flows stays within the cache.
 */
#ifndef ALGATE_NAT_FLOW_PLAN_H
#define ALGATE_NAT_FLOW_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define FLOW_PLAN_BUCKET 4 /* slots of a bucket */

struct flow_plan;

/* The two buckets that a slot may lie in; never the same one twice. */
struct flow_pair {
	uint32_t bucket[2];
};

/* Empty; about so many entries will come. Places are numbered as slots are: four for each bucket,
 * then the stash. */
struct flow_plan *flow_plan_new(uint32_t buckets, uint32_t stash_slots, uint32_t entries);
/* NULL is allowed. */
void flow_plan_free(struct flow_plan *plan);

void flow_plan_prefetch(const struct flow_plan *plan, struct flow_pair pair);
/* Does `same` say yes to an entry that was added under this pair? It is asked about few others, if
 * any. */
bool flow_plan_has(const struct flow_plan *plan, struct flow_pair pair,
		   bool (*same)(const void *arg, uint32_t entry), const void *arg);
/* An entry is any number but UINT32_MAX, in the plan at most once. May move others to their other
 * bucket. False when there is no room, and then nothing changed. */
bool flow_plan_add(struct flow_plan *plan, struct flow_pair pair, uint32_t entry);
/* Of one that was added under this pair. */
void flow_plan_remove(struct flow_plan *plan, struct flow_pair pair, uint32_t entry);

/* The first place at or after `place` that an entry lies at, and that entry; UINT32_MAX if there is
 * none. Cost by the entries, not by the places. */
uint32_t flow_plan_next(const struct flow_plan *plan, uint32_t place, uint32_t *entry);
/* How many entries lie in the stash. */
uint32_t flow_plan_stashed(const struct flow_plan *plan);

#endif
