/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/statistics.h"

#include <inttypes.h>
#include <string.h>
#include "lib/addr.h"
#include "show/table.h"

#define LINE_WIDTH 80

struct ask {
	struct engine *engine;
	const struct snapshot *snapshot;
	struct engine_counts counts;
	/* one dynamic mapping */
	const struct snapshot_rule *rule;
	uint32_t uses, allocated;
	uint64_t misses;
	/* one limit */
	uint32_t list;
	struct limit_host host;
};

static void take_counts(void *arg)
{
	struct ask *ask = arg;

	ask->snapshot = engine_snapshot(ask->engine);
	engine_counts(ask->engine, &ask->counts);
}

static void take_rule(void *arg)
{
	struct ask *ask = arg;

	ask->uses = engine_rule_uses(ask->engine, ask->rule->id);
	ask->allocated = 0;
	ask->misses = 0;
	if (ask->rule->pool != SNAPSHOT_NONE)
		engine_pool_use(ask->engine, ask->rule->target_name, &ask->allocated, &ask->misses);
}

/* "A, B, C" in lines of about 80 columns, indented by 2; where a line breaks there is no comma. */
static void print_interfaces(FILE *out, const struct snapshot *snapshot, enum nat_role role)
{
	size_t column = 0;

	for (uint32_t i = 0; snapshot != NULL && i < snapshot->n_interfaces; i++) {
		const struct snapshot_interface *interface = &snapshot->interfaces[i];
		size_t length = strlen(interface->name);

		if (interface->role != role)
			continue;
		if (column > 0 && column + 2 + length >= LINE_WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		fprintf(out, "%s%s", column == 0 ? "  " : ", ", interface->name);
		column += 2 + length;
	}
	if (column > 0)
		fputc('\n', out);
}

static void print_pool(FILE *out, const struct snapshot *snapshot, const struct ask *ask)
{
	const struct snapshot_pool *pool = &snapshot->pools[ask->rule->pool];
	char first[IP4_TEXT_SIZE], last[IP4_TEXT_SIZE];

	fprintf(out, " pool %s: id %" PRIu32 ", netmask %s\n", pool->name, pool->id, ip4_text(pool->netmask, first));
	for (uint32_t i = 0; i < pool->count; i++) {
		const struct snapshot_pool_range *range = &snapshot->pool_ranges[pool->first + i];

		fprintf(out, "    start %s end %s\n", ip4_text(range->first, first), ip4_text(range->last, last));
	}
	fprintf(out, "    type generic, total addresses %" PRIu32 ", allocated %" PRIu32 " (%u%%), misses %" PRIu64 "\n",
		pool->size, ask->allocated,
		pool->size > 0 ? (unsigned)((uint64_t)ask->allocated * 100 / pool->size) : 0, ask->misses);
}

static void print_mappings(FILE *out, struct mailbox *box, struct ask *ask)
{
	const struct snapshot *snapshot = ask->snapshot;

	fputs("Dynamic mappings:\n", out);
	if (snapshot == NULL || snapshot->n_rules == 0)
		return;
	fputs("-- Inside Source\n", out);
	for (uint32_t i = 0; i < snapshot->n_rules; i++) {
		ask->rule = &snapshot->rules[i];
		mailbox_call(box, take_rule, ask);
		fprintf(out, "[Id: %" PRIu32 "] access-list %s %s %s refcount %" PRIu32 "\n", ask->rule->number,
			ask->rule->acl_name, ask->rule->is_interface ? "interface" : "pool", ask->rule->target_name,
			ask->uses);
		if (ask->rule->pool != SNAPSHOT_NONE)
			print_pool(out, snapshot, ask);
	}
}

static void take_host(void *arg)
{
	struct ask *ask = arg;

	engine_limit_host(ask->engine, ask->host.addr, &ask->host);
}

static void take_list(void *arg)
{
	struct ask *ask = arg;

	engine_limit_list(ask->engine, ask->list, &ask->uses, &ask->misses);
}

static void print_limit(FILE *out, uint32_t max, uint32_t used, uint64_t missed)
{
	fprintf(out, ": max allowed %" PRIu32 ", used %" PRIu32 ", missed %" PRIu64 "\n", max, used, missed);
}

/* The hosts that have limits of their own; what is left of all entries is under the limit for all hosts. */
static void print_host_limits(FILE *out, struct mailbox *box, struct ask *ask)
{
	const struct snapshot *snapshot = ask->snapshot;
	uint32_t others = ask->counts.flows + ask->counts.address_bindings;
	char addr[IP4_TEXT_SIZE];

	for (uint32_t i = 0; i < snapshot->n_host_limits; i++) {
		ask->host.addr = snapshot->host_limits[i].addr;
		mailbox_call(box, take_host, ask);
		others -= ask->host.used < others ? ask->host.used : others;
		fprintf(out, " host %s", ip4_text(ask->host.addr, addr));
		print_limit(out, ask->host.max, ask->host.used, ask->host.missed);
	}
	if (snapshot->max_all_host == 0)
		return;
	fputs(" all-host", out);
	print_limit(out, snapshot->max_all_host, others, ask->counts.all_host_missed);
}

static void print_list_limits(FILE *out, struct mailbox *box, struct ask *ask)
{
	const struct snapshot *snapshot = ask->snapshot;

	for (ask->list = 0; ask->list < snapshot->n_list_limits; ask->list++) {
		const struct snapshot_list_limit *limit = &snapshot->list_limits[ask->list];

		mailbox_call(box, take_list, ask);
		fprintf(out, " access-list %s", limit->name);
		print_limit(out, limit->max, ask->uses, ask->misses);
	}
}

static void print_limits(FILE *out, struct mailbox *box, struct ask *ask)
{
	const struct engine_counts *counts = &ask->counts;
	uint32_t max = ask->snapshot != NULL ? ask->snapshot->max_entries : 0;

	fputs("nat-limit statistics:\n max entry", out);
	print_limit(out, max, max > 0 ? counts->flows + counts->address_bindings : 0, counts->limit_missed);
	if (ask->snapshot != NULL) {
		print_list_limits(out, box, ask);
		print_host_limits(out, box, ask);
	}
	fprintf(out, "In-to-out drops: %" PRIu64 "  Out-to-in drops: %" PRIu64 "\n", counts->in_to_out_drops,
		counts->out_to_in_drops);
	fprintf(out, "Pool stats drop: %" PRIu64 "  Mapping stats drop: %" PRIu64 "\n",
		counts->reasons[REASON_NO_PORT], counts->reasons[REASON_NO_ADDRESS]);
	/* Ports are not reserved in blocks, and an address route that Linux refuses is tried again: neither can fail here. */
	fprintf(out, "Port block alloc fail: 0\nIP alias add fail: 0\nLimit entry add fail: %" PRIu64 "\n",
		counts->limit_add_failed);
}

/* The number stands last so that a parser splits at the run of blanks. */
static void print_counter(FILE *out, const char *text, uint64_t count)
{
	static const struct column columns[] = {
		{"", "", 0, FIELD_TEXT},
		{"reason", "", 2, FIELD_TEXT},
		{"packets", "", 60, FIELD_NUMBER},
	};
	struct cell fields[] = {{.text = ""}, {.text = text}, {.number = count}};
	char line[160];

	fwrite(line, 1, table_row(columns, 3, fields, line, sizeof(line)), out);
}

static void print_reasons(FILE *out, const struct engine_counts *counts, uint64_t kernel_drops,
			  uint64_t guard_drops)
{
	fputs("Packets by reason:\n", out);
	for (unsigned i = 0; i < REASON_COUNT; i++)
		if (counts->reasons[i] != 0)
			print_counter(out, reason_text((enum reason)i), counts->reasons[i]);
	fprintf(out, "Kernel queue drops: %" PRIu64 "\n", kernel_drops);
	fprintf(out, "Guard drops: %" PRIu64 "\n", guard_drops);
}

void statistics_print(FILE *out, struct mailbox *box, struct engine *engine, uint64_t kernel_drops,
		      uint64_t guard_drops)
{
	struct ask ask = {.engine = engine};
	const struct engine_counts *counts = &ask.counts;
	uint32_t dynamic;

	mailbox_call(box, take_counts, &ask);
	dynamic = counts->flows + counts->address_bindings;
	fprintf(out, "Total active translations: %" PRIu32 " (%" PRIu32 " static, %" PRIu32 " dynamic; %" PRIu32
		" extended)\n", counts->statics + dynamic, counts->statics, dynamic, counts->extended);
	fputs("Outside interfaces:\n", out);
	print_interfaces(out, ask.snapshot, ROLE_OUTSIDE);
	fputs("Inside interfaces: \n", out);
	print_interfaces(out, ask.snapshot, ROLE_INSIDE);
	fprintf(out, "Hits: %" PRIu64 "  Misses: %" PRIu64 "\n", counts->hits, counts->misses);
	fprintf(out, "Expired translations: %" PRIu64 "\n", counts->expired);
	print_mappings(out, box, &ask);
	print_limits(out, box, &ask);
	print_reasons(out, counts, kernel_drops, guard_drops);
}
