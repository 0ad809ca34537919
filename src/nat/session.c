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
#include "nat/resolve.h"
#include "nat/tcp.h"

/* of_flow: index of the record + 1, alone or with OF_ANSWERER; or OF_STATELESS, gateway and client. */
#define OF_STATELESS 0x80000000u
#define OF_ANSWERER  0x40000000u
#define OF_INDEX     0x3fffffffu

/* So much at once is asked of the file system, if it has that. */
#define CHUNKS_STEP  256
#define STREAMS_STEP 16
/* Sessions that are asked to make room for one: all streams of a host, of the box the next few. */
#define HOST_LOOKS   HOST_STREAMS
#define BOX_LOOKS    64

/* ---- the set ---- */

static size_t of_flow_size(const struct engine *engine)
{
	return engine->records->max_flows * sizeof(uint32_t);
}

static uint32_t step(uint32_t n, uint32_t more, uint32_t most)
{
	if (n == 0)
		return 0;
	return n + more < most ? n + more : most;
}

static bool reserve(void *arg, uint32_t *streams, uint32_t *chunks)
{
	struct alg_store *store = arg;
	uint32_t more = step(*streams, STREAMS_STEP, ALG_STREAMS), many = step(*chunks, CHUNKS_STEP, ALG_CHUNKS);

	if (!alg_store_reserve_streams(store, more, many))
		return alg_store_reserve_streams(store, *streams, *chunks);
	*streams = more;
	*chunks = many;
	return true;
}

struct session_set *session_set_new(struct engine *engine, uint64_t now)
{
	struct session_set *set = mem_alloc(sizeof(*set));

	set->store = engine->records->alg;
	set->streams = stream_set_new(set->store->streams, ALG_STREAMS, ALG_CHUNKS, now);
	stream_set_reserve(set->streams, reserve, set->store);
	stream_set_groups(set->streams, ALG_SESSIONS, HOST_CHUNKS);
	set->max_flows = engine->records->max_flows;
	set->of_flow = sparse_new(of_flow_size(engine));
	set->free = mem_alloc(ALG_SESSIONS * sizeof(*set->free));
	set->hosts = host_set_new(&engine->records->secret, ALG_SESSIONS);
	return set;
}

void session_set_free(struct session_set *set, const struct engine *engine)
{
	if (set == NULL)
		return;
	stream_set_free(set->streams);
	sparse_free(set->of_flow, of_flow_size(engine));
	free(set->free);
	host_set_free(set->hosts);
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
	uint32_t flow = stream_name(set->streams, stream);
	struct session_record *session;

	/* The gateways' store is the same whatever the size of the flow table was when it was written. */
	if (flow >= set->max_flows)
		return NULL;
	session = record_of(set, set->of_flow[flow]);
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

/* Of its own mapping, or of that of another inside host that it goes to. */
static bool keeps_payload(const struct snapshot *snapshot, const struct flow_record *flow)
{
	const struct snapshot_static *own = snapshot_static_by_id(snapshot, flow->rule), *other;

	if (own != NULL && own->no_payload)
		return true;
	other = snapshot_static_global(snapshot, flow->vrf, flow->protocol,
				       (struct endpoint){flow->og, flow->og_port});
	return other != NULL && other->no_payload;
}

static enum alg alg_of(const struct snapshot *snapshot, const struct flow_record *flow, uint8_t client)
{
	const struct endpoint inside[] = {{flow->il, flow->il_port}, {flow->ig, flow->ig_port}};
	const struct endpoint outside[] = {{flow->og, flow->og_port}, {flow->ol, flow->ol_port}};
	const struct endpoint *server = client == SIDE_INSIDE ? outside : inside;
	enum alg alg = snapshot_service(snapshot, flow->protocol, server[0].port, server[0].addr);

	if (alg == ALG_NONE)
		alg = snapshot_service(snapshot, flow->protocol, server[1].port, server[1].addr);
	return alg != ALG_NONE && keeps_payload(snapshot, flow) ? ALG_NONE : alg;
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

/* ---- room ---- */

static bool is_spared(const struct engine *engine, uint32_t flow)
{
	for (int i = 0; i < LIMIT_SPARE; i++) {
		if (engine->spare[i] == flow)
			return true;
	}
	return false;
}

/* As with every limit: who was heard on one side only goes for who comes, nobody else does. */
static bool give_way(struct engine *engine, uint64_t now, const struct session_record *session)
{
	const uint8_t both = FLOW_SEEN_IN | FLOW_SEEN_OUT;
	const struct flow_record *flow = flow_at(engine->flows, session->flow);

	if ((flow->flags & both) == both || is_spared(engine, session->flow))
		return false;
	flow_end(engine, now, session->flow, EVENT_REMOVED);
	return true;
}

/* The host's oldest; those that stay are asked last the next time. */
static bool host_gives_way(struct engine *engine, uint64_t now, const struct flow_record *flow)
{
	struct session_set *set = engine->sessions;

	for (int i = 0; i < HOST_LOOKS; i++) {
		uint32_t oldest = host_oldest(set->hosts, flow->vrf, flow->il);

		if (oldest == HOST_NONE || give_way(engine, now, &set->store->sessions[oldest]))
			return oldest != HOST_NONE;
		host_renew(set->hosts, oldest);
	}
	return false;
}

static bool anybody_gives_way(struct engine *engine, uint64_t now, bool stream)
{
	struct session_set *set = engine->sessions;
	uint32_t high = alg_store_sessions(set->store);

	for (int i = 0; i < BOX_LOOKS && high > 0; i++) {
		const struct session_record *session;

		set->hand = set->hand + 1 < high ? set->hand + 1 : 0;
		session = &set->store->sessions[set->hand];
		if (record_live(session->state) && (!stream || session->stream != STREAM_NONE) &&
		    give_way(engine, now, session))
			return true;
	}
	return false;
}

/* Within the limits, or what it takes ended. */
static bool has_room(struct engine *engine, uint64_t now, const struct flow_record *flow, enum alg_note *why)
{
	struct session_set *set = engine->sessions;
	bool stream = flow->protocol == PROTOCOL_TCP;

	*why = NOTE_LIMIT_HOST;
	if (!host_has_room(set->hosts, flow->vrf, flow->il, stream) && !host_gives_way(engine, now, flow))
		return false;
	if (!host_has_room(set->hosts, flow->vrf, flow->il, stream))
		return false; /* it was of the other kind */
	*why = NOTE_NO_ROOM;
	if (set->count < ALG_SESSIONS && (!stream || stream_count(set->streams) < ALG_STREAMS))
		return true;
	return anybody_gives_way(engine, now, stream);
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

static void enter(struct engine *engine, const struct session_record *session)
{
	struct session_set *set = engine->sessions;
	const struct flow_record *flow = flow_at(engine->flows, session->flow);
	uint32_t host = host_enter(set->hosts, (uint32_t)(session - set->store->sessions), flow->vrf, flow->il,
				   session->stream != STREAM_NONE);

	if (session->stream != STREAM_NONE)
		stream_join(set->streams, session->stream, host);
	set->count++;
}

static struct session_record *add(struct engine *engine, const struct session_record *body)
{
	struct session_set *set = engine->sessions;
	uint32_t index = take_index(set);
	struct session_record *session;

	if (index == RECORD_NONE)
		return NULL;
	session = &set->store->sessions[index];
	record_set_state(&session->state, RECORD_WRITING);
	record_copy(&session->flow, &body->flow, sizeof(*body) - offsetof(struct session_record, flow));
	record_set_state(&session->state, session_seal(body));
	set->of_flow[body->flow] = index + 1;
	enter(engine, session);
	return session;
}

static void drop(struct session_set *set, struct session_record *session)
{
	uint32_t index = (uint32_t)(session - set->store->sessions);

	record_set_state(&session->state, 0);
	set->free[set->n_free++] = index;
	host_leave(set->hosts, index);
	set->count--;
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
		body.stream = stream_open(set->streams, now, index);
		if (body.stream == STREAM_NONE)
			return NULL;
	}
	session = add(engine, &body);
	if (session == NULL && body.stream != STREAM_NONE)
		stream_close(set->streams, body.stream);
	return session;
}

/* False: no room. */
static bool attach(struct engine *engine, uint64_t now, uint32_t index, enum alg alg, uint8_t client,
		   uint8_t flags)
{
	const struct flow_record *flow = flow_at(engine->flows, index);
	struct session_set *set = engine->sessions;
	bool stateless = flow->protocol == PROTOCOL_UDP && alg_gateway(alg)->state_size == 0 && flags == 0;
	enum alg_note why = NOTE_NO_ROOM;

	if (stateless) {
		set->of_flow[index] = OF_STATELESS | (uint32_t)alg << 1 | client;
	} else if (!has_room(engine, now, flow, &why) ||
		   open_session(engine, now, index, alg, client, flags) == NULL) {
		session_note(engine, now, alg, index, why);
		return false;
	}
	mark(engine, index, client);
	set->counts[alg].flows++;
	set->counts[alg].live++;
	return true;
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

/* Its ports are used again: what has been announced since for the same endpoints? */
static bool is_announced(struct engine *engine, const struct decoded *view, uint8_t side, const struct flow_record *flow,
			 struct leg *found)
{
	const struct ask ask = {.engine = engine, .snapshot = engine->snapshot, .view = view, .vrf = flow->vrf};
	const struct endpoint inside = {flow->il, flow->il_port}, global = {flow->ig, flow->ig_port},
			      other = {flow->og, flow->og_port};

	*found = (struct leg){.binding = RECORD_NONE, .stale = RECORD_NONE};
	return (side == SIDE_INSIDE ? resolve_expected(&ask, SIDE_INSIDE, inside, other, found)
				    : resolve_expected(&ask, SIDE_OUTSIDE, other, global, found)) &&
	       found->child != ALG_NONE && found->il.addr == flow->il && found->il.port == flow->il_port;
}

bool session_made(struct engine *engine, uint64_t now, const struct decoded *view, uint8_t side, uint32_t index,
		  const struct leg *leg)
{
	const struct flow_record *flow = flow_at(engine->flows, index);
	bool expected = leg->kind == LEG_EXPECTED;
	enum alg alg, configured;
	struct leg again;

	if (!is_readable(flow))
		return true;
	if (leg->kind == LEG_FLOW && is_announced(engine, view, side, flow, &again)) {
		leg = &again;
		expected = true;
		if (again.expectation < EXPECT_MAX)
			resolve_came(engine, now, again.expectation, index);
	}
	configured = alg_of(engine->snapshot, flow, side);
	alg = expected ? (enum alg)leg->child : configured;
	if (!can_read(flow, alg) || (expected && keeps_payload(engine->snapshot, flow)))
		return true;
	if (opens(view))
		return attach(engine, now, index, alg, side, alg != configured ? SESSION_CHILD : 0);
	session_note(engine, now, alg, index, NOTE_MIDSTREAM);
	return true;
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
	const struct flow_record *flow = flow_at(engine->flows, session->flow);

	if (session->flags & SESSION_CHILD)
		return !snapshot_serves(engine->snapshot, (enum alg)session->alg) ||
		       keeps_payload(engine->snapshot, flow);
	return alg_of(engine->snapshot, flow, session->client) != session->alg;
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

bool session_review(struct engine *engine, uint64_t now, uint32_t index)
{
	const struct flow_record *flow = flow_at(engine->flows, index);
	struct reading reading = {.alg = ALG_NONE};
	bool known = session_of(engine->sessions, index, &reading);
	uint8_t client;
	enum alg alg;

	if (flow->protocol != PROTOCOL_UDP || !is_readable(flow) ||
	    (known && reading.session != NULL && (reading.session->flags & SESSION_CHILD)))
		return true;
	alg = judge(engine, flow, &client);
	if (!can_read(flow, alg))
		alg = ALG_NONE;
	if (known && alg == reading.alg)
		return true;
	if (known)
		session_forget(engine, index);
	return alg == ALG_NONE || attach(engine, now, index, alg, client, 0);
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
	enter(engine, session);
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

/* Its next packet asks again. */
static void review_later(struct engine *engine, uint32_t index)
{
	for (int side = 0; side < 2; side++)
		flow_slot_of(engine->flows, index, (enum flow_side)side)->epoch = engine->snapshot->epoch - 1;
}

/* Of datagrams that are read one by one there is no record; and the configuration may be another than it was. */
static void adopt_flows(struct engine *engine, uint64_t now)
{
	uint32_t from = 0, index;

	while ((index = flow_next(engine->flows, &from, UINT32_MAX)) != RECORD_NONE) {
		struct flow_record *flow = flow_at(engine->flows, index);

		if (engine->sessions->of_flow[index] != 0)
			continue;
		if (flow->protocol == PROTOCOL_UDP && !session_review(engine, now, index))
			review_later(engine, index);
		else if (flow->protocol != PROTOCOL_UDP)
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

uint32_t session_sent_as(const struct engine *engine, const struct flow_record *flow, uint8_t side, uint32_t seq)
{
	struct session_set *set = engine->sessions;
	uint32_t entry = set->of_flow[flow - engine->records->flows];
	const struct session_record *session = record_of(set, entry);

	if (session == NULL || session->stream == STREAM_NONE)
		return seq;
	if (entry & OF_ANSWERER)
		side = !side;
	return stream_sent_as(set->streams, session->stream, (enum flow_side)side, seq);
}
