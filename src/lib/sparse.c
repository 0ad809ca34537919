/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Anonymous mappings as arrays. Promises zeroed memory that costs nothing until touched; may not be
 * used for small things, since each takes whole pages.
 */
#include "lib/sparse.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "lib/aside.h"
#include "lib/mem.h"

#define FILL_STEP ((size_t)4 << 20) /* bytes between two looks at `stop` */

void *sparse_new(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return at;
}

void sparse_huge(void *at, size_t size)
{
	madvise(at, size,
		MADV_HUGEPAGE); /* advice: where it is not taken everything works, slower */
}

void sparse_clear(void *at, size_t size)
{
	if (madvise(at, size, MADV_DONTNEED) != 0)
		memset(at, 0, size);
}

void sparse_free(void *at, size_t size)
{
	if (at != NULL)
		munmap(at, size);
}

/* ---- filling */

struct sparse_fill {
	struct aside *aside;
	char *at;
	size_t size;
	bool stop; /* atomic */
};

static void fill(void *arg)
{
	struct sparse_fill *fill = arg;

	for (size_t done = 0; done < fill->size; done += FILL_STEP) {
		size_t left = fill->size - done;

		if (__atomic_load_n(&fill->stop, __ATOMIC_RELAXED) ||
		    madvise(fill->at + done, left < FILL_STEP ? left : FILL_STEP,
			    MADV_POPULATE_WRITE) != 0)
			break;
	}
}

struct sparse_fill *sparse_fill_begin(void *at, size_t size)
{
	struct sparse_fill *begun = mem_alloc(sizeof(*begun));

	begun->at = at;
	begun->size = size;
	begun->aside = aside_begin(fill, begun);
	if (begun->aside != NULL)
		return begun;
	free(begun);
	return NULL;
}

void sparse_fill_end(struct sparse_fill *fill)
{
	if (fill == NULL)
		return;
	__atomic_store_n(&fill->stop, true, __ATOMIC_RELAXED);
	aside_end(fill->aside);
	free(fill);
}
