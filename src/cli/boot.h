/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which configuration the router starts with. STATE/running-config is written at every commit and taken away by a clean
 * stop, so where it is left over from this boot, the daemon died: it is resumed. Otherwise the startup-config counts.
 */
#ifndef ALGATE_CLI_BOOT_H
#define ALGATE_CLI_BOOT_H

#include <stdbool.h>
#include "cli/router.h"
#include "lib/err.h"

/* Loads and commits; bad lines go to the log with file and number. From here on every commit writes
 * STATE/running-config. False: the configuration could not be applied at all. */
bool boot_load(struct router *router, struct err *err);
/* Clean stop: the next start takes the startup-config. */
void boot_forget(const struct router *router);

#endif
