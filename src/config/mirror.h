/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mirror: what Linux has right now, as plain data. net/link fills it from rtnetlink, compile and show
 * read it. Management thread only.
 */
#ifndef ALGATE_CONFIG_MIRROR_H
#define ALGATE_CONFIG_MIRROR_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/addr.h"

#define MIRROR_NAME_SIZE 64

struct mirror_address {
	ip4 addr;
	uint8_t len;
	bool secondary;
	bool ours; /* carries our address protocol number: this daemon configured it */
};

struct mirror_interface {
	uint32_t index;
	char linux_name[16];
	char name[MIRROR_NAME_SIZE]; /* IOS name where mapped, else the Linux name */
	bool admin_up, carrier, loopback;
	uint32_t mtu;
	uint32_t downs; /* how often this link was seen going down: the kernel then dropped the routes through it */
	uint8_t mac[6];
	uint32_t n_addresses;
	struct mirror_address *addresses;
};

struct mirror_route {
	struct prefix to;
	ip4 via;           /* 0: directly connected */
	uint32_t ifindex;  /* 0: none */
	uint8_t protocol;  /* rtnetlink RTPROT_* */
	uint32_t metric;
};

struct mirror {
	uint32_t n_interfaces;
	struct mirror_interface *interfaces; /* sorted by index */
	uint32_t n_routes;                   /* main table, unicast */
	struct mirror_route *routes;
};

const struct mirror_interface *mirror_by_name(const struct mirror *mirror, const char *name); /* IOS or Linux name */
const struct mirror_interface *mirror_by_index(const struct mirror *mirror, uint32_t index);
/* First non-secondary address, or 0. */
void mirror_clear(struct mirror *mirror);

#endif
