/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small texts that several shows share: times, dates, and bytes that must not reach a terminal as they are. */
#ifndef ALGATE_SHOW_TEXT_H
#define ALGATE_SHOW_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Copies `length` bytes so that no terminal obeys them: control bytes as ^X, what is no well-formed UTF-8 (RFC 3629), or a
 * control character there (U+0080 to U+009F), as \xNN. Never cuts an escape or a character in two. Escaping twice
 * changes nothing. Returns the length written to buf, which is always ended. */
size_t text_escape(const char *text, size_t length, char *buf, size_t size);
/* Bytes that text_escape may make of `length` bytes, the ending one included. */
#define TEXT_ESCAPED(length) ((length) * 4 + 1)

#define TEXT_TIME_SIZE 32
/* 86399 -> 23:59:59; hours grow past two digits. */
const char *text_hms(uint64_t seconds, char buf[TEXT_TIME_SIZE]);
/* Wall-clock seconds -> MM/DD/YY HH:MM:SS, UTC. */
const char *text_date(int64_t wall, char buf[TEXT_TIME_SIZE]);
/* "1 week, 2 days, 3 minutes": leading and inner zero units are left out, minutes always stand. */
const char *text_uptime(uint64_t seconds, char *buf, size_t size);

#endif
