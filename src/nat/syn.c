/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The set of unsolicited SYNs. Places are found by a keyed hash, so that nobody can aim at another's; the silence is the same
 * for all, so they are due in the order in which they came.
 *
 * Promises: O(1), no allocation but once. May not answer anything itself.
 */
#include "nat/syn.h"

#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/siphash.h"

struct syn_set {
	struct siphash_key key;
	struct syn syns[SYN_KEPT]; /* due 0: free */
	uint8_t order[SYN_KEPT];   /* ring of places */
	uint32_t first, n;
};

struct syn_set *syn_new(uint64_t seed)
{
	struct syn_set *set = mem_alloc(sizeof(*set));

	set->key = (struct siphash_key){seed, ~seed};
	return set;
}

void syn_free(struct syn_set *set)
{
	free(set);
}

static uint8_t place_of(const struct syn_set *set, uint16_t vrf, const struct decoded *view)
{
	const uint32_t name[] = {view->source, view->destination,
				 (uint32_t)view->source_port << 16 | view->destination_port, vrf};

	return (uint8_t)(siphash13(&set->key, name, sizeof(name)) % SYN_KEPT);
}

void syn_keep(struct syn_set *set, uint64_t now, uint16_t vrf, uint32_t ifindex, const struct decoded *view)
{
	uint8_t place = place_of(set, vrf, view);
	struct syn *syn = &set->syns[place];

	if (syn->due != 0)
		return;
	*syn = (struct syn){.due = now + SYN_SILENCE,
			    .source = view->source,
			    .destination = view->destination,
			    .source_port = view->source_port,
			    .destination_port = view->destination_port,
			    .vrf = vrf,
			    .ifindex = ifindex,
			    .length = (uint8_t)(view->header_length + 8)};
	memcpy(syn->quoted, view->ip, syn->length);
	set->order[(set->first + set->n++) % SYN_KEPT] = place;
}

bool syn_due(struct syn_set *set, uint64_t now, struct syn *out)
{
	struct syn *syn;

	if (syn_next(set) > now)
		return false;
	syn = &set->syns[set->order[set->first]];
	*out = *syn;
	syn->due = 0;
	set->first = (set->first + 1) % SYN_KEPT;
	set->n--;
	return true;
}

uint64_t syn_next(const struct syn_set *set)
{
	return set->n == 0 ? UINT64_MAX : set->syns[set->order[set->first]].due;
}
