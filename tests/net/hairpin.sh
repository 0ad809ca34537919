#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hairpin: inside hosts that reach each other, and themselves, by a global address.
. "$(dirname "$0")/lib.sh"
begin "hairpin"
topology
{
	config_base
	echo "ip nat inside source static 10.77.1.2 198.51.100.20"
	echo "ip nat inside source static tcp 10.77.2.2 7005 198.51.100.1 80"
	echo "ip nat inside source list 1 interface out0 overload"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve h1 tcp.log serve-tcp 0.0.0.0 7000
serve h1 udp.log serve-udp 0.0.0.0 7001
serve h1 name.log peername 0.0.0.0 7002
serve h2 port.log serve-tcp 0.0.0.0 7005
check "TCP to the static host's global" peer h2 tcp 198.51.100.20 7000 100000
check "UDP" peer h2 udp 198.51.100.20 7001
check "ping" in_ns h2 ping -c 2 -i 0.2 -W 2 198.51.100.20
check "the server sees the client's global address (external source)" output_has '^198\.51\.100\.1 ' \
	peer h2 tell-peername 198.51.100.20 7002
check "TCP to a port entry on the interface's address" peer h1 tcp 198.51.100.1 80 100000
check "a closed port behind the global is refused" peer h2 udp-refused 198.51.100.20 9
check "a host reaches itself by its global" peer h1 tcp 198.51.100.20 7000
check "outside still gets in" peer far tcp 198.51.100.20 7000
captures_end
check_not "none of it went over the outside wire" captured "$WORK/outside.pcap" \
	'ip.src == 198.51.100.1 && ip.dst == 198.51.100.20'
check "negative control: the filter finds what did" captured "$WORK/outside.pcap" \
	'ip.src == 203.0.113.10 && ip.dst == 198.51.100.20'
finish
