/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream engine item by item, with segments by hand and with whole connections. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "packets.h"
#include "streamlab.h"

#define ISN_A 1000u
#define ISN_B 50000u
#define F_URG 32

static struct lab *lab;
static uint8_t bytes[65536 + 100];
static uint32_t length;

/* What the engine sent, as the lab's ends would get it. */
static struct {
	int to;
	uint8_t data[8192];
	uint32_t length;
} sent[64];
static uint32_t n_sent;

static void keep(struct lab *of, int to, const uint8_t *ip, uint32_t size)
{
	(void)of;
	if (n_sent == 64 || size > sizeof(sent[0].data))
		return;
	sent[n_sent].to = to;
	sent[n_sent].length = size;
	memcpy(sent[n_sent++].data, ip, size);
}

static uint32_t sent_payload(uint32_t i)
{
	return sent[i].length - 20 - (sent[i].data[32] >> 4) * 4u;
}

static const uint8_t *sent_bytes(uint32_t i)
{
	return sent[i].data + 20 + (sent[i].data[32] >> 4) * 4u;
}

static void begin(const struct lab_options *options)
{
	lab = lab_new(options);
	lab->seen = keep;
	lab->end[0].iss = ISN_A;
	lab->end[1].iss = ISN_B;
	n_sent = 0;
}

static void setup(void)
{
	struct lab_options options = lab_defaults(1);

	begin(&options);
}

static void teardown(void)
{
	lab_free(lab);
}

static enum stream_fate give(int from, const struct lab_segment *segment)
{
	length = lab_packet_make(bytes, from, segment);
	return lab_through(lab, from, bytes, &length);
}

/* in numbers relative to the ISNs */
static enum stream_fate data(int from, uint32_t seq, uint32_t ack, const char *text, uint8_t flags)
{
	struct lab_segment s = {.seq = (from == 0 ? ISN_A : ISN_B) + seq,
				.ack = (from == 0 ? ISN_B : ISN_A) + ack,
				.flags = F_ACK | flags,
				.window = 60000,
				.payload = (const uint8_t *)text,
				.length = (uint32_t)strlen(text)};

	return give(from, &s);
}

static void syns(const char *options, uint32_t size)
{
	struct lab_segment s = {.seq = ISN_A,
				.flags = F_SYN,
				.window = 60000,
				.options = (const uint8_t *)options,
				.options_length = size};

	ck_assert_int_le(give(0, &s), STREAM_PASS_UNCHANGED);
	s.seq = ISN_B;
	s.ack = ISN_A + 1;
	s.flags = F_SYN | F_ACK;
	ck_assert_int_le(give(1, &s), STREAM_PASS_UNCHANGED);
	ck_assert_int_eq(data(0, 1, 1, "", 0), STREAM_PASS_UNCHANGED);
}

#define MSS1460	 "\2\4\5\264"
#define MSS_SACK MSS1460 "\1\1\4\2"

static uint32_t seq_now(void)
{
	return up32(bytes + 24);
}

static uint32_t ack_now(void)
{
	return up32(bytes + 28);
}

static uint32_t payload_now(void)
{
	return length - 20 - (bytes[32] >> 4) * 4u;
}

#define IS(text)                                                                                   \
	(payload_now() == strlen(text) &&                                                          \
	 memcmp(bytes + 20 + (bytes[32] >> 4) * 4, text, strlen(text)) == 0)

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

/* A process that was killed while it waited has not forgotten until when. */
START_TEST(patience_goes_on_in_the_next_life)
{
	uint32_t stream, from = 0;
	uint64_t until = lab->now + 15000;

	lab->reader.patience = 15000;
	syns(MSS1460, 4);
	ck_assert_int_eq(data(0, 1, 1, "rab", 0), STREAM_HELD);
	lab->now += 14000;
	stream_set_free(lab->set);
	lab->set = stream_set_new(lab->store, lab->options.streams, lab->options.chunks, lab->now);
	lab->stream = stream_next(lab->set, &from);
	while (stream_next_due(lab->set, &stream) <= until) {
		n_sent = 0;
		if (stream_next_due(lab->set, &stream) > lab->now)
			lab->now = stream_next_due(lab->set, &stream);
		stream_due(lab->set, lab->now, stream, &lab->reader, &lab->sink);
		if (lab->notes[NOTE_FOREIGN] > 0)
			break;
	}
	ck_assert_uint_eq(lab->notes[NOTE_FOREIGN], 1);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_mem_eq(sent_bytes(0), "rab", 3);
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
	    gso_packets_pass_as_such,
	    midstream_is_not_read,
	    signed_segments_are_not_read,
	    data_of_a_syn_is_taken_off,
	    syn_again_with_another_number,
	    nothing_is_left_of_a_connection_that_was_begun_anew,
	    injection_is_not_read,
	    refused_message_resets_both_ends,
	    stop_of_the_reader_and_of_the_gateway,
	    half_a_message_is_not_waited_for_for_ever,
	    patience_goes_on_in_the_next_life,
	    patience_is_for_unfinished_messages_only,
	    shortage_evicts_who_waits,
	    damaged_store,
	};
	Suite *suite = suite_create("stream");
	TCase *tcase = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	for (uint32_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
