#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 in the middle of everything, three seconds dead, restart: TCP, UDP (outside speaks first) and static entries
# go on as if nothing had happened.
. "$(dirname "$0")/lib.sh"
begin "kill -9 and restart"
topology
{
	config_base
	echo "ip nat inside source static 10.77.2.2 198.51.100.20"
	echo "ip nat pool ROUTED 192.0.2.1 192.0.2.9 prefix-length 24"
	echo "access-list 2 permit 10.77.1.0 0.0.0.255"
	echo "ip nat inside source list 2 pool ROUTED overload"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve far tcp.log serve-tcp 0.0.0.0 7000
serve far udp.log serve-udp 0.0.0.0 7001 "$WORK/trigger"
serve far name.log peername 0.0.0.0 7002
serve h2 h2tcp.log serve-tcp 0.0.0.0 7000

talks() { # PID LOGFILE: ends well
	wait_for 60 daemon_gone "$1"
	cat "$2"
	awk '/^sent/ {good = $2 + 0 == $4 + 0} END {exit !good}' "$2"
}

background h1 steady.log "$PYTHON3" "$PEER" steady 203.0.113.10 7000 10
steady=$!
background far static.log "$PYTHON3" "$PEER" steady 198.51.100.20 7000 10
static=$!
background h1 late.log "$PYTHON3" "$PEER" udp-late 203.0.113.10 7001 120
late=$!
wait_for 30 grep -q connected "$WORK/steady.log"
wait_for 30 grep -q connected "$WORK/static.log"
wait_for 30 grep -q heard "$WORK/late.log"
before=$(peer h1 tell-peername 203.0.113.10 7002 | cut -d' ' -f1)
sleep 1
daemon_signal KILL
sleep 3
check "restarts on the same state" daemon_start "$WORK/config"
touch "$WORK/trigger"
check "UDP: outside speaks first" wait_for 30 daemon_gone "$late"
check_not "and is heard" grep Error "$WORK/late.log"
check "TCP transfer went on" talks "$steady" "$WORK/steady.log"
check "TCP by the static entry went on" talks "$static" "$WORK/static.log"
after=$(peer h1 tell-peername 203.0.113.10 7002 | cut -d' ' -f1)
check "the host keeps its pool address" test "$before" = "$after" -a -n "$before"
check "the configuration is what it was" output_has 'ip nat inside source list 2 pool ROUTED overload' \
	cli "show running-config"

# What was typed and not saved survives a crash, not a clean stop.
check "an unsaved line" configure "hostname CRASHED"
daemon_signal KILL
check "after a crash" daemon_start "$WORK/config"
check "it is still there" output_has '^hostname CRASHED' cli "show running-config"
daemon_signal TERM
check "after a clean stop" daemon_start "$WORK/config"
check "the startup-config counts" output_has '^hostname R1' cli "show running-config"

# A damaged copy is worse than the startup-config: it would leave a router without rules.
daemon_signal KILL
head -c 3000 /dev/urandom >"$WORK/state/running-config"
check "after a crash that damaged the running-config" daemon_start "$WORK/config"
check "the startup-config counts again" output_has '^hostname R1' cli "show running-config"
check "with its rules" output_has '^ip nat inside source list 2 pool ROUTED overload' cat "$WORK/has"

# Five crashes in a row under load.
background h1 steady2.log "$PYTHON3" "$PEER" steady 203.0.113.10 7000 8
steady=$!
wait_for 30 grep -q connected "$WORK/steady2.log"
for _ in 1 2 3 4 5; do
	daemon_signal KILL
	daemon_start "$WORK/config" || break
done
check "five crashes in a row: TCP went on" talks "$steady" "$WORK/steady2.log"

# Negative control: without its state the daemon cannot know the flow.
background h1 steady3.log timeout 30 "$PYTHON3" "$PEER" steady 203.0.113.10 7000 3
steady=$!
background h1 late2.log "$PYTHON3" "$PEER" udp-late 203.0.113.10 7001 4
late=$!
wait_for 30 grep -q heard "$WORK/late2.log"
daemon_signal KILL
rm -rf "$WORK/state"
check "started without its state" daemon_start "$WORK/config"
check "control: nothing of the old flows is in the table" bash -c "! ip netns exec ${NET}router $ALGATE -s $WORK/state \
	-c 'show ip nat translations' | grep '7001'"
finish
