/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/names.h"

#include <netinet/in.h>
#include <stdio.h>

const char *protocol_name(uint8_t protocol, char buf[PROTOCOL_NAME_SIZE])
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_GRE:
		return "gre";
	case IPPROTO_ESP:
		return "esp";
	case IPPROTO_AH:
		return "ah";
	case IPPROTO_SCTP:
		return "sctp";
	default:
		snprintf(buf, PROTOCOL_NAME_SIZE, "%u", protocol);
		return buf;
	}
}

const char *alg_type(enum alg alg)
{
	static const char *const types[ALG_COUNT] = {
#define ALG_TYPE(name, text, row) [ALG_##name] = (row),
		ALGS(ALG_TYPE)
#undef ALG_TYPE
	};

	return alg < ALG_COUNT && types[alg] != NULL ? types[alg] : "NA";
}
