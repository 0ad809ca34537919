/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules, queue and injection on a real kernel, seen by a fake engine. Needs root (exit status 77 without). */
#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"
#include "netrouter.h"

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
	ck_assert(silent(lab.inside, "203.0.113.2"));
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
	ck_assert(silent(lab.inside, "203.0.113.2"));
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
	ck_assert(silent(lab.inside, "203.0.113.2"));
	ck_assert(silent(lab.outside, "10.1.1.2"));
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
	ck_assert(own_udp_lost("10.1.1.1", "203.0.113.2"));
}
END_TEST

static bool heard(int fd)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	char bytes[16];

	for (int i = 0; i < PATIENCE_S * 100 && poll(&poller, 1, 10) == 0; i++)
		serve(NULL);
	return recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0;
}

START_TEST(static_port_goes_before_the_socket)
{
	static struct plan_static_port ports[] = {{0xcb007101, 17, 7}};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(7)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	hooks_on();
	netlab_run(lab.outside, serve, NULL, "bash -c echo>/dev/udp/203.0.113.1/7");
	ck_assert_msg(heard(fd), "past the engine");
	ck_assert_uint_eq(engine.visits[VISIT_FROM_OUTSIDE], 0);
	hooks.static_ports = ports;
	hooks.n_static_ports = 1;
	hooks_on();
	netlab_run(lab.outside, serve, NULL, "bash -c echo>/dev/udp/203.0.113.1/7");
	ck_assert(visited(VISIT_FROM_OUTSIDE, 1));
	ck_assert(heard(fd));
	/* Without the entry there is no rule for entries any more. */
	hooks.n_static_ports = 0;
	hooks_on();
	ck_assert_ptr_null(strstr(netlab_output(0, "nft list chain ip algate to_own_outside"), "@static_ports"));
	netlab_run(lab.outside, serve, NULL, "bash -c echo>/dev/udp/203.0.113.1/7");
	ck_assert(heard(fd));
	ck_assert_uint_eq(engine.visits[VISIT_FROM_OUTSIDE], 1);
	close(fd);
}
END_TEST

/* Datagrams that a host's sockets were given. */
static unsigned udp_heard(pid_t host)
{
	const char *line = strstr(netlab_output(host, "cat /proc/net/snmp"), "\nUdp: ");

	line = strstr(line + 1, "\nUdp: ");
	return (unsigned)atoi(line + 6);
}

/* Packets that wait for us in the kernel. */
static unsigned queued(void)
{
	const char *text = netlab_output(0, "cat /proc/net/netfilter/nfnetlink_queue");
	unsigned waiting, all = 0;

	while (text != NULL && sscanf(text, "%*u %*u %u", &waiting) == 1) {
		all += waiting;
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return all;
}

/* A change of which sets are in use changes rules; the kernel drops what is queued when a hook goes. */
START_TEST(packets_wait_out_a_change_of_rules)
{
	static struct plan_static_port ports[] = {{0xcb007101, 17, 7}};

	hooks_on();
	ck_assert_int_eq(netlab_run(lab.inside, NULL, NULL, "bash -c echo>/dev/udp/203.0.113.2/7"), 0);
	for (int i = 0; i < PATIENCE_S * 100 && queued() == 0; i++)
		usleep(10000);
	hooks.static_ports = ports;
	hooks.n_static_ports = 1;
	hooks.n_globals = 0;
	hooks_on();
	ck_assert_uint_eq(engine.visits[VISIT_TO_OUTSIDE], 0);
	ck_assert_uint_eq(udp_heard(lab.outside), 0);
	serve(NULL);
	ck_assert_uint_eq(engine.visits[VISIT_TO_OUTSIDE], 1);
	for (int i = 0; i < PATIENCE_S * 100 && udp_heard(lab.outside) == 0; i++)
		usleep(10000); /* neighbours may have to be asked first */
	ck_assert_uint_eq(udp_heard(lab.outside), 1);
}
END_TEST

START_TEST(sets_of_a_fixed_size_are_outgrown)
{
	enum { N = 3000 };
	ip4 *many = mem_alloc(N * sizeof(*many));

	hooks_on();
	many[0] = hooks.own[0];
	for (unsigned i = 1; i < N; i++)
		many[i] = 0xc6336400 + i;
	hooks.own = many;
	hooks.n_own = N;
	hooks_on();
	silent(lab.inside, "198.51.111.183"); /* the last one */
	ck_assert(visited(VISIT_TURN_BACK, 1));
	silent(lab.inside, "198.51.111.184");
	ck_assert_uint_eq(engine.visits[VISIT_TURN_BACK], 1);
	ck_assert(ping(lab.inside, "203.0.113.2"));
	free(many);
}
END_TEST

START_TEST(globals_are_queued_from_both_sides)
{
	struct plan_owned owned = {0xcb007132, 0xcb007133, lab.ro};

	hooks_on();
	ck_assert(linux_->owned_add(linux_->self, &owned, NULL));
	silent(lab.outside, "203.0.113.50");
	ck_assert(visited(VISIT_FROM_OUTSIDE, 1));
	silent(lab.inside, "203.0.113.51");
	ck_assert(visited(VISIT_TURN_BACK, 1));
	/* The range ends here. */
	silent(lab.outside, "203.0.113.52");
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
	silent(lab.inside, "203.0.113.99");
	ck_assert(visited(VISIT_TURN_BACK, 1));
	ck_assert(visited(VISIT_TO_OUTSIDE, 1));
	ck_assert_uint_eq(engine.last.out_ifindex, lab.ri);
}
END_TEST

START_TEST(own_errors_are_shown)
{
	hooks_on();
	/* TTL 1 ends at the router. */
	netlab_run(lab.inside, serve, NULL, "ping -c 1 -W 1 -t 1 -q 203.0.113.2");
	ck_assert(visited(VISIT_OWN_ERROR, 1));
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
	ck_assert(silent(lab.inside, "203.0.113.2"));
	ck_assert_uint_eq(net_guard_drops(net), 1);
	ck_assert(silent(lab.outside, "10.1.1.2"));
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
	ck_assert(silent(lab.inside, "198.51.100.2"));
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
	ck_assert(silent(lab.inside, "203.0.113.2"));
}
END_TEST

START_TEST(inactive_removes_both_tables)
{
	hooks_on();
	hooks = (struct plan_hooks){.n_known = hooks.n_known, .known = hooks.known};
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
	ck_assert_uint_eq(queues_lost(queues), 0);
	ck_assert_uint_eq(queues_kernel_drops(), 0);
}
END_TEST

static void flood_from(const char *source, unsigned n)
{
	netlab_run(lab.inside, NULL, NULL, "ping -q -s 8 -c %u -l %u -i 0 -w 2 -I %s 203.0.113.2", n, n, source);
}

START_TEST(kernel_drops_are_counted)
{
	hooks_on();
	/* More packets than a queue holds, while nobody reads it: how long that takes depends on the machine. */
	for (int i = 0; i < 60 && queues_kernel_drops() == 0; i++)
		flood_from("10.1.1.2", 4000);
	ck_assert_uint_gt(queues_kernel_drops(), 0);
	/* And what it holds is still served. */
	serve(NULL);
	ck_assert_uint_gt(engine.visits[VISIT_TO_OUTSIDE], 0);
}
END_TEST

/* The flooder's queue is full; then one packet of each of 32 others: about two of them have the same queue. */
static void flood_and_others(void)
{
	uint64_t drops = queues_kernel_drops(), before = drops;

	for (int i = 0; i < 32; i++)
		ck_assert_int_eq(netlab_run(lab.inside, NULL, NULL, "ip addr replace 10.1.1.%d/24 dev i0", 100 + i), 0);
	for (int i = 0; i < 60 && drops == before; i++) {
		flood_from("10.1.1.2", 4000);
		drops = queues_kernel_drops();
	}
	ck_assert_uint_gt(drops, before);
	for (int i = 0; i < 32; i++)
		netlab_run(lab.inside, NULL, NULL, "ping -c 1 -W 0.1 -q -I 10.1.1.%d 203.0.113.2", 100 + i);
	ck_assert_uint_le(queues_kernel_drops() - drops, 12);
}

START_TEST(who_floods_fills_his_own_queue)
{
	unsigned served;
	uint64_t drops;

	hooks_on();
	flood_and_others();
	/* They wait for no more than his queue. */
	serve(NULL);
	served = engine.visits[VISIT_TO_OUTSIDE];
	ck_assert_uint_le(served, 512 + 32);
	ck_assert_uint_ge(served, 512 + 20);
	/* Control: his own are dropped. */
	drops = queues_kernel_drops();
	for (int i = 0; i < 60 && queues_kernel_drops() == drops; i++)
		flood_from("10.1.1.2", 4000);
	ck_assert_uint_gt(queues_kernel_drops(), drops);
}
END_TEST

/* Those whose queue is not his. */
START_TEST(others_do_not_wait_for_who_is_refused)
{
	hooks_on();
	engine.flooder = engine.drop = htonl(0x0a010102);
	flood_and_others();
	serve(NULL);
	ck_assert_uint_ge(engine.flooded, 512);
	ck_assert_uint_ge(engine.early, 20);
	ck_assert_uint_ge(engine.visits[VISIT_TO_OUTSIDE], 512 + 20);
	ck_assert_uint_eq(queues_lost(queues), 0);
}
END_TEST

START_TEST(control_known_flows_are_served_as_they_come)
{
	hooks_on();
	engine.flooder = htonl(0x0a010102);
	flood_and_others();
	serve(NULL);
	ck_assert_uint_ge(engine.flooded, 512);
	ck_assert_uint_eq(engine.early, 0);
}
END_TEST

static void *wake_later(void *arg)
{
	(void)arg;
	usleep(20000);
	queues_wake(queues);
	return NULL;
}

/* Whoever breaks this makes it wait for ever. */
START_TEST(waits_end)
{
	uint64_t now = 0, before;
	pthread_t other;

	queues_wake(queues); /* before it begins */
	ck_assert(!queues_serve(queues, &engine, injector, -1, &now));
	ck_assert_int_eq(pthread_create(&other, NULL, wake_later, NULL), 0);
	queues_serve(queues, &engine, injector, -1, &now);
	pthread_join(other, NULL);
	before = now;
	for (int i = 0; i < 10 && now < before + 50; i++) /* one may end too soon */
		queues_serve(queues, &engine, injector, 50, &now);
	ck_assert_uint_ge(now, before + 50);
	/* A nearer time than the one before. */
	queues_serve(queues, &engine, injector, 1, &now);
	queues_serve(queues, &engine, injector, 0, &now);
	/* None of them was a packet. */
	ck_assert_uint_eq(engine.visits[VISIT_FROM_OUTSIDE] + engine.visits[VISIT_TO_OUTSIDE], 0);
}
END_TEST

START_TEST(second_daemon_is_refused)
{
	struct err err = {""};

	ck_assert_ptr_null(queues_new(&err));
	ck_assert_msg(strstr(err.text, "another process") != NULL, "%s", err.text);
}
END_TEST

START_TEST(predecessors_rules_are_replaced)
{
	hooks_on();
	netrouter_restart();
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
	const char *text = netlab_output(0, "sh -c nft${IFS}-j${IFS}list${IFS}set${IFS}ip${IFS}algate${IFS}%s"
					 "|tr${IFS}-cd${IFS},|wc${IFS}-c", set);

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

/* Sends it and returns how many bytes the echo brought back to port 12345; negative: none in that time. */
static int echoed_within(int ms, const struct emitted *packet)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(12345)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	char data[2048];
	int size = -1;

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	if (inject_send(injector, packet))
		for (; ms > 0 && size < 0; ms -= 10) {
			serve(NULL);
			if (poll(&poller, 1, 10) > 0)
				size = (int)recv(fd, data, sizeof(data), 0);
		}
	close(fd);
	return size;
}

static int echoed(const struct emitted *packet)
{
	return echoed_within(PATIENCE_S * 1000, packet);
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
	ck_assert_int_eq(echoed_within(500, &packet), -1);
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

static Suite *suite(void)
{
	Suite *all = suite_create("net");
	TCase *tests = tcase_create("kernel");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, netrouter_setup, netrouter_teardown);
	tcase_add_test(tests, both_ways_pass_the_engine);
	tcase_add_test(tests, packet_is_described);
	tcase_add_test(tests, dead_daemon_lets_nothing_cross);
	tcase_add_test(tests, own_packets_pass_the_engine_while_it_lives);
	tcase_add_test(tests, static_port_goes_before_the_socket);
	tcase_add_test(tests, packets_wait_out_a_change_of_rules);
	tcase_add_test(tests, sets_of_a_fixed_size_are_outgrown);
	tcase_add_test(tests, globals_are_queued_from_both_sides);
	tcase_add_test(tests, hairpin_mark_brings_a_third_visit);
	tcase_add_test(tests, own_errors_are_shown);
	tcase_add_test(tests, guard_outlives_the_queue_rules);
	tcase_add_test(tests, guard_drops_what_crosses_to_an_unknown_interface);
	tcase_add_test(tests, rules_come_back_when_flushed);
	tcase_add_test(tests, inactive_removes_both_tables);
	tcase_add_test(tests, replaced_payloads_arrive_whole);
	tcase_add_test(tests, kernel_drops_are_counted);
	tcase_add_test(tests, who_floods_fills_his_own_queue);
	tcase_add_test(tests, others_do_not_wait_for_who_is_refused);
	tcase_add_test(tests, control_known_flows_are_served_as_they_come);
	tcase_add_test(tests, waits_end);
	tcase_add_test(tests, second_daemon_is_refused);
	tcase_add_test(tests, predecessors_rules_are_replaced);
	tcase_add_test(tests, hundred_thousand_elements);
	tcase_add_test(tests, injected_packets_pass_our_rules);
	tcase_add_test(tests, injected_packets_are_fragmented);
	tcase_add_test(tests, emitted_packets_are_sent);
	suite_add_tcase(all, tests);
	return all;
}

int main(void)
{
	return netrouter_main(suite);
}
