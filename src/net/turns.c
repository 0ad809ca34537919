/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns between queues (round robin). Promises that a packet waits for at most one turn of every
 * other queue for each TURN packets before it in its own. May not look at packets.
 */
#include "net/turns.h"

static void ring_add(struct turns *turns, uint16_t queue)
{
	turns->ring[(turns->at + turns->n_ring++) % TURNS_QUEUES] = queue;
}

static uint16_t ring_take(struct turns *turns)
{
	uint16_t queue = turns->ring[turns->at];

	turns->at = (turns->at + 1) % TURNS_QUEUES;
	turns->n_ring--;
	return queue;
}

void turns_put(struct turns *turns, uint32_t queue, uint16_t place)
{
	if (turns->queues[queue].n++ == 0) {
		turns->queues[queue].first = place;
		ring_add(turns, (uint16_t)queue);
	} else {
		turns->next[turns->queues[queue].last] = place;
	}
	turns->queues[queue].last = place;
	turns->n++;
}

uint32_t turns_take(struct turns *turns, uint16_t *places, uint32_t max)
{
	uint32_t n = 0;

	while (n < max && turns->n_ring > 0) {
		uint16_t queue = ring_take(turns);

		for (uint32_t i = 0; i < TURN && n < max && turns->queues[queue].n > 0; i++) {
			places[n++] = turns->queues[queue].first;
			turns->queues[queue].first = turns->next[turns->queues[queue].first];
			turns->queues[queue].n--;
		}
		if (turns->queues[queue].n > 0)
			ring_add(turns, queue);
	}
	turns->n -= n;
	return n;
}
