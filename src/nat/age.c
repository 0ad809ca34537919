/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long things live: timeouts, timers, ends.
 *
 * Promises: a packet only notes the second it came in; the timer finds out when it fires and arms itself anew (O(1) for
 * each timeout that passes). What ends gives back all that it held. May not make anything.
 */
#include "nat/call_life.h"
#include "nat/resolve.h"
#include "nat/session.h"
#include "nat/state.h"

/* The server's port first: that is the one an operator means. 0: none. */
static uint32_t port_override(const struct snapshot *snapshot, const struct flow_record *flow)
{
	uint32_t seconds = snapshot_port_timeout(snapshot, flow->protocol, flow->og_port);

	return seconds != 0 ? seconds : snapshot_port_timeout(snapshot, flow->protocol, flow->il_port);
}

static enum timeout_class tcp_class(const struct flow_record *flow)
{
	if (flow->phase == PHASE_CLOSING)
		return TIMEOUT_FINRST;
	return flow->phase == PHASE_ESTABLISHED ? TIMEOUT_TCP : TIMEOUT_SYN;
}

uint32_t flow_timeout(const struct snapshot *snapshot, const struct flow_record *flow)
{
	enum timeout_class class = TIMEOUT_UDP;
	uint32_t override;

	if (flow->protocol == PROTOCOL_TCP)
		class = tcp_class(flow);
	else if (flow->protocol == PROTOCOL_ICMP)
		class = TIMEOUT_ICMP;
	else if (flow->protocol != PROTOCOL_UDP)
		class = TIMEOUT_ADDRESS;
	else if (flow->og_port == 53 || flow->il_port == 53)
		class = TIMEOUT_DNS;
	/* A port's own timeout replaces that of traffic, not those of opening and closing. */
	if (class == TIMEOUT_TCP || class == TIMEOUT_UDP || class == TIMEOUT_DNS) {
		override = port_override(snapshot, flow);
		if (override != 0)
			return override;
	}
	return snapshot->timeouts[class];
}

uint32_t flow_last_used(const struct engine *engine, uint32_t index)
{
	uint32_t inside = flow_slot_of(engine->flows, index, SIDE_INSIDE)->last_used_s;
	uint32_t outside = flow_slot_of(engine->flows, index, SIDE_OUTSIDE)->last_used_s;

	return inside > outside ? inside : outside;
}

static void arm(struct engine *engine, uint64_t now, uint32_t node, uint32_t last_used_s, uint32_t timeout_s)
{
	uint64_t when = ((uint64_t)last_used_s + timeout_s) * 1000;

	if (timeout_s == TIMEOUT_NEVER)
		wheel_disarm(engine->wheel, node);
	else
		wheel_arm(engine->wheel, node, when > now ? when : now + 1);
}

void flow_arm_from(struct engine *engine, uint64_t now, uint32_t index, uint32_t last_used_s)
{
	arm(engine, now, index, last_used_s, flow_timeout(engine->snapshot, flow_at(engine->flows, index)));
}

void flow_arm(struct engine *engine, uint64_t now, uint32_t index)
{
	flow_arm_from(engine, now, index, flow_last_used(engine, index));
}

uint32_t binding_node(const struct engine *engine, const struct binding_record *binding)
{
	return engine->records->max_flows + binding_index(engine->bindings, binding);
}

void binding_arm(struct engine *engine, uint64_t now, struct binding_record *binding)
{
	arm(engine, now, binding_node(engine, binding), binding->last_used_s,
	    engine->snapshot->timeouts[TIMEOUT_ADDRESS]);
}

void binding_disarm(struct engine *engine, const struct binding_record *binding)
{
	wheel_disarm(engine->wheel, binding_node(engine, binding));
}

static bool is_over(uint64_t now, uint32_t last_used_s, uint32_t timeout_s)
{
	return timeout_s != TIMEOUT_NEVER && ((uint64_t)last_used_s + timeout_s) * 1000 <= now;
}

static void address_due(struct engine *engine, uint64_t now, struct binding_record *binding)
{
	/* Used as long as it has flows: they do not touch it packet by packet. */
	if (binding->flows > 0)
		binding->last_used_s = seconds(now);
	if (is_over(now, binding->last_used_s, engine->snapshot->timeouts[TIMEOUT_ADDRESS]))
		binding_end(engine, now, binding);
	else
		binding_arm(engine, now, binding);
}

/* One flow of the router stands for all that leaves from its port, unless that is TCP (decide.c). */
static uint32_t flow_last_stood(const struct engine *engine, uint32_t index, const struct flow_record *flow)
{
	uint32_t last_used_s = flow_last_used(engine, index);
	const struct binding_record *binding;

	if (!(flow->flags & FLOW_IDENTITY) || flow->protocol == PROTOCOL_TCP || flow->binding == RECORD_NONE)
		return last_used_s;
	binding = binding_at(engine->bindings, flow->binding);
	return binding != NULL && binding->last_used_s > last_used_s ? binding->last_used_s : last_used_s;
}

void node_due(struct engine *engine, uint64_t now, uint32_t node)
{
	struct binding_record *binding;
	struct flow_record *flow;
	uint32_t last_used_s;

	if (node >= engine->records->max_flows * 2 + EXPECT_MAX) {
		call_due(engine, now, node - engine->records->max_flows * 2 - EXPECT_MAX);
		return;
	}
	if (node >= engine->records->max_flows * 2) {
		expected_due(engine, now, node - engine->records->max_flows * 2);
		return;
	}
	if (node >= engine->records->max_flows) {
		binding = binding_at(engine->bindings, node - engine->records->max_flows);
		if (binding != NULL)
			address_due(engine, now, binding);
		return;
	}
	flow = flow_at(engine->flows, node);
	if (flow == NULL)
		return;
	expected_use(engine, node);
	last_used_s = call_keeps(engine, node) ? seconds(now) : flow_last_stood(engine, node, flow);
	if (is_over(now, last_used_s, flow_timeout(engine->snapshot, flow)))
		flow_end(engine, now, node, EVENT_EXPIRED);
	else
		flow_arm_from(engine, now, node, last_used_s);
}

/* ---- ends ---- */

struct event event_of_flow(uint64_t now, enum event_kind kind, const struct flow_record *flow)
{
	return (struct event){
		.now = now,
		.kind = (uint8_t)kind,
		.protocol = flow->protocol,
		.vrf = flow->vrf,
		.il = {flow->il, flow->il_port},
		.ig = {flow->ig, flow->ig_port},
		.ol = {flow->ol, flow->ol_port},
		.og = {flow->og, flow->og_port},
		.rule = flow->rule,
	};
}

void flow_event(struct engine *engine, uint64_t now, enum event_kind kind, const struct flow_record *flow)
{
	const struct event event = event_of_flow(now, kind, flow);

	event_put(&engine->events, &event);
}

void binding_event(struct engine *engine, uint64_t now, enum event_kind kind,
			   const struct binding_record *binding)
{
	const struct flow_record half = {.vrf = binding->vrf,
					 .il = binding->local,
					 .ig = binding->global,
					 .rule = binding->rule};

	flow_event(engine, now, kind, &half);
}

void binding_leave(struct engine *engine, uint64_t now, uint32_t index, uint32_t last_used_s)
{
	struct binding_record *binding = binding_at(engine->bindings, index);

	if (binding == NULL)
		return;
	if (--binding->flows == 0 && !(binding->flags & BINDING_ADDRESS)) {
		binding_end(engine, now, binding);
		return;
	}
	if (binding->last_used_s < last_used_s)
		binding->last_used_s = last_used_s;
}

void flow_end(struct engine *engine, uint64_t now, uint32_t index, enum event_kind kind)
{
	const struct flow_record flow = *flow_at(engine->flows, index);
	uint32_t last_used_s = flow_last_used(engine, index);

	expected_ends(engine, now, index);
	call_flow_ends(engine, index);
	if (flow.flags & FLOW_ALG)
		session_end(engine, index);
	wheel_disarm(engine->wheel, index);
	turn_forget(engine->turns, index);
	flow_remove(engine->flows, index);
	if (flow.flags & FLOW_IDENTITY) {
		engine->identities--;
		limit_own_end(engine->limits, index);
	} else {
		use_remove(engine->uses, flow.rule);
		limit_oneway_end(engine->limits, index, flow.vrf, flow.il);
		limit_leave(engine->limits, index, flow.vrf, flow.il);
		flow_event(engine, now, kind, &flow);
		if (kind == EVENT_EXPIRED)
			engine->counts.expired++;
	}
	if (flow.binding != RECORD_NONE)
		binding_leave(engine, now, flow.binding, last_used_s);
}
