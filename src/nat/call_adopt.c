/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls under another configuration, and those that an earlier daemon left.
 *
 * Promises: of a gateway that is switched off nothing is kept, and its flows live on as others do; what is adopted has its rule,
 * its global endpoint and its binding. Believes the records only.
 */
#include "nat/call_life.h"
#include "nat/resolve.h"
#include "nat/session.h"

/* ---- configuration ---- */

/* Nothing of it is the call's any more; its flows stay. */
static void forget_port(struct engine *engine, uint64_t now, struct call_port *port)
{
	uint32_t flow;

	while ((flow = call_port_next_flow(engine->calls, port, RECORD_NONE)) != RECORD_NONE)
		call_port_unlink(engine->calls, flow);
	call_port_end(engine, now, port);
}

static void forget_call(struct engine *engine, uint64_t now, struct call_record *call)
{
	uint32_t index = call_index(engine->calls, call);
	struct call_port *port;

	while ((port = call_port_of_call(engine->calls, index, NULL)) != NULL)
		forget_port(engine, now, port);
	call_end(engine, now, call);
}

void call_follow(struct engine *engine, uint64_t now)
{
	uint32_t from = 0, index;
	bool off = false;

	for (int alg = 1; alg < ALG_COUNT; alg++)
		off |= !snapshot_serves(engine->snapshot, (enum alg)alg);
	while (off && (index = call_next(engine->calls, &from, UINT32_MAX)) != RECORD_NONE) {
		struct call_record *call = call_at(engine->calls, index);

		if (!snapshot_serves(engine->snapshot, (enum alg)call->alg))
			forget_call(engine, now, call);
	}
}

/* ---- adoption ---- */

/* The binding it must have, by what it says. False: it needs one, and there is none. */
static bool find_binding(struct engine *engine, struct call_port *port)
{
	const struct endpoint local = call_port_local(port), host = {port->il, 0};
	const struct snapshot_static *entry =
		static_between(engine->snapshot, port->vrf, port->protocol, local, port->ig);
	const struct binding_record *binding = binding_by_rule(engine->bindings, port->vrf, port->protocol, local, port->rule);

	port->binding = RECORD_NONE;
	if (binding == NULL || binding->global != port->ig || binding->global_port != port->ig_port) {
		binding = binding_by_rule(engine->bindings, port->vrf, 0, host, port->rule);
		if (binding != NULL && (binding->global != port->ig || port->il_port != port->ig_port))
			binding = NULL;
	}
	if (binding != NULL)
		port->binding = binding_index(engine->bindings, binding);
	return binding != NULL || entry != NULL;
}

static bool adopt_port(struct engine *engine, uint64_t now, struct call_port *port)
{
	const struct call_record *call = port->call != RECORD_NONE ? call_at(engine->calls, port->call) : NULL;

	if (!call_port_fits(engine->snapshot, port) || !snapshot_serves(engine->snapshot, (enum alg)port->alg))
		return false;
	if (port->kind & PORT_SIGNAL ? call_port_uses(engine->calls, port) == 0 : call == NULL)
		return false;
	if (!find_binding(engine, port))
		return false;
	if (port->binding != RECORD_NONE)
		binding_at(engine->bindings, port->binding)->flows++;
	for (int side = 0; side < 2; side++)
		port->heard_s[side] = port->heard_s[side] <= seconds(now) ? port->heard_s[side] : seconds(now);
	if (!(port->flags & PORT_USED))
		engine->ports_waiting[port->alg]++;
	return true;
}

static void adopt_ports(struct engine *engine, uint64_t now)
{
	uint32_t from = 0, index;

	while ((index = call_port_next(engine->calls, &from, UINT32_MAX)) != RECORD_NONE) {
		struct call_port *port = call_port_at(engine->calls, index);

		if (adopt_port(engine, now, port))
			continue;
		call_contact_gone(engine->calls, port);
		call_port_remove(engine->calls, port);
	}
}

static void adopt_call(struct engine *engine, uint64_t now, struct call_record *call)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct flow_record *flow = flow_at(engine->flows, call->flow[i]);

		if (call->flow[i] != RECORD_NONE && (flow == NULL || flow->state != call->flow_state[i]))
			call_forget_flow(engine->calls, call->flow[i]);
	}
	if (call->said_s > seconds(now))
		call->said_s = seconds(now);
	if (call->opened_s > seconds(now))
		call->opened_s = seconds(now);
	if (call->until_s > seconds(now) + REGISTERED_MAX)
		call->until_s = seconds(now) + REGISTERED_MAX;
	call_arm(engine, now, call);
}

static void adopt_calls(struct engine *engine, uint64_t now)
{
	uint32_t from = 0, index;

	while ((index = call_next(engine->calls, &from, UINT32_MAX)) != RECORD_NONE) {
		struct call_record *call = call_at(engine->calls, index);

		if (snapshot_serves(engine->snapshot, (enum alg)call->alg))
			adopt_call(engine, now, call);
		else
			call_end(engine, now, call);
	}
}

void call_adopt(struct engine *engine, uint64_t now)
{
	uint32_t from = 0, index;

	adopt_ports(engine, now);
	adopt_calls(engine, now);
	if (call_port_count(engine->calls) == 0)
		return;
	while ((index = flow_next(engine->flows, &from, UINT32_MAX)) != RECORD_NONE)
		call_link(engine, index);
}
