/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls and registrations: what gateways for telephony and media announce, kept together under the key of the call (SIP Call-ID,
 * H.323 GUID, SCCP call reference, RTSP session), whatever flow its messages take. One trunk carries hundreds of calls, and each
 * ends alone.
 *
 * A call has media; each medium of an inside party has a global endpoint (RTP with RTCP on the next port, or one port) and
 * expectations for it, made at the first mention and answered alike until the call ends or the medium is taken away (port 0).
 *
 *   begin      180 s to be answered, refreshed by what is said
 *   up         lives while signalling or media do; with a session timer twice that, else 1 h after the last of either
 *   over       (end, failure, cancel) 32 s for retransmissions (RFC 3261 17: 64 T1), then media and ports go
 *
 * A registration keeps the signalling flow and what was announced as contact for the granted lifetime.
 *
 * Promises: O(1) for each message; bounded by call, host and box, oldest unanswered first; keyed hashing. Truth is the record
 * (store of the gateways), which survives the daemon. May not read messages.
 */
#ifndef ALGATE_NAT_CALL_H
#define ALGATE_NAT_CALL_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include "alg/alg.h"
#include "lib/siphash.h"
#include "nat/records.h"

#define CALL_MAX       4096
#define CALL_MEDIA     8    /* of one call and party */
#define CALL_HOST_MAX  500  /* of one inside host that is no trunk: nothing answered yet */

enum call_state { CALL_BEGUN = 1, CALL_UP, CALL_OVER, CALL_REGISTRATION };

/* What an inside party receives. */
struct call_medium {
	ip4 il, ig;
	uint16_t il_port, ig_port; /* 0: not there */
	uint16_t medium;
	uint8_t flags;             /* MENTION_PAIR, ... */
	uint8_t protocol;
	struct endpoint remote;    /* where the other party receives, as last said; 0: not yet */
	uint32_t expect[2];        /* expectations (RTP, RTCP); RECORD_NONE */
	uint32_t heard_s;          /* last packet from outside; 0: none */
	uint32_t sent_s;           /* likewise from inside */
};

struct call_record {
	uint32_t state_word;       /* as all records */
	uint16_t vrf;
	uint8_t alg, state;        /* enum call_state */
	uint8_t key_length, n_media;
	uint8_t answers;           /* different branches that answered */
	uint8_t spare;
	uint32_t flow;             /* signalling, as last seen */
	uint32_t created_s, said_s, until_s, lifetime_s;
	uint32_t branch;           /* of the answer that holds */
	uint8_t key[FINDING_KEY];
	char caller[48], callee[48];
	struct call_medium media[2 * CALL_MEDIA]; /* two inside parties at most */
};

struct call_table;

struct call_table *call_table_new(struct call_record *memory, uint32_t max, const struct siphash_key *secret);
void call_table_free(struct call_table *table);
struct call_record *call_find(struct call_table *table, uint16_t vrf, uint8_t alg, const uint8_t *key, uint8_t length);
struct call_record *call_add(struct call_table *table, const struct call_record *body);
void call_remove(struct call_table *table, struct call_record *call);
struct call_record *call_at(struct call_table *table, uint32_t index); /* NULL when free */
uint32_t call_index(const struct call_table *table, const struct call_record *call);
uint32_t call_count(const struct call_table *table);
uint32_t call_next(const struct call_table *table, uint32_t *from); /* all live ones; RECORD_NONE at the end */

#endif
