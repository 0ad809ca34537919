/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers below IP, as captures have them: Ethernet with VLAN tags, raw IP, Linux cooked v1 and v2,
 * loopback. */
#ifndef ALGATE_REPLAY_LINK_H
#define ALGATE_REPLAY_LINK_H

#include <stdbool.h>
#include <stdint.h>

#define LINK_HEADER_MAX 64

/* Link types are pcap's DLT_ values. */
bool link_is_known(int type);
/* Where the IPv4 packet begins, at most LINK_HEADER_MAX; -1: this frame carries none. */
int link_ipv4(int type, const uint8_t *frame, uint32_t length);
/* The header for a frame that goes the other way: Ethernet addresses change places. */
void link_turn(int type, uint8_t *header);

#endif
