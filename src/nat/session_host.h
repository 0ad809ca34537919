/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of the gateways' memory each inside host has, so that none has it all. For session.c only. */
#ifndef ALGATE_NAT_SESSION_HOST_H
#define ALGATE_NAT_SESSION_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/addr.h"
#include "lib/siphash.h"

/* Of one inside host, at either end of its connections. */
#define HOST_SESSIONS 1024 /* of ALG_SESSIONS */
#define HOST_STREAMS  256  /* of ALG_STREAMS */
#define HOST_CHUNKS   4096 /* of ALG_CHUNKS */

#define HOST_NONE UINT32_MAX

struct host_set;

/* For so many sessions, which have numbers from 0 on. */
struct host_set *host_set_new(const struct siphash_key *secret, uint32_t sessions);
void host_set_free(struct host_set *set);
/* Has the host room for one more? */
bool host_has_room(const struct host_set *set, uint16_t vrf, ip4 addr, bool stream);
/* The session is its host's newest now. Returns the host's number, below `sessions`, which stays while it has any. */
uint32_t host_enter(struct host_set *set, uint32_t session, uint16_t vrf, ip4 addr, bool stream);
void host_leave(struct host_set *set, uint32_t session);
/* Its oldest session; HOST_NONE. */
uint32_t host_oldest(const struct host_set *set, uint16_t vrf, ip4 addr);
/* The session becomes its host's newest. */
void host_renew(struct host_set *set, uint32_t session);

#endif
