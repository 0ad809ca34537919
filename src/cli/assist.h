/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `?` and Tab for one session: what help and completion say in its mode, at its level. */
#ifndef ALGATE_CLI_ASSIST_H
#define ALGATE_CLI_ASSIST_H

#include "cli/session.h"

/* What `?` prints behind this text (lines with newlines), malloc'ed. */
char *assist_help(struct session *session, const char *line);
/* The text as Tab leaves it, malloc'ed. */
char *assist_complete(struct session *session, const char *line);

#endif
