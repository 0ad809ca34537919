#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Overload with offloads on, as real machines have them: GSO packets and unfinished checksums reach the daemon.
. "$(dirname "$0")/lib.sh"
OFFLOAD=on SNAPLEN=200
begin "overload with segmentation and checksum offload"
topology
config_overload >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"
serve far tcp.log serve-tcp 0.0.0.0 7000
serve far udp.log serve-udp 0.0.0.0 7001
serve far burst.log serve-burst 0.0.0.0 7003
serve far sip.log serve-udp 0.0.0.0 5060
serve router own.log serve-tcp 198.51.100.1 2222
iperf_server far
check "TCP echo of 8 megabytes" peer h1 tcp 203.0.113.10 7000 8000000
check "UDP echo" peer h1 udp 203.0.113.10 7001
check "iperf3 up" iperf h1 far -c 203.0.113.10 -n 64M
check "iperf3 down" iperf h1 far -R -c 203.0.113.10 -n 64M
check "iperf3 UDP" iperf h1 far -u -b 20M -t 1 -c 203.0.113.10
check "datagrams in one piece, both ways" peer h1 burst 203.0.113.10 7003 40 1200
check "control: so they came to the router" captured "$WORK/inside.pcap" 'udp.dstport == 7003 && ip.len > 1500'
check "and as many as they are left it" \
	[ "$(packets "$WORK/outside.pcap" 'udp.dstport == 7003' -T fields -e udp.length | sort | uniq -c | tr -s ' ')" = ' 39 1208
 1 608' ]
vias() { # SENT-BY   how many of the requests outside say so
	packets "$WORK/outside.pcap" "udp.dstport == 5060 && frame contains \"UDP $1:\"" | wc -l
}
check "messages in one piece that a gateway reads" peer h1 sip-burst 203.0.113.10 5060 5
check "control: so they came to the router" captured "$WORK/inside.pcap" 'udp.dstport == 5060 && ip.len > 1000'
check "each is read" [ "$(vias 198.51.100.1) $(vias 10.77.1.2)" = '5 0' ]
check "and it is said that they came so" output_has 'several datagrams in one that have to be seen one by one +1$' \
	cli "show ip nat statistics"
check "control: without the gateway" configure "no ip nat service sip udp port 5060"
check "they pass as they are" peer h1 sip-burst 203.0.113.10 5060 5
check "with what they say" [ "$(vias 198.51.100.1) $(vias 10.77.1.2)" = '5 5' ]
check "the router's own TCP service, from outside" peer far tcp 198.51.100.1 2222 1000000
check "and from inside" peer h1 tcp 198.51.100.1 2222 1000000
check "packets larger than the MTU were seen (offload was on)" captured "$WORK/inside.pcap" 'ip.len > 1500'
finish
