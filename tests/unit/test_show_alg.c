/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show ip nat alg and its kin, the platform's tables, traces and their debug lines, through their handlers, with a fake engine:
 * whole outputs.
 */
#include <time.h>
#include <unistd.h>

#include "alg/alg.h"
#include "alg/sip_kind.h"
#include "fake_engine.h"
#include "suite.h"
#include "gram_tables.h"
#include "lib/clock.h"
#include "show/alg.h"
#include "show/alg_trace.h"

#define NONE SNAPSHOT_NONE

static struct snapshot_acl acls[] = {{.name = "SERVERS"}};
/* FTP on two ports, the second for two lists; DNS over UDP only; rlogin off. */
static struct snapshot_service services[] = {
	{6, ALG_FTP, 21, NONE},	 {6, ALG_EXEC, 512, NONE}, {6, ALG_SHELL, 514, NONE}, {6, ALG_FTP, 2121, 0},
	{6, ALG_FTP, 2121, 0},	 {17, ALG_DNS, 53, NONE},  {17, ALG_TFTP, 69, NONE},
};
static const struct snapshot snapshot = {.n_services = 7, .services = services, .n_acls = 1, .acls = acls,
					 .dns_reset_ttl = true};

static void fill(void)
{
	engine.snapshot = &snapshot;
	engine.algs[ALG_FTP] = (struct alg_counts){
		.flows = 7, .live = 2, .messages = 100, .changed = 60, .fields = 61, .sent = {70, 30}, .expected = 50,
		.used = 40, .expired = 6, .cancelled = 4, .waiting = 3, .last = NOTE_ENCRYPTED};
	engine.algs[ALG_FTP].notes[NOTE_ENCRYPTED] = 1;
	engine.algs[ALG_FTP].notes[NOTE_BAD_PORT] = 3;
	engine.algs[ALG_FTP].notes[NOTE_MALFORMED] = 2;
	engine.algs[ALG_FTP].notes[NOTE_MIDSTREAM] = 5;
	engine.algs[ALG_DNS] = (struct alg_counts){.flows = 9, .live = 3, .messages = 20, .changed = 4, .fields = 8,
						   .sent = {11, 9}, .fragmentable = 1};
	engine.algs[ALG_DNS].notes[NOTE_SIGNED] = 6;
	engine.icmp = (struct alg_counts){.messages = 12, .changed = 10};
	engine.icmp.notes[NOTE_THIRD_PARTY] = 2;
	engine.use = (struct session_use){5, 2, 17};
	engine.expected = 4;
}

START_TEST(table)
{
	fill();
	cmd_show_alg(&session, &(struct args_show_alg){0}, false);
	expect("Gateway State Ports               Flows Messages  Rewrites  Expected  Refused  Malformed  Encrypted  "
	       "Last reason\n"
	       "ftp     on    tcp 21 2121         2     100       60        50        3        2          1          "
	       "encrypted from here on\n"
	       "sip     off   ---                 0     0         0         0         0        0          0          ---\n"
	       "msrp    off   ---                 0     0         0         0         0        0          0          ---\n"
	       "dns     on    udp 53              3     20        4         0         0        0          6          ---\n"
	       "tftp    on    udp 69              0     0         0         0         0        0          0          ---\n"
	       "rsh     on    tcp 514             0     0         0         0         0        0          0          ---\n"
	       "rlogin  off   ---                 0     0         0         0         0        0          0          ---\n"
	       "rexec   on    tcp 512             0     0         0         0         0        0          0          ---\n"
	       "icmp    on    ---                 ---   12        10        0         2        0          0          ---\n");
}
END_TEST

START_TEST(no_configuration_is_all_off)
{
	uint8_t rows[ALG_ROWS];
	unsigned n = alg_rows(rows);

	cmd_show_alg(&session, &(struct args_show_alg){0}, false);
	ck_assert_ptr_nonnull(strstr(fake_text(&session), "ftp     off   ---"));
	ck_assert_ptr_nonnull(strstr(fake_text(&session), "icmp    on    ---"));
	ck_assert_uint_eq(rows[n - 1], ALG_ROW_ICMP);
}
END_TEST

START_TEST(many_ports_are_cut_in_the_table_only)
{
	static struct snapshot_service many[8];
	static struct snapshot full;

	for (unsigned i = 0; i < 8; i++)
		many[i] = (struct snapshot_service){6, ALG_FTP, (uint16_t)(21000 + i), NONE};
	full = (struct snapshot){.n_services = 8, .services = many};
	engine.snapshot = &full;
	cmd_show_alg(&session, &(struct args_show_alg){0}, false);
	ck_assert_ptr_nonnull(strstr(fake_text(&session), "ftp     on    tcp 21000 21001 ... 0 "));
	fake_reset(&session);
	cmd_show_alg_one(&session, &(struct args_show_alg_one){.name = SHOW_ALG_ONE_NAME_FTP}, false);
	ck_assert_ptr_nonnull(strstr(fake_text(&session), ", tcp 21007\n"));
}
END_TEST

START_TEST(one_gateway)
{
	fill();
	cmd_show_alg_one(&session, &(struct args_show_alg_one){.name = SHOW_ALG_ONE_NAME_FTP}, false);
	expect("Gateway ftp is on\n"
	       "  Ports: tcp 21, tcp 2121 (servers of access list SERVERS), tcp 2121 (servers of access list SERVERS)\n"
	       "  Flows: 2 now, 7 in all\n"
	       "  Expectations: 50 announced, 40 used, 6 expired, 4 cancelled, 3 waiting\n"
	       "  Messages: 100, rewritten 60, fields in them 61\n"
	       "  Left unchanged or remarkable:\n"
	       "    malformed message: 2\n"
	       "    encrypted from here on: 1\n"
	       "    address of another host refused: 0\n"
	       "    port below 1024 or out of range refused: 3\n"
	       "    no free port: 0\n"
	       "    connection met in the middle: 5\n"
	       "  Last reason: encrypted from here on\n");
}
END_TEST

START_TEST(dns_says_its_options)
{
	fill();
	cmd_show_alg_one(&session, &(struct args_show_alg_one){.name = SHOW_ALG_ONE_NAME_DNS}, false);
	expect("Gateway dns is on\n"
	       "  Ports: udp 53\n"
	       "  Time to live of rewritten answers: set to 0\n"
	       "  Messages about IPv6 addresses: left alone\n"
	       "  Flows: 3 now, 9 in all\n"
	       "  Expectations: 0 announced, 0 used, 0 expired, 0 cancelled, 0 waiting\n"
	       "  Messages: 20, rewritten 4, fields in them 8\n"
	       "  Grown datagrams that may be fragmented now: 1\n"
	       "  Left unchanged or remarkable:\n"
	       "    malformed message: 0\n"
	       "    encrypted from here on: 0\n"
	       "    signed message left unchanged: 6\n"
	       "    address of another host refused: 0\n"
	       "    no free port: 0\n"
	       "  Last reason: none\n");
}
END_TEST

START_TEST(sip_says_its_calls)
{
	fill();
	engine.calls = (struct call_counts){.begun = 1, .up = 2, .over = 3, .registering = 4, .registered = 5, .ports = 6,
					    .calls = 7, .answered = 8, .failed = 9, .ended = 10, .expired = 11,
					    .registrations = 12, .evicted = 13, .aware = 14, .third_party = 15};
	cmd_show_alg_one(&session, &(struct args_show_alg_one){.name = SHOW_ALG_ONE_NAME_SIP}, false);
	ck_assert_ptr_nonnull(
		strstr(fake_text(&session),
		       "Gateway sip is off\n"
		       "  Ports: none\n"
		       "  Bodies of several parts: left alone (ip nat service allow-multipart is off)\n"
		       "  Session descriptions with ICE candidates: left alone\n"
		       "  Calls: 1 begun, 2 answered, 3 over; 7 in all, 8 answered, 9 failed, 10 hung up, 11 given up\n"
		       "  Registrations: 4 asked for, 5 granted; 12 in all\n"
		       "  Ports announced for them: 6\n"
		       "  Ended for want of room or at a limit: 13\n"
		       "  NAT-aware endpoints, left alone: 14\n"
		       "  Addresses of other hosts, left alone: 15\n"));
}
END_TEST

START_TEST(icmp_and_groups)
{
	const char *text;

	fill();
	cmd_show_alg_one(&session, &(struct args_show_alg_one){.name = SHOW_ALG_ONE_NAME_ICMP}, false);
	expect("Gateway icmp is on\n"
	       "  Messages: 12, rewritten 10\n"
	       "  Left unchanged or remarkable:\n"
	       "    quoted packet of no known flow: 2\n"
	       "  Last reason: none\n");
	fake_reset(&session);
	cmd_show_alg_one(&session, &(struct args_show_alg_one){.name = SHOW_ALG_ONE_NAME_RCMD}, false);
	text = fake_text(&session);
	ck_assert_ptr_nonnull(strstr(text, "Gateway rsh is on\n"));
	ck_assert_ptr_nonnull(strstr(text, "Gateway rlogin is off\n  Ports: none\n"));
	ck_assert_ptr_nonnull(strstr(text, "Gateway rexec is on\n"));
	ck_assert_ptr_null(strstr(text, "ftp"));
}
END_TEST

START_TEST(clear_is_of_all)
{
	cmd_clear_alg_statistics(&session, &(struct args_clear_alg_statistics){0}, false);
	expect("");
	ck_assert_uint_eq(engine.alg_cleared, ALG_BIT(ALG_NONE));
}
END_TEST

/* ---- the platform */

START_TEST(platform_table)
{
	fill();
	cmd_show_qfp_alg(&session, &(struct args_show_qfp_alg){0}, false);
	expect("ALG counters:\n"
	       "ALG         Cntrl-Pkt        Parser-Err&Drop  Parser-No-Act\n"
	       "-------------------------------------------------------------\n"
	       "FTP         100              5                35\n"
	       "SIP         0                0                0\n"
	       "DNS         20               0                16\n"
	       "TFTP        0                0                0\n"
	       "SHELL       0                0                0\n"
	       "LOGIN       0                0                0\n"
	       "EXEC        0                0                0\n"
	       "ICMP        12               2                0\n"
	       "\n"
	       "ALG chunk pool:\n"
	       "Pool-Name                  Used-Entries     Free-Entries\n"
	       "----------------------------------------------------------\n"
	       "FTP pool                   2                16379\n"
	       "SIP pool                   0                16379\n"
	       "DNS pool                   3                16379\n"
	       "\n"
	       "Common ALG chunk pool:\n"
	       "Pool-Name                  Used-Entries     Free-Entries\n"
	       "----------------------------------------------------------\n"
	       "Act Token Pool             4                16380\n"
	       "Ext State Pool             5                16379\n"
	       "Stream Pool                2                4094\n"
	       "Stream Buffer Pool         17               16367\n");
}
END_TEST

static void platform(uint8_t name, bool clear)
{
	if (clear)
		cmd_show_qfp_alg_clear(&session, &(struct args_show_qfp_alg_clear){.name = name}, false);
	else
		cmd_show_qfp_alg_one(&session, &(struct args_show_qfp_alg_one){.name = name}, false);
}

START_TEST(platform_dns)
{
	fill();
	platform(SHOW_QFP_ALG_ONE_NAME_DNS, true);
	expect("DNS info pool used chunk entries number: 3\n"
	       "dns query:                             11\n"
	       "dns response:                          9\n"
	       "other msg:                             0\n"
	       "\n"
	       "create chunk:                          9\n"
	       "del_chunk:                             6\n"
	       "\n"
	       "malformed message:                     0\n"
	       "signed message left unchanged:         6\n"
	       "message too long:                      0\n"
	       "message left unread, its rest came late: 0\n"
	       "too many addresses in a message:       0\n"
	       "no memory:                             0\n"
	       "result too large:                      0\n"
	       "connection met in the middle:          0\n"
	       "overlapping segments with different bytes: 0\n"
	       "TCP segments are signed:               0\n"
	       "DNS ALG counters cleared after display.\n");
	ck_assert_uint_eq(engine.alg_cleared, ALG_BIT(ALG_DNS));
}
END_TEST

START_TEST(platform_sip)
{
	struct alg_counts *counts = &engine.algs[ALG_SIP];

	fill();
	counts->flows = 9;
	counts->live = 4;
	for (unsigned i = 0; i < SIP_KINDS; i++)
		counts->kinds[i] = 100 + i;
	for (unsigned i = 0; i < NOTE_COUNT; i++)
		counts->notes[i] = 200 + i;
	cmd_show_qfp_alg_one(&session, &(struct args_show_qfp_alg_one){.name = SHOW_QFP_ALG_ONE_NAME_SIP}, false);
	expect("SIP info pool used chunk entries number: 4\n"
	       "\n"
	       "RECEIVE\n"
	       "Register:  100        -> 200-OK: 107\n"
	       "Invite:    101        -> 200-OK: 108\n"
	       "Update:    102        -> 200-OK: 109\n"
	       "Bye:       103        -> 200-OK: 110\n"
	       "Subscribe: 104        -> 200-OK: 111\n"
	       "Refer:     105        -> 200-OK: 112\n"
	       "Prack:     106        -> 200-OK: 113\n"
	       "Trying:    122          Ringing:   123          Ack:       114\n"
	       "Info:      115          Cancel:    116          Sess Prog: 124\n"
	       "Message:   117          Notify:    118\n"
	       "Publish:   119          Options:   120\n"
	       "1xx:       125          2xx:       127\n"
	       "OtherReq:  121          OtherOk:   126          3xx-6xx:   128\n"
	       "\n"
	       "Events\n"
	       "Media Port Zero:         129             Media Addr Zero:         130\n"
	       "Malform Media:           131             No Content Length:       132\n"
	       "SIP flows:               9               SIP flows ended:         5\n"
	       "\n"
	       "Errors\n"
	       "Create Token Err:        850             Error New Chnl:          210\n"
	       "Sess Malloc Failed:      215             Bad Format:              201\n"
	       "No Call-id:              133             Huge Size:               411\n"
	       "Parse SIP Hdr Fail:      134             Parse SDP Fail:          135\n"
	       "Not SIP Msg:             202\n"
	       "\n"
	       "Writeback Errors\n"
	       "PA Err:                  216\n");
}
END_TEST

START_TEST(platform_without_statistics)
{
	fill();
	for (int clear = 0; clear < 2; clear++) {
		fake_reset(&session);
		platform(SHOW_QFP_ALG_ONE_NAME_LOGIN, clear);
		expect("This ALG doesn't support displaying statistics.\n");
	}
	ck_assert_uint_eq(engine.alg_cleared, 0);
}
END_TEST

START_TEST(platform_labels_of_our_own)
{
	static const char begins[] = "Flows now: 2\nFlows in all: 7\nMessages from clients: 70\nMessages from servers: 30\n"
				     "Messages rewritten: 60\nFields rewritten: 61\nExpectations announced: 50\n"
				     "Expectations used: 40\nExpectations expired: 6\nExpectations cancelled: 4\n"
				     "malformed message: 2\n";

	fill();
	platform(SHOW_QFP_ALG_ONE_NAME_FTP, false);
	ck_assert_int_eq(strncmp(fake_text(&session), begins, sizeof(begins) - 1), 0);
	ck_assert_uint_eq(engine.alg_cleared, 0);
	fake_reset(&session);
	platform(SHOW_QFP_ALG_ONE_NAME_TFTP, true);
	ck_assert_ptr_nonnull(strstr(fake_text(&session), "\nTFTP ALG counters cleared after display.\n"));
	ck_assert_uint_eq(engine.alg_cleared, ALG_BIT(ALG_TFTP));
}
END_TEST

/* ---- traces */

static const struct alg_trace changed = {
	.now = 5000, .alg = ALG_FTP, .kind = TRACE_CHANGED, .message = "PORT", .role = ROLE_LISTEN,
	.il = {A(10, 0, 0, 5), 1025}, .og = {A(198, 51, 100, 2), 21},
	.before = {A(10, 0, 0, 5), 4000}, .after = {A(203, 0, 113, 1), 4001}};
static const struct alg_trace expecting = {
	.now = 5000, .alg = ALG_SHELL, .kind = TRACE_EXPECTED, .il = {A(10, 0, 0, 6), 1023}, .og = {A(198, 51, 100, 2), 514},
	.before = {A(203, 0, 113, 1), 1022}, .after = {A(10, 0, 0, 6), 1022}};
static const struct alg_trace named = {
	.now = 6789, .alg = ALG_DNS, .kind = TRACE_CHANGED, .message = "RESPONSE", .role = ROLE_ADDRESS,
	.il = {A(10, 0, 0, 5), 1030}, .og = {A(198, 51, 100, 3), 53},
	.before = {A(10, 0, 0, 8), 0}, .after = {A(203, 0, 113, 8), 0}};
static const struct alg_trace called = {
	.now = 6790, .alg = ALG_SIP, .kind = TRACE_CHANGED, .message = "183 INVITE", .role = ROLE_MEDIA, .call = "a1b2@10.0.0.5",
	.il = {A(10, 0, 0, 5), 5060}, .og = {A(198, 51, 100, 3), 5060},
	.before = {A(10, 0, 0, 5), 4000}, .after = {A(203, 0, 113, 1), 4002}};
static const struct alg_trace noted = {
	.now = 6789, .alg = ALG_FTP, .kind = TRACE_NOTE, .note = NOTE_ENCRYPTED,
	.il = {A(10, 0, 0, 5), 1025}, .og = {A(198, 51, 100, 2), 21}};

static const char *stamp(uint64_t now, const char *format)
{
	static char text[64];
	char date[48];
	int64_t wall = clock_wall_ms(now);
	time_t seconds = (time_t)(wall / 1000);
	struct tm tm;

	strftime(date, sizeof(date), format, gmtime_r(&seconds, &tm));
	snprintf(text, sizeof(text), "%s.%03d", date, (int)(wall % 1000));
	return text;
}

static void show(uint8_t name, uint32_t last)
{
	fake_reset(&session);
	cmd_show_alg_trace(&session, &(struct args_show_alg_trace){.name = name, .has_count = last > 0, .count = last},
			   false);
}

static void forget(void)
{
	engine.traces.head = 0;
}

static const char head[] = "Time                Gateway Message   Inside local          Outside global        "
			   "Field                 Old -> new\n";

/* The header and these rows, all but their times. */
static void expect_rows(const char *const *rows)
{
	const char *text = fake_text(&session);

	ck_assert_int_eq(strncmp(text, head, sizeof(head) - 1), 0);
	text += sizeof(head) - 1;
	for (; *rows != NULL; rows++) {
		const char *end = strchr(text, '\n');
		size_t length = strlen(*rows);

		ck_assert_ptr_nonnull(end);
		ck_assert_msg((size_t)(end - text) >= 20 && (size_t)(end - text) - 20 == length &&
				      strncmp(text + 20, *rows, length) == 0,
			      "%.*s", (int)(end - text), text);
		ck_assert(text[9] == ':' && text[12] == ':' && text[15] == '.');
		text = end + 1;
	}
	ck_assert_str_eq(text, "");
}

START_TEST(traces_are_rows)
{
	static const char *const all[] = {
		"ftp     PORT      10.0.0.5:1025         "
		"198.51.100.2:21       listen                10.0.0.5:4000 -> 203.0.113.1:4001",
		"rsh     ---       10.0.0.6:1023         "
		"198.51.100.2:514      expect                203.0.113.1:1022 -> 10.0.0.6:1022",
		"dns     RESPONSE  10.0.0.5:1030         198.51.100.3:53       address               10.0.0.8 -> 203.0.113.8",
		"ftp     ---       10.0.0.5:1025         198.51.100.2:21       note                  encrypted from here on", NULL};
	static const char *const rcmd[] = {
		"rsh     ---       10.0.0.6:1023         "
		"198.51.100.2:514      expect                203.0.113.1:1022 -> 10.0.0.6:1022",
		NULL};

	forget();
	show(0, 0);
	expect("");
	put_trace(changed);
	put_trace(expecting);
	put_trace(named);
	put_trace(noted);
	show(0, 0);
	expect_rows(all);
	show(SHOW_ALG_TRACE_NAME_RCMD, 0);
	expect_rows(rcmd);
	show(SHOW_ALG_TRACE_NAME_RLOGIN, 0);
	expect("");
}
END_TEST

static unsigned lines_of(const char *text)
{
	unsigned n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

START_TEST(a_trace_names_its_call)
{
	static const char *const sip[] = {
		"sip     183 INVITE 10.0.0.5:5060        "
		"198.51.100.3:5060     media                 10.0.0.5:4000 -> 203.0.113.1:4002, call "
		"a1b2@10.0.0.5",
		NULL};
	char text[ALG_TRACE_TEXT_SIZE];
	struct alg_trace full = called;

	forget();
	put_trace(changed);
	put_trace(called);
	show(SHOW_ALG_TRACE_NAME_SIP, 0);
	expect_rows(sip);
	full.number = 7;
	ck_assert_str_eq(alg_trace_debug(&full, text),
			 "NAT: SIP: [7] translate embedded address 10.0.0.5->203.0.113.1 in 183 INVITE of call a1b2@10.0.0.5\n"
			 "NAT: SIP: [7] translate embedded port 4000->4002 in 183 INVITE of call a1b2@10.0.0.5\n");
	/* Where it stands in the message, and whose a note is. */
	full.place = "Record-Route";
	forget();
	put_trace(full);
	full.kind = TRACE_NOTE;
	full.note = NOTE_LIMIT_CALL;
	put_trace(full);
	show(SHOW_ALG_TRACE_NAME_SIP, 0);
	ck_assert_ptr_nonnull(strstr(fake_text(&session), " Record-Route          10.0.0.5:4000 -> 203.0.113.1:4002, call "));
	ck_assert_ptr_nonnull(strstr(strstr(fake_text(&session), " note     "), ", call a1b2@10.0.0.5\n"));
	alg_trace_debug(&full, text);
	ck_assert_ptr_nonnull(strstr(text, " of call a1b2@10.0.0.5\n"));
	full.kind = TRACE_CHANGED;
	/* The longest of all there can be is not cut. */
	memset(full.call, 'c', sizeof(full.call));
	memset(full.message, 'm', sizeof(full.message));
	full.number = UINT32_MAX;
	full.before = (struct endpoint){UINT32_MAX, 65535};
	full.after = (struct endpoint){UINT32_MAX - 1, 65534};
	alg_trace_debug(&full, text);
	ck_assert_uint_eq(lines_of(text), 2);
	ck_assert_int_eq(text[strlen(text) - 1], '\n');
}
END_TEST

START_TEST(the_last_of_many)
{
	forget();
	for (int i = 0; i < 2 * TRACE_RING_SIZE; i++)
		put_trace(i % 2 == 0 ? changed : named);
	show(0, 0);
	ck_assert_uint_eq(lines_of(fake_text(&session)), TRACE_RING_SIZE + 1);
	show(SHOW_ALG_TRACE_NAME_FTP, 0);
	ck_assert_uint_eq(lines_of(fake_text(&session)), TRACE_RING_SIZE / 2 + 1);
	show(SHOW_ALG_TRACE_NAME_FTP, 3);
	ck_assert_uint_eq(lines_of(fake_text(&session)), 4);
	put_trace(noted);
	show(0, 1);
	ck_assert_ptr_nonnull(strstr(fake_text(&session), "note                  encrypted from here on\n"));
}
END_TEST

/* What the bytes of others name is printed so that no terminal obeys it. */
START_TEST(messages_are_harmless)
{
	struct alg_trace evil = changed;

	forget();
	memcpy(evil.message, "\033[2J\0", 5);
	put_trace(evil);
	memset(evil.message, 'X', sizeof(evil.message));
	put_trace(evil);
	show(0, 0);
	ck_assert_ptr_null(strchr(fake_text(&session), '\033'));
	ck_assert_ptr_nonnull(strstr(fake_text(&session), "XXXXXXXXXXXXXXXX "));
}
END_TEST

START_TEST(platform_records)
{
	char golden[512];

	forget();
	put_trace(expecting);
	put_trace(noted);
	cmd_show_trace_process(&session, &(struct args_show_trace_process){0}, false);
	snprintf(golden, sizeof(golden),
		 " {qfp_R0-0}{1}: [alg-rsh] [%d]: (info): expect 203.0.113.1:1022 -> 10.0.0.6:1022, flow 10.0.0.6:1023 "
		 "198.51.100.2:514\n",
		 (int)getpid());
	ck_assert_ptr_nonnull(strstr(fake_text(&session), golden));
	ck_assert_int_eq(strncmp(fake_text(&session), stamp(5000, "%Y/%m/%d "), 11), 0);
	ck_assert_ptr_nonnull(strstr(fake_text(&session), "(warn): note encrypted from here on, flow 10.0.0.5:1025 "));
}
END_TEST

/* ---- debug */

static void debug(uint8_t which, bool on)
{
	cmd_debug_alg(&session, &(struct args_debug_alg){.which = which}, !on);
}

START_TEST(debug_lines)
{
	debug(DEBUG_ALG_WHICH_FTP, true);
	debug(DEBUG_ALG_WHICH_RCMD, true);
	expect("IP NAT FTP debugging is on\nIP NAT RCMD debugging is on\n");
	drop_log();
	engine.traces.head = 100;
	debug_poll(&session.router);
	drop_log();
	put_trace(changed);
	put_trace(expecting);
	put_trace(named);
	put_trace(noted);
	debug_poll(&session.router);
	ck_assert_str_eq(log_text,
			 "7 NAT: FTP: [101] translate embedded address 10.0.0.5->203.0.113.1 in PORT\n"
			 "7 NAT: FTP: [101] translate embedded port 4000->4001 in PORT\n"
			 "7 NAT: SHELL: [102] expecting 203.0.113.1:1022->10.0.0.6:1022\n"
			 "7 NAT: FTP: [104] (10.0.0.5:1025) (198.51.100.2:21): encrypted from here on\n");
	drop_log();
	debug_poll(&session.router);
	ck_assert_str_eq(log_text, "");
}
END_TEST

START_TEST(debug_switches)
{
	debug(DEBUG_ALG_WHICH_FTP, true);
	debug(DEBUG_ALG_WHICH_DNS, true);
	fake_reset(&session);
	cmd_show_debugging(&session, &(struct args_show_debugging){0}, false);
	expect("Generic IP:\n  IP NAT DNS debugging is on\n  IP NAT FTP debugging is on\n");
	debug(DEBUG_ALG_WHICH_FTP, false);
	cmd_undebug_alg(&session, &(struct args_undebug_alg){.which = UNDEBUG_ALG_WHICH_DNS}, false);
	fake_reset(&session);
	cmd_show_debugging(&session, &(struct args_show_debugging){0}, false);
	expect("");
	/* what happened while it was off stays unsaid */
	drop_log();
	put_trace(changed);
	debug(DEBUG_ALG_WHICH_FTP, true);
	debug_poll(&session.router);
	ck_assert_str_eq(log_text, "");
	put_trace(changed);
	cmd_undebug_all(&session, &(struct args_undebug_all){0}, false);
	ck_assert_uint_eq(session.router.debug_algs, 0);
	ck_assert_ptr_nonnull(strstr(log_text, "translate embedded port"));
}
END_TEST

START_TEST(a_flood_is_cut)
{
	unsigned lines = 0;

	debug(DEBUG_ALG_WHICH_DNS, true);
	drop_log();
	for (int i = 0; i < 3 * TRACE_RING_SIZE; i++)
		put_trace(named);
	debug_poll(&session.router);
	lines = lines_of(log_text);
	ck_assert_uint_eq(lines, DEBUG_LINES_MAX + 1);
	ck_assert_ptr_nonnull(strstr(log_text, "7 NAT: 11776 gateway events not shown\n"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("show alg");
	TCase *tests = tcase_create("show alg");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, table);
	tcase_add_test(tests, no_configuration_is_all_off);
	tcase_add_test(tests, many_ports_are_cut_in_the_table_only);
	tcase_add_test(tests, one_gateway);
	tcase_add_test(tests, dns_says_its_options);
	tcase_add_test(tests, sip_says_its_calls);
	tcase_add_test(tests, icmp_and_groups);
	tcase_add_test(tests, clear_is_of_all);
	tcase_add_test(tests, platform_table);
	tcase_add_test(tests, platform_dns);
	tcase_add_test(tests, platform_sip);
	tcase_add_test(tests, platform_without_statistics);
	tcase_add_test(tests, platform_labels_of_our_own);
	tcase_add_test(tests, traces_are_rows);
	tcase_add_test(tests, a_trace_names_its_call);
	tcase_add_test(tests, the_last_of_many);
	tcase_add_test(tests, messages_are_harmless);
	tcase_add_test(tests, platform_records);
	tcase_add_test(tests, debug_lines);
	tcase_add_test(tests, debug_switches);
	tcase_add_test(tests, a_flood_is_cut);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
