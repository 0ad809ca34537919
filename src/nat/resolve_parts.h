/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of resolving, shared by resolve*.c only. */
#ifndef ALGATE_NAT_RESOLVE_PARTS_H
#define ALGATE_NAT_RESOLVE_PARTS_H

#include "nat/call.h"
#include "nat/resolve.h"

#define MADE_MAX  (EXPECT_FLOW_MAX + 1)
#define PORTS_MAX (2 * CALL_PORTS_MAX)

/* What a message says of calls, before any of it holds. */
struct telling {
	struct call_record *call; /* NULL: of none, or of one that is not known */
	bool made;                /* the call is new */
	bool aware;
	bool answered;            /* an outside party said where it receives media */
	bool let_go;              /* a question that an inside party asks or is asked has its last answer by this way */
	bool moved;               /* and now that is agreed to, and somewhere else than before */
	bool shows_local[2], shows_global[2]; /* the sender's own address, in names and in contacts */
	uint32_t granted_s;       /* to contacts of ours */
	uint32_t wanted_s;        /* the longest that a contact is to last */
	uint32_t n_made, n_touched, n_media, n_places, n_refused;
	ip4 places[CALL_PEERS];   /* where the other side wants to be reached */
	uint32_t made_ports[PORTS_MAX], touched[PORTS_MAX]; /* ports; of media those that are announced (again) */
	uint16_t media[PORTS_MAX]; /* that an inside party says something about */
	uint16_t refused[CALL_PORTS_MAX]; /* that an outside party does not take */
};

struct making {
	struct engine *engine;
	uint64_t now;
	const struct resolve_ask *ask;
	const struct findings *findings;
	const struct gateway *gateway;
	const struct flow_record *sender;   /* NULL: it is outside */
	const struct flow_record *receiver; /* NULL: it is outside */
	enum alg_note note;		    /* why not; or what was left as it is */
	uint32_t n_made;
	uint32_t made[MADE_MAX];
	struct telling told;
};

/* The endpoint that the receiver is told. */
struct mapping {
	struct endpoint ig;
	uint32_t binding;
	uint64_t rule;
	bool is_static;
};

/* resolve.c */
bool names_nobody(ip4 addr);
uint8_t resolve_protocol(const struct mention *mention, const struct flow_record *flow);
/* The sender's own endpoint of this flow. */
void map_own(const struct flow_record *flow, struct mapping *mapping);
/* On the global address that the sender's flow has. A binding that is made is not held yet. */
enum alg_note map_listener(struct making *m, uint8_t protocol, struct endpoint il, struct mapping *mapping);
/* Two neighbouring ports at once, so that they stay neighbours. Where that cannot be, nothing. */
void map_pair(struct making *m, uint8_t protocol, struct endpoint il);
/* The receiver goes there by its own global address. */
enum alg_note expect_inside(struct making *m, const struct mention *mention, struct endpoint remote);
/* The host of this flow does, or, port not NULL, that of this port by what was announced for it. */
enum alg_note expect_from(struct making *m, const struct mention *mention, const struct flow_record *flow,
			  const struct call_port *port, struct endpoint remote);
bool is_good_port(const struct making *m, const struct mention *mention);
/* By whatever mapping there is, else unchanged. True: there is one. */
bool resolve_name(const struct making *m, const struct mention *mention, struct resolved *out);
/* The inside endpoint that has this global one, as the receiver's side knows it. */
bool name_in(const struct making *m, uint16_t vrf, uint8_t protocol, struct endpoint *at);

/* resolve_call.c */
enum resolve_outcome resolve_signal(struct making *m, const struct mention *mention, struct resolved *out);
enum resolve_outcome resolve_media(struct making *m, const struct mention *mention, struct resolved *out);
/* Where a medium may be received, too (ICE, MSRP), on the sender's own host. */
enum resolve_outcome resolve_candidate(struct making *m, const struct mention *mention, struct resolved *out);
/* A name of the sender's own host that has no mapping. */
enum resolve_outcome resolve_own_name(struct making *m, const struct mention *mention, struct resolved *out);

/* resolve_other.c */
/* May the sender announce this endpoint of another host? Where not, it is resolved as a name; if it is covered and has none, that
 * is counted. */
bool may_announce(struct making *m, const struct mention *mention, uint8_t protocol, struct resolved *out);
/* The address alone of a host that takes part in the call. */
void resolve_party(const struct making *m, const struct mention *mention, struct resolved *out);
/* As the host's own packets would be mapped. A binding that is made is not held yet. */
enum alg_note map_other(struct making *m, uint8_t protocol, struct endpoint il, struct mapping *mapping);
void map_other_pair(struct making *m, uint8_t protocol, struct endpoint il);

/* resolve_aware.c */
/* What a message from inside shows of its sender; when all of it holds. */
void aware_note(struct making *m, const struct mention *mention);
void aware_keep(struct making *m);
/* Does this endpoint show its global address in names? */
bool aware_is(const struct making *m, const struct flow_record *flow);
/* The receiver, who has this local address, writes its global one there by itself, so that it must stay. */
bool aware_of(const struct making *m, const struct mention *mention, ip4 local);

/* resolve_told.c */
/* A name within a session: as the description of that session had it. */
enum resolve_outcome resolve_told(struct making *m, const struct mention *mention, struct resolved *out);

/* resolve_offer.c */
/* Where the other side receives this medium, as it tells the receiver. */
void offer_remember(struct making *m, struct endpoint at, uint16_t medium);
/* Nothing of the message is resolved yet. What the side that asks had offered to begin the call is agreed to if it offers something
 * else before the call is taken: not before its first offer is answered may it do so (RFC 3264 4, RFC 3311 5.1). That holds, and is
 * not undone, even if the message then goes no further: that it was sent says so. */
void offer_begin(struct making *m);
/* Has the message in hand named this port so far? */
bool offer_names(const struct making *m, const struct call_port *port);
/* All was resolved: what of the call's media holds now. */
void offer_follow(struct making *m);

/* resolve_rung.c: who waits for the answer that takes the call, and who is to give one */
/* It is asked. */
void rung_ask(struct making *m);
/* It is answered, or taken back, by one way: m->told.let_go. */
void rung_follow(struct making *m);
/* Is an answer still waited for? Where inside parties ask that is theirs (RFC 3261 16.7: all that were asked in turn are done). */
bool rung_waits(const struct call_record *call);
/* Nobody has taken the call, and this host waits for the answer, or is waited for, by another way. */
bool rung_has(const struct making *m, ip4 host);
/* One of several that are asked takes the call: is this host one of the others? */
bool rung_loses(const struct making *m, ip4 host);

/* resolve_said.c */
/* An inside party of a call, by the flow that it signals on. */
uint32_t call_party(const struct flow_record *flow);
/* The call that a message is of, if it is known or begins. */
void telling_begin(struct making *m);
/* It begins in any case; m->told.call is NULL if there is no room. */
void telling_open(struct making *m);
void telling_undo(struct making *m);
/* All was resolved: now it holds. */
void telling_end(struct making *m);

#endif
