/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that a gateway reads: changed, held and sent by us, met in the middle, ended; and what a restart in the middle leaves
 * of connections and datagrams.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include "alg_talk.h"
#include "suite.h"
#include "nat/session_set.h"

static bool is_full;

/* Stands before the library's: a file system without room. */
int fallocate(int fd, int mode, off_t offset, off_t length)
{
	if (is_full) {
		errno = ENOSPC;
		return -1;
	}
	return (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

/* ---- streams ---- */

static void announce(void)
{
	struct pkt p = from_client("ADDR 10.0.0.5:9000\n", F_PSH);

	IS(lab.out.reason, TRANSLATED);
	GOOD(p);
	ck_assert_str_eq(tcp_text(&p), "ADDR 203.0.113.1:9000\n");
	sent += 19;
	delta += 3;
	p = from_server("", 0);
	GOOD(p);
	ck_assert_uint_eq(ack_of(&p), CLIENT + 1 + sent);
}

START_TEST(a_message_of_a_stream_is_changed)
{
	struct pkt p;

	open_connection();
	announce();
	p = from_client("more\n", 0);
	GOOD(p);
	ck_assert_uint_eq(seq_of(&p), CLIENT + 1 + sent + delta);
	ck_assert_str_eq(tcp_text(&p), "more\n");
	ck_assert_uint_eq(counts(ALG_FTP).messages, 2);
	ck_assert_uint_eq(counts(ALG_FTP).changed, 1);
}
END_TEST

START_TEST(a_message_in_two_segments_is_held_and_sent_whole)
{
	struct pkt got[8];
	uint32_t n;

	open_connection();
	from_client("ADDR 10.0.0", F_PSH);
	IS(lab.out.reason, STREAM_HELD);
	ck_assert(lab_gone(&lab));
	/* Acknowledged by us, to the client, as from the server, of whose headers nothing was seen but the SYN's. */
	n = emitted(got, 8);
	ck_assert_uint_ge(n, 1);
	ck_assert_uint_eq(src_of(&got[0]), PEER(1));
	ck_assert_uint_eq(dst_of(&got[0]), HOST(5));
	ck_assert_uint_eq(dport_of(&got[0]), 4000);
	ck_assert_uint_eq(got[0].data[8], 63);
	ck_assert_uint_eq(ack_of(&got[0]), CLIENT + 1 + 11);
	sent += 11;
	from_client(".5:9000\n", F_PSH);
	n = emitted(got, 8);
	for (uint32_t i = 0; i < n; i++) {
		if (dst_of(&got[i]) != PEER(1))
			continue;
		ck_assert_str_eq(tcp_text(&got[i]), "ADDR 203.0.113.1:9000\n");
		ck_assert_uint_eq(src_of(&got[i]), global.addr);
		ck_assert_uint_eq(sport_of(&got[i]), global.port);
		ck_assert_uint_eq(seq_of(&got[i]), CLIENT + 1);
		return;
	}
	ck_abort_msg("the whole message was not sent");
}
END_TEST

START_TEST(what_is_sent_by_us_is_sent_again)
{
	struct pkt got[8];
	bool again = false;

	open_connection();
	from_client("ADDR 10.0.0", F_PSH);
	sent += 11;
	from_client(".5:9000\n", F_PSH);
	ck_assert_uint_ne(engine_next(lab.engine), UINT64_MAX);
	for (int i = 0; i < 100 && !again; i++) {
		lab.now += 100;
		engine_tick(lab.engine, lab.now, &lab.out);
		for (uint32_t n = emitted(got, 8); n > 0; n--)
			again |= dst_of(&got[n - 1]) == PEER(1) &&
				 strcmp(tcp_text(&got[n - 1]), "ADDR 203.0.113.1:9000\n") == 0;
	}
	ck_assert(again);
}
END_TEST

START_TEST(a_damaged_segment_is_dropped_by_name)
{
	struct pkt p;

	open_connection();
	p = tcp(HOST(5), 4000, PEER(1), FTP, CLIENT + 1, SERVER + 1, F_ACK, "hello\n");
	p.data[p.length - 2] ^= 4;
	IS(lab_out(&lab, &p), ALG_DAMAGED);
	ck_assert(lab_gone(&lab));
	from_client("hello\n", 0);
	IS(lab.out.reason, TRANSLATED);
}
END_TEST

START_TEST(met_in_the_middle_is_translated_and_not_read)
{
	struct pkt p = tcp(HOST(5), 4000, PEER(1), FTP, 77, 88, F_ACK, "ADDR 10.0.0.5:9000\n");

	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_str_eq(tcp_text(&p), "ADDR 10.0.0.5:9000\n");
	ck_assert_uint_eq(marked(), 0);
	ck_assert_uint_eq(counts(ALG_FTP).notes[NOTE_MIDSTREAM], 1);
}
END_TEST

static void stops_reading(const char *text, enum alg_note note)
{
	struct pkt p;

	open_connection();
	from_client(text, 0);
	sent += (uint32_t)strlen(text);
	p = from_client("ADDR 10.0.0.5:9000\n", 0);
	IS(lab.out.reason, TRANSLATED);
	GOOD(p);
	ck_assert_str_eq(tcp_text(&p), "ADDR 10.0.0.5:9000\n");
	if (note != NOTE_NONE)
		ck_assert_uint_eq(counts(ALG_FTP).notes[note], 1);
}

START_TEST(encrypted_ends_the_reading_and_is_told)
{
	struct event events[64];
	uint64_t cursor = 0, lost;
	uint32_t n, told = 0;

	stops_reading("TLS\n", NOTE_ENCRYPTED);
	n = event_take(engine_events(lab.engine), &cursor, events, 64, &lost);
	for (uint32_t i = 0; i < n; i++)
		told += events[i].kind == EVENT_GATEWAY && events[i].reason == NOTE_ENCRYPTED &&
			events[i].rule == ALG_FTP;
	ck_assert_uint_eq(told, 1);
}
END_TEST

START_TEST(foreign_ends_the_reading)
{
	stops_reading("JUNK\n", NOTE_FOREIGN);
}
END_TEST

START_TEST(done_ends_the_reading)
{
	stops_reading("QUIT\n", NOTE_NONE);
}
END_TEST

START_TEST(switched_off_in_the_middle_numbers_stay_translated)
{
	struct pkt p;

	open_connection();
	announce();
	without_services(2);
	p = from_client("ADDR 10.0.0.5:9000\n", 0);
	IS(lab.out.reason, TRANSLATED);
	GOOD(p);
	ck_assert_str_eq(tcp_text(&p), "ADDR 10.0.0.5:9000\n");
	ck_assert_uint_eq(seq_of(&p), CLIENT + 1 + sent + delta);
	sent += 19;
	p = from_server("answer\n", 0);
	GOOD(p);
	ck_assert_uint_eq(ack_of(&p), CLIENT + 1 + sent);
	ck_assert_uint_eq(counts(ALG_FTP).changed, 1);
}
END_TEST

/* Both ends count differently, and yet their FINs are taken for theirs. */
START_TEST(the_end_of_a_changed_connection_is_seen)
{
	struct pkt p;

	open_connection();
	for (int i = 0; i < 5; i++)
		announce();
	p = from_client("", F_FIN);
	sent++;
	p = from_server("", F_FIN);
	GOOD(p);
	ck_assert_uint_eq(ack_of(&p), CLIENT + 1 + sent);
	answered++;
	from_client("", 0);
	lab_wait(&lab, 120);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 0);
	ck_assert_uint_eq(counts(ALG_FTP).live, 0);
}
END_TEST

START_TEST(the_ports_of_a_closed_connection_are_read_anew)
{
	open_connection();
	announce();
	from_client("", F_FIN);
	sent++;
	from_server("", F_FIN);
	answered++;
	from_client("", 0);
	struct pkt p = tcp(HOST(5), 4000, PEER(1), FTP, CLIENT + 900000, 0, F_SYN, "");

	lab_out(&lab, &p);
	ck_assert_int_eq(lab.out.verdict, VERDICT_REPLACE);
	ck_assert_uint_eq(seq_of(&p), CLIENT + 900000);
	ck_assert_uint_eq(counts(ALG_FTP).flows, 2);
	ck_assert_uint_eq(counts(ALG_FTP).live, 1);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 1);
}
END_TEST

START_TEST(traces_tell_what_was_what_is)
{
	struct alg_trace traces[16];
	uint64_t cursor = 0, lost;
	uint32_t n, changed = 0, expected = 0;

	open_connection();
	announce();
	n = trace_take(engine_traces(lab.engine), &cursor, traces, 16, &lost);
	for (uint32_t i = 0; i < n; i++) {
		if (traces[i].kind == TRACE_EXPECTED) {
			expected++;
			ck_assert_str_eq(traces[i].message, "ADDR");
			ck_assert_uint_eq(traces[i].before.addr, FACE);
			ck_assert_uint_eq(traces[i].after.port, 9000);
		}
		if (traces[i].kind != TRACE_CHANGED)
			continue;
		changed++;
		ck_assert_int_eq(traces[i].alg, ALG_FTP);
		ck_assert_str_eq(traces[i].message, "ADDR");
		ck_assert_uint_eq(traces[i].before.addr, HOST(5));
		ck_assert_uint_eq(traces[i].before.port, 9000);
		ck_assert_uint_eq(traces[i].after.addr, FACE);
		ck_assert_uint_eq(traces[i].il.addr, HOST(5));
		ck_assert_uint_eq(traces[i].number, i + 1);
	}
	ck_assert_uint_eq(changed, 1);
	ck_assert_uint_eq(expected, 1);
	ck_assert_uint_eq(lost, 0);
	engine_alg_clear(lab.engine, ALG_FTP);
	ck_assert_uint_eq(counts(ALG_FTP).changed, 0);
	ck_assert_uint_eq(counts(ALG_FTP).live, 1);
}
END_TEST

/* A line of so many bytes, in segments; the last one's reason is in lab.out. Bytes that were emitted meanwhile; a RST counts in
 * *resets. */
static uint32_t say_line(uint32_t size, uint32_t *resets)
{
	uint32_t bytes = 0;

	*resets = 0;
	for (uint32_t at = 0, n; at < size; at += n) {
		char text[1401] = "";
		static struct pkt out[64];

		n = size - at < 1400 ? size - at : 1400;
		memset(text, 'x', n);
		if (at == 0)
			memcpy(text, "ADDR 10.0.0.5:9000 ", 19);
		if (at + n == size)
			text[n - 1] = '\n';
		from_client(text, 0);
		sent += n;
		for (uint32_t i = 0, count = emitted(out, 64); i < count; i++) {
			bytes += out[i].length - 40;
			*resets += (l4_of(&out[i])[13] & F_RST) != 0;
		}
	}
	return bytes;
}

/* An address in it grows by three bytes, which may be the ones too many: from inside it can neither go on as it is nor changed. */
START_TEST(a_message_grows_over_its_greatest_size)
{
	uint32_t resets;

	open_connection();
	ck_assert_uint_eq(say_line(ALG_MESSAGE_MAX - 2, &resets), 0);
	ck_assert_uint_eq(resets, 2);
	ck_assert_uint_eq(counts(ALG_FTP).notes[NOTE_TOO_BIG], 1);
	ck_assert_uint_eq(counts(ALG_FTP).changed, 0);
}
END_TEST

START_TEST(a_message_grows_to_its_greatest_size)
{
	uint32_t resets;

	open_connection();
	ck_assert_uint_gt(say_line(ALG_MESSAGE_MAX - 3, &resets), 0);
	ck_assert_uint_eq(resets, 0);
	ck_assert_uint_eq(counts(ALG_FTP).notes[NOTE_TOO_BIG], 0);
	ck_assert_uint_eq(counts(ALG_FTP).changed, 1);
}
END_TEST

START_TEST(off_means_identical_bytes)
{
	struct pkt p = tcp(HOST(5), 4000, PEER(1), FTP, 1000, 0, F_SYN, "");

	without_services(2);
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	p = tcp(HOST(5), 4000, PEER(1), FTP, 1001, 1, F_ACK, "ADDR 10.0.0.5:9000\n");
	lab_out(&lab, &p);
	ck_assert_str_eq(tcp_text(&p), "ADDR 10.0.0.5:9000\n");
	ck_assert_uint_eq(marked(), 0);
	ck_assert_uint_eq(counts(ALG_FTP).messages, 0);
}
END_TEST

/* ---- restart ---- */

START_TEST(a_stream_goes_on_after_a_restart)
{
	struct pkt p;

	open_connection();
	announce();
	from_client("SKIP\n", 0);
	sent += 5;
	reopen();
	with_services(1);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 1);
	ck_assert_uint_eq(engine_session_use(lab.engine).sessions, 1);
	ck_assert_uint_eq(marked(), 1);
	p = from_client("ADDR 10.0.0.5:9000\n", 0);
	GOOD(p);
	ck_assert_uint_eq(seq_of(&p), CLIENT + 1 + sent + delta);
	ck_assert_str_eq(tcp_text(&p), "ADDR 10.0.0.5:9000\n"); /* the gateway's state is there */
	sent += 19;
	announce();
	ck_assert_uint_eq(counts(ALG_FTP).live, 1);
}
END_TEST

START_TEST(datagrams_go_on_after_a_restart)
{
	struct pkt p = udp(HOST(5), 4000, PEER(1), TFTP, "SKIP\n");

	lab_out(&lab, &p);
	p = udp(HOST(5), 4001, PEER(1), DNS, "hello\n");
	lab_out(&lab, &p);
	reopen();
	with_services(1);
	ck_assert_uint_eq(marked(), 2);
	p = udp(HOST(5), 4000, PEER(1), TFTP, "ADDR 10.0.0.5:9000\n");
	lab_out(&lab, &p);
	ck_assert_str_eq(udp_text(&p), "ADDR 10.0.0.5:9000\n");
	p = udp(HOST(5), 4001, PEER(1), DNS, "ADDR 10.0.0.5:9000\n");
	lab_out(&lab, &p);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.1:9000\n");
}
END_TEST

START_TEST(switched_off_while_away)
{
	struct pkt p;

	open_connection();
	announce();
	p = udp(HOST(5), 4000, PEER(1), TFTP, "hello\n");
	lab_out(&lab, &p);
	reopen();
	without_services(1);
	p = from_client("ADDR 10.0.0.5:9000\n", 0);
	GOOD(p);
	ck_assert_str_eq(tcp_text(&p), "ADDR 10.0.0.5:9000\n");
	ck_assert_uint_eq(seq_of(&p), CLIENT + 1 + sent + delta);
	p = udp(HOST(5), 4000, PEER(1), TFTP, "ADDR 10.0.0.5:9000\n");
	lab_out(&lab, &p);
	ck_assert_str_eq(udp_text(&p), "ADDR 10.0.0.5:9000\n");
}
END_TEST

/* No memory for what a stream would have to keep: the connection does not begin, and may be tried again. */
START_TEST(a_full_file_system)
{
	struct pkt p = udp(HOST(5), 4001, PEER(1), DNS, "hello\n");

	lab_out(&lab, &p); /* flow and binding have their pages */
	is_full = true;
	p = tcp(HOST(5), 4000, PEER(1), FTP, CLIENT, 0, F_SYN, "");
	IS(lab_out(&lab, &p), ALG_NO_ROOM);
	ck_assert(lab_gone(&lab));
	p = tcp(HOST(5), 4000, PEER(1), FTP + 1, CLIENT, 0, F_SYN, "");
	IS(lab_out(&lab, &p), TRANSLATED_NEW); /* what nobody reads needs none */
	is_full = false;
	ck_assert_uint_eq(counts(ALG_FTP).notes[NOTE_NO_ROOM], 1);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 0);
	ck_assert_uint_eq(lab_counts(&lab).flows, 2);
	p = tcp(HOST(5), 4000, PEER(1), FTP, CLIENT, 0, F_SYN, "");
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 1); /* with room there is one */
}
END_TEST

/* The flow is gone with its rule: so are session and stream. */
START_TEST(sessions_without_their_flow_are_dropped)
{
	open_connection();
	reopen();
	lab_conf(&lab, 1);
	ck_assert(lab_commit(&lab));
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(engine_session_use(lab.engine).sessions, 0);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 0);
}
END_TEST

START_TEST(a_damaged_session_costs_only_itself)
{
	struct pkt p;

	open_connection();
	p = udp(HOST(5), 4000, PEER(1), TFTP, "hello\n");
	lab_out(&lab, &p);
	ck_assert_uint_eq(engine_session_use(lab.engine).sessions, 2);
	((uint8_t *)&lab.records->alg->sessions[0])[5] ^= 1;
	reopen();
	with_services(1);
	ck_assert_uint_eq(engine_session_use(lab.engine).sessions, 1);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 0);
	ck_assert_uint_eq(marked(), 1);
}
END_TEST

/* Another start has another --max-flows: the flow table is new, what gateways keep is not. */
START_TEST(streams_of_a_larger_table_are_dropped)
{
	open_connection();
	ck_assert_uint_ne(stream_open(lab.engine->sessions->streams, lab.now, 250000000), STREAM_NONE);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 2);
	reopen();
	with_services(1);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 1);
	sent = answered = delta = 0;
	announce();
}
END_TEST

/* A file system of its own over the directory, for this process; false where nobody may mount. */
static bool small_disk(void)
{
	if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return false;
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", directory, "tmpfs", 0, "size=6m") == 0;
}

static void fill_disk(char *name, size_t size)
{
	static const char page[4096] = "full";
	int fd;

	snprintf(name, size, "%s/filler", directory);
	fd = open(name, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	while (write(fd, page, sizeof(page)) == (ssize_t)sizeof(page))
		;
	ck_assert_int_eq(errno, ENOSPC);
	close(fd);
}

/* Every word that says how far an array of records reaches. */
static void damage_marks(void)
{
	struct alg_store *alg = lab.records->alg;

	for (unsigned i = 0; i < BACKING_WORDS; i++) {
		*backing_word(&alg->map, i) = UINT64_C(0x1111111111111111);
		*backing_word(&lab.records->map, i) = UINT64_C(0x1111111111111111);
	}
	((uint64_t *)alg->streams)[4] = UINT64_C(0x1111111111111111);
}

/* Where there is no page and no room for one, even a look at it is a signal. */
START_TEST(how_far_records_reach_is_damaged_and_the_disk_is_full)
{
	char filler[128];
	struct pkt p;

	if (!small_disk()) {
		puts("SKIP: nobody may mount here");
		return;
	}
	reopen();
	with_services(1);
	open_connection();
	announce();
	p = udp(HOST(5), 4000, PEER(1), TFTP, "hello\n");
	lab_out(&lab, &p);
	ck_assert_uint_eq(engine_session_use(lab.engine).sessions, 2);
	fill_disk(filler, sizeof(filler));
	damage_marks();
	reopen();
	with_services(1);
	ck_assert_uint_eq(engine_session_use(lab.engine).sessions, 2);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 1);
	p = from_client("ADDR 10.0.0.5:9000\n", F_PSH);
	GOOD(p);
	ck_assert_str_eq(tcp_text(&p), "ADDR 203.0.113.1:9000\n");
	unlink(filler);
	p = tcp(HOST(5), 4001, PEER(1), FTP, CLIENT, 0, F_SYN, "");
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alg_connection");
	TCase *tests = tcase_create("alg_connection"), *crash = tcase_create("restart");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_message_of_a_stream_is_changed);
	tcase_add_test(tests, a_message_in_two_segments_is_held_and_sent_whole);
	tcase_add_test(tests, what_is_sent_by_us_is_sent_again);
	tcase_add_test(tests, a_damaged_segment_is_dropped_by_name);
	tcase_add_test(tests, met_in_the_middle_is_translated_and_not_read);
	tcase_add_test(tests, encrypted_ends_the_reading_and_is_told);
	tcase_add_test(tests, foreign_ends_the_reading);
	tcase_add_test(tests, done_ends_the_reading);
	tcase_add_test(tests, switched_off_in_the_middle_numbers_stay_translated);
	tcase_add_test(tests, the_end_of_a_changed_connection_is_seen);
	tcase_add_test(tests, the_ports_of_a_closed_connection_are_read_anew);
	tcase_add_test(tests, traces_tell_what_was_what_is);
	tcase_add_test(tests, a_message_grows_over_its_greatest_size);
	tcase_add_test(tests, a_message_grows_to_its_greatest_size);
	tcase_add_test(tests, off_means_identical_bytes);
	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(crash, crash_setup, crash_teardown);
	tcase_add_test(crash, a_stream_goes_on_after_a_restart);
	tcase_add_test(crash, datagrams_go_on_after_a_restart);
	tcase_add_test(crash, switched_off_while_away);
	tcase_add_test(crash, a_full_file_system);
	tcase_add_test(crash, sessions_without_their_flow_are_dropped);
	tcase_add_test(crash, a_damaged_session_costs_only_itself);
	tcase_add_test(crash, streams_of_a_larger_table_are_dropped);
	tcase_add_test(crash, how_far_records_reach_is_damaged_and_the_disk_is_full);
	suite_add_tcase(suite, crash);
	return suite_main(suite);
}
