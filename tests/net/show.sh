#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Show, clear and limits under real traffic: what is shown was translated, what is cleared ends, what is limited stays within
# its limit while others and what is alive go on.
. "$(dirname "$0")/lib.sh"
begin "show, clear, limits"
topology
{
	config_base
	echo "ip nat inside source list 1 interface out0 overload"
	echo "ip nat inside source static 10.77.2.2 198.51.100.20"
	echo "ip nat inside source static 10.77.2.2 198.51.100.21 no-alias"
} >"$WORK/refused"
{
	config_base
	echo "ip nat inside source list 1 interface out0 overload"
	echo "ip nat inside source static 10.77.2.2 198.51.100.20 extendable"
	echo "ip nat inside source static 10.77.2.2 198.51.100.21 extendable no-alias"
} >"$WORK/config"
total() { # SHOW-ARGUMENTS...   how many translations
	cli "show ip nat translations $* total" | sed -n 's/^Total number of translations: //p'
}
total_is() { # NUMBER SHOW-ARGUMENTS...
	local want=$1 n
	shift
	n=$(total "$@")
	echo "$* $n, not $want"
	[ "$n" = "$want" ]
}
arp_answers() { # ADDRESS   somebody on the outside wire says that it is his
	ip -n "${NET}out" neigh flush dev eth0
	in_ns out ping -c 1 -W 10 "$1" >/dev/null
	ip -n "${NET}out" neigh show "$1" dev eth0
	ip -n "${NET}out" neigh show "$1" dev eth0 | grep -q lladdr
}
sent_all() { # LOG   the steady client's words: all came back
	wait_for 30 grep -q '^sent' "$1"
	cat "$1"
	awk '/^sent/ {found = 1; if ($2 + 0 != $4 + 0) exit 1} END {exit !found}' "$1"
}

check_not "two entries of one host need extendable" "$ALGATED" --check -f "$WORK/refused"
check "daemon starts" daemon_start "$WORK/config"
serve far tcp.log serve-tcp 0.0.0.0 7000
serve far udp.log serve-udp 0.0.0.0 7001
serve far name.log peername 0.0.0.0 7002

# ---- extendable, no-alias
serve h2 h2.log serve-tcp 0.0.0.0 7010
check "the first global address reaches the host" peer out tcp 198.51.100.20 7010
check "Linux answers ARP for it" arp_answers 198.51.100.20
check_not "no-alias: nobody answers ARP for the second one" arp_answers 198.51.100.21
ip -n "${NET}out" neigh replace 198.51.100.21 lladdr $ROUTER_MAC dev eth0
check "yet who knows the way reaches the host there too" peer out tcp 198.51.100.21 7010
check "aliases: the first one" output_has '^Dynamic +198\.51\.100\.20$' cli "show ip aliases"
check_not "aliases: not the second one" output_has '198\.51\.100\.21' cli "show ip aliases"

# ---- filters and clear
cli "clear ip nat translation *" >/dev/null
check "a TCP connection" peer h1 tcp 203.0.113.10 7000
check "two UDP flows" bash -c "
	ip netns exec ${NET}h1 $PYTHON3 $PEER udp 203.0.113.10 7001 5001 && ip netns exec ${NET}h1 $PYTHON3 $PEER udp 203.0.113.10 7001 5002"
check "by protocol" total_is 2 udp
check "by inside local address" total_is 3 inside local 10.77.1.2
check "by inside global address" total_is 3 inside global 198.51.100.1
check "by outside address and protocol" total_is 1 outside 203.0.113.10 tcp
check "by range" total_is 3 filter range outside global 203.0.113.0 203.0.113.255
check "control: nothing of another host" total_is 0 inside local 10.77.2.3
check "access list counts flows" output_has '10 permit 10\.77\.0\.0, wildcard bits 0\.0\.255\.255 \([0-9]+ matches\)' cli "show access-lists 1"
check "clear one UDP flow" cli "clear ip nat translation udp inside 198.51.100.1 5001 10.77.1.2 5001 outside 203.0.113.10 7001 203.0.113.10 7001"
check "it is gone" total_is 1 udp
check_not "it cannot be cleared twice" cli "clear ip nat translation udp inside 198.51.100.1 5001 10.77.1.2 5001"
check "clear all of the host's" cli "clear ip nat translation inside 198.51.100.1 10.77.1.2"
check "they are gone" total_is 0 inside local 10.77.1.2
check "a packet afterwards makes a new one" peer h1 udp 203.0.113.10 7001 5001
check "clear counters" cli "clear access-list counters 1"
check_not "counters are gone" output_has 'match' cli "show access-lists 1"

# ---- one host at its limit
check "at most 10 for each host" configure "ip nat translation max-entries all-host 10" "do clear ip nat translation *"
background h1 steady.log timeout 60 "$PYTHON3" "$PEER" steady 203.0.113.10 7000 8
wait_for 30 grep -q connected "$WORK/steady.log"
in_ns h1 timeout 60 "$PYTHON3" -c '
import socket
for port in range(20000, 20300):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(b"nobody answers", ("203.0.113.10", port))
    s.close()'
check "the host that floods has no more than its limit" bash -c "
	n=\$(ip netns exec ${NET}router $ALGATE -s $WORK/state -c enable -c 'show ip nat translations inside local 10.77.1.2 total' |
		sed -n 's/^Total number of translations: //p'); echo \"\$n\"; [ \"\$n\" -gt 1 ] && [ \"\$n\" -le 10 ]"
check "its connection that is alive was not ended for it" sent_all "$WORK/steady.log"
check "its next one finds room: one-way flows go" peer h1 tcp 203.0.113.10 7000
check "other hosts have their own limit" peer h2 tcp 203.0.113.10 7000
check "show ip nat limits" output_has '^10\.77\.1\.2 +10 +10 +[0-9]+$' cli "show ip nat limits all-host"
check_not "sixty at once are too many for one host" peer h1 many 203.0.113.10 7000 60
check "and that was counted" output_has 'all-host: max allowed 10, used [0-9]+, missed [1-9]' cli "show ip nat statistics"
check "a limit of its own" configure "ip nat translation max-entries host 10.77.1.2 200"
check "gives it room" output_has '^60 of 60' peer h1 many 203.0.113.10 7000 60
check "a list's limit" configure "no ip nat translation max-entries all-host" "no ip nat translation max-entries host 10.77.1.2" \
	"access-list 7 permit 10.77.1.0 0.0.0.255" "ip nat translation max-entries list 7 5" "do clear ip nat translation *"
check_not "is hit" peer h1 many 203.0.113.10 7000 60
check "by those it permits only" output_has '^60 of 60' peer h2 many 203.0.113.10 7000 60
check "no limits: room for all" configure "no ip nat translation max-entries list 7" "do clear ip nat translation *"
check "all of them" output_has '^60 of 60' peer h1 many 203.0.113.10 7000 60

# ---- half entries alone
check "no flow entries" configure "no ip nat create flow-entries" "no ip nat inside source static 10.77.2.2 198.51.100.21 forced" \
	"do clear ip nat translation *"
check "out through the static entry" output_has '^198\.51\.100\.20 ' peer h2 tell-peername 203.0.113.10 7002
check "in through it" peer far tcp 198.51.100.20 7010
check "ping" in_ns h2 ping -c 2 -i 0.2 -W 30 203.0.113.10
check "traceroute, so ICMP errors" output_has '3 +203\.0\.113\.10' in_ns h2 traceroute -n -w 30 -q 1 203.0.113.10
check "and no entry was made" total_is 1 inside local 10.77.2.2
check "flow entries again" configure "ip nat create flow-entries"
check "through the static entry" peer h2 tcp 203.0.113.10 7000
check "an entry was made" total_is 2 inside local 10.77.2.2

# ---- a static entry in use
background h2 forced.log timeout 60 "$PYTHON3" "$PEER" steady 203.0.113.10 7000 30
wait_for 30 grep -q connected "$WORK/forced.log"
check_not "it is not removed unasked" configure "no ip nat inside source static 10.77.2.2 198.51.100.20"
check "it is by force" configure "no ip nat inside source static 10.77.2.2 198.51.100.20 forced"
check "with its flows" total_is 0 inside global 198.51.100.20
check "the host goes another way now" output_has '^198\.51\.100\.1 ' peer h2 tell-peername 203.0.113.10 7002

# ---- debug
check "debug by list, in detail" cli "debug ip nat detailed 7"
check "host 1 is in it" peer h1 udp 203.0.113.10 7001 6001
check "host 2 is not" peer h2 udp 203.0.113.10 7001 6002
check "its packets are told" wait_for 30 grep -q 'NAT: i: udp (10.77.1.2, 6001) -> (203.0.113.10, 7001)' "$WORK/state.log"
check_not "the others' are not" grep -q '(10.77.2.2, 6002)' "$WORK/state.log"
finish
