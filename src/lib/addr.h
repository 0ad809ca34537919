/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 addresses, prefixes and endpoints. Host byte order throughout: only nat/decode and
 * nat/rewrite meet network order.
 */
#ifndef ALGATE_LIB_ADDR_H
#define ALGATE_LIB_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t ip4;

struct endpoint {
	ip4 addr;
	uint16_t port;
};

struct prefix {
	ip4 addr; /* host bits are zero */
	uint8_t len;
};

#define IP4_TEXT_SIZE 16

/* Strict dotted quad: four decimal numbers 0..255 without leading zeroes, nothing before or after. */
bool ip4_parse(const char *text, ip4 *out);
/* Renders into buf and returns it. */
const char *ip4_text(ip4 addr, char buf[IP4_TEXT_SIZE]);
#define ENDPOINT_TEXT_SIZE (IP4_TEXT_SIZE + 6)
/* 10.0.0.1:80; port 0, not known: 10.0.0.1. */
const char *endpoint_text(struct endpoint endpoint, char buf[ENDPOINT_TEXT_SIZE]);
/* 24 -> 255.255.255.0; len 0..32. */
ip4 ip4_mask(uint8_t len);
/* 255.255.255.0 -> 24; false when the one bits are not contiguous. */
bool ip4_mask_len(ip4 mask, uint8_t *len);

static inline bool prefix_contains(struct prefix p, ip4 addr)
{
	return p.len == 0 || ((p.addr ^ addr) >> (32 - p.len)) == 0;
}

#endif
