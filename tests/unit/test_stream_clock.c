/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long the engine waits until it sends its own bytes again (RFC 6298): from the first of them on as long as round trips have
 * shown that the receiver takes, not a second. */
#include "nat/stream_store.h"
#include "streamhand.h"
#include "suite.h"

#define TRIP  30u   /* ms from the engine to an end and back */
#define FIRST 1000u /* RFC 6298 2.1 */

static void one_syn(int from, uint8_t flags)
{
	struct lab_segment s = {.seq = from == 0 ? ISN_A : ISN_B,
				.ack = from == 0 ? 0 : ISN_A + 1,
				.flags = F_SYN | flags,
				.window = 60000,
				.options = (const uint8_t *)MSS1460,
				.options_length = 4};

	give(from, &s);
}

/* Both round trips of a handshake take TRIP; each SYN comes so many times, within no time. */
static void handshake(int times)
{
	for (int i = 0; i < times; i++)
		one_syn(0, 0);
	lab->now += TRIP;
	for (int i = 0; i < times; i++)
		one_syn(1, F_ACK);
	lab->now += TRIP;
	data(0, 1, 1, "", 0);
}

/* Half a message and the rest of it: taken over, sent on. When is it sent again? */
static uint64_t waits(int from, uint32_t seq, uint32_t ack)
{
	uint32_t stream;

	ck_assert_int_eq(data(from, seq, ack, "ha", 0), STREAM_HELD);
	n_sent = 0;
	ck_assert_int_eq(data(from, seq + 2, ack, "lf\n", 0), STREAM_HELD);
	ck_assert_uint_ge(n_sent, 1);
	return stream_next_due(lab->set, &stream) - lab->now;
}

START_TEST(the_handshake_shows_how_long_a_trip_takes)
{
	handshake(1);
	ck_assert_uint_gt(waits(0, 1, 1), TRIP);
	ck_assert_uint_lt(waits(0, 6, 1), FIRST / 2);
	ck_assert_uint_gt(waits(1, 1, 11), TRIP);
	ck_assert_uint_lt(waits(1, 6, 11), FIRST / 2);
}
END_TEST

/* It is sent again then, and what it waits for next is twice as long. */
START_TEST(it_is_sent_again_by_that_clock)
{
	uint64_t first;
	uint32_t stream;

	handshake(1);
	first = waits(0, 1, 1);
	lab->now += first;
	n_sent = 0;
	stream_due(lab->set, lab->now, lab->stream, &lab->reader, &lab->sink);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_mem_eq(sent_bytes(0), "half\n", 5);
	ck_assert_uint_eq(stream_next_due(lab->set, &stream) - lab->now, 2 * first);
}
END_TEST

/* Which of the two copies was answered nobody can tell; perhaps trips take longer now. The next one that is sent once shows it. */
START_TEST(what_was_sent_twice_keeps_the_clock_slow)
{
	uint64_t first;

	handshake(1);
	first = waits(0, 1, 1);
	lab->now += first;
	stream_due(lab->set, lab->now, lab->stream, &lab->reader, &lab->sink);
	lab->now += TRIP;
	data(1, 1, 6, "", 0);
	ck_assert_uint_eq(waits(0, 6, 1), 2 * first);
	lab->now += TRIP;
	data(1, 1, 11, "", 0);
	ck_assert_uint_le(waits(0, 11, 1), first + TRIP);
}
END_TEST

/* But it does not wait longer and longer for a wire that always loses the first. */
START_TEST(the_clock_does_not_get_slower_for_ever)
{
	uint64_t first, wait;
	uint32_t at = 1;

	handshake(1);
	wait = first = waits(0, at, 1);
	for (int i = 0; i < 20; i++) {
		lab->now += wait;
		stream_due(lab->set, lab->now, lab->stream, &lab->reader, &lab->sink);
		lab->now += TRIP;
		at += 5;
		data(1, 1, at, "", 0);
		wait = waits(0, at, 1);
	}
	ck_assert_uint_gt(wait, first);
	ck_assert_uint_le(wait, 4 * first);
}
END_TEST

/* Nobody can tell which of two SYNs was answered (RFC 6298 3). */
START_TEST(control_a_syn_sent_twice_shows_nothing)
{
	handshake(2);
	ck_assert_uint_eq(waits(0, 1, 1), FIRST);
	ck_assert_uint_eq(waits(1, 1, 6), FIRST);
}
END_TEST

START_TEST(what_passes_shows_it_too)
{
	handshake(2);
	ck_assert_int_le(data(0, 1, 1, "whole\n", 0), STREAM_PASS_UNCHANGED);
	lab->now += TRIP;
	data(1, 1, 7, "", 0);
	ck_assert_uint_lt(waits(0, 7, 1), FIRST / 2);
	ck_assert_uint_eq(waits(1, 1, 12), FIRST);
}
END_TEST

START_TEST(control_not_if_it_passed_twice)
{
	handshake(2);
	ck_assert_int_le(data(0, 1, 1, "whole\n", 0), STREAM_PASS_UNCHANGED);
	lab->now += 5000;
	ck_assert_int_le(data(0, 1, 1, "whole\n", 0), STREAM_PASS_UNCHANGED);
	lab->now += TRIP;
	data(1, 1, 7, "", 0);
	ck_assert_uint_eq(waits(0, 7, 1), FIRST);
}
END_TEST

/* A timer that no clock can have set: the bytes go out all the same, a minute after the restart. */
START_TEST(a_time_that_never_comes)
{
	uint32_t stream, from = 0;

	handshake(1);
	waits(0, 1, 1);
	ck_assert(stream_begin(lab->set, lab->stream));
	lab->set->work.lane[0].due = lab->now + (1ull << 40);
	stream_commit(lab->set, lab->stream);
	stream_set_free(lab->set);
	lab->set = stream_set_new(lab->store, lab->options.streams, lab->options.chunks, lab->now);
	lab->stream = stream_next(lab->set, &from);
	n_sent = 0;
	ck_assert_uint_le(stream_next_due(lab->set, &stream), lab->now + 60000);
	lab->now = stream_next_due(lab->set, &stream);
	stream_due(lab->set, lab->now, stream, &lab->reader, &lab->sink);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_mem_eq(sent_bytes(0), "half\n", 5);
	ck_assert_uint_le(stream_next_due(lab->set, &stream), lab->now + 60000);
}
END_TEST

int main(void)
{
	const TTest *tests[] = {
		the_handshake_shows_how_long_a_trip_takes,
		it_is_sent_again_by_that_clock,
		what_was_sent_twice_keeps_the_clock_slow,
		the_clock_does_not_get_slower_for_ever,
		control_a_syn_sent_twice_shows_nothing,
		what_passes_shows_it_too,
		control_not_if_it_passed_twice,
		a_time_that_never_comes,
	};
	Suite *suite = suite_create("stream_clock");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	for (uint32_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
