/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session's socket carries: framed, typed, bounded messages between the daemon and the
 * operator's terminal
 * (`algate`). Four bytes of header (type, 24 bits of length, most significant first), then the
 * payload. Numbers are most significant byte first.
 *
 * One line is on its way at a time: the terminal sends the next only after a PROMPT. While it waits
 * it may send INTERRUPT, SIZE and ALIVE. Flow control is the socket's: who does not read gets
 * nothing produced.
 */
#ifndef ALGATE_CLI_WIRE_H
#define ALGATE_CLI_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_VERSION	 1
#define WIRE_HEADER	 4
#define WIRE_PAYLOAD_MAX 8192
#define WIRE_LINE_MAX                                                                              \
	4096 /* bytes of a command line or an answer; longer ones are cut to one more */

enum wire_type {
	/* terminal to daemon */
	WIRE_HELLO =
	    1,	   /* version u8, flags u8 (enum wire_hello), rows u16, columns u16 (0: unknown) */
	WIRE_LINE, /* ending u8 (enum wire_ending), text */
	WIRE_ANSWER,	/* given u8 (0: ^C), text */
	WIRE_HELP,	/* text before the cursor; answered by HELP_TEXT */
	WIRE_COMPLETE,	/* text before the cursor; answered by COMPLETION */
	WIRE_INTERRUPT, /* ^C while output is produced */
	WIRE_SIZE,	/* rows u16, columns u16 */
	WIRE_ALIVE,	/* a key was pressed */

	/* daemon to terminal */
	WIRE_OUTPUT = 64, /* text */
	WIRE_PROMPT,	  /* flags u8 (enum wire_prompt), text: the daemon waits for a line */
	WIRE_QUESTION,	  /* kind u8 (enum question), text: the daemon waits for an answer */
	WIRE_HELP_TEXT,	  /* last u8, text */
	WIRE_COMPLETION,  /* text before the cursor as it is to be now */
	WIRE_TERMINAL,	  /* length u16, width u16 (0: no limit, 0xffff width: not known) */
	WIRE_TERM_TYPE,	  /* name */
	WIRE_LOG,	  /* asked u8 (terminal monitor), one line */
	WIRE_BYE,	  /* flags u8 (enum wire_prompt): the session is over */
};

enum wire_hello {
	WIRE_HELLO_TERMINAL = 1 /* a person's terminal, not lines from a file or an argument */
};
enum wire_ending { WIRE_RETURN, WIRE_END /* ^Z */, WIRE_ABORT /* ^C */ };
enum wire_prompt {
	WIRE_PROMPT_REFUSED = 1, /* the last line was refused with a `%` line */
	WIRE_PROMPT_FORGET = 2,	 /* the last line held a secret: not for the history */
};

struct wire_frame {
	uint8_t type;
	const uint8_t *data; /* good until the next wire_receive */
	size_t length;
};

/* Bytes on their way in. Zeroed at the start. */
struct wire_in {
	size_t start, end;
	uint8_t buffer[WIRE_HEADER + WIRE_PAYLOAD_MAX];
};

/* Bytes on their way out. Zeroed at the start. */
struct wire_out {
	uint8_t *data;
	size_t start, end, size;
};

enum wire_status {
	WIRE_OK,
	WIRE_MORE,
	WIRE_CLOSED /* end of file, error, or a frame that breaks the rules */
};

/* Reads once from the non-blocking socket. WIRE_MORE: nothing there now. */
enum wire_status wire_receive(struct wire_in *in, int fd);
/* The next whole frame; WIRE_MORE: none yet; WIRE_CLOSED: too long. */
enum wire_status wire_next(struct wire_in *in, struct wire_frame *frame);

/* Queues a frame: head and body one after the other (either may be empty); a longer body is cut. */
void wire_put(struct wire_out *out, enum wire_type type, const void *head, size_t head_length,
	      const void *body, size_t body_length);
void wire_put_text(struct wire_out *out, enum wire_type type, uint8_t head, const char *text);
void wire_put_pair(struct wire_out *out, enum wire_type type, unsigned first, unsigned second);
/* Sends what the socket takes. WIRE_MORE: some is left. */
enum wire_status wire_flush(struct wire_out *out, int fd);
size_t wire_pending(const struct wire_out *out);
void wire_out_clear(struct wire_out *out);

uint16_t wire_u16(const uint8_t *at);

#endif
