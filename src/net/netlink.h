/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every netlink talk of this floor shares: one request with its answer, and one dump. */
#ifndef ALGATE_NET_NETLINK_H
#define ALGATE_NET_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>
#include "lib/err.h"

#define NETLINK_BUFFER 65536

/* A bound socket with large buffers; groups as in sockaddr_nl. NULL: err says why. */
struct mnl_socket *netlink_open(int bus, unsigned groups, struct err *err);
/* Sends one request (NLM_F_ACK is added) and waits for its answer. 0 or a negative errno. */
int netlink_ask(struct mnl_socket *socket, struct nlmsghdr *request);
/* The same for a request that is answered with a message before the acknowledgement: fn gets it. */
int netlink_get(struct mnl_socket *socket, struct nlmsghdr *request, mnl_cb_t fn, void *arg);
/* Sends a dump request and gives each message to fn. 0 or a negative errno; -EINTR: the table changed meanwhile, so the
 * caller starts again. */
int netlink_dump(struct mnl_socket *socket, struct nlmsghdr *request, mnl_cb_t fn, void *arg);
/* Sizes beyond the system's limit where privilege allows it, within the limit otherwise. */
void netlink_buffers(int fd, int receive, int send);

#endif
