/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a stream's reading ends or begins anew: another SYN, patience, shortage of memory, a killed process, damage. */
#include "streamhand.h"
#include "suite.h"
#include "nat/stream_map.h"

/* Bytes that come before the handshake is over, in a segment that begins too early to be believed, and then another SYN. */
START_TEST(nothing_is_left_of_a_connection_that_was_begun_anew)
{
	struct lab_segment s = {.seq = ISN_A, .flags = F_SYN, .window = 60000};
	uint32_t moves[] = {0u - 20000, 0u - 3000, 0u - 100, 0u - 3, 3, 30, 100, 3000, 20000};

	for (uint32_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		struct lab_segment begun = {.seq = ISN_A - 5,
					    .ack = ISN_B + 1,
					    .flags = F_ACK,
					    .window = 60000,
					    .payload = (const uint8_t *)"......gA\ngA\nra",
					    .length = 15};

		teardown();
		setup();
		s.seq = ISN_A;
		s.ack = 0;
		s.flags = F_SYN;
		give(0, &s);
		s.seq = ISN_B;
		s.ack = ISN_A + 1;
		s.flags = F_SYN | F_ACK;
		give(1, &s);
		give(0, &begun);
		s.seq = ISN_A + moves[i];
		s.ack = 0;
		s.flags = F_SYN;
		give(0, &s);
		s.seq = ISN_B;
		s.ack = ISN_A + moves[i] + 1;
		s.flags = F_SYN | F_ACK;
		give(1, &s);
		lab->end[0].iss = ISN_A + moves[i];
		memset(lab->known[1], 0, LAB_BYTES * 2);
		ck_assert_int_eq(stream_look(lab->set, lab->stream).delta[0], 0);
		ck_assert_uint_eq(stream_chunks_used(lab->set), 0);
		ck_assert_int_eq(data(0, moves[i] + 1, 1, "rabcd\n", 0), STREAM_PASS);
		ck_assert(IS("raQRd\n"));
		ck_assert_uint_eq(seq_now(), ISN_A + moves[i] + 1);
		ck_assert_int_eq(data(1, 1, moves[i] + 7, "", 0), STREAM_PASS_UNCHANGED);
	}
}
END_TEST

/* Half a message whose rest does not come: held, then it goes on as it is, and nothing is read any more. */
START_TEST(half_a_message_is_not_waited_for_for_ever)
{
	uint32_t stream;

	lab->reader.patience = 15000;
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "rab", 0), STREAM_HELD);
	lab->now += 14000;
	ck_assert_int_eq(data(0, 4, 1, "c", 0), STREAM_HELD);
	n_sent = 0;
	lab->now += 14000;
	stream_due(lab->set, lab->now, lab->stream, &lab->reader, &lab->sink);
	ck_assert_uint_eq(n_sent, 0);
	ck_assert_uint_eq(stream_next_due(lab->set, &stream), lab->now + 1000);
	lab->now += 1000;
	stream_due(lab->set, lab->now, lab->stream, &lab->reader, &lab->sink);
	ck_assert_uint_eq(lab->notes[NOTE_FOREIGN], 1);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_int_eq(sent[0].to, 1);
	ck_assert_uint_eq(sent_payload(0), 4);
	ck_assert_mem_eq(sent_bytes(0), "rabc", 4);
	data(1, 1, 5, "", 0);
	ck_assert_int_le(data(0, 5, 1, "rabcd\n", 0), STREAM_PASS_UNCHANGED);
	ck_assert(IS("rabcd\n"));
}
END_TEST

/* A process that was killed while it waited goes on waiting: as long again, since nobody was there to receive the rest, and no
 * longer than that. */
START_TEST(patience_begins_anew_in_the_next_life)
{
	uint32_t stream, from = 0;
	uint64_t until;

	lab->reader.patience = 15000;
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "rab", 0), STREAM_HELD);
	stream_set_free(lab->set);
	lab->now += 40000;
	until = lab->now + 15000;
	lab->set = stream_set_new(lab->store, lab->options.streams, lab->options.chunks, lab->now);
	lab->stream = stream_next(lab->set, &from);
	while (stream_next_due(lab->set, &stream) < UINT64_MAX && lab->notes[NOTE_FOREIGN] == 0) {
		n_sent = 0;
		if (stream_next_due(lab->set, &stream) > lab->now)
			lab->now = stream_next_due(lab->set, &stream);
		stream_due(lab->set, lab->now, stream, &lab->reader, &lab->sink);
	}
	ck_assert_uint_eq(lab->now, until);
	ck_assert_uint_eq(lab->notes[NOTE_FOREIGN], 1);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_mem_eq(sent_bytes(0), "rab", 3);
}
END_TEST

/* And if the rest comes in that time, the message is read. */
START_TEST(what_was_begun_before_a_restart_is_read)
{
	uint32_t from = 0, stream;

	lab->reader.patience = 15000;
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "rab", 0), STREAM_HELD);
	stream_set_free(lab->set);
	lab->now += 40000;
	lab->set = stream_set_new(lab->store, lab->options.streams, lab->options.chunks, lab->now);
	lab->stream = stream_next(lab->set, &from);
	while (stream_next_due(lab->set, &stream) <= lab->now)
		stream_due(lab->set, lab->now, stream, &lab->reader, &lab->sink);
	lab->now += 14000;
	n_sent = 0;
	ck_assert_int_eq(data(0, 4, 1, "cd\n", 0), STREAM_HELD);
	ck_assert_uint_eq(lab->notes[NOTE_FOREIGN], 0);
	ck_assert_int_eq(sent[0].to, 1);
	ck_assert_uint_eq(sent_payload(0), 6);
	ck_assert_mem_eq(sent_bytes(0), "raQRd\n", 6);
}
END_TEST

/* What is whole, or waits for nothing, is not given up. */
START_TEST(patience_is_for_unfinished_messages_only)
{
	uint32_t stream;

	lab->reader.patience = 15000;
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "rab", 0), STREAM_HELD);
	ck_assert_int_eq(data(0, 4, 1, "cd\n", 0), STREAM_HELD);
	data(1, 1, 7, "", 0);
	ck_assert(stream_next_due(lab->set, &stream) == UINT64_MAX);
	lab->now += 100000;
	ck_assert_int_eq(data(0, 7, 1, "rabcd\n", 0), STREAM_PASS);
	ck_assert(IS("raQRd\n"));
	ck_assert_uint_eq(lab->notes[NOTE_FOREIGN], 0);
}
END_TEST

/* Two streams that wait for the rest of long lines fill the memory; a third one's lines get through
 * all the same. */
START_TEST(shortage_evicts_who_waits)
{
	struct lab_options options = lab_defaults(3);
	uint32_t others[2], stream, mine = lab->stream;
	static uint8_t part[1400];

	teardown();
	options.chunks = 48;
	begin(&options);
	mine = lab->stream;
	memset(part, 'k', sizeof(part));
	for (int i = 0; i < 2; i++) {
		lab->stream = others[i] = stream_open(lab->set, lab->now, 4711);
		syns(MSS1460, 4);
		for (uint32_t at = 0; at < 33 * 1400; at += 1400) {
			struct lab_segment s = {.seq = ISN_A + 1 + at,
						.ack = ISN_B + 1,
						.flags = F_ACK,
						.window = 60000,
						.payload = part,
						.length = 1400};

			if (give(0, &s) == STREAM_DROP)
				break;
		}
	}
	ck_assert_uint_eq(lab->most_chunks, 48);
	lab->stream = mine;
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "rabcd\n", 0), STREAM_DROP);
	ck_assert(stream_next_due(lab->set, &stream) <= lab->now);
	ck_assert(stream == others[0] || stream == others[1]);
	stream_due(lab->set, lab->now, stream, &lab->reader, &lab->sink);
	ck_assert_uint_ge(lab->notes[NOTE_NO_ROOM], 1);
	lab->stream = stream;
	data(1, 1, 1 + 1400 * 33, "", 0);
	data(1, 1, 1 + stream_look(lab->set, stream).unacknowledged[0], "", 0);
	lab->stream = mine;
	ck_assert_int_eq(data(0, 1, 1, "rabcd\n", 0), STREAM_PASS);
	ck_assert(IS("raQRd\n"));
}
END_TEST

/* More gaps than are kept cost the stream a segment, and other streams nothing. */
START_TEST(gaps_take_nothing_from_others)
{
	uint32_t mine = lab->stream, other = stream_open(lab->set, lab->now, 4711), stream;
	static const uint8_t line[] = "rabcd\n";

	lab->stream = other;
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "rab", 0), STREAM_HELD);
	lab->stream = mine;
	syns(MSS_SACK, 8);
	for (uint32_t at = 1; at <= 9; at++) {
		struct lab_segment s = {.seq = ISN_A + 1 + 2 * at % 6 + 6 * (at / 3),
					.ack = ISN_B + 1,
					.flags = F_ACK,
					.window = 60000,
					.payload = line + 2 * at % 6,
					.length = 1};

		n_sent = 0;
		ck_assert_int_eq(give(0, &s), at <= 8 ? STREAM_HELD : STREAM_DROP);
		ck_assert_uint_eq(n_sent, 1); /* what is missing */
	}
	ck_assert_uint_eq(stream_look(lab->set, mine).held[0], 8);
	while (stream_next_due(lab->set, &stream) <= lab->now)
		stream_due(lab->set, lab->now, stream, &lab->reader, &lab->sink);
	ck_assert_uint_eq(lab->notes[NOTE_NO_ROOM], 0);
	lab->stream = other;
	ck_assert(stream_look(lab->set, other).reads[0]);
	n_sent = 0;
	ck_assert_int_eq(data(0, 4, 1, "cd\n", 0), STREAM_HELD);
	ck_assert(n_sent >= 1 && sent_payload(0) == 6 && memcmp(sent_bytes(0), "raQRd\n", 6) == 0);
}
END_TEST

/* Damage anywhere in the store: a stream is as it was, or gone. */
START_TEST(damaged_store)
{
	uint32_t gone = 0;

	syns(MSS1460, 4);
	data(0, 1, 1, "gA\nra", 0);
	memcpy(lab->copy, lab->store, lab->store_size);
	for (uint32_t i = 0; i < 2000; i++) {
		uint32_t at = lab_random(lab, 20000), from = 0;

		memcpy(lab->store, lab->copy, lab->store_size);
		((uint8_t *)lab->store)[at] ^= (uint8_t)(1 + lab_random(lab, 255));
		stream_set_free(lab->set);
		lab->set =
		    stream_set_new(lab->store, lab->options.streams, lab->options.chunks, lab->now);
		lab->stream = stream_next(lab->set, &from);
		if (lab->stream == STREAM_NONE) {
			gone++;
			ck_assert_uint_eq(stream_chunks_used(lab->set), 0);
			lab->stream = stream_open(lab->set, lab->now, 1);
			ck_assert_uint_ne(lab->stream, STREAM_NONE);
			continue;
		}
		ck_assert_int_eq(stream_look(lab->set, lab->stream).delta[0], 26);
	}
	ck_assert_uint_gt(gone, 10);
	ck_assert_uint_lt(gone, 1990);
}
END_TEST

static enum frame foreign(void *arg, enum flow_side from, const uint8_t *text, uint32_t n, uint32_t *size)
{
	(void)arg, (void)from, (void)n, (void)size;
	return text[0] == 'F' ? FRAME_FOREIGN : FRAME_MORE;
}

/* Nothing of another protocol is kept back, neither way, from then on. */
START_TEST(another_protocol_passes_as_it_came)
{
	lab->reader.frame = foreign;
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "ra", 0), STREAM_HELD);
	ck_assert_int_le(data(1, 1, 1, "Foreign", 0), STREAM_PASS_UNCHANGED);
	ck_assert(IS("Foreign"));
	ck_assert_uint_eq(lab->notes[NOTE_FOREIGN], 1);
	ck_assert(!stream_look(lab->set, lab->stream).reads[0]);
	ck_assert(!stream_look(lab->set, lab->stream).reads[1]);
	ck_assert_int_eq(sent[n_sent - 1].to, 1);
	ck_assert_mem_eq(sent_bytes(n_sent - 1), "ra", 2);
}
END_TEST

/* More than a message can have, and still no end of it. */
START_TEST(endless_message_goes_on_unread)
{
	static char text[1401];
	uint32_t seq = 1;

	memset(text, 'k', 1400);
	lab->reader.frame = foreign;
	syns(MSS1460, 4);
	while (stream_look(lab->set, lab->stream).reads[0] && seq < 100000) {
		data(0, seq, 1, text, 0);
		seq += 1400;
	}
	ck_assert_uint_gt(seq, ALG_MESSAGE_MAX);
	ck_assert_uint_le(seq, ALG_MESSAGE_MAX + 2 * 1400);
	ck_assert_uint_eq(lab->notes[NOTE_TOO_LONG], 1);
	ck_assert_int_eq(sent[n_sent - 2].to, 1);
	ck_assert_mem_eq(sent_bytes(n_sent - 2), text, 1400);
}
END_TEST

/* A server that refuses, or asks what that SYN is about, is heard before there is a connection; data is not. */
START_TEST(an_answer_that_is_no_syn_passes)
{
	struct lab_segment s = {.seq = ISN_A, .flags = F_SYN, .window = 60000};

	give(0, &s);
	s = (struct lab_segment){.seq = 0, .ack = ISN_A + 1, .flags = F_RST | F_ACK};
	ck_assert_int_eq(give(1, &s), STREAM_PASS_UNCHANGED);
	s = (struct lab_segment){.seq = 77, .ack = 99, .flags = F_ACK, .window = 5000};
	ck_assert_int_eq(give(1, &s), STREAM_PASS_UNCHANGED);
	s.payload = (const uint8_t *)"kk\n";
	s.length = 3;
	ck_assert_int_eq(give(1, &s), STREAM_DROP);
}
END_TEST

/* Numbers come round: what was acknowledged last is never in front of the floor, else SACK would be taken for old. */
START_TEST(the_floor_follows_in_a_long_connection)
{
	static struct lane lane;
	uint32_t first = 0xfffffff0u;

	memset(&lane, 0, sizeof(lane));
	lane.in_read = lane.in_nxt = lane.out_nxt = lane.out_floor = lane.bytes.base = first;
	for (uint32_t i = 1; i < 4000; i++) {
		map_skip(&lane, first + i * 4000000u);
		lane.in_nxt = lane.in_read;
		map_acknowledged(lab->set, &lane, lane.out_nxt);
		ck_assert(before(lane.out_floor, lane.out_nxt));
		ck_assert_uint_eq(map_in(&lane, lane.out_nxt), lane.in_nxt);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    nothing_is_left_of_a_connection_that_was_begun_anew,
	    half_a_message_is_not_waited_for_for_ever,
	    patience_begins_anew_in_the_next_life,
	    what_was_begun_before_a_restart_is_read,
	    patience_is_for_unfinished_messages_only,
	    shortage_evicts_who_waits,
	    gaps_take_nothing_from_others,
	    damaged_store,
	    another_protocol_passes_as_it_came,
	    endless_message_goes_on_unread,
	    an_answer_that_is_no_syn_passes,
	    the_floor_follows_in_a_long_connection,
	};
	Suite *suite = suite_create("stream_ends");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	for (uint32_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
