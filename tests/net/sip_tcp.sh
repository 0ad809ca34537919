#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIP over TCP: the calls of sip.sh, and streams cut at every offset, byte by byte, several messages in a segment, long
# messages; then what is not SIP on its ports, which passes as it is, and each message over UDP that is written in a
# peculiar way.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../sip/lib.sh"
begin "SIP: TCP, and messages byte by byte"
sip_programs sipp
sip_topology
{
	sip_config
	echo "ip nat service allow-multipart"
	echo "ip nat translation udp-timeout 4"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"

# It takes 32 s until no retransmission can come, and the others go on meanwhile.
wire unregistered 38 >"$WORK/unregistered" 2>&1 &
UNREGISTERED=$!

check "INVITE and 200 in two segments, cut at every offset" wire cut
check "one byte in a segment" wire bytes
check "several messages and keepalives in one segment" wire pipelined
check "a message of several segments" wire large_tcp
check "a phone is called by the connection with which it registered" wire reused
check "a stream that is not SIP is not changed" wire foreign_tcp
check "datagrams that are not SIP are not changed" wire foreign
check "INVITE and 200, and the same again" wire message
check "folded header fields" wire folded
check "several values in a field, names and IPv6 among them" wire many_values
check "received and rport are taken back" wire rport
check "a message in fragments" wire large
check "a stranger does not reach a medium" wire attacked

sip_check shared all:overload:in:tcp
sip_check static all:static:out:tcp basic,early-media,new-port,offer-in-200,refer-blind,large:static:in:tcp
sip_check pool basic,new-port-by-callee,large:pool:in,out:tcp

# ---- off and on

for way in udp tcp; do check "SIP over $way is switched off" configure "no ip nat service sip $way port 5060"; done
check "no message is changed" wire untouched
for way in udp tcp; do check "SIP over $way is switched on" configure "ip nat service sip $way port 5060"; done
check_not "they are again (control)" wire untouched
check "other ports are not read" wire elsewhere 5070 no
check "a port is added" configure "ip nat service sip udp port 5070"
check "it is read" wire elsewhere 5070 yes
check "and taken away" configure "no ip nat service sip udp port 5070"
check "it is not read" wire elsewhere 5070 no

# ---- registrations

unregistered() {
	wait $UNREGISTERED
	local status=$?
	cat "$WORK/unregistered"
	return $status
}
check "a registered phone is called when translations would be gone" wire registered 9 60
check "one whose registrar granted 4 s is not (control)" wire registered 12 4 no 6
check "one that took its registration back is not" unregistered
finish
