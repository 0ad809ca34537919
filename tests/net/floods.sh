#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Floods at whatever rate hping3 reaches: random packets from outside make no state and no memory; an inside host that floods
# ends at its limit, is answered and logged at a limited rate, and nobody else's established traffic suffers.
. "$(dirname "$0")/lib.sh"
begin "floods"
SECONDS_EACH=2
export SMALL_PAGES=1
flood() { # NAMESPACE ARGUMENTS...   for that long, and again until thousands were sent: a busy machine is slow
	local ns=$1 _
	shift
	: >"$WORK/flood"
	for _ in 1 2 3 4 5 6; do
		in_ns "$ns" timeout -s INT $SECONDS_EACH hping3 --flood -q -n "$@" >>"$WORK/flood" 2>&1
		awk '/packets transmitted/ {sent += $1} END {exit sent < 5000}' "$WORK/flood" && return
	done
	cat "$WORK/flood"
	return 1
}
total() { # SHOW-ARGUMENTS...   how many translations
	cli "show ip nat translations $* total" | sed -n 's/^Total number of translations: //p'
}
at_most() { # NUMBER SHOW-ARGUMENTS...
	local most=$1 n
	shift
	n=$(total "$@")
	echo "$* $n"
	[ -n "$n" ] && [ "$n" -le "$most" ]
}
at_least() { # NUMBER SHOW-ARGUMENTS...
	local least=$1 n
	shift
	n=$(total "$@")
	echo "$* $n"
	[ -n "$n" ] && [ "$n" -ge "$least" ]
}
count() { # TEXT   of this line of the statistics
	cli "show ip nat statistics" | awk -v text="$1" 'index($0, text) {n = $NF} END {print n + 0}'
}
counted() { # TEXT   thousands
	local n
	n=$(count "$1")
	echo "$1: $n"
	[ "$n" -ge 1000 ]
}
memory() { # KB that are resident
	awk '/^VmRSS/ {print $2}' "/proc/$DAEMON/status"
}
grown_at_most() { # KB
	local now
	now=$(memory)
	echo "$before, then $now"
	[ $((now - before)) -le "$1" ]
}
# Packets that are read ahead have a buffer each, which takes memory when it is first used. What waits for a daemon that was
# stopped uses all of them, so what grows after that is what floods leave behind.
read_ahead() {
	local status
	kill -STOP "$DAEMON"
	flood out --rand-source --udp -p ++1 -d 1400 192.0.2.5
	status=$?
	kill -CONT "$DAEMON"
	[ $status = 0 ] && wait_for 30 counted "global address without a translation"
}
sent_all() { # LOG   the steady client's words: all came back
	wait_for 40 grep -q '^sent' "$1"
	cat "$1"
	awk '/^sent/ {found = 1; if ($2 + 0 != $4 + 0 || $2 + 0 < 20) exit 1} END {exit !found}' "$1"
}
steady() { # NAME SECONDS   a connection of h2, a line every 50 ms
	background h2 "$1.log" timeout 90 "$PYTHON3" "$PEER" steady 203.0.113.10 7000 "$2"
	wait_for 30 grep -q connected "$WORK/$1.log"
}
watch_router() { # NAMESPACE INTERFACE NAME FILTER   a flood itself is too much to keep
	background "$1" "$3.tcpdump" tcpdump --immediate-mode -Z root -n -U -i "$2" -s 128 -B 16384 -w "$WORK/$3.pcap" "$4"
	wait_for 30 grep -q 'listening on' "$WORK/$3.tcpdump"
}

router_answers() { # NAME FILTER   ten of them are enough to know
	background out "$1.tcpdump" tcpdump --immediate-mode -Z root -n -U -i eth0 -c 10 -w "$WORK/$1.pcap" "src host 198.51.100.1 and $2"
	wait_for 30 grep -q 'listening on' "$WORK/$1.tcpdump"
}
answered() { # NAME
	captured "$WORK/$1.pcap" ip
}

topology
captures_end
LEAK_CHECK="$WORK/router.pcap" CHECKSUM_CHECK="" # a snapshot of 128 bytes has no checksums to verify
# Random sources are inside ones now and then, and Linux answers them; so what goes to such a one says nothing.
watch_router out eth0 router "ip and ether src $ROUTER_MAC and not dst net $INSIDE_NET"
watch_router h1 eth0 answers "icmp[icmptype] == icmp-unreach and src host 10.77.1.1"
router_answers echo 'icmp[icmptype] == icmp-echoreply'
router_answers reset 'tcp[tcpflags] == tcp-rst'
router_answers open 'tcp[tcpflags] == (tcp-syn | tcp-ack)'
in_ns router sysctl -qw net.ipv4.icmp_ratelimit=1000
{
	config_base
	echo "ip nat pool P 192.0.2.1 192.0.2.9 prefix-length 24"
	echo "access-list 2 permit 10.77.1.0 0.0.0.255"
	echo "access-list 3 permit 10.77.2.0 0.0.0.255"
	echo "ip nat inside source list 2 pool P overload"
	echo "ip nat inside source list 3 interface out0 overload"
	echo "ip nat inside source static 10.77.1.9 198.51.100.20"
} >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config" --max-flows 65536
serve far tcp.log serve-tcp 0.0.0.0 7000
serve router own.log serve-tcp 0.0.0.0 7009
serve far udp.log serve-udp 0.0.0.0 7001 "$WORK/trigger"
background h2 late.log timeout 200 "$PYTHON3" "$PEER" udp-late 203.0.113.10 7001 190
late=$!
check "a UDP flow of another host" wait_for 30 grep -q heard "$WORK/late.log"

# ---- from outside
check "control: a packet from inside makes an entry" peer h1 udp 203.0.113.10 7001 5001
check "buffers of packets that wait are used before" read_ahead
steady outside 21
held=$(total) before=$(memory)
check "control: they are counted" [ "${held:-0}" -ge 3 ]
for target in 198.51.100.1 192.0.2.5; do
	check "UDP from anywhere, to $target" flood out --rand-source --udp -p ++1 -d 10 $target
	check "TCP SYN from anywhere, to $target" flood out --rand-source -S -p ++1 $target
done
check "TCP without a connection" flood out --rand-source -A -p ++1 192.0.2.5
check "ICMP echo replies from anywhere" flood out --rand-source --icmp -C 0 192.0.2.5
check "an unknown protocol from anywhere" flood out --rand-source --rawip -H 253 -d 20 192.0.2.5
check "none of them made an entry" at_most "$held"
check "nor took memory" grown_at_most 2048
# The router answers these itself.
check "pings from anywhere" flood out --rand-source --icmp 198.51.100.1
check "TCP without a connection" flood out --rand-source -A -p ++1 198.51.100.1
check "TCP SYN from anywhere, to a service of the router" flood out --rand-source -S -p 7009 198.51.100.1
for answer in echo reset open; do check "control: it did answer: $answer" answered $answer; done
check "none of its answers made an entry" at_most "$held"
check "nor took memory" grown_at_most 2048
check "and the table has room" peer h1 udp 203.0.113.10 7001 5009
held=$(total)
check "they were dropped by name" counted "global address without a translation"
check "the connection of another host lost nothing" sent_all "$WORK/outside.log"
steady fragments 6
check "first fragments from anywhere" flood out --rand-source --udp -x -d 64 -p 7001 198.51.100.1
check "and to a pool" flood out --rand-source --udp -x -d 64 -p 7001 192.0.2.5
check "none of them made an entry" at_most $((held + 1))
check "incomplete datagrams take less than 4 MB" grown_at_most 6144
check "they were given up" counted "held fragment of a datagram that was given up"
check "others' fragments come through" wait_for 30 peer h2 udp-size 203.0.113.10 7001 4000
check "its connection lost nothing" sent_all "$WORK/fragments.log"

# ---- to a static entry, which anybody may begin a flow with: the host's own limit holds for that, too
check "at most 200 for each host" configure "ip nat translation max-entries all-host 200"
steady static 4
check "TCP SYN from anywhere, to a static entry" flood out --rand-source -S -p 80 198.51.100.20
check "no more than the host's limit, and the entry itself" at_most 201 inside local 10.77.1.9
check "control: it did make entries" at_least 150 inside local 10.77.1.9
check "the connection of another host lost nothing" sent_all "$WORK/static.log"

# ---- an operator, while router, flood and terminal have one CPU between them: packets have precedence, not all of it
on_one_cpu() {
	local task
	for task in "/proc/$DAEMON/task"/*; do taskset -pc "$1" "${task##*/}" || return 1; done
}
operator_answered() {
	local i
	for i in 1 2 3 4 5; do
		in_ns router taskset -c 0 timeout 20 "$ALGATE" -s "$WORK/state" -c enable -c "show ip nat translations total" || return 1
	done
}
check "the daemon on one CPU" on_one_cpu 0
background out one.log taskset -c 0 timeout -s INT 60 hping3 --flood -q -n --rand-source --udp -p ++1 -d 10 192.0.2.5
flooder=$!
before=$(count "global address without a translation")
check "the operator is answered" output_has 'Total number of translations: ' operator_answered
check_not "control: the flood was not over" daemon_gone $flooder
check "control: and was served" [ $(($(count "global address without a translation") - before)) -ge 1000 ]
kill -INT $flooder
check "on all CPUs again" on_one_cpu "0-$(($(nproc --all) - 1))"

# ---- from one inside host
steady inside 7
held=$(total inside local 10.77.2.2)
check "UDP, every packet a flow of its own" flood h1 --udp -p ++1 -d 10 203.0.113.200
check "TCP SYN likewise" flood h1 -S -p ++1 203.0.113.200
check "the host has no more than its limit" at_most 200 inside local 10.77.1.2
check "control: it has that much" at_least 150 inside local 10.77.1.2
check "incomplete datagrams" flood h1 --udp -x -d 64 -p 7001 203.0.113.10
check "another host's fragments come through" peer h2 udp-size 203.0.113.10 7001 4000
check "its connection lost nothing" sent_all "$WORK/inside.log"
check "and a new flow of it works" peer h2 udp 203.0.113.10 7001 5003

# ---- after all of it: what the server says reaches the host by the mapping that was there before
check_not "control: it has heard nothing yet" daemon_gone $late
touch "$WORK/trigger"
check "the UDP flow from before the floods is there" wait_for 30 daemon_gone $late
check "and its host heard who spoke to it" bash -c "! grep -q udp-late $WORK/late.log"

# ---- everything full: refused, answered, logged; but not for each packet
check "at most 400 at all" configure "no ip nat translation max-entries all-host" "ip nat translation max-entries 400" \
	"do clear ip nat translation *"
steady full 5
refused=$(count "translation table full")
logged=$(grep -c 'MAX_ENTRIES' "$WORK/state.log")
check "UDP of the same host" flood h1 --udp -p ++1 -d 10 203.0.113.200
check "no more than the limit" at_most 401 # and the static entry
check "thousands were refused" bash -c "[ \$(($(count "translation table full") - ${refused:-0})) -ge 1000 ]"
lines() {
	local n=$(($(grep -c 'MAX_ENTRIES' "$WORK/state.log") - logged))
	echo "$n lines"
	[ $n -ge 1 ] && [ $n -le 3 ]
}
check "a line or two say so" lines
answers() { # the bucket holds 20 and gets 20 a second
	packets "$WORK/answers.pcap" 'icmp.code == 13' -T fields -e frame.time_epoch >"$WORK/times"
	awk 'NR == 1 {first = $1} {last = $1} END {print NR " in " last - first " s"; exit !(NR >= 5 && NR <= 22 + 20 * (last - first))}' \
		"$WORK/times"
}
check "some ICMP 3/13, not thousands" answers
check "the connection of another host lost nothing" sent_all "$WORK/full.log"
check_not "control: a new flow is refused now" peer h2 udp 203.0.113.10 7001 5005
check "without the limit" configure "no ip nat translation max-entries 400"
check "it is made at once" peer h2 udp 203.0.113.10 7001 5007
before=$(memory)
check "the same flood again" flood h1 --udp -p ++1 -d 10 203.0.113.200
check_not "control: what makes entries is seen to take memory" grown_at_most 2048

finish
