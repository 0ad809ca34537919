/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Media between offer and answer (RFC 3264): what an offer names is there at once; what it names no more stays until the offer is
 * agreed to, and 32 s longer. Refused, all is as it was before (RFC 3264 8, RFC 3311 5.3), and what only the offer had named goes.
 * The answer is told from others by its question, so that the refusal of one request does not undo another's offer.
 *
 * Promises: what was agreed to last stays open to both sides until something else is agreed to. May not read messages.
 */
#include "nat/resolve_parts.h"

#include <string.h>

#define REPLACED_S 32 /* RFC 3261 17.1.1.2: 64 T1 */

/* Without questions: an answer is what takes the call. */
static enum answering answer_of(const struct making *m)
{
	if (m->findings->question != 0)
		return (enum answering)m->findings->answer;
	return m->findings->said == SAID_UP ? ANSWER_AGREED : ANSWER_PROVISIONAL;
}

/* ---- where the other side receives */

/* Several branches may be open at once; what is of none may become any. */
static bool is_same_place(const struct call_remote *a, const struct call_remote *b)
{
	return a->medium == b->medium && a->party == b->party &&
	       (a->branch == b->branch || a->branch == 0 || b->branch == 0);
}

/* Is it of a question, not that of this message, whose answer is to come? */
static bool is_open(const struct making *m, uint16_t offered)
{
	for (unsigned side = 0; side < 2; side++) {
		const uint32_t asked = m->told.call->offers[side];

		if (asked != 0 && asked != m->findings->question && (uint16_t)(asked | 1) == offered)
			return true;
	}
	return false;
}

/* An offer takes the place of another, what is agreed to that of all but an offer that is open. */
static bool gives_way(const struct making *m, const struct call_remote *old, const struct call_remote *to)
{
	if (old->at.addr == 0 || !is_same_place(old, to))
		return false;
	return to->offered != 0 ? old->offered != 0 : !is_open(m, old->offered);
}

static void make_way(struct making *m, const struct call_remote *to)
{
	struct call_record *call = m->told.call;
	unsigned kept = 0;

	for (unsigned i = 0; i < CALL_REMOTES; i++) {
		if (!gives_way(m, &call->remotes[i], to))
			call->remotes[kept++] = call->remotes[i];
	}
	while (kept < CALL_REMOTES)
		call->remotes[kept++] = (struct call_remote){0};
}

/* Another phone takes its place? */
static bool has_moved(const struct call_record *call, const struct call_remote *to)
{
	bool elsewhere = false;

	for (unsigned i = 0; i < CALL_REMOTES; i++) {
		const struct call_remote *old = &call->remotes[i];

		if (old->at.addr == 0 || old->offered != 0 || !is_same_place(old, to))
			continue;
		if (old->at.addr == to->at.addr)
			return false;
		elsewhere = true;
	}
	return elsewhere;
}

void offer_remember(struct making *m, struct endpoint at, uint16_t medium)
{
	struct call_record *call = m->told.call;
	const struct call_remote said = {
		.at = at,
		.medium = medium,
		.offered = answer_of(m) == ANSWER_AGREED ? 0 : (uint16_t)(m->findings->question | 1),
		.host = m->receiver->il,
		.party = call_party(m->receiver),
		.branch = m->findings->branch,
	};

	if (answer_of(m) == ANSWER_REFUSED)
		return;
	m->told.moved |= said.offered == 0 && has_moved(call, &said);
	make_way(m, &said);
	memmove(&call->remotes[1], &call->remotes[0], (CALL_REMOTES - 1) * sizeof(call->remotes[0]));
	call->remotes[0] = said;
	STORE_POINT();
}

static void settle_remotes(struct making *m, ip4 host, uint32_t asked, bool agreed)
{
	const uint16_t question = (uint16_t)(asked | 1);
	struct call_record *call = m->told.call;
	unsigned i = 0;

	while (i < CALL_REMOTES) {
		struct call_remote said = call->remotes[i];

		if (said.at.addr == 0 || said.offered != question || said.host != host) {
			i++;
			continue;
		}
		call->remotes[i] = (struct call_remote){0};
		said.offered = 0;
		if (!agreed)
			continue;
		m->told.moved |= has_moved(call, &said);
		make_way(m, &said);
		memmove(&call->remotes[1], &call->remotes[0], (CALL_REMOTES - 1) * sizeof(call->remotes[0]));
		call->remotes[0] = said;
		i = 0;
	}
	STORE_POINT();
}

/* ---- where an inside party receives */

bool offer_names(const struct making *m, const struct call_port *port)
{
	uint32_t index = call_port_index(m->engine->calls, port);

	for (uint32_t i = 0; i < m->told.n_touched; i++) {
		if (m->told.touched[i] == index)
			return true;
	}
	return false;
}

static bool is_said(const struct telling *told, uint16_t medium)
{
	for (uint32_t i = 0; i < told->n_media; i++) {
		if (told->media[i] == medium)
			return true;
	}
	return false;
}

/* Of the media that the sender describes, which of its ports does it name? */
static void follow(struct making *m)
{
	uint32_t index = call_index(m->engine->calls, m->told.call), party = call_party(m->sender);
	struct call_port *port = NULL;

	while ((port = call_port_of_call(m->engine->calls, index, port)) != NULL) {
		const bool named = offer_names(m, port);

		if (port->party != party || !is_said(&m->told, port->medium))
			continue;
		if (named) {
			port->flags |= port->closes_s != 0 ? PORT_OFFERED : 0;
			port->closes_s = 0;
		}
		port->flags &= (uint8_t) ~(PORT_REPLACED | PORT_DECLINED);
		port->flags |= named ? 0 : PORT_REPLACED;
	}
	STORE_POINT();
}

static void settle_port(struct call_port *port, uint32_t closes_s, bool agreed)
{
	const bool is_held = port->flags & (agreed ? PORT_HELD : PORT_WAS_HELD);

	if ((port->flags & (agreed ? PORT_REPLACED : PORT_OFFERED)) && port->closes_s == 0)
		port->closes_s = closes_s;
	port->flags &= (uint8_t) ~(PORT_REPLACED | PORT_OFFERED | PORT_HELD | PORT_WAS_HELD);
	port->flags |= is_held ? PORT_HELD | PORT_WAS_HELD : 0;
}

static void settle_ports(struct making *m, ip4 host, bool agreed)
{
	uint32_t index = call_index(m->engine->calls, m->told.call);
	struct call_port *port = NULL;

	while ((port = call_port_of_call(m->engine->calls, index, port)) != NULL) {
		if (port->host == host)
			settle_port(port, seconds(m->now) + REPLACED_S, agreed);
	}
	STORE_POINT();
}

/* ---- media that the other side does not take (RFC 3264 6) */

static bool is_of(const struct call_remote *remote, uint16_t medium)
{
	return remote->at.addr != 0 && (remote->medium & ~CALL_REMOTE_RTCP) == medium;
}

/* May what this branch said of a medium still hold? When the call is answered, only what those say that answered. */
static bool may_hold(const struct making *m, uint32_t branch)
{
	const struct call_record *call = m->told.call;

	if (m->findings->said != SAID_UP && call->state != CALL_UP)
		return true;
	for (unsigned i = 0; i < call->n_branches; i++) {
		if (call->branches[i] == branch)
			return true;
	}
	return false;
}

static void decline(struct call_port *port, ip4 host, uint16_t medium)
{
	if (port->host == host && port->medium == medium && port->closes_s == 0 && !(port->flags & PORT_REPLACED))
		port->flags |= PORT_REPLACED | PORT_DECLINED;
}

/* Unless another branch takes it, nothing will come to its ports. */
static void refuse(struct making *m, uint16_t medium)
{
	struct call_record *call = m->told.call;
	struct call_port *port = NULL;
	const uint32_t party = call_party(m->receiver), branch = m->findings->branch;
	bool taken = false;

	for (unsigned i = 0; i < CALL_REMOTES; i++) {
		struct call_remote *remote = &call->remotes[i];

		if (is_of(remote, medium) && remote->party == party && (remote->branch == branch || remote->branch == 0))
			*remote = (struct call_remote){0};
		else if (is_of(remote, medium) && remote->host == m->receiver->il)
			taken |= may_hold(m, remote->branch);
	}
	while (!taken && (port = call_port_of_call(m->engine->calls, call_index(m->engine->calls, call), port)) != NULL)
		decline(port, m->receiver->il, medium);
	STORE_POINT();
}

static bool takes(const struct making *m, uint16_t medium)
{
	for (unsigned i = 0; i < CALL_REMOTES; i++) {
		const struct call_remote *remote = &m->told.call->remotes[i];

		if (is_of(remote, medium) && remote->host == m->receiver->il && remote->branch == m->findings->branch)
			return true;
	}
	return false;
}

/* Of several that answer one may take what those before it did not (RFC 3261 13.2.2.4). */
static void take_after_all(struct making *m)
{
	uint32_t index = call_index(m->engine->calls, m->told.call);
	struct call_port *port = NULL;

	while ((port = call_port_of_call(m->engine->calls, index, port)) != NULL) {
		if (!(port->flags & PORT_DECLINED) || port->host != m->receiver->il || !takes(m, port->medium))
			continue;
		port->flags &= (uint8_t)~PORT_DECLINED;
		port->closes_s = 0;
	}
	STORE_POINT();
}

/* One takes the call; what others that were rung had said goes, whether they say so or not. */
static void leave_losers(struct making *m)
{
	uint32_t index = call_index(m->engine->calls, m->told.call);
	struct call_port *port = NULL;

	while ((port = call_port_of_call(m->engine->calls, index, port)) != NULL) {
		if (rung_loses(m, port->host))
			settle_port(port, seconds(m->now) + REPLACED_S, false);
	}
	STORE_POINT();
}

/* ---- questions and answers */

/* has_ports: see there. Where the other side receives is known by its question in any case. */
static void settle(struct making *m, uint32_t question, bool agreed, bool has_ports)
{
	const struct flow_record *parties[] = {m->sender, m->receiver};

	for (unsigned i = 0; i < 2; i++) {
		if (parties[i] == NULL)
			continue;
		if (has_ports)
			settle_ports(m, parties[i]->il, agreed);
		settle_remotes(m, parties[i]->il, question, agreed);
	}
}

static bool describes(const struct findings *findings)
{
	for (uint32_t i = 0; i < findings->n_mentions; i++) {
		if (findings->mentions[i].role == ROLE_MEDIA)
			return true;
	}
	return false;
}

void offer_begin(struct making *m)
{
	struct call_record *call = m->told.call;
	const uint32_t question = m->findings->question;
	uint32_t *offered = &call->offers[m->sender != NULL ? SIDE_INSIDE : SIDE_OUTSIDE];

	if (call->state != CALL_BEGUN || question == 0 || call->asked == question || *offered == 0 ||
	    *offered != call->asked || m->findings->answer != ANSWER_NONE || !describes(m->findings))
		return;
	*offered = 0;
	settle(m, call->asked, true, true);
}

/* A refusal by one of several ways leaves what was said by the others. */
static bool is_waited_for(const struct making *m)
{
	return (m->sender != NULL && rung_has(m, m->sender->il)) || (m->receiver != NULL && rung_has(m, m->receiver->il));
}

static void agree(struct making *m, bool has_ports)
{
	for (uint32_t i = 0; i < m->told.n_refused && m->receiver != NULL && has_ports; i++)
		refuse(m, m->told.refused[i]);
	if (m->receiver != NULL)
		take_after_all(m);
	if (m->findings->said == SAID_UP && m->told.call->state != CALL_UP)
		leave_losers(m);
}

/* An answer goes to who asked. */
static uint32_t *open_offer(const struct making *m, bool theirs)
{
	return &m->told.call->offers[(m->receiver != NULL) == theirs ? SIDE_INSIDE : SIDE_OUTSIDE];
}

/* Ports are not known by their questions. They are left to the one that is open, of either side, unless the answer names them. */
static bool has_ports(const struct making *m, bool described)
{
	const uint32_t question = m->findings->question, asked = *open_offer(m, true), other = *open_offer(m, false);

	if (asked != 0)
		return asked == question;
	return other == 0 || other == question || (described && answer_of(m) == ANSWER_AGREED);
}

void offer_follow(struct making *m)
{
	const bool described = m->told.answered || m->told.n_media > 0;
	const uint32_t question = m->findings->question;
	const enum answering answer = answer_of(m);
	uint32_t *asked = open_offer(m, true);

	if (m->sender != NULL && m->told.n_media > 0 && answer != ANSWER_REFUSED)
		follow(m);
	if (answer == ANSWER_NONE && described)
		m->told.call->offers[m->sender != NULL ? SIDE_INSIDE : SIDE_OUTSIDE] = question;
	if (answer != ANSWER_AGREED && answer != ANSWER_REFUSED)
		return;
	if (!described && !m->told.let_go && (question == 0 || *asked != question))
		return;
	if (answer == ANSWER_REFUSED && is_waited_for(m))
		return;
	const bool ports = has_ports(m, described);

	if (answer == ANSWER_AGREED)
		agree(m, ports);
	settle(m, question, answer == ANSWER_AGREED, ports);
	if (*asked == question)
		*asked = 0;
}
