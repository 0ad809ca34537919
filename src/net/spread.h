/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which packet queue a packet waits in. Each inside source has one of NET_QUEUES_EACH by a keyed hash of its address, each
 * outside source one of as many others, and the router itself one of its own: who floods, fills its own queue. A source's
 * packets stay in order.
 */
#ifndef ALGATE_NET_SPREAD_H
#define ALGATE_NET_SPREAD_H

#include "net/nft.h"

/* The chains that the rest leads to, in the queue table. inside: its set of inside interfaces. */
void spread_declare(struct nft_batch *batch, uint32_t seed, const char *inside);
/* Ends of rules, which they hand over: the packet's source is inside; outside; either, by the interface it came in on. */
void spread_inside(struct nft_batch *batch, struct nftnl_rule *rule);
void spread_outside(struct nft_batch *batch, struct nftnl_rule *rule);
void spread_either(struct nft_batch *batch, struct nftnl_rule *rule);
/* The router's own. bypass: as in nft_queue. */
void spread_own(struct nft_batch *batch, struct nftnl_rule *rule, bool bypass);

#endif
