#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Interface overload: everyday programs from inside to outside, with checksums verified.
. "$(dirname "$0")/lib.sh"
begin "interface overload"
topology
config_overload >"$WORK/config"
check "daemon starts from a startup-config" daemon_start "$WORK/config"

serve far tcp.log serve-tcp 0.0.0.0 7000
serve far udp.log serve-udp 0.0.0.0 7001
serve far name.log peername 0.0.0.0 7002
mkdir -p "$WORK/www"
head -c 3000000 /dev/urandom >"$WORK/www/file"
background far http.log "$PYTHON3" -m http.server -d "$WORK/www" 80
iperf_server far
wait_for 30 listens far 80

check "ping" in_ns h1 ping -c 3 -i 0.2 -W 30 203.0.113.10
check "ping with 1400 bytes" in_ns h1 ping -c 2 -i 0.2 -W 30 -s 1400 203.0.113.10
check "two hosts ping with the same identifier" bash -c "
	ip netns exec ${NET}h1 ping -e 77 -c 3 -i 0.3 -W 30 203.0.113.10 & one=\$!
	ip netns exec ${NET}h2 ping -e 77 -c 3 -i 0.3 -W 30 203.0.113.10 && wait \$one"
check "TCP echo" peer h1 tcp 203.0.113.10 7000
check "TCP echo of a megabyte" peer h1 tcp 203.0.113.10 7000 1000000
check "UDP echo" peer h1 udp 203.0.113.10 7001
check "the server sees the interface address" output_has '^198\.51\.100\.1 ' peer h1 tell-peername 203.0.113.10 7002
check "curl fetches a file whole" bash -c "
	ip netns exec ${NET}h1 curl -sf http://203.0.113.10/file | cmp - $WORK/www/file"
check "traceroute (UDP) sees all three hops" output_has '3 +203\.0\.113\.10' \
	in_ns h1 traceroute -n -w 30 -q 1 203.0.113.10
check "traceroute names the router by its inside address" output_has '1 +10\.77\.1\.1' cat "$WORK/has"
check "traceroute -I sees all three hops" output_has '3 +203\.0\.113\.10' \
	in_ns h1 traceroute -I -n -w 30 -q 1 203.0.113.10
check "traceroute -T sees all three hops" output_has '3 +203\.0\.113\.10' \
	in_ns h1 traceroute -T -p 7000 -n -w 30 -q 1 203.0.113.10
check "tracepath arrives" output_has 'reached' in_ns h1 tracepath -n -m 5 203.0.113.10
check "a UDP datagram keeps its source port" bash -c "
	ip netns exec ${NET}h1 $PYTHON3 $PEER udp 203.0.113.10 7001 33333"
check "and the table shows it" output_has '^udp +198\.51\.100\.1:33333 +10\.77\.1\.2:33333 +203\.0\.113\.10:7001 +203\.0\.113\.10:7001' \
	cli "show ip nat translations"
check "both hosts may use one source port" peer h2 udp 203.0.113.10 7001 33333
check "200 concurrent TCP clients" output_has '^200 of 200' peer h1 many 203.0.113.10 7000 200
check "iperf3 up" iperf h1 far -c 203.0.113.10 -n 8M
check "iperf3 down" iperf h1 far -R -c 203.0.113.10 -n 8M
check "iperf3 UDP" iperf h1 far -u -b 10M -t 1 -c 203.0.113.10
check "totals add up" output_has 'Total number of translations: [1-9][0-9]*' cli "show ip nat translations total"
check "statistics name both sides" output_has 'Outside interfaces' cli "show ip nat statistics"

# Outside cannot come in without a flow. The inside capture must show nothing of it.
serve h1 inside.log serve-tcp 0.0.0.0 7003
check_not "outside cannot open a connection to the router's address" peer far tcp 198.51.100.1 7003
ip -n "${NET}out" route add 10.77.0.0/16 via 198.51.100.1
check_not "nor to an inside address it has a route to" in_ns out timeout 5 "$PYTHON3" "$PEER" udp 10.77.1.2 7003
ip -n "${NET}out" route del 10.77.0.0/16
check "clear ip nat translation *" cli "clear ip nat translation *"
check "leaves none" output_has 'Total number of translations: 0' cli "show ip nat translations"
check "and new ones are made" peer h1 tcp 203.0.113.10 7000
finish
