/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Linux without interfaces that accepts everything and does nothing: for algated --check. */
#ifndef ALGATE_CONFIG_DRY_H
#define ALGATE_CONFIG_DRY_H

#include "config/system.h"

extern const struct system system_dry;

#endif
