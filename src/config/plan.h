/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan: what Linux should have, according to the configuration. compile makes it from store and mirror;
 * apply compares the old and the new one and tells the system only the difference.
 */
#ifndef ALGATE_CONFIG_PLAN_H
#define ALGATE_CONFIG_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/addr.h"

struct plan_address {
	uint32_t ifindex;
	ip4 addr;
	uint8_t len;
	bool secondary;
};

struct plan_link {
	uint32_t ifindex;
	bool up;
};

struct plan_route {
	struct prefix to;
	ip4 via;          /* 0: out of the interface */
	uint32_t ifindex; /* 0: wherever `via` is reached */
	uint8_t distance; /* becomes the metric */
};

/* An owned global address: a `local` route, so that Linux answers ARP for it. */
struct plan_owned {
	ip4 first, last; /* range */
	uint32_t ifindex; /* the outside interface whose subnet holds it, for gratuitous ARP; 0: none */
};

/* A port of an interface's own address that a static entry claims: queued before the socket test. */
struct plan_static_port {
	ip4 addr;
	uint8_t protocol; /* 0: all of the address */
	uint16_t port;
};

/* What net/hooks must put into the kernel. Arrays sorted, ranges disjoint. */
struct plan_hooks {
	bool active; /* false: no NAT interface, no rules at all */
	uint32_t n_inside, n_outside, n_known;
	uint32_t *inside, *outside; /* interface indexes */
	uint32_t *known;            /* every index at this commit, for the guard */
	uint32_t n_globals;
	struct plan_owned *globals; /* pools and static globals, also those marked no-alias; not interface addresses */
	uint32_t n_own;
	ip4 *own;                   /* addresses of outside interfaces */
	uint32_t n_static_ports;
	struct plan_static_port *static_ports;
};

struct plan {
	uint32_t n_addresses, n_links, n_routes, n_owned;
	struct plan_address *addresses;
	struct plan_link *links;
	struct plan_route *routes;
	struct plan_owned *owned; /* without those marked no-alias */
	struct plan_hooks hooks;
};

void plan_free(struct plan *plan);

#endif
