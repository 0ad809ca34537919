/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sets our rules look into, as sorted images: what the plan wants and what the kernel has. */
#ifndef ALGATE_NET_HOOKSET_H
#define ALGATE_NET_HOOKSET_H

#include <stdbool.h>
#include <stdint.h>
#include "config/plan.h"
#include "net/nft.h"

enum hookset_id {
	HOOKSET_INSIDE,
	HOOKSET_OUTSIDE,
	HOOKSET_KNOWN,
	HOOKSET_GLOBALS,
	HOOKSET_OWN,
	HOOKSET_STATIC_PORTS,
	HOOKSET_STATIC_HOSTS,
	HOOKSET_COUNT
};

struct hookset {
	uint32_t n;
	uint8_t *keys; /* sorted, no element twice; layout as in the kernel */
};

struct hooksets {
	struct hookset sets[HOOKSET_COUNT];
};

void hooksets_make(struct hooksets *sets, const struct plan_hooks *hooks);
void hooksets_clear(struct hooksets *sets);
bool hooksets_equal(const struct hooksets *a, const struct hooksets *b);
/* The set's name in nftables. */
const char *hookset_name(enum hookset_id id);
/* Has it elements? */
bool hookset_in_use(const struct hooksets *sets, enum hookset_id id);
/* Declares the set in the table, empty. What every packet is looked up in is made with a fixed size, which the kernel looks up
 * quicker: the transaction that adds too many to it is refused, and the set must be declared anew. `set`: what it will hold. */
void hookset_declare(struct nft_batch *batch, const char *table, enum hookset_id id, const struct hookset *set);
/* Brings the table's set from `from` (NULL: empty) to `to`: removals first. */
void hookset_update(struct nft_batch *batch, const char *table, enum hookset_id id, const struct hookset *from,
		    const struct hookset *to);

#endif
