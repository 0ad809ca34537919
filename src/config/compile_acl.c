/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access lists: each entry as one conjunction of bits to compare and port ranges. */
#include <stdlib.h>
#include <string.h>

#include "config/ace.h"
#include "config/build.h"
#include "gram_tables.h"
#include "lib/siphash.h"
#include "lib/sorted.h"

#define ACTION_PERMIT 2
#define PROTOCOL_ICMP 1
#define PROTOCOL_TCP  6
#define PROTOCOL_UDP  17

_Static_assert((int)ACE_STANDARD_ACTION_PERMIT == ACTION_PERMIT &&
		   (int)ACE_TCP_ACTION_PERMIT == ACTION_PERMIT &&
		   (int)ACE_UDP_ACTION_PERMIT == ACTION_PERMIT &&
		   (int)ACE_ICMP_ACTION_PERMIT == ACTION_PERMIT &&
		   (int)ACE_IP_ACTION_PERMIT == ACTION_PERMIT,
	       "one numbering of actions");

/* kind as in ACE_TCP_SOURCE_KIND_*, which check_acl.c asserts to be the same for all. */
static void set_place(ip4 *address, ip4 *care, uint8_t kind, ip4 value, ip4 wildcard)
{
	*care = kind == ACE_TCP_SOURCE_KIND_ANY	   ? 0
		: kind == ACE_TCP_SOURCE_KIND_HOST ? UINT32_MAX
						   : ~wildcard;
	*address = value & *care;
}

#define SET_PLACES(row, ace)                                                                       \
	do {                                                                                       \
		set_place(&(row)->source, &(row)->source_care, (ace)->source_kind, (ace)->source,  \
			  (ace)->source_wildcard);                                                 \
		set_place(&(row)->destination, &(row)->destination_care, (ace)->destination_kind,  \
			  (ace)->destination, (ace)->destination_wildcard);                        \
	} while (0)

static void push_range(struct build *build, uint32_t first, uint32_t last)
{
	struct snapshot *snapshot = build->snapshot;

	if (first <= last && last <= UINT16_MAX)
		*BUILD_PUSH(snapshot->port_ranges, snapshot->n_port_ranges) =
		    (struct snapshot_port_range){(uint16_t)first, (uint16_t)last};
}

static int compare_ports(const void *pa, const void *pb)
{
	return *(const uint16_t *)pa - *(const uint16_t *)pb;
}

/* Everything between the ports. */
static void push_others(struct build *build, const uint16_t *ports, unsigned n)
{
	uint16_t sorted[GRAM_REPEAT_MAX];
	uint32_t from = 0;

	memcpy(sorted, ports, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_ports);
	for (unsigned i = 0; i < n; i++) {
		if (sorted[i] > from)
			push_range(build, from, sorted[i] - 1u);
		from = sorted[i] + 1u;
	}
	push_range(build, from, UINT16_MAX);
}

/* op as in ACE_TCP_SOURCE_OP_*, 0: none. */
static void set_ports(struct build *build, uint32_t *first, uint32_t *count, uint8_t op,
		      const uint16_t *ports, unsigned n)
{
	*first = build->snapshot->n_port_ranges;
	switch (op) {
	case ACE_TCP_SOURCE_OP_EQ:
		for (unsigned i = 0; i < n; i++)
			push_range(build, ports[i], ports[i]);
		break;
	case ACE_TCP_SOURCE_OP_NEQ:
		push_others(build, ports, n);
		break;
	case ACE_TCP_SOURCE_OP_GT:
		push_range(build, ports[0] + 1u, UINT16_MAX);
		break;
	case ACE_TCP_SOURCE_OP_LT:
		push_range(build, 0, ports[0] - 1u);
		break;
	case ACE_TCP_SOURCE_OP_RANGE:
		push_range(build, ports[0], ports[1]);
		break;
	default:
		break;
	}
	*count = build->snapshot->n_port_ranges - *first;
}

static void fill_tcp(struct build *build, struct snapshot_ace *row, const struct args_ace_tcp *ace)
{
	row->permit = ace->action == ACTION_PERMIT;
	row->protocol = PROTOCOL_TCP;
	row->established = ace->established;
	row->fragments = ace->fragments;
	SET_PLACES(row, ace);
	set_ports(build, &row->source_ports, &row->n_source_ports, ace->source_op,
		  ace->source_ports, ace->n_source_ports);
	set_ports(build, &row->destination_ports, &row->n_destination_ports, ace->destination_op,
		  ace->destination_ports, ace->n_destination_ports);
}

static void fill_udp(struct build *build, struct snapshot_ace *row, const struct args_ace_udp *ace)
{
	row->permit = ace->action == ACTION_PERMIT;
	row->protocol = PROTOCOL_UDP;
	row->fragments = ace->fragments;
	SET_PLACES(row, ace);
	set_ports(build, &row->source_ports, &row->n_source_ports, ace->source_op,
		  ace->source_ports, ace->n_source_ports);
	set_ports(build, &row->destination_ports, &row->n_destination_ports, ace->destination_op,
		  ace->destination_ports, ace->n_destination_ports);
}

/* icmp_type is type << 8 | code, code 255 for any; a code of its own may follow a number. */
static void fill_icmp(struct snapshot_ace *row, const struct args_ace_icmp *ace)
{
	row->permit = ace->action == ACTION_PERMIT;
	row->protocol = PROTOCOL_ICMP;
	row->fragments = ace->fragments;
	SET_PLACES(row, ace);
	if (!ace->has_icmp_type)
		return;
	row->icmp_type = (int16_t)(ace->icmp_type >> 8);
	if ((ace->icmp_type & 0xff) != 0xff)
		row->icmp_code = (int16_t)(ace->icmp_type & 0xff);
	if (ace->has_icmp_code)
		row->icmp_code = (int16_t)ace->icmp_code;
}

static void fill_ip(struct snapshot_ace *row, const struct args_ace_ip *ace)
{
	row->permit = ace->action == ACTION_PERMIT;
	row->protocol = ace->has_protocol ? ace->protocol : 0;
	row->fragments = ace->fragments;
	SET_PLACES(row, ace);
}

static void fill_standard(struct snapshot_ace *row, const struct args_ace_standard *ace)
{
	ip4 wildcard = ace->has_wildcard ? ace->wildcard : 0;

	row->permit = ace->action == ACTION_PERMIT;
	row->source_care = ace->any ? 0 : ~wildcard;
	row->source = (ace->has_host ? ace->host : ace->source) & row->source_care;
}

static void fill_ace(struct build *build, struct snapshot_ace *row, const struct entry *entry)
{
	row->icmp_type = row->icmp_code = -1;
	switch (entry->cmd->id) {
	case CMD_ACE_TCP:
		fill_tcp(build, row, entry->args);
		break;
	case CMD_ACE_UDP:
		fill_udp(build, row, entry->args);
		break;
	case CMD_ACE_ICMP:
		fill_icmp(row, entry->args);
		break;
	case CMD_ACE_IP:
		fill_ip(row, entry->args);
		break;
	default:
		fill_standard(row, entry->args);
		break;
	}
}

/* Its number moves it, but does not make it another. */
static uint64_t ace_id(const char *list, const struct entry *entry)
{
	/* A fixed key: operators fill these tables, strangers do not. */
	static const struct siphash_key key = {0x416c676174652041ULL, 0x434c20656e747279ULL};
	unsigned char text[SNAPSHOT_NAME + sizeof(entry->cmd->id) + GRAM_ARGS_SIZE] = {0};
	unsigned char *args = text + SNAPSHOT_NAME + sizeof(entry->cmd->id);
	_Alignas(8) unsigned char copy[GRAM_ARGS_SIZE];

	memcpy(copy, entry->args, entry->cmd->args_size);
	ace_set_sequence(entry->cmd, copy, 0);
	memcpy(text, list, strnlen(list, SNAPSHOT_NAME - 1));
	memcpy(text + SNAPSHOT_NAME, &entry->cmd->id, sizeof(entry->cmd->id));
	memcpy(args, copy, entry->cmd->args_size);
	return siphash13(&key, text, (size_t)(args - text) + entry->cmd->args_size) | 1;
}

/* ---- from the store */

/* Beside the row that comes next. */
static void push_sequence(struct build *build, uint32_t sequence)
{
	uint32_t n = build->snapshot->n_aces;

	*BUILD_PUSH(build->keys.sequences, n) = sequence;
}

static bool is_row(const struct entry *entry)
{
	return ace_is_entry(entry->cmd) && entry->cmd->id != CMD_ACE_REMARK;
}

static void add_ace(struct build *build, const char *list, const struct entry *entry)
{
	struct snapshot_ace *row;

	push_sequence(build, ace_sequence(entry->cmd, entry->args));
	row = BUILD_PUSH(build->snapshot->aces, build->snapshot->n_aces);
	row->id = ace_id(list, entry);
	fill_ace(build, row, entry);
}

static void add_list(struct build *build, const char *name, const struct entry *list)
{
	struct entry *entry = NULL;

	while ((entry = store_next(build->store, list, NULL, entry)))
		if (is_row(entry))
			add_ace(build, name, entry);
}

/* ---- from the compilation before */

static void copy_ports(struct build *build, uint32_t *first, uint32_t n)
{
	uint32_t from = *first;

	*first = build->snapshot->n_port_ranges;
	for (uint32_t i = 0; i < n; i++) {
		const struct snapshot_port_range *range = &build->before->port_ranges[from + i];

		push_range(build, range->first, range->last);
	}
}

static void copy_list(struct build *build, const struct snapshot_acl *before)
{
	for (uint32_t i = before->first; i < before->first + before->count; i++) {
		struct snapshot_ace *row;

		push_sequence(build, build->before_keys->sequences[i]);
		row = BUILD_PUSH(build->snapshot->aces, build->snapshot->n_aces);
		*row = build->before->aces[i];
		copy_ports(build, &row->source_ports, row->n_source_ports);
		copy_ports(build, &row->destination_ports, row->n_destination_ports);
	}
}

static int order_sequences(const void *key, const void *element)
{
	uint32_t a = *(const uint32_t *)key, b = *(const uint32_t *)element;

	return (a > b) - (a < b);
}

/* Where an entry with this number stands or would stand among those of the last list. */
static uint32_t place_of(const struct build *build, uint32_t first, uint32_t sequence)
{
	uint32_t n = build->snapshot->n_aces - first;

	return n == 0 ? first
		      : first + sorted_place(&sequence, &build->keys.sequences[first], n,
					     sizeof(sequence), order_sequences);
}

static void cut_row(struct build *build, uint32_t at)
{
	struct snapshot *snapshot = build->snapshot;
	uint32_t *sequences = build->keys.sequences, behind = --snapshot->n_aces - at;

	memmove(&snapshot->aces[at], &snapshot->aces[at + 1], behind * sizeof(*snapshot->aces));
	memmove(&sequences[at], &sequences[at + 1], behind * sizeof(*sequences));
}

static void insert_row(struct build *build, uint32_t at, const char *list,
		       const struct entry *entry)
{
	struct snapshot *snapshot = build->snapshot;
	uint32_t *sequences, behind = snapshot->n_aces - at;
	struct snapshot_ace row;

	add_ace(build, list, entry);
	row = snapshot->aces[snapshot->n_aces - 1];
	sequences = build->keys.sequences;
	memmove(&snapshot->aces[at + 1], &snapshot->aces[at], behind * sizeof(*snapshot->aces));
	memmove(&sequences[at + 1], &sequences[at], behind * sizeof(*sequences));
	snapshot->aces[at] = row;
	sequences[at] = ace_sequence(entry->cmd, entry->args);
}

/* The changes of the transaction, one after another, on the rows that were copied. */
static void change_list(struct build *build, const struct snapshot_acl *acl,
			const struct entry *list)
{
	for (size_t i = 0; i < store_n_changes(build->store); i++) {
		struct store_change change = store_change_at(build->store, i);
		uint32_t sequence, at;

		if (change.entry->context != list)
			continue;
		sequence = ace_sequence(change.entry->cmd, change.entry->args);
		at = place_of(build, acl->first, sequence);
		if (at < build->snapshot->n_aces && build->keys.sequences[at] == sequence)
			cut_row(build, at);
		if (change.verb != STORE_REMOVED && is_row(change.entry))
			insert_row(build, at, acl->name, change.entry);
	}
}

/* Which of the lists before it is, and whether it changed since. */
static void find_before(const struct build *build, struct build_list *list, const char *name)
{
	size_t n = store_n_changes(build->store), changes = 0;

	for (uint32_t i = 0; !list->before && i < build->before->n_acls; i++)
		if (strcmp(build->before->acls[i].name, name) == 0)
			list->before = &build->before->acls[i];
	for (size_t i = 0; list->before && i < n; i++) {
		struct store_change change = store_change_at(build->store, i);

		changes += change.entry->context == list->entry;
		/* Another list, or one of another kind. */
		if (change.entry == list->entry || changes > BUILD_PATCH_MOST)
			list->before = NULL;
	}
	list->changed = changes > 0;
}

uint32_t build_acl(struct build *build, const char *name)
{
	struct snapshot *snapshot = build->snapshot;
	struct args_acl_standard key = {""};
	uint32_t index = build_name_find(build->acl_names, name);
	struct entry *list;
	struct build_list *row;

	if (index != SNAPSHOT_NONE)
		return index;
	build_copy_name(key.name, name);
	list = store_find(build->store, NULL, gram_cmds[CMD_ACL_STANDARD], &key);
	if (!list)
		return SNAPSHOT_NONE;
	index = snapshot->n_acls;
	build_name_add(&build->acl_names, name, index);
	build_copy_name(BUILD_PUSH(snapshot->acls, snapshot->n_acls)->name, name);
	row = BUILD_PUSH(build->lists, build->n_lists);
	row->entry = list;
	if (build->before)
		find_before(build, row, name);
	return index;
}

/* Nothing changed, and the same lists are asked for in the same order. */
static bool can_share(const struct build *build)
{
	if (!build->before || build->n_lists == 0 || build->n_lists != build->before->n_acls)
		return false;
	for (uint32_t i = 0; i < build->n_lists; i++)
		if (build->lists[i].before != &build->before->acls[i] || build->lists[i].changed)
			return false;
	return true;
}

void build_acls(struct build *build)
{
	struct snapshot *snapshot = build->snapshot;
	void *sequences;

	if (can_share(build)) {
		free(snapshot->acls);
		snapshot_share_acls(snapshot, build->before);
		build->keys.sequences = build->before_keys->sequences;
		build->keys.sequences_block = shared_hold(build->before_keys->sequences_block);
		return;
	}
	for (uint32_t i = 0; i < build->n_lists; i++) {
		const struct build_list *list = &build->lists[i];
		struct snapshot_acl *acl = &snapshot->acls[i];

		acl->first = snapshot->n_aces;
		if (list->before)
			copy_list(build, list->before);
		else
			add_list(build, acl->name, list->entry);
		if (list->before && list->changed)
			change_list(build, acl, list->entry);
		acl->count = snapshot->n_aces - acl->first;
	}
	sequences = build->keys.sequences;
	build->keys.sequences_block = shared_new(&sequences, 1);
}
