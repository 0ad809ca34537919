/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TCP segment in its packet: read and written. For stream*.c only. */
#ifndef ALGATE_NAT_STREAM_SEGMENT_H
#define ALGATE_NAT_STREAM_SEGMENT_H

#include "nat/stream_store.h"

#define OPTION_STAMPS_SIZE 12u /* with padding */

struct segment {
	struct decoded *view;
	uint32_t room;
	uint32_t seq, end; /* end: behind the payload, FIN not counted */
	uint32_t ack;
	uint16_t window, urgent;
	uint8_t flags, header_length;
	uint8_t *payload;
	uint32_t length;
	/* Options. */
	bool has_stamps, authenticated, sack_permitted;
	uint16_t mss;  /* 0: none */
	uint8_t scale; /* TCP_SCALE_NONE */
	uint32_t ts_val, ts_echo;
	uint8_t *sack; /* the option; NULL */
	bool changed;  /* what is written differs from what came */
};

/* False: no TCP header. */
bool segment_read(struct segment *segment, struct decoded *view, uint32_t room);
void segment_set_seq(struct segment *segment, uint32_t seq);
void segment_set_ack(struct segment *segment, uint32_t ack);
void segment_set_window(struct segment *segment, uint16_t window);
/* The pointer, or no urgent data if there is nothing before it. */
void segment_set_urgent(struct segment *segment, bool urgent, uint16_t pointer);
/* Payload and the lengths of the packet. False: no room. */
bool segment_set_payload(struct segment *segment, const uint8_t *bytes, uint32_t length);
/* Selective acknowledgements of the lane's bytes as their sender counts them. Blocks that say
 * nothing, because its sender was told more already, or cannot be translated exactly, go; NOPs take
 * their place. */
void segment_map_sack(struct segment *segment, const struct lane *lane, uint32_t told);

#endif
