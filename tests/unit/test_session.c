/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session between two prompts: producing under backpressure, stopping, asking, passwords, dying
 * at any moment, log lines, control bytes. What commands print is tested by the transcripts
 * (tests/cli).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/auth.h"
#include "cli/session_internal.h"
#include "config/dry.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/secret.h"
#include "suite.h"

static struct {
	char out[65536];
	size_t length, room;
	unsigned prompts, questions, byes, flags;
	char prompt[100], question[100], log[700];
} seen;

static struct router router;
static struct loop *loop;
static struct session *session;

static void on_output(void *self, const char *text, size_t length)
{
	(void)self;
	ck_assert_uint_lt(seen.length + length, sizeof(seen.out));
	memcpy(seen.out + seen.length, text, length);
	seen.length += length;
	seen.out[seen.length] = '\0';
}

static void on_prompt(void *self, unsigned flags, const char *text)
{
	(void)self;
	seen.prompts++;
	seen.flags = flags;
	snprintf(seen.prompt, sizeof(seen.prompt), "%s", text);
}

static void on_question(void *self, enum question kind, const char *text)
{
	(void)self;
	(void)kind;
	seen.questions++;
	snprintf(seen.question, sizeof(seen.question), "%s", text);
}

static void on_log(void *self, bool asked, const char *line)
{
	(void)self;
	(void)asked;
	snprintf(seen.log, sizeof(seen.log), "%s", line);
}

static void on_bye(void *self, unsigned flags)
{
	(void)self;
	(void)flags;
	seen.byes++;
}

static bool has_room(void *self)
{
	(void)self;
	return seen.length < seen.room;
}

static const struct session_port port = {.output = on_output,
					 .prompt = on_prompt,
					 .question = on_question,
					 .log = on_log,
					 .bye = on_bye,
					 .room = has_room};

static void setup_as(enum session_origin origin)
{
	memset(&seen, 0, sizeof(seen));
	seen.room = sizeof(seen.out);
	memset(&router, 0, sizeof(router));
	loop = loop_new();
	router.store = store_new();
	router.system = &system_dry;
	router.apply = apply_new(router.store, &system_dry, NULL, NULL);
	session = session_new(&router, loop, origin,
			      origin == ORIGIN_VTY ? "vty0 (192.0.2.1)" : "console", &port, NULL);
	if (origin == ORIGIN_CONSOLE)
		session_start(session);
}

static void setup(void)
{
	setup_as(ORIGIN_CONSOLE);
}

static void teardown(void)
{
	if (session != NULL)
		session_free(session);
	session = NULL;
	apply_free(router.apply);
	store_free(router.store);
	loop_free(loop);
}

struct counting {
	unsigned next, end, freed;
};

static bool count_lines(struct session *of, void *state)
{
	struct counting *counting = state;

	session_print(of, "line %u\n", counting->next++);
	return counting->next < counting->end;
}

static void count_done(void *state)
{
	((struct counting *)state)->freed++;
}

START_TEST(prompt_comes_after_all_output)
{
	struct counting counting = {.end = 100};

	ck_assert_str_eq(seen.prompt, "Router>");
	ck_assert_uint_eq(seen.prompts, 1);
	session_produce(session, count_lines, &counting, count_done);
	ck_assert(session_line(session, WIRE_RETURN, ""));
	ck_assert_uint_eq(seen.prompts, 1); /* others get their turn first */
	while (seen.prompts == 1)
		loop_once(loop, 0);
	ck_assert_uint_eq(counting.next, 100);
	ck_assert_uint_eq(counting.freed, 1);
	ck_assert(strstr(seen.out, "line 99\n") != NULL);
}
END_TEST

START_TEST(no_room_no_production)
{
	struct counting counting = {.end = 1000};

	seen.room = 50;
	session_produce(session, count_lines, &counting, count_done);
	session_line(session, WIRE_RETURN, "");
	for (unsigned i = 0; i < 20; i++)
		loop_once(loop, 0);
	ck_assert_uint_ge(seen.length, 50);
	ck_assert_uint_lt(seen.length, 50 + 10);
	ck_assert_uint_eq(seen.prompts, 1);
	/* a second line does not get in between */
	ck_assert(!session_line(session, WIRE_RETURN, "show privilege"));
	seen.room = sizeof(seen.out);
	session_room(session);
	while (seen.prompts == 1)
		loop_once(loop, 0);
	ck_assert_uint_eq(counting.next, 1000);
}
END_TEST

START_TEST(interrupt_stops_output)
{
	struct counting counting = {.end = 1000000};

	session_produce(session, count_lines, &counting, count_done);
	session_line(session, WIRE_RETURN, "");
	session_interrupt(session);
	ck_assert_uint_eq(counting.freed, 1);
	ck_assert_uint_eq(seen.prompts, 2);
	loop_once(loop, 0);
	ck_assert_uint_eq(seen.prompts, 2);
	/* at the prompt there is nothing to stop */
	session_interrupt(session);
	ck_assert_uint_eq(seen.prompts, 2);
}
END_TEST

START_TEST(dying_frees_producers)
{
	struct counting counting = {.end = 1000000};

	session_produce(session, count_lines, &counting, count_done);
	session_line(session, WIRE_RETURN, "");
	session_free(session);
	session = NULL;
	ck_assert_uint_eq(counting.freed, 1);
	ck_assert_uint_eq(seen.byes, 1);
	loop_once(loop, 0);
}
END_TEST

static unsigned answers;
static char answer[100];

static void take_answer(struct session *of, const char *text, void *arg)
{
	(void)of;
	(void)arg;
	answers++;
	snprintf(answer, sizeof(answer), "%s", text != NULL ? text : "(none)");
}

START_TEST(questions_hold_the_line)
{
	static const struct {
		enum question kind;
		const char *typed, *got;
	} cases[] = {
	    {QUESTION_TEXT, "abc", "abc"},   {QUESTION_TEXT, "", ""},
	    {QUESTION_TEXT, NULL, "(none)"}, {QUESTION_CONFIRM, "", "y"},
	    {QUESTION_CONFIRM, "y", "y"},    {QUESTION_CONFIRM, "x", "n"},
	    {QUESTION_SECRET, "s s", "s s"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned before = seen.prompts;

		answers = 0;
		session_ask(session, cases[i].kind, "Well? ", take_answer, NULL);
		session_line(session, WIRE_RETURN, "");
		ck_assert_uint_eq(seen.prompts, before);
		ck_assert_str_eq(seen.question, "Well? ");
		session_answer(session, cases[i].typed);
		ck_assert_uint_eq(answers, 1);
		ck_assert_str_eq(answer, cases[i].got);
		ck_assert_uint_eq(seen.prompts, before + 1);
	}
	/* an answer nobody asked for */
	session_answer(session, "stray");
	ck_assert_uint_eq(answers, 1);
}
END_TEST

START_TEST(dying_answers_questions)
{
	answers = 0;
	session_ask(session, QUESTION_TEXT, "Well? ", take_answer, NULL);
	session_line(session, WIRE_RETURN, "");
	session_free(session);
	session = NULL;
	ck_assert_uint_eq(answers, 1);
	ck_assert_str_eq(answer, "(none)");
}
END_TEST

static int verdict;

static void judged(struct session *of, bool ok)
{
	(void)of;
	verdict = ok;
}

static void wait_question(unsigned count)
{
	uint64_t end = clock_now() + 30000;

	while (seen.questions < count && clock_now() < end)
		loop_once(loop, 100);
	ck_assert_uint_eq(seen.questions, count);
}

static void wait_verdict(void)
{
	uint64_t end = clock_now() + 30000;

	while (verdict < 0 && clock_now() < end)
		loop_once(loop, 100);
}

static void ask_password(void)
{
	char stored[SECRET_SIZE];

	verdict = -1;
	ck_assert(secret_make("right", stored));
	auth_ask(session, 9, stored, judged);
	session_line(session, WIRE_RETURN, "");
	wait_question(1);
}

START_TEST(password_three_tries)
{
	ask_password();
	session_answer(session, "wrong");
	wait_question(2);
	session_answer(session, "");
	wait_question(3);
	session_answer(session, "wrong again");
	wait_verdict();
	ck_assert_int_eq(verdict, 0);
	ck_assert_uint_eq(seen.prompts, 2);
}
END_TEST

START_TEST(password_right_at_last)
{
	ask_password();
	session_answer(session, "wrong");
	wait_question(2);
	session_answer(session, "right");
	wait_verdict();
	ck_assert_int_eq(verdict, 1);
}
END_TEST

START_TEST(password_given_up)
{
	ask_password();
	session_answer(session, NULL);
	ck_assert_int_eq(verdict, 0);
	ck_assert_uint_eq(seen.prompts, 2);
}
END_TEST

/* The session goes while the worker still computes: nothing may come back to it. */
START_TEST(dying_during_a_check)
{
	ask_password();
	session_answer(session, "right");
	session_free(session);
	session = NULL;
	for (unsigned i = 0; i < 10; i++)
		loop_once(loop, 20);
	ck_assert_int_eq(verdict, -1);
}
END_TEST

/* And while it waits for the delay after a wrong try. */
START_TEST(dying_during_the_delay)
{
	teardown();
	setup_as(ORIGIN_VTY);
	session->logged_in = true;
	ask_password();
	session_answer(session, "wrong");
	for (unsigned i = 0; i < 10; i++)
		loop_once(loop, 20);
	ck_assert_uint_eq(seen.questions, 1);
	session_free(session);
	session = NULL;
	ck_assert_int_eq(verdict, -1);
}
END_TEST

START_TEST(vty_without_password_is_closed)
{
	teardown();
	setup_as(ORIGIN_VTY);
	session_start(session);
	ck_assert(strstr(seen.out, "Password required, but none set\n") != NULL);
	ck_assert_uint_eq(seen.byes, 1);
	ck_assert_uint_eq(seen.prompts, 0);
}
END_TEST

START_TEST(control_bytes_are_shown_not_sent)
{
	session_print(session, "a\033[2Jb\rc\177\n");
	for (size_t i = 0; i < seen.length; i++)
		ck_assert(seen.out[i] == '\n' || (unsigned char)seen.out[i] >= 0x20);
	ck_assert(strchr(seen.out, 0x7f) == NULL);
	ck_assert(strstr(seen.out, "a") != NULL && strstr(seen.out, "[2Jb") != NULL);
}
END_TEST

START_TEST(refusals_are_counted)
{
	session_line(session, WIRE_RETURN, "nonsense");
	ck_assert_uint_eq(seen.flags, WIRE_PROMPT_REFUSED);
	ck_assert_str_eq(seen.out, "       ^\n% Invalid input detected at '^' marker.\n\n");
	session_line(session, WIRE_RETURN, "");
	ck_assert_uint_eq(seen.flags, 0);
	seen.length = 0;
	session_line(session, WIRE_RETURN, "a\033b");
	ck_assert_str_eq(seen.out, "        ^\n% Invalid input detected at '^' marker.\n\n");
	seen.length = 0;
	session_error(session, "%%No blank");
	session_error(session, "A blank");
	ck_assert_str_eq(seen.out, "%No blank\n% A blank\n");
}
END_TEST

START_TEST(overlong_line_is_refused)
{
	static char line[WIRE_LINE_MAX + 2];

	memset(line, 'x', sizeof(line) - 1);
	session_line(session, WIRE_RETURN, line);
	ck_assert_str_eq(seen.out, "% Line too long\n");
	line[WIRE_LINE_MAX] = '\0';
	seen.length = 0;
	session_line(session, WIRE_RETURN, line);
	ck_assert(strstr(seen.out, "% Invalid input") != NULL);
}
END_TEST

START_TEST(log_lines_reach_who_watches)
{
	session_log(session, LOG_SEV_NOTICE, "%SYS-5-TEST: one");
	ck_assert(strstr(seen.log, ": %SYS-5-TEST: one") != NULL);
	teardown();
	setup_as(ORIGIN_VTY);
	session_log(session, LOG_SEV_NOTICE, "%SYS-5-TEST: two");
	ck_assert_str_eq(seen.log, "");
	session->terminal.monitor = true;
	session_log(session, LOG_SEV_NOTICE, "%SYS-5-TEST: three");
	ck_assert(strstr(seen.log, ": %SYS-5-TEST: three") != NULL);
}
END_TEST

START_TEST(history_keeps_twenty)
{
	char line[20];

	for (unsigned i = 0; i < 30; i++) {
		snprintf(line, sizeof(line), "line %u", i);
		session_line(session, WIRE_RETURN, line);
	}
	ck_assert_str_eq(session_history(session, 0), "line 10");
	ck_assert_str_eq(session_history(session, 19), "line 29");
	ck_assert_ptr_null(session_history(session, 20));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    prompt_comes_after_all_output,
	    no_room_no_production,
	    interrupt_stops_output,
	    dying_frees_producers,
	    questions_hold_the_line,
	    dying_answers_questions,
	    password_three_tries,
	    password_right_at_last,
	    password_given_up,
	    dying_during_a_check,
	    dying_during_the_delay,
	    vty_without_password_is_closed,
	    control_bytes_are_shown_not_sent,
	    refusals_are_counted,
	    overlong_line_is_refused,
	    log_lines_reach_who_watches,
	    history_keeps_twenty,
	};
	Suite *suite = suite_create("session");
	TCase *tc = tcase_create("session");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 300);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
