#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Virtual reassembly: flows over fragmented datagrams both ways, with and without a kernel that reassembles itself;
# what must be refused; floods (RFC 4787 REQ-14, RFC 7857 (IP identification), RFC 5722, RFC 1858).
. "$(dirname "$0")/lib.sh"
begin "virtual reassembly"
FRAGMENTS=$HERE/fragments.py
GLOBAL=198.51.100.20
export SMALL_PAGES=1
topology
{
	config_base
	echo "no access-list 1"
	echo "access-list 1 permit 10.77.1.0 0.0.0.255"
	echo "access-list 1 permit host 10.77.2.2"
	echo "ip nat inside source list 1 interface out0 overload"
	echo "ip nat inside source static 10.77.2.9 $GLOBAL"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
# 10.77.2.3 is covered by nothing, and outside knows a way back to it.
ip -n "${NET}h2" address add 10.77.2.3/24 dev eth0
ip -n "${NET}h2" address add 10.77.2.9/24 dev eth0
ip -n "${NET}out" route add 10.77.2.3/32 via 198.51.100.1
serve far udp.log serve-udp 0.0.0.0 7001
serve h2 inside.log serve-udp 10.77.2.9 7002
background far dns.log "$PYTHON3" "$FRAGMENTS" serve-dns 203.0.113.10 53
iperf_server far

fragments() { # NAMESPACE ARGUMENTS...
	local ns=$1
	shift
	in_ns "$ns" timeout 60 "$PYTHON3" "$FRAGMENTS" "$@"
}

# Each with a fresh number, so that what one leaves behind does not touch the next.
IDENT=20000
ask() { # HOW
	IDENT=$((IDENT + 1))
	fragments h1 ask 10.77.1.2 203.0.113.10 7001 $IDENT "$1"
}

everyday() { # TEXT
	check "$1: ping with 4000 bytes" in_ns h1 ping -c 3 -i 0.2 -W 30 -s 4000 203.0.113.10
	check "$1: UDP datagram of 4000 bytes" peer h1 udp-size 203.0.113.10 7001 4000
	check "$1: UDP datagram of 60000 bytes" peer h1 udp-size 203.0.113.10 7001 60000
	check "$1: a large answer from a name server" output_has 'nnnnnnnnnn' \
		in_ns h1 dig +notcp +bufsize=8192 +tries=1 +time=30 TXT large.example @203.0.113.10
	check "$1: a static host is asked from outside" peer far udp-size $GLOBAL 7002 4000
	check "$1: and from inside, by its global address" peer h1 udp-size $GLOBAL 7002 4000
	check "$1: the router itself is pinged from outside" in_ns far ping -c 2 -i 0.2 -W 30 -s 4000 198.51.100.1
	check "$1: the router itself pings outside" in_ns router ping -c 2 -i 0.2 -W 30 -s 4000 203.0.113.10
	check "$1: an uncovered host" in_ns h2 ping -I 10.77.2.3 -c 2 -i 0.2 -W 30 -s 4000 203.0.113.10
}

everyday "without connection tracking"

# A busy machine may lose some on the way.
bulk() { # DIRECTION
	iperf h1 far -u -b 20M -l 4000 -t 2 $1 -c 203.0.113.10 >"$WORK/has"
	cat "$WORK/has"
	grep -Eq '\([0-4]?[0-9](\.[0-9]+)?%\) +receiver' "$WORK/has"
}
check "iperf3 with datagrams of 4000 bytes, up" bulk ""
check "iperf3 with datagrams of 4000 bytes, down" bulk -R

check "traceroute with 3000 bytes sees all three hops" output_has '3 +203\.0\.113\.10' \
	in_ns h1 traceroute -n -w 30 -q 1 203.0.113.10 3000
check "and the hop behind the router, so it counts once" output_has '2 +198\.51\.100\.2' cat "$WORK/has"
check_not "a TTL that is used up is" in_ns h1 ping -c 1 -W 1 -t 2 -s 4000 203.0.113.10
check "a TTL of three hops is enough" in_ns h1 ping -c 1 -W 30 -t 3 -s 4000 203.0.113.10

# ---- show ip virtual-reassembly, and limits of an interface
check "the show counts" output_has 'Total reassembly count:[1-9]' cli "show ip virtual-reassembly in1"
check "and knows both sides" output_has '^out0:' cli "show ip virtual-reassembly"
check "drop-fragments" configure "interface in1" "ip virtual-reassembly drop-fragments"
check_not "drops them" peer h1 udp-size 203.0.113.10 7001 4000
check "control: not those of another interface" peer h2 udp-size 203.0.113.10 7001 4000
check "two fragments for a datagram" configure "interface in1" "no ip virtual-reassembly" "ip virtual-reassembly max-fragments 2"
check "are enough for 2800 bytes" peer h1 udp-size 203.0.113.10 7001 2800
check_not "and not for 4000" peer h1 udp-size 203.0.113.10 7001 4000
check "back to the built-in limits" configure "interface in1" "no ip virtual-reassembly"
check "4000 bytes again" peer h1 udp-size 203.0.113.10 7001 4000

# ---- RFC 4787 REQ-14: any order
check "control: crafted pieces in order" ask order
check "pieces in reverse order" ask reverse
check "duplicates are ignored" ask duplicate
check_not "overlapping pieces with other bytes cost the datagram" ask overlap
check_not "so do they with the same bytes" ask same-overlap
check_not "a length that is no multiple of 8 does" ask short
check_not "a piece beyond 65535 does" ask beyond
check "a tiny first piece is refused" fragments h1 send 10.77.1.2 4000 203.0.113.10 7000 9 tiny
check "statistics name an overlap" output_has 'overlaps another +[1-9]' cli "show ip nat statistics"
check "and a tiny first piece" output_has 'without the transport header +[1-9]' cat "$WORK/has"
check "and a length that contradicts" output_has 'contradicts +[1-9]' cat "$WORK/has"
check "and duplicates" output_has 'had come already +[1-9]' cat "$WORK/has"
check "and held pieces, which are no drops" output_has 'held for reassembly +[1-9]' cat "$WORK/has"

# ---- RFC 7857 (IP identification): two hosts, the same number, at the same time
same_number() {
	fragments h1 ask 10.77.1.2 203.0.113.10 7001 4242 order & local one=$!
	fragments h2 ask 10.77.2.2 203.0.113.10 7001 4242 reverse & local two=$!
	wait $one && wait $two
}
check "two hosts use one IP identification at the same time" same_number

# ---- floods
resident() {
	awk '/^VmRSS/ {print $2}' "/proc/$DAEMON/status"
}
BEFORE=$(resident)
check "25000 first pieces of one host" fragments h2 flood 10.77.2.2 203.0.113.10 7000 25000
check "another host's datagrams pass at once" peer h1 udp-size 203.0.113.10 7001 4000
check "the flooding host's own too" peer h2 udp-size 203.0.113.10 7001 4000
check "25000 first pieces from everywhere outside" fragments far flood '*' $GLOBAL 7002 25000
check "a static host is reached at once" peer far udp-size $GLOBAL 7002 4000
check "pieces that were given up are counted" output_has 'given up +[1-9]' cli "show ip nat statistics"
check "memory grew by less than 6 MB (from $BEFORE kB)" [ $(($(resident) - BEFORE)) -lt 6144 ]

# ---- sizes. Inside first: 600 bytes from h1, answers of 1500 come back to it as such.
ip -n "${NET}h1" route change default via 10.77.1.1 mtu lock 600
capture_size() { # FILE FILTER LIMIT   some fragment is captured, and none larger
	captured "$1" "$2 && ip.flags.mf == 1" || { echo "no fragment: $2"; return 1; }
	! sees "$1" "$2 && (ip.flags.mf == 1 || ip.frag_offset > 0) && ip.len > $3"
}
check "a datagram in pieces of 600" peer h1 udp 203.0.113.10 7001 33001 2000
check "leaves in pieces of 600" capture_size "$WORK/outside.pcap" "ip.src == 198.51.100.1 && ip.id == \
	$(packets "$WORK/outside.pcap" 'ip.src == 198.51.100.1 && udp.srcport == 33001' -T fields -e ip.id | head -1)" 600
check "its answer comes back in pieces of 1500" captured "$WORK/inside.pcap" \
	'ip.dst == 10.77.1.2 && udp.dstport == 33001 && ip.len == 1500'
ip -n "${NET}h1" route change default via 10.77.1.1
ip -n "${NET}far" route change default via 203.0.113.1 mtu lock 600
check "answers in pieces of 600" peer h1 udp 203.0.113.10 7001 33002 2000
check "arrive in pieces of 600" capture_size "$WORK/inside.pcap" "ip.dst == 10.77.1.2 && ip.id == \
	$(packets "$WORK/inside.pcap" 'ip.dst == 10.77.1.2 && udp.dstport == 33002' -T fields -e ip.id | head -1)" 600
ip -n "${NET}far" route change default via 203.0.113.1
# A way out that is narrower than the pieces.
ip -n "${NET}out" link set eth0 mtu 1000
ip -n "${NET}router" link set out0 mtu 1000
check "a narrow link outside" peer h1 udp-size 203.0.113.10 7001 4000
check "a narrow link outside, static" peer far udp-size $GLOBAL 7002 4000
ip -n "${NET}router" link set out0 mtu 1500
ip -n "${NET}out" link set eth0 mtu 1500

# ---- the host's own filters see whole datagrams, and what they drop is gone
in_ns router nft -f - <<-EOF2
table ip filter {
	chain forward {
		type filter hook forward priority 0
		iifname out0 udp sport 7001 meta length 3900-4200 counter drop
	}
}
EOF2
check_not "a filter in FORWARD stops a reassembled answer" peer h1 udp-size 203.0.113.10 7001 4000
check "control: not one of another size" peer h1 udp-size 203.0.113.10 7001 5000
in_ns router nft delete table ip filter

# ---- a kernel that reassembles by itself, before or behind us
in_ns router nft -f - <<-EOF2
table ip tracking {
	chain forward {
		type filter hook forward priority 0
		ct state invalid counter
		ct state new counter
	}
}
EOF2
everyday "with connection tracking"
check "with connection tracking: reverse order" ask reverse
check_not "with connection tracking: overlap" ask overlap
in_ns router nft delete table ip tracking

captures_end
# 10.77.2.3 is covered by nothing, so it may be seen.
no_covered_leak() {
	local found
	found=$(packets "$WORK/outside.pcap" "eth.src == $ROUTER_MAC && ip.addr == $INSIDE_NET && ip.addr != 10.77.2.3")
	[ -z "$found" ] || { echo "$found" | head; return 1; }
}
check "nothing of a covered host got out untranslated" no_covered_leak
check "control: the uncovered host's fragments did" captured "$WORK/outside.pcap" 'ip.src == 10.77.2.3 && ip.flags.mf == 1'
whole_checksums() { # FILE FILTER   of reassembled datagrams, as tshark puts them together
	local found
	found=$(tshark -n -r "$1" -o ip.defragment:TRUE -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE \
		-Y "$2 && udp.checksum.status == \"Bad\" && !icmp" 2>/dev/null)
	[ -z "$found" ] || { echo "$found" | head; return 1; }
	tshark -n -r "$1" -o ip.defragment:TRUE -Y "$2 && ip.reassembled.length > 3000 && udp" 2>/dev/null | grep -q .
}
check "tshark reassembles datagrams outside and finds their checksums good" whole_checksums "$WORK/outside.pcap" ip
check "and inside" whole_checksums "$WORK/inside.pcap" "ip.dst == 10.77.1.2"
# The flood and the crafted lies of h1 itself are on the inside wire as they were sent.
LEAK_CHECK="" CHECKSUM_CHECK="$WORK/outside.pcap"
finish
