/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Configuration and sessions cannot go on with half an object; a supervisor restarts us, and the records and the
 * saved running-config bring everything back. */
static void *mem_check(void *p)
{
	if (p == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void *mem_alloc(size_t size)
{
	return mem_check(calloc(1, size > 0 ? size : 1));
}

void *mem_grow(void *old, size_t count, size_t size)
{
	return mem_check(reallocarray(old, count > 0 ? count : 1, size));
}

char *mem_strdup(const char *text)
{
	return mem_check(strdup(text));
}

char *mem_printf(const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return mem_check(text);
}
