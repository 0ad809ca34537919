/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many flows and address bindings each rule has, by rule id. O(1), fixed memory: the packet path counts here. Independent of
 * the snapshot, so a swap costs nothing and a rule that is gone is still known to be in use.
 */
#ifndef ALGATE_NAT_USE_H
#define ALGATE_NAT_USE_H

#include <stdint.h>

struct use_table;

/* entries: most flows and bindings that can ever be counted at one time. */
struct use_table *use_table_new(uint32_t entries);
void use_table_free(struct use_table *table);
void use_add(struct use_table *table, uint64_t rule);
/* Must have been added before. */
void use_remove(struct use_table *table, uint64_t rule);
uint32_t use_count(const struct use_table *table, uint64_t rule);

#endif
