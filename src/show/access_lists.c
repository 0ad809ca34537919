/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/access_lists.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "gram_tables.h"
#include "lib/addr.h"
#include "lib/mem.h"

#define ENTRY_SIZE 1024

struct lists {
	const struct entry **lists;
	size_t count;
};

static bool is_list(const struct entry *entry)
{
	return entry->cmd->id == CMD_ACL_STANDARD || entry->cmd->id == CMD_ACL_EXTENDED;
}

static const char *list_name(const struct entry *entry)
{
	if (entry->cmd->id == CMD_ACL_STANDARD)
		return ((const struct args_acl_standard *)entry->args)->name;
	return ((const struct args_acl_extended *)entry->args)->name;
}

/* Value of a numbered list, 0 for a named one. */
static unsigned long list_number(const struct entry *entry)
{
	const char *name = list_name(entry);

	return name[strspn(name, "0123456789")] == '\0' ? strtoul(name, NULL, 10) : 0;
}

static int list_compare(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
	unsigned long m = list_number(x), n = list_number(y);

	if (x->cmd->id != y->cmd->id)
		return x->cmd->id == CMD_ACL_STANDARD ? -1 : 1;
	if ((m == 0) != (n == 0))
		return m != 0 ? -1 : 1;
	if (m != n)
		return m < n ? -1 : 1;
	return strcmp(list_name(x), list_name(y));
}

static struct lists gather(const struct store *store, const char *name)
{
	struct lists lists = {0};
	struct entry *entry = NULL;

	while ((entry = store_next(store, NULL, NULL, entry)) != NULL) {
		if (!is_list(entry) || (name != NULL && strcmp(name, list_name(entry)) != 0))
			continue;
		if ((lists.count & (lists.count - 1)) == 0)
			lists.lists = mem_grow(lists.lists, lists.count * 2 + 1, sizeof(const struct entry *));
		lists.lists[lists.count++] = entry;
	}
	if (lists.count > 1)
		qsort(lists.lists, lists.count, sizeof(const struct entry *), list_compare);
	return lists;
}

static void put_standard(FILE *out, const struct args_ace_standard *args)
{
	char addr[IP4_TEXT_SIZE], wildcard[IP4_TEXT_SIZE];

	fprintf(out, "%-6s ", args->action == ACE_STANDARD_ACTION_DENY ? "deny" : "permit");
	if (args->any)
		fputs("any", out);
	else if (args->has_host)
		fputs(ip4_text(args->host, addr), out);
	else
		fputs(ip4_text(args->source, addr), out);
	if (args->has_source && args->has_wildcard)
		fprintf(out, ", wildcard bits %s", ip4_text(args->wildcard, wildcard));
}

/* As configured, without the sequence number, which may or may not be part of the line. */
static void put_extended(FILE *out, const struct entry *entry)
{
	char text[ENTRY_SIZE];
	const char *rest = text;

	gram_print(entry->cmd, entry->args, NULL, text, sizeof(text));
	rest += strspn(rest, "0123456789");
	rest += strspn(rest, " ");
	fputs(rest, out);
}

static void put_entry(FILE *out, const struct entry *entry, uint64_t matches)
{
	uint32_t seq;

	memcpy(&seq, (const char *)entry->args + entry->cmd->key[0].offset, sizeof(seq));
	fprintf(out, "    %" PRIu32 " ", seq);
	if (entry->cmd->id == CMD_ACE_STANDARD)
		put_standard(out, entry->args);
	else
		put_extended(out, entry);
	if (matches > 0)
		fprintf(out, " (%" PRIu64 " match%s)", matches, matches == 1 ? "" : "es");
	fputc('\n', out);
}

uint32_t access_list_index(const struct snapshot *snapshot, const char *name)
{
	for (uint32_t i = 0; snapshot != NULL && i < snapshot->n_acls; i++) {
		if (strcmp(snapshot->acls[i].name, name) == 0)
			return i;
	}
	return SNAPSHOT_NONE;
}

static void put_list(FILE *out, const struct store *store, const struct snapshot *snapshot,
		     const struct entry *list)
{
	uint32_t acl = access_list_index(snapshot, list_name(list)), n = 0;
	struct entry *entry = NULL;

	fprintf(out, "%s IP access list %s\n", list->cmd->id == CMD_ACL_STANDARD ? "Standard" : "Extended",
		list_name(list));
	while ((entry = store_next(store, list, NULL, entry)) != NULL) {
		uint64_t matches = 0;

		if (entry->cmd->id == CMD_ACE_REMARK || entry->cmd->n_key == 0)
			continue;
		if (acl != SNAPSHOT_NONE && n < snapshot->acls[acl].count)
			matches = snapshot_matches(snapshot, snapshot->acls[acl].first + n++);
		put_entry(out, entry, matches);
	}
}

void access_lists_print(FILE *out, const struct store *store, const struct snapshot *snapshot, const char *name)
{
	struct lists lists = gather(store, name);

	for (size_t i = 0; i < lists.count; i++)
		put_list(out, store, snapshot, lists.lists[i]);
	free(lists.lists);
}
