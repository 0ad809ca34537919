/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show ip virtual-reassembly. */
#include "cli/output.h"
#include "gram_tables.h"
#include "show/vfr.h"

void cmd_show_vfr(struct session *session, const struct args_show_vfr *args, bool no)
{
	struct router *router = session_router(session);
	struct output output;

	(void)no;
	vfr_print(output_open(&output), router->box, router->engine, args->has_interface ? args->interface : NULL);
	output_send(session, &output);
}
