/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port allocation on global addresses: one map per (global address, protocol), made on first use and
 * given back when nothing of it was in use or cooling for a while.
 *
 * A source port is preserved if it is free, else a random free one of the same group (1..511, 512..1023,
 * 1024..65535) and parity, else of the same group. Released ports cool for 120 s, their former owner excepted;
 * when nothing else is free, the oldest of them go first. O(1), also when full. ICMP identifiers are ports of
 * protocol 1 without groups. What a static entry owns is asked through a callback and never copied here.
 */
#ifndef ALGATE_NAT_PORT_H
#define ALGATE_NAT_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/addr.h"

#define PORT_COOL_S 120

struct port_table;

struct port_ask {
	uint16_t vrf;
	uint8_t protocol;
	ip4 global;
	uint16_t wanted; /* the inside local port */
	ip4 owner;       /* inside local address */
	uint32_t now_s;
	/* Is this port claimed by a static entry? NULL: none is. Asked for candidates only; a yes is believed for the rest of that
	 * second, so that an address full of static entries costs one question a port and second at most. */
	bool (*claimed)(const void *arg, uint16_t port);
	const void *arg;
};

struct port_table *port_table_new(uint64_t random_seed);
void port_table_free(struct port_table *table);
/* Takes a port by the rules above and writes it to *port; false when the group (1..511, 512..1023, 1024..65535; for wanted 0
 * the last) has none. ICMP identifiers are 0..65535, one group, no parity: 0 is valid there. */
bool port_take(struct port_table *table, const struct port_ask *ask, uint16_t *port);
/* Takes an even port and the one behind it (RTP and RTCP): those wanted, if both are free, else two random ones of 1024..65535 that
 * neither are in use nor cool, else the two that have cooled longest, if they are among the 2048 oldest. False when there are none,
 * and when the wanted one is odd. Bounded, not constant: 512 words, 2048 ports. */
bool port_take_pair(struct port_table *table, const struct port_ask *ask, uint16_t *port);
/* Takes exactly this port (adoption, the router's own); false if it is in use. Ignores cooling. */
bool port_take_exact(struct port_table *table, uint16_t vrf, uint8_t protocol, struct endpoint global);
/* Does nothing if the port is not in use. It cools from now_s on, except for this owner. */
void port_release(struct port_table *table, uint16_t vrf, uint8_t protocol, struct endpoint global, ip4 owner,
		  uint32_t now_s);
/* Ports in use on this address and protocol. */
uint32_t port_used(const struct port_table *table, uint16_t vrf, uint8_t protocol, ip4 global);

#endif
