/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/pool.h"

#include <inttypes.h>

/* Of each address and protocol. Ports below 512 stay what they are or are not given out at all: none to be counted on. */
#define LOW_PORTS  512
#define HIGH_PORTS 64512

struct ask {
	struct engine *engine;
	const char *name;
	struct pool_given given;
	bool found;
};

static void take(void *arg)
{
	struct ask *ask = arg;

	ask->found = engine_pool_given(ask->engine, ask->name, &ask->given);
}

static void print_row(FILE *out, const char *title, uint64_t assigned, uint64_t all)
{
	fprintf(out, "%-20s%16" PRIu64 "%17" PRIu64 "\n", title, assigned, all > assigned ? all - assigned : 0);
}

bool pool_print(FILE *out, struct mailbox *box, struct engine *engine, const char *name)
{
	struct ask ask = {.engine = engine, .name = name};
	const struct pool_given *given = &ask.given;
	uint64_t shared;

	mailbox_call(box, take, &ask);
	if (!ask.found)
		return false;
	/* An address that one host has as a whole has no ports for others. */
	shared = given->size - given->whole;
	fprintf(out, "NAT Pool Statistics\n\nPool name %s, id %" PRIu32 "\n", name, given->id);
	fprintf(out, "%36s%17s\n", "Assigned", "Available");
	print_row(out, "Addresses", given->addresses, given->size);
	print_row(out, "UDP Low Ports", given->udp[1], shared * LOW_PORTS);
	print_row(out, "TCP Low Ports", given->tcp[1], shared * LOW_PORTS);
	print_row(out, "UDP High Ports", given->udp[2], shared * HIGH_PORTS);
	print_row(out, "TCP High Ports", given->tcp[2], shared * HIGH_PORTS);
	fputs("\n(Low ports are 512 to 1023. High ports are greater than or equal to 1024.)\n", out);
	return true;
}
