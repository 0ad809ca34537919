/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What gateways did, record by record: show ip nat alg trace, debug ip nat PROTOCOL, and the platform's trace. All read the
 * engine's ring of the last TRACE_RING_SIZE records. Times are UTC.
 */
#ifndef ALGATE_SHOW_ALG_TRACE_H
#define ALGATE_SHOW_ALG_TRACE_H

#include <stdint.h>
#include <stdio.h>
#include "lib/mailbox.h"
#include "nat/engine.h"
#include "nat/session.h"

/* A set of gateways: bit (1 << enum alg). */
#define ALG_BIT(alg) (UINT32_C(1) << (alg))
#define ALG_BITS_ALL UINT32_MAX

/* The last records of these gateways, at most `last`, oldest first, under one header; nothing where there is none. */
void alg_trace_print(FILE *out, struct mailbox *box, struct engine *engine, uint32_t algs, uint32_t last);
/* All there are, as lines of the platform's trace of process `process`. */
void alg_trace_platform(FILE *out, struct mailbox *box, struct engine *engine, const char *process, int pid);

/* The debug lines of one record, each ended by a newline. */
#define ALG_TRACE_TEXT_SIZE 384
const char *alg_trace_debug(const struct alg_trace *trace, char buf[ALG_TRACE_TEXT_SIZE]);

/* How far the ring was read; from the end of it after alg_trace_skip. */
struct alg_trace_feed {
	uint64_t cursor;
};
/* Prints what is new of these gateways to the log, at most DEBUG_LINES_MAX records and then one line that says how many were left
 * out. No gateway: skips to the end. Management thread. */
void alg_trace_drain(struct alg_trace_feed *feed, struct mailbox *box, struct engine *engine, uint32_t algs);

#endif
