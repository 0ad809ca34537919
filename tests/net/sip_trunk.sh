#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SIP trunks: many calls on one flow at once, each with media of its own and ending alone; then thousands in sequence, after
# which nothing is left: no call, no port, no translation but the trunk's own, no memory that grows; likewise registrations.
# Takes long.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../sip/lib.sh"
begin "SIP: trunks"
# Of a sanitizer: freed memory that it keeps would look like a leak.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1" SMALL_PAGES=1
sip_programs sipp
CALLS=${CALLS:-10000} WIDTH=200
sip_topology
sip_config >"$WORK/config"
check "daemon starts" daemon_start "$WORK/config"

# trunk NAME PAUSE CALLS RATE WIDTH: from h1 to far; both must end well
trunk() {
	local name=$1 pause=$2 calls=$3 rate=$4 width=$5 callee status=0 dir=$WORK/$1
	mkdir -p "$dir"
	"$PYTHON3" "$SIP/trunk.py" xml A 10.77.1.30 203.0.113.30 "$pause" >"$dir/caller.xml"
	"$PYTHON3" "$SIP/trunk.py" xml B 203.0.113.30 10.77.1.30 "$pause" >"$dir/callee.xml"
	in_ns far timeout 250 sipp -sf "$dir/callee.xml" -i 203.0.113.30 -p 5060 -m "$calls" -t u1 -nostdin \
		-default_behaviors none -mi 127.0.0.1 -mp 30000 -buff_size 4000000 -recv_timeout 40000 \
		-trace_err -error_file "$dir/callee.err" ${MESSAGES:+-trace_msg -message_file "$dir/trunk.out.msg"} >"$dir/callee.out" 2>&1 &
	callee=$!
	PIDS="$PIDS $callee"
	wait_for 30 bound far 5060
	in_ns h1 timeout 240 sipp 203.0.113.30:5060 -sf "$dir/caller.xml" -i 10.77.1.30 -p 5060 -m "$calls" -t u1 -nostdin \
		-default_behaviors none -mi 127.0.0.1 -mp 20000 -buff_size 4000000 -recv_timeout 40000 -r "$rate" -l "$width" \
		-cid_str '%u-%p-trunk' -trace_err -error_file "$dir/caller.err" \
		${MESSAGES:+-trace_msg -message_file "$dir/trunk.in.msg"} >"$dir/caller.out" 2>&1 || status=1
	wait $callee || status=1
	tail -30 "$dir/caller.out"
	return $status
}

bound() { # NAMESPACE PORT
	in_ns "$1" ss -Hlun "sport = :$2" | grep -q .
}

calls_up() { # NUMBER   in the state of calls that are up
	cli "show ip nat alg sip calls" >"$WORK/calls"
	tail -3 "$WORK/calls"
	[ "$(grep -c 'trunk.* answered' "$WORK/calls")" = "$1" ]
}

one_flow() { # of signalling
	cli "show ip nat translations" | grep '10\.77\.1\.30:5060 ' | tee "$WORK/flows"
	[ "$(grep -c '203\.0\.113\.30:5060' "$WORK/flows")" = 1 ]
}

# ---- at the same time

voices() { # starts media.py at both ends
	local side space
	for space in h1:in far:out; do
		side=${space#*:} space=${space%%:*}
		background $space media.$space.log "$PYTHON3" "$SIP/media.py" "$WORK/parallel" $side $space
		eval "VOICE_$space=$!"
		wait_for 30 grep -q ready "$WORK/media.$space.log"
	done
}
voices_end() {
	kill "$VOICE_h1" "$VOICE_far"
	wait_for 30 test -s "$WORK/parallel/media.far.json" && wait_for 30 test -s "$WORK/parallel/media.h1.json"
}

mkdir -p "$WORK/parallel"
check "both ends can talk" voices
# The calls begin within 2 s, or more on a busy machine, and last 20 s.
MESSAGES=yes trunk parallel 20000 $WIDTH 100 $WIDTH >"$WORK/parallel/result" 2>&1 &
TRUNK=$!
check "$WIDTH calls are up at once" wait_for 30 calls_up $WIDTH
check "on one flow" one_flow
wait $TRUNK
check "each was answered and ended" test $? = 0
check "none is up" wait_for 30 calls_up 0
check "the voices end" voices_end
check "all $WIDTH were heard at both ends" "$PYTHON3" "$SIP/trunk.py" heard "$WORK/parallel" $WIDTH

# ---- one after the other, without capture: there are a hundred thousand packets of the same kind

captures_end

# Allocated memory: that of tables which are files is a matter of what was used at the same time.
memory() {
	awk '/^RssAnon/ {print $2}' "/proc/$DAEMON/status"
}

sip_words() { # PATTERN   the numbers of the line that begins so, in show ip nat alg sip
	cli "show ip nat alg sip" >"$WORK/sip"
	sed -n "s/^  $1: //p" "$WORK/sip" | tr -c '0-9\n' ' ' | tr -s ' '
}

# begun, answered, over; in all, answered, failed, hung up, given up
calls_balance() { # NUMBER   ever
	local words
	words=$(sip_words Calls)
	cat "$WORK/sip"
	[ "${words% }" = "0 0 0 $1 $1 0 $1 0" ]
}

# announced, used, expired, cancelled, waiting
expectations_balance() {
	sip_words Expectations | tee "$WORK/numbers" | awk '{exit !($1 > 0 && $5 == 0 && $1 == $2 + $3 + $4)}'
	local status=$?
	cat "$WORK/sip"
	return $status
}

tables_empty() { # no call, registration or port; no expectation waits
	[ "$(sip_words 'Calls' | awk '{print $1 + $2 + $3}')" = 0 ] && [ "$(sip_words 'Registrations' | awk '{print $1 + $2}')" = 0 ] &&
		[ "$(sip_words 'Ports announced for them' | tr -d ' ')" = 0 ] &&
		cli "show platform hardware qfp active feature alg statistics" | grep -q '^Act Token Pool  *0 '
	local status=$?
	cat "$WORK/sip"
	return $status
}

media_gone() { # no translation but those of signalling
	cli "show ip nat translations" | grep '10\.77\.1\.30:' >"$WORK/flows"
	head -3 "$WORK/flows"
	! grep -qv '10\.77\.1\.30:5060 ' "$WORK/flows"
}

# Retransmissions are waited for 32 s; then all of it is gone.
check "the parallel ones leave nothing" wait_for 120 tables_empty
check "$CALLS calls in sequence" trunk first 0 "$CALLS" 1000 20
check "they leave nothing, either" wait_for 120 tables_empty
FIRST=$(memory)
check "and half of that more" trunk second 0 $((CALLS / 2)) 1000 20
check "which leave nothing" wait_for 120 tables_empty
SECOND=$(memory)
# Less than the smallest record for each of them: what they took was given back and taken again.
echo "# memory: $FIRST kB, then $SECOND kB"
check "memory does not grow" test "$SECOND" -le $((FIRST + 256))
check "each call was counted once: begun, answered, hung up" calls_balance $((WIDTH + CALLS + CALLS / 2))
check "what was announced was used, or taken back" expectations_balance
check "no translation is left but the trunk's" wait_for 60 media_gone

# ---- registrations

REGISTRATIONS=500
registered() { # NUMBER
	cli "show ip nat alg sip registrations" >"$WORK/registrations"
	tail -1 "$WORK/registrations"
	grep -qx "Total number of registrations: $1" "$WORK/registrations"
}
check "$REGISTRATIONS phones register, for 60 s" wire registered_many $REGISTRATIONS 60
check "they are there" registered $REGISTRATIONS
check "and gone when their time is over" wait_for 180 registered 0
check "with all that they had" wait_for 60 tables_empty
finish
