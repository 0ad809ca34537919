/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An engine on the table: one inside interface (1, 10.0.0.1), one outside (2, 203.0.113.1), one that is neither (3), and a
 * configuration written by hand. Numbers of packets go in one by one.
 */
#ifndef ALGATE_TEST_ENGINELAB_H
#define ALGATE_TEST_ENGINELAB_H

#include <stdlib.h>
#include "lib/mem.h"
#include "nat/engine.h"
#include "packets.h"

#define IN      1
#define OUT     2
#define OTHER   3
#define GATE    IP(10, 0, 0, 1)     /* the router, inside */
#define FACE    IP(203, 0, 113, 1)  /* the router, outside */
#define HOST(n) IP(10, 0, 0, (n))
#define PEER(n) IP(198, 51, 100, (n))
#define POOL(n) IP(203, 0, 113, (n))

struct lab {
	struct records *records;
	struct engine *engine;
	struct snapshot *conf; /* being written */
	uint64_t now;
	uint32_t visits;
	struct out out;
	uint32_t mark;
};

static inline void lab_conf(struct lab *lab, uint32_t epoch)
{
	struct snapshot *s = snapshot_new(epoch);

	s->n_interfaces = 3;
	s->interfaces = mem_alloc(3 * sizeof(*s->interfaces));
	s->interfaces[0] = (struct snapshot_interface){IN, 0, ROLE_INSIDE, GATE, "inside"};
	s->interfaces[1] = (struct snapshot_interface){OUT, 0, ROLE_OUTSIDE, FACE, "outside"};
	s->interfaces[2] = (struct snapshot_interface){OTHER, 0, ROLE_NONE, IP(172, 16, 0, 1), "other"};
	s->n_own = 3;
	s->own = mem_alloc(3 * sizeof(*s->own));
	s->own[0] = (struct snapshot_own){GATE, IN, ROLE_INSIDE, false};
	s->own[1] = (struct snapshot_own){IP(172, 16, 0, 1), OTHER, ROLE_NONE, false};
	s->own[2] = (struct snapshot_own){FACE, OUT, ROLE_OUTSIDE, false};
	lab->conf = s;
}

static inline void lab_global(struct lab *lab, ip4 first, ip4 last)
{
	struct snapshot *s = lab->conf;
	uint32_t i = s->n_globals++;

	s->globals = mem_grow(s->globals, s->n_globals, sizeof(*s->globals));
	for (; i > 0 && s->globals[i - 1].first > first; i--)
		s->globals[i] = s->globals[i - 1];
	s->globals[i] = (struct snapshot_pool_range){first, last};
}

/* One list of one entry: permit `protocol` (0 any) from an address under a mask to anywhere. */
static inline uint32_t lab_list(struct lab *lab, uint8_t protocol, ip4 from, ip4 care)
{
	struct snapshot *s = lab->conf;

	s->aces = mem_grow(s->aces, s->n_aces + 1, sizeof(*s->aces));
	s->acls = mem_grow(s->acls, s->n_acls + 1, sizeof(*s->acls));
	s->aces[s->n_aces] = (struct snapshot_ace){.permit = true,
						   .protocol = protocol,
						   .source = from,
						   .source_care = care,
						   .icmp_type = -1,
						   .icmp_code = -1};
	s->acls[s->n_acls] = (struct snapshot_acl){"LIST", s->n_aces++, 1};
	return s->n_acls++;
}

static inline uint32_t lab_pool(struct lab *lab, const char *name, ip4 first, ip4 last)
{
	struct snapshot *s = lab->conf;
	struct snapshot_pool pool = {.id = s->n_pools + 1, .netmask = 0xffffff00, .count = 1};

	snprintf(pool.name, sizeof(pool.name), "%s", name);
	pool.first = s->n_pool_ranges;
	pool.size = last - first + 1;
	s->pools = mem_grow(s->pools, s->n_pools + 1, sizeof(*s->pools));
	s->pool_ranges = mem_grow(s->pool_ranges, s->n_pool_ranges + 1, sizeof(*s->pool_ranges));
	s->pool_ranges[s->n_pool_ranges++] = (struct snapshot_pool_range){first, last};
	s->pools[s->n_pools] = pool;
	lab_global(lab, first, last);
	return s->n_pools++;
}

/* pool SNAPSHOT_NONE: overload on the outside interface, whose address is given. */
static inline void lab_rule(struct lab *lab, uint64_t id, uint32_t list, uint32_t pool, ip4 address, bool overload)
{
	struct snapshot *s = lab->conf;
	struct snapshot_rule rule = {.id = id,
				     .number = s->n_rules + 1,
				     .acl = list,
				     .pool = pool,
				     .address = address,
				     .is_interface = pool == SNAPSHOT_NONE,
				     .overload = overload};

	s->rules = mem_grow(s->rules, s->n_rules + 1, sizeof(*s->rules));
	s->rules[s->n_rules++] = rule;
}

static inline void lab_static(struct lab *lab, uint64_t id, uint8_t protocol, ip4 local, uint16_t local_port,
			      ip4 global, uint16_t global_port)
{
	struct snapshot *s = lab->conf;

	s->statics = mem_grow(s->statics, s->n_statics + 1, sizeof(*s->statics));
	s->statics[s->n_statics++] = (struct snapshot_static){.id = id,
							      .protocol = protocol,
							      .local = local,
							      .local_port = local_port,
							      .global = global,
							      .global_port = global_port};
	if (global != 0 && global != FACE)
		lab_global(lab, global, global);
}

/* Everything inside, behind the outside interface. */
static inline void lab_masquerade(struct lab *lab)
{
	lab_rule(lab, 100, lab_list(lab, 0, HOST(0), 0xff000000), SNAPSHOT_NONE, FACE, true);
}

static inline bool lab_swap(struct lab *lab, struct swap *swap)
{
	snapshot_index(lab->conf);
	swap->snapshot = lab->conf;
	lab->conf = NULL;
	if (!engine_swap(lab->engine, lab->now, swap)) {
		snapshot_free(swap->snapshot);
		return false;
	}
	while (!engine_sweep(lab->engine, lab->now))
		;
	snapshot_free(swap->old);
	return true;
}

static inline bool lab_commit(struct lab *lab)
{
	struct swap swap = {0};

	return lab_swap(lab, &swap);
}

static inline void lab_open(struct lab *lab, uint32_t max_flows)
{
	struct err err;

	*lab = (struct lab){.now = 1000000};
	lab->records = records_open(NULL, max_flows, &err);
	if (lab->records == NULL)
		abort();
	lab->engine = engine_new(lab->records, 42, lab->now);
	lab_conf(lab, 1);
}

static inline void lab_close(struct lab *lab)
{
	snapshot_free(lab->conf);
	engine_free(lab->engine);
	records_close(lab->records);
}

/* One packet at one visit; the marks of a hairpin are carried from visit to visit in lab->mark. */
static inline enum reason lab_visit(struct lab *lab, enum visit visit, uint32_t in, uint32_t out, struct pkt *p)
{
	struct packet packet = {.data = p->data,
				.length = p->length,
				.room = sizeof(p->data),
				.in_ifindex = in,
				.out_ifindex = out,
				.mark = lab->mark,
				.visit = (uint8_t)visit};

	struct prepared prepared;

	/* Both ways lead to the same end. */
	if (lab->visits++ % 2 == 0) {
		engine_prepare(lab->engine, &packet, &prepared);
		packet.prepared = &prepared;
	}
	engine_packet(lab->engine, lab->now, &packet, &lab->out);
	p->length = packet.length;
	lab->mark = 0;
	return lab->out.reason;
}

/* The packet itself did not go on. */
static inline bool lab_gone(const struct lab *lab)
{
	return lab->out.verdict == VERDICT_DROP || lab->out.verdict == VERDICT_TAKE;
}

static inline enum reason lab_out(struct lab *lab, struct pkt *p)
{
	return lab_visit(lab, VISIT_TO_OUTSIDE, IN, OUT, p);
}

static inline enum reason lab_in(struct lab *lab, struct pkt *p)
{
	return lab_visit(lab, VISIT_FROM_OUTSIDE, OUT, 0, p);
}

static inline enum reason lab_own(struct lab *lab, struct pkt *p)
{
	return lab_visit(lab, VISIT_TO_OUTSIDE, 0, OUT, p);
}

/* Both visits of a hairpin; the reason of the first that does not translate, else of the second. */
static inline enum reason lab_turn(struct lab *lab, struct pkt *p)
{
	enum reason reason = lab_visit(lab, VISIT_TURN_BACK, IN, 0, p);

	if (lab->out.verdict != VERDICT_REPLACE)
		return reason;
	lab->mark = lab->out.mark;
	return lab_visit(lab, VISIT_TO_OUTSIDE, IN, IN, p);
}

static inline void lab_wait(struct lab *lab, uint32_t s)
{
	uint64_t end = lab->now + s * 1000ULL;

	while (engine_next(lab->engine) <= end) {
		uint64_t next = engine_next(lab->engine);

		lab->now = next > lab->now ? next : lab->now;
		engine_tick(lab->engine, lab->now, &lab->out);
	}
	lab->now = end;
}

static inline struct engine_counts lab_counts(const struct lab *lab)
{
	struct engine_counts counts;

	engine_counts(lab->engine, &counts);
	return counts;
}

#endif
