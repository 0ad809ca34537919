/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FTP control connections: RFC 959, 1123 4.1.2, 1639 (LPRT, LPSV), 2428 (EPRT, EPSV), 4217 (AUTH TLS), 2577 (bounce).
 *
 * A message is a line. Replies are matched with the commands they answer, in order, so that only the answer to a PASV is
 * read as one, and text in the middle of a reply is never a reply. The server has to greet first, and whatever cannot be a
 * command or a reply ends the reading for good: a browser that was made to send commands never gets this far (reliability A1).
 *
 * May not judge addresses or ports; a number that is none is a malformed line, which passes for the server to refuse.
 */
#include "alg/alg.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "alg/gateways.h"

#define LINE_MAX_BYTES 8192 /* longer than any path */
#define PENDING_MAX    96   /* commands that wait for their reply */

#define TELNET_IAC  0xff
#define TELNET_WILL 0xfb /* from here on a third byte follows */

enum command {
	COMMAND_OTHER,
	COMMAND_PORT,
	COMMAND_EPRT,
	COMMAND_LPRT,
	COMMAND_PASV,
	COMMAND_EPSV,
	COMMAND_LPSV,
	COMMAND_AUTH,
	COMMAND_ALL,   /* EPSV ALL */
	COMMAND_LEAVE, /* what was announced is of no use any more: USER, REIN, QUIT */
	COMMAND_ALIEN, /* another protocol's */
};

struct ftp {
	uint8_t greeted;
	uint8_t only_extended; /* EPSV ALL */
	uint8_t within[3];     /* code of the reply whose lines go on; 0: none */
	uint8_t first, n;      /* ring of commands without a reply */
	uint8_t pending[PENDING_MAX];
};
static_assert(sizeof(struct ftp) <= ALG_STATE_MAX, "state");

static const struct {
	const char *verb;
	enum command command;
} verbs[] = {
	{"PORT", COMMAND_PORT}, {"EPRT", COMMAND_EPRT},  {"LPRT", COMMAND_LPRT},  {"PASV", COMMAND_PASV},
	{"EPSV", COMMAND_EPSV}, {"LPSV", COMMAND_LPSV},  {"AUTH", COMMAND_AUTH},  {"USER", COMMAND_LEAVE},
	{"REIN", COMMAND_LEAVE}, {"QUIT", COMMAND_LEAVE}, {"POST", COMMAND_ALIEN}, {"GET", COMMAND_ALIEN},
	{"PUT", COMMAND_ALIEN}, {"HEAD", COMMAND_ALIEN}, {"OPTIONS", COMMAND_ALIEN}, {"HELO", COMMAND_ALIEN},
	{"EHLO", COMMAND_ALIEN},
};

/* ---- lines ---- */

/* Telnet commands in front of a command (ABOR: IP and DM). How many bytes; `length` when it is cut within. */
static uint32_t telnet_skip(const uint8_t *bytes, uint32_t length)
{
	uint32_t at = 0;

	while (at < length && bytes[at] == TELNET_IAC) {
		uint32_t size = at + 1 < length && bytes[at + 1] >= TELNET_WILL && bytes[at + 1] != TELNET_IAC ? 3 : 2;

		if (size > length - at)
			return length;
		at += size;
	}
	return at;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\r' || c == '\n';
}

/* Could this be how a command begins? Three letters or more, perhaps digits (XMD5), then a blank or the end of the line. */
static bool is_command(const uint8_t *bytes, uint32_t length)
{
	uint32_t at = telnet_skip(bytes, length), from = at, letters;

	while (at < length && isalpha(bytes[at]))
		at++;
	letters = at - from;
	while (letters >= 3 && at < length && isdigit(bytes[at]))
		at++;
	if (at == length)
		return at - from <= 16;
	return letters >= 3 && at - from <= 16 && is_blank(bytes[at]);
}

static bool is_reply(const uint8_t *bytes, uint32_t length)
{
	for (uint32_t at = 0; at < 3 && at < length; at++)
		if (!isdigit(bytes[at]))
			return false;
	if (length > 0 && (bytes[0] < '1' || bytes[0] > '6'))
		return false;
	return length <= 3 || is_blank(bytes[3]) || bytes[3] == '-';
}

static bool is_plausible(const struct ftp *ftp, enum alg_from from, const uint8_t *bytes, uint32_t length)
{
	if (from == FROM_CLIENT)
		return ftp->greeted && is_command(bytes, length);
	return ftp->within[0] != 0 || is_reply(bytes, length);
}

static enum frame ftp_frame(const void *state, enum alg_from from, const uint8_t *bytes, uint32_t length,
			    uint32_t *size)
{
	uint32_t look = length < LINE_MAX_BYTES ? length : LINE_MAX_BYTES;
	const uint8_t *end = memchr(bytes, '\n', look);

	if (end != NULL)
		look = (uint32_t)(end - bytes) + 1;
	if (!is_plausible(state, from, bytes, look))
		return FRAME_FOREIGN;
	if (end == NULL)
		return look == LINE_MAX_BYTES ? FRAME_FOREIGN : FRAME_MORE;
	*size = look;
	return FRAME_WHOLE;
}

/* ---- numbers ---- */

struct cursor {
	const uint8_t *bytes;
	uint32_t at, length;
};

static bool take(struct cursor *cursor, char c)
{
	if (cursor->at >= cursor->length || cursor->bytes[cursor->at] != (uint8_t)c)
		return false;
	cursor->at++;
	return true;
}

/* Decimal, also with leading zeros, at most `digits` of them and not above `max`. */
static bool take_number(struct cursor *cursor, unsigned digits, uint32_t max, uint32_t *out)
{
	uint32_t value = 0, from = cursor->at;

	while (cursor->at < cursor->length && isdigit(cursor->bytes[cursor->at])) {
		if (cursor->at - from == digits)
			return false;
		value = value * 10 + (uint32_t)(cursor->bytes[cursor->at++] - '0');
	}
	*out = value;
	return cursor->at > from && value <= max;
}

/* n numbers of 0 to 255 with commas between. */
static bool take_commas(struct cursor *cursor, uint32_t *numbers, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if ((i > 0 && !take(cursor, ',')) || !take_number(cursor, 3, 255, &numbers[i]))
			return false;
	return cursor->at == cursor->length || (!isdigit(cursor->bytes[cursor->at]) && cursor->bytes[cursor->at] != ',');
}

static ip4 address_of(const uint32_t *numbers)
{
	return numbers[0] << 24 | numbers[1] << 16 | numbers[2] << 8 | numbers[3];
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->length && cursor->bytes[cursor->at] == ' ')
		cursor->at++;
}

/* ---- what is announced ---- */

static void announce(struct findings *findings, struct endpoint at, uint8_t flags, uint32_t from, uint32_t to,
		     uint8_t encoding, uint8_t aux)
{
	struct mention mention = {.at = at, .protocol = 6, .role = ROLE_LISTEN, .flags = flags};
	struct field field = {.offset = from,
			      .length = to - from,
			      .unless = MENTION_NONE,
			      .encoding = encoding,
			      .aux = aux};

	if (find_mention(findings, &mention, &field.mention))
		find_field(findings, &field);
}

/* h1,h2,h3,h4,p1,p2 */
static bool announce_short(struct cursor *cursor, struct findings *findings)
{
	uint32_t from = cursor->at, n[6];

	if (!take_commas(cursor, n, 6))
		return false;
	announce(findings, (struct endpoint){address_of(n), (uint16_t)(n[4] << 8 | n[5])}, 0, from, cursor->at,
		 ENCODE_COMMAS, 0);
	return true;
}

/* 4,4,h1,h2,h3,h4,2,p1,p2 (RFC 1639); address family 6 is none of ours. */
static bool announce_long(struct cursor *cursor, struct findings *findings)
{
	uint32_t n[7], family, size, from;

	if (!take_number(cursor, 3, 255, &family) || !take(cursor, ','))
		return false;
	if (family != 4)
		return true;
	if (!take_number(cursor, 3, 4, &size) || size != 4 || !take(cursor, ','))
		return false;
	from = cursor->at;
	if (!take_commas(cursor, n, 7) || n[4] != 2)
		return false;
	announce(findings, (struct endpoint){address_of(n), (uint16_t)(n[5] << 8 | n[6])}, 0, from, cursor->at,
		 ENCODE_COMMAS_LONG, 0);
	return true;
}

static bool take_dotted(struct cursor *cursor, ip4 *addr)
{
	uint32_t n[4];

	for (unsigned i = 0; i < 4; i++)
		if ((i > 0 && !take(cursor, '.')) || !take_number(cursor, 3, 255, &n[i]))
			return false;
	*addr = address_of(n);
	return true;
}

static bool take_delimiter(struct cursor *cursor, char *delimiter)
{
	if (cursor->at >= cursor->length || cursor->bytes[cursor->at] < 33 || cursor->bytes[cursor->at] > 126 ||
	    isdigit(cursor->bytes[cursor->at]))
		return false;
	*delimiter = (char)cursor->bytes[cursor->at++];
	return *delimiter != '.';
}

/* |1|10.0.0.1|5060| (RFC 2428 2); |2| is IPv6. */
static bool announce_extended(struct cursor *cursor, struct findings *findings)
{
	uint32_t family, from, port;
	char delimiter;
	ip4 addr;

	if (!take_delimiter(cursor, &delimiter) || !take_number(cursor, 3, 255, &family) || !take(cursor, delimiter))
		return false;
	if (family != 1)
		return true;
	from = cursor->at;
	if (!take_dotted(cursor, &addr) || !take(cursor, delimiter) || !take_number(cursor, 5, 65535, &port))
		return false;
	announce(findings, (struct endpoint){addr, (uint16_t)port}, 0, from, cursor->at, ENCODE_DELIMITED,
		 (uint8_t)delimiter);
	return take(cursor, delimiter);
}

/* (|||5060|): the server's own address (RFC 2428 3). */
static bool announce_port(struct cursor *cursor, struct findings *findings)
{
	uint32_t from, to, port;
	char delimiter;

	while (cursor->at < cursor->length && cursor->bytes[cursor->at] != '(')
		cursor->at++;
	if (!take(cursor, '(') || !take_delimiter(cursor, &delimiter) || !take(cursor, delimiter) ||
	    !take(cursor, delimiter))
		return false;
	from = cursor->at;
	if (!take_number(cursor, 5, 65535, &port))
		return false;
	to = cursor->at;
	if (!take(cursor, delimiter) || !take(cursor, ')'))
		return false;
	announce(findings, (struct endpoint){0, (uint16_t)port}, MENTION_HERE, from, to, ENCODE_PORT, 0);
	return true;
}

/* ---- commands ---- */

static enum command command_of(const uint8_t *verb, uint32_t length)
{
	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strlen(verbs[i].verb) == length && strncasecmp((const char *)verb, verbs[i].verb, length) == 0)
			return verbs[i].command;
	return COMMAND_OTHER;
}

/* After an EPSV ALL that the server agreed to, the others are its to refuse. */
static enum command admitted(const struct ftp *ftp, enum command command, const struct cursor *argument)
{
	if (command == COMMAND_EPSV && argument->length - argument->at >= 3 &&
	    strncasecmp((const char *)argument->bytes + argument->at, "ALL", 3) == 0)
		return COMMAND_ALL;
	if (ftp->only_extended && command >= COMMAND_PORT && command <= COMMAND_PASV)
		return COMMAND_OTHER;
	return command;
}

static bool read_argument(enum command command, struct cursor *cursor, struct findings *findings)
{
	switch (command) {
	case COMMAND_PORT:
		return announce_short(cursor, findings);
	case COMMAND_EPRT:
		return announce_extended(cursor, findings);
	case COMMAND_LPRT:
		return announce_long(cursor, findings);
	default:
		return true;
	}
}

/* Nothing is half announced. */
static void forget(struct findings *findings)
{
	findings->n_mentions = findings->n_fields = 0;
	findings->note = NOTE_MALFORMED;
}

static void name_message(struct findings *findings, const uint8_t *text, uint32_t length)
{
	for (uint32_t i = 0; i < length && i < sizeof(findings->message) - 1; i++)
		findings->message[i] = (char)toupper(text[i]);
}

/* What was announced before is taken back by a new announcement, unless commands in between are still on their way. */
static bool ends_earlier(const struct ftp *ftp, enum command command)
{
	return command == COMMAND_LEAVE || (ftp->n == 0 && command >= COMMAND_PORT && command <= COMMAND_LPSV);
}

static enum scan scan_command(struct ftp *ftp, struct cursor *cursor, struct findings *findings)
{
	enum command command;
	uint32_t verb;

	cursor->at = verb = telnet_skip(cursor->bytes, cursor->length);
	while (cursor->at < cursor->length && isalpha(cursor->bytes[cursor->at]))
		cursor->at++;
	name_message(findings, cursor->bytes + verb, cursor->at - verb);
	command = command_of(cursor->bytes + verb, cursor->at - verb);
	if (command == COMMAND_ALIEN || ftp->n == PENDING_MAX) {
		findings->note = command == COMMAND_ALIEN ? NOTE_FOREIGN : NOTE_TOO_MANY;
		return SCAN_FOREIGN;
	}
	skip_blanks(cursor);
	command = admitted(ftp, command, cursor);
	if (!read_argument(command, cursor, findings))
		forget(findings);
	if (ends_earlier(ftp, command))
		findings->happened |= HAPPENED_CANCEL;
	ftp->pending[(ftp->first + ftp->n++) % PENDING_MAX] = (uint8_t)command;
	return SCAN_OK;
}

/* ---- replies ---- */

static bool is_code(const struct cursor *cursor, const char *code)
{
	return memcmp(cursor->bytes, code, 3) == 0;
}

/* The command that this reply answers; the first line of it tells already. */
static enum command asked(const struct ftp *ftp)
{
	return ftp->n > 0 ? (enum command)ftp->pending[ftp->first] : COMMAND_OTHER;
}

static bool read_reply(struct cursor *cursor, enum command command, struct findings *findings)
{
	cursor->at = 4;
	if (is_code(cursor, "229") && command == COMMAND_EPSV)
		return announce_port(cursor, findings);
	/* RFC 1123 4.1.2.6: nothing but the numbers is sure to be there. */
	while (cursor->at < cursor->length && !isdigit(cursor->bytes[cursor->at]))
		cursor->at++;
	if (is_code(cursor, "227") && command == COMMAND_PASV)
		return announce_short(cursor, findings);
	if (is_code(cursor, "228") && command == COMMAND_LPSV)
		return announce_long(cursor, findings);
	return true;
}

static bool announces(const struct cursor *cursor)
{
	return is_code(cursor, "227") || is_code(cursor, "228") || is_code(cursor, "229");
}

/* The last line of a reply that is not preliminary: its command is answered. */
static void answered(struct ftp *ftp, const struct cursor *cursor, struct findings *findings)
{
	enum command command = asked(ftp);

	if (cursor->bytes[0] == '1')
		return;
	if (!ftp->greeted)
		ftp->greeted = is_code(cursor, "220");
	else if (ftp->n > 0) {
		ftp->first = (uint8_t)((ftp->first + 1) % PENDING_MAX);
		ftp->n--;
	}
	if (command == COMMAND_ALL && cursor->bytes[0] == '2')
		ftp->only_extended = 1;
	if (command == COMMAND_AUTH && is_code(cursor, "234")) {
		findings->happened |= HAPPENED_ENCRYPTED;
		findings->note = NOTE_ENCRYPTED;
	}
	/* Refused, or the transfer failed: nobody will come. Unless more is on its way already. */
	if (cursor->bytes[0] >= '4' && ftp->n == 0)
		findings->happened |= HAPPENED_CANCEL;
}

static bool goes_on(const struct cursor *cursor)
{
	return cursor->length > 3 && cursor->bytes[3] == '-';
}

/* Text in the middle of a reply, up to the line that has its code and a blank (RFC 959 4.2). */
static bool is_text(struct ftp *ftp, const struct cursor *cursor)
{
	if (ftp->within[0] == 0)
		return false;
	return cursor->length < 4 || memcmp(cursor->bytes, ftp->within, 3) != 0 || !is_blank(cursor->bytes[3]);
}

static enum scan scan_reply(struct ftp *ftp, struct cursor *cursor, struct findings *findings)
{
	if (is_text(ftp, cursor))
		return SCAN_OK;
	name_message(findings, cursor->bytes, 3);
	if (announces(cursor) && ftp->n == 0)
		findings->note = NOTE_UNSOLICITED;
	else if (!read_reply(cursor, asked(ftp), findings))
		forget(findings);
	/* Of several lines, the first and the last are looked at; one of them may say nothing. */
	if (findings->note == NOTE_MALFORMED && (goes_on(cursor) || ftp->within[0] != 0))
		findings->note = NOTE_NONE;
	if (goes_on(cursor)) {
		memcpy(ftp->within, cursor->bytes, 3);
		return SCAN_OK;
	}
	memset(ftp->within, 0, sizeof(ftp->within));
	answered(ftp, cursor, findings);
	return SCAN_OK;
}

static enum scan ftp_scan(void *state, enum alg_from from, const uint8_t *bytes, uint32_t length, bool stream,
			  struct findings *findings)
{
	struct cursor cursor = {bytes, 0, length};

	if (!stream || length == 0 || !is_plausible(state, from, bytes, length)) {
		findings->note = NOTE_FOREIGN;
		return SCAN_FOREIGN;
	}
	return from == FROM_CLIENT ? scan_command(state, &cursor, findings) : scan_reply(state, &cursor, findings);
}

const struct gateway gateway_ftp = {
	.state_size = sizeof(struct ftp),
	.expect_s = 60,
	.frame = ftp_frame,
	.scan = ftp_scan,
};
