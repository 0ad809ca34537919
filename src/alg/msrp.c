/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSRP connections: RFC 4975. An endpoint compares the To-Path of a request with the URI that it announced in its session
 * description, so a URI that was translated there has to be translated here, in To-Path and From-Path, the other way round
 * towards who announced it.
 *
 * A chunk is up to three pieces: its head, that is start line and header fields, with the empty line or, if there is no body,
 * the end-line; the body, of whatever length, which is passed over and not waited for; the line break and end-line behind it. A
 * body ends only with the end-line of its own transaction (RFC 4975 7.1), so that other end-lines within it are its own affair.
 *
 * Promises: nothing but addresses and ports of URIs in the two paths is found, so everything else stays as it is; a head with a
 * line that is no header field is left alone. May not look into bodies. What does not begin as MSRP is not read again.
 */
#include "alg/msrp.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include "alg/gateways.h"

#define HEAD_MAX  16384 /* longer than any head; what has none within it is not MSRP */
#define IDENT_MAX 32    /* RFC 4975 9: ident */
#define DASHES	  7
#define MSRP_PORT 2855

struct way {
	uint8_t size; /* of the transaction's identifier whose body goes on; 0: a head comes next */
	uint8_t ident[IDENT_MAX];
};

struct msrp {
	struct way ways[2]; /* by enum alg_from */
};
static_assert(sizeof(struct msrp) <= ALG_STATE_MAX, "state");

/* ---- URIs ---- */

/* msrp://user@10.0.0.1:2855/session;tcp */
static bool strip_scheme(const struct reader *reader, struct span *uri)
{
	const bool plain = text_begins(reader, *uri, "msrp://");

	if (!plain && !text_begins(reader, *uri, "msrps://"))
		return false;
	uri->at += plain ? 7 : 8;
	return true;
}

/* Where the host stands, with the port if there is one. */
static struct span host_of(const struct reader *reader, struct span uri)
{
	uint32_t at;

	uri.end = text_find(reader, uri, '/');
	uri.end = text_find(reader, uri, ';');
	at = text_find(reader, uri, '@');
	return (struct span){at < uri.end ? at + 1 : uri.at, uri.end};
}

static void say_uri(struct reader *reader, struct span uri, const struct mention *as)
{
	struct mention mention = *as;
	uint32_t colon, number = MSRP_PORT;
	struct span host;

	if (!strip_scheme(reader, &uri))
		return;
	host = host_of(reader, uri);
	colon = text_find(reader, host, ':');
	if (colon < host.end &&
	    (!text_number(reader, (struct span){colon + 1, host.end}, 65535, &number) || number == 0))
		return;
	if (!text_address(reader, (struct span){host.at, colon}, &mention.at.addr))
		return;
	mention.at.port = (uint16_t)number;
	say_field(reader, host, say_mention(reader, &mention), ENCODE_ADDRESS_PORT, MSRP_PORT);
}

void msrp_say_path(struct reader *reader, struct span path, const struct mention *as)
{
	struct mention mention = *as;
	struct span uri;

	while (text_word(reader, &path, &uri)) {
		say_uri(reader, uri, &mention);
		mention.child = ALG_NONE; /* nobody connects to the others but the one before (RFC 4975 5.4) */
	}
}

/* ---- lines ---- */

enum found { FOUND_NOT, FOUND_PART, FOUND };

/* As much of `text` as is there. */
static enum found begins(const uint8_t *bytes, uint32_t length, const char *text, uint32_t size)
{
	const uint32_t n = length < size ? length : size;

	if (memcmp(bytes, text, n) != 0)
		return FOUND_NOT;
	return n < size ? FOUND_PART : FOUND;
}

static bool is_flag(uint8_t c)
{
	return c == '$' || c == '+' || c == '#';
}

static uint32_t end_size(const struct way *way)
{
	return DASHES + way->size + 1 + 2;
}

/* "-------a786hjs2$" and its CR LF, end_size bytes. */
static enum found find_end(const struct way *way, const uint8_t *bytes, uint32_t length)
{
	const uint32_t flag = DASHES + way->size;
	enum found found = begins(bytes, length, "-------", DASHES);

	if (found != FOUND)
		return found;
	found = begins(bytes + DASHES, length - DASHES, (const char *)way->ident, way->size);
	if (found != FOUND)
		return found;
	if (length == flag)
		return FOUND_PART;
	return is_flag(bytes[flag]) ? begins(bytes + flag + 1, length - flag - 1, "\r\n", 2) : FOUND_NOT;
}

/* With the line break in front that belongs to it. */
static enum found find_break(const struct way *way, const uint8_t *bytes, uint32_t length)
{
	const enum found found = begins(bytes, length, "\r\n", 2);

	return found == FOUND ? find_end(way, bytes + 2, length - 2) : found;
}

/* Where the line goes on from `at`; 0: its end is not there. *bare: it has no CR. */
static uint32_t line_end(const uint8_t *bytes, uint32_t at, uint32_t length, bool *bare)
{
	const uint8_t *lf = memchr(bytes + at, '\n', length - at);

	if (lf == NULL)
		return 0;
	*bare = lf == bytes + at || lf[-1] != '\r';
	return (uint32_t)(lf - bytes) + 1;
}

/* ---- heads ---- */

/* RFC 4975 9: ident-char. */
static bool is_ident(uint8_t c)
{
	return isalnum(c) || (c != 0 && strchr(".-+%=", c) != NULL);
}

/* What follows a code is a comment. */
static bool is_code(const uint8_t *bytes, uint32_t length)
{
	for (uint32_t at = 0; at < length && at < 3; at++)
		if (!isdigit(bytes[at]))
			return false;
	return length <= 3 || bytes[3] == ' ' || bytes[3] == '\r';
}

static bool is_method(const uint8_t *bytes, uint32_t length)
{
	uint32_t at = 0;

	while (at < length && isupper(bytes[at]))
		at++;
	if (at > 0 && at < length && bytes[at] == '\r')
		return at + 1 == length || bytes[at + 1] == '\n';
	return at == length;
}

struct head {
	struct way way;	 /* its identifier */
	uint32_t verb;	 /* where method or code stand */
	uint32_t fields; /* where header fields begin */
	uint32_t after;	 /* where they are over */
	uint32_t size;	 /* of all of it */
	bool body;	 /* follows */
};

/* "MSRP a786hjs2 SEND", "MSRP a786hjs2 200 OK". */
static enum found read_start(const uint8_t *bytes, uint32_t length, struct head *head)
{
	enum found found = begins(bytes, length, "MSRP ", 5);
	uint32_t at = 5, next;
	bool bare;

	if (found != FOUND)
		return found;
	while (at < length && is_ident(bytes[at]) && at - 5 < IDENT_MAX)
		at++;
	if (at == length)
		return FOUND_PART;
	if (at == 5 || bytes[at] != ' ')
		return FOUND_NOT;
	head->way.size = (uint8_t)(at - 5);
	memcpy(head->way.ident, bytes + 5, head->way.size);
	head->verb = at + 1;
	next = line_end(bytes, at, length, &bare);
	if ((next != 0 && bare) || (!is_method(bytes + head->verb, length - head->verb) &&
				    !is_code(bytes + head->verb, length - head->verb)))
		return FOUND_NOT;
	head->fields = next;
	return next != 0 ? FOUND : FOUND_PART;
}

/* Up to behind the empty line, or the end-line that takes the place of a header field. */
static enum found read_head(const uint8_t *bytes, uint32_t length, struct head *head)
{
	enum found found = read_start(bytes, length, head);
	uint32_t at = head->fields, next;
	bool bare;

	for (; found == FOUND; at = next) {
		const enum found end = find_end(&head->way, bytes + at, length - at);

		head->after = at;
		head->size = at + end_size(&head->way);
		if (end != FOUND_NOT)
			return end;
		next = line_end(bytes, at, length, &bare);
		if (next == 0)
			return FOUND_PART;
		head->size = next;
		head->body = next == at + 2;
		if (bare || head->body)
			return bare ? FOUND_NOT : FOUND;
	}
	return found;
}

/* No body at all, although there is an empty line. */
static enum found read_empty(const uint8_t *bytes, uint32_t length, struct head *head)
{
	enum found found;

	if (!head->body)
		return FOUND;
	found = find_end(&head->way, bytes + head->size, length - head->size);
	if (found == FOUND) {
		head->size += end_size(&head->way);
		head->body = false;
	}
	return found == FOUND_PART ? FOUND_PART : FOUND;
}

static enum frame frame_head(const uint8_t *bytes, uint32_t length, uint32_t *size)
{
	const uint32_t look = length < HEAD_MAX ? length : HEAD_MAX;
	struct head head = {.fields = 0};
	enum found found = begins(bytes, length, "\r\n", 2);

	/* Some keep a connection open so. */
	if (found == FOUND) {
		*size = 2;
		return FRAME_PASS;
	}
	if (found == FOUND_NOT)
		found = read_head(bytes, look, &head);
	if (found == FOUND)
		found = read_empty(bytes, look, &head);
	if (found == FOUND_PART)
		return look < HEAD_MAX ? FRAME_MORE : FRAME_FOREIGN;
	*size = head.size;
	return found == FOUND ? FRAME_WHOLE : FRAME_FOREIGN;
}

/* ---- bodies ---- */

/* How much of it is there; all but what may be the beginning of its end. */
static enum frame frame_body(const struct way *way, const uint8_t *bytes, uint32_t length, uint32_t *size)
{
	uint32_t at = 0;

	while (at < length) {
		const uint8_t *cr = memchr(bytes + at, '\r', length - at);
		enum found found;

		if (cr == NULL)
			break;
		at = (uint32_t)(cr - bytes);
		found = find_break(way, cr, length - at);
		if (found != FOUND_NOT) {
			*size = at > 0 ? at : 2 + end_size(way);
			if (at > 0)
				return FRAME_PASS;
			if (found == FOUND_PART)
				*size = 0;
			return found == FOUND ? FRAME_WHOLE : FRAME_MORE;
		}
		at++;
	}
	*size = length;
	return FRAME_PASS;
}

static enum frame msrp_frame(const void *state, enum alg_from from, const uint8_t *bytes, uint32_t length,
			     uint32_t *size)
{
	const struct way *way = &((const struct msrp *)state)->ways[from];

	if (way->size > IDENT_MAX)
		return FRAME_FOREIGN;
	return way->size > 0 ? frame_body(way, bytes, length, size) : frame_head(bytes, length, size);
}

/* ---- what is said ---- */

static void name_message(struct findings *findings, const uint8_t *name, uint32_t length)
{
	uint32_t n = 0;

	for (; n < length && n + 1 < sizeof(findings->message) && isalnum(name[n]); n++)
		findings->message[n] = (char)name[n];
}

static void say_field_line(struct reader *reader, struct span line)
{
	const struct mention mention = {
	    .protocol = 6, .role = ROLE_NAME, .flags = MENTION_TOLD, .medium = MEDIUM_NONE};
	const uint32_t colon = text_find(reader, line, ':');
	const struct span name = text_trim(reader, (struct span){line.at, colon});

	if (colon == line.end) {
		text_fail(reader, NOTE_MALFORMED);
		return;
	}
	reader->place = text_is(reader, name, "To-Path")     ? "To-Path"
			: text_is(reader, name, "From-Path") ? "From-Path"
							     : NULL;
	if (reader->place != NULL)
		msrp_say_path(reader, (struct span){colon + 1, line.end}, &mention);
}

static void say_fields(struct reader *reader, struct span fields)
{
	struct span line;

	while (text_line(reader, &fields, &line) && span_size(line) > 0)
		say_field_line(reader, line);
	if (reader->failure == NOTE_NONE)
		return;
	reader->findings->n_mentions = reader->findings->n_fields = 0;
	reader->findings->note = reader->failure;
}

static enum scan scan_head(struct way *way, const uint8_t *bytes, uint32_t length, struct findings *findings)
{
	struct reader reader = {.bytes = bytes, .findings = findings};
	struct head head = {.fields = 0};

	if (read_head(bytes, length, &head) != FOUND ||
	    (head.size < length && read_empty(bytes, length, &head) != FOUND) || head.size != length)
		return SCAN_FOREIGN;
	name_message(findings, bytes + head.verb, length - head.verb);
	say_fields(&reader, (struct span){head.fields, head.after});
	if (head.body)
		*way = head.way;
	return SCAN_OK;
}

static enum scan scan_end(struct way *way, const uint8_t *bytes, uint32_t length, struct findings *findings)
{
	if (length != 2 + end_size(way) || find_break(way, bytes, length) != FOUND)
		return SCAN_FOREIGN;
	memset(way, 0, sizeof(*way));
	memcpy(findings->message, "end", 4);
	return SCAN_OK;
}

static enum scan msrp_scan(void *state, enum alg_from from, const uint8_t *bytes, uint32_t length, bool stream,
			   struct findings *findings)
{
	struct way *way = &((struct msrp *)state)->ways[from];
	enum scan said = SCAN_FOREIGN;

	if (stream && way->size <= IDENT_MAX)
		said = way->size > 0 ? scan_end(way, bytes, length, findings)
				     : scan_head(way, bytes, length, findings);
	if (said != SCAN_OK)
		findings->note = NOTE_FOREIGN;
	return said;
}

const struct gateway gateway_msrp = {
	.state_size = sizeof(struct msrp),
	.parent = ALG_SIP,
	.frame = msrp_frame,
	.scan = msrp_scan,
};
