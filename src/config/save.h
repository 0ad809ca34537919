/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration files are replaced as a whole or not at all: temporary file in the same directory, fsync, rename,
 * fsync of the directory. Mode 0600. A full disk or a kill leaves the old file.
 */
#ifndef ALGATE_CONFIG_SAVE_H
#define ALGATE_CONFIG_SAVE_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/err.h"

bool save_file(const char *path, const char *text, size_t length, struct err *err);
/* The whole file, malloc'ed, NUL-terminated; NULL with err->text "" when there is none. At most 64 MiB. */
char *load_file(const char *path, size_t *length, struct err *err);

#endif
