/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Anonymous mappings as arrays. Promises zeroed memory that costs nothing until touched; may not be
 * used for small things, since each takes whole pages.
 */
#include "lib/sparse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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
