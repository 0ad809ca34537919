#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two daemons in two namespaces do not know of each other; a second one in the same namespace is refused clearly.
. "$(dirname "$0")/lib.sh"
begin "several daemons"
topology
namespace router2
namespace h3
link h3 eth0 router2 in1
link out eth2 router2 out0
ip -n "${NET}h3" address add 10.77.1.2/24 dev eth0 # the same inside address on purpose
ip -n "${NET}h3" route add default via 10.77.1.1
ip -n "${NET}out" address add 192.0.2.129/25 dev eth2
config_overload >"$WORK/config"
config_overload | sed '/^interface in2/,/no shutdown/d; s/198.51.100.1 255.255.255.0/192.0.2.130 255.255.255.128/
	s/198.51.100.2$/192.0.2.129/; s/hostname R1/hostname R2/' >"$WORK/config2"
check "the first starts" daemon_start "$WORK/config"
one=$DAEMON
check "the second starts" daemon_start -n router2 -d "$WORK/state2" "$WORK/config2"
serve far name.log peername 0.0.0.0 7002
serve far tcp.log serve-tcp 0.0.0.0 7000
check "the first translates to its address" output_has '^198\.51\.100\.1 ' peer h1 tell-peername 203.0.113.10 7002
check "the second to its own" output_has '^192\.0\.2\.130 ' peer h3 tell-peername 203.0.113.10 7002
check "each shows its own" output_has '^hostname R2' in_ns router2 "$ALGATE" -s "$WORK/state2" -c enable -c "show running-config"
check_not "and not the other's" bash -c "ip netns exec ${NET}router2 $ALGATE -s $WORK/state2 \
	-c 'show ip nat translations' | grep 198.51.100.1"

third() { # STATE: must end by itself, with a message
	in_ns router timeout 20 "$ALGATED" -f "$WORK/config" -s "$1" >"$WORK/third.log" 2>&1
	local status=$?
	cat "$WORK/third.log"
	[ $status -ne 0 ] && [ $status -ne 124 ]
}
check "a third one in the first's namespace is refused" third "$WORK/state3"
check "it says why" grep -Eqi 'queue|another|running' "$WORK/third.log"
check "a third one on the first's state directory is refused" third "$WORK/state"
check "it says why, too" grep -Eqi 'another|running|in use|lock|queue' "$WORK/third.log"
check "the first does not mind" peer h1 tcp 203.0.113.10 7000
check "and still answers its operator" output_has '^hostname R1' cli "show running-config"
check "one stops" daemon_signal TERM "$one"
check "the other goes on" peer h3 tcp 203.0.113.10 7000
check_not "algate without a daemon fails" in_ns router "$ALGATE" -s "$WORK/state" -c "show version"
finish
