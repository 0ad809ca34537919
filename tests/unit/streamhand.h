/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream engine with segments by hand, numbered from the SYNs on. */
#ifndef ALGATE_TEST_STREAMHAND_H
#define ALGATE_TEST_STREAMHAND_H

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

static inline void keep(struct lab *of, int to, const uint8_t *ip, uint32_t size)
{
	(void)of;
	if (n_sent == 64 || size > sizeof(sent[0].data))
		return;
	sent[n_sent].to = to;
	sent[n_sent].length = size;
	memcpy(sent[n_sent++].data, ip, size);
}

static inline uint32_t sent_payload(uint32_t i)
{
	return sent[i].length - 20 - (sent[i].data[32] >> 4) * 4u;
}

static inline const uint8_t *sent_bytes(uint32_t i)
{
	return sent[i].data + 20 + (sent[i].data[32] >> 4) * 4u;
}

static inline void begin(const struct lab_options *options)
{
	lab = lab_new(options);
	lab->seen = keep;
	lab->end[0].iss = ISN_A;
	lab->end[1].iss = ISN_B;
	n_sent = 0;
}

static inline void setup(void)
{
	struct lab_options options = lab_defaults(1);

	begin(&options);
}

static inline void teardown(void)
{
	lab_free(lab);
}

static inline enum stream_fate give(int from, const struct lab_segment *segment)
{
	length = lab_packet_make(bytes, from, segment);
	return lab_through(lab, from, bytes, &length);
}

/* in numbers relative to the ISNs */
static inline enum stream_fate data(int from, uint32_t seq, uint32_t ack, const char *text, uint8_t flags)
{
	struct lab_segment s = {.seq = (from == 0 ? ISN_A : ISN_B) + seq,
				.ack = (from == 0 ? ISN_B : ISN_A) + ack,
				.flags = F_ACK | flags,
				.window = 60000,
				.payload = (const uint8_t *)text,
				.length = (uint32_t)strlen(text)};

	return give(from, &s);
}

static inline void syns(const char *options, uint32_t size)
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

static inline uint32_t seq_now(void)
{
	return up32(bytes + 24);
}

static inline uint32_t ack_now(void)
{
	return up32(bytes + 28);
}

static inline uint32_t payload_now(void)
{
	return length - 20 - (bytes[32] >> 4) * 4u;
}

#define IS(text)                                                                                   \
	(payload_now() == strlen(text) &&                                                          \
	 memcmp(bytes + 20 + (bytes[32] >> 4) * 4, text, strlen(text)) == 0)

#endif
