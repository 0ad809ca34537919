/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The r commands. rsh and rexec clients begin with the port, in decimal and closed by a zero byte, at which they await the
 * server's second connection (standard error); empty or 0: none. For rsh both ends of it are reserved ports (512 to 1023),
 * rexec takes any. rlogin (RFC 1282) begins with a zero byte and announces nothing. What follows is never looked at.
 */
#include "alg/alg.h"

#include <ctype.h>
#include <string.h>
#include "alg/gateways.h"

#define DIGITS_MAX    5
#define RESERVED_LEAST 512

struct rcmd {
	uint8_t begun; /* the first text was read */
};

static enum frame first_text(const uint8_t *bytes, uint32_t length, uint32_t *size)
{
	for (uint32_t at = 0; at < length && at <= DIGITS_MAX; at++) {
		if (bytes[at] == 0) {
			*size = at + 1;
			return FRAME_WHOLE;
		}
		if (!isdigit(bytes[at]) || at == DIGITS_MAX)
			return FRAME_FOREIGN;
	}
	return FRAME_MORE;
}

static enum frame port_frame(const void *state, enum alg_from from, const uint8_t *bytes, uint32_t length,
			     uint32_t *size)
{
	const struct rcmd *rcmd = state;

	if (from == FROM_SERVER || rcmd->begun)
		return FRAME_DONE;
	return first_text(bytes, length, size);
}

static enum frame rlogin_frame(const void *state, enum alg_from from, const uint8_t *bytes, uint32_t length,
			       uint32_t *size)
{
	const struct rcmd *rcmd = state;

	(void)length;
	if (from == FROM_SERVER || rcmd->begun)
		return FRAME_DONE;
	*size = 1;
	return bytes[0] == 0 ? FRAME_WHOLE : FRAME_FOREIGN;
}

static uint32_t number_of(const uint8_t *digits, uint32_t n)
{
	uint32_t value = 0;

	for (uint32_t at = 0; at < n; at++)
		value = value * 10 + (uint32_t)(digits[at] - '0');
	return value;
}

static void announce(struct findings *findings, uint16_t port, uint32_t length, bool reserved)
{
	struct mention mention = {.at.port = port,
				  .protocol = 6,
				  .role = ROLE_LISTEN,
				  .flags = reserved ? MENTION_HERE | MENTION_RESERVED : MENTION_HERE,
				  .remote_least = reserved ? RESERVED_LEAST : 0};
	struct field field = {.length = length, .unless = MENTION_NONE, .encoding = ENCODE_PORT};

	if (find_mention(findings, &mention, &field.mention))
		find_field(findings, &field);
}

static enum scan port_scan(struct rcmd *rcmd, const uint8_t *bytes, uint32_t length, bool reserved,
			   struct findings *findings)
{
	uint32_t size = 0, port;

	if (rcmd->begun || first_text(bytes, length, &size) != FRAME_WHOLE || size != length) {
		findings->note = NOTE_FOREIGN;
		return SCAN_FOREIGN;
	}
	rcmd->begun = 1;
	findings->happened = HAPPENED_DONE;
	port = number_of(bytes, size - 1);
	if (port > 65535 || (reserved && port != 0 && (port < RESERVED_LEAST || port > 1023)))
		findings->note = NOTE_BAD_PORT;
	else if (port != 0)
		announce(findings, (uint16_t)port, size - 1, reserved);
	return SCAN_OK;
}

static enum scan rsh_scan(void *state, enum alg_from from, const uint8_t *bytes, uint32_t length, bool stream,
			  struct findings *findings)
{
	(void)from, (void)stream;
	memcpy(findings->message, "rsh", 4);
	return port_scan(state, bytes, length, true, findings);
}

static enum scan rexec_scan(void *state, enum alg_from from, const uint8_t *bytes, uint32_t length, bool stream,
			    struct findings *findings)
{
	(void)from, (void)stream;
	memcpy(findings->message, "rexec", 6);
	return port_scan(state, bytes, length, false, findings);
}

static enum scan rlogin_scan(void *state, enum alg_from from, const uint8_t *bytes, uint32_t length, bool stream,
			     struct findings *findings)
{
	struct rcmd *rcmd = state;

	(void)from, (void)stream;
	memcpy(findings->message, "rlogin", 7);
	if (rcmd->begun || length != 1 || bytes[0] != 0) {
		findings->note = NOTE_FOREIGN;
		return SCAN_FOREIGN;
	}
	rcmd->begun = 1;
	findings->happened = HAPPENED_DONE;
	return SCAN_OK;
}

const struct gateway gateway_rsh = {
	.state_size = sizeof(struct rcmd),
	.low_ports = true,
	.expect_s = 60,
	.frame = port_frame,
	.scan = rsh_scan,
};

const struct gateway gateway_rexec = {
	.state_size = sizeof(struct rcmd),
	.expect_s = 60,
	.frame = port_frame,
	.scan = rexec_scan,
};

const struct gateway gateway_rlogin = {
	.state_size = sizeof(struct rcmd),
	.frame = rlogin_frame,
	.scan = rlogin_scan,
};
