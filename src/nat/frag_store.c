/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arena of virtual reassembly: incomplete datagrams by key, by age and by source, and the pages
 * they hold.
 *
 * Promises: one block of memory, taken at the start; everything O(1), but for what a larger number
 * of pages to give back costs; a source with more than its share loses its own oldest datagram,
 * never another's. May not look at packets.
 */
#include "nat/frag_store.h"

#include <string.h>
#include "lib/sparse.h"

#define TICK 64u /* ms */

/* ---- lists of datagrams */

static struct link *link_of(struct frag_set *set, uint16_t at, enum which_list which)
{
	return which == LIST_AGE ? &set->datagrams[at].age : &set->datagrams[at].peer;
}

static void list_append(struct frag_set *set, struct list *list, uint16_t at, enum which_list which)
{
	*link_of(set, at, which) = (struct link){NONE, list->last};
	if (list->last != NONE)
		link_of(set, list->last, which)->next = at;
	else
		list->first = at;
	list->last = at;
}

static void list_remove(struct frag_set *set, struct list *list, uint16_t at, enum which_list which)
{
	const struct link *link = link_of(set, at, which);

	if (link->prev != NONE)
		link_of(set, link->prev, which)->next = link->next;
	else
		list->first = link->next;
	if (link->next != NONE)
		link_of(set, link->next, which)->prev = link->prev;
	else
		list->last = link->prev;
}

/* ---- sources */

static uint16_t *source_head(struct frag_set *set, ip4 addr, uint16_t vrf)
{
	uint32_t name[2] = {addr, vrf};

	return &set->source_heads[siphash13(&set->key, name, sizeof(name)) & (HEADS - 1)];
}

static uint16_t source_find(struct frag_set *set, ip4 addr, uint16_t vrf)
{
	uint16_t at = *source_head(set, addr, vrf);

	for (; at != 0; at = set->sources[at - 1].chain)
		if (set->sources[at - 1].addr == addr && set->sources[at - 1].vrf == vrf)
			return (uint16_t)(at - 1);
	return NONE;
}

/* There are as many as datagrams, and each has one at least: one is always free for a new datagram.
 */
static uint16_t source_get(struct frag_set *set, ip4 addr, uint16_t vrf)
{
	uint16_t at = source_find(set, addr, vrf), *head;

	if (at != NONE)
		return at;
	if (set->free_source != NONE) {
		at = set->free_source;
		set->free_source = set->sources[at].chain;
	} else {
		at = set->fresh_source++;
	}
	head = source_head(set, addr, vrf);
	set->sources[at] =
	    (struct source){.addr = addr, .vrf = vrf, .chain = *head, .list = {NONE, NONE}};
	*head = (uint16_t)(at + 1);
	return at;
}

static void source_put(struct frag_set *set, uint16_t at)
{
	struct source *source = &set->sources[at];
	uint16_t *link = source_head(set, source->addr, source->vrf);

	if (source->datagrams > 0)
		return;
	while (*link != at + 1)
		link = &set->sources[*link - 1].chain;
	*link = source->chain;
	source->chain = set->free_source;
	set->free_source = at;
}

/* ---- accounts: one for each interface and direction that ever saw a piece */

static uint32_t account_hash(uint32_t ifindex, bool out)
{
	return (ifindex * 2 + out) * 2654435761u >> 24;
}

/* The place of the interface, or the first empty one; where all are taken, one that counts nothing
 * now. */
static uint16_t account_at(const struct frag_set *set, uint32_t ifindex, bool out)
{
	uint32_t from = account_hash(ifindex, out) & (ACCOUNTS - 1), at, idle = from;

	for (uint32_t i = 0; i < ACCOUNTS; i++) {
		at = (from + i) & (ACCOUNTS - 1);
		if (!set->accounts[at].used ||
		    (set->accounts[at].ifindex == ifindex && set->accounts[at].out == out))
			return (uint16_t)at;
		if (set->accounts[at].counts.datagrams == 0)
			idle = at;
	}
	return (uint16_t)idle;
}

static bool account_is(const struct account *account, uint32_t ifindex, bool out)
{
	return account->used && account->ifindex == ifindex && account->out == out;
}

uint16_t frag_account(struct frag_set *set, const struct frag_place *place)
{
	uint16_t at = account_at(set, place->ifindex, place->out);

	if (!account_is(&set->accounts[at], place->ifindex, place->out) &&
	    set->accounts[at].counts.datagrams == 0)
		set->accounts[at] = (struct account){place->ifindex, place->out, true, {0}};
	return at;
}

struct frag_counts frag_counts(const struct frag_set *set, uint32_t ifindex, bool out)
{
	const struct account *account = &set->accounts[account_at(set, ifindex, out)];

	return account_is(account, ifindex, out) ? account->counts : (struct frag_counts){0};
}

/* ---- pages */

static void pages_free(struct frag_set *set, struct datagram *datagram)
{
	for (uint32_t i = 0; i < PAGES_EACH && datagram->n_pages > 0; i++) {
		if (datagram->pages[i] == NONE)
			continue;
		memcpy(set->pages[datagram->pages[i]].data, &set->free_page,
		       sizeof(set->free_page));
		set->free_page = datagram->pages[i];
		datagram->pages[i] = NONE;
		datagram->n_pages--;
		set->sources[datagram->source].pages--;
	}
}

uint16_t frag_page(struct frag_set *set)
{
	uint16_t at = set->free_page;

	if (at != NONE)
		memcpy(&set->free_page, set->pages[at].data, sizeof(set->free_page));
	else if (set->fresh_page < PAGES)
		at = set->fresh_page++;
	else
		return NONE;
	memset(set->pages[at].have, 0, sizeof(set->pages[at].have));
	memset(set->pages[at].start, 0, sizeof(set->pages[at].start));
	return at;
}

/* ---- datagrams */

static uint16_t *head_of(struct frag_set *set, const struct frag_key *key)
{
	return &set->heads[siphash13(&set->key, key, sizeof(*key)) & (HEADS - 1)];
}

uint16_t frag_find(struct frag_set *set, const struct frag_key *key)
{
	uint16_t at = *head_of(set, key);

	for (; at != 0; at = set->datagrams[at - 1].chain)
		if (memcmp(&set->datagrams[at - 1].key, key, sizeof(*key)) == 0)
			return (uint16_t)(at - 1);
	return NONE;
}

void frag_kill(struct frag_set *set, struct datagram *datagram, bool lost)
{
	struct frag_counts *counts = &set->accounts[datagram->account].counts;

	if (datagram->state != DATAGRAM_OPEN)
		return;
	pages_free(set, datagram);
	counts->datagrams--;
	counts->pieces -= datagram->pieces;
	if (lost)
		set->lost += datagram->pieces;
	datagram->pieces = 0;
	datagram->state = DATAGRAM_DEAD;
}

void frag_end(struct frag_set *set, uint16_t at, bool lost)
{
	struct datagram *datagram = &set->datagrams[at];
	struct source *source = &set->sources[datagram->source];
	uint16_t *link = head_of(set, &datagram->key);

	frag_kill(set, datagram, lost);
	while (*link != at + 1)
		link = &set->datagrams[*link - 1].chain;
	*link = datagram->chain;
	list_remove(set, &set->age, at, LIST_AGE);
	list_remove(set, &source->list, at, LIST_PEER);
	source->datagrams--;
	source_put(set, datagram->source);
	wheel_disarm(set->wheel, at);
	set->n_datagrams--;
	datagram->state = DATAGRAM_FREE;
	datagram->chain = set->free_datagram;
	set->free_datagram = at;
}

bool frag_evict(struct frag_set *set, const struct list *list, enum which_list which, uint16_t keep)
{
	uint16_t at = list->first;

	if (at == keep && at != NONE)
		at = link_of(set, at, which)->next;
	if (at == NONE)
		return false;
	frag_end(set, at, true);
	return true;
}

static uint16_t datagram_take(struct frag_set *set, const struct frag_key *key)
{
	uint16_t peer = source_find(set, key->source, key->vrf), at;

	if (peer != NONE && set->sources[peer].datagrams >= FRAG_OF_SOURCE)
		frag_evict(set, &set->sources[peer].list, LIST_PEER, NONE);
	if (set->n_datagrams == FRAG_DATAGRAMS)
		frag_evict(set, &set->age, LIST_AGE, NONE);
	at = set->free_datagram;
	if (at == NONE)
		return set->fresh_datagram++;
	set->free_datagram = set->datagrams[at].chain;
	return at;
}

uint16_t frag_begin(struct frag_set *set, uint64_t now, const struct frag_place *place,
		    const struct frag_key *key, uint16_t account)
{
	uint16_t at = datagram_take(set, key), *head = head_of(set, key);
	struct datagram *datagram = &set->datagrams[at];

	*datagram = (struct datagram){.key = *key,
				      .state = DATAGRAM_OPEN,
				      .account = account,
				      .source = source_get(set, key->source, key->vrf),
				      .chain = *head};
	memset(datagram->pages, 0xff, sizeof(datagram->pages));
	*head = (uint16_t)(at + 1);
	list_append(set, &set->age, at, LIST_AGE);
	list_append(set, &set->sources[datagram->source].list, at, LIST_PEER);
	set->sources[datagram->source].datagrams++;
	set->accounts[account].counts.datagrams++;
	set->n_datagrams++;
	wheel_arm(set->wheel, at, now + place->limits->timeout);
	return at;
}

/* ---- notes for the way out */

/* Compared and hashed member by member: the struct has padding. */
static struct note *note_of(struct frag_set *set, const struct frag_name *name)
{
	uint32_t words[4] = {name->source, name->destination, (uint32_t)name->id << 16 | name->vrf,
			     name->protocol};

	return &set->notes[siphash13(&set->key, words, sizeof(words)) & (NOTES - 1)];
}

void frag_note(struct frag_set *set, const struct frag_name *name, uint32_t largest)
{
	struct note *note = note_of(set, name);

	set->n_notes += note->largest == 0;
	*note = (struct note){*name, (uint16_t)largest};
}

uint32_t frag_noted(struct frag_set *set, const struct frag_name *name)
{
	struct note *note = set->n_notes == 0 ? NULL : note_of(set, name);
	uint32_t largest = note != NULL ? note->largest : 0;

	if (largest == 0 || note->name.source != name->source ||
	    note->name.destination != name->destination || note->name.id != name->id ||
	    note->name.vrf != name->vrf || note->name.protocol != name->protocol)
		return 0;
	note->largest = 0;
	set->n_notes--;
	return largest;
}

/* ---- life */

struct frag_set *frag_new(uint64_t seed, uint64_t now)
{
	struct frag_set *set = sparse_new(sizeof(*set));

	set->key = (struct siphash_key){seed, seed * 0x9e3779b97f4a7c15u ^ 0x66726167u};
	set->wheel = wheel_new(FRAG_DATAGRAMS, TICK, now);
	set->free_page = set->free_datagram = set->free_source = NONE;
	set->age = (struct list){NONE, NONE};
	return set;
}

void frag_free(struct frag_set *set)
{
	if (set == NULL)
		return;
	wheel_free(set->wheel);
	sparse_free(set, sizeof(*set));
}
