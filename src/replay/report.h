/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a replay tells: a line for each thing that a gateway did and each packet that was lost, then
 * sums. */
#ifndef ALGATE_REPLAY_REPORT_H
#define ALGATE_REPLAY_REPORT_H

#include <stdio.h>
#include "nat/decode.h"
#include "nat/engine.h"
#include "nat/session.h"

/* Why a packet did not come to the engine, or what came of it was not believed. R(NAME, is written
 * as it is, text) */
#define SKIPS(R)                                                                                   \
	R(OTHER, true, "no IPv4")                                                                  \
	R(INSIDE, true, "stays inside or is for the router")                                       \
	R(DONE, true, "comes from a global address: translated already")                           \
	R(OUTSIDE, true, "neither end is inside")                                                  \
	R(UNCLEAR, false, "both ends may be inside: say --inside")                                 \
	R(CUT, false, "cut short by the capture")                                                  \
	R(HEADER, false, "malformed IPv4 header")                                                  \
	R(NO_WAY_IN, false, "no translation leads to this inside host")                            \
	R(ELSEWHERE, false, "a translation leads from there to another inside host")

enum skip {
#define SKIP_ENUM(name, written, text) SKIP_##name,
	SKIPS(SKIP_ENUM)
#undef SKIP_ENUM
	    SKIP_COUNT
};
bool skip_is_written(enum skip skip);

struct report {
	FILE *to;
	uint64_t ns;	 /* now, since the first packet */
	uint64_t number; /* of the packet in the capture, from 1; 0: between packets */
	uint64_t skips[SKIP_COUNT];
	uint64_t mended, backwards;
	uint64_t emitted;
};

/* Packets that are lost. */
void report_dropped(struct report *report, const struct decoded *view, enum reason reason);
/* Counts; a line for one that is not written. view NULL: no IPv4. */
void report_skipped(struct report *report, const struct decoded *view, enum skip skip);
void report_trace(struct report *report, const struct alg_trace *trace);
void report_sums(struct report *report, const struct engine *engine, uint64_t read,
		 uint64_t written);

#endif
