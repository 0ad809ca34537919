/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The password dialogue: up to three tries, hashing on the worker thread, delays that grow for
 * those who come over the network. Used by `enable` and by the login of vty lines.
 */
#ifndef ALGATE_CLI_AUTH_H
#define ALGATE_CLI_AUTH_H

#include <stdbool.h>
#include "cli/session.h"

#define AUTH_TRIES 3

/* Asks "Password: ". stored (copied) is of the given type (lib/secret.h). done is called once with
 * the outcome; false also after ^C, at end of input and when the session dies. The line waits for
 * it. */
void auth_ask(struct session *session, int type, const char *stored,
	      void (*done)(struct session *session, bool ok));
/* Before the session's memory goes: a check that still runs must not come back to it. */
void auth_forget(struct session *session);

#endif
