/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy: which translation a packet gets, visit by visit. Static before dynamic; of the rules the first whose list
 * permits the packet decides.
 *
 * Promises: no effect; a covered source is translated or dropped by name, whatever the packet. May not take ports, count, or
 * keep anything.
 */
#include "nat/decide.h"

#include <string.h>
#include "nat/binding.h"
#include "nat/resolve.h"
#include "nat/state.h"

/* ---- keys and flows ---- */

static uint16_t outer_port(const struct decoded *like, uint16_t port)
{
	if (like->protocol != PROTOCOL_ICMP)
		return port;
	return like->kind == L4_OTHER ? KEY_PORTLESS : 0;
}

struct flow_key key_inside(const struct ask *ask, const struct decoded *like, struct endpoint source,
			   struct endpoint destination)
{
	return (struct flow_key){source.addr, destination.addr, source.port,
				 outer_port(like, destination.port), like->protocol,
				 SIDE_INSIDE, ask->vrf};
}

struct flow_key key_outside(const struct ask *ask, const struct decoded *like, struct endpoint source,
			    struct endpoint destination)
{
	return (struct flow_key){source.addr, destination.addr,
				 outer_port(like, source.port), destination.port,
				 like->protocol, SIDE_OUTSIDE, ask->vrf};
}

static bool rule_gives(const struct snapshot *snapshot, uint64_t id, ip4 global)
{
	const struct snapshot_rule *rule = snapshot_rule_by_id(snapshot, id);

	if (rule == NULL)
		return false;
	return rule->is_interface ? rule->address == global
				  : snapshot_pool_has(snapshot, rule->pool, global);
}

static bool is_shared_own(const struct snapshot *snapshot, ip4 addr)
{
	const struct snapshot_own *own = snapshot_own(snapshot, addr);

	return own != NULL && own->shared;
}

bool mapping_fits(const struct snapshot *snapshot, uint64_t rule, bool is_static, ip4 il, ip4 ig)
{
	const struct snapshot_static *entry;

	if (!is_static)
		return rule_gives(snapshot, rule, ig);
	entry = snapshot_static_by_id(snapshot, rule);
	return entry != NULL && entry->global == ig && entry->local == il;
}

bool flow_fits(const struct snapshot *snapshot, const struct flow_record *flow)
{
	if (flow->flags & FLOW_IDENTITY)
		return is_shared_own(snapshot, flow->il);
	return mapping_fits(snapshot, flow->rule, flow->flags & FLOW_STATIC, flow->il, flow->ig);
}

bool binding_fits(const struct snapshot *snapshot, const struct binding_record *binding)
{
	if (binding->flags & BINDING_IDENTITY)
		return is_shared_own(snapshot, binding->local);
	/* A port that a child has on the global address of its parent's static entry. */
	return mapping_fits(snapshot, binding->rule, snapshot_static_by_id(snapshot, binding->rule) != NULL,
			    binding->local, binding->global);
}

static bool slot_good(const struct ask *ask, const struct flow_slot *slot)
{
	return slot->epoch == ask->snapshot->epoch ||
	       flow_fits(ask->snapshot, flow_at(ask->engine->flows, slot->flow));
}

const struct flow_record *flow_good(const struct ask *ask, const struct flow_key *key)
{
	const struct flow_slot *slot = flow_lookup(ask->engine->flows, key);

	return slot != NULL && slot_good(ask, slot) ? flow_at(ask->engine->flows, slot->flow) : NULL;
}

/* The hash is known already where the packet was prepared by this key. */
static struct flow_slot *slot_of(const struct ask *ask, const struct flow_key *key)
{
	const struct prepared *prepared = ask->packet->prepared;

	if (prepared != NULL && prepared->keyed && memcmp(&prepared->key, key, sizeof(*key)) == 0)
		return flow_lookup_hashed(ask->engine->flows, key, prepared->hash);
	return flow_lookup(ask->engine->flows, key);
}

static bool find_leg(const struct ask *ask, const struct flow_key *key, struct leg *leg)
{
	struct flow_slot *slot = slot_of(ask, key);

	if (slot == NULL)
		return false;
	if (!slot_good(ask, slot)) {
		leg->stale = slot->flow;
		return false;
	}
	leg->kind = LEG_FLOW;
	leg->recheck = slot->epoch != ask->snapshot->epoch;
	leg->flow = slot->flow;
	leg->slot = slot;
	return true;
}

/* Ports, an identifier, or neither because the protocol has none: the packet can be told from others. */
static bool has_key(const struct decoded *view)
{
	if (view->fragment || view->broken)
		return false;
	return view->kind == L4_PORTS || view->kind == L4_QUERY || view->kind == L4_OTHER;
}

static struct endpoint source_of(const struct decoded *view)
{
	return (struct endpoint){view->source, view->source_port};
}

static struct endpoint destination_of(const struct decoded *view)
{
	return (struct endpoint){view->destination, view->destination_port};
}

bool key_first(const struct ask *ask, struct flow_key *key)
{
	struct endpoint source = source_of(ask->view), destination = destination_of(ask->view);

	if (!has_key(ask->view) || ask->packet->visit == VISIT_OWN_ERROR)
		return false;
	*key = ask->packet->visit == VISIT_FROM_OUTSIDE
		       ? key_outside(ask, ask->view, source, destination)
		       : key_inside(ask, ask->view, source, destination);
	return true;
}

/* ---- the sender's translation ---- */

static enum reason static_leg(const struct ask *ask, const struct snapshot_static *entry, struct leg *leg)
{
	leg->id = entry->id;
	if (entry->global == 0)
		return REASON_NO_ADDRESS;
	leg->kind = LEG_STATIC;
	leg->half = half_wanted(ask) && !entry->ambiguous;
	return leg->half ? REASON_TRANSLATED : REASON_TRANSLATED_NEW;
}

/* The one that the rule gave, unless its address is the rule's no more (it ends with the sweep). */
static const struct binding_record *given_by(const struct ask *ask, uint8_t protocol, struct endpoint local,
					     const struct leg *leg)
{
	const struct binding_record *binding =
		binding_by_rule(ask->engine->bindings, ask->vrf, protocol, local, leg->id);

	return binding != NULL && binding_fits(ask->snapshot, binding) ? binding : NULL;
}

static enum reason overload_leg(const struct ask *ask, struct leg *leg)
{
	const struct binding_record *binding;

	if (ask->view->kind == L4_OTHER)
		return REASON_UNKNOWN_PROTOCOL;
	leg->kind = LEG_OVERLOAD;
	binding = given_by(ask, ask->view->protocol, leg->il, leg);
	if (binding != NULL) {
		leg->binding = binding_index(ask->engine->bindings, binding);
		leg->ig = (struct endpoint){binding->global, binding->global_port};
	}
	return REASON_TRANSLATED_NEW;
}

static enum reason address_leg(const struct ask *ask, struct leg *leg)
{
	struct endpoint host = {leg->il.addr, 0};
	const struct binding_record *binding;

	leg->kind = LEG_ADDRESS;
	leg->half = half_wanted(ask);
	binding = given_by(ask, 0, host, leg);
	if (binding == NULL)
		return REASON_TRANSLATED_NEW;
	leg->binding = binding_index(ask->engine->bindings, binding);
	leg->ig = (struct endpoint){binding->global, leg->il.port};
	if (!leg->half)
		return REASON_TRANSLATED_NEW;
	leg->n_aces = 0; /* counted when it was given its address */
	return REASON_TRANSLATED;
}

static enum reason rule_leg(const struct ask *ask, const struct snapshot_rule *rule, struct leg *leg)
{
	leg->rule = rule;
	leg->id = rule->id;
	if (rule->is_interface && rule->address == 0)
		return REASON_NO_ADDRESS;
	if (!rule->is_interface && rule->pool == SNAPSHOT_NONE)
		return REASON_NO_PORT;
	return rule->is_interface || rule->overload ? overload_leg(ask, leg) : address_leg(ask, leg);
}

/* A new translation for the packet's source, static before dynamic. */
static enum reason new_out_leg(const struct ask *ask, struct leg *leg)
{
	const struct acl_subject subject = subject_of(ask->view);
	const struct snapshot_static *entry;
	const struct snapshot_rule *rule;

	leg->il = source_of(ask->view);
	leg->og = destination_of(ask->view);
	if (resolve_expected(ask, SIDE_INSIDE, leg->il, leg->og, leg))
		return REASON_TRANSLATED_NEW;
	entry = snapshot_static_local(ask->snapshot, ask->vrf, ask->view->protocol, leg->il);
	if (entry != NULL) {
		leg->ig.addr = entry->global;
		leg->ig.port = entry->protocol != 0 ? entry->global_port : leg->il.port;
		return static_leg(ask, entry, leg);
	}
	rule = rule_for(ask, &subject, leg);
	return rule == NULL ? REASON_NOT_COVERED : rule_leg(ask, rule, leg);
}

/* Why a packet without a key cannot be translated, if its source is covered. */
static enum reason keyless(const struct ask *ask)
{
	struct acl_subject subject = subject_of(ask->view);

	if (!covers(ask, &subject))
		return REASON_NOT_COVERED;
	if (ask->view->broken)
		return REASON_MALFORMED;
	return ask->view->fragment ? REASON_FRAGMENT : REASON_UNKNOWN_PROTOCOL;
}

/* What makes state must be whole (RFC 5508 REQ-3, reliability 4.14); what does not is forwarded as it is. */
static enum reason checked(const struct ask *ask, enum reason reason)
{
	bool trusted = ask->packet->checksum_partial || ask->packet->checksum_good;

	if (ask->view->routing_option && reason != REASON_NOT_COVERED)
		return REASON_IP_OPTION;
	if (reason == REASON_TRANSLATED_NEW && !decode_verify(ask->view, !trusted))
		return REASON_BAD_CHECKSUM;
	return reason;
}

static enum reason out_leg(const struct ask *ask, struct leg *leg)
{
	struct flow_key key;

	if (!has_key(ask->view))
		return keyless(ask);
	key = key_inside(ask, ask->view, source_of(ask->view), destination_of(ask->view));
	if (find_leg(ask, &key, leg))
		return ask->view->routing_option ? REASON_IP_OPTION : REASON_TRANSLATED;
	return checked(ask, new_out_leg(ask, leg));
}

/* ---- visit 3 ---- */

static bool is_query_answer(const struct decoded *view)
{
	return view->kind == L4_QUERY &&
	       (view->icmp_type == ICMP_ECHO_REPLY || view->icmp_type == ICMP_TIMESTAMP_REPLY ||
		view->icmp_type == ICMP_INFORMATION_REPLY || view->icmp_type == ICMP_MASK_REPLY);
}

/* Is one flow enough for the port? Not for connections: each has an end of its own. A SYN-ACK is none yet. */
static bool shares_port(const struct decoded *view)
{
	const uint8_t answer = TCP_SYN | TCP_ACK;

	return view->protocol != PROTOCOL_TCP || (view->tcp_flags & answer) == answer;
}

/* The router's own packet, not covered. Where its address is shared with a rule, the port is reserved by a flow. What only
 * answers makes none that reserves nothing: else whoever sends to the router would fill its table. */
static enum reason own_leg(const struct ask *ask, struct leg *leg)
{
	struct endpoint source = source_of(ask->view);
	const struct snapshot_static *entry;
	const struct binding_record *holder;

	if (!has_key(ask->view) || ask->view->kind == L4_OTHER ||
	    !is_shared_own(ask->snapshot, source.addr))
		return REASON_FROM_ROUTER;
	/* The identifier belongs to who asked; a host of ours may have the same. */
	if (is_query_answer(ask->view))
		return REASON_FROM_ROUTER;
	entry = snapshot_static_global(ask->snapshot, ask->vrf, ask->view->protocol, source);
	if (entry != NULL && entry->protocol != 0)
		return REASON_PORT_COLLISION;
	holder = binding_by_global(ask->engine->bindings, ask->vrf, ask->view->protocol, source);
	if (holder != NULL && !(holder->flags & BINDING_IDENTITY))
		return REASON_PORT_COLLISION;
	if (ask->view->protocol == PROTOCOL_TCP && ask->view->tcp_flags & TCP_RST)
		return REASON_FROM_ROUTER;
	leg->kind = LEG_IDENTITY;
	leg->half = holder != NULL && shares_port(ask->view);
	leg->il = leg->ig = source;
	leg->og = destination_of(ask->view);
	if (holder != NULL)
		leg->binding = binding_index(ask->engine->bindings, holder);
	return REASON_FROM_ROUTER;
}

static bool unchanged(const struct flow_slot *slot)
{
	return slot->key.source == slot->new_source && slot->key.source_port == slot->new_source_port &&
	       slot->key.destination == slot->new_destination &&
	       slot->key.destination_port == slot->new_destination_port;
}

static enum reason from_router(const struct ask *ask, struct decision *decision)
{
	enum reason reason;

	/* Visit 4 has spoken already. */
	if (ask->view->kind == L4_ERROR && (ask->packet->mark & MARK_DONE))
		return REASON_FROM_ROUTER;
	if (ask->view->kind == L4_ERROR)
		return icmp_decide(ask, &decision->error);
	reason = out_leg(ask, &decision->out);
	if (decision->out.kind == LEG_FLOW && unchanged(decision->out.slot))
		return REASON_FROM_ROUTER;
	return reason == REASON_NOT_COVERED ? own_leg(ask, &decision->out) : reason;
}

bool flows_meet(const struct flow_record *sender, const struct flow_record *receiver)
{
	return receiver->og == sender->ig && receiver->og_port == sender->ig_port &&
	       receiver->ig == sender->og && receiver->ig_port == sender->og_port &&
	       receiver->protocol == sender->protocol && receiver->vrf == sender->vrf;
}

static const struct flow_record *good_at(const struct ask *ask, uint32_t index)
{
	const struct flow_record *flow = flow_at(ask->engine->flows, index);

	if (flow == NULL || !slot_good(ask, flow_slot_of(ask->engine->flows, index, SIDE_INSIDE)))
		return NULL;
	return flow;
}

bool turned_flows(const struct ask *ask, const struct decoded *between, const struct flow_record **sender,
		  const struct flow_record **receiver)
{
	struct flow_key key = key_inside(ask, between, source_of(between), destination_of(between));
	uint32_t from, to;

	from = turn_find(ask->engine->turns, &key, &to);
	if (from == RECORD_NONE)
		return false;
	*sender = good_at(ask, from);
	*receiver = good_at(ask, to);
	return *sender != NULL && *receiver != NULL && flows_meet(*sender, *receiver);
}

/* The destination is done since visit 2; its flow says as whom it sees the source. */
static enum reason turned(const struct ask *ask, struct decision *decision)
{
	const struct flow_record *sender, *receiver;

	if (ask->view->kind == L4_ERROR)
		return icmp_decide(ask, &decision->error);
	if (!has_key(ask->view) || !turned_flows(ask, ask->view, &sender, &receiver))
		return REASON_NO_FLOW;
	decision->turned = (struct endpoint){receiver->ol, receiver->ol_port};
	return REASON_HAIRPIN;
}

static enum reason to_outside(const struct ask *ask, struct decision *decision)
{
	if (ask->packet->mark & MARK_HAIRPIN)
		return turned(ask, decision);
	if (ask->out_role != ROLE_OUTSIDE)
		return ask->packet->in_ifindex == 0 ? REASON_FROM_ROUTER : REASON_NOT_OURS;
	if (ask->packet->in_ifindex == 0)
		return from_router(ask, decision);
	if (ask->in_role != ROLE_INSIDE)
		return REASON_NOT_OURS;
	if (ask->view->kind == L4_ERROR && !ask->view->fragment)
		return icmp_decide(ask, &decision->error);
	return out_leg(ask, &decision->out);
}

/* ---- the receiver's translation ---- */

/* Nobody inside has it: the router itself, or nobody at all. */
static enum reason unowned(const struct ask *ask)
{
	const struct decoded *view = ask->view;

	bool own = snapshot_own(ask->snapshot, view->destination) != NULL;

	if (!own && !snapshot_is_global(ask->snapshot, view->destination))
		return REASON_NO_TRANSLATION_NEEDED;
	/* RFC 5382 REQ-4: silence, a crossing SYN may come. From inside the router's own address is the router. */
	if (decode_opens(view) && (ask->packet->visit == VISIT_FROM_OUTSIDE || !own))
		return REASON_UNSOLICITED_SYN;
	if (own)
		return REASON_TO_ROUTER;
	if (view->broken)
		return REASON_MALFORMED;
	return view->fragment ? REASON_FRAGMENT : REASON_NO_FLOW;
}

/* Could an entry or flow inside own what this packet without a key is addressed to? A later piece of the router's own
 * datagram cannot be told from one of a flow's; without its first piece nothing can be made of it. */
static enum reason keyless_in(const struct ask *ask)
{
	const struct decoded *view = ask->view;
	struct flow_key key = key_outside(ask, view, source_of(view), destination_of(view));
	const struct snapshot_static *entry = snapshot_static_global(
		ask->snapshot, ask->vrf, view->protocol, destination_of(view));
	bool claimed = entry != NULL && (entry->protocol == 0 || view->kind != L4_UNREAD);

	if (!claimed && (view->kind == L4_UNREAD || flow_good(ask, &key) == NULL))
		return unowned(ask);
	if (view->broken)
		return REASON_MALFORMED;
	return view->fragment ? REASON_FRAGMENT : REASON_UNKNOWN_PROTOCOL;
}

/* No static entry: to the host that was given the address, where its half entry lets everybody in. */
static enum reason half_in_leg(const struct ask *ask, struct endpoint source, struct leg *leg)
{
	struct endpoint global = destination_of(ask->view);
	const struct binding_record *binding =
		ask->snapshot->half_only ? half_of_global(ask, global.addr) : NULL;

	if (binding == NULL)
		return unowned(ask);
	leg->kind = LEG_ADDRESS;
	leg->half = half_wanted(ask);
	leg->id = binding->rule;
	leg->binding = binding_index(ask->engine->bindings, binding);
	leg->ig = global;
	leg->il = (struct endpoint){binding->local, global.port};
	leg->og = source;
	return leg->half ? REASON_TRANSLATED : REASON_TRANSLATED_NEW;
}

/* From outside, or what a hairpin looks like from outside: `source` is as the receiver sees it. */
static enum reason new_in_leg(const struct ask *ask, struct endpoint source, struct leg *leg)
{
	struct endpoint global = destination_of(ask->view);
	const struct snapshot_static *entry =
		snapshot_static_global(ask->snapshot, ask->vrf, ask->view->protocol, global);

	if (resolve_expected(ask, SIDE_OUTSIDE, source, global, leg))
		return REASON_TRANSLATED_NEW;
	if (entry == NULL)
		return half_in_leg(ask, source, leg);
	leg->kind = LEG_STATIC;
	leg->half = half_wanted(ask) && !entry->ambiguous;
	leg->id = entry->id;
	leg->ig = global;
	leg->il = (struct endpoint){entry->local, entry->protocol != 0 ? entry->local_port : global.port};
	leg->og = source;
	return leg->half ? REASON_TRANSLATED : REASON_TRANSLATED_NEW;
}

static enum reason from_outside(const struct ask *ask, struct decision *decision)
{
	const struct decoded *view = ask->view;
	struct flow_key key;
	enum reason reason;

	if (ask->in_role != ROLE_OUTSIDE)
		return REASON_NOT_OURS;
	if (view->kind == L4_ERROR && !view->fragment)
		return icmp_decide(ask, &decision->error);
	if (!has_key(view))
		return keyless_in(ask);
	key = key_outside(ask, view, source_of(view), destination_of(view));
	if (!find_leg(ask, &key, &decision->in)) {
		reason = checked(ask, new_in_leg(ask, source_of(view), &decision->in));
		/* The router judges its own packets; nothing of ours is lost by an odd one. */
		if (decision->in.kind == LEG_NONE && reason == REASON_IP_OPTION)
			reason = unowned(ask);
		return reason == REASON_NO_FLOW && decision->in.stale != RECORD_NONE ? REASON_STALE_RULE
										     : reason;
	}
	if (view->routing_option)
		return REASON_IP_OPTION;
	if (unchanged(decision->in.slot) && snapshot_own(ask->snapshot, view->destination) != NULL)
		return REASON_TO_ROUTER;
	return REASON_TRANSLATED;
}

/* ---- visit 2 ---- */

/* What the receiver's side will see as the sender, if that is known before anything is made. */
static bool mapped_source(const struct leg *leg, struct endpoint *mapped)
{
	if (leg->kind == LEG_FLOW)
		*mapped = (struct endpoint){leg->slot->new_source, leg->slot->new_source_port};
	else if (leg->kind == LEG_STATIC || leg->binding != RECORD_NONE || (leg->kind == LEG_EXPECTED && leg->fixed))
		*mapped = leg->ig;
	else if (leg->kind == LEG_EXPECTED)
		/* The address is known; the port will be of the same group, the same one if it is free. */
		*mapped = (struct endpoint){leg->ig.addr, leg->il.port};
	else
		return false;
	return true;
}

/* Does a host inside have the destination, by a binding? An identifier is its host's only as the sender's own translation
 * leaves it, and on the router's own address it means the router (RFC 5508 REQ-7 asks for queries of whole addresses only). */
static bool is_held(const struct ask *ask, const struct leg *out)
{
	struct endpoint global = destination_of(ask->view), mapped;
	const struct binding_record *binding;

	if (half_of_global(ask, global.addr) != NULL)
		return true;
	if (ask->view->kind == L4_OTHER)
		return false;
	if (ask->view->kind == L4_QUERY) {
		if (snapshot_own(ask->snapshot, global.addr) != NULL || !mapped_source(out, &mapped))
			return false;
		global.port = mapped.port;
	}
	binding = binding_by_global(ask->engine->bindings, ask->vrf, ask->view->protocol, global);
	return binding != NULL && !(binding->flags & BINDING_IDENTITY) && binding_fits(ask->snapshot, binding);
}

/* Behind a dynamic mapping, a host receives from whom it has sent to (address and port of the sender's mapping): it has that
 * flow, or the packet is filtered, and only the sender's own flow is made, as if the packet had gone out and been refused
 * elsewhere. That flow then lets in what the receiver sends (RFC 4787 REQ-8 and 9, RFC 5382 REQ-2 and 8). */
static enum reason turn_back_in(const struct ask *ask, struct decision *decision, bool filtered)
{
	struct endpoint mapped = {0, 0}, global = destination_of(ask->view);
	enum reason reason;
	struct flow_key key;

	if (mapped_source(&decision->out, &mapped)) {
		if (ask->view->kind == L4_QUERY)
			global.port = mapped.port;
		key = key_outside(ask, ask->view, mapped, global);
		if (find_leg(ask, &key, &decision->in))
			return REASON_HAIRPIN;
	}
	if (filtered && !resolve_expected(ask, SIDE_OUTSIDE, mapped, global, &decision->in)) {
		decision->in.ig = global;
		return REASON_FILTERED;
	}
	reason = checked(ask, new_in_leg(ask, mapped, &decision->in));
	return reason == REASON_TRANSLATED_NEW ? REASON_HAIRPIN : reason;
}

static enum reason turn_back(const struct ask *ask, struct decision *decision)
{
	const struct decoded *view = ask->view;
	bool given, held, open;
	enum reason sender;

	if (ask->in_role != ROLE_INSIDE)
		return REASON_NOT_OURS;
	if (!is_ours(ask, view->destination))
		return REASON_NO_TRANSLATION_NEEDED;
	if (view->kind == L4_ERROR && !view->fragment)
		return icmp_decide(ask, &decision->error);
	if (!has_key(view))
		return keyless_in(ask);
	sender = out_leg(ask, &decision->out);
	given = snapshot_static_global(ask->snapshot, ask->vrf, view->protocol, destination_of(view)) != NULL;
	held = !given && is_held(ask, &decision->out);
	/* Nothing is made for the sender unless there is somebody to receive. */
	if (decision->out.kind != LEG_FLOW && !given && !held)
		return unowned(ask);
	if (sender == REASON_NOT_COVERED)
		return REASON_NO_FLOW;
	if (sender != REASON_TRANSLATED && sender != REASON_TRANSLATED_NEW)
		return sender;
	open = ask->snapshot->half_only && half_of_global(ask, view->destination) != NULL;
	return turn_back_in(ask, decision, held && !open);
}

/* ---- all visits ---- */

static void ask_interfaces(struct ask *ask)
{
	const struct snapshot_interface *in = NULL, *out = NULL;

	if (ask->packet->in_ifindex != 0)
		in = snapshot_interface(ask->snapshot, ask->packet->in_ifindex);
	if (ask->packet->out_ifindex != 0)
		out = snapshot_interface(ask->snapshot, ask->packet->out_ifindex);
	ask->in_role = in != NULL ? in->role : ROLE_NONE;
	ask->out_role = out != NULL ? out->role : ROLE_NONE;
	if (in != NULL)
		ask->vrf = in->vrf;
	else if (out != NULL)
		ask->vrf = out->vrf;
}

struct ask ask_of(const struct engine *engine, const struct snapshot *snapshot, const struct packet *packet,
		  const struct decoded *view)
{
	struct ask ask = {engine, snapshot, packet, view, 0, ROLE_NONE, ROLE_NONE};

	ask_interfaces(&ask);
	return ask;
}

/* Legs that the reason has no use for must not be made. */
static void forget_legs(struct decision *decision)
{
	switch (decision->reason) {
	case REASON_TRANSLATED:
	case REASON_TRANSLATED_NEW:
	case REASON_HAIRPIN:
	case REASON_FILTERED:
	case REASON_FROM_ROUTER:
		break;
	case REASON_TO_ROUTER:
		decision->out.kind = LEG_NONE;
		break;
	default:
		decision->out.kind = decision->in.kind = LEG_NONE;
	}
}

struct decision decision_of(enum reason reason)
{
	return (struct decision){.reason = reason,
				 .read = RECORD_NONE,
				 .read_other = RECORD_NONE,
				 .out.stale = RECORD_NONE,
				 .out.binding = RECORD_NONE,
				 .in.stale = RECORD_NONE,
				 .in.binding = RECORD_NONE};
}

struct decision engine_decide(const struct engine *engine, const struct snapshot *snapshot,
			      const struct packet *packet, const struct decoded *view)
{
	struct decision decision = decision_of(REASON_NOT_OURS);
	struct ask ask = ask_of(engine, snapshot, packet, view);

	decision.vrf = ask.vrf;
	decision.side = packet->visit == VISIT_FROM_OUTSIDE ? SIDE_OUTSIDE : SIDE_INSIDE;
	switch (packet->visit) {
	case VISIT_FROM_OUTSIDE:
		decision.reason = from_outside(&ask, &decision);
		break;
	case VISIT_TURN_BACK:
		decision.reason = turn_back(&ask, &decision);
		break;
	case VISIT_TO_OUTSIDE:
		decision.reason = to_outside(&ask, &decision);
		break;
	default:
		decision.reason = view->kind == L4_ERROR ? icmp_decide(&ask, &decision.error)
							 : REASON_FROM_ROUTER;
	}
	forget_legs(&decision);
	return decision;
}
