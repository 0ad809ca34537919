/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gateways at work in the engine: who is read and who is not; datagrams changed, refused, in pieces, turned back; gateways switched
 * on and off between two packets.
 */
#include "alg_toy.h"
#include "suite.h"

/* ---- datagrams ---- */

START_TEST(a_datagram_is_changed_and_grows)
{
	struct pkt p = udp(HOST(5), 4000, PEER(1), DNS, "ADDR 10.0.0.5:9000 and more\n");
	uint32_t before = p.length;

	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	GOOD(p);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.1:9000 and more\n");
	ck_assert_uint_eq(p.length, before + 3);
	/* It came with DF, and nobody would tell its sender that it has become too large. */
	ck_assert_uint_eq(p.data[6] & 0x40, 0);
	ck_assert_uint_ne(up16(p.data + 4), 0);
	ck_assert_uint_eq(counts(ALG_DNS).changed, 1);
	ck_assert_uint_eq(counts(ALG_DNS).fragmentable, 1);
	ck_assert_uint_eq(counts(ALG_DNS).expected, 1);
	ck_assert_uint_eq(marked(), 1);
}
END_TEST

START_TEST(the_same_datagram_gets_the_same_answer)
{
	char first[256];

	for (int i = 0; i < 3; i++) {
		struct pkt p = udp(HOST(5), 4000, PEER(1), DNS, "ADDR 10.0.0.5:9000\n");

		lab_out(&lab, &p);
		GOOD(p);
		if (i == 0)
			snprintf(first, sizeof(first), "%s", udp_text(&p));
		ck_assert_str_eq(udp_text(&p), first);
	}
	ck_assert_uint_eq(counts(ALG_DNS).messages, 3);
	ck_assert_uint_eq(counts(ALG_DNS).expected, 1);
}
END_TEST

START_TEST(what_mentions_nothing_is_not_changed)
{
	struct pkt p = udp(HOST(5), 4000, PEER(1), DNS, "hello 10.0.0.5:9000\n");

	lab_out(&lab, &p);
	GOOD(p);
	ck_assert_str_eq(udp_text(&p), "hello 10.0.0.5:9000\n");
	ck_assert_uint_eq(p.data[6] & 0x40, 0x40);
	ck_assert_uint_eq(counts(ALG_DNS).messages, 1);
	ck_assert_uint_eq(counts(ALG_DNS).changed, 0);
}
END_TEST

START_TEST(other_ports_are_not_read)
{
	struct pkt p = udp(HOST(5), 4000, PEER(1), 5353, "ADDR 10.0.0.5:9000\n");

	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_str_eq(udp_text(&p), "ADDR 10.0.0.5:9000\n");
	ck_assert_uint_eq(marked(), 0);
	ck_assert_uint_eq(counts(ALG_DNS).messages, 0);
}
END_TEST

START_TEST(a_damaged_datagram_keeps_its_bytes_and_its_damage)
{
	struct pkt p = udp(HOST(5), 4000, PEER(1), DNS, "hello\n");

	lab_out(&lab, &p);
	p = udp(HOST(5), 4000, PEER(1), DNS, "ADDR 10.0.0.5:9000\n");
	p.data[p.length - 1] ^= 1;
	IS(lab_out(&lab, &p), TRANSLATED);
	ck_assert(!pkt_is_good(&p));
	ck_assert_uint_eq(memcmp(udp_text(&p), "ADDR 10.0.0.5:9000", 18), 0);
}
END_TEST

START_TEST(a_datagram_without_checksum_stays_without)
{
	struct pkt p = udp(HOST(5), 4000, PEER(1), DNS, "ADDR 10.0.0.5:9000\n");

	pk16(p.data + 26, 0);
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	GOOD(p);
	ck_assert_uint_eq(up16(p.data + 26), 0);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.1:9000\n");
}
END_TEST

/* No port is free for what the message announces: unchanged it would show an inside address. */
START_TEST(what_cannot_be_changed_does_not_leave)
{
	struct pkt p;

	lab_conf(&lab, 2);
	lab.conf->max_entries = 0;
	lab_static(&lab, 3, P_TCP, HOST(5), 9000, 0, 9000); /* the interface form without an address */
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
	p = udp(HOST(5), 4000, PEER(1), DNS, "hello\n");
	lab_out(&lab, &p);
	p = udp(HOST(5), 4000, PEER(1), DNS, "ADDR 10.0.0.5:9000\n");
	lab_out(&lab, &p);
	ck_assert(lab_gone(&lab) || strstr(udp_text(&p), "10.0.0.5") == NULL);
}
END_TEST

/* There is no room for the three bytes more, so neither is there a packet. */
START_TEST(no_room_to_grow)
{
	struct pkt p = udp(HOST(5), 4000, PEER(1), DNS, "ADDR 10.0.0.5:9000\n");
	struct packet packet = {.data = p.data,
				.length = p.length,
				.in_ifindex = IN,
				.out_ifindex = OUT,
				.visit = VISIT_TO_OUTSIDE};

	engine_packet(lab.engine, lab.now, &packet, &lab.out);
	IS(lab.out.reason, ALG_REFUSED);
	ck_assert_int_eq(lab.out.verdict, VERDICT_DROP);
	ck_assert_uint_eq(counts(ALG_DNS).notes[NOTE_TOO_BIG], 1);
}
END_TEST

START_TEST(state_moves_on_from_datagram_to_datagram)
{
	struct pkt p = udp(HOST(5), 4000, PEER(1), TFTP, "SKIP\n");

	lab_out(&lab, &p);
	ck_assert_uint_eq(engine_session_use(lab.engine).sessions, 1);
	p = udp(HOST(5), 4000, PEER(1), TFTP, "ADDR 10.0.0.5:9000\n");
	lab_out(&lab, &p);
	ck_assert_str_eq(udp_text(&p), "ADDR 10.0.0.5:9000\n");
	p = udp(HOST(5), 4000, PEER(1), TFTP, "ADDR 10.0.0.5:9000\n");
	lab_out(&lab, &p);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.1:9000\n");
	lab_wait(&lab, 400);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(engine_session_use(lab.engine).sessions, 0);
	ck_assert_uint_eq(counts(ALG_TFTP).live, 0);
	ck_assert_uint_eq(counts(ALG_TFTP).flows, 1);
}
END_TEST

/* A server inside, found by the port it has there or by that which the outside sees. */
START_TEST(a_server_inside)
{
	struct pkt p = udp(PEER(1), 4000, POOL(200), DNS, "hello\n");

	IS(lab_in(&lab, &p), TRANSLATED_NEW);
	ck_assert_uint_eq(marked(), 1);
	p = udp(HOST(9), DNS, PEER(1), 4000, "ADDR 10.0.0.9:9000\n");
	IS(lab_out(&lab, &p), TRANSLATED);
	GOOD(p);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.200:9000\n");
}
END_TEST

START_TEST(a_fragmented_datagram_leaves_changed_and_in_pieces)
{
	char text[1600] = "ADDR 10.0.0.5:9000 ";
	struct pkt whole, piece;

	memset(text + strlen(text), 'x', 1500);
	whole = udp(HOST(5), 4000, PEER(1), DNS, text);
	for (uint32_t at = 0; at < whole.length - 20; at += 800) {
		uint32_t size = whole.length - 20 - at < 800 ? whole.length - 20 - at : 800;

		piece = whole;
		memmove(piece.data + 20, piece.data + 20 + at, size);
		piece.length = 20 + size;
		pk16(piece.data + 2, piece.length);
		pkt_fragment(&piece, (uint16_t)(at / 8 | (at + size < whole.length - 20 ? 0x2000 : 0)));
		lab_out(&lab, &piece);
	}
	IS(lab.out.reason, REASSEMBLED);
	ck_assert_uint_eq(lab.out.n_emitted, 1);
	ck_assert_uint_eq(lab.out.emitted[0].piece, 820);
	ck_assert_uint_eq(lab.out.emitted[0].length, whole.length + 3);
	memcpy(whole.data, lab.out.emitted[0].large, lab.out.emitted[0].length);
	whole.length = lab.out.emitted[0].length;
	GOOD(whole);
	ck_assert_uint_eq(memcmp(udp_text(&whole), "ADDR 203.0.113.1:9000 xxx", 25), 0);
}
END_TEST

/* ---- on and off ---- */

START_TEST(off_means_identical_bytes)
{
	static const char *const texts[] = {"ADDR 10.0.0.5:9000\n", "SKIP\n", "JUNK\n"};
	struct pkt p;

	without_services(2);
	for (unsigned i = 0; i < 3; i++) {
		p = udp(HOST(5), 4000, PEER(1), DNS, texts[i]);
		lab_out(&lab, &p);
		GOOD(p);
		ck_assert_str_eq(udp_text(&p), texts[i]);
	}
	ck_assert_uint_eq(marked(), 0);
	ck_assert_uint_eq(counts(ALG_DNS).messages, 0);
}
END_TEST

START_TEST(datagrams_follow_the_configuration_at_once)
{
	struct pkt p = udp(HOST(5), 4000, PEER(1), TFTP, "ADDR 10.0.0.5:9000\n");

	lab_out(&lab, &p);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.1:9000\n");
	without_services(2);
	p = udp(HOST(5), 4000, PEER(1), TFTP, "ADDR 10.0.0.5:9000\n");
	IS(lab_out(&lab, &p), TRANSLATED);
	ck_assert_str_eq(udp_text(&p), "ADDR 10.0.0.5:9000\n");
	ck_assert_uint_eq(marked(), 0);
	ck_assert_uint_eq(counts(ALG_TFTP).live, 0);
	with_services(3);
	p = udp(HOST(5), 4000, PEER(1), TFTP, "ADDR 10.0.0.5:9000\n");
	IS(lab_out(&lab, &p), TRANSLATED);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.1:9000\n");
	ck_assert_uint_eq(marked(), 1);
}
END_TEST

static void with_no_payload(uint32_t epoch)
{
	conf(epoch);
	lab.conf->statics[0].no_payload = true;
	ck_assert(lab_commit(&lab));
}

/* Host 9 is mapped by such an entry: nothing of it is read, whoever it talks with, and it is not named otherwise. */
START_TEST(no_payload_means_identical_bytes)
{
	struct pkt p = udp(HOST(9), 4000, PEER(1), DNS, "ADDR 10.0.0.9:9000\n");

	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.200:9000\n");
	ck_assert_uint_eq(marked(), 1);
	with_no_payload(2);
	p = udp(HOST(9), 4000, PEER(1), DNS, "ADDR 10.0.0.9:9000\n");
	IS(lab_out(&lab, &p), TRANSLATED);
	ck_assert_uint_eq(src_of(&p), POOL(200));
	ck_assert_str_eq(udp_text(&p), "ADDR 10.0.0.9:9000\n");
	p = udp(PEER(1), 4000, POOL(200), TFTP, "ADDR 203.0.113.200:9000\n");
	IS(lab_in(&lab, &p), TRANSLATED_NEW);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.200:9000\n");
	p = udp(HOST(5), 4000, POOL(200), DNS, "ADDR 10.0.0.5:9000\n");
	IS(lab_turn(&lab, &p), HAIRPIN);
	ck_assert_str_eq(udp_text(&p), "ADDR 10.0.0.5:9000\n");
	ck_assert_uint_eq(marked(), 0);
	p = udp(HOST(5), 4002, PEER(1), DNS, "ADDR 10.0.0.5:9000\n");
	IS(lab_out(&lab, &p), TRANSLATED_NEW);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.1:9000\n");
	ck_assert_uint_eq(marked(), 1);
	with_services(3);
	p = udp(HOST(9), 4000, PEER(1), DNS, "ADDR 10.0.0.9:9000\n");
	IS(lab_out(&lab, &p), TRANSLATED);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.200:9000\n");
}
END_TEST

START_TEST(a_port_for_the_servers_of_a_list)
{
	struct snapshot *s = lab.conf;
	struct pkt p;

	conf(2);
	s = lab.conf;
	s->services = mem_grow(s->services, 16, sizeof(*s->services));
	s->services[s->n_services++] =
		(struct snapshot_service){P_UDP, ALG_TFTP, 6969, lab_list(&lab, 0, PEER(1), 0xffffffff)};
	ck_assert(lab_commit(&lab));
	p = udp(HOST(5), 4000, PEER(1), 6969, "ADDR 10.0.0.5:9000\n");
	lab_out(&lab, &p);
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.1:9000\n");
	p = udp(HOST(5), 4000, PEER(2), 6969, "ADDR 10.0.0.5:9000\n");
	lab_out(&lab, &p);
	ck_assert_str_eq(udp_text(&p), "ADDR 10.0.0.5:9000\n");
	ck_assert_int_eq(snapshot_service(engine_snapshot(lab.engine), P_UDP, 6969, PEER(1)), ALG_TFTP);
	ck_assert_int_eq(snapshot_service(engine_snapshot(lab.engine), P_UDP, 6969, PEER(2)), ALG_NONE);
	ck_assert_int_eq(snapshot_service(engine_snapshot(lab.engine), P_TCP, 6969, PEER(1)), ALG_NONE);
	ck_assert_int_eq(snapshot_service(engine_snapshot(lab.engine), P_TCP, 21, PEER(7)), ALG_FTP);
}
END_TEST

/* ---- hairpin ---- */

START_TEST(a_hairpin_is_read_once_and_both_ways)
{
	struct pkt p = udp(HOST(5), 4000, POOL(200), DNS, "ADDR 10.0.0.5:9000\n");
	struct endpoint mapped;

	IS(lab_turn(&lab, &p), HAIRPIN);
	GOOD(p);
	mapped = (struct endpoint){src_of(&p), (uint16_t)sport_of(&p)};
	ck_assert_uint_eq(dst_of(&p), HOST(9));
	ck_assert_ptr_null(strstr(udp_text(&p), "10.0.0.5"));
	p = udp(HOST(9), DNS, mapped.addr, mapped.port, "ADDR 10.0.0.9:9000\n");
	IS(lab_turn(&lab, &p), HAIRPIN);
	GOOD(p);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_str_eq(udp_text(&p), "ADDR 203.0.113.200:9000\n");
	ck_assert_uint_eq(counts(ALG_DNS).messages, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alg_session");
	TCase *tests = tcase_create("alg_session");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_datagram_is_changed_and_grows);
	tcase_add_test(tests, the_same_datagram_gets_the_same_answer);
	tcase_add_test(tests, what_mentions_nothing_is_not_changed);
	tcase_add_test(tests, other_ports_are_not_read);
	tcase_add_test(tests, a_damaged_datagram_keeps_its_bytes_and_its_damage);
	tcase_add_test(tests, a_datagram_without_checksum_stays_without);
	tcase_add_test(tests, what_cannot_be_changed_does_not_leave);
	tcase_add_test(tests, no_room_to_grow);
	tcase_add_test(tests, state_moves_on_from_datagram_to_datagram);
	tcase_add_test(tests, a_server_inside);
	tcase_add_test(tests, a_fragmented_datagram_leaves_changed_and_in_pieces);
	tcase_add_test(tests, off_means_identical_bytes);
	tcase_add_test(tests, datagrams_follow_the_configuration_at_once);
	tcase_add_test(tests, no_payload_means_identical_bytes);
	tcase_add_test(tests, a_port_for_the_servers_of_a_list);
	tcase_add_test(tests, a_hairpin_is_read_once_and_both_ways);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
