/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon without Linux, root and packets, for CLI transcripts: the real sessions, grammar,
 * store, apply and engine over a made-up router with two Ethernet interfaces and a loopback, which
 * believes whatever it is told.
 *
 *   testd DIR [TELNET-ADDRESS:PORT]    socket, startup-config and state in DIR; ends on SIGTERM; on
 * SIGUSR1 one UDP packet from 10.0.0.100 passes from eth0 to eth1, so that rules come into use
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/boot.h"
#include "cli/server.h"
#include "cli/telnet.h"
#include "lib/clock.h"
#include "lib/csum.h"
#include "lib/mem.h"
#include "net/names.h"
#include "net/net.h"

#define INTERFACES 3
#define ADDRESSES  8

struct fake {
	struct loop *loop;
	struct router router;
	struct mirror mirror;
	struct mirror_interface interfaces[INTERFACES];
	struct mirror_address addresses[INTERFACES][ADDRESSES];
	struct mirror_route routes[32];
};

static const struct mirror *fake_mirror(void *self)
{
	return &((struct fake *)self)->mirror;
}

static struct mirror_interface *by_index(struct fake *fake, uint32_t index)
{
	for (unsigned i = 0; i < INTERFACES; i++)
		if (fake->interfaces[i].index == index)
			return &fake->interfaces[i];
	return NULL;
}

static void refresh(void *arg)
{
	apply_refresh(((struct fake *)arg)->router.apply);
}

/* As rtnetlink would: the change is heard of a moment later. */
static bool changed(struct fake *fake)
{
	loop_undefer(fake->loop, refresh, fake);
	loop_defer(fake->loop, refresh, fake);
	return true;
}

static bool fake_link(void *self, const struct plan_link *link, struct err *err)
{
	struct mirror_interface *interface = by_index(self, link->ifindex);

	if (interface == NULL)
		return err_set(err, "no such interface");
	interface->admin_up = interface->carrier = link->up;
	return changed(self);
}

static bool fake_address_remove(void *self, const struct plan_address *address, struct err *err)
{
	struct mirror_interface *interface = by_index(self, address->ifindex);

	(void)err;
	for (uint32_t i = 0; interface != NULL && i < interface->n_addresses; i++)
		if (interface->addresses[i].addr == address->addr) {
			memmove(&interface->addresses[i], &interface->addresses[i + 1],
				(interface->n_addresses - i - 1) * sizeof(interface->addresses[0]));
			interface->n_addresses--;
			break;
		}
	return changed(self);
}

static bool fake_address_add(void *self, const struct plan_address *address, struct err *err)
{
	struct mirror_interface *interface = by_index(self, address->ifindex);

	if (interface == NULL || interface->n_addresses == ADDRESSES)
		return err_set(err, "no room");
	fake_address_remove(self, address, err);
	interface->addresses[interface->n_addresses++] =
	    (struct mirror_address){.addr = address->addr,
				    .len = address->len,
				    .secondary = address->secondary,
				    .ours = true};
	return changed(self);
}

static bool fake_route_remove(void *self, const struct plan_route *route, struct err *err)
{
	struct mirror *mirror = &((struct fake *)self)->mirror;

	(void)err;
	for (uint32_t i = 0; i < mirror->n_routes; i++)
		if (mirror->routes[i].to.addr == route->to.addr &&
		    mirror->routes[i].to.len == route->to.len &&
		    mirror->routes[i].via == route->via) {
			mirror->routes[i] = mirror->routes[--mirror->n_routes];
			break;
		}
	return changed(self);
}

static bool fake_route_add(void *self, const struct plan_route *route, struct err *err)
{
	struct fake *fake = self;

	fake_route_remove(self, route, err);
	if (fake->mirror.n_routes == sizeof(fake->routes) / sizeof(fake->routes[0]))
		return err_set(err, "no room");
	fake->routes[fake->mirror.n_routes++] =
	    (struct mirror_route){.to = route->to,
				  .via = route->via,
				  .ifindex = route->ifindex,
				  .protocol = SYSTEM_ROUTE_PROTOCOL,
				  .metric = route->distance};
	return changed(self);
}

static bool fake_owned(void *self, const struct plan_owned *owned, struct err *err)
{
	(void)self, (void)owned, (void)err;
	return true;
}

static bool fake_hooks(void *self, const struct plan_hooks *hooks, struct err *err)
{
	(void)self, (void)hooks, (void)err;
	return true;
}

static struct system fake_system = {
    .mirror = fake_mirror,
    .link_set = fake_link,
    .address_add = fake_address_add,
    .address_remove = fake_address_remove,
    .route_add = fake_route_add,
    .route_remove = fake_route_remove,
    .owned_add = fake_owned,
    .owned_remove = fake_owned,
    .hooks_set = fake_hooks,
};

static void add_interface(struct fake *fake, uint32_t index, const char *linux_name,
			  const char *name)
{
	struct mirror_interface *interface = &fake->interfaces[fake->mirror.n_interfaces];

	interface->index = index;
	snprintf(interface->linux_name, sizeof(interface->linux_name), "%s", linux_name);
	snprintf(interface->name, sizeof(interface->name), "%s", name);
	interface->admin_up = interface->carrier = true;
	interface->loopback = strcmp(linux_name, "lo") == 0;
	interface->mtu = 1500;
	interface->addresses = fake->addresses[fake->mirror.n_interfaces++];
}

static void fake_init(struct fake *fake)
{
	static const char *const maps[] = {"GigabitEthernet0/0=eth0", "GigabitEthernet0/1=eth1"};
	struct err err;

	fake->mirror.interfaces = fake->interfaces;
	fake->mirror.routes = fake->routes;
	add_interface(fake, 1, "lo", "lo");
	add_interface(fake, 2, "eth0", "GigabitEthernet0/0");
	add_interface(fake, 3, "eth1", "GigabitEthernet0/1");
	fake->interfaces[0].addresses[0] = (struct mirror_address){.addr = 0x7f000001, .len = 8};
	fake->interfaces[0].n_addresses = 1;
	if (!names_set(maps, 2, &err))
		abort();
	names_mirror(&fake->mirror);
	gram_ifname_canonical = net_ifname_canonical;
}

static void on_signal(void *arg, int number)
{
	(void)number;
	loop_stop(arg);
}

static void on_packet(void *arg, int number)
{
	static const uint8_t bytes[32] = {0x45, 0,  0, 32, 0,	1,   0,	  0,   64,  17,	  0,
					  0,	10, 0, 0,  100, 192, 0,	  2,   9,   0x13, 0x88,
					  0,	99, 0, 12, 0,	0,   't', 'e', 's', 't'};
	static struct out out;
	struct fake *fake = arg;
	uint8_t data[64];
	struct packet packet = {.data = data,
				.length = sizeof(bytes),
				.in_ifindex = 2,
				.out_ifindex = 3,
				.visit = VISIT_TO_OUTSIDE,
				.checksum_good = true};
	uint16_t sum;

	(void)number;
	memcpy(data, bytes, sizeof(bytes));
	sum = csum_finish(csum_add(0, data, 20));
	memcpy(data + 10, &sum, sizeof(sum));
	engine_packet(fake->router.engine, clock_now(), &packet, &out);
	puts("packet");
	fflush(stdout);
}

static void fail(const char *what, const struct err *err)
{
	fprintf(stderr, "testd: %s: %s\n", what, err->text);
	exit(1);
}

static void make_router(struct fake *fake, const char *dir, struct records *records)
{
	struct router *router = &fake->router;

	fake_system.self = fake;
	router->system = &fake_system;
	router->started = clock_now();
	router->startup_path = mem_printf("%s/startup-config", dir);
	router->state_dir = dir;
	router->store = store_new();
	router->box = mailbox_new();
	mailbox_direct(router->box, 1);
	router->engine = engine_new(records, 1, router->started);
	router->apply = apply_new(router->store, router->system, router->box, router->engine);
}

int main(int argc, char **argv)
{
	static struct fake fake;
	struct err err = {{0}};
	struct records *records = records_open(NULL, 1024, &err);
	struct server *server;
	struct telnet *telnet;
	char *path;

	if (argc < 2 || records == NULL)
		fail("usage: testd DIR [ADDRESS:PORT]", &err);
	fake.loop = loop_new();
	loop_signal(fake.loop, SIGTERM, on_signal, fake.loop);
	loop_signal(fake.loop, SIGUSR1, on_packet, &fake);
	fake_init(&fake);
	make_router(&fake, argv[1], records);
	path = mem_printf("%s/%s", argv[1], SERVER_SOCKET);
	server = server_new(fake.loop, &fake.router, path, &err);
	if (server == NULL || !boot_load(&fake.router, &err))
		fail("start", &err);
	telnet = telnet_server_new(fake.loop, server, argc > 2 ? argv[2] : NULL, &err);
	if (telnet == NULL)
		fail("telnet", &err);
	puts("ready");
	fflush(stdout);
	loop_run(fake.loop);
	telnet_server_free(telnet);
	server_free(server);
	boot_forget(&fake.router);
	apply_free(fake.router.apply);
	engine_free(fake.router.engine);
	mailbox_free(fake.router.box);
	store_free(fake.router.store);
	records_close(records);
	loop_free(fake.loop);
	free((char *)(uintptr_t)fake.router.startup_path);
	free(path);
	return 0;
}
