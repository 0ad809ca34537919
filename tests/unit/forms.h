/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random lines from the grammar itself: a walk through a command's automaton with random values. */
#ifndef ALGATE_TEST_FORMS_H
#define ALGATE_TEST_FORMS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/walk.h"
#include "gram_tables.h"
#include "lib/gram_names.h"
#include "seed.h"

#define FORM_SIZE 2048

/* A form and which of its words are keywords. */
struct form {
	char line[FORM_SIZE];
	struct walk_end way; /* steps[] = the leaves taken, one for each word (LINE: the last) */
};

static uint64_t form_state;

static inline uint32_t form_random(uint32_t below)
{
	form_state ^= form_state << 13;
	form_state ^= form_state >> 7;
	form_state ^= form_state << 17;
	return (uint32_t)(form_state >> 32) % below;
}

static inline void form_seed(void)
{
	form_state = test_seed() * 0x9e3779b97f4a7c15u | 1;
}

static inline void form_ip4(char *out, size_t size)
{
	snprintf(out, size, "%u.%u.%u.%u", form_random(256), form_random(256), form_random(256), form_random(256));
}

static inline void form_named(const struct gram_leaf *leaf, uint32_t lo, uint32_t hi, char *out, size_t size)
{
	const struct gram_name *name = gram_name_at((enum gram_type)leaf->type, form_random(40));

	if (name)
		snprintf(out, size, "%s", name->name);
	else
		snprintf(out, size, "%u", lo + form_random(hi - lo + 1));
}

static inline void form_value(const struct gram_leaf *leaf, char *out, size_t size)
{
	static const char *const interfaces[] = {"eth7", "GigabitEthernet0/1", "wan", "Loopback 0", "gi 0/0.100"};
	char mask[IP4_TEXT_SIZE];

	switch (leaf->type) {
	case GRAM_IP4:
		form_ip4(out, size);
		return;
	case GRAM_MASK:
		snprintf(out, size, "%s", ip4_text(ip4_mask((uint8_t)form_random(33)), mask));
		return;
	case GRAM_NUMBER:
	case GRAM_NUMBER_TEXT:
		snprintf(out, size, "%u", leaf->lo + (form_random(4) ? form_random(leaf->hi - leaf->lo + 1) : 0));
		return;
	case GRAM_PREFIX_LEN:
		snprintf(out, size, "/%u", form_random(33));
		return;
	case GRAM_IFNAME:
		snprintf(out, size, "%s", interfaces[form_random(5)]);
		return;
	case GRAM_TCP_PORT:
	case GRAM_UDP_PORT:
		form_named(leaf, 1, 65535, out, size);
		return;
	case GRAM_PROTOCOL:
	case GRAM_ICMP_TYPE:
		form_named(leaf, 0, 255, out, size);
		return;
	case GRAM_LINE:
		snprintf(out, size, "Xy%u  some 10 any |text", form_random(1000));
		return;
	default:
		snprintf(out, size, "Xy%u", form_random(1000));
	}
}

static inline void form_add(struct form *form, unsigned leaf_index, const char *text)
{
	size_t used = strlen(form->line);

	form->way.steps[form->way.n_steps].leaf = (uint8_t)leaf_index;
	form->way.steps[form->way.n_steps++].words = (uint8_t)(strchr(text, ' ') ? 2 : 1);
	snprintf(form->line + used, sizeof(form->line) - used, "%s%s", used ? " " : "", text);
}

/* One random line that the command accepts. */
static inline void form_make(const struct gram_cmd *cmd, struct form *form)
{
	unsigned at = 0;

	memset(form, 0, sizeof(*form));
	form->way.cmd = cmd;
	for (;;) {
		unsigned next[256], n = 0;
		char text[GRAM_LINE_SIZE];

		for (unsigned i = 0; i < cmd->n_leaves; i++)
			if (walk_may_follow(&form->way, i))
				next[n++] = i;
		if (!n || (cmd->leaves[at].accept && form_random(3) == 0))
			return;
		at = next[form_random(n)];
		if (cmd->leaves[at].type == GRAM_KEYWORD)
			snprintf(text, sizeof(text), "%s", cmd->leaves[at].word);
		else
			form_value(&cmd->leaves[at], text, sizeof(text));
		form_add(form, at, text);
	}
}

/* The mode that a command is typed in. */
static inline const struct gram_mode *form_mode(const struct gram_cmd *cmd)
{
	for (unsigned m = 0; m < gram_n_modes; m++)
		for (unsigned i = 0; gram_modes[m]->prompt[0] + !gram_modes[m]->parent && i < gram_modes[m]->n_cmds; i++)
			if (gram_modes[m]->cmds[i] == cmd)
				return gram_modes[m];
	return NULL;
}

#endif
