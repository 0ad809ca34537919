/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to become of a packet, decided without any effect: the packet path, debug and a dry run share it.
 */
#ifndef ALGATE_NAT_DECIDE_H
#define ALGATE_NAT_DECIDE_H

#include "nat/decode.h"
#include "nat/engine.h"
#include "nat/flow.h"

enum leg_kind {
	LEG_NONE,
	LEG_FLOW,     /* a flow that exists */
	LEG_STATIC,   /* a new flow of a static entry */
	LEG_OVERLOAD, /* a new flow of an overload rule: global address and port */
	LEG_ADDRESS,  /* a new flow of a dynamic rule without overload: global address */
	LEG_IDENTITY, /* a new flow of the router itself: its port is reserved, nothing is translated */
	LEG_EXPECTED, /* a new flow that a gateway has announced */
};

#define LEG_ACES 4

/* One translation that the packet takes part in. */
struct leg {
	uint8_t kind;       /* enum leg_kind */
	bool half;          /* LEG_STATIC, LEG_ADDRESS: translated by the half entry alone, no flow is made; LEG_IDENTITY: its
			     * port is reserved already */
	bool recheck;       /* LEG_FLOW of another epoch: looked at, still good */
	uint32_t stale;     /* flow in the way whose rule or global is gone; RECORD_NONE */
	uint32_t flow;      /* LEG_FLOW */
	struct flow_slot *slot; /* its slot of the packet's side, good until a flow is made or ended */
	const struct snapshot_rule *rule; /* LEG_OVERLOAD, LEG_ADDRESS */
	uint64_t id;        /* of rule or static entry, also of the one that refused */
	uint32_t binding;   /* an existing one, or RECORD_NONE: to be made (then ig is not known yet) */
	struct endpoint il, ig, og; /* new flow; outside local is outside global */
	/* LEG_EXPECTED */
	uint32_t expectation; /* EXPECT_MAX and more: a call's port */
	uint8_t child;      /* enum alg: the flow's gateway */
	bool is_static;     /* id is a static entry's */
	bool fixed;         /* needs no binding: the entry says all */
	bool enters;        /* begun from outside */
	/* Entries of access lists that the packet, for want of a flow, was matched by: the first denials and the entry that
	 * decided, in their order. */
	uint8_t n_aces;
	uint32_t aces[LEG_ACES];
};

/* ICMP error: what its addresses and those of the packet it quotes become. */
struct icmp_change {
	ip4 source, destination;
	struct endpoint quote_source, quote_destination; /* quoted query: identifier in both */
	/* Where a gateway reads the flow: added to the quoted segment's sequence number, and whether its text must not be shown. */
	uint32_t numbers;
	bool blank;
};

struct decision {
	enum reason reason;
	uint8_t side;  /* enum flow_side: where the packet comes from */
	uint16_t vrf;
	struct leg out; /* the sender's own translation (visits 2 and 3) */
	struct leg in;  /* the receiver's (visits 1 and 2) */
	struct endpoint turned; /* visit 3 with the hairpin mark: new source */
	struct icmp_change error;
	/* Set by engine_record: a gateway reads this flow, or one of the two; read_other: the receiver's of a hairpin. RECORD_NONE:
	 * none does. */
	uint32_t read, read_other;
};

/* Nothing but a reason. */
struct decision decision_of(enum reason reason);
/* No effect on anything. The decision points into snapshot and engine: it is good until either changes. */
struct decision engine_decide(const struct engine *engine, const struct snapshot *snapshot,
			      const struct packet *packet, const struct decoded *view);

/* The parts that icmp.c shares. */
struct ask {
	const struct engine *engine;
	const struct snapshot *snapshot;
	const struct packet *packet;
	const struct decoded *view;
	uint16_t vrf;
	uint8_t in_role, out_role;
};

/* The question that a packet puts: realm and roles of its interfaces. */
struct ask ask_of(const struct engine *engine, const struct snapshot *snapshot, const struct packet *packet,
		  const struct decoded *view);
/* Key of a packet of this one's protocol and kind, from inside (outside), with these endpoints. */
struct flow_key key_inside(const struct ask *ask, const struct decoded *like, struct endpoint source,
			   struct endpoint destination);
struct flow_key key_outside(const struct ask *ask, const struct decoded *like, struct endpoint source,
			    struct endpoint destination);
/* The key that the packet is looked up by before anything else; false: by none. */
bool key_first(const struct ask *ask, struct flow_key *key);
/* The flow whose packets have this key, unless it is stale; NULL. */
const struct flow_record *flow_good(const struct ask *ask, const struct flow_key *key);
/* cover.c: the first rule whose list permits the packet, NULL; the entries that it was matched by are noted in the leg (NULL:
 * nowhere). */
const struct snapshot_rule *rule_for(const struct ask *ask, const struct acl_subject *subject, struct leg *leg);
/* Would a packet with these addresses be translated? Ports count only where ports_known. */
bool covers(const struct ask *ask, const struct acl_subject *subject);
struct acl_subject subject_of(const struct decoded *view);
/* Does the destination belong to what we give out, or to the router? */
bool is_ours(const struct ask *ask, ip4 addr);
/* Is what the sender's flow puts out what the receiver's takes in? */
bool flows_meet(const struct flow_record *sender, const struct flow_record *receiver);
/* The two flows of a hairpin, by a packet (or quote) as it is between its two translations: from the sender's own
 * endpoint to the receiver's. */
bool turned_flows(const struct ask *ask, const struct decoded *between, const struct flow_record **sender,
		  const struct flow_record **receiver);
/* Are the flow's (the binding's) rule and global address still there? */
bool flow_fits(const struct snapshot *snapshot, const struct flow_record *flow);
bool binding_fits(const struct snapshot *snapshot, const struct binding_record *binding);
/* Does this static entry map these two to each other, this dynamic rule give out this global address? */
bool mapping_fits(const struct snapshot *snapshot, uint64_t rule, bool is_static, ip4 il, ip4 ig);

/* half.c: is this packet one that half entries translate alone? */
bool half_wanted(const struct ask *ask);
/* The address binding of this global address that still holds; NULL. */
const struct binding_record *half_of_global(const struct ask *ask, ip4 global);
/* The flow of a packet that came from outside (went there), as it would be if there were one, by the half entry of its inside local
 * (global) endpoint. */
bool half_inbound(const struct ask *ask, uint8_t protocol, struct endpoint local, struct endpoint outside,
		  struct flow_record *flow);
bool half_outbound(const struct ask *ask, uint8_t protocol, struct endpoint global, struct endpoint outside,
		   struct flow_record *flow);

/* icmp.c: what becomes of an ICMP error, by visit. */
enum reason icmp_decide(const struct ask *ask, struct icmp_change *change);
/* Carries it out: outer addresses, quoted addresses, ports, numbers and checksums; a quoted text that shows too much is zeros.
 * Extensions (RFC 4884) and padding stay. */
void icmp_apply(struct decoded *view, const struct icmp_change *change);

#endif
