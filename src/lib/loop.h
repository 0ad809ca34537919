/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop of the management thread: file descriptors, timers, deferred calls, signals, and
 * one worker thread for what computes too long to keep the others waiting (password hashing).
 *
 * Everything is called on the thread that runs the loop, except loop_post, which any thread may
 * call, and the `run` function of loop_work, which runs on the worker. A callback may free any
 * watch or timer, its own included.
 */
#ifndef ALGATE_LIB_LOOP_H
#define ALGATE_LIB_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_watch;
struct loop_timer;

enum loop_events {
	LOOP_READ = 1,
	LOOP_WRITE = 2,
	LOOP_HANGUP = 4 /* reported only, together with LOOP_READ */
};

/* NULL with errno set when the kernel refuses. */
struct loop *loop_new(void);
/* Waits for the worker's running job, frees what is still watched; file descriptors stay the
 * callers'. */
void loop_free(struct loop *loop);
/* Runs until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* One round: waits at most timeout milliseconds (-1: for ever), serves what is ready. For tests and
 * nested loops. */
void loop_once(struct loop *loop, int timeout);
/* Is the caller the thread that runs (or made) the loop? */
bool loop_here(const struct loop *loop);

/* Level-triggered. events: LOOP_READ, LOOP_WRITE or both; 0 keeps the watch asleep. NULL with
 * errno: not watchable. */
struct loop_watch *loop_watch(struct loop *loop, int fd, unsigned events,
			      void (*fn)(void *arg, unsigned events), void *arg);
void loop_want(struct loop_watch *watch, unsigned events);
/* NULL is allowed. To be called before the descriptor is closed. */
void loop_unwatch(struct loop_watch *watch);

/* One-shot timers; fn may set it again. Made disarmed. */
struct loop_timer *loop_timer_new(struct loop *loop, void (*fn)(void *arg), void *arg);
void loop_timer_set(struct loop_timer *timer, uint64_t delay); /* ms from now */
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer); /* NULL is allowed */

/* fn(arg) after the current callbacks, before the loop sleeps. */
void loop_defer(struct loop *loop, void (*fn)(void *arg), void *arg);
/* Takes back every deferred call of (fn, arg). */
void loop_undefer(struct loop *loop, void (*fn)(void *arg), void *arg);
/* Any thread: fn(arg) soon on the loop's thread, in posting order. */
void loop_post(struct loop *loop, void (*fn)(void *arg), void *arg);

/* Blocks the signal in the calling thread (so call it before other threads start) and hands it to
 * fn. */
bool loop_signal(struct loop *loop, int signal, void (*fn)(void *arg, int signal), void *arg);

/* run(arg) on the worker thread (jobs in order, one at a time), then done(arg) on the loop's
 * thread. */
void loop_work(struct loop *loop, void (*run)(void *arg), void (*done)(void *arg), void *arg);

#endif
