/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does one hear the other? What an operator wants to know of a medium, from what was counted of it: a pure function of rows of
 * nat/call_show.h and the time.
 */
#ifndef ALGATE_SHOW_HEARING_H
#define ALGATE_SHOW_HEARING_H

#include <stdint.h>
#include "nat/call_show.h"

/* The worse the greater. */
enum hearing {
	HEARING_NONE,        /* there is no medium */
	HEARING_CLOSED,
	HEARING_TWO_WAY,
	HEARING_NO_RTCP,     /* but the medium itself is two-way */
	HEARING_HELD,
	HEARING_EARLY,       /* one speaks, and the call is not answered yet */
	HEARING_NOT_STARTED,
	HEARING_SILENT,      /* both spoke, neither does any more */
	HEARING_ONE_WAY,
};

/* So long may a side be silent, ms. */
#define HEARING_SILENCE 5000
/* So long may RTCP be missing (RFC 3550 6.2: the first after 2.5 s, then every 5 s or more), ms. */
#define HEARING_RTCP	15000

#define HEARING_TEXT_SIZE 128

/* The RTCP that belongs to row `at`, which is none itself; NULL: it has no port of its own. */
const struct call_medium_row *hearing_rtcp(const struct call_medium_row *rows, uint32_t n, uint32_t at);
/* Of row `at` of a call in `state` (enum call_state), which is no RTCP. */
enum hearing hearing_of(const struct call_medium_row *rows, uint32_t n, uint32_t at, uint8_t state, uint64_t now);
/* Likewise, as a line without its end: "one-way: nothing received from outside since 12 s: remote sends to 198.51.100.1:16384". */
const char *hearing_text(const struct call_medium_row *rows, uint32_t n, uint32_t at, uint8_t state, uint64_t now,
			 char buf[HEARING_TEXT_SIZE]);
/* The worst of all media of a call; *at: of which row. */
enum hearing hearing_worst(const struct call_medium_row *rows, uint32_t n, uint8_t state, uint64_t now, uint32_t *at);

#endif
