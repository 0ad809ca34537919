#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# DNS with bind9 on both sides of the NAT and its tools as clients: names of hosts become addresses that mean something where the
# answer is read, by every kind of entry and in a hairpin; and what switching off leaves alone.
. "$(dirname "$0")/lib.sh"
. "$HERE/lib-dns.sh"
begin "DNS: queries"
dns_programs mdig
topology
dns_servers
dns_daemon

for how in +notcp +tcp; do
	# An inside server, asked from outside.
	check "A of a static host, time to live 0 ($how)" says '^web\.in\.lab\. 0 IN A 198\.51\.100\.29$' far $NEAR $how web.in.lab
	check "A behind a CNAME, whose own time stays ($how)" says '^alias\.in\.lab\. 300 IN CNAME web' far $NEAR $how alias.in.lab
	check "is translated too" grep -E '^web\.in\.lab\. 0 IN A 198\.51\.100\.29$' "$WORK/has"
	check "several, one of them of another network ($how)" says '^many\.in\.lab\. (0|300) IN A 203\.0\.113\.77$' far $NEAR $how many.in.lab
	check "which keeps what it is" grep -E '300 IN A 203' "$WORK/has"
	check "the others not" bash -c "grep -c ' 0 IN A 198.51.100' $WORK/has | grep -qx 2"
	check "an additional section ($how)" says '^web\.in\.lab\. 0 IN A 198\.51\.100\.29$' far $NEAR $how +additional mx.in.lab mx
	check "hints of an HTTPS record ($how)" says 'ipv4hint=198\.51\.100\.29,198\.51\.100\.20' far $NEAR $how svc.in.lab type65
	check "a text stays a text ($how)" says '"10\.77\.1\.9 stands here"' far $NEAR $how text.in.lab txt
	check "PTR, asked by the global address ($how)" says '^29\.100\.51\.198\.in-addr\.arpa\. 300 IN PTR web\.in\.lab\.$' \
		far $NEAR $how -x 198.51.100.29
	check "with authority and additional sections ($how)" says '^1\.77\.10\.in-addr\.arpa\. 300 IN NS ns\.in\.lab\.$' \
		far $NEAR $how +authority +additional -x 198.51.100.29
	# An inside client of an outside server.
	check "the inside client gets the inside address ($how)" says '^web\.out\.lab\. 0 IN A 10\.77\.1\.9$' h1 $FAR $how web.out.lab
	check "an address that nobody maps stays ($how)" says '^far\.out\.lab\. 300 IN A 203\.0\.113\.10$' h1 $FAR $how far.out.lab
	check "PTR, asked by the inside address ($how)" says '^9\.1\.77\.10\.in-addr\.arpa\. 300 IN PTR web\.out\.lab\.$' \
		h1 $FAR $how -x 10.77.1.9
	check "without EDNS ($how)" says '^web\.in\.lab\. 0 IN A 198\.51\.100\.29$' far $NEAR $how +noedns web.in.lab
	check "AAAA beside it ($how)" says '2001:db8::9$' far $NEAR $how both.in.lab aaaa
done
check "the server was asked for its own addresses" captured "$IN" 'dns.qry.name == "9.1.77.10.in-addr.arpa" && ip.dst == 10.77.1.2'
check "and the outside server for global ones" captured "$OUT" 'dns.qry.name == "29.100.51.198.in-addr.arpa" && ip.dst == 203.0.113.10'
check "AAAA" says '2001:db8::1$' h1 $FAR v6.out.lab aaaa
check "left as it was" same_bytes 'udp && dns.flags.response == 1 && dns.qry.name == "v6.out.lab"'
check "no message on the wires that tshark finds malformed" bash -c "
	! tshark -n -r $OUT -Y '_ws.malformed' 2>/dev/null | grep . && ! tshark -n -r $IN -Y '_ws.malformed' 2>/dev/null | grep ."
check "a resolver's cookie came back" bash -c "
	ip netns exec ${NET}far dig +cookie @$NEAR web.in.lab | grep -E 'COOKIE: .*good'"

traces() { # of this address
	cli "show ip nat alg trace dns" | grep -c 'RESPONSE.* 10\.77\.1\.9 -> 198\.51\.100\.29'
}
before=$(traces)
check "one more answer" says '^web\.in\.lab\. 0 IN A 198' far $NEAR web.in.lab
check "is one more line in the trace, although its time to live was written, too" test "$(traces)" = $((before + 1))

# ---- the pool: only as long as there is a binding
check "no binding: the address stands as it is" says '^pool\.in\.lab\. 300 IN A 10\.77\.2\.2$' far $NEAR pool.in.lab
check "h2 gets an address" in_ns h2 ping -c 1 -W 30 $FAR
check "the binding's address" says '^pool\.in\.lab\. 0 IN A 192\.0\.2\.[0-9]$' far $NEAR pool.in.lab
check "PTR of the binding's address" bash -c "
	address=\$(grep -o '192\.0\.2\.[0-9]' $WORK/has)
	ip netns exec ${NET}far dig +noall +answer @$NEAR -x \$address | grep -E 'PTR.*pool\.in\.lab'"
check "an overloaded host stands as it is" says '^over\.in\.lab\. 300 IN A 10\.77\.1\.99$' far $NEAR over.in.lab
check "h2 as a client" says '^web\.out\.lab\. 0 IN A 10\.77\.1\.9$' h2 $FAR web.out.lab
check "h2 as a client, TCP" says '^web\.out\.lab\. 0 IN A 10\.77\.1\.9$' h2 $FAR +tcp web.out.lab

# ---- many at once
check "pipelined queries over TCP" bash -c "
	for i in \$(seq 200); do echo web.in.lab; done >$WORK/names
	ip netns exec ${NET}far timeout 40 mdig +tcp +noall +answer @$NEAR -f $WORK/names >$WORK/piped
	[ \$(grep -cE '^web\.in\.lab\.\s+0s?\s+IN\s+A\s+198\.51\.100\.29' $WORK/piped) = 200 ]"
check "one byte a segment" output_has '^answer 198\.51\.100\.29 0' pieces far $NEAR 1 0.005 web.in.lab both.in.lab
check "three queries in one segment" bash -c "
	ip netns exec ${NET}far timeout 40 $PYTHON3 $WORK/pieces.py $NEAR 10000 0 web.in.lab both.in.lab ns.in.lab >$WORK/three
	cat $WORK/three; grep -c '^answer 198\.51\.100' $WORK/three | grep -qx 3"
check "inside client, one byte a segment" output_has '^answer 10\.77\.1\.9 0' pieces h1 $FAR 1 0.005 web.out.lab


# ---- hairpin: h1's server, asked from inside at its global address. Each is to the other what it is to the outside.
check "h2 has an address of the pool" in_ns h2 ping -c 1 -W 30 $FAR
serve h1 turned.log serve-tcp 0.0.0.0 7000
for how in +notcp +tcp; do
	for ns in h2 h1; do
		check "hairpin, $ns: A of a static host ($how)" says '^web\.in\.lab\. 0 IN A 198\.51\.100\.29$' $ns $NEAR $how web.in.lab
		check "one that nobody maps, among others ($how)" says '^many\.in\.lab\. 300 IN A 203\.0\.113\.77$' $ns $NEAR $how many.in.lab
		check "the others are translated" bash -c "grep -c ' 0 IN A 198.51.100' $WORK/has | grep -qx 2"
		check "PTR by the global address ($how)" says '^29\.100\.51\.198\.in-addr\.arpa\. 300 IN PTR web\.in\.lab\.$' \
			$ns $NEAR $how -x 198.51.100.29
	done
	check "control: asked at its local address it says what its zone has ($how)" \
		says '^web\.in\.lab\. 300 IN A 10\.77\.1\.9$' h2 10.77.1.2 $how web.in.lab
done
check "the server was asked from a global address" captured "$IN" \
	'udp.dstport == 53 && ip.src == 192.0.2.0/24 && ip.dst == 10.77.1.2 && dns.qry.name == "9.1.77.10.in-addr.arpa"'
check "over TCP, too" captured "$IN" 'tcp.dstport == 53 && ip.src == 192.0.2.0/24 && ip.dst == 10.77.1.2 && dns'
check "control: from a local one only at its local address" captured "$IN" 'udp.dstport == 53 && ip.src == 10.77.2.2'
found_so() { # to the address that a name has, by that address
	local address
	address=$(ask h2 $NEAR ns.in.lab | awk '$4 == "A" {print $5}')
	echo "ns.in.lab is $address"
	[ "$address" = $NEAR ] && peer h2 tcp "$address" 7000 20000
}
check "an address that was learned so leads to its host" found_so
before=$(traces)
check "once more" says '^web\.in\.lab\. 0 IN A 198' h2 $NEAR web.in.lab
check "was read once, although it crossed twice" test "$(traces)" = $((before + 1))
check "hairpin, one byte a segment" output_has '^answer 198\.51\.100\.29 0' pieces h2 $NEAR 1 0.005 web.in.lab both.in.lab

# ---- an entry whose address stays as it is in payloads
check "no-payload" configure "ip nat inside source static 10.77.1.9 198.51.100.29 no-payload"
for how in +notcp +tcp; do
	check "its address is left as it is ($how)" says '^many\.in\.lab\. 300 IN A 10\.77\.1\.9$' far $NEAR $how many.in.lab
	check "another in the same answer is not" grep -E '^many\.in\.lab\. 0 IN A 198\.51\.100\.20$' "$WORK/has"
	check "nor is it named to the inside ($how)" says '^web\.out\.lab\. 300 IN A 198\.51\.100\.29$' h1 $FAR $how web.out.lab
done
check "payloads again" configure "ip nat inside source static 10.77.1.9 198.51.100.29" \
	"ip nat inside source static 10.77.1.2 $NEAR no-payload"
for how in +notcp +tcp; do
	check "the server's own entry: nothing that it says is changed ($how)" \
		says '^ns\.in\.lab\. 300 IN A 10\.77\.1\.2$' far $NEAR $how ns.in.lab
done
check "without" configure "ip nat inside source static 10.77.1.2 $NEAR"
check "it is changed again" says '^ns\.in\.lab\. 0 IN A 198\.51\.100\.20$' far $NEAR ns.in.lab

# ---- services
check "times to live kept" configure "no ip nat service dns-reset-ttl"
check "A translated with its own time" says '^web\.in\.lab\. 300 IN A 198\.51\.100\.29$' far $NEAR web.in.lab
check "over TCP" says '^web\.in\.lab\. 300 IN A 198\.51\.100\.29$' far $NEAR +tcp web.in.lab
check "reset again" configure "ip nat service dns-reset-ttl" "no ip nat service dns-v6"
check "messages that hold AAAA are left alone" says '^both\.in\.lab\. 300 IN A 10\.77\.1\.9$' far $NEAR both.in.lab any +tcp
check "others are not" says '^both\.in\.lab\. 0 IN A 198\.51\.100\.29$' far $NEAR both.in.lab
check "on again, UDP off" configure "ip nat service dns-v6" "no ip nat service dns udp"
check "control: UDP shows the inside address" says '^alias\.in\.lab\. 300 IN CNAME' far $NEAR +noedns alias.in.lab
check "as it is" grep -E '^web\.in\.lab\. 300 IN A 10\.77\.1\.9$' "$WORK/has"
check "TCP goes on being translated" says '^web\.in\.lab\. 0 IN A 198\.51\.100\.29$' far $NEAR +tcp web.in.lab
check "TCP off, UDP on" configure "ip nat service dns udp" "no ip nat service dns tcp"
check "control: TCP shows the inside address" says '^web\.in\.lab\. 300 IN A 10\.77\.1\.9$' far $NEAR +tcp web.in.lab
check "UDP does not" says '^web\.in\.lab\. 0 IN A 198\.51\.100\.29$' far $NEAR web.in.lab
check "and byte by byte: switched off means identical" configure "no ip nat service all-algs"
check "control: turned back it shows the inside address" says '^web\.in\.lab\. 300 IN A 10\.77\.1\.9$' h2 $NEAR web.in.lab
check "over TCP, too" says '^web\.in\.lab\. 300 IN A 10\.77\.1\.9$' h2 $NEAR +tcp web.in.lab
check "control: PTR of a global address is not known" status 'REFUSED|NXDOMAIN' far $NEAR -x 198.51.100.29
check "control: of the local one it is" status NOERROR far $NEAR -x 10.77.1.9
captures_end
mv "$OUT" "$WORK/outside-on.pcap"
mv "$IN" "$WORK/inside-on.pcap"
LEAK_CHECK="$LEAK_CHECK $WORK/outside-on.pcap" CHECKSUM_CHECK="$CHECKSUM_CHECK $WORK/outside-on.pcap $WORK/inside-on.pcap"
capture out eth0 outside
capture h1 eth0 inside
check "control: queries and answers" says '10\.77\.1\.9$' far $NEAR many.in.lab
check "are the same on both wires" same_bytes 'udp.port == 53'
check "control: over TCP" says '10\.77\.1\.9$' far $NEAR +tcp many.in.lab
check "they are, too" same_bytes 'tcp.port == 53 && tcp.len > 0' tcp.payload
finish

