/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that were read ahead, by the queue they came from, and whose turn it is: a few of each
 * queue that has any, so that who has many waits for himself. Places are numbers below
 * TURNS_PLACES; what lies there is the caller's.
 */
#ifndef ALGATE_NET_TURNS_H
#define ALGATE_NET_TURNS_H

#include <stdint.h>

#define TURNS_PLACES 1024
#define TURNS_QUEUES 64
#define TURN	     8 /* packets of one queue, before the next has its turn */

struct turns {
	struct {
		uint16_t first, last, n; /* places */
	} queues[TURNS_QUEUES];
	uint16_t next[TURNS_PLACES]; /* of the same queue */
	/* Queues that have packets, the next one at `at`. */
	uint16_t ring[TURNS_QUEUES];
	uint32_t at, n_ring;
	uint32_t n; /* packets in all */
};

/* As the last of its queue. A place is in no queue yet. */
void turns_put(struct turns *turns, uint32_t queue, uint16_t place);
/* The next ones, at most max of them; returns how many. Those of one queue come in the order in
 * which they were put. */
uint32_t turns_take(struct turns *turns, uint16_t *places, uint32_t max);

#endif
