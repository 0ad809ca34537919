/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection of the toy's protocol through the engine, and an engine whose records outlive it. */
#ifndef ALGATE_TEST_ALG_TALK_H
#define ALGATE_TEST_ALG_TALK_H

#include "alg_toy.h"

#define TALK_FLOWS 2048 /* of records that are opened more than once */

static char directory[64];

static inline struct pkt tcp(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport, uint32_t seq, uint32_t ack,
		      uint8_t flags, const char *text)
{
	uint8_t l4[2048];
	uint32_t length = 20 + (uint32_t)strlen(text);

	memset(l4, 0, sizeof(l4));
	pk16(l4, sport);
	pk16(l4 + 2, dport);
	pk32(l4 + 4, seq);
	pk32(l4 + 8, ack);
	l4[12] = 5 << 4;
	l4[13] = flags;
	pk16(l4 + 14, 60000);
	memcpy(l4 + 20, text, strlen(text));
	return pkt_ip(P_TCP, src, dst, l4, length);
}

static inline const char *tcp_text(struct pkt *p)
{
	p->data[p->length] = '\0';
	return (const char *)l4_of(p) + 20;
}

static inline uint32_t seq_of(struct pkt *p)
{
	return up32(l4_of(p) + 4);
}

static inline uint32_t ack_of(struct pkt *p)
{
	return up32(l4_of(p) + 8);
}

#define CLIENT 1000u /* initial sequence numbers */
#define SERVER 5000u

/* As the server sees the client. */
static struct endpoint global;
/* Bytes that have passed, as their sender counts. */
static uint32_t sent, answered, delta;

static inline struct pkt from_client(const char *text, uint8_t flags)
{
	struct pkt p = tcp(HOST(5), 4000, PEER(1), FTP, CLIENT + 1 + sent, SERVER + 1 + answered, flags | F_ACK, text);

	lab_out(&lab, &p);
	return p;
}

static inline struct pkt from_server(const char *text, uint8_t flags)
{
	struct pkt p = tcp(PEER(1), FTP, global.addr, global.port, SERVER + 1 + answered, CLIENT + 1 + sent + delta,
			   flags | F_ACK, text);

	lab_in(&lab, &p);
	return p;
}

static inline void open_connection(void)
{
	struct pkt p = tcp(HOST(5), 4000, PEER(1), FTP, CLIENT, 0, F_SYN, "");

	sent = answered = delta = 0;
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	GOOD(p);
	global = (struct endpoint){src_of(&p), (uint16_t)sport_of(&p)};
	p = tcp(PEER(1), FTP, global.addr, global.port, SERVER, CLIENT + 1, F_SYN | F_ACK, "");
	IS(lab_in(&lab, &p), TRANSLATED);
	p = from_client("", 0);
	IS(lab.out.reason, TRANSLATED);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 1);
	ck_assert_uint_eq(marked(), 1);
}

/* Every packet that was emitted, in order; returns their number. */
static inline uint32_t emitted(struct pkt *out, uint32_t max)
{
	uint32_t n = lab.out.n_emitted < max ? lab.out.n_emitted : max;

	for (uint32_t i = 0; i < n; i++) {
		const struct emitted *e = &lab.out.emitted[i];

		out[i].length = e->length;
		memcpy(out[i].data, e->large != NULL ? e->large : e->data, e->length);
		GOOD(out[i]);
	}
	return lab.out.n_emitted;
}

static inline void reopen(void)
{
	struct err err;

	engine_free(lab.engine);
	records_close(lab.records);
	lab.records = records_open(directory, TALK_FLOWS, &err);
	ck_assert_ptr_nonnull(lab.records);
	lab.engine = engine_new(lab.records, 43, lab.now);
}

static inline void crash_setup(void)
{
	struct err err;

	test_directory(directory);
	lab_open(&lab, 64);
	engine_free(lab.engine);
	records_close(lab.records);
	lab.records = records_open(directory, TALK_FLOWS, &err);
	ck_assert_ptr_nonnull(lab.records);
	lab.engine = engine_new(lab.records, 42, lab.now);
	conf(1);
	ck_assert(lab_commit(&lab));
}

static inline void crash_teardown(void)
{
	teardown();
	test_directory_remove(directory);
}

#endif
