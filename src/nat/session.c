/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which flow has which gateway: attached when the flow is made, by the responder's port as either realm sees it, or as the
 * expectation's child says; looked at again when the configuration changes; found again after a restart.
 *
 * A TCP connection has a record and a stream; so have datagrams a record whose gateway has state. Datagrams that are read one by
 * one (DNS) have neither: a mark on the flow is all, however many there are.
 *
 * Promises: O(1) for a packet; a flow that nobody reads is not marked and costs nothing. May not read messages.
 */
#include "nat/session_set.h"

#include <stdlib.h>
#include <string.h>
#include "lib/mem.h"
#include "lib/sparse.h"
#include "nat/tcp.h"

/* of_flow: index of the record + 1, alone or with OF_ANSWERER; or OF_STATELESS, gateway and client. */
#define OF_STATELESS 0x80000000u
#define OF_ANSWERER  0x40000000u
#define OF_INDEX     0x3fffffffu

#define CHUNKS_SPARE 256 /* more than one packet can make the streams take */
#define STREAMS_STEP 16

/* ---- the set ---- */

static size_t of_flow_size(const struct engine *engine)
{
	return engine->records->max_flows * sizeof(uint32_t);
}

struct session_set *session_set_new(struct engine *engine, uint64_t now)
{
	struct session_set *set = mem_alloc(sizeof(*set));

	set->store = engine->records->alg;
	set->streams = stream_set_new(set->store->streams, ALG_STREAMS, ALG_CHUNKS, now);
	set->of_flow = sparse_new(of_flow_size(engine));
	set->free = mem_alloc(ALG_SESSIONS * sizeof(*set->free));
	return set;
}

void session_set_free(struct session_set *set, const struct engine *engine)
{
	if (set == NULL)
		return;
	stream_set_free(set->streams);
	sparse_free(set->of_flow, of_flow_size(engine));
	free(set->free);
	free(set);
}

static struct session_record *record_of(struct session_set *set, uint32_t entry)
{
	if (entry == 0 || (entry & OF_STATELESS))
		return NULL;
	return &set->store->sessions[(entry & OF_INDEX) - 1];
}

bool session_of(struct session_set *set, uint32_t flow, struct reading *reading)
{
	uint32_t entry = set->of_flow[flow];
	struct session_record *session = record_of(set, entry);

	if (entry == 0 || (entry & OF_ANSWERER))
		return false;
	if (session == NULL)
		*reading = (struct reading){NULL, flow, (uint8_t)(entry >> 1), entry & 1};
	else
		*reading = (struct reading){session, flow, session->alg, session->client};
	return true;
}

struct session_record *session_of_stream(struct session_set *set, uint32_t stream)
{
	struct session_record *session = record_of(set, set->of_flow[stream_name(set->streams, stream)]);

	return session != NULL && session->stream == stream ? session : NULL;
}

void session_keep(struct session_record *session, const uint8_t *state, uint32_t size)
{
	uint8_t other = !(session->current & 1);

	if (size == 0 || memcmp(session_state(session), state, size) == 0)
		return;
	record_copy(session->data[other], state, size);
	__atomic_store_n(&session->current, other, __ATOMIC_RELEASE);
	STORE_POINT();
}

/* ---- marks ---- */

static void mark(struct engine *engine, uint32_t index, uint8_t client)
{
	struct flow_record *flow = flow_at(engine->flows, index);

	flow->flags |= client == SIDE_OUTSIDE ? FLOW_ALG | FLOW_CLIENT_OUT : FLOW_ALG;
	for (int side = 0; side < 2; side++)
		flow_slot_of(engine->flows, index, (enum flow_side)side)->state |= SLOT_ALG;
}

static void unmark(struct engine *engine, uint32_t index)
{
	struct flow_record *flow = flow_at(engine->flows, index);

	flow->flags &= (uint8_t) ~(FLOW_ALG | FLOW_CLIENT_OUT);
	for (int side = 0; side < 2; side++)
		flow_slot_of(engine->flows, index, (enum flow_side)side)->state &= ~SLOT_ALG;
}

/* ---- which gateway ---- */

static enum alg alg_of(const struct snapshot *snapshot, const struct flow_record *flow, uint8_t client)
{
	const struct endpoint inside[] = {{flow->il, flow->il_port}, {flow->ig, flow->ig_port}};
	const struct endpoint outside[] = {{flow->og, flow->og_port}, {flow->ol, flow->ol_port}};
	const struct endpoint *server = client == SIDE_INSIDE ? outside : inside;
	enum alg alg = snapshot_service(snapshot, flow->protocol, server[0].port, server[0].addr);

	if (alg == ALG_NONE)
		alg = snapshot_service(snapshot, flow->protocol, server[1].port, server[1].addr);
	return alg;
}

static bool is_readable(const struct flow_record *flow)
{
	return !(flow->flags & (FLOW_IDENTITY | FLOW_ADDRESS_ONLY)) &&
	       (flow->protocol == PROTOCOL_TCP || flow->protocol == PROTOCOL_UDP);
}

/* Streams need a gateway that can frame them. */
static bool can_read(const struct flow_record *flow, enum alg alg)
{
	const struct gateway *gateway = alg_gateway(alg);

	return gateway != NULL && (flow->protocol != PROTOCOL_TCP || gateway->frame != NULL);
}

/* ---- beginning and end ---- */

static uint32_t take_index(struct session_set *set)
{
	uint32_t high = alg_store_sessions(set->store);

	if (set->n_free > 0)
		return set->free[--set->n_free];
	if (high == ALG_SESSIONS ||
	    !alg_store_reserve(set->store, &set->store->sessions[high], sizeof(struct session_record)))
		return RECORD_NONE;
	alg_store_set_sessions(set->store, high + 1);
	return high;
}

static struct session_record *add(struct session_set *set, const struct session_record *body)
{
	uint32_t index = take_index(set);
	struct session_record *session;

	if (index == RECORD_NONE)
		return NULL;
	session = &set->store->sessions[index];
	record_set_state(&session->state, RECORD_WRITING);
	record_copy(&session->flow, &body->flow, sizeof(*body) - offsetof(struct session_record, flow));
	record_set_state(&session->state, session_seal(body));
	set->of_flow[body->flow] = index + 1;
	set->count++;
	return session;
}

static void drop(struct session_set *set, struct session_record *session)
{
	record_set_state(&session->state, 0);
	set->free[set->n_free++] = (uint32_t)(session - set->store->sessions);
	set->count--;
}

/* The file system may have no room for what the store has. Asked once for each step that more than ever are in use. */
bool session_has_room(struct session_set *set)
{
	uint32_t streams = stream_count(set->streams) + 1, chunks = stream_chunks_used(set->streams) + CHUNKS_SPARE;

	if (streams <= set->room_streams && chunks <= set->room_chunks)
		return true;
	streams = streams > set->room_streams ? streams + STREAMS_STEP : set->room_streams;
	chunks = chunks > set->room_chunks ? chunks + CHUNKS_SPARE : set->room_chunks;
	if (!alg_store_reserve_streams(set->store, streams < ALG_STREAMS ? streams : ALG_STREAMS, chunks))
		return false;
	set->room_streams = streams;
	set->room_chunks = chunks;
	return true;
}

/* With its stream; NULL: no room. */
static struct session_record *open_session(struct engine *engine, uint64_t now, uint32_t index, enum alg alg,
					   uint8_t client, uint8_t flags)
{
	const struct flow_record *flow = flow_at(engine->flows, index);
	struct session_set *set = engine->sessions;
	struct session_record body = {.flow = index,
				      .flow_state = flow->state,
				      .stream = STREAM_NONE,
				      .other = RECORD_NONE,
				      .alg = (uint8_t)alg,
				      .client = client,
				      .flags = flags}, *session;

	if (flow->protocol == PROTOCOL_TCP) {
		if (!session_has_room(set))
			return NULL;
		body.stream = stream_open(set->streams, now, index);
		if (body.stream == STREAM_NONE)
			return NULL;
	}
	session = add(set, &body);
	if (session == NULL && body.stream != STREAM_NONE)
		stream_close(set->streams, body.stream);
	return session;
}

static void attach(struct engine *engine, uint64_t now, uint32_t index, enum alg alg, uint8_t client,
		   uint8_t flags)
{
	const struct flow_record *flow = flow_at(engine->flows, index);
	struct session_set *set = engine->sessions;
	bool stateless = flow->protocol == PROTOCOL_UDP && alg_gateway(alg)->state_size == 0 && flags == 0;

	if (stateless)
		set->of_flow[index] = OF_STATELESS | (uint32_t)alg << 1 | client;
	else if (open_session(engine, now, index, alg, client, flags) == NULL) {
		session_note(engine, now, alg, index, NOTE_NO_ROOM);
		return;
	}
	mark(engine, index, client);
	set->counts[alg].flows++;
	set->counts[alg].live++;
}

static void forget_answerer(struct session_set *set, struct session_record *session)
{
	uint32_t entry = (uint32_t)(session - set->store->sessions + 1) | OF_ANSWERER;

	if (session->other != RECORD_NONE && set->of_flow[session->other] == entry)
		set->of_flow[session->other] = 0;
	session->other = RECORD_NONE;
}

void session_end(struct engine *engine, uint32_t flow)
{
	struct session_set *set = engine->sessions;
	struct session_record *session = record_of(set, set->of_flow[flow]);
	struct reading reading;

	if (!session_of(set, flow, &reading)) {
		if (session != NULL)
			forget_answerer(set, session);
		return;
	}
	set->of_flow[flow] = 0;
	set->counts[reading.alg].live--;
	if (session == NULL)
		return;
	forget_answerer(set, session);
	if (session->stream != STREAM_NONE)
		stream_close(set->streams, session->stream);
	drop(set, session);
}

static bool opens(const struct decoded *view)
{
	return view->protocol != PROTOCOL_TCP ||
	       (view->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

void session_made(struct engine *engine, uint64_t now, const struct decoded *view, uint8_t side, uint32_t index,
		  const struct leg *leg)
{
	const struct flow_record *flow = flow_at(engine->flows, index);
	bool expected = leg->kind == LEG_EXPECTED;
	enum alg alg;

	if (!is_readable(flow))
		return;
	alg = expected ? (enum alg)leg->child : alg_of(engine->snapshot, flow, side);
	if (!can_read(flow, alg))
		return;
	if (opens(view))
		attach(engine, now, index, alg, side, expected ? SESSION_CHILD : 0);
	else
		session_note(engine, now, alg, index, NOTE_MIDSTREAM);
}

void session_forget(struct engine *engine, uint32_t flow)
{
	if (engine->sessions->of_flow[flow] == 0)
		return;
	session_end(engine, flow);
	unmark(engine, flow);
}

void session_pair(struct engine *engine, struct session_record *session, uint32_t other)
{
	struct session_set *set = engine->sessions;

	if (session->other == other)
		return;
	forget_answerer(set, session);
	if (other == RECORD_NONE || set->of_flow[other] != 0 || session->stream == STREAM_NONE)
		return;
	session->other = other;
	set->of_flow[other] = (uint32_t)(session - set->store->sessions + 1) | OF_ANSWERER;
	mark(engine, other, SIDE_OUTSIDE);
}

void session_stop(struct engine *engine, uint64_t now, const struct reading *reading, const struct stream_sink *sink)
{
	struct session_record *session = reading->session;

	if (session == NULL || (session->flags & SESSION_STOPPED))
		return;
	session->flags |= SESSION_STOPPED;
	if (session->stream != STREAM_NONE)
		stream_stop(engine->sessions->streams, session->stream, now, sink);
}

/* ---- configuration ---- */

/* What is to be sent waits until there is a call that can take it. */
static bool send_later(void *arg, const struct stream_segment *segment)
{
	(void)arg;
	(void)segment;
	return false;
}

static const struct stream_sink later = {.send = send_later};

static bool is_off(const struct engine *engine, const struct session_record *session)
{
	if (session->flags & SESSION_CHILD)
		return !snapshot_serves(engine->snapshot, (enum alg)session->alg);
	return alg_of(engine->snapshot, flow_at(engine->flows, session->flow), session->client) != session->alg;
}

void session_follow(struct engine *engine, uint64_t now)
{
	struct session_set *set = engine->sessions;
	uint32_t high = alg_store_sessions(set->store);
	struct reading reading;

	for (uint32_t i = 0; i < high; i++) {
		struct session_record *session = &set->store->sessions[i];

		if (record_live(session->state) && is_off(engine, session) &&
		    session_of(set, session->flow, &reading))
			session_stop(engine, now, &reading, &later);
	}
}

/* Who asks and who answers, if it is not known: by the ports. */
static enum alg judge(const struct engine *engine, const struct flow_record *flow, uint8_t *client)
{
	enum alg alg = ALG_NONE;

	*client = SIDE_INSIDE;
	if (flow->flags & FLOW_ALG) {
		*client = flow->flags & FLOW_CLIENT_OUT ? SIDE_OUTSIDE : SIDE_INSIDE;
		return alg_of(engine->snapshot, flow, *client);
	}
	alg = alg_of(engine->snapshot, flow, SIDE_INSIDE);
	if (alg != ALG_NONE)
		return alg;
	*client = SIDE_OUTSIDE;
	return alg_of(engine->snapshot, flow, SIDE_OUTSIDE);
}

void session_review(struct engine *engine, uint64_t now, uint32_t index)
{
	const struct flow_record *flow = flow_at(engine->flows, index);
	struct reading reading = {.alg = ALG_NONE};
	bool known = session_of(engine->sessions, index, &reading);
	uint8_t client;
	enum alg alg;

	if (flow->protocol != PROTOCOL_UDP || !is_readable(flow) ||
	    (known && reading.session != NULL && (reading.session->flags & SESSION_CHILD)))
		return;
	alg = judge(engine, flow, &client);
	if (!can_read(flow, alg))
		alg = ALG_NONE;
	if (known && alg == reading.alg)
		return;
	if (known)
		session_forget(engine, index);
	if (alg != ALG_NONE)
		attach(engine, now, index, alg, client, 0);
}

/* ---- adoption ---- */

static bool is_sound(const struct engine *engine, const struct session_record *session)
{
	const struct flow_record *flow;

	if (!record_live(session->state) || session->state != session_seal(session))
		return false;
	if (session->flow >= engine->records->max_flows || session->client > SIDE_OUTSIDE ||
	    alg_gateway((enum alg)session->alg) == NULL || (session->flags & ~SESSION_FLAGS) != 0)
		return false;
	flow = flow_at(engine->flows, session->flow);
	if (flow == NULL || flow->state != session->flow_state || !is_readable(flow) ||
	    engine->sessions->of_flow[session->flow] != 0)
		return false;
	if (flow->protocol != PROTOCOL_TCP)
		return session->stream == STREAM_NONE;
	return session->stream < ALG_STREAMS &&
	       stream_name(engine->sessions->streams, session->stream) == session->flow;
}

static bool adopt_session(struct engine *engine, uint64_t now, struct session_record *session)
{
	struct session_set *set = engine->sessions;
	uint32_t other = session->other;

	if (!is_sound(engine, session))
		return false;
	set->of_flow[session->flow] = (uint32_t)(session - set->store->sessions) + 1;
	set->count++;
	set->counts[session->alg].flows++;
	set->counts[session->alg].live++;
	mark(engine, session->flow, session->client);
	session->other = RECORD_NONE;
	if (other < engine->records->max_flows && flow_at(engine->flows, other) != NULL)
		session_pair(engine, session, other);
	if (is_off(engine, session))
		session_stop(engine, now,
			     &(struct reading){session, session->flow, session->alg, session->client}, &later);
	return true;
}

static void close_lost_streams(struct session_set *set)
{
	uint32_t from = 0, stream;

	for (; (stream = stream_next(set->streams, &from)) != STREAM_NONE; from++) {
		if (session_of_stream(set, stream) == NULL)
			stream_close(set->streams, stream);
	}
}

/* Of datagrams that are read one by one there is no record; and the configuration may be another than it was. */
static void adopt_flows(struct engine *engine, uint64_t now)
{
	uint32_t from = 0, index;

	while ((index = flow_next(engine->flows, &from, UINT32_MAX)) != RECORD_NONE) {
		struct flow_record *flow = flow_at(engine->flows, index);

		if (engine->sessions->of_flow[index] != 0)
			continue;
		if (flow->protocol == PROTOCOL_UDP)
			session_review(engine, now, index);
		else
			flow->flags &= (uint8_t) ~(FLOW_ALG | FLOW_CLIENT_OUT);
	}
}

void session_adopt(struct engine *engine, uint64_t now)
{
	struct session_set *set = engine->sessions;
	uint32_t high = alg_store_sessions(set->store);

	for (uint32_t i = high; i-- > 0;) {
		struct session_record *session = &set->store->sessions[i];

		if (session->state != 0 && adopt_session(engine, now, session))
			continue;
		record_set_state(&session->state, 0);
		set->free[set->n_free++] = i;
	}
	close_lost_streams(set);
	adopt_flows(engine, now);
	set->adopted = true;
}

/* ---- numbers ---- */

void session_numbers(const struct engine *engine, uint32_t flow, uint8_t side, struct tcp_segment *segment)
{
	struct session_set *set = engine->sessions;
	uint32_t entry = set->of_flow[flow];
	const struct session_record *session = record_of(set, entry);
	struct stream_look look;

	if (session == NULL || session->stream == STREAM_NONE)
		return;
	/* The opener of a hairpin is the outside of the answerer's flow. */
	if ((entry & OF_ANSWERER) ? side == SIDE_OUTSIDE : side == SIDE_INSIDE)
		return;
	look = stream_look(set->streams, session->stream);
	segment->seq += (uint32_t)look.delta[SIDE_OUTSIDE];
	segment->end += (uint32_t)look.delta[SIDE_OUTSIDE];
	segment->ack -= (uint32_t)look.delta[SIDE_INSIDE];
}
