/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offline replay: a capture goes through the engine under a configuration, no kernel involved.
 * Captured time is the engine's time, so what waits for a timer comes when it would have come.
 *
 * A capture shows what the router receives (packets from inside with their own addresses, packets
 * from outside to global ones), or was taken inside (both directions with inside addresses): then
 * packets to inside hosts are first turned into what the outside sent. What their payload says of
 * inside addresses cannot be turned back and stays.
 */
#ifndef ALGATE_REPLAY_REPLAY_H
#define ALGATE_REPLAY_REPLAY_H

#include <stdio.h>
#include "cli/router.h"
#include "replay/box.h"
#include "replay/side.h"

/* What is written: what leaves the router, or what is seen on one side of it. */
enum view { VIEW_SENT, VIEW_INSIDE, VIEW_OUTSIDE };

struct replay_options {
	const char *read, *write; /* files; write NULL: none */
	uint32_t n_inside;	  /* 0: as configured */
	struct prefix inside[SIDE_NETS];
	uint8_t view; /* enum view */
};

/* 10.0.0.0/8 or 10.0.0.5. False: neither, host bits that are not zero, or too many. */
bool replay_inside(struct replay_options *options, const char *text);
bool replay_view(struct replay_options *options, const char *text);
/* The router has its configuration, and the box is filled from it. The report goes to `report`.
 * False: err. */
bool replay_run(const struct replay_options *options, struct router *router, const struct box *box,
		FILE *report, struct err *err);

#endif
