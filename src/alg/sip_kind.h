/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted of SIP messages: bits of findings.kinds, as the platform's statistics name them. */
#ifndef ALGATE_ALG_SIP_KIND_H
#define ALGATE_ALG_SIP_KIND_H

#include "alg/text.h"

enum sip_kind {
	/* Requests whose 200 is counted beside them. */
	SIP_REGISTER, SIP_INVITE, SIP_UPDATE, SIP_BYE, SIP_SUBSCRIBE, SIP_REFER, SIP_PRACK,
	/* That 200, in the same order. */
	SIP_REGISTER_OK, SIP_INVITE_OK, SIP_UPDATE_OK, SIP_BYE_OK, SIP_SUBSCRIBE_OK, SIP_REFER_OK, SIP_PRACK_OK,
	/* Other requests. */
	SIP_ACK, SIP_INFO, SIP_CANCEL, SIP_MESSAGE, SIP_NOTIFY, SIP_PUBLISH, SIP_OPTIONS, SIP_OTHER_REQUEST,
	/* Other responses: 100, 180, 183, other 1xx; 200 of other requests; 2xx but 200; all that refuse. */
	SIP_TRYING, SIP_RINGING, SIP_SESSION_PROGRESS, SIP_1XX, SIP_OTHER_OK, SIP_2XX, SIP_3XX_TO_6XX,
	/* Besides, what a message has or lacks. */
	SIP_PORT_ZERO, SIP_ADDRESS_ZERO, SIP_MALFORMED_MEDIUM, SIP_NO_LENGTH, SIP_NO_CALL_ID, SIP_BAD_HEADER, SIP_BAD_BODY,
	SIP_KINDS
};

#define SIP_KIND_BIT(kind) (UINT64_C(1) << (kind))

/* status 0: a request. One bit. */
uint64_t sip_kind(const struct reader *reader, struct span method, uint32_t status);

#endif
