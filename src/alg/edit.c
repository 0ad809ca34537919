/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings and results -> splices. First every place is lined up in the order of the message, then
 * fields are rendered, then dependents again and again, because a length that needs another digit
 * moves what stands behind it and makes what is around it longer.
 *
 * Promises: never writes outside its own room; where nothing becomes different there is no splice.
 * May not know protocols.
 */
#include "alg/edit.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NO_DEPENDENT 0xffff
#define ROUNDS_MAX   8 /* a number grows by a digit at most a few times until nothing moves */

static_assert(FINDING_DEPENDENTS < NO_DEPENDENT, "index of a dependent");

struct editing {
	const uint8_t *message;
	uint32_t length;
	const struct findings *findings;
	const struct resolved *resolved;
	struct splices *out;
};

/* ---- text ---- */

static bool put(struct splices *out, struct splice *splice, const void *bytes, uint32_t length)
{
	if (length > SPLICE_TEXT - out->used)
		return false;
	memcpy(out->text + out->used, bytes, length);
	out->used += length;
	splice->added += length;
	return true;
}

__attribute__((format(printf, 3, 4))) static bool
put_text(struct splices *out, struct splice *splice, const char *format, ...)
{
	char text[64];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return length > 0 && length < (int)sizeof(text) && put(out, splice, text, (uint32_t)length);
}

static bool put_number(struct splices *out, struct splice *splice, uint32_t value, unsigned bytes)
{
	uint8_t number[4];

	for (unsigned i = 0; i < bytes; i++)
		number[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
	return put(out, splice, number, bytes);
}

/* ---- fields ---- */

static bool put_address(struct splices *out, struct splice *splice, ip4 addr)
{
	char text[IP4_TEXT_SIZE];

	return put_text(out, splice, "%s", ip4_text(addr, text));
}

static bool put_commas(struct splices *out, struct splice *splice, struct endpoint to,
		       const char *between)
{
	return put_text(out, splice, "%u,%u,%u,%u,%s%u,%u", to.addr >> 24, to.addr >> 16 & 255,
			to.addr >> 8 & 255, to.addr & 255, between, to.port >> 8, to.port & 255);
}

static bool put_labels(struct splices *out, struct splice *splice, ip4 addr)
{
	for (unsigned shift = 0; shift < 32; shift += 8) {
		unsigned number = addr >> shift & 255;
		uint8_t digits = number < 10 ? 1 : number < 100 ? 2 : 3;

		if (!put(out, splice, &digits, 1) || !put_text(out, splice, "%u", number))
			return false;
	}
	return true;
}

static bool put_address_port(const struct editing *editing, const struct field *field,
			     struct splice *splice, struct endpoint to)
{
	bool had = memchr(editing->message + field->offset, ':', field->length) != NULL;

	if (!put_address(editing->out, splice, to.addr))
		return false;
	return (!had && to.port == field->aux) || put_text(editing->out, splice, ":%u", to.port);
}

/* c= or a=rtcp, a line of its own. */
static bool put_line(struct splices *out, struct splice *splice, const struct field *field,
		     struct endpoint to)
{
	const char *ends = field->aux & BREAK_LF ? "\n" : "\r\n";

	if ((field->aux & BREAK_FRONT) && !put_text(out, splice, "%s", ends))
		return false;
	if (field->encoding == ENCODE_RTCP) {
		if (!put_text(out, splice, "a=rtcp:%u", to.port))
			return false;
	} else if (!put_text(out, splice, "c=IN IP4 ") || !put_address(out, splice, to.addr)) {
		return false;
	}
	return (field->aux & BREAK_FRONT) || put_text(out, splice, "%s", ends);
}

static bool render(const struct editing *editing, const struct field *field, struct splice *splice)
{
	struct endpoint to = editing->resolved[field->mention].to;
	struct splices *out = editing->out;

	switch (field->encoding) {
	case ENCODE_ADDRESS:
		return put_address(out, splice, to.addr);
	case ENCODE_PORT:
		return put_text(out, splice, "%u", to.port);
	case ENCODE_ADDRESS_PORT:
		return put_address_port(editing, field, splice, to);
	case ENCODE_COMMAS:
		return put_commas(out, splice, to, "");
	case ENCODE_COMMAS_LONG:
		return put_commas(out, splice, to, "2,");
	case ENCODE_DELIMITED:
		return put_address(out, splice, to.addr) &&
		       put_text(out, splice, "%c%u", field->aux, to.port);
	case ENCODE_BINARY:
		return put_number(out, splice, to.addr, 4) && put_number(out, splice, to.port, 2);
	case ENCODE_BINARY_ADDRESS:
		return put_number(out, splice, to.addr, 4);
	case ENCODE_BINARY_PORT:
		return put_number(out, splice, to.port, 2);
	case ENCODE_LABELS:
		return put_labels(out, splice, to.addr);
	case ENCODE_LABELS_FULL:
		return put_labels(out, splice, to.addr) && put(out, splice, "\7in-addr\4arpa", 14);
	case ENCODE_ZERO32:
		return put_number(out, splice, 0, 4);
	case ENCODE_COPY:
		return put(out, splice, editing->message + field->from, field->to - field->from);
	case ENCODE_CONNECTION:
	case ENCODE_RTCP:
		return put_line(out, splice, field, to);
	default:
		return false;
	}
}

static struct endpoint endpoint_now(const struct editing *editing, uint16_t mention)
{
	const struct resolved *resolved = &editing->resolved[mention];

	return resolved->changed ? resolved->to : editing->findings->mentions[mention].at;
}

static bool is_written(const struct editing *editing, const struct field *field)
{
	const bool changed = editing->resolved[field->mention].changed;

	if (field->unless == MENTION_NONE)
		return changed;
	if (field->encoding == ENCODE_RTCP)
		return changed && endpoint_now(editing, field->mention).port !=
				      endpoint_now(editing, field->unless).port + 1;
	return endpoint_now(editing, field->mention).addr !=
	       endpoint_now(editing, field->unless).addr;
}

/* ---- dependents ---- */

#define POINTER_MOST 0x3fff
#define NAME_MOST    255 /* RFC 1035 3.1 */

/* Where the byte at `offset` has come to. `behind`: what was inserted right there stands before it.
 */
static uint32_t moved_to(const struct splices *out, uint32_t offset, bool behind)
{
	uint32_t low = 0, high = out->n;

	while (low < high) {
		uint32_t middle = (low + high) / 2;
		const struct splice *splice = &out->at[middle];
		uint32_t end = splice->offset + splice->removed;

		if (end < offset || (end == offset && (splice->removed > 0 || behind)))
			low = middle + 1;
		else
			high = middle;
	}
	return offset + (uint32_t)out->moved[low];
}

static void sum_moves(struct splices *out)
{
	out->moved[0] = 0;
	for (uint32_t i = 0; i < out->n; i++)
		out->moved[i + 1] =
		    out->moved[i] + (int32_t)out->at[i].added - (int32_t)out->at[i].removed;
}

static uint32_t value_of(const struct splices *out, const struct dependent *dependent)
{
	if (dependent->kind == DEPEND_POINTER)
		return moved_to(out, dependent->from, true) - dependent->to;
	return moved_to(out, dependent->to, true) - moved_to(out, dependent->from, false);
}

static uint32_t value_before(const struct dependent *dependent)
{
	if (dependent->kind == DEPEND_POINTER)
		return dependent->from - dependent->to;
	return dependent->to - dependent->from;
}

static bool put_ber(struct splices *out, struct splice *splice, uint32_t value, uint32_t had)
{
	uint32_t bytes = value < 128 ? 0 : value < 256 ? 1 : value < 65536 ? 2 : 4;

	if (had > 1 && had - 1 > bytes)
		bytes = had - 1;
	if (bytes == 0)
		return put_number(out, splice, value, 1);
	if (bytes > 4)
		return false;
	return put_number(out, splice, 0x80 | bytes, 1) && put_number(out, splice, value, bytes);
}

/* ---- names that a pointer cannot reach any more (RFC 1035 4.1.4) ---- */

/* The splice that begins here and takes something away, or NULL. */
static const struct splice *splice_at(const struct splices *out, uint32_t offset)
{
	uint32_t low = 0, high = out->n;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (out->at[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < out->n && out->at[low].offset == offset && out->at[low].removed > 0 ? &out->at[low]
											  : NULL;
}

/* The name at `at` of the message as it becomes, label by label, up to its end or to a pointer that
 * reaches. Labels that are written anew are taken from there. `begin`: of the message. */
static bool put_name(const struct editing *editing, struct splice *splice, uint32_t at, uint32_t begin)
{
	struct splices *out = editing->out;
	const uint8_t *message = editing->message;

	while (at < editing->length && splice->added <= NAME_MOST) {
		const struct splice *anew = splice_at(out, at);
		uint32_t length = message[at], value;

		if (anew != NULL && out->dependent[anew - out->at] == NO_DEPENDENT) {
			if (!put(out, splice, out->text + anew->from, anew->added))
				return false;
			if (out->text[anew->from + anew->added - 1] == 0)
				return true;
			at += anew->removed;
		} else if (length >= 0xc0 && at + 1 < editing->length) {
			at = begin + ((length << 8 | message[at + 1]) & POINTER_MOST);
			value = moved_to(out, at, true) - begin;
			if (value <= POINTER_MOST)
				return put_number(out, splice, 0xc000 | value, 2);
		} else if (length > 63 || length >= editing->length - at) {
			return false;
		} else if (!put(out, splice, message + at, length + 1) || length == 0) {
			return length == 0;
		} else {
			at += length + 1;
		}
	}
	return false;
}

static bool put_pointer(const struct editing *editing, struct splice *splice,
			const struct dependent *dependent)
{
	uint32_t value = value_of(editing->out, dependent);

	if (value <= POINTER_MOST)
		return put_number(editing->out, splice, 0xc000 | value, 2);
	return put_name(editing, splice, dependent->from, dependent->to);
}

static bool render_dependent(const struct editing *editing, const struct dependent *dependent,
			     struct splice *splice)
{
	struct splices *out = editing->out;
	uint32_t value = value_of(out, dependent);

	switch (dependent->kind) {
	case DEPEND_DECIMAL:
		return put_text(out, splice, "%u", value);
	case DEPEND_BE16:
		return value <= 0xffff && put_number(out, splice, value, 2);
	case DEPEND_BE32:
		return put_number(out, splice, value, 4);
	case DEPEND_BER:
		return put_ber(out, splice, value, dependent->length);
	case DEPEND_POINTER:
		return put_pointer(editing, splice, dependent);
	default:
		return false;
	}
}

/* What does not change stays as it was written, with its leading zeros. */
static void keep(struct splice *splice)
{
	splice->added = splice->removed;
	splice->from = UINT32_MAX;
}

static bool render_again(const struct editing *editing, uint32_t index)
{
	struct splices *out = editing->out;
	const struct dependent *dependent = &editing->findings->dependents[out->dependent[index]];
	struct splice *splice = &out->at[index];

	if (value_of(out, dependent) == value_before(dependent)) {
		keep(splice);
		return true;
	}
	splice->from = out->used;
	splice->added = 0;
	return render_dependent(editing, dependent, splice);
}

/* One round; *moved: something became longer or shorter, so that it is not over. */
static bool depend(const struct editing *editing, uint32_t text, bool *moved)
{
	struct splices *out = editing->out;

	*moved = false;
	out->used = text;
	for (uint32_t i = 0; i < out->n; i++) {
		uint32_t before = out->at[i].added;

		if (out->dependent[i] == NO_DEPENDENT)
			continue;
		if (!render_again(editing, i))
			return false;
		*moved |= out->at[i].added != before;
	}
	sum_moves(out);
	return true;
}

/* The last round must be one in which nothing moved: its numbers are right. */
static bool settle(const struct editing *editing)
{
	uint32_t text = editing->out->used;
	bool moved = true;

	for (unsigned round = 0; moved && round < ROUNDS_MAX; round++)
		if (!depend(editing, text, &moved))
			return false;
	return !moved;
}

/* ---- the whole ---- */

static void line_up(struct splices *out, uint32_t offset, uint32_t removed, uint16_t dependent)
{
	out->at[out->n] = (struct splice){.offset = offset, .removed = removed, .from = UINT32_MAX};
	out->dependent[out->n++] = dependent;
}

/* All but a few come in order (a line that several media share), so this is linear. */
static void sink_in(struct splices *out)
{
	for (uint32_t i = 1; i < out->n; i++) {
		struct splice splice = out->at[i];
		uint16_t dependent = out->dependent[i];
		uint32_t at = i;

		for (; at > 0 && out->at[at - 1].offset > splice.offset; at--) {
			out->at[at] = out->at[at - 1];
			out->dependent[at] = out->dependent[at - 1];
		}
		out->at[at] = splice;
		out->dependent[at] = dependent;
	}
}

/* Those in front of `offset`; from *next on. */
static void line_up_dependents(const struct editing *editing, uint32_t *next, uint32_t offset)
{
	const struct findings *findings = editing->findings;

	for (; *next < findings->n_dependents && findings->dependents[*next].offset < offset; ++*next) {
		const struct dependent *dependent = &findings->dependents[*next];

		line_up(editing->out, dependent->offset, dependent->length, (uint16_t)*next);
	}
}

/* Numbers that lie within what is written anew are gone. */
static void skip_dependents(const struct findings *findings, uint32_t *next, uint32_t end)
{
	while (*next < findings->n_dependents && findings->dependents[*next].offset < end)
		++*next;
}

static bool lies_within(const struct field *field, const struct field *written)
{
	return written != NULL && field->length > 0 && field->offset >= written->offset &&
	       field->offset + field->length <= written->offset + written->length;
}

static bool line_up_all(const struct editing *editing)
{
	const struct findings *findings = editing->findings;
	const struct field *written = NULL;
	struct splices *out = editing->out;
	uint32_t next = 0;

	for (uint32_t i = 0; i < findings->n_fields; i++) {
		const struct field *field = &findings->fields[i];

		line_up_dependents(editing, &next, field->offset);
		if (!is_written(editing, field) || lies_within(field, written))
			continue;
		written = field;
		skip_dependents(findings, &next, field->offset + field->length);
		line_up(out, field->offset, field->length, NO_DEPENDENT);
		out->at[out->n - 1].from = out->used;
		if (!render(editing, field, &out->at[out->n - 1]))
			return false;
	}
	line_up_dependents(editing, &next, UINT32_MAX);
	return true;
}

/* Whatever a gateway found: what is applied goes from front to back, within the message. */
static bool is_in_order(const struct splices *out, uint32_t length)
{
	uint32_t done = 0;

	for (uint32_t i = 0; i < out->n; i++) {
		const struct splice *splice = &out->at[i];

		if (splice->offset < done || splice->offset > length || splice->removed > length - splice->offset)
			return false;
		done = splice->offset + splice->removed;
	}
	return true;
}

static bool is_same(const struct editing *editing, const struct splice *splice)
{
	return splice->from == UINT32_MAX ||
	       (splice->added == splice->removed &&
		memcmp(editing->out->text + splice->from, editing->message + splice->offset,
		       splice->added) == 0);
}

static void leave_out_same(const struct editing *editing)
{
	struct splices *out = editing->out;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < out->n; i++)
		if (!is_same(editing, &out->at[i]))
			out->at[kept++] = out->at[i];
	out->n = kept;
}

static bool any_written(const struct editing *editing)
{
	for (uint32_t i = 0; i < editing->findings->n_fields; i++)
		if (is_written(editing, &editing->findings->fields[i]))
			return true;
	return false;
}

static void keep_all_dependents(struct splices *out)
{
	for (uint32_t i = 0; i < out->n; i++)
		if (out->dependent[i] != NO_DEPENDENT)
			keep(&out->at[i]);
}

bool edit(const uint8_t *message, uint32_t length, const struct findings *findings,
	  const struct resolved *resolved, struct splices *out)
{
	struct editing editing = {message, length, findings, resolved, out};

	out->n = out->used = 0;
	out->length = length;
	if (!any_written(&editing))
		return true;
	if (!line_up_all(&editing))
		return false;
	sink_in(out);
	if (!is_in_order(out, length))
		return false;
	keep_all_dependents(out);
	sum_moves(out);
	if (!settle(&editing))
		return false;
	out->length = length + (uint32_t)out->moved[out->n];
	leave_out_same(&editing);
	return out->length <= ALG_MESSAGE_MAX;
}

void splice_apply(const uint8_t *message, uint32_t length, const struct splices *splices,
		  uint8_t *to)
{
	uint32_t done = 0;

	for (uint32_t i = 0; i < splices->n; i++) {
		const struct splice *splice = &splices->at[i];

		memcpy(to, message + done, splice->offset - done);
		to += splice->offset - done;
		memcpy(to, splices->text + splice->from, splice->added);
		to += splice->added;
		done = splice->offset + splice->removed;
	}
	memcpy(to, message + done, length - done);
}
