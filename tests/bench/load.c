/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients and servers of scripts/bench that are cheap enough not to be what is measured. Results
 * are one line of JSON.
 *
 *   load echo PORT                                 answers UDP datagrams until it is ended
 *   load rtt ADDRESS PORT SECONDS                  one datagram after the other: round trip in
 * microseconds load probe ADDRESS PORT US                     one datagram every US microseconds,
 * answered or not, until SIGTERM: the longest delay, from when it should have been sent load accept
 * PORT PORTS                         TCP: answers one byte with one byte, until it is ended load
 * connect ADDRESS PORT PORTS SECONDS WIDTH  TCP: WIDTH connections at once, each opened, used and
 * reset: per second
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
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

#define SIZE	    64 /* bytes of payload */
#define EVENTS	    64
#define WIDTH_MAX   256
#define LINGER_MS   1500 /* what is later than this is lost */
#define SAMPLES_MAX (16u << 20)

static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
	(void)signal;
	ended = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_s(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static struct sockaddr_in endpoint(const char *address, int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1) {
		fprintf(stderr, "load: no address: %s\n", address);
		exit(2);
	}
	return to;
}

static int udp_connect(const char *address, int port)
{
	struct sockaddr_in to = endpoint(address, port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("UDP");
	return fd;
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

/* ---- samples, in microseconds */

struct samples {
	float *us;
	size_t n;
};

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static void samples_put(struct samples *samples, double us)
{
	if (samples->us == NULL)
		samples->us = malloc(SAMPLES_MAX * sizeof(*samples->us));
	if (samples->us == NULL)
		die("memory");
	if (samples->n < SAMPLES_MAX)
		samples->us[samples->n++] = (float)us;
}

static void samples_print(struct samples *samples, uint64_t lost)
{
	size_t n = samples->n;

	if (n == 0) {
		fputs("load: nothing came back\n", stderr);
		exit(1);
	}
	qsort(samples->us, n, sizeof(*samples->us), compare);
	printf("{\"count\": %zu, \"lost\": %llu, \"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}\n", n,
	       (unsigned long long)lost, (double)samples->us[n / 2],
	       (double)samples->us[n - 1 - n / 100], (double)samples->us[n - 1]);
	free(samples->us);
}

/* ---- UDP */

static int run_echo(char **argv)
{
	struct sockaddr_in local = {.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)atoi(argv[0]))};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) != 0)
		die("UDP server");
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
	samples_print(&samples, lost);
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
	samples_print(&samples, sent - samples.n);
	return 0;
}

/* ---- TCP */

static void watch(int epoll, int fd, uint32_t events, int operation)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (epoll_ctl(epoll, operation, fd, &event) != 0)
		die("epoll");
}

static int tcp_listen(int port)
{
	struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&local, sizeof(local)) != 0 || listen(fd, 4096) != 0)
		die("TCP server");
	return fd;
}

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
	if (client.done == 0) {
		fputs("load: no connection\n", stderr);
		return 1;
	}
	printf("{\"done\": %llu, \"failed\": %llu, \"seconds\": %.6f}\n",
	       (unsigned long long)client.done, (unsigned long long)client.failed, last - start);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;
		int (*run)(char **argv);
	} modes[] = {
	    {"echo", 1, run_echo},     {"rtt", 3, run_rtt},	    {"probe", 3, run_probe},
	    {"accept", 2, run_accept}, {"connect", 5, run_connect},
	};

	sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_signal}, NULL);
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (argc > 1 && strcmp(argv[1], modes[i].name) == 0 &&
		    argc == modes[i].arguments + 2)
			return modes[i].run(argv + 2);
	fputs("usage: load echo | rtt | probe | accept | connect ... (see its source)\n", stderr);
	return 2;
}
