/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Death after every single store while a phone registers, calls, changes its port and hangs up: the next life finds what had been
 * said before, and in the end nothing is left.
 */
#ifndef ALGATE_ABORT_TEST
#error "compile this test and the tables with -DALGATE_ABORT_TEST"
#endif
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "phonelab.h"
#include "nat/alg_store.h"
#include "suite.h"
#include "tables.h"

static char directory[64];

enum stage { NOTHING, REGISTERED, UP, CHANGED, ENDED };
static enum stage *done; /* in memory that outlives the child */

static void life(void)
{
	struct err err;

	lab = (struct lab){.now = 1000000};
	lab.records = records_open(directory, 1024, &err);
	ck_assert_ptr_nonnull(lab.records);
	lab.engine = engine_new(lab.records, 42, lab.now);
	lab_conf(&lab, 1);
	lab_masquerade(&lab);
	ck_assert(lab_commit(&lab));
}

static void end_life(void)
{
	lab_close(&lab);
	lab.conf = NULL;
}

static void enroll(void)
{
	struct says ask = {.first = "REGISTER sip:example.com SIP/2.0", .method = "REGISTER", .call = 9, .via = "10.0.0.5:5060",
			   .contact = "10.0.0.5:5060", .more = ";expires=3600"};
	struct says ok = {.first = "SIP/2.0 200 OK", .method = "REGISTER", .call = 9, .to = "r", .via = "203.0.113.1:5060",
			  .contact = "203.0.113.1:5060", .more = ";expires=3600"};

	sip_out(HOST(5), 5060, PROXY, 5060, &ask);
	sip_in(PROXY, 5060, FACE, 5060, &ok);
}

static void story(void)
{
	struct pkt p;

	*done = NOTHING;
	enroll();
	*done = REGISTERED;
	invite_out(1, AUDIO);
	answer_in(1, "SIP/2.0 200 OK", "t");
	*done = UP;
	rtp_in(2, 6000, FACE, 4000, &p);
	rtp_out(5, 4001, 2, 6001, &p);
	invite_out(1, "m=audio 4100 RTP/AVP 0\r\n");
	answer_in(1, "SIP/2.0 200 OK", "t");
	*done = CHANGED;
	request_out(1, "BYE", "t");
	*done = ENDED;
	lab_wait(&lab, 40);
}

/* False: it came to its end. */
static bool die_after(uint64_t stores)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		life();
		records_stores_left = stores;
		story();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status);
}

static void is_reached(void)
{
	struct says options = {.first = "OPTIONS sip:u@203.0.113.1:5060 SIP/2.0", .method = "OPTIONS", .call = 77};

	sip_in(PROXY, 5070, FACE, 5060, &options);
	HAS("OPTIONS sip:u@10.0.0.5:5060 SIP/2.0");
}

static void has_media(uint16_t port)
{
	struct pkt p;

	ck_assert_int_ne(reason_verdict(rtp_in(2, 6000, FACE, port, &p)), VERDICT_DROP);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(dport_of(&p), port);
}

static void leaves_nothing(void)
{
	for (int i = 0; i < 3; i++)
		lab_wait(&lab, 45000);
	ck_assert_uint_eq(calls_now().ports, 0);
	ck_assert_uint_eq(calls_now().begun + calls_now().up + calls_now().over + calls_now().registered, 0);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), 0);
}

START_TEST(killed_after_each_store)
{
	uint64_t stores = 0, deaths = 0;
	bool died;

	do {
		test_directory(directory);
		died = die_after(++stores);
		deaths += died;
		life();
		if (*done >= REGISTERED)
			is_reached();
		if (*done >= UP && *done < ENDED)
			has_media(4000);
		if (*done == CHANGED)
			has_media(4100);
		leaves_nothing();
		end_life();
		test_directory_remove(directory);
	} while (died);
	ck_assert_uint_gt(deaths, 200);
}
END_TEST

/* Random bytes in the file cost what they hit, no more. */
START_TEST(damage_is_thrown_away)
{
	uint32_t random = 1;

	for (int round = 0; round < 40; round++) {
		test_directory(directory);
		life();
		enroll();
		for (int i = 0; i < 5; i++) {
			invite_out(i, AUDIO);
			answer_in(i, "SIP/2.0 200 OK", "t");
		}
		for (int i = 0; i < 60; i++) {
			uint8_t *calls = (uint8_t *)lab.records->alg->calls, *ports = (uint8_t *)lab.records->alg->ports;

			random = random * 1664525 + 1013904223;
			if (random >> 31)
				calls[(random >> 8) % (6 * sizeof(struct call_record))] ^= (uint8_t)(random >> 3);
			else
				ports[(random >> 8) % (11 * sizeof(struct call_port))] ^= (uint8_t)(random >> 3);
		}
		engine_free(lab.engine);
		records_close(lab.records);
		life();
		leaves_nothing();
		end_life();
		test_directory_remove(directory);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("calls and death");
	TCase *t = tcase_create("all");

	done = mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	tcase_set_timeout(t, 300);
	tcase_add_test(t, killed_after_each_store);
	tcase_add_test(t, damage_is_thrown_away);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_main(suite());
}
