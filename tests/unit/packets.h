/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hand-made packets for tests, and a judge of checksums that shares no code with the product: byte by byte, in full.
 */
#ifndef ALGATE_TEST_PACKETS_H
#define ALGATE_TEST_PACKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

enum { P_ICMP = 1, P_TCP = 6, P_UDP = 17, P_GRE = 47 };
enum { F_FIN = 1, F_SYN = 2, F_RST = 4, F_PSH = 8, F_ACK = 16 };

struct pkt {
	uint8_t data[4096];
	uint32_t length;
};

static inline void pk16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static inline void pk32(uint8_t *at, uint32_t v)
{
	pk16(at, v >> 16);
	pk16(at + 2, v);
}

static inline uint32_t up16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static inline uint32_t up32(const uint8_t *at)
{
	return up16(at) << 16 | up16(at + 2);
}

/* The plain sum of RFC 1071, big-endian words, one at a time. */
static inline uint32_t judge_sum(uint32_t sum, const uint8_t *at, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++) {
		sum += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static inline uint32_t judge_pseudo(const uint8_t *ip, uint32_t l4)
{
	uint32_t sum = judge_sum(0, ip + 12, 8) + ip[9] + l4;

	return (sum & 0xffff) + (sum >> 16);
}

static inline uint32_t ip_header(const uint8_t *ip)
{
	return (ip[0] & 15u) * 4;
}

static inline uint32_t src_of(const struct pkt *p)
{
	return up32(p->data + 12);
}

static inline uint32_t dst_of(const struct pkt *p)
{
	return up32(p->data + 16);
}

static inline uint8_t *l4_of(struct pkt *p)
{
	return p->data + ip_header(p->data);
}

static inline uint32_t sport_of(struct pkt *p)
{
	return up16(l4_of(p));
}

static inline uint32_t dport_of(struct pkt *p)
{
	return up16(l4_of(p) + 2);
}

static inline uint32_t id_of(struct pkt *p)
{
	return up16(l4_of(p) + 4);
}

/* Where the checksum of this protocol stands, 0 if it has none. */
static inline uint32_t sum_at(uint8_t protocol)
{
	return protocol == P_TCP ? 16 : protocol == P_UDP ? 6 : protocol == P_ICMP ? 2 : 0;
}

static inline void finish_ip(uint8_t *ip)
{
	pk16(ip + 10, 0);
	pk16(ip + 10, ~judge_sum(0, ip, ip_header(ip)) & 0xffff);
}

static inline void finish_l4(uint8_t *ip, uint32_t l4)
{
	uint32_t at = sum_at(ip[9]), value;
	uint8_t *start = ip + ip_header(ip);

	if (at == 0)
		return;
	pk16(start + at, 0);
	value = ~judge_sum(ip[9] == P_ICMP ? 0 : judge_pseudo(ip, l4), start, l4) & 0xffff;
	pk16(start + at, ip[9] == P_UDP && value == 0 ? 0xffff : value);
}

static inline bool ip_is_good(const uint8_t *ip)
{
	return judge_sum(0, ip, ip_header(ip)) == 0xffff;
}

static inline bool l4_is_good(const uint8_t *ip, uint32_t l4)
{
	const uint8_t *start = ip + ip_header(ip);
	uint32_t at = sum_at(ip[9]);

	if (at == 0 || (ip[9] == P_UDP && up16(start + 6) == 0))
		return true;
	return judge_sum(ip[9] == P_ICMP ? 0 : judge_pseudo(ip, l4), start, l4) == 0xffff;
}

static inline bool is_error(const uint8_t *ip)
{
	uint8_t type = ip[ip_header(ip)];

	return ip[9] == P_ICMP && (type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
}

/* Everything that has a checksum is right; of a quote, its header, and its transport if all of it is there. */
static inline bool pkt_is_good(const struct pkt *p)
{
	uint32_t l4 = p->length - ip_header(p->data);

	if (up16(p->data + 2) != p->length || !ip_is_good(p->data) || !l4_is_good(p->data, l4))
		return false;
	if (!is_error(p->data))
		return true;
	const uint8_t *quote = p->data + ip_header(p->data) + 8;
	uint32_t room = p->length - (uint32_t)(quote - p->data);

	if (!ip_is_good(quote))
		return false;
	return up16(quote + 2) > room || l4_is_good(quote, up16(quote + 2) - ip_header(quote));
}

static inline struct pkt pkt_ip(uint8_t protocol, uint32_t src, uint32_t dst, const void *l4, uint32_t length)
{
	static uint16_t id;
	struct pkt p = {.length = 20 + length};

	p.data[0] = 0x45;
	pk16(p.data + 2, p.length);
	pk16(p.data + 4, ++id);
	p.data[6] = 0x40; /* do not fragment, as hosts do: without it a translated source gets a new identification */
	p.data[8] = 64;
	p.data[9] = protocol;
	pk32(p.data + 12, src);
	pk32(p.data + 16, dst);
	memcpy(p.data + 20, l4, length);
	finish_l4(p.data, length);
	finish_ip(p.data);
	return p;
}

static inline struct pkt pkt_udp(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport)
{
	uint8_t l4[8 + 11] = {0};

	pk16(l4, sport);
	pk16(l4 + 2, dport);
	pk16(l4 + 4, sizeof(l4));
	memcpy(l4 + 8, "hello world", 11);
	return pkt_ip(P_UDP, src, dst, l4, sizeof(l4));
}

static inline struct pkt pkt_tcp(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport, uint8_t flags)
{
	uint8_t l4[20 + 5] = {0};

	pk16(l4, sport);
	pk16(l4 + 2, dport);
	/* Both sides count from the same number, so that whatever is sent in a likely order fits. */
	pk32(l4 + 4, 0x1234567 + !(flags & F_SYN));
	pk32(l4 + 8, flags & F_ACK ? 0x1234568 : 0);
	l4[12] = 5 << 4;
	l4[13] = flags;
	pk16(l4 + 14, 65000);
	memcpy(l4 + 20, "bytes", 5);
	return pkt_ip(P_TCP, src, dst, l4, flags & F_SYN ? 20 : sizeof(l4));
}

static inline struct pkt pkt_icmp(uint32_t src, uint32_t dst, uint8_t type, uint16_t id)
{
	uint8_t l4[8 + 9] = {type};

	pk16(l4 + 4, id);
	pk16(l4 + 6, 1);
	memcpy(l4 + 8, "some data", 9);
	return pkt_ip(P_ICMP, src, dst, l4, sizeof(l4));
}

static inline struct pkt pkt_ping(uint32_t src, uint32_t dst, uint16_t id)
{
	return pkt_icmp(src, dst, 8, id);
}

/* An ICMP error that quotes the first `room` bytes of a packet (all of them if there are fewer), with `extra` bytes of
 * extension behind; word: the four bytes behind the checksum. */
static inline struct pkt pkt_error(uint32_t src, uint32_t dst, uint8_t type, uint8_t code, uint32_t word,
				   const struct pkt *quote, uint32_t room, uint32_t extra)
{
	uint8_t l4[3000] = {type, code};
	uint32_t length = quote->length < room ? quote->length : room;

	pk32(l4 + 4, word);
	memcpy(l4 + 8, quote->data, length);
	for (uint32_t i = 0; i < extra; i++)
		l4[8 + length + i] = (uint8_t)(0xa0 + i);
	return pkt_ip(P_ICMP, src, dst, l4, 8 + length + extra);
}

static inline uint8_t *quote_of(struct pkt *p)
{
	return l4_of(p) + 8;
}

static inline void pkt_fragment(struct pkt *p, uint16_t field)
{
	pk16(p->data + 6, field);
	finish_ip(p->data);
}

/* Puts `length` (a multiple of 4) bytes of IP options into a packet. */
static inline void pkt_options(struct pkt *p, const uint8_t *options, uint32_t length)
{
	memmove(p->data + 20 + length, p->data + 20, p->length - 20);
	memcpy(p->data + 20, options, length);
	p->length += length;
	p->data[0] = (uint8_t)(0x40 | (20 + length) / 4);
	pk16(p->data + 2, p->length);
	finish_ip(p->data);
}

#endif
