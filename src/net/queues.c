/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All packet queues, served in turns. Promises that a queue with packets gets as many served as any other in the same round,
 * so that none waits for another's backlog; which packets share a queue is spread.c's. May not look into packets.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/mem.h"
#include "net/nfqueue.h"

#define TURN_MIN 8 /* packets that a queue gets in a round, however many have some */

struct queues {
	struct nfqueue *queues[NET_QUEUES];
	struct nfqueue_batch *batch;
	int epoll;
	struct nfqueue *ready[NET_QUEUES];
	unsigned n_ready;
};

/* ---- waiting and serving ---- */

bool queues_wait(struct queues *queues, int timeout_ms)
{
	struct epoll_event events[NET_QUEUES + 1];
	/* An interrupted wait changes nothing. The kernel names first what it named longest ago. */
	int n = epoll_wait(queues->epoll, events, NET_QUEUES + 1, timeout_ms);
	bool other = false;

	queues->n_ready = 0;
	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr != NULL)
			queues->ready[queues->n_ready++] = events[i].data.ptr;
		else
			other = true;
	}
	return other;
}

/* A round: each that is ready has its turn; those that are empty then are ready no more. */
static unsigned serve_round(struct queues *queues, struct engine *engine, struct inject *inject, unsigned turn)
{
	unsigned served = 0, left = 0;

	for (unsigned i = 0; i < queues->n_ready; i++) {
		unsigned n = nfqueue_serve(queues->ready[i], engine, inject, turn);

		served += n;
		if (n >= turn)
			queues->ready[left++] = queues->ready[i];
	}
	queues->n_ready = left;
	return served;
}

void queues_serve(struct queues *queues, struct engine *engine, struct inject *inject, unsigned packets)
{
	unsigned served = 0;

	while (queues->n_ready > 0 && served < packets) {
		unsigned turn = packets / queues->n_ready;

		turn = turn < TURN_MIN ? TURN_MIN : turn < NFQUEUE_BATCH ? turn : NFQUEUE_BATCH;
		served += serve_round(queues, engine, inject, turn);
	}
}

bool queues_watch(struct queues *queues, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(queues->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

int queues_fd(const struct queues *queues)
{
	return queues->epoll;
}

/* ---- what the kernel dropped ---- */

/* Only root may open the kernel's list of queues, so it is opened with the first queue and read from then on. */
static atomic_int list_fd = -1;

static void list_open(void)
{
	int none = -1, fd = open("/proc/net/netfilter/nfnetlink_queue", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && !atomic_compare_exchange_strong(&list_fd, &none, fd))
		close(fd);
}

/* How many of the n queues from first on the list has, and what they dropped. A line: number, port id, waiting, copy mode, copy
 * range, dropped as the queue was full, dropped as our socket was, ... */
static unsigned list_read(unsigned first, unsigned n, uint64_t *dropped)
{
	char text[16384];
	size_t size = 0;
	ssize_t more;
	unsigned long full, lost;
	unsigned number, found = 0;

	/* The kernel hands out a page at a time. */
	while ((more = pread(atomic_load(&list_fd), text + size, sizeof(text) - 1 - size, (off_t)size)) > 0)
		size += (size_t)more;
	text[size] = '\0';
	*dropped = 0;
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
		if (sscanf(line, "%u %*u %*u %*u %*u %lu %lu", &number, &full, &lost) == 3 && number - first < n) {
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
	uint64_t lost = 0;

	for (unsigned i = 0; i < NET_QUEUES; i++)
		lost += nfqueue_lost(queues->queues[i]);
	return lost;
}

/* ---- life ---- */

static bool queue_open(struct queues *queues, unsigned i, struct err *err)
{
	struct epoll_event event = {.events = EPOLLIN};

	queues->queues[i] = nfqueue_new((uint16_t)(NET_QUEUE_NUMBER + i), queues->batch, err);
	if (queues->queues[i] == NULL)
		return false;
	event.data.ptr = queues->queues[i];
	if (epoll_ctl(queues->epoll, EPOLL_CTL_ADD, nfqueue_fd(queues->queues[i]), &event) == 0)
		return true;
	return err_set(err, "packet queue %u: %s", NET_QUEUE_NUMBER + i, strerror(errno));
}

struct queues *queues_new(struct err *err)
{
	struct queues *queues = mem_alloc(sizeof(*queues));

	list_open();
	queues->batch = nfqueue_batch_new();
	queues->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (queues->epoll < 0) {
		err_set(err, "packet queues: %s", strerror(errno));
		queues_free(queues);
		return NULL;
	}
	for (unsigned i = 0; i < NET_QUEUES; i++)
		if (!queue_open(queues, i, err)) {
			queues_free(queues);
			return NULL;
		}
	return queues;
}

void queues_free(struct queues *queues)
{
	if (queues == NULL)
		return;
	for (unsigned i = 0; i < NET_QUEUES; i++)
		nfqueue_free(queues->queues[i]);
	nfqueue_batch_free(queues->batch);
	if (queues->epoll >= 0)
		close(queues->epoll);
	free(queues);
}
