/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `?` prints. */
#ifndef ALGATE_CLI_HELP_H
#define ALGATE_CLI_HELP_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/gram.h"

/* No help is longer. */
#define HELP_TEXT_SIZE 32768

/* line: what stands before the `?`. Behind a blank: one row for each word or value that may come next, `<cr>` if the
 * line may end. Inside a word: the words that begin so, on one line. Lines end in \n. False: nothing fits, and the text
 * is a `%` line. */
bool help_text(const struct gram_mode *mode, int level, const char *line, char *buf, size_t size);

#endif
