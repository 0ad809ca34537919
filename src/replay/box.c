/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The made-up Linux of a replay. Promises that what is asked of it succeeds; may not touch the real
 * one. */
#include "replay/box.h"

#include <stdlib.h>
#include <string.h>

#include "config/dry.h"
#include "gram_tables.h"
#include "lib/mem.h"

static const struct mirror *box_mirror(void *self)
{
	return &((struct box *)self)->mirror;
}

static bool box_route_add(void *self, const struct plan_route *route, struct err *err)
{
	struct box *box = self;

	(void)err;
	box->routes = mem_grow(box->routes, box->n_routes + 1, sizeof(*box->routes));
	box->routes[box->n_routes++] = *route;
	return true;
}

void box_init(struct box *box)
{
	memset(box, 0, sizeof(*box));
	box->system = system_dry;
	box->system.self = box;
	box->system.mirror = box_mirror;
	box->system.route_add = box_route_add;
}

void box_clear(struct box *box)
{
	mirror_clear(&box->mirror);
	free(box->routes);
	box->routes = NULL;
	box->n_routes = 0;
}

static const char *name_of(const struct entry *interface)
{
	return ((const struct args_interface *)interface->args)->name;
}

void box_fill(struct box *box, const struct store *store)
{
	struct mirror *mirror = &box->mirror;
	struct entry *entry = NULL;

	while ((entry = store_next(store, NULL, gram_cmds[CMD_INTERFACE], entry)) != NULL) {
		struct mirror_interface *row;

		mirror->interfaces = mem_grow(mirror->interfaces, mirror->n_interfaces + 1,
					      sizeof(*mirror->interfaces));
		row = &mirror->interfaces[mirror->n_interfaces++];
		memset(row, 0, sizeof(*row));
		row->index = mirror->n_interfaces;
		row->admin_up = row->carrier = true;
		row->mtu = 1500;
		memcpy(row->name, name_of(entry), strnlen(name_of(entry), sizeof(row->name) - 1));
	}
}

static bool check_rules(const struct snapshot *snapshot, struct err *err)
{
	for (uint32_t i = 0; i < snapshot->n_rules; i++) {
		const struct snapshot_rule *rule = &snapshot->rules[i];

		if (rule->is_interface && rule->address == 0)
			return err_set(
			    err,
			    "interface %s, which a rule translates to, has no address in the file",
			    rule->target_name);
	}
	for (uint32_t i = 0; i < snapshot->n_statics; i++)
		if (snapshot->statics[i].global == 0)
			return err_set(err, "an interface that a static entry translates to has no "
					    "address in the file");
	return true;
}

bool box_check(const struct snapshot *snapshot, bool need_inside, struct err *err)
{
	bool inside = false, outside = false;

	for (uint32_t i = 0; i < snapshot->n_interfaces; i++) {
		const struct snapshot_interface *row = &snapshot->interfaces[i];

		inside = inside || row->role == ROLE_INSIDE;
		outside = outside || row->role == ROLE_OUTSIDE;
		if (need_inside && row->role == ROLE_INSIDE && row->primary == 0)
			return err_set(err,
				       "inside interface %s has no address in the file: give it "
				       "one, or say --inside",
				       row->name);
	}
	if (!inside || !outside)
		return err_set(err, "no interface is ip nat %s", inside ? "outside" : "inside");
	return check_rules(snapshot, err);
}

/* ---- ways */

struct way {
	uint32_t index;
	int len;
};

static void consider(struct way *way, uint32_t index, ip4 net, ip4 mask, ip4 addr)
{
	uint8_t len;

	if (((addr ^ net) & mask) != 0 || !ip4_mask_len(mask, &len) || (int)len <= way->len)
		return;
	way->index = index;
	way->len = len;
}

static struct way connected_way(const struct box *box, const struct store *store, ip4 addr)
{
	struct way way = {.len = -1};
	struct entry *entry = NULL;

	while ((entry = store_next(store, NULL, gram_cmds[CMD_INTERFACE], entry)) != NULL) {
		const struct mirror_interface *row = mirror_by_name(&box->mirror, name_of(entry));
		struct entry *one = NULL;

		while (row != NULL && (one = store_next(store, entry, NULL, one)) != NULL) {
			const struct args_if_address *address = one->args;

			/* A secondary address has the same arguments. */
			if (one->cmd == gram_cmds[CMD_IF_ADDRESS] ||
			    one->cmd == gram_cmds[CMD_IF_ADDRESS_SECONDARY])
				consider(&way, row->index, address->address, address->mask, addr);
		}
	}
	return way;
}

uint32_t box_way(const struct box *box, const struct store *store, ip4 addr, uint8_t *len)
{
	struct way way = connected_way(box, store, addr);

	for (uint32_t i = 0; i < box->n_routes; i++) {
		const struct plan_route *route = &box->routes[i];
		uint32_t index = route->ifindex != 0 ? route->ifindex
						     : connected_way(box, store, route->via).index;

		if (index != 0)
			consider(&way, index, route->to.addr, ip4_mask(route->to.len), addr);
	}
	if (len != NULL)
		*len = way.index != 0 ? (uint8_t)way.len : 0;
	return way.index;
}

uint32_t box_interface(const struct box *box, const struct store *store,
		       const struct snapshot *snapshot, ip4 addr, uint8_t role)
{
	uint32_t index = box_way(box, store, addr, NULL);
	const struct snapshot_interface *row =
	    index != 0 ? snapshot_interface(snapshot, index) : NULL;

	if (row != NULL && row->role == role)
		return index;
	for (uint32_t i = 0; i < snapshot->n_interfaces; i++)
		if (snapshot->interfaces[i].role == role)
			return snapshot->interfaces[i].ifindex;
	return 0;
}
