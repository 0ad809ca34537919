/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SipHash-1-3 (Aumasson and Bernstein): one compression round, three at the end. Promises the
 * published function on either byte order; may not be used where a cryptographic digest is wanted.
 */
#include "lib/siphash.h"

#include <endian.h>
#include <string.h>

static inline uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

/* To be inlined where the length is known, so that nothing of the loops is left. */
static inline __attribute__((always_inline)) uint64_t sip(const struct siphash_key *key,
							  const void *data, size_t length)
{
	const unsigned char *bytes = data;
	uint64_t v[4] = {
	    key->k0 ^ 0x736f6d6570736575u,
	    key->k1 ^ 0x646f72616e646f6du,
	    key->k0 ^ 0x6c7967656e657261u,
	    key->k1 ^ 0x7465646279746573u,
	};
	uint64_t word, last = (uint64_t)length << 56;
	size_t left;

	for (left = length; left >= 8; left -= 8, bytes += 8) {
		memcpy(&word, bytes, 8);
		sip_word(v, le64toh(word));
	}
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)bytes[i] << (8 * i);
	sip_word(v, last);

	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Keys of tables are two words, records five and eight. */
uint64_t siphash13(const struct siphash_key *key, const void *data, size_t length)
{
	switch (length) {
	case 12:
		return sip(key, data, 12);
	case 16:
		return sip(key, data, 16);
	case 40:
		return sip(key, data, 40);
	case 64:
		return sip(key, data, 64);
	default:
		return sip(key, data, length);
	}
}
