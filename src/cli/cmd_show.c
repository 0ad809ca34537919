/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shows about the router itself: version, clock, interfaces, routes, access lists, configurations. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/output.h"
#include "config/print.h"
#include "config/save.h"
#include "gram_tables.h"
#include "lib/clock.h"
#include "net/net.h"
#include "show/access_lists.h"
#include "show/clock.h"
#include "show/interfaces.h"
#include "show/peek.h"
#include "show/routes.h"
#include "show/version.h"

/* Largest startup-config that is read (config/save.h). */
#define STARTUP_MAX ((size_t)64 << 20)

static const struct mirror *mirror_of(const struct router *router)
{
	return router->system->mirror(router->system->self);
}

static uint32_t count_interfaces(const struct mirror *mirror)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < mirror->n_interfaces; i++)
		count += !mirror->interfaces[i].loopback;
	return count;
}

void cmd_show_version(struct session *session, const struct args_show_version *args, bool no)
{
	const struct router *router = session_router(session);
	struct version_facts facts = {
		.hostname = router_hostname(router),
		.uptime_s = (clock_now() - router->started) / 1000,
		.started_wall = clock_wall(router->started),
		.n_interfaces = count_interfaces(mirror_of(router)),
		.nvram_kb = STARTUP_MAX / 1024,
	};
	struct output output;

	(void)args;
	(void)no;
	version_read(&facts);
	version_print(output_open(&output), &facts);
	output_send(session, &output);
}

void cmd_show_clock(struct session *session, const struct args_show_clock *args, bool no)
{
	bool synchronised;
	int64_t wall_ms = clock_read(&synchronised);
	struct output output;

	(void)args;
	(void)no;
	clock_print(output_open(&output), wall_ms, synchronised);
	output_send(session, &output);
}

void cmd_show_ip_interface_brief(struct session *session, const struct args_show_ip_interface_brief *args, bool no)
{
	struct output output;

	(void)args;
	(void)no;
	interfaces_brief(output_open(&output), mirror_of(session_router(session)));
	output_send(session, &output);
}

void cmd_show_ip_route(struct session *session, const struct args_show_ip_route *args, bool no)
{
	struct output output;

	(void)args;
	(void)no;
	routes_print(output_open(&output), mirror_of(session_router(session)), NET_ROUTE_PROTOCOL);
	output_send(session, &output);
}

static void show_lists(struct session *session, bool numbered, uint32_t number, const char *name)
{
	struct router *router = session_router(session);
	struct output output;
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, number);
	access_lists_print(output_open(&output), router->store, peek_snapshot(router->box, router->engine),
			   numbered ? text : name);
	output_send(session, &output);
}

void cmd_show_access_lists(struct session *session, const struct args_show_access_lists *args, bool no)
{
	(void)no;
	show_lists(session, args->has_number, args->number, args->has_name ? args->name : NULL);
}

void cmd_show_ip_access_lists(struct session *session, const struct args_show_ip_access_lists *args, bool no)
{
	(void)no;
	show_lists(session, args->has_number, args->number, args->has_name ? args->name : NULL);
}

void cmd_show_running(struct session *session, const struct args_show_running *args, bool no)
{
	char *text = config_text(session_router(session)->store);
	size_t length = strlen(text);
	struct output output;
	FILE *out = output_open(&output);

	(void)args;
	(void)no;
	fprintf(out, "Building configuration...\n\nCurrent configuration : %zu bytes\n", length);
	fprintf(out, "%s\n", text);
	free(text);
	output_send(session, &output);
}

void cmd_show_startup(struct session *session, const struct args_show_startup *args, bool no)
{
	struct err err = {.text = ""};
	size_t length = 0;
	char *text = load_file(session_router(session)->startup_path, &length, &err);
	struct output output;
	FILE *out;

	(void)args;
	(void)no;
	if (text == NULL && err.text[0] != '\0') {
		session_error(session, "%s", err.text);
		return;
	}
	if (text == NULL) {
		session_print(session, "startup-config is not present\n");
		return;
	}
	out = output_open(&output);
	fprintf(out, "Using %zu out of %zu bytes\n", length, STARTUP_MAX);
	fwrite(text, 1, length, out);
	fputc('\n', out);
	free(text);
	output_send(session, &output);
}
