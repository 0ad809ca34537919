/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state file and the changes beside it: killed at any byte, what comes back is the
 * configuration of a commit. */
#include <stdio.h>
#include <unistd.h>

#include "config/save.h"
#include "config/state.h"
#include "edits.h"
#include "suite.h"

#define COMMITS 40

static char dir[] = "/tmp/algate-test-XXXXXX", path[64], changes[80];
static struct store *store;
static struct state *state;

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/running-config", dir);
	snprintf(changes, sizeof(changes), "%s.changes", path);
	store = store_new();
	state = state_new(path);
}

static void teardown(void)
{
	state_free(state);
	store_free(store);
	state_remove(path);
	ck_assert_int_eq(rmdir(dir), 0); /* nothing else was left */
}

static void commit(void)
{
	struct err err = {""};

	state_note(state, store);
	store_commit(store);
	ck_assert_msg(state_save(state, store, &err), "%s", err.text);
}

static void change(const char *lines)
{
	store_begin(store);
	lines_load(store, lines);
	commit();
}

/* The configuration that a new daemon would have; NULL: none. */
static char *resumed(void)
{
	struct store *other = store_new();
	struct err err = {""};
	size_t length = 0;
	char *text = state_load(path, &length, &err), *now = NULL;

	if (text) {
		ck_assert_uint_eq(strlen(text), length);
		store_begin(other);
		lines_load(other, text);
		store_commit(other);
		now = config_text(other);
	}
	free(text);
	store_free(other);
	return now;
}

static void ck_resumes(const char *wanted)
{
	char *now = resumed();

	ck_assert_ptr_nonnull(now);
	ck_assert_str_eq(now, wanted);
	free(now);
}

static void put(const char *name, const char *bytes, size_t length)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
	fclose(file);
}

START_TEST(random_edits_come_back)
{
	edit_seed += (uint64_t)_i * 104729;
	change("interface eth0\n ip address 192.0.2.1 255.255.255.0\n");
	for (unsigned i = 0; i < 400; i++) {
		char *now;

		store_begin(store);
		edit(store);
		commit();
		now = config_text(store);
		ck_resumes(now);
		free(now);
	}
}
END_TEST

START_TEST(a_commit_appends_and_does_not_write_the_text_again)
{
	size_t before, after;
	struct err err;
	char *text, *now;

	change("hostname one\n");
	text = load_file(path, &before, &err);
	change("hostname two\n");
	now = load_file(path, &after, &err);
	ck_assert_str_eq(text, now);
	free(now);
	now = load_file(changes, &after, &err);
	ck_assert_ptr_nonnull(strstr(now, "hostname two\n"));
	free(now);
	free(text);
	ck_assert(store_find(store, NULL, gram_cmds[CMD_HOSTNAME], NULL) != NULL);
}
END_TEST

/* Cut anywhere, the changes bring back the longest run of commits that is whole. */
START_TEST(torn_at_every_byte)
{
	char *texts[COMMITS + 1], *bytes;
	size_t ends[COMMITS + 1] = {0}, length;
	unsigned at = 0;
	struct err err;

	change("hostname base\n");
	texts[0] = config_text(store);
	for (unsigned i = 1; i <= COMMITS; i++) {
		char line[64];

		snprintf(line, sizeof(line),
			 "ip access-list extended L\n %u permit ip host 10.0.0.%u any\n", i * 10,
			 i);
		change(line);
		texts[i] = config_text(store);
		free(load_file(changes, &ends[i], &err));
	}
	bytes = load_file(changes, &length, &err);
	for (size_t cut = 0; cut <= length; cut++) {
		put(changes, bytes, cut);
		while (at < COMMITS && ends[at + 1] <= cut)
			at++;
		ck_resumes(texts[at]);
	}
	ck_assert_uint_eq(at, COMMITS);
	for (size_t flip = 0; flip < length; flip += 7) {
		bytes[flip] ^= 0x20;
		put(changes, bytes, length);
		for (at = 0; at < COMMITS && ends[at + 1] <= flip; at++)
			;
		ck_resumes(texts[at]);
		bytes[flip] ^= 0x20;
	}
	free(bytes);
	for (unsigned i = 0; i <= COMMITS; i++)
		free(texts[i]);
}
END_TEST

/* Killed between the new text and the end of the old changes. */
START_TEST(changes_to_another_text_do_not_count)
{
	size_t length;
	struct err err;
	char *old, *now;

	change("hostname one\n");
	change("ip access-list extended Q\n");
	old = load_file(changes, &length, &err);
	change("no ip access-list extended Q\nhostname two\n");
	now = config_text(store);
	put(path, now, strlen(now));
	put(changes, old, length);
	ck_resumes(now);
	free(now);
	free(old);
}
END_TEST

START_TEST(a_long_run_is_written_anew)
{
	struct err err;
	size_t length, most = 0;
	bool shorter = false;

	change("hostname one\n");
	for (unsigned i = 0; i < 4000; i++) {
		char line[64], *bytes;

		snprintf(line, sizeof(line), "hostname R%u\n", i);
		change(line);
		length = 0;
		bytes = load_file(changes, &length, &err);
		shorter = shorter || length < most;
		most = length > most ? length : most;
		free(bytes);
	}
	ck_assert(shorter);
	ck_assert_uint_lt(most, 70000);
	char *now = config_text(store);
	ck_resumes(now);
	free(now);
}
END_TEST

/* Somebody cut or removed the files under us: the text is written again, and nothing is lost. */
START_TEST(files_that_were_touched_are_written_anew)
{
	char *now;

	change("hostname one\n");
	change("hostname two\n");
	if (_i == 0)
		put(changes, "x", 1);
	else if (_i == 1)
		unlink(changes);
	else
		unlink(path);
	change("hostname three\n");
	now = config_text(store);
	ck_resumes(now);
	free(now);
}
END_TEST

START_TEST(a_damaged_text_is_none)
{
	struct err err = {""};
	size_t length;

	change("hostname one\n");
	change("hostname two\n");
	put(path, "hostname one\n", 13);
	ck_assert_ptr_null(state_load(path, &length, &err));
	ck_assert_str_ne(err.text, "");
	state_remove(path);
	ck_assert_ptr_null(state_load(path, &length, &err));
	ck_assert_str_eq(err.text, "");
	ck_assert_int_ne(access(changes, F_OK), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state");
	TCase *tests = tcase_create("state");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 300);
	tcase_add_loop_test(tests, random_edits_come_back, 0, 4);
	tcase_add_test(tests, a_commit_appends_and_does_not_write_the_text_again);
	tcase_add_test(tests, torn_at_every_byte);
	tcase_add_test(tests, changes_to_another_text_do_not_count);
	tcase_add_test(tests, a_long_run_is_written_anew);
	tcase_add_loop_test(tests, files_that_were_touched_are_written_anew, 0, 3);
	tcase_add_test(tests, a_damaged_text_is_none);
	suite_add_tcase(suite, tests);
	return suite_main(suite);
}
