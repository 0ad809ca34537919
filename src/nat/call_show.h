/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls and registrations as shows see them: rows are copies, each call looks at a bounded number of records. On the packet
 * thread. Times are ms of the engine's clock, 0: never.
 */
#ifndef ALGATE_NAT_CALL_SHOW_H
#define ALGATE_NAT_CALL_SHOW_H

#include "nat/call.h"
#include "nat/engine.h"

struct call_row {
	uint32_t index;          /* for engine_call_media */
	uint16_t vrf;
	uint8_t alg;
	uint8_t state;           /* enum call_state */
	bool aware;              /* an inside party shows its global address by itself, and is left alone */
	char key[FINDING_KEY + 1]; /* Call-ID, cut if long; printable */
	char caller[48], callee[48];
	/* The signalling flow that was used last; addresses 0 when it is gone. */
	uint8_t protocol;
	struct endpoint il, ig, og;
	uint64_t created, said;  /* begun; last message */
	uint32_t left_s;         /* until it is given up, if nothing more is heard of it */
	uint32_t session_s;      /* session timer; of a registration what was granted; 0: not said */
	uint32_t n_media;        /* rows of engine_call_media */
	uint32_t n_contacts;
	struct endpoint contact_il[CALL_CONTACTS], contact_ig[CALL_CONTACTS]; /* signalling that is expected */
};

/* One inside port of a call. */
struct call_medium_row {
	uint16_t medium;         /* number of the m= line, from 0 */
	uint8_t protocol;
	bool rtcp;
	bool spare;              /* RTCP is to come with the medium, and here only if the other end does not know that */
	bool held;               /* on hold, as its inside party last said */
	bool closing;            /* taken away, or replaced by another port: goes in some seconds */
	struct endpoint il, ig;
	struct endpoint announced; /* where the other party receives, as it said; address 0: not said yet */
	struct endpoint heard_from; /* where packets really come from or go to, last; address 0: none yet */
	uint64_t packets[2], bytes[2]; /* by enum flow_side: [0] sent by the inside, [1] received from outside */
	uint64_t heard[2];       /* last packet; likewise */
	uint64_t made;
};

/* Zeroed at the start. */
struct call_cursor {
	uint32_t next;
	bool end;
	bool registrations; /* these, else calls; in */
};
/* At most `max` rows, how many; cursor->end tells the end. */
uint32_t engine_calls(struct engine *engine, uint64_t now, struct call_cursor *cursor, struct call_row *rows, uint32_t max);
/* All ports of a call (at most CALL_PORTS_MAX), RTP of each medium before its RTCP, in the order of media; 0 when the call is over
 * and gone. */
uint32_t engine_call_media(struct engine *engine, uint64_t now, uint32_t call, struct call_medium_row *rows, uint32_t max);

/* Since start; and now. */
struct call_counts {
	uint32_t begun, up, over, registering, registered, ports; /* now; ports: of media and contacts */
	uint64_t calls, answered, failed, ended, expired; /* ever: begun; of these answered, refused or cancelled, hung up, given up
							   * because nothing was heard of them */
	uint64_t registrations;  /* ever granted */
	uint64_t evicted;        /* for want of room, or at a limit */
	uint64_t aware;          /* endpoints that were left alone because they showed their global address */
	uint64_t third_party;    /* addresses of other hosts that were not translated */
};
void engine_call_counts(const struct engine *engine, struct call_counts *out);

#endif
