/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * debug ip nat, debug ip nat ftp and its kin, their opposites, show debugging, and the poller that brings the engine's events to
 * the log. Debugging belongs to the daemon, not to the session that switched it on, as in IOS; who sees its lines is settled by
 * `terminal monitor`.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "cli/session.h"
#include "config/compile.h"
#include "gram_tables.h"
#include "show/alg_trace.h"
#include "show/debug.h"

/* One engine in a daemon, one reader of its ring. */
static struct debug_feed feed;
static struct alg_trace_feed traces;

/* ---- the access list */

static struct {
	bool detailed;
	char name[SNAPSHOT_NAME]; /* "": all packets */
	struct snapshot *list;    /* compiled from the store's */
	uint64_t version;         /* of the store then */
} debug;

struct list_call {
	struct engine *engine;
	const struct snapshot *list;
};

static void give_list(void *arg)
{
	const struct list_call *call = arg;

	engine_event_list(call->engine, call->list);
}

/* What the list says now; the engine has let go of the old one when the new one is in its place. */
static void follow_list(struct router *router)
{
	struct snapshot *old = debug.list;
	struct list_call call = {.engine = router->engine};

	debug.list = debug.name[0] != '\0' ? compile_list(router->store, debug.name) : NULL;
	debug.version = router->store != NULL ? store_version(router->store) : 0;
	call.list = debug.list;
	mailbox_call(router->box, give_list, &call);
	snapshot_free(old);
}

void debug_poll(struct router *router)
{
	const struct debug_options options = {router->debug_nat, debug.detailed, debug.list};

	debug_drain(&feed, router->box, router->engine, &options);
	alg_trace_drain(&traces, router->box, router->engine, router->debug_algs);
	if (debug.list != NULL && store_version(router->store) != debug.version)
		follow_list(router);
}

/* ---- switching */

static void events_on(void *engine)
{
	engine_packet_events(engine, true);
}

static void events_off(void *engine)
{
	engine_packet_events(engine, false);
}

/* What happened before the switch is read under the old setting. name "": all packets. */
static void set_nat(struct router *router, bool on, bool detailed, const char *name)
{
	debug_poll(router);
	router->debug_nat = on;
	debug.detailed = detailed;
	snprintf(debug.name, sizeof(debug.name), "%s", name);
	follow_list(router);
	mailbox_call(router->box, on ? events_on : events_off, router->engine);
}

/* " for access list 7" */
static const char *for_list(const char *name, char buf[SNAPSHOT_NAME + 32])
{
	buf[0] = '\0';
	if (name[0] != '\0')
		snprintf(buf, SNAPSHOT_NAME + 32, " for access list %s", name);
	return buf;
}

static void name_list(const struct args_debug_ip_nat *args, char name[SNAPSHOT_NAME])
{
	name[0] = '\0';
	if (args->has_number)
		snprintf(name, SNAPSHOT_NAME, "%" PRIu32, args->number);
	else if (args->has_name)
		snprintf(name, SNAPSHOT_NAME, "%s", args->name);
}

static void switch_on(struct session *session, const struct args_debug_ip_nat *args)
{
	char name[SNAPSHOT_NAME], text[SNAPSHOT_NAME + 32];

	name_list(args, name);
	set_nat(session_router(session), true, args->detailed, name);
	session_print(session, "IP NAT %sdebugging is on%s\n", args->detailed ? "detailed " : "",
		      for_list(name, text));
}

/* Without the details, plain debugging stays if there was any. */
static void switch_off(struct session *session, bool detailed)
{
	char name[SNAPSHOT_NAME];

	memcpy(name, debug.name, sizeof(name));
	if (!detailed)
		set_nat(session_router(session), false, false, "");
	else
		set_nat(session_router(session), session_router(session)->debug_nat, false, name);
	session_print(session, "IP NAT %sdebugging is off\n", detailed ? "detailed " : "");
}

void cmd_debug_ip_nat(struct session *session, const struct args_debug_ip_nat *args, bool no)
{
	if (no)
		switch_off(session, args->detailed);
	else
		switch_on(session, args);
}

void cmd_undebug_ip_nat(struct session *session, const struct args_undebug_ip_nat *args, bool no)
{
	(void)no;
	switch_off(session, args->detailed);
}

void cmd_undebug_all(struct session *session, const struct args_undebug_all *args, bool no)
{
	(void)args;
	(void)no;
	set_nat(session_router(session), false, false, "");
	session_router(session)->debug_algs = 0;
	session_print(session, "All possible debugging has been turned off\n");
}

/* ---- gateways */

static const struct {
	const char *name;
	uint32_t bits;
} gateways[] = {
	[DEBUG_ALG_WHICH_DNS] = {"DNS", ALG_BIT(ALG_DNS)},
	[DEBUG_ALG_WHICH_FTP] = {"FTP", ALG_BIT(ALG_FTP)},
	[DEBUG_ALG_WHICH_RCMD] = {"RCMD", ALG_BIT(ALG_SHELL) | ALG_BIT(ALG_LOGIN) | ALG_BIT(ALG_EXEC)},
	[DEBUG_ALG_WHICH_SIP] = {"SIP", ALG_BIT(ALG_SIP) | ALG_BIT(ALG_MSRP)},
	[DEBUG_ALG_WHICH_TFTP] = {"TFTP", ALG_BIT(ALG_TFTP)},
};
_Static_assert((int)DEBUG_ALG_WHICH_FTP == (int)UNDEBUG_ALG_WHICH_FTP &&
		       (int)DEBUG_ALG_WHICH_TFTP == (int)UNDEBUG_ALG_WHICH_TFTP,
	       "one table of gateways");

/* As with packets: what happened before the switch is read under the old setting. */
static void switch_gateway(struct session *session, uint8_t which, bool on)
{
	struct router *router = session_router(session);

	debug_poll(router);
	if (on)
		router->debug_algs |= gateways[which].bits;
	else
		router->debug_algs &= ~gateways[which].bits;
	session_print(session, "IP NAT %s debugging is %s\n", gateways[which].name, on ? "on" : "off");
}

void cmd_debug_alg(struct session *session, const struct args_debug_alg *args, bool no)
{
	switch_gateway(session, args->which, !no);
}

void cmd_undebug_alg(struct session *session, const struct args_undebug_alg *args, bool no)
{
	(void)no;
	switch_gateway(session, args->which, false);
}

void cmd_show_debugging(struct session *session, const struct args_show_debugging *args, bool no)
{
	const struct router *router = session_router(session);
	char text[SNAPSHOT_NAME + 32];

	(void)args;
	(void)no;
	if (!router->debug_nat && router->debug_algs == 0)
		return;
	for_list(debug.name, text);
	session_print(session, "Generic IP:\n");
	if (router->debug_nat)
		session_print(session, "  IP NAT debugging is on%s\n", text);
	if (router->debug_nat && debug.detailed)
		session_print(session, "  IP NAT detailed debugging is on%s\n", text);
	for (size_t i = 1; i < sizeof(gateways) / sizeof(gateways[0]); i++)
		if (router->debug_algs & gateways[i].bits)
			session_print(session, "  IP NAT %s debugging is on\n", gateways[i].name);
}
