/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#define SAMPLES_MAX (16u << 20)

volatile sig_atomic_t ended;

static const char *program = "client";

static void on_signal(int signal)
{
	(void)signal;
	ended = 1;
}

int run_mode(const char *usage, const struct mode *modes, size_t n, int argc, char **argv)
{
	program = argv[0];
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_signal}, NULL);
	for (size_t i = 0; i < n; i++)
		if (argc > 1 && strcmp(argv[1], modes[i].name) == 0 &&
		    argc == modes[i].arguments + 2)
			return modes[i].run(argv + 2);
	fprintf(stderr, "usage: %s\n", usage);
	return 2;
}

void die(const char *what)
{
	die_because("%s: %s", what, strerror(errno));
}

void die_because(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s: ", program);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

double now_s(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

void ready(void)
{
	puts("ready");
	fflush(stdout);
}

/* ---- sockets ---- */

struct sockaddr_in endpoint(const char *address, int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		die_because("no address: %s", address);
	return to;
}

int udp_connect(const char *address, int port)
{
	struct sockaddr_in to = endpoint(address, port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("UDP");
	return fd;
}

int udp_bind(int port)
{
	struct sockaddr_in local = endpoint("0.0.0.0", port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) != 0)
		die("UDP server");
	return fd;
}

int tcp_listen(int port)
{
	struct sockaddr_in local = endpoint("0.0.0.0", port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&local, sizeof(local)) != 0 || listen(fd, 4096) != 0)
		die("TCP server");
	return fd;
}

void watch(int epoll, int fd, uint32_t events, int operation)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (epoll_ctl(epoll, operation, fd, &event) != 0)
		die("epoll");
}

/* ---- samples ---- */

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

void samples_put(struct samples *samples, double us)
{
	if (samples->us == NULL)
		samples->us = malloc(SAMPLES_MAX * sizeof(*samples->us));
	if (samples->us == NULL)
		die("memory");
	if (samples->n < SAMPLES_MAX)
		samples->us[samples->n++] = (float)us;
}

void samples_print(struct samples *samples, uint64_t lost)
{
	size_t n = samples->n;

	if (n == 0)
		die_because("nothing came back");
	qsort(samples->us, n, sizeof(*samples->us), compare);
	printf("\"count\": %zu, \"lost\": %llu, \"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f", n,
	       (unsigned long long)lost, (double)samples->us[n / 2],
	       (double)samples->us[n - 1 - n / 100], (double)samples->us[n - 1]);
	free(samples->us);
}
