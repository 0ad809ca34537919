/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "streamlab_inside.h"

#include <string.h>
#include "packets.h"

#define ROOM   65535u
#define HEADER 20u

uint32_t lab_random(struct lab *lab, uint32_t below)
{
	lab->random ^= lab->random << 13;
	lab->random ^= lab->random >> 7;
	lab->random ^= lab->random << 17;
	return below == 0 ? 0 : (uint32_t)(lab->random >> 20) % below;
}

/* ---- the toy protocol ---- */

static void splice(struct splices *s, uint32_t offset, uint32_t removed, uint32_t added,
		   uint8_t fill)
{
	s->at[s->n++] = (struct splice){offset, removed, s->used, added};
	for (uint32_t i = 0; i < added; i++)
		s->text[s->used + i] = (uint8_t)(fill + i % 7);
	s->used += added;
	s->length = s->length - removed + added;
}

const struct splices *toy_edit(const uint8_t *line, uint32_t length, struct splices *s)
{
	s->n = s->used = 0;
	s->length = length;
	if (line[0] == 'g')
		splice(s, 1, 0, length > 1 ? 1 + line[1] % 40 : 3, 'A');
	else if (line[0] == 's' && length > 4)
		splice(s, 1, 1 + length / 3, 0, 0);
	else if (line[0] == 'r' && length > 4)
		splice(s, 2, 2, 2, 'Q');
	else if (line[0] == 'd')
		splice(s, 0, length, 0, 0);
	else if (line[0] == 'b' && length < 60000)
		splice(s, length / 2, 0, 3000, 'a');
	else if (line[0] == 'm' && length > 12) {
		splice(s, 1, 1, 6, '0');
		splice(s, length / 2, 4, 1, 'Z');
		splice(s, length - 1, 0, 3, 'z');
	}
	return s->n > 0 ? s : NULL;
}

uint8_t *toy_stream(const uint8_t *bytes, uint32_t length, uint32_t *out)
{
	static struct splices splices;
	uint8_t *to = malloc(LAB_BYTES * 4u);
	uint32_t at = 0, n = 0;

	while (at < length) {
		const uint8_t *end = memchr(bytes + at, '\n', length - at);
		uint32_t size = end != NULL ? (uint32_t)(end - bytes) + 1 - at : length - at;

		if (end == NULL || toy_edit(bytes + at, size, &splices) == NULL) {
			memcpy(to + n, bytes + at, size);
			n += size;
		} else {
			splice_apply(bytes + at, size, &splices, to + n);
			n += splices.length;
		}
		at += size;
	}
	*out = n;
	return to;
}

static enum frame toy_frame(void *arg, enum flow_side from, const uint8_t *bytes, uint32_t length,
			    uint32_t *size)
{
	const uint8_t *end = memchr(bytes, '\n', length);

	(void)from;
	if (((struct lab *)arg)->lengths && length > 1 && bytes[0] == 1)
		*size = bytes[1];
	if (*size != 0)
		return length < *size ? FRAME_MORE : FRAME_WHOLE;
	if (end == NULL)
		return FRAME_MORE;
	*size = (uint32_t)(end - bytes) + 1;
	return FRAME_WHOLE;
}

/* The reader counts in the memory that is committed with what was read: over all kills each message
 * counts once. */
static const struct splices *toy_message(void *arg, enum flow_side from, const uint8_t *bytes,
					 uint32_t length, bool *stop, bool *refuse)
{
	struct lab *lab = arg;
	uint32_t *count = stream_memory(lab->set);

	(void)stop;
	(void)refuse;
	count[from]++;
	lab->messages = count[0] + count[1];
	return toy_edit(bytes, length, &lab->splices);
}

static void toy_note(void *arg, enum alg_note note)
{
	((struct lab *)arg)->notes[note]++;
}

/* ---- packets ---- */

uint32_t lab_packet_make(uint8_t *to, int from, const struct lab_segment *s)
{
	uint32_t options = (s->options_length + 3) / 4 * 4,
		 length = 20 + HEADER + options + s->length;

	memset(to, 0, 40 + options);
	to[0] = 0x45;
	pk16(to + 2, length);
	to[8] = 64;
	to[9] = P_TCP;
	pk32(to + 12, from == 0 ? IP(10, 0, 0, 1) : IP(198, 51, 100, 1));
	pk32(to + 16, from == 0 ? IP(198, 51, 100, 1) : IP(10, 0, 0, 1));
	pk16(to + 20, from == 0 ? 4000 : 21);
	pk16(to + 22, from == 0 ? 21 : 4000);
	pk32(to + 24, s->seq);
	pk32(to + 28, s->ack);
	to[32] = (uint8_t)((HEADER + options) / 4 << 4);
	to[33] = s->flags;
	pk16(to + 34, s->window);
	pk16(to + 38, s->urgent);
	if (s->options_length > 0)
		memcpy(to + 40, s->options, s->options_length);
	if (s->length > 0)
		memcpy(to + 40 + options, s->payload, s->length);
	return length;
}

void lab_put(struct lab *lab, uint8_t to, const uint8_t *bytes, uint32_t length)
{
	struct lab_packet *packet;
	uint32_t delay = 2 + lab_random(lab, 3);

	if (lab->n_packets == LAB_PACKETS || lab_chance(lab, lab->options.loss))
		return;
	if (lab_chance(lab, lab->options.swap))
		delay += lab_random(lab, 60);
	packet = &lab->packets[lab->n_packets++];
	packet->at = lab->now + delay;
	packet->to = to;
	packet->bytes = malloc(length);
	packet->length = length;
	memcpy(packet->bytes, bytes, length);
	if (lab_chance(lab, lab->options.doubled))
		lab_put(lab, to, bytes, length);
}

/* One byte number, one value. */
static void judge_bytes(struct lab *lab, int to, uint32_t seq, const uint8_t *bytes,
			uint32_t length)
{
	uint32_t offset = seq - (lab->end[!to].iss + 1);

	for (uint32_t i = 0; i < length; i++, offset++) {
		MUST(lab, offset < LAB_BYTES * 2);
		MUST(lab, !lab->known[to][offset] || lab->value[to][offset] == bytes[i]);
		lab->known[to][offset] = 1;
		lab->value[to][offset] = bytes[i];
	}
}

/* What leaves the engine towards an end; a super-packet is cut as a kernel does. */
static void leave(struct lab *lab, int to, const uint8_t *ip, uint32_t length)
{
	uint32_t header = 20 + (ip[32] >> 4) * 4u, payload = length - header,
		 most = lab->end[to].mss;
	uint8_t piece[65536];

	if (lab->seen != NULL)
		lab->seen(lab, to, ip, length);
	MUST(lab, up16(ip + 2) == length);
	if ((ip[33] & F_SYN) == 0 && (ip[33] & F_RST) == 0)
		judge_bytes(lab, to, up32(ip + 24), ip + header, payload);
	if (payload + header - 40 <= most) {
		lab_put(lab, (uint8_t)to, ip, length);
		return;
	}
	MUST(lab, lab->options.gso);
	most = most > header - 40 + 100 ? most - (header - 40) : 100;
	for (uint32_t at = 0; at < payload; at += most) {
		uint32_t size = payload - at < most ? payload - at : most;

		memcpy(piece, ip, header);
		memcpy(piece + header, ip + header + at, size);
		pk32(piece + 24, up32(ip + 24) + at);
		pk16(piece + 2, header + size);
		if (at + size < payload)
			piece[33] &= (uint8_t) ~(F_FIN | F_PSH);
		lab_put(lab, (uint8_t)to, piece, header + size);
	}
}

static void maybe_kill(struct lab *lab)
{
	if (!lab_chance(lab, lab->options.kill))
		return;
	lab->dead = true;
	memcpy(lab->copy, lab->store, lab->store_size);
}

static bool lab_send(void *arg, const struct stream_segment *s)
{
	struct lab *lab = arg;
	static uint8_t bytes[65536 + 100];
	struct lab_segment segment = {.seq = s->seq,
				      .ack = s->ack,
				      .flags = s->flags,
				      .window = s->window,
				      .urgent = s->urgent,
				      .options = s->options,
				      .options_length = s->options_length,
				      .payload = s->payload,
				      .length = s->length};

	if (lab->dead || lab->sink_refuses)
		return false;
	if (lab->options.few != 0 && lab->sent_now++ >= lab->options.few)
		return false;
	lab->emitted++;
	lab->emitted_data += s->length > 0;
	MUST(lab, s->options_length <= 40 && s->options_length % 4 == 0);
	MUST(lab, s->length == 0 || s->length + s->options_length <=
					(lab->end[s->to].mss > 88 ? lab->end[s->to].mss : 88));
	leave(lab, s->to, bytes, lab_packet_make(bytes, !s->to, &segment));
	maybe_kill(lab);
	return true;
}

/* From what the killed engine left. */
void lab_restart(struct lab *lab)
{
	uint32_t from = 0;

	memcpy(lab->store, lab->copy, lab->store_size);
	stream_set_free(lab->set);
	lab->set = stream_set_new(lab->store, lab->options.streams, lab->options.chunks, lab->now);
	lab->dead = false;
	lab->kills++;
	lab->stream = stream_next(lab->set, &from);
	MUST(lab, lab->stream != STREAM_NONE && stream_name(lab->set, lab->stream) == 4711);
}

enum stream_fate lab_through(struct lab *lab, int from, uint8_t *bytes, uint32_t *length)
{
	struct decoded view;
	enum stream_fate fate;

	MUST(lab, decode_packet(bytes, *length, &view));
	lab->sent_now = 0;
	fate = stream_packet(lab->set, lab->stream, (enum flow_side)from, lab->now, &view, ROOM,
			     &lab->reader, &lab->sink);
	*length = view.length;
	if (stream_chunks_used(lab->set) > lab->most_chunks)
		lab->most_chunks = stream_chunks_used(lab->set);
	return fate;
}

static void through(struct lab *lab, int from, const uint8_t *packet, uint32_t length)
{
	static uint8_t bytes[65536 + 100];
	enum stream_fate fate;

	memcpy(bytes, packet, length);
	fate = lab_through(lab, from, bytes, &length);
	if (!lab->dead && fate <= STREAM_PASS_UNCHANGED) {
		leave(lab, !from, bytes, length);
		maybe_kill(lab);
	}
	if (lab->dead)
		lab_restart(lab);
}

/* ---- the whole ---- */

struct lab_options lab_defaults(uint32_t seed)
{
	return (struct lab_options){
	    .seed = seed,
	    .mss = {1460, 1460},
	    .scale = {7, 7},
	    .buffer = {65535, 65535},
	    .sack = true,
	    .stamps = {true, true},
	    .chunks = 512,
	    .streams = 4,
	    .limit_ms = 4000000,
	};
}

struct lab_options lab_wild(uint32_t seed)
{
	struct lab_options o = lab_defaults(seed);
	struct lab dice = {.random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15)};

	for (int i = 0; i < 8; i++)
		lab_random(&dice, 1);
	o.loss = lab_random(&dice, 3) == 0 ? 0 : lab_random(&dice, 120);
	o.swap = lab_random(&dice, 2) == 0 ? 0 : lab_random(&dice, 200);
	o.doubled = lab_random(&dice, 2) == 0 ? 0 : lab_random(&dice, 80);
	o.sack = lab_random(&dice, 2) == 0;
	o.gso = lab_random(&dice, 3) == 0;
	o.reads_slowly = lab_random(&dice, 4) == 0;
	o.probes_with_data = lab_random(&dice, 2) == 0;
	o.keepalives = lab_random(&dice, 4) == 0;
	o.simultaneous = lab_random(&dice, 8) == 0;
	o.kill = lab_random(&dice, 2) == 0 ? 0 : lab_random(&dice, 100);
	o.few = lab_random(&dice, 3) == 0 ? 1 + lab_random(&dice, 4) : 0;
	for (int i = 0; i < 2; i++) {
		o.mss[i] = lab_random(&dice, 4) == 0 ? 100 + lab_random(&dice, 400)
						     : 536 + lab_random(&dice, 925);
		o.scale[i] = lab_random(&dice, 8);
		o.buffer[i] = lab_random(&dice, 4) == 0 ? 1500 + lab_random(&dice, 4000)
							: 8000 + lab_random(&dice, 100000);
		o.stamps[i] = lab_random(&dice, 3) != 0;
		o.nodelay[i] = lab_random(&dice, 2) == 0;
		o.writes[i] = lab_random(&dice, 3) == 0
				  ? 0
				  : 1 + lab_random(&dice, 1u << lab_random(&dice, 13));
	}
	return o;
}

static void new_end(struct lab *lab, int side)
{
	struct lab_end *end = &lab->end[side];

	end->iss = lab_random(lab, 2) == 0 ? 0u - lab_random(lab, 3000) : (uint32_t)lab->random;
	end->una = end->nxt = end->max = end->iss;
	end->mss = lab->options.mss[side] < lab->options.mss[!side] ? lab->options.mss[side]
								    : lab->options.mss[!side];
	end->scale = lab->options.scale[side];
	end->rto = LAB_RTO;
	end->cwnd = 10 * end->mss;
	end->stamp_base = (uint32_t)lab->random;
	end->got = calloc(1, LAB_BYTES * 2);
	end->present = calloc(1, LAB_BYTES * 2 + 1);
	end->data = calloc(1, LAB_BYTES);
	end->urgent_at = UINT32_MAX;
	lab->value[side] = calloc(1, LAB_BYTES * 2);
	lab->known[side] = calloc(1, LAB_BYTES * 2);
}

struct lab *lab_new(const struct lab_options *options)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	lab->options = *options;
	lab->random = (options->seed + 77) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	lab->now = 100000;
	lab->store_size = stream_store_size(options->streams, options->chunks);
	lab->store = aligned_alloc(4096, lab->store_size);
	memset(lab->store, 0, lab->store_size);
	lab->copy = malloc(lab->store_size);
	lab->set = stream_set_new(lab->store, options->streams, options->chunks, lab->now);
	lab->stream = stream_open(lab->set, lab->now, 4711);
	lab->reader = (struct stream_reader){lab, toy_frame, toy_message, toy_note, 0};
	lab->sink = (struct stream_sink){lab, lab_send};
	for (int side = 0; side < 2; side++)
		new_end(lab, side);
	return lab;
}

void lab_free(struct lab *lab)
{
	for (int side = 0; side < 2; side++) {
		free(lab->end[side].got);
		free(lab->end[side].present);
		free(lab->end[side].data);
		free(lab->value[side]);
		free(lab->known[side]);
	}
	for (uint32_t i = 0; i < lab->n_packets; i++)
		free(lab->packets[i].bytes);
	stream_set_free(lab->set);
	free(lab->store);
	free(lab->copy);
	free(lab);
}

void lab_data(struct lab *lab, int side, const void *bytes, uint32_t length)
{
	MUST(lab, length < LAB_BYTES);
	memcpy(lab->end[side].data, bytes, length);
	lab->end[side].length = length;
}

void lab_lines(struct lab *lab, int side, uint32_t length)
{
	static const char kinds[] = "kkkkgsrmdbgsrm";
	uint8_t *to = lab->end[side].data;
	uint32_t at = 0;

	while (at < length) {
		uint32_t kind = lab_random(lab, 14), dice = lab_random(lab, 40);
		uint32_t size =
		    dice == 0 ? lab_random(lab, 20000) : lab_random(lab, dice < 8 ? 2500 : 90);

		size = size < length - at ? size : length - at - 1;
		for (uint32_t i = 0; i < size; i++)
			to[at + i] =
			    i == 0 ? (uint8_t)kinds[kind] : (uint8_t)(32 + lab_random(lab, 90));
		to[at + size] = '\n';
		at += size + 1;
	}
	lab->end[side].length = length;
}

static void deliver(struct lab *lab)
{
	for (uint32_t i = 0; i < lab->n_packets;) {
		struct lab_packet packet = lab->packets[i];

		if (packet.at > lab->now) {
			i++;
			continue;
		}
		lab->packets[i] = lab->packets[--lab->n_packets];
		if (packet.to >= 2)
			through(lab, packet.to - 2, packet.bytes, packet.length);
		else
			lab_end_receive(lab, packet.to, packet.bytes, packet.length);
		free(packet.bytes);
	}
}

static void engine_due(struct lab *lab)
{
	uint32_t stream;

	while (stream_next_due(lab->set, &stream) <= lab->now) {
		uint32_t before_it = lab->emitted;

		lab->sent_now = 0;
		stream_due(lab->set, lab->now, stream, &lab->reader, &lab->sink);
		if (lab->dead)
			lab_restart(lab);
		MUST(lab, lab->emitted - before_it < 1000);
	}
}

static bool done(const struct lab *lab)
{
	return lab->end[0].fin_got && lab->end[1].fin_got && lab->end[0].fin_acked &&
	       lab->end[1].fin_acked;
}

bool lab_run(struct lab *lab)
{
	uint64_t limit = lab->now + lab->options.limit_ms;

	for (int side = 0; side < (lab->options.simultaneous ? 2 : 1); side++) {
		lab_end_send(lab, side, F_SYN, lab->end[side].iss, 0);
		lab->end[side].nxt = lab->end[side].iss + 1;
		lab->end[side].rto_at = lab->now + lab->end[side].rto;
	}
	while (!done(lab) && lab->now < limit) {
		lab->now++;
		deliver(lab);
		engine_due(lab);
		lab_end_tick(lab, 0);
		lab_end_tick(lab, 1);
	}
	return done(lab);
}

void lab_check(struct lab *lab)
{
	for (int side = 0; side < 2; side++) {
		const struct lab_end *sender = &lab->end[side], *receiver = &lab->end[!side];
		uint32_t length;
		uint8_t *expected = toy_stream(sender->data, sender->length, &length);

		MUST(lab, receiver->have == length);
		MUST(lab, memcmp(receiver->got, expected, length) == 0);
		free(expected);
	}
}
