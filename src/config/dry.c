/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/dry.h"

static const struct mirror *dry_mirror(void *self)
{
	static const struct mirror empty;

	(void)self;
	return &empty;
}

/* One function for each signature of config/system.h. */
#define DRY(name, type)                                                                             \
	static bool name(void *self, const struct type *what, struct err *err)                      \
	{                                                                                           \
		(void)self, (void)what, (void)err;                                                  \
		return true;                                                                        \
	}
DRY(dry_link, plan_link)
DRY(dry_address, plan_address)
DRY(dry_route, plan_route)
DRY(dry_owned, plan_owned)
DRY(dry_hooks, plan_hooks)

const struct system system_dry = {
	.mirror = dry_mirror,
	.link_set = dry_link,
	.address_add = dry_address,
	.address_remove = dry_address,
	.route_add = dry_route,
	.route_remove = dry_route,
	.owned_add = dry_owned,
	.owned_remove = dry_owned,
	.hooks_set = dry_hooks,
};
