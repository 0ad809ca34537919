/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many entries (flows and address bindings) each inside host has, and those that each list limit covers; and, of a host
 * that has a limit, which of its flows only one side was heard on; and in which order the router's own were used. Derived from
 * flows and bindings; the limits themselves are the snapshot's. A node is an entry's number as in the timer wheel.
 */
#ifndef ALGATE_NAT_LIMIT_H
#define ALGATE_NAT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/siphash.h"
#include "nat/snapshot.h"

struct limit_set;

/* An inside host as show sees it. */
struct limit_host {
	ip4 addr;
	uint16_t vrf;
	uint32_t max; /* 0: none */
	uint32_t used, missed;
};

struct limit_set *limit_new(const struct siphash_key *secret, uint32_t max_flows);
void limit_free(struct limit_set *set);
/* A new snapshot counts. Entries of a list that became limited count from their next packet on (limit_review). Cost by
 * capacity only where a limited list is gone. */
void limit_follow(struct limit_set *set, const struct snapshot *snapshot);

/* What lists are matched on: an entry's inside local and outside global endpoint; protocol 0: an address binding. */
struct acl_subject limit_subject(uint8_t protocol, struct endpoint il, struct endpoint og);

/* Most entries that this host may have; 0: any number. O(log) of the limits for single hosts. */
uint32_t limit_host_max(const struct snapshot *snapshot, uint16_t vrf, ip4 host);
/* Entries that the host may still make: UINT32_MAX without a limit. */
uint32_t limit_host_room(const struct limit_set *set, const struct snapshot *snapshot, uint16_t vrf, ip4 host);
/* The host was refused for its own limit. */
void limit_host_miss(struct limit_set *set, const struct snapshot *snapshot, uint16_t vrf, ip4 host);
/* Have the lists that match room for so many entries more? Where not, counts the miss. */
bool limit_lists_room(struct limit_set *set, const struct snapshot *snapshot, const struct acl_subject *subject,
		      uint32_t entries);
/* No more hosts can be counted. */
bool limit_full(const struct limit_set *set);

/* An entry begins; does nothing when the set is full. */
void limit_enter(struct limit_set *set, const struct snapshot *snapshot, uint32_t node, uint16_t vrf,
		 const struct acl_subject *subject);
/* Its lists, anew. */
void limit_review(struct limit_set *set, const struct snapshot *snapshot, uint32_t node,
		  const struct acl_subject *subject);
void limit_leave(struct limit_set *set, uint32_t node, uint16_t vrf, ip4 host);

/* Flows heard from one side only, oldest first. Adding twice, or ending what was not added, does nothing. */
void limit_oneway_add(struct limit_set *set, const struct snapshot *snapshot, uint32_t flow, uint16_t vrf, ip4 host);
void limit_oneway_end(struct limit_set *set, uint32_t flow, uint16_t vrf, ip4 host);
#define LIMIT_SPARE 3
/* The oldest of the host's but those; UINT32_MAX: none. */
uint32_t limit_oneway_oldest(const struct limit_set *set, uint16_t vrf, ip4 host, const uint32_t spare[LIMIT_SPARE]);

/* The router's own flows, which no host has. */
void limit_own_use(struct limit_set *set, uint32_t flow); /* new, or used again: now the last to go */
void limit_own_end(struct limit_set *set, uint32_t flow);
/* The one that was not used for longest; UINT32_MAX: none. */
uint32_t limit_own_oldest(const struct limit_set *set);

/* ---- for show */

void limit_host_get(const struct limit_set *set, const struct snapshot *snapshot, uint16_t vrf, ip4 host,
		    struct limit_host *out);
/* The next hosts under the limit for all hosts, at most max, in no order; looks at a bounded number of places. Start with
 * *from 0; it ends as UINT32_MAX. Hosts that come or go meanwhile may show twice or not. */
uint32_t limit_hosts(const struct limit_set *set, const struct snapshot *snapshot, uint32_t *from,
		     struct limit_host *out, uint32_t max);
/* By index of the snapshot's list_limits. */
void limit_list_get(const struct limit_set *set, const struct snapshot *snapshot, uint32_t i, uint32_t *used,
		    uint64_t *missed);
uint64_t limit_all_host_missed(const struct limit_set *set);
void limit_clear_missed(struct limit_set *set);

#endif
