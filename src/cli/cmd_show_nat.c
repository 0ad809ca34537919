/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show ip nat translations, show ip nat statistics. */
#include <netinet/in.h>
#include <stdlib.h>
#include "cli/output.h"
#include "gram_tables.h"
#include "lib/clock.h"
#include "show/statistics.h"
#include "show/translations.h"

static bool next_page(struct session *session, void *state)
{
	struct output page;
	FILE *out = output_open(&page);
	bool more = translations_next(state, clock_now(), out);

	fclose(out);
	output_lines(session, page.text, page.size);
	free(page.text);
	return more;
}

static void finish(void *state)
{
	translations_free(state);
}

static uint8_t protocol_number(uint8_t protocol)
{
	switch (protocol) {
	case SHOW_NAT_TRANSLATIONS_PROTOCOL_TCP:
		return IPPROTO_TCP;
	case SHOW_NAT_TRANSLATIONS_PROTOCOL_UDP:
		return IPPROTO_UDP;
	case SHOW_NAT_TRANSLATIONS_PROTOCOL_ICMP:
		return IPPROTO_ICMP;
	default:
		return 0;
	}
}

void cmd_show_nat_translations(struct session *session, const struct args_show_nat_translations *args, bool no)
{
	struct router *router = session_router(session);
	struct translations_ask ask = {
		.protocol = protocol_number(args->protocol),
		.verbose = args->verbose,
		.total = args->total,
	};

	(void)no;
	session_produce(session, next_page, translations_new(router->box, router->engine, &ask), finish);
}

void cmd_show_nat_statistics(struct session *session, const struct args_show_nat_statistics *args, bool no)
{
	struct router *router = session_router(session);
	struct output output;

	(void)args;
	(void)no;
	statistics_print(output_open(&output), router->box, router->engine, router->kernel_drops);
	output_send(session, &output);
}
