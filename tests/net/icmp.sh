#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ICMP errors: in transit and the router's own, towards both sides; the reader must recognise his packet.
. "$(dirname "$0")/lib.sh"
begin "ICMP errors"
topology
{
	config_overload
	echo "ip nat inside source static 10.77.2.2 198.51.100.20"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve far udp.log serve-udp 0.0.0.0 7001
serve far tcp.log serve-tcp 0.0.0.0 7000
serve h2 h2tcp.log serve-tcp 0.0.0.0 7000
serve h2 h2udp.log serve-udp 0.0.0.0 7001

check "port unreachable from outside reaches the inside socket" peer h1 udp-refused 203.0.113.10 9
check "port unreachable from a static host reaches the outside socket" peer far udp-refused 198.51.100.20 9
check "and comes from the global address" captured "$WORK/outside.pcap" \
	'icmp.type == 3 && icmp.code == 3 && ip.src == 198.51.100.20'
check "time exceeded by an outside router, towards inside" output_has '198\.51\.100\.2' \
	in_ns h1 traceroute -n -w 30 -q 1 -f 2 -m 2 203.0.113.10
check "time exceeded by the router itself, towards inside" output_has '10\.77\.1\.1' \
	in_ns h1 traceroute -n -w 30 -q 1 -m 1 203.0.113.10
check "time exceeded by the router itself, towards outside" output_has '198\.51\.100\.1' \
	in_ns far traceroute -n -w 30 -q 1 -f 2 -m 2 198.51.100.20
check "the same for TCP" output_has '198\.51\.100\.1' \
	in_ns far traceroute -T -p 7000 -n -w 30 -q 1 -f 2 -m 2 198.51.100.20
check "the same for ICMP" output_has '198\.51\.100\.1' \
	in_ns far traceroute -I -n -w 30 -q 1 -f 2 -m 2 198.51.100.20

# Fragmentation needed, from an outside router (out, its link to far made narrow) and from the router itself.
ip -n "${NET}out" link set eth1 mtu 1300
ip -n "${NET}far" link set eth0 mtu 1300
check "frag needed by an outside router: tracepath learns 1300" output_has 'pmtu 1300' \
	in_ns h1 tracepath -n -m 5 203.0.113.10
# As with h2 below: without it nobody would send it too much.
ip -n "${NET}far" route change default via 203.0.113.1 advmss 1460
in_ns h1 ip route flush cache
check "frag needed by an outside router: TCP gets through" peer h1 tcp 203.0.113.10 7000 200000
check "its segments were too big" captured "$WORK/outside.pcap" \
	'icmp.type == 3 && icmp.code == 4 && ip.src == 198.51.100.2 && tcp.dstport == 7000'
ip -n "${NET}router" link set out0 mtu 1200
ip -n "${NET}out" link set eth0 mtu 1200
check "frag needed by the router, towards inside: tracepath learns 1200" output_has 'pmtu 1200' \
	in_ns h2 tracepath -n -m 5 203.0.113.10
check "frag needed by the router, towards inside: TCP gets through" peer h2 tcp 203.0.113.10 7000 200000
ip -n "${NET}router" link set in2 mtu 1100
ip -n "${NET}h2" link set eth0 mtu 1100
# It must not warn far in its SYN, or nobody would send too much.
ip -n "${NET}h2" route change default via 10.77.2.1 advmss 1460
check "frag needed by the router, towards outside: TCP gets through" peer far tcp 198.51.100.20 7000 200000
check "it was needed" captured "$WORK/outside.pcap" \
	'icmp.type == 3 && icmp.code == 4 && ip.src == 198.51.100.1'
ip -n "${NET}h2" link set eth0 down
ip -n "${NET}router" neigh flush dev in2
check "host unreachable by the router, towards outside" output_has 'From 198\.51\.100\.1 .*Destination Host Unreachable' \
	in_ns far ping -c 3 -W 30 198.51.100.20
finish
