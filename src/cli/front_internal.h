/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of `algate`: connection (front.c), keys and pager (front_tty.c), line editing
 * (front_edit.c). */
#ifndef ALGATE_CLI_FRONT_INTERNAL_H
#define ALGATE_CLI_FRONT_INTERNAL_H

#include <histedit.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>
#include "cli/session.h"
#include "cli/wire.h"

#define FRONT_PROMPT_SIZE 1024

struct front {
	int fd;
	struct wire_in in;
	struct wire_out out;
	bool terminal;
	bool over;    /* the daemon said goodbye, or is gone, or the terminal is */
	bool lost;    /* ... without a word */
	bool refused; /* any line */

	/* Bytes from the terminal, or lines from standard input, that nobody has taken yet. */
	char *keys;
	size_t keys_start, keys_end, keys_size;
	bool keys_closed;
	bool after_return; /* the last key was CR: LF or NUL behind it belong to it */

	/* Output: where the cursor is, and how much of the page is used. */
	unsigned column, page_lines;
	unsigned length, width; /* of the daemon's settings; 0: no limit */
	bool waiting;		/* a line is being run */
	bool discard;		/* the operator has stopped its output */

	struct termios saved;
	bool raw;
	EditLine *edit;
	History *history;
	char prompt[FRONT_PROMPT_SIZE];
	bool editing, question;
	bool width_changed;
	char terminal_type[32]; /* to be taken over before the next line */
	enum wire_ending ending;
	char *line; /* the last one sent, for the history */
};

/* front.c */
bool front_send(struct front *front);
/* Takes what the daemon sent without being asked (logs, settings, output); true if the frame was
 * such. */
bool front_async(struct front *front, const struct wire_frame *frame);
/* The next frame that is no asynchronous one; false when the session is over. Keys typed meanwhile
 * are kept. */
bool front_next(struct front *front, struct wire_frame *frame);
/* Waits for keys or frames; asynchronous frames are served. False when the session is over. */
bool front_wait_keys(struct front *front);

/* front_tty.c */
bool tty_open(struct front *front);
void tty_close(struct front *front);
/* Reads what is there into front->keys. While a line is being run ^C and ^^ interrupt it at once.
 */
void tty_fill(struct front *front);
/* The next key, waiting for it; -1 when there will be none. */
int tty_key(struct front *front);
/* Text to the screen, page by page. */
void tty_write(struct front *front, const char *text, size_t length);
/* At the start of a line. */
void tty_fresh(struct front *front);
void tty_window(struct front *front);
/* A secret without echo, or one key. NULL: ^C or no more input. The result is the caller's. */
char *tty_secret(struct front *front, const char *prompt);
char *tty_confirm(struct front *front, const char *prompt);

/* front_edit.c */
bool edit_open(struct front *front);
void edit_close(struct front *front);
/* Reads one line behind the prompt; front->ending says how it ended. NULL: no more input. The
 * result is the caller's. */
char *edit_line(struct front *front, const char *prompt, bool question);
void edit_remember(struct front *front, const char *line);
/* A log line in the middle of editing. */
void edit_interrupt(struct front *front, const char *text, size_t length);

#endif
