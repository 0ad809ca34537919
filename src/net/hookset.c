/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Set images. Promises that an update costs what differs, not what there is: a hundred thousand static entries are not
 * sent again because one was added. May not speak to the kernel itself.
 */
#include "net/hookset.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

/* nft's numbers of data types; a concatenation is its parts, six bits each. */
#define TYPE_IPV4 7u
#define TYPE_PROTOCOL 12u
#define TYPE_SERVICE 13u
#define TYPE_IFINDEX 20u

#define FIXED_LEAST 1024u /* more interfaces or addresses than a router will come by while it runs */

static const struct {
	const char *name;
	uint32_t type, key_size, size; /* size: of an element in the image */
	bool interval, fixed;
} kinds[HOOKSET_COUNT] = {
	[HOOKSET_INSIDE] = {"inside", TYPE_IFINDEX, 4, 4, .fixed = true},
	[HOOKSET_OUTSIDE] = {"outside", TYPE_IFINDEX, 4, 4, .fixed = true},
	[HOOKSET_KNOWN] = {"known", TYPE_IFINDEX, 4, 4},
	[HOOKSET_GLOBALS] = {"globals", TYPE_IPV4, 4, 8, .interval = true},
	[HOOKSET_OWN] = {"own", TYPE_IPV4, 4, 4, .fixed = true},
	[HOOKSET_STATIC_PORTS] = {"static_ports", TYPE_IPV4 << 12 | TYPE_PROTOCOL << 6 | TYPE_SERVICE, 12, 12},
	[HOOKSET_STATIC_HOSTS] = {"static_hosts", TYPE_IPV4, 4, 4},
};

static int compare(const void *a, const void *b, void *size)
{
	return memcmp(a, b, *(const size_t *)size);
}

static void set_room(struct hookset *set, enum hookset_id id, uint32_t n)
{
	set->n = 0;
	set->keys = mem_alloc((size_t)n * kinds[id].size + 1);
}

static void set_put(struct hookset *set, enum hookset_id id, const void *key)
{
	memcpy(set->keys + (size_t)set->n++ * kinds[id].size, key, kinds[id].size);
}

/* In order and without doubles, as what comes from a plan mostly is. */
static bool is_sorted(const struct hookset *set, size_t size)
{
	for (uint32_t i = 1; i < set->n; i++)
		if (memcmp(set->keys + (i - 1) * size, set->keys + i * size, size) >= 0)
			return false;
	return true;
}

static void set_sort(struct hookset *set, enum hookset_id id)
{
	size_t size = kinds[id].size;
	uint32_t kept = 0;

	if (is_sorted(set, size))
		return;
	qsort_r(set->keys, set->n, size, compare, &size);
	for (uint32_t i = 0; i < set->n; i++) {
		const uint8_t *key = set->keys + i * size;

		if (kept == 0 || memcmp(key, set->keys + (kept - 1) * size, size) != 0)
			memmove(set->keys + kept++ * size, key, size);
	}
	set->n = kept;
}

static void make_indexes(struct hookset *set, enum hookset_id id, const uint32_t *indexes, uint32_t n)
{
	set_room(set, id, n);
	for (uint32_t i = 0; i < n; i++)
		set_put(set, id, &indexes[i]);
	set_sort(set, id);
}

/* Neighbours become one range: the kernel's interval sets do not take a range that begins where another ends. */
static void merge_ranges(struct hookset *set)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < set->n; i++) {
		uint32_t range[2], before[2];

		memcpy(range, set->keys + i * 8, 8);
		if (kept > 0) {
			memcpy(before, set->keys + (kept - 1) * 8, 8);
			if (ntohl(range[0]) <= ntohl(before[1]) || ntohl(range[0]) - 1 == ntohl(before[1])) {
				if (ntohl(range[1]) > ntohl(before[1]))
					memcpy(set->keys + (kept - 1) * 8 + 4, &range[1], 4);
				continue;
			}
		}
		memmove(set->keys + kept++ * 8, range, 8);
	}
	set->n = kept;
}

static void make_globals(struct hookset *set, const struct plan_hooks *hooks)
{
	set_room(set, HOOKSET_GLOBALS, hooks->n_globals);
	for (uint32_t i = 0; i < hooks->n_globals; i++) {
		uint32_t range[2] = {htonl(hooks->globals[i].first), htonl(hooks->globals[i].last)};

		set_put(set, HOOKSET_GLOBALS, range);
	}
	set_sort(set, HOOKSET_GLOBALS);
	merge_ranges(set);
}

static void make_own(struct hookset *set, const struct plan_hooks *hooks)
{
	set_room(set, HOOKSET_OWN, hooks->n_own);
	for (uint32_t i = 0; i < hooks->n_own; i++) {
		uint32_t addr = htonl(hooks->own[i]);

		set_put(set, HOOKSET_OWN, &addr);
	}
	set_sort(set, HOOKSET_OWN);
}

static void make_statics(struct hookset *ports, struct hookset *hosts, const struct plan_hooks *hooks)
{
	set_room(ports, HOOKSET_STATIC_PORTS, hooks->n_static_ports);
	set_room(hosts, HOOKSET_STATIC_HOSTS, hooks->n_static_ports);
	for (uint32_t i = 0; i < hooks->n_static_ports; i++) {
		const struct plan_static_port *port = &hooks->static_ports[i];
		/* Each part of a concatenation fills whole words. */
		struct {
			uint32_t addr;
			uint8_t protocol, pad[3];
			uint16_t port, pad2;
		} key = {.addr = htonl(port->addr), .protocol = port->protocol, .port = htons(port->port)};

		if (port->protocol == 0)
			set_put(hosts, HOOKSET_STATIC_HOSTS, &key.addr);
		else
			set_put(ports, HOOKSET_STATIC_PORTS, &key);
	}
	set_sort(ports, HOOKSET_STATIC_PORTS);
	set_sort(hosts, HOOKSET_STATIC_HOSTS);
}

void hooksets_make(struct hooksets *sets, const struct plan_hooks *hooks)
{
	make_indexes(&sets->sets[HOOKSET_INSIDE], HOOKSET_INSIDE, hooks->inside, hooks->n_inside);
	make_indexes(&sets->sets[HOOKSET_OUTSIDE], HOOKSET_OUTSIDE, hooks->outside, hooks->n_outside);
	make_indexes(&sets->sets[HOOKSET_KNOWN], HOOKSET_KNOWN, hooks->known, hooks->n_known);
	make_globals(&sets->sets[HOOKSET_GLOBALS], hooks);
	make_own(&sets->sets[HOOKSET_OWN], hooks);
	make_statics(&sets->sets[HOOKSET_STATIC_PORTS], &sets->sets[HOOKSET_STATIC_HOSTS], hooks);
}

void hooksets_clear(struct hooksets *sets)
{
	for (unsigned i = 0; i < HOOKSET_COUNT; i++)
		free(sets->sets[i].keys);
	memset(sets, 0, sizeof(*sets));
}

bool hooksets_equal(const struct hooksets *a, const struct hooksets *b)
{
	for (unsigned i = 0; i < HOOKSET_COUNT; i++) {
		size_t size = (size_t)a->sets[i].n * kinds[i].size;

		if (a->sets[i].n != b->sets[i].n)
			return false;
		if (size > 0 && memcmp(a->sets[i].keys, b->sets[i].keys, size) != 0)
			return false;
	}
	return true;
}

const char *hookset_name(enum hookset_id id)
{
	return kinds[id].name;
}

bool hookset_in_use(const struct hooksets *sets, enum hookset_id id)
{
	return sets->sets[id].n > 0;
}

void hookset_declare(struct nft_batch *batch, const char *table, enum hookset_id id, const struct hookset *set)
{
	uint32_t size = set->n * 2 > FIXED_LEAST ? set->n * 2 : FIXED_LEAST;

	nft_set_add(batch, table, kinds[id].name, kinds[id].type, kinds[id].key_size, kinds[id].interval,
		    kinds[id].fixed ? size : 0);
}

/* The elements of `a` that are not in `b`, added or removed. */
static void put_difference(struct nft_batch *batch, bool add, const char *table, enum hookset_id id,
			   const struct hookset *a, const struct hookset *b)
{
	size_t size = kinds[id].size;
	struct hookset only;
	uint32_t j = 0;

	set_room(&only, id, a->n);
	for (uint32_t i = 0; i < a->n; i++) {
		const uint8_t *key = a->keys + i * size;

		while (j < b->n && memcmp(b->keys + j * size, key, size) < 0)
			j++;
		if (j == b->n || memcmp(b->keys + j * size, key, size) != 0)
			set_put(&only, id, key);
	}
	nft_elements(batch, add, table, kinds[id].name, only.keys, only.n, kinds[id].size, kinds[id].interval);
	free(only.keys);
}

void hookset_update(struct nft_batch *batch, const char *table, enum hookset_id id, const struct hookset *from,
		    const struct hookset *to)
{
	static const struct hookset empty;

	if (from != NULL)
		put_difference(batch, false, table, id, from, to);
	put_difference(batch, true, table, id, to, from != NULL ? from : &empty);
}
