/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the stream engine keeps everything: records with two copies of a state each, chunks of
 * bytes, and beside the store what is derived of it (free lists, the heap of timers).
 *
 * Promises: killed between any two stores, each stream is found as it was at its last commit; a
 * chunk belongs to one stream. A record whose newest copy is damaged is gone, never replaced by
 * what it was before. May not know TCP.
 */
#include "nat/stream_store.h"

#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"

#define MAGIC	   UINT64_C(0x324d5254534c4741) /* AGLSTRM2 in memory order */
#define PAGE	   UINT64_C(4096)
#define MAX_CHUNKS 65534u
#define NOWHERE	   2u
/* All slots of both tapes of both sides, and some that were given up and taken again. */
#define TRANSACTION (8 * TAPE_CHUNKS)

struct stream_copy {
	uint64_t seal; /* 0: being written; else of what follows */
	uint64_t generation;
	struct stream_state state;
};
struct stream_record {
	struct stream_copy copy[2];
};
struct stream_header {
	uint64_t magic, layout;
	uint64_t streams, chunks;
	uint64_t high; /* value below, its complement above: damage shows */
};
static_assert(sizeof(struct stream_header) <= PAGE, "one page");
static_assert(sizeof(struct stream_state) % 8 == 0, "sealed by words");

static uint64_t page_up(uint64_t size)
{
	return (size + PAGE - 1) & ~(PAGE - 1);
}

static uint32_t clamp_chunks(uint32_t chunks)
{
	return chunks < MAX_CHUNKS ? chunks : MAX_CHUNKS;
}

size_t stream_store_size(uint32_t streams, uint32_t chunks)
{
	return PAGE + page_up((uint64_t)streams * sizeof(struct stream_record)) +
	       (uint64_t)clamp_chunks(chunks) * CHUNK;
}

static uint64_t stir(uint64_t hash, const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
	return hash ^ hash >> 29;
}

/* Guards against damage, not against forgery: the file is root's. Made with each commit, so in three chains, none of which waits
 * for another's multiplication. */
static uint64_t seal(const struct stream_copy *copy, uint32_t stream)
{
	const uint8_t *at = (const uint8_t *)&copy->generation, *end = (const uint8_t *)(copy + 1);
	uint64_t a = UINT64_C(0x9e3779b97f4a7c15) ^ stream, b = 1, c = 2;

	for (; end - at >= 24; at += 24) {
		a = stir(a, at);
		b = stir(b, at + 8);
		c = stir(c, at + 16);
	}
	for (; at < end; at += 8)
		a = stir(a, at);
	a = stir(a, (const uint8_t *)&b);
	return stir(a, (const uint8_t *)&c) | 1;
}

static void set_word(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	STORE_POINT();
}

/* ---- chunks ---- */

static uint8_t *chunk_at(const struct stream_set *set, uint16_t slot)
{
	return set->chunks + (uint64_t)(slot - 1u) * CHUNK;
}

static uint16_t *slot_of(struct tape *tape, uint32_t at)
{
	return &tape->slot[at / CHUNK % TAPE_CHUNKS];
}

/* Lowest first, and what was given back before what never was used: whoever gets number k has all below it in use, or
 * has a number that was used before. So memory is asked for once for each step of the most that ever were in use. */
static bool has_memory(struct stream_set *set, uint32_t streams, uint32_t chunks)
{
	if (streams <= set->sure_streams && chunks <= set->sure_chunks)
		return true;
	if (set->reserve != NULL && !set->reserve(set->reserve_arg, &streams, &chunks))
		return false;
	set->sure_streams = streams > set->sure_streams ? streams : set->sure_streams;
	set->sure_chunks = chunks > set->sure_chunks ? chunks : set->sure_chunks;
	return true;
}

static bool group_is_full(const struct stream_set *set, uint32_t group)
{
	return group != 0 && set->group_used[group] >= set->group_most;
}

static void count_chunks(struct stream_set *set, int32_t change)
{
	set->used += (uint32_t)change;
	if (set->group != 0)
		set->group_used[set->group] += (uint32_t)change;
}

bool stream_is_rival(const struct stream_set *set, uint32_t stream, uint32_t other)
{
	uint32_t group = set->group_of[other];

	return !group_is_full(set, group) || set->group_of[stream] == group;
}

/* 0: none is left, for this group at least, or there is no memory for it. */
static uint16_t take_chunk(struct stream_set *set)
{
	uint16_t slot;

	if (set->n_free_chunks == 0 || set->n_taken == TRANSACTION || group_is_full(set, set->group))
		return 0;
	slot = set->free_chunks[set->n_free_chunks - 1];
	if (!has_memory(set, 0, slot))
		return 0;
	set->n_free_chunks--;
	set->taken[set->n_taken++] = slot;
	count_chunks(set, 1);
	return slot;
}

static bool tape_reserve(struct stream_set *set, struct tape *tape, uint32_t at, uint32_t length)
{
	uint32_t first = at & ~(CHUNK - 1);

	if (length > TAPE_SIZE || before(tape_end(tape), at + length) || before(at, tape->base))
		return false;
	for (uint32_t p = first; length != 0 && before(p, at + length); p += CHUNK) {
		if (*slot_of(tape, p) != 0)
			continue;
		*slot_of(tape, p) = take_chunk(set);
		/* Those just taken are in the tape already, and go with it. */
		if (*slot_of(tape, p) == 0)
			return false;
	}
	return true;
}

bool tape_write(struct stream_set *set, struct tape *tape, uint32_t at, const uint8_t *bytes,
		uint32_t length)
{
	if (!tape_reserve(set, tape, at, length))
		return false;
	while (length > 0) {
		uint32_t inside = at % CHUNK,
			 piece = CHUNK - inside < length ? CHUNK - inside : length;

		record_copy(chunk_at(set, *slot_of(tape, at)) + inside, bytes, piece);
		at += piece;
		bytes += piece;
		length -= piece;
	}
	return true;
}

void tape_read(const struct stream_set *set, const struct tape *tape, uint32_t at, uint8_t *to,
	       uint32_t length)
{
	while (length > 0) {
		uint32_t inside = at % CHUNK,
			 piece = CHUNK - inside < length ? CHUNK - inside : length;

		memcpy(to, chunk_at(set, tape->slot[at / CHUNK % TAPE_CHUNKS]) + inside, piece);
		at += piece;
		to += piece;
		length -= piece;
	}
}

bool tape_equal(const struct stream_set *set, const struct tape *tape, uint32_t at,
		const uint8_t *bytes, uint32_t length)
{
	while (length > 0) {
		uint32_t inside = at % CHUNK,
			 piece = CHUNK - inside < length ? CHUNK - inside : length;

		if (memcmp(bytes, chunk_at(set, tape->slot[at / CHUNK % TAPE_CHUNKS]) + inside,
			   piece) != 0)
			return false;
		at += piece;
		bytes += piece;
		length -= piece;
	}
	return true;
}

static void give_slot(struct stream_set *set, uint16_t *slot)
{
	if (*slot != 0)
		set->given[set->n_given++] = *slot;
	*slot = 0;
}

void tape_trim(struct stream_set *set, struct tape *tape, uint32_t base)
{
	uint32_t from = tape->base & ~(CHUNK - 1), to = base & ~(CHUNK - 1);

	if (before(base, tape->base))
		return;
	if (to - from >= TAPE_SIZE)
		to = from + TAPE_SIZE;
	for (; from != to; from += CHUNK)
		give_slot(set, slot_of(tape, from));
	tape->base = base;
}

/* ---- transactions ---- */

const struct stream_state *stream_stored(const struct stream_set *set, uint32_t stream)
{
	if (stream >= set->max_streams || set->newest[stream] == NOWHERE)
		return NULL;
	return &set->records[stream].copy[set->newest[stream]].state;
}

bool stream_begin(struct stream_set *set, uint32_t stream)
{
	const struct stream_state *state = stream_stored(set, stream);

	set->n_given = set->n_taken = 0;
	if (state == NULL)
		return false;
	set->group = set->group_of[stream];
	memcpy(&set->work, state, sizeof(*state));
	return true;
}

static void write_copy(struct stream_set *set, uint32_t stream, uint32_t which)
{
	struct stream_copy *to = &set->records[stream].copy[which],
			   *other = &set->records[stream].copy[!which];
	uint64_t generation = (other->seal != 0 ? other->generation : 0) + 1;

	set_word(&to->seal, 0);
	to->generation = generation;
	record_copy(&to->state, &set->work, sizeof(to->state));
	set_word(&to->seal, seal(to, stream));
}

void stream_commit(struct stream_set *set, uint32_t stream)
{
	uint32_t newest = set->newest[stream], which = newest == 0 ? 1 : 0;

	if (newest == NOWHERE ||
	    memcmp(&set->work, &set->records[stream].copy[newest].state, sizeof(set->work)) != 0) {
		write_copy(set, stream, which);
		set->newest[stream] = (uint8_t)which;
	}
	count_chunks(set, -(int32_t)set->n_given);
	while (set->n_given > 0)
		set->free_chunks[set->n_free_chunks++] = set->given[--set->n_given];
	set->n_taken = 0;
}

void stream_rollback(struct stream_set *set, uint32_t stream)
{
	count_chunks(set, -(int32_t)set->n_taken);
	while (set->n_taken > 0)
		set->free_chunks[set->n_free_chunks++] = set->taken[--set->n_taken];
	set->n_given = 0;
	memcpy(&set->work, stream_stored(set, stream), sizeof(set->work));
}

/* ---- timers ---- */

static void heap_put(struct stream_set *set, uint32_t at, uint32_t stream)
{
	set->heap[at] = stream;
	set->place[stream] = at;
}

static void heap_up(struct stream_set *set, uint32_t at)
{
	uint32_t stream = set->heap[at];

	while (at > 0 && set->due[set->heap[(at - 1) / 2]] > set->due[stream]) {
		heap_put(set, at, set->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_put(set, at, stream);
}

static void heap_down(struct stream_set *set, uint32_t at)
{
	uint32_t stream = set->heap[at];

	for (uint32_t child; (child = 2 * at + 1) < set->n_heap; at = child) {
		if (child + 1 < set->n_heap &&
		    set->due[set->heap[child + 1]] < set->due[set->heap[child]])
			child++;
		if (set->due[set->heap[child]] >= set->due[stream])
			break;
		heap_put(set, at, set->heap[child]);
	}
	heap_put(set, at, stream);
}

static void heap_remove(struct stream_set *set, uint32_t stream)
{
	uint32_t at = set->place[stream], last = set->heap[--set->n_heap];

	set->place[stream] = STREAM_NONE;
	if (last == stream)
		return;
	heap_put(set, at, last);
	heap_up(set, at);
	heap_down(set, set->place[last]);
}

void stream_arm(struct stream_set *set, uint32_t stream, uint64_t when)
{
	if (when == 0) {
		if (set->place[stream] != STREAM_NONE)
			heap_remove(set, stream);
		return;
	}
	if (set->place[stream] == STREAM_NONE) {
		heap_put(set, set->n_heap++, stream);
		set->due[stream] = UINT64_MAX;
	}
	set->due[stream] = when;
	heap_up(set, set->place[stream]);
	heap_down(set, set->place[stream]);
}

uint64_t stream_next_due(const struct stream_set *set, uint32_t *stream)
{
	if (set->n_heap == 0)
		return UINT64_MAX;
	*stream = set->heap[0];
	return set->due[set->heap[0]];
}

/* ---- adoption ---- */

static struct stream_header *header_of(const struct stream_set *set)
{
	return set->store;
}

static void set_high(struct stream_set *set, uint32_t high)
{
	set->high = high;
	set_word(&header_of(set)->high, (uint64_t)~high << 32 | high);
}

/* Whatever a store of another shape had there: it is no record before it counts as one. */
static void raise_high(struct stream_set *set, uint32_t high)
{
	memset(&set->records[set->high], 0, (high - set->high) * sizeof(struct stream_record));
	STORE_POINT();
	set_high(set, high);
}

/* Which copy holds: the newer one, the other while that is being written; NOWHERE: none, or it is
 * damaged. */
static uint32_t newest_copy(const struct stream_record *record, uint32_t stream)
{
	uint32_t found = NOWHERE;

	for (uint32_t i = 0; i < 2; i++) {
		const struct stream_copy *copy = &record->copy[i];

		if (copy->seal == 0)
			continue;
		if (copy->seal != seal(copy, stream))
			return NOWHERE;
		if (found == NOWHERE || copy->generation > record->copy[found].generation)
			found = i;
	}
	return found != NOWHERE && record->copy[found].state.live == 1 ? found : NOWHERE;
}

/* No copy holds any more. What must not come back goes first: an older state, beside one that is
 * newer or damaged. */
static void wipe(struct stream_record *record, uint32_t stream)
{
	const struct stream_copy *copy = record->copy;
	uint32_t first = 0;

	if (copy[0].seal == 0 || copy[0].seal != seal(&copy[0], stream) ||
	    (copy[1].seal != 0 && copy[1].seal == seal(&copy[1], stream) &&
	     copy[1].generation < copy[0].generation))
		first = 1;
	for (uint32_t i = 0; i < 2; i++)
		if (copy[first ^ i].seal != 0)
			set_word(&record->copy[first ^ i].seal, 0);
}

static bool claim_tape(const struct stream_set *set, const struct tape *tape, uint8_t *taken)
{
	for (uint32_t i = 0; i < TAPE_CHUNKS; i++) {
		uint16_t slot = tape->slot[i];

		if (slot == 0)
			continue;
		if (slot > set->max_chunks || taken[slot] != 0)
			return false;
		taken[slot] = 1;
	}
	return true;
}

/* False: a chunk that does not exist, or that somebody else has; then nothing is claimed. */
static bool claim_chunks(const struct stream_set *set, const struct stream_state *state,
			 uint8_t *taken)
{
	const struct tape *tapes[4] = {&state->lane[0].bytes, &state->lane[0].text,
				       &state->lane[1].bytes, &state->lane[1].text};
	uint8_t *mine = taken + set->max_chunks + 1;

	memcpy(mine, taken, set->max_chunks + 1);
	for (uint32_t i = 0; i < 4; i++)
		if (!claim_tape(set, tapes[i], mine))
			return false;
	memcpy(taken, mine, set->max_chunks + 1);
	return true;
}

static void adopt_timer(struct stream_set *set, uint32_t stream, uint64_t now)
{
	const struct stream_state *state = stream_stored(set, stream);
	uint64_t when = 0;

	for (int i = 0; i < 2; i++) {
		if (state->lane[i].due != 0 && (when == 0 || state->lane[i].due < when))
			when = state->lane[i].due;
		/* Killed before it could send what it had taken over; or until when to be patient is to be said anew. */
		if ((state->lane[i].own && state->lane[i].due == 0) || state->lane[i].patient_until != 0)
			when = now;
	}
	if (state->evict)
		when = now;
	/* A time that no clock of this boot can have set would never come. */
	if (when > now + STREAM_RTO_MOST)
		when = now + STREAM_RTO_MOST;
	stream_arm(set, stream, when);
}

static void adopt(struct stream_set *set, uint64_t now)
{
	uint8_t *taken = mem_alloc(2 * ((size_t)set->max_chunks + 1));

	for (uint32_t i = 0; i < set->high; i++) {
		uint32_t newest = newest_copy(&set->records[i], i);

		set->newest[i] = (uint8_t)newest;
		if (newest != NOWHERE &&
		    !claim_chunks(set, &set->records[i].copy[newest].state, taken))
			set->newest[i] = NOWHERE;
		if (set->newest[i] == NOWHERE) {
			wipe(&set->records[i], i);
			continue;
		}
		set->count++;
		adopt_timer(set, i, now);
	}
	for (uint32_t i = set->max_chunks; i > 0; i--)
		if (taken[i] == 0)
			set->free_chunks[set->n_free_chunks++] = (uint16_t)i;
	set->used = set->max_chunks - set->n_free_chunks;
	free(taken);
}

static bool high_is_sound(uint64_t high, uint32_t streams)
{
	return (uint32_t)(high >> 32) == ~(uint32_t)high && (uint32_t)high <= streams;
}

void stream_store_mend(void *store, uint32_t streams, uint64_t written)
{
	struct stream_header *header = store;
	uint64_t bytes = written > PAGE ? written - PAGE : 0;
	uint32_t high = (uint32_t)((bytes + sizeof(struct stream_record) - 1) / sizeof(struct stream_record));

	if (high < streams && !high_is_sound(header->high, streams))
		set_word(&header->high, (uint64_t)~high << 32 | high);
}

/* A store of another shape is begun anew. Records are not touched: one is cleared before it is used for the first time. */
static void open_store(struct stream_set *set)
{
	struct stream_header *header = header_of(set);
	uint64_t layout = sizeof(struct stream_record) << 16 | CHUNK;

	if (header->magic == MAGIC && header->layout == layout &&
	    header->streams == set->max_streams && header->chunks == set->max_chunks) {
		bool sound = high_is_sound(header->high, set->max_streams);

		set_high(set, sound ? (uint32_t)header->high : set->max_streams);
		return;
	}
	set_word(&header->magic, 0);
	header->layout = layout;
	header->streams = set->max_streams;
	header->chunks = set->max_chunks;
	set_high(set, 0);
	set_word(&header->magic, MAGIC);
}

static void new_arrays(struct stream_set *set)
{
	set->free = mem_alloc(set->max_streams * sizeof(*set->free) + 1);
	set->newest = mem_alloc(set->max_streams + 1u);
	set->group_of = mem_alloc(set->max_streams * sizeof(*set->group_of) + 1);
	set->heap = mem_alloc(set->max_streams * sizeof(*set->heap) + 1);
	set->place = mem_alloc(set->max_streams * sizeof(*set->place) + 1);
	set->due = mem_alloc(set->max_streams * sizeof(*set->due) + 1);
	set->free_chunks = mem_alloc(set->max_chunks * sizeof(*set->free_chunks) + 1);
	set->given = mem_alloc(2 * TRANSACTION * sizeof(*set->given));
	set->taken = mem_alloc(TRANSACTION * sizeof(*set->taken));
	memset(set->newest, NOWHERE, set->max_streams);
	memset(set->place, 0xff, set->max_streams * sizeof(*set->place));
}

struct stream_set *stream_set_new(void *store, uint32_t streams, uint32_t chunks, uint64_t now)
{
	struct stream_set *set = mem_alloc(sizeof(*set));

	set->store = store;
	set->adopted = now;
	set->max_streams = streams;
	set->max_chunks = clamp_chunks(chunks);
	set->records = (struct stream_record *)((uint8_t *)store + PAGE);
	set->chunks =
	    (uint8_t *)set->records + page_up((uint64_t)streams * sizeof(struct stream_record));
	new_arrays(set);
	open_store(set);
	adopt(set, now);
	for (uint32_t i = streams; i > 0; i--)
		if (set->newest[i - 1] == NOWHERE)
			set->free[set->n_free++] = i - 1;
	return set;
}

void stream_set_reserve(struct stream_set *set, bool (*reserve)(void *arg, uint32_t *streams, uint32_t *chunks),
			void *arg)
{
	set->reserve = reserve;
	set->reserve_arg = arg;
}

void stream_set_free(struct stream_set *set)
{
	if (set == NULL)
		return;
	free(set->free);
	free(set->newest);
	free(set->group_of);
	free(set->group_used);
	free(set->heap);
	free(set->place);
	free(set->due);
	free(set->free_chunks);
	free(set->given);
	free(set->taken);
	free(set);
}

/* ---- streams ---- */

uint32_t stream_open(struct stream_set *set, uint64_t now, uint32_t name)
{
	uint32_t stream;

	(void)now;
	if (set->n_free == 0 || !has_memory(set, set->free[set->n_free - 1] + 1, 0))
		return STREAM_NONE;
	stream = set->free[--set->n_free];
	if (stream >= set->high)
		raise_high(set, stream + 1);
	set->n_given = set->n_taken = set->group = 0;
	memset(&set->work, 0, sizeof(set->work));
	set->work.live = 1;
	set->work.name = name;
	set->work.lane[0].reads = set->work.lane[1].reads = 1;
	stream_commit(set, stream);
	set->count++;
	return stream;
}

void stream_close(struct stream_set *set, uint32_t stream)
{
	if (!stream_begin(set, stream))
		return;
	for (int i = 0; i < 2; i++) {
		struct lane *lane = &set->work.lane[i];

		for (uint32_t k = 0; k < TAPE_CHUNKS; k++) {
			give_slot(set, &lane->bytes.slot[k]);
			give_slot(set, &lane->text.slot[k]);
		}
	}
	set->work.live = 0;
	stream_commit(set, stream);
	wipe(&set->records[stream], stream);
	set->newest[stream] = NOWHERE;
	set->group_of[stream] = 0;
	stream_arm(set, stream, 0);
	set->free[set->n_free++] = stream;
	set->count--;
}

void stream_set_groups(struct stream_set *set, uint32_t groups, uint32_t chunks)
{
	set->group_used = mem_alloc(((size_t)groups + 1) * sizeof(*set->group_used));
	set->group_most = chunks;
}

static uint32_t tape_chunks(const struct tape *tape)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < TAPE_CHUNKS; k++)
		n += tape->slot[k] != 0;
	return n;
}

void stream_join(struct stream_set *set, uint32_t stream, uint32_t group)
{
	const struct stream_state *state = stream_stored(set, stream);

	set->group_of[stream] = group + 1;
	for (int i = 0; i < 2; i++)
		set->group_used[group + 1] += tape_chunks(&state->lane[i].bytes) + tape_chunks(&state->lane[i].text);
}

uint32_t stream_name(const struct stream_set *set, uint32_t stream)
{
	const struct stream_state *state = stream_stored(set, stream);

	return state != NULL ? state->name : STREAM_NONE;
}

uint32_t stream_next(const struct stream_set *set, uint32_t *from)
{
	for (; *from < set->high; ++*from)
		if (set->newest[*from] != NOWHERE)
			return *from;
	return STREAM_NONE;
}

void *stream_memory(struct stream_set *set)
{
	return set->work.memory;
}

uint32_t stream_count(const struct stream_set *set)
{
	return set->count;
}

uint32_t stream_chunks_used(const struct stream_set *set)
{
	return set->used;
}
