/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every way a packet can leave the engine: one row gives the enum, the counter and the text. There is no
 * return from the packet path without one of these names.
 *
 *   R(NAME, verdict, "text")   verdict: ACCEPT (not translated), REPLACE (translated), DROP,
 *                              TAKE (leaves the queue, but is not lost: kept, or sent on in another form)
 *                              CUT (comes again in the pieces that it was made of)
 */
#ifndef ALGATE_NAT_REASON_H
#define ALGATE_NAT_REASON_H

#define REASONS(R)                                                                          \
	R(TRANSLATED, REPLACE, "translated")                                                \
	R(TRANSLATED_NEW, REPLACE, "translated, new flow")                                  \
	R(TRANSLATED_ICMP_ERROR, REPLACE, "ICMP error translated with its quoted packet")   \
	R(TCP_UNFIT, REPLACE, "translated TCP segment that does not fit its connection") \
	R(HAIRPIN, REPLACE, "turned back to the inside")                                    \
	R(NOT_COVERED, ACCEPT, "source matches no rule")                                    \
	R(NOT_OURS, ACCEPT, "does not cross inside and outside")                            \
	R(NO_TRANSLATION_NEEDED, ACCEPT, "destination is no global address")                \
	R(TO_ROUTER, ACCEPT, "addressed to the router")                                     \
	R(FROM_ROUTER, ACCEPT, "sent by the router")                                        \
	R(NO_FLOW, DROP, "global address without a translation")                            \
	R(FILTERED, DROP, "turned back to a host that has not sent to its sender")          \
	R(UNSOLICITED_SYN, DROP, "SYN that nobody waits for: silence, then ICMP")                      \
	R(MALFORMED, DROP, "malformed header")                                              \
	R(BAD_CHECKSUM, DROP, "bad checksum in a packet that would make state")             \
	R(FRAGMENT, DROP, "fragment of a covered source or to a global address")            \
	R(IP_OPTION, DROP, "IP option that records or dictates addresses")                  \
	R(UNKNOWN_PROTOCOL, DROP, "protocol that the matching rule cannot translate")       \
	R(NO_PORT, DROP, "no free port or address in the pool")                             \
	R(NO_ADDRESS, DROP, "interface of the rule has no address")                         \
	R(NO_ENTRY, DROP, "translation table full (max-entries)")                           \
	R(FLOW_COLLISION, DROP, "another entry translates to the very same")               \
	R(PORT_COLLISION, DROP, "router's own port is taken by a translation")              \
	R(QUOTED_UNKNOWN, DROP, "ICMP error quotes no known flow")                          \
	R(QUOTED_MALFORMED, DROP, "ICMP error quotes a malformed packet")                   \
	R(REDIRECT, DROP, "ICMP redirect that names an inside gateway")                     \
	R(STALE_RULE, DROP, "rule or global address of the flow is gone")                   \
	R(TOO_BIG, DROP, "result too large for a verdict")                                  \
	R(NO_CONFIG, DROP, "no configuration yet")                                          \
	R(FRAGMENT_HELD, TAKE, "fragment held for reassembly")                              \
	R(REASSEMBLED, TAKE, "reassembled, sent on in fragments")                           \
	R(PASSED_WHOLE, ACCEPT, "reassembled, sent on whole")                               \
	R(FRAGMENT_DUPLICATE, TAKE, "fragment that had come already")                       \
	R(FRAGMENT_TINY, DROP, "first fragment without the transport header")               \
	R(FRAGMENT_OVERLAP, DROP, "fragment that overlaps another")                         \
	R(FRAGMENT_LENGTH, DROP, "fragment whose offset or length contradicts")             \
	R(FRAGMENT_MIXED, DROP, "fragments that disagree on congestion")                    \
	R(FRAGMENT_REFUSED, DROP, "fragment of a datagram that was refused")                \
	R(FRAGMENT_LIMIT, DROP, "no room to reassemble")                                    \
	R(FRAGMENT_FORBIDDEN, DROP, "interface drops fragments")                            \
	R(FRAGMENT_LOST, DROP, "held fragment of a datagram that was given up")             \
	R(STREAM_HELD, TAKE, "TCP segment held until a gateway has its message whole")      \
	R(STREAM_ANSWERED, TAKE, "TCP segment that a gateway's stream answered")            \
	R(STREAM_REFUSED, DROP, "TCP segment that a gateway's stream has no place for")     \
	R(CUT, CUT, "several datagrams in one that have to be seen one by one")             \
	R(ALG_DAMAGED, DROP, "damaged TCP segment that a gateway would have to read")       \
	R(ALG_REFUSED, DROP, "message that would show an inside address")                   \
	R(ALG_NO_ROOM, DROP, "connection that a gateway has no room to read")

enum reason {
#define REASON_ENUM(name, verdict, text) REASON_##name,
	REASONS(REASON_ENUM)
#undef REASON_ENUM
	REASON_COUNT
};

enum verdict { VERDICT_ACCEPT, VERDICT_REPLACE, VERDICT_DROP, VERDICT_TAKE, VERDICT_CUT };

enum verdict reason_verdict(enum reason reason);
const char *reason_text(enum reason reason);
const char *reason_name(enum reason reason);

#endif
