/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Phones that talk SIP through the engine of enginelab.h: whole messages, as they come out on the other side. */
#ifndef ALGATE_TEST_PHONELAB_H
#define ALGATE_TEST_PHONELAB_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "enginelab.h"
#include "nat/call_show.h"
#include "nat/session.h"
#include "nat/state.h"

static struct lab lab;
static char got[4096]; /* the message as it left; "" when it did not */

struct says {
	const char *first; /* the first line */
	const char *method;
	int call;
	unsigned cseq; /* 0: 1 */
	const char *from, *to; /* tags; NULL: none */
	const char *via, *contact; /* host:port; NULL: a name, none */
	const char *way; /* branch of Via; NULL: 1 */
	const char *more;  /* header fields */
	const char *sdp;   /* NULL: none */
};

static inline const char *sip_text(const struct says *says)
{
	static char text[4096];
	const char *sdp = says->sdp != NULL ? says->sdp : "";
	char contact[200] = "", to[60] = "";

	if (says->contact != NULL)
		snprintf(contact, sizeof(contact), "Contact: <sip:u@%s>%s\r\n", says->contact,
			 says->more != NULL && says->more[0] == ';' ? says->more : "");
	if (says->to != NULL)
		snprintf(to, sizeof(to), ";tag=%s", says->to);
	snprintf(text, sizeof(text),
		 "%s\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport\r\nFrom: <sip:a@example.com>;tag=%s\r\n"
		 "To: <sip:b@example.com>%s\r\nCall-ID: call%d\r\nCSeq: %u %s\r\n"
		 "%s%s%sContent-Length: %u\r\n\r\n%s",
		 says->first, says->via != NULL ? says->via : "there.example.com", says->way != NULL ? says->way : "1",
		 says->from != NULL ? says->from : "f", to,
		 says->call, says->cseq != 0 ? says->cseq : 1, says->method, contact,
		 says->more != NULL && says->more[0] != ';' ? says->more : "",
		 says->sdp != NULL ? "Content-Type: application/sdp\r\n" : "", (unsigned)strlen(sdp), sdp);
	return text;
}

/* v=, o=, c= and one medium on this port, or what more is given. */
static inline const char *sdp_of(const char *addr, const char *media)
{
	static char text[4096];

	snprintf(text, sizeof(text), "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n%s", addr, addr, media);
	return text;
}

static inline struct pkt udp_text(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport, const char *text)
{
	static uint8_t l4[8 + 4096];
	size_t n = strlen(text);

	pk16(l4, sport);
	pk16(l4 + 2, dport);
	pk16(l4 + 4, (uint32_t)(8 + n));
	pk16(l4 + 6, 0);
	memcpy(l4 + 8, text, n);
	return pkt_ip(P_UDP, src, dst, l4, (uint32_t)(8 + n));
}

static inline void take(struct pkt *p)
{
	uint32_t n = up16(l4_of(p) + 4) - 8;

	got[0] = '\0';
	if (lab.out.verdict == VERDICT_DROP)
		return;
	ck_assert(pkt_is_good(p));
	memcpy(got, l4_of(p) + 8, n);
	got[n] = '\0';
}

static inline struct pkt sip_out(ip4 host, uint16_t port, ip4 peer, uint16_t peer_port, const struct says *says)
{
	struct pkt p = udp_text(host, port, peer, peer_port, sip_text(says));

	lab_out(&lab, &p);
	take(&p);
	return p;
}

static inline struct pkt sip_in(ip4 peer, uint16_t peer_port, ip4 global, uint16_t port, const struct says *says)
{
	struct pkt p = udp_text(peer, peer_port, global, port, sip_text(says));

	lab_in(&lab, &p);
	take(&p);
	return p;
}

#define HAS(text)    ck_assert_msg(strstr(got, text) != NULL, "no %s in:\n%s", text, got)
#define HAS_NOT(text) ck_assert_msg(strstr(got, text) == NULL, "%s in:\n%s", text, got)

static inline struct call_counts calls_now(void)
{
	struct call_counts counts;

	engine_call_counts(lab.engine, &counts);
	return counts;
}

/* The rows of the only call there is, or of the first. */
static inline uint32_t media_rows(struct call_medium_row *rows)
{
	struct call_cursor cursor = {0};
	struct call_row row;

	if (engine_calls(lab.engine, lab.now, &cursor, &row, 1) == 0)
		return 0;
	return engine_call_media(lab.engine, lab.now, row.index, rows, CALL_PORTS_MAX);
}

#define PROXY PEER(1)

static inline void setup(void)
{
	lab_open(&lab, 8192);
}

static inline void teardown(void)
{
	lab_close(&lab);
}

static inline void masquerade(void)
{
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
}

/* ---- a call from HOST(5), step by step */

#define AUDIO "m=audio 4000 RTP/AVP 0\r\n"

static inline void invite_out(int call, const char *media)
{
	struct says says = {.first = "INVITE sip:b@example.com SIP/2.0", .method = "INVITE", .call = call,
			    .via = "10.0.0.5:5060", .contact = "10.0.0.5:5060", .sdp = sdp_of("10.0.0.5", media)};

	sip_out(HOST(5), 5060, PROXY, 5060, &says);
}

static inline void answer_in_as(int call, const char *first, const char *tag, const char *contact, const char *addr,
			 const char *media)
{
	struct says says = {.first = first, .method = "INVITE", .call = call, .to = tag, .via = "203.0.113.1:5060",
			    .contact = contact, .sdp = media != NULL ? sdp_of(addr, media) : NULL};

	sip_in(PROXY, 5060, FACE, 5060, &says);
}

static inline void answer_in(int call, const char *first, const char *tag)
{
	answer_in_as(call, first, tag, "198.51.100.2:5060", "198.51.100.2", "m=audio 6000 RTP/AVP 0\r\n");
}

static inline void request_out(int call, const char *method, const char *tag)
{
	char first[80];
	struct says says = {.first = first, .method = method, .call = call, .to = tag, .via = "10.0.0.5:5060"};

	snprintf(first, sizeof(first), "%s sip:b@198.51.100.2 SIP/2.0", method);
	sip_out(HOST(5), 5060, PROXY, 5060, &says);
}

/* Within a dialog whose other end has the tag t: a request of this method, or with `status` an answer to one. media NULL: nothing
 * is described. */
struct step {
	int call; /* 0: 1 */
	const char *method, *status;
	unsigned cseq;
	bool theirs;	     /* the request is the other side's */
	const char *tag;     /* NULL: t; "": it has none yet */
	const char *addr;    /* of the media; NULL: 10.0.0.5, or 198.51.100.2 */
	const char *media;
	const char *contact; /* NULL: 10.0.0.5:5060, or 198.51.100.2:5060 */
	const char *more;
	const char *way;     /* as in says */
};

static inline struct says says_of(const struct step *step, bool out, char first[80])
{
	const char *tag = step->tag != NULL ? step->tag : "t", *here = out ? "10.0.0.5" : "198.51.100.2";
	struct says says = {
		.first = first,
		.method = step->method,
		.call = step->call != 0 ? step->call : 1,
		.cseq = step->cseq,
		.from = step->theirs ? tag : "f",
		.to = step->theirs ? "f" : tag[0] != '\0' ? tag : NULL,
		.via = step->theirs ? "198.51.100.1:5060" : out ? "10.0.0.5:5060" : "203.0.113.1:5060",
		.contact = step->contact != NULL ? step->contact : out ? "10.0.0.5:5060" : "198.51.100.2:5060",
		.more = step->more,
		.way = step->way,
		.sdp = step->media != NULL ? sdp_of(step->addr != NULL ? step->addr : here, step->media) : NULL,
	};

	if (step->status != NULL)
		snprintf(first, 80, "SIP/2.0 %s", step->status);
	else
		snprintf(first, 80, "%s sip:u@%s SIP/2.0", step->method, out ? "198.51.100.2:5060" : "203.0.113.1:5060");
	return says;
}

/* HOST(5) says it, or PROXY does. */
static inline void say_out(struct step step)
{
	char first[80];
	struct says says = says_of(&step, true, first);

	sip_out(HOST(5), 5060, PROXY, 5060, &says);
}

static inline void say_in(struct step step)
{
	char first[80];
	struct says says = says_of(&step, false, first);

	sip_in(PROXY, 5060, FACE, 5060, &says);
}

#define SAY_OUT(...) say_out((struct step){__VA_ARGS__})
#define SAY_IN(...)  say_in((struct step){__VA_ARGS__})

static inline enum reason rtp_in(int peer, uint16_t from, ip4 global, uint16_t to, struct pkt *p)
{
	*p = pkt_udp(PEER(peer), from, global, to);
	return lab_in(&lab, p);
}

static inline enum reason rtp_out(int host, uint16_t from, int peer, uint16_t to, struct pkt *p)
{
	*p = pkt_udp(HOST(host), from, PEER(peer), to);
	return lab_out(&lab, p);
}

#define IS(what, why) ck_assert_str_eq(reason_text(what), reason_text(REASON_##why))

static inline void call_up(int call)
{
	invite_out(call, AUDIO);
	answer_in(call, "SIP/2.0 200 OK", "t");
	request_out(call, "ACK", "t");
}

/* The phone at this host; returns its global port. */
static inline uint16_t registers(int host)
{
	char at[40], there[40];
	uint16_t port;
	struct says ask = {.first = "REGISTER sip:example.com SIP/2.0", .method = "REGISTER", .call = 100 + host, .via = at,
			   .contact = at, .more = ";expires=3600"};
	struct says granted = {.first = "SIP/2.0 200 OK", .method = "REGISTER", .call = 100 + host, .to = "r", .via = there,
			       .contact = there, .more = ";expires=3600"};

	snprintf(at, sizeof(at), "10.0.0.%d:5060", host);
	sip_out(HOST(host), 5060, PROXY, 5060, &ask);
	HAS("Contact: <sip:u@203.0.113.1:");
	port = (uint16_t)atoi(strstr(got, "<sip:u@203.0.113.1:") + 19);
	snprintf(there, sizeof(there), "203.0.113.1:%u", (unsigned)port);
	sip_in(PROXY, 5060, FACE, port, &granted);
	HAS(at);
	return port;
}

#endif
