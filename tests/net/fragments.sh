#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fragments of a covered source are dropped by name until virtual reassembly is there; others pass.
. "$(dirname "$0")/lib.sh"
begin "fragments"
topology
{
	config_base
	echo "no access-list 1"
	echo "access-list 1 permit 10.77.1.0 0.0.0.255"
	echo "ip nat inside source list 1 interface out0 overload"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve far udp.log serve-udp 0.0.0.0 7001
# No way back to h1: only its global may be answered.
ip -n "${NET}out" route add 10.77.2.0/24 via 198.51.100.1
check "control: a whole datagram of the covered host passes" peer h1 udp-size 203.0.113.10 7001 1000
check_not "its fragmented datagram does not" peer h1 udp-size 203.0.113.10 7001 4000
check "crafted fragments, UDP and TCP" peer h1 fragments 10.77.1.2 203.0.113.10 7001
check "the statistics name the reason" output_has '[Ff]ragment' cli "show ip nat statistics"
check "an uncovered host's fragments pass" peer h2 udp-size 203.0.113.10 7001 4000
check "fragments from outside to the router's global make no noise" bash -c "
	ip netns exec ${NET}far $PYTHON3 $PEER fragments 203.0.113.10 198.51.100.1 7001"
check "the daemon is well" peer h1 udp 203.0.113.10 7001
no_covered_leak() {
	[ -z "$(packets "$WORK/outside.pcap" 'ip.addr == 10.77.1.0/24')" ]
}
captures_end
check "nothing of the covered host got out untranslated" no_covered_leak
check "control: the uncovered host's address did" captured "$WORK/outside.pcap" 'ip.src == 10.77.2.2'
LEAK_CHECK=""
finish
