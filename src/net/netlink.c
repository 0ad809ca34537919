/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and dumps over libmnl. Promises that an answer belongs to its request (sequence numbers), and that no call
 * blocks: the kernel answers while the request is being sent. May not interpret what it carries.
 */
#include "net/netlink.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

static atomic_uint netlink_sequence = 1;

static void buffer_size(int fd, int forced, int plain, int size)
{
	if (size > 0 && setsockopt(fd, SOL_SOCKET, forced, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

void netlink_buffers(int fd, int receive, int send)
{
	buffer_size(fd, SO_RCVBUFFORCE, SO_RCVBUF, receive);
	buffer_size(fd, SO_SNDBUFFORCE, SO_SNDBUF, send);
}

struct mnl_socket *netlink_open(int bus, unsigned groups, struct err *err)
{
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);

	if (socket == NULL) {
		err_set(err, "netlink socket: %s", strerror(errno));
		return NULL;
	}
	if (mnl_socket_bind(socket, groups, MNL_SOCKET_AUTOPID) < 0) {
		err_set(err, "netlink bind: %s", strerror(errno));
		mnl_socket_close(socket);
		return NULL;
	}
	netlink_buffers(mnl_socket_get_fd(socket), 4 << 20, 1 << 20);
	return socket;
}

/* Answers until the acknowledgement, the end of the dump or an error. */
static int netlink_answers(struct mnl_socket *socket, unsigned sequence, mnl_cb_t fn, void *arg)
{
	char buffer[NETLINK_BUFFER];
	unsigned portid = mnl_socket_get_portid(socket);
	int state = MNL_CB_OK;

	while (state > MNL_CB_STOP) {
		ssize_t size = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		if (size < 0)
			return -errno;
		state = mnl_cb_run(buffer, (size_t)size, sequence, portid, fn, arg);
		/* What an interrupted request left behind is no answer to this one. */
		if (state < 0 && (errno == EPROTO || errno == ESRCH)) {
			const struct nlmsghdr *first = (const struct nlmsghdr *)buffer;

			if (first->nlmsg_seq != sequence)
				state = MNL_CB_OK;
		}
	}
	return state < 0 ? -errno : 0;
}

int netlink_get(struct mnl_socket *socket, struct nlmsghdr *request, mnl_cb_t fn, void *arg)
{
	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = atomic_fetch_add(&netlink_sequence, 1);
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	return netlink_answers(socket, request->nlmsg_seq, fn, arg);
}

int netlink_ask(struct mnl_socket *socket, struct nlmsghdr *request)
{
	return netlink_get(socket, request, NULL, NULL);
}

int netlink_dump(struct mnl_socket *socket, struct nlmsghdr *request, mnl_cb_t fn, void *arg)
{
	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = atomic_fetch_add(&netlink_sequence, 1);
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	return netlink_answers(socket, request->nlmsg_seq, fn, arg);
}
