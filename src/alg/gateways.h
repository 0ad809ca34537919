/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gateways there are; alg.c lists them, nobody else names them. */
#ifndef ALGATE_ALG_GATEWAYS_H
#define ALGATE_ALG_GATEWAYS_H

#include "alg/alg.h"

extern const struct gateway gateway_dns;
extern const struct gateway gateway_ftp;
extern const struct gateway gateway_tftp;
extern const struct gateway gateway_rsh;
extern const struct gateway gateway_rlogin;
extern const struct gateway gateway_rexec;
extern const struct gateway gateway_sip;
extern const struct gateway gateway_msrp;

/* dns_short.c: as struct gateway has it. */
uint32_t dns_shorten(uint8_t *message, uint32_t length, uint32_t was);

#endif
