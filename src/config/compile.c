/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Store and mirror into a snapshot for the engine and a plan for Linux. Pure: what is compiled is
 * what will hold when the plan is carried out, so configured addresses count before Linux has them,
 * and addresses of ours that are no longer configured do not count although Linux still has them.
 */
#include "config/compile.h"

#include <stdlib.h>
#include <string.h>

#include "config/build.h"
#include "gram_tables.h"
#include "lib/mem.h"

void *build_grow(void *array, uint32_t n, size_t size)
{
	if ((n & (n - 1)) == 0)
		array = mem_grow(array, n ? 2 * (size_t)n : 1, size);
	memset((char *)array + n * size, 0, size);
	return array;
}

void *build_copy(const void *from, uint32_t n, size_t size)
{
	uint32_t room = 1;
	void *to;

	while (room < n)
		room *= 2;
	to = mem_grow(NULL, n ? room : 1, size);
	if (n)
		memcpy(to, from, n * size);
	return to;
}

void build_copy_name(char to[SNAPSHOT_NAME], const char *from)
{
	size_t length = strnlen(from, SNAPSHOT_NAME - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

void build_name_add(struct build_name **table, const char *name, uint32_t index)
{
	struct build_name *row;

	HASH_FIND_STR(*table, name, row);
	if (row)
		return;
	row = mem_alloc(sizeof(*row));
	build_copy_name(row->name, name);
	row->index = index;
	HASH_ADD_STR(*table, name, row);
}

uint32_t build_name_find(struct build_name *table, const char *name)
{
	struct build_name *row;

	HASH_FIND_STR(table, name, row);
	return row ? row->index : SNAPSHOT_NONE;
}

static void names_free(struct build_name **table)
{
	struct build_name *row, *next;

	HASH_ITER(hh, *table, row, next)
	{
		HASH_DEL(*table, row);
		free(row);
	}
}

const struct build_interface *build_interface(const struct build *build, const char *name)
{
	uint32_t index = build_name_find(build->interface_names, name);

	return index == SNAPSHOT_NONE ? NULL : &build->interfaces[index];
}

static int compare_addr(const void *pa, const void *pb)
{
	ip4 a = *(const ip4 *)pa, b = *(const ip4 *)pb;

	return a < b ? -1 : a > b;
}

bool build_is_own(const struct build *build, ip4 addr)
{
	return build->n_own && bsearch(&addr, build->own, build->n_own, sizeof(addr), compare_addr);
}

static void add_address(struct build_interface *interface, ip4 addr, uint8_t len, bool secondary,
			bool configured)
{
	for (uint32_t i = 0; i < interface->n_addresses; i++)
		if (interface->addresses[i].addr == addr)
			return;
	*BUILD_PUSH(interface->addresses, interface->n_addresses) =
	    (struct build_address){addr, len, secondary, configured};
	if (!interface->primary && !secondary)
		interface->primary = addr;
}

static void add_configured(const struct build *build, struct build_interface *interface)
{
	struct entry *entry =
	    store_next(build->store, interface->config, gram_cmds[CMD_IF_ADDRESS], NULL);
	uint8_t len;

	if (entry) {
		const struct args_if_address *address = entry->args;

		if (ip4_mask_len(address->mask, &len))
			add_address(interface, address->address, len, false, true);
	}
	entry = NULL;
	while ((entry = store_next(build->store, interface->config,
				   gram_cmds[CMD_IF_ADDRESS_SECONDARY], entry))) {
		const struct args_if_address_secondary *address = entry->args;

		if (ip4_mask_len(address->mask, &len))
			add_address(interface, address->address, len, true, true);
	}
}

static void add_mirrored(struct build_interface *interface)
{
	for (uint32_t i = 0; i < interface->mirror->n_addresses; i++) {
		const struct mirror_address *address = &interface->mirror->addresses[i];

		if (!address->ours)
			add_address(interface, address->addr, address->len, address->secondary,
				    false);
	}
}

static uint8_t role_of(const struct build *build, const struct entry *interface)
{
	struct entry *entry = store_next(build->store, interface, gram_cmds[CMD_IF_NAT], NULL);

	if (!entry)
		return ROLE_NONE;
	return ((const struct args_if_nat *)entry->args)->role == IF_NAT_ROLE_INSIDE ? ROLE_INSIDE
										     : ROLE_OUTSIDE;
}

/* Two blocks can name one interface (by its IOS and its Linux name): the one that has its proper
 * name counts. */
static void join_config(struct build *build)
{
	struct entry *entry = NULL;

	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_INTERFACE], entry))) {
		const char *name = ((const struct args_interface *)entry->args)->name;
		uint32_t index = build_name_find(build->interface_names, name);
		uint8_t role = role_of(build, entry);
		struct build_interface *interface;

		build->nat = build->nat || role != ROLE_NONE;
		if (index == SNAPSHOT_NONE)
			continue;
		interface = &build->interfaces[index];
		if (interface->config && strcmp(interface->mirror->name, name) != 0)
			continue;
		interface->config = entry;
		interface->role = role;
	}
}

static int compare_own(const void *pa, const void *pb)
{
	const struct snapshot_own *a = pa, *b = pb;

	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	return a->role > b->role
		   ? -1
		   : a->role < b->role; /* outside first: it is the one that is kept */
}

static void fill_own(struct build *build)
{
	struct snapshot *snapshot = build->snapshot;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < build->n_interfaces; i++) {
		const struct build_interface *interface = &build->interfaces[i];

		for (uint32_t j = 0; j < interface->n_addresses; j++)
			*BUILD_PUSH(snapshot->own, snapshot->n_own) =
			    (struct snapshot_own){.addr = interface->addresses[j].addr,
						  .ifindex = interface->mirror->index,
						  .role = interface->role};
	}
	if (snapshot->n_own)
		qsort(snapshot->own, snapshot->n_own, sizeof(*snapshot->own), compare_own);
	for (uint32_t i = 0; i < snapshot->n_own; i++)
		if (kept == 0 || snapshot->own[kept - 1].addr != snapshot->own[i].addr)
			snapshot->own[kept++] = snapshot->own[i];
	snapshot->n_own = kept;
	for (uint32_t i = 0; i < kept; i++)
		*BUILD_PUSH(build->own, build->n_own) = snapshot->own[i].addr;
}

void build_interfaces(struct build *build)
{
	const struct mirror *mirror = build->mirror;

	build->n_interfaces = mirror->n_interfaces;
	build->interfaces = mem_alloc(mirror->n_interfaces * sizeof(*build->interfaces));
	for (uint32_t i = 0; i < mirror->n_interfaces; i++) {
		build->interfaces[i].mirror = &mirror->interfaces[i];
		build_name_add(&build->interface_names, mirror->interfaces[i].name, i);
	}
	for (uint32_t i = 0; i < mirror->n_interfaces; i++)
		build_name_add(&build->interface_names, mirror->interfaces[i].linux_name, i);
	join_config(build);
	for (uint32_t i = 0; i < build->n_interfaces; i++) {
		struct build_interface *interface = &build->interfaces[i];
		struct snapshot_interface *row;

		if (interface->config)
			add_configured(build, interface);
		add_mirrored(interface);
		row = BUILD_PUSH(build->snapshot->interfaces, build->snapshot->n_interfaces);
		row->ifindex = interface->mirror->index;
		row->role = interface->role;
		row->primary = interface->primary;
		build_copy_name(row->name, interface->mirror->name);
		build_reassembly(build, interface);
	}
	fill_own(build);
	build_mss(build);
}

static void keys_clear(struct build_keys *keys)
{
	shared_drop(keys->serials_block);
	shared_drop(keys->sequences_block);
	free(keys->owned);
	free(keys->static_ports);
	memset(keys, 0, sizeof(*keys));
}

static void build_clear(struct build *build)
{
	for (uint32_t i = 0; i < build->n_interfaces; i++)
		free(build->interfaces[i].addresses);
	free(build->interfaces);
	free(build->own);
	free(build->lists);
	names_free(&build->interface_names);
	names_free(&build->acl_names);
	names_free(&build->pool_names);
	ranges_clear(&build->globals);
	ranges_clear(&build->owned);
}

/* Do the rows that depend on interfaces and their addresses still hold? */
static bool same_places(const struct snapshot *a, const struct snapshot *b)
{
	if (a->n_interfaces != b->n_interfaces || a->n_own != b->n_own)
		return false;
	if (a->n_interfaces &&
	    memcmp(a->interfaces, b->interfaces, a->n_interfaces * sizeof(*a->interfaces)) != 0)
		return false;
	for (uint32_t i = 0; i < a->n_own; i++)
		if (a->own[i].addr != b->own[i].addr || a->own[i].ifindex != b->own[i].ifindex ||
		    a->own[i].role != b->own[i].role)
			return false;
	return true;
}

struct compile_memory {
	const struct snapshot *snapshot; /* kept; NULL: none yet */
	uint64_t version;		 /* of the store */
	struct build_keys keys, next;
};

static bool is_usable(const struct compile_memory *memory, const struct store *store)
{
	return memory && memory->snapshot && memory->version == store_version(store);
}

static struct build_keys build_all(struct build *build)
{
	build_interfaces(build);
	build->same_places = build->before && same_places(build->before, build->snapshot);
	build_nat(build);
	build_plan(build);
	snapshot_index(build->snapshot);
	build_clear(build);
	return build->keys;
}

void compile(const struct store *store, const struct mirror *mirror, uint32_t epoch,
	     struct compile_memory *memory, struct snapshot **snapshot, struct plan **plan)
{
	struct build build = {.store = store, .mirror = mirror};
	struct build_keys keys;

	if (is_usable(memory, store)) {
		build.before = memory->snapshot;
		build.before_keys = &memory->keys;
	}
	build.snapshot = snapshot_new(epoch);
	build.plan = mem_alloc(sizeof(*build.plan));
	keys = build_all(&build);
	*snapshot = build.snapshot;
	*plan = build.plan;
	if (memory) {
		keys_clear(&memory->next);
		memory->next = keys;
	} else {
		keys_clear(&keys);
	}
}

void compile_keep(struct compile_memory *memory, const struct store *store,
		  const struct snapshot *snapshot)
{
	keys_clear(&memory->keys);
	memory->keys = memory->next;
	memset(&memory->next, 0, sizeof(memory->next));
	memory->snapshot = snapshot;
	memory->version = store_version(store);
}

struct compile_memory *compile_memory_new(void)
{
	return mem_alloc(sizeof(struct compile_memory));
}

void compile_memory_free(struct compile_memory *memory)
{
	if (!memory)
		return;
	keys_clear(&memory->keys);
	keys_clear(&memory->next);
	free(memory);
}

struct snapshot *compile_list(const struct store *store, const char *name)
{
	struct build build = {.store = store, .snapshot = snapshot_new(0)};

	build_acl(&build, name);
	build_acls(&build);
	keys_clear(&build.keys);
	build_clear(&build);
	return build.snapshot;
}
