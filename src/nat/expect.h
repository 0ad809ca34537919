/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expectations (pinholes): flows that a gateway has announced and whose first packet is awaited. Asked on every miss of the
 * flow table, before static entries and rules; costs one lookup while there is any, nothing while there is none.
 *
 * From outside (side SIDE_OUTSIDE): remote -> ig becomes il. From inside (SIDE_INSIDE): il -> remote leaves as ig. Found by what
 * the first packet is addressed to. For ESP the SPI takes the place of the destination's ports.
 *
 * Truth is the record; the index is derived. A record that waits holds a use of its binding (binding_record.flows), so that the
 * port is not given to anybody else meanwhile. When the flow has come, the record waits no more: it is the link from the flow to
 * its parent, by which the parent lives as long as its child does (age.c).
 *
 * Promises: O(1) expected, whoever chooses the endpoints (keyed hashing); bounded memory; no malloc. What a killed process left
 * in the memory is taken over where it is whole. May not know flows, bindings or rules.
 */
#ifndef ALGATE_NAT_EXPECT_H
#define ALGATE_NAT_EXPECT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include "lib/addr.h"
#include "lib/siphash.h"
#include "nat/records.h"

enum expect_flags {
	EXPECT_MANY = 1,     /* more than one flow may come of it */
	EXPECT_STATIC = 2,   /* `rule` is a static entry */
	EXPECT_USED = 4,     /* EXPECT_MANY: a flow came of it */
	EXPECT_REMOTE_RESERVED = 8, /* the other side's port must be 512..1023 */
	EXPECT_ANY_REMOTE = 16, /* from whatever address */
	EXPECT_FLAGS = 31,
};

#define EXPECT_MESSAGE 11

struct expect_record {
	uint32_t state;      /* as all records: 0 free, odd being written, else the seal */
	uint16_t vrf;
	uint8_t protocol;
	uint8_t side;        /* enum flow_side: where the first packet comes from */
	ip4 il, ig, remote;
	uint16_t il_port, ig_port; /* side inside: 0 is any */
	uint16_t remote_port;      /* 0: any */
	uint8_t alg;         /* gateway that announced it */
	uint8_t child;       /* gateway of the child */
	uint32_t came;       /* the flow that came of it: then it waits no more; RECORD_NONE */
	uint64_t rule;
	uint32_t binding;    /* derived after adoption from il and rule; RECORD_NONE */
	uint32_t parent;     /* flow index of the control session; RECORD_NONE: it is over */
	uint32_t call;       /* index of the one that announced it first, for traces; RECORD_NONE: none did */
	uint32_t made_s, until_s;
	uint8_t flags;
	char message[EXPECT_MESSAGE]; /* that announced it, for traces; cut, padded with 0 */
};
static_assert(sizeof(struct expect_record) == 72, "layout");

#define EXPECT_MAX      16384 /* of the box */
#define EXPECT_FLOW_MAX 8     /* waiting, of a control session; gateways may say more */
#define EXPECT_HOST_MAX 2000  /* waiting, of an inside host */

struct expect_table;

/* memory: room for `max` records, all 0 when new (then there is nothing to adopt). It stays the caller's. */
struct expect_table *expect_table_new(struct expect_record *memory, uint32_t max, const struct siphash_key *secret);
void expect_table_free(struct expect_table *table);

/* The expectation that a first packet fits, or NULL: addressed to `to`, from `from`. Side inside: remote_port is never 0. Time is
 * not asked: what is over is removed by its timer. */
struct expect_record *expect_find(struct expect_table *table, uint16_t vrf, uint8_t protocol, uint8_t side,
				  struct endpoint from, struct endpoint to);
/* The waiting one that is equal in all but time, flags, call and binding: a repeated announcement. */
struct expect_record *expect_same(struct expect_table *table, const struct expect_record *body);
/* NULL: no room. Counts by parent, inside host and call are the caller's limits: expect_counts. */
struct expect_record *expect_add(struct expect_table *table, const struct expect_record *body);
void expect_remove(struct expect_table *table, struct expect_record *record);
/* The flow has come: the record is its link from now on. False: there are enough links already (half the table), and the caller
 * removes it. */
bool expect_link(struct expect_table *table, struct expect_record *record, uint32_t flow);
/* The link of the flow that came; NULL. */
struct expect_record *expect_of_child(struct expect_table *table, uint32_t flow);
uint32_t expect_index(const struct expect_table *table, const struct expect_record *record);
struct expect_record *expect_at(struct expect_table *table, uint32_t index); /* NULL when free */
static inline bool expect_waits(const struct expect_record *record)
{
	return record->came == RECORD_NONE;
}
/* Those that wait; links. */
uint32_t expect_count(const struct expect_table *table);
uint32_t expect_links(const struct expect_table *table);
/* Those of a gateway that wait. */
uint32_t expect_of_alg(const struct expect_table *table, uint8_t alg);
/* Waiting ones of a control session, of an inside host. */
uint32_t expect_of_parent(const struct expect_table *table, uint32_t parent);
uint32_t expect_of_host(const struct expect_table *table, uint16_t vrf, ip4 host);
/* The records of a parent, links too, one after the other; start with RECORD_NONE, ends with it. Who removes one asks for the next
 * before. */
uint32_t expect_next_of_parent(const struct expect_table *table, uint32_t parent, uint32_t index);
/* All records: next live one at or after *from, RECORD_NONE at the end. */
uint32_t expect_next(const struct expect_table *table, uint32_t *from);

#endif
