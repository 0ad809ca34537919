/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of slots that adoption makes.
 *
 * Each place holds an entry and the difference (exclusive or) of the two buckets that the entry may
 * lie in: from the bucket where it lies, that is the other one, so nothing has to be hashed again
 * to move it; and entries that differ in it cannot have the same key.
 *
 * Promises: an entry lies in one of its two buckets or in the stash; four neighbouring places of a
 * bucket are within one cache line. May not know what an entry is.
 */
#include "nat/flow_plan.h"

#include <stdlib.h>
#include "lib/mem.h"
#include "lib/sparse.h"

#define BUCKET	   FLOW_PLAN_BUCKET
#define SEARCH_MAX 512
#define PART	   256 /* places */

struct place {
	uint32_t entry; /* + 1; 0: empty */
	uint32_t difference;
};

struct flow_plan {
	struct place *places;
	uint8_t *touched; /* parts of the places that an entry ever lay in */
	uint32_t buckets, stash_slots, stashed;
};

static uint32_t count_places(const struct flow_plan *plan)
{
	return plan->buckets * BUCKET + plan->stash_slots;
}

static size_t places_size(const struct flow_plan *plan)
{
	return (size_t)count_places(plan) * sizeof(struct place);
}

struct flow_plan *flow_plan_new(uint32_t buckets, uint32_t stash_slots, uint32_t entries)
{
	struct flow_plan *plan = mem_alloc(sizeof(*plan));

	plan->buckets = buckets;
	plan->stash_slots = stash_slots;
	plan->places = sparse_new(places_size(plan));
	plan->touched = mem_alloc(count_places(plan) / PART + 1);
	if (entries > buckets / 8)
		sparse_huge(plan->places, places_size(plan));
	return plan;
}

void flow_plan_free(struct flow_plan *plan)
{
	if (plan == NULL)
		return;
	sparse_free(plan->places, places_size(plan));
	free(plan->touched);
	free(plan);
}

static struct place *bucket_at(const struct flow_plan *plan, uint32_t bucket)
{
	return &plan->places[(size_t)bucket * BUCKET];
}

static struct place *stash_of(const struct flow_plan *plan)
{
	return bucket_at(plan, plan->buckets);
}

void flow_plan_prefetch(const struct flow_plan *plan, struct flow_pair pair)
{
	__builtin_prefetch(bucket_at(plan, pair.bucket[0]), 1);
	__builtin_prefetch(bucket_at(plan, pair.bucket[1]), 1);
}

/* ---- finding */

static bool is_among(const struct place *places, uint32_t n, uint32_t difference,
		     bool (*same)(const void *arg, uint32_t entry), const void *arg)
{
	for (uint32_t i = 0; i < n; i++) {
		if (places[i].entry != 0 && places[i].difference == difference &&
		    same(arg, places[i].entry - 1))
			return true;
	}
	return false;
}

bool flow_plan_has(const struct flow_plan *plan, struct flow_pair pair,
		   bool (*same)(const void *arg, uint32_t entry), const void *arg)
{
	uint32_t difference = pair.bucket[0] ^ pair.bucket[1];

	return is_among(bucket_at(plan, pair.bucket[0]), BUCKET, difference, same, arg) ||
	       is_among(bucket_at(plan, pair.bucket[1]), BUCKET, difference, same, arg) ||
	       (plan->stashed > 0 &&
		is_among(stash_of(plan), plan->stash_slots, difference, same, arg));
}

/* ---- finding room */

static struct place *free_among(struct place *places, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (places[i].entry == 0)
			return &places[i];
	}
	return NULL;
}

static uint32_t count_free(const struct place *places)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < BUCKET; i++)
		n += places[i].entry == 0;
	return n;
}

/* In the emptier of the two buckets. */
static struct place *direct_room(const struct flow_plan *plan, struct flow_pair pair)
{
	struct place *a = bucket_at(plan, pair.bucket[0]), *b = bucket_at(plan, pair.bucket[1]);

	return free_among(count_free(a) >= count_free(b) ? a : b, BUCKET);
}

/* A bucket that the search has come to, and the place of an earlier one whose entry may move there.
 */
struct step {
	uint32_t bucket;
	uint16_t from; /* a root is its own */
	uint16_t place;
};

static void put(const struct flow_plan *plan, struct place *at, struct place what)
{
	*at = what;
	plan->touched[(size_t)(at - plan->places) / PART] = 1;
}

/* Moves entries along the chain that ends at `last`, its far end first; returns the place that got
 * empty in a root. */
static struct place *pull(const struct flow_plan *plan, const struct step *steps, uint32_t last,
			  struct place *room)
{
	while (steps[last].from != last) {
		struct place *from =
		    bucket_at(plan, steps[steps[last].from].bucket) + steps[last].place;

		put(plan, room, *from);
		from->entry = 0;
		room = from;
		last = steps[last].from;
	}
	return room;
}

/* Breadth first, like that of the flow table. */
static struct place *moved_room(const struct flow_plan *plan, struct flow_pair pair)
{
	struct step steps[SEARCH_MAX] = {{pair.bucket[0], 0, 0}, {pair.bucket[1], 1, 0}};
	uint32_t n = 2;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t p = 0; p < BUCKET && n < SEARCH_MAX; p++) {
			const struct place *place = bucket_at(plan, steps[i].bucket) + p;
			struct place *room;

			steps[n] = (struct step){steps[i].bucket ^ place->difference, (uint16_t)i,
						 (uint16_t)p};
			room = free_among(bucket_at(plan, steps[n].bucket), BUCKET);
			if (room != NULL)
				return pull(plan, steps, n, room);
			n++;
		}
	}
	return NULL;
}

bool flow_plan_add(struct flow_plan *plan, struct flow_pair pair, uint32_t entry)
{
	struct place *place = direct_room(plan, pair);

	if (place == NULL)
		place = moved_room(plan, pair);
	if (place == NULL) {
		place = free_among(stash_of(plan), plan->stash_slots);
		if (place == NULL)
			return false;
		plan->stashed++;
	}
	put(plan, place, (struct place){entry + 1, pair.bucket[0] ^ pair.bucket[1]});
	return true;
}

static bool remove_among(struct place *places, uint32_t n, uint32_t entry)
{
	for (uint32_t i = 0; i < n; i++) {
		if (places[i].entry != entry + 1)
			continue;
		places[i].entry = 0;
		return true;
	}
	return false;
}

void flow_plan_remove(struct flow_plan *plan, struct flow_pair pair, uint32_t entry)
{
	if (remove_among(bucket_at(plan, pair.bucket[0]), BUCKET, entry) ||
	    remove_among(bucket_at(plan, pair.bucket[1]), BUCKET, entry))
		return;
	if (remove_among(stash_of(plan), plan->stash_slots, entry))
		plan->stashed--;
}

/* ---- reading */

uint32_t flow_plan_next(const struct flow_plan *plan, uint32_t place, uint32_t *entry)
{
	uint32_t n = count_places(plan);

	while (place < n) {
		if (!plan->touched[place / PART]) {
			place = (place / PART + 1) * PART;
			continue;
		}
		if (plan->places[place].entry != 0) {
			*entry = plan->places[place].entry - 1;
			return place;
		}
		place++;
	}
	return UINT32_MAX;
}

uint32_t flow_plan_stashed(const struct flow_plan *plan)
{
	return plan->stashed;
}
