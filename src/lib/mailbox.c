/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/mailbox.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

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
	int fd;
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
	box->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return box;
}

void mailbox_free(struct mailbox *box)
{
	if (box == NULL)
		return;
	close(box->fd);
	pthread_cond_destroy(&box->answered);
	pthread_mutex_destroy(&box->lock);
	free(box);
}

int mailbox_fd(const struct mailbox *box)
{
	return box->fd;
}

/* All that is there. */
static struct mail *mailbox_take(struct mailbox *box)
{
	struct mail *mail = box->first;

	box->first = NULL;
	box->last = &box->first;
	return mail;
}

void mailbox_serve(struct mailbox *box)
{
	struct mail *mail, *next;
	uint64_t count;

	/* The eventfd only wakes; the list is the truth, so a failed read loses nothing. */
	if (read(box->fd, &count, sizeof(count)) < 0)
		count = 0;
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
	const uint64_t one = 1;

	pthread_mutex_lock(&box->lock);
	if (box->direct) {
		pthread_mutex_unlock(&box->lock);
		fn(arg);
		return;
	}
	*box->last = &mail;
	box->last = &mail.next;
	/* Fails only when the counter is at its limit, and then the reader is awake anyway. */
	if (write(box->fd, &one, sizeof(one)) < 0)
		mail.done = false;
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
