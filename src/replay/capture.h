/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures, read (pcap, pcapng) and written (pcap with nanoseconds), by libpcap. */
#ifndef ALGATE_REPLAY_CAPTURE_H
#define ALGATE_REPLAY_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/err.h"

struct capture;

struct frame {
	const uint8_t *bytes; /* good until the next one is read */
	uint32_t length;      /* of what was captured */
	bool cut;	      /* there was more of it */
	uint64_t ns;	      /* since 1970 */
};

/* write NULL: nothing is written. False answers: err says which file and why. */
struct capture *capture_open(const char *read, const char *write, struct err *err);
/* Link type, a DLT_ value; one of those that link.h knows. */
int capture_link(const struct capture *capture);
/* 1: there is one, 0: that was all, -1: err. */
int capture_next(struct capture *capture, struct frame *frame, struct err *err);
void capture_write(struct capture *capture, uint64_t ns, const uint8_t *bytes, uint32_t length);
uint64_t capture_written(const struct capture *capture);
/* Frees it. False: not everything could be written. */
bool capture_close(struct capture *capture, struct err *err);

#endif
