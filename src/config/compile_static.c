/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Static entries as rows, in the order in which they were accepted, and the addresses that they and
 * the pools give out. Rows of entries that nothing has touched are those of the compilation before.
 */
#include <stdlib.h>
#include <string.h>

#include "config/build.h"
#include "gram_tables.h"
#include "lib/mem.h"
#include "lib/sorted.h"

#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

static bool is_static(const struct gram_cmd *cmd)
{
	switch (cmd->id) {
	case CMD_NAT_STATIC_HOST:
	case CMD_NAT_STATIC_PORT:
	case CMD_NAT_STATIC_HOST_INTERFACE:
	case CMD_NAT_STATIC_PORT_INTERFACE:
		return true;
	default:
		return false;
	}
}

/* ---- one row */

/* An interface that is not there now leaves address and index 0: the entry waits for it. */
static void set_interface(const struct build *build, struct snapshot_static *row, const char *name)
{
	const struct build_interface *interface = build_interface(build, name);

	row->ifindex = interface ? interface->mirror->index : 0;
	row->global = interface ? interface->primary : 0;
}

static void set_ports(struct snapshot_static *row, bool tcp, uint32_t local_port,
		      uint32_t global_port)
{
	row->protocol = tcp ? PROTOCOL_TCP : PROTOCOL_UDP;
	row->local_port = (uint16_t)local_port;
	row->global_port = (uint16_t)global_port;
}

static void fill_host(struct snapshot_static *row, const struct args_nat_static_host *args)
{
	row->local = args->local;
	row->global = args->global;
	row->extendable = args->extendable;
	row->no_alias = args->no_alias;
	row->no_payload = args->no_payload;
}

static void fill_port(struct snapshot_static *row, const struct args_nat_static_port *args)
{
	row->local = args->local;
	row->global = args->global;
	row->extendable = args->extendable;
	row->no_alias = args->no_alias;
	row->no_payload = args->no_payload;
	set_ports(row, args->protocol == NAT_STATIC_PORT_PROTOCOL_TCP, args->local_port,
		  args->global_port);
}

static void fill_host_interface(const struct build *build, struct snapshot_static *row,
				const struct args_nat_static_host_interface *args)
{
	row->local = args->local;
	set_interface(build, row, args->interface);
}

static void fill_port_interface(const struct build *build, struct snapshot_static *row,
				const struct args_nat_static_port_interface *args)
{
	row->local = args->local;
	set_interface(build, row, args->interface);
	set_ports(row, args->protocol == NAT_STATIC_PORT_INTERFACE_PROTOCOL_TCP, args->local_port,
		  args->global_port);
}

static void fill_row(const struct build *build, struct snapshot_static *row,
		     const struct entry *entry)
{
	memset(row, 0, sizeof(*row));
	row->id = compile_rule_id(entry);
	switch (entry->cmd->id) {
	case CMD_NAT_STATIC_HOST:
		fill_host(row, entry->args);
		break;
	case CMD_NAT_STATIC_PORT:
		fill_port(row, entry->args);
		break;
	case CMD_NAT_STATIC_HOST_INTERFACE:
		fill_host_interface(build, row, entry->args);
		break;
	default:
		fill_port_interface(build, row, entry->args);
		break;
	}
}

/* ---- all rows */

static void push_row(struct build *build, const struct entry *entry)
{
	uint32_t n = build->snapshot->n_statics;

	*BUILD_PUSH(build->keys.serials, n) = entry->serial;
	fill_row(build, BUILD_PUSH(build->snapshot->statics, build->snapshot->n_statics), entry);
}

/* All four commands have one place in the configuration, where entries stand in the order of
 * acceptance. */
static void all_rows(struct build *build)
{
	uint16_t order = gram_cmds[CMD_NAT_STATIC_HOST]->order;
	struct entry *entry = NULL;

	while ((entry = store_next_order(build->store, NULL, order, entry)))
		if (is_static(entry->cmd))
			push_row(build, entry);
}

static int order_serials(const void *key, const void *element)
{
	uint64_t a = *(const uint64_t *)key, b = *(const uint64_t *)element;

	return (a > b) - (a < b);
}

static uint32_t place_of(const struct build *build, uint64_t serial)
{
	return sorted_place(&serial, build->keys.serials, build->snapshot->n_statics,
			    sizeof(serial), order_serials);
}

static void cut_row(struct build *build, uint32_t at)
{
	struct snapshot *snapshot = build->snapshot;
	uint64_t *serials = build->keys.serials;
	uint32_t behind = --snapshot->n_statics - at;

	memmove(&snapshot->statics[at], &snapshot->statics[at + 1],
		behind * sizeof(*snapshot->statics));
	memmove(&serials[at], &serials[at + 1], behind * sizeof(*serials));
}

static void change_row(struct build *build, const struct store_change *change)
{
	uint64_t serial = change->entry->serial;
	uint32_t at = place_of(build, serial);
	bool found = at < build->snapshot->n_statics && build->keys.serials[at] == serial;

	if (change->verb == STORE_REMOVED && found)
		cut_row(build, at);
	else if (change->verb != STORE_REMOVED && found)
		fill_row(build, &build->snapshot->statics[at], change->entry);
	else if (change->verb != STORE_REMOVED)
		push_row(build, change->entry); /* whatever is added is the latest */
}

static void changed_rows(struct build *build)
{
	const struct snapshot *before = build->before;
	struct snapshot *snapshot = build->snapshot;

	snapshot->n_statics = before->n_statics;
	snapshot->statics =
	    build_copy(before->statics, before->n_statics, sizeof(*before->statics));
	build->keys.serials = build_copy(build->before_keys->serials, before->n_statics,
					 sizeof(*build->keys.serials));
	/* snapshot_index() makes it again. */
	for (uint32_t i = 0; i < snapshot->n_statics; i++)
		snapshot->statics[i].ambiguous = false;
	for (size_t i = 0; i < store_n_changes(build->store); i++) {
		struct store_change change = store_change_at(build->store, i);

		if (is_static(change.entry->cmd))
			change_row(build, &change);
	}
}

/* How many changes there are, or more than can be made one by one. */
static size_t count_changes(const struct build *build)
{
	size_t count = 0;

	for (size_t i = 0; i < store_n_changes(build->store); i++) {
		struct store_change change = store_change_at(build->store, i);

		count += is_static(change.entry->cmd);
		if (change.verb == STORE_REPLACED &&
		    is_static(change.before) != is_static(change.entry->cmd))
			return SIZE_MAX;
	}
	return count;
}

void build_statics(struct build *build)
{
	size_t changes = build->same_places ? count_changes(build) : SIZE_MAX;
	void *serials;

	if (changes == 0) {
		snapshot_share_statics(build->snapshot, build->before);
		build->keys.serials = build->before_keys->serials;
		build->keys.serials_block = shared_hold(build->before_keys->serials_block);
		build->statics_shared = true;
		return;
	}
	if (changes <= BUILD_PATCH_MOST)
		changed_rows(build);
	else
		all_rows(build);
	serials = build->keys.serials;
	build->keys.serials_block = shared_new(&serials, 1);
}

/* ---- addresses */

static bool same_pools(const struct snapshot *a, const struct snapshot *b)
{
	return a->n_pool_ranges == b->n_pool_ranges &&
	       (a->n_pool_ranges == 0 || memcmp(a->pool_ranges, b->pool_ranges,
						a->n_pool_ranges * sizeof(*a->pool_ranges)) == 0);
}

static void take_over(struct ranges *ranges, const struct snapshot_pool_range *list, uint32_t n)
{
	ranges->list = build_copy(list, n, sizeof(*list));
	ranges->n = ranges->size = n;
}

/* Interface entries translate to addresses of the router, which are no globals. */
static void add_ranges(struct build *build)
{
	const struct snapshot *snapshot = build->snapshot;

	for (uint32_t i = 0; i < snapshot->n_pool_ranges; i++) {
		const struct snapshot_pool_range *range = &snapshot->pool_ranges[i];

		ranges_add(&build->globals, range->first, range->last);
		ranges_add(&build->owned, range->first, range->last);
	}
	for (uint32_t i = 0; i < snapshot->n_statics; i++) {
		const struct snapshot_static *row = &snapshot->statics[i];

		if (row->ifindex || !row->global)
			continue;
		ranges_add(&build->globals, row->global, row->global);
		if (!row->no_alias)
			ranges_add(&build->owned, row->global, row->global);
	}
}

void build_globals(struct build *build)
{
	struct snapshot *snapshot = build->snapshot;

	if (build->statics_shared && same_pools(build->before, snapshot)) {
		take_over(&build->globals, build->before->globals, build->before->n_globals);
		take_over(&build->owned, build->before_keys->owned, build->before_keys->n_owned);
	} else {
		add_ranges(build);
		ranges_join(&build->globals);
		ranges_subtract(&build->globals, build->own, build->n_own);
		ranges_join(&build->owned);
		ranges_subtract(&build->owned, build->own, build->n_own);
	}
	snapshot->n_globals = (uint32_t)build->globals.n;
	snapshot->globals =
	    build_copy(build->globals.list, snapshot->n_globals, sizeof(*snapshot->globals));
	build->keys.n_owned = (uint32_t)build->owned.n;
	build->keys.owned =
	    build_copy(build->owned.list, build->keys.n_owned, sizeof(*build->keys.owned));
}
