/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * THE running-config: typed entries, nothing else. What show running-config prints, what `no` removes, what
 * compile reads and what completion offers all come from here.
 *
 * An entry is a command of the grammar with its argument struct, inside the global context (parent NULL) or
 * inside a context entry (an interface, an access list, a pool). Its identity is (context, key class, key
 * fields). Lookup is O(1).
 *
 * A change is made in the store itself, inside a transaction that records how to undo it:
 *     store_begin, store_set/store_remove..., then store_commit or store_rollback.
 * The store belongs to the management thread; nobody sees it between begin and commit.
 */
#ifndef ALGATE_CONFIG_STORE_H
#define ALGATE_CONFIG_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include "lib/gram.h"

struct store;
struct index_key; /* config/index.h */

struct entry {
	const struct gram_cmd *cmd;
	struct entry *context;    /* NULL: global */
	void *args;               /* cmd->args_size bytes, owned by the entry */
	uint64_t serial;          /* order of acceptance, grows */
};

struct store *store_new(void);
void store_free(struct store *store);

/* A change outside of begin and commit is a transaction of its own. */
void store_begin(struct store *store);
void store_commit(struct store *store);
void store_rollback(struct store *store);

/* Adds the entry, or replaces the one with the same identity (keeping its place and, for a context, its
 * children). args is copied. Returns the entry. *changed (may be NULL): whether anything differs now. */
struct entry *store_set(struct store *store, struct entry *context, const struct gram_cmd *cmd, const void *args,
			bool *changed);
/* Removes the entry and, for a context, its children. */
void store_remove(struct store *store, struct entry *entry);
/* The entry with the same identity as (cmd, args) in the context, or NULL. Only key fields of args are read. */
struct entry *store_find(const struct store *store, const struct entry *context, const struct gram_cmd *cmd,
			 const void *args);

/* Iterates over one context's entries in running-config order. cmd: only that command, or NULL for all.
 * Start with *cursor = NULL; returns NULL at the end. The store must not change meanwhile. */
struct entry *store_next(const struct store *store, const struct entry *context, const struct gram_cmd *cmd,
			 struct entry *cursor);
/* The last entry of a context in running-config order (of an access list: the highest sequence number), or NULL. */
struct entry *store_last(const struct store *store, const struct entry *context);
/* The next entry that carries this index key (config/index.h), in no particular order; cursor as for store_next. */
struct entry *store_by(const struct store *store, const struct index_key *key, struct entry *cursor);
/* Has the open transaction changed anything? */
bool store_changed(const struct store *store);
size_t store_count(const struct store *store);

/* What the open transaction has done so far, in order. An entry that was removed can be read until the commit; one that was
 * replaced shows how it is now. */
enum store_verb { STORE_ADDED, STORE_REMOVED, STORE_REPLACED };
struct store_change {
	enum store_verb verb;
	const struct entry *entry;
	const struct gram_cmd *before; /* STORE_REPLACED: the command it was */
};
size_t store_n_changes(const struct store *store);
struct store_change store_change_at(const struct store *store, size_t index);
/* The next entry of a context whose command has this order number, in running-config order; cursor as for store_next. */
struct entry *store_next_order(const struct store *store, const struct entry *context, uint16_t order,
			       struct entry *cursor);
/* Number of commits that changed something; show and save compare it. */
uint64_t store_version(const struct store *store);

#endif
