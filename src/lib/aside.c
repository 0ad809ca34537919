/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that live as long as one piece of work. Promises that nothing of it runs on after
 * aside_end; may not decide what is safe to do at once.
 */
#include "lib/aside.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include "lib/mem.h"

struct aside {
	pthread_t thread;
	void (*work)(void *arg);
	void *arg;
};

static void *run(void *arg)
{
	struct aside *aside = arg;

	aside->work(aside->arg);
	return NULL;
}

struct aside *aside_begin(void (*work)(void *arg), void *arg)
{
	struct aside *aside = mem_alloc(sizeof(*aside));
	sigset_t all, before;
	int failed;

	aside->work = work;
	aside->arg = arg;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&aside->thread, NULL, run, aside);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed == 0)
		return aside;
	free(aside);
	return NULL;
}

void aside_end(struct aside *aside)
{
	if (aside == NULL)
		return;
	pthread_join(aside->thread, NULL);
	free(aside);
}
