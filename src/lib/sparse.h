/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Large arrays of which mostly little is used: zeroed, and memory is only taken where it is touched. */
#ifndef ALGATE_LIB_SPARSE_H
#define ALGATE_LIB_SPARSE_H

#include <stddef.h>

/* Aborts like mem_alloc when not even the addresses can be had. */
void *sparse_new(size_t size);
/* Asks for huge pages, so that random access does not pay for address translation. For arrays that are well filled or about
 * to be: in an empty one the first touch of each huge page would clear all of it. */
void sparse_huge(void *at, size_t size);
/* All zero again, the memory given back. */
void sparse_clear(void *at, size_t size);
/* NULL is allowed. */
void sparse_free(void *at, size_t size);

#endif
