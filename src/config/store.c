/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: a hash of all entries by identity, one ordered set of entries for each context,
 * buckets of the secondary keys, and a journal that undoes what a transaction did. What a
 * transaction removes stays allocated until it commits, so that rolling back restores the very same
 * entries in the very same places.
 */
#include "config/store.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "config/index.h"
#include "config/ordered.h"
#include "lib/mem.h"

#define KEY_SIZE 1024

struct bucket;

struct link { /* an entry's place in one bucket */
	struct bucket *bucket;
	struct node *node;
	struct link *prev, *next;
};

struct bucket {
	UT_hash_handle hh;
	struct link *links;
	uint8_t key[];
};

struct node {
	struct entry entry; /* first: an entry is its node */
	struct ordered_node place;
	struct ordered children;
	UT_hash_handle hh;
	struct link links[INDEX_KEYS_MAX];
	unsigned n_links;
	uint8_t key[];
};

struct undo {
	enum store_verb kind;
	struct node *node;
	const struct gram_cmd *cmd; /* STORE_REPLACED: as it was */
	void *args;
};

struct store {
	struct node *by_key;
	struct bucket *buckets;
	struct ordered global;
	uint64_t serial, begin_serial, version;
	size_t count;
	bool open;
	struct undo *journal;
	size_t n_journal, size_journal;
};

static struct node *node_of(const struct ordered_node *place)
{
	return place ? (struct node *)((char *)(uintptr_t)place - offsetof(struct node, place))
		     : NULL;
}

/* A field that can only be text; its bytes behind the terminator mean nothing. */
static bool is_text(const struct gram_field *field)
{
	return field->size >= GRAM_WORD_SIZE;
}

/* Names that are numbers (access lists) stand behind the others; digits inside names count by
 * value. */
static int compare_text(const char *a, const char *b)
{
	bool a_number = a[strspn(a, "0123456789")] == '\0',
	     b_number = b[strspn(b, "0123456789")] == '\0';

	if (a_number != b_number)
		return a_number - b_number;
	return strverscmp(a, b);
}

static uint64_t number_at(const void *field, size_t size)
{
	uint8_t one;
	uint16_t two;
	uint32_t four = 0;

	if (size == 1)
		return memcpy(&one, field, 1), one;
	if (size == 2)
		return memcpy(&two, field, 2), two;
	return memcpy(&four, field, size < 4 ? size : 4), four;
}

static int compare_keys(const struct entry *a, const struct entry *b)
{
	unsigned n = a->cmd->n_key < b->cmd->n_key ? a->cmd->n_key : b->cmd->n_key;

	for (unsigned i = 0; i < n; i++) {
		const struct gram_field *fa = &a->cmd->key[i], *fb = &b->cmd->key[i];
		const char *va = (char *)a->args + fa->offset, *vb = (char *)b->args + fb->offset;
		uint64_t na, nb;
		int text;

		if (is_text(fa)) {
			text = compare_text(va, vb);
			if (text)
				return text;
			continue;
		}
		na = number_at(va, fa->size);
		nb = number_at(vb, fb->size);
		if (na != nb)
			return na < nb ? -1 : 1;
	}
	return 0;
}

/* Order, then the entries kept in order of acceptance, then the sorted ones class by class. */
static int compare_entries(const struct ordered_node *pa, const struct ordered_node *pb)
{
	const struct entry *a = &node_of(pa)->entry, *b = &node_of(pb)->entry;
	int result = 0;

	if (a->cmd->order != b->cmd->order)
		return a->cmd->order < b->cmd->order ? -1 : 1;
	if (a->cmd->key_sorted != b->cmd->key_sorted)
		return a->cmd->key_sorted - b->cmd->key_sorted;
	if (a->cmd->key_sorted && a->cmd->key_class != b->cmd->key_class)
		return a->cmd->key_class < b->cmd->key_class ? -1 : 1;
	if (a->cmd->key_sorted)
		result = compare_keys(a, b);
	if (result)
		return result;
	return a->serial < b->serial ? -1 : a->serial > b->serial;
}

/* (context, class, key fields) as bytes; returns the length. */
static size_t make_key(const struct entry *context, const struct gram_cmd *cmd, const void *args,
		       uint8_t key[KEY_SIZE])
{
	size_t length = 0;

	memcpy(key, &context, sizeof(context));
	length += sizeof(context);
	memcpy(key + length, &cmd->key_class, sizeof(cmd->key_class));
	length += sizeof(cmd->key_class);
	for (unsigned i = 0; i < cmd->n_key; i++) {
		const struct gram_field *field = &cmd->key[i];
		const char *value = (const char *)args + field->offset;
		size_t size = is_text(field) ? strnlen(value, field->size - 1) : field->size;

		if (length + size + 1 > KEY_SIZE)
			abort(); /* a grammar line with a key too long for any configuration */
		memcpy(key + length, value, size);
		length += size;
		if (is_text(field))
			key[length++] = '\0';
	}
	return length;
}

static struct node *node_find(const struct store *store, const struct entry *context,
			      const struct gram_cmd *cmd, const void *args)
{
	uint8_t key[KEY_SIZE];
	size_t length = make_key(context, cmd, args, key);
	struct node *node;

	HASH_FIND(hh, store->by_key, key, length, node);
	return node;
}

static struct ordered *children_of(const struct store *store, const struct entry *context)
{
	if (!context)
		return &((struct store *)(uintptr_t)store)->global;
	return &((struct node *)(uintptr_t)context)->children;
}

static struct bucket *bucket_find(const struct store *store, const struct index_key *key)
{
	struct bucket *bucket;

	HASH_FIND(hh, store->buckets, key->bytes, key->length, bucket);
	return bucket;
}

static void index_enter(struct store *store, struct node *node)
{
	struct index_key keys[INDEX_KEYS_MAX];

	node->n_links = index_keys(node->entry.context, node->entry.cmd, node->entry.args, keys);
	for (unsigned i = 0; i < node->n_links; i++) {
		struct bucket *bucket = bucket_find(store, &keys[i]);

		if (!bucket) {
			bucket = mem_alloc(sizeof(*bucket) + keys[i].length);
			memcpy(bucket->key, keys[i].bytes, keys[i].length);
			HASH_ADD_KEYPTR(hh, store->buckets, bucket->key, keys[i].length, bucket);
		}
		node->links[i] = (struct link){.bucket = bucket, .node = node};
		DL_APPEND(bucket->links, &node->links[i]);
	}
}

static void index_leave(struct store *store, struct node *node)
{
	for (unsigned i = 0; i < node->n_links; i++) {
		struct bucket *bucket = node->links[i].bucket;

		DL_DELETE(bucket->links, &node->links[i]);
		if (!bucket->links) {
			HASH_DEL(store->buckets, bucket);
			free(bucket);
		}
	}
	node->n_links = 0;
}

static void attach(struct store *store, struct node *node)
{
	HASH_ADD_KEYPTR(hh, store->by_key, node->key, node->hh.keylen, node);
	ordered_add(children_of(store, node->entry.context), &node->place);
	index_enter(store, node);
	store->count++;
}

static void detach(struct store *store, struct node *node)
{
	unsigned length = node->hh.keylen;

	index_leave(store, node);
	ordered_remove(children_of(store, node->entry.context), &node->place);
	HASH_DEL(store->by_key, node);
	node->hh.keylen = length;
	store->count--;
}

static void node_free(struct node *node)
{
	free(node->entry.args);
	free(node);
}

static void journal_add(struct store *store, const struct undo *undo)
{
	if (store->n_journal == store->size_journal) {
		store->size_journal = store->size_journal ? 2 * store->size_journal : 16;
		store->journal =
		    mem_grow(store->journal, store->size_journal, sizeof(*store->journal));
	}
	store->journal[store->n_journal++] = *undo;
}

struct store *store_new(void)
{
	struct store *store = mem_alloc(sizeof(*store));

	store->global.compare = compare_entries;
	return store;
}

void store_free(struct store *store)
{
	struct node *node, *next;

	if (!store)
		return;
	store_commit(store);
	HASH_ITER(hh, store->by_key, node, next)
	{
		index_leave(store, node);
		HASH_DEL(store->by_key, node);
		node_free(node);
	}
	free(store->journal);
	free(store);
}

void store_begin(struct store *store)
{
	store_commit(store);
	store->open = true;
	store->begin_serial = store->serial;
}

void store_commit(struct store *store)
{
	for (size_t i = 0; i < store->n_journal; i++) {
		struct undo *undo = &store->journal[i];

		if (undo->kind == STORE_REMOVED)
			node_free(undo->node);
		if (undo->kind == STORE_REPLACED)
			free(undo->args);
	}
	if (store->n_journal)
		store->version++;
	store->n_journal = 0;
	store->open = false;
}

/* Replaces command and arguments, which may change the entry's place and secondary keys; returns
 * the old arguments. */
static void *exchange(struct store *store, struct node *node, const struct gram_cmd *cmd,
		      void *args)
{
	struct ordered *siblings = children_of(store, node->entry.context);
	void *old = node->entry.args;

	index_leave(store, node);
	ordered_remove(siblings, &node->place);
	node->entry.cmd = cmd;
	node->entry.args = args;
	ordered_add(siblings, &node->place);
	index_enter(store, node);
	return old;
}

void store_rollback(struct store *store)
{
	while (store->n_journal) {
		struct undo *undo = &store->journal[--store->n_journal];

		if (undo->kind == STORE_ADDED) {
			detach(store, undo->node);
			node_free(undo->node);
		} else if (undo->kind == STORE_REMOVED) {
			attach(store, undo->node);
		} else {
			free(exchange(store, undo->node, undo->cmd, undo->args));
		}
	}
	if (store->open)
		store->serial = store->begin_serial;
	store->open = false;
}

static void *args_copy(const struct gram_cmd *cmd, const void *args)
{
	void *copy = mem_alloc(cmd->args_size ? cmd->args_size : 1);

	if (args)
		memcpy(copy, args, cmd->args_size);
	return copy;
}

/* Field by field: padding does not count, nor what stands behind the end of a text. */
static bool same_args(const struct gram_cmd *cmd, const void *a, const void *b)
{
	for (unsigned i = 0; i < cmd->n_fields; i++) {
		const struct gram_field *field = &cmd->fields[i];
		const char *va = (const char *)a + field->offset,
			   *vb = (const char *)b + field->offset;

		if (is_text(field) ? strncmp(va, vb, field->size) != 0
				   : memcmp(va, vb, field->size) != 0)
			return false;
	}
	return true;
}

static struct node *node_add(struct store *store, struct entry *context, const struct gram_cmd *cmd,
			     const void *args)
{
	uint8_t key[KEY_SIZE];
	size_t length = make_key(context, cmd, args, key);
	struct node *node = mem_alloc(sizeof(*node) + length);

	node->entry = (struct entry){.cmd = cmd, .context = context, .args = args_copy(cmd, args)};
	node->entry.serial = ++store->serial;
	node->children.compare = compare_entries;
	memcpy(node->key, key, length);
	node->hh.keylen = (unsigned)length;
	attach(store, node);
	return node;
}

static void remove_children(struct store *store, struct entry *entry)
{
	struct ordered *children = children_of(store, entry);
	struct ordered_node *last;

	while ((last = ordered_last(children)))
		store_remove(store, &node_of(last)->entry);
}

/* Records a change; outside of a transaction it is final at once. */
static void done(struct store *store, const struct undo *undo)
{
	bool open = store->open;

	journal_add(store, undo);
	if (!open)
		store_commit(store);
}

struct entry *store_set(struct store *store, struct entry *context, const struct gram_cmd *cmd,
			const void *args, bool *changed)
{
	struct node *node = node_find(store, context, cmd, args);
	struct undo undo;

	if (changed)
		*changed = true;
	if (!node) {
		node = node_add(store, context, cmd, args);
		done(store, &(struct undo){.kind = STORE_ADDED, .node = node});
		return &node->entry;
	}
	if (node->entry.cmd == cmd && same_args(cmd, node->entry.args, args)) {
		if (changed)
			*changed = false;
		return &node->entry;
	}
	if (node->entry.cmd->opens != cmd->opens)
		remove_children(store, &node->entry);
	undo = (struct undo){.kind = STORE_REPLACED, .node = node, .cmd = node->entry.cmd};
	undo.args = exchange(store, node, cmd, args_copy(cmd, args));
	done(store, &undo);
	return &node->entry;
}

void store_remove(struct store *store, struct entry *entry)
{
	struct node *node = (struct node *)entry;

	remove_children(store, entry);
	detach(store, node);
	done(store, &(struct undo){.kind = STORE_REMOVED, .node = node});
}

struct entry *store_find(const struct store *store, const struct entry *context,
			 const struct gram_cmd *cmd, const void *args)
{
	struct node *node = node_find(store, context, cmd, args);

	return node ? &node->entry : NULL;
}

static int place_of_order(const struct ordered_node *place, const void *arg)
{
	return node_of(place)->entry.cmd->order < *(const uint16_t *)arg ? -1 : 1;
}

struct entry *store_next_order(const struct store *store, const struct entry *context, uint16_t order,
			       struct entry *cursor)
{
	struct ordered_node *place =
	    cursor ? ordered_next(&((struct node *)cursor)->place)
		   : ordered_from(children_of(store, context), place_of_order, &order);

	return place && node_of(place)->entry.cmd->order == order ? &node_of(place)->entry : NULL;
}

struct entry *store_next(const struct store *store, const struct entry *context,
			 const struct gram_cmd *cmd, struct entry *cursor)
{
	struct ordered *entries = children_of(store, context);
	struct ordered_node *place;

	if (cursor)
		place = ordered_next(&((struct node *)cursor)->place);
	else if (cmd)
		place = ordered_from(entries, place_of_order, &cmd->order);
	else
		place = ordered_first(entries);
	for (; place; place = ordered_next(place)) {
		struct entry *entry = &node_of(place)->entry;

		if (!cmd || entry->cmd == cmd)
			return entry;
		if (entry->cmd->order > cmd->order)
			return NULL;
	}
	return NULL;
}

struct entry *store_last(const struct store *store, const struct entry *context)
{
	struct node *node = node_of(ordered_last(children_of(store, context)));

	return node ? &node->entry : NULL;
}

struct entry *store_by(const struct store *store, const struct index_key *key, struct entry *cursor)
{
	struct bucket *bucket;
	struct node *node = (struct node *)cursor;

	if (!node) {
		bucket = bucket_find(store, key);
		return bucket ? &bucket->links->node->entry : NULL;
	}
	for (unsigned i = 0; i < node->n_links; i++) {
		struct link *link = &node->links[i];

		if (link->bucket->hh.keylen == key->length &&
		    !memcmp(link->bucket->key, key->bytes, key->length))
			return link->next ? &link->next->node->entry : NULL;
	}
	return NULL;
}

bool store_changed(const struct store *store)
{
	return store->n_journal > 0;
}

size_t store_n_changes(const struct store *store)
{
	return store->n_journal;
}

struct store_change store_change_at(const struct store *store, size_t index)
{
	const struct undo *undo = &store->journal[index];

	return (struct store_change){undo->kind, &undo->node->entry, undo->cmd};
}

size_t store_count(const struct store *store)
{
	return store->count;
}

uint64_t store_version(const struct store *store)
{
	return store->version;
}
