/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing new addresses and ports into a packet, with the checksums that depend on them.
 */
#ifndef ALGATE_NAT_REWRITE_H
#define ALGATE_NAT_REWRITE_H

#include <stdbool.h>
#include <stdint.h>
#include "nat/decode.h"
#include "nat/records.h"

/* What a packet becomes. Host byte order. For csum_apply: ip_delta on the IP header's checksum; l4_delta on the transport's: the
 * addresses (pseudo header) and both ports; for ICMP the identifier only; without ports the addresses, for protocols that do have
 * a pseudo header. */
struct rewrite {
	ip4 source, destination;
	uint16_t source_port, destination_port; /* query: the identifier in both */
	uint16_t ip_delta, l4_delta;
};

/* Deltas for turning `packet` into these endpoints; for a query source.port is the identifier. */
struct rewrite rewrite_to(const struct decoded *packet, struct endpoint source, struct endpoint destination);
/* From the slot that the packet hit. */
struct rewrite rewrite_of_slot(const struct decoded *packet, const struct flow_slot *slot);
/* Rewrites the bytes; the view then shows the new ones. Checksums are updated incrementally, so damage stays damage (RFC
 * 3022 4.2); a UDP checksum of 0 stays 0, and one that becomes 0 is written as 0xffff (RFC 768). Works on quotes: what
 * is cut off is left out. */
void rewrite_apply(struct decoded *packet, const struct rewrite *rewrite);
/* Makes the transport checksum that offloading left unfinished. Before or after rewrite_apply. Fragments have none. */
void rewrite_complete(struct decoded *packet);
/* For UDP datagrams in one piece that the kernel cuts when they leave: it wants the sum of the pseudo header in the place of the
 * checksum, whatever offloading left there, and makes each piece's from that. After rewrite_apply. A checksum of 0 stays 0. */
void rewrite_pieces(struct decoded *packet);
/* Writes a fresh ICMP checksum (after a change inside of a verified message). */
void rewrite_icmp_checksum(struct decoded *packet);
/* A new IP identification. */
void rewrite_id(struct decoded *packet, uint16_t id);
/* A fresh header checksum (of a header that was right before it was changed). */
void rewrite_header_checksum(struct decoded *packet);
/* What is behind the header is `length` bytes now: total length, a UDP header's, checksums; summed false: a UDP checksum stays
 * 0. The packet was right before it was changed. */
void rewrite_resize(struct decoded *packet, uint32_t length, bool summed);
/* May be fragmented from here on, under a new identification. The header's checksum is left to rewrite_resize. */
void rewrite_fragmentable(struct decoded *packet, uint16_t id);
/* A quoted packet that a gateway has read: a segment's number gets `numbers` more; blank: what stands behind the transport
 * header becomes zeros. The quoted checksum follows. */
void rewrite_read(struct decoded *quote, uint32_t numbers, bool blank);
/* Changes the outer addresses only (the transport has no pseudo header: ICMP). */
void rewrite_outer(struct decoded *packet, ip4 source, ip4 destination);

#endif
