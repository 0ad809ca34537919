#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which port or identifier a translation gets, how long it keeps it and who is next, read from the wire by tshark: RFC 4787
# REQ-3 and REQ-12, RFC 5382 REQ-7 and REQ-10, RFC 5508 REQ-2, RFC 6056 3.2, RFC 6888 REQ-8, REQ-13 and REQ-15, RFC 7857 2.1,
# 3, 5, 9 and 11; and half-open connections that are opened again (RFC 5961 4).
. "$(dirname "$0")/lib.sh"
begin "ports and lifetimes"
OUT=$WORK/outside.pcap IN=$WORK/inside.pcap
FAR=203.0.113.10 FACE=198.51.100.1
strange() { # NAMESPACE ARGUMENTS...
	local ns=$1
	shift
	in_ns "$ns" timeout 60 /usr/bin/python3 "$HERE/strange.py" "$@"
}
asking() { # NAMESPACE FIRST LAST STEP DESTINATION-PORT TEXT   a datagram from each port, over a raw socket
	in_ns "$1" timeout 300 "$PYTHON3" "$HERE/portflood.py" "$2" "$3" "$4" "$FAR" "$5" "$6" && handled
}
came() { # DESTINATION-PORT TEXT NUMBER
	[ "$(seen "$1" "$2" | wc -l)" -ge "$3" ]
}
ports() { # likewise; all of them have left
	asking "$@" && wait_for 30 came "$5" "$6" $((($3 - $2) / $4 + 1))
}
seen() { # DESTINATION-PORT TEXT   source ports outside, in the order in which they came
	packets "$OUT" "!icmp && ip.src == $FACE && udp.dstport == $1 && frame contains \"$2\"" -T fields -e udp.srcport
}
entry() { # PATTERN
	output_has "$1" cli "show ip nat translations"
}
no_entry() { # PATTERN
	! entry "$1"
}

topology
{
	config_overload
	echo "ip nat inside source static udp 10.77.2.2 53 $FACE 5353"
	echo "ip nat translation icmp-timeout 15"
	echo "ip nat translation syn-timeout 20"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve far tcp.log serve-tcp 0.0.0.0 7000
serve far udp.log serve-udp 0.0.0.0 7001
# Nobody answers the datagrams of many ports, not even by an ICMP error for each.
background far silent.log "$PYTHON3" -c "
import socket, time
socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(5)]
for sock, port in zip(socks, range(9001, 9006)): sock.bind(('0.0.0.0', port))
print('ready', flush=True)
time.sleep(10000)"
wait_for 30 grep -q ready "$WORK/silent.log"

# ---- RFC 4787 REQ-3, RFC 5382 REQ-7, RFC 7857 3: no endpoint has two owners; below 1024 stays below
check "a host's ports" ports h1 601 1401 100 9001 first
check "free ones are kept (RFC 7857 9)" [ "$(seen 9001 first | tr '\n' ' ')" = '601 701 801 901 1001 1101 1201 1301 1401 ' ]
check "another host's, the same" ports h2 601 1401 100 9001 second
groups() { # the second host got others, as many, on the same side of 1024 and of the same parity
	seen 9001 second >"$WORK/second"
	seen 9001 first >"$WORK/first"
	paste "$WORK/first" "$WORK/second"
	[ "$(sort -u "$WORK/first" "$WORK/second" | wc -l)" = 18 ] &&
		paste "$WORK/first" "$WORK/second" | awk '($1 < 1024) != ($2 < 1024) || ($1 - $2) % 2 {exit 1}'
}
check "gets others, of the same group (RFC 4787 REQ-3, REQ-4)" groups

# ---- RFC 6056 3.2, RFC 6888 REQ-15: what is not kept cannot be guessed
# Even ones: none of them has been given away instead of an odd one, which that host would be given again.
check "300 ports of the first host" ports h1 20000 20598 2 9002 taken
check "the same of the second" ports h2 20000 20598 2 9002 chosen
spread() { # FILE   neither in sequence nor near each other: few steps are small, and all quarters of the range occur
	[ "$(wc -l <"$1")" = 300 ] || return 1
	awk 'NR > 1 {d = $1 - last; if (d < 0) d = -d; near += d < 256} {last = $1; q[int(($1 - 1024) / 16128)]++}
		END {print near, q[0], q[1], q[2], q[3]; exit !(near < 30 && q[0] > 30 && q[1] > 30 && q[2] > 30 && q[3] > 30)}' "$1"
}
seen 9002 chosen >"$WORK/chosen"
seen 9002 taken >"$WORK/taken"
check "whose ports cannot be guessed (RFC 6056 3.2)" spread "$WORK/chosen"
check_not "control: those that were kept are in sequence" spread "$WORK/taken"

# ---- RFC 6888 REQ-8: a port that was released rests, except for who had it
check "entries end" cli "clear ip nat translation *"
check "the first host asks for half of its ports again" ports h1 20000 20298 2 9003 owner
check "the second for the other half" ports h2 20300 20598 2 9003 other
kept() { # TEXT FIRST LAST   how many were kept
	seen 9003 "$1" >"$WORK/again"
	awk -v a="$2" -v b="$3" '$1 >= a && $1 <= b && $1 % 2 == 0 {n++} END {print n + 0}' "$WORK/again"
}
check "control: who had them gets them" [ "$(kept owner 20000 20298)" = 150 ]
check "somebody else gets none of them within 120 s (RFC 6888 REQ-8)" [ "$(kept other 20300 20598)" = 0 ]
check "but others" [ "$(wc -l <"$WORK/again")" = 150 ]

# ---- RFC 7857 5: the transports have ports of their own. From here on odd ones are asked for: nobody who asked for an even one has
# them.
check "a UDP port of one host" peer h2 udp $FAR 7001 33001
check "has its entry" entry 'udp +198\.51\.100\.1:33001 +10\.77\.2\.2:33001'
check "a SYN from the same port of the other" strange h1 syn 10.77.1.2 33001 $FAR 7000
check "keeps it: it is TCP (RFC 7857 5)" wait_for 30 entry 'tcp +198\.51\.100\.1:33001 +10\.77\.1\.2:33001'

# ---- never a static entry's port, nor the router's own
background router own.log "$PYTHON3" -c "
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('$FACE', 41001))
s.sendto(b'router', ('$FAR', 9004))
time.sleep(300)"
captured "$OUT" 'udp.srcport == 41001'
check "a host asks for a static entry's port" ports h1 5353 5353 1 9004 statics
check "and gets another" bash -c "grep . <<<'$(seen 9004 statics)' | grep -vx 5353"
check "one for the router's" ports h1 41001 41001 1 9004 routers
check "and gets another one, too" bash -c "grep . <<<'$(seen 9004 routers)' | grep -vx 41001"
check "control: one that nobody has is kept" ports h2 41003 41003 1 9004 nobodys
check "as it is" [ "$(seen 9004 nobodys)" = 41003 ]

# ---- RFC 5508 REQ-2, RFC 7857 11: queries live as long as icmp-timeout says; answered ones too
check "a query" in_ns h1 ping -c 1 -W 30 $FAR
check "has an entry (RFC 5508 REQ-2)" entry 'icmp +198\.51\.100\.1:[0-9]+ +10\.77\.1\.2'

# ---- RFC 4787 REQ-12, RFC 5382 REQ-10: ICMP errors end nothing
background h1 steady.log timeout 60 "$PYTHON3" "$PEER" steady $FAR 7000 8
wait_for 30 grep -q connected "$WORK/steady.log"
port=$(packets "$OUT" "ip.src == $FACE && tcp.dstport == 7000 && tcp.flags.syn == 1" -T fields -e tcp.srcport | tail -1)
check "errors of all kinds about a connection that is up" strange far errors $FAR $FACE "$port" 7000
check "reach the host" captured "$IN" \
	"icmp.type == 3 && icmp.code == 3 && ip.dst == 10.77.1.2 && tcp.srcport == $port && tcp.dstport == 7000"
check "and end nothing (RFC 4787 REQ-12, RFC 5382 REQ-10)" entry "tcp +198\.51\.100\.1:$port "
check "every line of it came back" wait_for 30 grep -q '^sent' "$WORK/steady.log"
check "all of them" awk '/^sent/ {n++; if ($2 + 0 != $4 + 0) exit 1} END {exit !n}' "$WORK/steady.log"

check "the query's entry ends (RFC 7857 11)" wait_for 60 no_entry 'icmp +198\.51\.100\.1:[0-9]+ +10\.77\.1\.2'
check "control: not that of a connection" entry 'udp +198\.51\.100\.1:41003'
# ---- RFC 7857 2.1
check "the entry of a SYN without an answer ends, by syn-timeout (RFC 7857 2.1)" wait_for 40 no_entry 'tcp +198\.51\.100\.1:33001'

# ---- RFC 5961 4: a host that has forgotten its connection opens it again from the same port
check "a connection whose host forgets it (RFC 5961 4)" strange h1 reopen $FAR 7000 4600
check "its server sent a challenge" captured "$IN" \
	"ip.dst == 10.77.1.2 && tcp.dstport == 4600 && tcp.flags.syn == 0 && tcp.flags.ack == 1 && tcp.flags.reset == 0 && tcp.len == 0"
check "the host's RST took it away" captured "$OUT" \
	"ip.src == $FACE && tcp.srcport == 4600 && tcp.flags.reset == 1"
check "control: both came from one port" [ "$(packets "$OUT" "ip.src == $FACE && tcp.srcport == 4600 && tcp.flags.syn == 1" \
	-o tcp.relative_sequence_numbers:FALSE -T fields -e tcp.seq | sort -u | wc -l)" = 2 ]

# ---- RFC 6888 REQ-13: 64 000 of 64 512 ports to one remote
check "entries end, once more" cli "clear ip nat translation *"
total() {
	cli "show ip nat translations total" | sed -n 's/^Total number of translations: //p'
}
refused() {
	cli "show ip nat statistics" | awk '/no free port or address in the pool/ {n = $NF} END {print n + 0}'
}
all_ports() { # until one asks in vain: a busy machine loses some, which leaves ports free
	local before _
	for _ in 1 2 3 4; do
		before=$(refused)
		asking h1 1024 65535 1 9005 all || return
		[ "$(refused)" -eq "$before" ] || return 0
	done
	total
	return 1
}
check "every port of a host to one remote" all_ports
check "at least 64000 have entries (RFC 6888 REQ-13)" [ "$(total)" -ge 64000 ]
different() {
	seen 9005 all | sort -n | uniq | awk '{n++} $1 < 1024 {low++} END {print n + 0, low + 0; exit !(n >= 64000 && low == 0)}'
}
check "and a port each, none below 1024 (RFC 7857 3)" different
check "another host finds none" asking h2 50001 50001 1 9005 late
check_not "nothing of it left" sees "$OUT" 'udp.dstport == 9005 && frame contains "late"'
check "by name" output_has 'no free port or address in the pool +[1-9]' cli "show ip nat statistics"
check "control: when the entries are gone" cli "clear ip nat translation *"
check "the same datagram" ports h2 50001 50001 1 9005 late
check "leaves" captured "$OUT" 'udp.dstport == 9005 && frame contains "late"'
finish
