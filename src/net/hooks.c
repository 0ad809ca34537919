/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When our rules change; rules.c has what they say. Promises: a change is one transaction, so no packet ever meets half of
 * it; the guard stands before anything is queued and longer than everything else; our tables come back when somebody
 * flushes them. May not leave a moment in which a packet crosses between inside and outside without the engine.
 */
#include "net/hooks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
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
#include "net/rules.h"

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
		rules_guard(batch, sets);
	table_empty(batch, NET_TABLE_QUEUE, wanted == STANDS_ALL);
	if (wanted == STANDS_ALL)
		rules_queue(batch, sets, hooks->seed);
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

	rules_guard_update(batch, &hooks->sets, sets);
	if (hooks->standing == STANDS_ALL)
		rules_queue_update(batch, &hooks->sets, sets);
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
