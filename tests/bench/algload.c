/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients and servers whose messages say addresses, for scripts/bench. Both ends check each message
 * they get: what arrives with another address than is expected ends the run, so that a wrong answer
 * is never counted as a fast one. Results are one line of JSON.
 *
 *   algload ftpd PORT SEEN
 *       FTP control connections, to which anybody may log in; 200 to a PORT command that says the
 *       address SEEN and a port from 1024 on. To RETR it opens a connection to what PORT said.
 *   algload ftp SERVER PORT LOCAL SECONDS WIDTH DEPTH FILES
 *       WIDTH control connections, each of which logs in, then sends DEPTH PORT commands (LOCAL,
 *       another port each time) in one segment, awaits their replies, and goes on. Afterwards as
 *       many files as FILES says, each through what a PORT command announced.
 *   algload dnsd PORT GLOBAL SEEN COUNT
 *       An A query about h<n>.example is answered with GLOBAL + n; a PTR query must be about one of
 *       the COUNT addresses from SEEN.
 *   algload dns SERVER PORT TYPE FIRST WANTED COUNT SECONDS WINDOW
 *       WINDOW queries at once. TYPE a: of h0 to h<COUNT - 1>, whose addresses must be WANTED + n.
 *       TYPE ptr: about the addresses FIRST + n, whose answers must repeat that question.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "client.h"

#define GREETED	    2
#define EVENTS	    64
#define FDS_MAX	    1024
#define LINES_MAX   4096 /* bytes of lines that are not complete */
#define DEPTH_MAX   32
#define WINDOW_MAX  1024
#define PATIENCE_MS 1000
#define FIRST_PORT  20000
#define PORTS	    40000
#define DNS_HEADER  12
#define DNS_MESSAGE 512
#define TYPE_A	    1
#define TYPE_PTR    12

static uint32_t address_of(const char *text)
{
	return ntohl(endpoint(text, 0).sin_addr.s_addr);
}

/* ---- lines ---- */

/* One end of a control connection; by descriptor. */
struct line_end {
	char bytes[LINES_MAX];
	size_t n;
	uint16_t port; /* ftpd: as the last PORT said */
	int awaited;   /* ftp: replies */
	int stage;     /* ftp: replies before the first PORT command: 0, 1, GREETED */
	double since;
};

static struct line_end ends[FDS_MAX];

static struct line_end *end_of(int fd)
{
	if (fd < 0 || fd >= FDS_MAX)
		die_because("too many connections");
	return &ends[fd];
}

/* What came, appended; false when the other end has closed. */
static bool take_bytes(int fd, struct line_end *end)
{
	ssize_t n = recv(fd, end->bytes + end->n, sizeof(end->bytes) - end->n, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	end->n += (size_t)n;
	return true;
}

/* The next line from *at, ended by a NUL in place of its CR; NULL when there is none. */
static char *next_line(struct line_end *end, size_t *at)
{
	char *line = end->bytes + *at;
	char *stop = memchr(line, '\n', end->n - *at);

	if (stop == NULL) {
		if (end->n - *at == sizeof(end->bytes))
			die_because("a line without an end");
		return NULL;
	}
	if (stop == line || stop[-1] != '\r')
		die_because("a line without CR: %.60s", line);
	stop[-1] = 0;
	*at = (size_t)(stop + 1 - end->bytes);
	return line;
}

static void drop_lines(struct line_end *end, size_t used)
{
	memmove(end->bytes, end->bytes + used, end->n - used);
	end->n -= used;
}

/* What is written is little: either all of it goes, or something is wrong. */
static void say(int fd, const char *text, size_t length)
{
	if (send(fd, text, length, MSG_NOSIGNAL) != (ssize_t)length)
		die("control connection");
}

/* ---- FTP server ---- */

static bool read_port(const char *line, uint32_t seen, uint16_t *port)
{
	unsigned n[6];
	char behind;

	if (sscanf(line, "PORT %u,%u,%u,%u,%u,%u%c", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5],
		   &behind) != 6)
		return false;
	for (int i = 0; i < 6; i++)
		if (n[i] > 255)
			return false;
	*port = (uint16_t)(n[4] << 8 | n[5]);
	return (n[0] << 24 | n[1] << 16 | n[2] << 8 | n[3]) == seen && *port >= 1024;
}

/* The file is one line. */
static const char *retrieve(uint32_t address, uint16_t port)
{
	struct sockaddr_in to = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(address)}};
	struct timeval patience = {PATIENCE_MS / 1000, 0};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good;

	if (fd < 0)
		die("TCP");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	good = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	       send(fd, "file\r\n", 6, MSG_NOSIGNAL) == 6;
	close(fd);
	return good ? "226 Sent.\r\n" : "425 No connection.\r\n";
}

static void serve_lines(int fd, struct line_end *end, uint32_t seen)
{
	static const char good[] = "200 PORT command successful.\r\n";
	char answers[LINES_MAX], *line;
	size_t at = 0, n = 0;

	while (n + 256 < sizeof(answers) && (line = next_line(end, &at)) != NULL) {
		if (strcmp(line, "USER bench") == 0)
			n += (size_t)snprintf(answers + n, 256, "230 Welcome.\r\n");
		else if (strcmp(line, "RETR file") == 0)
			n += (size_t)snprintf(answers + n, 256, "%s", retrieve(seen, end->port));
		else if (read_port(line, seen, &end->port))
			n += (size_t)snprintf(answers + n, 256, "%s", good);
		else
			n += (size_t)snprintf(answers + n, 256, "501 Seen: %.100s\r\n", line);
	}
	drop_lines(end, at);
	if (n > 0)
		say(fd, answers, n);
}

static void welcome(int epoll, int listener)
{
	static const char greeting[] = "220 Ready.\r\n";
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	*end_of(fd) = (struct line_end){.n = 0};
	watch(epoll, fd, EPOLLIN, EPOLL_CTL_ADD);
	say(fd, greeting, sizeof(greeting) - 1);
}

static int run_ftpd(char **argv)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), listener = tcp_listen(atoi(argv[0]));
	uint32_t seen = address_of(argv[1]);
	struct epoll_event events[EVENTS];

	watch(epoll, listener, EPOLLIN, EPOLL_CTL_ADD);
	ready();
	while (!ended) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == listener)
				welcome(epoll, listener);
			else if (take_bytes(fd, end_of(fd)))
				serve_lines(fd, end_of(fd), seen);
			else
				close(fd);
		}
	}
	return 0;
}

/* ---- FTP client ---- */

struct ftp {
	uint32_t local;
	int depth;
	uint32_t n; /* commands, for their ports */
	uint64_t done;
	struct samples samples;
};

static int write_port(char *to, size_t room, uint32_t address, unsigned port)
{
	return snprintf(to, room, "PORT %u,%u,%u,%u,%u,%u\r\n", address >> 24, address >> 16 & 255,
			address >> 8 & 255, address & 255, port >> 8, port & 255);
}

static void ask_ports(struct ftp *ftp, int fd)
{
	char text[DEPTH_MAX * 40];
	struct line_end *end = end_of(fd);
	size_t n = 0;

	for (int i = 0; i < ftp->depth; i++)
		n += (size_t)write_port(text + n, sizeof(text) - n, ftp->local,
					FIRST_PORT + ftp->n++ % PORTS);
	end->awaited = ftp->depth;
	end->since = now_s();
	say(fd, text, n);
}

/* The kernel's helper reads nothing of what a client says first, so that must not be PORT. */
static void log_in(int fd, struct line_end *end, const char *line)
{
	if (strncmp(line, end->stage == 0 ? "220 " : "230 ", 4) != 0)
		die_because("wrong reply: %s", line);
	if (end->stage++ == 0)
		say(fd, "USER bench\r\n", 12);
}

static void take_replies(struct ftp *ftp, int fd)
{
	struct line_end *end = end_of(fd);
	size_t at = 0;
	char *line;

	if (!take_bytes(fd, end))
		die_because("the server closed a control connection");
	while ((line = next_line(end, &at)) != NULL) {
		if (end->stage < GREETED)
			log_in(fd, end, line);
		else if (strncmp(line, "200 ", 4) != 0)
			die_because("wrong reply: %s", line);
		else if (end->awaited-- > 0)
			ftp->done++;
		else
			die_because("a reply too many: %s", line);
	}
	drop_lines(end, at);
}

static int ftp_connect(const char *address, int port)
{
	struct sockaddr_in to = endpoint(address, port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("control connection");
	*end_of(fd) = (struct line_end){.n = 0};
	return fd;
}

/* Until all have had the answers to what they asked; no more is asked after `until`. Returns when
 * the last one came. */
static double converse(struct ftp *ftp, int epoll, int width, double until)
{
	struct epoll_event events[EVENTS];
	double at = now_s();

	for (int busy = width; busy > 0;) {
		int n = epoll_wait(epoll, events, EVENTS, 10 * PATIENCE_MS);

		if (n <= 0)
			die_because("no reply");
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			struct line_end *end = end_of(fd);
			bool asked = end->stage == GREETED;

			take_replies(ftp, fd);
			at = now_s();
			if (end->stage < GREETED || end->awaited > 0)
				continue;
			if (asked)
				samples_put(&ftp->samples, (at - end->since) * 1e6);
			if (at < until)
				ask_ports(ftp, fd);
			else
				busy--;
		}
	}
	return at;
}

static int accept_soon(int listener)
{
	struct pollfd poll_for = {.fd = listener, .events = POLLIN};
	int fd = poll(&poll_for, 1, 2 * PATIENCE_MS) == 1
		     ? accept4(listener, NULL, NULL, SOCK_CLOEXEC)
		     : -1;

	if (fd < 0)
		die_because("the data connection did not come");
	return fd;
}

/* The announced port is not only written: it lets the server in. */
static void fetch(int fd, uint32_t local)
{
	struct sockaddr_in at;
	socklen_t size = sizeof(at);
	int listener = tcp_listen(0), data, n;
	char text[128];

	if (getsockname(listener, (struct sockaddr *)&at, &size) != 0)
		die("data connection");
	n = write_port(text, sizeof(text), local, ntohs(at.sin_port));
	say(fd, text, (size_t)n);
	if (recv(fd, text, sizeof(text), 0) < 4 || strncmp(text, "200 ", 4) != 0)
		die_because("PORT before RETR");
	say(fd, "RETR file\r\n", 11);
	data = accept_soon(listener);
	if (recv(data, text, 6, MSG_WAITALL) != 6 || strncmp(text, "file\r\n", 6) != 0)
		die_because("the file is not as it was sent");
	close(data);
	close(listener);
}

static int run_ftp(char **argv)
{
	struct ftp ftp = {.local = address_of(argv[2]), .depth = atoi(argv[5])};
	int epoll = epoll_create1(EPOLL_CLOEXEC), width = atoi(argv[4]), fd = -1;
	double start = now_s(), last;

	if (width < 1 || width > FDS_MAX / 2 || ftp.depth < 1 || ftp.depth > DEPTH_MAX)
		die_because("WIDTH or DEPTH");
	for (int i = 0; i < width; i++) {
		fd = ftp_connect(argv[0], atoi(argv[1]));
		watch(epoll, fd, EPOLLIN, EPOLL_CTL_ADD);
	}
	start = now_s();
	last = converse(&ftp, epoll, width, start + atof(argv[3]));
	for (int i = 0; i < atoi(argv[6]); i++)
		fetch(fd, ftp.local);
	printf("{\"done\": %llu, \"seconds\": %.6f, ", (unsigned long long)ftp.done, last - start);
	samples_print(&ftp.samples, 0);
	puts("}");
	return 0;
}

/* ---- DNS messages ---- */

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) << 16 | get16(at + 2);
}

/* "h1.example" as labels; returns their size with the root. */
static size_t put_name(uint8_t *to, const char *name)
{
	size_t n = 0;

	while (*name != 0) {
		size_t length = strcspn(name, ".");

		to[n++] = (uint8_t)length;
		memcpy(to + n, name, length);
		n += length;
		name += length + (name[length] == '.');
	}
	to[n++] = 0;
	return n;
}

/* The other way; false when that is no name without pointers. Returns what lies behind it in *at.
 */
static bool get_name(const uint8_t *bytes, size_t size, size_t *at, char *name, size_t room)
{
	size_t n = 0;

	while (*at < size && bytes[*at] != 0) {
		size_t length = bytes[(*at)++];

		if (length > 63 || *at + length >= size || n + length + 2 > room)
			return false;
		memcpy(name + n, bytes + *at, length);
		*at += length;
		n += length;
		name[n++] = '.';
	}
	if (*at >= size || n == 0)
		return false;
	name[n - 1] = 0;
	++*at;
	return true;
}

static void reverse_name(char *to, size_t room, uint32_t address)
{
	snprintf(to, room, "%u.%u.%u.%u.in-addr.arpa", address & 255, address >> 8 & 255,
		 address >> 16 & 255, address >> 24);
}

static bool get_reverse(const char *name, uint32_t *address)
{
	unsigned n[4];
	int used = 0;

	if (sscanf(name, "%u.%u.%u.%u.in-addr.arpa%n", &n[0], &n[1], &n[2], &n[3], &used) != 4 ||
	    name[used] != 0 || used == 0)
		return false;
	*address = n[3] << 24 | n[2] << 16 | n[1] << 8 | n[0];
	return true;
}

/* ---- DNS server ---- */

struct zone {
	uint32_t global, seen, count;
};

/* What the answer to the question says, behind a record's length; 0 when it is not a right
 * question. */
static size_t find_data(const struct zone *zone, const char *name, uint32_t type, uint8_t *to)
{
	uint32_t address, n;
	char behind;

	if (type == TYPE_A && sscanf(name, "h%u.exampl%c", &n, &behind) == 2 && n < zone->count) {
		put32(to, zone->global + n);
		return 4;
	}
	if (type == TYPE_PTR && get_reverse(name, &address) && address - zone->seen < zone->count)
		return put_name(to, "host.example");
	return 0;
}

/* Completes a query to its answer, of which the size is returned. RCODE 3, and the question as it
 * is, when it was a wrong one. */
static size_t answer(const struct zone *zone, uint8_t *bytes, size_t size)
{
	size_t at = DNS_HEADER, length;
	uint32_t type;
	char name[256];

	if (size < DNS_HEADER || get16(bytes + 4) != 1 ||
	    !get_name(bytes, size, &at, name, sizeof(name)) || size != at + 4)
		return 0;
	type = get16(bytes + at);
	at += 4;
	length = find_data(zone, name, type, bytes + at + 12);
	put16(bytes + 2, length == 0 ? 0x8403 : 0x8400);
	if (length == 0)
		return at;
	put16(bytes + 6, 1);
	put16(bytes + at, 0xc000 | DNS_HEADER);
	put16(bytes + at + 2, type);
	put16(bytes + at + 4, 1);
	put32(bytes + at + 6, 300);
	put16(bytes + at + 10, (uint32_t)length);
	return at + 12 + length;
}

static int run_dnsd(char **argv)
{
	struct zone zone = {address_of(argv[1]), address_of(argv[2]), (uint32_t)atoi(argv[3])};
	int fd = udp_bind(atoi(argv[0]));

	ready();
	while (!ended) {
		uint8_t bytes[2 * DNS_MESSAGE];
		struct sockaddr_in from;
		socklen_t length = sizeof(from);
		ssize_t n = recvfrom(fd, bytes, DNS_MESSAGE, 0, (struct sockaddr *)&from, &length);
		size_t size = n > 0 ? answer(&zone, bytes, (size_t)n) : 0;

		if (size > 0)
			sendto(fd, bytes, size, 0, (struct sockaddr *)&from, length);
	}
	return 0;
}

/* ---- DNS client ---- */

struct dns {
	int fd;
	uint32_t type, first, wanted, count, window;
	uint32_t n; /* queries */
	uint64_t done, lost;
	struct samples samples;
	struct {
		uint32_t n;
		bool waits;
		double since;
	} slots[WINDOW_MAX];
};

/* Query number n without its identifier: as it is asked, and so as it must come back. */
static size_t write_query(const struct dns *dns, uint32_t n, uint8_t *to)
{
	char name[64];
	size_t at = DNS_HEADER;

	memset(to, 0, DNS_HEADER);
	put16(to + 2, 0x0100);
	put16(to + 4, 1);
	if (dns->type == TYPE_A)
		snprintf(name, sizeof(name), "h%u.example", n % dns->count);
	else
		reverse_name(name, sizeof(name), dns->first + n % dns->count);
	at += put_name(to + at, name);
	put16(to + at, dns->type);
	put16(to + at + 2, 1);
	return at + 4;
}

static void ask(struct dns *dns, uint32_t slot)
{
	uint8_t bytes[DNS_MESSAGE];
	size_t size = write_query(dns, dns->n, bytes);

	put16(bytes, slot);
	dns->slots[slot].n = dns->n++;
	dns->slots[slot].waits = true;
	dns->slots[slot].since = now_s();
	if (send(dns->fd, bytes, size, 0) != (ssize_t)size)
		die("send");
}

static void check_answer(const struct dns *dns, uint32_t n, const uint8_t *bytes, size_t size)
{
	uint8_t asked[DNS_MESSAGE];
	size_t at = write_query(dns, n, asked);

	if (size < at + 12 + 4 || get16(bytes + 2) != 0x8400 || get16(bytes + 6) != 1)
		die_because("query %u: refused, or too short: %zu bytes, flags %x", n, size,
			    size < 4 ? 0 : get16(bytes + 2));
	if (memcmp(bytes + DNS_HEADER, asked + DNS_HEADER, at - DNS_HEADER) != 0)
		die_because("query %u: the answer is to another question", n);
	if (get16(bytes + at) != (0xc000 | DNS_HEADER) || get16(bytes + at + 2) != dns->type)
		die_because("query %u: another record was answered", n);
	if (at + 12 + get16(bytes + at + 10) != size)
		die_because("query %u: the answer has another length than it says", n);
	if (dns->type == TYPE_A && get32(bytes + at + 12) != dns->wanted + n % dns->count)
		die_because("query %u: wrong address %x", n, get32(bytes + at + 12));
}

/* An answer to a query that was given up as lost is not counted. Returns its slot, or WINDOW_MAX.
 */
static uint32_t take_answer(struct dns *dns)
{
	uint8_t bytes[2 * DNS_MESSAGE];
	ssize_t size = recv(dns->fd, bytes, sizeof(bytes), 0);
	uint32_t slot = size >= DNS_HEADER ? get16(bytes) : WINDOW_MAX;

	if (size < 0 && errno != EAGAIN && errno != EINTR)
		die("recv");
	if (slot >= dns->window || !dns->slots[slot].waits)
		return WINDOW_MAX;
	check_answer(dns, dns->slots[slot].n, bytes, (size_t)size);
	dns->slots[slot].waits = false;
	dns->done++;
	samples_put(&dns->samples, (now_s() - dns->slots[slot].since) * 1e6);
	return slot;
}

/* For as long as it takes that everything asked is answered, or nothing has come for a while: that
 * is lost. */
static void drain(struct dns *dns)
{
	uint32_t waits = 0;

	for (uint32_t slot = 0; slot < dns->window; slot++)
		waits += dns->slots[slot].waits;
	while (waits > 0 && take_answer(dns) != WINDOW_MAX)
		waits--;
	for (uint32_t slot = 0; slot < dns->window; slot++)
		dns->slots[slot].waits = false;
	dns->lost += waits;
}

static double query(struct dns *dns, double seconds)
{
	double start = now_s(), last = start;

	while (last < start + seconds) {
		for (uint32_t slot = 0; slot < dns->window; slot++)
			ask(dns, slot);
		while (last < start + seconds) {
			uint32_t slot = take_answer(dns);

			last = now_s();
			if (slot == WINDOW_MAX)
				break;
			if (last < start + seconds)
				ask(dns, slot);
		}
		drain(dns);
	}
	return last - start;
}

static int run_dns(char **argv)
{
	struct timeval patience = {PATIENCE_MS / 1000, 0};
	struct dns dns = {.fd = udp_connect(argv[0], atoi(argv[1])),
			  .type = strcmp(argv[2], "ptr") == 0 ? TYPE_PTR : TYPE_A,
			  .first = address_of(argv[3]),
			  .wanted = address_of(argv[4]),
			  .count = (uint32_t)atoi(argv[5]),
			  .window = (uint32_t)atoi(argv[7])};
	double seconds;

	if (dns.window < 1 || dns.window > WINDOW_MAX || dns.count < 1)
		die_because("COUNT or WINDOW");
	setsockopt(dns.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	seconds = query(&dns, atof(argv[6]));
	printf("{\"done\": %llu, \"seconds\": %.6f, ", (unsigned long long)dns.done, seconds);
	samples_print(&dns.samples, dns.lost);
	puts("}");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct mode modes[] = {
	    {"ftpd", 2, run_ftpd},
	    {"ftp", 7, run_ftp},
	    {"dnsd", 4, run_dnsd},
	    {"dns", 8, run_dns},
	};

	return run_mode("algload ftpd | ftp | dnsd | dns ... (see its source)", modes,
			sizeof(modes) / sizeof(modes[0]), argc, argv);
}
