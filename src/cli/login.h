/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual terminal lines: which there are, their passwords, and the login before the first prompt.
 */
#ifndef ALGATE_CLI_LOGIN_H
#define ALGATE_CLI_LOGIN_H

#include <stdbool.h>
#include "cli/session.h"
#include "config/store.h"

#define LOGIN_LINES	5 /* vty 0 to 4 are always there */
#define LOGIN_LINES_MAX 16

/* Does any vty line have a password? Before that nothing listens. */
bool login_possible(const struct store *store);
/* Number of vty lines: up to the highest configured one. */
unsigned login_lines(const struct store *store);
/* Asks for the password of the session's line; the first prompt waits for it. A line without a
 * password lets nobody in, whether `login` is configured or not. */
void login_begin(struct session *session);

#endif
