/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments as the stream engine reads and rewrites them (RFC 9293 3.1, RFC 7323, RFC 2018, RFC
 * 2883).
 *
 * Promises: nothing outside of the packet is read, whatever the options say; checksums are not
 * touched. May not decide anything.
 */
#include "nat/stream_segment.h"

#include <string.h>
#include "lib/bytes.h"
#include "nat/stream_map.h"
#include "nat/tcp.h"

#define OPTION_END	 0
#define OPTION_NOP	 1
#define OPTION_MSS	 2
#define OPTION_SCALE	 3
#define OPTION_PERMITTED 4
#define OPTION_SACK	 5
#define OPTION_STAMPS	 8
#define OPTION_MD5	 19
#define OPTION_AO	 29
#define SCALE_MAX	 14

static void read_option(struct segment *segment, uint8_t *at, uint32_t size)
{
	if (at[0] == OPTION_MSS && size == 4)
		segment->mss = (uint16_t)(at[2] << 8 | at[3]);
	else if (at[0] == OPTION_SCALE && size == 3)
		segment->scale = at[2] < SCALE_MAX ? at[2] : SCALE_MAX;
	else if (at[0] == OPTION_PERMITTED && size == 2)
		segment->sack_permitted = true;
	else if (at[0] == OPTION_SACK && size >= 10 && size % 8 == 2)
		segment->sack = at;
	else if (at[0] == OPTION_MD5 || at[0] == OPTION_AO)
		segment->authenticated = true;
	else if (at[0] == OPTION_STAMPS && size == 10) {
		segment->has_stamps = true;
		segment->ts_val = get_be32(at + 2);
		segment->ts_echo = get_be32(at + 6);
	}
}

static void read_options(struct segment *segment, uint8_t *at, const uint8_t *end)
{
	while (at < end && *at != OPTION_END) {
		if (*at == OPTION_NOP) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] < 2 || at[1] > end - at)
			return;
		read_option(segment, at, at[1]);
		at += at[1];
	}
}

bool segment_read(struct segment *segment, struct decoded *view, uint32_t room)
{
	uint8_t *tcp = view->l4;
	uint32_t header;

	memset(segment, 0, sizeof(*segment));
	if (view->kind != L4_PORTS || view->protocol != PROTOCOL_TCP || view->fragment ||
	    view->l4_length < 20)
		return false;
	header = (tcp[12] >> 4) * 4u;
	if (header < 20 || header > view->l4_length)
		return false;
	segment->view = view;
	segment->room = room < SEGMENT_MAX ? room : SEGMENT_MAX;
	segment->scale = TCP_SCALE_NONE;
	segment->header_length = (uint8_t)header;
	segment->seq = get_be32(tcp + 4);
	segment->ack = get_be32(tcp + 8);
	segment->flags = tcp[13];
	segment->window = (uint16_t)(tcp[14] << 8 | tcp[15]);
	segment->urgent = (uint16_t)(tcp[18] << 8 | tcp[19]);
	segment->payload = tcp + header;
	segment->length = view->l4_length - header;
	segment->end = segment->seq + segment->length;
	read_options(segment, tcp + 20, tcp + header);
	return true;
}

void segment_set_seq(struct segment *segment, uint32_t seq)
{
	segment->changed |= get_be32(segment->view->l4 + 4) != seq;
	put_be32(segment->view->l4 + 4, seq);
}

void segment_set_ack(struct segment *segment, uint32_t ack)
{
	segment->changed |= get_be32(segment->view->l4 + 8) != ack;
	put_be32(segment->view->l4 + 8, ack);
}

void segment_set_window(struct segment *segment, uint16_t window)
{
	segment->changed |= segment->window != window;
	put_be16(segment->view->l4 + 14, window);
}

void segment_set_urgent(struct segment *segment, bool urgent, uint16_t pointer)
{
	if (!urgent)
		pointer = 0;
	segment->changed |= pointer != segment->urgent || !urgent;
	put_be16(segment->view->l4 + 18, pointer);
	if (!urgent)
		segment->view->l4[13] &= (uint8_t)~TCP_URG;
	segment->view->tcp_flags = segment->view->l4[13];
}

bool segment_set_payload(struct segment *segment, const uint8_t *bytes, uint32_t length)
{
	struct decoded *view = segment->view;
	uint32_t before_it = view->header_length + segment->header_length;

	if (before_it + length > segment->room)
		return false;
	if (length == segment->length && memcmp(bytes, segment->payload, length) == 0)
		return true;
	memcpy(segment->payload, bytes, length);
	segment->changed = true;
	segment->length = length;
	view->l4_length = segment->header_length + length;
	view->length = before_it + length;
	put_be16(view->ip + 2, (uint16_t)view->length);
	return true;
}

static bool map_block(const uint8_t *at, const struct lane *lane, uint32_t told, uint32_t *left,
		      uint32_t *right)
{
	uint32_t from = get_be32(at), to = get_be32(at + 4);

	if (!before(from, to) || before(from, lane->out_floor) || before(lane->out_high, to))
		return false;
	*left = map_in_up(lane, from);
	*right = map_in(lane, to);
	return before(*left, *right) && (!lane->own || before(told, *left));
}

void segment_map_sack(struct segment *segment, const struct lane *lane, uint32_t told)
{
	uint8_t *option = segment->sack, before_it[42];
	uint32_t size, to = 2, left, right;

	if (option == NULL)
		return;
	size = option[1];
	memcpy(before_it, option, size < sizeof(before_it) ? size : sizeof(before_it));
	for (uint32_t from = 2; from < size; from += 8) {
		if (!map_block(option + from, lane, told, &left, &right))
			continue;
		put_be32(option + to, left);
		put_be32(option + to + 4, right);
		to += 8;
	}
	option[1] = (uint8_t)to;
	memset(option + (to > 2 ? to : 0), OPTION_NOP, size - (to > 2 ? to : 0));
	segment->changed |= memcmp(before_it, option, size) != 0;
}
