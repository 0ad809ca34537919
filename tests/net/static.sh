#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Static entries, used from both sides: whole host, port, and port on the interface's address.
. "$(dirname "$0")/lib.sh"
begin "static translations"
topology
{
	config_base
	echo "ip nat inside source static 10.77.1.2 198.51.100.20"
	echo "ip nat inside source static tcp 10.77.2.2 7000 198.51.100.21 80"
	echo "ip nat inside source static udp 10.77.2.2 7001 interface out0 53"
	echo "ip nat inside source list 1 interface out0 overload"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve h1 h1tcp.log serve-tcp 0.0.0.0 7000
serve h1 h1udp.log serve-udp 0.0.0.0 7001
serve h2 h2tcp.log serve-tcp 0.0.0.0 7000
serve h2 h2udp.log serve-udp 0.0.0.0 7001
serve far tcp.log serve-tcp 0.0.0.0 7000
serve far name.log peername 0.0.0.0 7002
iperf_server h1

check "host entry inwards: TCP" peer far tcp 198.51.100.20 7000 100000
check "host entry inwards: UDP" peer far udp 198.51.100.20 7001
check "host entry inwards: ping" in_ns far ping -c 2 -i 0.2 -W 30 198.51.100.20
check "host entry inwards: from the connected host" peer out tcp 198.51.100.20 7000
check "host entry outwards" output_has '^198\.51\.100\.20 ' peer h1 tell-peername 203.0.113.10 7002
check "traceroute inwards ends at the global" output_has '3 +198\.51\.100\.20' \
	in_ns far traceroute -n -w 30 -q 1 198.51.100.20
check "tracepath inwards" output_has 'reached' in_ns far tracepath -n -m 5 198.51.100.20
check "iperf3 inwards" iperf far h1 -c 198.51.100.20 -n 4M
check "iperf3 inwards, reverse" iperf far h1 -R -c 198.51.100.20 -n 4M
check "port entry inwards (80 to 7000)" peer far tcp 198.51.100.21 80 100000
check_not "but no other port of that address" peer far udp-refused 198.51.100.21 81
check "port entry on the interface's address (UDP 53 to 7001)" peer far udp 198.51.100.1 53
check "100 connections inwards" output_has '^100 of 100' peer far many 198.51.100.21 80 100
check "a connection outwards by the port entry's host is overloaded" output_has '^198\.51\.100\.1 ' \
	peer h2 tell-peername 203.0.113.10 7002
check "the table lists the host entry" output_has '^--- +198\.51\.100\.20 +10\.77\.1\.2 +--- +---' \
	cli "show ip nat translations"
check "and the port entry" output_has '^tcp +198\.51\.100\.21:80 +10\.77\.2\.2:7000 +--- +---' cat "$WORK/has"
check "a duplicate is refused in IOS's words" bash -c "
	out=\$(printf 'enable\nconfigure terminal\nip nat inside source static 10.77.1.2 198.51.100.30\n' |
		ip netns exec ${NET}router $ALGATE -s $WORK/state); echo \"\$out\"
	echo \"\$out\" | grep -q '^% .*already'"
check "removed (it asks, being in use), it no longer answers" configure \
	"no ip nat inside source static tcp 10.77.2.2 7000 198.51.100.21 80" yes
check_not "new connections to it" bash -c "ip netns exec ${NET}far timeout 3 $PYTHON3 $PEER tcp 198.51.100.21 80"
check "while the other entry does" peer far tcp 198.51.100.20 7000
finish
