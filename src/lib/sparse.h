/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Large arrays of which mostly little is used: zeroed, and memory is only taken where it is touched. */
#ifndef ALGATE_LIB_SPARSE_H
#define ALGATE_LIB_SPARSE_H

#include <stddef.h>

struct sparse_fill;

/* Aborts like mem_alloc when not even the addresses can be had. */
void *sparse_new(size_t size);
/* Asks for huge pages, so that random access does not pay for address translation. For arrays that are well filled or about
 * to be: in an empty one the first touch of each huge page would clear all of it. */
void sparse_huge(void *at, size_t size);
/* Takes the memory of an array that is about to be filled from a thread of its own, so that nobody waits for the first touch.
 * The array may be used meanwhile, but not cleared or freed before sparse_fill_end. NULL where it cannot be had: then the
 * first touch does it. */
struct sparse_fill *sparse_fill_begin(void *at, size_t size);
/* Stops it if it is not done. NULL is allowed. */
void sparse_fill_end(struct sparse_fill *fill);
/* All zero again, the memory given back. */
void sparse_clear(void *at, size_t size);
/* NULL is allowed. */
void sparse_free(void *at, size_t size);

#endif
