/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets spread over queues, by rules. Promises that every packet that is led here is queued, whatever its source, and that a
 * source has the same queue for as long as the rules stand. May not accept or drop anything.
 */
#include "net/spread.h"

#include <linux/netfilter/nf_tables.h>
#include <stdio.h>

#include "net/net.h"

#define INSIDE "queue_inside"
#define OUTSIDE "queue_outside"
#define EITHER "queue_either"
#define QUEUE_OWN (NET_QUEUE_NUMBER + 2 * NET_QUEUES_EACH)

_Static_assert(NET_QUEUES == 2 * NET_QUEUES_EACH + 2, "inside, outside, own, cut");

static void queue_chains(struct nft_batch *batch, const char *map, uint16_t first)
{
	char names[NET_QUEUES_EACH][16];
	const char *list[NET_QUEUES_EACH];

	for (uint16_t i = 0; i < NET_QUEUES_EACH; i++) {
		struct nftnl_rule *rule;

		snprintf(names[i], sizeof(names[i]), "queue_%u", first + i);
		list[i] = names[i];
		nft_chain_add(batch, NET_TABLE_QUEUE, names[i]);
		rule = nft_rule(NET_TABLE_QUEUE, names[i]);
		nft_queue(rule, (uint16_t)(first + i), false);
		nft_rule_add(batch, rule);
	}
	nft_chain_map(batch, NET_TABLE_QUEUE, map, list, NET_QUEUES_EACH);
}

/* Chain and map have one name. */
static void spread_chain(struct nft_batch *batch, const char *chain, uint32_t seed, uint16_t first)
{
	struct nftnl_rule *rule;

	queue_chains(batch, chain, first);
	nft_chain_add(batch, NET_TABLE_QUEUE, chain);
	rule = nft_rule(NET_TABLE_QUEUE, chain);
	nft_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 12, 4, NFT_REG_1);
	nft_hash(rule, NFT_REG_1, NET_QUEUES_EACH, seed, NFT_REG_1);
	nft_lookup_chain(rule, chain, NFT_REG_1);
	nft_rule_add(batch, rule);
}

static void go(struct nft_batch *batch, struct nftnl_rule *rule, const char *chain)
{
	nft_verdict(rule, NFT_GOTO, chain);
	nft_rule_add(batch, rule);
}

void spread_declare(struct nft_batch *batch, uint32_t seed, const char *inside)
{
	struct nftnl_rule *rule;

	spread_chain(batch, INSIDE, seed, NET_QUEUE_NUMBER);
	spread_chain(batch, OUTSIDE, seed, NET_QUEUE_NUMBER + NET_QUEUES_EACH);
	nft_chain_add(batch, NET_TABLE_QUEUE, EITHER);
	rule = nft_rule(NET_TABLE_QUEUE, EITHER);
	nft_meta(rule, NFT_META_IIF, NFT_REG_1);
	nft_lookup(rule, inside, NFT_REG_1, false);
	go(batch, rule, INSIDE);
	go(batch, nft_rule(NET_TABLE_QUEUE, EITHER), OUTSIDE);
}

void spread_inside(struct nft_batch *batch, struct nftnl_rule *rule)
{
	go(batch, rule, INSIDE);
}

void spread_outside(struct nft_batch *batch, struct nftnl_rule *rule)
{
	go(batch, rule, OUTSIDE);
}

void spread_either(struct nft_batch *batch, struct nftnl_rule *rule)
{
	go(batch, rule, EITHER);
}

void spread_own(struct nft_batch *batch, struct nftnl_rule *rule, bool bypass)
{
	nft_queue(rule, QUEUE_OWN, bypass);
	nft_rule_add(batch, rule);
}
