/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: the decoder. Every view lies inside of the bytes, and reading all it promises is allowed. */
#include <stdlib.h>
#include <string.h>
#include "nat/decode.h"
#include "nat/rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
	if (!truth)
		abort();
}

static uint32_t read_all(const struct decoded *view)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < view->length; i++)
		sum += view->ip[i];
	for (uint32_t i = 0; view->kind != L4_UNREAD && i < view->l4_length; i++)
		sum += view->l4[i];
	return sum;
}

/* Rewriting and rewriting back gives the same addresses and ports, and touches nothing outside of the view. */
static void there_and_back(struct decoded *view)
{
	struct endpoint source = {view->source, view->source_port};
	struct endpoint destination = {view->destination, view->destination_port};
	struct rewrite there = rewrite_to(view, (struct endpoint){0x0a000001, 4000},
					  (struct endpoint){0xc6336401, 4000});

	rewrite_apply(view, &there);
	struct rewrite back = rewrite_to(view, source, destination);

	rewrite_apply(view, &back);
	must(view->source == source.addr && view->destination == destination.addr);
	rewrite_complete(view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct decoded view, quote;

	if (copy == NULL || size > 65535)
		goto out;
	memcpy(copy, data, size);
	if (!decode_packet(copy, (uint32_t)size, &view))
		goto out;
	must(view.length <= size);
	must(view.broken || view.header_length <= view.length);
	must(view.kind == L4_UNREAD || !view.broken);
	must(view.kind == L4_UNREAD || view.l4 + view.l4_length <= copy + size);
	read_all(&view);
	if (!view.broken)
		decode_verify(&view, true);
	if (view.kind == L4_ERROR && decode_quote(&view, &quote)) {
		must(quote.ip > view.l4 && quote.ip + quote.length <= copy + size);
		must(quote.l4 + 8 <= quote.ip + quote.length);
		read_all(&quote);
		there_and_back(&quote);
	}
	if (!view.broken && !view.fragment)
		there_and_back(&view);
out:
	free(copy);
	return 0;
}
