/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIP messages for tests, written once: what is between two carets is to be changed, as laws_map
 * does, and everything else has to stay.
 *
 *     ^10.0.0.9:5060^   both      ^10.0.0.9^  the address     ^5060^  the port
 *     ^10.0.0.9|5060^   the address, behind which the port comes to stand
 *     ^+text^           not there before; $5061$ within it is a port that was mapped
 *     ^#^               length of the body      ^=^  of the part, up to the next line that begins
 * with --
 */
#ifndef ALGATE_TEST_SIPLAB_H
#define ALGATE_TEST_SIPLAB_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alg_laws.h"

struct sip_text {
	uint32_t length;
	char bytes[80000];
};

/* Where lengths will stand. */
#define LENGTH_BODY '\016'
#define LENGTH_PART '\017'

static uint8_t state[ALG_STATE_MAX];

static inline void sip_put(struct sip_text *out, const char *bytes, size_t n)
{
	ck_assert_uint_lt(out->length + n, sizeof(out->bytes));
	memcpy(out->bytes + out->length, bytes, n);
	out->length += (uint32_t)n;
	out->bytes[out->length] = '\0';
}

static inline unsigned sip_port(unsigned port)
{
	return (port ^ 0x5555) | 1024;
}

/* What is between the carets. */
static inline void sip_mark(struct sip_text *out, const char *mark, size_t n, bool mapped)
{
	char text[256], to[64] = "";
	unsigned a, b, c, d, port;
	char between;
	int fields;

	ck_assert_uint_lt(n, sizeof(text));
	memcpy(text, mark, n);
	text[n] = '\0';
	if (text[0] == '+') {
		char *dollar = strchr(text, '$');

		if (!mapped)
			return;
		if (dollar == NULL) {
			sip_put(out, text + 1, n - 1);
			return;
		}
		sip_put(out, text + 1, (size_t)(dollar - text - 1));
		snprintf(to, sizeof(to), "%u", sip_port((unsigned)atoi(dollar + 1)));
		sip_put(out, to, strlen(to));
		dollar = strchr(dollar + 1, '$') + 1;
		sip_put(out, dollar, strlen(dollar));
		return;
	}
	fields = sscanf(text, "%u.%u.%u.%u %c %u", &a, &b, &c, &d, &between, &port);
	ck_assert(fields == 1 || fields == 4 || fields == 6);
	if (!mapped)
		n = fields == 6 && between == '|' ? (size_t)(strchr(text, '|') - text) : n;
	else if (fields == 1)
		snprintf(text, sizeof(text), "%u", sip_port(a));
	else
		snprintf(text, sizeof(text), fields == 4 ? "203.0.113.%u" : "203.0.113.%u:%u", d,
			 fields == 4 ? 0 : sip_port(port));
	sip_put(out, text, mapped ? strlen(text) : n);
}

/* Lengths are put in when everything behind them is known: from the last one on. */
static inline void sip_lengths(struct sip_text *out)
{
	for (uint32_t at = out->length; at-- > 0;) {
		char number[16];
		const char *from, *to;
		size_t n;

		if (out->bytes[at] != LENGTH_BODY && out->bytes[at] != LENGTH_PART)
			continue;
		from = strstr(out->bytes + at, "\n\r\n");
		from = from != NULL ? from + 3 : strstr(out->bytes + at, "\n\n") + 2;
		to = out->bytes[at] == LENGTH_BODY ? out->bytes + out->length
						   : strstr(from, "\r\n--");
		snprintf(number, sizeof(number), "%u", (unsigned)(to - from));
		n = strlen(number);
		memmove(out->bytes + at + n, out->bytes + at + 1, out->length - at);
		memcpy(out->bytes + at, number, n);
		out->length += (uint32_t)n - 1;
	}
}

static inline void sip_render(const char *text, bool mapped, struct sip_text *out)
{
	out->length = 0;
	for (const char *caret; (caret = strchr(text, '^')) != NULL;) {
		const char *end = strchr(caret + 1, '^');

		ck_assert_ptr_nonnull(end);
		sip_put(out, text, (size_t)(caret - text));
		if (caret[1] == '#' || caret[1] == '=')
			sip_put(out, &(char){caret[1] == '#' ? LENGTH_BODY : LENGTH_PART}, 1);
		else
			sip_mark(out, caret + 1, (size_t)(end - caret - 1), mapped);
		text = end + 1;
	}
	sip_put(out, text, strlen(text));
	sip_lengths(out);
}

static inline const struct findings *sip_scan_bytes(const char *bytes, uint32_t length)
{
	static struct sip_text copy;

	memcpy(copy.bytes, bytes, length);
	ck_assert_int_eq(
	    laws_message(ALG_SIP, state, FROM_CLIENT, (const uint8_t *)copy.bytes, length, false),
	    SCAN_OK);
	return laws_findings();
}

/* The message as it is before; what was found. */
static inline const struct findings *sip_found(const char *text)
{
	static struct sip_text had;

	sip_render(text, false, &had);
	return sip_scan_bytes(had.bytes, had.length);
}

/* It becomes what its marks say. */
static inline const struct findings *sip_becomes(const char *text)
{
	static struct sip_text had, want;
	static uint8_t got[200000];
	uint32_t n;

	sip_render(text, false, &had);
	sip_render(text, true, &want);
	n = laws_edited(ALG_SIP, state, FROM_CLIENT, (const uint8_t *)had.bytes, had.length, false,
			got);
	got[n] = '\0';
	ck_assert_str_eq((const char *)got, want.bytes);
	ck_assert_uint_eq(n, want.length);
	return laws_findings();
}

/* Not a byte of it changes, and this is why. */
static inline void sip_stays(const char *text, enum alg_note note)
{
	const struct findings *found = sip_becomes(text);

	ck_assert_str_eq(alg_note_text((enum alg_note)found->note), alg_note_text(note));
	ck_assert_uint_eq(found->n_fields, 0);
	ck_assert_uint_eq(found->said, SAID_NOTHING);
}

#define SIP_MIDDLE                                                                                 \
	"Via: SIP/2.0/UDP a.example.com;branch=z9hG4bK1\r\n"                                       \
	"From: <sip:a@example.com>;tag=1\r\n"                                                      \
	"To: <sip:b@example.com>\r\n"                                                              \
	"Call-ID: c1\r\n"
/* A message about nothing, for a header field or a body of interest. */
#define SIP_MESSAGE(method, more)                                                                  \
	method " sip:b@example.com SIP/2.0\r\n" SIP_MIDDLE "CSeq: 1 " method "\r\n" more
#define SIP_REPLY(status, method, more)                                                            \
	"SIP/2.0 " status "\r\n" SIP_MIDDLE "CSeq: 1 " method "\r\n" more

#endif
