/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of calls: by inside and by global endpoint, by call; contacts with their uses, media with their flows. Where several have
 * one endpoint (a phone that has gone on to its next call), the newest is found first.
 *
 * Promises: see call.h. May not know what a flow is.
 */
#include <string.h>
#include "lib/sparse.h"
#include "nat/call.h"
#include "nat/call_table.h"

static const struct siphash_key seal_key = {0x616c67617465, 0x706f727473};

/* ---- memory ---- */

static size_t flows_size(const struct call_table *table)
{
	return (size_t)table->max_flows * sizeof(uint32_t);
}

void call_ports_init(struct call_table *table)
{
	uint32_t max = table->memory.n_ports;

	call_slots_init(&table->ports, max, table->memory.high_ports);
	chains_init(&table->by_local, max, table->ports.mask + 1);
	chains_init(&table->by_global, max, table->ports.mask + 1);
	chains_init(&table->by_call, max, table->memory.n_calls);
	table->n_of_call = mem_alloc((size_t)table->memory.n_calls * sizeof(uint32_t));
	table->uses = mem_alloc((size_t)max * sizeof(uint32_t));
	table->reach = use_table_new(table->memory.n_calls * CALL_CONTACTS * CALL_PEERS);
	table->first_flow = mem_alloc((size_t)max * sizeof(uint32_t));
	table->flow_port = sparse_new(flows_size(table));
	table->flow_next = sparse_new(flows_size(table));
	table->flow_before = sparse_new(flows_size(table));
}

void call_ports_free(struct call_table *table)
{
	sparse_free(table->flow_before, flows_size(table));
	sparse_free(table->flow_next, flows_size(table));
	sparse_free(table->flow_port, flows_size(table));
	free(table->first_flow);
	use_table_free(table->reach);
	free(table->uses);
	free(table->n_of_call);
	chains_free(&table->by_call);
	chains_free(&table->by_global);
	chains_free(&table->by_local);
	free(table->ports.free);
}

/* ---- chains ---- */

static uint32_t bucket_of(const struct call_table *table, uint16_t vrf, uint8_t protocol, struct endpoint at, uint32_t which)
{
	const uint32_t words[3] = {at.addr, (uint32_t)at.port << 16 | vrf, which << 8 | protocol};

	return (uint32_t)siphash13(&table->secret, words, sizeof(words)) & table->ports.mask;
}

static uint32_t local_bucket(const struct call_table *table, const struct call_port *port)
{
	return bucket_of(table, port->vrf, port->protocol, (struct endpoint){port->il, port->il_port}, 0);
}

static uint32_t global_bucket(const struct call_table *table, const struct call_port *port)
{
	return bucket_of(table, port->vrf, port->protocol, (struct endpoint){port->ig, port->ig_port}, 1);
}

static void enter(struct call_table *table, uint32_t index)
{
	const struct call_port *port = &table->memory.ports[index];

	chain_add(&table->by_local, local_bucket(table, port), index);
	chain_add(&table->by_global, global_bucket(table, port), index);
	table->ports.count++;
	if (port->call == RECORD_NONE)
		return;
	chain_add(&table->by_call, port->call, index);
	table->n_of_call[port->call]++;
}

/* ---- adoption ---- */

static uint32_t port_seal(const struct call_port *port)
{
	size_t from = offsetof(struct call_port, vrf), to = offsetof(struct call_port, flags);
	uint32_t seal = (uint32_t)siphash13(&seal_key, (const char *)port + from, to - from) & ~1u;

	return seal != 0 ? seal : 2;
}

static bool is_possible(struct call_table *table, const struct call_port *port)
{
	if (!record_live(port->state) || port->state != port_seal(port) || port->alg >= ALG_COUNT ||
	    port->child >= ALG_COUNT ||
	    (port->kind & ~PORT_KINDS) != 0 ||
	    (port->flags & ~PORT_FLAGS) != 0)
		return false;
	return port->kind & PORT_SIGNAL ? port->call == RECORD_NONE : call_at(table, port->call) != NULL;
}

void call_ports_adopt(struct call_table *table)
{
	for (uint32_t i = table->ports.high; i-- > 0;) {
		struct call_port *port = &table->memory.ports[i];

		if (port->state != 0 && is_possible(table, port)) {
			port->binding = RECORD_NONE;
			enter(table, i);
			continue;
		}
		if (port->state != 0)
			record_set_state(&port->state, 0);
		call_slots_give(&table->ports, i);
	}
}

/* ---- who reaches contacts ---- */

static uint64_t reach_hash(const struct call_table *table, uint32_t contact, ip4 from)
{
	const uint32_t words[3] = {contact, from, 2};

	return siphash13(&table->secret, words, sizeof(words));
}

static void reach(struct call_table *table, const struct call_record *call, uint32_t contact,
		  void (*change)(struct use_table *, uint64_t))
{
	for (unsigned i = 0; i < CALL_PEERS; i++) {
		if (call->peers[i] != 0)
			change(table->reach, reach_hash(table, contact, call->peers[i]));
	}
}

static void reach_from(struct call_table *table, const struct call_record *call, ip4 from,
		       void (*change)(struct use_table *, uint64_t))
{
	for (unsigned i = 0; i < CALL_CONTACTS && from != 0; i++) {
		if (call->contacts[i] != RECORD_NONE)
			change(table->reach, reach_hash(table, call->contacts[i], from));
	}
}

void call_admit(struct call_table *table, struct call_record *call, ip4 from)
{
	unsigned i = 0;

	while (i < CALL_PEERS - 1 && call->peers[i] != from && call->peers[i] != 0)
		i++;
	if (call->peers[i] != from) {
		reach_from(table, call, call->peers[i], use_remove);
		reach_from(table, call, from, use_add);
	}
	memmove(&call->peers[1], &call->peers[0], i * sizeof(call->peers[0]));
	call->peers[0] = from;
	STORE_POINT();
}

bool call_port_admits(const struct call_table *table, const struct call_port *port, ip4 from)
{
	return use_count(table->reach, reach_hash(table, call_port_index(table, port), from)) > 0;
}

/* Twice the same: damage. */
static bool has_contact(const struct call_record *call, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (call->contacts[i] == call->contacts[n])
			return true;
	}
	return false;
}

void call_contacts_adopt(struct call_table *table, struct call_record *call)
{
	for (unsigned i = 0; i < CALL_CONTACTS; i++) {
		const struct call_port *port = call_port_at(table, call->contacts[i]);

		if (port == NULL || !(port->kind & PORT_SIGNAL) || port->vrf != call->vrf || has_contact(call, i)) {
			call->contacts[i] = RECORD_NONE;
			continue;
		}
		table->uses[call->contacts[i]]++;
		reach(table, call, call->contacts[i], use_add);
	}
}

/* ---- ports ---- */

struct call_port *call_port_add(struct call_table *table, const struct call_port *body)
{
	const struct call_memory *memory = &table->memory;
	uint32_t index = call_slots_take(&table->ports, memory, true);
	struct call_port record = *body, *place;

	if (index == UINT32_MAX)
		return NULL;
	place = &memory->ports[index];
	record_set_state(&place->state, RECORD_WRITING);
	record.state = RECORD_WRITING;
	record_copy(place, &record, sizeof(record));
	record_set_state(&place->state, port_seal(&record));
	enter(table, index);
	return place;
}

void call_port_remove(struct call_table *table, struct call_port *port)
{
	uint32_t index = call_port_index(table, port);

	if (port->call != RECORD_NONE) {
		chain_remove(&table->by_call, port->call, index);
		table->n_of_call[port->call]--;
	}
	chain_remove(&table->by_local, local_bucket(table, port), index);
	chain_remove(&table->by_global, global_bucket(table, port), index);
	record_set_state(&port->state, 0);
	call_slots_give(&table->ports, index);
	table->ports.count--;
}

struct call_port *call_port_at(struct call_table *table, uint32_t index)
{
	if (index >= table->ports.high || !record_live(table->memory.ports[index].state))
		return NULL;
	return &table->memory.ports[index];
}

uint32_t call_port_index(const struct call_table *table, const struct call_port *port)
{
	return (uint32_t)(port - table->memory.ports);
}

uint32_t call_port_count(const struct call_table *table)
{
	return table->ports.count;
}

static struct call_port *from(struct call_table *table, const struct chains *chains, uint32_t bucket,
			      const struct call_port *after, uint32_t *i)
{
	*i = after == NULL ? chains->heads[bucket] : chains->next[call_port_index(table, after)];
	return *i == 0 ? NULL : &table->memory.ports[*i - 1];
}

static bool is_local(const struct call_port *port, uint16_t vrf, uint8_t protocol, struct endpoint at)
{
	return port->il == at.addr && port->il_port == at.port && port->protocol == protocol && port->vrf == vrf;
}

struct call_port *call_port_of_local(struct call_table *table, uint16_t vrf, uint8_t protocol, struct endpoint local,
				     const struct call_port *after)
{
	struct call_port *port;
	uint32_t i;

	if (table->ports.count == 0)
		return NULL;
	port = from(table, &table->by_local, bucket_of(table, vrf, protocol, local, 0), after, &i);
	while (port != NULL && !is_local(port, vrf, protocol, local)) {
		i = table->by_local.next[i - 1];
		port = i == 0 ? NULL : &table->memory.ports[i - 1];
	}
	return port;
}

static bool is_global(const struct call_port *port, uint16_t vrf, uint8_t protocol, struct endpoint at)
{
	return port->ig == at.addr && port->ig_port == at.port && port->protocol == protocol && port->vrf == vrf;
}

struct call_port *call_port_of_global(struct call_table *table, uint16_t vrf, uint8_t protocol, struct endpoint global,
				      const struct call_port *after)
{
	struct call_port *port;
	uint32_t i;

	if (table->ports.count == 0)
		return NULL;
	port = from(table, &table->by_global, bucket_of(table, vrf, protocol, global, 1), after, &i);
	while (port != NULL && !is_global(port, vrf, protocol, global)) {
		i = table->by_global.next[i - 1];
		port = i == 0 ? NULL : &table->memory.ports[i - 1];
	}
	return port;
}

struct call_port *call_port_of_call(struct call_table *table, uint32_t call, const struct call_port *after)
{
	uint32_t i;

	return from(table, &table->by_call, call, after, &i);
}

uint32_t call_port_count_of_call(const struct call_table *table, uint32_t call)
{
	return table->n_of_call[call];
}

uint32_t call_port_next(const struct call_table *table, uint32_t *from, uint32_t budget)
{
	for (; *from < table->ports.high && budget > 0; budget--) {
		uint32_t index = (*from)++;

		if (record_live(table->memory.ports[index].state))
			return index;
	}
	if (*from >= table->ports.high)
		*from = RECORD_NONE;
	return RECORD_NONE;
}

/* ---- contacts ---- */

uint32_t call_port_uses(const struct call_table *table, const struct call_port *port)
{
	return table->uses[call_port_index(table, port)];
}

bool call_take_contact(struct call_table *table, struct call_record *call, const struct call_port *port)
{
	uint32_t index = call_port_index(table, port);
	unsigned place = CALL_CONTACTS;

	for (unsigned i = CALL_CONTACTS; i-- > 0;) {
		if (call->contacts[i] == index)
			return true;
		if (call->contacts[i] == RECORD_NONE)
			place = i;
	}
	if (place == CALL_CONTACTS)
		return false;
	call->contacts[place] = index;
	STORE_POINT();
	table->uses[index]++;
	reach(table, call, index, use_add);
	return true;
}

struct call_port *call_drop_contact(struct call_table *table, struct call_record *call, unsigned n)
{
	uint32_t index = call->contacts[n];

	if (index == RECORD_NONE)
		return NULL;
	reach(table, call, index, use_remove);
	call->contacts[n] = RECORD_NONE;
	STORE_POINT();
	return --table->uses[index] == 0 ? call_port_at(table, index) : NULL;
}

void call_contact_gone(struct call_table *table, const struct call_port *port)
{
	uint32_t index = call_port_index(table, port);

	for (uint32_t i = 0; i < table->calls.high && table->uses[index] > 0; i++) {
		for (unsigned n = 0; n < CALL_CONTACTS && call_at(table, i) != NULL; n++) {
			if (table->memory.calls[i].contacts[n] == index)
				call_drop_contact(table, &table->memory.calls[i], n);
		}
	}
}

/* ---- flows of media ---- */

void call_port_link(struct call_table *table, struct call_port *port, uint32_t flow)
{
	uint32_t index = call_port_index(table, port), first = table->first_flow[index];

	table->flow_port[flow] = index + 1;
	table->flow_next[flow] = first;
	table->flow_before[flow] = 0;
	if (first != 0)
		table->flow_before[first - 1] = flow + 1;
	table->first_flow[index] = flow + 1;
}

uint32_t call_port_of_flow(const struct call_table *table, uint32_t flow)
{
	return table->flow_port[flow] == 0 ? RECORD_NONE : table->flow_port[flow] - 1;
}

void call_port_unlink(struct call_table *table, uint32_t flow)
{
	uint32_t next = table->flow_next[flow], before = table->flow_before[flow];

	if (next != 0)
		table->flow_before[next - 1] = before;
	if (before != 0)
		table->flow_next[before - 1] = next;
	else
		table->first_flow[table->flow_port[flow] - 1] = next;
	table->flow_port[flow] = 0;
}

uint32_t call_port_next_flow(const struct call_table *table, const struct call_port *port, uint32_t flow)
{
	uint32_t next = flow == RECORD_NONE ? table->first_flow[call_port_index(table, port)] : table->flow_next[flow];

	return next == 0 ? RECORD_NONE : next - 1;
}
