/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What our netfilter rules say, as parts of a transaction; hooks.c says when. */
#ifndef ALGATE_NET_RULES_H
#define ALGATE_NET_RULES_H

#include <stdint.h>
#include "net/hookset.h"
#include "net/nft.h"

/* The contents of a table that is there and empty. seed: which source has which queue, see
 * nft_hash. */
void rules_guard(struct nft_batch *batch, const struct hooksets *sets);
void rules_queue(struct nft_batch *batch, const struct hooksets *sets, uint32_t seed);
/* What makes rules for `from` into rules for `to`: mostly differences of sets. */
void rules_guard_update(struct nft_batch *batch, const struct hooksets *from,
			const struct hooksets *to);
void rules_queue_update(struct nft_batch *batch, const struct hooksets *from,
			const struct hooksets *to);

#endif
