/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the lab. */
#ifndef ALGATE_TEST_STREAMLAB_INSIDE_H
#define ALGATE_TEST_STREAMLAB_INSIDE_H

#include <stdio.h>
#include <stdlib.h>
#include "streamlab.h"

#define LAB_RTO 300u

#define MUST(lab, truth)                                                                           \
	do {                                                                                       \
		if (!(truth)) {                                                                    \
			fprintf(stderr, "seed %u, %llu ms, line %d: %s\n", (lab)->options.seed,    \
				(unsigned long long)(lab)->now, __LINE__, #truth);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static inline bool lab_chance(struct lab *lab, uint32_t per_mille)
{
	return lab_random(lab, 1000) < per_mille;
}

static inline bool lab_earlier(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* Onto the link: `to` as in struct lab_packet. */
void lab_put(struct lab *lab, uint8_t to, const uint8_t *bytes, uint32_t length);
void lab_end_send(struct lab *lab, int side, uint8_t flags, uint32_t seq, uint32_t length);
void lab_end_receive(struct lab *lab, int side, const uint8_t *ip, uint32_t length);
void lab_end_tick(struct lab *lab, int side);

#endif
