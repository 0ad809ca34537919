/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/addr.h"

#include <stdio.h>

/* One decimal number 0..255 without leading zeroes; moves *text behind it. */
static bool octet_parse(const char **text, uint32_t *out)
{
	const char *p = *text;
	uint32_t value = 0;
	int digits = 0;

	while (*p >= '0' && *p <= '9' && digits < 4) {
		value = value * 10 + (uint32_t)(*p++ - '0');
		digits++;
	}
	if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && **text == '0'))
		return false;
	*text = p;
	*out = value;
	return true;
}

bool ip4_parse(const char *text, ip4 *out)
{
	ip4 addr = 0;
	uint32_t octet;

	for (int i = 0; i < 4; i++) {
		if (i > 0 && *text++ != '.')
			return false;
		if (!octet_parse(&text, &octet))
			return false;
		addr = addr << 8 | octet;
	}
	if (*text != '\0')
		return false;
	*out = addr;
	return true;
}

const char *ip4_text(ip4 addr, char buf[IP4_TEXT_SIZE])
{
	snprintf(buf, IP4_TEXT_SIZE, "%u.%u.%u.%u", addr >> 24, addr >> 16 & 255, addr >> 8 & 255, addr & 255);
	return buf;
}

const char *endpoint_text(struct endpoint endpoint, char buf[ENDPOINT_TEXT_SIZE])
{
	char addr[IP4_TEXT_SIZE];

	ip4_text(endpoint.addr, addr);
	if (endpoint.port != 0)
		snprintf(buf, ENDPOINT_TEXT_SIZE, "%s:%u", addr, endpoint.port);
	else
		snprintf(buf, ENDPOINT_TEXT_SIZE, "%s", addr);
	return buf;
}

ip4 ip4_mask(uint8_t len)
{
	return len == 0 ? 0 : UINT32_MAX << (32 - len);
}

bool ip4_mask_len(ip4 mask, uint8_t *len)
{
	ip4 inverse = ~mask;

	if ((inverse & (inverse + 1)) != 0)
		return false;
	*len = (uint8_t)__builtin_popcount(mask);
	return true;
}
