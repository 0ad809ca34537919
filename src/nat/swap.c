/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A new configuration between two packets, and what an earlier daemon left behind.
 *
 * Promises: a swap either happens or changes nothing, and its cost does not depend on the number of flows: pools are got
 * ready before (engine_swap_prepare), flows and bindings that fit no more end after it (engine_sweep), both in calls of
 * bounded work with packets between them. None of what is still to end is used meanwhile. Adoption believes the records
 * only, and drops those that the configuration or each other contradict.
 */
#include <stdlib.h>
#include <string.h>
#include "lib/aside.h"
#include "lib/mem.h"
#include "nat/alg_store.h"
#include "nat/call_life.h"
#include "nat/resolve.h"
#include "nat/session.h"
#include "nat/state.h"

#define AHEAD 16 /* records that adoption looks ahead */

/* ---- life ---- */

struct engine *engine_new(struct records *records, uint64_t seed, uint64_t now)
{
	struct engine *engine = mem_alloc(sizeof(*engine));
	struct call_memory calls;

	engine->records = records;
	engine->flows = flow_table_new(records);
	engine->bindings = binding_table_new(records);
	engine->ports = port_table_new(seed);
	engine->uses = use_table_new(records->max_flows * 2);
	engine->limits = limit_new(&records->secret, records->max_flows);
	engine->turns = turn_new(&records->secret, records->max_flows);
	engine->spare[0] = engine->spare[1] = engine->spare[2] = RECORD_NONE;
	engine->frags = frag_new(seed, now);
	engine->idents = ident_new(seed);
	engine->syns = syn_new(seed);
	engine->expects = expect_table_new(records->alg->expects, EXPECT_MAX, &records->secret);
	calls = alg_store_calls(records->alg);
	engine->call_in_hand = RECORD_NONE;
	engine->calls = call_table_new(&calls, &records->secret, records->max_flows);
	engine->wheel = wheel_new(records->max_flows * 2 + EXPECT_MAX + CALL_MAX, 100, now);
	engine->sessions = session_set_new(engine, now);
	engine->ip_id = (uint16_t)(seed >> 48);
	return engine;
}

void engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	pool_set_free(engine->next_pools);
	pool_set_free(engine->pools);
	snapshot_free(engine->snapshot);
	wheel_free(engine->wheel);
	session_set_free(engine->sessions, engine);
	call_table_free(engine->calls);
	expect_table_free(engine->expects);
	syn_free(engine->syns);
	ident_free(engine->idents);
	frag_free(engine->frags);
	turn_free(engine->turns);
	limit_free(engine->limits);
	use_table_free(engine->uses);
	port_table_free(engine->ports);
	binding_table_free(engine->bindings);
	flow_table_free(engine->flows);
	free(engine);
}

const struct snapshot *engine_snapshot(const struct engine *engine)
{
	return engine->snapshot;
}

/* ---- sweeping ---- */

#define SWEEP_LOOK 1024 /* records that one call looks at */

/* Port bindings go with their last flow; those of addresses are looked at by themselves. */
static void sweep_flows(struct engine *engine, uint64_t now)
{
	uint32_t end = engine->sweep_next + SWEEP_LOOK, index;

	while ((index = flow_next(engine->flows, &engine->sweep_next, end - engine->sweep_next)) != RECORD_NONE) {
		if (!flow_fits(engine->snapshot, flow_at(engine->flows, index)))
			flow_end(engine, now, index, EVENT_REMOVED);
	}
}

static void sweep_bindings(struct engine *engine, uint64_t now)
{
	uint32_t end = engine->sweep_next + SWEEP_LOOK, index;

	while ((index = binding_next(engine->bindings, &engine->sweep_next, end - engine->sweep_next)) !=
	       RECORD_NONE) {
		struct binding_record *binding = binding_at(engine->bindings, index);

		if (binding->flows == 0 && !binding_fits(engine->snapshot, binding))
			binding_end(engine, now, binding);
	}
}

bool engine_sweep(struct engine *engine, uint64_t now)
{
	if (engine->sweep == SWEEP_NONE)
		return true;
	if (engine->sweep == SWEEP_FLOWS)
		sweep_flows(engine, now);
	else
		sweep_bindings(engine, now);
	if (engine->sweep_next != RECORD_NONE)
		return false;
	engine->sweep = engine->sweep == SWEEP_FLOWS ? SWEEP_BINDINGS : SWEEP_NONE;
	engine->sweep_next = 0;
	return engine->sweep == SWEEP_NONE;
}

/* ---- adoption ---- */

static bool adopt_binding(struct engine *engine, uint64_t now, struct binding_record *binding)
{
	struct endpoint global = {binding->global, binding->global_port};

	if (!binding_fits(engine->snapshot, binding))
		return false;
	/* An entry that the configuration has got since then owns its port, or address. */
	if (snapshot_static_by_id(engine->snapshot, binding->rule) == NULL &&
	    snapshot_static_owns(engine->snapshot, binding->vrf, binding->protocol, global))
		return false;
	if (binding->flags & BINDING_ADDRESS) {
		if (address_has_ports(engine, binding->vrf, binding->global))
			return false;
		binding_count_in(engine, binding);
		if (binding->last_used_s > seconds(now))
			binding->last_used_s = seconds(now);
		binding_arm(engine, now, binding);
	} else if (!port_take_exact(engine->ports, binding->vrf, binding->protocol, global)) {
		return false;
	}
	binding_hold(engine->pools, binding);
	return true;
}

static void adopt_bindings(struct engine *engine, uint64_t now)
{
	uint32_t from = 0, index;

	binding_table_adopt(engine->bindings);
	while ((index = binding_next(engine->bindings, &from, UINT32_MAX)) != RECORD_NONE) {
		struct binding_record *binding = binding_at(engine->bindings, index);

		if (!adopt_binding(engine, now, binding))
			binding_remove(engine->bindings, binding);
	}
}

static bool holds(const struct binding_record *binding, const struct flow_record *flow)
{
	if (binding->local != flow->il || binding->global != flow->ig || binding->vrf != flow->vrf ||
	    binding->rule != (flow->flags & FLOW_IDENTITY ? 0 : flow->rule))
		return false;
	if (binding->protocol == 0 && binding->local_port == 0)
		return flow->il_port == flow->ig_port;
	return binding->protocol == flow->protocol && binding->local_port == flow->il_port &&
	       binding->global_port == flow->ig_port;
}

/* The binding that a flow must have, by what the flow says; NULL if there is none. */
static struct binding_record *binding_sought(struct engine *engine, const struct flow_record *flow)
{
	struct endpoint local = {flow->il, flow->il_port}, host = {flow->il, 0};
	uint64_t rule = flow->flags & FLOW_IDENTITY ? 0 : flow->rule;
	struct binding_record *binding;

	binding = binding_by_rule(engine->bindings, flow->vrf, flow->protocol, local, rule);
	if (binding == NULL || !holds(binding, flow))
		binding = binding_by_rule(engine->bindings, flow->vrf, 0, host, rule);
	return binding != NULL && holds(binding, flow) ? binding : NULL;
}

/* The one it names is nearly always the one; what a damaged record names is not believed. */
static struct binding_record *binding_of(struct engine *engine, const struct flow_record *flow)
{
	struct binding_record *named = binding_at(engine->bindings, flow->binding);

	return named != NULL && holds(named, flow) ? named : binding_sought(engine, flow);
}

/* Does its static entry say its ports, too? */
static bool is_mapped(const struct snapshot *snapshot, const struct flow_record *flow)
{
	const struct snapshot_static *entry = snapshot_static_by_id(snapshot, flow->rule);

	return entry != NULL && (entry->protocol == 0 || (entry->local_port == flow->il_port &&
							  entry->global_port == flow->ig_port));
}

/* The flow of an overload rule or an address binding fits as its binding does, which is adopted already. */
static bool adopt_flow(struct engine *engine, uint64_t now, uint32_t index)
{
	const struct flow_record *flow = flow_at(engine->flows, index);
	struct binding_record *binding = NULL;

	/* Of a static entry's flows those have one that children made on its address. */
	if (!(flow->flags & FLOW_STATIC) || !is_mapped(engine->snapshot, flow)) {
		binding = binding_of(engine, flow);
		if (binding == NULL)
			return false;
	}
	if ((binding == NULL || (flow->flags & FLOW_IDENTITY) || (binding->flags & BINDING_IDENTITY)) &&
	    !flow_fits(engine->snapshot, flow))
		return false;
	flow_count_in(engine, index, binding == NULL ? RECORD_NONE : binding_index(engine->bindings, binding));
	flow_arm_from(engine, now, index, seconds(now));
	return true;
}

/* The bindings of flows far behind one another lie anywhere. */
static void prefetch_binding(const struct engine *engine, uint32_t index)
{
	const struct records *records = engine->records;

	if (index < records->max_flows && records->flows[index].binding < records->max_flows)
		__builtin_prefetch(&records->bindings[records->flows[index].binding], 1);
}

static void adopt_flows(struct engine *engine, uint64_t now)
{
	uint32_t from = 0, index;

	while ((index = flow_next(engine->flows, &from, UINT32_MAX)) != RECORD_NONE) {
		prefetch_binding(engine, index + AHEAD);
		if (!adopt_flow(engine, now, index))
			flow_remove(engine->flows, index);
	}
}

/* Port bindings live by their flows: of those that lost all of them nobody would know the end. */
static void drop_idle_bindings(struct engine *engine, uint64_t now)
{
	uint32_t from = 0, index;

	while ((index = binding_next(engine->bindings, &from, UINT32_MAX)) != RECORD_NONE) {
		struct binding_record *binding = binding_at(engine->bindings, index);

		if (binding->flows == 0 && !(binding->flags & BINDING_ADDRESS))
			binding_end(engine, now, binding);
	}
}

struct table_work {
	struct engine *engine;
	uint64_t now;
};

static void adopt_flow_table(void *arg)
{
	struct table_work *work = arg;

	flow_table_adopt(work->engine->flows, seconds(work->now), work->engine->snapshot->epoch);
}

/* Flows find their slots without their bindings, and bindings their places without their flows, so neither waits for the
 * other; and what comes out is the same. */
static void adopt_records(struct engine *engine, uint64_t now)
{
	bool many = records_high(engine->records, REGION_FLOWS) >= engine->records->many;
	struct table_work work = {engine, now};
	struct aside *aside = many ? aside_begin(adopt_flow_table, &work) : NULL;

	adopt_bindings(engine, now);
	if (aside == NULL)
		adopt_flow_table(&work);
	aside_end(aside);
	adopt_flows(engine, now);
}

static void adopt(struct engine *engine, uint64_t now)
{
	if (!engine->records->fresh)
		adopt_records(engine, now);
	expected_adopt(engine, now);
	call_adopt(engine, now);
	drop_idle_bindings(engine, now);
	session_adopt(engine, now);
}

/* ---- swapping ---- */

static bool is_idle(const struct engine *engine, struct swap *swap)
{
	for (uint32_t i = 0; i < swap->n_must_be_idle; i++) {
		uint32_t uses = use_count(engine->uses, swap->must_be_idle[i]);

		if (uses == 0)
			continue;
		swap->busy_rule = swap->must_be_idle[i];
		swap->busy_count = uses;
		return false;
	}
	return true;
}

static bool same_ranges(const struct snapshot *a, const struct snapshot_pool *x, const struct snapshot *b,
			const struct snapshot_pool *y)
{
	return x->count == y->count &&
	       (x->count == 0 || memcmp(a->pool_ranges + x->first, b->pool_ranges + y->first,
					x->count * sizeof(*a->pool_ranges)) == 0);
}

static bool same_target(const struct snapshot *a, const struct snapshot_rule *x, const struct snapshot *b,
			const struct snapshot_rule *y)
{
	if (x->is_interface || y->is_interface)
		return x->is_interface == y->is_interface && x->address == y->address;
	if (x->pool == SNAPSHOT_NONE || y->pool == SNAPSHOT_NONE)
		return x->pool == y->pool;
	return same_ranges(a, &a->pools[x->pool], b, &b->pools[y->pool]);
}

/* Does a rule that stays give out other addresses now? Its old bindings would be in the way of new ones. */
static bool targets_changed(const struct snapshot *old, const struct snapshot *new)
{
	for (uint32_t i = 0; i < old->n_rules; i++) {
		const struct snapshot_rule *rule = snapshot_rule_by_id(new, old->rules[i].id);

		if (rule != NULL && !same_target(old, &old->rules[i], new, rule))
			return true;
	}
	return false;
}

/* ---- pools of the next configuration ---- */

static void forget_next(struct engine *engine)
{
	pool_set_free(engine->next_pools);
	engine->next_pools = NULL;
	engine->next_snapshot = NULL;
	engine->next_held = 0;
}

bool engine_swap_prepare(struct engine *engine, const struct snapshot *next)
{
	uint32_t end, index;

	if (engine->snapshot == NULL || pool_set_same(engine->snapshot, next))
		return true;
	if (engine->next_snapshot != next) {
		forget_next(engine);
		engine->next_snapshot = next;
		engine->next_pools = pool_set_new(next);
	}
	if (engine->next_held == RECORD_NONE)
		return true;
	end = engine->next_held + SWEEP_LOOK;
	while ((index = binding_next(engine->bindings, &engine->next_held, end - engine->next_held)) != RECORD_NONE)
		binding_hold(engine->next_pools, binding_at(engine->bindings, index));
	return engine->next_held == RECORD_NONE;
}

/* Of what was not prepared, the rest at once. */
static void change_pools(struct engine *engine, const struct snapshot *old, const struct snapshot *new)
{
	struct pool_set *pools = engine->pools;

	if (old == NULL) {
		engine->pools = pool_set_new(new);
		return;
	}
	if (pool_set_same(old, new)) {
		pool_set_move(pools, new);
		return;
	}
	while (!engine_swap_prepare(engine, new))
		;
	engine->pools = engine->next_pools;
	engine->next_pools = NULL;
	pool_inherit(engine->pools, pools);
	pool_set_free(pools);
}

/* ---- the swap ---- */

static bool is_sweep_due(const struct engine *engine, const struct swap *swap, const struct snapshot *old)
{
	for (uint32_t i = 0; i < swap->n_kill; i++) {
		if (use_count(engine->uses, swap->kill[i]) > 0)
			return true;
	}
	return swap->gone || targets_changed(old, engine->snapshot);
}

bool engine_swap(struct engine *engine, uint64_t now, struct swap *swap)
{
	struct snapshot *old = engine->snapshot;

	swap->old = NULL;
	swap->busy_rule = 0;
	swap->busy_count = 0;
	while (!engine_sweep(engine, now))
		;
	if (!is_idle(engine, swap)) {
		forget_next(engine);
		return false;
	}
	change_pools(engine, old, swap->snapshot);
	forget_next(engine);
	engine->snapshot = swap->snapshot;
	if (old != NULL)
		snapshot_inherit(engine->snapshot, old);
	limit_follow(engine->limits, engine->snapshot);
	if (old == NULL) {
		adopt(engine, now);
	} else if (is_sweep_due(engine, swap, old)) {
		engine->sweep = SWEEP_FLOWS;
		engine->sweep_next = 0;
	}
	if (old != NULL) {
		expected_follow(engine, now);
		call_follow(engine, now);
		session_follow(engine, now);
	}
	swap->old = old;
	return true;
}
