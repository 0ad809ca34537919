/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Line editing: libedit with the keys that IOS documents. Promises: what is typed is echoed byte
 * for byte while the cursor is at the end of the line; `?` and Tab ask the daemon at once; nothing
 * typed ahead is lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cli/front_internal.h"
#include "lib/mem.h"

#define HISTORY_SIZE 20
/* Where the width is not known, or without limit: wider than any line, so that nothing is ever
 * repainted. */
#define WIDTH_UNKNOWN 0xffff
#define WIDTH_WIDEST  (WIRE_LINE_MAX + 200)

#ifdef __SANITIZE_ADDRESS__
/* libedit keeps the names of added functions for ever. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:wcsdup\n";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}
#endif

static struct front *front_of(EditLine *edit)
{
	struct front *front = NULL;

	el_get(edit, EL_CLIENTDATA, &front);
	return front;
}

static char *prompt_of(EditLine *edit)
{
	return front_of(edit)->prompt;
}

/* libedit asks for a character: bytes typed, decoded. While waiting, frames are served. */
static int next_char(EditLine *edit, wchar_t *out)
{
	struct front *front = front_of(edit);
	mbstate_t state = {0};

	for (;;) {
		int key = tty_key(front);
		char byte = (char)key;
		size_t used;

		if (key < 0)
			return 0;
		used = mbrtowc(out, &byte, 1, &state);
		if (used == 1)
			return 1;
		if (used != (size_t)-2)
			state = (mbstate_t){0}; /* not UTF-8: dropped */
	}
}

static char *before_cursor(EditLine *edit)
{
	const LineInfo *line = el_line(edit);
	size_t length = (size_t)(line->cursor - line->buffer);
	char *text = mem_alloc(length + 1);

	memcpy(text, line->buffer, length);
	return text;
}

static void ask(struct front *front, enum wire_type type, const char *text)
{
	wire_put(&front->out, type, NULL, 0, text, strlen(text));
	front_send(front);
}

/* Asks, and prints the answer page by page. */
static void show_help(struct front *front, const char *text)
{
	struct wire_frame frame;
	bool last = false;

	front->page_lines = 0;
	front->waiting = true;
	ask(front, WIRE_HELP, text);
	while (!last && front_next(front, &frame)) {
		if (frame.type != WIRE_HELP_TEXT || frame.length < 1)
			continue;
		last = frame.data[0] != 0;
		tty_write(front, (const char *)frame.data + 1, frame.length - 1);
	}
	front->waiting = front->discard = false;
}

static unsigned char key_help(EditLine *edit, int key)
{
	struct front *front = front_of(edit);
	char *text;

	if (front->question) {
		char typed[2] = {(char)key, '\0'};

		return el_insertstr(edit, typed) == 0 ? CC_REFRESH : CC_ERROR;
	}
	text = before_cursor(edit);
	fputs("?\n", stdout);
	front->column = 0;
	show_help(front, text);
	tty_fresh(front);
	free(text);
	el_set(edit, EL_REFRESH);
	return front->over ? CC_EOF : CC_NORM;
}

static void replace(EditLine *edit, const char *old, const char *new)
{
	size_t same = 0;

	while (old[same] != '\0' && old[same] == new[same])
		same++;
	if (old[same] != '\0')
		el_deletestr(edit, (int)mbstowcs(NULL, old + same, 0));
	if (new[same] != '\0')
		el_insertstr(edit, new + same);
}

static unsigned char key_complete(EditLine *edit, int key)
{
	struct front *front = front_of(edit);
	struct wire_frame frame = {0};
	char *old, *new;

	(void)key;
	if (front->question)
		return CC_NORM;
	old = before_cursor(edit);
	ask(front, WIRE_COMPLETE, old);
	while (front_next(front, &frame) && frame.type != WIRE_COMPLETION)
		;
	if (!front->over) {
		new = mem_alloc(frame.length + 1);
		memcpy(new, frame.data, frame.length);
		replace(edit, old, new);
		free(new);
		putchar('\n');
		el_set(edit, EL_REFRESH);
	}
	free(old);
	return front->over ? CC_EOF : CC_NORM;
}

static unsigned char end_line(EditLine *edit, enum wire_ending ending, const char *echo)
{
	front_of(edit)->ending = ending;
	el_cursor(edit, WIRE_LINE_MAX);
	printf("%s\n", echo);
	return CC_NEWLINE;
}

static unsigned char key_end(EditLine *edit, int key)
{
	(void)key;
	return end_line(edit, WIRE_END, "^Z");
}

static unsigned char key_abort(EditLine *edit, int key)
{
	(void)key;
	return end_line(edit, WIRE_ABORT, "^C");
}

static unsigned char key_redisplay(EditLine *edit, int key)
{
	(void)key;
	putchar('\n');
	el_set(edit, EL_REFRESH);
	return CC_NORM;
}

static const struct {
	const char *key, *function;
} bindings[] = {
    {"?", "ios-help"},
    {"^I", "ios-complete"},
    {"^Z", "ios-end"},
    {"^C", "ios-abort"},
    {"^R", "ios-redisplay"},
    {"^L", "ios-redisplay"},
    {"^W", "ed-delete-prev-word"},
    {"^U", "em-kill-line"},
    {"^X", "vi-kill-line-prev"},
    {"^D", "ed-delete-next-char"},
    {"^J", "ed-newline"},
    {"^M", "ed-newline"},
    {"^?", "em-delete-prev-char"},
    {"^H", "em-delete-prev-char"},
    {"^V", "ed-quoted-insert"},
};

static void bind_keys(EditLine *edit)
{
	el_set(edit, EL_ADDFN, "ios-help", "Say what may stand here", key_help);
	el_set(edit, EL_ADDFN, "ios-complete", "Complete the word", key_complete);
	el_set(edit, EL_ADDFN, "ios-end", "Leave configuration mode", key_end);
	el_set(edit, EL_ADDFN, "ios-abort", "Abort the line", key_abort);
	el_set(edit, EL_ADDFN, "ios-redisplay", "Show the line again", key_redisplay);
	for (size_t i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++)
		el_set(edit, EL_BIND, bindings[i].key, bindings[i].function, NULL);
}

/* Both of libedit's terminal modes are made like ours: no key makes a signal, and the kernel never
 * echoes. */
static void keep_raw(EditLine *edit)
{
	el_set(edit, EL_SETTY, "-x", "-isig", "-icanon", "-echo", "-echoe", "-echok", "-echonl",
	       "-echoctl", "-iexten", "-icrnl", "-inlcr", "-ixon", NULL);
	el_set(edit, EL_SETTY, "-d", "-isig", "-icanon", "-echo", "-iexten", "-icrnl", "-inlcr",
	       "-ixon", NULL);
	el_set(edit, EL_SETTY, "-q", "-isig", "-icanon", "-echo", "-iexten", "-icrnl", "-inlcr",
	       "-ixon", NULL);
}

bool edit_open(struct front *front)
{
	/* What libedit says about unknown terminals is no concern of the operator. */
	FILE *nowhere = fopen("/dev/null", "w");
	HistEvent event;

	if (nowhere == NULL)
		return false;
	front->edit = el_init("algate", stdin, stdout, nowhere);
	front->history = history_init();
	if (front->edit == NULL || front->history == NULL)
		return false;
	history(front->history, &event, H_SETSIZE, HISTORY_SIZE);
	history(front->history, &event, H_SETUNIQUE, 1);
	el_set(front->edit, EL_CLIENTDATA, front);
	el_set(front->edit, EL_EDITOR, "emacs");
	el_set(front->edit, EL_SIGNAL, 0);
	el_set(front->edit, EL_PROMPT, prompt_of);
	el_set(front->edit, EL_HIST, history, front->history);
	el_set(front->edit, EL_GETCFN, next_char);
	bind_keys(front->edit);
	keep_raw(front->edit);
	return true;
}

void edit_close(struct front *front)
{
	if (front->edit != NULL)
		el_end(front->edit);
	if (front->history != NULL)
		history_end(front->history);
}

void edit_remember(struct front *front, const char *line)
{
	HistEvent event;

	if (line[strspn(line, " \t")] != '\0')
		history(front->history, &event, H_ENTER, line);
}

/* Between two lines only: in the middle of one libedit would lose track of the screen. */
static void take_settings(struct front *front)
{
	unsigned width = front->width;
	char columns[16];

	if (front->terminal_type[0] != '\0') {
		el_set(front->edit, EL_TERMINAL, front->terminal_type);
		front->terminal_type[0] = '\0';
		front->width_changed = true;
	}
	if (!front->width_changed)
		return;
	if (width == 0 || width == WIDTH_UNKNOWN)
		width = WIDTH_WIDEST;
	snprintf(columns, sizeof(columns), "%u", width);
	el_set(front->edit, EL_SETTC, "co", columns, NULL);
	front->width_changed = false;
}

char *edit_line(struct front *front, const char *prompt, bool question)
{
	const char *text;
	size_t length;
	char *line;
	int count = 0;

	take_settings(front);
	snprintf(front->prompt, sizeof(front->prompt), "%s", prompt);
	front->question = question;
	front->editing = true;
	front->ending = WIRE_RETURN;
	text = el_gets(front->edit, &count);
	front->editing = front->question = false;
	front->column = front->page_lines = 0;
	if (front->over || (text == NULL && front->ending == WIRE_RETURN))
		return NULL;
	/* ^Z or ^C alone: libedit takes no characters for no line. */
	if (text == NULL)
		text = "";
	length = strcspn(text, "\n");
	if (length > WIRE_LINE_MAX + 1)
		length = WIRE_LINE_MAX + 1;
	line = mem_alloc(length + 1);
	memcpy(line, text, length);
	return line;
}

void edit_interrupt(struct front *front, const char *text, size_t length)
{
	printf("\n%.*s\n", (int)length, text);
	el_set(front->edit, EL_REFRESH);
}
