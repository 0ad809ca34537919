#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hairpin: inside hosts that reach each other, and themselves, by a global address.
. "$(dirname "$0")/lib.sh"
begin "hairpin"
topology
{
	config_base
	echo "ip nat inside source static 10.77.1.2 198.51.100.20"
	echo "ip nat inside source static tcp 10.77.2.2 7005 198.51.100.1 80"
	echo "ip nat inside source list 1 interface out0 overload"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve h1 tcp.log serve-tcp 0.0.0.0 7000
serve h1 udp.log serve-udp 0.0.0.0 7001
serve h1 name.log peername 0.0.0.0 7002
serve h2 port.log serve-tcp 0.0.0.0 7005
check "TCP to the static host's global" peer h2 tcp 198.51.100.20 7000 100000
check "UDP" peer h2 udp 198.51.100.20 7001
check "ping" in_ns h2 ping -c 2 -i 0.2 -W 30 198.51.100.20
check "the server sees the client's global address (external source)" output_has '^198\.51\.100\.1 ' \
	peer h2 tell-peername 198.51.100.20 7002
check "TCP to a port entry on the interface's address" peer h1 tcp 198.51.100.1 80 100000
check "a closed port behind the global is refused" peer h2 udp-refused 198.51.100.20 9
check "a host reaches itself by its global" peer h1 tcp 198.51.100.20 7000
check "outside still gets in" peer far tcp 198.51.100.20 7000

# Two hosts behind the interface's address, each of which knows the other's endpoint (ports are kept where they are free).
ip -n "${NET}h1" address add 10.77.1.3/24 dev eth0
serve far far.log serve-udp 0.0.0.0 7001
serve far fartcp.log serve-tcp 0.0.0.0 7001
cat >"$WORK/map.py" <<'END'
import socket, sys
for kind, port in (socket.SOCK_DGRAM, sys.argv[2]), (socket.SOCK_STREAM, sys.argv[3]):
    sock = socket.socket(socket.AF_INET, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((sys.argv[1], int(port)))
    sock.settimeout(30)
    sock.connect(("203.0.113.10", 7001))
    sock.send(b"hello")
    assert sock.recv(100) == b"hello"
END
mapped() { # NAMESPACE ADDRESS UDPPORT TCPPORT
	in_ns "$1" "$PYTHON3" "$WORK/map.py" "$2" "$3" "$4"
}
punch() { # KIND A-PORT B-PORT DELAY-OF-B A-NAMESPACE A-ADDRESS B-NAMESPACE B-ADDRESS
	local first second status
	in_ns "$5" timeout 30 "$PYTHON3" "$PEER" "punch-$1" "$6" "$2" 198.51.100.1 "$3" 8 >"$WORK/first" 2>&1 &
	first=$!
	sleep "$4"
	in_ns "$7" timeout 30 "$PYTHON3" "$PEER" "punch-$1" "$8" "$3" 198.51.100.1 "$2" 5 >"$WORK/second" 2>&1
	second=$?
	wait $first
	status=$?
	cat "$WORK/first" "$WORK/second"
	[ $second = 0 ] && [ $status = 0 ] && [ "$(cat "$WORK/first")" = "198.51.100.1 $3" ] &&
		[ "$(cat "$WORK/second")" = "198.51.100.1 $2" ]
}
check "a mapping for the first" mapped h1 10.77.1.3 4000 4001
check "and for the second" mapped h2 10.77.2.2 5000 5001
check_not "negative control: who has not sent there is not heard (filtering)" \
	peer h1 punch-udp 10.77.1.3 4100 198.51.100.1 5000 1.5
check "it has a name" output_has 'has not sent to its sender' cli "show ip nat statistics"
check "UDP: each sends to the other's global endpoint, one after the other (RFC 4787 REQ-9)" \
	punch udp 4000 5000 1 h1 10.77.1.3 h2 10.77.2.2
check "TCP: SYNs that cross (RFC 5382 REQ-2, REQ-8)" punch tcp 4001 5001 1.3 h1 10.77.1.3 h2 10.77.2.2
# RFC 5382 REQ-4: a SYN that is filtered here is answered as one from outside, after 6 s. These two wait while others run.
syn() { # SPORT ADDRESS PORT
	in_ns h1 timeout 20 /usr/bin/python3 "$HERE/strange.py" syn 10.77.1.3 "$1" "$2" "$3"
}
check "a SYN to a mapping whose owner has not sent (RFC 5382 REQ-4)" syn 4200 198.51.100.1 5001
# The same, opened by the other one, and with an error about it.
check "again from mappings of their own" mapped h1 10.77.1.3 4002 4003
check "and the second's" mapped h2 10.77.2.2 5002 5003
check "UDP in the other order" punch udp 5002 4002 1 h2 10.77.2.2 h1 10.77.1.3
check "a port that is closed by now is refused through both mappings" \
	peer h1 udp-refused-from 10.77.1.3 4002 198.51.100.1 5002
check "ICMP 3/3 in the end" captured "$WORK/inside.pcap" \
	'icmp.type == 3 && icmp.code == 3 && ip.dst == 10.77.1.3 && ip.src == 198.51.100.1 && tcp.srcport == 4200 && tcp.dstport == 5001'
silence() {
	local syn icmp
	syn=$(packets "$WORK/inside.pcap" 'tcp.srcport == 4200 && !icmp' -T fields -e frame.time_epoch | head -1)
	icmp=$(packets "$WORK/inside.pcap" 'tcp.srcport == 4200 && icmp' -T fields -e frame.time_epoch | head -1)
	echo "$syn $icmp"
	awk -v a="$syn" -v b="$icmp" 'BEGIN {exit !(b - a >= 5.99)}'
}
check "not before 6 s" silence
check_not "none where SYNs crossed" sees "$WORK/inside.pcap" 'icmp.type == 3 && tcp.srcport == 4001'
captures_end
check "the wire shows the external source" captured "$WORK/inside.pcap" \
	'udp && ip.src == 198.51.100.1 && udp.srcport == 5000 && ip.dst == 10.77.1.3 && udp.dstport == 4000'
check "for TCP, too" captured "$WORK/inside.pcap" \
	'tcp.flags.syn == 1 && ip.src == 198.51.100.1 && tcp.srcport == 5001 && ip.dst == 10.77.1.3 && tcp.dstport == 4001'
check_not "and nobody's own address" sees "$WORK/inside.pcap" 'ip.src == 10.77.2.2 && ip.dst == 10.77.1.3'
check "the error quotes what its reader sent" captured "$WORK/inside.pcap" \
	'icmp.type == 3 && ip.src == 198.51.100.1 && udp.srcport == 4002 && udp.dstport == 5002'
check_not "none of it went over the outside wire" sees "$WORK/outside.pcap" \
	'ip.src == 198.51.100.1 && ip.dst == 198.51.100.20'
check "negative control: the filter finds what did" captured "$WORK/outside.pcap" \
	'ip.src == 203.0.113.10 && ip.dst == 198.51.100.20'
finish
