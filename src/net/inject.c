/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets the engine makes. Promises that each leaves marked as ours (so no chain of ours takes it again) and in pieces
 * that fit its way. May not wait and may not change anything but fragment fields.
 */
#include <netinet/in.h>
#include <netinet/ip.h>

#include "net/net.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mem.h"
#include "nat/cut.h"

#define SEND_ROOM (8 << 20)

struct inject {
	int raw;
	int probe; /* unconnected UDP socket: asks the kernel for a way's MTU, sends nothing */
	uint16_t id;
	atomic_uint_fast64_t lost;
};

static bool inject_open(struct inject *inject, struct err *err)
{
	int none = 0, on = 1, room = SEND_ROOM;

	inject->raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
	if (inject->raw < 0)
		return err_set(err, "raw socket: %s", strerror(errno));
	inject->probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (inject->probe < 0)
		return err_set(err, "UDP socket: %s", strerror(errno));
	setsockopt(inject->raw, SOL_SOCKET, SO_RCVBUF, &none, sizeof(none));
	/* The pieces of one batch of datagrams must find room, for nobody waits. */
	setsockopt(inject->raw, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	/* Pieces we cut are to leave as we cut them, also where the host tracks connections. */
	setsockopt(inject->raw, IPPROTO_IP, IP_NODEFRAG, &on, sizeof(on));
	return true;
}

struct inject *inject_new(struct err *err)
{
	struct inject *inject = mem_alloc(sizeof(*inject));

	inject->raw = inject->probe = -1;
	if (inject_open(inject, err))
		return inject;
	inject_free(inject);
	return NULL;
}

void inject_free(struct inject *inject)
{
	if (inject == NULL)
		return;
	if (inject->raw >= 0)
		close(inject->raw);
	if (inject->probe >= 0)
		close(inject->probe);
	free(inject);
}

static uint32_t inject_mark(const struct emitted *packet)
{
	return MARK_INJECTED | MARK_DONE | (packet->inward ? MARK_INWARD : 0) |
	       (uint32_t)packet->vrf << MARK_VRF_SHIFT;
}

static void cmsg_put(struct msghdr *message, struct cmsghdr **cmsg, int level, int type, const void *data, size_t size)
{
	*cmsg = *cmsg == NULL ? CMSG_FIRSTHDR(message) : CMSG_NXTHDR(message, *cmsg);
	(*cmsg)->cmsg_level = level;
	(*cmsg)->cmsg_type = type;
	(*cmsg)->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(*cmsg), data, size);
}

/* 0 or an errno. */
static int send_piece(struct inject *inject, const struct emitted *packet, const struct cut_piece *piece)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct in_pktinfo way = {.ipi_ifindex = (int)packet->ifindex};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(way))] = {0};
	struct iovec vectors[] = {{(void *)piece->header, piece->header_length}, {(void *)piece->data, piece->length}};
	struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = vectors, .msg_iovlen = 2,
				 .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg = NULL;
	uint32_t mark = inject_mark(packet);

	memcpy(&to.sin_addr, piece->header + offsetof(struct iphdr, daddr), 4);
	cmsg_put(&message, &cmsg, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	if (packet->ifindex != 0)
		cmsg_put(&message, &cmsg, IPPROTO_IP, IP_PKTINFO, &way, sizeof(way));
	else
		message.msg_controllen = CMSG_SPACE(sizeof(mark));
	return sendmsg(inject->raw, &message, 0) < 0 ? errno : 0;
}

/* The MTU towards the destination, as the routing table and what was learnt of the path have it; 0: unknown. */
static size_t way_mtu(struct inject *inject, const struct emitted *packet, const uint8_t *data)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	uint32_t mark = inject_mark(packet);
	int mtu = 0;
	socklen_t size = sizeof(mtu);

	memcpy(&to.sin_addr, data + offsetof(struct iphdr, daddr), 4);
	setsockopt(inject->probe, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	if (connect(inject->probe, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    getsockopt(inject->probe, IPPROTO_IP, IP_MTU, &mtu, &size) < 0)
		mtu = 0;
	connect(inject->probe, &none, sizeof(none));
	return mtu > 0 ? (size_t)mtu : 0;
}

/* 0 or an errno; EMSGSIZE: nothing was sent, smaller pieces may pass. */
static int send_pieces(struct inject *inject, const struct emitted *packet, const uint8_t *data, size_t limit)
{
	struct cut_piece piece;
	struct cut cut;
	int failed = 0;

	if (++inject->id == 0)
		inject->id = 1;
	if (!cut_start(&cut, data, packet->length, (uint32_t)limit, inject->id))
		return EINVAL;
	while (failed == 0 && cut_next(&cut, &piece))
		failed = send_piece(inject, packet, &piece);
	return failed;
}

bool inject_send(struct inject *inject, const struct emitted *packet)
{
	const uint8_t *data = packet->large != NULL ? packet->large : packet->data;
	size_t limit = packet->piece, mtu;
	int failed = EINVAL;

	if (packet->length >= sizeof(struct iphdr) &&
	    (packet->large != NULL || packet->length <= sizeof(packet->data)))
		failed = send_pieces(inject, packet, data, limit);
	/* The kernel does not fragment what comes with its own header. All but the last piece are of one size, so it is the
	 * first one that is too large. */
	if (failed == EMSGSIZE) {
		mtu = way_mtu(inject, packet, data);
		if (mtu != 0)
			failed = send_pieces(inject, packet, data, limit != 0 && limit < mtu ? limit : mtu);
	}
	if (failed != 0)
		atomic_fetch_add(&inject->lost, 1);
	return failed == 0;
}

uint64_t inject_lost(const struct inject *inject)
{
	return atomic_load(&inject->lost);
}
