#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIP over UDP between real endpoints: sipp on both sides plays every kind of call, the caller inside and outside, behind a
# static entry, a pool and a shared address, many at once. Each call's media are sent by both parties where the descriptions
# say, RTP and RTCP, and have to be heard there and come from where they were announced. What each party reads names nothing
# of the other side of the router.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../sip/lib.sh"
begin "SIP: calls over UDP"
sip_programs sipp
sip_topology
{
	sip_config
	echo "ip nat service allow-multipart"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"

sip_check shared all:overload:in,out:udp
sip_check static all:static:in,out:udp
sip_check pool basic,early-media,hold-zero,new-port-by-callee,update-early,offer-in-200,forked-early,fax-new-port,two-media:pool:in,out:udp

sip_clean() { # FILE [SENDER]   what tshark reads on the wire
	local found
	captured "$1" sip || { echo "no SIP in $1"; return 1; }
	found=$(packets "$1" 'sip && !isup && _ws.malformed' && packets "$1" "eth.src == ${2:-$ROUTER_MAC} && sdp &&
		(sdp.connection_info.address contains \"10.77.\" || sdp.owner.address contains \"10.77.\")")
	[ -z "$found" ] || { echo "$found" | head; return 1; }
}
check "tshark: no description names an inside address, no message is malformed" sip_clean "$WORK/outside.pcap"
check_not "on the inside wire they do (control)" sip_clean "$WORK/inside.pcap" "$(in_ns h1 cat /sys/class/net/eth0/address)"

# ---- multipart bodies are left alone unless asked for

check "multipart is switched off" configure "no ip nat service allow-multipart"
sip_calls without --patience 30 multipart:overload:in:udp basic:static:in:udp
check_not "a multipart call has no media then" sip_result without multipart.overload.in.udp
check "another one has" sip_result without basic.static.in.udp
check "the log names the command" wait_for 30 grep -q 'ip nat service allow-multipart' "$WORK/state.log"

# ---- off: calls are what they are without a gateway, at once

check "SIP is switched off" configure "no ip nat service sip udp port 5060"
sip_calls off --patience 8 basic:overload:in,out:udp basic:static:in,out:udp
for run in overload.in overload.out static.in static.out; do
	check_not "without the gateway: basic.$run (control)" sip_result off "basic.$run.udp"
done
check "SIP is switched on" configure "ip nat service sip udp port 5060"
sip_check on basic:overload:in,out:udp
finish
