/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the stream engine: what is kept of a connection, where, and how it is changed. For
 * stream*.c only.
 *
 * A change is a transaction: the state is copied out of the store (stream_begin), worked on, and
 * written to the other of its two places (stream_commit) before anything that depends on it leaves.
 * Bytes go to chunks that the state in the store does not refer to, or to places of them that it
 * does not count; chunks that were given up are used again only behind the commit. So the store is
 * whole at every moment.
 */
#ifndef ALGATE_NAT_STREAM_STORE_H
#define ALGATE_NAT_STREAM_STORE_H

#include "nat/records.h"
#include "nat/stream.h"

#define TCP_PSH	      0x08
#define TCP_URG	      0x20
#define CHUNK	      2048u
#define TAPE_CHUNKS   64u /* power of two, so that slots go on where numbers wrap */
#define TAPE_SIZE     (CHUNK * TAPE_CHUNKS)
#define STREAM_EDITS  16u
#define STREAM_RANGES 8u
#define STREAM_TRIES  15u
#define SEGMENT_MAX   65535u
#define STREAM_RTO_MOST 60000u /* ms; no timer of a lane is set further ahead */

/* Bytes by position, from `base` on; which of them are there is known to whom it belongs. */
struct tape {
	uint32_t base;
	uint16_t slot[TAPE_CHUNKS]; /* of position / CHUNK: its chunk + 1; 0: none */
};

/* `removed` bytes from `in` on became `added` bytes from `out` on. removed is not 0: position k of
 * the one is position k of the other, and what one has more belongs to the last byte. */
struct stream_edit {
	uint32_t in, removed;
	uint32_t out, added;
	uint32_t text; /* position on the tape of texts */
};

struct stream_range {
	uint32_t from, to;
};

/* Of what one side sends. "in": as it counts; "out": as the other side does. */
struct lane {
	uint32_t isn;	    /* of its SYN */
	uint32_t in_read;   /* read, or not to be read */
	uint32_t in_nxt;    /* there without a gap */
	uint32_t kept;	    /* in: bytes from bytes.base to here are on the tape */
	uint32_t out_una;   /* acknowledged by the receiver */
	uint32_t out_nxt;   /* what in_read has become: nothing beyond was ever sent */
	uint32_t out_next;  /* own: to be sent next */
	uint32_t out_high;  /* behind the last one sent; with FIN */
	uint32_t out_floor; /* from here on numbers are translated back exactly */
	uint32_t told;	    /* in: the acknowledgement that the sender was last given */
	uint32_t edge;	    /* in: behind the last byte that the sender may send */
	uint32_t edge_told; /* in: the same, as the sender was told for certain */
	uint32_t window;    /* what the receiver offered last; bytes */
	uint32_t edge_out;  /* likewise: behind the last byte it takes; never moves back */
	uint32_t fin_at;    /* in: number of the FIN, if `ended` */
	uint32_t urgent;    /* in, if `urges` */
	uint32_t skip;	    /* bytes still of no interest */
	uint32_t ts_newest,
	    ts_echo; /* RFC 7323: the sender's clock; what an acknowledgement of ours echoes */
	/* As a sender of our own, RFC 6298 and RFC 5681. */
	uint64_t due;		    /* ms; 0: nothing */
	uint64_t patient_until;	    /* ms; 0: no unfinished message waits for more; see lane_patience() */
	uint64_t timed_at;	    /* ms; 0: no round trip is being measured */
	uint32_t timed;		    /* out: answers the measurement */
	uint32_t srtt, rttvar, rto; /* ms */
	uint32_t cwnd, ssthresh, recover;
	uint32_t text_end;
	/* What its SYN said. */
	uint16_t mss;
	uint8_t scale; /* TCP_SCALE_NONE */
	uint8_t syn, sack, stamps;
	uint8_t own;	      /* bytes from out_una on are acknowledged and sent by us */
	uint8_t reads, plain; /* plain: nor is anything kept any more */
	uint8_t blocked;      /* reading waits for an acknowledgement */
	uint8_t ended, urges;
	uint8_t duplicates, tries, recovering;
	uint8_t n_edits, n_ranges;
	uint8_t stalls; /* times in a row that there was no room */
	uint8_t understood; /* a message was: it is our protocol */
	uint8_t zero[4];
	struct stream_edit edits[STREAM_EDITS];
	struct stream_range ranges[STREAM_RANGES]; /* behind gaps, in order, apart */
	struct tape bytes, text;
};

enum stream_mode {
	MODE_OPEN,
	MODE_MIDSTREAM, /* not seen from its SYN: not looked at */
	MODE_REFUSED,	/* by us: every packet is answered with RST */
};

struct stream_state {
	uint32_t live; /* 0, 1 */
	uint32_t name;
	uint8_t mode;  /* enum stream_mode */
	uint8_t evict; /* memory is short: what is held has to go on unread */
	uint8_t zero[6];
	uint8_t memory[STREAM_MEMORY];
	struct lane lane[2]; /* by the side that sends */
};

struct stream_set {
	void *store;
	struct stream_record *records;
	uint8_t *chunks;
	uint32_t max_streams, max_chunks;
	uint32_t count, used;
	uint64_t adopted; /* ms: since when this process has the store */
	uint32_t high;	 /* records below may have been written */
	uint32_t n_free; /* streams */
	uint32_t *free;
	uint32_t n_free_chunks;
	uint16_t *free_chunks;
	uint8_t *newest; /* of each record: which copy, or NOWHERE */
	uint32_t hand;	 /* where eviction looks next */
	bool (*reserve)(void *arg, uint32_t *streams, uint32_t *chunks); /* NULL: all has memory */
	void *reserve_arg;
	uint32_t sure_streams, sure_chunks; /* of which the first so many have it */
	uint32_t *group_of;   /* of each stream: group + 1; 0: none */
	uint32_t *group_used; /* chunks, by group + 1; NULL: no groups */
	uint32_t group_most;
	uint32_t group;       /* of the transaction's stream, + 1 */
	/* Of the transaction. */
	uint32_t n_given, n_taken;
	uint16_t *given, *taken;
	struct stream_state work;
	/* A heap of streams by `due`. */
	uint32_t n_heap;
	uint32_t *heap, *place;
	uint64_t *due;
	/* Room for one call. */
	uint8_t gather[TAPE_SIZE];
	uint8_t message[ALG_MESSAGE_MAX + 1];
	uint8_t segment[2 * TAPE_SIZE]; /* a payload with all that was added to it */
};

/* False: there is no such stream. */
bool stream_begin(struct stream_set *set, uint32_t stream);
/* What was not changed is not written. */
void stream_commit(struct stream_set *set, uint32_t stream);
/* As it was at the last commit. */
void stream_rollback(struct stream_set *set, uint32_t stream);
const struct stream_state *stream_stored(const struct stream_set *set, uint32_t stream);

/* Within a transaction. All of it or nothing is written: false when no chunk is left or it is
 * beyond the tape. */
bool tape_write(struct stream_set *set, struct tape *tape, uint32_t at, const uint8_t *bytes,
		uint32_t length);
void tape_read(const struct stream_set *set, const struct tape *tape, uint32_t at, uint8_t *to,
	       uint32_t length);
bool tape_equal(const struct stream_set *set, const struct tape *tape, uint32_t at,
		const uint8_t *bytes, uint32_t length);
/* What is before `base` is given up. */
void tape_trim(struct stream_set *set, struct tape *tape, uint32_t base);
/* Behind the last position that has a place. */
static inline uint32_t tape_end(const struct tape *tape)
{
	return (tape->base & ~(CHUNK - 1)) + TAPE_SIZE;
}

/* Would what this stream gives up be there for the other? */
bool stream_is_rival(const struct stream_set *set, uint32_t stream, uint32_t other);

/* When the stream is to be looked at again; 0: not. */
void stream_arm(struct stream_set *set, uint32_t stream, uint64_t when);

/* Sequence numbers: a before b, RFC 9293 3.4. */
static inline bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}
static inline uint32_t earlier(uint32_t a, uint32_t b)
{
	return before(a, b) ? a : b;
}
static inline uint32_t later(uint32_t a, uint32_t b)
{
	return before(a, b) ? b : a;
}

#endif
