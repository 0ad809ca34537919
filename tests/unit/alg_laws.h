/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The laws of alg/alg.h, for unit tests and fuzzers: each aborts with a line that names the law. */
#ifndef ALGATE_TESTS_ALG_LAWS_H
#define ALGATE_TESTS_ALG_LAWS_H

#include "alg/alg.h"
#include "alg/edit.h"

/* What an endpoint becomes in these tests: 10.x.y.z:p -> 203.0.113.z:(p ^ 0x5555, never below
 * 1024); others stay. */
struct resolved laws_map(const struct mention *mention);

/* One message, state as it is before it: bounds, identity, reverse. Moves the state on. Returns
 * what scan said. */
enum scan laws_message(enum alg alg, void *state, enum alg_from from, const uint8_t *bytes,
		       uint32_t length, bool stream);
/* The message as it becomes with laws_map; returns its length, 0 when it cannot be written. State
 * moves on. */
uint32_t laws_edited(enum alg alg, void *state, enum alg_from from, const uint8_t *bytes,
		     uint32_t length, bool stream, uint8_t *to);
/* One direction of a stream from its first byte: the same messages wherever it is cut; each passes
 * laws_message. State moves on. Returns the number of messages. */
uint32_t laws_stream(enum alg alg, void *state, enum alg_from from, const uint8_t *bytes,
		     uint32_t length);
/* The whole direction edited, as its receiver gets it; returns the length. State moves on. */
uint32_t laws_stream_edited(enum alg alg, void *state, enum alg_from from, const uint8_t *bytes,
			    uint32_t length, uint8_t *to);
/* How many cuts of each message of a stream are tried from here on, where it ends aside; 0, as at first: all. */
void laws_cuts(uint32_t number);
/* ALG_OPTION_ from here on. */
void laws_options(uint32_t options);
/* Of the last call: for tests that look closer. */
const struct findings *laws_findings(void);

#endif
