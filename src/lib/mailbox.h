/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the management thread meets the packet thread. The packet thread owns the engine; whoever else
 * wants something of it posts a function, which the packet thread runs between two packet batches.
 *
 * Promises: a posted call runs exactly once, in posting order, on the packet thread; mailbox_call returns
 * after it has run. What is posted must be short (a page of rows, one swap): packets wait for it.
 */
#ifndef ALGATE_LIB_MAILBOX_H
#define ALGATE_LIB_MAILBOX_H

#include <stdbool.h>

struct mailbox;

struct mailbox *mailbox_new(void);
void mailbox_free(struct mailbox *box);
/* What is called, in the caller's thread, when a call waits: it ends the packet thread's wait, or its next one. */
void mailbox_waker(struct mailbox *box, void (*wake)(void *arg), void *arg);
/* Packet thread: does a call wait? */
bool mailbox_waiting(const struct mailbox *box);
/* Packet thread: runs everything that waits. */
void mailbox_serve(struct mailbox *box);
/* Any other thread: runs fn(arg) on the packet thread and returns when it is done. */
void mailbox_call(struct mailbox *box, void (*fn)(void *arg), void *arg);
/* Before the packet thread runs, or where there is none (tests, --check): mailbox_call runs fn in the caller. */
void mailbox_direct(struct mailbox *box, int on);

#endif
