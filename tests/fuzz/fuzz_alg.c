/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The laws of every gateway over arbitrary bytes. Input: gateway; where the first part comes from,
 * whether it is a stream, options; length of the first part (two bytes), first part, second part
 * (from the other end).
 */
#include <string.h>

#include "../unit/alg_laws.h"

#define CUTS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one_way(enum alg alg, void *state, enum alg_from from, const uint8_t *bytes,
		    uint32_t length, bool stream)
{
	const struct gateway *gateway = alg_gateway(alg);

	if (length == 0)
		return;
	if (stream && gateway->frame != NULL)
		laws_stream(alg, state, from, bytes, length);
	else
		laws_message(alg, state, from, bytes, length, stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t state[ALG_STATE_MAX] = {0};
	enum alg alg;
	enum alg_from from;
	uint32_t first;
	bool stream;

	if (size < 4 || size > ALG_MESSAGE_MAX)
		return 0;
	alg = (enum alg)(data[0] % ALG_COUNT);
	if (alg_gateway(alg) == NULL)
		return 0;
	from = (enum alg_from)(data[1] & 1);
	stream = data[1] & 2;
	laws_cuts(CUTS);
	laws_options(data[1] >> 2 & 15);
	first = (uint32_t)(data[2] << 8 | data[3]);
	data += 4;
	size -= 4;
	if (first > size)
		first = (uint32_t)size;
	one_way(alg, state, from, data, first, stream);
	one_way(alg, state, (enum alg_from) !from, data + first, (uint32_t)size - first, stream);
	return 0;
}
