/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show ip nat alg sip calls, show ip nat alg sip registrations. */
#include <stdlib.h>
#include "cli/output.h"
#include "gram_tables.h"
#include "lib/clock.h"
#include "show/calls.h"

/* Each call looks at a bounded number of records while packets wait; so many of them before other sessions have a turn. */
#define CALLS_PER_TURN 16

static bool next_page(struct session *session, void *state)
{
	struct output page;
	FILE *out = output_open(&page);
	bool more = true;

	for (int i = 0; more && i < CALLS_PER_TURN && ftell(out) == 0; i++)
		more = calls_next(state, clock_now(), out);
	fclose(out);
	output_lines(session, page.text, page.size);
	free(page.text);
	return more;
}

static void finish(void *state)
{
	calls_free(state);
}

static void produce(struct session *session, enum calls_form form)
{
	struct router *router = session_router(session);

	session_produce(session, next_page, calls_new(router->box, router->engine, form), finish);
}

void cmd_show_sip_calls(struct session *session, const struct args_show_sip_calls *args, bool no)
{
	(void)no;
	produce(session, args->detail ? CALLS_DETAIL : CALLS_BRIEF);
}

void cmd_show_sip_registrations(struct session *session, const struct args_show_sip_registrations *args, bool no)
{
	(void)args;
	(void)no;
	produce(session, CALLS_REGISTRATIONS);
}
