/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From packet bytes to a view of them: no copy, every length checked. Addresses and ports in host byte order.
 */
#ifndef ALGATE_NAT_DECODE_H
#define ALGATE_NAT_DECODE_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/addr.h"

#define PROTOCOL_ICMP    1
#define PROTOCOL_TCP     6
#define PROTOCOL_UDP     17
#define PROTOCOL_DCCP    33
#define PROTOCOL_SCTP 132
#define PROTOCOL_UDPLITE 136

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define ICMP_ECHO_REPLY        0
#define ICMP_UNREACHABLE       3
#define ICMP_SOURCE_QUENCH     4
#define ICMP_REDIRECT          5
#define ICMP_TIME_EXCEEDED     11
#define ICMP_PARAMETER         12
#define ICMP_TIMESTAMP_REPLY   14
#define ICMP_INFORMATION_REPLY 16
#define ICMP_MASK_REPLY        18

/* What is known behind the IP header. */
enum l4_kind {
	L4_UNREAD, /* nothing: a later fragment, or cut, or its lengths lie */
	L4_PORTS,  /* TCP, UDP */
	L4_QUERY,  /* ICMP echo, timestamp, information, mask: the identifier stands for a port */
	L4_ERROR,  /* ICMP error: quotes a packet */
	L4_OTHER,  /* no ports: another protocol or ICMP message */
};

struct decoded {
	uint8_t *ip;            /* the header; everything up to `length` may be read */
	uint32_t length;        /* total length of the IP packet (quote: what there is of it) */
	uint8_t header_length;  /* with options */
	uint8_t protocol;
	uint8_t kind;           /* enum l4_kind */
	bool fragment;          /* any piece of a fragmented packet */
	bool later_fragment;    /* not the first piece */
	bool broken;            /* a length or an option lies: addresses are good, nothing else is */
	bool dont_fragment;
	bool routing_option;    /* an option that records or dictates addresses: RR, LSRR, SSRR, TS */
	uint16_t ip_id;
	ip4 source, destination;
	uint16_t source_port, destination_port; /* query: the identifier in both */
	uint8_t tcp_flags;
	uint8_t icmp_type, icmp_code;
	uint8_t *l4;
	uint32_t l4_length;     /* UDP: as its own header says */
};

/* False: not even an IPv4 header with addresses; *out is then unset. Padding behind the total length is left out. */
bool decode_packet(uint8_t *data, uint32_t length, struct decoded *out);
/* The packet that an ICMP error quotes. Its end may be cut off (RFC 792: 8 bytes behind the header are there, RFC 4884: the
 * length field says where extensions begin). False: not a header and 8 bytes, or its header's checksum is wrong (RFC 5508
 * REQ-3). */
bool decode_quote(const struct decoded *error, struct decoded *out);
/* IP header and transport checksum in full. UDP without a checksum is good. `transport`: false looks at the header only. */
bool decode_verify(const struct decoded *packet, bool transport);
/* A whole SYN without ACK or RST: who sends it wants a connection. */
bool decode_opens(const struct decoded *packet);

#endif
