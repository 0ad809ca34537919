/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a message says of its call, or registration: which it is, what becomes of it, what of its ports goes.
 *
 * Of a message that is not resolved as a whole no port stays that it would have made. What the other side says of where it
 * receives, and that an offer before it must have been agreed to (offer_begin), is kept all the same. A call that is up is ended by
 * hanging up only: a refusal then was of a change, and what was there before the change goes on. May not read messages.
 */
#include "nat/call_life.h"
#include "nat/resolve_parts.h"
#include "nat/session.h"

#include <string.h>

#define OVER_S	       32 /* RFC 3261 17.1.1.2: 64 T1 */
#define MEDIA_OVER_S   5

static const struct siphash_key party_key = {0x616c67617465, 0x7061727479};

uint32_t call_party(const struct flow_record *flow)
{
	const uint32_t words[2] = {flow->il, (uint32_t)flow->il_port << 16 | flow->protocol};

	return (uint32_t)siphash13(&party_key, words, sizeof(words));
}

/* ---- which call ---- */

static enum call_state state_of(enum said said)
{
	return said == SAID_BEGIN || said == SAID_PROGRESS || said == SAID_UP ? CALL_BEGUN : CALL_REGISTERING;
}

void telling_open(struct making *m)
{
	const struct findings *findings = m->findings;
	const struct flow_record *flow = m->sender != NULL ? m->sender : m->receiver;
	struct call_record body = {
		.vrf = flow->vrf,
		.alg = m->ask->alg,
		.key_length = findings->key_length,
		.source = m->sender != NULL ? flow->il : flow->og,
		.created_s = seconds(m->now),
		.state = (uint8_t)state_of((enum said)findings->said),
		.said_s = seconds(m->now),
		.until_s = seconds(m->now) + OVER_S,
		.flags = m->sender != NULL ? 0 : CALL_OUTSIDE,
	};

	if (findings->key_length == 0)
		return;
	if (findings->said != SAID_REGISTER && body.state == CALL_REGISTERING)
		body.flags |= CALL_OTHER;
	memcpy(body.key, findings->key, findings->key_length);
	memcpy(body.caller, findings->caller, sizeof(body.caller));
	memcpy(body.callee, findings->callee, sizeof(body.callee));
	m->told.call = call_begin(m->engine, m->now, &body);
	m->told.made = m->told.call != NULL;
	if (m->told.made)
		m->engine->call_in_hand = call_index(m->engine->calls, m->told.call);
}

void telling_begin(struct making *m)
{
	const struct findings *findings = m->findings;
	const struct flow_record *flow = m->sender != NULL ? m->sender : m->receiver;

	if (findings->key_length == 0)
		return;
	m->told.call = call_find(m->engine->calls, flow->vrf, m->ask->alg, findings->key, findings->key_length);
	if (m->told.call != NULL) {
		m->engine->call_in_hand = call_index(m->engine->calls, m->told.call);
		offer_begin(m);
	} else if (findings->said == SAID_BEGIN || findings->said == SAID_REGISTER) {
		telling_open(m);
	}
}

/* ---- undone ---- */

static void undo_port(struct making *m, struct call_port *port)
{
	uint32_t index = call_port_index(m->engine->calls, port);

	for (unsigned i = 0; (port->kind & PORT_SIGNAL) && i < CALL_CONTACTS && m->told.call != NULL; i++) {
		if (m->told.call->contacts[i] == index)
			call_drop_contact(m->engine->calls, m->told.call, i);
	}
	call_port_undo(m->engine, m->now, port);
}

void telling_undo(struct making *m)
{
	struct telling *told = &m->told;

	while (told->n_made > 0) {
		struct call_port *port = call_port_at(m->engine->calls, told->made_ports[--told->n_made]);

		if (port != NULL)
			undo_port(m, port);
	}
	if (told->made)
		call_end(m->engine, m->now, told->call);
	told->call = NULL;
	m->engine->call_in_hand = RECORD_NONE;
}

/* ---- what is said ---- */

static void close_media(struct making *m, uint32_t closes_s)
{
	uint32_t index = call_index(m->engine->calls, m->told.call);
	struct call_port *port = NULL;

	while ((port = call_port_of_call(m->engine->calls, index, port)) != NULL)
		port->closes_s = closes_s;
	STORE_POINT();
}

static void set_state(struct making *m, enum call_state state)
{
	if (m->told.call->state != state)
		call_set_state(m->engine->calls, m->told.call, state);
}

static void over(struct making *m)
{
	m->told.call->until_s = seconds(m->now) + OVER_S;
	set_state(m, CALL_OVER);
}

/* Where others that were rung would have received. */
static void forget_losers(struct call_record *call)
{
	for (unsigned i = 0; i < CALL_REMOTES; i++) {
		uint32_t branch = call->remotes[i].branch;
		bool holds = branch == 0;

		for (unsigned n = 0; n < call->n_branches; n++)
			holds |= call->branches[n] == branch;
		if (!holds)
			call->remotes[i] = (struct call_remote){0};
	}
}

/* All but what this message itself says. */
static void forget_before(struct making *m)
{
	const uint16_t question = (uint16_t)(m->findings->question | 1);
	struct call_record *call = m->told.call;

	for (unsigned i = 0; i < CALL_REMOTES; i++) {
		if (call->remotes[i].offered != question || call->remotes[i].branch != m->findings->branch)
			call->remotes[i] = (struct call_remote){0};
	}
	STORE_POINT();
}

/* Calls again after a refusal (credentials were wanted), or begins what was something else before. */
static void said_begin(struct making *m)
{
	struct call_record *call = m->told.call;

	if (m->findings->lifetime_s != 0)
		call->lifetime_s = m->findings->lifetime_s;
	/* One that crossed a hanging up. */
	if (call->state == CALL_UP || ((call->flags & CALL_ENDED) && m->findings->branch != 0))
		return;
	if (m->told.made || call->state != CALL_BEGUN)
		m->engine->call_totals.calls += m->told.made || (call->flags & CALL_OTHER);
	call->flags &= (uint8_t) ~(CALL_ENDED | CALL_OTHER);
	rung_ask(m);
	call->n_branches = 0;
	if (call->state == CALL_OVER)
		forget_before(m);
	set_state(m, CALL_BEGUN);
}

static void add_branch(struct call_record *call, uint32_t branch)
{
	for (unsigned i = 0; i < call->n_branches; i++) {
		if (call->branches[i] == branch)
			return;
	}
	if (call->n_branches < CALL_BRANCHES)
		call->branches[call->n_branches++] = branch;
}

static void said_up(struct making *m)
{
	struct call_record *call = m->told.call;

	if (call->flags & CALL_ENDED)
		return;
	call->lifetime_s = m->findings->lifetime_s;
	add_branch(call, m->findings->branch);
	forget_losers(call);
	if (call->state == CALL_UP)
		return;
	m->engine->call_totals.answered++;
	set_state(m, CALL_UP);
}

/* A refusal may come again when it has been asked anew, with credentials. asked is 0 where the question was not seen. */
static void said_failed(struct making *m)
{
	const struct call_record *call = m->told.call;

	if (call->state != CALL_BEGUN || (call->asked != 0 && call->asked != m->findings->question))
		return;
	if (rung_waits(call))
		return;
	m->engine->call_totals.failed++;
	over(m);
}

/* Of several that answered one may be hung up alone, more than once. */
static bool ends_another(const struct call_record *call, uint32_t branch)
{
	for (unsigned i = 0; i < call->n_branches; i++) {
		if (call->branches[i] == branch || call->branches[i] == 0)
			return false;
	}
	return call->n_branches > 0 && branch != 0;
}

/* One of those that ring may be, too; the question has its last answer all the same (RFC 3261 15). */
static bool ends_early(struct call_record *call, uint32_t branch)
{
	if (call->state != CALL_BEGUN || branch == 0 || !rung_waits(call))
		return false;
	for (unsigned i = 0; i < CALL_REMOTES; i++) {
		if (call->remotes[i].branch == branch)
			call->remotes[i] = (struct call_remote){0};
	}
	STORE_POINT();
	return true;
}

static void said_end(struct making *m)
{
	struct call_record *call = m->told.call;
	const uint32_t branch = m->findings->branch;
	unsigned kept = 0;

	if ((call->state != CALL_UP && call->state != CALL_BEGUN) || ends_another(call, branch) ||
	    ends_early(call, branch))
		return;
	for (unsigned i = 0; i < call->n_branches && branch != 0; i++) {
		if (call->branches[i] != branch && call->branches[i] != 0)
			call->branches[kept++] = call->branches[i];
	}
	call->n_branches = (uint8_t)kept;
	if (kept > 0) {
		forget_losers(call);
		return;
	}
	call->flags |= CALL_ENDED;
	m->engine->call_totals.ended++;
	close_media(m, seconds(m->now) + MEDIA_OVER_S);
	over(m);
}

static void said_register(struct making *m)
{
	struct call_record *call = m->told.call;

	if (call->state == CALL_BEGUN || call->state == CALL_UP)
		return;
	call->flags &= (uint8_t)~CALL_OTHER;
	call->asked = m->told.wanted_s;
	if (call->until_s < seconds(m->now) + OVER_S)
		call->until_s = seconds(m->now) + OVER_S;
	if (call->state != CALL_REGISTERED)
		set_state(m, CALL_REGISTERING);
}

/* Registrars list the contacts of others, too, and some list ours not at all, or as they would rather see it: then it has what it
 * asked for, if no less was said of any. */
static uint32_t granted(const struct making *m)
{
	const uint32_t asked_s = m->told.call->asked, said_s = m->findings->lifetime_s;

	if (m->told.granted_s != 0)
		return m->told.granted_s;
	return asked_s < said_s ? asked_s : said_s;
}

static void said_registered(struct making *m)
{
	struct call_record *call = m->told.call;
	const uint32_t granted_s = granted(m);

	if (call->state != CALL_REGISTERING && call->state != CALL_REGISTERED && call->state != CALL_OVER)
		return;
	call->lifetime_s = granted_s;
	if (granted_s == 0) {
		over(m);
		return;
	}
	call->until_s = seconds(m->now) + (granted_s < REGISTERED_MAX ? granted_s : REGISTERED_MAX);
	m->engine->call_totals.registrations += call->state != CALL_REGISTERED;
	set_state(m, CALL_REGISTERED);
}

/* A subscription, or a request that stands alone. */
static void said_other(struct making *m)
{
	struct call_record *call = m->told.call;
	uint32_t lasts_s = m->told.wanted_s < REGISTERED_MAX ? m->told.wanted_s : REGISTERED_MAX;
	uint32_t until_s = seconds(m->now) + (lasts_s > OVER_S ? lasts_s : OVER_S);

	if ((call->flags & CALL_OTHER) && call->until_s < until_s)
		call->until_s = until_s;
}

static void said_progress(struct making *m)
{
	struct call_record *call = m->told.call;

	if (call->state == CALL_OVER && !(call->flags & CALL_ENDED))
		set_state(m, CALL_BEGUN);
	/* A session may be refreshed by UPDATE (RFC 4028 7). */
	if (m->findings->lifetime_s != 0)
		call->lifetime_s = m->findings->lifetime_s;
}

static void obey(struct making *m)
{
	switch ((enum said)m->findings->said) {
	case SAID_BEGIN:
		said_begin(m);
		break;
	case SAID_PROGRESS:
		said_progress(m);
		break;
	case SAID_UP:
		said_up(m);
		break;
	case SAID_FAILED:
		said_failed(m);
		break;
	case SAID_END:
		said_end(m);
		break;
	case SAID_REGISTER:
		said_register(m);
		break;
	case SAID_REGISTERED:
		said_registered(m);
		break;
	case SAID_NOTHING:
		said_other(m);
		break;
	}
}

/* Who may come to the contacts: where the other side wants to be reached, and the peer of its signalling. */
static void admit(struct making *m, const struct flow_record *flow)
{
	for (uint32_t i = 0; i < m->told.n_places; i++)
		call_admit(m->engine->calls, m->told.call, m->told.places[i]);
	call_admit(m->engine->calls, m->told.call, flow->og);
}

/* Who came without being named is not whom the other side has put in its place. */
static void forget_who_came(struct making *m, const struct flow_record *party)
{
	uint32_t index = call_index(m->engine->calls, m->told.call);
	struct call_port *port = NULL;

	while (party != NULL && (port = call_port_of_call(m->engine->calls, index, port)) != NULL) {
		if (port->host == party->il)
			port->first = 0;
	}
	STORE_POINT();
}

/* The other side has said, or did not want to, where it receives: see call_life.c. */
static void open_up(struct making *m)
{
	const bool said = m->receiver != NULL && (m->told.answered || m->findings->said == SAID_UP);

	if (said || (m->told.call->opened_s != 0 && m->told.n_media > 0))
		call_open(m->engine, m->now, m->told.call);
	/* Behind that, which ends the flows of who is not meant. */
	if (m->told.moved) {
		forget_who_came(m, m->sender);
		forget_who_came(m, m->receiver);
	}
}

static void note_ports(struct making *m)
{
	for (uint32_t i = 0; i < m->told.n_made; i++) {
		const struct call_port *port = call_port_at(m->engine->calls, m->told.made_ports[i]);

		if (port != NULL)
			call_port_note(m->engine, m->now, port, TRACE_EXPECTED, m->findings);
	}
}

void telling_end(struct making *m)
{
	struct call_record *call = m->told.call;
	const struct flow_record *flow = flow_at(m->engine->flows, m->ask->flow);

	aware_keep(m);
	if (call == NULL)
		return;
	call->said_s = seconds(m->now);
	if (m->told.aware)
		call->flags |= CALL_AWARE;
	call_set_flow(m->engine->calls, call, m->ask->flow, flow->state);
	rung_follow(m);
	offer_follow(m);
	note_ports(m);
	admit(m, flow);
	obey(m);
	open_up(m);
	call_arm(m->engine, m->now, call);
	m->engine->call_in_hand = RECORD_NONE;
}
