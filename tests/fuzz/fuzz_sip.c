/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The laws over SIP messages. Input: where it comes from, whether it is a stream, options (one
 * byte), then the bytes. */
#include <string.h>

#include "../unit/alg_laws.h"

#define CUTS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t state[ALG_STATE_MAX] = {0};
	enum alg_from from;

	if (size < 2 || size > ALG_MESSAGE_MAX)
		return 0;
	from = (enum alg_from)(data[0] & 1);
	laws_options((data[0] & 4 ? ALG_OPTION_MULTIPART : 0) |
		     (data[0] & 8 ? ALG_OPTION_KEEP_ICE : 0));
	laws_cuts(CUTS);
	if (data[0] & 2)
		laws_stream(ALG_SIP, state, from, data + 1, (uint32_t)size - 1);
	else
		laws_message(ALG_SIP, state, from, data + 1, (uint32_t)size - 1, false);
	return 0;
}
