#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What operators see of gateways that have something to do: a transfer, a remote command, a file, a name and an ICMP error, each once,
# and then every show, debug and clear. Before that they show nothing, which is the control.
. "$(dirname "$0")/lib.sh"
. "$HERE/lib-ftp.sh"
begin "Gateways: what operators see"
ftp_programs in.tftpd tftp

topology
ip -n "${NET}h1" address add 10.77.1.4/24 dev eth0
{
	config_overload
	echo "ip nat inside source static 10.77.1.9 198.51.100.20"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
mkdir -p "$WORK/tftp"
echo text >"$WORK/tftp/file"
chmod 755 "$WORK" "$WORK/tftp"

# ---- who says what

ALG="show ip nat alg"
STATISTICS="show platform hardware qfp active feature alg statistics"
SOFTWARE="show platform software trace message process qfp active"
row() { # GATEWAY PATTERN   its row of the table, from its messages on
	output_has "^$1 +on .* $2" cli "$ALG"
}
platform() { # ROW   messages are counted there
	output_has "^$1 +[1-9][0-9]* " cli "$STATISTICS"
}
logged() { # PATTERN
	wait_for 30 grep -Eq -- "$1" "$WORK/state.log"
}
traced() { # GATEWAY PATTERN
	output_has "$2" cli "$ALG trace $1"
}
refused() { # a datagram to where nobody listens: the host is told
	in_ns h1 "$PYTHON3" -c '
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(30)
sock.connect(("203.0.113.10", 9))
sock.send(b"anybody?")
try:
    sock.recv(1)
except ConnectionRefusedError:
    print("refused")'
}
asked() { # the reverse name of an inside address: outside it is that of the global one
	in_ns h1 "$PYTHON3" -c '
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(30)
question = b"\x019\x011\x0277\x0210\7in-addr\4arpa\0\0\x0c\0\1"
sock.sendto(b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + question, ("203.0.113.10", 53))
print("same" if question in sock.recv(2000) else "other")'
}
remote() { # rexec, with a second connection for errors
	in_ns h1 timeout 60 "$PYTHON3" "$HERE/rexecd.py" rexec -p 9999 203.0.113.10 'echo out; echo err >&2'
}
quiet() {
	cli "$ALG trace" >"$WORK/quiet"
	cli "$SOFTWARE" >>"$WORK/quiet"
	cat "$WORK/quiet"
	[ ! -s "$WORK/quiet" ]
}

check "control: nothing has happened" quiet
check_not "control: nor is it counted" platform FTP
check "debug" cli "debug ip nat ftp" "debug ip nat rcmd" "debug ip nat dns" "debug ip nat tftp"

attacker
background far rexecd.log "$PYTHON3" -u "$HERE/rexecd.py" serve
wait_for 30 grep -q ready "$WORK/rexecd.log"
background far tftpd.log in.tftpd -L -s -u root "$WORK/tftp"
background far dns.log "$PYTHON3" -u -c '
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("203.0.113.10", 53))
while True:
    query, sender = sock.recvfrom(2000)
    sock.sendto(query[:2] + b"\x81\x83" + query[4:], sender)'
udp_listens() { # PORT
	in_ns far ss -Hlun "sport = :$1" | grep -q .
}
check "servers" eval "wait_for 30 udp_listens 69 && wait_for 30 udp_listens 53"

check "FTP: an announced port is reached" output_has '^reached from 203\.0\.113\.11' \
	victim 4461 "${LOGIN[@]}" 'PORT 10,77,1,4,17,109\r\n'
check "rexec: output and errors come" output_has '^err err' remote
check "TFTP: a file comes" in_ns h1 timeout 60 tftp -m binary 203.0.113.10 -c get file "$WORK/got"
check "it is the file" cmp "$WORK/got" "$WORK/tftp/file"
check "DNS: the answer is to what was asked" output_has '^same' asked
check "ICMP: an error comes" output_has '^refused' refused

# ---- the trace: flow, message, field, what it was, what it is

check "trace: FTP's address" traced ftp ' ftp +PORT +10\.77\.1\.4:[0-9]+ .*10\.77\.1\.4:4461 -> 198\.51\.100\.1:4461'
check "trace: who was expected and came" traced ftp ' came '
check "trace: rexec" traced rexec 'rexec .* 10\.77\.1\.2:9999'
check "trace: TFTP" traced tftp 'tftp +RRQ .* came '
check "trace: DNS" traced dns 'dns .*10\.77\.1\.9.* -> 198\.51\.100\.20'
check_not "trace: one gateway's has nothing of another's" traced tftp ' (ftp|dns|rexec) '
check "debug: FTP's field" logged 'NAT: FTP: \[[0-9]+\] translate embedded address 10\.77\.1\.4->198\.51\.100\.1 in PORT'
check "debug: what is expected" logged 'NAT: FTP: \[[0-9]+\] expecting 198\.51\.100\.1:4461->10\.77\.1\.4:4461'
check "debug: rexec" logged 'NAT: EXEC: \[[0-9]+\] expecting 198\.51\.100\.1:9999->10\.77\.1\.2:9999'
check "debug: TFTP" logged 'NAT: TFTP: \[[0-9]+\] expecting'
check "debug: DNS" logged 'NAT: DNS: \[[0-9]+\] translate embedded address 10\.77\.1\.9->198\.51\.100\.20'
check "software trace: rexec's expectation" output_has '\[alg-rexec\] .*expect 198\.51\.100\.1:9999 -> 10\.77\.1\.2:9999' cli "$SOFTWARE"
check "software trace: and that it came" output_has '\[alg-rexec\] .*came ' cli "$SOFTWARE"

# ---- counts

check "table: FTP" row ftp '[1-9][0-9]* +[1-9][0-9]* +[1-9][0-9]* +0 '
for gateway in dns tftp rexec icmp; do
	check "table: $gateway" row $gateway '[1-9]'
done
for gateway in FTP DNS TFTP EXEC ICMP; do
	check "statistics: $gateway" platform $gateway
done
check_not "control: what was not used is not counted" platform LOGIN
check "statistics: of DNS alone" output_has '^dns query: +[1-9]' cli "$STATISTICS dns"
check "shown and cleared" output_has 'FTP ALG counters cleared after display' cli "$STATISTICS ftp clear"
check_not "FTP's begin anew" platform FTP
check "others do not" platform DNS
check "all cleared" cli "clear ip nat alg statistics"
check_not "all begin anew" platform DNS
check "debug off" cli "undebug all"

finish
