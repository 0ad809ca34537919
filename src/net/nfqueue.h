/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One of the kernel's packet queues, for queues.c, which serves them all. */
#ifndef ALGATE_NET_NFQUEUE_H
#define ALGATE_NET_NFQUEUE_H

#include "net/net.h"

#define NFQUEUE_BATCH 64 /* most packets that are read at once */

/* Buffers that a batch is read into; queues that are never served at the same time share them. */
struct nfqueue_batch;
struct nfqueue_batch *nfqueue_batch_new(void);
void nfqueue_batch_free(struct nfqueue_batch *batch);

struct nfqueue;
/* Binds the queue; err names the missing kernel feature, or that another process owns it. The batch stays the caller's. */
struct nfqueue *nfqueue_new(uint16_t number, struct nfqueue_batch *batch, struct err *err);
void nfqueue_free(struct nfqueue *queue);
int nfqueue_fd(const struct nfqueue *queue);
/* One batch of at most so many packets: each to the engine, all verdicts at once, and what the engine emitted. How many there
 * were; `most`, too, when reading was interrupted: fewer means that nothing is left. Never fails: losses are counted. */
unsigned nfqueue_serve(struct nfqueue *queue, struct engine *engine, struct inject *inject, unsigned most);
/* ENOBUFS events on its socket, verdicts that would not go. Thread-safe. */
uint64_t nfqueue_lost(const struct nfqueue *queue);
/* queues.c: does the kernel's list have it? */
bool nfqueue_is_bound(uint16_t number);

#endif
