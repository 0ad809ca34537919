/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the gateways did: counters, traces, and the few events an operator should hear of unasked.
 *
 * Promises: O(1) and no allocation; the ring forgets the oldest. May not decide anything.
 */
#include "nat/session_set.h"

#include <string.h>

#define EVENT_INTERVAL 1000 /* ms: one a second */
#define EVENT_BURST    10

static bool may_tell(struct session_set *set, uint64_t now)
{
	uint64_t earned = (now - set->events_at) / EVENT_INTERVAL;

	if (earned > 0) {
		set->events_at += earned * EVENT_INTERVAL;
		set->events = earned + set->events > EVENT_BURST ? EVENT_BURST : set->events + (uint32_t)earned;
	}
	if (set->events == 0)
		return false;
	set->events--;
	return true;
}

/* What an operator can do something about: encryption that makes a gateway blind, what is short, what is off. */
static bool is_worth_telling(enum alg_note note)
{
	switch (note) {
	case NOTE_ENCRYPTED:
	case NOTE_AUTHENTICATED:
	case NOTE_NO_PORT:
	case NOTE_NO_ROOM:
	case NOTE_LIMIT_FLOW:
	case NOTE_LIMIT_HOST:
	case NOTE_LIMIT_CALL:
	case NOTE_LIMIT_SOURCE:
	case NOTE_CLAIMED:
	case NOTE_MULTIPART_OFF:
		return true;
	default:
		return false;
	}
}

static void put_event(struct engine *engine, uint64_t now, enum alg alg, const struct flow_record *flow,
		      enum alg_note note)
{
	struct event event = event_of_flow(now, EVENT_GATEWAY, flow);

	event.reason = (uint8_t)note;
	event.rule = alg;
	event_put(&engine->events, &event);
}

static_assert(TRACE_CALL_SIZE == FINDING_KEY + 1, "a whole key");

void session_call_text(const uint8_t *key, uint8_t length, char out[TRACE_CALL_SIZE])
{
	uint32_t i;

	for (i = 0; i < length && i < TRACE_CALL_SIZE - 1; i++)
		out[i] = key[i] > ' ' && key[i] < 0x7f ? (char)key[i] : '?';
	out[i] = '\0';
}

void session_note(struct engine *engine, uint64_t now, enum alg alg, uint32_t index, enum alg_note note)
{
	session_note_of(engine, now, alg, index, note, NULL);
}

void session_note_of(struct engine *engine, uint64_t now, enum alg alg, uint32_t index, enum alg_note note,
		     const struct findings *findings)
{
	static const struct flow_record nobody;
	const struct flow_record *flow = index != RECORD_NONE ? flow_at(engine->flows, index) : NULL;
	struct alg_counts *counts = &engine->sessions->counts[alg];
	struct alg_trace trace = {
		.now = now, .alg = (uint8_t)alg, .kind = TRACE_NOTE, .note = (uint8_t)note};

	if (flow == NULL)
		flow = &nobody;
	counts->notes[note]++;
	counts->last = (uint8_t)note;
	trace.il = (struct endpoint){flow->il, flow->il_port};
	trace.og = (struct endpoint){flow->og, flow->og_port};
	if (findings != NULL) {
		memcpy(trace.message, findings->message, sizeof(trace.message));
		session_call_text(findings->key, findings->key_length, trace.call);
	}
	session_trace(engine, &trace);
	if (is_worth_telling(note) && may_tell(engine->sessions, now))
		put_event(engine, now, alg, flow, note);
}

void session_trace(struct engine *engine, const struct alg_trace *trace)
{
	struct trace_ring *ring = &engine->sessions->traces;
	struct alg_trace *place = &ring->ring[ring->head % TRACE_RING_SIZE];

	*place = *trace;
	place->number = (uint32_t)++ring->head;
}

uint32_t trace_take(const struct trace_ring *ring, uint64_t *cursor, struct alg_trace *out, uint32_t max, uint64_t *lost)
{
	uint32_t n = 0;

	*lost = 0;
	if (ring->head - *cursor > TRACE_RING_SIZE) {
		*lost = ring->head - *cursor - TRACE_RING_SIZE;
		*cursor = ring->head - TRACE_RING_SIZE;
	}
	while (n < max && *cursor < ring->head)
		out[n++] = ring->ring[(*cursor)++ % TRACE_RING_SIZE];
	return n;
}

/* ---- for show ---- */

const struct trace_ring *engine_traces(const struct engine *engine)
{
	return &engine->sessions->traces;
}

void engine_alg_counts(const struct engine *engine, enum alg alg, struct alg_counts *out)
{
	const struct expect_counts *expects = &engine->expect_counts[alg];

	*out = engine->sessions->counts[alg];
	out->expected = expects->expected;
	out->used = expects->used;
	out->expired = expects->expired;
	out->cancelled = expects->cancelled;
	out->waiting = expect_of_alg(engine->expects, (uint8_t)alg) + engine->ports_waiting[alg];
}

enum alg session_alg(const struct engine *engine, uint32_t flow)
{
	struct reading reading;

	return session_of(engine->sessions, flow, &reading) ? (enum alg)reading.alg : ALG_NONE;
}

static struct alg_counts icmp_now(const struct engine *engine)
{
	const uint64_t *reasons = engine->counts.reasons;
	struct alg_counts counts = {.changed = reasons[REASON_TRANSLATED_ICMP_ERROR]};

	counts.notes[NOTE_MALFORMED] = reasons[REASON_QUOTED_MALFORMED];
	counts.notes[NOTE_THIRD_PARTY] = reasons[REASON_QUOTED_UNKNOWN];
	counts.messages = counts.changed + counts.notes[NOTE_MALFORMED] + counts.notes[NOTE_THIRD_PARTY];
	return counts;
}

/* Cleared by themselves, or with all counters of the engine. */
static uint64_t since(uint64_t now, uint64_t then)
{
	return now >= then ? now - then : now;
}

void engine_icmp_counts(const struct engine *engine, struct alg_counts *out)
{
	const struct alg_counts *before = &engine->sessions->icmp;

	*out = icmp_now(engine);
	out->changed = since(out->changed, before->changed);
	out->messages = since(out->messages, before->messages);
	for (int note = 0; note < NOTE_COUNT; note++)
		out->notes[note] = since(out->notes[note], before->notes[note]);
}

static void clear(struct engine *engine, int alg)
{
	struct alg_counts *counts = &engine->sessions->counts[alg];

	*counts = (struct alg_counts){.live = counts->live};
	engine->expect_counts[alg] = (struct expect_counts){0};
}

void engine_alg_clear(struct engine *engine, enum alg alg)
{
	if (alg != ALG_NONE) {
		clear(engine, alg);
		return;
	}
	for (int i = 0; i < ALG_COUNT; i++)
		clear(engine, i);
	engine->sessions->icmp = icmp_now(engine);
}

struct session_use engine_session_use(const struct engine *engine)
{
	const struct session_set *set = engine->sessions;

	return (struct session_use){set->count, stream_count(set->streams), stream_chunks_used(set->streams)};
}
