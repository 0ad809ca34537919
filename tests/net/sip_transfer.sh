#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Transfers, blind and attended, among three phones that have registered with a proxy outside: two inside and one outside, one inside
# and two outside, each in every role, behind a shared address, a pool, a shared pool and a static entry. The proxy is kamailio.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../sip/lib.sh"
. "$(dirname "$0")/../sip/phones.sh"
begin "SIP: transfers"
sip_programs kamailio
sip_topology
PROXY=203.0.113.1
sip_config >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
check "proxy starts" proxy_start out $PROXY

transfers() { # NAME ANN CID
	"$PYTHON3" "$SIP/transfer.py" "$NET" $PROXY "$2" "$3" >"$WORK/$1.transfers" 2>"$WORK/$1.errors"
	cat "$WORK/$1.errors"
	[ "$(wc -l <"$WORK/$1.transfers")" = 24 ]
}

transferred() { # NAME RUN
	grep "^$2 " "$WORK/$1.transfers"
	grep -qFx "$2 ok" "$WORK/$1.transfers"
}

transfers_check() { # NAME ANN CID
	local run
	check "$1: all transfers are tried" transfers "$@"
	while read -r run _; do
		check "$1: $run" transferred "$1" "$run"
	done <"$WORK/$1.transfers"
}

transfers_check shared,shared 10.77.1.30 10.77.2.2
transfers_check pool,static 10.77.1.150 10.77.2.30
transfers_check crowd,static 10.77.1.210 10.77.2.31

calls_over() {
	cli "show ip nat alg sip" | tee "$WORK/sip" | grep -q '^  Calls: 0 begun, 0 answered, '
	local status=$?
	cat "$WORK/sip"
	return $status
}
check "no call is left" wait_for 30 calls_over
named_outside() {
	packets "$WORK/outside.pcap" "sip && eth.src == $ROUTER_MAC && frame contains \"10.77.\"" | head
}
none_named() {
	captured "$WORK/outside.pcap" "sip.Method == \"REFER\" && eth.src == $ROUTER_MAC" && [ -z "$(named_outside)" ]
}
check "no message outside names an inside address" none_named

# ---- without the gateway

check "SIP is switched off" configure "no ip nat service sip udp port 5060"
off() {
	PATIENCE=2 transfers off 10.77.1.31 10.77.2.3 && grep ' ok$' "$WORK/off.transfers"
}
check_not "no transfer comes to its end (control)" off
finish
