/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP state: RFC 5382 REQ-2 (all valid ways to open), REQ-5 (timers), RFC 7857 section 2 (FIN and RST), RFC 5961 sections 3 to 5
 * (blind RST, SYN and data), RFC 7323 (scaled windows), through the engine. A connection here is two sides with numbers of
 * their own; each test of something that must not happen has its twin that does.
 */
#include <check.h>
#include "enginelab.h"
#include "suite.h"
#include "nat/flow.h"
#include "nat/state.h"
#include "nat/tcp.h"

#define IS(reason, want) ck_assert_str_eq(reason_name(reason), reason_name(REASON_##want))
#define A_DAY            86400

static struct lab lab;

struct side {
	uint32_t sent, heard; /* next number to send; next expected from the other side */
	uint16_t window;
	int scale;            /* of its SYN; -1: no option */
};
static struct side in, out;

static void setup(void)
{
	lab_open(&lab, 256);
	lab_masquerade(&lab);
	lab_static(&lab, 1, P_TCP, HOST(8), 8080, FACE, 80);
	ck_assert(lab_commit(&lab));
	in = (struct side){.sent = 0xfffffff0, .window = 60000, .scale = 7};
	out = (struct side){.sent = 0x70000000, .window = 30000, .scale = 2};
}

static void teardown(void)
{
	lab_close(&lab);
}

static struct pkt segment(bool from_inside, uint32_t seq, uint32_t ack, uint8_t flags, uint32_t payload)
{
	static uint8_t l4[24 + 2000];
	const struct side *side = from_inside ? &in : &out;
	bool option = (flags & F_SYN) && side->scale >= 0;
	uint32_t header = option ? 24 : 20;

	memset(l4, 0, sizeof(l4));
	pk16(l4, from_inside ? 4000 : 80);
	pk16(l4 + 2, from_inside ? 80 : 4000);
	pk32(l4 + 4, seq);
	pk32(l4 + 8, flags & F_ACK ? ack : 0);
	l4[12] = (uint8_t)(header / 4 << 4);
	l4[13] = flags;
	pk16(l4 + 14, side->window);
	if (option)
		memcpy(l4 + 20, (uint8_t[]){1, 3, 3, (uint8_t)side->scale}, 4);
	return pkt_ip(P_TCP, from_inside ? HOST(5) : PEER(1), from_inside ? PEER(1) : FACE, l4, header + payload);
}

static enum reason send_at(bool from_inside, uint32_t seq, uint32_t ack, uint8_t flags, uint32_t payload)
{
	struct pkt p = segment(from_inside, seq, ack, flags, payload);
	enum reason reason = from_inside ? lab_out(&lab, &p) : lab_in(&lab, &p);

	if (lab.out.verdict == VERDICT_REPLACE)
		ck_assert(pkt_is_good(&p));
	return reason;
}

/* The next segment of a side, heard by the other. */
static enum reason say(bool from_inside, uint8_t flags, uint32_t payload)
{
	struct side *from = from_inside ? &in : &out, *to = from_inside ? &out : &in;
	enum reason reason = send_at(from_inside, from->sent, from->heard, flags, payload);

	from->sent += payload + !!(flags & F_SYN) + !!(flags & F_FIN);
	to->heard = from->sent;
	return reason;
}

#define INSIDE(flags, payload)  say(true, flags, payload)
#define OUTSIDE(flags, payload) say(false, flags, payload)

static void establish(void)
{
	IS(INSIDE(F_SYN, 0), TRANSLATED_NEW);
	IS(OUTSIDE(F_SYN | F_ACK, 0), TRANSLATED);
	IS(INSIDE(F_ACK, 0), TRANSLATED);
	IS(INSIDE(F_ACK | F_PSH, 100), TRANSLATED);
	IS(OUTSIDE(F_ACK, 1000), TRANSLATED);
	IS(INSIDE(F_ACK, 0), TRANSLATED);
}

static const struct flow_record *only_flow(void)
{
	uint32_t from = 0, index = flow_next(lab.engine->flows, &from, UINT32_MAX);

	ck_assert_uint_ne(index, RECORD_NONE);
	return flow_at(lab.engine->flows, index);
}

static enum flow_phase phase(void)
{
	return only_flow()->phase;
}

static bool lives_for(uint32_t seconds)
{
	lab_wait(&lab, seconds);
	return lab_counts(&lab).flows > 0;
}

/* ---- opening: RFC 5382 REQ-2 ---- */

START_TEST(rfc5382_req2_three_way_handshake)
{
	INSIDE(F_SYN, 0);
	ck_assert_int_eq(phase(), PHASE_SYN);
	OUTSIDE(F_SYN | F_ACK, 0);
	ck_assert_int_eq(phase(), PHASE_SYN); /* syn-timeout: "after a SYN and no further data" */
	INSIDE(F_ACK, 0);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	ck_assert(lives_for(A_DAY - 10));
	ck_assert(!lives_for(20));
}
END_TEST

START_TEST(rfc5382_req2_simultaneous_open)
{
	uint32_t inside = in.sent, outside = out.sent;

	IS(send_at(true, inside, 0, F_SYN, 0), TRANSLATED_NEW);
	IS(send_at(false, outside, 0, F_SYN, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_SYN);
	IS(send_at(true, inside, outside + 1, F_SYN | F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_SYN);
	IS(send_at(false, outside, inside + 1, F_SYN | F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	IS(send_at(true, inside + 1, outside + 1, F_ACK, 10), TRANSLATED);
	IS(send_at(false, outside + 1, inside + 11, F_FIN | F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	IS(send_at(true, inside + 11, outside + 2, F_FIN | F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
}
END_TEST

START_TEST(rfc7413_data_with_the_syn)
{
	INSIDE(F_SYN, 300);
	IS(OUTSIDE(F_SYN | F_ACK, 0), TRANSLATED);
	OUTSIDE(F_ACK, 500); /* before the third packet */
	ck_assert_int_eq(phase(), PHASE_SYN);
	IS(INSIDE(F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
}
END_TEST

START_TEST(rfc7413_data_of_the_syn_refused)
{
	uint32_t first = in.sent;

	INSIDE(F_SYN, 300);
	in.sent = out.heard = first + 1;
	IS(OUTSIDE(F_SYN | F_ACK, 0), TRANSLATED);
	IS(INSIDE(F_ACK, 300), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
}
END_TEST

START_TEST(lost_and_repeated_packets_of_the_handshake)
{
	uint32_t first = in.sent;

	INSIDE(F_SYN, 0);
	IS(send_at(true, first, 0, F_SYN, 0), TRANSLATED);
	OUTSIDE(F_SYN | F_ACK, 0);
	IS(send_at(true, first, 0, F_SYN, 0), TRANSLATED); /* the answer was lost */
	IS(send_at(false, out.sent - 1, first + 1, F_SYN | F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_SYN);
	INSIDE(F_ACK, 50); /* and the third packet: data does as well */
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
}
END_TEST

/* An outsider who answers for somebody else does not know the SYN's number: the flow stays as short-lived as it was. */
START_TEST(rfc5961_guessed_answers_open_nothing)
{
	uint32_t first = in.sent;

	INSIDE(F_SYN, 0);
	lab_wait(&lab, 50);
	IS(send_at(false, out.sent, first + 2, F_SYN | F_ACK, 0), TCP_UNFIT);
	IS(send_at(false, out.sent, first + 100000, F_ACK, 10), TCP_UNFIT);
	IS(send_at(false, out.sent, first, F_RST | F_ACK, 0), TCP_UNFIT);
	IS(send_at(false, out.sent, 0, F_RST, 0), TCP_UNFIT);
	ck_assert_int_eq(phase(), PHASE_SYN);
	ck_assert_uint_eq(only_flow()->flags & FLOW_SEEN_OUT, 0);
	ck_assert(!lives_for(12)); /* nor do they keep it */
	INSIDE(F_SYN, 0);
	IS(OUTSIDE(F_SYN | F_ACK, 0), TRANSLATED); /* control */
	ck_assert_uint_ne(only_flow()->flags & FLOW_SEEN_OUT, 0);
}
END_TEST

/* The third packet of a forged handshake, for a forwarded port. */
START_TEST(rfc5961_guessed_third_packet_opens_nothing)
{
	struct pkt syn = pkt_tcp(PEER(1), 7000, FACE, 80, F_SYN), third = pkt_tcp(PEER(1), 7000, FACE, 80, F_ACK);
	struct pkt answer = pkt_tcp(HOST(8), 8080, PEER(1), 7000, F_SYN | F_ACK), good = third;

	pk32(l4_of(&third) + 8, up32(l4_of(&third) + 8) + 1);
	finish_l4(third.data, third.length - 20);
	IS(lab_in(&lab, &syn), TRANSLATED_NEW);
	IS(lab_out(&lab, &answer), TRANSLATED);
	IS(lab_in(&lab, &third), TCP_UNFIT);
	ck_assert_int_eq(phase(), PHASE_SYN);
	IS(lab_in(&lab, &good), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
}
END_TEST

START_TEST(refused_connection_closes)
{
	INSIDE(F_SYN, 0);
	IS(send_at(false, 0, in.sent, F_RST | F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
}
END_TEST

/* ---- closing: RFC 5382 REQ-5, RFC 7857 section 2 ---- */

START_TEST(rfc5382_req5_half_closed_lives_on)
{
	establish();
	IS(INSIDE(F_FIN | F_ACK, 0), TRANSLATED);
	ck_assert(lives_for(A_DAY / 2));
	for (int i = 0; i < 20; i++)
		IS(OUTSIDE(F_ACK, 1400), TRANSLATED);
	ck_assert(lives_for(A_DAY - 10));
	IS(OUTSIDE(F_FIN | F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
	IS(INSIDE(F_ACK, 0), TRANSLATED);
	ck_assert(lives_for(59));
	ck_assert(!lives_for(2));
}
END_TEST

START_TEST(rfc7857_2_reset_shortens_the_life)
{
	bool inside = _i;

	establish();
	IS(say(inside, F_RST, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
	ck_assert(lives_for(59));
	/* What is still on its way passes, and the entry waits from then on. */
	IS(say(!inside, F_ACK, 10), TRANSLATED);
	ck_assert(lives_for(59));
	ck_assert(!lives_for(2));
}
END_TEST

/* RFC 5961 section 3: only the exact number resets; others of the window are challenged by the receiver, and those outside of
 * it thrown away. All reach it, none changes anything. */
START_TEST(rfc5961_3_blind_reset)
{
	static const uint32_t off[] = {1, 2, 1000, 29999, 0x10000, 0x100000, 0x40000000, 0x80000000, 0xfffffc00, 0xffffffff};

	establish();
	for (unsigned i = 0; i < sizeof(off) / sizeof(*off); i++) {
		IS(send_at(false, out.sent + off[i], 0, F_RST, 0), TCP_UNFIT);
		IS(send_at(false, out.sent + off[i], in.sent, F_RST | F_ACK, 0), TCP_UNFIT);
		ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	}
	ck_assert_uint_eq(lab_counts(&lab).reasons[REASON_TCP_UNFIT], 2 * sizeof(off) / sizeof(*off));
	ck_assert(lives_for(A_DAY - 10));
	IS(send_at(false, out.sent, 0, F_RST, 0), TRANSLATED); /* control */
	ck_assert_int_eq(phase(), PHASE_CLOSING);
}
END_TEST

/* The receiver's acknowledgement may still be on its way: the end of what was sent counts, too. */
START_TEST(reset_behind_data_that_is_not_acknowledged)
{
	establish();
	OUTSIDE(F_ACK, 1000);
	OUTSIDE(F_ACK, 1000);
	IS(OUTSIDE(F_RST, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
}
END_TEST

START_TEST(reset_of_a_host_that_closed)
{
	establish();
	lab_wait(&lab, 1000); /* its timer is the long one by now */
	uint32_t acknowledged = in.sent;

	INSIDE(F_ACK, 500);
	IS(send_at(false, out.sent, acknowledged, F_ACK, 1000), TRANSLATED);
	/* It answers with the number that the segment acknowledged (RFC 9293 3.10.7.1), not where it is itself. */
	IS(send_at(true, acknowledged, 0, F_RST, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
	ck_assert(lives_for(59));
	ck_assert(!lives_for(2));
}
END_TEST

START_TEST(unfit_packets_do_not_keep_a_flow)
{
	establish();
	lab_wait(&lab, A_DAY - 10);
	IS(send_at(false, out.sent + 5, 0, F_RST, 0), TCP_UNFIT);
	ck_assert(!lives_for(20));
}
END_TEST

START_TEST(rfc5961_5_blind_fin)
{
	establish();
	INSIDE(F_FIN | F_ACK, 0);
	/* The number is right, what it acknowledges was never sent. */
	IS(send_at(false, out.sent, in.sent + 1, F_FIN | F_ACK, 0), TCP_UNFIT);
	IS(send_at(false, out.sent, in.sent - 0x20000000, F_FIN | F_ACK, 0), TCP_UNFIT);
	/* Out of the window, behind it, and without ACK. */
	IS(send_at(false, out.sent + 0x800000 + 60000 * 128, in.sent, F_FIN | F_ACK, 0), TCP_UNFIT);
	IS(send_at(false, out.sent - 500, in.sent, F_FIN | F_ACK, 0), TCP_UNFIT);
	IS(send_at(false, out.sent, 0, F_FIN, 0), TCP_UNFIT);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	IS(OUTSIDE(F_FIN | F_ACK, 0), TRANSLATED); /* control */
	ck_assert_int_eq(phase(), PHASE_CLOSING);
}
END_TEST

/* The window is what the SYN's option makes of it. */
START_TEST(rfc7323_scale_counts)
{
	in.scale = _i == 0 ? 0 : _i == 1 ? 10 : -1;
	in.window = 65535;
	establish();
	uint32_t far = out.sent + 3000000;

	INSIDE(F_FIN | F_ACK, 0);
	if (_i == 1)
		IS(send_at(false, far, in.sent, F_FIN | F_ACK, 0), TRANSLATED);
	else
		IS(send_at(false, far, in.sent, F_FIN | F_ACK, 0), TCP_UNFIT);
	ck_assert_int_eq(phase(), _i == 1 ? PHASE_CLOSING : PHASE_ESTABLISHED);
}
END_TEST

START_TEST(damaged_segments_change_nothing)
{
	establish();
	struct pkt bad = segment(false, out.sent, 0, F_RST, 0), good = bad;

	bad.data[36] ^= 1;
	IS(lab_in(&lab, &bad), TCP_UNFIT);
	ck_assert(!pkt_is_good(&bad)); /* and are not repaired */
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	IS(lab_in(&lab, &good), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
}
END_TEST

/* ---- SYN in a connection: RFC 5961 section 4, re-use ---- */

START_TEST(rfc5961_4_blind_syn)
{
	establish();
	for (uint32_t off = 0; off < 5; off++) {
		IS(send_at(false, out.sent + off * 1000, 0, F_SYN, 0), TCP_UNFIT);
		IS(send_at(false, out.sent + off * 1000, in.sent + off, F_SYN | F_ACK, 0), TCP_UNFIT);
		IS(send_at(false, out.sent, in.sent, F_SYN | F_FIN | F_ACK, 0), TCP_UNFIT);
	}
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	IS(OUTSIDE(F_ACK, 100), TRANSLATED); /* the connection is none the worse */
	IS(INSIDE(F_ACK, 100), TRANSLATED);
	ck_assert(lives_for(A_DAY - 10));
}
END_TEST

/* The inside host restarted and has forgotten the connection; its peer has not, and is told so. */
START_TEST(half_open_is_reset_by_the_challenge)
{
	establish();
	uint32_t new = in.sent + 0x3456789;

	IS(send_at(true, new, 0, F_SYN, 0), TCP_UNFIT);
	IS(send_at(false, out.sent, in.sent, F_ACK, 0), TRANSLATED); /* the challenge */
	IS(send_at(true, in.sent, 0, F_RST, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
	in.sent = new;
	out.sent = 5;
	IS(INSIDE(F_SYN, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_SYN);
	IS(OUTSIDE(F_SYN | F_ACK, 0), TRANSLATED);
	IS(INSIDE(F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
}
END_TEST

/* Both have forgotten it: the peer's answer to the SYN begins anew, and the new numbers count. */
START_TEST(half_open_reuse_of_a_forgotten_connection)
{
	establish();
	lab_wait(&lab, 1000);
	uint32_t stale = out.sent;

	in.sent += 0x10203040;
	out.sent += 0x50607080;
	IS(INSIDE(F_SYN, 0), TCP_UNFIT);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	/* An outsider cannot push the inside's SYN aside. */
	IS(send_at(false, 12345, 0, F_SYN, 0), TCP_UNFIT);
	IS(send_at(false, 12345, in.sent + 1, F_SYN | F_ACK, 0), TCP_UNFIT);
	IS(OUTSIDE(F_SYN | F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_SYN);
	IS(INSIDE(F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	IS(send_at(false, stale, 0, F_RST, 0), TCP_UNFIT); /* the old numbers are nothing now */
	IS(OUTSIDE(F_RST, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
}
END_TEST

START_TEST(closing_ports_are_used_again)
{
	establish();
	INSIDE(F_FIN | F_ACK, 0);
	OUTSIDE(F_FIN | F_ACK, 0);
	INSIDE(F_ACK, 0);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
	uint32_t flows = lab_counts(&lab).flows;

	in.sent += 100000;
	out.sent = 99;
	IS(INSIDE(F_SYN, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_SYN);
	ck_assert_uint_eq(only_flow()->flags & (FLOW_SEEN_IN | FLOW_SEEN_OUT), FLOW_SEEN_IN);
	IS(OUTSIDE(F_SYN | F_ACK, 0), TRANSLATED);
	IS(INSIDE(F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	ck_assert_uint_eq(lab_counts(&lab).flows, flows);
	ck_assert(lives_for(A_DAY - 10));
}
END_TEST

/* ---- long transfers, loss, disorder ---- */

START_TEST(numbers_wrap_and_disorder_is_no_attack)
{
	establish();
	for (int i = 0; i < 5000; i++) {
		uint32_t at = out.sent;

		OUTSIDE(F_ACK, 1400);
		OUTSIDE(F_ACK, 1400);
		if (i % 7 == 0)
			IS(send_at(false, at, out.heard, F_ACK, 1400), TRANSLATED); /* late or again */
		if (i % 3 == 0)
			INSIDE(F_ACK, i % 5 ? 0 : 900);
		if (i % 1000 == 0)
			out.sent = in.heard += 1400 * 20; /* lost before they came here */
	}
	IS(OUTSIDE(F_FIN | F_ACK, 0), TRANSLATED);
	IS(INSIDE(F_FIN | F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
	ck_assert_uint_eq(lab_counts(&lab).reasons[REASON_TCP_UNFIT], 0);
}
END_TEST

/* Garbage outside of the window moves nothing: real packets fit as before. */
START_TEST(rfc5961_5_blind_data_moves_nothing)
{
	establish();
	for (uint32_t i = 1; i < 200; i++) {
		send_at(false, out.sent + i * 20000000, in.sent + i * 7919, F_ACK, 1400);
		send_at(false, out.sent, in.sent + i * 30000000, F_ACK, 1400);
	}
	IS(OUTSIDE(F_ACK, 10), TRANSLATED);
	IS(INSIDE(F_ACK, 10), TRANSLATED);
	IS(send_at(false, out.sent + 20000000 + 1400, 0, F_RST, 0), TCP_UNFIT);
	IS(OUTSIDE(F_RST, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
}
END_TEST

/* ---- without the beginning ---- */

static void restart_daemon(void)
{
	engine_free(lab.engine);
	lab.records->fresh = false;
	lab.engine = engine_new(lab.records, 43, lab.now);
	lab_conf(&lab, 1);
	lab_masquerade(&lab);
	lab_static(&lab, 1, P_TCP, HOST(8), 8080, FACE, 80);
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(lab_counts(&lab).flows, 1);
}

START_TEST(adopted_flow_learns_from_both_sides)
{
	establish();
	restart_daemon();
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	IS(OUTSIDE(F_ACK, 500), TRANSLATED); /* the outside speaks first */
	IS(INSIDE(F_ACK, 0), TRANSLATED);
	ck_assert(only_flow()->tcp & FLOW_TCP_SETTLED);
	IS(send_at(false, out.sent + 1, 0, F_RST, 0), TCP_UNFIT);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	IS(OUTSIDE(F_RST, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
}
END_TEST

/* Somebody uses the moment in which nothing is known: the connection's own packets mend it. */
START_TEST(adopted_flow_is_not_misled_for_long)
{
	establish();
	restart_daemon();
	uint32_t wrong = out.sent + 0x12345678;

	send_at(false, wrong, in.sent + 0x9abcdef0, F_ACK, 100);
	IS(INSIDE(F_ACK, 100), TRANSLATED);
	ck_assert(!(only_flow()->tcp & FLOW_TCP_SETTLED));
	IS(OUTSIDE(F_ACK, 100), TRANSLATED);
	ck_assert(only_flow()->tcp & FLOW_TCP_SETTLED);
	IS(send_at(false, wrong + 100, 0, F_RST, 0), TCP_UNFIT);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	restart_daemon();
	IS(send_at(false, 77, 0, F_RST, 0), TRANSLATED); /* believed, for want of knowledge */
	ck_assert_int_eq(phase(), PHASE_CLOSING);
	IS(INSIDE(F_ACK, 100), TRANSLATED);
	IS(OUTSIDE(F_ACK, 100), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	ck_assert(lives_for(A_DAY - 10));
}
END_TEST

/* Late packets of one side are no proof that it lives. */
START_TEST(adopted_flow_is_reset_before_it_settles)
{
	establish();
	restart_daemon();
	IS(INSIDE(F_ACK, 100), TRANSLATED);
	IS(send_at(false, out.sent + 200, 0, F_RST, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
	IS(OUTSIDE(F_ACK, 100), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
	IS(INSIDE(F_ACK, 100), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
}
END_TEST

START_TEST(adopted_half_closed_flow_closes)
{
	establish();
	INSIDE(F_FIN | F_ACK, 0);
	restart_daemon();
	IS(OUTSIDE(F_FIN | F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
}
END_TEST

START_TEST(adopted_closing_flow_stays_closing)
{
	establish();
	INSIDE(F_FIN | F_ACK, 0);
	OUTSIDE(F_FIN | F_ACK, 0);
	restart_daemon();
	IS(INSIDE(F_ACK, 0), TRANSLATED);
	IS(OUTSIDE(F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
	ck_assert(!lives_for(61));
}
END_TEST

/* Older than its translation: never a SYN. */
START_TEST(connection_in_the_middle)
{
	in.heard = out.sent;
	out.heard = in.sent;
	IS(INSIDE(F_ACK, 100), TRANSLATED_NEW);
	ck_assert_int_eq(phase(), PHASE_SYN);
	IS(OUTSIDE(F_ACK, 100), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_ESTABLISHED);
	IS(INSIDE(F_FIN | F_ACK, 0), TRANSLATED);
	IS(OUTSIDE(F_FIN | F_ACK, 0), TRANSLATED);
	ck_assert_int_eq(phase(), PHASE_CLOSING);
}
END_TEST

/* ---- budget ---- */

START_TEST(budget)
{
	/* 85 % load: what DESIGN allows for a flow with its binding. */
	double bytes = 2 * sizeof(struct flow_slot) / 0.85 + sizeof(struct flow_record) + sizeof(struct binding_record);

	ck_assert_msg(bytes <= 256, "%f bytes a flow", bytes);
}
END_TEST

/* Established packets leave the cold record alone. */
START_TEST(plain_packets_need_the_slot_only)
{
	establish();
	INSIDE(F_ACK, 1000);
	struct flow_record before = *only_flow();

	for (int i = 0; i < 100; i++) {
		struct pkt p = segment(true, in.sent, in.heard, F_ACK, 1000);
		struct flow_key key = flow_key_of(&before, SIDE_INSIDE);
		struct flow_slot *slot = flow_lookup(lab.engine->flows, &key);
		struct decoded view;

		ck_assert(decode_packet(p.data, p.length, &view));
		ck_assert(tcp_quick(slot, &view));
		in.sent += 1000;
	}
	ck_assert_mem_eq(only_flow(), &before, sizeof(before));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp");
	TCase *tc = tcase_create("tcp");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rfc5382_req2_three_way_handshake);
	tcase_add_test(tc, rfc5382_req2_simultaneous_open);
	tcase_add_test(tc, rfc7413_data_with_the_syn);
	tcase_add_test(tc, rfc7413_data_of_the_syn_refused);
	tcase_add_test(tc, lost_and_repeated_packets_of_the_handshake);
	tcase_add_test(tc, rfc5961_guessed_answers_open_nothing);
	tcase_add_test(tc, rfc5961_guessed_third_packet_opens_nothing);
	tcase_add_test(tc, refused_connection_closes);
	tcase_add_test(tc, rfc5382_req5_half_closed_lives_on);
	tcase_add_loop_test(tc, rfc7857_2_reset_shortens_the_life, 0, 2);
	tcase_add_test(tc, rfc5961_3_blind_reset);
	tcase_add_test(tc, reset_behind_data_that_is_not_acknowledged);
	tcase_add_test(tc, reset_of_a_host_that_closed);
	tcase_add_test(tc, unfit_packets_do_not_keep_a_flow);
	tcase_add_test(tc, rfc5961_5_blind_fin);
	tcase_add_loop_test(tc, rfc7323_scale_counts, 0, 3);
	tcase_add_test(tc, damaged_segments_change_nothing);
	tcase_add_test(tc, rfc5961_4_blind_syn);
	tcase_add_test(tc, half_open_is_reset_by_the_challenge);
	tcase_add_test(tc, half_open_reuse_of_a_forgotten_connection);
	tcase_add_test(tc, closing_ports_are_used_again);
	tcase_add_test(tc, numbers_wrap_and_disorder_is_no_attack);
	tcase_add_test(tc, rfc5961_5_blind_data_moves_nothing);
	tcase_add_test(tc, adopted_flow_learns_from_both_sides);
	tcase_add_test(tc, adopted_flow_is_not_misled_for_long);
	tcase_add_test(tc, adopted_flow_is_reset_before_it_settles);
	tcase_add_test(tc, adopted_half_closed_flow_closes);
	tcase_add_test(tc, adopted_closing_flow_stays_closing);
	tcase_add_test(tc, connection_in_the_middle);
	tcase_add_test(tc, budget);
	tcase_add_test(tc, plain_packets_need_the_slot_only);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
