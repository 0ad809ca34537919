/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Internet checksums. Full sums are taken in memory order, because a one's complement sum does not
 * care in which byte order its words are read (RFC 1071, 2 B); differences are taken of host order
 * values and meet the packet in csum_apply only. May not look at what the bytes mean.
 */
#include "lib/csum.h"

#include <arpa/inet.h>
#include <string.h>

/* One's complement addition of 64-bit words: the carry comes back in at the bottom. */
static inline uint64_t add_carry(uint64_t sum, uint64_t word)
{
	uint64_t result;

	return __builtin_add_overflow(sum, word, &result) ? result + 1 : result;
}

static inline uint64_t load64(const unsigned char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* Four independent chains, so that the additions of a 64 KB packet do not wait for each other. */
static uint64_t sum_blocks(uint64_t sum, const unsigned char *bytes, size_t blocks)
{
	uint64_t a = sum, b = 0, c = 0, d = 0;

	while (blocks-- > 0) {
		a = add_carry(a, load64(bytes));
		b = add_carry(b, load64(bytes + 8));
		c = add_carry(c, load64(bytes + 16));
		d = add_carry(d, load64(bytes + 24));
		bytes += 32;
	}
	return add_carry(add_carry(a, b), add_carry(c, d));
}

uint64_t csum_add(uint64_t sum, const void *data, size_t length)
{
	const unsigned char *bytes = data;
	size_t blocks = length / 32;
	uint64_t word;

	if (blocks > 0) {
		sum = sum_blocks(sum, bytes, blocks);
		bytes += blocks * 32;
		length -= blocks * 32;
	}
	for (; length >= 8; length -= 8, bytes += 8)
		sum = add_carry(sum, load64(bytes));
	if (length > 0) {
		word = 0;
		memcpy(&word, bytes, length);
		sum = add_carry(sum, word);
	}
	/* Partly folded, so that a caller may add such sums without a carry getting lost. */
	return (sum & UINT32_MAX) + (sum >> 32);
}

uint16_t csum_finish(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)~sum;
}

uint64_t csum_pseudo(ip4 source, ip4 destination, uint8_t protocol, uint32_t length)
{
	return (uint64_t)htonl(source) + htonl(destination) + htonl(protocol) + htonl(length);
}

uint32_t csum_delta16(uint16_t from, uint16_t to)
{
	return (uint32_t)(uint16_t)~from + to;
}

uint32_t csum_delta32(uint32_t from, uint32_t to)
{
	return csum_delta16((uint16_t)(from >> 16), (uint16_t)(to >> 16)) +
	       csum_delta16((uint16_t)from, (uint16_t)to);
}

uint16_t csum_fold(uint32_t delta)
{
	delta = (delta & UINT16_MAX) + (delta >> 16);
	delta = (delta & UINT16_MAX) + (delta >> 16);
	return (uint16_t)delta;
}

void csum_apply(void *field, uint32_t delta)
{
	uint16_t folded = csum_fold(delta), value;

	/* Both zeroes of one's complement: nothing changes, and the stored bytes must not either.
	 */
	if (folded == 0 || folded == UINT16_MAX)
		return;
	memcpy(&value, field, sizeof(value));
	value = htons((uint16_t)~csum_fold((uint32_t)(uint16_t)~ntohs(value) + folded));
	memcpy(field, &value, sizeof(value));
}

/* Four bits at a time: there is no hurry. */
uint32_t csum_crc32c(const void *data, size_t length)
{
	static const uint32_t four[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
	const unsigned char *bytes = data;
	uint32_t crc = UINT32_MAX;

	while (length-- > 0) {
		crc ^= *bytes++;
		crc = crc >> 4 ^ four[crc & 15];
		crc = crc >> 4 ^ four[crc & 15];
	}
	return ~crc;
}
