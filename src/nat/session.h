/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gateways at work: which flow has which gateway, its state and its stream; messages in, changed messages out; counters and
 * traces. One session for a flow that a gateway reads; slots of such flows are marked (SLOT_ALG), all others never come here.
 *
 * A datagram: scan, resolve, edit, in place. A segment: through the stream engine, which calls back for each message.
 * Either leaves as one decision; what the stream engine sends besides is emitted.
 *
 * Promises: a message that is not understood passes as it came; one that would show an inside address but cannot be changed does
 * not pass (one from outside does); a gateway that is switched off changes nothing any more. May not parse.
 */
#ifndef ALGATE_NAT_SESSION_H
#define ALGATE_NAT_SESSION_H

#include "alg/name.h"
#include "nat/engine.h"

/* Counters of a gateway, since start or clear. */
struct alg_counts {
	uint64_t flows;        /* ever attached */
	uint32_t live;         /* now */
	uint64_t messages, changed, fields;
	uint64_t sent[2];      /* of the messages: by enum alg_from */
	uint64_t fragmentable; /* datagrams that grew and may be fragmented now, although they came with DF */
	uint64_t expected, used, expired, cancelled;
	uint32_t waiting;      /* now */
	uint64_t notes[NOTE_COUNT];
	uint64_t kinds[ALG_KINDS]; /* messages by bits of findings.kinds */
	uint8_t last;          /* enum alg_note */
};

#define TRACE_CALL_SIZE 65 /* FINDING_KEY, and the end */

/* One rewritten field, or one event: what was, what is. */
struct alg_trace {
	uint64_t now;
	uint32_t number;       /* counts from 1 */
	uint8_t alg;
	uint8_t kind;          /* enum trace_kind */
	uint8_t note;          /* enum alg_note */
	uint8_t side;          /* enum flow_side: of the message's sender */
	struct endpoint il, og; /* the flow */
	char message[16];      /* as findings.message; of a child that of the announcement */
	uint8_t role;          /* enum role */
	const char *place;     /* as mention.place */
	char call[TRACE_CALL_SIZE]; /* as findings.key, in graphic characters; empty where the protocol has no calls, or several
				     * share it */
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
/* The gateway that reads this flow, also one that has seen enough; ALG_NONE. */
enum alg session_alg(const struct engine *engine, uint32_t flow);
/* ICMP errors, which need no session: messages are those that quoted something, changed the translated ones. */
void engine_icmp_counts(const struct engine *engine, struct alg_counts *out);
/* All but `live` to 0; ALG_NONE: of all gateways and ICMP. */
void engine_alg_clear(struct engine *engine, enum alg alg);
/* Sessions, streams, and pieces of buffer (of 2 KB) in use. */
struct session_use {
	uint32_t sessions, streams, chunks;
};
struct session_use engine_session_use(const struct engine *engine);
const struct trace_ring *engine_traces(const struct engine *engine);
/* Copies from *cursor on (0 at first, then as left) and moves it; *lost counts those overwritten. */
uint32_t trace_take(const struct trace_ring *ring, uint64_t *cursor, struct alg_trace *out, uint32_t max, uint64_t *lost);

/* ---- for the engine's own files ---- */

struct session_set;
struct findings;
struct tcp_segment;
struct decision;
struct decoded;
struct leg;
struct rewrite;

/* With engine_new, engine_free. Stands on the engine's records. */
struct session_set *session_set_new(struct engine *engine, uint64_t now);
void session_set_free(struct session_set *set, const struct engine *engine);

/* A flow was made by this packet of `side`, as the leg has it: does a gateway read it? Of a hairpin: the opener's flow only. False:
 * one should, and there is no room: the packet must not go on, nor the flow stay, so that its sender tries again. May end other
 * flows that only one side was heard on. */
bool session_made(struct engine *engine, uint64_t now, const struct decoded *view, uint8_t side, uint32_t flow,
		  const struct leg *leg);
/* The ports of a flow are used again for another connection. */
void session_forget(struct engine *engine, uint32_t flow);
/* The flow ends. */
void session_end(struct engine *engine, uint32_t flow);
/* It is met under another configuration: of datagrams the gateway comes or goes. False: one should read it, and there is no room:
 * the packet must not go on; the next one asks again. May end other flows, as session_made does. */
bool session_review(struct engine *engine, uint64_t now, uint32_t flow);
/* After a swap: what is switched off stops. */
void session_follow(struct engine *engine, uint64_t now);
/* After adoption of the flows: sessions whose flow lives go on, others are gone. */
void session_adopt(struct engine *engine, uint64_t now);

/* A packet of a marked flow (decision->read), its headers not yet translated: may change payload, length and packet->length, and
 * decision->reason (held, answered, refused). becomes: what its headers will be. */
void session_packet(struct engine *engine, uint64_t now, struct packet *packet, struct decoded *view,
		    struct decision *decision, const struct rewrite *becomes, struct out *out);
/* What is due, as much of it as out has room for, a bounded number of streams. */
void session_due(struct engine *engine, uint64_t now, struct out *out);
uint64_t session_next(const struct engine *engine);
/* The numbers of a segment of a marked flow that came from this side of it, as the inside (of a hairpin the opener) counts them, so
 * that both sides are judged by the same ones. */
void session_numbers(const struct engine *engine, uint32_t flow, uint8_t side, struct tcp_segment *segment);
/* The same for a segment of `side` that is quoted as its receiver had it: its number as its sender counts. */
uint32_t session_sent_as(const struct engine *engine, const struct flow_record *flow, uint8_t side, uint32_t seq);

/* Counts; tells an operator what he should know. The flow may be RECORD_NONE. */
void session_note(struct engine *engine, uint64_t now, enum alg alg, uint32_t flow, enum alg_note note);
/* Likewise, about a message. */
void session_note_of(struct engine *engine, uint64_t now, enum alg alg, uint32_t flow, enum alg_note note,
		     const struct findings *findings);
/* The key of a call as traces have it. */
void session_call_text(const uint8_t *key, uint8_t length, char out[TRACE_CALL_SIZE]);
/* Also for what resolve.c does. The number is given here. */
void session_trace(struct engine *engine, const struct alg_trace *trace);

#endif
