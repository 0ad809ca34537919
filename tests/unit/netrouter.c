/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netrouter.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/csum.h"
#include "suite.h"

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

/* What is written here shows that the packets of a batch keep theirs apart. */
void engine_prepare(const struct engine *self, const struct packet *packet, struct prepared *prepared)
{
	(void)self;
	*prepared = (struct prepared){.view = {.ip = packet->data}};
}

static void count_early(struct engine *self, const struct packet *packet)
{
	bool his = memcmp(packet->data + 12, &self->flooder, 4) == 0;

	self->flooded += his;
	self->early += !his && self->flooded < 256;
}

void engine_packet(struct engine *self, uint64_t now, struct packet *packet, struct out *out)
{
	(void)now;
	count_early(self, packet);
	ck_assert_ptr_eq(packet->prepared->view.ip, packet->data);
	self->visits[packet->visit]++;
	self->last = *packet;
	out->verdict = VERDICT_ACCEPT;
	out->mark = (packet->mark & ~MARK_MASK) | MARK_DONE;
	if (self->hairpin && packet->visit == VISIT_TURN_BACK)
		out->mark |= MARK_HAIRPIN;
	self->large += packet->length > 1500;
	if (self->replace) {
		out->verdict = VERDICT_REPLACE;
		if (packet->checksum_partial)
			complete_checksum(packet);
	}
	if (self->drop != 0 && memcmp(packet->data + 12, &self->drop, 4) == 0)
		out->verdict = VERDICT_DROP;
	if (self->emit.length > 0) {
		self->sent = self->emit;
		out->emitted = &self->sent;
		out->n_emitted = 1;
		self->emit.length = 0;
	}
}

const struct snapshot *engine_snapshot(const struct engine *self)
{
	return &self->snapshot;
}

const struct snapshot_interface *snapshot_interface(const struct snapshot *snapshot, uint32_t ifindex)
{
	for (uint32_t i = 0; i < snapshot->n_interfaces; i++)
		if (snapshot->interfaces[i].ifindex == ifindex)
			return &snapshot->interfaces[i];
	return NULL;
}

struct netlab lab;
struct engine engine;
struct net *net;
const struct system *linux_;
struct queues *queues;
struct inject *injector;
char state_dir[64];
static uint32_t insides[1], outsides[1], known[3];
struct plan_hooks hooks;
static ip4 own[1] = {0xcb007101};
static struct plan_owned globals[1] = {{0xcb007132, 0xcb007133, 0}};

void netrouter_setup(void)
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
	queues = queues_new(&err);
	ck_assert_msg(queues != NULL, "%s", err.text);
	injector = inject_new(&err);
	ck_assert_msg(injector != NULL, "%s", err.text);
}

void netrouter_teardown(void)
{
	char path[96];
	struct err err;

	queues_free(queues);
	inject_free(injector);
	net_free(net);
	ck_assert_msg(net_release(state_dir, &err), "%s", err.text);
	snprintf(path, sizeof(path), "%s/sysctl", state_dir);
	unlink(path);
	rmdir(state_dir);
	netlab_clear(&lab);
}

void netrouter_restart(void)
{
	struct err err = {""};

	net_free(net);
	net = net_new(state_dir, NULL, 0, &err);
	ck_assert_msg(net != NULL, "%s", err.text);
	linux_ = net_system(net);
}

void hooks_on(void)
{
	struct err err = {""};

	ck_assert_msg(linux_->hooks_set(linux_->self, &hooks, &err), "%s", err.text);
}

void serve(void *arg)
{
	uint64_t now;

	(void)arg;
	while (queues != NULL && queues_serve(queues, &engine, injector, 0, &now))
		continue;
	if (net != NULL)
		net_changed(net);
}

void daemon_dies(void)
{
	queues_free(queues);
	queues = NULL;
}

static bool pinged(pid_t host, const char *addr, int seconds)
{
	return netlab_run(host, serve, NULL, "ping -c 1 -W %d -q %s", seconds, addr) == 0;
}

bool ping(pid_t host, const char *addr)
{
	return pinged(host, addr, PATIENCE_S);
}

bool silent(pid_t host, const char *addr)
{
	return !pinged(host, addr, 1);
}

bool visited(enum visit visit, unsigned times)
{
	for (int i = 0; i < PATIENCE_S * 100 && engine.visits[visit] < times; i++) {
		poll(NULL, 0, 10);
		serve(NULL);
	}
	return engine.visits[visit] == times;
}

static bool echoed_within(const char *from, const char *to, int ms)
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
	for (; ms > 0 && !answered; ms -= 10) {
		serve(NULL);
		answered = poll(&poller, 1, 10) > 0 && recv(fd, &byte, 1, 0) == 1;
	}
	close(fd);
	return answered;
}

bool own_udp(const char *from, const char *to)
{
	return echoed_within(from, to, PATIENCE_S * 1000);
}

bool own_udp_lost(const char *from, const char *to)
{
	return !echoed_within(from, to, 1000);
}

int netrouter_main(struct Suite *(*suite)(void))
{
	if (!netlab_possible()) {
		puts("needs root");
		return 77;
	}
	return suite_main(suite());
}
