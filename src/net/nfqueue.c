/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets in, verdicts out. Promises that every packet it was given gets exactly one verdict, in the batch in which it
 * came, and that a packet it cannot hand back whole is dropped, never accepted as it was. May not keep a packet by its
 * queue id, and may not look into it: that is the engine's.
 */
#include <netinet/in.h>

#include "net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "net/netlink.h"

#define BATCH 64
#define PACKET_MAX 65535u
/* Attributes around the packet, and room for a packet to grow in place. */
#define MESSAGE_SIZE (PACKET_MAX + 1 + 4096)
/* A longer payload attribute wraps its 16-bit length, and the kernel then accepts the original. */
#define PAYLOAD_MAX 65531u
/* The kernel copies a send into one block: larger ones cost more than the calls they save. */
#define FLUSH_BYTES (256u << 10)
#define QUEUE_LENGTH 65536u
#define RECEIVE_BUFFER (64 << 20)
#define SEND_BUFFER (8 << 20)

struct verdict_message {
	_Alignas(NLMSG_ALIGNTO) char data[64]; /* header, verdict, mark, and the payload's attribute header */
};

struct nfqueue {
	struct mnl_socket *socket;
	uint16_t queue;
	atomic_uint_fast64_t lost;
	/* Of the batch: what was read, and what is to be sent. */
	struct mmsghdr messages[BATCH];
	struct iovec reads[BATCH];
	char (*buffers)[MESSAGE_SIZE];
	uint32_t n_verdicts, n_vectors;
	size_t bytes;
	struct verdict_message verdicts[BATCH];
	uint32_t ids[BATCH];
	uint32_t starts[BATCH + 1]; /* first vector of each verdict */
	struct iovec vectors[BATCH * 3];
	struct out out;
};

/* ---- verdicts ---- */

static bool send_vectors(struct nfqueue *queue, struct iovec *vectors, size_t n)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct msghdr message = {
		.msg_name = &kernel, .msg_namelen = sizeof(kernel), .msg_iov = vectors, .msg_iovlen = n};
	ssize_t sent;

	do
		sent = sendmsg(mnl_socket_get_fd(queue->socket), &message, 0);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

static struct nlmsghdr *verdict_start(const struct nfqueue *queue, char *buffer, uint32_t id, int verdict)
{
	struct nlmsghdr *header = nfq_nlmsg_put(buffer, NFQNL_MSG_VERDICT, queue->queue);

	nfq_nlmsg_verdict_put(header, (int)id, verdict);
	return header;
}

/* No memory for the whole batch, perhaps: one by one, and what still does not go is dropped, so that the kernel does
 * not keep it for ever. */
static void flush_singly(struct nfqueue *queue)
{
	for (uint32_t i = 0; i < queue->n_verdicts; i++) {
		struct iovec vector = {queue->verdicts[i].data, 0};

		if (send_vectors(queue, queue->vectors + queue->starts[i], queue->starts[i + 1] - queue->starts[i]))
			continue;
		atomic_fetch_add(&queue->lost, 1);
		vector.iov_len = verdict_start(queue, vector.iov_base, queue->ids[i], NF_DROP)->nlmsg_len;
		send_vectors(queue, &vector, 1);
	}
}

static void verdicts_flush(struct nfqueue *queue)
{
	if (queue->n_verdicts > 0 && !send_vectors(queue, queue->vectors, queue->n_vectors))
		flush_singly(queue);
	queue->n_verdicts = queue->n_vectors = 0;
	queue->bytes = 0;
}

static void vector_put(struct nfqueue *queue, void *data, size_t size)
{
	queue->vectors[queue->n_vectors++] = (struct iovec){data, size};
	queue->bytes += size;
}

static void verdict_put(struct nfqueue *queue, uint32_t id, const struct packet *packet, const struct out *out)
{
	static char padding[MNL_ALIGNTO];
	bool replace = out->verdict == VERDICT_REPLACE && packet->length <= PAYLOAD_MAX;
	bool accept = replace || out->verdict == VERDICT_ACCEPT;
	uint32_t length = packet->length;
	struct nlmsghdr *header;

	/* The kernel sends one packet in a datagram, so a batch has room for all; but nothing here depends on it. */
	if (queue->n_verdicts == BATCH || (queue->n_verdicts > 0 && queue->bytes + length > FLUSH_BYTES))
		verdicts_flush(queue);
	header = verdict_start(queue, queue->verdicts[queue->n_verdicts].data, id, accept ? NF_ACCEPT : NF_DROP);
	if (accept && out->mark != packet->mark)
		nfq_nlmsg_verdict_put_mark(header, out->mark);
	queue->ids[queue->n_verdicts] = id;
	queue->starts[queue->n_verdicts++] = queue->n_vectors;
	vector_put(queue, header, header->nlmsg_len);
	if (replace) {
		/* The payload is sent from where it was read: only its attribute header is built here. */
		struct nlattr *attr = mnl_nlmsg_get_payload_tail(header);

		attr->nla_type = NFQA_PAYLOAD;
		attr->nla_len = (uint16_t)(MNL_ATTR_HDRLEN + length);
		queue->vectors[queue->n_vectors - 1].iov_len += MNL_ATTR_HDRLEN;
		header->nlmsg_len += MNL_ATTR_HDRLEN + MNL_ALIGN(length);
		vector_put(queue, packet->data, length);
		if (MNL_ALIGN(length) != length)
			vector_put(queue, padding, MNL_ALIGN(length) - length);
	}
	queue->starts[queue->n_verdicts] = queue->n_vectors;
}

/* ---- packets ---- */

static uint32_t attr_be32(const struct nlattr *attr)
{
	return attr != NULL ? ntohl(mnl_attr_get_u32(attr)) : 0;
}

static enum visit visit_of(const struct snapshot *snapshot, uint8_t hook, uint32_t in_ifindex)
{
	const struct snapshot_interface *interface;

	if (hook == NF_INET_POST_ROUTING)
		return VISIT_TO_OUTSIDE;
	if (hook == NF_INET_LOCAL_OUT)
		return VISIT_OWN_ERROR;
	/* An interface that lost its role a moment ago: the engine, which does not know it either, gives the name. */
	interface = snapshot != NULL ? snapshot_interface(snapshot, in_ifindex) : NULL;
	return interface != NULL && interface->role == ROLE_INSIDE ? VISIT_TURN_BACK : VISIT_FROM_OUTSIDE;
}

static bool packet_read(const struct nlmsghdr *header, const struct snapshot *snapshot, struct packet *packet,
			uint32_t *id)
{
	struct nlattr *attrs[NFQA_MAX + 1] = {NULL};
	const struct nfqnl_msg_packet_hdr *about;
	uint32_t info;

	if (nfq_nlmsg_parse(header, attrs) < 0 || attrs[NFQA_PACKET_HDR] == NULL)
		return false;
	about = mnl_attr_get_payload(attrs[NFQA_PACKET_HDR]);
	*id = ntohl(about->packet_id);
	info = attr_be32(attrs[NFQA_SKB_INFO]);
	packet->data = attrs[NFQA_PAYLOAD] != NULL ? mnl_attr_get_payload(attrs[NFQA_PAYLOAD]) : NULL;
	packet->length = attrs[NFQA_PAYLOAD] != NULL ? mnl_attr_get_payload_len(attrs[NFQA_PAYLOAD]) : 0;
	packet->in_ifindex = attr_be32(attrs[NFQA_IFINDEX_INDEV]);
	packet->out_ifindex = attr_be32(attrs[NFQA_IFINDEX_OUTDEV]);
	packet->mark = attr_be32(attrs[NFQA_MARK]);
	packet->visit = (uint8_t)visit_of(snapshot, about->hook, packet->in_ifindex);
	/* Before routing the kernel already names no output; a packet of the router has no input. */
	if (about->hook == NF_INET_LOCAL_OUT)
		packet->in_ifindex = 0;
	packet->checksum_partial = (info & NFQA_SKB_CSUMNOTREADY) != 0;
	packet->checksum_good = (info & NFQA_SKB_CSUM_NOTVERIFIED) == 0;
	packet->gso = (info & NFQA_SKB_GSO) != 0;
	return true;
}

struct serving {
	struct nfqueue *queue;
	struct engine *engine;
	struct inject *inject;
	const struct snapshot *snapshot;
	uint64_t now;
};

/* end: of the room behind the packet. */
static void serve_packet(struct serving *serving, const struct nlmsghdr *header, const char *end)
{
	struct nfqueue *queue = serving->queue;
	struct out *out = &queue->out;
	struct packet packet;
	uint32_t id;

	if (!packet_read(header, serving->snapshot, &packet, &id))
		return;
	out->n_emitted = 0;
	out->verdict = VERDICT_DROP;
	if (packet.data != NULL) {
		packet.room = (uint32_t)(end - (const char *)packet.data);
		engine_packet(serving->engine, serving->now, &packet, out);
	}
	verdict_put(queue, id, &packet, out);
	for (uint32_t i = 0; i < out->n_emitted; i++)
		inject_send(serving->inject, &out->emitted[i]);
}

static void serve_datagram(struct serving *serving, const struct mmsghdr *datagram)
{
	const char *buffer = datagram->msg_hdr.msg_iov->iov_base, *end = buffer + MESSAGE_SIZE;
	const struct nlmsghdr *header = (const struct nlmsghdr *)buffer;
	int left = (int)datagram->msg_len;

	/* Errors about verdicts for packets that are gone (their interface vanished) come here too: nothing to do. */
	while (mnl_nlmsg_ok(header, left)) {
		const struct nlmsghdr *next = mnl_nlmsg_next(header, &left);

		/* A packet may grow up to the next message: mostly it is the only one. */
		if (header->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
			serve_packet(serving, header, mnl_nlmsg_ok(next, left) ? (const char *)next : end);
		header = next;
	}
}

/* False: nothing left to read. */
static bool serve_batch(struct serving *serving)
{
	struct nfqueue *queue = serving->queue;
	int n = recvmmsg(mnl_socket_get_fd(queue->socket), queue->messages, BATCH, MSG_DONTWAIT, NULL);

	if (n < 0 && errno == ENOBUFS) {
		atomic_fetch_add(&queue->lost, 1);
		return true;
	}
	if (n < 0)
		return errno == EINTR;
	serving->now = clock_now();
	for (int i = 0; i < n; i++)
		serve_datagram(serving, &queue->messages[i]);
	verdicts_flush(queue);
	return n == BATCH;
}

void nfqueue_serve(struct nfqueue *queue, struct engine *engine, struct inject *inject, unsigned budget)
{
	struct serving serving = {
		.queue = queue, .engine = engine, .inject = inject, .snapshot = engine_snapshot(engine)};

	while (budget-- > 0 && serve_batch(&serving))
		continue;
}

/* ---- life ---- */

/* Only root may open the kernel's list of queues, so it is opened with the first queue and read from then on. */
static atomic_int list_fd = -1;

static void list_open(void)
{
	int none = -1, fd = open("/proc/net/netfilter/nfnetlink_queue", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && !atomic_compare_exchange_strong(&list_fd, &none, fd))
		close(fd);
}

/* The queue's line in the list: number, port id, waiting, copy mode, copy range, dropped as the queue was full, dropped as
 * our socket was, ... */
static bool list_find(uint16_t queue, unsigned long *dropped)
{
	char text[16384];
	ssize_t size = pread(atomic_load(&list_fd), text, sizeof(text) - 1, 0);
	unsigned long full, lost;
	unsigned number;

	text[size > 0 ? size : 0] = '\0';
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
		if (sscanf(line, "%u %*u %*u %*u %*u %lu %lu", &number, &full, &lost) == 3 && number == queue) {
			*dropped = full + lost;
			return true;
		}
	return false;
}

static int queue_command(struct nfqueue *queue, uint8_t command)
{
	char buffer[MNL_NLMSG_HDRLEN + 256];
	struct nlmsghdr *header = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, queue->queue);

	nfq_nlmsg_cfg_put_cmd(header, AF_INET, command);
	return netlink_ask(queue->socket, header);
}

static int queue_parameters(struct nfqueue *queue)
{
	char buffer[MNL_NLMSG_HDRLEN + 256];
	struct nlmsghdr *header = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, queue->queue);

	nfq_nlmsg_cfg_put_params(header, NFQNL_COPY_PACKET, (int)PACKET_MAX);
	nfq_nlmsg_cfg_put_qmaxlen(header, QUEUE_LENGTH);
	mnl_attr_put_u32(header, NFQA_CFG_FLAGS, htonl(NFQA_CFG_F_GSO));
	mnl_attr_put_u32(header, NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO));
	return netlink_ask(queue->socket, header);
}

static bool queue_bind(struct nfqueue *queue, struct err *err)
{
	int failed = queue_command(queue, NFQNL_CFG_CMD_BIND);
	unsigned long dropped;

	if (failed == -EBUSY || failed == -EEXIST || (failed == -EPERM && list_find(queue->queue, &dropped)))
		return err_set(err, "packet queue %u belongs to another process (is another algated running here?)",
			       queue->queue);
	if (failed == -EPERM)
		return err_set(err, "packet queue %u: not permitted (CAP_NET_ADMIN is needed)", queue->queue);
	if (failed == -EINVAL || failed == -EOPNOTSUPP)
		return err_set(err, "this kernel lacks packet queues (nfnetlink_queue)");
	if (failed != 0)
		return err_set(err, "packet queue %u: %s", queue->queue, strerror(-failed));
	failed = queue_parameters(queue);
	if (failed != 0)
		return err_set(err, "packet queue %u: whole packets with segmentation offload: %s", queue->queue,
			       strerror(-failed));
	return true;
}

struct nfqueue *nfqueue_new(uint16_t number, struct err *err)
{
	struct nfqueue *queue = mem_alloc(sizeof(*queue));
	int on = 1;

	queue->queue = number;
	queue->buffers = mem_alloc(BATCH * sizeof(*queue->buffers));
	for (unsigned i = 0; i < BATCH; i++) {
		queue->reads[i] = (struct iovec){queue->buffers[i], PACKET_MAX + 1 + 1024};
		queue->messages[i].msg_hdr = (struct msghdr){.msg_iov = &queue->reads[i], .msg_iovlen = 1};
	}
	list_open();
	queue->socket = netlink_open(NETLINK_NETFILTER, 0, err);
	if (queue->socket == NULL || !queue_bind(queue, err)) {
		nfqueue_free(queue);
		return NULL;
	}
	netlink_buffers(mnl_socket_get_fd(queue->socket), RECEIVE_BUFFER, SEND_BUFFER);
	/* Without this a full buffer stops the kernel's delivery until the buffer is empty. */
	mnl_socket_setsockopt(queue->socket, NETLINK_NO_ENOBUFS, &on, sizeof(on));
	return queue;
}

void nfqueue_free(struct nfqueue *queue)
{
	if (queue == NULL)
		return;
	if (queue->socket != NULL)
		mnl_socket_close(queue->socket);
	free(queue->buffers);
	free(queue);
}

int nfqueue_fd(const struct nfqueue *queue)
{
	return mnl_socket_get_fd(queue->socket);
}

uint64_t nfqueue_lost(const struct nfqueue *queue)
{
	return atomic_load(&queue->lost);
}

uint64_t nfqueue_kernel_drops(uint16_t queue)
{
	unsigned long dropped;

	return list_find(queue, &dropped) ? dropped : 0;
}
