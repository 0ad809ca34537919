/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Killed after the Nth store: this build of the stream engine's store dies there (nat/records.h).
 * What is left is taken over, the ends send again what nobody acknowledged, and the receiver must
 * end up with each line once, changed.
 */
#ifndef ALGATE_ABORT_TEST
#error "compile this test, records.c and stream_store.c with -DALGATE_ABORT_TEST"
#endif
#include <check.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "nat/records.h"
#include "packets.h"
#include "streamlab.h"
#include "suite.h"

#define LINES	5u
#define CHUNKS	64u
#define STREAMS 4u

/* Shared with the child that dies. */
struct shared {
	uint8_t got[256];
	uint32_t have;	/* in order */
	uint32_t acked; /* told to the sender */
	uint32_t differs;
	uint32_t count; /* messages, as the reader's memory had them */
};

static struct shared *shared;
static struct stream_set *set;
static uint32_t stream;
static struct splices splices;
static const char text[] = "gA\nrabcd\nsabcdefgh\nkeep\nmabcdefghijklm\n";

static enum frame frame(void *arg, enum flow_side from, const uint8_t *bytes, uint32_t length,
			uint32_t *size)
{
	const uint8_t *end = memchr(bytes, '\n', length);

	(void)arg;
	(void)from;
	*size = end != NULL ? (uint32_t)(end - bytes) + 1 : 0;
	return end != NULL ? FRAME_WHOLE : FRAME_MORE;
}

static const struct splices *message(void *arg, enum flow_side from, const uint8_t *bytes,
				     uint32_t length, bool *stop, bool *refuse)
{
	(void)arg;
	(void)from;
	(void)stop;
	(void)refuse;
	shared->count = ++*(uint32_t *)stream_memory(set);
	return toy_edit(bytes, length, &splices);
}

static const struct stream_reader reader = {NULL, frame, message, NULL, 0};

static void receive(uint32_t offset, const uint8_t *bytes, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++) {
		if (offset + i > shared->have)
			return;
		if (offset + i == shared->have)
			shared->got[shared->have++] = bytes[i];
		else if (shared->got[offset + i] != bytes[i])
			shared->differs++;
	}
}

static bool sent(void *arg, const struct stream_segment *segment)
{
	(void)arg;
	if (segment->to == SIDE_OUTSIDE)
		receive(segment->seq - 1, segment->payload, segment->length);
	else if (segment->ack - 1 > shared->acked)
		shared->acked = segment->ack - 1;
	return true;
}

static const struct stream_sink sink = {NULL, sent};

static void give(int from, const struct lab_segment *segment)
{
	static uint8_t bytes[65536];
	struct decoded view;
	uint32_t length = lab_packet_make(bytes, from, segment), header;

	ck_assert(decode_packet(bytes, length, &view));
	if (stream_packet(set, stream, (enum flow_side)from, 1000, &view, 65535, &reader, &sink) >
	    STREAM_PASS_UNCHANGED)
		return;
	header = 20 + (bytes[32] >> 4) * 4u;
	if (from == 0)
		receive(up32(bytes + 24) - 1, bytes + header, view.length - header);
	else
		shared->acked = up32(bytes + 28) - 1;
}

static void data(uint32_t offset, uint32_t length)
{
	give(0, &(struct lab_segment){.seq = 1 + offset,
				      .ack = 1,
				      .flags = F_ACK,
				      .window = 60000,
				      .payload = (const uint8_t *)text + offset,
				      .length = length});
}

static void ack(void)
{
	give(1, &(struct lab_segment){
		    .seq = 1, .ack = 1 + shared->have, .flags = F_ACK, .window = 60000});
}

static void open_connection(void)
{
	give(0, &(struct lab_segment){.flags = F_SYN, .window = 60000});
	give(1, &(struct lab_segment){.ack = 1, .flags = F_SYN | F_ACK, .window = 60000});
}

/* Segments of seven bytes, some of them out of order; what was acknowledged is not sent again. */
static void talk(void)
{
	uint32_t size = sizeof(text) - 1;

	for (uint32_t at = shared->acked; at < size; at += 7) {
		if (at + 14 < size)
			data(at + 7, 7);
		data(at, size - at < 7 ? size - at : 7);
		ack();
	}
}

/* Sender and receiver go on until all is there; false: it never is. */
static bool complete(uint32_t expected)
{
	for (int i = 0; i < 50 && shared->have < expected; i++) {
		uint32_t due;

		talk();
		while (stream_next_due(set, &due) <= 400000000 && shared->have < expected) {
			stream_due(set, 400000000, due, &reader, &sink);
			break;
		}
		ack();
	}
	return shared->have >= expected;
}

static void child(void *store, uint64_t stores)
{
	set = stream_set_new(store, STREAMS, CHUNKS, 1000);
	stream = stream_open(set, 1000, 7);
	open_connection();
	records_stores_left = stores;
	talk();
	_exit(0);
}

/* False: the child came to its end. */
static bool die_after(void *store, uint64_t stores)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		child(store, stores);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status);
}

START_TEST(killed_after_each_store)
{
	size_t size = stream_store_size(STREAMS, CHUNKS);
	void *store = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t expected, from, deaths = 0;
	uint8_t *right = toy_stream((const uint8_t *)text, sizeof(text) - 1, &expected);

	shared =
	    mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (uint64_t n = 1;; n += n < 3000 ? 1 : 17, deaths++) {
		memset(store, 0, size);
		memset(shared, 0, sizeof(*shared));
		if (!die_after(store, n))
			break;
		set = stream_set_new(store, STREAMS, CHUNKS, 1000);
		from = 0;
		stream = stream_next(set, &from);
		ck_assert_msg(stream != STREAM_NONE && stream_name(set, stream) == 7,
			      "gone after %u stores", (unsigned)n);
		ck_assert_msg(complete(expected), "after %u stores: %u of %u", (unsigned)n,
			      shared->have, expected);
		ck_assert_mem_eq(shared->got, right, expected);
		ck_assert_uint_eq(shared->have, expected);
		ck_assert_uint_eq(shared->differs, 0);
		ck_assert_uint_eq(shared->count, LINES);
		stream_close(set, stream);
		ck_assert_uint_eq(stream_chunks_used(set), 0);
		stream_set_free(set);
	}
	ck_assert_uint_gt(deaths, 500);
	free(right);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream_crash");
	TCase *tcase = tcase_create("all");

	tcase_add_test(tcase, killed_after_each_store);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
