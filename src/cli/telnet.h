/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The telnet listener: libtelnet on the outside, a pty with `algate` on the inside, so that a
 * telnet session is the console's own program. Nothing listens before a `line vty` has a password.
 *
 * It may not interpret what is typed, except telnet itself; no environment, no LINEMODE; suboptions
 * are bounded.
 */
#ifndef ALGATE_CLI_TELNET_H
#define ALGATE_CLI_TELNET_H

#include "cli/server.h"
#include "lib/err.h"
#include "lib/loop.h"

struct telnet;

#define TELNET_DEFAULT "127.0.0.1:23"

/* address "ADDR:PORT", NULL: TELNET_DEFAULT. Follows the configuration by itself. NULL with err:
 * bad address. */
struct telnet *telnet_server_new(struct loop *loop, struct server *server, const char *address,
				 struct err *err);
/* Ends its sessions; NULL is allowed. Before server_free. */
void telnet_server_free(struct telnet *telnet);

#endif
