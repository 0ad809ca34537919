/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for packets, and for whatever else ends the wait. All queues have one socket, so the wait
 * is a blocking read: its timeout is the socket's, which is cheap while it stays the same, and who
 * wants the packet thread sends it an empty message. Promises that no wake-up is lost, whenever it
 * comes. May not look into packets; which of them share a queue is spread.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/mem.h"
#include "net/netlink.h"
#include "net/nfqueue.h"

struct queues {
	struct nfqueue *queue;
	struct mnl_socket *bell;
	int patience_ms; /* of the socket; -1: for ever */
	bool idle;	 /* the last wait came to its end */
};

/* ---- waiting and serving ---- */

static bool is_shorter(int a_ms, int b_ms)
{
	return a_ms >= 0 && (b_ms < 0 || a_ms < b_ms);
}

/* A wait that ends too soon costs one look at the clock, setting the time costs a call for each
 * packet: so it becomes shorter when that is asked for, and longer only when nothing has come. */
static void set_patience(struct queues *queues, int ms)
{
	struct timeval time = {ms / 1000, ms % 1000 * 1000};

	if (ms < 0)
		time = (struct timeval){0, 0};
	if (ms == queues->patience_ms || (!queues->idle && !is_shorter(ms, queues->patience_ms)))
		return;
	if (setsockopt(mnl_socket_get_fd(nfqueue_socket(queues->queue)), SOL_SOCKET, SO_RCVTIMEO,
		       &time, sizeof(time)) == 0)
		queues->patience_ms = ms;
}

bool queues_serve(struct queues *queues, struct engine *engine, struct inject *inject, int wait_ms,
		  uint64_t *now)
{
	struct nfqueue_turn turn;
	bool served;

	if (wait_ms != 0)
		set_patience(queues, wait_ms);
	served = nfqueue_serve(queues->queue, engine, inject, wait_ms != 0, &turn);
	if (wait_ms != 0)
		queues->idle = !served;
	*now = turn.now;
	return turn.more;
}

int queues_fd(const struct queues *queues)
{
	return mnl_socket_get_fd(nfqueue_socket(queues->queue));
}

const atomic_bool *queues_more(const struct queues *queues)
{
	return nfqueue_more(queues->queue);
}

void queues_wake(struct queues *queues)
{
	struct sockaddr_nl to = {.nl_family = AF_NETLINK,
				 .nl_pid = mnl_socket_get_portid(nfqueue_socket(queues->queue))};
	struct nlmsghdr nothing = {.nlmsg_len = sizeof(nothing), .nlmsg_type = NLMSG_NOOP};
	ssize_t sent;

	/* Where the buffer is full there is no wait to be ended. */
	do
		sent = sendto(mnl_socket_get_fd(queues->bell), &nothing, sizeof(nothing),
			      MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
	while (sent < 0 && (errno == EINTR || errno == ENOBUFS || errno == ENOMEM));
}

/* ---- what the kernel dropped ---- */

/* Only root may open the kernel's list of queues, so it is opened with the first queue and read
 * from then on. */
static atomic_int list_fd = -1;

static void list_open(void)
{
	int none = -1, fd = open("/proc/net/netfilter/nfnetlink_queue", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && !atomic_compare_exchange_strong(&list_fd, &none, fd))
		close(fd);
}

/* How many of the n queues from first on the list has, and what they dropped. A line: number, port
 * id, waiting, copy mode, copy range, dropped as the queue was full, dropped as our socket was, ...
 */
static unsigned list_read(unsigned first, unsigned n, uint64_t *dropped)
{
	char text[16384];
	size_t size = 0;
	ssize_t more;
	unsigned long full, lost;
	unsigned number, found = 0;

	/* The kernel hands out a page at a time. */
	while ((more = pread(atomic_load(&list_fd), text + size, sizeof(text) - 1 - size,
			     (off_t)size)) > 0)
		size += (size_t)more;
	text[size] = '\0';
	*dropped = 0;
	for (const char *line = text; *line != '\0';
	     line += strcspn(line, "\n"), line += *line == '\n')
		if (sscanf(line, "%u %*u %*u %*u %*u %lu %lu", &number, &full, &lost) == 3 &&
		    number - first < n) {
			*dropped += full + lost;
			found++;
		}
	return found;
}

bool nfqueue_is_bound(uint16_t number)
{
	uint64_t dropped;

	return list_read(number, 1, &dropped) > 0;
}

uint64_t queues_kernel_drops(void)
{
	uint64_t dropped;

	list_read(NET_QUEUE_NUMBER, NET_QUEUES, &dropped);
	return dropped;
}

uint64_t queues_lost(const struct queues *queues)
{
	return nfqueue_lost(queues->queue);
}

/* ---- life ---- */

struct queues *queues_new(struct err *err)
{
	struct queues *queues = mem_alloc(sizeof(*queues));

	list_open();
	queues->patience_ms = -1;
	queues->bell = netlink_open(NETLINK_NETFILTER, 0, err);
	if (queues->bell != NULL)
		queues->queue = nfqueue_new(NET_QUEUE_NUMBER, NET_QUEUES, err);
	if (queues->queue != NULL)
		return queues;
	queues_free(queues);
	return NULL;
}

void queues_free(struct queues *queues)
{
	if (queues == NULL)
		return;
	nfqueue_free(queues->queue);
	if (queues->bell != NULL)
		mnl_socket_close(queues->bell);
	free(queues);
}
