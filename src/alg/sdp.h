/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session descriptions: RFC 8866, with 3605 (a=rtcp), 4145 and 4975 (TCP media), 5761 (rtcp-mux),
 * 8839 (ICE). */
#ifndef ALGATE_ALG_SDP_H
#define ALGATE_ALG_SDP_H

#include "alg/text.h"

/* Says what a body mentions. Media are numbered from reader->media on. The options are those of the
 * findings. */
void sdp_read(struct reader *reader, struct span body);

#endif
