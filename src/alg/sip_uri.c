/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of SIP header fields: lists of URIs with names and parameters, and Via. Hosts that are
 * IPv4 addresses are mentioned, with the port that is said or meant; IPv6, names, other schemes,
 * what follows a question mark and all parameters but maddr, received and rport are left alone.
 */
#include "alg/sip_read.h"

#include <ctype.h>
#include <string.h>

#define SIP_PORT  5060
#define SIPS_PORT 5061

/* ---- lists ---- */

/* In angle brackets; rest.at is at the first one, and then behind the other. */
static struct span bracketed(struct reader *reader, struct span *rest)
{
	struct span uri = {rest->at + 1, text_find(reader, *rest, '>')};

	rest->at = uri.end < rest->end ? uri.end + 1 : rest->end;
	if (uri.end == rest->end)
		text_fail(reader, NOTE_MALFORMED);
	return uri.at <= uri.end ? uri : (struct span){uri.end, uri.end};
}

bool sip_element(struct reader *reader, struct span *rest, struct element *out)
{
	struct span whole = {rest->at, rest->end};

	if (rest->at >= rest->end)
		return false;
	rest->at = text_find_any(reader, *rest, "<,");
	if (rest->at < rest->end && reader->bytes[rest->at] == '<') {
		out->uri = bracketed(reader, rest);
		whole.at = rest->at;
		rest->at = text_find_any(reader, *rest, ",");
		whole.end = rest->at;
	} else {
		whole.end = rest->at;
		out->uri = text_trim(reader, whole);
		out->uri.end = text_find_any(reader, out->uri, ";? \t\r\n");
	}
	out->parameters = (struct span){text_find_any(reader, whole, ";"), whole.end};
	rest->at += rest->at < rest->end;
	return true;
}

bool sip_parameter(struct reader *reader, struct span *rest, struct parameter *out)
{
	struct span whole;
	uint32_t equal;

	if (rest->at >= rest->end)
		return false;
	whole.at = ++rest->at;
	whole.end = rest->at = text_find_any(reader, *rest, ";");
	equal = text_find(reader, whole, '=');
	out->name = text_trim(reader, (struct span){whole.at, equal});
	out->value =
	    text_trim(reader, (struct span){equal < whole.end ? equal + 1 : equal, whole.end});
	return true;
}

/* ---- hosts ---- */

static uint32_t skip_lws(const struct reader *reader, struct span span)
{
	while (span.at < span.end && is_lws(reader->bytes[span.at]))
		span.at++;
	return span.at;
}

static uint32_t skip_digits(const struct reader *reader, struct span span, char besides)
{
	while (span.at < span.end &&
	       (isdigit(reader->bytes[span.at]) || reader->bytes[span.at] == (uint8_t)besides))
		span.at++;
	return span.at;
}

/* ":5060"; none is no error, one that is no number is. White space around the colon belongs to Via only (RFC 3261 25.1,
 * COLON): a URI that has it is none. */
static bool read_port(struct reader *reader, struct span span, bool spaces, struct sip_uri *out)
{
	struct span digits = {skip_lws(reader, span), span.end};
	uint32_t number;

	if (digits.at == span.end || reader->bytes[digits.at] != ':')
		return true;
	if (!spaces && digits.at != span.at)
		return false;
	digits.at++;
	if (spaces)
		digits.at = skip_lws(reader, digits);
	digits.end = skip_digits(reader, digits, '0');
	if (!text_number(reader, digits, 65535, &number)) {
		text_fail(reader, NOTE_MALFORMED);
		return false;
	}
	out->port = (uint16_t)number;
	out->host.end = digits.end;
	return number != 0;
}

/* 10.0.0.1:5060 at the beginning of the span; what follows must be no more of it. */
static bool read_host(struct reader *reader, struct span span, bool spaces, struct sip_uri *out)
{
	const struct span host = {span.at, skip_digits(reader, span, '.')};

	out->host = host;
	out->port = 0;
	if (!text_address(reader, host, &out->addr) ||
	    !read_port(reader, (struct span){host.end, span.end}, spaces, out))
		return false;
	span.at = out->host.end;
	return span.at == span.end || is_lws(reader->bytes[span.at]) ||
	       (reader->bytes[span.at] != '\0' && strchr(";?,>", reader->bytes[span.at]) != NULL);
}

static void read_maddr(struct reader *reader, struct span value, struct sip_uri *out)
{
	if (text_address(reader, value, &out->maddr_addr))
		out->maddr = value;
}

/* ---- URIs ---- */

/* What stands between scheme and host ends with the first @, unless that is in the headers behind a
 * question mark. */
static struct span host_of(const struct reader *reader, struct span uri)
{
	struct span place = {uri.at, text_find(reader, uri, '?')};
	uint32_t at = text_find(reader, place, '@');

	return (struct span){at < place.end ? at + 1 : place.at, place.end};
}

static bool strip_scheme(const struct reader *reader, struct span *uri, bool *secure)
{
	*uri = text_trim(reader, *uri);
	*secure = text_begins(reader, *uri, "sips:");
	if (!*secure && !text_begins(reader, *uri, "sip:"))
		return false;
	uri->at += *secure ? 5 : 4;
	return true;
}

static void read_transport(const struct reader *reader, struct span value, struct sip_uri *out)
{
	bool tls = text_is(reader, value, "tls");

	if (text_is(reader, value, "udp"))
		out->protocol = 17;
	else if (tls || text_is(reader, value, "tcp"))
		out->protocol = 6;
	if (tls)
		out->usual = SIPS_PORT;
}

bool sip_uri(struct reader *reader, struct span uri, struct sip_uri *out)
{
	struct parameter parameter;
	struct span rest;
	bool secure;

	if (!strip_scheme(reader, &uri, &secure))
		return false;
	*out = (struct sip_uri){.usual = secure ? SIPS_PORT : SIP_PORT, .protocol = secure ? 6 : 0};
	rest = host_of(reader, uri);
	if (!read_host(reader, rest, false, out))
		return false;
	rest.at = text_find(reader, rest, ';');
	while (sip_parameter(reader, &rest, &parameter)) {
		if (text_is(reader, parameter.name, "transport"))
			read_transport(reader, parameter.value, out);
		else if (text_is(reader, parameter.name, "maddr"))
			read_maddr(reader, parameter.value, out);
	}
	return true;
}

void sip_uri_text(const struct reader *reader, struct span uri, char *out, uint32_t size)
{
	struct span rest;
	uint32_t n = 0;
	bool secure;

	if (strip_scheme(reader, &uri, &secure)) {
		rest = host_of(reader, uri);
		uri.end = text_find(reader, rest, ';');
	}
	for (; n + 1 < size && uri.at < uri.end; uri.at++)
		out[n++] = isprint(reader->bytes[uri.at]) ? (char)reader->bytes[uri.at] : '?';
	out[n] = '\0';
}

/* ---- what is said ---- */

struct mention sip_mention(const struct sip_uri *uri, enum role role, bool place)
{
	return (struct mention){.at = {uri->addr, uri->port == 0 && place ? uri->usual : uri->port},
				.protocol = uri->protocol,
				.role = (uint8_t)role,
				.child = role == ROLE_SIGNAL ? ALG_SIP : ALG_NONE,
				.medium = MEDIUM_NONE};
}

static void say_address(struct reader *reader, struct span span, ip4 addr)
{
	const struct mention mention = {.at = {addr, 0}, .role = ROLE_NAME, .medium = MEDIUM_NONE};

	say_field(reader, span, say_mention(reader, &mention), ENCODE_ADDRESS, 0);
}

void sip_say_host(struct reader *reader, const struct sip_uri *uri, uint16_t mention, bool place)
{
	if (uri->port == 0 && !place)
		say_field(reader, uri->host, mention, ENCODE_ADDRESS, 0);
	else
		say_field(reader, uri->host, mention, ENCODE_ADDRESS_PORT, uri->usual);
	if (span_size(uri->maddr) > 0)
		say_address(reader, uri->maddr, uri->maddr_addr);
}

void sip_say_uri(struct reader *reader, const struct sip_uri *uri, bool place)
{
	const struct mention mention = sip_mention(uri, ROLE_NAME, place);

	sip_say_host(reader, uri, say_mention(reader, &mention), place);
}

/* Who reads it is to call there. */
static void say_targets(struct reader *reader, struct span value)
{
	struct element element;
	struct mention mention;
	struct sip_uri uri;

	while (sip_element(reader, &value, &element)) {
		if (!sip_uri(reader, element.uri, &uri))
			continue;
		mention = sip_mention(&uri, ROLE_NAME, true);
		mention.child = ALG_SIP;
		sip_say_host(reader, &uri, say_mention(reader, &mention), true);
	}
}

static void say_uris(struct reader *reader, struct span value, bool place)
{
	struct element element;
	struct sip_uri uri;

	while (sip_element(reader, &value, &element))
		if (sip_uri(reader, element.uri, &uri))
			sip_say_uri(reader, &uri, place);
}

/* http://10.0.0.1:8080/picture: only named, so that nobody is let in there; the port is the other
 * end's to know. */
static void say_web(struct reader *reader, struct span uri)
{
	const struct span whole = text_trim(reader, uri);
	struct span host = whole;
	ip4 addr;

	if (text_begins(reader, host, "http://"))
		host.at += 7;
	else if (text_begins(reader, host, "https://"))
		host.at += 8;
	else
		return;
	host.end = skip_digits(reader, host, '.');
	if (text_address(reader, host, &addr) &&
	    (host.end == whole.end || !isalnum(reader->bytes[host.end])))
		say_address(reader, host, addr);
}

static void say_infos(struct reader *reader, struct span value)
{
	struct element element;
	struct sip_uri uri;

	while (sip_element(reader, &value, &element)) {
		if (sip_uri(reader, element.uri, &uri))
			sip_say_uri(reader, &uri, false);
		else
			say_web(reader, element.uri);
	}
}

/* 399 10.0.0.1:5060 "text", more of them (RFC 3261 20.43). */
static void say_warnings(struct reader *reader, struct span value)
{
	while (value.at < value.end) {
		struct span one = {value.at, text_find_any(reader, value, ",")}, code, agent;
		ip4 addr;

		value.at = one.end + 1;
		if (!text_word(reader, &one, &code) || !text_word(reader, &one, &agent))
			continue;
		agent.end = text_find(reader, agent, ':');
		if (text_address(reader, agent, &addr))
			say_address(reader, agent, addr);
	}
}

void sip_say_row(struct reader *reader, const struct row *row)
{
	reader->place = row->name;
	if (row->header == HEADER_INFO)
		say_infos(reader, row->value);
	else if (row->header == HEADER_WARNING)
		say_warnings(reader, row->value);
	else if (row->header == HEADER_REFER)
		say_targets(reader, row->value);
	else if (row->header == HEADER_FROM || row->header == HEADER_TO ||
		 row->header == HEADER_IDENTITY)
		say_uris(reader, row->value, false);
	else if (row->header == HEADER_CONTACT || row->header == HEADER_PLACE ||
		 row->header == HEADER_ROUTE)
		say_uris(reader, row->value, true);
}

/* ---- Via ---- */

struct via {
	struct sip_uri by;
	bool literal; /* sent-by is an address */
	struct span received, rport;
	ip4 received_addr;
	uint32_t rport_number;
};

/* A word of "SIP / 2.0 / UDP", with the slash behind it, if `slash`. */
static bool via_word(const struct reader *reader, struct span *rest, bool slash, struct span *word)
{
	rest->at = word->at = skip_lws(reader, *rest);
	while (rest->at < rest->end && !is_lws(reader->bytes[rest->at]) &&
	       reader->bytes[rest->at] != '/')
		rest->at++;
	word->end = rest->at;
	rest->at = skip_lws(reader, *rest);
	if (!slash)
		return rest->at > word->end && word->end > word->at;
	if (rest->at == rest->end || reader->bytes[rest->at] != '/')
		return false;
	rest->at++;
	return true;
}

static bool read_sent_by(struct reader *reader, struct span head, struct via *via)
{
	struct span name, version, transport;

	if (!via_word(reader, &head, true, &name) || !via_word(reader, &head, true, &version) ||
	    !via_word(reader, &head, false, &transport) || !text_is(reader, name, "SIP") ||
	    !text_is(reader, version, "2.0"))
		return false;
	via->by = (struct sip_uri){.usual = SIP_PORT};
	read_transport(reader, transport, &via->by);
	via->literal = read_host(reader, head, true, &via->by);
	return true;
}

static void read_via_parameter(struct reader *reader, const struct parameter *parameter,
			       struct via *via)
{
	uint32_t number;

	if (text_is(reader, parameter->name, "maddr"))
		read_maddr(reader, parameter->value, &via->by);
	else if (text_is(reader, parameter->name, "received") &&
		 text_address(reader, parameter->value, &via->received_addr))
		via->received = parameter->value;
	else if (text_is(reader, parameter->name, "rport") &&
		 text_number(reader, parameter->value, 65535, &number) && number != 0) {
		via->rport = parameter->value;
		via->rport_number = number;
	}
}

/* RFC 3581: where the message was seen to come from. Fields in the order in which they stand there.
 */
static void say_seen(struct reader *reader, const struct via *via)
{
	bool received = span_size(via->received) > 0, rport = span_size(via->rport) > 0;
	struct mention mention = {.at = {received ? via->received_addr : via->by.addr,
					 rport ? (uint16_t)via->rport_number : 0},
				  .protocol = via->by.protocol,
				  .role = ROLE_NAME,
				  .medium = MEDIUM_NONE};
	uint16_t index;

	if (!received && !(rport && via->literal))
		return;
	index = say_mention(reader, &mention);
	if (rport && (!received || via->rport.at < via->received.at))
		say_field(reader, via->rport, index, ENCODE_PORT, 0);
	if (received)
		say_field(reader, via->received, index, ENCODE_ADDRESS, 0);
	if (rport && received && via->rport.at > via->received.at)
		say_field(reader, via->rport, index, ENCODE_PORT, 0);
}

static void say_one_via(struct reader *reader, struct span value)
{
	struct span head = {value.at, text_find_any(reader, value, ";")},
		    rest = {head.end, value.end};
	struct parameter parameter;
	struct via via = {0};

	if (!read_sent_by(reader, head, &via))
		return;
	while (sip_parameter(reader, &rest, &parameter))
		read_via_parameter(reader, &parameter, &via);
	if (via.literal)
		sip_say_uri(reader, &via.by, true);
	else if (span_size(via.by.maddr) > 0)
		say_address(reader, via.by.maddr, via.by.maddr_addr);
	say_seen(reader, &via);
}

void sip_say_via(struct reader *reader, struct span value)
{
	while (value.at < value.end) {
		uint32_t end = text_find_any(reader, value, ",");

		say_one_via(reader, (struct span){value.at, end});
		value.at = end < value.end ? end + 1 : end;
	}
}

struct span sip_via_branch(struct reader *reader, struct span value)
{
	const struct span first = {value.at, text_find_any(reader, value, ",")};
	struct span rest = {text_find_any(reader, first, ";"), first.end};
	struct parameter parameter;

	while (sip_parameter(reader, &rest, &parameter))
		if (text_is(reader, parameter.name, "branch"))
			return parameter.value;
	return (struct span){first.end, first.end};
}
