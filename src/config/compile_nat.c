/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools, dynamic rules, timeouts and limits. */
#include <stdlib.h>
#include <string.h>

#include "config/build.h"
#include "gram_tables.h"
#include "lib/mem.h"

#define LINE_SIZE    1024
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

bool compile_is_rule(const struct gram_cmd *cmd)
{
	switch (cmd->id) {
	case CMD_NAT_STATIC_HOST:
	case CMD_NAT_STATIC_PORT:
	case CMD_NAT_STATIC_HOST_INTERFACE:
	case CMD_NAT_STATIC_PORT_INTERFACE:
	case CMD_NAT_DYNAMIC_POOL:
	case CMD_NAT_DYNAMIC_INTERFACE:
		return true;
	default:
		return false;
	}
}

uint64_t compile_rule_id(const struct entry *entry)
{
	char line[LINE_SIZE];
	union {
		struct args_nat_static_host host;
		struct args_nat_static_port port;
	} copy;
	const void *args = entry->args;

	if (entry->cmd->id == CMD_NAT_STATIC_HOST) {
		memcpy(&copy.host, args, sizeof(copy.host));
		copy.host.extendable = copy.host.no_alias = copy.host.no_payload = false;
		args = &copy;
	} else if (entry->cmd->id == CMD_NAT_STATIC_PORT) {
		memcpy(&copy.port, args, sizeof(copy.port));
		copy.port.extendable = copy.port.no_alias = copy.port.no_payload = false;
		args = &copy;
	}
	gram_print(entry->cmd, args, NULL, line, sizeof(line));
	return snapshot_rule_id(line);
}

/* Network and broadcast address of the mask are never handed out. */
static void add_pool_range(struct build *build, struct snapshot_pool *pool, ip4 first, ip4 last)
{
	struct snapshot *snapshot = build->snapshot;
	bool has_edges = pool->netmask < 0xfffffffeu;

	if (has_edges && first == (first & pool->netmask))
		first++;
	if (has_edges && last == (last | ~pool->netmask))
		last--;
	if (first > last)
		return;
	*BUILD_PUSH(snapshot->pool_ranges, snapshot->n_pool_ranges) =
	    (struct snapshot_pool_range){first, last};
	pool->count++;
	pool->size += last - first + 1;
}

static struct snapshot_pool *add_pool(struct build *build, const char *name, bool has_netmask,
				      ip4 netmask, uint32_t length)
{
	struct snapshot *snapshot = build->snapshot;
	struct snapshot_pool *pool = BUILD_PUSH(snapshot->pools, snapshot->n_pools);

	build_copy_name(pool->name, name);
	pool->id = snapshot->n_pools;
	pool->netmask = has_netmask ? netmask : ip4_mask((uint8_t)length);
	pool->first = snapshot->n_pool_ranges;
	build_name_add(&build->pool_names, name, snapshot->n_pools - 1);
	return pool;
}

static void fill_pools(struct build *build)
{
	struct entry *entry = NULL, *child = NULL;

	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_NAT_POOL_RANGE], entry))) {
		const struct args_nat_pool_range *range = entry->args;

		add_pool_range(build,
			       add_pool(build, range->name, range->has_netmask, range->netmask,
					range->prefix_length),
			       range->start, range->end);
	}
	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_NAT_POOL], entry))) {
		const struct args_nat_pool *args = entry->args;
		struct snapshot_pool *pool = add_pool(build, args->name, args->has_netmask,
						      args->netmask, args->prefix_length);

		while ((child = store_next(build->store, entry, gram_cmds[CMD_NAT_POOL_ADDRESS],
					   child))) {
			const struct args_nat_pool_address *address = child->args;

			add_pool_range(build, pool, address->start, address->end);
		}
	}
}

static void fill_rule(struct build *build, const struct entry *entry)
{
	struct snapshot *snapshot = build->snapshot;
	const struct args_nat_dynamic_pool *to_pool = entry->args;
	const struct args_nat_dynamic_interface *to_interface = entry->args;
	bool is_interface = entry->cmd->id == CMD_NAT_DYNAMIC_INTERFACE;
	const char *acl = is_interface ? to_interface->acl : to_pool->acl;
	const char *target = is_interface ? to_interface->interface : to_pool->pool;
	const struct build_interface *interface =
	    is_interface ? build_interface(build, target) : NULL;
	uint32_t acl_index = build_acl(build, acl);
	struct snapshot_rule *row = BUILD_PUSH(snapshot->rules, snapshot->n_rules);

	row->id = compile_rule_id(entry);
	row->number = snapshot->n_rules;
	row->acl = acl_index;
	row->pool = is_interface ? SNAPSHOT_NONE : build_name_find(build->pool_names, target);
	row->address = interface ? interface->primary : 0;
	row->is_interface = is_interface;
	row->overload = is_interface ? to_interface->overload : to_pool->overload;
	build_copy_name(row->acl_name, acl);
	build_copy_name(row->target_name, target);
}

/* In the order in which they were accepted: the first match decides. */
static void fill_rules(struct build *build)
{
	uint16_t order = gram_cmds[CMD_NAT_DYNAMIC_POOL]->order;
	struct entry *entry = NULL;

	while ((entry = store_next_order(build->store, NULL, order, entry)))
		if (entry->cmd->id == CMD_NAT_DYNAMIC_POOL || entry->cmd->id == CMD_NAT_DYNAMIC_INTERFACE)
			fill_rule(build, entry);
}

static uint32_t seconds_of(bool never, uint32_t seconds)
{
	return never || seconds == 0 ? TIMEOUT_NEVER : seconds;
}

static void fill_timeouts(struct build *build)
{
	static const uint8_t classes[] = {
	    [NAT_TIMEOUT_WHICH_TIMEOUT] = TIMEOUT_ADDRESS,
	    [NAT_TIMEOUT_WHICH_TCP_TIMEOUT] = TIMEOUT_TCP,
	    [NAT_TIMEOUT_WHICH_UDP_TIMEOUT] = TIMEOUT_UDP,
	    [NAT_TIMEOUT_WHICH_FINRST_TIMEOUT] = TIMEOUT_FINRST,
	    [NAT_TIMEOUT_WHICH_SYN_TIMEOUT] = TIMEOUT_SYN,
	    [NAT_TIMEOUT_WHICH_DNS_TIMEOUT] = TIMEOUT_DNS,
	    [NAT_TIMEOUT_WHICH_ICMP_TIMEOUT] = TIMEOUT_ICMP,
	};
	struct snapshot *snapshot = build->snapshot;
	struct entry *entry = NULL;

	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_NAT_TIMEOUT], entry))) {
		const struct args_nat_timeout *args = entry->args;

		snapshot->timeouts[classes[args->which]] = seconds_of(args->never, args->seconds);
	}
	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_NAT_PORT_TIMEOUT], entry))) {
		const struct args_nat_port_timeout *args = entry->args;
		bool tcp = args->protocol == NAT_PORT_TIMEOUT_PROTOCOL_TCP;

		*BUILD_PUSH(snapshot->port_timeouts, snapshot->n_port_timeouts) =
		    (struct snapshot_port_timeout){tcp ? PROTOCOL_TCP : PROTOCOL_UDP,
						   (uint16_t)args->port,
						   seconds_of(args->never, args->seconds)};
	}
}

static int compare_host(const void *pa, const void *pb)
{
	const struct snapshot_host_limit *a = pa, *b = pb;

	return a->addr < b->addr ? -1 : a->addr > b->addr;
}

static void fill_limits(struct build *build)
{
	struct snapshot *snapshot = build->snapshot;
	struct entry *entry = NULL;

	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_NAT_MAX_ENTRIES], entry)))
		snapshot->max_entries = ((const struct args_nat_max_entries *)entry->args)->entries;
	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_NAT_MAX_ALL_HOST], entry)))
		snapshot->max_all_host =
		    ((const struct args_nat_max_all_host *)entry->args)->entries;
	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_NAT_MAX_HOST], entry))) {
		const struct args_nat_max_host *args = entry->args;

		*BUILD_PUSH(snapshot->host_limits, snapshot->n_host_limits) =
		    (struct snapshot_host_limit){args->host, args->entries};
	}
	if (snapshot->n_host_limits)
		qsort(snapshot->host_limits, snapshot->n_host_limits,
		      sizeof(*snapshot->host_limits), compare_host);
	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_NAT_MAX_LIST], entry))) {
		const struct args_nat_max_list *args = entry->args;
		uint32_t acl = build_acl(build, args->acl);
		struct snapshot_list_limit *row =
		    BUILD_PUSH(snapshot->list_limits, snapshot->n_list_limits);

		row->acl = acl;
		row->max = args->entries;
		build_copy_name(row->name, args->acl);
	}
}

void build_nat(struct build *build)
{
	fill_timeouts(build);
	fill_limits(build);
	build->snapshot->half_only =
	    store_next(build->store, NULL, gram_cmds[CMD_NAT_FLOW_ENTRIES], NULL);
	fill_pools(build);
	build_statics(build);
	fill_rules(build);
	build_services(build);
	build_acls(build);
	build_globals(build);
}
