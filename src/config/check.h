/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the grammar cannot say about an entry: whether it fits the rest of the configuration, and its canonical form
 * (`extendable` and `overload` that the router adds, the next sequence number, host bits masked away, secrets hashed).
 * One table row per command that needs it. Nothing here changes the store.
 */
#ifndef ALGATE_CONFIG_CHECK_H
#define ALGATE_CONFIG_CHECK_H

#include "config/store.h"
#include "lib/err.h"

/* Before store_set. May change args. false: refused, err holds the IOS text (without "% "; a text that begins with '%' is
 * printed as it is, for those that IOS prints without the blank). */
bool config_check_set(const struct store *store, const struct entry *context, const struct gram_cmd *cmd, void *args,
		      struct err *err);
/* Before store_remove. */
bool config_check_remove(const struct store *store, const struct entry *entry, struct err *err);
/* The entry that a `no` line means, or NULL: args as matched, perhaps partial. Brings args into canonical form first (host
 * bits, interface aliases), and finds an access list entry without sequence number by what it says. */
struct entry *config_check_find(const struct store *store, const struct entry *context, const struct gram_cmd *cmd,
				void *args);

/* The configured host name, NULL if none; good until the store changes. */
const char *config_hostname(const struct store *store);

#endif
