/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The set of unsolicited SYNs. Places are found by a keyed hash, so that nobody can aim at
 * another's; the silence is the same for all, so they are due in the order in which they came.
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

static struct syn *place_of(struct syn_set *set, uint16_t vrf, struct endpoint source,
			    struct endpoint destination)
{
	const uint32_t name[] = {source.addr, destination.addr,
				 (uint32_t)source.port << 16 | destination.port, vrf};

	return &set->syns[siphash13(&set->key, name, sizeof(name)) % SYN_KEPT];
}

static bool same_endpoint(struct endpoint a, struct endpoint b)
{
	return a.addr == b.addr && a.port == b.port;
}

void syn_keep(struct syn_set *set, uint64_t now, uint16_t vrf, uint32_t ifindex, struct endpoint source,
	      const struct decoded *view)
{
	struct endpoint destination = {view->destination, view->destination_port};
	struct syn *syn = place_of(set, vrf, source, destination);

	if (syn->due != 0)
		return;
	*syn = (struct syn){.due = now + SYN_SILENCE,
			    .source = source,
			    .destination = destination,
			    .vrf = vrf,
			    .ifindex = ifindex,
			    .length = (uint8_t)(view->header_length + 8)};
	memcpy(syn->quoted, view->ip, syn->length);
	set->order[(set->first + set->n++) % SYN_KEPT] = (uint8_t)(syn - set->syns);
}

void syn_forget(struct syn_set *set, uint16_t vrf, struct endpoint source,
		struct endpoint destination)
{
	struct syn *syn;

	if (set->n == 0)
		return;
	syn = place_of(set, vrf, source, destination);
	if (syn->vrf == vrf && same_endpoint(syn->source, source) &&
	    same_endpoint(syn->destination, destination))
		syn->length = 0;
}

bool syn_due(struct syn_set *set, uint64_t now, struct syn *out)
{
	struct syn *syn;

	while (syn_next(set) <= now) {
		syn = &set->syns[set->order[set->first]];
		*out = *syn;
		syn->due = 0;
		set->first = (set->first + 1) % SYN_KEPT;
		set->n--;
		if (out->length > 0)
			return true;
	}
	return false;
}

uint64_t syn_next(const struct syn_set *set)
{
	return set->n == 0 ? UINT64_MAX : set->syns[set->order[set->first]].due;
}
