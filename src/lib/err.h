/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line for the operator about why something was refused. The text has no leading "% " and no
 * newline: the one place that prints it adds them.
 */
#ifndef ALGATE_LIB_ERR_H
#define ALGATE_LIB_ERR_H

#include <stdbool.h>

struct err {
	char text[256];
};

/* Formats into err (which may be NULL) and returns false, so that a caller can `return err_set(...)`. */
bool err_set(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
