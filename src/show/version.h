/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show version: the lines that IOS clients look for, each saying something true of this machine. Reading the facts is
 * apart from printing them.
 *
 * Processor board ID is a hash of /etc/machine-id, stable for an installation, that does not give the id itself
 * away. "Configuration register is 0x2102" is what that value means: the system boots by itself and reads its
 * startup-config.
 */
#ifndef ALGATE_SHOW_VERSION_H
#define ALGATE_SHOW_VERSION_H

#include <stdint.h>
#include <stdio.h>

struct version_facts {
	const char *hostname;
	uint64_t uptime_s;     /* of the daemon */
	int64_t started_wall;  /* seconds since the epoch */
	char image[256];       /* path of the running program */
	char machine[72];      /* x86_64 */
	char kernel[72];       /* release of Linux */
	char cpu[128];
	uint64_t memory_kb;
	uint32_t n_cpus;
	char board_id[24];
	uint32_t n_interfaces; /* without loopbacks */
	uint64_t nvram_kb;     /* largest startup-config */
};

/* Fills what the machine knows; hostname, uptime, start, interfaces and nvram are the caller's. */
void version_read(struct version_facts *facts);
void version_print(FILE *out, const struct version_facts *facts);

#endif
