/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What show and clear select translations by.
 *
 * Promises: a pure function of its arguments, a few comparisons for each entry. May not look at the engine.
 */
#include "nat/filter.h"

#include <stddef.h>

static bool add(struct filter *filter, const struct filter_term *term)
{
	if (filter->n_terms == FILTER_TERMS)
		return false;
	filter->terms[filter->n_terms++] = *term;
	return true;
}

bool filter_add(struct filter *filter, uint8_t columns, ip4 first, ip4 last)
{
	const struct filter_term term = {.columns = columns, .first = first, .last = last};

	return add(filter, &term);
}

bool filter_add_endpoint(struct filter *filter, uint8_t column, struct endpoint at)
{
	const struct filter_term term = {.columns = column,
					 .has_port = true,
					 .port = at.port,
					 .first = at.addr,
					 .last = at.addr};

	return add(filter, &term);
}

static bool term_matches(const struct filter_term *term, const struct filter_subject *subject)
{
	unsigned columns = term->columns;

	if (subject->half)
		columns &= FILTER_INSIDE;
	for (unsigned i = 0; i < 4; i++) {
		const struct endpoint *at = &subject->at[i];

		if ((columns >> i & 1) && at->addr >= term->first && at->addr <= term->last &&
		    (!term->has_port || at->port == term->port))
			return true;
	}
	return false;
}

bool filter_matches(const struct filter *filter, const struct filter_subject *subject)
{
	if (filter == NULL)
		return true;
	if (filter->protocol != 0 && filter->protocol != subject->protocol)
		return false;
	for (unsigned i = 0; i < filter->n_terms; i++) {
		if (!term_matches(&filter->terms[i], subject))
			return false;
	}
	return true;
}
