/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversations of a replay. Promises that a packet is turned whole, with good checksums, or not at
 * all. May not decide what is let in: the engine does that, with what was turned.
 */
#include "replay/crossing.h"

#include <stdlib.h>
#include <string.h>

#include "lib/csum.h"
#include "lib/mem.h"
#include "nat/decide.h"
#include "nat/rewrite.h"

/* An inside endpoint, whoever it talks to. Port and protocol 0: the host, as it was seen last. */
struct place_key {
	ip4 addr;
	uint16_t port;
	uint8_t protocol;
};

struct place {
	struct place_key key;
	struct endpoint global;
	UT_hash_handle hh;
};

struct crossings {
	struct crossing *by_local, *by_global;
	struct place *places;
};

#define TCP_ACK_FIELD 8
#define TCP_CHECKSUM  16
#define TCP_OPTIONS   20
#define OPTION_END    0
#define OPTION_NOP    1
#define OPTION_SACK   5

struct crossings *crossings_new(void)
{
	return mem_alloc(sizeof(struct crossings));
}

void crossings_free(struct crossings *crossings)
{
	struct crossing *crossing, *next;
	struct place *place, *next_place;

	if (crossings == NULL)
		return;
	HASH_CLEAR(by_global, crossings->by_global);
	HASH_ITER(by_local, crossings->by_local, crossing, next)
	{
		HASH_DELETE(by_local, crossings->by_local, crossing);
		free(crossing);
	}
	HASH_ITER(hh, crossings->places, place, next_place)
	{
		HASH_DEL(crossings->places, place);
		free(place);
	}
	free(crossings);
}

/* ---- keys */

static struct endpoint source_of(const struct decoded *view)
{
	return (struct endpoint){view->source, view->source_port};
}

static struct endpoint destination_of(const struct decoded *view)
{
	return (struct endpoint){view->destination, view->destination_port};
}

static void key_of(struct crossing_key *key, const struct decoded *view, enum way way)
{
	struct endpoint near = way == WAY_OUT ? source_of(view) : destination_of(view);
	struct endpoint far = way == WAY_OUT ? destination_of(view) : source_of(view);
	bool ported = view->kind == L4_PORTS || view->kind == L4_QUERY;

	memset(key, 0, sizeof(*key));
	key->near = near.addr;
	key->far = far.addr;
	key->near_port = ported ? near.port : 0;
	key->far_port = view->kind == L4_PORTS ? far.port : 0;
	key->protocol = view->protocol;
}

struct crossing *crossing_find(const struct crossings *crossings, const struct decoded *view,
			       enum way way, bool global)
{
	struct crossing_key key;
	struct crossing *found = NULL;

	key_of(&key, view, way);
	if (global)
		HASH_FIND(by_global, crossings->by_global, &key, sizeof(key), found);
	else
		HASH_FIND(by_local, crossings->by_local, &key, sizeof(key), found);
	return found;
}

/* ---- places */

static struct place *place_find(const struct crossings *crossings, uint8_t protocol,
				struct endpoint at)
{
	struct place_key key;
	struct place *place;

	memset(&key, 0, sizeof(key));
	key.addr = at.addr;
	key.port = at.port;
	key.protocol = protocol;
	HASH_FIND(hh, crossings->places, &key, sizeof(key), place);
	return place;
}

static void place_set(struct crossings *crossings, uint8_t protocol, struct endpoint at,
		      struct endpoint global)
{
	struct place *place = place_find(crossings, protocol, at);

	if (place == NULL) {
		place = mem_alloc(sizeof(*place));
		place->key.addr = at.addr;
		place->key.port = at.port;
		place->key.protocol = protocol;
		HASH_ADD(hh, crossings->places, key, sizeof(place->key), place);
	}
	place->global = global;
}

void crossing_announced(struct crossings *crossings, struct endpoint inside, struct endpoint global)
{
	place_set(crossings, PROTOCOL_TCP, inside, global);
	place_set(crossings, PROTOCOL_UDP, inside, global);
}

/* ---- learning */

static struct crossing *crossing_make(struct crossings *crossings, const struct crossing_key *local)
{
	struct crossing *crossing = mem_alloc(sizeof(*crossing));

	crossing->local = *local;
	HASH_ADD(by_local, crossings->by_local, local, sizeof(crossing->local), crossing);
	return crossing;
}

/* Another conversation may have had this global side before. */
static void become(struct crossings *crossings, struct crossing *crossing,
		   const struct crossing_key *global, bool made)
{
	struct crossing *before;

	if (!made && memcmp(&crossing->global, global, sizeof(*global)) == 0)
		return;
	if (!made && crossing->by_global.tbl != NULL)
		HASH_DELETE(by_global, crossings->by_global, crossing);
	HASH_FIND(by_global, crossings->by_global, global, sizeof(*global), before);
	if (before != NULL) {
		HASH_DELETE(by_global, crossings->by_global, before);
		before->by_global.tbl = NULL;
	}
	crossing->global = *global;
	HASH_ADD(by_global, crossings->by_global, global, sizeof(crossing->global), crossing);
}

struct crossing *crossing_learn(struct crossings *crossings, const struct decoded *inside,
				const struct decoded *outside, enum way way)
{
	struct crossing *crossing = crossing_find(crossings, inside, way, false);
	struct crossing_key local, global;
	bool made = crossing == NULL;
	struct endpoint near, gives;

	key_of(&local, inside, way);
	key_of(&global, outside, way);
	if (made)
		crossing = crossing_make(crossings, &local);
	become(crossings, crossing, &global, made);
	near = (struct endpoint){local.near, local.near_port};
	gives = (struct endpoint){global.near, global.near_port};
	place_set(crossings, local.protocol, near, gives);
	place_set(crossings, 0, (struct endpoint){local.near, 0},
		  (struct endpoint){global.near, 0});
	return crossing;
}

/* ---- sequence numbers */

static bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static uint32_t end_of(const struct decoded *view)
{
	uint32_t seq = (uint32_t)view->l4[4] << 24 | (uint32_t)view->l4[5] << 16 |
		       (uint32_t)view->l4[6] << 8 | view->l4[7];
	uint32_t header = (uint32_t)(view->l4[12] >> 4) * 4;
	uint32_t payload = view->l4_length > header ? view->l4_length - header : 0;

	return seq + payload + ((view->tcp_flags & TCP_SYN) != 0) +
	       ((view->tcp_flags & TCP_FIN) != 0);
}

static bool is_segment(const struct decoded *view)
{
	return view->protocol == PROTOCOL_TCP && view->kind == L4_PORTS && !view->fragment &&
	       view->l4_length >= TCP_OPTIONS;
}

void crossing_captured(struct crossing *crossing, const struct decoded *view)
{
	uint32_t end;

	if (!is_segment(view))
		return;
	end = end_of(view);
	if (!crossing->numbered || ((view->tcp_flags & TCP_SYN) && end != crossing->end.in)) {
		crossing->numbered = true;
		crossing->end = (struct shift){end, end};
		crossing->shifts[0] = crossing->end;
		crossing->n_shifts = 1;
	} else if (after(end, crossing->end.in)) {
		crossing->end.in = end;
	}
}

void crossing_sent(struct crossing *crossing, const struct decoded *view)
{
	const struct shift *last;
	struct shift *end = &crossing->end;

	if (!crossing->numbered || !is_segment(view))
		return;
	if (after(end_of(view), end->out))
		end->out = end_of(view);
	last = &crossing->shifts[(crossing->n_shifts - 1) % SHIFTS];
	if (end->out - end->in != last->out - last->in)
		crossing->shifts[crossing->n_shifts++ % SHIFTS] = *end;
}

/* What the outside would have acknowledged: never what it has not been sent. */
static uint32_t outside_number(const struct crossing *crossing, uint32_t number)
{
	uint32_t kept = crossing->n_shifts < SHIFTS ? crossing->n_shifts : SHIFTS;
	const struct shift *shift = &crossing->shifts[(crossing->n_shifts - kept) % SHIFTS];
	uint32_t result;

	for (uint32_t i = crossing->n_shifts - kept; i != crossing->n_shifts; i++)
		if (!after(crossing->shifts[i % SHIFTS].in, number))
			shift = &crossing->shifts[i % SHIFTS];
	result = number + (shift->out - shift->in);
	return after(result, crossing->end.out) ? crossing->end.out : result;
}

static void turn_number(const struct crossing *crossing, struct decoded *view, uint8_t *at)
{
	uint32_t old = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	uint32_t new = outside_number(crossing, old);
	uint32_t turned = (at - view->l4) % 2 != 0;

	at[0] = (uint8_t)(new >> 24);
	at[1] = (uint8_t)(new >> 16);
	at[2] = (uint8_t)(new >> 8);
	at[3] = (uint8_t) new;
	if (turned) { /* in the other halves of 16-bit words: by rotation */
		old = old >> 8 | old << 24;
		new = new >> 8 | new << 24;
	}
	csum_apply(view->l4 + TCP_CHECKSUM, csum_delta32(old, new));
}

static void turn_blocks(const struct crossing *crossing, struct decoded *view)
{
	uint8_t *at = view->l4 + TCP_OPTIONS, *end = view->l4 + (view->l4[12] >> 4) * 4;

	while (end - at >= 2 && *at != OPTION_END) {
		if (*at == OPTION_NOP) {
			at++;
			continue;
		}
		if (at[1] < 2 || at[1] > end - at)
			return;
		for (int i = 2; at[0] == OPTION_SACK && i + 4 <= at[1]; i += 4)
			turn_number(crossing, view, at + i);
		at += at[1];
	}
}

static void turn_numbers(const struct crossing *crossing, struct decoded *view)
{
	if (crossing == NULL || !crossing->numbered || !is_segment(view) ||
	    !(view->tcp_flags & TCP_ACK))
		return;
	turn_number(crossing, view, view->l4 + TCP_ACK_FIELD);
	turn_blocks(crossing, view);
}

/* ---- turning packets */

/* The global that stands for the near side of a packet of this way. */
static bool global_of(const struct crossings *crossings, const struct snapshot *snapshot,
		      const struct decoded *view, enum way way, struct endpoint *global)
{
	const struct crossing *crossing = crossing_find(crossings, view, way, false);
	struct endpoint near = way == WAY_OUT ? source_of(view) : destination_of(view);
	const struct snapshot_static *entry;
	const struct place *place;

	if (crossing != NULL) {
		*global = (struct endpoint){crossing->global.near, crossing->global.near_port};
		return true;
	}
	entry = snapshot_static_local(snapshot, 0, view->protocol, near);
	if (entry != NULL && entry->global != 0) {
		*global = (struct endpoint){entry->global,
					    entry->protocol != 0 ? entry->global_port : near.port};
		return true;
	}
	place = place_find(crossings, view->protocol, near);
	if (place == NULL)
		place = place_find(crossings, 0, (struct endpoint){near.addr, 0});
	if (place == NULL)
		return false;
	*global = (struct endpoint){place->global.addr,
				    place->key.protocol != 0 ? place->global.port : near.port};
	return true;
}

/* The quoted packet went outside, so the outside quotes what it saw. */
static bool turn_error(struct crossings *crossings, const struct snapshot *snapshot,
		       struct decoded *view)
{
	struct icmp_change change = {.source = view->source};
	struct decoded quote;
	struct endpoint global;

	if (!decode_quote(view, &quote) ||
	    !global_of(crossings, snapshot, &quote, WAY_OUT, &global))
		return false;
	change.destination = global.addr;
	change.quote_source = global;
	change.quote_destination = destination_of(&quote);
	icmp_apply(view, &change);
	return true;
}

bool crossing_outside_view(struct crossings *crossings, const struct snapshot *snapshot,
			   struct decoded *view)
{
	const struct crossing *crossing;
	struct endpoint global, source = source_of(view);
	struct rewrite rewrite;

	if (view->kind == L4_ERROR)
		return turn_error(crossings, snapshot, view);
	if (!global_of(crossings, snapshot, view, WAY_IN, &global))
		return false;
	crossing = crossing_find(crossings, view, WAY_IN, false);
	if (view->kind == L4_QUERY)
		source.port = global.port;
	rewrite = rewrite_to(view, source, global);
	rewrite_apply(view, &rewrite);
	turn_numbers(crossing, view);
	return true;
}
