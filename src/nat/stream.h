/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stream engine (vTCP): lets a gateway read and change the messages of a TCP connection, however they are cut, without
 * either end noticing anything but the changed bytes.
 *
 * While each message lies whole within one segment, segments pass: changed in place, sequence numbers, acknowledgements and SACK
 * translated by position, and what was changed is remembered until its receiver has acknowledged it, so that a retransmission,
 * however it is cut, carries the same bytes again. End-to-end acknowledgement stays.
 *
 * A segment that ends within a message, or leaves a gap, is held. What is held in order is acknowledged by us (else a sender with
 * Nagle's algorithm or a small window never sends the rest), and from then on it is ours: it is sent on whole and changed in
 * segments of the receiver's MSS, and again until it is acknowledged (RFC 6298), within the receiver's window. When nothing of
 * ours is under way the connection passes again.
 *
 * Promises: the first copy of a byte counts; nothing is read twice; nothing is sent in two versions. Memory is bounded by stream
 * and in all. All truth lies in the store that it was given; what we acknowledged is there before the acknowledgement leaves.
 * May not know addresses, flows or gateways, may not allocate, has no clock.
 *
 * Numbers: a direction's bytes have a number as the sender counts them ("in") and as the receiver does ("out"). RFC 9293, RFC
 * 7323 (timestamps, window scale), RFC 2018 (SACK), RFC 5961.
 */
#ifndef ALGATE_NAT_STREAM_H
#define ALGATE_NAT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "alg/edit.h"
#include "nat/decode.h"
#include "nat/flow.h"

#define STREAM_NONE UINT32_MAX

struct stream_set;

/* Bytes of a store for `streams` connections and `chunks` pieces of buffer. */
size_t stream_store_size(uint32_t streams, uint32_t chunks);
/* Before a store that a killed process left is taken over: nothing was written behind so many bytes of it, chunks aside. Told only
 * where the store itself cannot say how far its streams reach. */
void stream_store_mend(void *store, uint32_t streams, uint64_t written);
/* store: aligned to a page, all 0 when new; stays the caller's and outlives the set. What a killed process left there is taken
 * over: streams that were whole at that moment go on, damaged ones are gone. */
struct stream_set *stream_set_new(void *store, uint32_t streams, uint32_t chunks, uint64_t now);
void stream_set_free(struct stream_set *set);
/* Asked before a stream or a piece of buffer is used that has the highest number so far: can the first so many of each (0: not
 * asked) be written? It may answer for more than it was asked. Without it they all can. */
void stream_set_reserve(struct stream_set *set, bool (*reserve)(void *arg, uint32_t *streams, uint32_t *chunks),
			void *arg);

/* A connection that its first SYN opens, named by the caller (flow index). STREAM_NONE: no room. */
uint32_t stream_open(struct stream_set *set, uint64_t now, uint32_t name);
void stream_close(struct stream_set *set, uint32_t stream);
/* All streams that have joined the same one of `groups` may use so many pieces of buffer together. */
void stream_set_groups(struct stream_set *set, uint32_t groups, uint32_t chunks);
/* Once for each stream; ends when it closes. */
void stream_join(struct stream_set *set, uint32_t stream, uint32_t group);
uint32_t stream_name(const struct stream_set *set, uint32_t stream);
/* Next live stream at or after *from; STREAM_NONE at the end. */
uint32_t stream_next(const struct stream_set *set, uint32_t *from);
uint32_t stream_count(const struct stream_set *set);
uint32_t stream_chunks_used(const struct stream_set *set);

/* Who reads. Called with each message once, in order, side by side. */
struct stream_reader {
	void *arg;
	enum frame (*frame)(void *arg, enum flow_side from, const uint8_t *bytes, uint32_t length, uint32_t *size);
	/* NULL: unchanged. The splices are good until the next call. *stop: neither direction is read again from behind this
	 * message on. *refuse: the message must not go on and cannot be changed (no port): the connection is reset. */
	const struct splices *(*message)(void *arg, enum flow_side from, const uint8_t *bytes, uint32_t length,
					 bool *stop, bool *refuse);
	void (*note)(void *arg, enum alg_note note); /* counts */
	/* ms without a further byte of an unfinished message, until it goes on unread; 0: none. What follows is read only if frame
	 * said where that message ends, and others were read before: else it counts as another protocol's. */
	uint32_t patience;
};

/* Bytes of the reader, all 0 when the stream opens; for the time of frame and message only. What message changes there is kept
 * together with what was read, so after a crash both are as they were before the message or both as behind it. */
void *stream_memory(struct stream_set *set);
#define STREAM_MEMORY ALG_STATE_MAX

/* A segment we send: to the side `to`, as that side counts. */
struct stream_segment {
	uint8_t to;           /* enum flow_side */
	uint8_t flags;        /* TCP_ */
	uint32_t seq, ack;
	uint16_t window;      /* as it stands in the header */
	uint16_t urgent;
	uint8_t options_length;
	uint8_t options[40];
	const uint8_t *payload; /* good during the call */
	uint32_t length;
};

struct stream_sink {
	void *arg;
	/* false: not now (no room to emit); it is sent again later. */
	bool (*send)(void *arg, const struct stream_segment *segment);
};

enum stream_fate {
	STREAM_PASS,    /* goes on, perhaps changed: view and *length are as they are now, checksum not yet */
	STREAM_PASS_UNCHANGED,
	STREAM_HELD,    /* taken in: will be sent on by us */
	STREAM_ANSWERED,/* nothing new in it; answered, or needs no answer */
	STREAM_DROP,    /* no room, or it contradicts what came before: its sender will send it again */
};

/* A segment of a connection, checksum already verified, headers not translated yet. view->ip may be written up to `room` bytes. May
 * grow or shrink the packet (view->length, view->l4_length, IP total length are mended; checksums are the caller's). `mss`: of
 * a segment as it arrives the largest payload that its receiver takes is known from its SYN. GSO packets (larger than
 * the MSS) pass as such where they may. */
enum stream_fate stream_packet(struct stream_set *set, uint32_t stream, enum flow_side from, uint64_t now,
			       struct decoded *view, uint32_t room, const struct stream_reader *reader,
			       const struct stream_sink *sink);
/* Retransmissions and what else is due. */
void stream_due(struct stream_set *set, uint64_t now, uint32_t stream, const struct stream_reader *reader,
		const struct stream_sink *sink);
/* The stream with the earliest work, and when (ms); UINT64_MAX: none. */
uint64_t stream_next_due(const struct stream_set *set, uint32_t *stream);
/* Nothing is read any more (gateway switched off): what is held goes on as it is, numbers stay translated. */
void stream_stop(struct stream_set *set, uint32_t stream, uint64_t now, const struct stream_sink *sink);
/* The number that the sender knows for what its receiver counts as `out`. */
uint32_t stream_sent_as(const struct stream_set *set, uint32_t stream, enum flow_side from, uint32_t out);
/* Does it read, and does it hold bytes (show)? */
struct stream_look {
	bool refused; /* both ends were told that it is over */
	bool reads[2];
	bool midstream;
	uint32_t held[2], unacknowledged[2]; /* bytes, by side they come from */
	int32_t delta[2];
};
struct stream_look stream_look(const struct stream_set *set, uint32_t stream);

#endif
