/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mirror of a real Linux, changes to it, settings and names. Needs root (exit status 77 without). */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "netrouter.h"

/* ---- the mirror ---- */

static const struct mirror *now(void)
{
	return linux_->mirror(linux_->self);
}

static bool has_route(ip4 to, uint32_t metric)
{
	for (uint32_t i = 0; i < now()->n_routes; i++)
		if (now()->routes[i].to.addr == to && now()->routes[i].metric == metric)
			return true;
	return false;
}

START_TEST(mirror_follows_linux)
{
	const struct mirror_interface *ro = mirror_by_name(now(), "ro");
	const struct mirror *old = now();

	ck_assert_ptr_nonnull(ro);
	ck_assert_uint_eq(ro->index, lab.ro);
	ck_assert_uint_eq(ro->addresses[0].addr, 0xcb007101);
	ck_assert(!ro->addresses[0].secondary);
	ck_assert(ro->admin_up && ro->carrier && !ro->loopback);
	ck_assert_uint_eq(ro->mtu, 1500);
	ck_assert(!net_changed(net));
	netlab_run(0, NULL, NULL, "ip addr add 203.0.113.9/24 dev ro");
	netlab_run(0, NULL, NULL, "ip route add 192.0.2.0/24 via 203.0.113.2 metric 5");
	ck_assert_uint_eq(mirror_by_name(now(), "ro")->n_addresses, 2);
	/* What was handed out before stays readable; the program is told although the mirror was read already. */
	ck_assert_uint_eq(mirror_by_index(old, lab.ro)->n_addresses, 1);
	ck_assert(net_changed(net));
	ck_assert(!net_changed(net));
	ck_assert(mirror_by_name(now(), "ro")->addresses[1].secondary);
	ck_assert(has_route(0xc0000200, 5));
	ck_assert(!has_route(0xc0000200, 6));
}
END_TEST

START_TEST(flap_is_counted_though_nothing_differs)
{
	uint32_t downs = mirror_by_name(now(), "ro")->downs;

	netlab_run(0, NULL, NULL, "ip link set ro down");
	netlab_run(0, NULL, NULL, "ip link set ro up");
	ck_assert(net_changed(net));
	ck_assert_uint_eq(mirror_by_name(now(), "ro")->downs, downs + 1);
	ck_assert(mirror_by_name(now(), "ro")->admin_up);
	/* An address is no flap. */
	netlab_run(0, NULL, NULL, "ip addr add 203.0.113.9/24 dev ro");
	net_changed(net);
	ck_assert_uint_eq(mirror_by_name(now(), "ro")->downs, downs + 1);
}
END_TEST

START_TEST(rename_keeps_the_name)
{
	char name[64];

	netlab_run(0, NULL, NULL, "ip link set ro name wan0");
	ck_assert(net_changed(net));
	ck_assert_str_eq(mirror_by_index(now(), lab.ro)->name, "ro");
	ck_assert_str_eq(mirror_by_index(now(), lab.ro)->linux_name, "wan0");
	ck_assert_uint_eq(mirror_by_name(now(), "wan0")->index, lab.ro);
	ck_assert(net_ifname_canonical("wan0", name));
	ck_assert_str_eq(name, "ro");
	/* Another interface that Linux calls so now has the better right. */
	netlab_run(0, NULL, NULL, "ip link set ri name ro");
	net_changed(net);
	ck_assert_uint_eq(mirror_by_name(now(), "ro")->index, lab.ri);
	ck_assert_uint_eq(mirror_by_name(now(), "wan0")->index, lab.ro);
	ck_assert_str_eq(mirror_by_index(now(), lab.ro)->name, "wan0");
}
END_TEST

START_TEST(deleted_and_made_again)
{
	netlab_run(0, NULL, NULL, "ip link del ro");
	ck_assert(net_changed(net));
	ck_assert_ptr_null(mirror_by_name(now(), "ro"));
	netlab_run(0, NULL, NULL, "ip link add ro type veth peer name o9 netns %d", lab.outside);
	ck_assert(net_changed(net));
	ck_assert_ptr_nonnull(mirror_by_name(now(), "ro"));
	ck_assert_uint_ne(mirror_by_name(now(), "ro")->index, lab.ro);
}
END_TEST

/* More messages than the socket holds, while nobody reads. */
START_TEST(lost_messages_are_made_up_for)
{
	char path[] = "/tmp/test_net_batch.XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	for (unsigned i = 0; i < 10000; i++)
		fprintf(file, "link set ro down\nlink set ro up\n");
	fprintf(file, "addr add 203.0.113.77/24 dev ro\n");
	fclose(file);
	ck_assert_int_eq(netlab_run(0, NULL, NULL, "ip -batch %s", path), 0);
	unlink(path);
	ck_assert(net_changed(net));
	ck_assert_uint_eq(mirror_by_name(now(), "ro")->n_addresses, 2);
	ck_assert_uint_gt(mirror_by_name(now(), "ro")->downs, 0);
	ck_assert(!net_changed(net));
}
END_TEST

/* ---- changes ---- */

START_TEST(addresses_carry_our_number)
{
	struct plan_address address = {lab.ri, 0x0a020201, 24, false}, second = {lab.ri, 0x0a030301, 24, true};
	const struct mirror_interface *ri;

	ck_assert(linux_->address_add(linux_->self, &second, NULL));
	ck_assert(linux_->address_add(linux_->self, &address, NULL));
	ck_assert(linux_->address_add(linux_->self, &address, NULL)); /* again: no error */
	ri = mirror_by_name(now(), "ri");
	ck_assert_uint_eq(ri->n_addresses, 3);
	ck_assert(!ri->addresses[0].ours);
	ck_assert(ri->addresses[1].ours && ri->addresses[1].secondary);
	ck_assert(ri->addresses[2].ours && !ri->addresses[2].secondary);
	ck_assert(linux_->address_remove(linux_->self, &address, NULL));
	ck_assert(linux_->address_remove(linux_->self, &address, NULL)); /* again: no error */
	ck_assert_uint_eq(mirror_by_name(now(), "ri")->n_addresses, 2);
	address.ifindex = 999;
	ck_assert(!linux_->address_add(linux_->self, &address, NULL));
}
END_TEST

START_TEST(primary_goes_alone)
{
	struct plan_address primary = {lab.ri, 0x0a010101, 24, false}, second = {lab.ri, 0x0a010109, 24, false};
	const struct mirror_interface *ri;

	ck_assert(linux_->address_add(linux_->self, &second, NULL));
	ck_assert(linux_->address_remove(linux_->self, &primary, NULL));
	ri = mirror_by_name(now(), "ri");
	ck_assert_uint_eq(ri->n_addresses, 1);
	ck_assert_uint_eq(ri->addresses[0].addr, 0x0a010109);
	ck_assert(!ri->addresses[0].secondary);
}
END_TEST

START_TEST(routes_come_and_go)
{
	struct plan_route route = {{0xc0000200, 24}, 0xcb007102, 0, 10}, other = route;
	uint32_t n = now()->n_routes;
	struct err err;

	other.via = 0xcb007103;
	ck_assert(linux_->route_add(linux_->self, &route, NULL));
	ck_assert(linux_->route_add(linux_->self, &route, NULL));
	ck_assert(linux_->route_add(linux_->self, &other, NULL));
	ck_assert_uint_eq(now()->n_routes, n + 2);
	ck_assert_ptr_nonnull(strstr(netlab_output(0, "ip route show proto 211"), "192.0.2.0/24 via 203.0.113.2"));
	ck_assert(linux_->route_remove(linux_->self, &route, NULL));
	ck_assert(linux_->route_remove(linux_->self, &route, NULL));
	ck_assert_uint_eq(now()->n_routes, n + 1);
	route.via = 0x01020304;
	ck_assert(!linux_->route_add(linux_->self, &route, &err));
	ck_assert_str_eq(err.text, strerror(ENETUNREACH));
	/* A route of somebody else is not ours to remove. */
	netlab_run(0, NULL, NULL, "ip route add 198.18.0.0/15 via 203.0.113.2 metric 1");
	ck_assert(linux_->route_remove(linux_->self, &(struct plan_route){{0xc6120000, 15}, 0xcb007102, 0, 1}, NULL));
	ck_assert_uint_eq(now()->n_routes, n + 2);
}
END_TEST

START_TEST(links_are_set)
{
	ck_assert(linux_->link_set(linux_->self, &(struct plan_link){lab.ro, false}, NULL));
	ck_assert(!mirror_by_name(now(), "ro")->admin_up);
	ck_assert(linux_->link_set(linux_->self, &(struct plan_link){lab.ro, true}, NULL));
	ck_assert(mirror_by_name(now(), "ro")->admin_up);
}
END_TEST

START_TEST(owned_globals_answer_arp)
{
	struct plan_owned owned = {0xcb007140, 0xcb007143, lab.ro};

	ck_assert(linux_->owned_add(linux_->self, &owned, NULL));
	ck_assert(ping(lab.outside, "203.0.113.66"));
	ck_assert(silent(lab.outside, "203.0.113.68"));
	ck_assert(linux_->owned_remove(linux_->self, &owned, NULL));
	netlab_run(lab.outside, NULL, NULL, "ip neigh flush all");
	ck_assert(silent(lab.outside, "203.0.113.66"));
	/* Left behind by a crash: the next start takes them away. */
	ck_assert(linux_->owned_add(linux_->self, &owned, NULL));
	netrouter_restart();
	ck_assert_str_eq(netlab_output(0, "ip route show table local proto 211"), "");
}
END_TEST

START_TEST(new_globals_are_announced)
{
	struct plan_owned owned = {0xcb007140, 0xcb007140, lab.ro};
	const char *entry;
	int looks = 0;

	/* Gratuitous ARP updates an entry that is there. */
	netlab_run(lab.outside, NULL, NULL, "ip neigh add 203.0.113.64 lladdr 02:00:00:00:00:99 nud stale dev o0");
	ck_assert(linux_->owned_add(linux_->self, &owned, NULL));
	do {
		poll(NULL, 0, 50);
		entry = netlab_output(lab.outside, "ip neigh show 203.0.113.64");
	} while (strstr(entry, "02:00:00:00:00:99") != NULL && looks++ < 600);
	ck_assert_msg(strstr(entry, "02:00:00:00:00:99") == NULL && strstr(entry, "lladdr") != NULL, "%s", entry);
}
END_TEST

static void read_setting(const char *name, char value[16])
{
	int fd = open(name, O_RDONLY);
	ssize_t size = read(fd, value, 15);

	value[size > 0 ? size - 1 : 0] = '\0';
	close(fd);
}

START_TEST(settings_are_restored)
{
	char value[16];
	struct err err;

	netlab_run(0, NULL, NULL, "sysctl -q -w net.ipv4.conf.ro.rp_filter=1 net.ipv4.ip_forward=0");
	hooks_on();
	read_setting("/proc/sys/net/ipv4/conf/ro/rp_filter", value);
	ck_assert_str_eq(value, "2");
	read_setting("/proc/sys/net/ipv4/ip_forward", value);
	ck_assert_str_eq(value, "1");
	/* Set a second time, by a successor: the originals are still those of the start. */
	netrouter_restart();
	hooks_on();
	ck_assert(net_release(state_dir, &err));
	read_setting("/proc/sys/net/ipv4/conf/ro/rp_filter", value);
	ck_assert_str_eq(value, "1");
	read_setting("/proc/sys/net/ipv4/ip_forward", value);
	ck_assert_str_eq(value, "0");
	ck_assert_ptr_null(strstr(netlab_output(0, "nft list tables"), "algate"));
}
END_TEST

/* Its records are locked: it would go on without its routes and settings. */
START_TEST(release_is_refused_while_a_daemon_lives)
{
	char path[256];
	struct err err;
	int fd;

	snprintf(path, sizeof(path), "%s/records", state_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	hooks_on();
	ck_assert(!net_release(state_dir, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "running"));
	ck_assert_ptr_nonnull(strstr(netlab_output(0, "nft list tables"), "algate"));
	close(fd);
	ck_assert(net_release(state_dir, &err));
	unlink(path);
}
END_TEST

/* Whatever order Linux has them in. */
START_TEST(of_our_addresses_the_configuration_says_which_is_primary)
{
	struct plan_address second = {lab.ri, 0x0a030305, 24, true}, first = {lab.ri, 0x0a030306, 24, false};
	const struct mirror_interface *interface;

	ck_assert(linux_->address_add(linux_->self, &second, NULL));
	ck_assert(linux_->address_add(linux_->self, &first, NULL));
	interface = mirror_by_name(now(), "ri");
	for (uint32_t i = 0; i < interface->n_addresses; i++)
		if (interface->addresses[i].ours)
			ck_assert_int_eq(interface->addresses[i].secondary,
					 interface->addresses[i].addr == second.addr);
}
END_TEST

START_TEST(release_leaves_nothing)
{
	struct plan_route route = {{0xc0000200, 24}, 0xcb007102, 0, 10};
	struct plan_address address = {lab.ri, 0x0a020201, 24, false};
	struct plan_owned owned = {0xcb007140, 0xcb007143, lab.ro};
	uint32_t n = now()->n_routes;
	struct err err;

	hooks_on();
	ck_assert(linux_->address_add(linux_->self, &address, NULL));
	ck_assert(linux_->route_add(linux_->self, &route, NULL));
	ck_assert(linux_->owned_add(linux_->self, &owned, NULL));
	ck_assert(net_release(state_dir, &err));
	ck_assert_uint_eq(now()->n_routes, n);
	ck_assert_uint_eq(mirror_by_name(now(), "ri")->n_addresses, 1);
	ck_assert_str_eq(netlab_output(0, "ip route show table local proto 211"), "");
	ck_assert(net_release(state_dir, &err));
}
END_TEST

/* ---- names ---- */

static void name_is(const char *text, const char *expected)
{
	char name[64] = "";

	ck_assert_msg(net_ifname_canonical(text, name) == (expected != NULL), "%s", text);
	if (expected != NULL)
		ck_assert_str_eq(name, expected);
}

START_TEST(names_are_canonical)
{
	static const char *const maps[] = {"GigabitEthernet0/0=ri", "GigabitEthernet0/1=ro", "Loopback0=lo"};
	static const char *const wrong[] = {"Ethernet0=", "=eth0", "Ethernet0=eth0=x/y", "9=eth0"};
	struct err err;

	for (unsigned i = 0; i < 4; i++)
		ck_assert_ptr_null(net_new(state_dir, &wrong[i], 1, &err));
	net_free(net);
	net = net_new(state_dir, maps, 3, &err);
	linux_ = net_system(net);
	ck_assert_str_eq(mirror_by_index(now(), lab.ri)->name, "GigabitEthernet0/0");
	name_is("gi0/0", "GigabitEthernet0/0");
	name_is("Gi0/1", "GigabitEthernet0/1");
	name_is("GigabitEthernet 0/0", "GigabitEthernet0/0");
	name_is("GIGABITETHERNET0/1", "GigabitEthernet0/1");
	name_is("lo0", "Loopback0");
	name_is("ri", "GigabitEthernet0/0");
	name_is("eth7", "eth7");
	name_is("gi0/7", "GigabitEthernet0/7");
	name_is("nonsense0/0", NULL);
	name_is("a name", NULL);
	name_is("sixteencharacter", NULL);
	name_is("", NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *all = suite_create("net_link");
	TCase *tests = tcase_create("kernel");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, netrouter_setup, netrouter_teardown);
	tcase_add_test(tests, mirror_follows_linux);
	tcase_add_test(tests, flap_is_counted_though_nothing_differs);
	tcase_add_test(tests, rename_keeps_the_name);
	tcase_add_test(tests, deleted_and_made_again);
	tcase_add_test(tests, lost_messages_are_made_up_for);
	tcase_add_test(tests, addresses_carry_our_number);
	tcase_add_test(tests, primary_goes_alone);
	tcase_add_test(tests, routes_come_and_go);
	tcase_add_test(tests, links_are_set);
	tcase_add_test(tests, owned_globals_answer_arp);
	tcase_add_test(tests, new_globals_are_announced);
	tcase_add_test(tests, settings_are_restored);
	tcase_add_test(tests, release_leaves_nothing);
	tcase_add_test(tests, release_is_refused_while_a_daemon_lives);
	tcase_add_test(tests, of_our_addresses_the_configuration_says_which_is_primary);
	tcase_add_test(tests, names_are_canonical);
	suite_add_tcase(all, tests);
	return all;
}

int main(void)
{
	return netrouter_main(suite);
}
