/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clear ip nat translation, clear ip nat statistics, clear access-list counters: silent when they succeed, as in IOS. */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include "cli/session.h"
#include "gram_tables.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "show/access_lists.h"
#include "show/peek.h"

/* Each call ends a bounded number of entries while packets wait; so many of them before other sessions have a turn. */
#define CALLS_PER_TURN 16

struct clearing {
	struct router *router;
	struct translation_cursor cursor;
	struct filter filter;
	bool named; /* one translation was asked for: say when there is none */
	bool done;
};

static void clear_some(void *arg)
{
	struct clearing *clearing = arg;

	clearing->done = engine_clear_translations(clearing->router->engine, clock_now(), &clearing->cursor);
}

static void report(struct session *session, const struct clearing *clearing)
{
	if (!clearing->named || clearing->cursor.ended > 0)
		return;
	session_error(session, clearing->cursor.kept > 0 ? "%%Translation in use, cannot remove"
							 : "%%Translation not found");
}

static bool clear_next(struct session *session, void *state)
{
	struct clearing *clearing = state;

	for (int i = 0; i < CALLS_PER_TURN && !clearing->done; i++)
		mailbox_call(clearing->router->box, clear_some, clearing);
	if (clearing->done)
		report(session, clearing);
	return !clearing->done;
}

static struct clearing *clearing_new(struct session *session)
{
	struct clearing *clearing = mem_alloc(sizeof(*clearing));

	clearing->router = session_router(session);
	clearing->cursor.filter = &clearing->filter;
	return clearing;
}

static void clear(struct session *session, struct clearing *clearing)
{
	session_produce(session, clear_next, clearing, free);
}

/* Children end before what they belong to, so `*` leaves nothing that `forced` would still find. */
void cmd_clear_nat_translation_all(struct session *session, const struct args_clear_nat_translation_all *args,
				   bool no)
{
	(void)args;
	(void)no;
	clear(session, clearing_new(session));
}

void cmd_clear_nat_inside(struct session *session, const struct args_clear_nat_inside *args, bool no)
{
	struct clearing *clearing = clearing_new(session);

	(void)no;
	clearing->named = true;
	/* With an outside pair the children themselves are named. */
	clearing->cursor.spare_children = !args->forced && !args->has_ol;
	filter_add(&clearing->filter, FILTER_IG, args->ig, args->ig);
	filter_add(&clearing->filter, FILTER_IL, args->il, args->il);
	if (args->has_ol) {
		filter_add(&clearing->filter, FILTER_OL, args->ol, args->ol);
		filter_add(&clearing->filter, FILTER_OG, args->og, args->og);
	}
	clear(session, clearing);
}

void cmd_clear_nat_outside(struct session *session, const struct args_clear_nat_outside *args, bool no)
{
	struct clearing *clearing = clearing_new(session);

	(void)no;
	clearing->named = true;
	filter_add(&clearing->filter, FILTER_OL, args->ol, args->ol);
	filter_add(&clearing->filter, FILTER_OG, args->og, args->og);
	clear(session, clearing);
}

static void add_endpoint(struct clearing *clearing, enum filter_column column, ip4 addr, uint32_t port)
{
	filter_add_endpoint(&clearing->filter, (uint8_t)column, (struct endpoint){addr, (uint16_t)port});
}

void cmd_clear_nat_port(struct session *session, const struct args_clear_nat_port *args, bool no)
{
	struct clearing *clearing = clearing_new(session);

	(void)no;
	clearing->named = true;
	clearing->filter.protocol =
		args->protocol == CLEAR_NAT_PORT_PROTOCOL_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	add_endpoint(clearing, FILTER_IG, args->ig, args->ig_port);
	add_endpoint(clearing, FILTER_IL, args->il, args->il_port);
	if (args->has_ol) {
		add_endpoint(clearing, FILTER_OL, args->ol, args->ol_port);
		add_endpoint(clearing, FILTER_OG, args->og, args->og_port);
	}
	clear(session, clearing);
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

struct matches {
	struct engine *engine;
	uint32_t acl;
};

static void clear_matches(void *arg)
{
	const struct matches *matches = arg;

	engine_clear_matches(matches->engine, matches->acl);
}

static bool list_exists(const struct store *store, const char *name)
{
	struct args_acl_standard key = {{0}};

	snprintf(key.name, sizeof(key.name), "%s", name);
	return store_find(store, NULL, gram_cmds[CMD_ACL_STANDARD], &key) != NULL;
}

void cmd_clear_acl_counters(struct session *session, const struct args_clear_acl_counters *args, bool no)
{
	struct router *router = session_router(session);
	struct matches matches = {router->engine, SNAPSHOT_NONE};
	char number[16];
	const char *name = args->has_name ? args->name : number;

	(void)no;
	snprintf(number, sizeof(number), "%" PRIu32, args->number);
	if (args->has_name || args->has_number) {
		if (!list_exists(router->store, name)) {
			session_error(session, "Access list %s does not exist", name);
			return;
		}
		matches.acl = access_list_index(peek_snapshot(router->box, router->engine), name);
		/* A list that NAT does not ask has no matches. */
		if (matches.acl == SNAPSHOT_NONE)
			return;
	}
	mailbox_call(router->box, clear_matches, &matches);
}
