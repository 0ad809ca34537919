/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines in IOS form: %FACILITY-SEVERITY-MNEMONIC: text. They go to stderr or syslog, and through the
 * sink to the operator sessions that watch. Control bytes in the text are escaped. Thread-safe.
 */
#ifndef ALGATE_LIB_LOG_H
#define ALGATE_LIB_LOG_H

enum log_severity { LOG_SEV_ERROR = 3, LOG_SEV_WARNING = 4, LOG_SEV_NOTICE = 5, LOG_SEV_INFO = 6, LOG_SEV_DEBUG = 7 };

/* syslog: use syslog(3) instead of stderr. */
void log_open(const char *program, int use_syslog);
void log_event(const char *facility, enum log_severity severity, const char *mnemonic, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A finished line without the %FACILITY part (debug output). */
void log_line(enum log_severity severity, const char *text);
/* Management thread only: lines of other threads do not reach it. fn gets each finished line without newline. At most one sink. */
void log_sink(void (*fn)(void *arg, enum log_severity severity, const char *line), void *arg);

#endif
