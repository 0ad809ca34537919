/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Precedence of one thread over whatever else the machine does, when it is needed: a guard, which
 * itself runs in real time, sees that the thread has work and does not get to it, or late, and then
 * lends it real time for some seconds. Else it interrupts nobody. So it waits for other processes
 * no longer than some milliseconds, and takes the CPU from nobody who would have given it up as
 * soon; who sends packets in bursts goes on sending. Nobody starves: see precedence_round.
 */
#ifndef ALGATE_LIB_PRECEDENCE_H
#define ALGATE_LIB_PRECEDENCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct precedence;

enum precedence_kind {
	PRECEDENCE_NONE, /* the kernel refuses both */
	PRECEDENCE_NICE, /* a greater share, always: how much that is worth depends on how the
			    kernel groups processes */
	PRECEDENCE_REAL_TIME,
};

/* As root, before root is given up: the process may then ask for precedence without a capability.
 * Fails silently; what counts is what precedence_new gets. */
void precedence_allow(void);

/* For the calling thread, whose work is there when fd, which it keeps open, is readable, or while
 * *more, which only a thread sets that is at work. Never NULL. */
struct precedence *precedence_new(int fd, const atomic_bool *more);
enum precedence_kind precedence_kind(const struct precedence *precedence);
void precedence_free(struct precedence *precedence);

/* By that thread in each round of its work; costs nothing.
 *
 * Who is lent real time and uses most of 4 ms is without it for a quarter of what passed: then
 * others have their turn, however the kernel is told to limit real time, and it loses nothing where
 * there are no others. It is taken back after five seconds, and lent again when the thread stands
 * or waits. */
void precedence_round(struct precedence *precedence);

#endif
