/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show ip nat alg sip calls, show ip nat alg sip registrations. */
#include "cli/output.h"
#include "gram_tables.h"
#include "lib/clock.h"
#include "show/calls.h"

static bool next_call(void *state, FILE *out)
{
	return calls_next(state, clock_now(), out);
}

static void calls_done(void *state)
{
	calls_free(state);
}

static void produce(struct session *session, enum calls_form form)
{
	struct router *router = session_router(session);

	output_rows(session, next_call, calls_new(router->box, router->engine, form), calls_done);
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
