/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `algate` between the daemon and the operator: one loop of "the daemon waits for a line (or an
 * answer), get it, send it, show what comes". Without a terminal the lines come from arguments or
 * standard input, and only output is shown.
 */
#include "cli/front.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/front_internal.h"
#include "lib/mem.h"

static volatile sig_atomic_t window_changed, told_to_end;

static void on_signal(int number)
{
	if (number == SIGWINCH)
		window_changed = 1;
	else
		told_to_end = 1;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigemptyset(&action.sa_mask);
	sigaction(SIGWINCH, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* ---- the connection */

static void gone(struct front *front)
{
	if (!front->over)
		front->lost = true;
	front->over = true;
}

bool front_send(struct front *front)
{
	enum wire_status status;

	while ((status = wire_flush(&front->out, front->fd)) == WIRE_MORE) {
		struct pollfd fd = {.fd = front->fd, .events = POLLOUT};

		if (poll(&fd, 1, -1) < 0 && errno != EINTR)
			break;
	}
	/* A daemon that closed may have said why: what it sent is still read. */
	return status == WIRE_OK;
}

static void show_log(struct front *front, const struct wire_frame *frame)
{
	const char *text = (const char *)frame->data + 1;
	bool asked;

	if (frame->length < 1)
		return;
	asked = frame->data[0] != 0;
	if (!front->terminal) {
		/* What nobody asked for must not get into output that a program reads. */
		fprintf(asked ? stdout : stderr, "%.*s\n", (int)frame->length - 1, text);
	} else if (front->editing) {
		edit_interrupt(front, text, frame->length - 1);
	} else {
		tty_fresh(front);
		printf("%.*s\n", (int)frame->length - 1, text);
	}
	fflush(stdout);
}

static void take_bye(struct front *front, const struct wire_frame *frame)
{
	if (frame->length > 0 && (frame->data[0] & WIRE_PROMPT_REFUSED))
		front->refused = true;
	front->over = true;
}

static void take_type(struct front *front, const struct wire_frame *frame)
{
	size_t length = frame->length < sizeof(front->terminal_type) ? frame->length : 0;

	memcpy(front->terminal_type, frame->data, length);
	front->terminal_type[length] = '\0';
}

bool front_async(struct front *front, const struct wire_frame *frame)
{
	switch (frame->type) {
	case WIRE_OUTPUT:
		tty_write(front, (const char *)frame->data, frame->length);
		return true;
	case WIRE_LOG:
		show_log(front, frame);
		return true;
	case WIRE_TERMINAL:
		if (frame->length >= 4) {
			front->length = wire_u16(frame->data);
			front->width = wire_u16(frame->data + 2);
			front->width_changed = true;
		}
		return true;
	case WIRE_TERM_TYPE:
		take_type(front, frame);
		return true;
	case WIRE_BYE:
		take_bye(front, frame);
		return true;
	default:
		return false;
	}
}

/* Waits for the socket or the keyboard. */
static void wait_both(struct front *front, bool keys)
{
	struct pollfd fds[2] = {{.fd = front->fd, .events = POLLIN},
				{.fd = STDIN_FILENO, .events = POLLIN}};
	bool watch = keys && !front->keys_closed;

	if (window_changed && front->terminal) {
		window_changed = 0;
		tty_window(front);
		front_send(front);
	}
	if (told_to_end) {
		front->over = true;
		return;
	}
	fflush(stdout);
	if (poll(fds, watch ? 2 : 1, -1) < 0)
		return;
	if (watch && fds[1].revents != 0)
		tty_fill(front);
	if (fds[0].revents != 0 && wire_receive(&front->in, front->fd) == WIRE_CLOSED)
		gone(front);
}

bool front_next(struct front *front, struct wire_frame *frame)
{
	while (!front->over) {
		enum wire_status status = wire_next(&front->in, frame);

		if (status == WIRE_CLOSED)
			gone(front);
		else if (status == WIRE_MORE)
			wait_both(front, front->terminal);
		else if (!front_async(front, frame))
			return true;
	}
	return false;
}

bool front_wait_keys(struct front *front)
{
	struct wire_frame frame;
	enum wire_status status;

	while (!front->over && (status = wire_next(&front->in, &frame)) != WIRE_MORE) {
		if (status == WIRE_CLOSED)
			gone(front);
		else
			front_async(front, &frame);
	}
	if (!front->over)
		wait_both(front, true);
	return !front->over;
}

/* ---- lines without a terminal */

/* The next line of the arguments or of standard input, the caller's; NULL at the end. */
static char *batch_line(struct front *front)
{
	for (;;) {
		char *start = front->keys + front->keys_start;
		size_t held = front->keys_end - front->keys_start;
		char *end = held > 0 ? memchr(start, '\n', held) : NULL;
		size_t length = end != NULL ? (size_t)(end - start) : held;
		char *line;

		if (end != NULL || (front->keys_closed && held > 0)) {
			front->keys_start += length + (end != NULL);
			if (length > 0 && start[length - 1] == '\r')
				length--;
			if (length > WIRE_LINE_MAX + 1)
				length = WIRE_LINE_MAX + 1;
			line = mem_alloc(length + 1);
			memcpy(line, start, length);
			return line;
		}
		/* Of an endless line only as much is kept as is needed to refuse it. */
		if (held > 2 * WIRE_LINE_MAX)
			front->keys_end = front->keys_start + WIRE_LINE_MAX + 1;
		if (front->keys_closed || !front_wait_keys(front))
			return NULL;
	}
}

/* "show ip ?" asks for help, as it would when typed; ^V makes the mark a letter. */
static bool asks_help(const char *line)
{
	size_t length = strlen(line);

	return length > 0 && line[length - 1] == '?' && (length < 2 || line[length - 2] != 0x16);
}

static void drop_quotes(char *line)
{
	char *out = line;

	for (; *line != '\0'; line++)
		if (*line != 0x16 || line[1] == '\0')
			*out++ = *line;
	*out = '\0';
}

static void batch_help(struct front *front, char *line)
{
	struct wire_frame frame;
	bool last = false;

	line[strlen(line) - 1] = '\0';
	wire_put(&front->out, WIRE_HELP, NULL, 0, line, strlen(line));
	front_send(front);
	while (!last && front_next(front, &frame)) {
		if (frame.type != WIRE_HELP_TEXT || frame.length < 1)
			continue;
		last = frame.data[0] != 0;
		if (frame.length > 1 && frame.data[1] == '%')
			front->refused = true;
		fwrite(frame.data + 1, 1, frame.length - 1, stdout);
	}
	free(line);
}

/* The next line that is a command; help is served on the way. */
static char *batch_command(struct front *front)
{
	char *line;

	while ((line = batch_line(front)) != NULL && asks_help(line))
		batch_help(front, line);
	if (line != NULL)
		drop_quotes(line);
	return line;
}

/* A question reads the next line; at the end of input the default is taken, as by Return. */
static char *batch_answer(struct front *front, const char *prompt)
{
	char *line;

	printf("%s\n", prompt);
	line = batch_line(front);
	return line != NULL ? line : mem_strdup("");
}

/* ---- the dialogue */

static void send_line(struct front *front, const char *line)
{
	wire_put_text(&front->out, WIRE_LINE, (uint8_t)front->ending, line);
	front_send(front);
	front->waiting = true;
}

static void at_prompt(struct front *front, unsigned flags, const char *prompt)
{
	char *line;

	front->waiting = front->discard = false;
	if (flags & WIRE_PROMPT_REFUSED)
		front->refused = true;
	if (front->terminal && front->line != NULL && !(flags & WIRE_PROMPT_FORGET))
		edit_remember(front, front->line);
	free(front->line);
	front->line = NULL;
	if (front->terminal) {
		tty_fresh(front);
		line = edit_line(front, prompt, false);
	} else {
		line = batch_command(front);
	}
	if (line == NULL) {
		front->over = true;
		return;
	}
	send_line(front, line);
	front->line = line;
}

static char *get_answer(struct front *front, enum question kind, const char *prompt)
{
	char *text;

	if (!front->terminal)
		return batch_answer(front, prompt);
	if (kind == QUESTION_SECRET)
		return tty_secret(front, prompt);
	if (kind == QUESTION_CONFIRM)
		return tty_confirm(front, prompt);
	text = edit_line(front, prompt, true);
	if (text != NULL && front->ending == WIRE_ABORT) {
		free(text);
		return NULL;
	}
	return text;
}

static void at_question(struct front *front, enum question kind, const char *prompt)
{
	char *text;

	front->waiting = front->discard = false;
	text = get_answer(front, kind, prompt);
	wire_put_text(&front->out, WIRE_ANSWER, text != NULL, text != NULL ? text : "");
	front_send(front);
	front->waiting = true;
	front->page_lines = 0;
	if (text != NULL) {
		explicit_bzero(text, strlen(text));
		free(text);
	}
}

static void dialogue(struct front *front)
{
	struct wire_frame frame;
	char prompt[FRONT_PROMPT_SIZE];

	while (front_next(front, &frame)) {
		unsigned head = frame.length > 0 ? frame.data[0] : 0;

		if (frame.type != WIRE_PROMPT && frame.type != WIRE_QUESTION)
			continue;
		snprintf(prompt, sizeof(prompt), "%.*s",
			 frame.length > 0 ? (int)frame.length - 1 : 0,
			 (const char *)frame.data + 1);
		if (frame.type == WIRE_PROMPT)
			at_prompt(front, head, prompt);
		else
			at_question(front, (enum question)head, prompt);
	}
}

static int connect_daemon(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "algate: %s: path too long\n", path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	fprintf(stderr, "algate: cannot reach algated at %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static void hello(struct front *front)
{
	struct winsize window = {0};
	uint8_t data[6] = {WIRE_VERSION, front->terminal ? WIRE_HELLO_TERMINAL : 0};

	if (front->terminal)
		ioctl(STDIN_FILENO, TIOCGWINSZ, &window);
	data[2] = (uint8_t)(window.ws_row >> 8);
	data[3] = (uint8_t)window.ws_row;
	data[4] = (uint8_t)(window.ws_col >> 8);
	data[5] = (uint8_t)window.ws_col;
	wire_put(&front->out, WIRE_HELLO, data, sizeof(data), NULL, 0);
	front_send(front);
}

static void take_commands(struct front *front, const struct front_options *options)
{
	size_t size = 0, at = 0;

	if (options->commands == NULL)
		return;
	for (unsigned i = 0; i < options->n_commands; i++)
		size += strlen(options->commands[i]) + 1;
	front->keys = mem_alloc(size + 1);
	for (unsigned i = 0; i < options->n_commands; i++) {
		size_t length = strlen(options->commands[i]);

		memcpy(front->keys + at, options->commands[i], length);
		front->keys[at + length] = '\n';
		at += length + 1;
	}
	front->keys_end = front->keys_size = size;
	front->keys_closed = true;
}

static void front_close(struct front *front)
{
	if (front->terminal) {
		tty_fresh(front);
		edit_close(front);
		tty_close(front);
	}
	fflush(stdout);
	close(front->fd);
	wire_out_clear(&front->out);
	free(front->keys);
	free(front->line);
}

int front_run(const struct front_options *options)
{
	struct front *front = mem_alloc(sizeof(*front));
	int status;

	setlocale(LC_CTYPE, "C.UTF-8");
	catch_signals();
	setvbuf(stdout, NULL, _IOFBF, 65536);
	front->fd = options->fd >= 0 ? options->fd : connect_daemon(options->path);
	if (front->fd < 0) {
		free(front);
		return 2;
	}
	take_commands(front, options);
	front->terminal =
	    options->commands == NULL && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	if (front->terminal && (!tty_open(front) || !edit_open(front)))
		front->over = front->lost = true;
	hello(front);
	dialogue(front);
	front_close(front);
	if (front->lost)
		fputs("algate: connection to algated lost\n", stderr);
	status = front->refused || front->lost ? 1 : 0;
	free(front);
	return status;
}
