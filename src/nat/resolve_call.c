/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where calls are received and signalled to: ROLE_SIGNAL, ROLE_MEDIA, ROLE_RTCP.
 *
 *   sender inside   its endpoint becomes a port of the call (call.h), with the same answer as long as the call has it. The flow's
 *                   own endpoint has the flow's own mapping. Who shows its global address already is left alone. Another host's
 *                   is taken only if that host is known: a party of this call, or registered with the same server.
 *   sender outside  a global endpoint that is a host's inside becomes local again, so that media between two inside hosts need not
 *                   come by here; anything else is remembered as where the other side is.
 *
 * What is made of a message that is then left, or refused, is undone (resolve_said.c). May not read messages.
 */
#include "nat/call_life.h"
#include "nat/resolve_parts.h"
#include "nat/session.h"

#define GIVE_WAY_MAX 8 /* calls that are over, for a port that is wanted */
#define PORT_DISCARD 9 /* said by who only connects, or says later where (RFC 6544 4.5, RFC 8840 4.1.1) */

static bool is_own(const struct mention *mention, const struct flow_record *flow, uint8_t protocol)
{
	return mention->at.addr == flow->il && mention->at.port == flow->il_port && protocol == flow->protocol;
}

/* ---- ports ---- */

static struct call_port body_of(const struct making *m, uint8_t protocol, struct endpoint il, const struct mapping *mapping)
{
	return (struct call_port){
		.vrf = m->sender->vrf,
		.protocol = protocol,
		.alg = m->ask->alg,
		.il = il.addr,
		.il_port = il.port,
		.ig = mapping->ig.addr,
		.ig_port = mapping->ig.port,
		.rule = mapping->rule,
		.call = RECORD_NONE,
		.host = m->sender->il,
		.party = call_party(m->sender),
		.medium = MEDIUM_NONE,
		.kind = mapping->is_static ? PORT_STATIC : 0,
		.made_s = seconds(m->now),
		.binding = mapping->binding,
	};
}

static enum alg_note map_host(struct making *m, uint8_t protocol, struct endpoint il, struct mapping *mapping)
{
	return il.addr == m->sender->il ? map_listener(m, protocol, il, mapping) : map_other(m, protocol, il, mapping);
}

/* Calls that are over give up their ports where there is none left. */
static enum alg_note map_somehow(struct making *m, uint8_t protocol, struct endpoint il, struct mapping *mapping)
{
	enum alg_note note = map_host(m, protocol, il, mapping);

	for (int i = 0; i < GIVE_WAY_MAX && note == NOTE_NO_PORT && call_give_way(m->engine, m->now); i++)
		note = map_host(m, protocol, il, mapping);
	return note;
}

static enum alg_note begin_port(struct making *m, const struct call_port *body, struct call_port **out)
{
	struct telling *told = &m->told;

	*out = told->n_made < PORTS_MAX ? call_port_begin(m->engine, m->now, body) : NULL;
	if (*out == NULL) {
		leg_unbind(m->engine, m->now, body->binding);
		return NOTE_NO_ROOM;
	}
	told->made_ports[told->n_made++] = call_port_index(m->engine->calls, *out);
	return NOTE_NONE;
}

static void touch(struct making *m, const struct call_port *port)
{
	if (!offer_names(m, port) && m->told.n_touched < PORTS_MAX)
		m->told.touched[m->told.n_touched++] = call_port_index(m->engine->calls, port);
}

static void announce(struct making *m, const struct mention *mention, struct call_port *port)
{
	port->flags &= (uint8_t)~PORT_HELD;
	if (mention->flags & MENTION_HELD)
		port->flags |= PORT_HELD;
	touch(m, port);
}

static void tell(const struct mention *mention, struct endpoint ig, struct resolved *out)
{
	out->to = ig;
	out->changed = ig.addr != mention->at.addr || ig.port != mention->at.port;
}

/* ---- contacts ---- */

static void note_aware(struct making *m)
{
	m->told.aware = true;
	m->engine->call_totals.aware++;
}

static struct call_port *contact_at(const struct making *m, uint8_t protocol, struct endpoint il)
{
	struct call_port *port = NULL;

	do {
		port = call_port_of_local(m->engine->calls, m->sender->vrf, protocol, il, port);
	} while (port != NULL && (!(port->kind & PORT_SIGNAL) || !call_port_fits(m->engine->snapshot, port) ||
				  (port->ig != m->sender->ig && il.addr == m->sender->il)));
	return port;
}

/* The call's oldest contact gives way to one too many. */
static void take_contact(struct making *m, const struct call_port *port)
{
	struct call_record *call = m->told.call;
	struct call_port *gone;

	if (call_take_contact(m->engine->calls, call, port))
		return;
	gone = call_drop_contact(m->engine->calls, call, 0);
	if (gone != NULL)
		call_port_end(m->engine, m->now, gone);
	call_take_contact(m->engine->calls, call, port);
}

static enum alg_note make_contact(struct making *m, uint8_t protocol, struct endpoint il, const struct mapping *mapping,
				  struct call_port **port)
{
	struct call_port body = body_of(m, protocol, il, mapping);

	body.kind |= PORT_SIGNAL;
	return begin_port(m, &body, port);
}

/* A call, a registration, or what else needs to be reached for a while. */
static struct call_record *need_call(struct making *m)
{
	if (m->told.call == NULL)
		telling_open(m);
	return m->told.call;
}

static enum alg_note contact(struct making *m, uint8_t protocol, struct endpoint il, bool own, struct endpoint *ig)
{
	struct call_port *port = contact_at(m, protocol, il);
	struct mapping mapping;
	enum alg_note note = NOTE_NONE;

	if (port == NULL && own)
		map_own(m->sender, &mapping);
	else if (port == NULL)
		note = map_somehow(m, protocol, il, &mapping);
	if (note != NOTE_NONE)
		return note;
	if (port == NULL)
		note = make_contact(m, protocol, il, &mapping, &port);
	if (note != NOTE_NONE)
		return note;
	*ig = call_port_global(port);
	take_contact(m, port);
	return NOTE_NONE;
}

/* Nothing is made for a request that nobody will answer otherwise than by this flow. */
static bool needs_nothing(const struct making *m, const struct mention *mention, bool own)
{
	return own && m->told.call == NULL && mention->lifetime_s == 0 && m->findings->said == SAID_NOTHING;
}

/* Why there is none for it. */
static enum alg_note no_call(const struct making *m)
{
	return call_of_source(m->engine->calls, m->sender->vrf, m->sender->il) >= CALL_SOURCE_MAX ? NOTE_LIMIT_SOURCE
												  : NOTE_NO_ROOM;
}

static enum resolve_outcome refuse_call(struct making *m, enum alg_note note)
{
	m->note = note;
	return RESOLVE_REFUSED;
}

static enum resolve_outcome signal_inside(struct making *m, const struct mention *mention, struct resolved *out)
{
	const struct flow_record *flow = m->sender;
	uint8_t protocol = resolve_protocol(mention, flow);
	bool own = is_own(mention, flow, protocol);
	struct endpoint ig = {flow->ig, flow->ig_port};
	enum alg_note note;

	if (mention->lifetime_s > m->told.wanted_s)
		m->told.wanted_s = mention->lifetime_s;
	if (mention->at.addr == flow->ig && flow->ig != flow->il)
		return note_aware(m), RESOLVED;
	if (mention->at.addr != flow->il) {
		if (!may_announce(m, mention, protocol, out))
			return RESOLVED;
	} else if (!own && !is_good_port(m, mention)) {
		if (!resolve_name(m, mention, out))
			m->note = NOTE_BAD_PORT;
		return RESOLVED;
	}
	if (!needs_nothing(m, mention, own)) {
		if (need_call(m) == NULL)
			return refuse_call(m, no_call(m));
		note = contact(m, protocol, mention->at, own, &ig);
		if (note != NOTE_NONE)
			return refuse_call(m, note);
	}
	tell(mention, ig, out);
	return RESOLVED;
}

/* ---- the other side ---- */

static void remember_place(struct making *m, ip4 addr)
{
	if (m->told.n_places < CALL_PEERS)
		m->told.places[m->told.n_places++] = addr;
}

/* Registrars list the contacts of others, too. */
static void note_grant(struct making *m, const struct mention *mention)
{
	const struct flow_record *flow = m->receiver;
	struct call_table *calls = m->engine->calls;
	const struct call_port *port = NULL;
	uint8_t protocol = resolve_protocol(mention, flow);

	while ((port = call_port_of_global(calls, flow->vrf, protocol, mention->at, port)) != NULL) {
		for (unsigned i = 0; i < CALL_CONTACTS; i++) {
			if (m->told.call->contacts[i] == call_port_index(calls, port) &&
			    mention->lifetime_s > m->told.granted_s)
				m->told.granted_s = mention->lifetime_s;
		}
	}
}

/* What the receiver sends there is of this protocol, though no configured port says so. Where there is no room for that, it goes
 * unread. */
static void follow_there(struct making *m, const struct mention *mention)
{
	const struct flow_record *flow = m->receiver;
	struct mention there = *mention;
	enum alg_note note = NOTE_NONE;

	there.protocol = resolve_protocol(mention, flow);
	there.child = m->ask->alg;
	there.flags = MENTION_MANY;
	if (snapshot_service(m->engine->snapshot, there.protocol, there.at.port, there.at.addr) == ALG_NONE)
		note = expect_inside(m, &there, there.at);
	if (note != NOTE_NONE)
		m->note = note;
}

/* Likewise of a medium that is read: who is told of it may connect to it, the flow's host or another one that has a port of the
 * same medium. */
static void connect_there(struct making *m, const struct mention *mention, const struct flow_record *flow, struct endpoint at)
{
	struct mention there = *mention;
	struct call_port *port = NULL;
	enum alg_note note;

	if (mention->child == ALG_NONE || names_nobody(at.addr) || at.port == 0 || at.port == PORT_DISCARD)
		return;
	there.protocol = resolve_protocol(mention, flow);
	there.flags = MENTION_MANY;
	/* Nobody's description may keep another gateway from reading what is its own. */
	if (snapshot_service(m->engine->snapshot, there.protocol, at.port, at.addr) != ALG_NONE)
		return;
	note = expect_from(m, &there, flow, NULL, at);
	while (m->told.call != NULL && note == NOTE_NONE &&
	       (port = call_port_of_call(m->engine->calls, call_index(m->engine->calls, m->told.call), port)) != NULL) {
		if (port->medium == mention->medium && port->child == mention->child && port->il != flow->il &&
		    port->host == flow->il)
			note = expect_from(m, &there, flow, port, at);
	}
	if (note != NOTE_NONE)
		m->note = note;
}

/* The sender answers, perhaps long after the other side has said where it takes connections. */
static void connect_back(struct making *m, const struct mention *mention)
{
	const struct call_record *call = m->told.call;

	for (unsigned i = 0; call != NULL && i < CALL_REMOTES; i++) {
		if (call->remotes[i].medium == mention->medium && call->remotes[i].host == m->sender->il)
			connect_there(m, mention, m->sender, call->remotes[i].at);
	}
}

static void reached_there(struct making *m, const struct mention *mention)
{
	remember_place(m, mention->at.addr);
	follow_there(m, mention);
}

static enum resolve_outcome signal_outside(struct making *m, const struct mention *mention, struct resolved *out)
{
	bool ours = resolve_name(m, mention, out);

	if (m->told.call == NULL)
		return RESOLVED;
	if (m->findings->said == SAID_REGISTERED) {
		note_grant(m, mention);
	} else if (!ours) {
		reached_there(m, mention);
	}
	return RESOLVED;
}

enum resolve_outcome resolve_signal(struct making *m, const struct mention *mention, struct resolved *out)
{
	if (names_nobody(mention->at.addr) || mention->at.port == 0)
		return RESOLVED;
	return m->sender != NULL ? signal_inside(m, mention, out) : signal_outside(m, mention, out);
}

/* What is said to be reached there (Via) has to be, even if it is no contact: the sender inside, and by who answers it also the
 * sender outside, as is the proxy that wants to stay between, or whom the receiver is to call instead. */
enum resolve_outcome resolve_own_name(struct making *m, const struct mention *mention, struct resolved *out)
{
	const struct flow_record *flow = m->sender;
	uint8_t protocol;
	struct endpoint ig;

	if (flow != NULL && mention->at.port == 0 && m->told.call != NULL)
		resolve_party(m, mention, out);
	if (flow == NULL && mention->medium != MEDIUM_NONE)
		connect_there(m, mention, m->receiver, mention->at);
	if (m->findings->key_length == 0 || mention->at.port == 0)
		return RESOLVED;
	if (flow == NULL && (mention->flags & MENTION_ROUTE) && m->told.call != NULL)
		reached_there(m, mention);
	else if (flow == NULL && mention->medium == MEDIUM_NONE &&
		 (mention->child != ALG_NONE || mention->at.addr == m->receiver->og))
		follow_there(m, mention);
	if (flow == NULL || mention->at.addr != flow->il)
		return RESOLVED;
	protocol = resolve_protocol(mention, flow);
	ig = (struct endpoint){flow->ig, flow->ig_port};
	if (!is_own(mention, flow, protocol)) {
		if (!is_good_port(m, mention) || need_call(m) == NULL ||
		    contact(m, protocol, mention->at, false, &ig) != NOTE_NONE)
			return RESOLVED;
	}
	tell(mention, ig, out);
	return RESOLVED;
}

/* ---- media ---- */

static struct call_port *medium_at(const struct making *m, const struct mention *mention, uint8_t protocol, struct endpoint il,
				   uint8_t kind)
{
	uint32_t index = call_index(m->engine->calls, m->told.call);
	struct call_port *port = NULL;

	while ((port = call_port_of_call(m->engine->calls, index, port)) != NULL) {
		if (port->il == il.addr && port->il_port == il.port && port->protocol == protocol &&
		    port->medium == mention->medium && (port->kind & PORT_RTCP) == kind &&
		    port->party == call_party(m->sender) && call_port_fits(m->engine->snapshot, port))
			return port;
	}
	return NULL;
}

/* For one more. A port that is about to go does so at once, but none that this message names, or that is still agreed to. */
static bool has_room(struct making *m)
{
	uint32_t index = call_index(m->engine->calls, m->told.call);
	struct call_port *port = NULL;

	if (call_port_count_of_call(m->engine->calls, index) < CALL_PORTS_MAX)
		return true;
	do {
		port = call_port_of_call(m->engine->calls, index, port);
	} while (port != NULL && (port->closes_s == 0 || offer_names(m, port)));
	if (port == NULL)
		return false;
	call_port_end(m->engine, m->now, port);
	return true;
}

static enum alg_note medium_port(struct making *m, const struct mention *mention, uint8_t protocol, struct endpoint il,
				 uint8_t kind, struct call_port **out)
{
	struct call_port body;
	struct mapping mapping;
	enum alg_note note;

	*out = medium_at(m, mention, protocol, il, kind);
	if (*out != NULL)
		return NOTE_NONE;
	if (!has_room(m))
		return NOTE_LIMIT_CALL;
	note = map_somehow(m, protocol, il, &mapping);
	if (note != NOTE_NONE)
		return note;
	body = body_of(m, protocol, il, &mapping);
	body.call = call_index(m->engine->calls, m->told.call);
	body.medium = mention->medium;
	body.child = mention->child;
	body.kind |= kind;
	if (il.addr != mention->at.addr)
		body.kind |= PORT_AWARE;
	if (kind == PORT_RTCP && (mention->flags & MENTION_MUX))
		body.kind |= PORT_SPARE;
	body.flags = PORT_OFFERED;
	return begin_port(m, &body, out);
}

/* Of a pair, where nobody has come to hold it. */
static void unmap(struct making *m, uint8_t protocol, struct endpoint il)
{
	const struct binding_record *binding = binding_by_local(m->engine->bindings, m->sender->vrf, protocol, il);

	if (binding != NULL)
		leg_unbind(m->engine, m->now, binding_index(m->engine->bindings, binding));
}

/* RTP and RTCP neighbours, if it can be. */
static enum alg_note medium_ports(struct making *m, const struct mention *mention, uint8_t protocol, struct endpoint il,
				  struct endpoint *ig)
{
	struct endpoint next = {il.addr, (uint16_t)(il.port + 1)};
	uint8_t kind = mention->role == ROLE_RTCP ? PORT_RTCP : 0;
	bool pair = (mention->flags & MENTION_PAIR) && next.port != 0;
	struct call_port *port, *second;
	enum alg_note note;

	if (pair && medium_at(m, mention, protocol, il, kind) == NULL)
		il.addr == m->sender->il ? map_pair(m, protocol, il) : map_other_pair(m, protocol, il);
	note = medium_port(m, mention, protocol, il, kind, &port);
	if (note == NOTE_NONE)
		announce(m, mention, port);
	if (note == NOTE_NONE && pair) {
		note = medium_port(m, mention, protocol, next, PORT_RTCP, &second);
		if (note == NOTE_NONE)
			announce(m, mention, second);
	}
	if (note != NOTE_NONE && pair)
		unmap(m, protocol, next);
	if (note != NOTE_NONE)
		return note;
	*ig = call_port_global(port);
	return NOTE_NONE;
}

static void say_medium(struct making *m, uint16_t medium)
{
	if (m->told.n_media < PORTS_MAX)
		m->told.media[m->told.n_media++] = medium;
}

/* The host's own endpoint behind the global one that it learned by itself; il.port 0: not known. */
static struct endpoint learned(const struct making *m, uint8_t protocol, struct endpoint global)
{
	if (!name_in(m, m->sender->vrf, protocol, &global) || global.addr != m->sender->il)
		return (struct endpoint){0, 0};
	return global;
}

/* Nobody connects to it; to whom it connects it is known by its host's global address. */
static enum resolve_outcome active_inside(const struct making *m, const struct mention *mention, struct resolved *out)
{
	if (mention->at.addr == m->sender->il)
		tell(mention, (struct endpoint){m->sender->ig, mention->at.port}, out);
	else
		resolve_party(m, mention, out);
	return RESOLVED;
}

static enum resolve_outcome media_inside(struct making *m, const struct mention *mention, struct resolved *out)
{
	const struct flow_record *flow = m->sender;
	uint8_t protocol = resolve_protocol(mention, flow);
	struct endpoint il = mention->at, ig;
	enum alg_note note;

	if (il.addr == flow->ig && flow->ig != flow->il) {
		note_aware(m);
		il = learned(m, protocol, il);
		if (il.port == 0)
			return RESOLVED;
	} else if (il.addr != flow->il && !may_announce(m, mention, protocol, out)) {
		return RESOLVED;
	}
	if (il.port == PORT_DISCARD)
		return active_inside(m, mention, out);
	if (!is_good_port(m, mention)) {
		m->note = NOTE_BAD_PORT;
		return RESOLVED;
	}
	if (need_call(m) == NULL)
		return refuse_call(m, no_call(m));
	note = medium_ports(m, mention, protocol, il, &ig);
	if (note != NOTE_NONE)
		return refuse_call(m, note);
	tell(mention, ig, out);
	return RESOLVED;
}

/* The medium's own ports have candidates, too: these are found first. */
enum resolve_outcome resolve_candidate(struct making *m, const struct mention *mention, struct resolved *out)
{
	uint8_t protocol = resolve_protocol(mention, m->sender);
	struct call_port *port = NULL;
	enum alg_note note;

	if (mention->at.port == PORT_DISCARD)
		return active_inside(m, mention, out);
	if (!is_good_port(m, mention)) {
		resolve_name(m, mention, out);
		return RESOLVED;
	}
	if (need_call(m) == NULL)
		return refuse_call(m, no_call(m));
	for (uint8_t kind = 0; kind <= PORT_RTCP && port == NULL; kind += PORT_RTCP)
		port = medium_at(m, mention, protocol, mention->at, kind);
	note = port != NULL ? NOTE_NONE : medium_port(m, mention, protocol, mention->at, 0, &port);
	if (note != NOTE_NONE)
		return refuse_call(m, note);
	touch(m, port);
	tell(mention, call_port_global(port), out);
	return RESOLVED;
}

/* An old way to hold: the port stays, nothing is to be sent to it. One that was replaced goes all the same. */
static void hold(struct making *m, const struct mention *mention)
{
	uint32_t index = call_index(m->engine->calls, m->told.call);
	struct call_port *port = NULL;

	while ((port = call_port_of_call(m->engine->calls, index, port)) != NULL) {
		if (port->medium != mention->medium || port->party != call_party(m->sender) || port->closes_s != 0)
			continue;
		port->flags |= PORT_HELD;
		touch(m, port);
	}
}

static enum resolve_outcome media_outside(struct making *m, const struct mention *mention, struct resolved *out)
{
	uint16_t medium = mention->medium;

	m->told.answered = true;
	if (m->told.call == NULL && m->findings->said != SAID_NOTHING)
		telling_open(m);
	if (!resolve_name(m, mention, out))
		connect_there(m, mention, m->receiver, mention->at);
	if (mention->role == ROLE_RTCP)
		medium |= CALL_REMOTE_RTCP;
	if (m->told.call != NULL)
		offer_remember(m, mention->at, medium);
	return RESOLVED;
}

enum resolve_outcome resolve_media(struct making *m, const struct mention *mention, struct resolved *out)
{
	enum resolve_outcome outcome;

	if (m->sender != NULL && mention->role == ROLE_MEDIA)
		say_medium(m, mention->medium);
	if (mention->at.port == 0 && !(mention->flags & MENTION_ACTIVE)) {
		if (m->sender == NULL && m->told.n_refused < CALL_PORTS_MAX)
			m->told.refused[m->told.n_refused++] = mention->medium;
		return RESOLVED;
	}
	if (names_nobody(mention->at.addr)) {
		/* Of RTCP it says only that candidates will tell (RFC 8840 4.1.1). */
		if (m->sender != NULL && m->told.call != NULL && mention->role == ROLE_MEDIA)
			hold(m, mention);
		return RESOLVED;
	}
	if (m->sender == NULL)
		return media_outside(m, mention, out);
	outcome = mention->flags & MENTION_ACTIVE ? active_inside(m, mention, out) : media_inside(m, mention, out);
	/* The other party is inside, too: it knows this one by its global endpoint. */
	if (outcome == RESOLVED && m->receiver != NULL && m->told.call != NULL) {
		offer_remember(m, out->to, mention->medium);
		connect_there(m, mention, m->receiver, out->to);
	}
	if (outcome == RESOLVED)
		connect_back(m, mention);
	return outcome;
}
