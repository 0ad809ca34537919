/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a configuration file. What must hold: it loads, bad lines or not; what is printed
 * afterwards loads without a bad line and prints the same (so the store holds nothing that cannot
 * be said); it compiles; undoing a load leaves the store as it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "cli/load.h"
#include "config/dry.h"
#include "config/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

struct side {
	struct router router;
	struct store *store;
	struct apply *apply;
};

static void side_init(struct side *side)
{
	memset(side, 0, sizeof(*side));
	side->store = store_new();
	side->apply = apply_new(side->store, &system_dry, NULL, NULL);
	side->router.store = side->store;
	side->router.apply = side->apply;
	side->router.system = &system_dry;
}

static void side_clear(struct side *side)
{
	apply_free(side->apply);
	store_free(side->store);
}

/* Takes everything out and puts it back. */
static void empty_and_roll_back(struct store *store)
{
	size_t count = store_count(store);
	struct entry *entry;

	store_begin(store);
	while ((entry = store_next(store, NULL, NULL, NULL)))
		store_remove(store, entry);
	must(store_count(store) == 0);
	store_rollback(store);
	must(store_count(store) == count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct side first, second;
	struct err err = {""};
	char *text, *again;
	unsigned bad = 0;

	side_init(&first);
	side_init(&second);
	must(load_text(&first.router, (const char *)data, size, NULL, NULL, NULL, &err) == LOAD_OK);
	text = config_text(first.store);
	must(load_text(&second.router, text, strlen(text), NULL, NULL, &bad, &err) == LOAD_OK);
	must(bad == 0);
	again = config_text(second.store);
	must(strcmp(text, again) == 0);
	must(store_count(first.store) == store_count(second.store));
	empty_and_roll_back(first.store);
	free(again);
	again = config_text(first.store);
	must(strcmp(text, again) == 0);
	free(text);
	free(again);
	side_clear(&first);
	side_clear(&second);
	return 0;
}
