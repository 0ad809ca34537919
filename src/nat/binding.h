/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bindings: which global endpoint an inside endpoint has, found by either side in O(1), and which global address an
 * inside host is paired with (RFC 4787 REQ-2). Static entries are not here: they live in the snapshot.
 */
#ifndef ALGATE_NAT_BINDING_H
#define ALGATE_NAT_BINDING_H

#include "nat/records.h"

struct binding_table;

struct binding_table *binding_table_new(struct records *records);
void binding_table_free(struct binding_table *table);

/* protocol 0 and port 0: address binding. An address binding is found by these only. Pointers into the table are good until
 * the binding is removed. */
struct binding_record *binding_by_local(struct binding_table *table, uint16_t vrf, uint8_t protocol,
					struct endpoint local);
/* The one that this rule made: lists matched on destinations can give one inside endpoint a binding for each rule. */
struct binding_record *binding_by_rule(struct binding_table *table, uint16_t vrf, uint8_t protocol,
				       struct endpoint local, uint64_t rule);
struct binding_record *binding_by_global(struct binding_table *table, uint16_t vrf, uint8_t protocol,
					 struct endpoint global);
/* NULL when the table or the file system is full, or when one of its two endpoints is taken; then nothing has changed. flows
 * starts at 0; the caller counts it. Address bindings and those of the router itself take no part in pairing. */
struct binding_record *binding_add(struct binding_table *table, const struct binding_record *body);
void binding_remove(struct binding_table *table, struct binding_record *binding);
/* Its local endpoint is free for another one; it keeps its global endpoint until it is removed. */
void binding_retire(struct binding_table *table, struct binding_record *binding);
uint32_t binding_index(const struct binding_table *table, const struct binding_record *binding);
struct binding_record *binding_at(struct binding_table *table, uint32_t index);
uint32_t binding_count(const struct binding_table *table);
uint32_t binding_next(struct binding_table *table, uint32_t *from, uint32_t budget); /* as flow_next */

/* The global address that this inside host's overload bindings use under this rule, 0 if it has none. Follows from the
 * bindings; kept while at least one lives. Where a host has several (its address was full), the oldest that is in use. */
ip4 binding_paired(const struct binding_table *table, uint16_t vrf, ip4 local, uint64_t rule);

/* Adoption: rebuilds hash, pairing and free list and returns how many bindings it kept; flow counts start at 0. Records that
 * were being written, or are impossible or double, are freed. */
uint32_t binding_table_adopt(struct binding_table *table);

#endif
