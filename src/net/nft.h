/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftables transactions and the building blocks of rules, over libnftnl. Family ip throughout. What the rules mean is
 * hooks.c's business.
 */
#ifndef ALGATE_NET_NFT_H
#define ALGATE_NET_NFT_H

#include <libnftnl/rule.h>
#include <stdbool.h>
#include <stdint.h>
#include "lib/err.h"

struct mnl_socket;
struct nft_batch;

/* A transaction under construction: everything in it takes effect together or not at all. */
struct nft_batch *nft_batch_new(void);
/* Sends it on the socket; frees it either way. On failure nothing has changed and err names the step. */
bool nft_batch_send(struct nft_batch *batch, struct mnl_socket *socket, struct err *err);

/* Adds the table if it is missing; nft_table_remove needs one that is there. */
void nft_table_add(struct nft_batch *batch, const char *table);
void nft_table_remove(struct nft_batch *batch, const char *table);
/* A base chain with policy accept. hook NF_INET_*. */
void nft_chain_hook(struct nft_batch *batch, const char *table, const char *chain, uint32_t hook, int32_t priority);
void nft_chain_add(struct nft_batch *batch, const char *table, const char *chain);
/* All its rules go. */
void nft_chain_flush(struct nft_batch *batch, const char *table, const char *chain);
/* type: nft's number of the key's data type, for `nft list`. most: how many elements it may have, 0: any number. */
void nft_set_add(struct nft_batch *batch, const char *table, const char *set, uint32_t type, uint32_t key_size,
		 bool interval, uint32_t most);
/* Adds or removes n elements of key_size bytes each. interval: an element is first and last address, 4 bytes each in
 * network order. */
void nft_elements(struct nft_batch *batch, bool add, const char *table, const char *set, const uint8_t *keys,
		  uint32_t n, uint32_t key_size, bool interval);
/* A map from the numbers below n to the chains of these names, which are there. */
void nft_chain_map(struct nft_batch *batch, const char *table, const char *map, const char *const *chains, uint32_t n);

/* Rules: made, filled with expressions from left to right, and handed over (freed) by nft_rule_add. */
struct nftnl_rule *nft_rule(const char *table, const char *chain);
void nft_rule_add(struct nft_batch *batch, struct nftnl_rule *rule);
void nft_meta(struct nftnl_rule *rule, uint32_t key, uint32_t reg);
void nft_meta_store(struct nftnl_rule *rule, uint32_t key, uint32_t reg);
/* base NFT_PAYLOAD_*; offset and length in bytes. */
void nft_payload(struct nftnl_rule *rule, uint32_t base, uint32_t offset, uint32_t length, uint32_t reg);
void nft_and(struct nftnl_rule *rule, uint32_t reg, const void *mask, uint32_t size);
void nft_compare(struct nftnl_rule *rule, uint32_t op, uint32_t reg, const void *value, uint32_t size);
/* from and to below 256: the kernel compares byte by byte. */
void nft_range32(struct nftnl_rule *rule, uint32_t reg, uint32_t from, uint32_t to);
void nft_lookup(struct nftnl_rule *rule, const char *set, uint32_t reg, bool inverted);
/* A number below `modulus` from 4 bytes in sreg, which nobody foresees who does not know the seed. */
void nft_hash(struct nftnl_rule *rule, uint32_t sreg, uint32_t modulus, uint32_t seed, uint32_t dreg);
/* Goes to the chain that the map has for the number in reg; nowhere if it has none. */
void nft_lookup_chain(struct nftnl_rule *rule, const char *map, uint32_t reg);
/* Address type (RTN_*) by routing table. flags NFTA_FIB_F_*. */
void nft_fib_type(struct nftnl_rule *rule, uint32_t flags, uint32_t reg);
/* Matches when a local socket would take the packet. */
void nft_socket(struct nftnl_rule *rule, uint32_t reg);
void nft_counter(struct nftnl_rule *rule);
/* verdict NF_ACCEPT, NF_DROP, NFT_JUMP, NFT_GOTO; chain for the last two. */
void nft_verdict(struct nftnl_rule *rule, int verdict, const char *chain);
/* The NFQUEUE target. bypass: without a listener the packet goes on instead of being dropped. */
void nft_queue(struct nftnl_rule *rule, uint16_t queue, bool bypass);

#endif
