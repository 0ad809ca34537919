/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the clients and servers of scripts/bench share. Every function ends the program, with a
 * reason on stderr, when it cannot do what it says.
 */
#ifndef ALGATE_BENCH_CLIENT_H
#define ALGATE_BENCH_CLIENT_H

#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

extern volatile sig_atomic_t ended; /* SIGTERM came */

/* One of a program's modes: its first argument, how many follow, and what it does with them. */
struct mode {
	const char *name;
	int arguments;
	int (*run)(char **argv);
};

/* Runs the mode that argv names, with SIGTERM caught; `usage` and status 2 when there is none. */
int run_mode(const char *usage, const struct mode *modes, size_t n, int argc, char **argv);

_Noreturn void die(const char *what); /* with errno's text */
_Noreturn void die_because(const char *format, ...) __attribute__((format(printf, 1, 2)));

double now_s(void); /* CLOCK_MONOTONIC, seconds */
void ready(void);   /* tells who started us that we can be used */

struct sockaddr_in endpoint(const char *address, int port);
int udp_connect(const char *address, int port);
int udp_bind(int port);
int tcp_listen(int port); /* any address; port 0: any port; does not block */
void watch(int epoll, int fd, uint32_t events, int operation);

/* Durations; all zero is none. */
struct samples {
	float *us;
	size_t n;
};

void samples_put(struct samples *samples, double us);
/* "count", "lost", "p50", "p99", "max" of a JSON object, without braces; frees them. There must be
 * one. */
void samples_print(struct samples *samples, uint64_t lost);

#endif
