#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Pools: one address per host without overload, shared addresses with it; in a routed and in a connected subnet.
. "$(dirname "$0")/lib.sh"
begin "address pools"
topology
{
	config_base
	echo "ip nat pool ROUTED 192.0.2.1 192.0.2.2 prefix-length 24"
	echo "ip nat inside source list 1 pool ROUTED"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve far tcp.log serve-tcp 0.0.0.0 7000
serve far udp.log serve-udp 0.0.0.0 7001
serve far name.log peername 0.0.0.0 7002
check "first host gets the first address" output_has '^192\.0\.2\.1 ' peer h1 tell-peername 203.0.113.10 7002
check "second host the second" output_has '^192\.0\.2\.2 ' peer h2 tell-peername 203.0.113.10 7002
check "first host keeps its own" output_has '^192\.0\.2\.1 ' peer h1 tell-peername 203.0.113.10 7002
check "half entry in the table" output_has '^--- +192\.0\.2\.1 +10\.77\.1\.2 +--- +---' cli "show ip nat translations"
check "ping through it" in_ns h2 ping -c 2 -i 0.2 -W 30 203.0.113.10
check "traceroute through it" output_has '3 +203\.0\.113\.10' in_ns h2 traceroute -n -w 30 -q 1 203.0.113.10

check "the mapping is removed when unused" configure "do clear ip nat translation *" \
	"no ip nat inside source list 1 pool ROUTED" "no ip nat pool ROUTED"
check "a pool in the connected subnet with overload" configure \
	"ip nat pool NEAR 198.51.100.20 198.51.100.21 netmask 255.255.255.0" \
	"ip nat inside source list 1 pool NEAR overload"
check "h1 through it" output_has '^198\.51\.100\.2[01] ' peer h1 tell-peername 203.0.113.10 7002
serve out near.log serve-tcp 198.51.100.2 7010
check "to a host on the wire, so the router answers ARP" peer h1 tcp 198.51.100.2 7010
check "200 clients share it" output_has '^200 of 200' peer h2 many 203.0.113.10 7000 200
check "one host keeps one address (paired)" bash -c "
	for i in 1 2 3 4 5; do ip netns exec ${NET}h1 $PYTHON3 $PEER tell-peername 203.0.113.10 7002; done |
	cut -d' ' -f1 | sort -u | wc -l | grep -qx 1"
check_not "a pool in use cannot be destroyed" configure "no ip nat pool NEAR"
check "a pool address without a flow is silent" bash -c "
	! ip netns exec ${NET}out ping -c 1 -W 1 198.51.100.21"
finish
