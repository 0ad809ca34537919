/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an application-level gateway is. Three parts, and only the first is written for each protocol:
 *
 *   scan     (here)          bytes -> findings: which endpoints the message mentions, where they stand in it, which numbers
 *                            depend on lengths, what happened. A pure function of bytes and the gateway's own state.
 *   resolve  (nat/resolve.h) what each mentioned endpoint becomes: all NAT policy.
 *   edit     (alg/edit.h)    writes the new values and mends every number that depends on lengths.
 *
 * A gateway knows bytes and nothing else: no sockets, no tables, no clock, no allocation, no pointer kept. It may not
 * change the bytes. What it does not understand it says, and then the bytes pass as they are.
 *
 * Laws, for every gateway (tests/unit/test_alg_laws.c, tests/fuzz/fuzz_alg.c):
 *   identity   nothing is resolved: not one byte changes
 *   split      a stream cut anywhere gives the same messages, so the same findings; only what is passed over may come in more parts
 *   bounds     fields and dependents lie within the message and are disjoint or one within the other; all but a few are in order
 *   reverse    scanning what edit made finds what was written
 *
 * Tried on paper, so that these fit later without a change:
 *   H.323   PER needs a bit reader but an IPv4 endpoint is six aligned bytes: ENCODE_BINARY, in place, no dependents. RAS is
 *           datagrams, H.225 and H.245 streams framed by TPKT. h245Address: a mention with role ROLE_LISTEN and child
 *           ALG_H245. The call key is the GUID's 16 bytes. What a version adds is stepped over within scan.
 *   SIP     Call-ID is the call key. m= and c= of one medium are two fields of one mention; a c= that several media share is a
 *           field of the first, and behind every other m= stands a field of length 0 that is written only when that medium's
 *           address turns out different (`unless`). Content-Length of message and of parts: nested dependents.
 *   ESP     has nothing to scan. Predicted SPIs are expectations: the SPI takes the place of the two ports (nat/expect.h).
 *   LDAP    BER lengths are dependents that may grow themselves (DEPEND_BER); edit repeats until nothing moves.
 *   DNS     compression pointers are dependents too: numbers that say where something stands (DEPEND_POINTER).
 */
#ifndef ALGATE_ALG_ALG_H
#define ALGATE_ALG_ALG_H

#include <stdbool.h>
#include <stdint.h>
#include "alg/name.h"
#include "lib/addr.h"

/* Which end of the flow a message comes from: who opened it, or who answers. */
enum alg_from { FROM_CLIENT, FROM_SERVER };

/* ---- findings ---- */

/* What a mentioned endpoint is for; nat/resolve.h says what is done about it. */
enum role {
	ROLE_LISTEN,  /* the message's sender accepts there what its receiver opens: a child */
	ROLE_NAME,    /* only names somebody: translated where a mapping exists; nothing is made */
	ROLE_ADDRESS, /* an address that stands for all its ports (DNS): only mappings of whole addresses count */
	ROLE_SIGNAL,  /* the sender takes further signalling there, from anybody, for `lifetime_s` */
	ROLE_MEDIA,   /* the sender receives a medium there; with `pair` its RTCP on the next port */
	ROLE_RTCP,    /* where the RTCP of the medium `medium` goes: as said, or the next port of one with `pair` */
};

#define MEDIUM_NONE      0xffff
#define MENTION_PAIR     1 /* two ports: even, and the next one */
#define MENTION_RESERVED 2 /* the port must stay in 512..1023 */
#define MENTION_OWN      4 /* the sender's own endpoint of this flow; `at` is not used, nothing is written */
#define MENTION_MANY     8 /* more than one child may come, until the expectation ends */
#define MENTION_HELD     32/* medium: its sender or its receiver is to be silent (a=sendonly, recvonly, inactive) */
#define MENTION_ACTIVE   64/* medium: its party opens connections and takes none: no port (RFC 4145) */
#define MENTION_ROUTE    128/* name: a proxy through which the sender is reached from now on */
#define MENTION_MUX      256/* medium, RTCP: RTCP comes with the medium, unless the other end does not know that (RFC 5761) */
#define MENTION_TOLD     512/* name: of an end of the session that this flow carries, as a description told it (MSRP) */
#define MENTION_HERE     16/* the sender's own address: `at` says the port only (FTP 229) */

struct mention {
	struct endpoint at;   /* as it stands in the message; port 0: none */
	uint8_t protocol;     /* of what comes to it: 6, 17; 0: not said */
	uint8_t role;         /* enum role */
	uint8_t child;        /* enum alg: gateway of the child; of a name: of what the receiver may open there */
	uint16_t flags;       /* MENTION_ */
	uint16_t remote_port; /* the child comes from this port; 0: any */
	uint16_t remote_least;/* remote port 0: at least this one, at most 1023 (RCMD); 0: any */
	uint16_t medium;      /* number of the medium in its call, from 0; MEDIUM_NONE: of none */
	uint32_t lifetime_s;  /* ROLE_SIGNAL; 0: not said (what is to be forgotten at once is a ROLE_NAME) */
	const char *place;    /* where in the message, for traces (Via, c=); static; NULL: the role says enough */
};

/* How a field is written from what its mention became. */
enum encoding {
	ENCODE_ADDRESS,      /* 10.0.0.1 */
	ENCODE_PORT,         /* 5060 */
	ENCODE_ADDRESS_PORT, /* 10.0.0.1:5060; without the port if there was none and it is still `aux` */
	ENCODE_COMMAS,       /* 10,0,0,1,19,196 (FTP PORT, PASV) */
	ENCODE_COMMAS_LONG,  /* 10,0,0,1,2,19,196 (FTP LPRT) */
	ENCODE_DELIMITED,    /* 10.0.0.1|5060, where | is the character `aux` (FTP EPRT) */
	ENCODE_BINARY,       /* address and port, 6 bytes in network order */
	ENCODE_BINARY_ADDRESS, /* 4 bytes */
	ENCODE_BINARY_PORT,    /* 2 bytes */
	ENCODE_LABELS,       /* four DNS labels, last number of the address first (in-addr.arpa) */
	ENCODE_LABELS_FULL,  /* the same, with in-addr, arpa and the root behind them */
	ENCODE_ZERO32,       /* 4 bytes of 0, where the mention was changed (TTL) */
	ENCODE_COPY,         /* the message's own bytes from `from` to `to`, where the mention was changed */
	ENCODE_CONNECTION,   /* a whole line c=IN IP4 10.0.0.1; `aux`: BREAK_ */
	ENCODE_RTCP,         /* a whole line a=rtcp:5005; likewise. Only where that is not the next port after that of `unless` */
};
/* How a line that is inserted is kept apart from others. */
#define BREAK_LF    1 /* LF alone, else CR LF */
#define BREAK_FRONT 2 /* in front of it, else behind */

/* A place in the message. It is written only if its mention was changed. It may lie within the field found before it, and is
 * gone where that is written. */
struct field {
	uint32_t offset, length;  /* length 0: an insertion */
	uint16_t mention;
	uint16_t unless;          /* MENTION_NONE, or: only if the address differs from that of this mention (ENCODE_RTCP: see
				   * there) */
	uint8_t encoding;         /* enum encoding */
	uint16_t aux;
	uint32_t from, to;        /* ENCODE_COPY */
};
#define MENTION_NONE 0xffff

/* A number in the message that follows from lengths; written only when it changes. It may lie within a field, and is gone where
 * that is written. */
enum depend {
	DEPEND_DECIMAL, /* text: how many bytes [from, to) has become */
	DEPEND_BE16,    /* likewise, two bytes in network order */
	DEPEND_BE32,
	DEPEND_BER,     /* likewise, a BER length; keeps its form where it fits, else grows */
	DEPEND_POINTER, /* DNS: two bytes, 0xc000 and how far behind `to`, where the message begins, `from` has come to stand; where
			 * that is too far for 14 bits, the name that stands there */
};
struct dependent {
	uint32_t offset, length;
	uint32_t from, to;
	uint8_t kind;
};

/* What happened. */
#define HAPPENED_CANCEL    1  /* children that were announced and did not come are not wanted any more */
#define HAPPENED_ENCRYPTED 2  /* from here on nothing can be read */
#define HAPPENED_DONE      8  /* nothing further of this flow is of interest: bytes pass */

/* What a message says about the call, or the registration, that findings->key names. */
enum said {
	SAID_NOTHING,
	SAID_BEGIN,       /* somebody calls, or asks again within the call (INVITE, re-INVITE, Setup) */
	SAID_PROGRESS,    /* on its way; media may come (18x with a body, UPDATE, PRACK) */
	SAID_UP,          /* answered (2xx to INVITE, Connect) */
	SAID_FAILED,      /* refused or cancelled; retransmissions may follow */
	SAID_END,         /* hung up (BYE, ReleaseComplete) */
	SAID_REGISTER,    /* wishes to be reached for lifetime_s */
	SAID_REGISTERED,  /* is granted lifetime_s; 0: no more */
};

#define FINDING_MENTIONS   4096
#define FINDING_FIELDS     8192
#define FINDING_DEPENDENTS 16384
#define FINDING_KEY        64

/* Of the configuration, set by the caller. */
#define ALG_OPTION_KEEP_TTL   1 /* no ip nat service dns-reset-ttl */
#define ALG_OPTION_NO_DNS_V6  2 /* no ip nat service dns-v6: messages about IPv6 addresses are left alone */
#define ALG_OPTION_MULTIPART  4 /* ip nat service allow-multipart */
#define ALG_OPTION_KEEP_ICE   8 /* session descriptions with ICE candidates are left alone */

/* What a message is to the question that it belongs to (SIP: a transaction). */
enum answering {
	ANSWER_NONE,        /* it asks, or it is not known */
	ANSWER_PROVISIONAL, /* another one follows */
	ANSWER_AGREED,
	ANSWER_REFUSED,
};

struct findings {
	uint32_t options;     /* ALG_OPTION_; in */
	uint32_t n_mentions, n_fields, n_dependents;
	uint32_t happened;    /* HAPPENED_ */
	uint8_t note;         /* enum alg_note: what to count */
	uint64_t kinds;       /* what else to count of it: a bit each, as the gateway numbers them (alg/sip_kind.h) */
	char message[16];     /* name of the message for traces: PORT, 227, INVITE; printable */
	/* SIP, H.323, ...: which call this is about. */
	uint8_t key_length;
	uint8_t key[FINDING_KEY];
	uint8_t said;         /* enum said */
	uint32_t branch;      /* which of several answers: a hash of the tags of both ends, whoever speaks; 0: not answered yet */
	uint8_t answer;       /* enum answering */
	uint32_t question;    /* which one, as both ends number it: a hash; 0: not known */
	uint32_t way;         /* by which of several ways it was asked there, as the two ends of this flow number them: a hash; 0:
			       * not said */
	uint32_t lifetime_s;  /* session timer, 0: not said; registration, 0: no more */
	char caller[48], callee[48]; /* for show; printable */
	struct mention mentions[FINDING_MENTIONS];
	struct field fields[FINDING_FIELDS];
	struct dependent dependents[FINDING_DEPENDENTS];
};

/* For scan: each false when there is no more room; the gateway then says NOTE_TOO_MANY and finds nothing. */
void findings_clear(struct findings *findings); /* not the arrays, nor the options */
bool find_mention(struct findings *findings, const struct mention *mention, uint16_t *index);
bool find_field(struct findings *findings, const struct field *field);
bool find_dependent(struct findings *findings, const struct dependent *dependent);

/* ---- gateways ---- */

#define ALG_STATE_MAX 128
#define ALG_MESSAGE_MAX 65537 /* DNS over TCP: two bytes of length, and what they can say */

/* How long is the next message of a stream? */
enum frame {
	FRAME_WHOLE, /* *size bytes, all there */
	FRAME_MORE,  /* more bytes are needed: of *size, or if that is 0 nobody knows how many */
	FRAME_PASS,  /* the next *size bytes are of no interest; they need not be there */
	FRAME_DONE,  /* nothing of this direction is of interest any more */
	FRAME_FOREIGN, /* not our protocol: neither direction is looked at again */
};

enum scan {
	SCAN_OK,      /* findings hold, also if there are none */
	SCAN_FOREIGN, /* malformed or not our protocol (findings->note): this and all that follows passes as it is */
};

struct gateway {
	uint16_t state_size; /* at most ALG_STATE_MAX; all 0 when the flow begins; plain bytes, survives the daemon */
	bool low_ports;      /* ports below 1024 may be mentioned */
	uint8_t parent;      /* enum alg: it reads only what that one announces, and is on while that is; ALG_NONE: has ports */
	uint32_t expect_s;   /* life of an unused expectation */
	uint32_t expect_max; /* waiting, of a control session; 0: EXPECT_FLOW_MAX (nat/expect.h) */
	uint32_t patience_s; /* of streams: so long the rest of a message is waited for; 0: as long as the connection */
	/* Streams; NULL: datagrams only. May be asked again about the same bytes with more behind them, and must then have changed
	 * nothing; state moves on in scan only. */
	enum frame (*frame)(const void *state, enum alg_from from, const uint8_t *bytes, uint32_t length,
			    uint32_t *size);
	/* A whole message: a datagram's payload, or as framed. findings come cleared. */
	enum scan (*scan)(void *state, enum alg_from from, const uint8_t *bytes, uint32_t length, bool stream,
			  struct findings *findings);
	/* NULL: no need. A datagram's payload that was `was` bytes long and has been made longer: if its receiver may not take so
	 * much, it is written anew in its place, and shorter. Its length, the same if it stays. */
	uint32_t (*shorten)(uint8_t *bytes, uint32_t length, uint32_t was);
};

/* NULL: not built. */
const struct gateway *alg_gateway(enum alg alg);

#endif
