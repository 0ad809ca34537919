#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Phones that are translated in each way there is: behind a shared address, with an address of a pool, behind a pool that is shared,
# behind a static entry. One judge for all, who reads every message at both ends; and phones that know their global address by
# themselves, whom shows tell from others.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../sip/lib.sh"
begin "SIP: each way of translation, and phones that know of it"
sip_programs sipp
sip_topology
sip_config >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"

shows() { # yes|no CALL-ID   whether its call is marked
	cli "show ip nat alg sip calls detail" | awk -v id="Call-ID $2" '/^Call-ID/ {it = $0 == id} it' >"$WORK/one"
	cat "$WORK/one"
	[ -s "$WORK/one" ] || return 1
	if grep -q '^  NAT-aware: ' "$WORK/one"; then [ "$1" = yes ]; else [ "$1" = no ]; fi
}

shows_registered() { # yes|no USER   likewise its registration
	cli "show ip nat alg sip registrations" | tee "$WORK/registrations" | grep "^sip:$2@\|^$2@" >"$WORK/one"
	cat "$WORK/registrations"
	[ "$(awk '{print $NF}' "$WORK/one")" = "$1" ]
}

aware_count() {
	cli "show ip nat alg sip" | sed -n 's/^  NAT-aware endpoints, left alone: //p'
}

for WAY in overload pool crowd static; do
	before=$(aware_count)
	check "$WAY: a phone that shows its local endpoint is translated" wire unaware "far$WAY"
	check "$WAY: and its call is not marked, its registration neither" shows no "far${WAY}call@phone.example"
	check "$WAY: likewise" shows_registered no "far$WAY"
	check "$WAY: nor is it counted" test "$(aware_count)" = "$before"
	check "$WAY: one that shows its global endpoint is left alone, media come at once" wire aware "near$WAY" yes
	check "$WAY: its call is marked" shows yes "near${WAY}call@phone.example"
	check "$WAY: so is its registration" shows_registered yes "near$WAY"
	check "$WAY: and it is counted" test "$(aware_count)" -gt "$before"
done

# What overload does not get in sip_tcp.sh.
for WAY in pool crowd static; do
	check "$WAY: INVITE and 200, and the same again" wire message
	check "$WAY: folded header fields" wire folded
	check "$WAY: several values in a field, names and IPv6 among them" wire many_values
	check "$WAY: received and rport are taken back" wire rport
	check "$WAY: a message in fragments" wire large
	check "$WAY: INVITE and 200 in two segments, cut at every seventh offset" wire cut 7
	check "$WAY: one byte in a segment" wire bytes
	check "$WAY: several messages and keepalives in one segment" wire pipelined
	check "$WAY: a message of several segments" wire large_tcp
	check "$WAY: a phone is called by the connection with which it registered" wire reused
	check "$WAY: datagrams that are not SIP are not changed" wire foreign
	check "$WAY: a stream that is not SIP is not changed" wire foreign_tcp
	check "$WAY: a registered phone is called" wire registered 0
	[ $WAY = static ] || check "$WAY: a stranger does not reach a medium" wire attacked
done
WAY=static
check_not "static: a stranger reaches all of the host, as the entry says" wire attacked

sip_check crowd basic,callee-ends,early-media,hold-zero,new-port,update-early,forked-early,fax-both-lines,two-media,refer-blind:crowd:in,out:udp \
	basic,offer-in-200,large:crowd:in,out:tcp
finish
