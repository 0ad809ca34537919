/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announcements on the engine of enginelab.h: what a gateway would have found in a message, handed to the policy. */
#ifndef ALGATE_TEST_ALGLAB_H
#define ALGATE_TEST_ALGLAB_H

#include "enginelab.h"
#include "nat/resolve.h"

struct told {
	struct lab *lab;
	enum resolve_outcome outcome;
	enum alg_note note;
	struct resolved to[16];
};

/* The flow that goes from this inside endpoint to that outside one. */
static inline uint32_t lab_flow(struct lab *lab, ip4 il, uint16_t il_port, ip4 og, uint16_t og_port)
{
	uint32_t from = 0, index;

	while ((index = flow_next(lab->engine->flows, &from, UINT32_MAX)) != RECORD_NONE) {
		const struct flow_record *flow = flow_at(lab->engine->flows, index);

		if (flow->il == il && flow->il_port == il_port && flow->og == og && flow->og_port == og_port)
			return index;
	}
	return RECORD_NONE;
}

static inline const struct flow_record *lab_flow_at(struct lab *lab, uint32_t index)
{
	return flow_at(lab->engine->flows, index);
}

/* A message of several mentions. */
static inline struct told lab_say_all(struct lab *lab, enum alg alg, uint32_t flow, uint32_t other, enum flow_side from,
				      const struct mention *mentions, uint32_t n)
{
	static struct findings findings;
	struct told said = {.lab = lab};
	const struct resolve_ask ask = {flow, other, (uint8_t)alg, (uint8_t)from};

	findings_clear(&findings);
	memcpy(findings.message, "ANNOUNCED", sizeof("ANNOUNCED"));
	for (uint32_t i = 0; i < n; i++)
		findings.mentions[findings.n_mentions++] = mentions[i];
	said.outcome = resolve_all(lab->engine, lab->now, &ask, &findings, said.to, &said.note);
	return said;
}

static inline struct told lab_say(struct lab *lab, enum alg alg, uint32_t flow, enum flow_side from, struct mention mention)
{
	return lab_say_all(lab, alg, flow, RECORD_NONE, from, &mention, 1);
}

static inline struct mention listens(ip4 addr, uint16_t port)
{
	return (struct mention){.at = {addr, port}, .protocol = P_TCP, .role = ROLE_LISTEN};
}

static inline uint32_t lab_expected(const struct lab *lab)
{
	return expect_count(lab->engine->expects);
}

/* ---- packets */

static inline enum reason lab_tcp_in(struct lab *lab, int peer, uint16_t sport, ip4 global, uint16_t port,
				     uint8_t flags, struct pkt *p)
{
	*p = pkt_tcp(PEER(peer), sport, global, port, flags);
	return lab_in(lab, p);
}

static inline enum reason lab_tcp_out(struct lab *lab, int host, uint16_t sport, int peer, uint16_t port,
				      uint8_t flags, struct pkt *p)
{
	*p = pkt_tcp(HOST(host), sport, PEER(peer), port, flags);
	return lab_out(lab, p);
}

/* A control connection from inside, established. */
static inline uint32_t lab_control(struct lab *lab, int host, uint16_t port, int peer)
{
	struct pkt p;
	uint32_t flow;
	const struct flow_record *record;

	lab_tcp_out(lab, host, port, peer, 21, F_SYN, &p);
	flow = lab_flow(lab, HOST(host), port, PEER(peer), 21);
	record = lab_flow_at(lab, flow);
	lab_tcp_in(lab, peer, 21, record->ig, record->ig_port, F_SYN | F_ACK, &p);
	lab_tcp_out(lab, host, port, peer, 21, F_ACK, &p);
	return flow;
}

/* One from outside to a static entry, established. */
static inline uint32_t lab_served(struct lab *lab, ip4 global, uint16_t port, int host, uint16_t local)
{
	struct pkt p;

	lab_tcp_in(lab, 1, 1500, global, port, F_SYN, &p);
	lab_tcp_out(lab, host, local, 1, 1500, F_SYN | F_ACK, &p);
	lab_tcp_in(lab, 1, 1500, global, port, F_ACK, &p);
	return lab_flow(lab, HOST(host), local, PEER(1), 1500);
}

#endif
