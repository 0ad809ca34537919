/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets the engine makes. Promises that each leaves marked as ours (so no chain of ours takes it again) and in pieces
 * that fit its way. May not wait and may not change anything but fragment fields.
 */
#include <netinet/in.h>
#include <netinet/ip.h>

#include "net/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mem.h"

struct inject {
	int raw;
	int probe; /* unconnected UDP socket: asks the kernel for a way's MTU, sends nothing */
	uint16_t id;
	uint64_t failed;
};

static bool inject_open(struct inject *inject, struct err *err)
{
	int none = 0;

	inject->raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
	if (inject->raw < 0)
		return err_set(err, "raw socket: %s", strerror(errno));
	inject->probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (inject->probe < 0)
		return err_set(err, "UDP socket: %s", strerror(errno));
	setsockopt(inject->raw, SOL_SOCKET, SO_RCVBUF, &none, sizeof(none));
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
	return MARK_INJECTED | MARK_DONE | (uint32_t)packet->vrf << MARK_VRF_SHIFT;
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
static int send_piece(struct inject *inject, const struct emitted *packet, const void *data, size_t length)
{
	const struct iphdr *ip = data;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = ip->daddr};
	struct in_pktinfo way = {.ipi_ifindex = (int)packet->ifindex};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(way))] = {0};
	struct iovec vector = {(void *)data, length};
	struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &vector, .msg_iovlen = 1,
				 .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg = NULL;
	uint32_t mark = inject_mark(packet);

	cmsg_put(&message, &cmsg, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	if (packet->ifindex != 0)
		cmsg_put(&message, &cmsg, IPPROTO_IP, IP_PKTINFO, &way, sizeof(way));
	else
		message.msg_controllen = CMSG_SPACE(sizeof(mark));
	return sendmsg(inject->raw, &message, 0) < 0 ? errno : 0;
}

/* The MTU towards the destination, as the routing table and what was learnt of the path have it; 0: unknown. */
static size_t way_mtu(struct inject *inject, const struct emitted *packet)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	uint32_t mark = inject_mark(packet);
	int mtu = 0;
	socklen_t size = sizeof(mtu);

	memcpy(&to.sin_addr, packet->data + offsetof(struct iphdr, daddr), 4);
	setsockopt(inject->probe, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	if (connect(inject->probe, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    getsockopt(inject->probe, IPPROTO_IP, IP_MTU, &mtu, &size) < 0)
		mtu = 0;
	connect(inject->probe, &none, sizeof(none));
	return mtu > 0 ? (size_t)mtu : 0;
}

/* Options without the copy bit belong into the first fragment only (RFC 791, 3.1); later ones get no-operations. */
static void blank_options(uint8_t *option, size_t length)
{
	while (length > 0 && *option != IPOPT_EOL) {
		size_t size = *option == IPOPT_NOP ? 1 : length > 1 ? option[1] : length;

		if (size == 0 || size > length || (*option != IPOPT_NOP && size < 2))
			size = length;
		if (!IPOPT_COPIED(*option))
			memset(option, IPOPT_NOP, size);
		option += size;
		length -= size;
	}
}

static bool send_pieces(struct inject *inject, const struct emitted *packet, size_t mtu)
{
	uint8_t piece[sizeof(packet->data)];
	struct iphdr *ip = (struct iphdr *)piece;
	const struct iphdr *whole = (const struct iphdr *)packet->data;
	size_t header = whole->ihl * 4u, length = packet->length;
	uint16_t fields = ntohs(whole->frag_off);
	size_t step;

	if (mtu < header + 8 || length <= header || (fields & IP_DF))
		return false;
	step = (mtu - header) & ~(size_t)7;
	memcpy(piece, packet->data, header);
	if (ip->id == 0)
		ip->id = htons(++inject->id);
	for (size_t done = header; done < length; done += step) {
		size_t size = length - done < step ? length - done : step;
		bool more = done + size < length || (fields & IP_MF);
		size_t offset = (size_t)(fields & IP_OFFMASK) + (done - header) / 8;

		memcpy(piece + header, packet->data + done, size);
		ip->tot_len = htons((uint16_t)(header + size));
		ip->frag_off = htons((uint16_t)(offset | (more ? IP_MF : 0)));
		if (send_piece(inject, packet, piece, header + size) != 0)
			return false;
		blank_options(piece + sizeof(*ip), header - sizeof(*ip));
	}
	return true;
}

bool inject_send(struct inject *inject, const struct emitted *packet)
{
	size_t header;
	int failed;

	if (packet->length < sizeof(struct iphdr) || packet->length > sizeof(packet->data))
		goto lost;
	header = (packet->data[0] & 0x0f) * 4u;
	if (header < sizeof(struct iphdr) || header > packet->length)
		goto lost;
	failed = send_piece(inject, packet, packet->data, packet->length);
	/* The kernel does not fragment what comes with its own header. */
	if (failed == 0 || (failed == EMSGSIZE && send_pieces(inject, packet, way_mtu(inject, packet))))
		return true;
lost:
	inject->failed++;
	return false;
}
