/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS (RFC 1035, 2136, 3597, 9460; the idea: RFC 2694). What is found: addresses in A and WKS records and in the IPv4 hints of
 * SVCB and HTTPS, and names under in-addr.arpa that stand for one address. Names may change their length, so every
 * compression pointer, every RDLENGTH around a name and the length in front of a TCP message is a dependent.
 *
 * A name that points into the numbers of a name which is rewritten is written out instead, since it means the old ones; so is the
 * name of an address that is only a pointer to the end of a longer name. A message that is signed (TSIG, SIG(0), or RRSIG over what
 * would change) is left as it is: a change would be found. So is one in which a name could become too long.
 *
 * Promises: every pointer goes backwards to a label of another name, every length is checked; what names cost follows from the
 * length, however many pointers are one behind the other. May not change records that hold no address.
 */
#include "alg/alg.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include "alg/gateways.h"

enum {
	HEADER = 12,
	NAME_MAX_BYTES = 255,
	LABELS_MAX = 128,
	REVERSE_LABELS = 6, /* 1.0.0.10.in-addr.arpa */
	WATCHED_MAX = 64,
	STEPS_PER_BYTE = 16, /* of all names, through labels and pointers; real messages take one, with long names three */
	QUESTION_LEAST = 5, /* the root, type and class */
	RECORD_LEAST = 11,  /* and TTL, and a length */
};

enum type {
	TYPE_A = 1,
	TYPE_WKS = 11,
	TYPE_PTR = 12,
	TYPE_SIG = 24,
	TYPE_AAAA = 28,
	TYPE_NAPTR = 35,
	TYPE_RRSIG = 46,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	TYPE_TSIG = 250,
};

#define HINT_IPV4 4 /* SvcParamKey, RFC 9460 7.3 */

/* Records whose names may be compressed: what stands before the names, and how many. */
static const struct {
	uint16_t type;
	uint8_t before, names;
} named[] = {
	{2, 0, 1},  {3, 0, 1},  {4, 0, 1},  {5, 0, 1},  {6, 0, 2},  {7, 0, 1},  {8, 0, 1},  {9, 0, 1},  {12, 0, 1},
	{14, 0, 2}, {15, 2, 1}, {17, 0, 2}, {18, 2, 1}, {21, 2, 1}, {26, 2, 2}, {30, 0, 1}, {33, 6, 1}, {36, 2, 1},
	{39, 0, 1},
};

/* A name that may be rewritten and into whose numbers another one points. */
struct watched {
	uint32_t from, to, end; /* first label, behind the fourth, behind the name */
	uint16_t mention;
};

struct message {
	const uint8_t *bytes;
	uint32_t base;   /* where it begins: behind the length of a stream's message */
	uint32_t length; /* where it ends */
	uint32_t at;
	struct findings *findings;
	bool full;       /* no more room in findings, or names that cannot be told apart from what points into them */
	uint32_t steps;  /* that may still be taken */
	bool response, update;
	bool has_v6;
	bool signs;      /* TSIG, SIG(0) */
	bool signs_data; /* RRSIG over A or PTR */
	uint8_t n_watched;
	struct watched watched[WATCHED_MAX];
	bool astray;     /* a pointer leads to where no label of a name begins */
	bool renames;    /* a name is rewritten */
	bool tight;      /* if what a name points to becomes longer, it may be too long itself */
	/* Last: of them only what the message's length asks for is cleared. */
	uint8_t targets[(ALG_MESSAGE_MAX + 7) / 8]; /* where pointers lead to */
	uint8_t starts[(ALG_MESSAGE_MAX + 7) / 8];  /* where labels of names begin */
	uint8_t written[(ALG_MESSAGE_MAX + 7) / 8]; /* where names begin that are rewritten */
};

struct label {
	uint32_t at; /* of its length */
	uint8_t length;
};

struct name {
	uint32_t from, end;  /* as it stands there, with the pointer */
	uint32_t pointer;    /* its own pointer, 0: none */
	uint32_t target;
	uint32_t size;       /* in full, without the root */
	uint8_t sizes[8];    /* of the last labels, that of label i at i % 8 */
	unsigned n, own;     /* labels, those in front of the pointer */
	struct label labels[REVERSE_LABELS + 1]; /* the first ones */
};

static uint32_t get16(const struct message *message, uint32_t at)
{
	return (uint32_t)message->bytes[at] << 8 | message->bytes[at + 1];
}

static uint32_t get32(const struct message *message, uint32_t at)
{
	return get16(message, at) << 16 | get16(message, at + 2);
}

/* ---- names ---- */

static bool is_set(const uint8_t *bits, uint32_t at)
{
	return bits[at / 8] >> at % 8 & 1;
}

static void set(uint8_t *bits, uint32_t at)
{
	bits[at / 8] |= (uint8_t)(1 << at % 8);
}

/* Goes on at what a pointer says; the first one of a name is its own. */
static bool follow(const struct message *message, struct name *name, uint32_t *at)
{
	uint32_t to;

	if (message->length - *at < 2)
		return false;
	to = message->base + (get16(message, *at) & 0x3fff);
	if (to >= *at || to < message->base + HEADER)
		return false;
	if (name->pointer == 0) {
		name->pointer = *at;
		name->target = to;
		name->end = *at + 2;
	}
	*at = to;
	return true;
}

/* Reads the name at message->at; labels and pointers as in RFC 1035 4.1.4. */
static bool read_name(struct message *message, struct name *name)
{
	uint32_t at = message->at;

	*name = (struct name){.from = at};
	for (;;) {
		uint8_t length;

		if (at >= message->length || message->steps == 0)
			return false;
		message->steps--;
		length = message->bytes[at];
		if (name->pointer == 0)
			set(message->starts, at);
		if (length >= 0xc0) {
			if (!follow(message, name, &at))
				return false;
			continue;
		}
		if (length == 0)
			break;
		name->size += length + 1u;
		if (length > 63 || name->size > NAME_MAX_BYTES - 1 || message->length - at <= length ||
		    name->n == LABELS_MAX)
			return false;
		if (name->n <= REVERSE_LABELS)
			name->labels[name->n] = (struct label){at, length};
		name->sizes[name->n % 8] = length;
		name->n++;
		name->own += name->pointer == 0;
		at += length + 1u;
	}
	if (name->pointer == 0)
		name->end = at + 1;
	message->at = name->end;
	return true;
}

static bool is_label(const struct message *message, const struct label *label, const char *text)
{
	return label->length == strlen(text) &&
	       strncasecmp((const char *)message->bytes + label->at + 1, text, label->length) == 0;
}

static bool read_octet(const struct message *message, const struct label *label, uint32_t *out)
{
	const uint8_t *digits = message->bytes + label->at + 1;

	*out = 0;
	if (label->length > 3 || (label->length > 1 && digits[0] == '0'))
		return false;
	for (unsigned i = 0; i < label->length; i++) {
		if (!isdigit(digits[i]))
			return false;
		*out = *out * 10 + (uint32_t)(digits[i] - '0');
	}
	return *out <= 255;
}

/* d.c.b.a.in-addr.arpa stands for a.b.c.d. */
static bool read_reverse(const struct message *message, const struct name *name, ip4 *addr)
{
	uint32_t octet;

	if (name->n != REVERSE_LABELS || !is_label(message, &name->labels[4], "in-addr") ||
	    !is_label(message, &name->labels[5], "arpa"))
		return false;
	*addr = 0;
	for (unsigned i = 0; i < 4; i++) {
		if (!read_octet(message, &name->labels[i], &octet))
			return false;
		*addr |= octet << 8 * i;
	}
	return true;
}

/* ---- finding ---- */

static bool find_address(struct message *message, ip4 addr, uint16_t *mention)
{
	const struct mention row = {.at.addr = addr, .role = ROLE_ADDRESS};

	if (!find_mention(message->findings, &row, mention))
		message->full = true;
	return !message->full;
}

static void find_place(struct message *message, uint32_t offset, uint32_t length, uint16_t mention,
		       uint8_t encoding, uint32_t from, uint32_t to)
{
	const struct field field = {.offset = offset,
				    .length = length,
				    .mention = mention,
				    .unless = MENTION_NONE,
				    .encoding = encoding,
				    .from = from,
				    .to = to};

	if (!find_field(message->findings, &field))
		message->full = true;
}

static void find_number(struct message *message, uint32_t offset, uint32_t from, uint32_t to, uint8_t kind)
{
	const struct dependent dependent = {offset, 2, from, to, kind};

	if (!find_dependent(message->findings, &dependent))
		message->full = true;
}

static bool points_into(const struct message *message, uint32_t from, uint32_t to)
{
	for (uint32_t at = from; at < to; at++)
		if (is_set(message->targets, at))
			return true;
	return false;
}

/* The name that this pointer leads into the numbers of; NULL. */
static const struct watched *watched_at(const struct message *message, uint32_t target)
{
	for (unsigned i = 0; i < message->n_watched; i++)
		if (target > message->watched[i].from && target < message->watched[i].to)
			return &message->watched[i];
	return NULL;
}

/* All four numbers stand here. Others may point into them if what follows them stands here too. */
static void find_whole(struct message *message, const struct name *name, ip4 addr)
{
	uint32_t to = name->labels[3].at + 1 + name->labels[3].length;
	bool pointed = points_into(message, name->from + 1, to);
	uint16_t mention;

	if (pointed && (name->pointer != 0 || message->n_watched == WATCHED_MAX))
		message->full = true;
	if (message->full || !find_address(message, addr, &mention))
		return;
	find_place(message, name->from, to - name->from, mention, ENCODE_LABELS, 0, 0);
	if (pointed)
		message->watched[message->n_watched++] =
			(struct watched){name->from, to, name->end, mention};
}

/* Some numbers stand here, the others where the pointer leads: it is written out in full. */
static void find_split(struct message *message, const struct name *name, ip4 addr)
{
	uint16_t mention;

	if (points_into(message, name->from + 1, name->end))
		message->full = true;
	else if (find_address(message, addr, &mention))
		find_place(message, name->from, name->end - name->from, mention, ENCODE_LABELS_FULL, 0, 0);
}

/* What points into numbers that change is written out as it was (within a name that is written itself, it is gone). */
static void find_pointer(struct message *message, const struct name *name)
{
	const struct watched *watched = watched_at(message, name->target);

	if (watched != NULL)
		find_place(message, name->pointer, 2, watched->mention, ENCODE_COPY, name->target, watched->end);
	find_number(message, name->pointer, name->target, message->base, DEPEND_POINTER);
}

/* One that is a pointer only becomes what it points to becomes; that may be the end of a longer name, which stays. */
static void take_reverse(struct message *message, const struct name *name, ip4 addr)
{
	bool follows = name->own == 0 && (is_set(message->written, name->target) ||
					  is_set(message->written, name->labels[0].at));

	set(message->written, name->from);
	if (follows)
		return;
	message->renames = true;
	if (name->own >= 4)
		find_whole(message, name, addr);
	else
		find_split(message, name, addr);
}

static bool take_name(struct message *message)
{
	struct name name;
	ip4 addr;

	if (!read_name(message, &name))
		return false;
	if (read_reverse(message, &name, &addr))
		take_reverse(message, &name, addr);
	if (name.pointer != 0)
		find_pointer(message, &name);
	return true;
}

/* ---- records ---- */

struct record {
	uint32_t type, ttl_at, rdlength_at, from, to;
};

static bool resets_ttl(const struct message *message)
{
	return message->response && !message->update && !(message->findings->options & ALG_OPTION_KEEP_TTL);
}

static void take_address(struct message *message, const struct record *record, uint32_t at)
{
	uint16_t mention;

	if (!find_address(message, get32(message, at), &mention))
		return;
	if (resets_ttl(message) && record->type == TYPE_A)
		find_place(message, record->ttl_at, 4, mention, ENCODE_ZERO32, 0, 0);
	find_place(message, at, 4, mention, ENCODE_BINARY_ADDRESS, 0, 0);
}

/* Priority, target name (never compressed), parameters: key, length, value. */
static bool take_service(struct message *message, const struct record *record)
{
	struct name name;

	if (record->to - record->from < 3)
		return false;
	message->at = record->from + 2;
	if (!read_name(message, &name) || name.pointer != 0 || message->at > record->to)
		return false;
	while (record->to - message->at >= 4) {
		uint32_t key = get16(message, message->at), size = get16(message, message->at + 2);

		message->at += 4;
		if (size > record->to - message->at || (key == HINT_IPV4 && size % 4 != 0))
			return false;
		for (uint32_t at = message->at; key == HINT_IPV4 && at < message->at + size; at += 4)
			take_address(message, record, at);
		message->at += size;
	}
	return message->at == record->to;
}

/* Order, preference, three texts, name (RFC 3403 4.1). */
static bool skip_naptr(struct message *message, const struct record *record)
{
	message->at = record->from + 4;
	for (unsigned i = 0; i < 3; i++) {
		if (message->at >= record->to)
			return false;
		message->at += message->bytes[message->at] + 1u;
	}
	return message->at < record->to;
}

static bool take_names(struct message *message, const struct record *record, unsigned n)
{
	find_number(message, record->rdlength_at, record->from, record->to, DEPEND_BE16);
	while (n-- > 0)
		if (message->at >= record->to || !take_name(message))
			return false;
	return message->at <= record->to;
}

static bool take_named(struct message *message, const struct record *record)
{
	for (unsigned i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (named[i].type == record->type) {
			message->at = record->from + named[i].before;
			return take_names(message, record, named[i].names);
		}
	return true; /* RFC 3597: holds no pointers */
}

static bool take_data(struct message *message, const struct record *record)
{
	/* RFC 2136 2.4, 2.5: an empty one asks or deletes. */
	if (record->from == record->to)
		return true;
	switch (record->type) {
	case TYPE_A:
		if (record->to - record->from != 4)
			return false;
		take_address(message, record, record->from);
		return true;
	case TYPE_WKS:
		if (record->to - record->from < 5)
			return false;
		take_address(message, record, record->from);
		return true;
	case TYPE_SVCB:
	case TYPE_HTTPS:
		return take_service(message, record);
	case TYPE_NAPTR:
		return skip_naptr(message, record) && take_names(message, record, 1);
	default:
		return take_named(message, record);
	}
}

/* Type, class, TTL, length. */
static bool read_fixed(struct message *message, struct record *record)
{
	uint32_t at = message->at;

	if (message->length - at < 10)
		return false;
	record->type = get16(message, at);
	record->ttl_at = at + 4;
	record->rdlength_at = at + 8;
	record->from = at + 10;
	record->to = record->from + get16(message, at + 8);
	return record->to <= message->length;
}

static bool take_record(struct message *message)
{
	struct record record;
	bool good;

	if (!take_name(message) || !read_fixed(message, &record))
		return false;
	good = take_data(message, &record);
	message->at = record.to;
	return good;
}

static bool take_question(struct message *message)
{
	if (!take_name(message) || message->length - message->at < 4)
		return false;
	message->at += 4;
	return true;
}

/* ---- the first look: where pointers lead, and who signed ---- */

/* Labels in front of what may be the name of an address: would it be too long if each number had three digits? */
static bool is_tight(const struct name *name)
{
	uint32_t most = name->size;

	if (name->pointer == 0 || name->n <= REVERSE_LABELS)
		return false;
	for (unsigned i = name->n - REVERSE_LABELS; i < name->n - 2; i++) {
		if (name->sizes[i % 8] > 3)
			return false;
		most += 3u - name->sizes[i % 8];
	}
	return most > NAME_MAX_BYTES - 1;
}

static bool look_name(struct message *message)
{
	struct name name;

	if (!read_name(message, &name))
		return false;
	if (name.pointer != 0)
		set(message->targets, name.target);
	message->astray |= name.pointer != 0 && !is_set(message->starts, name.target);
	message->tight |= is_tight(&name);
	return true;
}

static void look_signature(struct message *message, const struct record *record)
{
	uint32_t covers = record->to - record->from >= 2 ? get16(message, record->from) : 0;

	if (record->type == TYPE_TSIG || (record->type == TYPE_SIG && covers == 0))
		message->signs = true;
	if (record->type == TYPE_RRSIG && (covers == TYPE_A || covers == TYPE_PTR || covers == TYPE_HTTPS))
		message->signs_data = true;
	if (record->type == TYPE_AAAA)
		message->has_v6 = true;
}

static bool look_names(struct message *message, const struct record *record)
{
	unsigned n = record->type == TYPE_NAPTR;

	message->at = record->from;
	if (n > 0 && !skip_naptr(message, record))
		return false;
	for (unsigned i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (named[i].type == record->type) {
			message->at = record->from + named[i].before;
			n = named[i].names;
		}
	while (n-- > 0)
		if (message->at >= record->to || !look_name(message))
			return false;
	return true;
}

static bool look_record(struct message *message)
{
	struct record record;

	if (!look_name(message) || !read_fixed(message, &record))
		return false;
	look_signature(message, &record);
	if (record.from != record.to && !look_names(message, &record))
		return false;
	message->at = record.to;
	return true;
}

static bool look_question(struct message *message)
{
	if (!look_name(message) || message->length - message->at < 4)
		return false;
	message->has_v6 |= get16(message, message->at) == TYPE_AAAA;
	message->at += 4;
	return true;
}

static bool each(struct message *message, bool (*question)(struct message *), bool (*record)(struct message *))
{
	uint32_t counts[4];

	for (unsigned i = 0; i < 4; i++)
		counts[i] = get16(message, message->base + 4 + 2 * i);
	message->at = message->base + HEADER;
	for (unsigned section = 0; section < 4; section++)
		for (uint32_t i = 0; i < counts[section]; i++)
			if (section == 0 ? !question(message) : !record(message))
				return false;
	return true;
}

/* ---- messages ---- */

static const char *name_of(const struct message *message, unsigned opcode)
{
	static const char *const names[] = {"QUERY", "IQUERY", "STATUS", "3", "NOTIFY", "UPDATE"};

	if (opcode == 0)
		return message->response ? "RESPONSE" : "QUERY";
	return opcode < sizeof(names) / sizeof(names[0]) ? names[opcode] : "OTHER";
}

/* A header as somebody sends it: opcode that there is, the reserved bit 0. */
static bool read_header(struct message *message)
{
	uint32_t flags;
	unsigned opcode;

	if (message->length - message->base < HEADER)
		return false;
	flags = get16(message, message->base + 2);
	opcode = flags >> 11 & 15;
	message->response = flags & 0x8000;
	message->update = opcode == 5;
	strncpy(message->findings->message, name_of(message, opcode), sizeof(message->findings->message) - 1);
	return opcode <= 6 && !(flags & 0x0040);
}

/* Nothing of it is to change. */
static enum scan leave(struct findings *findings, enum alg_note note)
{
	findings->n_mentions = findings->n_fields = findings->n_dependents = 0;
	findings->note = (uint8_t)note;
	return SCAN_OK;
}

static enum scan scan_message(struct message *message)
{
	struct findings *findings = message->findings;

	if (!read_header(message) || !each(message, look_question, look_record)) {
		findings->note = message->steps == 0 ? NOTE_TOO_MANY : NOTE_MALFORMED;
		return SCAN_FOREIGN;
	}
	if (message->has_v6 && (findings->options & ALG_OPTION_NO_DNS_V6))
		return leave(findings, NOTE_NONE);
	/* What it names would be something else after a change. */
	if (message->astray)
		return leave(findings, NOTE_MALFORMED);
	if (message->base > 0)
		find_number(message, 0, message->base, message->length, DEPEND_BE16);
	if (!each(message, take_question, take_record)) {
		leave(findings, message->steps == 0 ? NOTE_TOO_MANY : NOTE_MALFORMED);
		return SCAN_FOREIGN;
	}
	if (message->renames && message->tight)
		return leave(findings, NOTE_TOO_BIG);
	if (message->full)
		return leave(findings, NOTE_TOO_MANY);
	if (findings->n_mentions > 0 && (message->signs || message->signs_data))
		return leave(findings, NOTE_SIGNED);
	return SCAN_OK;
}

static enum scan dns_scan(void *state, enum alg_from from, const uint8_t *bytes, uint32_t length, bool stream,
			  struct findings *findings)
{
	struct message message;

	(void)state, (void)from;
	memset(&message, 0, offsetof(struct message, targets));
	memset(message.targets, 0, (length + 7) / 8);
	memset(message.starts, 0, (length + 7) / 8);
	memset(message.written, 0, (length + 7) / 8);
	message.bytes = bytes;
	message.base = stream ? 2 : 0;
	message.length = length;
	message.steps = STEPS_PER_BYTE * length;
	message.findings = findings;
	return scan_message(&message);
}

/* Has `size` bytes room for as many questions and records as the header says, however short they are? */
static bool has_room(const uint8_t *header, uint32_t size)
{
	uint32_t least = HEADER;

	for (unsigned i = 0; i < 4; i++)
		least += ((uint32_t)header[4 + 2 * i] << 8 | header[5 + 2 * i]) * (i == 0 ? QUESTION_LEAST : RECORD_LEAST);
	return least <= size;
}

/* RFC 1035 4.2.2: two bytes of length in front of each. One that cannot be a message ends the reading at once: other protocols
 * on the port must not wait for what those bytes say as a length. */
static enum frame dns_frame(const void *state, enum alg_from from, const uint8_t *bytes, uint32_t length,
			    uint32_t *size)
{
	(void)state, (void)from;
	if (length < 2)
		return FRAME_MORE;
	*size = 2u + ((uint32_t)bytes[0] << 8 | bytes[1]);
	if (*size < 2 + HEADER || (length > 4 && (bytes[4] >> 3 & 15) > 6) ||
	    (length >= 2 + HEADER && !has_room(bytes + 2, *size - 2)))
		return FRAME_FOREIGN;
	return length < *size ? FRAME_MORE : FRAME_WHOLE;
}

const struct gateway gateway_dns = {
	.patience_s = 15,
	.frame = dns_frame,
	.scan = dns_scan,
	.shorten = dns_shorten,
};
