/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel floor on a real kernel: rules, queue, mirror, changes, injection. The engine is a fake that remembers what
 * it was shown. Needs root (exit status 77 without).
 */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/csum.h"
#include "netlab.h"
#include "net/net.h"

/* ---- the fake engine ---- */

struct engine {
	struct snapshot snapshot;
	struct snapshot_interface interfaces[2];
	unsigned visits[4];
	unsigned errors; /* ICMP errors shown on visit 4 */
	uint32_t drop;   /* addresses from which everything is dropped */
	bool hairpin;
	bool replace;    /* hand every payload back, checksum completed */
	unsigned large;  /* packets longer than an Ethernet frame */
	struct emitted emit; /* length 0: none */
	struct packet last;
};

static void complete_checksum(struct packet *packet)
{
	uint8_t *ip = packet->data, *l4 = ip + (ip[0] & 15) * 4;
	uint32_t length = packet->length - (uint32_t)(l4 - ip);
	uint8_t *field = l4 + (ip[9] == 6 ? 16 : 6);
	uint64_t sum;
	uint16_t value = 0;
	uint32_t from, to;

	memcpy(&from, ip + 12, 4);
	memcpy(&to, ip + 16, 4);
	memcpy(field, &value, 2);
	sum = csum_pseudo(ntohl(from), ntohl(to), ip[9], length);
	value = csum_finish(csum_add(sum, l4, length));
	memcpy(field, &value, 2);
}

void engine_packet(struct engine *engine, uint64_t now, struct packet *packet, struct out *out)
{
	(void)now;
	engine->visits[packet->visit]++;
	engine->last = *packet;
	out->verdict = VERDICT_ACCEPT;
	out->mark = (packet->mark & ~MARK_MASK) | MARK_DONE;
	if (engine->hairpin && packet->visit == VISIT_TURN_BACK)
		out->mark |= MARK_HAIRPIN;
	engine->large += packet->length > 1500;
	if (engine->replace) {
		out->verdict = VERDICT_REPLACE;
		if (packet->checksum_partial)
			complete_checksum(packet);
	}
	if (engine->drop != 0 && memcmp(packet->data + 12, &engine->drop, 4) == 0)
		out->verdict = VERDICT_DROP;
	if (engine->emit.length > 0) {
		out->emitted[out->n_emitted++] = engine->emit;
		engine->emit.length = 0;
	}
}

const struct snapshot *engine_snapshot(const struct engine *engine)
{
	return &engine->snapshot;
}

const struct snapshot_interface *snapshot_interface(const struct snapshot *snapshot, uint32_t ifindex)
{
	for (uint32_t i = 0; i < snapshot->n_interfaces; i++)
		if (snapshot->interfaces[i].ifindex == ifindex)
			return &snapshot->interfaces[i];
	return NULL;
}

/* ---- one router ---- */

static struct netlab lab;
static struct engine engine;
static struct net *net;
static const struct system *linux_;
static struct nfqueue *queue;
static struct inject *injector;
static char state_dir[64];
static uint32_t insides[1], outsides[1], known[3];
static struct plan_hooks hooks;
static ip4 own[1] = {0xcb007101};
static struct plan_owned globals[1] = {{0xcb007132, 0xcb007133, 0}};
static struct plan_static_port ports[1] = {{0xcb007101, 17, 7}};

static void setup(void)
{
	struct err err = {""};

	netlab_make(&lab);
	snprintf(state_dir, sizeof(state_dir), "/tmp/test_net.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(state_dir));
	memset(&engine, 0, sizeof(engine));
	engine.interfaces[0] = (struct snapshot_interface){.ifindex = lab.ri, .role = ROLE_INSIDE};
	engine.interfaces[1] = (struct snapshot_interface){.ifindex = lab.ro, .role = ROLE_OUTSIDE};
	engine.snapshot.interfaces = engine.interfaces;
	engine.snapshot.n_interfaces = 2;
	insides[0] = lab.ri;
	outsides[0] = lab.ro;
	known[0] = 1;
	known[1] = lab.ri;
	known[2] = lab.ro;
	hooks = (struct plan_hooks){.active = true, .n_inside = 1, .n_outside = 1, .n_known = 3, .inside = insides,
				    .outside = outsides, .known = known, .n_globals = 1, .globals = globals,
				    .n_own = 1, .own = own};
	net = net_new(state_dir, NULL, 0, &err);
	ck_assert_msg(net != NULL, "%s", err.text);
	linux_ = net_system(net);
	queue = nfqueue_new(NET_QUEUE_NUMBER, &err);
	ck_assert_msg(queue != NULL, "%s", err.text);
	injector = inject_new(&err);
	ck_assert_msg(injector != NULL, "%s", err.text);
}

static void teardown(void)
{
	char path[96];
	struct err err;

	nfqueue_free(queue);
	inject_free(injector);
	net_free(net);
	ck_assert_msg(net_release(state_dir, &err), "%s", err.text);
	snprintf(path, sizeof(path), "%s/sysctl", state_dir);
	unlink(path);
	rmdir(state_dir);
	netlab_clear(&lab);
}

static void hooks_on(void)
{
	struct err err = {""};

	ck_assert_msg(linux_->hooks_set(linux_->self, &hooks, &err), "%s", err.text);
}

static void serve(void *arg)
{
	(void)arg;
	if (queue != NULL)
		nfqueue_serve(queue, &engine, injector, 8);
	if (net != NULL)
		net_changed(net);
}

static void daemon_dies(void)
{
	nfqueue_free(queue);
	queue = NULL;
}

static bool ping(pid_t host, const char *addr)
{
	return netlab_run(host, serve, NULL, "ping -c 1 -W 1 -q %s", addr) == 0;
}

/* A UDP request from the router itself to a host's echo port. */
static bool own_udp(const char *from, const char *to)
{
	struct sockaddr_in at = {.sin_family = AF_INET}, peer = {.sin_family = AF_INET, .sin_port = htons(7)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	char byte;
	bool answered = false;

	inet_pton(AF_INET, from, &at.sin_addr);
	inet_pton(AF_INET, to, &peer.sin_addr);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
	ck_assert_int_eq(send(fd, "x", 1, 0), 1);
	for (int i = 0; i < 100 && !answered; i++) {
		serve(NULL);
		answered = poll(&poller, 1, 10) > 0 && recv(fd, &byte, 1, 0) == 1;
	}
	close(fd);
	return answered;
}

/* ---- rules and queue ---- */

START_TEST(both_ways_pass_the_engine)
{
	hooks_on();
	ck_assert(ping(lab.inside, "203.0.113.2"));
	ck_assert_uint_eq(engine.visits[VISIT_TO_OUTSIDE], 1);
	ck_assert_uint_eq(engine.visits[VISIT_FROM_OUTSIDE], 1);
	ck_assert_uint_eq(engine.visits[VISIT_TURN_BACK], 0);
	/* Negative control: what the engine drops does not arrive. */
	inet_pton(AF_INET, "203.0.113.2", &engine.drop);
	ck_assert(!ping(lab.inside, "203.0.113.2"));
	ck_assert_uint_eq(net_guard_drops(net), 0);
}
END_TEST

START_TEST(packet_is_described)
{
	hooks_on();
	ck_assert(ping(lab.inside, "203.0.113.2"));
	ck_assert_uint_eq(engine.last.visit, VISIT_FROM_OUTSIDE);
	ck_assert_uint_eq(engine.last.in_ifindex, lab.ro);
	ck_assert_uint_eq(engine.last.length, 84);
	ck_assert(!engine.last.gso);
	inet_pton(AF_INET, "10.1.1.2", &engine.drop);
	ping(lab.inside, "203.0.113.2");
	ck_assert_uint_eq(engine.last.visit, VISIT_TO_OUTSIDE);
	ck_assert_uint_eq(engine.last.in_ifindex, lab.ri);
	ck_assert_uint_eq(engine.last.out_ifindex, lab.ro);
	ck_assert_uint_eq(engine.last.mark, 0);
}
END_TEST

START_TEST(dead_daemon_lets_nothing_cross)
{
	hooks_on();
	ck_assert(ping(lab.inside, "203.0.113.2"));
	daemon_dies();
	ck_assert(!ping(lab.inside, "203.0.113.2"));
	ck_assert(!ping(lab.outside, "10.1.1.2"));
	/* The router's own traffic lives on, and inside hosts reach it. */
	ck_assert(own_udp("0.0.0.0", "203.0.113.2"));
	ck_assert(ping(lab.inside, "10.1.1.1"));
}
END_TEST

START_TEST(own_packets_pass_the_engine_while_it_lives)
{
	hooks_on();
	ck_assert(own_udp("0.0.0.0", "203.0.113.2"));
	ck_assert_uint_eq(engine.visits[VISIT_TO_OUTSIDE], 1);
	ck_assert_uint_eq(engine.last.in_ifindex, 0);
	/* The answer has a socket: it does not come to the engine. */
	ck_assert_uint_eq(engine.visits[VISIT_FROM_OUTSIDE], 0);
	/* An inside address as the source has something to hide: no way round the engine. */
	daemon_dies();
	ck_assert(!own_udp("10.1.1.1", "203.0.113.2"));
}
END_TEST

START_TEST(static_port_goes_before_the_socket)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(7)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	hooks_on();
	netlab_run(lab.outside, serve, NULL, "bash -c echo>/dev/udp/203.0.113.1/7");
	ck_assert_uint_eq(engine.visits[VISIT_FROM_OUTSIDE], 0);
	hooks.static_ports = ports;
	hooks.n_static_ports = 1;
	hooks_on();
	netlab_run(lab.outside, serve, NULL, "bash -c echo>/dev/udp/203.0.113.1/7");
	ck_assert_uint_eq(engine.visits[VISIT_FROM_OUTSIDE], 1);
	close(fd);
}
END_TEST

START_TEST(globals_are_queued_from_both_sides)
{
	hooks_on();
	ck_assert(linux_->owned_add(linux_->self, &(struct plan_owned){globals[0].first, globals[0].last, lab.ro}, NULL));
	ping(lab.outside, "203.0.113.50");
	ck_assert_uint_eq(engine.visits[VISIT_FROM_OUTSIDE], 1);
	ping(lab.inside, "203.0.113.51");
	ck_assert_uint_eq(engine.visits[VISIT_TURN_BACK], 1);
	/* The range ends here. */
	ping(lab.outside, "203.0.113.52");
	ck_assert_uint_eq(engine.visits[VISIT_FROM_OUTSIDE], 1);
}
END_TEST

START_TEST(hairpin_mark_brings_a_third_visit)
{
	static struct plan_owned there[] = {{0x0a010102, 0x0a010102, 0}};

	/* The global is the inside host itself here, so that routing sends the packet back where it came from. */
	hooks.globals = there;
	hooks_on();
	engine.hairpin = true;
	netlab_run(lab.inside, NULL, NULL, "ip addr add 10.1.1.3/24 dev i0");
	netlab_run(lab.inside, NULL, NULL, "ip route add 203.0.113.99/32 via 10.1.1.1 src 10.1.1.3");
	netlab_run(0, NULL, NULL, "ip route add 203.0.113.99/32 via 10.1.1.2");
	there[0] = (struct plan_owned){0xcb007163, 0xcb007163, 0};
	hooks_on();
	ping(lab.inside, "203.0.113.99");
	ck_assert_uint_eq(engine.visits[VISIT_TURN_BACK], 1);
	ck_assert_uint_eq(engine.visits[VISIT_TO_OUTSIDE], 1);
	ck_assert_uint_eq(engine.last.out_ifindex, lab.ri);
}
END_TEST

START_TEST(own_errors_are_shown)
{
	hooks_on();
	/* TTL 1 ends at the router. */
	netlab_run(lab.inside, serve, NULL, "ping -c 1 -W 1 -t 1 -q 203.0.113.2");
	ck_assert_uint_eq(engine.visits[VISIT_OWN_ERROR], 1);
	ck_assert_uint_eq(engine.last.data == NULL, 0);
	/* Negative control: an answer is no error. */
	ck_assert(ping(lab.inside, "10.1.1.1"));
	ck_assert_uint_eq(engine.visits[VISIT_OWN_ERROR], 1);
}
END_TEST

START_TEST(guard_outlives_the_queue_rules)
{
	hooks_on();
	net_stop(net);
	daemon_dies();
	ck_assert(!ping(lab.inside, "203.0.113.2"));
	ck_assert_uint_eq(net_guard_drops(net), 1);
	ck_assert(!ping(lab.outside, "10.1.1.2"));
	ck_assert_uint_eq(net_guard_drops(net), 2);
	ck_assert_ptr_null(strstr(netlab_output(0, "nft list tables"), "ip algate\n"));
	ck_assert_ptr_nonnull(strstr(netlab_output(0, "nft list tables"), "ip algate_guard\n"));
}
END_TEST

START_TEST(guard_drops_what_crosses_to_an_unknown_interface)
{
	pid_t third = lab.outside;

	hooks_on();
	/* A second link to the outside host that was not there when the rules were made. */
	netlab_run(0, NULL, NULL, "ip link add r2 type veth peer name o2 netns %d", third);
	netlab_run(0, NULL, NULL, "ip addr add 198.51.100.1/24 dev r2");
	netlab_run(0, NULL, NULL, "ip link set r2 up");
	netlab_run(third, NULL, NULL, "ip addr add 198.51.100.2/24 dev o2");
	netlab_run(third, NULL, NULL, "ip link set o2 up");
	ck_assert(!ping(lab.inside, "198.51.100.2"));
	ck_assert_uint_eq(net_guard_drops(net), 1);
	/* Known and without a role it is none of our business. */
	uint32_t more[] = {1, lab.ri, lab.ro, netlab_index("r2")};

	hooks.known = more;
	hooks.n_known = 4;
	hooks_on();
	ck_assert(ping(lab.inside, "198.51.100.2"));
}
END_TEST

START_TEST(rules_come_back_when_flushed)
{
	hooks_on();
	ck_assert_int_eq(netlab_run(0, NULL, NULL, "nft flush ruleset"), 0);
	ck_assert_ptr_null(strstr(netlab_output(0, "nft list tables"), "algate"));
	net_changed(net);
	ck_assert_ptr_nonnull(strstr(netlab_output(0, "nft list tables"), "algate_guard"));
	ck_assert(ping(lab.inside, "203.0.113.2"));
	ck_assert_uint_eq(engine.visits[VISIT_TO_OUTSIDE], 1);
	ck_assert_int_eq(netlab_run(0, NULL, NULL, "nft flush chain ip algate_guard postrouting"), 0);
	net_changed(net);
	daemon_dies();
	net_stop(net);
	ck_assert(!ping(lab.inside, "203.0.113.2"));
}
END_TEST

START_TEST(inactive_removes_both_tables)
{
	hooks_on();
	hooks = (struct plan_hooks){.n_known = 3, .known = known};
	hooks_on();
	ck_assert_ptr_null(strstr(netlab_output(0, "nft list tables"), "algate"));
	daemon_dies();
	ck_assert(ping(lab.inside, "203.0.113.2"));
	/* Somebody else's flush brings nothing of ours. */
	ck_assert_int_eq(netlab_run(0, NULL, NULL, "nft flush ruleset"), 0);
	net_changed(net);
	ck_assert_ptr_null(strstr(netlab_output(0, "nft list tables"), "algate"));
}
END_TEST

START_TEST(replaced_payloads_arrive_whole)
{
	hooks_on();
	engine.replace = true;
	ck_assert(ping(lab.inside, "203.0.113.2"));
	ck_assert_int_eq(netlab_send(lab.inside, serve, NULL, "203.0.113.2", 40000001), 0);
	/* Segmentation offload: without it the rest of this test proves nothing. */
	ck_assert_uint_gt(engine.large, 100);
	ck_assert_uint_eq(nfqueue_lost(queue), 0);
	ck_assert_uint_eq(nfqueue_kernel_drops(NET_QUEUE_NUMBER), 0);
	ck_assert_uint_eq(nfqueue_kernel_drops(NET_QUEUE_NUMBER + 1), 0);
}
END_TEST

START_TEST(second_daemon_is_refused)
{
	struct err err = {""};

	ck_assert_ptr_null(nfqueue_new(NET_QUEUE_NUMBER, &err));
	ck_assert_msg(strstr(err.text, "another process") != NULL, "%s", err.text);
}
END_TEST

START_TEST(predecessors_rules_are_replaced)
{
	hooks_on();
	net_free(net);
	net = net_new(state_dir, NULL, 0, NULL);
	linux_ = net_system(net);
	ck_assert_ptr_nonnull(strstr(netlab_output(0, "nft list tables"), "algate_guard"));
	hooks_on();
	ck_assert(ping(lab.inside, "203.0.113.2"));
	ck_assert_uint_eq(engine.visits[VISIT_TO_OUTSIDE], 1);
}
END_TEST

/* ---- large sets ---- */

#define MANY 100000u

static unsigned count_elements(const char *set)
{
	const char *text = netlab_output(0, "sh -c nft${IFS}-j${IFS}list${IFS}set${IFS}ip${IFS}algate${IFS}%s|tr${IFS}-cd${IFS},|wc${IFS}-c", set);

	return (unsigned)atoi(text);
}

START_TEST(hundred_thousand_elements)
{
	struct plan_static_port *many = calloc(MANY, sizeof(*many));
	struct plan_owned *ranges = calloc(MANY, sizeof(*ranges));
	struct timespec a, b, c;
	unsigned before;

	for (uint32_t i = 0; i < MANY; i++) {
		many[i] = (struct plan_static_port){0xcb007101, 6, 0};
		many[i].addr += i / 60000;
		many[i].port = (uint16_t)(1 + i % 60000);
		ranges[i] = (struct plan_owned){0xc6000000 + 3 * i, 0xc6000000 + 3 * i, 0};
	}
	hooks.static_ports = many;
	hooks.n_static_ports = MANY;
	hooks.globals = ranges;
	hooks.n_globals = MANY;
	clock_gettime(CLOCK_MONOTONIC, &a);
	hooks_on();
	clock_gettime(CLOCK_MONOTONIC, &b);
	before = count_elements("static_ports");
	ck_assert_uint_ge(before, MANY);
	/* One less, one range wider: a difference only. */
	hooks.n_static_ports--;
	ranges[500].last++;
	clock_gettime(CLOCK_MONOTONIC, &c);
	hooks_on();
	printf("2 x %u elements: %ld ms, then a difference: ", MANY,
	       (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%ld ms\n", (b.tv_sec - c.tv_sec) * 1000 + (b.tv_nsec - c.tv_nsec) / 1000000);
	ck_assert_uint_lt(count_elements("static_ports"), before);
	free(many);
	free(ranges);
}
END_TEST

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
	ck_assert_uint_eq(mirror_primary(ro), 0xcb007101);
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

	ck_assert(linux_->address_add(linux_->self, &second, NULL));
	ck_assert(linux_->address_remove(linux_->self, &primary, NULL));
	ck_assert_uint_eq(mirror_by_name(now(), "ri")->n_addresses, 1);
	ck_assert_uint_eq(mirror_primary(mirror_by_name(now(), "ri")), 0x0a010109);
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
	ck_assert(!ping(lab.outside, "203.0.113.68"));
	ck_assert(linux_->owned_remove(linux_->self, &owned, NULL));
	netlab_run(lab.outside, NULL, NULL, "ip neigh flush all");
	ck_assert(!ping(lab.outside, "203.0.113.66"));
	/* Left behind by a crash: the next start takes them away. */
	ck_assert(linux_->owned_add(linux_->self, &owned, NULL));
	net_free(net);
	net = net_new(state_dir, NULL, 0, NULL);
	linux_ = net_system(net);
	ck_assert_str_eq(netlab_output(0, "ip route show table local proto 211"), "");
}
END_TEST

START_TEST(new_globals_are_announced)
{
	struct plan_owned owned = {0xcb007140, 0xcb007140, lab.ro};
	const char *entry;

	/* Gratuitous ARP updates an entry that is there. */
	netlab_run(lab.outside, NULL, NULL, "ip neigh add 203.0.113.64 lladdr 02:00:00:00:00:99 nud stale dev o0");
	ck_assert(linux_->owned_add(linux_->self, &owned, NULL));
	poll(NULL, 0, 50);
	entry = netlab_output(lab.outside, "ip neigh show 203.0.113.64");
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
	net_free(net);
	net = net_new(state_dir, NULL, 0, NULL);
	linux_ = net_system(net);
	hooks_on();
	ck_assert(net_release(state_dir, &err));
	read_setting("/proc/sys/net/ipv4/conf/ro/rp_filter", value);
	ck_assert_str_eq(value, "1");
	read_setting("/proc/sys/net/ipv4/ip_forward", value);
	ck_assert_str_eq(value, "0");
	ck_assert_ptr_null(strstr(netlab_output(0, "nft list tables"), "algate"));
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

/* ---- injection ---- */

static void echo_request(struct emitted *packet, uint32_t length, uint16_t fragment)
{
	memset(packet, 0, sizeof(*packet));
	packet->length = length;
	packet->data[0] = 0x45;
	packet->data[6] = (uint8_t)(fragment >> 8);
	packet->data[8] = 64;
	packet->data[9] = 17;
	inet_pton(AF_INET, "203.0.113.1", packet->data + 12);
	inet_pton(AF_INET, "203.0.113.2", packet->data + 16);
	packet->data[20] = 0x30;
	packet->data[21] = 0x39; /* from 12345 */
	packet->data[23] = 7;
	packet->data[24] = (uint8_t)((length - 20) >> 8);
	packet->data[25] = (uint8_t)(length - 20);
}

/* Sends it and returns how many bytes the echo brought back to port 12345. */
static int echoed(const struct emitted *packet)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(12345)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	char data[2048];
	int size = -1;

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	if (inject_send(injector, packet))
		for (int i = 0; i < 50 && size < 0; i++) {
			serve(NULL);
			if (poll(&poller, 1, 10) > 0)
				size = (int)recv(fd, data, sizeof(data), 0);
		}
	close(fd);
	return size;
}

START_TEST(injected_packets_pass_our_rules)
{
	struct emitted packet;

	hooks_on();
	echo_request(&packet, 128, 0);
	ck_assert_int_eq(echoed(&packet), 100);
	ck_assert_uint_eq(engine.visits[VISIT_TO_OUTSIDE], 0);
	packet.ifindex = lab.ro;
	ck_assert_int_eq(echoed(&packet), 100);
	packet.data[0] = 0x4f;
	packet.length = 40;
	ck_assert(!inject_send(injector, &packet));
}
END_TEST

START_TEST(injected_packets_are_fragmented)
{
	struct emitted packet;

	netlab_run(0, NULL, NULL, "ip link set ro mtu 600");
	netlab_run(lab.outside, NULL, NULL, "ip link set o0 mtu 600");
	echo_request(&packet, 1428, 0);
	ck_assert_int_eq(echoed(&packet), 1400);
	/* Not with DF. */
	echo_request(&packet, 1428, 0x4000);
	ck_assert_int_eq(echoed(&packet), -1);
}
END_TEST

START_TEST(emitted_packets_are_sent)
{
	hooks_on();
	echo_request(&engine.emit, 128, 0);
	ck_assert(ping(lab.inside, "203.0.113.2"));
	ck_assert_uint_eq(engine.emit.length, 0);
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
	Suite *suite = suite_create("net");
	TCase *tests = tcase_create("kernel");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, both_ways_pass_the_engine);
	tcase_add_test(tests, packet_is_described);
	tcase_add_test(tests, dead_daemon_lets_nothing_cross);
	tcase_add_test(tests, own_packets_pass_the_engine_while_it_lives);
	tcase_add_test(tests, static_port_goes_before_the_socket);
	tcase_add_test(tests, globals_are_queued_from_both_sides);
	tcase_add_test(tests, hairpin_mark_brings_a_third_visit);
	tcase_add_test(tests, own_errors_are_shown);
	tcase_add_test(tests, guard_outlives_the_queue_rules);
	tcase_add_test(tests, guard_drops_what_crosses_to_an_unknown_interface);
	tcase_add_test(tests, rules_come_back_when_flushed);
	tcase_add_test(tests, inactive_removes_both_tables);
	tcase_add_test(tests, replaced_payloads_arrive_whole);
	tcase_add_test(tests, second_daemon_is_refused);
	tcase_add_test(tests, predecessors_rules_are_replaced);
	tcase_add_test(tests, hundred_thousand_elements);
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
	tcase_add_test(tests, injected_packets_pass_our_rules);
	tcase_add_test(tests, injected_packets_are_fragmented);
	tcase_add_test(tests, emitted_packets_are_sent);
	tcase_add_test(tests, names_are_canonical);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner;
	int failed;

	if (!netlab_possible()) {
		puts("needs root");
		return 77;
	}
	runner = srunner_create(suite());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
