/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show ip interface brief, from the mirror of Linux. */
#ifndef ALGATE_SHOW_INTERFACES_H
#define ALGATE_SHOW_INTERFACES_H

#include <stdio.h>
#include "config/mirror.h"

void interfaces_brief(FILE *out, const struct mirror *mirror);

#endif
