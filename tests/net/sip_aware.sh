#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Phones that look after NAT by themselves, real ones: baresip with STUN says where its media are seen from outside, and is left alone;
# two with ICE find each other by candidates that are translated, and by their checks where bodies with ICE are left as they are.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../sip/lib.sh"
. "$(dirname "$0")/../sip/phones.sh"
begin "SIP: phones with STUN and ICE"
sip_programs baresip kamailio turnserver
topology
PROXY=203.0.113.1
config_overload >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
check "proxy starts" proxy_start out $PROXY
background out stun.log turnserver -n -S -z --no-tls --no-dtls --no-cli -L $PROXY -p 3478 --log-file stdout --simple-log \
	--pidfile "$WORK/stun.pid" --userdb "$WORK/stundb"
stun_listens() {
	in_ns out ss -Hlun "sport = :3478" | grep -q .
}
check "a STUN server outside" wait_for 30 stun_listens
STUN="stunserver=\"stun:$PROXY:3478\""

marks() { # HOW-MANY   calls that are up and marked as of a NAT-aware phone
	cli "show ip nat alg sip calls detail" | awk '/^Call-ID/ {up = 0} /^  State: answered/ {up = 1} up' >"$WORK/calls"
	cat "$WORK/calls"
	grep -q '^  State: answered' "$WORK/calls" && [ "$(grep -c '^  NAT-aware: ' "$WORK/calls")" = "$1" ]
}

# ---- STUN

stun_phones() {
	phone ann h1 10.77.1.2 $PROXY 400 ";medianat=stun;$STUN" && phone cid h2 10.77.2.2 $PROXY 1500 && phone bob far 203.0.113.10 $PROXY 1000
}
check "phones start, one with STUN" stun_phones
for name in ann bob cid; do check "$name is registered" wait_for 30 registered $name; done
call "STUN, out" ann 400 bob 1000
check "its call is marked" marks 1
said_global() {
	captured "$WORK/inside.pcap" 'ip.src == 10.77.1.2 && sdp.connection_info.address == "198.51.100.1"'
}
check "it said its global address by itself" wait_for 10 said_global
check "the caller hangs up" hung_up ann bob
call "STUN, in" bob 1000 ann 400
check "its call is marked" marks 1
check "the caller hangs up" hung_up bob ann
call "without STUN, out" cid 1500 bob 1000
check "that call is not (control)" marks 0
check "the caller hangs up" hung_up cid bob
for name in ann bob cid; do phone_stop $name; done

# ---- ICE

ice_phones() {
	phone ann h1 10.77.1.2 $PROXY 400 ";medianat=ice;$STUN" && phone bob far 203.0.113.10 $PROXY 1000 ";medianat=ice;$STUN"
}
candidates() { # WIRE SOURCE ADDRESS   the source, on that wire, said that candidate
	packets "$WORK/$1.pcap" "ip.src == $2 && sip && sdp" -T fields -e sdp.media_attr | grep -E "candidate:[^,]* $3 [0-9]+ typ host"
}
check "phones start, with ICE" ice_phones
for name in ann bob; do check "$name is registered" wait_for 30 registered $name; done
call "ICE, out" ann 400 bob 1000
check "the caller hangs up" hung_up ann bob
call "ICE, in" bob 1000 ann 400
check "the caller hangs up" hung_up bob ann
check "ann names herself" candidates inside 10.77.1.2 10.77.1.2
check "which is the global address outside" candidates outside 198.51.100.1 198.51.100.1
check_not "and nothing else" candidates outside 198.51.100.1 10.77.1.2
check "bodies with ICE are left alone" configure "no ip nat service sip-ice"
call "ICE left alone, out" ann 400 bob 1000
check "the caller hangs up" hung_up ann bob
check "then ann's candidates are as she wrote them (control)" candidates outside 198.51.100.1 10.77.1.2
finish
