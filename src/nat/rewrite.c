/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rewriter, the only place that writes into packets. Promises that a right packet stays right and a damaged one stays
 * damaged, and that nothing outside the view is touched. May not decide anything.
 */
#include "nat/rewrite.h"

#include <string.h>
#include "lib/bytes.h"
#include "lib/csum.h"

#define FLAG_DF 0x40

/* Where the transport checksum stands; 0: there is none that depends on what we change, or it cannot be known. */
static uint32_t checksum_offset(const struct decoded *packet)
{
	if (packet->later_fragment)
		return 0;
	switch (packet->protocol) {
	case PROTOCOL_TCP:
		return 16;
	case PROTOCOL_UDP:
	case PROTOCOL_UDPLITE:
	case PROTOCOL_DCCP:
		return 6;
	case PROTOCOL_ICMP:
		return packet->kind == L4_QUERY ? 2 : 0;
	default:
		return 0;
	}
}

struct rewrite rewrite_to(const struct decoded *packet, struct endpoint source, struct endpoint destination)
{
	uint32_t addresses = csum_delta32(packet->source, source.addr) +
			     csum_delta32(packet->destination, destination.addr);
	uint32_t ports = 0;

	if (packet->kind == L4_QUERY)
		return (struct rewrite){
			source.addr, destination.addr, source.port, source.port,
			csum_fold(addresses), csum_fold(csum_delta16(packet->source_port, source.port))};
	if (packet->kind == L4_PORTS)
		ports = csum_delta16(packet->source_port, source.port) +
			csum_delta16(packet->destination_port, destination.port);
	return (struct rewrite){source.addr,      destination.addr,     source.port,
				destination.port, csum_fold(addresses), csum_fold(addresses + ports)};
}

struct rewrite rewrite_of_slot(const struct decoded *packet, const struct flow_slot *slot)
{
	struct endpoint source = {slot->new_source, slot->new_source_port};
	struct endpoint destination = {slot->new_destination, slot->new_destination_port};

	/* The identifier is the inside host's port; which that is depends on the side. */
	if (packet->kind == L4_QUERY && slot->key.side != 0)
		source.port = destination.port;
	return rewrite_to(packet, source, destination);
}

static void fix_transport(struct decoded *packet, uint32_t delta)
{
	uint32_t at = checksum_offset(packet);
	bool udp = packet->protocol == PROTOCOL_UDP;

	if (at == 0 || at + 2 > packet->l4_length)
		return;
	uint8_t *field = packet->l4 + at;

	if (udp && field[0] == 0 && field[1] == 0)
		return;
	csum_apply(field, delta);
	if (udp && field[0] == 0 && field[1] == 0)
		put_be16(field, 0xffff);
}

static void write_ports(struct decoded *packet, const struct rewrite *rewrite)
{
	if (packet->kind == L4_PORTS) {
		put_be16(packet->l4, rewrite->source_port);
		put_be16(packet->l4 + 2, rewrite->destination_port);
	} else if (packet->kind == L4_QUERY) {
		put_be16(packet->l4 + 4, rewrite->source_port);
	} else {
		return;
	}
	packet->source_port = rewrite->source_port;
	packet->destination_port = rewrite->destination_port;
}

void rewrite_outer(struct decoded *packet, ip4 source, ip4 destination)
{
	uint32_t delta = csum_delta32(packet->source, source) +
			 csum_delta32(packet->destination, destination);

	put_be32(packet->ip + 12, source);
	put_be32(packet->ip + 16, destination);
	csum_apply(packet->ip + 10, delta);
	packet->source = source;
	packet->destination = destination;
}

void rewrite_apply(struct decoded *packet, const struct rewrite *rewrite)
{
	put_be32(packet->ip + 12, rewrite->source);
	put_be32(packet->ip + 16, rewrite->destination);
	csum_apply(packet->ip + 10, rewrite->ip_delta);
	packet->source = rewrite->source;
	packet->destination = rewrite->destination;
	fix_transport(packet, rewrite->l4_delta);
	write_ports(packet, rewrite);
}

/* It covers nothing of the IP header, so nobody else needs to touch it. */
static void complete_sctp(struct decoded *packet)
{
	uint8_t *field = packet->l4 + 8;
	uint32_t crc;

	if (packet->fragment || packet->l4_length < 12)
		return;
	memset(field, 0, 4);
	crc = csum_crc32c(packet->l4, packet->l4_length);
	for (unsigned i = 0; i < 4; i++, crc >>= 8)
		field[i] = (uint8_t)crc;
}

void rewrite_complete(struct decoded *packet)
{
	uint32_t at = checksum_offset(packet);

	if (packet->protocol == PROTOCOL_SCTP)
		complete_sctp(packet);
	if (packet->kind != L4_PORTS || packet->fragment || at + 2 > packet->l4_length)
		return;
	uint8_t *field = packet->l4 + at;
	uint64_t sum = csum_pseudo(packet->source, packet->destination, packet->protocol,
				   packet->l4_length);
	uint16_t value;

	put_be16(field, 0);
	value = csum_finish(csum_add(sum, packet->l4, packet->l4_length));
	if (packet->protocol == PROTOCOL_UDP && value == 0)
		value = 0xffff;
	memcpy(field, &value, sizeof(value));
}

void rewrite_pieces(struct decoded *packet)
{
	uint32_t at = checksum_offset(packet);
	uint8_t *field = packet->l4 + at;
	uint16_t sum;

	if (packet->fragment || at + 2 > packet->l4_length || (field[0] == 0 && field[1] == 0))
		return;
	sum = (uint16_t)~csum_finish(csum_pseudo(packet->source, packet->destination, packet->protocol, packet->l4_length));
	memcpy(field, &sum, sizeof(sum));
}

void rewrite_icmp_checksum(struct decoded *packet)
{
	uint16_t value;

	put_be16(packet->l4 + 2, 0);
	value = csum_finish(csum_add(0, packet->l4, packet->l4_length));
	memcpy(packet->l4 + 2, &value, sizeof(value));
}

void rewrite_id(struct decoded *packet, uint16_t id)
{
	csum_apply(packet->ip + 10, csum_delta16(packet->ip_id, id));
	put_be16(packet->ip + 4, id);
	packet->ip_id = id;
}

void rewrite_header_checksum(struct decoded *packet)
{
	uint16_t value;

	put_be16(packet->ip + 10, 0);
	value = csum_finish(csum_add(0, packet->ip, packet->header_length));
	memcpy(packet->ip + 10, &value, sizeof(value));
}

void rewrite_resize(struct decoded *packet, uint32_t length, bool summed)
{
	packet->l4_length = length;
	packet->length = packet->header_length + length;
	put_be16(packet->ip + 2, (uint16_t)packet->length);
	rewrite_header_checksum(packet);
	if (packet->protocol == PROTOCOL_UDP)
		put_be16(packet->l4 + 4, (uint16_t)length);
	if (summed)
		rewrite_complete(packet);
}

void rewrite_fragmentable(struct decoded *packet, uint16_t id)
{
	packet->ip[6] &= (uint8_t) ~FLAG_DF;
	packet->dont_fragment = false;
	put_be16(packet->ip + 4, id);
	packet->ip_id = id;
}

static uint32_t transport_header(const struct decoded *packet)
{
	uint32_t header = 8;

	if (packet->protocol == PROTOCOL_TCP)
		header = packet->l4_length > 12 ? (packet->l4[12] >> 4) * 4u : 20;
	return packet->protocol == PROTOCOL_TCP && header < 20 ? 20 : header;
}

static void wipe(struct decoded *packet, uint32_t from)
{
	uint32_t delta = 0;

	for (uint32_t at = from; at < packet->l4_length; at += 2) {
		uint8_t *word = packet->l4 + at;
		bool odd = at + 1 == packet->l4_length;

		delta = csum_fold(delta + csum_delta16(odd ? (uint16_t)(word[0] << 8) : get_be16(word), 0));
		memset(word, 0, odd ? 1 : 2);
	}
	fix_transport(packet, delta);
}

void rewrite_read(struct decoded *quote, uint32_t numbers, bool blank)
{
	if (quote->later_fragment)
		return;
	if (quote->protocol == PROTOCOL_TCP && numbers != 0) {
		uint32_t seq = get_be32(quote->l4 + 4);

		put_be32(quote->l4 + 4, seq + numbers);
		fix_transport(quote, csum_delta32(seq, seq + numbers));
	}
	if (blank)
		wipe(quote, transport_header(quote));
}
