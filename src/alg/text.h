/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a message of text: pieces of it, and what a gateway says about them. Offsets count from
 * the message's first byte.
 *
 * Promises: never reads outside the piece it is given; numbers and addresses are read strictly, or
 * not at all. The first thing that goes wrong is kept in `failure`, and then the message is left as
 * it is.
 */
#ifndef ALGATE_ALG_TEXT_H
#define ALGATE_ALG_TEXT_H

#include "alg/alg.h"

struct span {
	uint32_t at, end;
};

struct reader {
	const uint8_t *bytes;
	struct findings *findings; /* NULL: nothing is said */
	uint8_t failure;	   /* enum alg_note */
	uint16_t media;		   /* how many there were so far */
	const char *place;	   /* of what is mentioned next; NULL */
};

static inline uint32_t span_size(struct span span)
{
	return span.end - span.at;
}

/* Blank, tab, and the line break of a folded header. */
static inline bool is_lws(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void text_fail(struct reader *reader, enum alg_note note);
/* Without white space around it. */
struct span text_trim(const struct reader *reader, struct span span);
/* Letters of either case are the same. */
bool text_is(const struct reader *reader, struct span span, const char *word);
bool text_begins(const struct reader *reader, struct span span, const char *word);
/* Where c stands; span.end: nowhere. */
uint32_t text_find(const struct reader *reader, struct span span, char c);
/* Likewise any of `stops` outside of quoted strings; a string that does not end is a failure. */
uint32_t text_find_any(struct reader *reader, struct span span, const char *stops);
/* Digits and nothing else, not above max. */
bool text_number(const struct reader *reader, struct span span, uint32_t max, uint32_t *out);
/* Four numbers of 0 to 255 without leading zeros and nothing else. */
bool text_address(const struct reader *reader, struct span span, ip4 *out);
/* Digits and dots only: if it is no address, it is nothing. */
bool text_is_dotted(const struct reader *reader, struct span span);
/* The next word of a line: up to a blank. rest moves behind it; false: there is none. */
bool text_word(const struct reader *reader, struct span *rest, struct span *word);
/* The next line, without its CR LF or LF; the last one, whose LF is not there, without CRs at its end. rest moves behind it;
 * false: there is none. */
bool text_line(const struct reader *reader, struct span *rest, struct span *line);

/* MENTION_NONE and a failure where there is no room. */
uint16_t say_mention(struct reader *reader, const struct mention *mention);
void say_field(struct reader *reader, struct span span, uint16_t mention, enum encoding encoding,
	       uint16_t aux);
/* A line that is inserted at `at`, see ENCODE_CONNECTION and ENCODE_RTCP. */
void say_line(struct reader *reader, uint32_t at, uint16_t mention, uint16_t unless,
	      enum encoding encoding, uint16_t aux);
/* The number that says how long `of` is. */
void say_length(struct reader *reader, struct span number, struct span of);
/* A note that does not keep the message from being changed; the first one stays. */
void say_note(struct reader *reader, enum alg_note note);

#endif
