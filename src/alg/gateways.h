/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gateways there are; alg.c lists them, nobody else names them. */
#ifndef ALGATE_ALG_GATEWAYS_H
#define ALGATE_ALG_GATEWAYS_H

#include "alg/alg.h"

#endif
