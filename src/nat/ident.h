/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP identification of datagrams that share a source address only since we gave it to them (RFC
 * 7857 on IP identification, RFC 6864 4.3): two hosts behind one global address must not meet in
 * somebody's reassembly.
 */
#ifndef ALGATE_NAT_IDENT_H
#define ALGATE_NAT_IDENT_H

#include <stdint.h>
#include "lib/addr.h"

struct ident_table;

/* seed: unpredictable. */
struct ident_table *ident_new(uint64_t seed);
void ident_free(struct ident_table *table);
/* The first of `count` consecutive ones (they wrap), host order, never 0. Not given again for this
 * source, destination and protocol before about 65000 others. A stranger cannot tell from his own
 * what others get. */
uint16_t ident_next(struct ident_table *table, ip4 source, ip4 destination, uint8_t protocol,
		    uint32_t count);

#endif
