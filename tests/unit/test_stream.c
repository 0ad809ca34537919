/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream engine item by item, with segments by hand and with whole connections. */
#include "streamhand.h"
#include "suite.h"

/* "rabcd\n" keeps its length: raQQd; "gA" inserts 1 + 'A' % 40 = 26 bytes. */
START_TEST(whole_message_passes_changed)
{
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "rabcd\n", 0), STREAM_PASS);
	ck_assert(IS("raQRd\n"));
	ck_assert_uint_eq(seq_now(), ISN_A + 1);
	ck_assert_uint_eq(lab->emitted, 0);
	/* control: a line that stays as it is is not even written */
	ck_assert_int_eq(data(0, 7, 1, "kabcd\n", 0), STREAM_PASS_UNCHANGED);
}
END_TEST

START_TEST(several_messages_and_changes_in_one_segment)
{
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "gA\nkeep\ngA\nsabcdefgh\n", 0), STREAM_PASS);
	ck_assert_uint_eq(payload_now(), 3 + 26 + 5 + 3 + 26 + 10 - 4);
	ck_assert_int_eq(stream_look(lab->set, lab->stream).delta[0], 48);
}
END_TEST

START_TEST(numbers_of_both_directions_after_growth)
{
	syns(MSS1460, 4);
	data(0, 1, 1, "gA\n", 0);
	ck_assert_int_eq(data(1, 1, 30, "", 0), STREAM_PASS);
	ck_assert_uint_eq(ack_now(), ISN_A + 4);
	ck_assert_int_eq(data(0, 4, 1, "kk\n", 0), STREAM_PASS);
	ck_assert_uint_eq(seq_now(), ISN_A + 30);
	/* half of the change is acknowledged: nothing behind its bytes is told */
	data(0, 7, 1, "gA\n", 0);
	data(1, 1, 33 + 10, "", 0);
	ck_assert_uint_le(ack_now(), ISN_A + 9);
}
END_TEST

START_TEST(held_bytes_are_acknowledged_and_sent_on)
{
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "rab", 0), STREAM_HELD);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_int_eq(sent[0].to, 0);
	ck_assert_uint_eq(up32(sent[0].data + 28), ISN_A + 4);
	ck_assert_int_eq(data(0, 4, 1, "cd\n", 0), STREAM_HELD);
	ck_assert_uint_eq(n_sent, 3);
	ck_assert_int_eq(sent[1].to, 1);
	ck_assert_mem_eq(sent_bytes(1), "raQRd\n", 6);
	/* lost: sent again by us, the same bytes */
	uint32_t stream;
	lab->now = stream_next_due(lab->set, &stream);
	stream_due(lab->set, lab->now, stream, &lab->reader, &lab->sink);
	ck_assert_uint_eq(n_sent, 4);
	ck_assert_mem_eq(sent_bytes(3), "raQRd\n", 6);
	/* acknowledged: it passes again, no timer is left */
	ck_assert_int_eq(data(1, 1, 7, "", 0), STREAM_PASS_UNCHANGED);
	ck_assert(stream_next_due(lab->set, &stream) == UINT64_MAX);
	ck_assert_int_eq(data(0, 7, 1, "rabcd\n", 0), STREAM_PASS);
	ck_assert_uint_eq(stream_look(lab->set, lab->stream).held[0], 0);
}
END_TEST

START_TEST(retransmission_straddles_a_change)
{
	syns(MSS1460, 4);
	data(0, 1, 1, "kk\nrabcd\nkk\n", 0);
	ck_assert_int_eq(data(0, 3, 1, "\nrabc", 0), STREAM_PASS);
	ck_assert(IS("\nraQR"));
	ck_assert_int_eq(data(0, 7, 1, "cd\nk", 0), STREAM_PASS);
	ck_assert(IS("Rd\nk"));
	ck_assert_uint_eq(lab->messages, 3);
}
END_TEST

START_TEST(retransmission_with_new_bytes)
{
	syns(MSS1460, 4);
	data(0, 1, 1, "gA\n", 0);
	ck_assert_int_eq(data(0, 1, 1, "gA\nrabcd\n", 0), STREAM_PASS);
	ck_assert_uint_eq(payload_now(), 3 + 26 + 6);
	ck_assert_uint_eq(lab->messages, 2);
}
END_TEST

START_TEST(different_overlap_first_copy_wins)
{
	syns(MSS1460, 4);
	data(0, 1, 1, "rabcd\n", 0);
	ck_assert_int_eq(data(0, 1, 1, "rabXd\n", 0), STREAM_PASS);
	ck_assert(IS("raQRd\n"));
	ck_assert_uint_eq(lab->notes[NOTE_OVERLAP], 1);
	ck_assert(!stream_look(lab->set, lab->stream).reads[0]);
	ck_assert_int_eq(data(0, 7, 1, "rabcd\n", 0), STREAM_PASS_UNCHANGED);
}
END_TEST

START_TEST(out_of_order_with_sack)
{
	syns(MSS_SACK, 8);
	ck_assert_int_eq(data(0, 7, 1, "gA\n", 0), STREAM_HELD);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_uint_eq(up32(sent[0].data + 28), ISN_A + 1);
	ck_assert_uint_eq(sent[0].data[42], 5);
	ck_assert_uint_eq(up32(sent[0].data + 44), ISN_A + 7);
	ck_assert_uint_eq(up32(sent[0].data + 48), ISN_A + 10);
	ck_assert_int_eq(data(0, 1, 1, "rabcd\n", 0), STREAM_HELD);
	ck_assert_uint_eq(sent_payload(1), 6 + 3 + 26);
	ck_assert_uint_eq(lab->messages, 2);
}
END_TEST

START_TEST(sack_blocks_by_position)
{
	static uint8_t option[12] = {1, 1, 5, 10};
	struct lab_segment s = {.seq = ISN_B + 1,
				.ack = ISN_A + 1,
				.flags = F_ACK,
				.window = 60000,
				.options = option,
				.options_length = 12};

	syns(MSS_SACK, 8);
	/* control: where nothing was changed, SACK stays as it is */
	data(0, 1, 1, "kk\n", 0);
	pk32(option + 4, ISN_A + 2);
	pk32(option + 8, ISN_A + 4);
	ck_assert_int_eq(give(1, &s), STREAM_PASS_UNCHANGED);
	ck_assert_uint_eq(up32(bytes + 44), ISN_A + 2);
	teardown();
	setup();
	syns(MSS_SACK, 8);
	data(0, 1, 1, "gA\n", 0);
	data(0, 4, 1, "kkkk\n", 0);
	pk32(option + 4, ISN_A + 30);
	pk32(option + 8, ISN_A + 35);
	ck_assert_int_eq(give(1, &s), STREAM_PASS);
	ck_assert_uint_eq(up32(bytes + 44), ISN_A + 4);
	ck_assert_uint_eq(up32(bytes + 48), ISN_A + 9);
	/* part of a change is nothing of the sender's */
	pk32(option + 4, ISN_A + 10);
	pk32(option + 8, ISN_A + 20);
	give(1, &s);
	ck_assert_uint_eq(bytes[42], 1);
	ck_assert_uint_eq(bytes[44], 1);
}
END_TEST

START_TEST(urgent_pointer)
{
	struct lab_segment s = {.seq = ISN_A + 4,
				.ack = ISN_B + 1,
				.flags = F_ACK | F_URG,
				.window = 60000,
				.urgent = 4,
				.payload = (const uint8_t *)"gA\nkk\n",
				.length = 6};

	syns(MSS1460, 4);
	data(0, 1, 1, "gA\n", 0);
	ck_assert_int_eq(give(0, &s), STREAM_PASS);
	ck_assert_uint_eq(up16(bytes + 38), 4 + 26);
	/* held: our own segments carry it */
	s.seq = ISN_A + 10;
	s.payload = (const uint8_t *)"gA";
	s.length = 2;
	s.urgent = 2;
	ck_assert_int_eq(give(0, &s), STREAM_HELD);
	n_sent = 0;
	data(0, 12, 1, "\n", 0);
	ck_assert_uint_eq(sent[0].data[33] & F_URG, F_URG);
	ck_assert_uint_eq(up16(sent[0].data + 38), 2 + 26);
}
END_TEST

START_TEST(reset_passes_at_once_in_hold)
{
	struct lab_segment s = {.seq = ISN_A + 33, .ack = ISN_B + 1, .flags = F_RST | F_ACK};
	uint32_t stream;

	syns(MSS1460, 4);
	data(0, 1, 1, "gA\n", 0);
	data(0, 4, 1, "gAAA", 0);
	ck_assert_int_eq(give(0, &s), STREAM_PASS); /* not the number: the receiver may ask */
	ck_assert_uint_gt(stream_look(lab->set, lab->stream).held[0], 0);
	s.seq = ISN_A + 8;
	ck_assert_int_eq(give(0, &s), STREAM_PASS);
	ck_assert_uint_eq(seq_now(), ISN_A + 30); /* what its receiver waits for */
	ck_assert_uint_eq(stream_look(lab->set, lab->stream).held[0], 0);
	ck_assert(stream_next_due(lab->set, &stream) == UINT64_MAX);
}
END_TEST

START_TEST(fin_behind_half_a_message)
{
	syns(MSS1460, 4);
	data(0, 1, 1, "gA", 0);
	n_sent = 0;
	ck_assert_int_eq(data(0, 3, 1, "A", F_FIN), STREAM_HELD);
	ck_assert_mem_eq(sent_bytes(0), "gAA", 3);
	ck_assert_uint_eq(sent[0].data[33] & F_FIN, F_FIN);
	/* not acknowledged for the receiver; when it does, it passes */
	ck_assert_uint_eq(up32(sent[1].data + 28), ISN_A + 4);
	ck_assert_int_eq(data(1, 1, 5, "", 0), STREAM_PASS_UNCHANGED);
	ck_assert_uint_eq(ack_now(), ISN_A + 5);
	/* half-closed: the other direction goes on */
	ck_assert_int_eq(data(1, 1, 5, "rabcd\n", 0), STREAM_PASS);
}
END_TEST

START_TEST(keepalive_and_zero_window)
{
	uint32_t stream;
	struct lab_segment s = {.seq = ISN_B + 1, .ack = ISN_A + 1, .flags = F_ACK, .window = 0};

	syns(MSS1460, 4);
	data(0, 1, 1, "gA\n", 0);
	data(1, 1, 30, "", 0);
	ck_assert_int_eq(data(0, 3, 1, "", 0), STREAM_PASS); /* asks end to end */
	ck_assert_uint_eq(seq_now(), ISN_A + 29);
	ck_assert_int_eq(data(0, 3, 1, "x", 0), STREAM_PASS);
	ck_assert_uint_eq(seq_now(), ISN_A + 29);
	/* no window: what is held waits, and is asked about by an old number */
	data(0, 4, 1, "ra", 0);
	s.ack = ISN_A + 30;
	ck_assert_int_eq(give(1, &s), STREAM_ANSWERED);
	n_sent = 0;
	data(0, 6, 1, "bcd\n", 0);
	for (uint32_t i = 0; i < n_sent; i++)
		ck_assert_uint_eq(sent_payload(i), 0);
	ck_assert_uint_eq(up16(sent[0].data + 34), 0); /* nor is one offered */
	n_sent = 0;
	lab->now = stream_next_due(lab->set, &stream);
	stream_due(lab->set, lab->now, stream, &lab->reader, &lab->sink);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_uint_eq(up32(sent[0].data + 24), ISN_A + 29);
	ck_assert_int_eq(data(0, 5, 1, "", 0), STREAM_ANSWERED); /* keep-alive in hold */
	n_sent = 0;
	s.window = 60000;
	give(1, &s);
	ck_assert_mem_eq(sent_bytes(0), "raQRd\n", 6);
}
END_TEST

START_TEST(grown_beyond_the_mss)
{
	static uint8_t line[1400];
	struct lab_segment s = {.seq = ISN_A + 1,
				.ack = ISN_B + 1,
				.flags = F_ACK,
				.window = 60000,
				.payload = line,
				.length = 1400};

	memset(line, 'b', 1399);
	line[1399] = '\n';
	syns(MSS1460, 4);
	ck_assert_int_eq(give(0, &s), STREAM_HELD);
	ck_assert_uint_eq(n_sent, 4); /* 4400 bytes */
	for (uint32_t i = 0, at = 1; i < n_sent; at += sent_payload(i++)) {
		ck_assert_uint_le(sent_payload(i), 1460);
		ck_assert_uint_eq(up32(sent[i].data + 24), ISN_A + at);
	}
	/* end to end all the same: nobody but the receiver acknowledges it */
	ck_assert_uint_eq(stream_look(lab->set, lab->stream).held[0], 0);
	data(1, 1, 4401, "", 0);
	ck_assert_uint_eq(ack_now(), ISN_A + 1401);
}
END_TEST

/* What a segment has of options is not there for what its message grows by (RFC 6691). */
START_TEST(grown_beyond_the_mss_beside_options)
{
	static uint8_t line[1445];
	struct lab_segment s = {.seq = ISN_A + 1,
				.ack = ISN_B + 1,
				.flags = F_ACK,
				.window = 60000,
				.payload = line,
				.length = sizeof(line)};

	memset(line, 'm', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	syns(MSS_SACK, 8);
	ck_assert_int_eq(give(0, &s), STREAM_PASS);
	ck_assert_uint_eq(payload_now(), 1450);
	data(1, 1, 1451, "", 0);
	s.seq += sizeof(line);
	s.options = (const uint8_t *)"\1\1\5\12\0\0\0\1\0\0\0\2";
	s.options_length = 12;
	n_sent = 0;
	ck_assert_int_eq(give(0, &s), STREAM_HELD);
	ck_assert_uint_ge(n_sent, 1);
	for (uint32_t i = 0, at = 1451; i < n_sent; at += sent_payload(i++)) {
		ck_assert_uint_le(sent[i].length, 20 + 20 + 1460);
		ck_assert_uint_eq(up32(sent[i].data + 24), ISN_A + at);
	}
}
END_TEST

static uint32_t allowed;
static bool (*send_any)(void *arg, const struct stream_segment *segment);

static bool send_few(void *arg, const struct stream_segment *segment)
{
	return allowed > 0 && allowed-- > 0 && send_any(arg, segment);
}

/* Whoever emits takes two segments at a time: the rest goes when it is sent again, not the first two for ever. */
START_TEST(cut_into_more_than_leaves_at_once)
{
	static uint8_t line[1400];
	uint32_t at = 1;

	memset(line, 'b', 1399);
	line[1399] = '\n';
	send_any = lab->sink.send;
	lab->sink.send = send_few;
	syns(MSS1460, 4);
	while (at < 4401) {
		struct lab_segment s = {.seq = ISN_A + 1,
					.ack = ISN_B + 1,
					.flags = F_ACK,
					.window = 60000,
					.payload = line,
					.length = 1400};

		n_sent = 0;
		allowed = 2;
		ck_assert_int_eq(give(0, &s), STREAM_HELD);
		ck_assert_uint_ge(n_sent, 1);
		ck_assert_uint_eq(up32(sent[0].data + 24), ISN_A + at);
		for (uint32_t i = 0; i < n_sent; i++)
			at += sent_payload(i);
		allowed = 2;
		data(1, 1, at, "", 0);
	}
	ck_assert_uint_eq(at, 4401);
	/* All of it has come: who sends it once more is told so. */
	n_sent = 0;
	allowed = 2;
	data(0, 1, 1, "again", 0);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_uint_eq(sent_payload(0), 0);
	ck_assert_uint_eq(up32(sent[0].data + 28), ISN_A + 1401);
}
END_TEST

START_TEST(gso_packets_pass_as_such)
{
	static uint8_t lines[20000];
	struct lab_segment s = {.seq = ISN_A + 1,
				.ack = ISN_B + 1,
				.flags = F_ACK,
				.window = 60000,
				.payload = lines,
				.length = sizeof(lines)};

	memset(lines, 'k', sizeof(lines));
	for (uint32_t i = 99; i < sizeof(lines); i += 100)
		lines[i] = '\n';
	memcpy(lines + 1000, "gA\n", 3);
	syns(MSS1460, 4);
	ck_assert_int_eq(give(0, &s), STREAM_PASS);
	ck_assert_uint_eq(payload_now(), sizeof(lines) + 26);
	ck_assert_uint_eq(lab->emitted, 0);
}
END_TEST

START_TEST(midstream_is_not_read)
{
	ck_assert_int_eq(data(0, 1, 1, "rabcd\n", 0), STREAM_PASS_UNCHANGED);
	ck_assert_int_eq(data(0, 7, 1, "rabcd\n", 0), STREAM_PASS_UNCHANGED);
	ck_assert_uint_eq(lab->notes[NOTE_MIDSTREAM], 1);
	ck_assert(stream_look(lab->set, lab->stream).midstream);
}
END_TEST

START_TEST(signed_segments_are_not_read)
{
	syns(MSS1460 "\1\1\23\22abcdefghijklmnop", 24);
	ck_assert_int_eq(data(0, 1, 1, "rabcd\n", 0), STREAM_PASS_UNCHANGED);
	ck_assert_int_eq(data(0, 7, 1, "rab", 0), STREAM_PASS_UNCHANGED);
	ck_assert_uint_eq(lab->notes[NOTE_AUTHENTICATED], 1);
}
END_TEST

START_TEST(data_of_a_syn_is_taken_off)
{
	struct lab_segment s = {.seq = ISN_A,
				.flags = F_SYN,
				.window = 60000,
				.payload = (const uint8_t *)"rab",
				.length = 3};

	ck_assert_int_eq(give(0, &s), STREAM_PASS);
	ck_assert_uint_eq(length, 40);
	ck_assert_uint_eq(up16(bytes + 2), 40);
	syns(MSS1460, 4); /* the same number again */
	ck_assert_int_eq(data(0, 1, 1, "rabcd\n", 0), STREAM_PASS);
	ck_assert(IS("raQRd\n"));
}
END_TEST

START_TEST(syn_again_with_another_number)
{
	struct lab_segment s = {.seq = ISN_A - 700, .flags = F_SYN, .window = 60000};

	ck_assert_int_eq(give(0, &s), STREAM_PASS_UNCHANGED);
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "rabcd\n", 0), STREAM_PASS);
	/* established: a strange SYN changes nothing */
	ck_assert_int_eq(give(0, &s), STREAM_PASS_UNCHANGED);
	ck_assert_int_eq(data(0, 7, 1, "rabcd\n", 0), STREAM_PASS);
}
END_TEST

/* RFC 5961: data out of the window, or that acknowledges what was never sent, is answered and not
 * read. */
START_TEST(injection_is_not_read)
{
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 60002, 1, "rabcd\n", 0), STREAM_ANSWERED);
	ck_assert_int_eq(data(0, 1, 2, "rabcd\n", 0), STREAM_ANSWERED);
	ck_assert_int_eq(data(0, 1, 1u - 70000, "rabcd\n", 0), STREAM_ANSWERED);
	ck_assert_uint_eq(lab->messages, 0);
	ck_assert_uint_eq(n_sent, 3);
	ck_assert_int_eq(data(0, 1, 1, "rabcd\n", 0), STREAM_PASS); /* control */
	ck_assert_uint_eq(lab->messages, 1);
}
END_TEST

static const struct splices *refuses(void *arg, enum flow_side from, const uint8_t *line,
				     uint32_t size, bool *stop, bool *refuse)
{
	(void)arg;
	(void)from;
	(void)size;
	*stop = line[0] == 'S';
	*refuse = line[0] == 'R';
	return NULL;
}

START_TEST(refused_message_resets_both_ends)
{
	lab->reader.message = refuses;
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "R\n", 0), STREAM_ANSWERED);
	ck_assert_uint_eq(n_sent, 2);
	ck_assert_uint_eq(sent[0].data[33] & F_RST, F_RST);
	ck_assert_uint_eq(sent[1].data[33] & F_RST, F_RST);
	ck_assert_uint_eq(stream_chunks_used(lab->set), 0);
	/* whoever goes on is told again, with the number it asks for */
	ck_assert_int_eq(data(1, 1, 1, "x", 0), STREAM_ANSWERED);
	ck_assert_uint_eq(n_sent, 3);
	ck_assert_uint_eq(up32(sent[2].data + 24), ISN_A + 1);
}
END_TEST

START_TEST(stop_of_the_reader_and_of_the_gateway)
{
	lab->reader.message = refuses;
	syns(MSS1460, 4);
	data(1, 1, 1, "half", 0);
	n_sent = 0;
	ck_assert_int_eq(data(0, 1, 1, "S\nno line", 0), STREAM_PASS);
	ck_assert(!stream_look(lab->set, lab->stream).reads[1]);
	ck_assert_mem_eq(sent_bytes(0), "half", 4); /* what was held of the other side goes on */
	teardown();
	setup();
	syns(MSS1460, 4);
	data(0, 1, 1, "gA\n", 0);
	data(0, 4, 1, "ra", 0);
	n_sent = 0;
	stream_stop(lab->set, lab->stream, lab->now, &lab->sink);
	ck_assert_mem_eq(sent_bytes(0), "ra", 2);
	data(1, 1, 32, "", 0);
	ck_assert_int_eq(data(0, 6, 1, "bcd\n", 0), STREAM_PASS);
	ck_assert(IS("bcd\n"));
	ck_assert_uint_eq(seq_now(), ISN_A + 32);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    whole_message_passes_changed,
	    several_messages_and_changes_in_one_segment,
	    numbers_of_both_directions_after_growth,
	    held_bytes_are_acknowledged_and_sent_on,
	    retransmission_straddles_a_change,
	    retransmission_with_new_bytes,
	    different_overlap_first_copy_wins,
	    out_of_order_with_sack,
	    sack_blocks_by_position,
	    urgent_pointer,
	    reset_passes_at_once_in_hold,
	    fin_behind_half_a_message,
	    keepalive_and_zero_window,
	    grown_beyond_the_mss,
	    grown_beyond_the_mss_beside_options,
	    cut_into_more_than_leaves_at_once,
	    gso_packets_pass_as_such,
	    midstream_is_not_read,
	    signed_segments_are_not_read,
	    data_of_a_syn_is_taken_off,
	    syn_again_with_another_number,
	    injection_is_not_read,
	    refused_message_resets_both_ends,
	    stop_of_the_reader_and_of_the_gateway,
	};
	Suite *suite = suite_create("stream");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	for (uint32_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
