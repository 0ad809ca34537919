/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in packets: network byte order, wherever they stand. What a value has beyond its bytes is left out. */
#ifndef ALGATE_LIB_BYTES_H
#define ALGATE_LIB_BYTES_H

#include <stdint.h>

static inline uint16_t get_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t get_be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void put_be16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void put_be32(uint8_t *at, uint32_t value)
{
	put_be16(at, value >> 16);
	put_be16(at + 2, value);
}

#endif
