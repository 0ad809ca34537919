# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Bad wires on both sides of the router, for tests that source this behind lib.sh:
#
#     h2 --- wire --- in2 router out0 --- out --- wire --- lossy 198.18.1.10
#
# wires_make, after topology, puts them there; `wires loss=5 reorder=5` and the like (alg_relay.py) makes them bad.
# WIRES_SEED=2 makes them bad in another way. A connection's handshake loses at most one frame, on the near wire; so no first
# round trip takes more than a second, and what is lost later is missed soon enough: how long anything may take has a bound.

: "${WIRES_SEED:=1}"

relay_start() { # NAME INTERFACE INTERFACE
	: >"$WORK/$1.settings"
	background wire "$1.log" "$PYTHON3" "$HERE/alg_relay.py" "$2" "$3" "$WORK/$1.settings"
	eval "RELAY_$1=$!"
	wait_for 30 grep -q '^ready' "$WORK/$1.log"
}

wires() { # SETTINGS...   of both wires; tells what they did until now
	local name pid
	for name in near away; do
		eval "pid=\$RELAY_$name"
		case $name in
		near) echo "seed=$WIRES_SEED handshake=1 $*" ;;
		away) echo "seed=$((WIRES_SEED + 1000)) handshake=0 $*" ;;
		esac >"$WORK/$name.settings"
		: >"$WORK/$name.log"
		kill -USR1 "$pid"
		wait_for 30 grep -q '^since' "$WORK/$name.log"
		cat "$WORK/$name.log"
	done
}

wires_did() { # PATTERN   since the last time, on both; then they are good wires
	wires >"$WORK/wires"
	cat "$WORK/wires"
	[ "$(grep -Ec "$1" "$WORK/wires")" = 2 ]
}

relays() {
	relay_start near w0 w1 && relay_start away w2 w3
}

wires_make() {
	local ns
	echo "# WIRES_SEED=$WIRES_SEED"
	for ns in wire lossy; do namespace $ns; done
	ip -n "${NET}router" link del in2
	link h2 eth0 wire w0
	link wire w1 router in2
	link out eth2 wire w2
	link wire w3 lossy eth0
	ip -n "${NET}h2" address add 10.77.2.2/24 dev eth0
	ip -n "${NET}h2" route add default via 10.77.2.1
	ip -n "${NET}out" address add 198.18.1.1/24 dev eth2
	ip -n "${NET}lossy" address add 198.18.1.10/24 dev eth0
	ip -n "${NET}lossy" route add default via 198.18.1.1
}
