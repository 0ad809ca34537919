/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's terminal: options, then cli/front. */
#include <getopt.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cli/front.h"
#include "lib/mem.h"

#define STATE_DIR   "/run/algate"
#define SOCKET_NAME "algate.sock"
#define NOBODY	    65534

static const struct option long_options[] = {
    {"state-dir", required_argument, NULL, 's'},
    {"command", required_argument, NULL, 'c'},
    {"wire", required_argument, NULL,
     'w'}, /* for the telnet listener: a connected socket it left open */
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static int usage(FILE *to, int status)
{
	fputs("usage: algate [-s DIR] [-c COMMAND]...\n"
	      "  -s, --state-dir DIR    of the daemon to talk to (default " STATE_DIR ")\n"
	      "  -c, --command COMMAND  run this command and end; may be given several times\n"
	      "Without -c: an interactive session on a terminal, else command lines from standard "
	      "input.\n",
	      to);
	return status;
}

static int version(void)
{
	puts("algate " PACKAGE_VERSION);
	return EXIT_SUCCESS;
}

/* Behind a network listener that runs as root this program needs nothing of root. */
static bool become_nobody(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (geteuid() != 0)
		return true;
	return setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
	       setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

int main(int argc, char **argv)
{
	struct front_options options = {.fd = -1};
	static const char **commands; /* as long as the process: several ways lead out of here */
	const char *state_dir = STATE_DIR;
	char *path;
	int option, status;

	commands = mem_alloc(sizeof(*commands) * (size_t)(argc + 1));
	while ((option = getopt_long(argc, argv, "s:c:w:hV", long_options, NULL)) != -1) {
		switch (option) {
		case 's':
			state_dir = optarg;
			break;
		case 'c':
			commands[options.n_commands++] = optarg;
			break;
		case 'w':
			options.fd = atoi(optarg);
			break;
		case 'h':
			return usage(stdout, EXIT_SUCCESS);
		case 'V':
			return version();
		default:
			return usage(stderr, 2);
		}
	}
	if (optind < argc)
		return usage(stderr, 2);
	if (options.fd >= 0 && !become_nobody())
		return 2;
	path = mem_printf("%s/%s", state_dir, SOCKET_NAME);
	options.path = path;
	if (options.n_commands > 0)
		options.commands = commands;
	status = front_run(&options);
	free(path);
	free(commands);
	return status;
}
