/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two modelled TCP ends, a link that loses, reorders and doubles, and the stream engine between
 * them. The ends know nothing of the engine; they judge it: every byte number has one value for
 * ever, nobody acknowledges what was not sent, the receiver ends up with what the toy protocol's
 * rule makes of the sender's bytes.
 *
 * The toy protocol: lines. The first character of a line says what becomes of it (toy_edit).
 */
#ifndef ALGATE_TEST_STREAMLAB_H
#define ALGATE_TEST_STREAMLAB_H

#include "nat/stream.h"

#define LAB_PACKETS 8192u
#define LAB_BYTES   (1u << 20)

struct lab_options {
	uint32_t seed;
	uint32_t loss, swap, doubled; /* per mille, each hop */
	uint32_t mss[2], scale[2], buffer[2];
	bool sack, stamps[2], nodelay[2], gso, reads_slowly, probes_with_data, keepalives;
	uint32_t writes[2]; /* bytes the application writes at a time; 0: all at once */
	uint32_t kill;	    /* per mille of emissions after which the engine starts anew */
	bool simultaneous;
	uint32_t few;	    /* segments that the engine may send in one call; 0: all */
	uint32_t chunks, streams;
	uint32_t limit_ms;
};

struct lab_end {
	/* sender */
	uint8_t *data;
	uint32_t length, written;
	uint32_t iss, una, nxt, max; /* absolute numbers */
	uint32_t window, cwnd, edge;
	uint32_t mss, scale;
	bool sack, stamps, opened, fin_acked;
	uint64_t rto_at, rto, write_at, keepalive_at;
	uint32_t duplicates;
	uint32_t stamp_base, ts_recent;
	/* receiver */
	uint32_t irs, last_ack_sent;
	uint8_t *got, *present;
	uint32_t have, read; /* offsets: without a gap; taken by the application */
	uint32_t recent;
	bool syn_got, fin_known, fin_got;
	uint32_t fin_at;
	uint64_t ack_at, read_at;
	uint32_t unacked;
	uint32_t urgent_at; /* offset, UINT32_MAX: none seen */
	uint32_t resets, acks, segments;
};

struct lab_packet {
	uint64_t at;
	uint8_t to; /* side; + 2: on the way to the engine, from that side */
	uint8_t *bytes;
	uint32_t length;
};

struct lab {
	struct lab_options options;
	uint64_t now, random;
	void *store;
	size_t store_size;
	struct stream_set *set;
	uint32_t stream;
	struct lab_end end[2];
	struct lab_packet packets[LAB_PACKETS];
	uint32_t n_packets;
	uint8_t *value[2], *known[2]; /* what bytes were sent to a side, by offset */
	struct stream_reader reader;
	struct stream_sink sink;
	struct splices splices;
	uint32_t messages, notes[NOTE_COUNT];
	uint32_t kills, emitted, emitted_data;
	uint32_t sent_now; /* by the engine, in this call */
	bool dead; /* the engine was killed in this call */
	uint8_t *copy;
	bool sink_refuses;
	bool lengths; /* the reader knows messages that say their length */
	uint32_t most_chunks;
	void (*seen)(struct lab *lab, int to, const uint8_t *ip,
		     uint32_t length); /* what reaches an end's side of the engine */
};

struct lab_options lab_defaults(uint32_t seed);
/* Random options from a seed. */
struct lab_options lab_wild(uint32_t seed);
struct lab *lab_new(const struct lab_options *options);
void lab_free(struct lab *lab);
void lab_restart(struct lab *lab);
/* What a side has to send. The lab takes a copy. */
void lab_data(struct lab *lab, int side, const void *bytes, uint32_t length);
/* Lines of all kinds. */
void lab_lines(struct lab *lab, int side, uint32_t length);
/* Until both ends are done, or time is up. */
bool lab_run(struct lab *lab);
/* Aborts the test, with the seed, unless each end got what the rule makes of the other's bytes. */
void lab_check(struct lab *lab);
uint32_t lab_random(struct lab *lab, uint32_t below);

/* What the toy rule makes of a whole stream; the caller frees. */
uint8_t *toy_stream(const uint8_t *bytes, uint32_t length, uint32_t *out);
const struct splices *toy_edit(const uint8_t *line, uint32_t length, struct splices *splices);

/* A segment by hand. */
struct lab_segment {
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window, urgent;
	const uint8_t *options;
	uint32_t options_length;
	const uint8_t *payload;
	uint32_t length;
};
uint32_t lab_packet_make(uint8_t *to, int from, const struct lab_segment *segment);
/* Straight through the engine; what it is now stays in `bytes`. */
enum stream_fate lab_through(struct lab *lab, int from, uint8_t *bytes, uint32_t *length);

#endif
