/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bodies of SIP messages, by their type: session descriptions, fragments of SIP messages (RFC
 * 3420), and both within multipart bodies (RFC 2046 5.1), if that is allowed. All others are left
 * alone, as is what is signed or encoded.
 */
#include "alg/sip_read.h"

#include <string.h>
#include "alg/sdp.h"

#define DEPTH_MAX    3
#define BOUNDARY_MAX 70

/* ---- fragments ---- */

/* Names only: what it tells of is not this flow's. */
static void say_fragment(struct reader *reader, struct span body)
{
	enum sip_start start = sip_start(reader->bytes + body.at, span_size(body));
	struct span line, word;
	struct sip_uri uri;
	struct row row;

	if (start != SIP_NOT)
		text_line(reader, &body, &line);
	if (start == SIP_REQUEST && text_word(reader, &line, &word) &&
	    text_word(reader, &line, &word) && sip_uri(reader, word, &uri)) {
		reader->place = "Request-URI";
		sip_say_uri(reader, &uri, true);
	}
	while (sip_row(reader, &body, &row) == ROWS_ONE)
		sip_say_row(reader, &row);
}

/* ---- parts ---- */

struct part {
	struct span type, length, body;
	bool has_length, encoded;
};

enum delimiter { DELIMITER_NONE, DELIMITER_NEXT, DELIMITER_LAST };

/* "--boundary" or "--boundary--", and nothing behind it but white space. */
static enum delimiter delimiter_of(const struct reader *reader, struct span line,
				   struct span boundary)
{
	const uint8_t *bytes = reader->bytes;
	enum delimiter found = DELIMITER_NEXT;

	if (span_size(line) < 2 + span_size(boundary) || memcmp(bytes + line.at, "--", 2) != 0 ||
	    memcmp(bytes + line.at + 2, bytes + boundary.at, span_size(boundary)) != 0)
		return DELIMITER_NONE;
	line.at += 2 + span_size(boundary);
	if (span_size(line) >= 2 && memcmp(bytes + line.at, "--", 2) == 0) {
		line.at += 2;
		found = DELIMITER_LAST;
	}
	return span_size(text_trim(reader, line)) == 0 ? found : DELIMITER_NONE;
}

/* Up to the next delimiter; the line break in front of that is the delimiter's. DELIMITER_NONE:
 * there is none. */
static enum delimiter next_part(const struct reader *reader, struct span *rest,
				struct span boundary, struct span *part)
{
	enum delimiter found;
	struct span line;

	*part = (struct span){rest->at, rest->at};
	do {
		part->end = rest->at;
		if (!text_line(reader, rest, &line))
			return DELIMITER_NONE;
		found = delimiter_of(reader, line, boundary);
	} while (found == DELIMITER_NONE);
	if (part->end > part->at)
		part->end--;
	if (part->end > part->at && reader->bytes[part->end - 1] == '\r')
		part->end--;
	return found;
}

static bool is_plain(const struct reader *reader, struct span encoding)
{
	return text_is(reader, encoding, "binary") || text_is(reader, encoding, "8bit") ||
	       text_is(reader, encoding, "7bit") || text_is(reader, encoding, "identity");
}

/* Header fields of a part, up to its empty line. */
static bool read_part(const struct reader *reader, struct span whole, struct part *part)
{
	enum rows rows;
	struct row row;

	*part = (struct part){0};
	while ((rows = sip_row(reader, &whole, &row)) == ROWS_ONE) {
		if (row.header == HEADER_TYPE)
			part->type = row.value;
		else if (row.header == HEADER_ENCODING || row.header == HEADER_TRANSFER_ENCODING)
			part->encoded |= !is_plain(reader, row.value);
		else if (row.header == HEADER_LENGTH && part->has_length)
			return false;
		else if (row.header == HEADER_LENGTH) {
			part->length = row.value;
			part->has_length = true;
		}
	}
	part->body = whole;
	return rows != ROWS_BAD;
}

static void say_part(struct reader *reader, struct span whole, unsigned depth)
{
	struct part part;
	uint32_t length;

	if (!read_part(reader, whole, &part)) {
		text_fail(reader, NOTE_MALFORMED);
		return;
	}
	if (part.has_length) {
		if (!text_number(reader, part.length, ALG_MESSAGE_MAX, &length) ||
		    length != span_size(part.body)) {
			text_fail(reader, NOTE_MALFORMED);
			return;
		}
		say_length(reader, part.length, part.body);
	}
	if (part.encoded)
		say_note(reader, NOTE_ENCODED);
	else
		sip_say_body(reader, part.type, part.body, depth);
}

static bool boundary_of(struct reader *reader, struct span parameters, struct span *out)
{
	struct parameter parameter;

	while (sip_parameter(reader, &parameters, &parameter)) {
		if (!text_is(reader, parameter.name, "boundary"))
			continue;
		*out = parameter.value;
		if (span_size(*out) >= 2 && reader->bytes[out->at] == '"' &&
		    reader->bytes[out->end - 1] == '"') {
			out->at++;
			out->end--;
		}
		return span_size(*out) > 0 && span_size(*out) <= BOUNDARY_MAX;
	}
	return false;
}

static void say_parts(struct reader *reader, struct span parameters, struct span body,
		      unsigned depth)
{
	enum delimiter found = DELIMITER_NONE;
	struct span boundary, part;

	if (boundary_of(reader, parameters, &boundary))
		found = next_part(reader, &body, boundary, &part);
	while (found == DELIMITER_NEXT && reader->failure == NOTE_NONE) {
		found = next_part(reader, &body, boundary, &part);
		if (found != DELIMITER_NONE)
			say_part(reader, part, depth + 1);
	}
	if (found == DELIMITER_NONE)
		text_fail(reader, NOTE_MALFORMED);
}

/* Where parts are not read: is one of them a session description? What is wrong with the others does not matter. */
static bool has_description(struct reader *reader, struct span type, struct span body, unsigned depth)
{
	const uint32_t semicolon = text_find(reader, type, ';');
	const struct span parameters = {semicolon, type.end};
	enum delimiter found = DELIMITER_NONE;
	struct span boundary, whole;
	struct part part;

	type = text_trim(reader, (struct span){type.at, semicolon});
	if (text_is(reader, type, "application/sdp"))
		return true;
	if (!text_begins(reader, type, "multipart/") || depth > DEPTH_MAX)
		return false;
	if (boundary_of(reader, parameters, &boundary))
		found = next_part(reader, &body, boundary, &whole);
	while (found == DELIMITER_NEXT) {
		found = next_part(reader, &body, boundary, &whole);
		if (read_part(reader, whole, &part) && has_description(reader, part.type, part.body, depth + 1))
			return true;
	}
	return false;
}

static void say_unread(struct reader *reader, struct span type, struct span body)
{
	const enum alg_note before = reader->failure;
	const bool described = has_description(reader, type, body, 0);

	reader->failure = before;
	say_note(reader, described ? NOTE_MULTIPART_OFF : NOTE_MULTIPART);
}

void sip_say_body(struct reader *reader, struct span type, struct span body, unsigned depth)
{
	const uint32_t semicolon = text_find(reader, type, ';');
	const struct span parameters = {semicolon, type.end}, whole = type;

	type = text_trim(reader, (struct span){type.at, semicolon});
	if (span_size(body) == 0)
		return;
	if (text_is(reader, type, "application/sdp"))
		sdp_read(reader, body);
	else if (text_is(reader, type, "message/sipfrag"))
		say_fragment(reader, body);
	else if (!text_begins(reader, type, "multipart/"))
		return;
	else if (!(reader->findings->options & ALG_OPTION_MULTIPART))
		say_unread(reader, whole, body);
	else if (depth == DEPTH_MAX)
		say_note(reader, NOTE_MULTIPART);
	else if (text_is(reader, type, "multipart/signed") ||
		 text_is(reader, type, "multipart/encrypted"))
		say_note(reader, NOTE_SIGNED);
	else
		say_parts(reader, parameters, body, depth);
}
