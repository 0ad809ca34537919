/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access lists as the engine sees them: a compiled run of entries, first match decides, an implicit deny ends it.
 *
 * Promises: no state, no effect, but for the counts that one snapshot leaves to the next. What cannot be read (a later
 * fragment, a cut header) never makes a packet pass as uncovered: a permit entry then matches if it could, a deny entry only
 * if it does.
 */
#include <stdlib.h>
#include <string.h>
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

/* An id is of a list, so its entries are looked for in the list of the same name only. */
static const struct snapshot_acl *list_named(const struct snapshot *snapshot, uint32_t hint, const char *name)
{
	if (hint < snapshot->n_acls && strcmp(snapshot->acls[hint].name, name) == 0)
		return &snapshot->acls[hint];
	for (uint32_t i = 0; i < snapshot->n_acls; i++) {
		if (strcmp(snapshot->acls[i].name, name) == 0)
			return &snapshot->acls[i];
	}
	return NULL;
}

/* Entries from..to of the new list, by those of the old one. */
static void descend_sorted(struct snapshot *snapshot, uint32_t from, uint32_t to, const struct snapshot *old,
			   uint32_t old_from, uint32_t old_to)
{
	uint32_t n = old_to - old_from;
	struct known *known;

	if (n == 0 || from == to)
		return;
	known = mem_alloc(n * sizeof(*known));
	for (uint32_t i = 0; i < n; i++)
		known[i] = (struct known){old->aces[old_from + i].id, old_from + i};
	qsort(known, n, sizeof(*known), known_order);
	for (uint32_t i = from; i < to; i++) {
		const struct known key = {.id = snapshot->aces[i].id};
		const struct known *found =
			key.id == 0 ? NULL : bsearch(&key, known, n, sizeof(*known), known_order);

		snapshot->ancestors[i] = found != NULL ? found->ace : SNAPSHOT_NONE;
	}
	free(known);
}

/* Equal entries at both ends of the list are the same ones; what is between is sorted. */
static void descend_list(struct snapshot *snapshot, const struct snapshot_acl *list, const struct snapshot *old,
			 const struct snapshot_acl *before)
{
	uint32_t from = list->first, to = from + list->count;
	uint32_t old_from = before->first, old_to = old_from + before->count;

	while (from < to && old_from < old_to && snapshot->aces[from].id != 0 &&
	       snapshot->aces[from].id == old->aces[old_from].id)
		snapshot->ancestors[from++] = old_from++;
	while (to > from && old_to > old_from && snapshot->aces[to - 1].id != 0 &&
	       snapshot->aces[to - 1].id == old->aces[old_to - 1].id)
		snapshot->ancestors[--to] = --old_to;
	descend_sorted(snapshot, from, to, old, old_from, old_to);
}

void snapshot_descend(struct snapshot *snapshot, const struct snapshot *old)
{
	if (old == NULL || old->n_aces == 0 || snapshot->n_aces == 0 || snapshot->matches == old->matches)
		return;
	snapshot->ancestors = mem_alloc(snapshot->n_aces * sizeof(*snapshot->ancestors));
	memset(snapshot->ancestors, 0xff, snapshot->n_aces * sizeof(*snapshot->ancestors)); /* SNAPSHOT_NONE */
	for (uint32_t i = 0; i < snapshot->n_acls; i++) {
		const struct snapshot_acl *before = list_named(old, i, snapshot->acls[i].name);

		if (before != NULL)
			descend_list(snapshot, &snapshot->acls[i], old, before);
	}
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
