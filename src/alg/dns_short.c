/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS answers by datagram that have become longer than who asked takes: 512 bytes, unless he said otherwise (RFC 1035 4.2.1,
 * RFC 6891 6.2.3). Such an answer says that it is cut (TC) and holds the question alone, so that he asks again by TCP, as if the
 * server had cut it.
 *
 * Promises: an answer that was longer before, or tells that the asker's limit is another one (OPT), stays as it is; so does what is
 * no answer. Reads nothing outside of the message.
 */
#include "alg/gateways.h"

#include <string.h>
#include "lib/bytes.h"

enum { HEADER = 12, LIMIT = 512, QUESTION = 4, RECORD = 10, TYPE_OPT = 41 };

#define FLAG_RESPONSE 0x8000
#define FLAGS_OPCODE  0x7800
#define FLAG_CUT      0x0200

/* Behind the name at `at`; 0: it does not end here. */
static uint32_t skip_name(const uint8_t *message, uint32_t length, uint32_t at)
{
	while (at < length && message[at] != 0 && message[at] < 64)
		at += message[at] + 1u;
	if (at >= length)
		return 0;
	at += message[at] == 0 ? 1 : 2;
	return at <= length ? at : 0;
}

/* Behind the questions; 0: not so. */
static uint32_t questions_end(const uint8_t *message, uint32_t length)
{
	uint32_t at = HEADER;

	for (uint32_t n = get_be16(message + 4); n > 0; n--) {
		at = skip_name(message, length, at);
		if (at == 0 || length - at < QUESTION)
			return 0;
		at += QUESTION;
	}
	return at;
}

/* No record from `at` on is an OPT, and all are there. */
static bool is_plain(const uint8_t *message, uint32_t length, uint32_t at)
{
	uint32_t n = (uint32_t)get_be16(message + 6) + get_be16(message + 8) + get_be16(message + 10), size;

	for (; n > 0; n--) {
		at = skip_name(message, length, at);
		if (at == 0 || length - at < RECORD || get_be16(message + at) == TYPE_OPT)
			return false;
		size = get_be16(message + at + 8);
		at += RECORD;
		if (length - at < size)
			return false;
		at += size;
	}
	return true;
}

uint32_t dns_shorten(uint8_t *message, uint32_t length, uint32_t was)
{
	uint32_t end, flags;

	if (was > LIMIT || length <= LIMIT)
		return length;
	flags = get_be16(message + 2);
	end = questions_end(message, length);
	if ((flags & (FLAG_RESPONSE | FLAGS_OPCODE)) != FLAG_RESPONSE || end == 0 || !is_plain(message, length, end))
		return length;
	put_be16(message + 2, flags | FLAG_CUT);
	memset(message + 6, 0, 6);
	return end;
}
