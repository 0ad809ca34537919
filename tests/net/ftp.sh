#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# FTP with the programs that people use: vsftpd, curl, lftp, tnftp. Files are compared byte for byte, and tshark tells what the
# outside wire showed: every announced endpoint is the global one, was opened by the other side, and no payload names an
# inside address. Then TLS, ABOR, the gateway on other ports and off, attacks, and offloads. Bad wires: ftp_wires.sh.
. "$(dirname "$0")/lib.sh"
. "$HERE/lib-ftp.sh"
begin "FTP"
ftp_programs vsftpd curl lftp tnftp openssl

topology
ip -n "${NET}h1" address add 10.77.1.3/24 dev eth0
ip -n "${NET}h1" address add 10.77.1.4/24 dev eth0
ip -n "${NET}h2" address add 10.77.2.3/24 dev eth0

ftp_files
servers() {
	ftp_server far 203.0.113.10 21 && ftp_server far 203.0.113.10 2121 && ftp_server h1 10.77.1.2 21 &&
		ftp_server h2 10.77.2.2 21
}
check "servers" servers

# ---- sources: static entry, pool, overload; servers: static entry, one port only

{
	config_base
	cat <<-EOF
	no access-list 1
	access-list 1 deny 10.77.1.3
	access-list 1 permit 10.77.0.0 0.0.255.255
	access-list 2 permit 10.77.1.3
	access-list 10 permit 203.0.113.10
	ip nat pool ONE 192.0.2.1 192.0.2.1 prefix-length 24
	ip nat inside source static 10.77.1.2 198.51.100.20
	ip nat inside source static tcp 10.77.2.2 21 198.51.100.1 21
	ip nat inside source static tcp 10.77.2.3 21 198.51.100.22 21
	ip nat inside source list 2 pool ONE
	ip nat inside source list 1 interface out0 overload
	EOF
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"

# An outside address and a port that begins as inside addresses do show nothing of the inside.
serve far port77.log serve-tcp 203.0.113.10 19745
serve_actor far says77.log 203.0.113.10 2122 '227 it (203,0,113,10,77,33)'
section port77
check "a port 77,33" output_has '^probe 203\.0\.113\.10:19745 open' \
	actor h1 client 10.77.1.2 4700 203.0.113.10 2122 "${LOGIN[@]}" 'PASV\r\n' '?4700,203.0.113.10'
section_end
check "is no inside address" "$PYTHON3" "$ACTOR" judge "$WORK/port77.pcap" 2122 227 203.0.113.10 1

section static
all_clients "client behind a static entry" h1 10.77.1.2 203.0.113.10
section_end
check "the wire shows its global address" judge PORT 198.51.100.20 4 EPRT 198.51.100.20 4

section pool
all_clients "client with an address of a pool" h1 10.77.1.3 203.0.113.10
section_end
check "the wire shows the pool's address" judge PORT 192.0.2.1 4 EPRT 192.0.2.1 4

section overload
all_clients "client behind a shared address" h1 10.77.1.4 203.0.113.10
section_end
check "the wire shows the shared address" judge PORT 198.51.100.1 4 EPRT 198.51.100.1 4

section served
all_clients "server behind a static entry" far 203.0.113.10 198.51.100.20
section_end
check "the wire shows the server's global address" judge 227 198.51.100.20 4 229 198.51.100.20 4

section served_port
all_clients "server of which one port is known" far 203.0.113.10 198.51.100.1
section_end
check "the wire shows the address of that port" judge 227 198.51.100.1 4 229 198.51.100.1 4

# ---- hairpin: the client's and the server's wire

section client h2
section server h1
for mode in PORT EPRT 227 229; do
	check "hairpin: curl $mode" with_curl h2 10.77.2.2 $mode 198.51.100.20
done
check "hairpin: lftp PORT" with_lftp h2 10.77.2.2 PORT 198.51.100.20
section_end client
section_end server
check "the client's wire shows the server's global address" \
	"$PYTHON3" "$ACTOR" judge --inside "$WORK/client.pcap" 21 227 198.51.100.20 2 229 198.51.100.20 2
check "the server's wire shows the client's global address" \
	"$PYTHON3" "$ACTOR" judge --inside "$WORK/server.pcap" 21 PORT 198.51.100.1 3 EPRT 198.51.100.1 2

# ---- one control session, a hundred transfers

section hundred
check "100 transfers in one session, active" hundred h1 10.77.1.4 PORT 203.0.113.10
section_end
check "all announced in one session" output_has '^control sessions: 1$' judge PORT 198.51.100.1 100
section hundred_in
check "100 transfers in one session, server inside, passive" hundred far 203.0.113.10 227 198.51.100.20
section_end
check "all announced in one session" output_has '^control sessions: 1$' judge 227 198.51.100.20 100

trace_of() { # EVENT MESSAGE
	output_has "^.* ftp +$2 .* $1 " cli "show ip nat alg trace ftp"
}
for message in PORT EPRT 227 229; do
	check "the trace says that $message announced a connection" trace_of expect $message
	check "and that it came" trace_of came $message
done
counts_agree() { # whatever was announced has come, or is over, or waits
	cli "show ip nat alg ftp" | grep Expectations: >"$WORK/counts"
	cat "$WORK/counts"
	awk '{gsub(/,/, "")} END {exit !($2 >= 100 && $4 >= 100 && $2 == $4 + $6 + $8 + $10)}' "$WORK/counts"
}
check "what was announced, used, over and waiting add up" counts_agree

# ---- TLS: the gateway sees that it can not see

said_tls() { # TIMES
	[ "$(grep -c 'ftp ALG.*10\.77\.1\.4.*FTP over TLS' "$WORK/state.log")" = "$1" ]
}
next_put
check "AUTH TLS" curl_run h1 10.77.1.4 229 --ssl-reqd -k -o "$WORK/got" ftp://203.0.113.10/big
check "the file is whole" cmp "$WORK/got" "$ROOT/big"
check "counted" output_has '1 +encrypted from here on|encrypted from here on: 1' cli "show ip nat alg ftp"
check "said in the log" wait_for 30 said_tls 1

# ---- ABOR

check "a transfer broken off, the next one in the same session" \
	output_has "^$(sha256sum <"$ROOT/huge" | cut -d' ' -f1)" actor h1 abort 203.0.113.10 10.77.1.4 huge

# ---- which ports, and off

check_not "another port is not read" with_curl h1 10.77.1.4 PORT 203.0.113.10:2121
check "it is added" configure "ip nat service list 10 ftp tcp port 2121"
check "and read" with_curl h1 10.77.1.4 PORT 203.0.113.10:2121
check "it is taken away" configure "no ip nat service list 10 ftp tcp port 2121"
check_not "and not read" with_curl h1 10.77.1.4 PORT 203.0.113.10:2121

check "the gateway is switched off" configure "no ip nat service ftp"
section off
section off_inside h1
check_not "active mode fails without it" with_curl h1 10.77.1.4 PORT 203.0.113.10
check "passive mode to an outside server does not need it" with_curl h1 10.77.1.4 227 203.0.113.10
section_end off
section_end off_inside
check "not a byte is changed" "$PYTHON3" "$ACTOR" same "$WORK/off.pcap" "$WORK/off_inside.pcap" 21
check "it is switched on" configure "ip nat service ftp"
section on
section on_inside h1
check "active mode" with_curl h1 10.77.1.4 PORT 203.0.113.10
section_end on
section_end on_inside
check_not "bytes are changed (control)" "$PYTHON3" "$ACTOR" same "$WORK/on.pcap" "$WORK/on_inside.pcap" 21
SECTION=off
check_not "the judge of the wire sees the inside addresses that left without it (control)" judge
check "it names them" output_has '^inside address sent by .*198\.51\.100\.1.*PORT 10,77,1,4,' judge
# ---- attacks: an outside server that helps the attacker, and what a browser can be made to send

attacker
serve h2 h2port.log serve-tcp 0.0.0.0 4600

reached() { # LISTEN-PORT CHUNK...
	output_has '^reached from 203\.0\.113\.11' victim "$@"
}
ATTACKS=()
attack() { # TEXT LISTEN-PORT CHUNK...   begins; they all run at once
	victim "${@:2}" >"$WORK/attack.$2" 2>&1 &
	ATTACKS+=("$!:$2:$1")
}
not_reached() { # PID OUTPUT   nor did the server find anything open
	wait "$1"
	cat "$2"
	[ "$(tail -1 "$2")" = "not reached" ] && ! grep -q ' open' "$2"
}
check "an honest client is reached (control)" reached 4445 "${LOGIN[@]}" 'PORT 10,77,1,4,17,93\r\n'
check "by EPRT, too (control)" reached 4446 "${LOGIN[@]}" 'EPRT |1|10.77.1.4|4446|\r\n'
check "with odd numbers (control)" reached 4447 "${LOGIN[@]}" 'port  010,077,1,004,017,095\r\n'
check "in pieces (control)" reached 4448 "${LOGIN[@]}" 'PO' 'RT 10,7' '7,1,4,17,9' '6\r\n'
check "by LPRT (control)" reached 4464 "${LOGIN[@]}" 'LPRT 4,4,10,77,1,4,2,17,112\r\n'
attack "HTTP: PORT at the beginning of a segment" 4449 \
	'POST / HTTP/1.1\r\n' 'Host: 203.0.113.11:21\r\nContent-Length: 90\r\n\r\n' 'PORT 10,77,1,4,17,97\r\n'
attack "HTTP: likewise behind much padding" 4450 \
	"POST /$(head -c 1400 /dev/zero | tr '\0' a)" ' HTTP/1.1\r\n\r\n' 'EPRT |1|10.77.1.4|4450|\r\n'
attack "HTTP: a login before it" 4451 \
	'GET / HTTP/1.1\r\n' "${LOGIN[@]}" 'PORT 10,77,1,4,17,99\r\n'
attack "a TLS client" 4452 '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n' 'PORT 10,77,1,4,17,100\r\n'
attack "another host inside" 4453 "${LOGIN[@]}" 'PORT 10,77,2,2,17,248\r\n'
attack "by EPRT" 4454 "${LOGIN[@]}" 'EPRT |1|10.77.2.2|4600|\r\n'
attack "a port below 1024" 1022 "${LOGIN[@]}" 'PORT 10,77,1,4,3,254\r\n'
attack "port 0" 4455 "${LOGIN[@]}" 'PORT 10,77,1,4,0,0\r\n'
attack "a number above 255" 4456 "${LOGIN[@]}" 'PORT 10,77,1,4,273,104\r\n'
attack "a number that overflows" 4457 "${LOGIN[@]}" 'PORT 4294967306,77,1,4,17,105\r\n'
attack "a port above 65535" 4458 "${LOGIN[@]}" 'EPRT |1|10.77.1.4|69994|\r\n'
attack "a port with too many digits" 4459 "${LOGIN[@]}" 'EPRT |1|10.77.1.4|4294971755|\r\n'
attack "LPRT for another host inside" 4465 "${LOGIN[@]}" 'LPRT 4,4,10,77,2,2,2,17,248\r\n'
attack "LPRT with three bytes of a port" 4466 "${LOGIN[@]}" 'LPRT 4,4,10,77,1,4,3,0,17,114\r\n'
attack "a host outside, which the server is to connect to" 4467 "${LOGIN[@]}" 'PORT 203,0,113,1,17,115\r\n'
attack "in the middle of a line" 4460 "${LOGIN[@]}" 'NOOP PORT 10,77,1,4,17,108\r\n'
for one in "${ATTACKS[@]}"; do
	IFS=: read -r pid port text <<<"$one"
	check "$text" not_reached "$pid" "$WORK/attack.$port"
done

check "the server was told that host as it stood there" grep -F 'PORT 203,0,113,1,17,115' "$WORK/attacker.log"
check "control: and itself was told the global address" grep -F 'LPRT 4,4,198,51,100,1,2,17,112' "$WORK/attacker.log"

# A server inside whose answer names another host. What it names itself is let in (control).
serve_actor h2 self.log 10.77.2.3 21 '227 it (10,77,2,3,17,248)'
self=$!
PASV=PASV
passive() { # asks for a passive port and probes it and port 4700, on every global address
	actor far client 203.0.113.10 4701 198.51.100.22 21 "${LOGIN[@]}" "$PASV\r\n" \
		'?4700,198.51.100.1,198.51.100.20,198.51.100.22'
}
kept_out() {
	passive >"$WORK/passive" 2>&1
	cat "$WORK/passive"
	[ "$(grep -c '^probe .* closed' "$WORK/passive")" -ge 3 ] && ! grep -q '^probe .* open' "$WORK/passive"
}
check "a server inside that names itself (control)" output_has '^probe 198\.51\.100\.22:[0-9]+ open' passive
kill -9 $self
serve_actor h2 long.log 10.77.2.3 21 '228 it (4,4,10,77,2,3,2,17,248)'
self=$!
PASV=LPSV check "LPSV" output_has '^probe 198\.51\.100\.22:[0-9]+ open' passive
check "it names the global address" grep -F '228 it (4,4,198,51,100,22,2,' "$WORK/has"
kill -9 $self
serve h1 h1port.log serve-tcp 10.77.1.4 4700
serve_actor h2 other.log 10.77.2.3 21 '227 it (10,77,1,4,18,92)'
check "a server inside that names another host" kept_out

check "TLS was said once" said_tls 1

# ---- a transfer longer than the control connection may be idle

check "a short timeout" configure "do clear ip nat translation *" "ip nat translation tcp-timeout 6"
rm -f "$WORK/idle" "$WORK/idle.waits" "$WORK/first" "$WORK/second"
victim 4468 "${LOGIN[@]}" "@$WORK/idle" >"$WORK/idle.log" 2>&1 &
idle=$!
RATE=8000 LONG=90 lftp_run h1 10.77.1.4 PORT 203.0.113.10 "get /big -o $WORK/first; get /few/file15 -o $WORK/second" \
	>"$WORK/slow.log" 2>&1 &
transfer=$!
check "a transfer begins" wait_for 30 test -s "$WORK/first"
no_control() { # ADDRESS
	! cli "show ip nat translations" | tee "$WORK/entries" | grep -E "10\.77\.1\.4:.* $1:21( |\$)"
}
check "control: a connection without a transfer has gone" wait_for 30 no_control 203.0.113.11
check_not "that of the transfer has not" no_control 203.0.113.10
check "while it went on" test "$(stat -c %s "$WORK/first")" -lt "$(stat -c %s "$ROOT/big")"
touch "$WORK/idle"
wait $idle
wait $transfer
check "it is whole" cmp "$WORK/first" "$ROOT/big"
check "and so is the next one of the session" cmp "$WORK/second" "$ROOT/few/file15"
check "the timeout as it was" configure "no ip nat translation tcp-timeout 6"

# ---- unfinished checksums and super-packets from the host

captures_end
in_ns h1 ethtool -K eth0 tx on tso on gso on >/dev/null 2>&1
check "offload is on" output_has '^tcp-segmentation-offload: on' in_ns h1 ethtool -k eth0
section offload
for mode in PORT EPRT 227 229; do
	check "offload: curl $mode" with_curl h1 10.77.1.4 $mode 203.0.113.10
	check "offload, server inside: curl $mode" with_curl far 203.0.113.10 $mode 198.51.100.20
done
section_end
check "the wire shows global addresses" judge PORT 198.51.100.1 2 EPRT 198.51.100.1 2 227 198.51.100.20 2 229 198.51.100.20 2
check "every checksum good" checksums_good "$WORK/offload.pcap"

finish
