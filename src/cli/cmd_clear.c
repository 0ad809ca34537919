/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clear ip nat translation *, clear ip nat statistics: silent when they succeed, as in IOS. */
#include <stdlib.h>
#include "cli/session.h"
#include "gram_tables.h"
#include "lib/clock.h"
#include "lib/mem.h"

/* Each call ends a bounded number of entries while packets wait; so many of them before other sessions have a turn. */
#define CALLS_PER_TURN 16

struct clearing {
	struct router *router;
	struct translation_cursor cursor;
	bool done;
};

static void clear_some(void *arg)
{
	struct clearing *clearing = arg;

	clearing->done = engine_clear_translations(clearing->router->engine, clock_now(), &clearing->cursor);
}

static bool clear_next(struct session *session, void *state)
{
	struct clearing *clearing = state;

	(void)session;
	for (int i = 0; i < CALLS_PER_TURN && !clearing->done; i++)
		mailbox_call(clearing->router->box, clear_some, clearing);
	return !clearing->done;
}

void cmd_clear_nat_translation_all(struct session *session, const struct args_clear_nat_translation_all *args,
				   bool no)
{
	struct clearing *clearing = mem_alloc(sizeof(*clearing));

	(void)args;
	(void)no;
	clearing->router = session_router(session);
	session_produce(session, clear_next, clearing, free);
}

static void clear_counts(void *engine)
{
	engine_clear_counts(engine);
}

void cmd_clear_nat_statistics(struct session *session, const struct args_clear_nat_statistics *args, bool no)
{
	struct router *router = session_router(session);

	(void)args;
	(void)no;
	mailbox_call(router->box, clear_counts, router->engine);
}
