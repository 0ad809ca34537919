/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/plan.h"

#include <stdlib.h>

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	free(plan->addresses);
	free(plan->links);
	free(plan->routes);
	free(plan->owned);
	free(plan->hooks.inside);
	free(plan->hooks.outside);
	free(plan->hooks.known);
	free(plan->hooks.globals);
	free(plan->hooks.own);
	free(plan->hooks.static_ports);
	free(plan);
}
