/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sides of captured packets. No effect on anything. */
#include "replay/side.h"

#define MULTICAST 0xe0000000u /* 224/3: multicast, reserved, broadcast */
#define LOOPBACK  0x7f000000u

static bool is_routed(ip4 addr)
{
	return addr < MULTICAST && addr >> 24 != LOOPBACK >> 24 && addr != 0;
}

/* Given out, or the outside face that is shared with a rule or an entry. */
static bool is_given(const struct sides *sides, ip4 addr)
{
	const struct snapshot_own *own = snapshot_own(sides->snapshot, addr);

	return snapshot_is_global(sides->snapshot, addr) ||
	       (own != NULL && own->role == ROLE_OUTSIDE);
}

static bool is_inside(const struct sides *sides, ip4 addr)
{
	const struct snapshot_interface *row;
	uint8_t len;
	uint32_t index;

	for (uint32_t i = 0; i < sides->n_nets; i++)
		if (prefix_contains(sides->nets[i], addr))
			return true;
	if (sides->n_nets != 0)
		return false;
	if (snapshot_static_covers(sides->snapshot, 0, 0, addr))
		return true;
	index = box_way(sides->box, sides->store, addr, &len);
	row = index != 0 ? snapshot_interface(sides->snapshot, index) : NULL;
	return row != NULL && row->role == ROLE_INSIDE;
}

/* A rule's list permits what this end sends to the other. */
static bool is_covered(const struct sides *sides, const struct decoded *view, bool source)
{
	const struct snapshot *snapshot = sides->snapshot;
	struct acl_subject subject = {
	    .source = source ? view->source : view->destination,
	    .destination = source ? view->destination : view->source,
	    .source_port = source ? view->source_port : view->destination_port,
	    .destination_port = source ? view->destination_port : view->source_port,
	    .protocol = view->protocol,
	    .tcp_flags = view->tcp_flags,
	    .icmp_type = view->icmp_type,
	    .icmp_code = view->icmp_code,
	    .ports_known = view->kind == L4_PORTS,
	};

	for (uint32_t i = 0; sides->n_nets == 0 && i < snapshot->n_rules; i++)
		if (snapshot->rules[i].acl != SNAPSHOT_NONE &&
		    snapshot_acl_permits(snapshot, snapshot->rules[i].acl, &subject))
			return true;
	return false;
}

static enum course course_from_inside(const struct sides *sides, const struct decoded *view)
{
	if (is_given(sides, view->destination))
		return COURSE_TURN;
	if (!is_routed(view->destination) ||
	    snapshot_own(sides->snapshot, view->destination) != NULL ||
	    is_inside(sides, view->destination))
		return COURSE_INSIDE;
	return COURSE_OUT;
}

static enum course course_by_lists(const struct sides *sides, const struct decoded *view)
{
	bool from = is_covered(sides, view, true), to = is_covered(sides, view, false);

	if (!is_routed(view->source) || !is_routed(view->destination) || (!from && !to))
		return COURSE_OUTSIDE;
	if (from && to)
		return COURSE_UNCLEAR;
	return from ? COURSE_OUT : COURSE_SHOWN_IN;
}

enum course side_course(const struct sides *sides, const struct decoded *view)
{
	/* The router's own address is in an inside network, too, but nobody behind it. */
	bool own = snapshot_own(sides->snapshot, view->source) != NULL;

	if (is_given(sides, view->source))
		return COURSE_DONE;
	if (own)
		return COURSE_INSIDE;
	if (is_inside(sides, view->source))
		return course_from_inside(sides, view);
	if (is_given(sides, view->destination))
		return COURSE_IN;
	if (is_inside(sides, view->destination))
		return COURSE_SHOWN_IN;
	return course_by_lists(sides, view);
}

bool side_leaves(const struct sides *sides, const struct decoded *view)
{
	return is_given(sides, view->source);
}
