/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TFTP requests (RFC 1350 5, options RFC 2347): no address is mentioned, but the server answers a request from a port that it
 * chooses then, to where the request came from. Everything else, also what the transfer itself says, passes.
 */
#include "alg/alg.h"

#include <string.h>
#include "alg/gateways.h"

enum { OP_RRQ = 1, OP_WRQ = 2, OP_LAST = 6 };

/* A text that ends with a zero byte, not empty; printable as far as it is ASCII. Behind it; 0: there is none. */
static uint32_t text_end(const uint8_t *bytes, uint32_t from, uint32_t length)
{
	const uint8_t *end = from < length ? memchr(bytes + from, 0, length - from) : NULL;

	if (end == NULL || end == bytes + from)
		return 0;
	for (const uint8_t *at = bytes + from; at < end; at++)
		if (*at < ' ' || *at == 127)
			return 0;
	return (uint32_t)(end - bytes) + 1;
}

static bool is_request(const uint8_t *bytes, uint32_t length)
{
	uint32_t mode = text_end(bytes, 2, length);

	return mode != 0 && text_end(bytes, mode, length) != 0;
}

static enum scan tftp_scan(void *state, enum alg_from from, const uint8_t *bytes, uint32_t length, bool stream,
			   struct findings *findings)
{
	const struct mention answer = {.protocol = 17, .role = ROLE_LISTEN, .flags = MENTION_OWN};
	unsigned op = length >= 4 ? (unsigned)(bytes[0] << 8 | bytes[1]) : 0;
	uint16_t index;

	(void)state;
	findings->note = NOTE_FOREIGN;
	if (stream || op == 0 || op > OP_LAST)
		return SCAN_FOREIGN;
	if (op <= OP_WRQ && (from != FROM_CLIENT || !is_request(bytes, length)))
		return SCAN_FOREIGN;
	findings->note = NOTE_NONE;
	if (op > OP_WRQ)
		return SCAN_OK;
	memcpy(findings->message, op == OP_RRQ ? "RRQ" : "WRQ", 4);
	find_mention(findings, &answer, &index);
	return SCAN_OK;
}

const struct gateway gateway_tftp = {
	.expect_s = 60,
	.scan = tftp_scan,
};
