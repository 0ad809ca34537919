/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expectations: records in the caller's memory, found through chains that live beside them.
 *
 * A record that waits is in the chain of its place: the realm, protocol and side, the endpoint that
 * the first packet is addressed to and the address it comes from (none with EXPECT_ANY_REMOTE).
 * Every record that has a parent is in its parent's chain, and a link in that of the flow that
 * came. Hosts and parents are counted by what waits.
 *
 * Promises: see expect.h. May not decide who may expect what.
 */
#include "nat/expect.h"

#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "nat/chains.h"
#include "nat/flow.h"
#include "nat/use.h"

#define END UINT32_MAX

struct expect_table {
	struct expect_record *records;
	uint32_t max, mask;
	uint32_t high;	/* no record at or above was ever used */
	uint32_t *free; /* those below that are free */
	uint32_t n_free;
	uint32_t waiting, links, any_remote;
	uint32_t waiting_of[UINT8_MAX + 1]; /* by gateway */
	struct siphash_key secret;
	struct chains by_place, by_parent, by_child;
	struct use_table *hosts, *parents; /* by hash_host, hash_index */
};

/* It guards against damage only. */
static const struct siphash_key seal_key = {0x616c67617465, 0x657870656374};

/* ---- places ---- */

struct place {
	struct endpoint to;
	ip4 from; /* 0: from any */
	uint16_t vrf;
	uint8_t protocol, side;
};

static uint32_t place_bucket(const struct expect_table *table, const struct place *place)
{
	const uint32_t words[4] = {place->to.addr, place->from,
				   (uint32_t)place->to.port << 16 | place->vrf,
				   (uint32_t)place->protocol << 8 | place->side};

	return (uint32_t)siphash13(&table->secret, words, sizeof(words)) & table->mask;
}

static struct place place_of(const struct expect_record *record)
{
	struct place place = {
	    .vrf = record->vrf, .protocol = record->protocol, .side = record->side};

	if (record->side == SIDE_OUTSIDE) {
		place.to = (struct endpoint){record->ig, record->ig_port};
		place.from = record->remote;
	} else {
		place.to = (struct endpoint){record->remote, record->remote_port};
		place.from = record->il;
	}
	if (record->flags & EXPECT_ANY_REMOTE)
		place.from = 0;
	return place;
}

static bool same_place(const struct place *a, const struct place *b)
{
	return a->to.addr == b->to.addr && a->to.port == b->to.port && a->from == b->from &&
	       a->vrf == b->vrf && a->protocol == b->protocol && a->side == b->side;
}

static uint64_t hash_host(const struct expect_table *table, uint16_t vrf, ip4 host)
{
	const uint32_t words[2] = {host, vrf};

	return siphash13(&table->secret, words, sizeof(words));
}

static uint64_t hash_index(const struct expect_table *table, uint32_t index)
{
	return siphash13(&table->secret, &index, sizeof(index));
}

/* ---- life ---- */

static uint32_t expect_seal(const struct expect_record *record)
{
	struct expect_record identity = *record;
	uint32_t seal;

	identity.state = identity.came = identity.binding = identity.parent = identity.until_s = 0;
	identity.flags = 0;
	seal = (uint32_t)siphash13(&seal_key, &identity, sizeof(identity)) & ~1u;
	return seal != 0 ? seal : 2;
}

static void enter_wait(struct expect_table *table, uint32_t index)
{
	const struct expect_record *record = &table->records[index];
	struct place place = place_of(record);

	chain_add(&table->by_place, place_bucket(table, &place), index);
	use_add(table->hosts, hash_host(table, record->vrf, record->il));
	if (record->parent != RECORD_NONE)
		use_add(table->parents, hash_index(table, record->parent));
	if (record->flags & EXPECT_ANY_REMOTE)
		table->any_remote++;
	table->waiting++;
	table->waiting_of[record->alg]++;
}

static void leave_wait(struct expect_table *table, uint32_t index)
{
	const struct expect_record *record = &table->records[index];
	struct place place = place_of(record);

	chain_remove(&table->by_place, place_bucket(table, &place), index);
	use_remove(table->hosts, hash_host(table, record->vrf, record->il));
	if (record->parent != RECORD_NONE)
		use_remove(table->parents, hash_index(table, record->parent));
	if (record->flags & EXPECT_ANY_REMOTE)
		table->any_remote--;
	table->waiting--;
	table->waiting_of[record->alg]--;
}

static uint32_t index_bucket(const struct expect_table *table, uint32_t index)
{
	return (uint32_t)hash_index(table, index) & table->mask;
}

static void enter(struct expect_table *table, uint32_t index)
{
	const struct expect_record *record = &table->records[index];

	if (record->parent != RECORD_NONE)
		chain_add(&table->by_parent, index_bucket(table, record->parent), index);
	if (expect_waits(record)) {
		enter_wait(table, index);
		return;
	}
	chain_add(&table->by_child, index_bucket(table, record->came), index);
	table->links++;
}

static bool possible(const struct expect_record *record)
{
	return record_live(record->state) && record->state == expect_seal(record) &&
	       record->side <= SIDE_OUTSIDE && (record->flags & ~EXPECT_FLAGS) == 0 &&
	       (expect_waits(record) || record->parent != RECORD_NONE);
}

static void adopt(struct expect_table *table)
{
	uint32_t i;

	for (i = 0; i < table->max; i++) {
		struct expect_record *record = &table->records[i];

		if (record->state == 0)
			continue;
		table->high = i + 1;
		record->binding = RECORD_NONE;
		if (possible(record))
			enter(table, i);
		else
			record_set_state(&record->state, 0);
	}
	for (i = table->high; i-- > 0;) {
		if (table->records[i].state == 0)
			table->free[table->n_free++] = i;
	}
}

struct expect_table *expect_table_new(struct expect_record *memory, uint32_t max,
				      const struct siphash_key *secret)
{
	struct expect_table *table = mem_alloc(sizeof(*table));
	uint32_t size = 16;

	while (size < max)
		size *= 2;
	table->records = memory;
	table->max = max;
	table->mask = size - 1;
	table->secret = *secret;
	table->free = mem_alloc((size_t)max * sizeof(*table->free));
	chains_init(&table->by_place, max, table->mask + 1);
	chains_init(&table->by_parent, max, table->mask + 1);
	chains_init(&table->by_child, max, table->mask + 1);
	table->hosts = use_table_new(max);
	table->parents = use_table_new(max);
	adopt(table);
	return table;
}

void expect_table_free(struct expect_table *table)
{
	if (table == NULL)
		return;
	use_table_free(table->parents);
	use_table_free(table->hosts);
	chains_free(&table->by_child);
	chains_free(&table->by_parent);
	chains_free(&table->by_place);
	free(table->free);
	free(table);
}

/* ---- finding ---- */

static bool is_reserved(uint16_t port)
{
	return port >= 512 && port <= 1023;
}

static bool fits(const struct expect_record *record, struct endpoint from)
{
	if (record->side == SIDE_INSIDE)
		return record->il_port == 0 || record->il_port == from.port;
	if ((record->flags & EXPECT_REMOTE_RESERVED) && !is_reserved(from.port))
		return false;
	return record->remote_port == 0 || record->remote_port == from.port;
}

static struct expect_record *find_at(struct expect_table *table, const struct place *place,
				     struct endpoint from)
{
	uint32_t i = table->by_place.heads[place_bucket(table, place)];

	for (; i != 0; i = table->by_place.next[i - 1]) {
		struct expect_record *record = &table->records[i - 1];
		struct place its = place_of(record);

		if (same_place(&its, place) && fits(record, from))
			return record;
	}
	return NULL;
}

struct expect_record *expect_find(struct expect_table *table, uint16_t vrf, uint8_t protocol,
				  uint8_t side, struct endpoint from, struct endpoint to)
{
	struct place place = {to, from.addr, vrf, protocol, side};
	struct expect_record *record;

	if (table->waiting == 0)
		return NULL;
	record = find_at(table, &place, from);
	if (record != NULL || table->any_remote == 0)
		return record;
	place.from = 0;
	return find_at(table, &place, from);
}

static bool is_same(const struct expect_record *a, const struct expect_record *b)
{
	return a->il == b->il && a->ig == b->ig && a->remote == b->remote &&
	       a->il_port == b->il_port && a->ig_port == b->ig_port &&
	       a->remote_port == b->remote_port && a->alg == b->alg && a->child == b->child &&
	       a->rule == b->rule && a->parent == b->parent;
}

struct expect_record *expect_same(struct expect_table *table, const struct expect_record *body)
{
	struct place place = place_of(body);
	uint32_t i = table->by_place.heads[place_bucket(table, &place)];

	for (; i != 0; i = table->by_place.next[i - 1]) {
		struct expect_record *record = &table->records[i - 1];
		struct place its = place_of(record);

		if (same_place(&its, &place) && is_same(record, body))
			return record;
	}
	return NULL;
}

/* ---- adding and removing ---- */

static uint32_t take_free(struct expect_table *table)
{
	if (table->n_free > 0)
		return table->free[--table->n_free];
	return table->high < table->max ? table->high++ : END;
}

struct expect_record *expect_add(struct expect_table *table, const struct expect_record *body)
{
	struct expect_record record = *body, *place;
	uint32_t index = take_free(table);

	if (index == END)
		return NULL;
	place = &table->records[index];
	record_set_state(&place->state, RECORD_WRITING);
	record.state = RECORD_WRITING;
	record_copy(place, &record, sizeof(record));
	record_set_state(&place->state, expect_seal(&record));
	enter(table, index);
	return place;
}

void expect_remove(struct expect_table *table, struct expect_record *record)
{
	uint32_t index = expect_index(table, record);

	if (expect_waits(record)) {
		leave_wait(table, index);
	} else {
		chain_remove(&table->by_child, index_bucket(table, record->came), index);
		table->links--;
	}
	if (record->parent != RECORD_NONE)
		chain_remove(&table->by_parent, index_bucket(table, record->parent), index);
	record_set_state(&record->state, 0);
	table->free[table->n_free++] = index;
}

bool expect_link(struct expect_table *table, struct expect_record *record, uint32_t flow)
{
	uint32_t index = expect_index(table, record);

	if (record->parent == RECORD_NONE || table->links >= table->max / 2)
		return false;
	leave_wait(table, index);
	__atomic_store_n(&record->came, flow, __ATOMIC_RELEASE);
	STORE_POINT();
	chain_add(&table->by_child, index_bucket(table, flow), index);
	table->links++;
	return true;
}

/* ---- walking ---- */

struct expect_record *expect_of_child(struct expect_table *table, uint32_t flow)
{
	uint32_t i = table->links == 0 ? 0 : table->by_child.heads[index_bucket(table, flow)];

	while (i != 0 && table->records[i - 1].came != flow)
		i = table->by_child.next[i - 1];
	return i == 0 ? NULL : &table->records[i - 1];
}

uint32_t expect_index(const struct expect_table *table, const struct expect_record *record)
{
	return (uint32_t)(record - table->records);
}

struct expect_record *expect_at(struct expect_table *table, uint32_t index)
{
	if (index >= table->high || !record_live(table->records[index].state))
		return NULL;
	return &table->records[index];
}

uint32_t expect_count(const struct expect_table *table)
{
	return table->waiting;
}

uint32_t expect_links(const struct expect_table *table)
{
	return table->links;
}

uint32_t expect_of_alg(const struct expect_table *table, uint8_t alg)
{
	return table->waiting_of[alg];
}

uint32_t expect_of_parent(const struct expect_table *table, uint32_t parent)
{
	return use_count(table->parents, hash_index(table, parent));
}

uint32_t expect_of_host(const struct expect_table *table, uint16_t vrf, ip4 host)
{
	return use_count(table->hosts, hash_host(table, vrf, host));
}

uint32_t expect_next_of_parent(const struct expect_table *table, uint32_t parent, uint32_t index)
{
	uint32_t i = index == RECORD_NONE ? table->by_parent.heads[index_bucket(table, parent)]
					  : table->by_parent.next[index];

	while (i != 0 && table->records[i - 1].parent != parent)
		i = table->by_parent.next[i - 1];
	return i == 0 ? RECORD_NONE : i - 1;
}

uint32_t expect_next(const struct expect_table *table, uint32_t *from)
{
	while (*from < table->high) {
		uint32_t index = (*from)++;

		if (record_live(table->records[index].state))
			return index;
	}
	*from = RECORD_NONE;
	return RECORD_NONE;
}
