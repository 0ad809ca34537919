/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gateways at work: which flow has which gateway, its state and its stream; messages in, changed messages out; counters and
 * traces. One session for a flow that a gateway reads; slots of such flows are marked (SLOT_ALG), all others never come here.
 *
 * A datagram: scan, resolve, edit, in place. A segment: through the stream engine, which calls back for each message.
 * Either leaves as one decision; what the stream engine sends besides is emitted.
 *
 * Promises: a message that is not understood passes as it came; one that would show an inside address but cannot be changed does
 * not pass; a gateway that is switched off changes nothing any more. May not parse.
 */
#ifndef ALGATE_NAT_SESSION_H
#define ALGATE_NAT_SESSION_H

#include "alg/alg.h"
#include "nat/engine.h"

/* Counters of a gateway, since start or clear. */
struct alg_counts {
	uint64_t flows;        /* ever attached */
	uint32_t live;         /* now */
	uint64_t messages, changed, fields;
	uint64_t expected, used, expired, cancelled;
	uint64_t notes[NOTE_COUNT];
	uint8_t last;          /* enum alg_note */
};

/* One rewritten field, or one event: what was, what is. */
struct alg_trace {
	uint64_t now;
	uint32_t number;       /* counts from 1 */
	uint8_t alg;
	uint8_t kind;          /* enum trace_kind */
	uint8_t note;          /* enum alg_note */
	uint8_t side;          /* enum flow_side: of the message's sender */
	struct endpoint il, og; /* the flow */
	char message[16];      /* as findings.message */
	uint8_t role;          /* enum role */
	struct endpoint before, after;
};
enum trace_kind {
	TRACE_CHANGED,   /* an endpoint in a message */
	TRACE_EXPECTED,  /* before: where the child comes to (global); after: inside */
	TRACE_CAME,      /* the child came */
	TRACE_CANCELLED, /* it is not wanted any more, or nobody came */
	TRACE_NOTE,
};
#define TRACE_RING_SIZE 4096 /* power of two */
struct trace_ring {
	uint64_t head; /* ever written */
	struct alg_trace ring[TRACE_RING_SIZE];
};

/* For show, on the packet thread. */
void engine_alg_counts(const struct engine *engine, enum alg alg, struct alg_counts *out);
void engine_alg_clear(struct engine *engine, enum alg alg);
const struct trace_ring *engine_traces(const struct engine *engine);
/* Copies from *cursor on (0 at first, then as left) and moves it; *lost counts those overwritten. */
uint32_t trace_take(const struct trace_ring *ring, uint64_t *cursor, struct alg_trace *out, uint32_t max, uint64_t *lost);

#endif
