/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside hosts that have sessions: how many, and in which order they came. Chained hashing under the secret, so that a host keeps
 * its number; the sessions of a host are a ring through an array beside them.
 *
 * Promises O(1) and no malloc for a packet; derived, nothing of it is kept. May not end anything.
 */
#include "nat/session_host.h"

#include <stdlib.h>
#include "lib/mem.h"

struct host {
	ip4 addr;
	uint16_t vrf;
	uint32_t sessions, streams;
	uint32_t next;   /* of its bucket, or of the free ones: host + 1 */
	uint32_t newest; /* session; its successor in the ring is the oldest */
};

struct member {
	uint32_t host;          /* + 1; 0: no session */
	uint32_t newer, older;  /* in the ring */
	bool stream;
};

struct host_set {
	struct siphash_key secret;
	uint32_t mask, free, high;
	uint32_t *buckets; /* host + 1 */
	struct host *hosts;
	struct member *members;
};

struct host_set *host_set_new(const struct siphash_key *secret, uint32_t sessions)
{
	struct host_set *set = mem_alloc(sizeof(*set));
	uint32_t size = 64;

	while (size < sessions)
		size *= 2;
	set->secret = *secret;
	set->mask = size - 1;
	set->buckets = mem_alloc(size * sizeof(*set->buckets));
	set->hosts = mem_alloc(sessions * sizeof(*set->hosts));
	set->members = mem_alloc(sessions * sizeof(*set->members));
	return set;
}

void host_set_free(struct host_set *set)
{
	if (set == NULL)
		return;
	free(set->buckets);
	free(set->hosts);
	free(set->members);
	free(set);
}

static uint32_t *bucket_of(const struct host_set *set, uint16_t vrf, ip4 addr)
{
	uint64_t key = (uint64_t)vrf << 32 | addr;

	return &set->buckets[(uint32_t)siphash13(&set->secret, &key, sizeof(key)) & set->mask];
}

static struct host *find(const struct host_set *set, uint16_t vrf, ip4 addr)
{
	for (uint32_t at = *bucket_of(set, vrf, addr); at != 0; at = set->hosts[at - 1].next) {
		struct host *host = &set->hosts[at - 1];

		if (host->addr == addr && host->vrf == vrf)
			return host;
	}
	return NULL;
}

static struct host *add(struct host_set *set, uint16_t vrf, ip4 addr)
{
	uint32_t *bucket = bucket_of(set, vrf, addr), at = set->free != 0 ? set->free : ++set->high;
	struct host *host = &set->hosts[at - 1];

	if (at == set->free)
		set->free = host->next;
	*host = (struct host){.addr = addr, .vrf = vrf, .next = *bucket};
	*bucket = at;
	return host;
}

static void drop(struct host_set *set, struct host *host)
{
	uint32_t at = (uint32_t)(host - set->hosts) + 1, *link = bucket_of(set, host->vrf, host->addr);

	while (*link != at)
		link = &set->hosts[*link - 1].next;
	*link = host->next;
	host->next = set->free;
	set->free = at;
}

static void join(struct host_set *set, struct host *host, uint32_t session)
{
	struct member *member = &set->members[session];

	member->newer = member->older = session;
	if (host->sessions > 0) {
		member->older = host->newest;
		member->newer = set->members[host->newest].newer;
		set->members[member->newer].older = session;
		set->members[member->older].newer = session;
	}
	host->newest = session;
}

static void part(struct host_set *set, struct host *host, uint32_t session)
{
	const struct member *member = &set->members[session];

	set->members[member->newer].older = member->older;
	set->members[member->older].newer = member->newer;
	if (host->newest == session)
		host->newest = member->older;
}

bool host_has_room(const struct host_set *set, uint16_t vrf, ip4 addr, bool stream)
{
	const struct host *host = find(set, vrf, addr);

	return host == NULL || (host->sessions < HOST_SESSIONS && (!stream || host->streams < HOST_STREAMS));
}

uint32_t host_enter(struct host_set *set, uint32_t session, uint16_t vrf, ip4 addr, bool stream)
{
	struct host *host = find(set, vrf, addr);

	if (host == NULL)
		host = add(set, vrf, addr);
	join(set, host, session);
	set->members[session].host = (uint32_t)(host - set->hosts) + 1;
	set->members[session].stream = stream;
	host->sessions++;
	host->streams += stream;
	return (uint32_t)(host - set->hosts);
}

void host_leave(struct host_set *set, uint32_t session)
{
	struct member *member = &set->members[session];
	struct host *host = &set->hosts[member->host - 1];

	part(set, host, session);
	host->streams -= member->stream;
	member->host = 0;
	if (--host->sessions == 0)
		drop(set, host);
}

uint32_t host_oldest(const struct host_set *set, uint16_t vrf, ip4 addr)
{
	const struct host *host = find(set, vrf, addr);

	return host == NULL ? HOST_NONE : set->members[host->newest].newer;
}

void host_renew(struct host_set *set, uint32_t session)
{
	struct host *host = &set->hosts[set->members[session].host - 1];

	part(set, host, session);
	host->sessions--;
	join(set, host, session);
	host->sessions++;
}
