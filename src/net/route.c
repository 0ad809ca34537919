/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnetlink changes. Promises that everything it adds carries our protocol number and that it removes nothing else. May
 * not decide what Linux should have: that is the plan.
 */
#include <arpa/inet.h>

#include "net/route.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "net/link.h"
#include "net/net.h"
#include "net/netlink.h"

#define LOOPBACK_INDEX 1

static int forgive(int failed, int harmless)
{
	return failed == -harmless ? 0 : failed;
}

int route_link(struct mnl_socket *socket, const struct plan_link *link)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;

	request->nlmsg_type = RTM_NEWLINK;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	info->ifi_index = (int)link->ifindex;
	info->ifi_change = IFF_UP;
	info->ifi_flags = link->up ? IFF_UP : 0;
	return netlink_ask(socket, request);
}

int route_address(struct mnl_socket *socket, bool add, const struct plan_address *address)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	uint32_t local = htonl(address->addr);
	struct ifaddrmsg *info;

	request->nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR;
	request->nlmsg_flags = add ? NLM_F_CREATE | NLM_F_EXCL : 0;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifa_family = AF_INET;
	info->ifa_prefixlen = address->len;
	info->ifa_index = address->ifindex;
	mnl_attr_put_u32(request, IFA_LOCAL, local);
	mnl_attr_put_u32(request, IFA_ADDRESS, local);
	if (!add)
		return forgive(netlink_ask(socket, request), EADDRNOTAVAIL);
	if (address->len < 31)
		mnl_attr_put_u32(request, IFA_BROADCAST, local | ~htonl(ip4_mask(address->len)));
	mnl_attr_put_u8(request, IFA_PROTO, address->secondary ? LINK_ADDRESS_SECONDARY : NET_ADDRESS_PROTOCOL);
	return forgive(netlink_ask(socket, request), EEXIST);
}

static struct nlmsghdr *route_request(char *buffer, bool add, struct prefix to, uint8_t type, uint8_t table,
				      uint8_t scope)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *info;

	request->nlmsg_type = add ? RTM_NEWROUTE : RTM_DELROUTE;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->rtm_family = AF_INET;
	info->rtm_dst_len = to.len;
	info->rtm_type = type;
	info->rtm_table = table;
	info->rtm_scope = add ? scope : RT_SCOPE_NOWHERE;
	info->rtm_protocol = NET_ROUTE_PROTOCOL;
	if (to.len > 0)
		mnl_attr_put_u32(request, RTA_DST, htonl(to.addr));
	return request;
}

int route_static(struct mnl_socket *socket, bool add, const struct plan_route *route)
{
	char buffer[256];
	struct nlmsghdr *request = route_request(buffer, add, route->to, RTN_UNICAST, RT_TABLE_MAIN,
						 route->via != 0 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);

	if (route->via == 0 && route->ifindex == 0)
		return -EINVAL;
	mnl_attr_put_u32(request, RTA_PRIORITY, route->distance);
	if (route->via != 0)
		mnl_attr_put_u32(request, RTA_GATEWAY, htonl(route->via));
	if (route->ifindex != 0)
		mnl_attr_put_u32(request, RTA_OIF, route->ifindex);
	/* Append: a second way at the same distance stands behind the first, the very same way is there already. */
	request->nlmsg_flags = add ? NLM_F_CREATE | NLM_F_APPEND : 0;
	return forgive(netlink_ask(socket, request), add ? EEXIST : ESRCH);
}

int route_owned(struct mnl_socket *socket, bool add, const struct plan_owned *owned)
{
	char buffer[256];
	struct prefix to = {.addr = owned->first, .len = 32};
	struct nlmsghdr *request;

	while (to.len > 0 && (ip4)(owned->last - owned->first) >> (32 - to.len) != 0)
		to.len--;
	request = route_request(buffer, add, to, RTN_LOCAL, RT_TABLE_LOCAL, RT_SCOPE_HOST);
	mnl_attr_put_u32(request, RTA_OIF, owned->ifindex != 0 ? owned->ifindex : LOOPBACK_INDEX);
	request->nlmsg_flags = add ? NLM_F_CREATE | NLM_F_EXCL : 0;
	return forgive(netlink_ask(socket, request), add ? EEXIST : ESRCH);
}

/* ---- removal of everything: messages of a dump are sent back as removals ---- */

struct found {
	char *data;
	size_t size, room;
	bool only_owned;
};

static void found_put(struct found *found, const struct nlmsghdr *message)
{
	size_t size = MNL_ALIGN(message->nlmsg_len);

	if (found->size + size > found->room) {
		found->room = (found->room + size) * 2;
		found->data = mem_grow(found->data, found->room, 1);
	}
	memcpy(found->data + found->size, message, message->nlmsg_len);
	found->size += size;
}

static int find_route(const struct nlmsghdr *message, void *arg)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(message);
	struct found *found = arg;

	if (message->nlmsg_type == RTM_NEWROUTE && info->rtm_protocol == NET_ROUTE_PROTOCOL &&
	    info->rtm_family == AF_INET && (!found->only_owned || info->rtm_table == RT_TABLE_LOCAL))
		found_put(found, message);
	return MNL_CB_OK;
}

static int find_address(const struct nlmsghdr *message, void *arg)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;

	if (message->nlmsg_type != RTM_NEWADDR || info->ifa_family != AF_INET)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, message, sizeof(*info))
		if (mnl_attr_get_type(attr) == IFA_PROTO && (mnl_attr_get_u8(attr) == NET_ADDRESS_PROTOCOL ||
							     mnl_attr_get_u8(attr) == LINK_ADDRESS_SECONDARY))
			found_put(arg, message);
	return MNL_CB_OK;
}

static int remove_found(struct mnl_socket *socket, struct found *found, uint16_t type, int harmless)
{
	int failed = 0;

	for (size_t at = 0; at < found->size && failed == 0;) {
		struct nlmsghdr *message = (struct nlmsghdr *)(found->data + at);

		at += MNL_ALIGN(message->nlmsg_len);
		message->nlmsg_type = type;
		message->nlmsg_flags = 0;
		message->nlmsg_pid = 0;
		failed = forgive(netlink_ask(socket, message), harmless);
	}
	free(found->data);
	return failed;
}

int route_purge(struct mnl_socket *socket, bool only_owned)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct found found = {.only_owned = only_owned};
	struct rtmsg *info;
	int failed;

	request->nlmsg_type = RTM_GETROUTE;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->rtm_family = AF_INET;
	failed = netlink_dump(socket, request, find_route, &found);
	if (failed != 0 && failed != -EINTR) {
		free(found.data);
		return failed;
	}
	return remove_found(socket, &found, RTM_DELROUTE, ESRCH);
}

int route_purge_addresses(struct mnl_socket *socket)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct found found = {0};
	struct ifaddrmsg *info;
	int failed;

	request->nlmsg_type = RTM_GETADDR;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifa_family = AF_INET;
	failed = netlink_dump(socket, request, find_address, &found);
	if (failed != 0 && failed != -EINTR) {
		free(found.data);
		return failed;
	}
	return remove_found(socket, &found, RTM_DELADDR, EADDRNOTAVAIL);
}
