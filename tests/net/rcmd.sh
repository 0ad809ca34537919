#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The r commands: rsh and rlogin with rsh-redone on both sides, rexec with an actor of our own (no package has one). The server's
# connection for standard error has to reach the client, from and to reserved ports (512..1023) as far as rsh is concerned.
. "$(dirname "$0")/lib.sh"
. "$HERE/lib-wires.sh"
begin "rsh, rlogin, rexec"
ACTOR=$HERE/rexecd.py OUT=$WORK/outside.pcap IN=$WORK/inside.pcap
for program in rsh-redone-rsh rsh-redone-rlogin in.rshd in.rlogind inetd script; do
	check "$program is installed" command -v $program
done
[ "$FAILED" = 0 ] || { echo "1..$TESTS"; exit 1; }
topology
wires_make
check "relays" relays
ip -n "${NET}h1" address add 10.77.1.3/24 dev eth0

# ---- servers and clients. Everybody may come: each namespace has a PAM configuration of its own; and a name, which
# in.rshd wants.

printf '%s required pam_permit.so\n' auth account session password >"$WORK/pam"
cat >"$WORK/inetd.conf" <<-EOF
	shell stream tcp nowait.1000 root $(command -v in.rshd) in.rshd
	login stream tcp nowait.1000 root $(command -v in.rlogind) in.rlogind
EOF
{
	echo "127.0.0.1 localhost"
	for address in 203.0.113.{1,10} 198.51.100.{1,20,22} 192.0.2.{1,2,3,4,5,6,7,8,9}; do
		echo "$address h${address//./-}"
	done
} >"$WORK/hosts"
servers() { # NAMESPACE
	background "$1" "inetd-$1.log" sh -c "mount --bind $WORK/pam /etc/pam.d/rsh &&
		mount --bind $WORK/pam /etc/pam.d/rlogin && mount --bind $WORK/hosts /etc/hosts && exec inetd -d -i $WORK/inetd.conf"
	background "$1" "rexecd-$1.log" "$PYTHON3" -u "$ACTOR" serve
	wait_for 30 grep -q ready "$WORK/rexecd-$1.log" && wait_for 30 listens "$1" 514 && wait_for 30 listens "$1" 513
}
# rsh-redone's client reads what comes on the second connection and then writes none of it; so the wire tells.
real() { # NAMESPACE ADDRESS   with the package's client; errors that nobody else has sent
	local word=$RANDOM$RANDOM hex
	hex=$(printf 'err%s\n' "$word" | od -An -tx1 | tr -d ' \n')
	in_ns "$1" timeout 60 rsh-redone-rsh "$2" "echo err$word >&2; sleep 0.5; echo out" >"$WORK/out" 2>&1 </dev/null
	cat "$WORK/out"
	grep -qx out "$WORK/out" && captured "$OUT" "tcp.payload == $hex && tcp.port != 514"
}
ours() { # NAMESPACE rsh|rexec OPTION... ADDRESS   with our actor
	local ns=$1
	shift
	in_ns "$ns" timeout 40 "$PYTHON3" "$ACTOR" "$@" 'echo out; echo err >&2' >"$WORK/both"
	cat "$WORK/both"
	grep -qx 'out out' "$WORK/both" && grep -qx 'err err' "$WORK/both"
}
echoed() { # TEXT
	grep -aq "$1" "$WORK/typed.log"
}
typing() { # NAMESPACE ADDRESS   a login; on file descriptor 9, when it has written something
	rm -f "$WORK/keys"
	mkfifo "$WORK/keys"
	exec 9<>"$WORK/keys" # to read and write, which waits for nobody
	background "$1" typed.log timeout 150 sh -c "script -qc 'rsh-redone-rlogin $2' /dev/null <$WORK/keys"
	client=$!
	wait_for 30 test -s "$WORK/typed.log"
	echo 'echo $((6 * 7)) before' >&9
	wait_for 30 echoed '42 before'
}
login() { # NAMESPACE ADDRESS
	local status
	typing "$@"
	status=$?
	echo exit >&9
	wait_for 30 daemon_gone "$client" || status=1
	exec 9>&-
	cat "$WORK/typed.log"
	return $status
}
announced() { # FILE FILTER   the ports that were announced, as text, up to the first zero byte
	packets "$1" "$2 && tcp.len > 0" -T fields -e tcp.stream -e tcp.payload | sort -snk1,1 |
		awk '{text[$1] = text[$1] $2} END {for (i in text) print text[i]}' | sed -E 's/^((3.)*)00.*/\1/; s/3(.)/\1/g'
}
syns_of() { # PORT   that server's second connections as the outside wire has them: addresses and ports
	packets "$OUT" "tcp.flags == 2 && tcp.srcport < 1024 && tcp.dstport == $1" \
		-T fields -e ip.src -e tcp.srcport -e ip.dst -e tcp.dstport | tail -1
}
counted() { # GATEWAY PATTERN
	output_has "$2" cli "show ip nat alg $1"
}
all_reserved() { # of rsh, whoever serves: each SYN between reserved ports only, or to 514 from one
	packets "$OUT" 'tcp.flags == 2 && tcp.dstport == 514 && !(tcp.srcport >= 512 && tcp.srcport <= 1023)' \
		>"$WORK/odd"
	cat "$WORK/odd"
	[ ! -s "$WORK/odd" ]
}

servers far || echo "# no servers outside"
servers h2 || echo "# no servers inside"

# ---- overload; servers inside by port entries; ports with a static entry
{
	config_overload
	for port in 512 513 514; do
		echo "ip nat inside source static tcp 10.77.2.2 $port 198.51.100.20 $port"
	done
	echo "ip nat inside source static tcp 10.77.1.2 700 198.51.100.1 1001"
	echo "ip nat inside source static tcp 10.77.1.2 1002 198.51.100.1 701"
	echo "ip nat inside source static tcp 10.77.1.2 9999 198.51.100.1 10000"
	echo "ip nat inside source static tcp 10.77.1.2 10001 198.51.100.1 9998"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
check "rsh, server outside" real h1 203.0.113.10
check "rsh, server inside" real far 198.51.100.20
check "twenty, one after the other" bash -c "
	for i in \$(seq 20); do
		ip netns exec ${NET}h1 timeout 20 rsh-redone-rsh 203.0.113.10 'echo out' </dev/null | grep -qx out || exit 1
	done"
check "our rsh, server outside: errors from a reserved port" output_has '^errors by 203\.0\.113\.10 (5[1-9][0-9]|[6-9][0-9][0-9]|10[012][0-9])$' \
	ours h1 rsh -s 920 -p 810 203.0.113.10
check "our rsh, server inside: they come from its global address, a reserved port" \
	output_has '^errors by 198\.51\.100\.20 (5[1-9][0-9]|[6-9][0-9][0-9]|10[012][0-9])$' ours far rsh -s 921 -p 811 198.51.100.20
check "a port that a static entry has: 700 becomes 1001, a digit more" ours h1 rsh -s 900 -p 700 203.0.113.10
check "and 1002 becomes 701, a digit less" ours h1 rsh -s 901 -p 1002 203.0.113.10
check "one byte a segment, growing" ours h1 rsh -o -s 902 -p 700 203.0.113.10
check "one byte a segment, shrinking" ours h1 rsh -o -s 903 -p 1002 203.0.113.10
check "one byte a segment, server inside" ours far rsh -o -s 904 -p 812 198.51.100.20
check "inside 700 was announced" output_has '^700$' announced "$IN" 'tcp.srcport == 900'
check "outside 1001 (700)" output_has '^1001$' announced "$OUT" 'tcp.srcport == 900'
check "outside 701 (1002)" output_has '^701$' announced "$OUT" 'tcp.srcport == 901'
check "outside 1001, byte by byte" output_has '^1001$' announced "$OUT" 'tcp.srcport == 902'
check "which was opened" output_has '^203\.0\.113\.10.*198\.51\.100\.1	1001$' syns_of 1001
check "no errors wanted (0)" output_has '^out out' in_ns h1 timeout 20 "$PYTHON3" "$ACTOR" rsh -s 905 -p 0 203.0.113.10 'echo out'
check "two hosts with the same ports at once" bash -c "
	ip netns exec ${NET}h1 timeout 30 $PYTHON3 $ACTOR rsh -s 951 -p 999 203.0.113.10 'sleep 2; echo err >&2' >$WORK/one &
	ip netns exec ${NET}h2 timeout 30 $PYTHON3 $ACTOR rsh -s 951 -p 999 203.0.113.10 'sleep 2; echo err >&2' >$WORK/two
	wait; cat $WORK/one $WORK/two; grep -qx 'err err' $WORK/one && grep -qx 'err err' $WORK/two"
check "their four ports are reserved ones" all_reserved
check "rlogin, server outside" login h1 203.0.113.10
check "rlogin, server inside" login far 198.51.100.20
check "rexec, server outside" ours h1 rexec 203.0.113.10
check "rexec, server inside" ours far rexec 198.51.100.20
check "rexec: 9999 becomes 10000" ours h1 rexec -p 9999 203.0.113.10
check "the server was asked so" grep 'errors to 10000' "$WORK/rexecd-far.log"
check "rexec: 10001 becomes 9998, byte by byte" ours h1 rexec -o -p 10001 203.0.113.10
check "the server was asked so" grep 'errors to 9998' "$WORK/rexecd-far.log"
check "rsh's messages are counted" counted rsh '[1-9]'

# ---- other protocols on these ports: nothing is changed
serve out echo.log serve-tcp 203.0.113.1 514
echoes() { # NAMESPACE TEXT   what comes back is what was sent
	in_ns "$1" timeout 60 "$PYTHON3" -c '
import socket, sys
text = sys.argv[1].encode().decode("unicode_escape").encode("latin-1")
s = socket.create_connection(("203.0.113.1", 514), 30)
s.settimeout(30)
s.sendall(text)
got = b""
while len(got) < len(text):
    part = s.recv(1000)
    if not part: sys.exit(1)
    got += part
print(got)
sys.exit(got != text)' "$2"
}
for text in 'GET / HTTP/1.0\r\n\r\n' '123456\0root\0' '\0\0\0' '80\0root\0root\0id\0' '2049\0root\0root\0id\0' '700x\0'; do
	check "untouched: $text" echoes h1 "$text"
done
check "a stream that is none is not looked at again: an announcement in its second segment" in_ns h1 timeout 60 "$PYTHON3" -c '
import socket
s = socket.create_connection(("203.0.113.1", 514), 30)
s.settimeout(30)
for text in b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", b"700\0", b"700\0root\0":
    s.sendall(text)
    got = b""
    while len(got) < len(text):
        got += s.recv(100)
    print(got)
    assert got == text'
check "control: an announcement is not" bash -c "! ip netns exec ${NET}h1 timeout 60 $PYTHON3 -c '
import socket
s = socket.create_connection((\"203.0.113.1\", 514), 30); s.settimeout(30); s.sendall(b\"700\0root\0\")
import time; time.sleep(1); got = s.recv(100); print(got)
raise SystemExit(got != b\"700\0root\0\")'"
# Who announces port 820, listens there and waits.
background h1 announce.log "$PYTHON3" -c '
import socket, time
l = socket.create_server(("0.0.0.0", 820)); s = socket.create_connection(("203.0.113.1", 514), 30)
s.sendall(b"820\0root\0"); time.sleep(600)'
announcer=$!
knocks() { # NAMESPACE ADDRESS PORT   at the announced port
	in_ns "$1" timeout 20 "$PYTHON3" -c '
import os, socket, sys
s = socket.socket(); s.bind((sys.argv[1], int(sys.argv[2]))); s.settimeout(float(os.environ["PATIENCE"])); s.connect(("198.51.100.1", 820))
' "$2" "$3"
}
check "a port is announced" wait_for 30 output_has '[: ]820 ' cli "show ip nat alg trace rsh"
check_not "that opens nothing to another host" knocks far 0.0.0.0 600
check_not "nor to the server's unreserved ports" knocks out 203.0.113.1 5000
check "control: to its reserved ones it does" knocks out 203.0.113.1 600
kill $announcer

# ---- bad wires, both sides; and hairpin: h2 serves h1 by its global address
servers lossy
wires loss=8 reorder=5 duplicate=2 >/dev/null
for round in 1 2 3; do
	check "loss and reordering: our rsh ($round)" ours h2 rsh -o -s $((930 + round)) -p $((830 + round)) 198.18.1.10
	check "rexec, server inside ($round)" ours lossy rexec -o 198.51.100.20
done
check "a digit more" ours h2 rexec -o -p 9999 198.18.1.10
check "they were bad" wires_did 'loss=[1-9]'
for how in "rsh -s 914 -p 820" "rsh -s 915 -p 700" "rexec -p 9999" "rexec -o -p 10001"; do
	# shellcheck disable=SC2086
	check "hairpin: $how" ours h1 $how 198.51.100.20
done

# ---- restart in the middle. Commands, and what we say ourselves, go on when a file is there.
restart() {
	daemon_signal KILL
	check "killed and restarted" daemon_start "$WORK/config"
}
go_on() { # LOG   and waits for the client's end
	touch "$WORK/go"
	wait_for 60 daemon_gone "$client"
	cat "$WORK/$1"
}
AWAITS="while ! [ -e $WORK/go ]; do sleep 0.1; done" # a command
session() { # NAMESPACE ADDRESS ACTOR-ARGUMENT...   killed between the errors of one command
	local ns=$1 address=$2 text="$3, client in $1"
	shift 2
	rm -f "$WORK/go" "$WORK/started"
	background "$ns" late.log timeout 150 "$PYTHON3" "$ACTOR" "$@" "$address" \
		"echo err >&2; touch $WORK/started; $AWAITS; echo err >&2; echo out"
	client=$!
	check "$text: begins" wait_for 30 test -e "$WORK/started"
	restart
	check "it ends well" output_has '^out out' go_on late.log
	check "with its errors" test "$(grep -c '^err err' "$WORK/late.log")" = 2
}
for how in "rsh -s 906 -p 813" "rexec -p 9999" "rexec"; do
	# shellcheck disable=SC2086
	session h1 203.0.113.10 $how
	# shellcheck disable=SC2086
	session far 198.51.100.20 $how
done

cat >"$WORK/slow.py" <<'EOF'
# Says what its arguments are, and where one is @FILE, waits until that is there (FILE.waits says so). Then prints who brings errors to
# a port, and what came.
import os, socket, sys, time
source, errors, server, port, *words = sys.argv[1:]
listener = socket.create_server(("0.0.0.0", int(errors)))
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("0.0.0.0", int(source)))
sock.connect((server, int(port)))
for word in words:
    if word.startswith("@"):
        open(word[1:] + ".waits", "wb").close()
        until = time.monotonic() + 60
        while not os.path.exists(word[1:]) and time.monotonic() < until:
            time.sleep(0.1)
    else:
        sock.sendall(word.encode().decode("unicode_escape").encode())
listener.settimeout(60)
sock.settimeout(60)
print("errors by", listener.accept()[1], flush=True)
got = b""
while part := sock.recv(100):
    got += part
print(got)
EOF
slow() { # SOURCE ERRORS PORT WORD...
	rm -f "$WORK/go" "$WORK/go.waits"
	background h1 slow.log timeout 150 "$PYTHON3" "$WORK/slow.py" "$1" "$2" 203.0.113.10 "${@:3}"
	client=$!
	wait_for 30 test -e "$WORK/go.waits"
}
# Killed between the announcement's bytes: the stream holds what the client believes delivered.
half_said() { # WHAT SOURCE ERRORS PORT HALF REST ANNOUNCED
	check "$1: half an announcement" slow "$2" "$3" "$4" "$5" "@$WORK/go" "$6"
	check "the client believes that it was delivered" captured "$IN" "tcp.dstport == $2 && tcp.ack == $((${#5} + 1))"
	check_not "it was not" sees "$OUT" "tcp.dstport == $4 && tcp.payload == $(printf %s "$5" | od -An -tx1 | tr -d ' ' | sed 's/../&:/g; s/:$//')"
	restart
	check "errors come to where it said" output_has "errors by .'203.0.113.10'" go_on slow.log
	check "and the output" grep "^b'.*out" "$WORK/slow.log"
	check "the whole was announced, translated" output_has "^$7\$" announced "$OUT" "tcp.dstport == $4"
}
half_said rsh 907 700 514 70 '0\0root\0root\0echo out; echo err >&2\0' 1001
half_said rexec 10008 10001 512 1000 '1\0user\0secret\0echo out; echo err >&2\0' 9998

# Announced before the kill; the server's SYN was lost until then.
sends_syn() { # NAMESPACE ADDRESS
	in_ns "$1" ss -Htn state syn-sent dst "$2" | grep -q .
}
check "rexec: a connection, nothing announced yet" slow 10009 9999 512 "@$WORK/go" '9999\0user\0secret\0echo out; echo err >&2\0'
ip -n "${NET}out" route add blackhole 198.51.100.1/32
touch "$WORK/go"
check "it is announced, and what the server then sends is lost" wait_for 30 sends_syn far 198.51.100.1
restart
ip -n "${NET}out" route del blackhole 198.51.100.1/32
check "it gets there now" output_has "errors by .'203.0.113.10'" go_on slow.log
check "and the output comes" grep "^b'.*out" "$WORK/slow.log"

# A login, typed into while there is no daemon.
for where in "h1 203.0.113.10" "far 198.51.100.20"; do
	# shellcheck disable=SC2086
	check "rlogin begins ($where)" typing $where
	daemon_signal KILL
	echo 'echo $((6 * 7)) meanwhile' >&9
	check "killed and restarted" daemon_start "$WORK/config"
	check "what was typed meanwhile" wait_for 60 echoed '42 meanwhile'
	echo 'echo $((6 * 7)) after; exit' >&9
	check "and after" wait_for 60 echoed '42 after'
	check "the login ends" wait_for 60 daemon_gone "$client"
	exec 9>&-
done

# ---- reserved ports used up
check "clear" cli "clear ip nat translation *"
serve out many.log serve-tcp 203.0.113.1 7000
background h1 hold.log "$PYTHON3" "$ACTOR" hold 10.77.1.3 203.0.113.1 7000
holder=$!
check "one host has all reserved ports but the two of static entries" wait_for 40 grep '^stand 510$' "$WORK/hold.log"
check_not "another's rsh is refused" timeout 25 bash -c "
	ip netns exec ${NET}h2 timeout 20 $PYTHON3 $ACTOR rsh -s 922 -p 838 203.0.113.10 'echo out; echo err >&2' | grep -qx 'err err'"
check "which is counted by name" output_has '[Nn]o (free )?port' cli "show ip nat alg rsh" "show ip nat statistics"
kill $holder
wait_for 30 daemon_gone $holder
check "cleared" cli "clear ip nat translation *"
check "control: with ports it works" ours h2 rsh -s 923 -p 837 203.0.113.10

# ---- a host with an address of its own: static, pool
check "port entries away" configure "do clear ip nat translation *" "no ip nat inside source static tcp 10.77.1.2 700 198.51.100.1 1001" \
	"no ip nat inside source static tcp 10.77.1.2 1002 198.51.100.1 701" \
	"no ip nat inside source static tcp 10.77.1.2 9999 198.51.100.1 10000" \
	"no ip nat inside source static tcp 10.77.1.2 10001 198.51.100.1 9998"
check "static" configure "ip nat inside source static 10.77.1.2 198.51.100.22" "do clear ip nat translation *"
check "rsh, static" real h1 203.0.113.10
check "rsh, static, other ports" output_has '^errors by 203' ours h1 rsh -s 908 -p 814 203.0.113.10
check "outside it is the same port" output_has '^203\.0\.113\.10.*198\.51\.100\.22	814$' syns_of 814
check "rexec, static" ours h1 rexec 203.0.113.10
check "pool" configure "do clear ip nat translation *" "no ip nat inside source static 10.77.1.2 198.51.100.22 forced" \
	"no ip nat inside source list 1 interface out0 overload" "ip nat pool P 192.0.2.1 192.0.2.9 prefix-length 24" \
	"ip nat inside source list 1 pool P" "do clear ip nat translation *"
check "rsh, pool" real h1 203.0.113.10
check "rsh, pool, other ports" ours h1 rsh -s 909 -p 815 203.0.113.10
check "outside it is the pool's address" output_has '^203\.0\.113\.10.*192\.0\.2\.[0-9]	815$' syns_of 815
check "rexec, pool" ours h1 rexec 203.0.113.10

# ---- controls: without the gateway
passed_so() { # PORT   each segment of the client on that port is outside what it was inside
	packets "$IN" "tcp.srcport == $1 && tcp.len > 0" -T fields -e tcp.payload | sort -u >"$WORK/said"
	packets "$OUT" "tcp.dstport == 514 && tcp.len > 0" -T fields -e tcp.payload | sort -u >"$WORK/passed"
	cat "$WORK/said"
	[ -s "$WORK/said" ] && ! grep -vFxf "$WORK/passed" "$WORK/said"
}
check_not "with it an announcement has other bytes outside" passed_so 900
check "switched off, overloaded" configure "do clear ip nat translation *" "no ip nat inside source list 1 pool P" "ip nat inside source list 1 interface out0 overload" \
	"no ip nat service rcmd" "do clear ip nat translation *"
check_not "control: no errors come to h1" ours h1 rsh -s 910 -p 835 203.0.113.10
check "control: the announcement left as it was" output_has '^835$' announced "$OUT" 'tcp.dstport == 514 && ip.src == 198.51.100.1'
check "and all that the client said" passed_so 910
check "rlogin needs no gateway" login h1 203.0.113.10
check "switched on again" configure "ip nat service rcmd"
check "errors come" ours h1 rsh -s 911 -p 836 203.0.113.10
finish
