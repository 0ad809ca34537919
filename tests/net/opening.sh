#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 while a connection that a gateway reads is being opened: the SYN-ACK was lost on the wire, and when it comes again there is
# another daemon. It has nothing but what the first one left: the client's SYN does not come again. The connection has to be opened,
# and read. Likewise a connection that was announced before the kill and comes after it.
. "$(dirname "$0")/lib.sh"
begin "killed while connections open"
END=$HERE/opening.py OUT=$WORK/outside.pcap IN=$WORK/inside.pcap FAR=203.0.113.10 NEAR=198.51.100.20
topology
capture out eth1 far
capture h2 eth0 second
ip -n "${NET}h2" address add 10.77.2.9/24 dev eth0
{
	config_overload
	echo "ip nat inside source static 10.77.2.2 $NEAR"
	echo "ip nat inside source static 10.77.2.9 198.51.100.29"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"

end() { # NAMESPACE LOG ARGUMENT...
	local ns=$1 log=$2
	shift 2
	background "$ns" "$log" "$PYTHON3" -u "$END" "$@"
}
end far ftp-far.log serve-ftp $FAR
end far dns-far.log serve-dns $FAR 198.51.100.29
end h2 ftp-h2.log serve-ftp 10.77.2.2
end h2 dns-h2.log serve-dns 10.77.2.2 10.77.2.9
for log in ftp-far dns-far ftp-h2 dns-h2; do wait_for 30 grep -q ready "$WORK/$log.log"; done

lost() { # add|del ADDRESS   what is on its way there
	ip -n "${NET}out" route "$1" blackhole "$2/32"
}
mute() { # add|del NAMESPACE ADDRESS   what a host sends there (an unreachable route would end its connections)
	ip -n "$NET$2" route "$1" "$3/32" dev lo
}
handshakes() { # FILE PORT   second segments of them
	packets "$1" "tcp.flags == 0x12 && tcp.srcport == $2" | wc -l
}
more_handshakes() { # FILE PORT THAN
	[ "$(handshakes "$1" "$2")" -gt "$3" ]
}
restart() {
	daemon_signal KILL
	[ -z "${FORGET:-}" ] || rm -f "$WORK/state/records" "$WORK/state/alg"
	daemon_start "$WORK/config"
}
ended() { # PATTERN PID LOG
	wait_for 90 daemon_gone "$2"
	output_has "$1" cat "$WORK/$3"
}

# The client opens; kills the daemon behind the SYN-ACK; leaves the client's process in CLIENT and its namespace cut off.
half_open() { # NAMESPACE WHAT SOURCE SERVER PORT GLOBAL-OF-CLIENT CAPTURE-OF-SERVER
	local before
	before=$(handshakes "$7" "$5")
	lost add "$6"
	end "$1" client.log "$2" "$3" "$4"
	CLIENT=$!
	wait_for 30 more_handshakes "$7" "$5" "$before" || return 1
	daemon_signal KILL
	mute add "$1" "$4"
	! grep connected "$WORK/client.log" && restart
}
opened() { # TEXT PATTERN CAPTURE-OF-CLIENT NAMESPACE WHAT SOURCE SERVER PORT GLOBAL-OF-CLIENT CAPTURE-OF-SERVER
	local text=$1 pattern=$2 mine=$3 before
	shift 3
	before=$(handshakes "$mine" "$5")
	check "$text: killed between SYN and SYN-ACK" half_open "$@"
	lost del "$6"
	check "the SYN-ACK comes through all the same" wait_for 60 more_handshakes "$mine" "$5" "$before"
	mute del "$1" "$4"
	check "and the connection is read" ended "$pattern" $CLIENT client.log
}
opened "FTP, client inside" '^got data' "$IN" h1 ftp-active 10.77.1.2 $FAR 21 198.51.100.1 "$WORK/far.pcap"
check "the server was told the global address" grep '^told PORT 198,51,100,1,' "$WORK/ftp-far.log"
opened "FTP, server inside" '^got data' "$WORK/far.pcap" far ftp-passive $FAR $NEAR 21 $FAR "$WORK/second.pcap"
check "its answer named the global address" captured "$WORK/far.pcap" \
	'ftp.response.code == 227 && ftp.response.arg contains "198,51,100,20,"'
opened "DNS over TCP, client inside" '^answer 10\.77\.2\.9$' "$IN" h1 dns 10.77.1.2 $FAR 53 198.51.100.1 "$WORK/far.pcap"
opened "DNS over TCP, server inside" '^answer 198\.51\.100\.29$' "$WORK/far.pcap" far dns $FAR $NEAR 53 $FAR "$WORK/second.pcap"

# Without what the first daemon left nobody knows whose the SYN-ACK is.
before=$(handshakes "$OUT" 21)
FORGET=1 check "control: killed likewise, its records removed" half_open h1 ftp-active 10.77.1.2 $FAR 21 198.51.100.1 "$WORK/far.pcap"
inside=$(handshakes "$IN" 21)
lost del 198.51.100.1
check "control: the SYN-ACK comes to the router" wait_for 60 more_handshakes "$OUT" 21 "$before"
check "control: which asked, answers" cli "show ip nat statistics"
check_not "control: and does not get inside" more_handshakes "$IN" 21 "$inside"
kill -9 "$CLIENT"
mute del h1 $FAR

# ---- announced, killed, come
sends_syn() { # NAMESPACE ADDRESS   to it, and has no answer
	in_ns "$1" ss -Htn state syn-sent dst "$2" | grep -q .
}
announce() { # leaves the client's process in CLIENT
	rm -f "$WORK/say" "$WORK/say.waits"
	end h1 client.log ftp-active 10.77.1.2 $FAR "$WORK/say"
	CLIENT=$!
	wait_for 30 test -e "$WORK/say.waits" || return 1
	lost add 198.51.100.1
	touch "$WORK/say"
	wait_for 30 sends_syn far 198.51.100.1 && restart
}
check "FTP: killed between the announcement and what it announced" announce
lost del 198.51.100.1
check "the server gets there" ended '^got data' $CLIENT client.log
FORGET=1 check "control: likewise, the records removed" announce
syns=$(packets "$OUT" 'tcp.flags == 2 && tcp.srcport > 1024 && ip.dst == 198.51.100.1' | wc -l)
lost del 198.51.100.1
came() {
	[ "$(packets "$OUT" 'tcp.flags == 2 && ip.dst == 198.51.100.1' | wc -l)" -gt "$syns" ]
}
check "control: it comes to the router" wait_for 60 came
check "control: which asked, answers" cli "show ip nat statistics"
check_not "control: and does not get inside" grep 'got data' "$WORK/client.log"
kill -9 "$CLIENT"
finish
