/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SipHash-1-3, keyed: every table that strangers can fill hashes with it, under a secret made at boot. */
#ifndef ALGATE_LIB_SIPHASH_H
#define ALGATE_LIB_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k0, k1;
};

uint64_t siphash13(const struct siphash_key *key, const void *data, size_t length);

#endif
