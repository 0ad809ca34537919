/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gateways by name, and what is counted of each: for those who only talk about them. */
#ifndef ALGATE_ALG_NAME_H
#define ALGATE_ALG_NAME_H

/* A(NAME, name, row of show platform hardware qfp active feature alg statistics). Numbers are kept in records: append. */
#define ALGS(A)                  \
	A(FTP, "ftp", "FTP")     \
	A(TFTP, "tftp", "TFTP")  \
	A(DNS, "dns", "DNS")     \
	A(SHELL, "rsh", "SHELL") \
	A(LOGIN, "rlogin", "LOGIN") \
	A(EXEC, "rexec", "EXEC") \
	A(SIP, "sip", "SIP")     \
	A(MSRP, "msrp", "MSRP")

enum alg {
	ALG_NONE,
#define ALG_ENUM(name, text, row) ALG_##name,
	ALGS(ALG_ENUM)
#undef ALG_ENUM
	ALG_COUNT
};

/* Why a message was left as it is, or what was odd: by gateway a counter each. */
#define ALG_NOTES(N)                                                            \
	N(NONE, "")                                                             \
	N(MALFORMED, "malformed message")                                       \
	N(FOREIGN, "other protocol on the port")                                \
	N(ENCRYPTED, "encrypted from here on")                                  \
	N(SIGNED, "signed message left unchanged")                              \
	N(TOO_LONG, "message too long")                                         \
	N(TOO_MANY, "too many addresses in a message")                          \
	N(THIRD_PARTY, "address of another host refused")                       \
	N(BAD_PORT, "port below 1024 or out of range refused")                  \
	N(CLAIMED, "port of a static entry refused")                            \
	N(NO_PORT, "no free port")                                              \
	N(LIMIT_FLOW, "limit of a control connection reached")                  \
	N(LIMIT_HOST, "limit of a host reached")                                \
	N(LIMIT_CALL, "limit of a call reached")                                \
	N(LIMIT_SOURCE, "limit of calls of a source reached")                   \
	N(NO_ROOM, "no memory")                                                 \
	N(TOO_BIG, "result too large")                                          \
	N(MIDSTREAM, "connection met in the middle")                            \
	N(OVERLAP, "overlapping segments with different bytes")                 \
	N(AUTHENTICATED, "TCP segments are signed")                             \
	N(UNSOLICITED, "reply to no command")                                   \
	N(MULTIPART, "multipart body left unchanged")                           \
	N(ENCODED, "encoded body left unchanged")                               \
	N(MEDIUM, "medium of unknown transport or with several ports left unchanged") \
	N(MULTIPART_OFF, "session description in a multipart body left unchanged (ip nat service allow-multipart is off)") \
	N(LATE, "message left unread, its rest came late")
enum alg_note {
#define ALG_NOTE_ENUM(name, text) NOTE_##name,
	ALG_NOTES(ALG_NOTE_ENUM)
#undef ALG_NOTE_ENUM
	NOTE_COUNT
};
#define ALG_KINDS 64 /* that a gateway may tell apart of its messages (alg.h) */

const char *alg_note_text(enum alg_note note);

const char *alg_name(enum alg alg);

#endif
