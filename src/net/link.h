/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces, addresses and routes of Linux, kept as a mirror. */
#ifndef ALGATE_NET_LINK_H
#define ALGATE_NET_LINK_H

#include <stdbool.h>
#include "config/mirror.h"
#include "lib/err.h"

/* IFA_PROTO of a secondary address we configured; NET_ADDRESS_PROTOCOL marks the others. Linux itself calls an address
 * secondary only inside the subnet of another. */
#define LINK_ADDRESS_SECONDARY 212

struct link;

struct link *link_new(struct err *err);
void link_free(struct link *link);
/* Readable when Linux has something to tell. */
int link_fd(const struct link *link);
/* Reads what happened; after a lost message, everything anew. True when the mirror differs. A mirror handed out before
 * stays as it was until link_settle. */
bool link_read(struct link *link);
const struct mirror *link_mirror(const struct link *link);
/* Frees the mirrors that link_read replaced. */
void link_settle(struct link *link);

#endif
