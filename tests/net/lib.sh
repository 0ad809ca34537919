# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# Network tests in namespaces. Sourced by every tests/net/*.sh; needs root.
#
#     h1 10.77.1.2 --- in1 10.77.1.1 +--------+                          +-----+
#                                    | router | out0 198.51.100.1 --- .2 | out | 203.0.113.1 --- .10 far
#     h2 10.77.2.2 --- in2 10.77.2.1 +--------+                          +-----+
#
# 198.51.100.16/28 and 192.0.2.0/24 are free for globals (out routes the second one to the router). Nothing outside
# knows a way to 10.77.0.0/16: an untranslated packet gets no answer, but the capture sees it.
#
# A test calls `begin TITLE`, builds with `topology`, starts daemons with `daemon_start`, reports with `check` and
# `check_not` (TAP lines), and ends with `finish`, which looks at the captures: no inside address in any IP header on the
# outside wire, quoted headers included, and all checksums good on both wires. tshark judges, not our own decoder.

set -u
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${ALGATED:=algated}" "${ALGATE:=algate}" "${PYTHON3:=python3}"
PEER=$HERE/peer.py
NET=${NET_PREFIX:-ag$$-}
WORK=$(mktemp -d /tmp/algate-net.XXXXXX)
TESTS=0 FAILED=0 PIDS="" OFFLOAD=off SNAPLEN=0 DAEMON=""
declare -A CAPTURES=() # name of a capture that goes on: its process
# Which captures finish judges; a test that leaks on purpose empties them. Checksums need OFFLOAD=off.
LEAK_CHECK="$WORK/outside.pcap" CHECKSUM_CHECK="$WORK/outside.pcap $WORK/inside.pcap"
INSIDE_NET=10.77.0.0/16 ROUTER_MAC=02:00:5e:10:00:01
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1

begin() { # TITLE
	trap cleanup EXIT
	trap 'exit 1' INT TERM HUP
	echo "# $1"
	[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
	if ! command -v "$ALGATED" >/dev/null || ! command -v "$ALGATE" >/dev/null; then
		echo "1..0 # no programs: set ALGATED and ALGATE to their absolute paths"
		exit 1
	fi
}

cleanup() {
	local ns
	trap - EXIT
	# shellcheck disable=SC2086
	[ -z "$PIDS" ] || kill -9 $PIDS 2>/dev/null
	for ns in $(ip netns list | awk -v p="$NET" 'index($1, p) == 1 {print $1}'); do
		ip netns del "$ns"
	done
	if [ -n "${KEEP:-}" ]; then echo "# kept $WORK"; else rm -rf "$WORK"; fi
}

in_ns() { # NAMESPACE COMMAND...
	local ns=$1
	shift
	ip netns exec "$NET$ns" "$@"
}

background() { # NAMESPACE LOGNAME COMMAND...   its pid is in $!, and ended by cleanup
	local ns=$1 log=$2
	shift 2
	: >"$WORK/$log" # at once: an earlier process of that name may have said what is waited for
	ip netns exec "$NET$ns" "$@" >>"$WORK/$log" 2>&1 &
	PIDS="$PIDS $!"
	disown # no word of its end
}

wait_for() { # SECONDS COMMAND...   until it succeeds; at least as long, and twice where the command itself takes its time
	local tries=$(($1 * 10)) end=$((SECONDS + 2 * $1))
	shift
	while ! PATIENCE=3 "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] && [ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

link() { # NS1 IF1 NS2 IF2
	ip link add "$2" netns "$NET$1" type veth peer name "$4" netns "$NET$3"
	ip -n "$NET$1" link set "$2" up
	ip -n "$NET$3" link set "$4" up
	if [ "$OFFLOAD" = off ]; then
		in_ns "$1" ethtool -K "$2" tx off rx off tso off gso off gro off >/dev/null 2>&1
		in_ns "$3" ethtool -K "$4" tx off rx off tso off gso off gro off >/dev/null 2>&1
	fi
}

namespace() { # NAME
	ip netns add "$NET$1"
	ip -n "$NET$1" link set lo up
	# Ports that a test names are none that Linux may choose.
	in_ns "$1" sysctl -qw net.ipv4.ip_local_port_range="50000 60999"
	# No IPv6: it would only add noise to the captures.
	in_ns "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 2>/dev/null
}

# router addresses are left to the daemon's configuration unless `topology linux` is asked for.
topology() {
	local ns
	for ns in h1 h2 router out far; do namespace $ns; done
	link h1 eth0 router in1
	link h2 eth0 router in2
	link out eth0 router out0
	link far eth0 out eth1
	ip -n "${NET}router" link set out0 address $ROUTER_MAC
	ip -n "${NET}h1" address add 10.77.1.2/24 dev eth0
	ip -n "${NET}h2" address add 10.77.2.2/24 dev eth0
	ip -n "${NET}h1" route add default via 10.77.1.1
	ip -n "${NET}h2" route add default via 10.77.2.1
	ip -n "${NET}out" address add 198.51.100.2/24 dev eth0
	ip -n "${NET}out" address add 203.0.113.1/24 dev eth1
	ip -n "${NET}out" route add 192.0.2.0/24 via 198.51.100.1
	in_ns out sysctl -qw net.ipv4.ip_forward=1
	# Errors are what some tests are about, so Linux may not ration them: neither those to one host nor, what older kernels do for
	# all namespaces together, those to all.
	for ns in h1 h2 router out far; do in_ns $ns sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_ratemask=0; done
	ip -n "${NET}far" address add 203.0.113.10/24 dev eth0
	ip -n "${NET}far" route add default via 203.0.113.1
	if [ "${1:-}" = linux ]; then
		ip -n "${NET}router" address add 10.77.1.1/24 dev in1
		ip -n "${NET}router" address add 10.77.2.1/24 dev in2
		ip -n "${NET}router" address add 198.51.100.1/24 dev out0
		ip -n "${NET}router" route add default via 198.51.100.2
	fi
	capture out eth0 outside
	capture h1 eth0 inside
}

capture() { # NAMESPACE INTERFACE NAME [FILTER [OPTION...]]   into $WORK/NAME.pcap
	background "$1" "$3.tcpdump" tcpdump --immediate-mode -Z root -n -U -i "$2" -s "$SNAPLEN" -B 16384 -w "$WORK/$3.pcap" \
		"${@:5}" "${4:-ip}"
	CAPTURES[$3]=$!
	wait_for 30 grep -q 'listening on' "$WORK/$3.tcpdump" || echo "# no capture on $1"
}

capture_asked() { # NAME   what tcpdump says on SIGUSR1: packets it has written or seen dropped, packets that came
	local pid=${CAPTURES[$1]} log=$WORK/$1.tcpdump before tries=600
	before=$(grep -c 'received by filter' "$log")
	kill -USR1 "$pid" 2>/dev/null
	while [ "$(grep -c 'received by filter' "$log")" -le "$before" ]; do
		[ $((tries -= 1)) -gt 0 ] && ! daemon_gone "$pid" || return 1
		sleep 0.05
	done
	sed -n 's/.*: \([0-9]*\) packets\{0,1\} captured, \([0-9]*\) packets\{0,1\} received by filter, \([0-9]*\) .*/\1 \2 \3/p' "$log" |
		tail -1 | awk '{print $1 + $3, $2}'
}

# Until what has crossed the wire by now is in the file: with other processes on the machine, tcpdump writes when its turn comes. What
# came before its filter was set it counts as received only, so a difference that stays is none.
capture_settled() { # NAME
	local now last="" same=0
	while [ $same -lt 3 ] && now=$(capture_asked "$1") && [ "${now% *}" != "${now#* }" ]; do
		same=$([ "$now" = "$last" ] && echo $((same + 1)) || echo 0)
		last=$now
		sleep 0.1
	done
}

capture_end() { # NAME
	[ -n "${CAPTURES[$1]:-}" ] || return 0
	capture_settled "$1"
	kill -INT "${CAPTURES[$1]}" 2>/dev/null
	wait_for 30 daemon_gone "${CAPTURES[$1]}"
	unset "CAPTURES[$1]"
}

captures_end() {
	handled
	capture_end outside
	capture_end inside
}

# ---- the configuration most tests begin with

config_base() {
	cat <<-EOF
	hostname R1
	interface in1
	 ip address 10.77.1.1 255.255.255.0
	 ip nat inside
	 no shutdown
	interface in2
	 ip address 10.77.2.1 255.255.255.0
	 ip nat inside
	 no shutdown
	interface out0
	 ip address 198.51.100.1 255.255.255.0
	 ip nat outside
	 no shutdown
	ip route 0.0.0.0 0.0.0.0 198.51.100.2
	access-list 1 permit 10.77.0.0 0.0.255.255
	EOF
}

config_overload() {
	config_base
	echo "ip nat inside source list 1 interface out0 overload"
}

# ---- daemons

# daemon_start [-n NAMESPACE] [-d STATE] CONFIGFILE [OPTION...]: returns when it says READY=1 (sd_notify).
daemon_start() {
	local ns=router state=$WORK/state OPTIND=1 option
	while getopts n:d: option; do
		case $option in
		n) ns=$OPTARG ;;
		d) state=$OPTARG ;;
		*) return 2 ;;
		esac
	done
	shift $((OPTIND - 1))
	local config=$1
	shift
	mkdir -p "$state"
	in_ns "$ns" "$PYTHON3" "$HERE/notify.py" 60 "$state.pid" "$state.log" \
		"$ALGATED" -f "$config" -s "$state" "$@" || { sed 's/^/# algated: /' "$state.log"; return 1; }
	DAEMON=$(cat "$state.pid")
	PIDS="$PIDS $DAEMON"
}

daemon_gone() { # [PID]
	local state
	# A zombie whose parent does not reap it is gone too.
	state=$(awk '/^State/ {print $2}' "/proc/${1:-$DAEMON}/status" 2>/dev/null)
	[ -z "$state" ] || [ "$state" = Z ]
}

daemon_signal() { # SIGNAL [PID]   and waits for the end
	kill "-$1" "${2:-$DAEMON}" 2>/dev/null
	wait_for 30 daemon_gone "${2:-$DAEMON}"
}

# Until the router has judged all packets that came to it. What it sent then is on the wire.
handled() {
	wait_for 30 queues_empty
}
queues_empty() { # the kernel's, of packets that wait for the daemon
	in_ns router cat /proc/net/netfilter/nfnetlink_queue 2>/dev/null | awk '{waiting += $3} END {exit waiting > 0}'
}

cli() { # COMMAND...   each one line typed in one privileged session
	local args=(-c enable) line
	for line; do args+=(-c "$line"); done
	in_ns router timeout 60 "$ALGATE" -s "$WORK/state" "${args[@]}"
}

configure() { # COMMAND...
	cli "configure terminal" "$@" end
}

# ---- results
#
# Ends that wait for an answer (peer.py, fragments.py) wait PATIENCE seconds: long where one has to come, short where none may.

export PATIENCE=30

report() { # STATUS TEXT
	TESTS=$((TESTS + 1))
	if [ "$1" = 0 ]; then
		echo "ok $TESTS - $2"
	else
		FAILED=$((FAILED + 1))
		echo "not ok $TESTS - $2"
		sed 's/^/# /' "$WORK/output" 2>/dev/null | head -40
	fi
}

check() { # TEXT COMMAND...
	local text=$1
	shift
	: >"$WORK/output"
	"$@" >"$WORK/output" 2>&1
	report $? "$text"
}

check_not() { # TEXT COMMAND...
	local text=$1 status
	shift
	: >"$WORK/output"
	PATIENCE=3 "$@" >"$WORK/output" 2>&1
	status=$?
	[ $status -ne 0 ]
	report $? "$text"
}

output_has() { # PATTERN COMMAND...   extended regular expression in its output
	local pattern=$1
	shift
	"$@" >"$WORK/has.new" 2>&1
	mv "$WORK/has.new" "$WORK/has"
	cat "$WORK/has"
	grep -Eq -- "$pattern" "$WORK/has"
}

# Captures decoded by tshark, checksums verified: all that has crossed the wire by now.
packets() { # FILE DISPLAY-FILTER [TSHARK OPTION...]
	local file=$1 filter=$2 name=${1##*/}
	shift 2
	name=${name%.pcap}
	[ -z "${CAPTURES[$name]:-}" ] || capture_settled "$name"
	tshark -n -r "$file" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
		-o ip.defragment:FALSE -Y "$filter" "$@" 2>/dev/null
}

sees() { # FILE DISPLAY-FILTER   at least one packet by now
	packets "$1" "$2" -l | grep -q .
}
captured() { # FILE DISPLAY-FILTER   at least one packet comes
	wait_for "$PATIENCE" sees "$@"
}

# ip.addr means every IP header in the packet, so the one quoted in an ICMP error too. Only what the router sent counts:
# some tests attack it with inside addresses from outside.
LEAKED="(eth.src == $ROUTER_MAC && ip.addr == $INSIDE_NET)"
# What an ICMP error quotes is cut, so nobody can verify its TCP or UDP checksum (tshark tries). Linux writes 0xffff where 0
# would do; both are the same number.
DAMAGED='(ip.checksum.status == "Bad" || icmp.checksum.status == "Bad" || !icmp && udp.checksum.status == "Bad" ||
	!icmp && tcp.checksum.status == "Bad" && !(tcp.checksum == 0xffff && tcp.checksum_calculated == 0))'

# A capture is read once for both: how many IP packets (0: nothing was captured, or tshark does not work), and how many of them
# are not as they should be. Again, if it has grown since.
read_through() { # FILE
	[ -e "$1.read" ] && [ "$1" -ot "$1.begun" ] && return
	touch "$1.begun"
	packets "$1" "$LEAKED || $DAMAGED" -T fields -e frame.number -z io,stat,0,ip |
		awk -F '|' '/^[0-9]+$/ {odd++} /<>/ {n = $3} END {print n + 0, odd + 0}' >"$1.read"
}

none_of() { # FILE FILTER
	local n odd
	read_through "$1"
	read -r n odd <"$1.read"
	echo "$n packets in $1, $odd of them leaked or damaged"
	[ "$n" -gt 0 ] || return 1
	[ "$odd" -eq 0 ] && return
	packets "$1" "$2" >"$1.odd" || return 1
	head -20 "$1.odd"
	[ ! -s "$1.odd" ]
}

no_leak() { # FILE
	none_of "$1" "$LEAKED"
}

checksums_good() { # FILE
	none_of "$1" "$DAMAGED"
}

sane() { # LOG...   sanitizer builds report there
	! grep -E 'runtime error:|ERROR: AddressSanitizer|LeakSanitizer' -A 20 "$@"
}

finish() {
	local file
	captures_end
	for file in $LEAK_CHECK; do
		check "no inside address in an IP header, quoted or not: $(basename "$file")" no_leak "$file"
	done
	if [ "$OFFLOAD" = off ]; then
		for file in $CHECKSUM_CHECK; do
			check "every checksum good: $(basename "$file")" checksums_good "$file"
		done
	fi
	check "the daemons' logs have no report of a sanitizer" sane "$WORK"/*.log
	if [ "$FAILED" -gt 0 ] && [ -f "$WORK/state.log" ]; then
		tail -20 "$WORK/state.log" | sed 's/^/# algated: /'
	fi
	echo "1..$TESTS"
	[ "$FAILED" = 0 ]
	exit
}

# ---- peers

serve() { # NAMESPACE LOGNAME PEER-ARGUMENTS...   a server of peer.py; returns when it listens
	local ns=$1 log=$2
	shift 2
	background "$ns" "$log" "$PYTHON3" "$PEER" "$@"
	wait_for 30 grep -q '^ready' "$WORK/$log" || { echo "# server did not start: $*"; cat "$WORK/$log"; return 1; }
}

listens() { # NAMESPACE PORT
	in_ns "$1" ss -Hltn "sport = :$2" | grep -q .
}

# iperf3's server has one test at a time, and does not listen between one and the next.
iperf_server() { # NAMESPACE
	background "$1" "iperf-$1.log" iperf3 -s --forceflush
	wait_for 30 iperf_listens "$1"
}
iperf_listens() { # NAMESPACE
	tail -2 "$WORK/iperf-$1.log" | grep -q 'Server listening'
}
iperf() { # NAMESPACE SERVER-NAMESPACE ARGUMENT...
	wait_for 30 iperf_listens "$2" && in_ns "$1" timeout 120 iperf3 "${@:3}"
}

peer() { # NAMESPACE PEER-ARGUMENTS...
	local ns=$1
	shift
	in_ns "$ns" timeout 60 "$PYTHON3" "$PEER" "$@"
}
