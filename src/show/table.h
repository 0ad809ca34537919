/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A show is rows of named, typed fields; the IOS text is one renderer of them (JSON will be another).
 *
 * A table description is constant data: one column per field with title, tab stop and how to render. Text
 * rendering is by absolute stops: pad with blanks to the stop, always at least one blank.
 */
#ifndef ALGATE_SHOW_TABLE_H
#define ALGATE_SHOW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/addr.h"

enum field_type { FIELD_TEXT, FIELD_NUMBER, FIELD_IP4, FIELD_ENDPOINT /* addr or addr:port, --- if absent */ };

struct column {
	const char *name;  /* for machines: inside_global */
	const char *title; /* for people */
	uint16_t stop;     /* column the field starts at */
	uint8_t type;
};

struct cell {
	bool absent;
	bool has_port;
	union {
		const char *text;
		uint64_t number;
		struct endpoint endpoint;
	};
};

/* Both return the length written to buf (cut to size), with newline. */
size_t table_header(const struct column *columns, unsigned count, char *buf, size_t size);
size_t table_row(const struct column *columns, unsigned count, const struct cell *fields, char *buf, size_t size);

#endif
