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
 *   load accept PORT PORTS
 *       TCP: answers one byte with one byte, until it is ended
 *   load connect ADDRESS PORT PORTS SECONDS WIDTH
 *       TCP: WIDTH connections at once, each opened, used and reset: per second
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
#define LINGER_MS 1500 /* what is later than this is lost */

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
	    {"echo", 1, run_echo},     {"rtt", 3, run_rtt},	    {"probe", 3, run_probe},
	    {"accept", 2, run_accept}, {"connect", 5, run_connect},
	};

	return run_mode("load echo | rtt | probe | accept | connect ... (see its source)", modes,
			sizeof(modes) / sizeof(modes[0]), argc, argv);
}
