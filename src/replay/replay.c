/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet's way through a replay: frame -> IPv4 packet -> side -> (turned back) -> engine -> what
 * is written and reported.
 *
 * Promises: the engine sees packets as the kernel would queue them; what is written has right
 * checksums; every packet of the capture is written or has its line. May not open anything but the
 * two captures.
 */
#include "replay/replay.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/csum.h"
#include "lib/mem.h"
#include "nat/cut.h"
#include "nat/rewrite.h"
#include "nat/session.h"
#include "replay/capture.h"
#include "replay/crossing.h"
#include "replay/report.h"

#define NS_PER_MS    1000000u
#define PACKET_MAX   65535
#define TICKS_MAX    1000000 /* between two packets: more than any gap can have work for */
#define TRACES	     64
#define UDP_CHECKSUM 6
#define TCP_CHECKSUM 16
#define IP_CHECKSUM  10

/* One captured packet on its way. */
struct passage {
	struct header header;
	uint8_t way;		   /* enum way */
	bool turns;		   /* hairpin: no outside is involved */
	struct decoded came;	   /* as captured, but for checksums; reads `original` */
	struct crossing *crossing; /* NULL: not known yet */
};

struct replay {
	const struct replay_options *options;
	struct engine *engine;
	struct sides sides;
	struct capture *capture;
	int link;
	struct crossings *crossings;
	struct report report;
	uint64_t first_ns, start; /* time of the first packet: captured, the engine's */
	uint64_t ns, now;	  /* likewise, the present */
	uint64_t read, from_inside, to_inside;
	uint64_t cursor;       /* of traces */
	struct header last[2]; /* enum way */
	uint8_t original[PACKET_MAX + 1], work[PACKET_MAX + 1],
	    made[LINK_HEADER_MAX + PACKET_MAX + 1];
};

/* ---- options */

bool replay_inside(struct replay_options *options, const char *text)
{
	char addr[IP4_TEXT_SIZE] = "";
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned long bits = 32;
	char *end = NULL;
	ip4 at;

	if (options->n_inside == SIDE_NETS || length >= sizeof(addr))
		return false;
	memcpy(addr, text, length);
	if (slash != NULL)
		bits = strtoul(slash + 1, &end, 10);
	if (!ip4_parse(addr, &at) ||
	    (slash != NULL && (end == slash + 1 || *end != '\0' || slash[1] < '0')) || bits > 32 ||
	    (slash != NULL && slash[1] > '9') || (at & ~ip4_mask((uint8_t)bits)) != 0)
		return false;
	options->inside[options->n_inside++] = (struct prefix){at, (uint8_t)bits};
	return true;
}

bool replay_view(struct replay_options *options, const char *text)
{
	static const char *const names[] = {"sent", "inside", "outside"};

	for (uint8_t i = 0; i < 3; i++) {
		if (strcmp(text, names[i]) == 0) {
			options->view = i;
			return true;
		}
	}
	return false;
}

/* ---- writing */

static void write_packet(struct replay *replay, const struct header *header, const uint8_t *bytes,
			 uint32_t length)
{
	memcpy(replay->made, header->bytes, header->length);
	memcpy(replay->made + header->length, bytes, length);
	capture_write(replay->capture, replay->ns, replay->made, header->length + length);
}

/* Is what comes out of the router in this direction wanted? */
static bool is_wanted_after(const struct replay *replay, enum way way)
{
	uint8_t view = replay->options->view;

	return view == VIEW_SENT || view == (way == WAY_OUT ? VIEW_OUTSIDE : VIEW_INSIDE);
}

/* What goes into it? */
static bool is_wanted_before(const struct replay *replay, enum way way)
{
	return replay->options->view == (way == WAY_OUT ? VIEW_INSIDE : VIEW_OUTSIDE);
}

/* The link header for a packet that the router makes: of its conversation, else of any other. */
static struct header header_for(const struct replay *replay, const struct crossing *crossing,
				enum way way)
{
	const struct header *same = crossing != NULL ? &crossing->headers[way] : NULL;
	const struct header *back = crossing != NULL ? &crossing->headers[!way] : NULL;
	struct header header;

	if (same == NULL || (!same->set && !back->set)) {
		same = &replay->last[way];
		back = &replay->last[!way];
	}
	if (same->set)
		return *same;
	header = *back;
	link_turn(replay->link, header.bytes);
	return header;
}

static void write_made(struct replay *replay, uint8_t *bytes, uint32_t length)
{
	struct decoded view;
	struct crossing *crossing;
	struct header header;
	enum way way;

	if (!decode_packet(bytes, length, &view))
		return;
	way = side_leaves(&replay->sides, &view) ? WAY_OUT : WAY_IN;
	crossing = crossing_find(replay->crossings, &view, way, way == WAY_OUT);
	if (crossing != NULL && way == WAY_OUT)
		crossing_sent(crossing, &view);
	if (!is_wanted_after(replay, way))
		return;
	header = header_for(replay, crossing, way);
	replay->report.emitted += replay->options->write != NULL;
	write_packet(replay, &header, bytes, length);
}

static void write_emitted(struct replay *replay, const struct emitted *emitted)
{
	const uint8_t *bytes = emitted->large != NULL ? emitted->large : emitted->data;
	uint8_t piece_bytes[PACKET_MAX + 1];
	struct cut cut;
	struct cut_piece piece;

	if (emitted->length > PACKET_MAX ||
	    !cut_start(&cut, bytes, emitted->length, emitted->piece, 1))
		return;
	while (cut_next(&cut, &piece)) {
		memcpy(piece_bytes, piece.header, piece.header_length);
		memcpy(piece_bytes + piece.header_length, piece.data, piece.length);
		write_made(replay, piece_bytes, piece.header_length + piece.length);
	}
}

/* ---- what the engine says */

static void take_traces(struct replay *replay)
{
	struct alg_trace traces[TRACES];
	uint64_t lost;
	uint32_t n;

	while ((n = trace_take(engine_traces(replay->engine), &replay->cursor, traces, TRACES,
			       &lost)) != 0) {
		for (uint32_t i = 0; i < n; i++) {
			report_trace(&replay->report, &traces[i]);
			if (traces[i].kind == TRACE_EXPECTED && traces[i].after.port != 0)
				crossing_announced(replay->crossings, traces[i].after,
						   traces[i].before);
		}
	}
}

static void send_out(struct replay *replay, const struct out *out)
{
	for (uint32_t i = 0; i < out->n_emitted; i++)
		write_emitted(replay, &out->emitted[i]);
}

/* ---- time */

static void set_time(struct replay *replay, uint64_t now)
{
	replay->now = now;
	replay->ns = replay->first_ns + (now - replay->start) * NS_PER_MS;
	replay->report.ns = replay->ns - replay->first_ns;
}

/* Everything that is due before this packet. */
static void pass_time(struct replay *replay, uint64_t ns)
{
	uint64_t now = replay->start + (ns - replay->first_ns) / NS_PER_MS, next;
	struct out out;

	replay->report.number = 0;
	for (int i = 0; i < TICKS_MAX && (next = engine_next(replay->engine)) <= now; i++) {
		set_time(replay, next > replay->now ? next : replay->now);
		engine_tick(replay->engine, replay->now, &out);
		take_traces(replay);
		send_out(replay, &out);
	}
	replay->now = now;
	replay->ns = ns;
	replay->report.ns = ns - replay->first_ns;
	replay->report.number = replay->read;
}

/* ---- taking a frame in */

static void fill_checksum(struct decoded *view, uint32_t at)
{
	uint64_t sum =
	    csum_pseudo(view->source, view->destination, view->protocol, view->l4_length);
	uint16_t value;

	memset(view->l4 + at, 0, 2);
	value = csum_finish(csum_add(sum, view->l4, view->l4_length));
	if (value == 0 && view->protocol == PROTOCOL_UDP)
		value = 0xffff;
	memcpy(view->l4 + at, &value, 2);
}

/* Checksums that hardware fills in are wrong in captures of the host that sent them. */
static void mend(struct replay *replay, struct decoded *view)
{
	uint16_t value;

	if (view->broken || decode_verify(view, !view->fragment))
		return;
	replay->report.mended++;
	memset(view->ip + IP_CHECKSUM, 0, 2);
	value = csum_finish(csum_add(0, view->ip, view->header_length));
	memcpy(view->ip + IP_CHECKSUM, &value, 2);
	if (view->fragment || decode_verify(view, true)) /* the header was all */
		return;
	if (view->protocol == PROTOCOL_TCP && view->l4_length >= TCP_CHECKSUM + 2)
		fill_checksum(view, TCP_CHECKSUM);
	else if (view->protocol == PROTOCOL_UDP && view->l4_length >= UDP_CHECKSUM + 2)
		fill_checksum(view, UDP_CHECKSUM);
	else if (view->protocol == PROTOCOL_ICMP)
		rewrite_icmp_checksum(view);
}

/* Segmentation by hardware leaves the total length 0 where it was too long for the field, or not
 * known yet. */
static void fill_length(uint8_t *ip, uint32_t length)
{
	if (ip[2] != 0 || ip[3] != 0 || length > PACKET_MAX)
		return;
	ip[2] = (uint8_t)(length >> 8);
	ip[3] = (uint8_t)length;
}

static bool is_cut(const struct frame *frame, const uint8_t *ip, uint32_t length)
{
	return frame->cut && length >= 4 && (uint32_t)(ip[2] << 8 | ip[3]) > length;
}

/* Copies the packet, so that both what came and what becomes of it are there. False: it is not for
 * the engine. */
static bool take_in(struct replay *replay, const struct frame *frame, struct passage *passage)
{
	int offset = link_ipv4(replay->link, frame->bytes, frame->length);
	uint32_t length = offset < 0 ? 0 : frame->length - (uint32_t)offset;
	enum skip skip = SKIP_OTHER;

	if (offset >= 0) {
		passage->header.length = (uint8_t)offset;
		passage->header.set = true;
		memcpy(passage->header.bytes, frame->bytes, (size_t)offset);
		length = length > PACKET_MAX ? PACKET_MAX : length;
		memcpy(replay->original, frame->bytes + offset, length);
		skip = is_cut(frame, replay->original, length) ? SKIP_CUT : SKIP_HEADER;
		if (length >= 20)
			fill_length(replay->original, length);
		if (skip == SKIP_HEADER &&
		    decode_packet(replay->original, length, &passage->came)) {
			mend(replay, &passage->came);
			return true;
		}
	}
	report_skipped(&replay->report, NULL, skip);
	if (skip_is_written(skip) && replay->options->view == VIEW_SENT)
		capture_write(replay->capture, replay->ns, frame->bytes, frame->length);
	return false;
}

/* ---- the engine */

static struct decoded copy_of(struct replay *replay, const struct decoded *came)
{
	struct decoded view;

	memcpy(replay->work, came->ip, came->length);
	decode_packet(replay->work, came->length, &view);
	return view;
}

static uint32_t interface_at(const struct replay *replay, ip4 addr, uint8_t role)
{
	const struct sides *sides = &replay->sides;

	return box_interface(sides->box, sides->store, sides->snapshot, addr, role);
}

static struct packet packet_of(struct replay *replay, const struct decoded *view, enum visit visit)
{
	bool outside = visit == VISIT_FROM_OUTSIDE;
	struct packet packet = {
	    .data = replay->work,
	    .length = view->length,
	    .visit = (uint8_t)visit,
	    .room = PACKET_MAX,
	    .in_ifindex = interface_at(replay, view->source, outside ? ROLE_OUTSIDE : ROLE_INSIDE),
	};

	if (visit == VISIT_TO_OUTSIDE)
		packet.out_ifindex = interface_at(replay, view->destination, ROLE_OUTSIDE);
	return packet;
}

static void learn(struct replay *replay, struct passage *passage, const struct decoded *before,
		  struct decoded *after)
{
	bool outward = passage->way == WAY_OUT;
	const struct decoded *inside = outward ? &passage->came : after,
			     *outside = outward ? after : before;

	if (passage->turns || passage->came.kind == L4_ERROR || passage->came.fragment)
		return;
	passage->crossing =
	    crossing_learn(replay->crossings, inside, outside, (enum way)passage->way);
	passage->crossing->headers[passage->way] = passage->header;
	if (!outward)
		return;
	crossing_captured(passage->crossing, &passage->came);
	crossing_sent(passage->crossing, after);
}

/* What was held is not sent, but captured. */
static void note_taken(struct replay *replay, const struct passage *passage)
{
	struct crossing *crossing =
	    crossing_find(replay->crossings, &passage->came, (enum way)passage->way, false);

	if (crossing != NULL && passage->way == WAY_OUT)
		crossing_captured(crossing, &passage->came);
}

/* Is it for whom the capture showed it? */
static bool is_expected_end(const struct passage *passage, const struct decoded *after)
{
	const struct decoded *came = &passage->came;

	return after->destination == came->destination &&
	       (came->kind != L4_PORTS || after->destination_port == came->destination_port);
}

/* before: what the engine was given; NULL: what was captured. shown: it must come to where the
 * capture has it. */
static void handle(struct replay *replay, struct passage *passage, struct packet *packet,
		   const struct decoded *before, const struct out *out, bool shown)
{
	struct decoded after;

	if (out->verdict == VERDICT_DROP) {
		report_dropped(&replay->report, before, out->reason);
	} else if (out->verdict == VERDICT_TAKE) {
		note_taken(replay, passage);
	} else if (decode_packet(packet->data, packet->length, &after)) {
		if (shown && !is_expected_end(passage, &after)) {
			report_skipped(&replay->report, &passage->came,
				       out->verdict == VERDICT_REPLACE ? SKIP_ELSEWHERE
								       : SKIP_NO_WAY_IN);
			return;
		}
		if (out->verdict == VERDICT_REPLACE)
			learn(replay, passage, before, &after);
		if (passage->way == WAY_IN)
			replay->to_inside++;
		if (passage->turns ? replay->options->view != VIEW_OUTSIDE
				   : is_wanted_after(replay, (enum way)passage->way))
			write_packet(replay, &passage->header, packet->data, after.length);
	}
}

static void run(struct replay *replay, struct passage *passage, struct decoded *view,
		enum visit visit, bool shown)
{
	struct packet packet = packet_of(replay, view, visit);
	struct decoded before = *view;
	struct out out;

	replay->last[passage->way] = passage->header;
	if (is_wanted_before(replay, (enum way)passage->way) && !passage->turns)
		write_packet(replay, &passage->header, view->ip, view->length);
	engine_packet(replay->engine, replay->now, &packet, &out);
	if (visit == VISIT_TURN_BACK && (out.mark & MARK_HAIRPIN) &&
	    out.verdict == VERDICT_REPLACE) {
		send_out(replay, &out);
		packet.visit = VISIT_TO_OUTSIDE;
		packet.mark = out.mark;
		packet.out_ifindex = packet.in_ifindex;
		engine_packet(replay->engine, replay->now, &packet, &out);
	}
	take_traces(replay);
	handle(replay, passage, &packet, &before, &out, shown);
	send_out(replay, &out);
}

static void run_course(struct replay *replay, struct passage *passage, enum course course)
{
	struct decoded view = copy_of(replay, &passage->came);
	bool shown = course == COURSE_SHOWN_IN;

	if (course == COURSE_OUT || course == COURSE_TURN) {
		replay->from_inside++;
		passage->turns = course == COURSE_TURN;
		run(replay, passage, &view,
		    course == COURSE_OUT ? VISIT_TO_OUTSIDE : VISIT_TURN_BACK, false);
		return;
	}
	passage->way = WAY_IN;
	if (shown && !crossing_outside_view(replay->crossings, replay->sides.snapshot, &view)) {
		report_skipped(&replay->report, &passage->came, SKIP_NO_WAY_IN);
		return;
	}
	run(replay, passage, &view, VISIT_FROM_OUTSIDE, shown && !passage->came.fragment);
}

static void run_frame(struct replay *replay, const struct frame *frame)
{
	static const enum skip skips[] = {
	    [COURSE_INSIDE] = SKIP_INSIDE,
	    [COURSE_DONE] = SKIP_DONE,
	    [COURSE_OUTSIDE] = SKIP_OUTSIDE,
	    [COURSE_UNCLEAR] = SKIP_UNCLEAR,
	};
	struct passage passage = {.way = WAY_OUT};
	enum course course;

	if (!take_in(replay, frame, &passage))
		return;
	course = side_course(&replay->sides, &passage.came);
	if (course == COURSE_OUT || course == COURSE_IN || course == COURSE_SHOWN_IN ||
	    course == COURSE_TURN) {
		run_course(replay, &passage, course);
		return;
	}
	report_skipped(&replay->report, &passage.came, skips[course]);
	if (skip_is_written(skips[course]) && replay->options->view == VIEW_SENT)
		capture_write(replay->capture, replay->ns, frame->bytes, frame->length);
}

static bool run_frames(struct replay *replay, struct err *err)
{
	struct frame frame;
	int got;

	while ((got = capture_next(replay->capture, &frame, err)) == 1) {
		if (replay->read++ == 0) {
			replay->first_ns = replay->ns = frame.ns;
			replay->now = replay->start;
		}
		if (frame.ns < replay->ns) {
			replay->report.backwards++;
			frame.ns = replay->ns;
		}
		pass_time(replay, frame.ns);
		run_frame(replay, &frame);
	}
	return got == 0;
}

/* A capture of the other side shows nobody behind the router. */
static bool saw_inside(const struct replay *replay, struct err *err)
{
	if (replay->read == 0)
		return err_set(err, "%s: no packets", replay->options->read);
	if (replay->from_inside + replay->to_inside != 0)
		return true;
	return err_set(err,
		       "%s: no packet comes from inside; a capture taken outside shows packets "
		       "translated already. "
		       "If the inside networks are others than the configuration says, name them "
		       "with --inside",
		       replay->options->read);
}

bool replay_run(const struct replay_options *options, struct router *router, const struct box *box,
		FILE *report, struct err *err)
{
	struct replay *replay = mem_alloc(sizeof(*replay));
	bool good;

	replay->options = options;
	replay->engine = router->engine;
	replay->sides = (struct sides){
	    .box = box,
	    .store = router->store,
	    .snapshot = engine_snapshot(router->engine),
	    .n_nets = options->n_inside,
	    .nets = options->inside,
	};
	replay->report.to = report;
	replay->start = clock_now();
	replay->capture = capture_open(options->read, options->write, err);
	good = replay->capture != NULL;
	if (good) {
		replay->link = capture_link(replay->capture);
		replay->crossings = crossings_new();
		good = run_frames(replay, err);
		/* Also when the capture ends in the middle of a packet: so much was there. */
		report_sums(&replay->report, replay->engine, replay->read,
			    capture_written(replay->capture));
		good = good && saw_inside(replay, err);
		good = capture_close(replay->capture, good ? err : &(struct err){""}) && good;
		crossings_free(replay->crossings);
	}
	free(replay);
	return good;
}
