/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An engine on the table whose gateways are a toy, in place of those in the archive: a protocol of lines. "ADDR 10.0.0.5:9000"
 * mentions a listener, "SKIP" keeps the next ADDR from being read, "TLS", "QUIT" and "JUNK" end the reading each in its own way.
 */
#ifndef ALGATE_TEST_ALG_TOY_H
#define ALGATE_TEST_ALG_TOY_H

#include <check.h>
#include <unistd.h>
#include "alg/edit.h"
#include "enginelab.h"
#include "nat/alg_store.h"
#include "nat/session.h"
#include "nat/state.h"
#include "tables.h"

#define REASON(r)  REASON_##r
#define IS(got, r) ck_assert_msg((got) == REASON(r), "%s, wanted " #r, reason_name(got))
#define GOOD(p)	   ck_assert(pkt_is_good(&(p)))

static struct lab lab;

/* ---- the toy, in place of what the archive has ---- */

struct toy {
	uint8_t skip;
};

static enum frame toy_frame(const void *state, enum alg_from from, const uint8_t *bytes, uint32_t length,
			    uint32_t *size)
{
	const uint8_t *end = memchr(bytes, '\n', length);

	(void)state;
	(void)from;
	if (end == NULL)
		return FRAME_MORE;
	*size = (uint32_t)(end - bytes) + 1;
	return FRAME_WHOLE;
}

static inline void toy_address(const char *text, uint32_t at, struct findings *findings)
{
	struct mention mention = {.protocol = P_TCP, .role = ROLE_LISTEN};
	struct field field = {.encoding = ENCODE_ADDRESS_PORT, .offset = at, .unless = MENTION_NONE};
	unsigned a, b, c, d, port;
	int used = 0;

	if (sscanf(text, "%u.%u.%u.%u:%u%n", &a, &b, &c, &d, &port, &used) != 5)
		return;
	mention.at = (struct endpoint){IP(a, b, c, d), (uint16_t)port};
	field.length = (uint32_t)used;
	ck_assert(find_mention(findings, &mention, &field.mention));
	ck_assert(find_field(findings, &field));
}

static enum scan toy_scan(void *state, enum alg_from from, const uint8_t *bytes, uint32_t length, bool stream,
			  struct findings *findings)
{
	struct toy *toy = state;
	char text[2048] = "";

	(void)from;
	(void)stream;
	memcpy(text, bytes, length < sizeof(text) ? length : sizeof(text) - 1);
	snprintf(findings->message, sizeof(findings->message), "%.4s", text);
	if (memcmp(text, "JUNK", 4) == 0)
		return SCAN_FOREIGN;
	if (memcmp(text, "SKIP", 4) == 0)
		toy->skip = 1;
	if (memcmp(text, "QUIT", 4) == 0)
		findings->happened |= HAPPENED_DONE;
	if (memcmp(text, "TLS", 3) == 0) {
		findings->happened |= HAPPENED_ENCRYPTED;
		findings->note = NOTE_ENCRYPTED;
	}
	if (memcmp(text, "ADDR ", 5) == 0 && !toy->skip)
		toy_address(text + 5, 5, findings);
	if (memcmp(text, "ADDR ", 5) == 0)
		toy->skip = 0;
	return SCAN_OK;
}

/* Without state: datagrams that are read one by one. */
static enum scan plain_scan(void *state, enum alg_from from, const uint8_t *bytes, uint32_t length, bool stream,
			    struct findings *findings)
{
	struct toy toy = {0};

	(void)state;
	return toy_scan(&toy, from, bytes, length, stream, findings);
}

const struct gateway *alg_gateway(enum alg alg)
{
	static const struct gateway with_state = {
		.state_size = sizeof(struct toy), .expect_s = 60, .frame = toy_frame, .scan = toy_scan};
	static const struct gateway plain = {.expect_s = 60, .scan = plain_scan};

	if (alg == ALG_DNS)
		return &plain;
	return alg == ALG_FTP || alg == ALG_TFTP ? &with_state : NULL;
}

/* ---- the lab ---- */

#define DNS    53 /* plain */
#define TFTP   69 /* datagrams with state */
#define FTP    21

/* What a commit gives: one pool of one address for all, hosts 9 and 8 mapped by hand. */
static inline void conf(uint32_t epoch)
{
	if (lab.conf == NULL)
		lab_conf(&lab, epoch);
	lab_static(&lab, 1, 0, HOST(9), 0, POOL(200), 0);
	lab_masquerade(&lab);
}

static inline void setup(void)
{
	lab_open(&lab, 1024);
	conf(1);
	ck_assert(lab_commit(&lab));
}

static inline void teardown(void)
{
	lab_close(&lab);
}

static inline struct pkt udp(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport, const char *text)
{
	uint8_t l4[2048];
	uint32_t length = 8 + (uint32_t)strlen(text);

	memset(l4, 0, sizeof(l4));
	pk16(l4, sport);
	pk16(l4 + 2, dport);
	pk16(l4 + 4, length);
	memcpy(l4 + 8, text, strlen(text));
	return pkt_ip(P_UDP, src, dst, l4, length);
}

static inline const char *udp_text(struct pkt *p)
{
	p->data[p->length] = '\0';
	ck_assert_uint_eq(up16(l4_of(p) + 4), p->length - ip_header(p->data));
	return (const char *)l4_of(p) + 8;
}

static inline struct alg_counts counts(enum alg alg)
{
	struct alg_counts out;

	engine_alg_counts(lab.engine, alg, &out);
	return out;
}

/* Flows whose slots are marked. */
static inline uint32_t marked(void)
{
	uint32_t from = 0, index, n = 0;

	while ((index = flow_next(lab.engine->flows, &from, UINT32_MAX)) != RECORD_NONE) {
		uint32_t in = flow_slot_of(lab.engine->flows, index, SIDE_INSIDE)->state & SLOT_ALG;
		uint32_t out = flow_slot_of(lab.engine->flows, index, SIDE_OUTSIDE)->state & SLOT_ALG;

		ck_assert_uint_eq(in, out);
		ck_assert_int_eq(in != 0, (flow_at(lab.engine->flows, index)->flags & FLOW_ALG) != 0);
		n += in != 0;
	}
	return n;
}

static inline void without_services(uint32_t epoch)
{
	lab_conf(&lab, epoch);
	lab.conf->n_services = 0;
	conf(epoch);
	ck_assert(lab_commit(&lab));
}

static inline void with_services(uint32_t epoch)
{
	conf(epoch);
	ck_assert(lab_commit(&lab));
}

#endif
