/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * debug ip nat and its opposites, show debugging, and the poller that brings the engine's events to the log. Debugging
 * belongs to the daemon, not to the session that switched it on, as in IOS; who sees its lines is settled by
 * `terminal monitor`.
 */
#include "cli/session.h"
#include "gram_tables.h"
#include "show/debug.h"

/* One engine in a daemon, one reader of its ring. */
static struct debug_feed feed;

void debug_poll(struct router *router)
{
	debug_drain(&feed, router->box, router->engine, router->debug_nat);
}

static void events_on(void *engine)
{
	engine_packet_events(engine, true);
}

static void events_off(void *engine)
{
	engine_packet_events(engine, false);
}

/* What happened before the switch is read under the old setting. */
static void set_nat(struct router *router, bool on)
{
	debug_poll(router);
	router->debug_nat = on;
	mailbox_call(router->box, on ? events_on : events_off, router->engine);
}

void cmd_debug_ip_nat(struct session *session, const struct args_debug_ip_nat *args, bool no)
{
	(void)args;
	set_nat(session_router(session), !no);
	session_print(session, "IP NAT debugging is %s\n", no ? "off" : "on");
}

void cmd_undebug_ip_nat(struct session *session, const struct args_undebug_ip_nat *args, bool no)
{
	(void)args;
	(void)no;
	set_nat(session_router(session), false);
	session_print(session, "IP NAT debugging is off\n");
}

void cmd_undebug_all(struct session *session, const struct args_undebug_all *args, bool no)
{
	(void)args;
	(void)no;
	set_nat(session_router(session), false);
	session_print(session, "All possible debugging has been turned off\n");
}

void cmd_show_debugging(struct session *session, const struct args_show_debugging *args, bool no)
{
	(void)args;
	(void)no;
	if (session_router(session)->debug_nat)
		session_print(session, "Generic IP:\n  IP NAT debugging is on\n");
}
