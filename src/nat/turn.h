/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hairpins under way: which two flows translate what one inside host sends to another. Visit 2
 * writes it down, visit 3 (where the packet bears the sender's own address and the receiver's) and
 * the router's errors find it. Derived; one pair for each sender's flow, O(1).
 */
#ifndef ALGATE_NAT_TURN_H
#define ALGATE_NAT_TURN_H

#include "nat/flow.h"

struct turn_table;

struct turn_table *turn_new(const struct siphash_key *secret, uint32_t max_flows);
void turn_free(struct turn_table *table);
/* The sender's flow whose packets look like this between the two visits, RECORD_NONE; *receiver is
 * the other flow, as it was when the pair was written: it may have ended since. */
uint32_t turn_find(const struct turn_table *table, const struct flow_key *key, uint32_t *receiver);
/* In place of what the sender's flow or the key had. */
void turn_set(struct turn_table *table, uint32_t sender, uint32_t receiver,
	      const struct flow_key *key);
/* The sender's flow ends. Does nothing if it has no pair. */
void turn_forget(struct turn_table *table, uint32_t sender);

#endif
