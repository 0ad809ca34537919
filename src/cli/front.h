/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's terminal, the inside of the program `algate`: line editing with libedit, the
 * pager, questions. It knows no command: what `?`, Tab and Return mean is the daemon's business.
 */
#ifndef ALGATE_CLI_FRONT_H
#define ALGATE_CLI_FRONT_H

struct front_options {
	const char *path;	     /* the daemon's socket */
	int fd;			     /* a connected socket in place of it, or -1 */
	const char *const *commands; /* run these and end; NULL: standard input */
	unsigned n_commands;
};

/* Runs one session to its end. Returns the exit status: 0; 1 when a line was refused with a `%`
 * line or the connection broke; 2 when there is no daemon. */
int front_run(const struct front_options *options);

#endif
