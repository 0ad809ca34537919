/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `ip tcp adjust-mss`: the maximum segment size that a SYN offers is lowered to what a way can
 * carry (RFC 9293 3.7.1), where path MTU discovery does not get through.
 */
#ifndef ALGATE_NAT_MSS_H
#define ALGATE_NAT_MSS_H

#include <stdbool.h>
#include "nat/decode.h"
#include "nat/engine.h"

/* Bytes that a segment of this packet's connection may have by the interfaces it crosses;
 * UINT16_MAX: as many as it likes. Before routing from outside the interface it will leave by is
 * the inside one that `destination` (the inside local address) is connected to; an address behind
 * another router gets the least of all inside ones. */
uint16_t mss_limit(const struct snapshot *snapshot, const struct packet *packet, ip4 destination);
/* Lowers the option of a SYN, never raises it, and adds none. The checksum is updated
 * incrementally. True: the bytes have changed. */
bool mss_lower(struct decoded *view, uint16_t limit);

#endif
