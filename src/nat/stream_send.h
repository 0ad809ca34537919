/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the stream engine sends: acknowledgements, and the bytes that are its own. For stream*.c
 * only. */
#ifndef ALGATE_NAT_STREAM_SEND_H
#define ALGATE_NAT_STREAM_SEND_H

#include "nat/stream_segment.h"

/* One call of the engine. */
struct job {
	struct stream_set *set;
	struct stream_state *s; /* that of the transaction */
	uint32_t stream;
	uint64_t now;
	const struct stream_reader *reader; /* NULL: nobody reads any more */
	const struct stream_sink *sink;
	bool owed[2];  /* an acknowledgement, by side */
	bool longer[2]; /* new bytes came without a gap, by lane */
	bool again[2]; /* the first segment that is not acknowledged, by lane */
	uint32_t
	    recent;   /* in: what was just held behind a gap; goes first in the acknowledgement */
	bool refused; /* the connection is to end */
	bool starved; /* no chunk was left */
	/* A segment that passes, but in pieces. */
	bool cut, cut_fin;
	enum flow_side cut_from;
	uint32_t cut_out, cut_length, cut_rest_in;
	const uint8_t *cut_rest;
};

/* The largest payload of a segment, either way (RFC 6691): beside so many bytes of options, at most 40; beside those of ours. */
uint32_t payload_beside(const struct stream_state *s, uint32_t options);
uint32_t payload_max(const struct stream_state *s);
/* A window that the side `from` offers, in bytes. */
uint32_t window_bytes(const struct stream_state *s, enum flow_side from, uint16_t raw);
/* What the sender of a lane is told: the acknowledgement, and the window as in the header. Both
 * count as told. */
uint32_t lane_ack(const struct lane *lane);
uint16_t lane_window(struct stream_state *s, enum flow_side from);
void lane_tell(struct stream_state *s, enum flow_side from, uint32_t ack, uint16_t window);
/* The FIN follows what was read. */
bool lane_fin_ready(const struct lane *lane);
/* Behind the last byte, or the FIN, that may be sent. */
uint32_t lane_end(const struct lane *lane);

/* How long a round trip to the receiver takes, also while segments pass. One has gone on that ends at `end`; `again`: not all of
 * it for the first time, so that nobody can tell which of them an answer is to (RFC 6298 3). */
void lane_timed(struct lane *lane, uint64_t now, bool again, uint32_t end);
/* All in front of `ack` has come. */
void lane_answered(struct lane *lane, uint64_t now, uint32_t ack);
/* From here on the lane's bytes are ours to deliver. */
void lane_own(struct job *job, enum flow_side from);
/* The receiver acknowledged `ack` (within what was sent) and offers a window. `plain`: nothing else
 * was in the segment. */
void lane_acknowledged(struct job *job, enum flow_side from, uint32_t ack, uint32_t window,
		       bool plain);
/* Sends what may be sent, sets the timer. */
void lane_pump(struct job *job, enum flow_side from);
/* The timer of a lane has run down. */
void lane_timeout(struct job *job, enum flow_side from);

void send_ack(struct job *job, enum flow_side to);
/* From out_una on, one segment. */
void send_first(struct job *job, enum flow_side from);
/* Bytes of the lane as they go to its receiver, in segments no larger than it takes. False: one of
 * them did not go. */
bool send_bytes(struct job *job, enum flow_side from, uint32_t out, const uint8_t *bytes,
		uint32_t length, bool fin);
/* Ends the connection at both ends. */
void send_resets(struct job *job);
void send_reset(struct job *job, enum flow_side to, uint32_t seq);

#endif
