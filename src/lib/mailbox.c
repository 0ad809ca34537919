/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/mailbox.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "lib/mem.h"

/* A waiting call lives on its caller's stack until it is done. */
struct mail {
	struct mail *next;
	void (*fn)(void *arg);
	void *arg;
	bool done;
};

struct mailbox {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	struct mail *first, **last;
	atomic_bool waiting; /* the list has one */
	void (*wake)(void *arg);
	void *wake_arg;
	bool direct;
};

struct mailbox *mailbox_new(void)
{
	struct mailbox *box = mem_alloc(sizeof(*box));
	pthread_mutexattr_t inherit;

	/* The packet thread waits for who has this lock, who may be off the CPU in favour of some
	 * other process: then he is lent its precedence. */
	pthread_mutexattr_init(&inherit);
	pthread_mutexattr_setprotocol(&inherit, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&box->lock, &inherit);
	pthread_mutexattr_destroy(&inherit);
	pthread_cond_init(&box->answered, NULL);
	box->last = &box->first;
	box->direct = true;
	return box;
}

void mailbox_free(struct mailbox *box)
{
	if (box == NULL)
		return;
	pthread_cond_destroy(&box->answered);
	pthread_mutex_destroy(&box->lock);
	free(box);
}

void mailbox_waker(struct mailbox *box, void (*wake)(void *arg), void *arg)
{
	box->wake = wake;
	box->wake_arg = arg;
}

bool mailbox_waiting(const struct mailbox *box)
{
	return atomic_load_explicit(&box->waiting, memory_order_relaxed);
}

/* All that is there. */
static struct mail *mailbox_take(struct mailbox *box)
{
	struct mail *mail = box->first;

	box->first = NULL;
	box->last = &box->first;
	atomic_store(&box->waiting, false);
	return mail;
}

void mailbox_serve(struct mailbox *box)
{
	struct mail *mail, *next;

	pthread_mutex_lock(&box->lock);
	/* What is posted meanwhile wakes again: a caller who is quick must not hold up the packets.
	 */
	for (mail = mailbox_take(box); mail != NULL; mail = next) {
		next = mail->next;
		pthread_mutex_unlock(&box->lock);
		mail->fn(mail->arg);
		pthread_mutex_lock(&box->lock);
		mail->done = true;
		pthread_cond_broadcast(&box->answered);
	}
	pthread_mutex_unlock(&box->lock);
}

void mailbox_call(struct mailbox *box, void (*fn)(void *arg), void *arg)
{
	struct mail mail = {.fn = fn, .arg = arg};

	pthread_mutex_lock(&box->lock);
	if (box->direct) {
		pthread_mutex_unlock(&box->lock);
		fn(arg);
		return;
	}
	*box->last = &mail;
	box->last = &mail.next;
	/* In this order: who looks before it is set waits only then, and is woken. */
	atomic_store(&box->waiting, true);
	box->wake(box->wake_arg);
	while (!mail.done)
		pthread_cond_wait(&box->answered, &box->lock);
	pthread_mutex_unlock(&box->lock);
}

void mailbox_direct(struct mailbox *box, int on)
{
	pthread_mutex_lock(&box->lock);
	box->direct = on != 0;
	pthread_mutex_unlock(&box->lock);
}
