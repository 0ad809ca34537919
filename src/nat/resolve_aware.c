/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Endpoints that know their global address (STUN, rport, configuration) and write it into messages by themselves. What they wrote
 * so has to come back so: a Via that its sender never wrote is none of his. Kept by endpoint, names and contacts each by itself,
 * as its last message had it; forgotten when others need the place, until it speaks again.
 */
#include "nat/resolve_parts.h"

static bool is_contact(const struct mention *mention)
{
	return mention->role == ROLE_SIGNAL;
}

static uint32_t *place_of(const struct making *m, const struct flow_record *flow, bool contact)
{
	return &m->engine->aware[contact][call_party(flow) % AWARE_MAX];
}

void aware_note(struct making *m, const struct mention *mention)
{
	bool contact = is_contact(mention);

	if (m->sender == NULL || (!contact && mention->role != ROLE_NAME) || mention->at.port == 0 ||
	    mention->medium != MEDIUM_NONE)
		return;
	if (mention->at.addr == m->sender->il)
		m->told.shows_local[contact] = true;
	else if (mention->at.addr == m->sender->ig)
		m->told.shows_global[contact] = true;
}

void aware_keep(struct making *m)
{
	for (int contact = 0; contact < 2 && m->sender != NULL; contact++) {
		uint32_t *place = place_of(m, m->sender, contact);

		if (m->told.shows_local[contact] && *place == call_party(m->sender))
			*place = 0;
		else if (m->told.shows_global[contact] && !m->told.shows_local[contact])
			*place = call_party(m->sender);
	}
}

bool aware_is(const struct making *m, const struct flow_record *flow)
{
	return *place_of(m, flow, false) == call_party(flow);
}

bool aware_of(const struct making *m, const struct mention *mention, ip4 local)
{
	const struct flow_record *flow = m->receiver;

	if (flow == NULL || m->sender != NULL || local != flow->il || m->findings->key_length == 0 ||
	    (mention->role != ROLE_NAME && !is_contact(mention)))
		return false;
	return *place_of(m, flow, is_contact(mention)) == call_party(flow);
}
