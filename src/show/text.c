/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Continuation bytes that follow a lead byte; 0 for ASCII, -1 for no lead byte. */
static int utf8_tail(unsigned char lead)
{
	if (lead < 0x80)
		return 0;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 1;
	if (lead >= 0xe0 && lead <= 0xef)
		return 2;
	return lead >= 0xf0 && lead <= 0xf4 ? 3 : -1;
}

/* Length of the printable character at text, 0 if there is none. */
static size_t printable(const unsigned char *text, size_t length)
{
	int tail = utf8_tail(text[0]);
	uint32_t code;

	if (tail == 0)
		return text[0] >= 0x20 && text[0] != 0x7f;
	if (tail < 0 || (size_t)tail >= length)
		return 0;
	code = text[0] & (0x3fu >> tail);
	for (int i = 1; i <= tail; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < 0xa0 || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
		return 0;
	if ((tail == 2 && code < 0x800) || (tail == 3 && code < 0x10000)) /* longer than need be */
		return 0;
	return (size_t)tail + 1;
}

size_t text_escape(const char *text, size_t length, char *buf, size_t size)
{
	const unsigned char *in = (const unsigned char *)text;
	size_t out = 0;

	if (size == 0)
		return 0;
	for (size_t i = 0, used; i < length; i += used) {
		size_t n = printable(in + i, length - i);
		char piece[8];

		used = n > 0 ? n : 1;
		if (n > 0)
			memcpy(piece, in + i, n);
		else if (in[i] < 0x80)
			n = (size_t)snprintf(piece, sizeof(piece), "^%c", in[i] ^ 0x40);
		else
			n = (size_t)snprintf(piece, sizeof(piece), "\\x%02x", in[i]);
		if (out + n >= size)
			break;
		memcpy(buf + out, piece, n);
		out += n;
	}
	buf[out] = '\0';
	return out;
}

const char *text_hms(uint64_t seconds, char buf[TEXT_TIME_SIZE])
{
	snprintf(buf, TEXT_TIME_SIZE, "%02" PRIu64 ":%02u:%02u", seconds / 3600, (unsigned)(seconds / 60 % 60),
		 (unsigned)(seconds % 60));
	return buf;
}

const char *text_date(int64_t wall, char buf[TEXT_TIME_SIZE])
{
	time_t seconds = (time_t)wall;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL || strftime(buf, TEXT_TIME_SIZE, "%m/%d/%y %H:%M:%S", &tm) == 0)
		snprintf(buf, TEXT_TIME_SIZE, "00/00/00 00:00:00");
	return buf;
}

const char *text_uptime(uint64_t seconds, char *buf, size_t size)
{
	static const struct {
		const char *name;
		uint64_t seconds;
	} units[] = {{"year", 365 * 86400}, {"week", 7 * 86400}, {"day", 86400}, {"hour", 3600}, {"minute", 60}};
	size_t length = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t n = seconds / units[i].seconds;
		bool last = units[i].seconds == 60;

		seconds %= units[i].seconds;
		if ((n == 0 && !last) || length >= size)
			continue;
		length += (size_t)snprintf(buf + length, size - length, "%s%" PRIu64 " %s%s", length > 0 ? ", " : "", n,
					   units[i].name, n == 1 ? "" : "s");
	}
	return buf;
}
