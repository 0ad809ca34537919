/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mirror of Linux. Promises that after each read it is what Linux has, whatever was lost, renamed, deleted or made
 * anew in between: a message only says that something changed, what there is comes from a dump. An interface keeps the
 * name it was first seen under while its index lives, so that a rename under our feet changes nothing in the
 * configuration. May not change anything in Linux.
 */
#include "net/link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "net/names.h"
#include "net/net.h"
#include "net/netlink.h"

#define DUMP_TRIES 16

struct retired {
	struct retired *next;
	struct mirror mirror;
};

/* What messages told about an interface. */
struct seen {
	uint32_t downs;
	bool up;
};

struct link {
	struct mnl_socket *requests, *events;
	struct retired *current; /* the first is the mirror, behind it those replaced */
	struct seen *seen;       /* by index, as far as n_seen */
	uint32_t n_seen;
};

/* ---- one dump each ---- */

static int read_interface(const struct nlmsghdr *message, void *arg)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct mirror *mirror = arg;
	struct mirror_interface *interface;
	const struct nlattr *attr;

	if (message->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	/* Grown by doubling: the count is a power of two when it is full. */
	if ((mirror->n_interfaces & (mirror->n_interfaces - 1)) == 0)
		mirror->interfaces = mem_grow(mirror->interfaces, mirror->n_interfaces * 2u + 1,
					      sizeof(*mirror->interfaces));
	interface = &mirror->interfaces[mirror->n_interfaces++];
	memset(interface, 0, sizeof(*interface));
	interface->index = (uint32_t)info->ifi_index;
	interface->admin_up = (info->ifi_flags & IFF_UP) != 0;
	interface->carrier = (info->ifi_flags & IFF_LOWER_UP) != 0;
	interface->loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
	mnl_attr_for_each(attr, message, sizeof(*info)) {
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			memcpy(interface->linux_name, mnl_attr_get_str(attr),
			       strnlen(mnl_attr_get_str(attr), sizeof(interface->linux_name) - 1));
		else if (mnl_attr_get_type(attr) == IFLA_MTU)
			interface->mtu = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_ADDRESS && mnl_attr_get_payload_len(attr) == 6)
			memcpy(interface->mac, mnl_attr_get_payload(attr), 6);
	}
	return MNL_CB_OK;
}

static void address_put(struct mirror_interface *interface, ip4 addr, uint8_t len, bool secondary, uint8_t protocol)
{
	struct mirror_address *address;

	interface->addresses = mem_grow(interface->addresses, interface->n_addresses + 1, sizeof(*address));
	address = &interface->addresses[interface->n_addresses++];
	memset(address, 0, sizeof(*address));
	address->addr = addr;
	address->len = len;
	address->ours = protocol == NET_ADDRESS_PROTOCOL || protocol == LINK_ADDRESS_SECONDARY;
	/* Of ours the configuration decides: Linux calls any address a secondary that came later to its subnet. */
	address->secondary = address->ours ? protocol == LINK_ADDRESS_SECONDARY : secondary;
}

static int read_address(const struct nlmsghdr *message, void *arg)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	struct mirror_interface *interface;
	const struct nlattr *attr;
	uint32_t local = 0, address = 0;
	uint8_t protocol = 0;

	if (message->nlmsg_type != RTM_NEWADDR || info->ifa_family != AF_INET)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, message, sizeof(*info)) {
		if (mnl_attr_get_type(attr) == IFA_LOCAL)
			local = ntohl(mnl_attr_get_u32(attr));
		else if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			address = ntohl(mnl_attr_get_u32(attr));
		else if (mnl_attr_get_type(attr) == IFA_PROTO)
			protocol = mnl_attr_get_u8(attr);
	}
	/* An interface that came after the dump of links: its own message makes us read again. */
	interface = (struct mirror_interface *)mirror_by_index(arg, info->ifa_index);
	if (interface != NULL)
		address_put(interface, local != 0 ? local : address, info->ifa_prefixlen,
			    (info->ifa_flags & IFA_F_SECONDARY) != 0, protocol);
	return MNL_CB_OK;
}

static void route_put(struct mirror *mirror, const struct rtmsg *info, ip4 to, ip4 via, uint32_t ifindex,
		      uint32_t metric)
{
	struct mirror_route *route;

	if ((mirror->n_routes & (mirror->n_routes - 1)) == 0)
		mirror->routes = mem_grow(mirror->routes, mirror->n_routes * 2u + 1, sizeof(*mirror->routes));
	route = &mirror->routes[mirror->n_routes++];
	memset(route, 0, sizeof(*route));
	route->to.addr = to;
	route->to.len = info->rtm_dst_len;
	route->via = via;
	route->ifindex = ifindex;
	route->protocol = info->rtm_protocol;
	route->metric = metric;
}

static void read_hops(struct mirror *mirror, const struct rtmsg *info, ip4 to, uint32_t metric,
		      const struct nlattr *hops)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(hops);
	int left = mnl_attr_get_payload_len(hops);

	for (; RTNH_OK(hop, left); left -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
		const struct nlattr *attr = (const struct nlattr *)RTNH_DATA(hop);
		int size = (int)(hop->rtnh_len - sizeof(*hop));
		ip4 via = 0;

		for (; mnl_attr_ok(attr, size); size -= MNL_ALIGN(attr->nla_len), attr = mnl_attr_next(attr))
			if (mnl_attr_get_type(attr) == RTA_GATEWAY)
				via = ntohl(mnl_attr_get_u32(attr));
		route_put(mirror, info, to, via, (uint32_t)hop->rtnh_ifindex, metric);
	}
}

static uint32_t route_table(const struct nlmsghdr *message)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(*info))
		if (mnl_attr_get_type(attr) == RTA_TABLE)
			return mnl_attr_get_u32(attr);
	return info->rtm_table;
}

static bool is_main_route(const struct nlmsghdr *message)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(message);

	return info->rtm_family == AF_INET && info->rtm_type == RTN_UNICAST && !(info->rtm_flags & RTM_F_CLONED) &&
	       route_table(message) == RT_TABLE_MAIN;
}

static int read_route(const struct nlmsghdr *message, void *arg)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr, *hops = NULL;
	uint32_t to = 0, via = 0, ifindex = 0, metric = 0;

	if (message->nlmsg_type != RTM_NEWROUTE || !is_main_route(message))
		return MNL_CB_OK;
	mnl_attr_for_each(attr, message, sizeof(*info)) {
		switch (mnl_attr_get_type(attr)) {
		case RTA_DST:
			to = ntohl(mnl_attr_get_u32(attr));
			break;
		case RTA_GATEWAY:
			via = ntohl(mnl_attr_get_u32(attr));
			break;
		case RTA_OIF:
			ifindex = mnl_attr_get_u32(attr);
			break;
		case RTA_PRIORITY:
			metric = mnl_attr_get_u32(attr);
			break;
		case RTA_MULTIPATH:
			hops = attr;
			break;
		}
	}
	if (hops != NULL)
		read_hops(arg, info, to, metric, hops);
	else
		route_put(arg, info, to, via, ifindex, metric);
	return MNL_CB_OK;
}

static int dump_links(struct mnl_socket *socket, struct mirror *mirror)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;

	request->nlmsg_type = RTM_GETLINK;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	mnl_attr_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return netlink_dump(socket, request, read_interface, mirror);
}

static int dump_addresses(struct mnl_socket *socket, struct mirror *mirror)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *info;

	request->nlmsg_type = RTM_GETADDR;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifa_family = AF_INET;
	return netlink_dump(socket, request, read_address, mirror);
}

static int dump_routes(struct mnl_socket *socket, struct mirror *mirror)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *info;

	request->nlmsg_type = RTM_GETROUTE;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->rtm_family = AF_INET;
	/* With strict checking the kernel leaves out the local table, where every owned global is. */
	info->rtm_table = RT_TABLE_MAIN;
	return netlink_dump(socket, request, read_route, mirror);
}

/* ---- names ---- */

/* A renamed interface keeps its name, unless another one is called so now. */
static const char *name_of(const struct mirror *mirror, const struct mirror_interface *interface,
			   const struct mirror_interface *before)
{
	const char *now = names_of(interface->linux_name);

	if (before == NULL || strcmp(before->name, now) == 0)
		return now;
	for (uint32_t i = 0; i < mirror->n_interfaces; i++)
		if (&mirror->interfaces[i] != interface &&
		    strcmp(names_of(mirror->interfaces[i].linux_name), before->name) == 0)
			return now;
	return before->name;
}

static void name_interfaces(struct mirror *mirror, const struct mirror *before)
{
	for (uint32_t i = 0; i < mirror->n_interfaces; i++) {
		struct mirror_interface *interface = &mirror->interfaces[i];
		const char *name = name_of(mirror, interface, mirror_by_index(before, interface->index));

		memcpy(interface->name, name, strnlen(name, sizeof(interface->name) - 1));
	}
}

/* ---- a whole mirror ---- */

static struct seen *seen_of(struct link *link, uint32_t index)
{
	uint32_t room = link->n_seen;

	if (index >= room) {
		while (room <= index)
			room = room * 2 + 64;
		link->seen = mem_grow(link->seen, room, sizeof(*link->seen));
		memset(link->seen + link->n_seen, 0, (room - link->n_seen) * sizeof(*link->seen));
		link->n_seen = room;
	}
	return &link->seen[index];
}

static int compare_interfaces(const void *a, const void *b)
{
	const struct mirror_interface *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

static int link_dump_once(struct link *link, struct mirror *mirror)
{
	int failed = dump_links(link->requests, mirror);

	if (failed != 0)
		return failed;
	if (mirror->n_interfaces > 0)
		qsort(mirror->interfaces, mirror->n_interfaces, sizeof(*mirror->interfaces), compare_interfaces);
	failed = dump_addresses(link->requests, mirror);
	if (failed != 0)
		return failed;
	failed = dump_routes(link->requests, mirror);
	return failed == -ENOENT ? 0 : failed; /* the main table appears with its first route */
}

/* A dump that the kernel calls inconsistent is made again; the last one stands, for a message will follow it. */
static bool link_dump(struct link *link, struct mirror *mirror)
{
	int failed = -EINTR;

	for (unsigned i = 0; i < DUMP_TRIES && failed == -EINTR; i++) {
		mirror_clear(mirror);
		failed = link_dump_once(link, mirror);
	}
	if (failed != 0) {
		log_event("ALGATE", LOG_SEV_ERROR, "LINUX", "Cannot read interfaces and routes: %s",
			  strerror(-failed));
		mirror_clear(mirror);
		return false;
	}
	for (uint32_t i = 0; i < mirror->n_interfaces; i++) {
		struct seen *seen = seen_of(link, mirror->interfaces[i].index);

		seen->up |= mirror->interfaces[i].admin_up;
		mirror->interfaces[i].downs = seen->downs;
	}
	name_interfaces(mirror, &link->current->mirror);
	return true;
}

static bool same_interface(const struct mirror_interface *a, const struct mirror_interface *b)
{
	struct mirror_interface x = *a, y = *b;

	x.addresses = y.addresses = NULL;
	return memcmp(&x, &y, sizeof(x)) == 0 &&
	       (a->n_addresses == 0 ||
		memcmp(a->addresses, b->addresses, a->n_addresses * sizeof(*a->addresses)) == 0);
}

static bool same_mirror(const struct mirror *a, const struct mirror *b)
{
	if (a->n_interfaces != b->n_interfaces || a->n_routes != b->n_routes)
		return false;
	for (uint32_t i = 0; i < a->n_interfaces; i++)
		if (!same_interface(&a->interfaces[i], &b->interfaces[i]))
			return false;
	return a->n_routes == 0 || memcmp(a->routes, b->routes, a->n_routes * sizeof(*a->routes)) == 0;
}

static bool link_refresh(struct link *link)
{
	struct retired *fresh = mem_alloc(sizeof(*fresh));

	if (!link_dump(link, &fresh->mirror) || same_mirror(&fresh->mirror, &link->current->mirror)) {
		mirror_clear(&fresh->mirror);
		free(fresh);
		return false;
	}
	fresh->next = link->current;
	link->current = fresh;
	names_mirror(&fresh->mirror);
	return true;
}

/* ---- messages ---- */

/* Down and up again between two reads looks like nothing, but the kernel has dropped routes: so downs are counted
 * message by message. */
static void note_link(struct link *link, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	bool up = message->nlmsg_type == RTM_NEWLINK && (info->ifi_flags & IFF_UP) != 0;
	struct seen *seen = seen_of(link, (uint32_t)info->ifi_index);

	seen->downs += seen->up && !up;
	seen->up = up;
}

static bool note_message(struct link *link, const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		note_link(link, message);
		return true;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return is_main_route(message);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return true;
	}
	return false;
}

/* Messages were lost: any link may have been down. */
static void note_loss(struct link *link)
{
	for (uint32_t i = 0; i < link->n_seen; i++)
		link->seen[i].downs += link->seen[i].up;
}

bool link_read(struct link *link)
{
	char buffer[NETLINK_BUFFER];
	bool changed = false;

	for (;;) {
		ssize_t size = recv(mnl_socket_get_fd(link->events), buffer, sizeof(buffer), MSG_DONTWAIT);
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
		int left = (int)size;

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == ENOBUFS) {
			note_loss(link);
			changed = true;
			continue;
		}
		if (size < 0)
			break;
		for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
			changed |= note_message(link, message);
	}
	return changed && link_refresh(link);
}

/* ---- life ---- */

struct link *link_new(struct err *err)
{
	struct link *link = mem_alloc(sizeof(*link));
	int on = 1;

	link->current = mem_alloc(sizeof(*link->current));
	/* First the messages, then the dump: what happens in between is then told. */
	link->events = netlink_open(NETLINK_ROUTE, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE, err);
	if (link->events != NULL)
		link->requests = netlink_open(NETLINK_ROUTE, 0, err);
	if (link->requests == NULL) {
		link_free(link);
		return NULL;
	}
	mnl_socket_setsockopt(link->requests, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	link_refresh(link);
	return link;
}

void link_settle(struct link *link)
{
	struct retired *old = link->current->next;

	link->current->next = NULL;
	while (old != NULL) {
		struct retired *next = old->next;

		mirror_clear(&old->mirror);
		free(old);
		old = next;
	}
}

void link_free(struct link *link)
{
	if (link == NULL)
		return;
	names_mirror(NULL);
	if (link->events != NULL)
		mnl_socket_close(link->events);
	if (link->requests != NULL)
		mnl_socket_close(link->requests);
	link_settle(link);
	mirror_clear(&link->current->mirror);
	free(link->current);
	free(link->seen);
	free(link);
}

int link_fd(const struct link *link)
{
	return mnl_socket_get_fd(link->events);
}

const struct mirror *link_mirror(const struct link *link)
{
	return &link->current->mirror;
}
