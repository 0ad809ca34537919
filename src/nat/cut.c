/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cutting. Promises that the pieces are no longer than the limit, cover each byte once and in
 * order, and keep what the packet says of itself. May not change the packet.
 */
#include "nat/cut.h"

#include <string.h>
#include "lib/bytes.h"
#include "lib/csum.h"

#define IP_HEADER     20u
#define UNIT	      8u
#define FIELD_DF      0x4000
#define FIELD_MORE    0x2000
#define FIELD_OFFSET  0x1fff
#define OPTION_END    0
#define OPTION_NOP    1
#define OPTION_COPIED 0x80

bool cut_start(struct cut *cut, const uint8_t *packet, uint32_t length, uint32_t limit, uint16_t id)
{
	uint32_t header;

	if (length < IP_HEADER || packet[0] >> 4 != 4)
		return false;
	header = (packet[0] & 15) * 4u;
	if (header < IP_HEADER || header > length)
		return false;
	cut->packet = packet;
	cut->length = length;
	cut->header_length = header;
	cut->done = header;
	cut->field = get_be16(packet + 6);
	cut->step = length - header;
	memcpy(cut->header, packet, header);
	if (limit == 0 || length <= limit)
		return true;
	if ((cut->field & FIELD_DF) || limit < header + UNIT)
		return false;
	cut->step = (limit - header) & ~(UNIT - 1);
	if (get_be16(packet + 4) == 0)
		put_be16(cut->header + 4, id);
	return true;
}

/* Options without the copy bit belong into the first piece only (RFC 791 3.1); later ones get
 * no-operations, so that all headers are of one size. */
static void blank_options(uint8_t *option, uint32_t length)
{
	while (length > 0 && *option != OPTION_END) {
		uint32_t size = *option == OPTION_NOP ? 1 : length > 1 ? option[1] : length;

		if (size == 0 || size > length || (*option != OPTION_NOP && size < 2))
			size = length;
		if (!(*option & OPTION_COPIED))
			memset(option, OPTION_NOP, size);
		option += size;
		length -= size;
	}
}

bool cut_next(struct cut *cut, struct cut_piece *piece)
{
	uint32_t left = cut->length - cut->done, size = left < cut->step ? left : cut->step;
	bool first = cut->done == cut->header_length,
	     more = size < left || (cut->field & FIELD_MORE);
	uint32_t offset = (cut->field & FIELD_OFFSET) + (cut->done - cut->header_length) / UNIT;
	uint8_t *header = cut->piece_header;
	uint16_t sum;

	if (left == 0 && !(first && cut->step == 0))
		return false;
	memcpy(header, cut->header, cut->header_length);
	put_be16(header + 2, cut->header_length + size);
	put_be16(header + 6,
	      (cut->field & ~(FIELD_MORE | FIELD_OFFSET)) | offset | (more ? FIELD_MORE : 0));
	put_be16(header + 10, 0);
	sum = csum_finish(csum_add(0, header, cut->header_length));
	memcpy(header + 10, &sum, sizeof(sum));
	*piece = (struct cut_piece){header, cut->packet + cut->done, cut->header_length, size};
	if (first)
		blank_options(cut->header + IP_HEADER, cut->header_length - IP_HEADER);
	cut->done += size;
	/* A packet of nothing but a header is one piece. */
	if (size == 0)
		cut->step = 1;
	return true;
}
