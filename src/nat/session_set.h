/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the sessions, shared by session*.c only. */
#ifndef ALGATE_NAT_SESSION_SET_H
#define ALGATE_NAT_SESSION_SET_H

#include "alg/edit.h"
#include "nat/alg_store.h"
#include "nat/session.h"
#include "nat/session_host.h"
#include "nat/state.h"
#include "nat/stream.h"

/* Who reads a flow; of stateless datagrams there is no record. */
struct reading {
	struct session_record *session; /* NULL: a datagram gateway without state */
	uint32_t flow;
	uint8_t alg;
	uint8_t client; /* enum flow_side */
};

struct session_set {
	struct alg_store *store;
	struct stream_set *streams;
	bool adopted;      /* until then the streams that were found may belong to nobody */
	uint32_t max_flows;
	uint32_t *of_flow; /* by flow: 0, or what session.c makes of it */
	uint32_t *free, n_free; /* records below the highest written */
	uint32_t count;
	struct host_set *hosts;
	uint32_t hand;          /* where who gives way is looked for next */
	struct alg_counts counts[ALG_COUNT];
	struct alg_counts icmp; /* what engine->counts had at the last clear */
	uint64_t events_at;     /* ms; */
	uint32_t events;        /* that may still be told */
	struct trace_ring traces;
	/* Room for one message. */
	struct findings findings;
	struct resolved resolved[FINDING_MENTIONS];
	struct splices splices;
	uint8_t message[ALG_MESSAGE_MAX + 1];
	uint8_t state[ALG_STATE_MAX];
};

/* False: nobody reads it. */
bool session_of(struct session_set *set, uint32_t flow, struct reading *reading);
/* The session of this stream; NULL. */
struct session_record *session_of_stream(struct session_set *set, uint32_t stream);
/* From a hairpin's second visit on it is known who answers. */
void session_pair(struct engine *engine, struct session_record *session, uint32_t other);
/* The gateway wants to see no more of it. */
void session_stop(struct engine *engine, uint64_t now, const struct reading *reading,
		  const struct stream_sink *sink);
/* Keeps what a scan made of the state. */
void session_keep(struct session_record *session, const uint8_t *state, uint32_t size);

static inline const uint8_t *session_state(const struct session_record *session)
{
	return session->data[session->current & 1];
}

/* session_message.c: one message from one side of a flow. */
enum message_fate { MESSAGE_SAME, MESSAGE_CHANGED, MESSAGE_REFUSED };

/* CHANGED: set->splices say how. *stop: nothing that follows is to be read. other: hairpin, the answerer's flow. state: the
 * gateway's, changed in place (a stream keeps it with what was read); NULL: a datagram's, kept in the record. */
enum message_fate session_message(struct engine *engine, uint64_t now, const struct reading *reading,
				  uint32_t other, enum flow_side from, const uint8_t *bytes, uint32_t length,
				  void *state, bool *stop);

#endif
