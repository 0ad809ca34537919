/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's events as an operator reads them: debug lines (packet by packet, while debug ip nat is on) and log
 * lines about refusals (always, at a limited rate). Both leave through lib/log, whose sink brings them to sessions.
 */
#ifndef ALGATE_SHOW_DEBUG_H
#define ALGATE_SHOW_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/mailbox.h"
#include "nat/engine.h"

/* At most this many debug lines for each poll; how many events were left out is said in one more. */
#define DEBUG_LINES_MAX 512
/* After a refusal was logged, further ones of the same mapping are only counted for this long. */
#define DEBUG_REFUSED_S 30
#define DEBUG_MAPPINGS 16

/* A mapping whose refusals were logged lately. */
struct debug_refused {
	uint64_t rule;
	uint64_t until; /* ms */
	uint32_t held;
	uint8_t reason;
};

/* How far the ring was read. Zeroed at the start. */
struct debug_feed {
	uint64_t cursor;
	struct debug_refused refused[DEBUG_MAPPINGS];
};

/* What is debugged. */
struct debug_options {
	bool on, detailed;           /* detailed: with each packet's endpoints as it came */
	const struct snapshot *list; /* engine_event_list(); flow events are matched here. NULL: all */
};

/* Takes what is new in the ring: refusals are logged; what is debugged is printed as well. Management thread. */
void debug_drain(struct debug_feed *feed, struct mailbox *box, struct engine *engine,
		 const struct debug_options *debug);

/* The lines of one event, ended by newlines; "" for those that debug does not show. */
#define DEBUG_TEXT_SIZE 320
/* The line that a packet gets before these while debugging is detailed; "" for other events. */
const char *debug_detail(const struct event *event, char buf[DEBUG_TEXT_SIZE]);
const char *debug_text(const struct event *event, const struct snapshot *snapshot, char buf[DEBUG_TEXT_SIZE]);

/* The daemon's poller, to be called every 100 ms while router->debug_nat is set, else every second. It knows
 * the router, so it stands in cli/cmd_debug.c. */
struct router;
void debug_poll(struct router *router);

#endif
