/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/router.h"

#include <stddef.h>

#include "config/check.h"

const char *router_hostname(const struct router *router)
{
	const char *name = config_hostname(router->store);

	return name != NULL ? name : "Router";
}
