/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the SIP gateway: where a message ends, its header fields, its URIs, its bodies. RFC
 * 3261. */
#ifndef ALGATE_ALG_SIP_READ_H
#define ALGATE_ALG_SIP_READ_H

#include "alg/text.h"

/* ---- sip_head.c: lines ---- */

/* How a message may begin. SIP_MAYBE: the line is not all there. */
enum sip_start { SIP_NOT, SIP_MAYBE, SIP_REQUEST, SIP_RESPONSE };
enum sip_start sip_start(const uint8_t *bytes, uint32_t length);

/* Header fields that are of interest; all others are HEADER_OTHER and never touched. */
enum header {
	HEADER_OTHER,
	HEADER_VIA,
	HEADER_FROM,
	HEADER_TO,
	HEADER_CONTACT,
	HEADER_CALL_ID,
	HEADER_CSEQ,
	HEADER_LENGTH,
	HEADER_TYPE,
	HEADER_ENCODING,	  /* of the body */
	HEADER_TRANSFER_ENCODING, /* of a part */
	HEADER_EXPIRES,
	HEADER_SESSION_EXPIRES,
	HEADER_PLACE,	 /* URIs that lead somewhere */
	HEADER_ROUTE,	 /* Record-Route */
	HEADER_REFER,	 /* Refer-To */
	HEADER_IDENTITY, /* URIs that say who */
	HEADER_INFO,	 /* URIs of any kind */
	HEADER_WARNING,
};

struct row {
	enum header header;
	const char *name;  /* its long form; NULL: HEADER_OTHER */
	struct span value; /* without white space around it; may be folded */
};
enum rows {
	ROWS_ONE,
	ROWS_END, /* that was the empty line; rest stands behind it */
	ROWS_CUT, /* the piece ends without one */
	ROWS_BAD, /* no header field */
};
/* The next header field, with the lines folded into it (RFC 3261 7.3.1). */
enum rows sip_row(const struct reader *reader, struct span *rest, struct row *row);

/* ---- sip_uri.c: values ---- */

/* One of a list: <URI>;parameters, URI;parameters or "Name" <URI>;parameters. */
struct element {
	struct span uri;
	struct span parameters; /* from the first semicolon on */
};
bool sip_element(struct reader *reader, struct span *rest, struct element *out);

struct parameter {
	struct span name, value; /* value is empty if there is none */
};
bool sip_parameter(struct reader *reader, struct span *rest, struct parameter *out);

/* sip:user@10.0.0.1:5060;transport=udp */
struct sip_uri {
	struct span host; /* with the port, if there is one */
	ip4 addr;
	uint16_t port;	   /* 0: none is said */
	uint16_t usual;	   /* port if none is said */
	uint8_t protocol;  /* 0: not said */
	struct span maddr; /* empty: none, or no address */
	ip4 maddr_addr;
};
/* False: not a SIP URI whose host is an IPv4 address. */
bool sip_uri(struct reader *reader, struct span uri, struct sip_uri *out);
/* user@host, for show; printable. */
void sip_uri_text(const struct reader *reader, struct span uri, char *out, uint32_t size);

/* Says that a URI names somebody. place: it leads there, so that the usual port is meant where none
 * is said. */
void sip_say_uri(struct reader *reader, const struct sip_uri *uri, bool place);
/* As it is mentioned so. */
struct mention sip_mention(const struct sip_uri *uri, enum role role, bool place);
/* And where it stands. */
void sip_say_host(struct reader *reader, const struct sip_uri *uri, uint16_t mention, bool place);
/* Every URI of a header field that has some; all of them only name. */
void sip_say_row(struct reader *reader, const struct row *row);
void sip_say_via(struct reader *reader, struct span value);
/* The first one's branch, which tells transactions apart (RFC 3261 17.1.3); empty: it has none. */
struct span sip_via_branch(struct reader *reader, struct span value);

/* ---- sip_body.c ---- */

/* The body of a message or of one of its parts: its type decides. */
void sip_say_body(struct reader *reader, struct span type, struct span body, unsigned depth);

#endif
