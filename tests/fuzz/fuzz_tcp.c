/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the TCP state of one flow. Input: records of 8 bytes, each a segment of one side, its numbers near what is known
 * (or anywhere), through the quick way and the slow one as in the engine; some records adopt the flow anew. What must hold:
 *   - phase and flags stay among those that adoption accepts, and the identity of the record stays as it was;
 *   - a settled flow closes only by two FINs or by a RST with the exact number;
 *   - what does not fit changes no phase; a plain segment never closes anything.
 */
#include <stdlib.h>
#include <string.h>
#include "nat/flow.h"
#include "nat/tcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORD 8

static void must(bool truth)
{
	if (!truth)
		abort();
}

struct trial {
	struct flow_record flow;
	struct flow_slot slot[2];
};

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Near, at the edge of windows, or anywhere. */
static uint32_t number(uint32_t base, uint8_t how, uint8_t value)
{
	switch (how & 3) {
	case 0:
		return base + (uint32_t)(int8_t)value;
	case 1:
		return base + ((uint32_t)value << 12);
	case 2:
		return base - ((uint32_t)value << 9);
	default:
		return base + ((uint32_t)value << 24);
	}
}

static struct decoded segment(const struct trial *trial, int side, const uint8_t *record, uint8_t bytes[256])
{
	static const uint8_t flags[] = {TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK, TCP_SYN, TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK,
					TCP_RST, TCP_RST | TCP_ACK, TCP_FIN, TCP_SYN | TCP_FIN, 0, 0xff, TCP_ACK,
					TCP_FIN | TCP_ACK, TCP_SYN | TCP_ACK};
	const struct flow_slot *from = &trial->slot[side], *to = &trial->slot[!side];
	uint32_t header = record[1] & 64 ? 24 : 20, base = record[1] & 128 ? to->ack : from->end;

	memset(bytes, 0, 256);
	put32(bytes + 4, number(base, record[2], record[3]));
	put32(bytes + 8, number(record[2] & 64 ? trial->flow.syn + 1 : to->end, record[2] >> 2, record[4]));
	bytes[12] = (uint8_t)(header / 4 << 4);
	bytes[13] = flags[record[1] & 15];
	bytes[14] = record[5];
	bytes[15] = record[6];
	memcpy(bytes + 20, record + 4, 4);
	if (record[1] & 32)
		memcpy(bytes + 20, (uint8_t[]){3, 3, record[6], 0}, 4);
	return (struct decoded){.l4 = bytes,
				.l4_length = header + record[7] % 200,
				.protocol = PROTOCOL_TCP,
				.kind = L4_PORTS,
				.tcp_flags = bytes[13]};
}

static void adopt(struct trial *trial)
{
	trial->flow.tcp &= FLOW_TCP_KEPT;
	for (int side = 0; side < 2; side++)
		trial->slot[side] = (struct flow_slot){.key.side = (uint8_t)side};
}

static bool both_finished(const struct flow_record *flow)
{
	return (flow->tcp & (FLOW_TCP_FIN | FLOW_TCP_FIN << 1)) == (FLOW_TCP_FIN | FLOW_TCP_FIN << 1);
}

static void judge(const struct trial *before, const struct trial *after, int side, const struct tcp_segment *segment,
		  enum tcp_effect effect)
{
	bool settled = before->flow.tcp & FLOW_TCP_SETTLED, closed = after->flow.phase == PHASE_CLOSING &&
								     before->flow.phase != PHASE_CLOSING;
	uint32_t exact = before->slot[!side].ack, end = before->slot[side].end;

	must(after->flow.phase >= PHASE_SYN && after->flow.phase <= PHASE_CLOSING);
	must((after->flow.tcp & ~FLOW_TCP) == 0);
	must((after->flow.phase != before->flow.phase) <= (effect == TCP_CHANGED || effect == TCP_REOPENED));
	if (effect == TCP_UNFIT)
		must(after->flow.phase == before->flow.phase &&
		     (after->flow.tcp & FLOW_TCP_KEPT) == (before->flow.tcp & FLOW_TCP_KEPT));
	if (closed && (segment->flags & TCP_RST))
		must(!settled || segment->seq == exact || segment->seq == end);
	else if (closed)
		must((segment->flags & TCP_FIN) && both_finished(&after->flow));
	if (effect == TCP_REOPENED)
		must(segment->flags & TCP_SYN);
}

static void one(struct trial *trial, const uint8_t *record)
{
	struct trial before = *trial;
	int side = record[0] & 1;
	uint8_t bytes[256];
	struct decoded view = segment(trial, side, record, bytes);
	struct tcp_segment read = tcp_read(&view);
	enum tcp_effect effect = TCP_NOTHING;

	if (record[0] == 0xff) {
		adopt(trial);
		return;
	}
	if (tcp_quick(&trial->slot[side], &view))
		must(memcmp(&before.flow, &trial->flow, sizeof(before.flow)) == 0);
	else
		effect = tcp_track(&trial->flow, &trial->slot[side], &trial->slot[!side], &read);
	judge(&before, trial, side, &read, effect);
	must(flow_seal(&trial->flow) == flow_seal(&before.flow));
	must(memcmp(&trial->slot[0].key, &before.slot[0].key, sizeof(before.slot[0].key)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trial trial = {.flow = {.protocol = PROTOCOL_TCP, .phase = PHASE_SYN, .scales = TCP_SCALES_UNSEEN}};

	adopt(&trial);
	for (; size >= RECORD; data += RECORD, size -= RECORD)
		one(&trial, data);
	return 0;
}
