/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions through which apply reaches Linux. net/system.c implements them; tests use a fake that records.
 * Every function is idempotent: adding what is there and removing what is not are no errors.
 */
#ifndef ALGATE_CONFIG_SYSTEM_H
#define ALGATE_CONFIG_SYSTEM_H

#include "config/mirror.h"
#include "config/plan.h"
#include "lib/err.h"

/* The rtnetlink protocol number of our routes (RTPROT_*), as the mirror shows it. */
#define SYSTEM_ROUTE_PROTOCOL 211

struct system {
	void *self;
	/* The mirror as of now (kept current by the implementation). */
	const struct mirror *(*mirror)(void *self);
	bool (*link_set)(void *self, const struct plan_link *link, struct err *err);
	bool (*address_add)(void *self, const struct plan_address *address, struct err *err);
	bool (*address_remove)(void *self, const struct plan_address *address, struct err *err);
	bool (*route_add)(void *self, const struct plan_route *route, struct err *err);
	bool (*route_remove)(void *self, const struct plan_route *route, struct err *err);
	/* A range is always one aligned prefix, and is removed exactly as it was added.
	 * owned_add also sends three gratuitous ARPs per address (at most 256 addresses of a range). */
	bool (*owned_add)(void *self, const struct plan_owned *owned, struct err *err);
	bool (*owned_remove)(void *self, const struct plan_owned *owned, struct err *err);
	/* Replaces guard and queue rules as one transaction, guard first. */
	bool (*hooks_set)(void *self, const struct plan_hooks *hooks, struct err *err);
};

#endif
