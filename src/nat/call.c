/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls by key, by state in the order in which they came to it, by who began them, and by flow. Records in the caller's memory,
 * chains beside them.
 *
 * Promises: see call.h. May not decide who may call.
 */
#include "nat/call.h"

#include <string.h>
#include "nat/call_table.h"

#define ALL 0 /* of sources: */
#define UNANSWERED 1

/* It guards against damage only. */
static const struct siphash_key seal_key = {0x616c67617465, 0x63616c6c73};

/* ---- slots ---- */

void call_slots_init(struct call_slots *slots, uint32_t max, uint32_t high)
{
	uint32_t size = 16;

	while (size < max)
		size *= 2;
	*slots = (struct call_slots){.max = max, .mask = size - 1, .high = high < max ? high : max};
	slots->free = mem_alloc((size_t)max * sizeof(*slots->free));
}

uint32_t call_slots_take(struct call_slots *slots, const struct call_memory *memory, bool port)
{
	if (slots->n_free > 0)
		return slots->free[--slots->n_free];
	if (slots->high == slots->max || (memory->grow != NULL && !memory->grow(memory->arg, port, slots->high)))
		return UINT32_MAX;
	return slots->high++;
}

void call_slots_give(struct call_slots *slots, uint32_t index)
{
	slots->free[slots->n_free++] = index;
}

/* ---- keys ---- */

static uint32_t key_bucket(const struct call_table *table, uint16_t vrf, uint8_t alg, const uint8_t *key, uint8_t length)
{
	uint8_t bytes[FINDING_KEY + 4] = {(uint8_t)(vrf >> 8), (uint8_t)vrf, alg, length};

	memcpy(bytes + 4, key, length);
	return (uint32_t)siphash13(&table->secret, bytes, 4u + length) & table->calls.mask;
}

static uint64_t source_hash(const struct call_table *table, uint16_t vrf, ip4 source, uint32_t which)
{
	const uint32_t words[3] = {source, vrf, which};

	return siphash13(&table->secret, words, sizeof(words));
}

static uint32_t source_bucket(const struct call_table *table, uint16_t vrf, ip4 source, enum call_state state)
{
	return (uint32_t)source_hash(table, vrf, source, 16 + state) & table->calls.mask;
}

static uint32_t flow_bucket(const struct call_table *table, uint32_t flow)
{
	return (uint32_t)siphash13(&table->secret, &flow, sizeof(flow)) & table->calls.mask;
}

static uint32_t state_bucket(enum call_state state, bool outside)
{
	return 2 * (uint32_t)state + outside;
}

static bool is_unanswered(enum call_state state)
{
	return state == CALL_BEGUN || state == CALL_REGISTERING;
}

/* ---- chains ---- */

static void enter_state(struct call_table *table, uint32_t index)
{
	const struct call_record *call = &table->memory.calls[index];
	enum call_state state = (enum call_state)call->state;

	chain_add(&table->by_state, state_bucket(state, call->flags & CALL_OUTSIDE), index);
	chain_add(&table->by_source, source_bucket(table, call->vrf, call->source, state), index);
	table->n_state[state]++;
	if (is_unanswered(state))
		use_add(table->sources, source_hash(table, call->vrf, call->source, UNANSWERED));
}

static void leave_state(struct call_table *table, uint32_t index)
{
	const struct call_record *call = &table->memory.calls[index];
	enum call_state state = (enum call_state)call->state;

	chain_remove(&table->by_state, state_bucket(state, call->flags & CALL_OUTSIDE), index);
	chain_remove(&table->by_source, source_bucket(table, call->vrf, call->source, state), index);
	table->n_state[state]--;
	if (is_unanswered(state))
		use_remove(table->sources, source_hash(table, call->vrf, call->source, UNANSWERED));
}

static void enter(struct call_table *table, uint32_t index)
{
	const struct call_record *call = &table->memory.calls[index];

	chain_add(&table->by_key, key_bucket(table, call->vrf, call->alg, call->key, call->key_length), index);
	use_add(table->sources, source_hash(table, call->vrf, call->source, ALL));
	enter_state(table, index);
	table->calls.count++;
}

static void set_flow(struct call_table *table, struct call_record *call, unsigned which, uint32_t flow, uint32_t flow_state)
{
	uint32_t node = call_index(table, call) * 2 + which;

	if (call->flow[which] != RECORD_NONE)
		chain_remove(&table->by_flow, flow_bucket(table, call->flow[which]), node);
	call->flow_state[which] = flow_state;
	call->flow[which] = flow;
	STORE_POINT();
	if (flow != RECORD_NONE)
		chain_add(&table->by_flow, flow_bucket(table, flow), node);
}

/* ---- adoption ---- */

static uint32_t call_seal(const struct call_record *call)
{
	size_t from = offsetof(struct call_record, vrf), to = offsetof(struct call_record, state);
	uint32_t seal = (uint32_t)siphash13(&seal_key, (const char *)call + from, to - from) & ~1u;

	return seal != 0 ? seal : 2;
}

static bool is_possible(const struct call_record *call)
{
	return record_live(call->state_word) && call->state_word == call_seal(call) && call->alg < ALG_COUNT &&
	       call->key_length <= FINDING_KEY &&
	       call->state >= CALL_BEGUN && call->state <= CALL_REGISTERED && (call->flags & ~CALL_FLAGS) == 0 &&
	       call->n_branches <= CALL_BRANCHES;
}

static bool adopt(struct call_table *table, uint32_t index)
{
	struct call_record *call = &table->memory.calls[index];
	uint32_t flows[2] = {call->flow[0], call->flow[1]};

	if (!is_possible(call) || call_find(table, call->vrf, call->alg, call->key, call->key_length) != NULL)
		return false;
	call->caller[sizeof(call->caller) - 1] = call->callee[sizeof(call->callee) - 1] = '\0';
	call->flow[0] = call->flow[1] = RECORD_NONE;
	enter(table, index);
	for (unsigned i = 0; i < 2; i++) {
		if (flows[i] < table->max_flows)
			set_flow(table, call, i, flows[i], call->flow_state[i]);
	}
	return true;
}

static void adopt_all(struct call_table *table)
{
	for (uint32_t i = table->calls.high; i-- > 0;) {
		struct call_record *call = &table->memory.calls[i];

		if (call->state_word != 0 && adopt(table, i))
			continue;
		if (call->state_word != 0)
			record_set_state(&call->state_word, 0);
		call_slots_give(&table->calls, i);
	}
	call_ports_adopt(table);
	for (uint32_t i = 0; i < table->calls.high; i++) {
		if (call_at(table, i) != NULL)
			call_contacts_adopt(table, call_at(table, i));
	}
}

struct call_table *call_table_new(const struct call_memory *memory, const struct siphash_key *secret, uint32_t max_flows)
{
	struct call_table *table = mem_alloc(sizeof(*table));

	table->memory = *memory;
	table->secret = *secret;
	table->max_flows = max_flows;
	call_slots_init(&table->calls, memory->n_calls, memory->high_calls);
	chains_init(&table->by_key, memory->n_calls, table->calls.mask + 1);
	chains_init(&table->by_state, memory->n_calls, 2 * (CALL_REGISTERED + 1));
	chains_init(&table->by_source, memory->n_calls, table->calls.mask + 1);
	chains_init(&table->by_flow, memory->n_calls * 2, table->calls.mask + 1);
	table->sources = use_table_new(memory->n_calls * 2);
	call_ports_init(table);
	adopt_all(table);
	return table;
}

void call_table_free(struct call_table *table)
{
	if (table == NULL)
		return;
	call_ports_free(table);
	use_table_free(table->sources);
	chains_free(&table->by_flow);
	chains_free(&table->by_source);
	chains_free(&table->by_state);
	chains_free(&table->by_key);
	free(table->calls.free);
	free(table);
}

/* ---- calls ---- */

struct call_record *call_find(struct call_table *table, uint16_t vrf, uint8_t alg, const uint8_t *key, uint8_t length)
{
	uint32_t i;

	if (table->calls.count == 0 || length > FINDING_KEY)
		return NULL;
	for (i = table->by_key.heads[key_bucket(table, vrf, alg, key, length)]; i != 0; i = table->by_key.next[i - 1]) {
		struct call_record *call = &table->memory.calls[i - 1];

		if (call->vrf == vrf && call->alg == alg && call->key_length == length && memcmp(call->key, key, length) == 0)
			return call;
	}
	return NULL;
}

struct call_record *call_add(struct call_table *table, const struct call_record *body)
{
	uint32_t index = call_slots_take(&table->calls, &table->memory, false);
	struct call_record record = *body, *place;

	if (index == UINT32_MAX)
		return NULL;
	place = &table->memory.calls[index];
	record.flow[0] = record.flow[1] = RECORD_NONE;
	for (unsigned i = 0; i < CALL_CONTACTS; i++)
		record.contacts[i] = RECORD_NONE;
	record_set_state(&place->state_word, RECORD_WRITING);
	record.state_word = RECORD_WRITING;
	record_copy(place, &record, sizeof(record));
	record_set_state(&place->state_word, call_seal(&record));
	enter(table, index);
	return place;
}

void call_remove(struct call_table *table, struct call_record *call)
{
	uint32_t index = call_index(table, call);

	for (unsigned i = 0; i < 2; i++)
		set_flow(table, call, i, RECORD_NONE, 0);
	leave_state(table, index);
	use_remove(table->sources, source_hash(table, call->vrf, call->source, ALL));
	chain_remove(&table->by_key, key_bucket(table, call->vrf, call->alg, call->key, call->key_length), index);
	record_set_state(&call->state_word, 0);
	call_slots_give(&table->calls, index);
	table->calls.count--;
}

void call_set_state(struct call_table *table, struct call_record *call, enum call_state state)
{
	uint32_t index = call_index(table, call);

	leave_state(table, index);
	call->state = (uint8_t)state;
	STORE_POINT();
	enter_state(table, index);
}

uint32_t call_index(const struct call_table *table, const struct call_record *call)
{
	return (uint32_t)(call - table->memory.calls);
}

struct call_record *call_at(struct call_table *table, uint32_t index)
{
	if (index >= table->calls.high || !record_live(table->memory.calls[index].state_word))
		return NULL;
	return &table->memory.calls[index];
}

uint32_t call_count(const struct call_table *table, enum call_state state)
{
	return table->n_state[state];
}

uint32_t call_next(const struct call_table *table, uint32_t *from, uint32_t budget)
{
	for (; *from < table->calls.high && budget > 0; budget--) {
		uint32_t index = (*from)++;

		if (record_live(table->memory.calls[index].state_word))
			return index;
	}
	if (*from >= table->calls.high)
		*from = RECORD_NONE;
	return RECORD_NONE;
}

/* Others in the same bucket are passed over. */
struct call_record *call_oldest(struct call_table *table, enum call_state state, uint16_t vrf, ip4 source)
{
	const struct chains *chains = &table->by_source;
	uint32_t bucket = source_bucket(table, vrf, source, state), i;

	for (i = chain_last(chains, bucket); i != 0; i = chain_before(chains, bucket, i - 1)) {
		struct call_record *call = &table->memory.calls[i - 1];

		if (call->source == source && call->vrf == vrf && call->state == state)
			return call;
	}
	return NULL;
}

struct call_record *call_oldest_begun(struct call_table *table, enum call_state state, bool outside)
{
	uint32_t i = chain_last(&table->by_state, state_bucket(state, outside));

	return i != 0 ? &table->memory.calls[i - 1] : NULL;
}

uint32_t call_unanswered(const struct call_table *table, uint16_t vrf, ip4 source)
{
	return use_count(table->sources, source_hash(table, vrf, source, UNANSWERED));
}

uint32_t call_of_source(const struct call_table *table, uint16_t vrf, ip4 source)
{
	return use_count(table->sources, source_hash(table, vrf, source, ALL));
}

/* ---- flows of signalling ---- */

/* The one that was not used last gives way. */
void call_set_flow(struct call_table *table, struct call_record *call, uint32_t flow, uint32_t flow_state)
{
	if (call->flow[0] == flow && call->flow_state[0] == flow_state)
		return;
	if (call->flow[1] != flow || call->flow_state[1] != flow_state)
		set_flow(table, call, 1, flow, flow_state);
	uint32_t other = call->flow[0], other_state = call->flow_state[0];

	set_flow(table, call, 0, flow, flow_state);
	set_flow(table, call, 1, other, other_state);
}

void call_forget_flow(struct call_table *table, uint32_t flow)
{
	uint32_t index = call_next_of_flow(table, flow, RECORD_NONE);

	while (index != RECORD_NONE) {
		struct call_record *call = &table->memory.calls[index];

		for (unsigned i = 0; i < 2; i++) {
			if (call->flow[i] == flow)
				set_flow(table, call, i, RECORD_NONE, 0);
		}
		index = call_next_of_flow(table, flow, RECORD_NONE);
	}
}

static bool is_of_flow(const struct call_table *table, uint32_t node, uint32_t flow)
{
	return table->memory.calls[node / 2].flow[node % 2] == flow;
}

uint32_t call_next_of_flow(const struct call_table *table, uint32_t flow, uint32_t index)
{
	const struct chains *chains = &table->by_flow;
	uint32_t i, node;

	if (table->calls.count == 0)
		return RECORD_NONE;
	if (index == RECORD_NONE) {
		i = chains->heads[flow_bucket(table, flow)];
	} else {
		node = index * 2 + !is_of_flow(table, index * 2, flow);
		i = chains->next[node];
	}
	while (i != 0 && !is_of_flow(table, i - 1, flow))
		i = chains->next[i - 1];
	return i == 0 ? RECORD_NONE : (i - 1) / 2;
}
