/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets in, verdicts out: one socket for several queues. Promises that every packet it was given gets exactly one verdict,
 * those of a queue in the order in which they came, and that a packet it cannot hand back whole is dropped, never accepted as it
 * was. May not keep a packet by its queue id, and may not look into it: that is the engine's.
 *
 * The socket is a FIFO. Who floods it makes flows or is refused: where that is most of a batch, all that waits is read, as far as
 * there is room, and the queues have turns (turns.c), for reading is a tenth of what such a packet costs. Packets of known flows
 * are served as they come, while they are in the cache.
 */
#include <netinet/in.h>

#include "net/nfqueue.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/sparse.h"
#include "net/netlink.h"
#include "net/turns.h"

#define BATCH 64 /* most packets that are read at once, and served */
#define PACKET_MAX 65535u
/* In front of a message: room for the head of a verdict, whose payload lies where the packet was read. */
#define FRONT 64
/* Front, attributes around the packet, and room for a packet to grow in place. Five cache lines more than whole pages: the
 * packets of a batch would else meet in the same few sets of the first cache. */
#define MESSAGE_SIZE (PACKET_MAX + 1 + 4096 + 5 * 64)
/* A longer payload attribute wraps its 16-bit length, and the kernel then accepts the original. */
#define PAYLOAD_MAX 65531u
/* The kernel copies a send into one block: larger ones cost more than the calls they save. */
#define FLUSH_BYTES (256u << 10)
/* Of each of the queues: how long who floods waits for himself. All have one socket; two full queues fit TURNS_PLACES, and
 * others do not wait for them to be served. Where more are full, others wait for a place (some 10 ms where all sources flood).
 * Less would lose bursts of a source that does not flood. */
#define QUEUE_LENGTH 512u
/* Full queues of what fits an Ethernet frame; packets that segmentation offload made large fill it sooner. */
#define RECEIVE_BUFFER (64 << 20)
#define SEND_BUFFER (8 << 20)

struct verdict_head {
	struct nlmsghdr header;
	struct nfgenmsg about;
	struct nlattr attr;
	struct nfqnl_msg_verdict_hdr value;
};

struct mark_head {
	struct nlattr attr;
	uint32_t value;
};

static_assert(NET_QUEUES <= TURNS_QUEUES, "each queue has its turn");
static_assert(sizeof(struct verdict_head) + sizeof(struct mark_head) + sizeof(struct nlattr) <= FRONT,
	      "a verdict's head fits in front of a message");

/* A packet between reading and verdict. */
struct queued {
	uint32_t id;
	uint16_t queue; /* network byte order */
	bool first; /* of its datagram: nothing that was not sent yet lies before it */
	char *message;
	struct packet packet;
	struct prepared prepared;
};

struct nfqueue {
	struct mnl_socket *socket;
	atomic_uint_fast64_t lost;
	struct verdict_head head; /* of every verdict */
	uint16_t first; /* of the queues */
	/* What was read ahead. A place has a buffer, and the length of what lies there. */
	struct turns turns;
	char (*buffers)[MESSAGE_SIZE];
	uint32_t lengths[TURNS_PLACES];
	uint16_t spare[TURNS_PLACES]; /* places with nothing in them */
	uint32_t n_spare;
	bool armed;	  /* reads goes to the last of the spare places */
	uint32_t dear;	  /* of the last batch: how many made a flow or were refused */
	atomic_bool more; /* something was read and not served yet */
	struct mmsghdr messages[BATCH];
	struct iovec reads[BATCH];
	/* Of the batch in hand: its packets, and what is to be sent. */
	struct queued queued[BATCH];
	uint32_t n_queued, n_verdicts;
	size_t bytes;
	const struct queued *answered[BATCH]; /* by verdict */
	struct iovec verdicts[BATCH];
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

static void attr_put(void *at, uint16_t type, uint32_t length)
{
	struct nlattr attr = {.nla_len = (uint16_t)(sizeof(attr) + length), .nla_type = type};

	memcpy(at, &attr, sizeof(attr));
}

/* What all verdicts have in common. */
static struct verdict_head head_make(void)
{
	struct verdict_head head = {
		.header = {.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT, .nlmsg_flags = NLM_F_REQUEST},
		.about = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0},
	};

	attr_put(&head.attr, NFQA_VERDICT_HDR, sizeof(head.value));
	return head;
}

/* length: of the whole message. */
static void head_put(const struct nfqueue *queue, char *at, const struct queued *queued, uint32_t verdict, size_t length)
{
	struct verdict_head head = queue->head;

	head.header.nlmsg_len = (uint32_t)length;
	head.about.res_id = queued->queue;
	head.value.verdict = htonl(verdict);
	head.value.id = htonl(queued->id);
	memcpy(at, &head, sizeof(head));
}

/* No memory for the whole batch, perhaps: one by one, and what still does not go is dropped, so that the kernel does
 * not keep it for ever. */
static void flush_singly(struct nfqueue *queue)
{
	for (uint32_t i = 0; i < queue->n_verdicts; i++) {
		struct iovec *verdict = &queue->verdicts[i];

		if (send_vectors(queue, verdict, 1))
			continue;
		atomic_fetch_add(&queue->lost, 1);
		verdict->iov_len = sizeof(struct verdict_head);
		head_put(queue, verdict->iov_base, queue->answered[i], NF_DROP, verdict->iov_len);
		send_vectors(queue, verdict, 1);
	}
}

static void verdicts_flush(struct nfqueue *queue)
{
	if (queue->n_verdicts > 0 && !send_vectors(queue, queue->verdicts, queue->n_verdicts))
		flush_singly(queue);
	queue->n_verdicts = 0;
	queue->bytes = 0;
}

/* The head is written in front of the payload, over the message that brought it, and both are sent from there. What pads
 * the payload are bytes of the buffer: the kernel does not look at them. */
static void verdict_put(struct nfqueue *queue, const struct queued *queued, const struct out *out)
{
	const struct packet *packet = &queued->packet;
	bool replace = out->verdict == VERDICT_REPLACE && packet->length <= PAYLOAD_MAX;
	bool accept = replace || out->verdict == VERDICT_ACCEPT;
	bool mark = accept && out->mark != packet->mark;
	size_t length = sizeof(struct verdict_head) + (mark ? sizeof(struct mark_head) : 0);
	char *at = replace ? (char *)packet->data - sizeof(struct nlattr) - length : queued->message - length;
	size_t whole = length + (replace ? sizeof(struct nlattr) + MNL_ALIGN(packet->length) : 0);

	/* The kernel sends one packet in a datagram, so nothing unsent is overwritten and a batch has room for all; but
	 * nothing here depends on it. */
	if (queue->n_verdicts == BATCH || !queued->first ||
	    (queue->n_verdicts > 0 && queue->bytes + whole > FLUSH_BYTES))
		verdicts_flush(queue);
	head_put(queue, at, queued, accept ? NF_ACCEPT : out->verdict == VERDICT_CUT ? NF_QUEUE_NR(NET_QUEUE_CUT) : NF_DROP, whole);
	if (mark) {
		uint32_t value = htonl(out->mark);

		attr_put(at + sizeof(struct verdict_head), NFQA_MARK, sizeof(value));
		memcpy(at + sizeof(struct verdict_head) + sizeof(struct nlattr), &value, sizeof(value));
	}
	if (replace)
		attr_put(at + length, NFQA_PAYLOAD, packet->length);
	queue->answered[queue->n_verdicts] = queued;
	queue->verdicts[queue->n_verdicts++] = (struct iovec){at, whole};
	queue->bytes += whole;
}

/* ---- packets ---- */

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

static uint32_t be32(const void *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return ntohl(value);
}

/* The smallest payload of an attribute that is read. */
static uint32_t attr_least(uint16_t type)
{
	switch (type) {
	case NFQA_PACKET_HDR:
		return sizeof(struct nfqnl_msg_packet_hdr);
	case NFQA_MARK:
	case NFQA_IFINDEX_INDEV:
	case NFQA_IFINDEX_OUTDEV:
	case NFQA_SKB_INFO:
		return sizeof(uint32_t);
	default:
		return 0;
	}
}

static void attr_read(struct queued *queued, uint16_t type, uint8_t *value, uint32_t length)
{
	struct packet *packet = &queued->packet;

	switch (type) {
	case NFQA_MARK:
		packet->mark = be32(value);
		break;
	case NFQA_IFINDEX_INDEV:
		packet->in_ifindex = be32(value);
		break;
	case NFQA_IFINDEX_OUTDEV:
		packet->out_ifindex = be32(value);
		break;
	case NFQA_SKB_INFO:
		packet->checksum_partial = (be32(value) & NFQA_SKB_CSUMNOTREADY) != 0;
		packet->checksum_good = (be32(value) & NFQA_SKB_CSUM_NOTVERIFIED) == 0;
		packet->gso = (be32(value) & NFQA_SKB_GSO) != 0;
		break;
	case NFQA_PAYLOAD:
		packet->data = value;
		packet->length = length;
		break;
	default:
		break;
	}
}

/* about: the packet's id and hook; NULL if the message has none, and then nobody can answer it. */
static const struct nfqnl_msg_packet_hdr *attrs_read(struct queued *queued, char *at, const char *end)
{
	const struct nfqnl_msg_packet_hdr *about = NULL;
	struct nlattr attr;

	while (end - at >= (ptrdiff_t)sizeof(attr)) {
		uint16_t type;

		memcpy(&attr, at, sizeof(attr));
		type = attr.nla_type & NLA_TYPE_MASK;
		if (attr.nla_len < sizeof(attr) + attr_least(type) || attr.nla_len > end - at)
			break;
		if (type == NFQA_PACKET_HDR)
			about = (const struct nfqnl_msg_packet_hdr *)(at + sizeof(attr));
		else
			attr_read(queued, type, (uint8_t *)at + sizeof(attr), attr.nla_len - sizeof(attr));
		if (end - at < (ptrdiff_t)MNL_ALIGN(attr.nla_len))
			break;
		at += MNL_ALIGN(attr.nla_len);
	}
	return about;
}

static bool message_read(const struct nlmsghdr *header, const struct snapshot *snapshot, struct queued *queued)
{
	char *message = (char *)header;
	const struct nfqnl_msg_packet_hdr *about;
	struct packet *packet = &queued->packet;
	struct nfgenmsg family;

	if (header->nlmsg_len < sizeof(*header) + sizeof(struct nfgenmsg))
		return false;
	queued->message = message;
	/* No payload at all is none that is long enough: the engine has a name for it. */
	*packet = (struct packet){.checksum_good = true, .data = (uint8_t *)message};
	about = attrs_read(queued, message + sizeof(*header) + sizeof(struct nfgenmsg), message + header->nlmsg_len);
	if (about == NULL)
		return false;
	memcpy(&family, message + sizeof(*header), sizeof(family));
	queued->queue = family.res_id;
	queued->id = ntohl(about->packet_id);
	packet->visit = (uint8_t)visit_of(snapshot, about->hook, packet->in_ifindex);
	/* Before routing the kernel already names no output; a packet of the router has no input. */
	if (about->hook == NF_INET_LOCAL_OUT)
		packet->in_ifindex = 0;
	return true;
}

struct serving {
	struct nfqueue *queue;
	struct engine *engine;
	struct inject *inject;
	const struct snapshot *snapshot;
	uint64_t now;
};

static void serve_packet(struct serving *serving, struct queued *queued)
{
	struct out *out = &serving->queue->out;

	out->n_emitted = 0;
	engine_packet(serving->engine, serving->now, &queued->packet, out);
	serving->queue->dear += out->verdict == VERDICT_DROP || out->reason == REASON_TRANSLATED_NEW;
	verdict_put(serving->queue, queued, out);
	/* What came before goes before: a connection's segments are not to overtake each other. */
	if (out->n_emitted > 0)
		verdicts_flush(serving->queue);
	for (uint32_t i = 0; i < out->n_emitted; i++)
		inject_send(serving->inject, &out->emitted[i]);
}

static void serve_queued(struct serving *serving)
{
	struct nfqueue *queue = serving->queue;

	for (uint32_t i = 0; i < queue->n_queued; i++)
		serve_packet(serving, &queue->queued[i]);
	queue->n_queued = 0;
	verdicts_flush(queue);
}

/* end: of the room behind the packet. */
static void take_message(struct serving *serving, const struct nlmsghdr *header, bool first, const char *end)
{
	struct nfqueue *queue = serving->queue;
	struct queued *queued;

	if (queue->n_queued == BATCH)
		serve_queued(serving);
	queued = &queue->queued[queue->n_queued];
	if (!message_read(header, serving->snapshot, queued))
		return;
	queue->n_queued++;
	queued->first = first;
	queued->packet.room = (uint32_t)(end - (const char *)queued->packet.data);
	queued->packet.prepared = &queued->prepared;
	engine_prepare(serving->engine, &queued->packet, &queued->prepared);
}

static void take_datagram(struct serving *serving, uint16_t place)
{
	const char *buffer = serving->queue->buffers[place] + FRONT, *end = buffer - FRONT + MESSAGE_SIZE;
	const struct nlmsghdr *header = (const struct nlmsghdr *)buffer;
	int left = (int)serving->queue->lengths[place];

	/* Errors about verdicts for packets that are gone (their interface vanished) come here too: nothing to do. */
	while (mnl_nlmsg_ok(header, left)) {
		const struct nlmsghdr *next = mnl_nlmsg_next(header, &left);

		/* A packet may grow up to the next message: mostly it is the only one. */
		if (header->nlmsg_type == (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
			take_message(serving, header, (const char *)header == buffer,
				     mnl_nlmsg_ok(next, left) ? (const char *)next : end);
		header = next;
	}
}

static void serve_places(struct serving *serving, const uint16_t *places, uint32_t n)
{
	serving->queue->dear = 0;
	for (uint32_t i = 0; i < n; i++)
		take_datagram(serving, places[i]);
	serve_queued(serving);
}

/* ---- reading ---- */

/* The i-th to be read into: the one that was used last is the first. */
static uint16_t spare_at(const struct nfqueue *queue, uint32_t i)
{
	return queue->spare[queue->n_spare - 1 - i];
}

static uint32_t reads_room(const struct nfqueue *queue)
{
	return queue->n_spare < BATCH ? queue->n_spare : BATCH;
}

static void reads_arm(struct nfqueue *queue)
{
	for (uint32_t i = 0; i < reads_room(queue); i++)
		queue->reads[i].iov_base = queue->buffers[spare_at(queue, i)] + FRONT;
	queue->armed = true;
}

/* Into spare places, which stay spare. How many. */
static uint32_t read_batch(struct nfqueue *queue, int flags)
{
	int n;

	if (!queue->armed)
		reads_arm(queue);
	n = recvmmsg(mnl_socket_get_fd(queue->socket), queue->messages, reads_room(queue), flags, NULL);
	if (n < 0 && errno == ENOBUFS)
		atomic_fetch_add(&queue->lost, 1);
	for (int i = 0; i < n; i++)
		queue->lengths[spare_at(queue, (uint32_t)i)] = queue->messages[i].msg_len;
	return n > 0 ? (uint32_t)n : 0;
}

/* Which of the queues a datagram is of; what is no packet goes with any. */
static uint32_t queue_of(const struct nfqueue *queue, uint16_t place)
{
	const char *buffer = queue->buffers[place] + FRONT;
	struct nfgenmsg about;
	uint16_t number;

	if (queue->lengths[place] < sizeof(struct nlmsghdr) + sizeof(about))
		return 0;
	memcpy(&about, buffer + sizeof(struct nlmsghdr), sizeof(about));
	number = (uint16_t)(ntohs(about.res_id) - queue->first);
	return number < TURNS_QUEUES ? number : 0;
}

/* What was read waits for its turn. */
static void line_up(struct nfqueue *queue, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		turns_put(&queue->turns, queue_of(queue, spare_at(queue, i)), spare_at(queue, i));
	queue->n_spare -= n;
	queue->armed = false;
}

static void read_ahead(struct nfqueue *queue)
{
	uint32_t n = BATCH;

	while (n == BATCH && queue->n_spare > 0) {
		n = read_batch(queue, MSG_DONTWAIT);
		line_up(queue, n);
	}
}

static uint32_t serve_turns(struct serving *serving)
{
	struct nfqueue *queue = serving->queue;
	uint16_t places[BATCH];
	uint32_t n;

	read_ahead(queue);
	n = turns_take(&queue->turns, places, BATCH);
	atomic_store_explicit(&queue->more, queue->turns.n > 0, memory_order_relaxed);
	serve_places(serving, places, n);
	for (uint32_t i = 0; i < n; i++)
		queue->spare[queue->n_spare++] = places[i];
	queue->armed = false;
	return n;
}

/* In the order in which it came. */
static void serve_read(struct serving *serving, uint32_t n)
{
	uint16_t places[BATCH];

	for (uint32_t i = 0; i < n; i++)
		places[i] = spare_at(serving->queue, i);
	serve_places(serving, places, n);
}

bool nfqueue_serve(struct nfqueue *queue, struct engine *engine, struct inject *inject, bool wait, struct nfqueue_turn *turn)
{
	struct serving serving = {
		.queue = queue, .engine = engine, .inject = inject, .snapshot = engine_snapshot(engine)};
	uint32_t n = 0;
	bool in_turns = queue->turns.n > 0;

	if (!in_turns) {
		n = read_batch(queue, wait ? MSG_WAITFORONE : MSG_DONTWAIT);
		in_turns = n == BATCH && queue->dear > BATCH / 2;
		if (in_turns)
			line_up(queue, n);
	}
	turn->now = serving.now = clock_now();
	turn->more = n == BATCH;
	if (in_turns) {
		n = serve_turns(&serving);
		turn->more = queue->turns.n > 0;
	} else {
		serve_read(&serving, n);
	}
	return n > 0;
}

/* ---- life ---- */

static int queue_command(struct nfqueue *queue, uint16_t number, uint8_t command)
{
	char buffer[MNL_NLMSG_HDRLEN + 256];
	struct nlmsghdr *header = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, number);

	nfq_nlmsg_cfg_put_cmd(header, AF_INET, command);
	return netlink_ask(queue->socket, header);
}

static int queue_parameters(struct nfqueue *queue, uint16_t number)
{
	char buffer[MNL_NLMSG_HDRLEN + 256];
	struct nlmsghdr *header = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, number);

	nfq_nlmsg_cfg_put_qmaxlen(header, QUEUE_LENGTH);
	mnl_attr_put_u32(header, NFQA_CFG_FLAGS, number == NET_QUEUE_CUT ? 0 : htonl(NFQA_CFG_F_GSO));
	mnl_attr_put_u32(header, NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO));
	return netlink_ask(queue->socket, header);
}

static bool queue_bind(struct nfqueue *queue, uint16_t number, struct err *err)
{
	int failed = queue_command(queue, number, NFQNL_CFG_CMD_BIND);

	if (failed == -EBUSY || failed == -EEXIST || (failed == -EPERM && nfqueue_is_bound(number)))
		return err_set(err, "packet queue %u belongs to another process (is another algated running here?)", number);
	if (failed == -EPERM)
		return err_set(err, "packet queue %u: not permitted (CAP_NET_ADMIN is needed)", number);
	if (failed == -EINVAL || failed == -EOPNOTSUPP)
		return err_set(err, "this kernel lacks packet queues (nfnetlink_queue)");
	if (failed != 0)
		return err_set(err, "packet queue %u: %s", number, strerror(-failed));
	failed = queue_parameters(queue, number);
	if (failed != 0)
		return err_set(err, "packet queue %u: segmentation offload: %s", number, strerror(-failed));
	return true;
}

/* Until a queue has a copy mode the kernel drops what comes. From then on packets come to the socket, where an answer is not to
 * be waited for any more: so this is all said at once, and last. */
static bool queues_start(struct nfqueue *queue, uint16_t first, uint16_t n, struct err *err)
{
	enum { ROOM = 64 };
	char *text = mem_alloc((size_t)n * ROOM);
	struct iovec vector = {text, 0};
	bool sent;

	for (uint16_t i = 0; i < n; i++) {
		struct nlmsghdr *header = nfq_nlmsg_put(text + vector.iov_len, NFQNL_MSG_CONFIG, (uint32_t)first + i);

		nfq_nlmsg_cfg_put_params(header, NFQNL_COPY_PACKET, (int)PACKET_MAX);
		vector.iov_len += header->nlmsg_len;
	}
	sent = send_vectors(queue, &vector, 1);
	free(text);
	return sent || err_set(err, "packet queues: whole packets: %s", strerror(errno));
}

static void make_buffers(struct nfqueue *queue)
{
	queue->buffers = sparse_new(TURNS_PLACES * sizeof(*queue->buffers));
	while (queue->n_spare < TURNS_PLACES) {
		queue->spare[queue->n_spare] = (uint16_t)(TURNS_PLACES - 1 - queue->n_spare);
		queue->n_spare++;
	}
	for (unsigned i = 0; i < BATCH; i++) {
		queue->reads[i].iov_len = PACKET_MAX + 1 + 1024;
		queue->messages[i].msg_hdr = (struct msghdr){.msg_iov = &queue->reads[i], .msg_iovlen = 1};
	}
}

struct nfqueue *nfqueue_new(uint16_t first, uint16_t n, struct err *err)
{
	struct nfqueue *queue = mem_alloc(sizeof(*queue));
	int on = 1;
	bool bound;

	queue->head = head_make();
	queue->first = first;
	make_buffers(queue);
	queue->socket = netlink_open(NETLINK_NETFILTER, 0, err);
	bound = queue->socket != NULL;
	for (uint16_t i = 0; i < n && bound; i++)
		bound = queue_bind(queue, first + i, err);
	if (bound) {
		netlink_buffers(mnl_socket_get_fd(queue->socket), RECEIVE_BUFFER, SEND_BUFFER);
		/* Without this a full buffer stops the kernel's delivery until the buffer is empty. */
		mnl_socket_setsockopt(queue->socket, NETLINK_NO_ENOBUFS, &on, sizeof(on));
	}
	if (bound && queues_start(queue, first, n, err))
		return queue;
	nfqueue_free(queue);
	return NULL;
}

void nfqueue_free(struct nfqueue *queue)
{
	if (queue == NULL)
		return;
	if (queue->socket != NULL)
		mnl_socket_close(queue->socket);
	sparse_free(queue->buffers, TURNS_PLACES * sizeof(*queue->buffers));
	free(queue);
}

struct mnl_socket *nfqueue_socket(const struct nfqueue *queue)
{
	return queue->socket;
}

const atomic_bool *nfqueue_more(const struct nfqueue *queue)
{
	return &queue->more;
}

uint64_t nfqueue_lost(const struct nfqueue *queue)
{
	return atomic_load(&queue->lost);
}
