/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expectations in the engine: the first packet that fits one, the flow that comes of it, and the
 * end.
 *
 * A child takes the mapping that was announced for it, whatever static entries and rules would say.
 * From inside it leaves by its parent's global address: under a static entry that maps it there,
 * else by a port of its own. While it lives, its use is its parent's too.
 *
 * Promises: TCP is opened by a SYN only; a record that waits holds its binding, and gives it back
 * however it ends; nothing is admitted that the configuration does not have any more. May not read
 * messages.
 */
#include "nat/call_life.h"
#include "nat/resolve.h"

#include <string.h>
#include "nat/session.h"

/* ---- counting ---- */

/* Unless its place is another call's by now. */
static void name_call(const struct engine *engine, const struct expect_record *record, struct alg_trace *trace)
{
	const struct call_record *call = call_at(engine->calls, record->call);

	if (call != NULL && call->created_s <= record->made_s)
		session_call_text(call->key, call->key_length, trace->call);
}

static void trace(struct engine *engine, uint64_t now, uint8_t kind, const struct expect_record *record)
{
	struct alg_trace trace = {
		.now = now,
		.alg = record->alg,
		.kind = kind,
		.side = record->side,
		.il = {record->il, record->il_port},
		.og = {record->remote, record->remote_port},
		.before = {record->ig, record->ig_port},
		.after = {record->il, record->il_port},
	};

	memcpy(trace.message, record->message, sizeof(record->message));
	name_call(engine, record, &trace);
	session_trace(engine, &trace);
}

void expect_note(struct engine *engine, uint64_t now, uint8_t kind,
		 const struct expect_record *record)
{
	struct expect_counts *counts =
	    &engine->expect_counts[record->alg < ALG_COUNT ? record->alg : ALG_NONE];

	if (kind == TRACE_EXPECTED)
		counts->expected++;
	else if (kind == TRACE_CAME)
		counts->used++;
	else if ((uint64_t)record->until_s * 1000 <= now)
		counts->expired++;
	else
		counts->cancelled++;
	trace(engine, now, kind, record);
}

/* ---- policy ---- */

const struct snapshot_static *static_between(const struct snapshot *snapshot, uint16_t vrf,
					     uint8_t protocol, struct endpoint local, ip4 global)
{
	const struct snapshot_static *entry;
	uint32_t cursor = 0;

	do {
		entry = snapshot_static_local_next(snapshot, vrf, protocol, local, &cursor);
	} while (entry != NULL && entry->global != global);
	return entry;
}

bool unclaimed(const struct snapshot *snapshot, uint16_t vrf, uint8_t protocol,
	       struct endpoint global, struct endpoint local)
{
	const struct snapshot_static *owner =
	    snapshot_static_global(snapshot, vrf, protocol, global);

	if (owner == NULL)
		return true;
	return owner->local == local.addr &&
	       (owner->protocol != 0 ? owner->local_port : global.port) == local.port;
}

static bool still_fits(const struct snapshot *snapshot, const struct expect_record *record)
{
	struct endpoint il = {record->il, record->il_port}, ig = {record->ig, record->ig_port};

	if (!mapping_fits(snapshot, record->rule, record->flags & EXPECT_STATIC, record->il,
			  record->ig))
		return false;
	return record->side == SIDE_INSIDE ||
	       unclaimed(snapshot, record->vrf, record->protocol, ig, il);
}

/* ---- the first packet ---- */

static bool is_opening(const struct decoded *view)
{
	if (view->kind != L4_PORTS)
		return false;
	return view->protocol != PROTOCOL_TCP ||
	       (view->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

/* The global endpoint of a child from inside. Without a binding of its own yet, the port is not
 * known. */
static bool leaves_as(const struct ask *ask, const struct expect_record *record, struct leg *leg)
{
	const struct snapshot_static *entry =
	    static_between(ask->snapshot, ask->vrf, record->protocol, leg->il, record->ig);
	const struct binding_record *binding;

	leg->ig = (struct endpoint){record->ig, leg->il.port};
	if (entry != NULL) {
		leg->fixed = leg->is_static = true;
		leg->id = entry->id;
		if (entry->protocol != 0)
			leg->ig.port = entry->global_port;
	}
	if (entry != NULL || leg->binding != RECORD_NONE)
		return unclaimed(ask->snapshot, ask->vrf, record->protocol, leg->ig, leg->il);
	binding = binding_by_rule(ask->engine->bindings, ask->vrf, record->protocol, leg->il,
				  record->rule);
	leg->ig.port = 0;
	if (binding == NULL || !binding_fits(ask->snapshot, binding))
		return true;
	leg->ig = (struct endpoint){binding->global, binding->global_port};
	leg->binding = binding_index(ask->engine->bindings, binding);
	return true;
}

bool resolve_expected(const struct ask *ask, enum flow_side side, struct endpoint source,
		      struct endpoint destination, struct leg *leg)
{
	struct leg found = *leg;
	const struct expect_record *record;

	if (!is_opening(ask->view))
		return false;
	if (call_leg(ask, side, source, destination, leg))
		return true;
	if (expect_count(ask->engine->expects) == 0)
		return false;
	record = expect_find(ask->engine->expects, ask->vrf, ask->view->protocol, side, source,
			     destination);
	if (record == NULL || !still_fits(ask->snapshot, record))
		return false;
	found.kind = LEG_EXPECTED;
	found.expectation = expect_index(ask->engine->expects, record);
	found.child = record->child;
	found.id = record->rule;
	found.binding = record->binding;
	found.is_static = record->flags & EXPECT_STATIC;
	found.fixed = side == SIDE_OUTSIDE && record->binding == RECORD_NONE;
	found.il = side == SIDE_OUTSIDE ? (struct endpoint){record->il, record->il_port} : source;
	found.ig = destination;
	found.og = side == SIDE_OUTSIDE ? source : destination;
	if (side == SIDE_INSIDE && !leaves_as(ask, record, &found))
		return false;
	*leg = found;
	return true;
}

uint32_t expected_parent(const struct engine *engine, const struct leg *leg)
{
	const struct expect_record *record =
		leg->expectation < EXPECT_MAX ? expect_at(engine->expects, leg->expectation) : NULL;

	return record != NULL ? record->parent : RECORD_NONE;
}

/* ---- beginning and end ---- */

static uint32_t node_of(const struct engine *engine, const struct expect_record *record)
{
	return engine->records->max_flows * 2 + expect_index(engine->expects, record);
}

static void arm(struct engine *engine, uint64_t now, const struct expect_record *record)
{
	uint64_t when = (uint64_t)record->until_s * 1000;

	wheel_arm(engine->wheel, node_of(engine, record), when > now ? when : now + 1);
}

static void hold(struct engine *engine, uint64_t now, const struct expect_record *record)
{
	if (record->binding != RECORD_NONE)
		binding_at(engine->bindings, record->binding)->flows++;
	arm(engine, now, record);
}

static void let_go(struct engine *engine, uint64_t now, const struct expect_record *record)
{
	wheel_disarm(engine->wheel, node_of(engine, record));
	if (record->binding != RECORD_NONE)
		binding_leave(engine, now, record->binding, seconds(now));
}

struct expect_record *expected_add(struct engine *engine, uint64_t now,
				   const struct expect_record *body)
{
	struct expect_record *record = expect_add(engine->expects, body);

	if (record != NULL)
		hold(engine, now, record);
	return record;
}

void expected_undo(struct engine *engine, uint64_t now, struct expect_record *record)
{
	let_go(engine, now, record);
	expect_remove(engine->expects, record);
}

void expected_end(struct engine *engine, uint64_t now, struct expect_record *record)
{
	expect_note(engine, now, TRACE_CANCELLED, record);
	expected_undo(engine, now, record);
}

/* It goes on waiting; a copy of it is the link. */
static void came_again(struct engine *engine, struct expect_record *record, uint32_t flow)
{
	struct expect_record link = *record;

	record->flags |= EXPECT_USED;
	link.came = flow;
	link.binding = RECORD_NONE;
	if (link.parent != RECORD_NONE && expect_links(engine->expects) < EXPECT_MAX / 2)
		expect_add(engine->expects, &link);
}

void resolve_came(struct engine *engine, uint64_t now, uint32_t expectation, uint32_t flow)
{
	struct expect_record *record = expect_at(engine->expects, expectation);

	if (record == NULL || !expect_waits(record))
		return;
	expect_note(engine, now, TRACE_CAME, record);
	if (record->flags & EXPECT_MANY) {
		came_again(engine, record, flow);
		return;
	}
	let_go(engine, now, record);
	record->binding = RECORD_NONE;
	if (!expect_link(engine->expects, record, flow))
		expect_remove(engine->expects, record);
}

void resolve_cancel(struct engine *engine, uint64_t now, uint32_t flow, bool parent_gone)
{
	uint32_t index = expect_next_of_parent(engine->expects, flow, RECORD_NONE);

	while (index != RECORD_NONE) {
		struct expect_record *record = expect_at(engine->expects, index);

		index = expect_next_of_parent(engine->expects, flow, index);
		if (expect_waits(record))
			expected_end(engine, now, record);
		else if (parent_gone)
			expect_remove(engine->expects, record);
	}
}

void expected_due(struct engine *engine, uint64_t now, uint32_t index)
{
	struct expect_record *record = expect_at(engine->expects, index);

	if (record == NULL || !expect_waits(record))
		return;
	if ((uint64_t)record->until_s * 1000 <= now)
		expected_end(engine, now, record);
	else
		arm(engine, now, record);
}

/* ---- parents and children ---- */

static void used_until(struct engine *engine, uint32_t flow, uint32_t last_used_s)
{
	struct flow_slot *slot = flow_slot_of(engine->flows, flow, SIDE_INSIDE);

	if (slot->last_used_s < last_used_s)
		slot->last_used_s = last_used_s;
}

static bool is_open(const struct engine *engine, uint32_t flow)
{
	const struct flow_record *record = flow_at(engine->flows, flow);

	return record != NULL && record->phase != PHASE_CLOSING;
}

void expected_use(struct engine *engine, uint32_t flow)
{
	uint32_t index = RECORD_NONE;

	if (expect_links(engine->expects) == 0 || !is_open(engine, flow))
		return;
	while ((index = expect_next_of_parent(engine->expects, flow, index)) != RECORD_NONE) {
		const struct expect_record *record = expect_at(engine->expects, index);

		if (!expect_waits(record))
			used_until(engine, flow, flow_last_used(engine, record->came));
	}
}

void expected_ends(struct engine *engine, uint64_t now, uint32_t flow)
{
	struct expect_record *link;

	if (expect_count(engine->expects) == 0 && expect_links(engine->expects) == 0)
		return;
	link = expect_of_child(engine->expects, flow);
	if (link != NULL) {
		if (is_open(engine, link->parent))
			used_until(engine, link->parent, flow_last_used(engine, flow));
		expect_remove(engine->expects, link);
	}
	resolve_cancel(engine, now, flow, true);
}

/* ---- configuration and adoption ---- */

void expected_follow(struct engine *engine, uint64_t now)
{
	uint32_t from = 0, index;

	if (expect_count(engine->expects) == 0)
		return;
	while ((index = expect_next(engine->expects, &from)) != RECORD_NONE) {
		struct expect_record *record = expect_at(engine->expects, index);

		if (expect_waits(record) && !still_fits(engine->snapshot, record))
			expected_end(engine, now, record);
	}
}

/* The binding that it must hold, by what it says; *needed: it needs one. */
static struct binding_record *binding_for(struct engine *engine, const struct expect_record *record,
					  bool *needed)
{
	struct endpoint local = {record->il, record->il_port}, host = {record->il, 0};
	const struct snapshot_static *entry =
	    static_between(engine->snapshot, record->vrf, record->protocol, local, record->ig);
	struct binding_record *binding = NULL;

	*needed = record->side == SIDE_OUTSIDE && entry == NULL;
	if (*needed)
		binding = binding_by_rule(engine->bindings, record->vrf, record->protocol, local,
					  record->rule);
	if (binding != NULL && binding->global == record->ig &&
	    binding->global_port == record->ig_port)
		return binding;
	if (record->il_port != record->ig_port && *needed)
		return NULL;
	binding = binding_by_rule(engine->bindings, record->vrf, 0, host, record->rule);
	return binding != NULL && binding->global == record->ig ? binding : NULL;
}

static bool adopt_waiting(struct engine *engine, uint64_t now, struct expect_record *record)
{
	struct binding_record *binding;
	bool needed;

	if ((uint64_t)record->until_s * 1000 <= now || !still_fits(engine->snapshot, record))
		return false;
	if (record->parent != RECORD_NONE && flow_at(engine->flows, record->parent) == NULL)
		return false;
	binding = binding_for(engine, record, &needed);
	if (needed && binding == NULL)
		return false;
	record->binding = binding != NULL ? binding_index(engine->bindings, binding) : RECORD_NONE;
	hold(engine, now, record);
	return true;
}

void expected_adopt(struct engine *engine, uint64_t now)
{
	uint32_t from = 0, index;

	while ((index = expect_next(engine->expects, &from)) != RECORD_NONE) {
		struct expect_record *record = expect_at(engine->expects, index);
		bool keep = expect_waits(record)
				? adopt_waiting(engine, now, record)
				: flow_at(engine->flows, record->came) != NULL &&
				      flow_at(engine->flows, record->parent) != NULL;

		if (!keep)
			expect_remove(engine->expects, record);
	}
}
