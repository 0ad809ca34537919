/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing interfaces, addresses and routes of Linux. All functions: 0 or a negative errno; what is there already, or
 * gone already, is no error. */
#ifndef ALGATE_NET_ROUTE_H
#define ALGATE_NET_ROUTE_H

#include <stdbool.h>
#include "config/plan.h"

struct mnl_socket;

int route_link(struct mnl_socket *socket, const struct plan_link *link);
int route_address(struct mnl_socket *socket, bool add, const struct plan_address *address);
int route_static(struct mnl_socket *socket, bool add, const struct plan_route *route);
/* One aligned prefix. */
int route_owned(struct mnl_socket *socket, bool add, const struct plan_owned *owned);
/* Removes every route under our protocol number; only_owned: those of the local table. */
int route_purge(struct mnl_socket *socket, bool only_owned);
/* Removes every address under our protocol numbers. */
int route_purge_addresses(struct mnl_socket *socket);

#endif
