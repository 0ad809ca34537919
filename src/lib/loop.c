/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: epoll for descriptors, a sorted list for timers, an eventfd for what other
 * threads post.
 *
 * Promises: a callback may free anything, because what is freed during a round is only unlinked and
 * released at its end; no call is lost; nothing is called after it was freed. It may not block
 * except in epoll_wait.
 */
#include "lib/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/mem.h"

struct loop_watch {
	struct loop *loop;
	int fd;
	unsigned events;
	bool dead;
	void (*fn)(void *arg, unsigned events);
	void *arg;
	LIST_ENTRY(loop_watch) link;
};

struct loop_timer {
	struct loop *loop;
	uint64_t due;
	bool armed;
	void (*fn)(void *arg);
	void *arg;
	TAILQ_ENTRY(loop_timer) link;
};

struct call {
	void (*fn)(void *arg);
	void *arg;
	TAILQ_ENTRY(call) link;
};

struct job {
	void (*run)(void *arg);
	void (*done)(void *arg);
	void *arg;
	struct loop *loop;
	TAILQ_ENTRY(job) link;
};

struct signal_watch {
	int signal;
	void (*fn)(void *arg, int signal);
	void *arg;
	LIST_ENTRY(signal_watch) link;
};

LIST_HEAD(watch_list, loop_watch);
TAILQ_HEAD(timer_list, loop_timer);
TAILQ_HEAD(call_list, call);
TAILQ_HEAD(job_list, job);
LIST_HEAD(signal_list, signal_watch);

struct loop {
	int epoll, wake, signals;
	bool stop;
	pthread_t owner;
	struct watch_list watches, dead;
	struct timer_list timers; /* armed ones, by due time */
	struct call_list deferred;
	struct signal_list handlers;
	sigset_t signal_set;
	struct loop_watch *wake_watch, *signal_watch;

	pthread_mutex_t lock; /* posted, jobs, worker state */
	pthread_cond_t more;
	struct call_list posted;
	struct job_list jobs;
	pthread_t worker;
	bool worker_runs, worker_ends;
};

static uint32_t epoll_events(unsigned events)
{
	uint32_t mask = 0;

	if (events & LOOP_READ)
		mask |= EPOLLIN | EPOLLRDHUP;
	if (events & LOOP_WRITE)
		mask |= EPOLLOUT;
	return mask;
}

struct loop_watch *loop_watch(struct loop *loop, int fd, unsigned events,
			      void (*fn)(void *arg, unsigned events), void *arg)
{
	struct loop_watch *watch = mem_alloc(sizeof(*watch));
	struct epoll_event event = {.events = epoll_events(events), .data.ptr = watch};

	*watch =
	    (struct loop_watch){.loop = loop, .fd = fd, .events = events, .fn = fn, .arg = arg};
	/* EPOLLHUP and EPOLLERR cannot be masked, so a sleeping watch is taken out of the set. */
	if (events != 0 && epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		free(watch);
		return NULL;
	}
	LIST_INSERT_HEAD(&loop->watches, watch, link);
	return watch;
}

void loop_want(struct loop_watch *watch, unsigned events)
{
	struct epoll_event event = {.events = epoll_events(events), .data.ptr = watch};
	int op = EPOLL_CTL_MOD;

	if (events == watch->events)
		return;
	if (events == 0)
		op = EPOLL_CTL_DEL;
	else if (watch->events == 0)
		op = EPOLL_CTL_ADD;
	watch->events = events;
	epoll_ctl(watch->loop->epoll, op, watch->fd, &event);
}

void loop_unwatch(struct loop_watch *watch)
{
	if (watch == NULL)
		return;
	loop_want(watch, 0);
	watch->dead = true;
	LIST_REMOVE(watch, link);
	LIST_INSERT_HEAD(&watch->loop->dead, watch, link);
}

static void bury(struct loop *loop)
{
	struct loop_watch *watch;

	while ((watch = LIST_FIRST(&loop->dead)) != NULL) {
		LIST_REMOVE(watch, link);
		free(watch);
	}
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*fn)(void *arg), void *arg)
{
	struct loop_timer *timer = mem_alloc(sizeof(*timer));

	*timer = (struct loop_timer){.loop = loop, .fn = fn, .arg = arg};
	return timer;
}

void loop_timer_set(struct loop_timer *timer, uint64_t delay)
{
	struct timer_list *list = &timer->loop->timers;
	struct loop_timer *before;

	loop_timer_stop(timer);
	timer->due = clock_now() + delay;
	timer->armed = true;
	/* Most timers are as long as the latest set one, so the search from the end is short. */
	TAILQ_FOREACH_REVERSE(before, list, timer_list, link)
	if (before->due <= timer->due)
		break;
	if (before)
		TAILQ_INSERT_AFTER(list, before, timer, link);
	else
		TAILQ_INSERT_HEAD(list, timer, link);
}

void loop_timer_stop(struct loop_timer *timer)
{
	if (!timer->armed)
		return;
	TAILQ_REMOVE(&timer->loop->timers, timer, link);
	timer->armed = false;
}

void loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	loop_timer_stop(timer);
	free(timer);
}

static void run_timers(struct loop *loop)
{
	uint64_t now = clock_now();
	struct loop_timer *timer;

	while ((timer = TAILQ_FIRST(&loop->timers)) != NULL && timer->due <= now) {
		loop_timer_stop(timer);
		timer->fn(timer->arg);
	}
}

static void call_add(struct call_list *list, void (*fn)(void *arg), void *arg)
{
	struct call *call = mem_alloc(sizeof(*call));

	call->fn = fn;
	call->arg = arg;
	TAILQ_INSERT_TAIL(list, call, link);
}

static void calls_free(struct call_list *list)
{
	struct call *call;

	while ((call = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, call, link);
		free(call);
	}
}

void loop_defer(struct loop *loop, void (*fn)(void *arg), void *arg)
{
	call_add(&loop->deferred, fn, arg);
}

void loop_undefer(struct loop *loop, void (*fn)(void *arg), void *arg)
{
	struct call *call, *next;

	for (call = TAILQ_FIRST(&loop->deferred); call; call = next) {
		next = TAILQ_NEXT(call, link);
		if (call->fn == fn && call->arg == arg) {
			TAILQ_REMOVE(&loop->deferred, call, link);
			free(call);
		}
	}
}

/* Only what waits now: a callback that defers itself again must not keep the loop from its
 * descriptors. */
static void run_deferred(struct loop *loop)
{
	struct call *last = TAILQ_LAST(&loop->deferred, call_list);
	struct call marker = {.fn = NULL};
	struct call *call;

	if (last == NULL)
		return;
	TAILQ_INSERT_TAIL(&loop->deferred, &marker, link);
	while ((call = TAILQ_FIRST(&loop->deferred)) != &marker) {
		struct call copy = *call;

		TAILQ_REMOVE(&loop->deferred, call, link);
		free(call);
		copy.fn(copy.arg);
	}
	TAILQ_REMOVE(&loop->deferred, &marker, link);
}

static void wake(struct loop *loop)
{
	uint64_t one = 1;
	ssize_t written;

	do
		written = write(loop->wake, &one, sizeof(one));
	while (written < 0 && errno == EINTR);
}

void loop_post(struct loop *loop, void (*fn)(void *arg), void *arg)
{
	pthread_mutex_lock(&loop->lock);
	call_add(&loop->posted, fn, arg);
	pthread_mutex_unlock(&loop->lock);
	wake(loop);
}

static void run_posted(void *arg, unsigned events)
{
	struct loop *loop = arg;
	struct call_list ready = TAILQ_HEAD_INITIALIZER(ready);
	struct call *call;
	uint64_t count;

	(void)events;
	if (read(loop->wake, &count, sizeof(count)) < 0 && errno != EAGAIN && errno != EINTR)
		return;
	pthread_mutex_lock(&loop->lock);
	TAILQ_CONCAT(&ready, &loop->posted, link);
	pthread_mutex_unlock(&loop->lock);
	while ((call = TAILQ_FIRST(&ready)) != NULL) {
		TAILQ_REMOVE(&ready, call, link);
		call->fn(call->arg);
		free(call);
	}
}

static void run_signals(void *arg, unsigned events)
{
	struct loop *loop = arg;
	struct signalfd_siginfo info;
	struct signal_watch *handler;

	(void)events;
	while (read(loop->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		LIST_FOREACH(handler, &loop->handlers, link)
	if (handler->signal == (int)info.ssi_signo)
		handler->fn(handler->arg, handler->signal);
}

bool loop_signal(struct loop *loop, int signal, void (*fn)(void *arg, int signal), void *arg)
{
	struct signal_watch *handler;
	int fd;

	sigaddset(&loop->signal_set, signal);
	if (pthread_sigmask(SIG_BLOCK, &loop->signal_set, NULL) != 0)
		return false;
	fd = signalfd(loop->signals, &loop->signal_set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return false;
	loop->signals = fd;
	if (loop->signal_watch == NULL)
		loop->signal_watch = loop_watch(loop, fd, LOOP_READ, run_signals, loop);
	handler = mem_alloc(sizeof(*handler));
	*handler = (struct signal_watch){.signal = signal, .fn = fn, .arg = arg};
	LIST_INSERT_HEAD(&loop->handlers, handler, link);
	return loop->signal_watch != NULL;
}

static void job_done(void *arg)
{
	struct job *job = arg;

	job->done(job->arg);
	free(job);
}

static void *worker(void *arg)
{
	struct loop *loop = arg;

	pthread_mutex_lock(&loop->lock);
	while (!loop->worker_ends) {
		struct job *job = TAILQ_FIRST(&loop->jobs);

		if (job == NULL) {
			pthread_cond_wait(&loop->more, &loop->lock);
			continue;
		}
		TAILQ_REMOVE(&loop->jobs, job, link);
		pthread_mutex_unlock(&loop->lock);
		job->run(job->arg);
		loop_post(loop, job_done, job);
		pthread_mutex_lock(&loop->lock);
	}
	pthread_mutex_unlock(&loop->lock);
	return NULL;
}

/* Signals belong to the loop's thread: the worker blocks them all. */
static bool worker_start(struct loop *loop)
{
	sigset_t all, old;
	bool ok;

	if (loop->worker_runs)
		return true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ok = pthread_create(&loop->worker, NULL, worker, loop) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	loop->worker_runs = ok;
	return ok;
}

void loop_work(struct loop *loop, void (*run)(void *arg), void (*done)(void *arg), void *arg)
{
	struct job *job = mem_alloc(sizeof(*job));

	*job = (struct job){.run = run, .done = done, .arg = arg, .loop = loop};
	if (!worker_start(loop)) {
		/* No thread to be had: late is better than never. */
		run(arg);
		loop_post(loop, job_done, job);
		return;
	}
	pthread_mutex_lock(&loop->lock);
	TAILQ_INSERT_TAIL(&loop->jobs, job, link);
	pthread_cond_signal(&loop->more);
	pthread_mutex_unlock(&loop->lock);
}

static int wait_time(const struct loop *loop, int timeout)
{
	const struct loop_timer *timer = TAILQ_FIRST(&loop->timers);
	uint64_t now, left;

	if (!TAILQ_EMPTY(&loop->deferred))
		return 0;
	if (timer == NULL)
		return timeout;
	now = clock_now();
	left = timer->due > now ? timer->due - now : 0;
	if (left > 3600000)
		left = 3600000;
	return timeout >= 0 && (uint64_t)timeout < left ? timeout : (int)left;
}

static void deliver(struct loop_watch *watch, uint32_t mask)
{
	unsigned events = 0;

	if (mask & (EPOLLHUP | EPOLLERR | EPOLLRDHUP))
		events |= LOOP_HANGUP;
	if (mask & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))
		events |= LOOP_READ;
	if (mask & EPOLLOUT)
		events |= LOOP_WRITE;
	/* A failed descriptor wakes its watch whatever it wants, else the loop would spin. */
	if (!watch->dead && events != 0)
		watch->fn(watch->arg, events);
}

void loop_once(struct loop *loop, int timeout)
{
	struct epoll_event events[64];
	int count;

	count = epoll_wait(loop->epoll, events, 64, wait_time(loop, timeout));
	for (int i = 0; i < count; i++)
		deliver(events[i].data.ptr, events[i].events);
	run_timers(loop);
	run_deferred(loop);
	bury(loop);
}

void loop_run(struct loop *loop)
{
	loop->owner = pthread_self();
	loop->stop = false;
	while (!loop->stop)
		loop_once(loop, -1);
}

void loop_stop(struct loop *loop)
{
	loop->stop = true;
	if (!loop_here(loop))
		wake(loop);
}

bool loop_here(const struct loop *loop)
{
	return pthread_equal(loop->owner, pthread_self());
}

struct loop *loop_new(void)
{
	struct loop *loop = mem_alloc(sizeof(*loop));

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	loop->signals = -1;
	loop->owner = pthread_self();
	LIST_INIT(&loop->watches);
	LIST_INIT(&loop->dead);
	LIST_INIT(&loop->handlers);
	TAILQ_INIT(&loop->timers);
	TAILQ_INIT(&loop->deferred);
	TAILQ_INIT(&loop->posted);
	TAILQ_INIT(&loop->jobs);
	sigemptyset(&loop->signal_set);
	pthread_mutex_init(&loop->lock, NULL);
	pthread_cond_init(&loop->more, NULL);
	if (loop->epoll >= 0 && loop->wake >= 0)
		loop->wake_watch = loop_watch(loop, loop->wake, LOOP_READ, run_posted, loop);
	if (loop->wake_watch == NULL) {
		loop_free(loop);
		return NULL;
	}
	return loop;
}

static void worker_stop(struct loop *loop)
{
	struct job *job;

	if (loop->worker_runs) {
		pthread_mutex_lock(&loop->lock);
		loop->worker_ends = true;
		pthread_cond_signal(&loop->more);
		pthread_mutex_unlock(&loop->lock);
		pthread_join(loop->worker, NULL);
	}
	/* Who posted a job counts on its `done`, be it only to free memory. */
	run_posted(loop, LOOP_READ);
	while ((job = TAILQ_FIRST(&loop->jobs)) != NULL) {
		TAILQ_REMOVE(&loop->jobs, job, link);
		job_done(job);
	}
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void loop_free(struct loop *loop)
{
	struct signal_watch *handler;
	struct loop_watch *watch;

	worker_stop(loop);
	while ((handler = LIST_FIRST(&loop->handlers)) != NULL) {
		LIST_REMOVE(handler, link);
		free(handler);
	}
	while ((watch = LIST_FIRST(&loop->watches)) != NULL)
		loop_unwatch(watch);
	bury(loop);
	calls_free(&loop->deferred);
	calls_free(&loop->posted);
	close_if_open(loop->epoll);
	close_if_open(loop->wake);
	close_if_open(loop->signals);
	pthread_cond_destroy(&loop->more);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}
