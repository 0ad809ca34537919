#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# From a startup-config to a working router, --check, write memory and back, interface names of IOS.
. "$(dirname "$0")/lib.sh"
begin "startup-config"
topology
{
	echo "! an old file, by hand"
	config_overload | sed 's/interface in1/interface GigabitEthernet0\/1/; s/out0/GigabitEthernet0\/0/'
	echo "ip frobnicate everything"
	echo "line vty 0 4"
	echo " nonsense here"
	echo "interface in2"
	echo " description after the bad lines"
	echo "end"
} >"$WORK/config"
maps=(-m GigabitEthernet0/0=out0 -m GigabitEthernet0/1=in1)
bad=$(grep -n frobnicate "$WORK/config" | cut -d: -f1)
check_not "--check refuses a file with bad lines" "$ALGATED" -f "$WORK/config" -s "$WORK/check" "${maps[@]}" --check
check "and names file and line" bash -c "out=\$($ALGATED -f $WORK/config -s $WORK/check --check 2>&1); echo \"\$out\"
	echo \"\$out\" | grep -q '^$WORK/config:$bad: ' && echo \"\$out\" | grep -q '^$WORK/config:$((bad + 2)): '"
check "it says nothing else" bash -c "! $ALGATED -f $WORK/config -s $WORK/check --check 2>&1 | grep -v '^$WORK/config:[0-9]*: '"
grep -v -e frobnicate -e nonsense "$WORK/config" >"$WORK/good"
check "--check accepts a good one" "$ALGATED" -f "$WORK/good" -s "$WORK/check" "${maps[@]}" --check
check_not "--check refuses a map that gives one name twice" \
	"$ALGATED" -f "$WORK/good" -s "$WORK/check" -m Gi0/0=out0 -m Gi0/0=in1 --check
check "--check touches no kernel" bash -c "! ip netns exec ${NET}router nft list tables | grep algate"
check_not "--check of a missing file fails" "$ALGATED" -f "$WORK/nowhere" -s "$WORK/check" --check

serve far tcp.log serve-tcp 0.0.0.0 7000
check "the daemon starts although two lines are bad" daemon_start "$WORK/config" "${maps[@]}"
check "translates" peer h1 tcp 203.0.113.10 7000
check "kept what came after the bad lines" output_has 'description after the bad lines' cli "show running-config"
check "shows interfaces by their IOS names" output_has '^GigabitEthernet0/0 +198\.51\.100\.1' cli "show ip interface brief"
check "understands them abbreviated" configure "int gi0/1" "description typed short"
check "and they mean the same" output_has 'description typed short' cli "show running-config"
check "write memory" output_has '\[OK\]' cli "write memory"
check "what was saved loads without a bad line" "$ALGATED" -f "$WORK/config" -s "$WORK/check" "${maps[@]}" --check
cli "show running-config" >"$WORK/running1"
daemon_signal TERM
check "starts from what it saved" daemon_start "$WORK/config" "${maps[@]}"
cli "show running-config" >"$WORK/running2"
check "to the same running-config" diff <(sed '/^Current conf/d' "$WORK/running1") <(sed '/^Current conf/d' "$WORK/running2")
check "show startup-config has it" output_has 'description typed short' cli "show startup-config"
check "and works" peer h1 tcp 203.0.113.10 7000
check "write erase asks; the default is yes" bash -c "printf 'enable\nwrite erase\n\n' |
	ip netns exec ${NET}router $ALGATE -s $WORK/state"
check "and the startup-config is gone" output_has 'startup-config is not present' cli "show startup-config"
daemon_signal TERM
in_ns router "$ALGATED" -s "$WORK/state" --release >/dev/null 2>&1
check "an empty router starts" daemon_start "$WORK/config" "${maps[@]}"
check "called Router" output_has '^Router uptime is' cli "show version"
finish
