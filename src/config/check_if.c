/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interface addresses and routes. */
#include "config/check_rows.h"
#include "config/build.h"
#include "config/index.h"
#include "gram_tables.h"

bool address_usable(ip4 address)
{
	uint32_t first = address >> 24;

	return first != 0 && first != 127 && first < 224;
}

static bool check_host_address(const struct check *check, ip4 address, ip4 mask)
{
	char text[IP4_TEXT_SIZE];
	uint8_t len = 0;

	if (!address_usable(address))
		return err_set(check->err, "Not a valid host address - %s",
			       ip4_text(address, text));
	if (!ip4_mask_len(mask, &len) || len == 0 ||
	    (len < 31 && ((address & ~mask) == 0 || (address & ~mask) == ~mask)))
		return err_set(check->err, "Bad mask /%u for address %s", len,
			       ip4_text(address, text));
	return true;
}

_Static_assert(sizeof(struct args_if_address) == sizeof(struct args_if_address_secondary),
	       "one shape");

/* The address of the same interface that stands in the way, or the refusal of one of another
 * interface. */
static bool overlaps(const struct check *check, const struct entry *entry,
		     const struct args_if_address *new)
{
	const struct args_if_address *old = entry->args;
	ip4 common = old->mask & new->mask;
	bool is_primary = check->cmd->id == CMD_IF_ADDRESS;
	char text[IP4_TEXT_SIZE];

	if ((old->address ^ new->address) & common)
		return false;
	if (entry->context != check->context) {
		err_set(check->err, "%s overlaps with %s", ip4_text(new->address &new->mask, text),
			((const struct args_interface *)entry->context->args)->name);
		return true;
	}
	if (old->address != new->address || entry->cmd == check->cmd)
		return false;
	err_set(check->err, is_primary ? "Primary can't be same as secondary"
				       : "Secondary can't be same as primary");
	return true;
}

static bool check_bucket(const struct check *check, const struct index_key *key,
			 const struct args_if_address *new)
{
	struct entry *entry = NULL;

	while ((entry = store_by(check->store, key, entry)))
		if (overlaps(check, entry, new))
			return false;
	return true;
}

bool check_address(const struct check *check, void *args)
{
	const struct args_if_address *new = args;
	struct index_key key;

	if (!check_host_address(check, new->address, new->mask))
		return false;
	if ((new->mask & 0xffff0000u) != 0xffff0000u) {
		index_address_all(&key);
		return check_bucket(check, &key, new);
	}
	index_address(&key, INDEX_WIDE);
	if (!check_bucket(check, &key, new))
		return false;
	index_address(&key, new->address >> 16);
	return check_bucket(check, &key, new);
}

bool check_secondary(const struct check *check, void *args)
{
	return check_address(check, args);
}

bool free_address(const struct check *check, const struct entry *entry)
{
	if (store_next(check->store, entry->context, gram_cmds[CMD_IF_ADDRESS_SECONDARY], NULL))
		return err_set(check->err, "Must delete secondary before deleting primary");
	return true;
}

/* 1 is the distance that a static route has anyway. */
void canon_route(void *args)
{
	struct args_ip_route *route = args;

	if (route->has_distance && route->distance == 1) {
		route->has_distance = false;
		route->distance = 0;
	}
}

/* Without a direction `in` is meant, and defaults are not said. */
void canon_reassembly(void *args)
{
	struct args_if_reassembly *vfr = args;

	if (vfr->direction == 0)
		vfr->direction = IF_REASSEMBLY_DIRECTION_IN;
	if (vfr->has_datagrams && vfr->datagrams == REASSEMBLY_DATAGRAMS) {
		vfr->has_datagrams = false;
		vfr->datagrams = 0;
	}
	if (vfr->has_pieces && vfr->pieces == REASSEMBLY_PIECES) {
		vfr->has_pieces = false;
		vfr->pieces = 0;
	}
	if (vfr->has_seconds && vfr->seconds == REASSEMBLY_SECONDS) {
		vfr->has_seconds = false;
		vfr->seconds = 0;
	}
}

static bool is_own(const struct check *check, ip4 address)
{
	struct index_key key;
	struct entry *entry = NULL;

	for (int wide = 0; wide < 2; wide++) {
		index_address(&key, wide ? INDEX_WIDE : address >> 16);
		while ((entry = store_by(check->store, &key, entry)))
			if (((const struct args_if_address *)entry->args)->address == address)
				return true;
	}
	return false;
}

bool check_route(const struct check *check, void *args)
{
	const struct args_ip_route *route = args;
	ip4 via = route->has_via ? route->via : route->interface_via;

	if (route->destination & ~route->mask)
		return err_set(check->err, "%%Inconsistent address and mask");
	if ((route->has_via || route->has_interface_via) &&
	    (!address_usable(via) || is_own(check, via)))
		return err_set(check->err, "%%Invalid next hop address%s",
			       is_own(check, via) ? " (it's this router)" : "");
	return true;
}
