#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing left to give: new ones are refused (and told so), old ones live on.
. "$(dirname "$0")/lib.sh"
begin "exhaustion"
topology
{
	config_base
	echo "ip nat pool ONE 192.0.2.1 192.0.2.1 prefix-length 24"
	echo "ip nat inside source list 1 pool ONE"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve far tcp.log serve-tcp 0.0.0.0 7000
serve far udp.log serve-udp 0.0.0.0 7001
background h1 steady.log timeout 60 "$PYTHON3" "$PEER" steady 203.0.113.10 7000 6
steady=$!
wait_for 30 grep -q connected "$WORK/steady.log"
check "control: the first host has the pool's only address" peer h1 tcp 203.0.113.10 7000
check_not "the second host is refused" in_ns h2 ping -c 1 -W 2 203.0.113.10
capture h2 eth0 second
check_not "nor when it asks again" in_ns h2 ping -c 2 -i 0.5 -W 2 203.0.113.10
check "ICMP 3/13 tells the host" captured "$WORK/second.pcap" 'icmp.type == 3 && icmp.code == 13 && ip.src == 10.77.2.1'
check "the old one's connection goes on" wait_for 60 daemon_gone "$steady"
check "to its end" awk '/^sent/ {good = $2 + 0 == $4 + 0} END {exit !good}' "$WORK/steady.log"
check "the statistics count the misses" output_has 'misses [1-9]' cli "show ip nat statistics"

check "max-entries 20" configure "ip nat translation max-entries 20" "do clear ip nat translation *" \
	"no ip nat inside source list 1 pool ONE" "ip nat inside source list 1 pool ONE overload"
check_not "60 clients at once are too many" peer h1 many 203.0.113.10 7000 60
check "but no more than the limit is there" bash -c "
	n=\$(ip netns exec ${NET}router $ALGATE -s $WORK/state -c 'show ip nat translations total' |
		sed -n 's/^Total number of translations: //p'); echo \"\$n\"; [ \"\$n\" -gt 0 ] && [ \"\$n\" -le 20 ]"
check "without the limit there is room" configure "no ip nat translation max-entries 20"
check "for all of them" output_has '^60 of 60' peer h1 many 203.0.113.10 7000 60
finish
