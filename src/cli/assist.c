/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/assist.h"

#include <string.h>

#include "cli/complete.h"
#include "cli/help.h"
#include "cli/session_internal.h"
#include "lib/mem.h"

char *assist_help(struct session *session, const char *line)
{
	char *text = mem_alloc(HELP_TEXT_SIZE);

	help_text(session->mode, session->level, line, text, HELP_TEXT_SIZE);
	return text;
}

char *assist_complete(struct session *session, const char *line)
{
	char *text = mem_alloc(WIRE_PAYLOAD_MAX + 1);

	complete_line(session->mode, session->level, line, text, WIRE_PAYLOAD_MAX);
	return text;
}
