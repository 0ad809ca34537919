/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mentioned endpoints become; resolve.h says it role by role. Who sends is inside, outside, or
 * (hairpin) both are inside: then each has a flow of its own, and either knows the other by its
 * global endpoint.
 *
 * A listener gets the global address that its control session has, so that the peer meets one host:
 * under a static entry that maps it there, as part of an address that is all the host's, else by a
 * port of its own. Only the receiver may come, by the address that the control session knows it by.
 *
 * May not read messages, nor look at packets.
 */
#include "nat/resolve.h"

#include <string.h>
#include "nat/resolve_parts.h"
#include "nat/session.h"

#define EXPECT_S_DEFAULT 60
#define PORT_LEAST	 1024

/* Nothing is allowed that has to be. */
static const struct gateway strict = {.expect_s = EXPECT_S_DEFAULT};

/* ---- addresses that are nobody's ---- */

bool names_nobody(ip4 addr)
{
	return addr == 0 || addr == UINT32_MAX || addr >> 24 == 127 || addr >> 28 == 14;
}

/* ---- expecting ---- */

static enum alg_note expect(struct making *m, struct expect_record *body)
{
	struct expect_table *table = m->engine->expects;
	const uint32_t most = m->gateway->expect_max != 0 ? m->gateway->expect_max : EXPECT_FLOW_MAX;
	struct expect_record *record = expect_same(table, body);

	if (record != NULL) {
		record->until_s = body->until_s;
		STORE_POINT();
		return NOTE_NONE;
	}
	if (m->n_made == MADE_MAX || expect_of_parent(table, m->ask->flow) >= most)
		return NOTE_LIMIT_FLOW;
	if (expect_of_host(table, body->vrf, body->il) >= EXPECT_HOST_MAX)
		return NOTE_LIMIT_HOST;
	record = expected_add(m->engine, m->now, body);
	if (record == NULL)
		return NOTE_NO_ROOM;
	m->made[m->n_made++] = expect_index(table, record);
	return NOTE_NONE;
}

uint8_t resolve_protocol(const struct mention *mention, const struct flow_record *flow)
{
	return mention->protocol != 0 && !(mention->flags & MENTION_OWN) ? mention->protocol
									 : flow->protocol;
}

static struct expect_record body_of(const struct making *m, const struct mention *mention,
				    const struct flow_record *flow)
{
	uint32_t life_s = m->gateway->expect_s != 0 ? m->gateway->expect_s : EXPECT_S_DEFAULT;
	struct expect_record body = {
	    .vrf = flow->vrf,
	    .protocol = resolve_protocol(mention, flow),
	    .il = flow->il,
	    .ig = flow->ig,
	    .alg = m->ask->alg,
	    .child = mention->child,
	    .came = RECORD_NONE,
	    .rule = flow->rule,
	    .binding = RECORD_NONE,
	    .parent = m->ask->flow,
	    .call = m->told.call != NULL ? call_index(m->engine->calls, m->told.call) : RECORD_NONE,
	    .made_s = seconds(m->now),
	    .until_s = seconds(m->now) + life_s,
	    .flags = (uint8_t)((mention->flags & MENTION_MANY ? EXPECT_MANY : 0) |
			       (flow->flags & FLOW_STATIC ? EXPECT_STATIC : 0)),
	};

	memcpy(body.message, m->findings->message, sizeof(body.message));
	return body;
}

/* From outside: the receiver may come to what the sender's endpoint was mapped to. */
static enum alg_note expect_outside(struct making *m, const struct mention *mention,
				    struct endpoint il, const struct mapping *mapping)
{
	struct expect_record body = body_of(m, mention, m->sender);

	body.side = SIDE_OUTSIDE;
	body.il_port = il.port;
	body.ig = mapping->ig.addr;
	body.ig_port = mapping->ig.port;
	body.remote = m->sender->og;
	body.remote_port = mention->remote_port;
	body.rule = mapping->rule;
	body.binding = mapping->binding;
	body.flags &= (uint8_t)~EXPECT_STATIC;
	if (mapping->is_static)
		body.flags |= EXPECT_STATIC;
	if (mention->remote_least != 0 && mention->remote_port == 0)
		body.flags |= EXPECT_REMOTE_RESERVED;
	return expect(m, &body);
}

enum alg_note expect_from(struct making *m, const struct mention *mention,
			  const struct flow_record *flow, const struct call_port *port,
			  struct endpoint remote)
{
	struct expect_record body = body_of(m, mention, flow);
	const struct binding_record *binding;

	if (port != NULL) {
		body.il = port->il;
		body.ig = port->ig;
		body.rule = port->rule;
		body.flags &= (uint8_t)~EXPECT_STATIC;
		body.flags |= port->kind & PORT_STATIC ? EXPECT_STATIC : 0;
	}
	body.side = SIDE_INSIDE;
	body.remote = remote.addr;
	body.remote_port = remote.port;
	body.binding = port != NULL ? port->binding : flow->binding;
	binding = binding_at(m->engine->bindings, body.binding);
	if (binding == NULL || !(binding->flags & BINDING_ADDRESS))
		body.binding = RECORD_NONE;
	return expect(m, &body);
}

enum alg_note expect_inside(struct making *m, const struct mention *mention, struct endpoint remote)
{
	return expect_from(m, mention, m->receiver, NULL, remote);
}

/* ---- a listener inside ---- */

void map_own(const struct flow_record *flow, struct mapping *mapping)
{
	*mapping = (struct mapping){.ig = {flow->ig, flow->ig_port},
				    .binding = flow->binding,
				    .rule = flow->rule,
				    .is_static = flow->flags & FLOW_STATIC};
}

static enum alg_note map_port(struct making *m, uint8_t protocol, struct endpoint il,
			      struct mapping *mapping)
{
	const struct flow_record *flow = m->sender;
	struct leg leg = {.kind = LEG_EXPECTED,
			  .id = flow->rule,
			  .il = il,
			  .ig = {flow->ig, 0},
			  .binding = RECORD_NONE};
	enum reason reason = bind_on(m->engine, m->now, flow->vrf, protocol, &leg);

	if (reason != REASON_TRANSLATED_NEW)
		return reason == REASON_NO_PORT ? NOTE_NO_PORT : NOTE_NO_ROOM;
	mapping->ig = leg.ig;
	mapping->binding = leg.binding;
	return NOTE_NONE;
}

enum alg_note map_listener(struct making *m, uint8_t protocol, struct endpoint il,
			   struct mapping *mapping)
{
	const struct flow_record *flow = m->sender;
	const struct snapshot *snapshot = m->engine->snapshot;
	const struct snapshot_static *entry =
	    static_between(snapshot, flow->vrf, protocol, il, flow->ig);
	const struct binding_record *binding = binding_at(m->engine->bindings, flow->binding);

	*mapping = (struct mapping){.ig = {flow->ig, il.port},
				    .binding = RECORD_NONE,
				    .rule = flow->rule,
				    .is_static = flow->flags & FLOW_STATIC};
	if (entry != NULL) {
		mapping->rule = entry->id;
		mapping->is_static = true;
		if (entry->protocol != 0)
			mapping->ig.port = entry->global_port;
	} else if (binding != NULL && (binding->flags & BINDING_ADDRESS)) {
		mapping->binding = flow->binding;
	} else {
		return map_port(m, protocol, il, mapping);
	}
	return unclaimed(snapshot, flow->vrf, protocol, mapping->ig, il) ? NOTE_NONE : NOTE_CLAIMED;
}

/* May this port be announced at all? */
bool is_good_port(const struct making *m, const struct mention *mention)
{
	uint16_t port = mention->at.port;

	if (mention->flags & MENTION_RESERVED)
		return port >= 512 && port < PORT_LEAST;
	return port >= PORT_LEAST || m->gateway->low_ports;
}

static enum resolve_outcome leave(struct making *m, enum alg_note note)
{
	m->note = note;
	return RESOLVE_LEFT;
}

/* The message as it is shows an inside address, unless it names none or a global one. */
static enum resolve_outcome refuse(struct making *m, const struct mention *mention,
				   enum alg_note note)
{
	m->note = note;
	if ((mention->flags & (MENTION_OWN | MENTION_HERE)) || mention->at.addr == m->sender->ig)
		return RESOLVE_LEFT;
	return RESOLVE_REFUSED;
}

static enum alg_note expect_both(struct making *m, const struct mention *mention,
				 struct endpoint il, const struct mapping *mapping)
{
	enum alg_note note = expect_outside(m, mention, il, mapping);

	if (note == NOTE_NONE && m->receiver != NULL)
		note = expect_inside(m, mention, mapping->ig);
	/* A binding that nobody holds was made in vain. */
	if (note != NOTE_NONE)
		leg_unbind(m->engine, m->now, mapping->binding);
	return note;
}

/* Ports for both at once, so that they stay neighbours. Where that cannot be (the first is odd, or
 * one of them has a port already) each gets its own. */
void map_pair(struct making *m, uint8_t protocol, struct endpoint il)
{
	const struct flow_record *flow = m->sender;
	const struct binding_record *binding = binding_at(m->engine->bindings, flow->binding);
	struct endpoint next = {il.addr, (uint16_t)(il.port + 1)};
	struct leg legs[2] = {
	    {.kind = LEG_EXPECTED, .id = flow->rule, .il = il, .ig = {flow->ig, 0}},
	    {.kind = LEG_EXPECTED, .id = flow->rule, .il = next, .ig = {flow->ig, 0}}};
	const struct snapshot *snapshot = m->engine->snapshot;

	if ((binding == NULL || !(binding->flags & BINDING_ADDRESS)) &&
	    static_between(snapshot, flow->vrf, protocol, il, flow->ig) == NULL &&
	    static_between(snapshot, flow->vrf, protocol, next, flow->ig) == NULL)
		bind_pair_on(m->engine, m->now, flow->vrf, protocol, legs);
}

static enum alg_note listen_at(struct making *m, const struct mention *mention, struct endpoint il,
			       struct mapping *mapping)
{
	enum alg_note note = map_listener(m, resolve_protocol(mention, m->sender), il, mapping);

	return note == NOTE_NONE ? expect_both(m, mention, il, mapping) : note;
}

static enum alg_note listen_pair(struct making *m, const struct mention *mention,
				 struct endpoint il, struct mapping *mapping)
{
	struct endpoint next = {il.addr, (uint16_t)(il.port + 1)};
	const struct binding_record *left;
	struct mapping second;
	enum alg_note note;

	if (next.port == 0)
		return NOTE_BAD_PORT;
	map_pair(m, resolve_protocol(mention, m->sender), il);
	note = listen_at(m, mention, il, mapping);
	if (note == NOTE_NONE)
		return listen_at(m, mention, next, &second);
	left = binding_by_rule(m->engine->bindings, m->sender->vrf, resolve_protocol(mention, m->sender),
			       next, m->sender->rule);
	if (left != NULL)
		leg_unbind(m->engine, m->now, binding_index(m->engine->bindings, left));
	return note;
}

static enum resolve_outcome listen_inside(struct making *m, const struct mention *mention,
					  struct resolved *out)
{
	const struct flow_record *flow = m->sender;
	bool own = mention->flags & MENTION_OWN, here = mention->flags & MENTION_HERE;
	struct endpoint il = {flow->il, own ? flow->il_port : mention->at.port};
	struct mapping mapping;
	enum alg_note note;

	/* Some servers are configured to announce their global address themselves. */
	if (!own && !here && mention->at.addr != flow->il && mention->at.addr != flow->ig)
		return leave(m, NOTE_THIRD_PARTY);
	if (!own && !is_good_port(m, mention))
		return leave(m, NOTE_BAD_PORT);
	if (own) {
		map_own(flow, &mapping);
		note = expect_both(m, mention, il, &mapping);
	} else if (mention->flags & MENTION_PAIR) {
		note = listen_pair(m, mention, il, &mapping);
	} else {
		note = listen_at(m, mention, il, &mapping);
	}
	if (note != NOTE_NONE)
		return refuse(m, mention, note);
	if (own)
		return RESOLVED;
	out->to = (struct endpoint){here ? mention->at.addr : mapping.ig.addr, mapping.ig.port};
	out->changed = out->to.addr != mention->at.addr || out->to.port != mention->at.port;
	return RESOLVED;
}

/* ---- a listener outside ---- */

static enum resolve_outcome listen_outside(struct making *m, const struct mention *mention)
{
	const struct flow_record *flow = m->receiver;
	struct endpoint remote = mention->at;
	enum alg_note note;

	if (mention->flags & MENTION_OWN)
		remote = (struct endpoint){flow->og, flow->og_port};
	else if (mention->flags & MENTION_HERE)
		remote.addr = flow->og;
	if (remote.addr != flow->og)
		return leave(m, NOTE_THIRD_PARTY);
	if (!(mention->flags & MENTION_OWN) && !is_good_port(m, mention))
		return leave(m, NOTE_BAD_PORT);
	note = expect_inside(m, mention, remote);
	return note == NOTE_NONE ? RESOLVED : leave(m, note);
}

static enum resolve_outcome listen(struct making *m, const struct mention *mention,
				   struct resolved *out)
{
	bool stated = !(mention->flags & (MENTION_OWN | MENTION_HERE));

	if ((stated && names_nobody(mention->at.addr)) ||
	    (!(mention->flags & MENTION_OWN) && mention->at.port == 0))
		return RESOLVED;
	return m->sender != NULL ? listen_inside(m, mention, out) : listen_outside(m, mention);
}

/* ---- names ---- */

/* Whole addresses. */
static bool address_out(const struct making *m, uint16_t vrf, struct endpoint *at)
{
	struct endpoint host = {at->addr, 0};
	const struct snapshot_static *entry =
	    snapshot_static_local(m->engine->snapshot, vrf, 0, host);
	const struct binding_record *binding;

	if (entry != NULL && entry->no_payload)
		return false;
	if (entry != NULL && entry->global != 0) {
		at->addr = entry->global;
		return true;
	}
	binding = entry == NULL ? binding_by_local(m->engine->bindings, vrf, 0, host) : NULL;
	if (binding == NULL || !binding_fits(m->engine->snapshot, binding))
		return false;
	at->addr = binding->global;
	return true;
}

static bool address_in(const struct making *m, uint16_t vrf, struct endpoint *at)
{
	struct endpoint whole = {at->addr, 0};
	const struct snapshot_static *entry =
	    snapshot_static_global(m->engine->snapshot, vrf, 0, whole);
	const struct binding_record *binding;

	if (entry != NULL && entry->no_payload)
		return false;
	if (entry != NULL) {
		at->addr = entry->local;
		return true;
	}
	binding = binding_by_global(m->engine->bindings, vrf, 0, whole);
	if (binding == NULL || !binding_fits(m->engine->snapshot, binding))
		return false;
	at->addr = binding->local;
	return true;
}

static bool is_good_binding(const struct making *m, const struct binding_record *binding)
{
	return binding != NULL && !(binding->flags & BINDING_IDENTITY) &&
	       binding_fits(m->engine->snapshot, binding);
}

static bool name_out(const struct making *m, uint16_t vrf, uint8_t protocol, struct endpoint *at)
{
	const struct flow_record *flow = m->sender;
	const struct snapshot_static *entry =
	    snapshot_static_local(m->engine->snapshot, vrf, protocol, *at);
	const struct binding_record *binding;

	if (entry != NULL && entry->no_payload)
		return false;
	if (entry != NULL && entry->protocol != 0 && entry->global != 0) {
		*at = (struct endpoint){entry->global, entry->global_port};
		return true;
	}
	binding = entry == NULL
		      ? binding_by_rule(m->engine->bindings, vrf, protocol, *at, flow->rule)
		      : NULL;
	if (entry == NULL && !is_good_binding(m, binding))
		binding = binding_by_local(m->engine->bindings, vrf, protocol, *at);
	if (is_good_binding(m, binding)) {
		*at = (struct endpoint){binding->global, binding->global_port};
		return true;
	}
	if (address_out(m, vrf, at))
		return true;
	/* Its address alone: that which it shows as. */
	if (at->port != 0 || at->addr != flow->il)
		return false;
	at->addr = flow->ig;
	return true;
}

bool name_in(const struct making *m, uint16_t vrf, uint8_t protocol, struct endpoint *at)
{
	const struct flow_record *flow = m->receiver;
	const struct snapshot_static *entry =
	    snapshot_static_global(m->engine->snapshot, vrf, protocol, *at);
	const struct binding_record *binding;

	if (entry != NULL && entry->no_payload)
		return false;
	if (entry != NULL && entry->protocol != 0) {
		*at = (struct endpoint){entry->local, entry->local_port};
		return true;
	}
	binding = binding_by_global(m->engine->bindings, vrf, protocol, *at);
	if (entry == NULL && is_good_binding(m, binding)) {
		*at = (struct endpoint){binding->local, binding->local_port};
		return true;
	}
	if (address_in(m, vrf, at))
		return true;
	if (at->port != 0 || at->addr != flow->ig)
		return false;
	at->addr = flow->il;
	return true;
}

bool resolve_name(const struct making *m, const struct mention *mention, struct resolved *out)
{
	const struct flow_record *flow = m->sender != NULL ? m->sender : m->receiver;
	uint8_t protocol = resolve_protocol(mention, flow);
	bool whole = mention->role == ROLE_ADDRESS, done = false;
	struct endpoint at = mention->at;

	if (names_nobody(at.addr))
		return false;
	if (m->sender != NULL)
		done =
		    whole ? address_out(m, flow->vrf, &at) : name_out(m, flow->vrf, protocol, &at);
	if (!done && m->receiver != NULL)
		done = whole ? address_in(m, flow->vrf, &at) : name_in(m, flow->vrf, protocol, &at);
	if (done && aware_of(m, mention, at.addr))
		at = mention->at;
	out->to = at;
	out->changed = done && (at.addr != mention->at.addr || at.port != mention->at.port);
	return done;
}

/* ---- a message ---- */

static enum resolve_outcome resolve(struct making *m, const struct mention *mention,
				    struct resolved *out)
{
	*out = (struct resolved){.to = mention->at};
	aware_note(m, mention);
	if (mention->role == ROLE_LISTEN)
		return listen(m, mention, out);
	if (mention->role == ROLE_SIGNAL)
		return resolve_signal(m, mention, out);
	if (mention->role == ROLE_MEDIA || mention->role == ROLE_RTCP)
		return resolve_media(m, mention, out);
	if (mention->flags & MENTION_TOLD)
		return resolve_told(m, mention, out);
	if (mention->role == ROLE_NAME && mention->medium != MEDIUM_NONE && m->sender != NULL &&
	    mention->at.addr == m->sender->il)
		return resolve_candidate(m, mention, out);
	if (!resolve_name(m, mention, out) && mention->role == ROLE_NAME)
		return resolve_own_name(m, mention, out);
	return RESOLVED;
}

static void undo(struct making *m)
{
	while (m->n_made > 0)
		expected_undo(m->engine, m->now,
			      expect_at(m->engine->expects, m->made[--m->n_made]));
	telling_undo(m);
}

static bool set_parties(struct making *m)
{
	const struct flow_record *flow = flow_at(m->engine->flows, m->ask->flow);
	const struct flow_record *other = flow_at(m->engine->flows, m->ask->other);
	bool from_inside = m->ask->from == SIDE_INSIDE;

	if (flow == NULL)
		return false;
	m->gateway = alg_gateway((enum alg)m->ask->alg);
	if (m->gateway == NULL)
		m->gateway = &strict;
	m->sender = from_inside ? flow : other;
	m->receiver = from_inside ? other : flow;
	return true;
}

enum resolve_outcome resolve_all(struct engine *engine, uint64_t now, const struct resolve_ask *ask,
				 const struct findings *findings, struct resolved *out,
				 enum alg_note *note)
{
	struct making m = {.engine = engine, .now = now, .ask = ask, .findings = findings};
	enum resolve_outcome outcome = RESOLVED;

	*note = NOTE_NONE;
	if (!set_parties(&m))
		return RESOLVE_LEFT;
	telling_begin(&m);
	for (uint32_t i = 0; i < findings->n_mentions && outcome == RESOLVED; i++)
		outcome = resolve(&m, &findings->mentions[i], &out[i]);
	if (outcome != RESOLVED) {
		undo(&m);
		*note = m.note;
		return outcome;
	}
	for (uint32_t i = 0; i < m.n_made; i++)
		expect_note(engine, now, TRACE_EXPECTED, expect_at(engine->expects, m.made[i]));
	telling_end(&m);
	*note = m.note;
	return RESOLVED;
}
