/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A datagram in pieces (RFC 791 3.2, RFC 1812 4.2.2.7), one after the other and without copying its
 * payload. */
#ifndef ALGATE_NAT_CUT_H
#define ALGATE_NAT_CUT_H

#include <stdbool.h>
#include <stdint.h>

/* Set by cut_start. The packet must stay as it is until the last piece is done. */
struct cut {
	const uint8_t *packet;
	uint32_t length, step, done;
	uint16_t field;	    /* fragment field of the packet itself, which may be a piece already */
	uint8_t header[60]; /* of the piece that comes next */
	uint8_t piece_header[60];
	uint32_t header_length;
};

/* header and data lie in the cut and in the packet: good until the next call. */
struct cut_piece {
	const uint8_t *header, *data;
	uint32_t header_length, length; /* length: of data */
};

/* limit: total length of a piece at most; 0: none. id: what the pieces get if the packet itself has
 * the IP id 0, host order, not 0. False: not an IPv4 packet, or it would have to be cut but may not
 * (DF) or cannot (limit below header and 8 bytes). The header's checksum is made anew. */
bool cut_start(struct cut *cut, const uint8_t *packet, uint32_t length, uint32_t limit,
	       uint16_t id);
/* False: that was all. */
bool cut_next(struct cut *cut, struct cut_piece *piece);

#endif
