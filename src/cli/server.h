/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operator sessions over sockets: the daemon's AF_UNIX listener, and sockets handed over by the
 * telnet listener.
 *
 * A session that misbehaves, stalls or dies harms nobody: its input is bounded by the protocol, its
 * output by backpressure, and log lines it does not take in time are dropped for it alone.
 */
#ifndef ALGATE_CLI_SERVER_H
#define ALGATE_CLI_SERVER_H

#include <stdbool.h>
#include "cli/router.h"
#include "cli/session.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/loop.h"

struct server;

#define SERVER_SOCKET "algate.sock" /* in the state directory */

/* Listens on path (mode 0600; a stale socket is replaced, a live one is an error) and becomes the
 * log sink. path NULL: no listener, sessions come by server_adopt only. NULL with err on failure.
 */
struct server *server_new(struct loop *loop, struct router *router, const char *path,
			  struct err *err);
/* Closes every session and removes the socket. */
void server_free(struct server *server);
/* A session on this connected socket, which becomes the server's. line: vty number (ORIGIN_VTY),
 * peer: its address as text. closed(arg) is called once, when the session has ended. NULL when
 * there are too many. */
struct session *server_adopt(struct server *server, int fd, enum session_origin origin,
			     unsigned line, const char *peer, void (*closed)(void *arg), void *arg);
/* Tells the operator's terminal what it is (telnet TERMINAL-TYPE). */
void server_terminal_type(struct session *session, const char *name);
/* fn(arg) after every line that changed the configuration. One listener. */
void server_on_commit(struct server *server, void (*fn)(void *arg), void *arg);
struct router *server_router(struct server *server);

#endif
