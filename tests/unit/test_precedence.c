/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Precedence: lent to who has work and does not get to it, to nobody else; given back in time;
 * without root as with it. */
#include <check.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/precedence.h"
#include "suite.h"

#define NOBODY	  65534
#define PATIENCE  30000 /* milliseconds: a guard against hanging, no measure */
#define LENT_MS	  5000
#define SHARED_MS 20 /* longer than it is shared */
#define BURNT_MS  2000 /* in which the kernel itself leaves others 100 */

static int work;
static atomic_bool more;
static struct precedence *precedence;

static void setup(void)
{
	work = eventfd(0, EFD_NONBLOCK);
	atomic_store(&more, false);
	precedence = precedence_new(work, &more);
}

static void teardown(void)
{
	precedence_free(precedence);
	close(work);
}

static bool in_real_time(void)
{
	return (sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) == SCHED_RR;
}

static bool lent_within(int ms)
{
	const struct timespec step = {0, 1000000};

	while (!in_real_time() && ms-- > 0)
		nanosleep(&step, NULL);
	return in_real_time();
}

/* Work, and no round that would do it. */
static void get_lent(void)
{
	ck_assert_int_eq(eventfd_write(work, 1), 0);
	ck_assert(lent_within(PATIENCE));
}

/* The guard awakes, and there is nothing to be read when it looks. */
static void wake_guard(void)
{
	const struct timespec step = {0, 500000};
	eventfd_t n;

	ck_assert_int_eq(eventfd_write(work, 1), 0);
	nanosleep(&step, NULL);
	ck_assert_int_eq(eventfd_read(work, &n), 0);
}

static uint64_t ms_of(clockid_t clock)
{
	struct timespec at;

	ck_assert_int_eq(clock_gettime(clock, &at), 0);
	return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

START_TEST(lent_to_who_does_not_get_to_his_work)
{
	ck_assert(!in_real_time());
	get_lent();
}
END_TEST

/* What it has read and not done yet, its descriptor does not tell. */
START_TEST(lent_to_who_has_work_in_hand)
{
	atomic_store(&more, true);
	wake_guard();
	ck_assert(lent_within(PATIENCE));
}
END_TEST

START_TEST(control_not_to_who_has_none)
{
	ck_assert(!lent_within(100));
}
END_TEST

/* Who sends a packet is not interrupted for it. */
START_TEST(without_it_nobody_is_interrupted)
{
	ck_assert_int_eq(sched_getscheduler(0) & ~SCHED_RESET_ON_FORK, SCHED_BATCH);
}
END_TEST

/* A process that never waits, on the CPU that this one is bound to. */
static pid_t rival(void)
{
	cpu_set_t one;
	pid_t child;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	child = fork();
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (child == 0)
		;
	return child;
}

static void rival_end(pid_t child)
{
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

/* It gets to its work, so it does not stand, but each time it has waited for a process that wants the same CPU. Nothing is to be
 * read when the guard looks: that is not what he goes by here. */
START_TEST(lent_to_who_is_kept_waiting)
{
	const struct timespec step = {0, 500000};
	pid_t hog;

	wake_guard();
	hog = rival();
	for (int i = 0; i < PATIENCE && !in_real_time(); i++) {
		nanosleep(&step, NULL);
		precedence_round(precedence);
	}
	ck_assert(lent_within(PATIENCE));
	rival_end(hog);
}
END_TEST

START_TEST(given_back_after_a_while)
{
	const struct timespec step = {0, 1000000};
	uint64_t began = ms_of(CLOCK_MONOTONIC), passed = 0;
	eventfd_t n;

	get_lent();
	ck_assert_int_eq(eventfd_read(work, &n), 0);
	/* For two milliseconds it may be shared: a machine that stood still looks like a CPU that was used. */
	while (passed < PATIENCE && lent_within(SHARED_MS)) {
		nanosleep(&step, NULL);
		passed = ms_of(CLOCK_MONOTONIC) - began;
	}
	ck_assert_uint_ge(passed + SHARED_MS, LENT_MS);
	ck_assert_uint_lt(passed, PATIENCE);
	get_lent();
}
END_TEST

/* Who has real time and would never wait for anything leaves a tenth of the CPU to others: at least one wants it. */
START_TEST(others_have_their_share)
{
	pid_t hog = rival();
	uint64_t began, until;

	get_lent();
	began = ms_of(CLOCK_MONOTONIC);
	until = ms_of(CLOCK_THREAD_CPUTIME_ID) + BURNT_MS;
	while (ms_of(CLOCK_THREAD_CPUTIME_ID) < until)
		;
	ck_assert_uint_ge(ms_of(CLOCK_MONOTONIC) - began, BURNT_MS + BURNT_MS / 12);
	ck_assert_msg(lent_within(PATIENCE), "it goes on as it was");
	rival_end(hog);
}
END_TEST

START_TEST(what_it_starts_does_not_inherit_it)
{
	pid_t child;
	int status;

	get_lent();
	child = fork();
	if (child == 0)
		_exit(in_real_time());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

/* Root in a container may not. */
static bool may_raise_limits(void)
{
	const struct rlimit one = {1, 1};
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(setrlimit(RLIMIT_RTPRIO, &one) != 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* In a process of its own; exits with what it got. */
static enum precedence_kind kind_of_nobody(bool allowed)
{
	const struct rlimit none = {0, 0};
	pid_t child = fork();
	int status;

	if (child == 0) {
		setrlimit(RLIMIT_RTPRIO, &none);
		setrlimit(RLIMIT_NICE, &none);
		if (allowed)
			precedence_allow();
		if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
			_exit(255);
		_exit((int)precedence_kind(precedence_new(eventfd(0, 0), &more)));
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return (enum precedence_kind)WEXITSTATUS(status);
}

START_TEST(without_root_if_it_was_allowed_as_root)
{
	if (may_raise_limits())
		ck_assert_int_eq(kind_of_nobody(true), PRECEDENCE_REAL_TIME);
	ck_assert_msg(kind_of_nobody(false) == PRECEDENCE_NONE,
		      "control: else the kernel refuses it");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("precedence");
	TCase *tcase = tcase_create("precedence");

	setup();
	if (geteuid() != 0 || precedence_kind(precedence) != PRECEDENCE_REAL_TIME)
		return 77;
	teardown();
	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, lent_to_who_does_not_get_to_his_work);
	tcase_add_test(tcase, lent_to_who_has_work_in_hand);
	tcase_add_test(tcase, control_not_to_who_has_none);
	tcase_add_test(tcase, without_it_nobody_is_interrupted);
	tcase_add_test(tcase, lent_to_who_is_kept_waiting);
	tcase_add_test(tcase, given_back_after_a_while);
	tcase_add_test(tcase, others_have_their_share);
	tcase_add_test(tcase, what_it_starts_does_not_inherit_it);
	tcase_add_test(tcase, without_root_if_it_was_allowed_as_root);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
