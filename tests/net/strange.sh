#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Strange packets, made by scapy and judged by tshark: protocols without ports by one-to-one rules, IP options, bad checksums
# (RFC 3022 4.1), headers that lie, ICMP that quotes anything (RFC 5508). Whatever it is, it leaves translated or not at all.
# Takes long.
. "$(dirname "$0")/lib.sh"
begin "strange packets"
GLOBAL=192.0.2.3
OUT=$WORK/outside.pcap IN=$WORK/inside.pcap
strange() { # NAMESPACE ARGUMENTS...
	local ns=$1
	shift
	in_ns "$ns" timeout 60 /usr/bin/python3 "$HERE/strange.py" "$@" && handled
}
reason() { # TEXT...   all are in the statistics
	local text
	cli "show ip nat statistics" >"$WORK/reasons"
	cat "$WORK/reasons"
	for text; do grep -qF "$text" "$WORK/reasons" || return 1; done
}
absent() { # FILE FILTER
	! sees "$@"
}

topology
{
	config_overload
	echo "ip nat inside source static 10.77.1.2 $GLOBAL"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve far udp.log serve-udp 0.0.0.0 7001

# ---- protocols without ports
check "from the host of a static entry" strange h1 protocols 10.77.1.2 203.0.113.10
for protocol in 132 47 50 51 253; do
	check "protocol $protocol goes out as the static global" captured "$OUT" "ip.src == $GLOBAL && ip.proto == $protocol"
done
check "SCTP's own checksum is right there" output_has SCTP packets "$OUT" \
	"ip.src == $GLOBAL && sctp.dstport == 5001 && sctp.checksum.status == \"Good\"" -o "sctp.checksum:CRC 32c"
check "ICMP that is no query and no error" captured "$OUT" "ip.src == $GLOBAL && icmp.type == 42"
check "and back, from outside" strange far protocols 203.0.113.10 $GLOBAL
for protocol in 132 47 50 51 253; do
	check "protocol $protocol comes in" captured "$IN" "ip.dst == 10.77.1.2 && ip.proto == $protocol"
done
check "so does the ICMP message" captured "$IN" "ip.dst == 10.77.1.2 && icmp.type == 42"
check "from a host behind overload" strange h2 protocols 10.77.2.2 203.0.113.10
check "nothing leaves: there are no ports to share an address by" absent "$OUT" \
	'ip.src == 198.51.100.1 && (ip.proto == 132 || ip.proto == 47 || ip.proto == 253 || icmp.type == 42)'
check "and that has a name" wait_for 30 reason "protocol that the matching rule cannot translate"

# ---- options
check "options, sent from behind overload" strange h2 options 10.77.2.2 203.0.113.10 7001
check "router alert passes" captured "$OUT" 'ip.src == 198.51.100.1 && frame contains "alert"'
for kind in record timestamp loose strict overlong endless; do
	check "$kind does not" absent "$OUT" "ip.src == 198.51.100.1 && frame contains \"$kind\""
done
# Linux has thrown away what lies, and source routes, before we see them.
check "by name" wait_for 30 reason "IP option that records or dictates addresses"

# ---- damage
check "a damaged datagram that would make state" strange h2 damaged 10.77.2.2 4300 203.0.113.10 7001
check "is dropped by name" wait_for 30 reason "bad checksum in a packet that would make state"
check "and did not leave" absent "$OUT" 'udp.srcport == 4300'
check "control: the same port, undamaged" peer h2 udp 203.0.113.10 7001 4300
check "a damaged one of that flow" strange h2 damaged 10.77.2.2 4300 203.0.113.10 7001
check "passes, as damaged as it was" captured "$OUT" \
	'ip.src == 198.51.100.1 && udp.srcport == 4300 && udp.checksum.status == "Bad"'

# ---- lies
for host in h1:10.77.1.2 h2:10.77.2.2; do
	check "headers that lie, from ${host%%:*}" strange "${host%%:*}" lies "${host##*:}" 203.0.113.10 7001
done
check "by name" wait_for 30 reason "malformed header"
check "nothing of it left" absent "$OUT" 'udp.srcport == 4200 || tcp.srcport == 4200'
check "and from outside" strange far lies 203.0.113.10 $GLOBAL 7001
check "to the router, too" strange far lies 203.0.113.10 198.51.100.1 7001
check "ICMP that quotes anything, out" strange h2 quotes 10.77.2.2 203.0.113.10
check "from the static host" strange h1 quotes 10.77.1.2 203.0.113.10
check "no redirect left" absent "$OUT" "eth.src == $ROUTER_MAC && icmp.type == 5"
check "ICMP that quotes anything, in" strange far quotes 203.0.113.10 $GLOBAL
check "to the router" strange far quotes 203.0.113.10 198.51.100.1
check "quotes have their names" wait_for 30 reason "ICMP error quotes no known flow" "ICMP error quotes a malformed packet"
check "the daemon is well" peer h2 udp 203.0.113.10 7001
CHECKSUM_CHECK="" # damage was sent on purpose
finish
