#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# DNS with bind9 on both sides of the NAT and its tools as clients: names of hosts become addresses that mean something where the
# answer is read. Whole zones are compared record by record; what is signed is left alone, and its signatures verify.
. "$(dirname "$0")/lib.sh"
. "$HERE/lib-wires.sh"
begin "DNS"
OUT=$WORK/outside.pcap IN=$WORK/inside.pcap FAR=203.0.113.10 NEAR=198.51.100.20
for program in named dig nsupdate mdig delv dnssec-keygen dnssec-signzone; do
	check "$program is installed" command -v $program
done
[ "$FAILED" = 0 ] || { echo "1..$TESTS"; exit 1; }
topology
wires_make
check "relays" relays

# ---- zones. in.lab and its reverse zones are served by h1, inside; out.lab and its reverse zones by far.
#
#   inside local    inside global
#   10.77.1.2       198.51.100.20   static; the inside server
#   10.77.2.2       192.0.2.x       a pool's address as long as h2 has a binding
#   10.77.1.9       198.51.100.29   static
#   10.77.7.1..250  203.0.114.1.. : static, for zone transfers: three digits more in each name
#   10.77.1.99      none            overloaded

soa() { # TTL NAMESERVER
	printf '$TTL %s\n@ SOA %s admin.%s 1 3600 600 86400 %s\n@ NS %s\n' "$1" "$2" "$2" "$1" "$2"
}
zones_inside() {
	{
		soa 300 ns.in.lab.
		printf 'ns A 10.77.1.2\nweb A 10.77.1.9\npool A 10.77.2.2\nover A 10.77.1.99\nalias CNAME web\n'
		printf 'both A 10.77.1.9\nboth AAAA 2001:db8::9\nmany A 10.77.1.2\nmany A 10.77.1.9\nmany A 203.0.113.77\n'
		printf 'mx MX 10 web\n_sip._udp SRV 0 0 5060 web\nsvc HTTPS 1 . alpn=h2 ipv4hint=10.77.1.9,10.77.1.2\n'
		printf 'text TXT "10.77.1.9 stands here"\n'
	} >"$WORK/in.lab"
	{
		soa 300 ns.in.lab.
		printf '2 PTR ns.in.lab.\n9 PTR web.in.lab.\n99 PTR over.in.lab.\n'
	} >"$WORK/1.77.10"
	{
		soa 300 ns.in.lab.
		printf '2 PTR pool.in.lab.\n'
	} >"$WORK/2.77.10"
	{
		soa 300 ns.in.lab.
		for n in $(seq 1000); do echo "host$n A 10.77.7.$((n % 250 + 1))"; done
	} >"$WORK/big.lab"
	{
		soa 300 ns.in.lab.
		for n in $(seq 1000); do echo "$((n % 250 + 1)) PTR host$n.big.lab."; done
	} >"$WORK/7.77.10"
}
zones_outside() {
	{
		soa 300 ns.out.lab.
		printf 'ns A 203.0.113.10\nweb A 198.51.100.29\nfar A 203.0.113.10\nalias CNAME web\nv6 AAAA 2001:db8::1\n'
	} >"$WORK/out.lab"
	{
		soa 300 ns.out.lab.
		printf '20 PTR ns.out.lab.\n29 PTR web.out.lab.\n'
	} >"$WORK/100.51.198"
	{
		soa 300 ns.out.lab.
		for n in $(seq 1000); do echo "host$n A 203.0.114.$((n % 250 + 1))"; done
	} >"$WORK/large.lab"
	{
		soa 300 ns.sec.lab.
		printf 'ns A 203.0.113.10\nweb A 198.51.100.29\n'
	} >"$WORK/sec.lab"
}
sign() {
	(cd "$WORK" && dnssec-keygen -q -a ECDSAP256SHA256 -f KSK sec.lab >ksk && dnssec-keygen -q -a ECDSAP256SHA256 sec.lab >/dev/null &&
		dnssec-signzone -q -S -o sec.lab sec.lab >signed.log 2>&1
	awk '$3 == "DNSKEY" {for (i = 7; i <= NF; i++) key = key $i}
		END {print "trust-anchors { sec.lab. static-key 257 3 13 \"" key "\"; };"}' "$(cat ksk).key" >anchors)
}
tsig-keygen -a hmac-sha256 lab >"$WORK/key"
KEY="hmac-sha256:lab:$(sed -n 's/.*secret "\(.*\)";/\1/p' "$WORK/key")"
named_start() { # NAMESPACE ADDRESS ZONE=FILE...   anybody may update and transfer
	local ns=$1 address=$2 pair
	shift 2
	mkdir -p "$WORK/named-$ns"
	{
		cat "$WORK/key"
		cat <<-EOF
		options { directory "$WORK/named-$ns"; listen-on { $address; }; listen-on-v6 { none; }; pid-file none;
			session-keyfile none; recursion no; allow-query { any; }; dnssec-validation no; allow-transfer { any; };
			minimal-responses no; notify no; tcp-clients 100; transfer-format many-answers; transfer-message-size 40000; };
		controls { };
		logging { channel all { stderr; severity info; }; category default { all; }; category update { all; }; };
		EOF
		for pair; do
			cp "$WORK/${pair#*=}" "$WORK/named-$ns/"
			echo "zone \"${pair%%=*}\" { type primary; file \"${pair#*=}\"; check-names ignore; allow-update { any; }; };"
		done
	} >"$WORK/named-$ns.conf"
	background "$ns" "named-$ns.log" named -g -n 1 -c "$WORK/named-$ns.conf"
	wait_for 30 dig_ready "$ns" "$address"
}
dig_ready() { # NAMESPACE ADDRESS
	in_ns "$1" dig +tries=1 +time=1 "@$2" in.lab soa
}
ask() { # NAMESPACE SERVER DIG-ARGUMENTS...   the answer: name TTL class type data
	local ns=$1 server=$2
	shift 2
	in_ns "$ns" timeout 40 dig +noall +answer +tries=2 +time=3 "@$server" "$@" | grep -v '^;' | sed -E 's/[ \t]+/ /g'
}
says() { # PATTERN NAMESPACE SERVER DIG-ARGUMENTS...
	local pattern=$1
	shift
	output_has "$pattern" ask "$@"
}
status() { # PATTERN NAMESPACE SERVER DIG-ARGUMENTS...
	local pattern=$1 ns=$2 server=$3
	shift 3
	output_has "status: ($pattern)," in_ns "$ns" timeout 20 dig +tries=2 +time=3 "@$server" "$@"
}
fields() { # FILE FILTER FIELD
	packets "$1" "$2" -T fields -e "$3"
}
same_bytes() { # FILTER [FIELD]   as often, and with the same payload, on both wires
	fields "$IN" "$1" "${2:-udp.payload}" | sort >"$WORK/bytes-in"
	fields "$OUT" "$1" "${2:-udp.payload}" | sort >"$WORK/bytes-out"
	echo "inside:"; cat "$WORK/bytes-in"; echo "outside:"; cat "$WORK/bytes-out"
	[ -s "$WORK/bytes-in" ] && cmp "$WORK/bytes-in" "$WORK/bytes-out"
}
counted() { # PATTERN
	output_has "$1" cli "show ip nat alg dns"
}
number() { # LABEL   of show ip nat alg dns
	cli "show ip nat alg dns" | grep -oE "$1[^0-9]*[0-9]+" | grep -oE '[0-9]+$' | head -1
}

zones_inside
zones_outside
check "a zone is signed" sign
named_start h1 10.77.1.2 in.lab=in.lab 1.77.10.in-addr.arpa=1.77.10 2.77.10.in-addr.arpa=2.77.10 big.lab=big.lab 7.77.10.in-addr.arpa=7.77.10 ||
	sed 's/^/# /' "$WORK/named-h1.log"
named_start far $FAR out.lab=out.lab 100.51.198.in-addr.arpa=100.51.198 large.lab=large.lab sec.lab=sec.lab.signed ||
	sed 's/^/# /' "$WORK/named-far.log"

# ---- static entries, a pool of whole addresses, overload
{
	config_base
	echo "ip nat inside source static 10.77.1.2 $NEAR"
	echo "ip nat inside source static 10.77.1.9 198.51.100.29"
	for n in $(seq 250); do echo "ip nat inside source static 10.77.7.$n 203.0.114.$n"; done
	echo "ip nat pool WHOLE 192.0.2.1 192.0.2.9 prefix-length 24"
	echo "access-list 2 permit 10.77.2.0 0.0.0.255"
	echo "access-list 3 permit 10.77.1.0 0.0.0.255"
	echo "ip nat inside source list 2 pool WHOLE"
	echo "ip nat inside source list 3 interface out0 overload"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"

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
check "h2 gets an address" in_ns h2 ping -c 1 -W 2 $FAR
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
cat >"$WORK/pieces.py" <<'EOF'
# Queries over one connection, in pieces of a size; prints the address of each answer.
import socket, struct, sys, time
server, piece, pause, names = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]
def query(number, name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    message = struct.pack("!6H", number, 0, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, 1, 1)
    return struct.pack("!H", len(message)) + message
sock = socket.create_connection((server, 53), 10)
sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
sock.settimeout(20)
data = b"".join(query(i, name) for i, name in enumerate(names))
for at in range(0, len(data), piece):
    sock.sendall(data[at:at + piece])
    print("sent", at, flush=True)
    time.sleep(pause)
file = sock.makefile("rb")
for _ in names:
    message = file.read(struct.unpack("!H", file.read(2))[0])
    at = message.index(b"\xc0\x0c\0\1\0\1") + 6
    ttl, size = struct.unpack("!IH", message[at:at + 6])
    print("answer", ".".join(map(str, message[at + 6:at + 10])), ttl)
EOF
pieces() { # NAMESPACE SERVER SIZE PAUSE NAME...
	local ns=$1
	shift
	in_ns "$ns" timeout 40 "$PYTHON3" "$WORK/pieces.py" "$@"
}
check "one byte a segment" output_has '^answer 198\.51\.100\.29 0' pieces far $NEAR 1 0.005 web.in.lab both.in.lab
check "three queries in one segment" bash -c "
	ip netns exec ${NET}far timeout 40 $PYTHON3 $WORK/pieces.py $NEAR 10000 0 web.in.lab both.in.lab ns.in.lab >$WORK/three
	cat $WORK/three; grep -c '^answer 198\.51\.100' $WORK/three | grep -qx 3"
check "inside client, one byte a segment" output_has '^answer 10\.77\.1\.9 0' pieces h1 $FAR 1 0.005 web.out.lab

# ---- hairpin: h1's server, asked from inside at its global address. Each is to the other what it is to the outside.
check "h2 has an address of the pool" in_ns h2 ping -c 1 -W 2 $FAR
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

# ---- whole zones, record by record
transfer() { # NAMESPACE SERVER ZONE [DIG-OPTION...]
	local ns=$1 server=$2 zone=$3
	shift 3
	in_ns "$ns" timeout 60 dig "$@" +noall +answer "@$server" "$zone" axfr | grep -v '^;' | sed -E 's/[ \t]+/ /g' | sort
}
expected_zone() { # FILE ORIGIN ADDRESS-FROM ADDRESS-TO   1000 records as they should arrive
	awk -v o="$2" -v a="$3" -v b="$4" '$2 == "A" {sub("^" a, b, $3); print $1 "." o ". 0 IN A " $3}
		$2 == "PTR" {print $1 "." b ". 300 IN PTR " $3}' "$1" | sort
}
whole() { # EXPECTED NAMESPACE SERVER ZONE TYPE [DIG-OPTION...]
	local expected=$1 ns=$2 server=$3 zone=$4 type=$5
	shift 5
	transfer "$ns" "$server" "$zone" "$@" | grep " IN $type " >"$WORK/zone"
	wc -l <"$WORK/zone"
	diff "$expected" "$WORK/zone" | head -20
	cmp "$expected" "$WORK/zone" && [ "$(wc -l <"$WORK/zone")" = 1000 ]
}
expected_zone "$WORK/big.lab" big.lab 10.77.7 203.0.114 >"$WORK/want-forward"
expected_zone "$WORK/7.77.10" "" "" 114.0.203.in-addr.arpa >"$WORK/want-reverse"
expected_zone "$WORK/large.lab" large.lab 203.0.114 10.77.7 >"$WORK/want-inside"
check "transfer of a forward zone, 1000 records" whole "$WORK/want-forward" far $NEAR big.lab A
check "transfer of a reverse zone, whose names grow" whole "$WORK/want-reverse" far $NEAR 7.77.10.in-addr.arpa PTR
check "transfer into the inside" whole "$WORK/want-inside" h1 $FAR large.lab A
check "to a host of the pool" whole "$WORK/want-inside" h2 $FAR large.lab A
check "hairpin: a transfer whose names grow" whole "$WORK/want-reverse" h2 $NEAR 7.77.10.in-addr.arpa PTR
check "it took more than one segment" bash -c "
	[ \$(tshark -n -r $OUT -Y 'tcp.srcport == 53 && tcp.len > 1000' 2>/dev/null | wc -l) -gt 20 ]"
check "ten transfers at once" bash -c "
	for i in \$(seq 10); do
		ip netns exec ${NET}far timeout 60 dig +noall +answer @$NEAR 7.77.10.in-addr.arpa axfr >$WORK/at-once.\$i &
	done; wait
	for i in \$(seq 10); do sed -E 's/[ \t]+/ /g' $WORK/at-once.\$i | grep ' IN PTR ' | sort | cmp - $WORK/want-reverse || exit 1; done"

# ---- bad wires: the names of h1 for lossy, those of far for h2
check "a transfer over good wires" whole "$WORK/want-reverse" lossy $NEAR 7.77.10.in-addr.arpa PTR
wires loss=5 reorder=5 duplicate=2 >/dev/null
check "loss and reordering: a transfer whose names grow" whole "$WORK/want-reverse" lossy $NEAR 7.77.10.in-addr.arpa PTR +time=30
check "a transfer to the inside" whole "$WORK/want-inside" h2 $FAR large.lab A +time=30
check "they were bad" wires_did 'loss=[1-9]'
wires chop=53 loss=2 >/dev/null
check "and in segments of one byte" output_has '^answer 198\.51\.100\.29 0' pieces lossy $NEAR 1000 0 web.in.lab both.in.lab web.in.lab
check "inside client" output_has '^answer 10\.77\.1\.9 0' pieces h2 $FAR 1000 0 web.out.lab far.out.lab
check "they were" wires_did 'chop=[1-9]'

# ---- updates
update() { # NAMESPACE SERVER ZONE LINE... [with KEYED=key]
	local ns=$1 server=$2 zone=$3
	shift 3
	{
		printf 'server %s\nzone %s\n' "$server" "$zone"
		printf '%s\n' "$@"
		echo send
	} | in_ns "$ns" timeout 20 nsupdate ${KEYED:+-y "$KEYED"} ${OVER_TCP:+-v}
}
check "an update from inside" update h1 $FAR out.lab "update add new.out.lab 300 A 10.77.1.9"
check "the server has the global address, its time untouched" says '^new\.out\.lab\. 300 IN A 198\.51\.100\.29$' far $FAR new.out.lab
check "a prerequisite and a deletion" update h1 $FAR out.lab "prereq yxrrset new.out.lab A 10.77.1.9" \
	"update delete new.out.lab A 10.77.1.9" "update add newer.out.lab 300 A 10.77.1.9"
check "were understood as the global address" status NXDOMAIN far $FAR new.out.lab
check "hairpin: an update with a global address" update h2 $NEAR in.lab "update add turned.in.lab 300 A 198.51.100.29"
check "the server has the local one" says '^turned\.in\.lab\. 300 IN A 10\.77\.1\.9$' h1 10.77.1.2 turned.in.lab
OVER_TCP=1 check "an update over TCP, of a reverse zone" update h1 $FAR 100.51.198.in-addr.arpa \
	"update delete 9.1.77.10.in-addr.arpa PTR" "update add 9.1.77.10.in-addr.arpa 300 PTR newest.out.lab"
check "the server has the global name" says 'PTR newest\.out\.lab' far $FAR -x 198.51.100.29

# ---- what is signed
signed() {
	number '[Ss]igned[^,]*'
}
KEYED=$KEY check "a signed update is accepted" update h1 $FAR out.lab "update add signed.out.lab 300 A 10.77.1.9"
check "its address is what the client wrote" says '^signed\.out\.lab\. 300 IN A 10\.77\.1\.9$' far $FAR signed.out.lab
check "which is counted" counted 'signed message left unchanged'
check "control: an unsigned one is not accepted as signed" bash -c "
	! printf 'server $FAR\nzone out.lab\nupdate add x.out.lab 1 A 10.77.1.9\nsend\n' |
		ip netns exec ${NET}h1 timeout 20 nsupdate -y ${KEY%?????????}AAAAAAAA= "
check "a signed transfer verifies" bash -c "
	ip netns exec ${NET}far timeout 40 dig -y $KEY @$NEAR big.lab axfr >$WORK/signed-zone
	grep -c 'IN.A.10.77.7' $WORK/signed-zone | grep -qx 1000 && ! grep -iE 'tsig.*(fail|bad)|verify' $WORK/signed-zone"
check "DNSSEC: who asks for signatures gets what was signed" says '^web\.sec\.lab\. 300 IN A 198\.51\.100\.29$' h1 $FAR +dnssec web.sec.lab
check "with its signature" grep 'IN RRSIG A' "$WORK/has"
check "it validates" output_has 'fully validated' in_ns h1 timeout 20 delv -a "$WORK/anchors" +root=sec.lab @$FAR web.sec.lab
check "who does not gets the inside address" says '^web\.sec\.lab\. 0 IN A 10\.77\.1\.9$' h1 $FAR web.sec.lab
check "signed answers left as they were" same_bytes 'udp && dns.flags.response == 1 && dns.rrsig.algorithm'

# ---- other protocols on the port
serve h2 udp53.log serve-udp 0.0.0.0 53
serve h2 tcp53.log serve-tcp 0.0.0.0 53
check "a door to them" configure "ip nat inside source static 10.77.2.2 198.51.100.21"
check "random bytes on UDP 53 come back as they went" bash -c "
	for i in 1 2 3 4 5; do ip netns exec ${NET}far timeout 20 $PYTHON3 $PEER udp 198.51.100.21 53 || exit 1; done"
check "and on TCP 53" bash -c "
	for n in 64 10000 300000; do ip netns exec ${NET}far timeout 20 $PYTHON3 $PEER tcp 198.51.100.21 53 \$n || exit 1; done"
check "also when it sends less than a header and then waits for an answer" in_ns far timeout 40 "$PYTHON3" -c '
import socket
s = socket.create_connection(("198.51.100.21", 53), 5)
s.settimeout(30)
s.sendall(b"hi\n")
got = s.recv(100)
print(got)
raise SystemExit(got != b"hi\n")'
cat >"$WORK/broken.py" <<'EOF'
# Messages that are almost DNS, to an echo: each has to come back as it went.
import socket, struct, sys
header = struct.pack("!6H", 7, 0x8180, 1, 1, 0, 0)
name = b"\1a\3lab\0"
answer = struct.pack("!HHIH", 1, 1, 300, 4) + bytes([10, 77, 2, 2])
question = name + struct.pack("!HH", 1, 1)
cases = {
    "pointer to itself": header + question + struct.pack("!H", 0xc000 | 12 + len(question)) + answer,
    "pointer forwards": header + question + b"\xc0\xff" + answer,
    "pointer into the header": header + question + b"\xc0\x04" + answer,
    "address of three bytes": header + question + b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 3) + bytes([10, 77, 2]),
    "length beyond the end": header + question + b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 400) + bytes([10, 77, 2, 2]),
    "more records than there are": struct.pack("!6H", 7, 0x8180, 1, 9, 0, 0) + question + b"\xc0\x0c" + answer,
    "label of 64": header + b"\x40" + b"x" * 64 + question + b"\xc0\x0c" + answer,
    "cut": (header + question + b"\xc0\x0c" + answer)[:-1],
}
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(30)
sock.connect((sys.argv[1], 53))
bad = 0
for text, message in cases.items():
    sock.send(message)
    got = sock.recv(2000)
    print("same" if got == message else "DIFFERENT", text)
    bad += got != message
# The control goes to an address of its own: it must be translated on its way back, if the way there changes nothing.
sock.send(header + question + b"\xc0\x0c" + answer)
print("control", sock.recv(2000)[-4:])
sys.exit(bad)
EOF
check "almost DNS comes back as it went" bash -c "
	ip netns exec ${NET}far timeout 30 $PYTHON3 $WORK/broken.py 198.51.100.21 >$WORK/almost; status=\$?; cat $WORK/almost; exit \$status"
check "control: an answer is translated" grep -F "control b'\\xc63d\\x15'" "$WORK/almost"
check "malformed ones are counted" counted 'malformed message'

# ---- messages that grow over 64 KB: a hundred names of hosts, the rest a text
cat >"$WORK/full.py" <<'EOF'
# full.py SERVER NAME SIZE: a message of so many bytes to an echo, with a hundred PTR records of NAME.in-addr.arpa. Prints what came back:
# "same", "other N bytes" or "refused".
import socket, struct, sys
server, name, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
message = struct.pack("!6H", 7, 0x8180, 1, 100, 0, 0) + b"\7in-addr\4arpa\0" + struct.pack("!HH", 12, 1)
message += (labels + b"\xc0\x0c" + struct.pack("!HHIH", 12, 1, 300, 1) + b"\0") * 99
rest = size - len(message) - 11
message += b"\0" + struct.pack("!HHIH", 16, 1, 300, rest)
while rest > 0:
    text = min(rest - 1, 255)
    message += bytes([text]) + b"x" * text
    rest -= 1 + text
message = struct.pack("!H", len(message)) + message
sock = socket.create_connection((server, 53), 30)
sock.settimeout(60)
got = b""
try:
    sock.sendall(message)
    while len(got) < 2 or len(got) < 2 + struct.unpack("!H", got[:2])[0]:
        data = sock.recv(65536)
        if not data:
            raise ConnectionError
        got += data
    print("same" if got == message else "other %d bytes" % (len(got) - 2))
except ConnectionError:
    print("refused")
EOF
full() { # NAMESPACE SERVER NAME SIZE
	in_ns "$1" timeout 90 "$PYTHON3" "$WORK/full.py" "$2" "$3" "$4"
}
serve out tcp53.log serve-tcp 203.0.113.1 53
check "a host whose local name is the longer one" configure "ip nat inside source static 10.77.212.212 192.0.2.55"
check "names that fit when they have grown" output_has '^other 65396 bytes' full far 198.51.100.21 9.1.77.10 65000
check "names that do not: refused from inside" output_has '^refused' full far 198.51.100.21 9.1.77.10 65300
check "which is counted" counted 'result too large: +[1-9]'
check "control: names that do not change" output_has '^same' full far 198.51.100.21 9.9.77.10 65300
check "from outside they fit" output_has '^other 65297 bytes' full h1 203.0.113.1 55.2.0.192 65000
check "or go on as they are" output_has '^same' full h1 203.0.113.1 55.2.0.192 65400
check "without that host" configure "no ip nat inside source static 10.77.212.212 192.0.2.55"

# ---- a message whose rest comes late: it alone is not read
cat >"$WORK/late.py" <<'EOF'
# late.py SERVER FILE: asks by PTR for 198.51.100.29 three times, the second time half until FILE is there. Prints the answers.
import os, socket, struct, sys, time
server, file = sys.argv[1:]
name = b"\00229\003100\00251\003198\7in-addr\4arpa\0"
def query(number):
    message = struct.pack("!6H", number, 0, 1, 0, 0, 0) + name + struct.pack("!HH", 12, 1)
    return struct.pack("!H", len(message)) + message
sock = socket.create_connection((server, 53), 30)
sock.settimeout(60)
replies = sock.makefile("rb")
def told():
    message = replies.read(struct.unpack("!H", replies.read(2))[0])
    print(*struct.unpack("!HH", message[:4])[:1], "found" if message[3] & 15 == 0 and message[7] else "not found", flush=True)
sock.sendall(query(1))
told()
sock.sendall(query(2)[:20])
open(file + ".waits", "wb").close()
until = time.monotonic() + 60
while not os.path.exists(file) and time.monotonic() < until:
    time.sleep(0.1)
sock.sendall(query(2)[20:])
told()
sock.sendall(query(3))
told()
EOF
background far late.log timeout 150 "$PYTHON3" "$WORK/late.py" $NEAR "$WORK/say"
late=$!
half_query() {
	[ "$(packets "$IN" 'tcp.dstport == 53 && tcp.len == 20 && ip.src == 203.0.113.10' | wc -l)" -gt 0 ]
}
check "half a query is held" wait_for 30 test -e "$WORK/say.waits"
check_not "for a while" half_query
check "then it goes on" wait_for 40 half_query
touch "$WORK/say"
wait_for 60 daemon_gone $late
check "control: the first was read" output_has '^1 found' cat "$WORK/late.log"
check "this one was not" grep '^2 not found' "$WORK/late.log"
check "the one behind it was" grep '^3 found' "$WORK/late.log"
check "which is counted" counted 'its rest came late: +[1-9]'

# ---- restart in the middle
background far pieces.log timeout 60 "$PYTHON3" "$WORK/pieces.py" $NEAR 20 3 web.in.lab both.in.lab
client=$!
wait_for 30 grep -q sent "$WORK/pieces.log"
sleep 0.5
daemon_signal KILL
check "killed within a query, restarted" daemon_start "$WORK/config"
wait_for 60 daemon_gone $client
check "both answers" bash -c "cat $WORK/pieces.log; grep -c '^answer 198\.51\.100\.29 0' $WORK/pieces.log | grep -qx 2"
for _ in 1 2 3; do
	background far killed.log timeout 60 dig +noall +answer @$NEAR 7.77.10.in-addr.arpa axfr
	client=$!
	daemon_signal KILL
	daemon_start "$WORK/config" || break
	wait_for 60 daemon_gone $client
	check "killed during a transfer: every record came" bash -c "
		sed -E 's/[ \t]+/ /g' $WORK/killed.log | grep ' IN PTR ' | sort | cmp - $WORK/want-reverse"
done

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
