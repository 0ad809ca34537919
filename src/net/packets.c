/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packet thread. It promises that a call in the mailbox waits for at most one budget of packet
 * batches, and a packet for at most the calls of one mailbox round. It may not log, allocate or
 * wait for anything but queues_serve.
 */
#include "net/packets.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/precedence.h"

/* Batches between two looks at mailbox and timers: 1 ms under full load, 3 of packets that make a
 * flow each. */
#define PACKETS_BUDGET 4

struct packets {
	pthread_t thread;
	struct queues *queues;
	struct inject *inject;
	struct engine *engine;
	struct mailbox *box;
	bool stop; /* written by a mailbox call, so only on the packet thread */
	struct precedence *precedence;
	enum precedence_kind kind;
	struct out out;
};

static int packets_timeout(const struct packets *packets, uint64_t now)
{
	uint64_t next = engine_next(packets->engine);

	if (next == UINT64_MAX)
		return -1;
	if (next <= now)
		return 0;
	return next - now > 60000 ? 60000 : (int)(next - now);
}

static void packets_tick(struct packets *packets, uint64_t now)
{
	if (engine_next(packets->engine) > now)
		return;
	engine_tick(packets->engine, now, &packets->out);
	for (uint32_t i = 0; i < packets->out.n_emitted; i++)
		inject_send(packets->inject, &packets->out.emitted[i]);
}

/* Batches, until a wait is due or the budget is spent. Returns the time of the last one. */
static uint64_t packets_serve(struct packets *packets, uint64_t now)
{
	int wait_ms = packets_timeout(packets, now);

	for (unsigned i = 0; i < PACKETS_BUDGET; i++, wait_ms = 0)
		if (!queues_serve(packets->queues, packets->engine, packets->inject, wait_ms, &now))
			break;
	return now;
}

static void *packets_run(void *arg)
{
	struct packets *packets = arg;
	uint64_t now = clock_now();

	packets->precedence =
	    precedence_new(queues_fd(packets->queues), queues_more(packets->queues));
	while (!packets->stop) {
		precedence_round(packets->precedence);
		now = packets_serve(packets, now);
		if (mailbox_waiting(packets->box)) {
			mailbox_serve(packets->box);
			now = clock_now();
		}
		packets_tick(packets, now);
	}
	precedence_free(packets->precedence);
	return NULL;
}

static void packets_kind(void *arg)
{
	struct packets *packets = arg;

	packets->kind = precedence_kind(packets->precedence);
}

/* The packet thread may not log. */
static void tell_precedence(struct packets *packets)
{
	static const char *const what[] = {
	    [PRECEDENCE_NONE] = "no precedence over other processes",
	    [PRECEDENCE_NICE] = "a greater share of the CPU, no real-time priority",
	};

	mailbox_call(packets->box, packets_kind, packets);
	if (packets->kind != PRECEDENCE_REAL_TIME)
		log_event("SYS", LOG_SEV_NOTICE, "PRECEDENCE",
			  "Packets have %s: the kernel refuses it", what[packets->kind]);
}

static void packets_wake(void *arg)
{
	queues_wake(arg);
}

struct packets *packets_start(struct queues *queues, struct inject *inject, struct engine *engine,
			      struct mailbox *box, struct err *err)
{
	struct packets *packets = mem_alloc(sizeof(*packets));
	sigset_t all, before;
	int failed;

	mailbox_waker(box, packets_wake, queues);
	packets->queues = queues;
	packets->inject = inject;
	packets->engine = engine;
	packets->box = box;
	/* Signals belong to the management thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&packets->thread, NULL, packets_run, packets);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed != 0) {
		err_set(err, "cannot start the packet thread: %s", strerror(failed));
		free(packets);
		return NULL;
	}
	mailbox_direct(box, 0);
	tell_precedence(packets);
	return packets;
}

static void packets_end(void *arg)
{
	((struct packets *)arg)->stop = true;
}

void packets_stop(struct packets *packets)
{
	if (packets == NULL)
		return;
	mailbox_call(packets->box, packets_end, packets);
	pthread_join(packets->thread, NULL);
	mailbox_direct(packets->box, 1);
	free(packets);
}
