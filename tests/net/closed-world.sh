#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Closed world: a dead daemon leaks nothing and does not lock the operator out; a clean stop keeps the guard;
# --release removes everything; a flushed ruleset comes back.
. "$(dirname "$0")/lib.sh"
begin "closed world"
topology linux
before=$(in_ns router sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter net.ipv4.conf.in1.rp_filter \
	net.ipv4.conf.out0.rp_filter net.ipv4.conf.all.send_redirects net.ipv4.conf.in1.send_redirects)
config_overload >"$WORK/config"
serve far tcp.log serve-tcp 0.0.0.0 7000
serve router own.log serve-tcp 0.0.0.0 2222
# A way back for whatever leaks, so that a leak would even be answered.
ip -n "${NET}out" route add 10.77.0.0/16 via 198.51.100.1
in_ns router sysctl -qw net.ipv4.ip_forward=1
check "control: without Algate Linux forwards the inside address" in_ns h1 ping -c 1 -W 30 203.0.113.10
check_not "control: and the leak assertion sees it" no_leak "$WORK/outside.pcap"
captures_end
rm -f "$WORK/outside.pcap" "$WORK/inside.pcap"
capture out eth0 outside
capture h1 eth0 inside
eval "$(echo "$before" | sed -n 's/^net.ipv4.ip_forward = \(.*\)/in_ns router sysctl -qw net.ipv4.ip_forward=\1/p')"

check "daemon starts" daemon_start "$WORK/config"
check "traffic is translated" peer h1 tcp 203.0.113.10 7000
check "the router's own service answers outside" peer far tcp 198.51.100.1 2222
check "and inside" peer h1 tcp 10.77.1.1 2222

daemon_signal KILL
check_not "killed: nothing crosses" in_ns h1 ping -c 2 -i 0.3 -W 1 203.0.113.10
check_not "killed: no TCP crosses" in_ns h1 timeout 3 "$PYTHON3" "$PEER" tcp 203.0.113.10 7000
check_not "killed: nor traceroute's probes" output_has '203\.0\.113\.10 .*ms' \
	in_ns h1 traceroute -n -w 1 -q 1 -m 3 203.0.113.10
check_not "killed: nor from outside in" in_ns out ping -c 1 -W 1 10.77.1.2
check "killed: the router's own service still answers outside" peer far tcp 198.51.100.1 2222
check "killed: and inside, by the outside address" peer h1 tcp 198.51.100.1 2222
check "killed: the router's own connections still work" peer router tcp 203.0.113.10 7000

check "restarted" daemon_start "$WORK/config"
check "it works again" peer h1 tcp 203.0.113.10 7000
in_ns router nft flush ruleset
check "a flushed ruleset is re-asserted" wait_for 30 in_ns router nft list table ip algate_guard
check "both tables" wait_for 30 in_ns router nft list table ip algate
check "and translation goes on" peer h1 tcp 203.0.113.10 7000
in_ns router nft delete table ip algate_guard
check "a deleted guard too" wait_for 30 in_ns router nft list table ip algate_guard
in_ns router nft add table ip other
check "another table is left alone" in_ns router nft list table ip other

daemon_signal TERM
check "stopped cleanly: the queue rules are gone" bash -c "! ip netns exec ${NET}router nft list table ip algate"
check "the guard stays" in_ns router nft list table ip algate_guard
check_not "nothing crosses" in_ns h1 ping -c 2 -i 0.3 -W 1 203.0.113.10
check "the router's own service answers" peer far tcp 198.51.100.1 2222
captures_end
check "nothing leaked in all of this" no_leak "$WORK/outside.pcap"

check "--release" in_ns router "$ALGATED" -s "$WORK/state" --release
check "no table of ours is left" bash -c "! ip netns exec ${NET}router nft list tables | grep algate"
check "another's table is" in_ns router nft list table ip other
check "no route of ours is left" bash -c "! ip netns exec ${NET}router ip route show table all proto 211 | grep ."
after=$(in_ns router sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter net.ipv4.conf.in1.rp_filter \
	net.ipv4.conf.out0.rp_filter net.ipv4.conf.all.send_redirects net.ipv4.conf.in1.send_redirects)
check "the settings are as before" diff <(echo "$before") <(echo "$after")
check "a second --release finds nothing and is fine" in_ns router "$ALGATED" -s "$WORK/state" --release
finish
