/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator sees of the gateways: show ip nat alg, show platform hardware qfp ... alg statistics, show platform software
 * trace, clear ip nat alg statistics. There is one forwarding process here: `active` and `standby` both mean it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli/output.h"
#include "gram_tables.h"
#include "lib/mem.h"
#include "show/alg.h"
#include "show/alg_trace.h"
#include "show/names.h"

#define RCMD_BITS (ALG_BIT(ALG_SHELL) | ALG_BIT(ALG_LOGIN) | ALG_BIT(ALG_EXEC))
#define ICMP_BIT  ALG_BIT(ALG_ROW_ICMP)

static struct alg_view *take_view(struct session *session)
{
	struct router *router = session_router(session);
	struct alg_view *view = mem_alloc(sizeof(*view));

	alg_view_take(view, router->box, router->engine);
	return view;
}

/* ---- show ip nat alg ---- */

static uint32_t bits_of_name(uint8_t name)
{
	static const uint32_t bits[] = {
		[SHOW_ALG_ONE_NAME_DNS] = ALG_BIT(ALG_DNS),	 [SHOW_ALG_ONE_NAME_FTP] = ALG_BIT(ALG_FTP),
		[SHOW_ALG_ONE_NAME_ICMP] = ICMP_BIT,		 [SHOW_ALG_ONE_NAME_MSRP] = ALG_BIT(ALG_MSRP),
		[SHOW_ALG_ONE_NAME_RCMD] = RCMD_BITS,
		[SHOW_ALG_ONE_NAME_REXEC] = ALG_BIT(ALG_EXEC),	 [SHOW_ALG_ONE_NAME_RLOGIN] = ALG_BIT(ALG_LOGIN),
		[SHOW_ALG_ONE_NAME_RSH] = ALG_BIT(ALG_SHELL),	 [SHOW_ALG_ONE_NAME_SIP] = ALG_BIT(ALG_SIP),
		[SHOW_ALG_ONE_NAME_TFTP] = ALG_BIT(ALG_TFTP),
	};

	return bits[name];
}

void cmd_show_alg(struct session *session, const struct args_show_alg *args, bool no)
{
	struct alg_view *view = take_view(session);
	struct output output;

	(void)args;
	(void)no;
	alg_print(output_open(&output), view);
	output_send(session, &output);
	free(view);
}

void cmd_show_alg_one(struct session *session, const struct args_show_alg_one *args, bool no)
{
	struct alg_view *view = take_view(session);
	uint32_t wanted = bits_of_name(args->name);
	struct output output;
	FILE *out = output_open(&output);
	uint8_t rows[ALG_ROWS];
	unsigned n = alg_rows(rows);

	(void)no;
	for (unsigned i = 0; i < n; i++)
		if (wanted & ALG_BIT(rows[i]))
			alg_print_one(out, view, rows[i]);
	output_send(session, &output);
	free(view);
}

_Static_assert((int)SHOW_ALG_TRACE_NAME_DNS == 1 && (int)SHOW_ALG_TRACE_NAME_TFTP == 9,
	       "the gateways of the table below");

void cmd_show_alg_trace(struct session *session, const struct args_show_alg_trace *args, bool no)
{
	static const uint32_t bits[] = {
		[0] = ALG_BITS_ALL,
		[SHOW_ALG_TRACE_NAME_DNS] = ALG_BIT(ALG_DNS),	 [SHOW_ALG_TRACE_NAME_FTP] = ALG_BIT(ALG_FTP),
		[SHOW_ALG_TRACE_NAME_MSRP] = ALG_BIT(ALG_MSRP),
		[SHOW_ALG_TRACE_NAME_RCMD] = RCMD_BITS,		 [SHOW_ALG_TRACE_NAME_REXEC] = ALG_BIT(ALG_EXEC),
		[SHOW_ALG_TRACE_NAME_RLOGIN] = ALG_BIT(ALG_LOGIN), [SHOW_ALG_TRACE_NAME_RSH] = ALG_BIT(ALG_SHELL),
		[SHOW_ALG_TRACE_NAME_SIP] = ALG_BIT(ALG_SIP),	 [SHOW_ALG_TRACE_NAME_TFTP] = ALG_BIT(ALG_TFTP),
	};
	struct router *router = session_router(session);
	struct output output;

	(void)no;
	alg_trace_print(output_open(&output), router->box, router->engine, bits[args->name],
			args->has_count ? args->count : TRACE_RING_SIZE);
	output_send(session, &output);
}

/* ---- clear ---- */

struct clearing {
	struct engine *engine;
	enum alg alg;
};

static void clear_counts(void *arg)
{
	const struct clearing *clearing = arg;

	engine_alg_clear(clearing->engine, clearing->alg);
}

/* ALG_NONE: of all, and of ICMP. */
static void clear_alg(struct session *session, enum alg alg)
{
	struct router *router = session_router(session);
	struct clearing clearing = {router->engine, alg};

	mailbox_call(router->box, clear_counts, &clearing);
}

void cmd_clear_alg_statistics(struct session *session, const struct args_clear_alg_statistics *args, bool no)
{
	(void)args;
	(void)no;
	clear_alg(session, ALG_NONE);
}

/* ---- the platform ---- */

void cmd_show_qfp_alg(struct session *session, const struct args_show_qfp_alg *args, bool no)
{
	struct alg_view *view = take_view(session);
	struct output output;

	(void)args;
	(void)no;
	alg_platform_print(output_open(&output), view);
	output_send(session, &output);
	free(view);
}

static const uint8_t platform_algs[] = {
	[SHOW_QFP_ALG_ONE_NAME_DNS] = ALG_DNS,	   [SHOW_QFP_ALG_ONE_NAME_EXEC] = ALG_EXEC,
	[SHOW_QFP_ALG_ONE_NAME_FTP] = ALG_FTP,	   [SHOW_QFP_ALG_ONE_NAME_LOGIN] = ALG_LOGIN,
	[SHOW_QFP_ALG_ONE_NAME_SHELL] = ALG_SHELL, [SHOW_QFP_ALG_ONE_NAME_SIP] = ALG_SIP,
	[SHOW_QFP_ALG_ONE_NAME_TFTP] = ALG_TFTP,
};
_Static_assert((int)SHOW_QFP_ALG_CLEAR_NAME_DNS == (int)SHOW_QFP_ALG_ONE_NAME_DNS &&
		       (int)SHOW_QFP_ALG_CLEAR_NAME_FTP == (int)SHOW_QFP_ALG_ONE_NAME_FTP &&
		       (int)SHOW_QFP_ALG_CLEAR_NAME_SHELL == (int)SHOW_QFP_ALG_ONE_NAME_SHELL &&
		       (int)SHOW_QFP_ALG_CLEAR_NAME_TFTP == (int)SHOW_QFP_ALG_ONE_NAME_TFTP,
	       "one table of gateways");

static void platform_one(struct session *session, enum alg alg, bool clear)
{
	struct alg_view *view = take_view(session);
	struct output output;
	FILE *out = output_open(&output);

	alg_platform_one(out, view, alg);
	if (clear && alg_platform_has(alg)) {
		clear_alg(session, alg);
		fprintf(out, "%s ALG counters cleared after display.\n", alg_type(alg));
	}
	output_send(session, &output);
	free(view);
}

void cmd_show_qfp_alg_one(struct session *session, const struct args_show_qfp_alg_one *args, bool no)
{
	(void)no;
	platform_one(session, (enum alg)platform_algs[args->name], false);
}

void cmd_show_qfp_alg_clear(struct session *session, const struct args_show_qfp_alg_clear *args, bool no)
{
	(void)no;
	platform_one(session, (enum alg)platform_algs[args->name], true);
}

void cmd_show_trace_process(struct session *session, const struct args_show_trace_process *args, bool no)
{
	struct router *router = session_router(session);
	struct output output;

	(void)args;
	(void)no;
	alg_trace_platform(output_open(&output), router->box, router->engine, "qfp", (int)getpid());
	output_send(session, &output);
}
