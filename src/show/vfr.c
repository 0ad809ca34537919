/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/vfr.h"

#include <inttypes.h>
#include <string.h>

struct ask {
	struct engine *engine;
	const struct snapshot *snapshot;
	uint32_t ifindex;
	bool out;
	struct frag_counts counts;
};

static void take_snapshot(void *arg)
{
	struct ask *ask = arg;

	ask->snapshot = engine_snapshot(ask->engine);
}

static void take_counts(void *arg)
{
	struct ask *ask = arg;

	ask->counts = engine_reassembly(ask->engine, ask->ifindex, ask->out);
}

static void print_block(FILE *out, const char *name, const struct frag_limits *limits, const struct ask *ask)
{
	uint32_t datagrams = limits->datagrams != 0 ? limits->datagrams : FRAG_DATAGRAMS;

	fprintf(out, "%s:\n", name);
	fprintf(out, "   Virtual Fragment Reassembly (VFR) is ENABLED [%s]\n", ask->out ? "out" : "in");
	fprintf(out, "   Concurrent reassemblies (max-reassemblies): %" PRIu32 "\n", datagrams);
	fprintf(out, "   Fragments per reassembly (max-fragments): %u\n", limits->pieces);
	fprintf(out, "   Reassembly timeout (timeout): %" PRIu32 " seconds\n", limits->timeout / 1000);
	fprintf(out, "   Drop fragments: %s\n\n", limits->drop ? "ON" : "OFF");
	fprintf(out, "   Current reassembly count:%" PRIu32 "\n", ask->counts.datagrams);
	fprintf(out, "   Current fragment count:%" PRIu32 "\n", ask->counts.pieces);
	fprintf(out, "   Total reassembly count:%" PRIu64 "\n", ask->counts.reassembled);
	fprintf(out, "   Total reassembly timeout count:%" PRIu64 "\n\n", ask->counts.timeouts);
}

static void print_interface(FILE *out, struct mailbox *box, struct ask *ask,
			    const struct snapshot_interface *interface)
{
	for (int direction = 0; direction < 2; direction++) {
		const struct snapshot_reassembly *row =
			snapshot_reassembly(ask->snapshot, interface->ifindex, direction == 1);

		if (row == NULL && (direction == 1 || interface->role == ROLE_NONE))
			continue;
		ask->ifindex = interface->ifindex;
		ask->out = direction == 1;
		mailbox_call(box, take_counts, ask);
		print_block(out, interface->name, row != NULL ? &row->limits : &frag_limits_builtin, ask);
	}
}

void vfr_print(FILE *out, struct mailbox *box, struct engine *engine, const char *interface)
{
	struct ask ask = {.engine = engine};

	mailbox_call(box, take_snapshot, &ask);
	for (uint32_t i = 0; ask.snapshot != NULL && i < ask.snapshot->n_interfaces; i++) {
		const struct snapshot_interface *row = &ask.snapshot->interfaces[i];

		if (interface == NULL || strcmp(row->name, interface) == 0)
			print_interface(out, box, &ask, row);
	}
}
