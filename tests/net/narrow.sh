#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A link outside that is narrower than both ends know, and connections on whose numbers a gateway has put an offset: the router in
# front of it says "too big", and the sender inside has to recognize his segment, or he sends it for ever. And what ICMP errors
# about translated messages show outside: nothing of them.
. "$(dirname "$0")/lib.sh"
begin "Gateways and narrow links"
topology
{
	config_overload
	echo "ip nat inside source static tcp 10.77.1.2 1002 198.51.100.1 701"
	echo "ip nat inside source static tcp 10.77.1.2 700 198.51.100.1 1001"
	echo "ip nat inside source static 10.77.2.2 198.51.100.20"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
ip -n "${NET}out" link set eth1 mtu 1300

cat >"$WORK/bulk.py" <<'EOF2'
# bulk.py serve: reads what comes on port 514, tells what was announced and how much came behind it.
# bulk.py send FROM TEXT SIZE: announces, and when that is acknowledged sends so much.
import fcntl, socket, struct, sys, time
SIOCOUTQ = 0x5411
if sys.argv[1] == "serve":
    server = socket.create_server(("203.0.113.10", 514))
    print("ready", flush=True)
    while True:
        sock, _ = server.accept()
        sock.settimeout(60)
        text = b""
        try:
            while data := sock.recv(65536):
                text += data
        except OSError as error:
            print("failed:", error, flush=True)
        print("announced", text.split(b"\0")[0].decode(), "bytes", len(text) - text.index(b"\0") - 1, flush=True)
        sock.close()
port, text, size = int(sys.argv[2]), sys.argv[3].encode() + b"\0", int(sys.argv[4])
sock = socket.create_connection(("203.0.113.10", 514), 60, ("10.77.1.2", port))
sock.settimeout(60)
sock.sendall(text)
until = time.monotonic() + 60
while struct.unpack("i", fcntl.ioctl(sock, SIOCOUTQ, b"\0" * 4))[0] > 0 and time.monotonic() < until:
    time.sleep(0.01)
sock.sendall(b"x" * size)
sock.shutdown(socket.SHUT_WR)
print("over" if sock.recv(1) == b"" else "what?")
EOF2
background far bulk.log "$PYTHON3" -u "$WORK/bulk.py" serve
wait_for 30 grep -q ready "$WORK/bulk.log"

too_big() { # the router in front of the link has said so, about a segment to this port
	captured "$WORK/outside.pcap" 'icmp.type == 3 && icmp.code == 4 && ip.src == 198.51.100.2 && tcp.dstport == 514'
}
send() { # FROM ANNOUNCED SIZE   what was learned of the link before is forgotten
	in_ns h1 ip route flush cache
	in_ns h1 timeout 120 "$PYTHON3" "$WORK/bulk.py" send "$@"
}
check "a digit less: all comes" send 901 1002 300000
check "it was announced so" wait_for 30 grep -x 'announced 701 bytes 300000' "$WORK/bulk.log"
check "control: segments were too big, and that was said" too_big
check "a digit more: all comes" send 902 700 300000
check "it was announced so" wait_for 30 grep -x 'announced 1001 bytes 300000' "$WORK/bulk.log"
check "one segment that is too big" send 903 1002 1448
check "it comes" wait_for 30 grep -x 'announced 701 bytes 1448' "$WORK/bulk.log"

# ---- what errors quote

# An answer that says 198.51.100.20, which is 10.77.2.2 inside, to who has gone.
cat >"$WORK/answer.py" <<'EOF2'
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("203.0.113.10", int(sys.argv[1])))
print("ready", flush=True)
query, sender = sock.recvfrom(2000)
open(sys.argv[2], "w").close()
sock.recvfrom(2000)
sock.sendto(query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:] + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" +
            socket.inet_aton("198.51.100.20"), sender)
EOF2
late_answer() { # PORT   asks, is gone, and is answered
	background far "answer$1.log" "$PYTHON3" -u "$WORK/answer.py" "$1" "$WORK/asked$1"
	wait_for 30 grep -q ready "$WORK/answer$1.log"
	in_ns h1 "$PYTHON3" -c '
import os, socket, sys, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.sendto(b"\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\3lab\0\0\1\0\1", ("203.0.113.10", int(sys.argv[1])))
until = time.monotonic() + 30
while not os.path.exists(sys.argv[2]) and time.monotonic() < until:
    time.sleep(0.01)
' "$1" "$WORK/asked$1"
	in_ns far "$PYTHON3" -c '
import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"now", ("203.0.113.10", int(sys.argv[1])))' "$1"
	captured "$WORK/outside.pcap" "icmp.type == 3 && icmp.code == 3 && udp.srcport == $1"
}
shows() { # PORT HEX   the error outside about an answer from this port
	packets "$WORK/outside.pcap" "icmp.type == 3 && icmp.code == 3 && udp.srcport == $1" -x | cut -c7-53 | tr -d ' \n' | tee "$WORK/hex"
	grep -q "$2" "$WORK/hex"
}
check "an answer to who has gone, about whom an error leaves" late_answer 53
check "the host was told the local address" captured "$WORK/inside.pcap" 'udp.srcport == 53 && dns.a == 10.77.2.2'
check_not "outside the error does not show it" shows 53 0a4d0202
check "nor anything of the message" shows 53 '00000000000000000000000000000000'
check "control: of what nobody reads everything is quoted" late_answer 5353
check "control: as it was" shows 5353 c6336414
check "control: and it would be seen" shows 53 "$(printf '%02x' 203 0 113 10)"

finish
