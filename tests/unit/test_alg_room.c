/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What gateways refuse: connections for which one host, or the box, has no room; messages that would show an inside address. And
 * what a kill in the middle of a message leaves.
 */
#include <sys/wait.h>
#include "alg_talk.h"
#include "suite.h"
#include "nat/records.h"
#include "nat/session_host.h"

/* ---- room ---- */

static enum reason syn(uint8_t host, uint16_t port)
{
	struct pkt p = tcp(HOST(host), port, PEER(1), FTP, CLIENT, 0, F_SYN, "");

	return lab_out(&lab, &p);
}

/* Both sides were heard on. */
static void established(uint8_t host, uint16_t port)
{
	struct pkt p = tcp(HOST(host), port, PEER(1), FTP, CLIENT, 0, F_SYN, "");

	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	p = tcp(PEER(1), FTP, src_of(&p), (uint16_t)sport_of(&p), SERVER, CLIENT + 1, F_SYN | F_ACK, "");
	IS(lab_in(&lab, &p), TRANSLATED);
}

START_TEST(a_host_has_so_many_connections)
{
	uint32_t flows;

	for (uint16_t i = 0; i < HOST_STREAMS; i++)
		established(5, (uint16_t)(1024 + i));
	flows = lab_counts(&lab).flows;
	for (int i = 0; i < 3; i++) {
		IS(syn(5, 9999), ALG_NO_ROOM);
		ck_assert(lab_gone(&lab));
		ck_assert_uint_eq(lab.out.n_emitted, 0); /* silence: its sender tries again */
	}
	ck_assert_uint_eq(counts(ALG_FTP).notes[NOTE_LIMIT_HOST], 3);
	ck_assert_uint_eq(lab_counts(&lab).flows, flows);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, HOST_STREAMS);
	/* Others have room, and so has this one for what nobody reads. */
	established(6, 1024);
	struct pkt p = tcp(HOST(5), 9999, PEER(1), FTP + 1, CLIENT, 0, F_SYN, "");
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
}
END_TEST

START_TEST(who_was_never_answered_gives_way)
{
	for (uint16_t i = 0; i < HOST_STREAMS - 1; i++)
		established(5, (uint16_t)(1024 + i));
	for (uint16_t i = 0; i < 1000; i++)
		IS(syn(5, (uint16_t)(5000 + i)), TRANSLATED_NEW);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, HOST_STREAMS);
	ck_assert_uint_eq(engine_session_use(lab.engine).sessions, HOST_STREAMS);
	ck_assert_uint_eq(counts(ALG_FTP).live, HOST_STREAMS);
	ck_assert_uint_eq(lab_counts(&lab).flows, HOST_STREAMS);
}
END_TEST

/* A server inside is the host whose room it is, whoever floods it; who finishes a handshake gets in. */
START_TEST(a_flood_from_outside_keeps_nobody_out)
{
	struct pkt p;

	for (uint32_t i = 0; i < 2000; i++) {
		p = tcp(IP(198, 51, 100, 7) + (i << 8), 4000, POOL(200), FTP, CLIENT, 0, F_SYN, "");
		IS(lab_in(&lab, &p), TRANSLATED_NEW);
	}
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, HOST_STREAMS);
	p = tcp(PEER(1), 4000, POOL(200), FTP, CLIENT, 0, F_SYN, "");
	IS(lab_in(&lab, &p), TRANSLATED_NEW);
	p = tcp(HOST(9), FTP, PEER(1), 4000, SERVER, CLIENT + 1, F_SYN | F_ACK, "");
	IS(lab_out(&lab, &p), TRANSLATED);
	for (uint32_t i = 0; i < 2000; i++) {
		p = tcp(IP(198, 51, 100, 8) + (i << 8), 4000, POOL(200), FTP, CLIENT, 0, F_SYN, "");
		IS(lab_in(&lab, &p), TRANSLATED_NEW);
	}
	p = tcp(PEER(1), 4000, POOL(200), FTP, CLIENT + 1, SERVER + 1, F_ACK, "");
	IS(lab_in(&lab, &p), TRANSLATED);
	p = tcp(HOST(9), FTP, PEER(1), 4000, SERVER + 1, CLIENT + 1, F_ACK, "ADDR 10.0.0.9:9000\n");
	IS(lab_out(&lab, &p), TRANSLATED);
	ck_assert_str_eq(tcp_text(&p), "ADDR 203.0.113.200:9000\n");
}
END_TEST

START_TEST(a_host_has_so_many_datagram_sessions)
{
	struct pkt p;

	lab_close(&lab);
	lab_open(&lab, 4096);
	conf(1);
	ck_assert(lab_commit(&lab));
	for (uint16_t i = 0; i < HOST_SESSIONS; i++) {
		p = udp(HOST(5), (uint16_t)(1024 + i), PEER(1), TFTP, "hello\n");
		IS(lab_out(&lab, &p), TRANSLATED_NEW);
		p = udp(PEER(1), TFTP, src_of(&p), (uint16_t)sport_of(&p), "hello\n");
		IS(lab_in(&lab, &p), TRANSLATED);
	}
	p = udp(HOST(5), 9999, PEER(1), TFTP, "ADDR 10.0.0.5:9000\n");
	IS(lab_out(&lab, &p), ALG_NO_ROOM);
	ck_assert(lab_gone(&lab));
	/* Those without state need no room. */
	p = udp(HOST(5), 9999, PEER(1), DNS, "ADDR 10.0.0.5:9000\n");
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.1:9000\n");
}
END_TEST

static enum reason syn_again(uint16_t port)
{
	struct pkt p = tcp(HOST(5), port, PEER(1), FTP, CLIENT + 900000, 0, F_SYN, "");

	return lab_out(&lab, &p);
}

/* A closed connection's ports are used again. */
START_TEST(ports_used_again_at_the_limit)
{
	open_connection();
	from_client("", F_FIN);
	sent++;
	from_server("", F_FIN);
	answered++;
	from_client("", 0);
	for (uint16_t i = 1; i < HOST_STREAMS; i++)
		established(5, (uint16_t)(5000 + i));
	IS(syn(5, 9999), ALG_NO_ROOM);
	/* It has a place of its own. */
	ck_assert_int_eq(reason_verdict(syn_again(4000)), VERDICT_REPLACE);
	ck_assert_uint_eq(counts(ALG_FTP).notes[NOTE_LIMIT_HOST], 1);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, HOST_STREAMS);
}
END_TEST

/* Messages without an end, in many connections: what one host has held does not take others' buffer. */
START_TEST(a_host_has_so_much_buffer)
{
	char text[1401];
	struct pkt p;

	memset(text, 'x', 1400);
	text[1400] = '\0';
	for (uint16_t i = 0; i < HOST_STREAMS; i++) {
		established(5, (uint16_t)(1024 + i));
		for (uint32_t k = 0; k < 30; k++) {
			p = tcp(HOST(5), (uint16_t)(1024 + i), PEER(1), FTP, CLIENT + 1 + k * 1400, SERVER + 1, F_ACK, text);
			lab_out(&lab, &p);
			ck_assert_uint_le(engine_session_use(lab.engine).chunks, HOST_CHUNKS);
		}
	}
	ck_assert_uint_ge(engine_session_use(lab.engine).chunks, HOST_CHUNKS / 2);
	ck_assert_uint_gt(lab_counts(&lab).reasons[REASON_STREAM_REFUSED], 0);
	established(6, 1024);
	p = tcp(HOST(6), 1024, PEER(1), FTP, CLIENT + 1, SERVER + 1, F_ACK, "ADDR 10.0.0");
	IS(lab_out(&lab, &p), STREAM_HELD);
}
END_TEST

/* ---- refused ---- */

static void only_resets(uint32_t *to_client, uint32_t *to_server)
{
	struct pkt got[8];
	uint32_t n = emitted(got, 8);

	*to_client = *to_server = 0;
	for (uint32_t i = 0; i < n; i++) {
		ck_assert_ptr_null(strstr(tcp_text(&got[i]), "10.0.0"));
		if (!(l4_of(&got[i])[13] & F_RST))
			continue;
		*to_client += dst_of(&got[i]) == HOST(5) && ack_of(&got[i]) != 0;
		*to_server += dst_of(&got[i]) == PEER(1) && src_of(&got[i]) == global.addr &&
			      seq_of(&got[i]) == CLIENT + 1 + sent + delta;
	}
}

/* Eight may wait for one connection; the ninth has nowhere to be announced from. */
START_TEST(a_message_that_cannot_be_changed_resets_both_ends)
{
	uint32_t to_client, to_server;
	char text[64];
	struct pkt p;

	open_connection();
	for (int i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "ADDR 10.0.0.5:%d\n", 9000 + i);
		p = from_client(text, F_PSH);
		IS(lab.out.reason, TRANSLATED);
		sent += (uint32_t)strlen(text);
		delta += 3;
		ck_assert_ptr_null(strstr(tcp_text(&p), "10.0.0.5"));
	}
	p = from_client("ADDR 10.0.0.5:9100\n", F_PSH);
	IS(lab.out.reason, STREAM_ANSWERED);
	ck_assert(lab_gone(&lab));
	only_resets(&to_client, &to_server);
	ck_assert_uint_eq(to_client, 1);
	ck_assert_uint_eq(to_server, 1);
	/* Whoever goes on is told again, and nothing of it is delivered. */
	p = from_client("ADDR 10.0.0.5:9100\n", F_PSH);
	ck_assert(lab_gone(&lab));
	only_resets(&to_client, &to_server);
	ck_assert_uint_eq(to_client, 1);
	lab_wait(&lab, 70);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 0);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
}
END_TEST

/* ---- hairpin ---- */

static struct pkt turn(ip4 source, uint16_t sport, ip4 destination, uint16_t dport, uint32_t seq, uint32_t ack, uint8_t flags,
		       const char *text)
{
	struct pkt p = tcp(source, sport, destination, dport, seq, ack, flags, text);

	IS(lab_turn(&lab, &p), HAIRPIN);
	GOOD(p);
	return p;
}

START_TEST(a_hairpin_through_a_stream)
{
	struct pkt p = turn(HOST(5), 4000, POOL(200), FTP, CLIENT, 0, F_SYN, "");
	struct endpoint mapped = {src_of(&p), (uint16_t)sport_of(&p)};
	struct pkt got[8];
	uint32_t n, found = 0;

	ck_assert_uint_eq(dst_of(&p), HOST(9));
	ck_assert_uint_eq(mapped.addr, FACE);
	turn(HOST(9), FTP, mapped.addr, mapped.port, SERVER, CLIENT + 1, F_SYN | F_ACK, "");
	turn(HOST(5), 4000, POOL(200), FTP, CLIENT + 1, SERVER + 1, F_ACK, "");
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, 1);
	/* Active: the client announces itself. */
	p = turn(HOST(5), 4000, POOL(200), FTP, CLIENT + 1, SERVER + 1, F_ACK | F_PSH, "ADDR 10.0.0.5:9000\n");
	ck_assert_str_eq(tcp_text(&p), "ADDR 203.0.113.1:9000\n");
	ck_assert_uint_eq(dst_of(&p), HOST(9));
	/* Passive: the server does; both ends count otherwise by now. */
	p = turn(HOST(9), FTP, mapped.addr, mapped.port, SERVER + 1, CLIENT + 1 + 22, F_ACK | F_PSH,
		 "ADDR 10.0.0.9:9001\n");
	ck_assert_str_eq(tcp_text(&p), "ADDR 203.0.113.200:9001\n");
	ck_assert_uint_eq(ack_of(&p), CLIENT + 1 + 19);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	p = turn(HOST(5), 4000, POOL(200), FTP, CLIENT + 1 + 19, SERVER + 1 + 24, F_ACK, "");
	ck_assert_uint_eq(seq_of(&p), CLIENT + 1 + 22);
	ck_assert_uint_eq(ack_of(&p), SERVER + 1 + 19);
	/* In two segments: held, acknowledged and sent on by us, with the addresses that each end knows. */
	p = tcp(HOST(5), 4000, POOL(200), FTP, CLIENT + 1 + 19, SERVER + 1 + 24, F_ACK | F_PSH, "ADDR 10.0.");
	lab_turn(&lab, &p);
	IS(lab.out.reason, STREAM_HELD);
	p = tcp(HOST(5), 4000, POOL(200), FTP, CLIENT + 1 + 29, SERVER + 1 + 24, F_ACK | F_PSH, "0.5:9002\n");
	lab_turn(&lab, &p);
	IS(lab.out.reason, STREAM_HELD);
	n = emitted(got, 8);
	for (uint32_t i = 0; i < n; i++) {
		if (dst_of(&got[i]) != HOST(9)) {
			ck_assert_uint_eq(src_of(&got[i]), POOL(200));
			ck_assert_uint_eq(dst_of(&got[i]), HOST(5));
			continue;
		}
		found++;
		ck_assert_uint_eq(src_of(&got[i]), mapped.addr);
		ck_assert_uint_eq(sport_of(&got[i]), mapped.port);
		ck_assert_uint_eq(seq_of(&got[i]), CLIENT + 1 + 22);
		ck_assert_str_eq(tcp_text(&got[i]), "ADDR 203.0.113.1:9002\n");
	}
	ck_assert_uint_eq(found, 1);
}
END_TEST

/* The children of both kinds, in and out of the hairpin. */
START_TEST(children_of_a_hairpin)
{
	struct pkt p = turn(HOST(5), 4000, POOL(200), FTP, CLIENT, 0, F_SYN, "");
	struct endpoint mapped = {src_of(&p), (uint16_t)sport_of(&p)};

	turn(HOST(9), FTP, mapped.addr, mapped.port, SERVER, CLIENT + 1, F_SYN | F_ACK, "");
	turn(HOST(5), 4000, POOL(200), FTP, CLIENT + 1, SERVER + 1, F_ACK, "");
	turn(HOST(5), 4000, POOL(200), FTP, CLIENT + 1, SERVER + 1, F_ACK | F_PSH, "ADDR 10.0.0.5:9000\n");
	p = turn(HOST(9), 20, FACE, 9000, 1, 0, F_SYN, "");
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(dport_of(&p), 9000);
	turn(HOST(9), FTP, mapped.addr, mapped.port, SERVER + 1, CLIENT + 1 + 22, F_ACK | F_PSH, "ADDR 10.0.0.9:9001\n");
	p = turn(HOST(5), 4001, POOL(200), 9001, 1, 0, F_SYN, "");
	ck_assert_uint_eq(dst_of(&p), HOST(9));
	ck_assert_uint_eq(src_of(&p), FACE);
	/* Nobody announced this one. */
	p = tcp(HOST(9), 20, FACE, 9003, 1, 0, F_SYN, "");
	lab_turn(&lab, &p);
	ck_assert_int_ne(lab.out.reason, REASON_HAIRPIN);
}
END_TEST

/* ---- restart ---- */

START_TEST(half_a_command_survives)
{
	struct pkt got[8];
	uint32_t n, found = 0;

	open_connection();
	from_client("ADDR 10.0.0", F_PSH);
	IS(lab.out.reason, STREAM_HELD);
	sent += 11; /* acknowledged: nobody sends it again */
	reopen();
	with_services(1);
	from_client(".5:9000\n", F_PSH);
	IS(lab.out.reason, STREAM_HELD);
	n = emitted(got, 8);
	for (uint32_t i = 0; i < n; i++) {
		if (dst_of(&got[i]) != PEER(1))
			continue;
		found++;
		ck_assert_str_eq(tcp_text(&got[i]), "ADDR 203.0.113.1:9000\n");
		ck_assert_uint_eq(seq_of(&got[i]), CLIENT + 1);
	}
	ck_assert_uint_eq(found, 1);
	ck_assert_uint_eq(counts(ALG_FTP).live, 1);
}
END_TEST

/* Limits hold for what an earlier daemon left, too. */
START_TEST(hosts_are_counted_again)
{
	for (uint16_t i = 0; i < HOST_STREAMS; i++)
		established(5, (uint16_t)(1024 + i));
	reopen();
	with_services(1);
	ck_assert_uint_eq(engine_session_use(lab.engine).streams, HOST_STREAMS);
	IS(syn(5, 9999), ALG_NO_ROOM);
	IS(syn(6, 9999), TRANSLATED_NEW);
}
END_TEST

/* False: it came to its end. */
static bool dies_after(uint64_t stores, const char *text)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		records_stores_left = stores;
		from_client(text, F_PSH);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status);
}

/* A flow from before there was a gateway: when that has no room for it, its messages do not leave unread, neither at once nor
 * when they are sent again; nor after a restart. The flow stays, and when there is room it goes on. */
START_TEST(a_gateway_that_comes_later_has_no_room)
{
	struct pkt p;

	without_services(2);
	for (uint16_t i = 0; i <= HOST_SESSIONS; i++) {
		p = udp(HOST(5), (uint16_t)(1024 + i), PEER(1), TFTP, "hello\n");
		IS(lab_out(&lab, &p), TRANSLATED_NEW);
		p = udp(PEER(1), TFTP, src_of(&p), (uint16_t)sport_of(&p), "hello\n");
		IS(lab_in(&lab, &p), TRANSLATED);
	}
	with_services(3);
	for (uint16_t i = 0; i < HOST_SESSIONS; i++) {
		p = udp(HOST(5), (uint16_t)(1024 + i), PEER(1), TFTP, "ADDR 10.0.0.5:9000\n");
		IS(lab_out(&lab, &p), TRANSLATED);
		ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.1:9000\n");
	}
	for (int i = 0; i < 3; i++) {
		p = udp(HOST(5), 1024 + HOST_SESSIONS, PEER(1), TFTP, "ADDR 10.0.0.5:9000\n");
		IS(lab_out(&lab, &p), ALG_NO_ROOM);
		if (i == 1) {
			reopen();
			with_services(1);
		}
	}
	ck_assert_uint_eq(counts(ALG_TFTP).live, HOST_SESSIONS);
	ck_assert_uint_eq(lab_counts(&lab).flows, HOST_SESSIONS + 1);
	without_services(2);
	p = udp(HOST(5), 1024, PEER(1), TFTP, "hello\n");
	IS(lab_out(&lab, &p), TRANSLATED);
	with_services(3);
	p = udp(HOST(5), 1024 + HOST_SESSIONS, PEER(1), TFTP, "ADDR 10.0.0.5:9000\n");
	IS(lab_out(&lab, &p), TRANSLATED);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.1:9000\n");
}
END_TEST

/* The gateway's state and what was read are of one moment: were the one kept without the other, the ADDR that SKIP hides would
 * be read again, without it. */
START_TEST(killed_in_the_middle_of_a_message)
{
	uint64_t deaths = 0;
	struct pkt p;

	for (bool died = true; died;) {
		crash_teardown();
		crash_setup();
		open_connection();
		from_client("SKIP\n", F_PSH);
		sent += 5;
		died = dies_after(++deaths, "ADDR 10.0.0.5:9000\n");
		reopen();
		with_services(1);
		p = from_client("ADDR 10.0.0.5:9000\n", F_PSH);
		ck_assert_msg(strcmp(tcp_text(&p), "ADDR 10.0.0.5:9000\n") == 0, "after %u stores: %s", (unsigned)deaths,
			      tcp_text(&p));
		sent += 19;
		p = from_client("ADDR 10.0.0.5:9000\n", F_PSH);
		ck_assert_str_eq(tcp_text(&p), "ADDR 203.0.113.1:9000\n");
		ck_assert_uint_eq(seq_of(&p), CLIENT + 1 + sent);
	}
	ck_assert_uint_gt(deaths, 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alg_room");
	TCase *tests = tcase_create("room"), *crash = tcase_create("restart");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_host_has_so_many_connections);
	tcase_add_test(tests, who_was_never_answered_gives_way);
	tcase_add_test(tests, a_flood_from_outside_keeps_nobody_out);
	tcase_add_test(tests, a_host_has_so_many_datagram_sessions);
	tcase_add_test(tests, ports_used_again_at_the_limit);
	tcase_add_test(tests, a_host_has_so_much_buffer);
	tcase_add_test(tests, a_message_that_cannot_be_changed_resets_both_ends);
	tcase_add_test(tests, a_hairpin_through_a_stream);
	tcase_add_test(tests, children_of_a_hairpin);
	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(crash, crash_setup, crash_teardown);
	tcase_add_test(crash, half_a_command_survives);
	tcase_add_test(crash, hosts_are_counted_again);
	tcase_add_test(crash, a_gateway_that_comes_later_has_no_room);
	tcase_add_test(crash, killed_in_the_middle_of_a_message);
	suite_add_tcase(suite, crash);
	return suite_main(suite);
}
