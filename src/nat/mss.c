/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maximum segment sizes. Promises: only SYNs cost more than a comparison; damaged checksums stay
 * damaged. May not touch a packet of the router itself: who calls sees to that.
 */
#include "nat/mss.h"

#include "lib/csum.h"

#define OPTION_END  0
#define OPTION_NOP  1
#define OPTION_MSS  2
#define LENGTH_MSS  4
#define TCP_OPTIONS 20

/* Of the inside interfaces the one with the longest prefix around this address; NULL: it is behind
 * another router. */
static const struct snapshot_mss *inside_way(const struct snapshot *snapshot, ip4 destination)
{
	const struct snapshot_mss *way = NULL;

	for (uint32_t i = 0; i < snapshot->n_mss; i++) {
		const struct snapshot_mss *row = &snapshot->mss[i];

		if (row->inside && ((destination ^ row->net) & row->care) == 0 &&
		    (way == NULL || row->care > way->care))
			way = row;
	}
	return way;
}

uint16_t mss_limit(const struct snapshot *snapshot, const struct packet *packet, ip4 destination)
{
	bool inward = packet->visit == VISIT_FROM_OUTSIDE;
	const struct snapshot_mss *way = inward ? inside_way(snapshot, destination) : NULL;
	uint16_t limit = UINT16_MAX;

	for (uint32_t i = 0; i < snapshot->n_mss; i++) {
		const struct snapshot_mss *row = &snapshot->mss[i];
		bool crossed =
		    row->ifindex == packet->in_ifindex || row->ifindex == packet->out_ifindex ||
		    (inward && row->inside && (way == NULL || row->ifindex == way->ifindex));

		if (crossed && row->mss != 0 && row->mss < limit)
			limit = row->mss;
	}
	return limit;
}

static uint8_t *find_option(const struct decoded *view)
{
	uint8_t *at = view->l4 + TCP_OPTIONS, *end = view->l4 + (view->l4[12] >> 4) * 4;

	while (end - at >= LENGTH_MSS && *at != OPTION_END) {
		if (*at == OPTION_NOP) {
			at++;
			continue;
		}
		if (at[1] < 2 || at[1] > end - at)
			return NULL;
		if (at[0] == OPTION_MSS)
			return at[1] == LENGTH_MSS ? at + 2 : NULL;
		at += at[1];
	}
	return NULL;
}

bool mss_lower(struct decoded *view, uint16_t limit)
{
	uint8_t *field = find_option(view);
	uint16_t offered;

	if (field == NULL)
		return false;
	offered = (uint16_t)(field[0] << 8 | field[1]);
	if (offered <= limit)
		return false;
	/* Behind an odd number of bytes the halves of a word of the sum are exchanged (RFC 1071 2
	 * B). */
	if ((field - view->l4) % 2 == 0)
		csum_apply(view->l4 + 16, csum_delta16(offered, limit));
	else
		csum_apply(view->l4 + 16, csum_delta16((uint16_t)(offered << 8 | offered >> 8),
						       (uint16_t)(limit << 8 | limit >> 8)));
	field[0] = (uint8_t)(limit >> 8);
	field[1] = (uint8_t)limit;
	return true;
}
