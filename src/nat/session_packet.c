/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of a packet that a gateway reads: checked, read, changed, before its headers are translated; and the segments that the
 * stream engine sends by itself, with headers as their receiver knows the connection.
 *
 * Promises: a damaged packet is not read: a datagram goes on with its damage, a segment is dropped, because its numbers cannot be
 * trusted. What is changed gets checksums that are right. May not decide what becomes of an address.
 */
#include "nat/session_set.h"

#include <string.h>
#include "lib/bytes.h"
#include "lib/csum.h"
#include "nat/mss.h"

#define REPLACED_MAX 65531 /* as in engine.c */
#define UDP_HEADER   8u
#define TCP_HEADER   20u
#define IP_HEADER    20u
#define EMIT_SPARE   2  /* of out: for what the packet itself may make the engine send */
#define DUE_MAX	     64 /* streams that one call looks at */
#define TTL_DEFAULT  64

/* A packet in hand, or none (what is due). */
struct work {
	struct engine *engine;
	uint64_t now;
	struct out *out;
	struct reading reading;
	bool stop;
};

static uint32_t other_of(const struct work *work)
{
	return work->reading.session != NULL ? work->reading.session->other : RECORD_NONE;
}

/* ---- sending ---- */

/* The connection as the side `to` has it. False: the answerer's flow is gone, or is another. */
static bool ends_at(const struct engine *engine, const struct session_record *session, uint8_t to,
		    struct endpoint *source, struct endpoint *destination)
{
	const struct flow_record *flow = flow_at(engine->flows, session->flow), *other = NULL;

	*source = to == SIDE_INSIDE ? (struct endpoint){flow->ol, flow->ol_port}
				    : (struct endpoint){flow->ig, flow->ig_port};
	*destination = to == SIDE_INSIDE ? (struct endpoint){flow->il, flow->il_port}
					 : (struct endpoint){flow->og, flow->og_port};
	if (to == SIDE_INSIDE || session->other == RECORD_NONE)
		return true;
	other = flow_at(engine->flows, session->other);
	if (other == NULL || other->og != flow->ig || other->og_port != flow->ig_port ||
	    other->ig != flow->og || other->ig_port != flow->og_port)
		return false;
	*source = (struct endpoint){other->ol, other->ol_port};
	*destination = (struct endpoint){other->il, other->il_port};
	return true;
}

static void write_ip(struct engine *engine, uint8_t *data, const struct session_record *session,
		     const struct stream_segment *segment, struct endpoint source, struct endpoint destination,
		     uint32_t total)
{
	uint8_t from = !segment->to;
	uint16_t sum;

	memset(data, 0, IP_HEADER);
	data[0] = 0x45;
	data[1] = session->tos[from];
	put_be16(data + 2, total);
	/* No DF: nobody but us would learn that it does not fit. */
	put_be16(data + 4, ident_next(engine->idents, source.addr, destination.addr, PROTOCOL_TCP, 1));
	data[8] = session->ttl[from] != 0 ? session->ttl[from] : TTL_DEFAULT;
	data[9] = PROTOCOL_TCP;
	put_be32(data + 12, source.addr);
	put_be32(data + 16, destination.addr);
	sum = csum_finish(csum_add(0, data, IP_HEADER));
	memcpy(data + 10, &sum, sizeof(sum));
}

static void write_tcp(uint8_t *l4, const struct stream_segment *segment, struct endpoint source,
		      struct endpoint destination, uint32_t length)
{
	uint32_t header = TCP_HEADER + segment->options_length;
	uint16_t sum;

	put_be16(l4, source.port);
	put_be16(l4 + 2, destination.port);
	put_be32(l4 + 4, segment->seq);
	put_be32(l4 + 8, segment->ack);
	l4[12] = (uint8_t)(header / 4 << 4);
	l4[13] = segment->flags;
	put_be16(l4 + 14, segment->window);
	put_be16(l4 + 16, 0);
	put_be16(l4 + 18, segment->urgent);
	memcpy(l4 + TCP_HEADER, segment->options, segment->options_length);
	if (segment->length > 0)
		memcpy(l4 + header, segment->payload, segment->length);
	sum = csum_finish(csum_add(csum_pseudo(source.addr, destination.addr, PROTOCOL_TCP, length), l4, length));
	memcpy(l4 + 16, &sum, sizeof(sum));
}

/* Room for a packet of this length; NULL: not in this call. */
static uint8_t *place_for(struct work *work, uint32_t length)
{
	struct engine *engine = work->engine;
	struct emitted *emitted;
	uint8_t *data;

	if (work->out == NULL || work->out->n_emitted >= OUT_EMIT_MAX - EMIT_SPARE)
		return NULL;
	emitted = &work->out->emitted[work->out->n_emitted];
	data = emitted->data;
	emitted->large = NULL;
	if (length > sizeof(emitted->data)) {
		if (length > sizeof(engine->large) - engine->large_used)
			return NULL;
		emitted->large = data = engine->large + engine->large_used;
		engine->large_used += length;
	}
	emitted->length = length;
	emitted->ifindex = 0;
	emitted->piece = 0;
	work->out->n_emitted++;
	return data;
}

static bool send_segment(void *arg, const struct stream_segment *segment)
{
	struct work *work = arg;
	const struct session_record *session = work->reading.session;
	uint32_t length = TCP_HEADER + segment->options_length + segment->length, n;
	struct endpoint source, destination;
	uint8_t *data;

	if (!ends_at(work->engine, session, segment->to, &source, &destination))
		return false;
	data = place_for(work, IP_HEADER + length);
	if (data == NULL)
		return false;
	n = work->out->n_emitted - 1;
	work->out->emitted[n].vrf = flow_at(work->engine->flows, session->flow)->vrf;
	work->out->emitted[n].inward = segment->to == SIDE_INSIDE || session->other != RECORD_NONE;
	write_ip(work->engine, data, session, segment, source, destination, IP_HEADER + length);
	write_tcp(data + IP_HEADER, segment, source, destination, length);
	return true;
}

/* ---- reading a stream ---- */

static enum frame frame(void *arg, enum flow_side from, const uint8_t *bytes, uint32_t length, uint32_t *size)
{
	const struct work *work = arg;
	const struct reading *reading = &work->reading;

	return alg_gateway((enum alg)reading->alg)
		->frame(stream_memory(work->engine->sessions->streams), from == reading->client ? FROM_CLIENT : FROM_SERVER,
			bytes, length, size);
}

static const struct splices *message(void *arg, enum flow_side from, const uint8_t *bytes, uint32_t length,
				     bool *stop, bool *refuse)
{
	struct work *work = arg;
	enum message_fate fate;

	fate = session_message(work->engine, work->now, &work->reading, other_of(work), from, bytes, length,
			       stream_memory(work->engine->sessions->streams), stop);
	*refuse = fate == MESSAGE_REFUSED;
	work->stop |= *stop;
	return fate == MESSAGE_CHANGED ? &work->engine->sessions->splices : NULL;
}

static void note(void *arg, enum alg_note what)
{
	const struct work *work = arg;

	session_note(work->engine, work->now, (enum alg)work->reading.alg, work->reading.flow, what);
}

static struct stream_reader reader_of(struct work *work)
{
	const struct gateway *gateway = alg_gateway((enum alg)work->reading.alg);

	return (struct stream_reader){work, frame, message, note, gateway->patience_s * 1000};
}

static struct stream_sink sink_of(struct work *work)
{
	return (struct stream_sink){work, send_segment};
}

/* What was reset by us is over: no packet of either end would say so. */
static void close_refused(const struct work *work)
{
	struct flow_record *flow = flow_at(work->engine->flows, work->reading.flow);
	const struct session_record *session = work->reading.session;

	if (flow->phase == PHASE_CLOSING || !stream_look(work->engine->sessions->streams, session->stream).refused)
		return;
	flow->phase = PHASE_CLOSING;
	flow_arm(work->engine, work->now, work->reading.flow);
}

static void remember_outcome(const struct work *work)
{
	if (work->stop)
		work->reading.session->flags |= SESSION_STOPPED;
	close_refused(work);
}

/* ---- packets ---- */

static bool is_sound(const struct packet *packet, const struct decoded *view)
{
	return decode_verify(view, !packet->checksum_partial && !packet->checksum_good);
}

static uint32_t room_of(const struct packet *packet)
{
	uint32_t room = packet->room > packet->length ? packet->room : packet->length;

	return room < REPLACED_MAX ? room : REPLACED_MAX;
}

/* What a segment of ours will have, sent from here on. */
static void remember_header(struct session_record *session, const struct packet *packet, const struct decoded *view,
			    uint8_t side)
{
	uint8_t ttl = view->ip[8];

	/* Before routing the kernel has not counted this hop yet. */
	if (packet->visit != VISIT_TO_OUTSIDE && ttl > 1)
		ttl--;
	session->ttl[side] = ttl;
	session->tos[side] = view->ip[1];
}

/* The stream learns from a SYN what its receiver takes; that has to be what it will be told. */
static void lower_mss(const struct engine *engine, const struct packet *packet, struct decoded *view,
		      const struct rewrite *becomes)
{
	if ((view->tcp_flags & TCP_SYN) && engine->snapshot->n_mss > 0)
		mss_lower(view, mss_limit(engine->snapshot, packet, becomes->destination));
}

static enum reason reason_of(enum stream_fate fate, enum reason reason)
{
	switch (fate) {
	case STREAM_HELD:
		return REASON_STREAM_HELD;
	case STREAM_ANSWERED:
		return REASON_STREAM_ANSWERED;
	case STREAM_DROP:
		return REASON_STREAM_REFUSED;
	default:
		return reason;
	}
}

static enum reason segment(struct work *work, struct packet *packet, struct decoded *view, uint8_t side,
			   const struct rewrite *becomes, enum reason reason)
{
	struct session_record *session = work->reading.session;
	struct stream_reader reader = reader_of(work);
	struct stream_sink sink = sink_of(work);
	uint32_t length = view->length;
	enum stream_fate fate;

	if (!is_sound(packet, view))
		return REASON_ALG_DAMAGED;
	if (packet->checksum_partial)
		rewrite_complete(view);
	packet->checksum_partial = false;
	lower_mss(work->engine, packet, view, becomes);
	remember_header(session, packet, view, side);
	fate = stream_packet(work->engine->sessions->streams, session->stream, (enum flow_side)side, work->now, view,
			     room_of(packet), &reader, &sink);
	if (fate == STREAM_PASS) {
		/* Its sender cannot make it smaller than a link that it keeps to already. */
		if (view->length > length && view->dont_fragment && !packet->gso)
			rewrite_fragmentable(view, ident_next(work->engine->idents, becomes->source,
							      becomes->destination, PROTOCOL_TCP, 1));
		rewrite_header_checksum(view);
		rewrite_complete(view);
	}
	remember_outcome(work);
	return reason_of(fate, reason);
}

/* What the payload becomes stands in set->message; how long it is. */
static uint32_t write_message(struct session_set *set, const struct decoded *view, enum alg alg)
{
	const struct gateway *gateway = alg_gateway(alg);
	uint32_t was = view->l4_length - UDP_HEADER, length = set->splices.length;

	splice_apply(view->l4 + UDP_HEADER, was, &set->splices, set->message);
	return gateway->shorten != NULL && length > was ? gateway->shorten(set->message, length, was) : length;
}

/* False: it does not fit. The rest of the packet behind the datagram, if any, is left out. */
static bool replace(struct engine *engine, const struct packet *packet, struct decoded *view,
		    const struct rewrite *becomes, enum alg alg)
{
	struct session_set *set = engine->sessions;
	uint32_t payload = write_message(set, view, alg), length = UDP_HEADER + payload,
		 total = view->header_length + length;
	bool summed = view->l4[6] != 0 || view->l4[7] != 0 || packet->checksum_partial;

	if (total > room_of(packet))
		return false;
	memcpy(view->l4 + UDP_HEADER, set->message, payload);
	if (total > view->length && view->dont_fragment) {
		rewrite_fragmentable(view, ident_next(engine->idents, becomes->source, becomes->destination,
						      PROTOCOL_UDP, 1));
		return rewrite_resize(view, length, summed), true;
	}
	rewrite_resize(view, length, summed);
	return true;
}

static enum reason datagram(struct work *work, struct packet *packet, struct decoded *view, uint32_t other,
			    uint8_t side, const struct rewrite *becomes, enum reason reason)
{
	struct alg_counts *counts = &work->engine->sessions->counts[work->reading.alg];
	bool whole = view->dont_fragment;
	enum message_fate fate;

	if (!is_sound(packet, view))
		return reason;
	if (packet->gso)
		return REASON_CUT;
	fate = session_message(work->engine, work->now, &work->reading, other, (enum flow_side)side,
			       view->l4 + UDP_HEADER, view->l4_length - UDP_HEADER, NULL, &work->stop);
	if (work->stop && work->reading.session != NULL)
		work->reading.session->flags |= SESSION_STOPPED;
	if (fate == MESSAGE_REFUSED)
		return REASON_ALG_REFUSED;
	if (fate == MESSAGE_SAME)
		return reason;
	if (!replace(work->engine, packet, view, becomes, (enum alg)work->reading.alg)) {
		note(work, NOTE_TOO_BIG);
		return REASON_ALG_REFUSED;
	}
	packet->checksum_partial = false;
	counts->fragmentable += whole && !view->dont_fragment;
	return reason;
}

/* The session is the opener's: of a hairpin's two flows the one whose client is inside. */
static bool reading_of(struct engine *engine, const struct decision *decision, struct reading *reading,
		       uint32_t *other, uint8_t *side)
{
	uint32_t opener = decision->read, answerer = decision->read_other;

	*side = decision->side;
	*other = RECORD_NONE;
	if (answerer == RECORD_NONE)
		return session_of(engine->sessions, opener, reading);
	/* The sender's own flow: from inside. */
	*other = answerer;
	if (session_of(engine->sessions, opener, reading) && reading->client == SIDE_INSIDE)
		return true;
	*other = opener;
	*side = SIDE_OUTSIDE;
	return session_of(engine->sessions, answerer, reading) && reading->client == SIDE_INSIDE;
}

void session_packet(struct engine *engine, uint64_t now, struct packet *packet, struct decoded *view,
		    struct decision *decision, const struct rewrite *becomes, struct out *out)
{
	struct work work = {.engine = engine, .now = now, .out = out};
	uint32_t other;
	uint8_t side;

	if (!reading_of(engine, decision, &work.reading, &other, &side))
		return;
	if (work.reading.session != NULL)
		session_pair(engine, work.reading.session, other);
	if (view->protocol == PROTOCOL_TCP)
		decision->reason = segment(&work, packet, view, side, becomes, decision->reason);
	else if (work.reading.session == NULL || !(work.reading.session->flags & SESSION_STOPPED))
		decision->reason = datagram(&work, packet, view, other, side, becomes, decision->reason);
	if (reason_verdict(decision->reason) == VERDICT_REPLACE)
		packet->length = view->length;
}

/* ---- time ---- */

static void due(struct engine *engine, uint64_t now, uint32_t stream, struct out *out)
{
	struct session_record *session = session_of_stream(engine->sessions, stream);
	struct work work = {.engine = engine, .now = now, .out = out};
	struct stream_reader reader;
	struct stream_sink sink;

	if (session == NULL || !session_of(engine->sessions, session->flow, &work.reading)) {
		stream_close(engine->sessions->streams, stream); /* nobody's */
		return;
	}
	reader = reader_of(&work);
	sink = sink_of(&work);
	stream_due(engine->sessions->streams, now, stream, &reader, &sink);
	remember_outcome(&work);
}

void session_due(struct engine *engine, uint64_t now, struct out *out)
{
	struct session_set *set = engine->sessions;
	uint32_t stream;

	for (int i = 0; set->adopted && i < DUE_MAX && out->n_emitted < OUT_EMIT_MAX - EMIT_SPARE; i++) {
		if (stream_next_due(set->streams, &stream) > now)
			return;
		due(engine, now, stream, out);
	}
}

uint64_t session_next(const struct engine *engine)
{
	uint32_t stream;

	return engine->sessions->adopted ? stream_next_due(engine->sessions->streams, &stream) : UINT64_MAX;
}
