/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/gram_names.h"

#include <string.h>
#include <strings.h>

/* Each table sorted by name; of two names with one value the first is printed. */

static const struct gram_name tcp_ports[] = {
	{"bgp", 179, "Border Gateway Protocol"},
	{"chargen", 19, "Character generator"},
	{"cmd", 514, "Remote commands"},
	{"daytime", 13, "Daytime"},
	{"discard", 9, "Discard"},
	{"domain", 53, "Domain Name Service"},
	{"drip", 3949, "Dynamic Routing Information Protocol"},
	{"echo", 7, "Echo"},
	{"exec", 512, "Remote execution"},
	{"finger", 79, "Finger"},
	{"ftp", 21, "File Transfer Protocol"},
	{"ftp-data", 20, "FTP data connections"},
	{"gopher", 70, "Gopher"},
	{"hostname", 101, "NIC hostname server"},
	{"ident", 113, "Ident Protocol"},
	{"irc", 194, "Internet Relay Chat"},
	{"klogin", 543, "Kerberos login"},
	{"kshell", 544, "Kerberos shell"},
	{"login", 513, "Remote login"},
	{"lpd", 515, "Printer service"},
	{"msrpc", 135, "MS Remote Procedure Call"},
	{"nntp", 119, "Network News Transport Protocol"},
	{"pim-auto-rp", 496, "PIM Auto-RP"},
	{"pop2", 109, "Post Office Protocol v2"},
	{"pop3", 110, "Post Office Protocol v3"},
	{"smtp", 25, "Simple Mail Transport Protocol"},
	{"sunrpc", 111, "Sun Remote Procedure Call"},
	{"tacacs", 49, "TAC Access Control System"},
	{"talk", 517, "Talk"},
	{"telnet", 23, "Telnet"},
	{"time", 37, "Time"},
	{"uucp", 540, "Unix-to-Unix Copy Program"},
	{"whois", 43, "Nicname"},
	{"www", 80, "World Wide Web"},
};

static const struct gram_name udp_ports[] = {
	{"biff", 512, "Mail notification"},
	{"bootpc", 68, "Bootstrap Protocol client"},
	{"bootps", 67, "Bootstrap Protocol server"},
	{"discard", 9, "Discard"},
	{"dnsix", 195, "DNSIX security protocol auditing"},
	{"domain", 53, "Domain Name Service"},
	{"echo", 7, "Echo"},
	{"isakmp", 500, "Internet Security Association and Key Management Protocol"},
	{"mobile-ip", 434, "Mobile IP registration"},
	{"nameserver", 42, "IEN116 name service"},
	{"netbios-dgm", 138, "NetBIOS datagram service"},
	{"netbios-ns", 137, "NetBIOS name service"},
	{"netbios-ss", 139, "NetBIOS session service"},
	{"non500-isakmp", 4500, "ISAKMP behind address translation"},
	{"ntp", 123, "Network Time Protocol"},
	{"pim-auto-rp", 496, "PIM Auto-RP"},
	{"rip", 520, "Routing Information Protocol"},
	{"snmp", 161, "Simple Network Management Protocol"},
	{"snmptrap", 162, "SNMP traps"},
	{"sunrpc", 111, "Sun Remote Procedure Call"},
	{"syslog", 514, "System logger"},
	{"tacacs", 49, "TAC Access Control System"},
	{"talk", 517, "Talk"},
	{"tftp", 69, "Trivial File Transfer Protocol"},
	{"time", 37, "Time"},
	{"who", 513, "Who service"},
	{"xdmcp", 177, "X Display Manager Control Protocol"},
};

/* Without ip, icmp, tcp and udp: these are keywords wherever a protocol may stand. */
static const struct gram_name protocols[] = {
	{"ahp", 51, "Authentication Header Protocol"},
	{"eigrp", 88, "EIGRP routing protocol"},
	{"esp", 50, "Encapsulating Security Payload"},
	{"gre", 47, "Generic Routing Encapsulation"},
	{"igmp", 2, "Internet Group Management Protocol"},
	{"ipinip", 4, "IP in IP tunneling"},
	{"nos", 94, "KA9Q NOS compatible IP over IP tunneling"},
	{"ospf", 89, "OSPF routing protocol"},
	{"pcp", 108, "Payload Compression Protocol"},
	{"pim", 103, "Protocol Independent Multicast"},
	{"sctp", 132, "Stream Control Transmission Protocol"},
};

#define ICMP(type, code) ((type) << 8 | (code))
#define ANY 255

static const struct gram_name icmp_types[] = {
	{"administratively-prohibited", ICMP(3, 13), "Administratively prohibited"},
	{"echo", ICMP(8, ANY), "Echo (ping)"},
	{"echo-reply", ICMP(0, ANY), "Echo reply"},
	{"host-unreachable", ICMP(3, 1), "Host unreachable"},
	{"information-reply", ICMP(16, ANY), "Information replies"},
	{"information-request", ICMP(15, ANY), "Information requests"},
	{"mask-reply", ICMP(18, ANY), "Mask replies"},
	{"mask-request", ICMP(17, ANY), "Mask requests"},
	{"net-unreachable", ICMP(3, 0), "Net unreachable"},
	{"packet-too-big", ICMP(3, 4), "Fragmentation needed and DF set"},
	{"parameter-problem", ICMP(12, ANY), "All parameter problems"},
	{"port-unreachable", ICMP(3, 3), "Port unreachable"},
	{"protocol-unreachable", ICMP(3, 2), "Protocol unreachable"},
	{"reassembly-timeout", ICMP(11, 1), "Reassembly timeout"},
	{"redirect", ICMP(5, ANY), "All redirects"},
	{"router-advertisement", ICMP(9, ANY), "Router discovery advertisements"},
	{"router-solicitation", ICMP(10, ANY), "Router discovery solicitations"},
	{"source-quench", ICMP(4, ANY), "Source quenches"},
	{"time-exceeded", ICMP(11, ANY), "All time exceededs"},
	{"timestamp-reply", ICMP(14, ANY), "Timestamp replies"},
	{"timestamp-request", ICMP(13, ANY), "Timestamp requests"},
	{"traceroute", ICMP(30, ANY), "Traceroute"},
	{"ttl-exceeded", ICMP(11, 0), "TTL exceeded"},
	{"unreachable", ICMP(3, ANY), "All unreachables"},
};

static const struct {
	const struct gram_name *names;
	unsigned count;
} tables[GRAM_TYPES] = {
	[GRAM_TCP_PORT] = {tcp_ports, sizeof(tcp_ports) / sizeof(*tcp_ports)},
	[GRAM_UDP_PORT] = {udp_ports, sizeof(udp_ports) / sizeof(*udp_ports)},
	[GRAM_PROTOCOL] = {protocols, sizeof(protocols) / sizeof(*protocols)},
	[GRAM_ICMP_TYPE] = {icmp_types, sizeof(icmp_types) / sizeof(*icmp_types)},
};

const struct gram_name *gram_name_at(enum gram_type type, unsigned i)
{
	return type < GRAM_TYPES && i < tables[type].count ? &tables[type].names[i] : NULL;
}

const struct gram_name *gram_name_find(enum gram_type type, const char *text)
{
	const struct gram_name *found = NULL, *name;
	size_t length = strlen(text);
	bool several = false;

	for (unsigned i = 0; (name = gram_name_at(type, i)); i++) {
		if (strncasecmp(name->name, text, length))
			continue;
		if (!name->name[length])
			return name;
		several |= found != NULL;
		found = name;
	}
	return several || !length ? NULL : found;
}

const struct gram_name *gram_name_of(enum gram_type type, uint16_t value)
{
	const struct gram_name *name;

	for (unsigned i = 0; (name = gram_name_at(type, i)); i++)
		if (name->value == value)
			return name;
	return NULL;
}
