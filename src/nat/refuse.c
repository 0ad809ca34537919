/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers to refused packets, made here because the kernel knows nothing of the refusal: ICMP 3/13 to an inside sender; 3/3
 * to whoever's SYN nobody wanted, after a silence.
 *
 * Promises: at a limited rate, and never about an ICMP error, a fragment, or a packet from or to anything but one host (RFC
 * 1122 3.2.2, RFC 1812 4.3.2.7 and 4.3.2.8). May not route: who sends it does.
 */
#include <string.h>
#include "lib/bytes.h"
#include "lib/csum.h"
#include "nat/state.h"

#define ANSWER_INTERVAL    50 /* ms: 20 a second */
#define ANSWER_BURST       20
#define ANSWER_MAX         576 /* RFC 1812 4.3.2.3 */
#define ANSWER_HEADERS     28
#define CODE_PORT          3
#define CODE_PROHIBITED    13
#define TOS_INTERNETWORK   0xc0 /* RFC 1812 4.3.2.5 */
#define ANSWER_TTL         64

static bool may_answer(struct engine *engine, uint64_t now)
{
	uint64_t earned = (now - engine->refusals_at) / ANSWER_INTERVAL;

	if (earned > 0) {
		engine->refusals_at += earned * ANSWER_INTERVAL;
		engine->refusals = earned + engine->refusals > ANSWER_BURST
					   ? ANSWER_BURST
					   : engine->refusals + (uint32_t)earned;
	}
	if (engine->refusals == 0)
		return false;
	engine->refusals--;
	return true;
}

/* Unicast and somebody: not 0/8, 127/8, multicast, reserved, broadcast. */
static bool is_host(ip4 addr)
{
	uint8_t net = (uint8_t)(addr >> 24);

	return net != 0 && net != 127 && net < 224;
}

static bool deserves_answer(const struct packet *packet, const struct decoded *view)
{
	return packet->in_ifindex != 0 && !view->fragment && !view->broken && view->kind != L4_ERROR &&
	       is_host(view->source) && is_host(view->destination);
}

/* To the sender of the packet that begins with these bytes. */
static void write_answer(struct emitted *emitted, bool inward, uint16_t id, ip4 source, uint8_t code,
			 const uint8_t *packet, uint32_t quoted)
{
	uint8_t *data = emitted->data;
	uint16_t sum;

	memset(data, 0, ANSWER_HEADERS);
	data[0] = 0x45;
	data[1] = TOS_INTERNETWORK;
	put_be16(data + 2, ANSWER_HEADERS + quoted);
	put_be16(data + 4, id);
	data[8] = ANSWER_TTL;
	data[9] = PROTOCOL_ICMP;
	put_be32(data + 12, source);
	memcpy(data + 16, packet + 12, 4);
	sum = csum_finish(csum_add(0, data, 20));
	memcpy(data + 10, &sum, sizeof(sum));
	data[20] = ICMP_UNREACHABLE;
	data[21] = code;
	memcpy(data + ANSWER_HEADERS, packet, quoted);
	sum = csum_finish(csum_add(0, data + 20, ANSWER_HEADERS - 20 + quoted));
	memcpy(data + 22, &sum, sizeof(sum));
	emitted->length = ANSWER_HEADERS + quoted;
	emitted->ifindex = 0;
	emitted->large = NULL;
	emitted->piece = 0;
	emitted->inward = inward;
}

void refuse_emit(struct engine *engine, uint64_t now, const struct packet *packet,
		 const struct decoded *view, struct out *out)
{
	const struct snapshot_interface *in;

	if (!deserves_answer(packet, view))
		return;
	in = snapshot_interface(engine->snapshot, packet->in_ifindex);
	if (in == NULL || in->role != ROLE_INSIDE || in->primary == 0 || !may_answer(engine, now))
		return;
	struct emitted *emitted = &out->emitted[out->n_emitted++];
	uint32_t quoted = view->length < ANSWER_MAX - ANSWER_HEADERS ? view->length : ANSWER_MAX - ANSWER_HEADERS;

	write_answer(emitted, true, ++engine->ip_id, in->primary, CODE_PROHIBITED, view->ip, quoted);
	emitted->vrf = in->vrf;
}

void refuse_later(struct engine *engine, uint64_t now, const struct packet *packet, const struct decoded *view,
		  const struct decision *decision)
{
	bool trusted = packet->checksum_partial || packet->checksum_good;
	struct endpoint source = {view->source, view->source_port};

	/* Turned back and filtered: a SYN that crosses goes to the sender's mapping. */
	if (decision->reason == REASON_FILTERED)
		source = decision->in.og;
	if (decode_opens(view) && deserves_answer(packet, view) && decode_verify(view, !trusted))
		syn_keep(engine->syns, now, decision->vrf, packet->in_ifindex, source, view);
}

void refuse_due(struct engine *engine, uint64_t now, struct out *out)
{
	struct syn syn;

	while (out->n_emitted < OUT_EMIT_MAX && syn_due(engine->syns, now, &syn)) {
		const struct snapshot_own *own = snapshot_own(engine->snapshot, syn.destination.addr);
		const struct snapshot_interface *in = snapshot_interface(engine->snapshot, syn.ifindex);
		struct emitted *emitted = &out->emitted[out->n_emitted];

		if (in == NULL || in->role == ROLE_NONE || (own == NULL && in->primary == 0))
			continue;
		write_answer(emitted, in->role == ROLE_INSIDE, ++engine->ip_id, own != NULL ? own->addr : in->primary, CODE_PORT,
			     syn.quoted, syn.length);
		emitted->vrf = syn.vrf;
		out->n_emitted++;
	}
}
