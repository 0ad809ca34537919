/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flow table: cold records and the hot slots in a bucketed two-choice table (4 slots a bucket, displacement, a small
 * stash). Lookup touches at most two buckets and, while it is in use, the stash. Knows no policy.
 */
#ifndef ALGATE_NAT_FLOW_H
#define ALGATE_NAT_FLOW_H

#include "nat/records.h"

/* Key of an ICMP message that is neither query nor error (FLOW_ADDRESS_ONLY): this instead of 0, so that it is no query's. */
#define KEY_PORTLESS 0xffff

enum flow_side { SIDE_INSIDE, SIDE_OUTSIDE }; /* where the packet came from: index of slot[] */

struct flow_table;

struct flow_table *flow_table_new(struct records *records);
void flow_table_free(struct flow_table *table);

/* The slot for a packet with this key, or NULL. The pointer is good until the next add or remove. */
struct flow_slot *flow_lookup(struct flow_table *table, const struct flow_key *key);
/* The same in two steps, for batches: take the hashes of several keys, prefetch, then look up. The hash of a key stays
 * the same as long as the mapping does. */
uint64_t flow_hash(const struct flow_table *table, const struct flow_key *key);
void flow_prefetch(const struct flow_table *table, uint64_t hash);
struct flow_slot *flow_lookup_hashed(struct flow_table *table, const struct flow_key *key, uint64_t hash);
/* The key of packets of this flow that come from the given side. */
struct flow_key flow_key_of(const struct flow_record *flow, enum flow_side side);

/* Writes the record (its state word and slot[] are set here, everything else is taken from body) and both slots; their
 * epoch is 0 and left to the caller. RECORD_NONE when the table or the file system is full or a slot's key is taken (the
 * same translation twice); then nothing has changed, though slots may have moved. */
uint32_t flow_add(struct flow_table *table, const struct flow_record *body, uint32_t now_s);
void flow_remove(struct flow_table *table, uint32_t index);
struct flow_record *flow_at(struct flow_table *table, uint32_t index); /* NULL when free */
struct flow_slot *flow_slot_of(struct flow_table *table, uint32_t index, enum flow_side side);
/* The slot's packet count has just passed 2^32. */
void flow_carry(struct flow_table *table, uint32_t index, enum flow_side side);
/* All packets from this side, modulo 2^36. */
uint64_t flow_packets(struct flow_table *table, uint32_t index, enum flow_side side);
uint32_t flow_count(const struct flow_table *table);
/* Next live index at or after `from`, RECORD_NONE at the end. Cost bounded by `budget` records looked at;
 * *from is moved on. Ends with *from == RECORD_NONE. */
uint32_t flow_next(struct flow_table *table, uint32_t *from, uint32_t budget);

/* Slots that insertions had to move, ever, and those in the stash now: for statistics and tests. */
uint64_t flow_displaced(const struct flow_table *table);
uint32_t flow_stashed(const struct flow_table *table);

/* Adoption: rebuilds slots and free list from the cold records; returns how many live flows it kept. Records that were
 * being written, or are impossible or double, are freed. `binding` of the kept ones is as it was found, perhaps damaged: the
 * caller checks it and links them again. Packet and byte counts start at 0, last use at now_s, slots are of `epoch`; of TCP
 * windows nothing is known. Cost by the records ever written, not by capacity. */
uint32_t flow_table_adopt(struct flow_table *table, uint32_t now_s, uint32_t epoch);

#endif
