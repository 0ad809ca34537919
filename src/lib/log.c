/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines are made whole before anything is written, so that two threads never interleave.
 */
#include "lib/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define LOG_LINE_SIZE 512

static struct {
	pthread_mutex_t lock;
	bool syslog;
	bool opened;
	pthread_t owner; /* the thread that set the sink */
	void (*sink)(void *arg, enum log_severity severity, const char *line);
	void *arg;
} log_state = {.lock = PTHREAD_MUTEX_INITIALIZER};

void log_open(const char *program, int use_syslog)
{
	log_state.syslog = use_syslog != 0;
	log_state.opened = true;
	if (log_state.syslog)
		openlog(program, LOG_PID, LOG_DAEMON);
}

/* Control bytes could drive the terminal of whoever reads the log. */
static void log_escape(char *line)
{
	for (; *line != '\0'; line++)
		if ((unsigned char)*line < 0x20 || *line == 0x7f)
			*line = '?';
}

static void log_write(enum log_severity severity, const char *line)
{
	if (log_state.syslog)
		syslog((int)severity, "%s", line);
	else if (log_state.opened)
		fprintf(stderr, "%s\n", line);
}

void log_event(const char *facility, enum log_severity severity, const char *mnemonic, const char *format, ...)
{
	char line[LOG_LINE_SIZE];
	va_list args;
	int n = snprintf(line, sizeof(line), "%%%s-%d-%s: ", facility, (int)severity, mnemonic);

	va_start(args, format);
	vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);
	va_end(args);
	log_line(severity, line);
}

void log_line(enum log_severity severity, const char *text)
{
	char line[LOG_LINE_SIZE];

	snprintf(line, sizeof(line), "%s", text);
	log_escape(line);
	pthread_mutex_lock(&log_state.lock);
	log_write(severity, line);
	pthread_mutex_unlock(&log_state.lock);
	/* Sessions belong to one thread; other threads' lines are in the log only. */
	if (log_state.sink != NULL && pthread_equal(pthread_self(), log_state.owner))
		log_state.sink(log_state.arg, severity, line);
}

void log_sink(void (*fn)(void *arg, enum log_severity severity, const char *line), void *arg)
{
	log_state.owner = pthread_self();
	log_state.arg = arg;
	log_state.sink = fn;
}
