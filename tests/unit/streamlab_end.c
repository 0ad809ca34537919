/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modelled TCP end: a sender with Nagle's algorithm, timeout and fast retransmission, and a
 * receiver that judges what it gets. */
#include "streamlab_inside.h"

#include <string.h>
#include "packets.h"

#define DELAYED 40u
#define BIG	16384u

static uint32_t stamp(const struct lab *lab, const struct lab_end *end)
{
	return end->stamp_base + (uint32_t)lab->now;
}

static uint32_t free_room(const struct lab *lab, int side)
{
	const struct lab_end *end = &lab->end[side];
	uint32_t used = end->have - end->read;

	return used < lab->options.buffer[side] ? lab->options.buffer[side] - used : 0;
}

static uint32_t rcv_nxt(const struct lab_end *end)
{
	return end->irs + 1 + end->have + (end->fin_got ? 1 : 0);
}

/* The run of bytes behind a gap around `at`. */
static bool block_at(const struct lab_end *end, uint32_t at, uint32_t *from, uint32_t *to)
{
	if (at < end->have || at >= LAB_BYTES * 2 || !end->present[at])
		return false;
	for (*from = at; *from > end->have && end->present[*from - 1];)
		--*from;
	for (*to = at; *to < LAB_BYTES * 2 && end->present[*to];)
		++*to;
	return true;
}

/* Of a segment with so many bytes: blocks of SACK only where it has room for them (RFC 6691). */
static uint32_t end_options(struct lab *lab, int side, bool syn, uint32_t length, uint8_t *to)
{
	struct lab_end *end = &lab->end[side];
	uint32_t n = 0, from, until;
	bool stamps = syn ? lab->options.stamps[side] : end->stamps;

	if (syn) {
		to[n++] = 2;
		to[n++] = 4;
		pk16(to + n, lab->options.mss[side]);
		n += 2;
		to[n++] = 1;
		to[n++] = 3;
		to[n++] = 3;
		to[n++] = (uint8_t)lab->options.scale[side];
	}
	if (syn && lab->options.sack) {
		memcpy(to + n, "\1\1\4\2", 4);
		n += 4;
	}
	if (stamps) {
		memcpy(to + n, "\1\1\10\12", 4);
		pk32(to + n + 4, stamp(lab, end));
		pk32(to + n + 8, end->ts_recent);
		n += 12;
	}
	if (!syn && end->sack && (lab->options.gso || length + n + 12 <= end->mss) &&
	    block_at(end, end->recent, &from, &until)) {
		memcpy(to + n, "\1\1\5\12", 4);
		pk32(to + n + 4, end->irs + 1 + from);
		pk32(to + n + 8, end->irs + 1 + until);
		n += 12;
	}
	return n;
}

void lab_end_send(struct lab *lab, int side, uint8_t flags, uint32_t seq, uint32_t length)
{
	struct lab_end *end = &lab->end[side];
	static uint8_t bytes[65536 + 100];
	uint8_t options[40];
	uint32_t window = free_room(lab, side) >> ((flags & F_SYN) != 0 ? 0 : end->scale);
	struct lab_segment s = {.seq = seq, .flags = flags, .options = options, .length = length};

	if (end->syn_got) {
		s.flags |= F_ACK;
		s.ack = rcv_nxt(end);
	}
	s.window = (uint16_t)(window < 65535 ? window : 65535);
	s.options_length = end_options(lab, side, (flags & F_SYN) != 0, length, options);
	s.payload = end->data + (seq - end->iss - 1);
	if (lab_earlier(end->max, seq + length + ((flags & (F_FIN | F_SYN)) != 0)))
		end->max = seq + length + ((flags & (F_FIN | F_SYN)) != 0);
	end->ack_at = 0;
	end->unacked = 0;
	end->last_ack_sent = s.ack;
	lab_put(lab, (uint8_t)(side + 2), bytes, lab_packet_make(bytes, side, &s));
}

static uint32_t last_number(const struct lab_end *end)
{
	return end->iss + 1 + end->length;
}

static void send_some(struct lab *lab, int side, uint32_t seq, uint32_t most)
{
	struct lab_end *end = &lab->end[side];
	uint32_t left = end->iss + 1 + end->written - seq, n = left < most ? left : most;
	bool fin = end->written == end->length && n == left;

	if (!lab_earlier(seq, end->iss + 1 + end->written + (end->written == end->length)))
		return;
	lab_end_send(lab, side, (uint8_t)(F_PSH | (fin ? F_FIN : 0)), seq, n);
	if (lab_earlier(end->nxt, seq + n + fin))
		end->nxt = seq + n + fin;
	if (end->rto_at == 0)
		end->rto_at = lab->now + end->rto;
}

/* New data as far as windows and Nagle allow. */
static void end_push(struct lab *lab, int side)
{
	struct lab_end *end = &lab->end[side];
	uint32_t mss = end->mss - (end->stamps ? 12 : 0);

	while (end->opened) {
		uint32_t stop = end->iss + 1 + end->written, room = end->edge - end->nxt, most,
			 flight = end->nxt - end->una;
		uint32_t left = stop - end->nxt;

		if (!lab_earlier(end->nxt, stop + (end->written == end->length)) ||
		    (int32_t)room < 0)
			return;
		most = lab->options.gso && lab_chance(lab, 500) ? BIG : mss;
		most = most < room ? most : room;
		if (flight + (most < left ? most : left) > end->cwnd && flight > 0)
			return;
		if (most == 0 && left > 0)
			return;
		if (left < mss && left > 0 && flight > 0 && !lab->options.nodelay[side])
			return;
		send_some(lab, side, end->nxt, most);
	}
}

static void end_timeout(struct lab *lab, int side)
{
	struct lab_end *end = &lab->end[side];
	uint32_t mss = end->mss - (end->stamps ? 12 : 0);

	end->rto = end->rto < 4000 ? end->rto * 2 : 8000;
	end->rto_at = lab->now + end->rto;
	end->cwnd = mss;
	if (!end->opened) {
		lab_end_send(lab, side, F_SYN, end->iss, 0);
		return;
	}
	if (!lab_earlier(end->una, end->max))
		end->rto_at = 0;
	else {
		/* Cut otherwise than the first time. */
		send_some(lab, side, end->una, 1 + lab_random(lab, mss));
		if (lab_chance(lab, 300) && lab_earlier(end->una, end->nxt))
			send_some(lab, side, end->una + lab_random(lab, end->nxt - end->una),
				  1 + lab_random(lab, mss));
	}
}

static void take_ack(struct lab *lab, int side, const uint8_t *tcp, uint32_t payload)
{
	struct lab_end *end = &lab->end[side];
	uint32_t ack = up32(tcp + 8),
		 window = up16(tcp + 14) << ((tcp[13] & F_SYN) != 0 ? 0 : lab->end[!side].scale);
	uint32_t mss = end->mss - (end->stamps ? 12 : 0);

	MUST(lab, !lab_earlier(end->max, ack));
	end->acks++;
	if (lab_earlier(ack, end->una))
		return;
	if (lab_earlier(end->edge, ack + window) || (ack != end->una))
		end->edge = ack + window;
	if (lab_earlier(end->una, ack)) {
		end->una = ack;
		if (lab_earlier(end->nxt, ack))
			end->nxt = ack;
		end->duplicates = 0;
		end->rto = LAB_RTO;
		end->rto_at = lab_earlier(ack, end->nxt) ? lab->now + end->rto : 0;
		end->cwnd += mss;
		end->fin_acked = ack == last_number(end) + 1;
	} else if (payload == 0 && window == end->window && lab_earlier(end->una, end->nxt) &&
		   ++end->duplicates == 3) {
		send_some(lab, side, end->una, mss);
	}
	end->window = window;
}

static void judge_options(struct lab *lab, int side, const uint8_t *tcp, uint32_t header,
			  uint32_t *ts)
{
	const struct lab_end *end = &lab->end[side];

	*ts = 0;
	for (uint32_t at = 20; at < header && tcp[at] != 0;) {
		if (tcp[at] == 1) {
			at++;
			continue;
		}
		MUST(lab, at + 1 < header && tcp[at + 1] >= 2 && at + tcp[at + 1] <= header);
		if (tcp[at] == 8) {
			*ts = up32(tcp + at + 2);
			MUST(lab, !lab_earlier(stamp(lab, end), up32(tcp + at + 6)) ||
				      up32(tcp + at + 6) == 0);
		}
		for (uint32_t k = 2; tcp[at] == 5 && k < tcp[at + 1]; k += 8) {
			MUST(lab, lab_earlier(up32(tcp + at + k), up32(tcp + at + k + 4)));
			MUST(lab, !lab_earlier(end->max, up32(tcp + at + k + 4)));
			MUST(lab, lab_earlier(end->iss, up32(tcp + at + k)));
		}
		at += tcp[at + 1];
	}
}

static void take_data(struct lab *lab, int side, uint32_t seq, const uint8_t *bytes,
		      uint32_t length, bool fin)
{
	struct lab_end *end = &lab->end[side];
	uint32_t offset = seq - end->irs - 1, room = free_room(lab, side), had = end->have;

	end->segments++;
	for (uint32_t i = 0; i < length; i++) {
		if ((int32_t)(offset + i - end->have) < 0 || offset + i >= end->have + room)
			continue;
		end->got[offset + i] = bytes[i];
		end->present[offset + i] = 1;
		end->recent = offset + i;
	}
	if (fin && (int32_t)(offset + length - end->have) >= 0) {
		end->fin_known = true;
		end->fin_at = offset + length;
	}
	while (end->present[end->have])
		end->have++;
	if (end->fin_known && end->have == end->fin_at)
		end->fin_got = true;
	end->unacked++;
	if (end->have == had || end->unacked >= 2 || end->fin_got || room == 0)
		lab_end_send(lab, side, 0, end->nxt, 0);
	else if (end->ack_at == 0)
		end->ack_at = lab->now + DELAYED;
}

static void take_syn(struct lab *lab, int side, const uint8_t *tcp, uint32_t header)
{
	struct lab_end *end = &lab->end[side];

	(void)header;
	if (!end->syn_got) {
		end->irs = up32(tcp + 4);
		end->syn_got = true;
	}
	end->window = up16(tcp + 14);
	end->stamps = lab->options.stamps[0] && lab->options.stamps[1];
	end->sack = lab->options.sack;
	end->ts_recent = end->stamps ? stamp(lab, &lab->end[!side]) - 3 : 0;
}

void lab_end_receive(struct lab *lab, int side, const uint8_t *ip, uint32_t length)
{
	struct lab_end *end = &lab->end[side];
	const uint8_t *tcp = ip + 20;
	uint32_t header = (tcp[12] >> 4) * 4u, payload = length - 20 - header, seq = up32(tcp + 4),
		 ts;
	uint8_t flags = tcp[13];

	judge_options(lab, side, tcp, header, &ts);
	if ((flags & F_RST) != 0) {
		end->resets++;
		return;
	}
	if ((flags & F_SYN) != 0)
		take_syn(lab, side, tcp, header);
	if (!end->syn_got)
		return;
	if ((flags & 0x20) != 0)
		end->urgent_at = seq + up16(tcp + 18) - end->irs - 1;
	if ((flags & F_SYN) == 0 && end->stamps) {
		if (lab_earlier(ts, end->ts_recent)) { /* PAWS */
			lab_end_send(lab, side, 0, end->nxt, 0);
			return;
		}
		if (!lab_earlier(end->last_ack_sent, seq))
			end->ts_recent = ts;
	}
	if ((flags & F_ACK) != 0)
		take_ack(lab, side, tcp, payload);
	if ((flags & F_SYN) != 0) {
		if (!end->opened && (end->nxt == end->iss || (flags & F_ACK) == 0)) {
			end->nxt = end->iss + 1;
			lab_end_send(lab, side, F_SYN, end->iss, 0);
			end->rto_at = lab->now + end->rto;
		} else {
			lab_end_send(lab, side, 0, end->nxt, 0);
		}
	}
	if (end->una == end->iss + 1 && !end->opened) {
		end->opened = true;
		end->rto_at = 0;
	}
	if ((flags & F_SYN) != 0)
		return;
	if (payload > 0 || (flags & F_FIN) != 0)
		take_data(lab, side, seq, ip + 20 + header, payload, (flags & F_FIN) != 0);
	else if (lab_earlier(seq, rcv_nxt(end)))
		lab_end_send(lab, side, 0, end->nxt, 0);
}

static void end_write(struct lab *lab, int side)
{
	struct lab_end *end = &lab->end[side];
	uint32_t step = lab->options.writes[side];

	if (end->written == end->length)
		return;
	end->written += step == 0 ? end->length : 1 + lab_random(lab, step);
	end->written = end->written < end->length ? end->written : end->length;
	end->write_at = lab->now + lab_random(lab, 8);
}

static void end_read(struct lab *lab, int side)
{
	struct lab_end *end = &lab->end[side];
	bool closed = free_room(lab, side) < end->mss;

	if (end->read == end->have)
		return;
	if (lab->options.reads_slowly)
		end->read += 1 + lab_random(lab, end->have - end->read);
	else
		end->read = end->have;
	end->read_at = lab->now + (lab->options.reads_slowly ? lab_random(lab, 300) : 0);
	if (closed && free_room(lab, side) >= end->mss)
		lab_end_send(lab, side, 0, end->nxt, 0);
}

/* A zero window is asked about: by an old number, or by a byte that is too many. */
static void end_probe(struct lab *lab, int side)
{
	struct lab_end *end = &lab->end[side];

	end->keepalive_at = lab->now + 500;
	if (!end->opened)
		return;
	if (end->edge == end->nxt && end->una == end->nxt &&
	    lab_earlier(end->nxt, end->iss + 1 + end->written)) {
		if (lab->options.probes_with_data)
			send_some(lab, side, end->nxt, 1);
		else
			lab_end_send(lab, side, 0, end->una - 1, 0);
	} else if (lab->options.keepalives && end->una == end->nxt) {
		lab_end_send(lab, side, 0, end->nxt - 1, 0);
	}
}

void lab_end_tick(struct lab *lab, int side)
{
	struct lab_end *end = &lab->end[side];

	if (end->opened && end->write_at <= lab->now)
		end_write(lab, side);
	if (end->read_at <= lab->now)
		end_read(lab, side);
	if (end->rto_at != 0 && end->rto_at <= lab->now)
		end_timeout(lab, side);
	if (end->keepalive_at <= lab->now)
		end_probe(lab, side);
	end_push(lab, side);
	if (end->ack_at != 0 && end->ack_at <= lab->now)
		lab_end_send(lab, side, 0, end->nxt, 0);
}
