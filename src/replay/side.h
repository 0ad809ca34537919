/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which way a captured packet goes. Inside are the networks that were named; unless some were:
 * those of inside interfaces, those routed there, and where that says nothing about either address,
 * what exactly one side's address is covered by.
 */
#ifndef ALGATE_REPLAY_SIDE_H
#define ALGATE_REPLAY_SIDE_H

#include "lib/addr.h"
#include "nat/decode.h"
#include "replay/box.h"

#define SIDE_NETS 64

enum course {
	COURSE_OUT,	 /* from inside to outside */
	COURSE_IN,	 /* to a global address of ours: as it came from outside */
	COURSE_SHOWN_IN, /* to an inside local address: as the inside sees it */
	COURSE_TURN,	 /* from inside to a global address of ours */
	COURSE_INSIDE,	 /* does not cross: stays inside, is for the router, or is not routed */
	COURSE_DONE,	 /* has been translated already: comes from a global address of ours */
	COURSE_OUTSIDE,	 /* neither end is inside */
	COURSE_UNCLEAR,	 /* both may be */
};

struct sides {
	const struct box *box;
	const struct store *store;
	const struct snapshot *snapshot;
	uint32_t n_nets; /* 0: as configured */
	const struct prefix *nets;
};

enum course side_course(const struct sides *sides, const struct decoded *view);
/* Does the engine emit this packet towards the outside? Its source is then what we give out. */
bool side_leaves(const struct sides *sides, const struct decoded *view);

#endif
