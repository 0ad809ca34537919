/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port maps. Each has one bit for every port that may be taken now, split by parity so that "the
 * next one of this parity" is a search for the next bit: a word, then a summary of words. Ports
 * that are neither in use nor available lie in a queue: of their group's cooling ports, or of ports
 * a static entry was found to claim.
 *
 * Promises: a port is never given out twice; none that is free in the group is missed, however many
 * are claimed; the cost of a call does not depend on how full a map is. Claims are found out by
 * taking a candidate off the bits and asking; a claimed one stays off until the next second, so
 * each is asked at most once a second. May not read a clock, and does not survive: adoption takes
 * the ports of the adopted bindings again.
 */
#include "nat/port.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include "lib/mem.h"
#include "lib/siphash.h"

#define PORTS	      65536u
#define HALF_WORDS    (PORTS / 2 / 64)
#define SUMMARY_WORDS (HALF_WORDS / 64)
#define NO_PORT	      UINT32_MAX
#define PROTOCOL_ICMP 1
#define IDLE_LOOKS 2  /* maps looked at for giving back whenever one is made */
#define PAIR_LOOKS 2048 /* cooling ports that are asked for a pair */
#define COOLED_MAX 64 /* ports of a group that one call makes available again */

enum { QUEUE_LOW, QUEUE_MIDDLE, QUEUE_HIGH, QUEUE_CLAIMED, QUEUES };

static const uint16_t group_first[] = {1, 512, 1024}, group_last[] = {511, 1023, 65535};

/* Available ports of one parity; bit i is port 2i + parity. */
struct half {
	uint64_t words[HALF_WORDS];
	uint64_t summary[SUMMARY_WORDS]; /* which words are not 0 */
};

/* Of a port that is in a queue. */
struct waiting {
	uint16_t next, prev; /* ring within the queue */
	ip4 owner;
	uint32_t since_s;
};

struct queue {
	uint32_t length;
	uint16_t first; /* the oldest; its prev is the newest */
};

struct port_key {
	ip4 global;
	uint16_t vrf;
	uint16_t protocol;
};

struct port_map {
	struct port_key key;
	UT_hash_handle hh;
	uint32_t used;
	uint32_t idle_s; /* when the last port was released */
	struct queue queues[QUEUES];
	struct half available[2];
	uint64_t in_use[PORTS / 64];
	uint64_t claimed[PORTS / 64];  /* in QUEUE_CLAIMED */
	struct waiting waiting[PORTS]; /* most of it is never touched */
};

struct port_table {
	struct port_map *maps;
	struct siphash_key seed;
	uint64_t drawn;
};

/* ---- bits */

static inline bool bit_get(const uint64_t *words, uint32_t bit)
{
	return words[bit / 64] >> bit % 64 & 1;
}

static inline void bit_set(uint64_t *words, uint32_t bit)
{
	words[bit / 64] |= UINT64_C(1) << bit % 64;
}

static inline void bit_clear(uint64_t *words, uint32_t bit)
{
	words[bit / 64] &= ~(UINT64_C(1) << bit % 64);
}

static bool is_available(const struct port_map *map, uint16_t port)
{
	return bit_get(map->available[port & 1].words, port >> 1);
}

static void make_available(struct port_map *map, uint16_t port)
{
	struct half *half = &map->available[port & 1];

	bit_set(half->words, port >> 1);
	bit_set(half->summary, (port >> 1) / 64);
}

static void make_unavailable(struct port_map *map, uint16_t port)
{
	struct half *half = &map->available[port & 1];

	bit_clear(half->words, port >> 1);
	if (half->words[(port >> 1) / 64] == 0)
		bit_clear(half->summary, (port >> 1) / 64);
}

/* First set bit at or after `from` in an array of n words, NO_PORT if there is none. */
static uint32_t next_bit(const uint64_t *words, uint32_t n, uint32_t from)
{
	uint32_t i = from / 64;
	uint64_t word;

	if (i >= n)
		return NO_PORT;
	for (word = words[i] & UINT64_MAX << from % 64; word == 0; word = words[i]) {
		if (++i == n)
			return NO_PORT;
	}
	return i * 64 + (uint32_t)__builtin_ctzll(word);
}

/* First available index of this parity in [from, last], NO_PORT if there is none. */
static uint32_t next_available(const struct half *half, uint32_t from, uint32_t last)
{
	uint64_t word = half->words[from / 64] & UINT64_MAX << from % 64;
	uint32_t i = from / 64;

	if (word == 0) {
		i = next_bit(half->summary, SUMMARY_WORDS, i + 1);
		if (i == NO_PORT)
			return NO_PORT;
		word = half->words[i];
	}
	i = i * 64 + (uint32_t)__builtin_ctzll(word);
	return i <= last ? i : NO_PORT;
}

/* ---- queues */

static void queue_add(struct port_map *map, unsigned which, uint16_t port, ip4 owner,
		      uint32_t now_s)
{
	struct queue *queue = &map->queues[which];
	struct waiting *waiting = &map->waiting[port], *first = &map->waiting[queue->first];

	if (queue->length++ == 0) {
		queue->first = port;
		waiting->next = waiting->prev = port;
	} else {
		waiting->next = queue->first;
		waiting->prev = first->prev;
		map->waiting[first->prev].next = port;
		first->prev = port;
	}
	waiting->owner = owner;
	waiting->since_s = now_s;
}

static void queue_remove(struct port_map *map, unsigned which, uint16_t port)
{
	struct queue *queue = &map->queues[which];
	struct waiting *waiting = &map->waiting[port];

	map->waiting[waiting->prev].next = waiting->next;
	map->waiting[waiting->next].prev = waiting->prev;
	if (queue->first == port)
		queue->first = waiting->next;
	queue->length--;
}

static unsigned group_of(const struct port_map *map, uint16_t port)
{
	if (map->key.protocol == PROTOCOL_ICMP || port == 0 || port > 1023)
		return QUEUE_HIGH;
	return port > 511 ? QUEUE_MIDDLE : QUEUE_LOW;
}

static unsigned queue_of(const struct port_map *map, uint16_t port)
{
	return bit_get(map->claimed, port) ? QUEUE_CLAIMED : group_of(map, port);
}

/* From wherever the port waits to nowhere: the caller says what it is now. */
static void stop_waiting(struct port_map *map, uint16_t port)
{
	queue_remove(map, queue_of(map, port), port);
	bit_clear(map->claimed, port);
}

/* Times may stand still, not run back. */
static bool has_cooled(const struct port_map *map, uint16_t port, uint32_t now_s)
{
	return now_s - map->waiting[port].since_s >= PORT_COOL_S;
}

static void let_go(struct port_map *map, unsigned which)
{
	uint16_t port = map->queues[which].first;

	stop_waiting(map, port);
	make_available(map, port);
}

/* A bounded number, however many were released at once long ago: those that stay are taken as the
 * oldest when nothing else is left. */
static void let_cooled_go(struct port_map *map, uint32_t now_s)
{
	for (unsigned which = 0; which < QUEUE_CLAIMED; which++) {
		const struct queue *queue = &map->queues[which];

		for (int i = 0; i < COOLED_MAX && queue->length > 0; i++) {
			if (!has_cooled(map, queue->first, now_s))
				break;
			let_go(map, which);
		}
	}
}

/* All of them, lest one that is no longer claimed be missed. */
static void let_claimed_go(struct port_map *map, uint32_t now_s)
{
	const struct queue *queue = &map->queues[QUEUE_CLAIMED];

	while (queue->length > 0 && map->waiting[queue->first].since_s != now_s)
		let_go(map, QUEUE_CLAIMED);
}

/* ---- maps */

struct port_table *port_table_new(uint64_t random_seed)
{
	struct port_table *table = mem_alloc(sizeof(*table));

	table->seed.k0 = random_seed;
	table->seed.k1 = UINT64_C(0x706f727473);
	return table;
}

void port_table_free(struct port_table *table)
{
	struct port_map *map, *next;

	if (table == NULL)
		return;
	HASH_ITER(hh, table->maps, map, next)
	{
		HASH_DEL(table->maps, map);
		free(map);
	}
	free(table);
}

static struct port_map *map_find(const struct port_table *table, uint16_t vrf, uint8_t protocol,
				 ip4 global)
{
	struct port_key key = {global, vrf, protocol};
	struct port_map *map;

	HASH_FIND(hh, table->maps, &key, sizeof(key), map);
	return map;
}

static bool is_idle(const struct port_map *map, uint32_t now_s)
{
	return map->used == 0 && now_s - map->idle_s >= PORT_COOL_S;
}

/* The maps that were not looked at for longest: addresses come and go with the configuration. */
static void give_back(struct port_table *table, uint32_t now_s)
{
	for (int i = 0; i < IDLE_LOOKS && table->maps != NULL; i++) {
		struct port_map *map = table->maps;

		HASH_DEL(table->maps, map);
		if (is_idle(map, now_s))
			free(map);
		else
			HASH_ADD(hh, table->maps, key, sizeof(map->key), map);
	}
}

static struct port_map *map_make(struct port_table *table, uint16_t vrf, uint8_t protocol,
				 ip4 global, uint32_t now_s)
{
	struct port_map *map = map_find(table, vrf, protocol, global);

	if (map != NULL)
		return map;
	if (now_s != 0)
		give_back(table, now_s);
	map = calloc(1, sizeof(*map));
	if (map == NULL)
		return NULL;
	map->key = (struct port_key){global, vrf, protocol};
	map->idle_s = now_s;
	memset(map->available, 0xff, sizeof(map->available));
	if (protocol != PROTOCOL_ICMP)
		make_unavailable(map, 0);
	HASH_ADD(hh, table->maps, key, sizeof(map->key), map);
	return map;
}

/* ---- taking */

static uint32_t draw(struct port_table *table, uint32_t below)
{
	uint64_t counter = table->drawn++;
	uint32_t random = (uint32_t)siphash13(&table->seed, &counter, sizeof(counter));

	return (uint32_t)((uint64_t)random * below >> 32);
}

static void occupy(struct port_map *map, uint16_t port)
{
	make_unavailable(map, port);
	bit_set(map->in_use, port);
	map->used++;
}

static bool is_claimed(const struct port_ask *ask, uint16_t port)
{
	return ask->claimed != NULL && ask->claimed(ask->arg, port);
}

static void set_claimed(struct port_map *map, uint16_t port, uint32_t now_s)
{
	make_unavailable(map, port);
	bit_set(map->claimed, port);
	queue_add(map, QUEUE_CLAIMED, port, 0, now_s);
}

/* Does the port cool for somebody else? */
static bool is_cooling(const struct port_map *map, const struct port_ask *ask, uint16_t port)
{
	if (is_available(map, port) || bit_get(map->claimed, port))
		return false;
	return map->waiting[port].owner != ask->owner && !has_cooled(map, port, ask->now_s);
}

/* Free, or cooling since this owner gave it up. */
static bool is_free(const struct port_map *map, const struct port_ask *ask, uint16_t port)
{
	if (bit_get(map->in_use, port) || (port == 0 && map->key.protocol != PROTOCOL_ICMP))
		return false;
	return !is_cooling(map, ask, port) && !is_claimed(ask, port);
}

static void take_free(struct port_map *map, uint16_t port)
{
	if (!is_available(map, port))
		stop_waiting(map, port);
	occupy(map, port);
}

/* The inside port itself. */
static bool take_wanted(struct port_map *map, const struct port_ask *ask)
{
	if (!is_free(map, ask, ask->wanted))
		return false;
	take_free(map, ask->wanted);
	return true;
}

/* A random available index of one parity in [first, last]. */
static uint32_t find_random(struct port_table *table, const struct half *half, uint32_t first,
			    uint32_t last)
{
	uint32_t start = first + draw(table, last - first + 1);
	uint32_t found = next_available(half, start, last);

	if (found == NO_PORT && start > first)
		found = next_available(half, first, start - 1);
	return found;
}

static uint32_t take_random(struct port_table *table, struct port_map *map,
			    const struct port_ask *ask, uint32_t first, uint32_t last,
			    uint32_t parity)
{
	/* Ports first..last of a parity are indexes of its half. */
	uint32_t low = (first + 1 - parity) / 2, high = (last - parity) / 2, index;

	while ((index = find_random(table, &map->available[parity], low, high)) != NO_PORT) {
		uint16_t port = (uint16_t)(index * 2 + parity);

		if (!is_claimed(ask, port)) {
			occupy(map, port);
			return port;
		}
		set_claimed(map, port, ask->now_s);
	}
	return NO_PORT;
}

/* Nothing else is left: the one that has cooled longest. */
static uint32_t take_oldest(struct port_map *map, const struct port_ask *ask, unsigned group)
{
	while (map->queues[group].length > 0) {
		uint16_t port = map->queues[group].first;

		stop_waiting(map, port);
		if (!is_claimed(ask, port)) {
			occupy(map, port);
			return port;
		}
		set_claimed(map, port, ask->now_s);
	}
	return NO_PORT;
}

static uint32_t take_any(struct port_table *table, struct port_map *map, const struct port_ask *ask)
{
	bool icmp = ask->protocol == PROTOCOL_ICMP;
	unsigned group = group_of(map, ask->wanted);
	uint32_t first = icmp ? 0 : group_first[group], last = icmp ? 65535 : group_last[group];
	uint32_t parity = icmp ? draw(table, 2) : ask->wanted & 1, port;

	port = take_random(table, map, ask, first, last, parity);
	if (port == NO_PORT)
		port = take_random(table, map, ask, first, last, parity ^ 1);
	if (port == NO_PORT)
		port = take_oldest(map, ask, group);
	return port;
}

bool port_take(struct port_table *table, const struct port_ask *ask, uint16_t *port)
{
	struct port_map *map = map_make(table, ask->vrf, ask->protocol, ask->global, ask->now_s);
	uint32_t taken;

	if (map == NULL)
		return false;
	let_cooled_go(map, ask->now_s);
	let_claimed_go(map, ask->now_s);
	taken = take_wanted(map, ask) ? ask->wanted : take_any(table, map, ask);
	if (taken == NO_PORT)
		return false;
	*port = (uint16_t)taken;
	return true;
}

/* ---- pairs */

/* First index in [from, last] whose even and odd port are both available. */
static uint32_t next_pair(const struct port_map *map, uint32_t from, uint32_t last)
{
	for (uint32_t i = from / 64; i <= last / 64; i++) {
		uint64_t word = map->available[0].words[i] & map->available[1].words[i];

		if (i == from / 64)
			word &= UINT64_MAX << from % 64;
		if (word != 0) {
			uint32_t found = i * 64 + (uint32_t)__builtin_ctzll(word);

			return found <= last ? found : NO_PORT;
		}
	}
	return NO_PORT;
}

static uint32_t take_random_pair(struct port_table *table, struct port_map *map,
				 const struct port_ask *ask)
{
	const uint32_t first = group_first[QUEUE_HIGH] / 2, last = PORTS / 2 - 1;
	uint32_t start = first + draw(table, last - first + 1), index;

	while ((index = next_pair(map, start, last)) != NO_PORT || start > first) {
		uint16_t port = (uint16_t)(index * 2);

		if (index == NO_PORT) {
			start = first;
			continue;
		}
		if (!is_claimed(ask, port) && !is_claimed(ask, (uint16_t)(port + 1)))
			return port;
		set_claimed(map, is_claimed(ask, port) ? port : (uint16_t)(port + 1), ask->now_s);
	}
	return NO_PORT;
}

/* Neither in use nor claimed, as far as is known. */
static bool is_left(const struct port_map *map, uint16_t port)
{
	return !bit_get(map->in_use, port) && !bit_get(map->claimed, port);
}

/* A pair has cooled as long as the one of it that was released last. */
static bool is_later_of_pair(const struct port_map *map, uint16_t port)
{
	uint16_t other = port ^ 1;

	return is_left(map, other) &&
	       (is_available(map, other) || map->waiting[other].since_s <= map->waiting[port].since_s);
}

/* What is cooling no more, but claimed. */
static bool drop_claimed(struct port_map *map, const struct port_ask *ask, uint16_t port)
{
	if (!is_claimed(ask, port))
		return false;
	if (!is_available(map, port))
		stop_waiting(map, port);
	set_claimed(map, port, ask->now_s);
	return true;
}

/* Nothing else is left: of the pairs among those that have cooled longest the oldest. */
static uint32_t find_oldest_pair(struct port_map *map, const struct port_ask *ask)
{
	const struct queue *queue = &map->queues[QUEUE_HIGH];
	uint16_t port = queue->first;
	uint32_t passed = 0;

	for (uint32_t i = 0; i < PAIR_LOOKS && passed < queue->length; i++) {
		if (!is_later_of_pair(map, port)) {
			port = map->waiting[port].next;
			passed++;
			continue;
		}
		if (!drop_claimed(map, ask, port) && !drop_claimed(map, ask, port ^ 1))
			return port & ~1u;
		port = queue->first;
		passed = 0;
	}
	return NO_PORT;
}

bool port_take_pair(struct port_table *table, const struct port_ask *ask, uint16_t *port)
{
	struct port_map *map = map_make(table, ask->vrf, ask->protocol, ask->global, ask->now_s);
	uint32_t even = ask->wanted;

	if (map == NULL || even % 2 != 0)
		return false;
	let_cooled_go(map, ask->now_s);
	let_claimed_go(map, ask->now_s);
	if (!is_free(map, ask, (uint16_t)even) || !is_free(map, ask, (uint16_t)(even + 1)))
		even = take_random_pair(table, map, ask);
	if (even == NO_PORT)
		even = find_oldest_pair(map, ask);
	if (even == NO_PORT)
		return false;
	take_free(map, (uint16_t)even);
	take_free(map, (uint16_t)(even + 1));
	*port = (uint16_t)even;
	return true;
}

bool port_take_exact(struct port_table *table, uint16_t vrf, uint8_t protocol,
		     struct endpoint global)
{
	struct port_map *map = map_make(table, vrf, protocol, global.addr, 0);

	if (map == NULL || bit_get(map->in_use, global.port) ||
	    (global.port == 0 && protocol != PROTOCOL_ICMP))
		return false;
	if (!is_available(map, global.port))
		stop_waiting(map, global.port);
	occupy(map, global.port);
	return true;
}

void port_release(struct port_table *table, uint16_t vrf, uint8_t protocol, struct endpoint global,
		  ip4 owner, uint32_t now_s)
{
	struct port_map *map = map_find(table, vrf, protocol, global.addr);

	if (map == NULL || !bit_get(map->in_use, global.port))
		return;
	bit_clear(map->in_use, global.port);
	map->used--;
	map->idle_s = now_s;
	queue_add(map, group_of(map, global.port), global.port, owner, now_s);
}

uint32_t port_used(const struct port_table *table, uint16_t vrf, uint8_t protocol, ip4 global)
{
	const struct port_map *map = map_find(table, vrf, protocol, global);

	return map != NULL ? map->used : 0;
}
