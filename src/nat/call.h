/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls and registrations, as telephony's gateways find them in messages, kept under the key of the call (SIP: Call-ID), whatever
 * flow its messages take: a trunk carries hundreds, and each ends alone.
 *
 * A port is an inside endpoint that was announced in a message, and the global endpoint that the other side was told instead.
 * That of a medium is its call's; one for signalling (a contact) is shared by all calls and registrations that announced it, and
 * lives as long as the last of them. A port is asked about on every miss of the flow table: from outside it lets in whom the
 * other side's messages named (a contact: the peers of all that have it), from inside it makes media leave by the announced
 * global endpoint.
 *
 *   begun         while there is signalling or (early) media: 180 s after the last of either
 *   up            while there is signalling or media: after the last of either 1 h, or twice the session timer
 *   over          32 s for retransmissions (RFC 3261 17: 64 T1); media go 5 s after a BYE
 *   registering   32 s to be granted
 *   registered    the granted time
 *
 * Truth are the records, which survive the daemon; chains, counts and uses are derived.
 *
 * This is the table. What engine and calls do to each other is call_life.h, what messages make of them resolve_call.c, what shows
 * see of them call_show.h.
 *
 * Promises: O(1), whoever chooses the keys (keyed hashing); bounded memory; no malloc. May not know flows, bindings or rules.
 */
#ifndef ALGATE_NAT_CALL_H
#define ALGATE_NAT_CALL_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include "alg/alg.h"
#include "lib/siphash.h"
#include "nat/records.h"

#define CALL_MAX       16384
#define CALL_PORTS     65536
#define CALL_PORTS_MAX 32  /* media of one call */
#define CALL_CONTACTS  4
#define CALL_REMOTES   16
#define CALL_BRANCHES  4
#define CALL_PEERS     6
#define CALL_RUNG      16
#define CALL_SOURCE_UNANSWERED 1024 /* begun by one host, inside or outside, and not answered; registrations likewise */
#define CALL_SOURCE_MAX	       8192 /* of one host in all */

enum call_state { CALL_BEGUN = 1, CALL_UP, CALL_OVER, CALL_REGISTERING, CALL_REGISTERED };

enum call_flags {
	CALL_AWARE = 1, /* an inside party shows its global address by itself, and was left alone */
	CALL_ENDED = 2, /* hung up: an answer that comes again does not bring it back */
	CALL_OTHER = 4, /* neither call nor registration: a subscription, or a request that wants to be answered elsewhere */
	CALL_OPEN = 8,  /* media of who is behind another translation may begin to come (call_life.c) */
	CALL_OUTSIDE = 16, /* somebody outside began it */
	CALL_ASKED_OUT = 32, /* `asked` came from an inside party first: it alone is waited for */
	CALL_FLAGS = 63,
};

/* Where an outside party receives a medium, as it said to this inside party. */
struct call_remote {
	struct endpoint at;  /* address 0: none */
	uint16_t medium;
	uint16_t offered;    /* 1: takes the place of what was said before when that is agreed to */
	ip4 host;            /* who was told, */
	uint32_t party;      /* and on which flow */
	uint32_t branch;
};

/* An inside party that asks, or is asked, by one of the ways that the question takes. */
struct call_rung {
	ip4 host;     /* 0: none */
	uint32_t way; /* findings.way, and in its lowest bits: */
};

#define RUNG_ASKS      1 /* it waits for the answer, else it is to give one */
#define RUNG_CANCELLED 2 /* its answer is awaited no more, but may come */
#define RUNG_BITS      3

#define CALL_REMOTE_RTCP 0x8000 /* in `medium`: its RTCP, if that is elsewhere */

struct call_record {
	uint32_t state_word; /* as all records */
	uint16_t vrf;
	uint8_t alg;
	uint8_t key_length;
	uint8_t key[FINDING_KEY];
	ip4 source;          /* who began it */
	uint32_t created_s;
	/* What changes. */
	uint8_t state;       /* enum call_state */
	uint8_t flags;       /* enum call_flags */
	uint8_t n_branches;
	uint8_t spare;
	uint32_t said_s, until_s;
	uint32_t lifetime_s; /* session timer, or granted; 0: not said */
	uint32_t flow[2];    /* signalling, as last seen; RECORD_NONE */
	uint32_t flow_state[2]; /* their state words */
	uint32_t branches[CALL_BRANCHES]; /* that answered and were not hung up */
	uint32_t asked;      /* the question whose answer takes the call; registration: the seconds that are wanted */
	struct call_rung rung[CALL_RUNG]; /* who has not answered it: each may refuse for itself */
	uint32_t offers[2];  /* by the side that asks (enum flow_side): the question with media that is not answered; 0: none */
	uint32_t opened_s;   /* when media were last described; 0: never by the other side, which did not answer either */
	ip4 peers[CALL_PEERS]; /* of its signalling, and where these want to be reached: last first; 0: none */
	uint32_t contacts[CALL_CONTACTS]; /* ports; RECORD_NONE */
	char caller[48], callee[48];
	struct call_remote remotes[CALL_REMOTES];
};

enum call_port_kind {
	PORT_STATIC = 1, /* `rule` is a static entry */
	PORT_SIGNAL = 2, /* a contact */
	PORT_RTCP = 4,
	PORT_SPARE = 8,  /* RTCP comes with the medium, unless the other end does not know that */
	PORT_AWARE = 16, /* a medium: its party wrote the global endpoint by itself */
	PORT_KINDS = 31,
};

enum call_port_flags {
	PORT_DECLINED = 4, /* goes because the other side did not take it; another one that answers may */
	PORT_HELD = 8,   /* its party sends or takes nothing for now */
	PORT_REPLACED = 16, /* its party has offered to receive elsewhere, or not at all: goes when that is agreed to */
	PORT_USED = 32,  /* a flow came of it */
	PORT_OFFERED = 64, /* only what is not agreed to yet names it: goes if that is refused */
	PORT_WAS_HELD = 128, /* PORT_HELD as it was last agreed to */
	PORT_FLAGS = 252,
};

struct call_port {
	uint32_t state;      /* as all records */
	uint16_t vrf;
	uint8_t protocol;
	uint8_t alg;
	ip4 il, ig;
	uint16_t il_port, ig_port;
	uint8_t child;       /* enum alg: what reads its flows; a contact's are read as `alg` says */
	uint8_t spare[3];
	uint64_t rule;
	uint32_t call;       /* medium: its call; contact: RECORD_NONE */
	ip4 host;            /* who announced it, */
	uint32_t party;      /* and by which flow, hashed */
	uint32_t made_s;
	uint16_t medium;     /* MEDIUM_NONE: contact */
	uint8_t kind;        /* of enum call_port_kind */
	/* What changes. */
	uint8_t flags;       /* of enum call_port_flags */
	uint32_t closes_s;   /* taken away: when it goes; 0: not */
	uint32_t binding;    /* derived after adoption; RECORD_NONE */
	ip4 first;           /* who first came from outside; 0: nobody yet */
	/* Flows that are over. */
	uint64_t packets[2], bytes[2]; /* by enum flow_side */
	uint32_t heard_s[2];
	struct endpoint heard_from;    /* the last remote of a flow that is over */
};

struct call_table;

/* Where the records are; it stays the caller's. What is whole of those that were ever written is adopted. grow: the record will be
 * written now, for the first time; false: no room. NULL: all can be. */
struct call_memory {
	struct call_record *calls;
	struct call_port *ports;
	uint32_t n_calls, n_ports;
	uint32_t high_calls, high_ports; /* records at or above were never written */
	bool (*grow)(void *arg, bool port, uint32_t index);
	void *arg;
};
struct call_table *call_table_new(const struct call_memory *memory, const struct siphash_key *secret, uint32_t max_flows);
void call_table_free(struct call_table *table);

/* ---- calls */

struct call_record *call_find(struct call_table *table, uint16_t vrf, uint8_t alg, const uint8_t *key, uint8_t length);
/* NULL: no room. Neither flows nor contacts yet. */
struct call_record *call_add(struct call_table *table, const struct call_record *body);
/* Its media must be gone. */
void call_remove(struct call_table *table, struct call_record *call);
void call_set_state(struct call_table *table, struct call_record *call, enum call_state state);
uint32_t call_index(const struct call_table *table, const struct call_record *call);
struct call_record *call_at(struct call_table *table, uint32_t index); /* NULL when free */
uint32_t call_count(const struct call_table *table, enum call_state state);
uint32_t call_next(const struct call_table *table, uint32_t *from, uint32_t budget); /* as flow_next */
/* The longest in this state, of one source; of all that were begun on this side; NULL. */
struct call_record *call_oldest(struct call_table *table, enum call_state state, uint16_t vrf, ip4 source);
struct call_record *call_oldest_begun(struct call_table *table, enum call_state state, bool outside);
/* In states BEGUN and REGISTERING; in all. */
uint32_t call_unanswered(const struct call_table *table, uint16_t vrf, ip4 source);
uint32_t call_of_source(const struct call_table *table, uint16_t vrf, ip4 source);
/* Signalling of the call came by this flow. */
void call_set_flow(struct call_table *table, struct call_record *call, uint32_t flow, uint32_t flow_state);
/* The flow is no call's any more. */
void call_forget_flow(struct call_table *table, uint32_t flow);
/* The calls of a flow one after the other; start with RECORD_NONE, ends with it. */
uint32_t call_next_of_flow(const struct call_table *table, uint32_t flow, uint32_t index);

/* ---- ports */

/* NULL: no room. */
struct call_port *call_port_add(struct call_table *table, const struct call_port *body);
/* No flow is linked to it, no call has it as a contact any more. */
void call_port_remove(struct call_table *table, struct call_port *port);
struct call_port *call_port_at(struct call_table *table, uint32_t index); /* NULL when free */
uint32_t call_port_index(const struct call_table *table, const struct call_port *port);
uint32_t call_port_count(const struct call_table *table);
/* All that have this local (global) endpoint, one after the other. */
struct call_port *call_port_of_local(struct call_table *table, uint16_t vrf, uint8_t protocol, struct endpoint local,
				  const struct call_port *after);
struct call_port *call_port_of_global(struct call_table *table, uint16_t vrf, uint8_t protocol, struct endpoint global,
				   const struct call_port *after);
/* Media of a call. */
struct call_port *call_port_of_call(struct call_table *table, uint32_t call, const struct call_port *after);
uint32_t call_port_count_of_call(const struct call_table *table, uint32_t call);
uint32_t call_port_next(const struct call_table *table, uint32_t *from, uint32_t budget);
/* Calls that have it as a contact. */
uint32_t call_port_uses(const struct call_table *table, const struct call_port *port);
/* The contact is the call's, too. False: it has too many. */
bool call_take_contact(struct call_table *table, struct call_record *call, const struct call_port *port);
/* The call's n-th contact is its own no more; its port, if that was the last use of it, else NULL. */
struct call_port *call_drop_contact(struct call_table *table, struct call_record *call, unsigned n);
/* Nobody has it as a contact any more. Walks all calls. */
void call_contact_gone(struct call_table *table, const struct call_port *port);
/* To the call's contacts signalling may come from there. The one that was not named for longest gives way. */
void call_admit(struct call_table *table, struct call_record *call, ip4 from);
/* Is it a peer of any call that has this contact? */
bool call_port_admits(const struct call_table *table, const struct call_port *port, ip4 from);

/* Flows of a medium. */
void call_port_link(struct call_table *table, struct call_port *port, uint32_t flow);
/* RECORD_NONE: of none. */
uint32_t call_port_of_flow(const struct call_table *table, uint32_t flow);
void call_port_unlink(struct call_table *table, uint32_t flow);
uint32_t call_port_next_flow(const struct call_table *table, const struct call_port *port, uint32_t flow);

#endif
