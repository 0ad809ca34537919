/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The yardstick of scripts/bench: a program that has the kernel queue the packets Algate would have
 * queued, and hands each back with the payload it came with. It reads 64 at a time, sends their
 * verdicts in one call, takes segmentation offload and completes the checksums that offload leaves
 * open (the kernel takes a payload handed back as final). What Algate costs beyond this is Algate's
 * own.
 *
 * nullqueue OUTSIDE-INTERFACE, in the router's namespace; says "ready" and runs until it is ended.
 */
#include <netinet/in.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/csum.h"
#include "net/netlink.h"
#include "net/nft.h"

#define TABLE	"algate_null"
#define QUEUE	6465
#define BATCH	64
#define MESSAGE (65536 + 4096)
#define FLUSH	(256 << 10)

struct verdicts {
	struct iovec vectors[BATCH * 2];
	size_t n, bytes;
	_Alignas(NLMSG_ALIGNTO) char heads[BATCH][64];
	size_t n_heads;
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "nullqueue: %s: %s\n", what, why);
	exit(1);
}

/* ---- the rules: out of the router to the outside, and into it from there */

static void rule_put(struct nft_batch *batch, const char *chain, uint32_t meta, uint32_t ifindex)
{
	struct nftnl_rule *rule = nft_rule(TABLE, chain);

	nft_meta(rule, meta, NFT_REG32_00);
	nft_compare(rule, NFT_CMP_EQ, NFT_REG32_00, &ifindex, sizeof(ifindex));
	nft_queue(rule, QUEUE, false);
	nft_rule_add(batch, rule);
}

static void rules_put(uint32_t ifindex)
{
	struct err err = {""};
	struct mnl_socket *socket = netlink_open(NETLINK_NETFILTER, 0, &err);
	struct nft_batch *batch = nft_batch_new();

	if (socket == NULL)
		fail("netlink", err.text);
	nft_table_add(batch, TABLE);
	nft_chain_hook(batch, TABLE, "in", NF_INET_PRE_ROUTING, -400);
	nft_chain_hook(batch, TABLE, "out", NF_INET_POST_ROUTING, 400);
	rule_put(batch, "in", NFT_META_IIF, ifindex);
	rule_put(batch, "out", NFT_META_OIF, ifindex);
	if (!nft_batch_send(batch, socket, &err))
		fail("rules", err.text);
	mnl_socket_close(socket);
}

/* ---- the queue */

static struct mnl_socket *queue_open(void)
{
	struct err err = {""};
	struct mnl_socket *socket = netlink_open(NETLINK_NETFILTER, 0, &err);
	char buffer[MNL_NLMSG_HDRLEN + 256];
	struct nlmsghdr *header;
	int failed, on = 1;

	if (socket == NULL)
		fail("netlink", err.text);
	header = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, QUEUE);
	nfq_nlmsg_cfg_put_cmd(header, AF_INET, NFQNL_CFG_CMD_BIND);
	failed = netlink_ask(socket, header);
	if (failed == 0) {
		header = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, QUEUE);
		nfq_nlmsg_cfg_put_params(header, NFQNL_COPY_PACKET, 65535);
		nfq_nlmsg_cfg_put_qmaxlen(header, 65536);
		mnl_attr_put_u32(header, NFQA_CFG_FLAGS, htonl(NFQA_CFG_F_GSO));
		mnl_attr_put_u32(header, NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO));
		failed = netlink_ask(socket, header);
	}
	if (failed != 0)
		fail("queue", strerror(-failed));
	netlink_buffers(mnl_socket_get_fd(socket), 64 << 20, 8 << 20);
	mnl_socket_setsockopt(socket, NETLINK_NO_ENOBUFS, &on, sizeof(on));
	return socket;
}

static void verdicts_send(struct mnl_socket *socket, struct verdicts *verdicts)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct msghdr message = {.msg_name = &kernel,
				 .msg_namelen = sizeof(kernel),
				 .msg_iov = verdicts->vectors,
				 .msg_iovlen = verdicts->n};

	if (verdicts->n > 0 && sendmsg(mnl_socket_get_fd(socket), &message, 0) < 0)
		fail("verdicts", strerror(errno));
	verdicts->n = verdicts->n_heads = verdicts->bytes = 0;
}

static void verdict_put(struct verdicts *verdicts, uint32_t id, void *payload, uint32_t length)
{
	char *head = verdicts->heads[verdicts->n_heads++];
	struct nlmsghdr *header = nfq_nlmsg_put(head, NFQNL_MSG_VERDICT, QUEUE);
	struct nlattr *attr;

	nfq_nlmsg_verdict_put(header, (int)id, NF_ACCEPT);
	attr = mnl_nlmsg_get_payload_tail(header);
	attr->nla_type = NFQA_PAYLOAD;
	attr->nla_len = (uint16_t)(MNL_ATTR_HDRLEN + length);
	verdicts->vectors[verdicts->n++] =
	    (struct iovec){head, header->nlmsg_len + MNL_ATTR_HDRLEN};
	/* The payload lies in a larger buffer: what pads it are bytes of that. */
	verdicts->vectors[verdicts->n++] = (struct iovec){payload, MNL_ALIGN(length)};
	header->nlmsg_len += MNL_ATTR_HDRLEN + MNL_ALIGN(length);
	verdicts->bytes += header->nlmsg_len;
}

/* TCP or UDP whose checksum the sender left to hardware that does not exist. */
static void checksum_complete(uint8_t *ip, uint32_t length)
{
	uint32_t head = (ip[0] & 15u) * 4, at = ip[9] == IPPROTO_TCP ? 16 : 6, source, destination;
	uint16_t value = 0;

	if ((ip[9] != IPPROTO_TCP && ip[9] != IPPROTO_UDP) || head + at + 2 > length)
		return;
	memcpy(&source, ip + 12, 4);
	memcpy(&destination, ip + 16, 4);
	memcpy(ip + head + at, &value, 2);
	value = csum_finish(
	    csum_add(csum_pseudo(ntohl(source), ntohl(destination), ip[9], length - head),
		     ip + head, length - head));
	if (value == 0 && ip[9] == IPPROTO_UDP)
		value = 0xffff;
	memcpy(ip + head + at, &value, 2);
}

static void packet_serve(struct verdicts *verdicts, const struct nlmsghdr *header)
{
	struct nlattr *attrs[NFQA_MAX + 1] = {NULL};
	const struct nfqnl_msg_packet_hdr *about;
	uint8_t *data;
	uint32_t length;

	if (nfq_nlmsg_parse(header, attrs) < 0 || attrs[NFQA_PACKET_HDR] == NULL ||
	    attrs[NFQA_PAYLOAD] == NULL)
		return;
	about = mnl_attr_get_payload(attrs[NFQA_PACKET_HDR]);
	data = mnl_attr_get_payload(attrs[NFQA_PAYLOAD]);
	length = mnl_attr_get_payload_len(attrs[NFQA_PAYLOAD]);
	if (attrs[NFQA_SKB_INFO] != NULL &&
	    (ntohl(mnl_attr_get_u32(attrs[NFQA_SKB_INFO])) & NFQA_SKB_CSUMNOTREADY) != 0)
		checksum_complete(data, length);
	verdict_put(verdicts, ntohl(about->packet_id), data, length);
}

static void serve(struct mnl_socket *socket)
{
	static char buffers[BATCH][MESSAGE];
	static struct mmsghdr messages[BATCH];
	static struct iovec reads[BATCH];
	static struct verdicts verdicts;

	for (unsigned i = 0; i < BATCH; i++) {
		reads[i] = (struct iovec){buffers[i], MESSAGE - 64};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &reads[i], .msg_iovlen = 1};
	}
	for (;;) {
		int n = recvmmsg(mnl_socket_get_fd(socket), messages, BATCH, MSG_WAITFORONE, NULL);

		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			fail("packets", strerror(errno));
		for (int i = 0; i < n; i++) {
			const struct nlmsghdr *header = reads[i].iov_base;

			if (verdicts.bytes + messages[i].msg_len > FLUSH)
				verdicts_send(socket, &verdicts);
			if (mnl_nlmsg_ok(header, (int)messages[i].msg_len) &&
			    header->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
				packet_serve(&verdicts, header);
		}
		verdicts_send(socket, &verdicts);
	}
}

int main(int argc, char **argv)
{
	struct mnl_socket *socket;
	uint32_t ifindex = argc == 2 ? if_nametoindex(argv[1]) : 0;

	if (ifindex == 0) {
		fputs("usage: nullqueue OUTSIDE-INTERFACE\n", stderr);
		return 2;
	}
	socket = queue_open();
	rules_put(ifindex);
	puts("ready");
	fflush(stdout);
	serve(socket);
	return 0;
}
