/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the gateways keep and a killed daemon leaves behind: STATE/alg, beside the records and of the same make (nat/backing.h).
 * Regions of fixed size, whatever the number of flows: sessions, expectations, calls with their ports, streams with their
 * buffers. Only what is used takes memory.
 *
 * A session's record: identity, then the gateway's own state of datagrams in two copies, of which `current` names the one that
 * counts: a message that is being read writes the other. (That of a stream is kept with the stream.)
 */
#ifndef ALGATE_NAT_ALG_STORE_H
#define ALGATE_NAT_ALG_STORE_H

#include "alg/alg.h"
#include "lib/err.h"
#include "nat/call.h"
#include "nat/expect.h"
#include "nat/backing.h"

#define ALG_SESSIONS 16384
#define ALG_STREAMS  4096
#define ALG_CHUNKS   16384 /* of 2 KB each */

enum session_flags {
	SESSION_STOPPED = 1, /* the gateway is off, or wants to see nothing more: bytes pass, numbers stay translated */
	SESSION_CHILD = 2,   /* announced by another session: no port of the configuration made it */
	SESSION_FLAGS = 3,
};

struct session_record {
	uint32_t state;      /* as all records: 0 free, odd being written, else the seal */
	uint32_t flow;       /* its index; of a hairpin the opener's */
	uint32_t flow_state; /* that flow's own state word, so that another in its place is told from it */
	uint32_t stream;     /* STREAM_NONE: datagrams */
	uint32_t other;      /* hairpin: the answerer's flow; RECORD_NONE */
	uint8_t alg;
	uint8_t client;      /* enum flow_side */
	uint8_t flags;       /* enum session_flags */
	uint8_t current;     /* of data */
	uint8_t ttl[2], tos[2]; /* as last seen, by the side they came from */
	uint8_t spare[4];
	uint8_t data[2][ALG_STATE_MAX];
};
static_assert(sizeof(struct session_record) == 288, "layout");
static_assert(SESSION_FLAGS == (SESSION_STOPPED | SESSION_CHILD), "others are damage");

struct alg_store {
	struct backing map;
	struct session_record *sessions;
	struct expect_record *expects;
	struct call_record *calls;
	struct call_port *ports;
	void *streams;
};

/* As records_open, of which it is a part. Where the file system has no room it is anonymous memory, and that is logged: gateways
 * work, but forget with the daemon. */
struct alg_store *alg_store_open(const char *directory, struct err *err);
void alg_store_close(struct alg_store *store);
/* Makes sure that this part of it can be written. */
bool alg_store_reserve(struct alg_store *store, const void *at, size_t size);
/* Likewise the first so many streams and pieces of buffer, which are given out from the lowest on. */
bool alg_store_reserve_streams(struct alg_store *store, uint32_t streams, uint32_t chunks);
/* Sessions at or above this were never written. */
uint32_t alg_store_sessions(const struct alg_store *store);
void alg_store_set_sessions(struct alg_store *store, uint32_t high);
/* Where calls are; good until the store is closed. */
struct call_memory alg_store_calls(struct alg_store *store);
/* Even, never 0. */
uint32_t session_seal(const struct session_record *session);

#endif
