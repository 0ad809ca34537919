/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling the neighbours where a global address lives now. */
#ifndef ALGATE_NET_ARP_H
#define ALGATE_NET_ARP_H

#include "config/mirror.h"
#include "lib/err.h"

#define ARP_ANNOUNCE_MAX 256 /* addresses of one range */

/* The packet socket; -1 with err. */
int arp_open(struct err *err);
/* Three gratuitous ARP requests (RFC 5227, 3) for each address from first to last, at most ARP_ANNOUNCE_MAX of them. Best
 * effort: an interface that is down or has no Ethernet address is left out. */
void arp_announce(int fd, const struct mirror_interface *interface, ip4 first, ip4 last);

#endif
