#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# DNS: whole zones compared record by record, over bad wires, too; messages whose rest comes late; a daemon that is killed
# within a query and while zones are transferred.
. "$(dirname "$0")/lib.sh"
. "$HERE/lib-wires.sh"
. "$HERE/lib-dns.sh"
begin "DNS: transfers"
dns_programs
topology
wires_make
check "relays" relays
dns_servers
dns_daemon

# ---- a message whose rest comes late, 15 s later: what there is goes on meanwhile
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
until = time.monotonic() + 300
while not os.path.exists(file) and time.monotonic() < until:
    time.sleep(0.1)
sock.sendall(query(2)[20:])
told()
sock.sendall(query(3))
told()
EOF
background far late.log timeout 400 "$PYTHON3" "$WORK/late.py" $NEAR "$WORK/say"
late=$!
half_query() {
	[ "$(packets "$IN" 'tcp.dstport == 53 && tcp.len == 20 && ip.src == 203.0.113.10' | wc -l)" -gt 0 ]
}
check "half a query is held" wait_for 30 test -e "$WORK/say.waits"
check_not "for a while" half_query

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

# ---- what came late: it alone was not read
check "then it goes on" wait_for 40 half_query
touch "$WORK/say"
wait_for 60 daemon_gone $late
check "control: the first was read" output_has '^1 found' cat "$WORK/late.log"
check "this one was not" grep '^2 not found' "$WORK/late.log"
check "the one behind it was" grep '^3 found' "$WORK/late.log"
check "which is counted" counted 'its rest came late: +[1-9]'

# ---- restart in the middle
background far pieces.log timeout 90 "$PYTHON3" "$WORK/pieces.py" $NEAR 19 "$WORK/restarted" web.in.lab both.in.lab
client=$!
check "two thirds of a query have come" captured "$OUT" "tcp.dstport == 53 && tcp.len == 19 && ip.dst == $NEAR"
daemon_signal KILL
check "killed within it, restarted" daemon_start "$WORK/config"
touch "$WORK/restarted"
wait_for 60 daemon_gone $client
check "both answers" bash -c "cat $WORK/pieces.log; grep -c '^answer 198\.51\.100\.29 0' $WORK/pieces.log | grep -qx 2"
cat >"$WORK/slow.py" <<'EOF'
# slow.py SERVER ZONE BYTES FILE: a transfer of which only so many bytes are taken until FILE is there. Prints its text.
import os, socket, struct, subprocess, sys, time
server, zone, first, file = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
name = b"".join(bytes([len(label)]) + label.encode() for label in zone.split(".")) + b"\0"
query = struct.pack("!6H", 7, 0, 1, 0, 0, 0) + name + struct.pack("!HH", 252, 1)
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
sock.settimeout(60)
sock.connect((server, 53))
sock.sendall(struct.pack("!H", len(query)) + query)
got = b""
while len(got) < first:
    got += sock.recv(first - len(got))
print("taken", len(got), flush=True)
until = time.monotonic() + 60
while not os.path.exists(file) and time.monotonic() < until:
    time.sleep(0.1)
def ended():
    """All messages are whole, and the last record is the zone's SOA, as the first one is."""
    at = 0
    while at + 2 <= len(got):
        at += 2 + struct.unpack("!H", got[at:at + 2])[0]
    return at == len(got) and got.count(struct.pack("!HHI", 6, 1, 300)) == 2
while not ended() and (data := sock.recv(512)):
    got += data
print("got", len(got), got.hex())
EOF
taken() { # NUMBER BYTES   a transfer of which no more is taken until the daemon is another
	background far "taken.$1" timeout 200 "$PYTHON3" "$WORK/slow.py" $NEAR 7.77.10.in-addr.arpa "$2" "$WORK/again.$1"
	client=$!
	wait_for 30 grep -q '^taken' "$WORK/taken.$1"
}
same_transfer() { # NUMBER   as without a kill
	wait_for 60 daemon_gone $client
	cut -c 1-60 "$WORK/taken.$1"
	grep -q '^got [0-9]\{5\}' "$WORK/taken.$1" && cmp <(grep '^got' "$WORK/taken.0") <(grep '^got' "$WORK/taken.$1")
}
touch "$WORK/again.0"
check "a transfer that is not disturbed" taken 0 100
check "control: it came" same_transfer 0
for bytes in 2 5000 20000; do
	check "a transfer of which $bytes bytes are taken" taken $bytes $bytes
	daemon_signal KILL
	check "the daemon is killed then, and started" daemon_start "$WORK/config"
	touch "$WORK/again.$bytes"
	check "it comes to its end, byte for byte" same_transfer $bytes
done
finish
