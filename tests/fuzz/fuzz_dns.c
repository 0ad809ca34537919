/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The laws over DNS messages, also over such that are so long that pointers do not reach everything. Input: where it
 * comes from, whether it is a stream, whether it is long, options (one byte); where the records of a long one begin (one
 * byte); the message, without the length of a stream's. In a long one a text record takes the place of questions.
 */
#include <string.h>

#include "../unit/alg_laws.h"

#define CUTS	 4
#define HEADER	 12u
#define RECORD	 11u	 /* of the root: type, class, TTL, length */
#define REACH	 0x3fffu /* of a pointer */
#define LONG	 4
#define STEP	 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put16(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

/* Behind the header a text of such a size that what follows begins `before` bytes in front of where pointers end. */
static uint32_t put_text(uint8_t *message, uint32_t before)
{
	uint32_t length = REACH - before - HEADER - RECORD;
	uint8_t *record = message + HEADER;

	put16(message + 4, 0);
	put16(message + 6, (((uint32_t)message[6] << 8 | message[7]) + 1) & 0xffff);
	memset(record, 0, RECORD + length);
	record[2] = 16;
	record[4] = 1;
	put16(record + 9, length);
	return RECORD + length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[2 + ALG_MESSAGE_MAX];
	uint8_t state[ALG_STATE_MAX] = {0}, *message = room + 2;
	uint32_t length = HEADER;
	enum alg_from from;

	if (size < 2 + HEADER || size > 8192)
		return 0;
	from = (enum alg_from)(data[0] & 1);
	laws_options(data[0] >> 3 & 3);
	laws_cuts(CUTS);
	memcpy(message, data + 2, HEADER);
	if (data[0] & LONG)
		length += put_text(message, data[1] * STEP);
	memcpy(message + length, data + 2 + HEADER, size - 2 - HEADER);
	length += (uint32_t)size - 2 - HEADER;
	put16(room, length);
	if (data[0] & 2)
		laws_stream(ALG_DNS, state, from, room, 2 + length);
	else
		laws_message(ALG_DNS, state, from, message, length, false);
	return 0;
}
