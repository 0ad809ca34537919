#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# DNS: updates; what is signed is left alone, and its signatures verify; what only looks like DNS, or does not even, comes back as
# it went; messages that grow too long.
. "$(dirname "$0")/lib.sh"
. "$HERE/lib-dns.sh"
begin "DNS: messages"
dns_programs nsupdate delv dnssec-keygen dnssec-signzone tsig-keygen
topology
sign() {
	(cd "$WORK" && dnssec-keygen -q -a ECDSAP256SHA256 -f KSK sec.lab >ksk && dnssec-keygen -q -a ECDSAP256SHA256 sec.lab >/dev/null &&
		dnssec-signzone -q -S -o sec.lab sec.lab >signed.log 2>&1
	awk '$3 == "DNSKEY" {for (i = 7; i <= NF; i++) key = key $i}
		END {print "trust-anchors { sec.lab. static-key 257 3 13 \"" key "\"; };"}' "$(cat ksk).key" >anchors)
}
check "a zone is signed" sign
dns_servers sec.lab=sec.lab.signed
dns_daemon

# ---- updates
update() { # NAMESPACE SERVER ZONE LINE... [with KEYED=key]
	local ns=$1 server=$2 zone=$3
	shift 3
	{
		printf 'server %s\nzone %s\n' "$server" "$zone"
		printf '%s\n' "$@"
		echo send
	} | in_ns "$ns" timeout 60 nsupdate ${KEYED:+-y "$KEYED"} ${OVER_TCP:+-v}
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
KEYED=$KEY check "a signed update is accepted" update h1 $FAR out.lab "update add signed.out.lab 300 A 10.77.1.9"
check "its address is what the client wrote" says '^signed\.out\.lab\. 300 IN A 10\.77\.1\.9$' far $FAR signed.out.lab
check "which is counted" counted 'signed message left unchanged'
check "control: an unsigned one is not accepted as signed" bash -c "
	! printf 'server $FAR\nzone out.lab\nupdate add x.out.lab 1 A 10.77.1.9\nsend\n' |
		ip netns exec ${NET}h1 timeout 60 nsupdate -y ${KEY%?????????}AAAAAAAA= "
check "a signed transfer verifies" bash -c "
	ip netns exec ${NET}far timeout 60 dig -y $KEY @$NEAR big.lab axfr >$WORK/signed-zone
	grep -c 'IN.A.10.77.7' $WORK/signed-zone | grep -qx 1000 && ! grep -iE 'tsig.*(fail|bad)|verify' $WORK/signed-zone"
check "DNSSEC: who asks for signatures gets what was signed" says '^web\.sec\.lab\. 300 IN A 198\.51\.100\.29$' h1 $FAR +dnssec web.sec.lab
check "with its signature" grep 'IN RRSIG A' "$WORK/has"
check "it validates" output_has 'fully validated' in_ns h1 timeout 60 delv -a "$WORK/anchors" +root=sec.lab @$FAR web.sec.lab
check "who does not gets the inside address" says '^web\.sec\.lab\. 0 IN A 10\.77\.1\.9$' h1 $FAR web.sec.lab
check "signed answers left as they were" same_bytes 'udp && dns.flags.response == 1 && dns.rrsig.algorithm'

# ---- other protocols on the port
serve h2 udp53.log serve-udp 0.0.0.0 53
serve h2 tcp53.log serve-tcp 0.0.0.0 53
check "a door to them" configure "ip nat inside source static 10.77.2.2 198.51.100.21"
check "random bytes on UDP 53 come back as they went" bash -c "
	for i in 1 2 3 4 5; do ip netns exec ${NET}far timeout 60 $PYTHON3 $PEER udp 198.51.100.21 53 || exit 1; done"
check "and on TCP 53" bash -c "
	for n in 64 10000 300000; do ip netns exec ${NET}far timeout 60 $PYTHON3 $PEER tcp 198.51.100.21 53 \$n || exit 1; done"
cat >"$WORK/short.py" <<'EOF'
import socket
s = socket.create_connection(("198.51.100.21", 53), 30)
s.settimeout(60)
s.sendall(b"hi\n")
print("got", s.recv(100), flush=True)
EOF
background far short.log timeout 100 "$PYTHON3" "$WORK/short.py"
short=$! # that is 15 s
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
	ip netns exec ${NET}far timeout 60 $PYTHON3 $WORK/broken.py 198.51.100.21 >$WORK/almost; status=\$?; cat $WORK/almost; exit \$status"
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
wait_for 60 daemon_gone $short
check "less than a header comes back, too, for who sends no more and waits" grep -F "got b'hi\\n'" "$WORK/short.log"
finish
