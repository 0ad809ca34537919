#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that others wrote to judge a NAT: coturn's natdiscovery (RFC 5780) and the older stun client against a coturn
# server with two addresses, hping3, nping. Each verdict has a control: the same judge says otherwise where there is no NAT, a
# static entry, or the kernel's masquerade with random ports.
. "$(dirname "$0")/lib.sh"
begin "independent judges"
OUT=$WORK/outside.pcap IN=$WORK/inside.pcap
for judge in turnserver turnutils_natdiscovery stun hping3 nping; do
	check "$judge is installed" command -v $judge
done
[ "$FAILED" = 0 ] || { echo "1..$TESTS"; exit 1; }

discover() { # NAMESPACE ADDRESS PORT OPTION...
	local ns=$1 address=$2 port=$3
	shift 3
	in_ns "$ns" timeout 60 turnutils_natdiscovery "$@" -L "$address" -l "$port" 203.0.113.10
}
mapped() { # like discover; what the server saw, a line for each question
	discover "$@" | sed -n 's/.*reflexive addr: //p'
}
stun_says() { # PATTERN NAMESPACE
	output_has "Primary: $1" in_ns "$2" timeout 60 stun 203.0.113.10 -p 41010
}
parity_kept() { # PORT   two hosts with this port: the first keeps it, the second gets another of the same parity
	local seen
	seen=$(mapped h1 10.77.1.2 "$1" -c -A 10.77.1.3)
	echo "$seen"
	awk -F: -v port="$1" 'NR == 1 && $2 != port {exit 1} NR == 2 && ($2 == port || ($2 - port) % 2) {exit 1}
		END {if (NR != 2) exit 1}' <<<"$seen"
}
hping() { # NAMESPACE ARGUMENTS...   it fails when nothing came back, which is often what we want
	local ns=$1
	shift
	in_ns "$ns" timeout 30 hping3 -n "$@" 2>&1
	true
}
pings() { # NAMESPACE ARGUMENTS...
	local ns=$1
	shift
	in_ns "$ns" timeout 30 nping "$@"
}
idle_acks() { # of the host of an idle connection, so what its server will send next
	packets "$OUT" 'tcp.srcport == 4400 && tcp.dstport == 7000 && tcp.flags.syn == 0' \
		-o tcp.relative_sequence_numbers:FALSE -T fields -e tcp.ack
}
acknowledged() { # NUMBER
	idle_acks | grep -qx "$1"
}
entry() { # PATTERN
	output_has "$1" cli "show ip nat translations"
}
no_entry() { # PATTERN
	! entry "$1"
}
absent() { # FILE FILTER
	handled
	! sees "$@"
}

topology
ip -n "${NET}far" address add 203.0.113.11/24 dev eth0
ip -n "${NET}h1" address add 10.77.1.3/24 dev eth0
{
	config_overload
	echo "ip nat inside source static 10.77.2.2 198.51.100.20"
	echo "ip nat translation udp-timeout 8"
	echo "ip nat translation finrst-timeout 2"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
background far turn.log turnserver -n -S -z --no-tls --no-dtls --no-cli -L 203.0.113.10 -L 203.0.113.11 -p 3478 \
	--alt-listening-port 3479 --log-file stdout --simple-log --pidfile "$WORK/turn.pid" --userdb "$WORK/turndb"
check "coturn listens on two addresses" wait_for 30 bash -c "
	[ \"\$(ip netns exec ${NET}far ss -Hlun | grep -Eo '203\.0\.113\.1[01]:347[89]' | sort -u | wc -l)\" = 4 ]"
serve far udp.log serve-udp 0.0.0.0 7001
serve far tcp.log serve-tcp 0.0.0.0 7000
serve h2 static.log serve-tcp 0.0.0.0 7010

# ---- these run for a while, beside the rest
hping far -S -k -s 6001 -p 9999 -c 2 -i 9 198.51.100.1 >"$WORK/syn.log" &
silence=$!

# ---- RFC 4787 REQ-1, 2, 3, 4, 8 (RFC 5780 asks, RFC 3489 too)
check "mapping: endpoint-independent" output_has 'NAT with Endpoint Independent Mapping' discover h1 10.77.1.2 41000 -m
check_not "control: behind it there is a NAT" output_has 'No NAT' cat "$WORK/has"
check "control: without a NAT that is the verdict" output_has 'No NAT' discover out 203.0.113.1 41000 -m
check "filtering: address and port dependent" output_has 'NAT with Address and Port Dependent Filtering' \
	discover h1 10.77.1.2 41002 -f
check "control: a static entry filters nothing" output_has 'NAT with Endpoint Independent Filtering' \
	discover h2 10.77.2.2 41002 -f
check "no mapping is opened to whoever knows it: hairpin is filtered too" output_has 'STUN receive timeout' \
	discover h1 10.77.1.2 41004 -H
check "control: a static entry turns back" output_has 'successful hairpinning' discover h2 10.77.2.2 41004 -H
check "classic STUN agrees" stun_says 'Independent Mapping, Port Dependent Filter, preserves ports' h1
check "control: static" stun_says 'Independent Mapping, Independent Filter, preserves ports, will hairpin' h2
check "control: no NAT" stun_says 'Open' out

# ---- RFC 4787 REQ-5, 6: the timer. What goes out must prolong; what comes in from the very peer may (as in IOS it does); what
# is filtered may not.
for port in 4500 4502 4504; do
	background h1 hold$port.log "$PYTHON3" -uc "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', $port))
s.sendto(b'first', ('203.0.113.10', 7001))
while True:
    print(s.recv(100).decode())"
	check "port $port has a mapping" wait_for 30 grep -q first "$WORK/hold$port.log"
done
talk() { # NAMESPACE PORT PORT ADDRESS   a datagram each second
	pings "$1" --udp -g "$2" -p "$3" --rate 1 -c 24 --data-string word "$4" >"$WORK/talk$2.log" &
	talking="$talking $!"
}
talking=""
talk far 7003 4500 198.51.100.1
talk h1 4502 9001 203.0.113.10
talk far 7001 4504 198.51.100.1
check "a mapping of 2 s is there (udp-timeout 8)" output_has 'RFC 5780 response 2' discover h1 10.77.1.2 41200 -t -T 2
check "control: one of 12 s is not" output_has 'STUN receive timeout' discover h1 10.77.1.2 41202 -t -T 12
# shellcheck disable=SC2086
wait $talking
entry 'udp' >"$WORK/after"
check "what goes out keeps it" grep -Eq ':4502 +10\.77\.1\.2:4502 +203\.0\.113\.10:9001' "$WORK/after"
check "its peer's datagrams come in" grep -q word "$WORK/hold4504.log"
check_not "a stranger's do not" grep -q word "$WORK/hold4500.log"
check "and do not keep it" bash -c "! grep -q ':4500 ' $WORK/after"
check "control: they were sent" captured "$OUT" 'udp.srcport == 7003 && udp.dstport == 4500'

# ---- RFC 5382 REQ-4: hping3 hears nothing for 6 s, then ICMP
wait $silence
check "unsolicited SYN: port unreachable in the end" grep -q 'ICMP Port Unreachable from ip=198.51.100.1' "$WORK/syn.log"
check "never a RST" bash -c "! grep -q flags= $WORK/syn.log"
quiet() {
	local syn icmp
	syn=$(packets "$OUT" 'tcp.dstport == 9999 && !icmp' -T fields -e frame.time_epoch | head -1)
	icmp=$(packets "$OUT" 'tcp.dstport == 9999 && icmp.type == 3 && icmp.code == 3' -T fields -e frame.time_epoch | head -1)
	echo "$syn $icmp"
	awk -v a="$syn" -v b="$icmp" 'BEGIN {exit !(b - a >= 5.99)}'
}
check "not before 6 s" quiet
check "control: who is there answers hping3 at once" output_has 'flags=SA' hping far -S -c 1 -p 7010 198.51.100.20
check "control: and refuses at once what he does not serve" output_has 'flags=RA' hping far -S -c 1 -p 9999 198.51.100.20

# ---- RFC 5961, RFC 7857 2.1: guessing
background h1 idle.log /usr/bin/python3 "$HERE/strange.py" idle 203.0.113.10 7000 4400 "$WORK/wake"
wait_for 30 grep -q connected "$WORK/idle.log"
wait_for 30 acknowledged '[0-9]*'
sequence=$(idle_acks | tail -1)
for flags in -R -SA -S -FA; do
	hping far -k -s 7000 -p 4400 $flags -M $(((sequence + 77777777) & 0xffffffff)) -L 1 -c 5 -i u1000 198.51.100.1 >>"$WORK/guess.log"
done
guessed() { # TIMES
	[ "$(packets "$OUT" 'ip.src == 203.0.113.10 && tcp.dstport == 4400 && tcp.ack == 1' -o tcp.relative_sequence_numbers:FALSE | wc -l)" -ge "$1" ]
}
check "hping3 guessed twenty times" wait_for 30 guessed 20
sleep 3
check "the connection has its entry after finrst-timeout" entry '10\.77\.1\.2:4400'
touch "$WORK/wake"
check "and works" wait_for 30 grep -q 'still there' "$WORK/idle.log"
sequence=$(((sequence + 12) & 0xffffffff)) # the server has sent as many bytes
wait_for 30 acknowledged $sequence
hping far -k -s 7000 -p 4400 -R -M "$sequence" -c 1 198.51.100.1 >/dev/null
check "control: the right number ends it" wait_for 30 no_entry '10\.77\.1\.2:4400'

# ---- RFC 5508, RFC 1812 5.3: nping
check "echo" output_has 'Echo reply' pings h1 --icmp -c 1 203.0.113.10
check "timestamp" output_has 'Timestamp reply' pings h1 --icmp --icmp-type timestamp -c 1 203.0.113.10
check "port unreachable" output_has '203\.0\.113\.10 > 10\.77\.1\.2 Port unreachable' \
	pings h1 --udp -g 4600 -p 9 -c 1 203.0.113.10
check "a closed TCP port" output_has '203\.0\.113\.10:9 > 10\.77\.1\.2:4601 RA' pings h1 --tcp -g 4601 -p 9 -c 1 203.0.113.10
check "TTL 1 ends at the router" output_has '10\.77\.1\.1 > 10\.77\.1\.2 TTL=0' \
	pings h1 --udp -g 4602 -p 7001 --ttl 1 -c 1 203.0.113.10
check "TTL 2 behind it" output_has '198\.51\.100\.2 > 10\.77\.1\.2 TTL=0' \
	pings h1 --udp -g 4603 -p 7001 --ttl 2 -c 1 203.0.113.10
pings h1 --udp -g 4604 -p 7001 --ttl 33 --df -c 1 203.0.113.10 >/dev/null
pings h1 --udp -g 4606 -p 7001 -c 1 203.0.113.10 >/dev/null
check "TTL goes down by one, once; DF stays" captured "$OUT" \
	"udp.srcport == 4604 && ip.src == 198.51.100.1 && ip.ttl == 32 && ip.flags.df == 1"
check "control: no DF, none made" captured "$OUT" \
	"udp.srcport == 4606 && ip.src == 198.51.100.1 && ip.flags.df == 0"
ip -n "${NET}out" link set eth1 mtu 900
ip -n "${NET}far" link set eth0 mtu 900
check "DF and too big: told so by the router outside" output_has '198\.51\.100\.2 > 10\.77\.1\.2 Fragmentation required' \
	pings h1 --icmp --df --data-length 1200 -c 1 203.0.113.10
check "control: without DF it arrives" output_has 'Echo reply' pings h1 --icmp --data-length 1200 -c 1 203.0.113.10
ip -n "${NET}out" link set eth1 mtu 1500
ip -n "${NET}far" link set eth0 mtu 1500

# ---- RFC 791, RFC 4787 REQ-14, RFC 1858: fragments by hping3
hping h1 --udp -f -m 64 -d 256 -k -s 4700 -p 7001 -c 1 203.0.113.10 >/dev/null
check "a datagram in four fragments is answered" captured "$IN" 'udp.srcport == 7001 && udp.dstport == 4700'
check "control: it came in fragments" captured "$IN" 'ip.src == 10.77.1.2 && ip.flags.mf == 1 && udp.srcport == 4700'
hping h1 -S -f -m 8 -k -s 4702 -p 7000 -c 1 203.0.113.10 >/dev/null
check "control: eight bytes of a TCP header were sent" captured "$IN" 'ip.src == 10.77.1.2 && ip.proto == 6 && ip.flags.mf == 1'
check "but go nowhere" absent "$OUT" 'tcp.srcport == 4702 || (ip.src == 198.51.100.1 && ip.proto == 6 && ip.flags.mf == 1)'
check "by name" output_has 'first fragment without the transport header +[1-9]' cli "show ip nat statistics"
hping h1 --udp -x -d 64 -k -s 4704 -p 7001 -c 1 203.0.113.10 >/dev/null
check "a fragment whose rest never comes" captured "$IN" 'ip.src == 10.77.1.2 && udp.srcport == 4704'
check "does not leave" absent "$OUT" 'udp.srcport == 4704'

# ---- RFC 4787 REQ-4. Here, because the second host's port is any other, which might have been one of those above.
check "two hosts, one even port: kept, and even" parity_kept 41100
check "two hosts, one odd port: kept, and odd" parity_kept 41101

# ---- controls: the same judges, other routers. What they let out is not Algate's.
captures_end
daemon_signal TERM
in_ns router "$ALGATED" --release -s "$WORK/state"
ip -n "${NET}router" address replace 10.77.1.1/24 dev in1
ip -n "${NET}router" address replace 198.51.100.1/24 dev out0
ip -n "${NET}router" route replace default via 198.51.100.2
in_ns router sysctl -qw net.ipv4.ip_forward=1
check_not "control: without a translation nping hears nothing" output_has RCVD pings h1 --icmp -c 1 203.0.113.10
in_ns router nft -f - <<-EOF
	table ip judges {
		chain out {
			type nat hook postrouting priority 100
			oifname "out0" masquerade random
		}
	}
EOF
check "control: masquerade random maps by endpoint" output_has 'NAT with Address and Port Dependent Mapping' \
	discover h1 10.77.1.2 42000 -m
check "control: classic STUN sees that, too" stun_says 'Dependent Mapping, random port' h1
check_not "control: and nothing of ports is kept" parity_kept 42100
check "control: masquerade keeps a mapping longer than 4 s" output_has 'RFC 5780 response 2' \
	discover h1 10.77.1.2 42200 -t -T 6
finish
