# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the SIP tests share, sourced after ../net/lib.sh: many phones inside, many outside, a router between them that is
# Algate, the kernel's NAT with its SIP helper, or plain, and calls through it (calls.py).
#
#     h1: 10.77.1.10-99 behind the address of out0, 10.77.1.130-189 by the pool 198.51.100.100-199, 10.77.1.194-249 behind the
#         pool 198.51.100.50-53, which they share
#     h2: 10.77.2.10-99 by static entries 192.0.2.10-99
#     far: 203.0.113.11-240

SIP=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

sip_programs() { # PROGRAM...   that have to be there
	local program
	for program; do
		command -v "$program" >/dev/null || check "$program is installed" false
	done
	[ "$FAILED" = 0 ] || finish
}

addresses() { # NAMESPACE PREFIX FIRST LAST
	seq -f "address add $2%g/24 dev eth0" "$3" "$4" | ip -n "$NET$1" -batch -
}

sip_topology() { # [linux]
	topology "$@"
	addresses h1 10.77.1. 10 99
	addresses h1 10.77.1. 130 189
	addresses h1 10.77.1. 194 249
	addresses h2 10.77.2. 10 99
	addresses far 203.0.113. 11 240
}

sip_config() {
	local n
	config_base | sed '/^access-list/d'
	cat <<-EOF
	access-list 1 permit 10.77.1.0 0.0.0.127
	access-list 1 permit 10.77.2.0 0.0.0.255
	access-list 2 permit 10.77.1.128 0.0.0.63
	access-list 3 permit 10.77.1.192 0.0.0.63
	ip nat pool PHONES 198.51.100.100 198.51.100.199 prefix-length 24
	ip nat pool CROWD 198.51.100.50 198.51.100.53 prefix-length 24
	ip nat inside source list 2 pool PHONES
	ip nat inside source list 3 pool CROWD overload
	ip nat inside source list 1 interface out0 overload
	EOF
	for n in $(seq 10 99); do echo "ip nat inside source static 10.77.2.$n 192.0.2.$n"; done
}

# The same by the kernel; "helper": with its SIP helper.
kernel_nat() { # [helper]
	local way n
	in_ns router sysctl -qw net.ipv4.ip_forward=1
	ip -n "${NET}out" route replace 192.0.2.0/24 via 198.51.100.1
	seq -f 'address add 198.51.100.%g/32 dev out0' 100 199 | ip -n "${NET}router" -batch -
	{
		echo 'table ip sip {'
		[ "${1:-}" != helper ] || for way in udp tcp; do echo "ct helper sip-$way { type \"sip\" protocol $way; }"; done
		echo 'map out { type ipv4_addr : ipv4_addr; elements = {'
		for n in $(seq 10 99); do echo "10.77.2.$n : 192.0.2.$n,"; done
		for n in $(seq 130 189); do echo "10.77.1.$n : 198.51.100.$((n - 30)),"; done
		echo '} }'
		echo 'map in { type ipv4_addr : ipv4_addr; elements = {'
		for n in $(seq 10 99); do echo "192.0.2.$n : 10.77.2.$n,"; done
		for n in $(seq 130 189); do echo "198.51.100.$((n - 30)) : 10.77.1.$n,"; done
		echo '} }'
		echo 'chain pre { type nat hook prerouting priority -100; iifname "out0" dnat to ip daddr map @in; }'
		echo 'chain post { type nat hook postrouting priority 100; oifname "out0" snat to ip saddr map @out;'
		echo 'oifname "out0" masquerade; }'
		[ "${1:-}" != helper ] || {
			echo 'chain help { type filter hook prerouting priority 0;'
			for way in udp tcp; do echo "$way dport 5060 ct helper set \"sip-$way\""; done
			echo '}'
		}
		echo '}'
	} | in_ns router nft -f -
}

# Nothing is translated, and outside knows the way in.
plain_routing() {
	in_ns router sysctl -qw net.ipv4.ip_forward=1
	ip -n "${NET}out" route add 10.77.0.0/16 via 198.51.100.1
}

# sip_calls NAME [OPTION...] PLAN...: makes them, into $WORK/NAME and $WORK/NAME.results
sip_calls() {
	local name=$1
	shift
	"$PYTHON3" "$SIP/calls.py" "$WORK/$name" "$NET" "$@" >"$WORK/$name.results" 2>"$WORK/$name.errors"
	cat "$WORK/$name.errors"
}

sip_result() { # NAME RUN
	grep -F "$2 " "$WORK/$1.results"
	grep -qFx "$2 ok" "$WORK/$1.results"
}

# sip_check NAME [OPTION...] PLAN...: makes them and reports each
sip_check() {
	local name=$1 run made
	sip_calls "$@"
	made=$(wc -l <"$WORK/$name.results")
	check "$name: calls are made" test "$made" -gt 0
	while read -r run _; do
		check "$name: $run" sip_result "$name" "$run"
	done <"$WORK/$name.results"
}

wire() { # CHECK [ARGUMENT...]   of wire.py, for a phone that is translated as $WAY says
	"$PYTHON3" "$SIP/wire.py" "$NET" "${WAY:-overload}" "$@"
}

wire_media() { # CHECK [ARGUMENT...]   of wire_media.py, likewise
	"$PYTHON3" "$SIP/wire_media.py" "$NET" "${WAY:-overload}" "$@"
}
