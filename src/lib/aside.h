/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A piece of work on a thread of its own, while the caller goes on with another. */
#ifndef ALGATE_LIB_ASIDE_H
#define ALGATE_LIB_ASIDE_H

struct aside;

/* Runs work(arg) beside the caller; the two may not write what the other uses before aside_end.
 * Signals stay with the caller. NULL where no thread can be had: then nothing was run. */
struct aside *aside_begin(void (*work)(void *arg), void *arg);
/* Waits for its end. NULL is allowed. */
void aside_end(struct aside *aside);

#endif
