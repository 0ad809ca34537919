/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIP (RFC 3261): the endpoints of a message's header fields and bodies, the call or registration
 * it is about, and what it says of that. Any end may ask and answer.
 *
 * Promises: a message is changed only if all of it was understood: first line, each header field,
 * mandatory ones once, lengths, each address line of its session descriptions. Otherwise it is left
 * byte for byte and the next one is read; a stream that does not begin as SIP is never read again.
 * Digest credentials, Call-ID and escaped headers in URIs are never touched.
 */
#include "alg/alg.h"

#include <ctype.h>
#include <string.h>
#include "alg/gateways.h"
#include "alg/sip_kind.h"
#include "alg/sip_read.h"
#include "lib/siphash.h"

#define LENGTHS_MAX 4
#define LIFETIME_USUAL                                                                             \
	3600 /* a registration that does not say (RFC 3261 10.2.1.1), and most subscriptions */

struct message {
	struct reader reader;
	struct span rows; /* header fields */
	struct span body;
	bool request;
	uint32_t status;
	struct span uri;
	struct span first; /* method in the first line of a request */
	/* Header fields; empty: not there. */
	struct span method; /* in CSeq */
	uint32_t sequence;  /* likewise */
	struct span call_id, from, to, type, top; /* top: of the topmost Via */
	bool via, encoded, routed;
	unsigned n_lengths;
	bool headed; /* all header fields were understood */
	struct span lengths[LENGTHS_MAX];
	uint32_t length;
	bool has_expires;
	uint32_t expires, session_s;
	/* Contacts are mentioned first, so that what names the same place (Via) finds it. */
	uint16_t contacts;
	bool has_contact;
	uint32_t lifetime_s; /* the longest of them */
	bool tagged;	     /* To has a tag: within a dialog */
};

/* ---- the first line ---- */

static bool read_request(struct message *message, struct span line)
{
	const struct reader *reader = &message->reader;
	const uint32_t first = text_find(reader, line, ' ');
	struct span rest = {first + 1, line.end};
	const uint32_t second = first < line.end ? text_find(reader, rest, ' ') : line.end;

	if (second == line.end)
		return false;
	message->first = (struct span){line.at, first};
	message->uri = (struct span){first + 1, second};
	return span_size(message->uri) > 0 &&
	       text_is(reader, (struct span){second + 1, line.end}, "SIP/2.0");
}

static bool read_status(struct message *message, struct span line)
{
	return text_number(&message->reader, (struct span){line.at + 8, line.at + 11}, 699,
			   &message->status) &&
	       message->status >= 100;
}

/* ---- header fields ---- */

/* Seconds, what follows them aside; more than fit are very many. */
static bool read_seconds(const struct reader *reader, struct span value, uint32_t *out)
{
	struct span digits = {value.at, value.at};

	while (digits.end < value.end && isdigit(reader->bytes[digits.end]))
		digits.end++;
	if (span_size(digits) == 0)
		return false;
	if (!text_number(reader, digits, UINT32_MAX, out))
		*out = UINT32_MAX;
	return true;
}

static bool read_once(struct span *field, struct span value)
{
	if (span_size(*field) > 0 || span_size(value) == 0)
		return false;
	*field = value;
	return true;
}

/* "314159 INVITE" */
static bool read_cseq(struct message *message, struct span value)
{
	const struct reader *reader = &message->reader;
	struct span number, method;

	return text_word(reader, &value, &number) && text_word(reader, &value, &method) &&
	       span_size(text_trim(reader, value)) == 0 &&
	       text_number(reader, number, UINT32_MAX, &message->sequence) &&
	       read_once(&message->method, method);
}

static bool read_length(struct message *message, struct span value)
{
	uint32_t length;

	if (message->n_lengths == LENGTHS_MAX ||
	    !text_number(&message->reader, value, ALG_MESSAGE_MAX, &length) ||
	    (message->n_lengths > 0 && length != message->length))
		return false;
	message->lengths[message->n_lengths++] = value;
	message->length = length;
	return true;
}

static bool read_row(struct message *message, const struct row *row)
{
	switch (row->header) {
	case HEADER_VIA:
		if (!message->via)
			message->top = row->value;
		message->via = true;
		return true;
	case HEADER_ROUTE:
		message->routed = true;
		return true;
	case HEADER_FROM:
		return read_once(&message->from, row->value);
	case HEADER_TO:
		return read_once(&message->to, row->value);
	case HEADER_CALL_ID:
		return read_once(&message->call_id, row->value);
	case HEADER_CSEQ:
		return read_cseq(message, row->value);
	case HEADER_LENGTH:
		return read_length(message, row->value);
	case HEADER_TYPE:
		return read_once(&message->type, row->value);
	case HEADER_ENCODING:
		message->encoded |=
		    span_size(row->value) > 0 && !text_is(&message->reader, row->value, "identity");
		return true;
	case HEADER_EXPIRES:
		message->has_expires =
		    read_seconds(&message->reader, row->value, &message->expires);
		return true;
	case HEADER_SESSION_EXPIRES:
		if (!read_seconds(&message->reader, row->value, &message->session_s))
			message->session_s = 0;
		return true;
	default:
		return true;
	}
}

static bool is_same(const struct reader *reader, struct span a, struct span b)
{
	return span_size(a) == span_size(b) &&
	       memcmp(reader->bytes + a.at, reader->bytes + b.at, span_size(a)) == 0;
}

static bool is_method(const struct message *message, const char *name)
{
	return span_size(message->method) == strlen(name) &&
	       memcmp(message->reader.bytes + message->method.at, name, strlen(name)) == 0;
}

/* All that RFC 3261 8.1.1 wants in every message, but Max-Forwards, which came later. */
static bool is_complete(const struct message *message)
{
	return message->via && span_size(message->from) > 0 && span_size(message->to) > 0 &&
	       span_size(message->call_id) > 0 && span_size(message->method) > 0 &&
	       (!message->request || is_same(&message->reader, message->first, message->method));
}

/* First line, header fields, extent of the body. */
static bool read_message(struct message *message, struct span whole)
{
	struct reader *reader = &message->reader;
	struct span line;
	enum rows rows;
	struct row row;

	text_line(reader, &whole, &line);
	if (message->request ? !read_request(message, line) : !read_status(message, line))
		return false;
	message->rows = whole;
	while ((rows = sip_row(reader, &whole, &row)) == ROWS_ONE)
		if (!read_row(message, &row))
			return false;
	if (rows == ROWS_END && span_size(message->call_id) == 0)
		reader->findings->kinds |= SIP_KIND_BIT(SIP_NO_CALL_ID);
	if (rows != ROWS_END || !is_complete(message))
		return false;
	if (message->n_lengths > 0 && message->length > span_size(whole))
		return false;
	message->body = whole;
	if (message->n_lengths > 0)
		message->body.end = whole.at + message->length;
	return true;
}

/* ---- contacts ---- */

static bool is_registration(const struct message *message)
{
	return is_method(message, "REGISTER");
}

/* How long a contact wishes to be there; false: not said. */
static bool contact_lifetime(struct message *message, struct span parameters, uint32_t *out)
{
	struct parameter parameter;

	if (!is_registration(message) && !is_method(message, "SUBSCRIBE"))
		return false;
	while (sip_parameter(&message->reader, &parameters, &parameter))
		if (text_is(&message->reader, parameter.name, "expires") &&
		    read_seconds(&message->reader, parameter.value, out))
			return true;
	*out = message->has_expires ? message->expires : LIFETIME_USUAL;
	return true;
}

static void mention_contact(struct message *message, const struct element *element)
{
	uint32_t lifetime_s = 0;
	bool said = contact_lifetime(message, element->parameters, &lifetime_s);
	/* One that is to be forgotten, or where somebody else is to be looked for. */
	bool names = (said && lifetime_s == 0) || message->status >= 300;
	struct mention mention;
	struct sip_uri uri;

	if (!said)
		lifetime_s = 0;
	if (lifetime_s > message->lifetime_s)
		message->lifetime_s = lifetime_s;
	if (!sip_uri(&message->reader, element->uri, &uri))
		return;
	mention = sip_mention(&uri, names ? ROLE_NAME : ROLE_SIGNAL, true);
	if (!names)
		mention.lifetime_s = lifetime_s;
	if (message->status >= 300 && message->status < 400)
		mention.child = ALG_SIP;
	say_mention(&message->reader, &mention);
}

static void mention_contacts(struct message *message)
{
	struct span rest = message->rows;
	struct element element;
	struct row row;

	message->reader.place = "Contact";
	while (sip_row(&message->reader, &rest, &row) == ROWS_ONE) {
		if (row.header != HEADER_CONTACT)
			continue;
		message->has_contact = true;
		while (sip_element(&message->reader, &row.value, &element))
			mention_contact(message, &element);
	}
	/* Some registrars do not list what they have granted. */
	if (!message->has_contact && message->has_expires)
		message->lifetime_s = message->expires;
}

/* The fields of what mention_contacts mentioned, in the same order. */
static void say_contacts(struct message *message, struct span value)
{
	struct element element;
	struct sip_uri uri;

	while (sip_element(&message->reader, &value, &element))
		if (sip_uri(&message->reader, element.uri, &uri))
			sip_say_host(&message->reader, &uri, message->contacts++, true);
}

/* ---- the next proxy ---- */

/* The one that requests within the dialog pass next to the receiver: the first that says so in a
 * request, the last in a response (RFC 3261 12.1). */
static bool next_route(struct message *message, struct span *uri)
{
	struct span rest = message->rows;
	struct element element;
	bool found = false;
	struct row row;

	while (sip_row(&message->reader, &rest, &row) == ROWS_ONE) {
		if (row.header != HEADER_ROUTE)
			continue;
		while (!(found && message->request) &&
		       sip_element(&message->reader, &row.value, &element)) {
			*uri = element.uri;
			found = true;
		}
	}
	return found;
}

static void mention_route(struct message *message)
{
	struct mention mention;
	struct sip_uri uri;
	struct span next;

	message->reader.place = "Record-Route";
	if (!message->routed || is_registration(message) || !next_route(message, &next) ||
	    !sip_uri(&message->reader, next, &uri))
		return;
	mention = sip_mention(&uri, ROLE_NAME, true);
	mention.flags = MENTION_ROUTE;
	say_mention(&message->reader, &mention);
}

/* ---- what is mentioned ---- */

static void say_rows(struct message *message)
{
	struct reader *reader = &message->reader;
	struct span rest = message->rows;
	struct sip_uri uri;
	struct row row;

	reader->place = "Request-URI";
	if (message->request && sip_uri(reader, message->uri, &uri))
		sip_say_uri(reader, &uri, true);
	while (sip_row(reader, &rest, &row) == ROWS_ONE) {
		reader->place = row.name;
		if (row.header == HEADER_VIA)
			sip_say_via(reader, row.value);
		else if (row.header == HEADER_CONTACT)
			say_contacts(message, row.value);
		else
			sip_say_row(reader, &row);
	}
}

static void say_all(struct message *message)
{
	struct reader *reader = &message->reader;

	mention_contacts(message);
	mention_route(message);
	if (reader->failure != NOTE_NONE)
		return;
	say_rows(message);
	for (unsigned i = 0; i < message->n_lengths; i++)
		say_length(reader, message->lengths[i], message->body);
	message->headed = reader->failure == NOTE_NONE;
	if (!message->encoded)
		sip_say_body(reader, message->type, message->body, 0);
	else if (span_size(message->body) > 0)
		say_note(reader, NOTE_ENCODED);
}

/* ---- what is said of the call ---- */

static const struct siphash_key no_secret[2] = {{0, 0}, {1, 1}};

/* What does not fit is told apart by a hash; tables hash with their own secret. */
static void set_key(struct message *message)
{
	struct findings *findings = message->reader.findings;
	const uint8_t *bytes = message->reader.bytes + message->call_id.at;
	uint32_t size = span_size(message->call_id),
		 kept = size <= FINDING_KEY ? size : FINDING_KEY - 16;

	memcpy(findings->key, bytes, kept);
	findings->key_length = (uint8_t)(size <= FINDING_KEY ? size : FINDING_KEY);
	for (unsigned i = 0; i < 2 && size > FINDING_KEY; i++) {
		uint64_t hash = siphash13(&no_secret[i], bytes, size);

		memcpy(findings->key + kept + 8 * i, &hash, sizeof(hash));
	}
}

/* Its tag, hashed; 0: none. And who it is, for show. */
static uint64_t read_party(struct message *message, struct span value, char *name)
{
	struct reader *reader = &message->reader;
	struct parameter parameter;
	struct element element;
	uint64_t tag = 0;

	if (!sip_element(reader, &value, &element))
		return 0;
	sip_uri_text(reader, element.uri, name, sizeof(reader->findings->caller));
	while (sip_parameter(reader, &element.parameters, &parameter))
		if (text_is(reader, parameter.name, "tag"))
			tag = siphash13(&no_secret[0], reader->bytes + parameter.value.at,
					span_size(parameter.value)) |
			      1;
	return tag;
}

static void set_parties(struct message *message)
{
	struct findings *findings = message->reader.findings;
	uint64_t from = read_party(message, message->from, findings->caller);
	uint64_t to = read_party(message, message->to, findings->callee), both = from ^ to;

	message->tagged = to != 0;
	findings->branch = message->tagged ? (uint32_t)(both ^ both >> 32) | 1 : 0;
}

static enum said said_by_request(const struct message *message)
{
	if (is_method(message, "INVITE"))
		return SAID_BEGIN;
	/* The answer may come with ACK (RFC 3261 13.2.1). */
	if (is_method(message, "UPDATE") || is_method(message, "PRACK") ||
	    (is_method(message, "ACK") && span_size(message->body) > 0))
		return SAID_PROGRESS;
	if (is_method(message, "BYE"))
		return SAID_END;
	if (is_method(message, "CANCEL"))
		return message->tagged ? SAID_NOTHING : SAID_FAILED;
	/* Without a contact it only asks. */
	return is_registration(message) && message->has_contact ? SAID_REGISTER : SAID_NOTHING;
}

static enum said said_by_response(const struct message *message)
{
	bool good = message->status >= 200 && message->status < 300;

	if (is_method(message, "INVITE")) {
		if (message->status == 100)
			return SAID_NOTHING;
		return message->status < 200 ? SAID_PROGRESS : good ? SAID_UP : SAID_FAILED;
	}
	if (is_method(message, "UPDATE") || is_method(message, "PRACK"))
		return good ? SAID_PROGRESS : SAID_NOTHING;
	return is_registration(message) && good ? SAID_REGISTERED : SAID_NOTHING;
}

/* ACK and CANCEL are of an INVITE, whose number they have; the answer to CANCEL is not. */
static uint32_t question_of(const struct message *message)
{
	const bool of_invite =
	    is_method(message, "ACK") || (message->request && is_method(message, "CANCEL"));
	const char *method =
	    of_invite ? "INVITE" : (const char *)message->reader.bytes + message->method.at;
	const struct siphash_key key = {message->sequence, 2};

	return (uint32_t)siphash13(&key, method,
				   of_invite ? strlen(method) : span_size(message->method)) |
	       1;
}

static enum answering answer_of(const struct message *message)
{
	if (message->request)
		return is_method(message, "ACK") && span_size(message->body) > 0 ? ANSWER_AGREED
										 : ANSWER_NONE;
	if (message->status < 200)
		return ANSWER_PROVISIONAL;
	return message->status < 300 ? ANSWER_AGREED : ANSWER_REFUSED;
}

/* The transaction of this hop; CANCEL has that of the INVITE (RFC 3261 9.1, 17.1.3). */
static uint32_t way_of(struct message *message)
{
	const struct span branch = sip_via_branch(&message->reader, message->top);

	if (span_size(branch) == 0)
		return 0;
	return (uint32_t)siphash13(&no_secret[0], message->reader.bytes + branch.at,
				   span_size(branch)) |
	       1;
}

static void say_call(struct message *message)
{
	struct findings *findings = message->reader.findings;

	set_key(message);
	set_parties(message);
	findings->question = question_of(message);
	findings->way = way_of(message);
	findings->answer = (uint8_t)answer_of(message);
	findings->said =
	    (uint8_t)(message->request ? said_by_request(message) : said_by_response(message));
	findings->lifetime_s = is_registration(message) ? message->lifetime_s : message->session_s;
}

/* "INVITE", "180 INVITE" */
static void name_message(struct message *message)
{
	const struct span method = message->request ? message->first : message->method;
	char *name = message->reader.findings->message;
	uint32_t n = 0;

	for (uint32_t i = 100; i > 0 && !message->request; i /= 10)
		name[n++] = (char)('0' + message->status / i % 10);
	if (!message->request)
		name[n++] = ' ';
	for (uint32_t at = method.at;
	     at < method.end && n < sizeof(message->reader.findings->message) - 1; at++)
		name[n++] =
		    isgraph(message->reader.bytes[at]) ? (char)message->reader.bytes[at] : '?';
}

/* Of what could not be read, why. */
static void count_message(struct message *message)
{
	const struct reader *reader = &message->reader;
	uint64_t *kinds = &reader->findings->kinds;

	if (reader->failure != NOTE_NONE)
		*kinds |= SIP_KIND_BIT(message->headed ? SIP_BAD_BODY : SIP_BAD_HEADER);
	else
		*kinds |= sip_kind(reader, message->method, message->request ? 0 : message->status);
	if (reader->failure == NOTE_NONE && message->n_lengths == 0)
		*kinds |= SIP_KIND_BIT(SIP_NO_LENGTH);
}

/* ---- the gateway ---- */

/* Nothing is half said; only of which call it would be, for traces. */
static void forget(struct findings *findings, enum alg_note note)
{
	const uint64_t kinds = findings->kinds;
	const uint8_t key_length = findings->key_length;
	char name[sizeof(findings->message)];

	memcpy(name, findings->message, sizeof(name));
	findings_clear(findings);
	findings->kinds = kinds;
	findings->key_length = key_length;
	memcpy(findings->message, name, sizeof(name));
	findings->note = (uint8_t)note;
}

static uint32_t skip_breaks(const uint8_t *bytes, uint32_t length)
{
	uint32_t at = 0;

	while (at < length && (bytes[at] == '\r' || bytes[at] == '\n'))
		at++;
	return at;
}

static enum scan sip_scan(void *state, enum alg_from from, const uint8_t *bytes, uint32_t length,
			  bool stream, struct findings *findings)
{
	struct message message = {.reader = {.bytes = bytes, .findings = findings}};
	struct span whole = {skip_breaks(bytes, length), length};
	enum sip_start start;

	(void)state;
	(void)from;
	/* Something to keep the way open (RFC 5626 3.5.1). */
	if (span_size(whole) == 0)
		return SCAN_OK;
	start = sip_start(bytes + whole.at, span_size(whole));
	if (start != SIP_REQUEST && start != SIP_RESPONSE) {
		findings->note = NOTE_FOREIGN;
		return stream ? SCAN_FOREIGN : SCAN_OK;
	}
	message.request = start == SIP_REQUEST;
	if (!read_message(&message, whole))
		text_fail(&message.reader, NOTE_MALFORMED);
	name_message(&message);
	if (message.reader.failure == NOTE_NONE) {
		say_all(&message);
		say_call(&message);
	} else {
		set_key(&message);
	}
	count_message(&message);
	if (message.reader.failure != NOTE_NONE)
		forget(findings, (enum alg_note)message.reader.failure);
	return SCAN_OK;
}

/* How long is the body of the message that begins here? False: not known yet, or never (*never). */
static bool stream_length(const uint8_t *bytes, uint32_t length, uint32_t *size, bool *never)
{
	const struct reader reader = {.bytes = bytes};
	struct span rest = {0, length}, line;
	bool said = false, typed = false;
	uint32_t body = 0, again;
	enum rows rows;
	struct row row;

	text_line(&reader, &rest, &line);
	while ((rows = sip_row(&reader, &rest, &row)) == ROWS_ONE) {
		typed |= row.header == HEADER_TYPE;
		if (row.header != HEADER_LENGTH)
			continue;
		*never |= !text_number(&reader, row.value, UINT32_MAX / 2, &again) ||
			  (said && again != body);
		if (*never)
			return false;
		body = again;
		said = true;
	}
	/* Where it ends cannot be told (RFC 3261 18.3). */
	*never = rows == ROWS_BAD || (rows == ROWS_END && typed && !said);
	*size = rest.at + body;
	return rows == ROWS_END && !*never;
}

/* Behind the empty line that ends the header fields; 0: it is not there. */
static uint32_t head_end(const uint8_t *bytes, uint32_t length)
{
	const uint8_t *at = bytes, *end = bytes + length;

	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		at++;
		if (at < end && *at == '\n')
			return (uint32_t)(at - bytes) + 1;
		if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
			return (uint32_t)(at - bytes) + 2;
	}
	return 0;
}

static enum frame sip_frame(const void *state, enum alg_from from, const uint8_t *bytes,
			    uint32_t length, uint32_t *size)
{
	uint32_t look = length < ALG_MESSAGE_MAX ? length : ALG_MESSAGE_MAX, head;
	bool never = false;

	(void)state;
	(void)from;
	if (length > 0 && (bytes[0] == '\r' || bytes[0] == '\n')) {
		*size = 1;
		return FRAME_PASS;
	}
	if (sip_start(bytes, look) == SIP_NOT)
		return FRAME_FOREIGN;
	head = head_end(bytes, look);
	if (head == 0)
		return look == ALG_MESSAGE_MAX ? FRAME_FOREIGN : FRAME_MORE;
	if (!stream_length(bytes, head, size, &never))
		return FRAME_FOREIGN;
	if (*size > ALG_MESSAGE_MAX)
		return FRAME_PASS;
	return *size <= length ? FRAME_WHOLE : FRAME_MORE;
}

const struct gateway gateway_sip = {
    .expect_s = 180,
    .expect_max = 1024, /* a trunk: as many peers as call at the same time */
    .frame = sip_frame,
    .scan = sip_scan,
};
