/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One message: scan, resolve, edit, and what follows from what happened.
 *
 * Promises: a message that is not understood is not changed; one that cannot be changed but would show an inside address is
 * refused; the gateway's state moves on only with a message that goes on. May not look at headers or streams.
 */
#include "nat/session_set.h"

#include <string.h>
#include "nat/resolve.h"

#define TRACES_MAX 64 /* of one message */

struct reader {
	struct engine *engine;
	struct session_set *set;
	uint64_t now;
	const struct reading *reading;
	enum flow_side from;
	uint32_t other;
};

static struct alg_counts *counts_of(const struct reader *reader)
{
	return &reader->set->counts[reader->reading->alg];
}

static void note(const struct reader *reader, enum alg_note what)
{
	session_note_of(reader->engine, reader->now, (enum alg)reader->reading->alg, reader->reading->flow, what,
			&reader->set->findings);
}

/* ---- what the configuration leaves out ---- */

static uint32_t options_of(const struct snapshot *snapshot)
{
	return (snapshot->dns_reset_ttl ? 0 : ALG_OPTION_KEEP_TTL) | (snapshot->dns_v6 ? 0 : ALG_OPTION_NO_DNS_V6) |
	       (snapshot->allow_multipart ? ALG_OPTION_MULTIPART : 0) |
	       (snapshot->sip_ice ? 0 : ALG_OPTION_KEEP_ICE);
}

/* ---- what came of it ---- */

static void trace_field(const struct reader *reader, const struct field *field)
{
	const struct findings *findings = &reader->set->findings;
	const struct flow_record *flow = flow_at(reader->engine->flows, reader->reading->flow);
	struct alg_trace trace = {
		.now = reader->now,
		.alg = reader->reading->alg,
		.kind = TRACE_CHANGED,
		.side = (uint8_t)reader->from,
		.il = {flow->il, flow->il_port},
		.og = {flow->og, flow->og_port},
		.role = findings->mentions[field->mention].role,
		.place = findings->mentions[field->mention].place,
		.before = findings->mentions[field->mention].at,
		.after = reader->set->resolved[field->mention].to,
	};

	memcpy(trace.message, findings->message, sizeof(trace.message));
	session_call_text(findings->key, findings->key_length, trace.call);
	session_trace(reader->engine, &trace);
}

/* What only follows from a change that has a line of its own: a time to live, a name that pointed there. */
static bool follows(const struct field *field)
{
	return field->encoding == ENCODE_ZERO32 || field->encoding == ENCODE_COPY;
}

static void trace_changes(const struct reader *reader)
{
	const struct findings *findings = &reader->set->findings;
	uint32_t n = 0;

	for (uint32_t i = 0; i < findings->n_fields; i++) {
		const struct field *field = &findings->fields[i];

		if (!reader->set->resolved[field->mention].changed)
			continue;
		counts_of(reader)->fields++;
		if (!follows(field) && n++ < TRACES_MAX)
			trace_field(reader, field);
	}
	counts_of(reader)->changed++;
}

static bool any_changed(const struct session_set *set)
{
	for (uint32_t i = 0; i < set->findings.n_mentions; i++) {
		if (set->resolved[i].changed)
			return true;
	}
	return false;
}

/* What comes from outside has no inside address that somebody should not see. */
static bool shows_inside(const struct reader *reader)
{
	return reader->from == SIDE_INSIDE || reader->other != RECORD_NONE;
}

static enum message_fate become(const struct reader *reader, const uint8_t *bytes, uint32_t length)
{
	const struct resolve_ask ask = {.flow = reader->reading->flow,
					.other = reader->other,
					.alg = reader->reading->alg,
					.from = (uint8_t)reader->from};
	struct session_set *set = reader->set;
	enum alg_note why = NOTE_NONE;
	enum resolve_outcome outcome;

	if (set->findings.n_mentions == 0 && set->findings.said == SAID_NOTHING && set->findings.answer == ANSWER_NONE)
		return MESSAGE_SAME;
	outcome = resolve_all(reader->engine, reader->now, &ask, &set->findings, set->resolved, &why);
	if (why != NOTE_NONE)
		note(reader, why);
	if (outcome != RESOLVED)
		return outcome == RESOLVE_REFUSED ? MESSAGE_REFUSED : MESSAGE_SAME;
	if (!any_changed(set))
		return MESSAGE_SAME;
	if (!edit(bytes, length, &set->findings, set->resolved, &set->splices)) {
		note(reader, NOTE_TOO_BIG);
		return shows_inside(reader) ? MESSAGE_REFUSED : MESSAGE_SAME;
	}
	if (set->splices.n == 0)
		return MESSAGE_SAME;
	trace_changes(reader);
	return MESSAGE_CHANGED;
}

static void count_kinds(const struct reader *reader)
{
	for (uint64_t rest = reader->set->findings.kinds; rest != 0; rest &= rest - 1)
		counts_of(reader)->kinds[__builtin_ctzll(rest)]++;
}

/* Before anything is made of the message itself. */
static void heed(const struct reader *reader, bool *stop)
{
	const struct findings *findings = &reader->set->findings;

	if (findings->note != NOTE_NONE)
		note(reader, (enum alg_note)findings->note);
	if (findings->happened & HAPPENED_CANCEL)
		resolve_cancel(reader->engine, reader->now, reader->reading->flow, false);
	if (findings->happened & (HAPPENED_ENCRYPTED | HAPPENED_DONE))
		*stop = true;
}

enum message_fate session_message(struct engine *engine, uint64_t now, const struct reading *reading,
				  uint32_t other, enum flow_side from, const uint8_t *bytes, uint32_t length,
				  void *state, bool *stop)
{
	const struct gateway *gateway = alg_gateway((enum alg)reading->alg);
	const struct reader reader = {engine, engine->sessions, now, reading, from, other};
	struct session_set *set = engine->sessions;
	bool keeps = state == NULL && reading->session != NULL, stream = state != NULL;
	enum alg_from side = from == reading->client ? FROM_CLIENT : FROM_SERVER;
	enum message_fate fate;

	if (keeps)
		memcpy(set->state, session_state(reading->session), gateway->state_size);
	if (state == NULL)
		state = set->state;
	findings_clear(&set->findings);
	set->findings.options = options_of(engine->snapshot);
	counts_of(&reader)->messages++;
	counts_of(&reader)->sent[side]++;
	if (gateway->scan(state, side, bytes, length, stream, &set->findings) != SCAN_OK) {
		note(&reader, set->findings.note != NOTE_NONE ? (enum alg_note)set->findings.note : NOTE_FOREIGN);
		*stop = true;
		return MESSAGE_SAME;
	}
	count_kinds(&reader);
	heed(&reader, stop);
	fate = become(&reader, bytes, length);
	if (keeps && fate != MESSAGE_REFUSED)
		session_keep(reading->session, set->state, gateway->state_size);
	return fate;
}
