/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Static entries, rules and pools against each other. Every question is asked through an index, so
 * that the 100 000th static entry costs what the first one did.
 */
#include <string.h>

#include "config/ace.h"
#include "config/check_rows.h"
#include "config/index.h"
#include "gram_tables.h"
#include "nat/snapshot.h"

/* A static entry in the terms of the refusals. */
struct pair {
	ip4 local, global;
	const char *interface; /* "" or in place of global */
	bool extendable;
};

static struct pair pair_of(const struct gram_cmd *cmd, const void *args)
{
	const struct args_nat_static_host *host = args;
	const struct args_nat_static_port *port = args;
	const struct args_nat_static_host_interface *host_interface = args;
	const struct args_nat_static_port_interface *port_interface = args;

	switch (cmd->id) {
	case CMD_NAT_STATIC_HOST:
		return (struct pair){host->local, host->global, "", host->extendable};
	case CMD_NAT_STATIC_PORT:
		return (struct pair){port->local, port->global, "", true};
	case CMD_NAT_STATIC_HOST_INTERFACE:
		return (struct pair){host_interface->local, 0, host_interface->interface, false};
	default: /* shown without `extendable`, and behaves as if it had it */
		return (struct pair){port_interface->local, 0, port_interface->interface, true};
	}
}

/* The texts name the pair that is there already (ios-reference 1.2). */
static bool refuse(const struct check *check, const struct entry *existing, bool local)
{
	struct pair pair = pair_of(existing->cmd, existing->args);
	char from[IP4_TEXT_SIZE], to[IP4_TEXT_SIZE];
	const char *global = pair.interface[0] ? pair.interface : ip4_text(pair.global, to);

	ip4_text(pair.local, from);
	if (local)
		return err_set(check->err, "%s already mapped (%s -> %s)", from, from, global);
	return err_set(check->err, "similar static entry (%s -> %s) already exists", from, global);
}

/* May the new entry stand beside those found under the key? Two entries that share an address both
 * need `extendable`. */
static bool check_beside(const struct check *check, const struct index_key *key, const void *args,
			 bool local)
{
	struct pair new = pair_of(check->cmd, args);
	const struct entry *self = store_find(check->store, check->context, check->cmd, args);
	struct entry *entry = NULL;

	while ((entry = store_by(check->store, key, entry)))
		if (entry != self &&
		    !(new.extendable &&pair_of(entry->cmd, entry->args).extendable))
			return refuse(check, entry, local);
	return true;
}

static bool check_addresses(const struct check *check, const struct pair *pair)
{
	char text[IP4_TEXT_SIZE];

	if (!address_usable(pair->local))
		return err_set(check->err, "Invalid local address %s", ip4_text(pair->local, text));
	if (!pair->interface[0] && !address_usable(pair->global))
		return err_set(check->err, "Invalid global address %s",
			       ip4_text(pair->global, text));
	return true;
}

static bool check_host(const struct check *check, const void *args)
{
	struct pair pair = pair_of(check->cmd, args);
	struct index_key key;

	if (!check_addresses(check, &pair))
		return false;
	index_host_local(&key, pair.local);
	if (!check_beside(check, &key, args, true))
		return false;
	index_host_global(&key, pair.global, pair.interface);
	if (!check_beside(check, &key, args, false))
		return false;
	if (pair.extendable)
		return true;
	index_port_local(&key, pair.local);
	if (!check_beside(check, &key, args, true))
		return false;
	index_port_global(&key, pair.global, pair.interface);
	return pair.interface[0] || check_beside(check, &key, args, false);
}

static bool check_port(const struct check *check, const void *args, uint8_t protocol, uint32_t port)
{
	struct pair pair = pair_of(check->cmd, args);
	const struct entry *self = store_find(check->store, check->context, check->cmd, args);
	struct entry *entry = NULL;
	struct index_key key;

	if (!check_addresses(check, &pair))
		return false;
	index_port_exact(&key, protocol, pair.global, pair.interface, port);
	while ((entry = store_by(check->store, &key, entry)))
		if (entry != self)
			return refuse(check, entry, false);
	index_host_local(&key, pair.local);
	if (!check_beside(check, &key, args, true))
		return false;
	index_host_global(&key, pair.global, pair.interface);
	return pair.interface[0] || check_beside(check, &key, args, false);
}

bool check_static_host(const struct check *check, void *args)
{
	return check_host(check, args);
}

bool check_static_host_interface(const struct check *check, void *args)
{
	return check_host(check, args);
}

void canon_static_port(void *args)
{
	((struct args_nat_static_port *)args)->extendable = true;
}

bool check_static_port(const struct check *check, void *args)
{
	const struct args_nat_static_port *port = args;

	return check_port(check, args, port->protocol, port->global_port);
}

bool check_static_port_interface(const struct check *check, void *args)
{
	const struct args_nat_static_port_interface *port = args;

	return check_port(check, args, port->protocol, port->global_port);
}

void canon_dynamic_interface(void *args)
{
	((struct args_nat_dynamic_interface *)args)->overload = true;
}

bool check_dynamic(const struct check *check, void *args)
{
	const char *acl = ((const struct args_nat_dynamic_pool *)args)->acl;

	if (!ace_name_fits(acl, true) && !ace_name_fits(acl, false))
		return err_set(check->err, "Invalid access list name.");
	return true;
}

_Static_assert(offsetof(struct args_nat_dynamic_pool, acl) ==
		   offsetof(struct args_nat_dynamic_interface, acl),
	       "one function checks both");

bool check_max_list(const struct check *check, void *args)
{
	const char *acl = ((const struct args_nat_max_list *)args)->acl;
	struct entry *entry = NULL;
	unsigned others = 0;

	if (!ace_name_fits(acl, true) && !ace_name_fits(acl, false))
		return err_set(check->err, "Invalid access list name.");
	while ((entry = store_next(check->store, NULL, check->cmd, entry)))
		others += strcmp(((const struct args_nat_max_list *)entry->args)->acl, acl) != 0;
	if (others >= LIMIT_LISTS)
		return err_set(check->err, "%%No more than %d access lists can be limited",
			       LIMIT_LISTS);
	return true;
}

bool check_service_list(const struct check *check, void *args)
{
	const char *acl = ((const struct args_nat_service_ftp_port *)args)->acl;

	if (!ace_name_fits(acl, true) && !ace_name_fits(acl, false))
		return err_set(check->err, "Invalid access list name.");
	return true;
}

bool check_max_host(const struct check *check, void *args)
{
	ip4 host = ((const struct args_nat_max_host *)args)->host;
	char text[IP4_TEXT_SIZE];

	return address_usable(host) ||
	       err_set(check->err, "Invalid local address %s", ip4_text(host, text));
}

static ip4 pool_mask(const struct gram_cmd *cmd, const void *args)
{
	const struct args_nat_pool *pool = args;
	const struct args_nat_pool_range *range = args;

	if (cmd->id == CMD_NAT_POOL)
		return pool->has_netmask ? pool->netmask : ip4_mask((uint8_t)pool->prefix_length);
	return range->has_netmask ? range->netmask : ip4_mask((uint8_t)range->prefix_length);
}

static bool check_range(const struct check *check, ip4 start, ip4 end, ip4 mask)
{
	char text[IP4_TEXT_SIZE];

	if (end < start)
		return err_set(check->err, "%%End address less than start address");
	if (((start ^ end) & mask) != 0)
		return err_set(check->err, "%%Start and end addresses on different subnets");
	if (!address_usable(start) || !address_usable(end))
		return err_set(check->err, "Invalid address %s",
			       ip4_text(address_usable(start) ? end : start, text));
	return true;
}

static bool pool_in_use(const struct check *check, const char *name)
{
	struct index_key key;

	index_pool_user(&key, name);
	return store_by(check->store, &key, NULL) != NULL;
}

/* A pool that a rule uses keeps its meaning. */
static bool check_redefinition(const struct check *check, const char *name, const void *args)
{
	const struct entry *old = store_find(check->store, NULL, check->cmd, args);

	if (!old || !pool_in_use(check, name))
		return true;
	if (old->cmd == check->cmd && memcmp(old->args, args, check->cmd->args_size) == 0)
		return true;
	return err_set(check->err, "%%Pool %s in use, cannot redefine", name);
}

bool check_pool_range(const struct check *check, void *args)
{
	const struct args_nat_pool_range *pool = args;

	return check_range(check, pool->start, pool->end, pool_mask(check->cmd, args)) &&
	       check_redefinition(check, pool->name, args);
}

bool check_pool(const struct check *check, void *args)
{
	return check_redefinition(check, ((const struct args_nat_pool *)args)->name, args);
}

bool check_pool_address(const struct check *check, void *args)
{
	const struct args_nat_pool_address *new = args;
	struct entry *entry = NULL;

	if (!check->context)
		return err_set(check->err, "The pool is gone");
	if (!check_range(check, new->start, new->end,
			 pool_mask(check->context->cmd, check->context->args)))
		return false;
	while ((entry = store_next(check->store, check->context, check->cmd, entry))) {
		const struct args_nat_pool_address *old = entry->args;
		bool same = old->start == new->start && old->end == new->end;

		if (!same && old->start <= new->end &&new->start <= old->end)
			return err_set(check->err, "%%Address range overlaps with one of the pool");
	}
	return true;
}

_Static_assert(offsetof(struct args_nat_pool, name) == offsetof(struct args_nat_pool_range, name),
	       "one name");

bool free_pool(const struct check *check, const struct entry *entry)
{
	const char *name = ((const struct args_nat_pool *)entry->args)->name;

	if (!pool_in_use(check, name))
		return true;
	return err_set(check->err, "%%Pool %s in use, cannot destroy", name);
}
