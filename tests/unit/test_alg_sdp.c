/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bodies of SIP messages: session descriptions, fragments, several parts. */
#include "siplab.h"
#include "suite.h"
#include "alg/edit.h"

#define INVITE(body)                                                                               \
	SIP_MESSAGE("INVITE", "Content-Type: application/sdp\r\nContent-Length: ^#^\r\n\r\n" body)
#define HEAD   "v=0\r\no=- 1 2 IN IP4 ^10.0.0.9^\r\ns=-\r\n"
#define SHARED HEAD "c=IN IP4 ^10.0.0.9^\r\nt=0 0\r\n"

static void setup(void)
{
	memset(state, 0, sizeof(state));
	laws_options(0);
}

static const struct mention *medium_of(const struct findings *found, unsigned number,
				       enum role role)
{
	for (uint32_t i = 0; i < found->n_mentions; i++)
		if (found->mentions[i].role == role && found->mentions[i].medium == number)
			return &found->mentions[i];
	return NULL;
}

START_TEST(one_medium)
{
	const struct findings *found =
	    sip_becomes(INVITE(SHARED "m=audio ^4000^ RTP/AVP 0 8 101\r\na=rtpmap:0 "
				      "PCMU/8000\r\na=sendrecv\r\n^+a=rtcp:$4001$\r\n^"));
	const struct mention *medium = medium_of(found, 0, ROLE_MEDIA);

	ck_assert_uint_eq(found->n_mentions, 3);
	ck_assert_uint_eq(medium->flags, MENTION_PAIR);
	ck_assert_uint_eq(medium->protocol, 17);
	ck_assert_uint_eq(medium->at.port, 4000);
	ck_assert_uint_eq(medium_of(found, 0, ROLE_RTCP)->at.port, 4001);
}
END_TEST

START_TEST(c_of_each_medium)
{
	sip_becomes(INVITE(
	    HEAD
	    "t=0 0\r\nm=audio ^4000^ RTP/AVP 0\r\nc=IN IP4 ^10.0.0.9^\r\n^+a=rtcp:$4001$\r\n^"
	    "m=video ^5000^ RTP/AVP 99\r\ni=film\r\nc=IN IP4 ^10.0.0.8^\r\n^+a=rtcp:$5001$\r\n^"));
	/* One of its own, one of the session's. */
	sip_becomes(INVITE(SHARED
			   "m=audio ^4000^ RTP/AVP 0\r\nc=IN IP4 ^10.0.0.8^\r\n^+a=rtcp:$4001$\r\n^"
			   "m=video ^5000^ RTP/AVP 99\r\n^+a=rtcp:$5001$\r\n^"));
}
END_TEST

/* The first one that is open writes the session's line, else the line only names. */
START_TEST(closed)
{
	const struct findings *found =
	    sip_becomes(INVITE(SHARED "m=audio 0 RTP/AVP 0\r\nm=image ^5000^ udptl t38\r\nm=video "
				      "0 RTP/AVP 9\r\nc=IN IP4 ^10.0.0.8^\r\n"));

	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->at.port, 0);
	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->at.addr, 0x0a000009);
	ck_assert_uint_eq(medium_of(found, 1, ROLE_MEDIA)->at.port, 5000);
	ck_assert_uint_eq(medium_of(found, 1, ROLE_MEDIA)->flags, 0);
	ck_assert_uint_eq(medium_of(found, 2, ROLE_MEDIA)->at.port, 0);
	sip_becomes(INVITE(SHARED "m=audio 0 RTP/AVP 0\r\n"));
	sip_becomes(INVITE(SHARED));
}
END_TEST

START_TEST(hold)
{
	const struct findings *found =
	    sip_becomes(INVITE(HEAD "c=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"));

	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->at.addr, 0);
	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->at.port, 4000);
	sip_becomes(INVITE(
	    SHARED "a=inactive\r\nm=audio ^4000^ RTP/AVP 0\r\na=sendonly\r\n^+a=rtcp:$4001$\r\n^"));
	/* Of all media, of one, and of one not. */
	found = sip_becomes(INVITE(SHARED "a=recvonly\r\nm=audio ^4000^ RTP/AVP 0\r\n^+a=rtcp:$4001$\r\n^"
					  "m=audio ^4010^ RTP/AVP 0\r\na=sendrecv\r\n^+a=rtcp:$4011$\r\n^"));
	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->flags & MENTION_HELD, MENTION_HELD);
	ck_assert_uint_eq(medium_of(found, 1, ROLE_MEDIA)->flags & MENTION_HELD, 0);
}
END_TEST

/* ---- lines that are inserted ---- */

/* Edits with media at addresses of their own, each RTCP on the next port, unless `apart`. */
static const char *edited(const char *text, bool apart)
{
	static struct sip_text had;
	static struct splices splices;
	static struct resolved to[16];
	static uint8_t got[100000];
	const struct findings *found;

	sip_render(text, false, &had);
	found = sip_scan_bytes(had.bytes, had.length);
	for (uint32_t i = 0; i < found->n_mentions; i++) {
		const struct mention *mention = &found->mentions[i];

		to[i] = (struct resolved){.to = mention->at};
		if (mention->role == ROLE_NAME || mention->at.port == 0)
			continue;
		to[i].changed = true;
		to[i].to.addr = 0xc6336401 + mention->medium;
		to[i].to.port = (uint16_t)(mention->at.port + 20000 +
					   (apart && mention->role == ROLE_RTCP ? 4 : 0));
	}
	ck_assert(edit((const uint8_t *)had.bytes, had.length, found, to, &splices));
	splice_apply((const uint8_t *)had.bytes, had.length, &splices, got);
	got[splices.length] = '\0';
	ck_assert_ptr_nonnull(strstr((const char *)got, "\r\n\r\n"));
	return strstr((const char *)got, "\r\n\r\n") + 4;
}

#define BARE "v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=-\r\n"

START_TEST(different_addresses)
{
	const char *body = edited(
	    INVITE(BARE "c=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n"
			"m=video 5000 RTP/AVP 9\r\ni=film\r\nb=AS:9\r\nm=image 6000 udptl t38\r\n"),
	    false);

	ck_assert_str_eq(
	    body, BARE "c=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 24000 RTP/AVP 0\r\na=sendrecv\r\n"
		       "m=video 25000 RTP/AVP 9\r\ni=film\r\nc=IN IP4 198.51.100.2\r\nb=AS:9\r\n"
		       "m=image 26000 udptl t38\r\nc=IN IP4 198.51.100.3\r\n");
}
END_TEST

START_TEST(rtcp_apart)
{
	const char *body = edited(
	    INVITE(BARE "c=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n\r\n"
			"m=image 6000 udptl t38\r\n"),
	    true);

	ck_assert_str_eq(
	    body, BARE "c=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 24000 RTP/AVP 0\r\na=sendrecv\r\n"
		       "a=rtcp:24005\r\n\r\nm=image 26000 udptl t38\r\nc=IN IP4 198.51.100.2\r\n");
}
END_TEST

/* Line breaks as the rest has them; a last line without one gets one in front. */
START_TEST(line_breaks)
{
	ck_assert_str_eq(
	    edited(INVITE("v=0\nc=IN IP4 10.0.0.9\nm=image 4 udptl t38\nm=audio 4000 RTP/AVP 0\n"),
		   true),
	    "v=0\nc=IN IP4 198.51.100.1\nm=image 20004 udptl t38\nm=audio 24000 RTP/AVP 0\n"
	    "c=IN IP4 198.51.100.2\na=rtcp:24005\n");
	ck_assert_str_eq(
	    edited(
		INVITE("v=0\r\nc=IN IP4 10.0.0.9\r\nm=image 4 udptl t38\r\nm=audio 4000 RTP/AVP 0"),
		true),
	    "v=0\r\nc=IN IP4 198.51.100.1\r\nm=image 20004 udptl t38\r\nm=audio 24000 RTP/AVP 0\r\n"
	    "c=IN IP4 198.51.100.2\r\na=rtcp:24005");
	/* Who counts one byte too few cuts the last line's LF off; what is put in does not make a line end of the rest. */
	ck_assert_str_eq(
	    edited(INVITE("v=0\r\nc=IN IP4 10.0.0.9\r\nm=image 4 udptl t38\r\nm=audio 4000 RTP/AVP 0\r"), true),
	    "v=0\r\nc=IN IP4 198.51.100.1\r\nm=image 20004 udptl t38\r\nm=audio 24000 RTP/AVP 0\r\n"
	    "c=IN IP4 198.51.100.2\r\na=rtcp:24005\r");
}
END_TEST

/* ---- RTCP ---- */

START_TEST(rtcp)
{
	const struct findings *found =
	    sip_becomes(INVITE(SHARED "m=audio ^4001^ RTP/AVP 0\r\na=rtcp:^4010^\r\n"));

	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->flags, 0);
	found = sip_becomes(
	    INVITE(SHARED "m=audio ^4000^ RTP/AVP 0\r\na=rtcp:^4010^ IN IP4 ^10.0.0.7^\r\n"));
	ck_assert_uint_eq(medium_of(found, 0, ROLE_RTCP)->at.addr, 0x0a000007);
	/* Said, but what would go without saying. */
	found = sip_becomes(
	    INVITE(SHARED "m=audio ^4000^ RTP/AVP 0\r\na=rtcp:^4001^ IN IP4 ^10.0.0.9^\r\n"));
	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->flags, MENTION_PAIR);
	found = sip_becomes(
	    INVITE(SHARED "m=audio ^4000^ RTP/AVP 0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=rtcp-mux\r\n"));
	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->flags, MENTION_MUX);
	/* Who answers may not know of it; but then he must not be asked. */
	found = sip_becomes(INVITE(SHARED "m=audio ^4000^ RTP/AVP 0\r\na=rtcp-mux\r\n^+a=rtcp:$4001$\r\n^"));
	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->flags, MENTION_PAIR | MENTION_MUX);
	ck_assert_uint_eq(medium_of(found, 0, ROLE_RTCP)->flags, MENTION_MUX);
	found = sip_becomes(INVITE(SHARED "m=audio ^4000^ RTP/AVP 0\r\na=rtcp-mux-only\r\n"));
	ck_assert_ptr_null(medium_of(found, 0, ROLE_RTCP));
	/* Behind the last port there is none, and none is needed. */
	found = sip_becomes(INVITE(SHARED "m=audio ^65535^ RTP/AVP 0\r\na=rtcp-mux\r\n^+a=rtcp:$65535$\r\n^"
					  "m=audio ^4000^ RTP/AVP 0\r\na=rtcp-mux\r\n^+a=rtcp:$4001$\r\n^"));
	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->flags, MENTION_MUX);
	ck_assert_uint_eq(medium_of(found, 0, ROLE_RTCP)->at.port, 65535);
	found = sip_becomes(INVITE(SHARED "m=audio ^65535^ RTP/AVP 0\r\na=rtcp-mux\r\na=rtcp:^4010^\r\n"));
	ck_assert_uint_eq(medium_of(found, 0, ROLE_RTCP)->at.port, 4010);
}
END_TEST

/* ---- transports ---- */

START_TEST(transports)
{
	static const struct {
		const char *name;
		uint8_t protocol, flags;
		bool rtcp;
	} rows[] = {
	    {"RTP/AVP", 17, MENTION_PAIR, true},
	    {"RTP/SAVP", 17, MENTION_PAIR, true},
	    {"RTP/AVPF", 17, MENTION_PAIR, true},
	    {"RTP/SAVPF", 17, MENTION_PAIR, true},
	    {"UDP/TLS/RTP/SAVPF", 17, MENTION_PAIR, true},
	    {"udptl", 17, 0, false},
	    {"UDPTL", 17, 0, false},
	    {"UDP/BFCP", 17, 0, false},
	    {"UDP/DTLS/SCTP", 17, 0, false},
	    {"TCP", 6, 0, false},
	    {"TCP/RTP/AVP", 6, 0, false},
	    {"TCP/MSRP", 6, 0, false},
	};
	char text[1024];

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct mention *medium;
		const struct findings *found;

		snprintf(text, sizeof(text), INVITE(SHARED "m=x ^4000^ %s 0\r\n%s"), rows[i].name,
			 rows[i].rtcp ? "^+a=rtcp:$4001$\r\n^" : "");
		found = sip_becomes(text);
		medium = medium_of(found, 0, ROLE_MEDIA);
		ck_assert_ptr_nonnull(medium);
		ck_assert_uint_eq(medium->protocol, rows[i].protocol);
		ck_assert_uint_eq(medium->flags, rows[i].flags);
	}
}
END_TEST

/* Left as they are, and noted; addresses are still those of the host. */
START_TEST(not_understood)
{
	ck_assert_uint_eq(sip_becomes(INVITE(SHARED "m=audio 4000/2 RTP/AVP 0\r\n"))->note,
			  NOTE_MEDIUM);
	ck_assert_uint_eq(sip_becomes(INVITE(SHARED "m=audio 4000 ATM/AVP 0\r\n"))->note,
			  NOTE_MEDIUM);
	ck_assert_uint_eq(
	    sip_becomes(INVITE(SHARED "m=audio ^4000^/1 RTP/AVP 0\r\n^+a=rtcp:$4001$\r\n^"))->note,
	    NOTE_NONE);
}
END_TEST

START_TEST(tcp_setup)
{
	const struct findings *found =
	    sip_becomes(INVITE(SHARED "m=image ^4000^ TCP t38\r\na=setup:passive\r\n"));

	ck_assert_ptr_nonnull(medium_of(found, 0, ROLE_MEDIA));
	sip_becomes(INVITE(SHARED "m=image ^4000^ TCP t38\r\na=setup:actpass\r\n"));
	/* It connects: nobody comes to its port 9. */
	found = sip_becomes(INVITE(SHARED "m=image 9 TCP t38\r\na=setup:active\r\n"));
	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->flags, MENTION_ACTIVE);
	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->at.addr, 0x0a000009);
	found = sip_becomes(INVITE(SHARED "a=setup:active\r\nm=image 9 TCP t38\r\nm=image ^4000^ "
					  "TCP t38\r\na=setup:passive\r\n"));
	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->flags, MENTION_ACTIVE);
	ck_assert_uint_eq(medium_of(found, 1, ROLE_MEDIA)->flags, 0);
}
END_TEST

START_TEST(msrp)
{
	const struct findings *found = sip_becomes(
	    INVITE(SHARED "m=message ^7394^ TCP/MSRP *\r\n"
			  "a=path:msrp://^10.0.0.9:7394^/2s93i;tcp msrps://u@^10.0.0.8|2855^/x;tcp "
			  "msrp://h.example:1/y;tcp\r\n"));

	ck_assert_uint_eq(medium_of(found, 0, ROLE_MEDIA)->protocol, 6);
}
END_TEST

/* ---- ICE ---- */

START_TEST(ice)
{
	/* A number too large is no candidate. */
	sip_becomes(INVITE(SHARED "m=audio ^4000^ RTP/SAVPF 0\r\na=rtcp-mux\r\na=candidate:5 1 UDP "
				  "1 10.0.0.9 65536 typ host\r\n"));
	sip_becomes(INVITE(
	    SHARED
	    "m=audio ^4000^ RTP/SAVPF 0\r\na=ice-ufrag:8hhY\r\na=rtcp:^4001^ IN IP4 ^10.0.0.9^\r\n"
	    "a=candidate:1 1 UDP 2130706431 ^10.0.0.9^ ^4000^ typ host\r\n"
	    "a=candidate:1 2 udp 2130706430 ^10.0.0.9^ ^4001^ typ host generation 0\r\n"
	    "a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr ^10.0.0.9^ rport ^4000^\r\n"
	    "a=candidate:3 1 UDP 100 10.0.0.77 3478 typ relay raddr ^10.0.0.9^ rport ^4000^\r\n"
	    "a=candidate:6 1 UDP 100 10.0.0.77 3479 typ relay raddr 10.0.0.9\r\n"
	    "a=candidate:4 1 UDP 2130706431 fe80::1 4000 typ host\r\n"
	    "a=remote-candidates:1 ^10.0.0.7^ ^9000^ 2 ^10.0.0.7^ ^9001^\r\n"));
}
END_TEST

START_TEST(keep_ice)
{
	const char *text = INVITE(
	    "v=0\r\no=- 1 2 IN IP4 10.0.0.9\r\nc=IN IP4 10.0.0.9\r\nm=audio 4000 RTP/AVP 0\r\n"
	    "a=candidate:1 1 UDP 2130706431 10.0.0.9 4000 typ host\r\n");

	laws_options(ALG_OPTION_KEEP_ICE);
	ck_assert_uint_eq(sip_becomes(text)->n_mentions, 0);
	/* Others are not. */
	sip_becomes(INVITE(SHARED "m=audio ^4000^ RTP/AVP 0\r\na=rtcp-mux-only\r\n"));
}
END_TEST

/* ---- what stays ---- */

START_TEST(not_ours)
{
	const struct findings *found =
	    sip_becomes(INVITE("v=0\r\no=- 1 2 IN IP6 ::1\r\ns=10.0.0.9\r\nc=IN IP6 "
			       "2001:db8::1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
			       "m=video 5000 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127/3\r\nm=video 5002 "
			       "RTP/AVP 0\r\nc=IN IP4 host.example.com\r\n"
			       "a=fmtp:99 10.0.0.9\r\na=crypto:1 AES "
			       "inline:10.0.0.9\r\na=X-here:10.0.0.9\r\nu=http://10.0.0.9/\r\n"));

	ck_assert_uint_eq(found->n_mentions, 0);
	ck_assert_uint_eq(found->note, NOTE_NONE);
}
END_TEST

START_TEST(malformed)
{
	static const char *const lines[] = {
	    "c=IN IP4 10.0.0.9\r\nm=audio 65536 RTP/AVP 0\r\n",
	    "c=IN IP4 10.0.0.9\r\nm=audio -1 RTP/AVP 0\r\n",
	    "c=IN IP4 10.0.0.9\r\nm=audio 4294967297 RTP/AVP 0\r\n",
	    "c=IN IP4 10.0.0.256\r\nm=audio 4000 RTP/AVP 0\r\n",
	    "c=IN IP4 10.0.0\r\nm=audio 4000 RTP/AVP 0\r\n",
	    "c=IN IP4 10.0.0.9\r\nm=audio 65535 RTP/AVP 0\r\n",
	    "c=IN IP4\r\nm=audio 4000 RTP/AVP 0\r\n",
	    "c=IN IP4 10.0.0.9\r\nm=audio\r\n",
	    "c=IN IP4 10.0.0.9\r\nm=audio 4000/x RTP/AVP 0\r\n",
	    "c=IN IP4 10.0.0.9\r\nm=audio 0x10 RTP/AVP 0\r\n",
	    "c=IN IP4 10.0.0.9\r\nm=audio 4000 RTP/AVP 0\r\na=rtcp:65536\r\n",
	    "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 10.0.00.9\r\n",
	    "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 1.2.3.4.5\r\n",
	};
	char text[1024];

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		/* A contact, too, stays as it is then. */
		snprintf(text, sizeof(text),
			 SIP_MESSAGE("INVITE", "Contact: <sip:a@10.0.0.9>\r\nc: "
					       "application/sdp\r\nl: ^#^\r\n\r\nv=0\r\n%s"),
			 lines[i]);
		sip_stays(text, NOTE_MALFORMED);
	}
	sip_stays(SIP_MESSAGE("INVITE", "c: application/sdp\r\n\r\nc=IN IP4 10.0.0.9\r\n"),
		  NOTE_MALFORMED);
	/* The control: the same in order. */
	sip_becomes(SIP_MESSAGE(
	    "INVITE",
	    "Contact: <sip:a@^10.0.0.9|5060^>\r\nc: application/sdp\r\nl: ^#^\r\n\r\nv=0\r\n"
	    "c=IN IP4 ^10.0.0.9^\r\nm=audio ^4000^ RTP/AVP 0\r\n^+a=rtcp:$4001$\r\n^"));
}
END_TEST

/* As many as anybody may send; one line that all share is no work for each. */
START_TEST(too_many)
{
	static char text[70000];
	size_t n = (size_t)snprintf(
	    text, sizeof(text),
	    SIP_MESSAGE("INVITE", "c: application/sdp\r\n\r\nv=0\r\nc=IN IP4 10.0.0.9\r\n"));

	for (int i = 0; i < 2040; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "m=a 4 RTP/A 0\n");
	ck_assert_uint_eq(sip_scan_bytes(text, (uint32_t)n)->note, NOTE_NONE);
	ck_assert_uint_eq(laws_findings()->n_mentions, 4080);
	for (int i = 0; i < 10; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "m=a 4 RTP/A 0\n");
	ck_assert_uint_eq(sip_scan_bytes(text, (uint32_t)n)->note, NOTE_TOO_MANY);
	ck_assert_uint_eq(laws_findings()->n_mentions, 0);
}
END_TEST

/* ---- other bodies ---- */

START_TEST(fragments)
{
	/* RFC 3515: what became of a REFER. */
	sip_becomes(SIP_MESSAGE(
	    "NOTIFY",
	    "Event: refer\r\nc: message/sipfrag;version=2.0\r\nl: ^#^\r\n\r\nSIP/2.0 200 OK"));
	sip_becomes(SIP_MESSAGE(
	    "NOTIFY", "c: message/sipfrag\r\nl: ^#^\r\n\r\nINVITE sip:a@^10.0.0.9|5060^ SIP/2.0\r\n"
		      "From: <sip:b@^10.0.0.8^>\r\nContact: <sip:b@^10.0.0.8|5060^>\r\nVia: "
		      "SIP/2.0/UDP 10.0.0.8\r\n"
		      "Call-ID: 1@10.0.0.8\r\nContent-Length: 99\r\n\r\n"));
	ck_assert_uint_eq(laws_findings()->mentions[1].role, ROLE_NAME);
}
END_TEST

#define MULTIPART                                                                                  \
	"m: <sip:a@^10.0.0.9|5060^>\r\nContent-Type: "                                             \
	"multipart/mixed;boundary=\"b-1\"\r\nContent-Length: ^#^\r\n\r\n"
#define SDP_PART "v=0\r\nc=IN IP4 ^10.0.0.9^\r\nm=image ^4000^ udptl t38"
#define SDP_LEFT "v=0\r\nc=IN IP4 10.0.0.9\r\nm=image 4000 udptl t38"

/* A length that is not right makes the whole suspect: a line that only begins as the boundary is
 * text of the part. */
START_TEST(multipart_length)
{
	laws_options(ALG_OPTION_MULTIPART);
	sip_stays(SIP_MESSAGE("INVITE",
			      "m: <sip:10.0.0.9>\r\nc: multipart/mixed;boundary=b\r\n\r\n--b\r\nc: "
			      "application/sdp\r\n\r\n" SDP_LEFT
			      "\r\n--b\r\nl: 2\r\n\r\nab\r\n--bc\r\n--b--\r\n"),
		  NOTE_MALFORMED);
}
END_TEST

START_TEST(multipart_parts)
{
	const struct findings *found;

	laws_options(ALG_OPTION_MULTIPART);
	found = sip_becomes(SIP_MESSAGE(
	    "INVITE", MULTIPART
	    "c=IN IP4 10.0.0.1\r\n--b-1\r\nContent-Type: application/sdp\r\n"
	    "Content-Length: ^=^\r\nContent-ID: <10.0.0.1>\r\n\r\n" SDP_PART
	    "\r\n--b-1  \r\nContent-Type: application/isup\r\nContent-Length: 8\r\n\r\n10.0.0.9"
	    "\r\n--b-1\r\n\r\n10.0.0.9\r\n--b-1\r\nc: application/sdp\r\n\r\n" SDP_PART
	    "\r\n--b-1--\r\n10.0.0.9"));
	ck_assert_uint_eq(found->n_dependents, 3);
	ck_assert_uint_eq(found->mentions[found->n_mentions - 1].medium, 1);
	ck_assert_uint_eq(found->note, NOTE_NONE);
}
END_TEST

START_TEST(multipart_nested)
{
	laws_options(ALG_OPTION_MULTIPART);
	sip_becomes(SIP_MESSAGE("INVITE", MULTIPART
				"--b-1\r\nc: multipart/alternative;boundary=x\r\n\r\n--x\r\nc: "
				"multipart/related; boundary=y\r\n\r\n"
				"--y\r\nc: application/sdp\r\nl: ^=^\r\n\r\n" SDP_PART
				"\r\n--y--\r\n--x--\r\n--b-1--"));
	ck_assert_uint_eq(laws_findings()->note, NOTE_NONE);
	/* One deeper is too deep. */
	sip_becomes(SIP_MESSAGE(
	    "INVITE", MULTIPART
	    "--b-1\r\nc: multipart/alternative;boundary=x\r\n\r\n--x\r\nc: multipart/related; "
	    "boundary=y\r\n\r\n"
	    "--y\r\nc: multipart/mixed;boundary=z\r\n\r\n--z\r\nc: application/sdp\r\n\r\n" SDP_LEFT
	    "\r\n--z--\r\n--y--\r\n--x--\r\n--b-1--"));
	ck_assert_uint_eq(laws_findings()->note, NOTE_MULTIPART);
}
END_TEST

START_TEST(multipart_left)
{
	/* Not switched on: the header fields are changed, the body is not. */
	sip_becomes(SIP_MESSAGE("INVITE", MULTIPART "--b-1\r\nc: application/sdp\r\n\r\n" SDP_LEFT
						    "\r\n--b-1--\r\n"));
	ck_assert_uint_eq(laws_findings()->note, NOTE_MULTIPART_OFF);
	sip_becomes(SIP_MESSAGE("INVITE", MULTIPART
				"--b-1\r\nc: multipart/related; boundary=y\r\n\r\n--y\r\nc: application/isup\r\n\r\n-"
				"\r\n--y\r\nc: application/SDP\r\n\r\n" SDP_LEFT "\r\n--y--\r\n--b-1--"));
	ck_assert_uint_eq(laws_findings()->note, NOTE_MULTIPART_OFF);
	sip_becomes(SIP_MESSAGE("INVITE", MULTIPART
				"--b-1\r\nc: application/isup\r\n\r\napplication/sdp\r\n--b-1--\r\n"));
	ck_assert_uint_eq(laws_findings()->note, NOTE_MULTIPART);
	laws_options(ALG_OPTION_MULTIPART);
	sip_becomes(SIP_MESSAGE(
	    "INVITE", "m: <sip:^10.0.0.9|5060^>\r\nc: multipart/signed;boundary=b\r\n\r\n--b\r\nc: "
		      "application/sdp\r\n\r\n" SDP_LEFT "\r\n--b--\r\n"));
	ck_assert_uint_eq(laws_findings()->note, NOTE_SIGNED);
	sip_becomes(SIP_MESSAGE(
	    "INVITE", MULTIPART
	    "--b-1\r\nc: application/sdp\r\nContent-Transfer-Encoding: base64\r\n\r\n" SDP_LEFT
	    "\r\n--b-1--\r\n"));
	ck_assert_uint_eq(laws_findings()->note, NOTE_ENCODED);
	sip_becomes(SIP_MESSAGE(
	    "INVITE",
	    "m: <sip:^10.0.0.9|5060^>\r\ne: gzip\r\nc: application/sdp\r\n\r\n" SDP_LEFT));
	ck_assert_uint_eq(laws_findings()->note, NOTE_ENCODED);
	/* It does not end, or has no boundary. */
	sip_stays(SIP_MESSAGE("INVITE",
			      "m: <sip:10.0.0.9>\r\nc: multipart/mixed;boundary=b\r\n\r\n--b\r\nc: "
			      "application/sdp\r\n\r\n" SDP_LEFT "\r\n"),
		  NOTE_MALFORMED);
	sip_stays(
	    SIP_MESSAGE("INVITE",
			"m: <sip:10.0.0.9>\r\nc: multipart/mixed\r\n\r\n--b\r\n\r\n--b--\r\n"),
	    NOTE_MALFORMED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alg_sdp");
	TCase *tc = tcase_create("sdp");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, one_medium);
	tcase_add_test(tc, c_of_each_medium);
	tcase_add_test(tc, closed);
	tcase_add_test(tc, hold);
	tcase_add_test(tc, different_addresses);
	tcase_add_test(tc, rtcp_apart);
	tcase_add_test(tc, line_breaks);
	tcase_add_test(tc, rtcp);
	tcase_add_test(tc, transports);
	tcase_add_test(tc, not_understood);
	tcase_add_test(tc, tcp_setup);
	tcase_add_test(tc, msrp);
	tcase_add_test(tc, ice);
	tcase_add_test(tc, keep_ice);
	tcase_add_test(tc, not_ours);
	tcase_add_test(tc, malformed);
	tcase_add_test(tc, too_many);
	tcase_add_test(tc, fragments);
	tcase_add_test(tc, multipart_length);
	tcase_add_test(tc, multipart_parts);
	tcase_add_test(tc, multipart_nested);
	tcase_add_test(tc, multipart_left);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
