/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/complete.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "cli/match.h"
#include "lib/gram_names.h"

struct common {
	const char *partial;
	const char *word; /* a candidate; they agree in its first `same` characters */
	size_t same;
	unsigned count;
	bool exact;
};

static void candidate(struct common *common, const char *word)
{
	size_t same = 0;

	if (strncasecmp(word, common->partial, strlen(common->partial)))
		return;
	common->exact |= !strcasecmp(word, common->partial);
	if (!common->count++) {
		common->word = word;
		common->same = strlen(word);
		return;
	}
	if (!strcasecmp(word, common->word)) {
		common->count--;
		return;
	}
	while (same < common->same && tolower((unsigned char)word[same]) == tolower((unsigned char)common->word[same]))
		same++;
	common->same = same;
}

static void candidates(const struct match_next *next, struct common *common)
{
	const struct gram_name *name;

	for (unsigned i = 0; i < next->n; i++) {
		if (next->leaves[i]->type == GRAM_KEYWORD)
			candidate(common, next->leaves[i]->word);
		for (unsigned k = 0; (name = gram_name_at((enum gram_type)next->leaves[i]->type, k)); k++)
			candidate(common, name->name);
	}
	if (next->first && next->may_no)
		candidate(common, "no");
	if (next->first && next->may_do)
		candidate(common, "do");
}

bool complete_line(const struct gram_mode *mode, int level, const char *line, char *buf, size_t size)
{
	struct match_next next;
	struct common common = {.count = 0};

	snprintf(buf, size, "%s", line);
	match_next(mode, level, line, &next);
	common.partial = line + next.partial;
	if (next.kind != MATCH_OK || !*common.partial)
		return false;
	candidates(&next, &common);
	if (!common.count || (common.count > 1 && (common.exact || common.same == strlen(common.partial))))
		return false;
	snprintf(buf, size, "%.*s%.*s%s", (int)next.partial, line, (int)common.same, common.word,
		 common.count == 1 ? " " : "");
	return true;
}
