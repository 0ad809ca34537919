/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Room for entries: whether a new flow is within the limits, and what its host can do about it.
 *
 * Promises: O(1) for each new flow but for the configured lists; a flow that both sides were heard on never ends for a new
 * one, nor does one of another host. May not look at packets.
 */
#include "nat/state.h"

#define ENDS_MAX 2 /* a flow and its address binding are the most that one packet makes */

static struct acl_subject subject_of_flow(const struct flow_record *flow)
{
	return limit_subject(flow->protocol, (struct endpoint){flow->il, flow->il_port},
			     (struct endpoint){flow->og, flow->og_port});
}

static struct acl_subject subject_of_binding(const struct binding_record *binding)
{
	return limit_subject(0, (struct endpoint){binding->local, 0}, (struct endpoint){0, 0});
}

/* ---- counting ---- */

void entry_binding(struct engine *engine, const struct binding_record *binding)
{
	struct acl_subject subject = subject_of_binding(binding);

	limit_enter(engine->limits, engine->snapshot, binding_node(engine, binding), binding->vrf, &subject);
}

void entry_flow(struct engine *engine, uint32_t index)
{
	const struct flow_record *flow = flow_at(engine->flows, index);
	struct acl_subject subject = subject_of_flow(flow);

	limit_enter(engine->limits, engine->snapshot, index, flow->vrf, &subject);
	entry_heard(engine, index);
}

void entry_heard(struct engine *engine, uint32_t index)
{
	const struct flow_record *flow = flow_at(engine->flows, index);
	const uint8_t both = FLOW_SEEN_IN | FLOW_SEEN_OUT;

	if (flow->flags & FLOW_IDENTITY)
		return;
	if ((flow->flags & both) == both)
		limit_oneway_end(engine->limits, index, flow->vrf, flow->il);
	else
		limit_oneway_add(engine->limits, engine->snapshot, index, flow->vrf, flow->il);
}

void entry_review(struct engine *engine, uint32_t index)
{
	const struct flow_record *flow = flow_at(engine->flows, index);
	struct acl_subject subject = subject_of_flow(flow);
	const struct binding_record *binding;

	if (flow->flags & FLOW_IDENTITY)
		return;
	limit_review(engine->limits, engine->snapshot, index, &subject);
	entry_heard(engine, index);
	binding = flow->binding == RECORD_NONE ? NULL : binding_at(engine->bindings, flow->binding);
	if (binding == NULL || !(binding->flags & BINDING_ADDRESS))
		return;
	subject = subject_of_binding(binding);
	limit_review(engine->limits, engine->snapshot, binding_node(engine, binding), &subject);
}

/* ---- room ---- */

/* What ended may have been the last that used the binding. */
static void check_binding(const struct engine *engine, struct leg *leg)
{
	if (leg->binding != RECORD_NONE && binding_at(engine->bindings, leg->binding) == NULL)
		leg->binding = RECORD_NONE;
}

/* A host at its limit makes room by itself: its oldest flows that only one side was heard on may go. */
static bool host_makes_room(struct engine *engine, uint64_t now, uint16_t vrf, struct leg *leg, uint32_t need)
{
	for (int i = 0; limit_host_room(engine->limits, engine->snapshot, vrf, leg->il.addr) < need; i++) {
		uint32_t oldest = limit_oneway_oldest(engine->limits, vrf, leg->il.addr, engine->spare);

		if (i == ENDS_MAX || oldest == RECORD_NONE) {
			limit_host_miss(engine->limits, engine->snapshot, vrf, leg->il.addr);
			return false;
		}
		flow_end(engine, now, oldest, EVENT_REMOVED);
	}
	check_binding(engine, leg);
	return true;
}

void room_for_own(struct engine *engine, uint64_t now, struct leg *leg)
{
	uint32_t eighth = engine->records->max_flows / 8, most = eighth < OWN_FLOWS_MAX ? eighth : OWN_FLOWS_MAX;

	/* More than one too many only after adoption by a smaller table. */
	for (int i = 0; i < ENDS_MAX && engine->identities > 0 && engine->identities >= most; i++)
		flow_end(engine, now, limit_own_oldest(engine->limits), EVENT_REMOVED);
	check_binding(engine, leg);
}

bool room_for(struct engine *engine, uint64_t now, uint16_t vrf, uint8_t protocol, struct leg *leg, uint32_t need)
{
	uint32_t max = engine->snapshot->max_entries;
	struct acl_subject subject = limit_subject(protocol, leg->il, leg->og);

	if (limit_full(engine->limits)) {
		engine->counts.limit_add_failed++;
		return false;
	}
	if (!host_makes_room(engine, now, vrf, leg, need) ||
	    !limit_lists_room(engine->limits, engine->snapshot, &subject, need))
		return false;
	if (max == 0 || (entries(engine) < max && need <= max - entries(engine)))
		return true;
	engine->counts.limit_missed++;
	return false;
}
