/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking bytes in and having them read. For stream*.c only. */
#ifndef ALGATE_NAT_STREAM_READ_H
#define ALGATE_NAT_STREAM_READ_H

#include "nat/stream_send.h"

enum stored {
	STORED_NEW,   /* in_nxt moved on */
	STORED_OLD,   /* all of it was there */
	STORED_GAP,   /* behind a gap */
	STORED_NONE,  /* no room; the transaction is to be rolled back */
	STORED_APART, /* behind more gaps than are kept; likewise */
};
/* The payload from bytes.base on. Of a byte that is there already the first copy counts; if another
 * one differs, nothing is read any more. */
enum stored read_store(struct job *job, enum flow_side from, const struct segment *segment);
/* Reads on from in_read. */
void read_lane(struct job *job, enum flow_side from);
/* The rest of a message does not come. What its length says goes on unread, and what is behind it is read again. False, and nothing
 * is done: where it ends is not known, or nothing on this connection was understood yet, so that it may be another protocol. */
bool read_past(struct job *job, enum flow_side from);
/* Nothing is read any more. */
void read_stop_lane(struct lane *lane);
void read_stop(struct job *job);
void read_note(const struct job *job, enum alg_note note);

#endif
