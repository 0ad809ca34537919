/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIP over TCP through the engine: connections that carry requests both ways, and those that are opened to what was announced. */
#include "phonetcp.h"
#include "suite.h"

#define THERE  "m=audio 6000 RTP/AVP 0\r\n"

/* HOST(5) connects to the proxy. */
static void connect_out(struct connection *c, uint16_t port)
{
	connect_from(c, (struct endpoint){HOST(5), port}, (struct endpoint){PROXY, 5060});
}

/* A message of this call; `contact` with its parameters. */
static const char *text_of(const char *first, const char *method, int call, const char *via, const char *contact, const char *sdp)
{
	static char texts[4][1500];
	static unsigned n;
	char *text = texts[n++ % 4];

	snprintf(text, sizeof(texts[0]),
		 "%s\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bK%d;alias\r\n"
		 "From: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>%s\r\n"
		 "Call-ID: call%d\r\nCSeq: 1 %s\r\nContact: <sip:u@%s\r\n%sContent-Length: %u\r\n\r\n%s",
		 first, via, call, strncmp(first, "SIP", 3) == 0 || strcmp(method, "BYE") == 0 ? ";tag=t" : "", call, method,
		 contact,
		 sdp != NULL ? "Content-Type: application/sdp\r\n" : "", (unsigned)(sdp != NULL ? strlen(sdp) : 0),
		 sdp != NULL ? sdp : "");
	return text;
}

static bool comes_in(int peer, uint16_t port)
{
	struct pkt p;
	enum reason reason = rtp_in(peer, 6000, FACE, port, &p);

	return reason == REASON_TRANSLATED || reason == REASON_TRANSLATED_NEW;
}

static void register_by(struct connection *c, const char *contact)
{
	char first[] = "REGISTER sip:example.com SIP/2.0", global[200];
	char *at;

	talk_out(c, text_of(first, "REGISTER", 9, "10.0.0.5:49152", contact, NULL));
	HAS_NOT("10.0.0.5");
	at = strstr(got, "Contact: <sip:u@") + 16;
	snprintf(global, sizeof(global), "%.*s", (int)strcspn(at, "\r"), at);
	talk_in(c, text_of("SIP/2.0 200 OK", "REGISTER", 9, "203.0.113.1:49152", global, NULL));
	HAS(contact);
	ck_assert_uint_eq(calls_now().registered, 1);
}

/* ---- */

/* The proxy has no other way to a phone than the connection that the phone made (RFC 5626, RFC 5923). */
START_TEST(a_call_comes_by_the_phones_own_connection)
{
	struct connection c;
	const char *bye;
	char half[200];

	masquerade();
	connect_out(&c, 49152);
	register_by(&c, "10.0.0.5:49152;transport=tcp;ob>;expires=3600");
	for (int i = 0; i < 20; i++) {
		lab_wait(&lab, 120);
		talk_out(&c, "\r\n\r\n");
		ck_assert_str_eq(got, "\r\n\r\n");
		talk_in(&c, "\r\n");
		ck_assert_str_eq(got, "\r\n");
	}
	talk_in(&c, text_of("INVITE sip:u@203.0.113.1:49152;transport=tcp;ob SIP/2.0", "INVITE", 1, "198.51.100.1:5060",
			    "198.51.100.1:5060;transport=tcp>", sdp_of("198.51.100.2", THERE)));
	HAS("INVITE sip:u@10.0.0.5:49152;transport=tcp;ob SIP/2.0");
	talk_out(&c, text_of("SIP/2.0 200 OK", "INVITE", 1, "198.51.100.1:5060", "10.0.0.5:49152;transport=tcp;ob>",
			     sdp_of("10.0.0.5", AUDIO)));
	HAS("Contact: <sip:u@203.0.113.1:49152;transport=tcp;ob>");
	HAS("c=IN IP4 203.0.113.1\r\n");
	HAS_NOT("10.0.0.5");
	ck_assert_uint_eq(calls_now().up, 1);
	ck_assert(comes_in(2, 4000) && comes_in(2, 4001));
	ck_assert(!comes_in(9, 4000));
	bye = text_of("BYE sip:u@203.0.113.1:49152;transport=tcp;ob SIP/2.0", "BYE", 1, "198.51.100.1:5060", "198.51.100.1:5060>",
		      NULL);
	snprintf(half, sizeof(half), "%.30s", bye);
	talk_in(&c, half);
	ck_assert_str_eq(got, "");
	ck_assert_uint_eq(calls_now().up, 1);
	send_as(&c.outside, &c.inside, false, F_ACK | F_PUSH, bye + 30);
	HAS("BYE sip:u@10.0.0.5:49152;transport=tcp;ob SIP/2.0");
	ck_assert_uint_eq(calls_now().over, 1);
}
END_TEST

/* The phone listens at 5060: the registrar connects to that, others do not. */
START_TEST(a_call_comes_by_a_connection_of_its_own)
{
	struct endpoint there = {FACE, 5060};
	struct connection c, new;

	masquerade();
	connect_out(&c, 49152);
	register_by(&c, "10.0.0.5:5060;transport=tcp>;expires=3600");
	lab_wait(&lab, 3000);
	ck_assert(!connect_in(&new, PEER(9), 33000, there));
	ck_assert(connect_in(&new, PROXY, 33000, there));
	ck_assert_uint_eq(new.inside.own.addr, HOST(5));
	ck_assert_uint_eq(new.inside.own.port, 5060);
	talk_in(&new, text_of("INVITE sip:u@203.0.113.1;transport=tcp SIP/2.0", "INVITE", 1, "198.51.100.1:5060",
			      "198.51.100.1:5060;transport=tcp>", sdp_of("198.51.100.2", THERE)));
	HAS("INVITE sip:u@10.0.0.5;transport=tcp SIP/2.0");
	/* It may answer by either. */
	talk_out(&new, text_of("SIP/2.0 200 OK", "INVITE", 1, "198.51.100.1:5060", "10.0.0.5:5060;transport=tcp>",
			       sdp_of("10.0.0.5", AUDIO)));
	HAS_NOT("10.0.0.5");
	ck_assert_uint_eq(calls_now().up, 1);
	ck_assert(comes_in(2, 4000));
}
END_TEST

/* A proxy keeps one connection to an exchange inside and sends all calls by it, as many in a segment as there are. */
START_TEST(a_trunk_on_one_connection)
{
	static const char *const media[] = {"m=audio 4000 RTP/AVP 0\r\n", "m=audio 4100 RTP/AVP 0\r\n"};
	char both[3000];
	struct connection c;

	lab_static(&lab, 1, P_TCP, HOST(5), 5060, FACE, 5060);
	masquerade();
	ck_assert(connect_in(&c, PROXY, 33000, (struct endpoint){FACE, 5060}));
	for (int i = 0; i < 2; i++)
		snprintf(both + (i == 0 ? 0 : strlen(both)), 1500, "%s",
			 text_of("INVITE sip:u@203.0.113.1;transport=tcp SIP/2.0", "INVITE", 1 + i, "198.51.100.1:5060",
				 "198.51.100.1:5060;transport=tcp>", sdp_of("198.51.100.2", THERE)));
	talk_in(&c, both);
	ck_assert_ptr_nonnull(strstr(strstr(got, "INVITE sip:u@10.0.0.5;") + 10, "INVITE sip:u@10.0.0.5;"));
	HAS_NOT("203.0.113.1");
	for (int i = 0; i < 2; i++)
		snprintf(both + (i == 0 ? 0 : strlen(both)), 1500, "%s",
			 text_of("SIP/2.0 200 OK", "INVITE", 1 + i, "198.51.100.1:5060", "10.0.0.5:5060;transport=tcp>",
				 sdp_of("10.0.0.5", media[i])));
	talk_out(&c, both);
	HAS_NOT("10.0.0.5");
	ck_assert_uint_eq(calls_now().up, 2);
	ck_assert(comes_in(2, 4000) && comes_in(2, 4100));
	talk_in(&c, text_of("BYE sip:u@203.0.113.1 SIP/2.0", "BYE", 1, "198.51.100.1:5060", "198.51.100.1:5060>", NULL));
	HAS("BYE sip:u@10.0.0.5 SIP/2.0");
	ck_assert_uint_eq(calls_now().up, 1);
	lab_wait(&lab, 40);
	ck_assert(!comes_in(2, 4000));
	ck_assert(comes_in(2, 4100));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("SIP over TCP through the engine");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 300);
	tcase_add_test(t, a_call_comes_by_the_phones_own_connection);
	tcase_add_test(t, a_call_comes_by_a_connection_of_its_own);
	tcase_add_test(t, a_trunk_on_one_connection);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_main(suite());
}
