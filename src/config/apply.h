/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Candidate, compile, swap, Linux, commit: the only way a configuration change takes effect.
 *
 * Order of a commit (DESIGN 2, "Closed world"): compile; swap in the engine, which may answer "in use"; guard and
 * queue rules; addresses; links; owned globals; routes (reconcile.c). Any refusal before the swap rolls the store back and
 * leaves everything as it was. A failure of Linux after the swap is logged and tried again at the next commit or link
 * change (an interface that is not there yet is no error).
 */
#ifndef ALGATE_CONFIG_APPLY_H
#define ALGATE_CONFIG_APPLY_H

#include "config/store.h"
#include "config/system.h"
#include "lib/err.h"
#include "lib/mailbox.h"
#include "nat/engine.h"

struct apply; /* store, current plan, system, mailbox, engine */

enum apply_result {
	APPLY_OK,
	APPLY_REFUSED, /* err says why; the store is as before */
	APPLY_IN_USE,  /* a rule to be removed has live flows: err holds the rule's text; as before */
};

struct apply *apply_new(struct store *store, const struct system *system, struct mailbox *box, struct engine *engine);
void apply_free(struct apply *apply);

/* The changes made to the store since apply_begin take effect or are undone. kill_flows: flows of removed rules end
 * instead of the answer APPLY_IN_USE. */
void apply_begin(struct apply *apply);
enum apply_result apply_commit(struct apply *apply, bool kill_flows, struct err *err);
void apply_abort(struct apply *apply);

/* Linux changed (an interface came, went, was renamed; an address changed): compile and swap again, unchanged store.
 * Flows on interface addresses that are gone end. */
void apply_refresh(struct apply *apply);

/* After every successful commit: keeps STATE/running-config and the changes beside it (config/state.h). NULL: no file. */
void apply_state_file(struct apply *apply, const char *path);
const struct mirror *apply_mirror(const struct apply *apply);

#endif
