/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel floor in a netlab's router, with an engine that only remembers what it was shown.
 */
#ifndef ALGATE_TESTS_NETROUTER_H
#define ALGATE_TESTS_NETROUTER_H

#include "net/net.h"
#include "netlab.h"

struct engine {
	struct snapshot snapshot;
	struct snapshot_interface interfaces[2];
	unsigned visits[4];
	unsigned errors; /* ICMP errors shown on visit 4 */
	uint32_t drop;   /* addresses from which everything is dropped */
	uint32_t flooder;        /* an address, network byte order */
	unsigned flooded, early; /* its packets; others' before half of a queue of them */
	bool hairpin;
	bool replace;    /* hand every payload back, checksum completed */
	unsigned large;  /* packets longer than an Ethernet frame */
	struct emitted emit; /* length 0: none */
	struct emitted sent;
	struct packet last;
};

extern struct netlab lab;
extern struct engine engine;
extern struct net *net;
extern const struct system *linux_;
extern struct queues *queues;
extern struct inject *injector;
extern char state_dir[64];
/* What hooks_on sets; at first: ri inside, ro outside, 203.0.113.50 and .51 global, no static ports. */
extern struct plan_hooks hooks;

/* Checked fixture. */
void netrouter_setup(void);
void netrouter_teardown(void);
/* A new struct net, as a restarted daemon makes it. */
void netrouter_restart(void);
void hooks_on(void);
/* One round of both threads; arg is not used. */
void serve(void *arg);
void daemon_dies(void);
/* What has to come is waited for so long, on a machine that others use; what may not come, for a second. */
#define PATIENCE_S 30
/* One echo request, served meanwhile: was it answered? */
bool ping(pid_t host, const char *addr);
/* Likewise: was it not? */
bool silent(pid_t host, const char *addr);
/* A UDP request from the router itself to a host's echo port. */
bool own_udp(const char *from, const char *to);
bool own_udp_lost(const char *from, const char *to);
/* Serves until there were so many visits: were there no more? */
bool visited(enum visit visit, unsigned times);

/* main of a suite with this fixture; exit status 77 where namespaces cannot be made. */
struct Suite;
int netrouter_main(struct Suite *(*suite)(void));

#endif
