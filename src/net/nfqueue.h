/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's packet queues as one socket, for queues.c. */
#ifndef ALGATE_NET_NFQUEUE_H
#define ALGATE_NET_NFQUEUE_H

#include <stdatomic.h>
#include "net/net.h"

struct mnl_socket;

struct nfqueue;
/* Binds the queues; err names the missing kernel feature, or that another process owns one. */
struct nfqueue *nfqueue_new(uint16_t first, uint16_t n, struct err *err);
void nfqueue_free(struct nfqueue *queue);
struct mnl_socket *nfqueue_socket(const struct nfqueue *queue);

struct nfqueue_turn {
	uint64_t now; /* when it was read */
	bool more;    /* there may be more to be served at once */
};
/* One batch: each packet to the engine, all verdicts at once, and what the engine emitted. wait: for the first packet, as long
 * as the socket's SO_RCVTIMEO has it. False: nothing was there. Never fails: losses are counted. */
bool nfqueue_serve(struct nfqueue *queue, struct engine *engine, struct inject *inject, bool wait,
		   struct nfqueue_turn *turn);
/* Something was read and is not served yet. For any thread; lives as long as the queue. */
const atomic_bool *nfqueue_more(const struct nfqueue *queue);
/* ENOBUFS events on the socket, verdicts that would not go. Thread-safe. */
uint64_t nfqueue_lost(const struct nfqueue *queue);
/* queues.c: does the kernel's list have it? */
bool nfqueue_is_bound(uint16_t number);

#endif
