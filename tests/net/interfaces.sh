#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Linux changes under a running daemon: flap, rename, new address, delete and recreate.
. "$(dirname "$0")/lib.sh"
begin "interfaces that move"
topology
config_overload >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve far tcp.log serve-tcp 0.0.0.0 7000
serve far name.log peername 0.0.0.0 7002
router() { ip -n "${NET}router" "$@"; }
route_there() { router route show default | grep -q 'via 198.51.100.2'; }

background h1 steady.log "$PYTHON3" "$PEER" steady 203.0.113.10 7000 8
steady=$!
wait_for 30 grep -q connected "$WORK/steady.log"
router link set out0 down
sleep 1
router link set out0 up
check "outside flap: the static route is put back" wait_for 30 route_there
router link set in1 down
sleep 0.5
router link set in1 up
wait_for 90 daemon_gone "$steady"
check "both flap: the connection went on" output_has '^sent' cat "$WORK/steady.log"
check "whole" awk '/^sent/ {good = $2 + 0 == $4 + 0} END {exit !good}' "$WORK/steady.log"

router link set out0 down
router link set out0 name wan
router link set wan up
sleep 1
in_ns h1 ping -c 2 -i 0.3 -W 1 203.0.113.10 >/dev/null
check "renamed: still nothing untranslated gets out" no_leak "$WORK/outside.pcap"
router link set wan down
router link set wan name out0
router link set out0 up
check "named back: it works" wait_for 30 peer h1 tcp 203.0.113.10 7000

router address add 198.51.100.77/24 dev out0
check "an address added by somebody else is shown" output_has '198\.51\.100\.' cli "show ip interface brief"
router address del 198.51.100.77/24 dev out0
check "the configured one is untouched" output_has '^198\.51\.100\.1 ' peer h1 tell-peername 203.0.113.10 7002

check "a new address by configuration" configure "interface out0" "ip address 198.51.100.5 255.255.255.0"
check "overload follows it" output_has '^198\.51\.100\.5 ' peer h1 tell-peername 203.0.113.10 7002
check "nothing of the old one is in the table" bash -c "! ip netns exec ${NET}router $ALGATE -s $WORK/state \
	-c 'show ip nat translations' | grep '198.51.100.1:'"
check "Linux has it" bash -c "ip -n ${NET}router address show dev out0 | grep -q 'inet 198.51.100.5/24'"
check_not "and not the old one" bash -c "ip -n ${NET}router address show dev out0 | grep -q 'inet 198.51.100.1/24'"
check "back" configure "interface out0" "ip address 198.51.100.1 255.255.255.0"

# Deleted and made anew: another index, so what crosses it is unknown until the daemon has seen it.
captures_end
cp "$WORK/outside.pcap" "$WORK/outside1.pcap"
cp "$WORK/inside.pcap" "$WORK/inside1.pcap"
router link del out0
sleep 0.5
link out eth0 router out0
router link set out0 address $ROUTER_MAC
ip -n "${NET}out" address add 198.51.100.2/24 dev eth0
ip -n "${NET}out" route add 192.0.2.0/24 via 198.51.100.1
capture out eth0 outside
capture h1 eth0 inside
check "recreated: the daemon configures it" wait_for 30 route_there
check "and translates" wait_for 30 peer h1 tcp 203.0.113.10 7000
check "shutdown" configure "interface out0" shutdown
check "takes the link down" bash -c "ip -n ${NET}router link show out0 | grep -q 'state DOWN'"
check "and shows it" output_has 'out0 .*administratively down' cli "show ip interface brief"
check "no shutdown" configure "interface out0" "no shutdown"
check "and it works" wait_for 30 peer h1 tcp 203.0.113.10 7000
captures_end
cp "$WORK/outside.pcap" "$WORK/outside2.pcap"
LEAK_CHECK="$WORK/outside1.pcap $WORK/outside2.pcap"
CHECKSUM_CHECK="$LEAK_CHECK $WORK/inside1.pcap $WORK/inside.pcap"
finish
