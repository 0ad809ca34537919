/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor that speaks to the kernel, as the program sees it.
 *
 * nfqueue  packets in and verdicts out (packet thread)
 * inject   emitted packets (packet thread)
 * hooks    nftables: guard and queue rules (management thread)
 * link     rtnetlink: interfaces, addresses, routes; keeps the mirror (management thread)
 * arp      gratuitous ARP for owned globals (management thread)
 * sysctl   what we need of forwarding, rp_filter, send_redirects; saved in the state directory and restored
 */
#ifndef ALGATE_NET_NET_H
#define ALGATE_NET_NET_H

#include <stdbool.h>
#include <stdint.h>
#include "config/system.h"
#include "lib/err.h"
#include "nat/engine.h"

#define NET_QUEUE_NUMBER 6464
#define NET_TABLE_GUARD "algate_guard"
#define NET_TABLE_QUEUE "algate"
#define NET_ROUTE_PROTOCOL SYSTEM_ROUTE_PROTOCOL /* RTPROT_* of our routes */
#define NET_ADDRESS_PROTOCOL 211                  /* IFA_PROTO of our addresses; 212: secondary */

/* nfqueue.c */
struct nfqueue;
/* Binds the queue; err names the missing kernel feature, or that another process owns the queue. */
struct nfqueue *nfqueue_new(uint16_t queue, struct err *err);
void nfqueue_free(struct nfqueue *queue);
int nfqueue_fd(const struct nfqueue *queue);
/* Reads until empty or `budget` batches, gives each packet to the engine, sends the verdicts of a batch at once and injects
 * what the engine emitted. Never fails: losses are counted. */
struct inject;
void nfqueue_serve(struct nfqueue *queue, struct engine *engine, struct inject *inject, unsigned budget);
/* Packets lost between the kernel and us: ENOBUFS events on our socket, verdicts that would not go. Thread-safe. */
uint64_t nfqueue_lost(const struct nfqueue *queue);
/* queue_dropped + user_dropped from /proc/net/netfilter/nfnetlink_queue for this queue; any thread. 0 before the first
 * nfqueue_new, which opens that list while we may. */
uint64_t nfqueue_kernel_drops(uint16_t queue);

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
