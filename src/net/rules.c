/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What our rules say. Promises: nothing crosses between inside and outside without the engine, or
 * without its mark; a packet that has been spoken about, and one of an established flow, passes as
 * few expressions as may be, for it pays for each. So what cannot match, because a set is empty,
 * has no rule, and what every packet is asked stands first. May not say when rules change: that is
 * hooks.c's.
 *
 * Two tables of family ip, because they have two lives (the guard outlives the daemon):
 *
 *   algate        prerouting  -450: before defragmentation, which would take fragments away from us
 *                 output      -150: ICMP errors that the router makes
 *                 postrouting  300: after every filter and source NAT of the host, which thus see
 * local addresses algate_guard  postrouting  310: behind the queue
 */
#include "net/rules.h"

#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>

#include "net/net.h"
#include "net/spread.h"

#define PRIORITY_PREROUTING  -450
#define PRIORITY_OUTPUT	     -150
#define PRIORITY_POSTROUTING 300
#define PRIORITY_GUARD	     310

static const enum hookset_id guard_sets[] = {HOOKSET_INSIDE, HOOKSET_OUTSIDE, HOOKSET_KNOWN};
static const enum hookset_id queue_sets[] = {HOOKSET_INSIDE,	   HOOKSET_OUTSIDE,
					     HOOKSET_GLOBALS,	   HOOKSET_OWN,
					     HOOKSET_STATIC_PORTS, HOOKSET_STATIC_HOSTS};
#define N_GUARD_SETS (sizeof(guard_sets) / sizeof(*guard_sets))
#define N_QUEUE_SETS (sizeof(queue_sets) / sizeof(*queue_sets))

/* ---- conditions, each one or two expressions ---- */

static void when_mark(struct nftnl_rule *rule, uint32_t mask, uint32_t op, uint32_t value)
{
	nft_meta(rule, NFT_META_MARK, NFT_REG_1);
	nft_and(rule, NFT_REG_1, &mask, sizeof(mask));
	nft_compare(rule, op, NFT_REG_1, &value, sizeof(value));
}

static void when_interface(struct nftnl_rule *rule, uint32_t key, enum hookset_id set)
{
	nft_meta(rule, key, NFT_REG_1);
	nft_lookup(rule, hookset_name(set), NFT_REG_1, false);
}

static void when_not_interface(struct nftnl_rule *rule, uint32_t key, enum hookset_id set)
{
	nft_meta(rule, key, NFT_REG_1);
	nft_lookup(rule, hookset_name(set), NFT_REG_1, true);
}

static void when_unknown(struct nftnl_rule *rule, uint32_t key)
{
	static const uint32_t none;

	nft_meta(rule, key, NFT_REG_1);
	nft_compare(rule, NFT_CMP_NEQ, NFT_REG_1, &none, sizeof(none));
	nft_lookup(rule, hookset_name(HOOKSET_KNOWN), NFT_REG_1, true);
}

static void when_made_here(struct nftnl_rule *rule)
{
	static const uint32_t none;

	nft_meta(rule, NFT_META_IIF, NFT_REG_1);
	nft_compare(rule, NFT_CMP_EQ, NFT_REG_1, &none, sizeof(none));
}

static void when_destination(struct nftnl_rule *rule, enum hookset_id set)
{
	nft_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 16, 4, NFT_REG_1);
	nft_lookup(rule, hookset_name(set), NFT_REG_1, false);
}

/* With the identification before it: the kernel is quickest with whole words. */
static void when_fragment(struct nftnl_rule *rule)
{
	static const uint8_t offset_and_more[4] = {0, 0, 0x3f, 0xff}, none[4];

	nft_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 4, 4, NFT_REG_1);
	nft_and(rule, NFT_REG_1, offset_and_more, 4);
	nft_compare(rule, NFT_CMP_NEQ, NFT_REG_1, none, 4);
}

static void when_static_port(struct nftnl_rule *rule)
{
	nft_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 16, 4, NFT_REG32_00);
	nft_meta(rule, NFT_META_L4PROTO, NFT_REG32_01);
	nft_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG32_02);
	nft_lookup(rule, hookset_name(HOOKSET_STATIC_PORTS), NFT_REG32_00, false);
}

static void when_icmp(struct nftnl_rule *rule, uint8_t type)
{
	static const uint8_t icmp = IPPROTO_ICMP;

	nft_meta(rule, NFT_META_L4PROTO, NFT_REG_1);
	nft_compare(rule, NFT_CMP_EQ, NFT_REG_1, &icmp, 1);
	nft_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
	nft_compare(rule, NFT_CMP_EQ, NFT_REG_1, &type, 1);
}

/* ---- ends ---- */

static void then(struct nft_batch *batch, struct nftnl_rule *rule, int verdict, const char *chain)
{
	nft_verdict(rule, verdict, chain);
	nft_rule_add(batch, rule);
}

static struct nftnl_rule *in(const char *chain)
{
	return nft_rule(NET_TABLE_QUEUE, chain);
}

static void declare(struct nft_batch *batch, const char *table, const enum hookset_id *ids,
		    unsigned n, const struct hooksets *sets)
{
	for (unsigned i = 0; i < n; i++) {
		hookset_declare(batch, table, ids[i], &sets->sets[ids[i]]);
		hookset_update(batch, table, ids[i], NULL, &sets->sets[ids[i]]);
	}
}

/* ---- the queue table ---- */

static struct nftnl_rule *to(const char *chain, enum hookset_id set)
{
	struct nftnl_rule *rule = in(chain);

	when_destination(rule, set);
	return rule;
}

/* What came in with a mark of ours: few do. A mark is ours only between PREROUTING and POSTROUTING
 * of one passage. A packet that comes out of a tunnel still carries the one its envelope was given.
 */
static void put_arrived(struct nft_batch *batch)
{
	static const uint16_t loopback = ARPHRD_LOOPBACK;
	static const uint32_t others = ~MARK_MASK;
	struct nftnl_rule *rule = in("arrived");

	/* What we emit to the router itself comes round through the loopback interface. */
	nft_meta(rule, NFT_META_IIFTYPE, NFT_REG_1);
	nft_compare(rule, NFT_CMP_EQ, NFT_REG_1, &loopback, sizeof(loopback));
	when_mark(rule, MARK_INJECTED, NFT_CMP_EQ, MARK_INJECTED);
	then(batch, rule, NF_ACCEPT, NULL);
	rule = in("arrived");
	nft_meta(rule, NFT_META_MARK, NFT_REG_1);
	nft_and(rule, NFT_REG_1, &others, sizeof(others));
	nft_meta_store(rule, NFT_META_MARK, NFT_REG_1);
	nft_rule_add(batch, rule);
}

/* Where a side's packets come in, and how they are queued. */
struct side {
	const char *from, *to_own; /* chains */
	void (*spread)(struct nft_batch *batch, struct nftnl_rule *rule);
};

static const struct side inside = {"from_inside", "to_own_inside", spread_inside};
static const struct side outside = {"from_outside", "to_own_outside", spread_outside};

/* An address of the router that flows share with it. What a static entry claims is no service of
 * the router, whoever listens there. Fragments carry no port to judge by. */
static void put_to_own(struct nft_batch *batch, const struct hooksets *sets,
		       const struct side *side)
{
	struct nftnl_rule *rule = in(side->to_own);

	when_fragment(rule);
	side->spread(batch, rule);
	if (hookset_in_use(sets, HOOKSET_STATIC_HOSTS))
		side->spread(batch, to(side->to_own, HOOKSET_STATIC_HOSTS));
	if (hookset_in_use(sets, HOOKSET_STATIC_PORTS)) {
		rule = in(side->to_own);
		when_static_port(rule);
		side->spread(batch, rule);
	}
	rule = in(side->to_own);
	nft_socket(rule, NFT_REG_1);
	then(batch, rule, NF_ACCEPT, NULL);
	side->spread(batch, in(side->to_own));
}

static void put_from(struct nft_batch *batch, const struct hooksets *sets, const struct side *side)
{
	struct nftnl_rule *rule = in(side->from);

	when_mark(rule, MARK_MASK, NFT_CMP_NEQ, 0);
	then(batch, rule, NFT_JUMP, "arrived");
	then(batch, to(side->from, HOOKSET_OWN), NFT_GOTO, side->to_own);
	if (hookset_in_use(sets, HOOKSET_GLOBALS))
		side->spread(batch, to(side->from, HOOKSET_GLOBALS));
}

/* The chains whose rules depend on which sets are in use. */
static void put_arrivals(struct nft_batch *batch, const struct hooksets *sets)
{
	struct nftnl_rule *rule;

	put_to_own(batch, sets, &inside);
	put_to_own(batch, sets, &outside);
	put_from(batch, sets, &inside);
	put_from(batch, sets, &outside);
	/* Broadcast, anycast and multicast are the router's own business (DHCP, routing protocols):
	 * 3, 4 and 5. */
	rule = in(outside.from);
	nft_fib_type(rule, NFTA_FIB_F_DADDR, NFT_REG_1);
	nft_range32(rule, NFT_REG_1, RTN_BROADCAST, RTN_MULTICAST);
	then(batch, rule, NF_ACCEPT, NULL);
	spread_outside(batch, in(outside.from));
}

static void put_prerouting(struct nft_batch *batch)
{
	struct nftnl_rule *rule = in("prerouting");

	when_interface(rule, NFT_META_IIF, HOOKSET_OUTSIDE);
	then(batch, rule, NFT_GOTO, outside.from);
	rule = in("prerouting");
	when_interface(rule, NFT_META_IIF, HOOKSET_INSIDE);
	then(batch, rule, NFT_GOTO, inside.from);
}

static void put_to_outside(struct nft_batch *batch)
{
	static const uint32_t local = RTN_LOCAL;
	struct nftnl_rule *rule = in("to_outside");

	when_interface(rule, NFT_META_IIF, HOOKSET_INSIDE);
	spread_inside(batch, rule);
	/* The router's own packets with the address of this interface hold nothing to hide, with
	 * another they may. */
	rule = in("to_outside");
	when_made_here(rule);
	nft_fib_type(rule, NFTA_FIB_F_SADDR | NFTA_FIB_F_OIF, NFT_REG_1);
	nft_compare(rule, NFT_CMP_EQ, NFT_REG_1, &local, sizeof(local));
	spread_own(batch, rule, true);
	rule = in("to_outside");
	when_made_here(rule);
	spread_own(batch, rule, false);
}

/* What the engine has seen in PREROUTING, or made, but for what it has done with. */
static void put_marked(struct nft_batch *batch)
{
	struct nftnl_rule *rule = in("marked");

	/* The guard drops it. */
	when_mark(rule, MARK_INWARD, NFT_CMP_EQ, MARK_INWARD);
	when_interface(rule, NFT_META_OIF, HOOKSET_OUTSIDE);
	then(batch, rule, NF_ACCEPT, NULL);
	rule = in("marked");
	when_mark(rule, MARK_INJECTED, NFT_CMP_EQ, MARK_INJECTED);
	then(batch, rule, NF_ACCEPT, NULL);
	rule = in("marked");
	when_mark(rule, MARK_HAIRPIN, NFT_CMP_EQ, MARK_HAIRPIN);
	spread_either(batch, rule);
}

static void put_postrouting(struct nft_batch *batch)
{
	struct nftnl_rule *rule = in("postrouting");

	when_mark(rule, MARK_DONE | MARK_HAIRPIN, NFT_CMP_EQ, MARK_DONE);
	then(batch, rule, NF_ACCEPT, NULL);
	rule = in("postrouting");
	when_mark(rule, MARK_MASK, NFT_CMP_NEQ, 0);
	then(batch, rule, NFT_JUMP, "marked");
	rule = in("postrouting");
	when_interface(rule, NFT_META_OIF, HOOKSET_OUTSIDE);
	then(batch, rule, NFT_GOTO, "to_outside");
}

/* An error about a packet that was translated already (a tunnel behind us found it too big) goes to
 * a global address, that is, to the router itself: so the destination counts as much as the
 * interface. */
static void put_own_error(struct nft_batch *batch)
{
	struct nftnl_rule *rule = in("own_error");

	when_interface(rule, NFT_META_OIF, HOOKSET_OUTSIDE);
	spread_own(batch, rule, false);
	rule = in("own_error");
	when_interface(rule, NFT_META_OIF, HOOKSET_INSIDE);
	spread_own(batch, rule, false);
	spread_own(batch, to("own_error", HOOKSET_GLOBALS), false);
	spread_own(batch, to("own_error", HOOKSET_OWN), false);
}

static void put_output(struct nft_batch *batch)
{
	static const uint8_t errors[] = {ICMP_DEST_UNREACH, ICMP_SOURCE_QUENCH, ICMP_REDIRECT,
					 ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB};
	struct nftnl_rule *rule = in("output");

	when_mark(rule, MARK_INJECTED, NFT_CMP_EQ, MARK_INJECTED);
	then(batch, rule, NF_ACCEPT, NULL);
	for (unsigned i = 0; i < sizeof(errors); i++) {
		rule = in("output");
		when_icmp(rule, errors[i]);
		then(batch, rule, NFT_GOTO, "own_error");
	}
}

void rules_queue(struct nft_batch *batch, const struct hooksets *sets, uint32_t seed)
{
	static const char *const chains[] = {"arrived",	    "to_own_inside", "to_own_outside",
					     "from_inside", "from_outside",  "marked",
					     "to_outside",  "own_error"};

	declare(batch, NET_TABLE_QUEUE, queue_sets, N_QUEUE_SETS, sets);
	for (unsigned i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		nft_chain_add(batch, NET_TABLE_QUEUE, chains[i]);
	spread_declare(batch, seed, hookset_name(HOOKSET_INSIDE));
	put_arrived(batch);
	put_arrivals(batch, sets);
	put_marked(batch);
	put_to_outside(batch);
	put_own_error(batch);
	nft_chain_hook(batch, NET_TABLE_QUEUE, "postrouting", NF_INET_POST_ROUTING,
		       PRIORITY_POSTROUTING);
	put_postrouting(batch);
	nft_chain_hook(batch, NET_TABLE_QUEUE, "output", NF_INET_LOCAL_OUT, PRIORITY_OUTPUT);
	put_output(batch);
	nft_chain_hook(batch, NET_TABLE_QUEUE, "prerouting", NF_INET_PRE_ROUTING,
		       PRIORITY_PREROUTING);
	put_prerouting(batch);
}

/* ---- the guard ---- */

static void put_guard_drop(struct nft_batch *batch, uint32_t key, enum hookset_id set,
			   uint32_t other, enum hookset_id other_set)
{
	struct nftnl_rule *rule = nft_rule(NET_TABLE_GUARD, "postrouting");

	when_interface(rule, key, set);
	if (other_set == HOOKSET_KNOWN)
		when_unknown(rule, other);
	else
		when_interface(rule, other, other_set);
	nft_counter(rule);
	then(batch, rule, NF_DROP, NULL);
}

void rules_guard(struct nft_batch *batch, const struct hooksets *sets)
{
	struct nftnl_rule *rule;

	declare(batch, NET_TABLE_GUARD, guard_sets, N_GUARD_SETS, sets);
	nft_chain_hook(batch, NET_TABLE_GUARD, "postrouting", NF_INET_POST_ROUTING, PRIORITY_GUARD);
	rule = nft_rule(NET_TABLE_GUARD, "postrouting");
	when_mark(rule, MARK_DONE | MARK_INWARD, NFT_CMP_EQ, MARK_DONE);
	then(batch, rule, NF_ACCEPT, NULL);
	rule = nft_rule(NET_TABLE_GUARD, "postrouting");
	when_mark(rule, MARK_DONE | MARK_INWARD, NFT_CMP_EQ, MARK_DONE | MARK_INWARD);
	when_not_interface(rule, NFT_META_OIF, HOOKSET_OUTSIDE);
	then(batch, rule, NF_ACCEPT, NULL);
	/* Translated for a host inside, whose interface has gone meanwhile: the default route leads
	 * outside again. */
	rule = nft_rule(NET_TABLE_GUARD, "postrouting");
	when_mark(rule, MARK_INWARD, NFT_CMP_EQ, MARK_INWARD);
	when_interface(rule, NFT_META_OIF, HOOKSET_OUTSIDE);
	nft_counter(rule);
	then(batch, rule, NF_DROP, NULL);
	put_guard_drop(batch, NFT_META_IIF, HOOKSET_INSIDE, NFT_META_OIF, HOOKSET_OUTSIDE);
	put_guard_drop(batch, NFT_META_IIF, HOOKSET_OUTSIDE, NFT_META_OIF, HOOKSET_INSIDE);
	put_guard_drop(batch, NFT_META_IIF, HOOKSET_INSIDE, NFT_META_OIF, HOOKSET_KNOWN);
	put_guard_drop(batch, NFT_META_IIF, HOOKSET_OUTSIDE, NFT_META_OIF, HOOKSET_KNOWN);
	put_guard_drop(batch, NFT_META_OIF, HOOKSET_INSIDE, NFT_META_IIF, HOOKSET_KNOWN);
	put_guard_drop(batch, NFT_META_OIF, HOOKSET_OUTSIDE, NFT_META_IIF, HOOKSET_KNOWN);
}

/* ---- changes ---- */

/* Do the same rules hold for both? */
static bool same_shape(const struct hooksets *a, const struct hooksets *b)
{
	static const enum hookset_id optional[] = {HOOKSET_GLOBALS, HOOKSET_STATIC_PORTS,
						   HOOKSET_STATIC_HOSTS};

	for (unsigned i = 0; i < sizeof(optional) / sizeof(*optional); i++)
		if (hookset_in_use(a, optional[i]) != hookset_in_use(b, optional[i]))
			return false;
	return true;
}

void rules_guard_update(struct nft_batch *batch, const struct hooksets *from,
			const struct hooksets *to)
{
	for (unsigned i = 0; i < N_GUARD_SETS; i++)
		hookset_update(batch, NET_TABLE_GUARD, guard_sets[i], &from->sets[guard_sets[i]],
			       &to->sets[guard_sets[i]]);
}

void rules_queue_update(struct nft_batch *batch, const struct hooksets *from,
			const struct hooksets *to)
{
	const char *const chains[] = {inside.from, outside.from, inside.to_own, outside.to_own};

	for (unsigned i = 0; i < N_QUEUE_SETS; i++)
		hookset_update(batch, NET_TABLE_QUEUE, queue_sets[i], &from->sets[queue_sets[i]],
			       &to->sets[queue_sets[i]]);
	if (same_shape(from, to))
		return;
	/* Chains with a hook stay, because the kernel drops all queued packets where one goes. */
	for (unsigned i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		nft_chain_flush(batch, NET_TABLE_QUEUE, chains[i]);
	put_arrivals(batch, to);
}
