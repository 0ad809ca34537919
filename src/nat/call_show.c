/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of calls, registrations and their media.
 *
 * Promises: each call looks at a bounded number of records; no effect. What a medium's flows count is read from their slots.
 */
#include "nat/call_show.h"

#include <ctype.h>
#include <string.h>
#include "nat/call_life.h"

#define LOOK_MAX 4096 /* records that one call looks at */

static uint64_t ms(uint32_t s)
{
	return s * UINT64_C(1000);
}

static void key_text(const struct call_record *call, char out[FINDING_KEY + 1])
{
	for (unsigned i = 0; i < call->key_length; i++)
		out[i] = isprint(call->key[i]) ? (char)call->key[i] : '?';
	out[call->key_length] = '\0';
}

static void set_flow(const struct engine *engine, const struct call_record *call, struct call_row *row)
{
	uint32_t index = call->flow[0] != RECORD_NONE ? call->flow[0] : call->flow[1];
	const struct flow_record *flow = flow_at(engine->flows, index);

	if (flow == NULL)
		return;
	row->protocol = flow->protocol;
	row->il = (struct endpoint){flow->il, flow->il_port};
	row->ig = (struct endpoint){flow->ig, flow->ig_port};
	row->og = (struct endpoint){flow->og, flow->og_port};
}

static void set_contacts(const struct engine *engine, const struct call_record *call, struct call_row *row)
{
	for (unsigned i = 0; i < CALL_CONTACTS; i++) {
		const struct call_port *port = call_port_at(engine->calls, call->contacts[i]);

		if (port == NULL)
			continue;
		row->contact_il[row->n_contacts] = call_port_local(port);
		row->contact_ig[row->n_contacts++] = call_port_global(port);
	}
}

static void set_row(const struct engine *engine, uint64_t now, const struct call_record *call, struct call_row *row)
{
	uint32_t index = call_index(engine->calls, call), ends_s = call_ends(engine, call);

	*row = (struct call_row){
		.index = index,
		.vrf = call->vrf,
		.alg = call->alg,
		.state = call->state,
		.aware = call->flags & CALL_AWARE,
		.created = ms(call->created_s),
		.said = ms(call->said_s),
		.left_s = ends_s > seconds(now) ? ends_s - seconds(now) : 0,
		.session_s = call->lifetime_s,
		.n_media = call_port_count_of_call(engine->calls, index),
	};
	key_text(call, row->key);
	memcpy(row->caller, call->caller, sizeof(row->caller));
	memcpy(row->callee, call->callee, sizeof(row->callee));
	set_flow(engine, call, row);
	set_contacts(engine, call, row);
}

/* One that ended lingers among the calls. */
static bool is_registration(const struct call_record *call)
{
	return call->state == CALL_REGISTERING || call->state == CALL_REGISTERED;
}

uint32_t engine_calls(struct engine *engine, uint64_t now, struct call_cursor *cursor, struct call_row *rows, uint32_t max)
{
	uint32_t n = 0, looks = LOOK_MAX;

	while (n < max && looks-- > 0) {
		uint32_t index = call_next(engine->calls, &cursor->next, 1);
		const struct call_record *call = call_at(engine->calls, index);

		if (call != NULL && !(call->flags & CALL_OTHER) && is_registration(call) == cursor->registrations)
			set_row(engine, now, call, &rows[n++]);
		if (cursor->next == RECORD_NONE) {
			cursor->end = true;
			break;
		}
	}
	return n;
}

/* ---- media ---- */

static void add_flow(const struct engine *engine, uint32_t index, struct call_medium_row *row)
{
	const struct flow_record *flow = flow_at(engine->flows, index);
	uint64_t before = row->heard[0] > row->heard[1] ? row->heard[0] : row->heard[1];

	for (int side = 0; side < 2; side++) {
		const struct flow_slot *slot = flow_slot_of(engine->flows, index, (enum flow_side)side);
		uint64_t packets = flow_packets(engine->flows, index, (enum flow_side)side);

		row->packets[side] += packets;
		row->bytes[side] += slot->bytes;
		if (packets == 0)
			continue;
		if (ms(slot->last_used_s) > row->heard[side])
			row->heard[side] = ms(slot->last_used_s);
		if (ms(slot->last_used_s) >= before)
			row->heard_from = (struct endpoint){flow->og, flow->og_port};
	}
}

static struct endpoint announced_to(const struct call_record *call, const struct call_port *port)
{
	const struct call_remote *found = NULL;

	for (unsigned i = 0; i < CALL_REMOTES; i++) {
		const struct call_remote *remote = &call->remotes[i];

		if (remote->at.addr == 0 || remote->host != port->host ||
		    remote->medium != (port->medium | (port->kind & PORT_RTCP ? CALL_REMOTE_RTCP : 0)))
			continue;
		if (found == NULL || (found->offered != 0 && remote->offered == 0))
			found = remote;
	}
	return found != NULL ? found->at : (struct endpoint){0, 0};
}

static void set_medium(const struct engine *engine, const struct call_record *call, const struct call_port *port,
		       struct call_medium_row *row)
{
	uint32_t flow = RECORD_NONE;

	*row = (struct call_medium_row){
		.medium = port->medium,
		.protocol = port->protocol,
		.rtcp = port->kind & PORT_RTCP,
		.spare = port->kind & PORT_SPARE,
		.held = port->flags & PORT_HELD,
		.closing = port->closes_s != 0 || (port->flags & PORT_REPLACED),
		.il = call_port_local(port),
		.ig = call_port_global(port),
		.announced = announced_to(call, port),
		.heard_from = port->heard_from,
		.packets = {port->packets[0], port->packets[1]},
		.bytes = {port->bytes[0], port->bytes[1]},
		.heard = {ms(port->heard_s[0]), ms(port->heard_s[1])},
		.made = ms(port->made_s),
	};
	while ((flow = call_port_next_flow(engine->calls, port, flow)) != RECORD_NONE)
		add_flow(engine, flow, row);
}

static bool stands_before(const struct call_medium_row *a, const struct call_medium_row *b)
{
	if (a->medium != b->medium)
		return a->medium < b->medium;
	if (a->rtcp != b->rtcp)
		return b->rtcp;
	return a->made < b->made;
}

uint32_t engine_call_media(struct engine *engine, uint64_t now, uint32_t call, struct call_medium_row *rows, uint32_t max)
{
	const struct call_record *record = call_at(engine->calls, call);
	const struct call_port *port = NULL;
	struct call_medium_row row;
	uint32_t n = 0, at;

	(void)now;
	if (record == NULL)
		return 0;
	while (n < max && (port = call_port_of_call(engine->calls, call, port)) != NULL) {
		set_medium(engine, record, port, &row);
		for (at = n++; at > 0 && stands_before(&row, &rows[at - 1]); at--)
			rows[at] = rows[at - 1];
		rows[at] = row;
	}
	return n;
}

void engine_call_counts(const struct engine *engine, struct call_counts *out)
{
	const struct call_totals *totals = &engine->call_totals;

	*out = (struct call_counts){
		.begun = call_count(engine->calls, CALL_BEGUN),
		.up = call_count(engine->calls, CALL_UP),
		.over = call_count(engine->calls, CALL_OVER),
		.registering = call_count(engine->calls, CALL_REGISTERING),
		.registered = call_count(engine->calls, CALL_REGISTERED),
		.ports = call_port_count(engine->calls),
		.calls = totals->calls,
		.answered = totals->answered,
		.failed = totals->failed,
		.ended = totals->ended,
		.expired = totals->expired,
		.registrations = totals->registrations,
		.evicted = totals->evicted,
		.aware = totals->aware,
		.third_party = totals->third_party,
	};
}
