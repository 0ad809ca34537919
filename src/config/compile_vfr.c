/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ip virtual-reassembly -> limits of an interface and direction. */
#include "config/build.h"
#include "gram_tables.h"

static struct frag_limits limits_of(const struct args_if_reassembly *args)
{
	return (struct frag_limits){
	    .drop = args->drop_fragments,
	    .datagrams = args->has_datagrams ? (uint16_t)args->datagrams : REASSEMBLY_DATAGRAMS,
	    .pieces = args->has_pieces ? (uint16_t)args->pieces : REASSEMBLY_PIECES,
	    .timeout = (args->has_seconds ? args->seconds : REASSEMBLY_SECONDS) * 1000,
	};
}

static void build_direction(struct build *build, const struct build_interface *interface, bool out)
{
	uint8_t direction = out ? IF_REASSEMBLY_DIRECTION_OUT : IF_REASSEMBLY_DIRECTION_IN;
	struct snapshot *snapshot = build->snapshot;
	struct entry *entry = NULL;

	while ((entry = store_next(build->store, interface->config, gram_cmds[CMD_IF_REASSEMBLY],
				   entry))) {
		const struct args_if_reassembly *args = entry->args;

		if (args->direction != direction)
			continue;
		*BUILD_PUSH(snapshot->reassemblies, snapshot->n_reassemblies) =
		    (struct snapshot_reassembly){.ifindex = interface->mirror->index,
						 .out = out,
						 .limits = limits_of(args)};
	}
}

void build_reassembly(struct build *build, const struct build_interface *interface)
{
	if (interface->config == NULL)
		return;
	build_direction(build, interface, false);
	build_direction(build, interface, true);
}
