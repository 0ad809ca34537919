/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The laws over bodies of SIP messages: type and options (one byte), then the body, which is put
 * into a message that is in order.
 */
#include <stdio.h>
#include <string.h>

#include "../unit/alg_laws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {"application/sdp", "multipart/mixed;boundary=x",
				    "message/sipfrag", "multipart/alternative; boundary=\"--\""};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t message[ALG_MESSAGE_MAX + 512];
	uint8_t state[ALG_STATE_MAX] = {0};
	int head;

	if (size < 2 || size > ALG_MESSAGE_MAX - 512)
		return 0;
	head = snprintf((char *)message, 512,
			"INVITE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9\r\nFrom: "
			"<sip:a@10.0.0.9>;tag=a\r\n"
			"To: <sip:b@example.com>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContent-Type: "
			"%s\r\nl: %zu\r\n\r\n",
			types[data[0] & 3], size - 1);
	memcpy(message + head, data + 1, size - 1);
	laws_options(ALG_OPTION_MULTIPART | (data[0] & 8 ? ALG_OPTION_KEEP_ICE : 0));
	laws_message(ALG_SIP, state, FROM_CLIENT, message, (uint32_t)head + (uint32_t)size - 1,
		     data[0] & 4);
	return 0;
}
