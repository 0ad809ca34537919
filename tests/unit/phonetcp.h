/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections through the engine of phonelab.h: both ends keep their numbers, and what comes is text. */
#ifndef ALGATE_TEST_PHONETCP_H
#define ALGATE_TEST_PHONETCP_H

#include "phonelab.h"

#define F_FIN  1
#define F_SYN  2
#define F_PUSH 8
#define F_ACK  16

/* Of a connection what one end knows: whom it speaks to, the next number it sends, the next it waits for. */
struct end {
	struct endpoint own, other;
	uint32_t next, wanted;
};
struct connection {
	struct end inside, outside;
};

static inline struct pkt segment(const struct end *end, uint8_t flags, const char *text)
{
	static uint8_t l4[20 + 4096];
	size_t n = strlen(text);

	memset(l4, 0, 20);
	pk16(l4, end->own.port);
	pk16(l4 + 2, end->other.port);
	pk32(l4 + 4, end->next);
	pk32(l4 + 8, end->wanted);
	l4[12] = 5 << 4;
	l4[13] = flags;
	pk16(l4 + 14, 60000);
	memcpy(l4 + 20, text, n);
	return pkt_ip(P_TCP, end->own.addr, end->other.addr, l4, (uint32_t)(20 + n));
}

/* What comes to this end; its text stands behind what is in `got` already. */
static inline void comes(struct end *to, const uint8_t *bytes, uint32_t length)
{
	struct pkt p = {.length = length};
	uint32_t head, n;
	uint8_t *l4;

	memcpy(p.data, bytes, length);
	ck_assert(pkt_is_good(&p));
	l4 = l4_of(&p);
	head = (uint32_t)(l4[12] >> 4) * 4;
	n = length - ip_header(p.data) - head;
	/* An acknowledgement for who has just spoken. */
	if (dport_of(&p) != to->own.port || dst_of(&p) != to->own.addr)
		return;
	if (!(l4[13] & F_SYN))
		ck_assert_uint_eq(up32(l4 + 4), to->wanted);
	to->wanted = up32(l4 + 4) + n + (l4[13] & F_SYN ? 1 : 0);
	ck_assert_uint_lt(strlen(got) + n, sizeof(got));
	strncat(got, (const char *)l4 + head, n);
}

static inline void send_as(struct end *from, struct end *to, bool inside, uint8_t flags, const char *text)
{
	struct pkt p = segment(from, flags, text);

	from->next += (uint32_t)strlen(text) + (flags & F_SYN ? 1 : 0);
	inside ? lab_out(&lab, &p) : lab_in(&lab, &p);
	if (!lab_gone(&lab))
		comes(to, p.data, p.length);
	for (uint32_t i = 0; i < lab.out.n_emitted; i++)
		comes(to, lab.out.emitted[i].large != NULL ? lab.out.emitted[i].large : lab.out.emitted[i].data,
		      lab.out.emitted[i].length);
}

/* A piece of a stream; the other end has it and says so. */
static inline void talk_out(struct connection *c, const char *text)
{
	got[0] = '\0';
	send_as(&c->inside, &c->outside, true, F_ACK | F_PUSH, text);
	send_as(&c->outside, &c->inside, false, F_ACK, "");
}

static inline void talk_in(struct connection *c, const char *text)
{
	got[0] = '\0';
	send_as(&c->outside, &c->inside, false, F_ACK | F_PUSH, text);
	send_as(&c->inside, &c->outside, true, F_ACK, "");
}

/* A host inside connects; it has to be let out. */
static inline void connect_from(struct connection *c, struct endpoint own, struct endpoint to)
{
	struct pkt p;

	*c = (struct connection){.inside = {own, to, 1000, 0}, .outside = {.own = to, .next = 7000}};
	p = segment(&c->inside, F_SYN, "");
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	c->outside.other = (struct endpoint){src_of(&p), (uint16_t)sport_of(&p)};
	c->outside.wanted = ++c->inside.next;
	send_as(&c->outside, &c->inside, false, F_SYN | F_ACK, "");
	send_as(&c->inside, &c->outside, true, F_ACK, "");
}

/* Somebody outside connects to a global endpoint; false: nobody hears it. */
static inline bool connect_in(struct connection *c, ip4 peer, uint16_t port, struct endpoint global)
{
	struct pkt p;

	*c = (struct connection){.outside = {{peer, port}, global, 7000, 0}};
	p = segment(&c->outside, F_SYN, "");
	if (lab_in(&lab, &p) != REASON_TRANSLATED_NEW)
		return false;
	c->inside = (struct end){{dst_of(&p), (uint16_t)dport_of(&p)}, {peer, port}, 1000, ++c->outside.next};
	send_as(&c->inside, &c->outside, true, F_SYN | F_ACK, "");
	send_as(&c->outside, &c->inside, false, F_ACK, "");
	return true;
}

#endif
