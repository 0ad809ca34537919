/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of protocols and gateways as translations, debug and log lines print them. */
#ifndef ALGATE_SHOW_NAMES_H
#define ALGATE_SHOW_NAMES_H

#include <stdint.h>
#include "alg/name.h"

#define PROTOCOL_NAME_SIZE 8
/* "tcp", "esp", or the number in decimal when it has no name here. Renders into buf or returns a constant. */
const char *protocol_name(uint8_t protocol, char buf[PROTOCOL_NAME_SIZE]);

/* "FTP", as ALG Application Type and in tables of the platform; "NA": none. */
const char *alg_type(enum alg alg);

#endif
