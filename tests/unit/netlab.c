/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlab.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND_WORDS 64

static void die(const char *what)
{
	perror(what);
	abort();
}

bool netlab_possible(void)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(unshare(CLONE_NEWNET) != 0);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static uint8_t netlab_byte(uint64_t at)
{
	return (uint8_t)(at * 2654435761u >> 13);
}

static int serve_socket(int type)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(7)};
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || (type == SOCK_STREAM && listen(fd, 8) < 0))
		die("echo server");
	return fd;
}

/* Reads to the end, checks the pattern, answers with the number of right bytes. */
static void host_count(int fd)
{
	static uint8_t data[65536];
	uint64_t right = 0, at = 0;
	ssize_t size;

	while ((size = read(fd, data, sizeof(data))) > 0)
		for (ssize_t i = 0; i < size; i++, at++)
			right += data[i] == netlab_byte(at);
	if (write(fd, &right, sizeof(right)) != sizeof(right))
		perror("answer");
	close(fd);
}

static void host_serve(int udp, int tcp)
{
	struct pollfd fds[] = {{.fd = udp, .events = POLLIN}, {.fd = tcp, .events = POLLIN}};
	char data[2048];

	while (poll(fds, 2, -1) > 0) {
		struct sockaddr_in from;
		socklen_t length = sizeof(from);

		if (fds[0].revents != 0) {
			ssize_t size = recvfrom(udp, data, sizeof(data), 0, (struct sockaddr *)&from, &length);

			if (size >= 0)
				sendto(udp, data, (size_t)size, 0, (struct sockaddr *)&from, length);
		}
		if (fds[1].revents != 0)
			host_count(accept(tcp, NULL, NULL));
	}
}

static pid_t host_make(void)
{
	int ready[2];
	char byte;
	pid_t child;

	if (pipe(ready) < 0)
		die("pipe");
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) < 0)
			die("unshare");
		int udp = serve_socket(SOCK_DGRAM), tcp = serve_socket(SOCK_STREAM);

		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		host_serve(udp, tcp);
		_exit(0);
	}
	if (child < 0 || read(ready[0], &byte, 1) != 1)
		die("host");
	close(ready[0]);
	close(ready[1]);
	return child;
}

static void enter(pid_t host)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", host);
	if (setns(open(path, O_RDONLY | O_CLOEXEC), CLONE_NEWNET) < 0)
		die("setns");
}

/* Exit status 0: the other end got every byte, and right. */
static void send_child(pid_t host, const char *to, uint64_t bytes)
{
	static uint8_t data[65536];
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(7)};
	uint64_t sent = 0, right = 0;
	int fd;

	enter(host);
	inet_pton(AF_INET, to, &peer.sin_addr);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&peer, sizeof(peer)) < 0)
		_exit(2);
	while (sent < bytes) {
		for (uint64_t i = 0; i < sizeof(data); i++)
			data[i] = netlab_byte(sent + i);
		ssize_t size = write(fd, data, bytes - sent < sizeof(data) ? bytes - sent : sizeof(data));

		if (size < 0)
			_exit(3);
		sent += (uint64_t)size;
	}
	shutdown(fd, SHUT_WR);
	_exit(read(fd, &right, sizeof(right)) == sizeof(right) && right == bytes ? 0 : 4);
}

int netlab_send(pid_t host, void (*meanwhile)(void *arg), void *arg, const char *to, uint64_t bytes)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		send_child(host, to, bytes);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		meanwhile(arg);
		usleep(100);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void run_child(pid_t host, char *text, int output)
{
	char *words[COMMAND_WORDS + 1], *save = NULL;
	unsigned n = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (char *word = strtok_r(text, " ", &save); word != NULL && n < COMMAND_WORDS;
	     word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	words[n] = NULL;
	if (host > 0)
		enter(host);
	dup2(output, STDOUT_FILENO);
	execvp(words[0], words);
	die(words[0]);
}

int netlab_run(pid_t host, void (*meanwhile)(void *arg), void *arg, const char *format, ...)
{
	char text[1024];
	va_list args;
	pid_t child;
	int status;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	child = fork();
	if (child == 0)
		run_child(host, text, open("/dev/null", O_WRONLY | O_CLOEXEC));
	while (waitpid(child, &status, meanwhile != NULL ? WNOHANG : 0) == 0) {
		meanwhile(arg);
		poll(NULL, 0, 5);
	}
	if (meanwhile != NULL)
		meanwhile(arg);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

const char *netlab_output(pid_t host, const char *format, ...)
{
	static char output[65536];
	char text[1024];
	size_t size = 0;
	ssize_t got;
	va_list args;
	pid_t child;
	int ends[2];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (pipe2(ends, O_CLOEXEC) < 0)
		die("pipe");
	child = fork();
	if (child == 0)
		run_child(host, text, ends[1]);
	close(ends[1]);
	while (size < sizeof(output) - 1 && (got = read(ends[0], output + size, sizeof(output) - 1 - size)) > 0)
		size += (size_t)got;
	output[size] = '\0';
	close(ends[0]);
	waitpid(child, NULL, 0);
	return output;
}

static void must(pid_t host, const char *command)
{
	if (netlab_run(host, NULL, NULL, "%s", command) != 0)
		die(command);
}

/* Linux tells later than it sets it that a link has a carrier: a message about that would look like a change. */
static void wait_up(pid_t host, const char *name)
{
	for (int i = 0; i < 3000; i++) {
		if (strstr(netlab_output(host, "ip -o link show %s", name), "state UP") != NULL)
			return;
		poll(NULL, 0, 10);
	}
	die(name);
}

uint32_t netlab_index(const char *name)
{
	return if_nametoindex(name);
}

void netlab_make(struct netlab *lab)
{
	char command[128];

	if (unshare(CLONE_NEWNET) < 0)
		die("unshare");
	lab->inside = host_make();
	lab->outside = host_make();
	must(0, "ip link set lo up");
	snprintf(command, sizeof(command), "ip link add ri type veth peer name i0 netns %d", lab->inside);
	must(0, command);
	snprintf(command, sizeof(command), "ip link add ro type veth peer name o0 netns %d", lab->outside);
	must(0, command);
	must(0, "ip addr add 10.1.1.1/24 dev ri");
	must(0, "ip addr add 203.0.113.1/24 dev ro");
	must(0, "ip link set ri up");
	must(0, "ip link set ro up");
	must(lab->inside, "ip link set lo up");
	must(lab->inside, "ip addr add 10.1.1.2/24 dev i0");
	must(lab->inside, "ip link set i0 up");
	must(lab->inside, "ip route add default via 10.1.1.1");
	must(lab->outside, "ip link set lo up");
	must(lab->outside, "ip addr add 203.0.113.2/24 dev o0");
	must(lab->outside, "ip link set o0 up");
	must(lab->outside, "ip route add default via 203.0.113.1");
	wait_up(0, "ri");
	wait_up(0, "ro");
	wait_up(lab->inside, "i0");
	wait_up(lab->outside, "o0");
	lab->ri = netlab_index("ri");
	lab->ro = netlab_index("ro");
}

void netlab_clear(struct netlab *lab)
{
	kill(lab->inside, SIGKILL);
	kill(lab->outside, SIGKILL);
	waitpid(lab->inside, NULL, 0);
	waitpid(lab->outside, NULL, 0);
}
