/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From findings to bytes: every encoding, every kind of number that depends on lengths, and what
 * cannot be written. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "alg/edit.h"
#include "suite.h"

static struct findings found;
static struct splices splices;
static struct resolved results[8];
static uint8_t out[ALG_MESSAGE_MAX + 1024];

static void setup(void)
{
	findings_clear(&found);
	memset(results, 0, sizeof(results));
}

static uint16_t mention(ip4 addr, uint16_t port, ip4 to, uint16_t to_port)
{
	struct mention row = {.at = {addr, port}};
	uint16_t index;

	ck_assert(find_mention(&found, &row, &index));
	results[index] = (struct resolved){{to, to_port}, to != addr || to_port != port};
	return index;
}

static void field(const char *message, const char *text, uint16_t index, uint8_t encoding,
		  uint16_t aux)
{
	struct field row = {.offset = (uint32_t)(strstr(message, text) - message),
			    .length = (uint32_t)strlen(text),
			    .mention = index,
			    .unless = MENTION_NONE,
			    .encoding = encoding,
			    .aux = aux};

	ck_assert(find_field(&found, &row));
}

static void dependent(uint32_t offset, uint32_t length, uint32_t from, uint32_t to, uint8_t kind)
{
	struct dependent row = {offset, length, from, to, kind};

	ck_assert(find_dependent(&found, &row));
}

static void become(const char *message, const char *want)
{
	uint32_t length = (uint32_t)strlen(message);

	ck_assert(edit((const uint8_t *)message, length, &found, results, &splices));
	splice_apply((const uint8_t *)message, length, &splices, out);
	out[splices.length] = 0;
	ck_assert_str_eq((char *)out, want);
}

START_TEST(encodings)
{
	const struct {
		const char *text, *want;
		uint8_t encoding;
		uint16_t aux;
	} rows[] = {
	    {"10.0.0.1", "203.0.113.10", ENCODE_ADDRESS, 0},
	    {"1234", "51212", ENCODE_PORT, 0},
	    {"10.0.0.1:1234", "203.0.113.10:51212", ENCODE_ADDRESS_PORT, 5060},
	    {"10.0.0.1", "203.0.113.10:51212", ENCODE_ADDRESS_PORT, 5060},
	    {"10.0.0.1", "203.0.113.10", ENCODE_ADDRESS_PORT, 51212},
	    {"10.0.0.1:51212", "203.0.113.10:51212", ENCODE_ADDRESS_PORT, 51212},
	    {"10,0,0,1,4,210", "203,0,113,10,200,12", ENCODE_COMMAS, 0},
	    {"10,0,0,1,2,4,210", "203,0,113,10,2,200,12", ENCODE_COMMAS_LONG, 0},
	    {"10.0.0.1|1234", "203.0.113.10|51212", ENCODE_DELIMITED, '|'},
	    {"abcdef", "\xcb\x00\x71\x0a\xc8\x0c", ENCODE_BINARY, 0},
	    {"xx", "\xc8\x0c", ENCODE_BINARY_PORT, 0},
	    {"\001"
	     "1\001"
	     "0\001"
	     "0\002"
	     "10",
	     "\002"
	     "10\003"
	     "113\001"
	     "0\003"
	     "203",
	     ENCODE_LABELS, 0},
	    {"", "c=IN IP4 203.0.113.10\r\n", ENCODE_CONNECTION, 0},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t length = (uint32_t)strlen(rows[i].text);

		setup();
		field(rows[i].text, rows[i].text, mention(0x0a000001, 1234, 0xcb00710a, 51212),
		      rows[i].encoding, rows[i].aux);
		ck_assert(edit((const uint8_t *)rows[i].text, length, &found, results, &splices));
		splice_apply((const uint8_t *)rows[i].text, length, &splices, out);
		/* One of them holds a zero byte. */
		ck_assert(memcmp(out, rows[i].want, splices.length) == 0);
		if (rows[i].encoding != ENCODE_BINARY)
			ck_assert_uint_eq(splices.length, strlen(rows[i].want));
	}
}
END_TEST

START_TEST(unchanged)
{
	const char *message = "PORT 10,0,0,1,4,210\r\n";

	setup();
	field(message, "10,0,0,1,4,210", mention(0x0a000001, 1234, 0x0a000001, 1234), ENCODE_COMMAS,
	      0);
	become(message, message);
	ck_assert_uint_eq(splices.n, 0);
}
END_TEST

/* Only what is the same from end to end is left out. */
START_TEST(the_beginning_of_what_was_there)
{
	const char *longer = "at 10.0.0.12 and 20", *same = "at 010.0.0.1 and 10.0.0.1";

	setup();
	field(longer, "10.0.0.12", mention(0x0a00000c, 0, 0x0a000001, 0), ENCODE_ADDRESS, 0);
	become(longer, "at 10.0.0.1 and 20");
	ck_assert_uint_eq(splices.n, 1);
	/* A port changes, but it is not written here. */
	setup();
	field(same, "10.0.0.1", mention(0x0a000001, 5, 0x0a000001, 6), ENCODE_ADDRESS, 0);
	become(same, same);
	ck_assert_uint_eq(splices.n, 0);
}
END_TEST

/* The outer number grows a digit because the inner one did. */
START_TEST(nested_decimals)
{
	const char *message =
	    "L: 98\r\n" /* the rest: 98 bytes */
	    "l: 9\r\n"
	    "10.0.0.1\n"
	    "..................................................................................\n";
	const char *want =
	    "L: 103\r\n"
	    "l: 13\r\n"
	    "203.0.113.10\n"
	    "..................................................................................\n";

	setup();
	ck_assert_uint_eq(strlen(message), 7 + 98);
	field(message, "10.0.0.1", mention(0x0a000001, 0, 0xcb00710a, 0), ENCODE_ADDRESS, 0);
	dependent(3, 2, 7, 7 + 98, DEPEND_DECIMAL);
	dependent(10, 1, 13, 22, DEPEND_DECIMAL);
	become(message, want);
}
END_TEST

/* Leading zeros of a number that does not change stay. */
START_TEST(kept_decimal)
{
	const char *message = "l: 0008\r\n10.0.0.1";

	setup();
	field(message, "10.0.0.1", mention(0x0a000001, 0, 0x0a000002, 0), ENCODE_ADDRESS, 0);
	dependent(3, 4, 9, 17, DEPEND_DECIMAL);
	become(message, "l: 0008\r\n10.0.0.2");
}
END_TEST

/* BER: 127 -> 128 needs a second byte, which makes the one around it longer too; a four-byte form
 * stays one. */
START_TEST(ber_ripple)
{
	uint8_t message[2 + 2 + 127] = {0x30, 0, 0x04, 127};
	uint32_t length;

	setup();
	memset(message + 4, '.', 127);
	memcpy(message + 4, "10.0.0.1", 8);
	struct field row = {.offset = 4,
			    .length = 8,
			    .mention = mention(0x0a000001, 0, 0x0a00000a, 0),
			    .unless = MENTION_NONE,
			    .encoding = ENCODE_ADDRESS};

	ck_assert(find_field(&found, &row));
	message[1] = 0x7f; /* not right, but it is what stands behind that counts */
	dependent(1, 1, 2, sizeof(message), DEPEND_BER);
	dependent(3, 1, 4, sizeof(message), DEPEND_BER);
	ck_assert(edit(message, sizeof(message), &found, results, &splices));
	splice_apply(message, sizeof(message), &splices, out);
	length = splices.length;
	ck_assert_uint_eq(length, sizeof(message) + 1 + 1 + 1);
	ck_assert_uint_eq(out[1], 0x81);
	ck_assert_uint_eq(out[2], 1 + 2 + 128);
	ck_assert_uint_eq(out[4], 0x81);
	ck_assert_uint_eq(out[5], 128);
}
END_TEST

START_TEST(ber_keeps_its_form)
{
	uint8_t message[5 + 8] = {0x84, 0, 0, 0, 8, '1', '0', '.', '0', '.', '0', '.', '1'};

	setup();
	struct field row = {.offset = 5,
			    .length = 8,
			    .mention = mention(0x0a000001, 0, 0xcb00710a, 0),
			    .unless = MENTION_NONE,
			    .encoding = ENCODE_ADDRESS};

	ck_assert(find_field(&found, &row));
	dependent(0, 5, 5, 13, DEPEND_BER);
	ck_assert(edit(message, sizeof(message), &found, results, &splices));
	splice_apply(message, sizeof(message), &splices, out);
	ck_assert(memcmp(out,
			 "\x84\0\0\0\x0c"
			 "203.0.113.10",
			 17) == 0);
}
END_TEST

/* DNS: a pointer behind a name that grew; one in front of it stays. */
START_TEST(pointers)
{
	uint8_t message[] = {0xc0, 4, 0xc0, 8, '1', '1', '1', '1', 'z'};

	setup();
	struct field row = {.offset = 4,
			    .length = 4,
			    .mention = mention(1, 0, 0x0a0b0c0d, 0),
			    .unless = MENTION_NONE,
			    .encoding = ENCODE_LABELS};

	ck_assert(find_field(&found, &row));
	dependent(0, 2, 4, 0, DEPEND_POINTER);
	dependent(2, 2, 8, 0, DEPEND_POINTER);
	ck_assert(edit(message, sizeof(message), &found, results, &splices));
	splice_apply(message, sizeof(message), &splices, out);
	ck_assert(memcmp(out,
			 "\xc0\x04\xc0\x10\002"
			 "13\002"
			 "12\002"
			 "11\002"
			 "10z",
			 17) == 0);
}
END_TEST

/* A line is put in only where the media came to different addresses, and counts in the length
 * around it. */
START_TEST(insertion_unless)
{
	const char *message = "l: 37\r\nc=IN IP4 10.0.0.1\r\nm=audio\r\nm=video\r\n";
	const char *want =
	    "l: 62\r\nc=IN IP4 203.0.113.1\r\nm=audio\r\nm=video\r\nc=IN IP4 203.0.113.2\r\n";
	uint16_t audio, video;
	struct field row = {.offset = (uint32_t)strlen(message), .encoding = ENCODE_CONNECTION};

	for (unsigned same = 0; same < 2; same++) {
		setup();
		audio = mention(0x0a000001, 0, 0xcb007101, 0);
		video = mention(0x0a000001, 0, same ? 0xcb007101 : 0xcb007102, 0);
		field(message, "10.0.0.1", audio, ENCODE_ADDRESS, 0);
		row.mention = video;
		row.unless = audio;
		ck_assert(find_field(&found, &row));
		dependent(3, 2, 7, (uint32_t)strlen(message), DEPEND_DECIMAL);
		become(message,
		       same ? "l: 40\r\nc=IN IP4 203.0.113.1\r\nm=audio\r\nm=video\r\n" : want);
	}
}
END_TEST

START_TEST(copies)
{
	const char *message = "ab.cd.<>10.0.0.1";

	setup();
	struct field row = {.offset = 6,
			    .length = 2,
			    .mention = mention(0x0a000001, 0, 0x0a000002, 0),
			    .unless = MENTION_NONE,
			    .encoding = ENCODE_COPY,
			    .from = 0,
			    .to = 6};

	ck_assert(find_field(&found, &row));
	field(message, "10.0.0.1", 0, ENCODE_ADDRESS, 0);
	become(message, "ab.cd.ab.cd.10.0.0.2");
	results[0].changed = false;
	become(message, message);
}
END_TEST

/* What has no room for its number cannot be written, and is not written half. */
START_TEST(too_large)
{
	static uint8_t message[ALG_MESSAGE_MAX];

	setup();
	memset(message, '.', sizeof(message));
	memcpy(message + 2, "10.0.0.1", 8);
	struct field row = {.offset = 2,
			    .length = 8,
			    .mention = mention(0x0a000001, 0, 0xcb00710a, 0),
			    .unless = MENTION_NONE,
			    .encoding = ENCODE_ADDRESS};

	ck_assert(find_field(&found, &row));
	ck_assert(!edit(message, sizeof(message), &found, results, &splices));
	ck_assert(edit(message, sizeof(message) - 4, &found, results, &splices));
	dependent(0, 2, 2, 65000, DEPEND_BE16);
	ck_assert(edit(message, 65530, &found, results, &splices));
	found.dependents[0].from = 0;
	found.dependents[0].to = 65533;
	ck_assert(!edit(message, 65533, &found, results, &splices));
	dependent(20, 2, 0x3fff, 0, DEPEND_POINTER);
	ck_assert(!edit(message, 65000, &found, results, &splices));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alg_edit");
	TCase *tcase = tcase_create("edit");

	tcase_add_test(tcase, encodings);
	tcase_add_test(tcase, unchanged);
	tcase_add_test(tcase, the_beginning_of_what_was_there);
	tcase_add_test(tcase, nested_decimals);
	tcase_add_test(tcase, kept_decimal);
	tcase_add_test(tcase, ber_ripple);
	tcase_add_test(tcase, ber_keeps_its_form);
	tcase_add_test(tcase, pointers);
	tcase_add_test(tcase, insertion_unless);
	tcase_add_test(tcase, copies);
	tcase_add_test(tcase, too_large);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
