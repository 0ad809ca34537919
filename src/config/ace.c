/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/ace.h"

#include <stdlib.h>
#include <string.h>

#include "gram_tables.h"

const char *ace_list_name(const struct entry *list)
{
	if (list && (list->cmd->id == CMD_ACL_STANDARD || list->cmd->id == CMD_ACL_EXTENDED))
		return ((const struct args_acl_standard *)list->args)->name;
	return NULL;
}

_Static_assert(offsetof(struct args_acl_standard, name) == offsetof(struct args_acl_extended, name),
	       "one name");

bool ace_is_number(const char *name)
{
	return name && name[0] && name[strspn(name, "0123456789")] == '\0';
}

bool ace_name_fits(const char *name, bool standard)
{
	unsigned long number;

	if (!ace_is_number(name))
		return (name[0] >= 'A' && name[0] <= 'Z') || (name[0] >= 'a' && name[0] <= 'z');
	number = strtoul(name, NULL, 10);
	if (standard)
		return (number >= 1 && number <= 99) || (number >= 1300 && number <= 1999);
	return (number >= 100 && number <= 199) || (number >= 2000 && number <= 2699);
}

bool ace_is_entry(const struct gram_cmd *cmd)
{
	switch (cmd->id) {
	case CMD_ACE_REMARK:
	case CMD_ACE_STANDARD:
	case CMD_ACE_TCP:
	case CMD_ACE_UDP:
	case CMD_ACE_ICMP:
	case CMD_ACE_IP:
		return true;
	default:
		return false;
	}
}

static const struct gram_field *field_named(const struct gram_cmd *cmd, const char *name)
{
	for (unsigned i = 0; i < cmd->n_fields; i++)
		if (strcmp(cmd->fields[i].name, name) == 0)
			return &cmd->fields[i];
	abort(); /* acl.cli without `[seq]` in an entry */
}

uint32_t ace_sequence(const struct gram_cmd *cmd, const void *args)
{
	uint32_t sequence;

	memcpy(&sequence, (const char *)args + field_named(cmd, "seq")->offset, sizeof(sequence));
	return sequence;
}

void ace_set_sequence(const struct gram_cmd *cmd, void *args, uint32_t sequence)
{
	memcpy((char *)args + field_named(cmd, "seq")->offset, &sequence, sizeof(sequence));
	((char *)args)[field_named(cmd, "has_seq")->offset] = sequence != 0;
}

uint32_t ace_next_sequence(uint32_t last)
{
	return (last / 10 + 1) * 10;
}
