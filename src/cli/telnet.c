/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Telnet sessions: TCP on one side, a pty with `algate` on the other, libtelnet between them.
 *
 * Promises: bounded buffers both ways, whoever is slow is waited for; no option is answered twice;
 * nothing typed reaches the pty before `algate` has silenced its echo. It may not see a password as
 * anything but bytes.
 */
#include "cli/telnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libtelnet.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cli/login.h"
#include "cli/session_internal.h"
#include "lib/mem.h"

#define NET_ROOM    (64 * 1024) /* waiting for the network before the pty is no longer read */
#define PTY_ROOM    (16 * 1024) /* waiting for the pty before the network is no longer read */
#define RETRY_TIME  (30 * 1000)
#define LINGER_TIME (5 * 1000)
#define WIRE_FD	    3 /* where `algate` finds its session */

struct pipe_buffer {
	char *data;
	size_t start, end, size;
};

struct caller {
	struct telnet *telnet; /* NULL: the listener is gone */
	unsigned line;
	int net, pty; /* -1: closed */
	struct loop_watch *net_watch, *pty_watch;
	struct loop_timer *timer;
	struct pipe_buffer to_net, to_pty;
	telnet_t *protocol;
	struct session *session; /* NULL: ended */
	pid_t pid;
	bool heard;  /* algate has written: its terminal is silent */
	bool broken; /* to be closed at the top of the callback */
	LIST_ENTRY(caller) link;
};

struct telnet {
	struct loop *loop;
	struct server *server;
	struct sockaddr_in address;
	char algate[PATH_MAX];
	int fd;
	struct loop_watch *watch;
	struct loop_timer *retry;
	LIST_HEAD(, caller) callers;
};

/* ---- buffers */

static void buffer_add(struct pipe_buffer *buffer, const char *bytes, size_t count)
{
	if (buffer->start == buffer->end)
		buffer->start = buffer->end = 0;
	if (buffer->size < buffer->end + count) {
		buffer->size = (buffer->end + count) * 2;
		buffer->data = mem_grow(buffer->data, buffer->size, 1);
	}
	memcpy(buffer->data + buffer->end, bytes, count);
	buffer->end += count;
}

static size_t buffer_held(const struct pipe_buffer *buffer)
{
	return buffer->end - buffer->start;
}

/* False when the other side is gone. */
static bool buffer_drain(struct pipe_buffer *buffer, int fd)
{
	while (buffer->start < buffer->end) {
		ssize_t sent = write(fd, buffer->data + buffer->start, buffer_held(buffer));

		if (sent < 0)
			return errno == EAGAIN || errno == EINTR;
		buffer->start += (size_t)sent;
	}
	return true;
}

/* ---- one caller */

static void child_gone(struct caller *caller)
{
	if (caller->pid > 0) {
		kill(caller->pid, SIGKILL);
		waitpid(caller->pid, NULL, 0);
	}
	caller->pid = 0;
}

static void close_net(struct caller *caller)
{
	loop_unwatch(caller->net_watch);
	caller->net_watch = NULL;
	if (caller->net >= 0)
		close(caller->net);
	caller->net = -1;
}

static void close_pty(struct caller *caller)
{
	loop_unwatch(caller->pty_watch);
	caller->pty_watch = NULL;
	if (caller->pty >= 0)
		close(caller->pty);
	caller->pty = -1;
}

/* Without its child the session's socket ends, and with that the session; session_closed() frees
 * what is left. */
static void caller_free(struct caller *caller)
{
	close_net(caller);
	close_pty(caller);
	child_gone(caller);
	loop_timer_free(caller->timer);
	caller->timer = NULL;
	if (caller->protocol != NULL)
		telnet_free(caller->protocol);
	caller->protocol = NULL;
	if (caller->telnet != NULL)
		LIST_REMOVE(caller, link);
	caller->telnet = NULL;
	if (caller->session != NULL)
		return;
	free(caller->to_net.data);
	free(caller->to_pty.data);
	free(caller);
}

static void session_closed(void *arg)
{
	struct caller *caller = arg;

	caller->session = NULL;
	/* Otherwise algate still shows the last words; its end of the pty closes when it has. */
	if (caller->telnet == NULL)
		caller_free(caller);
	else
		loop_timer_set(caller->timer, LINGER_TIME);
}

/* Moves what can be moved and watches for what is missing. */
static void caller_settle(struct caller *caller)
{
	bool held;

	if (!caller->broken && !buffer_drain(&caller->to_net, caller->net))
		caller->broken = true;
	if (caller->pty >= 0 && caller->heard && !buffer_drain(&caller->to_pty, caller->pty))
		close_pty(caller);
	if (caller->broken || (caller->pty < 0 && buffer_held(&caller->to_net) == 0)) {
		caller_free(caller);
		return;
	}
	held = buffer_held(&caller->to_net) > 0;
	loop_want(caller->net_watch, (buffer_held(&caller->to_pty) < PTY_ROOM ? LOOP_READ : 0u) |
					 (held ? LOOP_WRITE : 0u));
	if (caller->pty_watch != NULL)
		loop_want(
		    caller->pty_watch,
		    (buffer_held(&caller->to_net) < NET_ROOM ? LOOP_READ : 0u) |
			(caller->heard && buffer_held(&caller->to_pty) > 0 ? LOOP_WRITE : 0u));
}

static void pty_ready(void *arg, unsigned events)
{
	struct caller *caller = arg;
	char bytes[4096];
	ssize_t got;

	if (events & LOOP_READ) {
		got = read(caller->pty, bytes, sizeof(bytes));
		if (got > 0) {
			caller->heard = true;
			telnet_send(caller->protocol, bytes, (size_t)got);
		} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
			close_pty(caller);
		}
	}
	caller_settle(caller);
}

static void net_ready(void *arg, unsigned events)
{
	struct caller *caller = arg;
	char bytes[4096];
	ssize_t got;

	if ((events & LOOP_READ) &&
	    (buffer_held(&caller->to_pty) < PTY_ROOM || (events & LOOP_HANGUP))) {
		got = recv(caller->net, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got > 0)
			telnet_recv(caller->protocol, bytes, (size_t)got);
		else if (got == 0 || (errno != EAGAIN && errno != EINTR))
			caller->broken = true;
	}
	caller_settle(caller);
}

static void linger_over(void *arg)
{
	caller_free(arg);
}

/* ---- the protocol */

static const telnet_telopt_t options[] = {
    {TELNET_TELOPT_ECHO, TELNET_WILL, TELNET_DONT},
    {TELNET_TELOPT_SGA, TELNET_WILL, TELNET_DO},
    {TELNET_TELOPT_TTYPE, TELNET_WONT, TELNET_DO},
    {TELNET_TELOPT_NAWS, TELNET_WONT, TELNET_DO},
    {-1, 0, 0},
};

/* Only names that mean something here: what the network says does not choose a file to be read. */
static void take_type(struct caller *caller, const char *name)
{
	static const struct {
		const char *begins, *type;
	} known[] = {
	    {"xterm", "xterm"}, {"rxvt", "xterm"}, {"screen", "screen"}, {"tmux", "screen"},
	    {"linux", "linux"}, {"vt", "vt100"},   {"ansi", "ansi"},
	};

	if (name == NULL || caller->session == NULL)
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncasecmp(name, known[i].begins, strlen(known[i].begins)) == 0) {
			server_terminal_type(caller->session, known[i].type);
			return;
		}
}

/* NAWS (RFC 1073): columns, rows; 0 is "not known". */
static void take_window(struct caller *caller, const char *data, size_t length)
{
	const uint8_t *at = (const uint8_t *)data;
	struct winsize window = {0};

	if (length != 4 || caller->pty < 0)
		return;
	window.ws_col = wire_u16(at);
	window.ws_row = wire_u16(at + 2);
	ioctl(caller->pty, TIOCSWINSZ, &window);
}

static void take_command(struct caller *caller, unsigned char command)
{
	switch (command) {
	case TELNET_AYT:
		buffer_add(&caller->to_net, "\r\n[Yes]\r\n", 9);
		break;
	case TELNET_IP:
	case TELNET_BREAK:
	case TELNET_AO:
		buffer_add(&caller->to_pty, "\003", 1);
		break;
	case TELNET_EC:
		buffer_add(&caller->to_pty, "\177", 1);
		break;
	case TELNET_EL:
		buffer_add(&caller->to_pty, "\025", 1);
		break;
	default:
		break;
	}
}

static void on_event(telnet_t *protocol, telnet_event_t *event, void *arg)
{
	struct caller *caller = arg;

	switch (event->type) {
	case TELNET_EV_DATA:
		if (!caller->broken)
			buffer_add(&caller->to_pty, event->data.buffer, event->data.size);
		break;
	case TELNET_EV_SEND:
		buffer_add(&caller->to_net, event->data.buffer, event->data.size);
		break;
	case TELNET_EV_IAC:
		take_command(caller, event->iac.cmd);
		break;
	case TELNET_EV_WILL:
		if (event->neg.telopt == TELNET_TELOPT_TTYPE)
			telnet_ttype_send(protocol);
		break;
	case TELNET_EV_TTYPE:
		if (event->ttype.cmd == TELNET_TTYPE_IS)
			take_type(caller, event->ttype.name);
		break;
	case TELNET_EV_SUBNEGOTIATION:
		if (event->sub.telopt == TELNET_TELOPT_NAWS)
			take_window(caller, event->sub.buffer, event->sub.size);
		break;
	case TELNET_EV_COMPRESS: /* never offered; what it unpacks to has no bound */
	case TELNET_EV_ERROR:
		caller->broken = true;
		break;
	default:
		break;
	}
}

static void greet(struct caller *caller)
{
	telnet_negotiate(caller->protocol, TELNET_WILL, TELNET_TELOPT_ECHO);
	telnet_negotiate(caller->protocol, TELNET_WILL, TELNET_TELOPT_SGA);
	telnet_negotiate(caller->protocol, TELNET_DO, TELNET_TELOPT_TTYPE);
	telnet_negotiate(caller->protocol, TELNET_DO, TELNET_TELOPT_NAWS);
}

/* ---- algate on a pty */

/* Returns the open slave, to be kept until the child has it too (a pty without any would lose its
 * settings). */
static int open_pty(struct caller *caller, char slave[64])
{
	struct termios raw;
	int fd;

	caller->pty = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (caller->pty < 0 || grantpt(caller->pty) < 0 || unlockpt(caller->pty) < 0 ||
	    ptsname_r(caller->pty, slave, 64) != 0)
		return -1;
	fd = open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0 && tcgetattr(fd, &raw) == 0) {
		cfmakeraw(&raw); /* silent from the first byte on */
		raw.c_oflag |= OPOST | ONLCR;
		tcsetattr(fd, TCSANOW, &raw);
	}
	return fd;
}

/* Own session, the pty as its terminal, the socket as descriptor 3, nothing else; signals as if
 * fresh. */
static bool spawn(struct caller *caller, const char *slave, int wire)
{
	char *const argv[] = {"algate", "--wire", "3", NULL};
	char *const envp[] = {"TERM=dumb", "PATH=/usr/bin:/bin", NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int failed;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
						  POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, slave, O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO);
	posix_spawn_file_actions_adddup2(&actions, wire, WIRE_FD);
	posix_spawn_file_actions_addclosefrom_np(&actions, WIRE_FD + 1);
	failed =
	    posix_spawn(&caller->pid, caller->telnet->algate, &actions, &attributes, argv, envp);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (failed != 0)
		caller->pid = 0;
	return failed == 0;
}

static bool start_session(struct caller *caller, const char *peer)
{
	char slave[64];
	int terminal = open_pty(caller, slave);
	int pair[2];
	bool ok;

	if (terminal < 0)
		return false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		close(terminal);
		return false;
	}
	caller->session = server_adopt(caller->telnet->server, pair[0], ORIGIN_VTY, caller->line,
				       peer, session_closed, caller);
	if (caller->session == NULL)
		close(pair[0]);
	ok = caller->session != NULL && spawn(caller, slave, pair[1]);
	close(pair[1]);
	close(terminal);
	return ok;
}

/* ---- the listener */

static bool line_taken(const struct telnet *telnet, unsigned line)
{
	const struct caller *caller;

	LIST_FOREACH(caller, &telnet->callers, link)
	if (caller->line == line)
		return true;
	return false;
}

static void take_caller(struct telnet *telnet, int fd, const struct sockaddr_in *from,
			unsigned line)
{
	struct caller *caller = mem_alloc(sizeof(*caller));
	char peer[INET_ADDRSTRLEN];
	int one = 1;

	inet_ntop(AF_INET, &from->sin_addr, peer, sizeof(peer));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	caller->telnet = telnet;
	caller->line = line;
	caller->net = fd;
	caller->pty = -1;
	LIST_INSERT_HEAD(&telnet->callers, caller, link);
	caller->timer = loop_timer_new(telnet->loop, linger_over, caller);
	caller->protocol = telnet_init(options, on_event, 0, caller);
	if (caller->protocol != NULL && start_session(caller, peer)) {
		caller->net_watch = loop_watch(telnet->loop, fd, LOOP_READ, net_ready, caller);
		caller->pty_watch =
		    loop_watch(telnet->loop, caller->pty, LOOP_READ, pty_ready, caller);
	}
	if (caller->net_watch == NULL || caller->pty_watch == NULL) {
		log_event("TELNET", LOG_SEV_ERROR, "START", "no session for %s: %s", peer,
			  strerror(errno));
		caller_free(caller);
		return;
	}
	greet(caller);
	caller_settle(caller);
}

static void accept_ready(void *arg, unsigned events)
{
	struct telnet *telnet = arg;
	struct sockaddr_in from = {0};
	socklen_t length = sizeof(from);
	int fd =
	    accept4(telnet->fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
	unsigned lines = login_lines(server_router(telnet->server)->store);
	unsigned line = 0;

	(void)events;
	if (fd < 0)
		return;
	while (line < lines && line_taken(telnet, line))
		line++;
	if (line < lines)
		take_caller(telnet, fd, &from, line);
	else
		close(fd);
}

static void stop_listening(struct telnet *telnet)
{
	loop_unwatch(telnet->watch);
	telnet->watch = NULL;
	if (telnet->fd >= 0)
		close(telnet->fd);
	telnet->fd = -1;
}

static bool start_listening(struct telnet *telnet)
{
	int one = 1;

	telnet->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (telnet->fd < 0)
		return false;
	setsockopt(telnet->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* The address may come to an interface later. */
	setsockopt(telnet->fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	if (bind(telnet->fd, (struct sockaddr *)&telnet->address, sizeof(telnet->address)) < 0 ||
	    listen(telnet->fd, 16) < 0)
		return false;
	telnet->watch = loop_watch(telnet->loop, telnet->fd, LOOP_READ, accept_ready, telnet);
	return telnet->watch != NULL;
}

static void refresh(void *arg)
{
	struct telnet *telnet = arg;
	bool wanted = login_possible(server_router(telnet->server)->store);
	char text[INET_ADDRSTRLEN];

	if (!wanted)
		loop_timer_stop(telnet->retry);
	if (wanted == (telnet->fd >= 0))
		return;
	if (!wanted) {
		stop_listening(telnet);
	} else if (!start_listening(telnet)) {
		inet_ntop(AF_INET, &telnet->address.sin_addr, text, sizeof(text));
		log_event("TELNET", LOG_SEV_ERROR, "LISTEN", "%s:%u: %s", text,
			  ntohs(telnet->address.sin_port), strerror(errno));
		stop_listening(telnet);
		loop_timer_set(telnet->retry, RETRY_TIME);
	}
}

static bool parse_address(const char *text, struct sockaddr_in *out)
{
	const char *colon = strrchr(text, ':');
	char host[INET_ADDRSTRLEN];
	char *end;
	unsigned long port;

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	port = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || *end != '\0' || port < 1 || port > 65535)
		return false;
	out->sin_family = AF_INET;
	out->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &out->sin_addr) == 1;
}

/* `algate` lies beside the daemon in a build tree, else where it was installed. */
static void find_algate(char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof("/algate"));
	char *slash;

	if (length > 0) {
		path[length] = '\0';
		slash = strrchr(path, '/');
		memcpy(slash, "/algate", sizeof("/algate"));
		if (access(path, X_OK) == 0)
			return;
	}
	snprintf(path, PATH_MAX, "%s", BINDIR "/algate");
}

struct telnet *telnet_server_new(struct loop *loop, struct server *server, const char *address,
				 struct err *err)
{
	struct telnet *telnet = mem_alloc(sizeof(*telnet));

	if (address == NULL)
		address = TELNET_DEFAULT;
	if (!parse_address(address, &telnet->address)) {
		err_set(err, "%s: not ADDRESS:PORT", address);
		free(telnet);
		return NULL;
	}
	telnet->loop = loop;
	telnet->server = server;
	telnet->fd = -1;
	LIST_INIT(&telnet->callers);
	telnet->retry = loop_timer_new(loop, refresh, telnet);
	find_algate(telnet->algate);
	server_on_commit(server, refresh, telnet);
	refresh(telnet);
	return telnet;
}

void telnet_server_free(struct telnet *telnet)
{
	struct caller *caller;

	if (telnet == NULL)
		return;
	stop_listening(telnet);
	while ((caller = LIST_FIRST(&telnet->callers)) != NULL)
		caller_free(caller);
	server_on_commit(telnet->server, NULL, NULL);
	loop_timer_free(telnet->retry);
	free(telnet);
}
