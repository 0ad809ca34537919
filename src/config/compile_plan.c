/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Linux should have: configured addresses, link states, routes, owned globals, and what the
 * packet rules need. */
#include <stdlib.h>
#include <string.h>

#include "config/build.h"
#include "gram_tables.h"

static void plan_interface(struct build *build, const struct build_interface *interface)
{
	struct plan *plan = build->plan;
	uint32_t ifindex = interface->mirror->index;
	bool down =
	    store_next(build->store, interface->config, gram_cmds[CMD_IF_SHUTDOWN], NULL) != NULL;

	for (uint32_t i = 0; i < interface->n_addresses; i++) {
		const struct build_address *address = &interface->addresses[i];

		if (address->configured)
			*BUILD_PUSH(plan->addresses, plan->n_addresses) = (struct plan_address){
			    ifindex, address->addr, address->len, address->secondary};
	}
	*BUILD_PUSH(plan->links, plan->n_links) = (struct plan_link){ifindex, !down};
}

static void plan_interfaces(struct build *build)
{
	struct plan_hooks *hooks = &build->plan->hooks;

	for (uint32_t i = 0; i < build->n_interfaces; i++) {
		const struct build_interface *interface = &build->interfaces[i];

		if (interface->config)
			plan_interface(build, interface);
		*BUILD_PUSH(hooks->known, hooks->n_known) = interface->mirror->index;
		if (interface->role == ROLE_INSIDE)
			*BUILD_PUSH(hooks->inside, hooks->n_inside) = interface->mirror->index;
		if (interface->role == ROLE_OUTSIDE)
			*BUILD_PUSH(hooks->outside, hooks->n_outside) = interface->mirror->index;
	}
}

/* A route out of an interface that is not there waits for it. */
static void plan_routes(struct build *build)
{
	struct plan *plan = build->plan;
	struct entry *entry = NULL;

	while ((entry = store_next(build->store, NULL, gram_cmds[CMD_IP_ROUTE], entry))) {
		const struct args_ip_route *args = entry->args;
		const struct build_interface *interface = NULL;
		struct plan_route route = {.distance =
					       args->has_distance ? (uint8_t)args->distance : 1};

		if (!ip4_mask_len(args->mask, &route.to.len))
			continue;
		if (args->has_interface && !(interface = build_interface(build, args->interface)))
			continue;
		route.to.addr = args->destination & args->mask;
		route.via = args->has_via	      ? args->via
			    : args->has_interface_via ? args->interface_via
						      : 0;
		route.ifindex = interface ? interface->mirror->index : 0;
		*BUILD_PUSH(plan->routes, plan->n_routes) = route;
	}
}

/* A subnet that an outside interface is connected to. */
struct subnet {
	ip4 first, last;
	uint32_t ifindex;
};

static uint32_t outside_subnets(const struct build *build, struct subnet **subnets)
{
	uint32_t n = 0;

	*subnets = NULL;
	for (uint32_t i = 0; i < build->n_interfaces; i++) {
		const struct build_interface *interface = &build->interfaces[i];

		for (uint32_t j = 0; interface->role == ROLE_OUTSIDE && j < interface->n_addresses;
		     j++) {
			ip4 mask = ip4_mask(interface->addresses[j].len),
			    addr = interface->addresses[j].addr;

			*BUILD_PUSH(*subnets, n) =
			    (struct subnet){addr & mask, addr | ~mask, interface->mirror->index};
		}
	}
	return n;
}

/* The interface for the addresses from `first` on, and how far that holds (*last is cut down). The
 * smallest subnet that holds an address counts. */
static uint32_t interface_for(const struct subnet *subnets, uint32_t n, ip4 first, ip4 *last)
{
	const struct subnet *best = NULL;

	for (uint32_t i = 0; i < n; i++) {
		const struct subnet *subnet = &subnets[i];

		if (subnet->first > first && subnet->first <= *last)
			*last = subnet->first - 1;
		if (subnet->first > first || subnet->last < first)
			continue;
		if (subnet->last < *last)
			*last = subnet->last;
		if (!best || subnet->last - subnet->first < best->last - best->first)
			best = subnet;
	}
	return best ? best->ifindex : 0;
}

/* Cuts ranges at the borders of outside subnets, so that each piece belongs to one interface. */
static struct plan_owned *split_ranges(const struct ranges *ranges, const struct subnet *subnets,
				       uint32_t n_subnets, uint32_t *n)
{
	struct plan_owned *result = NULL;

	*n = 0;
	for (size_t i = 0; i < ranges->n; i++) {
		uint64_t at = ranges->list[i].first;

		while (at <= ranges->list[i].last) {
			ip4 last = ranges->list[i].last;
			uint32_t ifindex = interface_for(subnets, n_subnets, (ip4)at, &last);

			*BUILD_PUSH(result, *n) = (struct plan_owned){(ip4)at, last, ifindex};
			at = (uint64_t)last + 1;
		}
	}
	return result;
}

static void plan_globals(struct build *build)
{
	struct plan_hooks *hooks = &build->plan->hooks;
	struct subnet *subnets;
	uint32_t n = outside_subnets(build, &subnets);

	hooks->globals = split_ranges(&build->globals, subnets, n, &hooks->n_globals);
	build->plan->owned = split_ranges(&build->owned, subnets, n, &build->plan->n_owned);
	free(subnets);
}

static int compare_ports(const void *pa, const void *pb)
{
	const struct plan_static_port *a = pa, *b = pb;

	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	if (a->protocol != b->protocol)
		return a->protocol - b->protocol;
	return a->port - b->port;
}

static void make_static_ports(struct build *build)
{
	struct plan_hooks *hooks = &build->plan->hooks;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < build->snapshot->n_statics; i++) {
		const struct snapshot_static *row = &build->snapshot->statics[i];
		struct plan_static_port *port;

		if (!row->global || !build_is_own(build, row->global))
			continue;
		port = BUILD_PUSH(hooks->static_ports, hooks->n_static_ports);
		port->addr = row->global;
		port->protocol = row->protocol;
		port->port = row->global_port;
	}
	if (hooks->n_static_ports)
		qsort(hooks->static_ports, hooks->n_static_ports, sizeof(*hooks->static_ports),
		      compare_ports);
	for (uint32_t i = 0; i < hooks->n_static_ports; i++)
		if (!kept ||
		    compare_ports(&hooks->static_ports[kept - 1], &hooks->static_ports[i]) != 0)
			hooks->static_ports[kept++] = hooks->static_ports[i];
	hooks->n_static_ports = kept;
}

static void plan_static_ports(struct build *build)
{
	struct plan_hooks *hooks = &build->plan->hooks;
	struct build_keys *keys = &build->keys;

	if (build->statics_shared) {
		hooks->n_static_ports = build->before_keys->n_static_ports;
		hooks->static_ports = build_copy(build->before_keys->static_ports, hooks->n_static_ports,
						 sizeof(*hooks->static_ports));
	} else {
		make_static_ports(build);
	}
	keys->n_static_ports = hooks->n_static_ports;
	keys->static_ports =
	    build_copy(hooks->static_ports, keys->n_static_ports, sizeof(*keys->static_ports));
}

void build_plan(struct build *build)
{
	struct plan_hooks *hooks = &build->plan->hooks;

	hooks->active = build->nat;
	plan_interfaces(build);
	plan_routes(build);
	plan_globals(build);
	plan_static_ports(build);
	for (uint32_t i = 0; i < build->snapshot->n_own; i++)
		if (build->snapshot->own[i].role == ROLE_OUTSIDE)
			*BUILD_PUSH(hooks->own, hooks->n_own) = build->snapshot->own[i].addr;
}
