/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bindings made and ended: which global address and port an inside endpoint gets, and what the pools then have left.
 *
 * Promises: O(1) also when everything is taken; no two inside endpoints share a global one, nor one with a static entry or
 * the router; a refusal takes nothing. May not look at packets.
 */
#include "nat/state.h"

/* ---- ends ---- */

bool address_has_ports(const struct engine *engine, uint16_t vrf, ip4 addr)
{
	return port_used(engine->ports, vrf, PROTOCOL_TCP, addr) != 0 ||
	       port_used(engine->ports, vrf, PROTOCOL_UDP, addr) != 0 ||
	       port_used(engine->ports, vrf, PROTOCOL_ICMP, addr) != 0;
}

static struct endpoint global_of(const struct binding_record *binding)
{
	return (struct endpoint){binding->global, binding->global_port};
}

static void release_port(struct engine *engine, uint64_t now, const struct binding_record *binding)
{
	port_release(engine->ports, binding->vrf, binding->protocol, global_of(binding), binding->local,
		     seconds(now));
	pool_recover(engine->pools, binding->global,
		     pool_class_of(binding->protocol, binding->global_port));
	pool_give(engine->pools, binding->global, pool_class_of(binding->protocol, binding->global_port), -1);
	if (address_has_ports(engine, binding->vrf, binding->global))
		return;
	pool_recover(engine->pools, binding->global, CLASS_ADDRESS);
	pool_count(engine->pools, binding->global, -1);
}

static void release_address(struct engine *engine, const struct binding_record *binding)
{
	for (int class = 0; class < POOL_CLASSES; class ++)
		pool_recover(engine->pools, binding->global, (enum pool_class)class);
	pool_count(engine->pools, binding->global, -1);
	pool_give(engine->pools, binding->global, CLASS_ADDRESS, -1);
	binding_disarm(engine, binding);
	use_remove(engine->uses, binding->rule);
	limit_leave(engine->limits, binding_node(engine, binding), binding->vrf, binding->local);
	engine->address_bindings--;
}

void binding_count_in(struct engine *engine, const struct binding_record *binding)
{
	use_add(engine->uses, binding->rule);
	entry_binding(engine, binding);
	engine->address_bindings++;
}

/* The pools of the next configuration, as far as they are ready, lose it too. Where its address has no other port in use, the
 * address goes, whichever binding it was entered by. */
static void release_next(struct engine *engine, const struct binding_record *gone, bool held)
{
	enum pool_class class = gone->flags & BINDING_ADDRESS ? CLASS_ADDRESS
							      : pool_class_of(gone->protocol, gone->global_port);

	if (held)
		pool_give(engine->next_pools, gone->global, class, -1);
	if (address_has_ports(engine, gone->vrf, gone->global) ||
	    !pool_exhausted(engine->next_pools, gone->global, CLASS_ADDRESS))
		return;
	pool_recover(engine->next_pools, gone->global, CLASS_ADDRESS);
	pool_count(engine->next_pools, gone->global, -1);
}

void binding_end(struct engine *engine, uint64_t now, struct binding_record *binding)
{
	bool held = binding_index(engine->bindings, binding) < engine->next_held;
	struct binding_record gone = *binding;

	if (gone.flags & BINDING_ADDRESS) {
		release_address(engine, binding);
		binding_event(engine, now, EVENT_REMOVED, binding);
	}
	binding_remove(engine->bindings, binding);
	if (!(gone.flags & BINDING_ADDRESS))
		release_port(engine, now, &gone);
	if (engine->next_pools != NULL)
		release_next(engine, &gone, held);
}

/* ---- holding ---- */

/* The first part of an address that is given out, counts the address. */
static void note_use(struct pool_set *pools, ip4 addr, bool was_used)
{
	if (was_used)
		return;
	pool_exhaust(pools, addr, CLASS_ADDRESS);
	pool_count(pools, addr, 1);
}

void binding_hold(struct pool_set *pools, const struct binding_record *binding)
{
	enum pool_class class = pool_class_of(binding->protocol, binding->global_port);

	note_use(pools, binding->global, pool_exhausted(pools, binding->global, CLASS_ADDRESS));
	pool_give(pools, binding->global, binding->flags & BINDING_ADDRESS ? CLASS_ADDRESS : class, 1);
}

/* A new binding, which the present pools know of: those of the next configuration get to it, or are behind it already. */
static uint32_t enter(struct engine *engine, const struct binding_record *binding)
{
	uint32_t index = binding_index(engine->bindings, binding);

	if (engine->next_pools != NULL && index < engine->next_held)
		binding_hold(engine->next_pools, binding);
	return index;
}

/* A binding that the last swap made unfit, and that is not swept yet, must not be in the way of this endpoint's new one. */
static void make_way(struct engine *engine, const struct binding_record *body)
{
	struct endpoint local = {body->local, body->local_port};
	struct binding_record *old;

	if (engine->sweep == SWEEP_NONE)
		return;
	old = binding_by_rule(engine->bindings, body->vrf, body->protocol, local, body->rule);
	if (old != NULL)
		binding_retire(engine->bindings, old);
}

/* ---- making bindings ---- */

struct claim {
	const struct snapshot *snapshot;
	ip4 global;
	uint16_t vrf;
	uint8_t protocol;
};

static bool is_claimed(const void *arg, uint16_t port)
{
	const struct claim *claim = arg;

	return snapshot_static_owns(claim->snapshot, claim->vrf, claim->protocol,
				    (struct endpoint){claim->global, port});
}

/* Nobody has the whole address: neither a host entry nor an address binding. */
static bool is_divisible(const struct engine *engine, uint16_t vrf, ip4 addr)
{
	struct endpoint whole = {addr, 0};

	return snapshot_static_global(engine->snapshot, vrf, 0, whole) == NULL &&
	       binding_by_global(engine->bindings, vrf, 0, whole) == NULL;
}

/* claim stays the caller's. */
static struct port_ask ask_for(struct claim *claim, const struct leg *leg, uint64_t now)
{
	return (struct port_ask){
		.vrf = claim->vrf,
		.protocol = claim->protocol,
		.global = claim->global,
		.wanted = leg->il.port,
		.owner = leg->il.addr,
		.now_s = seconds(now),
		.claimed = is_claimed,
		.arg = claim,
	};
}

static bool take_port_at(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol,
			 const struct leg *leg, ip4 global, uint16_t *port)
{
	struct claim claim = {engine->snapshot, global, vrf, protocol};
	struct port_ask ask = ask_for(&claim, leg, now);
	bool was_used = address_has_ports(engine, vrf, global);

	if (!is_divisible(engine, vrf, global) || !port_take(engine->ports, &ask, port)) {
		pool_exhaust(engine->pools, global, pool_class_of(protocol, leg->il.port));
		return false;
	}
	note_use(engine->pools, global, was_used);
	pool_give(engine->pools, global, pool_class_of(protocol, *port), 1);
	return true;
}

/* The host's paired address first (RFC 4787 REQ-2), then the pool's in order, each with the original port first. */
static bool take_port(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol, struct leg *leg)
{
	const struct snapshot_rule *rule = leg->rule;
	enum pool_class class = pool_class_of(protocol, leg->il.port);
	ip4 paired = binding_paired(engine->bindings, vrf, leg->il.addr, rule->id);

	if (rule->is_interface) {
		leg->ig.addr = rule->address;
		return take_port_at(engine, now, vrf, protocol, leg, rule->address, &leg->ig.port);
	}
	if (paired != 0 && snapshot_pool_has(engine->snapshot, rule->pool, paired)) {
		leg->ig.addr = paired;
		if (take_port_at(engine, now, vrf, protocol, leg, paired, &leg->ig.port))
			return true;
	}
	/* Each turn marks an address as exhausted, so this ends, and does not come back to it before a port is released. */
	while ((leg->ig.addr = pool_candidate(engine->pools, rule->pool, class)) != 0) {
		if (take_port_at(engine, now, vrf, protocol, leg, leg->ig.addr, &leg->ig.port))
			return true;
	}
	pool_miss(engine->pools, rule->pool);
	return false;
}

/* The first address of the pool, in order, that nobody has any part of. */
static bool take_address(struct engine *engine, uint16_t vrf, struct leg *leg)
{
	const struct snapshot *snapshot = engine->snapshot;
	ip4 addr;

	while ((addr = pool_candidate(engine->pools, leg->rule->pool, CLASS_ADDRESS)) != 0) {
		struct endpoint whole = {addr, 0};

		pool_exhaust(engine->pools, addr, CLASS_ADDRESS);
		if (snapshot_static_owns(snapshot, vrf, 0, whole) || snapshot_own(snapshot, addr) != NULL ||
		    binding_by_global(engine->bindings, vrf, 0, whole) != NULL ||
		    address_has_ports(engine, vrf, addr))
			continue;
		pool_count(engine->pools, addr, 1);
		pool_give(engine->pools, addr, CLASS_ADDRESS, 1);
		leg->ig = (struct endpoint){addr, leg->il.port};
		return true;
	}
	pool_miss(engine->pools, leg->rule->pool);
	return false;
}

/* Of a port that was taken. */
static enum reason add_binding(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol,
			       struct leg *leg)
{
	struct binding_record body = {.vrf = vrf,
				      .protocol = protocol,
				      .local = leg->il.addr,
				      .local_port = leg->il.port,
				      .created_s = seconds(now),
				      .last_used_s = seconds(now),
				      .rule = leg->id};
	struct binding_record *binding;

	make_way(engine, &body);
	body.global = leg->ig.addr;
	body.global_port = leg->ig.port;
	binding = binding_add(engine->bindings, &body);
	if (binding == NULL) {
		release_port(engine, now, &body);
		return REASON_NO_ENTRY;
	}
	leg->binding = enter(engine, binding);
	return REASON_TRANSLATED_NEW;
}

static enum reason bind_port(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol,
			     struct leg *leg)
{
	if (!take_port(engine, now, vrf, protocol, leg))
		return REASON_NO_PORT;
	return add_binding(engine, now, vrf, protocol, leg);
}

enum reason bind_on(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol, struct leg *leg)
{
	const struct binding_record *binding =
		binding_by_rule(engine->bindings, vrf, protocol, leg->il, leg->id);

	if (binding != NULL && binding_fits(engine->snapshot, binding)) {
		leg->binding = binding_index(engine->bindings, binding);
		leg->ig = (struct endpoint){binding->global, binding->global_port};
		return REASON_TRANSLATED_NEW;
	}
	if (!take_port_at(engine, now, vrf, protocol, leg, leg->ig.addr, &leg->ig.port))
		return REASON_NO_PORT;
	return add_binding(engine, now, vrf, protocol, leg);
}

static bool has_binding(struct engine *engine, uint16_t vrf, uint8_t protocol, const struct leg *leg)
{
	return binding_by_rule(engine->bindings, vrf, protocol, leg->il, leg->id) != NULL;
}

static bool take_pair(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol, struct leg legs[2])
{
	ip4 global = legs[0].ig.addr;
	struct claim claim = {engine->snapshot, global, vrf, protocol};
	struct port_ask ask = ask_for(&claim, &legs[0], now);
	bool was_used = address_has_ports(engine, vrf, global);

	if (!is_divisible(engine, vrf, global) || !port_take_pair(engine->ports, &ask, &legs[0].ig.port))
		return false;
	note_use(engine->pools, global, was_used);
	legs[1].ig = (struct endpoint){global, (uint16_t)(legs[0].ig.port + 1)};
	for (int i = 0; i < 2; i++)
		pool_give(engine->pools, global, pool_class_of(protocol, legs[i].ig.port), 1);
	return true;
}

bool bind_pair_on(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol, struct leg legs[2])
{
	if (has_binding(engine, vrf, protocol, &legs[0]) || has_binding(engine, vrf, protocol, &legs[1]) ||
	    !take_pair(engine, now, vrf, protocol, legs))
		return false;
	/* What is not added gives its port back. */
	if (add_binding(engine, now, vrf, protocol, &legs[0]) != REASON_TRANSLATED_NEW) {
		release_port(engine, now,
			     &(struct binding_record){.vrf = vrf,
						      .protocol = protocol,
						      .local = legs[1].il.addr,
						      .global = legs[1].ig.addr,
						      .global_port = legs[1].ig.port});
		return false;
	}
	if (add_binding(engine, now, vrf, protocol, &legs[1]) == REASON_TRANSLATED_NEW)
		return true;
	leg_unbind(engine, now, legs[0].binding);
	return false;
}

static enum reason bind_address(struct engine *engine, uint64_t now, uint16_t vrf, struct leg *leg)
{
	struct binding_record body = {.vrf = vrf,
				      .flags = BINDING_ADDRESS,
				      .local = leg->il.addr,
				      .created_s = seconds(now),
				      .last_used_s = seconds(now),
				      .rule = leg->id};
	struct binding_record *binding;

	make_way(engine, &body);
	if (!take_address(engine, vrf, leg))
		return REASON_NO_PORT;
	body.global = leg->ig.addr;
	binding = binding_add(engine->bindings, &body);
	if (binding == NULL) {
		pool_recover(engine->pools, leg->ig.addr, CLASS_ADDRESS);
		pool_count(engine->pools, leg->ig.addr, -1);
		pool_give(engine->pools, leg->ig.addr, CLASS_ADDRESS, -1);
		return REASON_NO_ENTRY;
	}
	binding_count_in(engine, binding);
	binding_arm(engine, now, binding);
	binding_event(engine, now, EVENT_CREATED, binding);
	leg->binding = enter(engine, binding);
	return REASON_TRANSLATED_NEW;
}

static enum reason bind_own(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol,
			    struct leg *leg)
{
	struct binding_record body = {.vrf = vrf,
				      .protocol = protocol,
				      .flags = BINDING_IDENTITY,
				      .local = leg->il.addr,
				      .local_port = leg->il.port,
				      .global = leg->il.addr,
				      .global_port = leg->il.port,
				      .created_s = seconds(now),
				      .last_used_s = seconds(now)};
	bool was_used = address_has_ports(engine, vrf, leg->il.addr);
	struct binding_record *binding;

	if (!port_take_exact(engine->ports, vrf, protocol, leg->il))
		return REASON_PORT_COLLISION;
	note_use(engine->pools, leg->il.addr, was_used);
	pool_give(engine->pools, leg->il.addr, pool_class_of(protocol, leg->il.port), 1);
	binding = binding_add(engine->bindings, &body);
	if (binding == NULL) {
		release_port(engine, now, &body);
		return REASON_NO_ENTRY;
	}
	leg->binding = enter(engine, binding);
	return REASON_TRANSLATED_NEW;
}

/* ---- for a new flow ---- */

/* Address bindings stay: they have a life of their own. */
void leg_unbind(struct engine *engine, uint64_t now, uint32_t index)
{
	struct binding_record *binding = binding_at(engine->bindings, index);

	if (binding != NULL && binding->flows == 0 && !(binding->flags & BINDING_ADDRESS))
		binding_end(engine, now, binding);
}

enum reason leg_bind(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol, struct leg *leg)
{
	if (leg->kind == LEG_STATIC || leg->binding != RECORD_NONE || (leg->kind == LEG_EXPECTED && leg->fixed))
		return REASON_TRANSLATED_NEW;
	if (leg->kind == LEG_EXPECTED)
		return bind_on(engine, now, vrf, protocol, leg);
	if (leg->rule == NULL && leg->kind != LEG_IDENTITY)
		return REASON_NO_FLOW; /* it was to use a binding that is gone */
	if (leg->kind == LEG_OVERLOAD)
		return bind_port(engine, now, vrf, protocol, leg);
	if (leg->kind == LEG_ADDRESS)
		return bind_address(engine, now, vrf, leg);
	return bind_own(engine, now, vrf, protocol, leg);
}
