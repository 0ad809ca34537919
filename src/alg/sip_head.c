/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of SIP: the first one, which nothing of another protocol can look like (reliability A1),
 * and header fields, by name or compact, folded or not, ending with CR LF or LF.
 */
#include "alg/sip_read.h"

#include <ctype.h>
#include <string.h>

#define METHOD_MAX 64

/* RFC 3261 25.1 token. */
static bool is_token(uint8_t c)
{
	return isalnum(c) || (c != 0 && strchr("-.!%*_+`'~", c) != NULL);
}

/* "SIP/2.0 200 " or as much of it as is there. */
static enum sip_start response_start(const uint8_t *bytes, uint32_t length)
{
	static const char version[] = "SIP/2.0 ";
	uint32_t at = 0;

	for (; at < length && at < sizeof(version) - 1; at++)
		if (bytes[at] != (uint8_t)version[at])
			return SIP_NOT;
	for (; at < length && at < sizeof(version) + 2; at++)
		if (!isdigit(bytes[at]))
			return SIP_NOT;
	if (at < length)
		return bytes[at] == ' ' || bytes[at] == '\r' || bytes[at] == '\n' ? SIP_RESPONSE
										  : SIP_NOT;
	return SIP_MAYBE;
}

/* The whole line, known to begin with a method: does it end with the version? */
static bool is_request_line(const uint8_t *bytes, uint32_t length)
{
	static const char version[] = " SIP/2.0";

	while (length > 0 && is_lws(bytes[length - 1]))
		length--;
	return length >= sizeof(version) - 1 &&
	       memcmp(bytes + length - (sizeof(version) - 1), version, sizeof(version) - 1) == 0;
}

enum sip_start sip_start(const uint8_t *bytes, uint32_t length)
{
	const uint8_t *end = memchr(bytes, '\n', length);
	uint32_t at = 0;

	while (at < length && at <= METHOD_MAX && is_token(bytes[at]))
		at++;
	if (at > METHOD_MAX)
		return SIP_NOT;
	if (at == length)
		return SIP_MAYBE;
	if (at == 3 && bytes[at] == '/') {
		enum sip_start start = response_start(bytes, length);

		return start == SIP_RESPONSE && end == NULL ? SIP_MAYBE : start;
	}
	if (at == 0 || bytes[at] != ' ')
		return SIP_NOT;
	if (end == NULL)
		return SIP_MAYBE;
	return is_request_line(bytes, (uint32_t)(end - bytes)) ? SIP_REQUEST : SIP_NOT;
}

/* ---- header fields ---- */

static const struct {
	const char *name, *compact;
	enum header header;
} headers[] = {
    {"Via", "v", HEADER_VIA},
    {"From", "f", HEADER_FROM},
    {"To", "t", HEADER_TO},
    {"Contact", "m", HEADER_CONTACT},
    {"Call-ID", "i", HEADER_CALL_ID},
    {"CSeq", NULL, HEADER_CSEQ},
    {"Content-Length", "l", HEADER_LENGTH},
    {"Content-Type", "c", HEADER_TYPE},
    {"Content-Encoding", "e", HEADER_ENCODING},
    {"Content-Transfer-Encoding", NULL, HEADER_TRANSFER_ENCODING},
    {"Expires", NULL, HEADER_EXPIRES},
    {"Session-Expires", "x", HEADER_SESSION_EXPIRES},
    {"Route", NULL, HEADER_PLACE},
    {"Record-Route", NULL, HEADER_PLACE},
    {"Path", NULL, HEADER_PLACE},
    {"Service-Route", NULL, HEADER_PLACE},
    {"Refer-To", "r", HEADER_PLACE},
    {"Referred-By", "b", HEADER_IDENTITY},
    {"P-Asserted-Identity", NULL, HEADER_IDENTITY},
    {"P-Preferred-Identity", NULL, HEADER_IDENTITY},
    {"P-Associated-URI", NULL, HEADER_IDENTITY},
    {"P-Called-Party-ID", NULL, HEADER_IDENTITY},
    {"Remote-Party-ID", NULL, HEADER_IDENTITY},
    {"Diversion", NULL, HEADER_IDENTITY},
    {"History-Info", NULL, HEADER_IDENTITY},
    {"Reply-To", NULL, HEADER_IDENTITY},
};

static enum header header_of(const struct reader *reader, struct span name)
{
	for (unsigned i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (text_is(reader, name, headers[i].name) ||
		    (headers[i].compact != NULL && text_is(reader, name, headers[i].compact)))
			return headers[i].header;
	return HEADER_OTHER;
}

static bool is_folded(const struct reader *reader, struct span rest)
{
	return rest.at < rest.end &&
	       (reader->bytes[rest.at] == ' ' || reader->bytes[rest.at] == '\t');
}

enum rows sip_row(const struct reader *reader, struct span *rest, struct row *row)
{
	struct span line, more;
	uint32_t colon;

	if (!text_line(reader, rest, &line))
		return ROWS_CUT;
	if (span_size(line) == 0)
		return ROWS_END;
	if (is_lws(reader->bytes[line.at]))
		return ROWS_BAD;
	while (is_folded(reader, *rest)) {
		text_line(reader, rest, &more);
		line.end = more.end;
	}
	colon = text_find(reader, line, ':');
	if (colon == line.end || colon == line.at)
		return ROWS_BAD;
	row->header = header_of(reader, text_trim(reader, (struct span){line.at, colon}));
	row->value = text_trim(reader, (struct span){colon + 1, line.end});
	return ROWS_ONE;
}
