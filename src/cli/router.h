/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command handler can reach. One per daemon, made by the program, management thread only. */
#ifndef ALGATE_CLI_ROUTER_H
#define ALGATE_CLI_ROUTER_H

#include <stdbool.h>
#include <stdint.h>
#include "config/apply.h"
#include "config/store.h"
#include "config/system.h"
#include "lib/mailbox.h"
#include "nat/engine.h"

struct router {
	struct store *store;
	struct apply *apply;
	const struct system *system;
	struct mailbox *box;      /* the engine is touched only through mailbox_call */
	struct engine *engine;
	const char *startup_path; /* startup-config file */
	const char *state_dir;
	uint64_t started;         /* ms */
	bool debug_nat;           /* debug ip nat */
	uint32_t debug_algs;      /* debug ip nat ftp, ...: bits by enum alg */
	uint64_t kernel_drops;    /* packets lost on the way to the engine or from it; kept current by the program */
	uint64_t guard_drops;     /* packets that would have crossed untranslated; likewise */
	uint64_t saved_version;   /* store_version at the last write memory */
};

/* Store's hostname, "Router" if none. */
const char *router_hostname(const struct router *router);

#endif
