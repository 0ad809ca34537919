/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Tab makes of a line. */
#ifndef ALGATE_CLI_COMPLETE_H
#define ALGATE_CLI_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/gram.h"

/* The line with its last word completed and a blank behind it if only one keyword begins so; else as far as all
 * keywords that begin so agree; else as it is. Returns whether anything was added. */
bool complete_line(const struct gram_mode *mode, int level, const char *line, char *buf, size_t size);

#endif
