/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DNS gateway as a function of bytes. Messages are put together by hand, so that compression is where the test wants it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "alg_laws.h"
#include "suite.h"

#define HOST "\12\0\0\11"      /* 10.0.0.9 */
#define GLOBAL "\313\0\161\11" /* 203.0.113.9 */
#define REVERSE_HOST "\0019\0010\0010\00210"
#define REVERSE_GLOBAL "\0019\003113\0010\003203"
#define ARPA "\007in-addr\004arpa\0"

static uint8_t state[ALG_STATE_MAX];
static uint8_t out[70000];
static uint8_t message[70000];
static uint32_t length;

static void put(const void *bytes, uint32_t n)
{
	memcpy(message + length, bytes, n);
	length += n;
}
#define PUT(text) put(text, sizeof(text) - 1)

static void header(unsigned flags, unsigned qd, unsigned an, unsigned ns, unsigned ar)
{
	const uint8_t bytes[12] = {0x12, 0x34, (uint8_t)(flags >> 8), (uint8_t)flags, 0, (uint8_t)qd, 0,
				   (uint8_t)an, 0, (uint8_t)ns, 0, (uint8_t)ar};

	length = 0;
	put(bytes, 12);
}

static enum scan scan(void)
{
	return laws_message(ALG_DNS, state, FROM_SERVER, message, length, false);
}

/* What the message becomes is what comes next in `message`. */
static void becomes(void)
{
	uint32_t n = laws_edited(ALG_DNS, state, FROM_SERVER, message, length, false, out);

	ck_assert_uint_ne(n, 0);
	ck_assert_uint_eq(n, length);
	ck_assert_mem_eq(out, message, length);
}

static void edited_is(const void *want, uint32_t n)
{
	uint32_t got = laws_edited(ALG_DNS, state, FROM_SERVER, message, length, false, out);

	ck_assert_uint_eq(got, n);
	ck_assert_mem_eq(out, want, n);
}

#define QUESTION_A "\003www\007example\0\0\1\0\1"

START_TEST(addresses)
{
	static const char tail[] = QUESTION_A "\300\14\0\1\0\1\0\0\2\130\0\4" HOST "\300\14\0\1\0\1\0\0\2\130\0\4\1\2\3\4";
	static const char want[] = QUESTION_A "\300\14\0\1\0\1\0\0\0\0\0\4" GLOBAL "\300\14\0\1\0\1\0\0\2\130\0\4\1\2\3\4";

	header(0x8180, 1, 2, 0, 0);
	PUT(tail);
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_mentions, 2);
	ck_assert_str_eq(laws_findings()->message, "RESPONSE");
	edited_is(memcpy(memcpy(out + 60000, message, 12) + 12, want, sizeof(want) - 1) - 12, length);
}
END_TEST

/* The answer's owner is a pointer to the question, the zone's one into its numbers; both stand behind what grows. */
START_TEST(reverse_answer)
{
	static const char had[] = REVERSE_HOST ARPA "\0\14\0\1"
				  "\300\14\0\14\0\1\0\0\0\74\0\6\002pc\001a\0"
				  "\300\16\0\2\0\1\0\0\0\74\0\5\002ns\300\77";
	static const char want[] = REVERSE_GLOBAL ARPA "\0\14\0\1"
				   "\300\14\0\14\0\1\0\0\0\74\0\6\002pc\001a\0"
				   "\0010\0010\00210" ARPA "\0\2\0\1\0\0\0\74\0\5\002ns\300\102";

	header(0x8580, 1, 1, 1, 0);
	PUT(had);
	/* The pointer at the end leads to the `a` of the answer. */
	message[length - 1] = 12 + sizeof(REVERSE_HOST ARPA) - 1 + 4 + 12 + 3;
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_mentions, 1);
	uint32_t n = 12 + sizeof(want) - 1;

	memcpy(out + 60000, message, 12);
	memcpy(out + 60012, want, sizeof(want) - 1);
	out[60000 + n - 1] = (uint8_t)(12 + sizeof(REVERSE_GLOBAL ARPA) - 1 + 4 + 12 + 3);
	edited_is(out + 60000, n);
}
END_TEST

/* The name of an address that is the end of a longer name, which stays: the pointer is written out. One that points to
 * that pointer becomes the same. */
START_TEST(reverse_end)
{
	static const char had[] = "\002_x" REVERSE_HOST ARPA "\0\14\0\1"
				  "\300\17\0\14\0\1\0\0\0\74\0\4\002pc\0"
				  "\300\52\0\14\0\1\0\0\0\74\0\4\002pd\0";
	static const char want[] = "\002_x" REVERSE_HOST ARPA "\0\14\0\1" REVERSE_GLOBAL ARPA
				   "\0\14\0\1\0\0\0\74\0\4\002pc\0"
				   "\300\52\0\14\0\1\0\0\0\74\0\4\002pd\0";

	header(0x8180, 1, 2, 0, 0);
	PUT(had);
	ck_assert_uint_eq(message[42], 0xc0);
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_mentions, 1);
	memcpy(out + 60000, message, 12);
	memcpy(out + 60012, want, sizeof(want) - 1);
	edited_is(out + 60000, 12 + sizeof(want) - 1);
}
END_TEST

/* A name in front of one that becomes longer: the whole message is left, if the name could be too long then. */
START_TEST(reverse_tight)
{
	static const char had[] = REVERSE_HOST ARPA "\0\14\0\1";
	static const char rest[] = "\300\14\0\1\0\1\0\0\0\74\0\4\1\2\3\4";
	uint8_t label[64];

	memset(label, 'x', sizeof(label));
	for (uint8_t last = 32; last <= 33; last++) {
		header(0x8180, 1, 1, 0, 0);
		PUT(had);
		for (unsigned i = 0; i < 4; i++) {
			label[0] = i < 3 ? 63 : last;
			put(label, label[0] + 1u);
		}
		PUT(rest);
		ck_assert_int_eq(scan(), SCAN_OK);
		ck_assert_uint_eq(laws_findings()->n_mentions, last == 32 ? 2 : 0);
		ck_assert_uint_eq(laws_findings()->note, last == 32 ? NOTE_NONE : NOTE_TOO_BIG);
	}
}
END_TEST

/* A later message of a zone transfer: a whole name, and one of its own number that points into it: it is written out once. */
START_TEST(reverse_split_watched)
{
	static const char rest[] = "\0010\0010\00210" ARPA "\0\14\0\1\0\0\0\74\0\4\002pc\0";
	static const char second[] = "\0019\300\16\0\14\0\1\0\0\0\74\0\4\002pd\0";
	static const char want_first[] = "\0018\003113\0010\003203" ARPA "\0\14\0\1\0\0\0\74\0\4\002pc\0";
	static const char want_second[] = REVERSE_GLOBAL ARPA "\0\14\0\1\0\0\0\74\0\4\002pd\0";

	header(0x8480, 0, 2, 0, 0);
	PUT("\0018");
	PUT(rest);
	PUT(second);
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_mentions, 2);
	memcpy(out + 60000, message, 12);
	memcpy(out + 60012, want_first, sizeof(want_first) - 1);
	memcpy(out + 60012 + sizeof(want_first) - 1, want_second, sizeof(want_second) - 1);
	edited_is(out + 60000, 12 + sizeof(want_first) - 1 + sizeof(want_second) - 1);
}
END_TEST

/* A zone transfer: the last number here, the rest where the pointer leads. */
START_TEST(reverse_split)
{
	static const char had[] = "\0010\0010\00210" ARPA "\0\374\0\1"
				  "\0019\300\14\0\14\0\1\0\0\0\74\0\4\002pc\0"
				  "\300\43\0\14\0\1\0\0\0\74\0\4\002pd\0";
	static const char want[] = "\0010\0010\00210" ARPA "\0\374\0\1" REVERSE_GLOBAL ARPA
				   "\0\14\0\1\0\0\0\74\0\4\002pc\0"
				   "\300\43\0\14\0\1\0\0\0\74\0\4\002pd\0";

	header(0x8480, 1, 2, 0, 0);
	PUT(had);
	/* The second owner is the first one. */
	for (uint32_t at = 12; at + 1 < length; at++)
		if (message[at] == 0xc0 && message[at + 1] == 0x23)
			message[at + 1] = 12 + sizeof("\0010\0010\00210" ARPA) - 1 + 4;
	ck_assert_int_eq(scan(), SCAN_OK);
	memcpy(out + 60000, message, 12);
	memcpy(out + 60012, want, sizeof(want) - 1);
	for (uint32_t at = 60012; at < 60012 + sizeof(want); at++)
		if (out[at] == 0xc0 && out[at + 1] == 0x23)
			out[at + 1] = 12 + sizeof("\0010\0010\00210" ARPA) - 1 + 4;
	edited_is(out + 60000, 12 + sizeof(want) - 1);
}
END_TEST

/* Not four numbers, or none that an address could have. */
START_TEST(no_reverse_names)
{
	static const char *const names[] = {"\0010\0010\00210" ARPA, "\003256\0010\0010\00210" ARPA,
					    "\00209\0010\0010\00210" ARPA, "\001x\0010\0010\00210" ARPA,
					    "\001a\0019\0010\0010\00210" ARPA};
	static const uint8_t sizes[] = {20, 24, 23, 22, 24};

	for (unsigned i = 0; i < 5; i++) {
		header(0x0100, 1, 0, 0, 0);
		put(names[i], (uint32_t)sizes[i] + (names[i][sizes[i]] == 0 ? 1 : 0));
		PUT("\0\14\0\1");
		if (scan() == SCAN_OK)
			ck_assert_uint_eq(laws_findings()->n_mentions, 0);
	}
	header(0x0100, 1, 0, 0, 0);
	PUT(REVERSE_HOST "\007IN-ADDR\004ARPA\0\0\14\0\1");
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_mentions, 1);
}
END_TEST

START_TEST(signed_messages)
{
	/* TSIG */
	header(0x2800, 1, 0, 1, 1);
	PUT("\1z\0\0\6\0\1" "\1a\300\14\0\1\0\1\0\0\0\74\0\4" HOST "\1k\0\0\372\0\377\0\0\0\0\0\2\0\0");
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->note, NOTE_SIGNED);
	becomes();
	/* RRSIG over A; over MX it says nothing about addresses. */
	for (unsigned type = 1; type < 16; type += 14) {
		header(0x8180, 1, 2, 0, 0);
		PUT(QUESTION_A "\300\14\0\1\0\1\0\0\0\0\0\4" HOST "\300\14\0\56\0\1\0\0\0\0\0\4\0");
		put(&(uint8_t){(uint8_t)type}, 1);
		PUT("\0\0");
		ck_assert_int_eq(scan(), SCAN_OK);
		ck_assert_uint_eq(laws_findings()->note, type == 1 ? NOTE_SIGNED : NOTE_NONE);
		ck_assert_uint_eq(laws_findings()->n_mentions, type == 1 ? 0 : 1);
	}
}
END_TEST

/* RFC 2136: what is added, with its TTL as it is. */
START_TEST(update)
{
	header(0x2800, 1, 0, 1, 0);
	PUT("\1z\0\0\6\0\1" "\1a\300\14\0\1\0\1\0\0\0\74\0\4" HOST);
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_str_eq(laws_findings()->message, "UPDATE");
	ck_assert_uint_eq(laws_findings()->n_mentions, 1);
	ck_assert_uint_eq(laws_findings()->n_fields, 1);
	/* Deleting an RRset: no data. */
	header(0x2800, 1, 0, 1, 0);
	PUT("\1z\0\0\6\0\1" "\1a\300\14\0\1\0\377\0\0\0\0\0\0");
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_mentions, 0);
}
END_TEST

START_TEST(service_hints)
{
	header(0x8180, 1, 1, 0, 0);
	PUT(QUESTION_A "\300\14\0\101\0\1\0\0\0\74\0\26" "\0\1\0" "\0\3\0\2\1\273" "\0\4\0\10" HOST "\1\2\3\4");
	message[length - 22] = 21;
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_mentions, 2);
}
END_TEST

START_TEST(options)
{
	struct findings *findings = (struct findings *)laws_findings();

	header(0x8180, 1, 1, 0, 0);
	PUT(QUESTION_A "\300\14\0\1\0\1\0\0\2\130\0\4" HOST);
	findings->options = ALG_OPTION_KEEP_TTL;
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_fields, 1);
	header(0x8180, 1, 1, 0, 0);
	PUT("\003www\007example\0\0\34\0\1" "\300\14\0\1\0\1\0\0\2\130\0\4" HOST);
	findings->options = ALG_OPTION_NO_DNS_V6;
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_mentions, 0);
	findings->options = 0;
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_mentions, 1);
}
END_TEST

/* Pointers that lead forwards, to themselves, into the header; lengths that lie; counts without records. */
START_TEST(malformed)
{
	header(0x0100, 1, 0, 0, 0);
	PUT("\300\14\0\1\0\1");
	ck_assert_int_eq(scan(), SCAN_FOREIGN);
	header(0x0100, 1, 0, 0, 0);
	PUT("\300\20\0\1\0\1\0\0\0\0");
	ck_assert_int_eq(scan(), SCAN_FOREIGN);
	header(0x0100, 2, 0, 0, 0);
	PUT("\1a\0\0\1\0\1" "\300\2\0\1\0\1");
	ck_assert_int_eq(scan(), SCAN_FOREIGN);
	header(0x0100, 1, 0, 0, 0);
	PUT("\100a");
	ck_assert_int_eq(scan(), SCAN_FOREIGN);
	header(0x8180, 1, 1, 0, 0);
	PUT(QUESTION_A "\300\14\0\1\0\1\0\0\0\0\0\5" HOST);
	ck_assert_int_eq(scan(), SCAN_FOREIGN);
	header(0x8180, 1, 1, 0, 0);
	PUT(QUESTION_A "\300\14\0\1\0\1\0\0\0\0\0\3\1\2\3");
	ck_assert_int_eq(scan(), SCAN_FOREIGN);
	header(0x8180, 1, 9, 0, 0);
	PUT(QUESTION_A);
	ck_assert_int_eq(scan(), SCAN_FOREIGN);
	header(0x7800, 1, 0, 0, 0);
	PUT(QUESTION_A);
	ck_assert_int_eq(scan(), SCAN_FOREIGN);
	length = 3;
	ck_assert_int_eq(scan(), SCAN_FOREIGN);
	/* A name of names: each label once more. */
	header(0x0100, 2, 0, 0, 0);
	PUT("\1a\0\0\1\0\1");
	for (unsigned i = 0; i < 200; i++)
		PUT("\1b");
	PUT("\300\14\0\1\0\1");
	ck_assert_int_eq(scan(), SCAN_FOREIGN);
}
END_TEST

#define WHOLE REVERSE_HOST ARPA "\0\14\0\1\0\0\0\74\0\4\002pc\0"
#define WHOLE_BECOMES REVERSE_GLOBAL ARPA "\0\14\0\1\0\0\0\74\0\4\002pc\0"
#define FIXED "\0\14\0\1\0\0\0\74\0"

/* A record of the root with text, up to this offset. */
static void fill_to(uint32_t end)
{
	const uint32_t size = end - length - 11;
	const uint8_t head[11] = {0, 0, 16, 0, 1, 0, 0, 0, 60, (uint8_t)(size >> 8), (uint8_t)size};

	put(head, sizeof(head));
	memset(message + length, 'x', size);
	length += size;
}

/* Names at 16382 that are pointed to: three bytes further on no pointer reaches them. */
static void far_names(const char *first, uint32_t n)
{
	header(0x8480, 0, 5, 0, 0);
	put(first, n);
	fill_to(16382 - 11);
}

START_TEST(pointers_that_reach_no_more)
{
	static const char reach[] = "\0" FIXED "\5\1h\1e\0" "\377\376" FIXED "\4\1x\377\376" "\1y\377\376" FIXED "\2\377\376";
	static const char written[] = "\0" FIXED "\5\1h\1e\0" "\1h\1e\0" FIXED "\7\1x\1h\1e\0" "\1y\1h\1e\0" FIXED
				      "\5\1h\1e\0";

	far_names(WHOLE, sizeof(WHOLE) - 1);
	ck_assert_uint_eq(length + 11, 16382);
	put(reach, sizeof(reach) - 1);
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_mentions, 1);
	uint32_t had = length, n = laws_edited(ALG_DNS, state, FROM_SERVER, message, length, false, out);

	ck_assert_uint_eq(n, had + 3 + sizeof(written) - sizeof(reach));
	ck_assert_mem_eq(out + n - (sizeof(written) - 1), written, sizeof(written) - 1);
	/* Without growth the same pointers stay. */
	far_names(WHOLE_BECOMES, sizeof(WHOLE_BECOMES) - 1);
	put(reach, sizeof(reach) - 1);
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_fields, 1);
	n = length;
	ck_assert_uint_eq(laws_edited(ALG_DNS, state, FROM_SERVER, message, length, false, out), n);
	ck_assert_mem_eq(out, message, n);
}
END_TEST

/* What is written out in place of a pointer is what the name has become. */
START_TEST(a_changed_name_that_is_reached_no_more)
{
	static const char reach[] = "\0" FIXED "\27" REVERSE_HOST ARPA "\377\376" FIXED "\2\377\376";
	static const char written[] = "\0" FIXED "\32" REVERSE_GLOBAL ARPA REVERSE_GLOBAL ARPA FIXED "\32" REVERSE_GLOBAL ARPA;

	far_names(WHOLE, sizeof(WHOLE) - 1);
	message[7] = 4;
	put(reach, sizeof(reach) - 1);
	ck_assert_int_eq(scan(), SCAN_OK);
	uint32_t had = length, n = laws_edited(ALG_DNS, state, FROM_SERVER, message, length, false, out);

	ck_assert_uint_eq(n, had + 3 + sizeof(written) - sizeof(reach));
	ck_assert_mem_eq(out + n - (sizeof(written) - 1), written, sizeof(written) - 1);
}
END_TEST

/* The longest message there is, and one byte more than a length can say. */
START_TEST(grown_to_the_longest)
{
	for (uint32_t more = 0; more < 2; more++) {
		header(0x8480, 0, 2, 0, 0);
		PUT(WHOLE);
		fill_to(65532 + more);
		ck_assert_int_eq(scan(), SCAN_OK);
		memmove(message + 2, message, length);
		message[0] = (uint8_t)(length >> 8);
		message[1] = (uint8_t)length;
		ck_assert_uint_eq(laws_edited(ALG_DNS, state, FROM_SERVER, message, length + 2, true, out),
				  more == 0 ? 65537 : 0);
	}
}
END_TEST

/* Names that others point into: so many, and no more; then nothing is changed. */
START_TEST(watched_names)
{
	for (unsigned n = 64; n < 66; n++) {
		header(0x8480, 0, 2 * n, 0, 0);
		for (unsigned i = 0; i < n; i++) {
			const uint32_t to = length + 2;

			PUT(REVERSE_HOST ARPA FIXED "\4\002pc\0" "\0018");
			put((const uint8_t[]){(uint8_t)(0xc0 | to >> 8), (uint8_t)to}, 2);
			PUT(FIXED "\4\002pc\0");
		}
		ck_assert_int_eq(scan(), SCAN_OK);
		ck_assert_uint_eq(laws_findings()->note, n == 64 ? NOTE_NONE : NOTE_TOO_MANY);
		ck_assert_uint_eq(laws_findings()->n_mentions, n == 64 ? 128 : 0);
	}
}
END_TEST

/* RFC 1035 4.2.2, several at once; the length in front follows the name that grew. */
START_TEST(stream)
{
	uint8_t two[256];
	uint32_t n = 0;

	header(0x0100, 1, 0, 0, 0);
	PUT(REVERSE_HOST ARPA "\0\14\0\1");
	for (unsigned i = 0; i < 2; i++) {
		two[n++] = 0;
		two[n++] = (uint8_t)length;
		memcpy(two + n, message, length);
		n += length;
	}
	ck_assert_uint_eq(laws_stream(ALG_DNS, state, FROM_CLIENT, two, n), 2);
	uint32_t got = laws_stream_edited(ALG_DNS, state, FROM_CLIENT, two, n, out);

	ck_assert_uint_eq(got, n + 2 * (sizeof(REVERSE_GLOBAL) - sizeof(REVERSE_HOST)));
	ck_assert_uint_eq(out[1], length + sizeof(REVERSE_GLOBAL) - sizeof(REVERSE_HOST));
	ck_assert_uint_eq(out[2 + out[1] + 1], out[1]);
	/* Not DNS: told by what a length in front cannot be. */
	ck_assert_uint_eq(laws_stream(ALG_DNS, state, FROM_CLIENT, (const uint8_t *)"\0\5hello", 7), 0);
}
END_TEST

/* Owners each of which is a pointer to the one before: to follow all of them takes the square of their number. */
static void pointer_chain(unsigned n)
{
	unsigned before = 12;

	header(0x8180, 1, 0, 0, 0);
	message[6] = (uint8_t)(n >> 8);
	message[7] = (uint8_t)n;
	PUT(QUESTION_A);
	for (unsigned i = 0; i < n; i++) {
		const uint8_t pointer[2] = {(uint8_t)(0xc0 | before >> 8), (uint8_t)before};

		before = length;
		put(pointer, 2);
		PUT("\0\1\0\1\0\0\2\130\0\4" HOST);
	}
}

START_TEST(pointers_to_pointers)
{
	pointer_chain(100);
	ck_assert_int_eq(scan(), SCAN_OK);
	ck_assert_uint_eq(laws_findings()->n_mentions, 100);
	pointer_chain(1000);
	ck_assert_int_eq(scan(), SCAN_FOREIGN);
	ck_assert_int_eq(laws_findings()->note, NOTE_TOO_MANY);
	ck_assert_uint_eq(laws_findings()->n_mentions, 0);
}
END_TEST

static enum frame frame(const char *bytes, uint32_t n)
{
	uint32_t size = 0;

	return alg_gateway(ALG_DNS)->frame(state, FROM_CLIENT, (const uint8_t *)bytes, n, &size);
}

/* Nobody waits for what other protocols seem to announce: the header says more records than have room. */
START_TEST(stream_foreign)
{
	static const char text[] = "GET / HTTP/1.0\r\n\r\n", least[] = "\0\21\0\1\1\0\0\1\0\0\0\0\0\0\0\0\1\0\1";

	ck_assert_int_eq(frame(text, 13), FRAME_MORE);
	ck_assert_int_eq(frame(text, 14), FRAME_FOREIGN);
	ck_assert_int_eq(frame(least, 18), FRAME_MORE);
	ck_assert_int_eq(frame(least, 19), FRAME_WHOLE);
	ck_assert_int_eq(frame("\0\20\0\1\1\0\0\1\0\0\0\0\0\0\0\0\1\0\1", 18), FRAME_FOREIGN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alg_dns");
	TCase *tc = tcase_create("dns");

	tcase_add_test(tc, addresses);
	tcase_add_test(tc, reverse_answer);
	tcase_add_test(tc, reverse_split);
	tcase_add_test(tc, reverse_end);
	tcase_add_test(tc, reverse_tight);
	tcase_add_test(tc, reverse_split_watched);
	tcase_add_test(tc, no_reverse_names);
	tcase_add_test(tc, signed_messages);
	tcase_add_test(tc, update);
	tcase_add_test(tc, service_hints);
	tcase_add_test(tc, options);
	tcase_add_test(tc, malformed);
	tcase_add_test(tc, pointers_that_reach_no_more);
	tcase_add_test(tc, a_changed_name_that_is_reached_no_more);
	tcase_add_test(tc, grown_to_the_longest);
	tcase_add_test(tc, watched_names);
	tcase_add_test(tc, stream);
	tcase_add_test(tc, pointers_to_pointers);
	tcase_add_test(tc, stream_foreign);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
