#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Media that are no plain RTP: TCP connections in every role of RFC 4145, MSRP, and ICE between two agents, each for a phone behind a
# shared address, with an address of its own, behind a shared pool and behind a static entry, the caller inside and outside.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../sip/lib.sh"
begin "SIP: media over TCP, MSRP and ICE"
sip_programs turnserver
sip_topology
sip_config >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
PYTHON3=/usr/bin/python3 # the one that Debian's python3-aioice is for
background out stun.log turnserver -n -S -z --no-tls --no-dtls --no-cli -L 203.0.113.1 -p 3478 --log-file stdout --simple-log \
	--pidfile "$WORK/stun.pid" --userdb "$WORK/stundb"
stun_listens() {
	in_ns out ss -Hlun "sport = :3478" | grep -q .
}
check "a STUN server outside" wait_for 30 stun_listens

for WAY in overload pool crowd static; do
	for kind in application image audio; do
		check "$WAY: TCP, m=$kind: every role, bytes both ways" wire_media tcp $kind
	done
	echo "# $WAY"
	check "MSRP: strict endpoints in every role find their own URIs, bodies are not touched" wire_media tcp message
	check "MSRP: such endpoints fail where nothing reads (control)" wire_media msrp_unread
	check "$WAY: ICE: the pair is of candidates as they were told" wire_media ice
	check "$WAY: ICE with STUN: both candidates are one mapping" wire_media ice_stun 203.0.113.1
done

# ---- left alone

check "bodies with ICE are left alone" configure "no ip nat service sip-ice"
for WAY in overload static; do
	check "$WAY: no such body is changed, the agents have their checks alone" wire_media ice_left
	check_not "$WAY: and are not told right (control)" wire_media ice
done
check "they are read again" configure "ip nat service sip-ice"
check "as before" wire_media ice

# ---- off

check "SIP is switched off" configure "no ip nat service sip udp port 5060"
without() {
	WAY=overload PATIENCE=5 wire_media tcp application
}
check_not "no connection comes in without the gateway (control)" without
finish
