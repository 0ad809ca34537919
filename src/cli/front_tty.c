/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys and screen of `algate` on a terminal. The terminal is raw for the whole session: what is
 * typed ahead is kept here and echoed by the line editor when its turn comes, never by the kernel,
 * never lost.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/front_internal.h"
#include "lib/mem.h"

#define KEYS_MAX  (1024 * 1024) /* of type-ahead; more waits in the kernel */
#define KEY_BREAK 0x1e		/* Ctrl-Shift-6 */
#define MORE	  " --More-- "

static void set_raw(const struct termios *saved)
{
	struct termios raw = *saved;

	raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | ISIG | IEXTEN);
	raw.c_oflag |= OPOST | ONLCR;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

bool tty_open(struct front *front)
{
	if (tcgetattr(STDIN_FILENO, &front->saved) < 0)
		return false;
	set_raw(&front->saved);
	front->raw = true;
	return true;
}

void tty_close(struct front *front)
{
	if (front->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &front->saved);
	front->raw = false;
}

void tty_window(struct front *front)
{
	struct winsize window = {0};

	ioctl(STDIN_FILENO, TIOCGWINSZ, &window);
	wire_put_pair(&front->out, WIRE_SIZE, window.ws_row, window.ws_col);
}

static void interrupt(struct front *front)
{
	front->discard = true;
	wire_put(&front->out, WIRE_INTERRUPT, NULL, 0, NULL, 0);
	front_send(front);
}

static void keep(struct front *front, const char *bytes, size_t count)
{
	if (front->keys_start == front->keys_end)
		front->keys_start = front->keys_end = 0;
	if (front->keys_size < front->keys_end + count && front->keys_start > 0) {
		front->keys_end -= front->keys_start;
		memmove(front->keys, front->keys + front->keys_start, front->keys_end);
		front->keys_start = 0;
	}
	if (front->keys_size < front->keys_end + count) {
		front->keys_size = (front->keys_end + count) * 2;
		front->keys = mem_grow(front->keys, front->keys_size, 1);
	}
	memcpy(front->keys + front->keys_end, bytes, count);
	front->keys_end += count;
}

/* Keeps what is to be typed; a break key acts now when something runs. */
static void sort_keys(struct front *front, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char c = bytes[i];

		if (front->waiting && (c == CTRL('C') || c == KEY_BREAK))
			interrupt(front);
		else
			keep(front, &c, 1);
	}
}

void tty_fill(struct front *front)
{
	char bytes[4096];
	ssize_t got;

	if (front->keys_closed || front->keys_end - front->keys_start >= KEYS_MAX)
		return;
	got = read(STDIN_FILENO, bytes, sizeof(bytes));
	if (got > 0) {
		sort_keys(front, bytes, (size_t)got);
		wire_put(&front->out, WIRE_ALIVE, NULL, 0, NULL, 0);
		front_send(front);
	} else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
		front->keys_closed = true;
	}
}

/* CR LF and CR NUL are one Return; NUL is nothing (it keeps connections alive). */
static int take_key(struct front *front)
{
	while (front->keys_start < front->keys_end) {
		unsigned char c = (unsigned char)front->keys[front->keys_start++];
		bool belongs = front->after_return && c == '\n';

		front->after_return = c == '\r' || (front->after_return && c == '\0');
		if (!belongs && c != '\0')
			return c;
	}
	return -1;
}

int tty_key(struct front *front)
{
	int key;

	fflush(stdout);
	while ((key = take_key(front)) < 0)
		if (front->keys_closed || !front_wait_keys(front))
			return -1;
	return key;
}

/* At --More-- nothing is read from the daemon: that is what makes it stop producing. */
static int more_key(struct front *front)
{
	int key;

	while ((key = take_key(front)) < 0) {
		struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
					{.fd = front->fd, .events = POLLRDHUP}};

		if (front->keys_closed || (poll(fds, 2, -1) < 0 && errno != EINTR) || front->over)
			return -1;
		if (fds[1].revents != 0)
			return -1;
		if (fds[0].revents != 0) {
			front->waiting = false; /* ^C is an answer here */
			tty_fill(front);
			front->waiting = true;
		}
	}
	return key;
}

static void more(struct front *front)
{
	int key;

	fputs(MORE, stdout);
	fflush(stdout);
	key = more_key(front);
	fputs("\b\b\b\b\b\b\b\b\b        \b\b\b\b\b\b\b\b\b", stdout);
	if (key == ' ')
		front->page_lines = 0;
	else if (key == '\r' || key == '\n')
		front->page_lines--;
	else
		interrupt(front);
}

static bool page_full(const struct front *front)
{
	/* A terminal of one line has no room for the question. */
	return front->terminal && front->length >= 2 && front->page_lines >= front->length - 1;
}

static void put_char(struct front *front, char c)
{
	bool continues = (c & 0xc0) == 0x80; /* of a UTF-8 character: no column of its own */

	putchar(c);
	if (c == '\n') {
		front->column = 0;
		front->page_lines++;
	} else if (!continues && ++front->column > front->width && front->width > 0) {
		front->column = 1;
		front->page_lines++;
	}
}

void tty_write(struct front *front, const char *text, size_t length)
{
	for (size_t i = 0; i < length && !front->discard; i++) {
		if (front->column == 0 && page_full(front)) {
			more(front);
			if (front->discard)
				return;
		}
		put_char(front, text[i]);
	}
}

void tty_fresh(struct front *front)
{
	if (front->column > 0)
		putchar('\n');
	front->column = 0;
}

static void erase_last(char *text, size_t *length)
{
	while (*length > 0 && (text[--*length] & 0xc0) == 0x80)
		;
}

char *tty_secret(struct front *front, const char *prompt)
{
	char *text = mem_alloc(WIRE_LINE_MAX + 1);
	size_t length = 0;
	int key;

	fputs(prompt, stdout);
	while ((key = tty_key(front)) != '\r' && key != '\n') {
		if (key < 0 || key == CTRL('C') || key == CTRL('Z')) {
			explicit_bzero(text, length);
			free(text);
			text = NULL;
			break;
		}
		if (key == 0x7f || key == '\b')
			erase_last(text, &length);
		else if (key == CTRL('U'))
			length = 0;
		else if (length < WIRE_LINE_MAX)
			text[length++] = (char)key;
	}
	putchar('\n');
	front->column = 0;
	if (text != NULL)
		text[length] = '\0';
	return text;
}

char *tty_confirm(struct front *front, const char *prompt)
{
	int key;

	fputs(prompt, stdout);
	key = tty_key(front);
	putchar('\n');
	front->column = 0;
	if (key < 0 || key == CTRL('C'))
		return NULL;
	return mem_strdup(key == '\r' || key == '\n' || key == 'y' || key == 'Y' ? "y" : "n");
}
