/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ip tcp adjust-mss -> the ways it holds for. */
#include "config/build.h"
#include "gram_tables.h"

static uint16_t mss_of(const struct build *build, const struct build_interface *interface)
{
	const struct entry *entry = NULL;

	if (interface->config != NULL)
		entry = store_next(build->store, interface->config, gram_cmds[CMD_IF_MSS], NULL);
	return entry != NULL ? (uint16_t)((const struct args_if_mss *)entry->args)->bytes : 0;
}

static void add_row(struct build *build, const struct build_interface *interface, ip4 net, ip4 care)
{
	*BUILD_PUSH(build->snapshot->mss, build->snapshot->n_mss) =
	    (struct snapshot_mss){.ifindex = interface->mirror->index,
				  .net = net & care,
				  .care = care,
				  .mss = mss_of(build, interface),
				  .inside = interface->role == ROLE_INSIDE};
}

static void add_rows(struct build *build, const struct build_interface *interface)
{
	for (uint32_t i = 0; i < interface->n_addresses; i++) {
		const struct build_address *address = &interface->addresses[i];

		add_row(build, interface, address->addr, ip4_mask(address->len));
	}
	if (interface->n_addresses == 0)
		add_row(build, interface, 0, UINT32_MAX);
}

void build_mss(struct build *build)
{
	bool wanted = false;

	for (uint32_t i = 0; i < build->n_interfaces; i++)
		wanted = wanted || mss_of(build, &build->interfaces[i]) != 0;
	/* Inside interfaces without it, too: who is connected there is not behind another router.
	 */
	for (uint32_t i = 0; wanted && i < build->n_interfaces; i++) {
		const struct build_interface *interface = &build->interfaces[i];

		if (interface->role == ROLE_INSIDE || mss_of(build, interface) != 0)
			add_rows(build, interface);
	}
}
