/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timer wheel: levels of 64 slots, each level 64 times coarser than the one below. A node lies
 * on the level of the highest bit in which its time differs from the wheel's, and moves down when
 * its slot's time comes.
 *
 * Promises: no node is given out before its time; arming, disarming and the next time are O(1); one
 * wheel_due moves at most MOVES nodes down, so that a million timers that come down together do not
 * hold up a packet. May not call anybody and knows nothing of what a node is.
 */
#include "lib/wheel.h"

#include <stddef.h>
#include "lib/sparse.h"

#define LEVEL_BITS 6
#define SLOTS	   (1u << LEVEL_BITS)
#define LEVELS	   11 /* all 64 bits of a time, so that no time needs a second thought */
#define MOVES	   4096

/* Lists are circular; links are index + 1, so that untouched memory means "not armed". */
struct node {
	uint32_t next, prev;
	uint64_t tick;
};

struct wheel {
	uint32_t capacity;
	uint32_t tick_ms;
	uint64_t elapsed; /* ticks; every armed node shares with it the bits above its level */
	uint64_t occupied[LEVELS]; /* bit s: slot s of that level has nodes */
	struct node nodes[];	   /* capacity, then one list head for each slot of each level */
};

static size_t wheel_size(uint32_t capacity)
{
	size_t n = (size_t)capacity + (size_t)LEVELS * SLOTS;

	return sizeof(struct wheel) + n * sizeof(struct node);
}

struct wheel *wheel_new(uint32_t capacity, uint32_t tick, uint64_t now)
{
	struct wheel *wheel = sparse_new(wheel_size(capacity));

	wheel->capacity = capacity;
	wheel->tick_ms = tick;
	wheel->elapsed = now / tick;
	for (uint32_t i = 0; i < LEVELS * SLOTS; i++)
		wheel->nodes[capacity + i].next = wheel->nodes[capacity + i].prev =
		    capacity + i + 1;
	return wheel;
}

void wheel_free(struct wheel *wheel)
{
	if (wheel != NULL)
		sparse_free(wheel, wheel_size(wheel->capacity));
}

static inline struct node *linked(struct wheel *wheel, uint32_t link)
{
	return &wheel->nodes[link - 1];
}

static unsigned level_of(uint64_t elapsed, uint64_t tick)
{
	uint64_t differs = elapsed ^ tick;

	return differs == 0 ? 0 : (unsigned)(63 - __builtin_clzll(differs)) / LEVEL_BITS;
}

static void link_node(struct wheel *wheel, uint32_t index)
{
	struct node *node = &wheel->nodes[index], *head;
	unsigned level = level_of(wheel->elapsed, node->tick);
	unsigned slot = (unsigned)(node->tick >> (level * LEVEL_BITS)) & (SLOTS - 1);
	uint32_t link = wheel->capacity + level * SLOTS + slot + 1;

	head = linked(wheel, link);
	node->next = link;
	node->prev = head->prev;
	linked(wheel, head->prev)->next = index + 1;
	head->prev = index + 1;
	wheel->occupied[level] |= UINT64_C(1) << slot;
}

static void unlink_node(struct wheel *wheel, uint32_t index)
{
	struct node *node = &wheel->nodes[index];
	uint32_t slot;

	linked(wheel, node->prev)->next = node->next;
	linked(wheel, node->next)->prev = node->prev;
	if (node->prev == node->next && node->next > wheel->capacity) {
		slot = node->next - 1 - wheel->capacity;
		wheel->occupied[slot / SLOTS] &= ~(UINT64_C(1) << slot % SLOTS);
	}
	node->next = node->prev = 0;
}

void wheel_arm(struct wheel *wheel, uint32_t node, uint64_t when)
{
	uint64_t tick = when / wheel->tick_ms + (when % wheel->tick_ms != 0);

	if (wheel->nodes[node].next != 0)
		unlink_node(wheel, node);
	if (tick <= wheel->elapsed)
		tick = wheel->elapsed + 1;
	if (tick > UINT64_MAX / wheel->tick_ms - 1)
		tick = UINT64_MAX / wheel->tick_ms - 1;
	wheel->nodes[node].tick = tick;
	link_node(wheel, node);
}

void wheel_disarm(struct wheel *wheel, uint32_t node)
{
	if (wheel->nodes[node].next != 0)
		unlink_node(wheel, node);
}

bool wheel_armed(const struct wheel *wheel, uint32_t node)
{
	return wheel->nodes[node].next != 0;
}

/* When the first occupied slot of a level begins. No occupied slot lies behind the wheel's time. */
static uint64_t slot_begin(const struct wheel *wheel, unsigned level, unsigned *slot)
{
	unsigned shift = level * LEVEL_BITS;
	uint64_t begin;

	*slot = (unsigned)__builtin_ctzll(wheel->occupied[level]);
	begin = ((wheel->elapsed >> shift) - ((wheel->elapsed >> shift) & (SLOTS - 1)) + *slot)
		<< shift;
	return begin > wheel->elapsed ? begin : wheel->elapsed;
}

/* The slot that comes first; of equals the coarsest, since its nodes may belong to the same tick.
 */
static bool first_slot(const struct wheel *wheel, unsigned *level, unsigned *slot, uint64_t *tick)
{
	uint64_t begin;
	unsigned s;

	*tick = UINT64_MAX;
	*level = *slot = 0;
	for (unsigned i = 0; i < LEVELS; i++) {
		if (wheel->occupied[i] == 0)
			continue;
		begin = slot_begin(wheel, i, &s);
		if (begin <= *tick) {
			*tick = begin;
			*level = i;
			*slot = s;
		}
	}
	return *tick != UINT64_MAX;
}

static inline uint32_t first_node(struct wheel *wheel, unsigned level, unsigned slot)
{
	return wheel->nodes[wheel->capacity + level * SLOTS + slot].next - 1;
}

/* Moves the nodes of a slot whose time has come to finer levels; returns what is left of `moves`.
 */
static unsigned move_down(struct wheel *wheel, unsigned level, unsigned slot, unsigned moves)
{
	uint64_t bit = UINT64_C(1) << slot;
	uint32_t node;

	while (moves > 0 && (wheel->occupied[level] & bit)) {
		node = first_node(wheel, level, slot);
		unlink_node(wheel, node);
		link_node(wheel, node);
		moves--;
	}
	return moves;
}

bool wheel_due(struct wheel *wheel, uint64_t now, uint32_t *node)
{
	uint64_t target = now / wheel->tick_ms, tick;
	unsigned level, slot, moves = MOVES;

	while (first_slot(wheel, &level, &slot, &tick) && tick <= target) {
		wheel->elapsed = tick;
		if (level == 0) {
			*node = first_node(wheel, 0, slot);
			unlink_node(wheel, *node);
			return true;
		}
		moves = move_down(wheel, level, slot, moves);
		if (moves == 0)
			return false;
	}
	if (target > wheel->elapsed)
		wheel->elapsed = target;
	return false;
}

uint64_t wheel_next(const struct wheel *wheel)
{
	unsigned level, slot;
	uint64_t tick;

	if (!first_slot(wheel, &level, &slot, &tick))
		return UINT64_MAX;
	return tick * wheel->tick_ms;
}
