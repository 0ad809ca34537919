/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What show and clear see of the engine: rows, counts, use.
 *
 * Promises: each call looks at a bounded number of records, so that packets never wait for an operator; a row is a copy. Flows
 * of the router itself are not shown: they translate nothing.
 */
#include <string.h>
#include "nat/call_life.h"
#include "nat/resolve.h"
#include "nat/session.h"

#define LOOK_MAX 4096 /* records that one call looks at */

/* STAGE_CALLS: clear only */
enum stage { STAGE_FLOWS, STAGE_EXPECTED, STAGE_CALLS, STAGE_BINDINGS, STAGE_STATICS, STAGE_END };

/* ---- rows ---- */

static void set_left(struct translation *row, uint64_t now, uint32_t timeout_s)
{
	uint64_t idle_s = row->used / 1000 > now / 1000 ? 0 : now / 1000 - row->used / 1000;

	if (timeout_s == TIMEOUT_NEVER)
		return;
	row->timeout_s = timeout_s;
	row->left_s = idle_s >= timeout_s ? 0 : (uint32_t)(timeout_s - idle_s);
}

/* A child is its parent's gateway's. */
static uint8_t alg_of(struct engine *engine, uint32_t index)
{
	const struct expect_record *link = expect_links(engine->expects) > 0 ? expect_of_child(engine->expects, index) : NULL;

	return link != NULL ? link->alg : (uint8_t)session_alg(engine, index);
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
		.alg = alg_of(engine, index),
	};
	for (int side = 0; side < 2; side++) {
		const struct flow_slot *slot = flow_slot_of(engine->flows, index, (enum flow_side)side);

		row->packets[side] = flow_packets(engine->flows, index, (enum flow_side)side);
		row->bytes[side] = slot->bytes;
	}
	set_left(row, now, flow_timeout(engine->snapshot, flow));
}

static void expected_row(const struct engine *engine, uint64_t now, uint32_t index, struct translation *row)
{
	const struct expect_record *record = expect_at(engine->expects, index);
	const uint32_t now_s = (uint32_t)(now / 1000);

	*row = (struct translation){
		.half = record->flags & EXPECT_ANY_REMOTE,
		.is_static = record->flags & EXPECT_STATIC,
		.expected = true,
		.alg = record->alg,
		.protocol = record->protocol,
		.vrf = record->vrf,
		.flags = record->flags & EXPECT_STATIC ? FLOW_STATIC : 0,
		.il = {record->il, record->il_port},
		.ig = {record->ig, record->ig_port},
		.ol = {record->remote, record->remote_port},
		.og = {record->remote, record->remote_port},
		.rule = record->rule,
		.created = record->made_s * 1000ULL,
		.used = record->made_s * 1000ULL,
		.timeout_s = record->until_s - record->made_s,
		.left_s = record->until_s > now_s ? record->until_s - now_s : 0,
		.entry_id = engine->records->max_flows * 2 + index + 1,
	};
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
		.entry_id = engine->records->max_flows * 2 + EXPECT_MAX + index + 1,
	};
}

static bool flow_matches(const struct translation_cursor *cursor, const struct flow_record *flow)
{
	const struct filter_subject subject = {
		.protocol = flow->protocol,
		.at = {{flow->il, flow->il_port},
		       {flow->ig, flow->ig_port},
		       {flow->ol, flow->ol_port},
		       {flow->og, flow->og_port}},
	};

	return !(flow->flags & FLOW_IDENTITY) && filter_matches(cursor->filter, &subject);
}

static bool expected_matches(const struct translation_cursor *cursor, const struct expect_record *record)
{
	const struct endpoint remote = {record->remote, record->remote_port};
	const struct filter_subject subject = {
		.protocol = record->protocol,
		.half = record->flags & EXPECT_ANY_REMOTE,
		.at = {{record->il, record->il_port}, {record->ig, record->ig_port}, remote, remote},
	};

	return filter_matches(cursor->filter, &subject);
}

static bool binding_matches(const struct translation_cursor *cursor, const struct binding_record *binding)
{
	const struct filter_subject subject = {
		.half = true, .at = {{binding->local, 0}, {binding->global, 0}}};

	return (binding->flags & BINDING_ADDRESS) && filter_matches(cursor->filter, &subject);
}

static bool static_matches(const struct translation_cursor *cursor, const struct snapshot_static *entry)
{
	const struct filter_subject subject = {
		.protocol = entry->protocol,
		.half = true,
		.at = {{entry->local, entry->local_port}, {entry->global, entry->global_port}},
	};

	return filter_matches(cursor->filter, &subject);
}

static uint32_t static_rows(const struct engine *engine, struct translation_cursor *cursor,
			    struct translation *rows, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t looked = 0;
	     looked < LOOK_MAX && n < max && cursor->next < engine->snapshot->n_statics; looked++) {
		uint32_t index = cursor->next++;

		if (!static_matches(cursor, &engine->snapshot->statics[index]))
			continue;
		if (rows != NULL)
			static_row(engine, index, &rows[n]);
		n++;
	}
	if (cursor->next >= engine->snapshot->n_statics)
		cursor->next = RECORD_NONE;
	return n;
}

/* There are few enough for one call. */
static uint32_t next_waiting(struct expect_table *table, uint32_t *next)
{
	uint32_t index;

	do {
		index = expect_next(table, next);
	} while (index != RECORD_NONE && !expect_waits(expect_at(table, index)));
	return index;
}

/* The next live record of the cursor's stage, RECORD_NONE at the end or when *look records more were looked at. */
static uint32_t next_record(struct engine *engine, struct translation_cursor *cursor, uint32_t *look)
{
	uint32_t from = cursor->next, index;

	if (cursor->stage == STAGE_FLOWS)
		index = flow_next(engine->flows, &cursor->next, *look);
	else if (cursor->stage == STAGE_EXPECTED)
		index = next_waiting(engine->expects, &cursor->next);
	else if (cursor->stage == STAGE_CALLS)
		index = call_next(engine->calls, &cursor->next, *look);
	else
		index = binding_next(engine->bindings, &cursor->next, *look);

	*look -= cursor->next == RECORD_NONE || cursor->next - from > *look ? 0 : cursor->next - from;
	return index;
}

static bool names_all(const struct filter *filter)
{
	return filter == NULL || (filter->protocol == 0 && filter->n_terms == 0);
}

static bool record_matches(const struct engine *engine, const struct translation_cursor *cursor,
			   uint32_t index)
{
	if (cursor->stage == STAGE_FLOWS)
		return flow_matches(cursor, flow_at(engine->flows, index));
	if (cursor->stage == STAGE_EXPECTED)
		return expected_matches(cursor, expect_at(engine->expects, index));
	if (cursor->stage == STAGE_CALLS)
		return names_all(cursor->filter) && call_is_call(call_at(engine->calls, index));
	return binding_matches(cursor, binding_at(engine->bindings, index));
}

static void fill_row(struct engine *engine, uint64_t now, const struct translation_cursor *cursor, uint32_t index,
		     struct translation *row)
{
	if (cursor->stage == STAGE_FLOWS)
		flow_row(engine, now, index, row);
	else if (cursor->stage == STAGE_EXPECTED)
		expected_row(engine, now, index, row);
	else
		binding_row(engine, now, index, row);
}

static uint32_t record_rows(struct engine *engine, uint64_t now, struct translation_cursor *cursor,
			    struct translation *rows, uint32_t max)
{
	uint32_t n = 0, look = LOOK_MAX;

	if (cursor->stage == STAGE_CALLS)
		cursor->next = RECORD_NONE;
	while (n < max && look > 0 && cursor->next != RECORD_NONE) {
		uint32_t index = next_record(engine, cursor, &look);

		if (index == RECORD_NONE)
			break;
		if (!record_matches(engine, cursor, index))
			continue;
		if (rows != NULL)
			fill_row(engine, now, cursor, index, &rows[n]);
		n++;
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
	if (rows == NULL)
		max = UINT32_MAX;
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
	out->all_host_missed = limit_all_host_missed(engine->limits);
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
	limit_clear_missed(engine->limits);
	if (engine->pools != NULL)
		pool_clear_misses(engine->pools);
}

void engine_limit_host(const struct engine *engine, ip4 host, struct limit_host *out)
{
	*out = (struct limit_host){.addr = host};
	if (engine->snapshot != NULL)
		limit_host_get(engine->limits, engine->snapshot, 0, host, out);
}

uint32_t engine_limit_hosts(const struct engine *engine, uint32_t *from, struct limit_host *out, uint32_t max)
{
	if (engine->snapshot != NULL && engine->snapshot->max_all_host != 0)
		return limit_hosts(engine->limits, engine->snapshot, from, out, max);
	*from = UINT32_MAX;
	return 0;
}

void engine_limit_list(const struct engine *engine, uint32_t list, uint32_t *used, uint64_t *missed)
{
	*used = 0;
	*missed = 0;
	if (engine->snapshot != NULL)
		limit_list_get(engine->limits, engine->snapshot, list, used, missed);
}

void engine_clear_matches(struct engine *engine, uint32_t acl)
{
	const struct snapshot *snapshot = engine->snapshot;
	uint32_t first = 0, end;

	if (snapshot == NULL || (acl != SNAPSHOT_NONE && acl >= snapshot->n_acls))
		return;
	end = snapshot->n_aces;
	if (acl != SNAPSHOT_NONE) {
		first = snapshot->acls[acl].first;
		end = first + snapshot->acls[acl].count;
	}
	for (uint32_t i = first; i < end; i++)
		__atomic_store_n(&snapshot->matches[i], 0, __ATOMIC_RELAXED);
}

uint32_t engine_expected(const struct engine *engine)
{
	return expect_count(engine->expects);
}

uint32_t engine_rule_uses(const struct engine *engine, uint64_t rule)
{
	return use_count(engine->uses, rule);
}

struct frag_counts engine_reassembly(const struct engine *engine, uint32_t ifindex, bool out)
{
	return frag_counts(engine->frags, ifindex, out);
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

static void fill_given(const struct engine *engine, uint32_t pool, struct pool_given *out)
{
	*out = (struct pool_given){.id = engine->snapshot->pools[pool].id,
				   .size = engine->snapshot->pools[pool].size,
				   .addresses = pool_allocated(engine->pools, pool),
				   .whole = pool_given(engine->pools, pool, CLASS_ADDRESS)};
	for (int group = 0; group < 3; group++) {
		out->tcp[group] = pool_given(engine->pools, pool, (enum pool_class)(CLASS_TCP + group));
		out->udp[group] = pool_given(engine->pools, pool, (enum pool_class)(CLASS_UDP + group));
	}
}

bool engine_pool_given(const struct engine *engine, const char *pool, struct pool_given *out)
{
	const struct snapshot *snapshot = engine->snapshot;

	for (uint32_t i = 0; snapshot != NULL && i < snapshot->n_pools; i++) {
		if (strcmp(snapshot->pools[i].name, pool) != 0)
			continue;
		fill_given(engine, i, out);
		return true;
	}
	return false;
}

/* ---- clear ---- */

/* A flow of a static entry or an address binding belongs to it; one of an overload rule stands for itself. */
static bool is_child(const struct engine *engine, const struct flow_record *flow)
{
	const struct binding_record *binding;

	if (flow->flags & FLOW_STATIC)
		return true;
	binding = flow->binding == RECORD_NONE ? NULL : binding_at(engine->bindings, flow->binding);
	return binding != NULL && (binding->flags & BINDING_ADDRESS);
}

static void clear_flow(struct engine *engine, uint64_t now, struct translation_cursor *cursor,
		       uint32_t index)
{
	if (cursor->spare_children && is_child(engine, flow_at(engine->flows, index))) {
		cursor->kept++;
		return;
	}
	if (!call_clear(engine, now, index)) {
		cursor->next = index;
		return;
	}
	cursor->ended++;
	if (flow_at(engine->flows, index) != NULL)
		flow_end(engine, now, index, EVENT_REMOVED);
}

static void clear_expected(struct engine *engine, uint64_t now, struct translation_cursor *cursor, uint32_t index)
{
	struct expect_record *record = expect_at(engine->expects, index);
	const struct binding_record *binding =
		record->binding == RECORD_NONE ? NULL : binding_at(engine->bindings, record->binding);
	bool child = (record->flags & EXPECT_STATIC) || (binding != NULL && (binding->flags & BINDING_ADDRESS));

	if (cursor->spare_children && child) {
		cursor->kept++;
		return;
	}
	expected_end(engine, now, record);
	cursor->ended++;
}

/* One that got a new flow meanwhile is in use again. */
static void clear_binding(struct engine *engine, uint64_t now, struct translation_cursor *cursor,
			  uint32_t index)
{
	struct binding_record *binding = binding_at(engine->bindings, index);

	if (binding->flows > 0) {
		cursor->kept++;
		return;
	}
	binding_end(engine, now, binding);
	cursor->ended++;
}

bool engine_clear_translations(struct engine *engine, uint64_t now, struct translation_cursor *cursor)
{
	uint32_t look = LOOK_MAX;

	for (int i = 0; i < LOOK_MAX / 4 && look > 0 && cursor->next != RECORD_NONE && !cursor->end; i++) {
		uint32_t index = next_record(engine, cursor, &look), after = cursor->next;

		if (index == RECORD_NONE)
			break;
		if (!record_matches(engine, cursor, index))
			continue;
		if (cursor->stage == STAGE_FLOWS)
			clear_flow(engine, now, cursor, index);
		else if (cursor->stage == STAGE_EXPECTED)
			clear_expected(engine, now, cursor, index);
		else if (cursor->stage == STAGE_CALLS)
			call_end(engine, now, call_at(engine->calls, index));
		else
			clear_binding(engine, now, cursor, index);
		if (cursor->next != after)
			break; /* not done with this one yet */
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

void engine_event_list(struct engine *engine, const struct snapshot *list)
{
	engine->event_list = list;
}

const struct event_ring *engine_events(const struct engine *engine)
{
	return &engine->events;
}
