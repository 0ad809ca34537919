/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Covered or not: whether a static entry or a rule's list takes a packet's source, and whether an address is one that we answer
 * for.
 *
 * Promises: no effect; what cannot be read counts as what it could be. Cost by rules and access list entries.
 */
#include "nat/decide.h"

struct acl_subject subject_of(const struct decoded *view)
{
	return (struct acl_subject){
		.source = view->source,
		.destination = view->destination,
		.source_port = view->source_port,
		.destination_port = view->destination_port,
		.protocol = view->protocol,
		.tcp_flags = view->tcp_flags,
		.icmp_type = view->icmp_type,
		.icmp_code = view->icmp_code,
		.ports_known = view->kind != L4_UNREAD,
		.later_fragment = view->later_fragment,
	};
}

static void note_ace(struct leg *leg, uint32_t ace)
{
	if (leg->n_aces == LEG_ACES)
		leg->n_aces--;
	leg->aces[leg->n_aces++] = ace;
}

const struct snapshot_rule *rule_for(const struct ask *ask, const struct acl_subject *subject,
					    struct leg *leg)
{
	const struct snapshot_rule *rule = ask->snapshot->rules;

	for (uint32_t i = 0; i < ask->snapshot->n_rules; i++, rule++) {
		uint32_t ace;

		if (rule->vrf != ask->vrf || rule->acl == SNAPSHOT_NONE)
			continue;
		ace = snapshot_acl_match(ask->snapshot, rule->acl, subject);
		if (ace == SNAPSHOT_NONE)
			continue;
		if (leg != NULL)
			note_ace(leg, ace);
		if (ask->snapshot->aces[ace].permit)
			return rule;
	}
	return NULL;
}

static bool statics_cover(const struct ask *ask, const struct acl_subject *subject)
{
	struct endpoint local = {subject->source, subject->source_port};

	if (!subject->ports_known)
		return snapshot_static_covers(ask->snapshot, ask->vrf, subject->protocol,
					      subject->source);
	return snapshot_static_local(ask->snapshot, ask->vrf, subject->protocol, local) != NULL;
}

bool covers(const struct ask *ask, const struct acl_subject *subject)
{
	return statics_cover(ask, subject) || rule_for(ask, subject, NULL) != NULL;
}

bool is_ours(const struct ask *ask, ip4 addr)
{
	return snapshot_is_global(ask->snapshot, addr) || snapshot_own(ask->snapshot, addr) != NULL;
}
