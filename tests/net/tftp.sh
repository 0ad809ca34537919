#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# TFTP with programs that others wrote: tftpd-hpa; tftp-hpa and atftp. The server answers from a port of its own choice, which only
# the gateway lets in (server outside), or lets out by the address that was asked (server inside).
. "$(dirname "$0")/lib.sh"
begin "TFTP"
OUT=$WORK/outside.pcap
for program in in.tftpd tftp atftp; do
	check "$program is installed" command -v $program
done
[ "$FAILED" = 0 ] || { echo "1..$TESTS"; exit 1; }
topology
# ---- servers and clients

tftpd() { # NAMESPACE
	local root=$WORK/tftp-$1
	mkdir -p "$root"
	chmod 777 "$root"
	head -c 300000 /dev/urandom >"$root/big"
	head -c 100 /dev/urandom >"$root/small"
	head -c 8000000 /dev/urandom >"$root/long"
	chmod 644 "$root"/*
	background "$1" "tftpd-$1.log" in.tftpd -L -s -c -p -u root "$root"
	eval "TFTPD_$1=$!"
	wait_for 30 udp_listens "$1" 69
}
udp_listens() { # NAMESPACE PORT
	in_ns "$1" ss -Hlun "sport = :$2" | grep -q .
}
fetch() { # CLIENT NAMESPACE SERVER NAME NAMESPACE-OF-SERVER [OPTION...]   comes as it is there
	local client=$1 ns=$2 server=$3 name=$4 root=$WORK/tftp-$5
	shift 5
	rm -f "$WORK/got"
	case $client in
	hpa) in_ns "$ns" timeout 60 tftp -m binary "$@" "$server" -c get "$name" "$WORK/got" ;;
	atftp) in_ns "$ns" timeout 60 atftp "$@" -g -r "$name" -l "$WORK/got" "$server" ;;
	esac
	cmp "$WORK/got" "$root/$name"
}
put() { # CLIENT NAMESPACE SERVER NAMESPACE-OF-SERVER [OPTION...]
	local client=$1 ns=$2 server=$3 root=$WORK/tftp-$4 name=put$RANDOM
	shift 4
	head -c 70000 /dev/urandom >"$WORK/$name"
	case $client in
	hpa) in_ns "$ns" timeout 60 tftp -m binary "$@" "$server" -c put "$WORK/$name" "$name" ;;
	atftp) in_ns "$ns" timeout 60 atftp "$@" -p -l "$WORK/$name" -r "$name" "$server" ;;
	esac
	cmp "$WORK/$name" "$root/$name"
}
# One socket of our own: each file asked for as often as is said, the next one as soon as the one before has begun. Prints how
# many transfers have come and how long they were.
cat >"$WORK/ask.py" <<'EOF'
import os, socket, struct, sys
server, local, requests, names = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
wanted = requests * len(names)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("0.0.0.0", local))
sock.settimeout(float(os.environ["PATIENCE"]))
sizes = {}
done = set()
begun = 0
def ask_next():
    name = names.pop(0)
    for _ in range(requests):
        sock.sendto(b"\0\1" + name.encode() + b"\0octet\0", (server, 69))
ask_next()
try:
    while len(done) < wanted:
        data, peer = sock.recvfrom(2000)
        op, block = struct.unpack("!HH", data[:4])
        if op != 3 or peer in done:
            continue
        if peer not in sizes and names:
            ask_next()
        sizes[peer] = sizes.get(peer, 0) + len(data) - 4
        sock.sendto(struct.pack("!HH", 4, block), peer)
        if len(data) < 516:
            done.add(peer)
except TimeoutError:
    pass
print(len(done), "from", len({host for host, _ in done}), "sizes", sorted(sizes[peer] for peer in done))
EOF
ask() { # NAMESPACE SERVER LOCALPORT REQUESTS NAME...
	local ns=$1
	shift
	in_ns "$ns" timeout 60 "$PYTHON3" "$WORK/ask.py" "$@"
}
counted() { # PATTERN   in the gateway's numbers
	output_has "$1" cli "show ip nat alg tftp"
}

tftpd far
tftpd h1

# ---- overload
{
	config_overload
	echo "ip nat inside source static 10.77.1.2 198.51.100.20"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
for client in hpa atftp; do
	check "$client, server outside: get" fetch $client h2 203.0.113.10 big far
	check "$client, server outside: put" put $client h2 203.0.113.10 far
	check "$client, server inside by a static entry: get" fetch $client far 198.51.100.20 big h1
	check "$client, server inside by a static entry: put" put $client far 198.51.100.20 h1
	check "$client, client inside with a static address: get" fetch $client h1 203.0.113.10 big far
done
check "atftp with blocks of 1428: get" fetch atftp h2 203.0.113.10 big far --option "blksize 1428"
check "and they are of that size" captured "$OUT" 'tftp.opcode == 6 && tftp.option.value == "1428" || udp.length == 1440'
check "put" put atftp h2 203.0.113.10 far --option "blksize 1428"
check "from outside" fetch atftp far 198.51.100.20 big h1 --option "blksize 1428"
check "control: without the option they are of 512" captured "$OUT" 'udp.length == 524'
check "answers go to the port that asked, by the address of the rule" captured "$OUT" \
	'ip.src == 203.0.113.10 && ip.dst == 198.51.100.1 && udp.length == 524'
check "an inside server answers by the address that was asked, from another port than 69" captured "$OUT" \
	'ip.src == 198.51.100.20 && ip.dst == 203.0.113.10 && udp.srcport != 69 && udp.length == 524'

check "two transfers from one port" output_has '^2 from 1 sizes \[100, 300000\]' ask h2 203.0.113.10 4500 1 big small
check "a request repeated before it is answered" output_has '^1 from 1 sizes \[300000\]|^2 from 1 sizes \[300000, 300000\]' \
	ask h2 203.0.113.10 4502 2 big
check "two transfers from one port, server inside" output_has '^2 from 1 sizes \[100, 300000\]' \
	ask far 198.51.100.20 4504 1 big small
check "a hundred files one after the other" bash -c "
	for i in \$(seq 100); do echo 'get small $WORK/hundred.'\$i; done |
		ip netns exec ${NET}h2 timeout 60 tftp -m binary 203.0.113.10
	for i in \$(seq 100); do cmp $WORK/tftp-far/small $WORK/hundred.\$i || exit 1; done"
# ---- hairpin: h1 serves hosts inside, itself too, by its global address
for client in hpa atftp; do
	for ns in h2 h1; do
		check "$client, hairpin from $ns: get" fetch $client $ns 198.51.100.20 big h1
		check "$client, hairpin from $ns: put" put $client $ns 198.51.100.20 h1
	done
done
check "the server was asked, and answered, as if outside" captured "$WORK/inside.pcap" \
	'ip.src == 10.77.1.2 && ip.dst == 198.51.100.1 && udp.srcport != 69 && udp.length == 524'
check "two transfers from one port, hairpin" output_has '^2 from 1 sizes \[100, 300000\]' \
	ask h2 198.51.100.20 4506 1 big small
check "show ip nat alg has counted" counted '[1-9]'

# ---- restart in the middle
for where in "h2 203.0.113.10 far" "far 198.51.100.20 h1"; do
	# shellcheck disable=SC2086
	set -- $where
	rm -f "$WORK/late"
	background "$1" late.log timeout 250 tftp -m binary "$2" -c get long "$WORK/late"
	client=$!
	wait_for 30 test -s "$WORK/late"
	daemon_signal KILL
	check "the transfer is not over when the daemon is killed ($1)" bash -c "
		[ -d /proc/$client ] && [ \$(stat -c %s $WORK/late) -lt 8000000 ]"
	check "restarts on the same state" daemon_start "$WORK/config"
	wait_for 250 daemon_gone $client
	check "the transfer went on ($1)" cmp "$WORK/late" "$WORK/tftp-$3/long"
done
# Killed between request and answer: nobody but the expectation knows. The server is asleep meanwhile.
# shellcheck disable=SC2154
kill -STOP "$TFTPD_far"
PATIENCE=90 background h2 ask.log timeout 100 "$PYTHON3" "$WORK/ask.py" 203.0.113.10 4510 1 small
client=$!
check "a request that nobody has answered yet" captured "$OUT" \
	'udp.dstport == 69 && udp.srcport == 4510 && ip.src == 198.51.100.1'
daemon_signal KILL
check "killed between request and answer: restarts" daemon_start "$WORK/config"
kill -CONT "$TFTPD_far"
wait_for 100 daemon_gone $client
check "the answer comes" output_has '^1 from 1 sizes \[100\]' cat "$WORK/ask.log"

# ---- what is not let in
serve far echo.log serve-udp 203.0.113.10 7001
heard() { # ADDRESS PORT BYTES-HEX [SECONDS]   what comes to a port of h2 that has sent this to the server's port 69, from port 7001 of far
	in_ns h2 timeout 60 "$PYTHON3" -c '
import socket, subprocess, sys
address, port, first, far, patience = sys.argv[1:]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", int(port)))
s.settimeout(1)
s.sendto(bytes.fromhex(first), (address, 69))
try:
    s.recvfrom(2000)
except OSError:
    pass
s.settimeout(float(patience))
far_side = """import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("203.0.113.10", 7007))
s.sendto(b"something else", ("198.51.100.1", int(sys.argv[1])))"""
subprocess.run(["nsenter", "--net=/run/netns/" + far, sys.executable, "-c", far_side, port], check=True)
try:
    print("heard", s.recvfrom(2000)[1])
except OSError as error:
    print("silence")
' "$1" "$2" "$3" "${NET}far" "${4:-3}"
}
request=0001736d616c6c006f6374657400 # small, octet
kill -STOP "$TFTPD_far" # has no time for an answer of its own
check "control: who was asked, and has not answered, is heard from any port" output_has "^heard .'203.0.113.10', 7007" heard 203.0.113.10 4520 "$request" 30
kill -CONT "$TFTPD_far"
check "another host than who was asked is not" output_has '^silence' heard 203.0.113.1 4521 "$request"
check "nor who was sent something that is no request" output_has '^silence' heard 203.0.113.10 4522 "0009$request"
check "nor who was sent a request without its end" output_has '^silence' heard 203.0.113.10 4523 "${request%00}"
check "nor who has hidden a request at the beginning of a fragment" output_has '^silence' \
	heard 203.0.113.10 4524 "$(head -c 1472 /dev/zero | od -An -v -tx1 | tr -d ' \n')$request"
check "which was in fragments" captured "$OUT" 'ip.flags.mf == 1 && udp.dstport == 69 || ip.frag_offset == 185 && ip.dst == 203.0.113.10'
check "which have passed as they were" captured "$OUT" "udp.srcport == 4523 && udp.dstport == 69 && udp.payload == ${request%00}"

# ---- controls: without the gateway
check "switched off" configure "no ip nat service tftp"
check_not "control: without the gateway no answer comes in" timeout 20 bash -c "
	ip netns exec ${NET}h2 $PYTHON3 $WORK/ask.py 203.0.113.10 4530 1 small | grep '^1'"
check_not "control: nor when turned back" timeout 20 bash -c "
	ip netns exec ${NET}h2 $PYTHON3 $WORK/ask.py 198.51.100.20 4531 1 small | grep '^1'"
check "control: the request left as it was" captured "$OUT" 'udp.dstport == 69 && ip.src == 198.51.100.1 && tftp.source_file == "small"'
payloads() { # FILE   of the transfer of port 4540, each kind of packet once
	packets "$1" 'udp.port == 4540' -T fields -e udp.payload | sort -u
}
identical() {
	payloads "$WORK/inside.pcap" >"$WORK/bytes-in"
	payloads "$OUT" >"$WORK/bytes-out"
	cat "$WORK/bytes-in"
	[ "$(wc -l <"$WORK/bytes-in")" -ge 3 ] && cmp "$WORK/bytes-in" "$WORK/bytes-out"
}
check "a server with an address of its own needs no gateway" output_has '^1 from 1 sizes \[100\]' ask far 198.51.100.20 4540 1 small
check "and the bytes are the same on both wires" identical
check "switched on" configure "ip nat service tftp"
check "it comes" output_has '^1 from 1' ask h2 203.0.113.10 4532 1 small
finish
