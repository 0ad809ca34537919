/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder. Promises never to read outside the given bytes, and to believe no length before it has checked it against
 * the one around it. May not write to the packet, and may not judge: what is odd is told by flags.
 */
#include "nat/decode.h"

#include <string.h>
#include "lib/bytes.h"
#include "lib/csum.h"

#define IP_HEADER       20
#define OPTION_END      0
#define OPTION_NOP      1
#define OPTION_RECORD   7
#define OPTION_TIME     68
#define OPTION_LOOSE    131
#define OPTION_STRICT   137
#define QUOTE_L4        8u /* RFC 792: so much of the transport is quoted at least */
#define ICMP_HEADER     8
#define FRAGMENT_DONT   0x4000
#define FRAGMENT_MORE   0x2000
#define FRAGMENT_OFFSET 0x1fff

/* RFC 791 3.1: an option is one byte, or says its own length. */
static void read_options(struct decoded *out)
{
	uint32_t at = IP_HEADER;

	while (at < out->header_length && out->ip[at] != OPTION_END) {
		uint8_t option = out->ip[at];

		if (option == OPTION_NOP) {
			at++;
			continue;
		}
		if (at + 1 >= out->header_length || out->ip[at + 1] < 2 ||
		    at + out->ip[at + 1] > out->header_length) {
			out->broken = true;
			return;
		}
		if (option == OPTION_RECORD || option == OPTION_TIME || option == OPTION_LOOSE ||
		    option == OPTION_STRICT)
			out->routing_option = true;
		at += out->ip[at + 1];
	}
}

/* Everything of the IP header that can be had; false when there are no addresses to be read. */
static bool read_ip(uint8_t *data, uint32_t length, struct decoded *out)
{
	if (length < IP_HEADER || data[0] >> 4 != 4 || (data[0] & 15) < 5)
		return false;
	uint16_t fragment = get_be16(data + 6);

	*out = (struct decoded){
		.ip = data,
		.length = length,
		.header_length = (uint8_t)((data[0] & 15) * 4),
		.protocol = data[9],
		.fragment = (fragment & (FRAGMENT_MORE | FRAGMENT_OFFSET)) != 0,
		.later_fragment = (fragment & FRAGMENT_OFFSET) != 0,
		.dont_fragment = (fragment & FRAGMENT_DONT) != 0,
		.ip_id = get_be16(data + 4),
		.source = get_be32(data + 12),
		.destination = get_be32(data + 16),
	};
	if (out->header_length > length || get_be16(data + 2) < out->header_length)
		out->broken = true;
	else
		read_options(out);
	return true;
}

static uint8_t icmp_kind(uint8_t type)
{
	switch (type) {
	case 0:
	case 8:  /* echo */
	case 13:
	case 14: /* timestamp */
	case 15:
	case 16: /* information */
	case 17:
	case 18: /* mask */
		return L4_QUERY;
	case ICMP_UNREACHABLE:
	case ICMP_SOURCE_QUENCH:
	case ICMP_REDIRECT:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETER:
		return L4_ERROR;
	default:
		return L4_OTHER;
	}
}

static void read_ports(struct decoded *out)
{
	out->kind = L4_PORTS;
	out->source_port = get_be16(out->l4);
	out->destination_port = get_be16(out->l4 + 2);
}

static void read_icmp(struct decoded *out)
{
	out->icmp_type = out->l4[0];
	out->icmp_code = out->l4[1];
	out->kind = icmp_kind(out->icmp_type);
	if (out->kind == L4_QUERY)
		out->source_port = out->destination_port = get_be16(out->l4 + 4);
}

static bool read_tcp(struct decoded *out)
{
	if (out->l4_length < 20 || (out->l4[12] >> 4) < 5 ||
	    (uint32_t)(out->l4[12] >> 4) * 4 > out->l4_length)
		return false;
	out->tcp_flags = out->l4[13];
	read_ports(out);
	return true;
}

/* The length that a first fragment states is that of the whole datagram. */
static bool read_udp(struct decoded *out)
{
	if (out->l4_length < 8)
		return false;
	uint16_t length = get_be16(out->l4 + 4);

	if (length < 8 || (length > out->l4_length && !out->fragment))
		return false;
	if (length < out->l4_length)
		out->l4_length = length;
	read_ports(out);
	return true;
}

static void read_l4(struct decoded *out)
{
	out->l4 = out->ip + out->header_length;
	out->l4_length = out->length - out->header_length;
	if (out->later_fragment)
		return;
	switch (out->protocol) {
	case PROTOCOL_TCP:
		out->broken = !read_tcp(out);
		break;
	case PROTOCOL_UDP:
		out->broken = !read_udp(out);
		break;
	case PROTOCOL_ICMP:
		if (out->l4_length < ICMP_HEADER)
			out->broken = true;
		else
			read_icmp(out);
		break;
	default:
		out->kind = L4_OTHER;
	}
}

bool decode_packet(uint8_t *data, uint32_t length, struct decoded *out)
{
	if (!read_ip(data, length, out))
		return false;
	if (get_be16(data + 2) > length)
		out->broken = true;
	if (!out->broken) {
		out->length = get_be16(data + 2);
		read_l4(out);
	}
	return true;
}

/* RFC 4884 section 4: for these types byte 5 counts the 32-bit words of the quote, if extensions follow it. */
static uint32_t quote_length(const struct decoded *error)
{
	uint32_t room = error->l4_length - ICMP_HEADER, stated = error->l4[5] * 4u;

	if (error->icmp_type != ICMP_UNREACHABLE && error->icmp_type != ICMP_TIME_EXCEEDED &&
	    error->icmp_type != ICMP_PARAMETER)
		return room;
	return stated != 0 && stated < room ? stated : room;
}

bool decode_quote(const struct decoded *error, struct decoded *out)
{
	uint32_t room = quote_length(error);

	if (!read_ip(error->l4 + ICMP_HEADER, room, out) || out->broken)
		return false;
	if (room < out->header_length + QUOTE_L4 || !decode_verify(out, false))
		return false;
	if (get_be16(out->ip + 2) < out->length)
		out->length = get_be16(out->ip + 2);
	if (out->length < out->header_length + QUOTE_L4)
		return false;
	out->l4 = out->ip + out->header_length;
	out->l4_length = out->length - out->header_length;
	if (out->later_fragment)
		return true;
	if (out->protocol == PROTOCOL_TCP || out->protocol == PROTOCOL_UDP)
		read_ports(out);
	else if (out->protocol == PROTOCOL_ICMP)
		read_icmp(out);
	else
		out->kind = L4_OTHER;
	return true;
}

static bool sums_up(uint64_t sum, const uint8_t *data, uint32_t length)
{
	return csum_finish(csum_add(sum, data, length)) == 0;
}

static bool transport_good(const struct decoded *packet)
{
	switch (packet->protocol) {
	case PROTOCOL_UDP:
		if (get_be16(packet->l4 + 6) == 0)
			return true;
		/* fall through */
	case PROTOCOL_TCP:
		return sums_up(csum_pseudo(packet->source, packet->destination, packet->protocol,
					   packet->l4_length),
			       packet->l4, packet->l4_length);
	case PROTOCOL_ICMP:
		return sums_up(0, packet->l4, packet->l4_length);
	default:
		return true;
	}
}

bool decode_verify(const struct decoded *packet, bool transport)
{
	if (!sums_up(0, packet->ip, packet->header_length))
		return false;
	return !transport || packet->kind == L4_UNREAD || transport_good(packet);
}

bool decode_opens(const struct decoded *packet)
{
	return packet->protocol == PROTOCOL_TCP && packet->kind == L4_PORTS && !packet->fragment && !packet->broken &&
	       (packet->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}
