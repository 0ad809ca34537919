/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flow table: cold records, which are the truth, and hot slots, one for each direction, which
 * are found by key.
 *
 * A slot lies in one of the two buckets its key's hash names; of two with room the emptier one is
 * taken. If both are full a bounded breadth-first search finds the shortest chain of slots that can
 * each move to their other bucket; if there is none, the slot goes to the stash.
 *
 * Promises: lookup reads two buckets (and the stash while it is in use); a moving slot is written
 * at its new place before the old one is cleared, so a reader always finds it; a table takes as
 * many flows as it was made for. May not decide anything: policy, time and bindings are the
 * engine's.
 */
#include "nat/flow.h"

#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "nat/flow_plan.h"

#define BUCKET_SLOTS  FLOW_PLAN_BUCKET
#define SEARCH_MAX    512
#define BATCH	      16
#define PROTOCOL_ICMP 1
#define MANY(records)                                                                              \
	((records)->max_flows / 16) /* by then nearly every page of slots is touched */

struct flow_table {
	struct records *records;
	uint32_t count;
	uint32_t free; /* first of the freed records, linked through slot[0] */
	uint32_t stashed;
	uint64_t displaced;
	bool touched; /* a slot may have been written */
};

struct flow_table *flow_table_new(struct records *records)
{
	struct flow_table *table = mem_alloc(sizeof(*table));

	table->records = records;
	table->free = RECORD_NONE;
	records_clear_slots(records);
	return table;
}

void flow_table_free(struct flow_table *table)
{
	free(table);
}

/* ---- keys and slots */

struct flow_key flow_key_of(const struct flow_record *flow, enum flow_side side)
{
	bool icmp = flow->protocol == PROTOCOL_ICMP;
	uint16_t other = flow->flags & FLOW_ADDRESS_ONLY ? KEY_PORTLESS : 0;
	struct flow_key key = {.protocol = flow->protocol, .side = (uint8_t)side, .vrf = flow->vrf};

	if (side == SIDE_INSIDE) {
		key.source = flow->il;
		key.destination = flow->ol;
		key.source_port = flow->il_port;
		key.destination_port = icmp ? other : flow->ol_port;
	} else {
		key.source = flow->og;
		key.destination = flow->ig;
		key.source_port = icmp ? other : flow->og_port;
		key.destination_port = flow->ig_port;
	}
	return key;
}

static void set_rewrite(struct flow_slot *slot, const struct flow_record *flow)
{
	bool icmp = flow->protocol == PROTOCOL_ICMP;

	if (slot->key.side == SIDE_INSIDE) {
		slot->new_source = flow->ig;
		slot->new_destination = flow->og;
		slot->new_source_port = flow->ig_port;
		slot->new_destination_port = icmp ? slot->key.destination_port : flow->og_port;
	} else {
		slot->new_source = flow->ol;
		slot->new_destination = flow->il;
		slot->new_source_port = icmp ? slot->key.source_port : flow->ol_port;
		slot->new_destination_port = flow->il_port;
	}
}

/* Of a record whose state is its seal. */
static struct flow_slot slot_of_live(const struct flow_record *flow, uint32_t index,
				     enum flow_side side, uint32_t now_s)
{
	struct flow_slot slot = {
	    .key = flow_key_of(flow, side),
	    .state = flow->state,
	    .flow = index,
	    .last_used_s = now_s,
	};

	set_rewrite(&slot, flow);
	return slot;
}

static struct flow_slot make_slot(const struct flow_record *flow, uint32_t index,
				  enum flow_side side, uint32_t now_s)
{
	struct flow_slot slot = slot_of_live(flow, index, side, now_s);

	slot.state = flow_seal(flow);
	return slot;
}

/* Body first, then the state word; `place` is empty. */
static void write_slot(struct flow_slot *place, const struct flow_slot *slot)
{
	struct flow_slot body = *slot;

	body.state = 0;
	record_copy(place, &body, sizeof(body));
	record_set_state(&place->state, slot->state);
}

/* ---- buckets */

struct choice {
	uint32_t bucket[2];
};

uint64_t flow_hash(const struct flow_table *table, const struct flow_key *key)
{
	return siphash13(&table->records->secret, key, sizeof(*key));
}

static inline uint32_t scale(uint32_t hash, uint32_t n)
{
	return (uint32_t)((uint64_t)hash * n >> 32);
}

static inline struct choice choices(const struct flow_table *table, uint64_t hash)
{
	uint32_t n = table->records->slot_buckets;
	struct choice choice = {{scale((uint32_t)hash, n), scale((uint32_t)(hash >> 32), n)}};

	if (choice.bucket[0] == choice.bucket[1])
		choice.bucket[1] = choice.bucket[0] + 1 < n ? choice.bucket[0] + 1 : 0;
	return choice;
}

static inline struct flow_slot *bucket_at(const struct flow_table *table, uint32_t bucket)
{
	return &table->records->slots[(size_t)bucket * BUCKET_SLOTS];
}

static inline struct flow_slot *stash_of(const struct flow_table *table)
{
	return bucket_at(table, table->records->slot_buckets);
}

static inline bool same_key(const struct flow_key *a, const struct flow_key *b)
{
	uint64_t x[2], y[2];

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

static inline struct flow_slot *find_among(struct flow_slot *slots, uint32_t n,
					   const struct flow_key *key)
{
	for (uint32_t i = 0; i < n; i++) {
		if (slots[i].state != 0 && same_key(&slots[i].key, key))
			return &slots[i];
	}
	return NULL;
}

void flow_prefetch(const struct flow_table *table, uint64_t hash)
{
	struct choice choice = choices(table, hash);

	for (int side = 0; side < 2; side++) {
		for (int i = 0; i < BUCKET_SLOTS; i++)
			__builtin_prefetch(bucket_at(table, choice.bucket[side]) + i);
	}
}

struct flow_slot *flow_lookup_hashed(struct flow_table *table, const struct flow_key *key,
				     uint64_t hash)
{
	struct choice choice = choices(table, hash);
	struct flow_slot *slot;

	slot = find_among(bucket_at(table, choice.bucket[0]), BUCKET_SLOTS, key);
	if (slot == NULL)
		slot = find_among(bucket_at(table, choice.bucket[1]), BUCKET_SLOTS, key);
	if (slot == NULL && table->stashed > 0)
		slot = find_among(stash_of(table), table->records->stash_slots, key);
	return slot;
}

struct flow_slot *flow_lookup(struct flow_table *table, const struct flow_key *key)
{
	return flow_lookup_hashed(table, key, flow_hash(table, key));
}

/* ---- finding room */

static struct flow_slot *first_free(struct flow_slot *slots, uint32_t n, uint32_t *n_free)
{
	struct flow_slot *free_slot = NULL;

	*n_free = 0;
	for (uint32_t i = n; i-- > 0;) {
		if (slots[i].state != 0)
			continue;
		free_slot = &slots[i];
		++*n_free;
	}
	return free_slot;
}

static struct flow_slot *free_in(const struct flow_table *table, uint32_t bucket)
{
	uint32_t n_free;

	return first_free(bucket_at(table, bucket), BUCKET_SLOTS, &n_free);
}

static struct flow_slot *emptier(const struct flow_table *table, struct choice choice)
{
	uint32_t n[2];
	struct flow_slot *a = first_free(bucket_at(table, choice.bucket[0]), BUCKET_SLOTS, &n[0]);
	struct flow_slot *b = first_free(bucket_at(table, choice.bucket[1]), BUCKET_SLOTS, &n[1]);

	return n[0] >= n[1] ? a : b;
}

static uint32_t other_bucket(const struct flow_table *table, const struct flow_slot *slot,
			     uint32_t bucket)
{
	struct choice choice = choices(table, flow_hash(table, &slot->key));

	return choice.bucket[choice.bucket[0] == bucket];
}

/* New place first, then the cold record's link, then the old place: at no time is the slot nowhere.
 */
static void move_slot(struct flow_table *table, struct flow_slot *from, struct flow_slot *to)
{
	write_slot(to, from);
	table->records->flows[from->flow].slot[from->key.side] =
	    (uint32_t)(to - table->records->slots);
	STORE_POINT();
	record_set_state(&from->state, 0);
	table->displaced++;
}

/* One bucket that the search has come to, and the slot whose move led there. */
struct step {
	uint32_t bucket;
	uint16_t from; /* step before; a root is its own */
	uint16_t slot; /* of that step's bucket */
};

/* Empties a slot of a root bucket by moving along the chain that ends at `last`, from its far end.
 */
static struct flow_slot *walk_back(struct flow_table *table, const struct step *steps,
				   uint32_t last, struct flow_slot *room)
{
	while (steps[last].from != last) {
		const struct step *step = &steps[last];
		struct flow_slot *from = bucket_at(table, steps[step->from].bucket) + step->slot;

		move_slot(table, from, room);
		room = from;
		last = step->from;
	}
	return room;
}

/* Breadth first, so the chain is the shortest, and no bucket stands in it twice. */
static struct flow_slot *displace(struct flow_table *table, struct choice choice)
{
	struct step steps[SEARCH_MAX] = {{choice.bucket[0], 0, 0}, {choice.bucket[1], 1, 0}};
	uint32_t n = 2;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t s = 0; s < BUCKET_SLOTS && n < SEARCH_MAX; s++) {
			struct flow_slot *slot = bucket_at(table, steps[i].bucket) + s;
			struct flow_slot *room;

			steps[n].bucket = other_bucket(table, slot, steps[i].bucket);
			steps[n].from = (uint16_t)i;
			steps[n].slot = (uint16_t)s;
			room = free_in(table, steps[n].bucket);
			if (room != NULL)
				return walk_back(table, steps, n, room);
			n++;
		}
	}
	return NULL;
}

/* An empty place for a key with this hash, NULL when there is none. */
static struct flow_slot *make_room(struct flow_table *table, uint64_t hash)
{
	struct choice choice = choices(table, hash);
	struct flow_slot *place = emptier(table, choice);
	uint32_t n_free;

	if (place == NULL)
		place = displace(table, choice);
	if (place == NULL)
		place = first_free(stash_of(table), table->records->stash_slots, &n_free);
	return place;
}

/* Makes the flow's slot of one side; the record itself is written already, or adopted. */
static bool add_slot(struct flow_table *table, uint32_t index, const struct flow_slot *slot,
		     uint64_t hash)
{
	struct flow_slot *place = make_room(table, hash);

	if (place == NULL)
		return false;
	write_slot(place, slot);
	if (place >= stash_of(table))
		table->stashed++;
	table->records->flows[index].slot[slot->key.side] =
	    (uint32_t)(place - table->records->slots);
	STORE_POINT();
	return true;
}

/* After a slot was freed: what waits in the stash for this bucket comes home. */
static void unstash(struct flow_table *table, struct flow_slot *freed)
{
	uint32_t bucket = (uint32_t)(freed - table->records->slots) / BUCKET_SLOTS;
	struct flow_slot *stash = stash_of(table);

	for (uint32_t i = 0; i < table->records->stash_slots; i++) {
		struct choice choice;

		if (stash[i].state == 0)
			continue;
		choice = choices(table, flow_hash(table, &stash[i].key));
		if (choice.bucket[0] != bucket && choice.bucket[1] != bucket)
			continue;
		move_slot(table, &stash[i], freed);
		table->stashed--;
		return;
	}
}

static void remove_slot(struct flow_table *table, struct flow_slot *slot)
{
	record_set_state(&slot->state, 0);
	if (slot >= stash_of(table))
		table->stashed--;
	else if (table->stashed > 0)
		unstash(table, slot);
}

/* ---- cold records */

static void push_free(struct flow_table *table, uint32_t index)
{
	table->records->flows[index].slot[0] = table->free;
	STORE_POINT();
	table->free = index;
}

static uint32_t pop_free(struct flow_table *table)
{
	struct records *records = table->records;
	uint32_t index = table->free, high;

	if (index != RECORD_NONE) {
		table->free = records->flows[index].slot[0];
		return index;
	}
	high = records_high(records, REGION_FLOWS);
	if (high == records->max_flows ||
	    !records_reserve(records, &records->flows[high], sizeof(records->flows[high])))
		return RECORD_NONE;
	records_set_high(records, REGION_FLOWS, high + 1);
	return high;
}

/* Both slots, or none. */
static bool add_slots(struct flow_table *table, uint32_t index, const struct flow_slot slot[2],
		      const uint64_t hash[2])
{
	if (!add_slot(table, index, &slot[0], hash[0]))
		return false;
	if (add_slot(table, index, &slot[1], hash[1]))
		return true;
	remove_slot(table, flow_slot_of(table, index, SIDE_INSIDE));
	return false;
}

uint32_t flow_add(struct flow_table *table, const struct flow_record *body, uint32_t now_s)
{
	struct flow_record flow = *body, *place;
	struct flow_slot slot[2];
	uint64_t hash[2];
	uint32_t index;

	for (int side = 0; side < 2; side++) {
		slot[side] = make_slot(&flow, 0, (enum flow_side)side, now_s);
		hash[side] = flow_hash(table, &slot[side].key);
		if (flow_lookup_hashed(table, &slot[side].key, hash[side]) != NULL)
			return RECORD_NONE;
	}
	index = pop_free(table);
	if (index == RECORD_NONE)
		return RECORD_NONE;
	slot[0].flow = slot[1].flow = index;
	place = &table->records->flows[index];
	record_set_state(&place->state, RECORD_WRITING);
	flow.state = RECORD_WRITING;
	record_copy(place, &flow, sizeof(flow));
	table->touched = true;
	if (!add_slots(table, index, slot, hash)) {
		record_set_state(&place->state, 0);
		push_free(table, index);
		return RECORD_NONE;
	}
	record_set_state(&place->state, slot[0].state);
	if (++table->count == MANY(table->records))
		records_many_slots(table->records);
	return index;
}

void flow_remove(struct flow_table *table, uint32_t index)
{
	struct flow_record *flow = &table->records->flows[index];

	record_set_state(&flow->state, 0);
	for (int side = 0; side < 2; side++)
		remove_slot(table, flow_slot_of(table, index, (enum flow_side)side));
	push_free(table, index);
	table->count--;
}

struct flow_record *flow_at(struct flow_table *table, uint32_t index)
{
	if (index >= table->records->max_flows || !record_live(table->records->flows[index].state))
		return NULL;
	return &table->records->flows[index];
}

struct flow_slot *flow_slot_of(struct flow_table *table, uint32_t index, enum flow_side side)
{
	return &table->records->slots[table->records->flows[index].slot[side]];
}

#define CARRY_BITS 4

void flow_carry(struct flow_table *table, uint32_t index, enum flow_side side)
{
	struct flow_record *flow = &table->records->flows[index];
	uint8_t shift = side * CARRY_BITS, mask = (uint8_t)(15 << shift);

	/* Beyond 2^36 packets it starts again. */
	flow->carries =
	    (uint8_t)((flow->carries & ~mask) | ((flow->carries + (1 << shift)) & mask));
	STORE_POINT();
}

uint64_t flow_packets(struct flow_table *table, uint32_t index, enum flow_side side)
{
	uint64_t carry = table->records->flows[index].carries >> side * CARRY_BITS & 15;

	return carry << 32 | flow_slot_of(table, index, side)->packets;
}

uint32_t flow_count(const struct flow_table *table)
{
	return table->count;
}

uint64_t flow_displaced(const struct flow_table *table)
{
	return table->displaced;
}

uint32_t flow_stashed(const struct flow_table *table)
{
	return table->stashed;
}

uint32_t flow_next(struct flow_table *table, uint32_t *from, uint32_t budget)
{
	uint32_t high = records_high(table->records, REGION_FLOWS), index;

	while (*from < high) {
		if (budget-- == 0)
			return RECORD_NONE;
		index = (*from)++;
		if (record_live(table->records->flows[index].state))
			return index;
	}
	*from = RECORD_NONE;
	return RECORD_NONE;
}

/* ---- adoption */

static bool possible(const struct flow_record *flow, uint32_t now_s)
{
	if (!record_live(flow->state) || flow->state != flow_seal(flow))
		return false;
	if (flow->phase > PHASE_CLOSING || (flow->flags & ~FLOW_FLAGS) != 0 ||
	    (flow->tcp & ~FLOW_TCP) != 0)
		return false;
	return flow->created_s <= now_s;
}

/* Slots are planned first and written then: among a million of them each look at a bucket would be
 * eight cache misses. A few records at a time, so that the plan's memory is under way while others
 * are looked at. */
struct adoption {
	struct flow_table *table;
	struct flow_plan *plan;
	uint32_t n;
	uint32_t index[BATCH];
	struct flow_key key[BATCH][2];
	struct flow_pair pair[BATCH][2];
};

static void batch_add(struct adoption *adoption, uint32_t index)
{
	const struct flow_record *flow = &adoption->table->records->flows[index];

	for (int side = 0; side < 2; side++) {
		struct flow_key *key = &adoption->key[adoption->n][side];
		struct choice choice;

		*key = flow_key_of(flow, (enum flow_side)side);
		choice = choices(adoption->table, flow_hash(adoption->table, key));
		adoption->pair[adoption->n][side] =
		    (struct flow_pair){{choice.bucket[0], choice.bucket[1]}};
		flow_plan_prefetch(adoption->plan, adoption->pair[adoption->n][side]);
	}
	adoption->index[adoption->n++] = index;
}

struct sought {
	const struct flow_record *flows;
	const struct flow_key *key;
};

/* Entries of the plan: flow * 2 + side. */
static bool has_key(const void *arg, uint32_t entry)
{
	const struct sought *sought = arg;
	struct flow_key key = flow_key_of(&sought->flows[entry / 2], (enum flow_side)(entry % 2));

	return same_key(&key, sought->key);
}

/* Both sides, or neither. */
static bool plan_flow(struct adoption *adoption, uint32_t i)
{
	const struct flow_pair *pair = adoption->pair[i];
	uint32_t entry = adoption->index[i] * 2;

	for (int side = 0; side < 2; side++) {
		struct sought sought = {adoption->table->records->flows, &adoption->key[i][side]};

		if (flow_plan_has(adoption->plan, pair[side], has_key, &sought))
			return false;
	}
	if (!flow_plan_add(adoption->plan, pair[SIDE_INSIDE], entry + SIDE_INSIDE))
		return false;
	if (flow_plan_add(adoption->plan, pair[SIDE_OUTSIDE], entry + SIDE_OUTSIDE))
		return true;
	flow_plan_remove(adoption->plan, pair[SIDE_INSIDE], entry + SIDE_INSIDE);
	return false;
}

static void batch_flush(struct adoption *adoption)
{
	for (uint32_t i = 0; i < adoption->n; i++) {
		struct flow_record *flow = &adoption->table->records->flows[adoption->index[i]];

		if (plan_flow(adoption, i)) {
			flow->tcp &= FLOW_TCP_KEPT;
			flow->carries = 0;
			STORE_POINT();
			adoption->table->count++;
		} else {
			record_set_state(&flow->state, 0);
		}
	}
	adoption->n = 0;
}

/* In the order of the slots, with their records under way. */
static void write_planned(struct flow_table *table, const struct flow_plan *plan, uint32_t now_s,
			  uint32_t epoch)
{
	struct records *records = table->records;
	uint32_t entry, ahead = 0, far;

	for (uint32_t i = 0; i < BATCH && ahead != UINT32_MAX; i++) {
		ahead = flow_plan_next(plan, ahead, &far);
		ahead += ahead != UINT32_MAX;
	}
	for (uint32_t at = 0; (at = flow_plan_next(plan, at, &entry)) != UINT32_MAX; at++) {
		struct flow_record *flow = &records->flows[entry / 2];
		struct flow_slot slot =
		    slot_of_live(flow, entry / 2, (enum flow_side)(entry % 2), now_s);

		if (ahead != UINT32_MAX)
			ahead = flow_plan_next(plan, ahead, &far);
		if (ahead != UINT32_MAX) {
			__builtin_prefetch(&records->flows[far / 2], 1);
			ahead++;
		}
		slot.epoch = epoch;
		write_slot(&records->slots[at], &slot);
		flow->slot[entry % 2] = at;
		STORE_POINT();
	}
	table->stashed = flow_plan_stashed(plan);
}

/* Links every free record below the last live one, lowest first out, and forgets those above. */
static void rebuild_free(struct flow_table *table, uint32_t high)
{
	while (high > 0 && table->records->flows[high - 1].state == 0)
		high--;
	records_set_high(table->records, REGION_FLOWS, high);
	table->free = RECORD_NONE;
	for (uint32_t i = high; i-- > 0;) {
		if (table->records->flows[i].state == 0)
			push_free(table, i);
	}
}

uint32_t flow_table_adopt(struct flow_table *table, uint32_t now_s, uint32_t epoch)
{
	struct records *records = table->records;
	uint32_t high = records_high(records, REGION_FLOWS);
	struct adoption adoption = {.table = table};

	adoption.plan = flow_plan_new(records->slot_buckets, records->stash_slots, high);
	table->count = 0;
	if (table->touched)
		records_clear_slots(records);
	table->touched = true;
	if (high >= MANY(records))
		records_many_slots(records);
	for (uint32_t i = 0; i < high; i++) {
		struct flow_record *flow = &records->flows[i];

		if (flow->state == 0)
			continue;
		if (possible(flow, now_s))
			batch_add(&adoption, i);
		else
			record_set_state(&flow->state, 0);
		if (adoption.n == BATCH)
			batch_flush(&adoption);
	}
	batch_flush(&adoption);
	write_planned(table, adoption.plan, now_s, epoch);
	flow_plan_free(adoption.plan);
	rebuild_free(table, high);
	return table->count;
}
