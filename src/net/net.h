/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor that speaks to the kernel, as the program sees it.
 *
 * queues   packets in and verdicts out (packet thread)
 * inject   emitted packets (packet thread)
 * hooks    nftables: guard and queue rules (management thread)
 * link     rtnetlink: interfaces, addresses, routes; keeps the mirror (management thread)
 * arp      gratuitous ARP for owned globals (management thread)
 * sysctl   what we need of forwarding, rp_filter, send_redirects; saved in the state directory and restored
 */
#ifndef ALGATE_NET_NET_H
#define ALGATE_NET_NET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "config/system.h"
#include "lib/err.h"
#include "nat/engine.h"

#define NET_QUEUE_NUMBER 6464 /* the first of NET_QUEUES: for inside sources, outside sources, the router, and NET_QUEUE_CUT */
#define NET_QUEUES_EACH 16
#define NET_QUEUES (2 * NET_QUEUES_EACH + 2)
#define NET_QUEUE_CUT (NET_QUEUE_NUMBER + NET_QUEUES - 1) /* what comes to this one the kernel has cut before */
#define NET_TABLE_GUARD "algate_guard"
#define NET_TABLE_QUEUE "algate"
#define NET_ROUTE_PROTOCOL SYSTEM_ROUTE_PROTOCOL /* RTPROT_* of our routes */
#define NET_ADDRESS_PROTOCOL 211                  /* IFA_PROTO of our addresses; 212: secondary */

/* queues.c */
struct inject;
struct queues;
/* Binds all queues; err names the missing kernel feature, or that another process owns one. */
struct queues *queues_new(struct err *err);
void queues_free(struct queues *queues);
/* Serves a batch of packets; if there are none, waits for some: so long, -1: for ever, 0: not at all. *now: when it had them.
 * True: there may be more at once. Never fails: losses are counted. A wait may end before its time. */
bool queues_serve(struct queues *queues, struct engine *engine, struct inject *inject, int wait_ms, uint64_t *now);
/* Ends the present wait, or the next one. Thread-safe. */
void queues_wake(struct queues *queues);
/* queues_serve would not wait when the first is readable, for nothing else, or the second true, for any thread. */
int queues_fd(const struct queues *queues);
const atomic_bool *queues_more(const struct queues *queues);
/* Packets lost between the kernel and us: ENOBUFS events on our socket, verdicts that would not go. Thread-safe. */
uint64_t queues_lost(const struct queues *queues);
/* queue_dropped + user_dropped of our queues in /proc/net/netfilter/nfnetlink_queue; any thread. 0 before the first
 * queues_new, which opens that list while we may. */
uint64_t queues_kernel_drops(void);

/* inject.c */
struct inject *inject_new(struct err *err);
void inject_free(struct inject *inject);
/* Sends with MARK_INJECTED and the VRF mark; fragments above the path's MTU unless DF. False: not sent (counted). */
bool inject_send(struct inject *inject, const struct emitted *packet);
/* How many were not. Thread-safe. */
uint64_t inject_lost(const struct inject *inject);

/* system.c: struct system over rtnetlink and nftables. maps: "IOSNAME=LINUXNAME" strings. */
struct net;
struct net *net_new(const char *state_dir, const char *const *maps, unsigned n_maps, struct err *err);
void net_free(struct net *net);
const struct system *net_system(struct net *net);
/* For the event loop: readable when Linux or nftables changed. net_changed drains them; it reads everything anew after a
 * lost message, re-asserts our rules at once if somebody removed them, and returns true when the mirror differs. */
int net_fd(const struct net *net);
bool net_changed(struct net *net);
/* Packets the guard has dropped since its rules were last replaced as a whole; 0 without a guard. */
uint64_t net_guard_drops(struct net *net);
/* Clean stop: queue rules go, guard stays, sysctls stay. */
void net_stop(struct net *net);
/* --release: removes every rule, route, address protocol entry and setting of this instance; works without a daemon,
 * and is refused while one works on that directory, which would go on without what it needs of Linux. */
bool net_release(const char *state_dir, struct err *err);
/* The maps alone, "IOSNAME=LINUXNAME": net_new does it too. For --check, which asks no kernel. */
bool net_names(const char *const *maps, unsigned n_maps, struct err *err);
/* Canonical interface names: what gram_ifname_canonical is set to. */
bool net_ifname_canonical(const char *text, char out[64]);

#endif
