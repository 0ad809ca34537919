/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NAT engine as a library: packets and time in, decisions out. It owns the flow, binding and port tables
 * and the current snapshot. No sockets, no clock, no globals, one thread.
 *
 *   engine_packet = decode, reassembly, engine_decide, engine_record, rewrite (engine.c).
 *   engine_decide has no effect, so that it can be asked about a packet that there is not.
 */
#ifndef ALGATE_NAT_ENGINE_H
#define ALGATE_NAT_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/addr.h"
#include "nat/decode.h"
#include "nat/event.h"
#include "nat/filter.h"
#include "nat/limit.h"
#include "nat/reason.h"
#include "nat/records.h"
#include "nat/snapshot.h"

/* Our part of the packet mark; the other bits belong to the host and are kept. */
#define MARK_MASK 0xffe00000u
#define MARK_DONE 0x80000000u     /* the engine has spoken: the guard lets it pass */
#define MARK_INJECTED 0x40000000u /* emitted by us: accepted first in our chains */
#define MARK_HAIRPIN 0x20000000u  /* destination translated in PREROUTING; POSTROUTING brings it to visit 3 */
#define MARK_INWARD 0x10000000u   /* destination translated to an inside address: may leave by no outside interface */
#define MARK_VRF_SHIFT 21         /* 7 bits */

enum visit {
	VISIT_FROM_OUTSIDE, /* 1: PREROUTING from an outside interface, before routing */
	VISIT_TURN_BACK,    /* 2: PREROUTING from an inside interface to an owned global or own outside address */
	VISIT_TO_OUTSIDE,   /* 3: POSTROUTING to an outside interface, or with the hairpin mark, after routing */
	VISIT_OWN_ERROR,    /* 4: OUTPUT, ICMP errors made by the router */
};

struct packet {
	uint8_t *data;        /* IPv4 packet, rewritten in place */
	uint32_t length;
	uint32_t in_ifindex;  /* 0: made by the router */
	uint32_t out_ifindex; /* 0: not routed yet */
	uint32_t mark;
	uint8_t visit;        /* enum visit */
	bool checksum_partial;/* transport checksum unfinished (NFQA_SKB_CSUMNOTREADY): completed when replaced */
	bool checksum_good;   /* the kernel has verified it */
	bool gso;             /* several in one, which the kernel cuts when they leave; where, it does not say */
	uint32_t room;        /* bytes that may be written from data on: what came in pieces is put together there. 0: no
			       * more than length */
	const struct prepared *prepared; /* what engine_prepare found; NULL: nobody asked it */
};

/* Of a packet that comes soon: what can be found without deciding anything. */
struct prepared {
	bool decoded;         /* view is what decode_packet says */
	bool keyed;           /* key is what it looks up first, hash that key's */
	struct decoded view;
	struct flow_key key;
	uint64_t hash;
};

/* A packet the engine makes itself. */
struct emitted {
	uint8_t data[1500];
	uint32_t length;
	uint16_t vrf;
	bool inward;      /* for a host inside: may leave by no outside interface */
	uint32_t ifindex; /* 0: by routing */
	const uint8_t *large; /* not NULL: the packet is there instead of in data; good for as long */
	uint32_t piece;   /* to be sent in pieces of at most this total length; 0: whole */
};

#define OUT_EMIT_MAX 64

struct out {
	enum reason reason;
	enum verdict verdict;
	uint32_t mark;        /* full mark to set with accept and replace */
	uint32_t n_emitted;
	struct emitted *emitted; /* the engine's: good until its next call */
};

struct engine;

/* records stay the caller's. Adopts what they hold as soon as the first snapshot is set. seed: unpredictable. */
struct engine *engine_new(struct records *records, uint64_t seed, uint64_t now);
void engine_free(struct engine *engine);

/* For batches: has the memory fetched that the packet will need, and says what was found. No effect on anything. Good until
 * the engine's next swap, as long as nobody writes to the packet. */
void engine_prepare(const struct engine *engine, const struct packet *packet, struct prepared *prepared);
void engine_packet(struct engine *engine, uint64_t now, struct packet *packet, struct out *out);
/* Expiry, bounded work for each call. */
void engine_tick(struct engine *engine, uint64_t now, struct out *out);
/* Time (ms) of the next engine_tick that has work; UINT64_MAX: none. */
uint64_t engine_next(const struct engine *engine);

/* Configuration. */
struct swap {
	struct snapshot *snapshot;     /* becomes the engine's on success */
	uint32_t n_must_be_idle;
	const uint64_t *must_be_idle;  /* rules removed only if unused */
	uint32_t n_kill;
	const uint64_t *kill;          /* rules that the snapshot has no more, whose flows go */
	bool gone;                     /* addresses that flows may stand on are given out no more: these flows go */
	/* results */
	struct snapshot *old;          /* for the caller to free */
	uint64_t busy_rule;            /* in use: which */
	uint32_t busy_count;
};
/* Gets ready what a swap to this snapshot needs of the bindings; true when done. Bounded work for each call, so call it until
 * then with packets served between, and then swap, which must follow. Without it the swap does it all at once. */
bool engine_swap_prepare(struct engine *engine, const struct snapshot *next);
/* After a swap: ends flows and bindings that do not fit the configuration any more; true when done, bounded work for each
 * call. No packet uses them from the swap on, but until it is done they are counted and shown, and the next swap would finish
 * it at once. */
bool engine_sweep(struct engine *engine, uint64_t now);
/* false: a must_be_idle rule has flows (or address bindings); nothing changed. */
bool engine_swap(struct engine *engine, uint64_t now, struct swap *swap);
const struct snapshot *engine_snapshot(const struct engine *engine);

/* Rows for show; a row is a copy. Newest first is not promised. */
struct translation {
	bool half;            /* address binding or static entry: no outside pair */
	bool is_static;
	bool expected;        /* announced, its first packet is awaited; half: from anybody. A port that is not known is 0 */
	uint8_t alg;          /* gateway that reads it, or that announced it; ALG_NONE */
	uint8_t protocol;     /* 0: --- */
	uint8_t phase;
	uint16_t vrf;
	uint8_t flags;        /* enum flow_flags */
	struct endpoint il, ig, ol, og;
	uint64_t rule;
	uint64_t created, used;  /* ms of the engine's clock; 0 for statics */
	uint32_t timeout_s, left_s; /* 0: none */
	uint32_t uses;        /* child flows */
	uint64_t packets[2], bytes[2]; /* by side */
	uint32_t entry_id;
};

/* Zeroed at the start, but for filter and, to clear, spare_children; walks flows, expected flows, address bindings,
 * then static entries of the current snapshot. */
struct translation_cursor {
	uint8_t stage;
	bool end;
	uint32_t next;
	const struct filter *filter; /* the caller's; NULL: all */
	bool spare_children;         /* clear: an entry with children stays, and so do these */
	uint32_t ended, kept;        /* clear: entries that matched */
};
/* Fills at most `max` rows, looks at a bounded number of records; returns how many. cursor->end tells the end. rows NULL:
 * counts only, `max` is not asked. */
uint32_t engine_translations(struct engine *engine, uint64_t now, struct translation_cursor *cursor,
			     struct translation *rows, uint32_t max);

struct engine_counts {
	uint64_t reasons[REASON_COUNT];
	uint64_t hits, misses, expired;
	uint64_t in_to_out_drops, out_to_in_drops;
	uint64_t limit_missed;          /* refused by max-entries */
	uint64_t all_host_missed;       /* refused by max-entries all-host */
	uint64_t limit_add_failed;      /* refused because there are more hosts than can be counted */
	uint32_t flows, address_bindings, statics, extended;
	uint32_t peak;
	uint64_t peak_at;               /* ms */
};
void engine_counts(const struct engine *engine, struct engine_counts *out);
void engine_clear_counts(struct engine *engine);
/* Matches of the current snapshot's access list (SNAPSHOT_NONE: of all) to 0. They are read by snapshot_matches(): each entry
 * counts the packets it was asked about because they had no flow. */
void engine_clear_matches(struct engine *engine, uint32_t acl);
/* One host's entries and limit; those that the limit of all hosts covers, page by page (limit_hosts in nat/limit.h); a limited
 * list's, by index of the snapshot's list_limits. */
void engine_limit_host(const struct engine *engine, ip4 host, struct limit_host *out);
uint32_t engine_limit_hosts(const struct engine *engine, uint32_t *from, struct limit_host *out, uint32_t max);
void engine_limit_list(const struct engine *engine, uint32_t list, uint32_t *used, uint64_t *missed);
/* Flows that gateways have announced and that did not come yet. */
uint32_t engine_expected(const struct engine *engine);
/* Flows and address bindings that use this rule. */
uint32_t engine_rule_uses(const struct engine *engine, uint64_t rule);
/* Virtual reassembly on an interface, by what its limits stand for (ip virtual-reassembly in or out). */
struct frag_counts engine_reassembly(const struct engine *engine, uint32_t ifindex, bool out);
/* Distinct addresses of the pool in use, and allocation misses, by pool name of the current snapshot. */
void engine_pool_use(const struct engine *engine, const char *pool, uint32_t *allocated, uint64_t *misses);

/* What is given out of a pool of the current snapshot: addresses that have something given out, whole ones among them, and ports by
 * group: 1..511, 512..1023, 1024..65535. false: there is no such pool. */
struct pool_given {
	uint32_t id, size;
	uint32_t addresses, whole;
	uint32_t tcp[3], udp[3];
};
bool engine_pool_given(const struct engine *engine, const char *pool, struct pool_given *out);

/* Ends the dynamic flows and bindings that the cursor's filter matches, a bounded number for each call; true when done.
 * Children are the flows of an address binding or a static entry; static entries themselves stay. */
bool engine_clear_translations(struct engine *engine, uint64_t now, struct translation_cursor *cursor);

/* Packet events (debug ip nat) on or off. Flow events are always written. */
void engine_packet_events(struct engine *engine, bool on);
/* Packet events of those datagrams only that the first access list of `list` permits as they came (no list in it: of none). It
 * stays the caller's, who keeps it until another takes its place; NULL: of all. */
void engine_event_list(struct engine *engine, const struct snapshot *list);
const struct event_ring *engine_events(const struct engine *engine);

#endif
