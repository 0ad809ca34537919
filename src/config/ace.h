/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access lists as store entries: names, kinds and sequence numbers, whatever command an entry comes
 * from. */
#ifndef ALGATE_CONFIG_ACE_H
#define ALGATE_CONFIG_ACE_H

#include <stdbool.h>
#include <stdint.h>
#include "config/store.h"

/* The name of an access list's context entry; NULL if the entry is something else. */
const char *ace_list_name(const struct entry *list);
/* Is the name a number? */
bool ace_is_number(const char *name);
/* May a list of this name be standard (else extended)? 1-99 and 1300-1999 are standard, 100-199 and
 * 2000-2699 extended; a name begins with a letter and may be both. */
bool ace_name_fits(const char *name, bool standard);

/* Is it an entry of a list (a rule or a remark)? */
bool ace_is_entry(const struct gram_cmd *cmd);
uint32_t ace_sequence(const struct gram_cmd *cmd, const void *args); /* 0: none given */
void ace_set_sequence(const struct gram_cmd *cmd, void *args, uint32_t sequence); /* 0: none */
/* The number that an entry without one gets behind `last` (0: first in its list): the next multiple
 * of ten. */
uint32_t ace_next_sequence(uint32_t last);

#endif
