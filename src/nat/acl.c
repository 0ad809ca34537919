/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access lists as the engine sees them: a compiled run of entries, first match decides, an implicit deny ends it.
 *
 * Promises: no state, no effect, but for the counts that one snapshot leaves to the next. What cannot be read (a later
 * fragment, a cut header) never makes a packet pass as uncovered: a permit entry then matches if it could, a deny entry only
 * if it does.
 */
#include <stdlib.h>
#include "lib/mem.h"
#include "nat/snapshot.h"

#define ACL_TCP 6
#define ACL_ICMP 1
#define TCP_RST_OR_ACK 0x14

static bool port_in(const struct snapshot *snapshot, uint32_t first, uint32_t count, uint16_t port)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct snapshot_port_range *range = &snapshot->port_ranges[first + i];

		if (port >= range->first && port <= range->last)
			return true;
	}
	return count == 0;
}

static bool asks_transport(const struct snapshot_ace *ace)
{
	return ace->n_source_ports != 0 || ace->n_destination_ports != 0 || ace->established ||
	       ace->icmp_type >= 0;
}

static bool transport_matches(const struct snapshot *snapshot, const struct snapshot_ace *ace,
			      const struct acl_subject *subject)
{
	if (!port_in(snapshot, ace->source_ports, ace->n_source_ports, subject->source_port) ||
	    !port_in(snapshot, ace->destination_ports, ace->n_destination_ports,
		     subject->destination_port))
		return false;
	if (ace->established &&
	    (subject->protocol != ACL_TCP || !(subject->tcp_flags & TCP_RST_OR_ACK)))
		return false;
	if (ace->icmp_type >= 0 &&
	    (subject->protocol != ACL_ICMP || subject->icmp_type != ace->icmp_type))
		return false;
	return ace->icmp_type < 0 || ace->icmp_code < 0 || subject->icmp_code == ace->icmp_code;
}

static bool ace_matches(const struct snapshot *snapshot, const struct snapshot_ace *ace,
			const struct acl_subject *subject)
{
	if (ace->protocol != 0 && ace->protocol != subject->protocol)
		return false;
	if (((subject->source ^ ace->source) & ace->source_care) != 0 ||
	    ((subject->destination ^ ace->destination) & ace->destination_care) != 0)
		return false;
	if (ace->fragments && !subject->later_fragment)
		return false;
	if (!asks_transport(ace))
		return true;
	if (!subject->ports_known)
		return ace->permit;
	return transport_matches(snapshot, ace, subject);
}

uint32_t snapshot_acl_match(const struct snapshot *snapshot, uint32_t acl, const struct acl_subject *subject)
{
	if (acl >= snapshot->n_acls)
		return SNAPSHOT_NONE;
	const struct snapshot_acl *list = &snapshot->acls[acl];

	for (uint32_t i = list->first; i < list->first + list->count; i++) {
		if (ace_matches(snapshot, &snapshot->aces[i], subject))
			return i;
	}
	return SNAPSHOT_NONE;
}

bool snapshot_acl_permits(const struct snapshot *snapshot, uint32_t acl,
			  const struct acl_subject *subject)
{
	uint32_t ace = snapshot_acl_match(snapshot, acl, subject);

	return ace != SNAPSHOT_NONE && snapshot->aces[ace].permit;
}

/* ---- counts from one snapshot to the next ---- */

struct known {
	uint64_t id;
	uint32_t ace;
};

static int known_order(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

void snapshot_descend(struct snapshot *snapshot, const struct snapshot *old)
{
	struct known *known;

	if (old == NULL || old->n_aces == 0 || snapshot->n_aces == 0)
		return;
	known = mem_alloc(old->n_aces * sizeof(*known));
	for (uint32_t i = 0; i < old->n_aces; i++)
		known[i] = (struct known){old->aces[i].id, i};
	qsort(known, old->n_aces, sizeof(*known), known_order);
	snapshot->ancestors = mem_alloc(snapshot->n_aces * sizeof(*snapshot->ancestors));
	for (uint32_t i = 0; i < snapshot->n_aces; i++) {
		const struct known key = {.id = snapshot->aces[i].id};
		const struct known *found =
			key.id == 0 ? NULL : bsearch(&key, known, old->n_aces, sizeof(*known), known_order);

		snapshot->ancestors[i] = found != NULL ? found->ace : SNAPSHOT_NONE;
	}
	free(known);
}

void snapshot_inherit(struct snapshot *snapshot, const struct snapshot *old)
{
	for (uint32_t i = 0; snapshot->ancestors != NULL && i < snapshot->n_aces; i++) {
		if (snapshot->ancestors[i] != SNAPSHOT_NONE)
			snapshot->matches[i] = old->matches[snapshot->ancestors[i]];
	}
}

uint64_t snapshot_matches(const struct snapshot *snapshot, uint32_t ace)
{
	return __atomic_load_n(&snapshot->matches[ace], __ATOMIC_RELAXED);
}
