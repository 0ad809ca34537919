/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records that survive the daemon, and their mapping.
 *
 * One mapping from a provider: a sparse file in the state directory (anonymous memory in tests and replay).
 * Fixed-size records, linked by 32-bit index, never by pointer.
 *
 * Truth: struct flow_record (cold) and struct binding_record. Everything else (hot slots, hash chains, port maps, timers,
 * counts, free lists) is derived and rebuilt by adoption. A record is written body first, then its state word with
 * a release store. State word: 0 free; odd: being written, discarded by adoption; even and not 0: live. Freeing
 * stores 0 first.
 *
 * A header holds magic, layout hash, boot id and the hash secret. A mapping whose header does not fit (other layout,
 * other boot, other size) is started anew, with a log line. A record whose contents are impossible is discarded
 * alone: random bytes in the file cost at most the records they hit.
 *
 * Budget per flow at 85 % load, pinned below: slots 2 * 64 / 0.85 = 151, cold 64, binding 40 = 255 bytes.
 */
#ifndef ALGATE_NAT_RECORDS_H
#define ALGATE_NAT_RECORDS_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include "lib/addr.h"
#include "lib/err.h"
#include "lib/siphash.h"

#define RECORD_NONE UINT32_MAX

/* TCP as seen by the translator; windows come with the engine's depth. */
enum flow_phase {
	PHASE_DATAGRAM,    /* not TCP */
	PHASE_SYN,         /* opening, one side heard */
	PHASE_ESTABLISHED, /* both sides heard */
	PHASE_CLOSING,     /* a FIN or RST was seen */
};

enum flow_flags {
	FLOW_SEEN_IN = 1,       /* a packet from the inside was translated */
	FLOW_SEEN_OUT = 2,      /* a packet from the outside was translated */
	FLOW_STATIC = 4,        /* made by a static entry: no binding */
	FLOW_IDENTITY = 8,      /* the router's own packets: local = global */
	FLOW_ADDRESS_ONLY = 16, /* protocol without ports; ports are 0 */
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
	uint32_t epoch;     /* snapshot this flow was last checked against */
	uint32_t binding;   /* derived: index of its binding, RECORD_NONE for static and identity flows */
	uint32_t slot[2];   /* derived: hot slots, [0] in->out, [1] out->in */
	uint8_t flags;
	uint8_t spare[3];
};
static_assert(sizeof(struct flow_record) == 64, "cold flow budget");

enum binding_flags {
	BINDING_ADDRESS = 1, /* whole address (dynamic without overload): protocol 0, ports 0 */
	BINDING_IDENTITY = 2,/* a port the router itself uses */
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

/* One direction of a flow, all a packet needs: one cache line, readable by a tc program later. */
struct flow_key {
	ip4 source, destination;
	uint16_t source_port, destination_port; /* ICMP: identifier in the sender's side port, 0 in the other */
	uint8_t protocol;
	uint8_t side; /* 0: packets from inside; 1: packets from outside */
	uint16_t vrf;
};
static_assert(sizeof(struct flow_key) == 16, "key");

struct flow_slot {
	struct flow_key key;
	ip4 new_source, new_destination;
	uint16_t new_source_port, new_destination_port;
	uint16_t ip_delta;    /* folded csum_delta of the addresses */
	uint16_t l4_delta;    /* of addresses (pseudo header) and ports */
	uint32_t state;       /* 0 empty; else as in records */
	uint32_t flow;        /* index of the cold record */
	uint32_t last_used_s;
	uint32_t epoch;       /* snapshot this slot may be used under; differs: take the slow path once */
	uint64_t packets, bytes;
};
static_assert(sizeof(struct flow_slot) == 64, "one cache line");

struct records {
	struct siphash_key secret;
	uint32_t max_flows;    /* also of bindings */
	uint32_t slot_buckets; /* of 4 slots */
	uint32_t stash_slots;  /* behind the buckets, at index slot_buckets * 4 */
	struct flow_record *flows;
	struct binding_record *bindings;
	struct flow_slot *slots;
	bool fresh;            /* nothing to adopt */
	void *map;
	uint64_t map_size;
	int fd;
};

/* directory NULL: anonymous memory. The file is DIR/records, mode 0600, locked: a second daemon on it fails. */
struct records *records_open(const char *directory, uint32_t max_flows, struct err *err);
void records_close(struct records *records);

#endif
