#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# FTP over wires that lose, reorder, double and chop, on both sides of the router; and a daemon that is killed while files and
# messages are under way. Files are compared byte for byte, tshark tells what the outside wire showed (as in ftp.sh).
# Takes long.
. "$(dirname "$0")/lib.sh"
. "$HERE/lib-wires.sh"
. "$HERE/lib-ftp.sh"
begin "FTP over bad wires"
ftp_programs vsftpd curl lftp openssl

# ---- the network: what goes from or to h2 and lossy crosses a relay

topology
wires_make
ip -n "${NET}h1" address add 10.77.1.4/24 dev eth0
check "relays" relays

ftp_files
servers() {
	ftp_server far 203.0.113.10 21 && ftp_server lossy 198.18.1.10 21 && ftp_server h2 10.77.2.2 21
}
check "servers" servers
{
	config_overload
	echo "ip nat inside source static tcp 10.77.2.2 21 198.51.100.1 21"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"

# ---- bad wires, both sides of the router

LONG=120
wires chop=21 >/dev/null
section chopped
for mode in PORT EPRT 227 229; do
	check "segments of one byte: curl $mode" with_curl h2 10.77.2.2 $mode 198.18.1.10
	check "segments of one byte, server inside: curl $mode" with_curl lossy 198.18.1.10 $mode 198.51.100.1
done
section_end
check "they were" wires_did 'chop=[1-9][0-9][0-9]'
check "the wire shows global addresses" judge PORT 198.51.100.1 2 EPRT 198.51.100.1 2 227 198.51.100.1 2 229 198.51.100.1 2

wires loss=5 reorder=5 duplicate=2 >/dev/null
section lossy
for mode in PORT EPRT 227 229; do
	check "loss and reordering: curl $mode" with_curl h2 10.77.2.2 $mode 198.18.1.10
	check "loss and reordering, server inside: curl $mode" with_curl lossy 198.18.1.10 $mode 198.51.100.1
done
check "loss and reordering: many transfers in one session" mirror few h2 10.77.2.2 PORT 198.18.1.10
check "the wires were bad" wires_did 'loss=[1-9][0-9].* reorder=[1-9][0-9].* duplicate=[1-9]'
# In pieces of which some are always lost, each message waits for a timeout: handshakes are spared, so that it is a short one.
wires chop=21 loss=5 reorder=5 duplicate=2 ports=21 handshake=0 >/dev/null
check "and in segments of one byte" with_curl h2 10.77.2.2 PORT 198.18.1.10
check "and in segments of one byte, server inside" with_curl lossy 198.18.1.10 227 198.51.100.1
check "the wires were bad and chopped" wires_did 'loss=[1-9].* chop=[1-9][0-9]'
section_end
check "the wire shows global addresses, and what was sent again was the same" \
	judge PORT 198.51.100.1 22 EPRT 198.51.100.1 2 227 198.51.100.1 2 229 198.51.100.1 2
LONG=

# ---- kill -9, in the middle of a transfer, and of a message

attacker
section killed
rm -f "$WORK/first" "$WORK/second" "$WORK/go" "$WORK/go.waits"
RATE=13000 LONG=90 lftp_run h1 10.77.1.4 PORT 203.0.113.10 \
	"get /big -o $WORK/first; get /big -o $WORK/second" >"$WORK/killed.log" 2>&1 &
transfer=$!
victim 4461 "${LOGIN[@]}" 'PORT 10,77,1,4,' "@$WORK/go" '17,109\r\n' >"$WORK/half.log" 2>&1 &
half=$!
check "a message is under way" wait_for 60 test -e "$WORK/go.waits"
check "a transfer is, too" wait_for 60 test -s "$WORK/first"
daemon_signal KILL
check "both are when the daemon dies" test "$(stat -c %s "$WORK/first")" -lt "$(stat -c %s "$ROOT/big")"
sleep 2
check "it is started again" daemon_start "$WORK/config"
touch "$WORK/go"
check "the transfer goes on, and the next one of the session" ended $transfer "$WORK/killed.log"
check "the first is whole" cmp "$WORK/first" "$ROOT/big"
check "the second is whole" cmp "$WORK/second" "$ROOT/big"
check "the message's second half came" ended $half "$WORK/half.log"
check "its port was reached" grep -q '^reached from 203\.0\.113\.11' "$WORK/half.log"
section_end
check "two control sessions, announced right" output_has '^control sessions: 2$' judge PORT 198.51.100.1 3

section storm
rm -rf "$WORK/mirror"
TOTAL_RATE=12000 LONG=120 hundred h1 10.77.1.4 PORT 203.0.113.10 >"$WORK/storm.log" 2>&1 &
transfer=$!
arrived() { # LEAST
	[ "$(find "$WORK/mirror" -type f 2>/dev/null | wc -l)" -ge "$1" ]
}
storm() { # kills the daemon whenever so many files have come; the last must not have come then
	local least missed=0
	for least in 10 30 50; do
		wait_for 60 arrived $least || return 1
		daemon_signal KILL
		arrived 100 && missed=1
		daemon_start "$WORK/config" || return 1
	done
	return $missed
}
check "killed three times within a hundred transfers" storm
check "all hundred are whole" ended $transfer "$WORK/storm.log"
section_end
check "in one session" output_has '^control sessions: 1$' judge PORT 198.51.100.1 100

finish
