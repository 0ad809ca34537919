/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link headers. Promises to read no byte behind the frame. */
#include "replay/link.h"

#include <pcap/dlt.h>
#include <string.h>

#define TYPE_IPV4 0x0800
#define MAC_SIZE  6
#define MAX_TAGS  8

/* Family of the loopback header: AF_INET is 2 everywhere, in the byte order of who captured. */
#define FAMILY_IPV4 2

static uint16_t be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

bool link_is_known(int type)
{
	return type == DLT_EN10MB || type == DLT_RAW || type == DLT_IPV4 || type == DLT_LINUX_SLL ||
	       type == DLT_LINUX_SLL2 || type == DLT_NULL || type == DLT_LOOP;
}

static bool is_tag(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* The type field stands at `at`; behind it tags, then the packet. */
static int behind_tags(const uint8_t *frame, uint32_t length, uint32_t at)
{
	for (int tags = 0; tags <= MAX_TAGS && length >= at + 2; tags++, at += 4) {
		uint16_t type = be16(frame + at);

		if (!is_tag(type))
			return type == TYPE_IPV4 ? (int)at + 2 : -1;
	}
	return -1;
}

static int offset_of(int type, const uint8_t *frame, uint32_t length)
{
	switch (type) {
	case DLT_EN10MB:
		return behind_tags(frame, length, 2 * MAC_SIZE);
	case DLT_LINUX_SLL:
		return behind_tags(frame, length, 14);
	case DLT_LINUX_SLL2:
		return length >= 20 && be16(frame) == TYPE_IPV4 ? 20 : -1;
	case DLT_NULL:
	case DLT_LOOP:
		return length >= 4 && (frame[0] == FAMILY_IPV4 || frame[3] == FAMILY_IPV4) ? 4 : -1;
	default:
		return 0;
	}
}

int link_ipv4(int type, const uint8_t *frame, uint32_t length)
{
	int offset = offset_of(type, frame, length);

	return offset >= 0 && (uint32_t)offset < length && frame[offset] >> 4 == 4 ? offset : -1;
}

void link_turn(int type, uint8_t *header)
{
	uint8_t mac[MAC_SIZE];

	if (type != DLT_EN10MB)
		return;
	memcpy(mac, header, MAC_SIZE);
	memcpy(header, header + MAC_SIZE, MAC_SIZE);
	memcpy(header + MAC_SIZE, mac, MAC_SIZE);
}
