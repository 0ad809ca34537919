/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard. Promises that the guarded thread waits at most three of its looks for a CPU, where the
 * kernel grants real time, and that others get a tenth of that CPU. May not rely on the kernel's
 * throttling of real time, which administrators switch off; may not cost anything when nothing
 * happens, nor a wakeup for each packet when much does; may not let a CPU idle that the thread has
 * work for.
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

#define NICE_LEVEL (-10)
#define MS	   UINT64_C(1000000) /* in nanoseconds */
#define LOOK_MS	   4
#define LOOKS	   250	   /* without work, until the guard sleeps */
#define SURE_MS	   1	   /* later he looks again before he lends */
#define WAITED_NS  1000000 /* between two looks, and again: somebody else wants this CPU, */
#define WAIT_NS	   100000  /* unless these were the turns of who sends and receives the packets */
#define LENT_MS	   5000   /* at a time */
/* Others wait for the CPU for as long as the thread uses most of it. */
#define MOST(ns) ((ns) / 4 * 3)
#define SHARED(ns) ((ns) / 4)
#define SHARED_NS  2000000 /* at most */

struct precedence {
	enum precedence_kind kind;
	int fd, quit; /* quit: readable when the guard is to end */
	const atomic_bool *more;
	pid_t thread;
	clockid_t clock; /* of the CPU time that it uses */
	int waits;	 /* the thread's schedstat; negative: the kernel has none */
	pthread_t guard;
	atomic_uint rounds;
	/* The guard's own: since when real time is lent; when it last looked at who has it, and what
	 * that one had used then. */
	bool lent;
	uint64_t lent_ns, looked_ns, used_ns;
};

/* The guard is above who he lends it to. */
static int real_time(bool guard)
{
	return sched_get_priority_min(SCHED_RR) + guard;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time = {0, 0};

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* What the thread starts does not inherit real time. Without it the thread is SCHED_BATCH: it does
 * not interrupt who sends a packet, and who soon waits for the answer to it; to be switched to once
 * more before he does is a fifth of a round trip. Who keeps the CPU for longer is for the guard to
 * notice. */
static bool set_policy(pid_t thread, int policy)
{
	struct sched_param param = {.sched_priority = policy == SCHED_RR ? real_time(false) : 0};

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

static bool wait_or_quit(const struct precedence *precedence, uint64_t ns)
{
	struct pollfd quit = {.fd = precedence->quit, .events = POLLIN};
	const struct timespec time = {0, (long)ns};

	return ppoll(&quit, 1, &time, NULL) == 0;
}

/* It may have come just now. */
static bool stands_for_sure(const struct precedence *precedence, unsigned rounds)
{
	return has_work(precedence) && wait_or_quit(precedence, SURE_MS * MS) &&
	       atomic_load(&precedence->rounds) == rounds && has_work(precedence);
}

static void lend(struct precedence *precedence)
{
	precedence->lent = set_policy(precedence->thread, SCHED_RR);
	precedence->lent_ns = precedence->looked_ns = clock_ns(CLOCK_MONOTONIC);
	precedence->used_ns = clock_ns(precedence->clock);
}

/* For so long that who waits for the CPU gets a tenth of it, although the thread has its share then,
 * too; where nobody waits it just goes on. */
static void share(struct precedence *precedence, uint64_t passed)
{
	uint64_t ns = SHARED(passed);

	set_policy(precedence->thread, SCHED_BATCH);
	wait_or_quit(precedence, ns < SHARED_NS ? ns : SHARED_NS);
	precedence->lent = set_policy(precedence->thread, SCHED_RR);
}

/* Should the call fail that takes it back, the next look tries again. */
static void look_at_lent(struct precedence *precedence)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), passed = now - precedence->looked_ns;

	if (now - precedence->lent_ns >= LENT_MS * MS) {
		precedence->lent = !set_policy(precedence->thread, SCHED_BATCH);
		return;
	}
	if (clock_ns(precedence->clock) - precedence->used_ns >= MOST(passed))
		share(precedence, passed);
	precedence->looked_ns = clock_ns(CLOCK_MONOTONIC);
	precedence->used_ns = clock_ns(precedence->clock);
}

/* What he saw when he looked last. */
struct look {
	unsigned rounds;
	struct waits waits;
	bool kept;
};

static struct look look_first(const struct precedence *precedence)
{
	return (struct look){atomic_load(&precedence->rounds), waits_read(precedence), false};
}

/* Whether the thread gets to its work. */
static bool look(const struct precedence *precedence, struct look *last, bool *stands)
{
	struct look now = look_first(precedence);
	bool kept_again;

	*stands = now.rounds == last->rounds;
	now.kept = is_kept_waiting(last->waits, now.waits);
	kept_again = now.kept && last->kept;
	*last = now;
	return *stands ? !stands_for_sure(precedence, now.rounds) : !kept_again;
}

/* Looks until there has been nothing to do for a while, or quit. */
static void look_on(struct precedence *precedence)
{
	struct look last = look_first(precedence);
	unsigned idle = 0;
	bool stands;

	while ((precedence->lent || idle < LOOKS) && wait_or_quit(precedence, LOOK_MS * MS)) {
		if (precedence->lent) {
			look_at_lent(precedence);
			last = look_first(precedence);
			idle = 0;
		} else if (look(precedence, &last, &stands)) {
			idle = stands ? idle + 1 : 0;
		} else {
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
	struct sched_param param = {.sched_priority = real_time(true)};
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

void precedence_round(struct precedence *precedence)
{
	atomic_fetch_add_explicit(&precedence->rounds, 1, memory_order_relaxed);
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
	raise_limit(RLIMIT_RTPRIO, (rlim_t)real_time(true));
	raise_limit(RLIMIT_NICE, 20 - NICE_LEVEL);
}

struct precedence *precedence_new(int fd, const atomic_bool *more)
{
	struct precedence *precedence = mem_alloc(sizeof(*precedence));

	precedence->fd = fd;
	precedence->more = more;
	precedence->thread = gettid();
	precedence->waits = waits_open();
	pthread_getcpuclockid(pthread_self(), &precedence->clock);
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
