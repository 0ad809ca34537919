/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the table of calls, shared by call.c and call_port.c only. */
#ifndef ALGATE_NAT_CALL_TABLE_H
#define ALGATE_NAT_CALL_TABLE_H

#include "nat/call.h"
#include "nat/chains.h"
#include "nat/use.h"

/* Records below `high` were used; `free` has those of them that are free. */
struct call_slots {
	uint32_t max, mask, high, n_free, count;
	uint32_t *free;
};

struct call_table {
	struct call_memory memory;
	struct siphash_key secret;
	struct call_slots calls, ports;
	uint32_t n_state[CALL_REGISTERED + 1];
	struct chains by_key;
	struct chains by_state;  /* bucket: state, and who began; in order of coming to it */
	struct chains by_source; /* likewise, those of a source and state */
	struct chains by_flow;   /* node: 2 * call + which */
	struct use_table *sources; /* in all, and unanswered */
	struct chains by_local, by_global;
	struct chains by_call;   /* bucket: call */
	uint32_t *n_of_call;
	uint32_t *uses;          /* of contacts */
	struct use_table *reach; /* contact and address: calls that have both */
	uint32_t *first_flow;    /* of each port: flow + 1 */
	uint32_t max_flows;
	uint32_t *flow_port, *flow_next, *flow_before; /* by flow: port + 1; flow + 1 */
};

void call_slots_init(struct call_slots *slots, uint32_t max, uint32_t high);
/* UINT32_MAX: none. */
uint32_t call_slots_take(struct call_slots *slots, const struct call_memory *memory, bool port);
void call_slots_give(struct call_slots *slots, uint32_t index);

void call_ports_init(struct call_table *table);
void call_ports_free(struct call_table *table);
/* What calls were adopted is known. */
void call_ports_adopt(struct call_table *table);
/* Contacts that the call names: others are forgotten. */
void call_contacts_adopt(struct call_table *table, struct call_record *call);

#endif
