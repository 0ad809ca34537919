/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which addresses of the pools have something to give: the next free address in order, the next one whose port group is
 * not full, and how many are in use. Derived from the bindings; one set belongs to one snapshot's pools.
 */
#ifndef ALGATE_NAT_POOL_H
#define ALGATE_NAT_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include "nat/snapshot.h"

/* What can be exhausted on an address, each by itself. */
enum pool_class {
	CLASS_ADDRESS,    /* the whole address */
	CLASS_TCP,        /* three port groups: 1-511, 512-1023, others */
	CLASS_UDP = CLASS_TCP + 3,
	CLASS_ICMP = CLASS_UDP + 3,
	POOL_CLASSES
};

/* Of larger pools the first so many addresses are used. */
#define POOL_ADDRESSES_MAX (1u << 24)

struct pool_set;

/* The snapshot must outlive the set, or be replaced by one with equal pools (pool_set_move). */
struct pool_set *pool_set_new(const struct snapshot *snapshot);
/* Takes misses over, by name. */
void pool_inherit(struct pool_set *set, const struct pool_set *old);
void pool_set_free(struct pool_set *set);
/* Are the pools of both snapshots the same, and the static entries that block addresses in them? */
bool pool_set_same(const struct snapshot *a, const struct snapshot *b);
void pool_set_move(struct pool_set *set, const struct snapshot *snapshot);

/* Class of a port (ICMP: identifier) of a protocol. */
enum pool_class pool_class_of(uint8_t protocol, uint16_t port);
/* First address in order that is not marked exhausted for this class; 0: none. O(1). */
ip4 pool_candidate(const struct pool_set *set, uint32_t pool, enum pool_class class);
/* Marks and unmarks an address in every pool that holds it. */
void pool_exhaust(struct pool_set *set, ip4 addr, enum pool_class class);
void pool_recover(struct pool_set *set, ip4 addr, enum pool_class class);
/* Is it marked, in any pool that holds it? */
bool pool_exhausted(const struct pool_set *set, ip4 addr, enum pool_class class);
/* Counts the address as used, or as no more used, in every pool that holds it. */
void pool_count(struct pool_set *set, ip4 addr, int change);
/* What is given out of the address: the whole of it (CLASS_ADDRESS) or a port of a class; or comes back. */
void pool_give(struct pool_set *set, ip4 addr, enum pool_class class, int change);
/* Whole addresses, or ports of a class, that are given out. */
uint32_t pool_given(const struct pool_set *set, uint32_t pool, enum pool_class class);
void pool_miss(struct pool_set *set, uint32_t pool);
uint32_t pool_allocated(const struct pool_set *set, uint32_t pool);
uint64_t pool_misses(const struct pool_set *set, uint32_t pool);
void pool_clear_misses(struct pool_set *set);

#endif
