/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: the stream engine. Input: a byte of options, then records of 8 bytes: a segment of
 * one side, its numbers near what is known (or anywhere); the timer; a new start from what the
 * store holds. What must hold:
 *   - while a direction is read, each byte number is sent with one value only;
 *   - no segment of ours is larger than its receiver takes, none leaves from within a call that is
 * over;
 *   - the packet stays within its room, its lengths fit together; the packet behind its end stays
 * as it was;
 *   - memory is bounded, and given back when the stream is closed.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "nat/stream.h"
#include "nat/stream_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORD	8u
#define STREAMS 3u
#define CHUNKS	40u
#define SPACE	(1u << 17)
#define ROOM	3000u
#define HEADER	4096u
#define ISN	0xffffff00u /* wraps soon */

static struct trial {
	struct stream_set *set;
	uint32_t stream;
	uint64_t now;
	uint32_t next[2]; /* near the next number of a side */
	uint32_t told[2];
	bool inside;
	uint32_t era; /* of what is known */
	uint32_t known[2][SPACE];
	uint8_t value[2][SPACE];
	struct splices splices;
} trial;
static _Alignas(4096) uint8_t store[1 << 20];

static void must(bool truth)
{
	if (!truth)
		abort();
}

/* ---- memory: a set has 400 KB of room for calls, and to map that anew for each input was half of the time ---- */

static struct stream_set *kept;
static bool lent;

void *__real_mem_alloc(size_t size);
void __real_free(void *p);
void *__wrap_mem_alloc(size_t size);
void __wrap_free(void *p);

void *__wrap_mem_alloc(size_t size)
{
	if (size != sizeof(struct stream_set) || lent)
		return __real_mem_alloc(size);
	if (kept == NULL)
		kept = __real_mem_alloc(size);
	memset(kept, 0, offsetof(struct stream_set, gather));
	lent = true;
	return kept;
}

/* Whoever uses it after that reads nonsense. */
void __wrap_free(void *p)
{
	if (p == NULL || p != kept) {
		__real_free(p);
		return;
	}
	must(lent);
	memset(kept, 0xa5, offsetof(struct stream_set, gather));
	lent = false;
}

/* ---- packets ---- */

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static enum frame frame(void *arg, enum flow_side from, const uint8_t *bytes, uint32_t length,
			uint32_t *size)
{
	const uint8_t *end = memchr(bytes, '\n', length);

	(void)arg;
	(void)from;
	must(length > 0);
	*size = bytes[0] == 'p' ? 300 : end != NULL ? (uint32_t)(end - bytes) + 1 : 0;
	if (bytes[0] == 'p')
		return FRAME_PASS;
	if (bytes[0] == 'D')
		return FRAME_DONE;
	if (bytes[0] == 'F')
		return FRAME_FOREIGN;
	return end != NULL ? FRAME_WHOLE : FRAME_MORE;
}

static const struct splices *message(void *arg, enum flow_side from, const uint8_t *bytes,
				     uint32_t length, bool *stop, bool *refuse)
{
	struct splices *s = &trial.splices;
	uint32_t at = length / 3, removed = bytes[0] == 's' ? length / 2 : bytes[0] == 'r' ? 1 : 0;
	uint32_t added = bytes[0] == 'g' ? 40 : bytes[0] == 'b' ? 2500 : bytes[0] == 'r' ? 1 : 0;

	(void)arg;
	(void)from;
	*stop = bytes[0] == 'S';
	*refuse = bytes[0] == 'R';
	s->n = removed + added > 0;
	s->length = length - removed + added;
	s->at[0] = (struct splice){at, removed, 0, added};
	memset(s->text, 'X', added);
	return s->n > 0 ? s : NULL;
}

static void note(void *arg, enum alg_note which)
{
	(void)arg;
	must(which > NOTE_NONE && which < NOTE_COUNT);
}

static const struct stream_reader reader = {NULL, frame, message, note, 2000};

/* Nothing is known any more. */
static void forget(void)
{
	if (++trial.era == 0) {
		memset(trial.known, 0, sizeof(trial.known));
		trial.era = 1;
	}
}

static void judge(int to, uint32_t seq, const uint8_t *bytes, uint32_t length)
{
	uint32_t at = seq - ISN - 1;

	for (uint32_t i = 0; i < length && at + i < SPACE; i++) {
		must(trial.known[to][at + i] != trial.era || trial.value[to][at + i] == bytes[i]);
		trial.known[to][at + i] = trial.era;
		trial.value[to][at + i] = bytes[i];
	}
}

static bool sent(void *arg, const struct stream_segment *s)
{
	(void)arg;
	must(trial.inside && s->to < 2 && s->options_length % 4 == 0 && s->options_length <= 40);
	must(s->length + s->options_length <= 536);
	if ((s->flags & TCP_RST) == 0 && stream_look(trial.set, trial.stream).reads[!s->to])
		judge(s->to, s->seq, s->payload, s->length);
	trial.told[s->to] = s->ack;
	return s->window != 4242;
}

static const struct stream_sink sink = {NULL, sent};

static uint32_t number(uint32_t near, uint8_t how, uint8_t value)
{
	static const uint32_t far[] = {1, 40, 536, 65536};

	if ((how & 7) < 4)
		return near;
	if ((how & 7) == 4)
		return near + (uint32_t)(int8_t)value;
	if ((how & 7) == 5)
		return near + value * far[how >> 3 & 3];
	return (how & 7) == 6 ? near - value * far[how >> 3 & 3] : near + ((uint32_t)value << 24);
}

static uint32_t options_of(uint8_t *to, const uint8_t *r, uint8_t how)
{
	static const uint8_t syn[] = {2, 4, 2, 24, 1, 1, 4, 2, 1, 3, 3, 2};
	uint32_t n = 0;

	if ((r[0] & 2) != 0) {
		memcpy(to, syn, sizeof(syn));
		n = sizeof(syn);
	}
	if ((how & 1) != 0) {
		memcpy(to + n, "\1\1\10\12", 4);
		put32(to + n + 4, (uint32_t)trial.now + r[6]);
		put32(to + n + 8, (uint32_t)trial.now);
		n += 12;
	}
	if ((r[7] & 12) == 12) {
		memcpy(to + n, "\1\1\5\12", 4);
		put32(to + n + 4, trial.told[r[7] & 1] + r[3]);
		put32(to + n + 8, trial.told[r[7] & 1] + r[3] + r[4]);
		n += 12;
	}
	return n;
}

/* Lines of a length that r says; what they begin with goes by where they stand. */
static void put_lines(uint8_t *to, uint32_t length, const uint8_t *r, uint32_t next)
{
	static const char first[] = "kkkgsrbgsrkp\nkkDFSR";
	uint32_t period = r[6] % 64 + 2u;

	memset(to, 'a' + r[7] % 2, length);
	for (uint32_t i = 0; i < length; i += period) {
		to[i] = (uint8_t)first[(r[6] + i + next) % (sizeof(first) - 1)];
		if (i + period - 1 < length)
			to[i + period - 1] = '\n';
	}
}

/* flags: 1 side, 2 SYN, 4 FIN, 8 RST, 16 URG, 32 no ACK */
static uint32_t make(uint8_t *p, const uint8_t *r, uint8_t how, int side)
{
	uint32_t length = r[5] < 250 ? r[5] : (r[5] - 240u) * 100,
		 header = 40 + options_of(p + 40, r, how);

	memset(p, 0, 40);
	p[0] = 0x45;
	p[2] = (uint8_t)((header + length) >> 8);
	p[3] = (uint8_t)(header + length);
	p[9] = PROTOCOL_TCP;
	p[12] = p[16] = 10;
	put32(p + 24, number(trial.next[side], r[1], r[2]));
	put32(p + 28, number(trial.next[!side] - (r[3] & 1), r[1] >> 3, r[3]));
	p[32] = (uint8_t)((header - 20) / 4 << 4);
	p[33] =
	    (uint8_t)((r[0] & 32 ? 0 : TCP_ACK) | (r[0] & 2 ? TCP_SYN : 0) |
		      (r[0] & 4 ? TCP_FIN : 0) | (r[0] & 8 ? TCP_RST : 0) | (r[0] & 16 ? 0x20 : 0));
	p[34] = r[4];
	p[39] = r[6];
	put_lines(p + header, length, r, trial.next[side]);
	return header + length;
}

static void give(const uint8_t *r, uint8_t how)
{
	static uint8_t p[ROOM + 64];
	int side = r[0] & 1;
	uint32_t length = make(p, r, how, side),
		 end = get32(p + 24) + length - 20 - (p[32] >> 4) * 4u;
	struct decoded view;
	bool read = stream_look(trial.set, trial.stream).reads[side];
	enum stream_fate fate;

	memset(p + ROOM, 0xa5, 64);
	if (!decode_packet(p, length, &view))
		return;
	fate = stream_packet(trial.set, trial.stream, (enum flow_side)side, trial.now, &view, ROOM,
			     &reader, &sink);
	/* Refused, and opened anew. */
	if (!read && stream_look(trial.set, trial.stream).reads[side])
		forget();
	must(view.length <= ROOM && view.length == ((uint32_t)p[2] << 8 | p[3]));
	for (uint32_t i = 0; i < 64; i++)
		must(p[ROOM + i] == 0xa5);
	if ((p[33] & TCP_SYN) != 0)
		end = get32(p + 24) + 1;
	if ((int32_t)(end - trial.next[side]) > 0 && end - trial.next[side] < 5000)
		trial.next[side] = end;
	length = view.length - 20 - (p[32] >> 4) * 4u;
	if (fate <= STREAM_PASS_UNCHANGED && read &&
	    stream_look(trial.set, trial.stream).reads[side] && length > 1 &&
	    (p[33] & (TCP_SYN | TCP_RST)) == 0)
		judge(!side, get32(p + 24), p + 20 + (p[32] >> 4) * 4u, length);
}

static void begin(void)
{
	uint32_t from = 0;

	trial.set = stream_set_new(store, STREAMS, CHUNKS, trial.now);
	trial.stream = stream_next(trial.set, &from);
}

static void other(const uint8_t *r)
{
	uint32_t due;

	if ((r[1] & 7) == 7) {
		stream_set_free(trial.set);
		begin();
		must(trial.stream != STREAM_NONE);
	} else if ((r[1] & 7) == 6 && r[2] == 0) {
		stream_stop(trial.set, trial.stream, trial.now, &sink);
	}
	trial.now += (uint64_t)r[3] * r[4];
	for (int i = 0; i < 10 && stream_next_due(trial.set, &due) <= trial.now; i++)
		stream_due(trial.set, trial.now, due, &reader, &sink);
}

/* An empty store: the header says so, whatever stands behind it. */
static void start(void)
{
	memset(store, 0, HEADER);
	forget();
	trial.now = 5000;
	trial.next[0] = trial.next[1] = ISN;
	trial.told[0] = trial.told[1] = 0;
	trial.inside = true;
	trial.set = stream_set_new(store, STREAMS, CHUNKS, trial.now);
	trial.stream = stream_open(trial.set, trial.now, 9);
	must(trial.stream != STREAM_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t open[3][RECORD] = {
	    {2 | 32, 0, 0, 0, 200}, {2 | 1, 0, 0, 0, 200}, {0, 0, 0, 0, 200}};

	if (size < 1 || stream_store_size(STREAMS, CHUNKS) > sizeof(store))
		return 0;
	start();
	for (uint32_t i = 0; i < 3 && (data[0] & 2) == 0; i++)
		give(open[i], data[0]);
	for (size_t at = 1; at + RECORD <= size; at += RECORD) {
		trial.now++;
		if (data[at] >= 0xf0)
			other(data + at);
		else
			give(data + at, data[0]);
		must(stream_chunks_used(trial.set) <= CHUNKS);
	}
	stream_close(trial.set, trial.stream);
	must(stream_chunks_used(trial.set) == 0 && stream_count(trial.set) == 0);
	stream_set_free(trial.set);
	trial.inside = false;
	return 0;
}
