/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alg/text.h"

#include <ctype.h>
#include <string.h>

void text_fail(struct reader *reader, enum alg_note note)
{
	if (reader->failure == NOTE_NONE)
		reader->failure = (uint8_t)note;
}

struct span text_trim(const struct reader *reader, struct span span)
{
	while (span.at < span.end && is_lws(reader->bytes[span.at]))
		span.at++;
	while (span.end > span.at && is_lws(reader->bytes[span.end - 1]))
		span.end--;
	return span;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* How many of the word's letters the span begins with. Most differ in the first one: nothing is called to find that. */
static uint32_t common(const struct reader *reader, struct span span, const char *word)
{
	uint32_t n = 0;

	while (word[n] != '\0' && n < span_size(span) &&
	       lower(reader->bytes[span.at + n]) == lower((uint8_t)word[n]))
		n++;
	return n;
}

bool text_begins(const struct reader *reader, struct span span, const char *word)
{
	return word[common(reader, span, word)] == '\0';
}

bool text_is(const struct reader *reader, struct span span, const char *word)
{
	uint32_t n = common(reader, span, word);

	return word[n] == '\0' && n == span_size(span);
}

uint32_t text_find(const struct reader *reader, struct span span, char c)
{
	const uint8_t *found = memchr(reader->bytes + span.at, c, span_size(span));

	return found != NULL ? (uint32_t)(found - reader->bytes) : span.end;
}

/* Behind the closing quote; RFC 3261 25.1 quoted-string. */
static uint32_t string_end(struct reader *reader, struct span span)
{
	for (uint32_t at = span.at + 1; at < span.end; at++) {
		if (reader->bytes[at] == '"')
			return at + 1;
		if (reader->bytes[at] == '\\')
			at++;
	}
	text_fail(reader, NOTE_MALFORMED);
	return span.end;
}

/* There are few of them, and this is asked about every byte. */
static bool is_one_of(uint8_t c, const char *stops)
{
	for (; *stops != '\0'; stops++)
		if (c == (uint8_t)*stops)
			return true;
	return false;
}

uint32_t text_find_any(struct reader *reader, struct span span, const char *stops)
{
	while (span.at < span.end) {
		uint8_t c = reader->bytes[span.at];

		if (is_one_of(c, stops))
			break;
		span.at = c == '"' ? string_end(reader, span) : span.at + 1;
	}
	return span.at;
}

bool text_number(const struct reader *reader, struct span span, uint32_t max, uint32_t *out)
{
	uint64_t value = 0;

	if (span.at == span.end)
		return false;
	for (; span.at < span.end; span.at++) {
		if (!isdigit(reader->bytes[span.at]))
			return false;
		value = value * 10 + (uint64_t)(reader->bytes[span.at] - '0');
		if (value > max)
			return false;
	}
	*out = (uint32_t)value;
	return true;
}

bool text_address(const struct reader *reader, struct span span, ip4 *out)
{
	char text[IP4_TEXT_SIZE];

	if (span_size(span) >= sizeof(text) ||
	    memchr(reader->bytes + span.at, 0, span_size(span)) != NULL)
		return false;
	memcpy(text, reader->bytes + span.at, span_size(span));
	text[span_size(span)] = '\0';
	return ip4_parse(text, out);
}

bool text_is_dotted(const struct reader *reader, struct span span)
{
	while (span.at < span.end &&
	       (isdigit(reader->bytes[span.at]) || reader->bytes[span.at] == '.'))
		span.at++;
	return span.at == span.end;
}

bool text_word(const struct reader *reader, struct span *rest, struct span *word)
{
	while (rest->at < rest->end && is_lws(reader->bytes[rest->at]))
		rest->at++;
	word->at = rest->at;
	while (rest->at < rest->end && !is_lws(reader->bytes[rest->at]))
		rest->at++;
	word->end = rest->at;
	return word->at < word->end;
}

bool text_line(const struct reader *reader, struct span *rest, struct span *line)
{
	bool broken; /* no LF */

	*line = (struct span){rest->at, text_find(reader, *rest, '\n')};
	if (rest->at == rest->end)
		return false;
	broken = line->end == rest->end;
	rest->at = broken ? rest->end : line->end + 1;
	while (line->end > line->at && reader->bytes[line->end - 1] == '\r') {
		line->end--;
		if (!broken)
			break;
	}
	return true;
}

/* ---- what is said ---- */

uint16_t say_mention(struct reader *reader, const struct mention *mention)
{
	uint16_t index = MENTION_NONE;

	if (find_mention(reader->findings, mention, &index))
		reader->findings->mentions[index].place = reader->place;
	else
		text_fail(reader, NOTE_TOO_MANY);
	return index;
}

static void say(struct reader *reader, const struct field *field)
{
	if (field->mention != MENTION_NONE && !find_field(reader->findings, field))
		text_fail(reader, NOTE_TOO_MANY);
}

void say_field(struct reader *reader, struct span span, uint16_t mention, enum encoding encoding,
	       uint16_t aux)
{
	const struct field field = {.offset = span.at,
				    .length = span_size(span),
				    .mention = mention,
				    .unless = MENTION_NONE,
				    .encoding = (uint8_t)encoding,
				    .aux = aux};

	say(reader, &field);
}

void say_line(struct reader *reader, uint32_t at, uint16_t mention, uint16_t unless,
	      enum encoding encoding, uint16_t aux)
{
	const struct field field = {.offset = at,
				    .mention = mention,
				    .unless = unless,
				    .encoding = (uint8_t)encoding,
				    .aux = aux};

	say(reader, &field);
}

void say_length(struct reader *reader, struct span number, struct span of)
{
	const struct dependent dependent = {.offset = number.at,
					    .length = span_size(number),
					    .from = of.at,
					    .to = of.end,
					    .kind = DEPEND_DECIMAL};

	if (!find_dependent(reader->findings, &dependent))
		text_fail(reader, NOTE_TOO_MANY);
}

void say_note(struct reader *reader, enum alg_note note)
{
	if (reader->findings->note == NOTE_NONE)
		reader->findings->note = (uint8_t)note;
}
