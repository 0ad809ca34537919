/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is rung: the inside parties of the question that takes a call, each with the way by which it was asked or asks. A proxy asks
 * several at once, or one by two ways, which is then refused by the second (RFC 3261 8.2.2.2); a refusal is of its own way only.
 *
 * Promises: bounded; who finds no place counts as not waited for. May not read messages.
 */
#include "nat/resolve_parts.h"

#include <string.h>

static uint32_t way_of(const struct making *m, bool asks)
{
	return (m->findings->way & ~(uint32_t)RUNG_BITS) | (asks ? RUNG_ASKS : 0);
}

static bool is_at(const struct call_rung *rung, ip4 host, uint32_t way)
{
	return rung->host == host && (rung->way & ~(uint32_t)RUNG_CANCELLED) == way;
}

static struct call_rung *find(struct call_record *call, ip4 host, uint32_t way)
{
	for (unsigned i = 0; i < CALL_RUNG; i++) {
		if (is_at(&call->rung[i], host, way))
			return &call->rung[i];
	}
	return NULL;
}

static void enter(struct call_record *call, ip4 host, uint32_t way)
{
	struct call_rung *place = find(call, host, way);

	for (unsigned i = 0; i < CALL_RUNG && place == NULL; i++) {
		if (call->rung[i].host == 0)
			place = &call->rung[i];
	}
	if (place != NULL)
		*place = (struct call_rung){host, way};
}

void rung_ask(struct making *m)
{
	struct call_record *call = m->told.call;

	if (call->asked != m->findings->question || call->state == CALL_OVER) {
		memset(call->rung, 0, sizeof(call->rung));
		call->flags &= (uint8_t)~CALL_ASKED_OUT;
		call->flags |= m->sender != NULL ? CALL_ASKED_OUT : 0;
	}
	call->asked = m->findings->question;
	if (m->sender != NULL)
		enter(call, m->sender->il, way_of(m, true));
	if (m->receiver != NULL)
		enter(call, m->receiver->il, way_of(m, false));
	STORE_POINT();
}

/* Of a question, which is taken back, the sender asks; of an answer the receiver. */
static void leave(struct making *m, const struct flow_record *party, bool asks)
{
	const bool taken_back = m->findings->answer == ANSWER_NONE;
	struct call_rung *rung = party != NULL ? find(m->told.call, party->il, way_of(m, asks)) : NULL;

	if (rung == NULL)
		return;
	if (taken_back) {
		rung->way |= RUNG_CANCELLED;
		return;
	}
	*rung = (struct call_rung){0};
	m->told.let_go = true;
}

void rung_follow(struct making *m)
{
	const bool last = m->findings->said == SAID_UP || m->findings->said == SAID_FAILED;
	const bool is_question = m->findings->answer == ANSWER_NONE;

	if (!last || m->told.call->asked != m->findings->question)
		return;
	leave(m, m->sender, is_question);
	leave(m, m->receiver, !is_question);
	STORE_POINT();
}

bool rung_waits(const struct call_record *call)
{
	for (unsigned i = 0; i < CALL_RUNG; i++) {
		const struct call_rung *rung = &call->rung[i];

		if (rung->host != 0 && !(rung->way & RUNG_CANCELLED) &&
		    !(rung->way & RUNG_ASKS) == !(call->flags & CALL_ASKED_OUT))
			return true;
	}
	return false;
}

bool rung_has(const struct making *m, ip4 host)
{
	const struct call_record *call = m->told.call;

	if (call->asked != m->findings->question || call->state == CALL_UP)
		return false;
	for (unsigned i = 0; i < CALL_RUNG; i++) {
		if (call->rung[i].host == host && !(call->rung[i].way & RUNG_CANCELLED))
			return true;
	}
	return false;
}

bool rung_loses(const struct making *m, ip4 host)
{
	const struct call_record *call = m->told.call;
	bool rung = false;

	if (m->sender == NULL || m->sender->il == host || call->asked != m->findings->question)
		return false;
	for (unsigned i = 0; i < CALL_RUNG; i++) {
		if (call->rung[i].host == host && (call->rung[i].way & RUNG_ASKS))
			return false;
		rung |= call->rung[i].host == host;
	}
	return rung;
}
