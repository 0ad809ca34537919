/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announcements on the engine of enginelab.h: what a gateway would have found in a message, handed to the policy. */
#ifndef ALGATE_TEST_ALGLAB_H
#define ALGATE_TEST_ALGLAB_H

#include "enginelab.h"
#include "nat/resolve.h"

struct said {
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
static inline struct said lab_say_all(struct lab *lab, enum alg alg, uint32_t flow, uint32_t other, enum flow_side from,
				      const struct mention *mentions, uint32_t n)
{
	static struct findings findings;
	struct said said = {.lab = lab};
	const struct resolve_ask ask = {flow, other, (uint8_t)alg, (uint8_t)from};

	findings_clear(&findings);
	for (uint32_t i = 0; i < n; i++)
		findings.mentions[findings.n_mentions++] = mentions[i];
	said.outcome = resolve_all(lab->engine, lab->now, &ask, &findings, said.to, &said.note);
	return said;
}

static inline struct said lab_say(struct lab *lab, enum alg alg, uint32_t flow, enum flow_side from, struct mention mention)
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

#endif
