/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard. Promises that the guarded thread waits at most two of its looks for a CPU, where the
 * kernel grants real time, and that others get a tenth of that CPU. May not rely on the kernel's
 * throttling of real time, which administrators switch off; may not cost anything when nothing
 * happens, nor a wakeup for each packet when much does.
 */
#include "lib/precedence.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"

#define NICE_LEVEL  (-10)
#define LOOK_MS	    4
#define LOOKS	    250	  /* without work, until the guard sleeps */
#define SURE_MS	    1	  /* later he looks again before he lends */
#define WAITED_NS   1000000 /* between two looks: somebody else wants this CPU, */
#define WAIT_NS	    100000  /* unless these were the turns of who sends and receives the packets */
#define LENT_MS	    10000 /* at a time */
#define BUSY_MS	    3000  /* to who had to rest: perhaps nobody else wants the CPU any more */
#define PERIOD_MS   4	  /* of which who has used most might have gone on for ever */
#define MOST_US(ms) ((ms)*750)
#define REST_US(ms) ((ms)*125)
#define REST_OF_MS  16 /* what a round takes at most that only does packets */

struct precedence {
	enum precedence_kind kind;
	int fd, quit; /* quit: readable when the guard is to end */
	const atomic_bool *more;
	pid_t thread;
	int waits; /* the thread's schedstat; negative: the kernel has none */
	pthread_t guard;
	atomic_uint rounds;
	atomic_bool lent; /* set by the guard, cleared by the thread */
	/* The thread's own: when it found that it was lent real time, this period's begin (ms) and
	 * what it had used then (us). */
	bool known, rested;
	uint64_t lent_at, period, used;
};

static int real_time(void)
{
	return sched_get_priority_min(SCHED_RR);
}

/* What the thread starts does not inherit real time. Without it the thread is SCHED_BATCH: it does
 * not interrupt who sends a packet, and who soon waits for the answer to it; to be switched to once
 * more before he does is a fifth of a round trip. Who keeps the CPU for longer is for the guard to
 * notice. */
static bool set_policy(pid_t thread, int policy)
{
	struct sched_param param = {.sched_priority = policy == SCHED_RR ? real_time() : 0};

	return sched_setscheduler(thread, policy | SCHED_RESET_ON_FORK, &param) == 0;
}

/* ---- the guard's side */

static bool has_work(const struct precedence *precedence)
{
	struct pollfd work = {.fd = precedence->fd, .events = POLLIN};

	return atomic_load_explicit(precedence->more, memory_order_relaxed) ||
	       poll(&work, 1, 0) > 0;
}

/* How long the thread was ready to run and did not, and how often it ran. */
struct waits {
	uint64_t ns, turns;
};

static int waits_open(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", (int)gettid());
	return open(path, O_RDONLY | O_CLOEXEC);
}

static struct waits waits_read(const struct precedence *precedence)
{
	struct waits waits = {0, 0};
	char text[96];
	ssize_t n = pread(precedence->waits, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "%*u %" SCNu64 " %" SCNu64, &waits.ns, &waits.turns) != 2)
		waits = (struct waits){0, 0};
	return waits;
}

static bool is_kept_waiting(struct waits before, struct waits now)
{
	uint64_t ns = now.ns - before.ns, turns = now.turns - before.turns;

	return turns > 0 && ns >= WAITED_NS && ns / turns >= WAIT_NS;
}

/* Before the call: from then on the thread may be running, and give back. */
static void lend(struct precedence *precedence)
{
	atomic_store(&precedence->lent, true);
	if (!set_policy(precedence->thread, SCHED_RR))
		atomic_store(&precedence->lent, false);
}

static bool wait_or_quit(const struct precedence *precedence, int ms)
{
	struct pollfd quit = {.fd = precedence->quit, .events = POLLIN};

	return poll(&quit, 1, ms) == 0;
}

/* It may have come just now. */
static bool stands_for_sure(const struct precedence *precedence, unsigned rounds)
{
	return has_work(precedence) && wait_or_quit(precedence, SURE_MS) &&
	       atomic_load(&precedence->rounds) == rounds && has_work(precedence);
}

/* Looks until there has been nothing to do for a while, or quit. */
static void look_on(struct precedence *precedence)
{
	unsigned before = atomic_load(&precedence->rounds), idle = 0;
	struct waits waited = waits_read(precedence);

	while (idle < LOOKS && wait_or_quit(precedence, LOOK_MS)) {
		unsigned rounds = atomic_load(&precedence->rounds);
		struct waits waits = waits_read(precedence);
		bool stands = rounds == before, kept = is_kept_waiting(waited, waits);

		before = rounds;
		waited = waits;
		idle = stands ? idle + 1 : 0;
		if (!atomic_load(&precedence->lent) && (stands ? stands_for_sure(precedence, rounds) : kept)) {
			idle = 0;
			lend(precedence);
		}
	}
}

static void *guard_run(void *arg)
{
	struct precedence *precedence = arg;
	struct pollfd fds[2] = {{.fd = precedence->quit, .events = POLLIN},
				{.fd = precedence->fd, .events = POLLIN}};

	for (;;) {
		int n = poll(fds, 2, -1);

		if (n > 0 && fds[0].revents != 0)
			return NULL;
		look_on(precedence);
	}
}

static bool guard_start(struct precedence *precedence)
{
	struct sched_param param = {.sched_priority = real_time()};
	pthread_attr_t attr;
	sigset_t all, before;
	bool good;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_RR);
	pthread_attr_setschedparam(&attr, &param);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	good = pthread_create(&precedence->guard, &attr, guard_run, precedence) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return good;
}

/* ---- the thread's side */

static uint64_t used_us(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

static void give_back(struct precedence *precedence)
{
	/* Fails never for what one has already; should it, the next period tries again. */
	if (!set_policy(precedence->thread, SCHED_BATCH))
		return;
	precedence->known = false;
	atomic_store(&precedence->lent, false);
}

static void period_begin(struct precedence *precedence, uint64_t now)
{
	precedence->period = now;
	precedence->used = used_us();
}

/* Others have the CPU for a tenth of the time, in pieces that delay no packet: the thread still is
 * real time when it awakes. */
static void rest(struct precedence *precedence, uint64_t passed)
{
	uint64_t us = REST_US(passed < REST_OF_MS ? passed : REST_OF_MS);
	const struct timespec time = {0, (long)us * 1000};

	precedence->rested = true;
	nanosleep(&time, NULL);
}

static void lent_round(struct precedence *precedence, uint64_t now)
{
	uint64_t passed = now - precedence->period;

	if (!precedence->known) {
		precedence->known = true;
		precedence->rested = false;
		precedence->lent_at = now;
		period_begin(precedence, now);
	} else if (now - precedence->lent_at >= (precedence->rested ? BUSY_MS : LENT_MS)) {
		give_back(precedence);
	} else if (passed >= PERIOD_MS) {
		if (used_us() - precedence->used >= MOST_US(passed))
			rest(precedence, passed);
		period_begin(precedence, now);
	}
}

void precedence_round(struct precedence *precedence, uint64_t now)
{
	atomic_fetch_add_explicit(&precedence->rounds, 1, memory_order_relaxed);
	if (atomic_load_explicit(&precedence->lent, memory_order_relaxed))
		lent_round(precedence, now);
}

/* ---- life */

static void raise_limit(int what, rlim_t to)
{
	struct rlimit limit;

	if (getrlimit(what, &limit) != 0 || limit.rlim_cur >= to) /* RLIM_INFINITY is the largest */
		return;
	limit.rlim_cur = to;
	limit.rlim_max = limit.rlim_max < to ? to : limit.rlim_max;
	setrlimit(what, &limit);
}

void precedence_allow(void)
{
	raise_limit(RLIMIT_RTPRIO, (rlim_t)real_time());
	raise_limit(RLIMIT_NICE, 20 - NICE_LEVEL);
}

struct precedence *precedence_new(int fd, const atomic_bool *more)
{
	struct precedence *precedence = mem_alloc(sizeof(*precedence));

	precedence->fd = fd;
	precedence->more = more;
	precedence->thread = gettid();
	precedence->waits = waits_open();
	precedence->quit = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* Before there is somebody who lends; and not where there will be nobody. */
	set_policy(precedence->thread, SCHED_BATCH);
	if (precedence->quit >= 0 && guard_start(precedence)) {
		precedence->kind = PRECEDENCE_REAL_TIME;
		return precedence;
	}
	set_policy(precedence->thread, SCHED_OTHER);
	if (setpriority(PRIO_PROCESS, (id_t)precedence->thread, NICE_LEVEL) == 0)
		precedence->kind = PRECEDENCE_NICE;
	return precedence;
}

enum precedence_kind precedence_kind(const struct precedence *precedence)
{
	return precedence->kind;
}

void precedence_free(struct precedence *precedence)
{
	const uint64_t one = 1;

	if (precedence == NULL)
		return;
	if (precedence->kind == PRECEDENCE_REAL_TIME &&
	    write(precedence->quit, &one, sizeof(one)) == sizeof(one))
		pthread_join(precedence->guard, NULL);
	if (precedence->quit >= 0)
		close(precedence->quit);
	if (precedence->waits >= 0)
		close(precedence->waits);
	free(precedence);
}
