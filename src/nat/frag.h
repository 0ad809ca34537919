/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual reassembly (RFC 791 3.2, RFC 5722 in spirit, RFC 1858): pieces of datagrams in, in any
 * order; whole datagrams out. One arena of fixed size, made at the start; a flood of pieces that
 * never become whole ends only itself: each source has its share, and where all shares together are
 * too much the oldest incomplete datagram goes.
 */
#ifndef ALGATE_NAT_FRAG_H
#define ALGATE_NAT_FRAG_H

#include <stdbool.h>
#include <stdint.h>
#include "nat/decode.h"
#include "nat/reason.h"

#define FRAG_ARENA     (4u << 20) /* bytes: everything together is less */
#define FRAG_DATAGRAMS 2048u	  /* incomplete at the same time */
#define FRAG_OF_SOURCE                                                                             \
	256u /* of these, of one source address; it also has a quarter of the room at most */
#define FRAG_PIECES  256u  /* of one datagram, where no interface says less */
#define FRAG_TIMEOUT 3000u /* ms after the first piece came */

struct frag_set;

/* Limits of one interface and direction. */
struct frag_limits {
	bool drop;	    /* no fragment is let through at all */
	uint16_t datagrams; /* incomplete at the same time; 0: no limit but the arena's */
	uint16_t pieces;    /* of one datagram */
	uint32_t timeout;   /* ms */
};
/* Where no interface is configured: FRAG_PIECES, FRAG_TIMEOUT. */
extern const struct frag_limits frag_limits_builtin;

/* Where a piece was met. Pieces from different places never meet. */
struct frag_place {
	uint16_t vrf;
	uint8_t visit;
	bool out;	  /* limits are those of the leaving direction */
	uint32_t ifindex; /* whose limits they are, and where it is counted */
	const struct frag_limits *limits;
};

/* A datagram made whole: written to `data`, which has `room` bytes. The header is the first
 * piece's, its checksum fresh, neither fragment fields nor DF set, congestion as RFC 3168 5.3 has
 * it. */
struct frag_whole {
	uint8_t *data;
	uint32_t room;
	uint32_t length;
	uint32_t largest; /* total length of the largest piece that came */
};

/* seed: unpredictable; now: ms. Memory is taken as it is touched. */
struct frag_set *frag_new(uint64_t seed, uint64_t now);
void frag_free(struct frag_set *set);
/* One piece (view->fragment); it is copied, so the packet may go, and whole->data may be where it
 * lies. REASSEMBLED: *whole is filled. FRAGMENT_HELD or FRAGMENT_DUPLICATE: nothing is lost. Else
 * why it is refused: what contradicts itself or other pieces costs its datagram, and what is still
 * to come of that is refused too, until its time is over. */
enum reason frag_add(struct frag_set *set, uint64_t now, const struct frag_place *place,
		     const struct decoded *view, struct frag_whole *whole);
/* Gives up what is due, bounded work for each call. */
void frag_tick(struct frag_set *set, uint64_t now);
/* Time (ms) of the next frag_tick that has work; UINT64_MAX: none. */
uint64_t frag_next(const struct frag_set *set);
/* Pieces once held whose datagram was given up (time, room, contradiction) since the last call. */
uint64_t frag_lost(struct frag_set *set);

struct frag_counts {
	uint32_t datagrams, pieces;	/* incomplete now */
	uint64_t reassembled, timeouts; /* datagrams, ever */
};
/* All zero for an interface that has seen none. */
struct frag_counts frag_counts(const struct frag_set *set, uint32_t ifindex, bool out);
/* Incomplete datagrams, all interfaces. */
uint32_t frag_held(const struct frag_set *set);

/* ---- the way out */

/* A whole datagram goes through the kernel once more before it is cut: how large its pieces may be
 * is remembered by its new addresses, for a second or so and as far as there is room. */
struct frag_name {
	ip4 source, destination;
	uint16_t id, vrf;
	uint8_t protocol;
};
void frag_note(struct frag_set *set, const struct frag_name *name, uint32_t largest);
/* Total length; 0: not known. Forgets it. */
uint32_t frag_noted(struct frag_set *set, const struct frag_name *name);

#endif
