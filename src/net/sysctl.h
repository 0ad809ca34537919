/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we need of forwarding, rp_filter, send_redirects and promote_secondaries, and what was there before. */
#ifndef ALGATE_NET_SYSCTL_H
#define ALGATE_NET_SYSCTL_H

#include <stdbool.h>
#include "lib/err.h"

struct sysctl;

/* Originals a predecessor saved in STATE/sysctl stay the originals. */
struct sysctl *sysctl_new(const char *state_dir);
void sysctl_free(struct sysctl *sysctl);
/* name below /proc/sys, with slashes. Saves the original the first time, before the change. A setting that does not exist
 * (the interface is gone) is no error. */
bool sysctl_want(struct sysctl *sysctl, const char *name, const char *value, struct err *err);
/* Writes the originals back and forgets them. */
bool sysctl_restore(const char *state_dir, struct err *err);

#endif
