/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compiled configuration: making, indexing, asking.
 *
 * Promises: after snapshot_index() every question but the access list is O(1) or a binary search, and nothing changes the
 * snapshot any more. May not know the store, the mirror or the engine's tables.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "alg/alg.h"
#include "lib/mem.h"
#include "lib/siphash.h"
#include "lib/sorted.h"
#include "nat/snapshot.h"

#define TCP 6
#define UDP 17

#define DEFAULT_ROOM 16 /* a power of two, so that whoever adds rows can go on doubling it */

static void default_services(struct snapshot *snapshot)
{
	static const struct snapshot_service defaults[] = {
		{TCP, ALG_FTP, 21, SNAPSHOT_NONE},    {TCP, ALG_DNS, 53, SNAPSHOT_NONE},
		{TCP, ALG_EXEC, 512, SNAPSHOT_NONE},  {TCP, ALG_LOGIN, 513, SNAPSHOT_NONE},
		{TCP, ALG_SHELL, 514, SNAPSHOT_NONE}, {UDP, ALG_DNS, 53, SNAPSHOT_NONE},
		{UDP, ALG_TFTP, 69, SNAPSHOT_NONE},   {TCP, ALG_SIP, 5060, SNAPSHOT_NONE},
		{UDP, ALG_SIP, 5060, SNAPSHOT_NONE},
	};

	snapshot->n_services = sizeof(defaults) / sizeof(defaults[0]);
	snapshot->services = mem_alloc(DEFAULT_ROOM * sizeof(*defaults));
	memcpy(snapshot->services, defaults, sizeof(defaults));
	snapshot->dns_reset_ttl = snapshot->dns_v6 = snapshot->sip_ice = true;
}

struct snapshot *snapshot_new(uint32_t epoch)
{
	struct snapshot *snapshot = mem_alloc(sizeof(*snapshot));

	snapshot->epoch = epoch;
	snapshot->timeouts[TIMEOUT_ADDRESS] = 86400;
	snapshot->timeouts[TIMEOUT_TCP] = 86400;
	snapshot->timeouts[TIMEOUT_UDP] = 300;
	snapshot->timeouts[TIMEOUT_FINRST] = 60;
	snapshot->timeouts[TIMEOUT_SYN] = 60;
	snapshot->timeouts[TIMEOUT_DNS] = 60;
	snapshot->timeouts[TIMEOUT_ICMP] = 60;
	default_services(snapshot);
	return snapshot;
}

static struct shared *blocks_of_statics(const struct snapshot *snapshot)
{
	void *const blocks[] = {
		snapshot->statics, snapshot->by_local, snapshot->by_global, snapshot->next_local,
		snapshot->next_global, snapshot->by_local_addr, snapshot->by_global_addr,
		snapshot->next_local_addr, snapshot->next_global_addr, snapshot->by_id, snapshot->next_id,
	};

	return shared_new(blocks, sizeof(blocks) / sizeof(blocks[0]));
}

static struct shared *blocks_of_acls(const struct snapshot *snapshot)
{
	void *const blocks[] = {snapshot->aces, snapshot->port_ranges, snapshot->acls, snapshot->matches};

	return shared_new(blocks, sizeof(blocks) / sizeof(blocks[0]));
}

void snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	void *const owned[] = {
		snapshot->interfaces, snapshot->own, snapshot->pools, snapshot->pool_ranges,
		snapshot->rules, snapshot->port_timeouts, snapshot->globals, snapshot->ancestors,
		snapshot->host_limits, snapshot->list_limits, snapshot->reassemblies, snapshot->mss,
		snapshot->by_rule, snapshot->next_rule, snapshot->services,
	};

	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
		free(owned[i]);
	if (snapshot->static_blocks == NULL)
		snapshot->static_blocks = blocks_of_statics(snapshot);
	if (snapshot->acl_blocks == NULL)
		snapshot->acl_blocks = blocks_of_acls(snapshot);
	shared_drop(snapshot->static_blocks);
	shared_drop(snapshot->acl_blocks);
	free(snapshot);
}

void snapshot_share_statics(struct snapshot *snapshot, const struct snapshot *from)
{
	snapshot->static_blocks = shared_hold(from->static_blocks);
	snapshot->n_statics = from->n_statics;
	snapshot->statics = from->statics;
	snapshot->index_mask = from->index_mask;
	snapshot->by_local = from->by_local;
	snapshot->by_global = from->by_global;
	snapshot->next_local = from->next_local;
	snapshot->next_global = from->next_global;
	snapshot->by_local_addr = from->by_local_addr;
	snapshot->by_global_addr = from->by_global_addr;
	snapshot->next_local_addr = from->next_local_addr;
	snapshot->next_global_addr = from->next_global_addr;
	snapshot->by_id = from->by_id;
	snapshot->next_id = from->next_id;
	snapshot->n_static_ports = from->n_static_ports;
}

void snapshot_share_acls(struct snapshot *snapshot, const struct snapshot *from)
{
	snapshot->acl_blocks = shared_hold(from->acl_blocks);
	snapshot->n_aces = from->n_aces;
	snapshot->aces = from->aces;
	snapshot->n_port_ranges = from->n_port_ranges;
	snapshot->port_ranges = from->port_ranges;
	snapshot->n_acls = from->n_acls;
	snapshot->acls = from->acls;
	snapshot->matches = from->matches;
}

/* A fixed key: ids must stay the same across restarts. They are made from operator text, not from packets. */
uint64_t snapshot_rule_id(const char *canonical_line)
{
	static const struct siphash_key key = {0x416c67617465206eULL, 0x61742072756c6573ULL};
	uint64_t id = siphash13(&key, canonical_line, strlen(canonical_line));

	return id == 0 ? 1 : id; /* 0 means "no rule" in records */
}

/* ---- indexes ---- */

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

static uint32_t key_hash(const struct snapshot *snapshot, uint16_t vrf, uint8_t protocol,
			 struct endpoint at)
{
	uint64_t low = (uint64_t)at.addr << 32 | (uint32_t)protocol << 16 | at.port;

	return (uint32_t)mix(low + mix(vrf)) & snapshot->index_mask;
}

static uint32_t id_hash(uint32_t mask, uint64_t id)
{
	return (uint32_t)mix(id) & mask;
}

static uint32_t *new_heads(uint32_t mask)
{
	uint32_t *heads = mem_alloc(((size_t)mask + 1) * sizeof(*heads));

	memset(heads, 0xff, ((size_t)mask + 1) * sizeof(*heads)); /* SNAPSHOT_NONE */
	return heads;
}

static uint32_t mask_for(uint32_t count)
{
	uint32_t size = 16;

	while (size < count * 2)
		size *= 2;
	return size - 1;
}

static uint32_t *new_links(uint32_t count)
{
	return mem_alloc(((size_t)count + 1) * sizeof(uint32_t));
}

static void push(uint32_t *head, uint32_t *next, uint32_t index)
{
	next[index] = *head;
	*head = index;
}

static struct endpoint local_of(const struct snapshot_static *entry)
{
	return (struct endpoint){entry->local, entry->local_port};
}

static struct endpoint global_of(const struct snapshot_static *entry)
{
	return (struct endpoint){entry->global, entry->global_port};
}

static const struct snapshot_static *by_addr(const struct snapshot *snapshot, bool global,
					     uint16_t vrf, uint8_t protocol, ip4 addr)
{
	const uint32_t *heads = global ? snapshot->by_global_addr : snapshot->by_local_addr;
	const uint32_t *next = global ? snapshot->next_global_addr : snapshot->next_local_addr;

	if (heads == NULL)
		return NULL;
	uint32_t i = heads[key_hash(snapshot, vrf, protocol, (struct endpoint){addr, 0})];

	for (; i != SNAPSHOT_NONE; i = next[i]) {
		const struct snapshot_static *entry = &snapshot->statics[i];

		if ((global ? entry->global : entry->local) == addr && entry->vrf == vrf &&
		    entry->protocol == protocol)
			return entry;
	}
	return NULL;
}

static void index_addresses(struct snapshot *snapshot, uint32_t i)
{
	const struct snapshot_static *entry = &snapshot->statics[i];
	struct endpoint local = {entry->local, 0}, global = {entry->global, 0};

	if (by_addr(snapshot, false, entry->vrf, entry->protocol, entry->local) == NULL)
		push(&snapshot->by_local_addr[key_hash(snapshot, entry->vrf, entry->protocol, local)],
		     snapshot->next_local_addr, i);
	if (entry->global != 0 &&
	    by_addr(snapshot, true, entry->vrf, entry->protocol, entry->global) == NULL)
		push(&snapshot->by_global_addr[key_hash(snapshot, entry->vrf, entry->protocol, global)],
		     snapshot->next_global_addr, i);
}

static void index_static(struct snapshot *snapshot, uint32_t i)
{
	const struct snapshot_static *entry = &snapshot->statics[i];

	push(&snapshot->by_local[key_hash(snapshot, entry->vrf, entry->protocol, local_of(entry))],
	     snapshot->next_local, i);
	/* An interface without an address: the entry covers its host but owns nothing. */
	if (entry->global != 0)
		push(&snapshot->by_global[key_hash(snapshot, entry->vrf, entry->protocol,
						   global_of(entry))],
		     snapshot->next_global, i);
	push(&snapshot->by_id[id_hash(snapshot->index_mask, entry->id)], snapshot->next_id, i);
	if (entry->protocol != 0)
		snapshot->n_static_ports++;
}

/* By its local endpoint alone this entry cannot be told from another. Marks both, wherever they stand in their chain. */
static void mark_ambiguous(struct snapshot *snapshot, uint32_t i)
{
	struct snapshot_static *entry = &snapshot->statics[i];

	for (uint32_t j = snapshot->next_local[i]; j != SNAPSHOT_NONE; j = snapshot->next_local[j]) {
		struct snapshot_static *other = &snapshot->statics[j];

		if (other->local != entry->local || other->local_port != entry->local_port ||
		    other->protocol != entry->protocol || other->vrf != entry->vrf)
			continue;
		entry->ambiguous = other->ambiguous = true;
		return;
	}
}

static bool rules_share(const struct snapshot *snapshot, ip4 addr)
{
	for (uint32_t i = 0; i < snapshot->n_rules; i++) {
		const struct snapshot_rule *rule = &snapshot->rules[i];

		if (rule->is_interface ? rule->address == addr
				       : rule->overload &&
						 snapshot_pool_has(snapshot, rule->pool, addr))
			return true;
	}
	return false;
}

static void mark_shared(struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->n_own; i++)
		snapshot->own[i].shared = rules_share(snapshot, snapshot->own[i].addr);
	for (uint32_t i = 0; i < snapshot->n_statics; i++) {
		const struct snapshot_own *own = snapshot_own(snapshot, snapshot->statics[i].global);

		if (own != NULL)
			snapshot->own[own - snapshot->own].shared = true;
	}
}

static int port_order(const void *a, const void *b)
{
	const struct snapshot_service *x = a, *y = b;

	return x->protocol != y->protocol ? x->protocol - y->protocol : x->port - y->port;
}

/* Rows without a list before those with one; of gateways on one port the one that somebody has put there (SIP) first. */
static int service_order(const void *a, const void *b)
{
	const struct snapshot_service *x = a, *y = b;
	int order = port_order(x, y);

	if (order != 0)
		return order;
	if (x->acl != y->acl)
		return x->acl + 1 < y->acl + 1 ? -1 : 1;
	return y->alg - x->alg;
}

static int timeout_order(const void *a, const void *b)
{
	const struct snapshot_port_timeout *x = a, *y = b;

	return x->protocol != y->protocol ? x->protocol - y->protocol : x->port - y->port;
}

static void index_statics(struct snapshot *snapshot)
{
	uint32_t **const heads[] = {&snapshot->by_local, &snapshot->by_global, &snapshot->by_local_addr,
				    &snapshot->by_global_addr, &snapshot->by_id};
	uint32_t **const links[] = {&snapshot->next_local, &snapshot->next_global,
				    &snapshot->next_local_addr, &snapshot->next_global_addr,
				    &snapshot->next_id};

	snapshot->index_mask = mask_for(snapshot->n_statics);
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		*heads[i] = new_heads(snapshot->index_mask);
		*links[i] = new_links(snapshot->n_statics);
	}
	/* Backwards, so that each chain begins with the entry typed first. */
	for (uint32_t i = snapshot->n_statics; i-- > 0;)
		index_static(snapshot, i);
	for (uint32_t i = 0; i < snapshot->n_statics; i++) {
		index_addresses(snapshot, i);
		mark_ambiguous(snapshot, i);
	}
	snapshot->static_blocks = blocks_of_statics(snapshot);
}

static void index_rules(struct snapshot *snapshot)
{
	snapshot->rule_mask = mask_for(snapshot->n_rules);
	snapshot->by_rule = new_heads(snapshot->rule_mask);
	snapshot->next_rule = new_links(snapshot->n_rules);
	for (uint32_t i = snapshot->n_rules; i-- > 0;)
		push(&snapshot->by_rule[id_hash(snapshot->rule_mask, snapshot->rules[i].id)],
		     snapshot->next_rule, i);
}

void snapshot_index(struct snapshot *snapshot)
{
	if (snapshot->static_blocks == NULL)
		index_statics(snapshot);
	index_rules(snapshot);
	mark_shared(snapshot);
	if (snapshot->n_port_timeouts > 0)
		qsort(snapshot->port_timeouts, snapshot->n_port_timeouts, sizeof(*snapshot->port_timeouts),
		      timeout_order);
	if (snapshot->n_services > 0)
		qsort(snapshot->services, snapshot->n_services, sizeof(*snapshot->services), service_order);
	if (snapshot->acl_blocks == NULL) {
		snapshot->matches = mem_alloc(snapshot->n_aces * sizeof(*snapshot->matches));
		snapshot->acl_blocks = blocks_of_acls(snapshot);
	}
}

/* ---- questions ---- */

static bool serves(const struct snapshot *snapshot, const struct snapshot_service *row, uint8_t protocol,
		   uint16_t port, ip4 server)
{
	const struct acl_subject subject = {.source = server,
					    .source_port = port,
					    .protocol = protocol,
					    .ports_known = true};

	return row->acl == SNAPSHOT_NONE || snapshot_acl_permits(snapshot, row->acl, &subject);
}

enum alg snapshot_service(const struct snapshot *snapshot, uint8_t protocol, uint16_t port, ip4 server)
{
	const struct snapshot_service key = {.protocol = protocol, .port = port};
	uint32_t i = sorted_place(&key, snapshot->services, snapshot->n_services, sizeof(key), port_order);

	for (; i < snapshot->n_services; i++) {
		const struct snapshot_service *row = &snapshot->services[i];

		if (port_order(&key, row) != 0)
			break;
		if (serves(snapshot, row, protocol, port, server))
			return (enum alg)row->alg;
	}
	return ALG_NONE;
}

bool snapshot_serves(const struct snapshot *snapshot, enum alg alg)
{
	const struct gateway *gateway = alg_gateway(alg);

	if (gateway != NULL && gateway->parent != ALG_NONE)
		alg = (enum alg)gateway->parent;
	for (uint32_t i = 0; i < snapshot->n_services; i++) {
		if (snapshot->services[i].alg == alg)
			return true;
	}
	return false;
}

static int number_order(const void *key, const void *element)
{
	uint32_t number = *(const uint32_t *)key, at;

	memcpy(&at, element, sizeof(at));
	return (number > at) - (number < at);
}

/* Index of the first of n sorted rows whose number (at this offset in a row) is not below the one given; n: there is none. */
static inline uint32_t first_from(const void *rows, uint32_t n, size_t row, size_t offset, uint32_t number)
{
	return n == 0 ? 0 : sorted_place(&number, (const char *)rows + offset, n, row, number_order);
}
#define FIRST_FROM(rows, n, type, member, number) \
	first_from(rows, n, sizeof(struct type), offsetof(struct type, member), number)

const struct snapshot_reassembly *snapshot_reassembly(const struct snapshot *snapshot, uint32_t ifindex,
						      bool out)
{
	uint32_t i = FIRST_FROM(snapshot->reassemblies, snapshot->n_reassemblies, snapshot_reassembly, ifindex,
				ifindex);

	for (; i < snapshot->n_reassemblies && snapshot->reassemblies[i].ifindex == ifindex; i++) {
		if (snapshot->reassemblies[i].out == out)
			return &snapshot->reassemblies[i];
	}
	return NULL;
}

const struct snapshot_interface *snapshot_interface(const struct snapshot *snapshot, uint32_t ifindex)
{
	uint32_t i = FIRST_FROM(snapshot->interfaces, snapshot->n_interfaces, snapshot_interface, ifindex, ifindex);

	return i < snapshot->n_interfaces && snapshot->interfaces[i].ifindex == ifindex ? &snapshot->interfaces[i]
											 : NULL;
}

const struct snapshot_own *snapshot_own(const struct snapshot *snapshot, ip4 addr)
{
	uint32_t i = FIRST_FROM(snapshot->own, snapshot->n_own, snapshot_own, addr, addr);

	return i < snapshot->n_own && snapshot->own[i].addr == addr ? &snapshot->own[i] : NULL;
}

bool snapshot_is_global(const struct snapshot *snapshot, ip4 addr)
{
	uint32_t i = FIRST_FROM(snapshot->globals, snapshot->n_globals, snapshot_pool_range, last, addr);

	return i < snapshot->n_globals && snapshot->globals[i].first <= addr;
}

uint32_t snapshot_port_timeout(const struct snapshot *snapshot, uint8_t protocol, uint16_t port)
{
	const struct snapshot_port_timeout key = {.protocol = protocol, .port = port}, *found = NULL;

	if (snapshot->n_port_timeouts > 0)
		found = bsearch(&key, snapshot->port_timeouts, snapshot->n_port_timeouts, sizeof(key),
				timeout_order);
	return found != NULL ? found->seconds : 0;
}

bool snapshot_pool_has(const struct snapshot *snapshot, uint32_t pool, ip4 addr)
{
	if (pool >= snapshot->n_pools)
		return false;
	const struct snapshot_pool_range *range =
		snapshot->pool_ranges + snapshot->pools[pool].first;

	for (uint32_t i = 0; i < snapshot->pools[pool].count; i++, range++) {
		if (addr >= range->first && addr <= range->last)
			return true;
	}
	return false;
}

static bool is_local(const struct snapshot_static *entry, uint16_t vrf, uint8_t protocol,
		     struct endpoint local)
{
	return entry->local == local.addr && entry->local_port == local.port &&
	       entry->protocol == protocol && entry->vrf == vrf;
}

/* The first entry at or after `i` in its chain that has exactly this local endpoint. */
static uint32_t chain_local(const struct snapshot *snapshot, uint32_t i, uint16_t vrf,
			    uint8_t protocol, struct endpoint local)
{
	while (i != SNAPSHOT_NONE && !is_local(&snapshot->statics[i], vrf, protocol, local))
		i = snapshot->next_local[i];
	return i;
}

static uint32_t first_local(const struct snapshot *snapshot, uint16_t vrf, uint8_t protocol,
			    struct endpoint local)
{
	return chain_local(snapshot, snapshot->by_local[key_hash(snapshot, vrf, protocol, local)], vrf,
			   protocol, local);
}

const struct snapshot_static *snapshot_static_local_next(const struct snapshot *snapshot, uint16_t vrf,
							 uint8_t protocol, struct endpoint local,
							 uint32_t *cursor)
{
	struct endpoint host = {local.addr, 0};
	uint32_t i = SNAPSHOT_NONE;
	bool host_stage = protocol == 0;

	if (snapshot->by_local == NULL || *cursor == SNAPSHOT_NONE)
		return NULL;
	if (*cursor == 0) {
		i = host_stage ? SNAPSHOT_NONE : first_local(snapshot, vrf, protocol, local);
	} else {
		host_stage = snapshot->statics[*cursor - 1].protocol == 0;
		i = chain_local(snapshot, snapshot->next_local[*cursor - 1], vrf,
				host_stage ? 0 : protocol, host_stage ? host : local);
	}
	if (i == SNAPSHOT_NONE && (!host_stage || *cursor == 0))
		i = first_local(snapshot, vrf, 0, host);
	*cursor = i == SNAPSHOT_NONE ? SNAPSHOT_NONE : i + 1;
	return i == SNAPSHOT_NONE ? NULL : &snapshot->statics[i];
}

const struct snapshot_static *snapshot_static_local(const struct snapshot *snapshot, uint16_t vrf,
						    uint8_t protocol, struct endpoint local)
{
	uint32_t cursor = 0;

	return snapshot_static_local_next(snapshot, vrf, protocol, local, &cursor);
}

static const struct snapshot_static *find_global(const struct snapshot *snapshot, uint16_t vrf,
						 uint8_t protocol, struct endpoint global)
{
	uint32_t i = snapshot->by_global[key_hash(snapshot, vrf, protocol, global)];

	for (; i != SNAPSHOT_NONE; i = snapshot->next_global[i]) {
		const struct snapshot_static *entry = &snapshot->statics[i];

		if (entry->global == global.addr && entry->global_port == global.port &&
		    entry->protocol == protocol && entry->vrf == vrf)
			return entry;
	}
	return NULL;
}

const struct snapshot_static *snapshot_static_global(const struct snapshot *snapshot, uint16_t vrf,
						     uint8_t protocol, struct endpoint global)
{
	const struct snapshot_static *entry = NULL;

	if (snapshot->by_global == NULL)
		return NULL;
	if (protocol != 0)
		entry = find_global(snapshot, vrf, protocol, global);
	if (entry == NULL)
		entry = find_global(snapshot, vrf, 0, (struct endpoint){global.addr, 0});
	return entry;
}

static bool any_at(const struct snapshot *snapshot, bool global, uint16_t vrf, uint8_t protocol,
		   ip4 addr)
{
	if (by_addr(snapshot, global, vrf, 0, addr) != NULL)
		return true;
	if (protocol != 0)
		return by_addr(snapshot, global, vrf, protocol, addr) != NULL;
	return by_addr(snapshot, global, vrf, TCP, addr) != NULL ||
	       by_addr(snapshot, global, vrf, UDP, addr) != NULL;
}

bool snapshot_static_covers(const struct snapshot *snapshot, uint16_t vrf, uint8_t protocol, ip4 local)
{
	return any_at(snapshot, false, vrf, protocol, local);
}

bool snapshot_static_owns(const struct snapshot *snapshot, uint16_t vrf, uint8_t protocol,
			  struct endpoint global)
{
	if (protocol == 0)
		return any_at(snapshot, true, vrf, 0, global.addr);
	return snapshot_static_global(snapshot, vrf, protocol, global) != NULL;
}

bool snapshot_has_rule(const struct snapshot *snapshot, uint64_t id)
{
	return snapshot_static_by_id(snapshot, id) != NULL || snapshot_rule_by_id(snapshot, id) != NULL;
}

const struct snapshot_static *snapshot_static_by_id(const struct snapshot *snapshot, uint64_t id)
{
	uint32_t i = SNAPSHOT_NONE;

	if (snapshot->by_id != NULL)
		i = snapshot->by_id[id_hash(snapshot->index_mask, id)];
	while (i != SNAPSHOT_NONE && snapshot->statics[i].id != id)
		i = snapshot->next_id[i];
	return i == SNAPSHOT_NONE ? NULL : &snapshot->statics[i];
}

const struct snapshot_rule *snapshot_rule_by_id(const struct snapshot *snapshot, uint64_t id)
{
	uint32_t i = SNAPSHOT_NONE;

	if (snapshot->by_rule != NULL)
		i = snapshot->by_rule[id_hash(snapshot->rule_mask, id)];
	while (i != SNAPSHOT_NONE && snapshot->rules[i].id != id)
		i = snapshot->next_rule[i];
	return i == SNAPSHOT_NONE ? NULL : &snapshot->rules[i];
}
