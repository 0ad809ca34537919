/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records that survive the daemon, and their mapping.
 *
 * Truth lies in one mapping from a provider: a sparse file in the state directory (anonymous memory in tests and replay).
 * Slots lie in a mapping of their own, plain memory now, an array that a tc program reads later. Fixed-size records,
 * linked by 32-bit index, never by pointer.
 *
 * Truth: struct flow_record (cold) and struct binding_record. Everything else (hot slots, hash chains, port maps, timers,
 * counts, free lists) is derived and rebuilt by adoption. A record is written body first, then its state word with
 * a release store. State word: 0 free; odd: being written, discarded by adoption; even and not 0: live, and then it is the
 * seal of the record's identity (record_seal), so that a torn or damaged record shows. Freeing stores 0 first.
 * Identity is everything that stays as it is while the record lives: a flow's vrf, protocol, endpoints, rule and
 * created_s; a binding's vrf, protocol, flags, endpoints, rule and created_s. Nobody may write those fields in place.
 *
 * The header (nat/backing.h) holds magic, layout hash, boot id, the hash secret and, for each region, how far records were ever
 * written (so that adoption looks no further). A record whose contents are impossible is discarded
 * alone: random bytes in the file cost at most the records they hit.
 *
 * A full file system must not end the daemon: a page of the file is reserved before it is written for the first time, and
 * where that fails the table is full.
 *
 * Budget per flow at 85 % load, pinned below: slots 2 * 64 / 0.85 = 151, cold 64, binding 40 = 255 bytes. So that TCP's numbers
 * fit in, a slot counts packets to 2^32 and the cold record what goes beyond, bytes go to 2^48, and the checksum deltas of a
 * rewrite are computed from the key and what it becomes.
 */
#ifndef ALGATE_NAT_RECORDS_H
#define ALGATE_NAT_RECORDS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/addr.h"
#include "lib/err.h"
#include "lib/siphash.h"
#include "nat/backing.h"

#define RECORD_NONE UINT32_MAX

/* TCP as seen by the translator (nat/tcp.h). */
enum flow_phase {
	PHASE_DATAGRAM,    /* not TCP */
	PHASE_SYN,         /* opening: the two sides have not agreed yet */
	PHASE_ESTABLISHED, /* they have; also while one of them has sent its FIN */
	PHASE_CLOSING,     /* both have sent their FIN, or one a RST */
};

enum flow_flags {
	FLOW_SEEN_IN = 1,       /* a packet from the inside was translated */
	FLOW_SEEN_OUT = 2,      /* a packet from the outside was translated */
	FLOW_STATIC = 4,        /* made by a static entry: no binding */
	FLOW_IDENTITY = 8,      /* the router's own packets: local = global */
	FLOW_ADDRESS_ONLY = 16, /* protocol without ports; ports are 0 */
	FLOW_ALG = 32,          /* a gateway reads it (nat/session.h) */
	FLOW_CLIENT_OUT = 64,   /* with FLOW_ALG: the outside opened it */
	FLOW_FLAGS = 127,       /* all of them; others are damage */
};

/* What is known of a TCP connection. Those of two sides: the constant shifted left by enum flow_side. */
enum flow_tcp {
	FLOW_TCP_SYN = 1,    /* sent a SYN; established: one that is not answered, its number in `syn` */
	FLOW_TCP_FIN = 4,    /* sent its FIN */
	FLOW_TCP_HEARD = 16, /* its slot's `end` and `ack` hold */
	FLOW_TCP_SETTLED = 64, /* what the two sides said fits together: from now on segments are judged by it */
	FLOW_TCP = 127,      /* all of them; others are damage */
	FLOW_TCP_KEPT = 12,  /* what adoption keeps: it has no slots */
};

/* Cold part of a flow: the truth. 64 bytes. For ICMP queries both inside ports hold the identifier
 * (local, global), and the outside ports the same as the inside ones of their side. */
struct flow_record {
	uint32_t state;
	uint16_t vrf;
	uint8_t protocol;
	uint8_t phase;
	ip4 il, ig, ol, og;
	uint16_t il_port, ig_port, ol_port, og_port;
	uint64_t rule;      /* rule id */
	uint32_t created_s; /* seconds of `now` */
	uint32_t syn;       /* TCP: number of the last SYN */
	uint32_t binding;   /* derived: index of its binding, RECORD_NONE if it has none */
	uint32_t slot[2];   /* derived: hot slots, [0] in->out, [1] out->in */
	uint8_t flags;
	uint8_t tcp;        /* enum flow_tcp */
	uint8_t scales;     /* TCP: window scale of the inside below, of the outside above; 15: unknown */
	uint8_t carries;    /* derived: what a slot's packet count overflowed to, likewise */
};
static_assert(sizeof(struct flow_record) == 64, "cold flow budget");

enum binding_flags {
	BINDING_ADDRESS = 1, /* whole address (dynamic without overload): protocol 0, ports 0 */
	BINDING_IDENTITY = 2,/* a port the router itself uses */
	BINDING_FLAGS = 3,   /* all of them; others are damage */
};

/* An inside endpoint's global endpoint; endpoint-independent (RFC 4787 REQ-1). 40 bytes. */
struct binding_record {
	uint32_t state;
	uint16_t vrf;
	uint8_t protocol;
	uint8_t flags;
	ip4 local, global;
	uint16_t local_port, global_port;
	uint32_t created_s;
	uint64_t rule;
	uint32_t last_used_s; /* for address bindings, whose life is their own */
	uint32_t flows;       /* derived: flows using it */
};
static_assert(sizeof(struct binding_record) == 40, "binding budget");

/* In a slot's state word: a gateway reads this flow, or an end of it counts otherwise than the other, so a rewrite of addresses and
 * ports alone is not enough. No seal has this bit. */
#define SLOT_ALG 2u

/* One direction of a flow, all a packet needs: one cache line, readable by a tc program later. */
struct flow_key {
	ip4 source, destination;
	uint16_t source_port, destination_port; /* ICMP: identifier as the inside host's port, 0 as the other */
	uint8_t protocol;
	uint8_t side; /* 0: packets from inside; 1: packets from outside */
	uint16_t vrf;
};
static_assert(sizeof(struct flow_key) == 16, "key");

struct flow_slot {
	struct flow_key key;
	ip4 new_source, new_destination;
	uint16_t new_source_port, new_destination_port; /* ICMP: as in the key */
	uint32_t state;       /* 0 empty; else as in records, and SLOT_ALG */
	uint32_t flow;        /* index of the cold record */
	uint32_t last_used_s;
	uint32_t epoch;       /* snapshot this slot may be used under; differs: take the slow path once */
	uint32_t packets;     /* the rest in the cold record: flow_packets() */
	uint64_t bytes : 48;
	uint64_t window : 16; /* TCP: the largest that packets of this direction offered, as they had it; 0: not known, so every
			       * packet is looked at */
	uint32_t end, ack;    /* TCP: behind the last byte sent, and the last byte of the other side acknowledged */
};
static_assert(sizeof(struct flow_slot) == 64, "one cache line");
static_assert(2 * sizeof(struct flow_slot) * 100 / 85 + sizeof(struct flow_record) + sizeof(struct binding_record) <= 256,
	      "budget of a flow");

enum record_region { REGION_FLOWS, REGION_BINDINGS, RECORD_REGIONS };

struct alg_store;
struct sparse_fill;

struct records {
	struct siphash_key secret;
	uint32_t max_flows;    /* also of bindings */
	uint32_t slot_buckets; /* of 4 slots */
	uint32_t stash_slots;  /* behind the buckets, at index slot_buckets * 4 */
	uint32_t many;         /* from so many flows on, threads make adoption faster */
	struct flow_record *flows;
	struct binding_record *bindings;
	struct flow_slot *slots;
	bool fresh;            /* nothing to adopt */
	bool slots_used;       /* by a table, perhaps an earlier one */
	struct sparse_fill *fill; /* takes the slots' memory before adoption needs it; NULL */
	struct backing map;    /* of the truth; the slots come to it */
	struct alg_store *alg; /* what the gateways keep */
};

/* directory NULL: anonymous memory. The files are DIR/records and DIR/alg, mode 0600, locked: a second daemon on them fails. NULL
 * and err on failure. */
struct records *records_open(const char *directory, uint32_t max_flows, struct err *err);
/* The files stay. */
void records_close(struct records *records);

/* For the tables (flow, binding) only. */

/* Records of a region below this index may have been written; damage in the header makes it the whole region. */
uint32_t records_high(const struct records *records, enum record_region region);
/* To be set before a record at or above is written, and lowered only over free ones. */
void records_set_high(struct records *records, enum record_region region, uint32_t high);
/* Makes sure that the `size` bytes of the mapping at `at` can be written; false when the file system is full. */
bool records_reserve(struct records *records, const void *at, size_t size);
/* All slots empty, their pages given back, unless nobody has used them yet. They are taken to be used from now on. */
void records_clear_slots(struct records *records);
/* Many slots are in use, or about to be. */
void records_many_slots(struct records *records);
/* Even, never 0. */
uint32_t flow_seal(const struct flow_record *flow);
uint32_t binding_seal(const struct binding_record *binding);

/* Every store into the mapping that could be the last one before a crash is followed by this. The abort-test build
 * counts them and dies after the Nth; otherwise it is nothing. */
#ifdef ALGATE_ABORT_TEST
extern uint64_t records_stores_left; /* 0: never dies */
void records_store_point(void);
#define STORE_POINT() records_store_point()
#else
#define STORE_POINT() ((void)0)
#endif

/* Whole-body store; the abort-test build can die after each 16 bytes of it. */
void record_copy(void *to, const void *from, size_t size);
/* State words: release order, so that the body is there when the state says so. */
static inline void record_set_state(uint32_t *state, uint32_t value)
{
	__atomic_store_n(state, value, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST); /* nor may what follows come before it */
	STORE_POINT();
}
static inline bool record_live(uint32_t state)
{
	return state != 0 && (state & 1) == 0;
}
#define RECORD_WRITING 1u /* state of a record that is being written */

#endif
