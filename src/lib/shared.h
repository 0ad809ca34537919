/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory with several owners: the blocks that were given to it are freed when the last holder lets
 * go. Holders are counted without atomics: one thread holds and drops.
 */
#ifndef ALGATE_LIB_SHARED_H
#define ALGATE_LIB_SHARED_H

#include <stddef.h>

struct shared;

/* Takes n malloc'ed blocks over (each may be NULL); the caller is the first holder. */
struct shared *shared_new(void *const *blocks, size_t n);
struct shared *shared_hold(struct shared *shared); /* returns it; NULL stays NULL */
void shared_drop(struct shared *shared);	   /* NULL: nothing */

#endif
