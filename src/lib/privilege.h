/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Giving up root. Before any other thread starts: capabilities belong to threads. */
#ifndef ALGATE_LIB_PRIVILEGE_H
#define ALGATE_LIB_PRIVILEGE_H

#include <stdbool.h>
#include "lib/err.h"

/* Becomes this user and its group, keeping CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE, and can gain nothing
 * more (no_new_privs). state_dir and what it holds become the user's. */
bool privilege_drop(const char *user, const char *state_dir, struct err *err);

#endif
