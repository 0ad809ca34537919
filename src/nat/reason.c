/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of reasons as tables. Promises a verdict, a text and a name for every value of enum reason.
 */
#include "nat/reason.h"

static const struct {
	enum verdict verdict;
	const char *name;
	const char *text;
} reasons[REASON_COUNT] = {
#define REASON_ROW(name, verdict, text) [REASON_##name] = {VERDICT_##verdict, #name, text},
	REASONS(REASON_ROW)
#undef REASON_ROW
};

enum verdict reason_verdict(enum reason reason)
{
	return reasons[reason].verdict;
}

const char *reason_text(enum reason reason)
{
	return reasons[reason].text;
}

const char *reason_name(enum reason reason)
{
	return reasons[reason].name;
}
