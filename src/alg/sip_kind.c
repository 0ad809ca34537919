/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alg/sip_kind.h"

#include <string.h>

#define WITH_OK (SIP_PRACK + 1) /* requests whose 200 has a counter of its own */

static const char *const requests[] = {
	[SIP_REGISTER] = "REGISTER", [SIP_INVITE] = "INVITE", [SIP_UPDATE] = "UPDATE",	 [SIP_BYE] = "BYE",
	[SIP_SUBSCRIBE] = "SUBSCRIBE", [SIP_REFER] = "REFER", [SIP_PRACK] = "PRACK",	 [SIP_ACK] = "ACK",
	[SIP_INFO] = "INFO",	     [SIP_CANCEL] = "CANCEL", [SIP_MESSAGE] = "MESSAGE", [SIP_NOTIFY] = "NOTIFY",
	[SIP_PUBLISH] = "PUBLISH",   [SIP_OPTIONS] = "OPTIONS",
};

/* Methods are told by case (RFC 3261 7.1). */
static unsigned request_of(const struct reader *reader, struct span method)
{
	for (unsigned i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i] != NULL && span_size(method) == strlen(requests[i]) &&
		    memcmp(reader->bytes + method.at, requests[i], span_size(method)) == 0)
			return i;
	return SIP_OTHER_REQUEST;
}

static unsigned response_of(unsigned request, uint32_t status)
{
	switch (status) {
	case 100:
		return SIP_TRYING;
	case 180:
		return SIP_RINGING;
	case 183:
		return SIP_SESSION_PROGRESS;
	case 200:
		return request < WITH_OK ? SIP_REGISTER_OK + request : SIP_OTHER_OK;
	default:
		return status < 200 ? SIP_1XX : status < 300 ? SIP_2XX : SIP_3XX_TO_6XX;
	}
}

uint64_t sip_kind(const struct reader *reader, struct span method, uint32_t status)
{
	const unsigned request = request_of(reader, method);

	return SIP_KIND_BIT(status == 0 ? request : response_of(request, status));
}
