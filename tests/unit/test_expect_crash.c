/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Death after every single store while a control session begins, announces, is answered by a child, announces again and ends:
 * the next life lets in who was announced, keeps who has come, and in the end nothing is left. The session is one of datagrams;
 * what streams keep has a test of its own.
 */
#ifndef ALGATE_ABORT_TEST
#error "compile this test and the tables with -DALGATE_ABORT_TEST"
#endif
#include <sys/mman.h>
#include <sys/wait.h>
#include "alg_talk.h"
#include "suite.h"
#include "nat/records.h"

#define FIRST  9000
#define SECOND 9001
#define DATA   20

enum stage { NOTHING, OPEN, ANNOUNCED, CAME, AGAIN, TAKEN_BACK };
static enum stage *done; /* in memory that outlives the child */

static void life(void)
{
	struct err err;

	lab = (struct lab){.now = 1000000};
	lab.records = records_open(directory, TALK_FLOWS, &err);
	ck_assert_ptr_nonnull(lab.records);
	lab.engine = engine_new(lab.records, 42, lab.now);
	conf(1);
	ck_assert(lab_commit(&lab));
}

static void says(const char *text, const char *becomes)
{
	struct pkt p = udp(HOST(5), 4000, PEER(1), TFTP, text);

	lab_out(&lab, &p);
	ck_assert_str_eq(udp_text(&p), becomes);
}

static enum reason child(uint16_t port, uint8_t flags, uint32_t seq, uint32_t ack, struct pkt *p)
{
	*p = tcp(PEER(1), DATA, FACE, port, seq, ack, flags, "");
	return lab_in(&lab, p);
}

static void child_answers(uint16_t port)
{
	struct pkt p = tcp(HOST(5), port, PEER(1), DATA, 700, 301, F_SYN | F_ACK, "");

	IS(lab_out(&lab, &p), TRANSLATED);
	ck_assert_uint_eq(sport_of(&p), port);
}

static void story(void)
{
	struct pkt p;

	*done = NOTHING;
	says("hello\n", "hello\n");
	*done = OPEN;
	says("ADDR 10.0.0.5:9000\n", "ADDR 203.0.113.1:9000\n");
	*done = ANNOUNCED;
	IS(child(FIRST, F_SYN, 300, 0, &p), TRANSLATED_NEW);
	child_answers(FIRST);
	IS(child(FIRST, F_ACK, 301, 701, &p), TRANSLATED);
	*done = CAME;
	p = udp(PEER(1), TFTP, FACE, 4000, "ok\n");
	IS(lab_in(&lab, &p), TRANSLATED);
	says("ADDR 10.0.0.5:9001\n", "ADDR 203.0.113.1:9001\n");
	*done = AGAIN;
	lab_wait(&lab, 70); /* nobody comes to the second */
	*done = TAKEN_BACK;
	lab_wait(&lab, 200000);
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
	ck_assert(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

/* What is found is all that was said, or is not there. */
static void is_whole(void)
{
	uint32_t from = 0, index;

	while ((index = expect_next(lab.engine->expects, &from)) != RECORD_NONE) {
		const struct expect_record *record = expect_at(lab.engine->expects, index);

		ck_assert_str_eq(record->message, "ADDR");
		ck_assert_uint_eq(record->remote, PEER(1));
		ck_assert_uint_eq(record->until_s - record->made_s, 60);
	}
}

static void is_let_in(uint16_t port)
{
	struct pkt p;

	ck_assert_int_eq(reason_verdict(child(port, F_SYN, 300, 0, &p)), VERDICT_REPLACE);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(dport_of(&p), port);
	child_answers(port);
}

static void has_child(void)
{
	struct pkt p;

	ck_assert_int_ne(reason_verdict(child(FIRST, F_ACK, 301, 701, &p)), VERDICT_DROP);
	ck_assert_uint_eq(dst_of(&p), HOST(5));
	ck_assert_uint_eq(dport_of(&p), FIRST);
}

static void leaves_nothing(void)
{
	for (int i = 0; i < 4; i++)
		lab_wait(&lab, 100000);
	ck_assert_uint_eq(engine_expected(lab.engine), 0);
	ck_assert_uint_eq(expect_links(lab.engine->expects), 0);
	ck_assert_uint_eq(engine_session_use(lab.engine).sessions, 0);
	ck_assert_uint_eq(lab_counts(&lab).flows, 0);
	ck_assert_uint_eq(binding_count(lab.engine->bindings), 0);
}

START_TEST(killed_after_each_store)
{
	uint64_t stores = 0, deaths = 0, reached[TAKEN_BACK + 1] = {0};
	bool died;

	do {
		test_directory(directory);
		died = die_after(++stores);
		deaths += died;
		reached[*done]++;
		life();
		is_whole();
		if (*done == ANNOUNCED)
			is_let_in(FIRST);
		if (*done == CAME || *done == AGAIN)
			has_child();
		if (*done == AGAIN && engine_expected(lab.engine) > 0)
			is_let_in(SECOND);
		if (*done < ANNOUNCED && engine_expected(lab.engine) == 0)
			ck_assert_int_eq(reason_verdict(child(FIRST, F_SYN, 300, 0, &(struct pkt){0})), VERDICT_DROP);
		leaves_nothing();
		teardown();
		lab.conf = NULL;
		test_directory_remove(directory);
	} while (died);
	for (int i = NOTHING; i <= TAKEN_BACK; i++)
		ck_assert_uint_gt(reached[i], 0);
	ck_assert_uint_gt(deaths, 80);
}
END_TEST

/* Waiting ones end in the next life at the time they would have ended. */
START_TEST(who_waits_does_not_wait_longer_for_a_restart)
{
	struct pkt p;

	test_directory(directory);
	life();
	says("ADDR 10.0.0.5:9000\n", "ADDR 203.0.113.1:9000\n");
	ck_assert_uint_eq(engine_expected(lab.engine), 1);
	lab.now += 50000;
	reopen();
	with_services(1);
	ck_assert_uint_eq(engine_expected(lab.engine), 1);
	lab_wait(&lab, 11);
	ck_assert_uint_eq(engine_expected(lab.engine), 0);
	ck_assert_int_eq(reason_verdict(child(FIRST, F_SYN, 300, 0, &p)), VERDICT_DROP);
	crash_teardown();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("expect_crash");
	TCase *tests = tcase_create("expect_crash");

	done = mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	tcase_add_test(tests, killed_after_each_store);
	tcase_add_test(tests, who_waits_does_not_wait_longer_for_a_restart);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
