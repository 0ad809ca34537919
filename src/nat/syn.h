/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SYNs from outside, or turned back, that nobody asked for (RFC 5382 REQ-4): kept back in silence for 6 seconds, in
 * which a SYN from inside may cross; then their sender may be told. A small set of fixed size; what
 * finds no place in it is never answered, so a flood makes at most SYN_KEPT answers in 6 seconds.
 */
#ifndef ALGATE_NAT_SYN_H
#define ALGATE_NAT_SYN_H

#include <stdbool.h>
#include <stdint.h>
#include "nat/decode.h"

#define SYN_KEPT    64
#define SYN_SILENCE 6000 /* ms */
#define SYN_QUOTED  68	 /* IP header and 8 bytes: no more than the SYN itself had */

struct syn_set;

struct syn {
	uint64_t due; /* ms */
	struct endpoint source, destination;
	uint16_t vrf;
	uint32_t ifindex; /* where it came in */
	uint8_t length;	  /* of quoted; 0: forgotten */
	uint8_t quoted[SYN_QUOTED];
};

struct syn_set *syn_new(uint64_t seed);
void syn_free(struct syn_set *set);
/* Keeps it, unless its place is taken, by its like (sent again) or another. `source` is the sender as the other side would see
 * it. O(1). */
void syn_keep(struct syn_set *set, uint64_t now, uint16_t vrf, uint32_t ifindex, struct endpoint source,
	      const struct decoded *view);
/* The inside opens this connection itself: silence for good. */
void syn_forget(struct syn_set *set, uint16_t vrf, struct endpoint source,
		struct endpoint destination);
/* The next whose silence is over; it is gone from the set. */
bool syn_due(struct syn_set *set, uint64_t now, struct syn *out);
/* When; UINT64_MAX: none. */
uint64_t syn_next(const struct syn_set *set);

#endif
