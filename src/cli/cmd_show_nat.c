/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show ip nat translations, limits, statistics, pool; show ip aliases. */
#include <netinet/in.h>
#include "cli/output.h"
#include "gram_tables.h"
#include "lib/clock.h"
#include "show/aliases.h"
#include "show/limits.h"
#include "show/peek.h"
#include "show/pool.h"
#include "show/statistics.h"
#include "show/translations.h"

static bool next_translations(void *state, FILE *out)
{
	return translations_next(state, clock_now(), out);
}

static void translations_done(void *state)
{
	translations_free(state);
}

static uint8_t protocol_number(uint8_t protocol)
{
	static const uint8_t numbers[] = {
		[SHOW_NAT_TRANSLATIONS_PROTOCOL_AHP] = IPPROTO_AH,
		[SHOW_NAT_TRANSLATIONS_PROTOCOL_ESP] = IPPROTO_ESP,
		[SHOW_NAT_TRANSLATIONS_PROTOCOL_GRE] = IPPROTO_GRE,
		[SHOW_NAT_TRANSLATIONS_PROTOCOL_ICMP] = IPPROTO_ICMP,
		[SHOW_NAT_TRANSLATIONS_PROTOCOL_SCTP] = IPPROTO_SCTP,
		[SHOW_NAT_TRANSLATIONS_PROTOCOL_TCP] = IPPROTO_TCP,
		[SHOW_NAT_TRANSLATIONS_PROTOCOL_UDP] = IPPROTO_UDP,
	};

	return numbers[protocol];
}

/* which: 0 either column, 1 global, 2 local. */
static uint8_t columns_of(bool inside, uint8_t which)
{
	static const uint8_t columns[2][3] = {
		{FILTER_OUTSIDE, FILTER_OG, FILTER_OL},
		{FILTER_INSIDE, FILTER_IG, FILTER_IL},
	};

	return columns[inside][which];
}

static void set_filter(struct filter *filter, const struct args_show_nat_translations *args)
{
	filter->protocol = protocol_number(args->protocol);
	if (args->has_inside_address)
		filter_add(filter, columns_of(true, args->inside_which), args->inside_address, args->inside_address);
	if (args->has_outside_address)
		filter_add(filter, columns_of(false, args->outside_which), args->outside_address, args->outside_address);
	if (args->has_start)
		filter_add(filter,
			   columns_of(args->range_side == SHOW_NAT_TRANSLATIONS_RANGE_SIDE_INSIDE,
				      args->range_which),
			   args->start, args->end);
}

_Static_assert((int)SHOW_NAT_TRANSLATIONS_INSIDE_WHICH_GLOBAL == 1 &&
		       (int)SHOW_NAT_TRANSLATIONS_OUTSIDE_WHICH_GLOBAL == 1 &&
		       (int)SHOW_NAT_TRANSLATIONS_RANGE_WHICH_GLOBAL == 1,
	       "one table of columns");

void cmd_show_nat_translations(struct session *session, const struct args_show_nat_translations *args, bool no)
{
	struct router *router = session_router(session);
	struct translations_ask ask = {.verbose = args->verbose, .total = args->total};

	(void)no;
	if (args->has_start && args->end < args->start) {
		session_error(session, "%%End address less than start address");
		return;
	}
	set_filter(&ask.filter, args);
	output_rows(session, next_translations, translations_new(router->box, router->engine, &ask), translations_done);
}

static bool next_limits(void *state, FILE *out)
{
	return limits_next(state, out);
}

static void limits_done(void *state)
{
	limits_free(state);
}

void cmd_show_nat_limits(struct session *session, const struct args_show_nat_limits *args, bool no)
{
	struct router *router = session_router(session);

	(void)args;
	(void)no;
	output_rows(session, next_limits, limits_new(router->box, router->engine), limits_done);
}

void cmd_show_nat_statistics(struct session *session, const struct args_show_nat_statistics *args, bool no)
{
	struct router *router = session_router(session);
	struct output output;

	(void)args;
	(void)no;
	statistics_print(output_open(&output), router->box, router->engine, router->kernel_drops,
			 router->guard_drops);
	output_send(session, &output);
}

void cmd_show_nat_pool(struct session *session, const struct args_show_nat_pool *args, bool no)
{
	struct router *router = session_router(session);
	struct output output;
	bool found = pool_print(output_open(&output), router->box, router->engine, args->name);

	(void)no;
	output_send(session, &output);
	if (!found)
		session_error(session, "Pool %s does not exist", args->name);
}

static bool next_aliases(void *state, FILE *out)
{
	return aliases_next(state, out);
}

static void aliases_done(void *state)
{
	aliases_free(state);
}

void cmd_show_ip_aliases(struct session *session, const struct args_show_ip_aliases *args, bool no)
{
	struct router *router = session_router(session);

	(void)args;
	(void)no;
	output_rows(session, next_aliases, aliases_new(peek_snapshot(router->box, router->engine)), aliases_done);
}
