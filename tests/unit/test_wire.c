/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Framing: whatever goes out comes in again, however it is cut; what breaks the rules closes. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/wire.h"
#include "seed.h"
#include "suite.h"

static int pair[2];

static void setup(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
}

static void teardown(void)
{
	close(pair[0]);
	close(pair[1]);
}

static void send_on(const void *bytes, size_t length)
{
	ck_assert_int_eq(send(pair[0], bytes, length, 0), (ssize_t)length);
}

/* What comes of a connection's first bytes. */
static enum wire_status begun_with(const void *bytes, size_t length, struct wire_frame *frame)
{
	static struct wire_in in;

	teardown();
	setup();
	in = (struct wire_in){0};
	send_on(bytes, length);
	ck_assert_int_eq(wire_receive(&in, pair[1]), WIRE_OK);
	return wire_next(&in, frame);
}

START_TEST(frames_survive_any_cut)
{
	unsigned seed = (unsigned)test_seed() ^ (unsigned)_i;
	struct wire_out out = {0};
	static struct wire_in in;
	struct wire_frame frame;
	static uint8_t body[200][WIRE_PAYLOAD_MAX];
	size_t length[200];
	size_t fed = 0;
	unsigned got = 0;

	srand(seed);
	in = (struct wire_in){0};
	for (unsigned n = 0; n < 200; n++) {
		length[n] = (size_t)rand() % (n % 10 == 0 ? WIRE_PAYLOAD_MAX : 50);
		for (size_t i = 0; i < length[n]; i++)
			body[n][i] = (uint8_t)rand();
		wire_put(&out, (enum wire_type)(n % 100 + 1), body[n], length[n] / 2,
			 body[n] + length[n] / 2, length[n] - length[n] / 2);
	}
	while (fed < wire_pending(&out)) {
		size_t left = wire_pending(&out) - fed;
		size_t piece = 1 + (size_t)rand() % 300;
		enum wire_status status;

		piece = piece < left ? piece : left;
		send_on(out.data + out.start + fed, piece);
		fed += piece;
		while (wire_receive(&in, pair[1]) == WIRE_OK) {
			while ((status = wire_next(&in, &frame)) == WIRE_OK) {
				ck_assert_uint_eq(frame.type, got % 100 + 1);
				ck_assert_uint_eq(frame.length, length[got]);
				ck_assert_mem_eq(frame.data, body[got], frame.length);
				got++;
			}
			ck_assert_int_eq(status, WIRE_MORE);
		}
	}
	ck_assert_uint_eq(got, 200);
	wire_out_clear(&out);
}
END_TEST

START_TEST(too_long_closes)
{
	struct wire_frame frame;
	const uint8_t good[4] = {WIRE_LINE, 0, WIRE_PAYLOAD_MAX >> 8, WIRE_PAYLOAD_MAX & 255};
	const uint8_t bad[4] = {WIRE_LINE, 0, (WIRE_PAYLOAD_MAX + 1) >> 8,
				(WIRE_PAYLOAD_MAX + 1) & 255};
	const uint8_t huge[4] = {WIRE_LINE, 255, 255, 255};

	ck_assert_int_eq(begun_with(good, 4, &frame), WIRE_MORE);
	ck_assert_int_eq(begun_with(bad, 4, &frame), WIRE_CLOSED);
	ck_assert_int_eq(begun_with(huge, 4, &frame), WIRE_CLOSED);
}
END_TEST

START_TEST(overlong_body_is_cut)
{
	static char text[2 * WIRE_PAYLOAD_MAX];
	struct wire_out out = {0};
	struct wire_frame frame;

	memset(text, 'x', sizeof(text) - 1);
	wire_put_text(&out, WIRE_LOG, 7, text);
	ck_assert_int_eq(begun_with(out.data, wire_pending(&out), &frame), WIRE_OK);
	ck_assert_uint_eq(frame.length, WIRE_PAYLOAD_MAX);
	ck_assert_uint_eq(frame.data[0], 7);
	wire_out_clear(&out);
}
END_TEST

/* A reader that stops: the writer learns it (WIRE_MORE) and loses nothing. */
START_TEST(slow_reader_loses_nothing)
{
	static struct wire_in in;
	struct wire_out out = {0};
	struct wire_frame frame;
	unsigned sent = 0, got = 0;

	in = (struct wire_in){0};
	while (wire_flush(&out, pair[0]) == WIRE_OK) {
		wire_put_pair(&out, WIRE_SIZE, sent >> 16, sent & 0xffff);
		sent++;
	}
	ck_assert_uint_gt(wire_pending(&out), 0);
	while (got < sent) {
		wire_receive(&in, pair[1]);
		while (wire_next(&in, &frame) == WIRE_OK) {
			ck_assert_uint_eq(
			    (uint32_t)wire_u16(frame.data) << 16 | wire_u16(frame.data + 2), got);
			got++;
		}
		wire_flush(&out, pair[0]);
	}
	shutdown(pair[0], SHUT_WR);
	ck_assert_int_eq(wire_receive(&in, pair[1]), WIRE_CLOSED);
	wire_out_clear(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire");
	TCase *tc = tcase_create("wire");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, frames_survive_any_cut, 0, 5);
	tcase_add_test(tc, too_long_closes);
	tcase_add_test(tc, overlong_body_is_cut);
	tcase_add_test(tc, slow_reader_loses_nothing);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
