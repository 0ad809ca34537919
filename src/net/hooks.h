/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our netfilter rules: the queue table, which brings packets to the engine, and the guard, which drops what the engine
 * has not spoken about.
 */
#ifndef ALGATE_NET_HOOKS_H
#define ALGATE_NET_HOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include "config/plan.h"
#include "lib/err.h"

struct hooks;

/* Changes nothing in the kernel: the rules of a predecessor stay in force until the first hooks_set. */
struct hooks *hooks_new(struct err *err);
void hooks_free(struct hooks *hooks);
/* Readable when somebody changed nftables. */
int hooks_fd(const struct hooks *hooks);
/* One transaction; nothing at all when nothing differs. Not active and no NAT interface left: removes both tables; not
 * active otherwise: the guard stays. On failure the rules are as they were. */
bool hooks_set(struct hooks *hooks, const struct plan_hooks *plan, struct err *err);
/* Reads what changed; when somebody else touched our tables (or we missed messages), puts them back at once. Returns
 * whether it had to. */
bool hooks_changed(struct hooks *hooks);
/* Packets the guard's drops have counted. */
uint64_t hooks_guard_drops(struct hooks *hooks);
/* Clean stop: removes the queue table, the guard stays. */
bool hooks_stop(struct hooks *hooks, struct err *err);
/* Removes both tables; needs no struct hooks. */
bool hooks_release(struct err *err);

#endif
