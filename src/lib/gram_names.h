/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names that ports, protocols and ICMP messages have in access lists. */
#ifndef ALGATE_LIB_GRAM_NAMES_H
#define ALGATE_LIB_GRAM_NAMES_H

#include "lib/gram.h"

struct gram_name {
	const char *name;
	uint16_t value; /* GRAM_ICMP_TYPE: type << 8 | code, code 255 = any */
	const char *help;
};

/* The i-th name of a type in alphabetical order, or NULL. */
const struct gram_name *gram_name_at(enum gram_type type, unsigned i);
/* By name: case-insensitive, a unique abbreviation will do. */
const struct gram_name *gram_name_find(enum gram_type type, const char *text);
const struct gram_name *gram_name_of(enum gram_type type, uint16_t value);

#endif
