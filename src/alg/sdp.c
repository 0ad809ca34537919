/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Session descriptions: where each medium is received, and all that names the same places.
 *
 * A medium is one mention: the port of its m= line and the address of its c= line. Where media
 * share the c= line of the session, the first open one owns it, and behind the m= lines of the
 * others stands a field that becomes a c= line of their own if their address turns out different.
 * RTCP is a mention too; where it was understood to be on the next port, an a=rtcp line is added if
 * that is not so any more (RFC 3605 2.1). What else names an address (o=, ICE candidates, MSRP
 * paths) names only.
 *
 * Left as they are: IPv6, names, multicast, 0.0.0.0; where a server sees or relays for the host
 * (candidates of STUN and TURN, but not their base); a medium of a transport that is not known, or
 * with several ports. A number that is none is a
 * failure of the whole message.
 */
#include "alg/sdp.h"
#include "alg/msrp.h"
#include "alg/sip_kind.h"

#include <ctype.h>

enum transport { TRANSPORT_OTHER, TRANSPORT_RTP, TRANSPORT_UDP, TRANSPORT_TCP };

struct connection {
	bool there, literal;
	struct span at;
	ip4 addr;
};

struct medium {
	struct span rest; /* lines behind m= */
	uint32_t behind;  /* where a c= line belongs */
	uint32_t tail;	  /* behind the last line that is not empty */
	bool bare;	  /* its lines end with LF alone */
	struct span port;
	uint32_t number;
	enum transport transport;
	uint8_t child; /* enum alg: what reads it */
	bool several; /* port/n */
	bool active;  /* TCP: it connects and accepts nothing */
	bool mux;
	bool mux_only; /* RTCP has no next port, whatever the answer is (RFC 8858) */
	bool held;     /* not both ways */
	struct connection connection;
	struct span rtcp; /* port of a=rtcp; empty: no such line */
	uint32_t rtcp_number;
	struct connection rtcp_connection;
};

struct sdp {
	struct reader *reader;
	struct span rest;
	struct connection session;
	uint16_t owner; /* mention that the session's c= is a field of */
	bool active;	/* a=setup:active for all media */
	bool held;	/* likewise */
};

/* ---- lines ---- */

/* "x=value": its letter, and line becomes the value. 0: something else. */
static char letter_of(const struct reader *reader, struct span *line)
{
	char letter;

	if (span_size(*line) < 2 || reader->bytes[line->at + 1] != '=')
		return 0;
	letter = (char)reader->bytes[line->at];
	line->at += 2;
	return letter;
}

static bool is_medium(const struct reader *reader, struct span rest)
{
	return span_size(rest) >= 2 && reader->bytes[rest.at] == 'm' &&
	       reader->bytes[rest.at + 1] == '=';
}

/* "IN IP4 10.0.0.1", with /ttl of multicast behind it. */
static bool read_connection(const struct reader *reader, struct span value, struct connection *out)
{
	struct span net, type, address;

	if (!text_word(reader, &value, &net) || !text_word(reader, &value, &type) ||
	    !text_word(reader, &value, &address) || !text_is(reader, net, "IN"))
		return false;
	*out = (struct connection){.there = true, .at = address};
	if (!text_is(reader, type, "IP4"))
		return true;
	out->literal = text_address(reader, address, &out->addr);
	return true;
}

/* Of a c= line: numbers that are no address are not passed over. */
static bool read_receiver(struct reader *reader, struct span value, struct connection *out)
{
	return read_connection(reader, value, out) &&
	       (out->literal || !text_is_dotted(reader, out->at));
}

/* An address without a port. */
static void say_address(struct reader *reader, const struct connection *connection,
			const char *place)
{
	const struct mention mention = {
	    .at = {connection->addr, 0}, .role = ROLE_NAME, .medium = MEDIUM_NONE};

	reader->place = place;
	if (connection->literal)
		say_field(reader, connection->at, say_mention(reader, &mention), ENCODE_ADDRESS, 0);
}

/* o=user id version IN IP4 10.0.0.1 */
static void read_origin(struct reader *reader, struct span value)
{
	struct connection origin = {0};
	struct span word;

	for (int i = 0; i < 3; i++)
		if (!text_word(reader, &value, &word))
			return;
	if (read_connection(reader, value, &origin))
		say_address(reader, &origin, "o=");
}

static bool attribute(const struct reader *reader, struct span value, const char *name,
		      struct span *out)
{
	uint32_t colon = text_find(reader, value, ':');

	if (!text_is(reader, (struct span){value.at, colon}, name))
		return false;
	*out = (struct span){colon < value.end ? colon + 1 : value.end, value.end};
	return true;
}

/* ---- a medium ---- */

static enum transport transport_of(const struct reader *reader, struct span name)
{
	static const struct {
		const char *begins;
		enum transport transport;
	} names[] = {
	    {"RTP/", TRANSPORT_RTP}, {"UDP/TLS/RTP/", TRANSPORT_RTP}, {"TCP/", TRANSPORT_TCP},
	    {"UDP/", TRANSPORT_UDP}, {"DTLS/SCTP", TRANSPORT_UDP},
	};

	if (text_is(reader, name, "udptl") || text_is(reader, name, "udp"))
		return TRANSPORT_UDP;
	if (text_is(reader, name, "tcp"))
		return TRANSPORT_TCP;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (text_begins(reader, name, names[i].begins))
			return names[i].transport;
	return TRANSPORT_OTHER;
}

/* "audio 4000/2 RTP/AVP 0 8" */
static bool read_head(struct reader *reader, struct span value, struct medium *medium)
{
	struct span word, port;
	uint32_t slash, n;

	if (!text_word(reader, &value, &word) || !text_word(reader, &value, &port) ||
	    !text_word(reader, &value, &word))
		return false;
	slash = text_find(reader, port, '/');
	if (slash < port.end) {
		if (!text_number(reader, (struct span){slash + 1, port.end}, 65535, &n))
			return false;
		medium->several = n != 1;
	}
	medium->port = (struct span){port.at, slash};
	medium->transport = transport_of(reader, word);
	medium->child = text_is(reader, word, "TCP/MSRP") ? ALG_MSRP : ALG_NONE;
	return text_number(reader, medium->port, 65535, &medium->number);
}

/* "4001" or "4001 IN IP4 10.0.0.1" (RFC 3605 2.1). */
static void read_rtcp(struct reader *reader, struct span value, struct medium *medium)
{
	struct span port;

	if (!text_word(reader, &value, &port) ||
	    !text_number(reader, port, 65535, &medium->rtcp_number)) {
		text_fail(reader, NOTE_MALFORMED);
		return;
	}
	medium->rtcp = port;
	if (!read_connection(reader, value, &medium->rtcp_connection))
		medium->rtcp_connection = (struct connection){0};
}

/* RFC 8866 6.7 */
static void read_direction(const struct reader *reader, struct span value, bool *held)
{
	struct span name = text_trim(reader, value);

	if (text_is(reader, name, "sendrecv"))
		*held = false;
	else if (text_is(reader, name, "sendonly") || text_is(reader, name, "recvonly") ||
		 text_is(reader, name, "inactive"))
		*held = true;
}

static void read_attribute(struct reader *reader, struct span value, struct medium *medium)
{
	struct span rest;

	read_direction(reader, value, &medium->held);
	if (attribute(reader, value, "rtcp", &rest) && span_size(medium->rtcp) == 0)
		read_rtcp(reader, rest, medium);
	else if (attribute(reader, value, "rtcp-mux", &rest))
		medium->mux = true;
	else if (attribute(reader, value, "rtcp-mux-only", &rest))
		medium->mux_only = true;
	else if (attribute(reader, value, "setup", &rest))
		medium->active = text_is(reader, text_trim(reader, rest), "active");
}

static bool has_ice(const struct reader *reader, struct span rest)
{
	struct span line, value;

	while (text_line(reader, &rest, &line))
		if (letter_of(reader, &line) == 'a' &&
		    (attribute(reader, line, "candidate", &value) ||
		     attribute(reader, line, "ice-ufrag", &value)))
			return true;
	return false;
}

/* Where another line can be put in: behind its end, or behind its text if it has none. */
static uint32_t behind_line(const struct sdp *sdp, struct span line)
{
	const uint32_t end = sdp->rest.at;

	return sdp->reader->bytes[end - 1] == '\n' ? end : line.end;
}

/* m= and what follows it up to the next one. */
static bool read_medium(struct sdp *sdp, struct medium *medium)
{
	struct reader *reader = sdp->reader;
	struct span line;
	bool first = true;

	text_line(reader, &sdp->rest, &line);
	*medium = (struct medium){.active = sdp->active,
				  .held = sdp->held,
				  .bare = line.end < sdp->rest.at && reader->bytes[line.end] == '\n'};
	medium->behind = medium->tail = behind_line(sdp, line);
	line.at += 2;
	if (!read_head(reader, line, medium))
		return false;
	medium->rest = sdp->rest;
	while (!is_medium(reader, sdp->rest) && text_line(reader, &sdp->rest, &line)) {
		if (span_size(line) > 0)
			medium->tail = behind_line(sdp, line);
		switch (letter_of(reader, &line)) {
		case 'i':
			if (first)
				medium->behind = behind_line(sdp, line);
			break;
		case 'c':
			if (!medium->connection.there &&
			    !read_receiver(reader, line, &medium->connection))
				return false;
			break;
		case 'a':
			read_attribute(reader, line, medium);
			break;
		default:
			break;
		}
		first = false;
	}
	medium->rest.end = sdp->rest.at;
	/* With ICE, who offers both has candidates for RTCP as well (RFC 8839 4.2.1). */
	medium->mux_only |= medium->mux && has_ice(reader, medium->rest);
	return true;
}

static uint8_t protocol_of(const struct medium *medium)
{
	return medium->transport == TRANSPORT_TCP ? 6 : 17;
}

static bool is_active(const struct medium *medium)
{
	return medium->transport == TRANSPORT_TCP && medium->active;
}

/* Can what is sent to it be told from the m= line? */
static bool is_open(const struct medium *medium)
{
	return !medium->several && medium->transport != TRANSPORT_OTHER && !is_active(medium);
}

static uint16_t breaks(const struct sdp *sdp, const struct medium *medium, uint32_t at)
{
	bool front = at > 0 && sdp->reader->bytes[at - 1] != '\n';

	return (uint16_t)((medium->bare ? BREAK_LF : 0) | (front ? BREAK_FRONT : 0));
}

/* ---- RTCP ---- */

/* Behind the last port there is none, so that RTCP cannot come but with the medium; as it need not have another one. */
static bool is_last(const struct medium *medium)
{
	return medium->mux && medium->number == 65535;
}

/* On the next port, which may go without saying; also where it is offered to come with the medium:
 * who answers need not know of that (RFC 5761 5.1.1). */
static bool is_pair(const struct medium *medium, ip4 addr)
{
	if (medium->transport != TRANSPORT_RTP || medium->mux_only)
		return false;
	if (span_size(medium->rtcp) == 0)
		return !is_last(medium);
	return medium->rtcp_number == medium->number + 1 &&
	       (!medium->rtcp_connection.there ||
		(medium->rtcp_connection.literal && medium->rtcp_connection.addr == addr));
}

static void say_rtcp(struct sdp *sdp, const struct medium *medium, uint16_t index,
		     struct mention mention)
{
	const struct connection *connection = &medium->rtcp_connection;
	struct reader *reader = sdp->reader;
	bool said = span_size(medium->rtcp) > 0;
	uint16_t rtcp;

	if (said ? medium->rtcp_number == 0 || (connection->there && !connection->literal)
		 : medium->transport != TRANSPORT_RTP || medium->mux_only)
		return;
	mention.role = ROLE_RTCP;
	mention.child = ALG_NONE;
	mention.flags &= MENTION_HELD | MENTION_MUX;
	mention.at.port = (uint16_t)(said	       ? medium->rtcp_number
				     : is_last(medium) ? medium->number
						       : medium->number + 1);
	if (said && connection->there)
		mention.at.addr = connection->addr;
	reader->place = "a=rtcp";
	rtcp = say_mention(reader, &mention);
	if (!said) {
		say_line(reader, medium->tail, rtcp, index, ENCODE_RTCP,
			 breaks(sdp, medium, medium->tail));
		return;
	}
	say_field(reader, medium->rtcp, rtcp, ENCODE_PORT, 0);
	if (connection->there)
		say_field(reader, connection->at, rtcp, ENCODE_ADDRESS, 0);
}

/* ---- what only names ---- */

static void say_name(struct reader *reader, struct span address, struct span port, uint8_t protocol)
{
	struct mention mention = {
	    .protocol = protocol, .role = ROLE_NAME, .medium = (uint16_t)(reader->media - 1)};
	uint32_t number;
	uint16_t index;

	if (!text_address(reader, address, &mention.at.addr) ||
	    !text_number(reader, port, 65535, &number) || number == 0)
		return;
	mention.at.port = (uint16_t)number;
	index = say_mention(reader, &mention);
	say_field(reader, address, index, ENCODE_ADDRESS, 0);
	say_field(reader, port, index, ENCODE_PORT, 0);
}

/* foundation component transport priority address port typ host; of another type, behind it: raddr
 * address rport port, which is an endpoint of the host (RFC 8839 5.1). */
static void read_candidate(struct reader *reader, struct span value)
{
	struct span words[12] = {0};
	unsigned n = 0;
	uint8_t protocol;

	while (n < 12 && text_word(reader, &value, &words[n]))
		n++;
	if (n < 8 || !text_is(reader, words[6], "typ"))
		return;
	if (!text_is(reader, words[2], "UDP") && !text_is(reader, words[2], "TCP"))
		return;
	protocol = text_is(reader, words[2], "TCP") ? 6 : 17;
	reader->place = "a=candidate";
	if (text_is(reader, words[7], "host"))
		say_name(reader, words[4], words[5], protocol);
	else if (n == 12 && text_is(reader, words[8], "raddr") &&
		 text_is(reader, words[10], "rport"))
		say_name(reader, words[9], words[11], protocol);
}

/* Those of the other end: component, address and port of each (RFC 8839 5.2). */
static void read_remote_candidates(struct reader *reader, struct span value)
{
	struct span component, address, port;

	reader->place = "a=remote-candidates";
	while (text_word(reader, &value, &component) && text_word(reader, &value, &address) &&
	       text_word(reader, &value, &port))
		say_name(reader, address, port, 17);
}

/* msrp://10.0.0.1:2855/session;tcp, of relays too (RFC 4975 6). Who reads it may connect to the first of them. */
static void read_path(struct reader *reader, struct span value, uint8_t child)
{
	const struct mention mention = {.protocol = 6,
					.role = ROLE_NAME,
					.child = child,
					.medium = (uint16_t)(reader->media - 1)};

	reader->place = "a=path";
	msrp_say_path(reader, value, &mention);
}

/* Lines of a medium that say more than where it is received. `first`: its c= line is read already.
 */
static void say_others(struct reader *reader, const struct medium *medium)
{
	struct span rest = medium->rest, line, value;
	bool first = true;

	while (text_line(reader, &rest, &line)) {
		struct connection more = {0};
		char letter = letter_of(reader, &line);

		if (letter == 'c' && !first && read_connection(reader, line, &more))
			say_address(reader, &more, "c=");
		if (letter == 'c')
			first = false;
		if (letter != 'a')
			continue;
		if (attribute(reader, line, "candidate", &value))
			read_candidate(reader, value);
		else if (attribute(reader, line, "remote-candidates", &value))
			read_remote_candidates(reader, value);
		else if (attribute(reader, line, "path", &value))
			read_path(reader, value, medium->child);
	}
}

/* ---- the whole ---- */

/* It is received at `connection`, which is its own or the session's. */
static void say_open(struct sdp *sdp, const struct medium *medium,
		     const struct connection *connection, uint16_t number)
{
	struct reader *reader = sdp->reader;
	struct mention mention = {.at = {connection->addr, (uint16_t)medium->number},
				  .protocol = protocol_of(medium),
				  .role = ROLE_MEDIA,
				  .child = medium->child,
				  .flags = (is_pair(medium, connection->addr) ? MENTION_PAIR : 0) |
					   (medium->mux || medium->mux_only ? MENTION_MUX : 0) |
					   (medium->held ? MENTION_HELD : 0),
				  .medium = number};
	uint16_t index;

	reader->place = "m=";
	index = say_mention(reader, &mention);
	if (connection == &sdp->session && sdp->owner == MENTION_NONE) {
		sdp->owner = index;
		say_field(reader, connection->at, index, ENCODE_ADDRESS, 0);
	}
	say_field(reader, medium->port, index, ENCODE_PORT, 0);
	if (connection == &medium->connection)
		say_field(reader, connection->at, index, ENCODE_ADDRESS, 0);
	else if (sdp->owner != index)
		say_line(reader, medium->behind, index, sdp->owner, ENCODE_CONNECTION,
			 breaks(sdp, medium, medium->behind));
	say_rtcp(sdp, medium, index, mention);
}

/* Rejected or taken away: nothing is written, but calls have to know (RFC 3264 8.2). */
static void say_closed(struct reader *reader, const struct medium *medium, ip4 addr,
		       uint16_t number)
{
	const struct mention mention = {
	    .at = {addr, 0}, .protocol = protocol_of(medium), .role = ROLE_MEDIA, .medium = number};

	say_mention(reader, &mention);
}

/* It is received nowhere, but where its party is tells who may connect to the other one (RFC 4145
 * 4). */
static void say_active(struct reader *reader, const struct medium *medium, ip4 addr,
		       uint16_t number)
{
	const struct mention mention = {.at = {addr, 0},
					.protocol = protocol_of(medium),
					.role = ROLE_MEDIA,
					.child = medium->child,
					.flags = MENTION_ACTIVE | (medium->held ? MENTION_HELD : 0),
					.medium = number};

	reader->place = "m=";
	say_mention(reader, &mention);
}

static void unread_medium(struct reader *reader)
{
	reader->findings->kinds |= SIP_KIND_BIT(SIP_MALFORMED_MEDIUM);
	say_note(reader, NOTE_MEDIUM);
}

static void say_medium(struct sdp *sdp, const struct medium *medium)
{
	const struct connection *connection =
	    medium->connection.there ? &medium->connection : &sdp->session;
	uint16_t number = sdp->reader->media++;

	if (medium->number == 0)
		sdp->reader->findings->kinds |= SIP_KIND_BIT(SIP_PORT_ZERO);
	if (connection->literal && connection->addr == 0)
		sdp->reader->findings->kinds |= SIP_KIND_BIT(SIP_ADDRESS_ZERO);
	/* Nowhere for RTCP to go. */
	if (medium->number == 65535 && connection->literal && is_pair(medium, connection->addr))
		text_fail(sdp->reader, NOTE_MALFORMED);
	if (medium->number != 0 && (medium->several || medium->transport == TRANSPORT_OTHER))
		unread_medium(sdp->reader);
	if (medium->number != 0 && is_open(medium) && connection->literal) {
		say_open(sdp, medium, connection, number);
	} else {
		if (medium->number == 0)
			say_closed(sdp->reader, medium, connection->literal ? connection->addr : 0,
				   number);
		else if (is_active(medium) && connection->literal)
			say_active(sdp->reader, medium, connection->addr, number);
		say_address(sdp->reader, &medium->connection, "c=");
	}
	say_others(sdp->reader, medium);
}

/* What stands in front of the first m=. */
static bool read_session(struct sdp *sdp)
{
	struct reader *reader = sdp->reader;
	struct connection found;
	struct span line, value;

	while (!is_medium(reader, sdp->rest) && text_line(reader, &sdp->rest, &line)) {
		switch (letter_of(reader, &line)) {
		case 'o':
			read_origin(reader, line);
			break;
		case 'c':
			if (!read_receiver(reader, line, &found))
				return false;
			if (!sdp->session.there)
				sdp->session = found;
			else
				say_address(reader, &found, "c=");
			break;
		case 'a':
			read_direction(reader, line, &sdp->held);
			if (attribute(reader, line, "setup", &value))
				sdp->active = text_is(reader, text_trim(reader, value), "active");
			break;
		default:
			break;
		}
	}
	return true;
}

void sdp_read(struct reader *reader, struct span body)
{
	struct sdp sdp = {.reader = reader, .rest = body, .owner = MENTION_NONE};
	struct medium medium;

	if (span_size(body) == 0 ||
	    ((reader->findings->options & ALG_OPTION_KEEP_ICE) && has_ice(reader, body)))
		return;
	if (!text_begins(reader, body, "v=") || !read_session(&sdp)) {
		text_fail(reader, NOTE_MALFORMED);
		return;
	}
	while (sdp.rest.at < sdp.rest.end && reader->failure == NOTE_NONE) {
		if (!read_medium(&sdp, &medium)) {
			reader->findings->kinds |= SIP_KIND_BIT(SIP_MALFORMED_MEDIUM);
			text_fail(reader, NOTE_MALFORMED);
			return;
		}
		say_medium(&sdp, &medium);
	}
	if (sdp.owner == MENTION_NONE)
		say_address(reader, &sdp.session, "c=");
}
