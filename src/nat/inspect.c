/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What show and clear see of the engine: rows, counts, use.
 *
 * Promises: each call looks at a bounded number of records, so that packets never wait for an operator; a row is a copy. Flows
 * of the router itself are not shown: they translate nothing.
 */
#include <string.h>
#include "nat/state.h"

#define LOOK_MAX 4096 /* records that one call looks at */

enum stage { STAGE_FLOWS, STAGE_BINDINGS, STAGE_STATICS, STAGE_END };

/* ---- rows ---- */

static void set_left(struct translation *row, uint64_t now, uint32_t timeout_s)
{
	uint64_t idle_s = row->used / 1000 > now / 1000 ? 0 : now / 1000 - row->used / 1000;

	if (timeout_s == TIMEOUT_NEVER)
		return;
	row->timeout_s = timeout_s;
	row->left_s = idle_s >= timeout_s ? 0 : (uint32_t)(timeout_s - idle_s);
}

static void flow_row(struct engine *engine, uint64_t now, uint32_t index, struct translation *row)
{
	const struct flow_record *flow = flow_at(engine->flows, index);

	*row = (struct translation){
		.is_static = flow->flags & FLOW_STATIC,
		.protocol = flow->protocol,
		.phase = flow->phase,
		.vrf = flow->vrf,
		.flags = flow->flags,
		.il = {flow->il, flow->il_port},
		.ig = {flow->ig, flow->ig_port},
		.ol = {flow->ol, flow->ol_port},
		.og = {flow->og, flow->og_port},
		.rule = flow->rule,
		.created = flow->created_s * 1000ULL,
		.used = flow_last_used(engine, index) * 1000ULL,
		.entry_id = index + 1,
	};
	for (int side = 0; side < 2; side++) {
		const struct flow_slot *slot = flow_slot_of(engine->flows, index, (enum flow_side)side);

		row->packets[side] = slot->packets;
		row->bytes[side] = slot->bytes;
	}
	set_left(row, now, flow_timeout(engine->snapshot, flow));
}

static void binding_row(struct engine *engine, uint64_t now, uint32_t index, struct translation *row)
{
	const struct binding_record *binding = binding_at(engine->bindings, index);

	*row = (struct translation){
		.half = true,
		.vrf = binding->vrf,
		.il = {binding->local, 0},
		.ig = {binding->global, 0},
		.rule = binding->rule,
		.created = binding->created_s * 1000ULL,
		.used = binding->last_used_s * 1000ULL,
		.uses = binding->flows,
		.entry_id = engine->records->max_flows + index + 1,
	};
	if (binding->flows > 0)
		row->used = now;
	set_left(row, now, engine->snapshot->timeouts[TIMEOUT_ADDRESS]);
}

static void static_row(const struct engine *engine, uint32_t index, struct translation *row)
{
	const struct snapshot_static *entry = &engine->snapshot->statics[index];

	*row = (struct translation){
		.half = true,
		.is_static = true,
		.protocol = entry->protocol,
		.vrf = entry->vrf,
		.flags = FLOW_STATIC,
		.il = {entry->local, entry->local_port},
		.ig = {entry->global, entry->global_port},
		.rule = entry->id,
		.uses = use_count(engine->uses, entry->id),
		.entry_id = engine->records->max_flows * 2 + index + 1,
	};
}

static bool flow_shown(struct engine *engine, uint64_t now, uint32_t index, struct translation *row)
{
	if (flow_at(engine->flows, index)->flags & FLOW_IDENTITY)
		return false;
	flow_row(engine, now, index, row);
	return true;
}

static bool binding_shown(struct engine *engine, uint64_t now, uint32_t index, struct translation *row)
{
	if (!(binding_at(engine->bindings, index)->flags & BINDING_ADDRESS))
		return false;
	binding_row(engine, now, index, row);
	return true;
}

static uint32_t static_rows(const struct engine *engine, struct translation_cursor *cursor,
			    struct translation *rows, uint32_t max)
{
	uint32_t n = 0;

	while (n < max && cursor->next < engine->snapshot->n_statics)
		static_row(engine, cursor->next++, &rows[n++]);
	if (cursor->next >= engine->snapshot->n_statics)
		cursor->next = RECORD_NONE;
	return n;
}

static uint32_t record_rows(struct engine *engine, uint64_t now, struct translation_cursor *cursor,
			    struct translation *rows, uint32_t max)
{
	bool flows = cursor->stage == STAGE_FLOWS;
	uint32_t n = 0;

	for (uint32_t looked = 0; n < max && looked < LOOK_MAX && cursor->next != RECORD_NONE;) {
		uint32_t from = cursor->next;
		uint32_t index = flows ? flow_next(engine->flows, &cursor->next, LOOK_MAX - looked)
				       : binding_next(engine->bindings, &cursor->next, LOOK_MAX - looked);

		looked += cursor->next == RECORD_NONE ? 0 : cursor->next - from;
		if (index == RECORD_NONE)
			break;
		n += flows ? flow_shown(engine, now, index, &rows[n])
			   : binding_shown(engine, now, index, &rows[n]);
	}
	return n;
}

static void next_stage(struct translation_cursor *cursor)
{
	if (cursor->next != RECORD_NONE)
		return;
	cursor->next = 0;
	cursor->end = ++cursor->stage == STAGE_END;
}

uint32_t engine_translations(struct engine *engine, uint64_t now, struct translation_cursor *cursor,
			     struct translation *rows, uint32_t max)
{
	uint32_t n = 0;

	if (engine->snapshot == NULL)
		cursor->end = true;
	if (cursor->end || max == 0)
		return 0;
	n = cursor->stage == STAGE_STATICS ? static_rows(engine, cursor, rows, max)
					   : record_rows(engine, now, cursor, rows, max);
	next_stage(cursor);
	return n;
}

/* ---- counts ---- */

void engine_counts(const struct engine *engine, struct engine_counts *out)
{
	*out = engine->counts;
	out->flows = flow_count(engine->flows) - engine->identities;
	out->address_bindings = engine->address_bindings;
	out->extended = out->flows;
	if (engine->snapshot == NULL)
		return;
	out->statics = engine->snapshot->n_statics;
	out->extended += engine->snapshot->n_static_ports;
	/* A static entry counts for the peak from the moment it is there, also before any packet. */
	if (out->peak < out->flows + out->address_bindings + out->statics)
		out->peak = out->flows + out->address_bindings + out->statics;
}

void engine_clear_counts(struct engine *engine)
{
	memset(&engine->counts, 0, sizeof(engine->counts));
	if (engine->pools != NULL)
		pool_clear_misses(engine->pools);
}

uint32_t engine_rule_uses(const struct engine *engine, uint64_t rule)
{
	return use_count(engine->uses, rule);
}

void engine_pool_use(const struct engine *engine, const char *pool, uint32_t *allocated, uint64_t *misses)
{
	const struct snapshot *snapshot = engine->snapshot;

	*allocated = 0;
	*misses = 0;
	for (uint32_t i = 0; snapshot != NULL && i < snapshot->n_pools; i++) {
		if (strcmp(snapshot->pools[i].name, pool) != 0)
			continue;
		*allocated = pool_allocated(engine->pools, i);
		*misses = pool_misses(engine->pools, i);
	}
}

/* ---- clear ---- */

static void clear_flow(struct engine *engine, uint64_t now, uint32_t index)
{
	if (!(flow_at(engine->flows, index)->flags & FLOW_IDENTITY))
		flow_end(engine, now, index, EVENT_REMOVED);
}

static void clear_binding(struct engine *engine, uint64_t now, uint32_t index)
{
	struct binding_record *binding = binding_at(engine->bindings, index);

	/* One that got a new flow meanwhile is in use again. */
	if ((binding->flags & BINDING_ADDRESS) && binding->flows == 0)
		binding_end(engine, now, binding);
}

bool engine_clear_translations(struct engine *engine, uint64_t now, struct translation_cursor *cursor)
{
	bool flows = cursor->stage == STAGE_FLOWS;
	uint32_t index = 0;

	for (int i = 0; i < LOOK_MAX / 4 && index != RECORD_NONE && !cursor->end; i++) {
		index = flows ? flow_next(engine->flows, &cursor->next, LOOK_MAX)
			      : binding_next(engine->bindings, &cursor->next, LOOK_MAX);
		if (index == RECORD_NONE)
			break;
		if (flows)
			clear_flow(engine, now, index);
		else
			clear_binding(engine, now, index);
	}
	if (cursor->next == RECORD_NONE) {
		cursor->next = 0;
		cursor->end = ++cursor->stage == STAGE_STATICS;
	}
	return cursor->end;
}

/* ---- events ---- */

void engine_packet_events(struct engine *engine, bool on)
{
	engine->packet_events = on;
}

const struct event_ring *engine_events(const struct engine *engine)
{
	return &engine->events;
}
