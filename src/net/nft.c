/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nftables transactions. Promises all or nothing for each batch, however large (elements are split over as many messages
 * as they need, the batch is one send), and an error that names the step the kernel refused. May not know what the
 * rules are for.
 */
#include "net/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/batch.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "lib/mem.h"
#include "net/netlink.h"

#define BATCH_PAGE 262144u
#define BATCH_OVERRUN 65536u /* the longest single message */
#define ELEMENTS_PER_MESSAGE 512u
#define TYPE_INTEGER 4u /* nft's number of the data type */

struct nft_batch {
	struct nftnl_batch *batch;
	uint32_t first, next; /* sequence numbers */
	uint32_t n_steps, room;
	const char **steps; /* what each message does, for the error text */
};

static void batch_step(struct nft_batch *batch, const char *step)
{
	if (batch->n_steps == batch->room) {
		batch->room = batch->room == 0 ? 128 : batch->room * 2;
		batch->steps = mem_grow(batch->steps, batch->room, sizeof(*batch->steps));
	}
	batch->steps[batch->n_steps++] = step;
	batch->next++;
}

/* The page is kept, so a message written stays where it is until the batch is sent, or moves whole. */
static void batch_done(struct nft_batch *batch)
{
	if (nftnl_batch_update(batch->batch) < 0)
		abort();
}

struct nft_batch *nft_batch_new(void)
{
	struct nft_batch *batch = mem_alloc(sizeof(*batch));

	batch->first = batch->next = 1;
	batch->batch = nftnl_batch_alloc(BATCH_PAGE, BATCH_OVERRUN);
	if (batch->batch == NULL)
		abort();
	nftnl_batch_begin(nftnl_batch_buffer(batch->batch), batch->next);
	batch_step(batch, "begin");
	batch_done(batch);
	return batch;
}

static struct nlmsghdr *batch_message(struct nft_batch *batch, const char *step, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message = nftnl_nlmsg_build_hdr(nftnl_batch_buffer(batch->batch), type, AF_INET,
							 flags | NLM_F_ACK, batch->next);

	batch_step(batch, step);
	return message;
}

static bool batch_refused(const struct nft_batch *batch, const struct nlmsghdr *message, struct err *err)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	uint32_t index = message->nlmsg_seq - batch->first;
	const char *step = index < batch->n_steps ? batch->steps[index] : "transaction";

	if (error->error == -EPERM)
		return err_set(err, "nftables: %s: not permitted (CAP_NET_ADMIN is needed)", step);
	if (error->error == -ENOENT && strcmp(step, "queue rule") == 0)
		return err_set(err, "nftables: this kernel lacks the NFQUEUE target (xt_NFQUEUE with nft_compat)");
	return err_set(err, "nftables: %s: %s", step, strerror(-error->error));
}

/* The kernel has answered everything by the time the send returns: one answer for each message but begin and end. */
static bool batch_answers(struct nft_batch *batch, struct mnl_socket *socket, struct err *err)
{
	char buffer[NETLINK_BUFFER];
	uint32_t answers = 0;
	bool ok = true;
	ssize_t size;

	while ((size = recv(mnl_socket_get_fd(socket), buffer, sizeof(buffer), MSG_DONTWAIT)) >= 0) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
		int left = (int)size;

		for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
			const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

			if (message->nlmsg_type != NLMSG_ERROR)
				continue;
			answers++;
			if (error->error != 0 && ok)
				ok = batch_refused(batch, message, err);
		}
	}
	if (errno != EAGAIN)
		return ok && err_set(err, "nftables: %s", strerror(errno));
	if (ok && answers + 2 != batch->n_steps)
		return err_set(err, "nftables: %u of %u steps answered", answers, batch->n_steps - 2);
	return ok;
}

static bool batch_write(struct nft_batch *batch, struct mnl_socket *socket, struct err *err)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int n = nftnl_batch_iovec_len(batch->batch);
	struct iovec *vectors = mem_alloc((size_t)n * sizeof(*vectors));
	struct msghdr message = {.msg_name = &kernel, .msg_namelen = sizeof(kernel), .msg_iov = vectors};
	size_t total = 0;
	ssize_t sent;

	nftnl_batch_iovec(batch->batch, vectors, (uint32_t)n);
	for (int i = 0; i < n; i++)
		total += vectors[i].iov_len;
	message.msg_iovlen = (size_t)n;
	/* A transaction is one datagram, however large. */
	netlink_buffers(mnl_socket_get_fd(socket), 4 << 20, (int)total + (1 << 16));
	sent = sendmsg(mnl_socket_get_fd(socket), &message, 0);
	free(vectors);
	if (sent != (ssize_t)total)
		return err_set(err, "nftables: send of %zu bytes: %s", total, strerror(errno));
	return true;
}

bool nft_batch_send(struct nft_batch *batch, struct mnl_socket *socket, struct err *err)
{
	bool ok;

	nftnl_batch_end(nftnl_batch_buffer(batch->batch), batch->next);
	batch_step(batch, "commit");
	batch_done(batch);
	ok = batch_write(batch, socket, err) && batch_answers(batch, socket, err);
	nftnl_batch_free(batch->batch);
	free(batch->steps);
	free(batch);
	return ok;
}

static void table_message(struct nft_batch *batch, const char *step, uint16_t type, uint16_t flags, const char *name)
{
	struct nftnl_table *table = nftnl_table_alloc();

	if (table == NULL)
		abort();
	nftnl_table_set_str(table, NFTNL_TABLE_NAME, name);
	nftnl_table_nlmsg_build_payload(batch_message(batch, step, type, flags), table);
	nftnl_table_free(table);
	batch_done(batch);
}

void nft_table_add(struct nft_batch *batch, const char *table)
{
	table_message(batch, "table", NFT_MSG_NEWTABLE, NLM_F_CREATE, table);
}

void nft_table_remove(struct nft_batch *batch, const char *table)
{
	table_message(batch, "table removal", NFT_MSG_DELTABLE, 0, table);
}

static struct nftnl_chain *chain_new(const char *table, const char *name)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();

	if (chain == NULL)
		abort();
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, table);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name);
	return chain;
}

static void chain_put(struct nft_batch *batch, struct nftnl_chain *chain)
{
	nftnl_chain_nlmsg_build_payload(batch_message(batch, "chain", NFT_MSG_NEWCHAIN, NLM_F_CREATE), chain);
	nftnl_chain_free(chain);
	batch_done(batch);
}

void nft_chain_hook(struct nft_batch *batch, const char *table, const char *name, uint32_t hook, int32_t priority)
{
	struct nftnl_chain *chain = chain_new(table, name);

	nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter");
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, hook);
	nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, priority);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	chain_put(batch, chain);
}

void nft_chain_add(struct nft_batch *batch, const char *table, const char *name)
{
	chain_put(batch, chain_new(table, name));
}

static struct nftnl_set *set_new(const char *table, const char *name)
{
	struct nftnl_set *set = nftnl_set_alloc();

	if (set == NULL)
		abort();
	nftnl_set_set_str(set, NFTNL_SET_TABLE, table);
	nftnl_set_set_str(set, NFTNL_SET_NAME, name);
	return set;
}

void nft_set_add(struct nft_batch *batch, const char *table, const char *name, uint32_t type, uint32_t key_size,
		 bool interval, uint32_t most)
{
	struct nftnl_set *set = set_new(table, name);

	if (most > 0)
		nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, most);
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, interval ? NFT_SET_INTERVAL : 0);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, type);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, key_size);
	nftnl_set_set_u32(set, NFTNL_SET_ID, batch->next);
	nftnl_set_nlmsg_build_payload(batch_message(batch, "set", NFT_MSG_NEWSET, NLM_F_CREATE), set);
	nftnl_set_free(set);
	batch_done(batch);
}

static void element_put(struct nftnl_set *set, const void *key, uint32_t size, uint32_t flags)
{
	struct nftnl_set_elem *element = nftnl_set_elem_alloc();

	if (element == NULL)
		abort();
	nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key, size);
	if (flags != 0)
		nftnl_set_elem_set_u32(element, NFTNL_SET_ELEM_FLAGS, flags);
	nftnl_set_elem_add(set, element);
}

/* The kernel's interval sets hold where a range begins and where the first address behind it lies. */
static void interval_put(struct nftnl_set *set, const uint8_t *range)
{
	uint32_t last;

	element_put(set, range, 4, 0);
	memcpy(&last, range + 4, 4);
	if (last == UINT32_MAX)
		return;
	last = htonl(ntohl(last) + 1);
	element_put(set, &last, 4, NFT_SET_ELEM_INTERVAL_END);
}

void nft_elements(struct nft_batch *batch, bool add, const char *table, const char *name, const uint8_t *keys,
		  uint32_t n, uint32_t key_size, bool interval)
{
	for (uint32_t done = 0; done < n;) {
		uint32_t end = n - done > ELEMENTS_PER_MESSAGE ? done + ELEMENTS_PER_MESSAGE : n;
		struct nftnl_set *set = set_new(table, name);

		for (; done < end; done++) {
			if (interval)
				interval_put(set, keys + (size_t)done * key_size);
			else
				element_put(set, keys + (size_t)done * key_size, key_size, 0);
		}
		nftnl_set_elems_nlmsg_build_payload(
			batch_message(batch, name, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
				      add ? NLM_F_CREATE : 0),
			set);
		nftnl_set_free(set);
		batch_done(batch);
	}
}

static void chain_put_element(struct nftnl_set *map, uint32_t number, const char *chain)
{
	struct nftnl_set_elem *element = nftnl_set_elem_alloc();

	if (element == NULL)
		abort();
	nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, &number, sizeof(number));
	nftnl_set_elem_set_u32(element, NFTNL_SET_ELEM_VERDICT, (uint32_t)NFT_GOTO);
	nftnl_set_elem_set_str(element, NFTNL_SET_ELEM_CHAIN, chain);
	nftnl_set_elem_add(map, element);
}

void nft_chain_map(struct nft_batch *batch, const char *table, const char *name, const char *const *chains, uint32_t n)
{
	struct nftnl_set *map = set_new(table, name);

	nftnl_set_set_u32(map, NFTNL_SET_FLAGS, NFT_SET_MAP);
	nftnl_set_set_u32(map, NFTNL_SET_KEY_TYPE, TYPE_INTEGER);
	nftnl_set_set_u32(map, NFTNL_SET_KEY_LEN, sizeof(uint32_t));
	nftnl_set_set_u32(map, NFTNL_SET_DATA_TYPE, NFT_DATA_VERDICT);
	nftnl_set_set_u32(map, NFTNL_SET_DESC_SIZE, n);
	nftnl_set_set_u32(map, NFTNL_SET_ID, batch->next);
	nftnl_set_nlmsg_build_payload(batch_message(batch, "map", NFT_MSG_NEWSET, NLM_F_CREATE), map);
	nftnl_set_free(map);
	batch_done(batch);
	map = set_new(table, name);
	for (uint32_t i = 0; i < n; i++)
		chain_put_element(map, i, chains[i]);
	nftnl_set_elems_nlmsg_build_payload(batch_message(batch, name, NFT_MSG_NEWSETELEM, NLM_F_CREATE), map);
	nftnl_set_free(map);
	batch_done(batch);
}

struct nftnl_rule *nft_rule(const char *table, const char *chain)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();

	if (rule == NULL)
		abort();
	nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, table);
	nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain);
	return rule;
}

void nft_chain_flush(struct nft_batch *batch, const char *table, const char *chain)
{
	struct nftnl_rule *all = nft_rule(table, chain);

	nftnl_rule_nlmsg_build_payload(batch_message(batch, "chain flush", NFT_MSG_DELRULE, 0), all);
	nftnl_rule_free(all);
	batch_done(batch);
}

static int is_target(struct nftnl_expr *expr, void *found)
{
	if (strcmp(nftnl_expr_get_str(expr, NFTNL_EXPR_NAME), "target") == 0)
		*(bool *)found = true;
	return 0;
}

void nft_rule_add(struct nft_batch *batch, struct nftnl_rule *rule)
{
	bool queue = false;

	nftnl_expr_foreach(rule, is_target, &queue);
	nftnl_rule_nlmsg_build_payload(batch_message(batch, queue ? "queue rule" : "rule", NFT_MSG_NEWRULE,
						     NLM_F_CREATE | NLM_F_APPEND),
				       rule);
	nftnl_rule_free(rule);
	batch_done(batch);
}

static struct nftnl_expr *expression(struct nftnl_rule *rule, const char *name)
{
	struct nftnl_expr *expr = nftnl_expr_alloc(name);

	if (expr == NULL)
		abort();
	nftnl_rule_add_expr(rule, expr);
	return expr;
}

void nft_meta(struct nftnl_rule *rule, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *expr = expression(rule, "meta");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, reg);
}

void nft_meta_store(struct nftnl_rule *rule, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *expr = expression(rule, "meta");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_SREG, reg);
}

void nft_payload(struct nftnl_rule *rule, uint32_t base, uint32_t offset, uint32_t length, uint32_t reg)
{
	struct nftnl_expr *expr = expression(rule, "payload");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, length);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

void nft_and(struct nftnl_rule *rule, uint32_t reg, const void *mask, uint32_t size)
{
	static const uint8_t none[16];
	struct nftnl_expr *expr = expression(rule, "bitwise");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, reg);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, reg);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, size);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, mask, size);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, none, size);
}

void nft_compare(struct nftnl_rule *rule, uint32_t op, uint32_t reg, const void *value, uint32_t size)
{
	struct nftnl_expr *expr = expression(rule, "cmp");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, reg);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, value, size);
}

void nft_range32(struct nftnl_rule *rule, uint32_t reg, uint32_t from, uint32_t to)
{
	struct nftnl_expr *expr = expression(rule, "range");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_RANGE_SREG, reg);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_RANGE_OP, NFT_RANGE_EQ);
	nftnl_expr_set(expr, NFTNL_EXPR_RANGE_FROM_DATA, &from, sizeof(from));
	nftnl_expr_set(expr, NFTNL_EXPR_RANGE_TO_DATA, &to, sizeof(to));
}

void nft_lookup(struct nftnl_rule *rule, const char *set, uint32_t reg, bool inverted)
{
	struct nftnl_expr *expr = expression(rule, "lookup");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, reg);
	nftnl_expr_set_str(expr, NFTNL_EXPR_LOOKUP_SET, set);
	if (inverted)
		nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

void nft_hash(struct nftnl_rule *rule, uint32_t sreg, uint32_t modulus, uint32_t seed, uint32_t dreg)
{
	struct nftnl_expr *expr = expression(rule, "hash");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_HASH_TYPE, NFT_HASH_JENKINS);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_HASH_SREG, sreg);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_HASH_DREG, dreg);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_HASH_LEN, 4);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_HASH_MODULUS, modulus);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_HASH_SEED, seed);
}

void nft_lookup_chain(struct nftnl_rule *rule, const char *map, uint32_t reg)
{
	struct nftnl_expr *expr = expression(rule, "lookup");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_SREG, reg);
	nftnl_expr_set_str(expr, NFTNL_EXPR_LOOKUP_SET, map);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
}

void nft_fib_type(struct nftnl_rule *rule, uint32_t flags, uint32_t reg)
{
	struct nftnl_expr *expr = expression(rule, "fib");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_FLAGS, flags);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_FIB_DREG, reg);
}

void nft_socket(struct nftnl_rule *rule, uint32_t reg)
{
	struct nftnl_expr *expr = expression(rule, "socket");

	/* The rule ends here when there is no socket. This key also works for sockets that are only half there (SYN
	 * received, TIME-WAIT), unlike the others. */
	nftnl_expr_set_u32(expr, NFTNL_EXPR_SOCKET_KEY, NFT_SOCKET_TRANSPARENT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_SOCKET_DREG, reg);
}

void nft_counter(struct nftnl_rule *rule)
{
	expression(rule, "counter");
}

void nft_verdict(struct nftnl_rule *rule, int verdict, const char *chain)
{
	struct nftnl_expr *expr = expression(rule, "immediate");

	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain != NULL)
		nftnl_expr_set_str(expr, NFTNL_EXPR_IMM_CHAIN, chain);
}

void nft_queue(struct nftnl_rule *rule, uint16_t queue, bool bypass)
{
	struct nftnl_expr *expr = expression(rule, "target");
	/* The kernel wants the size of a target's data aligned as for any type of the machine. */
	size_t size = (sizeof(struct xt_NFQ_info_v3) + 7) & ~(size_t)7;
	struct xt_NFQ_info_v3 *info = calloc(1, size);

	if (info == NULL)
		abort();
	info->queuenum = queue;
	info->queues_total = 1;
	info->flags = bypass ? NFQ_FLAG_BYPASS : 0;
	nftnl_expr_set_str(expr, NFTNL_EXPR_TG_NAME, "NFQUEUE");
	nftnl_expr_set_u32(expr, NFTNL_EXPR_TG_REV, 3);
	nftnl_expr_set(expr, NFTNL_EXPR_TG_INFO, info, (uint32_t)size); /* takes info over */
}
