/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Framing of the session socket. Promises: never reads past a frame, never holds more than one
 * frame of input, and a peer that breaks the rules gets WIRE_CLOSED, nothing else. It may not know
 * what the messages mean.
 */
#include "cli/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/mem.h"

uint16_t wire_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void compact(struct wire_in *in)
{
	memmove(in->buffer, in->buffer + in->start, in->end - in->start);
	in->end -= in->start;
	in->start = 0;
}

enum wire_status wire_receive(struct wire_in *in, int fd)
{
	ssize_t got;

	compact(in);
	if (in->end == sizeof(in->buffer))
		return WIRE_OK; /* a whole frame waits to be taken */
	do
		got = recv(fd, in->buffer + in->end, sizeof(in->buffer) - in->end, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? WIRE_MORE : WIRE_CLOSED;
	if (got == 0)
		return WIRE_CLOSED;
	in->end += (size_t)got;
	return WIRE_OK;
}

enum wire_status wire_next(struct wire_in *in, struct wire_frame *frame)
{
	const uint8_t *at = in->buffer + in->start;
	size_t held = in->end - in->start;
	size_t length;

	if (held < WIRE_HEADER)
		return WIRE_MORE;
	length = (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
	if (length > WIRE_PAYLOAD_MAX)
		return WIRE_CLOSED;
	if (held < WIRE_HEADER + length)
		return WIRE_MORE;
	*frame = (struct wire_frame){.type = at[0], .data = at + WIRE_HEADER, .length = length};
	in->start += WIRE_HEADER + length;
	return WIRE_OK;
}

static uint8_t *reserve(struct wire_out *out, size_t length)
{
	uint8_t *at;

	if (out->size - out->end < length && out->start > 0) {
		memmove(out->data, out->data + out->start, out->end - out->start);
		out->end -= out->start;
		out->start = 0;
	}
	if (out->size - out->end < length) {
		out->size = (out->end + length) * 2;
		out->data = mem_grow(out->data, out->size, 1);
	}
	at = out->data + out->end;
	out->end += length;
	return at;
}

void wire_put(struct wire_out *out, enum wire_type type, const void *head, size_t head_length,
	      const void *body, size_t body_length)
{
	size_t length;
	uint8_t *at;

	if (body_length > WIRE_PAYLOAD_MAX - head_length)
		body_length = WIRE_PAYLOAD_MAX - head_length;
	length = head_length + body_length;
	at = reserve(out, WIRE_HEADER + length);
	at[0] = (uint8_t)type;
	at[1] = (uint8_t)(length >> 16);
	at[2] = (uint8_t)(length >> 8);
	at[3] = (uint8_t)length;
	if (head_length > 0)
		memcpy(at + WIRE_HEADER, head, head_length);
	if (body_length > 0)
		memcpy(at + WIRE_HEADER + head_length, body, body_length);
}

void wire_put_text(struct wire_out *out, enum wire_type type, uint8_t head, const char *text)
{
	wire_put(out, type, &head, 1, text, strlen(text));
}

void wire_put_pair(struct wire_out *out, enum wire_type type, unsigned first, unsigned second)
{
	uint8_t data[4] = {(uint8_t)(first >> 8), (uint8_t)first, (uint8_t)(second >> 8),
			   (uint8_t)second};

	wire_put(out, type, data, sizeof(data), NULL, 0);
}

enum wire_status wire_flush(struct wire_out *out, int fd)
{
	while (out->start < out->end) {
		ssize_t sent = send(fd, out->data + out->start, out->end - out->start,
				    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? WIRE_MORE : WIRE_CLOSED;
		out->start += (size_t)sent;
	}
	out->start = out->end = 0;
	return WIRE_OK;
}

size_t wire_pending(const struct wire_out *out)
{
	return out->end - out->start;
}

void wire_out_clear(struct wire_out *out)
{
	free(out->data);
	*out = (struct wire_out){0};
}
