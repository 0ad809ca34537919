/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URIs of MSRP (RFC 4975 6), which stand in session descriptions and in the protocol's own messages. */
#ifndef ALGATE_ALG_MSRP_H
#define ALGATE_ALG_MSRP_H

#include "alg/text.h"

/* Says what the URIs of a path name, each by a mention that is like `as` but for its endpoint. Names, IPv6 and what is no MSRP
 * URI are passed over; a URI without a port means 2855. */
void msrp_say_path(struct reader *reader, struct span path, const struct mention *as);

#endif
