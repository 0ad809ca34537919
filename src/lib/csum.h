/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Internet checksums (RFC 1071) and their incremental update (RFC 1624, eqn. 3). Incremental updates keep
 * damage visible: a packet that arrives with a wrong checksum leaves with a wrong one.
 */
#ifndef ALGATE_LIB_CSUM_H
#define ALGATE_LIB_CSUM_H

#include <stddef.h>
#include <stdint.h>
#include "lib/addr.h"

/* Running one's complement sum over bytes as they lie in memory; data may be unaligned. Start with sum 0; only the
 * last piece may have an odd length. */
uint64_t csum_add(uint64_t sum, const void *data, size_t length);
/* Folds and complements: the value to store (memory order, write with memcpy or a uint16_t lvalue). */
uint16_t csum_finish(uint64_t sum);
/* Sum of the TCP/UDP pseudo header; addresses in host byte order, length of the L4 part in bytes. */
uint64_t csum_pseudo(ip4 source, ip4 destination, uint8_t protocol, uint32_t length);
/* Difference that replacing `from` by `to` makes, for csum_apply. Values in host order. Differences add up. */
uint32_t csum_delta16(uint16_t from, uint16_t to);
uint32_t csum_delta32(uint32_t from, uint32_t to);
/* The same difference in 16 bits, to be stored; folded differences add up like any (as uint32_t). */
uint16_t csum_fold(uint32_t delta);
/* Applies a difference to a stored checksum field (pointer to two bytes in the packet). A difference of nothing leaves the bytes as
 * they are. The result may be 0: UDP, where 0 means "none", needs that checked (RFC 768). */
void csum_apply(void *field, uint32_t delta);
/* CRC-32C (Castagnoli); SCTP stores it with the least significant byte first (RFC 9260 appendix A). */
uint32_t csum_crc32c(const void *data, size_t length);

#endif
