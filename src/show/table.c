/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text renderer of rows. A line is built left to right in the caller's buffer; what does not fit is cut, and the
 * newline always stays.
 */
#include "show/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "show/text.h"

#define ABSENT "---"
#define FIELD_SIZE 320

struct line {
	char *buf;
	size_t size, length;
};

/* One byte is kept for the newline and one for the end. */
static void line_put(struct line *line, const char *text)
{
	size_t room = line->size - 2 - line->length, n = strlen(text);

	if (n > room)
		n = room;
	memcpy(line->buf + line->length, text, n);
	line->length += n;
}

static void line_pad(struct line *line, unsigned stop, bool first)
{
	if (!first)
		line_put(line, " ");
	while (line->length < stop && line->length < line->size - 2)
		line_put(line, " ");
}

static size_t line_end(struct line *line)
{
	line->buf[line->length++] = '\n';
	line->buf[line->length] = '\0';
	return line->length;
}

static bool line_begin(struct line *line, char *buf, size_t size)
{
	*line = (struct line){.buf = buf, .size = size};
	if (size < 2 && size > 0)
		buf[0] = '\0';
	return size >= 2;
}

static void cell_text(const struct cell *field, char *buf, size_t size)
{
	char addr[IP4_TEXT_SIZE];

	ip4_text(field->endpoint.addr, addr);
	if (field->has_port)
		snprintf(buf, size, "%s:%u", addr, field->endpoint.port);
	else
		snprintf(buf, size, "%s", addr);
}

static void field_text(const struct column *column, const struct cell *field, char *buf, size_t size)
{
	if (field->absent) {
		snprintf(buf, size, "%s", ABSENT);
		return;
	}
	switch ((enum field_type)column->type) {
	case FIELD_TEXT:
		text_escape(field->text, strlen(field->text), buf, size);
		break;
	case FIELD_NUMBER:
		snprintf(buf, size, "%" PRIu64, field->number);
		break;
	case FIELD_IP4:
		ip4_text(field->endpoint.addr, buf);
		break;
	case FIELD_ENDPOINT:
		cell_text(field, buf, size);
		break;
	}
}

size_t table_header(const struct column *columns, unsigned count, char *buf, size_t size)
{
	struct line line;

	if (!line_begin(&line, buf, size))
		return 0;
	for (unsigned i = 0; i < count; i++) {
		line_pad(&line, columns[i].stop, i == 0);
		line_put(&line, columns[i].title);
	}
	return line_end(&line);
}

size_t table_row(const struct column *columns, unsigned count, const struct cell *fields, char *buf, size_t size)
{
	struct line line;
	char text[FIELD_SIZE];

	if (!line_begin(&line, buf, size))
		return 0;
	for (unsigned i = 0; i < count; i++) {
		line_pad(&line, columns[i].stop, i == 0);
		field_text(&columns[i], &fields[i], text, sizeof(text));
		line_put(&line, text);
	}
	return line_end(&line);
}
