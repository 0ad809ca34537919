/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host inside that announces another one: an exchange its phones, a proxy whom it serves. The other is taken if it is covered,
 * and known: a party of the call (a contact of the message or of the call, or with a port in it), or one that takes signalling
 * from the same server. It is mapped as its own packets would be. Anything else stays as it is in the message, and is counted.
 */
#include "nat/call_life.h"
#include "nat/resolve_parts.h"

/* ---- parties */

/* A contact or a medium that the host has in this call; NULL. */
static const struct call_port *port_of(const struct making *m, ip4 host)
{
	const struct call_record *call = m->told.call;
	const struct call_port *port = NULL;

	if (call == NULL)
		return NULL;
	for (unsigned i = 0; i < CALL_CONTACTS; i++) {
		port = call_port_at(m->engine->calls, call->contacts[i]);
		if (port != NULL && port->il == host)
			return port;
	}
	port = NULL;
	do {
		port = call_port_of_call(m->engine->calls, call_index(m->engine->calls, call), port);
	} while (port != NULL && port->il != host);
	return port;
}

/* Does the host take signalling from this server? */
static bool is_registered(const struct making *m, ip4 host, uint16_t at, ip4 server)
{
	const struct endpoint local = {host, at};
	const struct call_port *port = NULL;

	while ((port = call_port_of_local(m->engine->calls, m->sender->vrf, m->sender->protocol, local, port)) != NULL) {
		if ((port->kind & PORT_SIGNAL) && call_port_admits(m->engine->calls, port, server))
			return true;
	}
	return false;
}

/* Whom a contact names takes part; but nobody registers for another. The usual port is where a host is known by. */
static bool is_known(const struct making *m, const struct mention *mention)
{
	ip4 host = mention->at.addr, server = m->sender->og;

	if (mention->role == ROLE_SIGNAL && m->findings->said != SAID_REGISTER && m->findings->said != SAID_NOTHING)
		return true;
	return port_of(m, host) != NULL || is_registered(m, host, 5060, server) ||
	       is_registered(m, host, mention->at.port, server);
}

/* ---- mapping */

static const struct snapshot_static *entry_of(const struct making *m, uint8_t protocol, struct endpoint il)
{
	const struct snapshot_static *entry = snapshot_static_local(m->engine->snapshot, m->sender->vrf, protocol, il);

	return entry != NULL && entry->global != 0 && !entry->no_payload ? entry : NULL;
}

static const struct snapshot_rule *rule_of(const struct making *m, uint8_t protocol, struct endpoint il)
{
	const struct ask ask = {.engine = m->engine, .snapshot = m->engine->snapshot, .vrf = m->sender->vrf};
	const struct acl_subject subject = {.source = il.addr,
					    .destination = m->sender->og,
					    .source_port = il.port,
					    .destination_port = m->sender->og_port,
					    .protocol = protocol,
					    .ports_known = true};

	return rule_for(&ask, &subject, NULL);
}

static bool is_covered(const struct making *m, const struct mention *mention, uint8_t protocol)
{
	return entry_of(m, protocol, mention->at) != NULL || rule_of(m, protocol, mention->at) != NULL;
}

bool may_announce(struct making *m, const struct mention *mention, uint8_t protocol, struct resolved *out)
{
	bool covered = is_covered(m, mention, protocol);

	if (covered && is_known(m, mention))
		return true;
	if (!resolve_name(m, mention, out) && covered) {
		m->note = NOTE_THIRD_PARTY;
		m->engine->call_totals.third_party++;
	}
	return false;
}

void resolve_party(const struct making *m, const struct mention *mention, struct resolved *out)
{
	const struct call_port *port = port_of(m, mention->at.addr);

	if (port == NULL)
		return;
	out->to.addr = port->ig;
	out->changed = port->ig != mention->at.addr;
}

static bool use_binding(const struct making *m, const struct binding_record *binding, uint16_t port, struct leg *leg)
{
	if (binding == NULL || !binding_fits(m->engine->snapshot, binding))
		return false;
	leg->binding = binding_index(m->engine->bindings, binding);
	leg->ig = (struct endpoint){binding->global, binding->flags & BINDING_ADDRESS ? port : binding->global_port};
	return true;
}

static enum alg_note bind_leg(struct making *m, uint8_t protocol, struct leg *leg)
{
	struct binding_table *bindings = m->engine->bindings;
	bool whole = leg->kind == LEG_ADDRESS;
	struct endpoint of = {leg->il.addr, whole ? 0 : leg->il.port};
	enum reason reason;

	if (use_binding(m, binding_by_rule(bindings, m->sender->vrf, whole ? 0 : protocol, of, leg->id), leg->il.port, leg))
		return NOTE_NONE;
	if (leg->rule->is_interface ? leg->rule->address == 0 : leg->rule->pool == SNAPSHOT_NONE)
		return NOTE_NO_PORT;
	reason = leg_bind(m->engine, m->now, m->sender->vrf, protocol, leg);
	if (reason == REASON_TRANSLATED_NEW)
		return NOTE_NONE;
	return reason == REASON_NO_PORT ? NOTE_NO_PORT : NOTE_NO_ROOM;
}

enum alg_note map_other(struct making *m, uint8_t protocol, struct endpoint il, struct mapping *mapping)
{
	const struct snapshot_static *entry = entry_of(m, protocol, il);
	const struct snapshot_rule *rule = rule_of(m, protocol, il);
	struct leg leg = {.il = il, .rule = rule, .binding = RECORD_NONE, .stale = RECORD_NONE};
	enum alg_note note;

	if (entry != NULL) {
		*mapping = (struct mapping){.ig = {entry->global, entry->protocol != 0 ? entry->global_port : il.port},
					    .binding = RECORD_NONE,
					    .rule = entry->id,
					    .is_static = true};
		return NOTE_NONE;
	}
	if (rule == NULL)
		return NOTE_THIRD_PARTY;
	leg.id = rule->id;
	leg.kind = rule->is_interface || rule->overload ? LEG_OVERLOAD : LEG_ADDRESS;
	note = bind_leg(m, protocol, &leg);
	*mapping = (struct mapping){.ig = leg.ig, .binding = leg.binding, .rule = rule->id};
	return note;
}

void map_other_pair(struct making *m, uint8_t protocol, struct endpoint il)
{
	const struct snapshot_rule *rule = rule_of(m, protocol, il);
	struct leg legs[2] = {{.kind = LEG_EXPECTED, .il = il},
			      {.kind = LEG_EXPECTED, .il = {il.addr, (uint16_t)(il.port + 1)}}};
	ip4 global;

	if (rule == NULL || entry_of(m, protocol, il) != NULL || !(rule->is_interface || rule->overload))
		return;
	global = rule->is_interface ? rule->address : binding_paired(m->engine->bindings, m->sender->vrf, il.addr, rule->id);
	if (global == 0)
		return;
	for (int i = 0; i < 2; i++) {
		legs[i].id = rule->id;
		legs[i].ig.addr = global;
	}
	bind_pair_on(m->engine, m->now, m->sender->vrf, protocol, legs);
}
