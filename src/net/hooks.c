/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What our rules say and when they change. Promises: a change is one transaction, so no packet ever meets half of
 * it; the guard stands before anything is queued and longer than everything else; our tables come back when somebody
 * flushes them. May not leave a moment in which a packet crosses between inside and outside without the engine.
 *
 * Two tables of family ip, because they have two lives (the guard outlives the daemon):
 *
 *   algate        prerouting  -450: before defragmentation, which would take fragments away from us
 *                 output      -150: ICMP errors that the router makes
 *                 postrouting  300: after every filter and source NAT of the host, which thus see local addresses
 *   algate_guard  postrouting  310: behind the queue
 */
#include "net/hooks.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "net/hookset.h"
#include "net/net.h"
#include "net/netlink.h"
#include "net/nft.h"
#include "net/spread.h"

#define PRIORITY_PREROUTING -450
#define PRIORITY_OUTPUT -150
#define PRIORITY_POSTROUTING 300
#define PRIORITY_GUARD 310

/* What stands in the kernel as far as we know. */
enum standing { STANDS_UNKNOWN, STANDS_NOTHING, STANDS_GUARD, STANDS_ALL };

struct hooks {
	struct mnl_socket *socket; /* our transactions: notifications carry its port id */
	struct mnl_socket *watch;
	enum standing standing, wanted; /* wanted: as of the last hooks_set, for the re-assertion */
	struct hooksets sets;
	uint32_t seed; /* which source has which queue */
	bool crossed; /* somebody else's transaction may have come between ours and its notifications */
};

static const enum hookset_id guard_sets[] = {HOOKSET_INSIDE, HOOKSET_OUTSIDE, HOOKSET_KNOWN};
static const enum hookset_id queue_sets[] = {HOOKSET_INSIDE,	  HOOKSET_OUTSIDE,	HOOKSET_GLOBALS,
					     HOOKSET_OWN,	  HOOKSET_STATIC_PORTS, HOOKSET_STATIC_HOSTS};
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

static void when_fragment(struct nftnl_rule *rule)
{
	static const uint8_t offset_and_more[2] = {0x3f, 0xff}, none[2];

	nft_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 6, 2, NFT_REG_1);
	nft_and(rule, NFT_REG_1, offset_and_more, 2);
	nft_compare(rule, NFT_CMP_NEQ, NFT_REG_1, none, 2);
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

/* ---- the queue table ---- */

/* A mark is ours only between PREROUTING and POSTROUTING of one passage. A packet that comes out of a tunnel still
 * carries the one its envelope was given. */
static void put_unmark(struct nft_batch *batch, const char *chain)
{
	static const uint32_t others = ~MARK_MASK;
	struct nftnl_rule *rule = in(chain);

	when_mark(rule, MARK_MASK, NFT_CMP_NEQ, 0);
	nft_meta(rule, NFT_META_MARK, NFT_REG_1);
	nft_and(rule, NFT_REG_1, &others, sizeof(others));
	nft_meta_store(rule, NFT_META_MARK, NFT_REG_1);
	nft_rule_add(batch, rule);
}

static struct nftnl_rule *to(const char *chain, enum hookset_id set)
{
	struct nftnl_rule *rule = in(chain);

	when_destination(rule, set);
	return rule;
}

static void put_destination_own(struct nft_batch *batch, const char *chain)
{
	then(batch, to(chain, HOOKSET_OWN), NFT_GOTO, "to_own");
}

/* An address of the router that flows share with it. What a static entry claims is no service of the router, whoever
 * listens there. Fragments carry no port to judge by. */
static void put_to_own(struct nft_batch *batch)
{
	struct nftnl_rule *rule = in("to_own");

	when_fragment(rule);
	spread_either(batch, rule);
	spread_either(batch, to("to_own", HOOKSET_STATIC_HOSTS));
	rule = in("to_own");
	when_static_port(rule);
	spread_either(batch, rule);
	rule = in("to_own");
	nft_socket(rule, NFT_REG_1);
	then(batch, rule, NF_ACCEPT, NULL);
	spread_either(batch, in("to_own"));
}

static void put_from_outside(struct nft_batch *batch)
{
	struct nftnl_rule *rule;

	put_unmark(batch, "from_outside");
	spread_outside(batch, to("from_outside", HOOKSET_GLOBALS));
	put_destination_own(batch, "from_outside");
	/* Broadcast, anycast and multicast are the router's own business (DHCP, routing protocols): 3, 4 and 5. */
	rule = in("from_outside");
	nft_fib_type(rule, NFTA_FIB_F_DADDR, NFT_REG_1);
	nft_range32(rule, NFT_REG_1, RTN_BROADCAST, RTN_MULTICAST);
	then(batch, rule, NF_ACCEPT, NULL);
	spread_outside(batch, in("from_outside"));
}

static void put_from_inside(struct nft_batch *batch)
{
	put_unmark(batch, "from_inside");
	spread_inside(batch, to("from_inside", HOOKSET_GLOBALS));
	put_destination_own(batch, "from_inside");
}

static void put_prerouting(struct nft_batch *batch)
{
	static const uint16_t loopback = ARPHRD_LOOPBACK;
	struct nftnl_rule *rule = in("prerouting");

	/* What we emit to the router itself comes round through the loopback interface. */
	nft_meta(rule, NFT_META_IIFTYPE, NFT_REG_1);
	nft_compare(rule, NFT_CMP_EQ, NFT_REG_1, &loopback, sizeof(loopback));
	when_mark(rule, MARK_INJECTED, NFT_CMP_EQ, MARK_INJECTED);
	then(batch, rule, NF_ACCEPT, NULL);
	rule = in("prerouting");
	when_interface(rule, NFT_META_IIF, HOOKSET_OUTSIDE);
	then(batch, rule, NFT_GOTO, "from_outside");
	rule = in("prerouting");
	when_interface(rule, NFT_META_IIF, HOOKSET_INSIDE);
	then(batch, rule, NFT_GOTO, "from_inside");
}

static void put_to_outside(struct nft_batch *batch)
{
	static const uint32_t local = RTN_LOCAL;
	struct nftnl_rule *rule = in("to_outside");

	when_interface(rule, NFT_META_IIF, HOOKSET_INSIDE);
	spread_inside(batch, rule);
	/* The router's own packets with the address of this interface hold nothing to hide, with another they may. */
	rule = in("to_outside");
	when_made_here(rule);
	nft_fib_type(rule, NFTA_FIB_F_SADDR | NFTA_FIB_F_OIF, NFT_REG_1);
	nft_compare(rule, NFT_CMP_EQ, NFT_REG_1, &local, sizeof(local));
	spread_own(batch, rule, true);
	rule = in("to_outside");
	when_made_here(rule);
	spread_own(batch, rule, false);
}

/* What the engine has seen in PREROUTING, or made. Most packets bear no mark, and one rule tells them. */
static void put_marked(struct nft_batch *batch)
{
	struct nftnl_rule *rule = in("marked");

	/* The guard drops it. */
	when_mark(rule, MARK_INWARD, NFT_CMP_EQ, MARK_INWARD);
	when_interface(rule, NFT_META_OIF, HOOKSET_OUTSIDE);
	then(batch, rule, NF_ACCEPT, NULL);
	rule = in("marked");
	when_mark(rule, MARK_DONE | MARK_HAIRPIN, NFT_CMP_EQ, MARK_DONE);
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

	when_mark(rule, MARK_MASK, NFT_CMP_NEQ, 0);
	then(batch, rule, NFT_JUMP, "marked");
	rule = in("postrouting");
	when_interface(rule, NFT_META_OIF, HOOKSET_OUTSIDE);
	then(batch, rule, NFT_GOTO, "to_outside");
}

/* An error about a packet that was translated already (a tunnel behind us found it too big) goes to a global address,
 * that is, to the router itself: so the destination counts as much as the interface. */
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
	static const uint8_t errors[] = {ICMP_DEST_UNREACH, ICMP_SOURCE_QUENCH, ICMP_REDIRECT, ICMP_TIME_EXCEEDED,
					 ICMP_PARAMETERPROB};
	struct nftnl_rule *rule = in("output");

	when_mark(rule, MARK_INJECTED, NFT_CMP_EQ, MARK_INJECTED);
	then(batch, rule, NF_ACCEPT, NULL);
	for (unsigned i = 0; i < sizeof(errors); i++) {
		rule = in("output");
		when_icmp(rule, errors[i]);
		then(batch, rule, NFT_GOTO, "own_error");
	}
}

static void put_queue_table(struct nft_batch *batch, const struct hooksets *sets, uint32_t seed)
{
	static const char *const chains[] = {"to_own", "from_outside", "from_inside", "marked", "to_outside",
					     "own_error"};

	for (unsigned i = 0; i < N_QUEUE_SETS; i++) {
		hookset_declare(batch, NET_TABLE_QUEUE, queue_sets[i]);
		hookset_update(batch, NET_TABLE_QUEUE, queue_sets[i], NULL, &sets->sets[queue_sets[i]]);
	}
	for (unsigned i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		nft_chain_add(batch, NET_TABLE_QUEUE, chains[i]);
	spread_declare(batch, seed, hookset_name(HOOKSET_INSIDE));
	put_to_own(batch);
	put_from_outside(batch);
	put_from_inside(batch);
	put_marked(batch);
	put_to_outside(batch);
	put_own_error(batch);
	nft_chain_hook(batch, NET_TABLE_QUEUE, "postrouting", NF_INET_POST_ROUTING, PRIORITY_POSTROUTING);
	put_postrouting(batch);
	nft_chain_hook(batch, NET_TABLE_QUEUE, "output", NF_INET_LOCAL_OUT, PRIORITY_OUTPUT);
	put_output(batch);
	nft_chain_hook(batch, NET_TABLE_QUEUE, "prerouting", NF_INET_PRE_ROUTING, PRIORITY_PREROUTING);
	put_prerouting(batch);
}

/* ---- the guard ---- */

static void put_guard_drop(struct nft_batch *batch, uint32_t key, enum hookset_id set, uint32_t other,
			   enum hookset_id other_set)
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

static void put_guard_table(struct nft_batch *batch, const struct hooksets *sets)
{
	struct nftnl_rule *rule;

	for (unsigned i = 0; i < N_GUARD_SETS; i++) {
		hookset_declare(batch, NET_TABLE_GUARD, guard_sets[i]);
		hookset_update(batch, NET_TABLE_GUARD, guard_sets[i], NULL, &sets->sets[guard_sets[i]]);
	}
	nft_chain_hook(batch, NET_TABLE_GUARD, "postrouting", NF_INET_POST_ROUTING, PRIORITY_GUARD);
	/* Translated for a host inside, whose interface has gone meanwhile: the default route leads outside again. */
	rule = nft_rule(NET_TABLE_GUARD, "postrouting");
	when_mark(rule, MARK_INWARD, NFT_CMP_EQ, MARK_INWARD);
	when_interface(rule, NFT_META_OIF, HOOKSET_OUTSIDE);
	nft_counter(rule);
	then(batch, rule, NF_DROP, NULL);
	rule = nft_rule(NET_TABLE_GUARD, "postrouting");
	when_mark(rule, MARK_DONE, NFT_CMP_EQ, MARK_DONE);
	then(batch, rule, NF_ACCEPT, NULL);
	put_guard_drop(batch, NFT_META_IIF, HOOKSET_INSIDE, NFT_META_OIF, HOOKSET_OUTSIDE);
	put_guard_drop(batch, NFT_META_IIF, HOOKSET_OUTSIDE, NFT_META_OIF, HOOKSET_INSIDE);
	put_guard_drop(batch, NFT_META_IIF, HOOKSET_INSIDE, NFT_META_OIF, HOOKSET_KNOWN);
	put_guard_drop(batch, NFT_META_IIF, HOOKSET_OUTSIDE, NFT_META_OIF, HOOKSET_KNOWN);
	put_guard_drop(batch, NFT_META_OIF, HOOKSET_INSIDE, NFT_META_IIF, HOOKSET_KNOWN);
	put_guard_drop(batch, NFT_META_OIF, HOOKSET_OUTSIDE, NFT_META_IIF, HOOKSET_KNOWN);
}

/* ---- transactions ---- */

/* Removes whatever the table holds, ours or a predecessor's, in the same transaction that builds it anew. */
static void table_empty(struct nft_batch *batch, const char *table, bool keep)
{
	nft_table_add(batch, table);
	nft_table_remove(batch, table);
	if (keep)
		nft_table_add(batch, table);
}

static int read_generation(const struct nlmsghdr *message, void *generation)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == NFTA_GEN_ID)
			*(uint32_t *)generation = ntohl(mnl_attr_get_u32(attr));
	return MNL_CB_OK;
}

/* The number of transactions so far in this namespace. */
static uint32_t hooks_generation(struct hooks *hooks)
{
	char buffer[512];
	uint32_t generation = 0;

	netlink_get(hooks->socket, nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETGEN, AF_UNSPEC, 0, 0), read_generation,
		    &generation);
	return generation;
}

static void hooks_listen(struct hooks *hooks, bool on)
{
	int group = NFNLGRP_NFTABLES;

	mnl_socket_setsockopt(hooks->watch, on ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP, &group,
			      sizeof(group));
}

/* The kernel notifies element by element, which takes longer than the transaction and overflows our own ears. So nobody
 * listens meanwhile, and the count of transactions tells whether there was another. */
static bool hooks_commit(struct hooks *hooks, struct nft_batch *batch, struct err *err)
{
	uint32_t before = hooks_generation(hooks);
	bool done;

	hooks_listen(hooks, false);
	done = nft_batch_send(batch, hooks->socket, err);
	hooks_listen(hooks, true);
	hooks->crossed = done && hooks_generation(hooks) != before + 1;
	return done;
}

static bool hooks_replace(struct hooks *hooks, enum standing wanted, const struct hooksets *sets, struct err *err)
{
	struct nft_batch *batch = nft_batch_new();

	table_empty(batch, NET_TABLE_GUARD, wanted >= STANDS_GUARD);
	if (wanted >= STANDS_GUARD)
		put_guard_table(batch, sets);
	table_empty(batch, NET_TABLE_QUEUE, wanted == STANDS_ALL);
	if (wanted == STANDS_ALL)
		put_queue_table(batch, sets, hooks->seed);
	if (!hooks_commit(hooks, batch, err))
		return false;
	hooks->standing = wanted;
	return true;
}

/* Again, as long as somebody else is at it too, but not for ever. */
static bool hooks_assert(struct hooks *hooks, enum standing wanted, const struct hooksets *sets, struct err *err)
{
	bool done = hooks_replace(hooks, wanted, sets, err);

	for (unsigned i = 0; i < 3 && done && hooks->crossed; i++)
		done = hooks_replace(hooks, wanted, sets, err);
	return done;
}

static bool hooks_difference(struct hooks *hooks, const struct hooksets *sets, struct err *err)
{
	struct nft_batch *batch = nft_batch_new();

	for (unsigned i = 0; i < N_GUARD_SETS; i++)
		hookset_update(batch, NET_TABLE_GUARD, guard_sets[i], &hooks->sets.sets[guard_sets[i]],
			       &sets->sets[guard_sets[i]]);
	for (unsigned i = 0; i < N_QUEUE_SETS && hooks->standing == STANDS_ALL; i++)
		hookset_update(batch, NET_TABLE_QUEUE, queue_sets[i], &hooks->sets.sets[queue_sets[i]],
			       &sets->sets[queue_sets[i]]);
	return hooks_commit(hooks, batch, err) && !hooks->crossed;
}

/* ---- notifications ---- */

static int is_our_table(const struct nlattr *attr, void *found)
{
	/* Every kind of nftables object names its table in its first attribute. */
	if (mnl_attr_get_type(attr) == NFTA_TABLE_NAME && mnl_attr_validate(attr, MNL_TYPE_STRING) >= 0) {
		const char *name = mnl_attr_get_str(attr);

		if (strcmp(name, NET_TABLE_GUARD) == 0 || strcmp(name, NET_TABLE_QUEUE) == 0)
			*(bool *)found = true;
		return MNL_CB_STOP;
	}
	return MNL_CB_OK;
}

static bool is_foreign(const struct hooks *hooks, const struct nlmsghdr *message)
{
	bool ours = false;

	if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || (message->nlmsg_type & 0xff) == NFT_MSG_NEWGEN)
		return false;
	if (message->nlmsg_pid == mnl_socket_get_portid(hooks->socket))
		return false;
	mnl_attr_parse(message, sizeof(struct nfgenmsg), is_our_table, &ours);
	return ours;
}

/* True when somebody else touched our tables, or might have. */
static bool hooks_drain(struct hooks *hooks)
{
	char buffer[NETLINK_BUFFER];
	bool touched = false;

	for (;;) {
		ssize_t size = recv(mnl_socket_get_fd(hooks->watch), buffer, sizeof(buffer), MSG_DONTWAIT);
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
		int left = (int)size;

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == ENOBUFS) {
			touched = true;
			continue;
		}
		if (size < 0)
			return touched;
		for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
			touched |= is_foreign(hooks, message);
	}
}

bool hooks_changed(struct hooks *hooks)
{
	struct err err;

	if (!hooks_drain(hooks) || hooks->wanted <= STANDS_NOTHING)
		return false;
	hooks->standing = STANDS_UNKNOWN;
	if (hooks_assert(hooks, hooks->wanted, &hooks->sets, &err))
		log_event("ALGATE", LOG_SEV_WARNING, "HOOKS", "netfilter rules were changed by another program: "
			  "put back");
	else
		log_event("ALGATE", LOG_SEV_ERROR, "HOOKS", "netfilter rules were changed by another program and "
			  "cannot be put back: %s", err.text);
	return true;
}

/* ---- life ---- */

static enum standing wanted_by(const struct plan_hooks *plan)
{
	if (plan->active)
		return STANDS_ALL;
	return plan->n_inside + plan->n_outside > 0 ? STANDS_GUARD : STANDS_NOTHING;
}

bool hooks_set(struct hooks *hooks, const struct plan_hooks *plan, struct err *err)
{
	enum standing wanted = wanted_by(plan);
	struct hooksets sets;
	bool done;

	if (hooks_drain(hooks))
		hooks->standing = STANDS_UNKNOWN;
	hooksets_make(&sets, plan);
	if (hooks->standing == wanted && (wanted == STANDS_NOTHING || hooksets_equal(&hooks->sets, &sets))) {
		hooksets_clear(&sets);
		return true;
	}
	done = hooks->standing == wanted && hooks_difference(hooks, &sets, NULL);
	if (!done)
		done = hooks_assert(hooks, wanted, &sets, err);
	if (!done) {
		hooksets_clear(&sets);
		return false;
	}
	hooksets_clear(&hooks->sets);
	hooks->sets = sets;
	hooks->wanted = wanted;
	return true;
}

static int count_expression(struct nftnl_expr *expr, void *drops)
{
	if (strcmp(nftnl_expr_get_str(expr, NFTNL_EXPR_NAME), "counter") == 0)
		*(uint64_t *)drops += nftnl_expr_get_u64(expr, NFTNL_EXPR_CTR_PACKETS);
	return 0;
}

static int count_rule(const struct nlmsghdr *message, void *drops)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();

	if (rule != NULL && nftnl_rule_nlmsg_parse(message, rule) == 0 &&
	    strcmp(nftnl_rule_get_str(rule, NFTNL_RULE_TABLE), NET_TABLE_GUARD) == 0)
		nftnl_expr_foreach(rule, count_expression, drops);
	if (rule != NULL)
		nftnl_rule_free(rule);
	return MNL_CB_OK;
}

uint64_t hooks_guard_drops(struct hooks *hooks)
{
	char buffer[512];
	struct nlmsghdr *request = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETRULE, AF_INET, 0, 0);
	struct nftnl_rule *rule = nft_rule(NET_TABLE_GUARD, "postrouting");
	uint64_t drops = 0;

	nftnl_rule_nlmsg_build_payload(request, rule);
	nftnl_rule_free(rule);
	netlink_dump(hooks->socket, request, count_rule, &drops);
	return drops;
}

bool hooks_stop(struct hooks *hooks, struct err *err)
{
	struct nft_batch *batch = nft_batch_new();

	table_empty(batch, NET_TABLE_QUEUE, false);
	hooks->wanted = hooks->standing = STANDS_UNKNOWN;
	return nft_batch_send(batch, hooks->socket, err);
}

bool hooks_release(struct err *err)
{
	struct mnl_socket *socket = netlink_open(NETLINK_NETFILTER, 0, err);
	struct nft_batch *batch;
	bool done;

	if (socket == NULL)
		return false;
	batch = nft_batch_new();
	table_empty(batch, NET_TABLE_QUEUE, false);
	table_empty(batch, NET_TABLE_GUARD, false);
	done = nft_batch_send(batch, socket, err);
	mnl_socket_close(socket);
	return done;
}

struct hooks *hooks_new(struct err *err)
{
	struct hooks *hooks = mem_alloc(sizeof(*hooks));

	if (getrandom(&hooks->seed, sizeof(hooks->seed), 0) != sizeof(hooks->seed)) {
		err_set(err, "no random numbers: %s", strerror(errno));
		hooks_free(hooks);
		return NULL;
	}
	hooks->socket = netlink_open(NETLINK_NETFILTER, 0, err);
	if (hooks->socket != NULL)
		hooks->watch = netlink_open(NETLINK_NETFILTER, 1u << (NFNLGRP_NFTABLES - 1), err);
	if (hooks->watch == NULL) {
		hooks_free(hooks);
		return NULL;
	}
	return hooks;
}

void hooks_free(struct hooks *hooks)
{
	if (hooks == NULL)
		return;
	if (hooks->watch != NULL)
		mnl_socket_close(hooks->watch);
	if (hooks->socket != NULL)
		mnl_socket_close(hooks->socket);
	hooksets_clear(&hooks->sets);
	free(hooks);
}

int hooks_fd(const struct hooks *hooks)
{
	return mnl_socket_get_fd(hooks->watch);
}
