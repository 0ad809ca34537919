/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the kinds that RFC 4475 describes, by its names for them, with addresses of an inside
 * host in them: valid ones are read in full, whatever they look like; of others it is said what
 * becomes of them, and nothing is changed that was not understood.
 */
#include "siplab.h"
#include "suite.h"

static void setup(void)
{
	memset(state, 0, sizeof(state));
	laws_options(0);
}

struct torture {
	const char *name, *text;
	enum alg_note note;
};

/* ---- 3.1.1 valid ---- */

static const struct torture valid[] = {
    {"wsinv",
     "INVITE sip:vera@chair.example.com;unknownparam SIP/2.0\r\n"
     "TO :\r\n sip:vera@^10.0.0.7^ ;   tag    = 191818n\r\n"
     "from   : \"J Ros \\\\\\\"\"       <sip:jro@^10.0.0.9^>\r\n  ;\r\n  tag = 98asjd8\r\n"
     "MaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@10.0.0.9\r\n"
     "cseq: 0009\r\n  INVITE\r\n"
     "Via  : SIP  /   2.0\r\n /UDP\r\n    ^10.0.0.9|5060^;branch=390skdjuw\r\n"
     "s :\r\nNewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
     "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
     "Content-Type: application/sdp\r\n"
     "Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
     "v:  SIP  / 2.0  / TCP     h.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
     " SIP  /    2.0   / UDP  ^10.0.0.8|5060^   ; branch=\r\n z9hG4bK30239\r\n"
     "m:\"Quoted string \\\"\\\"\" <sip:jro@^10.0.0.9|5060^> ; newparam =\r\n      newvalue ;\r\n  "
     "secondparam ; q = 0.33\r\n"
     "Content-Length: ^#^\r\n\r\n"
     "v=0\r\no=m 29 29 IN IP4 ^10.0.0.9^\r\ns=-\r\nc=IN IP4 ^10.0.0.9^\r\nt=0 0\r\nm=audio ^49217^ "
     "RTP/AVP 0 12\r\n"
     "^+a=rtcp:$49218$\r\n^m=video ^3227^ RTP/AVP 31\r\na=rtpmap:31 LPC\r\n^+a=rtcp:$3228$\r\n^",
     NOTE_NONE},
    {"intmeth",
     "!interesting-Method0123456789_*+`.%indeed'~ "
     "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d@h SIP/2.0\r\n"
     "Via: SIP/2.0/TCP ^10.0.0.9|5060^;branch=z9hG4bK-.!%66*_+`'~\r\n"
     "To: \"BEL:\\\a NUL:\\ DEL:\\\177\" <sip:1_unusual.URI~(to-be!sure)@^10.0.0.7^>\r\n"
     "From: token1~` token2'+_ token3*%!.- "
     "<sip:mundane@^10.0.0.9^>;fromParam''~+*_!.-%=\"\320\260\";tag=_token~1'+`*%!-.\r\n"
     "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\r\n"
     "CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\r\nMax-Forwards: 255\r\n"
     "extensionHeader-!.%*+_`'~:\357\273\277\345\244\247\345\201\234\351\233\273\r\nContent-Length:"
     " 0\r\n\r\n",
     NOTE_NONE},
    {"esc01",
     "INVITE sip:sips%3Auser%40example.com@^10.0.0.7|5060^ SIP/2.0\r\nTo: "
     "sip:%75se%72@^10.0.0.7^\r\n"
     "From: <sip:I%20have%20spaces@^10.0.0.9^>;tag=938\r\nMax-Forwards: 87\r\ni: "
     "esc01.239409asdfakjkn23onasd0-3234\r\n"
     "CSeq: 234234 INVITE\r\nVia: SIP/2.0/UDP ^10.0.0.9:5060^;branch=z9hG4bKkdjuw\r\n"
     "Contact:\r\n "
     "<sip:cal%6Cer@^10.0.0.9|5060^;%6C%72;n%61me=v%61lue%25%34%31>\r\nContent-Length: 0\r\n\r\n",
     NOTE_NONE},
    {"escnull",
     "REGISTER sip:example.com SIP/2.0\r\nTo: sip:null-%00-null@example.com\r\nFrom: "
     "sip:null-%00-null@example.com;tag=839\r\n"
     "Max-Forwards: 70\r\nCall-ID: escnull.1\r\nCSeq: 14398234 REGISTER\r\nVia: SIP/2.0/UDP "
     "h;branch=z9hG4bKkdjuw\r\n"
     "Contact: <sip:%00@^10.0.0.9|5060^>\r\nContact: <sip:%00%00@^10.0.0.9|5060^>\r\nL:0\r\n\r\n",
     NOTE_NONE},
    {"esc02",
     "RE%47IST%45R sip:registrar.example.com SIP/2.0\r\nTo: \"%Z%45\" "
     "<sip:resource@example.com>\r\n"
     "From: \"%Z%45\" <sip:resource@example.com>;tag=f232jadfj23\r\nCall-ID: "
     "esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf\r\n"
     "Via: SIP/2.0/TCP h;branch=z9hG4bK209%fzsnel234\r\nCSeq: 29344 RE%47IST%45R\r\nMax-Forwards: "
     "70\r\n"
     "Contact: <sip:alias1@^10.0.0.9|5060^>\r\nC%6Fntact: <sip:alias2@10.0.0.9>\r\nContact: "
     "<sip:alias3@^10.0.0.9|5060^>\r\nl: 0\r\n\r\n",
     NOTE_NONE},
    {"lwsdisp",
     "OPTIONS sip:user@example.com SIP/2.0\r\nTo: sip:user@example.com\r\nFrom: "
     "caller<sip:caller@^10.0.0.9^>;tag=323\r\n"
     "Max-Forwards: 70\r\nCall-ID: lwsdisp.1\r\nCSeq: 60 OPTIONS\r\nVia: SIP/2.0/UDP "
     "h;branch=z9hG4bKkdjuw\r\nl: 0\r\n\r\n",
     NOTE_NONE},
    {"dblreq", /* what stands behind the first one is ignored, and stays */
     "REGISTER sip:example.com SIP/2.0\r\nTo: sip:j.user@example.com\r\nFrom: "
     "sip:j.user@example.com;tag=43251j3j324\r\n"
     "Max-Forwards: 8\r\nI: dblreq.0ha0isndaksdj99sdfafnl3lk233412\r\nContact: "
     "sip:j.user@^10.0.0.9|5060^\r\nCSeq: 8 REGISTER\r\n"
     "Via: SIP/2.0/UDP ^10.0.0.9|5060^;branch=z9hG4bKkdjuw23492\r\nContent-Length: 0\r\n\r\n\r\n"
     "INVITE sip:joe@10.0.0.9 SIP/2.0\r\nt: sip:joe@10.0.0.9\r\n\r\n",
     NOTE_NONE},
    {"semiuri",
     "OPTIONS sip:user;par=u%40example.net@^10.0.0.7|5060^ SIP/2.0\r\nTo: "
     "sip:j_user@example.com\r\n"
     "From: sip:caller@example.org;tag=33242\r\nMax-Forwards: 3\r\nCall-ID: "
     "semiuri.0ha0isndaksdj\r\nCSeq: 8 OPTIONS\r\n"
     "Accept: application/sdp, application/pkcs7-mime,\r\n        multipart/mixed\r\n"
     "Via: SIP/2.0/UDP ^10.0.0.9|5060^;branch=z9hG4bKkdjuw\r\nl: 0\r\n\r\n",
     NOTE_NONE},
    {"transports",
     "OPTIONS sip:user@example.com SIP/2.0\r\nTo: sip:user@example.com\r\nFrom: "
     "<sip:caller@example.com>;tag=323\r\nMax-Forwards: 70\r\n"
     "Call-ID: transports.kijh4akdnaqjkwendsasfdj\r\nCSeq: 60 OPTIONS\r\nVia: SIP/2.0/UDP "
     "^10.0.0.1|5060^;branch=z9hG4bKkdjuw\r\n"
     "Via: SIP/2.0/SCTP ^10.0.0.2|5060^;branch=z9hG4bKklasjdhf\r\nVia: SIP/2.0/TLS "
     "^10.0.0.3|5061^;branch=z9hG4bK2980unddj\r\n"
     "Via: SIP/2.0/UNKNOWN ^10.0.0.4|5060^;branch=z9hG4bKasd0f3en\r\nVia: SIP/2.0/TCP "
     "^10.0.0.5|5060^;branch=z9hG4bK0a9idfnee\r\nl: 0\r\n\r\n",
     NOTE_NONE},
    {"unreason",
     "SIP/2.0 200 = 2**3 * 5**2 \320\275\320\276 10.0.0.9\r\nVia: SIP/2.0/UDP "
     "^10.0.0.9|5060^;branch=z9hG4bK1324923\r\n"
     "Call-ID: unreason.1234ksdfak3j2erwedfsASdf\r\nCSeq: 35 INVITE\r\nFrom: "
     "sip:user@example.com;tag=11141343\r\n"
     "To: sip:user@example.edu;tag=2229\r\nContact: <sip:user@^10.0.0.9|5060^>\r\nContent-Length: "
     "0\r\n\r\n",
     NOTE_NONE},
    {"noreason",
     "SIP/2.0 100 \r\nVia: SIP/2.0/UDP ^10.0.0.9|5060^;branch=z9hG4bK2398ndaoe\r\nCall-ID: "
     "noreason.asndj203insdf99223ndf\r\n"
     "CSeq: 35 INVITE\r\nFrom: <sip:user@example.com>;tag=39ansfi3\r\nTo: "
     "<sip:user@example.edu>;tag=902jndnke3\r\n"
     "Content-Length: 0\r\nContact: <sip:user@^10.0.0.9|5060^>\r\n\r\n",
     NOTE_NONE},
};

/* ---- 3.1.2 and 3.3: what is left alone ---- */

#define REST SIP_MIDDLE "m: <sip:a@10.0.0.9>\r\n"

static const struct torture left[] = {
    {"clerr",
     "INVITE sip:u@h SIP/2.0\r\n" REST
     "CSeq: 8 INVITE\r\nContent-Length: 9999\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n",
     NOTE_MALFORMED},
    {"ncl",
     "INVITE sip:u@h SIP/2.0\r\n" REST "CSeq: 8 INVITE\r\nContent-Length: -999\r\n\r\nv=0\r\n",
     NOTE_MALFORMED},
    {"scalar02",
     "REGISTER sip:h SIP/2.0\r\n" REST "CSeq: 36893488147419103232 REGISTER\r\nl: 0\r\n\r\n",
     NOTE_MALFORMED},
    {"scalarlg",
     "SIP/2.0 503 No\r\n" REST "CSeq: 9292394834772304023312 OPTIONS\r\nRetry-After: "
			       "949302838503028349304023988\r\nl: 0\r\n\r\n",
     NOTE_MALFORMED},
    {"quotbal",
     "INVITE sip:u@h SIP/2.0\r\n" SIP_MIDDLE
     "CSeq: 8 INVITE\r\nContact: \"Mr. J. User <sip:j.user@10.0.0.9>\r\nl: 0\r\n\r\n",
     NOTE_MALFORMED},
    {"lwsruri", "INVITE sip:u@h; lr SIP/2.0\r\n" REST "CSeq: 8 INVITE\r\nl: 0\r\n\r\n",
     NOTE_MALFORMED},
    {"lwsstart", "INVITE  sip:u@h  SIP/2.0\r\n" REST "CSeq: 8 INVITE\r\nl: 0\r\n\r\n",
     NOTE_MALFORMED},
    {"trws", "OPTIONS sip:u@h SIP/2.0  \r\n" REST "CSeq: 8 OPTIONS\r\nl: 0\r\n\r\n",
     NOTE_MALFORMED},
    {"badvers", "OPTIONS sip:u@h SIP/7.0\r\n" REST "CSeq: 8 OPTIONS\r\nl: 0\r\n\r\n", NOTE_FOREIGN},
    {"mismatch01", "OPTIONS sip:u@h SIP/2.0\r\n" REST "CSeq: 8 INVITE\r\nl: 0\r\n\r\n",
     NOTE_MALFORMED},
    {"mismatch02", "NEWMETHOD sip:u@h SIP/2.0\r\n" REST "CSeq: 8 INVITE\r\nl: 0\r\n\r\n",
     NOTE_MALFORMED},
    {"bigcode", "SIP/2.0 4294967301 better not break\r\n" REST "CSeq: 8 INVITE\r\nl: 0\r\n\r\n",
     NOTE_FOREIGN},
    {"insuf",
     "INVITE sip:u@h SIP/2.0\r\nCSeq: 193942 INVITE\r\nVia: SIP/2.0/UDP "
     "10.0.0.9;branch=z9hG4bKkdj.insuf\r\nl: 0\r\n\r\n",
     NOTE_MALFORMED},
    {"multi01",
     "INVITE sip:u@h SIP/2.0\r\n" REST
     "CSeq: 8 INVITE\r\nCSeq: 59 INVITE\r\nCall-ID: 2\r\nl: 0\r\n\r\n",
     NOTE_MALFORMED},
    {"mcl01",
     "OPTIONS sip:u@h SIP/2.0\r\n" REST
     "CSeq: 8 OPTIONS\r\nContent-Length: 13\r\nContent-Length: 5\r\n\r\nThere's no way",
     NOTE_MALFORMED},
};

/* ---- 3.1.2 and 3.3: understood as far as it matters here ---- */

#define OTHERS(first, more) first SIP_MIDDLE more

static const struct torture read_on[] = {
    {"badinv01",
     OTHERS("INVITE sip:u@h SIP/2.0\r\n",
	    "CSeq: 8 INVITE\r\nContact: \"Joe\" <sip:joe@^10.0.0.9|5060^>;;;;\r\n"
	    "Via: SIP/2.0/UDP ^10.0.0.9|5060^;;,;,,\r\n\r\n"),
     NOTE_NONE},
    {"ltgtruri",
     OTHERS("INVITE <sip:u@10.0.0.7> SIP/2.0\r\n",
	    "CSeq: 8 INVITE\r\nm: <sip:a@^10.0.0.9|5060^>\r\nl: 0\r\n\r\n"),
     NOTE_NONE},
    {"escruri",
     OTHERS("INVITE sip:u@^10.0.0.7|5060^?Route=%3Csip:10.0.0.9%3E SIP/2.0\r\n",
	    "CSeq: 8 INVITE\r\nl: 0\r\n\r\n"),
     NOTE_NONE},
    {"baddate",
     OTHERS("INVITE sip:h SIP/2.0\r\n", "CSeq: 8 INVITE\r\nDate: Fri, 01 Jan 2010 16:00:00 "
					"EST\r\nm: <sip:^10.0.0.9:5070^>\r\nl: 0\r\n\r\n"),
     NOTE_NONE},
    {"regbadct",
     OTHERS("REGISTER sip:h SIP/2.0\r\n",
	    "CSeq: 8 REGISTER\r\nContact: sip:user@^10.0.0.9|5060^?Route=%3Csip:10.0.0.1%3E\r\nl: "
	    "0\r\n\r\n"),
     NOTE_NONE},
    {"badaspec",
     OTHERS("OPTIONS sip:h SIP/2.0\r\n",
	    "CSeq: 8 OPTIONS\r\nm: \"W, T\" < sip:w@^10.0.0.9|5060^ >\r\nl: 0\r\n\r\n"),
     NOTE_NONE},
    {"baddn",
     OTHERS("OPTIONS sip:h SIP/2.0\r\n", "CSeq: 8 OPTIONS\r\nm: Bell, Alexander "
					 "<sip:a.g.bell@^10.0.0.9|5060^>;x=43\r\nl: 0\r\n\r\n"),
     NOTE_NONE},
    {"unkscm",
     OTHERS("OPTIONS nobodyKnowsThisScheme:10.0.0.9 SIP/2.0\r\n",
	    "CSeq: 8 OPTIONS\r\nl: 0\r\n\r\n"),
     NOTE_NONE},
    {"novelsc",
     OTHERS("OPTIONS soap.beep://10.0.0.9:3002 SIP/2.0\r\n", "CSeq: 8 OPTIONS\r\nl: 0\r\n\r\n"),
     NOTE_NONE},
    {"unksm2",
     OTHERS("REGISTER sip:h SIP/2.0\r\n",
	    "CSeq: 8 REGISTER\r\nm: <name:John_Smith@10.0.0.9>\r\nl: 0\r\n\r\n"),
     NOTE_NONE},
    {"invut",
     OTHERS("INVITE sip:h SIP/2.0\r\n",
	    "CSeq: 8 INVITE\r\nm: <sip:^10.0.0.9|5060^>\r\nc: application/unknownformat\r\nl: "
	    "17\r\n\r\nc=IN IP4 10.0.0.9"),
     NOTE_NONE},
    {"bcast",
     "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP "
     "^10.0.0.9|5060^;branch=1;received=255.255.255.255\r\nFrom: sip:a@h;tag=1\r\nTo: "
     "sip:b@h;tag=2\r\n"
     "Call-ID: bcast\r\nCSeq: 8 INVITE\r\nl: 0\r\nContact: <sip:a@^10.0.0.9|5060^>\r\n\r\n",
     NOTE_NONE},
    {"cparam01",
     OTHERS("REGISTER sip:h SIP/2.0\r\n",
	    "CSeq: 8 REGISTER\r\nContact: sip:+19725552222@^10.0.0.9|5060^;unknownparam\r\nl: "
	    "0\r\n\r\n"),
     NOTE_NONE},
    {"cparam02",
     OTHERS("REGISTER sip:h SIP/2.0\r\n",
	    "CSeq: 8 REGISTER\r\nContact: <sip:+19725552222@^10.0.0.9|5060^;unknownparam>\r\nl: "
	    "0\r\n\r\n"),
     NOTE_NONE},
    {"regescrt",
     OTHERS("REGISTER sip:h SIP/2.0\r\n",
	    "CSeq: 8 REGISTER\r\nContact: "
	    "<sip:user@^10.0.0.9|5060^?Route=%3Csip:sip.example.com%3E>\r\nl: 0\r\n\r\n"),
     NOTE_NONE},
    {"inv2543",
     "INVITE sip:UserB@example.com SIP/2.0\r\nVia: SIP/2.0/UDP ^10.0.0.9|5060^\r\nFrom: "
     "<sip:UserA@^10.0.0.9^>\r\n"
     "To: <sip:UserB@example.com>\r\nCall-ID: inv2543.1717@10.0.0.9\r\nCSeq: 56 "
     "INVITE\r\nContent-Type: application/sdp\r\n\r\n"
     "v=0\r\no=m 29 29 IN IP4 ^10.0.0.9^\r\nc=IN IP4 ^10.0.0.9^\r\nm=audio ^49216^ RTP/AVP "
     "0\r\n^+a=rtcp:$49217$\r\n^",
     NOTE_NONE},
};

START_TEST(valid_messages)
{
	const struct torture *torture = &valid[_i];

	ck_assert_msg(sip_becomes(torture->text)->note == torture->note, "%s", torture->name);
	ck_assert_uint_gt(laws_findings()->n_fields, 0);
}
END_TEST

START_TEST(left_alone)
{
	sip_stays(left[_i].text, left[_i].note);
}
END_TEST

START_TEST(read_as_far)
{
	ck_assert_msg(sip_becomes(read_on[_i].text)->note == read_on[_i].note, "%s",
		      read_on[_i].name);
}
END_TEST

/* longreq: each piece is long, and there are many. */
START_TEST(longreq)
{
	static char text[60000];
	size_t n = 0;

	n += (size_t)snprintf(
	    text, sizeof(text),
	    "INVITE sip:u@h SIP/2.0\r\nFrom: \"%02000d\" <sip:a@^10.0.0.9^>;%01500d=1;tag=1\r\nTo: "
	    "<sip:%03000d@^10.0.0.7^>\r\n"
	    "Call-ID: longreq.%0600d\r\nCSeq: 1 INVITE\r\nUnknown-%02000d: %02000d\r\n",
	    0, 0, 0, 0, 0, 0);
	for (int i = 0; i < 60; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "Via: SIP/2.0/TCP ^10.0.0.%d|5060^;branch=%0100d\r\n", i + 1,
				      i);
	snprintf(text + n, sizeof(text) - n,
		 "Contact: <sip:%03000d@^10.0.0.9:5061^;%01000d>\r\nContent-Length: ^#^\r\nc: "
		 "application/sdp\r\n\r\n"
		 "v=0\r\no=- 1 1 IN IP4 ^10.0.0.9^\r\ns=%03000d\r\n",
		 0, 0, 0);
	sip_becomes(text);
	ck_assert_uint_eq(laws_findings()->n_mentions, 64);
	ck_assert_uint_eq(laws_findings()->key_length, FINDING_KEY);
}
END_TEST

/* mpart01: a signed body stays as it is, also where multipart ones are read. */
START_TEST(mpart01)
{
	laws_options(ALG_OPTION_MULTIPART);
	ck_assert_uint_eq(
	    sip_becomes(
		SIP_MESSAGE(
		    "MESSAGE",
		    "Contact: <sip:^10.0.0.9|5060^>\r\nContent-Type: "
		    "multipart/mixed;boundary=7a9cbec02ceef655\r\n"
		    "Content-Length: ^#^\r\n\r\n--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n"
		    "Content-Transfer-Encoding: binary\r\n\r\nHello "
		    "10.0.0.9\r\n--7a9cbec02ceef655\r\n"
		    "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: "
		    "binary\r\n\r\n0\202\1R\6\11*\r\n"
		    "--7a9cbec02ceef655--\r\n"))
		->note,
	    NOTE_NONE);
}
END_TEST

/* zeromf, regaut01: what is said to others is none of ours. */
START_TEST(others)
{
	sip_becomes(
	    SIP_MESSAGE("OPTIONS", "Max-Forwards: 0\r\nm: <sip:^10.0.0.9|5060^>\r\nAuthorization: "
				   "NoOneKnowsThisScheme opaque-data=10.0.0.9\r\n\r\n"));
}
END_TEST

#define N(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

int main(void)
{
	Suite *suite = suite_create("sip_torture");
	TCase *tc = tcase_create("torture");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, valid_messages, 0, N(valid));
	tcase_add_loop_test(tc, left_alone, 0, N(left));
	tcase_add_loop_test(tc, read_as_far, 0, N(read_on));
	tcase_add_test(tc, longreq);
	tcase_add_test(tc, mpart01);
	tcase_add_test(tc, others);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
