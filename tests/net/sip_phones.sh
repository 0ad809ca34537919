#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Real phones and a real proxy: baresip plays a tone at each end and writes down what it hears, which is measured; kamailio,
# outside and then inside, registers them and stays in the path, and knows nothing of NAT.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../sip/lib.sh"
. "$(dirname "$0")/../sip/phones.sh"
begin "SIP: phones and a proxy"
sip_programs baresip kamailio
topology
PROXY=203.0.113.1
{
	config_overload
	echo "ip nat inside source static 10.77.2.2 198.51.100.20"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
check "proxy starts" proxy_start out $PROXY

phones() { # PARAMETERS   ann behind the shared address, cid behind a static entry, bob outside
	phone ann h1 10.77.1.2 $PROXY 400 "$@" && phone cid h2 10.77.2.2 $PROXY 1500 "$@" && phone bob far 203.0.113.10 $PROXY 1000 "$@"
}

# An ACK that goes astray is the end of a call after 32 s. To each 200 that crosses a wire one comes back on it. (How often a 200 is
# said before is a matter of how busy the machine is.)
acknowledged() { # FILE
	packets "$1" 'sip.CSeq.method == "INVITE" && sip.Status-Code == 200' -T fields -e sip.Call-ID -e sip.CSeq.seq -e ip.src |
		sort -u >"$WORK/answers"
	packets "$1" 'sip.Method == "ACK"' -T fields -e sip.Call-ID -e sip.CSeq.seq -e ip.dst | sort -u >"$WORK/acks"
	cat "$WORK/answers"
	[ -s "$WORK/answers" ] && [ -z "$(comm -23 "$WORK/answers" "$WORK/acks" | tee "$WORK/astray")" ]
}

# Each end sent a report to where the other said, and the router let it through, to the very port that was announced.
rtcp_both() {
	packets "$WORK/outside.pcap" "udp && eth.src == $ROUTER_MAC && ip.dst == 203.0.113.10 && udp.dstport != 5060" -T fields -e udp.dstport -e udp.payload |
		awk '$2 ~ /^8.c[89]/ {print $1}' | sort -u | tee "$WORK/rtcp.out"
	packets "$WORK/inside.pcap" "udp && ip.src == 203.0.113.10 && udp.dstport != 5060" -T fields -e udp.dstport -e udp.payload |
		awk '$2 ~ /^8.c[89]/ {print $1}' | sort -u | tee "$WORK/rtcp.in"
	[ -s "$WORK/rtcp.out" ] && [ -s "$WORK/rtcp.in" ]
}

none_outside() { # RTP between the router's addresses and themselves, or to inside ones
	! sees "$WORK/outside.pcap" "udp && eth.src == $ROUTER_MAC && !icmp && ip.dst == 198.51.100.0/24 && ip.dst != 198.51.100.2"
}

transferred() {
	local before
	before=$(grep -c 'Call established' "$WORK/phone.cid.log")
	phone_do ann transfer "sip:cid@$PROXY" && wait_for 30 established cid $((before + 1))
}

both_hear() {
	hears_now ann 1000 && hears_now bob 400
}

# ---- UDP

check "phones start" phones ""
for name in ann bob cid; do check "$name is registered" wait_for 30 registered $name; done
call "UDP, out" ann 400 bob 1000
check "RTCP leaves by the announced port, and comes in" wait_for 30 rtcp_both
check "held" phone_do ann hold
sleep 1
check "resumed" phone_do ann resume
sleep 1.5
check "after that ann hears bob" goes_on_hearing ann 1000
check "and bob hears ann" goes_on_hearing bob 400
check "the caller hangs up" hung_up ann bob
call "UDP, in" bob 1000 ann 400
check "the callee hangs up" hung_up ann bob
call "UDP, in to a static entry" bob 1000 cid 1500
check "the caller hangs up" hung_up bob cid
call "both inside" ann 400 cid 1500
check "their media do not cross the outside wire" none_outside
check "the caller hangs up" hung_up ann cid

# ---- transfer

call "before the transfer" bob 1000 ann 400
check "ann transfers bob to cid" transferred
check "cid hears bob" wait_for 30 hears cid 1000
check "bob hears cid" goes_on_hearing bob 1500
check "bob hangs up" hung_up bob cid

# Two outside, one inside: bob transfers ann to dan.
check "a phone more outside" phone dan out 198.51.100.2 $PROXY 2000
check "dan is registered" wait_for 30 registered dan
call "before that transfer" ann 400 bob 1000
transferred_out() {
	phone_do bob transfer "sip:dan@$PROXY" && wait_for 30 established dan 1
}
check "bob transfers ann to dan" transferred_out
check "dan hears ann" wait_for 30 hears dan 400
check "ann hears dan" goes_on_hearing ann 2000
check "ann hangs up" hung_up ann dan
phone_stop dan

# ---- a registration outlives the timeout of UDP; a call outlives the daemon

check "translations of UDP live for 3 s" configure "ip nat translation udp-timeout 3"
sleep 6
call "after silence" bob 1000 ann 400
kill_daemon() {
	kill -9 "$DAEMON"
	wait_for 30 daemon_gone && daemon_start "$WORK/config"
}
check "the daemon is killed and started" kill_daemon
sleep 1.5
check "ann goes on hearing bob" goes_on_hearing ann 1000
check "bob goes on hearing ann" goes_on_hearing bob 400
check "the call ends" hung_up bob ann
for wire in inside outside; do check "each 200 was acknowledged: $wire" acknowledged "$WORK/$wire.pcap"; done
for name in ann bob cid; do phone_stop $name; done

# ---- TCP

check "UDP's timeout is what it was" configure "no ip nat translation udp-timeout"
check "phones start, over TCP" phones ";transport=tcp"
for name in ann bob cid; do check "$name is registered" wait_for 30 registered $name; done
call "TCP, out" ann 400 bob 1000
check "the caller hangs up" hung_up ann bob
call "TCP, in" bob 1000 ann 400
check "the caller hangs up" hung_up bob ann
call "TCP, both inside" ann 400 cid 1500
check "the caller hangs up" hung_up ann cid
for name in ann bob cid; do phone_stop $name; done

# ---- the proxy inside, known outside by a static entry

kill "$PROXY_PID"
check "the proxy is gone" wait_for 30 daemon_gone "$PROXY_PID"
check "a proxy starts inside" proxy_start h2 10.77.2.2
inside_phones() {
	phone ann h1 10.77.1.2 10.77.2.2 400 && phone bob far 203.0.113.10 198.51.100.20 1000
}
check "phones start" inside_phones
for name in ann bob; do check "$name is registered" wait_for 30 registered $name; done
REGISTRAR=10.77.2.2
call "proxy inside, out" ann 400 bob 1000
check "the caller hangs up" hung_up ann bob
REGISTRAR=198.51.100.20
call "proxy inside, in" bob 1000 ann 400
check "the callee hangs up" hung_up ann bob

# ---- without the gateway: nothing of it works

check "SIP is switched off" configure "no ip nat service sip udp port 5060"
phone_do bob dial sip:ann@198.51.100.20 >/dev/null
sleep 3
check_not "ann hears nothing or bob hears nothing (control)" both_hear
finish
