/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event ring. One writer, the packet thread, that never waits; any number of readers, each with
 * its own cursor. Promises: a reader gets every event whole or is told that it was lost. May not
 * allocate.
 */
#include "nat/event.h"

#define RING_MASK (EVENT_RING_SIZE - 1)

_Static_assert((EVENT_RING_SIZE & RING_MASK) == 0, "a power of two");

void event_put(struct event_ring *ring, const struct event *event)
{
	/* The head that gave this place up is seen before the place changes. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	ring->ring[ring->head & RING_MASK] = *event;
	__atomic_store_n(&ring->head, ring->head + 1, __ATOMIC_RELEASE);
}

/* The oldest event that the writer is certainly not writing over at this moment. */
static uint64_t oldest(uint64_t head)
{
	return head >= EVENT_RING_SIZE ? head - EVENT_RING_SIZE + 1 : 0;
}

/* Moves what came late out of `out`: the writer overtook while we copied. */
static uint32_t keep_whole(const struct event_ring *ring, uint64_t first, struct event *out,
			   uint32_t count, uint64_t *lost)
{
	uint64_t limit, torn;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	limit = oldest(__atomic_load_n(&ring->head, __ATOMIC_RELAXED));
	if (limit <= first)
		return count;
	torn = limit - first < count ? limit - first : count;
	*lost += torn;
	for (uint32_t i = 0; i + torn < count; i++)
		out[i] = out[i + torn];
	return count - (uint32_t)torn;
}

uint32_t event_take(const struct event_ring *ring, uint64_t *cursor, struct event *out,
		    uint32_t max, uint64_t *lost)
{
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE), first = *cursor;
	uint32_t count;

	if (first > head) /* a cursor of an older ring: begin with what is to come */
		first = head;
	if (first < oldest(head)) {
		*lost += oldest(head) - first;
		first = oldest(head);
	}
	count = head - first < max ? (uint32_t)(head - first) : max;
	for (uint32_t i = 0; i < count; i++)
		out[i] = ring->ring[(first + i) & RING_MASK];
	*cursor = first + count;
	return keep_whole(ring, first, out, count, lost);
}
