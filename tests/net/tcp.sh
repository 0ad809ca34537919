#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# TCP state with real stacks, judged by tshark: RFC 5382 REQ-2 (crossing SYNs), REQ-4 (silence for 6 s), REQ-5 (half-closed),
# RFC 5961 and RFC 7857 section 2 (RST and SYN from somebody who guesses), ip tcp adjust-mss.
. "$(dirname "$0")/lib.sh"
begin "tcp"
OUT=$WORK/outside.pcap IN=$WORK/inside.pcap
strange() { # NAMESPACE ARGUMENTS...
	local ns=$1
	shift
	in_ns "$ns" timeout 60 /usr/bin/python3 "$HERE/strange.py" "$@" && handled
}
entry() { # PORT   there is a translation with this outside port
	cli "show ip nat translations" >"$WORK/entries"
	cat "$WORK/entries"
	grep -q "203.0.113.10:$1" "$WORK/entries"
}
no_entry() { # PORT
	! entry "$1"
}
field() { # FILE FILTER FIELD   of the last packet
	packets "$1" "$2" -T fields -e "$3" -o tcp.relative_sequence_numbers:FALSE | tail -1
}
IDLE='tcp.srcport == 4400 && tcp.dstport == 7000 && tcp.flags.syn == 0' # what the host of an idle connection sends
acknowledged() { # NUMBER
	[ "$(field "$OUT" "$IDLE" tcp.ack)" = "$1" ]
}

topology
{
	config_overload
	echo "ip nat translation syn-timeout 30"
	echo "ip nat translation finrst-timeout 2"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve far tcp.log serve-tcp 0.0.0.0 7000
background far half.log /usr/bin/python3 "$HERE/strange.py" serve-half 0.0.0.0 7002 6
wait_for 30 grep -q ready "$WORK/half.log"

# ---- RFC 5382 REQ-4: these wait for their ICMP while others run
check "a SYN that nobody waits for" strange far syn 203.0.113.10 6001 198.51.100.1 9999
check "one to a port whose inside opens the same connection" strange far syn 203.0.113.10 7050 198.51.100.1 4050
in_ns h1 timeout 30 /usr/bin/python3 "$HERE/strange.py" idle 203.0.113.10 7050 4050 /nowhere >/dev/null 2>&1

# ---- REQ-2: SYNs that cross
background far cross.log timeout 60 /usr/bin/python3 "$HERE/strange.py" simultaneous 198.51.100.1 4200 7200
captured "$OUT" 'tcp.dstport == 4200 && tcp.flags.syn == 1'
check "simultaneous open" strange h1 simultaneous 203.0.113.10 7200 4200
check "the other side heard it" wait_for 30 grep -q hello "$WORK/cross.log"
check "SYNs did cross" captured "$OUT" 'tcp.port == 4200 && tcp.flags.syn == 1 && tcp.flags.ack == 0 && ip.src == 198.51.100.1'

# ---- REQ-5: half-closed
check "a half-closed connection outlives finrst-timeout" strange h1 half 203.0.113.10 7002 20
check "closed by both it ends" wait_for 30 no_entry 7002

# ---- RFC 5961: an idle connection, and somebody who knows everything but the numbers
background h1 idle.log /usr/bin/python3 "$HERE/strange.py" idle 203.0.113.10 7000 4400 "$WORK/wake"
wait_for 30 grep -q connected "$WORK/idle.log"
captured "$OUT" "$IDLE"
seq=$(field "$OUT" "$IDLE" tcp.ack)
ack=$(field "$OUT" "$IDLE" tcp.seq)
blind() {
	local off
	for off in 1 1000 100000000 2000000000 4000000000; do
		strange far segment 203.0.113.10 7000 198.51.100.1 4400 R $((seq + off)) 0 || return 1
		strange far segment 203.0.113.10 7000 198.51.100.1 4400 SA $((seq + off)) $((ack + off)) || return 1
		strange far segment 203.0.113.10 7000 198.51.100.1 4400 FA $((seq + off)) $((ack + off)) || return 1
	done
}
check "RST, SYN and FIN with wrong numbers" blind
check "are named" wait_for 30 output_has 'TCP segment that does not fit its connection +1[0-9]' cli "show ip nat statistics"
sleep 5
check "the entry is there after finrst-timeout" entry 7000
touch "$WORK/wake"
check "and the connection works" wait_for 30 grep -q 'still there' "$WORK/idle.log"
seq=$(((seq + 12) & 0xffffffff)) # the server has sent as many bytes
wait_for 30 acknowledged $seq
check "control: a RST with the right number" strange far segment 203.0.113.10 7000 198.51.100.1 4400 R "$seq" 0
check "ends it" wait_for 30 no_entry 7000

# ---- the silence is over
check "ICMP 3/3 for the SYN that nobody waited for" captured "$OUT" \
	'icmp.type == 3 && icmp.code == 3 && tcp.dstport == 9999 && ip.src == 198.51.100.1'
silence() {
	local syn icmp
	syn=$(field "$OUT" 'tcp.dstport == 9999 && !icmp' frame.time_epoch)
	icmp=$(field "$OUT" 'tcp.dstport == 9999 && icmp' frame.time_epoch)
	echo "$syn $icmp"
	awk -v a="$syn" -v b="$icmp" 'BEGIN {exit !(b - a >= 5.99)}'
}
check "not before 6 s" silence
check_not "none where the inside had opened the connection" sees "$OUT" 'icmp.type == 3 && tcp.dstport == 4050'

# ---- ip tcp adjust-mss
check "control: 1460 without the command" captured "$OUT" \
	"eth.src == $ROUTER_MAC && tcp.flags.syn == 1 && tcp.options.mss_val == 1460"
check "ip tcp adjust-mss 1200" configure "interface out0" "ip tcp adjust-mss 1200"
check "a connection, out" peer h1 tcp 203.0.113.10 7000 100000
check "its SYN offers 1200" captured "$OUT" \
	"eth.src == $ROUTER_MAC && tcp.flags.syn == 1 && tcp.flags.ack == 0 && tcp.options.mss_val == 1200"
check "and the answer inside" captured "$IN" \
	'ip.dst == 10.77.1.2 && tcp.flags.syn == 1 && tcp.flags.ack == 1 && tcp.options.mss_val == 1200'
check "on the inside interface it wins if it is less" configure "interface in2" "ip tcp adjust-mss 900"
check "a connection of the other host" peer h2 tcp 203.0.113.10 7000 100000
check "900" captured "$OUT" "eth.src == $ROUTER_MAC && tcp.flags.syn == 1 && tcp.options.mss_val == 900"
finish
