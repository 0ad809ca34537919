/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packet thread: it owns the engine from start to stop, serves the queues, runs what the mailbox brings and lets
 * time pass in the engine. Nothing else runs on it, so nothing else can make a packet wait.
 */
#ifndef ALGATE_NET_PACKETS_H
#define ALGATE_NET_PACKETS_H

#include <stdbool.h>
#include "lib/err.h"
#include "lib/mailbox.h"
#include "nat/engine.h"
#include "net/net.h"

struct packets;

/* Starts the thread and ends the mailbox's direct mode. All four arguments stay the caller's and must outlive it. */
struct packets *packets_start(struct queues *queues, struct inject *inject, struct engine *engine,
			      struct mailbox *box, struct err *err);
/* Ends the thread (the engine is the caller's again) and puts the mailbox back into direct mode. */
void packets_stop(struct packets *packets);

#endif
