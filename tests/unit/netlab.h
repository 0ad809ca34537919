/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three network namespaces for tests of the kernel floor: the test itself is the router, two child processes are the
 * hosts. Everything ends with the test.
 *
 *   inside 10.1.1.2 i0 ---- ri 10.1.1.1  router  203.0.113.1 ro ---- o0 203.0.113.2 outside
 *
 * Each host echoes UDP on port 7, and counts on TCP port 7 what it gets.
 */
#ifndef ALGATE_TESTS_NETLAB_H
#define ALGATE_TESTS_NETLAB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct netlab {
	pid_t inside, outside;
	uint32_t ri, ro; /* interface indexes in the router */
};

/* Only root can make namespaces. */
bool netlab_possible(void);
void netlab_make(struct netlab *lab);
void netlab_clear(struct netlab *lab);
/* Runs a command (words split at blanks) in the router, or in a host's namespace; its exit status. Calls `meanwhile`
 * about every 5 ms until it ends. */
int netlab_run(pid_t host, void (*meanwhile)(void *arg), void *arg, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The same, and its output (static buffer). */
const char *netlab_output(pid_t host, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Sends a pattern over TCP from a host to another's port 7; 0 when every byte arrived right. */
int netlab_send(pid_t host, void (*meanwhile)(void *arg), void *arg, const char *to, uint64_t bytes);
uint32_t netlab_index(const char *name);

#endif
