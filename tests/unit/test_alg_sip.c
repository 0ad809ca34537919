/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SIP gateway as a function of bytes: header fields, calls, streams. */
#include "alg/sip_kind.h"
#include "siplab.h"
#include "suite.h"

static void setup(void)
{
	memset(state, 0, sizeof(state));
	laws_options(0);
}

/* ---- header fields ---- */

START_TEST(invite)
{
	const struct findings *found = sip_becomes(
	    "INVITE sip:100@192.0.2.1 SIP/2.0\r\n"
	    "Via: SIP/2.0/UDP ^10.0.0.9:5060^;branch=z9hG4bK776;rport\r\n"
	    "Max-Forwards: 70\r\n"
	    "From: \"10.0.0.9 <sip:x@10.0.0.9>\" <sip:200@^10.0.0.9^>;tag=1928301774\r\n"
	    "To: <sip:100@192.0.2.1>\r\n"
	    "Call-ID: a84b4c76e66710@10.0.0.9\r\n"
	    "CSeq: 314159 INVITE\r\n"
	    "Contact: \"A\" "
	    "<sip:200@^10.0.0.9:5060^;transport=udp>;+sip.instance=\"<urn:uuid:1,2;3>\";q=0.5\r\n"
	    "Authorization: Digest username=\"200\", uri=\"sip:10.0.0.9\", nonce=\"10.0.0.9\"\r\n"
	    "User-Agent: 10.0.0.9\r\n"
	    "Session-Expires: 1800;refresher=uac\r\n"
	    "Content-Type: application/sdp\r\n"
	    "Content-Length: ^#^\r\n\r\n"
	    "v=0\r\no=- 1 1 IN IP4 ^10.0.0.9^\r\ns=-\r\nc=IN IP4 ^10.0.0.9^\r\nt=0 0\r\n"
	    "m=audio ^4000^ RTP/AVP 0\r\n^+a=rtcp:$4001$\r\n^");

	ck_assert_str_eq(found->message, "INVITE");
	ck_assert_str_eq(found->caller, "200@10.0.0.9");
	ck_assert_str_eq(found->callee, "100@192.0.2.1");
	ck_assert_uint_eq(found->key_length, 23);
	ck_assert_mem_eq(found->key, "a84b4c76e66710@10.0.0.9", 23);
	ck_assert_uint_eq(found->lifetime_s, 1800);
	ck_assert_uint_eq(found->branch, 0);
	/* First, so that Via finds what is made for it. */
	ck_assert_uint_eq(found->mentions[0].role, ROLE_SIGNAL);
	ck_assert_uint_eq(found->mentions[0].protocol, 17);
	ck_assert_uint_eq(found->mentions[0].child, ALG_SIP);
}
END_TEST

/* Compact, folded, LF alone, white space where the grammar allows some. */
START_TEST(forms)
{
	sip_becomes("INVITE sip:^10.0.0.7|5060^;user=phone?Subject=10.0.0.1 SIP/2.0\n"
		    "v:SIP / 2.0 / UDP\n  ^10.0.0.9:5060^ ;branch=z9hG4bK1 ,SIP/2.0/TCP "
		    "^10.0.0.8|5060^;ttl=1\n"
		    "f:\n sip:a@^10.0.0.9^\n ;tag=1\n"
		    "t :sip:b@^10.0.0.7:5070^ ; x=\"y,z\"\n"
		    "i:1\nCSEQ:1\n INVITE\n"
		    "M:sip:a@^10.0.0.9|5060^ ,\n\t<sips:c@^10.0.0.6|5061^;lr>;q=1, *\n"
		    "r: <sip:c@^10.0.0.5|5060^>\nb: sip:d@^10.0.0.4^\n"
		    "c:application/sdp;charset=utf-8\nl: ^#^ \n\n"
		    "v=0\nc=IN IP4 ^10.0.0.9^\nm=image ^4000^ udptl t38\n");
}
END_TEST

START_TEST(every_header)
{
	static const char *const places[] = {
	    "Contact", "m", "Route", "Record-Route", "Path", "Service-Route", "Refer-To", "r"};
	static const char *const identities[] = {"Referred-By",		"b",
						 "P-Asserted-Identity", "P-Preferred-Identity",
						 "Remote-Party-ID",	"Diversion",
						 "History-Info",	"Reply-To",
						 "P-Associated-URI",	"p-called-party-id",
						 "P-Charge-Info",	"P-Served-User"};
	static const char *const others[] = {
	    "Authorization", "Proxy-Authorization", "WWW-Authenticate", "In-Reply-To", "Replaces",
	    "Join",	     "Target-Dialog",	    "Subject",		"X-Contact",   "User-Agent",
	    "Date"};
	char text[1024];

	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(
		    text, sizeof(text),
		    SIP_MESSAGE("REFER",
				"%s: <sip:a@^10.0.0.9|5060^>, <sip:b@^10.0.0.8:5062^;lr>\r\n\r\n"),
		    places[i]);
		sip_becomes(text);
	}
	for (unsigned i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
		snprintf(text, sizeof(text),
			 SIP_MESSAGE("INVITE",
				     "%s: <sip:a@^10.0.0.9^>;x, <sip:b@^10.0.0.8:5062^>\r\n\r\n"),
			 identities[i]);
		sip_becomes(text);
	}
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(text, sizeof(text),
			 SIP_MESSAGE("INVITE", "%s: <sip:a@10.0.0.9:5060>\r\n\r\n"), others[i]);
		ck_assert_uint_eq(sip_becomes(text)->n_mentions, 0);
	}
}
END_TEST

/* IPv6, names, what only looks like an address, other schemes. */
START_TEST(not_ours)
{
	static const char *const uris[] = {
	    "<sip:a@[2001:db8::9]:5060>",
	    "<sip:a@pbx.example.com>",
	    "<sip:a@10.0.0.9.example.com>",
	    "<sip:10.0.0.9@h>",
	    "<sip:a@10.0.0>",
	    "<sip:a@10.0.0.256>",
	    "<sip:a@10.0.0.09>",
	    "<sip:a@10.0.0.9x>",
	    "<tel:10.0.0.9>",
	    "<http://10.0.0.9:80/>",
	    "<sip:a@10.0.0.9:0>",
	    "<sip:a@h?Route=%3Csip:10.0.0.9%3E>",
	    "<sip:h?x=b@10.0.0.9>",
	    "\"<sip:a@10.0.0.9>\" <sip:h>",
	    "*",
	    "<>",
	    "<sip:>",
	    "<sip:@>",
	    "",
	};
	char text[1024];

	for (unsigned i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		snprintf(text, sizeof(text), SIP_MESSAGE("INVITE", "Contact: %s\r\n\r\n"), uris[i]);
		ck_assert_uint_eq(sip_becomes(text)->n_mentions, 0);
		ck_assert_uint_eq(laws_findings()->note, NOTE_NONE);
	}
}
END_TEST

START_TEST(uri_forms)
{
	static const char *const uris[] = {
	    "<sip:a;b?c@h;d>", /* a user may look like that; no host of ours */
	    "<sip:alice:secret@^10.0.0.9:5060^;transport=tcp?X=10.0.0.9>",
	    "sip:^10.0.0.9|5060^",
	    "<SIP:a@^10.0.0.9|5060^;maddr=^10.0.0.8^;lr>",
	    "<sip:a@^10.0.0.9|5061^;transport=tls>",
	    "\"q \\\" <\" <sip:a@^10.0.0.9|5060^>;x=\"<sip:10.0.0.1>,\"",
	    "A B <sip:%61@^10.0.0.9:65535^>",
	    "<sip:c@^10.0.0.9|5060^?Replaces=12%40h%3Bto-tag%3D7%3Bfrom-tag%3D10.0.0.9&Require="
	    "replaces>",
	    "<sip:10.0.0.1;x@^10.0.0.9|5060^>",
	    "<sip:10.0.0.9 :5060>", /* only in Via may white space stand there */
	    "<sip:10.0.0.9\r\n :5060>",
	};
	char text[1024];

	for (unsigned i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		snprintf(text, sizeof(text), SIP_MESSAGE("REFER", "Refer-To: %s\r\n\r\n"), uris[i]);
		sip_becomes(text);
	}
}
END_TEST

static const struct mention *contact_of(const char *value)
{
	char text[512];

	snprintf(text, sizeof(text), SIP_MESSAGE("OPTIONS", "m: %s\r\n\r\n"), value);
	return &sip_found(text)->mentions[0];
}

START_TEST(protocols)
{
	ck_assert_uint_eq(contact_of("<sip:10.0.0.9>")->protocol, 0);
	ck_assert_uint_eq(contact_of("<sip:10.0.0.9;transport=UDP>")->protocol, 17);
	ck_assert_uint_eq(contact_of("<sip:10.0.0.9;transport=tcp>")->protocol, 6);
	ck_assert_uint_eq(contact_of("<sips:10.0.0.9>")->protocol, 6);
	ck_assert_uint_eq(contact_of("<sips:10.0.0.9>")->at.port, 5061);
}
END_TEST

/* A byte of zero ends nothing: what stands before it is no host. Negative control: a semicolon does. */
START_TEST(zero_byte)
{
	static const char form[] = "OPTIONS sip:10.0.0.7~x SIP/2.0\r\nv:SIP/2.0/UDP h\r\nf:<sip:a@h>;"
				   "tag=1\r\nt:<sip:b@h>\r\ni:1\r\nCSeq:1 OPTIONS\r\n\r\n";
	uint8_t text[sizeof(form)];

	for (unsigned i = 0; i < 2; i++) {
		memcpy(text, form, sizeof(form));
		*(uint8_t *)memchr(text, '~', sizeof(form)) = i == 0 ? ';' : '\0';
		ck_assert_int_eq(laws_message(ALG_SIP, state, FROM_CLIENT, text, sizeof(form) - 1, false),
				 SCAN_OK);
		ck_assert_str_eq(laws_findings()->message, "OPTIONS");
		ck_assert_uint_eq(laws_findings()->n_mentions, i == 0);
	}
}
END_TEST

/* What a server has seen of us (RFC 3581), on its way back. */
START_TEST(seen)
{
	static const char *const values[] = {
	    "SIP/2.0/UDP ^10.0.0.9:5060^;received=^10.0.0.9^;rport=^5060^;branch=z9hG4bK1",
	    "SIP/2.0/UDP ^10.0.0.9|5060^;rport=^5062^;received=^10.0.0.8^",
	    "SIP/2.0/UDP ^10.0.0.9|5060^;rport=^5062^",
	    "SIP/2.0/UDP ^10.0.0.9|5060^;received=^10.0.0.9^",
	    "SIP/2.0/UDP ^10.0.0.9|5060^;rport;branch=1",
	    "SIP/2.0/TLS ^10.0.0.9|5061^",
	    "SIP/2.0/UDP h.example:5060;received=^10.0.0.9^;rport=^5060^",
	    "SIP/2.0/UDP h.example;maddr=^10.0.0.9^;rport=5060",
	    "SIP/2.0/UDP [2001:db8::1];received=^10.0.0.9^",
	    "SIP/2.0/UDP ^10.0.0.9 : 5060^;maddr=224.0.1.75",
	    /* Not this protocol's, or no number. */
	    "SIP/3.0/UDP 10.0.0.9:5060",
	    "XSIP/2.0/UDP 10.0.0.9:5060",
	    "SIP/2.0/UDP",
	    "SIP/2.0",
	    "SIP/2.0/UDP ^10.0.0.9|5060^;rport=65536;received=10.0.0.256",
	    "SIP/2.0/UDP ^10.0.0.9|5060^;rport=0",
	    /* The second one is none. */
	    "SIP/2.0/UDP ^10.0.0.9|5060^;rport=^5062^;rport=0",
	};
	char text[1024];

	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(text, sizeof(text),
			 "SIP/2.0 200 OK\r\nVia: %s\r\nf: <sip:a@h>;tag=1\r\nt: "
			 "<sip:b@h>;tag=2\r\ni: 1\r\nCSeq: 1 OPTIONS\r\n\r\n",
			 values[i]);
		sip_becomes(text);
	}
}
END_TEST

/* ---- registrations ---- */

START_TEST(registers)
{
	const struct findings *found = sip_becomes(SIP_MESSAGE(
	    "REGISTER",
	    "Contact: <sip:a@^10.0.0.9:5060^>;expires=120, <sip:a@^10.0.0.8|5060^>, "
	    "<sip:a@^10.0.0.7|5060^>;expires=0\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n"));

	ck_assert_uint_eq(found->said, SAID_REGISTER);
	ck_assert_uint_eq(found->lifetime_s, 600);
	ck_assert_uint_eq(found->mentions[0].role, ROLE_SIGNAL);
	ck_assert_uint_eq(found->mentions[0].lifetime_s, 120);
	ck_assert_uint_eq(found->mentions[1].lifetime_s, 600);
	ck_assert_uint_eq(found->mentions[2].role, ROLE_NAME);
	found = sip_found(SIP_MESSAGE("REGISTER", "Contact: <sip:a@10.0.0.9>\r\n\r\n"));
	ck_assert_uint_eq(found->lifetime_s, 3600);
	found = sip_found(SIP_MESSAGE("REGISTER", "Contact: *\r\nExpires: 0\r\n\r\n"));
	ck_assert_uint_eq(found->said, SAID_REGISTER);
	ck_assert_uint_eq(found->lifetime_s, 0);
	found = sip_found(
	    SIP_MESSAGE("REGISTER", "Contact: <sip:10.0.0.9>;expires=99999999999\r\n\r\n"));
	ck_assert_uint_eq(found->lifetime_s, UINT32_MAX);
	/* Only asks. */
	ck_assert_uint_eq(sip_found(SIP_MESSAGE("REGISTER", "\r\n"))->said, SAID_NOTHING);
}
END_TEST

START_TEST(registered)
{
	const struct findings *found = sip_becomes(
	    SIP_REPLY("200 OK", "REGISTER",
		      "Contact: <sip:a@^10.0.0.9:5060^>;expires=60\r\n"
		      "Contact: <sip:a@^10.0.0.8:5060^>;expires=50\r\nExpires: 600\r\n\r\n"));

	ck_assert_uint_eq(found->said, SAID_REGISTERED);
	ck_assert_uint_eq(found->lifetime_s, 60);
	ck_assert_str_eq(found->message, "200 REGISTER");
	ck_assert_uint_eq(found->mentions[1].lifetime_s, 50);
	ck_assert_uint_eq(sip_found(SIP_REPLY("200 OK", "REGISTER", "\r\n"))->lifetime_s, 0);
	ck_assert_uint_eq(sip_found(SIP_REPLY("401 No", "REGISTER", "\r\n"))->said, SAID_NOTHING);
	/* Somebody else to look for. */
	found =
	    sip_found(SIP_REPLY("302 Moved", "INVITE", "Contact: <sip:a@10.0.0.9:5060>\r\n\r\n"));
	ck_assert_uint_eq(found->mentions[0].role, ROLE_NAME);
	/* A subscription is refreshed as well; a call's contact has no lifetime. */
	found = sip_found(
	    SIP_MESSAGE("SUBSCRIBE", "Contact: <sip:a@10.0.0.9>\r\nExpires: 300\r\n\r\n"));
	ck_assert_uint_eq(found->mentions[0].lifetime_s, 300);
	found = sip_found(
	    SIP_MESSAGE("INVITE", "Contact: <sip:a@10.0.0.9>;expires=9\r\nExpires: 300\r\n\r\n"));
	ck_assert_uint_eq(found->mentions[0].lifetime_s, 0);
}
END_TEST

/* ---- calls ---- */

START_TEST(says)
{
	static const struct {
		const char *text;
		enum said said;
	} rows[] = {
	    {SIP_MESSAGE("INVITE", "\r\n"), SAID_BEGIN},
	    {SIP_REPLY("100 Trying", "INVITE", "\r\n"), SAID_NOTHING},
	    {SIP_REPLY("180 Ringing", "INVITE", "\r\n"), SAID_PROGRESS},
	    {SIP_REPLY("183 Progress", "INVITE", "\r\n"), SAID_PROGRESS},
	    {SIP_REPLY("200 OK", "INVITE", "\r\n"), SAID_UP},
	    {SIP_REPLY("302 Moved", "INVITE", "\r\n"), SAID_FAILED},
	    {SIP_REPLY("407 Who", "INVITE", "\r\n"), SAID_FAILED},
	    {SIP_REPLY("487 Gone", "INVITE", "\r\n"), SAID_FAILED},
	    {SIP_REPLY("603", "INVITE", "\r\n"), SAID_FAILED},
	    {SIP_MESSAGE("ACK", "\r\n"), SAID_NOTHING},
	    {SIP_MESSAGE("ACK", "c: application/sdp\r\n\r\nv=0\r\n"), SAID_PROGRESS},
	    {SIP_MESSAGE("PRACK", "\r\n"), SAID_PROGRESS},
	    {SIP_MESSAGE("UPDATE", "\r\n"), SAID_PROGRESS},
	    {SIP_REPLY("200 OK", "UPDATE", "\r\n"), SAID_PROGRESS},
	    {SIP_REPLY("491 Later", "UPDATE", "\r\n"), SAID_NOTHING},
	    {SIP_MESSAGE("CANCEL", "\r\n"), SAID_FAILED},
	    {SIP_REPLY("200 OK", "CANCEL", "\r\n"), SAID_NOTHING},
	    {SIP_MESSAGE("BYE", "\r\n"), SAID_END},
	    {SIP_REPLY("200 OK", "BYE", "\r\n"), SAID_NOTHING},
	    {SIP_MESSAGE("OPTIONS", "\r\n"), SAID_NOTHING},
	    {SIP_MESSAGE("INFO", "\r\n"), SAID_NOTHING},
	    {SIP_MESSAGE("invite", "\r\n"), SAID_NOTHING},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(sip_found(rows[i].text)->said == rows[i].said, "%s", rows[i].text);
}
END_TEST

static uint32_t branch_of(const char *from, const char *to)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP h\r\nf: <sip:a@h>%s\r\nt: <sip:b@h>%s\r\ni: "
		 "1\r\nCSeq: 1 INVITE\r\n\r\n",
		 from, to);
	return sip_found(text)->branch;
}

/* The same dialog whoever speaks; another answer is another one. */
/* What is counted of each, as the platform tells them apart. */
START_TEST(kinds)
{
	static const struct {
		const char *text;
		uint64_t kinds;
	} cases[] = {
		{SIP_MESSAGE("INVITE", "l: 0\r\n\r\n"), SIP_KIND_BIT(SIP_INVITE)},
		{SIP_MESSAGE("INVITE", "\r\n"), SIP_KIND_BIT(SIP_INVITE) | SIP_KIND_BIT(SIP_NO_LENGTH)},
		{SIP_MESSAGE("invite", "l: 0\r\n\r\n"), SIP_KIND_BIT(SIP_OTHER_REQUEST)},
		{SIP_MESSAGE("OPTIONS", "l: 0\r\n\r\n"), SIP_KIND_BIT(SIP_OPTIONS)},
		{SIP_REPLY("200 OK", "PRACK", "l: 0\r\n\r\n"), SIP_KIND_BIT(SIP_PRACK_OK)},
		{SIP_REPLY("200 OK", "OPTIONS", "l: 0\r\n\r\n"), SIP_KIND_BIT(SIP_OTHER_OK)},
		{SIP_REPLY("202 Accepted", "REFER", "l: 0\r\n\r\n"), SIP_KIND_BIT(SIP_2XX)},
		{SIP_REPLY("100 Trying", "INVITE", "l: 0\r\n\r\n"), SIP_KIND_BIT(SIP_TRYING)},
		{SIP_REPLY("183 So far", "INVITE", "l: 0\r\n\r\n"), SIP_KIND_BIT(SIP_SESSION_PROGRESS)},
		{SIP_REPLY("199 Gone", "INVITE", "l: 0\r\n\r\n"), SIP_KIND_BIT(SIP_1XX)},
		{SIP_REPLY("486 Busy", "INVITE", "l: 0\r\n\r\n"), SIP_KIND_BIT(SIP_3XX_TO_6XX)},
		{SIP_MESSAGE("INVITE", "l: x\r\n\r\n"), SIP_KIND_BIT(SIP_BAD_HEADER)},
		{SIP_MESSAGE("INVITE", "l: 3\r\nc: application/sdp\r\n\r\nx=0"), SIP_KIND_BIT(SIP_BAD_BODY)},
		{SIP_MESSAGE("ACK", "l: 44\r\nc: application/sdp\r\n\r\nv=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 0 RTP/AVP 0\r\n"),
		 SIP_KIND_BIT(SIP_ACK) | SIP_KIND_BIT(SIP_PORT_ZERO) | SIP_KIND_BIT(SIP_ADDRESS_ZERO)},
		{"OPTIONS sip:a SIP/2.0\r\nv: SIP/2.0/UDP a\r\nf: <sip:a>\r\nt: <sip:a>\r\nCSeq: 1 OPTIONS\r\n\r\n",
		 SIP_KIND_BIT(SIP_BAD_HEADER) | SIP_KIND_BIT(SIP_NO_CALL_ID)},
		{"no message\r\n\r\n", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct findings *found = sip_becomes(cases[i].text);

		ck_assert_msg(found->kinds == cases[i].kinds, "case %zu: %llx", i, (unsigned long long)found->kinds);
	}
}
END_TEST

START_TEST(branches)
{
	ck_assert_uint_ne(branch_of(";tag=x", ";tag=y"), 0);
	ck_assert_uint_eq(branch_of(";tag=x", ";tag=y"), branch_of(";tag=y", ";a;TAG=x"));
	ck_assert_uint_ne(branch_of(";tag=x", ";tag=y"), branch_of(";tag=x", ";tag=z"));
	ck_assert_uint_eq(branch_of(";tag=x", ""), 0);
}
END_TEST

START_TEST(keys)
{
	char text[1024], id[200];
	uint8_t key[FINDING_KEY];

	memset(id, 'a', sizeof(id));
	id[150] = '\0';
	snprintf(text, sizeof(text),
		 "BYE sip:h SIP/2.0\r\nv: SIP/2.0/UDP h\r\nf: <sip:a@h>\r\nt: <sip:b@h>\r\ni: "
		 "%s\r\nCSeq: 1 BYE\r\n\r\n",
		 id);
	ck_assert_uint_eq(sip_found(text)->key_length, FINDING_KEY);
	memcpy(key, laws_findings()->key, sizeof(key));
	sip_found(text);
	ck_assert_mem_eq(key, laws_findings()->key, sizeof(key));
	/* Different at the end only. */
	*(strstr(text, "\r\nCSeq") - 1) = 'b';
	sip_found(text);
	ck_assert_mem_ne(key, laws_findings()->key, sizeof(key));
}
END_TEST

/* ---- lengths ---- */

START_TEST(lengths)
{
	/* Said twice, with zeros in front, not said at all. */
	sip_becomes(SIP_MESSAGE("INVITE",
				"l: ^#^\r\nContent-Length: ^#^\r\nc: application/sdp\r\n\r\n"
				"v=0\r\no=- 1 1 IN IP4 ^10.0.0.9^\r\n"));
	sip_becomes(SIP_MESSAGE(
	    "INVITE", "m: <sip:^10.0.0.9|5060^>\r\nl: 0005\r\nc: text/plain\r\n\r\nhello"));
	sip_becomes(SIP_MESSAGE("INVITE",
				"c: application/sdp\r\n\r\nv=0\r\no=- 1 1 IN IP4 ^10.0.0.9^\r\n"));
	/* What stands behind the body stays, and is no part of it. */
	sip_becomes(
	    SIP_MESSAGE("INVITE", "m: <sip:^10.0.0.9|5060^>\r\nl: 5\r\nc: "
				  "application/sdp\r\n\r\nv=0\r\no=- 1 1 IN IP4 10.0.0.9\r\n"));
	sip_stays(SIP_MESSAGE("INVITE", "m: <sip:10.0.0.9>\r\nl: 9\r\nc: text/plain\r\n\r\nhello"),
		  NOTE_MALFORMED);
	sip_stays(SIP_MESSAGE("INVITE",
			      "m: <sip:10.0.0.9>\r\nl: 5\r\nl: 4\r\nc: text/plain\r\n\r\nhello"),
		  NOTE_MALFORMED);
	sip_stays(SIP_MESSAGE("INVITE", "m: <sip:10.0.0.9>\r\nl: -1\r\n\r\n"), NOTE_MALFORMED);
	sip_stays(SIP_MESSAGE("INVITE", "m: <sip:10.0.0.9>\r\nl: 4294967296\r\n\r\n"),
		  NOTE_MALFORMED);
}
END_TEST

/* Nines in front of a digit more: 99 bytes become more than 100. */
START_TEST(length_grows)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 SIP_MESSAGE("INVITE", "l: ^#^\r\nc: application/sdp\r\n\r\nv=0\r\ns=%063d\r\no=- "
				       "1 1 IN IP4 ^10.0.0.9^\r\n"),
		 0);
	sip_becomes(text);
	ck_assert_uint_eq(laws_findings()->dependents[0].to - laws_findings()->dependents[0].from,
			  97);
}
END_TEST

/* ---- datagrams that are none of ours ---- */

#define FOREIGN(text, why)                                                                         \
	do {                                                                                       \
		ck_assert_uint_eq(sip_scan_bytes(text, sizeof(text) - 1)->note, why);              \
		ck_assert_uint_eq(laws_findings()->n_mentions, 0);                                 \
	} while (0)

START_TEST(datagrams)
{
	FOREIGN("\0\1\0\0\x21\x12\xa4\x42"
		"abcdefghijkl",
		NOTE_FOREIGN);
	FOREIGN("\0\0\0\0", NOTE_FOREIGN);
	FOREIGN("REGISTER", NOTE_FOREIGN);
	FOREIGN("POST / HTTP/1.1\r\n\r\nREGISTER sip:h SIP/2.0\r\n\r\n", NOTE_FOREIGN);
	FOREIGN("HTTP/1.1 200 OK\r\n\r\n", NOTE_FOREIGN);
	FOREIGN("\r\n\r\n", NOTE_NONE);
	FOREIGN("\r\n", NOTE_NONE);
	/* The next one is read. */
	sip_becomes("\r\n" SIP_MESSAGE("OPTIONS", "m: <sip:^10.0.0.9|5060^>\r\n\r\n"));
}
END_TEST

START_TEST(malformed)
{
	static const char *const texts[] = {
	    "OPTIONS  sip:10.0.0.9 SIP/2.0\r\n" SIP_MIDDLE "CSeq: 1 OPTIONS\r\n\r\n",
	    "OPTIONS sip:10.0.0.9 x SIP/2.0\r\n" SIP_MIDDLE "CSeq: 1 OPTIONS\r\n\r\n",
	    "OPTIONS SIP/2.0\r\n" SIP_MIDDLE "CSeq: 1 OPTIONS\r\n\r\n",
	    SIP_MESSAGE("OPTIONS", "m: <sip:10.0.0.9:65536>\r\n\r\n"),
	    SIP_MESSAGE("OPTIONS", "m: <sip:10.0.0.9:4294967297>\r\n\r\n"),
	    SIP_MESSAGE("OPTIONS", "m: <sip:10.0.0.9:>\r\n\r\n"),
	    SIP_MESSAGE("OPTIONS", "m: <sip:10.0.0.9\r\n\r\n"),
	    SIP_MESSAGE("OPTIONS", "m: \"<sip:10.0.0.9>\r\n\r\n"),
	    SIP_MESSAGE("OPTIONS", "m: <sip:10.0.0.9>\r\nno colon\r\n\r\n"),
	    SIP_MESSAGE("OPTIONS", "m: <sip:10.0.0.9>\r\n: x\r\n\r\n"),
	    SIP_MESSAGE("OPTIONS", "m: <sip:10.0.0.9>\r\n"),
	    SIP_MESSAGE("OPTIONS", "m: <sip:10.0.0.9>\r\nTo: <sip:x@h>\r\n\r\n"),
	    SIP_MESSAGE("OPTIONS", "m: <sip:10.0.0.9>\r\nCall-ID: 2\r\n\r\n"),
	    SIP_MESSAGE("OPTIONS", "m: <sip:10.0.0.9>\r\nCSeq: 1 OPTIONS\r\n\r\n"),
	    "OPTIONS sip:h SIP/2.0\r\n" SIP_MIDDLE "CSeq: 1 INVITE\r\nm: <sip:10.0.0.9>\r\n\r\n",
	    "OPTIONS sip:h SIP/2.0\r\n" SIP_MIDDLE
	    "CSeq: 4294967296 OPTIONS\r\nm: <sip:10.0.0.9>\r\n\r\n",
	    "OPTIONS sip:h SIP/2.0\r\n" SIP_MIDDLE "m: <sip:10.0.0.9>\r\n\r\n",
	    "OPTIONS sip:h SIP/2.0\r\n folded: into nothing\r\n" SIP_MIDDLE
	    "CSeq: 1 OPTIONS\r\nm: <sip:10.0.0.9>\r\n\r\n",
	    "SIP/2.0 099 Low\r\n" SIP_MIDDLE "CSeq: 1 OPTIONS\r\nm: <sip:10.0.0.9>\r\n\r\n",
	    "SIP/2.0 700 High\r\n" SIP_MIDDLE "CSeq: 1 OPTIONS\r\nm: <sip:10.0.0.9>\r\n\r\n",
	};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		sip_stays(texts[i], NOTE_MALFORMED);
	sip_becomes(SIP_MESSAGE("OPTIONS", "m: <sip:^10.0.0.9:65535^>\r\n\r\n"));
}
END_TEST

START_TEST(too_many)
{
	static char text[65536];
	size_t n =
	    (size_t)snprintf(text, sizeof(text), SIP_MESSAGE("OPTIONS", "Route:<sip:10.0.0.9>"));

	while (n < 64000)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ",sip:10.0.0.9");
	n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\n\r\n");
	ck_assert_uint_eq(sip_scan_bytes(text, (uint32_t)n)->note, NOTE_TOO_MANY);
	ck_assert_uint_eq(laws_findings()->n_fields, 0);
}
END_TEST

/* ---- streams ---- */

static void stream_becomes(const char *text, uint32_t messages)
{
	static struct sip_text had, want;
	static uint8_t got[200000];
	uint32_t n;

	sip_render(text, false, &had);
	sip_render(text, true, &want);
	n = laws_stream_edited(ALG_SIP, state, FROM_CLIENT, (const uint8_t *)had.bytes, had.length,
			       got);
	got[n] = '\0';
	ck_assert_str_eq((const char *)got, want.bytes);
	ck_assert_uint_eq(
	    laws_stream(ALG_SIP, state, FROM_CLIENT, (const uint8_t *)had.bytes, had.length),
	    messages);
}

#define PING SIP_MESSAGE("OPTIONS", "m: <sip:^10.0.0.9|5060^>\r\nContent-Length: 0\r\n\r\n")

/* laws_stream cuts it at every place. */
START_TEST(streams)
{
	stream_becomes("\r\n\r\n" PING "\r\n\r\n" SIP_REPLY(
			   "200 OK", "OPTIONS", "m: <sip:^10.0.0.9|5060^>\r\nl: 4\r\n\r\nabcd") PING
		       "\r\n",
		       3);
	/* No length and no body. */
	stream_becomes(SIP_MESSAGE("OPTIONS", "m: <sip:^10.0.0.9|5060^>\r\n\r\n") PING, 2);
	/* One that is malformed passes, the next one is read. */
	stream_becomes(SIP_MESSAGE("OPTIONS", "m: <sip:10.0.0.9:70000>\r\nl: 0\r\n\r\n") PING, 2);
}
END_TEST

#define REGISTER_TEXT(contact)                                                                     \
	SIP_MESSAGE("REGISTER", "m: <sip:" contact ">\r\nContent-Length: 0\r\n\r\n")

/* A browser that is made to say it (reliability A1), and streams whose messages have no end:
 * nothing more is read. */
START_TEST(not_streams)
{
	static const char *const begins[] = {
	    "POST / HTTP/1.1\r\nHost: 10.0.0.9:5060\r\nContent-Length: 500\r\n\r\n",
	    "GET /a SIP/2.0 HTTP/1.1\r\n\r\n",
	    "\x16\x03\x01\x02\r\n",
	    "SSH-2.0-x\r\n",
	    "REGISTER sip:h SIP/3.0\r\n",
	    " REGISTER sip:h SIP/2.0\r\n",
	    "SIP/2.0 2000 OK\r\n",
	    "a\r\n",
	    SIP_MESSAGE("OPTIONS", "Content-Type: text/plain\r\n\r\n"),
	    SIP_MESSAGE("OPTIONS", "l: x\r\n\r\n"),
	    SIP_MESSAGE("OPTIONS", "l: 4294967296\r\n\r\n"),
	    SIP_MESSAGE("OPTIONS", "l: 0\r\nl: 1\r\n\r\n"),
	};
	static char text[4096];

	for (unsigned i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", begins[i], REGISTER_TEXT("10.0.0.9"));
		stream_becomes(text, 0);
	}
	/* The control. */
	stream_becomes(REGISTER_TEXT("^10.0.0.9|5060^"), 1);
}
END_TEST

/* A message of ALG_MESSAGE_MAX bytes is read, a longer one passes and the next one is read again. */
START_TEST(long_messages)
{
	static char text[140000];
	const struct gateway *gateway = alg_gateway(ALG_SIP);
	uint32_t size, head;

	for (unsigned i = 0; i < 2; i++) {
		memset(text, 'x', sizeof(text));
		head = (uint32_t)snprintf(
		    text, 4096,
		    SIP_MESSAGE("OPTIONS", "m: <sip:10.0.0.9>\r\nl: 65000\r\nSubject: "));
		/* Header fields up to the size that is wanted. */
		memcpy(text + ALG_MESSAGE_MAX - 65000 + i - 4, "\r\n\r\n", 4);
		ck_assert_uint_lt(head, 500);
		ck_assert_int_eq(
		    gateway->frame(state, FROM_CLIENT, (const uint8_t *)text, 70000, &size),
		    i == 0 ? FRAME_WHOLE : FRAME_PASS);
		ck_assert_uint_eq(size, ALG_MESSAGE_MAX + i);
		ck_assert_int_eq(
		    gateway->frame(state, FROM_CLIENT, (const uint8_t *)text, 600, &size),
		    i == 0 ? FRAME_MORE : FRAME_PASS);
	}
	/* Header fields that do not end. */
	memset(text, 'x', sizeof(text));
	memcpy(text, "OPTIONS sip:h SIP/2.0\r\nSubject: ", 32);
	ck_assert_int_eq(gateway->frame(state, FROM_CLIENT, (const uint8_t *)text, 65534, &size),
			 FRAME_MORE);
	ck_assert_int_eq(
	    gateway->frame(state, FROM_CLIENT, (const uint8_t *)text, ALG_MESSAGE_MAX, &size),
	    FRAME_FOREIGN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alg_sip");
	TCase *tc = tcase_create("sip");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, invite);
	tcase_add_test(tc, forms);
	tcase_add_test(tc, every_header);
	tcase_add_test(tc, not_ours);
	tcase_add_test(tc, uri_forms);
	tcase_add_test(tc, protocols);
	tcase_add_test(tc, zero_byte);
	tcase_add_test(tc, seen);
	tcase_add_test(tc, registers);
	tcase_add_test(tc, registered);
	tcase_add_test(tc, says);
	tcase_add_test(tc, kinds);
	tcase_add_test(tc, branches);
	tcase_add_test(tc, keys);
	tcase_add_test(tc, lengths);
	tcase_add_test(tc, length_grows);
	tcase_add_test(tc, datagrams);
	tcase_add_test(tc, malformed);
	tcase_add_test(tc, too_many);
	tcase_add_test(tc, streams);
	tcase_add_test(tc, not_streams);
	tcase_add_test(tc, long_messages);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
