/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIP calls for scripts/bench, over UDP, all on one flow as on a trunk. Both ends check where media
 * are said to be: another address than is expected ends the run, so that a router that leaves a
 * message as it is, is never counted as a fast one. Results are one line of JSON.
 *
 *   sipload server PORT SEEN
 *       Answers INVITE with 200 and a description, BYE with 200. The caller's description must say
 *       the address SEEN.
 *   sipload calls SERVER PORT LOCAL SECONDS WIDTH
 *       WIDTH calls at once, each INVITE, 200, ACK, BYE, 200, then the next one. The times are
 *       those from INVITE to 200; "done" counts whole calls.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "client.h"

#define MESSAGE_MAX 1500
#define WIDTH_MAX   256
#define FIRST_PORT  20000
#define PORTS	    20000 /* media ports, two for each call */
#define PATIENCE_MS 1000

struct call {
	unsigned number; /* Call-ID: <lane>.<number> */
	double began;	 /* when INVITE went out */
};

static int description(char *buf, size_t size, const char *address, int port)
{
	return snprintf(buf, size,
			"v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
			"m=audio %d RTP/AVP 0\r\n",
			address, address, port);
}

/* The value of a header field, up to its line's end; NULL: not there. */
static const char *field(const char *message, const char *name, int *length)
{
	const char *at = strstr(message, name);
	if (at == NULL)
		return NULL;
	at += strlen(name);
	*length = (int)strcspn(at, "\r");
	return at;
}

static const char *needed(const char *message, const char *name, int *length)
{
	const char *at = field(message, name, length);
	if (at == NULL)
		die_because("no%.20s in: %.300s", name + 2, message);
	return at;
}

/* ---- server ---- */

static void check_seen(const char *message, const char *seen)
{
	char wanted[64];
	snprintf(wanted, sizeof(wanted), "c=IN IP4 %s\r\n", seen);
	if (strstr(message, wanted) == NULL)
		die_because("another address than %s: %.600s", seen, message);
}

static size_t answer(char *buf, size_t size, const char *message, const char *body)
{
	int n_via, n_from, n_to, n_call, n_cseq;
	const char *via = needed(message, "\r\nVia: ", &n_via);
	const char *from = needed(message, "\r\nFrom: ", &n_from);
	const char *to = needed(message, "\r\nTo: ", &n_to);
	const char *call = needed(message, "\r\nCall-ID: ", &n_call);
	const char *cseq = needed(message, "\r\nCSeq: ", &n_cseq);
	const char *tag = memmem(to, (size_t)n_to, ";tag=", 5) == NULL ? ";tag=s" : "";
	int n = snprintf(buf, size,
			 "SIP/2.0 200 OK\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: %.*s%s\r\nCall-ID: "
			 "%.*s\r\nCSeq: %.*s\r\n%s"
			 "Content-Length: %zu\r\n\r\n%s",
			 n_via, via, n_from, from, n_to, to, tag, n_call, call, n_cseq, cseq,
			 body[0] != '\0' ? "Content-Type: application/sdp\r\n" : "", strlen(body),
			 body);
	return n > 0 && (size_t)n < size ? (size_t)n : size - 1;
}

static int server_mode(char **argv)
{
	int fd = udp_bind(atoi(argv[0]));
	ready();
	while (!ended) {
		char message[MESSAGE_MAX + 1], reply[2 * MESSAGE_MAX], body[256] = "";
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(fd, message, MESSAGE_MAX, 0, (struct sockaddr *)&from, &size);
		if (n <= 0)
			continue;
		message[n] = '\0';
		if (strncmp(message, "INVITE ", 7) == 0) {
			check_seen(message, argv[1]);
			/* What the caller called is where the media are. */
			char address[64];
			snprintf(address, sizeof(address), "%.*s", (int)strcspn(message + 13, ": "),
				 message + 13);
			description(body, sizeof(body), address, FIRST_PORT);
		} else if (strncmp(message, "BYE ", 4) != 0) {
			continue;
		}
		size_t length = answer(reply, sizeof(reply), message, body);
		(void)sendto(fd, reply, length, 0, (struct sockaddr *)&from, size);
	}
	return 0;
}

/* ---- calls ---- */

struct caller {
	int fd;
	const char *server, *local;
	int port, width;
	struct call calls[WIDTH_MAX];
	unsigned next, done;
	uint64_t lost;
	struct samples samples;
};

static void say(const struct caller *caller, int lane, const char *method, int cseq,
		const char *body)
{
	char message[MESSAGE_MAX];
	unsigned number = caller->calls[lane].number;
	int n = snprintf(
	    message, sizeof(message),
	    "%s sip:b@%s SIP/2.0\r\nVia: SIP/2.0/UDP "
	    "%s:%d;branch=z9hG4bK%d.%u.%d\r\nMax-Forwards: 70\r\n"
	    "From: <sip:a@%s>;tag=c%u\r\nTo: <sip:b@%s>%s\r\nCall-ID: %d.%u\r\nCSeq: %d %s\r\n"
	    "Contact: <sip:a@%s:%d>\r\n%sContent-Length: %zu\r\n\r\n%s",
	    method, caller->server, caller->local, caller->port, lane, number, cseq, caller->local,
	    number, caller->server, method[0] == 'I' ? "" : ";tag=s", lane, number,
	    method[0] == 'A' ? 1 : cseq, method, caller->local, caller->port,
	    body[0] != '\0' ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
	if (send(caller->fd, message, (size_t)n, 0) < 0 && errno != ECONNREFUSED &&
	    errno != ENOBUFS)
		die("send");
}

static void invite(struct caller *caller, int lane)
{
	char body[256];
	caller->calls[lane] = (struct call){.number = caller->next++, .began = now_s()};
	description(body, sizeof(body), caller->local,
		    FIRST_PORT + (int)(2 * caller->calls[lane].number % PORTS));
	say(caller, lane, "INVITE", 1, body);
}

/* What came is of the call that its lane has now, or late. */
static void heard(struct caller *caller, const char *message)
{
	int length, lane;
	unsigned number;
	const char *call = needed(message, "\r\nCall-ID: ", &length);
	const char *cseq = needed(message, "\r\nCSeq: ", &length);
	if (sscanf(call, "%d.%u", &lane, &number) != 2 || lane < 0 || lane >= caller->width ||
	    caller->calls[lane].number != number)
		return;
	if (strncmp(message, "SIP/2.0 200 ", 12) != 0)
		die_because("not 200: %.300s", message);
	if (strncmp(cseq, "1 INVITE", 8) == 0) {
		samples_put(&caller->samples, (now_s() - caller->calls[lane].began) * 1e6);
		say(caller, lane, "ACK", 1, "");
		say(caller, lane, "BYE", 2, "");
	} else {
		caller->done++;
		invite(caller, lane);
	}
}

static int calls_mode(char **argv)
{
	struct caller caller = {
	    .server = argv[0], .local = argv[2], .port = atoi(argv[1]), .width = atoi(argv[4])};
	double seconds = atof(argv[3]), began = now_s();
	if (caller.width < 1 || caller.width > WIDTH_MAX)
		die_because("WIDTH: 1 to %d", WIDTH_MAX);
	/* From the port that Via and Contact say; which is the server's, too: from where calls were
	 * made, every flow is read. */
	caller.fd = udp_bind(caller.port);
	struct sockaddr_in server = endpoint(caller.server, caller.port);
	if (connect(caller.fd, (struct sockaddr *)&server, sizeof(server)) != 0)
		die("connect");
	for (int lane = 0; lane < caller.width; lane++)
		invite(&caller, lane);
	while (!ended && now_s() - began < seconds) {
		char message[MESSAGE_MAX + 1];
		struct pollfd wait = {.fd = caller.fd, .events = POLLIN};
		if (poll(&wait, 1, PATIENCE_MS) == 0) {
			caller.lost += (uint64_t)caller.width;
			for (int lane = 0; lane < caller.width; lane++)
				invite(&caller, lane);
			continue;
		}
		ssize_t n = recv(caller.fd, message, MESSAGE_MAX, 0);
		if (n <= 0)
			continue;
		message[n] = '\0';
		heard(&caller, message);
	}
	printf("{\"done\": %u, \"seconds\": %.3f, ", caller.done, now_s() - began);
	samples_print(&caller.samples, caller.lost);
	printf("}\n");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct mode modes[] = {
	    {"server", 2, server_mode},
	    {"calls", 5, calls_mode},
	};
	return run_mode("sipload server PORT SEEN | calls SERVER PORT LOCAL SECONDS WIDTH", modes,
			sizeof(modes) / sizeof(modes[0]), argc, argv);
}
