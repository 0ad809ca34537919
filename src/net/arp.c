/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gratuitous ARP. Answering requests is Linux's own work (an owned global is a local route), this only announces. May
 * not wait between the three.
 */
#include "net/arp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>

#define ARP_TIMES 3

struct arp_message {
	struct arphdr header;
	uint8_t sender_mac[6], sender[4], target_mac[6], target[4];
} __attribute__((packed));

int arp_open(struct err *err)
{
	/* Protocol 0: it sends, and receives nothing. */
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		err_set(err, "packet socket: %s", strerror(errno));
	return fd;
}

static void announce_one(int fd, const struct mirror_interface *interface, ip4 addr)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP),
				 .sll_ifindex = (int)interface->index, .sll_halen = 6};
	struct arp_message message = {
		.header = {.ar_hrd = htons(ARPHRD_ETHER), .ar_pro = htons(ETH_P_IP), .ar_hln = 6, .ar_pln = 4,
			   .ar_op = htons(ARPOP_REQUEST)}};
	uint32_t wire = htonl(addr);

	memset(to.sll_addr, 0xff, 6);
	memcpy(message.sender_mac, interface->mac, 6);
	memcpy(message.sender, &wire, 4);
	memcpy(message.target, &wire, 4);
	for (unsigned i = 0; i < ARP_TIMES; i++)
		sendto(fd, &message, sizeof(message), 0, (struct sockaddr *)&to, sizeof(to));
}

void arp_announce(int fd, const struct mirror_interface *interface, ip4 first, ip4 last)
{
	static const uint8_t none[6];

	if (interface == NULL || !interface->admin_up || interface->loopback ||
	    memcmp(interface->mac, none, sizeof(none)) == 0)
		return;
	for (ip4 i = 0; i < ARP_ANNOUNCE_MAX && i <= last - first; i++)
		announce_one(fd, interface, first + i);
}
