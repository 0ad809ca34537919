/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/peek.h"

#include <stddef.h>

struct peek {
	struct engine *engine;
	const struct snapshot *snapshot;
};

static void take(void *arg)
{
	struct peek *peek = arg;

	peek->snapshot = engine_snapshot(peek->engine);
}

const struct snapshot *peek_snapshot(struct mailbox *box, struct engine *engine)
{
	struct peek peek = {.engine = engine};

	if (engine != NULL)
		mailbox_call(box, take, &peek);
	return peek.snapshot;
}
