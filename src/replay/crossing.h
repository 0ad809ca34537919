/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a replay remembers of the conversations it saw cross: which global endpoint stands for the
 * inside one, how far sequence numbers have moved apart, and the link headers. A capture taken
 * inside shows packets to inside hosts as they are after translation; with this they are turned
 * into what came from outside.
 */
#ifndef ALGATE_REPLAY_CROSSING_H
#define ALGATE_REPLAY_CROSSING_H

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>
#include "nat/decode.h"
#include "nat/snapshot.h"
#include "replay/link.h"

enum way { WAY_OUT, WAY_IN };

struct header {
	uint8_t length;
	bool set;
	uint8_t bytes[LINK_HEADER_MAX];
};

/* Zeroed before it is filled: it is hashed as bytes. For a query the identifier is the near port,
 * the far one 0. */
struct crossing_key {
	ip4 near, far; /* near: inside local, or the global that stands for it */
	uint16_t near_port, far_port;
	uint8_t protocol;
};

/* Where what the inside sent ends, and where it ends outside, after the gateways changed its
 * length. */
struct shift {
	uint32_t in, out;
};
#define SHIFTS 32 /* power of two; older ones have long been acknowledged */

struct crossing {
	struct crossing_key local, global;
	UT_hash_handle by_local, by_global;
	struct header headers[2]; /* enum way */
	bool numbered;		  /* `end` holds */
	struct shift end;	  /* next sequence number of the inside, here and outside */
	uint32_t n_shifts; /* ever; the last SHIFTS of them are kept, and the first stands for all
			      before */
	struct shift shifts[SHIFTS];
};

struct crossings;

struct crossings *crossings_new(void);
void crossings_free(struct crossings *crossings);

/* The crossing of a packet of this way; global: as it is seen outside. NULL: not known. */
struct crossing *crossing_find(const struct crossings *crossings, const struct decoded *view,
			       enum way way, bool global);
/* The packet, as inside and as outside see it, crossed. */
struct crossing *crossing_learn(struct crossings *crossings, const struct decoded *inside,
				const struct decoded *outside, enum way way);
/* A gateway has announced that the inside endpoint is reached at the global one. */
void crossing_announced(struct crossings *crossings, struct endpoint inside,
			struct endpoint global);

/* Turns a packet, addressed to an inside local endpoint, into what the outside sent, checksums too.
 * The identifier of a query, the packet that an ICMP error quotes, TCP's acknowledgements are
 * turned, too; other payload is left. False: nothing is known that leads there; the packet is
 * unchanged. */
bool crossing_outside_view(struct crossings *crossings, const struct snapshot *snapshot,
			   struct decoded *view);

/* A TCP segment of the inside was captured; a segment went outside. */
void crossing_captured(struct crossing *crossing, const struct decoded *view);
void crossing_sent(struct crossing *crossing, const struct decoded *view);

#endif
