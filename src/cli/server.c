/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets of operator sessions. Each connection is a session's port: frames in become calls of the
 * session, what the session says becomes frames out.
 *
 * Promises: bounded input by the wire's rules, output produced only while the socket takes it, a
 * connection is freed only at the top of a callback and never inside its session. It may not know
 * what a command does.
 */
#include "cli/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/assist.h"
#include "cli/session_internal.h"
#include "cli/wire.h"
#include "lib/mem.h"

#define SESSIONS_MAX 64
#define ROOM	     (64 * 1024)      /* producers run while less than this waits to be sent */
#define IDLE_TIME    (10 * 60 * 1000) /* exec-timeout 10 0 */
#define LOGIN_TIME   (60 * 1000)      /* to say hello and to log in */
#define LINGER_TIME  (5 * 1000)	      /* to take the last words */

struct conn {
	struct server *server;
	struct session *session;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *timer;
	struct wire_in in;
	struct wire_out out;
	bool hello;    /* the terminal has introduced itself */
	bool flushing; /* a flush is deferred */
	bool ending;   /* nothing more is taken; what waits is still sent */
	bool dead;     /* to be freed at the top of the callback */
	unsigned lost; /* log lines it did not take */
	void (*closed)(void *arg);
	void *closed_arg;
	LIST_ENTRY(conn) link;
};

struct server {
	struct loop *loop;
	struct router *router;
	char *path;
	int fd;
	struct loop_watch *watch;
	LIST_HEAD(, conn) conns;
	unsigned n_conns;
	uint64_t version; /* of the store, when the listener was last told */
	void (*commit)(void *arg);
	void *commit_arg;
};

struct router *server_router(struct server *server)
{
	return server->router;
}

void server_on_commit(struct server *server, void (*fn)(void *arg), void *arg)
{
	server->commit = fn;
	server->commit_arg = arg;
	server->version = store_version(server->router->store);
}

/* ---- connections */

static void flush_later(void *arg);

static void conn_free(struct conn *conn)
{
	struct server *server = conn->server;

	LIST_REMOVE(conn, link);
	server->n_conns--;
	session_free(conn->session);
	loop_undefer(server->loop, flush_later, conn);
	loop_timer_free(conn->timer);
	loop_unwatch(conn->watch);
	close(conn->fd);
	wire_out_clear(&conn->out);
	if (conn->closed != NULL)
		conn->closed(conn->closed_arg);
	free(conn);
}

/* Sends what the socket takes; when it takes some, its producers may go on. */
static void conn_flush(struct conn *conn)
{
	enum wire_status status;

	if (conn->dead)
		return;
	status = wire_flush(&conn->out, conn->fd);
	if (status == WIRE_CLOSED || (status == WIRE_OK && conn->ending)) {
		conn->dead = true;
		return;
	}
	loop_want(conn->watch, status == WIRE_MORE ? LOOP_READ | LOOP_WRITE : LOOP_READ);
	if (wire_pending(&conn->out) < ROOM / 2)
		session_room(conn->session);
}

static void conn_settle(struct conn *conn)
{
	if (conn->dead)
		conn_free(conn);
}

static void flush_later(void *arg)
{
	struct conn *conn = arg;

	conn->flushing = false;
	conn_flush(conn);
	conn_settle(conn);
}

/* One send for all that a round of the loop has to say: an answer and the prompt behind it arrive
 * together. */
static void conn_dirty(struct conn *conn)
{
	if (conn->flushing || conn->dead)
		return;
	conn->flushing = true;
	loop_defer(conn->server->loop, flush_later, conn);
}

/* ---- the session's port */

static void port_output(void *self, const char *text, size_t length)
{
	struct conn *conn = self;

	while (length > 0) {
		size_t piece = length < WIRE_PAYLOAD_MAX ? length : WIRE_PAYLOAD_MAX;

		wire_put(&conn->out, WIRE_OUTPUT, NULL, 0, text, piece);
		text += piece;
		length -= piece;
	}
	conn_dirty(conn);
}

static void port_prompt(void *self, unsigned flags, const char *text)
{
	struct conn *conn = self;

	wire_put_text(&conn->out, WIRE_PROMPT, (uint8_t)flags, text);
	conn_dirty(conn);
}

static void port_question(void *self, enum question kind, const char *prompt)
{
	struct conn *conn = self;

	wire_put_text(&conn->out, WIRE_QUESTION, (uint8_t)kind, prompt);
	conn_dirty(conn);
}

static void port_settings(void *self)
{
	struct conn *conn = self;
	const struct session *session = conn->session;
	bool known = session->width_set || session->columns > 0;

	wire_put_pair(&conn->out, WIRE_TERMINAL, session->terminal.length,
		      known ? session->terminal.width : 0xffff);
	conn_dirty(conn);
}

static void port_log(void *self, bool asked, const char *line)
{
	struct conn *conn = self;
	char note[64];

	if (!conn->hello || wire_pending(&conn->out) >= ROOM) {
		conn->lost++;
		return;
	}
	if (conn->lost > 0) {
		snprintf(note, sizeof(note), "%u log lines lost", conn->lost);
		wire_put_text(&conn->out, WIRE_LOG, asked, note);
		conn->lost = 0;
	}
	wire_put_text(&conn->out, WIRE_LOG, asked, line);
	conn_dirty(conn);
}

static void port_bye(void *self, unsigned flags)
{
	struct conn *conn = self;

	wire_put_text(&conn->out, WIRE_BYE, (uint8_t)flags, "");
	conn->ending = true;
	loop_timer_set(conn->timer, LINGER_TIME);
	conn_dirty(conn);
}

static bool port_room(void *self)
{
	const struct conn *conn = self;

	return wire_pending(&conn->out) < ROOM;
}

static const struct session_port conn_port = {
    .output = port_output,
    .prompt = port_prompt,
    .question = port_question,
    .settings = port_settings,
    .log = port_log,
    .bye = port_bye,
    .room = port_room,
};

void server_terminal_type(struct session *session, const char *name)
{
	struct conn *conn = session->self;

	wire_put(&conn->out, WIRE_TERM_TYPE, NULL, 0, name, strlen(name));
	conn_dirty(conn);
}

/* ---- frames */

static void take_hello(struct conn *conn, const struct wire_frame *frame)
{
	struct session *session = conn->session;

	if (conn->hello || frame->length < 6 || frame->data[0] != WIRE_VERSION) {
		conn->dead = true;
		return;
	}
	conn->hello = true;
	session->terminal_attached = (frame->data[1] & WIRE_HELLO_TERMINAL) != 0;
	session_window(session, wire_u16(frame->data + 2), wire_u16(frame->data + 4));
	session_start(session);
}

/* Text of a frame behind its first `skip` bytes, as a string: control bytes but tab are no part of
 * any command. */
static char *frame_text(const struct wire_frame *frame, size_t skip)
{
	size_t length = frame->length > skip ? frame->length - skip : 0;
	char *text = mem_alloc(length + 1);

	for (size_t i = 0; i < length; i++)
		text[i] = frame->data[skip + i] == '\0' ? '?' : (char)frame->data[skip + i];
	return text;
}

static void take_line(struct conn *conn, const struct wire_frame *frame)
{
	char *text = frame_text(frame, 1);

	if (frame->length < 1 || frame->data[0] > WIRE_ABORT ||
	    !session_line(conn->session, (enum wire_ending)frame->data[0], text))
		conn->dead = true;
	free(text);
}

static void take_answer(struct conn *conn, const struct wire_frame *frame)
{
	char *text = frame_text(frame, 1);

	session_answer(conn->session, frame->length > 0 && frame->data[0] != 0 ? text : NULL);
	explicit_bzero(text, strlen(text));
	free(text);
}

static void take_help(struct conn *conn, const struct wire_frame *frame)
{
	char *line = frame_text(frame, 0);
	char *text = assist_help(conn->session, line);
	size_t length = strlen(text), at = 0;

	do {
		size_t piece =
		    length - at < WIRE_PAYLOAD_MAX - 1 ? length - at : WIRE_PAYLOAD_MAX - 1;
		uint8_t last = at + piece == length;

		wire_put(&conn->out, WIRE_HELP_TEXT, &last, 1, text + at, piece);
		at += piece;
	} while (at < length);
	conn_dirty(conn);
	free(text);
	free(line);
}

static void take_complete(struct conn *conn, const struct wire_frame *frame)
{
	char *line = frame_text(frame, 0);
	char *text = assist_complete(conn->session, line);

	wire_put(&conn->out, WIRE_COMPLETION, NULL, 0, text, strlen(text));
	conn_dirty(conn);
	free(text);
	free(line);
}

static void take_size(struct conn *conn, const struct wire_frame *frame)
{
	if (frame->length >= 4)
		session_window(conn->session, wire_u16(frame->data), wire_u16(frame->data + 2));
}

static void take(struct conn *conn, const struct wire_frame *frame)
{
	if (frame->type == WIRE_HELLO) {
		take_hello(conn, frame);
		return;
	}
	if (!conn->hello) {
		conn->dead = true;
		return;
	}
	switch (frame->type) {
	case WIRE_LINE:
		take_line(conn, frame);
		break;
	case WIRE_ANSWER:
		take_answer(conn, frame);
		break;
	case WIRE_HELP:
		take_help(conn, frame);
		break;
	case WIRE_COMPLETE:
		take_complete(conn, frame);
		break;
	case WIRE_INTERRUPT:
		session_interrupt(conn->session);
		break;
	case WIRE_SIZE:
		take_size(conn, frame);
		break;
	case WIRE_ALIVE:
		break;
	default:
		conn->dead = true;
	}
}

/* A key was pressed: the idle time starts again. Before the login is over the grace time runs
 * instead; lines that come from a file take their time. */
static void alive(struct conn *conn)
{
	const struct session *session = conn->session;

	if (conn->ending || !session->logged_in)
		return;
	if (session->terminal_attached)
		loop_timer_set(conn->timer, IDLE_TIME);
	else
		loop_timer_stop(conn->timer);
}

static void tell_commit(struct server *server)
{
	uint64_t version = store_version(server->router->store);

	if (version == server->version || server->commit == NULL)
		return;
	server->version = version;
	server->commit(server->commit_arg);
}

/* What comes after the session is over is read and forgotten, so that the socket does not stay
 * readable. */
static void conn_drain(struct conn *conn)
{
	conn->in.start = conn->in.end = 0;
	if (wire_receive(&conn->in, conn->fd) == WIRE_CLOSED)
		conn->dead = true;
}

static void conn_read(struct conn *conn)
{
	struct wire_frame frame;
	enum wire_status status;

	if (wire_receive(&conn->in, conn->fd) == WIRE_CLOSED)
		conn->dead = true;
	while (!conn->dead && !conn->ending) {
		status = wire_next(&conn->in, &frame);
		if (status == WIRE_CLOSED)
			conn->dead = true;
		if (status != WIRE_OK)
			break;
		take(conn, &frame);
		alive(conn);
	}
}

static void conn_ready(void *arg, unsigned events)
{
	struct conn *conn = arg;
	struct server *server = conn->server;

	if (events & LOOP_WRITE)
		conn_flush(conn);
	if ((events & LOOP_READ) && !conn->dead) {
		if (conn->ending)
			conn_drain(conn);
		else
			conn_read(conn);
	}
	conn_settle(conn);
	tell_commit(server);
}

static void conn_timeout(void *arg)
{
	struct conn *conn = arg;

	if (conn->ending) {
		conn_free(conn);
	} else if (conn->session->logged_in && conn->session->busy &&
		   !conn->session->question.open) {
		loop_timer_set(conn->timer, IDLE_TIME); /* output still runs */
	} else {
		session_close(conn->session);
		if (!conn->ending) { /* a question holds the line */
			conn->dead = true;
			conn_settle(conn);
		}
	}
}

/* ---- the listener */

static bool peer_is_root(int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

struct session *server_adopt(struct server *server, int fd, enum session_origin origin,
			     unsigned line, const char *peer, void (*closed)(void *arg), void *arg)
{
	struct conn *conn;
	char where[80] = "console";

	if (server->n_conns >= SESSIONS_MAX)
		return NULL;
	conn = mem_alloc(sizeof(*conn));
	conn->watch = loop_watch(server->loop, fd, LOOP_READ, conn_ready, conn);
	if (conn->watch == NULL) {
		free(conn);
		return NULL;
	}
	conn->server = server;
	conn->fd = fd;
	conn->closed = closed;
	conn->closed_arg = arg;
	conn->timer = loop_timer_new(server->loop, conn_timeout, conn);
	loop_timer_set(conn->timer, LOGIN_TIME);
	if (origin == ORIGIN_VTY)
		snprintf(where, sizeof(where), "vty%u (%s)", line, peer);
	conn->session = session_new(server->router, server->loop, origin, where, &conn_port, conn);
	conn->session->vty = line;
	conn->session->local_root = origin == ORIGIN_CONSOLE && peer_is_root(fd);
	LIST_INSERT_HEAD(&server->conns, conn, link);
	server->n_conns++;
	return conn->session;
}

static void accept_ready(void *arg, unsigned events)
{
	struct server *server = arg;
	int fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd >= 0 && server_adopt(server, fd, ORIGIN_CONSOLE, 0, "", NULL, NULL) == NULL)
		close(fd);
}

static void watch_log(void *arg, enum log_severity severity, const char *line)
{
	struct server *server = arg;
	struct conn *conn;

	LIST_FOREACH(conn, &server->conns, link)
	session_log(conn->session, severity, line);
}

/* Is anybody behind the socket that lies there already? */
static bool answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes;

	if (fd < 0)
		return false;
	yes = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
	close(fd);
	return yes;
}

static bool server_listen(struct server *server, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t mask;
	int bound;

	if (strlen(server->path) >= sizeof(address.sun_path))
		return err_set(err, "%s: path too long for a socket", server->path);
	memcpy(address.sun_path, server->path, strlen(server->path));
	if (answered(&address))
		return err_set(err, "%s: another daemon answers here", server->path);
	unlink(server->path);
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mask = umask(0177);
	bound =
	    server->fd < 0 ? -1 : bind(server->fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (bound < 0 || listen(server->fd, 16) < 0)
		return err_set(err, "%s: %s", server->path, strerror(errno));
	server->watch = loop_watch(server->loop, server->fd, LOOP_READ, accept_ready, server);
	return server->watch != NULL || err_set(err, "%s: %s", server->path, strerror(errno));
}

struct server *server_new(struct loop *loop, struct router *router, const char *path,
			  struct err *err)
{
	struct server *server = mem_alloc(sizeof(*server));

	server->loop = loop;
	server->router = router;
	server->fd = -1;
	LIST_INIT(&server->conns);
	if (path != NULL) {
		server->path = mem_strdup(path);
		if (!server_listen(server, err)) {
			if (server->fd >= 0)
				close(server->fd);
			free(server->path);
			free(server);
			return NULL;
		}
	}
	log_sink(watch_log, server);
	return server;
}

void server_free(struct server *server)
{
	struct conn *conn;

	log_sink(NULL, NULL);
	while ((conn = LIST_FIRST(&server->conns)) != NULL) {
		session_close(conn->session);
		conn_flush(conn);
		conn_free(conn);
	}
	loop_unwatch(server->watch);
	if (server->fd >= 0) {
		close(server->fd);
		unlink(server->path);
	}
	free(server->path);
	free(server);
}
