/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocation for the management side: aborts with a line on stderr when memory is out. Never on the packet path. */
#ifndef ALGATE_LIB_MEM_H
#define ALGATE_LIB_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size); /* zeroed */
void *mem_grow(void *old, size_t count, size_t size);
char *mem_strdup(const char *text);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
