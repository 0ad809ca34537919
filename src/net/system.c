/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct system on a real Linux: the parts of this floor that the management thread uses, under one descriptor. May not
 * be used by the packet thread.
 */
#include "net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "net/arp.h"
#include "net/hooks.h"
#include "net/link.h"
#include "net/names.h"
#include "net/netlink.h"
#include "net/route.h"
#include "net/sysctl.h"

struct net {
	struct system system;
	struct link *link;
	struct hooks *hooks;
	struct sysctl *sysctl;
	struct mnl_socket *requests;
	int arp, epoll;
	int fresh; /* eventfd: the mirror was read between two net_changed */
	bool forwarding_logged;
};

/* ---- struct system ---- */

/* As of now: a command's effect is seen by the next one. net_changed tells the rest of the program later. */
static const struct mirror *net_mirror(void *self)
{
	struct net *net = self;

	if (link_read(net->link))
		eventfd_write(net->fresh, 1);
	return link_mirror(net->link);
}

static const struct mirror_interface *interface_of(struct net *net, uint32_t ifindex)
{
	return mirror_by_index(link_mirror(net->link), ifindex);
}

static bool answer(int failed, struct err *err)
{
	return failed == 0 || err_set(err, "%s", strerror(-failed));
}

/* Removing something from an interface that is gone. */
static int forgive_gone(int failed)
{
	return failed == -ENODEV ? 0 : failed;
}

static bool net_link_set(void *self, const struct plan_link *link, struct err *err)
{
	struct net *net = self;

	return answer(route_link(net->requests, link), err);
}

static bool net_address_add(void *self, const struct plan_address *address, struct err *err)
{
	struct net *net = self;

	if (!answer(route_address(net->requests, true, address), err))
		return false;
	arp_announce(net->arp, interface_of(net, address->ifindex), address->addr, address->addr);
	return true;
}

static bool interface_sysctl(struct net *net, uint32_t ifindex, const char *name, const char *value, struct err *err)
{
	const struct mirror_interface *interface = interface_of(net, ifindex);
	char path[80];

	if (interface == NULL)
		return true;
	snprintf(path, sizeof(path), "net/ipv4/conf/%s/%s", interface->linux_name, name);
	return sysctl_want(net->sysctl, path, value, err);
}

static bool net_address_remove(void *self, const struct plan_address *address, struct err *err)
{
	struct net *net = self;

	/* Otherwise the other addresses of its subnet go with it. */
	if (!interface_sysctl(net, address->ifindex, "promote_secondaries", "1", err))
		return false;
	return answer(forgive_gone(route_address(net->requests, false, address)), err);
}

static bool net_route_add(void *self, const struct plan_route *route, struct err *err)
{
	struct net *net = self;

	return answer(route_static(net->requests, true, route), err);
}

static bool net_route_remove(void *self, const struct plan_route *route, struct err *err)
{
	struct net *net = self;

	return answer(forgive_gone(route_static(net->requests, false, route)), err);
}

static bool net_owned_add(void *self, const struct plan_owned *owned, struct err *err)
{
	struct net *net = self;

	if (!answer(route_owned(net->requests, true, owned), err))
		return false;
	arp_announce(net->arp, interface_of(net, owned->ifindex), owned->first, owned->last);
	return true;
}

static bool net_owned_remove(void *self, const struct plan_owned *owned, struct err *err)
{
	struct net *net = self;

	return answer(forgive_gone(route_owned(net->requests, false, owned)), err);
}

/* The stricter of `all` and the interface counts for rp_filter, 2 (loose) being the highest; either of them turns
 * redirects on. A source is looked up after its translation was undone, so its way back need not be its way in. */
static bool want_settings(struct net *net, const struct plan_hooks *hooks, struct err *err)
{
	bool done = true;

	for (uint32_t i = 0; i < hooks->n_inside + hooks->n_outside; i++) {
		uint32_t ifindex = i < hooks->n_inside ? hooks->inside[i] : hooks->outside[i - hooks->n_inside];

		done = interface_sysctl(net, ifindex, "rp_filter", "2", err) && done;
		done = interface_sysctl(net, ifindex, "send_redirects", "0", err) && done;
	}
	if (hooks->active)
		done = sysctl_want(net->sysctl, "net/ipv4/conf/all/send_redirects", "0", err) && done;
	return sysctl_want(net->sysctl, "net/ipv4/ip_forward", "1", err) && done;
}

/* Forwarding is turned on behind the guard. */
static bool net_hooks_set(void *self, const struct plan_hooks *hooks, struct err *err)
{
	struct net *net = self;
	struct err setting;

	if (!hooks_set(net->hooks, hooks, err))
		return false;
	if (want_settings(net, hooks, &setting)) {
		net->forwarding_logged = false;
	} else if (!net->forwarding_logged) {
		log_event("ALGATE", LOG_SEV_ERROR, "LINUX", "Cannot change a kernel setting: %s", setting.text);
		net->forwarding_logged = true;
	}
	return true;
}

/* ---- the program's side ---- */

const struct system *net_system(struct net *net)
{
	return &net->system;
}

int net_fd(const struct net *net)
{
	return net->epoll;
}

bool net_changed(struct net *net)
{
	eventfd_t fresh = 0;
	bool changed;

	hooks_changed(net->hooks);
	link_settle(net->link);
	changed = link_read(net->link);
	return eventfd_read(net->fresh, &fresh) == 0 || changed;
}

static bool net_watch(struct net *net, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(net->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool net_open(struct net *net, const char *state_dir, struct err *err)
{
	net->link = link_new(err);
	if (net->link == NULL)
		return false;
	net->hooks = hooks_new(err);
	if (net->hooks == NULL)
		return false;
	net->requests = netlink_open(NETLINK_ROUTE, 0, err);
	if (net->requests == NULL)
		return false;
	net->arp = arp_open(err);
	if (net->arp < 0)
		return false;
	net->sysctl = sysctl_new(state_dir);
	net->epoll = epoll_create1(EPOLL_CLOEXEC);
	net->fresh = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (net->epoll < 0 || net->fresh < 0 || !net_watch(net, net->fresh) || !net_watch(net, link_fd(net->link)) ||
	    !net_watch(net, hooks_fd(net->hooks)))
		return err_set(err, "event descriptors: %s", strerror(errno));
	/* What a predecessor owned comes back with the configuration, or not at all. Its addresses and routes are in the
	 * mirror, so the configuration settles them without a gap. */
	return answer(route_purge(net->requests, true), err);
}

struct net *net_new(const char *state_dir, const char *const *maps, unsigned n_maps, struct err *err)
{
	struct net *net = mem_alloc(sizeof(*net));

	net->arp = net->epoll = net->fresh = -1;
	net->system = (struct system){
		.self = net,
		.mirror = net_mirror,
		.link_set = net_link_set,
		.address_add = net_address_add,
		.address_remove = net_address_remove,
		.route_add = net_route_add,
		.route_remove = net_route_remove,
		.owned_add = net_owned_add,
		.owned_remove = net_owned_remove,
		.hooks_set = net_hooks_set,
	};
	if (names_set(maps, n_maps, err) && net_open(net, state_dir, err))
		return net;
	net_free(net);
	return NULL;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void net_free(struct net *net)
{
	if (net == NULL)
		return;
	close_fd(net->epoll);
	close_fd(net->fresh);
	close_fd(net->arp);
	if (net->requests != NULL)
		mnl_socket_close(net->requests);
	sysctl_free(net->sysctl);
	hooks_free(net->hooks);
	link_free(net->link);
	free(net);
}

uint64_t net_guard_drops(struct net *net)
{
	return hooks_guard_drops(net->hooks);
}

void net_stop(struct net *net)
{
	struct err err;

	if (!hooks_stop(net->hooks, &err))
		log_event("ALGATE", LOG_SEV_ERROR, "HOOKS", "Cannot remove packet rules: %s", err.text);
}

/* A daemon holds its records locked as long as it lives (nat/records.c). */
static bool is_served(const char *state_dir)
{
	char *path = mem_printf("%s/records", state_dir);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool served = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	close_fd(fd);
	free(path);
	return served;
}

bool net_release(const char *state_dir, struct err *err)
{
	struct mnl_socket *requests;
	bool done;

	if (is_served(state_dir))
		return err_set(err, "algated is running on %s: stop it first", state_dir);
	requests = netlink_open(NETLINK_ROUTE, 0, err);
	if (requests == NULL)
		return false;
	done = answer(route_purge(requests, false), err);
	done = answer(route_purge_addresses(requests), err) && done;
	/* Forwarding ends before the guard does. */
	done = sysctl_restore(state_dir, err) && done;
	done = hooks_release(err) && done;
	mnl_socket_close(requests);
	return done;
}
