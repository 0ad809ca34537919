/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits of entries. Hosts: open addressing with linear probing under a keyed hash, a place for each host that has entries;
 * removal closes the gap. Lists: for each entry one bit for each list that counts it, so that what an entry adds it takes
 * away again whatever became of the list. One-way flows: a chain for each host, and one
 * for the router's own flows, through an array beside the flows.
 *
 * Promises O(1), no malloc; memory is touched only where there are hosts, and the arrays of lists and chains only where
 * there are limits. May not end anything: who is refused, and who has to go, is decided in record.c.
 */
#include "nat/limit.h"

#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/sparse.h"
#include "nat/decode.h"

#define LOOK_MAX 4096 /* places that one call of limit_hosts looks at */
#define CHAIN_END UINT32_MAX

struct host {
	ip4 addr;
	uint16_t vrf;
	uint32_t count; /* 0: an empty place */
	uint32_t missed;
	uint32_t first, last; /* flow + 1; 0: no one-way flows */
};

struct chain {
	uint32_t before, after; /* flow + 1, CHAIN_END; 0: in no chain */
};

struct list {
	char name[SNAPSHOT_NAME]; /* "": free */
	uint32_t count;
	uint64_t missed;
};

struct limit_set {
	struct siphash_key secret;
	uint32_t mask, n_hosts;
	struct host *hosts;
	uint32_t max_flows;
	struct chain *chains;
	uint32_t chained;
	struct host own; /* the chain of the router's own flows */
	uint16_t *lists_of; /* by node */
	struct list lists[LIMIT_LISTS];
	uint8_t place[LIMIT_LISTS]; /* of the snapshot's list_limits in lists */
	uint64_t all_host_missed;
};

_Static_assert(LIMIT_LISTS <= 16, "one bit each");

/* ---- life ---- */

struct limit_set *limit_new(const struct siphash_key *secret, uint32_t max_flows)
{
	struct limit_set *set = mem_alloc(sizeof(*set));
	uint64_t size = 64;

	while (size < max_flows + (uint64_t)max_flows / 4)
		size *= 2;
	set->secret = *secret;
	set->mask = (uint32_t)(size - 1);
	set->max_flows = max_flows;
	set->hosts = sparse_new(size * sizeof(*set->hosts));
	set->chains = sparse_new((size_t)max_flows * sizeof(*set->chains));
	set->lists_of = sparse_new((size_t)max_flows * 2 * sizeof(*set->lists_of));
	return set;
}

void limit_free(struct limit_set *set)
{
	if (set == NULL)
		return;
	sparse_free(set->hosts, ((size_t)set->mask + 1) * sizeof(*set->hosts));
	sparse_free(set->chains, (size_t)set->max_flows * sizeof(*set->chains));
	sparse_free(set->lists_of, (size_t)set->max_flows * 2 * sizeof(*set->lists_of));
	free(set);
}

/* ---- hosts ---- */

static uint32_t home_of(const struct limit_set *set, uint16_t vrf, ip4 addr)
{
	uint64_t key = (uint64_t)vrf << 32 | addr;

	return (uint32_t)siphash13(&set->secret, &key, sizeof(key)) & set->mask;
}

/* Where the host is, or the empty place where it would be. */
static struct host *place_of(const struct limit_set *set, uint16_t vrf, ip4 addr)
{
	uint32_t i = home_of(set, vrf, addr);

	while (set->hosts[i].count != 0 && (set->hosts[i].addr != addr || set->hosts[i].vrf != vrf))
		i = (i + 1) & set->mask;
	return &set->hosts[i];
}

/* Moves back whatever could no longer be found past the gap. */
static void close_gap(struct limit_set *set, uint32_t gap)
{
	for (uint32_t i = (gap + 1) & set->mask; set->hosts[i].count != 0; i = (i + 1) & set->mask) {
		uint32_t home = home_of(set, set->hosts[i].vrf, set->hosts[i].addr);

		if (((i - home) & set->mask) < ((i - gap) & set->mask))
			continue;
		set->hosts[gap] = set->hosts[i];
		set->hosts[i].count = 0;
		gap = i;
	}
}

bool limit_full(const struct limit_set *set)
{
	return set->n_hosts >= set->mask - set->mask / 8;
}

static int host_order(const void *key, const void *row)
{
	ip4 addr = *(const ip4 *)key;
	const struct snapshot_host_limit *limit = row;

	return addr < limit->addr ? -1 : addr > limit->addr;
}

static const struct snapshot_host_limit *own_limit(const struct snapshot *snapshot, ip4 host)
{
	if (snapshot->n_host_limits == 0)
		return NULL;
	return bsearch(&host, snapshot->host_limits, snapshot->n_host_limits,
		       sizeof(*snapshot->host_limits), host_order);
}

uint32_t limit_host_max(const struct snapshot *snapshot, uint16_t vrf, ip4 host)
{
	/* `host A` means the one in the global table; those of a VRF have lines of their own. */
	const struct snapshot_host_limit *own = vrf == 0 ? own_limit(snapshot, host) : NULL;

	return own != NULL ? own->max : snapshot->max_all_host;
}

uint32_t limit_host_room(const struct limit_set *set, const struct snapshot *snapshot, uint16_t vrf, ip4 host)
{
	uint32_t max = limit_host_max(snapshot, vrf, host), used;

	if (max == 0)
		return UINT32_MAX;
	used = place_of(set, vrf, host)->count;
	return used < max ? max - used : 0;
}

void limit_host_miss(struct limit_set *set, const struct snapshot *snapshot, uint16_t vrf, ip4 host)
{
	struct host *place = place_of(set, vrf, host);

	if (place->count != 0)
		place->missed++;
	if (vrf != 0 || own_limit(snapshot, host) == NULL)
		set->all_host_missed++;
}

/* ---- lists ---- */

static struct list *list_of(struct limit_set *set, uint32_t i)
{
	return &set->lists[set->place[i]];
}

struct acl_subject limit_subject(uint8_t protocol, struct endpoint il, struct endpoint og)
{
	return (struct acl_subject){
		.source = il.addr,
		.destination = og.addr,
		.source_port = il.port,
		.destination_port = og.port,
		.protocol = protocol,
		/* An entry has no type or flags of its own. */
		.ports_known = protocol != 0 && protocol != PROTOCOL_ICMP,
	};
}

bool limit_lists_room(struct limit_set *set, const struct snapshot *snapshot, const struct acl_subject *subject,
		      uint32_t entries)
{
	for (uint32_t i = 0; i < snapshot->n_list_limits; i++) {
		const struct snapshot_list_limit *limit = &snapshot->list_limits[i];
		struct list *list = list_of(set, i);

		if (!snapshot_acl_permits(snapshot, limit->acl, subject))
			continue;
		if (list->count < limit->max && entries <= limit->max - list->count)
			continue;
		list->missed++;
		return false;
	}
	return true;
}

static uint16_t lists_matching(struct limit_set *set, const struct snapshot *snapshot,
			       const struct acl_subject *subject)
{
	uint16_t bits = 0;

	for (uint32_t i = 0; i < snapshot->n_list_limits; i++) {
		if (snapshot_acl_permits(snapshot, snapshot->list_limits[i].acl, subject))
			bits |= (uint16_t)(1u << set->place[i]);
	}
	return bits;
}

static void set_lists(struct limit_set *set, uint32_t node, uint16_t bits)
{
	uint16_t old = set->lists_of[node];

	if (old == bits)
		return;
	for (unsigned i = 0; i < LIMIT_LISTS; i++)
		set->lists[i].count += (uint32_t)(bits >> i & 1) - (uint32_t)(old >> i & 1);
	set->lists_of[node] = bits;
}

void limit_review(struct limit_set *set, const struct snapshot *snapshot, uint32_t node,
		  const struct acl_subject *subject)
{
	if (snapshot->n_list_limits > 0)
		set_lists(set, node, lists_matching(set, snapshot, subject));
}

/* A list whose limit is gone is forgotten, so that its bit can mean another one. */
static void forget(struct limit_set *set, uint16_t bits)
{
	for (size_t node = 0; node < (size_t)set->max_flows * 2; node++) {
		if (set->lists_of[node] & bits)
			set->lists_of[node] &= (uint16_t)~bits;
	}
	for (unsigned i = 0; i < LIMIT_LISTS; i++) {
		if (bits >> i & 1)
			set->lists[i] = (struct list){.name = ""};
	}
}

static bool has_list(const struct snapshot *snapshot, const char *name)
{
	for (uint32_t i = 0; i < snapshot->n_list_limits; i++) {
		if (strcmp(snapshot->list_limits[i].name, name) == 0)
			return true;
	}
	return false;
}

/* There is one: no more are configured than fit. */
static uint8_t place_for(struct limit_set *set, const char *name)
{
	uint8_t free_place = 0;

	for (uint8_t i = 0; i < LIMIT_LISTS; i++) {
		if (strcmp(set->lists[i].name, name) == 0)
			return i;
		if (set->lists[i].name[0] == '\0')
			free_place = i;
	}
	memcpy(set->lists[free_place].name, name, SNAPSHOT_NAME);
	return free_place;
}

void limit_follow(struct limit_set *set, const struct snapshot *snapshot)
{
	uint16_t gone = 0;

	for (unsigned i = 0; i < LIMIT_LISTS; i++) {
		if (set->lists[i].name[0] != '\0' && !has_list(snapshot, set->lists[i].name))
			gone |= (uint16_t)(1u << i);
	}
	if (gone != 0)
		forget(set, gone);
	for (uint32_t i = 0; i < snapshot->n_list_limits; i++)
		set->place[i] = place_for(set, snapshot->list_limits[i].name);
}

/* ---- entries ---- */

void limit_enter(struct limit_set *set, const struct snapshot *snapshot, uint32_t node, uint16_t vrf,
		 const struct acl_subject *subject)
{
	struct host *place = place_of(set, vrf, subject->source);

	if (place->count == 0) {
		if (limit_full(set))
			return;
		*place = (struct host){.addr = subject->source, .vrf = vrf};
		set->n_hosts++;
	}
	place->count++;
	limit_review(set, snapshot, node, subject);
}

void limit_leave(struct limit_set *set, uint32_t node, uint16_t vrf, ip4 host)
{
	struct host *place = place_of(set, vrf, host);

	set_lists(set, node, 0);
	if (place->count == 0 || --place->count > 0)
		return;
	set->n_hosts--;
	close_gap(set, (uint32_t)(place - set->hosts));
}

/* ---- one-way flows ---- */

static uint32_t *link_after(struct limit_set *set, struct host *host, uint32_t at)
{
	return at == CHAIN_END ? &host->first : &set->chains[at - 1].after;
}

static uint32_t *link_before(struct limit_set *set, struct host *host, uint32_t at)
{
	return at == CHAIN_END ? &host->last : &set->chains[at - 1].before;
}

static void chain_add(struct limit_set *set, struct host *host, uint32_t flow)
{
	set->chains[flow] = (struct chain){host->last != 0 ? host->last : CHAIN_END, CHAIN_END};
	*link_after(set, host, set->chains[flow].before) = flow + 1;
	host->last = flow + 1;
	set->chained++;
}

static bool is_chained(const struct limit_set *set, uint32_t flow)
{
	return set->chained > 0 && set->chains[flow].before != 0;
}

static void chain_end(struct limit_set *set, struct host *host, uint32_t flow)
{
	struct chain gone = set->chains[flow];

	*link_after(set, host, gone.before) = gone.after;
	*link_before(set, host, gone.after) = gone.before;
	if (host->first == CHAIN_END)
		host->first = host->last = 0;
	set->chains[flow] = (struct chain){0, 0};
	set->chained--;
}

void limit_oneway_add(struct limit_set *set, const struct snapshot *snapshot, uint32_t flow, uint16_t vrf, ip4 host)
{
	struct host *place;

	if (limit_host_max(snapshot, vrf, host) == 0 || set->chains[flow].before != 0)
		return;
	place = place_of(set, vrf, host);
	if (place->count != 0)
		chain_add(set, place, flow);
}

void limit_oneway_end(struct limit_set *set, uint32_t flow, uint16_t vrf, ip4 host)
{
	if (is_chained(set, flow))
		chain_end(set, place_of(set, vrf, host), flow);
}

void limit_own_use(struct limit_set *set, uint32_t flow)
{
	limit_own_end(set, flow);
	chain_add(set, &set->own, flow);
}

void limit_own_end(struct limit_set *set, uint32_t flow)
{
	if (is_chained(set, flow))
		chain_end(set, &set->own, flow);
}

uint32_t limit_own_oldest(const struct limit_set *set)
{
	return set->own.first == 0 ? UINT32_MAX : set->own.first - 1;
}

static bool is_spared(const uint32_t spare[LIMIT_SPARE], uint32_t flow)
{
	for (int i = 0; i < LIMIT_SPARE; i++) {
		if (spare[i] == flow)
			return true;
	}
	return false;
}

uint32_t limit_oneway_oldest(const struct limit_set *set, uint16_t vrf, ip4 host, const uint32_t spare[LIMIT_SPARE])
{
	const struct host *place = place_of(set, vrf, host);
	uint32_t at = place->count == 0 ? 0 : place->first;

	while (at != 0 && at != CHAIN_END && is_spared(spare, at - 1))
		at = set->chains[at - 1].after;
	return at == 0 || at == CHAIN_END ? UINT32_MAX : at - 1;
}

/* ---- for show ---- */

static void fill(const struct snapshot *snapshot, const struct host *place, uint16_t vrf, ip4 addr,
		 struct limit_host *out)
{
	*out = (struct limit_host){.addr = addr,
				   .vrf = vrf,
				   .max = limit_host_max(snapshot, vrf, addr),
				   .used = place->count,
				   .missed = place->count != 0 ? place->missed : 0};
}

void limit_host_get(const struct limit_set *set, const struct snapshot *snapshot, uint16_t vrf, ip4 host,
		    struct limit_host *out)
{
	fill(snapshot, place_of(set, vrf, host), vrf, host, out);
}

uint32_t limit_hosts(const struct limit_set *set, const struct snapshot *snapshot, uint32_t *from,
		     struct limit_host *out, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t looked = 0; looked < LOOK_MAX && n < max && *from <= set->mask; looked++) {
		const struct host *place = &set->hosts[(*from)++];

		if (place->count == 0 || (place->vrf == 0 && own_limit(snapshot, place->addr) != NULL))
			continue;
		fill(snapshot, place, place->vrf, place->addr, &out[n++]);
	}
	if (*from > set->mask)
		*from = UINT32_MAX;
	return n;
}

void limit_list_get(const struct limit_set *set, const struct snapshot *snapshot, uint32_t i, uint32_t *used,
		    uint64_t *missed)
{
	*used = i < snapshot->n_list_limits ? set->lists[set->place[i]].count : 0;
	*missed = i < snapshot->n_list_limits ? set->lists[set->place[i]].missed : 0;
}

uint64_t limit_all_host_missed(const struct limit_set *set)
{
	return set->all_host_missed;
}

void limit_clear_missed(struct limit_set *set)
{
	set->all_host_missed = 0;
	for (unsigned i = 0; i < LIMIT_LISTS; i++)
		set->lists[i].missed = 0;
}
