/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Linux made up from a configuration: it has the interfaces that the configuration names, is told
 * of routes and believes everything else. No kernel is asked.
 */
#ifndef ALGATE_REPLAY_BOX_H
#define ALGATE_REPLAY_BOX_H

#include "config/store.h"
#include "config/system.h"
#include "nat/snapshot.h"

struct box {
	struct system system; /* for apply_new; points back here */
	struct mirror mirror;
	uint32_t n_routes;
	struct plan_route *routes;
};

/* In place: the box must not move. */
void box_init(struct box *box);
void box_clear(struct box *box);
/* The interfaces of the configuration, numbered from 1, all up; then apply_refresh. Once. */
void box_fill(struct box *box, const struct store *store);
/* What a replay needs has an address in the file; need_inside: inside interfaces, too. err names
 * what has not. */
bool box_check(const struct snapshot *snapshot, bool need_inside, struct err *err);
/* The network, one of the configuration's own or routed, that the address is in, by longest prefix;
 * *len (may be NULL) its length. 0: none. */
uint32_t box_way(const struct box *box, const struct store *store, ip4 addr, uint8_t *len);
/* Its interface of this role; where there is none, the first interface of the role. 0: the
 * configuration has none. */
uint32_t box_interface(const struct box *box, const struct store *store,
		       const struct snapshot *snapshot, ip4 addr, uint8_t role);

#endif
