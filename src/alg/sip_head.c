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

#define HEADER_ROW(name, compact, header)                                                          \
	{                                                                                          \
		(name), sizeof(name) - 1, (compact), (header)                                      \
	}

static const struct {
	const char *name;
	uint32_t size;
	char compact; /* 0: none */
	enum header header;
} headers[] = {
    HEADER_ROW("Via", 'v', HEADER_VIA),
    HEADER_ROW("From", 'f', HEADER_FROM),
    HEADER_ROW("To", 't', HEADER_TO),
    HEADER_ROW("Contact", 'm', HEADER_CONTACT),
    HEADER_ROW("Call-ID", 'i', HEADER_CALL_ID),
    HEADER_ROW("CSeq", 0, HEADER_CSEQ),
    HEADER_ROW("Content-Length", 'l', HEADER_LENGTH),
    HEADER_ROW("Content-Type", 'c', HEADER_TYPE),
    HEADER_ROW("Content-Encoding", 'e', HEADER_ENCODING),
    HEADER_ROW("Content-Transfer-Encoding", 0, HEADER_TRANSFER_ENCODING),
    HEADER_ROW("Expires", 0, HEADER_EXPIRES),
    HEADER_ROW("Session-Expires", 'x', HEADER_SESSION_EXPIRES),
    HEADER_ROW("Route", 0, HEADER_PLACE),
    HEADER_ROW("Record-Route", 0, HEADER_ROUTE),
    HEADER_ROW("Path", 0, HEADER_PLACE),
    HEADER_ROW("Service-Route", 0, HEADER_PLACE),
    HEADER_ROW("Refer-To", 'r', HEADER_REFER),
    HEADER_ROW("Referred-By", 'b', HEADER_IDENTITY),
    HEADER_ROW("P-Asserted-Identity", 0, HEADER_IDENTITY),
    HEADER_ROW("P-Preferred-Identity", 0, HEADER_IDENTITY),
    HEADER_ROW("P-Associated-URI", 0, HEADER_IDENTITY),
    HEADER_ROW("P-Called-Party-ID", 0, HEADER_IDENTITY),
    HEADER_ROW("P-Charge-Info", 0, HEADER_IDENTITY),
    HEADER_ROW("P-Served-User", 0, HEADER_IDENTITY),
    HEADER_ROW("Remote-Party-ID", 0, HEADER_IDENTITY),
    HEADER_ROW("Diversion", 0, HEADER_IDENTITY),
    HEADER_ROW("History-Info", 0, HEADER_IDENTITY),
    HEADER_ROW("Reply-To", 0, HEADER_IDENTITY),
    HEADER_ROW("Call-Info", 0, HEADER_INFO),
    HEADER_ROW("Alert-Info", 0, HEADER_INFO),
    HEADER_ROW("Error-Info", 0, HEADER_INFO),
    HEADER_ROW("Warning", 0, HEADER_WARNING),
};

/* Asked about every header field several times: lengths tell most of them apart. */
static void name_row(const struct reader *reader, struct span name, struct row *row)
{
	const uint32_t size = span_size(name);
	const char letter = size == 1 ? (char)tolower(reader->bytes[name.at]) : 0;

	row->header = HEADER_OTHER;
	row->name = NULL;
	for (unsigned i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (letter != 0
			? letter != headers[i].compact
			: size != headers[i].size || !text_is(reader, name, headers[i].name))
			continue;
		row->header = headers[i].header;
		row->name = headers[i].name;
		return;
	}
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
	name_row(reader, text_trim(reader, (struct span){line.at, colon}), row);
	row->value = text_trim(reader, (struct span){colon + 1, line.end});
	return ROWS_ONE;
}
