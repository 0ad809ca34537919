/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients and servers of scripts/bench that are cheap enough not to be what is measured. Results
 * are one line of JSON.
 *
 *   load echo PORT
 *       answers UDP datagrams until it is ended
 *   load rtt ADDRESS PORT SECONDS
 *       one datagram after the other: round trip in microseconds
 *   load probe ADDRESS PORT US
 *       one datagram every US microseconds, answered or not, until SIGTERM: the longest delay, from
 *       when it should have been sent
 *   load transit PORT
 *       how long the router, in whose namespace this runs, keeps the datagrams of `probe` and their
 *       answers, by the kernel's time stamps on its interfaces, until SIGTERM: what delays a probe
 *       outside of the router, and us, is not in it
 *   load accept PORT PORTS
 *       TCP: answers one byte with one byte, until it is ended
 *   load connect ADDRESS PORT PORTS SECONDS WIDTH
 *       TCP: WIDTH connections at once, each opened, used and reset: per second
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "client.h"

#define SIZE	  64 /* bytes of payload */
#define EVENTS	  64
#define WIDTH_MAX 256
#define LINGER_MS 1500	 /* what is later than this is lost */
#define TRANSIT	  65536u /* datagrams in the router, at most; a power of two */
#define TAP_BYTES (64 << 20)

/* ---- UDP */

static void print_samples(struct samples *samples, uint64_t lost)
{
	putchar('{');
	samples_print(samples, lost);
	puts("}");
}

static int run_echo(char **argv)
{
	int fd = udp_bind(atoi(argv[0]));

	ready();
	while (!ended) {
		char data[2048];
		struct sockaddr_in from;
		socklen_t length = sizeof(from);
		ssize_t n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &length);

		if (n >= 0)
			sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&from, length);
	}
	return 0;
}

static int run_rtt(char **argv)
{
	int fd = udp_connect(argv[0], atoi(argv[1]));
	double end = now_s() + atof(argv[2]);
	struct samples samples = {NULL, 0};
	struct timeval patience = {1, 0};
	char data[SIZE] = {0};
	uint64_t lost = 0;
	uint32_t number = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (double start = now_s(); start < end; start = now_s()) {
		uint32_t answer = number - 1;

		number++;
		memcpy(data, &number, sizeof(number));
		if (send(fd, data, sizeof(data), 0) < 0)
			die("send");
		while (answer != number && recv(fd, data, sizeof(data), 0) > 0)
			memcpy(&answer, data, sizeof(answer));
		if (answer == number)
			samples_put(&samples, (now_s() - start) * 1e6);
		else
			lost++;
	}
	print_samples(&samples, lost);
	return 0;
}

static void probe_read(int fd, struct samples *samples)
{
	double due[SIZE / sizeof(double)];

	while (recv(fd, due, sizeof(due), MSG_DONTWAIT) == (ssize_t)sizeof(due))
		samples_put(samples, (now_s() - due[0]) * 1e6);
}

static void wait_until(int fd, double when)
{
	double left = when - now_s();
	struct timespec time = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
	struct pollfd poll = {.fd = fd, .events = POLLIN};

	if (left > 0)
		ppoll(&poll, 1, &time, NULL);
}

/* A late send counts as delay, so what holds us up is seen too: run it beside an idle router for
 * comparison. */
static int run_probe(char **argv)
{
	int fd = udp_connect(argv[0], atoi(argv[1]));
	double step = atof(argv[2]) / 1e6, due = now_s();
	double data[SIZE / sizeof(double)] = {0};
	struct samples samples = {NULL, 0};
	uint64_t sent = 0;

	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	ready();
	for (; !ended; due += step) {
		while (!ended && now_s() < due) {
			wait_until(fd, due);
			probe_read(fd, &samples);
		}
		data[0] = due;
		sent += send(fd, data, sizeof(data), 0) > 0;
		probe_read(fd, &samples);
	}
	for (double last = now_s() + LINGER_MS / 1e3; samples.n < sent && now_s() < last;) {
		wait_until(fd, last);
		probe_read(fd, &samples);
	}
	print_samples(&samples, sent - samples.n);
	return 0;
}

/* ---- what the router's interfaces saw */

struct transit {
	uint16_t port;
	uint64_t arrived, left;
	struct {
		uint64_t key;
		double at;
	} seen[TRANSIT];
	struct samples samples;
};

/* All interfaces, both directions, in the order in which packets came by; of UDP what has the port
 * at either end, so that a flood beside it does not come here. */
static int tap_open(uint16_t port)
{
	const uint32_t ip = (uint32_t)SKF_NET_OFF, udp_at = ip + sizeof(struct iphdr);
	struct sock_filter udp[] = {
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ip + offsetof(struct iphdr, protocol)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 5),
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, udp_at + offsetof(struct udphdr, dest)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 2, 0),
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, udp_at + offsetof(struct udphdr, source)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, 0xffff),
	    BPF_STMT(BPF_RET | BPF_K, 0)};
	struct sock_fprog program = {sizeof(udp) / sizeof(udp[0]), udp};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1, bytes = TAP_BYTES;
	struct timeval patience = {0, 100000};
	struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
	    bind(fd, (struct sockaddr *)&all, sizeof(all)) != 0)
		die("packet socket");
	return fd;
}

/* The datagram's number, with its direction; 0: none of the probe's. */
static uint64_t transit_key(const struct transit *transit, const char *packet, ssize_t length)
{
	struct iphdr ip;
	struct udphdr udp;
	uint64_t key;

	if (length < (ssize_t)(sizeof(ip) + sizeof(udp) + SIZE))
		return 0;
	memcpy(&ip, packet, sizeof(ip));
	memcpy(&udp, packet + sizeof(ip), sizeof(udp));
	memcpy(&key, packet + sizeof(ip) + sizeof(udp), sizeof(key));
	if (ip.ihl * 4 != sizeof(ip))
		return 0;
	if (ntohs(udp.dest) == transit->port)
		return key << 1 | 1;
	return ntohs(udp.source) == transit->port ? key << 1 : 0;
}

static void transit_count(struct transit *transit, uint64_t key, bool leaves, double at)
{
	uint64_t slot = key * 0x9e3779b97f4a7c15u >> 48 & (TRANSIT - 1);

	if (!leaves) {
		transit->arrived++;
		transit->seen[slot].key = key;
		transit->seen[slot].at = at;
	} else if (transit->seen[slot].key == key) {
		transit->left++;
		transit->seen[slot].key = 0;
		samples_put(&transit->samples, (at - transit->seen[slot].at) * 1e6);
	}
}

/* False: nothing came for a while. */
static bool transit_read(struct transit *transit, int fd)
{
	char packet[256], control[128];
	struct sockaddr_ll from;
	struct iovec data = {packet, sizeof(packet)};
	struct msghdr message = {.msg_name = &from,
				 .msg_namelen = sizeof(from),
				 .msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	ssize_t length = recvmsg(fd, &message, 0);
	uint64_t key = length < 0 ? 0 : transit_key(transit, packet, length);
	struct timespec at = {0, 0};

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); key != 0 && c != NULL;
	     c = CMSG_NXTHDR(&message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&at, CMSG_DATA(c), sizeof(at));
	/* Seconds of the day only: a double has to resolve fractions of a microsecond. */
	if (at.tv_sec != 0)
		transit_count(transit, key, from.sll_pkttype == PACKET_OUTGOING,
			      (double)(at.tv_sec % 86400) + (double)at.tv_nsec / 1e9);
	return length >= 0;
}

static int run_transit(char **argv)
{
	static struct transit transit;
	struct tpacket_stats stats;
	socklen_t size = sizeof(stats);
	int fd;

	transit.port = (uint16_t)atoi(argv[0]);
	fd = tap_open(transit.port);
	ready();
	while (transit_read(&transit, fd) || !ended)
		;
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) != 0 || stats.tp_drops > 0)
		die_because("%u packets were not seen", stats.tp_drops);
	print_samples(&transit.samples, transit.arrived - transit.left);
	return 0;
}

/* ---- TCP */

static void accept_all(int epoll, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		watch(epoll, fd, EPOLLIN, EPOLL_CTL_ADD);
}

static void answer(int fd)
{
	char byte;

	if (recv(fd, &byte, 1, 0) != 1 || send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
		close(fd);
}

static int run_accept(char **argv)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), first = -1, last = -1;
	struct epoll_event events[EVENTS];

	for (int i = 0; i < atoi(argv[1]); i++) {
		last = tcp_listen(atoi(argv[0]) + i);
		first = first < 0 ? last : first;
		watch(epoll, last, EPOLLIN, EPOLL_CTL_ADD);
	}
	ready();
	while (!ended) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			/* Opened one after the other, so numbered one after the other. */
			if (fd >= first && fd <= last)
				accept_all(epoll, fd);
			else
				answer(fd);
		}
	}
	return 0;
}

struct client {
	struct sockaddr_in to;
	int port, ports, epoll;
	uint64_t next, done, failed;
};

static void client_open(struct client *client)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("TCP");
	client->to.sin_port =
	    htons((uint16_t)(client->port + (int)(client->next++ % (uint64_t)client->ports)));
	if (connect(fd, (struct sockaddr *)&client->to, sizeof(client->to)) != 0 &&
	    errno != EINPROGRESS)
		die("connect");
	watch(client->epoll, fd, EPOLLOUT, EPOLL_CTL_ADD);
}

/* Reset, so that neither end keeps anything: no TIME-WAIT. */
static void client_close(struct client *client, int fd, bool good)
{
	struct linger reset = {1, 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
	client->done += good;
	client->failed += !good;
	client_open(client);
}

static void client_serve(struct client *client, const struct epoll_event *event)
{
	int fd = event->data.fd;
	char byte = 'x';

	if (event->events & (EPOLLERR | EPOLLHUP))
		client_close(client, fd, false);
	else if (event->events & EPOLLIN)
		client_close(client, fd, recv(fd, &byte, 1, 0) == 1);
	else if (send(fd, &byte, 1, MSG_NOSIGNAL) == 1)
		watch(client->epoll, fd, EPOLLIN, EPOLL_CTL_MOD);
}

static int run_connect(char **argv)
{
	struct client client = {.to = endpoint(argv[0], 0),
				.port = atoi(argv[1]),
				.ports = atoi(argv[2]),
				.epoll = epoll_create1(EPOLL_CLOEXEC)};
	double seconds = atof(argv[3]), start = now_s(), last = start;
	int width = atoi(argv[4]);
	struct epoll_event events[EVENTS];

	for (int i = 0; i < width && i < WIDTH_MAX; i++)
		client_open(&client);
	while (last - start < seconds) {
		int n = epoll_wait(client.epoll, events, EVENTS, 100);

		for (int i = 0; i < n; i++)
			client_serve(&client, &events[i]);
		last = now_s();
	}
	if (client.done == 0)
		die_because("no connection");
	printf("{\"done\": %llu, \"failed\": %llu, \"seconds\": %.6f}\n",
	       (unsigned long long)client.done, (unsigned long long)client.failed, last - start);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct mode modes[] = {
	    {"echo", 1, run_echo},	 {"rtt", 3, run_rtt},	    {"probe", 3, run_probe},
	    {"transit", 1, run_transit}, {"accept", 2, run_accept}, {"connect", 5, run_connect},
	};

	return run_mode("load echo | rtt | probe | transit | accept | connect ... (see its source)",
			modes, sizeof(modes) / sizeof(modes[0]), argc, argv);
}
