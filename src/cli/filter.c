/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output modifiers over POSIX regular expressions. Knows lines, nothing of sessions. */
#include "cli/filter.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

struct filter {
	enum filter_kind kind;
	regex_t regex;
	bool open;     /* begin: found; section: inside one */
	size_t indent; /* section: of its first line */
	unsigned count;
	char end[64];
};

/* The pattern with braces made literal; NULL when it holds a back reference. Inside brackets
 * everything is literal already. The result is malloc'ed. */
static char *prepare(const char *pattern)
{
	char *text = mem_alloc(strlen(pattern) * 2 + 1);
	char *out = text;
	bool bracket = false;

	for (const char *p = pattern; *p; p++) {
		if (*p == '\\' && !bracket && p[1] != '\0') {
			if (isdigit((unsigned char)p[1])) {
				free(text);
				return NULL;
			}
			*out++ = *p++;
		} else if ((*p == '{' || *p == '}') && !bracket) {
			*out++ = '\\';
		} else if (*p == '[' && !bracket) {
			bracket = true;
			*out++ = *p;
			if (p[1] == '^')
				*out++ = *++p;
			if (p[1] == ']')
				*out++ = *++p;
			continue;
		} else if (*p == ']') {
			bracket = false;
		}
		*out++ = *p;
	}
	*out = '\0';
	return text;
}

struct filter *filter_new(enum filter_kind kind, const char *pattern, struct err *err)
{
	struct filter *filter = mem_alloc(sizeof(*filter));
	char *text = prepare(pattern);
	int bad = text == NULL || regcomp(&filter->regex, text, REG_EXTENDED | REG_NOSUB) != 0;

	free(text);
	if (bad) {
		err_set(err, "Failed to compile regular expression");
		free(filter);
		return NULL;
	}
	filter->kind = kind;
	return filter;
}

void filter_free(struct filter *filter)
{
	if (filter == NULL)
		return;
	regfree(&filter->regex);
	free(filter);
}

/* Inside a section (a line that matched, and what is indented deeper)? */
static bool in_section(struct filter *filter, const char *line, bool match)
{
	size_t indent = strspn(line, " ");

	if (filter->open && indent > filter->indent)
		return true;
	filter->open = match;
	filter->indent = indent;
	return match;
}

bool filter_line(struct filter *filter, const char *line)
{
	bool match = regexec(&filter->regex, line, 0, NULL, 0) == 0;

	switch (filter->kind) {
	case FILTER_BEGIN:
		filter->open |= match;
		return filter->open;
	case FILTER_INCLUDE:
		return match;
	case FILTER_EXCLUDE:
		return !match;
	case FILTER_SECTION:
		return in_section(filter, line, match);
	case FILTER_SECTION_EXCLUDE:
		return !in_section(filter, line, match);
	case FILTER_COUNT:
		filter->count += match;
		return false;
	}
	return true;
}

const char *filter_end(struct filter *filter)
{
	if (filter->kind != FILTER_COUNT)
		return NULL;
	snprintf(filter->end, sizeof(filter->end), "Number of lines which match regexp = %u",
		 filter->count);
	return filter->end;
}
