/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/shared.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

struct shared {
	size_t holders, n;
	void *blocks[];
};

struct shared *shared_new(void *const *blocks, size_t n)
{
	struct shared *shared = mem_alloc(sizeof(*shared) + n * sizeof(*blocks));

	shared->holders = 1;
	shared->n = n;
	memcpy(shared->blocks, blocks, n * sizeof(*blocks));
	return shared;
}

struct shared *shared_hold(struct shared *shared)
{
	if (shared)
		shared->holders++;
	return shared;
}

void shared_drop(struct shared *shared)
{
	if (!shared || --shared->holders > 0)
		return;
	for (size_t i = 0; i < shared->n; i++)
		free(shared->blocks[i]);
	free(shared);
}
