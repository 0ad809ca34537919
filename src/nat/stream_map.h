/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was changed in a lane, and positions before and behind it. For stream*.c only. */
#ifndef ALGATE_NAT_STREAM_MAP_H
#define ALGATE_NAT_STREAM_MAP_H

#include "nat/stream_store.h"

/* Where the byte at `in` begins for the receiver, and the other way round: the first byte of the
 * sender that is not wholly before `out`. */
uint32_t map_out(const struct lane *lane, uint32_t in);
uint32_t map_in(const struct lane *lane, uint32_t out);
/* The first byte of the sender all of which is at or behind `out`. */
uint32_t map_in_up(const struct lane *lane, uint32_t out);

/* May a message of this length be read: is there room to remember its change? */
bool map_room(const struct stream_set *set, const struct lane *lane, uint32_t length);
/* The message of `length` bytes at in_read goes by `splices`; in_read and out_nxt move behind it.
 * False: no room. */
bool map_add(struct stream_set *set, struct lane *lane, const uint8_t *message, uint32_t length,
	     const struct splices *splices);
/* Bytes up to `in` go unchanged. */
void map_skip(struct lane *lane, uint32_t in);
/* All up to `out` is acknowledged: what is not needed any more is given up. */
void map_acknowledged(struct stream_set *set, struct lane *lane, uint32_t out);
/* The bytes from out up to `to`; those the tape does not have are at `rest`, which begins at the
 * sender's byte rest_in. */
void map_render(const struct stream_set *set, const struct lane *lane, uint32_t out, uint8_t *to,
		uint32_t length, const uint8_t *rest, uint32_t rest_in);

#endif
