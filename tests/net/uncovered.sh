#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sources no list permits are forwarded as they are, as IOS does; without any rule nothing is translated. This is also
# the negative control of the leak assertion: here it must find something.
. "$(dirname "$0")/lib.sh"
begin "uncovered sources"
topology
{
	config_base
	echo "no access-list 1"
	echo "access-list 1 permit 10.77.1.0 0.0.0.255"
	echo "ip nat inside source list 1 interface out0 overload"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve far name.log peername 0.0.0.0 7002
ip -n "${NET}out" route add 10.77.2.0/24 via 198.51.100.1
check "a covered host is translated" output_has '^198\.51\.100\.1 ' peer h1 tell-peername 203.0.113.10 7002
check "an uncovered one is forwarded as it is" output_has '^10\.77\.2\.2 ' peer h2 tell-peername 203.0.113.10 7002
check "ping of the uncovered one" in_ns h2 ping -c 2 -i 0.2 -W 30 203.0.113.10
check "no translation was made for it" bash -c "! ip netns exec ${NET}router $ALGATE -s $WORK/state \
	-c 'show ip nat translations' | grep 10.77.2.2"
handled
check_not "the covered host's address did not get out" sees "$WORK/outside.pcap" 'ip.addr == 10.77.1.0/24'
check "the rule goes" configure "do clear ip nat translation *" "no ip nat inside source list 1 interface out0 overload"
ip -n "${NET}out" route add 10.77.1.0/24 via 198.51.100.1
check "without a rule nobody is translated" output_has '^10\.77\.1\.2 ' peer h1 tell-peername 203.0.113.10 7002
captures_end
check_not "negative control: the leak assertion fails on this capture" no_leak "$WORK/outside.pcap"
"$PYTHON3" "$PEER" damaged "$WORK/damaged.pcap"
check_not "negative control: the checksum assertion finds it" checksums_good "$WORK/damaged.pcap"
LEAK_CHECK="" CHECKSUM_CHECK="$WORK/outside.pcap"
finish
