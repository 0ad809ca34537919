/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation by half entries alone (no ip nat create flow-entries): a static entry, or the address that a host was given,
 * says all that a packet needs, so no flow is made, and whoever knows a global address reaches the host behind it. What
 * needs a flow has one all the same: what a gateway reads, and its children; overload; hairpin, whose second visit finds the
 * sender's mapping by it; and a local endpoint of several static entries, which alone would not tell the answer's way.
 *
 * Promises: O(1) but for the rules; no effect. May not be asked where a flow is found.
 */
#include "nat/binding.h"
#include "nat/decide.h"
#include "nat/state.h"

bool half_wanted(const struct ask *ask)
{
	const struct decoded *view = ask->view;

	return ask->snapshot->half_only && ask->packet->visit != VISIT_TURN_BACK &&
	       (view->kind != L4_PORTS || snapshot_service(ask->snapshot, view->protocol, view->destination_port,
							   view->destination) == ALG_NONE);
}

const struct binding_record *half_of_global(const struct ask *ask, ip4 global)
{
	const struct binding_record *binding =
		binding_by_global(ask->engine->bindings, ask->vrf, 0, (struct endpoint){global, 0});

	if (binding == NULL || !(binding->flags & BINDING_ADDRESS) || !binding_fits(ask->snapshot, binding))
		return NULL;
	return binding;
}

static const struct binding_record *half_of_local(const struct ask *ask, ip4 local)
{
	const struct binding_record *binding = NULL;

	for (uint32_t i = 0; binding == NULL && i < ask->snapshot->n_rules; i++) {
		const struct snapshot_rule *rule = &ask->snapshot->rules[i];

		if (rule->is_interface || rule->overload)
			continue;
		binding = binding_by_rule(ask->engine->bindings, ask->vrf, 0, (struct endpoint){local, 0},
					  rule->id);
	}
	return binding != NULL && binding_fits(ask->snapshot, binding) ? binding : NULL;
}

/* As the flow would be. */
static void fill(struct flow_record *flow, const struct ask *ask, uint8_t protocol, struct endpoint outside)
{
	flow->vrf = ask->vrf;
	flow->protocol = protocol;
	flow->ol = flow->og = outside.addr;
	flow->ol_port = flow->og_port = outside.port;
	if (protocol == PROTOCOL_ICMP) {
		flow->ol_port = flow->il_port;
		flow->og_port = flow->ig_port;
	}
}

bool half_inbound(const struct ask *ask, uint8_t protocol, struct endpoint local, struct endpoint outside,
		  struct flow_record *flow)
{
	const struct snapshot_static *entry;
	const struct binding_record *binding;

	if (!half_wanted(ask))
		return false;
	entry = snapshot_static_local(ask->snapshot, ask->vrf, protocol, local);
	binding = entry == NULL ? half_of_local(ask, local.addr) : NULL;
	*flow = (struct flow_record){.il = local.addr, .il_port = local.port, .ig_port = local.port};
	if (entry != NULL && entry->global != 0) {
		flow->ig = entry->global;
		if (entry->protocol != 0)
			flow->ig_port = entry->global_port;
	} else if (binding != NULL) {
		flow->ig = binding->global;
	} else {
		return false;
	}
	fill(flow, ask, protocol, outside);
	return true;
}

bool half_outbound(const struct ask *ask, uint8_t protocol, struct endpoint global, struct endpoint outside,
		   struct flow_record *flow)
{
	const struct snapshot_static *entry;
	const struct binding_record *binding;

	if (!half_wanted(ask))
		return false;
	entry = snapshot_static_global(ask->snapshot, ask->vrf, protocol, global);
	binding = entry == NULL ? half_of_global(ask, global.addr) : NULL;
	*flow = (struct flow_record){.ig = global.addr, .ig_port = global.port, .il_port = global.port};
	if (entry != NULL) {
		flow->il = entry->local;
		if (entry->protocol != 0)
			flow->il_port = entry->local_port;
	} else if (binding != NULL) {
		flow->il = binding->local;
	} else {
		return false;
	}
	fill(flow, ask, protocol, outside);
	return true;
}
