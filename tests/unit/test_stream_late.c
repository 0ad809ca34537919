/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages whose rest does not come: what goes on unread, and from where on reading goes on. */
#include "streamhand.h"
#include "suite.h"

/* Waits 15 s; a message that begins with 1 has its length behind it. */
static void patient(void)
{
	lab->reader.patience = 15000;
	lab->lengths = true;
}

static void wait_in_vain(uint32_t ms)
{
	n_sent = 0;
	lab->now += ms;
	stream_due(lab->set, lab->now, lab->stream, &lab->reader, &lab->sink);
}

/* Where one was understood before, and the length of this one is known, it alone goes on unread. */
START_TEST(reading_goes_on_behind_a_late_message)
{
	patient();
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "rabcd\n", 0), STREAM_PASS);
	ck_assert(IS("raQRd\n"));
	data(1, 1, 7, "", 0);
	ck_assert_int_eq(data(0, 7, 1, "\x01\x0cxx", 0), STREAM_HELD);
	wait_in_vain(14999);
	ck_assert_uint_eq(n_sent, 0);
	wait_in_vain(1);
	ck_assert_uint_eq(lab->notes[NOTE_LATE], 1);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_int_eq(sent[0].to, 1);
	ck_assert_uint_eq(sent_payload(0), 4);
	ck_assert_mem_eq(sent_bytes(0), "\x01\x0cxx", 4);
	data(1, 1, 11, "", 0);
	/* Its rest, in which stands what would be a message. */
	ck_assert_int_eq(data(0, 11, 1, "rabcd\nyyrefgh\n", 0), STREAM_PASS);
	ck_assert(IS("rabcd\nyyreQRh\n"));
	ck_assert_uint_eq(lab->notes[NOTE_FOREIGN], 0);
	ck_assert_uint_eq(lab->messages, 2);
}
END_TEST

/* What the other side said shows as well what is spoken here; and both may be late. */
START_TEST(both_sides_are_late)
{
	patient();
	syns(MSS1460, 4);
	ck_assert_int_eq(data(1, 1, 1, "hello\n", 0), STREAM_PASS_UNCHANGED);
	ck_assert_int_eq(data(0, 1, 7, "\x01\x05xx", 0), STREAM_HELD);
	ck_assert_int_eq(data(1, 7, 1, "\x01", 0), STREAM_HELD);
	ck_assert_int_eq(data(1, 8, 1, "\x06", 0), STREAM_HELD);
	wait_in_vain(15000);
	ck_assert_uint_eq(lab->notes[NOTE_LATE], 2);
	ck_assert_uint_eq(n_sent, 2);
	data(1, 9, 5, "", 0);
	data(0, 5, 9, "", 0);
	ck_assert_int_eq(data(0, 5, 9, "yrabcd\n", 0), STREAM_PASS);
	ck_assert(IS("yraQRd\n"));
	data(1, 9, 12, "", 0);
	ck_assert_int_eq(data(1, 9, 12, "yyyyrabcd\n", 0), STREAM_PASS);
	ck_assert(IS("yyyyraQRd\n"));
}
END_TEST

START_TEST(nothing_is_read_behind_what_nobody_knows)
{
	for (int first = 0; first < 2; first++) {
		const char *half = first ? "\x01\x05xx" : "rabc"; /* nothing was understood yet; or no length is known */
		uint32_t at = 1;

		if (first)
			teardown(), setup();
		patient();
		syns(MSS1460, 4);
		if (!first)
			data(0, 1, 1, "hello\n", 0), data(1, 1, 7, "", 0), at = 7;
		ck_assert_int_eq(data(0, at, 1, half, 0), STREAM_HELD);
		wait_in_vain(15000);
		ck_assert_uint_eq(lab->notes[NOTE_LATE], 0);
		ck_assert_uint_eq(lab->notes[NOTE_FOREIGN], 1);
		data(1, 1, at + 4, "", 0);
		ck_assert_int_le(data(0, at + 4, 1, "y\nrabcd\n", 0), STREAM_PASS_UNCHANGED);
		ck_assert(IS("y\nrabcd\n"));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream_late");
	TCase *tests = tcase_create("late");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, reading_goes_on_behind_a_late_message);
	tcase_add_test(tests, both_sides_are_late);
	tcase_add_test(tests, nothing_is_read_behind_what_nobody_knows);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
