/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which translations an operator means: a protocol and up to four terms that all must hold. Each term asks one
 * or more of the four columns for an address in a range and, if it names one, for a port.
 */
#ifndef ALGATE_NAT_FILTER_H
#define ALGATE_NAT_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/addr.h"

enum filter_column {
	FILTER_IL = 1,
	FILTER_IG = 2,
	FILTER_OL = 4,
	FILTER_OG = 8,
	FILTER_INSIDE = FILTER_IL | FILTER_IG, /* either of them */
	FILTER_OUTSIDE = FILTER_OL | FILTER_OG,
};

struct filter_term {
	uint8_t columns; /* enum filter_column: one that fits is enough */
	bool has_port;
	uint16_t port;
	ip4 first, last;
};

#define FILTER_TERMS 4

/* Zeroed: everything matches. */
struct filter {
	uint8_t protocol; /* 0: all */
	uint8_t n_terms;
	struct filter_term terms[FILTER_TERMS];
};

/* One entry, in the order of enum filter_column. An entry without an outside pair (half) matches no term that asks for one. */
struct filter_subject {
	uint8_t protocol;
	bool half;
	struct endpoint at[4];
};

/* false: there are FILTER_TERMS already. last below first: no address fits. */
bool filter_add(struct filter *filter, uint8_t columns, ip4 first, ip4 last);
bool filter_add_endpoint(struct filter *filter, uint8_t column, struct endpoint at);
/* filter NULL: everything matches. */
bool filter_matches(const struct filter *filter, const struct filter_subject *subject);

#endif
